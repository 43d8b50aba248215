/**
 * When people work. All functions are pure in (seed, person, day), so a calendar costs no memory
 * however long the drill runs.
 *
 * A day number counts whole days since 1970-01-01.
 */

import { hashUnit } from './random.js';

export const MINUTE = 60_000;
export const HOUR = 3_600_000;
export const DAY = 86_400_000;

/** An office: where some of the people sit. */
export interface Office {
  readonly city: string;
  /** ISO 3166 code, upper case. */
  readonly country: string;
  /** Minutes east of UTC, the year round: daylight saving is not modelled. */
  readonly utc_offset: number;
  /** Public holidays as month-day, fixed dates only. */
  readonly holidays: readonly string[];
}

const EVERYWHERE = ['01-01', '12-25'];

/** In the order in which a growing organisation opens them. */
export const OFFICES: readonly Office[] = [
  {
    city: 'London',
    country: 'GB',
    utc_offset: 0,
    holidays: [...EVERYWHERE, '04-01', '05-06', '05-27', '08-26', '12-26'],
  },
  {
    city: 'Boston',
    country: 'US',
    utc_offset: -300,
    holidays: [...EVERYWHERE, '01-15', '05-27', '07-04', '09-02', '11-28', '11-29'],
  },
  {
    city: 'Hamburg',
    country: 'DE',
    utc_offset: 60,
    holidays: [...EVERYWHERE, '04-01', '05-01', '05-09', '10-03', '12-26', '12-31'],
  },
  {
    city: 'Gdansk',
    country: 'PL',
    utc_offset: 60,
    holidays: [...EVERYWHERE, '01-06', '05-01', '05-03', '08-15', '11-01', '11-11', '12-26'],
  },
  {
    city: 'Valencia',
    country: 'ES',
    utc_offset: 60,
    holidays: [...EVERYWHERE, '01-06', '05-01', '08-15', '10-09', '12-06'],
  },
  {
    city: 'Pune',
    country: 'IN',
    utc_offset: 330,
    holidays: [...EVERYWHERE, '01-26', '08-15', '10-02', '11-01'],
  },
];

const BY_COUNTRY = new Map(OFFICES.map((office) => [office.country, office]));

/** The office in a country; without one, the first office without its own holidays. */
export function officeIn(country: string | undefined): Office {
  return BY_COUNTRY.get(country ?? 'GB') ?? (OFFICES[0] as Office);
}

export function dayNumber(time: number): number {
  return Math.floor(time / DAY);
}

/** 0 Monday … 6 Sunday. */
export function weekday(day: number): number {
  return (((day + 3) % 7) + 7) % 7;
}

const monthDayCache = new Map<number, string>();

function monthDay(day: number): string {
  let text = monthDayCache.get(day);
  if (text === undefined) {
    text = new Date(day * DAY).toISOString().slice(5, 10);
    if (monthDayCache.size > 800) monthDayCache.clear();
    monthDayCache.set(day, text);
  }
  return text;
}

export function isHoliday(office: Office, day: number): boolean {
  return office.holidays.includes(monthDay(day));
}

/** In the last seven days of March, June, September or December. */
export function isQuarterEnd(day: number): boolean {
  const later = new Date((day + 7) * DAY);
  const now = new Date(day * DAY);
  return now.getUTCMonth() !== later.getUTCMonth() && now.getUTCMonth() % 3 === 2;
}

/**
 * Away from work: holidays of a week or two, single days off and sick days; about 24 working days
 * a year. August and late December are the favourites.
 */
export function isOnLeave(seed: number, person: number, day: number): boolean {
  const week = Math.floor((day + 3) / 7);
  const month = Number(monthDay(day).slice(0, 2));
  const season = month === 8 ? 2.6 : month === 12 || month === 7 ? 1.7 : 0.75;
  // A leave that began the week before may last two weeks.
  if (hashUnit(seed, person, week, 1) < 0.042 * season) return true;
  const before = hashUnit(seed, person, week - 1, 1);
  if (before < 0.014 * season) return true;
  return hashUnit(seed, person, day, 2) < 0.028;
}

/** Share of weekday mail by local hour; 6.5 % lie before 07:00 or from 19:00. */
export const HOUR_SHARES: readonly number[] = [
  0.0012, 0.0008, 0.0006, 0.0006, 0.0012, 0.004, 0.0165, 0.053, 0.102, 0.118, 0.121, 0.112, 0.088,
  0.097, 0.105, 0.098, 0.07, 0.034, 0.0155, 0.0118, 0.0102, 0.0085, 0.0056, 0.0032,
];
