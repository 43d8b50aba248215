/**
 * What the logs say of one activity, before anybody spells it: a row for each line, with its moments and
 * ids. All that is drawn for a line is drawn here; writer.ts spells rows and columns.ts stacks them.
 */

import type {
  Activity,
  ArchiveViewActivity,
  AuditActivity,
  Click,
  InboxRuleActivity,
  LogName,
  MailActivity,
  Organisation,
  WebActivity,
} from '../activity.js';
import { type Random, randomStream } from '../random.js';
import { auditId, auditText } from './mimecast/audit.js';
import { HostClocks } from './mimecast/clocks.js';
import { dlpRows } from './mimecast/dlp.js';
import { type Message, MessageLog, type MessageRecord } from './mimecast/message.js';
import { uuid } from './text.js';
import type { WriterOptions } from './writer.js';

/** A row of the DLP log: what a policy did with a mail for one of its recipients. */
export interface DlpRow {
  readonly log: 'dlp';
  /** Envelope sender; `<>` for mail written by machines. */
  readonly sender: string;
  readonly recipient: string;
  readonly subject: string | undefined;
  readonly direction: MailActivity['direction'];
  readonly policy: string;
  readonly action: string;
  readonly message_id: string | undefined;
}

/** A row of the URL protection log. */
export interface ClickRow {
  readonly log: 'ttp_url';
  readonly click: Click;
  /** Header From of the mail. */
  readonly sender: string;
  /** Network address that the mail came from. */
  readonly source: string;
  readonly subject: string | undefined;
  readonly message_id: string | undefined;
}

/** A row of a log that is not about one mail, with what its writer adds to the activity. */
export type OtherRow =
  | { readonly log: 'web'; readonly activity: WebActivity }
  | { readonly log: 'archive_view'; readonly activity: ArchiveViewActivity }
  | { readonly log: 'm365'; readonly activity: InboxRuleActivity; readonly id: string }
  | {
      readonly log: 'audit';
      readonly activity: AuditActivity;
      readonly id: string;
      /** The whole act in words, as the log has it. */
      readonly text: string;
    };

/** Rare rows, which have little in common: as objects. */
export type PlainRow = DlpRow | ClickRow | OtherRow;

/** A mail that some rows are about, and where it stands in the batch that is being filled. */
export interface MailRef {
  readonly message: Message;
  /** What the log calls the message. */
  readonly id: string;
  batch: object | undefined;
  position: number;
}

/** A row on its way into a batch. */
export interface Row {
  readonly log: LogName;
  /** Ms since 1970 UTC: when it was written, and what it says itself. */
  readonly time: number;
  readonly stated: number;
  /** Of receipt, process and delivery records. */
  readonly mail: MailRef | undefined;
  readonly record: MessageRecord | undefined;
  readonly plain: PlainRow | undefined;
  readonly tag: number;
}

/** A click is logged no sooner than so many ms after the mail is in the mailbox. */
const SOONEST_CLICK = 4000;

const wholeSeconds = (time: number): number => Math.floor(time / 1000) * 1000;

/** Turns activities into rows. */
export class RowLog {
  private readonly random: Random;
  private readonly log: MessageLog;
  private readonly clocks: HostClocks;
  private readonly offset: number;
  private readonly mail: NonNullable<WriterOptions['mail']>;
  private readonly dlp: boolean;
  private readonly records: MessageRecord[] = [];
  private readonly made: Row[] = [];

  constructor(organisation: Organisation, options: WriterOptions) {
    const { mail = 'v1-json', dlp = false, seed, utc_offset = 0 } = options;
    this.random = randomStream(seed, 'writer', 'records');
    this.log = new MessageLog(organisation, randomStream(seed, 'writer', 'messages'));
    this.clocks = new HostClocks(organisation);
    this.offset = utc_offset;
    this.mail = mail;
    this.dlp = dlp || mail === 'dlp';
  }

  /** The rows of one activity in the order of their times. The list is good until the next is asked for. */
  rows(activity: Activity, tag: number): readonly Row[] {
    this.made.length = 0;
    this.add(activity, tag, this.made);
    return this.made;
  }

  private add(activity: Activity, tag: number, rows: Row[]): void {
    switch (activity.kind) {
      case 'mail':
        this.mailRows(activity, tag, rows);
        return;
      case 'web':
        rows.push(plainRow(activity.time, { log: 'web', activity }, tag));
        return;
      case 'archive-view':
        rows.push(plainRow(activity.time, { log: 'archive_view', activity }, tag));
        return;
      case 'inbox-rule': {
        const row = { log: 'm365', activity, id: uuid(this.random) } as const;
        rows.push(plainRow(activity.time, row, tag));
        return;
      }
      case 'audit': {
        const text = auditText(activity, this.offset);
        const row = { log: 'audit', activity, id: auditId(this.random), text } as const;
        rows.push(plainRow(activity.time, row, tag));
      }
    }
  }

  private mailRows(mail: MailActivity, tag: number, rows: Row[]): void {
    const { records } = this;
    records.length = 0;
    const message = this.log.records(mail, records);
    if (this.mail !== 'dlp') this.messageRows(message, tag, rows);
    if (this.dlp) {
      const scanned = records.find(({ part }) => part === 'process')?.time ?? mail.time;
      for (const { after, row } of dlpRows(mail, message)) {
        rows.push(plainRow(scanned + after, row, tag));
      }
    }
    if (mail.clicks !== undefined) this.clickRows(mail, message, tag, rows);
    for (let i = 1; i < rows.length; i++) {
      if ((rows[i] as Row).time < (rows[i - 1] as Row).time) {
        rows.sort((a, b) => a.time - b.time);
        return;
      }
    }
  }

  private messageRows(message: Message, tag: number, rows: Row[]): void {
    const later = this.mail === 'v2';
    const { code } = message;
    const id = later ? `${code}_${Math.floor(message.received / 1000)}` : code;
    const mail: MailRef = { message, id, batch: undefined, position: 0 };
    for (const record of this.records) {
      const { part, time } = record;
      const shown = this.clocks.shown(code, part, time);
      rows.push({
        log: part,
        time,
        // API 2.0 counts milliseconds, the older logs whole seconds.
        stated: later ? Math.round(shown) : wholeSeconds(shown),
        mail,
        record,
        plain: undefined,
        tag,
      });
    }
  }

  private clickRows(mail: MailActivity, message: Message, tag: number, rows: Row[]): void {
    const { header_from: sender, source, subject, message_id } = message;
    for (const click of mail.clicks ?? []) {
      const arrival = this.records.find(
        (record) =>
          record.part === 'delivery' && record.delivered && record.recipient === click.recipient,
      );
      if (arrival === undefined) continue;
      const time = Math.max(mail.time + click.after, arrival.time + SOONEST_CLICK);
      rows.push(
        plainRow(time, { log: 'ttp_url', click, sender, source, subject, message_id }, tag),
      );
    }
  }
}

function plainRow(time: number, plain: PlainRow, tag: number): Row {
  const stated = wholeSeconds(time);
  return { log: plain.log, time, stated, mail: undefined, record: undefined, plain, tag };
}
