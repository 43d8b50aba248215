/**
 * What is left of an expression when some things are known to be absent or to be zero: the tree with
 * those parts folded away. With alwaysConstant it tells that a rule can never fire.
 *
 * Invariant: for every event on which the assumptions hold, the folded tree has the value of the
 * original. What cannot be folded with certainty stays as it is.
 */
import { functionTable, type TypedNode } from '#engine';

/** What is known before any event. */
export interface Assumptions {
  /** Fields that are absent on the event. */
  readonly absent: ReadonlySet<string>;
  /** Fields that are absent on every event that session functions run over. */
  readonly absentInSession: ReadonlySet<string>;
  /** Rules that never fire. */
  readonly silentRules: ReadonlySet<string>;
  /** Models that are never trained. */
  readonly emptyModels: ReadonlySet<string>;
  /** The rule's own model is never trained. */
  readonly ownModelEmpty: boolean;
}

type Literal = Extract<TypedNode, { node: 'literal' }>;

const literal = (of: TypedNode, value: Literal['value']): Literal => ({
  node: 'literal',
  range: of.range,
  type: of.type,
  value,
});

/** Absence as a literal: false for a flag, NaN for a number, undefined for the rest. */
function absence(of: TypedNode): Literal {
  if (of.type === 'flag') return literal(of, false);
  if (of.type === 'number') return literal(of, Number.NaN);
  return literal(of, undefined as never);
}

function isAbsence(node: TypedNode): boolean {
  return node.node === 'literal' && (node.value === undefined || Number.isNaN(node.value));
}

const isFalse = (node: TypedNode): boolean => node.node === 'literal' && node.value === false;

const countsOfModel = new Set(['n', 'num_bins', 'num_observations', 'confidence_factor']);

/** The tree under the assumptions; see above. */
export function reduced(node: TypedNode, given: Assumptions): TypedNode {
  switch (node.node) {
    case 'literal':
    case 'local':
      return node;
    case 'field':
      return given.absent.has(node.name) ? absence(node) : node;
    case 'variable':
      return given.ownModelEmpty && countsOfModel.has(node.name) ? literal(node, 0) : node;
    case 'list':
      return { ...node, items: node.items.map((item) => reduced(item, given)) };
    case 'not':
    case 'negate': {
      const operand = reduced(node.operand, given);
      return node.node === 'negate' && isAbsence(operand) ? absence(node) : { ...node, operand };
    }
    case 'binary': {
      const left = reduced(node.left, given);
      const right = reduced(node.right, given);
      const logical = node.operator === '&&' || node.operator === '||';
      if (!logical && (isAbsence(left) || isAbsence(right))) return absence(node);
      return { ...node, left, right };
    }
    case 'choose': {
      const test = reduced(node.test, given);
      const yes = reduced(node.yes, given);
      const no = reduced(node.no, given);
      if (test.node === 'literal') return test.value === true ? yes : no;
      return { ...node, test, yes, no };
    }
    case 'index': {
      const list = reduced(node.list, given);
      return isAbsence(list) ? absence(node) : { ...node, list, at: reduced(node.at, given) };
    }
    case 'each': {
      const list = reduced(node.list, given);
      return isAbsence(list) ? absence(node) : { ...node, list, body: reduced(node.body, given) };
    }
    case 'call':
      return reducedCall(node, given);
  }
}

function reducedCall(node: Extract<TypedNode, { node: 'call' }>, given: Assumptions): TypedNode {
  const kind = functionTable.get(node.function)?.kind;
  if (kind === 'session') {
    if (node.function === 'was_rule_fired') {
      const [rule] = node.args;
      const named = rule?.node === 'literal' ? String(rule.value) : '';
      return given.silentRules.has(named) ? literal(node, false) : node;
    }
    const args = node.args.map((arg) => reduced(arg, { ...given, absent: given.absentInSession }));
    const [first, second] = args;
    const nothing =
      (first !== undefined && (isAbsence(first) || isFalse(first))) ||
      (second !== undefined && isFalse(second));
    return nothing ? literal(node, 0) : { ...node, args };
  }
  const args = node.args.map((arg) => reduced(arg, given));
  if (node.function === 'observations') {
    const [model] = args;
    const named = model?.node === 'literal' ? String(model.value) : '';
    return given.emptyModels.has(named) ? literal(node, 0) : { ...node, args };
  }
  return args.some(isAbsence) ? absence(node) : { ...node, args };
}
