import type { LogLine } from '#engine';
import type { DrillOptions } from '../drill-options.js';
import type { LineSource } from '../run.js';
import type { Plan } from '../stages/1-plan.js';
import type { Label } from '../stages/4-label.js';
import { errorOf, startWorker, type WorkerFault } from './worker.js';

export interface SimulationTask {
  readonly options: DrillOptions;
  readonly competitors: readonly string[];
  /** Batches that were taken so far; the simulation waits on it. */
  readonly taken: Int32Array;
}

/**
 * A batch of lines with what is known of them. As texts: that they are copied costs a third of what it
 * costs to join them into one text or to write them as bytes.
 */
export interface SimulatedBatch {
  readonly texts: readonly string[];
  readonly labels: readonly (readonly [number, Label])[];
  readonly instance_lines: readonly number[];
  readonly moment: number;
}

export type FromSimulation = SimulatedBatch | 'end' | { readonly failed: WorkerFault };

export interface RunningSimulation {
  /** The lines, for whoever has the same plan. To be asked for once. */
  source(planned: Plan): LineSource;
  /** Ends the thread, whether or not the lines have been read. */
  stop(): Promise<void>;
}

/**
 * Lets a thread of its own write the lines of a drill. It plans the drill anew from the same options, at
 * the same time as the other thread does, and comes to the same plan: stories are functions, which
 * cannot be carried across.
 */
export function startSimulation(
  options: DrillOptions,
  competitors: readonly string[],
): RunningSimulation {
  const taken = new Int32Array(new SharedArrayBuffer(4));
  const task: SimulationTask = { options, competitors, taken };
  const worker = startWorker('simulation-worker', { workerData: task });

  const arrived: FromSimulation[] = [];
  let wake: (() => void) | undefined;
  const arrive = (message: FromSimulation): void => {
    arrived.push(message);
    wake?.();
  };
  const fail = (error: Error): void =>
    arrive({
      failed: { ...error, name: error.name, message: error.message, stack: error.stack ?? '' },
    });
  worker.on('message', arrive);
  worker.on('error', fail);
  // Comes after the last message; without effect once the end has been read.
  worker.on('exit', (code) =>
    fail(new Error(`The simulation's worker ended early (exit ${code}).`)),
  );

  async function* messages(): AsyncGenerator<SimulatedBatch> {
    for (;;) {
      const message = arrived.shift();
      if (message === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        continue;
      }
      if (message === 'end') return;
      if ('failed' in message) throw errorOf(message.failed);
      Atomics.add(taken, 0, 1);
      Atomics.notify(taken, 0);
      yield message;
    }
  }

  return {
    source: (planned) => sourceOf(messages(), planned),
    async stop() {
      await worker.terminate();
    },
  };
}

function sourceOf(messages: AsyncIterable<SimulatedBatch>, planned: Plan): LineSource {
  const labels = new Map<number, Label>();
  const malicious = new Set<number>();
  const instance_lines = planned.instances.map(() => 0);
  let moment = planned.history_start;

  async function* batches(): AsyncGenerator<readonly LogLine[]> {
    let id = 0;
    for await (const batch of messages) {
      for (const [line, label] of batch.labels) {
        labels.set(line, label);
        if (label.kind === 'malicious') malicious.add(line);
      }
      for (const [i, lines] of batch.instance_lines.entries()) instance_lines[i] = lines;
      moment = batch.moment;
      yield batch.texts.map((text) => ({ id: ++id, text }));
    }
  }
  return { batches: batches(), labels, malicious, instance_lines, moment: () => moment };
}
