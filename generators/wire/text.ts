/** Spelling shared by the writers: times, JSON strings, ids. */

import { DAY, MINUTE } from '../calendar.js';
import type { Random } from '../random.js';

const TWO = Array.from({ length: 60 }, (_, i) => String(i).padStart(2, '0'));

/** `2024-01-01T09:00:00`, no zone. */
export function isoSeconds(time: number): string {
  return UTC.spell(time);
}

/** `+0100`: never with a colon. */
export function offsetText(minutes: number): string {
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${TWO[Math.floor(size / 60)]}${TWO[size % 60]}`;
}

/** Spells moments to the second in one zone: `2024-01-01T09:00:00`, and what is to follow. */
export class TimeSpelling {
  private readonly shift: number;
  private readonly ends: readonly string[];
  private day = Number.NaN;
  private date = '';
  private minute = Number.NaN;
  private text = '';

  /** `utc_offset` in minutes east of UTC; `suffix` is put behind, such as an offset. */
  constructor(utc_offset: number, suffix: string) {
    this.shift = utc_offset * MINUTE;
    this.ends = TWO.map((second) => second + suffix);
  }

  spell(time: number): string {
    const local = time + this.shift;
    const minute = Math.floor(local / MINUTE);
    // Lines come nearly in order of time, so most share the minute of the one before.
    if (minute !== this.minute) {
      const day = Math.floor(local / DAY);
      if (day !== this.day) {
        this.date = new Date(day * DAY).toISOString().slice(0, 11);
        this.day = day;
      }
      const of_day = minute - (day * DAY) / MINUTE;
      this.text = `${this.date}${TWO[Math.floor(of_day / 60)]}:${TWO[of_day % 60]}:`;
      this.minute = minute;
    }
    return this.text + (this.ends[Math.floor((local - minute * MINUTE) / 1000)] as string);
  }
}

const UTC = new TimeSpelling(0, '');

/**
 * Control characters, quotes and backslashes need an escape, as do lone surrogates. A pattern is
 * quicker than a loop, since texts that were just put together have their characters in pieces.
 */
const NEEDS_ESCAPE = /[^ !#-[\]-\ud7ff\ue000-\uffff]/;

/** A text as it stands between the quotes of a JSON string. */
export function escapeJson(text: string): string {
  return NEEDS_ESCAPE.test(text) ? JSON.stringify(text).slice(1, -1) : text;
}

/** A JSON string with its quotes. */
export function jsonText(text: string): string {
  return `"${escapeJson(text)}"`;
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

/** 32 bytes as 43 characters of URL-safe base64; `word` gives 32 bits at each call. */
export function base64Of32Bytes(word: () => number): string {
  let text = '';
  for (let i = 0; i < 10; i++) {
    const bits = word();
    text += (PAIRS[bits >>> 20] as string) + (PAIRS[(bits >>> 8) & 4095] as string);
  }
  const last = word();
  return `${text}${PAIRS[last >>> 20] as string}${BASE64URL[(last & 15) << 2] as string}`;
}

const HEX3 = Array.from({ length: 4096 }, (_, i) => i.toString(16).padStart(3, '0'));
const HEX2 = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0'));

/** Random hexadecimal digits, a multiple of eight. */
export function hex(random: Random, digits: number): string {
  let text = '';
  for (let i = 0; i < digits; i += 8) {
    const word = random.word();
    text +=
      (HEX3[word >>> 20] as string) +
      (HEX3[(word >>> 8) & 4095] as string) +
      (HEX2[word & 255] as string);
  }
  return text;
}

/** A random version-4 UUID. */
export function uuid(random: Random): string {
  const h = hex(random, 32);
  return `${h.slice(0, 8)}-${h.slice(8, 12)}-4${h.slice(13, 16)}-a${h.slice(17, 20)}-${h.slice(20)}`;
}
