import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  alwaysConstant,
  canonical,
  collect,
  type ExpressionType,
  type ExpressionValue,
  emitTemplate,
  evaluate,
  fillTemplate,
  parseExpression,
  parseTemplate,
  renderExplanation,
  type TypedNode,
} from '../../engine/expression/index.js';
import {
  compiled,
  compiledTree,
  evaluateHost,
  scope,
  type World,
} from '../unit/engine/expression/hosts.js';

/** Sources of every type, from a grammar that only makes well-typed expressions. */
function sources() {
  const quoted = fc.constantFrom(
    "''",
    "'a)'",
    "'a'",
    '"b"',
    "'ab'",
    "'secret'",
    "'ceo@corp.example'",
    "r'a\\b'",
  );
  return fc.letrec<Record<ExpressionType, string>>((tie) => ({
    number: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      fc.constantFrom('0', '1', '2.5', '3', '1e3', 'MB', '0x10'),
      fc.constantFrom('bytes', 'bytes_in', 'hired', 'n', 'num_observations', 'time'),
      fc
        .tuple(fc.constantFrom('+', '-', '*', '/', '%'), tie('number'), tie('number'))
        .map(([op, a, b]) => `(${a} ${op} ${b})`),
      tie('number').map((a) => `(-${a})`),
      tie('number').map((a) => `abs(${a})`),
      fc.tuple(tie('number'), tie('number')).map(([a, b]) => `min(${a}, ${b})`),
      fc.tuple(tie('number'), tie('number')).map(([a, b]) => `max(${a}, ${b})`),
      tie('number').map((a) => `floor(${a})`),
      tie('text').map((a) => `size(${a})`),
      tie('texts').map((a) => `size(${a})`),
      tie('numbers').map((a) => `size(${a})`),
      tie('text').map((a) => `word_count(${a})`),
      tie('text').map((a) => `observations('EM-EXEC', ${a})`),
      fc
        .tuple(tie('flag'), tie('number'), tie('number'))
        .map(([t, a, b]) => `(${t} ? ${a} : ${b})`),
      fc.tuple(tie('numbers'), fc.nat(3)).map(([a, i]) => `${a}[${i}]`),
      fc.constantFrom('count(to_public)', 'sum(bytes)', 'distinct_count(recipients)'),
    ),
    text: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      quoted,
      fc.constantFrom('subject', 'sender', 'type', 'action', 'value'),
      fc.tuple(tie('text'), tie('text')).map(([a, b]) => `(${a} + ${b})`),
      fc.constantFrom('lower', 'upper', 'trim').chain((f) => tie('text').map((a) => `${f}(${a})`)),
      fc
        .constantFrom('size_text', 'duration_text', 'percent_text', 'time_text')
        .chain((f) => tie('number').map((a) => `${f}(${a})`)),
      fc.tuple(tie('flag'), tie('text'), tie('text')).map(([t, a, b]) => `(${t} ? ${a} : ${b})`),
      fc.tuple(tie('texts'), fc.nat(3)).map(([a, i]) => `${a}[${i}]`),
    ),
    texts: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      fc.constantFrom('recipients', 'attachments'),
      fc.array(tie('text'), { minLength: 1, maxLength: 3 }).map((items) => `[${items.join(', ')}]`),
      fc.tuple(tie('texts'), tie('texts')).map(([a, b]) => `(${a} + ${b})`),
      fc.tuple(tie('texts'), tie('flag')).map(([a, f]) => `${a}.filter(r, ${f} || r == subject)`),
      fc.tuple(tie('texts'), tie('text')).map(([a, t]) => `${a}.map(r, r + ${t})`),
      fc.tuple(tie('texts'), tie('text')).map(([a, t]) => `${a}.map(q, q != 'a', ${t})`),
    ),
    numbers: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      fc
        .array(tie('number'), { minLength: 1, maxLength: 3 })
        .map((items) => `[${items.join(', ')}]`),
      fc.tuple(tie('texts'), tie('number')).map(([a, n]) => `${a}.map(r, size(r) + ${n})`),
    ),
    flags: fc
      .array(tie('flag'), { minLength: 1, maxLength: 3 })
      .map((items) => `[${items.join(', ')}]`),
    flag: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      fc.constantFrom('true', 'false', 'to_public', 'to_personal', "was_rule_fired('EM-UD-F')"),
      fc
        .tuple(fc.constantFrom('==', '!=', '<', '<=', '>', '>='), tie('number'), tie('number'))
        .map(([op, a, b]) => `(${a} ${op} ${b})`),
      fc
        .tuple(fc.constantFrom('==', '!=', '<', '<=', '>', '>='), tie('text'), tie('text'))
        .map(([op, a, b]) => `(${a} ${op} ${b})`),
      fc
        .tuple(fc.constantFrom('==', '!='), tie('texts'), tie('texts'))
        .map(([op, a, b]) => `(${a} ${op} ${b})`),
      fc
        .tuple(fc.constantFrom('==', '!='), tie('flag'), tie('flag'))
        .map(([op, a, b]) => `(${a} ${op} ${b})`),
      fc
        .tuple(fc.constantFrom('&&', '||'), tie('flag'), tie('flag'))
        .map(([op, a, b]) => `(${a} ${op} ${b})`),
      tie('flag').map((a) => `!${a}`),
      fc.tuple(tie('flag'), tie('flag'), tie('flag')).map(([t, a, b]) => `(${t} ? ${a} : ${b})`),
      fc.tuple(tie('text'), tie('texts')).map(([a, b]) => `(${a} in ${b})`),
      fc.tuple(tie('number'), tie('numbers')).map(([a, b]) => `(${a} in ${b})`),
      fc.tuple(tie('flag'), tie('flags')).map(([a, b]) => `(${a} in ${b})`),
      fc.tuple(tie('flags'), fc.nat(3)).map(([a, i]) => `${a}[${i}]`),
      fc
        .tuple(fc.constantFrom('contains', 'startsWith', 'endsWith'), tie('text'), tie('text'))
        .map(([f, a, b]) => `${a}.${f}(${b})`),
      tie('text').map((a) => `${a}.matches('^[a-c]+$')`),
      tie('text').map((a) => `in_table('executives', ${a})`),
      tie('texts').map((a) => `any_in_table('extensions', ${a})`),
      tie('text').map((a) => `contains_any(${a}, 'keywords')`),
      fc
        .tuple(fc.constantFrom('exists', 'all', 'exists_one'), tie('texts'), tie('flag'))
        .map(([m, a, f]) => `${a}.${m}(r, ${f} || r == value)`),
      fc
        .tuple(fc.constantFrom('exists', 'all', 'exists_one'), tie('numbers'), tie('number'))
        .map(([m, a, n]) => `${a}.${m}(i, i >= ${n})`),
      fc
        .tuple(tie('texts'), tie('texts'), tie('flag'))
        .map(([a, b, f]) => `${a}.exists(r, ${b}.exists_one(q, q + 'x' == r + 'x' && ${f}))`),
      fc
        .tuple(tie('texts'), tie('text'), tie('flag'))
        .map(
          ([a, t, f]) => `${a}.exists(r, ['a', ${t}].exists_one(q, q + 'x' == r + 'x' && ${f}))`,
        ),
    ),
  }));
}

const grammar = sources();
const anySource = fc.oneof(
  grammar.flag,
  grammar.number,
  grammar.text,
  grammar.texts,
  grammar.numbers,
  grammar.flags,
);

const text = fc.constantFrom(
  '',
  'a',
  'b',
  'ab',
  'undefined',
  'secret',
  'A secret!',
  'CEO@corp.example',
  '\u{1f600}x',
);
const number = fc.oneof(
  fc.constantFrom(0, -0, 1, 2.5, 16, 1048576, -3, Number.NaN, Number.POSITIVE_INFINITY),
  fc.double({ noNaN: true }),
);
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 3 });
const world: fc.Arbitrary<World> = fc
  .record({
    fields: fc.record({
      bytes: maybe(number),
      bytes_in: maybe(number),
      hired: maybe(number),
      subject: maybe(text),
      sender: maybe(text),
      type: maybe(text),
      action: maybe(text),
      recipients: maybe(fc.array(text, { maxLength: 4 })),
      attachments: maybe(fc.array(text, { maxLength: 4 })),
      to_public: maybe(fc.boolean()),
      to_personal: maybe(fc.boolean()),
    }),
    variables: fc.record({
      n: maybe(number),
      num_observations: maybe(number),
      value: maybe(text),
      time: maybe(number),
    }),
    observed: fc.nat(3),
    counter: fc.nat(3),
    fired: fc.boolean(),
  })
  .map(({ fields, variables, observed, counter, fired }) => ({
    fields,
    variables,
    observations: { a: observed, secret: observed },
    session: (call: string): ExpressionValue => (call.includes('was_rule') ? fired : counter),
  }));

function parsed(source: string): TypedNode {
  const outcome = parseExpression(source, scope, [
    'flag',
    'flags',
    'number',
    'numbers',
    'text',
    'texts',
  ]);
  if (outcome.ok) return outcome.tree;
  // The grammar does not know that lists of the event may not be nested; nothing else may be wrong.
  fc.pre(!outcome.faults.every(({ code }) => code === 'expression/nested-list'));
  throw new Error(`${source}: ${JSON.stringify(outcome.faults)}`);
}

describe('expressions, for all sources and events', () => {
  it('compiled code and the interpreter give the same value', () => {
    fc.assert(
      fc.property(anySource, fc.array(world, { minLength: 1, maxLength: 5 }), (source, worlds) => {
        const tree = parsed(source);
        const { run } = compiledTree(tree);
        for (const one of worlds) {
          expect(run(one)).toStrictEqual(evaluate(tree, evaluateHost(one)).value);
        }
      }),
      { numRuns: 800 },
    );
  });

  it('a flag is always true or false, a number never undefined, a list never holds an absent item', () => {
    fc.assert(
      fc.property(anySource, world, (source, one) => {
        const tree = parsed(source);
        const value = compiledTree(tree).run(one);
        if (tree.type === 'flag') expect(value).toBeTypeOf('boolean');
        else if (tree.type === 'number') expect(value).toBeTypeOf('number');
        else if (tree.type === 'text') expect(['string', 'undefined']).toContain(typeof value);
        else if (value !== undefined) {
          expect(
            (value as unknown[]).some((item) => item === undefined || Number.isNaN(item)),
          ).toBe(false);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('every comparison with an absent field is false', () => {
    const operator = fc.constantFrom('==', '!=', '<', '<=', '>', '>=');
    fc.assert(
      fc.property(operator, grammar.number, grammar.text, world, (op, other, words, one) => {
        const absent: World = {
          ...one,
          fields: { ...one.fields, bytes: undefined, subject: undefined },
        };
        for (const source of [
          `bytes ${op} ${other}`,
          `${other} ${op} bytes`,
          `subject ${op} ${words}`,
          `${words} ${op} subject`,
          'bytes in [1, bytes, n]',
          `subject in [${words}, subject]`,
        ]) {
          expect(compiledTree(parsed(source)).run(absent)).toBe(false);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('what is called always true or always false is so', () => {
    fc.assert(
      fc.property(
        grammar.flag,
        fc.array(world, { minLength: 5, maxLength: 5 }),
        (source, worlds) => {
          const tree = parsed(source);
          const constant = alwaysConstant(tree);
          fc.pre(constant !== undefined);
          const { run } = compiledTree(tree);
          for (const one of worlds) expect(run(one)).toBe(constant);
        },
      ),
      { numRuns: 300, maxSkipsPerRun: 1000 },
    );
  });

  it('ranges lie inside each other, and the source of every part parses to the same meaning', () => {
    fc.assert(
      fc.property(anySource, (source) => {
        const check = (node: TypedNode, start: number, end: number) => {
          expect(node.range.start).toBeGreaterThanOrEqual(start);
          expect(node.range.end).toBeLessThanOrEqual(end);
          const isMacroPart = collectLocals(node).size > 0;
          if (!isMacroPart && node.node !== 'each') {
            const part = source.slice(node.range.start, node.range.end);
            expect(canonical(parsed(part))).toBe(canonical(node));
          }
          for (const child of Object.values(node)) {
            if (isNode(child)) check(child, node.range.start, node.range.end);
            else if (Array.isArray(child)) {
              for (const item of child)
                if (isNode(item)) check(item, node.range.start, node.range.end);
            }
          }
        };
        check(parsed(source), 0, source.length);
      }),
      { numRuns: 300 },
    );
  });

  it('white space, comments and redundant parentheses do not change the canonical text', () => {
    fc.assert(
      fc.property(grammar.flag, (source) => {
        const spaced = `( // note\n  (${source})\n\t)`;
        expect(canonical(parsed(spaced))).toBe(canonical(parsed(source)));
      }),
      { numRuns: 200 },
    );
  });

  it('an explanation has one line for the whole and a value on every line', () => {
    fc.assert(
      fc.property(anySource, world, (source, one) => {
        const tree = parsed(source);
        const lines = renderExplanation(tree, source, evaluate(tree, evaluateHost(one))).split(
          '\n',
        );
        expect(lines.length).toBeGreaterThan(0);
        for (const line of lines) expect(line).toMatch(/\S {3,}\S/);
      }),
      { numRuns: 300 },
    );
  });

  it('parsing any text gives a tree or located faults and never throws', () => {
    const pieces = fc.constantFrom(
      ...['bytes', 'subject', 'recipients', 'KB', '(', ')', '[', ']', '{', '}', '.', ',', '"', "'"],
      ...[
        'exists',
        'map(',
        '&&',
        '||',
        '!',
        '-',
        '==',
        '?',
        ':',
        ' ',
        '5',
        '5u',
        '0x',
        '1e',
        'null',
      ],
      ...['in_table(', "'executives'", 'b"x"', 'r"', '\\', '//', '\n', '`', '${', 'constructor'],
      ...['__proto__', 'has(', 'cel.bind(', 'int(', '[]', '{}', '\u2028', '\ud800', '"""', '$'],
    );
    const anyText = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.string({ unit: 'grapheme', maxLength: 60 }),
      fc.array(pieces, { maxLength: 30 }).map((list) => list.join('')),
    );
    fc.assert(
      fc.property(anyText, (source) => {
        for (const outcome of [
          parseExpression(source, scope, 'flag'),
          parseTemplate(source, scope),
        ]) {
          if (outcome.ok) continue;
          expect(outcome.faults.length).toBeGreaterThan(0);
          for (const { code, message, range } of outcome.faults) {
            expect(code).toMatch(/^expression\/[a-z-]+$/);
            expect(message).not.toBe('');
            expect(range.start).toBeGreaterThanOrEqual(0);
            expect(range.start).toBeLessThanOrEqual(range.end);
            expect(range.end).toBeLessThanOrEqual(source.length);
          }
        }
      }),
      { numRuns: 1500 },
    );
  });

  it('a template filled by code equals one filled by the interpreter', () => {
    fc.assert(
      fc.property(fc.array(anySource, { maxLength: 3 }), world, (list, one) => {
        const template = `from {{x}} ${list.map((source) => `{${source}} and `).join('')}.`;
        const outcome = parseTemplate(template, scope);
        for (const source of list) parsed(source);
        if (!outcome.ok) throw new Error(JSON.stringify(outcome.faults));
        const { run } = compiled((host) => emitTemplate(outcome.parts, host));
        expect(run(one)).toBe(fillTemplate(outcome.parts, evaluateHost(one)));
      }),
      { numRuns: 300 },
    );
  });

  it('collects exactly the fields that can change the value', () => {
    fc.assert(
      fc.property(grammar.flag, world, (source, one) => {
        const tree = parsed(source);
        const { fields } = collect(tree);
        const kept = Object.fromEntries(
          Object.entries(one.fields ?? {}).filter(([name]) => fields.has(name)),
        );
        const { run } = compiledTree(tree);
        expect(run({ ...one, fields: kept })).toStrictEqual(run(one));
      }),
      { numRuns: 200 },
    );
  });
});

function isNode(value: unknown): value is TypedNode {
  return typeof value === 'object' && value !== null && 'node' in value && 'range' in value;
}

function collectLocals(node: TypedNode): Set<string> {
  const found = new Set<string>();
  const visit = (value: unknown) => {
    if (Array.isArray(value)) value.forEach(visit);
    else if (isNode(value)) {
      if (value.node === 'local') found.add(value.name);
      Object.values(value).forEach(visit);
    }
  };
  visit(node);
  return found;
}
