import { readFile } from 'node:fs/promises';
import type { Directory, DirectoryPerson } from '#engine';
import { UsageFault } from './usage-fault.js';

/** Columns of the CSV and keys of the JSON; lists are separated by ; in CSV. */
const columns = [
  'user',
  'aliases',
  'personal',
  'first_name',
  'last_name',
  'peer_group',
  'executive',
  'hired',
] as const;
type Column = (typeof columns)[number];

/**
 * Reads the people of an organisation from JSON (a list of people, or an object with `people` and
 * `internal_domains`) or CSV (a header line, then one person a line; comma, semicolon or tab).
 * Addresses are lower-cased. Throws UsageFault naming the file and the line or entry.
 */
export async function readDirectory(path: string): Promise<Directory> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageFault(
      `${path}: ${code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'this is a folder' : `cannot be read (${code})`}.`,
    );
  }
  text = text.replace(/^\uFEFF/, '');
  const directory = /^\s*[[{]/.test(text) ? fromJson(path, text) : fromCsv(path, text);
  const seen = new Set<string>();
  for (const { user } of directory.people) {
    if (seen.has(user)) throw new UsageFault(`${path}: ${user} is listed twice.`);
    seen.add(user);
  }
  return directory;
}

function fromJson(path: string, text: string): Directory {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UsageFault(`${path}: not valid JSON: ${(error as Error).message}.`);
  }
  const { people, internal_domains = [] } = (
    Array.isArray(value) ? { people: value } : value
  ) as Record<string, unknown>;
  if (!Array.isArray(people)) throw new UsageFault(`${path}: has no list of people.`);
  if (!isTexts(internal_domains))
    throw new UsageFault(`${path}: internal_domains is not a list of texts.`);
  return {
    internal_domains: internal_domains.map((domain) => domain.toLowerCase()),
    people: people.map((entry: unknown, i) => {
      const where = `${path}: person ${i + 1}`;
      if (typeof entry !== 'object' || entry === null)
        throw new UsageFault(`${where} is not an object.`);
      return person(where, entry as Record<string, unknown>);
    }),
  };
}

function fromCsv(path: string, text: string): Directory {
  const firstLine = /^[^\r\n]*/.exec(text)?.[0] ?? '';
  const separator = [',', ';', '\t'].reduce((best, c) =>
    firstLine.split(c).length > firstLine.split(best).length ? c : best,
  );
  const [header, ...rows] = csvRows(text, separator);
  const names = header?.cells.map((cell) => cell.trim().toLowerCase().replaceAll(' ', '_')) ?? [];
  if (!names.includes('user')) {
    throw new UsageFault(
      `${path}:1: the header line needs a column user (the primary address); columns: ${columns.join(', ')}.`,
    );
  }
  const unknown = names.find((name) => !columns.includes(name as Column));
  if (unknown !== undefined)
    throw new UsageFault(
      `${path}:1: there is no column ${unknown}; columns: ${columns.join(', ')}.`,
    );
  return {
    internal_domains: [],
    people: rows.map(({ line, cells }) => {
      const where = `${path}:${line}`;
      if (cells.length > names.length)
        throw new UsageFault(`${where}: ${cells.length} values for ${names.length} columns.`);
      const entry: Record<string, unknown> = {};
      names.forEach((name, i) => {
        const cell = cells[i]?.trim() ?? '';
        if (cell === '') return;
        entry[name] =
          name === 'aliases' || name === 'personal'
            ? cell.split(/[;|]/).map((a) => a.trim())
            : cell;
      });
      return person(where, entry);
    }),
  };
}

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

function person(where: string, entry: Record<string, unknown>): DirectoryPerson {
  const text = (key: Column): string | undefined => {
    const value = entry[key];
    if (value === undefined || value === null || value === '') return undefined;
    if (typeof value !== 'string') throw new UsageFault(`${where}: ${key} is not a text.`);
    return value;
  };
  const addresses = (key: Column): string[] | undefined => {
    const value = entry[key];
    if (value === undefined || value === null) return undefined;
    if (!isTexts(value)) throw new UsageFault(`${where}: ${key} is not a list of addresses.`);
    return value.filter((address) => address !== '').map((address) => address.toLowerCase());
  };
  const user = text('user')?.toLowerCase();
  if (user === undefined) throw new UsageFault(`${where}: has no user (the primary address).`);
  if (!/^[^\s@]+@[^\s@]+$/.test(user))
    throw new UsageFault(`${where}: user ${user} is not an address.`);
  const hired = moment(where, entry['hired']);
  const executive = flag(where, entry['executive']);
  const found: { [K in keyof DirectoryPerson]?: DirectoryPerson[K] | undefined } = {
    aliases: addresses('aliases'),
    personal: addresses('personal'),
    first_name: text('first_name'),
    last_name: text('last_name'),
    peer_group: text('peer_group'),
    executive,
    hired,
  };
  return {
    user,
    ...(Object.fromEntries(
      Object.entries(found).filter(([, v]) => v !== undefined),
    ) as Partial<DirectoryPerson>),
  };
}

function flag(where: string, value: unknown): boolean | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const text = String(value).toLowerCase();
  if (['true', 'yes', '1', 'x'].includes(text)) return true;
  if (['false', 'no', '0'].includes(text)) return false;
  throw new UsageFault(`${where}: executive is neither true nor false.`);
}

function moment(where: string, value: unknown): number | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const time = typeof value === 'number' ? value : Date.parse(String(value));
  if (Number.isFinite(time)) return time;
  throw new UsageFault(`${where}: hired ${String(value)} is not a date such as 2021-03-15.`);
}
