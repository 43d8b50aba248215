import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { StateFile, type StateHeader } from '../../../harness/replay-state.js';

let cwd: string;
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'leakdrill-state-'));
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));
beforeEach(() => {
  for (const name of ['s', 's.leakdrill-lock', 's.leakdrill-new'])
    rmSync(join(cwd, name), { force: true });
});

describe('a state belongs to one run at a time', () => {
  const header: StateHeader = {
    basis: {
      version: '1',
      program: 'p',
      content: {},
      internal_domains: [],
      people: { count: 0, digest: '' },
    },
    runs: 1,
    lines: 1,
    read: 1,
    sources: [],
  };
  const open = (): Promise<StateFile> => StateFile.open(join(cwd, 's'), 's');
  const lock = (): string => join(cwd, 's.leakdrill-lock');

  test('so a second one is refused until the first has ended', async () => {
    const one = await open();
    await expect(open()).rejects.toThrow(/Another replay is using the state in s \(process \d+/);
    await one.close();
    await (await open()).close();
    expect(existsSync(lock())).toBe(false);
  });

  test.each([
    ['a program that has ended', { pid: 4_194_304 + 7, host: hostname() }],
    ['a program whose number is used again', { pid: process.pid, host: hostname(), started: '1' }],
    ['nobody', undefined],
  ])('and a lock of %s is no lock', async (_, owner) => {
    writeFileSync(lock(), owner ? JSON.stringify(owner) : '');
    const state = await open();
    expect(JSON.parse(readFileSync(lock(), 'utf8'))).toMatchObject({ pid: process.pid });
    await state.close();
  });

  test('and a lock of another machine holds', async () => {
    writeFileSync(lock(), JSON.stringify({ pid: 1, host: 'elsewhere' }));
    await expect(open()).rejects.toMatchObject({
      message: expect.stringContaining('process 1 on elsewhere') as string,
      advice: expect.stringContaining('remove s.leakdrill-lock') as string,
    });
    rmSync(lock());
  });

  test('and is not overwritten when it changed behind the lock', async () => {
    const one = await open();
    await one.write({ header, snapshot: new Uint8Array([1]) });
    rmSync(lock());
    const two = await open();
    expect(await two.read(header.basis, false)).toMatchObject({ header });
    await one.write({ header: { ...header, runs: 2 }, snapshot: new Uint8Array([2]) });
    await expect(two.write({ header, snapshot: new Uint8Array([3]) })).rejects.toThrow(
      /has changed while this run was under way/,
    );
    expect([...((await one.read(header.basis, false))?.snapshot ?? [])]).toEqual([2]);
    await one.close();
    await two.close();
  });

  test('and what a killed run left beside it goes', async () => {
    writeFileSync(join(cwd, 's.leakdrill-new'), 'half');
    await (await open()).close();
    expect(existsSync(join(cwd, 's.leakdrill-new'))).toBe(false);
  });
});
