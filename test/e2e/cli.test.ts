import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunResult } from '../../harness/result.generated.js';

const root = new URL('../..', import.meta.url).pathname;
/** The program as people run it. `npm test` compiles before it tests. */
const compiled = join(root, 'dist/harness/cli/main.js');
const small = ['--people', '20', '--peer-groups', '2', '--history-days', '10', '--test-days', '5'];

let cwd: string;
beforeAll(() => {
  if (!existsSync(compiled)) throw new Error('dist is missing: run npm run build');
  cwd = mkdtempSync(join(tmpdir(), 'leakdrill-e2e-'));
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const env = { ...process.env, NO_COLOR: '1' };

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function node(args: readonly string[], folder = cwd): Promise<Ended> {
  return new Promise((done) => {
    const child = execFile(
      process.execPath,
      args,
      { cwd: folder, env, maxBuffer: 1 << 26 },
      (_, stdout, stderr) => done({ code: child.exitCode, stdout, stderr }),
    );
  });
}

const leakdrill = (...args: string[]): Promise<Ended> => node([compiled, ...args]);

/** Interrupts the program as soon as it speaks, which it does about a variable that it does not know. */
async function interrupted(args: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, [compiled, ...args], {
    cwd,
    env: { ...env, LEAKDRILL_NOTHING: '1' },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    if (stderr === '') child.kill('SIGINT');
    stderr += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

describe('the compiled program', () => {
  test('runs a drill, prints the report on stdout only and writes the result', async () => {
    const { code, stdout, stderr } = await leakdrill('drill', ...small, '--out', 'result.json');
    const result = JSON.parse(readFileSync(join(cwd, 'result.json'), 'utf8')) as RunResult;
    expect(code).toBe({ pass: 0, fail: 1, 'insufficient evidence': 4 }[result.verdict]);
    expect(stdout).toContain('npm start -- drill --seed 1 --people 20');
    expect(stdout).not.toContain('\u001b');
    expect(stderr).not.toContain('\u001b');
    expect(result).toMatchObject({ version: 1, partial: false, receipt: { seed: 1, people: 20 } });
  });

  test('gives the same result for the command that its receipt states', async () => {
    const first = JSON.parse(
      (await leakdrill('drill', ...small, '--seed', '5', '--report', 'json')).stdout,
    ) as RunResult;
    const again = first.receipt.command.replace('npm start -- ', '').split(' ');
    const second = JSON.parse((await leakdrill(...again, '--report', 'json')).stdout) as RunResult;
    expect(second).toEqual(first);
  });

  test('ends a drill at Ctrl-C with a partial result and exit code 130', async () => {
    const { code, stdout } = await interrupted([
      'drill',
      '--people',
      '400',
      '--history-days',
      '900',
      '--report',
      'json',
    ]);
    expect(code).toBe(130);
    expect((JSON.parse(stdout) as RunResult).partial).toBe(true);
  });

  test('ends a replay that waits for a pipe at Ctrl-C', async () => {
    const { code, stdout } = await interrupted(['replay', '-']);
    expect(code).toBe(130);
    expect(stdout).toContain('Stopped early');
  });

  test('says nothing when the reader of its output leaves', async () => {
    const child = spawn(process.execPath, [compiled, 'list', 'rules'], { cwd, env });
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    child.stdout.destroy();
    const [code] = (await once(child, 'close')) as [number];
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  test('replays a file named with a glob and tells of a missing one', async () => {
    writeFileSync(
      join(cwd, 'web.json'),
      `${JSON.stringify({ type: 'web-activity', time: '2024-01-08T09:00:00Z', user: 'a@corp.example', src_ip: '10.1.2.3', url: 'https://wetransfer.com/up', web_domain: 'wetransfer.com', category: 'Cloud Storage', method: 'POST', action: 'blocked', bytes_in: 9, bytes_out: 1, user_agent: 'x' })}\n`,
    );
    const { code, stdout, stderr } = await leakdrill(
      'replay',
      '*.json',
      'gone.log',
      '--internal-domain',
      'corp.example',
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/WEB-FS +T1567\.002 +1 +1/);
    expect(stderr).toContain('gone.log does not exist');
  });

  test('refuses an unknown option with exit code 3 and one readable line', async () => {
    const { code, stdout, stderr } = await leakdrill('drill', '--peple', '5');
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toBe(
      'leakdrill: There is no option --peple.\nDid you mean --people? leakdrill drill --help lists them.\n',
    );
  });

  test('finds fault with a result file that cannot be written before it drills', async () => {
    const { code, stderr } = await leakdrill('drill', '--out', 'no/such/folder.json');
    expect(code).toBe(3);
    expect(stderr).toContain('its folder does not exist');
  });
});

describe('the program from source', () => {
  test('tests the rules with ts-node as its only compiler', async () => {
    const { code, stdout } = await node(
      [
        '--conditions=source',
        '--import',
        './harness/register.mjs',
        'harness/cli/main.ts',
        'test',
        'EM-UD-F',
      ],
      root,
    );
    expect(stdout).toContain('0 failed');
    expect(code).toBe(0);
  });
});
