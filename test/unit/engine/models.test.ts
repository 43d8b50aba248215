import gammaQuantile from '@stdlib/stats-base-dists-gamma-quantile';
import { describe, expect, it } from 'vitest';
import { BinaryWriter } from '../../../engine/binary.js';
import { CategoricalStore } from '../../../engine/models/categorical.js';
import { counts, fitGamma, NumericalStore } from '../../../engine/models/numerical.js';
import { dayOfMinute, minuteOf, Scopes, TextDictionary } from '../../../engine/models/store.js';
import { hear, mail, pack, player, programOf } from './kit.js';

const DAY = 86_400_000;

interface Limits {
  alpha?: number;
  cutOff?: number;
  agingDays?: number;
  maxBins?: number;
  maxScopes?: number;
  maxPairs?: number;
}

const dayOf = (time: number) => dayOfMinute(minuteOf(time));

function categorical(limits: Limits = {}) {
  const dictionary = new TextDictionary();
  const evicted: Record<string, number> = {};
  const store = new CategoricalStore(
    new Scopes(dictionary, 1),
    0,
    { alpha: 1, cutOff: 0, agingDays: 112, maxBins: 1000, maxScopes: 1000, ...limits },
    (what, count) => {
      evicted[what] = (evicted[what] ?? 0) + count;
    },
  );
  const train = (value: string, time = 0, scope = 's', clock = time) => {
    const id = dictionary.intern(scope);
    dictionary.hold(id);
    store.train(id, dictionary.intern(value), time, dayOf(clock));
    dictionary.release(id);
  };
  const row = (time = 0, scope = 's') => store.find(dictionary.find(scope), dayOf(time));
  const seen = (value: string, time = 0, scope = 's') =>
    store.observations(row(time, scope), dictionary.find(value));
  return { store, dictionary, evicted, train, row, seen };
}

describe('confidence of a categorical model', () => {
  // Observations, values, alpha, and the percentage that the product's documentation shows.
  const published: [n: number, bins: number, alpha: number, shown: number][] = [
    [69, 5, 1, 93],
    [76, 4, 1, 95],
    [30, 1, 1, 97],
    [69, 9, 1, 87],
    [35, 14, 1, 60],
    [28, 1, 2, 93],
    [35, 2, 2, 89],
    [35, 10, 3, 36],
  ];

  it.each(published)(
    'with %i observations of %i values and alpha %i is %i %%',
    (n, bins, alpha, shown) => {
      const { store, train, row } = categorical({ alpha });
      for (let i = 0; i < n; i += 1) train(`v${Math.min(i, bins - 1)}`);
      expect(store.n(row())).toBe(n);
      expect(store.numBins(row())).toBe(bins);
      expect(Math.round(store.confidence(row()) * 100)).toBe(shown);
    },
  );

  it('reaches 0.8 with one value at the fifth observation, with four at the twentieth', () => {
    const one = categorical();
    for (let i = 0; i < 4; i += 1) one.train('v');
    expect(one.store.confidence(one.row())).toBeLessThan(0.8);
    one.train('v');
    expect(one.store.confidence(one.row())).toBe(0.8);
    const four = categorical();
    for (let i = 0; i < 19; i += 1) four.train(`v${i % 4}`);
    expect(four.store.confidence(four.row())).toBeLessThan(0.8);
    four.train('v0');
    expect(four.store.confidence(four.row())).toBe(0.8);
  });

  it('falls with a new value', () => {
    const { store, train, row } = categorical();
    for (let i = 0; i < 10; i += 1) train('v');
    expect(store.confidence(row())).toBe(0.9);
    train('w');
    expect(store.confidence(row())).toBeCloseTo(9 / 11);
  });

  it('is 0 without observations and below cut_off', () => {
    const { store, train, row } = categorical({ cutOff: 3 });
    expect(store.confidence(row())).toBe(0);
    train('v');
    train('v');
    expect(store.confidence(row())).toBe(0);
    train('v');
    expect(store.confidence(row())).toBeCloseTo(2 / 3);
  });

  it('with alpha 0 is 1 as soon as there is an observation', () => {
    const { store, train, row } = categorical({ alpha: 0 });
    expect(store.confidence(row())).toBe(0);
    train('v');
    expect(store.confidence(row())).toBe(1);
  });
});

describe('aging', () => {
  it('forgets a value that was not seen for longer than that, with its observations', () => {
    const { store, train, row, seen } = categorical({ agingDays: 30 });
    train('old', 0);
    train('old', 0);
    train('new', 5 * DAY);
    expect([seen('old', 30 * DAY), store.n(row(30 * DAY)), store.numBins(row(30 * DAY))]).toEqual([
      2, 3, 2,
    ]);
    expect([seen('old', 31 * DAY), store.n(row(31 * DAY)), store.numBins(row(31 * DAY))]).toEqual([
      0, 1, 1,
    ]);
    expect(store.n(row(36 * DAY))).toBe(0);
  });

  it('starts anew with a value that comes back after it was forgotten', () => {
    const { train, seen } = categorical({ agingDays: 30 });
    train('v', 0);
    train('v', 31 * DAY);
    expect(seen('v', 31 * DAY)).toBe(1);
  });

  it('keeps a value for as long as it is seen again in time', () => {
    const { train, seen } = categorical({ agingDays: 30 });
    for (let day = 0; day <= 300; day += 30) train('v', day * DAY);
    expect(seen('v', 330 * DAY)).toBe(11);
  });

  it('survives clocks beyond all reason', () => {
    const { store, train, row } = categorical({ agingDays: 30 });
    train('v', -8e15);
    train('w', 8e15);
    expect(store.numBins(row(8e15))).toBe(1);
  });
});

describe('max_bins', () => {
  it('gives up the least recently seen value and counts it', () => {
    const { train, seen, evicted } = categorical({ maxBins: 3 });
    for (const [minute, value] of ['a', 'b', 'c', 'a', 'd'].entries())
      train(value, minute * 60_000);
    expect(['a', 'b', 'c', 'd'].map((value) => seen(value, DAY))).toEqual([2, 0, 1, 1]);
    expect(evicted).toEqual({ bins: 1 });
  });

  it('among values seen at the same minute gives up the one known longest', () => {
    const { train, seen } = categorical({ maxBins: 3 });
    for (const value of ['a', 'b', 'c', 'a', 'd']) train(value);
    expect(['a', 'b', 'c', 'd'].map((value) => seen(value))).toEqual([0, 1, 1, 1]);
  });

  it('gives the ids of forgotten texts to others, so that memory has a bound', () => {
    const { train, dictionary } = categorical({ maxBins: 5 });
    for (let i = 0; i < 1000; i += 1) train(`v${i}`, i * 60_000);
    expect(dictionary.size).toBe(6);
  });
});

describe('a bound on scopes', () => {
  it('gives up the least recently trained ones, a sixteenth at a time', () => {
    const { store, train, evicted } = categorical({ maxScopes: 32 });
    for (let i = 0; i < 33; i += 1) train('v', i * 60_000, `s${i}`);
    expect(evicted).toEqual({ scopes: 2 });
    expect(store.rows.live).toBe(31);
  });

  it('drops the scopes trained longest ago when all of them hold too many values', () => {
    const { store, train, evicted } = categorical({ maxPairs: 40 });
    for (let i = 0; i < 41; i += 1) train(`v${i % 20}`, i * 60_000, `s${Math.floor(i / 20)}`);
    expect(evicted).toEqual({ scopes: 1 });
    expect(store.rows.live).toBe(2);
    // The values of the scope that went count no more.
    for (let i = 41; i < 60; i += 1) train(`v${i % 20}`, i * 60_000, 's2');
    expect(evicted).toEqual({ scopes: 1 });
    train('one more', 60 * 60_000, 's2');
    expect(evicted).toEqual({ scopes: 2 });
  });
});

describe('values that went', () => {
  it('do not count against the values of all scopes together', () => {
    const { store, train, evicted } = categorical({ maxPairs: 40, maxBins: 10 });
    for (let i = 0; i < 30; i += 1) train(`v${i}`, i * 60_000, 's0');
    for (let i = 0; i < 20; i += 1) train(`v${i % 10}`, (30 + i) * 60_000, `s${1 + (i % 2)}`);
    expect(evicted).toEqual({ bins: 20 });
    expect(store.rows.live).toBe(3);
  });
});

describe('a text of any length', () => {
  it('is known by its beginning and a digest, and keeps no line alive', () => {
    const dictionary = new TextDictionary();
    const long = 'x'.repeat(5000);
    const id = dictionary.intern(`${long}a`);
    dictionary.hold(id);
    expect(dictionary.find(`${long}a`)).toBe(id);
    expect(dictionary.find(`${long}b`)).toBe(-1);
    const w = new BinaryWriter();
    dictionary.save(w);
    expect(w.finish().length).toBeLessThan(300);
    // Up to 200 characters a text is known as it is.
    for (const length of [199, 200]) {
      const text = 'y'.repeat(length);
      dictionary.hold(dictionary.intern(text));
      expect(dictionary.find(`${text.slice(0, -1)}z`)).toBe(-1);
    }
  });
});

describe('a late observation of a value', () => {
  it('that has aged by then is not learned, and makes no room', () => {
    const { store, train, row, seen, evicted } = categorical({ agingDays: 10, maxBins: 2 });
    const clock = 100 * DAY;
    train('a', clock - DAY);
    train('b', clock);
    train('old', clock - 11 * DAY, 's', clock);
    expect([store.numBins(row(clock)), seen('a', clock), seen('b', clock)]).toEqual([2, 1, 1]);
    expect(evicted).toEqual({});
    train('other', clock - 11 * DAY, 'new scope', clock);
    expect(row(clock, 'new scope')).toBe(-1);
    // On the last day before it is learned, and known values always count.
    train('just', clock - 10 * DAY, 's', clock);
    expect(evicted).toEqual({ bins: 1 });
    train('b', clock - 50 * DAY, 's', clock);
    expect(seen('b', clock)).toBe(2);
  });
});

describe('top_threshold_count', () => {
  it('is the smallest count that at most the percentile of the values reach', () => {
    const { store, train, row } = categorical();
    for (let value = 1; value <= 20; value += 1) {
      for (let i = 0; i < value; i += 1) train(`v${value}`);
    }
    expect(store.top(row(), 0.05)).toBe(20);
    expect(store.top(row(), 0.1)).toBe(19);
    expect(store.top(row(), 0.01)).toBe(21);
  });

  it('lets all of equal counts in or none', () => {
    const { store, train, row } = categorical();
    for (let value = 0; value < 10; value += 1) train(`v${value % 9}`);
    expect(store.top(row(), 0.5)).toBe(2);
    expect(store.top(row(), 0.1)).toBe(3);
  });

  it('is one for an empty model, which no count of 0 reaches', () => {
    const { store, row } = categorical();
    expect(store.top(row(), 0.1)).toBe(1);
  });

  it('stays right in large scopes while they change', () => {
    const { store, train, row } = categorical({ maxBins: 400, agingDays: 30 });
    const naive = new Map<string, { count: number; day: number }>();
    let state = 1;
    for (let i = 0; i < 5000; i += 1) {
      state = (state * 48271) % 2147483647;
      const value = `v${Math.floor((state / 2147483647) ** 3 * 390)}`;
      const day = Math.floor(i / 50);
      train(value, day * DAY);
      for (const [known, { day: seen }] of naive) if (day - seen > 30) naive.delete(known);
      naive.set(value, { count: (naive.get(value)?.count ?? 0) + 1, day });
      if (i % 100 !== 99) continue;
      const sorted = [...naive.values()].map(({ count }) => count).sort((a, b) => b - a);
      let top = 1;
      while (sorted.filter((count) => count >= top).length > 0.05 * sorted.length) top += 1;
      expect(store.top(row(day * DAY), 0.05)).toBe(top);
    }
    expect(store.numBins(row(99 * DAY))).toBeGreaterThan(256);
  });
});

describe('a numerical model', () => {
  function numerical(cutOff = 0, maxScopes = 1000) {
    const dictionary = new TextDictionary();
    let evicted = 0;
    const store = new NumericalStore(
      new Scopes(dictionary, 1),
      0,
      { cutOff, maxScopes },
      (rows) => {
        evicted += rows;
      },
    );
    const train = (value: number, scope = 's', time = 0) =>
      store.train(dictionary.intern(scope), value, time);
    const threshold = (percentile: number, scope = 's') =>
      store.threshold(store.find(dictionary.find(scope)), percentile);
    return { store, train, threshold, evicted: () => evicted, dictionary };
  }

  it('finds the parameters of a gamma distribution again', () => {
    for (const [shape, scale] of [
      [0.7, 30_000],
      [2, 5],
      [9, 400],
    ] as const) {
      const sums = { n: 0, x: 0, log: 0, product: 0 };
      for (let i = 0; i < 4000; i += 1) {
        const x = gammaQuantile((i + 0.5) / 4000, shape, 1 / scale);
        sums.n += 1;
        sums.x += x;
        sums.log += Math.log(x);
        sums.product += x * Math.log(x);
      }
      const fit = fitGamma(sums.n, sums.x, sums.log, sums.product);
      expect((fit?.shape ?? 0) / shape).toBeCloseTo(1, 1);
      expect((fit?.scale ?? 0) / scale).toBeCloseTo(1, 1);
    }
  });

  it('puts the threshold where few values are larger', () => {
    const { train, threshold } = numerical(20);
    for (let i = 0; i < 1000; i += 1)
      train(gammaQuantile((((i * 331) % 1000) + 0.5) / 1000, 2, 0.1));
    expect(threshold(0.01) / gammaQuantile(0.99, 2, 0.1)).toBeCloseTo(1, 1);
    expect(threshold(0.1)).toBeLessThan(threshold(0.01));
  });

  it('has no threshold below cut_off, without variance, and for an unknown scope', () => {
    const { train, threshold } = numerical(5);
    for (const value of [1, 2, 3, 4]) train(value);
    expect(threshold(0.01)).toBeNaN();
    train(5);
    expect(threshold(0.01)).toBeGreaterThan(5);
    for (let i = 0; i < 50; i += 1) train(7, 'same');
    expect(threshold(0.01, 'same')).toBeNaN();
    expect(threshold(0.01, 'other')).toBeNaN();
  });

  it('is fitted anew when there are a tenth more observations, not before', () => {
    const { train, threshold } = numerical();
    // Fits come at 85, 94, 104 and 115 observations.
    for (let i = 1; i <= 104; i += 1) train(i);
    const before = threshold(0.01);
    for (let i = 0; i < 10; i += 1) train(10_000);
    expect(threshold(0.01)).toBe(before);
    train(10_000);
    expect(threshold(0.01)).toBeGreaterThan(before);
  });

  it('takes only positive finite numbers for observations', () => {
    expect([1, 0.1, 0, -1, Number.NaN, Number.POSITIVE_INFINITY].map(counts)).toEqual([
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
  });

  it('has a finite threshold or none for the shapes that content can bring', () => {
    for (const spread of [1e-9, 1e-6, 1e-3, 1, 1e3, 1e6, 1e12]) {
      const { train, threshold } = numerical();
      for (let i = 0; i < 40; i += 1) train(1000 + i * spread);
      for (const percentile of [0.5, 0.01, 0.000001]) {
        const value = threshold(percentile);
        expect(Number.isNaN(value) || (value > 0 && value < Number.POSITIVE_INFINITY)).toBe(true);
      }
    }
  });

  it('has a bound on scopes too', () => {
    const { train, store, evicted, dictionary } = numerical(0, 16);
    for (let i = 0; i < 40; i += 1) train(1, `s${i}`, i * 60_000);
    expect(store.rows.live).toBeLessThanOrEqual(16);
    expect(evicted()).toBe(40 - store.rows.live);
    expect(dictionary.size).toBe(store.rows.live);
  });
});

describe('rows of scopes', () => {
  it('are those of each model, through additions and removals', () => {
    const dictionary = new TextDictionary();
    const scopes = new Scopes(dictionary, 3);
    const naive = new Map<string, number>();
    let state = 7;
    for (let i = 0; i < 20_000; i += 1) {
      state = (state * 48271) % 2147483647;
      const scope = state % 500;
      const model = state % 3;
      const key = `${scope} ${model}`;
      if (naive.has(key)) {
        scopes.delete(scope, model);
        naive.delete(key);
      } else {
        scopes.set(scope, model, i);
        naive.set(key, i);
      }
    }
    for (let scope = 0; scope < 500; scope += 1)
      for (let model = 0; model < 3; model += 1)
        expect(scopes.find(scope, model)).toBe(naive.get(`${scope} ${model}`) ?? -1);
    expect(scopes.find(-1, 0)).toBe(-1);
    expect(scopes.find(1_000_000, 0)).toBe(-1);
  });
});

describe('several values of one event', () => {
  it('are learned as themselves when the first of them moves the others', () => {
    const program = programOf(
      pack(
        {
          b: { model: 'M', when: "value == 'b' && num_observations == 3" },
          c: { model: 'M', when: "value == 'c' && num_observations > 1" },
        },
        { M: { max_bins: 2 } },
      ),
    );
    const one = player(program);
    // c puts a out and closes its gap, so b stands where c would have.
    for (const [at, domains] of [['a'], ['b'], ['c', 'b'], ['b']].entries()) {
      one.play(mail(at, { domains }));
    }
    one.play(mail(5, { domains: ['b', 'c'] }));
    expect(one.fired).toEqual(['b@5']);
  });
});

describe('rules on models', () => {
  const first = 'confidence_factor >= 0.8 && num_observations == 0';
  const repeat = (count: number, from: number, domains: string[]) =>
    Array.from({ length: count }, (_, i) => mail(from + i, { domains }));

  it('see the model as it was before the event', () => {
    const program = programOf(pack({ f: { model: 'M', when: first } }, { M: {} }));
    const { triggers, fired } = hear(program, [
      ...repeat(5, 0, ['a.example']),
      mail(5, { domains: ['b.example'] }),
      mail(6, { domains: ['b.example'] }),
    ]);
    expect(fired).toEqual(['f@5']);
    expect(triggers[0]).toMatchObject({
      value: 'b.example',
      reading: {
        model: 'M',
        scope: 'ann',
        value: 'b.example',
        n: 5,
        num_bins: 1,
        num_observations: 0,
        confidence_factor: 0.8,
        percentile_threshold_count: 0.5,
        percentile_threshold_value: Number.NaN,
      },
    });
  });

  it('do not fire one observation short of convergence', () => {
    const program = programOf(pack({ f: { model: 'M', when: first } }, { M: {} }));
    expect(hear(program, [...repeat(4, 0, ['a']), mail(5, { domains: ['b'] })]).fired).toEqual([]);
  });

  it('fire once per event, on the first value that satisfies them', () => {
    const program = programOf(pack({ f: { model: 'M', when: first } }, { M: {} }));
    const { triggers } = hear(program, [
      ...repeat(10, 0, ['a']),
      mail(11, { domains: ['a', 'c', 'b', 'c'] }),
    ]);
    expect(triggers.map(({ value }) => value)).toEqual(['c']);
  });

  it('train each distinct value of an event once', () => {
    const when = 'num_observations == 2';
    const program = programOf(pack({ f: { model: 'M', when } }, { M: {} }));
    const { fired } = hear(program, [
      mail(0, { domains: ['a', 'a', 'a'] }),
      mail(1, { domains: ['a', 'b', 'a'] }),
      mail(2, { domains: ['a'] }),
    ]);
    expect(fired).toEqual(['f@2']);
  });

  it('read percentile × n as a real number: 0.1 × 40 is 4', () => {
    const when = 'percentile_threshold_count == 4 && num_observations < percentile_threshold_count';
    const program = programOf(pack({ f: { model: 'M', when } }, { M: {} }));
    const { triggers } = hear(program, [
      ...repeat(4, 0, ['four']),
      ...repeat(3, 4, ['three']),
      ...repeat(33, 7, ['many']),
      mail(40, { domains: ['four', 'three'] }),
    ]);
    expect(triggers.map(({ value, reading }) => [value, reading?.n])).toEqual([['three', 40]]);
  });

  it('use their own percentile where they have one', () => {
    const when = 'num_observations < percentile_threshold_count';
    const program = programOf(
      pack({ a: { model: 'M', when }, b: { model: 'M', when, percentile: 0.6 } }, { M: {} }),
    );
    const { fired } = hear(program, [
      ...repeat(2, 0, ['x']),
      mail(2, { domains: ['y'] }),
      mail(3, { domains: ['y'] }),
    ]);
    expect(fired.filter((one) => one.endsWith('@3'))).toEqual(['b@3']);
  });

  it('stay quiet, and models untrained, where scope or feature is absent', () => {
    const program = programOf(
      pack({ f: { model: 'M', when: 'n >= 0' } }, { M: { scope: 'peer_group' } }),
    );
    const { fired, triggers } = hear(program, [
      mail(0, { domains: ['a'] }),
      mail(1, { peer_group: 'g' }),
      mail(2, { peer_group: 'g', domains: [] }),
      mail(3, { peer_group: 'g', domains: ['a'] }),
    ]);
    expect(fired).toEqual(['f@3']);
    expect(triggers[0]?.reading?.n).toBe(0);
  });

  it('look at every scope of a list, and the organisation is one scope', () => {
    const program = programOf(
      pack(
        { file: { model: 'F', when: 'num_observations > 0' }, org: { model: 'O', when: 'n == 2' } },
        { F: { scope: 'files', feature: 'user' }, O: { scope: 'org', feature: 'user' } },
      ),
    );
    const { triggers } = hear(program, [
      mail(0, { files: ['a', 'b'] }),
      mail(1, { files: ['b'], user: 'bob' }),
      mail(2, { files: ['c', 'b', 'a'] }),
    ]);
    expect(triggers.map(({ reading }) => [reading?.model, reading?.scope, reading?.value])).toEqual(
      [
        ['F', 'b', 'ann'],
        ['O', 'org', 'ann'],
      ],
    );
  });

  it('train by train_if, whose answers are all from before any training', () => {
    const program = programOf(
      pack(
        { a: { model: 'A', when: 'n == 2' }, b: { model: 'B', when: 'n == 2' } },
        {
          A: { train_if: "observations('B', 'x') == 0" },
          B: { train_if: "observations('A', 'x') == 0" },
        },
      ),
    );
    // The user is known to both before x comes.
    const { fired } = hear(
      program,
      ['y', 'x', 'x', 'x'].map((domain, at) => mail(at, { domains: [domain] })),
    );
    expect(fired).toEqual(['a@2', 'b@2', 'a@3', 'b@3']);
  });

  it('that are alike but for the scope each train by their own numbers', () => {
    const program = programOf(
      pack(
        { o: { model: 'O', when: 'n == 2' }, u: { model: 'U', when: 'n == 2' } },
        { O: { scope: 'org', train_if: 'n < 2' }, U: { scope: 'user', train_if: 'n < 2' } },
      ),
    );
    const { fired } = hear(
      program,
      ['ann', 'ann', 'bob', 'bob', 'bob'].map((user, at) => mail(at, { user, domains: ['a'] })),
    );
    expect(fired).toEqual(['o@2', 'o@3', 'o@4', 'u@4']);
  });

  it('count a value once per session with count(value) == 1', () => {
    const program = programOf(
      pack({ f: { model: 'M', when: 'n == 2' } }, { M: { train_if: 'count(value) == 1' } }),
    );
    const { fired } = hear(program, [
      mail(0, { domains: ['a'] }),
      mail(1, { domains: ['a'] }),
      mail(2, { domains: ['a', 'b'] }),
      mail(3, { domains: ['a'] }),
    ]);
    expect(fired).toEqual(['f@3']);
  });

  it('ask about other models with observations, summed over a list of scopes', () => {
    const when = "observations('F', user) == 3";
    const program = programOf(pack({ r: { when } }, { F: { scope: 'files', feature: 'user' } }));
    const { fired } = hear(program, [
      mail(0, { files: ['a', 'b'] }),
      mail(1, { files: ['a'] }),
      mail(2, { files: ['a', 'b'] }),
      mail(3, { files: ['a', 'b'], user: 'bob' }),
    ]);
    expect(fired).toEqual(['r@2']);
  });

  it('read a numerical model by value and threshold', () => {
    const program = programOf(
      pack(
        { high: { model: 'B', when: 'value > percentile_threshold_value', percentile: 0.01 } },
        { B: { kind: 'numerical', feature: 'bytes', cut_off: 20 } },
      ),
    );
    const sizes = Array.from({ length: 20 }, (_, i) => 1000 + 10 * i);
    const early = hear(program, [
      ...sizes.slice(1).map((bytes, i) => mail(i, { bytes })),
      mail(20, { bytes: 1e9 }),
    ]);
    expect(early.fired).toEqual([]);
    const { triggers } = hear(program, [
      ...sizes.map((bytes, i) => mail(i, { bytes })),
      mail(20, { bytes: 1100 }),
      mail(21, { bytes: 9000 }),
    ]);
    expect(triggers.map(({ value, reading }) => [value, reading?.n])).toEqual([['9000', 21]]);
    expect(triggers[0]?.reading?.percentile_threshold_value).toBeGreaterThan(1190);
  });

  it('report what a model had to give up', () => {
    const one = player(
      programOf(pack({ f: { model: 'M', when: 'n > 0' } }, { M: { max_bins: 2 } })),
    );
    one.play(...['a', 'b', 'c', 'd'].map((domain, at) => mail(at, { domains: [domain] })));
    expect(one.counters.evicted).toEqual({ 'model M bins': 2 });
  });
});
