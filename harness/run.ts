/**
 * A drill from beginning to end. Read this first.
 *
 *   1 plan      invent the organisation; cast and play the scenarios
 *   2 simulate  write background and stories as log lines, labels beside them
 *   3 detect    stream the lines through the engine
 *   4 label     join triggers and sessions with the labels
 *   5 measure   figures with intervals, then gates
 *
 * Stages 2 to 4 run together in one pass over the lines: memory depends on people, rules and
 * scenarios, not on days. The result depends on the options alone, except for `clock`, which only
 * paces progress. The run tells what happens as events and knows no face.
 */

import { setImmediate } from 'node:timers/promises';
import type { ContentPack } from '#content';
import { type Counters, type LogLine, type LogRecord, NOTABLE } from '#engine';
import { randomStream } from '#generators';
import type { RunEvent, Stage } from './events.js';
import { judge } from './gate.js';
import type { RunResult } from './result.generated.js';
import { assumptionsOf, exposureOf, type Plan, type PlanOptions, plan } from './stages/1-plan.js';
import {
  type Known,
  type SimulateOptions,
  simulate,
  simulateRecords,
} from './stages/2-simulate.js';
import { compileContent, startEngine } from './stages/3-detect.js';
import { createLabeller } from './stages/4-label.js';
import { type MeasuredInstance, measure } from './stages/5-measure.js';

export { exitCode } from './gate.js';
export { ContentFault } from './stages/3-detect.js';

/** Lines of a drill as they are made, here or in another thread. */
export interface LineSource extends Known {
  /** In order; read to the end or left early, once. Rejects when the lines cannot be made. */
  readonly batches: Iterable<readonly LogLine[]> | AsyncIterable<readonly LogLine[]>;
}

/** What the engine is fed: lines, or records that never were text. */
type Feed = LineSource | (Known & { readonly records: Iterable<readonly LogRecord[]> });

/** Plain data but for scenarios, simulation and clock. */
export interface RunOptions extends Omit<PlanOptions, 'competitors'>, SimulateOptions {
  /** Variants of the content; the first is measured, all see the same lines. */
  readonly packs: readonly ContentPack[];
  /** Attacks per user per day that precision is stated for. */
  readonly base_rate: number;
  /** Session points at which a session is notable. Default 90. */
  readonly notable?: number;
  /** Share of sessions above which a rule scores less; see EngineOptions. */
  readonly usual_share?: number | undefined;
  /** Version of the program, for the receipt. */
  readonly version: string;
  /** Command that gives the same result, for the receipt. */
  readonly command: string;
  /** Who makes the lines that the plan stands for; by default this thread does. */
  readonly simulation?: (planned: Plan) => LineSource;
  /**
   * Spells no lines: the engine gets the records that the built-in content's parsers would read from
   * them. Same result in half the time, for drills at scale; counts for nothing beside `simulation`,
   * and is not for content with other parsers of these logs. Default false.
   */
  readonly typed?: boolean;
  /** Milliseconds from any origin; paces progress and goes into no result. */
  readonly clock?: () => number;
}

const BATCH = 256;
/** Lines between two chances for others to run, and for an abort to be seen. */
const BREATH = 4096;
const PROGRESS_MS = 100;
/** Confidence at which the published rules trust a model; it stands in their expressions. */
const CONVERGED = 0.8;

/**
 * Runs a drill. Resolves with its result, which is also the last event. When `signal` turns
 * aborted, what was seen so far is measured and marked partial.
 *
 * Rejects with ScenarioError (a scenario is at fault), {@link ContentFault} (the content does not
 * compile) or RangeError (options without sense).
 */
export async function run(
  options: RunOptions,
  emit: (event: RunEvent) => void,
  signal?: { readonly aborted: boolean },
): Promise<RunResult> {
  const [pack] = options.packs;
  if (!pack) throw new RangeError('a run needs at least one content pack');
  const notable = options.notable ?? NOTABLE;
  const enter = (stage: Stage): void => emit({ event: 'stage', stage });

  enter('plan');
  const planned = plan({ ...options, competitors: competitorsOf(pack) });
  for (const message of planned.warnings) emit({ event: 'warning', message });
  const program = compileContent(options.packs, planned.directory);

  enter('simulate');
  const simulation: Feed =
    options.simulation?.(planned) ??
    (options.typed ? simulateRecords(planned, options) : inBatches(simulate(planned, options)));

  enter('detect');
  const labeller = createLabeller({
    rules: program.rules,
    containers: program.eventTypes.map((id) => pack.eventTypes[id]?.container ?? 'session'),
    instances: planned.instances.map(({ id, scenario }) => ({
      id,
      scenario: scenario.id,
      expects: scenario.expects,
    })),
    labels: simulation.labels,
    test: planned.test,
    notable,
    caught: (instance, rule, moment) => {
      const scenario = planned.instances[instance]?.scenario;
      const fired = program.rules[rule];
      if (!scenario || !fired) return;
      const { id, technique, kind } = scenario;
      emit({ event: 'caught', scenario: id, technique, kind, rule: fired.id, moment });
    },
  });
  const { usual_share } = options;
  const engine = startEngine(program, labeller.sink, {
    notable,
    explain: simulation.malicious,
    ...(usual_share !== undefined && { usualShare: usual_share }),
  });
  // A record that never was text stands for one line.
  const counters = (): Counters =>
    'records' in simulation
      ? { ...engine.counters, lines: engine.counters.records }
      : engine.counters;
  const clock = options.clock ?? (() => performance.now());
  const step = createProgress(clock, planned, counters, emit);
  const progress = (): void => step(simulation.moment());
  const partial = await ('records' in simulation
    ? stream(simulation.records, (batch) => engine.pushRecords(batch), progress, signal)
    : stream(simulation.batches, (batch) => engine.push(batch), progress, signal));
  engine.finish();

  enter('label');
  const observations = labeller.finish();

  enter('measure');
  const seen = partial ? { ...planned.test, end: simulation.moment() } : planned.test;
  // A story that was cut off is no miss.
  const played = planned.instances.flatMap(({ last }, i) => (last < seen.end ? [i] : []));
  const measurement = measure({
    pack,
    rules: program.rules,
    instances: played.flatMap((i) => measuredInstance(planned, simulation, i)),
    observations: {
      ...observations,
      instances: played.flatMap((i) => observations.instances[i] ?? []),
    },
    exposure: exposureOf(planned.organisation, seen),
    receipt: {
      leakdrill: options.version,
      content: pack.digest,
      seed: options.seed,
      people: planned.organisation.people.length,
      peer_groups: planned.organisation.peer_groups.length,
      ...(options.given && {
        organisation: { file: options.given.file, digest: options.given.digest },
      }),
      history_days: options.history_days,
      test_days: options.test_days,
      start: options.start,
      test_start: planned.test.start,
      base_rate: options.base_rate,
      command: options.command,
      assumptions: [
        ...assumptionsOf(planned.organisation, options),
        ...(usual_share === undefined
          ? []
          : [
              `rules that fire in more than ${Number((usual_share * 100).toPrecision(3))} % of sessions score less (--usual-share)`,
            ]),
      ],
    },
    notable,
    counters: counters(),
    converged: engine.convergence(CONVERGED),
    unparsed: engine.unparsed,
    partial,
    random: bootstrapOf(options.seed),
  });
  const result: RunResult = { ...measurement, ...judge(pack, measurement) };
  emit({ event: 'finished', result });
  return result;
}

function measuredInstance(planned: Plan, simulation: Known, position: number): MeasuredInstance[] {
  const instance = planned.instances[position];
  if (!instance) return [];
  const { id, user, first, last } = instance;
  const { id: scenario, kind, technique, title, story, expects } = instance.scenario;
  const lines = simulation.instance_lines[position] ?? 0;
  return [{ id, scenario, kind, technique, title, story, expects, user, first, last, lines }];
}

function inBatches({ lines, ...known }: ReturnType<typeof simulate>): LineSource {
  function* batches(): Generator<readonly LogLine[]> {
    let batch: LogLine[] = [];
    for (const line of lines) {
      batch.push(line);
      if (batch.length < BATCH) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0) yield batch;
  }
  return { batches: batches(), ...known };
}

/** Pushes all batches; true when it was stopped before the end. */
async function stream<T>(
  batches: Iterable<readonly T[]> | AsyncIterable<readonly T[]>,
  push: (batch: readonly T[]) => void,
  progress: () => void,
  signal: { readonly aborted: boolean } | undefined,
): Promise<boolean> {
  let since = 0;
  for await (const batch of batches) {
    push(batch);
    since += batch.length;
    if (since < BREATH) continue;
    since = 0;
    progress();
    await setImmediate();
    if (signal?.aborted) return true;
  }
  return false;
}

/** Tells how far the drill is, at most ten times a second. */
function createProgress(
  clock: () => number,
  { history_start, test }: Plan,
  counters: () => Counters,
  emit: (event: RunEvent) => void,
): (moment: number) => void {
  let last = clock();
  let linesBefore = 0;
  return (moment) => {
    const now = clock();
    if (now - last < PROGRESS_MS) return;
    const { lines, events, triggers } = counters();
    emit({
      event: 'progress',
      stage: 'detect',
      done: Math.min(1, (moment - history_start) / (test.end - history_start)),
      lines,
      events: Object.values(events).reduce((a, b) => a + b, 0),
      triggers,
      lines_per_second: ((lines - linesBefore) / (now - last)) * 1000,
      moment,
    });
    last = now;
    linesBefore = lines;
  };
}

/** Domains that the plan takes for competitors'. */
export function competitorsOf(pack: ContentPack): readonly string[] {
  return pack.tables.find(({ id }) => id === 'competition_domains')?.members ?? [];
}

function bootstrapOf(seed: number): () => number {
  const random = randomStream(seed, 'bootstrap');
  return () => random.uniform();
}
