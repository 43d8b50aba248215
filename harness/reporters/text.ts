/** The report for a terminal or a log: what an engineer needs to decide on a rule change. */
import { styleText } from 'node:util';
import {
  baseRateText,
  blank,
  cellWidth,
  clean,
  count,
  cut,
  day,
  fitLine,
  type Line,
  line,
  paragraph,
  plural,
  span,
  type Tone,
  table,
  wrap,
} from '../format.js';
import type {
  GateResult,
  InstanceResult,
  Miss,
  Receipt,
  RuleResult,
  RunResult,
} from '../result.generated.js';
import {
  lookAlikeReasons,
  notableLines,
  ruleColumns,
  ruleOrders,
  techniqueLines,
  verdictMark,
  verdictText,
} from '../summary.js';

export interface TextOptions {
  /** Cells in a line; no line is longer. At least 40 are used. */
  readonly width: number;
  readonly color: boolean;
}

/** Longer lists are cut to this many entries and say how many are left. */
const listed = 12;

/**
 * Draws a result as text, ending in a line break. Depends on the result and the options alone.
 * Order: verdict, notable sessions, techniques, rules, misses, look-alikes that raised alerts,
 * lines not parsed, models, gates, receipt.
 */
export function renderText(result: RunResult, options: TextOptions): string {
  const width = Math.max(40, options.width);
  const safe = clean(result);
  const sections = [
    verdictSection(safe, width),
    notableLines(safe, width),
    techniqueLines(safe, width),
    ruleSection(safe, width),
    missSection(safe, width),
    lookAlikeSection(safe, width),
    lineSection(safe, width),
    modelSection(safe, width),
    gateSection(safe, width),
    receiptSection(safe.receipt, width),
  ].filter((section) => section.length > 0);
  const lines = sections.flatMap((section, k) => (k === 0 ? section : [blank, ...section]));
  return `${lines.map((spans) => paint(fitLine(spans, width), options.color)).join('\n')}\n`;
}

const styles = {
  strong: 'bold',
  dim: 'gray',
  good: 'green',
  bad: 'red',
  warn: 'yellow',
  accent: 'cyan',
} as const satisfies Record<Tone, Parameters<typeof styleText>[0]>;

function paint(spans: Line, color: boolean): string {
  // Without this the padding of the last column ends up as trailing space.
  const last = spans.findLastIndex((part) => part.text.trim() !== '');
  return spans
    .slice(0, last + 1)
    .map(({ text, tone }, k) => {
      const spaced = text.replaceAll('\u00a0', ' ');
      const shown = k === last ? spaced.trimEnd() : spaced;
      return color && tone !== undefined
        ? styleText(styles[tone], shown, { validateStream: false })
        : shown;
    })
    .join('');
}

const title = (text: string): Line => line(text, 'strong');

/** At most `listed` entries, and a line for those that are left out. */
function capped<T>(entries: readonly T[], draw: (entry: T) => Line[], what: string): Line[] {
  const left = entries.length - listed;
  return [
    ...entries.slice(0, listed).flatMap(draw),
    ...(left > 0 ? [line(`  … and ${plural(left, what)} more in the result file`, 'dim')] : []),
  ];
}

function verdictSection(result: RunResult, width: number): Line[] {
  const { rules, techniques, instances, counts } = result;
  const attacks = instances.filter((instance) => instance.kind === 'attack').length;
  const verdict = verdictText(result);
  const partial =
    'PARTIAL RUN: stopped before its end. Every figure covers only what was seen until then.';
  const size = [
    plural(rules.length, 'rule'),
    plural(techniques.length, 'technique'),
    plural(attacks, 'attack'),
    plural(instances.length - attacks, 'look-alike'),
    plural(counts.lines, 'line'),
    plural(counts.events, 'event'),
    plural(counts.triggers, 'trigger'),
    plural(counts.alerts, 'alert'),
    plural(counts.sessions, 'session'),
  ].join(' · ');
  return [
    ...wrap(verdict.text, width).map((row) => line(row, verdict.tone)),
    ...(result.partial ? wrap(partial, width).map((row) => line(row, 'warn')) : []),
    ...wrap(size, width).map((row) => line(row, 'dim')),
  ];
}

function ruleSection(result: RunResult, width: number): Line[] {
  const order = ruleOrders.verdict(result);
  const exercised = result.rules.filter((rule) => rule.expected > 0 || rule.alerts > 0).sort(order);
  const idle = result.rules.filter((rule) => rule.expected === 0 && rule.alerts === 0).sort(order);
  if (result.rules.length === 0) return [title('Rules'), line('  The content has no rules.')];
  const laid = table(ruleColumns(result), exercised, width);
  const legend = `✓ gates hold, ✗ a gate failed, ? undecided. False/1000/day: false alerts per 1\u00a0000 users per day. * Precision at the base rate of ${baseRateText(result.receipt.base_rate)}. In brackets the 95 % interval, or the bound where nothing or everything was found.`;
  return [
    title('Rules'),
    ...(exercised.length > 0
      ? [laid.head, ...laid.body, ...wrap(legend, width).map((row) => line(row, 'dim'))]
      : []),
    ...(idle.length > 0
      ? paragraph(
          span(`Not exercised (${idle.length}): `, 'warn'),
          idle.map((rule) => rule.id).join(', '),
          width,
        )
      : []),
  ];
}

interface MissGroup {
  readonly rule: RuleResult;
  readonly cause: Miss['cause'];
  readonly instances: string[];
  readonly explanation: string;
}

function missSection(result: RunResult, width: number): Line[] {
  const groups: MissGroup[] = [];
  for (const rule of result.rules) {
    for (const miss of rule.missed_instances ?? []) {
      const known = groups.find((group) => group.rule === rule && group.cause === miss.cause);
      if (known) known.instances.push(miss.instance);
      else {
        groups.push({
          rule,
          cause: miss.cause,
          instances: [miss.instance],
          explanation: miss.explanation,
        });
      }
    }
  }
  const unseen = result.instances.filter(
    (instance) => instance.kind === 'attack' && instance.fired.length === 0,
  );
  if (groups.length === 0 && unseen.length === 0) return [];
  const draw = (group: MissGroup): Line[] => {
    const rows = group.explanation.split('\n').filter((row) => row.trim() !== '');
    return [
      [
        span('  '),
        span(group.rule.id, 'strong'),
        span(`  ${group.cause}`, 'bad'),
        ...(group.rule.known_gaps.length > 0 ? [span('  (known gap)', 'warn')] : []),
      ],
      ...paragraph(span('    in '), group.instances.join(', '), width),
      ...rows.slice(0, 4).map((row) => line(`    ${cut(row, width - 4)}`, 'dim')),
      ...(rows.length > 4 ? [line(`    … ${plural(rows.length - 4, 'line')} more`, 'dim')] : []),
    ];
  };
  return [
    title('Missed'),
    ...(unseen.length > 0
      ? paragraph(
          span('  Caught by no rule: ', 'bad'),
          unseen.map((instance) => `${instance.id} (${instance.technique})`).join(', '),
          width,
        )
      : []),
    ...capped(groups, draw, 'rule'),
  ];
}

function lookAlikeSection(result: RunResult, width: number): Line[] {
  const raised = result.instances.filter(
    (instance) => instance.kind === 'look-alike' && instance.fired.length > 0,
  );
  if (raised.length === 0) return [];
  const reasons = lookAlikeReasons(result.rules);
  const draw = (instance: InstanceResult): Line[] => [
    [span('  '), span(instance.id, 'strong'), span(`  ${instance.title}`)],
    [
      span(
        `    ${instance.user}, ${day(instance.first)}, ${plural(instance.points, 'point')}`,
        'dim',
      ),
      ...(instance.notable ? [span(', notable', 'warn')] : []),
    ],
    ...instance.fired.flatMap((rule) =>
      paragraph(
        span(`    ${rule}: `, 'warn'),
        reasons.get(`${rule} ${instance.id}`) ?? 'no example kept in the result',
        width,
      ),
    ),
  ];
  return [title('Look-alikes that raised alerts'), ...capped(raised, draw, 'look-alike')];
}

function lineSection(result: RunResult, width: number): Line[] {
  const { counts, unparsed } = result;
  const faults = Object.entries(counts.faults ?? {});
  const evicted = Object.entries(counts.evicted ?? {}).filter(([, n]) => n > 0);
  const late = counts.late ?? 0;
  const draw = (sample: RunResult['unparsed'][number]): Line[] => {
    const label = span(`  ${sample.count === undefined ? '' : `${count(sample.count)} × `}`);
    return [
      ...paragraph(label, sample.reason, width, 'warn'),
      [span('    '), span(cut(sample.text.replaceAll('\n', ' '), width - 4), 'dim')],
    ];
  };
  const rows = [
    ...(counts.unparsed > 0 || unparsed.length > 0
      ? [
          title(`Not parsed: ${count(counts.unparsed)} of ${plural(counts.lines, 'line')}`),
          ...capped(unparsed, draw, 'reason'),
        ]
      : []),
    ...(late > 0
      ? [line(`${plural(late, 'event')} came too late to be put in order.`, 'warn')]
      : []),
    ...(evicted.length > 0
      ? paragraph(
          span('State evicted at its limit: ', 'warn'),
          evicted.map(([what, n]) => `${what} ${count(n)}`).join(', '),
          width,
        )
      : []),
    ...faults.flatMap(([rule, message]) =>
      paragraph(span(`Engine fault in ${rule}: `, 'bad'), message, width),
    ),
  ];
  return rows;
}

/** A rule stays silent where its model has not converged, which its own figures do not show. */
function modelSection({ counts }: RunResult, width: number): Line[] {
  const models = Object.entries(counts.converged).filter(([, { scopes }]) => scopes > 0);
  if (models.length === 0) return [];
  const text = models
    .map(([id, { scopes, converged }]) => `${id} ${count(converged)}/${count(scopes)}`)
    .join(', ');
  return paragraph(span('Models converged, of the scopes seen: ', 'strong'), text, width);
}

function gateSection(result: RunResult, width: number): Line[] {
  const { gates } = result;
  if (gates.length === 0) return [];
  const part = (verdict: GateResult['verdict']): GateResult[] =>
    gates.filter((gate) => gate.verdict === verdict);
  const [failed, open, held] = [part('fail'), part('insufficient evidence'), part('pass')];
  // Many rules stand the same way: one entry per gate and message keeps the list short.
  const groups = new Map<string, GateResult[]>();
  for (const gate of open) {
    const key = `${gate.gate} ${gate.message}`;
    groups.set(key, [...(groups.get(key) ?? []), gate]);
  }
  const draw = (some: readonly GateResult[]): Line[] => {
    const [{ verdict, gate, message }] = some as [GateResult];
    const mark = verdictMark(verdict);
    return paragraph(
      span(`  ${mark.text} `, mark.tone),
      `${some.map(({ subject }) => subject).join(', ')}: ${gate.replaceAll('_', ' ')}, ${message}`,
      width,
    );
  };
  const kinds = [...new Set(held.map(({ gate }) => gate))].map(
    (kind) =>
      `${kind.replaceAll('_', ' ')} of ${plural(held.filter(({ gate }) => gate === kind).length, 'subject')}`,
  );
  return [
    title(`Gates: ${failed.length} failed, ${open.length} undecided, ${held.length} held`),
    ...capped(
      failed.map((gate) => [gate]),
      draw,
      'failed gate',
    ),
    ...capped([...groups.values()], draw, 'undecided group'),
    ...(held.length > 0 ? paragraph(span('  ✓ ', 'good'), kinds.join(', '), width) : []),
  ];
}

function receiptSection(receipt: Receipt, width: number): Line[] {
  const end = (receipt.test_start ?? receipt.start + receipt.history_days * 86_400_000) - 1;
  const rows: [string, string][] = [
    ['Version', `Leakdrill ${receipt.leakdrill}`],
    ['Content', receipt.content],
    ['Seed', String(receipt.seed)],
    [
      'Organisation',
      `${plural(receipt.people, 'person').replace('persons', 'people')} in ${plural(receipt.peer_groups, 'peer group')}`,
    ],
    ...(receipt.organisation === undefined
      ? []
      : ([['', `from ${receipt.organisation.file}, SHA-256 ${receipt.organisation.digest}`]] as [
          string,
          string,
        ][])),
    ['History', `${plural(receipt.history_days, 'day')}, ${day(receipt.start)} to ${day(end)}`],
    [
      'Under test',
      `${plural(receipt.test_days, 'day')} from ${day(end + 1)}, ${plural(receipt.user_days, 'user-day')}`,
    ],
    ['Base rate', baseRateText(receipt.base_rate)],
    ...(receipt.assumptions ?? []).map((text, k): [string, string] => [
      k === 0 ? 'Assumptions' : '',
      text,
    ]),
  ];
  return [
    title('Receipt'),
    ...rows.flatMap(([label, text]) =>
      paragraph(span(`  ${label.padEnd(14)}`, 'dim'), text, width),
    ),
    line('  Every number again with:', 'dim'),
    ...commandRows(receipt.command, width).map((row) => line(row, 'accent')),
  ];
}

/** Breaks a shell command so that what is copied still runs. */
function commandRows(command: string, width: number): string[] {
  const rows: string[] = [];
  let row = ' ';
  for (const word of command.replaceAll('\n', ' ').split(' ')) {
    if (cellWidth(row) + 1 + cellWidth(word) + 2 <= width) {
      row += ` ${word}`;
      continue;
    }
    if (row.trim() !== '') rows.push(`${row} \\`);
    row = '   ';
    let rest = word;
    while (cellWidth(row) + 1 + cellWidth(rest) + 2 > width) {
      // The shell joins a word that is split by a backslash only at the very start of a line.
      const start = wrap(rest, width - cellWidth(row) - 2)[0] ?? rest;
      rows.push(`${row === '' ? '' : `${row} `}${start}\\`);
      rest = rest.slice(start.length);
      row = '';
    }
    row = row === '' ? rest : `${row} ${rest}`;
  }
  return [...rows, row];
}
