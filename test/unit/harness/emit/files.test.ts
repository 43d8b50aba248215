import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LogName } from '#generators';
import {
  FolderReceiver,
  fileReceiver,
  type MailFormat,
  outputReceiver,
} from '../../../../harness/emit/files.js';
import type { EmittedLine } from '../../../../harness/emit/receiver.js';
import { lineOf, takeAll } from './kit.js';

const HALF_HOUR = 30 * 60_000;
const T0 = Date.UTC(2024, 0, 1, 9);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'leakdrill-emit-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const at = (id: number, time: number, log: LogName, text = `{"aCode":"${id}"}`): EmittedLine => ({
  id,
  time,
  text,
  log,
});

async function roll(
  lines: readonly EmittedLine[],
  format: MailFormat = 'v1-json',
): Promise<string[]> {
  const receiver = new FolderReceiver(folder, 'out', false, format);
  for (const line of lines) await receiver.take(line);
  await receiver.close();
  expect(receiver.delivery().sent).toBe(lines.length);
  return readdirSync(folder).sort();
}

const read = (name: string): string => readFileSync(join(folder, name), 'utf8');

describe('lines to one place', () => {
  it('stand one under the other in a file, compressed when wished', async () => {
    for (const gzip of [false, true]) {
      const path = join(folder, `lines${gzip}`);
      const receiver = fileReceiver(path, 'lines', gzip);
      await takeAll(receiver, 1, 3000);
      await receiver.close();
      const bytes = readFileSync(path);
      const lines = (gzip ? gunzipSync(bytes) : bytes).toString().split('\n');
      expect(lines.length).toBe(3001);
      expect([lines[2], lines[2999], lines[3000]]).toEqual([lineOf(3).text, lineOf(3000).text, '']);
    }
  });

  it('wait for an output that is slow', async () => {
    let waiting: (() => void) | undefined;
    let taken = 0;
    const slow = new Writable({
      highWaterMark: 1024,
      write: (chunk: Buffer, _, done) => {
        taken += chunk.toString().split('\n').length - 1;
        waiting = done;
      },
    });
    const receiver = outputReceiver(slow, 'standard output');
    let handed = 0;
    const work = (async () => {
      for (; handed < 2000; handed++) await receiver.take(lineOf(handed + 1));
      await receiver.close();
    })();
    for (let turns = 0; turns < 20; turns++) await new Promise((done) => setImmediate(done));
    expect(handed).toBeLessThan(400);
    while (taken < 2000 || waiting) {
      waiting?.();
      waiting = undefined;
      await new Promise((done) => setImmediate(done));
    }
    await work;
    expect(taken).toBe(2000);
  });

  it('say which path cannot be written', async () => {
    const receiver = fileReceiver(join(folder, 'no', 'such'), 'no/such', false);
    await expect(takeAll(receiver, 1, 3000)).rejects.toThrow('no/such cannot be written: ENOENT.');
    const zipped = fileReceiver(join(folder, 'no', 'such'), 'no/such', true);
    await expect(takeAll(zipped, 1, 30_000).then(() => zipped.close())).rejects.toThrow(
      'no/such cannot be written: ENOENT.',
    );
  });
});

describe('a folder as Mimecast fills it', () => {
  it('has a file for each log and half hour, named by log and closing time', async () => {
    const names = await roll([
      at(1, T0, 'receipt'),
      at(2, T0 + 1000, 'process'),
      at(3, T0 + HALF_HOUR - 1, 'receipt'),
      at(4, T0 + HALF_HOUR, 'receipt'),
    ]);
    expect(names.map((name) => name.replace(/\d{5}\./, 'sssss.'))).toEqual([
      'process_202401010930sssss.json',
      'receipt_202401010930sssss.json',
      'receipt_202401011000sssss.json',
    ]);
    const wrapped = names.map((name) => JSON.parse(read(name)) as unknown);
    expect(wrapped).toEqual([
      { type: 'MTA', data: [{ aCode: '2' }] },
      { type: 'MTA', data: [{ aCode: '1' }, { aCode: '3' }] },
      { type: 'MTA', data: [{ aCode: '4' }] },
    ]);
  });

  it('writes key=value records with CRLF into .siem files and other logs as lines', async () => {
    const names = await roll(
      [
        at(1, T0, 'receipt', 'datetime=a|aCode=1'),
        at(2, T0, 'receipt', 'datetime=a|aCode=2'),
        at(3, T0, 'web', '{"type":"web-activity"}'),
        at(4, T0, 'web', '{"type":"web-activity"}'),
      ],
      'v1-kv',
    );
    expect(names[0]).toMatch(/^receipt_\d{17}\.siem$/);
    expect(read(names[0] ?? '')).toBe('datetime=a|aCode=1\r\ndatetime=a|aCode=2\r\n');
    expect(names[1]).toMatch(/^web_\d{17}\.json$/);
    expect(read(names[1] ?? '')).toBe('{"type":"web-activity"}\n{"type":"web-activity"}\n');
  });

  it('writes API 2.0 records as lines', async () => {
    const [name = ''] = await roll([at(1, T0, 'receipt'), at(2, T0, 'receipt')], 'v2');
    expect(name).toMatch(/^receipt_\d{17}\.json$/);
    expect(read(name)).toBe('{"aCode":"1"}\n{"aCode":"2"}\n');
  });

  it('wraps what the query APIs and Microsoft 365 hand out as they do', async () => {
    const names = await roll(
      (['audit', 'dlp', 'ttp_url', 'archive_view', 'm365'] as const).flatMap((log) => [
        at(1, T0, log, '{"a":1}'),
        at(2, T0, log, '{"a":2}'),
      ]),
    );
    const bodies = names.map((name) => [name.replace(/_\d+\.json$/, ''), JSON.parse(read(name))]);
    const rows = [{ a: 1 }, { a: 2 }];
    const meta = { pagination: { pageSize: 500 }, status: 200 };
    expect(Object.fromEntries(bodies)).toEqual({
      archive_view: { meta, data: rows, fail: [] },
      audit: { meta, data: rows, fail: [] },
      dlp: { meta, data: [{ dlpLogs: rows }], fail: [] },
      m365: rows,
      ttp_url: { meta, data: [{ clickLogs: rows }], fail: [] },
    });
  });

  it('begins a new answer of a query API after 500 records', async () => {
    const names = await roll(
      Array.from({ length: 1001 }, (_, i) => at(i, T0, 'audit', `{"a":${i}}`)),
    );
    const answers = names.map((name) => JSON.parse(read(name)) as { data: { a: number }[] });
    expect(answers.map(({ data }) => data.length)).toEqual([500, 500, 1]);
    expect(answers.flatMap(({ data }) => data.map(({ a }) => a))).toEqual(
      Array.from({ length: 1001 }, (_, i) => i),
    );
  });

  it('puts late lines where they arrive and never reopens a file', async () => {
    const names = await roll([
      at(1, T0, 'receipt'),
      at(2, T0 + HALF_HOUR, 'receipt'),
      at(3, T0 + 5, 'receipt'),
    ]);
    expect(names).toHaveLength(2);
    expect(JSON.parse(read(names[1] ?? ''))).toMatchObject({
      data: [{ aCode: '2' }, { aCode: '3' }],
    });
  });

  it('completes the files of all logs when the first line of a later half hour comes', async () => {
    const receiver = new FolderReceiver(folder, 'out', false, 'v1-json');
    await receiver.take(at(1, T0, 'audit', '{"a":1}'));
    await receiver.take(at(2, T0, 'receipt'));
    await receiver.take(at(3, T0 + HALF_HOUR, 'receipt'));
    const visible = readdirSync(folder).filter((name) => !name.startsWith('.'));
    expect(visible.map((name) => name.replace(/\d{5}\./, 'sssss.')).sort()).toEqual([
      'audit_202401010930sssss.json',
      'receipt_202401010930sssss.json',
    ]);
    await receiver.close();
  });

  it('compresses, and shows no file under its name before it is complete', async () => {
    const receiver = new FolderReceiver(folder, 'out', true, 'v1-json');
    await receiver.take(at(1, T0, 'receipt'));
    await receiver.take(at(2, T0 + HALF_HOUR, 'receipt'));
    const visible = readdirSync(folder).filter((name) => !name.startsWith('.'));
    expect(visible).toHaveLength(1);
    const [name = ''] = visible;
    expect(name).toMatch(/^receipt_\d{17}\.json\.gz$/);
    expect(gunzipSync(readFileSync(join(folder, name))).toString()).toBe(
      '{"type":"MTA","data":[{"aCode":"1"}]}',
    );
    await receiver.close();
    expect(readdirSync(folder).filter((one) => one.startsWith('.'))).toEqual([]);
    expect(receiver.delivery().remarks).toEqual(['2 files']);
  });
});
