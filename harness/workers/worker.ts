import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker, type WorkerOptions } from 'node:worker_threads';

/** An error as it crosses from one thread to another; the name tells which it was. */
export interface WorkerFault {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
  readonly advice?: string | undefined;
}

export function faultOf(error: unknown): WorkerFault {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  const { advice } = error as { advice?: string };
  return { name, message, stack: stack ?? message, advice };
}

export const errorOf = (fault: WorkerFault): Error =>
  Object.assign(new Error(fault.message), fault);

/** Starts a module of this folder in a thread, compiled or from source as this one is. */
export function startWorker(name: string, options: WorkerOptions): Worker {
  const compiled = new URL(`./${name}.js`, import.meta.url);
  // Threads inherit no module hooks: from source, the worker sets up ts-node for itself.
  return existsSync(fileURLToPath(compiled))
    ? // Conditions that another program runs under, such as a test runner's, are not for compiled code.
      new Worker(compiled, { ...options, execArgv: [] })
    : new Worker(new URL(`./${name}.ts`, import.meta.url), {
        ...options,
        execArgv: [
          '--conditions=source',
          '--import',
          new URL('../register.mjs', import.meta.url).href,
        ],
      });
}
