import {
  absentOf,
  codePoints,
  durationText,
  type ExpressionValue,
  isAbsent,
  patternFunction,
  percentText,
  sizeText,
  timeText,
  wordCount,
} from './runtime.js';
import type { ExpressionType } from './tree.js';

/**
 * pure: depends on its arguments alone. context: reads a context table or a model.
 * session: reads a counter of the event's container.
 */
export type FunctionKind = 'pure' | 'context' | 'session';

export interface FunctionOverload {
  /** For a method the first is the receiver. */
  readonly params: readonly ExpressionType[];
  readonly result: ExpressionType;
}

export interface FunctionEntry {
  readonly name: string;
  readonly kind: FunctionKind;
  /** Written `a.name(b)` instead of `name(a, b)`. */
  readonly method: boolean;
  readonly params: readonly string[];
  readonly overloads: readonly FunctionOverload[];
  /** The argument that must be a quoted text, and what it names. */
  readonly literal?: {
    readonly at: number;
    readonly names: 'table' | 'rule' | 'model' | 'pattern';
  };
  readonly description: string;
  readonly example: string;
  /** Of a pure function; called with present arguments only. */
  readonly implement?: (...args: never[]) => ExpressionValue;
}

const entries: readonly FunctionEntry[] = [
  {
    name: 'size',
    kind: 'pure',
    method: false,
    params: ['x'],
    overloads: [
      { params: ['text'], result: 'number' },
      { params: ['texts'], result: 'number' },
      { params: ['numbers'], result: 'number' },
      { params: ['flags'], result: 'number' },
    ],
    description: 'Number of characters of a text, or of entries of a list.',
    example: 'size(attachments) >= 5',
    implement: (x: string | readonly unknown[]) =>
      typeof x === 'string' ? codePoints(x) : x.length,
  },
  {
    name: 'contains',
    kind: 'pure',
    method: true,
    params: ['text', 'part'],
    overloads: [{ params: ['text', 'text'], result: 'flag' }],
    description: 'Whether the text holds the part; case matters.',
    example: "subject_core.contains('invoice')",
    implement: (text: string, part: string) => text.includes(part),
  },
  {
    name: 'startsWith',
    kind: 'pure',
    method: true,
    params: ['text', 'part'],
    overloads: [{ params: ['text', 'text'], result: 'flag' }],
    description: 'Whether the text starts with the part; case matters.',
    example: "activity.startsWith('New-')",
    implement: (text: string, part: string) => text.startsWith(part),
  },
  {
    name: 'endsWith',
    kind: 'pure',
    method: true,
    params: ['text', 'part'],
    overloads: [{ params: ['text', 'text'], result: 'flag' }],
    description: 'Whether the text ends with the part; case matters.',
    example: "web_domain.endsWith('.example')",
    implement: (text: string, part: string) => text.endsWith(part),
  },
  {
    name: 'matches',
    kind: 'pure',
    method: true,
    params: ['text', 'pattern'],
    overloads: [{ params: ['text', 'text'], result: 'flag' }],
    literal: { at: 1, names: 'pattern' },
    description:
      'Whether the regular expression (RE2 syntax, linear time) is found anywhere in the text; anchor with ^ and $.',
    example: "subject.matches('(?i)project [a-z]+')",
    implement: (text: string, pattern: string) => patternFunction(pattern)(text),
  },
  {
    name: 'lower',
    kind: 'pure',
    method: false,
    params: ['text'],
    overloads: [{ params: ['text'], result: 'text' }],
    description: 'The text in lower case.',
    example: "lower(action) == 'hold'",
    implement: (text: string) => text.toLowerCase(),
  },
  {
    name: 'upper',
    kind: 'pure',
    method: false,
    params: ['text'],
    overloads: [{ params: ['text'], result: 'text' }],
    description: 'The text in upper case.',
    example: "upper(method) == 'POST'",
    implement: (text: string) => text.toUpperCase(),
  },
  {
    name: 'trim',
    kind: 'pure',
    method: false,
    params: ['text'],
    overloads: [{ params: ['text'], result: 'text' }],
    description: 'The text without white space at its ends.',
    example: "trim(subject) == ''",
    implement: (text: string) => text.trim(),
  },
  {
    name: 'word_count',
    kind: 'pure',
    method: false,
    params: ['text'],
    overloads: [{ params: ['text'], result: 'number' }],
    description: 'Number of words: runs without white space that hold a letter or digit.',
    example: 'word_count(subject_core) >= 3',
    implement: wordCount,
  },
  {
    name: 'min',
    kind: 'pure',
    method: false,
    params: ['a', 'b'],
    overloads: [{ params: ['number', 'number'], result: 'number' }],
    description: 'The smaller of two numbers.',
    example: 'min(n, 100)',
    implement: (a: number, b: number) => Math.min(a, b),
  },
  {
    name: 'max',
    kind: 'pure',
    method: false,
    params: ['a', 'b'],
    overloads: [{ params: ['number', 'number'], result: 'number' }],
    description: 'The larger of two numbers.',
    example: 'max(bytes, bytes_in)',
    implement: (a: number, b: number) => Math.max(a, b),
  },
  {
    name: 'abs',
    kind: 'pure',
    method: false,
    params: ['x'],
    overloads: [{ params: ['number'], result: 'number' }],
    description: 'The number without its sign.',
    example: 'abs(time - hired) < 30 * DAY',
    implement: (x: number) => Math.abs(x),
  },
  {
    name: 'floor',
    kind: 'pure',
    method: false,
    params: ['x'],
    overloads: [{ params: ['number'], result: 'number' }],
    description: 'The largest whole number that is not above x.',
    example: 'floor(bytes / MB)',
    implement: (x: number) => Math.floor(x),
  },
  {
    name: 'size_text',
    kind: 'pure',
    method: false,
    params: ['bytes'],
    overloads: [{ params: ['number'], result: 'text' }],
    description: 'A number of bytes for reading, in binary units: 4.9 MB.',
    example: 'size_text(bytes)',
    implement: sizeText,
  },
  {
    name: 'duration_text',
    kind: 'pure',
    method: false,
    params: ['milliseconds'],
    overloads: [{ params: ['number'], result: 'text' }],
    description: 'A length of time for reading, in its two largest units: 3 d 4 h.',
    example: 'duration_text(time - first_seen)',
    implement: durationText,
  },
  {
    name: 'percent_text',
    kind: 'pure',
    method: false,
    params: ['share'],
    overloads: [{ params: ['number'], result: 'text' }],
    description: 'A share from 0 to 1 for reading: 93 %.',
    example: 'percent_text(confidence_factor)',
    implement: percentText,
  },
  {
    name: 'time_text',
    kind: 'pure',
    method: false,
    params: ['time'],
    overloads: [{ params: ['number'], result: 'text' }],
    description: 'A moment (milliseconds since 1970 UTC) for reading: 2024-01-08 09:00 UTC.',
    example: 'time_text(first_seen)',
    implement: timeText,
  },
  {
    name: 'in_table',
    kind: 'context',
    method: false,
    params: ['table', 'text'],
    overloads: [{ params: ['text', 'text'], result: 'flag' }],
    literal: { at: 0, names: 'table' },
    description: 'Whether the text is a member of the context table; case does not matter.',
    example: "in_table('executives', user)",
  },
  {
    name: 'any_in_table',
    kind: 'context',
    method: false,
    params: ['table', 'texts'],
    overloads: [{ params: ['text', 'texts'], result: 'flag' }],
    literal: { at: 0, names: 'table' },
    description: 'Whether any entry of the list is a member of the context table.',
    example: "any_in_table('source_code_extensions', file_extensions)",
  },
  {
    name: 'contains_any',
    kind: 'context',
    method: false,
    params: ['text', 'table'],
    overloads: [{ params: ['text', 'text'], result: 'flag' }],
    literal: { at: 1, names: 'table' },
    description:
      'Whether the text holds a member of the context table as whole words; case does not matter.',
    example: "contains_any(subject, 'privacy_keywords')",
  },
  {
    name: 'observations',
    kind: 'context',
    method: false,
    params: ['model', 'value'],
    overloads: [{ params: ['text', 'text'], result: 'number' }],
    literal: { at: 0, names: 'model' },
    description:
      "How often the categorical model has seen the value in this event's scope, before this event trains it; 0 when never.",
    example: "observations('EM-EXEC', subject_core) > 0",
  },
  {
    name: 'count',
    kind: 'session',
    method: false,
    params: ['x'],
    overloads: [
      { params: ['flag'], result: 'number' },
      { params: ['text'], result: 'number' },
    ],
    description:
      'Events of the session, this one included, at which the flag was true, or at which the text was what it is now.',
    example: 'count(to_personal) >= 3',
  },
  {
    name: 'sum',
    kind: 'session',
    method: false,
    params: ['x'],
    overloads: [{ params: ['number'], result: 'number' }],
    description: 'Sum of the number over the events of the session, this one included.',
    example: 'sum(bytes) > 20 * MB',
  },
  {
    name: 'sum_if',
    kind: 'session',
    method: false,
    params: ['x', 'condition'],
    overloads: [{ params: ['number', 'flag'], result: 'number' }],
    description: 'Sum of the number over those events of the session at which the condition held.',
    example: 'sum_if(bytes, to_personal) > 5 * MB',
  },
  {
    name: 'distinct_count',
    kind: 'session',
    method: false,
    params: ['x'],
    overloads: [
      { params: ['text'], result: 'number' },
      { params: ['texts'], result: 'number' },
    ],
    description: 'Number of different values seen in the session, this event included.',
    example: 'distinct_count(external_domains) > 10',
  },
  {
    name: 'was_rule_fired',
    kind: 'session',
    method: false,
    params: ['rule'],
    overloads: [{ params: ['text'], result: 'flag' }],
    literal: { at: 0, names: 'rule' },
    description: 'Whether the rule fired on an earlier event of the session.',
    example: "was_rule_fired('EM-UD-F')",
  },
];

/** Every function of the language by name. Checker, compiler, completion and documents read this. */
export const functionTable: ReadonlyMap<string, FunctionEntry> = new Map(
  entries.map((entry) => [entry.name, entry]),
);

/** The entry of a name that the checker has accepted. */
export function functionEntry(name: string): FunctionEntry {
  const entry = functionTable.get(name);
  if (!entry) throw new Error(`no function ${name}`);
  return entry;
}

export interface FunctionDoc {
  readonly name: string;
  readonly kind: FunctionKind;
  /** Overloads one per line: `size(x: text): number`. */
  readonly signature: string;
  readonly description: string;
  readonly example: string;
}

/** How a call of the overload is written, with types: `text.contains(part: text): flag`. */
export function overloadText(entry: FunctionEntry, overload: FunctionOverload): string {
  const typed = overload.params.map((type, i) => `${entry.params[i]}: ${type}`);
  const call = entry.method
    ? `${overload.params[0]}.${entry.name}(${typed.slice(1).join(', ')})`
    : `${entry.name}(${typed.join(', ')})`;
  return `${call}: ${overload.result}`;
}

/** The function table for documents and completion, in the order in which it is best read. */
export function functionDocs(): FunctionDoc[] {
  return entries.map((entry) => ({
    name: entry.name,
    kind: entry.kind,
    signature: entry.overloads.map((overload) => overloadText(entry, overload)).join('\n'),
    description: entry.description,
    example: entry.example,
  }));
}

const guarded = new Map<string, (...args: ExpressionValue[]) => ExpressionValue>();

/** A pure function that takes absent arguments too and is then absent itself (a flag: false). */
export function guardedFunction(name: string): (...args: ExpressionValue[]) => ExpressionValue {
  const known = guarded.get(name);
  if (known) return known;
  const entry = functionEntry(name);
  const implement = entry.implement as
    | ((...args: ExpressionValue[]) => ExpressionValue)
    | undefined;
  if (!implement) throw new Error(`${name} is not a pure function`);
  const absent = absentOf((entry.overloads[0] as FunctionOverload).result);
  const made =
    (entry.overloads[0] as FunctionOverload).params.length === 1
      ? (x: ExpressionValue) => (isAbsent(x) ? absent : implement(x))
      : (x: ExpressionValue, y: ExpressionValue) =>
          isAbsent(x) || isAbsent(y) ? absent : implement(x, y);
  guarded.set(name, made as (...args: ExpressionValue[]) => ExpressionValue);
  return made as (...args: ExpressionValue[]) => ExpressionValue;
}
