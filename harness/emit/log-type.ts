/** Which of a product's logs a line belongs to: names files, syslog messages and source types. */
export type LogType = string;

const json: readonly (readonly [RegExp, LogType])[] = [
  [/^\{"type":"web-activity"/, 'web'],
  [/^\{"CreationTime":/, 'm365'],
  [/^\{"id":.*"auditType":/, 'audit'],
  [/^\{"senderAddress":.*"policy":/, 'dlp'],
  [/"Delivered":/, 'delivery'],
  [/"MsgSize":/, 'process'],
  [/"headerFrom":|"Rcpt":/, 'receipt'],
];
const keyValue: readonly (readonly [RegExp, LogType])[] = [
  [/\|Delivered=(?:true|false)(?:\||$)/, 'delivery'],
  [/\|MsgSize=\d+(?:\||$)/, 'process'],
  [/\|headerFrom=|\|Rcpt=/, 'receipt'],
];
/** Records that name their type themselves, at their end. */
const named = /"(?:type|eventType)":"([a-z][a-z ]{1,40})"/g;

/**
 * Found from the line alone, as a collector would. Quotes inside JSON texts are escaped, so a
 * subject cannot look like a key. `other` for lines of no known log.
 */
export function logTypeOf(line: string): LogType {
  if (!line.startsWith('{')) return keyValue.find(([shape]) => shape.test(line))?.[1] ?? 'other';
  const known = json.find(([shape]) => shape.test(line))?.[1];
  if (known !== undefined) return known;
  const last = [...line.matchAll(named)].at(-1)?.[1];
  return last?.replaceAll(' ', '_') ?? 'other';
}

const identifiers = ['MsgId', 'messageId', 'msgid', 'message_id'];

/** The Message-ID that a line names, as written; undefined for lines that name none. */
export function messageIdOf(line: string): string | undefined {
  if (!line.startsWith('{')) return /\|MsgId=(<[^|]*>|[^|]+)/.exec(line)?.[1];
  const record = JSON.parse(line) as Record<string, unknown>;
  const id = identifiers.map((key) => record[key]).find((value) => typeof value === 'string');
  return id === '' ? undefined : (id as string | undefined);
}
