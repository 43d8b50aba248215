/** Lines to fuzz the engine with, and what it promises for each of them. */

import fc from 'fast-check';
import type { ContentPack } from '#content';
import type { Engine, EngineSink, Event, Program } from '#engine';
import { background, createOrganisation, createWriter } from '#generators';
import { expectCleanPrototypes, nastyKeys, nastyTexts } from './watch.js';

/** Most lines of one run; each is a case. */
const LINES = 50;

/** A list of lines for one run. */
export const lines = <T>(line: fc.Arbitrary<T>): fc.Arbitrary<T[]> =>
  fc.array(line, { minLength: LINES / 2, maxLength: LINES, size: 'max' });

/** Lines that are right: the samples of all parsers, and those of every writer of the generator. */
export function samplesOf(pack: ContentPack): string[] {
  const start = Date.UTC(2024, 0, 8);
  const organisation = createOrganisation({ seed: 5, people: 30, start, days: 3 });
  const activities = [...background(organisation, { start, days: 3, internal_mail: true })];
  const written = (['v1-json', 'v1-kv', 'dlp'] as const).flatMap((mail) => {
    const writer = createWriter(organisation, { seed: 5, mail });
    return activities.slice(0, 60).flatMap((one) => writer.write(one).map(({ text }) => text));
  });
  return [...pack.parsers.flatMap(({ tests }) => tests.map(({ line }) => line)), ...written];
}

type Mutation = (text: string, other: string) => string;

const at = (text: string, place: number): number => Math.floor(place * (text.length + 1));
const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const token = fc.constantFrom(...nastyTexts, ...'{}[]",:|=\\<>@ \n'.split(''));

/** Changes of the text, whatever format it is in. */
const textual: fc.Arbitrary<Mutation> = fc.oneof(
  fc.tuple(place, token, fc.nat(1)).map(([p, put, over]): Mutation => {
    return (text) => text.slice(0, at(text, p)) + put + text.slice(at(text, p) + over);
  }),
  fc.tuple(place, fc.nat(40)).map(([p, length]): Mutation => {
    return (text) => text.slice(0, at(text, p)) + text.slice(at(text, p) + length);
  }),
  fc.tuple(place, fc.nat(60), fc.integer({ min: 1, max: 20 })).map(([p, length, n]): Mutation => {
    return (text) => {
      const from = at(text, p);
      return text.slice(0, from) + text.slice(from, from + length).repeat(n) + text.slice(from);
    };
  }),
  place.map(
    (p): Mutation =>
      (text) =>
        text.slice(0, at(text, p)),
  ),
  fc.tuple(place, place).map(([p, q]): Mutation => {
    return (text, other) => text.slice(0, at(text, p)) + other.slice(at(other, q));
  }),
  fc.constantFrom<Mutation>(
    (text) => `[${text},${text}]`,
    (text) => `{"data":[${text}]}`,
    (text) => JSON.stringify({ _raw: text }),
    (text) => JSON.stringify({ event: text, message: text }),
    (text) => `<14>1 2024-01-01T00:00:00Z h a - - - ${text}`,
    (text, other) => `${text}${other}`,
    (text, other) => `${text}\r\n${other}`,
    (text) => text.toUpperCase(),
    (text) => `CEF:0|Mimecast|MTA|1|1|x|1|${text}`,
    (text) => text.replaceAll('"', '\\"'),
    (text) => text.replaceAll(/\d+/g, '1e999'),
    (text) => text.replaceAll(/:("[^"]*"|[\w.]+)/g, ':null'),
  ),
);

/** A value deeper than a stack: only text can be put together like that. */
const deepened: fc.Arbitrary<Mutation> = fc
  .tuple(place, fc.constantFrom('[]', '{"a":}', '{"address":}'))
  .map(([p, pair]): Mutation => {
    const deep =
      pair.slice(0, -1).repeat(9000) + (pair === '[]' ? '' : '1') + pair.slice(-1).repeat(9000);
    return (text) => {
      const from = at(text, p);
      return text.slice(0, from) + text.slice(from).replace(/:("[^"]*"|[\w.]+)/, () => `:${deep}`);
    };
  });

const nested = (deep: number, list: boolean): unknown => {
  let value: unknown = 1;
  for (let i = 0; i < deep; i += 1) value = list ? [value] : { a: value };
  return value;
};

const value: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(...nastyTexts),
  fc.constantFrom<unknown>(0, -0, -1, 1e308, 5e-324, 2 ** 53, 1e11, 2.6e14, null, true, false),
  fc.constantFrom<unknown>([], {}, [[]], [{}], [null], { length: 5 }, { toString: 1 }),
  fc.tuple(fc.integer({ min: 1, max: 60 }), fc.boolean()).map(([n, list]) => nested(n, list)),
  fc.array(fc.constantFrom<unknown>(...nastyTexts, 1, null), { maxLength: 6 }),
  fc.dictionary(fc.constantFrom<string>(...nastyKeys), fc.constantFrom<unknown>('x', 1, {})),
);

const changes = ['value', 'key', 'add', 'remove', 'wrap', 'twice'] as const;

/** Changes of one member of a JSON value, found by going down from the top. */
const structural: fc.Arbitrary<Mutation> = fc
  .record({
    way: fc.array(fc.nat(30), { minLength: 1, maxLength: 4 }),
    change: fc.constantFrom(...changes),
    key: fc.constantFrom<string>(...nastyKeys),
    put: value,
  })
  .map(({ way, change, key, put }): Mutation => {
    const [first = 0, ...rest] = way;
    return (text) => {
      let root: unknown;
      try {
        root = JSON.parse(text);
        // What is too deep to be written back is left as it is.
        JSON.stringify(root);
      } catch {
        return text;
      }
      const owner = memberOf(root, rest);
      if (owner === undefined) return JSON.stringify(put);
      if (Array.isArray(owner)) {
        owner.splice(first % (owner.length + 1), change === 'add' ? 0 : 1, put);
        return JSON.stringify(root);
      }
      const keys = Object.keys(owner);
      const chosen = keys[first % Math.max(1, keys.length)] ?? key;
      changeMember(owner, { change, chosen, key, put });
      const written = JSON.stringify(root);
      // The same key once more, with another value: only text can hold that.
      return change === 'twice'
        ? written.replace('{', `{${JSON.stringify(chosen)}:${JSON.stringify(put)},`)
        : written;
    };
  });

/** An object or list inside `root`, found by the positions of members; `root` where none has any. */
function memberOf(root: unknown, way: readonly number[]): object | undefined {
  let owner = typeof root === 'object' && root !== null ? root : undefined;
  for (const step of way) {
    const members = Object.values(owner ?? {}) as unknown[];
    const next = members[step % Math.max(1, members.length)];
    if (typeof next === 'object' && next !== null) owner = next;
  }
  return owner;
}

interface Change {
  readonly change: (typeof changes)[number];
  readonly chosen: string;
  readonly key: string;
  readonly put: unknown;
}

function changeMember(owner: object, { change, chosen, key, put }: Change): void {
  const record = owner as Record<string, unknown>;
  const old = record[chosen];
  if (change === 'remove' || change === 'key') delete record[chosen];
  if (change === 'value') define(owner, chosen, put);
  else if (change === 'add') define(owner, key, put);
  else if (change === 'key') define(owner, key, old);
  else if (change === 'wrap') define(owner, chosen, [old, { [key]: old }, put]);
}

/** An assignment to __proto__ would make no member of that name. */
function define(owner: object, name: string, member: unknown): void {
  Object.defineProperty(owner, name, {
    value: member,
    enumerable: true,
    configurable: true,
    writable: true,
  });
}

/** Lines with something deep in them are long, and so rare. */
const mutation = fc.oneof(
  { weight: 30, arbitrary: structural },
  { weight: 30, arbitrary: textual },
  { weight: 1, arbitrary: deepened },
);

/** A right line after up to four changes, at most 200 000 characters of it. */
export const mutated = (samples: readonly string[]): fc.Arbitrary<string> =>
  fc
    .record({
      sample: fc.nat({ max: samples.length - 1 }),
      other: fc.nat({ max: samples.length - 1 }),
      mutations: fc.array(mutation, { minLength: 1, maxLength: 4 }),
    })
    .map(({ sample, other, mutations }) => {
      const second = samples[other] as string;
      return mutations.reduce(
        (text, mutation) => mutation(text, second).slice(0, 200_000),
        samples[sample] as string,
      );
    });

/** What stands for a value in JSON, or nearly does. */
const jsonToken = fc.constantFrom(
  ...['1', '-0', '1.5e+3', '1E5', '1e999', '01', '-01', '1.', '.5', '+1', '1e', '-', '0x1', '1 '],
  ...['true', 'false', 'null', 'tru', 'nul', 'NaN', 'True', '""', '"a"', '"1"', '"true"', '"null"'],
  ...['"\t"', '"\\t"', '"a\\"b"', '"\\u0041"', '"\\x"', '"\u007f"', '"\u2028"', '"é"', '"\\ud800"'],
  ...[
    '[]',
    '{}',
    '["a"]',
    '{"a":1}',
    '"a',
    'a"',
    "'a'",
    '',
    ' "a"',
    '"a" ',
    '"2024-01-01T00:00:00Z"',
  ],
);

/** A line with one value put in the place of another, so that its shape stays as it is. */
export const revalued = (samples: readonly string[]): fc.Arbitrary<string> =>
  fc.tuple(fc.constantFrom(...samples), fc.nat(30), jsonToken).map(([text, which, put]) => {
    const values = [...text.matchAll(/:("(?:[^"\\]|\\.)*"|[\w.+-]+)(?=[,}])/g)];
    const value = values[which % Math.max(1, values.length)];
    if (value === undefined) return text;
    return text.slice(0, value.index + 1) + put + text.slice(value.index + value[0].length);
  });

/** Characters and what looks like the beginning of something. */
export const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ unit: 'binary-ascii', maxLength: 60 }),
  fc.array(token, { maxLength: 20 }).map((tokens) => tokens.join('')),
  fc.json({ maxDepth: 3 }),
);

/** A right or changed line as bytes, with some of these replaced; or any bytes. */
export const anyBytes = (samples: readonly string[]): fc.Arbitrary<Uint8Array> =>
  fc.oneof(
    fc.uint8Array({ maxLength: 80 }),
    fc
      .tuple(mutated(samples), fc.array(fc.tuple(place, fc.nat(255)), { maxLength: 4 }))
      .map(([text, replaced]) => {
        const bytes = Buffer.from(text);
        for (const [p, byte] of replaced) bytes[Math.floor(p * bytes.length)] = byte;
        return bytes;
      }),
  );

/** An answer without results is a line that tells of no record, and so counts nowhere else. */
function isEmptyAnswer(text: string): boolean {
  return /\[\s*\]/.test(text);
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((all, count) => all + count, 0);
}

/** What a run needs of the engine; given by the tests, which load it in their own way. */
export interface Under {
  readonly pack: ContentPack;
  readonly program: Program;
  readonly createEngine: (program: Program, sink: EngineSink) => Engine;
}

/** Runs lines through a whole engine and throws where it breaks what it promises for any line. */
export function hold({ pack, program, createEngine }: Under, texts: readonly string[]): void {
  const events: Event[] = [];
  const engine = createEngine(program, {
    event: (event) => {
      events.push(event);
    },
  });
  const told = (): number => engine.counters.records + engine.counters.unparsed;
  texts.forEach((text, id) => {
    const before = told();
    engine.push([{ id, text }]);
    const isBlank = text.replaceAll('\ufeff', '').trim() === '';
    const isTold = told() > before;
    must(isTold || isBlank || isEmptyAnswer(text), 'a line counts nowhere', text);
  });
  engine.finish();
  const { counters } = engine;
  must(counters.lines === texts.length, 'lines are not counted', counters);
  must(sum(counters.parsed) === counters.records, 'records do not add up', counters);
  must(sum(counters.unparsedReasons) === counters.unparsed, 'reasons do not add up', counters);
  must(Object.keys(counters.faults).length === 0, 'a rule threw', counters.faults);
  must(sum(counters.events) === events.length, 'events do not add up', counters);
  for (const event of events) checkEvent(event, pack, texts.length);
  for (const { line, text } of engine.unparsed) {
    must(line < texts.length && text.length <= 300, 'a sample is too long or of no line', text);
  }
  expectCleanPrototypes();
}

function must(holds: boolean, what: string, where: unknown): void {
  if (!holds) throw new Error(`${what}: ${JSON.stringify(where)}`);
}

/** Each field is known to the content and of its type; lines are ours, ascending. */
function checkEvent({ time, lines: ids, fields }: Event, pack: ContentPack, pushed: number): void {
  must(Number.isFinite(time), 'an event has no time', ids);
  ids.forEach((id, i) => {
    must(id >= 0 && id < pushed && id >= (ids[i - 1] ?? 0), 'lines are wrong', ids);
  });
  for (const [name, found] of Object.entries(fields)) {
    if (found === undefined) continue;
    const type = Object.hasOwn(pack.fields, name) ? pack.fields[name]?.type : 'unknown';
    const isRight =
      type === 'texts'
        ? Array.isArray(found) && found.every((one) => typeof one === 'string')
        : type === 'number' || type === 'time'
          ? typeof found === 'number' && Number.isFinite(found)
          : type === 'flag'
            ? typeof found === 'boolean'
            : type === 'text' && typeof found === 'string';
    must(isRight, `the field ${name} of type ${type} is wrong`, found);
  }
}
