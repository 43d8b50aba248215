import { describe, expect, it } from 'vitest';
import { emptyCounters } from '../../../engine/counters.js';
import { TextDictionary } from '../../../engine/models/store.js';
import type { Program } from '../../../engine/program.js';
import { SESSION, SessionStage } from '../../../engine/stages/4-session.js';
import { riskOf } from '../../../engine/stages/7-risk.js';
import { DAY, HOUR, hear, MINUTE, mail, pack, player, programOf, START } from './kit.js';

const always = programOf(pack({ r: {}, w: { events: ['web'] } }));

describe('a user session', () => {
  const bounds = (minutes: readonly number[]) =>
    hear(
      always,
      minutes.map((at) => mail(at)),
    ).sessions.map(({ start, end, events }) => [
      (start - START) / MINUTE,
      (end - START) / MINUTE,
      events,
    ]);

  it('goes on while events come less than five hours apart', () => {
    expect(bounds([0, 299, 598])).toEqual([[0, 598, 3]]);
    expect(bounds([0, 300])).toEqual([
      [0, 0, 1],
      [300, 300, 1],
    ]);
  });

  it('ends after 24 hours whatever comes', () => {
    const hourly = Array.from({ length: 26 }, (_, i) => i * 60);
    expect(bounds(hourly)).toEqual([
      [0, 23 * 60, 24],
      [24 * 60, 25 * 60, 2],
    ]);
  });

  it('belongs to one user', () => {
    const { sessions } = hear(always, [mail(0), mail(1, { user: 'bob' }), mail(2)]);
    expect(sessions.map(({ user, events, id }) => [user, events, id])).toEqual([
      ['bob', 1, 2],
      ['ann', 2, 1],
    ]);
  });

  it('is told when any event reaches its end, in order of ends', () => {
    const one = player(always);
    one.play(mail(0), mail(1, { user: 'bob' }), mail(10));
    one.play(mail(300, { user: 'cat' }));
    expect(one.sessions).toEqual([]);
    one.play(mail(301, { user: 'cat' }));
    expect(one.sessions.map(({ user }) => user)).toEqual(['bob']);
    one.play(mail(310, { user: 'cat' }));
    expect(one.sessions.map(({ user }) => user)).toEqual(['bob', 'ann']);
    one.loop.finish();
    expect(one.sessions.map(({ user }) => user)).toEqual(['bob', 'ann', 'cat']);
    expect(one.counters.sessions).toBe(3);
  });

  it('keeps lengths that options set', () => {
    const { sessions } = hear(always, [mail(0), mail(10), mail(21)], {
      sessionIdle: 10 * MINUTE + 1,
      sessionMax: HOUR,
    });
    expect(sessions.map(({ events }) => events)).toEqual([2, 1]);
  });
});

describe('a web day', () => {
  it('is the UTC day of the user, beside the session', () => {
    const { sessions } = hear(always, [
      mail(0),
      mail(0, {}, 'web'),
      mail(899, {}, 'web'),
      mail(900, {}, 'web'),
    ]);
    expect(sessions.map(({ kind, events }) => [kind, events])).toEqual([
      ['session', 1],
      ['day', 2],
      ['day', 1],
    ]);
  });
});

describe('points', () => {
  it('add up per rule in the session, and a variant sums its own rules', () => {
    const program = programOf(
      pack({ a: { score: 10 }, b: { when: 'personal', score: 5 } }),
      pack({ a: { score: 10 } }),
    );
    const { sessions, triggers } = hear(program, [mail(0), mail(1, { personal: true })]);
    const [session] = sessions;
    expect([...(session?.points ?? [])]).toEqual([
      [0, 20],
      [1, 5],
    ]);
    expect([0, 1].map((variant) => session && riskOf(session, program.rules, variant))).toEqual([
      25, 20,
    ]);
    expect(new Set(triggers.map((trigger) => trigger.session))).toEqual(new Set([session?.id]));
  });
});

describe('a session-end model', () => {
  const models = {
    S: {
      kind: 'numerical' as const,
      feature: 'sum_if(bytes, personal)',
      trains_on: ['session-end'] as [string],
      session_events: ['out'],
      train_if: 'value > 0',
    },
  };

  it('trains once a session, with the sums of its event types', () => {
    const rules = { n: { model: 'S', when: 'n == 1', reason: '{n} {value}' } };
    const { triggers, fired } = hear(programOf(pack(rules, models)), [
      mail(0, { bytes: 5, personal: true }),
      mail(1, { bytes: 7, personal: true }),
      mail(2, { bytes: 7 }),
      mail(400, { bytes: 3, personal: true }),
      mail(401, { bytes: 9 }),
    ]);
    expect(fired).toEqual(['n@400', 'n@401']);
    expect(triggers.map(({ reason }) => reason)).toEqual(['1 3 bytes', '1 3 bytes']);
  });

  it('does not train on a session without the sum', () => {
    const rules = { n: { model: 'S', when: 'n > 0' } };
    expect(hear(programOf(pack(rules, models)), [mail(0, { bytes: 5 }), mail(400)]).fired).toEqual(
      [],
    );
  });

  it("has learned from one user's session before the next event of another, to the millisecond", () => {
    const program = programOf(
      pack(
        { r: { model: 'O', when: 'num_observations > 0' } },
        { O: { scope: 'org', feature: 'user', trains_on: ['session-end'] } },
      ),
    );
    const seen = (at: number) =>
      hear(program, [
        mail(0),
        { at: 299 * MINUTE, fields: { user: 'bob' } },
        { at, fields: { user: 'ann' } },
      ]).fired;
    expect(seen(5 * HOUR - 1)).toEqual([]);
    expect(seen(5 * HOUR)).toEqual(['r@300']);
  });

  it("sees the user's fields of the last event", () => {
    const program = programOf(
      pack(
        { r: { model: 'G', when: 'num_observations > 0', events: ['out'] } },
        { G: { scope: 'peer_group', feature: 'user', trains_on: ['session-end'] } },
      ),
    );
    const { triggers } = hear(program, [
      mail(0, { peer_group: 'old' }),
      mail(1, { peer_group: 'new' }),
      mail(400, { peer_group: 'old' }),
      mail(401, { peer_group: 'new' }),
    ]);
    expect(triggers.map(({ reading }) => reading?.scope)).toEqual(['new']);
  });

  it("stamps values with the session's last event", () => {
    const program = programOf(
      pack(
        { r: { model: 'O', when: 'num_observations > 0' } },
        { O: { scope: 'org', feature: 'user', trains_on: ['session-end'], aging: '1d' } },
      ),
    );
    // Last seen on day 0 at 23:30; the session ends on day 1.
    const { fired } = hear(program, [
      mail(870),
      mail(870 + 1440 + 29),
      mail(2 * 1440 + 900, { user: 'bob' }),
    ]);
    expect(fired).toEqual([`r@${870 + 1440 + 29}`]);
    expect(hear(program, [mail(870), mail(870 + 1440 + 31)]).fired).toEqual([]);
  });

  it("forgets by the clock of the session's end", () => {
    const program = programOf(
      pack(
        { r: { model: 'O', when: 'num_observations == 1' } },
        { O: { scope: 'org', feature: 'user', trains_on: ['session-end'], aging: '1d' } },
      ),
    );
    // Sessions of days 0 and 1 that each end an hour into the next day.
    const { fired } = hear(program, [mail(660), mail(660 + 1440), mail(2 * 1440)]);
    expect(fired).toEqual([`r@${660 + 1440}`, `r@${2 * 1440}`]);
  });

  it('counts its own event types even where its text is that of another model', () => {
    const feature = "count(personal) > 1 ? 'many' : 'few'";
    const atEnd = { scope: 'org', feature, trains_on: ['session-end'] as [string] };
    const program = programOf(
      pack(
        { a: { model: 'A', when: 'n >= 0' }, b: { model: 'B', when: 'n >= 0' } },
        { A: { ...atEnd, session_events: ['out'] }, B: { ...atEnd, session_events: ['failed'] } },
      ),
    );
    const { triggers } = hear(program, [mail(0, { personal: true }), mail(1, { personal: true })]);
    expect(triggers.map(({ value }) => value)).toEqual(['few', 'few', 'many', 'few']);
  });
});

describe('a late event', () => {
  it('joins the open session it would have belonged to', () => {
    const { sessions, counters } = hear(always, [mail(100), mail(200), mail(150), mail(50)]);
    expect(sessions.map(({ start, end, events }) => [start - START, end - START, events])).toEqual([
      [100 * MINUTE, 200 * MINUTE, 4],
    ]);
    expect(counters.late).toBe(2);
  });

  it('has a session to itself where that is closed, told at once', () => {
    const one = player(always);
    one.play(mail(0), mail(1000));
    expect(one.sessions).toHaveLength(1);
    one.play(mail(1));
    expect(
      one.sessions.map(({ id, start, events }) => [id, (start - START) / MINUTE, events]),
    ).toEqual([
      [1, 0, 1],
      [3, 1, 1],
    ]);
    expect(one.triggers.at(-1)).toMatchObject({ session: 3, late: true });
  });

  it('opens a session that later events join where one could still be open', () => {
    const { sessions } = hear(always, [mail(200, { user: 'bob' }), mail(100), mail(250)]);
    expect(sessions.map(({ user, events }) => [user, events])).toEqual([
      ['bob', 1],
      ['ann', 2],
    ]);
  });

  it('sees the models as they stand and trains them with its own time', () => {
    const program = programOf(pack({ r: { model: 'M', when: 'n == 1' } }, { M: { aging: '10d' } }));
    const { fired } = hear(program, [
      mail(1440, { domains: ['a'] }),
      mail(0, { domains: ['b'] }),
      mail(11 * 1440, { domains: ['c'] }),
    ]);
    expect(fired).toEqual(['r@0', `r@${11 * 1440}`]);
  });
});

describe('first_seen', () => {
  it('moves back when a late event turns out to be the first', () => {
    const program = programOf(pack({ r: { when: 'time - first_seen > 2 * HOUR' } }));
    expect(hear(program, [mail(600), mail(480), mail(605)]).fired).toEqual(['r@605']);
  });
});

describe('a value that a late event repeats', () => {
  it('stays known from its latest sight', () => {
    const program = programOf(
      pack({ r: { model: 'M', when: 'num_observations == 2' } }, { M: { aging: '2d' } }),
    );
    const on = (day: number, domain = 'a') => mail(day * 1440, { domains: [domain] });
    expect(hear(program, [on(3, 'b'), on(5), on(4), on(7)]).fired).toEqual([`r@${7 * 1440}`]);
  });

  it('is known from its own time, not from when it was told', () => {
    const program = programOf(
      pack({ r: { model: 'M', when: 'num_observations == 2' } }, { M: { aging: '2d' } }),
    );
    const on = (day: number, domain = 'a') => mail(day * 1440, { domains: [domain] });
    const later = (day: number) => hear(program, [on(3), on(4, 'b'), on(3.5), on(day)]).fired;
    expect(later(5)).toEqual([`r@${5 * 1440}`]);
    expect(later(6)).toEqual([]);
  });
});

describe('a clock that jumps', () => {
  it('thousands of years ahead closes what is open and no more', () => {
    const far = 8.6e15 - START;
    const { sessions, counters } = hear(always, [
      mail(0),
      mail(0, {}, 'web'),
      { at: far, fields: { user: 'ann' } },
      { at: far, type: 'web', fields: { user: 'ann' } },
      mail(1),
    ]);
    expect(sessions).toHaveLength(5);
    expect(counters.late).toBe(1);
  });

  it('back before 1970 makes a late event', () => {
    const { fired } = hear(always, [mail(0), { at: -START - DAY, fields: { user: 'ann' } }]);
    expect(fired).toHaveLength(2);
  });
});

describe('bounds', () => {
  it('a counter of a session keeps ten thousand values and counts what it gave up', () => {
    const program = programOf(
      pack({ r: { when: 'count(subject) == 2' }, d: { when: 'distinct_count(domains) == 10000' } }),
    );
    const domains = Array.from({ length: 10_001 }, (_, i) => `d${i}`);
    const one = player(program);
    one.play(mail(0, { domains }));
    expect(one.fired).toEqual(['d@0']);
    expect(one.counters.evicted).toEqual({ 'session values': 1 });
  });

  it('a full counter gives up the value known longest, one after the other', () => {
    const seen = (when: string) => programOf(pack({ r: { for_each: 'domains', when } }));
    const names = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, i) => `d${from + i}`);
    const valuesOf = (program: Program, ...lists: readonly string[][]) => {
      const one = player(program);
      for (const [at, domains] of lists.entries()) one.play(mail(at, { domains }));
      return one.triggers.map(({ value }) => value);
    };
    const gone = seen('count(value) == 0');
    // Two of its own values make room in the same event: neither may pass for another.
    expect(valuesOf(gone, names(0, 10_002))).toEqual(['d0']);
    const once = seen("count(value) == 1 && value in ['d0', 'd1', 'd2', 'd3']");
    expect(valuesOf(once, names(0, 10_000), ['x', 'y'], ['d2'])).toEqual(['d0']);
    // d0 makes room for x while the event that holds both is counted, and comes in anew.
    expect(valuesOf(once, names(0, 10_000), ['x', 'd0'])).toEqual(['d0', 'd0']);
    // d0 and d1 have gone, so that they are counted from nothing again, and d2 has not.
    const anew = seen("count(value) == 1 && value in ['d0', 'd1']");
    expect(valuesOf(anew, names(0, 10_000), ['x', 'y'], ['d1', 'd0'])).toEqual(['d0', 'd1']);
    const again = seen("count(value) == 2 && value in ['d0', 'd1', 'd2']");
    expect(valuesOf(again, names(0, 10_000), ['x', 'y'], ['d2'], ['d0'])).toEqual(['d2']);
  });

  it('what is over leaves nothing behind but the names of its users', () => {
    const dictionary = new TextDictionary();
    const sessions = new SessionStage(
      { scalars: 0, keyed: 1 },
      dictionary,
      { sessionIdle: 5 * HOUR, sessionMax: DAY, maxEntities: 32, maxOpen: 16 },
      emptyCounters(),
      () => undefined,
    );
    const visit = (user: string, at: number) => {
      sessions.advance(at);
      const known = sessions.find(user, SESSION);
      const container = sessions.enter(user, SESSION, at, known);
      for (let i = 0; i < 20; i += 1) {
        sessions.bump(container, 0, dictionary.intern(`${user} value ${i}`));
      }
      sessions.spend(container, 0, `${user} spent`);
    };
    for (let i = 0; i < 30; i += 1) visit(`u${i}`, i * MINUTE);
    // Sixteen may be open: some were ended early, and what they held is gone with them.
    expect(dictionary.size).toBeLessThanOrEqual(30 + 16 * 21);
    sessions.advance(2 * DAY);
    expect(dictionary.size).toBe(30);
    for (let i = 0; i < 10; i += 1) visit(`v${i}`, 3 * DAY + i * MINUTE);
    sessions.finish();
    expect(dictionary.size).toBeLessThanOrEqual(32);
  });

  it('users are forgotten, longest silent first, and sessions ended only if that is not enough', () => {
    const one = player(always, { maxEntities: 32 });
    for (let i = 0; i < 32; i += 1) one.play(mail(i, { user: `u${i}` }));
    expect(one.sessions).toEqual([]);
    one.play(mail(40, { user: 'new' }));
    expect(one.sessions.map(({ user }) => user)).toEqual(['u0', 'u1']);
    expect(one.counters.evicted).toEqual({ 'open sessions': 2, users: 2 });
  });

  it('open sessions are ended early, longest silent first, when there are too many', () => {
    const one = player(always, { maxOpen: 32 });
    for (let i = 0; i < 32; i += 1) one.play(mail(i, { user: `u${i}` }));
    one.play(mail(32, { user: 'u0' }));
    expect(one.sessions).toEqual([]);
    one.play(mail(40, { user: 'new' }));
    expect(one.sessions.map(({ user }) => user)).toEqual(['u1', 'u2']);
    expect(one.counters.evicted).toEqual({ 'open sessions': 2 });
    // Their users are still known, and what was open and not silent goes on.
    one.play(mail(41, { user: 'u0' }));
    one.play(mail(42, { user: 'u1' }));
    expect(one.sessions).toHaveLength(2);
    one.loop.finish();
    const ids = one.sessions.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(one.sessions.filter(({ user }) => user === 'u0').map(({ events }) => events)).toEqual([
      3,
    ]);
  });
});
