import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { register } from 'node:module';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { placeScenario, type Scenario } from '#scenarios';
import { packageRoot } from './package-root.js';
import type { HookSettings } from './scenario-hooks.js';
import { UsageFault } from './usage-fault.js';

/**
 * Loads a user's own scenarios: every .ts, .mts, .js and .mjs file below `directory` that no `_`
 * or `.` begins the name of; its default export is the scenario, its path without extension the
 * id. TypeScript is compiled and type-checked by ts-node on the way in. Sorted by id.
 *
 * Throws UsageFault naming file and line for the first file that does not compile, throws, or
 * holds no scenario. Files are run as code: load only folders that you trust.
 */
export async function loadScenarios(directory: string, cwd = process.cwd()): Promise<Scenario[]> {
  const root = realFolder(directory);
  const files = scenarioFiles(root);
  if (files.length === 0) {
    throw new UsageFault(
      `${directory} holds no scenario files.`,
      'A scenario is a file such as attack/T1048.003/my-story.ts below it.',
    );
  }
  installHooks(root, cwd);
  const scenarios = new Map<string, Scenario>();
  for (const file of files) {
    const path = relative(root, file);
    const id = path
      .replace(/\.m?[jt]s$/, '')
      .split(sep)
      .join('/');
    if (scenarios.has(id)) {
      throw new UsageFault(
        `${join(directory, path)}: there are two files for the scenario ${id}.`,
        'Remove one of them.',
      );
    }
    scenarios.set(id, await loadScenario(id, file, root, directory));
  }
  return [...scenarios.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}

function realFolder(directory: string): string {
  try {
    const path = realpathSync(directory);
    if (statSync(path).isDirectory()) return path;
  } catch {
    throw new UsageFault(
      `The scenario folder ${directory} does not exist.`,
      'Check the path after --scenarios.',
    );
  }
  throw new UsageFault(
    `${directory} is not a folder.`,
    '--scenarios takes the folder that holds attack/ and look-alike/.',
  );
}

/** The scenario files below a folder, absolute where the folder is; sorted. */
export function scenarioFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => !/^[._]/.test(name) && name !== 'node_modules')
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return scenarioFiles(path);
      return /\.m?[jt]s$/.test(entry.name) && !/\.d\.m?ts$/.test(entry.name) ? [path] : [];
    })
    .sort();
}

function installHooks(directory: string, cwd: string): void {
  const scenariosUrl = import.meta.resolve('#scenarios');
  const entry = fileURLToPath(scenariosUrl);
  const source = entry.endsWith('.ts');
  const settings: HookSettings = {
    directory,
    cwd,
    scenariosUrl,
    scenariosTypes: source ? entry : entry.replace(/\.js$/, '.d.ts'),
    conditions: source ? ['source'] : [],
    cache: join(packageRoot, '.cache', 'scenarios'),
    dependencies: dependencies(directory, dirname(entry)),
  };
  const hooks = new URL(`./scenario-hooks.${source ? 'ts' : 'js'}`, import.meta.url);
  register(hooks, { data: settings });
  // So that a fault in a story is shown at the line that the user wrote.
  process.setSourceMapsEnabled(true);
}

/** Digest of all that decides whether a user's file compiles, apart from the file itself. */
function dependencies(directory: string, scenarios: string): string {
  const hash = createHash('sha256').update(process.versions.node);
  hash.update(readFileSync(join(packageRoot, 'package.json')));
  // A type of one file may break another: all of the user's files count, by content.
  for (const file of filesBelow(directory)) hash.update(`\0${file}\0`).update(readFileSync(file));
  // Ours change only with a new build: size and time do.
  for (const folder of [scenarios, join(dirname(scenarios), 'generators')]) {
    for (const file of filesBelow(folder)) {
      const { size, mtimeMs } = statSync(file);
      hash.update(`\0${file} ${size} ${mtimeMs}`);
    }
  }
  return hash.digest('hex');
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => !name.startsWith('.') && name !== 'node_modules')
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return filesBelow(path);
      return /\.m?[jt]s$/.test(entry.name) ? [path] : [];
    })
    .sort();
}

/** `root` is `directory` as an absolute path without links; messages name files as the user does. */
async function loadScenario(
  id: string,
  file: string,
  root: string,
  directory: string,
): Promise<Scenario> {
  const shown = join(directory, relative(root, file));
  let module: { readonly default?: unknown };
  try {
    module = (await import(pathToFileURL(file).href)) as typeof module;
  } catch (error) {
    throw readable(error, shown, root, directory);
  }
  if (module.default === undefined) {
    const others = Object.keys(module);
    throw new UsageFault(
      `${shown} exports no scenario${others.length > 0 ? ` as its default, only ${others.join(', ')}` : ''}.`,
      "Write `export default defineScenario({…})` with defineScenario from 'leakdrill/scenarios'. Files of shared code begin with _ and are not loaded.",
    );
  }
  try {
    return placeScenario(id, module.default);
  } catch (error) {
    throw new UsageFault(`${shown}: ${(error as Error).message}.`);
  }
}

/** The fault of a file while it was compiled or run, with the user's own line where it is known. */
function readable(error: unknown, shown: string, root: string, directory: string): UsageFault {
  if (!(error instanceof Error)) return new UsageFault(`${shown} threw ${String(error)}.`);
  // Compiler messages name file and line themselves.
  if (error.name === 'UsageFault')
    return new UsageFault(`${shown} does not compile.\n${error.message}`);
  const at = error.stack
    ?.split('\n')
    .find((line) => line.includes(root + sep))
    ?.replace(/^.*?(?=\/)/, '');
  const own =
    at === undefined
      ? undefined
      : /^.*?:\d+(:\d+)?/.exec(at.slice(at.indexOf(root) + root.length))?.[0];
  const place = own === undefined ? shown : join(directory, own);
  return new UsageFault(
    `${place}: ${error.name}: ${error.message}`,
    (error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND'
      ? 'A scenario may import leakdrill/scenarios, its own files and packages that are installed beside it.'
      : undefined,
  );
}
