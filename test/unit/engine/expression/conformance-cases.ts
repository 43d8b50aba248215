/**
 * The official CEL conformance cases, each put to the expression module: what happened, in a word
 * that a list can be kept of. Nothing here knows the list.
 */
import type { Value } from '@bufbuild/cel-spec/cel/expr/value_pb.js';
import { getConformanceSuite, type IncrementalTest } from '@bufbuild/cel-spec/testdata/tests.js';
import {
  type ExpressionFault,
  type ExpressionScope,
  type ExpressionType,
  type ExpressionValue,
  evaluate,
  isAbsent,
  parseExpression,
} from '../../../../engine/expression/index.js';
import { compiledTree, evaluateHost } from './hosts.js';

/**
 * agrees: same value, or an error of CEL that is refused before it runs. differs: both give an
 * answer, not the same one. outside: needs something the language does not have.
 */
export interface Verdict {
  /** `file/section`. */
  readonly section: string;
  readonly name: string;
  readonly expression: string;
  readonly kind: 'agrees' | 'differs' | 'outside';
  /** What is missing, or how the answers differ. */
  readonly reason: string;
  /** What compiled code gave, where it ran; for people. */
  readonly got: ExpressionValue;
  /** Compiled code and interpreter gave the same. Always true where nothing ran. */
  readonly consistent: boolean;
}

const messages = 'protobuf messages and enums';
const undeclared = 'names that only a container would give';
const bigIntegers = 'integers past 2^53';
const mixedLists = 'lists of several types';

/** Names that bring functions with them. */
const namespaces: ReadonlySet<string> = new Set(['math', 'strings', 'cel', 'optional', 'base64']);

/** Words of the parser's faults in the words of this list. */
const words: ReadonlyMap<string, string> = new Map([
  ['byte texts', 'bytes'],
  ['unsigned numbers', 'unsigned integers'],
  ['null values', 'null'],
  ['maps', 'maps'],
  ['fields of fields', 'fields of values'],
  ['lists of lists', 'lists of lists'],
]);

const types: readonly ExpressionType[] = ['flag', 'number', 'text', 'texts', 'numbers', 'flags'];

/** A value of CEL as one of ours; a word for what it is when there is none. */
function ours(value: Value | undefined): { value: ExpressionValue } | { outside: string } {
  const kind = value?.kind;
  switch (kind?.case) {
    case 'boolValue':
    case 'stringValue':
    case 'doubleValue':
      return { value: kind.value };
    case 'int64Value': {
      const number = Number(kind.value);
      return Number.isSafeInteger(number) ? { value: number } : { outside: bigIntegers };
    }
    case 'listValue': {
      const items = kind.value.values.map(ours);
      const missing = items.find((item) => 'outside' in item);
      if (missing !== undefined && 'outside' in missing) return missing;
      const plain = items.map((item) => ('value' in item ? item.value : undefined));
      const [first] = plain;
      if (plain.some((item) => Array.isArray(item))) return { outside: 'lists of lists' };
      if (plain.some((item) => typeof item !== typeof first)) return { outside: mixedLists };
      return { value: plain as readonly string[] };
    }
    case 'bytesValue':
      return { outside: 'bytes' };
    case 'uint64Value':
      return { outside: 'unsigned integers' };
    case 'mapValue':
      return { outside: 'maps' };
    case 'nullValue':
      return { outside: 'null' };
    case 'typeValue':
      return { outside: 'types as values' };
    case 'objectValue':
    case 'enumValue':
      return { outside: messages };
    default:
      return { outside: 'unknown values' };
  }
}

function typeOf(value: ExpressionValue): ExpressionType {
  if (typeof value === 'string') return 'text';
  if (typeof value === 'number') return 'number';
  if (typeof value === 'boolean') return 'flag';
  const [first] = value as readonly unknown[];
  if (typeof first === 'number') return 'numbers';
  return typeof first === 'boolean' ? 'flags' : 'texts';
}

function same(a: ExpressionValue, b: ExpressionValue): boolean {
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, i) => Object.is(item, b[i]) || item === b[i]);
  }
  return a === b || (Number.isNaN(a) && Number.isNaN(b));
}

/** What the language lacks for the case, from the fault that its parser gave. */
function lacks({ code, message }: ExpressionFault, expression: string): string {
  const quoted = /`([^`]+)`/.exec(message)?.[1];
  switch (code) {
    case 'expression/unknown-function':
      return `function ${quoted}`;
    case 'expression/unknown-name':
      return quoted !== undefined && namespaces.has(quoted) ? `namespace ${quoted}` : undeclared;
    case 'expression/subset':
      return words.get(message.replace(/ are not part of this language$/, '')) ?? message;
    case 'expression/syntax':
      if (message.includes('`{`') || message.includes('found `{`')) return messages;
      if (message.includes('`?`')) return 'optional values';
      if (message.includes('iteration variable')) return 'faults of syntax';
      if (message.includes('``')) return 'quoted names';
      if (message.includes('`\f`')) return 'form feeds between words';
      if (!message.includes('before `.`')) return `syntax: ${message}`;
      return /(?:^|\s)\.\d/.test(expression) ? 'numbers that begin with a point' : messages;
    case 'expression/call':
      return quoted === 'trim' ? 'functions written as methods' : 'macros with two variables';
    case 'expression/empty-list':
      return 'empty lists';
    case 'expression/number':
      return bigIntegers;
    case 'expression/index':
      return 'computed positions';
    case 'expression/type':
      return message.includes('entries of a list') ? mixedLists : 'types that do not mix';
    default:
      return `${code}: ${message}`;
  }
}

/** Errors of CEL that are found here before anything runs. */
function refusedRightly({ code }: ExpressionFault, expected: string): boolean {
  if (code === 'expression/type') return true;
  return code === 'expression/unknown-name' && expected.includes('undeclared reference');
}

function verdictOf(section: string, test: IncrementalTest): Verdict {
  const { original, name } = test;
  const { expr, bindings, resultMatcher } = original;
  const base = { section, name, expression: expr, got: undefined, consistent: true };
  const outside = (reason: string): Verdict => ({ ...base, kind: 'outside', reason });

  const fields = new Map<string, ExpressionType>();
  const world: Record<string, ExpressionValue> = {};
  for (const [field, bound] of Object.entries(bindings)) {
    if (bound.kind.case !== 'value') return outside('unknown values');
    const mine = ours(bound.kind.value);
    if ('outside' in mine) return outside(mine.outside);
    if (!/^\w+$/.test(field)) return outside(undeclared);
    fields.set(field, typeOf(mine.value));
    world[field] = mine.value;
  }
  const expectsError = resultMatcher.case === 'evalError' || resultMatcher.case === 'anyEvalErrors';
  let wanted: ExpressionValue;
  if (!expectsError) {
    // Without a matcher a case means true.
    const value =
      resultMatcher.case === 'value'
        ? ours(resultMatcher.value)
        : resultMatcher.case === 'typedResult'
          ? resultMatcher.value.result === undefined
            ? { outside: 'types as values' }
            : ours(resultMatcher.value.result)
          : resultMatcher.case === undefined
            ? { value: true }
            : { outside: 'unknown values' };
    if ('outside' in value) return outside(value.outside);
    wanted = value.value;
  }
  const scope: ExpressionScope = {
    fields,
    variables: new Map(),
    tables: new Set(),
    rules: new Set(),
    models: new Set(),
    session: false,
  };
  const outcome = parseExpression(expr, scope, types);
  if (!outcome.ok) {
    const [first] = outcome.faults;
    if (first === undefined) throw new Error(`${expr} was refused without a fault`);
    const error = resultMatcher.case === 'evalError' ? resultMatcher.value.errors : [];
    const expected = error.map(({ message }) => message).join();
    if (expectsError && refusedRightly(first, expected)) {
      return { ...base, kind: 'agrees', reason: 'refused' };
    }
    return outside(lacks(first, expr));
  }
  const got = compiledTree(outcome.tree).run({ fields: world });
  const interpreted = evaluate(outcome.tree, evaluateHost({ fields: world })).value;
  const ran = { ...base, got, consistent: same(got, interpreted) };
  if (expectsError) {
    const reason =
      isAbsent(got) || got === false ? 'absent, not an error' : 'a value, not an error';
    return { ...ran, kind: 'differs', reason };
  }
  return same(got, wanted)
    ? { ...ran, kind: 'agrees', reason: '' }
    : { ...ran, kind: 'differs', reason: `not ${JSON.stringify(wanted)}` };
}

/** Every case of the suite in its order. */
export function conformanceVerdicts(): Verdict[] {
  return getConformanceSuite().suites.flatMap((file) =>
    file.suites.flatMap((section) =>
      section.tests.map((test) => verdictOf(`${file.name}/${section.name}`, test)),
    ),
  );
}
