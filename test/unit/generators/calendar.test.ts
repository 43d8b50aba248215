import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  background,
  createOrganisation,
  isHoliday,
  isTimeZone,
  localDay,
  officeIn,
  startOfDay,
  tripOf,
  utcOffset,
  weekday,
} from '#generators';
import { daysBeginningIn } from '../../../generators/calendar.js';

const DAY = 86_400_000;
const day = (date: string): number => Date.parse(date) / DAY;

describe('clocks', () => {
  test.each([
    ['Europe/London', '2024-03-31T00:59:59Z', 0],
    ['Europe/London', '2024-03-31T01:00:00Z', 60],
    ['Europe/London', '2024-10-27T00:59:59Z', 60],
    ['Europe/London', '2024-10-27T01:00:00Z', 0],
    ['America/New_York', '2024-03-10T06:59:59Z', -300],
    ['America/New_York', '2024-03-10T07:00:00Z', -240],
    ['America/New_York', '2024-11-03T06:00:00Z', -300],
    ['Asia/Kolkata', '2024-07-01T00:00:00Z', 330],
    ['UTC', '2024-07-01T00:00:00Z', 0],
  ])('of %s at %s are %i minutes ahead of UTC', (zone, moment, minutes) => {
    expect(utcOffset(zone, Date.parse(moment))).toBe(minutes);
  });

  test('have names that can be told from others', () => {
    expect(isTimeZone('Europe/Berlin')).toBe(true);
    expect(isTimeZone('Mars/Olympus')).toBe(false);
    expect(() => utcOffset('Mars/Olympus', 0)).toThrow(RangeError);
  });

  test('begin every local day in one UTC day and none twice, whatever the zone', () => {
    const zone = fc.constantFrom(
      'Europe/London',
      'America/New_York',
      'Asia/Kolkata',
      'Australia/Sydney',
      'America/Sao_Paulo',
      'Pacific/Auckland',
      'UTC',
    );
    fc.assert(
      fc.property(zone, fc.integer({ min: day('2015-01-01'), max: day('2035-01-01') }), (z, d) => {
        const days: number[] = [];
        for (let k = 0; k < 30; k++) days.push(...daysBeginningIn(z, d + k));
        days.forEach((local, i) => {
          expect(local).toBe((days[0] as number) + i);
          expect(localDay(z, startOfDay(z, local) + DAY / 2)).toBe(local);
        });
        expect(Math.abs(days.length - 30)).toBeLessThanOrEqual(1);
      }),
    );
  });

  test('people keep their working hours when the clocks change', () => {
    const start = Date.parse('2024-03-11');
    const org = createOrganisation({ seed: 3, people: 40, start, days: 42 });
    const hours = { before: [] as number[], after: [] as number[] };
    for (const activity of background(org, { start, days: 42 })) {
      if (activity.kind !== 'mail' || activity.direction !== 'outbound') continue;
      const hour = (activity.time % DAY) / 3_600_000;
      const when = activity.time < Date.parse('2024-03-31') ? hours.before : hours.after;
      when.push(hour);
    }
    const mean = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0) / xs.length;
    const earlier = mean(hours.before) - mean(hours.after);
    expect(earlier).toBeGreaterThan(0.6);
    expect(earlier).toBeLessThan(1.4);
  });
});

describe('holidays', () => {
  test.each([
    ['GB', '2024-03-29', 'Good Friday'],
    ['GB', '2025-04-21', 'Easter Monday'],
    ['GB', '2024-05-06', 'early May'],
    ['GB', '2024-05-27', 'spring'],
    ['GB', '2024-08-26', 'summer'],
    ['GB', '2021-12-27', 'Christmas, observed'],
    ['GB', '2021-12-28', 'Boxing Day, observed after it'],
    ['US', '2024-05-27', 'Memorial Day'],
    ['US', '2024-11-28', 'Thanksgiving'],
    ['US', '2024-11-29', 'the day after'],
    ['US', '2026-07-03', 'Independence Day, observed before it'],
    ['DE', '2024-05-09', 'Ascension'],
    ['DE', '2024-05-20', 'Whit Monday'],
    ['PL', '2024-05-30', 'Corpus Christi'],
    ['ES', '2024-03-29', 'Good Friday'],
    ['IN', '2024-11-01', 'Diwali'],
    ['IN', '2025-10-21', 'Diwali of another year'],
    ['FR', '2024-07-14', 'a country without an office'],
  ])('in %s hold %s, %s', (country, date) => {
    expect(isHoliday(officeIn(country), day(date))).toBe(true);
  });

  test.each([
    ['US', '2024-03-29'],
    ['GB', '2024-04-02'],
    ['DE', '2024-07-04'],
    ['PL', '2025-05-30'],
    ['XX', '2024-05-01'],
  ])('in %s do not hold %s', (country, date) => {
    expect(isHoliday(officeIn(country), day(date))).toBe(false);
  });

  test('number six to fourteen a year in every office, and few a month', () => {
    for (const country of ['GB', 'US', 'DE', 'PL', 'ES', 'IN'])
      for (let year = 2020; year < 2032; year++) {
        let free = 0;
        for (let d = day(`${year}-01-01`); d < day(`${year + 1}-01-01`); d++)
          if (isHoliday(officeIn(country), d)) free++;
        expect(free).toBeGreaterThanOrEqual(6);
        expect(free).toBeLessThanOrEqual(14);
      }
  });
});

describe('business trips', () => {
  test('take some people abroad for some days of a week and leave weekends alone', () => {
    const trips = new Map<string, number>();
    let often = 0;
    for (let person = 0; person < 300; person++) {
      let days = 0;
      for (let d = day('2024-01-01'); d < day('2024-12-30'); d++) {
        const trip = tripOf(7, person, d, 'GB');
        if (trip === undefined) continue;
        days++;
        expect(weekday(d)).toBeLessThan(5);
        expect(trip.country).not.toBe('GB');
        expect(isTimeZone(trip.time_zone)).toBe(true);
        const week = `${person} ${Math.floor((d + 3) / 7)}`;
        trips.set(week, (trips.get(week) ?? 0) + 1);
      }
      if (days > 6) often++;
    }
    for (const days of trips.values()) {
      expect(days).toBeGreaterThanOrEqual(1);
      expect(days).toBeLessThanOrEqual(4);
    }
    expect(trips.size / 300).toBeGreaterThan(1);
    expect(trips.size / 300).toBeLessThan(2.5);
    expect(often).toBeGreaterThan(30);
    expect(often).toBeLessThan(100);
  });
});
