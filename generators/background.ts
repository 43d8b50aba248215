/** Everything that happens on ordinary days, in time order. */

import type { Activity, Organisation, Person } from './activity.js';
import { ArchiveBehaviour } from './behaviours/archive.js';
import { AuditBehaviour } from './behaviours/audit.js';
import { ClickBehaviour } from './behaviours/clicks.js';
import { InboxRuleBehaviour } from './behaviours/inbox-rules.js';
import { MailBehaviour } from './behaviours/mail.js';
import { isMachineAct, MailboxBehaviour } from './behaviours/mailboxes.js';
import { Agenda } from './behaviours/plan.js';
import { WebBehaviour } from './behaviours/web.js';
import { DAY, dayNumber, daysBeginningIn, startOfDay } from './calendar.js';
import { Heap } from './heap.js';
import type { Mix } from './mix.js';
import { outsideWorld } from './outside.js';
import { profileOf } from './profile.js';

/** Period and amounts; parts of the mix that are left out are as the organisation's profile says. */
export interface BackgroundOptions extends Partial<Mix> {
  /** Start, ms since 1970 UTC; days begin at UTC midnight at or before it. */
  readonly start: number;
  readonly days: number;
  /** Default: the organisation's. */
  readonly seed?: number;
  /** Whether the gateway sees mail between colleagues. Default false. */
  readonly internal_mail?: boolean;
  /**
   * Lets only these people act, and no mailbox or machine: a cheap look at what such people do. The
   * same people act otherwise when the others do too.
   */
  readonly only?: ReadonlySet<Person>;
}

/**
 * What the organisation's people do from `start` for `days` days, in time order, made as it is
 * read: one day is planned at a time, each activity spelt out when it is taken. Memory depends on
 * the people and not on the days. Equal arguments give equal activities.
 */
export function* background(
  organisation: Organisation,
  options: BackgroundOptions,
): Generator<Activity, void, undefined> {
  const { only, internal_mail = false } = options;
  const mix: Mix = { ...profileOf(organisation).mix, ...defined(options) };
  const seed = options.seed ?? organisation.seed;
  const people = organisation.people;
  const acting = only === undefined ? people : people.filter((person) => only.has(person));
  const world = outsideWorld(organisation);
  const mail = new MailBehaviour(organisation, world, seed, mix, internal_mail);
  const web = new WebBehaviour(world, people.length, seed, mix);
  const audit = new AuditBehaviour(organisation, world, seed, mix);
  const rules = new InboxRuleBehaviour(organisation, world, seed, mix);
  const clicks = new ClickBehaviour(world, seed, mix);
  const archive = new ArchiveBehaviour(seed, mix);
  const mailboxes = new MailboxBehaviour(organisation, world, seed, mix, internal_mail);
  const agenda = new Agenda();
  const pending = new Heap<Activity>();
  const follow = { later: (activity: Activity) => pending.push(activity.time, activity) };

  // The day before is planned too: some offices' first day begins in it.
  const first = dayNumber(options.start) - 1;
  const end = options.start + options.days * DAY;
  days: for (let day = first; day * DAY < end; day++) {
    const midnight = day * DAY;
    mail.begin(day - first);
    const begins = new Map<string, readonly { local: number; base: number }[]>();
    for (const person of acting) {
      const { time_zone } = person;
      let locals = begins.get(time_zone);
      if (locals === undefined) {
        locals = daysBeginningIn(time_zone, day).map((local) => ({
          local,
          base: startOfDay(time_zone, local) - midnight,
        }));
        begins.set(time_zone, locals);
      }
      for (const { local, base } of locals) {
        const noon = midnight + base + DAY / 2;
        if (noon < person.hired || (person.left !== undefined && noon > person.left)) continue;
        mail.plan(agenda, person, local, base, noon);
        web.plan(agenda, person, local, base);
        audit.plan(agenda, person, local, base, noon);
        rules.plan(agenda, person, local, base);
        archive.plan(agenda, person, local, base, noon);
        if (only === undefined) mailboxes.plan(agenda, person, local, base, noon);
      }
    }
    if (only === undefined) mailboxes.planMachines(agenda, midnight);
    for (const { offset, person, act } of agenda.drain()) {
      const time = midnight + offset;
      if (time < options.start) continue;
      if (time >= end) break days;
      while (pending.next <= time) yield pending.pop() as Activity;
      if (isMachineAct(act)) {
        const sent = mailboxes.perform(act, person, time);
        if (sent !== undefined) yield sent;
        continue;
      }
      const who = people[person];
      if (who === undefined) continue;
      const activity =
        mailboxes.perform(act, person, time) ??
        mail.perform(act, who, time, follow) ??
        web.perform(act, who, time, follow) ??
        audit.perform(act, who, time) ??
        rules.perform(act, who, time) ??
        archive.perform(act, who, time, follow);
      if (activity?.kind === 'mail') {
        const read = clicks.read(activity, who);
        archive.saw(read);
        yield read;
      } else if (activity !== undefined) yield activity;
    }
  }
  while (pending.next < end) yield pending.pop() as Activity;
}

/** Options without those that are present but undefined. */
function defined(options: BackgroundOptions): Partial<Mix> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
