import { describe, expect, it } from 'vitest';
import type { ContentPack } from '#content';
import { exitCode, judge } from '../../../harness/gate.js';
import type { MeasuredInstance } from '../../../harness/stages/5-measure.js';
import {
  drillOf,
  eventOf,
  HOUR,
  instanceOf,
  labellerOf,
  measureDrill,
  packOf,
  sessionOf,
  T0,
  triggerOf,
} from './fixture.js';

interface Setting {
  readonly gates: ContentPack['gates'];
  readonly attacks?: number;
  readonly caught?: number;
  readonly lookAlikes?: number;
  readonly raised?: number;
  readonly falseAlerts?: number;
  readonly people?: number;
  readonly gap?: { readonly gap: string; readonly scenario: string };
  readonly partial?: boolean;
}

/** A drill of one rule in which so many instances were caught and so many alerts were false. */
function judged(setting: Setting) {
  const { attacks = 0, caught = 0, lookAlikes = 0, raised = 0, falseAlerts = 0 } = setting;
  const instances: MeasuredInstance[] = [];
  for (let k = 1; k <= attacks; k++)
    instances.push(instanceOf(`attack/T1048.003/drip#${k}`, 'attack', ['EM-A']));
  for (let k = 1; k <= lookAlikes; k++)
    instances.push(instanceOf(`look-alike/T1048.003/photos#${k}`, 'look-alike', ['EM-A']));
  const gaps = setting.gap ? { 'EM-A': [setting.gap] } : {};
  const drill = drillOf(['EM-A'], instances, packOf(['EM-A'], setting.gates, gaps));
  const labeller = labellerOf(drill);
  instances.forEach(({ kind }, i) => {
    drill.labels.set(i + 1, {
      kind: kind === 'attack' ? 'malicious' : 'suspicious',
      instance: i,
      step: 'deed',
    });
    const event = eventOf('ann@corp.example', T0 + i * HOUR, [i + 1]);
    labeller.sink.event(event);
    const fires = kind === 'attack' ? i < caught : i < attacks + raised;
    if (fires) labeller.sink.trigger(triggerOf(0, i, event));
  });
  const people = Array.from({ length: setting.people ?? 100 }, (_, i) => `p${i}@corp.example`);
  for (let i = 0; i < falseAlerts; i++) {
    const user = people[(i * 7) % people.length] ?? '';
    labeller.sink.trigger(triggerOf(0, 10_000 + i, eventOf(user, T0, [100_000 + i])));
    labeller.sink.session(sessionOf(10_000 + i, user, T0, T0));
  }
  const measurement = measureDrill(drill, labeller.finish(), {
    exposure: new Map(people.map((user) => [user, 10])),
    partial: setting.partial ?? false,
  });
  return judge(drill.pack, measurement);
}

describe('a minimum recall', () => {
  it('holds when the whole interval does', () => {
    const { gates, verdict } = judged({
      gates: { default: { min_recall: 0.8 } },
      attacks: 16,
      caught: 16,
    });
    expect(gates).toMatchObject([{ subject: 'EM-A', gate: 'min_recall', verdict: 'pass' }]);
    expect(verdict).toBe('pass');
  });

  it('is undecided one instance short, and says how many more it takes', () => {
    const { gates, verdict } = judged({
      gates: { default: { min_recall: 0.8 } },
      attacks: 15,
      caught: 15,
    });
    expect(gates[0]?.verdict).toBe('insufficient evidence');
    expect(gates[0]?.message).toBe(
      'recall 100 % (79.6 % to 100 %), wanted at least 80 %: needs about 1 more instance to settle it',
    );
    expect(verdict).toBe('insufficient evidence');
  });

  it('fails when no value of the interval would do', () => {
    const { gates, verdict } = judged({
      gates: { default: { min_recall: 0.8 } },
      attacks: 16,
      caught: 4,
    });
    expect(gates[0]?.verdict).toBe('fail');
    expect(verdict).toBe('fail');
  });

  it('cannot be settled where the value is the limit', () => {
    const { gates } = judged({ gates: { default: { min_recall: 0.5 } }, attacks: 8, caught: 4 });
    expect(gates[0]?.message).toMatch(/more evidence would not settle it$/);
  });

  it('is undecided when no instance expects the rule', () => {
    const { gates } = judged({ gates: { default: { min_recall: 0.5 } } });
    expect(gates[0]).toMatchObject({
      verdict: 'insufficient evidence',
      message: 'no instance of this run expects EM-A',
    });
  });

  it('needs as many more instances as it says', () => {
    const short = judged({ gates: { default: { min_recall: 0.6 } }, attacks: 20, caught: 16 });
    const more = Number(/about (\d+) more/.exec(short.gates[0]?.message ?? '')?.[1]);
    expect(more).toBeGreaterThan(0);
    const grown = Math.round((20 + more) / 5) * 5;
    const enough = judged({
      gates: { default: { min_recall: 0.6 } },
      attacks: grown + 5,
      caught: (grown + 5) * 0.8,
    });
    expect(enough.gates[0]?.verdict).toBe('pass');
  });
});

describe('a maximum of false alerts', () => {
  it('holds without any once the bound of three is low enough', () => {
    const gates = { default: { max_false_alerts: 3 } };
    expect(judged({ gates }).gates[0]?.verdict).toBe('pass');
    expect(judged({ gates, people: 99 }).gates[0]).toMatchObject({
      verdict: 'insufficient evidence',
      message:
        'false alerts per 1 000 users per day 0 (0 to 3.03), wanted at most 3: needs about 10 more user-days to settle it',
    });
  });

  it('fails when there are clearly more', () => {
    const { gates } = judged({ gates: { default: { max_false_alerts: 30 } }, falseAlerts: 60 });
    expect(gates[0]?.verdict).toBe('fail');
  });
});

describe('a maximum of look-alikes', () => {
  it('looks at those that tempt the rule', () => {
    const gates = { default: { max_look_alike_failures: 0.5 } };
    expect(judged({ gates, lookAlikes: 8 }).gates[0]?.verdict).toBe('pass');
    expect(judged({ gates, lookAlikes: 8, raised: 8 }).gates[0]?.verdict).toBe('fail');
    expect(judged({ gates, lookAlikes: 1 }).gates[0]?.verdict).toBe('insufficient evidence');
  });
});

describe('a minimum precision at the base rate', () => {
  const gates = { default: { min_precision_at_base_rate: 0.001 } };

  it('is decided on both intervals', () => {
    expect(judged({ gates, attacks: 40, caught: 40, falseAlerts: 20 }).gates[0]?.verdict).toBe(
      'pass',
    );
    expect(judged({ gates, attacks: 40, caught: 2, falseAlerts: 900 }).gates[0]?.verdict).toBe(
      'fail',
    );
  });

  it('tells both kinds of evidence that are missing', () => {
    const [gate] = judged({ gates, attacks: 2, caught: 2, falseAlerts: 70 }).gates;
    expect(gate?.verdict).toBe('insufficient evidence');
    expect(gate?.message).toMatch(
      /needs about \d+ more instances? and \d+ more user-days to settle/,
    );
  });
});

describe('a known gap', () => {
  const gap = { gap: 'cannot see it', scenario: 'attack/T1048.003/drip' };

  it('forgives the misses of its scenario and is reported', () => {
    const { gates, verdict } = judged({ gates: { default: {} }, attacks: 4, gap });
    expect(gates).toMatchObject([
      { gate: 'known_gap', verdict: 'pass', message: 'known gap: cannot see it' },
    ]);
    expect(verdict).toBe('pass');
    const strict = judged({ gates: { default: { min_recall: 0.9 } }, attacks: 4, gap });
    expect(strict.gates[0]).toMatchObject({ estimate: { evidence: 0 } });
  });

  it('fails once the rule catches it', () => {
    const { gates, verdict } = judged({ gates: { default: {} }, attacks: 4, caught: 1, gap });
    expect(gates[0]?.message).toMatch(/^no longer a gap: EM-A caught 1 of 4/);
    expect(verdict).toBe('fail');
  });
});

describe('gates in all', () => {
  it('take a rule’s own in place of the default, and come in order', () => {
    const { gates } = judged({
      gates: {
        default: { min_recall: 0.9, max_false_alerts: 1 },
        all: { max_false_alerts: 5 },
        techniques: { 'T1048.003': { min_recall: 0.1 }, T9999: { min_recall: 1 } },
        rules: { 'EM-A': { max_false_alerts: 1000 } },
      },
      attacks: 16,
      caught: 16,
    });
    expect(gates.map(({ subject, gate }) => `${subject} ${gate}`)).toEqual([
      'all max_false_alerts',
      'T1048.003 min_recall',
      'EM-A max_false_alerts',
    ]);
  });

  it('give a run that was stopped no pass', () => {
    expect(judged({ gates: { default: {} }, partial: true }).verdict).toBe('insufficient evidence');
  });

  it('have an exit code each', () => {
    expect(exitCode({ verdict: 'pass' })).toBe(0);
    expect(exitCode({ verdict: 'fail' })).toBe(1);
    expect(exitCode({ verdict: 'insufficient evidence' })).toBe(4);
  });
});
