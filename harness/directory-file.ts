/**
 * People of an organisation from a file: for `--directory` of a replay and for `--org` of a drill.
 * One reader for both; a drill asks more of the file, for it must be able to play all of them. Over
 * 400 lines because every fault has its place and its words.
 */

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Directory, DirectoryPerson } from '#engine';
import type { DirectoryEntry } from '#generators';
import { UsageFault } from './usage-fault.js';

type Key = keyof DirectoryEntry;

/** Columns of the CSV and keys of the JSON, each with the other names that it may have. */
const columns: Readonly<Record<Key | 'name', readonly string[]>> = {
  user: ['address', 'email'],
  kind: [],
  aliases: [],
  personal: [],
  name: [],
  first_name: [],
  last_name: [],
  peer_group: ['department'],
  executive: [],
  manager: [],
  hired: [],
  left: [],
  country: [],
  time_zone: ['timezone'],
};
const known = new Map<string, Key | 'name'>(
  Object.entries(columns).flatMap(([key, others]) =>
    [key, ...others].map((name) => [name, key as Key | 'name'] as const),
  ),
);
const lists: ReadonlySet<string> = new Set(['aliases', 'personal']);

/** Largest organisation. */
const most = 1_000_000;

/** A file of people, as read. */
interface DirectoryFile {
  readonly entries: readonly DirectoryEntry[];
  /** As given in JSON; empty for CSV. */
  readonly internal_domains: readonly string[];
  /** Where the n-th entry stands: `people.csv:12`. */
  readonly place: (entry: number) => string;
  /** SHA-256 of the file, hex. */
  readonly digest: string;
}

/** People and domains of an organisation that a drill plays, in plain data. */
export interface GivenOrganisation {
  /** The file as it was named. */
  readonly file: string;
  /** SHA-256 of the file, hex. */
  readonly digest: string;
  /** The main one first. */
  readonly domains: readonly string[];
  readonly entries: readonly DirectoryEntry[];
}

/**
 * Reads the people of an organisation from JSON (a list of people, or an object with `people` and
 * `internal_domains`) or CSV (a header line, then one person a line; comma, semicolon or tab).
 * Addresses are lower-cased. Throws UsageFault naming the file and the line.
 */
export async function readDirectory(path: string): Promise<Directory> {
  const { entries, internal_domains } = await readFileOf(path, path);
  return { internal_domains, people: entries.map(personOf) };
}

/**
 * Reads an organisation to be played. `domains` are the internal ones that are given elsewhere;
 * without any, here or in the file, they are those of the people's addresses. Besides what
 * {@link readDirectory} refuses, throws UsageFault for addresses outside the domains, addresses
 * that two entries share, superiors that are not listed, and less than two people.
 */
export async function readOrganisation(
  path: string,
  shown: string,
  domains: readonly string[],
): Promise<GivenOrganisation> {
  const file = await readFileOf(path, shown);
  const { entries, place } = file;
  const given = [...new Set([...domains, ...file.internal_domains])].map((domain) =>
    domain.toLowerCase().replace(/^@/, ''),
  );
  const found = new Map<string, number>();
  const owners = new Map<string, number>();
  for (const [i, { user, aliases = [] }] of entries.entries()) {
    for (const address of [user, ...aliases]) {
      const domain = address.slice(address.lastIndexOf('@') + 1);
      if (given.length > 0 && !given.some((one) => domain === one || domain.endsWith(`.${one}`)))
        throw new UsageFault(
          `${place(i)}: ${address} lies outside the internal domains ${given.join(', ')}.`,
          'Name its domain with --internal-domain, or leave the address out.',
        );
      if (given.length === 0 && providers.has(domain))
        throw new UsageFault(
          `${place(i)}: ${address} is at a consumer mail provider.`,
          'Name the internal domains with --internal-domain, and put private addresses under personal.',
        );
      const owner = owners.get(address);
      if (owner !== undefined && owner !== i)
        throw new UsageFault(`${place(i)}: ${address} is an address of ${place(owner)} too.`);
      owners.set(address, i);
      found.set(domain, (found.get(domain) ?? 0) + 1);
    }
  }
  for (const [i, { manager }] of entries.entries())
    if (manager !== undefined && !owners.has(manager))
      throw new UsageFault(
        `${place(i)}: manager ${manager} is not listed.`,
        "List everybody, or leave the manager's cell empty.",
      );
  const people = entries.filter(({ kind }) => kind === undefined || kind === 'person').length;
  if (people < 2 || people > most)
    throw new UsageFault(`${shown}: a drill needs 2 to ${most} people, not ${people}.`);
  // The domain that most addresses have is the main one.
  const inUse = [...found].sort((a, b) => b[1] - a[1]).map(([domain]) => domain);
  return {
    file: shown,
    digest: file.digest,
    domains: [...new Set([...inUse, ...given])],
    entries,
  };
}

/** Domains that are nobody's own; a list of people may hold private addresses by mistake. */
const providers: ReadonlySet<string> = new Set([
  'gmail.com',
  'googlemail.com',
  'hotmail.com',
  'outlook.com',
  'live.com',
  'yahoo.com',
  'icloud.com',
  'aol.com',
  'gmx.de',
  'gmx.net',
  'web.de',
  'protonmail.com',
  'proton.me',
]);

function personOf({
  kind,
  manager,
  left,
  country,
  time_zone,
  ...person
}: DirectoryEntry): DirectoryPerson {
  return person;
}

async function readFileOf(path: string, shown: string): Promise<DirectoryFile> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageFault(
      `${shown}: ${code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'this is a folder' : `cannot be read (${code})`}.`,
    );
  }
  const digest = createHash('sha256').update(bytes).digest('hex');
  const text = bytes.toString('utf8').replace(/^\uFEFF/, '');
  const file = /^\s*[[{]/.test(text) ? fromJson(shown, text) : fromCsv(shown, text);
  const seen = new Set<string>();
  for (const [i, { user }] of file.entries.entries()) {
    if (seen.has(user)) throw new UsageFault(`${file.place(i)}: ${user} is listed twice.`);
    seen.add(user);
  }
  return { ...file, digest };
}

function fromJson(path: string, text: string): Omit<DirectoryFile, 'digest'> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const { message } = error as Error;
    const at = /position (\d+)/.exec(message)?.[1];
    const where = at === undefined ? path : `${path}:${lineAt(text, Number(at))}`;
    throw new UsageFault(`${where}: not valid JSON: ${message}.`);
  }
  const { people, internal_domains = [] } = (
    Array.isArray(value) ? { people: value } : value
  ) as Record<string, unknown>;
  if (!Array.isArray(people)) throw new UsageFault(`${path}: has no list of people.`);
  if (!isTexts(internal_domains))
    throw new UsageFault(`${path}: internal_domains is not a list of texts.`);
  const place = (i: number): string =>
    `${path}:${lineAt(text, startOfEntry(text, i))}: person ${i + 1}`;
  return {
    internal_domains: internal_domains.map((domain) => domain.toLowerCase()),
    place,
    entries: people.map((given: unknown, i) => {
      const where = (): string => place(i);
      if (typeof given !== 'object' || given === null || Array.isArray(given))
        throw new UsageFault(`${where()} is not an object.`);
      const entry: Record<string, unknown> = {};
      for (const [name, cell] of Object.entries(given)) {
        const key = known.get(name);
        if (key === undefined)
          throw new UsageFault(`${where()}: there is no key ${name}; keys: ${names()}.`);
        entry[key] = cell;
      }
      return entryOf(where, entry);
    }),
  };
}

function lineAt(text: string, position: number): number {
  let line = 1;
  for (let i = text.indexOf('\n'); i !== -1 && i < position; i = text.indexOf('\n', i + 1)) line++;
  return line;
}

/** Where the n-th element of the list of people begins in valid JSON; only faults ask. */
function startOfEntry(text: string, n: number): number {
  const token = /"(?:[^"\\]|\\.)*"|[[\]{},]/g;
  // The list is the text itself, or the value of the key people at the first level.
  const level = text.trimStart().startsWith('[') ? 1 : 2;
  let depth = 0;
  let key = '';
  let inside = false;
  let entry = 0;
  for (let found = token.exec(text); found !== null; found = token.exec(text)) {
    const [mark] = found;
    if (mark === '[' || mark === '{') {
      depth++;
      inside ||= depth === level && mark === '[' && (level === 1 || key === '"people"');
      if (inside && depth === level && entry === n) return beginning(text, token.lastIndex);
    } else if (mark === ']' || mark === '}') {
      if (inside && depth === level) return 0;
      depth--;
    } else if (mark !== ',') {
      if (depth === 1 && level === 2) key = mark;
    } else if (inside && depth === level && ++entry === n) return beginning(text, token.lastIndex);
  }
  return 0;
}

function beginning(text: string, from: number): number {
  const rest = /\S/g;
  rest.lastIndex = from;
  return rest.exec(text)?.index ?? from;
}

function fromCsv(path: string, text: string): Omit<DirectoryFile, 'digest'> {
  const firstLine = /^[^\r\n]*/.exec(text)?.[0] ?? '';
  const separator = [',', ';', '\t'].reduce((best, c) =>
    firstLine.split(c).length > firstLine.split(best).length ? c : best,
  );
  const [header, ...rows] = csvRows(text, separator);
  const titles = header?.cells.map((cell) => cell.trim().toLowerCase().replaceAll(' ', '_')) ?? [];
  const unknown = titles.filter((title) => !known.has(title));
  const keys = titles.map((title) => known.get(title));
  if (!keys.includes('user')) {
    throw new UsageFault(
      `${path}:1: the header line needs a column user (the primary address); columns: ${names()}.`,
    );
  }
  if (unknown.length > 0)
    throw new UsageFault(
      `${path}:1: there is no column ${unknown.map((title) => (title === '' ? '(without a name)' : title)).join(', ')}; columns: ${names()}.`,
    );
  const twice = titles.filter((_, i) => keys.indexOf(keys[i]) !== i);
  if (twice.length > 0)
    throw new UsageFault(
      `${path}:1: column ${twice.join(', ')} is there twice, by one name or another.`,
    );
  const place = (i: number): string => `${path}:${rows[i]?.line ?? 1}`;
  return {
    internal_domains: [],
    place,
    entries: rows.map(({ cells }, row) => {
      const where = (): string => place(row);
      if (cells.length > titles.length)
        throw new UsageFault(`${where()}: ${cells.length} values for ${titles.length} columns.`);
      const entry: Record<string, unknown> = {};
      keys.forEach((key, i) => {
        const cell = cells[i]?.trim() ?? '';
        if (cell === '' || key === undefined) return;
        entry[key] = lists.has(key) ? cell.split(/[;|]/).map((a) => a.trim()) : cell;
      });
      return entryOf(where, entry);
    }),
  };
}

const names = (): string => Object.keys(columns).join(', ');

/** Rows of RFC 4180 text with the number of the line on which each starts; empty lines are left out. */
function csvRows(text: string, separator: string): { line: number; cells: string[] }[] {
  const rows: { line: number; cells: string[] }[] = [];
  let cells: string[] = [];
  let cell = '';
  let quoted = false;
  let line = 1;
  let start = 1;
  const endRow = (): void => {
    cells.push(cell);
    if (cells.length > 1 || cell.trim() !== '') rows.push({ line: start, cells });
    cells = [];
    cell = '';
    start = line + 1;
  };
  for (let i = 0; i < text.length; i++) {
    const char = text.charAt(i);
    if (quoted) {
      if (char === '"' && text[i + 1] === '"') {
        cell += '"';
        i++;
      } else if (char === '"') quoted = false;
      else cell += char;
    } else if (char === '"' && cell.trim() === '') {
      quoted = true;
      cell = '';
    } else if (char === separator) {
      cells.push(cell);
      cell = '';
    } else if (char === '\n') endRow();
    else if (char !== '\r') cell += char;
    if (char === '\n') line++;
  }
  endRow();
  return rows;
}

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string');

const addressForm = /^[^\s@]+@[^\s@]+$/;

function entryOf(where: () => string, entry: Record<string, unknown>): DirectoryEntry {
  const text = (key: string): string | undefined => {
    const value = entry[key];
    if (value === undefined || value === null || value === '') return undefined;
    if (typeof value !== 'string') throw new UsageFault(`${where()}: ${key} is not a text.`);
    return value;
  };
  const address = (key: string, value: string | undefined): string | undefined => {
    const lower = value?.toLowerCase();
    if (lower !== undefined && !addressForm.test(lower))
      throw new UsageFault(`${where()}: ${key} ${lower} is not an address.`);
    return lower;
  };
  const addresses = (key: string): string[] | undefined => {
    const value = entry[key];
    if (value === undefined || value === null) return undefined;
    if (!isTexts(value)) throw new UsageFault(`${where()}: ${key} is not a list of addresses.`);
    return value.filter((one) => one !== '').map((one) => address(key, one) as string);
  };
  const user = address('user', text('user'));
  if (user === undefined) throw new UsageFault(`${where()}: has no user (the primary address).`);
  const [first, last] = splitName(text('name'));
  const hired = moment(where, 'hired', entry['hired']);
  const left = moment(where, 'left', entry['left']);
  if (hired !== undefined && left !== undefined && left < hired)
    throw new UsageFault(`${where()}: left lies before hired.`);
  const found: { [K in Key]?: DirectoryEntry[K] | undefined } = {
    kind: kindOf(where, text('kind')),
    aliases: addresses('aliases'),
    personal: addresses('personal'),
    first_name: text('first_name') ?? first,
    last_name: text('last_name') ?? last,
    peer_group: text('peer_group'),
    executive: flag(where, entry['executive']),
    manager: address('manager', text('manager')),
    hired,
    left,
    country: countryOf(where, text('country')),
    time_zone: zoneOf(where, text('time_zone')),
  };
  return {
    user,
    ...(Object.fromEntries(
      Object.entries(found).filter(([, v]) => v !== undefined),
    ) as Partial<DirectoryEntry>),
  };
}

/** `Meyer, Ann` and `Ann Meyer`. */
function splitName(
  name: string | undefined,
): [first: string | undefined, last: string | undefined] {
  if (name === undefined) return [undefined, undefined];
  const [last, first] = name.split(/\s*,\s*/);
  if (first !== undefined && first !== '') return [first, last];
  const words = name.trim().split(/\s+/);
  return words.length === 1 ? [undefined, words[0]] : [words[0], words.slice(1).join(' ')];
}

function kindOf(where: () => string, kind: string | undefined): DirectoryEntry['kind'] {
  if (kind === undefined || kind === 'person' || kind === 'shared' || kind === 'service')
    return kind;
  throw new UsageFault(`${where()}: kind ${kind} is none of person, shared and service.`);
}

function countryOf(where: () => string, country: string | undefined): string | undefined {
  if (country === undefined) return undefined;
  if (!/^[a-z]{2}$/i.test(country))
    throw new UsageFault(`${where()}: country ${country} is not a code of two letters such as DE.`);
  const code = country.toUpperCase();
  return code === 'UK' ? 'GB' : code;
}

function zoneOf(where: () => string, zone: string | undefined): string | undefined {
  if (zone === undefined || isTimeZone(zone)) return zone;
  throw new UsageFault(
    `${where()}: time_zone ${zone} is not the name of a time zone such as Europe/Berlin.`,
  );
}

function flag(where: () => string, value: unknown): boolean | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const text = String(value).toLowerCase();
  if (['true', 'yes', '1', 'x'].includes(text)) return true;
  if (['false', 'no', '0'].includes(text)) return false;
  throw new UsageFault(`${where()}: executive is neither true nor false.`);
}

function moment(where: () => string, key: string, value: unknown): number | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const time = typeof value === 'number' ? value : Date.parse(String(value));
  if (Number.isFinite(time)) return time;
  throw new UsageFault(`${where()}: ${key} ${String(value)} is not a date such as 2021-03-15.`);
}

/** Not asked of the generators, which a replay would then load with all that invents people. */
function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
