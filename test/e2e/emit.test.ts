import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listen, SyslogServer } from '../unit/harness/emit/kit.js';

const compiled = new URL('../../dist/harness/cli/main.js', import.meta.url).pathname;
const small = ['--people', '20', '--peer-groups', '2', '--history-days', '10', '--test-days', '5'];

let cwd: string;
beforeAll(() => {
  if (!existsSync(compiled)) throw new Error('dist is missing: run npm run build');
  cwd = mkdtempSync(join(tmpdir(), 'leakdrill-emit-e2e-'));
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(args: readonly string[], env: Record<string, string> = {}) {
  const child: ChildProcess = spawn(process.execPath, [compiled, ...args], {
    cwd,
    env: { ...process.env, NO_COLOR: '1', ...env },
  });
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const ended = new Promise<Ended>((done) => {
    child.on('close', (code) => done({ code, stdout, stderr }));
  });
  return { child, ended };
}
const leakdrill = (args: readonly string[], env?: Record<string, string>): Promise<Ended> =>
  start(args, env).ended;

const textOf = (message: string): string => message.slice(message.indexOf('] ') + 2);
const read = (name: string): string => readFileSync(join(cwd, name), 'utf8');

describe('the compiled program, emitting', () => {
  test('stops at Ctrl-C with what was taken delivered, and goes on from there', async () => {
    const whole = await leakdrill(['emit', ...small, '--labels', 'whole.jsonl']);
    const server = new SyslogServer();
    const address = `syslog+tcp://127.0.0.1:${await listen(server.server)}`;
    const first = start([
      'emit',
      ...small,
      '--rate',
      '2000/s',
      '--to',
      address,
      '--labels',
      'first.jsonl',
    ]);
    server.onMessage = (count) => {
      if (count === 1) first.child.kill('SIGINT');
    };
    const { code, stderr } = await first.ended;
    expect(code).toBe(130);
    const next = Number(/--from-line (\d+) goes on/.exec(stderr)?.[1]);
    expect(server.sequences).toEqual(Array.from({ length: next - 1 }, (_, i) => i + 1));
    const end = read('first.jsonl').trimEnd().split('\n').at(-1) ?? '';
    expect(JSON.parse(end)).toMatchObject({ record: 'end', lines: next - 1, complete: false });

    const rest = await leakdrill([
      'emit',
      ...small,
      '--from-line',
      String(next),
      '--to',
      address,
      '--labels',
      'rest.jsonl',
    ]);
    await server.stop();
    expect(rest.code).toBe(0);
    expect(server.messages.map(textOf)).toEqual(whole.stdout.trimEnd().split('\n'));
    expect(read('rest.jsonl')).toBe(read('whole.jsonl'));
  });

  test('ends with exit code 3 and the words of a receiver that refuses', async () => {
    const server = createServer((request, response) => {
      request.resume().on('end', () => {
        response.writeHead(403).end('{"text":"Invalid token","code":4}');
      });
    });
    const to = `splunk+http://127.0.0.1:${await listen(server)}`;
    const { code, stderr } = await leakdrill(
      ['emit', ...small, '--to', to, '--labels', 'l.jsonl'],
      {
        LEAKDRILL_TOKEN: 'wrong',
      },
    );
    server.closeAllConnections();
    server.close();
    expect(code).toBe(3);
    expect(stderr).toContain('refuses the lines: 403 Invalid token (code 4)');
    expect(stderr).toContain('0 acknowledged');
    expect(stderr).not.toContain('wrong');
  });

  test('gives lines, truth, alerts and a score that fit together', async () => {
    await leakdrill(['emit', ...small, '--out', 'logs.json', '--labels', 'labels.jsonl']);
    const domain = /"domains":\["([^"]+)"/.exec(read('labels.jsonl'))?.[1] ?? '';
    const replayed = await leakdrill([
      'replay',
      'logs.json',
      '--internal-domain',
      domain,
      '--out',
      'alerts.jsonl',
    ]);
    expect(replayed.code).toBe(0);
    const { stdout, stderr, code } = await leakdrill([
      'score',
      '--alerts',
      'alerts.jsonl',
      '--labels',
      'labels.jsonl',
      '--report',
      'json',
    ]);
    const result = JSON.parse(stdout) as {
      verdict: 'pass';
      partial: boolean;
      rules: { caught: number; true_alerts: number }[];
    };
    expect(code).toBe({ pass: 0, fail: 1, 'insufficient evidence': 4 }[result.verdict]);
    expect(result.partial).toBe(false);
    expect(result.rules.filter(({ caught }) => caught > 0).length).toBeGreaterThan(2);
    expect(stderr).toMatch(
      /alert rows: joined by line \d+, by Message-ID 0, by user and time 0, by nothing 0/,
    );
    expect(stderr).not.toContain('rules that the content does not have');
  });
});
