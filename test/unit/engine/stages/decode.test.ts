import { describe, expect, test } from 'vitest';
import { toAddresses, toDomain, toIp, toNames } from '../../../../engine/decode/convert.js';
import { unfold, withoutColumnSuffixes } from '../../../../engine/decode/json.js';
import { decodeKeyValue } from '../../../../engine/decode/key-value.js';
import { decodeLine } from '../../../../engine/decode/line.js';
import { createReader } from '../../../../engine/decode/record.js';
import { parseTime } from '../../../../engine/decode/time.js';

describe('a time', () => {
  const moment = Date.UTC(2024, 2, 4, 9, 15, 30);
  test.each([
    '2024-03-04T10:15:30+0100',
    '2024-03-04T10:15:30+01:00',
    '2024-03-04T10:15:30+01',
    '2024-03-04T04:15:30-0500',
    '2024-03-04T09:15:30Z',
    '2024-03-04T09:15:30.000Z',
    '2024-03-04T09:15:30',
    '2024-03-04 09:15:30',
    '2024-03-04T9:15:30+0000',
    '2024-03-04T09: 15:30+0000',
    '2024-03-04T09:15:30 +0000',
    '3/4/2024, 9:15:30.000 AM',
    '03/04/2024 09:15:30',
    '1709543730',
    '1709543730000',
    1_709_543_730,
    1_709_543_730_000,
  ])('is read from %j', (text) => {
    expect(parseTime(text)).toBe(moment);
  });

  test('keeps fractions down to the millisecond', () => {
    expect(parseTime('2024-03-04T09:15:30.1239Z')).toBe(moment + 123);
    expect(parseTime('12/26/2021, 11:54:50.500 PM')).toBe(Date.UTC(2021, 11, 26, 23, 54, 50, 500));
    expect(parseTime('12/27/2021, 12:15:46.000 AM')).toBe(Date.UTC(2021, 11, 27, 0, 15, 46));
  });

  test.each([
    '',
    'yesterday',
    '2024-13-04T09:15:30Z',
    '2023-02-29T09:15:30Z',
    '2024-03-04T24:15:30Z',
    '2024-03-04T09:61:30Z',
    '2024-03-04T09:15:30+9900',
    '2024-03-04T09:15:30 noon',
    '13/40/2024, 9:15:30 AM',
    '3/4/2024, 13:15:30 PM',
    '12',
    Number.NaN,
    Number.POSITIVE_INFINITY,
    -5,
    null,
    {},
    `2024-03-04T09:15:30${' '.repeat(100)}Z`,
  ])('is not read from %j', (text) => {
    expect(parseTime(text)).toBeUndefined();
  });

  test('agrees with the calendar over leap years and centuries', () => {
    for (let day = 0; day < 60_000; day += 17) {
      const at = day * 86_400_000 + 3_723_000;
      expect(parseTime(new Date(at).toISOString())).toBe(at);
    }
  });

  test('is the same whatever was read before: another second, minute, day or offset', () => {
    const parts = ['2024-03-04T09:15:', '2024-03-04T09:16:', '2024-03-05T09:15:'];
    const endings = ['+0000', '+0100', '-0130', '+1', 'Z', '+01:00', '+x100', ''];
    const texts = parts.flatMap((minute) =>
      ['00', '07', '59', '60', '61', '6x', '-1', ' 7'].flatMap((second) =>
        endings.map((ending) => `${minute}${second}${ending}`),
      ),
    );
    const alone = (text: string): number | undefined => {
      const plain = /^(.{17})([0-5]\d)(Z|[+-]\d\d:?\d\d|)$/.exec(text);
      if (plain === null) return undefined;
      const [, minute, second, offset = ''] = plain;
      const zone = offset === '' ? 'Z' : offset.replace(/^(...)(\d\d)$/, '$1:$2');
      return Date.parse(`${minute}${second}${zone}`);
    };
    for (const before of texts.filter((text) => text.length === 24))
      for (const text of texts) {
        parseTime(before);
        const expected = alone(text);
        // A leap second and odd forms have their own tests; here they only must not depend on `before`.
        if (expected !== undefined)
          expect(parseTime(text), `${text} after ${before}`).toBe(expected);
        else {
          const after = parseTime(text);
          parseTime('2001-01-01T00:00:00+0000');
          expect(after, `${text} after ${before}`).toBe(parseTime(text));
        }
      }
  });
});

describe('key=value', () => {
  const read = (text: string): Record<string, unknown> => ({ ...decodeKeyValue(text, 0) });

  test('takes off the backslashes of free text and keeps bars inside it', () => {
    expect(
      read('Subject=\\a|Sender=evil@x.example|b\\|Sender=a@corp.example|Dir=Outbound'),
    ).toEqual({
      Subject: 'a|Sender=evil@x.example|b',
      Sender: 'a@corp.example',
      Dir: 'Outbound',
    });
  });

  test('ends a wrapped text that never ends at the next known key', () => {
    expect(read('Subject=\\a|b=c|Sender=a@corp.example|Act=Acc')).toEqual({
      Subject: 'a|b=c',
      Sender: 'a@corp.example',
      Act: 'Acc',
    });
  });

  test('begins a new value at an unknown key outside free text', () => {
    expect(read('IP=192.0.2.1|newKey=x|Dir=Inbound')).toEqual({
      IP: '192.0.2.1',
      newKey: 'x',
      Dir: 'Inbound',
    });
  });

  test('leaves out empty values and reads a quote that is not closed', () => {
    expect(read('AttNames=|Act=Acc|eventInfo="a, b')).toEqual({ Act: 'Acc', eventInfo: 'a, b' });
  });

  test('keeps hostile keys as plain data', () => {
    const record = decodeKeyValue('datetime=1|__proto__=x|constructor=y', 0);
    expect(Object.entries(record ?? {})).toEqual([
      ['datetime', '1|__proto__=x'],
      ['constructor', 'y'],
    ]);
    // Nothing is inherited, and nothing that one record holds is seen in the next.
    const next = decodeKeyValue('datetime=1|acc=2', 0) ?? {};
    for (const name of ['__proto__', 'constructor', 'toString', 'x'])
      expect(name in next, name).toBe(false);
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });

  test('reads a line of a million bars and open texts', () => {
    expect(decodeKeyValue(`Subject=\\${'|a='.repeat(350_000)}`, 0)).toBeDefined();
  });
});

describe('a line', () => {
  test.each([
    ['{"a":1},', { a: 1 }],
    ['{"a":1} {"b":2},{"c":3}', [{ a: 1 }, { b: 2 }, { c: 3 }]],
    ['\ufeff {"a":1}', { a: 1 }],
    ['Jan  4 09:00:00 host app[7]: {"a":{"b":"}"}} trailing', { a: { b: '}' } }],
    ['[2024-01-01] collector: {"a":1}', { a: 1 }],
    ['<14>1 2024-01-01T00:00:00Z h a - - - datetime=x|aCode=y', { datetime: 'x', aCode: 'y' }],
  ])('%s is read', (text, value) => {
    expect(decodeLine(text)).toEqual({ value, reason: undefined });
  });

  test.each([
    ['{"a":1', 'JSON object does not end'],
    ['{"a":}', 'broken JSON'],
    ['[1,2', 'broken JSON'],
    ['Mar 4 sshd: accepted password', 'neither JSON nor key=value'],
    ['CEF:0|a|b', 'CEF header does not end'],
  ])('%s is refused: %s', (text, reason) => {
    expect(decodeLine(text).reason).toBe(reason);
  });

  test('takes the extension of CEF where the JSON does not say it', () => {
    const { value } = decodeLine(
      'x CEF:0|a|b|c|d|e|1|suser=mia@corp.example msg={"suser":"kept","a":1} requestClientApplication=Mozilla 5 src=192.0.2.1',
    );
    expect({ ...(value as object) }).toMatchObject({
      a: 1,
      suser: 'kept',
      requestClientApplication: 'Mozilla 5',
      src: '192.0.2.1',
    });
  });
});

describe('a wrapper', () => {
  test('yields its records, those of an empty answer being none', () => {
    expect(unfold({ type: 'MTA', data: [{ a: 1 }] })).toEqual({
      kind: 'records',
      records: [{ a: 1 }],
    });
    expect(unfold({ meta: {}, data: [], fail: [] })).toEqual({ kind: 'records', records: [] });
    expect(unfold({ data: ['x'] })).toBeUndefined();
    expect(unfold({ AuditData: '{"a":1}' })).toEqual({ kind: 'text', text: '{"a":1}' });
  });

  test('of Log Analytics loses its column suffixes and empty columns', () => {
    const row = withoutColumnSuffixes({
      'datetime_t [UTC]': 't',
      aCode_s: '',
      aCode_g: 'g',
      hits_d: 2,
      Type: 'Table',
      Type_s: 'own',
      'TimeGenerated [UTC]': 'u',
      __proto___s: 'x',
    });
    expect({ ...row }).toEqual({
      datetime: 't',
      aCode: 'g',
      hits: 2,
      Type: 'own',
      TimeGenerated: 'u',
      ['__proto__']: 'x',
    });
    expect(withoutColumnSuffixes({ a: 1 })).toBeUndefined();
  });
});

describe('a path', () => {
  test('reads nested objects, JSON in a text, lists and lists of pairs', () => {
    expect(createReader('a.b')({ a: { b: 1 } })).toBe(1);
    expect(createReader('a.b')({ a: '{"b":1}' })).toBe(1);
    expect(createReader('p.x')({ p: [{ Name: 'x', Value: 'v' }] })).toBe('v');
    expect(createReader('p.name')({ p: [{ name: 'x' }, { name: 'y' }] })).toEqual(['x', 'y']);
    expect(createReader('a.b')({ a: '{broken' })).toBeUndefined();
  });

  test('never finds what every object inherits', () => {
    expect(createReader('constructor')({})).toBeUndefined();
    expect(createReader('a.toString')({ a: {} })).toBeUndefined();
    expect(createReader('constructor')({ constructor: 'x' })).toBe('x');
  });
});

describe('a value', () => {
  test.each([
    ['A@B.example', ['a@b.example']],
    ['<a@b.example>', ['a@b.example']],
    ['<>', undefined],
    ['Mia Berg <a@b.example>', ['a@b.example']],
    ['smtp:a@b.example;SMTP:c@d.example', ['a@b.example', 'c@d.example']],
    ['"Berg, Mia" [SMTP:a@b.example]', ['a@b.example']],
    [[{ emailAddress: 'a@b.example' }, 'a@b.example'], ['a@b.example']],
    ['["a@b.example"]', ['a@b.example']],
    ['John Smith', undefined],
  ])('%j holds the addresses %j', (value, expected) => {
    expect(toAddresses(value)).toEqual(expected);
  });

  test.each([
    ['"a.docx", "b, c.xlsx"', ['a.docx', 'b, c.xlsx']],
    ['a, b.docx', ['a, b.docx']],
    [
      ['"a.docx"', 'b.zip'],
      ['a.docx', 'b.zip'],
    ],
    ['["a.docx"]', ['a.docx']],
    [[{ fileName: 'a.docx' }], ['a.docx']],
    ['', undefined],
    [null, undefined],
    [[], undefined],
  ])('%j holds the file names %j', (value, expected) => {
    expect(toNames(value)).toEqual(expected);
  });

  test('is an IP address only when it looks like one', () => {
    expect(toIp('192.0.2.1:443')).toBe('192.0.2.1');
    expect(toIp('[2001:DB8::1]:443')).toBe('2001:db8::1');
    expect(toIp('Mimecast IP')).toBeUndefined();
  });

  test('gives the host of a URL, whatever stands around it', () => {
    expect(toDomain('https://user:pw@Share.Example.:8443/a@b?c#d')).toBe('share.example');
    expect(toDomain('share.example/x')).toBe('share.example');
    expect(toDomain('https:///')).toBeUndefined();
  });
});
