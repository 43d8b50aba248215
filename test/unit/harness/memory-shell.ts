import { Readable, Writable } from 'node:stream';
import type { Shell } from '../../../harness/cli/shell.js';

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line in this process, with outputs kept in memory. */
export async function runInMemory(
  argv: readonly string[],
  given: {
    readonly cwd: string;
    readonly stdin?: string;
    readonly env?: Record<string, string>;
    readonly signal?: AbortSignal;
    /** The program to run instead of its source. */
    readonly runCli?: (argv: readonly string[], shell: Shell) => Promise<number>;
  },
): Promise<Outcome> {
  const runCli = given.runCli ?? (await import('../../../harness/cli/cli.js')).runCli;
  const stdout: string[] = [];
  const stderr: string[] = [];
  const keep = (into: string[]): Writable =>
    new Writable({
      decodeStrings: false,
      write(chunk: string, _encoding, done) {
        into.push(chunk);
        done();
      },
    });
  const shell: Shell = {
    stdout: keep(stdout),
    stderr: keep(stderr),
    stdin: Readable.from(given.stdin === undefined ? [] : [Buffer.from(given.stdin)]),
    stdinIsTTY: given.stdin === undefined,
    env: given.env ?? {},
    cwd: given.cwd,
    signal: given.signal ?? new AbortController().signal,
  };
  const code = await runCli(argv, shell);
  return { code, stdout: stdout.join(''), stderr: stderr.join('') };
}
