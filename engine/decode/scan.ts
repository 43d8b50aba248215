/**
 * Lines of JSON whose shape is known, taken apart without making an object: scan.wat looks at sixteen
 * bytes at a time, and knows again the texts that it has met lately, so that an address, a message id
 * or a subject that comes on several lines is one text and made once.
 *
 * A shape is the keys of a line in their order, and the types of the values that somebody wants. What
 * matches is taken as JSON.parse would take it, escapes and all; a line with anything else (white space,
 * other keys, nested values, a wanted number that is no whole one) does not match and is read by JSON.parse.
 *
 * Invariant: what was met before never shows. A place of the table has another text only after it is
 * named among the news, and a line never loses a text of its own to another.
 */
import type { LineSource, LogLine } from '../contract.js';
import { type Access, isPlainKey, type ScannedLine } from './keys.js';
import type { FlatRecord } from './record.js';
import { scanBinary } from './scan.generated.js';
import { parseTime } from './time.js';

/** Longer lines are rare. */
const maxScanned = 16_384;
/** Room of one program, and how many there is room for. */
const programSize = 8192;
const maxPrograms = 32;
/** Wanted values of one shape. */
const maxWanted = 128;
/** Bytes compared at a time. */
const width = 16;

/** Kinds of value in a program; see scan.wat. */
const kinds = { any: 0, text: 1, number: 2, flag: 3, time: 4, end: -1 } as const;

/** As much of WebAssembly as is used: its types come with those of browsers, which are none of ours. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: Exports };
};

type Exports = {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly scan: (programs: number, start: number, end: number) => number;
} & { readonly [constant in Constant]: { readonly value: number } };

type Constant =
  | 'OUT'
  | 'SPANS'
  | 'DAY'
  | 'NUMBERS'
  | 'COUNTS'
  | 'NEWS'
  | 'LONGS'
  | 'LINE'
  | 'SOURCE'
  | 'SOURCE_SIZE'
  | 'ORDER'
  | 'PROGRAMS'
  | 'PLACES'
  | 'LENGTHS'
  | 'TEXTS'
  | 'SHORT';

const withOffset = /^\d{4}-\d\d-\d\dT\d\d:\d\d:[0-5]\d[+-]\d{4}$/;
/** What is less might be taken for seconds. */
const firstTime = 1e11;

let compiled: object | undefined;

/** What it holds as a ScannedLine is of the line that was found last. `T` is what its user knows of a shape. */
export class Scanner<T> implements ScannedLine {
  readonly out: Int32Array;
  readonly numbers: Float64Array;
  readonly texts: (string | undefined)[];
  private readonly scan: Exports['scan'];
  // utf8Slice is what toString calls after a look at its arguments.
  private readonly bytes: Buffer & { utf8Slice(from: number, to: number): string };
  private readonly window: Uint8Array;
  private readonly counts: Int32Array;
  private readonly news: Int32Array;
  private readonly longs: Int32Array;
  private readonly line: number;
  /** Programs of the shapes, in the order in which they are tried, and what is known of each. */
  private readonly order: Int32Array;
  private readonly shapes: T[] = [];
  /** Where there is room for a program. */
  private readonly free: number[];
  private readonly spans: Int32Array;
  private readonly lengths: Int32Array;
  private readonly stored: number;
  private readonly short: number;
  /** Where the time stands of whose day the lines are, and the beginning of that day. */
  private readonly known: number;
  private day = 0;
  private readonly encoder = new TextEncoder();
  private readonly sourceAt: number;
  private readonly sourceSize: number;
  /** Whose bytes are at hand, and whose line was the last. */
  private source: LineSource | undefined;
  private lastSource: LineSource | undefined;

  /** Throws where no memory can be had for it: some 10 GB of addresses, of which 1 MB are used. */
  constructor() {
    compiled ??= new WebAssembly.Module(Buffer.from(scanBinary, 'base64'));
    const { exports } = new WebAssembly.Instance(compiled);
    this.scan = exports.scan;
    const at = (name: Constant): number => exports[name].value;
    const { buffer } = exports.memory;
    this.out = new Int32Array(buffer, at('OUT'), maxWanted);
    this.numbers = new Float64Array(buffer, at('NUMBERS'), maxWanted);
    this.counts = new Int32Array(buffer, at('COUNTS'), 3);
    this.news = new Int32Array(buffer, at('NEWS'), maxWanted);
    this.longs = new Int32Array(buffer, at('LONGS'), 3 * maxWanted);
    this.line = at('LINE');
    this.sourceAt = at('SOURCE');
    this.sourceSize = at('SOURCE_SIZE');
    this.order = new Int32Array(buffer, at('ORDER'), maxPrograms);
    const programs = at('PROGRAMS');
    this.free = Array.from({ length: maxPrograms }, (_, i) => programs + i * programSize);
    this.spans = new Int32Array(buffer, at('SPANS'), 3 * maxWanted);
    this.lengths = new Int32Array(buffer, at('LENGTHS'));
    this.stored = at('TEXTS');
    this.short = at('SHORT');
    this.known = at('DAY');
    this.bytes = Buffer.from(buffer) as Scanner<T>['bytes'];
    this.window = new Uint8Array(buffer, this.line, 3 * maxScanned);
    const places = at('PLACES');
    this.texts = new Array<string | undefined>(places + 1 + maxWanted).fill('');
    this.texts[places] = undefined;
  }

  /**
   * Learns the shape of a record; where there is no room, instead of the one that is tried last. False for a
   * record that cannot be told by its shape.
   *
   * @param wanted keys whose values are asked for
   * @param times further keys, which are asked for as times and nothing else
   * @param know what there is to know, given how code reaches the values of a line
   */
  learn(
    record: FlatRecord,
    wanted: ReadonlySet<string>,
    times: ReadonlySet<string>,
    know: (access: Access) => T,
  ): boolean {
    const found = new Map<string, string>();
    const places = new Map<string, string>();
    const keys = Object.keys(record);
    const steps: number[] = [];
    for (const [at, key] of keys.entries()) {
      const sample = record[key];
      const isWanted = wanted.has(key) || times.has(key);
      // An object holds the keys that are numbers first, so its order would not be the line's.
      if (/^\d/.test(key) || !(isPlain(sample) || (!isWanted && isPlainList(sample)))) return false;
      let kind: number = kinds.any;
      if (isWanted && isPlainKey(key) && found.size < maxWanted) {
        const i = found.size;
        if (typeof sample === 'number') {
          kind = kinds.number;
          found.set(key, `m.numbers[${i}]`);
        } else if (typeof sample === 'boolean') {
          kind = kinds.flag;
          found.set(key, `(m.out[${i}] === 1)`);
        } else if (times.has(key)) {
          kind = kinds.time;
          found.set(key, `m.time(${i})`);
        } else {
          kind = kinds.text;
          // A null and a key that is not there mean the same to every parser.
          places.set(key, `m.out[${i}]`);
          found.set(key, `m.texts[m.out[${i}]]`);
        }
      }
      step(steps, kind, `${at === 0 ? '{' : ','}${JSON.stringify(key)}:`);
    }
    step(steps, kinds.end, keys.length === 0 ? '{}' : '}');
    if (steps.length > programSize) return false;
    const { order, shapes } = this;
    if (this.free.length === 0) {
      shapes.pop();
      this.free.push(order[shapes.length] as number);
    }
    const program = this.free.pop() as number;
    this.bytes.set(steps, program);
    order.copyWithin(1, 0, shapes.length);
    order[0] = program;
    shapes.unshift(
      know({
        keys: new Set(keys),
        parameters: 'm, x',
        record: '(r ??= p(x))',
        value: (key) => found.get(key) ?? `(r ??= p(x))[${JSON.stringify(key)}]`,
        place: (key) => places.get(key),
      }),
    );
    return true;
  }

  /** What is known of the shape of a line, whose values are there until the next is looked at. */
  find(line: LogLine): T | undefined {
    const { text, source, start = 0, end = 0 } = line;
    if (text.charCodeAt(0) !== 123 || text.length > maxScanned) return;
    const { counts, news, longs, texts, order, shapes } = this;
    let at: number;
    if (source !== undefined && this.has(source))
      at = this.scan(shapes.length, this.sourceAt + start, this.sourceAt + end);
    else {
      const { written } = this.encoder.encodeInto(text, this.window);
      // Half of a pair has no form in bytes.
      if (written !== text.length && !text.isWellFormed()) return;
      at = this.scan(shapes.length, this.line, this.line + written);
    }
    if (at < 0) return;
    for (let i = counts[0] as number; i > 0; ) {
      const place = news[--i] as number;
      const from = this.stored + place * this.short;
      // A set of four lengths is twelve numbers further on than that before it.
      const length = this.lengths[(place & ~3) * 4 + (place & 3)] as number;
      texts[place] = this.text(from, from + length);
    }
    for (let i = 3 * (counts[1] as number); i > 0; i -= 3)
      texts[longs[i - 3] as number] = this.text(longs[i - 2] as number, longs[i - 1] as number);
    const shape = shapes[at] as T;
    if (at > 0) {
      const program = order[at] as number;
      order[at] = order[at - 1] as number;
      order[at - 1] = program;
      shapes[at] = shapes[at - 1] as T;
      shapes[at - 1] = shape;
    }
    return shape;
  }

  /** Whether the bytes of a source are at hand. They are taken when its second line in a row comes: files may take turns. */
  private has(source: LineSource): boolean {
    if (source === this.source) return true;
    const isSecond = source === this.lastSource;
    this.lastSource = source;
    const { bytes } = source;
    if (!isSecond || bytes === undefined || bytes.length > this.sourceSize) return false;
    this.bytes.set(bytes, this.sourceAt);
    this.source = source;
    return true;
  }

  /** Most lines are of the same day as the line before. */
  time(i: number): number | string | undefined {
    const second = this.out[i] as number;
    return second >= 0 ? this.day + second * 1000 : this.otherTime(i);
  }

  private otherTime(i: number): number | string | undefined {
    const from = this.spans[3 * i] as number;
    if (from === 0) return;
    const text = this.text(from, this.spans[3 * i + 1] as number);
    const time = withOffset.test(text) ? parseTime(text) : undefined;
    if (time === undefined || time < firstTime) return text;
    this.bytes.copyWithin(this.known, from, from + text.length);
    const [hour = 0, minute = 0, second = 0] = text.slice(11, 19).split(':').map(Number);
    this.day = time - ((hour * 60 + minute) * 60 + second) * 1000;
    return time;
  }

  private text(from: number, to: number): string {
    const raw = this.bytes.utf8Slice(from, to);
    return this.counts[2] !== 0 && raw.includes('\\') ? (JSON.parse(`"${raw}"`) as string) : raw;
  }
}

function isPlain(value: unknown): boolean {
  return typeof value !== 'object' || value === null;
}

function isPlainList(value: unknown): boolean {
  return Array.isArray(value) && value.every(isPlain);
}

/** Adds a step to a program, as bytes. */
function step(steps: number[], kind: number, literal: string): void {
  const bytes = Buffer.from(literal);
  const room = Math.ceil(bytes.length / width) * width;
  const text = Buffer.alloc(2 * room);
  for (const [at, byte] of bytes.entries()) {
    const place = Math.floor(at / width) * 2 * width + (at % width);
    text[place] = byte;
    text[place + width] = 0xff;
  }
  const head = Buffer.alloc(8);
  head.writeInt32LE(kind, 0);
  head.writeInt32LE(bytes.length, 4);
  steps.push(...head, ...text);
}
