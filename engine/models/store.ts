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
/** Largest count and stamp that a column of 32 bits holds. */
export const INT32_MAX = 0x7fff_ffff;

/** Whole minutes since 1970, held inside 32 bits so that a mad clock cannot wrap around. */
export function minuteOf(time: number): number {
  return Math.max(-INT32_MAX, Math.min(INT32_MAX, Math.floor(time / MINUTE)));
}

/** Whole UTC days since 1970 of a minute stamp. */
export function dayOfMinute(minute: number): number {
  return Math.floor(minute / DAY_MINUTES);
}

/** Texts above this length are known by their beginning and a digest of the whole. */
const LONG = 200;
const BEGINNING = 180;

function shortened(text: string): string {
  let low = 0x811c9dc5;
  let high = 0x9747b28c;
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    low = Math.imul(low ^ unit, 0x01000193);
    high = Math.imul(high ^ unit, 0x5bd1e995);
    high ^= high >>> 15;
  }
  const digest =
    (high >>> 0).toString(16).padStart(8, '0') + (low >>> 0).toString(16).padStart(8, '0');
  return `${text.slice(0, BEGINNING)}\u2026${digest}`;
}

/** A copy: a piece of a line keeps the whole line in memory for as long as it is kept. */
function flat(text: string): string {
  return ` ${text}`.slice(1);
}

/** Texts as integers, counted by reference. Memory of a text is bounded, whatever its length. */
export class TextDictionary {
  private readonly ids = new Map<string, number>();
  private readonly texts: string[] = [];
  private references = new Int32Array(1024);
  /** What is known of each text, for whoever wants to know it again; 0 for a new one. */
  marks = new Int32Array(1024);
  private readonly free: number[] = [];
  /** Rises whenever an id is given back: ids looked up before may mean other texts since. */
  generation = 0;
  /** Rises with each text that comes in: texts that were not there may be since. */
  additions = 0;

  /** Id of a text, or -1 when nothing refers to it. */
  find(text: string): number {
    return this.ids.get(text.length > LONG ? shortened(text) : text) ?? -1;
  }

  /** Id of a text, made if need be. It is lost unless `hold` follows. */
  intern(text: string): number {
    const key = text.length > LONG ? shortened(text) : text;
    const known = this.ids.get(key);
    if (known !== undefined) return known;
    this.additions += 1;
    const id = this.free.pop() ?? this.texts.length;
    const own = flat(key);
    this.texts[id] = own;
    this.ids.set(own, id);
    if (id >= this.references.length) {
      this.references = grown(this.references, id + 1);
      this.marks = grown(this.marks, id + 1);
    }
    this.marks[id] = 0;
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
    this.marks = grown(this.marks, count);
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

/**
 * Which row each model has for a scope. The rows of all models stand side by side, so that looking at
 * one scope with several models costs one line of memory.
 */
export class Scopes {
  readonly dictionary: TextDictionary;
  private readonly models: number;
  /** Place of a scope by the id of its text; -1: no model has a row for it. */
  private places = new Int32Array(1024).fill(-1);
  /** Row of each model at each place, or -1. */
  private rows: Int32Array;
  /** Models with a row at each place. */
  private used = new Int32Array(64);
  private readonly free: number[] = [];
  private count = 0;

  constructor(dictionary: TextDictionary, models: number) {
    this.dictionary = dictionary;
    this.models = models;
    this.rows = new Int32Array(64 * models).fill(-1);
  }

  /** Row of a model for a scope, or -1. A negative id is no scope. */
  find(scope: number, model: number): number {
    if (scope < 0 || scope >= this.places.length) return -1;
    const place = this.places[scope] as number;
    return place < 0 ? -1 : (this.rows[place * this.models + model] as number);
  }

  set(scope: number, model: number, row: number): void {
    if (scope >= this.places.length) {
      const { length } = this.places;
      this.places = grown(this.places, scope + 1);
      this.places.fill(-1, length);
    }
    let place = this.places[scope] as number;
    if (place < 0) {
      place = this.free.pop() ?? this.count++;
      this.places[scope] = place;
      if (place >= this.used.length) {
        const { length } = this.rows;
        this.used = grown(this.used, place + 1);
        this.rows = grown(this.rows, this.used.length * this.models);
        this.rows.fill(-1, length);
      }
      this.used[place] = 0;
    }
    this.rows[place * this.models + model] = row;
    this.used[place] = (this.used[place] as number) + 1;
  }

  delete(scope: number, model: number): void {
    const place = this.places[scope] as number;
    this.rows[place * this.models + model] = -1;
    const left = (this.used[place] as number) - 1;
    this.used[place] = left;
    if (left > 0) return;
    this.places[scope] = -1;
    this.free.push(place);
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
  private readonly all: Scopes;
  private readonly model: number;
  private readonly limit: number;
  private scopes = new Int32Array(64);
  private readonly free: number[] = [];
  private count = 0;

  /** @param model the model's position among those that share the scopes */
  constructor(all: Scopes, model: number, limit: number) {
    this.all = all;
    this.model = model;
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
    return this.all.find(scope, this.model);
  }

  full(): boolean {
    return this.live >= this.limit;
  }

  /** A new row for a scope that has none. */
  add(scope: number): number {
    const row = this.free.pop() ?? this.count++;
    this.scopes = grown(this.scopes, row + 1);
    this.scopes[row] = scope;
    this.all.set(scope, this.model, row);
    this.all.dictionary.hold(scope);
    return row;
  }

  remove(row: number): void {
    const scope = this.scopes[row] as number;
    this.all.delete(scope, this.model);
    this.scopes[row] = -1;
    this.free.push(row);
    this.all.dictionary.release(scope);
  }

  isLive(row: number): boolean {
    return (this.scopes[row] as number) >= 0;
  }

  /**
   * Rows to give up: a sixteenth of the live ones, least recently trained first, then lowest row. A
   * batch, because finding them reads every row.
   */
  oldest(trained: (row: number) => number): number[] {
    const rows: number[] = [];
    for (let row = 0; row < this.count; row += 1) if (this.isLive(row)) rows.push(row);
    rows.sort((a, b) => trained(a) - trained(b) || a - b);
    return rows.slice(0, Math.max(1, Math.ceil(rows.length / 16)));
  }

  save(w: BinaryWriter): void {
    w.u32(this.count);
    saveColumn(w, this.scopes, this.count);
    w.json(this.free);
  }

  load(r: BinaryReader): void {
    this.count = r.u32();
    this.scopes = loadColumn(r, this.scopes, this.count);
    for (let row = 0; row < this.count; row += 1) {
      const scope = this.scopes[row] as number;
      if (scope >= 0) this.all.set(scope, this.model, row);
    }
    for (const row of r.json() as number[]) this.free.push(row);
  }
}
