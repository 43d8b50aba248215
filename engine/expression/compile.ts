import { functionEntry, guardedFunction } from './functions.js';
import { type ExpressionValue, isAbsent, patternFunction } from './runtime.js';
import type { CallNode, ExpressionType, TypedNode } from './tree.js';

/**
 * Typed tree to JavaScript source.
 *
 * Invariant: emitted code has no side effect, never throws, and agrees with evaluate.ts on every
 * input. Fields come raw: absent ones are undefined, numbers too. Most operators of JavaScript give
 * the wanted answer for undefined by themselves (`undefined > 5` is false, `undefined + 1` is NaN);
 * code for absence is added only where they do not (`===`, `!==`, text `+`, method calls) and only
 * where a side can be absent at all. Names and texts of content enter the code through
 * JSON.stringify or as hoisted constants, never as code.
 */

/**
 * Where emitted code finds its leaves. Every method returns the source of an expression that may be
 * repeated and evaluated in any order. Names that start with `$` belong to the emitted code.
 */
export interface EmitHost {
  /** A value of the field's type, or undefined when absent. A flag may be undefined too. */
  field(name: string): string;
  /** As for fields; an absent number may also be NaN. */
  variable(name: string): string;
  /**
   * A call of a context function. `args` are sources in the order of the call, the literal table or
   * model name included; an argument may be undefined, and then a flag must be false and a number
   * absent (NaN or undefined). See tableFunction for the functions that read tables.
   */
  contextCall(node: CallNode, args: readonly string[]): string;
  /** The counter's reading: a number, or for was_rule_fired a flag. */
  sessionCall(node: CallNode): string;
  /** Source of a reference to a value that is made once. Called with the same value more than once. */
  constant(value: unknown): string;
}

/**
 * How absence shows in a piece of code: never there, as NaN, or as undefined. Code of a flag is
 * always true or false, so never absent.
 */
type Absence = 'never' | 'nan' | 'undefined';

interface Code {
  readonly code: string;
  readonly absence: Absence;
}

function differentText(a: unknown, b: unknown): boolean {
  return a !== undefined && b !== undefined && a !== b;
}

function sameText(a: unknown, b: unknown): boolean {
  return a !== undefined && a === b;
}

function joinedText(a: string | undefined, b: string | undefined): string | undefined {
  return a === undefined || b === undefined ? undefined : a + b;
}

type List = readonly unknown[] | undefined;

function joinedLists(a: List, b: List): List {
  return a === undefined || b === undefined ? undefined : [...a, ...b];
}

function sameList(a: List, b: List): boolean {
  if (a === undefined || b === undefined || a.length !== b.length) return false;
  return a.every((item, i) => item === b[i]);
}

function differentList(a: List, b: List): boolean {
  return a !== undefined && b !== undefined && !sameList(a, b);
}

function presentItems(list: List): List {
  return list?.filter((item) => !isAbsent(item as ExpressionValue));
}

function exactlyOne(list: List, test: (item: unknown) => boolean): boolean {
  if (list === undefined) return false;
  let found = 0;
  for (const item of list) if (test(item)) found++;
  return found === 1;
}

const repeatable = /^[\w$]+(?:\.[\w$]+|\[\d+\])*$/;

function literalCode(value: string | number | boolean): string {
  if (typeof value === 'string') return JSON.stringify(value);
  // String keeps what JSON would turn into null; parentheses keep `- -5` apart.
  return typeof value === 'number' && !(value >= 0) ? `(${value})` : String(value);
}

function worse(a: Absence, b: Absence): Absence {
  if (a === 'undefined' || b === 'undefined') return 'undefined';
  return a === 'nan' || b === 'nan' ? 'nan' : 'never';
}

const isList = (type: ExpressionType) => type !== 'text' && type !== 'number' && type !== 'flag';

class Emitter {
  readonly #host: EmitHost;
  readonly #locals: { readonly name: string; readonly code: string }[] = [];

  constructor(host: EmitHost) {
    this.#host = host;
  }

  /** Code of a leaf whose value comes from outside. */
  #given(code: string, type: ExpressionType): Code {
    return type === 'flag'
      ? { code: `(${code} === true)`, absence: 'never' }
      : { code, absence: 'undefined' };
  }

  #call(operation: unknown, ...args: readonly Code[]): string {
    return `${this.#host.constant(operation)}(${args.map(({ code }) => code).join(', ')})`;
  }

  emit(node: TypedNode): Code {
    switch (node.node) {
      case 'literal':
        return { code: literalCode(node.value), absence: 'never' };
      case 'field':
        return this.#given(this.#host.field(node.name), node.type);
      case 'variable':
        return this.#given(this.#host.variable(node.name), node.type);
      case 'local': {
        const local = this.#locals.findLast(({ name }) => name === node.name);
        if (!local) throw new Error(`no list variable ${node.name}`);
        return { code: local.code, absence: 'never' };
      }
      case 'list': {
        const items = node.items.map((item) => this.emit(item));
        const list = { code: `[${items.map(({ code }) => code).join(', ')}]` };
        if (items.every(({ absence }) => absence === 'never')) return { ...list, absence: 'never' };
        return {
          code: this.#call(presentItems, { ...list, absence: 'never' }),
          absence: 'never',
        };
      }
      case 'not':
        return { code: `!${this.emit(node.operand).code}`, absence: 'never' };
      case 'negate':
        return { code: `(-${this.emit(node.operand).code})`, absence: 'nan' };
      case 'binary':
        return this.#binary(node);
      case 'choose': {
        const test = this.emit(node.test);
        const yes = this.emit(node.yes);
        const no = this.emit(node.no);
        return {
          code: `(${test.code} ? ${yes.code} : ${no.code})`,
          absence: worse(yes.absence, no.absence),
        };
      }
      case 'index': {
        const list = this.emit(node.list);
        return this.#given(`(${list.code}?.[${this.emit(node.at).code}])`, node.type);
      }
      case 'call':
        return this.#function(node);
      case 'each':
        return this.#each(node);
    }
  }

  #binary(node: Extract<TypedNode, { node: 'binary' }>): Code {
    const { operator } = node;
    if (operator === 'in')
      return { code: this.#membership(node.left, node.right), absence: 'never' };
    const left = this.emit(node.left);
    const right = this.emit(node.right);
    const { type } = node.left;
    switch (operator) {
      case '==':
        return { code: this.#equal(type, left, right), absence: 'never' };
      case '!=':
        return { code: this.#different(type, left, right), absence: 'never' };
      case '+':
        if (type === 'text') {
          const absence = worse(left.absence, right.absence);
          return absence === 'never'
            ? { code: `(${left.code} + ${right.code})`, absence }
            : { code: this.#call(joinedText, left, right), absence };
        }
        if (isList(type)) {
          const absence = worse(left.absence, right.absence);
          return { code: this.#call(joinedLists, left, right), absence };
        }
        return { code: `(${left.code} + ${right.code})`, absence: 'nan' };
      case '-':
      case '*':
      case '/':
      case '%':
        return { code: `(${left.code} ${operator} ${right.code})`, absence: 'nan' };
      default:
        return { code: `(${left.code} ${operator} ${right.code})`, absence: 'never' };
    }
  }

  #equal(type: ExpressionType, left: Code, right: Code): string {
    if (isList(type)) return this.#call(sameList, left, right);
    const bothMayBeUndefined = left.absence === 'undefined' && right.absence === 'undefined';
    if (!bothMayBeUndefined) return `(${left.code} === ${right.code})`;
    // NaN equals nothing, so one conversion is enough.
    if (type === 'number') return `(+${left.code} === ${right.code})`;
    return repeatable.test(left.code)
      ? `(${left.code} !== undefined && ${left.code} === ${right.code})`
      : this.#call(sameText, left, right);
  }

  #different(type: ExpressionType, left: Code, right: Code): string {
    if (isList(type)) return this.#call(differentList, left, right);
    if (left.absence === 'never' && right.absence === 'never') {
      return `(${left.code} !== ${right.code})`;
    }
    if (type === 'number') {
      return repeatable.test(left.code) && repeatable.test(right.code)
        ? `(${left.code} < ${right.code} || ${left.code} > ${right.code})`
        : `(Math.abs(${left.code} - ${right.code}) > 0)`;
    }
    if (right.absence === 'never' && repeatable.test(left.code)) {
      return `(${left.code} !== undefined && ${left.code} !== ${right.code})`;
    }
    return this.#call(differentText, left, right);
  }

  #membership(item: TypedNode, list: TypedNode): string {
    const left = this.emit(item);
    if (list.node === 'list' && list.items.every((part) => part.node === 'literal')) {
      const members = new Set(list.items.map((part) => (part as { value: unknown }).value));
      return `${this.#host.constant(members)}.has(${left.code})`;
    }
    // No list holds an absent item, so an absent left side is never found.
    const right = this.emit(list);
    return right.absence === 'never'
      ? `${right.code}.includes(${left.code})`
      : `(${right.code}?.includes(${left.code}) === true)`;
  }

  #function(node: CallNode): Code {
    const entry = functionEntry(node.function);
    if (entry.kind === 'session') return this.#given(this.#host.sessionCall(node), node.type);
    if (node.function === 'matches') {
      const [text, pattern] = node.args as [TypedNode, TypedNode & { value: string }];
      const search = patternFunction(pattern.value);
      return { code: this.#call(search, this.emit(text)), absence: 'never' };
    }
    const args = node.args.map((arg) => this.emit(arg));
    if (entry.kind === 'context') {
      const code = this.#host.contextCall(
        node,
        args.map((arg) => arg.code),
      );
      return this.#given(code, node.type);
    }
    return this.#inline(node, args) ?? this.#guarded(node, args);
  }

  #guarded(node: CallNode, args: readonly Code[]): Code {
    const code = this.#call(guardedFunction(node.function), ...args);
    if (node.type === 'flag') return { code, absence: 'never' };
    return { code, absence: node.type === 'number' ? 'nan' : 'undefined' };
  }

  /** Functions that JavaScript has: shorter, and absent in the same way without a guard. */
  #inline(node: CallNode, args: readonly Code[]): Code | undefined {
    const [first, second] = args as [Code, Code | undefined];
    const dot = first.absence === 'never' ? '.' : '?.';
    switch (node.function) {
      case 'size':
        return isList((node.args[0] as TypedNode).type)
          ? { code: `(${first.code}${dot}length)`, absence: first.absence }
          : undefined;
      case 'contains':
      case 'startsWith':
      case 'endsWith': {
        if (second?.absence !== 'never') return undefined;
        const method = node.function === 'contains' ? 'includes' : node.function;
        const call = `${first.code}${dot}${method}(${second.code})`;
        return { code: dot === '.' ? call : `(${call} === true)`, absence: 'never' };
      }
      case 'lower':
        return { code: `(${first.code}${dot}toLowerCase())`, absence: first.absence };
      case 'upper':
        return { code: `(${first.code}${dot}toUpperCase())`, absence: first.absence };
      case 'trim':
        return { code: `(${first.code}${dot}trim())`, absence: first.absence };
      case 'min':
      case 'max':
      case 'abs':
      case 'floor':
        return {
          code: `Math.${node.function}(${args.map(({ code }) => code).join(', ')})`,
          absence: 'nan',
        };
      default:
        return undefined;
    }
  }

  #each(node: Extract<TypedNode, { node: 'each' }>): Code {
    const list = this.emit(node.list);
    const local = `$${this.#locals.length}`;
    this.#locals.push({ name: node.local, code: local });
    const body = this.emit(node.body);
    this.#locals.pop();
    const arrow: Code = { code: `(${local}) => ${body.code}`, absence: 'never' };
    const dot = list.absence === 'never' ? '.' : '?.';
    switch (node.macro) {
      case 'exists':
      case 'all': {
        const method = node.macro === 'exists' ? 'some' : 'every';
        const call = `${list.code}${dot}${method}(${arrow.code})`;
        return { code: dot === '.' ? call : `(${call} === true)`, absence: 'never' };
      }
      case 'exists_one':
        return { code: this.#call(exactlyOne, list, arrow), absence: 'never' };
      case 'filter':
        return { code: `(${list.code}${dot}filter(${arrow.code}))`, absence: list.absence };
      case 'map': {
        const mapped: Code = {
          code: `(${list.code}${dot}map(${arrow.code}))`,
          absence: list.absence,
        };
        if (body.absence === 'never') return mapped;
        return { code: this.#call(presentItems, mapped), absence: list.absence };
      }
    }
  }
}

/**
 * JavaScript source of the tree, an expression to be placed in a generated function. Yields a value
 * as tree.ts defines it: NaN for an absent number, undefined for absent text and lists, and for a
 * flag always true or false.
 */
export function emit(tree: TypedNode, host: EmitHost): string {
  const { code, absence } = new Emitter(host).emit(tree);
  return tree.type === 'number' && absence === 'undefined' ? `(+${code})` : code;
}
