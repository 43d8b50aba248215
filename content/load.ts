/**
 * Reads a content folder: YAML with positions, checked against the schemas, as one typed pack.
 *
 * Nothing here throws for bad content: every fault becomes a located diagnostic, and reading goes on,
 * so that one run shows all of them. A pack comes out only if there was no error. What needs more than
 * one file (names that must exist elsewhere) is lint's business, types of expressions are the engine's.
 *
 * Long because reading a folder, extending tables and the digest share one walk over the same drafts.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { didYouMean, sortDiagnostics } from './diagnostic.js';
import type { Diagnostic } from './fault.js';
import { builtMemory, ContentMemory } from './memory.js';
import type {
  ContentPack,
  ModelEntry,
  ParserEntry,
  RuleEntry,
  TableEntry,
  Technique,
} from './pack.js';
import { foldDomain, foldText, packageMembers } from './package-lists.js';
import { checkSchema, type SchemaName } from './schema-check.js';
import { type ContentFile, type ContentSources, parseContent, parsedLater } from './source.js';
import type {
  AttackTechniques,
  ContextExtension,
  ContextTable,
  EventTypes,
  Gates,
  Model,
  Parser,
  Rule,
  TestDirectory,
  Traffic,
} from './types.generated.js';

export interface LoadOptions {
  /** Folders of table files that extend or replace the pack's tables, in order. */
  readonly context?: readonly string[];
  /** File of what was read before; by default the one that the build made. It changes no result. */
  readonly memory?: string;
}

export interface LoadedContent {
  /** There when no diagnostic is an error. */
  readonly pack?: ContentPack;
  /** By file and position. */
  readonly diagnostics: Diagnostic[];
  /** For locate and renderDiagnostic; also of files that could not be parsed. */
  readonly sources: ContentSources;
}

const MAX_FILE_BYTES = 8 * 1024 * 1024;

/**
 * Loads the content folder `root`. Faults of reading, YAML and schema are diagnostics; never throws
 * for bad content or missing files. Expressions are not looked at.
 */
export async function loadContent(root: string, options: LoadOptions = {}): Promise<LoadedContent> {
  return load(new Reader(root, new ContentMemory(options.memory ?? builtMemory)), options);
}

async function load(reader: Reader, options: LoadOptions): Promise<LoadedContent> {
  const pack = (await reader.isContentFolder())
    ? await readPack(reader, options.context ?? [])
    : undefined;
  const sources = reader.sources();
  const diagnostics = sortDiagnostics(reader.diagnostics, sources);
  const failed = diagnostics.some((diagnostic) => diagnostic.severity === 'error');
  return failed || !pack ? { diagnostics, sources } : { pack, diagnostics, sources };
}

/**
 * Writes a memory of the content in `root` to `file`. What is there already for files that have not
 * changed is kept; what has faults is left out.
 */
export async function rememberContent(root: string, file: string): Promise<void> {
  const memory = new ContentMemory(file, true);
  const reader = new Reader(root, memory);
  await load(reader, {});
  await reader.read<TestDirectory>('test-directory.yaml', 'test-directory');
  await reader.read<Traffic>('traffic.yaml', 'traffic');
  memory.write(file);
}

/** A person as rules' tests know them; fits the engine's directory. */
export interface TestDirectoryPerson {
  readonly user: string;
  readonly aliases?: readonly string[];
  readonly personal?: readonly string[];
  readonly first_name?: string;
  readonly last_name?: string;
  readonly peer_group?: string;
  readonly executive?: boolean;
  /** Milliseconds since 1970 UTC. */
  readonly hired?: number;
}

export interface LoadedTestDirectory {
  /** There when no diagnostic is an error. The first person acts where a test step names nobody. */
  readonly directory?: {
    readonly internal_domains: readonly string[];
    readonly people: readonly TestDirectoryPerson[];
  };
  readonly diagnostics: Diagnostic[];
  readonly sources: ContentSources;
}

/** The organisation in which the tests of rules play: `test-directory.yaml` of the content folder. */
export async function loadTestDirectory(root: string): Promise<LoadedTestDirectory> {
  const reader = new Reader(root);
  const read = await reader.read<TestDirectory>('test-directory.yaml', 'test-directory');
  const sources = reader.sources();
  const diagnostics = reader.diagnostics;
  if (!read) return { diagnostics, sources };
  const people = read.people.map(({ hired, ...person }, i): TestDirectoryPerson => {
    if (hired === undefined) return person;
    const time = Date.parse(`${hired}T00:00:00Z`);
    if (Number.isNaN(time))
      reader.fault('schema/value', `there is no day ${hired}`, 'test-directory.yaml', [
        'people',
        i,
        'hired',
      ]);
    return { ...person, hired: time };
  });
  if (diagnostics.length > 0) return { diagnostics, sources };
  return { directory: { internal_domains: read.internal_domains, people }, diagnostics, sources };
}

export interface LoadedTraffic {
  /** There when no diagnostic is an error. */
  readonly traffic?: Traffic;
  readonly diagnostics: Diagnostic[];
  readonly sources: ContentSources;
}

/** What is assumed of an organisation: `traffic.yaml` of the content folder. */
export async function loadTraffic(root: string): Promise<LoadedTraffic> {
  const reader = new Reader(root);
  const traffic = await reader.read<Traffic>('traffic.yaml', 'traffic');
  return {
    ...(traffic && { traffic }),
    diagnostics: reader.diagnostics,
    sources: reader.sources(),
  };
}

/** Reads files and collects what is wrong with them. */
class Reader {
  readonly diagnostics: Diagnostic[] = [];
  readonly memory: ContentMemory;
  readonly #root: string;
  readonly #files = new Map<string, ContentFile>();

  constructor(root: string, memory = new ContentMemory(builtMemory)) {
    this.#root = root;
    this.memory = memory;
  }

  sources(): ContentSources {
    return { root: this.#root, files: this.#files };
  }

  fault(
    code: string,
    message: string,
    file: string,
    path: readonly (string | number)[] = [],
    hint?: string,
    severity: Diagnostic['severity'] = 'error',
  ): void {
    this.diagnostics.push({
      code,
      severity,
      message,
      place: { file, path },
      ...(hint !== undefined && { hint }),
    });
  }

  async isContentFolder(): Promise<boolean> {
    const folder = await stat(this.#root).catch(() => undefined);
    if (!folder) this.fault('content/no-folder', 'there is no such folder', this.#root);
    else if (!folder.isDirectory()) this.fault('content/no-folder', 'is not a folder', this.#root);
    else if (!(await stat(join(this.#root, 'event-types.yaml')).catch(() => undefined)))
      this.fault(
        'content/no-folder',
        'is not a content folder: event-types.yaml is missing',
        this.#root,
      );
    else return true;
    return false;
  }

  /** Names in a folder, sorted; entries whose name starts with a dot are not there. */
  async list(
    folder: string,
    missing: 'ignore' | 'report' = 'ignore',
  ): Promise<{ name: string; isFolder: boolean }[]> {
    try {
      const entries = await readdir(folder, { withFileTypes: true });
      const found = await Promise.all(
        entries
          .filter((entry) => !entry.name.startsWith('.'))
          .map(async (entry) => ({
            name: entry.name,
            isFolder: entry.isSymbolicLink()
              ? ((await stat(join(folder, entry.name)).catch(() => undefined))?.isDirectory() ??
                false)
              : entry.isDirectory(),
          })),
      );
      return found.sort((a, b) => (a.name < b.name ? -1 : 1));
    } catch (error) {
      if (missing === 'report' || (error as NodeJS.ErrnoException).code !== 'ENOENT')
        this.fault('content/no-folder', unreadable(error), folder);
      return [];
    }
  }

  /** Names of the YAML files in a folder of the pack, without ending. Files that lie wrong are reported. */
  async yamlFiles(folder: string): Promise<string[]> {
    const names: string[] = [];
    for (const { name, isFolder } of await this.list(join(this.#root, folder))) {
      const file = `${folder}/${name}`;
      if (isFolder)
        this.fault(
          'content/misplaced',
          'no folder is expected here; its files are not read',
          file,
          [],
          undefined,
          'warning',
        );
      else if (name.endsWith('.yaml')) names.push(name.slice(0, -'.yaml'.length));
      else if (name.endsWith('.yml'))
        this.fault('content/misplaced', 'is not read: content files end in .yaml', file);
    }
    return names;
  }

  async folders(folder: string): Promise<string[]> {
    const names: string[] = [];
    for (const { name, isFolder } of await this.list(join(this.#root, folder))) {
      if (isFolder) names.push(name);
      else if (/\.ya?ml$/.test(name))
        this.fault(
          'content/misplaced',
          `is not read: files of ${folder} lie one folder deeper`,
          `${folder}/${name}`,
        );
    }
    return names;
  }

  /** Parses and checks one file; undefined when it has faults. `path` defaults to the file in the pack. */
  async read<T>(
    file: string,
    schema: SchemaName,
    path = join(this.#root, file),
  ): Promise<T | undefined> {
    const bytes = this.#bytes(file, path);
    const text = bytes === undefined ? undefined : this.#text(file, bytes);
    if (bytes === undefined || text === undefined) return undefined;
    this.#files.set(file, parsedLater(text));
    return this.memory.value(file, schema, bytes, () => {
      const parsed = parseContent(file, text);
      this.#files.set(file, parsed.file);
      this.diagnostics.push(...parsed.diagnostics);
      if (parsed.diagnostics.length > 0) return undefined;
      const faults = checkSchema(schema, parsed.value, file);
      this.diagnostics.push(...faults);
      return faults.length > 0 ? undefined : (parsed.value as T);
    });
  }

  /** Read in one go: for a hundred small files that takes half as long as promises do. */
  #bytes(file: string, path: string): Uint8Array | undefined {
    try {
      const bytes = readFileSync(path);
      if (bytes.length <= MAX_FILE_BYTES) return bytes;
      this.fault('content/unreadable', `is larger than ${MAX_FILE_BYTES / 1024 / 1024} MB`, file);
    } catch (error) {
      this.fault('content/unreadable', unreadable(error), file);
    }
    return undefined;
  }

  #text(file: string, bytes: Uint8Array): string | undefined {
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    } catch (error) {
      this.fault('content/unreadable', unreadable(error), file);
      return undefined;
    }
  }
}

function unreadable(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'is missing';
  if (code === 'EISDIR') return 'is a folder';
  if (code === 'EACCES') return 'may not be read';
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return 'is not UTF-8';
  return message;
}

async function readPack(
  reader: Reader,
  contextFolders: readonly string[],
): Promise<ContentPack | undefined> {
  const eventTypes = await reader.read<EventTypes>('event-types.yaml', 'event-types');
  const attack = await reader.read<AttackTechniques>('attack.json', 'attack');
  const gates = await reader.read<Gates>('gates.yaml', 'gates');
  const rules = await readNested<Rule, RuleEntry>(
    reader,
    'rules',
    'rule',
    (id, technique, file, rule) => ({
      ...rule,
      id,
      technique,
      file,
    }),
  );
  const models: ModelEntry[] = [];
  for (const id of await reader.yamlFiles('models')) {
    const file = `models/${id}.yaml`;
    const model = await reader.read<Model>(file, 'model');
    if (model) models.push({ ...model, id, file });
  }
  const parsers = await readNested<Parser, ParserEntry>(
    reader,
    'parsers',
    'parser',
    (id, vendor, file, parser) => ({
      ...parser,
      id,
      vendor,
      file,
    }),
  );
  const tables = await readTables(reader, contextFolders);
  if (!eventTypes || !attack || !gates) return undefined;
  const techniques: Technique[] = Object.entries(attack).map(([id, { name, tactics }]) => ({
    id,
    name,
    tactics,
  }));
  const pack = {
    fields: eventTypes.fields,
    eventTypes: eventTypes.event_types,
    rules: rules.sort(byId),
    models: models.sort(byId),
    parsers: parsers.sort(byId),
    tables: tables.sort(byId),
    techniques: techniques.sort(byId),
    gates,
  };
  return { digest: reader.memory.summary(() => digestOf(pack)), ...pack };
}

function byId(a: { readonly id: string }, b: { readonly id: string }): number {
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

async function readNested<T, E>(
  reader: Reader,
  folder: string,
  schema: SchemaName,
  entry: (id: string, parent: string, file: string, value: T) => E,
): Promise<E[]> {
  const found: E[] = [];
  for (const parent of await reader.folders(folder)) {
    for (const id of await reader.yamlFiles(`${folder}/${parent}`)) {
      const file = `${folder}/${parent}/${id}.yaml`;
      const value = await reader.read<T>(file, schema);
      if (value) found.push(entry(id, parent, file, value));
    }
  }
  return found;
}

/** A table while files add to it. Package lists are long, so they stay arrays until the end. */
interface TableDraft {
  readonly table: ContextTable;
  readonly id: string;
  readonly file: string;
  listed: readonly string[];
  readonly added: Set<string>;
  readonly removed: Set<string>;
  readonly entries: Map<string, string>;
}

async function readTables(reader: Reader, folders: readonly string[]): Promise<TableEntry[]> {
  const drafts = new Map<string, TableDraft>();
  const start = (id: string, file: string, table: ContextTable): void => {
    const listed = table.package ? packageMembers(table.package, reader.memory) : [];
    const draft: TableDraft = {
      table,
      id,
      file,
      listed,
      added: new Set(),
      removed: new Set(),
      entries: new Map(),
    };
    drafts.set(id, draft);
    extend(draft, table);
  };
  for (const id of await reader.yamlFiles('context')) {
    const file = `context/${id}.yaml`;
    const table = await reader.read<ContextTable>(file, 'context-table');
    if (table) start(id, file, table);
  }
  const own = [...drafts.keys()];
  for (const folder of folders) {
    for (const { name, isFolder } of await reader.list(folder, 'report')) {
      if (isFolder || !/\.ya?ml$/.test(name)) continue;
      const file = `${folder.replace(/\/+$/, '')}/${name}`;
      const id = basename(name).replace(/\.ya?ml$/, '');
      const draft = drafts.get(id);
      if (draft) {
        const extension = await reader.read<ContextExtension>(
          file,
          'context-extension',
          join(folder, name),
        );
        if (!extension) continue;
        if (extension.replace === true) {
          draft.listed = [];
          draft.added.clear();
          draft.entries.clear();
        }
        extend(draft, extension);
        continue;
      }
      const before = reader.diagnostics.length;
      const table = await reader.read<ContextTable>(file, 'context-table', join(folder, name));
      if (table) start(id, file, table);
      const hint = didYouMean(id, own);
      if (reader.diagnostics.length > before && hint?.startsWith('did you mean') === true)
        reader.fault('content/unknown-table', `${id} is no table of the pack`, file, [], hint);
    }
  }
  return [...drafts.values()].map(finish);
}

function extend(draft: TableDraft, more: ContextTable | ContextExtension): void {
  const fold = draft.table.holds === 'domains' ? foldDomain : foldText;
  for (const value of more.values ?? []) {
    draft.added.add(fold(value));
    draft.removed.delete(fold(value));
  }
  for (const [key, value] of Object.entries(more.map ?? {})) draft.entries.set(fold(key), value);
  for (const value of more.remove ?? []) {
    draft.added.delete(fold(value));
    draft.removed.add(fold(value));
    draft.entries.delete(fold(value));
  }
}

function finish({ table, id, file, listed, added, removed, entries }: TableDraft): TableEntry {
  const hasMap = table.map !== undefined || entries.size > 0;
  const kept = removed.size === 0 ? listed : listed.filter((value) => !removed.has(value));
  return {
    ...table,
    ...(hasMap && { map: Object.fromEntries([...entries].sort()) }),
    id,
    file,
    members: merged(kept, [...added].sort()),
  };
}

/** Two sorted lists as one, each value once. Lists of packages are long: sorting anew would be felt. */
function merged(long: readonly string[], short: readonly string[]): readonly string[] {
  if (short.length === 0) return long;
  const all: string[] = [];
  let next = 0;
  for (const value of long) {
    for (; next < short.length && (short[next] as string) < value; next++)
      all.push(short[next] as string);
    if (short[next] === value) next++;
    all.push(value);
  }
  return all.concat(short.slice(next));
}

/**
 * Digest of what decides which alerts are raised: fields, event types, parsers, tables, models and
 * rules without their prose. Tests, known gaps and gates are left out.
 */
function digestOf(pack: Omit<ContentPack, 'digest'>): string {
  const meaning = {
    fields: mapValues(pack.fields, ({ type, unit, from }) => ({ type, unit, from })),
    eventTypes: Object.entries(pack.eventTypes).map(([id, { description: _, ...type }]) => ({
      id,
      ...type,
    })),
    rules: pack.rules.map(
      ({ name: _n, description: _d, tests: _t, known_gaps: _k, file: _f, ...rule }) => rule,
    ),
    models: pack.models.map(({ name: _n, description: _d, file: _f, ...model }) => model),
    parsers: pack.parsers.map(
      ({ name: _n, description: _d, tests: _t, file: _f, ...parser }) => parser,
    ),
    tables: pack.tables.map(({ id, members, map }) => ({ id, members: members.join('\n'), map })),
  };
  return createHash('sha256').update(canonical(meaning)).digest('hex');
}

function mapValues<T, U>(
  record: Readonly<Record<string, T>>,
  change: (value: T) => U,
): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}

/** JSON with sorted keys and without absent values. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value as Record<string, unknown>)
    .filter(([, item]) => item !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(',')}}`;
}
