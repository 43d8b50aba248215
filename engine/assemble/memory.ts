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

/** What was told first under a name. */
interface Told {
  readonly type: number;
  readonly sender: unknown;
  readonly subject: unknown;
  readonly recipients: unknown;
  time: number;
}

/**
 * The events told of late, so that none is told twice: within `window` of each other, events of one
 * type with the same message, sender, subject and recipients, or the same alert and activity, are one.
 *
 * Nearly every name comes once, so what was told first under it is kept as it is and compared. Of what
 * else comes under the same name a hash is made, and of what would take much memory.
 */
export class ToldEvents {
  private readonly first = new Memory<string, Told>();
  private readonly others = new Memory<number, readonly [check: number, time: number]>();

  /** Whether it was told before; if not, it is from now on. */
  isRepeat(kind: RecordKind, type: number, fields: Fields, time: number, window: number): boolean {
    const isMail = kind === 'mail';
    const alert = fields['alert_id'];
    const name = isMail ? (fields['message_id'] ?? alert) : alert;
    if (typeof name !== 'string') return false;
    const sender = isMail ? fields['sender'] : fields['activity'];
    const subject = isMail ? fields['subject'] : undefined;
    const recipients = isMail ? fields['recipients'] : undefined;
    if (lengthOf(name, sender, subject, recipients) > BRIEF)
      return this.isOtherRepeat(hashOf(type, [name, sender, subject], recipients), time, window);
    const first = this.first.get(name);
    if (first === undefined) {
      this.first.set(name, { type, sender, subject, recipients, time });
      return false;
    }
    if (
      first.type === type &&
      first.sender === sender &&
      first.subject === subject &&
      areSame(first.recipients, recipients)
    ) {
      if (Math.abs(time - first.time) <= window) return true;
      first.time = time;
      this.first.set(name, first);
      return false;
    }
    // The first lives as long as the others under its name: without it they would not be looked for.
    this.first.set(name, first);
    return this.isOtherRepeat(hashOf(type, [name, sender, subject], recipients), time, window);
  }

  private isOtherRepeat([key, check]: readonly [number, number], time: number, window: number) {
    const earlier = this.others.get(key);
    if (earlier !== undefined && earlier[0] === check && Math.abs(time - earlier[1]) <= window)
      return true;
    this.others.set(key, [check, time]);
    return false;
  }

  /** Forgets what is older than `keep`; returns how many had to be forgotten before that. */
  turn(now: number, keep: number, limit: number): number {
    return this.first.turn(now, keep, limit) + this.others.turn(now, keep, limit);
  }

  save(writer: BinaryWriter): void {
    this.first.save(writer);
    this.others.save(writer);
  }

  load(reader: BinaryReader): void {
    this.first.load(reader);
    this.others.load(reader);
  }
}

/** Characters of what is kept of an event; with more, and for long lists, a hash has to do. */
const BRIEF = 500;
const FEW = 8;

function lengthOf(name: string, sender: unknown, subject: unknown, recipients: unknown): number {
  let length = name.length;
  if (typeof sender === 'string') length += sender.length;
  if (typeof subject === 'string') length += subject.length;
  if (!Array.isArray(recipients)) return length;
  if (recipients.length > FEW) return Number.POSITIVE_INFINITY;
  for (const recipient of recipients as readonly string[]) length += recipient.length;
  return length;
}

function areSame(a: unknown, b: unknown): boolean {
  if (!Array.isArray(a) || !Array.isArray(b)) return a === b;
  return a.length === b.length && a.every((member, i) => member === b[i]);
}

/**
 * A hash of 62 bits in the place of what makes two events the same: the memory holds numbers and no
 * long texts, and two different events of one window never meet in practice. The key has 30 bits, since
 * a map is quick with small integers only.
 */
function hashOf(
  type: number,
  texts: readonly unknown[],
  recipients: unknown,
): readonly [key: number, check: number] {
  let a = 0xdeadbeef ^ type;
  let b = 0x41c6ce57 ^ type;
  const add = (text: unknown): void => {
    if (typeof text === 'string')
      for (let i = 0; i < text.length; i++) {
        const code = text.charCodeAt(i);
        a = Math.imul(a ^ code, 2_654_435_761);
        b = Math.imul(b ^ code, 1_597_334_677);
      }
    // Ends the text, so that its parts cannot move into its neighbour.
    a = Math.imul(a ^ 0x10ffff, 2_654_435_761);
    b = Math.imul(b ^ 0x10ffff, 1_597_334_677);
  };
  for (const text of texts) add(text);
  if (Array.isArray(recipients)) for (const recipient of recipients) add(recipient);
  let x = Math.imul(a ^ (a >>> 16), 2_246_822_507) ^ Math.imul(b ^ (b >>> 13), 3_266_489_909);
  let y = Math.imul(b ^ (b >>> 16), 2_246_822_507) ^ Math.imul(a ^ (a >>> 13), 3_266_489_909);
  x ^= x >>> 16;
  y ^= y >>> 16;
  return [x & 0x3fffffff, y];
}
