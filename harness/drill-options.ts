import { resolve } from 'node:path';
import { type ContentPack, loadContent } from '#content';
import { scenarios as builtIn, type Scenario } from '#scenarios';
import { globPattern } from './glob.js';
import { loadScenarios } from './load-scenarios.js';
import type { RunOptions } from './run.js';
import { UsageFault } from './usage-fault.js';

/** A drill in plain data, which can cross into a worker thread. */
export interface DrillOptions extends Omit<RunOptions, 'packs' | 'scenarios' | 'clock'> {
  /** Content folder and folders of own context entries, absolute. */
  readonly content: string;
  readonly context: readonly string[];
  /** Folder of the user's own scenarios, as given. */
  readonly scenarios: string | undefined;
  /** Patterns of scenario ids, or of their last parts; all when empty. */
  readonly only: readonly string[];
  readonly cwd: string;
}

/**
 * Loads what the options name. Throws UsageFault for scenarios that do not load or match, and for
 * content with errors, which the caller has shown before in a better way.
 */
export async function prepareDrill(options: DrillOptions, pack?: ContentPack): Promise<RunOptions> {
  const { content, context, scenarios, only, cwd, ...plain } = options;
  const chosen = chooseScenarios(await allScenarios(scenarios, cwd), only);
  return { ...plain, packs: [pack ?? (await load(content, context))], scenarios: chosen };
}

async function load(root: string, context: readonly string[]): Promise<ContentPack> {
  const { pack, diagnostics } = await loadContent(root, { context });
  if (pack) return pack;
  throw new UsageFault(
    `The content in ${root} has errors: ${diagnostics[0]?.message}.`,
    'leakdrill lint shows them.',
  );
}

/** The built-in scenarios and those of the folder, sorted by id. Throws UsageFault. */
export async function allScenarios(folder: string | undefined, cwd: string): Promise<Scenario[]> {
  if (folder === undefined) return [...builtIn];
  const own = await loadScenarios(resolve(cwd, folder), cwd);
  const taken = new Set(builtIn.map(({ id }) => id));
  const twice = own.find(({ id }) => taken.has(id));
  if (twice)
    throw new UsageFault(
      `There is a built-in scenario ${twice.id} already.`,
      `Give your file in ${folder} another name.`,
    );
  return [...builtIn, ...own].sort((a, b) => (a.id < b.id ? -1 : 1));
}

function chooseScenarios(scenarios: readonly Scenario[], only: readonly string[]): Scenario[] {
  if (only.length === 0) return [...scenarios];
  const chosen = new Set<Scenario>();
  for (const glob of only) {
    const pattern = globPattern(glob);
    const matching = scenarios.filter(
      ({ id }) => pattern.test(id) || pattern.test(id.replace(/^.*\//, '')),
    );
    if (matching.length === 0) {
      throw new UsageFault(
        `No scenario matches ${glob}.`,
        'leakdrill list scenarios shows them all; quote patterns with *.',
      );
    }
    for (const scenario of matching) chosen.add(scenario);
  }
  return scenarios.filter((scenario) => chosen.has(scenario));
}
