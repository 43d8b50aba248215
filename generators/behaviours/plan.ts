/**
 * A day's agenda: who does what when, before anything is spelt out. Entries are integers, so that
 * a day of 100 000 people costs megabytes and activities exist one at a time.
 */

import type { Activity } from '../activity.js';
import { DAY } from '../calendar.js';

/** Slots per key; a key is (ms of the day) · SLOTS + slot, which needs 53 bits at most. */
const SLOTS = 67_108_864;

/** Entries of a day in typed arrays. */
class Entries {
  /** Milliseconds since the start of the day. */
  offsets = new Float64Array(1024);
  persons = new Int32Array(1024);
  acts = new Uint8Array(1024);
  count = 0;

  push(offset: number, person: number, act: number): void {
    const i = this.count;
    if (i === this.offsets.length) this.grow();
    this.offsets[i] = offset;
    this.persons[i] = person;
    this.acts[i] = act;
    this.count = i + 1;
  }

  private grow(): void {
    const size = this.offsets.length * 2;
    const offsets = new Float64Array(size);
    offsets.set(this.offsets);
    this.offsets = offsets;
    const persons = new Int32Array(size);
    persons.set(this.persons);
    this.persons = persons;
    const acts = new Uint8Array(size);
    acts.set(this.acts);
    this.acts = acts;
  }
}

export class Agenda {
  private today = new Entries();
  private later = new Entries();

  /** `offset` is ms since the start of the UTC day and may lie beyond its end, not before it. */
  add(offset: number, person: number, act: number): void {
    if (offset >= DAY) this.later.push(offset - DAY, person, act);
    else this.today.push(Math.max(0, Math.floor(offset)), person, act);
  }

  /** Calls back in time order and empties the agenda, keeping what belongs to later days. */
  *drain(): Generator<{ offset: number; person: number; act: number }> {
    const { offsets, persons, acts, count } = this.today;
    for (let i = 0; i < count; i++) offsets[i] = (offsets[i] as number) * SLOTS + i;
    const sorted = offsets.subarray(0, count).sort();
    const entry = { offset: 0, person: 0, act: 0 };
    for (let i = 0; i < count; i++) {
      const key = sorted[i] as number;
      const slot = key % SLOTS;
      entry.offset = (key - slot) / SLOTS;
      entry.person = persons[slot] as number;
      entry.act = acts[slot] as number;
      yield entry;
    }
    this.today.count = 0;
    const kept = this.later;
    this.later = new Entries();
    for (let i = 0; i < kept.count; i++)
      this.add(kept.offsets[i] as number, kept.persons[i] as number, kept.acts[i] as number);
  }
}

/** Where behaviours put what follows from an activity: replies, second attempts. */
export interface FollowUps {
  /** The activity's time must not lie before the moment it is called at. */
  later(activity: Activity): void;
}
