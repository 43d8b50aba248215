/**
 * What the logs say of one activity, before anybody spells it: a row for each line that the writer
 * would write, at the same moments and with the same ids, because both draw from the same streams in
 * the same order. A test holds the two together.
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
import { tenantId, unifiedAuditLine } from '../wire/microsoft/unified-audit.js';
import { auditLine } from '../wire/mimecast/audit.js';
import { HostClocks } from '../wire/mimecast/clocks.js';
import { dlpLines } from '../wire/mimecast/dlp.js';
import { type Message, MessageLog, type MessageRecord } from '../wire/mimecast/message.js';
import type { WriterOptions } from '../wire/writer.js';

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

/** Turns activities into rows; a writer that turns them into lines has the same options. */
export class RowLog {
  private readonly random: Random;
  private readonly log: MessageLog;
  private readonly clocks: HostClocks;
  private readonly tenant: string;
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
    this.tenant = tenantId(organisation);
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
      // These two draw an id and put words together; their writers alone know how.
      case 'inbox-rule': {
        const line = JSON.parse(unifiedAuditLine(activity, this.tenant, this.random)) as {
          readonly Id: string;
        };
        rows.push(plainRow(activity.time, { log: 'm365', activity, id: line.Id }, tag));
        return;
      }
      case 'audit': {
        const line = JSON.parse(auditLine(activity, this.random, this.offset)) as {
          readonly id: string;
          readonly eventInfo: string;
        };
        const row = { log: 'audit', activity, id: line.id, text: line.eventInfo } as const;
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
      const scanned = records.find(({ part }) => part === 'process');
      this.dlpRows(mail, message, scanned?.time ?? mail.time, tag, rows);
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

  private dlpRows(
    mail: MailActivity,
    message: Message,
    scanned: number,
    tag: number,
    rows: Row[],
  ): void {
    for (const { time, text } of dlpLines(mail, message, scanned)) {
      const line = JSON.parse(text) as Readonly<
        Record<'senderAddress' | 'recipientAddress' | 'policy' | 'action', string>
      >;
      const row: DlpRow = {
        log: 'dlp',
        sender: line.senderAddress,
        recipient: line.recipientAddress,
        subject: message.subject,
        direction: mail.direction,
        policy: line.policy,
        action: line.action,
        message_id: message.message_id,
      };
      rows.push(plainRow(time, row, tag));
    }
  }

  private clickRows(mail: MailActivity, message: Message, tag: number, rows: Row[]): void {
    const { header_from: sender, subject, message_id } = message;
    for (const click of mail.clicks ?? []) {
      const arrival = this.records.find(
        (record) =>
          record.part === 'delivery' && record.delivered && record.recipient === click.recipient,
      );
      if (arrival === undefined) continue;
      const time = Math.max(mail.time + click.after, arrival.time + SOONEST_CLICK);
      rows.push(plainRow(time, { log: 'ttp_url', click, sender, subject, message_id }, tag));
    }
  }
}

function plainRow(time: number, plain: PlainRow, tag: number): Row {
  const stated = wholeSeconds(time);
  return { log: plain.log, time, stated, mail: undefined, record: undefined, plain, tag };
}
