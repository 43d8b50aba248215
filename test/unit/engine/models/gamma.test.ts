import chisquareQuantile from '@stdlib/stats-base-dists-chisquare-quantile';
import gammaQuantile from '@stdlib/stats-base-dists-gamma-quantile';
import { describe, expect, it } from 'vitest';
import { fitGamma } from '../../../../engine/models/numerical.js';
import { mail, pack, player, programOf } from '../kit.js';

const shapes = [0.05, 0.2, 0.5, 1, 1.7, 3, 10, 50, 400, 700];
const scales = [1e-3, 1, 4096, 5e7];
const percentiles = [0.5, 0.3, 0.1, 0.05, 0.01, 1e-3, 1e-6];

/** Natural logarithm of the gamma function, by Stirling's series after a climb to where it is exact. */
function logGamma(value: number): number {
  let x = value;
  let shift = 0;
  while (x < 20) {
    shift -= Math.log(x);
    x += 1;
  }
  const square = 1 / (x * x);
  const series = (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square / 1680))) / x;
  return shift + (x - 0.5) * Math.log(x) - x + Math.log(2 * Math.PI) / 2 + series;
}

/** Share of a gamma distribution of scale 1 above x: the regularised incomplete gamma function Q. */
function above(shape: number, x: number): number {
  const front = Math.exp(shape * Math.log(x) - x - logGamma(shape));
  if (x < shape + 1) {
    let term = 1 / shape;
    let sum = term;
    for (let k = 1; term > sum * 1e-17; k += 1) {
      term *= x / (shape + k);
      sum += term;
    }
    return 1 - front * sum;
  }
  // The continued fraction of Legendre, by Lentz's method.
  let b = x + 1 - shape;
  let c = 1e300;
  let d = 1 / b;
  let h = d;
  for (let k = 1; k < 10_000; k += 1) {
    const a = -k * (k - shape);
    b += 2;
    d = 1 / (a * d + b);
    c = b + a / c;
    h *= d * c;
    if (Math.abs(d * c - 1) < 1e-16) break;
  }
  return front * h;
}

function digamma(value: number): number {
  let x = value;
  let shift = 0;
  while (x < 20) {
    shift -= 1 / x;
    x += 1;
  }
  const square = 1 / (x * x);
  return shift + Math.log(x) - 1 / (2 * x) - square * (1 / 12 - square * (1 / 120 - square / 252));
}

/** The maximum of the likelihood, by bisection: ln k - digamma(k) falls and meets ln(mean) - mean(ln). */
function likeliest(values: readonly number[]): { shape: number; scale: number } {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  const gap = Math.log(mean) - values.reduce((sum, x) => sum + Math.log(x), 0) / values.length;
  let low = 1e-6;
  let high = 1e9;
  for (let i = 0; i < 200; i += 1) {
    const middle = Math.sqrt(low * high);
    if (Math.log(middle) - digamma(middle) > gap) low = middle;
    else high = middle;
  }
  return { shape: low, scale: mean / low };
}

function fitted(values: readonly number[]): { shape: number; scale: number } {
  const sums = { x: 0, log: 0, product: 0 };
  for (const x of values) {
    sums.x += x;
    sums.log += Math.log(x);
    sums.product += x * Math.log(x);
  }
  const fit = fitGamma(values.length, sums.x, sums.log, sums.product);
  if (fit === undefined) throw new Error('the values do not vary');
  return fit;
}

/** A seeded sample of a gamma distribution, by its quantiles at random shares. */
function sample(shape: number, scale: number, n: number, seed: number): number[] {
  let state = seed;
  return Array.from({ length: n }, () => {
    state = (state * 48_271) % 2_147_483_647;
    // Small shapes put values below what a double can hold; the product's values are at least 1 byte.
    return Math.max(1e-200, gammaQuantile(state / 2_147_483_647, shape, 1) * scale);
  });
}

/** Where a share of a gamma distribution of scale 1 lies above, by bisection. */
function exactQuantile(shape: number, percentile: number): number {
  let low = shape / 10;
  let high = shape * 10;
  for (let i = 0; i < 200; i += 1) {
    const middle = (low + high) / 2;
    if (above(shape, middle) > percentile) low = middle;
    else high = middle;
  }
  return low;
}

describe('the gamma quantile of the statistics library', () => {
  it('has the share above it that was asked for, by the incomplete gamma function', () => {
    for (const shape of shapes) {
      for (const percentile of percentiles) {
        const x = gammaQuantile(1 - percentile, shape, 1);
        expect(above(shape, x) / percentile).toBeCloseTo(1, 8);
      }
    }
  });

  it('is the chi-square quantile at twice the shape, halved', () => {
    for (const shape of shapes) {
      for (const percentile of percentiles) {
        const chi = chisquareQuantile(1 - percentile, 2 * shape) / 2;
        expect(gammaQuantile(1 - percentile, shape, 1) / chi).toBeCloseTo(1, 10);
      }
    }
  });

  it('is -ln of the share where the shape is 1', () => {
    for (const percentile of percentiles) {
      expect(gammaQuantile(1 - percentile, 1, 1) / -Math.log(percentile)).toBeCloseTo(1, 9);
    }
  });

  it('is off by at most a thousandth where it is past 1000, for values that hardly vary', () => {
    for (const shape of [1001, 1500, 3000, 10_000]) {
      for (const percentile of percentiles) {
        const x = gammaQuantile(1 - percentile, shape, 1);
        expect(Math.abs(x / exactQuantile(shape, percentile) - 1)).toBeLessThan(0.001);
      }
    }
  });
});

/** Thresholds of a model that has seen the values, by percentile, as the engine's rules read them. */
function thresholds(values: readonly number[]): Map<number, number> {
  const rules = Object.fromEntries(
    percentiles.map((percentile, i) => [`r${i}`, { model: 'M', when: 'n >= 0', percentile }]),
  );
  const program = programOf(pack(rules, { M: { kind: 'numerical', feature: 'bytes' } }));
  const one = player(program);
  one.play(...values.map((bytes, i) => mail(i, { bytes })));
  const before = one.triggers.length;
  one.play(mail(values.length, { bytes: 1 }));
  return new Map(
    one.triggers
      .slice(before)
      .map(({ rule, reading }) => [
        percentiles[rule] as number,
        reading?.percentile_threshold_value as number,
      ]),
  );
}

describe('the threshold of a numerical model', () => {
  it('is the gamma quantile of its own fit, for any shape, scale and percentile', () => {
    for (const shape of shapes) {
      for (const scale of scales) {
        const values = sample(shape, scale, 300, 11);
        // Fits come with the first observation and whenever there are a tenth more.
        let last = 0;
        for (let n = 1; n <= values.length; n += 1) if (n >= last * 1.1) last = n;
        const fit = fitted(values.slice(0, last));
        const found = thresholds(values);
        expect(found.size).toBe(percentiles.length);
        for (const [percentile, threshold] of found) {
          const expected = gammaQuantile(1 - percentile, fit.shape, 1 / fit.scale);
          expect(threshold / expected).toBeCloseTo(1, 9);
        }
      }
    }
  });

  it('has the share above it that was asked for, of the distribution that was drawn from', () => {
    const found = thresholds(sample(2, 4096, 5000, 5));
    for (const percentile of [0.5, 0.1, 0.01]) {
      const threshold = found.get(percentile) as number;
      expect(above(2, threshold / 4096) / percentile).toBeCloseTo(1, 1);
    }
  });
});

describe('the closed-form fit of Ye and Chen', () => {
  // The standard error of the likeliest shape is about sqrt(2 / n) of it: more than twice as much.
  it.each([20, 200, 2000])('of %i values is within 0.65 / sqrt(n) of the likeliest shape', (n) => {
    for (const shape of shapes) {
      for (const scale of scales) {
        for (const seed of [1, 77, 4001, 90_001]) {
          const values = sample(shape, scale, n, seed);
          const fit = fitted(values);
          const best = likeliest(values);
          expect(Math.abs(fit.shape / best.shape - 1)).toBeLessThan(0.65 / Math.sqrt(n));
          // The mean is the same by either, as far as the sums are exact.
          const mean = values.reduce((sum, x) => sum + x, 0) / n;
          expect((fit.shape * fit.scale) / mean).toBeCloseTo(1, 9);
        }
      }
    }
  });

  it('does not depend on the unit of the values', () => {
    for (const shape of shapes) {
      const values = sample(shape, 1, 200, 9);
      const one = fitted(values).shape;
      for (const unit of [1e-6, 1024, 1e9]) {
        expect(fitted(values.map((x) => x * unit)).shape / one).toBeCloseTo(1, 6);
      }
    }
  });
});
