/** Sums of logarithms: the moments of a log-normal variable. */
export class Logs {
  count = 0;
  private mean = 0;
  private squares = 0;

  /** Values above 0; others are left out. */
  add(value: number): void {
    if (!(value > 0)) return;
    this.count++;
    const x = Math.log(value);
    const off = x - this.mean;
    this.mean += off / this.count;
    this.squares += off * (x - this.mean);
  }

  /** Mean of the logarithms; NaN without values. */
  get mu(): number {
    return this.count === 0 ? Number.NaN : this.mean;
  }

  /** Their standard deviation; NaN with fewer than two values. */
  get sigma(): number {
    return this.count < 2 ? Number.NaN : Math.sqrt(this.squares / (this.count - 1));
  }
}

/** The middle of the numbers, NaN left out; NaN without numbers. */
export function median(values: readonly number[]): number {
  const sorted = values.filter((x) => !Number.isNaN(x)).sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  if (sorted.length === 0) return Number.NaN;
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

/** Inequality of amounts that are not negative: 0 for all alike, near 1 for one that has it all. */
export function gini(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const total = sorted.reduce((a, b) => a + b, 0);
  const ranked = sorted.reduce((sum, x, i) => sum + (i + 1) * x, 0);
  return (2 * ranked) / (sorted.length * total) - (sorted.length + 1) / sorted.length;
}

/** y = K · x ^ beta. */
export interface PowerLaw {
  readonly beta: number;
  readonly K: number;
}

/** Straight line through points of logarithms; NaN with fewer than three points. */
export function leastSquares(points: readonly (readonly [number, number])[]): PowerLaw {
  const n = points.length;
  if (n < 3) return { beta: Number.NaN, K: Number.NaN };
  let sx = 0;
  let sy = 0;
  for (const [x, y] of points) {
    sx += x;
    sy += y;
  }
  let sxx = 0;
  let sxy = 0;
  for (const [x, y] of points) {
    sxx += (x - sx / n) ** 2;
    sxy += (x - sx / n) * (y - sy / n);
  }
  const beta = sxy / sxx;
  return { beta, K: Math.exp((sy - beta * sx) / n) };
}

/** Quantiles of positive numbers to one part in a hundred, in constant memory. */
export class Sketch {
  count = 0;
  private readonly bins = new Map<number, number>();

  add(value: number): void {
    if (!(value > 0)) return;
    this.count++;
    const bin = Math.floor(Math.log(value) * 100);
    this.bins.set(bin, (this.bins.get(bin) ?? 0) + 1);
  }

  /** NaN without numbers. */
  quantile(p: number): number {
    let sum = 0;
    for (const [bin, times] of [...this.bins].sort(([a], [b]) => a - b)) {
      sum += times;
      if (sum >= p * this.count) return Math.exp((bin + 0.5) / 100);
    }
    return Number.NaN;
  }
}
