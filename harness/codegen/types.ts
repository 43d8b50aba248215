import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compile, type JSONSchema } from 'json-schema-to-typescript';
import { generateBinary } from './binary.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

const targets: readonly { readonly schemas: string; readonly out: string }[] = [
  { schemas: 'content/schema', out: 'content/types.generated.ts' },
  { schemas: 'harness/schema', out: 'harness/result.generated.ts' },
];

/**
 * The TypeScript text for all schemas of a folder, each titled type once.
 * Schemas are sorted by file name, so the text depends on their content only.
 */
export async function generateTypes(schemaFolder: string): Promise<string> {
  const files = (await readdir(schemaFolder)).filter((f) => f.endsWith('.schema.json')).sort();
  const properties: Record<string, JSONSchema> = {};
  for (const file of files) {
    const schema = JSON.parse(await readFile(join(schemaFolder, file), 'utf8')) as JSONSchema;
    properties[String(schema.title)] = { $ref: file };
  }
  const text = await compile(
    {
      title: 'AllTypes',
      type: 'object',
      additionalProperties: false,
      properties: properties as never,
      required: Object.keys(properties),
    },
    'AllTypes',
    {
      cwd: `${schemaFolder}/`,
      bannerComment: '/* Generated from the JSON Schemas by `npm run generate`. Do not edit. */',
      style: { singleQuote: true, printWidth: 100 },
      additionalProperties: false,
      strictIndexSignatures: false,
    },
  );
  return text;
}

export async function generateAll(): Promise<{ path: string; text: string }[]> {
  return Promise.all([
    ...targets.map(async ({ schemas, out }) => ({
      path: join(root, out),
      text: await generateTypes(join(root, schemas)),
    })),
    {
      path: join(root, 'engine/decode/scan.generated.ts'),
      text: await generateBinary(join(root, 'engine/decode/scan.wat'), 'scanBinary'),
    },
  ]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const { path, text } of await generateAll()) await writeFile(path, text);
}
