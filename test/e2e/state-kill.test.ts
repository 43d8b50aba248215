import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packageRoot } from '../../harness/package-root.js';
import { StateFile, type StateHeader } from '../../harness/replay-state.js';

const size = 24 * 2 ** 20;
const basis: StateHeader['basis'] = {
  version: '1',
  program: 'p',
  content: {},
  internal_domains: [],
  people: { count: 0, digest: '' },
};

/** Goes on from the state with the next, as fast as it can, for ever: run n writes bytes of n. */
const program = `
const { StateFile } = await import(process.argv[1]);
const basis = JSON.parse(process.argv[3]);
const state = await StateFile.open(process.argv[2], 's');
let kept = await state.read(basis, false);
for (;;) {
  const runs = (kept?.header.runs ?? 0) + 1;
  const header = { basis, runs, lines: runs, read: 0, sources: [] };
  kept = { header, snapshot: new Uint8Array(${size}).fill(runs) };
  await state.write(kept);
  process.stdout.write(runs + '\\n');
}`;

let cwd: string;
let path: string;
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'leakdrill-kill-'));
  path = join(cwd, 's');
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

/** The compiled module, which a bare node can run. */
const compiled = pathToFileURL(join(packageRoot, 'dist/harness/replay-state.js')).href;

function start(): { child: ChildProcess; reported: () => number } {
  const child = spawn(
    process.execPath,
    ['--input-type=module', '-e', program, compiled, path, JSON.stringify(basis)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let text = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  return { child, reported: () => Number(text.trim().split('\n').at(-1) ?? 0) };
}

/** Bytes of the state that is being written; undefined while none is. */
const written = (): number | undefined => {
  const temporary = `${path}.leakdrill-new`;
  return existsSync(temporary) ? statSync(temporary, { throwIfNoEntry: false })?.size : undefined;
};

test('a run that is killed leaves the old state or the new one, whenever it is', async () => {
  /** When to kill, given what has been written of the state that follows. */
  const moments: ((bytes: number | undefined, reported: number) => boolean)[] = [
    (bytes) => bytes !== undefined,
    (bytes) => (bytes ?? 0) > size / 4,
    (bytes) => (bytes ?? 0) > size / 2,
    (bytes) => (bytes ?? 0) >= size,
    (bytes, reported) => bytes === undefined && reported > 0,
    (bytes, reported) => bytes !== undefined && reported > 0,
    (bytes, reported) => (bytes ?? 0) > size / 3 && reported > 0,
  ];
  let known = 0;
  let torn = 0;
  for (const isTime of moments) {
    const { child, reported } = start();
    const ended = once(child, 'exit');
    while (child.exitCode === null && !isTime(written(), reported())) await setTimeout(1);
    expect(child.exitCode).toBe(null);
    child.kill('SIGKILL');
    await ended;
    if (written() !== undefined) torn++;

    const state = await StateFile.open(path, 's');
    expect(written()).toBe(undefined);
    const kept = await state.read(basis, false);
    await state.close();
    const runs = kept?.header.runs ?? 0;
    // What was reported is on the disk; at most one more was under way.
    expect(runs).toBeGreaterThanOrEqual(Math.max(known, reported()));
    expect(kept?.snapshot.length ?? size).toBe(size);
    const whole = Buffer.alloc(size, runs);
    expect(kept === undefined || whole.equals(kept.snapshot)).toBe(true);
    known = runs;
  }
  // The moments were real ones.
  expect(torn).toBeGreaterThan(0);
  expect(known).toBeGreaterThan(0);
}, 120_000);
