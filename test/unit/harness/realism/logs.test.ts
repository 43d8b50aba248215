import { describe, expect, test } from 'vitest';
import type { LogLine } from '#engine';
import {
  type Activity,
  background,
  createWriter,
  type Organisation,
  type Tagged,
  timeline,
  type WriterOptions,
} from '#generators';
import { mailsOf, sourceOf } from '../../../../harness/realism/generated.js';
import { type KnownPeople, readMails, sourceOfLogs } from '../../../../harness/realism/logs.js';
import type { Mail } from '../../../../harness/realism/mail.js';
import { Measurement, type Statistics } from '../../../../harness/realism/measure.js';
import { HOUR, MONDAY, organisation, pack, tables } from './kit.js';

const days = 45;
const org = organisation({ people: 30, days: 45 });

const listed: KnownPeople = {
  entries: org.people.map(({ address, aliases, peer_group, last_name, time_zone }) => ({
    user: address,
    aliases,
    peer_group,
    last_name,
    time_zone,
  })),
  domains: org.domains,
  time_zone: undefined,
};

/** The clocks of the gateway's hosts are off by seconds, and would put such mail into another day. */
function isFarFromMidnight({ time }: Activity): boolean {
  const moment = time % 86_400_000;
  return moment > 60_000 && moment < 86_400_000 - 60_000;
}

function* lines(from: Organisation, mail: NonNullable<WriterOptions['mail']>): Generator<LogLine> {
  const ordinary = background(from, { start: MONDAY, days, internal_mail: true });
  function* tagged(): Generator<Tagged> {
    for (const activity of ordinary) if (isFarFromMidnight(activity)) yield { activity, tag: 0 };
  }
  let id = 0;
  for (const { text } of timeline([tagged()], createWriter(from, { seed: 1, mail }), {
    // A line that is hours late finds its message closed.
    late: 0,
  }))
    yield { id: ++id, text };
}

async function* batches(all: Iterable<LogLine>): AsyncGenerator<LogLine[]> {
  let batch: LogLine[] = [];
  for (const line of all) {
    batch.push(line);
    if (batch.length < 500) continue;
    yield batch;
    batch = [];
  }
  yield batch;
}

async function measureText(
  mail: NonNullable<WriterOptions['mail']>,
  people: KnownPeople,
): Promise<Statistics> {
  const measurement = new Measurement(sourceOfLogs(people), tables);
  const { partial } = await readMails(
    batches(lines(org, mail)),
    pack,
    people,
    (read) => measurement.add(read),
    { signal: new AbortController().signal },
  );
  expect(partial).toBe(false);
  return measurement.finish();
}

/** Mail that is refused because of its sender is refused before its subject is read. */
function* asLogged(activities: Iterable<Activity>): Generator<Activity> {
  for (const activity of activities) {
    if (!isFarFromMidnight(activity)) continue;
    const unread =
      activity.kind === 'mail' &&
      activity.automatic !== true &&
      activity.outcome.kind === 'rejected' &&
      activity.outcome.type === 'Manual Envelope Rejection';
    yield unread ? { ...activity, subject: '' } : activity;
  }
}

function measureActivities(): Statistics {
  const measurement = new Measurement(sourceOf(org), tables);
  const activities = background(org, { start: MONDAY, days, internal_mail: true });
  for (const read of mailsOf(org, asLogged(activities))) measurement.add(read);
  return measurement.finish();
}

/** Every number of the statistics by its path. */
function numbers(value: unknown, path = ''): [string, number][] {
  if (typeof value === 'number') return [[path, value]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, part]) => numbers(part, `${path}/${key}`));
}

describe('measuring the lines and measuring the activities', () => {
  /** What a log does not hold, or holds with headers. */
  const told = /^\/(body_|plain_|counts\/sized_(bodies|mails))/;

  test.each(['v1-json', 'v2'] as const)('agree for %s', async (format) => {
    const direct = measureActivities();
    const read = new Map(numbers(await measureText(format, listed)));
    const compared = numbers(direct).filter(([path]) => !told.test(path));
    expect(compared.length).toBeGreaterThan(100);
    expect(direct.counts.external_events).toBeGreaterThan(1500);
    const off = compared.filter(([path, n]) => {
      const other = read.get(path) ?? Number.NaN;
      if (Object.is(n, other)) return false;
      if (path.startsWith('/counts') || Number.isNaN(n)) return true;
      // The clocks of the gateway's hosts are off by seconds: a mail near midnight or near the end
      // of a bin may be in the next. Curves depend on which of several domains of a mail comes first.
      const most = path.startsWith('/first_seen') ? 2 : 0.002 * (1 + Math.abs(n));
      return !(Math.abs(n - other) <= most);
    });
    expect(off.map(([path, n]) => [path, n, read.get(path)])).toEqual([]);
  });
});

describe('mails out of logs', () => {
  const mia = 'mia@corp.example';
  const receipt = (code: string, second: number, rest: object): string =>
    JSON.stringify({
      datetime: `2024-03-04T09:00:${String(second).padStart(2, '0')}+0000`,
      aCode: code,
      acc: 'C1',
      Sender: mia,
      headerFrom: mia,
      Act: 'Acc',
      Dir: 'Outbound',
      MsgId: `<${code}@corp.example>`,
      Subject: 'Offer',
      ...rest,
    });
  const processed = (code: string, second: number, rest: object): string =>
    receipt(code, second, { Rcpt: undefined, Dir: undefined, MsgSize: 9000, AttCnt: 0, ...rest });
  const delivered = (code: string, second: number, to: string): string =>
    receipt(code, second, { Act: undefined, Rcpt: to, Delivered: true, Attempt: 1, Snt: 9000 });

  async function mailsIn(
    texts: readonly string[],
    people: Partial<KnownPeople> = {},
  ): Promise<Mail[]> {
    const found: Mail[] = [];
    await readMails(
      batches(texts.map((text, i) => ({ id: i + 1, text }))),
      pack,
      { entries: [], domains: ['corp.example'], time_zone: undefined, ...people },
      (read) => found.push(read),
      { signal: new AbortController().signal },
    );
    return found;
  }

  test('carry the size of the attachments, which rules do not ask for', async () => {
    const [one] = await mailsIn([
      receipt('A1', 0, { Rcpt: 'lars@partner.example' }),
      processed('A1', 1, { AttCnt: 2, AttNames: '"a.pdf", "b.xlsx"', AttSize: 70_000 }),
      delivered('A1', 2, 'lars@partner.example'),
    ]);
    expect(one).toMatchObject({
      direction: 'outbound',
      sender: mia,
      outside: ['lars@partner.example'],
      inside: [],
      files: ['a.pdf', 'b.xlsx'],
      file_bytes: 70_000,
      bytes: 9000,
      body_bytes: undefined,
    });
  });

  test('are told once when they were held and then released', async () => {
    const found = await mailsIn([
      receipt('A1', 0, { Rcpt: 'lars@partner.example' }),
      processed('A1', 1, { Act: 'Hld', Hld: 'Ctnt' }),
      delivered('A1', 2, 'lars@partner.example').replace('T09:', 'T11:'),
      receipt('A2', 3, { Rcpt: 'lars@partner.example' }).replace('T09:', 'T12:'),
    ]);
    expect(found.map(({ time }) => new Date(time).toISOString().slice(11, 13))).toEqual([
      '09',
      '12',
    ]);
  });

  test('that came in and were refused are left out', async () => {
    const found = await mailsIn([
      receipt('A1', 0, {
        Rcpt: mia,
        Sender: 'x@spam.example',
        headerFrom: 'x@spam.example',
        Dir: 'Inbound',
        Act: 'Rej',
        RejType: 'IP Found in RBL',
      }),
      receipt('A2', 5, {
        Rcpt: mia,
        Sender: 'lars@partner.example',
        headerFrom: 'lars@partner.example',
        Dir: 'Inbound',
      }),
    ]);
    expect(found).toMatchObject([
      { direction: 'inbound', sender: undefined, inside: [mia], outside: ['lars@partner.example'] },
    ]);
  });

  test('are on the clock of the sender, whose aliases are one person', async () => {
    const entries = [
      { user: mia, aliases: ['m.berg@corp.example'], time_zone: 'Europe/Berlin' },
      { user: 'joe@corp.example' },
    ];
    const found = await mailsIn(
      [
        receipt('A1', 0, { Sender: 'm.berg@corp.example', Rcpt: 'lars@partner.example' }),
        receipt('A2', 1, { Sender: 'joe@corp.example', Rcpt: 'lars@partner.example' }),
      ],
      { entries, time_zone: 'America/New_York' },
    );
    expect(found.map(({ sender, time, local }) => [sender, (local - time) / HOUR])).toEqual([
      [mia, 1],
      ['joe@corp.example', -5],
    ]);
  });

  test('have no clock as long as the zone of somebody is not known', () => {
    const people = (zone: string | undefined, time_zone?: string): KnownPeople => ({
      entries: [{ user: mia, ...(zone && { time_zone: zone }) }],
      domains: [],
      time_zone,
    });
    expect(sourceOfLogs(people('Europe/Berlin')).clock).toBe(true);
    expect(sourceOfLogs(people(undefined)).clock).toBe(false);
    expect(sourceOfLogs(people(undefined, 'Europe/Berlin')).clock).toBe(true);
  });

  test('of shared mailboxes are nobody’s', () => {
    const source = sourceOfLogs({
      entries: [{ user: mia }, { user: 'info@corp.example', kind: 'shared' }],
      domains: [],
      time_zone: undefined,
    });
    expect(source.person(mia)).toBeDefined();
    expect(source.person('info@corp.example')).toBeUndefined();
  });
});
