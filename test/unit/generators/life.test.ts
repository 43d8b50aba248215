import { describe, expect, test } from 'vitest';
import {
  type Activity,
  background,
  createOrganisation,
  createWriter,
  isHoliday,
  isOnLeave,
  isQuarterEnd,
  localDay,
  type MailActivity,
  type Mailbox,
  officeOf,
  type Person,
  startOfDay,
  type Tagged,
  timeline,
  tripOf,
  utcOffset,
  weekday,
} from '#generators';

/** The organisation of a default drill. */
const START = Date.UTC(2024, 0, 1);
const DAYS = 210;
const DAY = 86_400_000;
const HOUR = 3_600_000;
const org = createOrganisation({
  seed: 1,
  people: 200,
  peer_groups: 8,
  start: START,
  days: DAYS,
});
const people = new Map<string, Person>(
  org.people.flatMap((one) => [one.address, ...one.aliases].map((address) => [address, one])),
);
const mailboxes = new Map<string, Mailbox>(
  org.mailboxes.flatMap((one) => [one.address, ...one.aliases].map((address) => [address, one])),
);
const domainOf = (address: string): string => address.slice(address.lastIndexOf('@') + 1);

const activities = [...background(org, { start: START, days: DAYS, internal_mail: true })];
const isMail = (activity: Activity): activity is MailActivity => activity.kind === 'mail';
const mails = activities.filter(isMail);
const senderOf = (mail: MailActivity): Person | undefined => people.get(mail.sender);
const dayOf = (person: Person, time: number): number => localDay(person.time_zone, time);
const byPeople = mails.filter((mail) => senderOf(mail) !== undefined && !mail.automatic);

const where = (fits: (mail: MailActivity, person: Person) => boolean): number =>
  byPeople.filter((mail) => fits(mail, senderOf(mail) as Person)).length;

/** Domains that at least a third of a department's members first wrote to within some weeks. */
function departmentSuppliers(): number {
  const first = new Map<string, Map<string, number>>();
  for (const mail of byPeople) {
    const person = senderOf(mail) as Person;
    if (mail.direction !== 'outbound') continue;
    for (const domain of new Set(mail.recipients.map(domainOf))) {
      const key = `${person.peer_group} ${domain}`;
      const known = first.get(key) ?? new Map<string, number>();
      first.set(key, known);
      if (!known.has(person.address)) known.set(person.address, mail.time);
    }
  }
  let found = 0;
  for (const [key, times] of first) {
    const begins = [...times.values()].sort((a, b) => a - b);
    const members = org.people.filter(({ peer_group }) => key.startsWith(`${peer_group} `)).length;
    const span = (begins.at(-1) ?? 0) - (begins[0] ?? 0);
    const provider = /gmail|hotmail|outlook|yahoo|gmx|web\.de|icloud/.test(key);
    if (!provider && begins.length >= members / 3 && begins.length > 3 && span < 45 * DAY) found++;
  }
  return found;
}

/** Mails a weekday at a quarter's end over those of other days, for departments with a rush. */
function rush(): number {
  const counts = { end: 0, other: 0 };
  const days = { end: 0, other: 0 };
  for (let d = START / DAY; d < START / DAY + DAYS; d++)
    if (weekday(d) < 5) days[isQuarterEnd(d) ? 'end' : 'other']++;
  for (const mail of byPeople) {
    const person = senderOf(mail) as Person;
    if (!/^(Sales|Finance)/.test(person.peer_group)) continue;
    const d = dayOf(person, mail.time);
    if (weekday(d) < 5) counts[isQuarterEnd(d) ? 'end' : 'other']++;
  }
  return counts.end / days.end / (counts.other / days.other);
}

const atNight = ({ time }: MailActivity, zone: string): boolean => {
  const hour = ((time + utcOffset(zone, time) * 60_000) % DAY) / HOUR;
  return hour < 5;
};

describe('benign life happens in a default organisation', () => {
  test.each<readonly [what: string, low: number, high: number, found: () => number]>([
    ['people who join', 5, 40, () => org.people.filter(({ hired }) => hired > START).length],
    ['people who leave', 3, 30, () => org.people.filter(({ left }) => left !== undefined).length],
    ['changes of department', 1, 15, () => org.people.filter(({ moved }) => moved).length],
    ['executives', 8, 20, () => org.people.filter(({ executive }) => executive).length],
    [
      'people who lead others',
      10,
      60,
      () => new Set(org.people.map(({ superior }) => superior).filter((i) => i !== undefined)).size,
    ],
    ['mails from second addresses', 200, 2500, () => where((m, p) => m.sender !== p.address)],
    [
      'mails to second addresses',
      300,
      3000,
      () =>
        mails.filter((m) => m.recipients.some((to) => (people.get(to)?.address ?? to) !== to))
          .length,
    ],
    [
      'mails from shared mailboxes',
      1000,
      5000,
      () => mails.filter((m) => mailboxes.get(m.sender)?.kind === 'shared').length,
    ],
    [
      'mails to shared mailboxes',
      1000,
      6000,
      () => mails.filter((m) => m.recipients.some((to) => mailboxes.has(to))).length,
    ],
    [
      'mails from machines to outside',
      500,
      3000,
      () =>
        mails.filter(
          (m) => mailboxes.get(m.sender)?.kind === 'service' && m.direction === 'outbound',
        ).length,
    ],
    [
      'mails from machines at night',
      150,
      1500,
      () =>
        mails.filter((m) => {
          const box = mailboxes.get(m.sender);
          return box?.kind === 'service' && atNight(m, box.time_zone);
        }).length,
    ],
    [
      'days of leave',
      1500,
      9000,
      () => {
        let days = 0;
        for (const { index } of org.people)
          for (let d = START / DAY; d < START / DAY + DAYS; d++)
            if (weekday(d) < 5 && isOnLeave(org.seed, index, d)) days++;
        return days;
      },
    ],
    [
      'mails on business trips',
      1500,
      20_000,
      () => where((m, p) => tripOf(org.seed, p.index, dayOf(p, m.time), p.country) !== undefined),
    ],
    [
      'sign-ins from elsewhere than the office',
      150,
      1200,
      () => {
        const addresses = new Map<string, Set<string>>();
        for (const act of activities)
          if (act.kind === 'audit')
            addresses.set(act.user, (addresses.get(act.user) ?? new Set()).add(act.src_ip));
        let others = 0;
        for (const own of addresses.values()) others += own.size - 1;
        return others;
      },
    ],
    [
      'sign-ins at weekends, from home',
      3,
      80,
      () =>
        activities.filter((act) => {
          const person = act.kind === 'audit' ? people.get(act.user) : undefined;
          return person !== undefined && weekday(dayOf(person, act.time)) > 4;
        }).length,
    ],
    ['mails at weekends', 1000, 9000, () => where((m, p) => weekday(dayOf(p, m.time)) > 4)],
    [
      'newsletters',
      5000,
      40_000,
      () =>
        mails.filter(
          (m) =>
            /^(news|newsletter|no-?reply|info|updates|notif)/.test(m.sender) &&
            m.direction === 'inbound',
        ).length,
    ],
    ['out-of-office notes', 300, 5000, () => mails.filter((m) => m.automatic).length],
    [
      'notes that answer notes',
      10,
      400,
      () => mails.filter((m) => /^Automatic reply: Auto/.test(m.subject)).length,
    ],
    ['suppliers new to a whole department', 2, 60, departmentSuppliers],
    [
      'mails to one’s own mailbox',
      800,
      6000,
      () => where((m, p) => m.recipients.some((to) => p.personal.includes(to))),
    ],
    [
      'design files above 5 MB',
      30,
      2000,
      () =>
        mails.filter((m) =>
          m.attachments.some(
            ({ name, bytes }) => /\.(psd|ai|indd|dwg|step)$/.test(name) && bytes > 5e6,
          ),
        ).length,
    ],
    ['refused mails', 50, 400, () => where((m) => m.outcome.kind === 'rejected')],
    ['bounced mails', 200, 900, () => where((m) => m.outcome.kind === 'bounced')],
    ['retried mails', 300, 1200, () => where((m) => m.outcome.kind === 'retried')],
    [
      'held mails that are released',
      80,
      500,
      () => where(({ outcome }) => outcome.kind === 'held' && outcome.release_after !== undefined),
    ],
    [
      'held mails that are not',
      30,
      300,
      () => where(({ outcome }) => outcome.kind === 'held' && outcome.release_after === undefined),
    ],
    ['rush at a quarter’s end', 1.2, 2.2, rush],
  ])('%s', (_, low, high, found) => {
    const number = found();
    expect(number).toBeGreaterThanOrEqual(low);
    expect(number).toBeLessThanOrEqual(high);
  });

  test('nobody works from the office on a public holiday', () => {
    const onHolidays = where((m, p) => {
      const d = dayOf(p, m.time);
      return weekday(d) < 5 && isHoliday(officeOf(p), d);
    });
    expect(onHolidays / byPeople.length).toBeLessThan(0.001);
  });
});

describe('malicious links', () => {
  test('are followed by the same people again and again, and by most never', () => {
    const clicks = mails.flatMap((mail) => mail.clicks ?? []);
    const followers = (some: typeof clicks) =>
      new Set(
        some.map(({ recipient }) => people.get(recipient)).filter((one) => one !== undefined),
      );
    const malicious = clicks.filter((click) => click.malicious);
    expect(malicious.length).toBeGreaterThan(100);
    expect(followers(malicious).size).toBeGreaterThan(0.1 * org.people.length);
    expect(followers(malicious).size).toBeLessThan(0.4 * org.people.length);
    expect(followers(clicks).size).toBeGreaterThan(0.9 * org.people.length);
  });
});

describe('a change of department', () => {
  const movers = org.people.filter(({ moved }) => moved !== undefined);

  test('is to another department, on a Monday of the period', () => {
    expect(movers.length).toBeGreaterThan(0);
    for (const { moved, peer_group } of movers) {
      expect(moved?.peer_group).not.toBe(peer_group);
      expect(org.peer_groups).toContain(moved?.peer_group);
      expect(weekday((moved?.at ?? 0) / DAY)).toBe(0);
      expect(moved?.at).toBeGreaterThanOrEqual(START);
    }
  });

  test('brings new colleagues, and most contacts outside are left behind', () => {
    const days = 90;
    const restless = createOrganisation({
      seed: 4,
      people: 36,
      peer_groups: 4,
      start: START,
      days,
      moved_per_year: 5,
    });
    const settled = {
      ...restless,
      people: restless.people.map((one) => ({ ...one, moved: undefined })),
    };
    /** Shares of mails after the move: to the new group; outside, to domains known before. */
    const sharesOf = (organisation: typeof org): { group: number; known: number } => {
      const known = new Set<string>();
      const tally = { inside: 0, group: 0, outside: 0, known: 0 };
      const movers = new Map(restless.people.map((one) => [one.address, one]));
      for (const mail of background(organisation, { start: START, days, internal_mail: true })) {
        if (mail.kind !== 'mail' || mail.automatic) continue;
        const { moved } = movers.get(mail.sender) ?? {};
        const [to = ''] = mail.recipients;
        if (moved === undefined) continue;
        const contact = `${mail.sender} ${domainOf(to)}`;
        if (mail.time < moved.at) known.add(contact);
        else if (mail.direction === 'outbound') {
          tally.outside++;
          if (known.has(contact)) tally.known++;
        } else {
          tally.inside++;
          if (movers.get(to)?.peer_group === moved.peer_group) tally.group++;
        }
      }
      return { group: tally.group / tally.inside, known: tally.known / tally.outside };
    };
    const moving = sharesOf(restless);
    const staying = sharesOf(settled);
    expect(moving.group).toBeGreaterThan(1.3 * staying.group);
    expect(moving.known).toBeLessThan(0.95 * staying.known);
  });
});

describe('shared mailboxes', () => {
  test('are answered while a member is at work', () => {
    const shared = mails.filter((m) => mailboxes.get(m.sender)?.kind === 'shared');
    for (const { time, sender, direction } of shared) {
      expect(direction).toBe('outbound');
      const group = mailboxes.get(sender)?.peer_group;
      const members = org.people.filter(
        ({ peer_group, moved }) => peer_group === group || moved?.peer_group === group,
      );
      const present = members.some((one) => {
        const d = dayOf(one, time);
        const hour = (time - startOfDay(one.time_zone, d)) / HOUR;
        return weekday(d) < 5 && !isOnLeave(org.seed, one.index, d) && hour >= 8 && hour <= 17;
      });
      expect(present).toBe(true);
    }
  });

  test('and those of machines send nothing that a person sends', () => {
    const addresses = [...people.keys()];
    for (const { address, aliases } of org.mailboxes)
      for (const one of [address, ...aliases]) expect(addresses).not.toContain(one);
  });

  test('leave the people’s mail as it is', () => {
    const without = { ...org, mailboxes: [] };
    const days = 20;
    const own = [...background(without, { start: START, days, internal_mail: true })];
    const end = START + days * DAY;
    const rest = activities.filter(
      (act) =>
        act.time < end &&
        !(
          act.kind === 'mail' &&
          (mailboxes.has(act.sender) || act.recipients.some((to) => mailboxes.has(to)))
        ),
    );
    // The last day ends differently: what follows an act may lie beyond it.
    const until = (acts: readonly Activity[]): string[] =>
      acts
        .filter(({ time }) => time < end - DAY)
        .filter(isMail)
        .map(({ time, sender, recipients, subject }) => [time, sender, recipients, subject].join());
    expect(until(own)).toEqual(until(rest));
  });
});

describe('the log of a default organisation', () => {
  test('has lines that come twice, come late, and are stamped by clocks that are off', () => {
    const writer = createWriter(org, { seed: 1 });
    const month = mails.filter(
      ({ time, direction }) => direction !== 'internal' && time < START + 30 * DAY,
    );
    function* tagged(): Generator<Tagged> {
      for (const activity of month) yield { activity, tag: 0 };
    }
    let latest = 0;
    let late = 0;
    let twice = 0;
    let lines = 0;
    const seen = new Set<string>();
    const errors = new Map<number, number>();
    for (const { text, time } of timeline([tagged()], writer)) {
      lines++;
      if (time < latest - 4 * 60_000) late++;
      latest = Math.max(latest, time);
      if (seen.has(text)) twice++;
      seen.add(text);
      const stamp = Date.parse(/"datetime":"([^"]+)"/.exec(text)?.[1] ?? '');
      const error = Math.round((stamp - time) / 1000);
      errors.set(error, (errors.get(error) ?? 0) + 1);
    }
    expect(twice / lines).toBeGreaterThan(0.0002);
    expect(twice / lines).toBeLessThan(0.001);
    expect(late / lines).toBeGreaterThan(0.00005);
    expect(late / lines).toBeLessThan(0.001);
    // One host of eight is off by 4 to 25 seconds, the others by less than two.
    const off = [...errors].filter(([error]) => Math.abs(error) >= 3);
    const share = off.reduce((sum, [, count]) => sum + count, 0) / lines;
    expect(share).toBeGreaterThan(0.08);
    expect(share).toBeLessThan(0.18);
    for (const [error] of off) expect(Math.abs(error)).toBeLessThan(27);
    expect(
      Math.max(...off.map(([error]) => error)) - Math.min(...off.map(([e]) => e)),
    ).toBeLessThan(3);
  });
});
