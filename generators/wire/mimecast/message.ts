/**
 * The life of one message as the gateway's servers log it: a receipt for each recipient, one
 * process record, a delivery for each recipient and attempt, with the pauses in between.
 *
 * Over 400 lines, half of them what records hold: their parts are drawn from one stream, in one order.
 */

import type { MailActivity, Organisation } from '../../activity.js';
import { MINUTE } from '../../calendar.js';
import { addressOnNetwork } from '../../outside.js';
import { hashText, type Random } from '../../random.js';
import { hex, trackingCode } from '../text.js';

/** What receipt, process and delivery records have in common. */
export interface Message {
  readonly code: string;
  /** When the gateway took it, and the address it came from. */
  readonly received: number;
  readonly source: string;
  /** Undefined when the gateway refused the mail before it had read its header. */
  readonly message_id: string | undefined;
  readonly direction: 'Inbound' | 'Outbound' | 'Internal';
  /** `<>` for mail written by machines. */
  readonly envelope_sender: string;
  readonly header_from: string;
  /** At most 150 characters; undefined when empty, or when the header was not read. */
  readonly subject: string | undefined;
  readonly attachment_names: readonly string[];
  readonly attachment_bytes: number;
  readonly message_bytes: number;
}

export interface Tls {
  readonly version: string;
  readonly cipher: string;
}

export interface Receipt {
  readonly part: 'receipt';
  /** The writer changes it to what the host's clock shows while the record is spelt. */
  time: number;
  readonly recipient: string;
  readonly ip: string;
  readonly action: 'Acc' | 'Rej';
  readonly tls: Tls | undefined;
  readonly rejection:
    | { readonly type: string; readonly code: string; readonly detail: string }
    | undefined;
  /** What the policy said that refused it. */
  readonly error: string | undefined;
  readonly spam: { readonly limit: number; readonly score: number } | undefined;
}

export interface Processing {
  readonly part: 'process';
  time: number;
  readonly action: 'Acc' | 'Hld';
  readonly hold: string | undefined;
}

export interface Delivery {
  readonly part: 'delivery';
  time: number;
  readonly recipient: string;
  /** Undefined when nobody answered there; then there is neither protocol nor route. */
  readonly ip: string | undefined;
  readonly delivered: boolean;
  readonly attempt: number;
  /** Ms since the gateway began to take the mail, or since its release: not of this attempt alone. */
  readonly latency: number;
  readonly sent_bytes: number;
  readonly acknowledgement: string | undefined;
  readonly error: string | undefined;
  readonly rejection:
    | {
        readonly type: string;
        readonly code: string | undefined;
        readonly detail: string | undefined;
      }
    | undefined;
  readonly tls: Tls | undefined;
  readonly route: string | undefined;
}

export type MessageRecord = Receipt | Processing | Delivery;

const TLS_13: Tls = { version: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384' };
const TLS_12: Tls = { version: 'TLSv1.2', cipher: 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384' };

/** Refused at the envelope, because of its sender: what the header says is unknown. */
const ENVELOPE = 'Manual Envelope Rejection';
/** Refused once all of it was read, over the connection's protocol. */
const CONTENT = 'Virus Signature Detection';

/** A server's answer that puts a mail off: its code and its words. */
const PUT_OFF = /^(4\d\d) (.*)$/;

/** Limits of the spam score of mail from outside and from inside; mail within is not scanned. */
const SPAM_LIMIT = 28;

/** Style of acknowledgements of the organisation's own server, to which Exchange routes lead. */
const EXCHANGE_REPLY = 1;

/** Nobody answers there, or has no time: the mail is tried again until it has waited too long. */
const UNREACHABLE = 'Recipient server unavailable or busy';
/**
 * Pauses between attempts, in minutes: thirty attempts in four days, as the manual has it. The first
 * seventeen take twelve hours, as in the published record of a seventeenth.
 */
const PAUSES: readonly number[] = [
  ...[1, 5, 9, 15, 30],
  ...new Array<number>(11).fill(60),
  ...new Array<number>(5).fill(240),
  ...new Array<number>(8).fill(480),
];

/** Domains whose servers are remembered; all can be derived again. */
const MOST_SERVERS = 4096;

/**
 * What follows from a domain: every server keeps its addresses, its protocol and its style. Worked
 * out when it is asked for, since most domains are met once.
 */
class Server {
  private readonly domain: string;
  private readonly addresses: (string | undefined)[] = [];
  private protocol: Tls | undefined | null = null;

  constructor(domain: string) {
    this.domain = domain;
  }

  get tls(): Tls | undefined {
    if (this.protocol === null) {
      const h = hashText(this.domain, 0x715) % 100;
      this.protocol = h < 52 ? TLS_13 : h < 94 ? TLS_12 : undefined;
    }
    return this.protocol;
  }

  /** Style of the Message-IDs that it makes. */
  get naming(): number {
    return hashText(this.domain, 0x1d) % 4;
  }

  /** Style in which it acknowledges. */
  get reply(): number {
    return hashText(this.domain, 0xac) % 3;
  }

  /** One of the two addresses that it sends from. */
  source(choice: number): string {
    return this.address(1 + choice);
  }

  /** One of the two addresses that it takes mail at. */
  destination(choice: number): string {
    return this.address(9 + choice);
  }

  private address(salt: number): string {
    const known = this.addresses[salt];
    if (known !== undefined) return known;
    const address = addressOnNetwork(this.domain, salt);
    this.addresses[salt] = address;
    return address;
  }
}

export function domainOf(address: string): string {
  return address.slice(address.lastIndexOf('@') + 1);
}

/** One line of at most 150 characters, never ending in half of one; undefined when empty. */
function subjectOf(subject: string): string | undefined {
  if (subject === '') return undefined;
  const line =
    subject.includes('\n') || subject.includes('\r') ? subject.replace(/[\r\n]+/g, ' ') : subject;
  return line.length <= 150 ? line : Array.from(line).slice(0, 150).join('');
}

/** What the policy says that refuses a mail; undefined for refusals that are no policy's. */
function policyError(type: string, detail: string): string | undefined {
  if (type === ENVELOPE) return 'User level block list in force';
  // The scanner's name for it, without the scanner's own: `[clam.Doc.Dropper, …]`.
  const virus = type === CONTENT ? /^\[\w+\.([^,\]]+)/.exec(detail)?.[1] : undefined;
  return virus === undefined ? undefined : `Malware detected by AV Scan policy: ${virus}`;
}

const NO_NAMES: readonly string[] = [];
const DIRECTIONS = { inbound: 'Inbound', outbound: 'Outbound', internal: 'Internal' } as const;

export class MessageLog {
  private readonly random: Random;
  private readonly relay: string;
  /** Addresses that mail from inside comes from. */
  private readonly outlets: readonly string[];
  private readonly servers = new Map<string, Server>();

  constructor(organisation: Organisation, random: Random) {
    this.random = random;
    const home = organisation.domains[0] ?? 'corp.example';
    this.relay = addressOnNetwork(`relay ${home}`);
    this.outlets = [3, 4, 5, 6].map((salt) => addressOnNetwork(home, salt));
  }

  private server(domain: string): Server {
    let server = this.servers.get(domain);
    if (server === undefined) {
      if (this.servers.size >= MOST_SERVERS) this.servers.clear();
      server = new Server(domain);
      this.servers.set(domain, server);
    }
    return server;
  }

  /** Appends the records of a mail, in the order in which they are written. */
  records(mail: MailActivity, records: MessageRecord[]): Message {
    const random = this.random;
    const inbound = mail.direction === 'inbound';
    const internal = mail.direction === 'internal';
    const domain = domainOf(mail.sender);
    const sender = inbound ? this.server(domain) : undefined;
    const message = this.message(mail, domain, sender);
    const { source } = message;
    const { outcome } = mail;
    const rejected = outcome.kind === 'rejected' ? outcome : undefined;
    const tls = sender === undefined ? TLS_13 : sender.tls;
    const unwanted = inbound && outcome.kind === 'held' && outcome.reason === 'Spm';
    const score = unwanted ? 29 + random.int(33) : Math.floor(random.exponential(2.2));
    let time = mail.time;
    for (const recipient of mail.recipients) {
      records.push({
        part: 'receipt',
        time,
        recipient,
        ip: source,
        action: rejected === undefined ? 'Acc' : 'Rej',
        tls: rejected === undefined || rejected.type === CONTENT ? tls : undefined,
        rejection: rejected,
        error: rejected && policyError(rejected.type, rejected.detail),
        spam:
          internal || rejected !== undefined
            ? undefined
            : { limit: SPAM_LIMIT, score: inbound ? score : 0 },
      });
      time += random.int(90);
    }
    if (rejected !== undefined) return message;
    // Scanning takes two seconds or more, and longer for large files.
    time =
      mail.time + Math.round(1500 + random.exponential(1300) + message.attachment_bytes / 9000);
    const held = outcome.kind === 'held' ? outcome : undefined;
    records.push({
      part: 'process',
      time,
      action: held === undefined ? 'Acc' : 'Hld',
      hold: held?.reason,
    });
    // A mail's way begins when the gateway starts to read it, a little before its receipt.
    let since = mail.time - (inbound ? 1500 : 300) - Math.round(message.message_bytes / 500);
    if (held !== undefined) {
      if (held.release_after === undefined) return message;
      time += held.release_after;
      since = time;
    }
    for (const recipient of mail.recipients) {
      this.deliver(
        mail,
        message,
        recipient,
        { since, begin: time + Math.round(100 + random.exponential(300)) },
        records,
      );
    }
    return message;
  }

  private deliver(
    mail: MailActivity,
    message: Message,
    recipient: string,
    { since, begin }: { readonly since: number; readonly begin: number },
    records: MessageRecord[],
  ): void {
    const random = this.random;
    const { outcome } = mail;
    const outbound = mail.direction === 'outbound';
    const server = this.server(domainOf(recipient));
    const ip = outbound ? server.destination(random.word() & 1) : this.relay;
    const tls = outbound ? server.tls : TLS_12;
    const route = outbound ? 'Default Outbound Route' : 'Mimecast Exchange Route';
    const size = message.message_bytes + 700 + random.int(1800);
    const spent = 200 + Math.round(random.exponential(400) + size / 6000);
    let time = begin;
    let attempt = 1;
    const failures =
      outcome.kind === 'retried'
        ? outcome.attempts - 1
        : outcome.kind === 'bounced' && outcome.type === UNREACHABLE
          ? PAUSES.length
          : 0;
    for (; attempt <= failures; attempt++) {
      const refusal =
        outcome.kind === 'retried' ? outcome.error : 'Connection timed out (Connection timed out)';
      const answer = PUT_OFF.exec(refusal);
      const spoke = answer !== null;
      time += spoke ? 300 + random.int(2500) : 1000 + random.int(29_000);
      records.push({
        part: 'delivery',
        time,
        recipient,
        ip: spoke ? ip : undefined,
        delivered: false,
        attempt,
        latency: time - since,
        sent_bytes: spoke ? 125 + random.int(25) : 0,
        acknowledgement: undefined,
        error: spoke ? undefined : refusal,
        rejection: {
          type: UNREACHABLE,
          code: answer?.[1],
          detail: answer?.[2],
        },
        tls: spoke ? tls : undefined,
        route: spoke ? route : undefined,
      });
      const pause = PAUSES[Math.min(attempt, PAUSES.length) - 1] as number;
      // The queue is gone through now and then, not at the second.
      time += Math.round(MINUTE * pause * (0.98 + 0.04 * random.uniform()));
    }
    time += spent;
    if (outcome.kind === 'bounced') {
      const spoke = failures === 0;
      records.push({
        part: 'delivery',
        time,
        recipient,
        ip: spoke ? ip : undefined,
        delivered: false,
        attempt,
        latency: time - since,
        sent_bytes: spoke ? 125 + random.int(25) : 0,
        acknowledgement: undefined,
        error: undefined,
        rejection: { type: outcome.type, code: outcome.code, detail: outcome.detail },
        tls: spoke ? tls : undefined,
        route: spoke ? route : undefined,
      });
      return;
    }
    records.push({
      part: 'delivery',
      time,
      recipient,
      ip,
      delivered: true,
      attempt,
      latency: time - since,
      sent_bytes: size,
      acknowledgement: this.acknowledgement(
        outbound ? server.reply : EXCHANGE_REPLY,
        message,
        time,
      ),
      error: undefined,
      rejection: undefined,
      tls,
      route,
    });
  }

  private message(mail: MailActivity, domain: string, sender: Server | undefined): Message {
    const random = this.random;
    const code = trackingCode(random);
    let attachment_bytes = 0;
    for (const attachment of mail.attachments) attachment_bytes += attachment.bytes;
    const { outcome } = mail;
    const automatic = mail.automatic === true;
    // Senders are on block lists, and the empty one is nobody's.
    const hasHeader = automatic || outcome.kind !== 'rejected' || outcome.type !== ENVELOPE;
    const message_id = this.messageId(sender?.naming ?? 0, domain, mail.time);
    return {
      code,
      received: mail.time,
      message_id: hasHeader ? message_id : undefined,
      direction: DIRECTIONS[mail.direction],
      envelope_sender: automatic ? '<>' : mail.sender,
      header_from: mail.sender,
      subject: hasHeader ? subjectOf(mail.subject) : undefined,
      attachment_names:
        mail.attachments.length === 0 ? NO_NAMES : mail.attachments.map(({ name }) => name),
      attachment_bytes,
      message_bytes: mail.body_bytes + attachment_bytes + 900 + random.int(2200),
      source:
        sender === undefined
          ? (this.outlets[random.word() & 3] as string)
          : sender.source(random.word() & 1),
    };
  }

  private messageId(naming: number, domain: string, time: number): string {
    const random = this.random;
    switch (naming) {
      case 0:
        return `<${hex(random, 32)}@${domain}>`;
      case 1:
        return `<CA${hex(random, 24)}@mail.${domain}>`;
      case 2:
        return `<${random.word()}.${random.int(100_000)}.${time}@${domain}>`;
      default:
        return `<${hex(random, 8)}$${hex(random, 8)}$@${domain}>`;
    }
  }

  private acknowledgement(style: number, { message_id }: Message, time: number): string {
    const random = this.random;
    switch (style) {
      case 0:
        return `250 2.0.0 OK  ${Math.floor(time / 1000)} ${hex(random, 16).slice(0, 12)}si${random.int(9_999_999)}wrt.${random.int(999)} - gsmtp`;
      case 1:
        return `250 2.6.0 ${message_id} [InternalId=${random.word()}] Queued mail for delivery`;
      default:
        return `250 2.0.0 Ok: queued as ${hex(random, 16).toUpperCase().slice(0, 11)}`;
    }
  }
}
