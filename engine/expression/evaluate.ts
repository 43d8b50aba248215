import { functionEntry, guardedFunction } from './functions.js';
import { absentOf, type ExpressionValue, isAbsent } from './runtime.js';
import type { BinaryOperator, CallNode, TypedNode } from './tree.js';
import { children } from './walk.js';

/** Where the interpreter finds leaf values; what EmitHost is for emitted code. */
export interface EvaluateHost {
  /** A value of the field's type, or undefined when absent. */
  field(name: string): ExpressionValue;
  variable(name: string): ExpressionValue;
  /** Arguments in the order of the call; an absent one is undefined or NaN. */
  contextCall(node: CallNode, args: readonly ExpressionValue[]): ExpressionValue;
  sessionCall(node: CallNode): ExpressionValue;
}

/** One entry of a list that a macro went through. */
export interface EvaluatedItem {
  readonly item: ExpressionValue;
  readonly value: ExpressionValue;
}

/** A value for every node outside macro bodies. */
export interface Evaluation {
  readonly value: ExpressionValue;
  readonly values: ReadonlyMap<TypedNode, ExpressionValue>;
  /** Leaves that were absent, flags too (whose value is false). */
  readonly absent: ReadonlySet<TypedNode>;
  /** For each macro node the first entries of its list with the body's value. */
  readonly items: ReadonlyMap<TypedNode, readonly EvaluatedItem[]>;
}

const keptItems = 10;

type Locals = ReadonlyMap<string, ExpressionValue>;

function sameLists(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i]);
}

function equal(left: ExpressionValue, right: ExpressionValue): boolean {
  if (Array.isArray(left) && Array.isArray(right)) return sameLists(left, right);
  return left === right;
}

function arithmetic(operator: BinaryOperator, a: number, b: number): number {
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return a / b;
    default:
      return a % b;
  }
}

function compared(operator: BinaryOperator, a: string | number, b: string | number): boolean {
  switch (operator) {
    case '<':
      return a < b;
    case '<=':
      return a <= b;
    case '>':
      return a > b;
    default:
      return a >= b;
  }
}

function present(values: readonly ExpressionValue[]): ExpressionValue {
  return values.filter((value) => !isAbsent(value)) as ExpressionValue;
}

class Interpreter {
  readonly #host: EvaluateHost;
  readonly values = new Map<TypedNode, ExpressionValue>();
  readonly absent = new Set<TypedNode>();
  readonly items = new Map<TypedNode, readonly EvaluatedItem[]>();
  #bodies = 0;

  constructor(host: EvaluateHost) {
    this.#host = host;
  }

  run(node: TypedNode, locals: Locals): ExpressionValue {
    const value = this.#value(node, locals);
    if (this.#bodies === 0) this.values.set(node, value);
    return value;
  }

  /** A value from outside, in the form that stands for absence in its type. */
  #given(node: TypedNode, value: ExpressionValue): ExpressionValue {
    if (!isAbsent(value)) return value;
    if (this.#bodies === 0) this.absent.add(node);
    return absentOf(node.type);
  }

  #value(node: TypedNode, locals: Locals): ExpressionValue {
    switch (node.node) {
      case 'literal':
        return node.value;
      case 'field':
        return this.#given(node, this.#host.field(node.name));
      case 'variable':
        return this.#given(node, this.#host.variable(node.name));
      case 'local':
        return locals.get(node.name);
      case 'list':
        return present(node.items.map((item) => this.run(item, locals)));
      case 'not':
        return this.run(node.operand, locals) !== true;
      case 'negate':
        return -(this.run(node.operand, locals) as number);
      case 'binary':
        return this.#binary(
          node.operator,
          this.run(node.left, locals),
          this.run(node.right, locals),
        );
      case 'choose': {
        const test = this.run(node.test, locals);
        const yes = this.run(node.yes, locals);
        const no = this.run(node.no, locals);
        return test === true ? yes : no;
      }
      case 'index': {
        const list = this.run(node.list, locals) as readonly ExpressionValue[] | undefined;
        const at = this.run(node.at, locals) as number;
        return this.#given(node, list?.[at]);
      }
      case 'call': {
        const args = node.args.map((arg) => this.run(arg, locals));
        const { kind } = functionEntry(node.function);
        if (kind === 'context') return this.#given(node, this.#host.contextCall(node, args));
        if (kind === 'session') return this.#given(node, this.#host.sessionCall(node));
        return guardedFunction(node.function)(...args);
      }
      case 'each':
        return this.#each(node, locals);
    }
  }

  #binary(
    operator: BinaryOperator,
    left: ExpressionValue,
    right: ExpressionValue,
  ): ExpressionValue {
    const absent = isAbsent(left) || isAbsent(right);
    switch (operator) {
      case '&&':
        return left === true && right === true;
      case '||':
        return left === true || right === true;
      case '==':
        return !absent && equal(left, right);
      case '!=':
        return !absent && !equal(left, right);
      case 'in':
        return !absent && (right as readonly unknown[]).includes(left);
      case '<':
      case '<=':
      case '>':
      case '>=':
        return !absent && compared(operator, left as number, right as number);
      case '+': {
        if (typeof left === 'number' && typeof right === 'number') return left + right;
        if (absent) return undefined;
        if (Array.isArray(left))
          return [...left, ...(right as readonly string[])] as ExpressionValue;
        return `${left as string}${right as string}`;
      }
      default:
        return arithmetic(operator, left as number, right as number);
    }
  }

  #each(node: Extract<TypedNode, { node: 'each' }>, locals: Locals): ExpressionValue {
    const list = this.run(node.list, locals) as readonly ExpressionValue[] | undefined;
    if (list === undefined) return absentOf(node.type);
    this.#bodies++;
    const bodies = list.map((item) => {
      const inner = new Map(locals).set(node.local, item);
      return this.run(node.body, inner);
    });
    this.#bodies--;
    if (this.#bodies === 0) {
      const kept = list.slice(0, keptItems).map((item, i) => ({ item, value: bodies[i] }));
      this.items.set(node, kept);
    }
    switch (node.macro) {
      case 'exists':
        return bodies.includes(true);
      case 'all':
        return bodies.every((value) => value === true);
      case 'exists_one':
        return bodies.filter((value) => value === true).length === 1;
      case 'filter':
        return list.filter((_, i) => bodies[i] === true) as ExpressionValue;
      case 'map':
        return present(bodies);
    }
  }
}

/**
 * Evaluates every part of the tree, without short-circuit, and keeps the values. Gives the value
 * that code made by `emit` gives. Never throws unless the host does.
 */
export function evaluate(tree: TypedNode, host: EvaluateHost): Evaluation {
  const interpreter = new Interpreter(host);
  const value = interpreter.run(tree, new Map());
  const { values, absent, items } = interpreter;
  return { value, values, absent, items };
}

/** Names of fields that were absent, in source order, each once. */
export function absentFields(evaluation: Evaluation): string[] {
  const names = new Set<string>();
  for (const node of evaluation.absent) if (node.node === 'field') names.add(node.name);
  return [...names];
}

function shortened(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}

function numberText(value: number): string {
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(6)));
}

function valueText(value: ExpressionValue): string {
  if (value === undefined || isAbsent(value)) return '«absent»';
  if (typeof value === 'number') return numberText(value);
  if (typeof value === 'string') return JSON.stringify(shortened(value, 60));
  if (typeof value === 'boolean') return String(value);
  const shown = value.slice(0, 5).map((item) => valueText(item));
  const rest = value.length - shown.length;
  return `[${shown.join(', ')}${rest > 0 ? `, … ${value.length} in all` : ''}]`;
}

interface Line {
  readonly text: string;
  readonly value: string;
}

const partWidth = 72;

function sourceText(source: string, node: TypedNode): string {
  const text = source.slice(node.range.start, node.range.end);
  return shortened(text.replace(/\s+/g, ' ').trim(), partWidth);
}

/** Parts worth a line of their own: a run of one logical operator counts as one node. */
function shownChildren(node: TypedNode): readonly TypedNode[] {
  if (node.node === 'binary' && (node.operator === '&&' || node.operator === '||')) {
    const sides: TypedNode[] = [];
    for (const side of [node.left, node.right]) {
      const continues = side.node === 'binary' && side.operator === node.operator;
      sides.push(...(continues ? shownChildren(side) : [side]));
    }
    return sides;
  }
  const parts = node.node === 'each' ? [node.list] : children(node);
  return parts.filter((part) => part.node !== 'literal');
}

/**
 * The expression with a value under every part, as several lines:
 *
 *     confidence_factor >= 0.8 && num_observations == 0   false
 *     ├ confidence_factor >= 0.8                          false
 *     │ └ confidence_factor                               0.42
 *     └ num_observations == 0                             true
 *       └ num_observations                                0
 *
 * Absent parts show «absent»; a macro shows its list's first entries with the body's value. Texts
 * of events are cut and quoted, so that no line break or control character gets through.
 *
 * @param source the text that the tree was parsed from
 */
export function renderExplanation(tree: TypedNode, source: string, evaluation: Evaluation): string {
  const lines: Line[] = [];
  const add = (node: TypedNode, first: string, rest: string) => {
    const missing = evaluation.absent.has(node);
    lines.push({
      text: first + sourceText(source, node),
      value: missing ? '«absent»' : valueText(evaluation.values.get(node)),
    });
    const parts = shownChildren(node);
    const items = evaluation.items.get(node) ?? [];
    const last = parts.length + items.length - 1;
    for (const [i, part] of parts.entries()) {
      add(part, `${rest}${i === last ? '└ ' : '├ '}`, `${rest}${i === last ? '  ' : '│ '}`);
    }
    if (node.node !== 'each') return;
    for (const [i, { item, value }] of items.entries()) {
      const branch = parts.length + i === last ? '└ ' : '├ ';
      const text = `${node.local} = ${valueText(item)}`;
      lines.push({ text: rest + branch + text, value: valueText(value) });
    }
  };
  add(tree, '', '');
  const width = Math.max(...lines.map(({ text }) => text.length)) + 3;
  return lines.map(({ text, value }) => text.padEnd(width) + value).join('\n');
}
