/**
 * Typed columns of the generators to records of the engine, without text between them. Here the towers
 * meet: the columns know what a log says, and this file knows what the built-in content's parsers make
 * of it. Events, triggers and sessions are those of the lines that the rows stand for, down to the
 * numbers of their lines; test/property/columns.test.ts holds the two ways together.
 *
 * Content whose parsers read these logs in another way gives other events from text than from columns:
 * who tries a parser out has to use text. Two things are taken for granted, as activities have them so:
 * addresses are plain ones, without names, brackets or schemes, and file names hold no quotes and are no
 * JSON lists. A log lists names without escapes, so that a parser reads such a name in pieces.
 */

import type { Fields, LogRecord, RecordKind, RecordPart } from '#engine';
import {
  type ColumnBatch,
  DIRECTIONS,
  LOGS,
  type MailColumns,
  NONE,
  type PlainRow,
  VERDICTS,
} from '#generators';

const [RECEIPT, PROCESS, DELIVERY] = LOGS.map((_, position) => position) as [
  number,
  number,
  number,
  ...number[],
];

/** What stands in an event for the code of a hold. */
const HOLDS: Readonly<Record<string, string>> = {
  spm: 'held as spam',
  att: 'held for its attachment',
  rcptlimit: 'held for its number of recipients',
  exp: 'held by expiry',
  imp: 'held as impersonation',
  sbx: 'held by the sandbox',
  oth: 'held',
  url: 'held for a URL',
  ctnt: 'held by a content policy',
  dpp: 'held by data protection',
  rbl: 'held by a block list',
};

/** Reads batches in their order, as what one text says stands for many rows. */
export class ColumnReader {
  private texts: readonly string[] = [];
  /** By position in the texts. */
  private addresses: (string | undefined)[] = [];
  private lists: (readonly string[] | undefined)[] = [];
  private rows = 0;

  /**
   * Records of the next batch, one for each row. Lines are numbered from 1 through all batches, as a
   * drill numbers them.
   */
  records(batch: ColumnBatch): LogRecord[] {
    if (batch.texts !== this.texts) {
      this.texts = batch.texts;
      this.addresses = [];
      this.lists = [];
    }
    const records: LogRecord[] = [];
    const files = filesOf(batch.mails);
    for (let at = 0; at < batch.log.length; at++) {
      this.rows++;
      const log = batch.log[at] as number;
      records.push(
        log === RECEIPT || log === PROCESS || log === DELIVERY
          ? this.mailRecord(batch, at, files)
          : plainRecord(
              this.rows,
              batch.stated[at] as number,
              batch.plain[batch.of[at] as number] as PlainRow,
            ),
      );
    }
    return records;
  }

  private mailRecord(
    batch: ColumnBatch,
    at: number,
    files: readonly (readonly string[] | undefined)[],
  ): LogRecord {
    const { mails, texts } = batch;
    const mail = batch.of[at] as number;
    const log = batch.log[at] as number;
    const verdict = VERDICTS[batch.verdict[at] as number] as (typeof VERDICTS)[number];
    const header = this.address(mails.sender[mail] as number);
    const envelope = mails.automatic[mail] === 1 ? undefined : header;
    const reason = batch.reason[at] as number;
    const why = reason === NONE ? undefined : texts[reason];
    const code = mails.code[mail] as string;
    const isProcess = log === PROCESS;
    let part: RecordPart;
    let sender = envelope;
    let action: string | undefined;
    let outcome: string;
    let bytes: number | undefined;
    let failure_reason = why;
    let src_ip: string | undefined;
    if (isProcess) {
      part = 'process';
      bytes = mails.bytes[mail];
      action = verdict === 'held' ? 'hld' : 'acc';
      outcome = verdict;
      failure_reason = why === undefined ? undefined : (HOLDS[why.toLowerCase()] ?? why);
    } else if (log === RECEIPT) {
      part = 'receipt';
      // A receipt alone has the header's From to fall back to.
      sender = header;
      action = verdict === 'rejected' ? 'rej' : 'acc';
      outcome = verdict === 'rejected' ? 'failed' : 'accepted';
      src_ip = texts[mails.source[mail] as number];
    } else {
      part = 'delivery';
      const answer = batch.code[at] as number;
      if (verdict === 'delivered') outcome = 'sent';
      else outcome = answer !== NONE && texts[answer]?.startsWith('5') ? 'failed' : 'pending';
      if (outcome !== 'pending') bytes = batch.sent[at];
    }
    return {
      line: this.rows,
      parser: -1,
      kind: 'mail',
      time: batch.stated[at] as number,
      part,
      join: code,
      fields: {
        // In the order in which a parser sets them, so that stage 2 sees objects of one shape.
        sender,
        recipients: isProcess ? undefined : this.list(batch.recipient[at] as number),
        subject: mails.subject[mail],
        message_id: mails.message_id[mail],
        bytes,
        attachments: isProcess ? files[mail] : undefined,
        direction: isProcess ? undefined : DIRECTIONS[mails.direction[mail] as number],
        action,
        outcome,
        failure_reason,
        alert_id: isProcess ? undefined : mails.id[mail],
        alert_name: undefined,
        src_ip,
      },
    };
  }

  private address(at: number): string | undefined {
    const known = this.addresses[at];
    if (known !== undefined) return known;
    const address = addressOf(this.texts[at] ?? '');
    this.addresses[at] = address;
    return address;
  }

  private list(at: number): readonly string[] | undefined {
    const known = this.lists[at];
    if (known !== undefined) return known;
    const address = this.address(at);
    const list = address === undefined ? undefined : [address];
    this.lists[at] = list;
    return list;
  }
}

/** The names of a mail's files as its log lists them and a parser reads the list; undefined without any. */
function filesOf({ files, file_ends }: MailColumns): (readonly string[] | undefined)[] {
  const lists: (readonly string[] | undefined)[] = [];
  let from = 0;
  for (const to of file_ends) {
    lists.push(to === from ? undefined : namesIn(files.slice(from, to)));
    from = to;
  }
  return lists;
}

/** Names as a parser keeps them. */
function namesIn(names: readonly string[]): readonly string[] | undefined {
  const kept = names
    .map((name) => name.slice(0, LONGEST_NAME).trim())
    .filter((name) => name !== '');
  return kept.length === 0 ? undefined : kept;
}

/** Characters of a file name that a parser keeps. */
const LONGEST_NAME = 1000;

function plainRecord(line: number, time: number, row: PlainRow): LogRecord {
  const { kind, part, join, fields } = readingOf(row);
  return { line, parser: -1, kind, time, part, join, fields };
}

interface Reading {
  readonly kind: RecordKind;
  readonly part?: RecordPart;
  readonly join?: string | undefined;
  readonly fields: Fields;
}

function readingOf(row: PlainRow): Reading {
  switch (row.log) {
    case 'dlp':
      return {
        kind: 'mail',
        part: 'notice',
        join: row.message_id,
        fields: {
          sender: addressOf(row.sender),
          recipients: listOf(row.recipient),
          subject: row.subject,
          message_id: row.message_id,
          direction: row.direction,
          action: row.action,
          outcome: row.action === 'hold' ? 'held' : 'accepted',
          failure_reason: row.action === 'hold' ? 'held by a content policy' : undefined,
          alert_name: given(row.policy),
        },
      };
    case 'ttp_url': {
      const { recipient, url, category, malicious } = row.click;
      return {
        kind: 'web',
        fields: {
          user: addressOf(recipient),
          sender: addressOf(row.sender),
          recipients: listOf(recipient),
          subject: row.subject,
          message_id: row.message_id,
          url: given(url),
          web_domain: hostOf(url),
          category: given(category),
          action: malicious ? 'blocked' : 'allowed',
          failure_reason: malicious ? 'malicious' : undefined,
          alert_name: "Inbound URL 'Aggressive'",
          method: 'GET',
        },
      };
    }
    case 'web': {
      const { user, src_ip, url, category, method, user_agent } = row.activity;
      return {
        kind: 'web',
        fields: {
          user: lower(user),
          src_ip: given(src_ip),
          url: given(url),
          // The proxy writes its own reading of the host, which a password cuts short.
          web_domain: hostOf(/^[a-z]+:\/\/([^/:?#]+)/i.exec(url)?.[1] ?? url),
          category: given(category),
          method,
          action: 'blocked',
          bytes_in: row.activity.bytes_uploaded,
          bytes_out: row.activity.bytes_downloaded,
          user_agent: given(user_agent),
        },
      };
    }
    case 'archive_view': {
      const { user, subject, from, source, content_viewed } = row.activity;
      return {
        kind: 'app',
        fields: {
          user: lower(user),
          app: 'Mimecast Archive',
          activity: 'archive-view',
          object: given(subject),
          target: lower(from),
          method: source,
          outcome: content_viewed ? 'content viewed' : 'headers viewed',
        },
      };
    }
    case 'm365':
      return { kind: 'app', fields: inboxRuleFields(row) };
    case 'audit':
      return auditReading(row);
  }
}

/** Addresses among the targets of a rule, whatever scheme stands before them. */
const TARGET = /[A-Za-z0-9._%+=-]+@[A-Za-z0-9\p{L}.-]+[A-Za-z0-9\p{L}]/gu;

function inboxRuleFields({ activity, id }: Extract<PlainRow, { log: 'm365' }>): Fields {
  const { user, operation, rule_name, forward_to, move_to_folder, words, src_ip } = activity;
  const isMailbox = operation === 'Set-Mailbox';
  const targets = forward_to
    .flatMap((target) => target.match(TARGET) ?? [])
    .flatMap((target) => addressOf(target) ?? []);
  // Outlook's own records have neither an object nor parameters.
  const inOutlook = operation === 'UpdateInboxRules';
  const conditions = inOutlook ? [] : [words.join(';'), move_to_folder ?? ''];
  const said = isMailbox ? [] : [rule_name, ...conditions];
  return {
    user: lower(user),
    src_ip: given(src_ip),
    app: 'Exchange',
    activity: operation,
    alert_id: id,
    outcome: 'success',
    object: isMailbox ? given(user) : (given(rule_name) ?? (inOutlook ? undefined : `${user}\\`)),
    target: isMailbox || inOutlook ? given(user) : `${user}\\${rule_name}`,
    recipients: targets.length === 0 ? undefined : [...new Set(targets)],
    additional_info: given(said.filter((text) => text !== '').join(' ')),
  };
}

function auditReading({ activity, id, text }: Extract<PlainRow, { log: 'audit' }>): Reading {
  const { user, audit_type, category, src_ip } = activity;
  const fields: Fields = {
    user: lower(user),
    src_ip: given(src_ip),
    app: /application ?: ?([^,\n]+?)(?:,|$| Method)/i.exec(text)?.[1] ?? 'Mimecast',
    activity: audit_type,
    category: given(category),
    alert_id: id,
    additional_info: text,
  };
  const failed = /(logon|authentication).*fail/i.test(audit_type);
  if (failed || /^user logged on$/i.test(audit_type)) {
    return {
      kind: 'login',
      fields: {
        ...fields,
        method: /method ?: ?([^,\n]+)/i.exec(text)?.[1],
        outcome: failed ? 'failed' : 'success',
        failure_reason: failed ? /reason ?: ?([^,\n]+)/i.exec(text)?.[1] : undefined,
      },
    };
  }
  return {
    kind: 'app',
    fields: {
      ...fields,
      object: /(?:file name|subject|name) ?: ?([^,\]\n]+)/i.exec(text)?.[1],
    },
  };
}

function given(text: string): string | undefined {
  return text === '' ? undefined : text;
}

function lower(text: string): string | undefined {
  return given(text.trim().toLowerCase());
}

/** A plain address in lower case; undefined for what is none, such as `<>`. */
function addressOf(text: string): string | undefined {
  const address = text.trim().toLowerCase();
  const at = address.lastIndexOf('@');
  return at <= 0 || at === address.length - 1 ? undefined : address;
}

function listOf(text: string): readonly string[] | undefined {
  const address = addressOf(text);
  return address === undefined ? undefined : [address];
}

/** The host of a URL in lower case, without user, port and final dots. */
function hostOf(url: string): string | undefined {
  const host = /^(?:[a-z][a-z0-9+.-]*:\/\/)?(?:[^/?#\\]*@)?([^/?#\\:@]+)/i.exec(url)?.[1];
  return host === undefined ? undefined : given(host.trim().toLowerCase().replace(/\.+$/, ''));
}
