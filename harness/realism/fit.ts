/**
 * A profile from statistics. A parameter of the generator is not the statistic that it moves: an urn
 * drawn with exponent 0.6 shows domains that grow with 0.67. So the fit simulates: it plays an
 * organisation with the profile as it stands, measures it the same way, and moves each parameter by
 * what its statistic is off, a few times over.
 *
 * What the mails cannot tell keeps the default, and is named.
 */

import { type Profile, type ProfileChanges, profileWith } from '#generators';
import { firstShare, hasInternalMail } from './judge.js';
import type { Statistics, TenureBin } from './measure.js';

/** Headers are part of the size that a log has; so many bytes are taken off. An assumption. */
const HEADER_BYTES = 2000;
const ROUNDS = 6;
/** Most sent mails of one simulation. */
const MOST_MAILS = 150_000;

export interface Fit {
  readonly profile: Profile;
  /** What of it was fitted; the rest is as in the default profile. */
  readonly changes: ProfileChanges;
  /** Paths of parameters that keep their default, and why. */
  readonly kept: readonly { readonly parameter: string; readonly reason: string }[];
}

/** An organisation that a simulation plays. */
export interface Stage {
  readonly seed: number;
  readonly people: number;
  readonly peer_groups: number;
  readonly days: number;
  readonly internal_mail: boolean;
}

/** One number, or list of numbers, of a profile, and the statistic that it moves. */
interface Knob {
  readonly path: readonly [string, string?];
  readonly of: (s: Statistics) => number | readonly number[];
  /** Why these mails cannot tell; undefined when they can. */
  readonly missing: (s: Statistics, about: About) => string | undefined;
  /**
   * How the parameter follows: in proportion, against it, or by the difference. A number is the
   * power of the ratio.
   */
  readonly by: number | 'difference';
  readonly lo: number;
  readonly hi: number;
}

interface About {
  readonly internal: boolean;
  readonly clock: boolean;
}

const late: readonly TenureBin[] = ['90-180', '180-365', '365-999'];
const all: readonly TenureBin[] = ['0-7', '7-14', '14-30', '30-60', '60-90', ...late];
/** The bins after the first quarter where there are enough events, else all. */
const settled = (s: Statistics): readonly TenureBin[] =>
  late.reduce((sum, bin) => sum + s.first_seen[bin].events, 0) >= 500 ? late : all;
const first = (s: Statistics, kind: Parameters<typeof firstShare>[1]): number =>
  firstShare(s, kind, settled(s));

const needs =
  (what: string, of: (s: Statistics) => number, least: number) =>
  (s: Statistics): string | undefined =>
    of(s) >= least ? undefined : `fewer than ${least} ${what}`;
const senders = needs('people who send', (s) => s.counts.senders, 10);
const series = needs('people with 50 mails', (s) => s.counts.day_series, 5);
const sent = needs('sent mails', (s) => s.counts.sent, 500);
const outside = needs('external mails', (s) => s.counts.external_events, 500);
const curves = needs('people with 100 external mails', (s) => s.counts.domain_curves, 5);
const inside =
  (then: Knob['missing']): Knob['missing'] =>
  (s, about) =>
    about.internal ? then(s, about) : 'no mail between colleagues';
const departments: Knob['missing'] = (s) =>
  s.departments > 1 ? outside(s) : 'departments not known';

const knobs: readonly Knob[] = [
  {
    path: ['mails_per_weekday'],
    of: (s) => (hasInternalMail(s) ? s.sent_per_weekday : s.outbound_per_weekday),
    missing: senders,
    by: 1,
    lo: 0.01,
    hi: 500,
  },
  { path: ['rate_sigma'], of: (s) => s.rate_sigma, missing: senders, by: 1, lo: 0.05, hi: 3 },
  {
    path: ['external_share'],
    of: (s) => s.outbound_external_share,
    missing: inside(sent),
    by: 1,
    lo: 0.002,
    hi: 0.95,
  },
  {
    path: ['external_spread'],
    of: (s) => s.external_share_variance,
    missing: inside(senders),
    by: -1,
    lo: 0.1,
    hi: 50,
  },
  {
    path: ['days', 'shape'],
    of: (s) => s.negbin_k_median,
    missing: series,
    by: 1,
    lo: 0.1,
    hi: 50,
  },
  {
    path: ['days', 'memory'],
    of: (s) => s.lag1_median,
    missing: series,
    by: 'difference',
    lo: 0,
    hi: 0.8,
  },
  {
    path: ['days', 'weekdays'],
    of: (s) => s.dow_share.slice(0, 5),
    missing: sent,
    by: 1,
    lo: 0.001,
    hi: 100,
  },
  {
    path: ['days', 'weekend_level'],
    of: (s) => s.weekend_share,
    missing: sent,
    by: 1,
    lo: 0.0001,
    hi: 10,
  },
  {
    path: ['hours'],
    of: (s) => s.hour_share_weekday,
    missing: (s, { clock }) => (clock ? sent(s) : "the senders' time zone is not known"),
    by: 1,
    lo: 0.00001,
    hi: 1,
  },
  {
    path: ['recipients', 'several'],
    of: (s) => 1 - s.sent_share_1,
    missing: sent,
    by: 1,
    lo: 0.0005,
    hi: 0.95,
  },
  {
    path: ['recipients', 'exponent'],
    of: (s) => (s.sent_mean - 1) / (1 - s.sent_share_1),
    missing: sent,
    by: -0.5,
    lo: 1.05,
    hi: 8,
  },
  {
    path: ['colleagues', 'exponent'],
    of: (s) => s.contacts_beta,
    missing: inside(needs('people with 100 mails inside', (s) => s.counts.contact_curves, 5)),
    by: 'difference',
    lo: 0.1,
    hi: 0.95,
  },
  {
    path: ['novelty', 'exponent'],
    of: (s) => s.domains_beta,
    missing: curves,
    by: 'difference',
    lo: 0.1,
    hi: 0.95,
  },
  {
    path: ['novelty', 'floor'],
    of: (s) => first(s, 'user'),
    missing: outside,
    by: 1,
    lo: 0.001,
    hi: 0.8,
  },
  {
    path: ['novelty', 'address'],
    of: (s) => (first(s, 'address') - first(s, 'user')) / (1 - first(s, 'user')),
    missing: outside,
    by: 1,
    lo: 0.001,
    hi: 0.95,
  },
  {
    path: ['novelty', 'department'],
    of: (s) => (first(s, 'user') - first(s, 'department')) / first(s, 'user'),
    missing: departments,
    by: 1,
    lo: 0.005,
    hi: 0.45,
  },
  {
    path: ['novelty', 'organisation'],
    of: (s) => (first(s, 'user') - first(s, 'organisation')) / first(s, 'user'),
    missing: (s) =>
      s.people > 300 ? 'known only for organisations of up to 300 people' : outside(s),
    by: 1,
    lo: 0.01,
    hi: 0.95,
  },
  {
    path: ['novelty', 'abroad'],
    of: (s) => firstShare(s, 'country', all),
    missing: needs('external mails', (s) => s.counts.external_events, 2000),
    by: 1,
    lo: 0.0005,
    hi: 0.9,
  },
  {
    path: ['subjects', 'reply'],
    of: (s) => s.re_share,
    missing: needs('mails with a subject', (s) => s.counts.subjects, 500),
    by: 1,
    lo: 0.001,
    hi: 0.7,
  },
  {
    path: ['subjects', 'forward'],
    of: (s) => s.fw_share,
    missing: needs('mails with a subject', (s) => s.counts.subjects, 500),
    by: 1,
    lo: 0.001,
    hi: 0.3,
  },
  {
    path: ['attachments', 'internal'],
    of: (s) => s.files_share_internal / s.files_share_outbound,
    missing: inside(sent),
    by: 1,
    lo: 0.01,
    hi: 5,
  },
  {
    path: ['attachments', 'inbound'],
    of: (s) => s.files_share_inbound / s.files_share_outbound,
    missing: needs('inbound mails', (s) => s.counts.inbound, 500),
    by: 1,
    lo: 0.01,
    hi: 5,
  },
  {
    path: ['attachments', 'several'],
    of: (s) => 1 - s.single_file_share,
    missing: needs('mails with attachments', (s) => s.counts.with_files, 200),
    by: 1,
    lo: 0.001,
    hi: 0.95,
  },
  {
    path: ['attachments', 'mu'],
    of: (s) => s.file_mu,
    missing: needs('attachments with a size', (s) => s.counts.sized_files, 200),
    by: 'difference',
    lo: 4,
    hi: 18,
  },
  {
    path: ['attachments', 'sigma'],
    of: (s) => s.file_sigma,
    missing: needs('attachments with a size', (s) => s.counts.sized_files, 200),
    by: 1,
    lo: 0.05,
    hi: 4,
  },
  {
    path: ['mix', 'attachment_share'],
    of: (s) => s.files_share_outbound,
    missing: needs('outbound mails', (s) => s.counts.outbound, 500),
    by: 1,
    lo: 0.002,
    hi: 0.9,
  },
  {
    path: ['mix', 'inbound_ratio'],
    of: (s) => s.inbound_ratio,
    missing: (s) =>
      s.counts.inbound === 0
        ? 'no inbound mail'
        : needs('outbound mails', (t) => t.counts.outbound, 500)(s),
    by: 1,
    lo: 0.01,
    hi: 100,
  },
  {
    path: ['mix', 'freemail_share'],
    of: (s) => s.freemail_share,
    missing: outside,
    by: 1,
    lo: 0.002,
    hi: 0.8,
  },
  {
    path: ['mix', 'own_mailbox_share'],
    of: (s) => s.surname_share,
    missing: (s) =>
      s.counts.surnames > 0.5 * s.people ? outside(s) : 'names of the people not known',
    by: 1,
    lo: 0.0005,
    hi: 0.5,
  },
];

/**
 * Fits a profile to statistics. `play` gives the statistics of a generated organisation with a
 * profile; it is called a few times, and that is where the time goes.
 */
export function fitProfile(
  observed: Statistics,
  about: { readonly clock: boolean; readonly name: string; readonly source: string },
  play: (profile: Profile, stage: Stage) => Statistics,
): Fit {
  const internal = hasInternalMail(observed);
  const circumstances = { internal, clock: about.clock };
  const kept: { parameter: string; reason: string }[] = [];
  const turned: Knob[] = [];
  for (const knob of knobs) {
    const reason = knob.missing(observed, circumstances) ?? unusable(knob.of(observed));
    if (reason === undefined) turned.push(knob);
    else kept.push({ parameter: knob.path.filter(Boolean).join('.'), reason });
  }
  const bodies = bodiesOf(observed);
  if (bodies === undefined) kept.push({ parameter: 'bodies', reason: 'no sizes of mails' });
  let changes: ProfileChanges = {
    name: about.name,
    source: about.source,
    ...(bodies && { bodies }),
  };
  for (let round = 0; round < ROUNDS && turned.length > 0; round++) {
    const profile = profileWith(changes);
    const stage = { seed: round + 1, ...stageFor(observed, profile, internal) };
    const simulated = play(profile, stage);
    // One organisation is one draw: later rounds move less, so that the fit is to several of them.
    const gain = Math.min(1, 2 / (round + 1));
    for (const knob of turned) changes = turn(changes, profile, knob, gain, observed, simulated);
  }
  return { profile: profileWith(changes), changes, kept };
}

function unusable(value: number | readonly number[]): string | undefined {
  const numbers = typeof value === 'number' ? [value] : value;
  return numbers.every(Number.isFinite) ? undefined : 'too few mails';
}

/** The organisation to play: like the observed one, but no larger than need be. */
function stageFor(observed: Statistics, profile: Profile, internal: boolean): Omit<Stage, 'seed'> {
  const perPerson = profile.mails_per_weekday * (internal ? 1 : profile.external_share) * (5 / 7);
  let days = Math.min(540, Math.max(28, observed.days));
  let people = Math.min(150, Math.max(20, observed.people));
  people = Math.max(Math.min(people, 50), Math.min(people, MOST_MAILS / (perPerson * days)));
  days = Math.max(Math.min(days, 90), Math.min(days, MOST_MAILS / (perPerson * people)));
  people = Math.round(people);
  const members = observed.departments > 0 ? observed.people / observed.departments : 15;
  const peer_groups = Math.min(people, Math.max(1, Math.round(people / members)));
  return { people, peer_groups, days: Math.round(days), internal_mail: internal };
}

function turn(
  changes: ProfileChanges,
  profile: Profile,
  knob: Knob,
  gain: number,
  observed: Statistics,
  simulated: Statistics,
): ProfileChanges {
  const [group, key] = knob.path;
  const parts = profile as unknown as Readonly<Record<string, unknown>>;
  const held = key === undefined ? parts[group] : (parts[group] as Record<string, unknown>)[key];
  const wanted = knob.of(observed);
  const got = knob.of(simulated);
  const value = Array.isArray(held)
    ? (held as readonly number[]).map((x, i) =>
        moved(
          x,
          (wanted as readonly number[])[i] ?? 0,
          (got as readonly number[])[i] ?? 0,
          knob,
          gain,
        ),
      )
    : moved(held as number, wanted as number, got as number, knob, gain);
  const before = (changes as Record<string, unknown>)[group];
  return {
    ...changes,
    [group]: key === undefined ? value : { ...(before as object | undefined), [key]: value },
  };
}

function moved(
  value: number,
  wanted: number,
  got: number,
  { by, lo, hi }: Knob,
  gain: number,
): number {
  if (!Number.isFinite(got)) return value;
  let next: number;
  if (by === 'difference') next = value + gain * (wanted - got);
  // A statistic of nothing says little of how far the parameter is off: it moves by a factor.
  else {
    const ratio = Math.min(4, Math.max(0.25, (wanted + 1e-6) / (got + 1e-6)));
    next = value * ratio ** (by * gain);
  }
  return Number(Math.min(hi, Math.max(lo, next)).toPrecision(5));
}

/** From the upper half of the sizes, where headers count for little. */
function bodiesOf(s: Statistics): Profile['bodies'] | undefined {
  if (s.counts.sized_bodies >= 200) return { mu: round(s.body_mu), sigma: round(s.body_sigma) };
  if (s.counts.sized_mails < 200) return undefined;
  const middle = Math.max(300, s.plain_median - HEADER_BYTES);
  const upper = Math.max(middle * 1.05, s.plain_p84 - HEADER_BYTES);
  return { mu: round(Math.log(middle)), sigma: round(Math.log(upper / middle)) };
}

const round = (value: number): number => Number(value.toPrecision(5));
