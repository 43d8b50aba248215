/**
 * Statistics against targets: which number stands for which target, and when it can be trusted. Over 400
 * lines because most of it is the list of targets.
 */

import { SIZE_GROWTH } from '#generators';
import type { FirstSeen, Statistics, TenureBin } from './measure.js';
import { readTargets, type Targets } from './targets.js';

export interface Judgement {
  /** Key in targets.json. */
  readonly id: string;
  readonly target: number | undefined;
  readonly lo: number | undefined;
  readonly hi: number | undefined;
  readonly measured: number | undefined;
  /**
   * `shown`: no band holds for it. `not measurable`: these mails cannot tell, and `reason` says why.
   */
  readonly verdict: 'inside' | 'outside' | 'shown' | 'not measurable';
  readonly reason: string | undefined;
  /** What the band is, which corpus it comes from, and how the statistic is defined. */
  readonly band: string;
  readonly source: string;
  readonly note: string | undefined;
  /** Of a shape: what was measured, next to the corpus. */
  readonly shape?: readonly {
    readonly part: string;
    readonly target: number;
    readonly measured: number;
  }[];
}

/** What the mails are and what is known beside them. */
export interface Circumstances {
  /** Whether the times of day are on the senders' own clocks. */
  readonly clock: boolean;
  /** What to do to have one: added to the reason. */
  readonly without: {
    readonly clock: string;
    readonly departments: string;
    readonly names: string;
  };
}

/** Why a statistic cannot be had from these mails; undefined when it can. */
type Need = (s: Statistics, circumstances: Circumstances) => string | undefined;

interface Measure {
  readonly of: (s: Statistics) => number;
  readonly needs: readonly Need[];
  /** Taken off before the comparison. */
  readonly shift?: number;
  /** Why the band says nothing about these mails; undefined when it does. */
  readonly holds?: (s: Statistics) => string | undefined;
}

const atLeast =
  (what: string, of: (s: Statistics) => number, least: number): Need =>
  (s) =>
    of(s) >= least ? undefined : `needs ${least} ${what}, there are ${of(s)}`;

/** Share of sent mails below which internal mail is taken for an accident of the log. */
const INTERNAL_SEEN = 0.1;

/** Whether mail between colleagues is in the log. */
export const hasInternalMail = ({ counts }: Statistics): boolean =>
  counts.internal > 0 && counts.internal >= INTERNAL_SEEN * counts.sent;
const internal: Need = (s) =>
  hasInternalMail(s) ? undefined : 'the log has no mail between colleagues';
const mails = atLeast('sent mails', (s) => s.counts.sent, 1000);
/** For what happens once in a thousand mails. */
const manyMails = atLeast('sent mails', (s) => s.counts.sent, 20_000);
const inside = atLeast('mails between colleagues', (s) => s.counts.internal, 1000);
const outside = atLeast('external mails', (s) => s.counts.external_events, 1000);
const senders = atLeast('people who send', (s) => s.counts.senders, 20);
const series = atLeast('people with 50 mails', (s) => s.counts.day_series, 10);
const contacts = atLeast('people with 100 mails to colleagues', (s) => s.counts.contact_curves, 10);
const correspondents = atLeast('people with 100 external mails', (s) => s.counts.domain_curves, 10);
const attached = atLeast('mails with attachments', (s) => s.counts.with_files, 1000);
const span =
  (days: number): Need =>
  (s) =>
    s.days >= days ? undefined : `needs a log of ${days} days, these are ${s.days}`;
const clock: Need = (_, { clock: known, without }) =>
  known ? undefined : `the senders' time zone is not known${without.clock}`;
const departments: Need = (s, { without }) =>
  s.departments > 1 ? undefined : `the departments are not known${without.departments}`;
const names: Need = (s, { without }) =>
  s.counts.surnames > 0.5 * s.people
    ? undefined
    : `the names of the people are not known${without.names}`;
const subjects: Need = (s) =>
  s.counts.subjects > 0.2 * s.mails ? undefined : 'the log has no subjects';
const sized: Need = (s) =>
  s.counts.sized_files >= 300 ? undefined : 'the log has no sizes of attachments';
const bodies: Need = (s) =>
  s.counts.sized_bodies >= 300
    ? undefined
    : 'the log has the size of the mail with its headers, not that of its text';

/** First-seen shares of a department or an organisation depend on how many people share it. */
const likeTheCorpus = (s: Statistics): string | undefined =>
  s.people >= 75 && s.people <= 300
    ? undefined
    : `holds for about 148 people, these are ${s.people}`;

/** A few people are no distribution, and have few colleagues to write to. */
const amongMany = (s: Statistics): string | undefined =>
  s.people >= 75 ? undefined : `holds for 75 people and more, these are ${s.people}`;

const bins = {
  '90d-180': ['90-180'],
  '180d': ['180-365', '365-999'],
  '365d': ['365-999'],
} as const satisfies Record<string, readonly TenureBin[]>;

/** Share of the external events of some bins of tenure that were the first of their kind. */
export function firstShare(
  s: Statistics,
  kind: Exclude<keyof FirstSeen, 'events'>,
  of: readonly TenureBin[],
): number {
  let events = 0;
  let first = 0;
  for (const bin of of) {
    events += s.first_seen[bin].events;
    first += s.first_seen[bin][kind];
  }
  return first / events;
}

function firstSeenMeasures(): [string, Measure][] {
  const kinds = {
    user: 'user',
    dept: 'department',
    org: 'organisation',
    address: 'address',
    cctld: 'country',
  } as const;
  const spans = { '90d-180': 180, '180d': 270, '365d': 455 };
  return Object.entries(kinds).flatMap(([name, kind]) =>
    Object.entries(bins).map(([bin, of]): [string, Measure] => [
      `external.${name}_first_${bin}`,
      {
        of: (s) => firstShare(s, kind, of),
        needs: [
          span(spans[bin as keyof typeof spans]),
          atLeast(
            'external mails after so long',
            (s) => of.reduce((sum, b) => sum + s.first_seen[b].events, 0),
            kind === 'country' ? 2000 : 500,
          ),
          ...(kind === 'department' ? [departments] : []),
        ],
        ...((kind === 'department' || kind === 'organisation') && { holds: likeTheCorpus }),
      },
    ]),
  );
}

const measures = new Map<string, Measure>([
  [
    'activity.rate_sigma',
    { of: (s) => s.rate_sigma, needs: [internal, senders], holds: amongMany },
  ],
  ['activity.gini', { of: (s) => s.gini, needs: [internal, senders, mails], holds: amongMany }],
  [
    'activity.top10_share',
    { of: (s) => s.top10_share, needs: [internal, senders, mails], holds: amongMany },
  ],
  ['activity.fano_median', { of: (s) => s.fano_median, needs: [internal, span(60), series] }],
  [
    'activity.negbin_k_median',
    { of: (s) => s.negbin_k_median, needs: [internal, span(60), series] },
  ],
  ['activity.lag1_median', { of: (s) => s.lag1_median, needs: [internal, span(60), series] }],
  ['activity.weekend_share', { of: (s) => s.weekend_share, needs: [internal, span(28), mails] }],
  ['activity.after_hours', { of: (s) => s.after_hours, needs: [internal, clock, mails] }],
  ['activity.recip_share_1', { of: (s) => s.internal_share_1, needs: [internal, inside] }],
  ['activity.recip_mean', { of: (s) => s.internal_mean, needs: [internal, inside] }],
  ['activity.recip_p99', { of: (s) => s.internal_p99, needs: [internal, manyMails] }],
  [
    'activity.heaps_beta_contacts_median',
    { of: (s) => s.contacts_beta, needs: [internal, contacts], holds: amongMany },
  ],
  [
    'activity.share_top5_contacts_median',
    { of: (s) => s.top5_contacts, needs: [internal, contacts], holds: amongMany },
  ],
  [
    'activity.first_seen_contact_128_255',
    { of: (s) => s.first_contact_128_255, needs: [internal, contacts], holds: amongMany },
  ],
  [
    'activity.mean_internal_sent_per_user_weekday',
    { of: (s) => s.internal_per_weekday, needs: [internal, senders] },
  ],
  [
    'activity.zero_weekday_share',
    { of: (s) => s.zero_weekday_share, needs: [internal, span(28), senders] },
  ],
  ['external.event_share', { of: (s) => s.external_event_share, needs: [internal, outside] }],
  ['external.domains_heaps_beta', { of: (s) => s.domains_beta, needs: [correspondents] }],
  ['external.domains_heaps_K', { of: (s) => s.domains_K, needs: [correspondents] }],
  ['external.domains_zipf', { of: (s) => s.domains_zipf, needs: [correspondents] }],
  ['external.addresses_heaps_beta', { of: (s) => s.addresses_beta, needs: [correspondents] }],
  ...firstSeenMeasures(),
  ['external.freemail_share', { of: (s) => s.freemail_share, needs: [outside] }],
  ['outbound.external_share', { of: (s) => s.outbound_external_share, needs: [internal, mails] }],
  [
    'external.same_surname_freemail_event_share',
    { of: (s) => s.surname_share, needs: [names, outside] },
  ],
  ['recipients.sent_share_1', { of: (s) => s.sent_share_1, needs: [internal, mails] }],
  ['recipients.sent_gt20', { of: (s) => s.sent_gt20, needs: [internal, manyMails] }],
  ['subject.re_share', { of: (s) => s.re_share, needs: [internal, subjects, mails] }],
  ['subject.fw_share', { of: (s) => s.fw_share, needs: [internal, subjects, mails] }],
  ['size.body_lognormal_mu', { of: (s) => s.body_mu, needs: [bodies], shift: SIZE_GROWTH.bodies }],
  ['size.body_lognormal_sigma', { of: (s) => s.body_sigma, needs: [bodies] }],
  ['attach.share_sent', { of: (s) => s.files_share_sent, needs: [internal, mails] }],
  ['attach.share_all', { of: (s) => s.files_share_all, needs: [internal, mails] }],
  ['attach.single_share', { of: (s) => s.single_file_share, needs: [attached] }],
  [
    'attach.bytes_lognormal_mu',
    { of: (s) => s.file_mu, needs: [sized], shift: SIZE_GROWTH.attachments },
  ],
  ['attach.bytes_lognormal_sigma', { of: (s) => s.file_sigma, needs: [sized] }],
]);

/** Every target against the statistics, in the order of the targets. */
export function judge(
  s: Statistics,
  circumstances: Circumstances,
  targets: Targets = readTargets(),
): Judgement[] {
  return targets.ids.map((id) => {
    const band = targets.bands.get(id);
    if (band === undefined) return judgeShape(id, s, circumstances, targets);
    const measure = measures.get(id);
    if (measure === undefined) throw new Error(`nothing measures the target ${id}`);
    const stated = {
      id,
      target: band.target,
      lo: band.lo,
      hi: band.hi,
      band: band.band,
      source: band.source,
      note: band.note,
    };
    return { ...stated, ...verdictOf(s, circumstances, measure, band.lo, band.hi) };
  });
}

function verdictOf(
  s: Statistics,
  circumstances: Circumstances,
  { of, needs, shift = 0, holds }: Measure,
  lo: number,
  hi: number,
): Pick<Judgement, 'measured' | 'verdict' | 'reason'> {
  const missing = missingOf(needs, s, circumstances);
  if (missing !== undefined)
    return { measured: undefined, verdict: 'not measurable', reason: missing };
  const measured = of(s) - shift;
  if (!Number.isFinite(measured))
    return { measured: undefined, verdict: 'not measurable', reason: 'too few mails' };
  const elsewhere = holds?.(s);
  if (elsewhere !== undefined) return { measured, verdict: 'shown', reason: elsewhere };
  const verdict = measured >= lo && measured <= hi ? 'inside' : 'outside';
  const reason =
    shift === 0 ? undefined : `after ${shift} was taken off for the growth of sizes since 2001`;
  return { measured, verdict, reason };
}

function missingOf(
  needs: readonly Need[],
  s: Statistics,
  circumstances: Circumstances,
): string | undefined {
  for (const need of needs) {
    const reason = need(s, circumstances);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

/** Half the sum of differences: the share that would have to move. */
export function distance(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, x, i) => sum + Math.abs(x - (b[i] ?? 0)), 0) / 2;
}

/** Bins whose shares rest on enough events of the corpus. */
const judgedBins: readonly TenureBin[] = ['30-60', '60-90', '90-180', '180-365', '365-999'];
/** Two standard errors of the smallest of them: 550 events that clump in people. */
const TENURE_BOUND = 0.08;

function judgeShape(
  id: string,
  s: Statistics,
  circumstances: Circumstances,
  { hours, weekdays, tenure, growth, extensions }: Targets,
): Judgement {
  switch (id) {
    case 'activity.hour_share_weekday':
      return sharesOf(id, s.hour_share_weekday, hours, hourNames, [internal, clock, mails]);
    case 'activity.dow_share_mon_sun':
      return sharesOf(id, s.dow_share, weekdays, dayNames, [internal, span(28), mails]);
    case 'external.first_seen_by_tenure_days': {
      const kinds = [
        ['user_first_domain', 'user'],
        ['dept_first_domain', 'department'],
        ['org_first_domain', 'organisation'],
        ['user_first_address', 'address'],
      ] as const;
      const shape = Object.entries(tenure.target).flatMap(([bin, row]) =>
        kinds.map(([key, kind]) => ({
          bin: bin as TenureBin,
          part: `${key} ${bin}`,
          target: row[key],
          measured: firstShare(s, kind, [bin as TenureBin]),
        })),
      );
      const off = shape
        .filter(({ bin }) => judgedBins.includes(bin))
        .map(({ target, measured }) => Math.abs(target - measured));
      return {
        id,
        target: 0,
        lo: 0,
        hi: TENURE_BOUND,
        band: 'two standard errors of the smallest bin judged',
        source: tenure.source,
        note: 'greatest difference of a first-seen share (domains to user, department, organisation; addresses to user) from 30 days on',
        shape: shape.map(({ part, target, measured }) => ({ part, target, measured })),
        ...verdictOf(
          s,
          circumstances,
          {
            of: () => Math.max(...off),
            needs: [span(455), departments, outside],
            holds: likeTheCorpus,
          },
          0,
          TENURE_BOUND,
        ),
      };
    }
    case 'external.org_level_heaps': {
      const parts = Object.entries(growth.target.new_per_event_by_segment);
      return {
        ...shownOnly(
          id,
          growth.target.heaps_beta,
          s.organisation_curve.beta,
          growth.source,
          'exponent of distinct domains of the whole organisation; depends on how many people are in the log from the first day',
          missingOf([outside], s, circumstances),
        ),
        shape: parts.map(([part, target], i) => ({
          part: `new per event ${part}`,
          target,
          measured: s.organisation_segments[i] ?? Number.NaN,
        })),
      };
    }
    case 'attach.extension_share': {
      const names = [
        ...new Set([...Object.keys(extensions.target), ...Object.keys(s.extension_share)]),
      ];
      const shape = names.map((part) => ({
        part,
        target: extensions.target[part]?.[0] ?? 0,
        measured: s.extension_share[part] ?? 0,
      }));
      return {
        ...shownOnly(
          id,
          0,
          distance(
            shape.map(({ target }) => target),
            shape.map(({ measured }) => measured),
          ),
          extensions.source,
          'share that differs; the formats of 2001 are not those of today',
          missingOf([attached], s, circumstances),
        ),
        shape,
      };
    }
    default:
      throw new Error(`nothing measures the target ${id}`);
  }

  function sharesOf(
    shapeId: string,
    measured: readonly number[],
    corpora: Targets['hours'],
    parts: readonly string[],
    needs: readonly Need[],
  ): Judgement {
    const off = [corpora.target, corpora.alt_enron_us].map((corpus) => distance(measured, corpus));
    const nearest =
      off[1] !== undefined && off[1] < (off[0] ?? 0) ? corpora.alt_enron_us : corpora.target;
    const bound = distance(corpora.target, corpora.alt_enron_us) / 2;
    return {
      id: shapeId,
      target: 0,
      lo: 0,
      hi: bound,
      band: 'half the distance between the two corpora',
      source: corpora.source,
      note: 'share of mails that would have to move to give the nearer corpus',
      shape: parts.map((part, i) => ({
        part,
        target: nearest[i] ?? Number.NaN,
        measured: measured[i] ?? Number.NaN,
      })),
      ...verdictOf(s, circumstances, { of: () => Math.min(...off), needs }, 0, bound),
    };
  }
}

function shownOnly(
  id: string,
  target: number,
  measured: number,
  source: string,
  note: string,
  missing: string | undefined,
): Judgement {
  const known = missing === undefined && Number.isFinite(measured);
  return {
    id,
    target,
    lo: undefined,
    hi: undefined,
    measured: known ? measured : undefined,
    verdict: known ? 'shown' : 'not measurable',
    reason: known ? 'no band' : (missing ?? 'too few mails'),
    band: 'none',
    source,
    note,
  };
}

const hourNames = Array.from({ length: 24 }, (_, hour) => `${String(hour).padStart(2, '0')} h`);
const dayNames = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
