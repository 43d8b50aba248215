/**
 * With whom people correspond.
 *
 * Each person has an urn of past correspondence: a mail mostly copies an earlier one (so busy
 * contacts stay busy), and with a falling but never vanishing probability goes to a domain the
 * person has not met. Such a domain comes from the department's urn, the organisation's, or from
 * nowhere; that makes new-to-person, new-to-department and new-to-organisation three different
 * rates, as in real mail. Urns forget: they hold the latest few hundred entries, each as two
 * integers, so a year costs no more memory than a quarter.
 */

import type { Person } from '../activity.js';
import type { Office } from '../calendar.js';
import type { Department } from '../departments.js';
import type { OutsideWorld } from '../outside.js';
import { hashUnit, type Random } from '../random.js';

/** A bounded urn of domain ids; what overflows replaces a random entry. */
class Pool {
  private ids = new Int32Array(16);
  private size = 0;
  private readonly cap: number;

  constructor(cap: number) {
    this.cap = cap;
  }

  get count(): number {
    return this.size;
  }

  add(random: Random, id: number): void {
    if (this.size < this.cap) {
      if (this.size === this.ids.length) {
        const larger = new Int32Array(this.size * 2);
        larger.set(this.ids);
        this.ids = larger;
      }
      this.ids[this.size++] = id;
    } else {
      this.ids[random.int(this.size)] = id;
    }
  }

  draw(random: Random): number {
    return this.ids[random.int(this.size)] as number;
  }
}

/** A bounded memory of (domain, contact) pairs. */
export class Memory {
  private domains = new Int32Array(4);
  private contacts = new Int32Array(4);
  private size = 0;
  private readonly cap: number;

  constructor(cap: number) {
    this.cap = cap;
  }

  get count(): number {
    return this.size;
  }

  add(random: Random, domain: number, contact: number): void {
    let slot = this.size;
    if (slot < this.cap) {
      if (slot === this.domains.length) {
        const domains = new Int32Array(slot * 2);
        domains.set(this.domains);
        this.domains = domains;
        const contacts = new Int32Array(slot * 2);
        contacts.set(this.contacts);
        this.contacts = contacts;
      }
      this.size++;
    } else {
      slot = random.int(slot);
    }
    this.domains[slot] = domain;
    this.contacts[slot] = contact;
  }

  slot(random: Random): number {
    return random.int(this.size);
  }

  domainAt(slot: number): number {
    return this.domains[slot] as number;
  }

  contactAt(slot: number): number {
    return this.contacts[slot] as number;
  }

  holds(domain: number): boolean {
    for (let i = 0; i < this.size; i++) if (this.domains[i] === domain) return true;
    return false;
  }
}

/** A correspondent outside; contacts of providers are people, of firms staff. */
export interface Contact {
  domain: number;
  contact: number;
}

const BUSINESS_MEMORY = 400;
const FREEMAIL_MEMORY = 80;

/** Exponent and constant of distinct domains over mails, and the share new ones never fall below. */
const NOVELTY = {
  exponent: 0.6,
  spread: 0.05,
  constant: 1.22,
  /** Lower bound at the mean amount of outside mail; those who write more meet more. */
  floor: 0.128,
  floorRise: 0.33,
  /**
   * The log begins in the middle of careers: old acquaintances show up for the first time too, in
   * the first months more than later.
   */
  early: 0.38,
  earlyDays: 150,
  address: 0.118,
  freemailAddress: 0.25,
  /**
   * Share of new domains that the department knows, once it knows many; likewise outside it. The
   * halves are for the corpora's level of mail and grow with it.
   */
  department: 0.14,
  departmentHalf: 700,
  organisation: 0.74,
  organisationHalf: 5000,
  level: 2.35,
  /** Share of new firms that sit in another country, at the corpora's level of mail. */
  abroad: 0.018,
};

/** What one person has in mind. */
interface Acquaintance {
  readonly business: Memory;
  readonly freemail: Memory;
  readonly exponent: number;
  readonly floor: number;
  mails: number;
}

export class Correspondence {
  private readonly world: OutsideWorld;
  private readonly seed: number;
  private readonly people: (Acquaintance | undefined)[];
  private readonly departments = new Map<string, Pool>();
  private readonly organisation = new Pool(20_000);
  /** Outside mails per weekday of the average person. */
  private readonly meanVolume: number;
  private readonly abroad: number;
  private readonly departmentHalf: number;
  private readonly organisationHalf: number;
  /** Days since the log began. */
  private age = 0;
  private readonly result: Contact = { domain: 0, contact: 0 };

  constructor(world: OutsideWorld, seed: number, people: readonly Person[]) {
    this.world = world;
    this.seed = seed;
    this.people = new Array<Acquaintance | undefined>(people.length);
    let mails = 0;
    let outside = 0;
    for (const person of people) {
      mails += person.daily_mails;
      outside += person.daily_mails * person.external_share;
    }
    this.meanVolume = outside > 0 ? outside / people.length : 1;
    const level = mails > 0 ? mails / people.length / NOVELTY.level : 1;
    this.abroad = NOVELTY.abroad * Math.min(3, Math.max(1, level ** 0.5));
    this.departmentHalf = NOVELTY.departmentHalf * level;
    this.organisationHalf = NOVELTY.organisationHalf * level;
  }

  /** To be told at the start of each day, counted from the start of the log. */
  begin(day: number): void {
    this.age = Math.max(0, day);
  }

  private of(person: Person): Acquaintance {
    let known = this.people[person.index];
    if (known === undefined) {
      const lean =
        hashUnit(this.seed, person.index, 11) + hashUnit(this.seed, person.index, 12) - 1;
      const volume = (person.daily_mails * person.external_share) / this.meanVolume;
      known = {
        business: new Memory(BUSINESS_MEMORY),
        freemail: new Memory(FREEMAIL_MEMORY),
        exponent: NOVELTY.exponent + NOVELTY.spread * 2.45 * lean,
        floor: NOVELTY.floor * Math.min(1.8, Math.max(0.5, volume ** NOVELTY.floorRise)),
        mails: 0,
      };
      this.people[person.index] = known;
    }
    return known;
  }

  /** Somebody at a firm. The result is reused by the next call. */
  business(random: Random, person: Person, department: Department, office: Office): Contact {
    const known = this.of(person);
    const n = ++known.mails;
    const fresh =
      Math.max(known.floor, known.exponent * NOVELTY.constant * n ** (known.exponent - 1)) *
      (1 + NOVELTY.early * Math.exp(-this.age / NOVELTY.earlyDays));
    const result = this.result;
    if (known.business.count === 0 || random.chance(fresh)) {
      result.domain = this.unmet(random, known, department, office);
      result.contact = this.newContact(random);
    } else {
      const slot = known.business.slot(random);
      result.domain = known.business.domainAt(slot);
      result.contact = random.chance(NOVELTY.address)
        ? this.newContact(random)
        : known.business.contactAt(slot);
    }
    known.business.add(random, result.domain, result.contact);
    return result;
  }

  /** Somebody at a consumer mail provider. The result is reused by the next call. */
  freemail(random: Random, person: Person, office: Office): Contact {
    const known = this.of(person);
    known.mails++;
    const result = this.result;
    if (known.freemail.count === 0 || random.chance(NOVELTY.freemailAddress)) {
      result.domain = this.world.freemailId(random, office.country);
      result.contact = random.int(0x7fffffff);
    } else {
      const slot = known.freemail.slot(random);
      result.domain = known.freemail.domainAt(slot);
      result.contact = known.freemail.contactAt(slot);
    }
    known.freemail.add(random, result.domain, result.contact);
    return result;
  }

  /** A firm's contact from memory; undefined while there is none. Trains nothing. */
  known(random: Random, person: Person): Contact | undefined {
    const { business } = this.of(person);
    if (business.count === 0) return undefined;
    const slot = business.slot(random);
    this.result.domain = business.domainAt(slot);
    this.result.contact = business.contactAt(slot);
    return this.result;
  }

  /** A firm becomes known to a person through a project of the department. */
  introduce(random: Random, person: Person, domain: number, contact: number): void {
    const known = this.of(person);
    known.mails++;
    known.business.add(random, domain, contact);
  }

  private newContact(random: Random): number {
    // Half of all new contacts are the few whom colleagues know too.
    return random.chance(0.4) ? random.int(8) : 8 + random.int(100_000);
  }

  private unmet(
    random: Random,
    known: Acquaintance,
    department: Department,
    office: Office,
  ): number {
    let pool = this.departments.get(department.name);
    if (pool === undefined) {
      pool = new Pool(4000);
      this.departments.set(department.name, pool);
    }
    let domain: number | undefined;
    const u = random.uniform();
    const near = NOVELTY.department * (pool.count / (pool.count + this.departmentHalf));
    const far =
      NOVELTY.organisation *
      (this.organisation.count / (this.organisation.count + this.organisationHalf));
    const source = u < near ? pool : u < near + far ? this.organisation : undefined;
    if (source !== undefined && source.count > 0) {
      for (let tries = 0; tries < 3 && domain === undefined; tries++) {
        const candidate = source.draw(random);
        if (known.business.holds(candidate)) continue;
        // What another office buys abroad is of less use here.
        const country = this.world.countryOf(candidate);
        const near = country === undefined || country === office.country;
        if (near || random.chance(0.35)) domain = candidate;
      }
    }
    domain ??= this.world.newDomainId(random, this.countryFor(random, department, office));
    pool.add(random, domain);
    this.organisation.add(random, domain);
    return domain;
  }

  private countryFor(random: Random, department: Department, office: Office): string | undefined {
    if (!random.chance(this.abroad)) return office.country;
    return random.chance(0.75) ? random.pick(department.countries) : undefined;
  }
}
