import { describe, expect, it } from 'vitest';
import { precisionEstimate, rateEstimate, shareEstimate } from '../../../harness/estimate.js';
import { judge } from '../../../harness/gate.js';
import { resultFaults } from '../../../harness/result.js';
import {
  drillOf,
  eventOf,
  HOUR,
  instanceOf,
  labellerOf,
  measureDrill,
  missOf,
  sessionOf,
  T0,
  triggerOf,
} from './fixture.js';

const ANN = 'ann@corp.example';
const BEN = 'ben@corp.example';

describe('a measured drill', () => {
  const drill = drillOf(
    ['EM-A', 'EM-B', 'WEB-C'],
    [
      instanceOf('attack/T1048.003/drip#1', 'attack', ['EM-A', 'EM-B']),
      instanceOf('attack/T1048.003/drip#2', 'attack', ['EM-A', 'EM-B'], { lines: 3 }),
      instanceOf('look-alike/T1048.003/photos#1', 'look-alike', ['EM-A', 'EM-B'], { user: BEN }),
    ],
  );
  drill.labels.set(1, { kind: 'malicious', instance: 0, step: 'one' });
  drill.labels.set(2, { kind: 'malicious', instance: 1, step: 'one' });
  drill.labels.set(3, { kind: 'suspicious', instance: 2, step: 'one' });
  const labeller = labellerOf(drill);
  const attack = eventOf(ANN, T0 + HOUR, [1]);
  const missed = eventOf(ANN, T0 + 30 * HOUR, [2]);
  const photos = eventOf(BEN, T0 + HOUR, [3]);
  const ordinary = eventOf(BEN, T0 + 30 * HOUR, [4]);
  for (const event of [attack, photos, missed, ordinary]) labeller.sink.event(event);
  labeller.sink.trigger(triggerOf(0, 1, attack, 95));
  labeller.sink.trigger(triggerOf(1, 2, photos));
  labeller.sink.trigger(triggerOf(0, 4, ordinary));
  labeller.sink.explanation(missOf(0, missed, 'model not converged', 'confidence 0.3 >= 0.8'));
  labeller.sink.session(sessionOf(1, ANN, attack.time, attack.time, [[0, 95]]));
  labeller.sink.session(sessionOf(2, BEN, photos.time, photos.time, [[1, 10]]));
  labeller.sink.session(sessionOf(3, ANN, missed.time, missed.time));
  labeller.sink.session(sessionOf(4, BEN, ordinary.time, ordinary.time, [[0, 10]]));
  const measurement = measureDrill(drill, labeller.finish());
  const [a, b, c] = measurement.rules;

  it('tells recall with the instances behind it', () => {
    expect(a).toMatchObject({
      expected: 2,
      caught: 1,
      caught_instances: ['attack/T1048.003/drip#1'],
      unique_catches: 1,
      true_alerts: 1,
      false_alerts: 1,
      look_alike_alerts: 0,
    });
    expect(a?.recall).toMatchObject({ value: 0.5, hits: 1, evidence: 2 });
    expect(a?.precision).toMatchObject({ value: 0.5, hits: 1, evidence: 2 });
    expect(a?.detection).toEqual({
      median_events: 1,
      p90_events: 1,
      median_hours: 0,
      p90_hours: 0,
    });
    expect(c).not.toHaveProperty('detection');
  });

  it('gives each miss its cause', () => {
    expect(a?.missed_instances).toEqual([
      {
        instance: 'attack/T1048.003/drip#2',
        cause: 'model not converged',
        explanation: 'confidence 0.3 >= 0.8',
      },
    ]);
    expect(b?.missed_instances?.map(({ cause }) => cause)).toEqual(['not parsed', 'not parsed']);
    expect(b?.missed_instances?.[1]?.explanation).toBe(
      'None of the 1 events built from this instance is of a type that the rule looks at (mail-out).',
    );
  });

  it('takes a look-alike as false in precision and as nothing in the false alert rate', () => {
    expect(b).toMatchObject({ true_alerts: 0, false_alerts: 0, look_alike_alerts: 1 });
    expect(b?.precision).toMatchObject({ value: 0, evidence: 1 });
    expect(b?.false_per_1000_user_days).toMatchObject({ value: 0, low: 0, evidence: 25 });
    expect(b?.false_per_1000_user_days.high).toBeCloseTo(120, 10);
    expect(b?.look_alike_specificity).toMatchObject({ value: 0, evidence: 1 });
    expect(a?.look_alike_specificity).toMatchObject({ value: 1, evidence: 1 });
  });

  it('has no figure where there is no evidence', () => {
    expect(c?.recall).toEqual({ value: null, low: 0, high: 1, hits: 0, evidence: 0 });
    expect(c?.precision.value).toBeNull();
    expect(c?.precision_at_base_rate.value).toBeNull();
    expect(c?.look_alike_specificity.value).toBeNull();
  });

  it('puts the sessions first that an analyst is paged for', () => {
    expect(measurement.notable.recall).toMatchObject({ value: 0.5, hits: 1, evidence: 2 });
    expect(measurement.notable.true_contributors).toEqual([
      { rule: 'EM-A', points: 95, sessions: 1 },
    ]);
    expect(measurement.instances.map(({ notable }) => notable)).toEqual([true, false, false]);
  });

  it('calls a rule covered only if its look-alike stayed quiet', () => {
    expect(measurement.techniques).toHaveLength(2);
    expect(measurement.techniques[0]).toMatchObject({
      id: 'T1048.003',
      mapped: 2,
      exercised: 2,
      covered: 1,
      instances: 2,
      caught: 1,
      notable: 1,
      look_alikes: 1,
      look_alikes_quiet: 0,
    });
    expect(measurement.techniques[1]).toMatchObject({ mapped: 1, exercised: 0, covered: 0 });
  });

  it('fits the result schema', () => {
    expect(resultFaults({ ...measurement, ...judge(drill.pack, measurement) })).toEqual([]);
  });

  it('is the same when measured again', () => {
    expect(measureDrill(drill, labeller.finish())).toEqual(measurement);
  });
});

describe('estimates', () => {
  it('take the wider of two intervals', () => {
    expect(shareEstimate(1, 2, { low: 0, high: 1 })).toMatchObject({ low: 0, high: 1 });
    expect(rateEstimate(10, 1000, { low: 0, high: 1 })).toMatchObject({ low: 0, high: 1000 });
    const narrow = rateEstimate(10, 1000, { low: 0.0099, high: 0.0101 });
    expect(narrow.low).toBeCloseTo(4.7954, 3);
    expect(narrow.high).toBeCloseTo(18.3904, 3);
  });

  it('bound an alert rate that was never seen by three in the user-days', () => {
    expect(rateEstimate(0, 6000)).toEqual({ value: 0, low: 0, high: 0.5, hits: 0, evidence: 6000 });
    expect(rateEstimate(0, 0)).toMatchObject({ value: null, high: null });
  });

  it('join recall and false alerts into a precision at the base rate', () => {
    const estimate = precisionEstimate(1e-4, shareEstimate(4, 4), rateEstimate(6, 6000));
    expect(estimate.value).toBeCloseTo(1e-4 / (1e-4 + 1e-3), 12);
    expect(estimate.low).toBeCloseTo((1e-4 * 0.5101) / (1e-4 * 0.5101 + 13.0595 / 6000), 4);
    expect(estimate.high).toBeCloseTo(1e-4 / (1e-4 + 2.2019 / 6000), 4);
    expect(estimate.evidence).toBe(4);
  });

  it('know no precision when nothing was ever caught and nothing raised', () => {
    expect(precisionEstimate(1e-4, shareEstimate(0, 4), rateEstimate(0, 6000)).value).toBeNull();
    expect(precisionEstimate(1e-4, shareEstimate(0, 4), rateEstimate(5, 6000)).value).toBe(0);
  });
});
