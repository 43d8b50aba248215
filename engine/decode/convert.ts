import type { FieldValue } from '../contract.js';
import { copied, recent } from './recent.js';
import { type FlatRecord, isRecord, isThere } from './record.js';
import { parseTime } from './time.js';

/**
 * A decoded value as a field's value; undefined when it is not of that form. A text that comes again may come with
 * the same `place`, by which the answer is found.
 */
export type Converter = (value: unknown, place?: number) => FieldValue | undefined;

function jsonList(text: string): unknown[] | undefined {
  if (text.charCodeAt(0) !== 91) return;
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) ? list : undefined;
  } catch {
    return;
  }
}

/** A mailbox as an object, or as the text of one, which is how table columns hold it. */
function mailboxIn(text: string): FlatRecord | undefined {
  if (text.charCodeAt(0) !== 123) return;
  try {
    const mailbox: unknown = JSON.parse(text);
    return isRecord(mailbox) ? mailbox : undefined;
  } catch {
    return;
  }
}

/** File systems end names far below this; what is beyond is cut. */
const maxName = 1000;
/** Most members that a list keeps; what is beyond is a hostile line. */
const maxMembers = 20_000;

/** Characters of a text that are kept: what is beyond says no more about a mail, and fills memory. */
export const maxText = 16_000;
/** Lists inside lists that are read. */
const maxDepth = 8;

export const toText: Converter = (value) => textIn(value, 0);

function textIn(value: unknown, depth: number): string | undefined {
  if (typeof value === 'string') {
    if (value === '') return;
    return value.length <= maxText ? value : copied(value.slice(0, maxText));
  }
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) {
    if (depth >= maxDepth) return;
    const parts = value
      .slice(0, maxMembers)
      .map((part) => textIn(part, depth + 1))
      .filter(isThere);
    return parts.length === 0 ? undefined : parts.join(', ').slice(0, maxText);
  }
  if (!isRecord(value)) return;
  try {
    return JSON.stringify(value).slice(0, maxText);
  } catch {
    // Nested deeper than the stack: no text of it could be of use.
    return;
  }
}

export const toLower: Converter = (value) => {
  const text = toText(value);
  return typeof text === 'string' ? text.trim().toLowerCase() || undefined : undefined;
};

const upperCase = /[A-Z\u0080-\uffff]/;
const bracketScheme = /^(?:smtp|mailto|sip)/i;
const scheme = /^(?:smtp|mailto|rfc822;)[:;]?/i;

const isQuote = (code: number): boolean => code === 39 || code === 34;
const isOpening = (code: number): boolean => code === 60 || code === 91;
const isClosing = (code: number): boolean => code === 62 || code === 93;

function withoutQuotes(text: string): string {
  let from = 0;
  let to = text.length;
  while (from < to && isQuote(text.charCodeAt(from))) from++;
  while (to > from && isQuote(text.charCodeAt(to - 1))) to--;
  return text.slice(from, to);
}

/** The first address that stands in brackets by itself, with or without its scheme. */
function addressInBrackets(text: string): string | undefined {
  let open = -1;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (isOpening(code)) open = at;
    else if (isClosing(code) && open !== -1) {
      const inside = withoutBlanks(text, open + 1, at);
      const behind = inside.replace(bracketScheme, '');
      if (behind !== inside && isAddress(withoutColon(behind))) return withoutColon(behind);
      if (isAddress(withoutColon(inside))) return withoutColon(inside);
      open = -1;
    }
  }
  return;
}

function withoutBlanks(text: string, start: number, end: number): string {
  let from = start;
  let to = end;
  while (from < to && text.charCodeAt(from) === 32) from++;
  while (to > from && text.charCodeAt(to - 1) === 32) to--;
  return text.slice(from, to);
}

function withoutColon(text: string): string {
  return withoutBlanks(text, text.charCodeAt(0) === 58 ? 1 : 0, text.length);
}

function isAddress(text: string): boolean {
  const at = text.indexOf('@', 1);
  return at !== -1 && at < text.length - 1 && !/\s/.test(text) && !text.slice(0, at).includes(':');
}

/**
 * One address in lower case, maybe `text` itself, out of `a@b`, `<a@b>`, `Name <a@b>`, `smtp:a@b` or
 * `"Name" [SMTP:a@b]`.
 */
function addressOf(text: string): string | undefined {
  let at = text.indexOf('@');
  if (at <= 0 || at === text.length - 1 || text.length > 4000) return;
  let found = text;
  if (text.charCodeAt(text.length - 1) === 62 || text.charCodeAt(text.length - 1) === 93) {
    found = addressInBrackets(text.length > 1000 ? text.slice(-1000) : text) ?? text;
  }
  found = found.trim();
  if (found.charCodeAt(4) === 58 || found.charCodeAt(6) === 58 || found.charCodeAt(6) === 59)
    found = found.replace(scheme, '').trim();
  if (isQuote(found.charCodeAt(0))) found = withoutQuotes(found);
  at = found.lastIndexOf('@');
  if (at <= 0 || at === found.length - 1 || found.length > 400) return;
  return upperCase.test(found) ? found.toLowerCase() : found === text ? found : copied(found);
}

/** What a text says as one address, and as a list when it is no more than that. */
interface Addressed {
  readonly address: string | undefined;
  readonly alone: readonly string[] | undefined;
  readonly isList: boolean;
}

/** One address in lower case and nothing else, as most are written. */
const plainAddress = /^[a-z\d._=+-]{1,200}@[a-z\d.-]{1,190}$/;

/** One memory for both: who sends also gets mail, and a text that is new would be looked at twice. */
const addressed = recent((text): Addressed => {
  if (plainAddress.test(text)) return { address: text, alone: [text], isList: false };
  const mailbox = mailboxIn(text);
  const address = mailbox === undefined ? addressOf(text) : mailboxAddress(mailbox, 0);
  return {
    address,
    alone: address === undefined ? undefined : [address],
    isList: /[;,\s[{]/.test(text),
  };
});

function mailboxAddress(value: unknown, depth: number): string | undefined {
  if (depth >= maxDepth) return;
  if (typeof value === 'string') {
    const mailbox = mailboxIn(value);
    return mailbox === undefined ? addressOf(value) : mailboxAddress(mailbox, depth + 1);
  }
  if (Array.isArray(value)) return mailboxAddress(value[0], depth + 1);
  return isRecord(value)
    ? mailboxAddress(value['emailAddress'] ?? value['address'] ?? value['email'], depth + 1)
    : undefined;
}

export const toAddress: Converter = (value, place = 0) =>
  typeof value === 'string' ? addressed(value, place).address : mailboxAddress(value, 0);

function collectAddresses(value: unknown, into: string[], depth: number): void {
  if (into.length >= maxMembers || depth > 4) return;
  if (typeof value === 'string') {
    const inside = jsonList(value) ?? mailboxIn(value);
    if (inside !== undefined) collectAddresses(inside, into, depth + 1);
    else if (/[;,]|\s\S*@/.test(value)) {
      // A name before an address may hold a comma; a piece without an address belongs to no one.
      for (const piece of value.split(/[;,]/)) {
        const address = addressOf(copied(piece.trim()));
        if (address !== undefined && into.length < maxMembers) into.push(address);
      }
    } else {
      const address = addressOf(value);
      if (address !== undefined) into.push(address);
    }
  } else if (Array.isArray(value))
    for (const entry of value) collectAddresses(entry, into, depth + 1);
  else {
    const address = toAddress(value);
    if (typeof address === 'string') into.push(address);
  }
}

function addressesIn(value: unknown): readonly string[] | undefined {
  const found: string[] = [];
  collectAddresses(value, found, 0);
  return found.length === 0 ? undefined : found.length === 1 ? found : [...new Set(found)];
}

/** Each address once, in order of appearance. */
export const toAddresses: Converter = (value, place = 0) => {
  if (typeof value !== 'string') return addressesIn(value);
  const { alone, isList } = addressed(value, place);
  return isList ? addressesIn(value) : alone;
};

function collectNames(value: unknown, into: string[], depth: number): void {
  if (into.length >= maxMembers || depth > 4) return;
  if (typeof value === 'string') {
    const list = jsonList(value);
    if (list !== undefined) {
      collectNames(list, into, depth + 1);
      return;
    }
    if (value.includes('"')) {
      let open = value.indexOf('"');
      while (open !== -1) {
        const close = value.indexOf('"', open + 1);
        if (close === -1) return;
        const name = value.slice(open + 1, Math.min(close, open + 1 + maxName)).trim();
        if (name !== '' && into.length < maxMembers) into.push(copied(name));
        open = value.indexOf('"', close + 1);
      }
      return;
    }
    const name = value.slice(0, maxName).trim();
    if (name !== '' && name !== '[]') into.push(copied(name));
  } else if (Array.isArray(value)) for (const entry of value) collectNames(entry, into, depth + 1);
  else if (isRecord(value))
    collectNames(
      value['fileName'] ?? value['filename'] ?? value['name'] ?? value['Name'],
      into,
      depth + 1,
    );
}

/**
 * File names out of a quoted list `"a", "b"`, one bare name, a list of either, or a list of objects
 * with a name; each name as often as it is there.
 */
export const toNames: Converter = (value) => {
  const found: string[] = [];
  collectNames(value, found, 0);
  return found.length === 0 ? undefined : found;
};

export const toNumber: Converter = (value) => {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value !== 'string' || value.length > 40 || value.trim() === '') return;
  const n = Number(value);
  return Number.isFinite(n) ? n : undefined;
};

export const toTime: Converter = (value) => parseTime(value);

export const toFlag: Converter = (value) => {
  if (typeof value === 'boolean') return value;
  const text = toLower(value);
  if (text === 'true' || text === 'yes' || text === '1') return true;
  return text === 'false' || text === 'no' || text === '0' ? false : undefined;
};

const plainIpv4 = /^\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}$/;
const ipv4 = /^(?:::ffff:)?(\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})(?::\d+)?$/i;
const ipv6 = /^\[?([0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?:\.\d{1,3}){0,3})(?:%\w+)?\]?(?::\d+)?$/i;

/** An IP address without brackets and port. */
export const toIp: Converter = (value) => {
  if (typeof value !== 'string' || value.length > 64) return;
  if (plainIpv4.test(value)) return value;
  const text = value.trim();
  const m = ipv4.exec(text) ?? ipv6.exec(text);
  return m?.[1] === undefined ? undefined : copied(m[1].toLowerCase());
};

/** The host of a URL, of `host/path`, of `host:port` or of an address, in lower case. */
export const toDomain: Converter = (value) => {
  if (typeof value !== 'string' || value.length > 20_000) return;
  let start = 0;
  const slashes = value.indexOf('://');
  if (slashes >= 0 && slashes < 12) start = slashes + 3;
  let end = value.length;
  for (let i = start; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if (code === 47 || code === 63 || code === 35 || code === 92) {
      end = i;
      break;
    }
  }
  if (end - start > 1000) return;
  let host = value.slice(start, end);
  const at = host.lastIndexOf('@');
  if (at !== -1) host = host.slice(at + 1);
  const colon = host.indexOf(':');
  if (colon !== -1 && host.charCodeAt(0) !== 91) host = host.slice(0, colon);
  host = host.trim().toLowerCase();
  while (host.endsWith('.')) host = host.slice(0, -1);
  return host === '' || host.length > 253 || /\s/.test(host) ? undefined : copied(host);
};

export const converters = {
  text: toText,
  lower: toLower,
  address: toAddress,
  addresses: toAddresses,
  names: toNames,
  number: toNumber,
  time: toTime,
  flag: toFlag,
  ip: toIp,
  domain: toDomain,
} as const satisfies Record<string, Converter>;

/** Conversions that yield a list. */
export const listConversions: ReadonlySet<string> = new Set(['addresses', 'names']);
