/**
 * One categorical model: per scope, the values seen with their counts and when they were last seen.
 *
 * Every scope owns a slab in an arena of 32-bit integers: a column of value ids, one of counts, one
 * of last-seen minutes, and above eight entries an index by open addressing. Short slabs are
 * scanned, which costs one cache line. Slabs grow; chunks of the arena never move.
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
  loadColumn,
  minuteOf,
  ScopeRows,
  saveColumn,
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
}

/** Up to this many entries a slab has no index. */
const SCANNED = 8;
/** Scopes with more values than this keep their counts of counts once someone asks for the top. */
const RANKED = 256;
const FIRST_CHUNK = 1 << 10;
const CHUNK = 1 << 18;
/** Share of idle integers at which the arena is packed anew. */
const IDLE = 0.25;
/** Slots of a slab: eviction order packs a slot into 22 bits of a double. */
export const MAX_BINS = 1 << 21;

/** Entries of a scope in the order of their eviction, as far as it was worked out. */
interface Victims {
  readonly slots: Int32Array;
  readonly stamps: Int32Array;
  next: number;
}

export class CategoricalStore {
  readonly rows: ScopeRows;
  private readonly dictionary: TextDictionary;
  private readonly options: CategoricalOptions;
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

  private chunkOf = new Int32Array(64);
  private offsetOf = new Int32Array(64);
  private capacities = new Int32Array(64);
  /** Slots in use, gaps included. */
  private used = new Int32Array(64);
  /** Values. */
  private bins = new Int32Array(64);
  /** Observations. */
  private totals = new Float64Array(64);
  /** No entry was last seen before this day. */
  private oldestDay = new Int32Array(64);

  private readonly victims = new Map<number, Victims>();
  private readonly ranked = new Map<number, Map<number, number>>();

  constructor(
    dictionary: TextDictionary,
    options: CategoricalOptions,
    evicted: (what: 'bins' | 'scopes', count: number) => void,
  ) {
    this.dictionary = dictionary;
    this.options = options;
    this.evicted = evicted;
    this.rows = new ScopeRows(dictionary, options.maxScopes);
  }

  /** Row of a scope with all that has aged by `clock` dropped; -1 when the scope is unknown. */
  find(scope: number, clock: number): number {
    const row = this.rows.find(scope);
    if (row >= 0) this.forget(row, dayOfMinute(minuteOf(clock)));
    return row;
  }

  /** Drops from every scope what has aged by `clock`. */
  age(clock: number): void {
    const today = dayOfMinute(minuteOf(clock));
    for (let row = 0; row < this.rows.length; row++) {
      if (this.rows.isLive(row)) this.forget(row, today);
    }
  }

  n(row: number): number {
    return row < 0 ? 0 : (this.totals[row] as number);
  }

  numBins(row: number): number {
    return row < 0 ? 0 : (this.bins[row] as number);
  }

  /** Observations of one value. */
  observations(row: number, value: number): number {
    if (row < 0) return 0;
    const slot = this.slotOf(row, value);
    return slot < 0 ? 0 : (this.slab(row)[this.countAt(row) + slot] as number);
  }

  confidence(row: number): number {
    if (row < 0) return 0;
    const n = this.totals[row] as number;
    if (n === 0 || n < this.options.cutOff) return 0;
    const share = (n - (this.bins[row] as number)) / n;
    return this.options.alpha === 1 ? share : share ** this.options.alpha;
  }

  /** The smallest count that at most `percentile` of the values reach. */
  top(row: number, percentile: number): number {
    const bins = this.numBins(row);
    if (bins === 0) return 1;
    const allowed = Math.floor(percentile * bins);
    if (bins <= RANKED) {
      const counts = new Int32Array(bins);
      let length = 0;
      const slab = this.slab(row);
      const from = this.countAt(row);
      for (let slot = 0; slot < (this.used[row] as number); slot += 1) {
        const count = slab[from + slot] as number;
        if (count > 0) counts[length++] = count;
      }
      counts.sort();
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
   * One observation. `time` stamps the value (the event's own), `clock` says what has aged; for a
   * late event they differ. The dictionary must know both ids; the scope's must be held.
   */
  train(scope: number, value: number, time: number, clock: number): void {
    // Room is made by forgetting, which must not give back the id at hand.
    this.dictionary.hold(value);
    let row = this.find(scope, clock);
    if (row < 0) row = this.addRow(scope);
    this.observe(row, value, time);
    this.dictionary.release(value);
  }

  private observe(row: number, value: number, time: number): void {
    const minute = minuteOf(time);
    let slot = this.slotOf(row, value);
    if (slot < 0) slot = this.addEntry(row, value, minute);
    const slab = this.slab(row);
    const counts = this.countAt(row);
    const count = (slab[counts + slot] as number) + 1;
    slab[counts + slot] = count;
    const stamps = counts + (this.capacities[row] as number);
    if (minute > (slab[stamps + slot] as number)) slab[stamps + slot] = minute;
    this.totals[row] = (this.totals[row] as number) + 1;
    this.rows.touch(row, minute);
    const ranks = this.ranked.get(row);
    if (ranks !== undefined) {
      shift(ranks, count - 1, -1);
      shift(ranks, count, 1);
    }
  }

  private slab(row: number): Int32Array {
    return this.chunks[this.chunkOf[row] as number] as Int32Array;
  }

  private countAt(row: number): number {
    return (this.offsetOf[row] as number) + (this.capacities[row] as number);
  }

  private slotOf(row: number, value: number): number {
    if (value < 0) return -1;
    const slab = this.chunks[this.chunkOf[row] as number] as Int32Array;
    const offset = this.offsetOf[row] as number;
    const capacity = this.capacities[row] as number;
    if (capacity <= SCANNED) {
      const used = this.used[row] as number;
      for (let slot = 0; slot < used; slot += 1) if (slab[offset + slot] === value) return slot;
      return -1;
    }
    const index = offset + 3 * capacity;
    const mask = indexSize(capacity) - 1;
    for (let at = spread(value) & mask; ; at = (at + 1) & mask) {
      const slot = (slab[index + at] as number) - 1;
      if (slot < 0) return -1;
      // A gap holds -1 and so is passed over.
      if (slab[offset + slot] === value) return slot;
    }
  }

  private addEntry(row: number, value: number, minute: number): number {
    if ((this.bins[row] as number) >= this.options.maxBins) this.evict(row);
    if ((this.used[row] as number) === (this.capacities[row] as number)) this.makeRoom(row);
    const slab = this.slab(row);
    const offset = this.offsetOf[row] as number;
    const capacity = this.capacities[row] as number;
    const slot = this.used[row] as number;
    slab[offset + slot] = value;
    slab[offset + capacity + slot] = 0;
    slab[offset + 2 * capacity + slot] = minute;
    this.dictionary.hold(value);
    this.used[row] = slot + 1;
    this.bins[row] = (this.bins[row] as number) + 1;
    const day = dayOfMinute(minute);
    if (day < (this.oldestDay[row] as number) || this.bins[row] === 1) this.oldestDay[row] = day;
    if (capacity > SCANNED) this.index(row, slot, value);
    const victims = this.victims.get(row);
    if (victims !== undefined && minute < (victims.stamps[victims.stamps.length - 1] as number)) {
      this.victims.delete(row);
    }
    return slot;
  }

  private index(row: number, slot: number, value: number): void {
    const slab = this.slab(row);
    const capacity = this.capacities[row] as number;
    const index = (this.offsetOf[row] as number) + 3 * capacity;
    const mask = indexSize(capacity) - 1;
    let at = spread(value) & mask;
    while (slab[index + at] !== 0) at = (at + 1) & mask;
    slab[index + at] = slot + 1;
  }

  private removeEntry(row: number, slot: number): void {
    const slab = this.slab(row);
    const offset = this.offsetOf[row] as number;
    const counts = this.countAt(row);
    const count = slab[counts + slot] as number;
    this.dictionary.release(slab[offset + slot] as number);
    slab[offset + slot] = -1;
    slab[counts + slot] = 0;
    this.bins[row] = (this.bins[row] as number) - 1;
    this.totals[row] = (this.totals[row] as number) - count;
    const ranks = this.ranked.get(row);
    if (ranks !== undefined) shift(ranks, count, -1);
  }

  /** Drops every value not seen for longer than the aging. */
  private forget(row: number, today: number): void {
    const limit = today - this.options.agingDays;
    if ((this.oldestDay[row] as number) >= limit || this.bins[row] === 0) return;
    const slab = this.slab(row);
    const offset = this.offsetOf[row] as number;
    const stamps = offset + 2 * (this.capacities[row] as number);
    let oldest = today;
    for (let slot = 0; slot < (this.used[row] as number); slot += 1) {
      if (slab[offset + slot] === -1) continue;
      const day = dayOfMinute(slab[stamps + slot] as number);
      if (day < limit) this.removeEntry(row, slot);
      else if (day < oldest) oldest = day;
    }
    this.oldestDay[row] = oldest;
    if (this.bins[row] === 0) this.clearGaps(row);
  }

  private evict(row: number): void {
    const slab = this.slab(row);
    const offset = this.offsetOf[row] as number;
    const stamps = offset + 2 * (this.capacities[row] as number);
    for (;;) {
      let victims = this.victims.get(row);
      if (victims === undefined || victims.next === victims.slots.length) {
        victims = this.rankVictims(row);
        this.victims.set(row, victims);
      }
      const slot = victims.slots[victims.next] as number;
      const stamp = victims.stamps[victims.next] as number;
      victims.next += 1;
      if (slab[offset + slot] !== -1 && slab[stamps + slot] === stamp) {
        this.removeEntry(row, slot);
        this.evicted('bins', 1);
        return;
      }
    }
  }

  /** The next eighth of the entries to go; sorting them all for each eviction would be slow. */
  private rankVictims(row: number): Victims {
    const slab = this.slab(row);
    const offset = this.offsetOf[row] as number;
    const stamps = offset + 2 * (this.capacities[row] as number);
    const used = this.used[row] as number;
    const keys = new Float64Array(this.bins[row] as number);
    let length = 0;
    for (let slot = 0; slot < used; slot += 1) {
      if (slab[offset + slot] === -1) continue;
      keys[length++] = (slab[stamps + slot] as number) * SLOT_SPACE + slot;
    }
    keys.sort();
    const count = Math.max(1, Math.ceil(length / 8));
    const slots = new Int32Array(count);
    const seen = new Int32Array(count);
    for (let i = 0; i < count; i += 1) {
      const slot = (((keys[i] as number) % SLOT_SPACE) + SLOT_SPACE) % SLOT_SPACE;
      slots[i] = slot;
      seen[i] = slab[stamps + slot] as number;
    }
    return { slots, stamps: seen, next: 0 };
  }

  private clearGaps(row: number): void {
    this.used[row] = 0;
    this.victims.delete(row);
    const capacity = this.capacities[row] as number;
    if (capacity > SCANNED) {
      const index = (this.offsetOf[row] as number) + 3 * capacity;
      this.slab(row).fill(0, index, index + indexSize(capacity));
    }
  }

  /** Closes the gaps, into the same slab when they are many, into the next larger one otherwise. */
  private makeRoom(row: number): void {
    const capacity = this.capacities[row] as number;
    const bins = this.bins[row] as number;
    const from = this.slab(row);
    const fromOffset = this.offsetOf[row] as number;
    const stay = capacity > 0 && bins * 4 <= capacity * 3;
    const size = stay ? capacity : nextCapacity(capacity);
    if (!stay) this.allocate(row, size);
    const to = this.slab(row);
    const toOffset = this.offsetOf[row] as number;
    let length = 0;
    for (let slot = 0; slot < capacity; slot += 1) {
      const value = from[fromOffset + slot] as number;
      if (value === -1) continue;
      to[toOffset + length] = value;
      to[toOffset + size + length] = from[fromOffset + capacity + slot] as number;
      to[toOffset + 2 * size + length] = from[fromOffset + 2 * capacity + slot] as number;
      length += 1;
    }
    if (!stay && capacity > 0) this.giveBack(from, fromOffset, capacity);
    this.clearGaps(row);
    this.used[row] = length;
    if (size > SCANNED) {
      for (let slot = 0; slot < length; slot += 1) {
        this.index(row, slot, to[toOffset + slot] as number);
      }
    }
    if (this.idle > FIRST_CHUNK && this.idle > this.sliced * IDLE) this.compact();
  }

  private allocate(row: number, capacity: number): void {
    this.capacities[row] = capacity;
    const reused = this.freeSlabs.get(capacity)?.pop();
    if (reused !== undefined) {
      this.idle -= slabSize(capacity);
      this.chunkOf[row] = reused.chunk;
      this.offsetOf[row] = reused.offset;
      return;
    }
    const length = slabSize(capacity);
    const last = this.chunks[this.chunks.length - 1];
    if (last === undefined || this.chunkUsed + length > last.length) {
      this.chunks.push(new Int32Array(Math.max(this.chunkSize, length)));
      this.chunkSize = Math.min(CHUNK, this.chunkSize * 2);
      this.chunkUsed = 0;
    }
    this.chunkOf[row] = this.chunks.length - 1;
    this.offsetOf[row] = this.chunkUsed;
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
      const from = chunks[this.chunkOf[row] as number] as Int32Array;
      const offset = this.offsetOf[row] as number;
      const capacity = this.capacities[row] as number;
      this.allocate(row, capacity);
      this.slab(row).set(
        from.subarray(offset, offset + slabSize(capacity)),
        this.offsetOf[row] as number,
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
      const slab = this.slab(row);
      const counts = this.countAt(row);
      for (let slot = 0; slot < (this.used[row] as number); slot += 1) {
        const count = slab[counts + slot] as number;
        if (count > 0) shift(ranks, count, 1);
      }
      this.ranked.set(row, ranks);
    }
    return ranks;
  }

  private addRow(scope: number): number {
    if (this.rows.full()) {
      const rows = this.rows.oldest();
      for (const row of rows) this.dropRow(row);
      this.evicted('scopes', rows.length);
    }
    const row = this.rows.add(scope);
    this.growColumns(row + 1);
    this.used[row] = 0;
    this.bins[row] = 0;
    this.totals[row] = 0;
    this.capacities[row] = 0;
    this.chunkOf[row] = 0;
    this.offsetOf[row] = 0;
    this.makeRoom(row);
    return row;
  }

  private growColumns(length: number): void {
    this.chunkOf = grown(this.chunkOf, length);
    this.offsetOf = grown(this.offsetOf, length);
    this.capacities = grown(this.capacities, length);
    this.used = grown(this.used, length);
    this.bins = grown(this.bins, length);
    this.totals = grown(this.totals, length);
    this.oldestDay = grown(this.oldestDay, length);
  }

  private dropRow(row: number): void {
    const slab = this.slab(row);
    const offset = this.offsetOf[row] as number;
    for (let slot = 0; slot < (this.used[row] as number); slot += 1) {
      if (slab[offset + slot] !== -1) this.dictionary.release(slab[offset + slot] as number);
    }
    this.giveBack(slab, offset, this.capacities[row] as number);
    this.victims.delete(row);
    this.ranked.delete(row);
    this.rows.remove(row);
  }

  save(w: BinaryWriter): void {
    this.rows.save(w);
    const length = this.rows.length;
    saveColumn(w, this.oldestDay, length);
    for (let row = 0; row < length; row += 1) {
      if (!this.rows.isLive(row)) continue;
      const slab = this.slab(row);
      const offset = this.offsetOf[row] as number;
      const capacity = this.capacities[row] as number;
      w.u32(this.bins[row] as number);
      for (let slot = 0; slot < (this.used[row] as number); slot += 1) {
        if (slab[offset + slot] === -1) continue;
        w.u32(slab[offset + slot] as number);
        w.u32(slab[offset + capacity + slot] as number);
        // Stamps before 1970 are negative.
        w.u32((slab[offset + 2 * capacity + slot] as number) >>> 0);
      }
    }
  }

  load(r: BinaryReader): void {
    this.rows.load(r);
    const length = this.rows.length;
    this.growColumns(length);
    this.oldestDay = loadColumn(r, this.oldestDay, length);
    for (let row = 0; row < length; row += 1) {
      if (!this.rows.isLive(row)) continue;
      const bins = r.u32();
      let capacity = nextCapacity(0);
      while (capacity < bins) capacity = nextCapacity(capacity);
      this.allocate(row, capacity);
      this.clearGaps(row);
      const slab = this.slab(row);
      const offset = this.offsetOf[row] as number;
      for (let slot = 0; slot < bins; slot += 1) {
        const value = r.u32();
        const count = r.u32();
        slab[offset + slot] = value;
        slab[offset + capacity + slot] = count;
        slab[offset + 2 * capacity + slot] = r.u32() | 0;
        this.totals[row] = (this.totals[row] as number) + count;
        if (capacity > SCANNED) this.index(row, slot, value);
      }
      this.used[row] = bins;
      this.bins[row] = bins;
    }
  }
}

const SLOT_SPACE = 2 * MAX_BINS;

function indexSize(capacity: number): number {
  let size = 16;
  while (size * 3 < capacity * 4) size *= 2;
  return size;
}

function slabSize(capacity: number): number {
  return 3 * capacity + (capacity > SCANNED ? indexSize(capacity) : 0);
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
