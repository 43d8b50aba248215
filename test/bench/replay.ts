/**
 * A log from file to triggers, in the way of a replay, and the same lines through JSON.parse:
 * `replay.js FILE DIRECTORY`, with the directory as JSON. Prints {whole, json}: CPU seconds, each the
 * median of ROUNDS after WARM_RUNS. A process of its own, as a replay is: what else the bench does would
 * leave garbage to be collected, and objects of other shapes for which the engine's code is compiled anew.
 */
import { readFile } from 'node:fs/promises';
import { createEngine, type Directory } from '#engine';
import { openInput } from '../../harness/input.js';
import { cpuSeconds, median, WARM_RUNS } from './measure.js';
import { fullPack, programOf } from './pack.js';
import { fullSink } from './passes.js';

export interface Replayed {
  readonly whole: number;
  readonly json: number;
}

const ROUNDS = 5;

const [file = '', directory = ''] = process.argv.slice(2);
const program = programOf(
  [await fullPack()],
  JSON.parse(await readFile(directory, 'utf8')) as Directory,
);

async function fileToTriggers(): Promise<void> {
  const engine = createEngine(program, fullSink({ triggers: 0, sessions: 0 }));
  const input = openInput([file], { cwd: '/', stdin: process.stdin });
  for await (const batch of input.batches) engine.push(batch);
  engine.finish();
}

async function secondsOf(run: () => unknown): Promise<number> {
  const seconds: number[] = [];
  for (let round = -WARM_RUNS; round < ROUNDS; round += 1) {
    const before = cpuSeconds();
    await run();
    if (round >= 0) seconds.push(cpuSeconds() - before);
  }
  return median(seconds);
}

const whole = await secondsOf(fileToTriggers);
const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '');
let keys = 0;
const json = await secondsOf(() => {
  for (const line of lines) keys += Object.keys(JSON.parse(line) as object).length;
});
if (keys === 0) throw new Error('the log has no records');
const found: Replayed = { whole, json };
process.stdout.write(JSON.stringify(found));
