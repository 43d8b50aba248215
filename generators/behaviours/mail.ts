/**
 * Mail as people write and receive it. Over 400 lines because the acts share one person's habits,
 * conversations and contacts; planning and spelling them out apart would pass all of that around.
 */

import type { Attachment, MailActivity, Move, Organisation, Person } from '../activity.js';
import {
  DAY,
  HOUR,
  isHoliday,
  isOnLeave,
  isQuarterEnd,
  localDay,
  MINUTE,
  type Office,
  type Trip,
  tripOf,
  utcOffset,
  weekday,
} from '../calendar.js';
import { type Department, departmentNamed } from '../departments.js';
import type { Mix } from '../mix.js';
import { officeOf, personalMailbox } from '../organisation.js';
import type { OutsideWorld } from '../outside.js';
import { type Profile, profileOf, type RecipientHabits } from '../profile.js';
import { hashUnit, type Random, randomStream, Weighted } from '../random.js';
import { Colleagues } from './colleagues.js';
import { Correspondence } from './correspondence.js';
import {
  DELIVERED,
  heldAsSpam,
  isUnknownRecipient,
  NO_ATTACHMENTS,
  outboundOutcome,
  refusedAsSpam,
} from './outcomes.js';
import type { Agenda, FollowUps } from './plan.js';

/** Acts on the agenda. */
const OUTBOUND = 1;
const INBOUND = 2;
const NEWSLETTER = 3;
const SPAM = 4;
const INTERNAL = 5;

/** Share of weekdays on which people are neither on leave nor on a public holiday. */
const PRESENCE = 0.875;

/** What does not change about a person's mail, derived once. */
interface Habits {
  readonly office: Office;
  readonly department: Department;
  readonly freemail: number;
  readonly own: number;
  readonly ownAddresses: readonly string[];
  readonly attachments: number;
  /** Chronotype: minutes before or after the office's hours. */
  readonly shift: number;
  readonly weekend: number;
  readonly newsletters: number;
  readonly subscriptions: number;
}

/** A department's running affair with a new firm. */
interface Project {
  domain: number;
  until: number;
}

/** The mails of an organisation's people, seen from the gateway. */
export class MailBehaviour {
  private readonly people: readonly Person[];
  private readonly habits: (Habits | undefined)[];
  private readonly factors: Float64Array;
  private readonly topics: Int32Array;
  private readonly departmentTopics = new Map<string, Int32Array>();
  private readonly projects = new Map<string, Project>();
  private readonly correspondence: Correspondence;
  private readonly colleagues: Colleagues;
  private readonly planning: Random;
  private readonly writing: Random;
  private readonly answering: Random;
  private readonly affairs: Random;
  private readonly traits: Random;
  private readonly moving: Random;
  private readonly addressing: Random;
  /** Those who have changed department by now. */
  private readonly moved = new Set<number>();
  private readonly seed: number;
  private readonly mix: Mix;
  private readonly profile: Profile;
  private readonly hours: Weighted<number>;
  /** Mail per weekday, Monday to Friday, mean 1. */
  private readonly weekdays: readonly number[];
  private readonly world: OutsideWorld;
  private readonly internal: boolean;
  /** Newsletters per person and weekday. */
  private readonly letters: number;
  /** All external mail over correspondence. */
  private readonly dilution: number;

  constructor(
    organisation: Organisation,
    world: OutsideWorld,
    seed: number,
    mix: Mix,
    internal: boolean,
  ) {
    this.people = organisation.people;
    this.world = world;
    this.mix = mix;
    const profile = profileOf(organisation);
    this.profile = profile;
    this.hours = new Weighted(profile.hours.map((share, hour) => [hour, share] as const));
    const week = profile.days.weekdays.reduce((sum, level) => sum + level, 0);
    this.weekdays = profile.days.weekdays.map((level) => (5 * level) / week);
    this.internal = internal;
    this.seed = seed;
    const mails = this.people.reduce((sum, person) => sum + person.daily_mails, 0);
    this.letters = (mix.newsletters_per_mail * mails) / Math.max(1, this.people.length);
    const outside = this.people.reduce((sum, p) => sum + p.daily_mails * p.external_share, 0);
    // Shares are of all external mail, newsletters included, but only correspondence is private.
    this.dilution =
      1 +
      (mix.newsletters_per_mail * mails) / Math.max(1e-9, outside * (1 + 0.9 * mix.inbound_ratio));
    const root = randomStream(seed, 'mail');
    this.planning = root.stream('planning');
    this.writing = root.stream('writing');
    this.answering = root.stream('answering');
    this.affairs = root.stream('affairs');
    this.traits = root.stream('traits');
    this.moving = root.stream('moves');
    this.addressing = root.stream('addresses');
    this.habits = new Array<Habits | undefined>(this.people.length);
    this.factors = new Float64Array(this.people.length).fill(-1);
    this.topics = new Int32Array(this.people.length * TOPICS);
    this.correspondence = new Correspondence(world, seed, this.people, profile.novelty);
    this.colleagues = new Colleagues(this.people, profile.colleagues);
  }

  /** To be told at the start of each day, counted from the start of the log. */
  begin(day: number): void {
    this.correspondence.begin(day);
  }

  /**
   * Puts a person's local day on the agenda; `base` is the local midnight less the agenda's, `noon`
   * the moment twelve hours later.
   */
  plan(agenda: Agenda, person: Person, day: number, base: number, noon: number): void {
    const random = this.planning;
    if (person.moved !== undefined && noon >= person.moved.at) this.moveOnce(person, person.moved);
    const habits = this.habitsOf(person);
    const dow = weekday(day);
    const working = dow < 5;
    const i = person.index;
    if (working) this.advance(random, i);
    const factor = Math.max(0, this.factors[i] as number);
    const away = (working && isHoliday(habits.office, day)) || isOnLeave(this.seed, i, day);
    const rush = isQuarterEnd(day) ? habits.department.quarter_end : 1;
    const level = working
      ? (person.daily_mails * (this.weekdays[dow] as number) * rush) / PRESENCE
      : person.daily_mails * habits.weekend;
    const share = person.external_share;
    if (!away) {
      const sent = level * factor;
      const trip = tripOf(this.seed, i, day, person.country);
      const from = trip === undefined ? base : base + this.shiftOf(person, trip, noon);
      this.place(agenda, habits, from, i, OUTBOUND, random.poisson(sent * share), working);
      if (this.internal) {
        this.place(agenda, habits, from, i, INTERNAL, random.poisson(sent * (1 - share)), working);
      }
    }
    const received =
      level *
      share *
      this.mix.inbound_ratio *
      (away ? 0.6 : 0.45 + 0.55 * factor) *
      (working ? 0.9 : 0.6);
    this.place(agenda, habits, base, i, INBOUND, random.poisson(received), working);
    const quiet = working ? 1 : 0.4;
    const letters = this.letters * habits.newsletters * quiet;
    for (let k = random.poisson(letters); k > 0; k--) {
      agenda.add(base + random.uniform() * DAY, i, NEWSLETTER);
    }
    for (let k = random.poisson(this.mix.spam_per_weekday * quiet); k > 0; k--) {
      agenda.add(base + random.uniform() * DAY, i, SPAM);
    }
  }

  /** Spells out an entry of the agenda; undefined for acts of other behaviours. */
  perform(act: number, person: Person, time: number, follow: FollowUps): MailActivity | undefined {
    switch (act) {
      case OUTBOUND:
        return this.outbound(person, time, follow);
      case INBOUND:
        return this.inbound(person, time, follow);
      case NEWSLETTER:
        return this.newsletter(person, time);
      case SPAM:
        return this.spam(person, time);
      case INTERNAL:
        return this.within(person, time);
      default:
        return undefined;
    }
  }

  /** How much later than at home a traveller's day is, in ms; negative to the east. */
  private shiftOf({ time_zone }: Person, trip: Trip, noon: number): number {
    return (utcOffset(time_zone, noon) - utcOffset(trip.time_zone, noon)) * MINUTE;
  }

  /** A change of department: other habits, other colleagues, and most contacts are left behind. */
  private moveOnce(person: Person, { peer_group }: Move): void {
    if (this.moved.has(person.index)) return;
    this.moved.add(person.index);
    const random = this.moving;
    this.colleagues.move(random, person, peer_group);
    this.correspondence.move(random, person);
    this.habits[person.index] = {
      ...this.habitsOf(person),
      department: departmentNamed(peer_group),
    };
    this.topics.fill(0, person.index * TOPICS, (person.index + 1) * TOPICS);
  }

  private habitsOf(person: Person): Habits {
    const known = this.habits[person.index];
    if (known !== undefined) return known;
    const random = this.traits.stream(person.address);
    const department = departmentNamed(person.peer_group);
    const usesOwn = random.chance(0.62);
    const ownShare = Math.min(0.6, (this.mix.own_mailbox_share * this.dilution) / 0.62);
    const own = usesOwn ? random.beta(1.3, 1.3 / ownShare - 1.3) : 0;
    const family = personalMailbox(
      random,
      random.pick(this.people).first_name,
      person.last_name,
      person.country ?? 'GB',
    );
    const free = Math.min(
      0.9,
      Math.max(0.001, (this.mix.freemail_share - this.mix.own_mailbox_share) * this.dilution),
    );
    const habits: Habits = {
      office: officeOf(person),
      department,
      own,
      ownAddresses: [...person.personal, family],
      freemail: random.beta(2.4, 2.4 / free - 2.4),
      attachments: random.beta(4, 4 / this.mix.attachment_share - 4),
      shift: random.normal(0, 28) * MINUTE,
      weekend: random.chance(this.profile.days.weekend_people)
        ? random.exponential(this.profile.days.weekend_level)
        : this.profile.days.weekend_level / 30,
      newsletters: random.gamma(1.2, 1 / 1.2),
      subscriptions: random.between(2, 12),
    };
    this.habits[person.index] = habits;
    return habits;
  }

  /** Next weekday's factor: gamma-distributed with mean 1, correlated with the last one. */
  private advance(random: Random, i: number): void {
    const last = this.factors[i] as number;
    const { shape, memory } = this.profile.days;
    if (last < 0) {
      this.factors[i] = random.gamma(shape, 1 / shape);
      return;
    }
    const kept = memory === 0 ? 0 : random.beta(memory * shape, (1 - memory) * shape);
    this.factors[i] = kept * last + random.gamma((1 - memory) * shape, 1 / shape);
  }

  private place(
    agenda: Agenda,
    habits: Habits,
    base: number,
    person: number,
    act: number,
    count: number,
    working: boolean,
  ): void {
    const random = this.planning;
    let at = 0;
    for (let k = 0; k < count; k++) {
      // People clear their mail in runs: a third follows the one before within minutes.
      if (k > 0 && random.chance(0.33)) at += random.exponential(4 * MINUTE);
      else {
        const hour = working ? this.hours.draw(random) : 8 + random.int(14);
        at = (hour + random.uniform()) * HOUR + habits.shift;
      }
      const offset = base + Math.min(Math.max(at, 0), DAY - 1);
      // Far east, the first hours of a traveller's day lie in a UTC day that is over.
      if (offset >= 0) agenda.add(offset, person, act);
    }
  }

  private outbound(person: Person, time: number, follow: FollowUps): MailActivity {
    const random = this.writing;
    const habits = this.habitsOf(person);
    const recipients: string[] = [];
    let subject: string;
    const u = random.uniform();
    if (u < habits.own) {
      recipients.push(this.ownAddress(random, habits));
      subject = random.chance(0.3) ? '' : this.subject(random, person, habits);
    } else {
      this.addCorrespondents(
        random,
        person,
        habits,
        u < habits.own + habits.freemail,
        time,
        recipients,
      );
      subject = this.subject(random, person, habits);
    }
    const attachments = random.chance(habits.attachments)
      ? this.attachments(random, habits)
      : NO_ATTACHMENTS;
    const mail: MailActivity = {
      kind: 'mail',
      time,
      direction: 'outbound',
      sender: this.senderAddress(random, person),
      recipients,
      subject,
      body_bytes: this.world.bodyBytes(random),
      attachments,
      outcome: outboundOutcome(random, this.mix, attachments),
    };
    if (mail.outcome.kind === 'bounced' && random.chance(0.4)) {
      // A typing error, mended: the same mail again to the address it was meant for.
      const again: MailActivity = {
        ...mail,
        time: time + Math.round((4 + random.exponential(25)) * MINUTE),
        recipients: [this.neighbour(random, recipients[0] as string), ...recipients.slice(1)],
        outcome: DELIVERED,
      };
      if (isUnknownRecipient(mail.outcome)) follow.later(again);
    }
    return mail;
  }

  private addCorrespondents(
    random: Random,
    person: Person,
    habits: Habits,
    private_: boolean,
    time: number,
    recipients: string[],
  ): void {
    const project = private_ ? undefined : this.project(habits.department, time, person);
    let domain: number;
    if (project !== undefined && random.chance(0.06)) {
      domain = project.domain;
      const contact = random.int(5);
      this.correspondence.introduce(random, person, domain, contact);
      recipients.push(this.world.contactAddress(domain, contact));
    } else {
      const contact = private_
        ? this.correspondence.freemail(random, person, habits.office)
        : this.correspondence.business(
            random,
            person,
            habits.department,
            habits.office,
            tripOf(this.seed, person.index, localDay(person.time_zone, time), person.country)
              ?.country,
          );
      domain = contact.domain;
      recipients.push(this.world.contactAddress(domain, contact.contact));
    }
    for (let k = extraRecipients(random, this.profile.recipients); k > 0; k--) {
      let address: string;
      if (domain >= 0 && random.chance(0.8)) {
        address = this.world.contactAddress(domain, random.int(30));
      } else {
        const other = random.chance(habits.freemail)
          ? this.correspondence.freemail(random, person, habits.office)
          : this.correspondence.known(random, person);
        if (other === undefined) continue;
        address = this.world.contactAddress(other.domain, other.contact);
      }
      if (!recipients.includes(address)) recipients.push(address);
    }
  }

  private project(department: Department, time: number, person: Person): Project | undefined {
    let project = this.projects.get(department.name);
    if (project === undefined || time > project.until + 30 * DAY) {
      const random = this.affairs;
      const begins = project !== undefined || random.chance(0.5);
      project = {
        domain: this.world.newDomainId(random, person.country),
        until: time + (begins ? random.between(7, 40) * DAY : -random.between(1, 29) * DAY),
      };
      this.projects.set(department.name, project);
    }
    return time <= project.until ? project : undefined;
  }

  private inbound(person: Person, time: number, follow: FollowUps): MailActivity {
    const random = this.writing;
    const habits = this.habitsOf(person);
    const u = random.uniform();
    let sender: string;
    if (u < habits.own) sender = this.ownAddress(random, habits);
    else {
      const contact =
        u < habits.own + habits.freemail
          ? this.correspondence.freemail(random, person, habits.office)
          : this.correspondence.business(random, person, habits.department, habits.office);
      sender = this.world.contactAddress(contact.domain, contact.contact);
    }
    const recipients = [this.recipientAddress(person)];
    if (random.chance(0.04)) {
      for (let k = 1 + random.int(3); k > 0; k--) {
        const other = this.colleagues.nearby(random, person);
        if (other !== undefined && !recipients.includes(other.address))
          recipients.push(other.address);
      }
    }
    const attachments = random.chance(this.mix.attachment_share * this.profile.attachments.inbound)
      ? this.attachments(random, habits)
      : NO_ATTACHMENTS;
    const mail: MailActivity = {
      kind: 'mail',
      time,
      direction: 'inbound',
      sender,
      recipients,
      subject: this.subject(random, person, habits),
      body_bytes: this.world.bodyBytes(random),
      attachments,
      outcome: random.chance(0.008) ? heldAsSpam(random) : DELIVERED,
    };
    this.autoReply(person, habits, mail, follow);
    return mail;
  }

  /** Out-of-office notes, and the rare loop of two machines thanking each other. */
  private autoReply(person: Person, habits: Habits, mail: MailActivity, follow: FollowUps): void {
    const local = localDay(person.time_zone, mail.time);
    if (!isOnLeave(this.seed, person.index, local)) return;
    const random = this.answering;
    if (!random.chance(0.45)) return;
    const loops = random.chance(0.02) ? random.between(2, 5) : 1;
    let time = mail.time;
    const subject = `${habits.office.country === 'DE' ? 'Automatische Antwort' : 'Automatic reply'}: ${mail.subject}`;
    for (let k = 0; k < loops; k++) {
      time += 2000 + Math.round(random.exponential(9000));
      follow.later({
        kind: 'mail',
        time,
        direction: 'outbound',
        sender: person.address,
        recipients: [mail.sender],
        subject,
        body_bytes: 1200 + random.int(2500),
        attachments: NO_ATTACHMENTS,
        outcome: DELIVERED,
        automatic: true,
      });
      if (k + 1 < loops) {
        time += 2000 + Math.round(random.exponential(9000));
        follow.later({
          ...mail,
          time,
          recipients: [person.address],
          subject: `Automatic reply: ${subject}`,
          attachments: NO_ATTACHMENTS,
          outcome: DELIVERED,
          automatic: true,
        });
      }
    }
  }

  private newsletter(person: Person, time: number): MailActivity {
    const random = this.writing;
    const habits = this.habitsOf(person);
    const which = random.int(habits.subscriptions);
    // Popular letters have low numbers: most people get some of the same.
    const letter = Math.floor(600 * hashUnit(this.seed, person.index, which, 21) ** 3);
    const domain = this.world.letterDomain(letter);
    return {
      kind: 'mail',
      time,
      direction: 'inbound',
      sender: `${NEWS_NAMES[letter % NEWS_NAMES.length]}@${domain}`,
      recipients: [person.address],
      subject: this.world.topicSubject(random.int(0x7fffffff), habits.department),
      body_bytes: 9000 + Math.round(random.lognormal(10, 0.6)),
      attachments: NO_ATTACHMENTS,
      outcome: DELIVERED,
    };
  }

  private spam(person: Person, time: number): MailActivity {
    const random = this.writing;
    const habits = this.habitsOf(person);
    const refused = refusedAsSpam(random);
    return {
      kind: 'mail',
      time,
      direction: 'inbound',
      sender: this.world.address(random, this.world.newDomain(random)),
      recipients: [person.address],
      subject: this.world.topicSubject(random.int(0x7fffffff), habits.department),
      body_bytes: this.world.bodyBytes(random),
      attachments: NO_ATTACHMENTS,
      outcome: random.chance(0.8) ? refused : heldAsSpam(random),
    };
  }

  private within(person: Person, time: number): MailActivity | undefined {
    const random = this.writing;
    const habits = this.habitsOf(person);
    const recipients: string[] = [];
    for (let k = 1 + extraRecipients(random, this.profile.recipients); k > 0; k--) {
      const other = this.colleagues.draw(random, person, time);
      if (other !== undefined && !recipients.includes(other.address))
        recipients.push(other.address);
    }
    if (recipients.length === 0) return undefined;
    return {
      kind: 'mail',
      time,
      direction: 'internal',
      sender: person.address,
      recipients,
      subject: this.subject(random, person, habits),
      body_bytes: this.world.bodyBytes(random),
      attachments: random.chance(habits.attachments * this.profile.attachments.internal)
        ? this.attachments(random, habits)
        : NO_ATTACHMENTS,
      outcome: DELIVERED,
    };
  }

  private ownAddress(random: Random, habits: Habits): string {
    const addresses = habits.ownAddresses;
    return addresses[random.chance(0.7) ? 0 : random.int(addresses.length)] as string;
  }

  private senderAddress(random: Random, person: Person): string {
    const alias = person.aliases[0];
    return alias !== undefined && random.chance(FROM_ALIAS) ? alias : person.address;
  }

  private recipientAddress({ aliases, address }: Person): string {
    const random = this.addressing;
    if (aliases.length === 0 || !random.chance(this.mix.to_alias_share)) return address;
    return random.pick(aliases);
  }

  /** The address next to a misspelt one. */
  private neighbour(random: Random, address: string): string {
    const at = address.lastIndexOf('@');
    const local = address.slice(0, at);
    const i = random.int(local.length);
    const letter = 'aeiorstn'[random.int(8)] ?? 'e';
    return `${local.slice(0, i)}${letter}${local.slice(i)}${address.slice(at)}`;
  }

  private attachments(random: Random, habits: Habits): Attachment[] {
    const list: Attachment[] = [];
    let count = 1;
    if (random.chance(this.profile.attachments.several)) {
      count = 2;
      while (count < 25 && random.chance(0.55)) count++;
    }
    const name = habits.department.name;
    for (let k = 0; k < count; k++) {
      // Several files of one mail are mostly of one kind.
      const kind =
        k > 0 && random.chance(0.6) ? extensionOf((list[0] as Attachment).name) : undefined;
      list.push(this.world.attachment(random, name, kind));
    }
    return list;
  }

  /** Subject with its prefix; replies and forwards take up a conversation of the person's. */
  private subject(random: Random, person: Person, habits: Habits): string {
    const base = person.index * TOPICS;
    const u = random.uniform();
    const { subjects } = this.profile;
    const reply = u < subjects.reply;
    const forward = !reply && u < subjects.reply + subjects.forward;
    let topic = 0;
    if (reply || (forward && random.chance(0.6))) {
      topic = this.topics[base + random.int(TOPICS)] as number;
    } else if (random.chance(0.06)) {
      const shared = this.departmentTopics.get(habits.department.name);
      topic = shared === undefined ? 0 : (shared[random.int(shared.length)] as number);
    }
    if (topic === 0) {
      topic = 1 + random.int(0x7ffffffe);
      this.topics[base + random.int(TOPICS)] = topic;
      let shared = this.departmentTopics.get(habits.department.name);
      if (shared === undefined) {
        shared = new Int32Array(24);
        this.departmentTopics.set(habits.department.name, shared);
      }
      shared[random.int(shared.length)] = topic;
    }
    const text = this.world.topicSubject(topic, habits.department);
    if (!reply && !forward) return text;
    const local = habits.office.country === 'DE' && random.chance(0.3);
    if (reply) return `${local ? 'AW: ' : random.chance(0.6) ? 'RE: ' : 'Re: '}${text}`;
    return `${local ? 'WG: ' : random.chance(0.7) ? 'FW: ' : 'Fwd: '}${text}`;
  }
}

const TOPICS = 8;
/** Share of mail that people with a second address send from it. Assumed. */
const FROM_ALIAS = 0.06;
const NEWS_NAMES = ['news', 'newsletter', 'no-reply', 'info', 'noreply', 'updates', 'notification'];

/** Recipients beyond the first: mostly none, with a power-law tail. */
function extraRecipients(random: Random, { several, exponent }: RecipientHabits): number {
  if (!random.chance(several)) return 0;
  return Math.min(60, Math.floor(random.pareto(2, exponent)) - 1);
}

function extensionOf(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}
