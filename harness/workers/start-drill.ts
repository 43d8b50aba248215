import type { DrillOptions } from '../drill-options.js';
import type { RunEvent } from '../events.js';
import type { RunResult } from '../result.generated.js';
import { errorOf, startWorker, type WorkerFault } from './worker.js';

export type ToWorker = 'abort';
export type FromWorker = { readonly event: RunEvent } | { readonly failed: WorkerFault };

export interface RunningDrill {
  /**
   * Calls the listener with every event from now on, and first with what it has missed: all but
   * outdated progress. Returns a function that ends the subscription.
   */
  subscribe(listener: (event: RunEvent) => void): () => void;
  /** Ends the drill early; its result comes as partial. */
  abort(): void;
  /** Rejects when the drill fails; the error keeps the name that it had in the worker. */
  readonly result: Promise<RunResult>;
}

/** Runs a drill in a worker thread, so that drawing and engine do not starve each other. */
export function startDrill(options: DrillOptions): RunningDrill {
  const listeners = new Set<(event: RunEvent) => void>();
  const past: RunEvent[] = [];
  let lastProgress: RunEvent | undefined;

  const worker = startWorker('drill-worker', { workerData: options });
  const result = new Promise<RunResult>((resolve, reject) => {
    worker.on('message', (message: FromWorker) => {
      if ('failed' in message) {
        reject(errorOf(message.failed));
        return;
      }
      const { event } = message;
      if (event.event === 'progress') lastProgress = event;
      else past.push(event);
      for (const listener of listeners) listener(event);
      if (event.event === 'finished') resolve(event.result);
    });
    worker.on('error', reject);
    // Comes after the last message; without effect once the drill has finished or failed.
    worker.on('exit', (code) =>
      reject(new Error(`The drill's worker ended early (exit ${code}).`)),
    );
  });
  // Whoever awaits the result sees the failure; until then it is not an unhandled one.
  result.catch(() => undefined);

  return {
    subscribe(listener) {
      for (const event of past) listener(event);
      if (lastProgress && past.at(-1)?.event !== 'finished') listener(lastProgress);
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    abort() {
      worker.postMessage('abort' satisfies ToWorker);
    },
    result,
  };
}
