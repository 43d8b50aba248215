/** What all fuzzing shares: how many cases, with which seed, what a case may not do, nasty texts. */

import { Script } from 'node:vm';
import type { Parameters } from 'fast-check';

const { FUZZ_SCALE, FUZZ_SEED } = process.env;

/**
 * Parameters of a property: as many runs as given (times FUZZ_SCALE, for long runs by hand), always
 * the same ones unless FUZZ_SEED says otherwise. A failure prints the seed and the smallest case.
 */
export function fuzzed<T>(runs: number): Parameters<T> {
  return {
    numRuns: Math.ceil(runs * Number(FUZZ_SCALE ?? 1)),
    seed: Number(FUZZ_SEED ?? 20_241_124),
  };
}

/** Milliseconds after which a case counts as hanging: a thousand times what it takes, for slow machines. */
const HANGS = 120_000;

const slot = globalThis as { fuzzTask?: () => void };
const script = new Script('fuzzTask()');

/**
 * Runs a task that V8 stops when it hangs, so that the case is reported and the tests go on. The steps
 * of a task are held against its size in work.test.ts, for as many cases as counting them allows.
 */
export function untilStopped(task: () => void): void {
  slot.fuzzTask = task;
  try {
    script.runInThisContext({ timeout: HANGS });
  } finally {
    delete slot.fuzzTask;
  }
}

const prototypes = [Object, Array, String, Number, Boolean, Function, RegExp, Map, Set].map(
  ({ prototype }) => prototype as object,
);
const own = prototypes.map(shapeOf);

function shapeOf(prototype: object): string {
  return Reflect.ownKeys(prototype)
    .map((key) => `${String(key)}:${typeof Object.getOwnPropertyDescriptor(prototype, key)?.value}`)
    .join();
}

/** Fails when a prototype that all objects share has another shape than at the start. */
export function expectCleanPrototypes(): void {
  prototypes.forEach((prototype, i) => {
    if (shapeOf(prototype) === own[i]) return;
    throw new Error(`${prototype.constructor.name}.prototype was changed to ${shapeOf(prototype)}`);
  });
}

/** Keys and texts that have broken programs before. */
export const nastyKeys = [
  '__proto__',
  'constructor',
  'prototype',
  'hasOwnProperty',
  'toString',
  'valueOf',
  'toJSON',
  'length',
  'then',
  '',
  '\0',
  'a.b.c',
  '0',
  '-1',
  'data',
  'value',
  'event',
  '_raw',
  'message',
  'fail',
  'Name',
  'Value',
] as const;

export const nastyTexts = [
  '',
  ' ',
  '\0',
  '\ufeff',
  '\ufffd',
  '\ud800',
  '\udc00\ud800',
  '\u2028',
  '\u202e',
  'İ',
  'ß',
  'ﬃ',
  '𝕏',
  '👩‍👩‍👧‍👦',
  '__proto__',
  'null',
  'undefined',
  'NaN',
  '-Infinity',
  '1e999',
  '-0',
  '9007199254740993',
  '0x10',
  '1e-400',
  '9'.repeat(400),
  '2024-02-30T25:61:61Z',
  '+275760-09-13T00:00:00.001Z',
  '0000-00-00T00:00:00Z',
  '1970-01-01T00:00:00+18:00',
  '12/31/9999 11:59:59 PM',
  '@',
  'a@',
  '@b',
  '<<<a@b>>>',
  '"a" <a@b>, c@d; e',
  'xn--a@xn--',
  'a@[::1]',
  'http://',
  'http://a@b:c@d:/\\?#',
  '.',
  '..',
  '...a',
  'Re: Re[2]: FW: ',
  '|',
  '\\',
  '\\|',
  '=',
  '"',
  "'",
  '{"a":1}',
  '[{"Name":"a","Value":"b"}]',
  '[[[[',
  '{{{{',
  '\r\n',
  '\t',
  '%00',
  '$&',
  'a'.repeat(70),
  'CEF:0|||||||',
  '<14>1 2024-01-01T00:00:00Z h a - - - ',
  'datetime=',
] as const;
