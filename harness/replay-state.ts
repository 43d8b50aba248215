/**
 * What a replay keeps in a file, so that the next one goes on where it stopped.
 *
 *     leakdrill-state FORMAT BYTES BYTES\n   header, JSON   engine snapshot   SHA-256 of all before
 *
 * Invariant: at the path there is a whole state, the old one or the new one, whatever kills the run. A new
 * one is written beside it, reaches the disk, and then takes its name. A lock file keeps a second
 * run out, and before a state takes the place of another it makes sure that this is the one it follows.
 */
import { createHash, type Hash } from 'node:crypto';
import { constants, readFileSync } from 'node:fs';
import { type FileHandle, open, readFile, realpath, rename, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { ContentPack } from '#content';
import type { Directory, Program } from '#engine';
import { UsageFault } from './usage-fault.js';

/** What a state is valid for. Every part has a name, so that a difference can be told. */
export interface StateBasis {
  /** Of Leakdrill: another one may read the same line differently. */
  readonly version: string;
  readonly program: string;
  /** `rule EM-UD-F` → digest of what decides alerts. */
  readonly content: Readonly<Record<string, string>>;
  readonly internal_domains: readonly string[];
  readonly people: { readonly count: number; readonly digest: string };
}

export interface StateHeader {
  readonly basis: StateBasis;
  /** Runs that led here, and lines they read. */
  readonly runs: number;
  readonly lines: number;
  /** Number of files read in all runs, and the last of them: open messages may come from them. */
  readonly read: number;
  readonly sources: readonly { readonly file: string; readonly bytes: number }[];
}

export interface KeptState {
  readonly header: StateHeader;
  readonly snapshot: Uint8Array;
}

const FORMAT = 1;
const MAGIC = 'leakdrill-state ';
const DIGEST_BYTES = 32;
const CHUNK = 4 * 2 ** 20;

export function basisOf(
  pack: ContentPack,
  program: Program,
  directory: Directory,
  version: string,
): StateBasis {
  const content: Record<string, string> = {};
  const put = (kind: string, id: string, value: object): void => {
    const sorted = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    content[`${kind} ${id}`] = digestOf(JSON.stringify(sorted)).slice(0, 16);
  };
  // Prose decides nothing: a corrected description keeps what was learned.
  for (const { name: _n, description: _d, tests: _t, known_gaps: _k, ...rule } of pack.rules)
    put('rule', rule.id, rule);
  for (const { name: _n, description: _d, ...model } of pack.models) put('model', model.id, model);
  for (const { name: _n, description: _d, tests: _t, ...parser } of pack.parsers)
    put('parser', parser.id, parser);
  for (const { id, members, map } of pack.tables) put('table', id, [members, map]);
  for (const [id, { description: _, ...field }] of Object.entries(pack.fields))
    put('field', id, field);
  for (const [id, { description: _, ...type }] of Object.entries(pack.eventTypes))
    put('event type', id, type);
  return {
    version,
    program: program.digest,
    content,
    internal_domains: [...directory.internal_domains].sort(),
    people: {
      count: directory.people.length,
      digest: digestOf(JSON.stringify(directory.people)),
    },
  };
}

/** A state's file while a run owns it. */
export class StateFile {
  /** As the user named it. */
  readonly shown: string;
  readonly #path: string;
  readonly #lock: FileHandle;
  /** Digest of the state that this run follows; undefined when there was none. */
  #follows: Buffer | undefined;

  private constructor(path: string, shown: string, lock: FileHandle) {
    this.#path = path;
    this.shown = shown;
    this.#lock = lock;
  }

  /**
   * Takes the file for this run, and clears away what a killed run left. Throws UsageFault when another
   * run has it, or when it cannot be written there. Call close in the end.
   */
  static async open(given: string, shown: string): Promise<StateFile> {
    // A link is to go on pointing at the state.
    const path = await realpath(given).catch(() => given);
    const state = new StateFile(path, shown, await takeLock(lockOf(path), shown));
    await rm(temporaryOf(path), { force: true });
    return state;
  }

  /**
   * The state, or undefined when there is none or `retrain` is set. Throws UsageFault for a state that cannot
   * be used; with `retrain` only for a file that never was one.
   */
  async read(basis: StateBasis, retrain: boolean): Promise<KeptState | undefined> {
    let bytes: Buffer;
    try {
      bytes = await readFile(this.#path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw new UsageFault(
        `--state ${this.shown} cannot be read: ${(error as Error).message}.`,
        'Check the path.',
      );
    }
    this.#follows = bytes.subarray(-DIGEST_BYTES);
    if (bytes.length > 0 && bytes.toString('latin1', 0, MAGIC.length) !== MAGIC)
      throw new UsageFault(
        `--state ${this.shown} is not the state of a replay, and is left alone.`,
        'Give the name of a new file, or of one that an earlier replay wrote.',
      );
    if (retrain) return undefined;
    const { kept, fault } = readState(bytes);
    const faults = kept === undefined ? [fault] : differences(kept.header.basis, basis);
    if (kept === undefined || faults.length > 0)
      throw new UsageFault(
        `The state in ${this.shown} cannot be used: ${faults.join('; ')}.`,
        kept === undefined
          ? `Put a copy of it in its place, or start anew with --retrain; what it has learned is lost then.`
          : `Replay with what it was made with, or start anew with --retrain; what it has learned is lost then.`,
      );
    return kept;
  }

  /** Puts a state in the place of the one that was read. Throws UsageFault when this cannot be done. */
  async write({ header, snapshot }: KeptState): Promise<void> {
    const temporary = temporaryOf(this.#path);
    try {
      const digest = await writeWhole(temporary, header, snapshot);
      const now = await lastBytes(this.#path);
      if (!sameBytes(now, this.#follows))
        throw new UsageFault(
          `The state in ${this.shown} has changed while this run was under way, and was not overwritten.`,
          'Let one replay at a time use a state; then run this one again.',
        );
      await rename(temporary, this.#path);
      this.#follows = digest;
      await syncFolder(dirname(this.#path));
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined);
      if (error instanceof UsageFault) throw error;
      throw new UsageFault(
        `The state could not be written to ${this.shown}: ${(error as Error).message}. The state that was there is intact.`,
        'Make room or check the folder; then run this replay again.',
      );
    }
  }

  /** Lets other runs have the file. */
  async close(): Promise<void> {
    await this.#lock.close();
    await rm(lockOf(this.#path), { force: true });
  }
}

const lockOf = (path: string): string => `${path}.leakdrill-lock`;
const temporaryOf = (path: string): string => `${path}.leakdrill-new`;

async function writeWhole(
  path: string,
  header: StateHeader,
  snapshot: Uint8Array,
): Promise<Buffer> {
  const head = Buffer.from(JSON.stringify(header));
  const file = await open(path, 'w');
  try {
    const hash = createHash('sha256');
    const first = Buffer.from(`${MAGIC}${FORMAT} ${head.length} ${snapshot.length}\n`);
    for (const part of [first, head, snapshot]) await writePart(file, part, hash);
    const digest = hash.digest();
    await file.write(digest);
    await file.sync();
    return digest;
  } finally {
    await file.close();
  }
}

async function writePart(file: FileHandle, part: Uint8Array, hash: Hash): Promise<void> {
  for (let at = 0; at < part.length; at += CHUNK) {
    const piece = part.subarray(at, at + CHUNK);
    hash.update(piece);
    for (let written = 0; written < piece.length; )
      written += (await file.write(piece, written)).bytesWritten;
  }
}

/** The new name must reach the disk too. Not every system lets a folder be opened. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY).catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}

async function lastBytes(path: string): Promise<Buffer | undefined> {
  const file = await open(path, 'r').catch(() => undefined);
  if (file === undefined) return undefined;
  try {
    const { size } = await file.stat();
    const length = Math.min(DIGEST_BYTES, size);
    const { buffer } = await file.read(Buffer.alloc(length), 0, length, size - length);
    return buffer;
  } finally {
    await file.close();
  }
}

function sameBytes(a: Buffer | undefined, b: Buffer | undefined): boolean {
  return a === undefined || b === undefined ? a === b : a.equals(b);
}

/** Takes a state apart. Never throws. */
function readState(bytes: Buffer): { kept?: KeptState; fault: string } {
  const end = bytes.indexOf(10);
  const words = bytes.toString('latin1', 0, Math.min(end, 100)).split(' ');
  if (end < 0 || words.length !== 4) return { fault: 'it is cut off' };
  const [format, head, body] = words.slice(1).map(Number) as [number, number, number];
  if (format !== FORMAT)
    return {
      fault: `it is written in format ${format}, and this Leakdrill reads format ${FORMAT}`,
    };
  const whole = end + 1 + head + body + DIGEST_BYTES;
  if (bytes.length !== whole)
    return { fault: `it has ${bytes.length} bytes and should have ${whole}` };
  const sum = createHash('sha256').update(bytes.subarray(0, -DIGEST_BYTES)).digest();
  if (!sum.equals(bytes.subarray(-DIGEST_BYTES)))
    return { fault: 'it is damaged: its checksum is wrong' };
  const header = JSON.parse(bytes.toString('utf8', end + 1, end + 1 + head)) as StateHeader;
  return {
    kept: { header, snapshot: bytes.subarray(end + 1 + head, end + 1 + head + body) },
    fault: '',
  };
}

/** Parts of one kind of difference that are named; the rest are counted. */
const NAMED = 5;

/** What stands between a state and its use, in words. */
function differences(then: StateBasis, now: StateBasis): string[] {
  const found: string[] = [];
  if (then.version !== now.version)
    found.push(`it comes from Leakdrill ${then.version}, and this is ${now.version}`);
  const ids = [...new Set([...Object.keys(then.content), ...Object.keys(now.content)])].sort();
  const tell = (what: string, matches: (id: string) => boolean): void => {
    const matching = ids.filter(matches);
    const named = matching.slice(0, NAMED).join(', ');
    const rest = matching.length > NAMED ? ` and ${matching.length - NAMED} more` : '';
    if (matching.length > 0) found.push(`${named}${rest} ${what}`);
  };
  const of = (basis: StateBasis, id: string): string | undefined =>
    Object.hasOwn(basis.content, id) ? basis.content[id] : undefined;
  tell('changed since', (id) => {
    const [a, b] = [of(then, id), of(now, id)];
    return a !== undefined && b !== undefined && a !== b;
  });
  tell('came later', (id) => of(then, id) === undefined);
  tell('was there and is gone', (id) => of(now, id) === undefined);
  const [before, after] = [then.internal_domains.join(', '), now.internal_domains.join(', ')];
  if (before !== after)
    found.push(`the internal domains were ${before || 'none'} and are ${after || 'none'}`);
  if (then.people.digest !== now.people.digest)
    found.push(
      `the directory is another one (people: ${then.people.count} then, ${now.people.count} now)`,
    );
  if (found.length === 0 && then.program !== now.program)
    found.push('its content means something else to this engine');
  return found;
}

interface Owner {
  readonly pid: number;
  readonly host: string;
  /** Where the system tells: numbers of programs are used again. */
  readonly started: string | undefined;
}

const ATTEMPTS = 10;
const UNSIGNED_MS = 50;

async function takeLock(path: string, shown: string): Promise<FileHandle> {
  const own = { pid: process.pid, host: hostname(), started: startOf(process.pid) };
  for (let attempt = 0; ; attempt++) {
    try {
      const file = await open(path, 'wx');
      await file.writeFile(JSON.stringify(own));
      return file;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code !== 'EEXIST')
        throw new UsageFault(
          `--state ${shown}: its folder cannot be written to: ${message}.`,
          'Check the path.',
        );
    }
    const text = await readFile(path, 'utf8').catch(() => undefined);
    // Released in between, or taken at this very moment and not yet signed.
    if (attempt < ATTEMPTS && !text) {
      if (text === '') await setTimeout(UNSIGNED_MS);
      continue;
    }
    const owner = ownerIn(text ?? '');
    const isStale = owner === undefined ? text === '' : isGone(owner, own);
    if (isStale && attempt < 2 * ATTEMPTS) {
      await clear(path, text ?? '');
      continue;
    }
    throw new UsageFault(
      `Another replay is using the state in ${shown}${owner === undefined ? '' : ` (process ${owner.pid} on ${owner.host})`}.`,
      `Wait until it ends. If there is none, remove ${basename(path)} beside the state.`,
    );
  }
}

function ownerIn(text: string): Owner | undefined {
  try {
    const owner = JSON.parse(text) as Partial<Owner> | null;
    const { pid, host, started } = owner ?? {};
    return typeof pid === 'number' && typeof host === 'string' ? { pid, host, started } : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the run that holds a lock was killed. Nothing is known of other machines. */
function isGone(owner: Owner, own: Owner): boolean {
  if (owner.host !== own.host) return false;
  // In a container every run may have the same number.
  if (owner.pid === own.pid) return owner.started !== own.started;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
  return owner.started !== undefined && startOf(owner.pid) !== owner.started;
}

/** Linux: when a program started, in ticks since the machine did. */
function startOf(pid: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

/** Removes a lock whose owner is gone, unless another run has done so and locked it meanwhile. */
async function clear(path: string, seen: string): Promise<void> {
  const aside = `${path}-${process.pid}`;
  await rename(path, aside).catch(() => undefined);
  const moved = await readFile(aside, 'utf8').catch(() => undefined);
  if (moved === undefined) return;
  if (moved === seen) await rm(aside, { force: true });
  else await rename(aside, path);
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
