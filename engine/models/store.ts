/**
 * What both kinds of model stand on: texts as small integers, and scopes as rows of columns.
 *
 * Texts are interned when something is trained and looked up when something is read, so reading
 * never grows memory. An id lives as long as a row refers to it; then it goes to the next text.
 */

import type { BinaryReader, BinaryWriter } from '../binary.js';

/** Milliseconds in a minute and minutes in a day: the grain of last-seen stamps. */
const MINUTE = 60_000;
const DAY_MINUTES = 1_440;
const INT32_MAX = 0x7fff_ffff;

/** Whole minutes since 1970, held inside 32 bits so that a mad clock cannot wrap around. */
export function minuteOf(time: number): number {
  return Math.max(-INT32_MAX, Math.min(INT32_MAX, Math.floor(time / MINUTE)));
}

/** Whole UTC days since 1970 of a minute stamp. */
export function dayOfMinute(minute: number): number {
  return Math.floor(minute / DAY_MINUTES);
}

/** Texts as integers, counted by reference. */
export class TextDictionary {
  private readonly ids = new Map<string, number>();
  private readonly texts: string[] = [];
  private references = new Int32Array(1024);
  private readonly free: number[] = [];
  /** Rises whenever an id is given back: ids looked up before may mean other texts since. */
  generation = 0;

  /** Id of a text, or -1 when nothing refers to it. */
  find(text: string): number {
    return this.ids.get(text) ?? -1;
  }

  /** Id of a text, made if need be. It is lost unless `hold` follows. */
  intern(text: string): number {
    const known = this.ids.get(text);
    if (known !== undefined) return known;
    const id = this.free.pop() ?? this.texts.length;
    this.texts[id] = text;
    this.ids.set(text, id);
    if (id >= this.references.length) this.references = grown(this.references, id + 1);
    return id;
  }

  hold(id: number): void {
    this.references[id] = (this.references[id] as number) + 1;
  }

  release(id: number): void {
    const left = (this.references[id] as number) - 1;
    this.references[id] = left;
    if (left === 0) {
      this.ids.delete(this.texts[id] as string);
      this.texts[id] = '';
      this.free.push(id);
      this.generation += 1;
    }
  }

  get size(): number {
    return this.ids.size;
  }

  save(w: BinaryWriter): void {
    w.u32(this.texts.length);
    for (let id = 0; id < this.texts.length; id += 1) {
      w.u32(this.references[id] as number);
      if ((this.references[id] as number) > 0) w.text(this.texts[id] as string);
    }
    w.u32(this.free.length);
    for (const id of this.free) w.u32(id);
  }

  load(r: BinaryReader): void {
    const count = r.u32();
    this.references = grown(this.references, count);
    for (let id = 0; id < count; id += 1) {
      const references = r.u32();
      this.references[id] = references;
      const text = references > 0 ? r.text() : '';
      this.texts[id] = text;
      if (references > 0) this.ids.set(text, id);
    }
    const free = r.u32();
    for (let i = 0; i < free; i += 1) this.free.push(r.u32());
  }
}

/** Non-negative integers to non-negative integers by open addressing; -1 means none. */
export class IntegerMap {
  private keys = new Int32Array(64).fill(-1);
  private values = new Int32Array(64);
  private mask = 63;
  private count = 0;

  get(key: number): number {
    const { keys, mask } = this;
    let at = spread(key) & mask;
    for (;;) {
      const found = keys[at];
      if (found === key) return this.values[at] as number;
      if (found === -1) return -1;
      at = (at + 1) & mask;
    }
  }

  set(key: number, value: number): void {
    if (this.count * 4 >= this.keys.length * 3) this.rebuild(this.keys.length * 2);
    this.place(key, value);
  }

  /** Moves later members of the chain back, so that no markers pile up. */
  delete(key: number): void {
    const { keys, values, mask } = this;
    let hole = spread(key) & mask;
    while (keys[hole] !== key) {
      if (keys[hole] === -1) return;
      hole = (hole + 1) & mask;
    }
    this.count -= 1;
    for (let at = (hole + 1) & mask; keys[at] !== -1; at = (at + 1) & mask) {
      const home = spread(keys[at] as number) & mask;
      if (((at - home) & mask) >= ((at - hole) & mask)) {
        keys[hole] = keys[at] as number;
        values[hole] = values[at] as number;
        hole = at;
      }
    }
    keys[hole] = -1;
  }

  private place(key: number, value: number): void {
    const { keys, mask } = this;
    let at = spread(key) & mask;
    while (keys[at] !== -1 && keys[at] !== key) at = (at + 1) & mask;
    if (keys[at] === -1) this.count += 1;
    keys[at] = key;
    this.values[at] = value;
  }

  private rebuild(size: number): void {
    const { keys, values } = this;
    this.keys = new Int32Array(size).fill(-1);
    this.values = new Int32Array(size);
    this.mask = size - 1;
    this.count = 0;
    for (let i = 0; i < keys.length; i += 1) {
      if (keys[i] !== -1) this.place(keys[i] as number, values[i] as number);
    }
  }
}

/** A scatter of integers over 32 bits: neighbours land far apart. */
export function spread(key: number): number {
  let h = Math.imul(key ^ (key >>> 16), 0x45d9f3b);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  return h ^ (h >>> 16);
}

/** A copy with room for at least `length` and half as much again. */
export function grown<T extends Int32Array | Float64Array>(column: T, length: number): T {
  if (length <= column.length) return column;
  const size = Math.max(length, Math.ceil(column.length * 1.5));
  const larger = (
    column instanceof Int32Array ? new Int32Array(size) : new Float64Array(size)
  ) as T;
  larger.set(column);
  return larger;
}

/** Writes a column's first `length` elements as they lie in memory (little endian wherever Node runs). */
export function saveColumn(
  w: BinaryWriter,
  column: Int32Array | Float64Array,
  length: number,
): void {
  w.raw(new Uint8Array(column.buffer, column.byteOffset, length * column.BYTES_PER_ELEMENT));
}

/** Reads what saveColumn wrote; the column it returns has at least `length` elements. */
export function loadColumn<T extends Int32Array | Float64Array>(
  r: BinaryReader,
  column: T,
  length: number,
): T {
  const bytes = r.raw();
  if (bytes.length !== length * column.BYTES_PER_ELEMENT) {
    throw new RangeError('snapshot column has another length');
  }
  const larger = grown(column, length);
  new Uint8Array(larger.buffer, larger.byteOffset, bytes.length).set(bytes);
  return larger;
}

/** The rows of a model: scope id → row, rows reused, bounded by the least recently trained. */
export class ScopeRows {
  private readonly rows = new IntegerMap();
  private scopes = new Int32Array(64);
  /** Minute of the last training. */
  private trained = new Int32Array(64);
  private readonly free: number[] = [];
  private count = 0;
  private readonly dictionary: TextDictionary;
  private readonly limit: number;

  constructor(dictionary: TextDictionary, limit: number) {
    this.dictionary = dictionary;
    this.limit = limit;
  }

  /** Rows ever handed out; columns need this length. */
  get length(): number {
    return this.count;
  }

  get live(): number {
    return this.count - this.free.length;
  }

  find(scope: number): number {
    return scope < 0 ? -1 : this.rows.get(scope);
  }

  full(): boolean {
    return this.live >= this.limit;
  }

  /** A new row for a scope that has none. */
  add(scope: number): number {
    const row = this.free.pop() ?? this.count++;
    this.scopes = grown(this.scopes, row + 1);
    this.trained = grown(this.trained, row + 1);
    this.scopes[row] = scope;
    this.trained[row] = -INT32_MAX;
    this.rows.set(scope, row);
    this.dictionary.hold(scope);
    return row;
  }

  remove(row: number): void {
    const scope = this.scopes[row] as number;
    this.rows.delete(scope);
    this.scopes[row] = -1;
    this.free.push(row);
    this.dictionary.release(scope);
  }

  touch(row: number, minute: number): void {
    if (minute > (this.trained[row] as number)) this.trained[row] = minute;
  }

  isLive(row: number): boolean {
    return (this.scopes[row] as number) >= 0;
  }

  /**
   * Rows to give up so that a sixteenth of the limit is free again: least recently trained first,
   * then lowest row. A batch, because finding them reads every row.
   */
  oldest(): number[] {
    const rows: number[] = [];
    for (let row = 0; row < this.count; row += 1) if (this.isLive(row)) rows.push(row);
    const { trained } = this;
    rows.sort((a, b) => (trained[a] as number) - (trained[b] as number) || a - b);
    const keep = Math.min(this.limit - 1, Math.floor((this.limit * 15) / 16));
    return rows.slice(0, Math.max(0, rows.length - keep));
  }

  save(w: BinaryWriter): void {
    w.u32(this.count);
    saveColumn(w, this.scopes, this.count);
    saveColumn(w, this.trained, this.count);
    w.json(this.free);
  }

  load(r: BinaryReader): void {
    this.count = r.u32();
    this.scopes = loadColumn(r, this.scopes, this.count);
    this.trained = loadColumn(r, this.trained, this.count);
    for (let row = 0; row < this.count; row += 1) {
      const scope = this.scopes[row] as number;
      if (scope >= 0) this.rows.set(scope, row);
    }
    this.free.push(...(r.json() as number[]));
  }
}
