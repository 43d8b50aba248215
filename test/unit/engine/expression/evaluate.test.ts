import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  absentFields,
  alwaysConstant,
  type ExpressionType,
  type ExpressionValue,
  emitTemplate,
  evaluate,
  fillTemplate,
  parseExpression,
  parseTemplate,
  renderExplanation,
  showValue,
  type TypedNode,
  tableFunction,
} from '../../../../engine/expression/index.js';
import { compiled, compiledTree, evaluateHost, scope, type World } from './hosts.js';

const types: readonly ExpressionType[] = ['flag', 'number', 'text', 'texts', 'numbers', 'flags'];

function tree(source: string): TypedNode {
  const outcome = parseExpression(source, scope, types);
  if (!outcome.ok) throw new Error(`${source}: ${JSON.stringify(outcome.faults)}`);
  return outcome.tree;
}

/** The value, by compiled code and by the interpreter, which must agree. */
function value(source: string, world: World = {}): ExpressionValue {
  const found = tree(source);
  const result = compiledTree(found).run(world);
  expect(evaluate(found, evaluateHost(world)).value).toStrictEqual(result);
  return result;
}

const mail: World = {
  fields: {
    bytes: 6 * 1024 * 1024,
    subject: 'Fwd: Date  of_birth list',
    sender: 'CEO@corp.example',
    recipients: ['a@x.example', 'b@y.example', 'a@x.example'],
    attachments: ['plan.ts', 'plan.pdf'],
    to_public: true,
  },
  variables: { n: 40, num_observations: 0, confidence_factor: 0.42, value: 'x.example' },
};

describe('absent values', () => {
  it('make every comparison false, != and in too, on either side', () => {
    for (const source of [
      'hired > 5',
      'hired <= 5',
      'hired == 5',
      'hired != 5',
      '5 != hired',
      'hired == hired',
      'hired != bytes_in',
      'hired == bytes_in',
      'hired in [1, 2]',
      'hired in [hired]',
      "action == 'a'",
      "action != 'a'",
      "'a' != action",
      'action == action',
      'action != type',
      'action == type',
      "action < 'z'",
      "action in ['a', 'b']",
      'action in recipients',
      "!(action in ['a']) && action != 'a'",
    ]) {
      expect(value(source, { fields: { recipients: ['a'] } }), source).toBe(false);
    }
    expect(value("'a' in recipients")).toBe(false);
    expect(value("recipients == ['a']")).toBe(false);
    expect(value("recipients != ['a']")).toBe(false);
  });

  it('make arithmetic and functions absent, and their flags false', () => {
    expect(value('hired')).toBeNaN();
    expect(value('hired + 1')).toBeNaN();
    expect(value('-hired')).toBeNaN();
    expect(value('min(hired, 1)')).toBeNaN();
    expect(value('size(recipients)')).toBeNaN();
    expect(value('size(action)')).toBeNaN();
    expect(value("action + 'x'")).toBeUndefined();
    expect(value('lower(action)')).toBeUndefined();
    expect(value('size_text(hired)')).toBeUndefined();
    expect(value('recipients[0]')).toBeUndefined();
    expect(value("action.contains('a')")).toBe(false);
    expect(value("'undefined'.contains(action)")).toBe(false);
    expect(value("action.matches('.*')")).toBe(false);
    expect(value("in_table('executives', action)")).toBe(false);
    expect(value("any_in_table('executives', recipients)")).toBe(false);
    expect(value("contains_any(action, 'keywords')")).toBe(false);
    expect(value("observations('EM-EXEC', action)")).toBeNaN();
    expect(value("observations('EM-EXEC', action) == 0")).toBe(false);
    expect(value('sum(bytes) >= 0')).toBe(false);
  });

  it('count as false for a flag, everywhere', () => {
    expect(value('to_public')).toBe(false);
    expect(value('!to_public')).toBe(true);
    expect(value('to_public == false')).toBe(true);
    expect(value("to_public ? 'yes' : 'no'")).toBe('no');
    expect(value('to_public in [false]')).toBe(true);
  });

  it('are false in every macro over an absent list, all among them', () => {
    for (const macro of ['exists', 'all', 'exists_one']) {
      expect(value(`recipients.${macro}(r, true)`), macro).toBe(false);
    }
    expect(value('recipients.filter(r, true)')).toBeUndefined();
    expect(value('recipients.map(r, r)')).toBeUndefined();
    expect(value('recipients.all(r, false)', { fields: { recipients: [] } })).toBe(true);
  });

  it('are left out of lists', () => {
    expect(value("['a', action, subject]", { fields: { subject: 's' } })).toEqual(['a', 's']);
    expect(value('size([hired, 1])')).toBe(1);
    expect(value('recipients.map(r, r + action)', { fields: { recipients: ['a'] } })).toEqual([]);
    expect(
      value("recipients.map(r, r == 'a' ? hired : 1)", { fields: { recipients: ['a', 'b'] } }),
    ).toEqual([1]);
  });

  it('come from division of nothing by nothing as well', () => {
    expect(value('0 / 0')).toBeNaN();
    expect(value('0 / 0 != 1')).toBe(false);
    expect(value('1 / 0 > 5')).toBe(true);
    expect(value('1 / 0 == 1 / 0')).toBe(true);
  });
});

describe('values', () => {
  it('follow from fields, variables, tables, models and sessions', () => {
    expect(value('bytes > 5 * MB && to_public', mail)).toBe(true);
    expect(value("subject.startsWith('Fwd:')", mail)).toBe(true);
    expect(value("in_table('executives', sender)", mail)).toBe(true);
    expect(value("contains_any(subject, 'keywords')", mail)).toBe(true);
    expect(value("any_in_table('extensions', ['TS'])", mail)).toBe(true);
    expect(value("attachments.exists(a, a.matches('\\\\.ts$'))", mail)).toBe(true);
    expect(value("recipients.exists_one(r, r == 'b@y.example')", mail)).toBe(true);
    expect(value("recipients.exists_one(r, r == 'a@x.example')", mail)).toBe(false);
    expect(value('recipients[1] == recipients[0]', mail)).toBe(false);
    expect(value('recipients[7]', mail)).toBeUndefined();
    expect(
      value("observations('EM-EXEC', value) == 3", { ...mail, observations: { 'x.example': 3 } }),
    ).toBe(true);
    expect(
      value('sum(bytes) > 3 && !was_rule_fired("EM-UD-F")', {
        session: (call) => (call.includes('was') ? false : 4),
      }),
    ).toBe(true);
  });

  it('read nested list variables by their own names', () => {
    expect(value("['a', 'b'].map(r, ['1', '2'].map(q, r + q)[1])")).toEqual(['a2', 'b2']);
    expect(value("['a', 'b'].filter(r, ['b', 'c'].exists(q, q == r))")).toEqual(['b']);
    expect(value("['a'].exists(r, ['b'].exists(r, r == 'b') && r == 'a')")).toBe(true);
  });

  it('count characters, not UTF-16 units', () => {
    expect(value("size('\u{1f600}é')")).toBe(2);
    expect(value("word_count('  re: -- Größe 42 ')")).toBe(3);
  });

  it('search whole words without regard to case', () => {
    const found = (text: string) =>
      tableFunction('contains_any', ['secret', 'date of birth', 'c++'])(text);
    expect(found('TOP SECRET!')).toBe(true);
    expect(found('secretary')).toBe(false);
    expect(found('date_of-BIRTH.xlsx')).toBe(true);
    expect(found('date of death, birth')).toBe(false);
    expect(found('uses c++ now')).toBe(true);
    expect(found('abc++')).toBe(false);
    expect(found('c')).toBe(false);
    expect(found('ｓｅｃｒｅｔ')).toBe(true);
    expect(found('')).toBe(false);
  });

  it('find each word of a list, whatever its first letters and what stands around it', () => {
    const letter = fc.constantFrom(...'abcxyz019', 'é');
    const word = fc.string({ unit: letter, minLength: 1, maxLength: 5 });
    const around = fc.string({ unit: fc.constantFrom(...'abz9 _-.é'), maxLength: 6 });
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 6 }), around, around, (words, a, b) => {
        const found = tableFunction('contains_any', words);
        for (const one of words) {
          for (const text of [one, `${a} ${one}-${b}`, `${a}${one}${b}`, `${a} ${b}`]) {
            const expected = text.split(/[ _.-]+/).some((piece) => words.includes(piece));
            expect(found(text.toUpperCase()), `${words.join()} in ${text}`).toBe(expected);
          }
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('search a hostile text for a hostile pattern in linear time', () => {
    const bomb = `${'a'.repeat(100_000)}!`;
    expect(value("subject.matches('^(a+)+$')", { fields: { subject: bomb } })).toBe(false);
  });
});

describe('text for reading', () => {
  it('shows sizes in binary units, rounded up into the next where it must', () => {
    const shown = (bytes: number) => value('size_text(bytes)', { fields: { bytes } });
    expect(shown(0)).toBe('0 bytes');
    expect(shown(1)).toBe('1 byte');
    expect(shown(1023)).toBe('1023 bytes');
    expect(shown(1024)).toBe('1 KB');
    expect(shown(4.9 * 1024 * 1024)).toBe('4.9 MB');
    expect(shown(1024 * 1024 - 1)).toBe('1 MB');
    expect(shown(-2048)).toBe('-2 KB');
    expect(shown(Number.POSITIVE_INFINITY)).toBeUndefined();
  });

  it('shows lengths of time in their two largest units', () => {
    const shown = (ms: number) => value('duration_text(duration)', { fields: { duration: ms } });
    expect(shown(0)).toBe('0 s');
    expect(shown(450)).toBe('450 ms');
    expect(shown(61_000)).toBe('1 min 1 s');
    expect(shown(26 * 3_600_000)).toBe('1 d 2 h');
    expect(shown(7 * 86_400_000)).toBe('7 d');
  });

  it('shows shares and moments', () => {
    expect(value('percent_text(0.934)')).toBe('93 %');
    expect(value('percent_text(0.997)')).toBe('99.7 %');
    expect(value('percent_text(1)')).toBe('100 %');
    expect(value('time_text(1704704400000)')).toBe('2024-01-08 09:00 UTC');
    expect(value('time_text(1e300)')).toBeUndefined();
  });
});

describe('generated code', () => {
  it('holds texts of content as literals only', () => {
    for (const hostile of [
      '"; throw 1; "',
      ['`$', '{1}`'].join(''),
      '</script>',
      "\\' + x",
      '\u2028',
      ['$', '{n}'].join(''),
      '*/',
    ]) {
      const quoted = `"${hostile.replace(/["\\]/g, '\\$&')}"`;
      const source = `subject == ${quoted} || ${quoted} in recipients || subject in [${quoted}]`;
      expect(value(source, { fields: { subject: hostile } })).toBe(true);
      expect(value(source, { fields: { subject: 'other' } })).toBe(false);
      const outcome = parseTemplate(`${hostile.replace(/[{}]/g, '$&$&')} {bytes}`, scope);
      if (!outcome.ok) throw new Error('refused');
      const { run } = compiled((host) => emitTemplate(outcome.parts, host));
      expect(run({ fields: { bytes: 1 } })).toBe(`${hostile} 1 byte`);
    }
  });

  it('never uses a list variable under its own name', () => {
    for (const name of [
      'arguments',
      'eval',
      'await',
      'Math',
      'fields',
      'k',
      'undefined',
      'class',
    ]) {
      expect(value(`['a'].exists(${name}, ${name} == 'a')`), name).toBe(true);
    }
  });

  it('stops at the first side that decides', () => {
    const asked: string[] = [];
    const world: World = {
      session: (call) => {
        asked.push(call);
        return 1;
      },
    };
    expect(compiledTree(tree('to_public && sum(bytes) > 0')).run(world)).toBe(false);
    expect(compiledTree(tree('!to_public || sum(bytes) > 0')).run(world)).toBe(true);
    expect(asked).toEqual([]);
  });

  it('is short where types leave no room for absence', () => {
    const code = (source: string) => compiledTree(tree(source)).code;
    expect(code('bytes > 5 * MB')).toBe('(fields.bytes > (5 * 1048576))');
    expect(code("subject == 'a'")).toBe('(fields.subject === "a")');
    expect(code("subject != 'a'")).toBe('(fields.subject !== undefined && fields.subject !== "a")');
    expect(code('bytes != 5')).toBe('(fields.bytes < 5 || fields.bytes > 5)');
    expect(code("recipients.exists(r, r == 'a')")).toBe(
      '(fields.recipients?.some(($0) => ($0 === "a")) === true)',
    );
  });
});

describe('an explanation', () => {
  it('shows a value under every part, absent ones as absent', () => {
    const source =
      'confidence_factor >= 0.8 &&\n  num_observations == 0 && (to_personal || bytes_in > 5 * MB)';
    const found = tree(source);
    expect(renderExplanation(found, source, evaluate(found, evaluateHost(mail)))).toBe(
      [
        'confidence_factor >= 0.8 && num_observations == 0 && (to_personal || by…   false',
        '├ confidence_factor >= 0.8                                                 false',
        '│ └ confidence_factor                                                      0.42',
        '├ num_observations == 0                                                    true',
        '│ └ num_observations                                                       0',
        '└ to_personal || bytes_in > 5 * MB                                         false',
        '  ├ to_personal                                                            «absent»',
        '  └ bytes_in > 5 * MB                                                      false',
        '    ├ bytes_in                                                             «absent»',
        '    └ 5 * MB                                                               5242880',
      ].join('\n'),
    );
  });

  it('shows what a macro saw, entry by entry, with hostile text on one line', () => {
    const source = "recipients.exists(r, r.endsWith('x'))";
    const found = tree(source);
    const world = { fields: { recipients: ['a\n\u001b[31m', 'bx'] } };
    expect(renderExplanation(found, source, evaluate(found, evaluateHost(world)))).toBe(
      [
        "recipients.exists(r, r.endsWith('x'))   true",
        '├ recipients                            ["a\\n\\u001b[31m", "bx"]',
        '├ r = "a\\n\\u001b[31m"                   false',
        '└ r = "bx"                              true',
      ].join('\n'),
    );
  });

  it('lists the fields that were absent', () => {
    const found = tree("hired > 1 && action == 'a' && bytes > 1 && hired < n && to_personal");
    const evaluation = evaluate(found, evaluateHost(mail));
    expect(absentFields(evaluation)).toEqual(['hired', 'action', 'to_personal']);
  });
});

describe('what is always true or always false', () => {
  const decided = (source: string) => alwaysConstant(tree(source));

  it('is found through constants, contradictions and tautologies', () => {
    expect(decided('1 > 2')).toBe(false);
    expect(decided('true || bytes > 1')).toBe(true);
    expect(decided('bytes > 1 && false')).toBe(false);
    expect(decided('bytes > 5 * MB && bytes < 3 * MB')).toBe(false);
    expect(decided('bytes > 5 && to_public && 5 >= bytes')).toBe(false);
    expect(decided("action == 'a' && action == 'b'")).toBe(false);
    expect(decided('size(recipients) < 0')).toBe(false);
    expect(decided('count(to_public) == -1')).toBe(false);
    expect(decided('bytes != bytes')).toBe(false);
    expect(decided('to_public && !to_public')).toBe(false);
    expect(decided('to_public || !to_public')).toBe(true);
    expect(decided("!('a' == 'a')")).toBe(false);
    expect(decided('recipients.exists(r, 1 > 2)')).toBe(false);
    expect(decided("'a' in ['a', 'b']")).toBe(true);
  });

  it('is not claimed where the event decides, absence included', () => {
    expect(decided('bytes > 5')).toBeUndefined();
    expect(decided('bytes >= 5 && bytes <= 5')).toBeUndefined();
    expect(decided('bytes == bytes')).toBeUndefined();
    expect(decided('bytes > 1 || bytes <= 1')).toBeUndefined();
    expect(decided('size(recipients) >= 0')).toBeUndefined();
    expect(decided('recipients.all(r, 1 > 2)')).toBeUndefined();
    expect(decided('recipients.all(r, true)')).toBeUndefined();
    expect(decided("action == 'a' || action == 'b'")).toBeUndefined();
  });
});

describe('a reason template', () => {
  const filled = (template: string, world: World = mail) => {
    const outcome = parseTemplate(template, scope);
    if (!outcome.ok) throw new Error(JSON.stringify(outcome.faults));
    const result = compiled((host) => emitTemplate(outcome.parts, host)).run(world);
    expect(fillTemplate(outcome.parts, evaluateHost(world))).toBe(result);
    return result;
  };

  it('shows whole numbers as they are, whatever their length', () => {
    const ends = [1, 9, 10, 99, 100, 999, 1000, 1001, 1009, 10_010, 999_999, 1_000_000, 1_234_567];
    for (const n of [0, -0, ...ends, ...ends.map((end) => -end), 2 ** 31, 2 ** 32 + 7, 2 ** 53]) {
      expect(filled('{n}', { variables: { n } })).toBe(String(n));
    }
  });

  it('shows each text as it is at the time', () => {
    for (const [sender, value, shown] of [
      ['a@x.example', 'pdf', 'a@x.example: pdf, pdf'],
      ['a@x.example', 'doc', 'a@x.example: doc, doc'],
      ['b@x.example', 'd\nc', 'b@x.example: d c, d c'],
      ['b@x.example', 'd\nc', 'b@x.example: d c, d c'],
      [undefined, undefined, 'unknown: unknown, unknown'],
      ['b@x.example', '', 'b@x.example: , '],
      ['pdf', 'b@x.example', 'pdf: b@x.example, b@x.example'],
    ] as const) {
      const world = { fields: { sender }, variables: { value } };
      expect(filled('{sender}: {value}, {value}', world)).toBe(shown);
    }
  });

  it('shows values by type and unit', () => {
    expect(filled('{sender} sent {bytes} ({n} earlier) to {recipients}, public: {to_public}')).toBe(
      'CEO@corp.example sent 6 MB (40 earlier) to a@x.example, b@y.example, a@x.example, public: yes',
    );
    expect(filled('{sum(bytes) - bytes}', { ...mail, session: () => 7 * 1024 * 1024 })).toBe(
      '1 MB',
    );
    expect(
      filled('{time - first_seen} since {first_seen}', {
        variables: { time: 1704704400000 + 90_000, first_seen: 1704704400000 },
      }),
    ).toBe('1 min 30 s since 2024-01-08 09:00 UTC');
    expect(
      filled('{confidence_factor} {percent_text(confidence_factor)} {action} {bytes / 7}'),
    ).toBe('0.42 42 % unknown 898779.43');
  });

  it('takes doubled braces as braces and braces in quoted text as text', () => {
    expect(filled("{{n}} is {n} {subject == '}' ? 'a' : '{b}'}")).toBe('{n} is 40 {b}');
    expect(filled('')).toBe('');
  });

  it('cuts and cleans what strangers wrote', () => {
    expect(showValue(`a\n\u001b[31m\u202eb`)).toBe('a  [31m b');
    expect(showValue('x'.repeat(500))).toHaveLength(120);
    expect(showValue(['a', 'b', 'c', 'd', 'e', 'f', 'g'])).toBe('a, b, c, d, e and 2 more');
    expect(showValue([])).toBe('none');
  });

  it('reports all faults at their place in the template', () => {
    const template = 'x {sujbect} y {bytes +} z } {';
    const outcome = parseTemplate(template, scope);
    if (outcome.ok) throw new Error('accepted');
    expect(outcome.faults.map(({ code, range }) => `${code} ${range.start}-${range.end}`)).toEqual([
      'expression/unknown-name 3-10',
      'expression/syntax 22-22',
      'expression/template 26-27',
      'expression/template 28-29',
    ]);
  });
});
