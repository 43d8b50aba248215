import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TriggerRecord } from '../../../harness/replay.js';
import { type Outcome, runInMemory } from './memory-shell.js';

let cwd: string;
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'leakdrill-replay-'));
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

interface Mail {
  readonly id: string;
  readonly minute: number;
  readonly to: string;
  readonly files?: string;
  readonly size?: number;
}

const at = (minute: number): string =>
  new Date(Date.UTC(2024, 2, 4, 9, minute)).toISOString().replace('.000Z', '+0000');

/** Receipt, process and delivery record of one outbound mail, as the v1 SIEM JSON has them. */
function records({ id, minute, to, files = '', size = 40_000 }: Mail): Record<string, unknown>[] {
  const message = {
    acc: 'C0A0',
    aCode: id,
    MsgId: `<${id}@corp.example>`,
    Subject: 'notes',
    Sender: 'ann@corp.example',
  };
  return [
    {
      ...message,
      datetime: at(minute),
      Rcpt: to,
      Act: 'Acc',
      IP: '192.0.2.1',
      Dir: 'Outbound',
      headerFrom: 'ann@corp.example',
    },
    {
      ...message,
      datetime: at(minute),
      Act: 'Acc',
      AttSize: size,
      AttCnt: files === '' ? 0 : 1,
      AttNames: files,
      MsgSize: size + 2000,
    },
    {
      ...message,
      datetime: at(minute + 1),
      Rcpt: to,
      Delivered: true,
      Dir: 'Outbound',
      AttCnt: 0,
      AttSize: 0,
      Attempt: 1,
      Snt: size,
      UseTls: 'Yes',
      Route: 'Out',
    },
  ];
}

const leak = records({
  id: 'leak0',
  minute: 0,
  to: 'ann.private@gmail.com',
  files: '"build.java"',
});
const harmless = records({ id: 'calm0', minute: 30, to: 'lee@partner.example' });
const asLines = (list: readonly object[]): string =>
  list.map((r) => `${JSON.stringify(r)}\n`).join('');
const asKeyValue = (list: readonly Record<string, unknown>[]): string =>
  list
    .map(({ datetime, aCode, acc, ...rest }) =>
      [
        `datetime=${String(datetime)}`,
        `aCode=${String(aCode)}`,
        `acc=${String(acc)}`,
        ...Object.entries(rest).map(([k, v]) => `${k}=${String(v)}`),
      ].join('|'),
    )
    .join('\n');

function file(name: string, content: string | Uint8Array): string {
  writeFileSync(join(cwd, name), content);
  return name;
}

function folder(name: string): string {
  mkdirSync(join(cwd, name), { recursive: true });
  return name;
}

const replay = (...argv: string[]): Promise<Outcome> =>
  runInMemory(['replay', '--internal-domain', 'corp.example', ...argv], { cwd });

const triggersIn = (name: string): TriggerRecord[] =>
  readFileSync(join(cwd, name), 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as TriggerRecord);

describe('a replay', () => {
  test.each([
    ['one JSON object a line', () => asLines([...leak, ...harmless])],
    [
      'a wrapper around the records',
      () => JSON.stringify({ type: 'MTA', data: [...leak, ...harmless] }),
    ],
    ['a JSON array over several lines', () => JSON.stringify([...leak, ...harmless], null, 2)],
    ['key=value lines', () => asKeyValue([...leak, ...harmless])],
    ['gzip', () => gzipSync(asLines([...leak, ...harmless]))],
  ])('of %s finds the same events and triggers', async (name, content) => {
    const path = file(`${name.replaceAll(/\W/g, '-')}.log`, content());
    const { code, stdout, stderr } = await replay(path, '--out', 'triggers.jsonl');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/Parsed {2}6 records/);
    expect(stdout).toMatch(/dlp-email-alert-out +2/);
    const triggers = triggersIn('triggers.jsonl');
    expect(triggers.map(({ rule }) => rule)).toEqual(
      expect.arrayContaining(['EM-File', 'EM-PublicDomain']),
    );
    const found = triggers.find(({ rule }) => rule === 'EM-File');
    expect(found).toMatchObject({
      time: '2024-03-04T09:00:00.000Z',
      technique: 'T1048.003',
      user: 'ann@corp.example',
      event_type: 'dlp-email-alert-out',
      late: false,
      model: null,
      fields: { recipients: ['ann.private@gmail.com'], attachments: ['build.java'] },
    });
    expect(found?.evidence.length).toBeGreaterThan(0);
    for (const place of found?.evidence ?? []) expect(place).toMatch(new RegExp(`^${path}:\\d+$`));
    expect(stdout).toMatch(/EM-File +T1048\.003 +1 +1 +/);
  });

  test('of parts in several files joins them, whatever order the files are named in', async () => {
    const all = [...leak, ...harmless];
    const names = ['receipt', 'process', 'delivery'].map((part, i) =>
      file(`${part}_1.json`, asLines(all.filter((_, n) => n % 3 === i))),
    );
    await replay('*_1.json', '--out', 'by-glob.jsonl');
    await replay(...names.toReversed(), '--out', 'by-name.jsonl');
    const keys = (name: string): string[] =>
      triggersIn(name).map(({ rule, time }) => `${rule} ${time}`);
    expect(keys('by-glob.jsonl')).toEqual(
      expect.arrayContaining(['EM-File 2024-03-04T09:00:00.000Z']),
    );
    expect(keys('by-name.jsonl')).toEqual(keys('by-glob.jsonl'));
  });

  test('reads standard input where no file is named, and can write triggers to standard output', async () => {
    const given = ['replay', '--internal-domain', 'corp.example', '--out', '-'];
    const { code, stdout, stderr } = await runInMemory(given, { cwd, stdin: asLines(leak) });
    expect(code).toBe(0);
    const rules = stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => (JSON.parse(line) as TriggerRecord).rule);
    expect(rules).toContain('EM-File');
    expect(stderr).toContain('Parsed  3 records');
  });

  test('knows people from a directory', async () => {
    file('people.csv', 'user,personal,peer_group\nann@corp.example,ann.private@gmail.com,Legal\n');
    const path = file('mail.json', asLines(leak));
    const { code } = await replay(path, '--directory', 'people.csv', '--out', 'people.jsonl');
    expect(code).toBe(0);
    expect(
      triggersIn('people.jsonl').find(({ rule }) => rule === 'EM-PersonalEmail')?.fields,
    ).toMatchObject({ peer_group: 'Legal' });
    expect((await replay(path, '--directory', 'none.csv')).stderr).toContain(
      'none.csv: there is no such file',
    );
  });

  test('lowers the points of rules that fire often, where it is asked to', async () => {
    const day = 24 * 60;
    const all = Array.from({ length: 240 }, (_, i) =>
      records({
        id: `m${i}`,
        minute: Math.floor(i / 120) * day + (i % 120),
        to: 'x@gmail.com',
      }).map((one) => JSON.parse(JSON.stringify(one).replaceAll('ann@', `u${i % 120}@`)) as object),
    ).flat();
    const path = file('often.json', asLines(all));
    const points = async (...argv: string[]) => {
      const { code } = await replay(path, '--out', 'often.jsonl', ...argv);
      expect(code).toBe(0);
      const own = triggersIn('often.jsonl').filter(({ rule }) => rule === 'EM-PublicDomain');
      return [own.at(0), own.at(-1)].map((trigger) => trigger?.score);
    };
    expect(await points()).toEqual([3, 3]);
    const [first, last] = await points('--usual-share', '0.1');
    expect(first).toBe(3);
    expect(last).toBeCloseTo(0.3, 10);
    const { code, stderr } = await replay(path, '--usual-share', '0');
    expect(code).toBe(3);
    expect(stderr).toMatch(/usual-share/);
  });

  test('gives its summary as JSON', async () => {
    const { stdout } = await replay(file('json.json', asLines(leak)), '--report', 'json');
    const summary = JSON.parse(stdout) as {
      partial: boolean;
      counters: { records: number };
      sources: { file: string }[];
    };
    expect(summary).toMatchObject({
      partial: false,
      counters: { records: 3 },
      sources: [{ file: 'json.json' }],
    });
  });

  test('that is stopped sums up what it has seen, marked partial', async () => {
    const stop = new AbortController();
    stop.abort();
    const { code, stdout } = await runInMemory(['replay', file('stopped.json', asLines(leak))], {
      cwd,
      signal: stop.signal,
    });
    expect(code).toBe(130);
    expect(stdout).toContain('Stopped early');
  });

  test('without file and pipe says what to do', async () => {
    const { code, stderr } = await runInMemory(['replay'], { cwd });
    expect(code).toBe(3);
    expect(stderr).toContain('No file was given');
  });

  test('without the own domains says what that means', async () => {
    const { stderr } = await runInMemory(['replay', file('foreign.json', asLines(leak))], { cwd });
    expect(stderr).toContain('no --internal-domain was given');
  });
});

describe('bad input', () => {
  test.each([
    ['a missing file', () => 'none.json', 'none.json does not exist'],
    ['a folder', () => folder('folder'), 'folder is a folder'],
    ['an empty file', () => file('empty.json', ''), 'empty.json is empty'],
    ['a pattern that matches nothing', () => '*.none', '*.none matches no file'],
    [
      'a file of another product',
      () => file('access.log', '192.0.2.1 - - [04/Mar/2024] "GET / HTTP/1.1" 200\n'),
      'none of 1 line is a log record',
    ],
    [
      'JSON of another product',
      () => file('other.json', '{"Records":[{"eventSource":"s3.amazonaws.com"}]}\n'),
      'nothing could be used',
    ],
    [
      'a gzip file cut off in its first block',
      () => file('short.gz', gzipSync(asLines(leak)).subarray(0, 30)),
      'short.gz',
    ],
  ])('that is %s alone ends with exit code 3 and names it', async (_, make, message) => {
    const { code, stderr } = await replay(make());
    expect(stderr).toContain(message);
    expect(stderr).toContain('nothing could be used');
    expect(code).toBe(3);
  });

  test('beside good input does not keep the good from being used', async () => {
    const good = file('good.json', `${asLines(leak)}{"half": "an object\n${asLines(harmless)}`);
    const bad = file(
      'broken.json',
      Buffer.concat([
        Buffer.from('{"Subject":"\xff\xfe'),
        Buffer.from([0xff, 0xfe]),
        Buffer.from('"}\n'),
      ]),
    );
    const { code, stdout, stderr } = await replay(good, bad, 'missing.json');
    expect(code).toBe(0);
    expect(stdout).toMatch(/dlp-email-alert-out +2/);
    expect(stdout).toContain('good.json:4');
    expect(stderr).toContain('broken.json: line 1');
    expect(stderr).toContain('missing.json does not exist');
  });

  test('shows samples of unparsed lines by reason, without their control characters', async () => {
    const path = file(
      'strange.log',
      `${asLines(leak)}\x1b[2Jstrange one\nstrange two\nstrange three\nstrange four\n`,
    );
    const { stdout } = await replay(path, '--samples', '2');
    expect(stdout).toMatch(/Unparsed {2}4 records/);
    expect(stdout.match(/strange\.log:\d+ /g)).toHaveLength(2);
    expect(stdout).not.toContain('\x1b[2J');
    const none = await replay(path, '--samples', '0');
    expect(none.stdout).not.toContain('strange one');
  });

  test('a folder that cannot take the triggers is told before anything is read', async () => {
    const { code, stderr } = await replay(
      file('any.json', asLines(leak)),
      '--out',
      'nowhere/triggers.jsonl',
    );
    expect(code).toBe(3);
    expect(stderr).toContain('--out nowhere/triggers.jsonl cannot be written');
  });
});
