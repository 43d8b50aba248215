/**
 * Every sample line of every parser in every shape in which users have it: the record must come out
 * the same whatever stands around it, in whatever order its keys are, and whoever made texts of its
 * numbers on the way.
 */
import { fileURLToPath } from 'node:url';
import { describe, expect, it, test } from 'vitest';
import { type ContentPack, loadContent, type ParserEntry } from '#content';
import { createLineParser, type LogRecord } from '#engine';
import { decodeKeyValue, startsLikeKeyValue } from '../../engine/decode/key-value.js';

const root = fileURLToPath(new URL('../../content', import.meta.url));
const pack = (await loadContent(root)).pack as ContentPack;
const parse = createLineParser(pack.parsers);

type Shape = Readonly<Record<string, unknown>>;

const isShape = (value: unknown): value is Shape =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What must be the same in every shape. */
function comparable(records: readonly LogRecord[]): unknown[] {
  return records.map(({ parser, kind, part, join, time, fields }) => ({
    parser: pack.parsers[parser]?.id,
    kind,
    part,
    join,
    time,
    fields: Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)),
  }));
}

const parserOf = (text: string): string | undefined => {
  const [record, ...others] = parse(text);
  return record === undefined || others.length > 0 ? undefined : pack.parsers[record.parser]?.id;
};

/** The record itself, out of whatever the sample wraps it in; undefined when it is not JSON inside. */
function bareRecord(value: unknown, parser: string): Shape | undefined {
  const inner = Array.isArray(value) ? value : isShape(value) ? Object.values(value) : [];
  for (const part of inner) {
    const found = typeof part === 'object' ? bareRecord(part, parser) : undefined;
    if (found) return found;
  }
  return isShape(value) && parserOf(JSON.stringify(value)) === parser ? value : undefined;
}

const reversed = (record: Shape): Shape => Object.fromEntries(Object.entries(record).reverse());

/** Numbers and flags as text, at every depth but inside texts. */
function asTexts(value: unknown): unknown {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return value.map(asTexts);
  return isShape(value)
    ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, asTexts(inner)]))
    : value;
}

/** As a row of a Log Analytics table: a suffix says the type, nested values are text, nothing is null. */
function columns(record: Shape): Shape {
  const row: Record<string, unknown> = {
    'TimeGenerated [UTC]': '3/4/2024, 9:59:59.000 AM',
    Type: 'X_CL',
  };
  for (const [key, value] of Object.entries(record)) {
    if (value === null || value === '') row[`${key}_s`] = '';
    else if (typeof value === 'number') row[`${key}_d`] = value;
    else if (typeof value === 'boolean') row[`${key}_b`] = value;
    else row[`${key}_s`] = typeof value === 'string' ? value : JSON.stringify(value);
  }
  return row;
}

const extra = { aNewKey: { nested: [1, '{"a":1}'] }, zNewKey: 'x=y|z', 'dotted.key': null };

const json = (value: unknown): string => JSON.stringify(value);
const syslog = '<14>1 2024-03-04T09:16:00Z collector mimecast - - - ';
const cef =
  '2024-03-04T09:16:00.123Z gateway CEF:0|Collector|SkyFormation Cloud Apps Security|2.0|sk4-mail|email|1|destinationServiceName =Mimecast Email Security dproc=Email Logs raw=';

const jsonShapes: Readonly<Record<string, (record: Shape) => string>> = {
  'with its keys the other way round': (record) => json(reversed(record)),
  'among unknown keys': (record) => json({ aFirst: 1, ...extra, ...record, ...extra, zLast: [] }),
  'with a key named like a built-in': (record) =>
    json(record).replace('{', '{"__proto__":{"Act":"Rej"},"constructor":"x","toString":1,'),
  'with numbers as text': (record) => json(asTexts(record)),
  'with slashes escaped': (record) => json(record).replaceAll('/', '\\/'),
  'before CR': (record) => `${json(record)}\r`,
  'before CRLF': (record) => `${json(record)}\r\n`,
  'behind a byte order mark': (record) => `\ufeff${json(record)}`,
  'indented over lines': (record) => JSON.stringify(record, null, 2),
  'in a line of an array': (record) => `${json(record)},`,
  'in an array': (record) => json([record]),
  'in the answer of an API': (record) => json({ meta: { status: 200 }, data: [record], fail: [] }),
  'in the answer of an older API': (record) =>
    json({ meta: { status: 200 }, data: [{ logs: [record] }], fail: [] }),
  'in a page of a newer API': (record) => json({ value: [record], '@nextLink': 'https://x' }),
  'in the file of an API': (record) => json({ type: 'MTA', data: [record] }),
  'as an event of a collector': (record) =>
    json({ time: 1, host: 'h', sourcetype: 'm', event: record }),
  'as the text of an event': (record) => json({ time: 1, host: 'h', event: json(record) }),
  'in a search result': (record) => json({ preview: false, result: { _raw: json(record) } }),
  'in a document of an index': (record) =>
    json({ _index: 'x', _source: { message: json(record) } }),
  'behind a syslog prefix': (record) => `${syslog}${json(record)}`,
  'with CEF around it': (record) => `${cef}${json(record)}`,
};

/** A list becomes the text of a list in a column, which is no loss where it is read as text. */
const asWords = (records: unknown): unknown =>
  JSON.parse(json(records), (key, value: unknown) =>
    key === 'additional_info' && typeof value === 'string' ? value.match(/\w+/g) : value,
  );

const keyValueShapes: Readonly<Record<string, (pairs: readonly string[]) => string>> = {
  'with its keys the other way round': (pairs) => [...pairs].reverse().join('|'),
  'among unknown keys': ([first = '', ...rest]) =>
    [first, 'aNewKey=1', 'other.key=a b', ...rest].join('|'),
  'with a type of a collector': ([first = '', ...rest]) =>
    [first, 'mcType=email_x', ...rest].join('|'),
  'before CR': (pairs) => `${pairs.join('|')}\r`,
  'before CRLF': (pairs) => `${pairs.join('|')}\r\n`,
  'behind a byte order mark': (pairs) => `\ufeff${pairs.join('|')}`,
  'behind a syslog prefix': (pairs) => `${syslog}${pairs.join('|')}`,
  'as the text of an event': (pairs) => json({ time: 1, host: 'h', event: pairs.join('|') }),
  'in a search result': (pairs) => json({ preview: false, result: { _raw: pairs.join('|') } }),
};

interface Sample {
  readonly name: string;
  readonly parser: ParserEntry;
  /** As JSON, or as pieces of a key=value line. */
  readonly record?: Shape;
  readonly pairs?: readonly string[];
}

function samplesOf(parser: ParserEntry): Sample[] {
  return parser.tests.flatMap(({ name, line }): Sample[] => {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      if (!startsLikeKeyValue(line)) return [];
      const record = decodeKeyValue(line.trimEnd(), 0) as Shape;
      const pairs = Object.entries(record).map(([key, text]) => pairOf(key, String(text)));
      return [{ name, parser, pairs }];
    }
    const record = bareRecord(value, parser.id);
    return record === undefined ? [] : [{ name, parser, record }];
  });
}

/** Free text is wrapped in backslashes, as Mimecast does where it holds the separator. */
const pairOf = (key: string, value: string): string =>
  /[|=]/.test(value) ? `${key}=\\${value}\\` : `${key}=${value}`;

const samples = pack.parsers.flatMap(samplesOf);
const jsonSamples = samples.flatMap(({ name, parser, record }) =>
  record ? [[parser.id, name, record, parser] as const] : [],
);
const keyValueSamples = samples.flatMap(({ name, parser, pairs }) =>
  pairs ? [[parser.id, name, pairs, parser] as const] : [],
);

test('every parser has a sample that is tried in all shapes', () => {
  const tried = new Set(samples.map(({ parser }) => parser.id));
  expect(pack.parsers.map(({ id }) => id).filter((id) => !tried.has(id))).toEqual([]);
});

describe.each(jsonSamples)('%s, %s, as JSON', (id, _, record) => {
  const plain = comparable(parse(json(record)));

  it('is one record', () => {
    expect(plain).toMatchObject([{ parser: id }]);
  });

  it.each(Object.entries(jsonShapes))('%s', (_shape, shape) => {
    expect(comparable(parse(shape(record)))).toEqual(plain);
  });

  // A row of a table already, or a wrapper around a text, is no record of which a row could be made.
  const isBare = Object.keys(record).every((key) => !/_[sdtgb]( \[UTC\])?$|^AuditData$/.test(key));
  it.each(isBare ? ['as a row of Log Analytics'] : [])('%s', () => {
    expect(asWords(comparable(parse(json(columns(record)))))).toEqual(asWords(plain));
  });
});

describe.each(keyValueSamples)('%s, %s, as key=value', (id, _, pairs) => {
  const plain = comparable(parse(pairs.join('|')));

  it('is one record', () => {
    expect(plain).toMatchObject([{ parser: id }]);
  });

  it.each(Object.entries(keyValueShapes))('%s', (_shape, shape) => {
    expect(comparable(parse(shape(pairs)))).toEqual(plain);
  });
});

/** The key of the record that feeds a field, where it is a plain one. */
function keyOf(
  { fields }: ParserEntry,
  field: string,
  keys: readonly string[],
): string | undefined {
  return fields[field]?.from?.find((key) => keys.includes(key));
}

const subjects = [
  'Q1 | Act=Rej|Sender=nobody',
  'a|b',
  '"quoted" \\ and {"json":1}',
  'Ünïcödé ✉ 件名',
];

describe.each(subjects)('the subject %j', (subject) => {
  const withSubject = (fields: unknown, text: string): unknown => {
    const [first] = fields as { fields: Record<string, unknown> }[];
    return [{ ...first, fields: { ...first?.fields, subject: text } }];
  };

  const jsonWith = jsonSamples.flatMap(([id, name, record, parser]) => {
    const key = keyOf(parser, 'subject', Object.keys(record));
    return key === undefined || typeof record[key] !== 'string' || parser.fields['subject']?.pattern
      ? []
      : [[id, name, record, key] as const];
  });

  it.each(jsonWith)('of %s, %s, stays whole', (_id, _name, record, key) => {
    const plain = comparable(parse(json(record)));
    const found = comparable(parse(json({ ...record, [key]: subject })));
    expect(found).toEqual(withSubject(plain, subject));
  });

  const pairsWith = keyValueSamples.flatMap(([id, name, pairs, parser]) => {
    const keys = pairs.map((pair) => pair.slice(0, pair.indexOf('=')));
    const key = keyOf(parser, 'subject', keys);
    return key === undefined ? [] : [[id, name, pairs, key] as const];
  });

  it.each(pairsWith)('of %s, %s, stays whole in key=value', (_id, _name, pairs, key) => {
    const plain = comparable(parse(pairs.join('|')));
    const changed = pairs.map((pair) =>
      pair.startsWith(`${key}=`) ? `${key}=\\${subject}\\` : pair,
    );
    expect(comparable(parse(changed.join('|')))).toEqual(withSubject(plain, subject));
  });
});

describe('a recipient as a list', () => {
  const cases = jsonSamples.flatMap(([id, name, record, parser]) => {
    const key = keyOf(parser, 'recipients', Object.keys(record));
    return key === undefined || typeof record[key] !== 'string' || record[key] === ''
      ? []
      : [[id, name, record, key] as const];
  });

  it.each(cases)('of %s, %s, is the same', (_id, _name, record, key) => {
    const plain = comparable(parse(json(record)));
    expect(comparable(parse(json({ ...record, [key]: [record[key]] })))).toEqual(plain);
  });
});

describe('the names of attachments', () => {
  const names = ['a b.docx', 'c,d.xlsx'];
  const quoted = '"a b.docx", "c,d.xlsx"';
  const base = {
    acc: 'C1',
    datetime: '2024-03-04T10:15:32+0100',
    Act: 'Acc',
    aCode: 'A1',
    MsgSize: 9,
  };
  const line = 'datetime=2024-03-04T10:15:32+0100|aCode=A1|acc=C1|Act=Acc|MsgSize=9|AttNames=';

  it.each([
    ['a quoted list in a text', json({ ...base, AttNames: quoted }), names],
    ['a list of quoted texts', json({ ...base, AttNames: ['"a b.docx"', '"c,d.xlsx"'] }), names],
    ['a list of bare texts', json({ ...base, AttNames: names }), names],
    ['null', json({ ...base, AttNames: null }), undefined],
    ['an empty text', json({ ...base, AttNames: '' }), undefined],
    ['not there', json(base), undefined],
    ['key=value', `${line}${quoted}`, names],
    ['key=value with a comma at the end', `${line}${quoted}, `, names],
    ['key=value with a bar in a name', `${line}"a b.docx", "c|d.xlsx"`, ['a b.docx', 'c|d.xlsx']],
    ['key=value with nothing', line, undefined],
  ])('are read from %s', (_, text, expected) => {
    const [record, ...others] = parse(text);
    expect(others).toEqual([]);
    expect(record?.fields['attachments']).toEqual(expected);
  });
});
