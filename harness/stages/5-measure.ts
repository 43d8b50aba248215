import type { ContentPack } from '#content';
import type { Counters, UnparsedSample } from '#engine';
import { precisionEstimate, rateEstimate, shareEstimate } from '../estimate.js';
import type {
  Contributor,
  Convergence,
  Counts,
  Detection,
  Estimate,
  InstanceResult,
  Miss,
  NotableResult,
  Receipt,
  RuleResult,
  RunResult,
  TechniqueResult,
  UnparsedLine,
} from '../result.generated.js';
import { type Amounts, clusterBootstrap, quantile, type Ratio } from '../statistics.js';
import type { Contribution, Observations, Tally } from './4-label.js';

/** One planted instance of a scenario, as far as measuring needs to know it. */
export interface MeasuredInstance {
  /** `scenario#k`. */
  readonly id: string;
  readonly scenario: string;
  readonly kind: 'attack' | 'look-alike';
  readonly technique: string;
  readonly title: string;
  readonly story: string;
  readonly expects: readonly string[];
  readonly user: string;
  /** Times of its first and last activity. */
  readonly first: number;
  readonly last: number;
  /** Lines it was written as. */
  readonly lines: number;
}

export interface MeasureInput {
  readonly pack: ContentPack;
  /** The program's rules, in its order; those of other variants are left out of the result. */
  readonly rules: readonly {
    readonly id: string;
    readonly events: readonly string[];
    readonly variants: readonly number[];
  }[];
  readonly instances: readonly MeasuredInstance[];
  readonly observations: Observations;
  /** Days under test that each user was employed for, by address. */
  readonly exposure: ReadonlyMap<string, number>;
  readonly receipt: Omit<Receipt, 'user_days'>;
  readonly notable: number;
  readonly counters: Counters;
  readonly converged: Readonly<Record<string, Convergence>>;
  readonly unparsed: readonly UnparsedSample[];
  readonly partial: boolean;
  /** Draws the bootstrap's resamples: numbers in [0, 1). */
  readonly random: () => number;
}

/** A result before its gates are judged. */
export type Measurement = Omit<RunResult, 'gates' | 'verdict'>;

/** Alerts with one kind of truth, as amounts by user number. */
interface UserAmounts {
  readonly benign: Amounts;
  readonly malicious: Amounts;
  readonly all: Amounts;
}

/** Turns what was observed into figures with intervals. Definitions: README, "Measurement". */
export function measure(input: MeasureInput): Measurement {
  const { pack, observations, instances } = input;
  const measured = input.rules.flatMap(({ id, events, variants }, index) => {
    const entry = pack.rules.find((rule) => rule.id === id);
    const observation = observations.rules[index];
    return variants.includes(0) && entry && observation
      ? [{ index, events, entry, observation }]
      : [];
  });
  const techniques = [...new Set(measured.map(({ entry }) => entry.technique))].sort();
  const users = numberUsers(input);
  const user_days = sum([...input.exposure.values()]);
  const { base_rate } = input.receipt;

  const fired = instances.map((_, i) => {
    const catches = observations.instances[i]?.catches;
    return new Set(
      measured.filter(({ index }) => catches?.has(index)).map(({ entry }) => entry.id),
    );
  });
  const attacks = positions(instances, ({ kind }) => kind === 'attack');
  const lookAlikes = positions(instances, ({ kind }) => kind === 'look-alike');

  // One bootstrap for all: rules, techniques and notable sessions, as rates and as precisions.
  const perRule = measured.map(({ observation }) => amounts(observation.users, users.numbers));
  const perTechnique = techniques.map((technique) =>
    merged(perRule.filter((_, i) => measured[i]?.entry.technique === technique)),
  );
  const notableAmounts = amounts(observations.notable.users, users.numbers);
  const series = [...perRule, ...perTechnique, notableAmounts];
  const ratios: Ratio[] = [
    ...series.map(({ benign }) => ({ hits: benign, trials: users.days })),
    ...perRule.map(({ malicious, all }) => ({ hits: malicious, trials: all })),
  ];
  const intervals = clusterBootstrap(users.numbers.size, ratios, input.random);
  const falseRate = (at: number): Estimate =>
    rateEstimate(total(series[at]?.benign), user_days, intervals[at]);

  const rules = measured.map(({ index, events, entry, observation }, at): RuleResult => {
    const expecting = attacks.filter((i) => instances[i]?.expects.includes(entry.id));
    const caught = expecting.filter((i) => fired[i]?.has(entry.id));
    const missed = expecting.filter((i) => !fired[i]?.has(entry.id));
    const tempted = lookAlikes.filter(
      (i) => instances[i]?.expects.includes(entry.id) || fired[i]?.has(entry.id),
    );
    const quiet = tempted.filter((i) => !fired[i]?.has(entry.id));
    const recall = shareEstimate(caught.length, expecting.length);
    const false_per_1000_user_days = falseRate(at);
    const { malicious, benign, suspicious } = observation.alerts;
    const alerts = malicious + benign + suspicious;
    const detection = detectionOf(index, attacks, observations);
    return {
      id: entry.id,
      name: entry.name,
      technique: entry.technique,
      file: entry.file,
      ...(entry.model !== undefined && { model: entry.model }),
      when: entry.when,
      score: entry.score,
      expected: expecting.length,
      caught: caught.length,
      caught_instances: caught.map((i) => instances[i]?.id ?? ''),
      missed_instances: missed.map((i) => missOf(index, events, i, input)),
      recall,
      alerts,
      true_alerts: malicious,
      false_alerts: benign,
      look_alike_alerts: suspicious,
      triggers: observation.triggers,
      false_per_1000_user_days,
      precision: shareEstimate(malicious, alerts, intervals[series.length + at]),
      precision_at_base_rate: precisionEstimate(base_rate, recall, false_per_1000_user_days),
      look_alike_specificity: shareEstimate(quiet.length, tempted.length),
      unique_catches: attacks.filter((i) => fired[i]?.size === 1 && fired[i]?.has(entry.id)).length,
      ...(detection && { detection }),
      examples: (['malicious', 'benign', 'suspicious'] as const).flatMap((truth) =>
        [...observation.examples[truth]].sort((a, b) => a.time - b.time),
      ),
      known_gaps: (entry.known_gaps ?? []).map(({ gap }) => gap),
    };
  });

  return {
    version: 1,
    partial: input.partial,
    receipt: { ...input.receipt, user_days },
    counts: countsOf(input, rules),
    notable: notableOf(input, falseRate(series.length - 1), attacks),
    techniques: techniques.map((id, at) =>
      techniqueOf(
        id,
        pack,
        rules,
        instances,
        fired,
        observations,
        input.notable,
        falseRate(rules.length + at),
      ),
    ),
    rules,
    instances: instances.map((instance, i): InstanceResult => {
      const points = observations.instances[i]?.points ?? 0;
      return {
        ...instance,
        expects: [...instance.expects],
        fired: [...(fired[i] ?? [])],
        points,
        notable: points >= input.notable,
      };
    }),
    unparsed: unparsedOf(input),
  };
}

function numberUsers(input: MeasureInput): { numbers: Map<string, number>; days: Amounts } {
  const numbers = new Map<string, number>();
  const days = new Map<number, number>();
  for (const [user, amount] of input.exposure) {
    if (amount > 0) days.set(numbers.size, amount);
    numbers.set(user, numbers.size);
  }
  // Addresses outside the directory raise alerts too; each is a cluster without user-days.
  const seen = [...input.observations.rules, input.observations.notable];
  for (const { users } of seen)
    for (const user of users.keys()) if (!numbers.has(user)) numbers.set(user, numbers.size);
  return { numbers, days };
}

function amounts(users: ReadonlyMap<string, Tally>, numbers: Map<string, number>): UserAmounts {
  const benign = new Map<number, number>();
  const malicious = new Map<number, number>();
  const all = new Map<number, number>();
  for (const [user, tally] of users) {
    const number = numbers.get(user);
    if (number === undefined) continue;
    if (tally.benign > 0) benign.set(number, tally.benign);
    if (tally.malicious > 0) malicious.set(number, tally.malicious);
    all.set(number, tally.benign + tally.malicious + tally.suspicious);
  }
  return { benign, malicious, all };
}

function merged(parts: readonly UserAmounts[]): UserAmounts {
  const add = (pick: (part: UserAmounts) => Amounts): Amounts => {
    const result = new Map<number, number>();
    for (const part of parts)
      for (const [user, amount] of pick(part)) result.set(user, (result.get(user) ?? 0) + amount);
    return result;
  };
  return {
    benign: add(({ benign }) => benign),
    malicious: add(({ malicious }) => malicious),
    all: add(({ all }) => all),
  };
}

function missOf(rule: number, events: readonly string[], at: number, input: MeasureInput): Miss {
  const instance = input.instances[at];
  const observation = input.observations.instances[at];
  const miss = observation?.misses.get(rule);
  if (miss) return miss;
  const built = observation?.events ?? 0;
  return {
    instance: instance?.id ?? '',
    cause: 'not parsed',
    explanation:
      built === 0
        ? `No event was built from the ${instance?.lines ?? 0} lines of this instance.`
        : `None of the ${built} events built from this instance is of a type that the rule looks at (${events.join(', ')}).`,
  };
}

function detectionOf(
  rule: number,
  attacks: readonly number[],
  observations: Observations,
): Detection | undefined {
  const catches = attacks.flatMap((i) => observations.instances[i]?.catches.get(rule) ?? []);
  if (catches.length === 0) return undefined;
  const events = catches.map((one) => one.events).sort((a, b) => a - b);
  const hours = catches.map(({ ms }) => ms / 3_600_000).sort((a, b) => a - b);
  return {
    median_events: quantile(events, 0.5),
    p90_events: quantile(events, 0.9),
    median_hours: quantile(hours, 0.5),
    p90_hours: quantile(hours, 0.9),
  };
}

function notableOf(
  input: MeasureInput,
  false_per_1000_user_days: Estimate,
  attacks: readonly number[],
): NotableResult {
  const { observations, notable: threshold, receipt } = input;
  const reached = attacks.filter((i) => (observations.instances[i]?.points ?? 0) >= threshold);
  const recall = shareEstimate(reached.length, attacks.length);
  const contributors = (from: ReadonlyMap<number, Contribution>): Contributor[] =>
    [...from]
      .map(([rule, { points, sessions }]) => ({
        rule: input.rules[rule]?.id ?? '',
        points,
        sessions,
      }))
      .sort((a, b) => b.points - a.points || (a.rule < b.rule ? -1 : 1));
  return {
    threshold,
    recall,
    false_per_1000_user_days,
    precision_at_base_rate: precisionEstimate(receipt.base_rate, recall, false_per_1000_user_days),
    true_contributors: contributors(observations.notable.true_contributors),
    false_contributors: contributors(observations.notable.false_contributors),
  };
}

function techniqueOf(
  id: string,
  pack: ContentPack,
  rules: readonly RuleResult[],
  instances: readonly MeasuredInstance[],
  fired: readonly ReadonlySet<string>[],
  observations: Observations,
  notable: number,
  false_per_1000_user_days: Estimate,
): TechniqueResult {
  const own = rules.filter(({ technique }) => technique === id);
  const attacks = positions(instances, (one) => one.kind === 'attack' && one.technique === id);
  const lookAlikes = positions(
    instances,
    (one) => one.kind === 'look-alike' && one.technique === id,
  );
  const raised = (i: number): boolean => own.some((rule) => fired[i]?.has(rule.id));
  const caught = attacks.filter(raised);
  const isCovered = (rule: RuleResult): boolean =>
    attacks.some((i) => fired[i]?.has(rule.id)) &&
    lookAlikes.length > 0 &&
    !lookAlikes.some((i) => fired[i]?.has(rule.id));
  return {
    id,
    name: pack.techniques.find((technique) => technique.id === id)?.name ?? id,
    mapped: own.length,
    exercised: own.filter(
      (rule) => rule.alerts > 0 || instances.some(({ expects }) => expects.includes(rule.id)),
    ).length,
    covered: own.filter(isCovered).length,
    instances: attacks.length,
    caught: caught.length,
    notable: attacks.filter((i) => (observations.instances[i]?.points ?? 0) >= notable).length,
    recall: shareEstimate(caught.length, attacks.length),
    look_alikes: lookAlikes.length,
    look_alikes_quiet: lookAlikes.filter((i) => !raised(i)).length,
    false_per_1000_user_days,
  };
}

function countsOf({ counters, converged }: MeasureInput, rules: readonly RuleResult[]): Counts {
  return {
    lines: counters.lines,
    events: sum(Object.values(counters.events)),
    unparsed: counters.unparsed,
    duplicates: counters.duplicates,
    late: counters.late,
    triggers: sum(rules.map(({ triggers }) => triggers)),
    alerts: sum(rules.map(({ alerts }) => alerts)),
    sessions: counters.sessions,
    event_types: { ...counters.events },
    converged: { ...converged },
    evicted: { ...counters.evicted },
    faults: { ...counters.faults },
  };
}

function unparsedOf({ unparsed, counters }: MeasureInput): UnparsedLine[] {
  return unparsed.map(({ reason, text }) => {
    const count = counters.unparsedReasons[reason];
    return { reason, text, ...(count !== undefined && { count }) };
  });
}

function positions<T>(items: readonly T[], holds: (item: T) => boolean): number[] {
  return items.flatMap((item, i) => (holds(item) ? [i] : []));
}

function total(amounts: Amounts | undefined): number {
  return amounts ? sum([...amounts.values()]) : 0;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}
