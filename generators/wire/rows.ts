/**
 * What the logs say of one activity, before anybody spells it: a row for each line, with its moments and
 * ids. All that is drawn for a line is drawn here; writer.ts spells rows and columns.ts stacks them.
 */

import type { Activity, MailActivity, Organisation } from '../activity.js';
import { type Random, randomStream } from '../random.js';
import { auditId, auditText } from './mimecast/audit.js';
import { HostClocks } from './mimecast/clocks.js';
import { dlpRows } from './mimecast/dlp.js';
import { type Message, MessageLog, type MessageRecord } from './mimecast/message.js';
import type { MailRef, PlainRow, Row } from './row.js';
import { uuid } from './text.js';

export interface WriterOptions {
  /**
   * Form of the mail records; `dlp` writes the DLP log in their place. Other logs have one form each.
   * Default `v1-json`.
   */
  readonly mail?: 'v1-json' | 'v1-kv' | 'v2' | 'dlp';
  /** Whether content holds also appear in the DLP log. Default false. */
  readonly dlp?: boolean;
  /** Seed of ids, delays and other chance on the wire. */
  readonly seed: number;
  /**
   * Zone of the account in minutes east of UTC, for the logs that are written in local time. Default
   * 0.
   */
  readonly utc_offset?: number;
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

  constructor(organisation: Organisation, options: WriterOptions) {
    const { mail = 'v1-json', dlp = false, seed, utc_offset = 0 } = options;
    this.random = randomStream(seed, 'writer', 'records');
    this.log = new MessageLog(organisation, randomStream(seed, 'writer', 'messages'));
    this.clocks = new HostClocks(organisation);
    this.offset = utc_offset;
    this.mail = mail;
    this.dlp = dlp || mail === 'dlp';
  }

  /** The rows of one activity in the order of their times. */
  rows(activity: Activity, tag: number): readonly Row[] {
    const { time } = activity;
    switch (activity.kind) {
      case 'mail':
        return this.mailRows(activity, tag);
      case 'web':
        return [plainRow(time, { log: 'web', activity }, tag)];
      case 'archive-view':
        return [plainRow(time, { log: 'archive_view', activity }, tag)];
      case 'inbox-rule':
        return [plainRow(time, { log: 'm365', activity, id: uuid(this.random) }, tag)];
      case 'audit': {
        const text = auditText(activity, this.offset);
        return [plainRow(time, { log: 'audit', activity, id: auditId(this.random), text }, tag)];
      }
    }
  }

  private mailRows(mail: MailActivity, tag: number): Row[] {
    const { records } = this;
    const rows: Row[] = [];
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
        return rows.sort((a, b) => a.time - b.time);
      }
    }
    return rows;
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
