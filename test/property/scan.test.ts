import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LogLine } from '../../engine/contract.js';
import { compileFields } from '../../engine/decode/fields.js';
import type { Access, ScannedLine } from '../../engine/decode/keys.js';
import { Scanner } from '../../engine/decode/scan.js';
import { parseTime } from '../../engine/decode/time.js';
import { createLineSplitter } from '../../harness/line-splitter.js';

type Flat = Record<string, unknown>;

const none: ReadonlySet<string> = new Set();

type Read = (line: string) => Flat | undefined;

/** A function that gives all wanted values of a line that the scanner has taken apart. */
function readerOf(
  scanner: Scanner<() => Flat>,
  sample: Flat,
  wanted: readonly string[],
): Read | undefined {
  let line = '';
  const isLearned = scanner.learn(sample, new Set(wanted), none, ({ value }) => {
    const code = wanted.map((key) => `${JSON.stringify(key)}: ${value(key)}`).join(', ');
    const read = new Function('m', 'x', 'p', `let r; return { ${code} };`) as (
      m: ScannedLine,
      x: string,
      p: typeof JSON.parse,
    ) => Flat;
    return () => read(scanner, line, JSON.parse);
  });
  if (!isLearned) return;
  return (text) => {
    line = text;
    return scanner.find({ id: 0, text })?.();
  };
}

/** The same values by JSON.parse, which throws on what is no JSON. Null and absent are one. */
function expected(line: string, wanted: readonly string[]): Flat {
  const record = JSON.parse(line) as Flat;
  return Object.fromEntries(wanted.map((key) => [key, record[key] ?? undefined]));
}

const character = fc.oneof(
  { weight: 6, arbitrary: fc.string({ minLength: 1, maxLength: 1 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }) },
  { weight: 1, arbitrary: fc.constantFrom('"', '\\', '\n', '\u0000', '\u007f', 'ß', '€', '😀') },
);
const text = fc.oneof(
  fc.string({ unit: character, maxLength: 20 }),
  // Around the length up to which texts are known again, and beyond.
  fc.string({ unit: character, minLength: 80, maxLength: 130 }),
  fc.constantFrom('', 'null', '2024-03-04T10:15:30+0100', '\\u0041'),
);
const number = fc.oneof(
  fc.nat(),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(0, -0, 999_999_999_999_999, 1e15, 1_709_543_735_343, 2 ** 53),
);
const value = fc.oneof(
  { weight: 3, arbitrary: text },
  { weight: 2, arbitrary: number },
  fc.boolean(),
  fc.constant(null),
);
/** Three values for one key, mostly of one type. */
const member = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(text, text, fc.oneof(text, fc.constant(null))) },
  { weight: 2, arbitrary: fc.tuple(number, fc.nat(), fc.nat()) },
  { weight: 1, arbitrary: fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()) },
  { weight: 1, arbitrary: fc.tuple(value, value, value) },
);
const unwanted = fc.oneof(value, fc.array(value, { maxLength: 3 }));

/** Ways to write a line, most of which leave it JSON. */
const pens: readonly ((line: string) => string)[] = [
  (line) => line,
  (line) => line,
  (line) => line.replace(/e/g, '\\u0065'),
  (line) => line.replace(/\//g, '\\/'),
  (line) => line.replace('\\n', '\\t\\r\\b\\f'),
  (line) => line.replace('"', '"\\ud83d\\ude00'),
  (line) => line.replace(':', ': '),
  (line) => line.replace(/"[a-z]"/, '"\\x"'),
  (line) => line.replace(/[a-z]"/, '\u0001"'),
  (line) => line.replace('\\u', '\\u00g'),
  (line) => line.replace(/(\d)([,}])/, '$1e+2$2'),
  (line) => line.replace(/:(\d)/, ':0$1'),
  (line) => line.replace('true', 'truE'),
  (line) => line.replace('null', 'nul'),
  (line) => line.replace(']', ',]'),
  (line) => line.slice(0, -1),
  (line) => `${line}}`,
  (line) => `${line} `,
];

describe('a scanner', () => {
  it('takes only what JSON.parse takes, and finds the same values', () => {
    let taken = 0;
    fc.assert(
      fc.property(
        fc.array(member, { minLength: 1, maxLength: 8 }),
        fc.array(fc.tuple(unwanted, unwanted), { maxLength: 3 }),
        fc.array(fc.nat(pens.length - 1), { minLength: 2, maxLength: 6 }),
        (members, others, styles) => {
          const scanner = new Scanner<() => Flat>();
          const keys = [...members.map((_, i) => `k${i}`), ...others.map((_, i) => `o${i}`)];
          const lineOf = (which: 0 | 1 | 2): Flat =>
            Object.fromEntries([
              ...members.map((three, i) => [`k${i}`, three[which]]),
              ...others.map((two, i) => [`o${i}`, two[Math.min(which, 1)]]),
            ]) as Flat;
          const wanted = members.map((_, i) => `k${i}`);
          const read = readerOf(scanner, lineOf(0), wanted);
          expect(read).toBeDefined();
          for (const [at, style] of styles.entries()) {
            const line = (pens[style] ?? String)(JSON.stringify(lineOf((at % 3) as 0 | 1 | 2)));
            const found = read?.(line);
            if (found === undefined) continue;
            taken++;
            expect(Object.keys(JSON.parse(line) as Flat)).toEqual(keys);
            expect(found).toEqual(expected(line, wanted));
          }
        },
      ),
      { numRuns: 1500 },
    );
    expect(taken).toBeGreaterThan(1500);
  });

  it('takes the plain lines of a shape, and none of another', () => {
    const line = '{"a":"x y","b":12,"c":true,"d":null,"e":-1.5e3,"f":["x"]}';
    const read = readerOf(new Scanner(), JSON.parse(line) as Flat, ['a', 'b', 'c', 'd']);
    for (const same of [
      line,
      '{"a":"","b":0,"c":false,"d":"now","e":"other","f":[]}',
      '{"a":"say \\"x\\"","b":1709543735343,"c":true,"d":"\\u00e4\\/\\ud800","e":false,"f":[1,null,"y"]}',
      '{"a":null,"b":999999999999999,"c":true,"d":null,"e":1,"f":0}',
    ])
      expect(read?.(same), same).toEqual(expected(same, ['a', 'b', 'c', 'd']));
    for (const differs of [
      '{"a":"x y","b":12,"c":true,"d":null,"e":1}',
      '{"b":12,"a":"x y","c":true,"d":null,"e":1,"f":[]}',
      '{"a":"x y","b":"12","c":true,"d":null,"e":1,"f":[]}',
      '{"a":1,"b":12,"c":true,"d":null,"e":1,"f":[]}',
      '{"a":"x y","b":1.5,"c":true,"d":null,"e":1,"f":[]}',
      '{"a":"x y","b":012,"c":true,"d":null,"e":1,"f":[]}',
      '{"a":"x y","b":12,"c":null,"d":null,"e":1,"f":[]}',
      '{"a":"x\\qy","b":12,"c":true,"d":null,"e":1,"f":[]}',
      '{"a":"x y","b":12,"c":true,"d":null,"e":1,"f":[[]]}',
      '{"a":"x y","b":12,"c":true,"d":null,"e":1,"f":[1,]}',
      '{"a":"x y","b":12,"c":true,"d":null,"e":1,"f":[]} ',
      '{"a":"\ud800","b":12,"c":true,"d":null,"e":1,"f":[]}',
      '{"a":"x y',
      '',
      'x',
    ])
      expect(read?.(differs), differs).toBeUndefined();
    expect(
      readerOf(new Scanner(), { a: 'x', __proto__: null, f: [1] }, ['a', 'f']),
    ).toBeUndefined();
    expect(readerOf(new Scanner(), { a: { b: 1 } }, [])).toBeUndefined();
    expect(readerOf(new Scanner(), { a: 'x', 7: 'y' }, ['a'])).toBeUndefined();
  });

  it('reads a line that is cut anywhere as no line of the shape, whatever line came before', () => {
    const line = '{"a":"some text of a line","b":12,"c":true,"d":null}';
    const read = readerOf(new Scanner(), JSON.parse(line) as Flat, ['a', 'b', 'c', 'd']);
    for (let end = 0; end < line.length; end++) {
      expect(read?.(line)).toBeDefined();
      expect(read?.(line.slice(0, end)), line.slice(0, end)).toBeUndefined();
    }
  });

  it('keeps texts apart however many it has met, and knows those again that it met lately', () => {
    const read = readerOf(new Scanner(), { a: '', b: '' }, ['a', 'b']) as (line: string) => Flat;
    const textOf = (n: number): string => {
      const ending = n % 7 === 0 ? 'ö'.repeat(n % 50) : '';
      return `${'x'.repeat(n % 97)}${n}${n % 5 === 0 ? '"' : ''}${ending}`;
    };
    for (let n = 0; n < 60_000; n++) {
      const [a, b] = [textOf(n), textOf((n * 7919) % (n + 1))];
      const found = read(JSON.stringify({ a, b }));
      if (found['a'] !== a || found['b'] !== b) expect(found).toEqual({ a, b });
    }
    // One text has one place for as long as it comes again.
    const places = new Scanner<number>();
    places.learn({ a: '' }, new Set(['a']), none, () => 1);
    const placeOf = (text: string): number => {
      expect(places.find({ id: 0, text })).toBe(1);
      return places.out[0] as number;
    };
    expect(placeOf('{"a":"known again"}')).toBe(placeOf('{"a":"known again"}'));
    expect(placeOf('{"a":"known again"}')).not.toBe(placeOf('{"a":"another text"}'));
  });

  it('keeps apart the texts of one line that want the same few places', () => {
    const scanner = new Scanner<() => Flat>();
    const one = readerOf(scanner, { a: '' }, ['a']);
    const rivals = new Map<number, string[]>();
    let most: string[] = [];
    for (let n = 0; most.length < 9; n++) {
      const a = `text ${n}`;
      expect(one?.(JSON.stringify({ a }))).toEqual({ a });
      const set = (scanner.out[0] as number) >> 2;
      const all = rivals.get(set) ?? [];
      rivals.set(set, [...all, a]);
      if (all.length + 1 > most.length) most = [...all, a];
    }
    const keys = most.map((_, i) => `k${i}`);
    const lineOf = (texts: readonly string[]): string =>
      JSON.stringify(Object.fromEntries(keys.map((key, i) => [key, texts[i]])));
    const read = readerOf(scanner, JSON.parse(lineOf(most)) as Flat, keys);
    for (let round = 0; round < 20; round++) {
      most = [...most.slice(1), most[0] as string];
      expect(read?.(lineOf(most))).toEqual(expected(lineOf(most), keys));
    }
  });

  it('forgets the shape that came last for another, and has no room for what is too large', () => {
    const scanner = new Scanner<number>();
    const learn = (n: number) => scanner.learn({ [`k${n}`]: 'x' }, none, none, () => n);
    const find = (n: number) => scanner.find({ id: 0, text: `{"k${n}":"y"}` });
    for (let n = 0; n < 32; n++) expect(learn(n)).toBe(true);
    for (let n = 0; n < 32; n++) expect(find(n)).toBe(n);
    for (let n = 31; n >= 0; n--) find(0);
    for (let n = 32; n < 60; n++) learn(n);
    expect(find(0)).toBe(0);
    for (let n = 32; n < 60; n++) expect(find(n)).toBe(n);
    expect(
      Array.from({ length: 60 }, (_, n) => find(n)).filter((n) => n !== undefined),
    ).toHaveLength(32);
    const wide = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`key ${i}`, 'x']));
    expect(scanner.learn(wide, none, none, () => -1)).toBe(false);
  });

  it('reads lines where their bytes stand, in turns and after others stand there', () => {
    const split = (bytes: Buffer[]): LogLine[][] => {
      const splitter = createLineSplitter(1000, () => undefined);
      return [...bytes.map((piece) => splitter.push(piece)), splitter.end()];
    };
    const texts = Array.from({ length: 3000 }, (_, n) =>
      JSON.stringify({ a: `${n} ${'ö'.repeat(n % 40)}`, b: n }),
    );
    const all = Buffer.from(`${texts.join('\n')}\n`);
    const pieces = Array.from({ length: Math.ceil(all.length / 777) }, (_, i) =>
      all.subarray(i * 777, (i + 1) * 777),
    );
    let found = 0;
    const check = (scanner: Scanner<Read>, line: LogLine): void => {
      const read = scanner.find(line) as Read;
      expect(read(line.text)).toEqual(JSON.parse(line.text));
      found++;
    };
    const newScanner = (): Scanner<Read> => {
      const scanner = new Scanner<Read>();
      scanner.learn({ a: '', b: 1 }, new Set(['a', 'b']), none, ({ value }) => {
        const code = `return { a: ${value('a')}, b: ${value('b')} };`;
        const read = new Function('m', code) as (m: ScannedLine) => Flat;
        return () => read(scanner);
      });
      return scanner;
    };
    const splitter = createLineSplitter(1000, () => undefined);
    const atOnce = newScanner();
    for (const piece of pieces) for (const line of splitter.push(piece)) check(atOnce, line);
    const afterwards = newScanner();
    for (const line of split(pieces).flat()) check(afterwards, line);
    const [some = [], others = []] = [split([all]).flat(), split([all]).flat()];
    const turns = newScanner();
    for (const [i, line] of some.entries()) {
      check(turns, line);
      if (i % 3 === 0) check(turns, others[i] as LogLine);
    }
    expect(found).toBe(10_000);
  });

  it('reads bytes that are no UTF-8 as the text of their line says', () => {
    const byte = fc.oneof(fc.constantFrom(0xc3, 0xe2, 0x82, 0xf0, 0x9f, 0xff, 0x80), fc.nat(127));
    const plain = byte.filter((code) => code > 31 && code !== 34 && code !== 92);
    const bytes = fc.array(plain, { maxLength: 12 }).map((codes) => Buffer.from(codes));
    const scanner = new Scanner<() => Flat>();
    const read = readerOf(scanner, { a: '' }, ['a']);
    let strange = 0;
    fc.assert(
      fc.property(fc.array(bytes, { minLength: 3, maxLength: 6 }), (values) => {
        const quote = (value: Buffer): Buffer[] => [
          Buffer.from('{"a":"'),
          value,
          Buffer.from('"}\n'),
        ];
        const splitter = createLineSplitter(1000, () => strange++);
        const lines = splitter.push(Buffer.concat(values.flatMap(quote)));
        expect(lines).toHaveLength(values.length);
        for (const line of lines) {
          const wanted = JSON.parse(line.text) as Flat;
          expect(read?.(line.text)).toEqual(wanted);
          scanner.find(line);
          expect(scanner.texts[scanner.out[0] as number]).toBe(wanted['a']);
        }
      }),
      { numRuns: 500 },
    );
    expect(strange).toBeGreaterThan(500);
  });

  it('reads a wanted time as parseTime does', () => {
    const part = (to: number) => fc.nat(to).map((n) => String(n).padStart(2, '0'));
    const offset = fc.constantFrom('+0000', '+0100', '-0730', '+1900', '+0060', 'Z', '', '+01:00');
    const at = fc
      .tuple(
        fc.constantFrom('2024-03-04', '2024-03-05', '2024-02-30', '1970-01-01', '1969-12-31'),
        part(25),
        part(61),
        part(61),
        offset,
      )
      .map(([date, hour, minute, second, zone]) => `${date}T${hour}:${minute}:${second}${zone}`);
    const scanner = new Scanner<Access>();
    let read: ReturnType<typeof compileFields> | undefined;
    scanner.learn({ t: '' }, none, new Set(['t']), (access) => {
      read = compileFields({ t: { from: ['t'], as: 'time' } }, access);
      return access;
    });
    fc.assert(
      fc.property(fc.oneof(at, at, at, fc.constant(null), fc.string()), (time) => {
        const line = JSON.stringify({ t: time });
        expect(scanner.find({ id: 0, text: line })).toBeDefined();
        expect(read?.(scanner, line)['t']).toBe(parseTime(time));
      }),
      { numRuns: 3000 },
    );
  });
});
