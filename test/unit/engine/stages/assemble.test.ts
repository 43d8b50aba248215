import { describe, expect, test } from 'vitest';
import { BinaryReader, BinaryWriter } from '../../../../engine/binary.js';
import type { Event, Fields, LogRecord, RecordPart } from '../../../../engine/contract.js';
import { emptyCounters } from '../../../../engine/counters.js';
import { type AssembleOptions, createAssembleStage } from '../../../../engine/stages/2-assemble.js';

const MINUTE = 60_000;
const start = Date.UTC(2024, 0, 1, 9);
/** Types by outcome: 0 sent, 1 failed, 2 anything that is no mail. */
const buildType = (kind: string, fields: Fields): number => {
  if (kind === 'web') return 2;
  if (kind !== 'mail') return -1;
  return fields['outcome'] === 'failed' ? 1 : 0;
};

let lineId = 0;
function part(which: RecordPart, minutes: number, fields: Fields, join = 'm1'): LogRecord {
  return {
    line: lineId++,
    parser: 0,
    kind: 'mail',
    time: start + minutes * MINUTE,
    part: which,
    join,
    fields,
  };
}
const mail = { sender: 'mia@corp.example', subject: 'Offer', message_id: '<a@corp.example>' };
const receipt = (at: number, to: string, more: Fields = {}, join = 'm1') =>
  part(
    'receipt',
    at,
    {
      ...mail,
      recipients: [to],
      direction: 'outbound',
      outcome: 'accepted',
      action: 'acc',
      ...more,
    },
    join,
  );
const verdict = (at: number, more: Fields = {}, join = 'm1') =>
  part(
    'process',
    at,
    { ...mail, bytes: 1000, attachments: ['a.docx'], outcome: 'accepted', action: 'acc', ...more },
    join,
  );
const delivery = (at: number, to: string, more: Fields = {}, join = 'm1') =>
  part(
    'delivery',
    at,
    { ...mail, recipients: [to], direction: 'outbound', outcome: 'sent', bytes: 400, ...more },
    join,
  );
const web = (at: number): LogRecord => ({
  line: lineId++,
  parser: 1,
  kind: 'web',
  time: start + at * MINUTE,
  fields: { action: 'blocked' },
});

function run(records: readonly LogRecord[], options: Partial<AssembleOptions> = {}) {
  const counters = emptyCounters();
  const events: Event[] = [];
  const stage = createAssembleStage(
    { wait: 10 * MINUTE, lateness: 10 * MINUTE, buildType, ...options },
    counters,
    (event) => {
      events.push(event);
    },
  );
  for (const record of records) stage.add(record);
  stage.finish();
  return { counters, events, stage };
}

const brief = (events: readonly Event[]) =>
  events.map((event) => [
    event.fields['outcome'],
    (event.time - start) / MINUTE,
    ...((event.fields['recipients'] as string[] | undefined) ?? []),
  ]);

describe('the wait', () => {
  /** The newest line before the rest of the message comes is at `newest`. */
  const restAfter = (newest: number) =>
    run([receipt(0, 'b@x.example'), web(newest), verdict(9), delivery(9.5, 'b@x.example')], {
      wait: 10 * MINUTE,
      lateness: 3 * MINUTE,
    });

  test('lasts until the newest line is wait and lateness behind, so lines in between still join', () => {
    const { events, counters } = restAfter(12.9);
    const [message] = events.filter(({ fields }) => fields['recipients'] !== undefined);
    expect(message?.fields).toMatchObject({ bytes: 1000, attachments: ['a.docx'] });
    expect(counters).toMatchObject({ incompleteMessages: 0, lateParts: 0 });
  });

  test('is over then, and the message leaves with what it has', () => {
    const { events, counters } = restAfter(13);
    const [message] = events.filter(({ fields }) => fields['recipients'] !== undefined);
    expect(message?.fields['bytes']).toBeUndefined();
    expect(counters.incompleteMessages).toBe(1);
    expect(counters.lateParts).toBeGreaterThan(0);
  });
});

describe('the lines of one message', () => {
  test('become one event at the time of the receipt, with each fact from the line that knows it', () => {
    const lines = [
      delivery(2, 'b@x.example'),
      receipt(0, 'a@x.example', { src_ip: '192.0.2.1' }),
      verdict(1),
      receipt(0.5, 'b@x.example'),
      delivery(3, 'a@x.example'),
    ];
    const { events, counters } = run(lines);
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({
      type: 0,
      time: start,
      late: false,
      lines: lines.map((line) => line.line).sort((a, b) => a - b),
      fields: {
        ...mail,
        recipient: 'a@x.example',
        recipients: ['a@x.example', 'b@x.example'],
        bytes: 1000,
        attachments: ['a.docx'],
        src_ip: '192.0.2.1',
        outcome: 'sent',
        direction: 'outbound',
        failure_reason: undefined,
      },
    });
    expect(counters).toMatchObject({ incompleteMessages: 0, lateParts: 0, duplicates: 0 });
  });

  test('make a sent and a failed event where only some recipients got it', () => {
    const { events } = run([
      receipt(0, 'a@x.example'),
      receipt(0, 'b@x.example', {
        outcome: 'failed',
        action: 'rej',
        failure_reason: 'Envelope Rejected',
      }),
      verdict(1),
      delivery(2, 'a@x.example'),
    ]);
    expect(brief(events)).toEqual([
      ['sent', 0, 'a@x.example'],
      ['failed', 0, 'b@x.example'],
    ]);
    expect(events[1]?.fields).toMatchObject({ failure_reason: 'Envelope Rejected', action: 'rej' });
  });

  test('are outbound when any recipient is outside, whatever the order', () => {
    const lines = [
      receipt(0, 'c@corp.example', { direction: 'internal' }),
      receipt(0, 'a@x.example'),
    ];
    expect(run(lines).events[0]?.fields['direction']).toBe('outbound');
    expect(run([...lines].reverse()).events[0]?.fields['direction']).toBe('outbound');
  });

  test('count as sent when only the receipt is there, and as incomplete', () => {
    const { events, counters } = run([receipt(0, 'a@x.example')]);
    expect(brief(events)).toEqual([['sent', 0, 'a@x.example']]);
    expect(counters.incompleteMessages).toBe(1);
  });

  test('take the size from the delivery when the process line is missing', () => {
    const { events } = run([receipt(0, 'a@x.example'), delivery(1, 'a@x.example')]);
    expect(events[0]?.fields['bytes']).toBe(400);
  });

  test('are one event however often delivery was tried, even hours later', () => {
    const refused = { outcome: 'pending', failure_reason: 'busy', bytes: 0 };
    const soon = run([
      receipt(0, 'a@x.example'),
      verdict(1),
      delivery(2, 'a@x.example', refused),
      delivery(4, 'a@x.example', refused),
      delivery(6, 'a@x.example'),
    ]);
    expect(brief(soon.events)).toEqual([['sent', 0, 'a@x.example']]);
    const late = run([
      receipt(0, 'a@x.example'),
      verdict(1),
      delivery(2, 'a@x.example', refused),
      delivery(60, 'a@x.example', refused),
      delivery(300, 'a@x.example'),
      web(2000),
    ]);
    expect(brief(late.events)).toEqual([
      ['sent', 300, 'a@x.example'],
      [undefined, 2000],
    ]);
    expect(late.events[0]?.fields).toMatchObject({ bytes: 1000, attachments: ['a.docx'] });
  });

  test('fail a day after the last attempt that was put off', () => {
    const { events } = run([
      receipt(0, 'a@x.example'),
      verdict(1),
      delivery(2, 'a@x.example', { outcome: 'pending', failure_reason: 'busy' }),
      delivery(600, 'a@x.example', { outcome: 'pending', failure_reason: 'still busy' }),
      web(3 * 24 * 60),
    ]);
    expect(brief(events)).toEqual([
      ['failed', 600 + 24 * 60, 'a@x.example'],
      [undefined, 3 * 24 * 60],
    ]);
    expect(events[0]?.fields['failure_reason']).toBe('still busy');
  });

  test('fail at once when the other side refused for good', () => {
    const { events } = run([
      receipt(0, 'a@x.example'),
      verdict(1),
      delivery(2, 'a@x.example', { outcome: 'failed', failure_reason: 'no such user' }),
    ]);
    expect(brief(events)).toEqual([['failed', 0, 'a@x.example']]);
  });

  test('do not mix with those of another message', () => {
    const { events } = run([
      receipt(0, 'a@x.example'),
      receipt(0, 'b@x.example', { message_id: '<b@corp.example>' }, 'm2'),
      verdict(1, { bytes: 7, message_id: '<b@corp.example>' }, 'm2'),
    ]);
    expect(events.map((event) => event.fields['bytes'])).toEqual([undefined, 7]);
  });
});

describe('held mail', () => {
  const hold = { outcome: 'held', action: 'hld', failure_reason: 'held by a content policy' };

  test('fails when the hold is seen and is sent when it is delivered days later, with size and attachments', () => {
    const { events } = run([
      receipt(0, 'a@x.example'),
      receipt(0, 'b@x.example'),
      verdict(1, hold),
      web(60),
      delivery(3 * 24 * 60, 'a@x.example'),
      delivery(3 * 24 * 60 + 1, 'b@x.example'),
      web(5 * 24 * 60),
    ]);
    expect(brief(events)).toEqual([
      ['failed', 0, 'a@x.example', 'b@x.example'],
      [undefined, 60],
      ['sent', 3 * 24 * 60, 'a@x.example', 'b@x.example'],
      [undefined, 5 * 24 * 60],
    ]);
    expect(events[2]?.fields).toMatchObject({
      bytes: 1000,
      attachments: ['a.docx'],
      action: 'acc',
    });
  });

  test('tells both the hold and the release when both fall into the wait', () => {
    const { events } = run([
      receipt(0, 'a@x.example'),
      verdict(1, hold),
      delivery(5, 'a@x.example'),
      web(3),
      web(90),
    ]);
    expect(brief(events)).toEqual([
      ['failed', 0, 'a@x.example'],
      [undefined, 3],
      ['sent', 5, 'a@x.example'],
      [undefined, 90],
    ]);
    expect(events.every((event) => !event.late)).toBe(true);
  });

  test('is found by a release log that knows no code, and delivered only once', () => {
    const { join: _, ...release } = part('release', 200, {
      sender: mail.sender,
      subject: 'offer',
      recipients: ['a@x.example'],
      outcome: 'sent',
      action: 'released',
    });
    const { events, counters } = run([
      receipt(0, 'a@x.example'),
      verdict(1, hold),
      web(60),
      release,
      web(300),
      delivery(300, 'a@x.example'),
      web(400),
    ]);
    expect(brief(events).filter(([outcome]) => outcome !== undefined)).toEqual([
      ['failed', 0, 'a@x.example'],
      ['sent', 200, 'a@x.example'],
    ]);
    expect(events.find((event) => event.fields['outcome'] === 'sent')?.fields['action']).toBe(
      'released',
    );
    expect(counters.lateParts).toBe(1);
  });

  test('is forgotten after fourteen days', () => {
    const { events, counters } = run([
      receipt(0, 'a@x.example'),
      verdict(1, hold),
      web(15 * 24 * 60),
      delivery(15 * 24 * 60 + 1, 'a@x.example'),
    ]);
    // The delivery is a message of its own by then: without size.
    expect(events.at(-1)?.fields).toMatchObject({
      outcome: 'sent',
      bytes: 400,
      attachments: undefined,
    });
    expect(counters.incompleteMessages).toBe(1);
  });

  test('in the list of held messages is one event however often the list is read', () => {
    const listed = (): LogRecord => ({
      line: lineId++,
      parser: 0,
      kind: 'mail',
      time: start,
      fields: {
        sender: mail.sender,
        subject: 'Offer',
        recipients: ['a@x.example'],
        outcome: 'held',
        action: 'hold',
        direction: 'outbound',
      },
    });
    const { events, counters } = run([listed(), web(60), listed(), listed()]);
    expect(brief(events)).toEqual([
      ['failed', 0, 'a@x.example'],
      [undefined, 60],
    ]);
    expect(counters.duplicates).toBe(2);
  });
});

describe('rows of a policy', () => {
  const row = (at: number, to: string, action: string, more: Fields = {}) =>
    part(
      'notice',
      at,
      {
        ...mail,
        recipients: [to],
        direction: 'outbound',
        action,
        outcome: 'accepted',
        alert_name: 'Cards',
        ...more,
      },
      mail.message_id,
    );
  const hold = { outcome: 'held', failure_reason: 'held by a content policy' };

  test('of one message are one event: a hold and its notification', () => {
    const { events, counters } = run([
      row(0, 'a@x.example', 'notification'),
      row(0, 'a@x.example', 'hold', hold),
    ]);
    expect(brief(events)).toEqual([['failed', 0, 'a@x.example']]);
    expect(events[0]?.fields).toMatchObject({ action: 'hold', alert_name: 'Cards' });
    expect(counters.incompleteMessages).toBe(0);
  });

  test('that only take note leave the mail sent', () => {
    const { events } = run([
      row(0, 'a@x.example', 'smart_folder'),
      row(0, 'b@x.example', 'smart_folder'),
    ]);
    expect(brief(events)).toEqual([['sent', 0, 'a@x.example', 'b@x.example']]);
    expect(events[0]?.fields['action']).toBe('smart_folder');
  });

  test('lend their name to the message of the gateway and make no event of their own', () => {
    const { events, counters } = run([
      row(0, 'a@x.example', 'notification'),
      receipt(0.1, 'a@x.example'),
      verdict(0.2),
      delivery(0.3, 'a@x.example'),
    ]);
    expect(events).toHaveLength(1);
    expect(events[0]?.fields).toMatchObject({ bytes: 1000, alert_name: 'Cards', outcome: 'sent' });
    expect(counters.duplicates).toBe(1);
  });
});

describe('the order of events', () => {
  test('is that of time and then of arrival, for lines within the lateness', () => {
    const { events, counters } = run([
      web(5),
      web(0),
      receipt(5, 'a@x.example'),
      web(12),
      web(7),
      web(90),
    ]);
    expect(events.map((event) => (event.time - start) / MINUTE)).toEqual([0, 5, 5, 7, 12, 90]);
    expect(events[2]?.fields['outcome']).toBe('sent');
    expect(counters.late).toBe(0);
  });

  test('is broken, marked and counted for what comes later than that', () => {
    const { events, counters } = run([web(0), web(60), web(100), web(10)]);
    expect(events.map((event) => [(event.time - start) / MINUTE, event.late])).toEqual([
      [0, false],
      [60, false],
      [10, true],
      [100, false],
    ]);
    expect(counters.late).toBe(1);
  });

  test('holds for a message whose lines all come late: they are still joined', () => {
    const { events } = run([
      web(0),
      web(100),
      receipt(3, 'a@x.example'),
      verdict(4),
      delivery(5, 'a@x.example'),
    ]);
    const late = events.find((event) => event.fields['outcome'] === 'sent');
    expect(late).toMatchObject({ time: start + 3 * MINUTE, fields: { bytes: 1000 } });
  });

  test('survives a clock that jumps years, both ways', () => {
    const { events } = run([web(0), web(5_000_000), web(1), web(-5_000_000), web(5_000_001)]);
    expect(events).toHaveLength(5);
  });
});

describe('what comes twice', () => {
  test('is dropped and counted, line by line', () => {
    const lines = [receipt(0, 'a@x.example'), verdict(1), delivery(2, 'a@x.example')];
    const { events, counters } = run([
      ...lines,
      ...lines.map((line) => ({ ...line, line: lineId++ })),
    ]);
    expect(events).toHaveLength(1);
    expect(counters.duplicates).toBe(3);
  });

  test('is dropped and counted, event by event, within the lateness only', () => {
    const copy = (at: number, join: string) => [
      receipt(at, 'a@x.example', {}, join),
      delivery(at, 'a@x.example', {}, join),
    ];
    const { events, counters } = run([...copy(0, 'm1'), ...copy(5, 'm2'), ...copy(40, 'm3')]);
    expect(events).toHaveLength(2);
    expect(counters.duplicates).toBe(1);
  });

  test('does not bring a finished message back', () => {
    const { events, counters } = run([
      receipt(0, 'a@x.example'),
      verdict(1),
      delivery(2, 'a@x.example'),
      web(60),
      delivery(30, 'a@x.example'),
    ]);
    expect(events).toHaveLength(2);
    expect(counters.lateParts).toBe(1);
  });
});

describe('bounds', () => {
  test('a mail to ten thousand recipients is one event', () => {
    const to = Array.from({ length: 10_000 }, (_, i) => `u${String(i).padStart(5, '0')}@x.example`);
    const { events } = run([
      ...to.map((address) => receipt(0, address)),
      verdict(1),
      ...to.map((address) => delivery(2, address)),
      web(60),
      ...to.map((address) => delivery(120, address)),
    ]);
    expect(events).toHaveLength(2);
    expect(events[0]?.fields['recipients']).toEqual(to);
  });

  test('open messages over the limit leave early and are counted', () => {
    const records = Array.from({ length: 50 }, (_, i) =>
      receipt(0, 'a@x.example', { message_id: `<${i}>` }, `m${i}`),
    );
    const { events, counters } = run(records, { maxOpen: 10 });
    expect(events).toHaveLength(50);
    expect(counters.evicted['open messages']).toBe(40);
  });

  test('a message that moved to an earlier place and left early is counted once', () => {
    const named = (at: number, join: string) => receipt(at, 'a@x.example', {}, join);
    const records = [named(5, 'm1'), named(2, 'm1'), named(6, 'm2'), named(7, 'm3')];
    const { counters } = run(records, { maxOpen: 1 });
    expect(counters.evicted['open messages']).toBe(2);
  });

  test('closed messages over the limit are forgotten and counted', () => {
    const records = Array.from({ length: 50 }, (_, i) =>
      receipt(i * 30, 'a@x.example', { message_id: `<${i}>` }, `m${i}`),
    );
    const { counters } = run(records, { maxClosed: 10 });
    expect(counters.evicted['closed messages']).toBeGreaterThan(30);
  });

  test('open messages whose recipients and texts weigh too much leave early and are counted', () => {
    const many = Array.from({ length: 100 }, (_, i) => `p${i}@x.example`);
    const long = 'x'.repeat(6400);
    const records = [
      receipt(0, '', { message_id: '<1>', recipients: many }, 'm1'),
      receipt(1, 'a@x.example', { message_id: '<2>', subject: long }, 'm2'),
      receipt(2, 'a@x.example', { message_id: '<3>' }, 'm3'),
    ];
    expect(run(records, { maxWeight: 250 }).counters.evicted).toEqual({});
    const { events, counters } = run(records, { maxWeight: 150 });
    expect(events).toHaveLength(3);
    expect(counters.evicted).toEqual({ 'open messages': 1 });
  });

  test('an open message that grows past the limit of weight leaves at once', () => {
    const many = Array.from({ length: 300 }, (_, i) => receipt(0, `p${i}@x.example`));
    const { events, counters } = run(many, { maxWeight: 200 });
    expect(counters.evicted['open messages']).toBeGreaterThan(0);
    expect(events[0]?.fields['recipients']).toHaveLength(100);
  });

  test('closed messages that weigh too much are forgotten, the first closed first', () => {
    const records = ['m1', 'm2', 'm3'].flatMap((name, i) => [
      receipt(i * 30, 'a@x.example', { message_id: `<${name}>`, subject: 'x'.repeat(6400) }, name),
      web(i * 30 + 25),
    ]);
    const late = (name: string) =>
      delivery(95, 'a@x.example', { message_id: `<${name}>`, outcome: 'failed' }, name);
    const { events, counters } = run([...records, late('m1'), late('m3')], { maxWeight: 250 });
    expect(counters.evicted).toEqual({ 'closed messages': 1 });
    // The first is a message that was never seen, the last is one whose outcome changed.
    expect(counters.incompleteMessages).toBe(4);
    expect(events.filter((event) => event.type === 1)).toHaveLength(2);
  });

  test('a closed message that was reopened is the last to be forgotten', () => {
    const first = (name: string, at: number) =>
      receipt(at, 'a@x.example', { message_id: `<${name}>` }, name);
    const again = (at: number, outcome: string) =>
      delivery(at, 'a@x.example', { message_id: '<m1>', outcome }, 'm1');
    const { events, counters } = run(
      [
        ...[first('m1', 0), web(25), first('m2', 30), web(55)],
        ...[again(57, 'failed'), first('m3', 60), web(85), again(90, 'sent'), web(120)],
      ],
      { maxClosed: 2 },
    );
    expect(counters.evicted['closed messages']).toBe(1);
    // The second went, so the delivery of the first changes what is known and begins nothing new.
    expect(counters.incompleteMessages).toBe(3);
    expect(events.filter(({ fields }) => fields['message_id'] === '<m1>')).toHaveLength(3);
  });
});

test('records of no kind of event are counted and make none', () => {
  const other: LogRecord = { line: 1, parser: 0, kind: 'other', time: start, fields: {} };
  const login: LogRecord = { line: 2, parser: 0, kind: 'login', time: start, fields: {} };
  const { events, counters } = run([other, login]);
  expect(events).toEqual([]);
  expect(counters.unbuilt).toEqual({ other: 1, login: 1 });
});

test('a snapshot in the middle of anything goes on as if nothing had been', () => {
  const hold = { outcome: 'held', action: 'hld', failure_reason: 'held' };
  const records = [
    receipt(0, 'a@x.example'),
    verdict(1, hold),
    receipt(2, 'b@x.example', { message_id: '<b>' }, 'm2'),
    delivery(3, 'b@x.example', { message_id: '<b>', outcome: 'pending' }, 'm2'),
    web(4),
    part(
      'notice',
      5,
      { ...mail, message_id: '<n>', recipients: ['c@x.example'], outcome: 'accepted' },
      '<n>',
    ),
    receipt(6, 'c@x.example', { message_id: '<n>' }, 'm3'),
    web(50),
    delivery(60, 'a@x.example'),
    delivery(70, 'b@x.example', { message_id: '<b>' }, 'm2'),
    web(100),
    delivery(100, 'b@x.example', { message_id: '<b>' }, 'm2'),
    web(3 * 24 * 60),
  ];
  const straight = run(records).events;
  for (let cut = 0; cut <= records.length; cut++) {
    const events: Event[] = [];
    const make = () =>
      createAssembleStage(
        { wait: 10 * MINUTE, lateness: 10 * MINUTE, buildType },
        emptyCounters(),
        (event) => {
          events.push(event);
        },
      );
    const before = make();
    for (const record of records.slice(0, cut)) before.add(record);
    const writer = new BinaryWriter();
    before.save(writer);
    const after = make();
    const reader = new BinaryReader(writer.finish());
    after.load(reader);
    expect(reader.done).toBe(true);
    for (const record of records.slice(cut)) after.add(record);
    after.finish();
    expect(JSON.stringify(events)).toBe(JSON.stringify(straight));
  }
  expect(straight.length).toBeGreaterThan(6);
});
