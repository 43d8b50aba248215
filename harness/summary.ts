/**
 * What stands first in every face: verdict, notable sessions, techniques, and how rules are laid
 * out and ordered. Pure functions from a result to lines.
 */
import {
  baseRateText,
  type Column,
  count,
  cut,
  type Line,
  line,
  paragraph,
  percent,
  percentText,
  plural,
  rate,
  rateText,
  type Span,
  share,
  span,
  type Tone,
  table,
  wrap,
} from './format.js';
import type {
  Contributor,
  GateResult,
  RuleResult,
  RunResult,
  TechniqueResult,
} from './result.generated.js';

export type Verdict = GateResult['verdict'];

export const verdictTone = (verdict: Verdict): Tone =>
  verdict === 'pass' ? 'good' : verdict === 'fail' ? 'bad' : 'warn';

export const verdictMark = (verdict: Verdict | undefined): Span =>
  verdict === undefined
    ? span(' ')
    : span(verdict === 'pass' ? '✓' : verdict === 'fail' ? '✗' : '?', verdictTone(verdict));

/** The verdict of the whole run with the number of gates behind it. */
export function verdictText(result: RunResult): Span {
  const of = (verdict: Verdict): number =>
    result.gates.filter((gate) => gate.verdict === verdict).length;
  const gates = plural(result.gates.length, 'gate');
  const undecided = of('insufficient evidence');
  const text =
    result.gates.length === 0
      ? 'no gates were set'
      : result.verdict === 'pass' && undecided === 0 && of('fail') === 0
        ? result.gates.length === 1
          ? 'the one gate holds'
          : `all ${gates} hold`
        : `${of('fail')} of ${gates} failed, ${undecided} undecided`;
  return span(`${result.verdict.toUpperCase()}: ${text}`, verdictTone(result.verdict));
}

/** The worst verdict of each subject's gates. */
export function standings(gates: readonly GateResult[]): ReadonlyMap<string, Verdict> {
  const order: readonly Verdict[] = ['pass', 'insufficient evidence', 'fail'];
  const worst = new Map<string, Verdict>();
  for (const { subject, verdict } of gates) {
    const known = worst.get(subject);
    if (known === undefined || order.indexOf(verdict) > order.indexOf(known)) {
      worst.set(subject, verdict);
    }
  }
  return worst;
}

const byId = (a: RuleResult, b: RuleResult): number => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);

const least = (value: number | null): number => value ?? Number.POSITIVE_INFINITY;

/** Orders in which rules can be shown; each puts first what needs a look first. */
export const ruleOrders = {
  verdict: (result: RunResult): ((a: RuleResult, b: RuleResult) => number) => {
    const verdicts = standings(result.gates);
    const weight = (rule: RuleResult): number => {
      const verdict = verdicts.get(rule.id);
      return (
        (verdict === 'fail' ? 8 : verdict === 'insufficient evidence' ? 4 : 0) +
        (rule.caught < rule.expected ? 2 : 0) +
        (rule.expected > 0 || rule.alerts > 0 ? 1 : 0)
      );
    };
    return (a, b) =>
      weight(b) - weight(a) ||
      (b.false_per_1000_user_days.value ?? 0) - (a.false_per_1000_user_days.value ?? 0) ||
      byId(a, b);
  },
  rule: () => byId,
  recall: () => (a: RuleResult, b: RuleResult) => {
    const [left, right] = [least(a.recall.value), least(b.recall.value)];
    return left === right ? byId(a, b) : left - right;
  },
  'false alerts': () => (a: RuleResult, b: RuleResult) =>
    (b.false_per_1000_user_days.value ?? 0) - (a.false_per_1000_user_days.value ?? 0) || byId(a, b),
  precision: () => (a: RuleResult, b: RuleResult) => {
    const [left, right] = [
      least(a.precision_at_base_rate.value),
      least(b.precision_at_base_rate.value),
    ];
    return left === right ? byId(a, b) : left - right;
  },
  'look-alikes': () => (a: RuleResult, b: RuleResult) =>
    b.look_alike_alerts - a.look_alike_alerts || byId(a, b),
} satisfies Record<string, (result: RunResult) => (a: RuleResult, b: RuleResult) => number>;

export type RuleOrder = keyof typeof ruleOrders;

/** Columns of the table of rules, the same in the report and on screen. */
export function ruleColumns(result: RunResult): Column<RuleResult>[] {
  const verdicts = standings(result.gates);
  return [
    { title: '', gap: 1, cell: (rule) => verdictMark(verdicts.get(rule.id)) },
    { title: 'Rule', min: 18, cell: (rule) => span(rule.id, 'strong') },
    {
      title: 'Technique',
      yields: 3,
      cell: (rule) => span(rule.technique, 'dim'),
    },
    {
      title: 'Caught',
      align: 'right',
      cell: (rule) =>
        span(
          share(rule.caught, rule.expected),
          rule.expected === 0 ? 'dim' : rule.caught < rule.expected ? 'bad' : 'good',
        ),
    },
    { title: 'Recall %', yields: 0, cell: (rule) => span(percent(rule.recall)) },
    {
      title: 'False/1000/day',
      cell: (rule) => span(rate(rule.false_per_1000_user_days)),
    },
    {
      title: 'Precision % *',
      yields: 0,
      cell: (rule) => span(percent(rule.precision_at_base_rate)),
    },
    {
      title: 'Look-alikes',
      align: 'right',
      yields: 1,
      cell: (rule) =>
        span(String(rule.look_alike_alerts), rule.look_alike_alerts > 0 ? 'warn' : 'dim'),
    },
    {
      title: 'Unique',
      align: 'right',
      yields: 2,
      cell: (rule) => span(String(rule.unique_catches)),
    },
    { title: 'Points', align: 'right', yields: 4, cell: (rule) => span(String(rule.score)) },
    { title: 'Name', min: 30, yields: 5, cell: (rule) => span(rule.name, 'dim') },
  ];
}

/**
 * Recall, false sessions and precision of notable sessions, and the rules that contribute most
 * to them; at most `contributing` of each.
 */
export function notableLines(result: RunResult, width: number, contributing = 6): Line[] {
  const { notable, receipt } = result;
  const { recall } = notable;
  const found =
    recall.hits === undefined
      ? plural(recall.evidence, 'instance')
      : `${count(recall.hits)} of ${plural(recall.evidence, 'instance')}`;
  const rows = [
    ['Recall', percentText(recall), found],
    [
      'False per 1\u00a0000 users/day',
      rateText(notable.false_per_1000_user_days),
      `in ${plural(receipt.user_days, 'user-day')}`,
    ],
    [
      'Precision at base rate',
      percentText(notable.precision_at_base_rate),
      `at ${baseRateText(receipt.base_rate)}`,
    ],
  ] as const;
  const laid = table(
    [
      { title: '', min: 14, cell: (row) => span(`  ${row[0]}`) },
      { title: '', cell: (row) => span(row[1], 'strong') },
      { title: '', yields: 1, cell: (row) => span(row[2], 'dim') },
    ],
    rows,
    width,
  );
  // The base rate must never be cut off: where it does not fit beside its figure it goes below.
  const beside = laid.head.length === 3;
  const figures = laid.body.flatMap((row, k) =>
    beside ? [row] : [row, ...paragraph(span('    '), rows[k]?.[2] ?? '', width, 'dim')],
  );
  const contributors = (label: string, from: readonly Contributor[]): Line[] =>
    paragraph(
      span(`  ${label}: `),
      from.length === 0
        ? 'none'
        : from
            .slice(0, contributing)
            .map(({ rule, points, sessions }) => `${rule}\u00a0${count(points)}\u00a0(${sessions})`)
            .join(', '),
      width,
    );
  return [
    line(
      `Notable sessions (${count(notable.threshold)} points or more), with 95 % intervals`,
      'strong',
    ),
    ...figures,
    ...contributors('Points (sessions) to true', notable.true_contributors),
    ...contributors('Points (sessions) to false', notable.false_contributors),
  ];
}

const nameOf = ({ name }: TechniqueResult): Span => span(name, 'dim');

/** Per technique what was mapped, exercised, covered, caught and kept quiet. */
export function techniqueLines(result: RunResult, width: number): Line[] {
  if (result.techniques.length === 0) return [];
  const roomy = width >= 110;
  const laid = table<TechniqueResult>(
    [
      { title: 'Technique', min: 9, cell: ({ id }) => span(id, 'strong') },
      ...(roomy ? [{ title: 'Name', min: 20, yields: 0, cell: nameOf }] : []),
      {
        title: 'Map/Exer/Cov',
        align: 'right',
        cell: ({ mapped, exercised, covered }) => span(`${mapped}/${exercised}/${covered}`),
      },
      {
        title: 'Caught',
        align: 'right',
        cell: ({ caught, instances }) =>
          span(
            share(caught, instances),
            instances === 0 ? 'dim' : caught < instances ? 'bad' : 'good',
          ),
      },
      { title: 'Recall %', cell: ({ recall }) => span(percent(recall)) },
      {
        title: 'Notable',
        align: 'right',
        cell: ({ notable, instances }) => span(share(notable, instances)),
      },
      {
        title: 'Quiet',
        align: 'right',
        cell: ({ look_alikes, look_alikes_quiet }) =>
          span(
            share(look_alikes_quiet, look_alikes),
            look_alikes_quiet < look_alikes ? 'warn' : undefined,
          ),
      },
      {
        title: 'False/1000/day',
        yields: 1,
        cell: ({ false_per_1000_user_days }) => span(rate(false_per_1000_user_days)),
      },
    ],
    result.techniques,
    width,
  );
  const legend =
    'Map: rules that name it. Exer: expected by a scenario or fired. Cov: a true catch while its look-alike stayed quiet. Notable: instances whose session was notable. Quiet: look-alikes without an alert.';
  return [
    line('Techniques', 'strong'),
    laid.head,
    ...laid.body.flatMap((row, k) =>
      roomy ? [row] : [row, line(`  ${cut(result.techniques[k]?.name ?? '', width - 2)}`, 'dim')],
    ),
    ...wrap(legend, width).map((row) => line(row, 'dim')),
  ];
}

/** Reason sentences of alerts on look-alikes, by `rule instance`; those that examples keep. */
export function lookAlikeReasons(rules: readonly RuleResult[]): ReadonlyMap<string, string> {
  const reasons = new Map<string, string>();
  for (const rule of rules) {
    for (const { label, instance, reason } of rule.examples) {
      if (label === 'suspicious' && instance !== undefined) {
        reasons.set(`${rule.id} ${instance}`, reason);
      }
    }
  }
  return reasons;
}
