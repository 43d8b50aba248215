/**
 * The same report for another pipeline: alerts that a SIEM exported, held against the labels of the
 * lines that were emitted to it.
 *
 * Every alert is joined to the truth by the best that its row gives: line id, else Message-ID, else
 * user and time. The last is a guess, so it holds only near a line of the deed, within the
 * tolerance, and the summary says how many alerts hang on it. An alert that is joined to nothing is
 * false. What only an engine knows (sessions, points, models, causes of misses) stays empty.
 */

import type { ContentPack } from '#content';
import { type Counters, emptyCounters, NOTABLE } from '#engine';
import { randomStream } from '#generators';
import { AlertTally, noTally, unmapped } from './alert-tally.js';
import { type AlertRow, type BadRow, halves } from './alerts-file.js';
import type { InstanceRecord, Labels, LineRecord } from './emit/labels.js';
import { precisionEstimate, rateEstimate, shareEstimate } from './estimate.js';
import { judge } from './gate.js';
import { GroundTruth, type JoinedBy } from './ground-truth.js';
import type { RunResult, TechniqueResult } from './result.generated.js';
import { type MeasuredInstance, type Measurement, measure } from './stages/5-measure.js';
import { UsageFault } from './usage-fault.js';

export interface ScoreOptions {
  readonly pack: ContentPack;
  readonly labels: Labels;
  /** What the SIEM calls a rule → rule id of the content, or any other name. */
  readonly rename: ReadonlyMap<string, string>;
  /** Milliseconds between an alert and a line of the deed, for alerts that name user and time only. */
  readonly tolerance: number;
  /** Attacks per user per day that precision is stated for. */
  readonly base_rate: number;
  readonly version: string;
  /** Command that gives the same result, for the receipt. */
  readonly command: string;
}

export interface Score {
  readonly result: RunResult;
  /** Alerts by what joined them to the truth; those by line or Message-ID may be benign too. */
  readonly joined: Readonly<Record<JoinedBy, number>>;
  /** Rules that the content does not have, by name, with their alerts. */
  readonly unknown: readonly { readonly rule: string; readonly alerts: number }[];
  /** Rows outside the days under test; they count for nothing. */
  readonly outside: number;
  readonly rows: number;
  readonly bad: readonly BadRow[];
}

const DAY = 86_400_000;
/** Bad rows that go into the result, for each fault. */
const shownBad = 100;

/** Reads `--rename` settings such as `SIEM name=EM-UD-F`. Throws UsageFault. */
export function parseRenames(settings: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    settings.map((setting) => {
      const [name, id] = halves(setting, '=');
      if (name === '' || id === '')
        throw new UsageFault(
          `--rename ${setting} makes no sense.`,
          "Write 'NAME IN THE SIEM=RULE'.",
        );
      return [name.toLowerCase(), id];
    }),
  );
}

/** Joins, measures and judges. Consumes the rows once, in any order; memory grows with bad rows only. */
export async function score(
  rows: AsyncIterable<AlertRow | BadRow>,
  options: ScoreOptions,
): Promise<Score> {
  const { pack, labels } = options;
  const span = spanOf(labels);
  const truth = new GroundTruth(labels, options.tolerance);
  const played = labels.instances.filter(({ last }) => Date.parse(last) < span.end);
  const tally = new AlertTally(pack, options.rename, truth, played);
  const joined: Record<JoinedBy, number> = {
    line: 0,
    'message id': 0,
    'user and time': 0,
    nothing: 0,
  };
  const bad: BadRow[] = [];
  let read = 0;
  let outside = 0;
  for await (const row of rows) {
    read++;
    if ('fault' in row) {
      bad.push(row);
      continue;
    }
    const { label, by } = truth.join(row);
    // A deed lies within the days under test, however late its alert comes.
    if (!label && (row.time < span.start || row.time >= span.end + options.tolerance)) {
      outside++;
      continue;
    }
    joined[by]++;
    tally.add(row, label);
  }
  tally.finish();
  const result = resultOf(options, span, played, tally, bad);
  return { result, joined, unknown: tally.unknown(), outside, rows: read, bad };
}

interface Span {
  readonly start: number;
  readonly end: number;
  readonly partial: boolean;
}

/** Days under test as far as lines were emitted. */
function spanOf({ header, end, lines }: Labels): Span {
  const start = Date.parse(header.test_start);
  const all = Date.parse(header.test_end);
  if (end?.complete) return { start, end: all, partial: false };
  const last = end?.last_time ?? lines.at(-1)?.time ?? header.test_start;
  return { start, end: Math.min(all, Math.max(start, Date.parse(last))), partial: true };
}

function resultOf(
  options: ScoreOptions,
  span: Span,
  played: readonly InstanceRecord[],
  tally: AlertTally,
  bad: readonly BadRow[],
): RunResult {
  const { labels, version, command, base_rate } = options;
  const { header } = labels;
  // Without sessions nothing can be said of notable ones, so nothing is asked of them.
  const { all: _, ...gates } = options.pack.gates;
  const pack: ContentPack = {
    ...options.pack,
    gates,
    rules: tally.entries,
    techniques: [
      ...options.pack.techniques,
      { id: unmapped, name: 'Alerts without a technique', tactics: [] },
    ],
  };
  const random = randomStream(header.seed, 'bootstrap');
  const measurement = measure({
    pack,
    rules: tally.rules,
    instances: played.map((one) => measuredInstance(one, labels.lines)),
    observations: {
      rules: tally.observations,
      instances: tally.instances,
      notable: {
        sessions: noTally(),
        users: new Map(),
        true_contributors: new Map(),
        false_contributors: new Map(),
      },
    },
    exposure: exposureOf(labels, span),
    receipt: {
      leakdrill: version,
      content: options.pack.digest,
      seed: header.seed,
      people: header.people,
      peer_groups: header.peer_groups,
      history_days: header.history_days,
      test_days: header.test_days,
      start: Date.parse(header.start),
      test_start: span.start,
      base_rate,
      command,
      assumptions: [
        ...header.assumptions,
        `alerts exported from another product, each row one alert; lines of run ${header.run}, made by ${header.command}`,
      ],
    },
    notable: NOTABLE,
    counters: countersOf(labels, bad),
    converged: {},
    unparsed: samplesOf(bad),
    partial: span.partial,
    random: () => random.uniform(),
  });
  const known = withUnmapped(withoutSessions(measurement));
  return { ...known, ...judge(pack, known) };
}

/** Sessions and points are the engine's alone. */
function withoutSessions(measurement: Measurement): Measurement {
  const recall = shareEstimate(0, 0);
  const rate = rateEstimate(0, 0);
  const { base_rate } = measurement.receipt;
  return {
    ...measurement,
    notable: {
      threshold: NOTABLE,
      recall,
      false_per_1000_user_days: rate,
      precision_at_base_rate: precisionEstimate(base_rate, recall, rate),
      true_contributors: [],
      false_contributors: [],
    },
  };
}

/** Counts what rules without a technique caught for the technique of each instance. */
function withUnmapped(measurement: Measurement): Measurement {
  const { rules, instances } = measurement;
  const free = new Set(rules.filter((rule) => rule.technique === unmapped).map(({ id }) => id));
  if (free.size === 0) return measurement;
  const raised = (technique: TechniqueResult, kind: 'attack' | 'look-alike'): number => {
    const own = new Set(
      rules.filter((rule) => rule.technique === technique.id).map(({ id }) => id),
    );
    return instances.filter(
      (instance) =>
        instance.kind === kind &&
        instance.technique === technique.id &&
        instance.fired.some((id) => own.has(id) || free.has(id)),
    ).length;
  };
  return {
    ...measurement,
    techniques: measurement.techniques.map((technique) => {
      if (technique.id === unmapped) return technique;
      const caught = raised(technique, 'attack');
      return {
        ...technique,
        caught,
        recall: shareEstimate(caught, technique.instances),
        look_alikes_quiet: technique.look_alikes - raised(technique, 'look-alike'),
      };
    }),
  };
}

function measuredInstance(one: InstanceRecord, lines: readonly LineRecord[]): MeasuredInstance {
  return {
    id: one.instance,
    scenario: one.scenario,
    kind: one.kind,
    technique: one.technique,
    title: one.title,
    story: one.story,
    expects: one.expects,
    user: one.user,
    first: Date.parse(one.first),
    last: Date.parse(one.last),
    lines: lines.filter(({ instance }) => instance === one.instance).length,
  };
}

function exposureOf({ users }: Labels, span: Span): Map<string, number> {
  return new Map(
    users.map(({ user, from, until }) => {
      const begins = Math.max(Date.parse(from), span.start);
      const ends = Math.min(until === null ? span.end : Date.parse(until), span.end);
      return [user, Math.max(0, ends - begins) / DAY];
    }),
  );
}

function countersOf({ end, lines }: Labels, bad: readonly BadRow[]): Counters {
  const unparsedReasons: Record<string, number> = {};
  for (const { fault } of bad) {
    const reason = reasonOf(fault);
    unparsedReasons[reason] = (unparsedReasons[reason] ?? 0) + 1;
  }
  return {
    ...emptyCounters(),
    lines: end?.lines ?? lines.at(-1)?.line ?? 0,
    unparsed: bad.length,
    unparsedReasons,
  };
}

const reasonOf = (fault: string): string => `alert row: ${fault}`;

function samplesOf(bad: readonly BadRow[]) {
  const taken = new Map<string, number>();
  return bad.flatMap(({ number, fault, text }) => {
    const n = (taken.get(fault) ?? 0) + 1;
    taken.set(fault, n);
    return n > shownBad
      ? []
      : [{ line: number, reason: reasonOf(fault), text: `line ${number}: ${text.slice(0, 400)}` }];
  });
}
