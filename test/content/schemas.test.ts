import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { describe, expect, it, test } from 'vitest';
import { parse } from 'yaml';

const root = fileURLToPath(new URL('../..', import.meta.url));
const content = join(root, 'content');
const schemas = join(content, 'schema');

const files = readdirSync(content, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.yaml'))
  .sort();

function schemaOf(file: string): string {
  const [, named] =
    /^# yaml-language-server: \$schema=(\S+)\n/.exec(readFileSync(join(content, file), 'utf8')) ??
    [];
  return named === undefined ? '' : resolve(content, dirname(file), named);
}

const compiled = new Map<string, ValidateFunction>();

/** As an editor does it: one schema alone, nothing filled in. */
function validator(schema: string): ValidateFunction {
  const known = compiled.get(schema);
  if (known) return known;
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true });
  const made = ajv.compile(JSON.parse(readFileSync(schema, 'utf8')) as object);
  compiled.set(schema, made);
  return made;
}

test.each(files)('%s names its schema and is valid by it', (file) => {
  const schema = schemaOf(file);
  expect(existsSync(schema), `${file} names no schema`).toBe(true);
  const validate = validator(schema);
  validate(parse(readFileSync(join(content, file), 'utf8')));
  expect(validate.errors ?? []).toEqual([]);
});

test('attack.json is valid by its schema', () => {
  const validate = validator(join(schemas, 'attack.schema.json'));
  validate(JSON.parse(readFileSync(join(content, 'attack.json'), 'utf8')));
  expect(validate.errors ?? []).toEqual([]);
});

interface Schema {
  readonly description?: string;
  readonly $ref?: string;
  readonly examples?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly $defs?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
}

function* parts(schema: Schema, path: string): Generator<[string, Schema]> {
  yield [path, schema];
  for (const [key, part] of Object.entries(schema.properties ?? {}))
    yield* parts(part, `${path}/${key}`);
  for (const [key, part] of Object.entries(schema.$defs ?? {})) yield* parts(part, `#${key}`);
  if (schema.items) yield* parts(schema.items, `${path}[]`);
  if (typeof schema.additionalProperties === 'object')
    yield* parts(schema.additionalProperties, `${path}{}`);
}

describe.each(readdirSync(schemas).sort())('%s', (name) => {
  const schema = JSON.parse(readFileSync(join(schemas, name), 'utf8')) as Schema;

  it('says of every key what it is for', () => {
    const silent = [...parts(schema, '')]
      .filter(([path]) => /[\w]$/.test(path) || path === '')
      .filter(([, part]) => part.description === undefined && part.$ref === undefined)
      .map(([path]) => path);
    expect(silent).toEqual([]);
  });

  it('gives examples that it accepts itself', () => {
    const ajv = new Ajv2020({ strict: true, allowUnionTypes: true });
    ajv.addSchema(schema, name);
    for (const [path, part] of parts(schema, ''))
      for (const example of part.examples ?? []) {
        const alone = { ...part, $defs: schema.$defs, examples: [] };
        expect(new Ajv2020({ allowUnionTypes: true }).validate(alone, example), path).toBe(true);
      }
  });
});

test('the editor settings name a schema for every file of the content', () => {
  const settings = JSON.parse(readFileSync(join(root, '.vscode/settings.json'), 'utf8')) as {
    readonly 'yaml.schemas': Readonly<Record<string, string>>;
  };
  const patterns = Object.entries(settings['yaml.schemas']).map(([schema, glob]) => ({
    schema: resolve(root, schema),
    pattern: new RegExp(`^${glob.replaceAll('.', '\\.').replaceAll('*', '[^/]+')}$`),
  }));
  for (const file of files) {
    const found = patterns.filter(({ pattern }) => pattern.test(`content/${file}`));
    expect(found.map(({ schema }) => basename(schema))).toEqual([
      basename(relative(schemas, schemaOf(file))),
    ]);
  }
});
