/** What people remember of their contacts, packed: 100 000 people have two or three such memories. */

import type { Random } from '../random.js';

/** Room in pairs that a memory has in turn. */
const ROOMS = [4, 8, 12, 18, 27, 40, 60, 90, 135, 200, 300, 450] as const;
const SEGMENT_BITS = 16;
const SEGMENT = 1 << SEGMENT_BITS;

/**
 * Blocks of integers for many memories. Typed arrays of their own would cost more than what they
 * hold, and those that were outgrown would leave holes between the others.
 */
export class Blocks {
  private readonly segments: Int32Array[] = [];
  private readonly free: number[][] = ROOMS.map(() => []);
  private end = 0;
  private left = 0;

  /** A block with the n-th amount of room. */
  take(room: number): number {
    const outgrown = this.free[room]?.pop();
    if (outgrown !== undefined) return outgrown;
    const size = 2 * (ROOMS[room] as number);
    if (size > this.left) {
      this.end = this.segments.length * SEGMENT;
      this.left = SEGMENT;
      this.segments.push(new Int32Array(SEGMENT));
    }
    const block = this.end;
    this.end += size;
    this.left -= size;
    return block;
  }

  giveBack(block: number, room: number): void {
    this.free[room]?.push(block);
  }

  get(at: number): number {
    return (this.segments[at >>> SEGMENT_BITS] as Int32Array)[at & (SEGMENT - 1)] as number;
  }

  set(at: number, value: number): void {
    (this.segments[at >>> SEGMENT_BITS] as Int32Array)[at & (SEGMENT - 1)] = value;
  }
}

/** A bounded memory of (domain, contact) pairs; what overflows replaces a random one. */
export class Memory {
  private readonly blocks: Blocks;
  private readonly cap: number;
  private block: number;
  private room = 0;
  private size = 0;

  /** `cap` is at most 450. */
  constructor(blocks: Blocks, cap: number) {
    this.blocks = blocks;
    this.cap = cap;
    this.block = blocks.take(0);
  }

  get count(): number {
    return this.size;
  }

  add(random: Random, domain: number, contact: number): void {
    let slot = this.size;
    if (slot < this.cap) {
      if (slot === ROOMS[this.room]) this.grow();
      this.size++;
    } else {
      slot = random.int(slot);
    }
    this.put(slot, domain, contact);
  }

  private put(slot: number, domain: number, contact: number): void {
    const at = this.block + 2 * slot;
    this.blocks.set(at, domain);
    this.blocks.set(at + 1, contact);
  }

  private grow(): void {
    const { blocks, block, room } = this;
    this.block = blocks.take(room + 1);
    this.room = room + 1;
    for (let i = 0; i < 2 * this.size; i++) blocks.set(this.block + i, blocks.get(block + i));
    blocks.giveBack(block, room);
  }

  slot(random: Random): number {
    return random.int(this.size);
  }

  domainAt(slot: number): number {
    return this.blocks.get(this.block + 2 * slot);
  }

  contactAt(slot: number): number {
    return this.blocks.get(this.block + 2 * slot + 1);
  }

  holds(domain: number): boolean {
    for (let slot = 0; slot < this.size; slot++) if (this.domainAt(slot) === domain) return true;
    return false;
  }

  /** Keeps each entry with this probability. */
  thin(random: Random, share: number): void {
    let kept = 0;
    for (let slot = 0; slot < this.size; slot++) {
      if (!random.chance(share)) continue;
      this.put(kept, this.domainAt(slot), this.contactAt(slot));
      kept++;
    }
    this.size = kept;
  }
}
