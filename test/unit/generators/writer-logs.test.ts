import { describe, expect, test } from 'vitest';
import {
  type ArchiveViewActivity,
  createWriter,
  type MailActivity,
  type WireLine,
  type WriterOptions,
} from '#generators';
import { keys, type Line, organisation, MAIL as PLAIN, REFUSED, recordsOf, START } from './mail.js';

const LATER = Date.UTC(2025, 6, 1, 9, 30, 15);
const MAIL: MailActivity = { ...PLAIN, subject: 'Offer "4711"' };

const written = (
  mail: Partial<MailActivity>,
  options: Partial<WriterOptions> = { mail: 'v2' },
): WireLine[] => createWriter(organisation, { seed: 1, ...options }).write({ ...MAIL, ...mail });
const parsed = (mail: Partial<MailActivity>): [Line, Line, Line] =>
  recordsOf(written(mail)) as [Line, Line, Line];

describe('API 2.0 records', () => {
  test('have all their keys in the order of the service', () => {
    const [receipt, processed, delivery] = parsed({});
    expect(keys(receipt)).toBe(
      'aggregateId processingId accountId timestamp action senderEnvelope messageId subject recipients senderIp rejectionType rejectionCode direction numberAttachments senderHeader rejectionInfo tlsVersion tlsCipher spamInfo spamProcessingDetail virusFound spamScore spamDetectionLevel receiptErrors type subtype _offset _partition',
    );
    expect(keys(processed)).toBe(
      'aggregateId processingId accountId action timestamp senderEnvelope messageId subject holdReason totalSizeAttachments numberAttachments attachments emailSize type subtype _offset _partition',
    );
    expect(keys(delivery)).toBe(
      'aggregateId processingId accountId timestamp messageId senderEnvelope subject recipients delivered destinationIp Hostname numberAttachments direction totalSizeAttachments deliveryAttempts tlsVersion tlsCipher emailSize tlsUsed route deliveryErrors rejectionType rejectionCode rejectionInfo deliveryTime type subtype _offset _partition',
    );
  });

  test('write numbers and booleans as strings, times as numbers, and what is absent as null', () => {
    const attachments = [
      { name: 'a "b".docx', bytes: 1000 },
      { name: 'c.xlsx', bytes: 500 },
    ];
    const [receipt, processed, delivery] = parsed({ attachments, subject: '' });
    expect(receipt).toMatchObject({
      action: 'Acc',
      subject: null,
      direction: 'Outbound',
      numberAttachments: '2',
      rejectionType: null,
      spamInfo: '[]',
      spamProcessingDetail: null,
      spamScore: '0',
      spamDetectionLevel: '28',
      type: 'receipt',
      subtype: 'Acc',
    });
    for (const line of [receipt, processed, delivery]) {
      expect(Math.abs(Number(line['timestamp']) - START)).toBeLessThan(120_000);
      for (const [key, value] of Object.entries(line)) {
        const number = key === 'timestamp' || key.startsWith('_');
        expect(typeof value, key).toBe(number ? 'number' : value === null ? 'object' : 'string');
      }
    }
    expect(processed).toMatchObject({
      totalSizeAttachments: '1500',
      numberAttachments: '2',
      attachments: '"a "b".docx", "c.xlsx"',
    });
    expect(delivery).toMatchObject({ delivered: 'true', subtype: 'true', deliveryAttempts: '1' });
    expect(parsed({ attachments: attachments.slice(1) })[1]['attachments']).toBe('c.xlsx');
    expect(parsed({})[1]['attachments']).toBeNull();
  });

  test('share the id of the message, with the second in which it came', () => {
    const lines = written({ recipients: ['a@one.com', 'b@two.com'] }).map(
      ({ text }) => JSON.parse(text) as Line,
    );
    expect(new Set(lines.map((line) => line['aggregateId'])).size).toBe(1);
    expect(lines[0]?.['aggregateId']).toMatch(
      new RegExp(`^[\\w-]{21}[AQgw]_${Math.floor(START / 1000)}$`),
    );
    const ids = lines.map((line) => line['processingId'] as string);
    for (const id of ids) expect(id).toMatch(/^[\w-]{43}_\d{10}$/);
    // One for each recipient and one for the message as a whole.
    expect(new Set(ids).size).toBe(3);
  });

  test('of refused mail have empty protocols and say why', () => {
    const lines = written({ outcome: REFUSED });
    expect(lines.map(({ log }) => log)).toEqual(['receipt']);
    expect(JSON.parse(lines[0]?.text ?? '')).toMatchObject({
      action: 'Rej',
      subtype: 'Rej',
      rejectionType: 'Header Rejected',
      rejectionCode: '550',
      rejectionInfo: 'no',
      tlsVersion: '',
      tlsCipher: '',
    });
  });

  test('of mail that was refused before its header name neither its id nor its subject', () => {
    const [line] = written({ outcome: { ...REFUSED, type: 'Manual Envelope Rejection' } });
    expect(line?.message_id).toBeUndefined();
    expect(JSON.parse(line?.text ?? '')).toMatchObject({
      messageId: null,
      subject: null,
      senderHeader: null,
      senderEnvelope: MAIL.sender,
      receiptErrors: 'User level block list in force',
    });
  });

  test('of mail that found no server name no address of one', () => {
    const outcome = { kind: 'retried', attempts: 2, error: 'Connection refused' } as const;
    const [, , delivery] = parsed({ outcome });
    expect(delivery).toMatchObject({
      destinationIp: null,
      route: null,
      deliveryErrors: 'Connection refused',
      rejectionCode: null,
    });
  });

  test('of mail from outside hold the checks of the sender as JSON in a text', () => {
    const [receipt] = parsed({ direction: 'inbound', sender: 'jane@gmail.com' });
    const detail = JSON.parse(receipt['spamProcessingDetail'] as string) as Line;
    expect(keys(detail)).toBe('spf dkim dmarc');
    expect(detail['spf']).toMatchObject({ allow: true });
  });

  test('follow the later spelling of the service from 2025 on', () => {
    const [receipt, processed, delivery] = parsed({
      time: LATER,
      direction: 'inbound',
      sender: 'jane@gmail.com',
    });
    expect(receipt['direction']).toBe('inbound');
    for (const line of [receipt, processed, delivery]) expect(line).not.toHaveProperty('_offset');
    expect(keys(delivery)).toContain('timestamp senderEnvelope messageId subject');
    const detail = JSON.parse(receipt['spamProcessingDetail'] as string) as string;
    expect(JSON.parse(detail)).toHaveProperty('dkim');
    const [latest] = parsed({
      time: LATER + 100 * 86_400_000,
      direction: 'inbound',
      sender: 'jane@gmail.com',
    });
    expect(latest['spamProcessingDetail']).toHaveProperty('spf.allow', true);
  });

  test('of one queue never have the same place', () => {
    const writer = createWriter(organisation, { seed: 1, mail: 'v2' });
    const places = new Set<string>();
    let lines = 0;
    for (let i = 0; i < 500; i++) {
      for (const { text } of writer.write({ ...MAIL, time: START + i * 7000 })) {
        const { _offset, _partition } = JSON.parse(text) as Line;
        places.add(`${String(_partition)} ${String(_offset)}`);
        lines++;
      }
    }
    // Places follow from the time, so one in some ten thousand may meet another.
    expect(places.size).toBeGreaterThan(lines - 3);
  });
});

test('addresses of any spelling keep their JSON whole', () => {
  const sender = '"o\\"neill \\\\ x"@harbour"tools.com';
  for (const mail of ['v1-json', 'v2'] as const) {
    const lines = written(
      { direction: 'inbound', sender, recipients: ['a"b@corp.example', '\\@corp.example'] },
      { mail },
    ).map(({ text }) => JSON.parse(text) as Line);
    expect(lines).toHaveLength(5);
    for (const line of lines) {
      expect(line['Sender'] ?? line['senderEnvelope']).toBe(sender);
      expect(line['MsgId'] ?? line['messageId']).toContain('harbour"tools.com>');
    }
  }
});

describe('the log that a line names', () => {
  test('is that of its record, in every form of mail', () => {
    for (const mail of ['v1-json', 'v1-kv', 'v2'] as const) {
      const lines = written({}, { mail });
      expect(lines.map(({ log }) => log)).toEqual(['receipt', 'process', 'delivery']);
      for (const { message_id, text } of lines) {
        expect(message_id).toMatch(/^<[^<>\s]+>$/);
        expect(text).toContain(message_id);
      }
    }
    const outcome = {
      kind: 'held',
      reason: 'Ctnt',
      policy: 'Credit Cards',
      release_after: undefined,
    } as const;
    const rows = written({ outcome }, { mail: 'dlp' });
    expect(rows.map(({ log }) => log)).toEqual(['dlp', 'dlp']);
    expect(rows[0]?.text).toContain(rows[0]?.message_id);
  });
});

describe('clicks on links', () => {
  const click = {
    recipient: organisation.people[1]?.address ?? '',
    after: 3_600_000,
    url: 'https://links.example/a?b=c',
    category: 'News & Media',
    malicious: false,
  };
  const inbound = {
    direction: 'inbound',
    sender: 'jane@gmail.com',
    recipients: [click.recipient],
  } as const;
  const clicksOf = (mail: Partial<MailActivity>): WireLine[] =>
    written({ ...inbound, clicks: [click], ...mail }, {}).filter(({ log }) => log === 'ttp_url');

  test('are rows of the URL protection log with its keys, types and escapes', () => {
    const [line] = clicksOf({});
    const record = JSON.parse(line?.text ?? '') as Line;
    expect(keys(record)).toBe(
      'userEmailAddress fromUserEmailAddress url ttpDefinition subject action adminOverride userOverride scanResult category sendingIp userAwarenessAction date actions route creationMethod emailPartsDescription messageId',
    );
    expect(record).toMatchObject({
      userEmailAddress: click.recipient,
      fromUserEmailAddress: 'jane@gmail.com',
      url: click.url,
      subject: MAIL.subject,
      action: 'allow',
      adminOverride: 'N/A',
      scanResult: 'clean',
      category: 'News & Media',
      date: '2024-03-04T10:30:15+0000',
      actions: 'Allow',
      route: 'inbound',
      creationMethod: 'User Click',
      emailPartsDescription: ['Body'],
    });
    expect(line?.text).toContain('"url":"https:\\/\\/links.example\\/a?b=c"');
    expect(line?.time).toBe(START + 3_600_000);
    expect(record['messageId']).toBe(line?.message_id);
    expect(record['sendingIp']).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
  });

  test('on malicious links are blocked', () => {
    const [line] = clicksOf({ clicks: [{ ...click, malicious: true }] });
    expect(JSON.parse(line?.text ?? '')).toMatchObject({
      action: 'block',
      actions: 'Block',
      scanResult: 'malicious',
      userAwarenessAction: 'N/A',
    });
  });

  test('come after the mail, and not at all for mail that does not arrive', () => {
    const all = written({ ...inbound, clicks: [{ ...click, after: 0 }] }, {});
    const [arrived, clicked] = all.slice(-2);
    expect([arrived?.log, clicked?.log]).toEqual(['delivery', 'ttp_url']);
    expect(clicked?.time).toBeGreaterThan(arrived?.time ?? 0);
    expect(clicksOf({ outcome: REFUSED })).toEqual([]);
    expect(
      clicksOf({
        outcome: { kind: 'held', reason: 'Spm', policy: 'p', release_after: undefined },
      }),
    ).toEqual([]);
    expect(clicksOf({ clicks: [{ ...click, recipient: 'nobody@corp.example' }] })).toEqual([]);
  });
});

describe('views of messages', () => {
  test('are rows of the view log, booleans as booleans', () => {
    const view: ArchiveViewActivity = {
      kind: 'archive-view',
      time: START,
      user: 'ann@corp.example',
      source: 'Message Tracking',
      from: 'a@corp.example',
      to: 'b@partner.com',
      subject: 'A "quoted" subject',
      sent: START - 86_400_000,
      content_viewed: true,
      discovery_case: false,
    };
    const lines = createWriter(organisation, { seed: 1 }).write(view);
    expect(lines).toEqual([
      {
        time: START,
        log: 'archive_view',
        message_id: undefined,
        text: '{"viewer":"ann@corp.example","source":"Message Tracking","viewed":"2024-03-04T09:30:15+0000","from":"a@corp.example","to":"b@partner.com","subject":"A \\"quoted\\" subject","messageDate":"2024-03-03T09:30:15+0000","contentViewed":true,"discoveryCase":false}',
      },
    ]);
  });
});
