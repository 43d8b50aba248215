import { Environment } from '@marcbachmann/cel-js';
import { functionTable } from './functions.js';
import type { ExpressionScope, ExpressionType } from './tree.js';

export interface NamedConstant {
  readonly name: string;
  readonly value: number;
  readonly description: string;
}

/** Constants of the language: binary sizes, and lengths of time in milliseconds. */
export const constants: readonly NamedConstant[] = [
  { name: 'KB', value: 1024, description: '1024 bytes.' },
  { name: 'MB', value: 1024 ** 2, description: '1024 KB.' },
  { name: 'GB', value: 1024 ** 3, description: '1024 MB.' },
  { name: 'SECOND', value: 1000, description: 'One second in milliseconds.' },
  { name: 'MINUTE', value: 60_000, description: '60 seconds in milliseconds.' },
  { name: 'HOUR', value: 3_600_000, description: '60 minutes in milliseconds.' },
  { name: 'DAY', value: 86_400_000, description: '24 hours in milliseconds.' },
  { name: 'WEEK', value: 604_800_000, description: '7 days in milliseconds.' },
];

export const constantValues: ReadonlyMap<string, number> = new Map(
  constants.map(({ name, value }) => [name, value]),
);

export interface NamedVariable {
  readonly name: string;
  /** `feature`: text for a categorical model or a for_each list, number for a numerical model. */
  readonly type: ExpressionType | 'feature';
  /** Kind of model that gives it; absent: any. */
  readonly model?: 'categorical' | 'numerical';
  readonly description: string;
}

/**
 * What an expression knows about the rule's model, all from before the event trained anything.
 * `value` is also there without a model where the rule has `for_each`.
 */
export const modelVariables: readonly NamedVariable[] = [
  { name: 'n', type: 'number', description: "Observations in the model's scope." },
  {
    name: 'num_bins',
    type: 'number',
    model: 'categorical',
    description: 'Different values seen in the scope.',
  },
  {
    name: 'num_observations',
    type: 'number',
    model: 'categorical',
    description: 'Observations of this value in the scope.',
  },
  {
    name: 'confidence_factor',
    type: 'number',
    description: 'How settled the model is, from 0 to 1; 0 below its cut_off.',
  },
  {
    name: 'percentile_threshold_count',
    type: 'number',
    model: 'categorical',
    description: 'percentile × n: a value seen less often is abnormal.',
  },
  {
    name: 'percentile_threshold_value',
    type: 'number',
    model: 'numerical',
    description: 'Number that only the top percentile exceeds; absent while there is none.',
  },
  {
    name: 'top_threshold_count',
    type: 'number',
    model: 'categorical',
    description: 'Smallest count that at most `percentile` of the values reach.',
  },
  { name: 'value', type: 'feature', description: 'The value of the feature on this event.' },
  { name: 'scope', type: 'text', description: 'Whom the model looks at: user, peer group, org.' },
];

/** Facts about the event and its user, there for every expression. */
export const entityFacts: readonly NamedVariable[] = [
  { name: 'time', type: 'number', description: 'Time of the event, milliseconds since 1970 UTC.' },
  {
    name: 'first_seen',
    type: 'number',
    description:
      "Time of the user's first event in containers of this kind, this event included; milliseconds since 1970 UTC.",
  },
  {
    name: 'active_days',
    type: 'number',
    description: 'Earlier UTC days on which the user had events in containers of this kind.',
  },
];

const ofModelsOnly = new Set(
  modelVariables.map((variable) => variable.name).filter((name) => name !== 'value'),
);

/** Whether the name is a reading of the rule's model (all of modelVariables but `value`). */
export function isModelReading(name: string): boolean {
  return ofModelsOnly.has(name);
}

/** Variables of a scope: the entity facts, and with a model or a for_each list theirs. */
export function scopeVariables(rule: {
  readonly model?: 'categorical' | 'numerical' | undefined;
  /** `value` without a model. */
  readonly forEach?: boolean | undefined;
}): Map<string, ExpressionType> {
  const found = new Map<string, ExpressionType>();
  for (const { name, type } of entityFacts) found.set(name, type as ExpressionType);
  if (rule.forEach === true) found.set('value', 'text');
  if (rule.model === undefined) return found;
  for (const { name, type, model } of modelVariables) {
    if (model !== undefined && model !== rule.model) continue;
    const feature: ExpressionType = rule.model === 'numerical' ? 'number' : 'text';
    found.set(name, type === 'feature' ? feature : type);
  }
  return found;
}

/** Longest source, in UTF-16 units, and deepest nesting that is accepted. */
export const limits = { length: 4000, depth: 150, nodes: 2000, listItems: 500 } as const;

const celTypes: Readonly<Record<ExpressionType, string>> = {
  text: 'string',
  texts: 'list<string>',
  number: 'double',
  numbers: 'list<double>',
  flag: 'bool',
  flags: 'list<bool>',
};

const typesOfCel: ReadonlyMap<string, ExpressionType> = new Map(
  Object.entries(celTypes).map(([type, cel]) => [cel, type as ExpressionType]),
);

/** Our type for a CEL type name; undefined outside the subset. */
export function typeOfCel(name: string): ExpressionType | undefined {
  return typesOfCel.get(name);
}

/**
 * Sign before every name given to the CEL library. No source can hold it, so our names never meet
 * the library's own: a field may be called `bytes` or `type`, and `size` has our types.
 */
export const mark = '$';

function unreachable(): never {
  throw new Error('the CEL library only parses and checks');
}

let base: Environment | undefined;

function baseEnvironment(): Environment {
  if (base) return base;
  const made = new Environment({
    limits: {
      maxAstNodes: limits.nodes,
      maxDepth: limits.depth,
      maxListElements: limits.listItems,
    },
  });
  for (const entry of functionTable.values()) {
    for (const overload of entry.overloads) {
      const params = overload.params.map((type) => ({ type: celTypes[type] }));
      made.registerFunction({
        name: mark + entry.name,
        returnType: celTypes[overload.result],
        params: entry.method ? params.slice(1) : params,
        handler: unreachable,
        async: false,
        ...(entry.method && { receiverType: celTypes[overload.params[0] as ExpressionType] }),
      });
    }
  }
  made.registerOperator('double % double', unreachable);
  for (const { name } of constants) made.registerVariable(mark + name, 'double');
  base = made;
  return made;
}

const environments = new WeakMap<ExpressionScope, Environment>();

/** The CEL environment of a scope; made once for each scope object. */
export function environmentOf(scope: ExpressionScope): Environment {
  const known = environments.get(scope);
  if (known) return known;
  const made = baseEnvironment().clone();
  const types = new Map([...scope.fields, ...scope.variables]);
  for (const [name, type] of types) {
    if (!constantValues.has(name)) made.registerVariable(mark + name, celTypes[type]);
  }
  environments.set(scope, made);
  return made;
}
