import { createOrganisation, type MailActivity, type WireLine } from '#generators';

/** Not on a full second: logs that hold milliseconds show them. */
export const START = Date.UTC(2024, 2, 4, 9, 30, 15, 250);
export const organisation = createOrganisation({ seed: 1, people: 20, start: START, days: 30 });

/** A mail that goes out and arrives, for tests to change. */
export const MAIL: MailActivity = {
  kind: 'mail',
  time: START,
  direction: 'outbound',
  sender: organisation.people[0]?.address ?? '',
  recipients: ['jane@harbour-tools.com'],
  subject: 'Offer 4711',
  body_bytes: 5000,
  attachments: [],
  outcome: { kind: 'delivered' },
};

/** The gateway takes no such mail. */
export const REFUSED = {
  kind: 'rejected',
  type: 'Header Rejected',
  code: '550',
  detail: 'no',
} as const;

/** A record that is written as JSON. */
export type Line = Record<string, unknown>;

export const recordsOf = (lines: readonly WireLine[]): Line[] =>
  lines.map(({ text }) => JSON.parse(text) as Line);

export const keys = (line: Line | undefined): string => Object.keys(line ?? {}).join(' ');
