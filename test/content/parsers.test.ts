import { fileURLToPath } from 'node:url';
import { RE2JS } from 're2js';
import { describe, expect, test } from 'vitest';
import { loadContent, type ParserEntry, renderDiagnostic } from '#content';
import type { LogRecord } from '../../engine/contract.js';
import { emptyCounters } from '../../engine/counters.js';
import { createParseStage } from '../../engine/stages/1-parse.js';

const loaded = await loadContent(fileURLToPath(new URL('../../content', import.meta.url)));

const parsers: readonly ParserEntry[] = loaded.pack?.parsers ?? [];
const fields = loaded.pack?.fields ?? {};

function recordsOf(line: string): LogRecord[] {
  const found: LogRecord[] = [];
  createParseStage(parsers, emptyCounters()).parse({ id: 7, text: line }, (record) => {
    found.push(record);
  });
  return found;
}

function seen(record: LogRecord, name: string): unknown {
  if (name === 'time') return new Date(record.time).toISOString();
  if (name === 'kind' || name === 'part' || name === 'join') return record[name] ?? null;
  if (name === 'parser') return parsers[record.parser]?.id;
  return record.fields[name] ?? null;
}

describe('the content pack', () => {
  test('loads with its parsers', () => {
    const text = loaded.diagnostics.map((d) =>
      renderDiagnostic(d, loaded.sources, { color: false }),
    );
    expect(text).toEqual([]);
    expect(parsers.length).toBeGreaterThan(30);
  });
});

describe.each(parsers.map((parser) => [parser.id, parser] as const))('parser %s', (id, parser) => {
  test.each(parser.tests.map((example) => [example.name, example] as const))('%s', (_, example) => {
    const expected = Array.isArray(example.expect) ? example.expect : [example.expect];
    const records = recordsOf(example.line);
    expect(records.map((record) => parsers[record.parser]?.id)).toEqual(expected.map(() => id));
    const actual = records.map((record, i) =>
      Object.fromEntries(Object.keys(expected[i] ?? {}).map((name) => [name, seen(record, name)])),
    );
    expect(actual).toEqual(expected);
  });

  test('sets fields that are declared, with values of their declared type', () => {
    const typeOf: Record<string, (value: unknown) => boolean> = {
      text: (value) => typeof value === 'string',
      texts: (value) => Array.isArray(value),
      number: (value) => typeof value === 'number',
      time: (value) => typeof value === 'number',
      flag: (value) => typeof value === 'boolean',
    };
    for (const example of parser.tests)
      for (const record of recordsOf(example.line))
        for (const [name, value] of Object.entries(record.fields)) {
          const field = fields[name];
          expect(field, `${name} is not in event-types.yaml`).toBeDefined();
          if (value !== undefined && field !== undefined)
            expect(typeOf[field.type]?.(value), `${name} of ${id}`).toBe(true);
        }
  });

  test('reads a time, and says where it comes from', () => {
    expect(parser.fields['time']?.as).toBe('time');
    for (const rule of Object.values(parser.fields))
      expect(rule.from ?? rule.constant, JSON.stringify(rule)).toBeDefined();
  });

  test('has patterns of linear time only', () => {
    const patterns = [
      ...Object.values(parser.match.matches ?? {}),
      ...Object.values(parser.fields).flatMap((rule) => rule.pattern ?? []),
    ];
    for (const pattern of patterns) expect(() => RE2JS.compile(pattern)).not.toThrow();
  });
});
