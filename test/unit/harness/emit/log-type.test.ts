import { describe, expect, it } from 'vitest';
import { background, createOrganisation, createWriter } from '#generators';
import { logTypeOf, messageIdOf } from '../../../../harness/emit/log-type.js';

const START = Date.UTC(2024, 0, 8);
const organisation = createOrganisation({ seed: 3, people: 40, start: START, days: 10 });
const activities = [...background(organisation, { start: START, days: 10, internal_mail: true })];

/** What a mail may be written as, by what its records hold. */
function written(mail: 'v1-json' | 'v1-kv' | 'dlp'): Map<string, string[]> {
  const writer = createWriter(organisation, { seed: 3, mail });
  const lines = new Map<string, string[]>();
  for (const activity of activities) {
    for (const { text } of writer.write(activity)) {
      const kind = activity.kind === 'mail' ? mail : activity.kind;
      const known = lines.get(kind);
      if (known) known.push(text);
      else lines.set(kind, [text]);
    }
  }
  return lines;
}

describe('the log that a line belongs to', () => {
  it.each(['v1-json', 'v1-kv'] as const)('is found for every mail record (%s)', (format) => {
    const counts: Record<string, number> = {};
    for (const text of written(format).get(format) ?? []) {
      const log = logTypeOf(text);
      counts[log] = (counts[log] ?? 0) + 1;
    }
    expect(Object.keys(counts).sort()).toEqual(['delivery', 'process', 'receipt']);
    const mails = activities.filter((one) => one.kind === 'mail');
    const recipients = mails.reduce((n, one) => n + one.recipients.length, 0);
    const scanned = mails.filter(({ outcome }) => outcome.kind !== 'rejected').length;
    expect(counts).toMatchObject({ receipt: recipients, process: scanned });
  });

  it('is found for every other log', () => {
    const lines = written('dlp');
    const logs = [...lines].map(([kind, texts]) => [kind, [...new Set(texts.map(logTypeOf))]]);
    expect(Object.fromEntries(logs)).toMatchObject({
      audit: ['audit'],
      'inbox-rule': ['m365'],
      web: ['web'],
      dlp: ['dlp'],
    });
  });

  it('is not mistaken for another because of what a subject says', () => {
    const mail = activities.find((one) => one.kind === 'mail' && one.outcome.kind === 'delivered');
    if (mail?.kind !== 'mail') throw new Error('no mail');
    const subject = '","Delivered":true,"MsgSize":1 {"CreationTime":';
    const writer = createWriter(organisation, { seed: 3 });
    const logs = writer.write({ ...mail, recipients: mail.recipients.slice(0, 1), subject });
    expect(logs.map(({ text }) => logTypeOf(text)).sort()).toEqual([
      'delivery',
      'process',
      'receipt',
    ]);
  });

  it('is the type that a record names itself, and other for the rest', () => {
    expect(
      logTypeOf('{"aggregateId":"a","senderEnvelope":"b","type":"url protect","subtype":null}'),
    ).toBe('url_protect');
    expect(logTypeOf('{"hello":1}')).toBe('other');
    expect(logTypeOf('hello')).toBe('other');
  });
});

describe('the Message-ID of a line', () => {
  it('is read as written from every form of mail record', () => {
    for (const format of ['v1-json', 'v1-kv', 'dlp'] as const) {
      for (const text of written(format).get(format) ?? []) {
        const id = messageIdOf(text);
        expect(id, text).toMatch(/^<[^<>\s]+>$/);
        expect(text).toContain(id);
      }
    }
  });

  it('is absent where a line has none', () => {
    expect(messageIdOf('{"type":"web-activity"}')).toBeUndefined();
    expect(messageIdOf('datetime=a|MsgId=|Subject=x')).toBeUndefined();
    expect(messageIdOf('{"MsgId":null,"messageId":""}')).toBeUndefined();
  });
});
