/** Many sources, one log: activities merged in time order, their lines in order of arrival. */

import type { Activity, WireLine } from './activity.js';
import { MINUTE } from './calendar.js';
import { Heap } from './heap.js';
import { randomStream } from './random.js';
import type { Writer } from './wire/writer.js';

/** An activity and whose it is. */
export interface Tagged {
  readonly activity: Activity;
  /** Opaque to the timeline; 0 is background by custom. */
  readonly tag: number;
}

/** A line with the tag of the activity it came from. */
export interface TimelineLine extends WireLine {
  readonly tag: number;
}

export interface TimelineOptions {
  /** Default: the writer's. */
  readonly seed?: number;
  /** Mean delay between writing and arrival, ms; servers differ. Default 1 500. */
  readonly disorder?: number;
  /** Share of lines that come twice. Default 0.0005. */
  readonly duplicates?: number;
  /** Share of lines that come five minutes to two hours late. Default 0.0002. */
  readonly late?: number;
}

/** All activities of the sources in time order; equal times in the order of the sources. */
export function* merge(sources: Iterable<Iterable<Tagged>>): Generator<Tagged, void, undefined> {
  const heap = new Heap<{ iterator: Iterator<Tagged>; head: Tagged; source: number }>();
  let source = 0;
  for (const iterable of sources) {
    const iterator = iterable[Symbol.iterator]();
    const first = iterator.next();
    if (first.done !== true) {
      heap.push(first.value.activity.time, { iterator, head: first.value, source }, source);
    }
    source++;
  }
  for (let entry = heap.pop(); entry !== undefined; entry = heap.pop()) {
    const { iterator, head } = entry;
    yield head;
    // The rest of a source comes without the heap while it stays the earliest.
    for (;;) {
      const step = iterator.next();
      if (step.done === true) break;
      const { time } = step.value.activity;
      if (time < entry.head.activity.time) {
        throw new RangeError(`source ${entry.source} of the timeline is not in time order`);
      }
      entry.head = step.value;
      if (time >= heap.next) {
        heap.push(time, entry, entry.source);
        break;
      }
      yield step.value;
    }
  }
}

/**
 * What all sources' activities come to, in order of arrival, which is the order of their times but for a
 * small disorder, some that come late and some that come twice. Holds only what is still to come for
 * activities already begun, however long the sources are.
 *
 * @param entries what an activity comes to; none is timed before it. The array is read at once
 * @throws RangeError when a source is not in time order
 */
export function* arrivals<T extends { readonly time: number }>(
  sources: Iterable<Iterable<Tagged>>,
  entries: (of: Tagged) => readonly T[],
  seed: number,
  options: Omit<TimelineOptions, 'seed'>,
): Generator<T, void, undefined> {
  const { disorder = 1500, duplicates = 0.0005, late = 0.0002 } = options;
  const random = randomStream(seed, 'timeline');
  const arriving = new Heap<T>();
  for (const tagged of merge(sources)) {
    while (arriving.next <= tagged.activity.time) yield arriving.pop() as T;
    for (const entry of entries(tagged)) {
      let arrival = entry.time + (disorder > 0 ? random.exponential(disorder) : 0);
      if (random.chance(late)) arrival += (5 + 115 * random.uniform()) * MINUTE;
      arriving.push(arrival, entry);
      if (random.chance(duplicates)) arriving.push(arrival + 60_000 * random.uniform(), entry);
    }
  }
  while (arriving.size > 0) yield arriving.pop() as T;
}

/**
 * The log of all sources: lines in order of arrival. `time` is the line's own.
 *
 * @throws RangeError when a source is not in time order
 */
export function timeline(
  sources: Iterable<Iterable<Tagged>>,
  writer: Writer,
  options: TimelineOptions = {},
): Generator<TimelineLine, void, undefined> {
  const made: TimelineLine[] = [];
  const lines = ({ activity, tag }: Tagged): readonly TimelineLine[] => {
    made.length = 0;
    for (const { time, log, text, message_id } of writer.write(activity)) {
      made.push({ time, log, text, message_id, tag });
    }
    return made;
  };
  return arrivals(sources, lines, options.seed ?? writer.seed, options);
}
