import { beforeAll, describe, expect, it } from 'vitest';
import { type ContentPack, loadContent } from '#content';
import {
  compile,
  createEngine,
  createLineParser,
  type Engine,
  type Event,
  type Program,
  type Trigger,
} from '#engine';
import { compileField } from '../../../engine/decode/fields.js';
import { decodeLine } from '../../../engine/decode/line.js';
import { createLineSplitter, type SplitFault } from '../../../harness/line-splitter.js';
import { builtInContent } from '../../../harness/package-root.js';
import { bytesInUse } from '../../bench/measure.js';

const MiB = 1 << 20;
const DAY = 86_400_000;
const START = Date.UTC(2024, 0, 8, 9);

let pack: ContentPack;
let program: Program;
beforeAll(async () => {
  const loaded = await loadContent(builtInContent);
  if (loaded.pack === undefined) throw new Error('the built-in content has faults');
  pack = loaded.pack;
  program = programOf(pack);
});

function programOf(content: ContentPack): Program {
  const outcome = compile([content], { internal_domains: ['corp.example'], people: [] });
  if (!outcome.ok) throw new Error(outcome.diagnostics.map(({ message }) => message).join('\n'));
  return outcome.program;
}

interface Heard {
  readonly engine: Engine;
  readonly events: Event[];
  readonly triggers: Trigger[];
  /** Mails that left in the order in which they came out, by subject. */
  readonly subjects: (string | undefined)[];
}

/** Runs lines through the whole engine to the end. */
function run(lines: Iterable<string>, of = program): Heard {
  const events: Event[] = [];
  const triggers: Trigger[] = [];
  const engine = createEngine(of, {
    event: (event) => {
      events.push(event);
    },
    trigger: (trigger) => {
      triggers.push(trigger);
    },
  });
  let id = 0;
  for (const text of lines) engine.push([{ id: id++, text }]);
  engine.finish();
  expect(engine.counters.faults).toEqual({});
  const subjects = events.map(({ fields }) => fields['subject'] as string | undefined);
  return { engine, events, triggers, subjects };
}

const iso = (time: number): string => new Date(time).toISOString();

/** The three lines of a mail that left, with members put over those of its receipt. */
function mail(
  subject: string,
  time = START,
  over: Readonly<Record<string, unknown>> = {},
): string[] {
  const common = {
    acc: 'C1',
    aCode: `code ${subject}`,
    Sender: 'mia@corp.example',
    MsgId: `<${subject}@corp.example>`,
    Subject: subject,
    datetime: iso(time),
  };
  const Rcpt = over['Rcpt'] ?? 'lars@partner.example';
  return [
    { ...common, Rcpt, Act: 'Acc', Dir: 'Outbound', ...over },
    {
      ...common,
      Act: 'Acc',
      MsgSize: 25_000,
      AttNames: null,
      datetime: over['datetime'] ?? common.datetime,
    },
    {
      ...common,
      Rcpt,
      Delivered: true,
      Snt: 25_000,
      Attempt: 1,
      datetime: over['datetime'] ?? common.datetime,
    },
  ].map((line) => JSON.stringify(line));
}

const last = mail('the last one', START + 1000);

/** The lines between two right mails: both come out, whatever stands between them. */
function between(...lines: string[]): Heard {
  const heard = run([...mail('the first one'), ...lines, ...last]);
  expect(heard.subjects).toContain('the first one');
  expect(heard.subjects).toContain('the last one');
  expect(heard.engine.counters.lines).toBe(6 + lines.length);
  return heard;
}

describe('a hostile line does no harm:', { timeout: 60_000 }, () => {
  it('1 MiB of one character', () => {
    for (const character of [
      'a',
      ' ',
      '"',
      '{',
      '[',
      '|',
      '=',
      '\\',
      '@',
      ',',
      '<',
      '\0',
      '9',
      '\ud800',
    ]) {
      const { engine, events } = between(character.repeat(MiB));
      expect(events).toHaveLength(2);
      expect(engine.counters.unparsed).toBe(character === ' ' ? 0 : 1);
      for (const { text } of engine.unparsed) expect(text.length).toBeLessThanOrEqual(300);
    }
  });

  it('1 MiB inside a subject, an address, a file name, a URL and an unknown key', () => {
    const long = 'x'.repeat(MiB);
    const { subjects, events } = between(
      ...mail(long),
      ...mail('address', START, { Rcpt: `${long}@partner.example` }),
      ...mail('unknown', START, { [long]: long }),
      JSON.stringify({
        type: 'web-activity',
        time: iso(START),
        user: 'mia@corp.example',
        url: `https://${long}/${long}`,
        action: 'block',
      }),
      `datetime=${iso(START)}|aCode=kv|Sender=mia@corp.example|Rcpt=a@partner.example|Act=Acc|Dir=Outbound|Subject=\\kv ${long}\\`,
    );
    expect(subjects).toContain('unknown');
    for (const { fields } of events) {
      for (const address of (fields['recipients'] ?? []) as string[])
        expect(address.length).toBeLessThan(500);
    }
  });

  it('invalid UTF-8, which reads as the replacement character', () => {
    const bytes = Buffer.from(mail('MARK')[0] as string);
    const at = bytes.indexOf('"MARK"') + 1;
    bytes.set([0xff, 0xc0, 0x80, 0xed], at);
    const [line] = split(Buffer.concat([bytes, Buffer.from('\n')])).texts;
    expect(between(line as string).subjects.some((subject) => subject?.includes('\ufffd'))).toBe(
      true,
    );
  });

  it('JSON that is nested 100 000 levels deep, as the line, in a member, and as text', () => {
    for (const deep of ['['.repeat(100_000), '{"a":'.repeat(100_000)]) {
      const closed = deep + (deep.startsWith('[') ? ']' : '1}').repeat(100_000);
      for (const value of [deep, closed]) {
        const { engine } = between(
          value,
          `{"data":[${value}]}`,
          `${(mail('deep')[0] as string).slice(0, -1)},"Subject":${value}}`,
          JSON.stringify({ AuditData: value, Rcpt: value }),
          `<14>1 2024-01-01T00:00:00Z host app - - - ${value}`,
        );
        expect(engine.counters.unparsed).toBeGreaterThan(0);
      }
    }
  });

  it('__proto__, constructor and prototype as keys at every level', () => {
    const before = Reflect.ownKeys(Object.prototype);
    const evil = '{"polluted":1,"Act":"Rej","Subject":"evil","toString":1}';
    const hostile = [
      '__proto__',
      'constructor',
      'prototype',
      'hasOwnProperty',
      'toString',
      'valueOf',
    ].flatMap((key) => {
      const receipt = mail(`key ${key}`)[0] as string;
      return [
        `{"${key}":${evil}}`,
        `{"${key}":{"${key}":{"${key}":${evil}}}}`,
        `${receipt.slice(0, -1)},"${key}":${evil},"x":{"${key}":${evil}}}`,
        `{"data":[${receipt.slice(0, -1)},"${key}":${evil}}],"${key}":${evil}}`,
        `{"event":{"${key}":${evil}},"_raw":"{\\"${key}\\":1}"}`,
        `datetime=${iso(START)}|aCode=${key}|${key}=x|Act=Acc|Sender=mia@corp.example|Rcpt=a@partner.example`,
        `CEF:0|Mimecast|MTA|1|1|x|1|${key}=x suser=y {"${key}":${evil}}`,
        `{"Parameters":[{"Name":"${key}","Value":${evil}}],"Operation":"New-InboxRule","${key}_s":"x"}`,
      ];
    });
    const { events } = between(...hostile);
    expect(Reflect.ownKeys(Object.prototype)).toEqual(before);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    const known = new Set(Object.keys(pack.fields));
    for (const { fields } of events) {
      expect(Object.keys(fields).filter((name) => !known.has(name))).toEqual([]);
      expect(fields['subject']).not.toBe('evil');
      expect([Object.prototype, null]).toContain(Object.getPrototypeOf(fields));
    }
  });

  it('keys that every object inherits, which a parser reads as absent where the line has none', () => {
    const inherited = ['constructor', 'toString', '__proto__', 'a.constructor', 'a.__proto__.x'];
    const [first] = pack.parsers;
    const parser: ContentPack['parsers'][number] = {
      ...(first as ContentPack['parsers'][number]),
      id: 'inherits',
      match: { all: ['inherits'], none: ['constructor', 'valueOf'] },
      fields: {
        time: { from: ['datetime'], as: 'time' },
        ...Object.fromEntries(inherited.map((key, i) => [`f${i}`, { from: [key] }])),
        any: { from: ['hasOwnProperty', ...inherited] },
      },
    };
    const parse = createLineParser([parser]);
    const line = { inherits: 1, datetime: iso(START), a: { b: 1 } };
    // Twice and more, since what a parser has seen before may be read in another way.
    for (let i = 0; i < 50; i += 1) {
      const [record] = parse(JSON.stringify(line));
      expect(
        Object.values(record?.fields ?? { none: 1 }).filter((one) => one !== undefined),
      ).toEqual([]);
      const [own] = parse(
        JSON.stringify(line).replace('{', '{"toString":"mine","__proto__":"too",'),
      );
      expect(own?.fields).toMatchObject({ f1: 'mine', f2: 'too' });
    }
  });

  it('values named like members of every object, as user, domain, file and subject', () => {
    const words = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf', 'length'];
    const { events, triggers } = between(
      ...words.flatMap((word) =>
        mail(word, START, {
          Sender: `${word}@corp.example`,
          Rcpt: [`${word}@${word}`, `a@${word}.example`],
        }),
      ),
    );
    expect(events.filter(({ fields }) => words.includes(fields['subject'] as string))).toHaveLength(
      words.length,
    );
    for (const { reason } of triggers) expect(reason).not.toContain('native code');
  });

  it('NUL bytes', () => {
    const { subjects } = between(
      '\0',
      '\0\0{}',
      ...mail('nul \0 inside'),
      `\0${mail('nul before')[0]}`,
    );
    expect(subjects).toContain('nul \0 inside');
  });

  it('lone surrogates and text that changes length when folded', () => {
    const odd = [
      '\ud800',
      '\udc00\ud800',
      'İ'.repeat(1000),
      'ß'.repeat(1000),
      '\u202e',
      '\u0000\u0301',
    ];
    const { subjects } = between(
      ...odd.flatMap((text, i) => mail(`${i}${text}`, START, { Rcpt: `${text}@${text}.example` })),
    );
    // JSON.stringify writes a lone surrogate as an escape, as a log would.
    expect(subjects).toContain('0\ud800');
  });

  it('a mail to 10 000 recipients, in one line and in 10 000', () => {
    const many = Array.from({ length: 10_000 }, (_, i) => `a${i}@d${i}.example`);
    const one = run(mail('many', START, { Rcpt: many }));
    expect(one.events).toHaveLength(1);
    expect(one.events[0]?.fields['external_recipients']).toHaveLength(10_000);
    const common = {
      acc: 'C1',
      aCode: 'k',
      Sender: 'mia@corp.example',
      Subject: 'many',
      datetime: iso(START),
    };
    const lines = many.flatMap((Rcpt) => [
      JSON.stringify({ ...common, Rcpt, Act: 'Acc', Dir: 'Outbound' }),
      JSON.stringify({ ...common, Rcpt, Delivered: true, Snt: 1, Attempt: 1 }),
    ]);
    const each = run([...lines, JSON.stringify({ ...common, Act: 'Acc', MsgSize: 5 })]);
    expect(each.events).toHaveLength(1);
    expect(each.events[0]?.fields['external_recipients']).toHaveLength(10_000);
    expect(each.events[0]?.lines).toHaveLength(20_001);
  });

  it('a mail to 100 000 recipients, of which it keeps a bounded number', () => {
    const many = Array.from({ length: 100_000 }, (_, i) => `a@d${i}.example`);
    const { events } = between(...mail('too many', START, { Rcpt: many }));
    const kept = events.find(({ fields }) => fields['subject'] === 'too many')?.fields;
    expect(kept?.['recipients']).toHaveLength(20_000);
  });

  it('a pattern in content that would explode: refused, or linear as the engine runs it', () => {
    const bomb = `${'a'.repeat(50_000)}!`;
    const [first] = pack.parsers;
    const parser: ContentPack['parsers'][number] = {
      ...(first as ContentPack['parsers'][number]),
      id: 'bomb',
      match: { all: ['bomb'], matches: { bomb: '^(a+)+$' } },
      fields: {
        time: { from: ['datetime'], as: 'time' },
        subject: { from: ['bomb'], pattern: '^((a|aa)+)+$' },
      },
    };
    const rule = (when: string): ContentPack => ({
      ...pack,
      parsers: [parser, ...pack.parsers],
      rules: [{ ...(pack.rules[0] as ContentPack['rules'][number]), when, reason: 'bomb' }],
    });
    const linear = programOf(rule("subject.matches('^(a+)+$') || subject.matches('(.*a){20}$')"));
    const { engine } = run(
      [JSON.stringify({ datetime: iso(START), bomb }), ...mail(bomb), ...last],
      linear,
    );
    expect(engine.counters.records).toBe(6);
    const { parsed } = structuredClone(engine.counters);
    expect(Object.values(parsed).reduce((sum, n) => sum + n, 0)).toBe(6);
    expect(engine.counters.parsed).toEqual(parsed);
    for (const backtracking of ['(a)\\\\1', '(?=a)b', '(?<!a)b', '[']) {
      const outcome = compile([rule(`subject.matches('${backtracking}')`)], {
        internal_domains: [],
        people: [],
      });
      expect(outcome.ok, backtracking).toBe(false);
    }
  });

  it('subjects, addresses, file names and URLs that are built against patterns', () => {
    const n = 50_000;
    const texts = [
      `${'re: '.repeat(n)}!`,
      `${'re[1]'.repeat(n)}`,
      `${' '.repeat(n)}:`,
      `[${'external '.repeat(n)}`,
      `${'<'.repeat(n)}@`,
      `${'< '.repeat(n)}a@b`,
      `<${'a@'.repeat(n)} ]`,
      `${'"'.repeat(n)}@a`,
      `${'a '.repeat(n)}@`,
      `${','.repeat(n)}`,
      `${'.'.repeat(n)}a`,
      `${'a.'.repeat(n)}`,
      `http://${'a@'.repeat(n)}`,
      `${'1'.repeat(n)}:${'1'.repeat(n)}`,
      `${'::1'.repeat(n)}`,
      `CEF:0${'|'.repeat(n)}${'a ='.repeat(n)}`,
      `datetime=${'|a'.repeat(n)}`,
      `${'{"'.repeat(n)}`,
      `[${'{'.repeat(n)}`,
      `${'a_s'.repeat(n)}`,
      `${'ﬃ'.repeat(n)}`,
    ];
    const { engine } = between(
      ...texts,
      ...texts.flatMap((text, i) =>
        mail(`${i}${text}`, START, {
          Rcpt: text,
          headerFrom: text,
          AttNames: text,
          IP: text,
          Dir: text,
          datetime: iso(START),
          [text]: text,
        }),
      ),
      ...texts.map((text) =>
        JSON.stringify({
          type: 'web-activity',
          time: iso(START),
          user: text,
          url: text,
          category: text,
          action: text,
          src_ip: text,
        }),
      ),
      ...texts.map((text) => JSON.stringify({ type: 'web-activity', time: text, user: 'mia' })),
    );
    expect(engine.counters.lines).toBe(6 + texts.length * 6);
  });

  it('a clock that jumps years forward and back', () => {
    const years = [0, 10, 50, -20, 100, 5, 7000, -50, 0];
    const lines = years.flatMap((year, i) => mail(`year ${i}`, START + year * 365 * DAY));
    const { engine, events } = run(lines.filter((line) => !line.includes('Invalid')));
    expect(events).toHaveLength(years.length);
    expect(engine.counters.late).toBeGreaterThan(0);
    // Late is late: the clock never goes back.
    const times = events.filter(({ late }) => !late).map(({ time }) => time);
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });

  it('events in reverse order', () => {
    const count = 300;
    const lines = Array.from({ length: count }, (_, i) => mail(`${i}`, START - i * 3_600_000));
    const { engine, events } = run(lines.flat());
    expect(events).toHaveLength(count);
    expect(engine.counters.late).toBeGreaterThan(count - 5);
    expect(engine.counters.sessions).toBeGreaterThan(0);
  });

  it('numbers beyond all numbers: 1e999, -0, huge exponents, digits without end', () => {
    const numbers = [
      '1e999',
      '-1e999',
      '-0',
      '0e99999',
      '1e-999',
      '9'.repeat(5000),
      `0.${'1'.repeat(5000)}`,
      '9007199254740993',
    ];
    const lines = numbers.flatMap((number, i) =>
      mail(`${i}`, START).map((line) => line.replaceAll('25000', number)),
    );
    const { events, triggers } = between(...lines);
    expect(events).toHaveLength(numbers.length + 2);
    for (const { fields } of events) {
      const bytes = fields['bytes'];
      expect(bytes === undefined || Number.isFinite(bytes)).toBe(true);
    }
    for (const { reason } of triggers) expect(reason).not.toMatch(/NaN|Infinity|undefined/);
  });

  it('the same key twice: the last one counts, as in every JSON reader', () => {
    const [receipt, ...rest] = mail('twice');
    const twice = `${(receipt as string).slice(0, -1)},"Subject":"once more","Subject":"the very last"}`;
    expect(between(twice, ...rest).subjects).toContain('twice');
    expect(run([twice]).subjects).toEqual(['the very last']);
  });

  it('dates out of range', () => {
    const dates = [
      '0000-00-00T00:00:00Z',
      '2024-02-30T00:00:00Z',
      '2023-02-29T09:00:00Z',
      '9999-12-31T23:59:59Z',
      '+275760-09-13T00:00:00.001Z',
      '-000001-01-01T00:00:00Z',
      '1969-12-31T23:59:59Z',
      '2024-01-01T25:00:00Z',
      '2024-01-01T00:00:00+99:99',
      '',
      'now',
      0,
      -1,
      1e18,
      null,
      true,
      {},
    ];
    const lines = dates.map((datetime) => mail('date', START, { datetime })[0] as string);
    const { engine, events } = run([...mail('the first one'), ...lines, ...last]);
    for (const { time } of events) expect(new Date(time).getUTCFullYear()).toBeLessThan(10_000);
    expect(engine.counters.unparsedReasons['no readable time']).toBeGreaterThanOrEqual(12);
  });

  it('empty and blank lines, which are not counted as unparsed', () => {
    const { engine } = between('', ' ', '\t', '\r', '\ufeff', ' \r\n\t ');
    expect(engine.counters.unparsed).toBe(0);
  });

  it('half a million tiny lines', () => {
    const { engine } = run(
      (function* () {
        for (let i = 0; i < 500_000; i += 1) yield i % 2 === 0 ? '{}' : 'x';
      })(),
    );
    expect(engine.counters.lines).toBe(500_000);
    expect(engine.counters.unparsed).toBe(500_000);
    expect(engine.unparsed.length).toBeLessThan(50);
  });

  it('100 000 attachments and 100 000 different keys', () => {
    const names = Array.from({ length: 100_000 }, (_, i) => `"f${i}.x${i}"`).join(', ');
    const keys = Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`k${i}_s`, i]));
    const [receipt, process, delivery] = mail('files');
    const { events } = between(
      receipt as string,
      JSON.stringify({ ...(JSON.parse(process as string) as object), AttNames: names }),
      delivery as string,
      JSON.stringify(keys),
      `datetime=x|${Array.from({ length: 100_000 }, (_, i) => `k${i}=${i}`).join('|')}`,
    );
    const found = events.find(({ fields }) => fields['subject'] === 'files');
    expect(found?.fields['file_names']).toHaveLength(20_000);
  });
});

function split(bytes: Uint8Array, limit = 16 * MiB, chunk = 65_536) {
  const faults: SplitFault[] = [];
  const texts: string[] = [];
  const splitter = createLineSplitter(limit, (fault) => faults.push(fault));
  for (let at = 0; at < bytes.length; at += chunk) {
    for (const { text } of splitter.push(bytes.subarray(at, at + chunk))) texts.push(text);
  }
  for (const { text } of splitter.end()) texts.push(text);
  return { texts, faults };
}

describe('the reader of bytes', { timeout: 60_000 }, () => {
  const good = Buffer.from('{"good":1}\n');

  it.each(['x', '{"a":"', '['])('cuts 64 MiB that begin with %j and reads on', (start) => {
    const long = Buffer.alloc(64 * MiB, 'x');
    long.write(start);
    long.write('\n', long.length - 1);
    const { texts, faults } = split(Buffer.concat([good, long, good]));
    expect(texts[0]).toBe('{"good":1}');
    expect(texts.at(-1)).toBe('{"good":1}');
    for (const text of texts) expect(text.length).toBeLessThanOrEqual(16 * MiB);
    expect(faults.length).toBeGreaterThan(0);
  });

  it('takes apart 24 MiB of objects without a line end', () => {
    const object = '{"a":"bcdefghijklmnopqrstuvwxyz"}';
    const count = Math.floor((24 * MiB) / object.length);
    const { texts, faults } = split(Buffer.from(object.repeat(count)));
    expect(texts.length).toBe(count);
    expect(new Set(texts)).toEqual(new Set([object]));
    expect(faults).toEqual([]);
  });

  it('reads lines with a byte order mark, \\r\\n and \\r, and says of bytes that are no UTF-8', () => {
    const bytes = Buffer.concat([
      Buffer.from('\ufeff{"a":1}\r\n{"b":2}\r\r\n'),
      Buffer.from([0xff, 0xfe]),
      Buffer.from('\n{"c":3}'),
    ]);
    const { texts, faults } = split(bytes, MiB, 1);
    expect(texts).toEqual(['{"a":1}', '{"b":2}', '\ufffd\ufffd', '{"c":3}']);
    expect(faults).toEqual([{ lineNumber: 4, kind: 'invalid UTF-8' }]);
  });
});

describe('what lines leave in memory', () => {
  it('is no line: neither open messages, events nor whole records keep the text they came in', () => {
    const time = new Date(START).toISOString().slice(0, 19);
    const events: Event[] = [];
    const engine = createEngine(program, { event: (event) => void events.push(event) });
    // The first lines of a shape are read by JSON.parse, which makes new texts; and
    // as a reader of files gives them: each line is a piece of a text that holds many.
    const push = (id: number, record: object): void => {
      const text = JSON.stringify(record);
      const all = ' '.repeat(MiB / 4) + text;
      engine.push([{ id, text: all.slice(all.indexOf('{')) }]);
    };
    const before = bytesInUse();
    for (let i = 0; i < 200; i++) {
      const aCode = `a code that is long ${i}`;
      const facts = {
        aCode,
        datetime: `${time}+0000`,
        Sender: `a.sender.${i}@corp.example`,
        MsgId: `<a.message.${i}@corp.example>`,
        Subject: `A subject that is long ${i}`,
      };
      const Rcpt = `a.recipient.${i}@elsewhere.example`;
      const refused = { RejType: `A reason that is long ${i}`, RejInfo: `What it says ${i}` };
      push(3 * i, { acc: 'C1', ...facts, Act: 'Rej', Rcpt, IP: '203.0.113.9', ...refused });
      push(3 * i + 1, { acc: 'C1', ...facts, Act: 'Acc', AttNames: null, MsgSize: 5 });
      const url = `https://a.host.example/${i}/path`;
      const click = {
        userEmailAddress: facts.Sender,
        url,
        scanResult: 'malicious',
        action: 'block',
      };
      push(3 * i + 2, { ...click, category: `A category of web sites ${i}`, date: `${time}+0000` });
    }
    expect(bytesInUse() - before).toBeLessThan(12 * MiB);
    engine.finish();
    expect(events).toHaveLength(400);
    expect(bytesInUse() - before).toBeLessThan(12 * MiB);
  });
});

describe('a line that comes after a long one', () => {
  it('keeps nothing of the long one in memory', () => {
    const line = Buffer.from(`{"a":"a line that is longer than ${'x'.repeat(20)}"}\n`);
    const long = Buffer.alloc(900_000, 'y');
    long.write('\n', long.length - 1);
    const short = (bytes: Buffer) => split(bytes).texts.at(-1) ?? '';
    const before = bytesInUse();
    const texts = Array.from({ length: 20 }, () => short(Buffer.concat([long, line])));
    expect(bytesInUse() - before).toBeLessThan(4 * MiB);
    expect(texts[19]).toContain('longer');
  });
});

describe('the values of a line', () => {
  const filling = 'x'.repeat(MiB / 4);
  it.each([
    ['JSON', (value: string) => `{"other":"${filling}","Subject":"${value}"}`],
    ['key=value', (value: string) => `aCode=a|acc=b|RejInfo=${filling}|Subject=${value}|Dir=c`],
    [
      'wrapped key=value',
      (value: string) => `aCode=a|acc=b|RejInfo=${filling}|Subject=\\${value}\\`,
    ],
    ['CEF', (value: string) => `CEF:0|a|b|c|d|e|f|Subject=${value} other=${filling}`],
    [
      'CEF around JSON',
      (value: string) => `CEF:0|a|b|c|d|e|f|x={"Subject":"${value}"} y=${filling}`,
    ],
  ])('keep nothing else of it in memory (%s)', (_, lineOf) => {
    const before = bytesInUse();
    const values = Array.from({ length: 100 }, (_unused, i) => {
      const { value } = decodeLine(lineOf(`A subject that is long ${i}`));
      return (value as Record<string, unknown>)['Subject'];
    });
    expect(values[7]).toBe('A subject that is long 7');
    expect(bytesInUse() - before).toBeLessThan(4 * MiB);
  });
});

describe('a piece of a long value', () => {
  const long = (i: number): string => `id=${i} of a text that is long ${'x'.repeat(MiB / 4)}`;
  it.each([
    ['that a pattern finds', { from: ['a'] as [string], pattern: '^id=(.{20,30}) xx' }],
    ['that is cut', { from: ['a'] as [string] }],
  ])('%s keeps nothing else of it in memory', (_, rule) => {
    const read = compileField(rule);
    const before = bytesInUse();
    const values = Array.from({ length: 200 }, (_unused, i) => read({ a: long(i) }));
    expect(values[7]).toMatch(/7 of a text that is long/);
    expect(bytesInUse() - before).toBeLessThan(8 * MiB);
    expect(values).toHaveLength(200);
  });
});

describe('what lines bring forth', () => {
  it('is told before the push of the line that lets it go returns', () => {
    const told: (string | undefined)[] = [];
    const engine = createEngine(program, {
      event: ({ fields }) => void told.push(fields['subject'] as string | undefined),
    });
    const lines = [...mail('first'), ...mail('second', START + 3_600_000)];
    const later = mail('third', START + 7_200_000);
    engine.push(lines.map((text, id) => ({ id, text })));
    expect(told).toEqual(['first']);
    engine.push(later.map((text, id) => ({ id: 100 + id, text })));
    expect(told).toEqual(['first', 'second']);
  });
});
