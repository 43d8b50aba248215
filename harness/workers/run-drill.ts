import type { ContentPack } from '#content';
import { type DrillOptions, prepareDrill } from '../drill-options.js';
import type { RunEvent } from '../events.js';
import type { RunResult } from '../result.generated.js';
import { competitorsOf, run } from '../run.js';
import { startSimulation } from './start-simulation.js';

/**
 * Runs a drill on as many threads as the options say; the result is the same on any number. With one, all
 * is done in this thread. With more, a second one writes the lines while this one reads them; there is
 * nothing for a third to do. Rejects as run does, and as prepareDrill does.
 */
export async function runDrill(
  options: DrillOptions,
  emit: (event: RunEvent) => void,
  signal?: { readonly aborted: boolean },
  pack?: ContentPack,
): Promise<RunResult> {
  const prepared = await prepareDrill(options, pack);
  const [content] = prepared.packs;
  if (!content || (options.workers ?? 1) < 2) return run(prepared, emit, signal);
  const { source, stop } = startSimulation(options, competitorsOf(content));
  try {
    return await run({ ...prepared, simulation: source }, emit, signal);
  } finally {
    await stop();
  }
}
