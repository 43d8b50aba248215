/** The screen of a drill that runs: stages, speed, and techniques filling in. Pure. */
import type { Stage } from '../events.js';
import {
  bar,
  blank,
  count,
  day,
  fitLine,
  type Line,
  line,
  paragraph,
  span,
  sparkline,
} from '../format.js';
import type { TuiState } from './shape.js';

const stages: readonly [Stage, string][] = [
  ['plan', 'plan'],
  ['simulate', 'simulate'],
  ['detect', 'detect'],
  ['label', 'label'],
  ['measure', 'measure'],
];

/** The drill while it goes, or as it was. */
export function drillLines(state: TuiState): Line[] {
  const { columns, drill, result } = state;
  const { progress } = drill;
  const ended = result !== undefined && !result.partial;
  const running = result === undefined ? drill.stages.at(-1) : undefined;
  const stageLine: Line = stages.flatMap(([stage, label]) => {
    if (stage === running) return [span(`▸ ${label}   `, 'accent')];
    return drill.stages.includes(stage)
      ? [span(`✓ ${label}   `, 'good')]
      : [span(`· ${label}   `, 'dim')];
  });
  const done = ended ? 1 : (progress?.done ?? 0);
  const speed = drill.speeds.at(-1) ?? 0;
  const counts = result?.counts;
  const fact = (label: string, value: string): Line => [
    span(label.padEnd(18), 'dim'),
    span(value.padStart(12), 'strong'),
  ];
  return [
    stageLine,
    [
      span(bar(done, Math.max(10, Math.min(100, columns - 7))), 'accent'),
      span(` ${Math.floor(done * 100)} %`),
    ],
    fact('Simulated date', progress && progress.moment > 0 ? day(progress.moment) : '–'),
    fact('Lines', count(counts?.lines ?? progress?.lines ?? 0)),
    fact('Events', count(counts?.events ?? progress?.events ?? 0)),
    fact('Triggers', count(counts?.triggers ?? progress?.triggers ?? 0)),
    [
      ...fact('Lines per second', speed > 0 ? count(speed) : '–'),
      span(`  ${sparkline(drill.speeds, Math.min(80, columns - 33))}`, 'accent'),
    ],
    blank,
    ...caughtLines(state),
    ...(drill.warnings.length > 0 ? [blank, line('Warnings', 'strong')] : []),
    ...drill.warnings.flatMap((warning) => paragraph(span('! ', 'warn'), warning, columns)),
  ];
}

interface TechniqueProgress {
  readonly id: string;
  readonly name: string;
  readonly attacks: Map<string, string[]>;
  readonly alikes: Map<string, string[]>;
}

/** Techniques with what was caught of them so far, known ones first. */
function techniqueProgress(state: TuiState): TechniqueProgress[] {
  const known = state.result?.techniques ?? state.techniques;
  const found = new Map<string, TechniqueProgress>();
  const of = (id: string, name = ''): TechniqueProgress => {
    const entry = found.get(id) ?? { id, name, attacks: new Map(), alikes: new Map() };
    found.set(id, entry);
    return entry;
  };
  for (const { id, name } of known) of(id, name);
  for (const { technique, kind, scenario, rule } of state.drill.caught) {
    const entry = of(technique);
    const scenarios = kind === 'attack' ? entry.attacks : entry.alikes;
    const rules = scenarios.get(scenario) ?? [];
    if (!rules.includes(rule)) rules.push(rule);
    scenarios.set(scenario, rules);
  }
  return [...found.values()];
}

function caughtLines(state: TuiState): Line[] {
  const techniques = techniqueProgress(state);
  const ended = state.result !== undefined;
  const width = state.columns;
  if (techniques.length === 0) {
    return [line(ended ? 'Nothing was caught.' : 'Nothing caught yet.', 'dim')];
  }
  const sum = (scenarios: Map<string, string[]>): string =>
    [...scenarios].map(([scenario, rules]) => `${scenario} by ${rules.join(', ')}`).join('; ');
  return techniques
    .flatMap(({ id, name, attacks, alikes }) => [
      [span(id, 'strong'), span(`  ${name}`, 'dim')],
      attacks.size > 0
        ? [span('  ● caught      ', 'good'), span(sum(attacks))]
        : [span(`  ○ ${ended ? 'not caught' : 'none caught yet'}`, ended ? 'bad' : 'dim')],
      alikes.size > 0
        ? [span('  ! look-alike  ', 'warn'), span(sum(alikes))]
        : [span(`  ○ look-alikes quiet${ended ? '' : ' so far'}`, ended ? 'good' : 'dim')],
    ])
    .map((row) => fitLine(row, width));
}
