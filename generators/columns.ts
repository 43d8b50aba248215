/**
 * The log of an organisation as typed columns: the way of timeline.ts without the text. For tests at
 * scale, where spelling lines and reading them again is most of the work.
 *
 * A batch is a table of rows, one for each line of the text way and in the same order: the n-th row of
 * all batches stands for the n-th line, disorder, doubled and late ones included. Mail, 96 % of all,
 * is in columns: what a receipt, a process or a delivery record says of its own, and which of the
 * batch's mails it is about. Other logs are rare and have little in common: their rows are objects.
 *
 * Addresses and the like recur and stand in one list of texts, which columns point into. What is new
 * with nearly every mail (Message-ID, subject, file names) stands in the batch itself, so that the
 * list does not grow with the days.
 */

import type { LogName, Organisation } from './activity.js';
import { arrivals, type Tagged, type TimelineOptions } from './timeline.js';
import type { MessageRecord } from './wire/mimecast/message.js';
import type { MailRef, PlainRow, Row } from './wire/row.js';
import { RowLog, type WriterOptions } from './wire/rows.js';

export type { PlainRow } from './wire/row.js';

/** What the numbers of {@link ColumnBatch.log} stand for. */
export const LOGS = [
  'receipt',
  'process',
  'delivery',
  'dlp',
  'ttp_url',
  'archive_view',
  'audit',
  'm365',
  'web',
] as const satisfies readonly LogName[];

/** What the numbers of {@link ColumnBatch.verdict} stand for. */
export const VERDICTS = ['accepted', 'rejected', 'held', 'delivered', 'not delivered'] as const;

/** What the numbers of {@link MailColumns.direction} stand for. */
export const DIRECTIONS = ['outbound', 'inbound', 'internal'] as const;

/** Stands in a column of positions for: nothing. */
export const NONE = -1;

/** The mails that rows of a batch are about, each once, in the order in which rows name them. */
export interface MailColumns {
  /** Position in DIRECTIONS. */
  readonly direction: Uint8Array;
  /** Header From, position in the texts. */
  readonly sender: Int32Array;
  /** 1 for mail written by machines: its envelope sender is empty. */
  readonly automatic: Uint8Array;
  /** Network address that the mail came from, position in the texts. */
  readonly source: Int32Array;
  /** Size with attachments, bytes. */
  readonly bytes: Float64Array;
  /** The code that joins the records of a mail, and what its log calls it: in API 2.0 more than the code. */
  readonly code: readonly string[];
  readonly id: readonly string[];
  /** Undefined, as is the subject, for mail that was refused before its header was read. */
  readonly message_id: readonly (string | undefined)[];
  /** At most 150 characters; undefined when empty. */
  readonly subject: readonly (string | undefined)[];
  /** File names of mail i: those of `files` from `file_ends[i - 1]`, or 0, up to `file_ends[i]`. */
  readonly files: readonly string[];
  readonly file_ends: Int32Array;
}

/** Rows in order of arrival. All columns of rows have the same length. */
export interface ColumnBatch {
  /** Position in LOGS. */
  readonly log: Uint8Array;
  /** Ms since 1970 UTC: when the row was written. */
  readonly written: Float64Array;
  /** The time that the row says itself: by the clock of its host and in whole seconds where its log has no more. */
  readonly stated: Float64Array;
  /** Tag of the activity that the row came from. */
  readonly tag: Int32Array;
  /** Position in `mails` for receipt, process and delivery rows, in `plain` for the others. */
  readonly of: Int32Array;
  /** Position in VERDICTS. As all that follow, of receipt, process and delivery rows only. */
  readonly verdict: Uint8Array;
  /** Who a receipt or delivery is about, position in the texts; NONE for process rows. */
  readonly recipient: Int32Array;
  /** Why it was refused, held or not delivered, and the code that came with it; NONE when nothing says so. */
  readonly reason: Int32Array;
  readonly code: Int32Array;
  /** Bytes that a delivery sent, NaN for others. */
  readonly sent: Float64Array;
  readonly mails: MailColumns;
  readonly plain: readonly PlainRow[];
  /**
   * What positions point to. The same list in batch after batch, which only grows, until it is full
   * and another one begins.
   */
  readonly texts: readonly string[];
}

/** The writer's options and the timeline's, which has the writer's seed, and the sizes of things. */
export interface ColumnsOptions extends WriterOptions, Omit<TimelineOptions, 'seed'> {
  /** Rows in a batch; the last one has fewer. Default 4096. */
  readonly rows?: number;
  /** Texts after which the next batch begins a new list. Default 262 144. */
  readonly most_texts?: number;
}

/** A batch that is being filled. */
class Filling {
  private readonly log: Uint8Array;
  private readonly written: Float64Array;
  private readonly stated: Float64Array;
  private readonly tag: Int32Array;
  private readonly of: Int32Array;
  private readonly verdict: Uint8Array;
  private readonly recipient: Int32Array;
  private readonly reason: Int32Array;
  private readonly code: Int32Array;
  private readonly sent: Float64Array;
  private readonly direction: Uint8Array;
  private readonly sender: Int32Array;
  private readonly automatic: Uint8Array;
  private readonly source: Int32Array;
  private readonly bytes: Float64Array;
  private readonly fileEnds: Int32Array;
  private readonly mailCode: string[] = [];
  private readonly mailId: string[] = [];
  private readonly messageId: (string | undefined)[] = [];
  private readonly subject: (string | undefined)[] = [];
  private readonly files: string[] = [];
  private readonly plain: PlainRow[] = [];
  private readonly texts: Texts;
  length = 0;

  constructor(rows: number, texts: Texts) {
    this.texts = texts;
    this.log = new Uint8Array(rows);
    this.written = new Float64Array(rows);
    this.stated = new Float64Array(rows);
    this.tag = new Int32Array(rows);
    this.of = new Int32Array(rows);
    this.verdict = new Uint8Array(rows);
    this.recipient = new Int32Array(rows);
    this.reason = new Int32Array(rows);
    this.code = new Int32Array(rows);
    this.sent = new Float64Array(rows);
    // No more mails than rows.
    this.direction = new Uint8Array(rows);
    this.sender = new Int32Array(rows);
    this.automatic = new Uint8Array(rows);
    this.source = new Int32Array(rows);
    this.bytes = new Float64Array(rows);
    this.fileEnds = new Int32Array(rows);
  }

  add({ log, time, stated, mail, record, plain, tag }: Row): void {
    const at = this.length++;
    this.log[at] = LOG_POSITION[log];
    this.written[at] = time;
    this.stated[at] = stated;
    this.tag[at] = tag;
    if (mail !== undefined && record !== undefined) {
      this.of[at] = mail.batch === this ? mail.position : this.addMail(mail);
      this.addRecord(at, record);
    } else if (plain !== undefined) this.of[at] = this.plain.push(plain) - 1;
  }

  private addRecord(at: number, record: MessageRecord): void {
    const { texts } = this;
    let recipient = NONE;
    let reason = NONE;
    let code = NONE;
    let sent = Number.NaN;
    let verdict: (typeof VERDICTS)[number];
    if (record.part === 'process') {
      verdict = record.action === 'Hld' ? 'held' : 'accepted';
      reason = texts.optional(record.hold);
    } else {
      recipient = texts.position(record.recipient);
      const { rejection } = record;
      reason = texts.optional(rejection?.type || rejection?.detail);
      code = texts.optional(rejection?.code);
      if (record.part === 'delivery') {
        verdict = record.delivered ? 'delivered' : 'not delivered';
        sent = record.sent_bytes;
      } else verdict = record.action === 'Rej' ? 'rejected' : 'accepted';
    }
    this.verdict[at] = VERDICT_POSITION[verdict];
    this.recipient[at] = recipient;
    this.reason[at] = reason;
    this.code[at] = code;
    this.sent[at] = sent;
  }

  private addMail(mail: MailRef): number {
    const { message, id } = mail;
    const at = this.mailCode.push(message.code) - 1;
    mail.batch = this;
    mail.position = at;
    this.mailId.push(id);
    this.messageId.push(message.message_id);
    this.subject.push(message.subject);
    for (const name of message.attachment_names) this.files.push(name);
    this.fileEnds[at] = this.files.length;
    this.direction[at] = DIRECTION_POSITION[message.direction];
    this.sender[at] = this.texts.position(message.header_from);
    this.automatic[at] = message.envelope_sender === message.header_from ? 0 : 1;
    this.source[at] = this.texts.position(message.source);
    this.bytes[at] = message.message_bytes;
    return at;
  }

  finish(): ColumnBatch {
    const { length } = this;
    const mails = this.mailCode.length;
    return {
      log: this.log.subarray(0, length),
      written: this.written.subarray(0, length),
      stated: this.stated.subarray(0, length),
      tag: this.tag.subarray(0, length),
      of: this.of.subarray(0, length),
      verdict: this.verdict.subarray(0, length),
      recipient: this.recipient.subarray(0, length),
      reason: this.reason.subarray(0, length),
      code: this.code.subarray(0, length),
      sent: this.sent.subarray(0, length),
      mails: {
        direction: this.direction.subarray(0, mails),
        sender: this.sender.subarray(0, mails),
        automatic: this.automatic.subarray(0, mails),
        source: this.source.subarray(0, mails),
        bytes: this.bytes.subarray(0, mails),
        code: this.mailCode,
        id: this.mailId,
        message_id: this.messageId,
        subject: this.subject,
        files: this.files,
        file_ends: this.fileEnds.subarray(0, mails),
      },
      plain: this.plain,
      texts: this.texts.list,
    };
  }
}

const positions = <T extends string>(names: readonly T[]): Readonly<Record<T, number>> =>
  Object.fromEntries(names.map((name, at) => [name, at])) as Record<T, number>;

const LOG_POSITION = positions(LOGS);
const VERDICT_POSITION = positions(VERDICTS);
const DIRECTION_POSITION = {
  Outbound: DIRECTIONS.indexOf('outbound'),
  Inbound: DIRECTIONS.indexOf('inbound'),
  Internal: DIRECTIONS.indexOf('internal'),
} as const;

/** Each text once, by the order of its first mention. */
class Texts {
  readonly list: string[] = [];
  private readonly known = new Map<string, number>();

  position(text: string): number {
    let at = this.known.get(text);
    if (at === undefined) {
      at = this.list.push(text) - 1;
      this.known.set(text, at);
    }
    return at;
  }

  /** NONE for a text that is missing or empty. */
  optional(text: string | undefined): number {
    return text ? this.position(text) : NONE;
  }
}

/**
 * The log of all sources in batches. Row n, counted through all batches, stands for line n of
 * `timeline(sources, createWriter(organisation, options), options)`: same activity, times, ids and
 * facts. Made as it is read; holds what is still to come for activities already begun, and the texts.
 * A batch stays as it is; its list of texts may grow when the next one is asked for.
 *
 * Throws a RangeError when a source is not in time order.
 */
export function* columns(
  organisation: Organisation,
  sources: Iterable<Iterable<Tagged>>,
  options: ColumnsOptions,
): Generator<ColumnBatch, void, undefined> {
  const { rows: size = 4096, most_texts = 262_144 } = options;
  const log = new RowLog(organisation, options);
  let texts = new Texts();
  let filling = new Filling(size, texts);
  const rowsOf = ({ activity, tag }: Tagged): readonly Row[] => log.rows(activity, tag);
  for (const row of arrivals(sources, rowsOf, options.seed, options)) {
    filling.add(row);
    if (filling.length < size) continue;
    yield filling.finish();
    if (texts.list.length >= most_texts) texts = new Texts();
    filling = new Filling(size, texts);
  }
  if (filling.length > 0) yield filling.finish();
}
