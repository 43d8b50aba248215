import { distance } from 'fastest-levenshtein';
import { constantValues, mark, modelVariables, typeOfCel } from './environment.js';
import { functionEntry, functionTable, overloadText } from './functions.js';
import type { ExpressionFault, ExpressionScope, ExpressionType, SourceRange } from './tree.js';

/**
 * The wording of every fault: what is wrong, at which part of the source, and what was likely meant.
 * parse.ts decides when each is used.
 */

/** The library's node, of which only the parts used here. Its `args` may be written before check. */
export interface RawNode {
  readonly op: string;
  args: unknown;
  readonly start: number;
  readonly end: number;
  readonly checkedType?: { readonly name: string };
  readonly meta: { readonly label?: string };
}

export type RawCall = readonly [name: string, args: RawNode[]];
export type RawMethod = readonly [name: string, receiver: RawNode, args: RawNode[]];

export const macroNames = ['exists', 'all', 'exists_one', 'filter', 'map'] as const;
export type MacroName = (typeof macroNames)[number];

/** The nearest of the names, if near enough to be meant. */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  const lower = name.toLowerCase();
  let best: string | undefined;
  let least = Math.ceil(name.length / 3) + 0.5;
  for (const candidate of known) {
    // A difference in case alone is the likeliest slip of all.
    const far = candidate.toLowerCase() === lower ? 0.25 : distance(lower, candidate.toLowerCase());
    if (far < least) {
      least = far;
      best = candidate;
    }
  }
  return best;
}

export function didYouMean(name: string, known: Iterable<string>): string | undefined {
  const found = nearest(name, known);
  return found === undefined ? undefined : `did you mean \`${found}\`?`;
}

export const typeWords: Readonly<Record<ExpressionType, string>> = {
  text: 'text',
  texts: 'a list of texts',
  number: 'a number',
  numbers: 'a list of numbers',
  flag: 'a flag (true or false)',
  flags: 'a list of flags',
};

function celWords(name: string | undefined): string {
  const type = name === undefined ? undefined : typeOfCel(name);
  return type === undefined ? 'a value this language does not have' : typeWords[type];
}

const tokenWords: Readonly<Record<string, string>> = {
  EOF: 'the end',
  NUMBER: 'a number',
  STRING: 'a text',
  BYTES: 'a byte text',
  BOOLEAN: 'true or false',
  NULL: 'null',
  IDENTIFIER: 'a name',
  PLUS: '`+`',
  MINUS: '`-`',
  MULTIPLY: '`*`',
  DIVIDE: '`/`',
  MODULO: '`%`',
  EQ: '`==`',
  NE: '`!=`',
  LT: '`<`',
  LE: '`<=`',
  GT: '`>`',
  GE: '`>=`',
  AND: '`&&`',
  OR: '`||`',
  NOT: '`!`',
  IN: '`in`',
  LPAREN: '`(`',
  RPAREN: '`)`',
  LBRACKET: '`[`',
  RBRACKET: '`]`',
  LBRACE: '`{`',
  RBRACE: '`}`',
  DOT: '`.`',
  COMMA: '`,`',
  COLON: '`:`',
  QUESTION: '`?`',
};

const otherSpellings: ReadonlyMap<string, string> = new Map([
  ['and', 'write `&&` for "and"'],
  ['or', 'write `||` for "or"'],
  ['not', 'write `!` for "not"'],
  ['is', 'write `==` to compare'],
  ['=', 'write `==` to compare'],
  ['&', 'write `&&` for "and"'],
  ['|', 'write `||` for "or"'],
  ['“', 'use straight quotes'],
  ['”', 'use straight quotes'],
  ['‘', 'use straight quotes'],
  ['’', 'use straight quotes'],
]);

function libraryError(error: unknown): { code: string; summary: string; node?: RawNode } & {
  range?: SourceRange;
} {
  const found = error as { code?: unknown; summary?: unknown; node?: RawNode; range?: SourceRange };
  return {
    code: typeof found?.code === 'string' ? found.code : 'unknown',
    summary: typeof found?.summary === 'string' ? found.summary : String(error),
    ...(found?.node && { node: found.node }),
    ...(found?.range && { range: found.range }),
  };
}

export function syntaxFault(error: unknown, source: string): ExpressionFault {
  const { code, summary, range } = libraryError(error);
  const start = Math.min(range?.start ?? 0, source.length);
  const place = {
    start,
    end: Math.min(Math.max(range?.end ?? source.length, start), source.length),
  };
  if (code === 'limit_exceeded' || error instanceof RangeError) {
    return {
      code: 'expression/limit',
      message: 'the expression is too large or too deeply nested',
      range: code === 'limit_exceeded' ? place : { start: 0, end: source.length },
    };
  }
  const found = source.slice(place.start, place.end);
  const hint = otherSpellings.get(found);
  let message = summary;
  if (code === 'unexpected_character') {
    message = place.start >= source.length ? 'unexpected end' : `unexpected \`${found}\``;
  } else if (code === 'unexpected_token') {
    message = `a value is missing before ${tokenWords[summary.split(': ')[1] ?? ''] ?? found}`;
  } else if (code === 'expected_token') {
    const [, wanted, got] = /^Expected (\w+), got (\w+)$/.exec(summary) ?? [];
    message = `expected ${tokenWords[wanted ?? ''] ?? wanted}, found ${tokenWords[got ?? ''] ?? got}`;
  } else if (code === 'reserved_identifier') {
    message = `\`${found}\` is a reserved word`;
  } else message = message.slice(0, 1).toLowerCase() + message.slice(1);
  return { code: 'expression/syntax', message, range: place, ...(hint !== undefined && { hint }) };
}

export interface Reading {
  readonly source: string;
  readonly scope: ExpressionScope;
  readonly faults: ExpressionFault[];
  readonly widen: (start: number, end: number) => SourceRange;
}

export function fault(
  reading: Reading,
  code: string,
  message: string,
  range: SourceRange,
  hint?: string,
): void {
  reading.faults.push({
    code: `expression/${code}`,
    message,
    range,
    ...(hint !== undefined && { hint }),
  });
}

export function placeOf(reading: Reading, node: RawNode): SourceRange {
  return reading.widen(node.start, node.end);
}

export function unknownName(reading: Reading, name: string, range: SourceRange): void {
  const { scope } = reading;
  const entry = functionTable.get(name);
  const ofModel = modelVariables.find((variable) => variable.name === name);
  let hint: string | undefined;
  if (entry) hint = `it is a function: ${entry.example}`;
  else if (name === 'value') hint = '`value` needs a `model` or `for_each`';
  else if (ofModel) {
    hint =
      ofModel.model === undefined
        ? `\`${name}\` needs a \`model\``
        : `\`${name}\` needs a ${ofModel.model} \`model\``;
  } else {
    hint =
      otherSpellings.get(name) ??
      didYouMean(name, [
        ...scope.fields.keys(),
        ...scope.variables.keys(),
        ...constantValues.keys(),
      ]);
  }
  fault(reading, 'unknown-name', `unknown name \`${name}\``, range, hint);
}

export function unknownFunction(
  reading: Reading,
  name: string,
  asMethod: boolean,
  range: SourceRange,
): void {
  const entry = functionTable.get(name);
  if (entry) {
    fault(
      reading,
      'call',
      entry.method
        ? `\`${name}\` is called on a text`
        : `\`${name}\` is not called on a value but with it in parentheses`,
      range,
      `for example ${entry.example}`,
    );
    return;
  }
  if ((macroNames as readonly string[]).includes(name)) {
    const example = name === 'map' ? 'map(x, lower(x))' : `${name}(x, x == 'a')`;
    fault(
      reading,
      'call',
      `\`${name}\` is called on a list with a name and an expression`,
      range,
      `for example recipients.${example}`,
    );
    return;
  }
  const hint =
    name === 'has'
      ? 'it is not needed: a comparison with an absent field is false'
      : didYouMean(name, [
          ...[...functionTable.values()].filter((e) => e.method === asMethod).map((e) => e.name),
          ...(asMethod ? macroNames : []),
        ]);
  fault(reading, 'unknown-function', `unknown function \`${name}\``, range, hint);
}

function sourceOf(reading: Reading, node: RawNode): string {
  const { start, end } = placeOf(reading, node);
  return reading.source.slice(start, end);
}

function operandHint(reading: Reading, node: RawNode): string | undefined {
  const [left, right] = node.args as [RawNode, RawNode];
  const a = left.checkedType?.name ?? '';
  const b = right.checkedType?.name ?? '';
  const [leftText, rightText] = [sourceOf(reading, left), sourceOf(reading, right)];
  if (node.op === '==' || node.op === '!=') {
    let found: string | undefined;
    if (a === `list<${b}>`) found = `${rightText} in ${leftText}`;
    else if (b === `list<${a}>`) found = `${leftText} in ${rightText}`;
    if (found !== undefined) return `write \`${node.op === '==' ? found : `!(${found})`}\``;
  }
  if (node.op === 'in') {
    if (a === 'string' && b === 'string') return `write \`${rightText}.contains(${leftText})\``;
    if (a.startsWith('list') && a === b)
      return `write \`${leftText}.exists(x, x in ${rightText})\``;
    return '`in` looks for one value in a list of such values';
  }
  if (a.startsWith('list') && b === 'double') {
    return `write \`size(${leftText}) ${node.op} ${rightText}\``;
  }
  if (b.startsWith('list') && a === 'double') {
    return `write \`${leftText} ${node.op} size(${rightText})\``;
  }
  return undefined;
}

function operandFault(reading: Reading, node: RawNode): void {
  const [left, right] = node.args as [RawNode, RawNode];
  const types = `${celWords(left.checkedType?.name)} and ${celWords(right.checkedType?.name)}`;
  fault(
    reading,
    'type',
    `\`${node.op}\` does not take ${types}`,
    placeOf(reading, node),
    operandHint(reading, node),
  );
}

export function flagFault(reading: Reading, what: string, node: RawNode): void {
  const type = celWords(node.checkedType?.name);
  const name = node.checkedType?.name;
  const text = sourceOf(reading, node);
  let hint: string | undefined;
  if (name === 'double') hint = `compare it, such as \`${text} > 0\``;
  else if (name?.startsWith('list')) hint = `write \`size(${text}) > 0\``;
  fault(
    reading,
    'type',
    `${what} needs a flag (true or false), not ${type}`,
    placeOf(reading, node),
    hint,
  );
}

function callFault(reading: Reading, node: RawNode): void {
  const [marked] = node.args as readonly [string];
  const args =
    node.op === 'call'
      ? (node.args as RawCall)[1]
      : [(node.args as RawMethod)[1], ...(node.args as RawMethod)[2]];
  const entry = functionEntry(marked.slice(mark.length));
  // The first argument that no overload accepts, given those before it, is the one at fault.
  let fitting = entry.overloads;
  for (const [i, arg] of args.entries()) {
    const name = arg.checkedType?.name;
    const type = name === undefined ? undefined : typeOfCel(name);
    const next = fitting.filter((overload) => overload.params[i] === type);
    if (next.length > 0) {
      fitting = next;
      continue;
    }
    const wanted = [...new Set(fitting.map((o) => typeWords[o.params[i] as ExpressionType]))];
    fault(
      reading,
      'type',
      `\`${entry.name}\` takes ${wanted.join(' or ')} here, not ${celWords(name)}`,
      placeOf(reading, arg),
      entry.overloads.map((overload) => overloadText(entry, overload)).join(' · '),
    );
    return;
  }
  fault(reading, 'type', `\`${entry.name}\` does not take these arguments`, placeOf(reading, node));
}

/** Words the library's type error anew, in our types and at the part that is wrong. */
export function typeFault(reading: Reading, error: unknown): void {
  const { code, summary, node } = libraryError(error);
  const whole = { start: 0, end: reading.source.length };
  if (!node) {
    fault(reading, 'type', summary, whole);
    return;
  }
  switch (code) {
    case 'no_such_overload': {
      const operand = node.args as RawNode;
      if (node.op === '!_') flagFault(reading, '`!`', operand);
      else if (node.op === '-_') {
        const type = celWords(operand.checkedType?.name);
        fault(reading, 'type', `\`-\` needs a number, not ${type}`, placeOf(reading, node));
      } else operandFault(reading, node);
      return;
    }
    case 'invalid_logical_operand': {
      const operands = node.args as RawNode[];
      const wrong = operands.find((operand) => operand.checkedType?.name !== 'bool');
      flagFault(reading, `\`${node.op}\``, wrong ?? node);
      return;
    }
    case 'invalid_condition_type': {
      const macro = /^(\w+)\(/.exec(node.meta.label ?? '')?.[1];
      flagFault(reading, macro === undefined ? '`?`' : `\`${macro}\``, node);
      return;
    }
    case 'incompatible_ternary_branches': {
      const [, yes, no] = node.args as RawNode[];
      const a = celWords(yes?.checkedType?.name);
      const b = celWords(no?.checkedType?.name);
      const message = `both sides of \`:\` must have one type; these are ${a} and ${b}`;
      fault(reading, 'type', message, placeOf(reading, node));
      return;
    }
    case 'no_matching_overload':
      callFault(reading, node);
      return;
    case 'heterogeneous_list_element':
      fault(reading, 'type', 'the entries of a list must have one type', placeOf(reading, node));
      return;
    case 'invalid_comprehension_range':
    case 'cannot_index_type': {
      const list = node.op === '[]' ? (node.args as [RawNode, RawNode])[0] : node;
      const type = celWords(list.checkedType?.name);
      fault(reading, 'type', `a list is needed here, not ${type}`, placeOf(reading, list));
      return;
    }
    default:
      fault(reading, 'type', summary, placeOf(reading, node));
  }
}
