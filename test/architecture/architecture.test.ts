import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { generateAll } from '../../harness/codegen/types.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

function tool(args: readonly string[]): { code: number | null; output: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' },
  });
  return { code: status, output: stdout + stderr };
}

describe('the tree keeps its own rules', () => {
  it('has types generated from the schemas as they are now (npm run generate)', async () => {
    for (const { path, text } of await generateAll()) expect(readFileSync(path, 'utf8')).toBe(text);
  });

  it('type-checks', () => {
    const { code, output } = tool(['node_modules/tsc7/bin/tsc', '-p', 'tsconfig.json', '--noEmit']);
    expect(output).toBe('');
    expect(code).toBe(0);
  });

  it('is formatted, linted and pure where it must be (biome check .)', () => {
    const { code, output } = tool([
      'node_modules/@biomejs/biome/bin/biome',
      'check',
      '--max-diagnostics=20',
      '.',
    ]);
    expect(code, output).toBe(0);
  });

  it('imports only along the arrows of the architecture', () => {
    const { code, output } = tool([
      'node_modules/dependency-cruiser/bin/dependency-cruise.mjs',
      '--config',
      'test/architecture/dependency-rules.cjs',
      'content',
      'engine',
      'generators',
      'scenarios',
      'harness',
      'test',
    ]);
    expect(code, output).toBe(0);
  });

  it('has no unused file, export or dependency (knip)', () => {
    const { code, output } = tool(['node_modules/knip/bin/knip.js', '--no-progress']);
    expect(code, output).toBe(0);
  });

  it('has exactly the top level that was asked for', () => {
    const visible = readdirSync(root).filter(
      (name) => !name.startsWith('.') && !['node_modules', 'dist', 'coverage'].includes(name),
    );
    expect(visible.sort()).toEqual(
      [
        'LICENSE',
        'README.md',
        'content',
        'engine',
        'generators',
        'harness',
        'package-lock.json',
        'package.json',
        'scenarios',
        'test',
        'tsconfig.json',
      ].sort(),
    );
  });

  it('names nothing outside itself', () => {
    const { output } = tool([
      '-e',
      `const {execSync}=require('child_process');process.stdout.write(execSync('git ls-files -z',{encoding:'utf8'}))`,
    ]);
    const outside = new RegExp(
      ['\\.\\.\\/sh' + 'ared', '\\/wo' + 'rk\\/main', '\\.lib' + 'rary'].join('|'),
    );
    for (const file of output
      .split('\0')
      .filter((f) => /\.(ts|tsx|mjs|cjs|json|ya?ml|md)$/.test(f)))
      if (file !== 'package-lock.json')
        expect(readFileSync(join(root, file), 'utf8'), file).not.toMatch(outside);
  });
});
