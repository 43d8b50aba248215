/**
 * A plain classifier of texts: logistic regression over hashed runs of four characters, and a rank
 * test of what it says.
 */

import { type Random, randomStream } from '#generators';

export interface Example {
  readonly text: string;
  /** Whether it is of a deed. */
  readonly positive: boolean;
  /** Examples are compared within a stratum only. */
  readonly stratum: string;
  /** What must not be torn apart by the split into folds: an instance, or a message. */
  readonly group: string;
  /** What ids are drawn for: a message. Exchangeable under the hypothesis that nothing leaks. */
  readonly unit: string;
}

const BITS = 16;
const RUN = 4;

function features(text: string): Int32Array {
  const found = new Set<number>();
  for (let i = 0; i + RUN <= text.length; i++) {
    let h = 0x811c9dc5;
    for (let k = 0; k < RUN; k++) h = Math.imul(h ^ text.charCodeAt(i + k), 0x01000193);
    found.add((h ^ (h >>> 15)) & ((1 << BITS) - 1));
  }
  return Int32Array.from(found);
}

function train(
  rows: readonly Int32Array[],
  labels: readonly boolean[],
  random: Random,
): Float64Array {
  const weights = new Float64Array(1 << BITS);
  const positives = labels.filter(Boolean).length;
  const weight = positives === 0 ? 1 : (labels.length - positives) / positives;
  const order = random.shuffle(rows.map((_, i) => i));
  for (let epoch = 0; epoch < 4; epoch++) {
    const rate = 0.08 / (1 + epoch);
    for (const i of order) {
      const row = rows[i] as Int32Array;
      let sum = 0;
      for (const feature of row) sum += weights[feature] as number;
      const target = labels[i] === true ? 1 : 0;
      const step = rate * (target - 1 / (1 + Math.exp(-sum))) * (target === 1 ? weight : 1);
      for (const feature of row) weights[feature] = (weights[feature] as number) + step / 8;
    }
  }
  return weights;
}

/** What is ranked: a message, or whatever is exchangeable if nothing leaks. */
export interface Unit {
  readonly positive: boolean;
  readonly stratum: string;
  readonly score: number;
}

/** Units of one stratum: their ranks by score, and which of them are positive. */
interface Ranked {
  readonly ranks: Float64Array;
  readonly positive: readonly boolean[];
  readonly positives: number;
}

function ranked(units: readonly Unit[]): Ranked[] {
  const strata = new Map<string, Unit[]>();
  for (const unit of units) {
    const list = strata.get(unit.stratum);
    if (list) list.push(unit);
    else strata.set(unit.stratum, [unit]);
  }
  return [...strata.values()].map((list) => {
    const sorted = [...list].sort((a, b) => a.score - b.score);
    const ranks = new Float64Array(sorted.length);
    for (let i = 0; i < sorted.length; ) {
      let end = i + 1;
      while (end < sorted.length && sorted[end]?.score === sorted[i]?.score) end++;
      // Equal scores share the mean of their ranks.
      ranks.fill((i + 1 + end) / 2, i, end);
      i = end;
    }
    const positive = sorted.map((unit) => unit.positive);
    return { ranks, positive, positives: positive.filter(Boolean).length };
  });
}

/** Share of pairs, one of each kind and both of one stratum, in which the positive ranks higher. */
function auc(strata: readonly Ranked[], random?: Random): number {
  let wins = 0;
  let pairs = 0;
  for (const { ranks, positive, positives } of strata) {
    let sum = 0;
    if (random === undefined) {
      for (let i = 0; i < ranks.length; i++) if (positive[i] === true) sum += ranks[i] as number;
    } else {
      // So many of them at random, each set alike.
      let left = positives;
      for (let i = 0; i < ranks.length && left > 0; i++) {
        if (random.int(ranks.length - i) >= left) continue;
        sum += ranks[i] as number;
        left--;
      }
    }
    wins += sum - (positives * (positives + 1)) / 2;
    pairs += positives * (ranks.length - positives);
  }
  return pairs === 0 ? Number.NaN : wins / pairs;
}

export interface Finding {
  /** Area under the curve on examples that were not trained on. */
  readonly auc: number;
  /** Between these it would be in 99.8 % of the cases if nothing leaked. */
  readonly chance: readonly [low: number, high: number];
  readonly positives: number;
}

const SHUFFLES = 999;

/** How well the texts tell the positives from the rest. Seeded. */
export function findLeak(examples: readonly Example[], seed: number): Finding {
  const random = randomStream(seed, 'leakage');
  const folds = new Map<string, number>();
  for (const { group } of examples)
    if (!folds.has(group)) folds.set(group, random.chance(0.5) ? 1 : 0);
  const rows = examples.map(({ text }) => features(text));
  const units = new Map<string, { positive: boolean; stratum: string; sum: number; n: number }>();
  for (const fold of [0, 1]) {
    const learned = examples.flatMap(({ group }, i) => (folds.get(group) === fold ? [] : [i]));
    const weights = train(
      learned.map((i) => rows[i] as Int32Array),
      learned.map((i) => examples[i]?.positive === true),
      random,
    );
    examples.forEach(({ group, unit, stratum, positive }, i) => {
      if (folds.get(group) !== fold) return;
      let score = 0;
      for (const feature of rows[i] as Int32Array) score += weights[feature] as number;
      const key = `${unit} ${stratum} ${positive}`;
      const known = units.get(key) ?? { positive, stratum: `${stratum} ${fold}`, sum: 0, n: 0 };
      known.sum += score;
      known.n++;
      units.set(key, known);
    });
  }
  const scored = [...units.values()].map(({ sum, n, ...rest }) => ({ ...rest, score: sum / n }));
  return rankTest(scored, seed);
}

/** Whether the scores of the positives lie higher or lower than the others of their stratum. */
export function rankTest(units: readonly Unit[], seed: number): Finding {
  const random = randomStream(seed, 'ranks');
  const strata = ranked(units);
  const shuffled = Float64Array.from({ length: SHUFFLES }, () => auc(strata, random)).sort();
  return {
    auc: auc(strata),
    chance: [shuffled[0] as number, shuffled[SHUFFLES - 1] as number],
    positives: units.filter(({ positive }) => positive).length,
  };
}
