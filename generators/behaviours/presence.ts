/** Who is at work when, shared by all that people do in office hours. */

import type { Person } from '../activity.js';
import { HOUR, HOUR_SHARES, isHoliday, isOnLeave, weekday } from '../calendar.js';
import { officeOf } from '../organisation.js';
import { type Random, Weighted } from '../random.js';

/** Hours of the day by how much people mail in them. */
export const HOURS = new Weighted(HOUR_SHARES.map((share, hour) => [hour, share] as const));

/** A moment of a working day, in ms since local midnight. */
export function momentAtWork(random: Random): number {
  return (HOURS.draw(random) + random.uniform()) * HOUR;
}

/** Whether a local day is a weekday on which the person is neither on leave nor on a holiday. */
export function isAtWork(seed: number, person: Person, day: number): boolean {
  return (
    weekday(day) < 5 && !isOnLeave(seed, person.index, day) && !isHoliday(officeOf(person), day)
  );
}
