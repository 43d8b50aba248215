import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { generateAll } from '../../harness/codegen/types.js';

it('generated files are those of their sources (npm run generate)', async () => {
  for (const { path, text } of await generateAll()) expect(await readFile(path, 'utf8')).toBe(text);
});
