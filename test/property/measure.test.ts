import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { precisionEstimate, rateEstimate, shareEstimate } from '../../harness/estimate.js';
import { judge } from '../../harness/gate.js';
import { resultFaults } from '../../harness/result.js';
import type { Truth } from '../../harness/stages/4-label.js';
import type { MeasuredInstance } from '../../harness/stages/5-measure.js';
import { clusterBootstrap, poissonExact, wilson } from '../../harness/statistics.js';
import {
  DAY,
  drillOf,
  eventOf,
  HOUR,
  instanceOf,
  labellerOf,
  lehmer,
  measureDrill,
  sessionOf,
  T0,
  TEST,
  triggerOf,
} from '../unit/harness/fixture.js';

const RULES = ['EM-A', 'EM-B', 'WEB-C'];
const USERS = ['ann@corp.example', 'ben@corp.example', 'cem@corp.example', 'eve@elsewhere.example'];
const INSTANCES: MeasuredInstance[] = [
  instanceOf('attack/T1048.003/drip#1', 'attack', ['EM-A', 'EM-B']),
  instanceOf('attack/T1048.003/drip#2', 'attack', ['EM-A']),
  instanceOf('look-alike/T1048.003/photos#1', 'look-alike', ['EM-A', 'WEB-C']),
];

/** One event: who it belongs to (an instance or nobody) and which rules fire on it. */
const eventArbitrary = fc.record({
  instance: fc.option(fc.nat(INSTANCES.length - 1), { nil: undefined, freq: 2 }),
  fires: fc.uniqueArray(fc.nat(RULES.length - 1)),
});
/** One session: four days before the days under test to the end of the second. */
const sessionArbitrary = fc.record({
  user: fc.nat(USERS.length - 1),
  day: fc.integer({ min: -4, max: 1 }),
  events: fc.array(eventArbitrary, { minLength: 1, maxLength: 5 }),
});
type Drawn = {
  user: number;
  day: number;
  events: { instance: number | undefined; fires: number[] }[];
};

interface Play {
  readonly session: number;
  readonly user: string;
  readonly truth: Truth;
  readonly instance: number | undefined;
  readonly fires: readonly number[];
  readonly time: number;
  readonly position: number;
}

/** Feeds the labeller what an engine would, and keeps everything for a naive recount. */
function perform(sessions: readonly Drawn[]) {
  const drill = drillOf(RULES, INSTANCES);
  const labeller = labellerOf(drill);
  const plays: Play[] = [];
  const counted = INSTANCES.map(() => 0);
  const points = new Map<number, number>();
  const ordered = [...sessions].sort((a, b) => a.day - b.day);
  ordered.forEach(({ user, day, events }, session) => {
    const name = USERS[user] ?? '';
    // A session has a quarter of an hour of its own, so that no two of a user overlap.
    const start = T0 + day * DAY + session * 0.25 * HOUR;
    const added = new Map<number, number>();
    events.forEach(({ instance, fires }, i) => {
      const line = session * 10 + i + 1;
      const kind = INSTANCES[instance ?? -1]?.kind;
      const label = kind === 'attack' ? 'malicious' : 'suspicious';
      if (instance !== undefined) drill.labels.set(line, { kind: label, instance, step: 'deed' });
      const event = eventOf(name, start + i * 60_000, [line]);
      labeller.sink.event(event);
      if (instance !== undefined) counted[instance] = (counted[instance] ?? 0) + 1;
      for (const rule of fires) {
        labeller.sink.trigger(triggerOf(rule, session, event, 40));
        added.set(rule, (added.get(rule) ?? 0) + 40);
      }
      plays.push({
        session,
        user: name,
        truth: instance === undefined ? 'benign' : label,
        instance,
        fires,
        time: event.time,
        position: counted[instance ?? -1] ?? 0,
      });
    });
    labeller.sink.session(
      sessionOf(session, name, start, start + (events.length - 1) * 60_000, [...added]),
    );
    points.set(
      session,
      [...added.values()].reduce((a, b) => a + b, 0),
    );
  });
  const exposure = new Map(USERS.slice(0, 3).map((user) => [user, 10]));
  const measurement = measureDrill(drill, labeller.finish(), { exposure });
  return { drill, measurement, plays, points };
}

const ORDER: readonly Truth[] = ['benign', 'suspicious', 'malicious'];
const heaviest = (truths: readonly Truth[]): Truth =>
  ORDER[Math.max(...truths.map((truth) => ORDER.indexOf(truth)))] ?? 'benign';

describe('measuring', () => {
  it('agrees with a recount that keeps every event', () => {
    fc.assert(
      fc.property(fc.array(sessionArbitrary, { maxLength: 12 }), (sessions) => {
        const { measurement, plays } = perform(sessions);
        for (const [r, rule] of measurement.rules.entries()) {
          const fired = plays.filter((play) => play.fires.includes(r) && play.time >= TEST.start);
          const alerts = [...new Set(fired.map((play) => play.session))].map((session) =>
            heaviest(fired.filter((play) => play.session === session).map(({ truth }) => truth)),
          );
          const of = (truth: Truth): number => alerts.filter((one) => one === truth).length;
          expect(rule.triggers).toBe(fired.length);
          expect([rule.true_alerts, rule.false_alerts, rule.look_alike_alerts]).toEqual([
            of('malicious'),
            of('benign'),
            of('suspicious'),
          ]);
          const caught = INSTANCES.flatMap(({ id, kind, expects }, i) =>
            kind === 'attack' &&
            expects.includes(rule.id) &&
            fired.some(({ instance }) => instance === i)
              ? [id]
              : [],
          );
          expect(rule.caught_instances).toEqual(caught);
          const first = INSTANCES.flatMap(({ kind }, i) => {
            const hit = kind === 'attack' && fired.find(({ instance }) => instance === i);
            return hit ? [hit.position] : [];
          });
          expect(rule.detection !== undefined).toBe(first.length > 0);
          if (first.length === 1) expect(rule.detection?.median_events).toBe(first[0]);
        }
      }),
      { seed: 1 },
    );
  });

  it('agrees with a recount of notable sessions', () => {
    fc.assert(
      fc.property(fc.array(sessionArbitrary, { maxLength: 12 }), (sessions) => {
        const { measurement, plays, points } = perform(sessions);
        const notable = [...points].filter(
          ([session, sum]) =>
            sum >= 90 && plays.some((play) => play.session === session && play.time >= TEST.start),
        );
        const benign = notable.filter(([session]) =>
          plays.every((play) => play.session !== session || play.truth === 'benign'),
        );
        expect(measurement.notable.false_per_1000_user_days.hits).toBe(benign.length);
        for (const [i, instance] of measurement.instances.entries()) {
          const own = plays.filter((play) => play.instance === i).map(({ session }) => session);
          expect(instance.points).toBe(Math.max(0, ...own.map((s) => points.get(s) ?? 0)));
        }
      }),
      { seed: 2 },
    );
  });

  it('always gives a result that fits its schema', () => {
    fc.assert(
      fc.property(fc.array(sessionArbitrary, { maxLength: 8 }), (sessions) => {
        const { drill, measurement } = perform(sessions);
        expect(resultFaults({ ...measurement, ...judge(drill.pack, measurement) })).toEqual([]);
      }),
      { seed: 3, numRuns: 40 },
    );
  });

  it('has every value inside its interval', () => {
    fc.assert(
      fc.property(fc.array(sessionArbitrary, { maxLength: 12 }), (sessions) => {
        const { measurement } = perform(sessions);
        const { notable } = measurement;
        const estimates = [
          ...measurement.rules.flatMap((rule) => [
            rule.recall,
            rule.precision,
            rule.precision_at_base_rate,
            rule.false_per_1000_user_days,
            rule.look_alike_specificity,
          ]),
          ...measurement.techniques.map((one) => one.false_per_1000_user_days),
          notable.recall,
          notable.false_per_1000_user_days,
          notable.precision_at_base_rate,
        ];
        for (const { value, low, high } of estimates) {
          if (value === null) continue;
          expect(low).toBeLessThanOrEqual(value + 1e-12);
          expect(high ?? Number.POSITIVE_INFINITY).toBeGreaterThanOrEqual(value - 1e-12);
        }
      }),
      { seed: 4, numRuns: 60 },
    );
  });
});

describe('intervals', () => {
  const counts = fc.integer({ min: 0, max: 2000 });

  it('of shares lie in 0 to 1, hold the share and shrink as evidence grows', () => {
    fc.assert(
      fc.property(counts, counts, fc.integer({ min: 2, max: 50 }), (a, b, factor) => {
        const [hits, trials] = [Math.min(a, b), Math.max(a, b, 1)];
        const { low, high } = wilson(hits, trials);
        const grown = wilson(hits * factor, trials * factor);
        expect(low).toBeGreaterThanOrEqual(0);
        expect(high).toBeLessThanOrEqual(1);
        expect(low).toBeLessThanOrEqual(hits / trials);
        expect(high).toBeGreaterThanOrEqual(hits / trials);
        expect(grown.high - grown.low).toBeLessThan(high - low);
      }),
      { seed: 5 },
    );
  });

  it('of counts hold the count and rise with it', () => {
    fc.assert(
      fc.property(counts, (count) => {
        const here = poissonExact(count);
        const next = poissonExact(count + 1);
        expect(here.low).toBeLessThanOrEqual(count);
        expect(here.high).toBeGreaterThan(count);
        expect(next.low).toBeGreaterThan(here.low);
        expect(next.high).toBeGreaterThan(here.high);
      }),
      { seed: 6 },
    );
  });

  it('of bootstraps do not depend on the order in which users are kept', () => {
    const amounts = fc.array(fc.tuple(fc.nat(19), fc.integer({ min: 1, max: 9 })), {
      maxLength: 20,
    });
    fc.assert(
      fc.property(amounts, (entries) => {
        const hits = new Map(entries);
        const reversed = new Map([...hits].reverse());
        const trials = new Map(Array.from({ length: 20 }, (_, i) => [i, 3]));
        const [one] = clusterBootstrap(20, [{ hits, trials }], lehmer(9), 300);
        const [two] = clusterBootstrap(20, [{ hits: reversed, trials }], lehmer(9), 300);
        expect(two?.low).toBeCloseTo(one?.low ?? Number.NaN, 12);
        expect(two?.high).toBeCloseTo(one?.high ?? Number.NaN, 12);
      }),
      { seed: 7, numRuns: 40 },
    );
  });

  it('of precision at the base rate worsen with every false alert', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.nat(500), (caught, wrong) => {
        const recall = shareEstimate(caught, 50);
        const here = precisionEstimate(1e-4, recall, rateEstimate(wrong, 6000));
        const next = precisionEstimate(1e-4, recall, rateEstimate(wrong + 1, 6000));
        expect(next.value ?? 0).toBeLessThan(here.value ?? 0);
        expect(next.low).toBeLessThan(here.low);
        expect(here.high).toBeLessThanOrEqual(1);
      }),
      { seed: 8 },
    );
  });
});
