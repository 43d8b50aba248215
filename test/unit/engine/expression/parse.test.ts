import { describe, expect, it } from 'vitest';
import {
  canonical,
  collect,
  constants,
  type ExpressionScope,
  type ExpressionType,
  functionDocs,
  functionTable,
  limits,
  modelVariables,
  parseExpression,
  scopeVariables,
  type TypedNode,
} from '../../../../engine/expression/index.js';
import { scope } from './hosts.js';

function tree(source: string, expected: ExpressionType = 'flag', within = scope): TypedNode {
  const outcome = parseExpression(source, within, expected);
  if (!outcome.ok) throw new Error(`${source}: ${JSON.stringify(outcome.faults)}`);
  return outcome.tree;
}

/** Faults as `code «part of the source» message | hint`. */
function faults(
  source: string,
  expected: ExpressionType | readonly ExpressionType[] = 'flag',
  within: ExpressionScope = scope,
): string[] {
  const outcome = parseExpression(source, within, expected);
  if (outcome.ok) return [];
  return outcome.faults.map(({ code, message, range, hint }) => {
    const part = source.slice(range.start, range.end);
    return `${code} «${part}» ${message}${hint === undefined ? '' : ` | ${hint}`}`;
  });
}

describe('names of the library', () => {
  it('a field may be called bytes, type, duration or int, as nothing of the library is reachable', () => {
    const within: ExpressionScope = {
      ...scope,
      fields: new Map([
        ['bytes', 'number'],
        ['type', 'text'],
        ['duration', 'number'],
        ['int', 'number'],
        ['size', 'number'],
      ]),
    };
    const source = "bytes + duration + int + size > 5 && type == 'x' && size(type) == 1";
    expect([...collect(tree(source, 'flag', within)).fields]).toEqual([
      'bytes',
      'duration',
      'int',
      'size',
      'type',
    ]);
    expect(faults("timestamp('2024-01-01T00:00:00Z') == 1")).toEqual([
      'expression/unknown-function «timestamp» unknown function `timestamp`',
    ]);
    expect(faults('int(bytes) > 1')[0]).toContain('unknown function `int`');
    expect(faults('cel.bind(x, bytes, x > 1)')[0]).toContain('unknown name `cel`');
  });

  it('names of objects and prototypes are unknown names like any other', () => {
    for (const name of ['constructor', 'toString', 'hasOwnProperty', 'globalThis', 'process']) {
      expect(faults(`${name} == 'a'`)[0]).toContain(`unknown name \`${name}\``);
      expect(faults(`subject.${name}() == 'a'`)[0]).toContain(`unknown function \`${name}\``);
      expect(faults(`${name}(subject) == 'a'`)[0]).toContain(`unknown function \`${name}\``);
      expect(faults(`in_table('${name}', subject)`)[0]).toContain(`unknown table \`${name}\``);
    }
    expect(faults("__proto__ == 'a'")).toEqual([
      'expression/syntax «__proto__» `__proto__` is a reserved word',
    ]);
    expect(faults("subject.__proto__ == 'a'")[0]).toContain('fields of fields');
  });
});

describe('numbers', () => {
  it('are doubles whether written with a point or without', () => {
    expect(canonical(tree('5', 'number'))).toBe(canonical(tree('5.0', 'number')));
    expect(canonical(tree('0x10', 'number'))).toBe(canonical(tree('16', 'number')));
    expect(tree('size(recipients) == 5 && bytes / 2 > 1.5 && 7 % 4 == 3').type).toBe('flag');
  });

  it('constants stand for their values', () => {
    expect(canonical(tree('5 * MB', 'number'))).toBe(canonical(tree('5 * 1048576', 'number')));
    expect(constants.map(({ name, value }) => `${name}=${value}`).join(' ')).toBe(
      'KB=1024 MB=1048576 GB=1073741824 SECOND=1000 MINUTE=60000 HOUR=3600000 DAY=86400000 WEEK=604800000',
    );
  });

  it('too large to be exact are refused', () => {
    expect(tree('bytes == 9007199254740991').type).toBe('flag');
    expect(faults('bytes == 9007199254740992')).toEqual([
      'expression/number «9007199254740992» the number is too large to be exact',
    ]);
  });
});

describe('the shape of a tree', () => {
  it('follows the precedence of the operators', () => {
    const form = (source: string) => canonical(tree(source));
    expect(form("bytes + 1 * 2 > 3 && to_public || !to_personal && subject == 'a'")).toBe(
      form("((bytes + (1 * 2)) > 3 && to_public) || ((!to_personal) && (subject == 'a'))"),
    );
    expect(form('to_public ? to_personal : to_public || to_personal')).toBe(
      form('to_public ? to_personal : (to_public || to_personal)'),
    );
    expect(form('-bytes + 1 < 2')).toBe(form('((-bytes) + 1) < 2'));
    expect(form('bytes - 1 - 2 == 0')).not.toBe(form('bytes - (1 - 2) == 0'));
  });

  it('takes a range in with its parentheses, also where a text holds one', () => {
    const source = "to_public && (subject == ')(' || to_personal) && -(bytes) < 1";
    const outer = tree(source);
    if (outer.node !== 'binary' || outer.left.node !== 'binary') throw new Error('not a binary');
    const slice = (node: TypedNode) => source.slice(node.range.start, node.range.end);
    expect(slice(outer)).toBe(source);
    expect(slice(outer.left)).toBe("to_public && (subject == ')(' || to_personal)");
    expect(slice(outer.left.right)).toBe("subject == ')(' || to_personal");
    expect(slice(outer.right)).toBe('-(bytes) < 1');
  });

  it('makes a map with a condition into a filter and a map', () => {
    expect(canonical(tree("recipients.map(r, r != 'a', lower(r)) == ['b']"))).toBe(
      canonical(tree("recipients.filter(x, x != 'a').map(y, lower(y)) == ['b']")),
    );
  });

  it('has one canonical text for one meaning, and another for another', () => {
    expect(canonical(tree("recipients.exists(r, r == 'a')"))).toBe(
      canonical(tree('recipients . exists( q , q == "a" ) // same')),
    );
    expect(canonical(tree("recipients.exists(r, subject == 'a')"))).not.toBe(
      canonical(tree("recipients.exists(subject, subject == 'a')")),
    );
    expect(canonical(tree("recipients.exists(r, ['a', 'b'].exists(q, q == r))"))).not.toBe(
      canonical(tree("recipients.exists(r, ['a', 'b'].exists(q, q == q))")),
    );
  });

  it('names all it refers to, those inside session functions too', () => {
    const found = collect(
      tree(
        "sum_if(bytes, in_table('executives', sender)) > n && was_rule_fired('EM-UD-F') && observations('EM-EXEC', value) > 0 && count(to_public) + count( to_public ) > 1",
      ),
    );
    expect([...found.fields]).toEqual(['bytes', 'sender', 'to_public']);
    expect([...found.variables]).toEqual(['n', 'value']);
    expect([...found.tables]).toEqual(['executives']);
    expect([...found.models]).toEqual(['EM-EXEC']);
    expect([...found.rules]).toEqual(['EM-UD-F']);
    expect([...found.sessionCalls.values()].map((call) => call.function)).toEqual([
      'sum_if',
      'was_rule_fired',
      'count',
    ]);
  });
});

describe('faults', () => {
  it('name every unknown name at once, each at its place, with what was likely meant', () => {
    expect(
      faults("sujbect == 'a' && Bytes > kb && in_table('executive', sender) && siez(sender) > 1"),
    ).toEqual([
      'expression/unknown-name «sujbect» unknown name `sujbect` | did you mean `subject`?',
      'expression/unknown-name «Bytes» unknown name `Bytes` | did you mean `bytes`?',
      'expression/unknown-name «kb» unknown name `kb` | did you mean `KB`?',
      "expression/unknown-table «'executive'» unknown table `executive` | did you mean `executives`?",
      'expression/unknown-function «siez» unknown function `siez` | did you mean `size`?',
    ]);
  });

  it('suggest nothing where nothing is near', () => {
    expect(faults('zzzzzz > 1')).toEqual([
      'expression/unknown-name «zzzzzz» unknown name `zzzzzz`',
    ]);
  });

  it('name unknown rules, models and patterns', () => {
    expect(faults("was_rule_fired('EM-UD-X')")).toEqual([
      "expression/unknown-rule «'EM-UD-X'» unknown rule `EM-UD-X` | did you mean `EM-UD-F`?",
    ]);
    expect(faults("observations('EM-EXE', subject) > 0")).toEqual([
      "expression/unknown-model «'EM-EXE'» unknown model `EM-EXE` | did you mean `EM-EXEC`?",
    ]);
    expect(faults("subject.matches('(a')")[0]).toMatch(
      /^expression\/pattern «'\(a'» .*missing closing \)/,
    );
    expect(faults("subject.matches('(?=a)b')")[0]).toMatch(/^expression\/pattern /);
    expect(faults('in_table(subject, sender)')).toEqual([
      "expression/literal «subject» the table of `in_table` must be a quoted text | for example in_table('executives', user)",
    ]);
  });

  it('say which model a variable needs', () => {
    const within = { ...scope, variables: scopeVariables({}) };
    expect(faults('num_observations == 0', 'flag', within)).toEqual([
      'expression/unknown-name «num_observations» unknown name `num_observations` | `num_observations` needs a categorical `model`',
    ]);
    expect(faults("value == 'a'", 'flag', within)[0]).toContain(
      '`value` needs a `model` or `for_each`',
    );
  });

  it('point at the part of the wrong type and say what to write', () => {
    expect(faults('bytes')).toEqual([
      'expression/type «bytes» the expression needs a flag (true or false), not a number | compare it, such as `bytes > 0`',
    ]);
    expect(faults('to_public && (bytes + 1)')).toEqual([
      'expression/type «bytes + 1» `&&` needs a flag (true or false), not a number | compare it, such as `bytes + 1 > 0`',
    ]);
    expect(faults("recipients == 'a'")).toEqual([
      "expression/type «recipients == 'a'» `==` does not take a list of texts and text | write `'a' in recipients`",
    ]);
    expect(faults("'a' != recipients")[0]).toContain("write `!('a' in recipients)`");
    expect(faults('recipients > 3')[0]).toContain('write `size(recipients) > 3`');
    expect(faults("'a' in subject")[0]).toContain("write `subject.contains('a')`");
    expect(faults('recipients in recipients')[0]).toContain(
      'recipients.exists(x, x in recipients)',
    );
    expect(faults('subject.contains(bytes)')).toEqual([
      'expression/type «bytes» `contains` takes text here, not a number | text.contains(part: text): flag',
    ]);
    expect(faults('recipients.exists(r, size(r))')[0]).toContain('«size(r)» `exists` needs a flag');
    expect(faults('subject.exists(r, true)')).toEqual([
      'expression/type «subject» a list is needed here, not text',
    ]);
    expect(faults("to_public ? 1 : 'a'", 'number')).toEqual([
      "expression/type «to_public ? 1 : 'a'» both sides of `:` must have one type; these are a number and text",
    ]);
    expect(faults("bytes in [1, 'a']")).toEqual([
      "expression/type «'a'» the entries of a list must have one type",
    ]);
    expect(faults('-subject == 1')[0]).toContain('«-subject» `-` needs a number, not text');
    expect(faults('!(bytes)')[0]).toContain('«bytes» `!` needs a flag');
    expect(faults('subject[0] == 1')[0]).toContain('«subject» a list is needed here, not text');
    expect(faults('bytes', ['text', 'texts'])).toEqual([
      'expression/type «bytes» the expression is a number, not text or a list of texts',
    ]);
  });

  it('word slips of syntax for people who do not know CEL', () => {
    expect(faults('to_public and to_personal')).toEqual([
      'expression/syntax «and» unexpected `and` | write `&&` for "and"',
    ]);
    expect(faults('bytes = 3')).toEqual([
      'expression/syntax «=» unexpected `=` | write `==` to compare',
    ]);
    expect(faults('size(subject')).toEqual(['expression/syntax «» expected `)`, found the end']);
    expect(faults('bytes >')).toEqual(['expression/syntax «» a value is missing before the end']);
    expect(faults("subject == 'a")).toEqual(["expression/syntax «'a» unterminated string"]);
    expect(faults('  ')).toEqual(['expression/syntax «  » the expression is empty']);
    expect(faults('recipients.size() > 3')).toEqual([
      'expression/call «size» `size` is not called on a value but with it in parentheses | for example size(attachments) >= 5',
    ]);
    expect(faults("contains(subject, 'a')")[0]).toContain(
      "for example subject_core.contains('invoice')",
    );
    expect(faults('size() > 1')[0]).toContain('`size` takes 1 argument, not 0');
    expect(faults('exists(recipients)')[0]).toContain("for example recipients.exists(x, x == 'a')");
  });

  it('refuse what lies outside the language', () => {
    expect(faults('{1: 2} == {1: 2}')[0]).toContain('«{1: 2}» maps are not part of this language');
    expect(faults('null == null')[0]).toContain('null values');
    expect(faults("b'a' == b'a'")[0]).toContain('byte texts');
    expect(faults('5u == 5u')[0]).toContain('leave out the `u`');
    expect(faults('[[1]] == [[2]]')[0]).toContain('lists of lists');
    expect(faults('subject in []')[0]).toContain('an empty list has no type');
    expect(faults('has(subject.x)')[0]).toContain('a comparison with an absent field is false');
    expect(faults("recipients[n] == 'a'")).toEqual([
      'expression/index «n» a position must be a plain whole number | for example recipients[0]',
    ]);
    expect(faults('recipients.exists(r.x, true)')).toHaveLength(1);
  });

  it('allow session functions only where there is a session, over what every event has', () => {
    expect(faults('sum(bytes) > 1', 'flag', { ...scope, session: false })).toEqual([
      'expression/session «sum» `sum` is not allowed here: there is no session yet',
    ]);
    expect(faults('count(value) == 1 && sum(time - first_seen) > 1')).toEqual([]);
    expect(faults('count(num_observations == 0) > 1')[0]).toContain('«num_observations»');
    expect(faults('sum_if(bytes, count(to_public) > 1) > 1')[0]).toContain('«count(to_public)»');
    expect(faults("count(observations('EM-UD', subject) > 0) > 1")[0]).toContain('`observations`');
    expect(faults('recipients.exists(r, count(r) > 1)')[0]).toContain('`r` of a surrounding list');
    expect(faults("count(recipients.exists(r, r == 'a')) > 1")).toEqual([]);
  });

  it('refuse work that grows with the square of a list of the event', () => {
    const code = (source: string) => faults(source)[0]?.split(' ')[0];
    expect(faults('recipients.exists(r, r in attachments)')).toEqual([
      'expression/nested-list «r in attachments» this goes through a list of the event once for every entry of another list | inside exists, all, filter and map use lists that are written out, or a context table',
    ]);
    expect(code('recipients.exists(r, recipients.exists(q, q == r))')).toBe(
      'expression/nested-list',
    );
    expect(code("recipients.exists(r, any_in_table('executives', recipients))")).toBe(
      'expression/nested-list',
    );
    expect(code('recipients.exists(r, recipients == [r])')).toBe('expression/nested-list');
    expect(code("recipients.exists(r, r in ['a'] + attachments)")).toBe('expression/nested-list');
    expect(code("recipients.exists(r, r in (to_public ? ['a'] : attachments))")).toBe(
      'expression/nested-list',
    );
    expect(code("recipients.exists(r, r in (to_public ? ['a'] : ['b'] + ['c']))")).toBe(undefined);
    const inner = "['a'].exists(s, s == r)";
    expect(code(`['a'].exists(p, ['b'].exists(r, ${inner}))`)).toBe('expression/nested-list');
    expect(code(`recipients.exists(r, ${inner} && r in ['a', 'b'] && size(recipients) > 1)`)).toBe(
      undefined,
    );
    expect(code("recipients.filter(r, r != 'a').exists(r, r == 'b')")).toBe(undefined);
  });

  it('give a range in UTF-16 units after letters outside the basic plane', () => {
    const source = "subject == '\u{1f600}é' && nope";
    const outcome = parseExpression(source, scope, 'flag');
    if (outcome.ok) throw new Error('accepted');
    expect(outcome.faults[0]?.range).toEqual({ start: 20, end: 24 });
  });

  it('stop at limits instead of overflowing', () => {
    const codes = (source: string) => {
      const outcome = parseExpression(source, scope, 'flag');
      return outcome.ok ? [] : outcome.faults.map(({ code }) => code);
    };
    expect(codes('('.repeat(2000))).toEqual(['expression/limit']);
    expect(codes(`${'!'.repeat(3900)}true`)).toEqual(['expression/limit']);
    expect(codes(`${'-'.repeat(3900)}1`)).toEqual(['expression/limit']);
    expect(codes(Array(600).fill('true').join('&&'))).toEqual(['expression/limit']);
    expect(codes(`bytes in [${Array(limits.listItems + 1).fill('1')}]`)).toEqual([
      'expression/limit',
    ]);
    expect(codes(`subject == '${'x'.repeat(limits.length)}'`)).toEqual(['expression/limit']);
    expect(codes(Array(100).fill('to_public').join(' && '))).toEqual([]);
    expect(codes(`${'recipients.filter(r, '.repeat(180)}true${')'.repeat(180)}`)).toEqual([
      'expression/limit',
    ]);
  });
});

describe('the tables of names', () => {
  it('describe every function with an example that is a correct call', () => {
    const within: ExpressionScope = {
      fields: new Map<string, ExpressionType>([
        ...scope.fields,
        ['subject_core', 'text'],
        ['activity', 'text'],
        ['web_domain', 'text'],
        ['method', 'text'],
        ['user', 'text'],
        ['file_extensions', 'texts'],
        ['external_domains', 'texts'],
      ]),
      variables: scopeVariables({ model: 'categorical' }),
      tables: new Set(['executives', 'source_code_extensions', 'privacy_keywords']),
      rules: new Set(['EM-UD-F']),
      models: new Set(['EM-EXEC']),
      session: true,
    };
    const docs = functionDocs();
    expect(docs.map(({ name }) => name)).toEqual([...functionTable.keys()]);
    for (const { name, example, description, signature } of docs) {
      const outcome = parseExpression(example, within, ['flag', 'number', 'text']);
      expect(outcome, example).toMatchObject({ ok: true });
      if (outcome.ok) expect([...collect(outcome.tree).functions]).toContain(name);
      expect(description).toMatch(/\.$/);
      expect(signature).toContain(name);
    }
  });

  it('give a model of each kind its own variables and leave the rest out', () => {
    const names = (rule: Parameters<typeof scopeVariables>[0]) => [...scopeVariables(rule).keys()];
    expect(names({})).toEqual(['time', 'first_seen', 'active_days']);
    expect(names({ forEach: true })).toContain('value');
    expect(scopeVariables({ model: 'numerical' }).get('value')).toBe('number');
    expect(scopeVariables({ model: 'categorical' }).get('value')).toBe('text');
    expect(names({ model: 'numerical' })).not.toContain('num_bins');
    expect(names({ model: 'categorical' })).not.toContain('percentile_threshold_value');
    for (const { description } of modelVariables) expect(description).toMatch(/\.$/);
  });
});
