/**
 * The life of one message as the gateway's servers log it: a receipt for each recipient, one
 * process record, a delivery for each recipient and attempt, with the pauses in between.
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
  readonly message_id: string;
  readonly direction: 'Inbound' | 'Outbound' | 'Internal';
  /** `<>` for mail written by machines. */
  readonly envelope_sender: string;
  readonly header_from: string;
  /** At most 150 characters; undefined when empty. */
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
  readonly ip: string;
  readonly delivered: boolean;
  readonly attempt: number;
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
        tls: rejected === undefined ? tls : undefined,
        rejection: rejected,
        spam: inbound && rejected === undefined ? { limit: 28, score } : undefined,
      });
      time += random.int(90);
    }
    if (rejected !== undefined) return message;
    // Scanning takes a second or two, and longer for large files.
    time = mail.time + Math.round(600 + random.exponential(1700) + message.attachment_bytes / 9000);
    const held = outcome.kind === 'held' ? outcome : undefined;
    records.push({
      part: 'process',
      time,
      action: held === undefined ? 'Acc' : 'Hld',
      hold: held?.reason,
    });
    if (held !== undefined) {
      if (held.release_after === undefined) return message;
      time += held.release_after;
    }
    for (const recipient of mail.recipients) {
      this.deliver(
        mail,
        message,
        recipient,
        time + Math.round(300 + random.exponential(1500)),
        records,
      );
    }
    return message;
  }

  private deliver(
    mail: MailActivity,
    message: Message,
    recipient: string,
    begin: number,
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
    const latency = 400 + Math.round(random.exponential(1300) + size / 6000);
    let time = begin;
    let attempt = 1;
    const failures =
      outcome.kind === 'retried'
        ? outcome.attempts - 1
        : outcome.kind === 'bounced' && outcome.type === 'Recipient server unavailable or busy'
          ? 3
          : 0;
    for (; attempt <= failures; attempt++) {
      const refusal =
        outcome.kind === 'retried' ? outcome.error : 'Connection timed out (Connection timed out)';
      const spoke = /^[45]/.test(refusal);
      const spent = spoke ? 300 + random.int(2500) : 1000 + random.int(29_000);
      records.push({
        part: 'delivery',
        time: time + spent,
        recipient,
        ip,
        delivered: false,
        attempt,
        latency: spent,
        sent_bytes: spoke ? 125 + random.int(25) : 0,
        acknowledgement: undefined,
        error: refusal,
        rejection: {
          type: 'Recipient server unavailable or busy',
          code: undefined,
          detail: undefined,
        },
        tls: spoke ? tls : undefined,
        route: undefined,
      });
      // The pauses double: one minute, two, four …
      time += Math.round(MINUTE * 2 ** (attempt - 1) * (0.9 + 0.4 * random.uniform())) + spent;
    }
    if (outcome.kind === 'bounced') {
      const spoke = failures === 0;
      records.push({
        part: 'delivery',
        time: time + latency,
        recipient,
        ip,
        delivered: false,
        attempt,
        latency,
        sent_bytes: spoke ? 125 + random.int(25) : 0,
        acknowledgement: undefined,
        error: undefined,
        rejection: { type: outcome.type, code: outcome.code, detail: outcome.detail },
        tls: spoke ? tls : undefined,
        route,
      });
      return;
    }
    records.push({
      part: 'delivery',
      time: time + latency,
      recipient,
      ip,
      delivered: true,
      attempt,
      latency,
      sent_bytes: size,
      acknowledgement: this.acknowledgement(server, message, time + latency),
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
    return {
      code,
      received: mail.time,
      message_id: this.messageId(sender?.naming ?? 0, domain, mail.time),
      direction: DIRECTIONS[mail.direction],
      envelope_sender: mail.automatic === true ? '<>' : mail.sender,
      header_from: mail.sender,
      subject: subjectOf(mail.subject),
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

  private acknowledgement(server: Server, message: Message, time: number): string {
    const random = this.random;
    switch (server.reply) {
      case 0:
        return `250 2.0.0 OK  ${Math.floor(time / 1000)} ${hex(random, 16).slice(0, 12)}si${random.int(9_999_999)}wrt.${random.int(999)} - gsmtp`;
      case 1:
        return `250 2.6.0 ${message.message_id} [InternalId=${random.word()}] Queued mail for delivery`;
      default:
        return `250 2.0.0 Ok: queued as ${hex(random, 16).toUpperCase().slice(0, 11)}`;
    }
  }
}
