import type { LogLine, LogRecord } from '#engine';
import {
  type Activity,
  background,
  columns,
  createWriter,
  type Tagged,
  type TimelineLine,
  timeline,
  type WriterOptions,
} from '#generators';
import { ColumnReader } from '../columns.js';
import type { Instance, Plan } from './1-plan.js';
import { DAY } from './1-plan.js';
import type { Label } from './4-label.js';

export interface SimulateOptions {
  readonly seed: number;
  /** Whether mail that stays inside is written too. */
  readonly internal_mail: boolean;
  /** How mail is written. */
  readonly format: NonNullable<WriterOptions['mail']>;
}

/** A line with the log that it belongs to and the mail that it names. */
export type SimulatedLine = LogLine & Pick<TimelineLine, 'log' | 'message_id'>;

/** What only the harness knows of a drill's lines, as they are made. */
export interface Known {
  /** By line id. A line's label is there before the line is. */
  readonly labels: ReadonlyMap<number, Label>;
  /** Ids of malicious lines, with the same promise. */
  readonly malicious: ReadonlySet<number>;
  /** Lines written so far for each instance. */
  readonly instance_lines: readonly number[];
  /** Time of the line that was read last. */
  moment(): number;
}

/** Lines with what is known of them. */
export interface Simulation extends Known {
  /** Lines in order of arrival; ids count from 1. One pass, made as it is read. */
  readonly lines: Generator<SimulatedLine, void, undefined>;
}

/** The same without text: a record for each line, of the same id. */
export interface RecordSimulation extends Known {
  readonly records: Generator<readonly LogRecord[], void, undefined>;
}

/**
 * The drill's log. Background and stories go through one writer in time order, so that nothing in
 * a line but its content tells where it came from.
 */
export function simulate(plan: Plan, options: SimulateOptions): Simulation {
  const { sources, saw, ...known } = stage(plan, options);
  const writer = createWriter(plan.organisation, { mail: options.format, seed: options.seed });

  function* lines(): Generator<SimulatedLine, void, undefined> {
    let id = 0;
    for (const { time, text, log, message_id, tag } of timeline(sources, writer)) {
      saw(++id, tag, time);
      yield { id, text, log, message_id };
    }
  }

  return { lines: lines(), ...known };
}

/** The records that the built-in content's parsers read from the lines of {@link simulate}. */
export function simulateRecords(plan: Plan, options: SimulateOptions): RecordSimulation {
  const { sources, saw, ...known } = stage(plan, options);

  function* records(): Generator<readonly LogRecord[], void, undefined> {
    const reader = new ColumnReader();
    const form = { mail: options.format, seed: options.seed };
    for (const batch of columns(plan.organisation, sources, form)) {
      const made = reader.records(batch);
      for (const [at, { line }] of made.entries())
        saw(line, batch.tag[at] as number, batch.written[at] as number);
      yield made;
    }
  }

  return { records: records(), ...known };
}

/** Who does what in a drill, and the notes that are taken of each line of it. */
function stage({ organisation, instances, history_start, test }: Plan, options: SimulateOptions) {
  const labels = new Map<number, Label>();
  const malicious = new Set<number>();
  const instance_lines = instances.map(() => 0);
  let moment = history_start;

  const staged = instances.flatMap(stepsOf).sort((a, b) => a.activity.time - b.activity.time);
  const ordinary = background(organisation, {
    start: history_start,
    days: Math.round((test.end - history_start) / DAY),
    internal_mail: options.internal_mail,
  });

  return {
    sources: [untagged(ordinary), tagged(staged)],
    saw(id: number, tag: number, time: number): void {
      moment = time;
      const step = staged[tag - 1];
      if (!step) return;
      instance_lines[step.instance] = (instance_lines[step.instance] ?? 0) + 1;
      if (step.label) labels.set(id, step.label);
      if (step.label?.kind === 'malicious') malicious.add(id);
    },
    labels,
    malicious,
    instance_lines,
    moment: () => moment,
  };
}

interface StagedStep {
  readonly activity: Activity;
  readonly instance: number;
  /** Undefined for the innocent parts of a story. */
  readonly label: Label | undefined;
}

function stepsOf({ scenario, steps }: Instance, instance: number): StagedStep[] {
  const kind = scenario.kind === 'attack' ? 'malicious' : 'suspicious';
  return steps.map(({ step, innocent, activity }) => ({
    activity,
    instance,
    label: innocent ? undefined : { kind, instance, step },
  }));
}

function* untagged(activities: Iterable<Activity>): Generator<Tagged, void, undefined> {
  for (const activity of activities) yield { activity, tag: 0 };
}

function* tagged(steps: readonly StagedStep[]): Generator<Tagged, void, undefined> {
  for (const [i, { activity }] of steps.entries()) yield { activity, tag: i + 1 };
}
