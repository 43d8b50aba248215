/**
 * What the build has read before, so that a start need not read it again: parsed and checked files by
 * the digest of their bytes, and the members of package lists. Whatever has changed by one byte is not
 * in it, whatever its time stamps say, and is read anew; a memory can be absent, but never out of date.
 *
 * One line each, in ASCII: such a file is read in a third of the time.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { type SchemaName, schemaFolder } from './schema-check.js';

/** Beside the compiled loader, where the build puts it; running from source has none. */
export const builtMemory = fileURLToPath(new URL('./memory.txt', import.meta.url));

export class ContentMemory {
  /** Kind and key → what is known. */
  readonly #known: ReadonlyMap<string, string>;
  /** What this run asked for, and what it found out where nothing was known. */
  readonly #used: Map<string, string> | undefined;
  /** All that was asked for: what the loaded pack follows from. */
  readonly #inputs: string[] = [];

  /** `recording` keeps what `write` writes. A damaged file, or one of another loader, is empty. */
  constructor(path: string, recording = false) {
    this.#known = existsSync(path) ? readLines(path) : new Map();
    this.#used = recording ? new Map() : undefined;
  }

  /** The value of a file without faults; the result of `read` where it is not known. */
  value<T>(
    file: string,
    schema: SchemaName,
    bytes: Uint8Array,
    read: () => T | undefined,
  ): T | undefined {
    const key = `value ${digestOf(schema, bytes)}`;
    this.#inputs.push(file, key);
    const known = this.#recall(key);
    if (known !== undefined) return JSON.parse(known) as T;
    const value = read();
    if (this.#used && value !== undefined) {
      const text = JSON.stringify(value);
      // YAML knows more numbers than JSON.
      if (isDeepStrictEqual(JSON.parse(text), value)) this.#used.set(key, text);
    }
    return value;
  }

  /** Texts without white space. `sources` is all that they depend on. */
  list(sources: readonly Uint8Array[], read: () => readonly string[]): readonly string[] {
    const key = `list ${digestOf('', ...sources)}`;
    this.#inputs.push(key);
    const known = this.#recall(key);
    if (known !== undefined) return known.split(' ');
    const list = read();
    if (list.length > 0 && !list.some((text) => text === '' || /\s/.test(text)))
      this.#used?.set(key, list.join(' '));
    return list;
  }

  /** A short text that follows from the files and lists that were asked for before, and nothing else. */
  summary(make: () => string): string {
    const key = `summary ${digestOf('', Buffer.from(JSON.stringify(this.#inputs)))}`;
    const summary = this.#recall(key) ?? make();
    this.#used?.set(key, summary);
    return summary;
  }

  /** Writes what was used and nothing else; whoever reads meanwhile sees the old file or the new. */
  write(path: string): void {
    const lines = [...(this.#used ?? [])].map(([key, text]) => `${key} ${inAscii(text)}\n`);
    const body = lines.join('');
    const temporary = `${path}.${process.pid}`;
    writeFileSync(temporary, `${headerOf(body)}\n${body}`);
    renameSync(temporary, path);
  }

  #recall(key: string): string | undefined {
    const known = this.#known.get(key);
    if (known !== undefined) this.#used?.set(key, known);
    return known;
  }
}

function readLines(path: string): Map<string, string> {
  const text = readFileSync(path, 'latin1');
  const end = text.indexOf('\n');
  const body = text.slice(end + 1);
  const known = new Map<string, string>();
  if (text.slice(0, end) !== headerOf(body)) return known;
  for (const line of body.split('\n')) {
    const at = line.indexOf(' ', line.indexOf(' ') + 1);
    if (at > 0) known.set(line.slice(0, at), line.slice(at + 1));
  }
  return known;
}

/** The loader and the schemas, whose change may change every value, and the length of what follows. */
function headerOf(body: string): string {
  const own = fileURLToPath(import.meta.url);
  const ending = own.slice(own.lastIndexOf('.'));
  const modules = ['load', 'source', 'schema-check', 'package-lists', 'memory'].map((name) =>
    fileURLToPath(new URL(`./${name}${ending}`, import.meta.url)),
  );
  const folder = schemaFolder();
  const schemas = readdirSync(folder)
    .sort()
    .map((name) => join(folder, name));
  const made = digestOf('', ...[...modules, ...schemas].map((path) => readFileSync(path)));
  return `leakdrill content memory ${made} ${body.length}`;
}

function digestOf(name: string, ...parts: readonly Uint8Array[]): string {
  const hash = createHash('sha256').update(`${name}\0`);
  for (const part of parts) hash.update(`${part.length}\0`).update(part);
  return hash.digest('hex');
}

function inAscii(text: string): string {
  return text.replace(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
