import type { FieldValue } from '../contract.js';
import { type FlatRecord, isRecord, isThere } from './record.js';
import { parseTime } from './time.js';

/** A decoded value as a field's value; undefined when it is not of that form. */
export type Converter = (value: unknown) => FieldValue | undefined;

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

export const toText: Converter = (value) => {
  if (typeof value === 'string') return value === '' ? undefined : value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) {
    const parts = value.slice(0, maxMembers).map(toText).filter(isThere);
    return parts.length === 0 ? undefined : parts.join(', ');
  }
  if (!isRecord(value)) return;
  try {
    return JSON.stringify(value);
  } catch {
    // Nested deeper than the stack: no text of it could be of use.
    return;
  }
};

export const toLower: Converter = (value) => {
  const text = toText(value);
  return typeof text === 'string' ? text.trim().toLowerCase() || undefined : undefined;
};

const upperCase = /[A-Z\u0080-\uffff]/;
const bracketed = /[<[] *(?:smtp|mailto|sip)?:? *([^<>[\]:\s]+@[^<>[\]\s]+) *[>\]]/i;
const scheme = /^(?:smtp|mailto|rfc822;)[:;]?/i;

/** One address in lower case, out of `a@b`, `<a@b>`, `Name <a@b>`, `smtp:a@b` or `"Name" [SMTP:a@b]`. */
function addressOf(text: string): string | undefined {
  let at = text.indexOf('@');
  if (at <= 0 || at === text.length - 1 || text.length > 4000) return;
  let found = text;
  if (text.charCodeAt(text.length - 1) === 62 || text.charCodeAt(text.length - 1) === 93) {
    const m = bracketed.exec(text.length > 1000 ? text.slice(-1000) : text);
    if (m?.[1] !== undefined) found = m[1];
  }
  found = found.trim();
  if (found.charCodeAt(4) === 58 || found.charCodeAt(6) === 58 || found.charCodeAt(6) === 59)
    found = found.replace(scheme, '').trim();
  if (found.charCodeAt(0) === 39 || found.charCodeAt(0) === 34)
    found = found.replace(/^['"]+|['"]+$/g, '');
  at = found.lastIndexOf('@');
  if (at <= 0 || at === found.length - 1 || found.length > 400) return;
  return upperCase.test(found) ? found.toLowerCase() : found;
}

export const toAddress: Converter = (value) => {
  if (typeof value === 'string') {
    const mailbox = mailboxIn(value);
    return mailbox === undefined ? addressOf(value) : toAddress(mailbox);
  }
  if (Array.isArray(value)) return value.length > 0 ? toAddress(value[0]) : undefined;
  return isRecord(value)
    ? toAddress(value['emailAddress'] ?? value['address'] ?? value['email'])
    : undefined;
};

function collectAddresses(value: unknown, into: string[], depth: number): void {
  if (into.length >= maxMembers || depth > 4) return;
  if (typeof value === 'string') {
    const inside = jsonList(value) ?? mailboxIn(value);
    if (inside !== undefined) collectAddresses(inside, into, depth + 1);
    else if (/[;,]|\s\S*@/.test(value)) {
      // A name before an address may hold a comma; a piece without an address belongs to no one.
      for (const piece of value.split(/[;,]/)) {
        const address = addressOf(piece.trim());
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

/** Each address once, in order of appearance. */
export const toAddresses: Converter = (value) => {
  if (typeof value === 'string' && !/[;,\s[{]/.test(value)) {
    const address = addressOf(value);
    return address === undefined ? undefined : [address];
  }
  const found: string[] = [];
  collectAddresses(value, found, 0);
  return found.length === 0 ? undefined : found.length === 1 ? found : [...new Set(found)];
};

const quoted = /"([^"]*)"/g;

function collectNames(value: unknown, into: string[], depth: number): void {
  if (into.length >= maxMembers || depth > 4) return;
  if (typeof value === 'string') {
    const list = jsonList(value);
    if (list !== undefined) {
      collectNames(list, into, depth + 1);
      return;
    }
    if (value.includes('"')) {
      for (const m of value.matchAll(quoted)) {
        const name = (m[1] ?? '').slice(0, maxName).trim();
        if (name !== '' && into.length < maxMembers) into.push(name);
      }
      return;
    }
    const name = value.slice(0, maxName).trim();
    if (name !== '' && name !== '[]') into.push(name);
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

const ipv4 = /^(?:::ffff:)?(\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})(?::\d+)?$/i;
const ipv6 = /^\[?([0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?:\.\d{1,3}){0,3})(?:%\w+)?\]?(?::\d+)?$/i;

/** An IP address without brackets and port. */
export const toIp: Converter = (value) => {
  if (typeof value !== 'string' || value.length > 64) return;
  const text = value.trim();
  const m = ipv4.exec(text) ?? ipv6.exec(text);
  return m?.[1]?.toLowerCase();
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
  return host === '' || host.length > 253 || /\s/.test(host) ? undefined : host;
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
