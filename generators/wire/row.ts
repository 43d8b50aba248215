/** What a line says, before it is spelt. */

import type {
  ArchiveViewActivity,
  AuditActivity,
  Click,
  InboxRuleActivity,
  LogName,
  MailActivity,
  WebActivity,
} from '../activity.js';
import type { Message, MessageRecord } from './mimecast/message.js';

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

/** A mail that some rows are about; columns note where it stands in the batch that they fill. */
export interface MailRef {
  readonly message: Message;
  /** What the log calls the message. */
  readonly id: string;
  batch: object | undefined;
  position: number;
}

/** A line before it is spelt, or a row before it is stacked: of a mail's record, or plain. */
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
