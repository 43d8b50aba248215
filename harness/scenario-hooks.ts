/**
 * Module hooks that compile a user's scenario files with ts-node while they are imported.
 * They run in Node's own hooks thread, set up by load-scenarios.ts, and must import nothing of
 * ours: that thread does not know our import conditions.
 */
import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire, type LoadHook, type ResolveHook } from 'node:module';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import type { Service, TSError } from 'ts-node';

export interface HookSettings {
  /** Absolute, without links. */
  readonly directory: string;
  /** Where file names in messages start from. */
  readonly cwd: string;
  /** Module that `leakdrill/scenarios` stands for, and the file that tells its types. */
  readonly scenariosUrl: string;
  readonly scenariosTypes: string;
  /** Import conditions that the types are resolved with. */
  readonly conditions: readonly string[];
  readonly cache: string;
  /** Digest of everything a compiled file depends on apart from its own text. */
  readonly dependencies: string;
}

/** What `leakdrill` and `leakdrill/scenarios` are called in an import. */
const ownNames = new Set(['leakdrill', 'leakdrill/scenarios', '#scenarios']);

/** One for each registration: Node loads this module once and initialises it again. */
const all: HookSettings[] = [];
const services = new Map<HookSettings, Service>();

export function initialize(given: HookSettings): void {
  all.unshift(given);
}

/** The settings of the user's folder that the module lies in. */
function settingsOf(url: string | undefined): HookSettings | undefined {
  if (url?.startsWith('file:') !== true) return undefined;
  const path = fileURLToPath(url);
  if (path.includes(`${sep}node_modules${sep}`)) return undefined;
  return all.find(({ directory }) => path.startsWith(directory + sep));
}

export const resolve: ResolveHook = async (specifier, context, next) => {
  const settings = settingsOf(context.parentURL);
  if (!settings) return next(specifier, context);
  if (ownNames.has(specifier)) return { url: settings.scenariosUrl, shortCircuit: true };
  try {
    return await next(specifier, context);
  } catch (error) {
    // TypeScript lets an import end in .js, .ts or nothing; what is there is the .ts file.
    if (/^\.{0,2}\//.test(specifier)) {
      for (const candidate of [specifier.replace(/\.([mc]?)js$/, '.$1ts'), `${specifier}.ts`]) {
        if (candidate === specifier) continue;
        try {
          return await next(candidate, context);
        } catch {}
      }
    } else if (!specifier.startsWith('node:')) {
      // Packages that come with Leakdrill, where the user has none of that name.
      try {
        return await next(specifier, { ...context, parentURL: settings.scenariosUrl });
      } catch {}
    }
    throw error;
  }
};

export const load: LoadHook = async (url, context, next) => {
  const [address = url] = url.split('?');
  const settings = settingsOf(address);
  if (!settings || !/\.m?[jt]s$/.test(address)) return next(url, context);
  const path = fileURLToPath(address);
  const source = readFileSync(path, 'utf8');
  return { format: 'module', source: cached(settings, path, source), shortCircuit: true };
};

function cached(settings: HookSettings, path: string, source: string): string {
  const key = createHash('sha256')
    .update(`${settings.dependencies}\0${path}\0${source}`)
    .digest('hex');
  const file = join(settings.cache, `${key}.js`);
  try {
    return readFileSync(file, 'utf8');
  } catch {}
  const compiled = compile(settings, path, source);
  try {
    mkdirSync(settings.cache, { recursive: true });
    const draft = `${file}.${randomUUID()}`;
    writeFileSync(draft, compiled);
    renameSync(draft, file);
  } catch {
    // A read-only installation compiles afresh each time.
  }
  return compiled;
}

function compile(settings: HookSettings, path: string, source: string): string {
  const require = createRequire(import.meta.url);
  try {
    let service = services.get(settings);
    if (!service) {
      const { create } = require('ts-node') as typeof import('ts-node');
      service = create({
        cwd: settings.cwd,
        skipProject: true,
        skipIgnore: true,
        compiler: require.resolve('typescript'),
        transpileOnly: false,
        pretty: true,
        compilerOptions: {
          target: 'es2023',
          lib: ['es2023'],
          // Users' folders have no package.json that would say "type": "module".
          module: 'esnext',
          moduleResolution: 'bundler',
          customConditions: settings.conditions,
          paths: Object.fromEntries([...ownNames].map((name) => [name, [settings.scenariosTypes]])),
          // JavaScript goes the same way for the sake of its messages; its types are not checked.
          allowJs: true,
          strict: true,
          skipLibCheck: true,
          types: [],
        },
      });
      services.set(settings, service);
    }
    return service.compile(source, path);
  } catch (error) {
    const text = (error as Partial<TSError>).diagnosticText;
    if (text === undefined) throw error;
    // A TSError does not survive the way out of the hooks thread; name and message do.
    const fault = new Error(stripVTControlCharacters(text).trim());
    fault.name = 'UsageFault';
    fault.stack = fault.message;
    throw fault;
  }
}
