const DAY = 86_400_000;

/** Days since 1970-01-01 of a date in the Gregorian calendar. */
function dayNumber(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

function daysIn(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

function moment(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
): number | undefined {
  if (year < 1970 || year > 9999 || month < 1 || month > 12) return;
  if (day < 1 || day > daysIn(year, month) || hour > 23 || minute > 59 || second > 60) return;
  return dayNumber(year, month, day) * DAY + hour * 3_600_000 + minute * 60_000 + second * 1000;
}

const usDate =
  /^(\d{1,2})\/(\d{1,2})\/(\d{4}),? {1,4}(\d{1,2}):(\d{2})(?::(\d{2})(\.\d{1,9})?)?(?: {0,4}([AaPp])\.?[Mm]\.?)?$/;

function parseUsDate(text: string): number | undefined {
  const m = usDate.exec(text);
  if (m === null) return;
  let hour = Number(m[4]);
  const half = m[8]?.toLowerCase();
  if (half !== undefined) {
    if (hour < 1 || hour > 12) return;
    hour = (hour % 12) + (half === 'p' ? 12 : 0);
  }
  const at = moment(
    Number(m[3]),
    Number(m[1]),
    Number(m[2]),
    hour,
    Number(m[5]),
    Number(m[6] ?? 0),
  );
  return at === undefined ? undefined : at + Math.floor(Number(m[7] ?? 0) * 1000);
}

/** Seconds or milliseconds since 1970; what is neither (too small, too large) is no time. */
function fromEpoch(value: number): number | undefined {
  if (value >= 1e8 && value < 1e11) return Math.round(value * 1000);
  return value >= 1e11 && value < 2.534e14 ? Math.round(value) : undefined;
}

const epochText = /^\d{9,15}(?:\.\d{1,9})?$/;

/**
 * Milliseconds since 1970 UTC of an ISO 8601 date and time (offset ±HHMM, ±HH:MM, ±HH, Z or none, which is read
 * as UTC; one-digit hours, a blank in place of T or after a colon), of a US date with a 12-hour
 * clock (UTC), or of a number of seconds or milliseconds. Undefined when it is none of these.
 */
export function parseTime(value: unknown): number | undefined {
  if (typeof value === 'number') return fromEpoch(value);
  if (typeof value !== 'string' || value.length > 64) return;
  const fast = parseFixed(value) ?? parseIso(value);
  if (fast !== undefined) return fast;
  const text = value.trim();
  if (epochText.test(text)) return fromEpoch(Number(text));
  return text === value ? parseUsDate(text) : (parseIso(text) ?? parseUsDate(text));
}

/** The last date read, as yyyymmdd, and its first millisecond: lines come a day at a time. */
let lastDate = -1;
let lastDay = 0;

/** The form that most logs have, 2024-03-04T10:15:30 and then nothing, Z or +0100; else undefined. */
function parseFixed(text: string): number | undefined {
  const { length } = text;
  if (length !== 24 && length !== 20 && length !== 19) return;
  if (
    text.charCodeAt(10) !== 84 ||
    text.charCodeAt(4) !== 45 ||
    text.charCodeAt(7) !== 45 ||
    text.charCodeAt(13) !== 58 ||
    text.charCodeAt(16) !== 58
  )
    return;
  const century = pair(text, 0);
  const year = pair(text, 2);
  const month = pair(text, 5);
  const day = pair(text, 8);
  const hour = pair(text, 11);
  const minute = pair(text, 14);
  const second = pair(text, 17);
  // A pair that is no number is -1, which is the one way to a negative sum of bits.
  if ((century | year | month | day | hour | minute | second) < 0) return;
  if (hour > 23 || minute > 59 || second > 60) return;
  const date = ((century * 100 + year) * 100 + month) * 100 + day;
  if (date !== lastDate) {
    const start = moment(century * 100 + year, month, day, 0, 0, 0);
    if (start === undefined) return;
    lastDate = date;
    lastDay = start;
  }
  const time = lastDay + (hour * 3600 + minute * 60 + second) * 1000;
  if (length === 19) return time;
  const sign = text.charCodeAt(19);
  if (length === 20) return sign === 90 ? time : undefined;
  const hours = pair(text, 20);
  const minutes = pair(text, 22);
  if ((hours | minutes) < 0 || hours > 18 || minutes > 59) return;
  const offset = (hours * 60 + minutes) * 60_000;
  if (sign !== 43 && sign !== 45) return;
  return sign === 43 ? time - offset : time + offset;
}

/** The number that two digits are; -1 when they are none. */
function pair(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 48;
  const ones = text.charCodeAt(at + 1) - 48;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : -1;
}

function parseIso(text: string): number | undefined {
  const length = text.length;
  if (length < 15 || text.charCodeAt(4) !== 45 || text.charCodeAt(7) !== 45) return;
  const t = text.charCodeAt(10);
  if (t !== 84 && t !== 116 && t !== 32) return;
  const year = digits(text, 0, 4);
  const month = digits(text, 5, 7);
  const day = digits(text, 8, 10);
  let at = 11;
  const parts = [0, 0, 0];
  for (let i = 0; i < 3; i++) {
    while (text.charCodeAt(at) === 32) at++;
    let end = at;
    while (end < at + 2 && isDigit(text.charCodeAt(end))) end++;
    if (end === at) return;
    parts[i] = digits(text, at, end);
    at = end;
    if (i === 2) break;
    if (text.charCodeAt(at) !== 58) {
      if (i === 1) break;
      return;
    }
    at++;
  }
  let ms = 0;
  const point = text.charCodeAt(at);
  if (point === 46 || point === 44) {
    let scale = 100;
    at++;
    while (isDigit(text.charCodeAt(at))) {
      ms += (text.charCodeAt(at) - 48) * scale;
      scale /= 10;
      at++;
    }
    ms = Math.floor(ms + 1e-6);
  }
  const base = moment(year, month, day, parts[0] ?? 0, parts[1] ?? 0, parts[2] ?? 0);
  if (base === undefined) return;
  while (text.charCodeAt(at) === 32) at++;
  if (at >= length) return base + ms;
  const sign = text.charCodeAt(at);
  if (sign === 90 || sign === 122) return at + 1 === length ? base + ms : undefined;
  if (sign !== 43 && sign !== 45) return;
  const colon = text.charCodeAt(at + 3) === 58;
  const rest = length - at - 1;
  if (rest !== 2 && rest !== (colon ? 5 : 4)) return;
  const hours = digits(text, at + 1, at + 3);
  const minutes = rest === 2 ? 0 : digits(text, at + (colon ? 4 : 3), length);
  if (!(hours <= 18 && minutes < 60)) return;
  const offset = (hours * 60 + minutes) * 60_000;
  return sign === 43 ? base + ms - offset : base + ms + offset;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

/** NaN when a character is no digit, so that every range check fails. */
function digits(text: string, from: number, to: number): number {
  let n = 0;
  for (let i = from; i < to; i++) {
    const code = text.charCodeAt(i);
    if (!isDigit(code)) return Number.NaN;
    n = n * 10 + code - 48;
  }
  return n;
}
