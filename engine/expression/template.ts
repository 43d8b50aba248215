import { type EmitHost, emit } from './compile.js';
import { type EvaluateHost, evaluate } from './evaluate.js';
import { guardedFunction } from './functions.js';
import { parseExpression } from './parse.js';
import { skipQuoted } from './ranges.js';
import { type ExpressionValue, isAbsent } from './runtime.js';
import type { ExpressionFault, ExpressionScope, ExpressionType, TypedNode, Unit } from './tree.js';

/** A piece of a reason template: plain text, or an expression with the unit its number is shown in. */
export type TemplatePart =
  | { readonly part: 'text'; readonly text: string }
  | {
      readonly part: 'value';
      readonly tree: TypedNode;
      /** The expression's text, in which the tree's ranges lie. */
      readonly source: string;
      readonly unit: Unit | undefined;
    };

export type TemplateOutcome =
  | { readonly ok: true; readonly parts: readonly TemplatePart[] }
  | { readonly ok: false; readonly faults: readonly ExpressionFault[] };

const factUnits: ReadonlyMap<string, Unit> = new Map([
  ['time', 'time'],
  ['first_seen', 'time'],
]);

/** Unit of an expression's number, as far as it follows from its parts. */
export function unitOf(node: TypedNode, scope: ExpressionScope): Unit | undefined {
  switch (node.node) {
    case 'field':
    case 'variable':
      return scope.units?.get(node.name) ?? factUnits.get(node.name);
    case 'negate':
      return unitOf(node.operand, scope);
    case 'choose': {
      const yes = unitOf(node.yes, scope);
      return yes === unitOf(node.no, scope) ? yes : undefined;
    }
    case 'binary': {
      if (node.operator !== '+' && node.operator !== '-') return undefined;
      const left = unitOf(node.left, scope);
      const right = unitOf(node.right, scope);
      if (left === 'time' && right === 'time') return 'milliseconds';
      if (left === 'time' || right === 'time') return 'time';
      return left ?? right;
    }
    case 'call': {
      const summing = ['sum', 'sum_if', 'min', 'max', 'abs', 'floor'].includes(node.function);
      return summing ? unitOf(node.args[0] as TypedNode, scope) : undefined;
    }
    default:
      return undefined;
  }
}

const allTypes: readonly ExpressionType[] = ['text', 'texts', 'number', 'numbers', 'flag', 'flags'];

/** Index of the brace that ends the expression begun at `start`, or -1. */
function closingBrace(text: string, start: number): number {
  for (let i = start; i < text.length; ) {
    const sign = text[i];
    if (sign === '}') return i;
    i = sign === '"' || sign === "'" ? skipQuoted(text, i) : i + 1;
  }
  return -1;
}

/**
 * Parses a reason template: text with `{expression}`; `{{` and `}}` stand for single braces. Faults
 * of all its expressions are reported, with ranges in the template's text. Never throws.
 */
export function parseTemplate(text: string, scope: ExpressionScope): TemplateOutcome {
  const parts: TemplatePart[] = [];
  const faults: ExpressionFault[] = [];
  let plain = '';
  const endText = () => {
    if (plain !== '') parts.push({ part: 'text', text: plain });
    plain = '';
  };
  for (let i = 0; i < text.length; ) {
    const sign = text[i] as string;
    if (sign !== '{' && sign !== '}') {
      plain += sign;
      i++;
      continue;
    }
    if (text[i + 1] === sign) {
      plain += sign;
      i += 2;
      continue;
    }
    const end = sign === '{' ? closingBrace(text, i + 1) : -1;
    if (end < 0) {
      const message = sign === '{' ? '`{` is never closed' : '`}` closes nothing';
      const hint = `write \`${sign}${sign}\` for the sign itself`;
      faults.push({ code: 'expression/template', message, hint, range: { start: i, end: i + 1 } });
      i++;
      continue;
    }
    endText();
    const source = text.slice(i + 1, end);
    const outcome = parseExpression(source, scope, allTypes);
    if (outcome.ok) {
      const { tree } = outcome;
      const unit = tree.type === 'number' ? unitOf(tree, scope) : undefined;
      parts.push({ part: 'value', tree, source, unit });
    } else {
      const offset = i + 1;
      for (const fault of outcome.faults) {
        const range = { start: fault.range.start + offset, end: fault.range.end + offset };
        faults.push({ ...fault, range });
      }
    }
    i = end + 1;
  }
  endText();
  return faults.length > 0 ? { ok: false, faults } : { ok: true, parts };
}

const textLength = 120;
const listLength = 5;

/** Printable and in ASCII, as most texts are: nothing to look for. */
function isPlain(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x20 || unit > 0x7e) return false;
  }
  return true;
}

function shownText(text: string): string {
  if (text.length <= textLength && isPlain(text)) return text;
  const cut = text.length > textLength ? `${text.slice(0, textLength - 1)}…` : text;
  // Lines hold what strangers wrote: no line break, terminal code or direction mark gets through.
  return cut.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ');
}

/** Whole numbers up to 999, plain and with leading zeros, of which those up to a million are made. */
const lastDigits = Array.from({ length: 1000 }, (_, number) => String(number).padStart(3, '0'));
const smallNumbers = lastDigits.map((_, number) => String(number));

/** Counts that change with each event: String remembers few of them and is slow for the others. */
function shownNumber(value: number): string {
  const whole = value | 0;
  if (whole === value && whole >= 0 && whole < 1_000_000) {
    if (whole < 1000) return smallNumbers[whole] as string;
    const thousands = (whole / 1000) | 0;
    return `${smallNumbers[thousands]}${lastDigits[whole - thousands * 1000]}`;
  }
  if (Number.isInteger(value)) return String(value);
  const digits = Math.abs(value) >= 1 ? value.toFixed(2) : value.toPrecision(3);
  return String(Number(digits));
}

const unitFunctions = {
  bytes: 'size_text',
  milliseconds: 'duration_text',
  time: 'time_text',
} as const;

/** A value as a reason shows it: `4.9 MB`, `a@x.example, b@y.example and 3 more`, `yes`. */
export function showValue(value: ExpressionValue, unit?: Unit): string {
  if (value === undefined || isAbsent(value)) return 'unknown';
  if (typeof value === 'string') return shownText(value);
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'number') {
    if (unit === undefined || unit === 'count') return shownNumber(value);
    return String(guardedFunction(unitFunctions[unit])(value) ?? 'unknown');
  }
  if (value.length === 0) return 'none';
  const shown = value.slice(0, listLength).map((item) => showValue(item, unit));
  const rest = value.length - shown.length;
  return rest > 0 ? `${shown.join(', ')} and ${rest} more` : shown.join(', ');
}

type ShowText = (text: string | undefined) => string;

/** By the name of a field or variable. */
const textFunctions = new Map<string, ShowText>();

/**
 * Shows texts of one name, which remembers its last: several rules fire on one event and name the
 * same user and value, and the next to be looked at is often the same text.
 */
function showTextOf(name: string): ShowText {
  const known = textFunctions.get(name);
  if (known) return known;
  let last = '';
  let shown = '';
  const made: ShowText = (text) => {
    if (text === undefined) return 'unknown';
    if (text !== last) {
      shown = shownText(text);
      last = text;
    }
    return shown;
  };
  // Content names few; the bound is for a service that reloads content for ever.
  if (textFunctions.size >= 1000) textFunctions.clear();
  textFunctions.set(name, made);
  return made;
}

const showNumberOrNone = (value: number) => (Number.isNaN(value) ? 'unknown' : shownNumber(value));

const showFunctions = {
  none: (value: ExpressionValue) => showValue(value),
  bytes: (value: ExpressionValue) => showValue(value, 'bytes'),
  milliseconds: (value: ExpressionValue) => showValue(value, 'milliseconds'),
  time: (value: ExpressionValue) => showValue(value, 'time'),
} as const;

/** What shows a part's value; the common types have functions of their own. */
function showFunction({ tree, unit }: Extract<TemplatePart, { part: 'value' }>): unknown {
  if (unit !== undefined && unit !== 'count') return showFunctions[unit];
  if (tree.type === 'text') return showTextOf('name' in tree ? tree.name : '');
  return tree.type === 'number' ? showNumberOrNone : showFunctions.none;
}

/** JavaScript source of the filled template, an expression that yields a string. */
export function emitTemplate(parts: readonly TemplatePart[], host: EmitHost): string {
  const codes = parts.map((part) => {
    if (part.part === 'text') return JSON.stringify(part.text);
    return `${host.constant(showFunction(part))}(${emit(part.tree, host)})`;
  });
  return codes.length === 0 ? '""' : `(${codes.join(' + ')})`;
}

/** The filled template; equal to what code made by emitTemplate yields. */
export function fillTemplate(parts: readonly TemplatePart[], host: EvaluateHost): string {
  return parts
    .map((part) =>
      part.part === 'text' ? part.text : showValue(evaluate(part.tree, host).value, part.unit),
    )
    .join('');
}
