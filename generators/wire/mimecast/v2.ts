/**
 * Mimecast API 2.0 records of mail, one JSON object each. Keys come in a fixed order, all of them in
 * every record; numbers and booleans are strings, only the time is a number.
 */

import type { Organisation } from '../../activity.js';
import { hashNumbers, hashText } from '../../random.js';
import { base64Of32Bytes, jsonText } from '../text.js';
import { fieldsOf, orderedLayout, type RecordLayout } from './key-order.js';
import {
  type Delivery,
  domainOf,
  type Message,
  type MessageRecord,
  type Processing,
  type Receipt,
} from './message.js';
import { quotedNames } from './v1.js';

/** The service spelt some things otherwise before; nobody has said since when exactly. */
const NEW_SPELLING = Date.UTC(2025, 2, 1);
/** From then on the checks of the sender are an object, no text with JSON in it. */
const CHECKS_AS_OBJECT = Date.UTC(2025, 9, 1);

const RECEIPT =
  'aggregateId processingId accountId timestamp# action senderEnvelope# messageId# subject# recipients# senderIp rejectionType# rejectionCode# direction numberAttachments senderHeader# rejectionInfo# tlsVersion# tlsCipher# spamInfo spamProcessingDetail# virusFound# spamScore spamDetectionLevel receiptErrors# type subtype';
const PROCESS =
  'aggregateId processingId accountId action timestamp# senderEnvelope# messageId# subject# holdReason# totalSizeAttachments numberAttachments attachments# emailSize type subtype';
const DELIVERY =
  'aggregateId processingId accountId timestamp# messageId# senderEnvelope# subject# recipients# delivered destinationIp# Hostname numberAttachments direction totalSizeAttachments deliveryAttempts tlsVersion# tlsCipher# emailSize tlsUsed route# deliveryErrors# rejectionType# rejectionCode# rejectionInfo# deliveryTime type subtype';
/** The later spelling names the sender before the message. */
const NEW_DELIVERY = DELIVERY.replace('messageId# senderEnvelope#', 'senderEnvelope# messageId#');

interface Layouts {
  readonly receipt: RecordLayout;
  readonly process: RecordLayout;
  readonly delivery: RecordLayout;
}

/** Where a record stands in the service's own queue; later records have no such keys. */
const QUEUE = ' _offset# _partition#';
const PARTITIONS = 144;
/** Start of the queue's count, and records a millisecond of all customers together. */
const QUEUE_START = Date.UTC(2023, 0, 1);
const QUEUE_RATE = 0.004;

/** Turns message records into lines. */
export class EventWriter {
  private readonly old: Layouts;
  private readonly new: Layouts;
  private readonly home: string;

  constructor(organisation: Organisation) {
    const accountId = organisation.account;
    const layouts = (tail: string, delivery: string): Layouts => {
      const of = (type: string, keys: string): RecordLayout =>
        orderedLayout(fieldsOf(keys + tail, { accountId, type, spamInfo: '[]' }));
      return {
        receipt: of('receipt', RECEIPT),
        process: of('process', PROCESS),
        delivery: of('delivery', delivery),
      };
    };
    this.old = layouts(QUEUE, DELIVERY);
    this.new = layouts('', NEW_DELIVERY);
    this.home = organisation.domains[0] ?? 'corp.example';
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

  private receipt(message: Message, record: Receipt): string {
    const { tls, rejection, spam, recipient, time } = record;
    const later = time >= NEW_SPELLING;
    const id = processingId(message.code, recipient);
    return (later ? this.new : this.old).receipt.write([
      stamped(message.code, message),
      stamped(id, message),
      '',
      String(time),
      record.action,
      jsonText(message.envelope_sender),
      optional(message.message_id),
      optional(message.subject),
      jsonText(recipient),
      record.ip,
      optional(rejection?.type),
      optional(rejection?.code),
      direction(message, later),
      String(message.attachment_names.length),
      message.message_id === undefined ? 'null' : jsonText(message.header_from),
      optional(rejection?.detail),
      rejection === undefined ? optional(tls?.version) : '""',
      rejection === undefined ? optional(tls?.cipher) : '""',
      '',
      message.direction === 'Inbound' && spam !== undefined
        ? checks(message.header_from, time)
        : 'null',
      'null',
      String(spam?.score ?? 0),
      String(spam?.limit ?? 28),
      optional(record.error),
      '',
      record.action,
      ...queued(id, time, later),
    ]);
  }

  private processing(message: Message, record: Processing): string {
    const { time, action } = record;
    const later = time >= NEW_SPELLING;
    const id = processingId(message.code, '');
    const names = message.attachment_names;
    return (later ? this.new : this.old).process.write([
      stamped(message.code, message),
      stamped(id, message),
      '',
      action,
      String(time),
      jsonText(message.envelope_sender),
      optional(message.message_id),
      optional(message.subject),
      optional(record.hold),
      String(message.attachment_bytes),
      String(names.length),
      // One name alone stands without quotes.
      names.length < 2 ? optional(names[0]) : jsonText(quotedNames(names)),
      String(message.message_bytes),
      '',
      action,
      ...queued(id, time, later),
    ]);
  }

  private delivery(message: Message, record: Delivery): string {
    const { tls, rejection, recipient, time } = record;
    const later = time >= NEW_SPELLING;
    const id = processingId(message.code, recipient);
    const sender = jsonText(message.envelope_sender);
    const name = optional(message.message_id);
    const host =
      message.direction === 'Outbound' ? `mx.${domainOf(recipient)}` : `relay.${this.home}`;
    return (later ? this.new : this.old).delivery.write([
      stamped(message.code, message),
      stamped(id, message),
      '',
      String(time),
      later ? sender : name,
      later ? name : sender,
      optional(message.subject),
      jsonText(recipient),
      String(record.delivered),
      optional(record.ip),
      host,
      String(message.attachment_names.length),
      direction(message, later),
      String(message.attachment_bytes),
      String(record.attempt),
      optional(tls?.version),
      optional(tls?.cipher),
      String(record.sent_bytes),
      tls === undefined ? 'No' : 'Yes',
      optional(record.route),
      optional(record.error),
      optional(rejection?.type),
      optional(rejection?.code),
      optional(rejection?.detail),
      String(record.latency),
      '',
      String(record.delivered),
      ...queued(id, time, later),
    ]);
  }
}

const optional = (text: string | undefined): string =>
  text === undefined ? 'null' : jsonText(text);

function direction(message: Message, later: boolean): string {
  return later ? message.direction.toLowerCase() : message.direction;
}

/** An id with the second in which the message came. */
function stamped(id: string, message: Message): string {
  return `${id}_${Math.floor(message.received / 1000)}`;
}

/** 43 characters that stand for one recipient of a message, or for the message as a whole. */
function processingId(code: string, recipient: string): string {
  const a = hashText(code, 0x51d);
  const b = hashText(recipient, a);
  let n = 0;
  return base64Of32Bytes(() => hashNumbers(a, b, n++));
}

function queued(id: string, time: number, later: boolean): string[] {
  if (later) return [];
  const partition = hashText(id, 0x9a) % PARTITIONS;
  // The queue counts on at about the same pace, each partition from a number of its own.
  const begun = hashNumbers(0x0ff5e7, partition) % 4_000_000;
  return [String(begun + Math.floor((time - QUEUE_START) * QUEUE_RATE)), String(partition)];
}

/**
 * Who vouches for the sender: a text with JSON in it, escaped once more in the later spelling, and an
 * object in the latest.
 */
function checks(sender: string, time: number): string {
  const h = hashText(domainOf(sender), 0x5bf) % 100;
  const passed = { info: 'ALLOW', allow: true };
  const unknown = { info: 'UNKNOWN', allow: true };
  const detail = JSON.stringify({
    spf: h < 90 ? passed : unknown,
    dkim: h < 75 ? passed : unknown,
    dmarc: h < 60 ? passed : { info: 'NONE', allow: true },
  });
  if (time >= CHECKS_AS_OBJECT) return detail;
  return JSON.stringify(time >= NEW_SPELLING ? JSON.stringify(detail) : detail);
}
