import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { loadContent, type ParserEntry } from '#content';
import type { LogRecord } from '../../engine/contract.js';
import { emptyCounters } from '../../engine/counters.js';
import { compileField } from '../../engine/decode/fields.js';
import { objectAccess } from '../../engine/decode/keys.js';
import { compileMatch } from '../../engine/decode/match.js';
import { createParseStage } from '../../engine/stages/1-parse.js';

const { pack } = await loadContent(fileURLToPath(new URL('../../content', import.meta.url)));
const parsers: readonly ParserEntry[] = pack?.parsers ?? [];

type Flat = Record<string, unknown>;

/** What the parsers say of a record, each rule by itself and without any code for its shape. */
const slow = parsers.map((parser) => {
  const { time = {}, ...rest } = parser.fields;
  return {
    matches: compileMatch(parser.match, objectAccess()),
    time: compileField(time),
    fields: Object.entries(rest).map(([name, rule]) => [name, compileField(rule)] as const),
  };
});

function expected(record: Flat): { parser: number; time: unknown; fields: Flat } | undefined {
  const parser = slow.findIndex(({ matches }) => matches?.(record, '') === true);
  const found = slow[parser];
  if (found === undefined || typeof found.time(record) !== 'number') return;
  const fields: Flat = {};
  for (const [name, extract] of found.fields) {
    const value = extract(record);
    if (value !== undefined) fields[name] = value;
  }
  return { parser, time: found.time(record), fields };
}

/** Keys of receipts, process and delivery lines, of refusals and of web requests. */
const keys = [
  ...['acc', 'aCode', 'datetime', 'Sender', 'headerFrom', 'Rcpt', 'Act', 'Dir', 'Subject', 'MsgId'],
  ...['IP', 'Delivered', 'Snt', 'Attempt', 'RejType', 'RejCode', 'RejInfo', 'Hld', 'AttNames'],
  ...['MsgSize', 'type', 'time', 'user', 'url', 'action', '__proto__', 'constructor', '7', 'a.b'],
];
const moment = fc
  .integer({ min: Date.UTC(2023, 0, 1), max: Date.UTC(2025, 0, 1) })
  .map((ms) => `${new Date(ms).toISOString().slice(0, 19)}+0100`);
const usual: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  datetime: moment,
  time: moment,
  aCode: fc.constantFrom('Zk3vT9a1Mxq7RbW2cLd0Ew', 'abc_1731437523', ''),
  Sender: fc.constantFrom('mia@corp.example', 'Mia <MIA@corp.example>', '<>', null),
  Rcpt: fc.constantFrom('lars@partner.example', 'a@x.example;b@y.example', 'no address'),
  Act: fc.constantFrom('Acc', 'Rej', 'Hld', 'odd'),
  Delivered: fc.constantFrom(true, false, 'true'),
  type: fc.constant('web-activity'),
  RejCode: fc.constantFrom('550', '451', 550),
};
const odd = fc.oneof(
  fc.string({ maxLength: 12, unit: 'binary' }),
  fc.constantFrom(null, '', ' ', true, false, 0, -0, 1.5e300, -2.25, [], ['x'], { a: 1 }),
  fc.constantFrom('a"b', 'back\\slash', 'tab\t', 'ä€😀', '\u2028', '2024-01-01T00:00:00Z'),
);

/** A shape, a few lines of it that are usual, and then lines that may be anything but usual. */
const stream = fc
  .uniqueArray(fc.constantFrom(...keys), { minLength: 3, maxLength: 12 })
  .chain((chosen) => {
    const names = [...new Set([...chosen, 'datetime', 'aCode', 'Act'])];
    const record = (wild: number): fc.Arbitrary<[string, unknown][]> =>
      fc.tuple(
        ...names.map((name) =>
          fc
            .tuple(
              fc.double({ min: 0, max: 1, noNaN: true }),
              (Object.hasOwn(usual, name) ? usual[name] : undefined) ?? fc.constant('text'),
              odd,
            )
            .map(([luck, plain, other]): [string, unknown] => [name, luck < wild ? other : plain]),
        ),
      );
    return fc.tuple(record(0), fc.array(record(0.2), { minLength: 1, maxLength: 12 }));
  });

const written = (members: readonly [string, unknown][]): string =>
  `{${members.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(',')}}`;

/** Ways to write the same or nearly the same line. */
const pens: readonly ((line: string) => string)[] = [
  (line) => line,
  (line) => line,
  (line) => line,
  (line) => ` ${line} `,
  (line) => line.replace(':', ' : '),
  (line) => line.replace('}', ',"aCode":"again"}'),
  (line) => line.replace('e', '\\u0065'),
  (line) => line.slice(0, -1),
  (line) => line.replace(/[a-z]"/, '\u0001"'),
];

function recordsOf(lines: readonly string[]): (LogRecord | undefined)[] {
  const stage = createParseStage(parsers, emptyCounters());
  return lines.map((text, id) => {
    let found: LogRecord | undefined;
    stage.parse({ id, text }, (record) => {
      found = record;
    });
    return found;
  });
}

test('a line is read the same, however many of its shape were read before', () => {
  fc.assert(
    fc.property(stream, fc.infiniteStream(fc.nat(pens.length - 1)), ([first, others], choice) => {
      const lines = [
        ...Array.from({ length: 70 }, () => written(first)),
        ...others.map((members) => (pens[Number(choice.next().value)] ?? String)(written(members))),
      ];
      recordsOf(lines).forEach((record, i) => {
        let value: unknown;
        try {
          value = JSON.parse(lines[i] ?? '');
        } catch {
          return;
        }
        const wanted = expected(value as Flat);
        if (wanted === undefined) return;
        const fields = Object.fromEntries(
          Object.entries(record?.fields ?? {}).filter(([, field]) => field !== undefined),
        );
        expect({ parser: record?.parser, time: record?.time, fields }).toEqual(wanted);
      });
    }),
    { numRuns: 150 },
  );
});
