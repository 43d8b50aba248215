import { once } from 'node:events';
import { createWriteStream, mkdirSync, renameSync, rmSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { createGzip } from 'node:zlib';
import type { LogName, WriterOptions } from '#generators';
import { UsageFault } from '../usage-fault.js';
import type { Delivery, EmittedLine, Receiver } from './receiver.js';

const chunkSize = 65_536;

/** Text that goes to a stream in chunks, no faster than the stream takes it. */
class Channel {
  private readonly target: Writable;
  private readonly shown: string;
  private pending = '';
  private failure: Error | undefined;

  constructor(target: Writable, shown: string) {
    this.target = target;
    this.shown = shown;
    target.on('error', (error) => {
      this.failure ??= error;
    });
  }

  write(text: string): Promise<void> | undefined {
    this.pending += text;
    return this.pending.length < chunkSize ? undefined : this.flush();
  }

  async flush(): Promise<void> {
    this.check();
    const text = this.pending;
    this.pending = '';
    if (text !== '' && !this.target.write(text)) {
      await once(this.target, 'drain').catch(() => undefined);
    }
    this.check();
  }

  check(): void {
    if (!this.failure) return;
    const { code } = this.failure as NodeJS.ErrnoException;
    throw new UsageFault(
      `${this.shown} cannot be written: ${code ?? this.failure.message}.`,
      'Check the path, its permissions and the space that is left.',
    );
  }
}

/** A file that is written from beginning to end, compressed when wished. */
class OutFile {
  private readonly channel: Channel;
  private readonly file: WriteStream;
  private readonly head: Writable;

  constructor(path: string, shown: string, gzip: boolean) {
    this.file = createWriteStream(path);
    this.head = this.file;
    if (gzip) {
      const compressor = createGzip();
      compressor.pipe(this.file);
      // A full disk must end the compressor's writes too, or they wait for ever.
      this.file.on('error', (error) => compressor.destroy(error));
      this.head = compressor;
    }
    this.channel = new Channel(this.head, shown);
  }

  write(text: string): Promise<void> | undefined {
    return this.channel.write(text);
  }

  flush(): Promise<void> {
    return this.channel.flush();
  }

  async close(): Promise<void> {
    await this.channel.flush();
    const closed = once(this.file, 'close');
    this.head.end();
    await closed.catch(() => undefined);
    this.channel.check();
  }

  abandon(): void {
    this.head.destroy();
    this.file.destroy();
  }
}

/** One line after the other to an output that is open already, such as standard output. */
export function outputReceiver(output: Writable, shown: string): Receiver {
  const channel = new Channel(output, shown);
  let sent = 0;
  return {
    take(line) {
      sent++;
      return channel.write(`${line.text}\n`);
    },
    flush: () => channel.flush(),
    close: () => channel.flush(),
    abandon: () => undefined,
    delivery: () => ({ sent, acknowledged: undefined, remarks: [] }),
  };
}

/** One line after the other into one file. */
export function fileReceiver(path: string, shown: string, gzip: boolean): Receiver {
  const file = new OutFile(path, shown, gzip);
  let sent = 0;
  return {
    take(line) {
      sent++;
      return file.write(`${line.text}\n`);
    },
    flush: () => file.flush(),
    close: () => file.close(),
    abandon: () => file.abandon(),
    delivery: () => ({ sent, acknowledged: undefined, remarks: [] }),
  };
}

/** Mimecast makes a new file of each log about this often. */
const window = 30 * 60_000;
/** How mail is written, as the generators name it. */
export type MailFormat = NonNullable<WriterOptions['mail']>;

interface RollingFile {
  readonly page: number;
  readonly path: string;
  readonly name: string;
  readonly form: FileForm;
  readonly out: OutFile;
  lines: number;
}

interface FileForm {
  readonly extension: string;
  readonly head: string;
  readonly between: string;
  readonly tail: string;
  /** Lines that a file holds at most. */
  readonly most: number;
}

/** Records that one answer of Mimecast's query API holds at most. */
const pageSize = 500;

const json = (head: string, between: string, tail: string): FileForm => ({
  extension: 'json',
  head,
  between,
  tail,
  most: Number.POSITIVE_INFINITY,
});

/** An answer of the query API with its rows, or with one object that has the rows below a name. */
function answer(rows?: string): FileForm {
  const [open, close] = rows === undefined ? ['', ''] : [`{"${rows}":[`, ']}'];
  return {
    ...json(
      `{"meta":{"pagination":{"pageSize":${pageSize}},"status":200},"data":[${open}`,
      ',',
      `${close}],"fail":[]}`,
    ),
    most: pageSize,
  };
}

const lines = json('', '\n', '\n');

/** What a collector finds in a file of mail records. */
const mailForms: Readonly<Record<MailFormat, FileForm>> = {
  'v1-json': json('{"type":"MTA","data":[', ',', ']}'),
  'v1-kv': { ...json('', '\r\n', '\r\n'), extension: 'siem' },
  v2: lines,
  dlp: lines,
};

const otherForms: Readonly<Record<Exclude<LogName, 'receipt' | 'process' | 'delivery'>, FileForm>> =
  {
    dlp: answer('dlpLogs'),
    ttp_url: answer('clickLogs'),
    archive_view: answer(),
    audit: answer(),
    // A content blob of the Management Activity API.
    m365: json('[', ',', ']'),
    web: lines,
  };

function formOf(log: LogName, format: MailFormat): FileForm {
  return log === 'receipt' || log === 'process' || log === 'delivery'
    ? mailForms[format]
    : otherForms[log];
}

/**
 * A folder of files as collectors get them: one for each log and half hour of log time, named by log
 * and closing time; the query API's answers hold 500 records at most, so their logs may have several.
 * A file bears its name once it is complete, so that a collector that watches the folder never reads
 * half of one, and all files of a half hour are complete when the first line of a later one comes. Late lines are in the file of the time at which they arrive.
 */
export class FolderReceiver implements Receiver {
  private readonly root: string;
  private readonly shown: string;
  private readonly gzip: boolean;
  private readonly format: MailFormat;
  /** Files of the half hour with this number. */
  private readonly open = new Map<LogName, RollingFile>();
  private number = -Infinity;
  private sent = 0;
  private files = 0;

  /** Makes the folder when it is missing. Throws UsageFault when it cannot. */
  constructor(root: string, shown: string, gzip: boolean, format: MailFormat) {
    this.root = root;
    this.shown = shown;
    this.gzip = gzip;
    this.format = format;
    try {
      mkdirSync(root, { recursive: true });
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      throw new UsageFault(`The folder ${shown} cannot be made: ${code}.`, 'Check the path.');
    }
  }

  take(line: EmittedLine): Promise<void> | undefined {
    const number = Math.floor(line.time / window);
    if (number > this.number) return this.turn(line, number);
    const file = this.open.get(line.log);
    if (file && file.lines < file.form.most) return this.append(file, line.text);
    return this.roll(line, file);
  }

  private async turn(line: EmittedLine, number: number): Promise<void> {
    await this.close();
    this.number = number;
    await this.roll(line, undefined);
  }

  private async roll(line: EmittedLine, old: RollingFile | undefined): Promise<void> {
    if (old) await this.finish(old);
    const form = formOf(line.log, this.format);
    const page = old ? old.page + 1 : 0;
    const name = `${line.log}_${stamp(closing(line.log, this.number) + page)}.${form.extension}${this.gzip ? '.gz' : ''}`;
    const path = join(this.root, `.${name}.part`);
    const out = new OutFile(path, join(this.shown, name), this.gzip);
    const file = { page, path, name, form, out, lines: 0 };
    this.open.set(line.log, file);
    await this.append(file, line.text);
  }

  private append(file: RollingFile, text: string): Promise<void> | undefined {
    this.sent++;
    const { head, between } = file.form;
    return file.out.write(`${file.lines++ === 0 ? head : between}${text}`);
  }

  private async finish(file: RollingFile): Promise<void> {
    await file.out.write(file.form.tail);
    await file.out.close();
    renameSync(file.path, join(this.root, file.name));
    this.files++;
  }

  async flush(): Promise<void> {
    for (const { out } of this.open.values()) await out.flush();
  }

  async close(): Promise<void> {
    for (const [log, file] of this.open) {
      await this.finish(file);
      this.open.delete(log);
    }
  }

  abandon(): void {
    for (const { out, path } of this.open.values()) {
      out.abandon();
      rmSync(path, { force: true });
    }
    this.open.clear();
  }

  delivery(): Delivery {
    const remarks =
      this.files === 0 ? [] : [`${this.files} ${this.files === 1 ? 'file' : 'files'}`];
    return { sent: this.sent, acknowledged: undefined, remarks };
  }
}

/** A few seconds after the half hour, not the same for every log and file. */
function closing(log: LogName, number: number): number {
  let hash = number | 0;
  for (const char of log) hash = (Math.imul(hash, 31) + (char.codePointAt(0) ?? 0)) | 0;
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (number + 1) * window + (((hash ^ (hash >>> 13)) >>> 0) % 30_000);
}

/** `20211018093329655`, UTC. */
const stamp = (time: number): string => new Date(time).toISOString().replace(/\D/g, '');
