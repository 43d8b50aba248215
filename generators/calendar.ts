/**
 * When people work. All functions are pure in (seed, person, day), so a calendar costs no memory
 * however long the drill runs.
 *
 * A day number counts whole days since 1970-01-01. A person's days are those of the person's time
 * zone, with daylight saving time: the zone's rules come from the runtime's own tables (Intl). Over
 * 400 lines because of the tables of holidays.
 */

import { hashNumbers, hashUnit } from './random.js';

export const MINUTE = 60_000;
export const HOUR = 3_600_000;
export const DAY = 86_400_000;
const WEEK = 7 * DAY;

/** Where people sit: whose holidays they have and what their clocks show. */
export interface Office {
  readonly city: string;
  /** ISO 3166 code, upper case. */
  readonly country: string;
  /** IANA name. */
  readonly time_zone: string;
  /**
   * Public holidays: `12-25` is a date, `E+1` the day after Easter Sunday, `05:1:0` the first Monday
   * of May (weekdays from 0 Monday; -1 is the last), `diwali` the day of that name.
   */
  readonly holidays: readonly string[];
  /** What happens to a date that falls on a weekend; it is lost when absent. */
  readonly observed?: 'monday' | 'nearest';
}

const EVERYWHERE = ['01-01', '12-25'];

/** In the order in which a growing organisation opens them. */
export const OFFICES: readonly Office[] = [
  {
    city: 'London',
    country: 'GB',
    time_zone: 'Europe/London',
    holidays: [...EVERYWHERE, '12-26', 'E-2', 'E+1', '05:1:0', '05:-1:0', '08:-1:0'],
    observed: 'monday',
  },
  {
    city: 'Boston',
    country: 'US',
    time_zone: 'America/New_York',
    holidays: [
      ...EVERYWHERE,
      '07-04',
      '01:3:0',
      '05:-1:0',
      '09:1:0',
      '11:4:3',
      '11:4:3+1',
      '06-19',
    ],
    observed: 'nearest',
  },
  {
    city: 'Hamburg',
    country: 'DE',
    time_zone: 'Europe/Berlin',
    holidays: [...EVERYWHERE, '12-26', '05-01', '10-03', '10-31', 'E-2', 'E+1', 'E+39', 'E+50'],
  },
  {
    city: 'Gdansk',
    country: 'PL',
    time_zone: 'Europe/Warsaw',
    holidays: [
      ...EVERYWHERE,
      '12-26',
      '01-06',
      '05-01',
      '05-03',
      '08-15',
      '11-01',
      '11-11',
      'E+1',
      'E+60',
    ],
  },
  {
    city: 'Valencia',
    country: 'ES',
    time_zone: 'Europe/Madrid',
    holidays: [
      ...EVERYWHERE,
      '01-06',
      '05-01',
      '08-15',
      '10-09',
      '10-12',
      '11-01',
      '12-06',
      '12-08',
      'E-2',
      'E+1',
    ],
  },
  {
    city: 'Pune',
    country: 'IN',
    time_zone: 'Asia/Kolkata',
    holidays: ['01-26', '05-01', '08-15', '10-02', '12-25', 'diwali', 'diwali+1'],
  },
];

/** Countries without an office of ours, for directories that name them and for travellers. */
const ELSEWHERE: readonly Office[] = [
  ['Paris', 'FR', 'Europe/Paris', '05-01 05-08 07-14 08-15 11-01 11-11 E+1 E+39 E+50'],
  ['Milan', 'IT', 'Europe/Rome', '01-06 04-25 05-01 06-02 08-15 11-01 12-08 12-26 E+1'],
  ['Amsterdam', 'NL', 'Europe/Amsterdam', '04-27 12-26 E+1 E+39 E+50'],
  ['Brussels', 'BE', 'Europe/Brussels', '05-01 07-21 08-15 11-01 11-11 E+1 E+39 E+50'],
  ['Luxembourg', 'LU', 'Europe/Luxembourg', '05-01 06-23 08-15 11-01 12-26 E+1 E+39 E+50'],
  ['Vienna', 'AT', 'Europe/Vienna', '01-06 05-01 08-15 10-26 11-01 12-08 12-26 E+1 E+39 E+50 E+60'],
  ['Zurich', 'CH', 'Europe/Zurich', '01-02 05-01 08-01 12-26 E-2 E+1 E+39 E+50'],
  ['Dublin', 'IE', 'Europe/Dublin', '03-17 12-26 05:1:0 06:1:0 08:1:0 10:-1:0 E+1'],
  ['Stockholm', 'SE', 'Europe/Stockholm', '01-06 05-01 06-06 12-24 12-26 12-31 E-2 E+1 E+39'],
  ['Copenhagen', 'DK', 'Europe/Copenhagen', '06-05 12-24 12-26 E-3 E-2 E+1 E+39 E+50'],
  ['Oslo', 'NO', 'Europe/Oslo', '05-01 05-17 12-26 E-3 E-2 E+1 E+39 E+50'],
  ['Helsinki', 'FI', 'Europe/Helsinki', '01-06 05-01 12-06 12-24 12-26 E-2 E+1 E+39'],
  ['Prague', 'CZ', 'Europe/Prague', '05-01 05-08 07-05 07-06 09-28 10-28 11-17 12-24 E-2 E+1'],
  ['Lisbon', 'PT', 'Europe/Lisbon', '04-25 05-01 06-10 08-15 10-05 11-01 12-01 12-08 E-2 E+60'],
  ['Toronto', 'CA', 'America/Toronto', '07-01 12-26 05:3:0 09:1:0 10:2:0 E-2'],
  ['Sydney', 'AU', 'Australia/Sydney', '01-26 04-25 12-26 E-2 E+1 06:2:0'],
  ['Tokyo', 'JP', 'Asia/Tokyo', '01-02 01-03 02-11 04-29 05-03 05-04 05-05 08-11 11-03 11-23'],
  ['Singapore', 'SG', 'Asia/Singapore', '05-01 08-09 E-2 diwali'],
  ['Shanghai', 'CN', 'Asia/Shanghai', '05-01 05-02 10-01 10-02 10-03'],
  ['Seoul', 'KR', 'Asia/Seoul', '03-01 05-05 06-06 08-15 10-03 10-09'],
  ['Taipei', 'TW', 'Asia/Taipei', '02-28 04-04 10-10'],
  ['Hanoi', 'VN', 'Asia/Ho_Chi_Minh', '04-30 05-01 09-02'],
  ['Dubai', 'AE', 'Asia/Dubai', '12-02 12-03'],
  ['Istanbul', 'TR', 'Europe/Istanbul', '04-23 05-01 05-19 08-30 10-29'],
  ['Sao Paulo', 'BR', 'America/Sao_Paulo', '04-21 05-01 09-07 10-12 11-02 11-15 E-47 E-2 E+60'],
].map(([city = '', country = '', time_zone = '', holidays = '']) => ({
  city,
  country,
  time_zone,
  holidays: [...EVERYWHERE, ...holidays.split(' ')],
}));

const BY_COUNTRY = new Map([...ELSEWHERE, ...OFFICES].map((office) => [office.country, office]));

/**
 * The office in a country; the first office without a country. A country that is not known has the
 * clocks of UTC and no holidays but New Year and Christmas.
 */
export function officeIn(country: string | undefined): Office {
  const known = BY_COUNTRY.get(country ?? 'GB');
  if (known !== undefined || country === undefined) return known ?? (OFFICES[0] as Office);
  const office = { city: country, country, time_zone: 'UTC', holidays: EVERYWHERE };
  if (BY_COUNTRY.size < 1000) BY_COUNTRY.set(country, office);
  return office;
}

export function dayNumber(time: number): number {
  return Math.floor(time / DAY);
}

/** 0 Monday … 6 Sunday. */
export function weekday(day: number): number {
  return (((day + 3) % 7) + 7) % 7;
}

/** What a zone's clocks show in one week; `at` is when they change, if they do. */
interface ZoneWeek {
  readonly before: number;
  readonly after: number;
  readonly at: number;
}

interface Zone {
  readonly format: Intl.DateTimeFormat;
  readonly weeks: Map<number, ZoneWeek>;
}

const zones = new Map<string, Zone>();

/** Whether there is a time zone of that name. */
export function isTimeZone(name: string): boolean {
  try {
    zoneNamed(name);
    return true;
  } catch {
    return false;
  }
}

function zoneNamed(name: string): Zone {
  let zone = zones.get(name);
  if (zone === undefined) {
    zone = {
      format: new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' }),
      weeks: new Map(),
    };
    zones.set(name, zone);
  }
  return zone;
}

/** Minutes, as `GMT-05:00` says them. */
function readOffset({ format }: Zone, time: number): number {
  const [, sign, hours, minutes] = /GMT(?:([+-])(\d\d):(\d\d))?/.exec(format.format(time)) ?? [];
  if (hours === undefined) return 0;
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}

/**
 * Minutes that the clocks of a time zone are ahead of UTC at a moment. Throws a RangeError for a
 * zone that does not exist.
 */
export function utcOffset(time_zone: string, time: number): number {
  const zone = zoneNamed(time_zone);
  const number = Math.floor(time / WEEK);
  let week = zone.weeks.get(number);
  if (week === undefined) {
    week = readWeek(zone, number);
    if (zone.weeks.size > 4000) zone.weeks.clear();
    zone.weeks.set(number, week);
  }
  return time < week.at ? week.before : week.after;
}

function readWeek(zone: Zone, number: number): ZoneWeek {
  const before = readOffset(zone, number * WEEK);
  const after = readOffset(zone, (number + 1) * WEEK);
  if (before === after) return { before, after, at: number * WEEK };
  let low = number * WEEK;
  let high = low + WEEK;
  while (high - low > MINUTE) {
    const middle = low + Math.floor((high - low) / 2 / MINUTE) * MINUTE;
    if (readOffset(zone, middle) === before) low = middle;
    else high = middle;
  }
  return { before, after, at: high };
}

/**
 * When a local day begins, ms since 1970 UTC, by the clock that holds at its noon: on days on which
 * clocks change, only the hours before the change are an hour off.
 */
export function startOfDay(time_zone: string, day: number): number {
  const noon = day * DAY + DAY / 2;
  return day * DAY - utcOffset(time_zone, noon - utcOffset(time_zone, noon) * MINUTE) * MINUTE;
}

/** Number of the local day at a moment. */
export function localDay(time_zone: string, time: number): number {
  return dayNumber(time + utcOffset(time_zone, time) * MINUTE);
}

/** Local days that begin in a UTC day: one, but for days next to a change of the clocks. */
export function daysBeginningIn(time_zone: string, day: number): number[] {
  return [day - 1, day, day + 1].filter((local) => dayNumber(startOfDay(time_zone, local)) === day);
}

const EPOCH_DAY = (year: number, month: number, date: number): number =>
  Math.round(Date.UTC(year, month - 1, date) / DAY);

/** Easter Sunday of the Gregorian calendar (Meeus). */
function easter(year: number): number {
  const a = year % 19;
  const b = Math.floor(year / 100);
  const c = year % 100;
  const d = Math.floor(b / 4);
  const e = b % 4;
  const g = Math.floor((8 * b + 13) / 25);
  const h = (19 * a + b - d - g + 15) % 30;
  const i = Math.floor(c / 4);
  const k = c % 4;
  const l = (32 + 2 * e + 2 * i - h - k) % 7;
  const m = Math.floor((a + 11 * h + 19 * l) / 433);
  const month = Math.floor((h + l - 7 * m + 90) / 25);
  return EPOCH_DAY(year, month, (h + l - 7 * m + 33 * month + 19) % 32);
}

/** Half a day before the mean new moon between 13 October and 13 November; right to a day. */
function diwali(year: number): number {
  const month = 29.530588853;
  const firstMoon = Date.UTC(2000, 0, 6, 18, 14) / DAY;
  const from = EPOCH_DAY(year, 10, 13);
  const moon = firstMoon + Math.ceil((from - firstMoon) / month) * month;
  return Math.floor(moon - 0.5);
}

/** The day that a rule of {@link Office.holidays} means in a year. */
function holiday(rule: string, year: number): number {
  const [, name, month, nth, dow, shift] =
    /^(?:(E|diwali)|(\d\d)(?:-|:)(-?\d+)(?::(\d))?)([+-]\d+)?$/.exec(rule) ?? [];
  const later = Number(shift ?? 0);
  if (name === 'E') return easter(year) + later;
  if (name === 'diwali') return diwali(year) + later;
  if (dow === undefined) return EPOCH_DAY(year, Number(month), Number(nth)) + later;
  const first = EPOCH_DAY(year, Number(month), 1);
  const next = EPOCH_DAY(year, Number(month) + 1, 1);
  const start = Number(nth) > 0 ? first + (Number(nth) - 1) * 7 : next - 7;
  return start + ((Number(dow) - weekday(start) + 7) % 7) + later;
}

const holidaysOfYear = new Map<string, ReadonlySet<number>>();

function holidaysIn(office: Office, year: number): ReadonlySet<number> {
  const key = `${office.country} ${year}`;
  let days = holidaysOfYear.get(key);
  if (days === undefined) {
    const free = new Set<number>();
    for (const rule of office.holidays) {
      let day = holiday(rule, year);
      if (office.observed === 'monday') while (weekday(day) > 4 || free.has(day)) day++;
      else if (office.observed === 'nearest' && weekday(day) > 4)
        day += weekday(day) === 5 ? -1 : 1;
      free.add(day);
    }
    days = free;
    if (holidaysOfYear.size > 2000) holidaysOfYear.clear();
    holidaysOfYear.set(key, days);
  }
  return days;
}

let yearOfDay = { first: 1, last: 0, year: 0 };

function yearOf(day: number): number {
  if (day < yearOfDay.first || day > yearOfDay.last) {
    const year = new Date(day * DAY).getUTCFullYear();
    yearOfDay = { first: EPOCH_DAY(year, 1, 1), last: EPOCH_DAY(year + 1, 1, 1) - 1, year };
  }
  return yearOfDay.year;
}

/** A public holiday at the office, movable feasts and substitute days included. */
export function isHoliday(office: Office, day: number): boolean {
  return holidaysIn(office, yearOf(day)).has(day);
}

/** In the last seven days of March, June, September or December. */
export function isQuarterEnd(day: number): boolean {
  const later = new Date((day + 7) * DAY);
  const now = new Date(day * DAY);
  return now.getUTCMonth() !== later.getUTCMonth() && now.getUTCMonth() % 3 === 2;
}

let monthOfDay = { day: Number.NaN, month: 0 };

function monthOf(day: number): number {
  if (monthOfDay.day !== day) monthOfDay = { day, month: new Date(day * DAY).getUTCMonth() + 1 };
  return monthOfDay.month;
}

/**
 * Away from work: holidays of a week or two, single days off and sick days; about 24 working days
 * a year. August and late December are the favourites.
 */
export function isOnLeave(seed: number, person: number, day: number): boolean {
  const week = Math.floor((day + 3) / 7);
  const month = monthOf(day);
  const season = month === 8 ? 2.6 : month === 12 || month === 7 ? 1.7 : 0.75;
  // A leave that began the week before may last two weeks.
  if (hashUnit(seed, person, week, 1) < 0.042 * season) return true;
  const before = hashUnit(seed, person, week - 1, 1);
  if (before < 0.014 * season) return true;
  return hashUnit(seed, person, day, 2) < 0.028;
}

/** A business trip. */
export interface Trip {
  readonly country: string;
  readonly time_zone: string;
}

/**
 * Where a person is on business that day, or undefined at home. Trips last two to four days from
 * Monday, Tuesday or Wednesday on. A fifth of the people make about six a year, the others one in
 * two years: an assumption. `home` is the country of the office.
 */
export function tripOf(
  seed: number,
  person: number,
  day: number,
  home: string | undefined,
): Trip | undefined {
  const dow = weekday(day);
  if (dow > 4) return undefined;
  const week = Math.floor((day + 3) / 7);
  const often = hashUnit(seed, person, 31) < 0.2 ? 0.12 : 0.01;
  if (hashUnit(seed, person, week, 32) >= often) return undefined;
  const h = hashNumbers(seed, person, week, 33);
  const first = h % 3;
  if (dow < first || dow > first + 1 + ((h >>> 4) % 3)) return undefined;
  const pool = BUSINESS_TRAVEL;
  const at = (h >>> 8) % pool.length;
  const there = pool[at] as Office;
  const choice = there.country === home ? (pool[(at + 1) % pool.length] as Office) : there;
  return { country: choice.country, time_zone: choice.time_zone };
}

const BUSINESS_TRAVEL: readonly Office[] = [...OFFICES, ...ELSEWHERE];

/** Share of weekday mail by local hour; 6.5 % lie before 07:00 or from 19:00. */
export const HOUR_SHARES: readonly number[] = [
  0.0012, 0.0008, 0.0006, 0.0006, 0.0012, 0.004, 0.0165, 0.053, 0.102, 0.118, 0.121, 0.112, 0.088,
  0.097, 0.105, 0.098, 0.07, 0.034, 0.0155, 0.0118, 0.0102, 0.0085, 0.0056, 0.0032,
];
