/**
 * Checked expressions and reasons of the content as DuckDB SQL. What is not understood has no SQL,
 * so that a change of the content changes the SQL or takes it away, and never leaves a wrong one.
 *
 * Absent is NULL, and so is a comparison with it, which WHERE takes for false; only `!` has to say so.
 */
import {
  type CallNode,
  collect,
  type TemplatePart,
  type TypedNode,
} from '../../../engine/expression/index.js';
import type { Tables } from '../../../engine/tables.js';

export const OUT = 'dlp-email-alert-out';
export const FAILED = 'dlp-email-alert-out-failed';
/** Event types that mail of the world has. */
export const mailTypes = [OUT, FAILED] as const;
export type MailType = (typeof mailTypes)[number];

/** What an expression or a definition is not translated for. */
export class NoSql extends Error {}

/** Where the SQL of an expression finds what the tree only names. */
export interface SqlHost {
  readonly tables: Tables;
  /**
   * SQL of a field, a variable, or a call of a session function or of `observations`.
   *
   * @throws {NoSql} it is not there
   */
  leaf(node: Extract<TypedNode, { node: 'field' | 'variable' | 'call' }>): string;
}

/** Functions that expressions call, as DuckDB macros. */
export const macros: readonly string[] = [
  // One decimal at most. Bytes over powers of two have few digits, so rounding in binary is exact.
  `create or replace temp macro rounded(x) as replace(round(x, 1)::varchar, '.0', '')`,
  `create or replace temp macro size_text(x) as case
    when round(x) = 1 then '1 byte'
    when round(x) < 1024 then round(x)::bigint || ' bytes'
    when round(x / 1024e0, 1) < 1024 then rounded(x / 1024e0) || ' KB'
    when round(x / 1048576e0, 1) < 1024 then rounded(x / 1048576e0) || ' MB'
    else rounded(x / 1073741824e0) || ' GB' end`,
  `create or replace temp macro two_units(x, large, l, small, s) as
    x // large || l || case when x % large < small then '' else ' ' || x % large // small || s end`,
  `create or replace temp macro duration_text(x) as case
    when x >= 86400000 then two_units(x, 86400000, ' d', 3600000, ' h')
    when x >= 3600000 then two_units(x, 3600000, ' h', 60000, ' min')
    when x >= 60000 then two_units(x, 60000, ' min', 1000, ' s')
    when x >= 1000 then two_units(x, 1000, ' s', 1, ' ms')
    when x >= 1 then x || ' ms' else '0 s' end`,
  String.raw`create or replace temp macro word_count(x) as
    len(regexp_extract_all(x, '\S*[\p{L}\p{N}]\S*'))`,
  // Words with a space before and after each.
  String.raw`create or replace temp macro spaced(x) as
    ' ' || regexp_replace(lower(x), '[^\p{L}\p{N}\p{M}]+', ' ', 'g') || ' '`,
];

export const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;
export const named = (name: string): string => `"${name}"`;
/** Table of the members of a context table. */
export const memberTable = (table: string): string => `members_${table}`;

/** The parts of a condition that must all hold. */
export const conjuncts = (tree: TypedNode): TypedNode[] =>
  tree.node === 'binary' && tree.operator === '&&'
    ? [...conjuncts(tree.left), ...conjuncts(tree.right)]
    : [tree];

/** SQL of conditions that must all hold. */
export const allOf = (conditions: readonly string[]): string =>
  conditions.length === 0 ? 'true' : conditions.join(' and ');

/** Whether an expression asks for fields of the event and for nothing else. */
export function isOfFields(tree: TypedNode): boolean {
  const { variables, sessionCalls, models } = collect(tree);
  return variables.size + sessionCalls.size + models.size === 0;
}

const operators: Readonly<Record<string, string>> = {
  '==': '=',
  '!=': '<>',
  '<': '<',
  '<=': '<=',
  '>': '>',
  '>=': '>=',
  '+': '+',
  '-': '-',
  '*': '*',
  '/': '/',
  '&&': 'and',
  '||': 'or',
};

/** @throws {NoSql} some part is not understood */
export function sqlOf(tree: TypedNode, host: SqlHost): string {
  switch (tree.node) {
    case 'literal': {
      const { value } = tree;
      if (typeof value === 'string') return quoted(value);
      // With an exponent it is a double, as the engine's numbers are; without one a decimal.
      return typeof value === 'number' ? `${value}e0` : String(value);
    }
    case 'field':
    case 'variable':
      return host.leaf(tree);
    case 'not':
      return `((${sqlOf(tree.operand, host)}) is not true)`;
    case 'binary': {
      const operator = operators[tree.operator];
      const compared = tree.left.type;
      if (operator === undefined || compared === 'texts' || compared === 'numbers')
        throw new NoSql(`${tree.operator} of ${compared}`);
      return `(${sqlOf(tree.left, host)} ${operator} ${sqlOf(tree.right, host)})`;
    }
    case 'call':
      return callOf(tree, host);
    default:
      throw new NoSql(tree.node);
  }
}

function callOf(call: CallNode, host: SqlHost): string {
  const [first, second] = call.args as [TypedNode, TypedNode | undefined];
  switch (call.function) {
    case 'size':
      return `len(${sqlOf(first, host)})`;
    case 'word_count':
    case 'size_text':
      return `${call.function}(${sqlOf(first, host)})`;
    case 'duration_text':
      return `duration_text((${sqlOf(first, host)})::bigint)`;
    case 'in_table':
      return `(lower(${sqlOf(second as TypedNode, host)}) in (from ${memberTable(textOf(first))}))`;
    case 'contains_any': {
      const members = host.tables.members(textOf(second as TypedNode));
      return holdsPhrase(sqlOf(first, host), members.map(wordsOf));
    }
    case 'observations':
    case 'sum_if':
      return host.leaf(call);
    default:
      throw new NoSql(call.function);
  }
}

export function textOf(node: TypedNode): string {
  if (node.node !== 'literal' || typeof node.value !== 'string') throw new NoSql('no literal');
  return node.value;
}

/** The words of a phrase, which is nothing but words. */
function wordsOf(phrase: string): string[] {
  const words = phrase.match(/[\p{L}\p{N}\p{M}]+/gu);
  if (words === null || !/^[\p{L}\p{N}\p{M}\s._-]+$/u.test(phrase))
    throw new NoSql(`the phrase ${phrase}`);
  return words;
}

/**
 * Whether a text holds one of the phrases as whole words, whatever stands between them. Most texts do
 * not even hold a first word, which is found out ten times faster.
 */
function holdsPhrase(text: string, phrases: readonly (readonly string[])[]): string {
  const first = [...new Set(phrases.map(([word]) => word))].join('|');
  const whole = phrases.map((words) => words.join(' ')).join('|');
  return `(regexp_matches(lower(${text}), ${quoted(first)}) and regexp_matches(spaced(${text}), ${quoted(` (${whole}) `)}))`;
}

/** Numbers that are whole, so that a text of them needs no rounding. */
const counts = new Set(['n', 'num_bins', 'num_observations']);

/**
 * SQL of a filled reason. Texts are shown as they are: no cutting, no signs replaced, absent is ''.
 *
 * @throws {NoSql} some part is not understood
 */
export function reasonOf(parts: readonly TemplatePart[], host: SqlHost): string {
  const shown = parts.map((part) => {
    if (part.part === 'text') return quoted(part.text);
    const { tree, unit } = part;
    const sql = sqlOf(tree, host);
    if (unit === 'bytes') return `size_text(${sql})`;
    if (unit === 'milliseconds') return `duration_text((${sql})::bigint)`;
    const isCount = tree.node === 'variable' && counts.has(tree.name);
    if (unit === 'time' || !(isCount || tree.type === 'text'))
      throw new NoSql(`a reason with a ${unit ?? tree.type}`);
    return sql;
  });
  return `concat(${shown.join(', ')})`;
}
