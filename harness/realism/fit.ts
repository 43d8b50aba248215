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
  /** Its place in the profile: `hours`, `novelty.floor`. */
  readonly parameter: string;
  readonly of: (s: Statistics) => number | readonly number[];
  /** Why these mails cannot tell; undefined when they can. */
  readonly missing: (s: Statistics, about: About) => string | undefined;
  /**
   * How the parameter follows: in proportion, against it, or by the difference. A number is the
   * power of the ratio.
   */
  readonly by: number | 'difference';
  readonly limits: readonly [lowest: number, highest: number];
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
const outbound = needs('outbound mails', (s) => s.counts.outbound, 500);
const subjects = needs('mails with a subject', (s) => s.counts.subjects, 500);
const sizes = needs('attachments with a size', (s) => s.counts.sized_files, 200);
const inside =
  (then: Knob['missing']): Knob['missing'] =>
  (s, about) =>
    about.internal ? then(s, about) : 'no mail between colleagues';
const departments: Knob['missing'] = (s) =>
  s.departments > 1 ? outside(s) : 'departments not known';

const knob = (
  parameter: string,
  of: Knob['of'],
  missing: Knob['missing'],
  by: Knob['by'],
  limits: Knob['limits'],
): Knob => ({ parameter, of, missing, by, limits });

/** By parameter: its statistic, whether there are mails enough, how it follows, and between which limits. */
const knobs: readonly Knob[] = [
  knob(
    'mails_per_weekday',
    (s) => (hasInternalMail(s) ? s.sent_per_weekday : s.outbound_per_weekday),
    senders,
    1,
    [0.01, 500],
  ),
  knob('rate_sigma', (s) => s.rate_sigma, senders, 1, [0.05, 3]),
  knob('external_share', (s) => s.outbound_external_share, inside(sent), 1, [0.002, 0.95]),
  knob('external_spread', (s) => s.external_share_variance, inside(senders), -1, [0.1, 50]),
  knob('days.shape', (s) => s.negbin_k_median, series, 1, [0.1, 50]),
  knob('days.memory', (s) => s.lag1_median, series, 'difference', [0, 0.8]),
  knob('days.weekdays', (s) => s.dow_share.slice(0, 5), sent, 1, [0.001, 100]),
  knob('days.weekend_level', (s) => s.weekend_share, sent, 1, [0.0001, 10]),
  knob(
    'hours',
    (s) => s.hour_share_weekday,
    (s, { clock }) => (clock ? sent(s) : "the senders' time zone is not known"),
    1,
    [0.00001, 1],
  ),
  knob('recipients.several', (s) => 1 - s.sent_share_1, sent, 1, [0.0005, 0.95]),
  knob(
    'recipients.exponent',
    (s) => (s.sent_mean - 1) / (1 - s.sent_share_1),
    sent,
    -0.5,
    [1.05, 8],
  ),
  knob(
    'colleagues.exponent',
    (s) => s.contacts_beta,
    inside(needs('people with 100 mails inside', (s) => s.counts.contact_curves, 5)),
    'difference',
    [0.1, 0.95],
  ),
  knob('novelty.exponent', (s) => s.domains_beta, curves, 'difference', [0.1, 0.95]),
  knob('novelty.floor', (s) => first(s, 'user'), outside, 1, [0.001, 0.8]),
  knob(
    'novelty.address',
    (s) => (first(s, 'address') - first(s, 'user')) / (1 - first(s, 'user')),
    outside,
    1,
    [0.001, 0.95],
  ),
  knob(
    'novelty.department',
    (s) => (first(s, 'user') - first(s, 'department')) / first(s, 'user'),
    departments,
    1,
    [0.005, 0.45],
  ),
  knob(
    'novelty.organisation',
    (s) => (first(s, 'user') - first(s, 'organisation')) / first(s, 'user'),
    (s) => (s.people > 300 ? 'known only for organisations of up to 300 people' : outside(s)),
    1,
    [0.01, 0.95],
  ),
  knob(
    'novelty.abroad',
    (s) => firstShare(s, 'country', all),
    needs('external mails', (s) => s.counts.external_events, 2000),
    1,
    [0.0005, 0.9],
  ),
  knob('subjects.reply', (s) => s.re_share, subjects, 1, [0.001, 0.7]),
  knob('subjects.forward', (s) => s.fw_share, subjects, 1, [0.001, 0.3]),
  knob(
    'attachments.internal',
    (s) => s.files_share_internal / s.files_share_outbound,
    inside(sent),
    1,
    [0.01, 5],
  ),
  knob(
    'attachments.inbound',
    (s) => s.files_share_inbound / s.files_share_outbound,
    needs('inbound mails', (s) => s.counts.inbound, 500),
    1,
    [0.01, 5],
  ),
  knob(
    'attachments.several',
    (s) => 1 - s.single_file_share,
    needs('mails with attachments', (s) => s.counts.with_files, 200),
    1,
    [0.001, 0.95],
  ),
  knob('attachments.mu', (s) => s.file_mu, sizes, 'difference', [4, 18]),
  knob('attachments.sigma', (s) => s.file_sigma, sizes, 1, [0.05, 4]),
  knob('mix.attachment_share', (s) => s.files_share_outbound, outbound, 1, [0.002, 0.9]),
  knob(
    'mix.inbound_ratio',
    (s) => s.inbound_ratio,
    (s) => (s.counts.inbound === 0 ? 'no inbound mail' : outbound(s)),
    1,
    [0.01, 100],
  ),
  knob('mix.freemail_share', (s) => s.freemail_share, outside, 1, [0.002, 0.8]),
  knob(
    'mix.own_mailbox_share',
    (s) => s.surname_share,
    (s) => (s.counts.surnames > 0.5 * s.people ? outside(s) : 'names of the people not known'),
    1,
    [0.0005, 0.5],
  ),
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
    else kept.push({ parameter: knob.parameter, reason });
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
  const [group = '', key] = knob.parameter.split('.');
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
  { by, limits: [lowest, highest] }: Knob,
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
  return Number(Math.min(highest, Math.max(lowest, next)).toPrecision(5));
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
