import { constantValues, environmentOf, limits, mark, typeOfCel } from './environment.js';
import {
  didYouMean,
  fault,
  flagFault,
  type MacroName,
  macroNames,
  placeOf,
  type RawCall,
  type RawMethod,
  type RawNode,
  type Reading,
  syntaxFault,
  typeFault,
  typeWords,
  unknownFunction,
  unknownName,
} from './faults.js';
import { type FunctionEntry, functionTable } from './functions.js';
import { rangeWidener } from './ranges.js';
import { checkNestedLists, checkSessionArguments } from './restrictions.js';
import { patternFunction } from './runtime.js';
import type {
  BinaryOperator,
  ExpressionFault,
  ExpressionScope,
  ExpressionType,
  ParseOutcome,
  SourceRange,
  TypedNode,
} from './tree.js';

/**
 * Source to typed tree, in four steps: the CEL library parses; `resolve` finds every unknown name
 * at once, marks the known ones and turns integers into doubles; the library checks types; `lower`
 * makes our tree. The library's own names (types, built-in functions) are unreachable, because
 * every name that passes `resolve` carries the mark.
 *
 * Invariant: nothing throws. Whatever the library throws becomes a fault with a range.
 */

function isMacro(name: string, args: readonly RawNode[]): name is MacroName {
  const known = (macroNames as readonly string[]).includes(name);
  return known && (args.length === 2 || (name === 'map' && args.length === 3));
}

function isKnown(scope: ExpressionScope, name: string): boolean {
  return constantValues.has(name) || scope.variables.has(name) || scope.fields.has(name);
}

/** Checks the argument that must be a quoted text; gives no type fault of its own. */
function resolveLiteral(reading: Reading, entry: FunctionEntry, args: readonly RawNode[]): void {
  if (!entry.literal) return;
  const arg = args[entry.literal.at];
  if (!arg) return;
  const range = placeOf(reading, arg);
  const { names } = entry.literal;
  if (arg.op !== 'value' || typeof arg.args !== 'string') {
    const message = `the ${names} of \`${entry.name}\` must be a quoted text`;
    fault(reading, 'literal', message, range, `for example ${entry.example}`);
    return;
  }
  const name = arg.args;
  if (names === 'pattern') {
    try {
      patternFunction(name);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      fault(reading, 'pattern', `not a regular expression that RE2 knows: ${reason}`, range);
    }
    return;
  }
  const known = reading.scope[`${names}s`];
  if (!known.has(name)) {
    fault(
      reading,
      `unknown-${names}`,
      `unknown ${names} \`${name}\``,
      range,
      didYouMean(name, known),
    );
  }
}

function nameRange(reading: Reading, name: string, after: number): SourceRange {
  const at = reading.source.indexOf(name, after);
  return { start: at, end: at + name.length };
}

function resolveCall(
  reading: Reading,
  name: string,
  args: readonly RawNode[],
  asMethod: boolean,
  range: SourceRange,
): string {
  const entry = functionTable.get(name);
  if (!entry || entry.method !== asMethod) {
    unknownFunction(reading, name, asMethod, range);
    return name;
  }
  if (entry.kind === 'session' && !reading.scope.session) {
    fault(reading, 'session', `\`${name}\` is not allowed here: there is no session yet`, range);
  }
  if (args.length !== entry.params.length) {
    const wanted = entry.params.length - (asMethod ? 1 : 0);
    const given = args.length - (asMethod ? 1 : 0);
    fault(
      reading,
      'call',
      `\`${name}\` takes ${wanted} ${wanted === 1 ? 'argument' : 'arguments'}, not ${given}`,
      range,
      `for example ${entry.example}`,
    );
  }
  resolveLiteral(reading, entry, args);
  return mark + name;
}

function outside(reading: Reading, node: RawNode, what: string, hint?: string): void {
  fault(reading, 'subset', `${what} are not part of this language`, placeOf(reading, node), hint);
}

function resolveValue(reading: Reading, node: RawNode): void {
  const value = node.args;
  if (typeof value === 'bigint') {
    const number = Number(value);
    if (Number.isSafeInteger(number)) node.args = number;
    else fault(reading, 'number', 'the number is too large to be exact', placeOf(reading, node));
  } else if (value === null) outside(reading, node, 'null values');
  else if (typeof value === 'object') {
    const isBytes = value instanceof Uint8Array;
    outside(
      reading,
      node,
      isBytes ? 'byte texts' : 'unsigned numbers',
      isBytes ? undefined : 'leave out the `u`',
    );
  }
}

/** Reports unknown names and constructs outside the subset, and marks the names that are known. */
function resolve(
  reading: Reading,
  node: RawNode,
  locals: ReadonlySet<string>,
  depth: number,
): void {
  if (depth > limits.depth) {
    // Once is enough: both sides of a deep chain end here.
    if (!reading.faults.some(({ code }) => code === 'expression/limit'))
      fault(reading, 'limit', 'the expression is too deeply nested', placeOf(reading, node));
    return;
  }
  const down = (child: RawNode) => resolve(reading, child, locals, depth + 1);
  switch (node.op) {
    case 'value':
      resolveValue(reading, node);
      return;
    case 'id': {
      const name = node.args as string;
      if (locals.has(name)) return;
      if (isKnown(reading.scope, name)) node.args = mark + name;
      else unknownName(reading, name, placeOf(reading, node));
      return;
    }
    case 'call': {
      const [name, args] = node.args as RawCall;
      const range = { start: node.start, end: node.start + name.length };
      const marked = resolveCall(reading, name, args, false, range);
      args.forEach(down);
      node.args = [marked, args];
      return;
    }
    case 'rcall': {
      const [name, receiver, args] = node.args as RawMethod;
      down(receiver);
      if (isMacro(name, args)) {
        const local = args[0] as RawNode;
        const inner = new Set([...locals, local.args as string]);
        for (const body of args.slice(1)) resolve(reading, body, inner, depth + 1);
        return;
      }
      const range = nameRange(reading, name, receiver.end);
      const marked = resolveCall(reading, name, [receiver, ...args], true, range);
      args.forEach(down);
      node.args = [marked, receiver, args];
      return;
    }
    case 'list':
      if ((node.args as RawNode[]).length === 0) {
        fault(reading, 'empty-list', 'an empty list has no type', placeOf(reading, node));
      }
      (node.args as RawNode[]).forEach(down);
      return;
    case 'map':
      outside(reading, node, 'maps');
      return;
    case '.':
      outside(reading, node, 'fields of fields');
      return;
    case '[]': {
      const [list, at] = node.args as [RawNode, RawNode];
      down(list);
      // The library wants an int here, so this one literal stays as it is.
      if (at.op === 'value' && typeof at.args === 'bigint') {
        if (at.args > BigInt(limits.length)) {
          fault(reading, 'index', 'the position is too large', placeOf(reading, at));
        }
        return;
      }
      fault(
        reading,
        'index',
        'a position must be a plain whole number',
        placeOf(reading, at),
        'for example recipients[0]',
      );
      return;
    }
    case '!_':
    case '-_':
      down(node.args as RawNode);
      return;
    default:
      (node.args as RawNode[]).forEach(down);
  }
}

function lower(reading: Reading, node: RawNode): TypedNode {
  const range = placeOf(reading, node);
  const type = typeOfCel(node.checkedType?.name ?? '');
  if (type === undefined) {
    fault(reading, 'subset', 'lists of lists are not part of this language', range);
    return { node: 'literal', value: false, type: 'flag', range };
  }
  const down = (child: RawNode) => lower(reading, child);
  switch (node.op) {
    case 'value':
      return { node: 'literal', value: node.args as string | number | boolean, type, range };
    case 'id': {
      const name = node.args as string;
      if (!name.startsWith(mark)) return { node: 'local', name, type, range };
      const plain = name.slice(mark.length);
      const constant = constantValues.get(plain);
      if (constant !== undefined) return { node: 'literal', value: constant, type, range };
      const isVariable = reading.scope.variables.has(plain);
      return { node: isVariable ? 'variable' : 'field', name: plain, type, range };
    }
    case 'call': {
      const [name, args] = node.args as RawCall;
      const plain = name.slice(mark.length);
      return { node: 'call', function: plain, args: args.map(down), type, range };
    }
    case 'rcall': {
      const [name, receiver, args] = node.args as RawMethod;
      if (!name.startsWith(mark)) return lowerMacro(reading, node, range, type);
      const plain = name.slice(mark.length);
      return { node: 'call', function: plain, args: [receiver, ...args].map(down), type, range };
    }
    case 'list':
      return { node: 'list', items: (node.args as RawNode[]).map(down), type, range };
    case '[]': {
      const [list, at] = node.args as [RawNode, RawNode];
      const position: TypedNode = {
        node: 'literal',
        value: Number(at.args),
        type: 'number',
        range: placeOf(reading, at),
      };
      return { node: 'index', list: down(list), at: position, type, range };
    }
    case '!_':
      return { node: 'not', operand: down(node.args as RawNode), type, range };
    case '-_':
      return { node: 'negate', operand: down(node.args as RawNode), type, range };
    case '?:': {
      const [test, yes, no] = (node.args as RawNode[]).map(down) as [
        TypedNode,
        TypedNode,
        TypedNode,
      ];
      return { node: 'choose', test, yes, no, type, range };
    }
    default: {
      const [left, right] = (node.args as RawNode[]).map(down) as [TypedNode, TypedNode];
      const operator = node.op as BinaryOperator;
      return { node: 'binary', operator, left, right, type, range };
    }
  }
}

function lowerMacro(
  reading: Reading,
  node: RawNode,
  range: SourceRange,
  type: ExpressionType,
): TypedNode {
  const [name, receiver, args] = node.args as RawMethod;
  const local = (args[0] as RawNode).args as string;
  const bodies = args.slice(1).map((body) => lower(reading, body));
  const body = bodies.at(-1) as TypedNode;
  const macro = name as MacroName;
  const list = lower(reading, receiver);
  if (bodies.length < 2) return { node: 'each', macro, list, local, body, type, range };
  const kept: TypedNode = {
    node: 'each',
    macro: 'filter',
    list,
    local,
    body: bodies[0] as TypedNode,
    type: list.type,
    range,
  };
  return { node: 'each', macro, list: kept, local, body, type, range };
}

function failed(faults: readonly ExpressionFault[]): ParseOutcome {
  const sorted = [...faults].sort(
    (a, b) => a.range.start - b.range.start || a.range.end - b.range.end,
  );
  return { ok: false, faults: sorted };
}

/**
 * Parses and checks one expression. Never throws: every fault carries its range in the source.
 * All unknown names are reported at once; of type faults the first.
 *
 * @param expected the type or types the expression must have
 */
export function parseExpression(
  source: string,
  scope: ExpressionScope,
  expected: ExpressionType | readonly ExpressionType[],
): ParseOutcome {
  const whole = { start: 0, end: source.length };
  if (source.length > limits.length) {
    const message = `the expression is longer than ${limits.length} characters`;
    return failed([{ code: 'expression/limit', message, range: whole }]);
  }
  if (source.trim() === '') {
    return failed([
      { code: 'expression/syntax', message: 'the expression is empty', range: whole },
    ]);
  }
  const reading: Reading = { source, scope, faults: [], widen: rangeWidener(source) };
  let parsed: ReturnType<ReturnType<typeof environmentOf>['parse']>;
  try {
    parsed = environmentOf(scope).parse(source);
  } catch (error) {
    return failed([syntaxFault(error, source)]);
  }
  const raw = parsed.ast as unknown as RawNode;
  resolve(reading, raw, new Set(), 0);
  if (reading.faults.length > 0) return failed(reading.faults);
  const checked = parsed.check();
  if (!checked.valid) {
    typeFault(reading, checked.error);
    return failed(reading.faults);
  }
  const tree = lower(reading, raw);
  checkSessionArguments(reading, tree);
  checkNestedLists(reading, tree);
  const wanted: readonly ExpressionType[] = typeof expected === 'string' ? [expected] : expected;
  if (reading.faults.length === 0 && !wanted.includes(tree.type)) {
    if (wanted.length === 1 && wanted[0] === 'flag') flagFault(reading, 'the expression', raw);
    else {
      const words = wanted.map((type) => typeWords[type]).join(' or ');
      fault(reading, 'type', `the expression is ${typeWords[tree.type]}, not ${words}`, tree.range);
    }
  }
  return reading.faults.length > 0 ? failed(reading.faults) : { ok: true, tree };
}
