/** Types an expression can have. Numbers are doubles; there is no int at run time. */
export type ExpressionType = 'text' | 'texts' | 'number' | 'numbers' | 'flag' | 'flags';

/** Inclusive start, exclusive end, in the expression's source. */
export interface SourceRange {
  readonly start: number;
  readonly end: number;
}

export type BinaryOperator =
  | '=='
  | '!='
  | '<'
  | '<='
  | '>'
  | '>='
  | '+'
  | '-'
  | '*'
  | '/'
  | '%'
  | '&&'
  | '||'
  | 'in';

/**
 * One checked expression: plain data, every node typed and placed. Compiler, explanation,
 * mutation and translation all work on this and on nothing else.
 *
 * Absent values: a number that is absent is NaN, text and lists are undefined, a flag is false.
 * Every comparison with an absent side (also `!=` and `in`) is false. Arithmetic with an absent
 * side is absent. A pure function with an absent argument is absent, or false if it gives a flag.
 */
export type TypedNode = { readonly range: SourceRange; readonly type: ExpressionType } & (
  | { readonly node: 'literal'; readonly value: string | number | boolean }
  | { readonly node: 'field'; readonly name: string }
  /** Model variables, value, scope and entity facts. */
  | { readonly node: 'variable'; readonly name: string }
  | { readonly node: 'local'; readonly name: string }
  | { readonly node: 'list'; readonly items: readonly TypedNode[] }
  | { readonly node: 'not' | 'negate'; readonly operand: TypedNode }
  | {
      readonly node: 'binary';
      readonly operator: BinaryOperator;
      readonly left: TypedNode;
      readonly right: TypedNode;
    }
  | {
      readonly node: 'choose';
      readonly test: TypedNode;
      readonly yes: TypedNode;
      readonly no: TypedNode;
    }
  | { readonly node: 'index'; readonly list: TypedNode; readonly at: TypedNode }
  /** `function` is a key of the function table. */
  | { readonly node: 'call'; readonly function: string; readonly args: readonly TypedNode[] }
  /** exists, all, filter, map over a list. */
  | {
      readonly node: 'each';
      readonly macro: 'exists' | 'all' | 'exists_one' | 'filter' | 'map';
      readonly list: TypedNode;
      readonly local: string;
      readonly body: TypedNode;
    }
);

export interface ExpressionFault {
  /** `expression/syntax`, `expression/unknown-name`, `expression/type`, `expression/unknown-table` … */
  readonly code: string;
  readonly message: string;
  readonly range: SourceRange;
  readonly hint?: string;
}

/** Names an expression may use. */
export interface ExpressionScope {
  readonly fields: ReadonlyMap<string, ExpressionType>;
  /** Model variables (n, num_bins …), value, scope, entity facts. */
  readonly variables: ReadonlyMap<string, ExpressionType>;
  readonly tables: ReadonlySet<string>;
  readonly rules: ReadonlySet<string>;
  readonly models: ReadonlySet<string>;
  /** Session functions (count, sum …) and was_rule_fired are allowed. */
  readonly session: boolean;
  /** Units of fields and variables, by name; a template shows numbers by them. */
  readonly units?: ReadonlyMap<string, Unit>;
}

/** Unit of a number. `time`: milliseconds since 1970 UTC. */
export type Unit = 'bytes' | 'milliseconds' | 'time' | 'count';

/** One call in a tree: a function of the table with its arguments, a method's receiver first. */
export type CallNode = Extract<TypedNode, { node: 'call' }>;

export type ParseOutcome =
  | { readonly ok: true; readonly tree: TypedNode }
  | { readonly ok: false; readonly faults: readonly ExpressionFault[] };
