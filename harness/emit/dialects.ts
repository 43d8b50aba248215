/** What Splunk and Elasticsearch want in a batch, and how to read what they answer. */

import type { EmittedLine } from './receiver.js';

/** What a receiver said to a batch. Lines are positions in the batch. */
export type Answer =
  | { readonly kind: 'taken'; readonly known?: number }
  /** Some lines are to be sent again. */
  | {
      readonly kind: 'partly';
      readonly again: readonly number[];
      readonly known: number;
      readonly reason: string;
    }
  /** Not now. */
  | { readonly kind: 'later'; readonly reason: string }
  /** The batch is too large. */
  | { readonly kind: 'smaller'; readonly reason: string }
  /** Never. */
  | { readonly kind: 'refused'; readonly reason: string; readonly advice?: string };

/** How one product wants its batches. */
export interface Dialect {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Text of one line in a batch; texts are joined as they are. */
  encode(line: EmittedLine): string;
  /** Reads the answer to a batch of so many lines. */
  judge(status: number, body: string, lines: number): Answer;
}

/** Answers that mean the same everywhere; undefined when the dialect must look. */
function commonAnswer(status: number, reason: string): Answer | undefined {
  if (status === 413) return { kind: 'smaller', reason };
  if (status === 408 || status === 429 || status >= 500) return { kind: 'later', reason };
  if (status === 401 || status === 403)
    return {
      kind: 'refused',
      reason,
      advice: 'Check --token (LEAKDRILL_TOKEN) and what it may do.',
    };
  if (status < 200 || status >= 300)
    return { kind: 'refused', reason, advice: 'Check the address.' };
  return undefined;
}

export interface SplunkOptions {
  readonly token: string;
  /** From the address: index, sourcetype, source, host. */
  readonly settings: Readonly<Record<string, string>>;
  readonly run: string;
  readonly origin: string;
}

/** Splunk HTTP Event Collector: the line as it is, as text; its id in the indexed field `line`. */
export function splunk({ token, settings, run, origin }: SplunkOptions): Dialect {
  return {
    path: '/services/collector/event',
    headers: { authorization: `Splunk ${token}`, 'content-type': 'application/json' },
    encode: ({ id, time, text, log }) =>
      JSON.stringify({
        time: time / 1000,
        host: origin,
        source: 'leakdrill',
        sourcetype: `mimecast:${log}`,
        ...settings,
        event: text,
        fields: { line: id, run },
      }),
    judge(status, body) {
      const { said, code } = splunkAnswer(body);
      const answer = commonAnswer(status, `${status} ${said}`) ?? { kind: 'taken' };
      const advice = splunkAdvice[code ?? -1];
      return answer.kind === 'refused' && advice !== undefined ? { ...answer, advice } : answer;
    },
  };
}

/** By the collector's own codes, which say more than the status. */
const splunkAdvice: Readonly<Record<number, string>> = {
  1: 'The token is switched off; enable it, or the collector itself.',
  7: 'The token may not write to that index; name another one: ?index=… in the address.',
  10: 'The token asks for indexer acknowledgement; use one without.',
};

function splunkAnswer(body: string): { readonly said: string; readonly code?: number } {
  try {
    const { text, code } = JSON.parse(body) as { text?: unknown; code?: unknown };
    if (typeof text === 'string')
      return typeof code === 'number' ? { said: `${text} (code ${code})`, code } : { said: text };
  } catch {
    // Shown as it is.
  }
  return { said: body.trim().slice(0, 500) };
}

export interface ElasticOptions {
  /** `/index`, or `/prefix/index`. */
  readonly path: string;
  readonly parameters: string;
  readonly authorization: string | undefined;
  readonly run: string;
  readonly origin: string;
}

/**
 * Elasticsearch bulk. Documents bear ids made of run and line, so that what is sent again is not
 * there twice; fields are named by the Elastic Common Schema.
 */
export function elastic(options: ElasticOptions): Dialect {
  const { path, parameters, authorization, run, origin } = options;
  const filter = 'filter_path=errors,error,items.*.status,items.*.error.type,items.*.error.reason';
  return {
    path: `${path}/_bulk?${parameters === '' ? '' : `${parameters}&`}${filter}`,
    headers: {
      'content-type': 'application/x-ndjson',
      ...(authorization !== undefined && { authorization }),
    },
    encode: ({ id, time, text, log }) =>
      `{"create":{"_id":"${run}-${id}"}}\n${JSON.stringify({
        '@timestamp': new Date(time).toISOString(),
        message: text,
        event: { sequence: id, dataset: `mimecast.${log}` },
        host: { name: origin },
        labels: { run },
      })}\n`,
    judge(status, body, lines) {
      const common = commonAnswer(status, `${status} ${elasticText(body)}`);
      if (common) return common;
      return judgeItems(body, lines);
    },
  };
}

interface BulkItem {
  readonly status: number;
  readonly error?: { readonly type?: string; readonly reason?: string };
}

function judgeItems(body: string, lines: number): Answer {
  let items: BulkItem[];
  let errors: boolean;
  try {
    const answer = JSON.parse(body) as { errors?: boolean; items?: Record<string, BulkItem>[] };
    errors = answer.errors === true;
    items = (answer.items ?? []).flatMap((item) => Object.values(item));
  } catch {
    return {
      kind: 'refused',
      reason: `it answers ${body.slice(0, 200)}`,
      advice: 'Is this Elasticsearch?',
    };
  }
  if (items.length !== lines) {
    return {
      kind: 'refused',
      reason: `it answers for ${items.length} of ${lines} lines`,
      advice: 'Is this Elasticsearch?',
    };
  }
  // 409: there from a try whose answer was lost, or from the same run before.
  const known = items.filter(({ status }) => status === 409).length;
  if (!errors) return { kind: 'taken', known };
  const again: number[] = [];
  for (const [at, { status, error }] of items.entries()) {
    if (status < 300 || status === 409) continue;
    const reason = `${status} ${error?.type ?? ''}: ${error?.reason ?? ''}`;
    if (status !== 429 && status < 500)
      return {
        kind: 'refused',
        reason,
        advice: "Check the index's mapping and the user's rights.",
      };
    again.push(at);
  }
  const first = items[again[0] ?? 0];
  return again.length === 0
    ? { kind: 'taken', known }
    : {
        kind: 'partly',
        again,
        known,
        reason: `${first?.status} ${first?.error?.reason ?? 'busy'}`,
      };
}

function elasticText(body: string): string {
  try {
    const { error } = JSON.parse(body) as { error?: unknown };
    if (typeof error === 'string') return error;
    if (typeof error === 'object' && error !== null && 'reason' in error) {
      const { type, reason } = error as { type?: unknown; reason?: unknown };
      return `${String(type)}: ${String(reason)}`;
    }
  } catch {
    // Shown as it is.
  }
  return body.trim().slice(0, 500);
}
