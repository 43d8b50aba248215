/** Everything that happens on ordinary days, in time order. */

import type { Activity, Organisation } from './activity.js';
import { AuditBehaviour } from './behaviours/audit.js';
import { InboxRuleBehaviour } from './behaviours/inbox-rules.js';
import { MailBehaviour } from './behaviours/mail.js';
import { Agenda } from './behaviours/plan.js';
import { WebBehaviour } from './behaviours/web.js';
import { DAY, dayNumber, MINUTE } from './calendar.js';
import { Heap } from './heap.js';
import { DEFAULT_MIX, type Mix } from './mix.js';
import { outsideWorld } from './outside.js';

/** Period and amounts; parts of the mix that are left out keep their defaults. */
export interface BackgroundOptions extends Partial<Mix> {
  /** Start, ms since 1970 UTC; days begin at UTC midnight at or before it. */
  readonly start: number;
  readonly days: number;
  /** Default: the organisation's. */
  readonly seed?: number;
  /** Whether the gateway sees mail between colleagues. Default false. */
  readonly internal_mail?: boolean;
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
  const mix: Mix = { ...DEFAULT_MIX, ...defined(options) };
  const seed = options.seed ?? organisation.seed;
  const people = organisation.people;
  const world = outsideWorld(organisation);
  const mail = new MailBehaviour(organisation, world, seed, mix, options.internal_mail ?? false);
  const web = new WebBehaviour(world, people.length, seed, mix);
  const audit = new AuditBehaviour(world, seed, mix);
  const rules = new InboxRuleBehaviour(organisation, world, seed, mix);
  const agenda = new Agenda();
  const pending = new Heap<Activity>();
  const follow = { later: (activity: Activity) => pending.push(activity.time, activity) };

  // The day before is planned too: some offices' first day begins in it.
  const first = dayNumber(options.start) - 1;
  const end = options.start + options.days * DAY;
  days: for (let day = first; day * DAY < end; day++) {
    const midnight = day * DAY;
    mail.begin(day - first);
    for (const person of people) {
      // Offices east of Greenwich begin a local day before UTC does.
      const local = person.utc_offset > 0 ? day + 1 : day;
      const base = local * DAY - person.utc_offset * MINUTE - midnight;
      const noon = midnight + base + DAY / 2;
      if (noon < person.hired || (person.left !== undefined && noon > person.left)) continue;
      mail.plan(agenda, person, local, base);
      web.plan(agenda, person, local, base);
      audit.plan(agenda, person, local, base);
      rules.plan(agenda, person, local, base);
    }
    for (const { offset, person, act } of agenda.drain()) {
      const time = midnight + offset;
      if (time < options.start) continue;
      if (time >= end) break days;
      while (pending.next <= time) yield pending.pop() as Activity;
      const who = people[person];
      if (who === undefined) continue;
      const activity =
        mail.perform(act, who, time, follow) ??
        web.perform(act, who, time, follow) ??
        audit.perform(act, who, time) ??
        rules.perform(act, who, time);
      if (activity !== undefined) yield activity;
    }
  }
  while (pending.next < end) yield pending.pop() as Activity;
}

/** Options without those that are present but undefined. */
function defined(options: BackgroundOptions): Partial<Mix> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
