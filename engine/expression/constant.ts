import { evaluate } from './evaluate.js';
import { functionEntry } from './functions.js';
import type { ExpressionValue } from './runtime.js';
import type { BinaryOperator, TypedNode } from './tree.js';
import { canonical } from './walk.js';

/** Interval of numbers with open or closed ends. */
interface Interval {
  low: number;
  lowOpen: boolean;
  high: number;
  highOpen: boolean;
}

const nothingOutside = {
  field: () => undefined,
  variable: () => undefined,
  contextCall: () => undefined,
  sessionCall: () => undefined,
};

function hasLeaves(node: TypedNode): boolean {
  switch (node.node) {
    case 'literal':
      return false;
    case 'field':
    case 'variable':
    case 'local':
      return true;
    case 'list':
      return node.items.some(hasLeaves);
    case 'not':
    case 'negate':
      return hasLeaves(node.operand);
    case 'binary':
      return hasLeaves(node.left) || hasLeaves(node.right);
    case 'choose':
      return hasLeaves(node.test) || hasLeaves(node.yes) || hasLeaves(node.no);
    case 'index':
      return hasLeaves(node.list) || hasLeaves(node.at);
    case 'call':
      return functionEntry(node.function).kind !== 'pure' || node.args.some(hasLeaves);
    case 'each':
      // Its local counts as a leaf, so a macro is never folded; nobody writes one over literals.
      return true;
  }
}

/** The node's value where it is the same for every event, boxed; undefined where it may vary. */
function constantValue(node: TypedNode): { value: ExpressionValue } | undefined {
  return hasLeaves(node) ? undefined : { value: evaluate(node, nothingOutside).value };
}

const mirrored: Partial<Record<BinaryOperator, BinaryOperator>> = {
  '==': '==',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
};

/** A comparison as (what, operator, constant), whichever side the constant is on. */
function bound(
  node: TypedNode,
): { what: string; operator: BinaryOperator; value: ExpressionValue } | undefined {
  if (node.node !== 'binary' || mirrored[node.operator] === undefined) return undefined;
  const right = constantValue(node.right);
  if (right) return { what: canonical(node.left), operator: node.operator, value: right.value };
  const left = constantValue(node.left);
  if (!left) return undefined;
  const operator = mirrored[node.operator] as BinaryOperator;
  return { what: canonical(node.right), operator, value: left.value };
}

function narrowed(interval: Interval, operator: BinaryOperator, value: number): void {
  const atLeast = operator === '>' || operator === '>=' || operator === '==';
  const atMost = operator === '<' || operator === '<=' || operator === '==';
  const open = operator === '>' || operator === '<';
  if (atLeast && (value > interval.low || (value === interval.low && open))) {
    interval.low = value;
    interval.lowOpen = open;
  }
  if (atMost && (value < interval.high || (value === interval.high && open))) {
    interval.high = value;
    interval.highOpen = open;
  }
}

function isEmpty({ low, lowOpen, high, highOpen }: Interval): boolean {
  return low > high || (low === high && (lowOpen || highOpen));
}

function conjuncts(node: TypedNode): readonly TypedNode[] {
  return node.node === 'binary' && node.operator === '&&'
    ? [...conjuncts(node.left), ...conjuncts(node.right)]
    : [node];
}

/** Numbers that cannot be negative. */
const counting = new Set(['size', 'word_count', 'count', 'distinct_count', 'observations']);

function startInterval(what: string): Interval {
  const name = (JSON.parse(what) as unknown[])[0];
  const low = typeof name === 'string' && counting.has(name) ? 0 : Number.NEGATIVE_INFINITY;
  return { low, lowOpen: false, high: Number.POSITIVE_INFINITY, highOpen: false };
}

/** Whether no value can satisfy all parts: `n > 5 && n < 3`, `a == 'x' && a == 'y'`, `f && !f`. */
function contradict(parts: readonly TypedNode[]): boolean {
  const intervals = new Map<string, Interval>();
  const texts = new Map<string, ExpressionValue>();
  const asserted = new Set<string>();
  const denied = new Set<string>();
  for (const part of parts) {
    if (part.node === 'not') denied.add(canonical(part.operand));
    else asserted.add(canonical(part));
    const found = bound(part);
    if (!found) continue;
    const { what, operator, value } = found;
    if (typeof value === 'number') {
      const interval = intervals.get(what) ?? startInterval(what);
      intervals.set(what, interval);
      narrowed(interval, operator, value);
      if (isEmpty(interval)) return true;
    } else if (operator === '==' && typeof value !== 'object') {
      if (texts.has(what) && texts.get(what) !== value) return true;
      texts.set(what, value);
    }
  }
  for (const meaning of denied) if (asserted.has(meaning)) return true;
  return false;
}

function negated(value: boolean | undefined): boolean | undefined {
  return value === undefined ? undefined : !value;
}

function decided(node: TypedNode): boolean | undefined {
  const constant = constantValue(node);
  if (constant) return constant.value === true;
  switch (node.node) {
    case 'not':
      return negated(decided(node.operand));
    case 'choose': {
      const test = decided(node.test);
      if (test !== undefined) return decided(test ? node.yes : node.no);
      const yes = decided(node.yes);
      return yes === decided(node.no) ? yes : undefined;
    }
    case 'binary':
      return decidedBinary(node);
    case 'each':
      // Over an absent list every macro is false, so only false can be certain.
      return node.macro !== 'all' && decided(node.body) === false ? false : undefined;
    default:
      return undefined;
  }
}

function decidedBinary(node: Extract<TypedNode, { node: 'binary' }>): boolean | undefined {
  const { operator } = node;
  if (operator === '&&') {
    const sides = [decided(node.left), decided(node.right)];
    if (sides.includes(false) || contradict(conjuncts(node))) return false;
    return sides.every((side) => side === true) ? true : undefined;
  }
  if (operator === '||') {
    const sides = [decided(node.left), decided(node.right)];
    if (sides.includes(true)) return true;
    const excluded = (a: TypedNode, b: TypedNode) =>
      a.node === 'not' && canonical(a.operand) === canonical(b);
    if (excluded(node.left, node.right) || excluded(node.right, node.left)) return true;
    return sides.every((side) => side === false) ? false : undefined;
  }
  if (contradict([node])) return false;
  const same = canonical(node.left) === canonical(node.right);
  if (same && (operator === '!=' || operator === '<' || operator === '>')) return false;
  const absentSide = [node.left, node.right].some((side) => {
    const constant = constantValue(side);
    return constant !== undefined && side.type !== 'flag' && Number.isNaN(constant.value);
  });
  return absentSide ? false : undefined;
}

/**
 * Whether a flag expression is true, or false, whatever the event: `1 > 2`, `n > 5 && n < 3`,
 * `size(x) < 0`. Undefined when it depends on the event or cannot be told. Never wrong when it
 * answers, also for events whose fields are absent.
 */
export function alwaysConstant(tree: TypedNode): boolean | undefined {
  return tree.type === 'flag' ? decided(tree) : undefined;
}
