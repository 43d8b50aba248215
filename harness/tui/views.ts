/** What each screen shows, as lines. Pure; components only put the lines on the screen. */
import {
  baseRateText,
  blank,
  count,
  cut,
  fitLine,
  type Line,
  line,
  lineWidth,
  paragraph,
  plural,
  type Span,
  span,
  type Table,
  table,
  wrap,
} from '../format.js';
import type { RunResult } from '../result.generated.js';
import { notableLines, ruleColumns, techniqueLines, verdictText, verdictTone } from '../summary.js';
import { drillLines } from './drill-view.js';
import { ruleLines } from './rule-view.js';
import {
  bodyHeight,
  ruleRows,
  scrolled,
  shownRules,
  smallest,
  type TuiState,
  tooSmall,
} from './shape.js';

/** A whole screen. */
export interface Frame {
  readonly title: Line;
  readonly body: readonly Line[];
  /** Index in body of the line under the cursor. */
  readonly cursor?: number;
  readonly keys: Line;
}

/** The visible window of the current screen; no line is wider than the terminal. */
export function frame(state: TuiState): Frame {
  const width = state.columns;
  const height = bodyHeight(state);
  if (tooSmall(state)) {
    return {
      title: line(cut('Leakdrill: terminal too small', width), 'warn'),
      body: [
        line(cut(`needs ${smallest.columns}×${smallest.rows}, has ${width}×${state.rows}`, width)),
      ].slice(0, height),
      keys: line(cut('q quit', width), 'dim'),
    };
  }
  const pane = scrolled(state);
  if (pane === undefined) return { ...rulesFrame(state), title: titleLine(state) };
  const lines = bodyLines(state);
  const first = state.scroll[pane];
  const place =
    lines.length > height
      ? `${first + 1}–${Math.min(lines.length, first + height)} of ${lines.length}`
      : '';
  return {
    title: titleLine(state),
    body: lines.slice(first, first + height).map((row) => fitLine(row, width)),
    keys: spread(keyLine(state), line(place, 'dim'), width),
  };
}

/** Lines of the current screen, shown or not. The table of rules has its own window. */
export const bodyLength = (state: TuiState): number =>
  scrolled(state) === undefined ? 0 : bodyLines(state).length;

function bodyLines(state: TuiState): Line[] {
  if (state.help) return helpLines;
  const { result, columns } = state;
  if (state.screen === 'drill' || !result) return drillLines(state);
  if (state.screen === 'overview') return overviewLines(result, columns);
  const rule = result.rules.find(({ id }) => id === state.selected);
  return rule ? ruleLines(result, rule, columns) : [line('No rule is chosen.', 'dim')];
}

/** Puts one line at the left and one at the right, which is left out where there is no room. */
function spread(left: Line, right: Line, width: number): Line {
  const space = width - lineWidth(left) - lineWidth(right);
  return space < 1 ? fitLine(left, width) : [...left, span(' '.repeat(space)), ...right];
}

function titleLine(state: TuiState): Line {
  const { result, columns, screen } = state;
  const tab = (key: string, label: string, open: boolean): Span =>
    span(`  ${open ? '[' : ' '}${key} ${label}${open ? ']' : ' '}`, open ? 'accent' : 'dim');
  const name = span('Leakdrill', 'strong');
  if (!result) {
    return spread(
      [name],
      line(state.drill.stages.length > 0 ? 'drill runs' : 'drill starts', 'accent'),
      columns,
    );
  }
  return spread(
    [
      name,
      tab('1', 'Overview', screen === 'overview'),
      tab('2', 'Rules', screen === 'rules' || screen === 'rule'),
      tab('3', 'Drill', screen === 'drill'),
    ],
    line(
      `${result.partial ? 'PARTIAL ' : ''}${result.verdict.toUpperCase()}`,
      verdictTone(result.verdict),
    ),
    columns,
  );
}

const keysOn = {
  help: [
    ['↑↓', 'scroll'],
    ['esc', 'close'],
    ['q', 'quit'],
  ],
  running: [
    ['?', 'help'],
    ['q', 'stop and quit'],
  ],
  pane: [
    ['↑↓', 'scroll'],
    ['tab', 'next screen'],
    ['?', 'help'],
    ['q', 'quit'],
  ],
  rules: [
    ['↑↓', 'move'],
    ['enter', 'open'],
    ['s', 'sort'],
    ['/', 'filter'],
    ['tab', 'next screen'],
    ['?', 'help'],
    ['q', 'quit'],
  ],
  typing: [
    ['enter', 'keep filter'],
    ['esc', 'clear filter'],
  ],
  rule: [
    ['↑↓', 'scroll'],
    ['n', 'next'],
    ['p', 'previous'],
    ['esc', 'back'],
    ['?', 'help'],
    ['q', 'quit'],
  ],
} as const;

function keyLine(state: TuiState): Line {
  const set = state.help
    ? 'help'
    : !state.result
      ? 'running'
      : state.screen === 'rule'
        ? 'rule'
        : state.screen === 'rules'
          ? state.typing
            ? 'typing'
            : 'rules'
          : 'pane';
  return keysOn[set].flatMap(([key, does], k) => [
    span(k === 0 ? key : `  ${key}`, 'accent'),
    span(` ${does}`, 'dim'),
  ]);
}

/* Overview */

function overviewLines(result: RunResult, width: number): Line[] {
  const verdict = verdictText(result);
  const unseen = result.instances.filter(
    ({ kind, fired }) => kind === 'attack' && fired.length === 0,
  );
  const failed = result.gates.filter((gate) => gate.verdict === 'fail');
  const faults = Object.entries(result.counts.faults ?? {});
  return [
    ...wrap(verdict.text, width).map((row) => line(row, verdict.tone)),
    ...(result.partial
      ? wrap(
          'Partial run, stopped before its end: figures cover what was seen until then.',
          width,
        ).map((row) => line(row, 'warn'))
      : []),
    blank,
    ...notableLines(result, width, width < 110 ? 2 : 6),
    blank,
    ...techniqueLines(result, width),
    ...(unseen.length > 0
      ? [
          blank,
          line('Caught by no rule', 'strong'),
          ...unseen.flatMap(({ id, technique, title, user }) =>
            paragraph(span('  ✗ ', 'bad'), `${id} (${technique}): ${title}, ${user}`, width),
          ),
        ]
      : []),
    ...(failed.length > 0
      ? [
          blank,
          line('Failed gates', 'strong'),
          ...failed.flatMap(({ subject, gate, message }) =>
            paragraph(
              span('  ✗ ', 'bad'),
              `${subject}: ${gate.replaceAll('_', ' ')}, ${message}`,
              width,
            ),
          ),
        ]
      : []),
    ...(result.counts.unparsed > 0
      ? [
          blank,
          line(
            `Not parsed: ${count(result.counts.unparsed)} of ${plural(result.counts.lines, 'line')}`,
            'warn',
          ),
          ...result.unparsed.map(({ reason, text }) => [
            span(`  ${reason}: `),
            span(text.replaceAll('\n', ' '), 'dim'),
          ]),
        ]
      : []),
    ...faults.flatMap(([rule, message]) =>
      paragraph(span(`Engine fault in ${rule}: `, 'bad'), message, width),
    ),
    blank,
    line('Every number again with:', 'dim'),
    ...wrap(result.receipt.command, width - 2).map((row) => line(`  ${row}`, 'accent')),
  ];
}

/* Rules */

function rulesFrame(state: TuiState): Omit<Frame, 'title'> {
  const { result, columns, filter, typing } = state;
  const rules = shownRules(state);
  const all = result?.rules.length ?? 0;
  const laid: Table = result
    ? table(ruleColumns(result), rules, columns)
    : { head: blank, body: [] };
  const shown = laid.body.slice(state.top, state.top + ruleRows(state));
  const filterSpans: Line =
    typing || filter !== ''
      ? [span('  filter: ', 'dim'), span(`${filter}${typing ? '▏' : ''}`, 'warn')]
      : [];
  const number =
    rules.length === all ? plural(all, 'rule') : `${rules.length} of ${plural(all, 'rule')}`;
  const rate = result ? `* at ${baseRateText(result.receipt.base_rate)}` : '';
  const label = fitLine(
    [span(number, 'strong'), span(` by ${state.order}`, 'dim'), ...filterSpans],
    columns - rate.length - 1,
  );
  const first = spread(label, line(rate, 'dim'), columns);
  const empty = all === 0 ? 'The content has no rules.' : 'No rule passes the filter.';
  const at = rules.findIndex(({ id }) => id === state.selected);
  const cursor = at - state.top + 2;
  const place =
    shown.length < rules.length
      ? `${state.top + 1}–${state.top + shown.length} of ${rules.length}`
      : '';
  return {
    body: [first, laid.head, ...(shown.length > 0 ? shown : [line(empty, 'dim')])],
    ...(at >= 0 ? { cursor } : {}),
    keys: spread(keyLine(state), line(place, 'dim'), columns),
  };
}

/* Help */

const helpKeys: readonly [string, string][] = [
  ['↑ ↓  or  k j', 'move or scroll by one line'],
  ['PgUp PgDn  or  b space', 'by one page'],
  ['Home End  or  g G', 'to the first or last line'],
  ['tab  or  1 2 3', 'overview, rules, drill'],
  ['enter', 'open the rule under the cursor'],
  ['n p', 'next or previous rule, when one is open'],
  ['esc', 'back to the table; clears the filter there'],
  ['s S', 'sort the table by the next or previous order'],
  ['/', 'filter rules by words in id, name or technique'],
  ['?', 'this page'],
  ['q  or  ctrl-c', 'quit; stops a drill that runs'],
];

const helpLines: Line[] = [
  line('Keys', 'strong'),
  ...helpKeys.map(([key, does]) => [span(`  ${key.padEnd(24)}`, 'accent'), span(does)]),
  blank,
  line('Figures', 'strong'),
  line('  86 (60–96)    a figure with its 95 % interval'),
  line('  0 (≤ 0.5)     nothing found: what it could still be'),
  line('  100 (≥ 51)    everything found: what it is at least'),
  line('  –             no evidence'),
  line('  ✓ ✗ ?         gates hold, a gate failed, undecided'),
];
