import chisquareQuantile from '@stdlib/stats-base-dists-chisquare-quantile';

/** Two-sided 95 % limits, unless a function says otherwise. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

const Z = 1.959963984540054;

/**
 * Wilson score interval of a proportion. `hits` and `trials` may be fractions, so that "what if
 * there were twice as much of this" can be asked. Without trials nothing is known: 0 to 1.
 */
export function wilson(hits: number, trials: number): Interval {
  if (trials <= 0) return { low: 0, high: 1 };
  const share = hits / trials;
  const square = Z * Z;
  const centre = (share + square / (2 * trials)) / (1 + square / trials);
  const half =
    (Z / (1 + square / trials)) *
    Math.sqrt((share * (1 - share)) / trials + square / (4 * trials * trials));
  return {
    low: hits <= 0 ? 0 : Math.max(0, centre - half),
    high: hits >= trials ? 1 : Math.min(1, centre + half),
  };
}

/**
 * Exact (Garwood) limits of a Poisson mean after `count` events. For none the upper limit is the
 * one-sided "rule of three".
 */
export function poissonExact(count: number): Interval {
  if (count <= 0) return { low: 0, high: 3 };
  return {
    low: chisquareQuantile(0.025, 2 * count) / 2,
    high: chisquareQuantile(0.975, 2 * count + 2) / 2,
  };
}

/** Both limits as far out as either has them. */
export function wider(a: Interval, b: Interval): Interval {
  return { low: Math.min(a.low, b.low), high: Math.max(a.high, b.high) };
}

/** Linear interpolation between order statistics (type 7). `sorted` ascending and not empty. */
export function quantile(sorted: ArrayLike<number>, probability: number): number {
  const at = (sorted.length - 1) * probability;
  const below = Math.floor(at);
  const low = sorted[below] ?? Number.NaN;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] ?? Number.NaN;
  return low + (high - low) * (at - below);
}

/** Cluster number → amount; clusters that are missing have none. */
export type Amounts = ReadonlyMap<number, number>;

/** A ratio of two sums over clusters, such as alerts over user-days. */
export interface Ratio {
  readonly hits: Amounts;
  readonly trials: Amounts;
}

/** Drawing more clusters than this in all would cost seconds and move no limit that is printed. */
const MOST_DRAWS = 20_000_000;

/**
 * Percentile bootstrap of ratios, resampling whole clusters (users) with replacement. All ratios
 * see the same resamples, so one pass over the clusters serves every rule. A ratio whose trials
 * vanish in every resample has no interval: NaN to NaN.
 *
 * `random` gives numbers in [0, 1).
 */
export function clusterBootstrap(
  clusters: number,
  ratios: readonly Ratio[],
  random: () => number,
  replicates = 1000,
): Interval[] {
  if (clusters === 0) return ratios.map(() => ({ low: Number.NaN, high: Number.NaN }));
  const rounds = Math.max(200, Math.min(replicates, Math.floor(MOST_DRAWS / clusters)));
  const columns = ratios.map(({ hits, trials }) => ({
    hits: toColumn(hits),
    trials: toColumn(trials),
    drawn: new Float64Array(rounds),
    count: 0,
  }));
  const weights = new Uint16Array(clusters);
  for (let round = 0; round < rounds; round++) {
    weights.fill(0);
    for (let draw = 0; draw < clusters; draw++) {
      const cluster = Math.floor(random() * clusters);
      weights[cluster] = (weights[cluster] ?? 0) + 1;
    }
    for (const column of columns) {
      const trials = weighted(column.trials, weights);
      if (trials > 0) column.drawn[column.count++] = weighted(column.hits, weights) / trials;
    }
  }
  return columns.map(({ drawn, count }) => {
    if (count === 0) return { low: Number.NaN, high: Number.NaN };
    const sorted = drawn.subarray(0, count).sort();
    return { low: quantile(sorted, 0.025), high: quantile(sorted, 0.975) };
  });
}

interface Column {
  readonly at: Uint32Array;
  readonly amount: Float64Array;
}

function toColumn(amounts: Amounts): Column {
  return { at: Uint32Array.from(amounts.keys()), amount: Float64Array.from(amounts.values()) };
}

function weighted({ at, amount }: Column, weights: Uint16Array): number {
  let sum = 0;
  for (let i = 0; i < at.length; i++) sum += (amount[i] ?? 0) * (weights[at[i] ?? 0] ?? 0);
  return sum;
}

/**
 * Precision when attacks come at `base_rate` per user-day, from recall per attack and false alerts
 * per user-day: p·r / (p·r + f). NaN when neither ever happens.
 */
export function precisionAtBaseRate(
  base_rate: number,
  recall: number,
  false_per_user_day: number,
): number {
  const found = base_rate * recall;
  return found / (found + false_per_user_day);
}
