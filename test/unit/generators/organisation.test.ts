import { describe, expect, test } from 'vitest';
import { createOrganisation } from '#generators';

const START = Date.UTC(2024, 0, 1);
const YEAR = { start: START, days: 365 };

describe('an organisation', () => {
  const org = createOrganisation({ seed: 5, people: 400, ...YEAR });

  test('is the same for the same options and another for another seed', () => {
    expect(createOrganisation({ seed: 5, people: 400, ...YEAR })).toEqual(org);
    const other = createOrganisation({ seed: 6, people: 400, ...YEAR });
    expect(other.people.map((p) => p.address)).not.toEqual(org.people.map((p) => p.address));
  });

  test('gives everybody an address of their own on one of its domains', () => {
    const addresses = org.people.flatMap((p) => [p.address, ...p.aliases]);
    expect(new Set(addresses).size).toBe(addresses.length);
    for (const address of addresses) {
      expect(address).toMatch(/^[a-z0-9.]+@[a-z-]+\.example$/);
      expect(org.domains).toContain(address.slice(address.indexOf('@') + 1));
    }
  });

  test('keeps personal mailboxes outside, built from the owner’s name', () => {
    for (const person of org.people) {
      expect(person.personal.length).toBeGreaterThan(0);
      for (const address of person.personal) {
        expect(org.domains).not.toContain(address.slice(address.indexOf('@') + 1));
      }
    }
  });

  test('has a head in every peer group and executives beyond them', () => {
    const executives = org.people.filter((p) => p.executive);
    expect(new Set(executives.map((p) => p.peer_group))).toEqual(new Set(org.peer_groups));
    expect(executives.length).toBe(org.peer_groups.length + Math.round(0.02 * 400));
  });

  test('sees people join and leave during the period, in that order', () => {
    const joiners = org.people.filter((p) => p.hired > START);
    const leavers = org.people.filter((p) => p.left !== undefined);
    expect(joiners.length).toBeGreaterThan(25);
    expect(joiners.length).toBeLessThan(75);
    expect(leavers.length).toBeGreaterThan(15);
    for (const person of org.people) {
      if (person.left !== undefined) expect(person.left).toBeGreaterThan(person.hired);
    }
  });

  test('sends nine mails per person and weekday in the mean, very unevenly', () => {
    const rates = org.people.map((p) => p.daily_mails).sort((a, b) => a - b);
    const total = rates.reduce((sum, rate) => sum + rate, 0);
    expect(Math.abs(total / rates.length - 9)).toBeLessThan(0.5);
    const busiest = rates.slice(-40).reduce((sum, rate) => sum + rate, 0) / total;
    expect(busiest).toBeGreaterThan(0.36);
    expect(busiest).toBeLessThan(0.453);
  });

  test('spreads external shares from nearly none to nearly all', () => {
    const shares = org.people.map((p) => p.external_share).sort((a, b) => a - b);
    const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
    expect(mean).toBeGreaterThan(0.14);
    expect(mean).toBeLessThan(0.19);
    expect(shares[10]).toBeLessThan(0.02);
    expect(shares.at(-10)).toBeGreaterThan(0.45);
  });

  test('takes the name, number of peer groups and level that it is given', () => {
    const small = createOrganisation({
      seed: 1,
      people: 20,
      peer_groups: 4,
      name: 'Żółw & Söhne',
      mails_per_weekday: 3,
      ...YEAR,
    });
    expect(small.people).toHaveLength(20);
    expect(small.peer_groups).toHaveLength(4);
    expect(small.domains).toEqual(['zolwsoehne.example']);
    const mean = small.people.reduce((sum, p) => sum + p.daily_mails, 0) / 20;
    expect(Math.abs(mean - 3)).toBeLessThan(0.6);
  });

  test('may consist of one person', () => {
    expect(createOrganisation({ seed: 1, people: 1, ...YEAR }).people).toHaveLength(1);
  });

  test.each([0, -1, 2.5, Number.NaN, 1_000_001])('does not come in size %s', (people) => {
    expect(() => createOrganisation({ seed: 1, people, ...YEAR })).toThrow(RangeError);
  });
});
