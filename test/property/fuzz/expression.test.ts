import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  alwaysConstant,
  canonical,
  type ExpressionFault,
  emitTemplate,
  evaluate,
  fillTemplate,
  parseExpression,
  parseTemplate,
  renderExplanation,
} from '../../../engine/expression/index.js';
import {
  compiled,
  compiledTree,
  evaluateHost,
  scope,
  type World,
} from '../../unit/engine/expression/hosts.js';
import { expectCleanPrototypes, fuzzed, nastyTexts, untilStopped } from './watch.js';

/** Expressions of one run; each is a case. */
const EXPRESSIONS = 40;

const right = [
  'true',
  "subject == 'a'",
  'bytes > 5 * MB && to_public',
  "!(to_public || subject != 'b') && bytes_in < 3e5",
  "recipients.exists(r, r == sender || r.endsWith('.example'))",
  "recipients.filter(r, r != 'a').map(r, lower(r) + 'x').all(q, size(q) > 1)",
  "attachments.exists_one(a, a.matches('^[a-c]+$'))",
  "subject.matches('(?i)project [a-z]+') ? bytes > 1 : n >= 5",
  "in_table('executives', sender) && !any_in_table('extensions', attachments)",
  "contains_any(subject, 'keywords') || value in ['a', 'b', subject]",
  'count(to_public) > 2 && sum_if(bytes, to_personal) > 5 * MB',
  "was_rule_fired('EM-UD-F') && distinct_count(recipients) < 4",
  "observations('EM-EXEC', subject) == 0 && confidence_factor >= 0.8",
  'time - first_seen < 7 * DAY && active_days <= 0x10',
  'abs(bytes - 5) < max(1, min(n, 2.5)) && floor(bytes / 3) % 2 == 0',
  "size(subject) > 3 && word_count(trim(upper(subject))) == 1 && subject.contains('x')",
  '[1, 2.5, n][0] == 1 && size(recipients) == size([subject, sender])',
  "r'a\\b' == subject || '\\u00e9\\n' < subject",
];

const templates = [
  '{user} mailed {size_text(bytes)}',
  'from {sender} to {recipients} on {time_text(time)} {{x}}',
  '{subject}{percent_text(confidence_factor)}{duration_text(duration)}',
].map((template) => template.replace('{user}', '{sender}'));

const tokens = [
  ...'()[]{}.,?:!-+*/%<>=&|\'"`\\$#@;~^ \n\t0159'.split(''),
  ...['&&', '||', '==', '!=', '<=', '>=', '//', '/*', '..', '?.', '=>', '${', '{{', '"""', "r'"],
  ...['true', 'null', 'in', 'has(', 'cel.bind(', 'size(', 'dyn(', 'type(', 'int(', 'uint(', 'map('],
  ...['1e999', '-0', '0x', '1e', '5u', '9223372036854775808', '.5', '5.', '1..2', 'b"x"'],
  ...['bytes', 'subject', 'recipients', 'value', 'r', 'to_public', 'KB', 'n', 'time'],
  ...["'executives'", "'nothing'", "'EM-UD-F'", "matches('(a+)+$')", "matches('[')", '(?=a)'],
  ...['__proto__', 'constructor', 'prototype', 'this', 'process', 'globalThis', 'arguments'],
  ...['exists(r,', 'all(r, true)', 'filter(r,', 'map(r, r,', 'exists_one(', 'count(', 'sum_if('],
];

const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const token = fc.constantFrom(...tokens, ...nastyTexts);
type Mutation = (text: string, other: string) => string;

const mutation: fc.Arbitrary<Mutation> = fc
  .record({
    p: place,
    q: place,
    put: token,
    length: fc.nat(12),
    how: fc.constantFrom('insert', 'replace', 'remove', 'repeat', 'splice', 'wrap', 'nest', 'cut'),
  })
  .map(({ p, q, put, length, how }): Mutation => {
    return (text, other) => {
      const from = Math.floor(p * (text.length + 1));
      const head = text.slice(0, from);
      const middle = text.slice(from, from + length);
      const rest = text.slice(from);
      switch (how) {
        case 'insert':
          return head + put + rest;
        case 'replace':
          return head + put + text.slice(from + length);
        case 'remove':
          return head + text.slice(from + length);
        case 'repeat':
          return head + middle.repeat(length) + rest;
        case 'splice':
          return head + other.slice(Math.floor(q * other.length));
        case 'wrap':
          return `(${text}) ${put} (${other})`;
        case 'nest':
          return '('.repeat(length) + text + ')'.repeat(length);
        default:
          return head;
      }
    };
  });

const mutated = (from: readonly string[]) =>
  fc
    .tuple(
      fc.constantFrom(...from),
      fc.constantFrom(...from),
      fc.array(mutation, { minLength: 1, maxLength: 3 }),
    )
    .map(([text, other, mutations]) =>
      mutations.reduce((changed, change) => change(changed, other).slice(0, 2000), text),
    );

const list = <T>(one: fc.Arbitrary<T>) =>
  fc.array(one, { minLength: EXPRESSIONS / 2, maxLength: EXPRESSIONS, size: 'max' });

const odd: World = {
  fields: {
    bytes: Number.POSITIVE_INFINITY,
    bytes_in: -0,
    hired: 8.64e15,
    subject: '\ud800__proto__',
    sender: 'ceo@corp.example',
    recipients: ['', '\0', 'a', 'a'],
    attachments: [],
    to_public: true,
    duration: 1e300,
  },
  variables: { n: 5, num_observations: 0, confidence_factor: 0.8, value: 'a', time: 1e12 },
  observations: { a: 3 },
  session: (call) => (call.includes('was_rule') ? true : 3),
};
const worlds: readonly World[] = [odd, {}];

function checkFaults(faults: readonly ExpressionFault[], source: string): void {
  expect(faults.length).toBeGreaterThan(0);
  for (const { code, message, range } of faults) {
    const isPlaced = range.start >= 0 && range.start <= range.end && range.end <= source.length;
    if (!/^expression\/[a-z-]+$/.test(code) || message === '' || !isPlaced) {
      throw new Error(`a fault is not located: ${JSON.stringify({ code, message, range })}`);
    }
  }
}

const anyType = ['flag', 'number', 'text', 'texts', 'numbers', 'flags'] as const;

/** Number of the sources that were right all the same. */
function hold(sources: readonly string[]): number {
  let accepted = 0;
  for (const source of sources) {
    const outcome = parseExpression(source, scope, anyType);
    if (!outcome.ok) {
      checkFaults(outcome.faults, source);
      continue;
    }
    accepted += 1;
    const { tree } = outcome;
    const constant = alwaysConstant(tree);
    const { run } = compiledTree(tree);
    for (const world of worlds) {
      const explained = evaluate(tree, evaluateHost(world));
      expect(run(world)).toEqual(explained.value);
      if (constant !== undefined) expect(explained.value).toBe(constant);
      expect(renderExplanation(tree, source, explained)).not.toBe('');
    }
    const again = parseExpression(`(${source}\n)`, scope, anyType);
    if (!again.ok || canonical(again.tree) !== canonical(tree)) {
      throw new Error(`${source} means something else in parentheses`);
    }
  }
  expectCleanPrototypes();
  return accepted;
}

describe('the expression language takes any source', { timeout: 600_000 }, () => {
  it('near to a right one: it is refused at a place, or code and interpreter agree', () => {
    let accepted = 0;
    fc.assert(
      fc.property(list(mutated(right)), (sources) => {
        untilStopped(() => {
          accepted += hold(sources);
        });
      }),
      fuzzed(500),
    );
    // Otherwise nothing but refusals would have been tried.
    expect(accepted).toBeGreaterThan(500);
  });

  it('of any pieces', () => {
    const pieces = fc.array(token, { maxLength: 25 }).map((all) => all.join(''));
    fc.assert(
      fc.property(list(pieces), (sources) => {
        untilStopped(() => {
          hold(sources);
        });
      }),
      fuzzed(150),
    );
  });

  it('inside a template', () => {
    fc.assert(
      fc.property(list(mutated([...templates, ...templates, ...right])), (sources) => {
        untilStopped(() => {
          for (const source of sources) {
            const outcome = parseTemplate(source, scope);
            if (!outcome.ok) {
              checkFaults(outcome.faults, source);
              continue;
            }
            const { run } = compiled((host) => emitTemplate(outcome.parts, host));
            for (const world of worlds) {
              expect(run(world)).toBe(fillTemplate(outcome.parts, evaluateHost(world)));
            }
          }
        });
        expectCleanPrototypes();
      }),
      fuzzed(100),
    );
  });
});
