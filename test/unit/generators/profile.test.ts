import { describe, expect, test } from 'vitest';
import {
  type Activity,
  background,
  createOrganisation,
  DEFAULT_PROFILE,
  type MailActivity,
  outsideWorld,
  type Profile,
  type ProfileChanges,
  profileOf,
  profileWith,
  randomStream,
} from '#generators';

const START = Date.UTC(2024, 0, 1);
const DAYS = 60;

function mails(changes?: ProfileChanges, internal_mail = true): MailActivity[] {
  const profile: Profile | undefined = changes && profileWith(changes);
  const organisation = createOrganisation({
    seed: 9,
    people: 30,
    peer_groups: 3,
    start: START,
    days: DAYS,
    ...(profile && { profile }),
  });
  return [...background(organisation, { start: START, days: DAYS, internal_mail })].filter(
    isPersons,
  );
}

const isPersons = (activity: Activity): activity is MailActivity =>
  activity.kind === 'mail' && activity.automatic !== true;
const sent = (all: readonly MailActivity[]): MailActivity[] =>
  all.filter(({ direction }) => direction !== 'inbound');
const outbound = (all: readonly MailActivity[]): MailActivity[] =>
  all.filter(({ direction }) => direction === 'outbound');
const share = <T>(all: readonly T[], holds: (one: T) => boolean): number =>
  all.filter(holds).length / all.length;
const domains = (all: readonly MailActivity[]): number =>
  new Set(outbound(all).flatMap((m) => m.recipients.map((a) => a.slice(a.lastIndexOf('@'))))).size;

describe('a profile', () => {
  test('that changes nothing gives the organisation that no profile gives', () => {
    expect(mails({})).toEqual(mails());
  });

  test('is the organisation’s, and the default one where it has none', () => {
    expect(profileOf({})).toBe(DEFAULT_PROFILE);
    const own = profileWith({ name: 'own' });
    expect(profileOf({ profile: own })).toBe(own);
  });

  test('is changed part by part, and the default stays', () => {
    const profile = profileWith({ novelty: { floor: 0.5 }, hours: Array(24).fill(1) });
    expect(profile.novelty).toEqual({ ...DEFAULT_PROFILE.novelty, floor: 0.5 });
    expect(profile.hours).toHaveLength(24);
    expect(profile.mix).toEqual(DEFAULT_PROFILE.mix);
    expect(DEFAULT_PROFILE.novelty.floor).toBeLessThan(0.5);
  });

  const usual = mails();

  test('sets how much people send and how much of it goes outside', () => {
    const quiet = mails({ mails_per_weekday: 3 });
    expect(sent(quiet).length / sent(usual).length).toBeCloseTo(3 / 9, 1);
    const outward = mails({ external_share: 0.5 });
    expect(share(sent(outward), (m) => m.direction === 'outbound')).toBeGreaterThan(
      2 * share(sent(usual), (m) => m.direction === 'outbound'),
    );
  });

  test('sets when they send', () => {
    const nightly = mails({ hours: Array.from({ length: 24 }, (_, h) => (h === 3 ? 1 : 0)) });
    const atNight = (m: MailActivity): boolean => new Date(m.time).getUTCHours() < 7;
    const weekdays = (all: readonly MailActivity[]): MailActivity[] =>
      sent(all).filter((m) => ![0, 6].includes(new Date(m.time).getUTCDay()));
    expect(share(weekdays(nightly), atNight)).toBeGreaterThan(0.9);
    expect(share(weekdays(usual), atNight)).toBeLessThan(0.1);
    const mondays = mails({ days: { weekdays: [1, 0, 0, 0, 0] } });
    // Some work where Monday has not ended by then.
    expect(share(weekdays(mondays), (m) => new Date(m.time).getUTCDay() === 1)).toBeGreaterThan(
      0.9,
    );
  });

  test('sets to how many, with what subject and with what files', () => {
    const other = mails({
      recipients: { several: 0.9 },
      subjects: { reply: 0.6, forward: 0 },
      attachments: { several: 0.9, mu: 8 },
      mix: { attachment_share: 0.6 },
    });
    expect(share(sent(other), (m) => m.recipients.length > 1)).toBeGreaterThan(0.7);
    expect(share(sent(other), (m) => /^(re|aw): /i.test(m.subject))).toBeGreaterThan(0.45);
    expect(share(sent(other), (m) => /^(fwd?|wg): /i.test(m.subject))).toBe(0);
    expect(share(outbound(other), (m) => m.attachments.length > 0)).toBeGreaterThan(0.4);
    const middle = (all: readonly MailActivity[]): number =>
      all.flatMap((m) => m.attachments.map(({ bytes }) => bytes)).sort((a, b) => a - b)[500] ?? 0;
    expect(middle(other)).toBeLessThan(middle(usual) / 10);
  });

  test('sets how many new domains people meet', () => {
    const tame = mails({ novelty: { floor: 0.01, constant: 0.4 } }, false);
    expect(domains(tame)).toBeLessThan(0.6 * domains(mails(undefined, false)));
  });

  test.each(Object.keys(DEFAULT_PROFILE.mix))('may say that there is nothing of %s', (name) => {
    const organisation = createOrganisation({
      seed: 9,
      people: 20,
      start: START,
      days: 7,
      profile: profileWith({ mix: { [name]: 0 } }),
    });
    const all = [...background(organisation, { start: START, days: 7 })];
    expect(all.length).toBeGreaterThan(100);
    if (name !== 'attachment_share') return;
    // Machines and shared mailboxes have habits of their own.
    const people = new Set(organisation.people.map(({ address }) => address));
    const own = all.filter(isPersons).filter(({ sender }) => people.has(sender));
    expect(own.length).toBeGreaterThan(10);
    expect(own.filter(({ attachments }) => attachments.length > 0)).toEqual([]);
  });

  test('sets the amounts of everything else, unless the caller does', () => {
    const organisation = createOrganisation({
      seed: 9,
      people: 30,
      start: START,
      days: DAYS,
      profile: profileWith({ mix: { web_denied_per_weekday: 0, sign_ins_per_weekday: 2 } }),
    });
    const kinds = (all: Iterable<Activity>, kind: Activity['kind']): number =>
      [...all].filter((one) => one.kind === kind).length;
    const period = { start: START, days: DAYS };
    expect(kinds(background(organisation, period), 'web')).toBe(0);
    expect(kinds(background(organisation, period), 'audit')).toBeGreaterThan(1000);
    const asked = background(organisation, { ...period, web_denied_per_weekday: 1 });
    expect(kinds(asked, 'web')).toBeGreaterThan(500);
  });

  test('is behind the files of the world outside too, which stories draw from', () => {
    const of = (changes: ProfileChanges): number => {
      const profile = profileWith(changes);
      const organisation = createOrganisation({
        seed: 9,
        people: 5,
        start: START,
        days: 1,
        profile,
      });
      const world = outsideWorld(organisation);
      const random = randomStream(1, 'test');
      return world.attachment(random, 'Sales', 'pdf').bytes;
    };
    expect(of({ attachments: { mu: 9, sigma: 0 } })).toBeLessThan(20_000);
    expect(of({ attachments: { mu: 14, sigma: 0 } })).toBeGreaterThan(500_000);
  });
});
