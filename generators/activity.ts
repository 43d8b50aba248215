/**
 * What people do, before any vendor writes it down. A writer turns one activity into log lines.
 *
 * Times are milliseconds since 1970 UTC.
 */

import type { Profile } from './profile.js';

export interface Person {
  /** Position in the organisation's list. */
  readonly index: number;
  readonly first_name: string;
  readonly last_name: string;
  /** Primary address, lower case. */
  readonly address: string;
  readonly aliases: readonly string[];
  /** The person's own mailboxes elsewhere. */
  readonly personal: readonly string[];
  /** When the period begins, or at hiring. */
  readonly peer_group: string;
  /** A change of department during the period. */
  readonly moved: Move | undefined;
  readonly executive: boolean;
  /** Index of the person's superior; undefined for those at the top. */
  readonly superior: number | undefined;
  /** First and last working moment; `left` is undefined for those who stay. */
  readonly hired: number;
  readonly left: number | undefined;
  /** IANA name of the person's time zone; its clocks are in calendar.ts. */
  readonly time_zone: string;
  /** Mails a weekday, in the mean, and the share of them that goes outside. */
  readonly daily_mails: number;
  readonly external_share: number;
  /** Country of the person's office, ISO 3166 upper case; decides holidays and language. */
  readonly country?: string;
}

/** From a moment on, ms since 1970 UTC, the person works in another peer group. */
export interface Move {
  readonly at: number;
  readonly peer_group: string;
}

/** A mailbox that is nobody's own. */
export interface Mailbox {
  /** Lower case. */
  readonly address: string;
  readonly aliases: readonly string[];
  /** shared: members of its peer group read it and write as it. service: a machine writes. */
  readonly kind: 'shared' | 'service';
  /** Of a shared mailbox: who uses it. */
  readonly peer_group: string | undefined;
  readonly time_zone: string;
  readonly country: string | undefined;
}

export interface Organisation {
  readonly seed: number;
  readonly name: string;
  readonly domains: readonly string[];
  readonly people: readonly Person[];
  readonly mailboxes: readonly Mailbox[];
  readonly peer_groups: readonly string[];
  /** Mimecast account code. */
  readonly account: string;
  /** How its people behave; the default profile when absent. */
  readonly profile?: Profile;
}

export interface Attachment {
  readonly name: string;
  readonly bytes: number;
}

/** What the gateway did with one mail. */
export type MailOutcome =
  | { readonly kind: 'delivered' }
  /** Refused at once by the gateway. */
  | {
      readonly kind: 'rejected';
      readonly type: string;
      readonly code: string;
      readonly detail: string;
    }
  /** Kept for review; released after `release_after` ms, or never. */
  | {
      readonly kind: 'held';
      readonly reason: string;
      readonly policy: string;
      readonly release_after: number | undefined;
    }
  /** First attempts fail, a later one succeeds. */
  | { readonly kind: 'retried'; readonly attempts: number; readonly error: string }
  /** Every attempt fails. */
  | {
      readonly kind: 'bounced';
      readonly type: string;
      readonly code: string;
      readonly detail: string;
    };

export interface MailActivity {
  readonly kind: 'mail';
  readonly time: number;
  readonly direction: 'outbound' | 'inbound' | 'internal';
  /** Envelope sender and header From. */
  readonly sender: string;
  readonly recipients: readonly string[];
  readonly subject: string;
  readonly body_bytes: number;
  readonly attachments: readonly Attachment[];
  readonly outcome: MailOutcome;
  /** Answered by a machine: the envelope sender is empty on the wire. */
  readonly automatic?: boolean;
  /** Of inbound mail: which links its readers follow. */
  readonly clicks?: readonly Click[];
}

/** Somebody follows a link of a mail; URL protection looks at it first. */
export interface Click {
  readonly recipient: string;
  /** Ms since the mail's own time. The click is not logged before the mail is delivered. */
  readonly after: number;
  readonly url: string;
  readonly category: string;
  /** Malicious links are blocked, the others allowed. */
  readonly malicious: boolean;
}

/** A request that web protection refused. */
export interface WebActivity {
  readonly kind: 'web';
  readonly time: number;
  readonly user: string;
  readonly url: string;
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly category: string;
  readonly bytes_uploaded: number;
  readonly bytes_downloaded: number;
  readonly src_ip: string;
  readonly user_agent: string;
}

/** A mailbox rule was made or changed. */
export interface InboxRuleActivity {
  readonly kind: 'inbox-rule';
  readonly time: number;
  readonly user: string;
  readonly operation: 'New-InboxRule' | 'Set-InboxRule' | 'UpdateInboxRules' | 'Set-Mailbox';
  readonly rule_name: string;
  readonly forward_to: readonly string[];
  readonly move_to_folder: string | undefined;
  /** Words the rule looks for in subject or body. */
  readonly words: readonly string[];
  readonly src_ip: string;
}

/** A sign-in or another administrative act, background of the audit log. */
export interface AuditActivity {
  readonly kind: 'audit';
  readonly time: number;
  readonly user: string;
  readonly audit_type: string;
  readonly category: string;
  readonly text: string;
  readonly src_ip: string;
}

/** An administrator looks at somebody's mail in the archive or the message tracking. */
export interface ArchiveViewActivity {
  readonly kind: 'archive-view';
  readonly time: number;
  readonly user: string;
  readonly source: 'Archive' | 'Message Tracking';
  /** The mail that is looked at. */
  readonly from: string;
  readonly to: string;
  readonly subject: string;
  readonly sent: number;
  /** Whether the text was opened, not only the tracking page. */
  readonly content_viewed: boolean;
  readonly discovery_case: boolean;
}

export type Activity =
  | MailActivity
  | WebActivity
  | InboxRuleActivity
  | AuditActivity
  | ArchiveViewActivity;

/** Which of a product's logs a line is in. */
export type LogName =
  | 'receipt'
  | 'process'
  | 'delivery'
  | 'dlp'
  | 'ttp_url'
  | 'archive_view'
  | 'audit'
  | 'm365'
  | 'web';

/** A line on the wire and when it was written; the clock of the writing host may say otherwise. */
export interface WireLine {
  readonly time: number;
  readonly log: LogName;
  readonly text: string;
  /** Message-ID of the mail it is about, as written; undefined for lines that name none. */
  readonly message_id: string | undefined;
}
