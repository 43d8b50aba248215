import { describe, expect, it } from 'vitest';
import {
  clusterBootstrap,
  poissonExact,
  precisionAtBaseRate,
  quantile,
  wider,
  wilson,
} from '../../../harness/statistics.js';

/** Park and Miller's minimal standard generator: enough to draw clusters in a test. */
function lehmer(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}

const uniform = (clusters: number, amount: number): Map<number, number> =>
  new Map(Array.from({ length: clusters }, (_, i) => [i, amount]));

describe('Wilson interval', () => {
  it.each([
    // Newcombe 1998, Statistics in Medicine 17, table I, method 3.
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ])('agrees with the published limits for %i of %i', (hits, trials, low, high) => {
    const interval = wilson(hits, trials);
    expect(interval.low).toBeCloseTo(low, 4);
    expect(interval.high).toBeCloseTo(high, 4);
  });

  it('gives 4 of 4 a lower limit of 51 % and no more than 1', () => {
    expect(wilson(4, 4).low).toBeCloseTo(0.5101, 4);
    expect(wilson(4, 4).high).toBe(1);
  });

  it('knows nothing without trials', () => {
    expect(wilson(0, 0)).toEqual({ low: 0, high: 1 });
  });
});

describe('exact Poisson limits', () => {
  it.each([
    // Garwood 1936 gives them to two decimals; more from the defining sums of Poisson terms.
    [1, 0.0253, 5.5716],
    [2, 0.2422, 7.2247],
    [3, 0.6187, 8.7673],
    [10, 4.7954, 18.3904],
    [20, 12.2165, 30.8884],
    [100, 81.364, 121.6268],
  ])('agree with the published ones for %i', (count, low, high) => {
    const interval = poissonExact(count);
    expect(interval.low).toBeCloseTo(low, 3);
    expect(interval.high).toBeCloseTo(high, 3);
  });

  it('stay close to the normal approximation for a large count', () => {
    const { low, high } = poissonExact(40_000);
    expect(low).toBeGreaterThan(40_000 - 400);
    expect(low).toBeLessThan(40_000 - 380);
    expect(high).toBeGreaterThan(40_000 + 380);
    expect(high).toBeLessThan(40_000 + 400);
  });

  it('bound nothing seen by three', () => {
    expect(poissonExact(0)).toEqual({ low: 0, high: 3 });
  });
});

describe('cluster bootstrap', () => {
  it('has no width when every cluster is alike', () => {
    const [interval] = clusterBootstrap(
      50,
      [{ hits: uniform(50, 2), trials: uniform(50, 10) }],
      lehmer(1),
    );
    expect(interval?.low).toBeCloseTo(0.2, 12);
    expect(interval?.high).toBeCloseTo(0.2, 12);
  });

  it('has about the width of a Poisson count when single alerts are spread over users', () => {
    const hits = new Map(Array.from({ length: 100 }, (_, i) => [i * 10, 1]));
    const [interval] = clusterBootstrap(
      1000,
      [{ hits, trials: uniform(1000, 1) }],
      lehmer(2),
      2000,
    );
    expect(interval?.low).toBeGreaterThan(0.076);
    expect(interval?.low).toBeLessThan(0.087);
    expect(interval?.high).toBeGreaterThan(0.113);
    expect(interval?.high).toBeLessThan(0.126);
  });

  it('is wider than Poisson when one user raises them all', () => {
    const [interval] = clusterBootstrap(
      200,
      [{ hits: new Map([[7, 100]]), trials: uniform(200, 1) }],
      lehmer(3),
    );
    const exact = poissonExact(100);
    expect(interval?.low).toBe(0);
    expect((interval?.high ?? 0) * 200).toBeGreaterThan(exact.high * 1.5);
  });

  it('says that there is none when there is nothing to divide by', () => {
    const [interval] = clusterBootstrap(5, [{ hits: new Map(), trials: new Map() }], lehmer(4));
    expect(interval?.low).toBeNaN();
    expect(interval?.high).toBeNaN();
  });

  it('gives the same limits for the same seed, whatever other ratios are asked for', () => {
    const ratio = {
      hits: new Map([
        [1, 3],
        [4, 1],
      ]),
      trials: uniform(10, 3),
    };
    const alone = clusterBootstrap(10, [ratio], lehmer(5))[0];
    const among = clusterBootstrap(
      10,
      [{ hits: new Map(), trials: uniform(10, 1) }, ratio],
      lehmer(5),
    )[1];
    expect(among).toEqual(alone);
  });
});

describe('small things', () => {
  it('interpolates quantiles', () => {
    expect(quantile([1, 2, 3, 4], 0.5)).toBe(2.5);
    expect(quantile([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], 0.9)).toBe(10);
    expect(quantile([3], 0.9)).toBe(3);
  });

  it('takes the outer limits of two intervals', () => {
    expect(wider({ low: 1, high: 2 }, { low: 0.5, high: 1.5 })).toEqual({ low: 0.5, high: 2 });
  });

  it('shows the base-rate fallacy', () => {
    expect(precisionAtBaseRate(1e-4, 1, 0.0099)).toBeCloseTo(0.01, 10);
    expect(precisionAtBaseRate(1e-4, 0.5, 0)).toBe(1);
    expect(precisionAtBaseRate(1e-4, 0, 0)).toBeNaN();
  });
});
