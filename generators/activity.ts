/**
 * What people do, before any vendor writes it down. A writer turns one activity into log lines.
 *
 * Times are milliseconds since 1970 UTC.
 */

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
  readonly peer_group: string;
  readonly executive: boolean;
  /** First and last working moment; `left` is undefined for those who stay. */
  readonly hired: number;
  readonly left: number | undefined;
  /** Offset of the person's office from UTC in minutes. */
  readonly utc_offset: number;
  /** Mails a weekday, in the mean, and the share of them that goes outside. */
  readonly daily_mails: number;
  readonly external_share: number;
  /** Country of the person's office, ISO 3166 upper case; decides holidays and language. */
  readonly country?: string;
}

export interface Organisation {
  readonly seed: number;
  readonly name: string;
  readonly domains: readonly string[];
  readonly people: readonly Person[];
  readonly peer_groups: readonly string[];
  /** Mimecast account code. */
  readonly account: string;
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

export type Activity = MailActivity | WebActivity | InboxRuleActivity | AuditActivity;

/** A line on the wire and when the product wrote it. */
export interface WireLine {
  readonly time: number;
  readonly text: string;
}
