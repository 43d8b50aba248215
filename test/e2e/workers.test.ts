import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { runCli as runFromSource } from '../../harness/cli/cli.js';
import type { DrillOptions } from '../../harness/drill-options.js';
import type { RunEvent } from '../../harness/events.js';
import type { RunResult } from '../../harness/result.generated.js';
import type { runDrill as runDrillFromSource } from '../../harness/workers/run-drill.js';
import type { startDrill as startFromSource } from '../../harness/workers/start-drill.js';
import { type Outcome, runInMemory } from '../unit/harness/memory-shell.js';
import { compiled, MAILS_CODE, smallDrill, writeStory } from './compiled-drill.js';

let runCli: typeof runFromSource;
let runDrill: typeof runDrillFromSource;
let startDrill: typeof startFromSource;
let cwd: string;
beforeAll(async () => {
  ({ runCli } = (await compiled('cli/cli.js')) as { runCli: typeof runFromSource });
  ({ runDrill } = (await compiled('workers/run-drill.js')) as {
    runDrill: typeof runDrillFromSource;
  });
  ({ startDrill } = (await compiled('workers/start-drill.js')) as {
    startDrill: typeof startFromSource;
  });
  cwd = mkdtempSync(join(tmpdir(), 'leakdrill-workers-'));
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const small = ['--people', '16', '--peer-groups', '2', '--history-days', '12', '--test-days', '8'];
const drill = (...argv: string[]): Promise<Outcome> =>
  runInMemory(['drill', ...small, ...argv], { cwd, runCli });

const options = (more: Partial<DrillOptions> = {}): DrillOptions =>
  smallDrill(cwd, { workers: 2, ...more });

describe('a drill', () => {
  test.each([
    ['as it is', []],
    [
      'with internal mail, key=value lines, several instances and lowered points',
      [
        ...['--internal-mail', '--format', 'v1-kv', '--instances', '3', '--seed', '9'],
        ...['--usual-share', '0.005'],
      ],
    ],
  ])(
    '%s gives the same bytes on 1, 2 and 5 workers',
    async (_, more) => {
      const given = async (workers: string): Promise<{ report: string; result: string }> => {
        const argv = [...more, '--workers', workers, '--out', 'result.json'];
        const { stdout: report } = await drill(...argv);
        return { report, result: readFileSync(join(cwd, 'result.json'), 'utf8') };
      };
      const one = await given('1');
      // Caught ones, so that labels have crossed over too.
      const { instances, partial, receipt } = JSON.parse(one.result) as RunResult;
      expect(partial).toBe(false);
      expect(receipt.command.includes('--usual-share 0.005')).toBe(more.includes('--usual-share'));
      expect(
        receipt.assumptions?.some((text) => text.includes('more than 0.5 % of sessions')),
      ).toBe(more.includes('--usual-share'));
      expect(instances.some(({ fired }) => fired.length > 0)).toBe(true);
      expect(await given('2')).toEqual(one);
      expect(await given('5')).toEqual(one);
    },
    120_000,
  );

  test("on two workers plays the user's own scenarios", async () => {
    const folder = join(cwd, 'own');
    writeStory(folder, 'own-story', MAILS_CODE);
    const own = { scenarios: folder, only: ['own-*'] };
    const one = await startDrill(options({ ...own, workers: 1 })).result;
    expect(one.instances.map(({ id }) => id)).toEqual(['attack/T1048.003/own-story#1']);
    // The live view has a thread for the drill, which then has one for its lines.
    expect(await startDrill(options(own)).result).toEqual(one);
  }, 120_000);

  test('on two workers that is stopped ends early with a partial result', async () => {
    const stop = new AbortController();
    const events: RunEvent[] = [];
    const result = await runDrill(
      options({ people: 60, history_days: 300 }),
      (event) => {
        events.push(event);
        if (event.event === 'progress') stop.abort();
      },
      stop.signal,
    );
    expect(result.partial).toBe(true);
    expect(events.at(-1)).toEqual({ event: 'finished', result });
  });

  test('on two workers whose scenarios fail rejects as on one', async () => {
    const folder = join(cwd, 'faulty');
    writeStory(folder, 'faulty', "throw new Error('fell over');");
    const fault = async (workers: number): Promise<unknown> => {
      const failing = options({ scenarios: folder, only: ['faulty'], workers });
      return startDrill(failing).result.catch(({ name, message }: Error) => ({ name, message }));
    };
    const one = await fault(1);
    expect(one).toMatchObject({ message: expect.stringContaining('fell over') as string });
    expect(await fault(2)).toEqual(one);
  }, 60_000);
});
