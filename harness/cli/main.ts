#!/usr/bin/env node
import { runCli } from './cli.js';

const stop = new AbortController();
process.on('SIGINT', () => {
  // The second Ctrl-C means it.
  if (stop.signal.aborted) process.exit(130);
  stop.abort();
});
process.on('SIGTERM', () => stop.abort());
for (const output of [process.stdout, process.stderr]) {
  // The reader has seen enough, as in `leakdrill list | head`.
  output.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(process.exitCode ?? 0);
    throw error;
  });
}

process.exitCode = await runCli(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  stdin: process.stdin,
  stdinIsTTY: process.stdin.isTTY === true,
  env: process.env,
  cwd: process.cwd(),
  signal: stop.signal,
});
// A read of a pipe that was given up at Ctrl-C would keep the process waiting.
process.stdin.destroy();
