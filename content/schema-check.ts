import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Ajv2020, ErrorObject, ValidateFunction } from 'ajv/dist/2020.js';
import { didYouMean } from './diagnostic.js';
import type { Diagnostic } from './fault.js';

/** Names of the schemas, `content/schema/<name>.schema.json`. */
export type SchemaName =
  | 'attack'
  | 'context-extension'
  | 'context-table'
  | 'event-types'
  | 'gates'
  | 'model'
  | 'parser'
  | 'rule'
  | 'test-directory'
  | 'traffic';

const validators = new Map<SchemaName, ValidateFunction>();
let ajv: Ajv2020 | undefined;

/**
 * Checks a value against a schema and fills in the schema's defaults in place. Faults are returned
 * as diagnostics, the outermost cause of each only.
 */
export function checkSchema(schema: SchemaName, value: unknown, file: string): Diagnostic[] {
  const validate = validators.get(schema) ?? compileSchema(schema);
  if (validate(value)) return [];
  // What a branch or a key's form finds is told once, by the keyword around it.
  const errors = (validate.errors ?? []).filter(
    (error) => !/\/(oneOf|anyOf)\//.test(error.schemaPath) && error.propertyName === undefined,
  );
  return errors.map((error) => toDiagnostic(error, value, file));
}

function compileSchema(name: SchemaName): ValidateFunction {
  ajv ??= new (checker().Ajv2020)({
    allErrors: true,
    useDefaults: true,
    verbose: true,
    strict: true,
    allowUnionTypes: true,
  });
  const text = readFileSync(join(schemaFolder(), `${name}.schema.json`), 'utf8');
  const validate = ajv.compile(JSON.parse(text) as object);
  validators.set(name, validate);
  return validate;
}

/** Loaded when something is to be checked: a start that remembers the content does without. */
function checker(): typeof import('ajv/dist/2020.js') {
  return createRequire(import.meta.url)('ajv/dist/2020.js') as typeof import('ajv/dist/2020.js');
}

/** The schemas lie beside the source, and are not copied when it is built. */
export function schemaFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (dirname(folder) !== folder) {
    try {
      readFileSync(join(folder, 'package.json'));
      break;
    } catch {
      folder = dirname(folder);
    }
  }
  return join(folder, 'content', 'schema');
}

/** What Ajv tells about a fault, and of a schema what wording needs. */
interface Params {
  readonly additionalProperty?: unknown;
  readonly propertyName?: unknown;
  readonly missingProperty?: unknown;
  readonly allowedValues?: readonly unknown[];
  readonly type?: unknown;
  readonly pattern?: unknown;
  readonly i?: unknown;
  readonly j?: unknown;
  readonly limit?: unknown;
  readonly comparison?: unknown;
}

interface SchemaPart {
  readonly type?: unknown;
  readonly properties?: object;
}

function toDiagnostic(error: ErrorObject, root: unknown, file: string): Diagnostic {
  const path = pathOf(error.instancePath, root);
  const params = error.params as Params;
  const make = (
    code: string,
    message: string,
    extra: {
      readonly hint?: string | undefined;
      readonly at?: string;
      readonly key?: boolean;
    } = {},
  ): Diagnostic => ({
    code,
    severity: 'error',
    message,
    place: {
      file,
      path: extra.at === undefined ? path : [...path, extra.at],
      ...(extra.key === true && { key: true }),
    },
    ...(extra.hint !== undefined && { hint: extra.hint }),
  });
  const name = path.length === 0 ? 'the file' : String(path.at(-1));
  const subject = typeof path.at(-1) === 'number' ? `entry ${Number(path.at(-1)) + 1}` : name;
  switch (error.keyword) {
    case 'additionalProperties': {
      const key = String(params.additionalProperty);
      const known = Object.keys((error.parentSchema as SchemaPart | undefined)?.properties ?? {});
      return make('schema/unknown-key', `there is no key ${key} here`, {
        hint: didYouMean(key, known),
        at: key,
        key: true,
      });
    }
    case 'propertyNames': {
      const key = String(params.propertyName);
      return make('schema/value', `${key} cannot be a key here`, { at: key, key: true });
    }
    case 'required':
      return make('schema/missing-key', `${name} lacks the key ${String(params.missingProperty)}`, {
        key: true,
      });
    case 'enum': {
      const allowed = (params.allowedValues ?? []).map(String);
      const hint = typeof error.data === 'string' ? didYouMean(error.data, allowed) : undefined;
      return make('schema/enum', `${subject} must be one of ${allowed.join(', ')}`, { hint });
    }
    case 'type':
      return make(
        'schema/type',
        `${subject} must be ${typeName(params.type)} and is ${valueName(error.data)}`,
      );
    case 'oneOf':
    case 'anyOf': {
      const branches = (error.schema as SchemaPart[]).map((branch) => typeName(branch.type));
      return make(
        'schema/type',
        `${subject} must be ${branches.join(' or ')} and is ${valueName(error.data)}`,
      );
    }
    case 'pattern':
      return make('schema/value', `${subject} does not have the form ${String(params.pattern)}`, {
        hint: hintOfPattern(String(params.pattern)),
      });
    case 'uniqueItems':
      return make(
        'schema/value',
        `${name} has the same entry twice, at positions ${Number(params.j) + 1} and ${Number(params.i) + 1}`,
      );
    case 'minItems':
      return make(
        'schema/value',
        `${name} must have at least ${String(params.limit)} ${plural(params.limit, 'entry', 'entries')}`,
      );
    case 'minLength':
      return make(
        'schema/value',
        `${subject} must have at least ${String(params.limit)} ${plural(params.limit, 'character', 'characters')}`,
      );
    case 'minimum':
    case 'maximum':
    case 'exclusiveMinimum':
    case 'exclusiveMaximum':
      return make(
        'schema/value',
        `${subject} must be ${String(params.comparison)} ${String(params.limit)}`,
      );
    default:
      return make('schema/value', `${subject} ${error.message ?? 'is not valid'}`);
  }
}

function plural(count: unknown, one: string, more: string): string {
  return count === 1 ? one : more;
}

function hintOfPattern(pattern: string): string | undefined {
  if (pattern.includes('(d|w)')) return 'write days or weeks, such as 30d or 16w';
  if (pattern.includes('(ms|s|m|h|d|w)'))
    return 'write a length of time, such as 90s, 10m, 6h or 2d';
  return undefined;
}

/** JSON pointer to path; positions in lists become numbers. */
function pathOf(pointer: string, root: unknown): (string | number)[] {
  const path: (string | number)[] = [];
  let value = root;
  for (const part of pointer.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    const step = Array.isArray(value) ? Number(key) : key;
    path.push(step);
    value = (value as Record<string | number, unknown> | null | undefined)?.[step];
  }
  return path;
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
};

function typeName(type: unknown): string {
  const types = Array.isArray(type) ? type : [type];
  return types.map((one) => typeNames[String(one)] ?? String(one)).join(' or ');
}

function valueName(value: unknown): string {
  if (value === null || value === undefined) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  if (typeof value === 'string') return 'text';
  return String(value);
}
