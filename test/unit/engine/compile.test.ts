import { describe, expect, it } from 'vitest';
import type { ContentPack } from '#content';
import { compile } from '../../../engine/compile.js';
import { hear, type ModelParts, mail, nobody, pack, programOf, type RuleParts } from './kit.js';

function faults(
  rules: Readonly<Record<string, RuleParts>>,
  models: Readonly<Record<string, ModelParts>> = {},
) {
  return compile([pack(rules, models)], nobody).diagnostics.map(
    ({ code, place, hint }) =>
      `${code} ${place.file.split('/').at(-1)} ${place.path.join('.')}${place.range ? ` ${place.range.start}-${place.range.end}` : ''}${hint ? ` (${hint})` : ''}`,
  );
}

describe('faults of content are diagnostics with their place', () => {
  it('for each expression of a rule', () => {
    expect(
      faults({
        a: { when: 'byte > 1' },
        b: { when: 'bytes', reason: 'sent {byts} of {bytes}' },
        c: { when: 'true', for_each: 'subject', once: { per: 'session', by: 'bytes' } },
      }),
    ).toEqual([
      expect.stringMatching(/^expression\/unknown-name a\.yaml when 0-4/),
      expect.stringMatching(/^expression\/type b\.yaml when 0-5/),
      expect.stringMatching(/^expression\/unknown-name b\.yaml reason 6-10/),
      expect.stringMatching(/^expression\/type c\.yaml for_each 0-7/),
      expect.stringMatching(/^expression\/type c\.yaml once\.by 0-5/),
    ]);
  });

  it('for each expression of a model', () => {
    const rules = { r: {} };
    expect(
      faults(rules, {
        A: { scope: 'bytes' },
        B: { feature: 'bytes' },
        C: { kind: 'numerical', feature: 'subject' },
        D: { train_if: 'n' },
        E: { scope: "in_table('x', user) ? 'a' : 'b'" },
      }),
    ).toEqual([
      expect.stringMatching(/^expression\/type A\.yaml scope/),
      expect.stringMatching(/^expression\/type B\.yaml feature/),
      expect.stringMatching(/^expression\/type C\.yaml feature/),
      expect.stringMatching(/^expression\/type D\.yaml train_if/),
      expect.stringMatching(/^expression\/unknown-table E\.yaml scope/),
    ]);
  });

  it('for names of models, rules and event types that do not exist, with the nearest that does', () => {
    expect(
      faults(
        {
          'EM-UD-F': { model: 'EM-UB', when: 'n > 0' },
          b: { events: ['outt'] },
          c: { depends_on: ['EM-UD-A'] },
          d: { when: "was_rule_fired('EM-UD-G')" },
        },
        { 'EM-UD': { trains_on: ['oud'] } },
      ),
    ).toEqual([
      'content/unknown-event-type EM-UD.yaml trains_on.0 (did you mean out?)',
      'rule/unknown-model EM-UD-F.yaml model (did you mean EM-UD?)',
      'content/unknown-event-type b.yaml events.0 (did you mean out?)',
      'rule/unknown-rule c.yaml depends_on.0 (did you mean EM-UD-F?)',
      expect.stringMatching(/^expression\/unknown-rule d\.yaml when/),
    ]);
  });

  it('for rules that depend on each other in a circle', () => {
    const outcome = compile(
      [pack({ a: { depends_on: ['b'] }, b: { depends_on: ['c'] }, c: { depends_on: ['a'] } })],
      nobody,
    );
    expect(outcome.ok).toBe(false);
    expect(outcome.diagnostics.map(({ code, message }) => [code, message])).toEqual([
      ['rule/dependency-cycle', 'rules depend on each other in a circle: a → b → c → a'],
    ]);
  });

  it('for a model and a list in one rule', () => {
    expect(faults({ r: { model: 'M', for_each: 'domains', when: 'n > 0' } }, { M: {} })).toContain(
      'rule/for-each-and-model r.yaml for_each',
    );
  });

  it('for session functions of what is not known when events are counted', () => {
    expect(faults({ r: { model: 'M', when: 'count(n > 1) > 1' } }, { M: {} })).toEqual([
      expect.stringMatching(/^expression\/session-argument r\.yaml when/),
    ]);
    expect(faults({ r: { model: 'M', when: "count(value == 'a') > 1" } }, { M: {} })).toEqual([
      expect.stringMatching(/^expression\/session-argument r\.yaml when/),
    ]);
    expect(
      faults(
        { r: { model: 'S', when: 'sum(value) > 1' } },
        { S: { kind: 'numerical', feature: 'sum(bytes)', trains_on: ['session-end'] } },
      ),
    ).toEqual([expect.stringMatching(/^expression\/session-argument r\.yaml when/)]);
  });

  it('for session-end models that want fields of an event or mix containers', () => {
    expect(
      faults(
        { r: {} },
        {
          A: { kind: 'numerical', feature: 'bytes', trains_on: ['session-end'] },
          B: { feature: 'user', trains_on: ['session-end', 'out'] },
          C: { feature: 'user', trains_on: ['session-end'], session_events: ['out', 'web'] },
        },
      ),
    ).toEqual([
      expect.stringMatching(/^model\/session-end-field A\.yaml feature 0-5/),
      'model/session-end B.yaml trains_on',
      'model/session-end C.yaml session_events',
    ]);
  });

  it('for scopes that ask other models, and for observations of a numerical one', () => {
    expect(
      faults(
        { r: { when: "observations('N', user) > 1" } },
        {
          M: { scope: "observations('M', user) > 1 ? 'a' : 'b'" },
          N: { kind: 'numerical', feature: 'bytes' },
        },
      ),
    ).toEqual(['model/scope M.yaml scope', 'expression/model-kind r.yaml when']);
  });

  it('for limits that cannot be', () => {
    expect(faults({ r: {} }, { A: { aging: 'soon' }, B: { max_bins: 1e9 } })).toEqual([
      'model/aging A.yaml aging',
      'model/max-bins B.yaml max_bins',
    ]);
  });

  it('for a condition of an event type, which knows parsed fields only', () => {
    const good = pack({ r: {} });
    const { out } = good.eventTypes;
    const bad: ContentPack = {
      ...good,
      eventTypes: { out: { ...out, when: "user == 'a'" } as never },
    };
    expect(compile([bad], nobody).diagnostics.map(({ place }) => place)).toEqual([
      {
        file: 'event-types.yaml',
        path: ['event_types', 'out', 'when'],
        range: { start: 0, end: 4 },
      },
    ]);
  });
});

describe('disabled rules', () => {
  it('are left out, and who depends on them is warned and never fires', () => {
    const outcome = compile(
      [
        pack({
          a: { enabled: false },
          b: { depends_on: ['a'] },
          c: { when: "!was_rule_fired('a')" },
        }),
      ],
      nobody,
    );
    expect(outcome.diagnostics.map(({ code, severity }) => [code, severity])).toEqual([
      ['rule/disabled-dependency', 'warning'],
    ]);
    if (!outcome.ok) throw new Error('warnings do not stop a program');
    expect(outcome.program.rules.map(({ id }) => id)).toEqual(['b', 'c']);
    expect(hear(outcome.program, [mail(0)]).fired).toEqual(['c@0']);
  });
});

describe('the event type of a record', () => {
  it('is the first in the order of content whose kind and condition fit', () => {
    const { code } = programOf(pack({ r: {} }));
    expect(code.buildType('mail', { direction: 'failed' })).toBe(0);
    expect(code.buildType('mail', { direction: 'x' })).toBe(1);
    expect(code.buildType('mail', { direction: 5 as never })).toBe(1);
    expect(code.buildType('web', {})).toBe(2);
    expect(code.buildType('login', {})).toBe(-1);
  });
});

describe('variants', () => {
  const base = {
    a: { when: 'bytes > 1' },
    b: { model: 'M', when: 'n > 0' },
    c: { when: "was_rule_fired('a')" },
    d: { depends_on: ['c'] },
  };
  const models = { M: {}, N: {} };

  it('share what is equal, white space apart', () => {
    const program = programOf(
      pack(base, models),
      pack({ ...base, a: { when: '( bytes >1 )' } }, models),
    );
    expect(program.rules.map(({ id, variants }) => [id, variants])).toEqual([
      ['a', [0, 1]],
      ['b', [0, 1]],
      ['c', [0, 1]],
      ['d', [0, 1]],
    ]);
  });

  it('split a rule that differs and all that refer to it, directly or not', () => {
    const program = programOf(
      pack(base, models),
      pack({ ...base, a: { when: 'bytes > 2' } }, models),
    );
    expect(program.rules.map(({ id, variants }) => [id, variants])).toEqual([
      ['a', [0]],
      ['a', [1]],
      ['b', [0, 1]],
      ['c', [0]],
      ['c', [1]],
      ['d', [0]],
      ['d', [1]],
    ]);
  });

  it('split a model that differs and the rules that read it', () => {
    const program = programOf(pack(base, models), pack(base, { ...models, M: { alpha: 2 } }));
    expect(program.models.map(({ id, variants }) => [id, variants])).toEqual([
      ['M', [0]],
      ['M', [1]],
      ['N', [0, 1]],
    ]);
    expect(program.rules.filter(({ id }) => id === 'b')).toHaveLength(2);
    expect(program.rules).toHaveLength(5);
  });

  it('split rules that refer to each other in a circle when one differs', () => {
    const circle = (bytes: number) =>
      pack({
        a: { when: "was_rule_fired('b') || bytes > 1" },
        b: { when: "was_rule_fired('c')" },
        c: { when: `was_rule_fired('a') && bytes > ${bytes}` },
      });
    expect(programOf(circle(1), circle(1)).rules).toHaveLength(3);
    expect(programOf(circle(1), circle(2)).rules).toHaveLength(6);
  });

  it('may leave rules out', () => {
    const program = programOf(pack(base, models), pack({ a: base.a }, models));
    expect(program.rules.find(({ id }) => id === 'a')?.variants).toEqual([0, 1]);
    expect(program.rules.find(({ id }) => id === 'b')?.variants).toEqual([0]);
  });

  it('must have the same fields, event types and tables', () => {
    const outcome = compile([pack(base, models), pack(base, models, { t: ['x'] })], nobody);
    expect(outcome.ok).toBe(false);
    expect(outcome.diagnostics.map(({ code }) => code)).toEqual(['content/variants-differ']);
  });
});

describe('the digest of a program', () => {
  const digest = (one: ContentPack, directory = nobody) => {
    const outcome = compile([one], directory);
    return outcome.ok ? outcome.program.digest : 'faulty';
  };

  it('is the same for the same content and another for any other', () => {
    const digests = [
      digest(pack({ a: {} })),
      digest(pack({ a: { when: 'bytes > 1' } })),
      digest(pack({ a: { score: 11 } })),
      digest(pack({ a: {} }, { M: {} })),
      digest(pack({ a: {} }, {}, { t: ['x'] })),
      digest(pack({ a: {} }), { internal_domains: ['corp.example'], people: [] }),
    ];
    expect(new Set(digests).size).toBe(digests.length);
    expect(digest(pack({ a: {} }))).toBe(digests[0]);
  });
});

describe('tables', () => {
  it("hold the directory's domains and executives beside the pack's members", () => {
    const outcome = compile([pack({ r: {} }, {}, { executives: ['z@corp.example'] })], {
      internal_domains: ['Corp.example'],
      people: [
        { user: 'a@corp.example', executive: true, aliases: ['chief@corp.example'] },
        { user: 'b@corp.example' },
      ],
    });
    if (!outcome.ok) throw new Error('faulty');
    const { tables } = outcome.program;
    expect(tables.members('executives')).toEqual([
      'a@corp.example',
      'chief@corp.example',
      'z@corp.example',
    ]);
    expect(tables.has('internal_domains', 'corp.example')).toBe(true);
    expect(tables.has('nothing', 'corp.example')).toBe(false);
  });
});
