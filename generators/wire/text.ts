/** Spelling shared by the writers: times, JSON strings, ids. */

import { DAY, MINUTE } from '../calendar.js';
import type { Random } from '../random.js';

const TWO = Array.from({ length: 60 }, (_, i) => String(i).padStart(2, '0'));

let cachedDay = Number.NaN;
let cachedDate = '';

/** `2024-01-01T09:00:00`, no zone. */
export function isoSeconds(time: number): string {
  const day = Math.floor(time / DAY);
  if (day !== cachedDay) {
    cachedDate = new Date(day * DAY).toISOString().slice(0, 11);
    cachedDay = day;
  }
  const s = Math.floor((time - day * DAY) / 1000);
  const minutes = Math.floor(s / 60);
  return `${cachedDate}${TWO[Math.floor(minutes / 60)]}:${TWO[minutes % 60]}:${TWO[s % 60]}`;
}

/** `+0100`: never with a colon. */
export function offsetText(minutes: number): string {
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${TWO[Math.floor(size / 60)]}${TWO[size % 60]}`;
}

/** `2024-01-01T09:00:00+0000` in the account's zone. */
export function localTime(time: number, utc_offset: number, suffix: string): string {
  return isoSeconds(time + utc_offset * MINUTE) + suffix;
}

// Control characters, quotes and backslashes need an escape, as do lone surrogates.
const NEEDS_ESCAPE = /["\\\p{Cc}\p{Cs}]/u;

/** A JSON string with its quotes. */
export function jsonText(text: string): string {
  return NEEDS_ESCAPE.test(text) ? JSON.stringify(text) : `"${text}"`;
}

const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const PAIRS = Array.from(
  { length: 4096 },
  (_, i) => (BASE64URL[i >> 6] as string) + (BASE64URL[i & 63] as string),
);

/** 16 random bytes as 22 characters of URL-safe base64. */
export function trackingCode(random: Random): string {
  let text = '';
  for (let i = 0; i < 5; i++) {
    const word = random.word();
    text += (PAIRS[word >>> 20] as string) + (PAIRS[(word >>> 8) & 4095] as string);
  }
  const last = random.word();
  return text + BASE64URL[last & 63] + 'AQgw'[(last >>> 6) & 3];
}

const HEX = Array.from({ length: 65_536 }, (_, i) => i.toString(16).padStart(4, '0'));

/** Random hexadecimal digits, a multiple of eight. */
export function hex(random: Random, digits: number): string {
  let text = '';
  for (let i = 0; i < digits; i += 8) {
    const word = random.word();
    text += (HEX[word >>> 16] as string) + (HEX[word & 0xffff] as string);
  }
  return text;
}

/** A random version-4 UUID. */
export function uuid(random: Random): string {
  const h = hex(random, 32);
  return `${h.slice(0, 8)}-${h.slice(8, 12)}-4${h.slice(13, 16)}-a${h.slice(17, 20)}-${h.slice(20)}`;
}
