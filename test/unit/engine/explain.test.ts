import { describe, expect, it } from 'vitest';
import {
  hear,
  type ModelParts,
  mail,
  type Played,
  pack,
  programOf,
  type RuleParts,
} from './kit.js';

/** Explanations of the last event. */
function explained(
  rules: Readonly<Record<string, RuleParts>>,
  events: readonly Played[],
  models: Readonly<Record<string, ModelParts>> = {},
  tables: Readonly<Record<string, readonly string[]>> = {},
) {
  const program = programOf(pack(rules, models, tables));
  const watched = new Set([events.length - 1]);
  const { explanations } = hear(program, events, { explain: watched });
  return explanations.map((one) => ({ ...one, id: program.rules[one.rule]?.id }));
}

const causes = (...input: Parameters<typeof explained>) =>
  Object.fromEntries(explained(...input).map(({ id, fired, cause }) => [id, fired || cause]));

describe('an explanation', () => {
  it('names what stood in the way', () => {
    const first = 'confidence_factor >= 0.8 && num_observations == 0';
    const rules: Record<string, RuleParts> = {
      fires: { when: 'bytes > 1' },
      absent: { when: "subject == 'x'" },
      scopeless: { model: 'G', when: 'n >= 0' },
      short: { model: 'M', when: first },
      threshold: { when: 'bytes > 100' },
      spent: { when: 'bytes > 1', once: { per: 'session' } },
      dependent: { when: 'true', depends_on: ['threshold'] },
    };
    expect(
      causes(
        rules,
        [mail(0, { bytes: 5, domains: ['a'] }), mail(1, { bytes: 5, domains: ['b'] })],
        {
          M: {},
          G: { scope: 'peer_group' },
        },
      ),
    ).toEqual({
      fires: true,
      absent: 'field absent',
      scopeless: 'field absent',
      short: 'model not converged',
      threshold: 'threshold not reached',
      spent: 'once already spent',
      dependent: 'dependency',
    });
  });

  it('tells a known value of a settled model from a model that is not settled', () => {
    const rules = { r: { model: 'M', when: 'confidence_factor >= 0.8 && num_observations == 0' } };
    const known = Array.from({ length: 6 }, (_, at) => mail(at, { domains: ['a'] }));
    expect(causes(rules, known, { M: {} })).toEqual({ r: 'threshold not reached' });
    expect(causes(rules, known.slice(0, 4), { M: {} })).toEqual({ r: 'model not converged' });
  });

  it('calls a numerical model without threshold not converged', () => {
    const rules = { r: { model: 'B', when: 'value > percentile_threshold_value' } };
    const models = { B: { kind: 'numerical' as const, feature: 'bytes', cut_off: 20 } };
    expect(causes(rules, [mail(0, { bytes: 1 })], models)).toEqual({ r: 'model not converged' });
  });

  it('shows numbers from before the event trained anything, and values under every part', () => {
    const [one] = explained(
      { r: { model: 'M', when: 'confidence_factor >= 0.8 && num_observations == 0' } },
      [mail(0, { domains: ['a'] }), mail(1, { domains: ['a'] })],
      { M: {} },
    );
    expect(one?.readings).toMatchObject([{ model: 'M', value: 'a', n: 1, num_observations: 1 }]);
    expect(one?.text.split('\n')).toEqual([
      expect.stringMatching(/^confidence_factor >= 0.8 && num_observations == 0 +false$/),
      expect.stringMatching(/^├ confidence_factor >= 0.8 +false$/),
      expect.stringMatching(/^│ └ confidence_factor +0$/),
      expect.stringMatching(/^└ num_observations == 0 +false$/),
      expect.stringMatching(/^ {2}└ num_observations +1$/),
    ]);
  });

  it('gives session functions, tables, facts and other models the values the rule saw', () => {
    const when =
      "sum_if(bytes, personal) > 100 && count(subject) > 9 && distinct_count(domains) > 9 && active_days > 9 && time - first_seen > DAY && observations('M', 'a') > 9 && was_rule_fired('s') && in_table('t', user)";
    const [one] = explained(
      {
        r: { when },
        s: { when: 'bytes == 5', events: ['out'] },
        z: { model: 'M', when: 'n > 99' },
      },
      [
        mail(0, { bytes: 5, personal: true, subject: 'x', domains: ['a', 'b'] }),
        mail(1, { bytes: 7, personal: true, subject: 'x', domains: ['a', 'c'] }),
      ],
      { M: {} },
      { t: ['ann'] },
    );
    const values = (one?.text ?? '')
      .split('\n')
      .map((line) => line.replace(/^[│├└ ]+/, '').split(/ {2,}/));
    const shown = Object.fromEntries(values);
    expect(shown).toMatchObject({
      'sum_if(bytes, personal)': '12',
      'count(subject)': '2',
      'distinct_count(domains)': '3',
      active_days: '0',
      'time - first_seen': '60000',
      "observations('M', 'a')": '1',
      "was_rule_fired('s')": 'true',
      "in_table('t', user)": 'true',
    });
  });

  it('goes through the values of a list, at most five', () => {
    const domains = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
    const [one] = explained({ r: { for_each: 'domains', when: "value == 'z'" } }, [
      mail(0, { domains }),
    ]);
    expect(one?.text.match(/^for .*/gm)).toEqual([
      'for "a"',
      'for "b"',
      'for "c"',
      'for "d"',
      'for "e"',
    ]);
  });

  it('names the absent field of a model that could not answer', () => {
    const [one] = explained({ r: { model: 'M', when: 'n > 0' } }, [mail(0)], { M: {} });
    expect(one?.text).toBe('nothing to look at: domains absent');
  });

  it('comes for watched lines only and changes no result', () => {
    const rules = {
      r: { model: 'M', when: 'num_observations == 1', once: { per: 'session' as const } },
    };
    const program = programOf(pack(rules, { M: {} }));
    const events = Array.from({ length: 6 }, (_, at) =>
      mail(at * 100, { domains: ['a', `b${at % 2}`] }),
    );
    const plain = hear(program, events);
    const watched = hear(program, events, { explain: new Set([1, 3]) });
    expect(watched.explanations).toHaveLength(2);
    expect(watched.triggers).toEqual(plain.triggers);
    expect(watched.sessions).toEqual(plain.sessions);
    expect(watched.explanations.map(({ fired }) => fired)).toEqual(
      [1, 3].map((at) => plain.fired.includes(`r@${at * 100}`)),
    );
  });
});
