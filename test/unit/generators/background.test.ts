import { describe, expect, test } from 'vitest';
import {
  type Activity,
  background,
  createOrganisation,
  isOnLeave,
  localDay,
  type MailActivity,
  outsideWorld,
  randomStream,
  utcOffset,
} from '#generators';

const DAY = 86_400_000;
const START = Date.UTC(2024, 0, 1);

const small = createOrganisation({ seed: 3, people: 30, start: START, days: 30 });
const isMail = (activity: Activity): activity is MailActivity => activity.kind === 'mail';
const domainOf = (address: string): string => address.slice(address.lastIndexOf('@') + 1);

describe('background activity', () => {
  const month = [...background(small, { start: START, days: 30, internal_mail: true })];

  test('is the same for the same seed and another for another', () => {
    const again = [...background(small, { start: START, days: 30, internal_mail: true })];
    expect(again).toEqual(month);
    const other = [...background(small, { start: START, days: 30, internal_mail: true, seed: 4 })];
    expect(other).not.toEqual(month);
  });

  test('comes in time order and within its period', () => {
    let last = START;
    for (const { time } of month) {
      expect(time).toBeGreaterThanOrEqual(last);
      last = time;
    }
    expect(last).toBeLessThan(START + 30 * DAY);
    expect(last).toBeGreaterThan(START + 29 * DAY);
  });

  test('holds every kind of activity', () => {
    expect(new Set(month.map(({ kind }) => kind))).toEqual(
      new Set(['mail', 'web', 'audit', 'inbox-rule']),
    );
  });

  test('is made as it is read', () => {
    const endless = background(small, { start: START, days: 1e7 });
    for (let i = 0; i < 500; i++) expect(endless.next().done).toBe(false);
  });

  test('keeps mail between colleagues to itself unless asked', () => {
    const seen = [...background(small, { start: START, days: 10 })].filter(isMail);
    expect(seen.some(({ direction }) => direction === 'internal')).toBe(false);
    expect(seen.some(({ direction }) => direction === 'inbound')).toBe(true);
    expect(month.filter(isMail).some(({ direction }) => direction === 'internal')).toBe(true);
  });

  test('puts people on the right side of each mail', () => {
    const inside = (address: string): boolean => small.domains.includes(domainOf(address));
    for (const mail of month.filter(isMail)) {
      expect(inside(mail.sender)).toBe(mail.direction !== 'inbound');
      for (const to of mail.recipients) expect(inside(to)).toBe(mail.direction !== 'outbound');
      expect(mail.recipients.length).toBeGreaterThan(0);
      expect(new Set(mail.recipients).size).toBe(mail.recipients.length);
    }
  });

  test('leaves one kind as it is when the amount of another changes', () => {
    const more = [
      ...background(small, {
        start: START,
        days: 30,
        internal_mail: true,
        web_denied_per_weekday: 2,
        sign_ins_per_weekday: 1,
      }),
    ];
    expect(more.filter(isMail)).toEqual(month.filter(isMail));
    expect(more.length).toBeGreaterThan(month.length + 100);
  });

  test('starts with a person’s first day and ends with the last', () => {
    const org = createOrganisation({
      seed: 2,
      people: 120,
      start: START,
      days: 60,
      hired_per_year: 2,
      left_per_year: 2,
    });
    const people = new Map(org.people.flatMap((p) => [p.address, ...p.aliases].map((a) => [a, p])));
    let sent = 0;
    for (const activity of background(org, { start: START, days: 60 })) {
      if (!isMail(activity) || activity.direction !== 'outbound') continue;
      const person = people.get(activity.sender);
      sent++;
      expect(activity.time).toBeGreaterThan((person?.hired ?? 0) - DAY);
      expect(activity.time).toBeLessThan((person?.left ?? Number.POSITIVE_INFINITY) + DAY);
    }
    expect(sent).toBeGreaterThan(1000);
  });

  test('answers by machine for people on leave and for nobody else', () => {
    const answers = month.filter(isMail).filter((m) => m.automatic && m.direction === 'outbound');
    expect(answers.length).toBeGreaterThan(0);
    for (const answer of answers) {
      expect(answer.subject).toMatch(/^Auto/);
      const person = small.people.find((p) => p.address === answer.sender);
      const local = localDay(person?.time_zone ?? 'UTC', answer.time - 120_000);
      expect(isOnLeave(small.seed, person?.index ?? -1, local)).toBe(true);
    }
  });
});

describe('what becomes of mail and what administrators do', () => {
  const days = 200;
  const org = createOrganisation({ seed: 6, people: 60, peer_groups: 6, start: START, days });
  const lived = [
    ...background(org, {
      ...{ start: START, days },
      ...{ outbound_bounced: 0.1, inbox_rules_per_weekday: 0.05 },
    }),
  ];
  const mails = lived.filter(isMail);
  const actsOf = (type: string): Extract<Activity, { kind: 'audit' }>[] =>
    lived.filter((one) => one.kind === 'audit').filter(({ audit_type }) => audit_type === type);

  test('a blocked sender is refused with 550, as in published records', () => {
    const blocked = mails.flatMap(({ outcome }) =>
      outcome.kind === 'rejected' && outcome.type === 'Manual Envelope Rejection' ? [outcome] : [],
    );
    expect(blocked.length).toBeGreaterThan(50);
    for (const { code } of blocked) expect(code).toBe('550');
  });

  test('mail that nobody takes for days is rare, and is not sent again minutes later', () => {
    const bounced = mails.filter(({ outcome }) => outcome.kind === 'bounced');
    const typeOf = ({ outcome }: MailActivity): string =>
      outcome.kind === 'bounced' ? outcome.type : '';
    const expired = bounced.filter((mail) => typeOf(mail).endsWith('unavailable or busy'));
    expect(expired.length).toBeGreaterThan(0.02 * bounced.length);
    expect(expired.length).toBeLessThan(0.1 * bounced.length);
    const sentAgain = (mail: MailActivity): boolean =>
      mails.some(
        (other) =>
          other !== mail &&
          other.time > mail.time &&
          other.time < mail.time + DAY &&
          other.sender === mail.sender &&
          other.body_bytes === mail.body_bytes &&
          other.subject === mail.subject,
      );
    expect(expired.filter(sentAgain)).toEqual([]);
    const misspelt = bounced.filter((mail) => typeOf(mail).endsWith('possibly incorrect'));
    expect(misspelt.filter(sentAgain).length).toBeGreaterThan(0.3 * misspelt.length);
  });

  test('an export names its columns and its file, in brackets', () => {
    const exports = actsOf('Page Data Exports');
    expect(exports.length).toBeGreaterThan(0);
    for (const { text } of exports)
      expect(text).toMatch(
        /^\[Export type : Download,Name :[^,]+,Columns exported :[^,]+,File name : export_at_\d{14}\.xlsx,File Size: \d+,File type : \.xlsx\]$/,
      );
  });

  test('a mail that is viewed is named by its sender, its recipient and its subject', () => {
    const views = actsOf('Message Action');
    expect(views.length).toBeGreaterThan(3);
    const inside = new Set(org.people.map(({ address }) => address));
    for (const { text } of views) {
      const [, from = '', to = ''] =
        /^Viewed Message - Source: Search, From: <([^>]+)>, To: <([^>]+)>, Subject: [^\n]+, Viewed Content: True$/.exec(
          text,
        ) ?? [];
      expect(inside.has(from)).toBe(false);
      expect(inside.has(to), text).toBe(true);
    }
    expect(new Set(views.map(({ text }) => text)).size).toBeGreaterThan(views.length / 2);
  });

  test('rules of Outlook look for no words, those of cmdlets mostly do', () => {
    const rules = lived.filter((one) => one.kind === 'inbox-rule');
    const inOutlook = rules.filter(({ operation }) => operation === 'UpdateInboxRules');
    expect(inOutlook.length).toBeGreaterThan(3);
    for (const { words } of inOutlook) expect(words).toEqual([]);
    expect(rules.filter(({ words }) => words.length > 0).length).toBeGreaterThan(
      0.5 * rules.length,
    );
  });
});

/** Statistics against bands measured on public mail corpora; see the folder's README. */
describe('a medium organisation at the corpora’s level of mail', () => {
  const DAYS = 360;
  const org = createOrganisation({
    seed: 11,
    people: 148,
    peer_groups: 12,
    start: START,
    days: DAYS,
    mails_per_weekday: 2.35,
  });
  const users = new Map(org.people.flatMap((p) => [p.address, ...p.aliases].map((a) => [a, p])));
  const counts = org.people.map(() => new Float64Array(DAYS + 2));
  const known = org.people.map(() => new Set<string>());
  const departments = new Map(org.peer_groups.map((name) => [name, new Set<string>()]));
  const everywhere = new Set<string>();
  const tenure = new Map<string, { events: number; user: number; dept: number; org: number }>();
  const tally = {
    weekend: 0,
    weekday: 0,
    early: 0,
    sent: 0,
    internal: 0,
    external: 0,
    freemail: 0,
    replies: 0,
    forwards: 0,
    mails: 0,
    attached: 0,
    single: 0,
    oneRecipient: 0,
    recipients: 0,
  };
  const sizes: number[] = [];
  const FREEMAIL =
    /^(gmail|googlemail|hotmail|outlook|yahoo|icloud|aol|gmx|web|t-online|freenet|btinternet|live|comcast|msn|protonmail|proton|wp|onet|interia|o2|orange|libero|me)\.[a-z.]+$/;

  const meets = (index: number, time: number, addresses: readonly string[]): void => {
    const person = org.people[index];
    if (person === undefined) return;
    const days = (time - Math.max(START, person.hired)) / DAY;
    const band = days < 90 ? 'early' : days < 180 ? 'middle' : 'late';
    const row = tenure.get(band) ?? { events: 0, user: 0, dept: 0, org: 0 };
    tenure.set(band, row);
    const department = departments.get(person.peer_group) as Set<string>;
    for (const domain of new Set(addresses.map(domainOf))) {
      row.events++;
      tally.external++;
      if (FREEMAIL.test(domain)) tally.freemail++;
      if (!known[index]?.has(domain)) row.user++;
      if (!department.has(domain)) row.dept++;
      if (!everywhere.has(domain)) row.org++;
      known[index]?.add(domain);
      department.add(domain);
      everywhere.add(domain);
    }
  };

  for (const mail of background(org, { start: START, days: DAYS, internal_mail: true })) {
    if (!isMail(mail) || mail.automatic) continue;
    tally.mails++;
    if (/^(re|aw):/i.test(mail.subject)) tally.replies++;
    if (/^(fwd?|wg):/i.test(mail.subject)) tally.forwards++;
    if (mail.direction === 'inbound') {
      if (mail.outcome.kind === 'rejected') continue;
      for (const to of mail.recipients) {
        const person = users.get(to);
        if (person !== undefined) meets(person.index, mail.time, [mail.sender]);
      }
      continue;
    }
    const sender = users.get(mail.sender);
    if (sender === undefined) continue;
    const local = mail.time + utcOffset(sender.time_zone, mail.time) * 60_000 - START;
    const day = Math.floor(local / DAY);
    const hour = Math.floor((local - day * DAY) / 3_600_000);
    if (day % 7 > 4) tally.weekend++;
    else {
      tally.weekday++;
      if (hour < 7 || hour >= 19) tally.early++;
      const row = counts[sender.index] as Float64Array;
      if (day >= 0) row[day] = (row[day] ?? 0) + 1;
    }
    tally.sent++;
    if (mail.attachments.length > 0) {
      tally.attached++;
      if (mail.attachments.length === 1) tally.single++;
      for (const { bytes } of mail.attachments) sizes.push(Math.log(bytes));
    }
    if (mail.direction === 'outbound') meets(sender.index, mail.time, mail.recipients);
    else {
      tally.internal++;
      tally.recipients += mail.recipients.length;
      if (mail.recipients.length === 1) tally.oneRecipient++;
    }
  }

  const series = org.people
    .filter((p) => p.hired <= START && p.left === undefined)
    .map((p) => [...(counts[p.index] as Float64Array)].filter((_, d) => d < DAYS && d % 7 < 5))
    .filter((days) => days.reduce((sum, n) => sum + n, 0) >= 50);
  const mean = (xs: readonly number[]): number => xs.reduce((sum, x) => sum + x, 0) / xs.length;
  const median = (xs: readonly number[]): number =>
    [...xs].sort((a, b) => a - b)[Math.floor(xs.length / 2)] ?? Number.NaN;
  const variance = (xs: readonly number[]): number => {
    const m = mean(xs);
    return xs.reduce((sum, x) => sum + (x - m) ** 2, 0) / (xs.length - 1);
  };
  const share = (band: string, what: 'user' | 'dept' | 'org'): number => {
    const row = tenure.get(band);
    return row === undefined ? Number.NaN : row[what] / row.events;
  };
  const lag1 = (xs: readonly number[]): number => {
    const m = mean(xs);
    let sum = 0;
    for (let i = 1; i < xs.length; i++) sum += ((xs[i] ?? 0) - m) * ((xs[i - 1] ?? 0) - m);
    return sum / (xs.length - 1) / variance(xs);
  };

  test.each([
    [
      'variance over mean of days',
      () => median(series.map((s) => variance(s) / mean(s))),
      1.83,
      2.6,
    ],
    [
      'negative-binomial k of days',
      () => median(series.map((s) => mean(s) ** 2 / (variance(s) - mean(s)))),
      0.9,
      1.75,
    ],
    ['lag-1 correlation of days', () => median(series.map(lag1)), 0.082, 0.157],
    ['weekend share', () => tally.weekend / (tally.weekend + tally.weekday), 0.0033, 0.0329],
    ['share before 7 and after 19', () => tally.early / tally.weekday, 0.0572, 0.0941],
    ['freemail share', () => tally.freemail / tally.external, 0.177, 0.262],
    ['replies', () => tally.replies / tally.mails, 0.2, 0.3],
    ['forwards', () => tally.forwards / tally.mails, 0.1, 0.2],
    ['sent with attachments', () => tally.attached / tally.sent, 0.117, 0.284],
    ['single attachments', () => tally.single / tally.attached, 0.807, 0.869],
    ['log size of attachments', () => mean(sizes) - 2.3, 10.374, 10.749],
    ['spread of log sizes', () => Math.sqrt(variance(sizes)), 1.347, 2.123],
    ['new to the user, 90 to 180 days', () => share('middle', 'user'), 0.1536, 0.2295],
    ['new to the department, 90 to 180 days', () => share('middle', 'dept'), 0.1275, 0.1858],
    ['new to the organisation, 90 to 180 days', () => share('middle', 'org'), 0.0899, 0.1287],
    ['new to the user after 180 days', () => share('late', 'user'), 0.1244, 0.1753],
    ['new to the department after 180 days', () => share('late', 'dept'), 0.093, 0.1308],
  ] as const)('%s', (_, measured, low, high) => {
    expect(measured()).toBeGreaterThanOrEqual(low);
    expect(measured()).toBeLessThanOrEqual(high);
  });

  test('has busy and quiet people: the busiest tenth sends about two fifths', () => {
    const totals = counts.map((row) => row.reduce((sum, n) => sum + n, 0)).sort((a, b) => b - a);
    const all = totals.reduce((sum, n) => sum + n, 0);
    const top = totals.slice(0, 15).reduce((sum, n) => sum + n, 0) / all;
    expect(top).toBeGreaterThan(0.359);
    expect(top).toBeLessThan(0.453);
  });

  test('sends most internal mail to one person and some to many', () => {
    expect(tally.oneRecipient / tally.internal).toBeGreaterThan(0.8142);
    expect(tally.oneRecipient / tally.internal).toBeLessThan(0.8871);
    expect(tally.recipients / tally.internal).toBeGreaterThan(1.3253);
    expect(tally.recipients / tally.internal).toBeLessThan(1.6859);
  });
});

describe('the world outside', () => {
  const world = outsideWorld(small);

  test('has firms, people and files without number', () => {
    const random = randomStream(1, 'test');
    const domains = new Set(Array.from({ length: 5000 }, () => world.newDomain(random)));
    expect(domains.size).toBeGreaterThan(4900);
    for (const domain of domains) expect(domain).toMatch(/^[a-z0-9-]+(\.[a-z]+){1,2}$/);
  });

  test('puts a domain in the country asked for, or under a generic ending', () => {
    const random = randomStream(1, 'test');
    const endings = new Set(
      Array.from({ length: 300 }, () => world.newDomain(random, 'FR').replace(/^[^.]+\./, '')),
    );
    expect(endings).toContain('fr');
    for (const ending of endings)
      expect(['fr', 'com', 'net', 'org', 'eu', 'biz']).toContain(ending);
  });

  test('writes addresses at the domain it is given', () => {
    const random = randomStream(1, 'test');
    expect(world.address(random, 'cedar-tools.com')).toMatch(/^[a-z.]+@cedar-tools\.com$/);
    expect(world.address(random, 'gmail.com')).toMatch(/^[a-z.0-9]+@gmail\.com$/);
  });

  test('makes files of the kind asked for', () => {
    const random = randomStream(1, 'test');
    const file = world.attachment(random, 'Engineering', 'dwg');
    expect(file.name).toMatch(/\.dwg$/);
    expect(file.bytes).toBeGreaterThan(0);
  });
});
