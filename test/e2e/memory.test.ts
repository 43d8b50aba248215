import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { Flooded } from './memory/flood.js';

/** The bound that the README states, in MiB: of the heap, and of the whole process with it. Two floods get half. */
const HEAP = 1024;
const PROCESS = 1536;

const root = new URL('../..', import.meta.url).pathname;
/** Compiled, as people run the engine: `npm test` compiles before it tests. */
const flood = `${root}dist/test/e2e/memory/flood.js`;

/** Runs a flood in a process that dies when its heap grows past the bound. */
async function flooded(name: string, heap = HEAP): Promise<Flooded & { readonly events: number }> {
  if (!existsSync(flood)) throw new Error('dist is missing: run npm run build');
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [`--max-old-space-size=${heap}`, flood, name],
    { cwd: root, maxBuffer: 1 << 20 },
  );
  const found = JSON.parse(stdout) as Flooded;
  const { counters, peak } = found;
  expect(peak / 2 ** 20).toBeLessThan(PROCESS);
  expect(counters.faults).toEqual({});
  expect(counters.unparsed).toBe(0);
  const events = Object.values(counters.events).reduce((all, count) => all + count, 0);
  return { ...found, events };
}

/** FLOOD_LONG=1 sends a million of everything, which takes many minutes. */
const isLong = process.env['FLOOD_LONG'] === '1';
const slow = { timeout: 600_000 };

describe('memory stays within its bound, and what was forgotten is counted, under', slow, () => {
  test('a user who mails to 1 M domains in one day', async () => {
    const { counters, sent, events } = await flooded('domains');
    expect(events).toBe(sent);
    expect(counters.evicted).toMatchObject({
      'model EM-UD bins': 999_000,
      'model EM-OD bins': 800_000,
    });
    expect(counters.evicted['session values']).toBeGreaterThan(900_000);
  });

  test('mails with 10 000 recipients that are all on their way at once', async () => {
    const { counters, sent, events } = await flooded('recipients');
    expect(events).toBeGreaterThanOrEqual(sent);
    expect(counters.evicted['open messages']).toBeGreaterThan(0);
  });

  test('a clock that jumps years forward and back', async () => {
    const { counters, sent, events } = await flooded('jumps');
    expect(events).toBe(sent);
    expect(counters.late).toBeGreaterThan(0.9 * sent);
    expect(counters.sessions).toBeGreaterThan(0.9 * sent);
  });

  test('lines in reverse order', async () => {
    const { counters, sent, events } = await flooded('reverse');
    expect(events).toBe(sent);
    expect(counters.late).toBeGreaterThan(0.99 * sent);
  });

  test('more messages than may be open, none of which is ever complete', async () => {
    const { counters, sent, events } = await flooded('open');
    expect(events).toBe(sent);
    expect(counters.incompleteMessages).toBe(sent);
    expect(counters.evicted['open messages']).toBeGreaterThanOrEqual(sent - 200_000);
  });

  test('more users than may be in a session at once', async () => {
    const { counters, sent, events } = await flooded('users');
    expect(events).toBe(sent);
    expect(counters.sessions).toBe(sent);
    expect(counters.evicted['open sessions']).toBeGreaterThan(0);
    if (sent > 1_000_000) expect(counters.evicted['users']).toBeGreaterThan(0);
  });

  test.runIf(isLong)('more message ids in an hour than may be open', async () => {
    const { counters, sent, events } = await flooded('ids');
    expect(events).toBe(sent);
    expect(counters.evicted['open messages']).toBeGreaterThan(0);
  });

  test.runIf(isLong)('more file names than a model remembers, long ones', async () => {
    const { counters, sent, events } = await flooded('names');
    expect(events).toBe(sent);
    expect(counters.evicted['model FEM-FU scopes']).toBeGreaterThanOrEqual(100_000);
  });

  test('messages with a subject of 1 MiB that are open at the same time', async () => {
    const { sent, events } = await flooded('long', HEAP / 2);
    expect(events).toBe(sent);
  });

  test('lines of 1 MiB of which one short value is remembered each', async () => {
    const { counters, sent, events } = await flooded('slices', HEAP / 2);
    expect(events).toBe(sent);
    // All of them are: the values are few, and what they stood in is gone.
    if (!isLong) expect(counters.evicted).toEqual({});
  });
});
