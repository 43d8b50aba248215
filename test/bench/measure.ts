import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** CPU seconds of this process since its start, user and system, all threads. */
export function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Frees what can be freed, so that one measurement does not pay for the one before. */
export function collectGarbage(): void {
  collect();
  collect();
}

/** Bytes that are in use once everything dead is gone. */
export function bytesInUse(): number {
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** One thing to be timed. It may time only a part of what it does and then returns the seconds. */
export type Contender = () => number | undefined | Promise<number | undefined>;

/**
 * Runs each contender once per round, in turn, so that a slow moment of the machine hits all of
 * them. Returns the median CPU seconds of each, in the order given. The first round warms up and
 * does not count.
 */
export async function medianSeconds(
  contenders: readonly Contender[],
  { rounds = 3, warm = true }: { readonly rounds?: number; readonly warm?: boolean } = {},
): Promise<number[]> {
  const seconds: number[][] = contenders.map(() => []);
  for (let round = warm ? 0 : 1; round <= rounds; round += 1) {
    for (const [index, contender] of contenders.entries()) {
      collectGarbage();
      const before = cpuSeconds();
      const own = await contender();
      const spent = own ?? cpuSeconds() - before;
      if (round > 0) seconds[index]?.push(spent);
    }
  }
  return seconds.map(median);
}

/** Runs after which a contender has the code it goes on with: the third is as fast as the tenth. */
export const WARM_RUNS = 3;

/**
 * A contender that runs some times before it is timed. The collection of garbage before each turn makes
 * the virtual machine forget the shapes of objects that its compiled code was made for, which nothing
 * that runs on does, and it takes seconds to learn them again.
 *
 * @param run a number that it returns is the seconds that count
 */
export function warmed(run: () => unknown): Contender {
  return async () => {
    for (let times = 0; times < WARM_RUNS; times += 1) await run();
    const before = cpuSeconds();
    const own = await run();
    return typeof own === 'number' ? own : cpuSeconds() - before;
  };
}
