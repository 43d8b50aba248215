import type { ContentPack } from '#content';
import { precisionEstimate, shareEstimate } from './estimate.js';
import type {
  Estimate,
  GateResult,
  InstanceResult,
  RuleResult,
  RunResult,
} from './result.generated.js';
import type { Measurement } from './stages/5-measure.js';
import { poissonExact, wilson } from './statistics.js';

type Gate = ContentPack['gates']['default'];
type Verdict = GateResult['verdict'];

/** What can be gated of a rule, a technique or all notable sessions. */
interface Subject {
  readonly id: string;
  readonly recall: Estimate;
  readonly false_alerts: Estimate;
  readonly precision: Estimate;
  readonly look_alike_failures: Estimate;
}

/**
 * Holds a measurement against the pack's gates. A gate is decided on the interval of its metric:
 * it holds when the whole interval does, fails when none of it does, and is otherwise undecided.
 * A rule's own gate replaces the default wholly. Gates come in order: all, techniques, rules.
 *
 * A partial run can fail, but it cannot pass.
 */
export function judge(
  pack: ContentPack,
  measurement: Measurement,
): Pick<RunResult, 'gates' | 'verdict'> {
  const { gates } = pack;
  const results: GateResult[] = [];
  if (gates.all) results.push(...judgeSubject(allSubject(measurement), gates.all, measurement));
  for (const [id, gate] of Object.entries(gates.techniques ?? {})) {
    const subject = techniqueSubject(id, measurement);
    if (subject) results.push(...judgeSubject(subject, gate, measurement));
  }
  for (const rule of measurement.rules) {
    const gaps = knownGaps(pack, rule.id);
    const gate = gates.rules?.[rule.id] ?? gates.default;
    results.push(...judgeSubject(ruleSubject(rule, measurement, gaps), gate, measurement));
    results.push(...judgeGaps(rule.id, gaps, measurement.instances));
  }
  return { gates: results, verdict: overall(results, measurement.partial) };
}

/** Exit code of a run: 0 gates hold, 1 a gate failed, 4 not enough evidence. */
export function exitCode({ verdict }: Pick<RunResult, 'verdict'>): 0 | 1 | 4 {
  switch (verdict) {
    case 'pass':
      return 0;
    case 'fail':
      return 1;
    case 'insufficient evidence':
      return 4;
  }
}

function overall(results: readonly GateResult[], partial: boolean): Verdict {
  if (results.some(({ verdict }) => verdict === 'fail')) return 'fail';
  const undecided = results.some(({ verdict }) => verdict === 'insufficient evidence');
  return undecided || partial ? 'insufficient evidence' : 'pass';
}

function allSubject({ notable, instances }: Measurement): Subject {
  const lookAlikes = instances.filter(({ kind }) => kind === 'look-alike');
  const failed = lookAlikes.filter((instance) => instance.notable);
  return {
    id: 'all',
    recall: notable.recall,
    false_alerts: notable.false_per_1000_user_days,
    precision: notable.precision_at_base_rate,
    look_alike_failures: shareEstimate(failed.length, lookAlikes.length),
  };
}

function techniqueSubject(id: string, measurement: Measurement): Subject | undefined {
  const technique = measurement.techniques.find((one) => one.id === id);
  if (!technique) return undefined;
  const { recall, false_per_1000_user_days, look_alikes, look_alikes_quiet } = technique;
  return {
    id,
    recall,
    false_alerts: false_per_1000_user_days,
    precision: precisionEstimate(measurement.receipt.base_rate, recall, false_per_1000_user_days),
    look_alike_failures: shareEstimate(look_alikes - look_alikes_quiet, look_alikes),
  };
}

interface Gap {
  readonly gap: string;
  readonly scenario: string;
}

function knownGaps(pack: ContentPack, rule: string): Gap[] {
  const declared = pack.rules.find(({ id }) => id === rule)?.known_gaps ?? [];
  return declared.flatMap(({ gap, scenario }) =>
    scenario === undefined ? [] : [{ gap, scenario }],
  );
}

/** A rule with the misses of its known gaps forgiven. */
function ruleSubject(rule: RuleResult, measurement: Measurement, gaps: readonly Gap[]): Subject {
  const { base_rate } = measurement.receipt;
  const expecting = measurement.instances.filter(
    ({ kind, scenario, expects }) =>
      kind === 'attack' &&
      expects.includes(rule.id) &&
      !gaps.some((gap) => gap.scenario === scenario),
  );
  const caught = expecting.filter(({ fired }) => fired.includes(rule.id));
  const recall = shareEstimate(caught.length, expecting.length);
  const specificity = rule.look_alike_specificity;
  const failures = specificity.evidence - (specificity.hits ?? 0);
  return {
    id: rule.id,
    recall,
    false_alerts: rule.false_per_1000_user_days,
    precision: precisionEstimate(base_rate, recall, rule.false_per_1000_user_days),
    look_alike_failures: shareEstimate(failures, specificity.evidence),
  };
}

function judgeGaps(
  rule: string,
  gaps: readonly Gap[],
  instances: readonly InstanceResult[],
): GateResult[] {
  return gaps.flatMap(({ gap, scenario }) => {
    const shown = instances.filter((instance) => instance.scenario === scenario);
    if (shown.length === 0) return [];
    const caught = shown.filter(({ fired }) => fired.includes(rule)).length;
    const holds = caught === 0;
    return {
      subject: rule,
      gate: 'known_gap' as const,
      limit: 0,
      estimate: shareEstimate(caught, shown.length),
      verdict: holds ? ('pass' as const) : ('fail' as const),
      message: holds
        ? `known gap: ${gap}`
        : `no longer a gap: ${rule} caught ${caught} of ${shown.length} instances of ${scenario}; take the known gap out of the rule`,
    };
  });
}

function judgeSubject(subject: Subject, gate: Gate, measurement: Measurement): GateResult[] {
  const results: GateResult[] = [];
  const add = (name: GateResult['gate'], limit: number | undefined, criterion: Criterion): void => {
    if (limit === undefined) return;
    results.push({ subject: subject.id, gate: name, limit, ...decide(limit, criterion) });
  };
  add('min_recall', gate.min_recall, {
    metric: 'recall',
    estimate: subject.recall,
    goodAbove: true,
    grown: (factor) => grownShare(subject.recall, factor),
    more: (factor) => moreOf(subject.recall.evidence, factor, 'instance'),
    write: percent,
    without: `no instance of this run expects ${subject.id}`,
  });
  add('max_false_alerts', gate.max_false_alerts, {
    metric: 'false alerts per 1 000 users per day',
    estimate: subject.false_alerts,
    goodAbove: false,
    grown: (factor) => grownRate(subject.false_alerts, factor),
    more: (factor) => moreOf(subject.false_alerts.evidence, factor, 'user-day'),
    write: figure,
    without: 'the run has no user-days under test',
  });
  add('min_precision_at_base_rate', gate.min_precision_at_base_rate, {
    metric: 'precision at the base rate',
    estimate: subject.precision,
    goodAbove: true,
    grown: (factor) =>
      precisionEstimate(
        measurement.receipt.base_rate,
        grownShare(subject.recall, factor),
        grownRate(subject.false_alerts, factor),
      ),
    more: (factor) =>
      `${moreOf(subject.recall.evidence, factor, 'instance')} and ${moreOf(subject.false_alerts.evidence, factor, 'user-day')}`,
    write: percent,
    without: `precision of ${subject.id} cannot be told without an instance and user-days`,
  });
  add('max_look_alike_failures', gate.max_look_alike_failures, {
    metric: 'look-alikes that raised an alert',
    estimate: subject.look_alike_failures,
    goodAbove: false,
    grown: (factor) => grownShare(subject.look_alike_failures, factor),
    more: (factor) => moreOf(subject.look_alike_failures.evidence, factor, 'look-alike instance'),
    write: percent,
    without: `no look-alike of this run tempts ${subject.id}`,
  });
  return results;
}

interface Criterion {
  readonly metric: string;
  readonly estimate: Estimate;
  /** The gate is a minimum. */
  readonly goodAbove: boolean;
  /** The same values with `factor` times the evidence. */
  grown(factor: number): Estimate;
  /** What has to be added to have `factor` times the evidence. */
  more(factor: number): string;
  write(value: number): string;
  /** Why there is no value. */
  readonly without: string;
}

function decide(
  limit: number,
  criterion: Criterion,
): Pick<GateResult, 'estimate' | 'verdict' | 'message'> {
  const { estimate, goodAbove, metric, write } = criterion;
  if (estimate.value === null)
    return { estimate, verdict: 'insufficient evidence', message: criterion.without };
  const verdict = standing(limit, estimate, goodAbove);
  const wanted = `${goodAbove ? 'at least' : 'at most'} ${write(limit)}`;
  const high = estimate.high === null ? 'unbounded' : write(estimate.high);
  const found = `${metric} ${write(estimate.value)} (${write(estimate.low)} to ${high})`;
  switch (verdict) {
    case 'pass':
      return { estimate, verdict, message: `${found}: ${wanted} holds` };
    case 'fail':
      return { estimate, verdict, message: `${found}: ${wanted} does not hold` };
    case 'insufficient evidence': {
      const factor = settlingFactor(limit, criterion);
      const needed =
        factor === undefined
          ? 'the value lies so close to the limit that more evidence would not settle it'
          : `needs about ${criterion.more(factor)} to settle it`;
      return { estimate, verdict, message: `${found}, wanted ${wanted}: ${needed}` };
    }
  }
}

function standing(limit: number, estimate: Estimate, goodAbove: boolean): Verdict {
  const { low, high } = estimate;
  if (goodAbove) {
    if (low >= limit) return 'pass';
    return high !== null && high < limit ? 'fail' : 'insufficient evidence';
  }
  if (high !== null && high <= limit) return 'pass';
  return low > limit ? 'fail' : 'insufficient evidence';
}

/** Beyond this much more evidence nobody would go and get it. */
const MOST_FACTOR = 2 ** 20;

/** How many times the evidence decides the gate, if values stay as they are. */
function settlingFactor(limit: number, criterion: Criterion): number | undefined {
  const settles = (factor: number): boolean =>
    standing(limit, criterion.grown(factor), criterion.goodAbove) !== 'insufficient evidence';
  let enough = 2;
  while (!settles(enough)) {
    enough *= 2;
    if (enough > MOST_FACTOR) return undefined;
  }
  let short = enough / 2;
  for (let i = 0; i < 40; i++) {
    const middle = (short + enough) / 2;
    if (settles(middle)) enough = middle;
    else short = middle;
  }
  return enough;
}

function grownShare(estimate: Estimate, factor: number): Estimate {
  const hits = (estimate.hits ?? 0) * factor;
  const evidence = estimate.evidence * factor;
  return { ...estimate, ...wilson(hits, evidence), hits, evidence };
}

/** Limits close in with the root of the evidence, which keeps what users differ in. */
function grownRate(estimate: Estimate, factor: number): Estimate {
  const { value, low, high, evidence } = estimate;
  if (value === null || high === null) return estimate;
  const grown = { ...estimate, hits: (estimate.hits ?? 0) * factor, evidence: evidence * factor };
  if (value === 0) return { ...grown, high: (poissonExact(0).high / (evidence * factor)) * 1000 };
  const shrink = Math.sqrt(factor);
  return { ...grown, low: value - (value - low) / shrink, high: value + (high - value) / shrink };
}

function moreOf(evidence: number, factor: number, noun: string): string {
  const more = Math.max(1, Math.ceil(evidence * (factor - 1) - 1e-6));
  return `${more} more ${noun}${more === 1 ? '' : 's'}`;
}

function percent(value: number): string {
  return `${figure(value * 100)} %`;
}

/** Three significant digits without an exponent. */
function figure(value: number): string {
  return String(Number(value.toPrecision(3)));
}
