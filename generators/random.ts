/**
 * Seeded chance. One seed feeds any number of named streams; a stream depends on the seed and its
 * own name alone, so a new behaviour with a stream of its own shifts nobody else's draws.
 */

/** One word of state mixed from a word of input (murmur3's finaliser over a running hash). */
function mix(hash: number, word: number): number {
  let h = Math.imul(hash ^ word, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) + 0x9e3779b9;
}

/** 32-bit hash of a text, seeded. */
export function hashText(text: string, seed = 0): number {
  let h = seed ^ Math.imul(text.length, 0x9e3779b1);
  for (let i = 0; i < text.length; i++) {
    h = Math.imul(h ^ text.charCodeAt(i), 0x5bd1e995);
    h ^= h >>> 15;
  }
  return mix(h, text.length) >>> 0;
}

/** 32-bit hash of numbers, each taken as an integer of up to 53 bits. */
export function hashNumbers(seed: number, a: number, b = 0, c = 0): number {
  let h = mix(seed | 0, a | 0);
  h = mix(h, (a / 4294967296) | 0);
  h = mix(h, b | 0);
  return mix(h, c | 0) >>> 0;
}

/** A number in [0, 1) that depends on nothing but its arguments. */
export function hashUnit(seed: number, a: number, b = 0, c = 0): number {
  return hashNumbers(seed, a, b, c) / 4294967296;
}

/** A stream of random numbers (sfc32). Not for secrets. */
export class Random {
  private a = 0;
  private b = 0;
  private c = 0;
  private counter = 1;
  private spare = Number.NaN;
  private readonly key: number;
  private readonly key2: number;

  constructor(key: number, key2: number) {
    this.key = key >>> 0;
    this.key2 = key2 >>> 0;
    this.reseed(key, key2);
  }

  private reseed(key: number, key2: number): void {
    this.a = mix(0x2545f491, key) | 0;
    this.b = mix(this.a, key2) | 0;
    this.c = mix(this.b, key) | 0;
    this.counter = 1;
    this.spare = Number.NaN;
    for (let i = 0; i < 12; i++) this.word();
  }

  /**
   * A stream of its own, told apart by name. Depends on this stream's seed and name, not on how
   * much was drawn from it.
   */
  stream(...names: readonly (string | number)[]): Random {
    let h1 = this.key;
    let h2 = this.key2;
    for (const name of names) {
      if (typeof name === 'number') {
        h1 = hashNumbers(h1, name, 1);
        h2 = hashNumbers(h2, name, 2);
      } else {
        h1 = hashText(name, h1);
        h2 = hashText(name, h2 ^ 0x5f356495);
      }
    }
    return new Random(h1, h2);
  }

  /** 32 random bits as an unsigned integer. */
  word(): number {
    const sum = (((this.a + this.b) | 0) + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (((this.c << 21) | (this.c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** Uniform in [0, 1). */
  uniform(): number {
    return this.word() / 4294967296;
  }

  /** True with probability p. */
  chance(p: number): boolean {
    return this.word() < p * 4294967296;
  }

  /** Uniform integer in [0, below); below at most 2^32. */
  int(below: number): number {
    return Math.floor((this.word() / 4294967296) * below);
  }

  /** Uniform integer in [low, high]. */
  between(low: number, high: number): number {
    return low + this.int(high - low + 1);
  }

  normal(mean = 0, deviation = 1): number {
    if (!Number.isNaN(this.spare)) {
      const value = this.spare;
      this.spare = Number.NaN;
      return mean + deviation * value;
    }
    for (;;) {
      const x = 2 * this.uniform() - 1;
      const y = 2 * this.uniform() - 1;
      const s = x * x + y * y;
      if (s > 0 && s < 1) {
        const scale = Math.sqrt((-2 * Math.log(s)) / s);
        this.spare = y * scale;
        return mean + deviation * x * scale;
      }
    }
  }

  /** exp of a normal with this mean and deviation. */
  lognormal(mu: number, sigma: number): number {
    return Math.exp(this.normal(mu, sigma));
  }

  exponential(mean: number): number {
    return -mean * Math.log(1 - this.uniform());
  }

  /** Power law above `minimum` with tail exponent `alpha`. */
  pareto(minimum: number, alpha: number): number {
    return minimum * (1 - this.uniform()) ** (-1 / alpha);
  }

  /**
   * Gamma with this shape and mean shape · scale (Marsaglia and Tsang). Throws a RangeError for a shape
   * that is negative or without bound: no draw would ever be accepted. A shape of 0 gives 0.
   */
  gamma(shape: number, scale = 1): number {
    if (!(shape >= 0 && shape < Number.POSITIVE_INFINITY)) {
      throw new RangeError(`a gamma has no shape ${shape}`);
    }
    if (shape < 1) {
      const boost = (1 - this.uniform()) ** (1 / shape);
      return this.gamma(shape + 1, scale) * boost;
    }
    const d = shape - 1 / 3;
    const c = 1 / Math.sqrt(9 * d);
    for (;;) {
      const x = this.normal();
      const v = (1 + c * x) ** 3;
      if (v <= 0) continue;
      const u = 1 - this.uniform();
      if (Math.log(u) < 0.5 * x * x + d * (1 - v + Math.log(v))) return d * v * scale;
    }
  }

  /** Beta with mean a / (a + b); 0 when b is without bound, as for a share of nothing. */
  beta(a: number, b: number): number {
    if (b === Number.POSITIVE_INFINITY) return 0;
    const x = this.gamma(a);
    const y = this.gamma(b);
    return x + y === 0 ? a / (a + b) : x / (x + y);
  }

  /** Poisson; exact at any mean (large means are split through a gamma draw). */
  poisson(mean: number): number {
    let left = mean;
    let count = 0;
    while (left > 24) {
      // The m-th arrival comes at a Gamma(m) time; beyond it the rest is Poisson again.
      const m = Math.floor(left * 0.875);
      const arrival = this.gamma(m);
      if (arrival > left) return count + this.binomial(m - 1, left / arrival);
      count += m;
      left -= arrival;
    }
    if (left <= 0) return count;
    const limit = Math.exp(-left);
    let product = this.uniform();
    while (product > limit) {
      count++;
      product *= this.uniform();
    }
    return count;
  }

  /** Successes in n independent trials. */
  binomial(n: number, p: number): number {
    let trials = n;
    let chance = p;
    let count = 0;
    while (trials > 30) {
      // The middle order statistic splits the trials in two.
      const middle = 1 + Math.floor(trials / 2);
      const at = this.beta(middle, trials + 1 - middle);
      if (at <= chance) {
        count += middle;
        trials -= middle;
        chance = at >= 1 ? 0 : (chance - at) / (1 - at);
      } else {
        trials = middle - 1;
        chance /= at;
      }
    }
    for (let i = 0; i < trials; i++) if (this.uniform() < chance) count++;
    return count;
  }

  /** Counts with variance mean + mean² / k. */
  negativeBinomial(mean: number, k: number): number {
    return mean <= 0 ? 0 : this.poisson(this.gamma(k, mean / k));
  }

  /** A uniformly chosen element; throws on an empty list. */
  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new RangeError('pick from an empty list');
    return items[this.int(items.length)] as T;
  }

  /** A shuffled copy. */
  shuffle<T>(items: readonly T[]): T[] {
    const copy = [...items];
    for (let i = copy.length - 1; i > 0; i--) {
      const j = this.int(i + 1);
      const kept = copy[i] as T;
      copy[i] = copy[j] as T;
      copy[j] = kept;
    }
    return copy;
  }
}

/** Root of all streams of a seed; names as in {@link Random.stream}. */
export function randomStream(seed: number, ...names: readonly (string | number)[]): Random {
  return new Random(
    hashNumbers(0x1ea4d811, seed, seed),
    hashNumbers(0x0b5e55ed, seed, 0x51),
  ).stream(...names);
}

/** Weighted choice in constant time (Vose's alias tables). */
export class Weighted<T> {
  private readonly threshold: Float64Array;
  private readonly alias: Int32Array;
  readonly items: readonly T[];

  /** Weights are relative and not negative; throws unless one is positive. */
  constructor(entries: readonly (readonly [item: T, weight: number])[]) {
    this.items = entries.map(([item]) => item);
    const n = entries.length;
    const total = entries.reduce((sum, [, weight]) => sum + weight, 0);
    if (!(total > 0)) throw new RangeError('weights need a positive sum');
    this.threshold = new Float64Array(n).fill(1);
    this.alias = Int32Array.from({ length: n }, (_, i) => i);
    const scaled = entries.map(([, weight]) => (weight * n) / total);
    const small: number[] = [];
    const large: number[] = [];
    scaled.forEach((weight, i) => {
      (weight < 1 ? small : large).push(i);
    });
    for (;;) {
      const less = small.pop();
      if (less === undefined) break;
      const more = large.pop();
      // Rounding can leave a slot of nearly one without a partner; it keeps itself.
      if (more === undefined) continue;
      const weight = scaled[less] as number;
      this.threshold[less] = weight;
      this.alias[less] = more;
      const rest = (scaled[more] as number) + weight - 1;
      scaled[more] = rest;
      (rest < 1 ? small : large).push(more);
    }
  }

  draw(random: Random): T {
    return this.items[this.index(random.uniform())] as T;
  }

  /** The choice that a number in [0, 1) stands for. */
  at(unit: number): T {
    return this.items[this.index(unit)] as T;
  }

  private index(unit: number): number {
    const scaled = unit * this.items.length;
    const slot = Math.min(Math.floor(scaled), this.items.length - 1);
    return scaled - slot < (this.threshold[slot] as number) ? slot : (this.alias[slot] as number);
  }
}
