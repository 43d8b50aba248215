import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { loadContent, locate, rememberContent } from '#content';
import { ContentMemory } from '../../../content/memory.js';
import { SIZE_MODEL, SMALL_PACK } from './small-pack.js';

const files: Readonly<Record<string, string>> = {
  ...SMALL_PACK,
  'context/public.yaml': `
description: Free mail.
source: the package
licence: MIT
holds: domains
package: email-providers
values: [müller.example, aaa.example]
`,
};

let root: string;
let memory: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'leakdrill-memory-'));
  memory = join(root, 'memory.txt');
  for (const folder of ['rules/T1000', 'context', 'models'])
    mkdirSync(join(root, folder), { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(join(root, file), text);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));
const model = (): string => join(root, 'models/SIZE.yaml');
beforeEach(async () => {
  writeFileSync(model(), SIZE_MODEL);
  await rememberContent(root, memory);
});

describe('a memory of content', () => {
  test('gives the same pack as reading does', async () => {
    const read = await loadContent(root);
    const remembered = await loadContent(root, { memory });
    expect(remembered.pack).toEqual(read.pack);
    expect(read.diagnostics).toEqual([]);
    const { members = [] } = read.pack?.tables[0] ?? {};
    expect(members).toContain('xn--mller-kva.example');
    expect(members).toContain('gmail.com');
    expect(members).toEqual([...new Set(members)].sort());
    expect(remembered.diagnostics).toEqual(read.diagnostics);
  });

  test('is used: what it says of unchanged bytes is believed', () => {
    const bytes = readFileSync(model());
    const read = (): never => {
      throw new Error('was read');
    };
    expect(new ContentMemory(memory).value('f', 'model', bytes, read)).toMatchObject({
      kind: 'numerical',
      alpha: expect.any(Number) as number,
    });
  });

  test('is never out of date: a change of one byte counts, of length and time stamps does not', async () => {
    const before = await loadContent(root, { memory });
    const { atime, mtime, size } = statSync(model());
    const text = readFileSync(model(), 'utf8');
    writeFileSync(model(), text.replace('scope: user', "scope: '*' "));
    utimesSync(model(), atime, mtime);
    expect(statSync(model()).size).toBe(size);
    const after = await loadContent(root, { memory });
    expect(after.pack?.models.find(({ id }) => id === 'SIZE')?.scope).toBe('*');
    expect(after.pack?.digest).not.toBe(before.pack?.digest);
    expect(after.pack).toEqual((await loadContent(root)).pack);
  });

  test('keeps no file that has faults, and shows the faults each time', async () => {
    writeFileSync(model(), 'kind: odd\n');
    await rememberContent(root, memory);
    const { pack, diagnostics } = await loadContent(root, { memory });
    expect(pack).toBe(undefined);
    expect(diagnostics).toEqual((await loadContent(root)).diagnostics);
  });

  test('knows the places in files that were not parsed', async () => {
    const place = { file: 'rules/T1000/BIG.yaml', path: ['when'] };
    const { sources } = await loadContent(root, { memory });
    expect(locate(place, sources)).toEqual(locate(place, (await loadContent(root)).sources));
    expect(locate(place, sources).line).toBe(5);
  });

  test('forgets what the content no longer has', async () => {
    const length = readFileSync(memory).length;
    writeFileSync(model(), `${readFileSync(model(), 'utf8')}# a remark\n`);
    await rememberContent(root, memory);
    expect(Math.abs(readFileSync(memory).length - length)).toBeLessThan(200);
  });

  test.each([
    ['absent', () => rmSync(memory)],
    ['empty', () => writeFileSync(memory, '')],
    ['cut off', () => writeFileSync(memory, readFileSync(memory).subarray(0, -300))],
    [
      'of another loader',
      () => {
        const text = readFileSync(memory, 'latin1').replace(
          /memory [0-9a-f]{8}/,
          'memory 00000000',
        );
        writeFileSync(memory, text, 'latin1');
      },
    ],
  ])('that is %s changes nothing', async (_, spoil) => {
    spoil();
    expect((await loadContent(root, { memory })).pack).toEqual((await loadContent(root)).pack);
    expect(new ContentMemory(memory).value('f', 'model', readFileSync(model()), () => 'read')).toBe(
      'read',
    );
  });

  test('keeps no value that JSON would change', () => {
    const path = join(root, 'odd.txt');
    const one = new ContentMemory(path, true);
    const bytes = Buffer.from('x');
    expect(one.value('f', 'model', bytes, () => ({ alpha: Number.POSITIVE_INFINITY }))).toEqual({
      alpha: Number.POSITIVE_INFINITY,
    });
    one.write(path);
    expect(new ContentMemory(path).value('f', 'model', bytes, () => 'read')).toBe('read');
  });
});
