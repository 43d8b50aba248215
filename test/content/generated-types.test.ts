import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { generateAll } from '../../harness/codegen/types.js';

it('the generated types are those of the schemas (npm run generate)', async () => {
  for (const { path, text } of await generateAll()) expect(await readFile(path, 'utf8')).toBe(text);
});
