/**
 * What a line looks like once the deed is taken out of it. The deed is what a scenario decides: who
 * writes to whom about what, how large, what becomes of it, on which day and at which minute. All else
 * is the generator's, and must not tell whose a line is.
 */

import type { LogName } from '#generators';

/** Values that are the deed, or follow from it by the physics of mail: servers, delays, sizes. */
const DEED: Readonly<Record<LogName, readonly string[]>> = {
  receipt: [
    ...['Sender', 'headerFrom', 'Rcpt', 'Subject'],
    ...['senderEnvelope', 'senderHeader', 'recipients', 'subject', 'numberAttachments'],
  ],
  process: [
    ...['Sender', 'Subject', 'AttNames', 'AttCnt', 'AttSize', 'MsgSize'],
    ...['senderEnvelope', 'subject', 'attachments', 'numberAttachments', 'totalSizeAttachments'],
    'emailSize',
  ],
  delivery: [
    ...['Sender', 'Rcpt', 'Subject', 'AttCnt', 'AttSize', 'Snt', 'Latency'],
    // The recipient's server: its address, what it speaks and how it thanks.
    ...['IP', 'TlsVer', 'Cphr', 'UseTls', 'ReceiptAck'],
    ...['senderEnvelope', 'subject', 'recipients', 'numberAttachments', 'totalSizeAttachments'],
    ...['emailSize', 'deliveryTime', 'destinationIp', 'Hostname', 'tlsVersion', 'tlsCipher'],
    'tlsUsed',
  ],
  dlp: ['senderAddress', 'recipientAddress', 'subject', 'policy'],
  // Address and browser are the person's, the same in the person's other requests.
  web: ['user', 'src_ip', 'user_agent', 'url', 'web_domain', 'category', 'method', 'bytes_in'],
  m365: ['UserKey', 'UserId', 'ObjectId', 'Operation', 'ClientIP', 'Parameters'],
  audit: [],
  ttp_url: [],
  archive_view: [],
};

/**
 * What decides which lines are like each other: the log, the direction, what became of the mail, and
 * the kind of record, which follows from how a mailbox rule was made.
 */
const FATE = [
  ...['Dir', 'Act', 'Hld', 'Delivered', 'Attempt', 'RejType', 'RejCode', 'Err'],
  ...['direction', 'action', 'holdReason', 'delivered', 'deliveryAttempts', 'rejectionType'],
  ...['rejectionCode', 'deliveryErrors', 'route', 'TlsVer', 'tlsVersion', 'RecordType'],
];
/** Where the fate holds a part of the deed, that part does not count. */
const NO_FATE: Readonly<Partial<Record<LogName, readonly string[]>>> = {
  delivery: ['TlsVer', 'tlsVersion', 'route'],
};

const JSON_VALUE = String.raw`(?:"(?:[^"\\]|\\.)*"|\[[^\]]*\]|[^,}\]]+)`;
const patterns = new Map<string, RegExp>();

function patternOf(key: string, json: boolean): RegExp {
  const name = `${key} ${json}`;
  let pattern = patterns.get(name);
  if (pattern === undefined) {
    pattern = json
      ? new RegExp(`("${key}":)(${JSON_VALUE})`)
      : new RegExp(`((?:^|\\|)${key}=)([^|]*)`);
    patterns.set(name, pattern);
  }
  return pattern;
}

/** Lines are compared with lines of the same stratum only. */
export function stratumOf(log: LogName, text: string): string {
  const json = text.startsWith('{');
  const skipped = NO_FATE[log] ?? [];
  const fate = FATE.filter((key) => !skipped.includes(key)).map(
    (key) => patternOf(key, json).exec(text)?.[2] ?? '',
  );
  // A cut connection has no TLS; which server has none anyway is the recipient's.
  const upload = log === 'web' ? /"method":"GET"/.test(text) : '';
  return [log, ...fate, upload].join(' ');
}

/** The line without the deed. */
export function masked(log: LogName, text: string): string {
  const json = text.startsWith('{');
  let left = text;
  for (const key of DEED[log]) left = left.replace(patternOf(key, json), '$1?');
  return (
    left
      // Domain of a Message-ID, which is the sender's.
      .replace(/(<[^@>]*@)[^>]*>/g, '$1>')
      // Day, hour and minute; seconds stay.
      .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:/g, ':')
      // Of a time in ms and of a place in a queue, what is below a minute and a thousand.
      .replace(
        /("timestamp":)(\d+)/,
        (_, key: string, ms: string) => `${key}${Number(ms) % 60_000}`,
      )
      .replace(/("_offset":)\d*(\d{3})/, '$1$2')
      .replace(/_\d{10}"/g, '"')
  );
}
