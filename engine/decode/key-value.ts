import { copied } from './recent.js';
import { type FlatRecord, newRecord } from './record.js';

/**
 * Keys of Mimecast's key=value records. Inside free text only these end a value, because a subject
 * may hold `|` and `=` and nothing in the format escapes them.
 */
const knownKeys: ReadonlySet<string> = new Set(
  (
    'datetime date aCode acc SpamLimit IP Dir MsgId Subject headerFrom Sender Rcpt SpamInfo Act TlsVer Cphr ' +
    'SpamProcessingDetail SpamScore RejType RejCode RejInfo Error Err Virus Hld AttSize AttCnt AttNames MsgSize ' +
    'Delivered ReceiptAck Latency Attempt Snt UseTls Route RcptActType RcptHdrType MimecastIP fileName sha256 sha1 ' +
    'md5 Size Recipient SenderDomain SenderDomainInternal fileExt fileMime CustomerIP SourceIP UrlCategory ' +
    'ScanResultInfo URL Action Hits Definition CustomThreatDictionary SimilarCustomExternalDomain TaggedExternal ' +
    'SimilarInternalDomain NewDomain InternalName ThreatDictionary SimilarMimecastExternalDomain CustomName ' +
    'TaggedMalicious ReplyMismatch IPInternalName IPNewDomain IPReplyMismatch IPSimilarDomain IPThreadDict reason ' +
    'url route sourceIp sender recipient urlCategory senderDomain subject msgid action credentialTheft mcType user ' +
    'auditType eventInfo eventTime category app src method id'
  ).split(' '),
);

/** Keys whose values people or remote servers write. */
const freeText: ReadonlySet<string> = new Set(
  'Subject subject RejInfo RejType Error Err ReceiptAck Route AttNames Virus Definition fileName eventInfo url URL reason'.split(
    ' ',
  ),
);

const keyShape = /^[A-Za-z][A-Za-z0-9_.-]{0,39}$/;

/** Whether a text starts like a key=value record, at its very start. */
export function startsLikeKeyValue(text: string): boolean {
  const equals = text.indexOf('=');
  if (equals <= 0 || equals > 40) return false;
  return text.indexOf('|', equals) > 0 && keyShape.test(text.slice(0, equals));
}

function unwrap(value: string): string {
  const first = value.charCodeAt(0);
  const last = value.charCodeAt(value.length - 1);
  if (first === 92) return value.slice(1, value.length > 1 && last === 92 ? -1 : undefined);
  if (first === 34) {
    const next = value.indexOf('"', 1);
    if (next === -1) return value.slice(1);
    if (next === value.length - 1) return value.slice(1, -1);
  }
  return value;
}

/**
 * Reads `key=value|key=value|…` from `from` to the end. The separator has no escape, so a piece belongs
 * to the value before it when that is a wrapped text that has not ended yet, when the piece has no
 * key, or when the value is free text and the key is not one of Mimecast's. A wrapped text that never
 * ends is cut at the next known key. Undefined when there is no key at all.
 */
export function decodeKeyValue(text: string, from: number): FlatRecord | undefined {
  const record: Record<string, string> = newRecord();
  // The line's own end is no part of the last value.
  let length = text.length;
  while (length > from && isLineEnd(text.charCodeAt(length - 1))) length--;
  let key: string | undefined;
  let valueStart = from;
  let valueEnd = from;
  let keys = 0;
  // Where the wrapped text that is open ends; `length` when it never does. Kept, so that a hostile
  // line is searched once and not once for each of its pieces.
  let closes = -1;
  const keep = (): void => {
    if (key === undefined || valueEnd <= valueStart) return;
    record[key] = copied(unwrap(text.slice(valueStart, valueEnd)));
    keys++;
  };
  let at = from;
  while (at <= length) {
    let end = text.indexOf('|', at);
    if (end === -1 || end > length) end = length;
    const equals = end === at ? -1 : indexOfEquals(text, at, end);
    const name = equals > at ? text.slice(at, equals) : undefined;
    let starts = false;
    if (name !== undefined) {
      if (key === undefined) starts = keyShape.test(name);
      else if (
        text.charCodeAt(valueStart) === 92 &&
        (valueEnd - valueStart < 2 || text.charCodeAt(valueEnd - 1) !== 92)
      ) {
        if (closes < at) closes = endOfWrapped(text, at, length);
        starts = closes === length && knownKeys.has(name);
      } else starts = knownKeys.has(name) || (!freeText.has(key) && keyShape.test(name));
    }
    if (starts) {
      keep();
      key = name;
      valueStart = equals + 1;
      closes = -1;
    }
    valueEnd = end;
    at = end + 1;
  }
  keep();
  return keys === 0 ? undefined : record;
}

function indexOfEquals(text: string, from: number, end: number): number {
  const last = Math.min(end, from + 41);
  for (let i = from; i < last; i++) if (text.charCodeAt(i) === 61) return i;
  return -1;
}

const isLineEnd = (code: number): boolean => code === 13 || code === 10;

/** Position after the backslash that ends a wrapped text; `length`, where the text ends, when none does. */
function endOfWrapped(text: string, from: number, length: number): number {
  const close = text.indexOf('\\|', from);
  if (close !== -1 && close < length) return close + 1;
  return text.charCodeAt(length - 1) === 92 ? length - 1 : length;
}

const cefKey = /(?:^|\s)([A-Za-z][A-Za-z0-9_]{0,40}) ?=/g;

/** Adds the extension fields of a CEF record to what is known already; those there are kept. */
export function addCefExtension(text: string, record: Record<string, unknown>): void {
  cefKey.lastIndex = 0;
  let key: string | undefined;
  let start = 0;
  for (;;) {
    const m = cefKey.exec(text);
    const end = m === null ? text.length : m.index;
    if (key !== undefined && !(key in record)) {
      const value = text.slice(start, end).trim();
      if (value !== '') record[key] = copied(value);
    }
    if (m === null) return;
    key = m[1];
    start = cefKey.lastIndex;
  }
}
