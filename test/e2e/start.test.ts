import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import type { rememberContent as rememberFromSource } from '#content';
import { builtInContent, packageRoot } from '../../harness/package-root.js';

const dist = join(packageRoot, 'dist');

test('the build remembers the content as it is', async () => {
  const { rememberContent } = (await import(
    pathToFileURL(join(dist, 'content/index.js')).href
  )) as { rememberContent: typeof rememberFromSource };
  const folder = mkdtempSync(join(tmpdir(), 'leakdrill-start-'));
  await rememberContent(builtInContent, join(folder, 'memory.txt'));
  const fresh = readFileSync(join(folder, 'memory.txt'));
  rmSync(folder, { recursive: true });
  expect(readFileSync(join(dist, 'content/memory.txt')).equals(fresh)).toBe(true);
});

test('a replay loads nothing that it does not need', () => {
  // The loader's own trace of what is resolved; a hook sees every import and require.
  const trace = `
    import Module from 'node:module';
    const load = Module._load;
    Module._load = function (name, ...rest) { process.stderr.write('loaded ' + name + '\\n'); return load.call(this, name, ...rest); };
    Module.register('data:text/javascript,' + encodeURIComponent(
      "import { writeSync } from 'node:fs'; export async function resolve(name, context, next) { writeSync(2, 'loaded ' + name + '\\\\n'); return next(name, context); }"));
  `;
  const output = execFileSync(
    'sh',
    [
      '-c',
      '"$0" --import "$1" "$2" replay --report none - < /dev/null 2>&1 || true',
      process.execPath,
      `data:text/javascript,${encodeURIComponent(trace)}`,
      join(dist, 'harness/cli/main.js'),
    ],
    { encoding: 'utf8' },
  );
  const loaded = new Set(
    output.split('\n').flatMap((line) => line.match(/^loaded (.*)/)?.[1] ?? []),
  );
  expect(loaded).toContain('re2js');
  for (const name of ['yaml', 'react', 'ink', 'typescript', 'ts-node', 'tinyglobby', 'fast-check'])
    expect(loaded).not.toContain(name);
  expect([...loaded].filter((name) => /^ajv|^@faker-js/.test(name))).toEqual([]);
});
