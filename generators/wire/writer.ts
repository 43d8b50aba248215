/** From activities to log lines. */

import type { Activity, LogName, MailActivity, Organisation, WireLine } from '../activity.js';
import { type Random, randomStream } from '../random.js';
import { tenantId, unifiedAuditLine } from './microsoft/unified-audit.js';
import { archiveViewLine } from './mimecast/archive-view.js';
import { auditLine } from './mimecast/audit.js';
import { HostClocks } from './mimecast/clocks.js';
import { dlpLines } from './mimecast/dlp.js';
import { type Message, MessageLog, type MessageRecord } from './mimecast/message.js';
import { clickLine } from './mimecast/ttp-url.js';
import { SiemWriter } from './mimecast/v1.js';
import { EventWriter } from './mimecast/v2.js';
import { webActivityLine } from './proxy/web-activity.js';

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

export interface Writer {
  readonly seed: number;
  /**
   * Lines of one activity, in the order of their times, none before the activity's. Ids come from
   * one stream in the order of the calls, so they say nothing about where an activity came from.
   */
  write(activity: Activity): WireLine[];
}

/** A click is logged no sooner than so many ms after the mail is in the mailbox. */
const SOONEST_CLICK = 4000;

class ActivityWriter implements Writer {
  readonly seed: number;
  private readonly random: Random;
  private readonly log: MessageLog;
  private readonly mail: { line(message: Message, record: MessageRecord): string } | undefined;
  private readonly dlp: boolean;
  private readonly tenant: string;
  private readonly offset: number;
  private readonly records: MessageRecord[] = [];
  private readonly clocks: HostClocks;

  constructor(organisation: Organisation, options: WriterOptions) {
    const { mail = 'v1-json', dlp = false, seed, utc_offset = 0 } = options;
    this.seed = seed;
    this.offset = utc_offset;
    this.random = randomStream(seed, 'writer', 'records');
    this.clocks = new HostClocks(organisation);
    this.log = new MessageLog(organisation, randomStream(seed, 'writer', 'messages'));
    if (mail === 'v2') this.mail = new EventWriter(organisation);
    else if (mail !== 'dlp') this.mail = new SiemWriter(organisation, mail, utc_offset);
    this.dlp = dlp || mail === 'dlp';
    this.tenant = tenantId(organisation);
  }

  write(activity: Activity): WireLine[] {
    switch (activity.kind) {
      case 'mail':
        return this.mailLines(activity);
      case 'web':
        return one(activity, 'web', webActivityLine(activity));
      case 'inbox-rule':
        return one(activity, 'm365', unifiedAuditLine(activity, this.tenant, this.random));
      case 'audit':
        return one(activity, 'audit', auditLine(activity, this.random, this.offset));
      case 'archive-view':
        return one(activity, 'archive_view', archiveViewLine(activity));
    }
  }

  private mailLines(mail: MailActivity): WireLine[] {
    const records = this.records;
    records.length = 0;
    const message = this.log.records(mail, records);
    const { message_id } = message;
    const lines: WireLine[] = [];
    if (this.mail !== undefined) {
      for (const record of records) {
        const written = record.time;
        // A copy of each record would cost more than spelling some of them.
        record.time = this.clocks.shown(message.code, record.part, written);
        const text = this.mail.line(message, record);
        lines.push({ time: written, log: record.part, text, message_id });
        record.time = written;
      }
    }
    if (this.dlp) {
      const scanned = records.find(({ part }) => part === 'process');
      lines.push(...dlpLines(mail, message, scanned?.time ?? mail.time));
    }
    for (const click of mail.clicks ?? []) {
      const arrival = records.find(
        (record) =>
          record.part === 'delivery' && record.delivered && record.recipient === click.recipient,
      );
      if (arrival === undefined) continue;
      const time = Math.max(mail.time + click.after, arrival.time + SOONEST_CLICK);
      lines.push({ time, log: 'ttp_url', text: clickLine(click, message, time), message_id });
    }
    return inOrder(lines);
  }
}

function one({ time }: Activity, log: LogName, text: string): WireLine[] {
  return [{ time, log, text, message_id: undefined }];
}

/** Sorted by time. Most mails have a line or two of each part, in order already. */
function inOrder(lines: WireLine[]): WireLine[] {
  for (let i = 1; i < lines.length; i++) {
    if ((lines[i] as WireLine).time < (lines[i - 1] as WireLine).time) {
      return lines.sort((a, b) => a.time - b.time);
    }
  }
  return lines;
}

/** A writer for an organisation's logs. Equal options and calls give equal bytes. */
export function createWriter(organisation: Organisation, options: WriterOptions): Writer {
  return new ActivityWriter(organisation, options);
}
