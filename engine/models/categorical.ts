/**
 * One categorical model: per scope, the values seen with their counts and when they were last seen.
 *
 * Every scope has a head of eight integers and owns a slab in an arena of 32-bit integers: entries of
 * value id, count and last-seen minute, and above eight entries an index by open addressing. Short
 * slabs are scanned. A scope costs two lines of memory to look at, a large one three. Slabs grow;
 * chunks of the arena never move.
 *
 * Invariant: what a reader sees depends on what was trained and on the clock, never on who read
 * before. So reading first drops what has aged (the whole scope at once, at most once per scope and
 * day), entries keep the order in which they were added, and a removed entry leaves a gap until the
 * slab is full. Eviction takes the least recently seen entry and, among equals, the first added.
 *
 * Over 400 lines because everything here works on the layout of a slab.
 */

import type { BinaryReader, BinaryWriter } from '../binary.js';
import {
  dayOfMinute,
  grown,
  INT32_MAX,
  minuteOf,
  ScopeRows,
  type Scopes,
  spread,
  type TextDictionary,
} from './store.js';

export interface CategoricalOptions {
  readonly alpha: number;
  readonly cutOff: number;
  /** Days without sight after which a value is forgotten. */
  readonly agingDays: number;
  readonly maxBins: number;
  readonly maxScopes: number;
  /** For tests. */
  readonly maxPairs?: number;
}

/** Up to this many entries a slab has no index. */
const SCANNED = 8;
/** Scopes with more values than this keep their counts of counts once someone asks for the top. */
const RANKED = 256;
const FIRST_CHUNK = 1 << 10;
const CHUNK = 1 << 18;
/** Share of idle integers at which the arena is packed anew. */
const IDLE = 0.25;
/** Values of all scopes of one model; beyond it the scopes trained longest ago go. */
const MAX_PAIRS = 20_000_000;
/** Slots of a slab: eviction order packs a slot into 22 bits of a double. */
export const MAX_BINS = 1 << 21;

/** Places in the head of a scope. */
const CHUNK_OF = 0;
const OFFSET = 1;
/** Slots, in the bits below INDEXED; above them the binary logarithm of the size of the index, 0: none. */
const ROOM = 2;
/** Slots in use, gaps included. */
const USED = 3;
/** Values. */
const BINS = 4;
/** Observations; they stop counting at INT32_MAX. */
const TOTAL = 5;
/** No entry was last seen before this day. */
const OLDEST_DAY = 6;
/** Minute of the last training. */
const TRAINED = 7;
const HEAD = 8;
const INDEX_BITS = 24;
const INDEXED = 1 << INDEX_BITS;
const SLOTS = INDEXED - 1;

/** Places in an entry of a slab. A gap has the value -1. */
const VALUE = 0;
const COUNT = 1;
const STAMP = 2;
const ENTRY = 3;

/** Entries of a scope in the order of their eviction, as far as it was worked out. */
interface Victims {
  readonly slots: Int32Array;
  readonly stamps: Int32Array;
  next: number;
}

export class CategoricalStore {
  readonly rows: ScopeRows;
  /** Rises whenever entries move or go: slots found before may hold others since. */
  moves = 0;
  private readonly dictionary: TextDictionary;
  private readonly alpha: number;
  private readonly cutOff: number;
  private readonly agingDays: number;
  private readonly maxBins: number;
  private readonly maxPairs: number;
  private readonly evicted: (what: 'bins' | 'scopes', count: number) => void;

  private chunks: Int32Array[] = [];
  /** Length of the next shared chunk: small models stay small. */
  private chunkSize = FIRST_CHUNK;
  private chunkUsed = 0;
  /** Integers in slabs, and of these in slabs given back. */
  private sliced = 0;
  private idle = 0;
  /** Slabs given back, by capacity. */
  private readonly freeSlabs = new Map<number, { chunk: number; offset: number }[]>();
  private heads = new Int32Array(64 * HEAD);
  private pairs = 0;

  private readonly victims = new Map<number, Victims>();
  private readonly ranked = new Map<number, Map<number, number>>();

  /** @param model the model's position among those that share the scopes */
  constructor(
    scopes: Scopes,
    model: number,
    options: CategoricalOptions,
    evicted: (what: 'bins' | 'scopes', count: number) => void,
  ) {
    this.dictionary = scopes.dictionary;
    this.alpha = options.alpha;
    this.cutOff = options.cutOff;
    this.agingDays = options.agingDays;
    this.maxBins = options.maxBins;
    this.maxPairs = options.maxPairs ?? MAX_PAIRS;
    this.evicted = evicted;
    this.rows = new ScopeRows(scopes, model, options.maxScopes);
  }

  /** Row of a scope with all that has aged by `today` dropped; -1 when the scope is unknown. */
  find(scope: number, today: number): number {
    const row = this.rows.find(scope);
    if (row >= 0) this.forget(row, today);
    return row;
  }

  /** Drops from every scope what has aged by `today`. */
  age(today: number): void {
    for (let row = 0; row < this.rows.length; row++) {
      if (this.rows.isLive(row)) this.forget(row, today);
    }
  }

  n(row: number): number {
    return row < 0 ? 0 : (this.heads[row * HEAD + TOTAL] as number);
  }

  numBins(row: number): number {
    return row < 0 ? 0 : (this.heads[row * HEAD + BINS] as number);
  }

  /** Observations of one value. */
  observations(row: number, value: number): number {
    return this.countAt(row, this.slotOf(row, value));
  }

  /** Observations of the value in a slot; 0 for the slot -1. */
  countAt(row: number, slot: number): number {
    if (slot < 0) return 0;
    const at = (this.heads[row * HEAD + OFFSET] as number) + slot * ENTRY;
    return this.slab(row)[at + COUNT] as number;
  }

  confidence(row: number): number {
    if (row < 0) return 0;
    const n = this.heads[row * HEAD + TOTAL] as number;
    if (n === 0 || n < this.cutOff) return 0;
    const share = (n - (this.heads[row * HEAD + BINS] as number)) / n;
    return this.alpha === 1 ? share : share ** this.alpha;
  }

  /** The smallest count that at most `percentile` of the values reach. */
  top(row: number, percentile: number): number {
    const bins = this.numBins(row);
    if (bins === 0) return 1;
    const allowed = Math.floor(percentile * bins);
    if (bins <= RANKED) {
      const counts = this.counts(row).sort();
      return (counts[bins - 1 - allowed] as number) + 1;
    }
    const ranks = this.ranks(row);
    let above = 0;
    for (const count of [...ranks.keys()].sort((a, b) => b - a)) {
      above += ranks.get(count) as number;
      if (above > allowed) return count + 1;
    }
    return 1;
  }

  /**
   * One observation. `time` stamps the value (the event's own), `today` says what has aged; for a
   * late event they differ. The dictionary must know both ids; the scope's must be held.
   */
  train(scope: number, value: number, time: number, today: number): void {
    // Room is made by forgetting, which must not give back the id at hand.
    this.dictionary.hold(value);
    if (this.pairs >= this.maxPairs) this.dropOldest();
    let row = this.find(scope, today);
    const minute = minuteOf(time);
    let slot = this.slotOf(row, value);
    // A new value of an old line may have aged already: it would be forgotten before anyone saw it.
    if (slot >= 0 || dayOfMinute(minute) >= today - this.agingDays) {
      if (row < 0) row = this.addRow(scope);
      if (slot < 0) slot = this.addEntry(row, value, minute);
      this.observe(row, slot, minute);
    }
    this.dictionary.release(value);
  }

  /** One observation of the value in a slot that was found since `moves` last rose. */
  observe(row: number, slot: number, minute: number): void {
    const { heads } = this;
    const head = row * HEAD;
    const total = heads[head + TOTAL] as number;
    if (total === INT32_MAX) return;
    const slab = this.chunks[heads[head + CHUNK_OF] as number] as Int32Array;
    const at = (heads[head + OFFSET] as number) + slot * ENTRY;
    const count = (slab[at + COUNT] as number) + 1;
    slab[at + COUNT] = count;
    if (minute > (slab[at + STAMP] as number)) slab[at + STAMP] = minute;
    heads[head + TOTAL] = total + 1;
    if (minute > (heads[head + TRAINED] as number)) heads[head + TRAINED] = minute;
    if (this.ranked.size === 0) return;
    const ranks = this.ranked.get(row);
    if (ranks !== undefined) {
      shift(ranks, count - 1, -1);
      shift(ranks, count, 1);
    }
  }

  /** Slot of a value in a row, or -1; of the row -1 and the value -1 too. */
  slotOf(row: number, value: number): number {
    if (value < 0 || row < 0) return -1;
    const { heads } = this;
    const head = row * HEAD;
    const slab = this.chunks[heads[head + CHUNK_OF] as number] as Int32Array;
    const offset = heads[head + OFFSET] as number;
    const room = heads[head + ROOM] as number;
    if (room < INDEXED) {
      const end = offset + (heads[head + USED] as number) * ENTRY;
      for (let at = offset, slot = 0; at < end; at += ENTRY, slot += 1) {
        if (slab[at] === value) return slot;
      }
      return -1;
    }
    const index = offset + ENTRY * (room & SLOTS);
    const mask = (1 << (room >>> INDEX_BITS)) - 1;
    for (let at = spread(value) & mask; ; at = (at + 1) & mask) {
      const slot = (slab[index + at] as number) - 1;
      if (slot < 0) return -1;
      // A gap holds -1 and so is passed over.
      if (slab[offset + slot * ENTRY] === value) return slot;
    }
  }

  private slab(row: number): Int32Array {
    return this.chunks[this.heads[row * HEAD + CHUNK_OF] as number] as Int32Array;
  }

  private head(row: number, place: number): number {
    return this.heads[row * HEAD + place] as number;
  }

  private capacity(row: number): number {
    return this.head(row, ROOM) & SLOTS;
  }

  private setHead(row: number, place: number, value: number): void {
    this.heads[row * HEAD + place] = value;
  }

  private counts(row: number): Int32Array {
    const counts = new Int32Array(this.numBins(row));
    let length = 0;
    const slab = this.slab(row);
    const offset = this.head(row, OFFSET);
    for (let slot = 0; slot < this.head(row, USED); slot += 1) {
      const at = offset + slot * ENTRY;
      if (slab[at + VALUE] !== -1) counts[length++] = slab[at + COUNT] as number;
    }
    return counts;
  }

  private addEntry(row: number, value: number, minute: number): number {
    if (this.head(row, BINS) >= this.maxBins) this.evict(row);
    if (this.head(row, USED) === this.capacity(row)) this.makeRoom(row);
    const slot = this.head(row, USED);
    const slab = this.slab(row);
    const at = this.head(row, OFFSET) + slot * ENTRY;
    slab[at + VALUE] = value;
    slab[at + COUNT] = 0;
    slab[at + STAMP] = minute;
    this.dictionary.hold(value);
    this.setHead(row, USED, slot + 1);
    const bins = this.head(row, BINS) + 1;
    this.setHead(row, BINS, bins);
    this.pairs += 1;
    const day = dayOfMinute(minute);
    if (day < this.head(row, OLDEST_DAY) || bins === 1) this.setHead(row, OLDEST_DAY, day);
    if (this.capacity(row) > SCANNED) this.index(row, slot, value);
    const victims = this.victims.get(row);
    if (victims !== undefined && minute < (victims.stamps[victims.stamps.length - 1] as number)) {
      this.victims.delete(row);
    }
    return slot;
  }

  private index(row: number, slot: number, value: number): void {
    const slab = this.slab(row);
    const capacity = this.capacity(row);
    const index = this.head(row, OFFSET) + ENTRY * capacity;
    const mask = indexSize(capacity) - 1;
    let at = spread(value) & mask;
    while (slab[index + at] !== 0) at = (at + 1) & mask;
    slab[index + at] = slot + 1;
  }

  private removeEntry(row: number, slot: number): void {
    this.moves += 1;
    const slab = this.slab(row);
    const at = this.head(row, OFFSET) + slot * ENTRY;
    const count = slab[at + COUNT] as number;
    this.dictionary.release(slab[at + VALUE] as number);
    slab[at + VALUE] = -1;
    slab[at + COUNT] = 0;
    this.setHead(row, BINS, this.head(row, BINS) - 1);
    this.pairs -= 1;
    this.setHead(row, TOTAL, this.head(row, TOTAL) - count);
    const ranks = this.ranked.get(row);
    if (ranks !== undefined) shift(ranks, count, -1);
  }

  /** Drops every value not seen for longer than the aging. */
  private forget(row: number, today: number): void {
    const limit = today - this.agingDays;
    if (this.head(row, OLDEST_DAY) >= limit || this.head(row, BINS) === 0) return;
    const slab = this.slab(row);
    const offset = this.head(row, OFFSET);
    let oldest = today;
    for (let slot = 0; slot < this.head(row, USED); slot += 1) {
      const at = offset + slot * ENTRY;
      if (slab[at + VALUE] === -1) continue;
      const day = dayOfMinute(slab[at + STAMP] as number);
      if (day < limit) this.removeEntry(row, slot);
      else if (day < oldest) oldest = day;
    }
    this.setHead(row, OLDEST_DAY, oldest);
    if (this.head(row, BINS) === 0) this.clearGaps(row);
  }

  private evict(row: number): void {
    const slab = this.slab(row);
    const offset = this.head(row, OFFSET);
    for (;;) {
      let victims = this.victims.get(row);
      if (victims === undefined || victims.next === victims.slots.length) {
        victims = this.rankVictims(row);
        this.victims.set(row, victims);
      }
      const slot = victims.slots[victims.next] as number;
      const stamp = victims.stamps[victims.next] as number;
      victims.next += 1;
      const at = offset + slot * ENTRY;
      if (slab[at + VALUE] !== -1 && slab[at + STAMP] === stamp) {
        this.removeEntry(row, slot);
        this.evicted('bins', 1);
        return;
      }
    }
  }

  /** The next eighth of the entries to go; sorting them all for each eviction would be slow. */
  private rankVictims(row: number): Victims {
    const slab = this.slab(row);
    const offset = this.head(row, OFFSET);
    const keys = new Float64Array(this.head(row, BINS));
    let length = 0;
    for (let slot = 0; slot < this.head(row, USED); slot += 1) {
      const at = offset + slot * ENTRY;
      if (slab[at + VALUE] === -1) continue;
      keys[length++] = (slab[at + STAMP] as number) * SLOT_SPACE + slot;
    }
    keys.sort();
    const count = Math.max(1, Math.ceil(length / 8));
    const slots = new Int32Array(count);
    const stamps = new Int32Array(count);
    for (let i = 0; i < count; i += 1) {
      const slot = (((keys[i] as number) % SLOT_SPACE) + SLOT_SPACE) % SLOT_SPACE;
      slots[i] = slot;
      stamps[i] = slab[offset + slot * ENTRY + STAMP] as number;
    }
    return { slots, stamps, next: 0 };
  }

  private clearGaps(row: number): void {
    this.moves += 1;
    this.setHead(row, USED, 0);
    this.victims.delete(row);
    const capacity = this.capacity(row);
    if (capacity > SCANNED) {
      const index = this.head(row, OFFSET) + ENTRY * capacity;
      this.slab(row).fill(0, index, index + indexSize(capacity));
    }
  }

  /** Closes the gaps, into the same slab when they are many, into the next larger one otherwise. */
  private makeRoom(row: number): void {
    const capacity = this.capacity(row);
    const from = this.slab(row);
    const fromOffset = this.head(row, OFFSET);
    const stay = capacity > 0 && this.head(row, BINS) * 4 <= capacity * 3;
    const size = stay ? capacity : nextCapacity(capacity);
    if (!stay) this.allocate(row, size);
    const to = this.slab(row);
    const toOffset = this.head(row, OFFSET);
    let length = 0;
    for (let slot = 0; slot < capacity; slot += 1) {
      const source = fromOffset + slot * ENTRY;
      if (from[source] === -1) continue;
      const target = toOffset + length * ENTRY;
      to[target + VALUE] = from[source + VALUE] as number;
      to[target + COUNT] = from[source + COUNT] as number;
      to[target + STAMP] = from[source + STAMP] as number;
      length += 1;
    }
    if (!stay && capacity > 0) this.giveBack(from, fromOffset, capacity);
    this.clearGaps(row);
    this.setHead(row, USED, length);
    if (size > SCANNED) {
      for (let slot = 0; slot < length; slot += 1) {
        this.index(row, slot, to[toOffset + slot * ENTRY] as number);
      }
    }
    if (this.idle > FIRST_CHUNK && this.idle > this.sliced * IDLE) this.compact();
  }

  private allocate(row: number, capacity: number): void {
    const bits = capacity > SCANNED ? 31 - Math.clz32(indexSize(capacity)) : 0;
    this.setHead(row, ROOM, capacity | (bits << INDEX_BITS));
    const reused = this.freeSlabs.get(capacity)?.pop();
    if (reused !== undefined) {
      this.idle -= slabSize(capacity);
      this.setHead(row, CHUNK_OF, reused.chunk);
      this.setHead(row, OFFSET, reused.offset);
      return;
    }
    const length = slabSize(capacity);
    const last = this.chunks[this.chunks.length - 1];
    if (last === undefined || this.chunkUsed + length > last.length) {
      this.chunks.push(new Int32Array(Math.max(this.chunkSize, length)));
      this.chunkSize = Math.min(CHUNK, this.chunkSize * 2);
      this.chunkUsed = 0;
    }
    this.setHead(row, CHUNK_OF, this.chunks.length - 1);
    this.setHead(row, OFFSET, this.chunkUsed);
    this.chunkUsed += length;
    this.sliced += length;
  }

  /**
   * Moves all slabs into new chunks. Scopes grow together, so the short slabs they leave behind
   * find no taker; without this they would make up half of the arena.
   */
  private compact(): void {
    const { chunks } = this;
    this.chunks = [];
    this.chunkSize = FIRST_CHUNK;
    this.chunkUsed = 0;
    this.sliced = 0;
    this.idle = 0;
    this.freeSlabs.clear();
    for (let row = 0; row < this.rows.length; row += 1) {
      if (!this.rows.isLive(row)) continue;
      const from = chunks[this.head(row, CHUNK_OF)] as Int32Array;
      const offset = this.head(row, OFFSET);
      const capacity = this.capacity(row);
      this.allocate(row, capacity);
      this.slab(row).set(
        from.subarray(offset, offset + slabSize(capacity)),
        this.head(row, OFFSET),
      );
    }
  }

  private giveBack(chunk: Int32Array, offset: number, capacity: number): void {
    const free = this.freeSlabs.get(capacity);
    const slab = { chunk: this.chunks.indexOf(chunk), offset };
    if (free === undefined) this.freeSlabs.set(capacity, [slab]);
    else free.push(slab);
    this.idle += slabSize(capacity);
  }

  private ranks(row: number): Map<number, number> {
    let ranks = this.ranked.get(row);
    if (ranks === undefined) {
      ranks = new Map();
      for (const count of this.counts(row)) shift(ranks, count, 1);
      this.ranked.set(row, ranks);
    }
    return ranks;
  }

  private addRow(scope: number): number {
    if (this.rows.full()) this.dropOldest();
    const row = this.rows.add(scope);
    this.heads = grown(this.heads, (row + 1) * HEAD);
    this.heads.fill(0, row * HEAD, (row + 1) * HEAD);
    this.setHead(row, TRAINED, -INT32_MAX);
    this.makeRoom(row);
    return row;
  }

  private dropOldest(): void {
    const rows = this.rows.oldest((row) => this.head(row, TRAINED));
    for (const row of rows) this.dropRow(row);
    this.evicted('scopes', rows.length);
  }

  private dropRow(row: number): void {
    this.moves += 1;
    this.pairs -= this.head(row, BINS);
    const slab = this.slab(row);
    const offset = this.head(row, OFFSET);
    for (let slot = 0; slot < this.head(row, USED); slot += 1) {
      const value = slab[offset + slot * ENTRY] as number;
      if (value !== -1) this.dictionary.release(value);
    }
    this.giveBack(slab, offset, this.capacity(row));
    this.victims.delete(row);
    this.ranked.delete(row);
    this.rows.remove(row);
  }

  save(w: BinaryWriter): void {
    this.rows.save(w);
    for (let row = 0; row < this.rows.length; row += 1) {
      if (!this.rows.isLive(row)) continue;
      const slab = this.slab(row);
      const offset = this.head(row, OFFSET);
      // Days and stamps before 1970 are negative.
      w.u32(this.head(row, OLDEST_DAY) >>> 0);
      w.u32(this.head(row, TRAINED) >>> 0);
      w.u32(this.head(row, BINS));
      for (let slot = 0; slot < this.head(row, USED); slot += 1) {
        const at = offset + slot * ENTRY;
        if (slab[at + VALUE] === -1) continue;
        w.u32(slab[at + VALUE] as number);
        w.u32(slab[at + COUNT] as number);
        w.u32((slab[at + STAMP] as number) >>> 0);
      }
    }
  }

  load(r: BinaryReader): void {
    this.rows.load(r);
    this.heads = grown(this.heads, this.rows.length * HEAD);
    for (let row = 0; row < this.rows.length; row += 1) {
      if (!this.rows.isLive(row)) continue;
      this.setHead(row, OLDEST_DAY, r.u32() | 0);
      this.setHead(row, TRAINED, r.u32() | 0);
      const bins = r.u32();
      let capacity = nextCapacity(0);
      while (capacity < bins) capacity = nextCapacity(capacity);
      this.allocate(row, capacity);
      this.clearGaps(row);
      const slab = this.slab(row);
      const offset = this.head(row, OFFSET);
      let total = 0;
      for (let slot = 0; slot < bins; slot += 1) {
        const at = offset + slot * ENTRY;
        slab[at + VALUE] = r.u32();
        slab[at + COUNT] = r.u32();
        slab[at + STAMP] = r.u32() | 0;
        total += slab[at + COUNT] as number;
        if (capacity > SCANNED) this.index(row, slot, slab[at + VALUE] as number);
      }
      this.pairs += bins;
      this.setHead(row, TOTAL, total);
      this.setHead(row, USED, bins);
      this.setHead(row, BINS, bins);
    }
  }
}

const SLOT_SPACE = 2 * MAX_BINS;

/** A power of two, of which the entries take three quarters at most. */
function indexSize(capacity: number): number {
  return Math.max(16, 1 << (32 - Math.clz32(Math.ceil((capacity * 4) / 3) - 1)));
}

function slabSize(capacity: number): number {
  return ENTRY * capacity + (capacity > SCANNED ? indexSize(capacity) : 0);
}

function nextCapacity(capacity: number): number {
  if (capacity < 2) return 2;
  return capacity < SCANNED ? capacity * 2 : Math.ceil(capacity * 1.5);
}

function shift(ranks: Map<number, number>, count: number, by: number): void {
  if (count === 0) return;
  const bins = (ranks.get(count) ?? 0) + by;
  if (bins === 0) ranks.delete(count);
  else ranks.set(count, bins);
}
