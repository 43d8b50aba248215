/** From activities to log lines. */

import type { Activity, Organisation, WireLine } from '../activity.js';
import { tenantId, unifiedAuditLine } from './microsoft/unified-audit.js';
import { archiveViewLine } from './mimecast/archive-view.js';
import { auditLine } from './mimecast/audit.js';
import { dlpLine } from './mimecast/dlp.js';
import type { Message, MessageRecord } from './mimecast/message.js';
import { clickLine } from './mimecast/ttp-url.js';
import { SiemWriter } from './mimecast/v1.js';
import { EventWriter } from './mimecast/v2.js';
import { webActivityLine } from './proxy/web-activity.js';
import type { PlainRow, Row } from './row.js';
import { RowLog, type WriterOptions } from './rows.js';

export type { WriterOptions } from './rows.js';

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
  private readonly rows: RowLog;
  private readonly mail: { line(message: Message, record: MessageRecord): string } | undefined;
  private readonly tenant: string;

  constructor(organisation: Organisation, options: WriterOptions) {
    const { mail = 'v1-json', seed, utc_offset = 0 } = options;
    this.seed = seed;
    this.rows = new RowLog(organisation, options);
    if (mail === 'v2') this.mail = new EventWriter(organisation);
    else if (mail !== 'dlp') this.mail = new SiemWriter(organisation, mail, utc_offset);
    this.tenant = tenantId(organisation);
  }

  write(activity: Activity): WireLine[] {
    return this.rows.rows(activity, 0).map((row) => {
      const { time, log, mail, plain } = row;
      const message_id =
        mail?.message.message_id ??
        (plain !== undefined && 'message_id' in plain ? plain.message_id : undefined);
      return { time, log, text: this.spell(row), message_id };
    });
  }

  private spell({ time, stated, mail, record, plain }: Row): string {
    if (plain !== undefined) return this.spellPlain(plain, time);
    if (mail === undefined || record === undefined || this.mail === undefined) {
      throw new RangeError('a row says nothing');
    }
    // A copy of each record would cost more than spelling some of them.
    record.time = stated;
    const text = this.mail.line(mail.message, record);
    record.time = time;
    return text;
  }

  private spellPlain(row: PlainRow, time: number): string {
    switch (row.log) {
      case 'dlp':
        return dlpLine(row, time);
      case 'ttp_url':
        return clickLine(row, time);
      case 'web':
        return webActivityLine(row.activity);
      case 'archive_view':
        return archiveViewLine(row.activity);
      case 'm365':
        return unifiedAuditLine(row.activity, row.id, this.tenant);
      case 'audit':
        return auditLine(row.activity, row.id, row.text);
    }
  }
}

/** A writer for an organisation's logs. Equal options and calls give equal bytes. */
export function createWriter(organisation: Organisation, options: WriterOptions): Writer {
  return new ActivityWriter(organisation, options);
}
