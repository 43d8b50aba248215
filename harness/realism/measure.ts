/**
 * Every statistic of targets.json, from mails in order of time. Streaming: memory grows with people
 * and with the pairs of people and correspondents, not with mails or days.
 *
 * The notes in targets.json define the statistics; what they leave open is decided here and told
 * in the README of this folder.
 *
 * Over 400 lines because all statistics come of one pass over the mails.
 */

import { getDomain } from 'tldts';
import type { Mail, PersonFacts, Source } from './mail.js';
import { gini, Logs, leastSquares, median, type PowerLaw, Sketch } from './summaries.js';

const DAY = 86_400_000;
const HOUR = 3_600_000;
/** A person who shows up or falls silent so many days from the ends joined or left. */
const ABSENCE = 30;
/** Fewest mails on weekdays from which a person's rate and days are judged. */
const DAY_MAILS = 50;
/** Fewest mails, or events, from which a person's growth curve is fitted. */
const CURVE_EVENTS = 100;
/** Points of growth curves, from the first event on: each this much further out than the last. */
const CURVE_STEP = 1.2;
const ORGANISATION_STEP = 1.02;

export const tenureBins = [
  ['0-7', 0, 7],
  ['7-14', 7, 14],
  ['14-30', 14, 30],
  ['30-60', 30, 60],
  ['60-90', 60, 90],
  ['90-180', 90, 180],
  ['180-365', 180, 365],
  ['365-999', 365, Number.POSITIVE_INFINITY],
] as const;

export type TenureBin = (typeof tenureBins)[number][0];

/** External events with so many days of history, and those of them that were the first. */
export interface FirstSeen {
  events: number;
  user: number;
  department: number;
  organisation: number;
  address: number;
  country: number;
}

/** What {@link Measurement.finish} gives; NaN where there is nothing to measure it on. */
export interface Statistics {
  /** People with mail, departments known of them, mails, and whole days from first to last. */
  readonly people: number;
  readonly departments: number;
  readonly mails: number;
  readonly days: number;
  readonly counts: {
    readonly sent: number;
    readonly outbound: number;
    readonly internal: number;
    readonly inbound: number;
    readonly external_events: number;
    readonly with_files: number;
    readonly sized_files: number;
    readonly sized_bodies: number;
    readonly sized_mails: number;
    readonly subjects: number;
    readonly surnames: number;
    /** People with enough mail for each kind of curve. */
    readonly day_series: number;
    readonly contact_curves: number;
    readonly domain_curves: number;
    readonly senders: number;
  };
  readonly rate_sigma: number;
  readonly gini: number;
  readonly top10_share: number;
  readonly fano_median: number;
  readonly negbin_k_median: number;
  readonly lag1_median: number;
  readonly weekend_share: number;
  readonly after_hours: number;
  readonly hour_share_weekday: readonly number[];
  readonly dow_share: readonly number[];
  readonly internal_share_1: number;
  readonly internal_mean: number;
  readonly internal_p99: number;
  readonly contacts_beta: number;
  readonly top5_contacts: number;
  readonly first_contact_128_255: number;
  readonly sent_per_weekday: number;
  readonly internal_per_weekday: number;
  readonly outbound_per_weekday: number;
  readonly zero_weekday_share: number;
  readonly external_event_share: number;
  readonly domains_beta: number;
  readonly domains_K: number;
  readonly domains_zipf: number;
  readonly addresses_beta: number;
  readonly freemail_share: number;
  readonly surname_share: number;
  readonly first_seen: Readonly<Record<TenureBin, FirstSeen>>;
  readonly organisation_curve: PowerLaw;
  readonly organisation_segments: readonly number[];
  readonly outbound_external_share: number;
  /** Mean and variance over people of the share of sent mails that go outside. */
  readonly external_share_mean: number;
  readonly external_share_variance: number;
  readonly inbound_ratio: number;
  readonly sent_mean: number;
  readonly sent_share_1: number;
  readonly sent_gt20: number;
  readonly re_share: number;
  readonly fw_share: number;
  readonly body_mu: number;
  readonly body_sigma: number;
  /** Quantiles of the size of mails without attachments, headers included, in bytes. */
  readonly plain_median: number;
  readonly plain_p84: number;
  readonly files_share_sent: number;
  readonly files_share_outbound: number;
  readonly files_share_internal: number;
  readonly files_share_inbound: number;
  readonly files_share_all: number;
  readonly single_file_share: number;
  readonly file_mu: number;
  readonly file_sigma: number;
  readonly extension_share: Readonly<Record<string, number>>;
}

const REPLY = /^\s*(re|aw|antw|sv|vs|odp|res)\s*(\[\d+\]|\(\d+\))?\s*:/i;
const FORWARD = /^\s*(fwd?|wg|tr|rv|enc|pd|vb|i)\s*:/i;
/** Answers that machines write; no behaviour of people. */
const AUTOMATIC =
  /^\s*(automatic reply|auto(matic)?[- ]?(reply|response)|out of (the )?office|automatische antwort|abwesenheit|réponse automatique|respuesta automática|odpowiedź automatyczna|autosvar|(un)?delivera(ble|ted|y)|delivery status|read:|accepted:|declined:|tentative:)/i;

/** The growth of a number of distinct things, noted at points ever further apart. */
class Curve {
  private readonly at: number[] = [];
  private readonly distinct: number[] = [];
  private next = 1;
  private readonly step: number;

  constructor(step: number) {
    this.step = step;
  }

  note(events: number, distinct: number): void {
    if (events < this.next) return;
    this.at.push(events);
    this.distinct.push(distinct);
    this.next = Math.max(events + 1, Math.ceil(events * this.step));
  }

  /** distinct = K · events ^ beta, by least squares over logarithms. */
  fit(): PowerLaw {
    return leastSquares(this.at.map((n, i) => [Math.log(n), Math.log(this.distinct[i] as number)]));
  }

  /** Distinct things after so many events, between the points on a straight line. */
  value(events: number): number {
    let left = 0;
    let below = 0;
    for (let i = 0; i < this.at.length; i++) {
      const n = this.at[i] as number;
      const d = this.distinct[i] as number;
      if (n >= events) return below + ((d - below) * (events - left)) / Math.max(1, n - left);
      left = n;
      below = d;
    }
    return below;
  }
}

/** Numbers of weekdays before a day, counted from any Monday. */
function weekdaysBefore(day: number): number {
  const fromMonday = day + 3;
  const week = Math.floor(fromMonday / 7);
  return week * 5 + Math.min(5, fromMonday - week * 7);
}

const dayOfWeek = (day: number): number => (((day + 3) % 7) + 7) % 7;

/** Counts of one person by weekday, summed up as they come. */
class DaySeries {
  mails = 0;
  private first = -1;
  private firstCount = 0;
  private squares = 0;
  private products = 0;
  private current = -1;
  private count = 0;
  private beforeCount = 0;
  busy = 0;

  /** `weekday`: number of the weekday as {@link weekdaysBefore} counts. */
  add(weekday: number): void {
    if (weekday > this.current) this.turn(weekday);
    this.count++;
    this.mails++;
  }

  private turn(weekday: number): void {
    this.close();
    this.beforeCount = this.current >= 0 && weekday === this.current + 1 ? this.count : 0;
    this.current = weekday;
    this.count = 0;
  }

  private close(): void {
    if (this.count === 0) return;
    if (this.first < 0) {
      this.first = this.current;
      this.firstCount = this.count;
    }
    this.busy++;
    this.squares += this.count ** 2;
    this.products += this.count * this.beforeCount;
  }

  /** Moments over the weekdays from `from` to before `until`. To be called once, at the end. */
  moments(from: number, until: number): { mean: number; variance: number; lag1: number } {
    this.close();
    const n = until - from;
    const mean = this.mails / n;
    const variance = (this.squares - n * mean ** 2) / (n - 1);
    const firstCount = this.first === from ? this.firstCount : 0;
    const lastCount = this.current === until - 1 ? this.count : 0;
    const covariance =
      this.products - mean * (2 * this.mails - firstCount - lastCount) + (n - 1) * mean ** 2;
    this.count = 0;
    return { mean, variance, lag1: covariance / (n - 1) / variance };
  }
}

/** What is kept of one person. */
interface Known {
  readonly facts: PersonFacts;
  /** Day numbers of the first and last mail, sent or received. */
  firstDay: number;
  lastDay: number;
  /** Moment of the first mail: history begins there. */
  since: number;
  sent: number;
  outbound: number;
  readonly days: DaySeries;
  /** Internal mails sent, and colleagues written to with how often. */
  internal: number;
  contactEvents: number;
  readonly contacts: Map<string, number>;
  readonly contactCurve: Curve;
  /** External domains by number with how often, addresses and country codes. */
  events: number;
  readonly domains: Map<number, number>;
  readonly domainCurve: Curve;
  addressEvents: number;
  readonly addresses: Set<string>;
  readonly addressCurve: Curve;
  readonly countries: Set<string>;
}

interface Domain {
  readonly id: number;
  readonly country: string | undefined;
  readonly isConsumer: boolean;
}

export interface MeasureOptions {
  /** Domains of consumer mail providers, registrable. */
  readonly consumer: ReadonlySet<string>;
  /** Two-letter endings that stand for no country. */
  readonly generic: ReadonlySet<string>;
}

export class Measurement {
  private readonly source: Source;
  private readonly options: MeasureOptions;
  private readonly people = new Map<string, Known>();
  private readonly domains = new Map<string, Domain>();
  private readonly departments = new Map<string, Set<number>>();
  private readonly met = new Set<number>();
  private readonly organisationCurve = new Curve(ORGANISATION_STEP);
  private readonly firstSeen = Object.fromEntries(
    tenureBins.map(([name]) => [
      name,
      { events: 0, user: 0, department: 0, organisation: 0, address: 0, country: 0 },
    ]),
  ) as Record<TenureBin, FirstSeen>;
  private firstDay = Number.POSITIVE_INFINITY;
  private lastDay = Number.NEGATIVE_INFINITY;
  private readonly hours = new Float64Array(24);
  private readonly weekdays = new Float64Array(7);
  private readonly recipients = new Map<number, number>();
  private readonly sentRecipients = { one: 0, many: 0, all: 0 };
  private readonly firstContacts = { messages: 0, first: 0 };
  private readonly bodies = new Logs();
  private readonly whole = new Sketch();
  private readonly files = new Logs();
  private readonly extensions = new Map<string, number>();
  private readonly tally = {
    mails: 0,
    sent: 0,
    outbound: 0,
    internal: 0,
    inbound: 0,
    events: 0,
    consumer: 0,
    surname: 0,
    seen: 0,
    seenExternal: 0,
    sentFiles: 0,
    outboundFiles: 0,
    inboundFiles: 0,
    seenFiles: 0,
    withFiles: 0,
    single: 0,
    extensions: 0,
    subjects: 0,
    replies: 0,
    forwards: 0,
  };

  constructor(source: Source, options: MeasureOptions) {
    this.source = source;
    this.options = options;
  }

  /** Mails in order of time; a few out of order do no harm. */
  add(mail: Mail): void {
    if (AUTOMATIC.test(mail.subject)) return;
    const { tally } = this;
    const sender = mail.sender === undefined ? undefined : this.known(mail.sender);
    const receivers = mail.inside.flatMap((name) => this.known(name) ?? []);
    if (sender === undefined && receivers.length === 0) return;
    const day = Math.floor(mail.local / DAY);
    this.firstDay = Math.min(this.firstDay, day);
    this.lastDay = Math.max(this.lastDay, day);
    tally.mails++;
    if (mail.subject !== '') tally.subjects++;
    if (REPLY.test(mail.subject)) tally.replies++;
    else if (FORWARD.test(mail.subject)) tally.forwards++;
    const hasFiles = mail.files.length > 0;
    if (hasFiles) this.attached(mail);
    else if (mail.body_bytes !== undefined) this.bodies.add(mail.body_bytes);
    else if (mail.bytes !== undefined) this.whole.add(mail.bytes);

    const external = mail.direction !== 'internal';
    const seen = receivers.length + (sender === undefined ? 0 : 1);
    tally.seen += seen;
    if (external) tally.seenExternal += seen;
    if (hasFiles) tally.seenFiles += seen;
    if (sender !== undefined) {
      this.touch(sender, day, mail.time);
      this.sent(sender, mail, day);
    }
    for (const person of receivers) this.touch(person, day, mail.time);
    if (mail.direction === 'inbound') {
      tally.inbound++;
      if (hasFiles) tally.inboundFiles++;
      for (const person of receivers) this.outside(person, mail);
    } else if (mail.direction === 'outbound' && sender !== undefined) this.outside(sender, mail);
  }

  private known(name: string): Known | undefined {
    const known = this.people.get(name);
    if (known !== undefined) return known;
    const facts = this.source.person(name);
    if (facts === undefined) return undefined;
    const person: Known = {
      facts,
      firstDay: -1,
      lastDay: -1,
      since: -1,
      sent: 0,
      outbound: 0,
      days: new DaySeries(),
      internal: 0,
      contactEvents: 0,
      contacts: new Map(),
      contactCurve: new Curve(CURVE_STEP),
      events: 0,
      domains: new Map(),
      domainCurve: new Curve(CURVE_STEP),
      addressEvents: 0,
      addresses: new Set(),
      addressCurve: new Curve(CURVE_STEP),
      countries: new Set(),
    };
    this.people.set(name, person);
    return person;
  }

  private touch(person: Known, day: number, time: number): void {
    if (person.since < 0) {
      person.since = time;
      person.firstDay = day;
    }
    person.lastDay = Math.max(person.lastDay, day);
  }

  private attached(mail: Mail): void {
    const { tally } = this;
    tally.withFiles++;
    if (mail.files.length === 1) {
      tally.single++;
      if (mail.file_bytes !== undefined) this.files.add(mail.file_bytes);
    }
    for (const name of mail.files) {
      const dot = name.lastIndexOf('.');
      const extension = dot < 0 || name.length - dot > 9 ? '' : name.slice(dot + 1).toLowerCase();
      tally.extensions++;
      // A log may hold any number of odd endings; the common ones come early.
      if (this.extensions.size < 2000 || this.extensions.has(extension))
        this.extensions.set(extension, (this.extensions.get(extension) ?? 0) + 1);
    }
  }

  private sent(sender: Known, mail: Mail, day: number): void {
    const { tally } = this;
    tally.sent++;
    sender.sent++;
    if (mail.files.length > 0) tally.sentFiles++;
    const dow = dayOfWeek(day);
    this.weekdays[dow] = (this.weekdays[dow] as number) + 1;
    if (dow < 5) {
      const hour = Math.floor((mail.local - day * DAY) / HOUR);
      this.hours[hour] = (this.hours[hour] as number) + 1;
      sender.days.add(weekdaysBefore(day));
    }
    const recipients = mail.inside.length + mail.outside.length;
    this.sentRecipients.all += recipients;
    if (recipients === 1) this.sentRecipients.one++;
    if (recipients > 20) this.sentRecipients.many++;
    if (mail.direction === 'outbound') {
      tally.outbound++;
      sender.outbound++;
      if (mail.files.length > 0) tally.outboundFiles++;
      return;
    }
    tally.internal++;
    const size = mail.inside.length;
    this.recipients.set(size, (this.recipients.get(size) ?? 0) + 1);
    sender.internal++;
    let isFirst = false;
    for (const name of mail.inside) {
      const times = sender.contacts.get(name);
      if (times === undefined) isFirst = true;
      sender.contacts.set(name, (times ?? 0) + 1);
      sender.contactEvents++;
    }
    sender.contactCurve.note(sender.internal, sender.contacts.size);
    if (sender.internal >= 128 && sender.internal < 256) {
      this.firstContacts.messages++;
      if (isFirst) this.firstContacts.first++;
    }
  }

  /** The external events of one mail for one person: one for each domain. */
  private outside(person: Known, mail: Mail): void {
    const tenure = (mail.time - person.since) / DAY;
    const bin = tenureBins.find(([, , until]) => tenure < until)?.[0] ?? '365-999';
    const row = this.firstSeen[bin];
    const seen = new Map<Domain, { isNewAddress: boolean; isOwn: boolean }>();
    for (const address of mail.outside) {
      const domain = this.domainOf(address.slice(address.lastIndexOf('@') + 1));
      let event = seen.get(domain);
      if (event === undefined) {
        event = { isNewAddress: false, isOwn: false };
        seen.set(domain, event);
      }
      person.addressEvents++;
      if (!person.addresses.has(address)) {
        person.addresses.add(address);
        event.isNewAddress = true;
      }
      person.addressCurve.note(person.addressEvents, person.addresses.size);
      if (domain.isConsumer && isNamed(address, person.facts.surnames)) event.isOwn = true;
    }
    for (const [domain, { isNewAddress, isOwn }] of seen) {
      this.tally.events++;
      row.events++;
      person.events++;
      if (domain.isConsumer) this.tally.consumer++;
      if (isOwn) this.tally.surname++;
      if (isNewAddress) row.address++;
      const times = person.domains.get(domain.id);
      if (times === undefined) row.user++;
      person.domains.set(domain.id, (times ?? 0) + 1);
      person.domainCurve.note(person.events, person.domains.size);
      const { country } = domain;
      if (country !== undefined && !person.countries.has(country)) {
        person.countries.add(country);
        row.country++;
      }
      const { peer_group } = person.facts;
      if (peer_group !== undefined) {
        let department = this.departments.get(peer_group);
        if (department === undefined) {
          department = new Set();
          this.departments.set(peer_group, department);
        }
        if (!department.has(domain.id)) {
          department.add(domain.id);
          row.department++;
        }
      }
      if (!this.met.has(domain.id)) {
        this.met.add(domain.id);
        row.organisation++;
      }
      this.organisationCurve.note(this.tally.events, this.met.size);
    }
  }

  private domainOf(host: string): Domain {
    const known = this.domains.get(host);
    if (known !== undefined) return known;
    const name = getDomain(host) ?? host;
    const same = name === host ? undefined : this.domains.get(name);
    const ending = name.slice(name.lastIndexOf('.') + 1);
    const domain = same ?? {
      id: this.domains.size,
      country: /^[a-z]{2}$/.test(ending) && !this.options.generic.has(ending) ? ending : undefined,
      isConsumer: this.options.consumer.has(name) || this.options.consumer.has(host),
    };
    this.domains.set(host, domain);
    if (same === undefined) this.domains.set(name, domain);
    return domain;
  }

  finish(): Statistics {
    const { tally } = this;
    const people = [...this.people.values()].filter(({ since }) => since >= 0);
    const senders = people.filter(({ sent }) => sent > 0);
    const rates = new Logs();
    const fano: number[] = [];
    const k: number[] = [];
    const lag1: number[] = [];
    const shares: number[] = [];
    let personDays = 0;
    let busyDays = 0;
    let weekdayMails = 0;
    for (const person of senders) {
      if (person.sent >= 20) shares.push(person.outbound / person.sent);
      const from = weekdaysBefore(
        person.firstDay - this.firstDay > ABSENCE ? person.firstDay : this.firstDay,
      );
      const until = weekdaysBefore(
        1 + (this.lastDay - person.lastDay > ABSENCE ? person.lastDay : this.lastDay),
      );
      if (until - from < 20) continue;
      const { mean, variance, lag1: memory } = person.days.moments(from, until);
      personDays += until - from;
      busyDays += person.days.busy;
      weekdayMails += person.days.mails;
      if (person.days.mails < DAY_MAILS) continue;
      rates.add(mean);
      fano.push(variance / mean);
      if (variance > mean) k.push(mean ** 2 / (variance - mean));
      if (variance > 0) lag1.push(memory);
    }
    const weekday = this.weekdays.slice(0, 5).reduce((a, b) => a + b, 0);
    const allDays = weekday + (this.weekdays[5] as number) + (this.weekdays[6] as number);
    const hours = [...this.hours].map((n) => n / weekday);
    const contacts = people.filter(({ internal }) => internal >= CURVE_EVENTS);
    const correspondents = people.filter(({ events }) => events >= CURVE_EVENTS);
    const writers = people.filter(({ addressEvents }) => addressEvents >= CURVE_EVENTS);
    const curves = correspondents.map(({ domainCurve }) => domainCurve.fit());
    const sizes = senders.map(({ sent }) => sent).sort((a, b) => b - a);
    const internalSizes = [...this.recipients].sort(([a], [b]) => a - b);
    const meanShare = shares.reduce((a, b) => a + b, 0) / shares.length;
    return {
      people: people.length,
      departments: this.departments.size,
      mails: tally.mails,
      days: this.lastDay < this.firstDay ? 0 : this.lastDay - this.firstDay + 1,
      counts: {
        sent: tally.sent,
        outbound: tally.outbound,
        internal: tally.internal,
        inbound: tally.inbound,
        external_events: tally.events,
        with_files: tally.withFiles,
        sized_files: this.files.count,
        sized_bodies: this.bodies.count,
        sized_mails: this.whole.count,
        subjects: tally.subjects,
        surnames: people.filter(({ facts }) => facts.surnames.length > 0).length,
        day_series: fano.length,
        contact_curves: contacts.length,
        domain_curves: correspondents.length,
        senders: senders.length,
      },
      rate_sigma: rates.sigma,
      gini: gini(sizes),
      top10_share:
        sizes.slice(0, Math.ceil(sizes.length / 10)).reduce((a, b) => a + b, 0) / tally.sent,
      fano_median: median(fano),
      negbin_k_median: median(k),
      lag1_median: median(lag1),
      weekend_share: 1 - weekday / allDays,
      after_hours: hours.reduce((sum, h, i) => (i < 7 || i >= 19 ? sum + h : sum), 0),
      hour_share_weekday: hours,
      dow_share: [...this.weekdays].map((n) => n / allDays),
      internal_share_1: (this.recipients.get(1) ?? 0) / tally.internal,
      internal_mean: internalSizes.reduce((sum, [n, times]) => sum + n * times, 0) / tally.internal,
      internal_p99: quantileOfCounts(internalSizes, tally.internal, 0.99),
      contacts_beta: median(contacts.map(({ contactCurve }) => contactCurve.fit().beta)),
      top5_contacts: median(
        contacts.map(({ contacts: times, contactEvents }) => {
          const top = [...times.values()].sort((a, b) => b - a).slice(0, 5);
          return top.reduce((a, b) => a + b, 0) / contactEvents;
        }),
      ),
      first_contact_128_255: this.firstContacts.first / this.firstContacts.messages,
      sent_per_weekday: weekdayMails / personDays,
      internal_per_weekday: (weekdayMails / personDays) * (tally.internal / tally.sent),
      outbound_per_weekday: (weekdayMails / personDays) * (tally.outbound / tally.sent),
      zero_weekday_share: 1 - busyDays / personDays,
      external_event_share: tally.seenExternal / tally.seen,
      domains_beta: median(curves.map(({ beta }) => beta)),
      domains_K: median(curves.map(({ K }) => K)),
      domains_zipf: median(correspondents.map(({ domains }) => zipf(domains))),
      addresses_beta: median(writers.map(({ addressCurve }) => addressCurve.fit().beta)),
      freemail_share: tally.consumer / tally.events,
      surname_share: tally.surname / tally.events,
      first_seen: this.firstSeen,
      organisation_curve: this.organisationCurve.fit(),
      organisation_segments: segments.slice(1).map((until, i) => {
        const from = segments[i] as number;
        const at = (share: number): number => this.organisationCurve.value(share * tally.events);
        return (at(until) - at(from)) / ((until - from) * tally.events);
      }),
      outbound_external_share: tally.outbound / tally.sent,
      external_share_mean: meanShare,
      external_share_variance:
        shares.reduce((sum, s) => sum + (s - meanShare) ** 2, 0) / (shares.length - 1),
      inbound_ratio: tally.inbound / tally.outbound,
      sent_mean: this.sentRecipients.all / tally.sent,
      sent_share_1: this.sentRecipients.one / tally.sent,
      sent_gt20: this.sentRecipients.many / tally.sent,
      re_share: tally.replies / tally.mails,
      fw_share: tally.forwards / tally.mails,
      body_mu: this.bodies.mu,
      body_sigma: this.bodies.sigma,
      plain_median: this.whole.quantile(0.5),
      plain_p84: this.whole.quantile(0.8413),
      files_share_sent: tally.sentFiles / tally.sent,
      files_share_outbound: tally.outboundFiles / tally.outbound,
      files_share_internal: (tally.sentFiles - tally.outboundFiles) / tally.internal,
      files_share_inbound: tally.inboundFiles / tally.inbound,
      files_share_all: tally.seenFiles / tally.seen,
      single_file_share: tally.single / tally.withFiles,
      file_mu: this.files.mu,
      file_sigma: this.files.sigma,
      extension_share: Object.fromEntries(
        [...this.extensions]
          .sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))
          .slice(0, 20)
          .map(([extension, n]) => [extension, n / tally.extensions]),
      ),
    };
  }
}

/** Ends of the segments of the organisation's history, as shares of its external events. */
export const segments = [0, 0.1, 0.25, 0.5, 0.75, 1];

function isNamed(address: string, surnames: readonly string[]): boolean {
  const local = address.slice(0, address.lastIndexOf('@')).replace(/[^a-z]/g, '');
  return surnames.some((name) => name.length >= 3 && local.includes(name));
}

function quantileOfCounts(
  counts: readonly (readonly [size: number, times: number])[],
  total: number,
  p: number,
): number {
  let sum = 0;
  for (const [size, times] of counts) {
    sum += times;
    if (sum >= p * total) return size;
  }
  return Number.NaN;
}

/** Exponent of frequency over rank, by least squares over logarithms. */
function zipf(domains: ReadonlyMap<number, number>): number {
  const times = [...domains.values()].sort((a, b) => b - a);
  if (times.length < 10) return Number.NaN;
  const points = times.map((n, i) => [Math.log(i + 1), Math.log(n)] as [number, number]);
  return -leastSquares(points).beta;
}
