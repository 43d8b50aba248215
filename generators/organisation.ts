/** Who works here. Over 400 lines because of its tables and the normal distribution's inverse. */

import type { Move, Organisation, Person } from './activity.js';
import {
  DAY,
  dayNumber,
  HOUR,
  isHoliday,
  OFFICES,
  type Office,
  officeIn,
  startOfDay,
  weekday,
} from './calendar.js';
import { departmentFor } from './departments.js';
import { inventMailboxes } from './mailboxes.js';
import { namesOf, slug } from './names.js';
import { DEFAULT_PROFILE, type Profile } from './profile.js';
import { type Random, randomStream, Weighted } from './random.js';

/** What an organisation is made from. */
export interface OrganisationOptions {
  readonly seed: number;
  /** Everybody who is on the list at some time of the period: 1 to 1 000 000. */
  readonly people: number;
  /** Number of departments; default grows with the square root of `people`, 3 to 60. */
  readonly peer_groups?: number;
  /** Start of the period, ms since 1970 UTC, and its length. Joiners and leavers fall into it. */
  readonly start: number;
  readonly days: number;
  readonly name?: string;
  /** How people behave. Default: {@link DEFAULT_PROFILE}. */
  readonly profile?: Profile;
  /** Mails that a person sends on a weekday in the mean, internal ones among them. Default: the profile's. */
  readonly mails_per_weekday?: number;
  /** Mean share of sent mails that go outside. Default: the profile's; each person differs widely. */
  readonly external_share?: number;
  /** Hires and departures per year as shares of the people. Defaults 0.12 and 0.1. */
  readonly hired_per_year?: number;
  readonly left_per_year?: number;
  /** Changes of department per year as a share of the people. Default 0.04. */
  readonly moved_per_year?: number;
}

/** How much the upper tail of rates is bent down and the lower one out. */
const RATE_BEND = 0.063;

/** Inverse of the normal distribution (Acklam; relative error below 1.2e-9). */
function normalQuantile(p: number): number {
  const a = [
    -39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716,
    2.506628277459239,
  ] as const;
  const b = [
    -54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972,
    -13.28068155288572,
  ] as const;
  const c = [
    -0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734,
    4.374664141464968, 2.938163982698783,
  ] as const;
  const d = [
    0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416,
  ] as const;
  if (p < 0.02425 || p > 1 - 0.02425) {
    const q = Math.sqrt(-2 * Math.log(Math.min(p, 1 - p)));
    const x =
      (((((c[0] * q + c[1]) * q + c[2]) * q + c[3]) * q + c[4]) * q + c[5]) /
      ((((d[0] * q + d[1]) * q + d[2]) * q + d[3]) * q + 1);
    return p < 0.5 ? x : -x;
  }
  const q = p - 0.5;
  const r = q * q;
  return (
    ((((((a[0] * r + a[1]) * r + a[2]) * r + a[3]) * r + a[4]) * r + a[5]) * q) /
    (((((b[0] * r + b[1]) * r + b[2]) * r + b[3]) * r + b[4]) * r + 1)
  );
}

/**
 * Rates and external shares for n people. Both are stratified (one person per n-th of the
 * distribution, and each run of eight neighbours in rate spread over all eighths of the share), so
 * that small organisations do not depend on who happened to be drawn.
 */
export function levels(
  random: Random,
  options: Pick<OrganisationOptions, 'mails_per_weekday' | 'external_share' | 'profile'>,
  outgoing: readonly number[],
): { rate: number; share: number }[] {
  const n = outgoing.length;
  const profile = options.profile ?? DEFAULT_PROFILE;
  const level = options.mails_per_weekday ?? profile.mails_per_weekday;
  const mean = options.external_share ?? profile.external_share;
  const rateAt = (p: number): number => {
    const z = normalQuantile(p);
    return Math.exp(profile.rate_sigma * (z - RATE_BEND * z * z));
  };
  let meanRate = 0;
  for (let i = 0; i < 2000; i++) meanRate += rateAt((i + 0.5) / 2000) / 2000;
  // The empirical quantiles of a Beta; with first parameter 1.05 the middle 95 % lie in 2 to 74 %.
  const a = profile.external_spread;
  const b = (a * (1 - mean)) / mean;
  const shares = Float64Array.from({ length: 4000 }, () => random.beta(a, b)).sort();
  const ranks = random.shuffle(Array.from({ length: n }, (_, i) => i));
  const result = new Array<{ rate: number; share: number }>(n);
  for (let block = 0; block < n; block += 8) {
    const members = ranks.slice(block, block + 8);
    // People of departments that face outward tend to the upper shares of their block.
    const order = members
      .map((person, i) => ({ person, rank: block + i, lean: outgoing[person] ?? 0 }))
      .map((entry) => ({ ...entry, key: entry.lean + random.normal(0, 0.6) }))
      .sort((x, y) => x.key - y.key);
    order.forEach(({ person, rank }, slot) => {
      const p = (rank + random.uniform()) / n;
      const q = (slot + random.uniform()) / order.length;
      result[person] = {
        rate: (level / meanRate) * rateAt(p),
        share: shares[Math.floor(q * shares.length)] as number,
      };
    });
  }
  return result;
}

const AMERICAN_PROVIDERS: readonly (readonly [string, number])[] = [
  ['gmail.com', 6],
  ['yahoo.com', 2],
  ['hotmail.com', 1],
  ['icloud.com', 1],
  ['aol.com', 0.5],
];

const PERSONAL_PROVIDERS: Readonly<Record<string, readonly (readonly [string, number])[]>> = {
  DE: [
    ['gmail.com', 4],
    ['gmx.de', 3],
    ['web.de', 3],
    ['outlook.com', 1],
    ['icloud.com', 1],
  ],
  PL: [
    ['gmail.com', 5],
    ['wp.pl', 3],
    ['onet.pl', 2],
    ['interia.pl', 1],
  ],
  ES: [
    ['gmail.com', 6],
    ['hotmail.com', 3],
    ['yahoo.es', 1],
  ],
  IN: [
    ['gmail.com', 8],
    ['yahoo.co.in', 1],
    ['outlook.com', 1],
  ],
  GB: [
    ['gmail.com', 5],
    ['hotmail.co.uk', 2],
    ['outlook.com', 1],
    ['yahoo.co.uk', 1],
    ['icloud.com', 1],
  ],
  US: AMERICAN_PROVIDERS,
};

const AMERICAN_CHOICE = new Weighted(AMERICAN_PROVIDERS);
const PROVIDER_CHOICE = new Map(
  Object.entries(PERSONAL_PROVIDERS).map(
    ([country, list]) => [country, new Weighted(list)] as const,
  ),
);

/** A private mailbox of somebody with this name, in the style of the country. */
export function personalMailbox(
  random: Random,
  first: string,
  last: string,
  country: string,
): string {
  const provider = (PROVIDER_CHOICE.get(country) ?? AMERICAN_CHOICE).draw(random);
  const f = slug(first) || 'mail';
  const l = slug(last) || 'box';
  const style = random.int(10);
  const local =
    style < 4
      ? `${f}.${l}`
      : style < 6
        ? `${f}${l}`
        : style < 8
          ? `${f[0] ?? 'm'}${l}`
          : `${l}.${f}`;
  const digits = random.chance(0.35) ? String(random.between(1, 99)) : '';
  return `${local}${digits}@${provider}`;
}

function nextWorkday(office: Office, day: number): number {
  let d = day;
  while (weekday(d) > 4 || isHoliday(office, d)) d++;
  return d;
}

/**
 * Invents an organisation. Equal options give equal people; the list's order is the order of
 * {@link Person.index}. 100 000 people take a second or two.
 *
 * Throws a RangeError on sizes outside 1 to 1 000 000 or a negative number of days.
 */
export function createOrganisation(options: OrganisationOptions): Organisation {
  const { seed, people: size, start, days } = options;
  if (!Number.isInteger(size) || size < 1 || size > 1_000_000) {
    throw new RangeError(`an organisation has 1 to 1 000 000 people, not ${size}`);
  }
  if (!(days >= 0)) throw new RangeError(`a period has 0 days or more, not ${days}`);
  const root = randomStream(seed, 'organisation');
  const groupCount = Math.min(
    options.peer_groups ?? Math.min(60, Math.max(3, Math.round(0.57 * Math.sqrt(size)))),
    size,
  );
  const departments = Array.from({ length: groupCount }, (_, i) => departmentFor(i));
  const names = root.stream('names');
  const name = options.name ?? organisationName(root.stream('name'));
  const label = slug(name) || 'corp';
  const domains =
    size > 2000 ? [`${label}.example`, `${label}-group.example`] : [`${label}.example`];

  const offices = OFFICES.slice(
    0,
    size < 50 ? 1 : size < 120 ? 2 : size < 600 ? 3 : OFFICES.length,
  );
  const officeChoice = new Weighted(offices.map((office, i) => [office, 1 / (i + 1.2)] as const));
  const placing = root.stream('places');
  // Everybody's department: one head each, the rest by size.
  const groupChoice = new Weighted(departments.map((d, i) => [i, d.size] as const));
  const groups = Array.from({ length: size }, (_, i) =>
    i < groupCount ? i : groupChoice.draw(placing),
  );
  const places = groups.map(() => officeChoice.draw(placing));

  const level = levels(
    root.stream('levels'),
    options,
    groups.map((g) => departments[g]?.outgoing ?? 0),
  );
  const career = root.stream('careers');
  const executives = new Set<number>(Array.from({ length: groupCount }, (_, i) => i));
  const rest = career.shuffle(Array.from({ length: size - groupCount }, (_, i) => i + groupCount));
  for (const i of rest.slice(0, Math.round(0.02 * size))) executives.add(i);

  const joining = (options.hired_per_year ?? 0.12) * (days / 365);
  const leaving = (options.left_per_year ?? 0.1) * (days / 365);
  const moving = (options.moved_per_year ?? 0.04) * (days / 365);
  const moves = root.stream('moves');
  const superiors = hierarchy(groups, groupCount);
  const private_ = root.stream('personal mailboxes');
  const taken = new Map<string, number>();
  const first = dayNumber(start);
  const people: Person[] = [];
  for (let i = 0; i < size; i++) {
    const office = places[i] as Office;
    const table = namesOf(office.country);
    const foreign = names.chance(0.12) ? namesOf(names.pick(OFFICES).country) : table;
    const first_name = names.pick(foreign.first);
    const last_name = names.pick(foreign.last);
    const base = `${slug(first_name) || 'user'}.${slug(last_name) || 'name'}`;
    const seen = taken.get(base) ?? 0;
    taken.set(base, seen + 1);
    const local = seen === 0 ? base : `${base}${seen + 1}`;
    const domain = domains[domains.length > 1 && names.chance(0.2) ? 1 : 0] as string;
    const aliases: string[] = [];
    if (names.chance(0.25)) {
      const short = `${slug(first_name)[0] ?? 'u'}${slug(last_name)}`;
      const used = taken.get(short) ?? 0;
      taken.set(short, used + 1);
      aliases.push(`${short}${used === 0 ? '' : used + 1}@${domain}`);
    }
    const personal = [personalMailbox(private_, first_name, last_name, office.country)];
    if (private_.chance(0.15)) {
      const second = personalMailbox(private_, first_name, last_name, office.country);
      if (!personal.includes(second)) personal.push(second);
    }
    const settled = executives.has(i);
    const joins = !settled && career.chance(joining);
    const leaves = !settled && !joins && career.chance(leaving);
    const hiredDay = joins
      ? nextWorkday(office, first + career.int(Math.max(1, days)))
      : first - 20 - Math.floor(career.exponential(1500));
    const leftDay = leaves ? first + career.int(Math.max(1, days)) : undefined;
    people.push({
      index: i,
      first_name,
      last_name,
      address: `${local}@${domain}`,
      aliases,
      personal,
      peer_group: departments[groups[i] as number]?.name ?? 'Operations',
      moved:
        !settled && !joins && !leaves && groupCount > 1 && moves.chance(moving)
          ? move(moves, groups[i] as number)
          : undefined,
      executive: executives.has(i),
      superior: superiors[i],
      hired: startOfDay(office.time_zone, hiredDay) + 9 * HOUR,
      left: leftDay === undefined ? undefined : startOfDay(office.time_zone, leftDay) + 17 * HOUR,
      time_zone: office.time_zone,
      daily_mails: level[i]?.rate ?? 0,
      external_share: level[i]?.share ?? 0,
      country: office.country,
    });
  }
  return {
    seed,
    name,
    domains,
    people,
    mailboxes: inventMailboxes(people, departments, domains[0] as string, (local) =>
      taken.has(local),
    ),
    peer_groups: departments.map((d) => d.name),
    account: accountCode(seed),
    ...(options.profile && { profile: options.profile }),
  };

  /** On a Monday of the period, to another department. */
  function move(random: Random, from: number): Move {
    let to = groupChoice.draw(random);
    if (to === from) to = (to + 1) % groupCount;
    const day = first + random.int(Math.max(1, days));
    return {
      at: (day - weekday(day) + 7) * DAY,
      peer_group: departments[to]?.name ?? 'Operations',
    };
  }
}

/** Mimecast's code of an account. */
export function accountCode(seed: number): string {
  const random = randomStream(seed, 'organisation');
  return `C${random.stream('account').between(10, 99)}A${random.stream('account', 2).between(10, 999)}`;
}

/** Members of a larger department have team leads, one for ten. */
const TEAM = 10;

/**
 * Superiors by index: heads of departments are the first people, the first of them leads all; in
 * larger departments every tenth member leads a team.
 */
function hierarchy(groups: readonly number[], heads: number): (number | undefined)[] {
  const sizes = new Map<number, number>();
  for (const group of groups) sizes.set(group, (sizes.get(group) ?? 0) + 1);
  const placed = new Map<number, number>();
  const leads = new Map<number, number>();
  return groups.map((group, i) => {
    if (i < heads) return i === 0 ? undefined : 0;
    const place = placed.get(group) ?? 0;
    placed.set(group, place + 1);
    if ((sizes.get(group) ?? 0) <= TEAM + 2) return group;
    if (place % TEAM !== 0) return leads.get(group) ?? group;
    leads.set(group, i);
    return group;
  });
}

/** The peer group that a person belongs to at a moment. */
export function peerGroupAt(person: Person, time: number): string {
  return person.moved !== undefined && time >= person.moved.at
    ? person.moved.peer_group
    : person.peer_group;
}

function organisationName(random: Random): string {
  const first = [
    'North',
    'Alder',
    'Stone',
    'Harbour',
    'Bright',
    'Cedar',
    'Merid',
    'Calder',
    'West',
    'Fern',
  ];
  const second = [
    'field',
    'bridge',
    'gate',
    'ford',
    'well',
    'marsh',
    'ridge',
    'haven',
    'brook',
    'wick',
  ];
  return `${random.pick(first)}${random.pick(second)}`;
}

/** The office that a person sits in. */
export function officeOf(person: Person): Office {
  return officeIn(person.country);
}
