import { describe, expect, it } from 'vitest';
import { createOrganisation } from '#generators';
import { nobody, placeScenario, type Scenario, scenarios } from '#scenarios';
import { DAY, exposureOf, type PlanOptions, plan } from '../../../harness/stages/1-plan.js';
import { simulate } from '../../../harness/stages/2-simulate.js';

const options: PlanOptions = {
  seed: 5,
  people: 60,
  peer_groups: 4,
  history_days: 40,
  test_days: 21,
  start: Date.UTC(2024, 0, 1),
  scenarios: scenarios.filter(({ technique }) => technique !== 'T1048.003'),
  instances: 2,
  internal_mail: false,
  competitors: [],
};

function scenarioOf(name: string, cast: Scenario['cast']): Scenario {
  return placeScenario(`attack/T1114.003/${name}`, {
    kind: 'attack',
    technique: 'T1114.003',
    title: 'A rule',
    story: 'Somebody makes a rule.',
    expects: ['EM-InRule-EX'],
    cast,
    *play(stage: Parameters<Scenario['play']>[0]) {
      yield {
        step: 'makes a rule',
        at: stage.at(0, '10:00'),
        activity: stage.inboxRule({ name: 'x', forward_to: ['a@b.example'] }),
      };
    },
  });
}

describe('planning', () => {
  it('gives the same plan for the same options and another for another seed', () => {
    expect(plan(options)).toEqual(plan(options));
    const users = (seed: number): string[] =>
      plan({ ...options, seed }).instances.map(({ user }) => user);
    expect(users(6)).not.toEqual(users(5));
  });

  it('plays every scenario as often as asked, inside the days under test', () => {
    const { instances, test, warnings } = plan(options);
    expect(warnings).toEqual([]);
    expect(instances).toHaveLength(options.scenarios.length * 2);
    expect(new Set(instances.map(({ id }) => id)).size).toBe(instances.length);
    for (const { first, last } of instances) {
      expect(first).toBeGreaterThanOrEqual(test.start);
      expect(last).toBeGreaterThanOrEqual(first);
      expect(last).toBeLessThan(test.end);
    }
  });

  it('gives no person two stories while there are others', () => {
    const people = plan(options).instances.map(({ person }) => person.address);
    expect(new Set(people).size).toBe(people.length);
  });

  it('uses people again when all are busy', () => {
    const { instances } = plan({ ...options, people: 6, peer_groups: 2, instances: 3 });
    expect(instances).toHaveLength(options.scenarios.length * 3);
  });

  it('does not move one story when another is added', () => {
    const alone = plan({ ...options, scenarios: [scenarioOf('a', (c) => c[0] ?? nobody('x'))] });
    const both = plan({
      ...options,
      scenarios: [
        scenarioOf('a', (c) => c[0] ?? nobody('x')),
        scenarioOf('b', (c) => c.at(-1) ?? nobody('x')),
      ],
    });
    expect(both.instances[0]?.steps).toEqual(alone.instances[0]?.steps);
  });

  it('warns once of a story that nobody can play, and goes on', () => {
    const { instances, warnings } = plan({
      ...options,
      scenarios: [scenarioOf('a', () => nobody('a unicorn')), ...options.scenarios],
    });
    expect(warnings).toEqual(['attack/T1114.003/a is not played: it needs a unicorn']);
    expect(instances).toHaveLength(options.scenarios.length * 2);
  });

  it('counts as exposure the days that people are employed', () => {
    const organisation = createOrganisation({ ...options, days: 61 });
    const start = options.start + 40 * DAY;
    const exposure = exposureOf(organisation, { start, end: start + 21 * DAY });
    for (const one of organisation.people) {
      const days = exposure.get(one.address) ?? Number.NaN;
      expect(days).toBeLessThanOrEqual(21);
      if (one.hired <= start && one.left === undefined) expect(days).toBe(21);
      if (one.left !== undefined && one.left <= start) expect(days).toBe(0);
    }
  });
});

describe('simulating', () => {
  const planned = plan(options);
  const setting = { seed: 5, internal_mail: false, format: 'v1-json' } as const;
  const simulation = simulate(planned, setting);
  const lines: { id: number; text: string; label: unknown }[] = [];
  for (const line of simulation.lines)
    lines.push({ ...line, label: simulation.labels.get(line.id) });

  it('numbers the lines from one and labels each before it is there', () => {
    expect(lines.map(({ id }) => id)).toEqual(lines.map((_, i) => i + 1));
    expect(lines.filter(({ label }) => label !== undefined)).toHaveLength(simulation.labels.size);
    expect(simulation.labels.size).toBeGreaterThan(options.scenarios.length * 2);
  });

  it('labels the lines of every instance and of nobody else', () => {
    planned.instances.forEach(({ id, steps, user }, i) => {
      const own = lines.filter(({ id: line }) => simulation.labels.get(line)?.instance === i);
      const deed = steps.filter(({ innocent }) => !innocent);
      expect(own.length, id).toBeGreaterThanOrEqual(deed.length);
      for (const { text } of own) expect(text).toContain(user);
      expect(simulation.instance_lines[i]).toBeGreaterThanOrEqual(own.length);
    });
  });

  it('tells which lines are malicious', () => {
    for (const [id, { kind, instance }] of simulation.labels) {
      expect(simulation.malicious.has(id)).toBe(kind === 'malicious');
      expect(kind === 'malicious').toBe(planned.instances[instance]?.scenario.kind === 'attack');
    }
  });

  it('writes nothing of scenario, label or step into a line', () => {
    const told = planned.instances.flatMap(({ id, scenario, steps }) => [
      id,
      scenario.title,
      ...steps.map(({ step }) => step).filter((step) => step.includes(' ')),
    ]);
    for (const { text, label } of lines) {
      if (label === undefined) continue;
      for (const words of told) expect(text).not.toContain(words);
      expect(text).not.toMatch(/malicious|look-alike|suspicious|scenario/i);
    }
  });

  it('writes the same lines again', () => {
    const again = [...simulate(plan(options), setting).lines];
    expect(again).toEqual(lines.map(({ id, text }) => ({ id, text })));
  });

  it('leaves the innocent parts of a story without a label', () => {
    const story = placeScenario('attack/T1114.003/two-steps', {
      kind: 'attack',
      technique: 'T1114.003',
      title: 'A rule after a mail',
      story: 'Somebody writes a mail, then makes a rule.',
      expects: ['EM-InRule-EX'],
      cast: ((candidates) => candidates[0] ?? nobody('anybody')) satisfies Scenario['cast'],
      *play(stage: Parameters<Scenario['play']>[0]) {
        yield {
          step: 'writes',
          at: stage.at(0, '09:00'),
          innocent: true,
          activity: stage.mail({ to: 'a@b.example', subject: 'an innocent subject' }),
        };
        yield {
          step: 'makes a rule',
          at: stage.at(0, '10:00'),
          activity: stage.inboxRule({ name: 'guilty rule', forward_to: ['a@b.example'] }),
        };
      },
    });
    const told = plan({ ...options, scenarios: [story], instances: 1 });
    const drill = simulate(told, setting);
    const texts = [...drill.lines].map(({ id, text }) => ({ text, label: drill.labels.get(id) }));
    const labelOf = (words: string) =>
      texts.filter(({ text }) => text.includes(words)).map(({ label }) => label?.step);
    expect(new Set(labelOf('an innocent subject'))).toEqual(new Set([undefined]));
    expect(labelOf('guilty rule')).toEqual(['makes a rule']);
  });
});
