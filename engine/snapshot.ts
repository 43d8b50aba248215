import { BinaryReader, BinaryWriter } from './binary.js';

/** Rises when a stage writes something else than before. */
const VERSION = 4;
const MAGIC = 'leakdrill snapshot';

/** A part of the engine that has state. What `save` wrote, `load` of a fresh one reads. */
export interface Stateful {
  save(w: BinaryWriter): void;
  load(r: BinaryReader): void;
}

/** What a snapshot is valid for. */
export interface SnapshotHeader {
  /** Digest of the program. */
  readonly program: string;
  /** Options that decide results, as text. */
  readonly options: string;
}

/** The state of all parts with a header that says what it is for and a checksum over the rest. */
export function writeSnapshot(header: SnapshotHeader, parts: readonly Stateful[]): Uint8Array {
  const body = new BinaryWriter();
  for (const part of parts) part.save(body);
  const bytes = body.finish();
  const w = new BinaryWriter();
  w.text(MAGIC);
  w.u32(VERSION);
  w.text(header.program);
  w.text(header.options);
  w.u32(checksum(bytes));
  w.raw(bytes);
  return w.finish();
}

/** Fills fresh parts; returns what is wrong with the snapshot, if anything. Never throws. */
export function readSnapshot(
  snapshot: Uint8Array,
  header: SnapshotHeader,
  parts: readonly Stateful[],
): string | undefined {
  try {
    const r = new BinaryReader(snapshot);
    if (r.text() !== MAGIC) return 'this is not a snapshot of the engine';
    const version = r.u32();
    if (version !== VERSION) {
      return `the snapshot has format ${version}, and this engine reads format ${VERSION}`;
    }
    if (r.text() !== header.program) {
      return 'the snapshot belongs to other content or another directory; replay the lines instead';
    }
    const options = r.text();
    if (options !== header.options) {
      return `the snapshot was taken with other options: ${differences(options, header.options)}`;
    }
    const sum = r.u32();
    const body = r.raw();
    if (checksum(body) !== sum) return 'the snapshot is damaged: its checksum is wrong';
    const state = new BinaryReader(body);
    for (const part of parts) part.load(state);
    return state.done ? undefined : 'the snapshot is damaged: something is left over';
  } catch (error) {
    if (error instanceof RangeError) return `this is no whole snapshot: ${error.message}`;
    return `the snapshot is damaged: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Options that differ, with both values: `usualShare 0.1, now none`. */
function differences(before: string, after: string): string {
  const [then, now] = [before, after].map((text) => JSON.parse(text) as Record<string, unknown>);
  const names = [...new Set([...Object.keys(then ?? {}), ...Object.keys(now ?? {})])];
  return names
    .filter((name) => then?.[name] !== now?.[name])
    .map((name) => `${name} ${then?.[name] ?? 'none'}, now ${now?.[name] ?? 'none'}`)
    .join('; ');
}

function checksum(bytes: Uint8Array): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < bytes.length; i += 1) h = Math.imul(h ^ (bytes[i] as number), 0x01000193);
  return h >>> 0;
}
