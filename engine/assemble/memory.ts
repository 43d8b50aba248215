import type { BinaryReader, BinaryWriter } from '../binary.js';
import type { Fields, RecordKind } from '../contract.js';
import { type Message, weightOf } from './message.js';

/** Two generations of names, so that old ones go without a look at each. */
export class Memory<K extends string | number, V> {
  private young = new Map<K, V>();
  private old = new Map<K, V>();
  private turned = Number.NEGATIVE_INFINITY;

  get(key: K): V | undefined {
    return this.young.get(key) ?? this.old.get(key);
  }

  set(key: K, value: V): void {
    this.young.set(key, value);
  }

  /** Forgets what is older than `keep`; at most `limit` names stay in either generation. */
  turn(now: number, keep: number, limit: number): number {
    if (now - this.turned < keep && this.young.size < limit) return 0;
    const early = now - this.turned < keep ? this.old.size : 0;
    this.old = this.young;
    this.young = new Map();
    this.turned = now;
    return early;
  }

  save(writer: BinaryWriter): void {
    writer.f64(this.turned);
    writer.json([[...this.young], [...this.old]]);
  }

  load(reader: BinaryReader): void {
    this.turned = reader.f64();
    const [young, old] = reader.json() as [[K, V][], [K, V][]];
    this.young = new Map(young);
    this.old = new Map(old);
  }
}

/** Closed messages by name, in the order in which they were closed. */
export class Kept {
  private readonly messages = new Map<string, Message>();
  // One iterator for all looks at the oldest: a new one would step over every place that deleted
  // messages left behind, each time.
  private order = this.messages.values();
  private head: Message | undefined;
  /** Weight of all together. */
  weight = 0;

  get size(): number {
    return this.messages.size;
  }

  get(key: string): Message | undefined {
    return this.messages.get(key);
  }

  values(): Iterable<Message> {
    return this.messages.values();
  }

  add(message: Message): void {
    this.delete(message.key);
    this.messages.set(message.key, message);
    this.weight += weightOf(message);
  }

  delete(key: string): void {
    const message = this.messages.get(key);
    if (message === undefined) return;
    if (message === this.head) this.head = undefined;
    this.weight -= weightOf(message);
    this.messages.delete(key);
  }

  clear(): void {
    this.messages.clear();
    this.order = this.messages.values();
    this.head = undefined;
    this.weight = 0;
  }

  /** The one that was closed first. */
  oldest(): Message | undefined {
    if (this.messages.size === 0) return undefined;
    while (this.head === undefined) {
      const next = this.order.next();
      if (next.done === true) this.order = this.messages.values();
      else this.head = next.value;
    }
    return this.head;
  }
}

/**
 * The events told of late, so that none is told twice: within `window` of each other, events of one
 * type with the same message, sender, subject and recipients, or the same alert, are one.
 */
export class ToldEvents {
  private readonly memory = new Memory<number, readonly [check: number, time: number]>();

  /** Whether it was told before; if not, it is from now on. */
  isRepeat(kind: RecordKind, type: number, fields: Fields, time: number, window: number): boolean {
    if (!hashOf(kind, type, fields)) return false;
    const name = finish();
    const check = b;
    const earlier = this.memory.get(name);
    if (earlier !== undefined && earlier[0] === check && Math.abs(time - earlier[1]) <= window)
      return true;
    this.memory.set(name, [check, time]);
    return false;
  }

  turn(now: number, keep: number, limit: number): number {
    return this.memory.turn(now, keep, limit);
  }

  save(writer: BinaryWriter): void {
    this.memory.save(writer);
  }

  load(reader: BinaryReader): void {
    this.memory.load(reader);
  }
}

/**
 * A hash of 62 bits in the place of what makes two events the same: the memory holds numbers and no
 * long texts, and two different events of one window never meet in practice. Both halves are here
 * while an event is hashed, so that nothing is made for it.
 */
let a = 0;
let b = 0;

/** False for an event that nothing identifies. */
function hashOf(kind: RecordKind, type: number, fields: Fields): boolean {
  const alert = fields['alert_id'];
  a = 0xdeadbeef ^ type;
  b = 0x41c6ce57 ^ type;
  if (kind !== 'mail') {
    if (typeof alert !== 'string') return false;
    addText(alert);
    addText(fields['activity']);
    return true;
  }
  const id = fields['message_id'] ?? alert;
  if (typeof id !== 'string') return false;
  addText(id);
  addText(fields['sender']);
  addText(fields['subject']);
  const recipients = fields['recipients'];
  if (Array.isArray(recipients)) for (const recipient of recipients) addText(recipient);
  return true;
}

function addText(text: unknown): void {
  let x = a;
  let y = b;
  if (typeof text === 'string')
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      x = Math.imul(x ^ code, 2_654_435_761);
      y = Math.imul(y ^ code, 1_597_334_677);
    }
  // Ends the text, so that its parts cannot move into its neighbour.
  a = Math.imul(x ^ 0x10ffff, 2_654_435_761);
  b = Math.imul(y ^ 0x10ffff, 1_597_334_677);
}

/** The key: 30 bits, since a map is quick with small integers only. The other 32 are left in `b`. */
function finish(): number {
  let x = Math.imul(a ^ (a >>> 16), 2_246_822_507) ^ Math.imul(b ^ (b >>> 13), 3_266_489_909);
  let y = Math.imul(b ^ (b >>> 16), 2_246_822_507) ^ Math.imul(a ^ (a >>> 13), 3_266_489_909);
  x ^= x >>> 16;
  y ^= y >>> 16;
  b = y;
  return x & 0x3fffffff;
}
