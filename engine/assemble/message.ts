/**
 * A message as its lines tell it, and its outcome. Each recipient carries the moments of what
 * happened to it, never a running state, so that the outcome is a function of the set of lines and
 * not of their order.
 *
 * Over 400 lines because what a line writes down and what an outcome reads are one invariant.
 */
import type { Fields, FieldValue, LogRecord } from '../contract.js';

export const NEVER = Number.POSITIVE_INFINITY;
const MAX_RECIPIENTS = 20_000;
const MAX_LINES = 50_000;

export const UNTOLD = 0;
export const SENT = 1;
export const FAILED = 2;

/** What stood between a recipient and the mail, by the moment; NEVER when nothing did. */
interface Trouble {
  rejected: number;
  held: number;
  undelivered: number;
  /** Latest attempt that was put off, to be tried again. */
  deferred: number;
  /** Reasons and actions of the latest of each. */
  rejectedFor: string | undefined;
  heldFor: string | undefined;
  undeliveredFor: string | undefined;
  deferredFor: string | undefined;
  rejectedBy: string | undefined;
  heldBy: string | undefined;
}

/** What happened to one recipient, by the moment it happened. */
export interface Recipient {
  readonly address: string;
  accepted: number;
  delivered: number;
  acceptedBy: string | undefined;
  deliveredBy: string | undefined;
  /** Outcome that the last event told: UNTOLD, SENT, FAILED. */
  told: number;
  /** `none` for most: only who had trouble pays for its memory. */
  trouble: Trouble;
}

export interface Message {
  readonly key: string;
  readonly seq: number;
  /** Earliest line, and earliest receipt. */
  first: number;
  receipt: number;
  /** Moments of the process line's verdicts. */
  processed: number;
  held: number;
  bounced: number;
  heldFor: string | undefined;
  bouncedFor: string | undefined;
  /** Made of notices or whole lines: nothing is missing without a process line. */
  whole: boolean;
  /** Facts of the mail, from the lines that know them best. */
  sender: FieldValue | undefined;
  subject: FieldValue | undefined;
  bytes: FieldValue | undefined;
  attachments: FieldValue | undefined;
  direction: FieldValue | undefined;
  messageId: FieldValue | undefined;
  alertId: FieldValue | undefined;
  alertName: FieldValue | undefined;
  srcIp: FieldValue | undefined;
  /** Fields that are not in every mail. */
  extra: Fields | undefined;
  /** Bytes by the delivery lines, for messages whose process line is missing. */
  deliveredBytes: number;
  lines: number[];
  recipients: Recipient[];
  byAddress: Map<string, Recipient> | undefined;
  /** Place in the heap while it waits; NaN while it is closed. */
  due: number;
  /** Time of the line that reopened it; NaN for the first event. */
  changed: number;
  /** When it was closed, for forgetting. */
  closed: number;
}

export function createMessage(key: string, seq: number, time: number, whole: boolean): Message {
  return {
    key,
    seq,
    first: time,
    receipt: NEVER,
    processed: NEVER,
    held: NEVER,
    bounced: NEVER,
    heldFor: undefined,
    bouncedFor: undefined,
    whole,
    sender: undefined,
    subject: undefined,
    bytes: undefined,
    attachments: undefined,
    direction: undefined,
    messageId: undefined,
    alertId: undefined,
    alertName: undefined,
    srcIp: undefined,
    extra: undefined,
    deliveredBytes: 0,
    lines: [],
    recipients: [],
    byAddress: undefined,
    due: Number.NaN,
    changed: Number.NaN,
    closed: 0,
  };
}

const newTrouble = (): Trouble => ({
  rejected: NEVER,
  held: NEVER,
  undelivered: NEVER,
  deferred: NEVER,
  rejectedFor: undefined,
  heldFor: undefined,
  undeliveredFor: undefined,
  deferredFor: undefined,
  rejectedBy: undefined,
  heldBy: undefined,
});

/** Shared by all who had no trouble, and never written to. */
const none = newTrouble();

function troubleOf(recipient: Recipient): Trouble {
  if (recipient.trouble === none) recipient.trouble = newTrouble();
  return recipient.trouble;
}

export function eventTime(message: Message): number {
  return message.receipt < NEVER ? message.receipt : message.first;
}

export function listOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value : [];
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function recipientOf(message: Message, address: string): Recipient | undefined {
  if (message.byAddress !== undefined) return message.byAddress.get(address);
  const { recipients } = message;
  for (let i = 0; i < recipients.length; i++) {
    const recipient = recipients[i] as Recipient;
    if (recipient.address === address) return recipient;
  }
  return;
}

function byAddress(recipients: readonly Recipient[]): Map<string, Recipient> | undefined {
  return recipients.length > 8
    ? new Map(recipients.map((each) => [each.address, each]))
    : undefined;
}

function recipientFor(message: Message, address: string): Recipient | undefined {
  const known = recipientOf(message, address);
  if (known !== undefined) return known;
  if (message.recipients.length >= MAX_RECIPIENTS) return;
  const recipient: Recipient = {
    address,
    accepted: NEVER,
    delivered: NEVER,
    acceptedBy: undefined,
    deliveredBy: undefined,
    told: UNTOLD,
    trouble: none,
  };
  message.recipients.push(recipient);
  if (message.byAddress !== undefined) message.byAddress.set(address, recipient);
  else message.byAddress = byAddress(message.recipients);
  return recipient;
}

/** The same line once more, such as from two pulls that overlap. */
export function isRepeat(message: Message, record: LogRecord): boolean {
  const { part, time, fields } = record;
  const outcome = fields['outcome'];
  if (part === 'process')
    return outcome === 'held'
      ? message.held === time
      : outcome === 'failed'
        ? message.bounced === time
        : message.processed === time && message.held !== time && message.bounced !== time;
  if (part !== 'receipt' && part !== 'delivery') return false;
  const addresses = listOf(fields['recipients']);
  if (addresses.length === 0) return false;
  for (const address of addresses) {
    const recipient = recipientOf(message, address);
    if (recipient === undefined) return false;
    const moment =
      part === 'receipt'
        ? outcome === 'failed'
          ? recipient.trouble.rejected
          : recipient.accepted
        : outcome === 'sent'
          ? recipient.delivered
          : outcome === 'pending'
            ? recipient.trouble.deferred
            : recipient.trouble.undelivered;
    if (moment !== time) return false;
  }
  return true;
}

/** Takes in what a line says. `plain`: it has no fields but those of every mail. */
export function note(message: Message, record: LogRecord, plain: boolean): void {
  const { part, time, fields } = record;
  const outcome = fields['outcome'];
  if (message.lines.length < MAX_LINES) message.lines.push(record.line);
  if (time < message.first) message.first = time;
  if (part === 'receipt' && time < message.receipt) message.receipt = time;
  noteFacts(message, record, outcome === 'held' || outcome === 'failed');
  if (!plain) noteExtras(message, fields);
  const reason = textOf(fields['failure_reason']);
  if (part === 'process') {
    if (time < message.processed) message.processed = time;
    if (outcome === 'held' && time < message.held) {
      message.held = time;
      message.heldFor = reason;
    } else if (outcome === 'failed' && time < message.bounced) {
      message.bounced = time;
      message.bouncedFor = reason;
    }
    return;
  }
  const action = textOf(fields['action']);
  for (const address of listOf(fields['recipients'])) {
    const recipient = recipientFor(message, address);
    if (recipient !== undefined) noteRecipient(recipient, record, reason, action);
  }
}

function noteRecipient(
  recipient: Recipient,
  record: LogRecord,
  reason: string | undefined,
  action: string | undefined,
): void {
  const { part, time } = record;
  const outcome = record.fields['outcome'];
  if (part === 'delivery' || part === 'release') {
    if (outcome === 'failed') {
      const trouble = troubleOf(recipient);
      if (trouble.undelivered < NEVER && time < trouble.undelivered) return;
      trouble.undelivered = time;
      trouble.undeliveredFor = reason ?? trouble.undeliveredFor;
    } else if (outcome === 'pending') {
      const trouble = troubleOf(recipient);
      if (trouble.deferred < NEVER && time < trouble.deferred) return;
      trouble.deferred = time;
      trouble.deferredFor = reason ?? trouble.deferredFor;
    } else if (time < recipient.delivered) {
      recipient.delivered = time;
      recipient.deliveredBy = part === 'release' ? (action ?? 'released') : undefined;
    }
  } else if (outcome === 'held') {
    const trouble = troubleOf(recipient);
    if (time >= trouble.held) return;
    trouble.held = time;
    trouble.heldFor = reason;
    trouble.heldBy = action;
  } else if (outcome === 'failed') {
    const trouble = troubleOf(recipient);
    if (time >= trouble.rejected) return;
    trouble.rejected = time;
    trouble.rejectedFor = reason;
    trouble.rejectedBy = action;
  } else if (time < recipient.accepted) {
    recipient.accepted = time;
    recipient.acceptedBy = action;
  }
}

const directionRank: Readonly<Record<string, number>> = { internal: 1, inbound: 2, outbound: 3 };

/**
 * Each fact is taken from the line that knows best: size and attachments from the process line, who
 * connected from the receipt; for the rest the first to say it. The row of a policy that stopped the
 * mail names it.
 */
function noteFacts(message: Message, record: LogRecord, stops: boolean): void {
  const { part, fields } = record;
  const knowsBest = part === 'process';
  message.sender = pick(message.sender, fields['sender'], knowsBest);
  message.subject = pick(message.subject, fields['subject'], knowsBest);
  message.messageId = pick(message.messageId, fields['message_id'], knowsBest);
  message.attachments = pick(message.attachments, fields['attachments'], knowsBest);
  message.alertId = pick(message.alertId, fields['alert_id'], knowsBest);
  message.srcIp = pick(message.srcIp, fields['src_ip'], false);
  message.alertName = pick(message.alertName, fields['alert_name'], stops && part === 'notice');
  const bytes = fields['bytes'];
  if (part !== 'delivery') message.bytes = pick(message.bytes, bytes, knowsBest);
  else if (
    typeof bytes === 'number' &&
    bytes > message.deliveredBytes &&
    fields['outcome'] === 'sent'
  )
    message.deliveredBytes = bytes;
  const direction = fields['direction'];
  if (typeof direction === 'string' && direction !== message.direction) {
    const known = textOf(message.direction);
    if (known === undefined || (directionRank[direction] ?? 0) > (directionRank[known] ?? 0))
      message.direction = direction;
  }
}

function noteExtras(message: Message, fields: Fields): void {
  for (const name in fields) {
    if (name in blank) continue;
    const value = fields[name];
    if (value === undefined) continue;
    message.extra ??= {};
    if (!(name in message.extra)) message.extra[name] = value;
  }
}

function pick(
  known: FieldValue | undefined,
  said: FieldValue | undefined,
  prefer: boolean,
): FieldValue | undefined {
  return known === undefined || (prefer && said !== undefined) ? said : known;
}

/**
 * The fields of a mail, enriched ones too, in one fixed order: objects of one shape, made at once,
 * are what the later stages read quickly. A parser may add others.
 */
function factsOf(message: Message): Fields {
  return {
    host: undefined,
    user: undefined,
    sender: message.sender,
    recipient: undefined,
    recipients: undefined,
    subject: message.subject,
    bytes: message.bytes,
    attachments: message.attachments,
    direction: message.direction,
    action: undefined,
    outcome: undefined,
    failure_reason: undefined,
    message_id: message.messageId,
    alert_id: message.alertId,
    alert_name: message.alertName,
    src_ip: message.srcIp,
    peer_group: undefined,
    is_executive: undefined,
    hired: undefined,
    external_recipients: undefined,
    external_domains: undefined,
    countries: undefined,
    to_public: undefined,
    to_personal: undefined,
    to_disposable: undefined,
    to_competition: undefined,
    file_extensions: undefined,
    file_names: undefined,
    subject_core: undefined,
  };
}

/** The names that every mail has. */
const blank = factsOf(createMessage('', 0, 0, false));

/** Whether a field is one that every mail has, known or not. */
export function isMailField(name: string): boolean {
  return name in blank;
}

/** The fields of the event that tells these recipients of the outcome. Sorts them. */
export function eventFields(message: Message, outcome: number, recipients: Recipient[]): Fields {
  if (recipients.length > 1) recipients.sort((a, b) => (a.address < b.address ? -1 : 1));
  const fields = factsOf(message);
  if (message.extra !== undefined)
    for (const name in message.extra) fields[name] = message.extra[name];
  const [first] = recipients;
  if (first !== undefined) {
    fields['recipients'] =
      recipients.length === 1 ? [first.address] : recipients.map(({ address }) => address);
    fields['recipient'] = first.address;
  }
  if (outcome === FAILED) {
    fields['outcome'] = 'failed';
    const why = whyFailed(message, recipients);
    fields['failure_reason'] = why.reason;
    fields['action'] = why.action;
    return fields;
  }
  fields['outcome'] = 'sent';
  fields['action'] = first?.deliveredBy ?? first?.acceptedBy ?? 'acc';
  if (fields['bytes'] === undefined && message.deliveredBytes > 0)
    fields['bytes'] = message.deliveredBytes;
  return fields;
}

/** Characters that weigh as much as a recipient or a line. */
const CHARACTERS = 64;

function textWeight(value: FieldValue | undefined): number {
  return typeof value === 'string' ? Math.floor(value.length / CHARACTERS) : 0;
}

/** Memory that a message takes, as a number of recipients, lines and texts. */
export function weightOf(message: Message): number {
  const { attachments } = message;
  const names = Array.isArray(attachments) ? attachments.length : 0;
  return (
    1 +
    message.recipients.length +
    message.lines.length +
    names +
    textWeight(message.subject) +
    textWeight(message.messageId) +
    textWeight(message.alertId) +
    textWeight(message.alertName)
  );
}

/** The same of a record that is an event by itself. */
export function recordWeight({ fields }: LogRecord): number {
  let weight = 1;
  for (const name in fields) {
    const value = fields[name];
    weight += Array.isArray(value) ? value.length : textWeight(value);
  }
  return weight;
}

/** Its lines so far, ascending. */
export function eventLines(message: Message): number[] {
  const lines = message.lines.slice();
  for (let i = 1; i < lines.length; i++)
    if ((lines[i] as number) < (lines[i - 1] as number)) return lines.sort((a, b) => a - b);
  return lines;
}

/**
 * What the rows of a policy say of a message that the gateway's own lines tell of too: its lines
 * know the size and the attachments, so the rows only lend them the policy's name and verdict.
 */
export function lend(notice: Message, message: Message): void {
  message.alertName ??= notice.alertName;
  for (const { address, accepted, trouble } of notice.recipients) {
    const recipient = recipientFor(message, address);
    if (recipient === undefined) continue;
    if (accepted < recipient.accepted) recipient.accepted = accepted;
    if (trouble.held < recipient.trouble.held) {
      const own = troubleOf(recipient);
      own.held = trouble.held;
      own.heldFor = trouble.heldFor;
      own.heldBy = trouble.heldBy;
    }
    if (trouble.rejected < recipient.trouble.undelivered) {
      const own = troubleOf(recipient);
      own.undelivered = trouble.rejected;
      own.undeliveredFor = trouble.rejectedFor;
    }
  }
  for (const line of notice.lines) if (message.lines.length < MAX_LINES) message.lines.push(line);
}

function heldAt(message: Message, recipient: Recipient): number {
  return Math.min(message.held, recipient.trouble.held);
}

function isRefused({ accepted, trouble }: Recipient): boolean {
  return trouble.rejected < NEVER && accepted === NEVER;
}

export function isHeldFor(message: Message, recipient: Recipient): boolean {
  return heldAt(message, recipient) < NEVER && !isRefused(recipient);
}

/** The outcome as it stood at first: a hold is told even when its release is known already. */
export function firstOutcome(message: Message, recipient: Recipient): number {
  const isHeld = isHeldFor(message, recipient);
  if (isHeld && recipient.delivered > heldAt(message, recipient)) return FAILED;
  return outcomeOf(message, recipient);
}

export function outcomeOf(message: Message, recipient: Recipient): number {
  const { trouble } = recipient;
  if (recipient.delivered < NEVER) return SENT;
  if (trouble.rejected < NEVER && (recipient.accepted === NEVER || message.whole)) return FAILED;
  if (isHeldFor(message, recipient) || trouble.undelivered < NEVER) return FAILED;
  if (message.bounced < NEVER) return FAILED;
  // Accepted and on its way for all that is known, unless an attempt was put off.
  return trouble.deferred < NEVER ? recipient.told : SENT;
}

/** Nothing but attempts that were put off is known of its delivery. */
export function isPutOff(message: Message, recipient: Recipient): boolean {
  return (
    recipient.told === UNTOLD &&
    recipient.trouble.deferred < NEVER &&
    outcomeOf(message, recipient) === UNTOLD
  );
}

/** Whether a line changed what was told of the recipients it is about. */
export function changes(message: Message, record: LogRecord): boolean {
  if (record.part === 'process') {
    for (const recipient of message.recipients)
      if (outcomeOf(message, recipient) !== recipient.told) return true;
    return false;
  }
  for (const address of listOf(record.fields['recipients'])) {
    const recipient = recipientOf(message, address);
    if (recipient !== undefined && outcomeOf(message, recipient) !== recipient.told) return true;
  }
  return false;
}

function isRejectedWhole(message: Message): boolean {
  if (message.recipients.length === 0) return false;
  for (const recipient of message.recipients) if (!isRefused(recipient)) return false;
  return true;
}

/** Something that a message normally has was not seen. */
export function isIncomplete(message: Message): boolean {
  if (isRejectedWhole(message)) return false;
  if (message.processed === NEVER || message.recipients.length === 0) return true;
  for (const recipient of message.recipients) {
    const { trouble } = recipient;
    const isKnown =
      recipient.delivered < NEVER ||
      trouble.undelivered < NEVER ||
      trouble.rejected < NEVER ||
      isHeldFor(message, recipient);
    if (!isKnown && message.bounced === NEVER) return true;
  }
  return false;
}

/** All that can be told of it was told: only a late line may come, and no new outcome. */
export function isSettled(message: Message): boolean {
  if (isRejectedWhole(message)) return true;
  if (message.recipients.length === 0 || !(message.processed < NEVER || message.whole))
    return false;
  for (const { delivered, trouble, told } of message.recipients) {
    const isRejected = trouble.rejected < NEVER && told === FAILED;
    if (!(delivered < NEVER || isRejected || (message.whole && told === SENT))) return false;
  }
  return true;
}

function whyFailed(
  message: Message,
  recipients: readonly Recipient[],
): { readonly reason: string | undefined; readonly action: string | undefined } {
  for (const { accepted, trouble } of recipients) {
    if (trouble.rejected < NEVER && (accepted === NEVER || message.whole))
      return { reason: trouble.rejectedFor ?? 'rejected', action: trouble.rejectedBy ?? 'rej' };
    if (trouble.held < NEVER)
      return { reason: trouble.heldFor ?? 'held', action: trouble.heldBy ?? 'hld' };
  }
  if (message.held < NEVER) return { reason: message.heldFor ?? 'held', action: 'hld' };
  for (const { trouble } of recipients) {
    if (trouble.undelivered === NEVER && trouble.deferred < NEVER)
      return { reason: trouble.deferredFor ?? 'given up', action: 'not delivered' };
    if (trouble.undelivered < NEVER)
      return { reason: trouble.undeliveredFor ?? 'not delivered', action: 'not delivered' };
  }
  return { reason: message.bouncedFor ?? 'bounced', action: 'bnc' };
}

/** Moments that never came are null in JSON, as infinity and NaN have no form there. */
export type PlainMessage = Omit<Message, 'byAddress' | 'recipients'> & {
  recipients: (Omit<Recipient, 'trouble'> & { trouble: Trouble | undefined })[];
};

export function plainMessage(message: Message): PlainMessage {
  const { byAddress: _, ...plain } = message;
  const recipients = message.recipients.map((recipient) => ({
    ...recipient,
    trouble: recipient.trouble === none ? undefined : recipient.trouble,
  }));
  return { ...plain, recipients };
}

function moment(value: number | null): number {
  return value ?? NEVER;
}

export function messageOf(plain: PlainMessage): Message {
  const recipients = plain.recipients.map(({ trouble, ...recipient }): Recipient => {
    return {
      address: recipient.address,
      accepted: moment(recipient.accepted),
      delivered: moment(recipient.delivered),
      acceptedBy: recipient.acceptedBy,
      deliveredBy: recipient.deliveredBy,
      told: recipient.told,
      trouble:
        trouble === undefined
          ? none
          : {
              ...newTrouble(),
              ...trouble,
              rejected: moment(trouble.rejected),
              held: moment(trouble.held),
              undelivered: moment(trouble.undelivered),
              deferred: moment(trouble.deferred),
            },
    };
  });
  return {
    ...createMessage(plain.key, plain.seq, plain.first, plain.whole),
    ...plain,
    receipt: moment(plain.receipt),
    processed: moment(plain.processed),
    held: moment(plain.held),
    bounced: moment(plain.bounced),
    due: plain.due ?? Number.NaN,
    changed: plain.changed ?? Number.NaN,
    recipients,
    byAddress: byAddress(recipients),
  };
}
