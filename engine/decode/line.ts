import { endOfObject } from './json.js';
import { addCefExtension, decodeKeyValue, startsLikeKeyValue } from './key-value.js';
import { type FlatRecord, isRecord, newRecord } from './record.js';

/** What a line's text holds: any JSON value, or a record; or why it could not be read. */
export type Decoded =
  | { readonly value: unknown; readonly reason: undefined }
  | { readonly value: undefined; readonly reason: string };

function failed(reason: string): Decoded {
  return { value: undefined, reason };
}

const readable = (value: unknown): Decoded => ({ value, reason: undefined });

function firstInk(text: string): number {
  let at = 0;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code !== 32 && code !== 9 && code !== 10 && code !== 13 && code !== 0xfeff) break;
    at++;
  }
  return at;
}

/** Whether there is nothing but white space. */
export function isBlank(text: string): boolean {
  return firstInk(text) === text.length;
}

/**
 * Reads one line by its first character: JSON, key=value, CEF around JSON, or either behind a
 * prefix such as syslog's.
 */
export function decodeLine(text: string): Decoded {
  const start = firstInk(text);
  const first = text.charCodeAt(start);
  if (first === 123 || first === 91) {
    try {
      return readable(JSON.parse(text));
    } catch {
      return decodeTorn(text, start);
    }
  }
  if (startsLikeKeyValue(start === 0 ? text : text.slice(start))) {
    const record = decodeKeyValue(text, start);
    if (record !== undefined) return readable(record);
  }
  return decodeBehindPrefix(text, start);
}

/** JSON with something after it: a comma between the lines of an array, another object, a collector's own text. */
function decodeTorn(text: string, start: number): Decoded {
  // A syslog structured-data block or a bracketed prefix begins like a JSON array.
  if (text.charCodeAt(start) === 91) {
    const behind = decodeBehindPrefix(text, start);
    if (behind.reason === undefined) return behind;
    return failed('broken JSON');
  }
  const values: unknown[] = [];
  let at = start;
  while (text.charCodeAt(at) === 123) {
    const end = endOfObject(text, at);
    if (end === -1) return failed('JSON object does not end');
    try {
      values.push(JSON.parse(text.slice(at, end)));
    } catch {
      return failed('broken JSON');
    }
    at = end;
    while (at < text.length && separators.has(text.charCodeAt(at))) at++;
  }
  return readable(values.length === 1 ? values[0] : values);
}

/** Blank, tab, line ends and comma. */
const separators: ReadonlySet<number> = new Set([32, 9, 10, 13, 44]);

const keyValueStart = /(?:^|[\s:>])((?:datetime|date|aCode|acc|mcType)=)/;
const cefHeader = /CEF: ?\d{1,2}\|/;

function objectIn(
  text: string,
  from: number,
): { record: FlatRecord; start: number; end: number } | undefined {
  // A few tries, since a prefix may hold a brace of its own; each is linear in the line.
  let start = text.indexOf('{', from);
  for (let tries = 0; start !== -1 && tries < 4; tries++) {
    const end = endOfObject(text, start);
    if (end !== -1) {
      try {
        const value: unknown = JSON.parse(text.slice(start, end));
        if (isRecord(value)) return { record: value, start, end };
      } catch {
        // The next brace may begin the record.
      }
    }
    start = text.indexOf('{', start + 1);
  }
  return;
}

function decodeBehindPrefix(text: string, from: number): Decoded {
  const cef = cefHeader.exec(text);
  if (cef !== null) return decodeCef(text, cef.index);
  const pairs = keyValueStart.exec(text);
  const brace = text.indexOf('{', from);
  if (pairs !== null && (brace === -1 || pairs.index < brace)) {
    const record = decodeKeyValue(text, pairs.index + pairs[0].length - (pairs[1]?.length ?? 0));
    if (record !== undefined && text.includes('|', pairs.index)) return readable(record);
  }
  if (brace !== -1) {
    const found = objectIn(text, brace);
    if (found !== undefined) return readable(found.record);
  }
  return failed('neither JSON nor key=value');
}

function decodeCef(text: string, header: number): Decoded {
  let at = header;
  for (let bars = 0; bars < 7; bars++) {
    const bar = text.indexOf('|', at);
    if (bar === -1) return failed('CEF header does not end');
    at = bar + 1;
  }
  const found = objectIn(text, at);
  const record: Record<string, unknown> = newRecord();
  if (found !== undefined)
    for (const key of Object.keys(found.record)) record[key] = found.record[key];
  if (found === undefined) addCefExtension(text.slice(at), record);
  else {
    addCefExtension(text.slice(at, found.start), record);
    addCefExtension(text.slice(found.end), record);
  }
  return readable(record);
}
