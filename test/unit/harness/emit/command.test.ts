import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readDay, readDuration, readRate, readSpeed } from '../../../../harness/cli/quantity.js';
import { type Outcome, runInMemory } from '../memory-shell.js';
import { listen, SyslogServer } from './kit.js';

const small = ['--people', '12', '--peer-groups', '2', '--history-days', '4', '--test-days', '5'];

let cwd: string;
let printed: Outcome;
const leakdrill = (...argv: string[]): Promise<Outcome> => runInMemory(argv, { cwd });
const read = (name: string): string => readFileSync(join(cwd, name), 'utf8');

beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'leakdrill-emit-command-'));
  printed = await leakdrill('emit', ...small, '--labels', 'labels.jsonl');
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

describe('leakdrill emit', () => {
  it('prints nothing but lines, and tells the rest on stderr', () => {
    const lines = printed.stdout.trimEnd().split('\n');
    expect(printed.code).toBe(0);
    expect(lines.length).toBeGreaterThan(300);
    for (const line of lines) expect(() => JSON.parse(line) as unknown).not.toThrow();
    expect(printed.stderr).toContain(
      `${lines.length.toLocaleString('en-US').replaceAll(',', '\u00a0')} lines sent to standard output`,
    );
  });

  it('writes the same lines to a file, plain or compressed', async () => {
    await leakdrill('emit', ...small, '--out', 'a.json');
    await leakdrill('emit', ...small, '--out', 'a.json.gz');
    expect(read('a.json')).toBe(printed.stdout);
    expect(gunzipSync(readFileSync(join(cwd, 'a.json.gz'))).toString()).toBe(printed.stdout);
  });

  it('fills a folder with the same records, in other forms too', async () => {
    mkdirSync(join(cwd, 'there'));
    const { stderr } = await leakdrill(
      'emit',
      ...small,
      '--out',
      'there',
      '--labels',
      'rolled.jsonl',
    );
    expect(stderr).toMatch(/lines sent to there; \d+ files/);
    const records = readdirSync(join(cwd, 'there')).flatMap((name): unknown[] => {
      const text = read(join('there', name));
      if (text.startsWith('[')) return JSON.parse(text) as unknown[];
      if (/^\{"(type":"MTA"|meta":)/.test(text)) {
        const { data } = JSON.parse(text) as { data: Record<string, unknown>[] };
        return data.flatMap((row) => row['clickLogs'] ?? row['dlpLogs'] ?? row);
      }
      return text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown);
    });
    const sorted = (all: readonly unknown[]) => all.map((one) => JSON.stringify(one)).sort();
    const expected = printed.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    expect(sorted(records)).toEqual(sorted(expected));
    expect(read('rolled.jsonl')).toContain('"layout":"rolled"');

    await leakdrill('emit', ...small, '--format', 'v1-kv', '--gzip', '--out', 'siem/');
    const kinds = new Set(readdirSync(join(cwd, 'siem')).map((name) => name.replace(/\d+/, '')));
    expect(kinds).toContain('receipt_.siem.gz');
  });

  it('makes the lines again by the command in the labels', async () => {
    const other = await leakdrill(
      'emit',
      ...small,
      '--seed',
      '9',
      '--start',
      '2025-03-03',
      '--labels',
      'l.jsonl',
    );
    const { command } = JSON.parse(read('l.jsonl').split('\n')[0] ?? '') as { command: string };
    const again = await leakdrill(...command.replace('npm start -- ', '').split(' '));
    expect(again.stdout).toBe(other.stdout);
    expect(other.stdout).toContain('2025-03-');
    expect(other.stdout).not.toBe(printed.stdout);
  });

  it('warns when nobody will know the truth', async () => {
    expect((await leakdrill('emit', ...small)).stderr).toContain(
      'without --labels nobody will know',
    );
    expect(printed.stderr).not.toContain('without --labels');
  });

  it('sends to a SIEM and says how it went', async () => {
    const server = new SyslogServer();
    const port = await listen(server.server);
    const { code, stdout, stderr } = await leakdrill(
      'emit',
      ...small,
      '--to',
      `syslog+tcp://127.0.0.1:${port}`,
    );
    expect([code, stdout]).toEqual([0, '']);
    expect(server.messages.map((message) => message.slice(message.indexOf('] ') + 2))).toEqual(
      printed.stdout.trimEnd().split('\n'),
    );
    expect(stderr).toContain(
      `lines sent to syslog+tcp://127.0.0.1:${port}; syslog has no acknowledgement`,
    );
    await server.stop();
  });

  it('keeps a password in the address to itself', async () => {
    const { code, stderr } = await leakdrill(
      'emit',
      ...small,
      '--patience',
      '0',
      '--to',
      'elastic+http://ann:hush@127.0.0.1:9/logs',
    );
    expect(code).toBe(3);
    expect(stderr).toContain('elastic+http://127.0.0.1:9/logs takes no lines');
    expect(stderr).not.toContain('hush');
  });

  it.each([
    [['--to', 'syslog+tcp://a', '--out', 'b'], '--out and --to exclude each other.'],
    [['--to', 'splunk+https://a'], 'splunk+https://a:8088 needs a token.'],
    [['--rate', 'fast'], "--rate cannot be 'fast'."],
    [['--speed', '0x'], "--speed cannot be '0x'."],
    [['--start', '2024-02-31'], "--start cannot be '2024-02-31'."],
    [['--patience', 'long', '--to', 'syslog+tcp://a'], "--patience cannot be 'long'."],
    [['--ca', 'none.pem', '--to', 'syslog+tls://a'], 'none.pem cannot be read: ENOENT.'],
    [
      ['--labels', 'no/such/labels.jsonl'],
      '--labels no/such/labels.jsonl cannot be written: ENOENT.',
    ],
    [['--out', 'no/such/lines.json'], 'no/such/lines.json cannot be written: ENOENT.'],
  ])('says what is wrong with %s', async (argv, message) => {
    const { code, stderr } = await leakdrill('emit', ...small, ...argv);
    expect(code).toBe(3);
    expect(stderr).toContain(message);
  });
});

describe('leakdrill score', () => {
  it('reports on alerts as a drill does, and tells on stderr what they hang on', async () => {
    const line = read('labels.jsonl')
      .split('\n')
      .find((text) => text.startsWith('{"record":"line"'));
    const {
      line: id,
      time,
      user,
    } = JSON.parse(line ?? '') as { line: number; time: string; user: string };
    writeFileSync(
      join(cwd, 'alerts.csv'),
      `rule,user,time,line\nEM-UD-F,${user},${time},${id}\nOdd,${user},${time},\nOdd,${user},soon,\n`,
    );
    const { code, stdout, stderr } = await leakdrill(
      'score',
      '--alerts',
      'alerts.csv',
      '--labels',
      'labels.jsonl',
      '--out',
      'result.json',
    );
    const result = JSON.parse(read('result.json')) as {
      verdict: 'pass';
      rules: { id: string; alerts: number }[];
    };
    expect(code).toBe({ pass: 0, fail: 1, 'insufficient evidence': 4 }[result.verdict]);
    expect(result.rules.find(({ id }) => id === 'EM-UD-F')?.alerts).toBe(1);
    expect(stdout).toContain('npm start -- score --alerts alerts.csv --labels labels.jsonl');
    expect(stderr).toContain(
      '3 alert rows: joined by line 1, by Message-ID 0, by user and time 1, by nothing 0',
    );
    expect(stderr).toContain('rules that the content does not have: Odd (1)');
    expect(stderr).toContain('line 4: the time cannot be read: Odd,');
  });

  it.each([
    [[], 'score needs --alerts.'],
    [['--alerts', 'alerts.csv'], 'score needs --labels.'],
    [
      ['--alerts', 'none.csv', '--labels', 'labels.jsonl'],
      '--alerts none.csv: there is no such file.',
    ],
    [
      ['--alerts', 'labels.jsonl', '--labels', 'labels.jsonl'],
      'No alert of labels.jsonl can be used: no rule is named',
    ],
    [['--alerts', 'alerts.csv', '--labels', 'alerts.csv'], 'alerts.csv:1 is not JSON.'],
    [
      ['--alerts', 'alerts.csv', '--labels', 'labels.jsonl', '--tolerance', 'x'],
      "--tolerance cannot be 'x'.",
    ],
    [
      ['--alerts', 'alerts.csv', '--labels', 'labels.jsonl', '--map', 'rule=z'],
      'alerts.csv has no column z.',
    ],
  ])('says what is wrong with %s', async (argv, message) => {
    writeFileSync(join(cwd, 'alerts.csv'), 'rule,user,time\nEM-UD-F,a,2024-01-06T00:00:00Z\n');
    const { code, stderr } = await leakdrill('score', ...argv);
    expect(code).toBe(3);
    expect(stderr).toContain(message);
  });
});

describe('quantities', () => {
  it('are read with their units', () => {
    expect(
      ['90s', '5m', '1.5h', '2d', '250ms', '0', '7'].map((text) => readDuration(text, 'x')),
    ).toEqual([90_000, 300_000, 5_400_000, 172_800_000, 250, 0, 7000]);
    expect(['50/s', '50', '600/m', '36 / h'].map(readRate)).toEqual([50, 50, 10, 0.01]);
    expect(['60x', '1.5X', '7'].map(readSpeed)).toEqual([60, 1.5, 7]);
    expect(readDay('2024-02-29', 'start')).toBe(Date.UTC(2024, 1, 29));
  });

  it.each(['', '-1s', '5y', 's'])('that make no sense are refused: %s', (text) => {
    expect(() => readDuration(text, 'x')).toThrow(`--x cannot be '${text}'.`);
  });
});
