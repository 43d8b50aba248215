/** The screen of one rule. Pure. */
import {
  baseRateText,
  blank,
  count,
  type Line,
  line,
  minute,
  paragraph,
  percentText,
  plural,
  rateText,
  span,
  table,
  wrap,
} from '../format.js';
import type { Alert, Estimate, RuleResult, RunResult } from '../result.generated.js';
import { verdictMark } from '../summary.js';

/** All that is known about one rule: expression, figures, catches, misses, false alerts. */
export function ruleLines(result: RunResult, rule: RuleResult, width: number): Line[] {
  const gates = result.gates.filter((gate) => gate.subject === rule.id);
  const where = [
    rule.technique,
    ...(rule.model === undefined ? [] : [`model ${rule.model}`]),
    plural(rule.score, 'point'),
    rule.file,
  ].join(' · ');
  return [
    ...paragraph(span(`${rule.id}  `, 'accent'), rule.name, width, 'strong'),
    ...wrap(where, width).map((row) => line(row, 'dim')),
    blank,
    ...paragraph(span('when  ', 'dim'), rule.when, width),
    blank,
    ...numberLines(result, rule, width),
    ...(gates.length > 0 ? [blank, line('Gates', 'strong')] : []),
    ...gates.flatMap(({ verdict, gate, message }) => {
      const mark = verdictMark(verdict);
      return paragraph(
        span(`  ${mark.text} `, mark.tone),
        `${gate.replaceAll('_', ' ')}: ${message}`,
        width,
      );
    }),
    ...(rule.known_gaps.length > 0 ? [blank, line('Known gaps', 'strong')] : []),
    ...rule.known_gaps.flatMap((gap) => paragraph(span('  ~ ', 'warn'), gap, width)),
    ...instanceLines(result, rule, width),
    ...alertLines('False alerts', rule, 'benign', rule.false_alerts, width),
    ...alertLines('Alerts on look-alikes', rule, 'suspicious', rule.look_alike_alerts, width),
  ];
}

function numberLines(result: RunResult, rule: RuleResult, width: number): Line[] {
  const { detection } = rule;
  const of = ({ hits, evidence }: Estimate, what: string): string =>
    hits === undefined ? plural(evidence, what) : `${count(hits)} of ${plural(evidence, what)}`;
  const rows: [label: string, value: string, behind: string][] = [
    ['Recall', percentText(rule.recall), of(rule.recall, 'instance')],
    [
      'False per 1\u00a0000 users/day',
      rateText(rule.false_per_1000_user_days),
      `${plural(rule.false_alerts, 'false alert')} in ${plural(rule.false_per_1000_user_days.evidence, 'user-day')}`,
    ],
    ['Precision in this run', percentText(rule.precision), of(rule.precision, 'alert')],
    [
      'Precision at base rate',
      percentText(rule.precision_at_base_rate),
      `at ${baseRateText(result.receipt.base_rate)}`,
    ],
    [
      'Look-alikes quiet',
      percentText(rule.look_alike_specificity),
      of(rule.look_alike_specificity, 'look-alike'),
    ],
    [
      'Alerts',
      count(rule.alerts),
      `${count(rule.true_alerts)} true, ${count(rule.false_alerts)} false, ${count(rule.look_alike_alerts)} look-alike`,
    ],
    ['Triggers', count(rule.triggers), ''],
    ['Unique catches', count(rule.unique_catches), 'caught by no other rule'],
    ...(detection
      ? ([
          [
            'Time to detect',
            `${hours(detection.median_hours)}, ${plural(detection.median_events, 'event')}`,
            `median; p90 ${hours(detection.p90_hours)}, ${plural(detection.p90_events, 'event')}`,
          ],
        ] as [string, string, string][])
      : []),
  ];
  return table(
    [
      { title: '', cell: (row) => span(row[0], 'dim') },
      { title: '', cell: (row) => span(row[1], 'strong') },
      { title: '', min: 10, cell: (row) => span(row[2], 'dim') },
    ],
    rows,
    width,
  ).body;
}

const hours = (n: number): string => `${n < 10 ? n.toFixed(1) : count(n)} h`;

function instanceLines(result: RunResult, rule: RuleResult, width: number): Line[] {
  const caught = rule.caught_instances ?? [];
  const missed = rule.missed_instances ?? [];
  const story = (id: string): string => {
    const instance = result.instances.find((one) => one.id === id);
    return instance ? `${id}: ${instance.title}, ${instance.user}` : id;
  };
  const reason = (id: string): string | undefined =>
    rule.examples.find((alert) => alert.label === 'malicious' && alert.instance === id)?.reason;
  return [
    ...(caught.length > 0 ? [blank, line(`Caught (${caught.length})`, 'strong')] : []),
    ...caught.flatMap((id) => [
      ...paragraph(span('  ✓ ', 'good'), story(id), width),
      ...wrap(reason(id) ?? '', width - 4).map((row) => line(`    ${row}`, 'dim')),
    ]),
    ...(missed.length > 0 ? [blank, line(`Missed (${missed.length})`, 'strong')] : []),
    ...missed.flatMap(({ instance, cause, explanation }) => [
      ...paragraph(span('  ✗ ', 'bad'), story(instance), width),
      line(`    ${cause}`, 'bad'),
      ...explanation
        .split('\n')
        .filter((row) => row.trim() !== '')
        .map((row) => line(`    ${row}`)),
    ]),
  ];
}

function alertLines(
  label: string,
  rule: RuleResult,
  of: Alert['label'],
  total: number,
  width: number,
): Line[] {
  const alerts = rule.examples.filter((alert) => alert.label === of);
  if (total === 0 && alerts.length === 0) return [];
  const number = alerts.length < total ? `${alerts.length} of ${count(total)} shown` : count(total);
  return [
    blank,
    line(`${label} (${number})`, 'strong'),
    ...alerts.flatMap(({ time, user, reason, instance }) => [
      [
        span(`  ${minute(time)}  `, 'dim'),
        span(user),
        ...(instance === undefined ? [] : [span(`  ${instance}`, 'warn')]),
      ],
      ...wrap(reason, width - 4).map((row) => line(`    ${row}`, 'dim')),
    ]),
  ];
}
