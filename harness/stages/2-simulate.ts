import type { LogLine } from '#engine';
import {
  type Activity,
  background,
  createWriter,
  type Tagged,
  type TimelineLine,
  timeline,
  type WriterOptions,
} from '#generators';
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

/** Lines with what only the harness knows of them. */
export interface Simulation {
  /** Lines in order of arrival; ids count from 1. One pass, made as it is read. */
  readonly lines: Generator<SimulatedLine, void, undefined>;
  /** By line id. A line's label is there before the line is. */
  readonly labels: ReadonlyMap<number, Label>;
  /** Ids of malicious lines, with the same promise. */
  readonly malicious: ReadonlySet<number>;
  /** Lines written so far for each instance. */
  readonly instance_lines: readonly number[];
  /** Time of the line that was read last. */
  moment(): number;
}

/**
 * The drill's log. Background and stories go through one writer in time order, so that nothing in
 * a line but its content tells where it came from.
 */
export function simulate(plan: Plan, options: SimulateOptions): Simulation {
  const { organisation, instances, history_start, test } = plan;
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
  const writer = createWriter(organisation, { mail: options.format, seed: options.seed });

  function* lines(): Generator<SimulatedLine, void, undefined> {
    let id = 0;
    const sources = [untagged(ordinary), tagged(staged)];
    for (const { time, text, log, message_id, tag } of timeline(sources, writer)) {
      id++;
      moment = time;
      const step = staged[tag - 1];
      if (step) {
        instance_lines[step.instance] = (instance_lines[step.instance] ?? 0) + 1;
        if (step.label) labels.set(id, step.label);
        if (step.label?.kind === 'malicious') malicious.add(id);
      }
      yield { id, text, log, message_id };
    }
  }

  return { lines: lines(), labels, malicious, instance_lines, moment: () => moment };
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
