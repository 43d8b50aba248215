/**
 * A day's agenda: who does what when, before anything is spelt out. Entries are integers, so that
 * a day of 100 000 people costs megabytes and activities exist one at a time.
 */

import type { Activity } from '../activity.js';
import { DAY } from '../calendar.js';

/** Slots per key; a key is (ms of the day) · SLOTS + slot, which needs 53 bits at most. */
const SLOTS = 67_108_864;

export class Agenda {
  private keys = new Float64Array(1024);
  private person = new Int32Array(1024);
  private act = new Uint8Array(1024);
  private count = 0;
  private carriedOver: { offset: number; person: number; act: number }[] = [];

  /** `offset` is ms since the start of the UTC day and may lie beyond its end, not before it. */
  add(offset: number, person: number, act: number): void {
    if (offset >= DAY) {
      this.carriedOver.push({ offset: offset - DAY, person, act });
      return;
    }
    if (this.count === this.keys.length) this.grow();
    this.keys[this.count] = Math.max(0, Math.floor(offset)) * SLOTS + this.count;
    this.person[this.count] = person;
    this.act[this.count] = act;
    this.count++;
  }

  /** Calls back in time order and empties the agenda, keeping what belongs to later days. */
  *drain(): Generator<{ offset: number; person: number; act: number }> {
    const sorted = this.keys.subarray(0, this.count).sort();
    const entry = { offset: 0, person: 0, act: 0 };
    for (let i = 0; i < sorted.length; i++) {
      const key = sorted[i] as number;
      const slot = key % SLOTS;
      entry.offset = (key - slot) / SLOTS;
      entry.person = this.person[slot] as number;
      entry.act = this.act[slot] as number;
      yield entry;
    }
    this.count = 0;
    const kept = this.carriedOver;
    this.carriedOver = [];
    for (const item of kept) this.add(item.offset, item.person, item.act);
  }

  private grow(): void {
    const size = this.keys.length * 2;
    const keys = new Float64Array(size);
    keys.set(this.keys);
    const person = new Int32Array(size);
    person.set(this.person);
    const act = new Uint8Array(size);
    act.set(this.act);
    this.keys = keys;
    this.person = person;
    this.act = act;
  }
}

/** Where behaviours put what follows from an activity: replies, second attempts. */
export interface FollowUps {
  /** The activity's time must not lie before the moment it is called at. */
  later(activity: Activity): void;
}
