/**
 * Mail of mailboxes that are nobody's own. Members of a department answer from its shared mailbox
 * while they are at work; machines send at machine hours, on Sundays too.
 */

import type { MailActivity, Mailbox, Organisation, Person } from '../activity.js';
import {
  dayNumber,
  daysBeginningIn,
  HOUR,
  isHoliday,
  isOnLeave,
  officeIn,
  startOfDay,
  weekday,
} from '../calendar.js';
import { departmentNamed } from '../departments.js';
import type { Mix } from '../mix.js';
import { officeOf, peerGroupAt } from '../organisation.js';
import type { OutsideWorld } from '../outside.js';
import { type Random, randomStream } from '../random.js';
import type { Contact } from './correspondence.js';
import { Blocks, Memory } from './memory.js';
import { DELIVERED, NO_ATTACHMENTS, UNKNOWN_RECIPIENT } from './outcomes.js';
import type { Agenda } from './plan.js';
import { HOURS, momentAtWork } from './presence.js';

const ANSWER = 40;
const ENQUIRY = 41;
/** From here on the agenda's number is a mailbox's and not a person's; acts end at 255. */
const FIRST_OF_MACHINES = 200;
const SCAN = 200;
const NOTICE = 201;
const REPORT = 202;
const ALARM = 203;

/** Enquiries per answer: not all deserve one. */
const ENQUIRIES = 1.3;
/** Share of enquiries by people who never wrote before, and of first mails from the mailbox. */
const NEW_ENQUIRY = 0.35;
const FIRST_MAIL = 0.08;
/** Share of a machine's notices to recipients it has not written to. */
const NEW_RECIPIENT = 0.3;
const CONTACTS = 300;

const NOTICES: readonly (readonly [subject: string, file: string | undefined])[] = [
  ['Your order # has been shipped', undefined],
  ['Order confirmation #', 'order_#.pdf'],
  ['Invoice #', 'invoice_#.pdf'],
  ['Delivery note #', 'delivery_note_#.pdf'],
  ['Your ticket # was updated', undefined],
  ['Password reset requested', undefined],
  ['Appointment reminder', 'invite.ics'],
];

const ALARMS = [
  'WARNING: disk usage 91% on srv#',
  'CRITICAL: backup job failed on srv#',
  'RECOVERY: srv# is up',
  'UPS on battery, rack #',
];

/** Whether an entry of the agenda belongs to a mailbox by its number. */
export function isMachineAct(act: number): boolean {
  return act >= FIRST_OF_MACHINES;
}

export class MailboxBehaviour {
  private readonly mailboxes: readonly Mailbox[];
  private readonly people: readonly Person[];
  /** Shared mailboxes of a peer group, by index. */
  private readonly shared = new Map<string, number[]>();
  private readonly memories: (Memory | undefined)[];
  private readonly blocks = new Blocks();
  private readonly world: OutsideWorld;
  private readonly seed: number;
  private readonly internal: boolean;
  private readonly planning: Random;
  private readonly writing: Random;
  private readonly machines: Random;
  /** Answers per member and weekday; mails of machines per weekday. */
  private readonly answers: number;
  private readonly notices: number;
  private readonly scans: number;
  private readonly contact: Contact = { domain: 0, contact: 0 };
  /** The firm that looks after the machines. */
  private readonly provider: string;

  constructor(
    organisation: Organisation,
    world: OutsideWorld,
    seed: number,
    mix: Mix,
    internal: boolean,
  ) {
    this.mailboxes = organisation.mailboxes;
    this.people = organisation.people;
    this.world = world;
    this.seed = seed;
    this.internal = internal;
    const root = randomStream(seed, 'mailboxes');
    this.planning = root.stream('planning');
    this.writing = root.stream('writing');
    this.machines = root.stream('machines');
    this.memories = new Array<Memory | undefined>(this.mailboxes.length);
    this.mailboxes.forEach(({ kind, peer_group }, i) => {
      if (kind !== 'shared' || peer_group === undefined) return;
      const own = this.shared.get(peer_group);
      if (own === undefined) this.shared.set(peer_group, [i]);
      else own.push(i);
    });
    const mails = this.people.reduce((sum, person) => sum + person.daily_mails, 0);
    this.answers = (mix.shared_mailbox_per_mail * mails) / Math.max(1, this.people.length);
    this.notices = mix.service_per_mail * mails;
    this.scans = mix.scans_per_mail * mails;
    const contracts = root.stream('provider');
    this.provider = `alerts@${world.newDomain(contracts, this.mailboxes[0]?.country)}`;
  }

  /** Puts a member's part in the department's mailboxes on the agenda; see {@link Agenda}. */
  plan(agenda: Agenda, person: Person, day: number, base: number, noon: number): void {
    if (this.shared.size === 0) return;
    if (!this.shared.has(peerGroupAt(person, noon))) return;
    const random = this.planning;
    const working = weekday(day) < 5 && !isHoliday(officeOf(person), day);
    // Enquiries come to the mailbox, whoever is away; they are counted by members all the same.
    const enquiries = random.poisson(this.answers * ENQUIRIES * (working ? 1 : 0.25));
    for (let k = 0; k < enquiries; k++) {
      agenda.add(base + momentAtWork(random), person.index, ENQUIRY);
    }
    if (!working || isOnLeave(this.seed, person.index, day)) return;
    for (let k = random.poisson(this.answers); k > 0; k--) {
      const at = 8 + 9 * random.uniform();
      agenda.add(base + at * HOUR, person.index, ANSWER);
    }
  }

  /** Puts what machines send in a UTC day on the agenda, which begins at `midnight`. */
  planMachines(agenda: Agenda, midnight: number): void {
    const random = this.machines;
    const scanners = this.mailboxes.filter(isScanner).length;
    const senders = this.mailboxes.filter(isSender).length;
    this.mailboxes.forEach((mailbox, i) => {
      if (mailbox.kind !== 'service') return;
      for (const day of daysBeginningIn(mailbox.time_zone, dayNumber(midnight))) {
        const base = startOfDay(mailbox.time_zone, day) - midnight;
        const working = weekday(day) < 5 && !isHoliday(officeIn(mailbox.country), day);
        const add = (hour: number, act: number): void => agenda.add(base + hour * HOUR, i, act);
        if (isScanner(mailbox)) {
          if (!working) continue;
          for (let k = random.poisson(this.scans / scanners); k > 0; k--)
            add(HOURS.draw(random) + random.uniform(), SCAN);
        } else if (isMonitor(mailbox)) this.watch(add);
        else {
          // Day and night, in batches on the hour too.
          const count = random.poisson((this.notices / senders) * (working ? 1 : 0.4));
          for (let k = 0; k < count; k++) {
            const hour = random.chance(0.6) ? HOURS.draw(random) : random.int(24);
            add(hour + (random.chance(0.3) ? random.uniform() / 60 : random.uniform()), NOTICE);
          }
        }
      }
    });
  }

  /** The nightly report, on the minute; alarms in bursts, at any hour. */
  private watch(add: (hour: number, act: number) => void): void {
    const random = this.machines;
    add(2.17 + random.uniform() / 300, REPORT);
    for (let k = random.poisson(0.3); k > 0; k--) {
      let hour = 24 * random.uniform();
      for (let n = random.between(1, 4); n > 0; n--) {
        add(hour, ALARM);
        hour += random.exponential(0.2);
      }
    }
  }

  /**
   * Spells out an entry of the agenda: `index` is a person's, or a mailbox's where
   * {@link isMachineAct}. Undefined for acts of other behaviours, and for mail that stays inside
   * where such mail is not seen.
   */
  perform(act: number, index: number, time: number): MailActivity | undefined {
    if (act === ANSWER || act === ENQUIRY) {
      const person = this.people[index];
      const own = person && this.shared.get(peerGroupAt(person, time));
      if (own === undefined) return undefined;
      const which = this.writing.pick(own);
      return this.correspondence(act, which, this.mailboxes[which] as Mailbox, time);
    }
    if (!isMachineAct(act)) return undefined;
    const mailbox = this.mailboxes[index];
    if (mailbox === undefined) return undefined;
    if (act === SCAN) return this.scan(mailbox, time);
    return act === NOTICE ? this.notice(index, mailbox, time) : this.report(act, mailbox, time);
  }

  private correspondence(act: number, index: number, mailbox: Mailbox, time: number): MailActivity {
    const random = this.writing;
    const department = departmentNamed(mailbox.peer_group ?? '');
    const incoming = act === ENQUIRY;
    const stranger = this.draw(
      random,
      index,
      mailbox,
      incoming ? NEW_ENQUIRY : FIRST_MAIL,
      incoming ? 0.4 : 0.1,
    );
    const subject = this.world.topicSubject(random.int(0x7fffffff), department);
    const alias = mailbox.aliases[0];
    const own = alias !== undefined && incoming && random.chance(0.15) ? alias : mailbox.address;
    const attachments = random.chance(incoming ? 0.15 : 0.12)
      ? [this.world.attachment(random, department.name)]
      : NO_ATTACHMENTS;
    return {
      kind: 'mail',
      time,
      direction: incoming ? 'inbound' : 'outbound',
      sender: incoming ? stranger : own,
      recipients: [incoming ? own : stranger],
      subject: incoming ? subject : `${random.chance(0.8) ? 'RE: ' : ''}${subject}`,
      body_bytes: this.world.bodyBytes(random),
      attachments,
      outcome: DELIVERED,
    };
  }

  /** Somebody outside whom the mailbox knows, or a new one with the given chance. */
  private draw(
    random: Random,
    index: number,
    mailbox: Mailbox,
    fresh: number,
    private_: number,
  ): string {
    let memory = this.memories[index];
    if (memory === undefined) {
      memory = new Memory(this.blocks, CONTACTS);
      this.memories[index] = memory;
    }
    const contact = this.contact;
    if (memory.count === 0 || random.chance(fresh)) {
      contact.domain = random.chance(private_)
        ? this.world.freemailId(random, mailbox.country)
        : this.world.newDomainId(random, mailbox.country);
      contact.contact = contact.domain < 0 ? random.int(0x7fffffff) : random.int(12);
      memory.add(random, contact.domain, contact.contact);
    } else {
      const slot = memory.slot(random);
      contact.domain = memory.domainAt(slot);
      contact.contact = memory.contactAt(slot);
    }
    return this.world.contactAddress(contact.domain, contact.contact);
  }

  private notice(index: number, mailbox: Mailbox, time: number): MailActivity {
    const random = this.machines;
    const [subject, file] = random.pick(NOTICES);
    const number = String(random.between(10_000, 999_999));
    const recipient = this.draw(random, index, mailbox, NEW_RECIPIENT, 0.45);
    return {
      kind: 'mail',
      time,
      direction: 'outbound',
      sender: mailbox.address,
      recipients: [recipient],
      subject: subject.replace('#', number),
      body_bytes: 6000 + random.int(9000),
      attachments:
        file === undefined
          ? NO_ATTACHMENTS
          : [{ name: file.replace('#', number), bytes: 20_000 + random.int(90_000) }],
      // Customers leave, and nobody tells the machine.
      outcome: random.chance(0.02) ? UNKNOWN_RECIPIENT : DELIVERED,
    };
  }

  private report(act: number, mailbox: Mailbox, time: number): MailActivity {
    const random = this.machines;
    const nightly = act === REPORT;
    const subject = nightly
      ? `Backup report: ${random.chance(0.95) ? 'all jobs succeeded' : 'completed with warnings'}`
      : random.pick(ALARMS).replace('#', String(random.between(1, 40)).padStart(2, '0'));
    return {
      kind: 'mail',
      time,
      direction: 'outbound',
      sender: mailbox.address,
      recipients: [this.provider],
      subject,
      body_bytes: 1500 + random.int(4000),
      attachments: nightly
        ? [{ name: 'backup-report.html', bytes: 15_000 + random.int(30_000) }]
        : NO_ATTACHMENTS,
      outcome: DELIVERED,
    };
  }

  /** People scan to themselves, now and then to somebody outside. */
  private scan(mailbox: Mailbox, time: number): MailActivity | undefined {
    const random = this.machines;
    const person = random.pick(this.people);
    const outside = random.chance(0.04);
    const stranger = this.world.contactAddress(
      this.world.newDomainId(random, mailbox.country),
      random.int(8),
    );
    const name = `SCN_${new Date(time).toISOString().slice(0, 19).replace(/\D/g, '')}.pdf`;
    const bytes = Math.round(random.lognormal(13.2, 0.9));
    if (!outside && !this.internal) return undefined;
    if (!outside && (time < person.hired || (person.left !== undefined && time > person.left)))
      return undefined;
    return {
      kind: 'mail',
      time,
      direction: outside ? 'outbound' : 'internal',
      sender: mailbox.address,
      recipients: [outside ? stranger : person.address],
      subject: 'Scanned document',
      body_bytes: 1200 + random.int(300),
      attachments: [{ name, bytes }],
      outcome: DELIVERED,
    };
  }
}

const nameOf = ({ address }: Mailbox): string => address.slice(0, address.lastIndexOf('@'));
const isScanner = (mailbox: Mailbox): boolean =>
  mailbox.kind === 'service' && /scan|copier|mfp|print/.test(nameOf(mailbox));
const isMonitor = (mailbox: Mailbox): boolean =>
  mailbox.kind === 'service' && /monitor|alert|backup|nagios|root/.test(nameOf(mailbox));
const isSender = (mailbox: Mailbox): boolean =>
  mailbox.kind === 'service' && !isScanner(mailbox) && !isMonitor(mailbox);
