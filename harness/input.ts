/**
 * Reads log files in constant memory: plain or gzip, one after the other or, where their times
 * overlap, side by side. Mimecast writes receipts, process and delivery lines into separate files, and
 * an engine that waits ten minutes for the parts of a message needs these files merged by time.
 *
 * Faults never end the reading: they are collected, and what can be read is read.
 *
 * Over 400 lines because files, their order and their faults are read through one another.
 */
import { open, stat } from 'node:fs/promises';
import { isAbsolute, resolve } from 'node:path';
import { createGunzip, type Gunzip } from 'node:zlib';
import type { LogLine } from '#engine';
import { createLineSplitter, type LineSplitter, type SplitFault } from './line-splitter.js';

export interface InputFault {
  /** Path as it was given, or as the pattern found it; `-` for standard input. */
  readonly file: string;
  readonly line?: number;
  /** What is wrong and what to do, in one or two sentences. */
  readonly message: string;
  /** Nothing of this file could be used. */
  readonly fatal: boolean;
  /** Lines are missing that another attempt may find: the file is not there, cut off or unreadable. */
  readonly lost?: true;
}

export interface InputSource {
  readonly file: string;
  /** Texts passed on, and bytes read from the file as it lies on disk. */
  texts: number;
  bytes: number;
}

export interface InputOptions {
  /** Folder that relative paths and patterns are against. */
  readonly cwd: string;
  readonly stdin: NodeJS.ReadableStream;
  /** Bytes of one line or record beyond which it is cut. Default 16 MiB. */
  readonly limit?: number;
  /** Files that earlier runs read: how many, and the names of the last. Ids of lines go on from there. */
  readonly earlier?: { readonly count: number; readonly names: readonly string[] };
}

export interface Input {
  /**
   * All lines, in order of time where files overlap. The id of a line says where it came from; records
   * of one line share it. To be iterated once.
   */
  readonly batches: AsyncIterable<readonly LogLine[]>;
  /** Every file that could be opened, in order of time. Grows while reading. */
  readonly sources: readonly InputSource[];
  /** Grows while reading. */
  readonly faults: readonly InputFault[];
  /** Where a line came from: `siem.json:17`. */
  placeOf(line: number): string;
}

const DEFAULT_LIMIT = 16 * 1024 * 1024;
/** Bytes read from a file at a time: each read is handed to another thread and back, which costs as much as 100 lines. */
const READ = 512 * 1024;
/** Bytes split at a time: their text must stay below what the garbage collector moves cheaply, 128 KiB. */
const PIECE = 64 * 1024;
/** Compressed bytes unpacked at a time: gzip makes at most a thousand times as many of them. */
const CHUNK = 64 * 1024;
const LINES_PER_SOURCE = 2 ** 32;
/** Sources that ids tell apart; a state that is used for years comes round to the first. */
const SOURCES = 2 ** 20;
/** Characters of a file out of order that are sorted at once. */
const SORTED_AT_ONCE = 64 * 2 ** 20;
/** Disorder within this is the engine's own business. */
const TOLERATED = 10 * 60_000;
/** Faults of one kind that one file may report by line. */
const FAULTS_BY_LINE = 3;
/** Texts looked at for the first time in a file. */
const FIRST_TEXTS = 100;

/** Opens nothing yet; reading begins with the iteration. `paths`: files, globs, or `-`. */
export function openInput(paths: readonly string[], options: InputOptions): Input {
  return new FileInput(paths, options);
}

class FileInput implements Input {
  readonly sources: InputSource[] = [];
  readonly faults: InputFault[] = [];
  private readonly paths: readonly string[];
  private readonly options: InputOptions;
  private readonly earlier: NonNullable<InputOptions['earlier']>;

  constructor(paths: readonly string[], options: InputOptions) {
    this.paths = paths;
    this.options = options;
    this.earlier = options.earlier ?? { count: 0, names: [] };
  }

  placeOf(line: number): string {
    const { count, names } = this.earlier;
    const position = Math.floor(line / LINES_PER_SOURCE);
    const own = (position - (count % SOURCES) + SOURCES) % SOURCES;
    const file = this.sources[own]?.file ?? names[names.length - SOURCES + own];
    return `${file ?? 'line'}:${line % LINES_PER_SOURCE}`;
  }

  get batches(): AsyncIterable<readonly LogLine[]> {
    return this.read();
  }

  private async *read(): AsyncGenerator<readonly LogLine[]> {
    const files = await this.find();
    if (files.length === 1 && files[0] !== undefined) {
      yield* this.open(files[0]).whole();
      return;
    }
    const dated: { file: string; first: number }[] = [];
    for (const file of files)
      dated.push({ file, first: file === '-' ? 0 : await this.firstTime(file) });
    dated.sort((a, b) => a.first - b.first);
    yield* this.merge(dated);
  }

  /** Files in order of name, each once; what is not there or no file is a fault. */
  private async find(): Promise<string[]> {
    const { cwd } = this.options;
    const found = new Map<string, string>();
    for (const path of this.paths) {
      if (path === '-') {
        found.set('-', '-');
        continue;
      }
      const full = resolve(cwd, path);
      const entry = await stat(full).catch((error: NodeJS.ErrnoException) => error);
      if (!(entry instanceof Error)) {
        if (entry.isDirectory())
          this.refuse(
            path,
            `is a folder. Name its files, such as ${path.replace(/\/+$/, '')}/*.json.`,
          );
        else if (entry.size === 0 && entry.isFile()) this.refuse(path, 'is empty.', false);
        else found.set(full, path);
        continue;
      }
      if (!/[*?[{!(]/.test(path)) {
        this.refuse(path, whyUnreadable(entry));
        continue;
      }
      const { glob } = await import('tinyglobby');
      const matches = await glob([path], {
        cwd,
        absolute: isAbsolute(path),
        onlyFiles: true,
        expandDirectories: false,
      });
      if (matches.length === 0)
        this.refuse(path, 'matches no file. Check the pattern and the folder.');
      for (const match of matches.sort()) {
        const size = (await stat(resolve(cwd, match)).catch(() => undefined))?.size;
        if (size === 0) this.refuse(match, 'is empty.', false);
        else found.set(resolve(cwd, match), match);
      }
    }
    return [...found.values()];
  }

  private refuse(file: string, message: string, lost = true): void {
    this.faults.push({
      file,
      message: `${file === '-' ? 'Standard input' : file} ${message}`,
      fatal: true,
      ...(lost && { lost }),
    });
  }

  private open(file: string): SourceReader {
    const source: InputSource = { file, texts: 0, bytes: 0 };
    this.sources.push(source);
    const index = (this.earlier.count + this.sources.length - 1) % SOURCES;
    return new SourceReader(source, index, this.options, this.faults);
  }

  /** Time of the first record in a file that has one; 0 when none of the first has. */
  private async firstTime(file: string): Promise<number> {
    // Faults of this look are found again when the file is read.
    const reader = new SourceReader({ file, texts: 0, bytes: 0 }, 0, this.options, []);
    let looked = 0;
    for await (const batch of reader.whole())
      for (const line of batch) {
        const time = timeIn(line.text);
        if (time !== undefined) return time;
        if (++looked >= FIRST_TEXTS) return 0;
      }
    return 0;
  }

  /**
   * Takes from the file that is furthest behind, up to where another one is. A file is opened when its
   * first time is reached, so that few are open at once however many there are.
   */
  private async *merge(
    files: readonly { readonly file: string; readonly first: number }[],
  ): AsyncGenerator<readonly LogLine[]> {
    const open: SourceReader[] = [];
    try {
      yield* this.merged(files, open);
    } finally {
      for (const reader of open) await reader.close();
    }
  }

  private async *merged(
    files: readonly { readonly file: string; readonly first: number }[],
    open: SourceReader[],
  ): AsyncGenerator<readonly LogLine[]> {
    let next = 0;
    for (;;) {
      while (next < files.length) {
        const file = files[next];
        const behind = Math.min(...open.map((reader) => reader.time));
        if (file === undefined || (open.length > 0 && file.first > behind)) break;
        next++;
        const reader = this.open(file.file);
        reader.time = file.first;
        if (await reader.load()) open.push(reader);
      }
      const first = open.reduce<SourceReader | undefined>(
        (least, reader) => (least === undefined || reader.time < least.time ? reader : least),
        undefined,
      );
      if (first === undefined) return;
      let until = files[next]?.first ?? Number.POSITIVE_INFINITY;
      for (const reader of open) if (reader !== first) until = Math.min(until, reader.time);
      const batch = first.take(until);
      if (batch.length > 0) yield batch;
      if (first.isEmpty && !(await first.load())) open.splice(open.indexOf(first), 1);
    }
  }
}

/** One file or stream, from its bytes to lines. */
class SourceReader {
  /** Time of the line that comes next, as far as lines say it. */
  time = 0;
  private readonly source: InputSource;
  private readonly options: InputOptions;
  private readonly faults: InputFault[];
  private readonly splitter: LineSplitter;
  private readonly counts = { cut: 0, 'open JSON': 0, 'invalid UTF-8': 0 };
  private firstInvalid = 0;
  private isTooLarge = false;
  private batches: AsyncGenerator<readonly LogLine[]> | undefined;
  private batch: readonly LogLine[] = [];
  private position = 0;

  constructor(source: InputSource, index: number, options: InputOptions, faults: InputFault[]) {
    this.source = source;
    this.options = options;
    this.faults = faults;
    const limit = options.limit ?? DEFAULT_LIMIT;
    const tell = ({ kind, lineNumber }: SplitFault): void => {
      const seen = this.counts[kind]++;
      if (kind === 'invalid UTF-8') {
        if (seen === 0) this.firstInvalid = lineNumber;
      } else if (seen < FAULTS_BY_LINE)
        this.report(
          lineNumber,
          kind === 'cut'
            ? `is longer than ${limit} bytes and was cut.`
            : 'begins a JSON text that does not end. What follows it was still read.',
        );
    };
    this.splitter = createLineSplitter(limit, tell, index * LINES_PER_SOURCE);
  }

  private report(line: number | undefined, what: string, fatal = false, lost = false): void {
    const { file } = this.source;
    const name = file === '-' ? 'standard input' : file;
    const message = line === undefined ? `${name} ${what}` : `${name}: line ${line} ${what}`;
    this.faults.push({
      file,
      ...(line !== undefined && { line }),
      message,
      fatal,
      ...(lost && { lost }),
    });
  }

  get isEmpty(): boolean {
    return this.position >= this.batch.length;
  }

  /** Reads the next lines; false at the end. */
  async load(): Promise<boolean> {
    this.batches ??= this.whole();
    for (;;) {
      const { value, done } = await this.batches.next();
      if (done === true) return false;
      if (value.length === 0) continue;
      this.batch = value;
      this.position = 0;
      this.time = timeIn(value[0]?.text ?? '') ?? this.time;
      return true;
    }
  }

  /** Ends the reading before its time. */
  async close(): Promise<void> {
    await this.batches?.return(undefined);
  }

  /** The loaded lines up to the first that is later than `until`, at least one. */
  take(until: number): readonly LogLine[] {
    const { batch } = this;
    const from = this.position;
    const last = timeIn(batch[batch.length - 1]?.text ?? '') ?? this.time;
    let to = from + 1;
    if (until === Number.POSITIVE_INFINITY) to = batch.length;
    else
      for (; to < batch.length; to++) {
        const time = timeIn(batch[to]?.text ?? '') ?? this.time;
        this.time = time;
        if (time > until) break;
      }
    this.position = to;
    if (to === batch.length) this.time = last;
    return from === 0 && to === batch.length ? batch : batch.slice(from, to);
  }

  /**
   * All lines. A file that is out of order from its beginning, as exports with the newest row first are, is
   * sorted by time as far as memory allows.
   */
  async *whole(): AsyncGenerator<readonly LogLine[]> {
    const batches = this.split();
    const first = await batches.next();
    if (first.done === true) return;
    if (isInOrder(first.value)) {
      try {
        yield first.value;
        yield* batches;
      } finally {
        // Whoever stops after the first batch leaves an open file otherwise.
        await batches.return(undefined);
      }
      return;
    }
    let held: LogLine[] = [...first.value];
    let size = held.reduce((sum, line) => sum + line.text.length, 0);
    for await (const batch of batches) {
      for (const line of batch) {
        held.push(line);
        size += line.text.length;
      }
      if (size < SORTED_AT_ONCE) continue;
      if (!this.isTooLarge)
        this.report(
          undefined,
          `is not in order of time and too large to be sorted at once. It is sorted in pieces of ${SORTED_AT_ONCE / 2 ** 20} MiB; sort it by time for exact results.`,
        );
      this.isTooLarge = true;
      yield inOrder(held);
      held = [];
      size = 0;
    }
    if (held.length > 0) yield inOrder(held);
  }

  private async *split(): AsyncGenerator<readonly LogLine[]> {
    let started = false;
    for await (const chunk of this.bytes()) {
      if (!started) {
        started = true;
        const strange = strangeFormat(chunk);
        if (strange !== undefined) {
          this.report(undefined, strange, true, true);
          return;
        }
      }
      const lines = this.splitter.push(chunk);
      this.source.texts += lines.length;
      if (lines.length > 0) yield lines;
    }
    const lines = this.splitter.end();
    this.source.texts += lines.length;
    if (lines.length > 0) yield lines;
    this.sum();
  }

  /** What is told once for the whole file. */
  private sum(): void {
    const invalid = this.counts['invalid UTF-8'];
    if (invalid > 0)
      this.report(
        this.firstInvalid,
        `${invalid > 1 ? `and ${invalid - 1} more hold` : 'holds'} bytes that are not UTF-8. They are read as \ufffd; save the file as UTF-8 to keep them.`,
      );
    for (const kind of ['cut', 'open JSON'] as const)
      if (this.counts[kind] > FAULTS_BY_LINE)
        this.report(
          undefined,
          `has ${this.counts[kind] - FAULTS_BY_LINE} more lines of that kind (${kind}).`,
        );
    if (this.source.texts === 0 && !this.faults.some((fault) => fault.file === this.source.file))
      this.report(undefined, 'holds no lines.', true);
  }

  /** The bytes of the file, unpacked when they are gzip. */
  private async *bytes(): AsyncGenerator<Uint8Array> {
    const { file } = this.source;
    const stream = file === '-' ? this.options.stdin : piecesOf(resolve(this.options.cwd, file));
    let unpack: Unpacker | undefined;
    let head: Buffer | undefined = Buffer.alloc(0);
    try {
      for await (const piece of stream) {
        let chunk: Buffer = typeof piece === 'string' ? Buffer.from(piece) : (piece as Buffer);
        this.source.bytes += chunk.length;
        if (head !== undefined) {
          head = Buffer.concat([head, chunk]);
          // The first bytes tell the format; a pipe may give them one by one.
          if (head.length < 4) continue;
          chunk = head;
          head = undefined;
          if (isGzip(chunk)) unpack = new Unpacker();
        }
        if (unpack === undefined) yield chunk;
        else yield* unpack.add(chunk);
      }
      if (head !== undefined && head.length > 0) yield head;
      if (unpack !== undefined) yield* unpack.finish();
    } catch (error) {
      if (unpack?.failed === true)
        this.report(
          this.splitter.lineNumber,
          `is the last of what could be unpacked: the gzip data is ${unpack.isShort ? 'cut off' : 'damaged'} at byte ${unpack.taken} of ${this.source.bytes}. What came before was read; fetch the file again for the rest.`,
          this.source.texts === 0 && this.splitter.lineNumber === 1 && unpack.given === 0,
          true,
        );
      else if (error instanceof Error && 'code' in error)
        this.report(
          undefined,
          whyUnreadable(error as NodeJS.ErrnoException),
          this.source.texts === 0,
          true,
        );
      else throw error;
    }
  }
}

/**
 * The bytes of a file, the next piece read while the last is worked on. A piece is good until the next is
 * asked for: two buffers take turns, as a new one for each piece keeps the garbage collector busy.
 */
async function* piecesOf(path: string): AsyncGenerator<Buffer> {
  const handle = await open(path);
  const buffers = [Buffer.allocUnsafeSlow(READ), Buffer.allocUnsafeSlow(READ)] as const;
  const read = (turn: number) => {
    const reading = handle.read(turn === 0 ? buffers[0] : buffers[1], 0, READ, null);
    // It may fail while nobody waits for it yet.
    reading.catch(() => undefined);
    return reading;
  };
  let next = read(0);
  try {
    for (let turn = 1; ; turn = 1 - turn) {
      const { buffer, bytesRead } = await next;
      if (bytesRead === 0) return;
      next = read(turn);
      for (let at = 0; at < bytesRead; at += PIECE)
        yield buffer.subarray(at, Math.min(at + PIECE, bytesRead));
    }
  } finally {
    await next.catch(() => undefined);
    await handle.close();
  }
}

/**
 * Unpacks gzip piece by piece. A stream would throw away what it has unpacked when it meets the damage;
 * here all that was unpacked before is given out first.
 */
class Unpacker {
  failed = false;
  isShort = false;
  /** Bytes taken in, and bytes given out. */
  taken = 0;
  given = 0;
  private readonly gunzip: Gunzip = createGunzip();
  private readonly pieces: Buffer[] = [];
  private error: NodeJS.ErrnoException | undefined;

  constructor() {
    this.gunzip.on('data', (piece: Buffer) => this.pieces.push(piece));
    this.gunzip.on('error', (error: NodeJS.ErrnoException) => {
      this.error = error;
    });
  }

  async *add(chunk: Buffer): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < chunk.length; at += CHUNK) {
      const piece = chunk.subarray(at, at + CHUNK);
      await new Promise<void>((done) => {
        this.gunzip.once('error', () => done());
        this.gunzip.write(piece, () => done());
      });
      this.gunzip.removeAllListeners('error');
      this.gunzip.on('error', (error: NodeJS.ErrnoException) => {
        this.error = error;
      });
      yield* this.give();
      this.taken += piece.length;
    }
  }

  async *finish(): AsyncGenerator<Uint8Array> {
    await new Promise<void>((done) => {
      this.gunzip.once('error', () => done());
      this.gunzip.once('end', () => done());
      this.gunzip.end();
    });
    yield* this.give();
  }

  private *give(): Generator<Uint8Array> {
    for (const piece of this.pieces.splice(0)) {
      this.given += piece.length;
      yield piece;
    }
    if (this.error === undefined) return;
    this.failed = true;
    this.isShort = this.error.code === 'Z_BUF_ERROR';
    throw this.error;
  }
}

function isInOrder(lines: readonly LogLine[]): boolean {
  let newest = Number.NEGATIVE_INFINITY;
  for (const line of lines) {
    const time = timeIn(line.text);
    if (time === undefined) continue;
    if (time < newest - TOLERATED) return false;
    if (time > newest) newest = time;
  }
  return true;
}

/** By time; lines without one stay behind the line before them. */
function inOrder(lines: readonly LogLine[]): LogLine[] {
  let time = 0;
  const timed = lines.map((line) => {
    time = timeIn(line.text) ?? time;
    return { line, time };
  });
  return timed.sort((a, b) => a.time - b.time).map((entry) => entry.line);
}

function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b && bytes[2] === 8;
}

/** Formats that are no text in UTF-8, and what to do about them. */
function strangeFormat(bytes: Uint8Array): string | undefined {
  const [a, b, c, d] = bytes;
  if (a === 0x50 && b === 0x4b && c === 3 && d === 4)
    return 'is a ZIP archive. Unpack it first, then give the files inside.';
  if ((a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff))
    return 'is text in UTF-16. Save it as UTF-8, then give it again.';
  if (a === 0x50 && b === 0x41 && c === 0x52 && d === 0x31)
    return 'is a Parquet file. Export it as JSON lines, then give it again.';
  return;
}

function whyUnreadable(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'ENOENT':
      return 'does not exist. Check the path.';
    case 'EACCES':
    case 'EPERM':
      return 'may not be read. Give yourself permission to read it.';
    case 'EISDIR':
      return 'is a folder. Name the files in it.';
    case 'ELOOP':
      return 'is a link that leads to itself.';
    default:
      return `cannot be read: ${error.message}.`;
  }
}

/** Keys of the record's own time, most frequent first; a subject may hold another date. */
const timed =
  /(?:"(?:datetime|timestamp|eventTime|time|CreationTime|date|viewed|createTime|created|released|dateReceived|(?:datetime|eventTime|date)_t \[UTC\]|TimeGenerated(?: \[UTC\])?)"\s*:\s*"?|(?:^|[|\s])(?:datetime|date)=)(\d{4}-\d\d-\d\d[T ][\d:. ]{7,18}(?:Z|[+-]\d\d:?\d\d)?|\d{1,2}\/\d{1,2}\/\d{4},? [\d:.]{7,16} ?[AP]M|\d{10,13})/;

/** When a line says it happened, in milliseconds since 1970 UTC: only to put files in order. */
function timeIn(text: string): number | undefined {
  const found = timed.exec(text.length > 8192 ? text.slice(0, 8192) : text)?.[1];
  if (found === undefined) return;
  if (/^\d+$/.test(found)) return found.length === 10 ? Number(found) * 1000 : Number(found);
  const spaced = found.replace(/: +/g, ':').trim();
  const text24 = /^\d{4}/.test(spaced)
    ? spaced
        .replace(' ', 'T')
        .replace(/T(\d):/, 'T0$1:')
        .replace(/([+-]\d\d)(\d\d)$/, '$1:$2')
    : `${spaced.replace(',', '').replace(/\.\d+/, '')} UTC`;
  const zoned = /(?:Z|[+-]\d\d:\d\d|UTC)$/.test(text24) ? text24 : `${text24}Z`;
  const time = Date.parse(zoned);
  return Number.isNaN(time) ? undefined : time;
}
