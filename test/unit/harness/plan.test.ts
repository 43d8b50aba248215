import { describe, expect, it } from 'vitest';
import { createOrganisation } from '#generators';
import { nobody, placeScenario, type Scenario, scenarios } from '#scenarios';
import {
  assumptionsOf,
  DAY,
  directoryOf,
  exposureOf,
  type PlanOptions,
  plan,
} from '../../../harness/stages/1-plan.js';
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
    const organisation = createOrganisation({
      seed: options.seed,
      people: options.people,
      peer_groups: options.peer_groups,
      start: options.start,
      days: 61,
    });
    const start = options.start + 40 * DAY;
    const exposure = exposureOf(organisation, { start, end: start + 21 * DAY });
    for (const one of organisation.people) {
      const days = exposure.get(one.address) ?? Number.NaN;
      expect(days).toBeLessThanOrEqual(21);
      if (one.hired <= start && one.left === undefined) expect(days).toBe(21);
      if (one.left !== undefined && one.left <= start) expect(days).toBe(0);
    }
    for (const { address } of organisation.mailboxes) expect(exposure.get(address)).toBe(21);
  });
});

describe('the directory of a plan', () => {
  const restless = createOrganisation({
    seed: 2,
    people: 80,
    peer_groups: 4,
    start: options.start,
    days: 100,
    moved_per_year: 1.5,
  });
  const moment = options.start + 50 * DAY;
  const directory = directoryOf(restless, moment);
  const entryOf = (address: string) => directory.people.find(({ user }) => user === address);

  it('shows the peer groups of its moment and not those of later moves', () => {
    const movers = restless.people.filter(({ moved }) => moved !== undefined);
    const before = movers.filter(({ moved }) => (moved?.at ?? 0) <= moment);
    expect(before.length).toBeGreaterThan(2);
    expect(before.length).toBeLessThan(movers.length);
    for (const one of movers)
      expect(entryOf(one.address)?.peer_group).toBe(
        before.includes(one) ? one.moved?.peer_group : one.peer_group,
      );
  });

  it('gives aliases to their person, and shared and service mailboxes users of their own', () => {
    for (const { address, aliases } of restless.people)
      expect(entryOf(address)?.aliases).toEqual(aliases);
    for (const { address, kind, peer_group } of restless.mailboxes) {
      const entry = entryOf(address);
      expect(entry?.peer_group).toBe(peer_group);
      expect(kind === 'service').toBe(peer_group === undefined);
      for (const key of ['first_name', 'last_name', 'personal', 'executive', 'hired'])
        expect(entry).not.toHaveProperty(key);
    }
    expect(directory.people).toHaveLength(restless.people.length + restless.mailboxes.length);
  });

  it('casts nobody who changes departments', () => {
    const { instances, organisation } = plan({ ...options, test_days: 60, seed: 9 });
    expect(organisation.people.some(({ moved }) => moved !== undefined)).toBe(true);
    for (const { person } of instances) expect(person.moved).toBeUndefined();
  });
});

describe('planning with a list of people', () => {
  const given = {
    file: 'people.csv',
    digest: '0'.repeat(64),
    domains: ['acme.test'],
    entries: Array.from({ length: 30 }, (_, i) => ({
      user: `person${i}@acme.test`,
      peer_group: i % 2 === 0 ? 'Sales' : 'IT',
      executive: i < 2,
    })),
  };

  it('casts its people, and its domains are the internal ones', () => {
    const planned = plan({ ...options, given });
    expect(planned.directory.internal_domains).toEqual(['acme.test']);
    expect(planned.directory.people.map(({ user }) => user)).toEqual(
      given.entries.map(({ user }) => user),
    );
    expect(planned.warnings).toEqual([]);
    for (const { person } of planned.instances) expect(person.address).toMatch(/^person\d+@acme/);
  });
});

describe('planning for many people', () => {
  it('looks at some of them for the casting, the same ones each time', () => {
    const many = {
      ...options,
      people: 2300,
      history_days: 6,
      scenarios: [...scenarios].slice(0, 6),
    };
    const first = plan(many);
    expect(first.instances.length).toBeGreaterThan(4);
    expect(plan(many).instances.map(({ user }) => user)).toEqual(
      first.instances.map(({ user }) => user),
    );
  });
});

describe('the assumptions of a plan', () => {
  it('state the level and the share outside as they are asked for', () => {
    const { organisation } = plan({ ...options, scenarios: [] });
    const usual = assumptionsOf(organisation, options)[0];
    expect(usual).toBe(
      '9 mails sent per person and weekday in the mean, 16.5 % of them outside; internal mail is not logged',
    );
    const asked = { internal_mail: true, mails_per_weekday: 20, external_share: 0.4 };
    expect(assumptionsOf(organisation, asked)[0]).toBe(
      '20 mails sent per person and weekday in the mean, 40 % of them outside; internal mail is logged',
    );
    const planned = plan({ ...options, ...asked, scenarios: [] }).organisation.people;
    const level = planned.reduce((sum, one) => sum + one.daily_mails, 0) / planned.length;
    expect(Math.abs(level - 20)).toBeLessThan(3);
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
    const again = [...simulate(plan(options), setting).lines].map(({ id, text }) => ({ id, text }));
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
