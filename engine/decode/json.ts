import { type FlatRecord, isRecord, newRecord } from './record.js';

/** Keys under which products put a list of records. */
export const recordListKeys = [
  'data',
  'value',
  'dlpLogs',
  'clickLogs',
  'attachmentLogs',
  'impersonationLogs',
  'logs',
  'heldReleaseLogs',
  'viewLogs',
  'searchLogs',
  'messages',
  'rejections',
  'Records',
  'records',
  'events',
  'items',
  'results',
] as const;

/** Keys under which a collector puts one record, as an object or as the text of the line. */
const recordKeys = [
  'AuditData',
  '_raw',
  'event',
  'result',
  '_source',
  'original',
  'message',
  'raw',
];

export type Unfolded =
  | { readonly kind: 'records'; readonly records: readonly unknown[] }
  | { readonly kind: 'text'; readonly text: string }
  | undefined;

/** A text that holds a line: JSON, or key=value as Mimecast or a collector of its logs writes it. */
const lineInside = /\{\s*"|(?:^|[|\s])(?:datetime|date|mcType)=/;

/** What a wrapper holds; undefined when it is none. An answer without results is an empty list. */
export function unfold(value: FlatRecord): Unfolded {
  let found: unknown[] | undefined;
  for (const key of recordListKeys) {
    const list = value[key];
    if (!Array.isArray(list)) continue;
    if (list.length > 0 && !list.some(isRecord)) continue;
    found = found === undefined ? list : found.concat(list);
  }
  if (found !== undefined) return { kind: 'records', records: found };
  for (const key of recordKeys) {
    const inner = value[key];
    if (isRecord(inner) && Object.keys(inner).length > 0)
      return { kind: 'records', records: [inner] };
    if (typeof inner === 'string' && lineInside.test(inner)) return { kind: 'text', text: inner };
  }
  return;
}

const suffix = /^(.+?)_[sdtgb](?: \[UTC\])?$/;
const utc = / \[UTC\]$/;

/**
 * A row of a Log Analytics table as the record it was made from: `Sender_s` is `Sender` again, the
 * time columns lose ` [UTC]`, and empty columns are gone. Undefined when no column has a suffix.
 */
export function withoutColumnSuffixes(row: FlatRecord): FlatRecord | undefined {
  let found = false;
  const record: Record<string, unknown> = newRecord();
  for (const key of Object.keys(row)) {
    const value = row[key];
    if (value === '' || value === null || value === undefined) continue;
    const m = key.length > 2 ? suffix.exec(key) : null;
    if (m !== null) {
      found = true;
      record[m[1] ?? key] = value;
    } else {
      const plain = utc.test(key) ? key.slice(0, -6) : key;
      // A column with a suffix is the product's own; one without may be Log Analytics' (Type, Computer).
      if (!(plain in record)) record[plain] = value;
    }
  }
  return found ? record : undefined;
}

/** End (exclusive) of the JSON object that starts at `from`, or -1 when it does not end. */
export function endOfObject(text: string, from: number): number {
  let depth = 0;
  for (let i = from; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 34) {
      for (i++; i < text.length; i++) {
        const inner = text.charCodeAt(i);
        if (inner === 92) i++;
        else if (inner === 34) break;
      }
    } else if (code === 123 || code === 91) depth++;
    else if (code === 125 || code === 93) {
      depth--;
      if (depth === 0) return i + 1;
    }
  }
  return -1;
}
