import { describe, expect, test } from 'vitest';
import { type Activity, createWriter, type MailActivity, type Writer } from '#generators';
import { keys, type Line, MAIL, organisation, REFUSED, recordsOf, START } from './mail.js';

const writer = (options: Partial<Parameters<typeof createWriter>[1]> = {}): Writer =>
  createWriter(organisation, { seed: 1, ...options });

const parsed = (mail: Partial<MailActivity>, w = writer()): Line[] =>
  recordsOf(w.write({ ...MAIL, ...mail }));

const kv = (mail: Partial<MailActivity>): string[] =>
  writer({ mail: 'v1-kv' })
    .write({ ...MAIL, ...mail })
    .map(({ text }) => text);

const isDelivery = (line: Line): boolean => 'Delivered' in line;
const isProcess = (line: Line): boolean => 'MsgSize' in line;
const isReceipt = (line: Line): boolean => 'headerFrom' in line;

const kvKeys = (line: string | undefined): string =>
  (line ?? '')
    .split('|')
    .map((pair) => pair.slice(0, pair.indexOf('=')))
    .join(' ');

const REFUSED_ENVELOPE = {
  kind: 'rejected',
  type: 'Manual Envelope Rejection',
  code: '550',
  detail: 'Envelope blocked - User Entry',
} as const;
const REFUSED_VIRUS = {
  kind: 'rejected',
  type: 'Virus Signature Detection',
  code: '554',
  detail: '[clam.Doc.Dropper, soph.Troj/DocDl-WEQ]',
} as const;

describe('v1 JSON keys come in the order of a Java HashMap', () => {
  test('receipt of internal mail over TLS', () => {
    expect(keys(parsed({ direction: 'internal' }).find(isReceipt))).toBe(
      'acc IP Dir Subject MsgId headerFrom Sender datetime Rcpt Act TlsVer Cphr aCode',
    );
  });

  test('receipt of mail that was scanned for spam, as all is that comes in or goes out', () => {
    for (const mail of [{}, { direction: 'inbound', sender: 'jane@gmail.com' } as const]) {
      expect(keys(parsed(mail).find(isReceipt))).toBe(
        'acc SpamLimit IP Dir Subject MsgId headerFrom Sender datetime Rcpt SpamInfo Act TlsVer Cphr aCode SpamScore',
      );
    }
  });

  test('receipt of mail that was refused because of its sender, before its header', () => {
    const [line] = parsed({ outcome: REFUSED_ENVELOPE });
    expect(keys(line)).toBe(
      'acc IP RejType Error RejCode Dir Subject MsgId Sender datetime Rcpt Act RejInfo aCode',
    );
    expect(line).toMatchObject({
      Subject: null,
      MsgId: null,
      Error: 'User level block list in force',
    });
  });

  test('receipt of mail that was refused for a virus', () => {
    const [line] = parsed({ outcome: REFUSED_VIRUS });
    expect(keys(line)).toBe(
      'acc IP RejType Error RejCode Dir Subject MsgId headerFrom Sender datetime Rcpt Act RejInfo TlsVer Cphr aCode',
    );
    expect(line?.['Error']).toBe('Malware detected by AV Scan policy: Doc.Dropper');
  });

  test('process record', () => {
    expect(keys(parsed({}).find(isProcess))).toBe(
      'acc Sender datetime AttSize Act aCode AttCnt AttNames MsgSize MsgId Subject',
    );
  });

  test('process record of held mail', () => {
    const held = { kind: 'held', reason: 'Ctnt', policy: 'P', release_after: undefined } as const;
    expect(keys(parsed({ outcome: held }).find(isProcess))).toBe(
      'acc Sender Hld datetime AttSize Act aCode AttCnt AttNames MsgSize MsgId Subject',
    );
  });

  test('delivery record', () => {
    expect(keys(parsed({}).find(isDelivery))).toBe(
      'acc Delivered IP AttCnt Dir ReceiptAck MsgId Subject Latency Sender datetime Rcpt AttSize Attempt TlsVer Cphr Snt aCode UseTls Route',
    );
  });

  test('delivery that was refused', () => {
    const bounced = { kind: 'bounced', type: 'T', code: '550', detail: 'D' } as const;
    expect(keys(parsed({ outcome: bounced }).find(isDelivery))).toBe(
      'acc Delivered IP RejType RejCode AttCnt Dir ReceiptAck MsgId Subject Latency Sender datetime Rcpt AttSize Attempt RejInfo TlsVer Cphr Snt aCode UseTls Route',
    );
  });

  test('delivery that found no connection', () => {
    const retried = {
      kind: 'retried',
      attempts: 2,
      error: 'Connection refused (Connection refused)',
    } as const;
    expect(keys(parsed({ outcome: retried }).find(isDelivery))).toBe(
      'acc Delivered Err RejType AttCnt Dir ReceiptAck MsgId Subject Latency Sender datetime Rcpt AttSize Attempt Snt aCode UseTls',
    );
  });

  test('delivery that the other server put off', () => {
    const retried = { kind: 'retried', attempts: 2, error: '451 4.7.1 later' } as const;
    const line = parsed({ outcome: retried, recipients: ['jane@gmail.com'] }).find(isDelivery);
    expect(keys(line).replace(' TlsVer Cphr', '')).toBe(
      'acc Delivered IP RejType RejCode AttCnt Dir ReceiptAck MsgId Subject Latency Sender datetime Rcpt AttSize Attempt RejInfo Snt aCode UseTls Route',
    );
    expect(line).toMatchObject({ RejCode: '451', RejInfo: '4.7.1 later', Delivered: false });
  });
});

describe('v1 key=value keys come in the order that public templates show', () => {
  test('receipt, plain', () => {
    expect(kvKeys(kv({ direction: 'internal' })[0])).toBe(
      'datetime aCode acc Sender Rcpt Act TlsVer IP Cphr Dir MsgId Subject headerFrom',
    );
  });

  test('receipt, scanned for spam', () => {
    expect(kvKeys(kv({ direction: 'inbound', sender: 'jane@gmail.com' })[0])).toBe(
      'datetime aCode acc SpamLimit IP Dir MsgId Subject headerFrom Sender Rcpt SpamInfo Act TlsVer Cphr SpamScore',
    );
  });

  test('receipt, rejected', () => {
    expect(kvKeys(kv({ outcome: REFUSED })[0])).toBe(
      'datetime aCode acc IP RejType RejCode Dir MsgId Subject headerFrom Sender Rcpt Act RejInfo',
    );
  });

  test('receipt, refused before its header, with nothing where the id and the subject would be', () => {
    const [line] = kv({ outcome: REFUSED_ENVELOPE });
    expect(line).toMatch(/\|Dir=Outbound\|MsgId=\|Subject=\|Sender=/);
    expect(line).toContain(
      '|RejType=\\Manual Envelope Rejection\\|Error=\\User level block list in force\\|RejCode=550|',
    );
  });

  test('process', () => {
    expect(kvKeys(kv({})[1])).toBe(
      'datetime aCode acc Sender AttSize Act AttCnt AttNames MsgSize MsgId Subject',
    );
  });

  test('delivery', () => {
    expect(kvKeys(kv({})[2])).toBe(
      'datetime aCode acc Delivered IP AttCnt Dir ReceiptAck MsgId Subject Latency Sender Rcpt AttSize Attempt TlsVer Cphr Snt UseTls Route',
    );
  });

  test('free text stands between backslashes and file names in quotes', () => {
    const lines = kv({
      attachments: [
        { name: 'a.docx', bytes: 10 },
        { name: 'b.xlsx', bytes: 20 },
      ],
    });
    expect(lines[0]).toContain('|Subject=\\Offer 4711\\|');
    expect(lines[1]).toContain('|AttNames="a.docx", "b.xlsx"|');
    expect(kv({})[1]).toContain('|AttNames=|');
    expect(lines[2]).toMatch(/\|Route=\\[^\\|]+\\$/);
  });
});

describe('v1 JSON values', () => {
  test('are numbers, booleans and strings as in the product', () => {
    const [receipt, processed, delivery] = parsed({
      attachments: [{ name: 'a.docx', bytes: 1000 }],
    }) as [Line, Line, Line];
    expect(processed['AttNames']).toBe('"a.docx"');
    expect(processed['AttCnt']).toBe(1);
    expect(processed['AttSize']).toBe(1000);
    expect(processed['MsgSize']).toBeGreaterThan(6000);
    expect(delivery['Delivered']).toBe(true);
    expect(delivery['Attempt']).toBe(1);
    expect(delivery['UseTls']).toMatch(/^(Yes|No)$/);
    expect(receipt['datetime']).toBe('2024-03-04T09:30:15+0000');
  });

  test('are null where a mail has no subject, attachment or acknowledgement', () => {
    const bounced = { kind: 'bounced', type: 'T', code: '550', detail: 'D' } as const;
    const lines = parsed({ subject: '', outcome: bounced });
    for (const line of lines) expect(line['Subject']).toBeNull();
    expect(lines.find(isProcess)?.['AttNames']).toBeNull();
    expect(lines.find(isDelivery)?.['ReceiptAck']).toBeNull();
    expect(lines.find(isDelivery)?.['RejCode']).toBe('550');
  });

  test('cut subjects to 150 characters without halving one', () => {
    const [line] = parsed({ subject: '🙂'.repeat(200) });
    expect(line?.['Subject']).toBe('🙂'.repeat(150));
  });

  test('escape what JSON must escape and leave the rest raw', () => {
    const subject = 'a "quoted" \\ <tag> / größe \u0001 \ud800';
    const [line] = writer().write({ ...MAIL, subject });
    expect((JSON.parse(line?.text ?? '') as Line)['Subject']).toBe(subject);
    expect(line?.text).toContain('<tag> / größe');
  });

  test('follow the account’s zone, written without a colon', () => {
    const east = writer({ utc_offset: 330 }).write(MAIL)[0]?.text ?? '';
    const west = writer({ utc_offset: -240 }).write(MAIL)[0]?.text ?? '';
    expect(east).toContain('"datetime":"2024-03-04T15:00:15+0530"');
    expect(west).toContain('"datetime":"2024-03-04T05:30:15-0400"');
  });

  test('name an empty envelope sender for mail written by machines', () => {
    const [receipt, processed] = parsed({ automatic: true });
    expect(receipt?.['Sender']).toBe('<>');
    expect(receipt?.['headerFrom']).toBe(MAIL.sender);
    expect(processed?.['Sender']).toBe('<>');
  });
});

describe('the lines of one mail', () => {
  test('are a receipt and a delivery per recipient and one process record, all of one code', () => {
    const lines = parsed({ recipients: ['a@one.com', 'b@two.com', 'c@three.com'] });
    expect(lines.filter(isReceipt)).toHaveLength(3);
    expect(lines.filter(isProcess)).toHaveLength(1);
    expect(lines.filter(isDelivery)).toHaveLength(3);
    expect(new Set(lines.map((line) => line['aCode'])).size).toBe(1);
    expect(lines[0]?.['aCode']).toMatch(/^[\w-]{21}[AQgw]$/);
    expect(new Set(lines.map((line) => line['MsgId'])).size).toBe(1);
  });

  test('end with the receipt when the gateway refuses', () => {
    const lines = parsed({ recipients: ['a@one.com', 'b@two.com'], outcome: REFUSED });
    expect(lines).toHaveLength(2);
    expect(lines.every((line) => line['Act'] === 'Rej' && line['RejCode'] === '550')).toBe(true);
  });

  test('stop at the process record while held and go on when released', () => {
    const held = { kind: 'held', reason: 'Ctnt', policy: 'P' } as const;
    const kept = parsed({ outcome: { ...held, release_after: undefined } });
    expect(kept.map((line) => line['Act'])).toEqual(['Acc', 'Hld']);
    const released = writer().write({
      ...MAIL,
      outcome: { ...held, release_after: 7_200_000 },
    });
    expect(released).toHaveLength(3);
    expect((released[2]?.time ?? 0) - START).toBeGreaterThan(7_200_000);
  });

  test('hold one delivery per attempt, minutes apart, and succeed at the last', () => {
    const lines = writer().write({
      ...MAIL,
      outcome: { kind: 'retried', attempts: 3, error: 'Connection refused' },
    });
    const deliveries = lines.filter(({ text }) => isDelivery(JSON.parse(text) as Line));
    const records = deliveries.map(({ text }) => JSON.parse(text) as Line);
    expect(records.map((line) => line['Attempt'])).toEqual([1, 2, 3]);
    expect(records.map((line) => line['Delivered'])).toEqual([false, false, true]);
    const [first, second] = deliveries;
    expect((second?.time ?? 0) - (first?.time ?? 0)).toBeGreaterThan(30_000);
    // The time a mail took, not an attempt: it grows from one to the next.
    for (const [i, line] of records.entries()) {
      const since = (deliveries[i]?.time ?? 0) - START;
      expect(line['Latency']).toBeGreaterThan(since);
      expect(line['Latency']).toBeLessThan(since + 3000);
    }
  });

  test('are tried ever more seldom, and given up after thirty attempts in four days', () => {
    const lines = writer().write({
      ...MAIL,
      outcome: {
        kind: 'bounced',
        type: 'Recipient server unavailable or busy',
        code: '554',
        detail: '5.4.7 Delivery time expired',
      },
    });
    const attempts = recordsOf(lines).filter(isDelivery);
    expect(attempts.map((line) => line['Attempt'])).toEqual(
      Array.from({ length: 30 }, (_, i) => i + 1),
    );
    const hours = attempts.map((line) => Number(line['Latency']) / 3_600_000);
    // The published record of a seventeenth attempt says 12.08.
    expect(hours[16]).toBeGreaterThan(11.5);
    expect(hours[16]).toBeLessThan(12.5);
    expect(hours[29]).toBeGreaterThan(94);
    expect(hours[29]).toBeLessThan(98);
    const pauses = hours.slice(1).map((hour, i) => hour - (hours[i] ?? 0));
    for (const [i, pause] of pauses.entries())
      expect(pause).toBeGreaterThan(0.9 * (pauses[i - 1] ?? 0));
    expect(pauses[0]).toBeLessThan(0.05);
    expect(Math.max(...pauses)).toBeLessThan(9);
    for (const line of attempts.slice(0, -1)) expect(line).not.toHaveProperty('RejCode');
    expect(attempts.at(-1)).toMatchObject({ RejCode: '554', Delivered: false });
  });

  test('are seconds apart: scanned in two or more, delivered in less than one of the time', () => {
    const scans: number[] = [];
    const deliveries: number[] = [];
    for (let i = 0; i < 200; i++) {
      const [, scanned, delivered] = writer({ seed: i }).write(MAIL);
      scans.push((scanned?.time ?? 0) - START);
      deliveries.push((delivered?.time ?? 0) - (scanned?.time ?? 0));
    }
    const median = (times: number[]): number => times.sort((a, b) => a - b)[100] ?? 0;
    expect(Math.min(...scans)).toBeGreaterThanOrEqual(1500);
    expect(median(scans)).toBeGreaterThan(2000);
    expect(median(scans)).toBeLessThan(3000);
    expect(median(deliveries)).toBeGreaterThan(400);
    expect(median(deliveries)).toBeLessThan(1200);
  });

  test('are acknowledged by Exchange where an Exchange route leads', () => {
    for (const direction of ['inbound', 'internal'] as const) {
      const delivered = parsed({ direction }).find(isDelivery);
      expect(delivered?.['Route']).toBe('Mimecast Exchange Route');
      expect(delivered?.['ReceiptAck']).toMatch(
        /^250 2\.6\.0 <[^>]+> \[InternalId=\d+\] Queued mail/,
      );
    }
  });

  test('come in time order, none before the mail', () => {
    for (let i = 0; i < 50; i++) {
      const times = writer({ seed: i })
        .write({ ...MAIL, recipients: ['a@one.com', 'b@two.com', 'c@three.com'] })
        .map(({ time }) => time);
      expect(times).toEqual([...times].sort((a, b) => a - b));
      expect(times[0]).toBeGreaterThanOrEqual(START);
    }
  });

  test('come from the same server each time the same domain writes', () => {
    const w = writer();
    const ips = Array.from({ length: 30 }, () => {
      const line = parsed({ direction: 'inbound', sender: 'jane@orchard-freight.com' }, w)[0];
      return line?.['IP'];
    });
    expect(new Set(ips).size).toBeLessThanOrEqual(2);
  });

  test('add rows to the DLP log for each recipient and action of a content hold', () => {
    const outcome = {
      kind: 'held',
      reason: 'Ctnt',
      policy: 'Credit Cards',
      release_after: undefined,
    } as const;
    const mail: MailActivity = { ...MAIL, recipients: ['a@one.com', 'b@two.com'], outcome };
    const rows = writer({ mail: 'dlp' })
      .write(mail)
      .map(({ text }) => JSON.parse(text) as Line);
    expect(rows.map((row) => row['action'])).toEqual([
      'hold',
      'hold',
      'notification',
      'notification',
    ]);
    expect(keys(rows[0])).toBe(
      'senderAddress recipientAddress subject eventTime route policy action messageId',
    );
    expect(writer({ mail: 'dlp' }).write(MAIL)).toEqual([]);
    expect(writer({ dlp: true }).write(mail)).toHaveLength(2 + 1 + 4);
  });
});

describe('other records', () => {
  const one = (activity: Activity): Line =>
    JSON.parse(writer().write(activity)[0]?.text ?? '') as Line;

  test('a blocked web request is a proxy record', () => {
    const line = one({
      kind: 'web',
      time: START,
      user: 'a@b.example',
      url: 'https://www.dropbox.com:443/upload?x=1',
      method: 'POST',
      category: 'File Sharing',
      bytes_uploaded: 123,
      bytes_downloaded: 45,
      src_ip: '10.1.2.3',
      user_agent: 'Agent "X"',
    });
    expect(keys(line)).toBe(
      'type time user src_ip url web_domain category method action bytes_in bytes_out user_agent',
    );
    expect(line).toMatchObject({
      time: '2024-03-04T09:30:15Z',
      web_domain: 'www.dropbox.com',
      action: 'blocked',
      bytes_in: 123,
      bytes_out: 45,
      user_agent: 'Agent "X"',
    });
  });

  test('a mailbox rule is a unified audit record with its parameters', () => {
    const rule = {
      kind: 'inbox-rule',
      time: START,
      user: 'a@b.example',
      operation: 'New-InboxRule',
      rule_name: '.',
      forward_to: ['x@gmail.com', 'y@gmail.com'],
      move_to_folder: undefined,
      words: ['invoice', 'payment'],
      src_ip: '1.2.3.4',
    } as const;
    const line = one(rule);
    expect(line).toMatchObject({
      CreationTime: '2024-03-04T09:30:15',
      Operation: 'New-InboxRule',
      RecordType: 1,
      ResultStatus: 'True',
      Workload: 'Exchange',
      UserId: 'a@b.example',
      ClientIP: '1.2.3.4',
    });
    expect(line['Parameters']).toEqual(
      expect.arrayContaining([
        { Name: 'ForwardTo', Value: 'x@gmail.com;y@gmail.com' },
        { Name: 'SubjectOrBodyContainsWords', Value: 'invoice;payment' },
      ]),
    );
    expect(one({ ...rule, operation: 'Set-Mailbox' })['Parameters']).toEqual(
      expect.arrayContaining([
        { Name: 'ForwardingSmtpAddress', Value: 'smtp:x@gmail.com;smtp:y@gmail.com' },
      ]),
    );
  });

  test('a rule made in Outlook is an act on the mailbox, with properties and no parameters', () => {
    const rule = {
      kind: 'inbox-rule',
      time: START,
      user: 'a@b.example',
      operation: 'UpdateInboxRules',
      rule_name: 'Bank',
      forward_to: ['x@gmail.com', 'y@gmail.com'],
      move_to_folder: 'Archive',
      words: [],
      src_ip: '1.2.3.4',
    } as const;
    const line = one(rule);
    expect(line).toMatchObject({
      Operation: 'UpdateInboxRules',
      RecordType: 2,
      ResultStatus: 'Succeeded',
      UserId: 'a@b.example',
      MailboxOwnerUPN: 'a@b.example',
      ClientProcessName: 'OUTLOOK.EXE',
    });
    for (const key of ['Parameters', 'ObjectId']) expect(line).not.toHaveProperty(key);
    const properties = Object.fromEntries(
      (line['OperationProperties'] as { Name: string; Value: string }[]).map(
        ({ Name, Value }) => [Name, Value] as const,
      ),
    );
    expect(properties).toMatchObject({ RuleOperation: 'AddMailboxRule', RuleName: 'Bank' });
    const actions = JSON.parse(properties['RuleActions'] ?? '') as Line[];
    expect(actions).toMatchObject([
      { ActionType: 'Forward', Recipients: ['x@gmail.com', 'y@gmail.com'] },
      { ActionType: 'Move', FolderIsInThisStore: 'True' },
    ]);
    // A folder keeps its id, and another has another one.
    const folderOf = (of: Line): unknown =>
      /DestinationFolderId[^,]+/.exec(JSON.stringify(of))?.[0];
    expect(folderOf(one(rule))).toBe(folderOf(line));
    expect(folderOf(one({ ...rule, move_to_folder: 'Other' }))).not.toBe(folderOf(line));
  });

  test('a sign-in is an audit event whose text ends with application and method', () => {
    const line = one({
      kind: 'audit',
      time: START,
      user: 'a@b.example',
      audit_type: 'User Logged On',
      category: 'authentication_logs',
      text: 'Application: Personal Portal, Method: Cloud',
      src_ip: '1.2.3.4',
    });
    expect(keys(line)).toBe('id auditType user eventTime eventInfo category');
    expect(line['eventInfo']).toMatch(
      /, Date: 2024-03-04, Time: 09:30:15 \+0000, IP: 1\.2\.3\.4, Application: Personal Portal, Method: Cloud$/,
    );
  });
});

test('an audit text spells zones that are not UTC by their distance from it', () => {
  const sign_in: Activity = {
    kind: 'audit',
    time: START,
    user: 'a@b.example',
    audit_type: 'User Logged On',
    category: 'authentication_logs',
    text: 'Application: Personal Portal, Method: Cloud',
    src_ip: '1.2.3.4',
  };
  const [line] = writer({ utc_offset: -240 }).write(sign_in);
  expect(line?.text).toContain(', Date: 2024-03-04, Time: 05:30:15 GMT-04:00, IP: ');
  expect(line?.text).toContain('"eventTime":"2024-03-04T09:30:15+0000"');
});

describe('a writer', () => {
  test('gives equal bytes for equal calls and other ids for another seed', () => {
    const texts = (seed: number): string[] =>
      writer({ seed })
        .write(MAIL)
        .map(({ text }) => text);
    expect(texts(4)).toEqual(texts(4));
    expect(texts(4)).not.toEqual(texts(5));
  });

  test('never repeats a tracking code', () => {
    const w = writer();
    const codes = Array.from({ length: 2000 }, () => parsed({}, w)[0]?.['aCode']);
    expect(new Set(codes).size).toBe(2000);
  });
});
