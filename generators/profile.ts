/**
 * How people behave: what the generator's behaviours are calibrated to. The defaults meet published
 * mail corpora; `leakdrill realism --fit` makes another profile from an organisation's own logs.
 *
 * Numbers are parameters of the behaviours, not what one would measure on the lines: an urn that is
 * drawn from with exponent 0.6 shows domains that grow with exponent 0.67.
 */

import { HOUR_SHARES } from './calendar.js';
import { DEFAULT_MIX, type Mix } from './mix.js';

export interface Profile {
  readonly name: string;
  /** Where it comes from, for the assumptions of a drill. */
  readonly source: string;
  /** Mails that a person sends on a weekday in the mean, internal ones among them. */
  readonly mails_per_weekday: number;
  /** Log-normal sigma of that over people. */
  readonly rate_sigma: number;
  /** Mean share of sent mails that go outside, over people. */
  readonly external_share: number;
  /** First parameter of the Beta of that share: the smaller, the more people differ. */
  readonly external_spread: number;
  readonly days: DayHabits;
  /** Share of weekday mail by hour on the sender's clock, 24 numbers; only ratios count. */
  readonly hours: readonly number[];
  readonly recipients: RecipientHabits;
  readonly colleagues: ColleagueHabits;
  readonly novelty: Novelty;
  readonly subjects: SubjectHabits;
  readonly attachments: AttachmentHabits;
  readonly bodies: LogNormal;
  /** How much of everything else. */
  readonly mix: Mix;
}

export interface DayHabits {
  /** Shape of the gamma factor on each day's mail: the smaller, the more days differ. */
  readonly shape: number;
  /** Share of it that is kept from one weekday to the next. */
  readonly memory: number;
  /** Mail by weekday, Monday to Friday; only ratios count. */
  readonly weekdays: readonly number[];
  /** Share of people who work at weekends now and then, and their mail then, of a weekday's. */
  readonly weekend_people: number;
  readonly weekend_level: number;
}

export interface RecipientHabits {
  /** Share of mails with several recipients, and tail exponent of their number. */
  readonly several: number;
  readonly exponent: number;
}

export interface ColleagueHabits {
  /** The n-th mail meets a new colleague with probability exponent · constant · n^(exponent − 1). */
  readonly exponent: number;
  readonly constant: number;
  /** How often somebody is chosen for being known at all, not for being written to often. */
  readonly evenness: number;
}

/** How people come to write to whom they never wrote before. */
export interface Novelty {
  /** The n-th mail meets a new firm with probability exponent · constant · n^(exponent − 1). */
  readonly exponent: number;
  readonly constant: number;
  /** How much the exponent differs between people. */
  readonly spread: number;
  /** That probability never falls below it, at the mean amount of outside mail. */
  readonly floor: number;
  /** Exponent of the floor over the amount: those who write more meet more. */
  readonly floor_rise: number;
  /**
   * The log begins in the middle of careers: old acquaintances show up for the first time too. So
   * much more at first, fading with this many days.
   */
  readonly early: number;
  readonly early_days: number;
  /** Share of mails to known firms that go to a new address there; the same for providers. */
  readonly address: number;
  readonly freemail_address: number;
  /**
   * Share of new domains that the department knows, once it knows many, and half of how many that
   * is at the corpora's level of mail; likewise for the organisation.
   */
  readonly department: number;
  readonly department_half: number;
  readonly organisation: number;
  readonly organisation_half: number;
  /** Share of new firms that sit in another country, at the corpora's level of mail. */
  readonly abroad: number;
}

export interface SubjectHabits {
  /** Shares of mails that answer and that pass something on. */
  readonly reply: number;
  readonly forward: number;
}

export interface AttachmentHabits extends LogNormal {
  /** Share of mails with attachments, internal and inbound, of the outbound one. */
  readonly internal: number;
  readonly inbound: number;
  /** Share of mails with several, of those with any. */
  readonly several: number;
}

/** Sizes in bytes: mean and deviation of their logarithms. */
export interface LogNormal {
  readonly mu: number;
  readonly sigma: number;
}

/**
 * Sizes grew since the corpora were collected: files about tenfold, and HTML bodies against plain
 * text sevenfold. As logarithms; an assumption, not measured.
 */
export const SIZE_GROWTH = { attachments: 2.3, bodies: 2 } as const;

/** Sent mails per person and weekday in the corpora. Shapes are compared at their level. */
export const CORPUS_LEVEL = 2.35;

export const DEFAULT_PROFILE: Profile = {
  name: 'default',
  source: 'published mail corpora',
  mails_per_weekday: 9,
  rate_sigma: 1.2,
  external_share: 0.165,
  external_spread: 1.05,
  days: {
    shape: 1.75,
    memory: 0.18,
    weekdays: [0.985, 1.045, 1.025, 0.995, 0.95],
    weekend_people: 0.3,
    weekend_level: 0.12,
  },
  hours: HOUR_SHARES,
  recipients: { several: 0.17, exponent: 1.66 },
  colleagues: { exponent: 0.46, constant: 2.02, evenness: 0.34 },
  novelty: {
    exponent: 0.602,
    constant: 1.22,
    spread: 0.05,
    floor: 0.135,
    floor_rise: 0.33,
    early: 0.38,
    early_days: 130,
    address: 0.067,
    freemail_address: 0.21,
    department: 0.14,
    department_half: 700,
    organisation: 0.74,
    organisation_half: 5000,
    abroad: 0.031,
  },
  subjects: { reply: 0.24, forward: 0.15 },
  attachments: {
    internal: 0.66,
    inbound: 0.5,
    several: 0.168,
    mu: 10.634 + SIZE_GROWTH.attachments,
    sigma: 1.34,
  },
  bodies: { mu: 6.505 + SIZE_GROWTH.bodies, sigma: 1.233 },
  mix: DEFAULT_MIX,
};

/** How an organisation's people behave. */
export function profileOf(organisation: { readonly profile?: Profile }): Profile {
  return organisation.profile ?? DEFAULT_PROFILE;
}

/** A profile of which only the parts that differ from the default are given. */
export type ProfileChanges = {
  readonly [K in keyof Profile]?: Profile[K] extends readonly unknown[] | string | number
    ? Profile[K]
    : Partial<Profile[K]>;
};

/** The profile with these changes, part by part. */
export function profileWith(changes: ProfileChanges, base: Profile = DEFAULT_PROFILE): Profile {
  const entries = Object.entries(base).map(([key, value]) => {
    const change = changes[key as keyof Profile];
    if (change === undefined) return [key, value] as const;
    const isGroup = typeof change === 'object' && !Array.isArray(change);
    return [key, isGroup ? { ...(value as object), ...change } : change] as const;
  });
  return Object.fromEntries(entries) as unknown as Profile;
}
