import { describe, expect, test } from 'vitest';
import { randomStream, Weighted } from '#generators';

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

const variance = (values: readonly number[]): number => {
  const m = mean(values);
  return mean(values.map((value) => (value - m) ** 2));
};

const draws = (n: number, draw: () => number): number[] => Array.from({ length: n }, draw);

describe('a random stream', () => {
  test('gives the same numbers for the same seed and name', () => {
    const a = randomStream(7, 'mail', 3);
    const b = randomStream(7, 'mail', 3);
    expect(draws(50, () => a.word())).toEqual(draws(50, () => b.word()));
  });

  test('differs by seed, by name and by the order of names', () => {
    const firsts = [
      randomStream(7, 'mail', 'x'),
      randomStream(8, 'mail', 'x'),
      randomStream(7, 'x', 'mail'),
      randomStream(7, 'mail'),
      randomStream(7, 'mailx'),
    ].map((stream) => stream.word());
    expect(new Set(firsts).size).toBe(firsts.length);
  });

  test('gives sub-streams that do not depend on how much was drawn before', () => {
    const fresh = randomStream(7, 'mail');
    const used = randomStream(7, 'mail');
    draws(100, () => used.normal());
    expect(used.stream('day').word()).toBe(fresh.stream('day').word());
  });

  test('is spread evenly over its range', () => {
    const random = randomStream(1, 'uniform');
    const counts = new Array<number>(10).fill(0);
    for (let i = 0; i < 100_000; i++) {
      const slot = random.int(10);
      counts[slot] = (counts[slot] ?? 0) + 1;
    }
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500);
  });
});

describe('distributions have their mean and variance', () => {
  const random = randomStream(3, 'distributions');
  test.each([
    ['normal', () => random.normal(4, 3), 4, 9],
    ['exponential', () => random.exponential(5), 5, 25],
    ['gamma below one', () => random.gamma(0.4, 2), 0.8, 1.6],
    ['gamma above one', () => random.gamma(6, 0.5), 3, 1.5],
    ['beta', () => random.beta(2, 6), 0.25, 0.25 * 0.75 * (1 / 9)],
    ['small poisson', () => random.poisson(0.7), 0.7, 0.7],
    ['large poisson', () => random.poisson(130), 130, 130],
    ['small binomial', () => random.binomial(12, 0.3), 3.6, 2.52],
    ['large binomial', () => random.binomial(900, 0.2), 180, 144],
    ['negative binomial', () => random.negativeBinomial(4, 1.26), 4, 4 + 16 / 1.26],
  ] as const)('%s', (_, draw, expectedMean, expectedVariance) => {
    const values = draws(60_000, draw);
    expect(Math.abs(mean(values) / expectedMean - 1)).toBeLessThan(0.03);
    expect(Math.abs(variance(values) / expectedVariance - 1)).toBeLessThan(0.08);
  });

  test('a beta without bound is nothing, and a gamma without one is refused', () => {
    expect(random.beta(4, Number.POSITIVE_INFINITY)).toBe(0);
    expect(random.gamma(0)).toBe(0);
    for (const shape of [Number.POSITIVE_INFINITY, Number.NaN, -1])
      expect(() => random.gamma(shape)).toThrow(RangeError);
  });

  test('a weighted choice follows its weights', () => {
    const choice = new Weighted([
      ['a', 1],
      ['b', 0],
      ['c', 3],
    ]);
    const drawn = Array.from({ length: 40_000 }, () => choice.draw(random));
    expect(drawn.filter((x) => x === 'b')).toEqual([]);
    expect(Math.abs(drawn.filter((x) => x === 'c').length / 40_000 - 0.75)).toBeLessThan(0.01);
  });

  test('weights without a positive sum are refused', () => {
    expect(() => new Weighted([['a', 0]])).toThrow(RangeError);
    expect(() => new Weighted([])).toThrow(RangeError);
  });
});
