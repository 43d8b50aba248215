import { describe, expect, it } from 'vitest';
import { hear, mail, pack, player, programOf, START } from './kit.js';

const session = { per: 'session' } as const;

describe('a rule without model', () => {
  it('fires on the events of its types at which its condition holds', () => {
    const program = programOf(pack({ big: { when: 'bytes > 5 * MB', events: ['out', 'failed'] } }));
    const mb = 1024 * 1024;
    const { fired } = hear(program, [
      mail(0, { bytes: 5 * mb }),
      mail(1, { bytes: 5 * mb + 1 }),
      mail(2, { bytes: 9 * mb }, 'failed'),
      mail(3, { bytes: 9 * mb }, 'web'),
      mail(4, {}),
    ]);
    expect(fired).toEqual(['big@1', 'big@2']);
  });

  it('says what it saw in its reason', () => {
    const program = programOf(
      pack({ r: { when: 'bytes > 0', reason: '{user} sent {bytes} to {domains}' } }),
    );
    const { triggers } = hear(program, [
      mail(0, { bytes: 2048, domains: ['a.example', 'b.example'] }),
    ]);
    expect(triggers[0]).toMatchObject({
      reason: 'ann sent 2 KB to a.example, b.example',
      user: 'ann',
      session: 1,
      score: 10,
      time: START,
      value: undefined,
      reading: undefined,
      late: false,
    });
  });

  it('with for_each looks at each distinct value and names the first that satisfies it', () => {
    const rule = { for_each: 'domains', when: "in_table('bad', value)", reason: 'to {value}' };
    const program = programOf(pack({ r: rule }, {}, { bad: ['b.example', 'c.example'] }));
    const { triggers } = hear(program, [
      mail(0, { domains: ['a.example', 'c.example', 'b.example'] }),
      mail(1, { domains: ['a.example'] }),
      mail(2, {}),
    ]);
    expect(triggers.map((trigger) => [trigger.value, trigger.reason])).toEqual([
      ['c.example', 'to c.example'],
    ]);
  });
});

describe('a table', () => {
  it('tells texts apart that differ in one letter, however often they come', () => {
    const rule = { for_each: 'domains', when: "in_table('bad', value)" };
    const names = ['bad', 'bed', 'bid'].map((start) => `${start}-partner-of-ours.example`);
    const program = programOf(pack({ r: rule }, {}, { bad: [names[1] as string] }));
    const mails = Array.from({ length: 9 }, (_, i) =>
      mail(i, { domains: [names[i % 3]] as string[] }),
    );
    expect(hear(program, mails).fired).toEqual(['r@1', 'r@4', 'r@7']);
  });
});

describe('once', () => {
  it('lets a rule fire a single time per session', () => {
    const program = programOf(pack({ r: { when: 'personal', once: session } }));
    const { fired } = hear(program, [
      mail(0),
      mail(1, { personal: true }),
      mail(2, { personal: true }),
      mail(2, { personal: true, user: 'bob' }),
      mail(302, { personal: true }),
      mail(303, { personal: true }),
    ]);
    expect(fired).toEqual(['r@1', 'r@2', 'r@302']);
  });

  it('with by lets it fire once for each value, and moves on to an unspent value of a list', () => {
    const rule = { for_each: 'domains', when: 'true', once: { ...session, by: 'value' } };
    const program = programOf(pack({ r: rule }));
    const { triggers } = hear(program, [
      mail(0, { domains: ['a', 'b'] }),
      mail(1, { domains: ['a', 'b'] }),
      mail(2, { domains: ['a', 'b'] }),
      mail(400, { domains: ['a'] }),
    ]);
    expect(triggers.map((trigger) => trigger.value)).toEqual(['a', 'b', 'a']);
  });

  it('with by does not fire where that expression is absent', () => {
    const program = programOf(pack({ r: { when: 'true', once: { ...session, by: 'subject' } } }));
    expect(hear(program, [mail(0), mail(1, { subject: 's' })]).fired).toEqual(['r@1']);
  });

  it('counts web events by the UTC day', () => {
    const program = programOf(pack({ r: { events: ['web'], once: { per: 'day' } } }));
    const at = (minutes: number) => mail(minutes, {}, 'web');
    // 09:00 + 14:59 is the last minute of the day.
    expect(hear(program, [at(0), at(899), at(900)]).fired).toEqual(['r@0', 'r@900']);
  });
});

describe('rules that know of others', () => {
  it('fires a dependant only with all its dependencies on the same event, whatever their names', () => {
    const program = programOf(
      pack({
        a: { when: 'true', depends_on: ['z'] },
        z: { when: 'bytes > 1' },
        m: { when: 'true', depends_on: ['a', 'z'] },
      }),
    );
    const { fired } = hear(program, [mail(0, { bytes: 2 }), mail(1, { bytes: 1 })]);
    expect(fired).toEqual(['z@0', 'a@0', 'm@0']);
  });

  it('answers was_rule_fired from earlier events of the session only', () => {
    const program = programOf(
      pack({ a: { when: 'bytes > 1' }, b: { when: "was_rule_fired('a')" } }),
    );
    const { fired } = hear(program, [
      mail(0, { bytes: 2 }),
      mail(1, { bytes: 2 }),
      mail(2),
      mail(2, { user: 'bob' }),
      mail(400),
    ]);
    expect(fired).toEqual(['a@0', 'a@1', 'b@1', 'b@2']);
  });

  it('lets rules ask about themselves and about each other', () => {
    const program = programOf(
      pack({
        a: { when: "!was_rule_fired('a')" },
        b: { when: "was_rule_fired('c') || bytes > 5" },
        c: { when: "was_rule_fired('b')" },
      }),
    );
    const { fired } = hear(program, [mail(0), mail(1, { bytes: 6 }), mail(2), mail(3)]);
    expect(fired).toEqual(['a@0', 'b@1', 'c@2', 'b@3', 'c@3']);
  });
});

describe('session functions', () => {
  const sums = {
    bytes: { when: 'sum(bytes) > 10' },
    personal: { when: 'sum_if(bytes, personal) > 10' },
    flagged: { when: 'count(personal) == 2' },
    subjects: { when: 'count(subject) == 2' },
    kinds: { when: 'distinct_count(domains) == 3' },
  };

  it('run over the session with this event, and start anew with the next', () => {
    const program = programOf(pack(sums));
    const { fired } = hear(program, [
      mail(0, { bytes: 6, personal: true, subject: 'x', domains: ['a', 'b', 'a'] }),
      mail(1, { bytes: 6, subject: 'y', domains: ['b'] }),
      mail(2, { bytes: 5, personal: true, subject: 'x', domains: ['b', 'c'] }),
      mail(400, { bytes: 6, personal: true, subject: 'x', domains: ['a'] }),
    ]);
    expect(fired).toEqual([
      'bytes@1',
      'bytes@2',
      'flagged@2',
      'kinds@2',
      'personal@2',
      'subjects@2',
    ]);
  });

  it("leave out events of types that are not the rule's", () => {
    const program = programOf(
      pack({
        all: { when: 'sum(bytes) > 10', events: ['out', 'failed'] },
        out: { when: 'sum(bytes) > 10' },
      }),
    );
    const { fired } = hear(program, [mail(0, { bytes: 6 }, 'failed'), mail(1, { bytes: 6 })]);
    expect(fired).toEqual(['all@1']);
  });

  it('ignore what is absent or not finite', () => {
    const program = programOf(pack({ r: { when: 'sum(bytes) == 3' } }));
    const { fired } = hear(program, [
      mail(0),
      mail(1, { bytes: Number.POSITIVE_INFINITY }),
      mail(2, { bytes: 3 }),
    ]);
    expect(fired).toEqual(['r@2']);
  });

  it('are absent for an event without user, where rules with once stay quiet and others fire', () => {
    const program = programOf(
      pack({
        sum: { when: 'sum(bytes) >= 0' },
        none: { when: '!(count(subject) >= 1)' },
        once: { when: 'true', once: session },
        plain: { when: 'bytes > 1' },
        seen: { when: 'first_seen <= time' },
      }),
    );
    const { fired, triggers, sessions } = hear(program, [mail(0, { user: undefined, bytes: 2 })]);
    expect(fired).toEqual(['none@0', 'plain@0']);
    expect(triggers.map(({ session: id, user }) => [id, user])).toEqual([
      [0, undefined],
      [0, undefined],
    ]);
    expect(sessions).toEqual([]);
  });

  it('are one counter for all rules that ask the same', () => {
    const program = programOf(
      pack({
        a: { when: 'sum(bytes) > 1' },
        b: { when: ' sum( bytes )  > 2 && count(personal) > 1' },
        c: { when: 'sum(bytes) > 3', events: ['out', 'failed'] },
      }),
    );
    expect(program.code.counters).toEqual({ scalars: 3, keyed: 0 });
  });
});

describe('entity facts', () => {
  it('first_seen is the first event of the kind of container, this one included', () => {
    const when = 'time - first_seen < 14 * DAY';
    const program = programOf(pack({ young: { when, events: ['out', 'web'] } }));
    const day = 1440;
    const { fired } = hear(program, [
      mail(0),
      mail(13 * day),
      mail(14 * day),
      mail(15 * day, {}, 'web'),
    ]);
    expect(fired).toEqual(['young@0', `young@${13 * day}`, `young@${15 * day}`]);
  });

  it('active_days counts earlier days with events of the kind', () => {
    const program = programOf(pack({ r: { when: 'active_days == 1', events: ['web'] } }));
    const day = 1440;
    const web = (minutes: number) => mail(minutes, {}, 'web');
    const { fired } = hear(program, [
      web(0),
      web(1),
      mail(day),
      web(2 * day),
      web(2 * day + 1),
      web(3 * day),
    ]);
    expect(fired).toEqual([`r@${2 * day}`, `r@${2 * day + 1}`]);
  });
});

describe('membership of tables', () => {
  it('is told for each table and each value, however often they are asked', () => {
    // Alike in length and in the letters that a quick look takes: they share a place of the memory.
    const [known, alike] = ['abcdefghij', 'aZcdefghij'];
    const program = programOf(
      pack(
        {
          one: { for_each: 'domains', when: "in_table('first', value)" },
          two: { for_each: 'domains', when: "in_table('second', value)" },
          three: { for_each: 'domains', when: "in_table('third', value)" },
        },
        {},
        { first: [known], second: ['elsewhere.example'], third: [known, 'azcdefghij'] },
      ),
    );
    const asked = [[known], [known], [alike], [known], ['elsewhere.example'], [alike], ['']];
    const { fired } = hear(
      program,
      asked.map((domains, at) => mail(at, { domains })),
    );
    expect(fired).toEqual([
      ...['one@0', 'three@0', 'one@1', 'three@1', 'three@2', 'one@3', 'three@3'],
      ...['two@4', 'three@5'],
    ]);
  });
});

describe('membership of a text that was forgotten', () => {
  it('says nothing of the text that comes in its place', () => {
    const when = "in_table('bad', value) && count(value) == 1";
    const program = programOf(
      pack({ r: { for_each: 'domains', when } }, {}, { bad: ['b.example'] }),
    );
    const later = 24 * 60;
    const { fired } = hear(program, [
      mail(0, { domains: ['b.example'] }),
      mail(later, { domains: ['c.example'] }),
      mail(2 * later, { domains: ['b.example'] }),
    ]);
    expect(fired).toEqual(['r@0', `r@${2 * later}`]);
  });
});

describe('a rule that throws', () => {
  it('is counted with its first message and does not stop the stream or other rules', () => {
    const program = programOf(
      pack({ a: { when: 'true' }, b: { when: 'true' }, c: { when: 'true' } }),
    );
    const fail = () => {
      throw new Error('broken');
    };
    const rules = program.code.rules.map((rule) =>
      rule.id === 'b' ? { ...rule, alone: fail } : rule,
    );
    const types = program.code.types.map((type) => ({
      ...type,
      groups: type.groups.map((group) => ({ ...group, run: fail })),
    }));
    const { fired, counters } = hear({ ...program, code: { ...program.code, rules, types } }, [
      mail(0),
      mail(1),
    ]);
    expect(fired).toEqual(['a@0', 'c@0', 'a@1', 'c@1']);
    expect(counters.faults).toEqual({ b: 'broken (at 2024-01-08T09:00:00.000Z, lines 0)' });
  });
});

describe('values of the wrong type', () => {
  it('count as absent', () => {
    const program = programOf(
      pack({
        number: { when: 'bytes > 1' },
        list: { when: 'size(domains) > 0' },
        flag: { when: 'personal' },
      }),
    );
    const { fired, counters } = hear(program, [
      mail(0, { bytes: '9' as never, domains: 'abc' as never, personal: 'yes' as never }),
    ]);
    expect(fired).toEqual([]);
    expect(counters.faults).toEqual({});
  });
});

describe('an event whose time is no number', () => {
  it('is left out and counted', () => {
    const one = player(programOf(pack({ r: {} })));
    one.play({ at: Number.NaN, fields: { user: 'ann' } });
    expect(one.fired).toEqual([]);
    expect(one.counters.unbuilt).toEqual({ 'without time or type': 1 });
  });
});
