import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DrillOptions, prepareDrill } from '../../harness/drill-options.js';
import type { RunEvent } from '../../harness/events.js';
import { run } from '../../harness/run.js';
import { startDrill as startFromSource } from '../../harness/workers/start-drill.js';
import { compiled, MAILS_CODE, smallDrill, writeStory } from './compiled-drill.js';

let startDrill: typeof startFromSource;
let folder: string;
beforeAll(async () => {
  ({ startDrill } = (await compiled('workers/start-drill.js')) as {
    startDrill: typeof startFromSource;
  });
  folder = mkdtempSync(join(tmpdir(), 'leakdrill-worker-'));
  writeStory(folder, 'own-story', MAILS_CODE);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const options = (more: Partial<DrillOptions> = {}): DrillOptions => smallDrill(folder, more);

describe('a drill in a worker', () => {
  test('gives the same result as in this thread, compiled or from source', async () => {
    const here = await run(await prepareDrill(options()), () => undefined);
    expect(here.partial).toBe(false);
    expect(await startDrill(options()).result).toEqual(here);
    expect(await startFromSource(options()).result).toEqual(here);
  }, 120_000);

  test("plays the user's own scenarios", async () => {
    const result = await startDrill(options({ scenarios: folder, only: ['own-*'] })).result;
    expect(result.instances.map(({ id, fired }) => [id, fired.includes('EM-File')])).toEqual([
      ['attack/T1048.003/own-story#1', true],
    ]);
  });

  test('tells a late listener everything but old progress', async () => {
    const drill = startDrill(options());
    const live: RunEvent[] = [];
    const stop = drill.subscribe((event) => live.push(event));
    const result = await drill.result;
    stop();
    const late: RunEvent[] = [];
    drill.subscribe((event) => late.push(event));
    const lasting = live.filter(({ event }) => event !== 'progress');
    expect(late).toEqual(lasting);
    expect(lasting[0]).toEqual({ event: 'stage', stage: 'plan' });
    expect(lasting.at(-1)).toEqual({ event: 'finished', result });
  });

  test('that is aborted ends early with a partial result', async () => {
    const drill = startDrill(options({ people: 200, history_days: 720 }));
    drill.subscribe((event) => {
      if (event.event === 'progress') drill.abort();
    });
    const result = await drill.result;
    expect(result.partial).toBe(true);
  });

  test('that fails rejects with the error that it met, by name', async () => {
    await expect(startDrill(options({ only: ['no-such-*'] })).result).rejects.toMatchObject({
      name: 'UsageFault',
      message: 'No scenario matches no-such-*.',
      advice: expect.stringContaining('leakdrill list scenarios') as string,
    });
  });
});
