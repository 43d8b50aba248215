import { toText } from './convert.js';
import { createReader, type FlatRecord } from './record.js';

/** The keys of the records in question; undefined when they can be any. */
export type RecordKeys = ReadonlySet<string> | undefined;

/** Whether a record with these keys can have a value at the path. */
export function mayHold(keys: RecordKeys, path: string): boolean {
  if (keys === undefined || keys.has(path)) return true;
  const dot = path.indexOf('.');
  return dot > 0 && keys.has(path.slice(0, dot));
}

/** Whether a key names one value of the record itself, and none that every object inherits. */
export function isPlainKey(key: string): boolean {
  return !/[|.]/.test(key) && !(key in Object.prototype);
}

/**
 * How generated code reaches the values of a record: an object, or a line that a scanner has taken
 * apart. In its functions `v`, `w` and `r` are variables.
 */
export interface Access {
  readonly keys: RecordKeys;
  readonly parameters: string;
  /** The record as an object. */
  readonly record: string;
  /** The value of a plain key that the record can have. */
  value(key: string): string;
  /** For a text that is told by a number as long as it comes again: the number. */
  place(key: string): string | undefined;
}

/** Of records as objects, where each function has its own caches of where the keys are. */
export function objectAccess(keys?: RecordKeys): Access {
  return {
    keys,
    parameters: 'r',
    record: 'r',
    value: (key) => `r[${JSON.stringify(key)}]`,
    place: () => undefined,
  };
}

/** A line that a scanner has taken apart; wanted values by number. */
export interface ScannedLine {
  /** Where the texts are, or flags. */
  readonly out: Int32Array;
  readonly numbers: Float64Array;
  /** By place; that of null is absent. */
  readonly texts: readonly (string | undefined)[];
  /** A time in milliseconds since 1970, or as it is written. */
  time(i: number): number | string | undefined;
}

/** A generated function: of a record, or of the line that a scanner has at hand, and the line's text. */
export type Generated<T> = (from: FlatRecord | ScannedLine, text: string) => T;

/** Source of a function, with the constants that it names. */
export class Source {
  readonly access: Access;
  private readonly constants: unknown[] = [];

  constructor(access: Access) {
    this.access = access;
  }

  constant(value: unknown): string {
    return `k${this.constants.push(value) - 1}`;
  }

  /** Code of the value at a path. */
  value(path: string): string {
    return isPlainKey(path)
      ? this.access.value(path)
      : `${this.constant(createReader(path))}(${this.access.record})`;
  }

  /** Only text of these files and quoted names go into the body. */
  compile<T>(body: string): Generated<T> {
    const names = this.constants.map((_, i) => `const k${i} = t[${i}];`).join(' ');
    const { parameters } = this.access;
    const locals = parameters === 'r' ? 'v, w' : 'v, w, r';
    const make = new Function(
      't, p',
      `${names} return (${parameters}) => { let ${locals}; ${body} };`,
    ) as (constants: readonly unknown[], p: typeof JSON.parse) => Generated<T>;
    return make(this.constants, JSON.parse);
  }
}

/** The text of a decoded value; the empty text is none. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value;
  const text = toText(value);
  return typeof text === 'string' ? text : undefined;
}

/** Answers remembered, and length of the texts they are of: verdicts, actions and the like are few. */
const maxAnswers = 512;
const maxLength = 64;

/** The same function, which remembers its answers about short texts. */
export function remembered<T>(of: (text: string) => T): (text: string) => T {
  const answers = new Map<string, T>();
  return (text) => {
    if (text.length > maxLength) return of(text);
    const known = answers.get(text);
    if (known !== undefined) return known;
    const answer = of(text);
    if (answers.size >= maxAnswers) answers.clear();
    answers.set(text, answer);
    return answer;
  };
}
