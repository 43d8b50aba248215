/**
 * What becomes of mail at the gateway. Types, codes and words are those that published records and
 * manuals have; how often each comes is an assumption.
 */

import type { Attachment, MailOutcome } from '../activity.js';
import { HOUR } from '../calendar.js';
import type { Mix } from '../mix.js';
import { type Random, Weighted } from '../random.js';

type Refusal = Pick<
  Extract<MailOutcome, { kind: 'bounced' | 'rejected' }>,
  'type' | 'code' | 'detail'
>;

export const DELIVERED: MailOutcome = { kind: 'delivered' };
export const NO_ATTACHMENTS: readonly Attachment[] = [];

const UNKNOWN: Refusal = {
  type: 'Recipient email address is possibly incorrect',
  code: '550',
  detail: '5.1.1 The email account that you tried to reach does not exist',
};
/** The recipient's server does not know the address. */
export const UNKNOWN_RECIPIENT: MailOutcome = { kind: 'bounced', ...UNKNOWN };

const HOLD_REASONS = new Weighted<readonly [reason: string, policy: string]>([
  [['Ctnt', 'Data Leak Prevention - Credit Cards'], 3],
  [['Ctnt', 'Smart Tag - Confidential'], 3],
  [['Att', 'Block Dangerous File Types'], 2],
  [['RcptLimit', 'Recipient Limit'], 0.5],
  [['Oth', 'Large Attachment Review'], 1],
]);

const RETRY_ERRORS = [
  'Connection refused (Connection refused)',
  'Connection timed out (Connection timed out)',
  '451 4.7.1 Greylisting in action, please come back later',
  '452 4.2.2 Mailbox temporarily full',
];

const BOUNCES = new Weighted<Refusal>([
  [UNKNOWN, 8],
  [{ ...UNKNOWN, detail: '5.4.1 Recipient address rejected: Access denied. AS(201806281)' }, 8],
  [
    {
      type: 'Message rejected by recipient server',
      code: '552',
      detail: '5.3.4 Message size exceeds fixed limit',
    },
    3,
  ],
  // Rare: servers that nobody can reach for days are mostly those of firms that are gone.
  [
    {
      type: 'Recipient server unavailable or busy',
      code: '554',
      detail: '5.4.7 Delivery time expired',
    },
    1,
  ],
]);

const BLOCKED_SENDER: Refusal = {
  type: 'Manual Envelope Rejection',
  code: '550',
  detail: 'Envelope blocked - User Entry',
};
const REJECTIONS: readonly Refusal[] = [
  BLOCKED_SENDER,
  { type: 'Invalid Recipient Address', code: '550', detail: 'Invalid Recipient' },
];
const SPAM_REJECTIONS: readonly Refusal[] = [
  { type: 'IP Found in RBL', code: '550', detail: 'zen.spamhaus.org' },
  BLOCKED_SENDER,
  { type: 'Virus Signature Detection', code: '554', detail: '[clam.Xls.Dropper.Agent-7390523-0]' },
  { type: 'Header Rejected', code: '550', detail: 'Administrative prohibition' },
];

/** What becomes of a mail that goes out; at the rates of the mix. */
export function outboundOutcome(
  random: Random,
  mix: Mix,
  attachments: readonly Attachment[],
): MailOutcome {
  const u = random.uniform();
  // Content policies look at attachments, so those are held three times as often.
  let edge = mix.outbound_held * (attachments.length > 0 ? 2.2 : 0.7);
  if (u < edge) {
    const [reason, policy] = HOLD_REASONS.draw(random);
    return {
      kind: 'held',
      reason,
      policy,
      release_after: random.chance(0.7)
        ? Math.round(random.lognormal(Math.log(2.5 * HOUR), 1.3))
        : undefined,
    };
  }
  edge += mix.outbound_bounced;
  if (u < edge) return { kind: 'bounced', ...BOUNCES.draw(random) };
  edge += mix.outbound_retried;
  if (u < edge) {
    return {
      kind: 'retried',
      attempts: 2 + random.poisson(0.9),
      error: random.pick(RETRY_ERRORS),
    };
  }
  edge += mix.outbound_rejected;
  if (u < edge) return { kind: 'rejected', ...random.pick(REJECTIONS) };
  return DELIVERED;
}

/** Whether the mail came back because nobody has the address: it may have been misspelt. */
export function isUnknownRecipient(outcome: MailOutcome): boolean {
  return outcome.kind === 'bounced' && outcome.type === UNKNOWN.type;
}

/** Unwanted mail that the gateway does not take. */
export function refusedAsSpam(random: Random): MailOutcome {
  return { kind: 'rejected', ...random.pick(SPAM_REJECTIONS) };
}

/** Kept back as spam, released when somebody misses it. */
export function heldAsSpam(random: Random): MailOutcome {
  return {
    kind: 'held',
    reason: 'Spm',
    policy: 'Spam Scanning',
    release_after: random.chance(0.15)
      ? Math.round(random.lognormal(Math.log(5 * HOUR), 1))
      : undefined,
  };
}
