/**
 * Alerts that another product exported: JSON, one object a line, or CSV with a header line. Rows are
 * read one at a time; a row that makes no sense is told with its line number and never thrown.
 */

import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { type BadRow, isObject, type RawRow, recordsOf } from './alert-records.js';
import { UsageFault } from './usage-fault.js';

export type { BadRow } from './alert-records.js';

/** What a row may tell. */
export const alertFields = [
  'rule',
  'user',
  'time',
  'line',
  'message_id',
  'session',
  'technique',
  'reason',
  'score',
] as const;
export type AlertField = (typeof alertFields)[number];

/** Column or key (dots go into nested objects) for fields; others are guessed. */
export type AlertMap = Readonly<Partial<Record<AlertField, string>>>;

/** Names that products use, the most telling first. */
const usual: Readonly<Record<AlertField, readonly string[]>> = {
  rule: [
    'rule',
    'rule_id',
    'rule_name',
    'kibana.alert.rule.name',
    'signal.rule.name',
    'rule.name',
    'search_name',
    'savedsearch_name',
    'ruleName',
    'signature',
    'alert_name',
    'AlertName',
    'DisplayName',
    'name',
    'title',
  ],
  user: [
    'user',
    'user.email',
    'user.name',
    'user_name',
    'username',
    'email_user',
    'src_user',
    'UserPrincipalName',
    'account',
    'risk_object',
    'sender',
    'Sender',
    'source.user.email',
  ],
  time: [
    'event_time',
    'kibana.alert.original_time',
    'signal.original_time',
    'time',
    '_time',
    '@timestamp',
    'timestamp',
    'alert_time',
    'TimeGenerated',
    'created_at',
    'created',
    'date',
  ],
  line: ['line', 'line_id', 'event.sequence', 'sequenceId', 'evidence'],
  message_id: [
    'message_id',
    'MsgId',
    'messageId',
    'msgid',
    'email.message_id',
    'internet_message_id',
    'InternetMessageId',
    'fields.message_id',
  ],
  session: ['session', 'session_id'],
  technique: [
    'technique',
    'mitre_technique',
    'mitre_technique_id',
    'annotations.mitre_attack',
    'threat.technique.id',
    'Techniques',
  ],
  reason: ['reason', 'kibana.alert.reason', 'description', 'message'],
  score: ['score', 'risk_score', 'kibana.alert.risk_score', 'severity_score'],
};

/** One alert as exported. */
export interface AlertRow {
  /** Line of the file on which the row begins. */
  readonly number: number;
  readonly rule: string;
  /** Lower case; undefined when the row names none. */
  readonly user: string | undefined;
  /** Milliseconds since 1970 UTC. */
  readonly time: number;
  /** Ids of emitted lines. Empty when the row names none. */
  readonly lines: readonly number[];
  /** Without angle brackets. */
  readonly message_id: string | undefined;
  readonly session: string | undefined;
  readonly technique: string | undefined;
  readonly reason: string;
  readonly score: number;
}

export interface ReadAlertsOptions {
  readonly map: AlertMap;
  /** Whether `file:17` in the evidence means the line with id 17. */
  readonly placesAreLines: boolean;
}

/**
 * Reads `--map` settings such as `rule=search_name`. Throws UsageFault for a field there is not.
 */
export function parseAlertMap(settings: readonly string[]): AlertMap {
  const map: Partial<Record<AlertField, string>> = {};
  for (const setting of settings.flatMap((text) => text.split(','))) {
    const [field, column] = halves(setting, '=');
    if (!alertFields.includes(field as AlertField) || column === '')
      throw new UsageFault(
        `--map ${setting} makes no sense.`,
        `Write FIELD=COLUMN with one of the fields ${alertFields.join(', ')}.`,
      );
    map[field as AlertField] = column;
  }
  return map;
}

/** The texts before and after the first separator; the second is empty without one. */
export function halves(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text.trim(), ''] : [text.slice(0, at).trim(), text.slice(at + 1).trim()];
}

/**
 * All rows of a file, .gz too, in order. Throws UsageFault when the file cannot be read or a CSV
 * lacks a column that the map names.
 */
export async function* readAlerts(
  path: string,
  shown: string,
  options: ReadAlertsOptions,
): AsyncGenerator<AlertRow | BadRow, void, undefined> {
  const file = createReadStream(path);
  let input: Readable = file;
  if (path.endsWith('.gz')) {
    const gunzip = createGunzip();
    file.on('error', (error) => gunzip.destroy(error));
    input = file.pipe(gunzip);
  }
  try {
    for await (const record of recordsOf(
      input as AsyncIterable<Buffer>,
      shown,
      Object.values(options.map),
    )) {
      yield 'fault' in record ? record : rowOf(record, options);
    }
  } catch (error) {
    if (error instanceof UsageFault) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    throw new UsageFault(`${shown} cannot be read: ${code ?? message}.`, 'Check the path.');
  } finally {
    file.destroy();
  }
}

/** The value under the name itself, or under its parts from object to object. */
function lookUp(values: Readonly<Record<string, unknown>>, name: string): unknown {
  if (Object.hasOwn(values, name)) return values[name];
  if (!name.includes('.')) return undefined;
  let value: unknown = values;
  for (const part of name.split('.')) {
    if (Array.isArray(value)) value = value[0] as unknown;
    if (!isObject(value) || !Object.hasOwn(value, part)) return undefined;
    value = value[part];
  }
  return value;
}

const isEmpty = (value: unknown): boolean =>
  value === undefined || value === null || value === '' || value === '-';

function rowOf({ number, text, values }: RawRow, options: ReadAlertsOptions): AlertRow | BadRow {
  const find = (field: AlertField): unknown => {
    const named = options.map[field];
    if (named !== undefined) return lookUp(values, named);
    for (const name of usual[field]) {
      const value = lookUp(values, name);
      // An object under the name is the home of fields, such as user.email.
      if (!isEmpty(value) && !isObject(value)) return value;
    }
    return undefined;
  };
  const rule = textOf(find('rule'));
  if (rule === undefined) return { number, fault: 'no rule is named', text };
  const when = find('time');
  const time = timeOf(when);
  if (time === undefined)
    return {
      number,
      fault: isEmpty(when) ? 'no time is given' : 'the time cannot be read',
      text,
    };
  const score = Number(textOf(find('score')));
  return {
    number,
    rule,
    time,
    user: textOf(find('user'))?.toLowerCase(),
    lines: linesOf(find('line'), options.placesAreLines),
    message_id: messageKey(textOf(find('message_id'))),
    session: textOf(find('session')),
    technique: /T\d{4}(?:\.\d{3})?/.exec(textOf(find('technique')) ?? '')?.[0],
    reason: (textOf(find('reason')) ?? '').slice(0, 500),
    score: Number.isFinite(score) ? score : 0,
  };
}

/** The first text of a list, for fields that may have several values. */
function textOf(value: unknown): string | undefined {
  const one: unknown = Array.isArray(value) ? value[0] : value;
  if (isEmpty(one)) return undefined;
  if (isObject(one)) return undefined;
  const text = String(one).trim();
  return text === '' ? undefined : text;
}

/** A Message-ID without angle brackets, as products differ in keeping them. */
export function messageKey(id: string | undefined): string | undefined {
  const bare = id?.trim().replace(/^<(.*)>$/, '$1');
  return bare === '' ? undefined : bare;
}

function linesOf(value: unknown, placesAreLines: boolean): number[] {
  const parts = Array.isArray(value)
    ? (value as unknown[])
    : typeof value === 'string'
      ? value.split(/[\s,;]+/)
      : [value];
  return parts.flatMap((part) => {
    if (isEmpty(part)) return [];
    const place = placesAreLines ? /:(\d+)$/.exec(String(part))?.[1] : undefined;
    const line = Number(place ?? part);
    return Number.isSafeInteger(line) && line > 0 ? [line] : [];
  });
}

const iso =
  /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?) ?(Z|UTC|GMT|[+-]\d\d:?\d\d)?$/i;

/**
 * Milliseconds since 1970 UTC of ISO 8601 (without a zone: UTC) or of seconds, milliseconds, micro-
 * or nanoseconds since then. Undefined for other spellings, such as 01/02/2024, that may mean two days.
 */
function timeOf(value: unknown): number | undefined {
  const text = textOf(value);
  if (text === undefined) return undefined;
  if (/^\d{9,19}(?:\.\d+)?$/.test(text)) {
    const number = Number(text);
    const digits = text.replace(/\..*/, '').length;
    return Math.round(
      digits < 12 ? number * 1000 : digits < 15 ? number : number / 10 ** (digits < 18 ? 3 : 6),
    );
  }
  const parts = iso.exec(text);
  if (!parts) return undefined;
  const [, day, clock, zone] = parts;
  const offset =
    zone === undefined || /^[zug]/i.test(zone) ? 'Z' : zone.replace(/^(...)(\d\d)$/, '$1:$2');
  const time = Date.parse(`${day}T${clock?.replace(',', '.')}${offset}`);
  return Number.isNaN(time) ? undefined : time;
}
