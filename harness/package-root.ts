import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Folder of our package.json: the same one whether this runs from source or from dist. */
export const packageRoot = findRoot(dirname(fileURLToPath(import.meta.url)));

/** The content that comes with Leakdrill. */
export const builtInContent = join(packageRoot, 'content');

function findRoot(folder: string): string {
  if (existsSync(join(folder, 'package.json')) || dirname(folder) === folder) return folder;
  return findRoot(dirname(folder));
}

export function packageVersion(): string {
  const text = readFileSync(join(packageRoot, 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
