/** Mimecast v1 SIEM records of mail, as JSON and as key=value: same fields, different spelling. */

import type { Organisation } from '../../activity.js';
import { jsonText, localTime, offsetText } from '../text.js';
import { jsonLayout, keyValueLayout, type RecordLayout } from './key-order.js';
import type { Delivery, Message, MessageRecord, Processing, Receipt } from './message.js';

// In order of insertion: it decides between keys of one bucket, and differs between the two forms.
const JSON_RECEIPT = [
  'datetime',
  'aCode',
  'acc',
  'SpamLimit',
  'IP',
  'RejType',
  'RejCode',
  'Dir',
  'Subject',
  'MsgId',
  'headerFrom',
  'Sender',
  'Rcpt',
  'SpamInfo',
  'Act',
  'RejInfo',
  'TlsVer',
  'Cphr',
  'SpamScore',
];
const KV_RECEIPT = [
  'datetime',
  'aCode',
  'acc',
  'TlsVer',
  'SpamLimit',
  'IP',
  'RejType',
  'RejCode',
  'Dir',
  'MsgId',
  'Subject',
  'headerFrom',
  'Sender',
  'Rcpt',
  'SpamInfo',
  'Act',
  'RejInfo',
  'Cphr',
  'SpamScore',
];
const PROCESS = [
  'datetime',
  'aCode',
  'acc',
  'Sender',
  'Hld',
  'AttSize',
  'Act',
  'AttCnt',
  'AttNames',
  'MsgSize',
  'MsgId',
  'Subject',
];
const DELIVERY = [
  'datetime',
  'aCode',
  'acc',
  'Delivered',
  'Err',
  'IP',
  'RejType',
  'RejCode',
  'AttCnt',
  'Dir',
  'ReceiptAck',
  'MsgId',
  'Subject',
  'Latency',
  'Sender',
  'Rcpt',
  'AttSize',
  'Attempt',
  'RejInfo',
  'TlsVer',
  'Cphr',
  'Snt',
  'UseTls',
  'Route',
];

/** Spells one value. */
interface Spelling {
  readonly plain: (text: string) => string;
  /** As plain, for text that we made ourselves and that needs no escape. */
  readonly safe: (text: string) => string;
  /** Free text; undefined where the record has none. */
  readonly free: (text: string | undefined) => string;
  readonly names: (names: readonly string[]) => string;
}

const JSON_SPELLING: Spelling = {
  plain: jsonText,
  safe: (text) => `"${text}"`,
  free: (text) => (text === undefined ? 'null' : jsonText(text)),
  names: (names) => (names.length === 0 ? 'null' : jsonText(quoted(names))),
};

const KV_SPELLING: Spelling = {
  plain: (text) => text,
  safe: (text) => text,
  free: (text) => (text === undefined ? '' : `\\${text}\\`),
  names: quoted,
};

function given(text: string | undefined, spell: (text: string) => string): string | undefined {
  return text === undefined ? undefined : spell(text);
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(', ');
}

interface Common {
  readonly message: Message;
  readonly code: string;
  readonly id: string;
  readonly subject: string;
  readonly sender: string;
  readonly from: string;
  readonly direction: string;
  readonly count: string;
  readonly bytes: string;
  readonly names: string;
}

/** Turns message records into lines. */
export class SiemWriter {
  private readonly account: string;
  private readonly offset: number;
  private readonly offsetSuffix: string;
  private readonly spelling: Spelling;
  private readonly receiptLayout: RecordLayout;
  private readonly processLayout: RecordLayout;
  private readonly deliveryLayout: RecordLayout;
  private readonly json: boolean;
  private spelt: Common | undefined;

  constructor(organisation: Organisation, form: 'v1-json' | 'v1-kv', utc_offset: number) {
    this.json = form === 'v1-json';
    const layout = this.json ? jsonLayout : keyValueLayout;
    this.spelling = this.json ? JSON_SPELLING : KV_SPELLING;
    this.receiptLayout = layout(this.json ? JSON_RECEIPT : KV_RECEIPT);
    this.processLayout = layout(PROCESS);
    this.deliveryLayout = layout(DELIVERY);
    this.account = this.spelling.plain(organisation.account);
    this.offset = utc_offset;
    this.offsetSuffix = this.json ? `${offsetText(utc_offset)}"` : offsetText(utc_offset);
  }

  line(message: Message, record: MessageRecord): string {
    switch (record.part) {
      case 'receipt':
        return this.receipt(message, record);
      case 'process':
        return this.processing(message, record);
      case 'delivery':
        return this.delivery(message, record);
    }
  }

  private time(time: number): string {
    const text = localTime(time, this.offset, this.offsetSuffix);
    return this.json ? `"${text}` : text;
  }

  /** What all records of a message repeat, spelt once. */
  private common(message: Message): Common {
    if (this.spelt?.message !== message) {
      const { plain, safe, free, names } = this.spelling;
      this.spelt = {
        message,
        code: safe(message.code),
        id: plain(message.message_id),
        subject: free(message.subject),
        sender: plain(message.envelope_sender),
        from: plain(message.header_from),
        direction: safe(message.direction),
        count: String(message.attachment_names.length),
        bytes: String(message.attachment_bytes),
        names: names(message.attachment_names),
      };
    }
    return this.spelt;
  }

  private receipt(message: Message, record: Receipt): string {
    const { plain, safe, free } = this.spelling;
    const { code, id, subject, sender, from, direction } = this.common(message);
    const { spam, tls, rejection } = record;
    const head = [this.time(record.time), code, this.account];
    const limit = spam && String(spam.limit);
    const ip = safe(record.ip);
    const rejType = given(rejection?.type, free);
    const rejCode = given(rejection?.code, plain);
    const tlsVer = tls && safe(tls.version);
    const tail = [
      from,
      sender,
      plain(record.recipient),
      spam && safe('[]'),
      safe(record.action),
      given(rejection?.detail, free),
    ];
    const cipher = tls && safe(tls.cipher);
    const score = spam && String(spam.score);
    return this.receiptLayout.write(
      this.json
        ? [
            ...head,
            limit,
            ip,
            rejType,
            rejCode,
            direction,
            subject,
            id,
            ...tail,
            tlsVer,
            cipher,
            score,
          ]
        : [
            ...head,
            tlsVer,
            limit,
            ip,
            rejType,
            rejCode,
            direction,
            id,
            subject,
            ...tail,
            cipher,
            score,
          ],
    );
  }

  private processing(message: Message, record: Processing): string {
    const { code, id, subject, sender, count, bytes, names } = this.common(message);
    const { safe, plain } = this.spelling;
    return this.processLayout.write([
      this.time(record.time),
      code,
      this.account,
      sender,
      given(record.hold, plain),
      bytes,
      safe(record.action),
      count,
      names,
      String(message.message_bytes),
      id,
      subject,
    ]);
  }

  private delivery(message: Message, record: Delivery): string {
    const { code, id, subject, sender, direction, count, bytes } = this.common(message);
    const { plain, safe, free } = this.spelling;
    const { tls, rejection, error, route } = record;
    return this.deliveryLayout.write([
      this.time(record.time),
      code,
      this.account,
      record.delivered ? 'true' : 'false',
      given(error, free),
      safe(record.ip),
      given(rejection?.type, free),
      given(rejection?.code, plain),
      count,
      direction,
      free(record.acknowledgement),
      id,
      subject,
      String(record.latency),
      sender,
      plain(record.recipient),
      bytes,
      String(record.attempt),
      given(rejection?.detail, free),
      tls && safe(tls.version),
      tls && safe(tls.cipher),
      String(record.sent_bytes),
      safe(tls === undefined ? 'No' : 'Yes'),
      given(route, free),
    ]);
  }
}
