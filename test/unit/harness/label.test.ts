import { describe, expect, it } from 'vitest';
import {
  drillOf,
  eventOf,
  HOUR,
  instanceOf,
  labellerOf,
  missOf,
  sessionOf,
  T0,
  TEST,
  triggerOf,
} from './fixture.js';

const ANN = 'ann@corp.example';

function setUp() {
  const drill = drillOf(
    ['EM-A', 'EM-B'],
    [instanceOf('attack/T1048.003/drip#1', 'attack', ['EM-A', 'EM-B'])],
  );
  drill.labels.set(5, { kind: 'malicious', instance: 0, step: 'first' });
  drill.labels.set(6, { kind: 'malicious', instance: 0, step: 'second' });
  const caught: string[] = [];
  const labeller = labellerOf(drill, {
    caught: (instance, rule) => caught.push(`${instance} by ${rule}`),
  });
  return { drill, labeller, caught };
}

describe('a session', () => {
  it('is notable from the stated points on, and not below', () => {
    const notableAt = (points: number): number => {
      const { labeller } = setUp();
      labeller.sink.session(sessionOf(1, ANN, T0 + HOUR, T0 + 2 * HOUR, [[0, points]]));
      return labeller.finish().notable.sessions.benign;
    };
    expect([89.9, 90].map(notableAt)).toEqual([0, 1]);
  });
});

describe('alerts', () => {
  it('are one per rule and session, at the first trigger', () => {
    const { labeller } = setUp();
    const early = eventOf(ANN, T0 + HOUR, [1]);
    labeller.sink.trigger(triggerOf(0, 1, early));
    labeller.sink.trigger(triggerOf(0, 1, eventOf(ANN, T0 + 2 * HOUR, [2])));
    labeller.sink.trigger(triggerOf(1, 1, early));
    labeller.sink.trigger(triggerOf(0, 2, eventOf(ANN, T0 + 30 * HOUR, [3])));
    labeller.sink.session(sessionOf(1, ANN, T0 + HOUR, T0 + 2 * HOUR));
    const { rules } = labeller.finish();
    expect(rules.map(({ alerts }) => alerts.benign)).toEqual([2, 1]);
    expect(rules.map(({ triggers }) => triggers)).toEqual([3, 1]);
    expect(rules[0]?.examples.benign[0]).toMatchObject({ time: T0 + HOUR, triggers: 2 });
  });

  it('are true when any of their triggers is malicious, with its reason', () => {
    const { labeller } = setUp();
    labeller.sink.trigger(triggerOf(0, 1, eventOf(ANN, T0 + HOUR, [1])));
    const evil = eventOf(ANN, T0 + 2 * HOUR, [4, 5]);
    labeller.sink.event(evil);
    labeller.sink.trigger(triggerOf(0, 1, evil));
    labeller.sink.session(sessionOf(1, ANN, T0 + HOUR, T0 + 2 * HOUR));
    const [rule] = labeller.finish().rules;
    expect(rule?.alerts).toEqual({ malicious: 1, benign: 0, suspicious: 0 });
    expect(rule?.examples.malicious).toEqual([
      {
        rule: 'EM-A',
        user: ANN,
        time: T0 + HOUR,
        label: 'malicious',
        scenario: 'attack/T1048.003/drip',
        instance: 'attack/T1048.003/drip#1',
        reason: 'rule 0 on line 4',
        score: 10,
        triggers: 2,
      },
    ]);
  });

  it('do not count before or after the days under test', () => {
    const { labeller } = setUp();
    labeller.sink.trigger(triggerOf(0, 1, eventOf(ANN, TEST.start - 1, [1])));
    labeller.sink.trigger(triggerOf(0, 2, eventOf(ANN, TEST.end, [2])));
    labeller.sink.trigger(triggerOf(0, 3, eventOf(ANN, TEST.start, [3])));
    expect(labeller.finish().rules[0]?.alerts.benign).toBe(1);
  });

  it('of other variants do not count', () => {
    const { drill } = setUp();
    const rules = drill.rules.map((rule, i) => ({ ...rule, variants: [i] }));
    const labeller = labellerOf(drill, { rules });
    const event = eventOf(ANN, T0, [1]);
    labeller.sink.trigger(triggerOf(0, 1, event));
    labeller.sink.trigger(triggerOf(1, 1, event));
    labeller.sink.session(
      sessionOf(1, ANN, T0, T0, [
        [0, 40],
        [1, 60],
      ]),
    );
    const { rules: seen, notable } = labeller.finish();
    expect(seen.map(({ triggers }) => triggers)).toEqual([1, 0]);
    expect(notable.sessions.benign).toBe(0);
  });
});

describe('instances', () => {
  it('are told about once, by the first rule that catches them', () => {
    const { labeller, caught } = setUp();
    const evil = eventOf(ANN, T0 + HOUR, [5]);
    labeller.sink.event(evil);
    labeller.sink.trigger(triggerOf(1, 1, evil));
    labeller.sink.trigger(triggerOf(0, 1, evil));
    expect(caught).toEqual(['0 by 1']);
  });

  it('know how many events and how much time went by before each catch', () => {
    const { labeller } = setUp();
    const first = eventOf(ANN, T0 + HOUR, [5]);
    const second = eventOf(ANN, T0 + 4 * HOUR, [6]);
    labeller.sink.event(first);
    labeller.sink.event(second);
    // An engine that works in batches shows both events before the rules of the first.
    labeller.sink.trigger(triggerOf(0, 1, first));
    labeller.sink.trigger(triggerOf(0, 1, second));
    labeller.sink.trigger(triggerOf(1, 1, second));
    const [instance] = labeller.finish().instances;
    expect(instance?.events).toBe(2);
    expect(instance?.catches.get(0)).toEqual({ events: 1, ms: 0 });
    expect(instance?.catches.get(1)).toEqual({ events: 2, ms: 3 * HOUR });
  });

  it('keep the miss that came nearest to firing', () => {
    const { labeller } = setUp();
    const event = eventOf(ANN, T0 + HOUR, [5]);
    labeller.sink.explanation(missOf(0, event, 'field absent', 'a'));
    labeller.sink.explanation(missOf(0, event, 'threshold not reached', 'b'));
    labeller.sink.explanation(missOf(0, event, 'model not converged', 'c'));
    labeller.sink.explanation(missOf(1, eventOf(ANN, T0, [9]), 'field absent', 'not theirs'));
    const [instance] = labeller.finish().instances;
    expect(instance?.misses.get(0)).toMatchObject({
      cause: 'threshold not reached',
      explanation: 'b',
    });
    expect(instance?.misses.has(1)).toBe(false);
  });

  it('have the risk of the session of their own kind that holds their event', () => {
    const { labeller } = setUp();
    labeller.sink.event(eventOf(ANN, T0 + 2 * HOUR, [5]));
    labeller.sink.session(sessionOf(1, ANN, T0, T0 + HOUR, [[0, 95]]));
    labeller.sink.session(sessionOf(2, ANN, T0, T0 + 9 * HOUR, [[0, 97]], 'day'));
    labeller.sink.session(sessionOf(3, 'ben@corp.example', T0, T0 + 9 * HOUR, [[0, 98]]));
    labeller.sink.session(
      sessionOf(4, ANN, T0 + 2 * HOUR, T0 + 2 * HOUR, [
        [0, 91],
        [1, 3],
      ]),
    );
    const { instances, notable } = labeller.finish();
    expect(instances[0]?.points).toBe(94);
    expect(notable.sessions).toEqual({ malicious: 1, benign: 3, suspicious: 0 });
    expect(notable.true_contributors).toEqual(
      new Map([
        [0, { points: 91, sessions: 1 }],
        [1, { points: 3, sessions: 1 }],
      ]),
    );
    expect(notable.false_contributors.get(0)).toEqual({ points: 290, sessions: 3 });
  });
});
