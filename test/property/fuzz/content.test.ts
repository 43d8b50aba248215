import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type ContentFile,
  type ContentPack,
  type Diagnostic,
  lint,
  loadContent,
  locate,
  renderDiagnostic,
} from '#content';
import { compile, createEngine, createLineParser } from '#engine';
import { checkSchema, type SchemaName } from '../../../content/schema-check.js';
import { parseContent } from '../../../content/source.js';
import { builtInContent } from '../../../harness/package-root.js';
import { expectCleanPrototypes, fuzzed, nastyKeys, nastyTexts, untilStopped } from './watch.js';

/** Files of one run; each is a case. */
const FILES = 8;

interface Sample {
  readonly schema: SchemaName;
  readonly file: string;
  readonly text: string;
}

/** The files of the pack, but for those that are long without being more. */
function samplesOf(): Sample[] {
  const samples: Sample[] = [];
  const add = (schema: SchemaName, ...folders: readonly string[]): void => {
    for (const folder of folders) {
      for (const name of readdirSync(join(builtInContent, folder)).sort()) {
        if (!name.endsWith('.yaml')) continue;
        const file = `${folder}/${name}`;
        const text = readFileSync(join(builtInContent, file), 'utf8');
        if (text.length < 12_000) samples.push({ schema, file, text });
      }
    }
  };
  const inside = (folder: string) =>
    readdirSync(join(builtInContent, folder), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => `${folder}/${name}`);
  add('rule', ...inside('rules'));
  add('model', 'models');
  add('parser', ...inside('parsers'));
  add('context-table', 'context');
  for (const [schema, file] of [
    ['event-types', 'event-types.yaml'],
    ['gates', 'gates.yaml'],
    ['traffic', 'traffic.yaml'],
    ['test-directory', 'test-directory.yaml'],
  ] as const) {
    samples.push({ schema, file, text: readFileSync(join(builtInContent, file), 'utf8') });
  }
  return samples;
}

const samples = samplesOf();
let pack: ContentPack;
let lines: readonly string[];

beforeAll(async () => {
  const loaded = await loadContent(builtInContent);
  if (loaded.pack === undefined) throw new Error('the built-in content has faults');
  // Short tables: what is compiled thousands of times here does not get better by long ones.
  const tables = loaded.pack.tables.map((table) => ({
    ...table,
    members: table.members.slice(0, 20),
  }));
  pack = { ...loaded.pack, tables };
  lines = pack.parsers.flatMap(({ tests }) => tests.slice(0, 1).map(({ line }) => line));
});

const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const token = fc.constantFrom<string>(
  ...nastyTexts,
  ...nastyKeys,
  ...': |- |> - ? & * ! % @ ` # , [ ] { } ~ << --- ... !!js/function !!binary &a *a \t'.split(' '),
  ...['\n', '\n  ', '\n- ', ': ', ' null', ' {}', ' []', ' 1e999', ' -1', ' .inf', ' .nan', ' 0o7'],
  ...['when: ', 'model: ', 'true', '"', "'", '(a+)+$', '(', '[a-', '\\p{', '{user}', '}', '{{'],
);

const words = ['fields', 'events', 'when', 'from', 'match', 'scope', 'feature', 'reason', 'values'];

/** A change of a file's text; of whole lines, words or single places. */
const change: fc.Arbitrary<(text: string, other: string) => string> = fc
  .record({
    how: fc.constantFrom(
      'insert',
      'replace',
      'drop',
      'move',
      'twice',
      'indent',
      'value',
      'key',
      'splice',
      'cut',
    ),
    p: place,
    q: place,
    put: token,
    word: fc.constantFrom(...words),
    length: fc.nat(20),
  })
  .map(({ how, p, q, put, word, length }) => {
    return (text: string, other: string): string => {
      const from = Math.floor(p * (text.length + 1));
      const rows = text.split('\n');
      const row = Math.floor(p * rows.length);
      const line = rows[row] ?? '';
      const withRow = (...now: readonly string[]) =>
        [...rows.slice(0, row), ...now, ...rows.slice(row + 1)].join('\n');
      switch (how) {
        case 'insert':
          return text.slice(0, from) + put + text.slice(from);
        case 'replace':
          return text.slice(0, from) + put + text.slice(from + length);
        case 'drop':
          return withRow();
        case 'move':
          return withRow(rows[Math.floor(q * rows.length)] ?? '');
        case 'twice':
          return withRow(line, line);
        case 'indent':
          return withRow(' '.repeat(length % 5) + line.trimStart());
        case 'value':
          return withRow(line.replace(/:.*/, () => `: ${put}`));
        case 'key':
          return withRow(line.replace(/[\w-]+:/, () => `${length > 10 ? word : put}:`));
        case 'splice':
          return text.slice(0, from) + other.slice(Math.floor(q * other.length));
        default:
          return text.slice(0, from);
      }
    };
  });

const mutated: fc.Arbitrary<Sample> = fc
  .tuple(
    fc.constantFrom(...samples),
    fc.constantFrom(...samples),
    fc.array(change, { minLength: 1, maxLength: 3 }),
  )
  .map(([sample, other, changes]) => ({
    ...sample,
    text: changes.reduce((text, one) => one(text, other.text).slice(0, 30_000), sample.text),
  }));

/** Every diagnostic has a code and words, names the file, and can be shown where it points to. */
function checkDiagnostics(found: readonly Diagnostic[], name: string, file: ContentFile): void {
  const sources = { root: '', files: new Map([[name, file]]) };
  for (const one of found) {
    const where = locate(one.place, sources);
    const isPlaced = where === undefined || (where.line >= 1 && where.column >= 1);
    const isWorded = /^[a-z-]+\/[a-z-]+$/.test(one.code) && one.message !== '';
    if (!isPlaced || !isWorded || one.place.file !== name) {
      throw new Error(`the diagnostic is not located: ${JSON.stringify([one, where])}`);
    }
    expect(renderDiagnostic(one, sources, { color: false })).toContain(name);
  }
}

/** How far the text came: 'read', 'checked' against its schema, or 'compiled' and run. */
function hold({ schema, file: name, text }: Sample): 'refused' | 'checked' | 'compiled' {
  const { value, diagnostics, file } = parseContent(name, text);
  checkDiagnostics(diagnostics, name, file);
  expect(diagnostics.length > 0 || value !== undefined).toBe(true);
  if (diagnostics.length > 0) return 'refused';
  const faults = checkSchema(schema, value, name);
  checkDiagnostics(faults, name, file);
  if (faults.length > 0) return 'refused';
  const changed = packWith({ schema, file: name, text }, value);
  if (changed === undefined) return 'checked';
  const outcome = compile([changed], { internal_domains: ['corp.example'], people: [] });
  if (!outcome.ok) expect(outcome.diagnostics.length).toBeGreaterThan(0);
  const placed = outcome.diagnostics.filter(({ place: { file: where } }) => where === name);
  checkDiagnostics(placed, name, file);
  const sources = { root: '', files: new Map([[name, file]]) };
  for (const one of lint(changed))
    expect(renderDiagnostic(one, sources, { color: false })).not.toBe('');
  if (!outcome.ok) return 'checked';
  const engine = createEngine(outcome.program, {});
  engine.push(lines.map((line, id) => ({ id, text: line })));
  engine.finish();
  expect(engine.counters.faults).toEqual({});
  return 'compiled';
}

/** A pack of the file and what it names, so that it compiles quickly. */
function packWith({ schema, file, text }: Sample, value: unknown): ContentPack | undefined {
  const entry = { ...(value as object), file, id: file.replace(/^.*\/|\.yaml$/g, '') };
  const models = pack.models.filter(({ id }) => id !== entry.id && text.includes(id));
  const few = { ...pack, rules: [], models, parsers: pack.parsers.slice(0, 5) };
  switch (schema) {
    case 'rule':
      return { ...few, rules: [{ ...entry, technique: 'T1048.003' } as never] };
    case 'model': {
      const readers = pack.rules.filter(({ model }) => model === entry.id);
      return { ...few, rules: readers, models: [...models, entry as never] };
    }
    case 'parser': {
      const parser = { ...entry, vendor: 'v' } as ContentPack['parsers'][number];
      createLineParser([parser])(parser.tests[0]?.line ?? '');
      return { ...few, parsers: [parser] };
    }
    case 'event-types': {
      const types = value as { fields: never; event_types: never };
      const rules = pack.rules.filter(({ model }) => model === undefined).slice(0, 2);
      return { ...few, rules, fields: types.fields, eventTypes: types.event_types };
    }
    default:
      return undefined;
  }
}

describe('content of any kind', { timeout: 600_000 }, () => {
  it('near to a right file gives located diagnostics or a program that runs', () => {
    const ends = { refused: 0, checked: 0, compiled: 0 };
    fc.assert(
      fc.property(fc.array(mutated, { minLength: FILES / 2, maxLength: FILES }), (files) => {
        untilStopped(() => {
          for (const one of files) ends[hold(one)] += 1;
        });
        expectCleanPrototypes();
      }),
      fuzzed(300),
    );
    // Otherwise changes would be too coarse to come past the schema.
    expect(ends.refused).toBeGreaterThan(200);
    expect(ends.checked).toBeGreaterThan(100);
    expect(ends.compiled).toBeGreaterThan(100);
  });

  it('as any text, in place of any file, gives located diagnostics', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.array(token, { maxLength: 40 }).map((all) => all.join('')),
      fc.json({ maxDepth: 4 }),
    );
    const file = fc
      .tuple(fc.constantFrom(...samples), text)
      .map(([sample, any]): Sample => ({ ...sample, text: any }));
    fc.assert(
      fc.property(fc.array(file, { minLength: FILES / 2, maxLength: FILES }), (files) => {
        untilStopped(() => {
          for (const one of files) hold(one);
        });
        expectCleanPrototypes();
      }),
      fuzzed(800),
    );
  });
});
