/** From activities to log lines. */

import type { Activity, MailActivity, Organisation, WireLine } from '../activity.js';
import { type Random, randomStream } from '../random.js';
import { tenantId, unifiedAuditLine } from './microsoft/unified-audit.js';
import { auditLine } from './mimecast/audit.js';
import { dlpLines } from './mimecast/dlp.js';
import { MessageLog, type MessageRecord } from './mimecast/message.js';
import { SiemWriter } from './mimecast/v1.js';
import { webActivityLine } from './proxy/web-activity.js';

export interface WriterOptions {
  /** Form of the mail records; `dlp` writes the DLP log alone. Default `v1-json`. */
  readonly mail?: 'v1-json' | 'v1-kv' | 'dlp';
  /** Whether content holds also appear in the DLP log. Default false. */
  readonly dlp?: boolean;
  /** Seed of ids, delays and other chance on the wire. */
  readonly seed: number;
  /** Zone of the account in minutes east of UTC. Default 0. */
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

class ActivityWriter implements Writer {
  readonly seed: number;
  private readonly random: Random;
  private readonly log: MessageLog;
  private readonly siem: SiemWriter | undefined;
  private readonly dlp: boolean;
  private readonly tenant: string;
  private readonly offset: number;
  private readonly records: MessageRecord[] = [];

  constructor(organisation: Organisation, options: WriterOptions) {
    this.seed = options.seed;
    this.offset = options.utc_offset ?? 0;
    this.random = randomStream(options.seed, 'writer', 'records');
    this.log = new MessageLog(organisation, randomStream(options.seed, 'writer', 'messages'));
    const mail = options.mail ?? 'v1-json';
    this.siem = mail === 'dlp' ? undefined : new SiemWriter(organisation, mail, this.offset);
    this.dlp = options.dlp === true || mail === 'dlp';
    this.tenant = tenantId(organisation);
  }

  write(activity: Activity): WireLine[] {
    switch (activity.kind) {
      case 'mail':
        return this.mail(activity);
      case 'web':
        return [{ time: activity.time, text: webActivityLine(activity) }];
      case 'inbox-rule':
        return [
          { time: activity.time, text: unifiedAuditLine(activity, this.tenant, this.random) },
        ];
      case 'audit':
        return [{ time: activity.time, text: auditLine(activity, this.random, this.offset) }];
    }
  }

  private mail(activity: MailActivity): WireLine[] {
    const records = this.records;
    records.length = 0;
    const message = this.log.records(activity, records);
    const lines: WireLine[] = [];
    if (this.siem !== undefined) {
      for (const record of records) {
        lines.push({ time: record.time, text: this.siem.line(message, record) });
      }
    }
    if (this.dlp) {
      const scanned = records.find((record) => record.part === 'process');
      lines.push(...dlpLines(activity, message, scanned?.time ?? activity.time));
    }
    return lines.sort((a, b) => a.time - b.time);
  }
}

/** A writer for an organisation's logs. Equal options and calls give equal bytes. */
export function createWriter(organisation: Organisation, options: WriterOptions): Writer {
  return new ActivityWriter(organisation, options);
}
