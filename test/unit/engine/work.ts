/**
 * Work in steps that are the same on every machine and in every run, so that tests can hold work
 * against a bound without looking at a clock: executions of every block of the engine's own code, as
 * V8 counts them, and what the built-in searches of texts and lists walk over. Regular expressions are
 * not counted; patterns.test.ts counts these.
 *
 * V8 counts the blocks of code that is compiled after the counting began, which is when this module
 * is loaded. So what is to be counted has to be imported later, with `await import(…)`.
 */
import { Session } from 'node:inspector';

interface Coverage {
  readonly result: readonly {
    readonly url: string;
    readonly functions: readonly { readonly ranges: readonly { readonly count: number }[] }[];
  }[];
}

const ours = /\/main\/|\/(?:engine|content|harness)\/[\w/.-]+\.ts$/;
const session = new Session();
session.connect();
post('Profiler.enable');
post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });

function post(method: string, params: object = {}): Coverage {
  let answer: Coverage | undefined;
  session.post(method, params, (error, given) => {
    if (error) throw error;
    answer = given as Coverage | undefined;
  });
  return answer ?? { result: [] };
}

/** Steps that a task takes. */
export function workOf(task: () => void): number {
  const searches = countSearches();
  try {
    post('Profiler.takePreciseCoverage');
    task();
    let blocks = 0;
    for (const { url, functions } of post('Profiler.takePreciseCoverage').result) {
      if (!ours.test(url) || url.includes('/test/')) continue;
      for (const { ranges } of functions) for (const { count } of ranges) blocks += count;
    }
    return blocks + searches.end();
  } finally {
    searches.end();
  }
}

/** Puts counters before the built-in searches until `end`. */
function countSearches(): { end(): number } {
  let steps = 0;
  const restore: (() => void)[] = [];
  for (const [prototype, name, atOnce] of [
    // Texts are searched many characters at a time, lists one by one.
    [String.prototype, 'indexOf', 16],
    [String.prototype, 'lastIndexOf', 16],
    [String.prototype, 'includes', 16],
    [Array.prototype, 'indexOf', 1],
    [Array.prototype, 'includes', 1],
  ] as const) {
    const on = prototype as unknown as Record<string, unknown>;
    const search = on[name] as (...given: unknown[]) => number | boolean;
    on[name] = function counted(this: { length: number }, ...given: unknown[]) {
      const found = search.apply(this, given);
      const isBackwards = name === 'lastIndexOf';
      const start = Number(given[1] ?? (isBackwards ? this.length : 0));
      const end = typeof found === 'number' && found >= 0 ? found : isBackwards ? 0 : this.length;
      steps += Math.abs(end - start) / atOnce;
      return found;
    };
    restore.push(() => {
      on[name] = search;
    });
  }
  return {
    end: () => {
      for (const undo of restore.splice(0)) undo();
      return steps;
    },
  };
}
