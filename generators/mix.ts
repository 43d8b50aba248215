/** How much of everything. Where no public corpus has a rate, the default is an assumption. */
export interface Mix {
  /** Inbound mails from correspondents per outbound one. Assumed 1. */
  readonly inbound_ratio: number;
  /**
   * Newsletters and automatic notices per person, as a multiple of the mails that people send in
   * the mean. Assumed 0.05.
   */
  readonly newsletters_per_mail: number;
  /** Inbound mails per person and weekday that the gateway refuses at once. Assumed 0.1. */
  readonly spam_per_weekday: number;
  /** Share of external mails to and from consumer mail providers, own mailboxes among them. */
  readonly freemail_share: number;
  /** Share of external mails to and from one's own or family's mailboxes. */
  readonly own_mailbox_share: number;
  /** Share of outbound mails with attachments; internal and inbound mail has fewer. */
  readonly attachment_share: number;
  /** Shares of outbound mails by what becomes of them. Assumed. */
  readonly outbound_rejected: number;
  readonly outbound_held: number;
  readonly outbound_retried: number;
  readonly outbound_bounced: number;
  /** Blocked web requests per person and weekday. Assumed 0.12, for a third of the people. */
  readonly web_denied_per_weekday: number;
  /** Sign-ins to the mail portal per person and weekday. Assumed 0.04. */
  readonly sign_ins_per_weekday: number;
  /** Mailbox rules made or changed per person and weekday. Assumed 0.006. */
  readonly inbox_rules_per_weekday: number;
  /** Share of those that forward to an address outside. Assumed 0.012. */
  readonly inbox_rules_external: number;
  /** Share of inbound mails in which a link is followed, and of those links the malicious ones. Assumed 0.12 and 0.02. */
  readonly inbound_clicked: number;
  readonly clicks_malicious: number;
  /** Searches in the archive or message tracking per IT person and weekday. Assumed 0.08. */
  readonly archive_looks_per_weekday: number;
  /**
   * Answers from shared mailboxes per member and weekday, as a multiple of the mails that people
   * send in the mean. Assumed 0.012.
   */
  readonly shared_mailbox_per_mail: number;
  /** Notices of machines to outside, and scans, per mail that people send. Assumed 0.003 and 0.02. */
  readonly service_per_mail: number;
  readonly scans_per_mail: number;
  /** Share of mail to people with a second address that comes to it. Assumed 0.08. */
  readonly to_alias_share: number;
}

export const DEFAULT_MIX: Mix = {
  inbound_ratio: 1,
  newsletters_per_mail: 0.05,
  spam_per_weekday: 0.1,
  freemail_share: 0.216,
  own_mailbox_share: 0.056,
  attachment_share: 0.2,
  outbound_rejected: 0.003,
  outbound_held: 0.006,
  outbound_retried: 0.012,
  outbound_bounced: 0.009,
  web_denied_per_weekday: 0.12,
  sign_ins_per_weekday: 0.04,
  inbox_rules_per_weekday: 0.006,
  inbox_rules_external: 0.012,
  inbound_clicked: 0.12,
  clicks_malicious: 0.02,
  archive_looks_per_weekday: 0.08,
  shared_mailbox_per_mail: 0.012,
  service_per_mail: 0.003,
  scans_per_mail: 0.02,
  to_alias_share: 0.08,
};
