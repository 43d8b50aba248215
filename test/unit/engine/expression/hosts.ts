import type {
  EmitHost,
  EvaluateHost,
  ExpressionScope,
  ExpressionValue,
  TypedNode,
} from '../../../../engine/expression/index.js';
import { canonical, emit, tableFunction } from '../../../../engine/expression/index.js';

export const scope: ExpressionScope = {
  fields: new Map([
    ['bytes', 'number'],
    ['bytes_in', 'number'],
    ['hired', 'number'],
    ['subject', 'text'],
    ['sender', 'text'],
    ['type', 'text'],
    ['action', 'text'],
    ['recipients', 'texts'],
    ['attachments', 'texts'],
    ['to_public', 'flag'],
    ['to_personal', 'flag'],
    ['duration', 'number'],
  ]),
  variables: new Map([
    ['n', 'number'],
    ['num_observations', 'number'],
    ['confidence_factor', 'number'],
    ['value', 'text'],
    ['scope', 'text'],
    ['time', 'number'],
    ['first_seen', 'number'],
    ['active_days', 'number'],
  ]),
  tables: new Set(['executives', 'extensions', 'keywords']),
  rules: new Set(['EM-UD-F', 'EM-UD-A']),
  models: new Set(['EM-EXEC', 'EM-UD']),
  session: true,
  units: new Map([
    ['bytes', 'bytes'],
    ['hired', 'time'],
    ['duration', 'milliseconds'],
  ]),
};

export const tables: Readonly<Record<string, readonly string[]>> = {
  executives: ['ceo@corp.example', 'cfo@corp.example'],
  extensions: ['c', 'ts'],
  keywords: ['secret', 'date of birth', 'c++'],
};

/** What an expression sees: leaves by name, session readings by canonical text. */
export interface World {
  readonly fields?: Readonly<Record<string, ExpressionValue>>;
  readonly variables?: Readonly<Record<string, ExpressionValue>>;
  readonly observations?: Readonly<Record<string, number>>;
  readonly session?: (call: string) => ExpressionValue;
}

function own(
  record: Readonly<Record<string, ExpressionValue>> | undefined,
  name: string,
): ExpressionValue {
  return record !== undefined && Object.hasOwn(record, name) ? record[name] : undefined;
}

function contextValue(
  world: World,
  name: string,
  args: readonly ExpressionValue[],
): ExpressionValue {
  if (name === 'observations') {
    const seen = args[1];
    return typeof seen === 'string' ? (world.observations?.[seen] ?? 0) : undefined;
  }
  const [table, other] = name === 'contains_any' ? [args[1], args[0]] : args;
  return tableFunction(name, tables[String(table)] as readonly string[])(other);
}

export function evaluateHost(world: World): EvaluateHost {
  return {
    field: (name) => own(world.fields, name),
    variable: (name) => own(world.variables, name),
    contextCall: (node, args) => contextValue(world, node.function, args),
    sessionCall: (node) => world.session?.(canonical(node)),
  };
}

/** Code of the tree with the constants it needs, and how to run it. */
export function compiled(make: (host: EmitHost) => string): {
  code: string;
  run: (world: World) => ExpressionValue;
} {
  const constants: unknown[] = [];
  const host: EmitHost = {
    field: (name) => `fields.${name}`,
    variable: (name) => `variables[${JSON.stringify(name)}]`,
    contextCall: (node, args) => `context(${JSON.stringify(node.function)}, [${args.join(', ')}])`,
    sessionCall: (node) => `session(${JSON.stringify(canonical(node))})`,
    constant: (value) => {
      const known = constants.indexOf(value);
      return `k[${known < 0 ? constants.push(value) - 1 : known}]`;
    },
  };
  const code = make(host);
  const made = new Function(
    'k',
    'fields',
    'variables',
    'context',
    'session',
    `"use strict"; return ${code};`,
  );
  return {
    code,
    run: (world) =>
      made(
        constants,
        world.fields ?? {},
        world.variables ?? {},
        (name: string, args: readonly ExpressionValue[]) => contextValue(world, name, args),
        (call: string) => world.session?.(call),
      ) as ExpressionValue,
  };
}

export function compiledTree(tree: TypedNode): ReturnType<typeof compiled> {
  return compiled((host) => emit(tree, host));
}
