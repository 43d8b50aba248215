import { describe, expect, test } from 'vitest';
import type { ParserEntry } from '#content';
import { BinaryReader, BinaryWriter } from '../../../../engine/binary.js';
import type { LogRecord } from '../../../../engine/contract.js';
import { emptyCounters } from '../../../../engine/counters.js';
import { createParseStage } from '../../../../engine/stages/1-parse.js';

function parser(id: string, more: Partial<ParserEntry>): ParserEntry {
  return {
    id,
    vendor: 'v',
    file: `parsers/v/${id}.yaml`,
    name: id,
    description: id,
    match: { all: ['t'] },
    yields: { kind: 'app' },
    fields: { time: { from: ['t'], as: 'time' }, object: { from: ['o'] } },
    tests: [{ name: 'x', line: '', expect: {} }],
    ...more,
  };
}

function run(parsers: readonly ParserEntry[], ...lines: readonly string[]) {
  const counters = emptyCounters();
  const stage = createParseStage(parsers, counters);
  const records: LogRecord[] = [];
  lines.forEach((text, id) => {
    stage.parse({ id, text }, (record) => {
      records.push(record);
    });
  });
  return { counters, stage, records };
}

const when = '"t":"2024-01-01T00:00:00Z"';

describe('the parse stage', () => {
  test('lets the first parser take a record whose match holds', () => {
    const parsers = [
      parser('a', { match: { all: ['t'], none: ['x'] } }),
      parser('b', { match: { all: ['t'], equals: { 'k|l': ['One'] } } }),
      parser('c', {
        match: { all: ['t'], matches: { k: '^t.o$' }, misses: { z: '5' }, unless: { y: ['no'] } },
      }),
      parser('d', { match: { any: ['t'] } }),
    ];
    const { records } = run(
      parsers,
      `{${when}}`,
      `{${when},"x":1,"l":"one"}`,
      `{${when},"x":1,"k":"TWO"}`,
      `{${when},"x":1,"k":"two","z":"51"}`,
      `{${when},"x":1,"k":"two","y":"NO"}`,
    );
    expect(records.map((record) => record.parser)).toEqual([0, 1, 2, 3, 3]);
  });

  test('counts null and the empty text as not there', () => {
    const parsers = [parser('a', { match: { all: ['t'], none: ['x'] } })];
    expect(run(parsers, `{${when},"x":null}`, `{${when},"x":""}`).records).toHaveLength(2);
  });

  test('reports a record without a readable time and goes on', () => {
    const { counters, stage, records } = run([parser('a', {})], '{"t":"noon"}', `{${when}}`);
    expect(counters).toMatchObject({ lines: 2, records: 1, unparsed: 1 });
    expect(counters.unparsedReasons).toEqual({ 'no readable time': 1 });
    expect(stage.unparsed).toEqual([{ line: 0, reason: 'no readable time', text: '{"t":"noon"}' }]);
    expect(records[0]?.line).toBe(1);
  });

  test('keeps the first five samples of a reason, each cut to 300 characters', () => {
    const lines = Array.from({ length: 9 }, (_, i) => `${i}${'x'.repeat(500)}`);
    const { counters, stage } = run([parser('a', {})], ...lines);
    expect(counters.unparsed).toBe(9);
    expect(stage.unparsed.map((sample) => sample.line)).toEqual([0, 1, 2, 3, 4]);
    expect(stage.unparsed[0]?.text).toHaveLength(300);
  });

  test('takes the records out of wrappers inside wrappers, in order', () => {
    const inner = (o: string) => `{${when},"o":"${o}"}`;
    const { records, counters } = run(
      [parser('a', {})],
      `[{"meta":{},"data":[{"dlpLogs":[${inner('1')},{"odd":1},${inner('2')}]}],"fail":[]}]`,
      `{"result":{"_raw":${JSON.stringify(inner('3'))}}}`,
    );
    expect(records.map((record) => record.fields['object'])).toEqual(['1', '2', '3']);
    expect(counters.unparsedReasons).toEqual({ 'no parser takes it': 1 });
  });

  test('names the error answer of an API', () => {
    const { counters } = run(
      [parser('a', {})],
      '{"meta":{"status":403},"data":[],"fail":[{"errors":[1]}]}',
    );
    expect(counters.unparsedReasons).toEqual({ 'error answer of an API': 1 });
  });

  test('passes over blank lines without a word', () => {
    expect(run([parser('a', {})], '', '  \t').counters).toMatchObject({ lines: 2, unparsed: 0 });
  });

  test.each([
    ['deep arrays', `${'['.repeat(200_000)}${']'.repeat(200_000)}`],
    ['deep objects', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`],
    ['a prototype key', `{${when},"__proto__":{"polluted":1},"o":{"__proto__":{"polluted":1}}}`],
    ['a NUL', `{${when},"o":"a\\u0000b"}`],
    ['a megabyte of text', `{${when},"o":"${'|Subject=\\\\'.repeat(100_000)}"}`],
    ['a megabyte of braces', `x${'{'.repeat(1_000_000)}`],
    ['a megabyte of CEF keys', `CEF:0|a|b|c|d|e|f|${'k= '.repeat(300_000)}`],
  ])('survives %s', (_, text) => {
    const { counters } = run([parser('a', {})], text, `{${when}}`);
    expect(counters.lines).toBe(2);
    expect(counters.records).toBeGreaterThan(0);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  test('does not let the name of a field reach a prototype', () => {
    const fields = {
      time: { from: ['t'] as [string], as: 'time' as const },
      ['__proto__']: { from: ['o'] as [string] },
    };
    const { records } = run([parser('a', { fields })], `{${when},"o":"x"}`);
    expect(Object.getPrototypeOf(records[0]?.fields)).toBe(Object.prototype);
  });

  test('joins by the first key that is there, without the time behind it', () => {
    const parsers = [parser('a', { yields: { kind: 'mail', part: 'receipt', join: ['j', 'k'] } })];
    const { records } = run(
      parsers,
      `{${when},"k":"abc_1731437523"}`,
      `{${when},"j":"abc_12","k":"x"}`,
    );
    expect(records.map((record) => record.join)).toEqual(['abc', 'abc_12']);
  });

  test('remembers its samples in a snapshot', () => {
    const { stage } = run([parser('a', {})], 'odd');
    const writer = new BinaryWriter();
    stage.save(writer);
    const other = createParseStage([], emptyCounters());
    other.load(new BinaryReader(writer.finish()));
    expect(other.unparsed).toEqual(stage.unparsed);
  });
});
