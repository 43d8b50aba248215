/**
 * The two towers meet: every line that the generators write is read by a parser of the content, with
 * the facts of the activity that it was written for. They share no code.
 */

import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { loadContent, type ParserEntry } from '#content';
import {
  type Activity,
  background,
  createOrganisation,
  createWriter,
  type LogName,
  type MailActivity,
  type WireLine,
} from '#generators';
import type { LogRecord } from '../../engine/contract.js';
import { emptyCounters } from '../../engine/counters.js';
import { createParseStage } from '../../engine/stages/1-parse.js';

const START = Date.UTC(2024, 0, 8);
const loaded = await loadContent(fileURLToPath(new URL('../../content', import.meta.url)));
const parsers: readonly ParserEntry[] = loaded.pack?.parsers ?? [];
const organisation = createOrganisation({
  seed: 7,
  people: 36,
  peer_groups: 12,
  start: START,
  days: 8,
});
const activities: readonly Activity[] = [
  ...background(organisation, {
    start: START,
    days: 8,
    internal_mail: true,
    outbound_held: 0.05,
    outbound_bounced: 0.05,
    outbound_retried: 0.05,
    outbound_rejected: 0.05,
    inbox_rules_per_weekday: 0.05,
    inbox_rules_external: 0.4,
    inbound_clicked: 0.4,
    clicks_malicious: 0.2,
    archive_looks_per_weekday: 0.8,
  }),
];

/** Parsers that may read a line of a log. */
const READERS: Readonly<Record<LogName, RegExp>> = {
  receipt: /^siem-v[12]-receipt$/,
  process: /^siem-v[12]-process$/,
  delivery: /^siem-v[12]-(delivery|deferral)$/,
  dlp: /^dlp$/,
  ttp_url: /^ttp-url$/,
  archive_view: /^archive-view$/,
  audit: /^audit-/,
  m365: /^m365-(inbox-rule|other)$/,
  web: /^web-activity$/,
};

const stage = createParseStage(parsers, emptyCounters());
function read(line: WireLine): { parser: string; record: LogRecord } {
  const found: LogRecord[] = [];
  stage.parse({ id: 1, text: line.text }, (record) => {
    found.push(record);
  });
  expect(found, line.text).toHaveLength(1);
  const record = found[0] as LogRecord;
  return { parser: parsers[record.parser]?.id ?? '', record };
}

/** The clocks of hosts may be off. */
const SKEW = 60_000;

function checkMail(
  mail: MailActivity,
  line: WireLine,
  { parser, record }: ReturnType<typeof read>,
) {
  const { fields } = record;
  const text = line.text;
  const machine = mail.automatic === true;
  if (line.log !== 'dlp' && !(machine && line.log !== 'receipt'))
    expect(fields['sender'], text).toBe(mail.sender.toLowerCase());
  expect(fields['message_id'], text).toBe(line.message_id);
  // The header of a mail that is refused because of its sender is never read.
  const hasHeader = line.message_id !== undefined;
  const subject = hasHeader ? Array.from(mail.subject).slice(0, 150).join('') : '';
  if (!hasHeader) expect(mail.outcome, text).toHaveProperty('type', 'Manual Envelope Rejection');
  expect(fields['subject'] ?? '', text).toBe(subject.trim());
  if (line.log === 'process') {
    expect(fields['attachments'] ?? [], text).toEqual(mail.attachments.map(({ name }) => name));
    const size = mail.attachments.reduce((sum, { bytes }) => sum + bytes, mail.body_bytes);
    expect(Number(fields['bytes']) - size, text).toBeGreaterThan(0);
    expect(Number(fields['bytes']) - size, text).toBeLessThan(5000);
  } else {
    const [recipient] = fields['recipients'] as string[];
    expect(mail.recipients.map((one) => one.toLowerCase())).toContain(recipient);
    expect(fields['direction'], text).toBe(mail.direction);
  }
  const { outcome } = mail;
  if (line.log === 'receipt')
    expect(fields['outcome'], text).toBe(outcome.kind === 'rejected' ? 'failed' : 'accepted');
  if (line.log === 'process')
    expect(fields['outcome'], text).toBe(outcome.kind === 'held' ? 'held' : 'accepted');
  if (line.log === 'delivery' && outcome.kind === 'delivered')
    expect([parser.replace(/v\d/, 'v'), fields['outcome']]).toEqual(['siem-v-delivery', 'sent']);
}

describe.each(['v1-json', 'v1-kv', 'v2', 'dlp'] as const)(
  'lines that are written as %s',
  (mail) => {
    const writer = createWriter(organisation, { seed: 7, mail, dlp: true, utc_offset: 60 });
    const lines = activities.flatMap((activity) =>
      writer.write(activity).map((line) => ({ activity, line, ...read(line) })),
    );

    test('are all read by the parser of their log, at their time', () => {
      const logs = new Set(lines.map(({ line }) => line.log));
      expect(logs.size).toBe(mail === 'dlp' ? 6 : 9);
      for (const { line, parser, record } of lines) {
        expect(parser, line.text).toMatch(READERS[line.log]);
        expect(Math.abs(record.time - line.time), line.text).toBeLessThan(SKEW);
      }
    });

    test('of mail say whose mail it is, to whom, how large and what became of it', () => {
      let checked = 0;
      for (const { activity, line, parser, record } of lines) {
        if (activity.kind !== 'mail' || line.log === 'ttp_url') continue;
        checkMail(activity, line, { parser, record });
        checked++;
      }
      expect(checked).toBeGreaterThan(mail === 'dlp' ? 4 : 1000);
    });

    test('of one message are joined by one key', () => {
      const joins = new Map<string, Set<string | undefined>>();
      for (const { activity, line, record } of lines) {
        if (activity.kind !== 'mail' || line.log === 'ttp_url' || line.log === 'dlp') continue;
        const id = line.message_id;
        if (id === undefined) continue;
        const known = joins.get(id) ?? new Set();
        known.add(record.join);
        joins.set(id, known);
      }
      for (const [id, keys] of joins) {
        expect(keys.size, id).toBe(1);
        expect([...keys][0], id).toMatch(/^[\w-]{22}$/);
      }
      expect(new Set([...joins.values()].flatMap((keys) => [...keys])).size).toBe(joins.size);
    });
  },
);

test('clicks, views, rules, requests and sign-ins keep what they are about', () => {
  const writer = createWriter(organisation, { seed: 7 });
  const seen = new Set<string>();
  for (const activity of activities) {
    for (const line of writer.write(activity)) {
      if (activity.kind === 'mail' && line.log !== 'ttp_url') continue;
      const { fields } = read(line).record;
      seen.add(activity.kind);
      switch (activity.kind) {
        case 'mail': {
          const click = activity.clicks?.find(({ url }) => url === fields['url']);
          expect(click, line.text).toBeDefined();
          expect(fields).toMatchObject({
            user: click?.recipient,
            sender: activity.sender,
            category: click?.category,
            action: click?.malicious === true ? 'blocked' : 'allowed',
            web_domain: new URL(click?.url ?? '').hostname,
            message_id: line.message_id,
          });
          break;
        }
        case 'archive-view':
          expect(fields).toMatchObject({
            user: activity.user,
            activity: 'archive-view',
            target: activity.from,
            method: activity.source,
            outcome: activity.content_viewed ? 'content viewed' : 'headers viewed',
          });
          expect(fields['object'] ?? '').toBe(activity.subject);
          break;
        case 'web':
          expect(fields).toMatchObject({
            user: activity.user,
            url: activity.url,
            category: activity.category,
            action: 'blocked',
            bytes_in: activity.bytes_uploaded,
            bytes_out: activity.bytes_downloaded,
            src_ip: activity.src_ip,
          });
          break;
        case 'inbox-rule':
          expect(fields).toMatchObject({ user: activity.user, src_ip: activity.src_ip });
          if (activity.forward_to.length > 0)
            expect(fields['recipients'], line.text).toEqual([...activity.forward_to]);
          break;
        case 'audit':
          expect(fields).toMatchObject({ user: activity.user, src_ip: activity.src_ip });
      }
    }
  }
  expect(seen).toEqual(new Set(['mail', 'archive-view', 'web', 'inbox-rule', 'audit']));
});
