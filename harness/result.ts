import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { packageRoot } from './package-root.js';
import type { RunResult } from './result.generated.js';

export type * from './result.generated.js';

/** A result file that is missing, not JSON, of another version or not of the schema's shape. */
export class ResultError extends Error {
  override readonly name = 'ResultError';
}

/**
 * Faults of a value against the result schema, as `/rules/0/recall must be object`; none when it
 * is a result.
 */
export function resultFaults(value: unknown): string[] {
  const validate = validator();
  if (validate(value)) return [];
  return (validate.errors ?? []).map(({ instancePath, message, params }) => {
    const name: unknown = params['additionalProperty'];
    const which = typeof name === 'string' ? ` (${name})` : '';
    return `${instancePath || '/'} ${message ?? 'is wrong'}${which}`;
  });
}

/** The result as text: JSON, two spaces, a line feed at the end. Throws {@link ResultError}. */
export function serialiseResult(result: RunResult): string {
  const faults = resultFaults(result);
  if (faults.length > 0) throw new ResultError(`result does not fit its schema: ${list(faults)}`);
  return `${JSON.stringify(result, null, 2)}\n`;
}

/** Throws {@link ResultError} naming `source` and what is wrong. */
export function parseResult(text: string, source: string): RunResult {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new ResultError(`${source} is not JSON: ${reasonOf(error)}`);
  }
  const version =
    typeof value === 'object' && value !== null && 'version' in value && value.version;
  if (typeof version === 'number' && version !== 1)
    throw new ResultError(`${source} is a result of version ${version}; this program reads 1`);
  const faults = resultFaults(value);
  if (faults.length > 0) throw new ResultError(`${source} is not a drill result: ${list(faults)}`);
  return value as RunResult;
}

/** Checks and writes a result. Throws {@link ResultError}. */
export async function writeResult(path: string, result: RunResult): Promise<void> {
  const text = serialiseResult(result);
  try {
    await writeFile(path, text);
  } catch (error) {
    throw new ResultError(`${path} cannot be written: ${reasonOf(error)}`);
  }
}

/** Reads and checks a result. Throws {@link ResultError}. */
export async function readResult(path: string): Promise<RunResult> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new ResultError(`${path} cannot be read: ${reasonOf(error)}`);
  }
  return parseResult(text, path);
}

let compiled: ValidateFunction | undefined;

/** Read from where it was written: the compiler copies no JSON to dist. */
function validator(): ValidateFunction {
  compiled ??= new Ajv2020({ allErrors: false, strict: true }).compile(
    JSON.parse(readFileSync(join(packageRoot, 'harness/schema/result.schema.json'), 'utf8')),
  );
  return compiled;
}

function list(faults: readonly string[]): string {
  return faults.join('; ');
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
