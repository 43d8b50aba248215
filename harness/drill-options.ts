import { resolve } from 'node:path';
import { type ContentPack, loadContent } from '#content';
import { scenarios as builtIn, type Scenario } from '#scenarios';
import { readOrganisation } from './directory-file.js';
import { globPattern } from './glob.js';
import { loadScenarios } from './load-scenarios.js';
import type { RunOptions } from './run.js';
import { UsageFault } from './usage-fault.js';

/** A drill in plain data, which can cross into a worker thread. */
export interface DrillOptions
  extends Omit<RunOptions, 'packs' | 'scenarios' | 'clock' | 'given' | 'simulation'> {
  /** Content folder and folders of own context entries, absolute. */
  readonly content: string;
  readonly context: readonly string[];
  /** Folder of the user's own scenarios, as given. */
  readonly scenarios: string | undefined;
  /** Patterns of scenario ids, or of their last parts; all when empty. */
  readonly only: readonly string[];
  /** File of the people to play, as given, and their internal domains; made-up people without it. */
  readonly org?: string | undefined;
  readonly internal_domains?: readonly string[];
  readonly cwd: string;
  /** Threads that share the work; no part of the result. Default 1. */
  readonly workers?: number;
}

/**
 * Loads what the options name. Throws UsageFault for scenarios that do not load or match, for a file
 * of people that cannot be played, and for content with errors, which the caller has shown before in a better way.
 */
export async function prepareDrill(options: DrillOptions, pack?: ContentPack): Promise<RunOptions> {
  const { content, context } = options;
  return { ...(await preparePlan(options)), packs: [pack ?? (await load(content, context))] };
}

/** The same without content, which the plan of a drill does not look at. Throws UsageFault. */
export async function preparePlan(options: DrillOptions): Promise<Omit<RunOptions, 'packs'>> {
  const { content, context, scenarios, only, org, internal_domains, cwd, workers, ...plain } =
    options;
  const chosen = chooseScenarios(await allScenarios(scenarios, cwd), only);
  const given =
    org === undefined
      ? undefined
      : await readOrganisation(resolve(cwd, org), org, internal_domains ?? []);
  return { ...plain, ...(given && { given }), scenarios: chosen };
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
