/** Mimecast v1 SIEM records of mail, as JSON and as key=value: same fields, different spelling. */

import type { Organisation } from '../../activity.js';
import { escapeJson, jsonText, offsetText, TimeSpelling } from '../text.js';
import {
  type Field,
  fieldsOf,
  jsonLayout,
  keyValueLayout,
  type RecordLayout,
} from './key-order.js';
import type { Delivery, Message, MessageRecord, Processing, Receipt } from './message.js';

const RECEIPT =
  'datetime aCode acc SpamLimit# IP RejType Error RejCode Dir Subject# MsgId# headerFrom Sender Rcpt SpamInfo Act RejInfo TlsVer Cphr SpamScore#';
const PROCESS =
  'datetime aCode acc Sender Hld AttSize# Act AttCnt# AttNames# MsgSize# MsgId# Subject#';
const DELIVERY =
  'datetime aCode acc Delivered# Err IP RejType RejCode AttCnt# Dir ReceiptAck# MsgId# Subject# Latency# Sender Rcpt AttSize# Attempt# RejInfo TlsVer Cphr Snt# UseTls Route';

/** The order of insertion decides between keys of one bucket, and differs between the two forms. */
const KEY_VALUE_RECEIPT =
  'datetime aCode acc TlsVer SpamLimit IP RejType Error RejCode Dir MsgId Subject headerFrom Sender Rcpt SpamInfo Act RejInfo Cphr SpamScore';

/** Spells one value; what stands in quotes comes without them. */
interface Spelling {
  readonly plain: (text: string) => string;
  /** Free text that is always there. */
  readonly free: (text: string) => string;
  /** Free text that may be missing, with its quotes. */
  readonly optional: (text: string | undefined) => string;
  /** An id that may be missing, with its quotes. */
  readonly id: (text: string | undefined) => string;
  /** Free text of ours, which needs no escape. */
  readonly ours: (text: string) => string;
  readonly names: (names: readonly string[]) => string;
}

const JSON_SPELLING: Spelling = {
  plain: escapeJson,
  free: escapeJson,
  optional: (text) => (text === undefined ? 'null' : jsonText(text)),
  id: (text) => (text === undefined ? 'null' : jsonText(text)),
  ours: (text) => `"${text}"`,
  names: (names) => (names.length === 0 ? 'null' : jsonText(quotedNames(names))),
};

const KEY_VALUE_SPELLING: Spelling = {
  plain: (text) => text,
  free: (text) => `\\${text}\\`,
  optional: (text) => (text === undefined ? '' : `\\${text}\\`),
  id: (text) => text ?? '',
  ours: (text) => `\\${text}\\`,
  names: (names) => (names.length === 0 ? '' : quotedNames(names)),
};

/** `"a.docx", "b.xlsx"` */
export function quotedNames(names: readonly string[]): string {
  return `"${names.join('", "')}"`;
}

/** What all records of a message repeat, spelt. */
interface Common {
  readonly id: string;
  readonly subject: string;
  readonly sender: string;
  readonly from: string | undefined;
  readonly count: string;
  readonly bytes: string;
  /** The sender's address needs no escape, so neither does what the gateway makes of it. */
  readonly plainSender: boolean;
}

/** Turns message records into lines. */
export class SiemWriter {
  private readonly moments: TimeSpelling;
  private readonly spelling: Spelling;
  private readonly receiptLayout: RecordLayout;
  private readonly processLayout: RecordLayout;
  private readonly deliveryLayout: RecordLayout;
  private message: Message | undefined;
  private common: Common | undefined;
  private recipient = '';
  private spelt = '';

  constructor(organisation: Organisation, form: 'v1-json' | 'v1-kv', utc_offset: number) {
    const json = form === 'v1-json';
    this.spelling = json ? JSON_SPELLING : KEY_VALUE_SPELLING;
    this.moments = new TimeSpelling(utc_offset, offsetText(utc_offset));
    const layout = json ? jsonLayout : keyValueLayout;
    const acc = this.spelling.plain(organisation.account);
    const fields = (keys: string): Field[] => fieldsOf(keys, { acc, SpamInfo: '[]' });
    this.receiptLayout = layout(fields(RECEIPT), json ? undefined : KEY_VALUE_RECEIPT.split(' '));
    this.processLayout = layout(fields(PROCESS));
    this.deliveryLayout = layout(fields(DELIVERY));
  }

  line(message: Message, record: MessageRecord): string {
    const common = this.commonOf(message);
    switch (record.part) {
      case 'receipt':
        return this.receipt(message, common, record);
      case 'process':
        return this.processing(message, common, record);
      case 'delivery':
        return this.delivery(message, common, record);
    }
  }

  private commonOf(message: Message): Common {
    if (this.message !== message || this.common === undefined) {
      const { plain, optional, id } = this.spelling;
      const { header_from, envelope_sender, message_id } = message;
      const from = plain(header_from);
      const plainSender = from === header_from;
      this.common = {
        plainSender,
        id: id(message_id),
        subject: optional(message.subject),
        sender: envelope_sender === header_from ? from : plain(envelope_sender),
        // Who wrote a mail that was refused before its header is not known.
        from: message_id === undefined ? undefined : from,
        count: String(message.attachment_names.length),
        bytes: String(message.attachment_bytes),
      };
      this.message = message;
    }
    return this.common;
  }

  /** Receipt and delivery of a mail to one person name the same recipient. */
  private recipientText(recipient: string): string {
    if (recipient !== this.recipient) {
      this.recipient = recipient;
      this.spelt = this.spelling.plain(recipient);
    }
    return this.spelt;
  }

  private receipt({ code, direction }: Message, common: Common, record: Receipt): string {
    const { plain, free } = this.spelling;
    const { spam, tls, rejection, error } = record;
    return this.receiptLayout.write([
      this.moments.spell(record.time),
      code,
      '',
      spam && String(spam.limit),
      record.ip,
      rejection && free(rejection.type),
      given(error, free),
      rejection && plain(rejection.code),
      direction,
      common.subject,
      common.id,
      common.from,
      common.sender,
      this.recipientText(record.recipient),
      spam && '',
      record.action,
      rejection && free(rejection.detail),
      tls?.version,
      tls?.cipher,
      spam && String(spam.score),
    ]);
  }

  private processing(message: Message, common: Common, record: Processing): string {
    const { plain, names } = this.spelling;
    return this.processLayout.write([
      this.moments.spell(record.time),
      message.code,
      '',
      common.sender,
      record.hold && plain(record.hold),
      common.bytes,
      record.action,
      common.count,
      names(message.attachment_names),
      String(message.message_bytes),
      common.id,
      common.subject,
    ]);
  }

  private delivery({ code, direction }: Message, common: Common, record: Delivery): string {
    const { plain, free, optional, ours } = this.spelling;
    const { tls, rejection, error, route, acknowledgement } = record;
    return this.deliveryLayout.write([
      this.moments.spell(record.time),
      code,
      '',
      record.delivered ? 'true' : 'false',
      given(error, free),
      record.ip,
      rejection && free(rejection.type),
      given(rejection?.code, plain),
      common.count,
      direction,
      acknowledgement !== undefined && common.plainSender
        ? ours(acknowledgement)
        : optional(acknowledgement),
      common.id,
      common.subject,
      String(record.latency),
      common.sender,
      this.recipientText(record.recipient),
      common.bytes,
      String(record.attempt),
      given(rejection?.detail, free),
      tls?.version,
      tls?.cipher,
      String(record.sent_bytes),
      tls === undefined ? 'No' : 'Yes',
      given(route, free),
    ]);
  }
}

function given(text: string | undefined, spell: (text: string) => string): string | undefined {
  return text === undefined ? undefined : spell(text);
}
