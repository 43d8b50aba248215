import { functionEntry } from './functions.js';
import type { CallNode, TypedNode } from './tree.js';

/** The parts of a node, in source order. */
export function children(node: TypedNode): readonly TypedNode[] {
  switch (node.node) {
    case 'literal':
    case 'field':
    case 'variable':
    case 'local':
      return [];
    case 'list':
      return node.items;
    case 'not':
    case 'negate':
      return [node.operand];
    case 'binary':
      return [node.left, node.right];
    case 'choose':
      return [node.test, node.yes, node.no];
    case 'index':
      return [node.list, node.at];
    case 'call':
      return node.args;
    case 'each':
      return [node.list, node.body];
  }
}

/** Calls `visit` for the node and all below it, parents first. */
export function walk(node: TypedNode, visit: (node: TypedNode) => void): void {
  visit(node);
  for (const child of children(node)) walk(child, visit);
}

type Form = string | number | boolean | readonly Form[];

function form(node: TypedNode, locals: readonly string[]): Form {
  switch (node.node) {
    case 'literal':
      return ['=', node.value];
    case 'local':
      return ['@', locals.lastIndexOf(node.name)];
    case 'field':
    case 'variable':
      return [node.node, node.name];
    case 'binary':
      return [node.operator, form(node.left, locals), form(node.right, locals)];
    case 'call':
      return [node.function, node.args.map((arg) => form(arg, locals))];
    case 'each':
      return [node.macro, form(node.list, locals), form(node.body, [...locals, node.local])];
    default:
      return [node.node, children(node).map((child) => form(child, locals))];
  }
}

/**
 * The expression's meaning as a text: equal for two expressions that differ only in white space,
 * comments, redundant parentheses, quoting, number spelling, constants written out, or the names
 * of macro variables.
 */
export function canonical(node: TypedNode): string {
  return JSON.stringify(form(node, []));
}

/** What an expression refers to. Arguments of session functions are included. */
export interface Collected {
  readonly fields: ReadonlySet<string>;
  readonly variables: ReadonlySet<string>;
  /** Session calls by their canonical text; `was_rule_fired` among them. */
  readonly sessionCalls: ReadonlyMap<string, CallNode>;
  readonly tables: ReadonlySet<string>;
  readonly models: ReadonlySet<string>;
  readonly rules: ReadonlySet<string>;
  /** Names of all functions called. */
  readonly functions: ReadonlySet<string>;
}

/** Gathers all names in one or more expressions, each set in order of first appearance. */
export function collect(...trees: readonly TypedNode[]): Collected {
  const fields = new Set<string>();
  const variables = new Set<string>();
  const sessionCalls = new Map<string, CallNode>();
  const named = { table: new Set<string>(), model: new Set<string>(), rule: new Set<string>() };
  const functions = new Set<string>();
  const visit = (node: TypedNode) => {
    if (node.node === 'field') fields.add(node.name);
    else if (node.node === 'variable') variables.add(node.name);
    else if (node.node === 'call') {
      functions.add(node.function);
      const entry = functionEntry(node.function);
      if (entry.kind === 'session') sessionCalls.set(canonical(node), node);
      const names = entry.literal?.names;
      if (entry.literal && names !== undefined && names !== 'pattern') {
        const literal = node.args[entry.literal.at];
        if (literal?.node === 'literal') named[names].add(String(literal.value));
      }
    }
  };
  for (const tree of trees) walk(tree, visit);
  return {
    fields,
    variables,
    sessionCalls,
    tables: named.table,
    models: named.model,
    rules: named.rule,
    functions,
  };
}
