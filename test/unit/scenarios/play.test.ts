import { describe, expect, it } from 'vitest';
import {
  type Activity,
  background,
  createOrganisation,
  outsideWorld,
  type Person,
  randomStream,
  utcOffset,
} from '#generators';
import {
  type Casting,
  castScenario,
  DAY,
  domainRepeats,
  fileTypeRepeats,
  gatherHistory,
  HOUR,
  nobody,
  oneOfTheMost,
  placeScenario,
  playScenario,
  type ScenarioDefinition,
  type Stage,
  scenarios,
  type Window,
  workdaysOf,
} from '#scenarios';

const START = Date.UTC(2024, 0, 1);
const WINDOW: Window = { start: START + 180 * DAY, end: START + 210 * DAY };
const organisation = createOrganisation({
  seed: 3,
  people: 200,
  peer_groups: 8,
  start: START,
  days: 210,
});
const outside = outsideWorld(organisation);
const history = gatherHistory(background(organisation, { start: START, days: 180 }), organisation);

function castingOf(window = WINDOW): Casting {
  return {
    random: randomStream(1, 'cast'),
    organisation,
    history_start: START,
    window,
    competitors: ['competitor.example'],
    history,
  };
}

function settingOf(person: Person, window = WINDOW) {
  return {
    person,
    organisation,
    outside,
    random: randomStream(1, 'play'),
    window,
    competitors: ['competitor.example'],
  };
}

const [boss = organisation.people[0] as Person] = organisation.people;

function scenarioOf(change: Partial<ScenarioDefinition>) {
  return placeScenario('attack/T1048.003/a-leak', {
    kind: 'attack',
    technique: 'T1048.003',
    title: 'A leak',
    story: 'Somebody leaks something.',
    expects: ['EM-File'],
    cast: (candidates: readonly Person[]) => candidates[0] ?? nobody('anybody'),
    *play(stage: Stage) {
      yield {
        step: 'leaks',
        at: stage.at(0, '10:00'),
        activity: stage.mail({ to: 'x@y.example', subject: 'hi' }),
      };
    },
    ...change,
  });
}

describe('the built-in scenarios', () => {
  it('have an attack and a look-alike for each technique', () => {
    const of = (kind: string): string[] =>
      [...new Set(scenarios.filter((one) => one.kind === kind).map((one) => one.technique))].sort();
    expect(of('attack')).toEqual(['T1048.003', 'T1071.001', 'T1114.003', 'T1567.002']);
    expect(of('look-alike')).toEqual(of('attack'));
  });

  it('have ids of their own and a story of two sentences or more', () => {
    expect(new Set(scenarios.map(({ id }) => id)).size).toBe(scenarios.length);
    for (const { id, story } of scenarios)
      expect(story.match(/[.;:?](?= |$)/g)?.length ?? 0, id).toBeGreaterThanOrEqual(2);
  });

  it.each(scenarios.map((scenario) => [scenario.id, scenario] as const))(
    '%s can be cast and played, twice the same',
    (_, scenario) => {
      const candidates = organisation.people.filter(
        (one) => workdaysOf(one, WINDOW).length >= (scenario.days ?? 1),
      );
      const person = castScenario(scenario, candidates, castingOf());
      if ('nobody' in person) throw new Error(person.nobody);
      const steps = playScenario(scenario, settingOf(person));
      expect(steps).toEqual(playScenario(scenario, settingOf(person)));
      if (typeof steps === 'string') throw new Error(steps);
      const times = steps.map(({ activity }) => activity.time);
      expect(times).toEqual([...times].sort((a, b) => a - b));
      for (const time of times) {
        expect(time).toBeGreaterThanOrEqual(Math.max(WINDOW.start, person.hired));
        expect(time).toBeLessThan(Math.min(WINDOW.end, person.left ?? WINDOW.end));
        const local = new Date(time + utcOffset(person.time_zone, time) * 60_000);
        expect(local.getUTCHours()).toBeGreaterThanOrEqual(7);
        expect(local.getUTCHours()).toBeLessThan(20);
        expect([1, 2, 3, 4, 5]).toContain(local.getUTCDay());
      }
    },
  );

  it.each(scenarios.map((scenario) => [scenario.id, scenario] as const))(
    '%s writes to real addresses only, and from inside',
    (_, scenario) => {
      const person = castScenario(scenario, organisation.people, castingOf());
      if ('nobody' in person) throw new Error(person.nobody);
      const steps = playScenario(scenario, settingOf(person));
      if (typeof steps === 'string') throw new Error(steps);
      for (const { activity } of steps) {
        if (activity.kind !== 'mail') continue;
        const address = /^[^\s@]+@[^\s@.]+(\.[^\s@.]+)+$/;
        for (const recipient of activity.recipients) expect(recipient).toMatch(address);
        expect(organisation.domains).toContain(activity.sender.split('@')[1]);
        const inside = activity.recipients.every((one) =>
          organisation.domains.some((domain) => one.endsWith(`@${domain}`)),
        );
        expect(activity.direction).toBe(inside ? 'internal' : 'outbound');
      }
    },
  );
});

describe('casting', () => {
  it('passes on why nobody fits', () => {
    const scenario = scenarioOf({ cast: () => nobody('a unicorn') });
    expect(castScenario(scenario, organisation.people, castingOf())).toEqual({
      nobody: 'a unicorn',
    });
  });

  it('names the scenario whose cast function throws or answers nonsense', () => {
    const throws = scenarioOf({
      cast: () => {
        throw new Error('no idea');
      },
    });
    expect(() => castScenario(throws, organisation.people, castingOf())).toThrow(
      'scenario attack/T1048.003/a-leak: cast threw: no idea',
    );
    const nonsense = scenarioOf({ cast: () => ({}) as Person });
    expect(() => castScenario(nonsense, organisation.people, castingOf())).toThrow(
      "cast must return one of the candidates or nobody('why'), not {}",
    );
  });

  it('looks for the highest score above the least, among as many as asked', () => {
    const score = (one: Person): number => one.index;
    const last = organisation.people.at(-1);
    expect(oneOfTheMost(organisation.people, castingOf(), score, { among: 1 })).toBe(last);
    expect(oneOfTheMost(organisation.people, castingOf(), score, { least: 1e9 })).toBeUndefined();
  });

  it('knows local working days within employment', () => {
    const monday = Date.UTC(2024, 6, 1);
    const week = { start: monday, end: monday + 7 * DAY };
    expect(workdaysOf({ ...boss, time_zone: 'UTC' }, week)).toEqual(
      [0, 1, 2, 3, 4].map((day) => monday + day * DAY),
    );
    const west = workdaysOf({ ...boss, time_zone: 'America/New_York' }, week);
    expect(west[0]).toBe(monday + 4 * HOUR);
    const short = { ...boss, time_zone: 'UTC', hired: monday + DAY, left: monday + 3 * DAY };
    expect(workdaysOf(short, week)).toEqual([1, 2].map((day) => monday + day * DAY));
  });
});

describe('a history', () => {
  const mail = (hours: number, to: string, more: object = {}): Activity => ({
    kind: 'mail',
    time: START + hours * HOUR,
    direction: 'outbound',
    sender: boss.address,
    recipients: [to],
    subject: 'x',
    body_bytes: 1,
    attachments: [],
    outcome: { kind: 'delivered' },
    ...more,
  });

  it('counts what a person did', () => {
    const [home = ''] = boss.personal;
    const held = { kind: 'held', reason: 'x', policy: 'x', release_after: undefined };
    const files = ['a.pdf', 'b.pdf', 'c.zip'].map((name) => ({ name, bytes: 1 }));
    const all = gatherHistory(
      [
        mail(1, 'x@one.example'),
        mail(2, 'y@one.example', { attachments: files }),
        mail(26, 'x@one.example'),
        mail(27, home),
        mail(28, 'x@two.example', { outcome: held }),
        mail(29, boss.address, { direction: 'inbound', sender: 'x@one.example' }),
      ],
      organisation,
    );
    expect(all(boss.peer_group)).toEqual(all(boss));
    const gathered = all(boss);
    expect(gathered).toEqual({
      external_mails: 4,
      failed_mails: 1,
      domains: 2,
      domain_days: 3,
      file_types: 2,
      file_type_mails: 2,
      own_mailbox_mails: 1,
      refused_requests: 0,
    });
    expect(domainRepeats(gathered)).toBeCloseTo(1 / 3, 12);
    expect(fileTypeRepeats(gathered)).toBe(0);
  });

  it('has the malicious links that a person followed in received mail, since they were refused', () => {
    const mails = [...background(organisation, { start: START, days: 60 })].filter(
      (one) => one.kind === 'mail' && one.clicks !== undefined,
    );
    const clicks = mails.flatMap((one) => (one.kind === 'mail' ? (one.clicks ?? []) : []));
    const refused = clicks.filter(({ malicious }) => malicious);
    expect(refused.length).toBeGreaterThan(0);
    const gathered = gatherHistory(mails, organisation);
    for (const person of organisation.people) {
      const own = [person.address, ...person.aliases];
      expect(gathered(person).refused_requests).toBe(
        refused.filter(({ recipient }) => own.includes(recipient)).length,
      );
    }
  });

  it('of somebody who did nothing is empty', () => {
    const nothing = gatherHistory([], organisation)(boss);
    expect(nothing.external_mails).toBe(0);
    expect(domainRepeats(nothing)).toBe(0);
    expect(fileTypeRepeats(nothing)).toBe(0);
  });
});

describe('playing', () => {
  it('puts a story on the days that it may begin on', () => {
    const only = { start: WINDOW.start + 9 * DAY, end: WINDOW.start + 14 * DAY };
    const steps = playScenario(scenarioOf({ begins: () => only }), settingOf(boss));
    if (typeof steps === 'string') throw new Error(steps);
    expect(steps[0]?.activity.time).toBeGreaterThanOrEqual(only.start);
    expect(steps[0]?.activity.time).toBeLessThan(only.end);
  });

  it('says when the days do not suffice', () => {
    const window = { start: WINDOW.start, end: WINDOW.start + 3 * DAY };
    expect(playScenario(scenarioOf({ days: 9 }), settingOf(boss, window))).toMatch(
      /^needs 9 working days of /,
    );
  });

  const step = { step: 'leaks', at: WINDOW.start, activity: { kind: 'mail' } };
  it.each([
    [
      'without an activity',
      { ...step, activity: undefined },
      /step 1 \(leaks\): activity must come from/,
    ],
    ['without a name', { ...step, step: '' }, /step 1 has no name/],
    ['at no time', { ...step, at: Number.NaN }, /step 1 \(leaks\): at must be a moment in ms/],
    [
      'before the test',
      { ...step, at: START, activity: { kind: 'mail', recipients: ['a@b.c'] } },
      /outside the days under test/,
    ],
    [
      'to nobody',
      { ...step, activity: { kind: 'mail', recipients: [] } },
      /the mail has no recipient/,
    ],
    ['that is no step', 7, /step 1 must be \{step, at, activity\}, not 7/],
  ])('refuses a step %s', (_, given, message) => {
    const scenario = scenarioOf({
      *play() {
        yield given as never;
      },
    });
    expect(() => playScenario(scenario, settingOf(boss))).toThrow(message);
    expect(() => playScenario(scenario, settingOf(boss))).toThrow(
      /^scenario attack\/T1048\.003\/a-leak: play: /,
    );
  });

  it('refuses a story in which nothing is done', () => {
    expect(() => playScenario(scenarioOf({ *play() {} }), settingOf(boss))).toThrow(
      'it has no step that is part of the deed',
    );
  });

  it('refuses a clock that is none and a day that the story does not have', () => {
    const at = (day: number, clock: string) =>
      scenarioOf({
        *play(stage) {
          yield {
            step: 'leaks',
            at: stage.at(day, clock),
            activity: stage.mail({ to: 'x@y.example', subject: 'hi' }),
          };
        },
      });
    expect(() => playScenario(at(0, '25:00'), settingOf(boss))).toThrow(
      "at(0, '25:00'): the clock must read like 09:30",
    );
    expect(() => playScenario(at(1, '10:00'), settingOf(boss))).toThrow(
      'the story has 1 working days, 0 to 0; give it more with days',
    );
  });

  it('ends a story that does not end', () => {
    const scenario = scenarioOf({
      *play(stage) {
        for (;;)
          yield {
            step: 'leaks again',
            at: stage.at(0, '10:00'),
            activity: stage.mail({ to: 'x@y.example', subject: 'hi' }),
          };
      },
    });
    expect(() => playScenario(scenario, settingOf(boss))).toThrow('it has more than 10000 steps');
  });
});
