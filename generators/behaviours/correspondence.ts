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
import { CORPUS_LEVEL, type Novelty } from '../profile.js';
import { hashUnit, type Random } from '../random.js';
import { Blocks, Memory } from './memory.js';

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

/** A correspondent outside; contacts of providers are people, of firms staff. */
export interface Contact {
  domain: number;
  contact: number;
}

const BUSINESS_MEMORY = 400;
const FREEMAIL_MEMORY = 80;

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
  private readonly novelty: Novelty;
  private readonly seed: number;
  private readonly people: (Acquaintance | undefined)[];
  private readonly blocks = new Blocks();
  private readonly departments = new Map<string, Pool>();
  private readonly organisation = new Pool(20_000);
  /** Outside mails per weekday of the average person. */
  private readonly meanVolume: number;
  private readonly abroad: number;
  private readonly departmentHalf: number;
  private readonly organisationHalf: number;
  /** New firms abroad that are due, and the amount at which one comes. */
  private abroadDue = 0;
  private abroadAt = 0.5;
  /** Days since the log began. */
  private age = 0;
  private readonly result: Contact = { domain: 0, contact: 0 };

  constructor(world: OutsideWorld, seed: number, people: readonly Person[], novelty: Novelty) {
    this.novelty = novelty;
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
    const level = mails > 0 ? mails / people.length / CORPUS_LEVEL : 1;
    this.abroad = novelty.abroad * Math.min(3, Math.max(1, level ** 0.5));
    this.departmentHalf = novelty.department_half * level;
    this.organisationHalf = novelty.organisation_half * level;
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
        business: new Memory(this.blocks, BUSINESS_MEMORY),
        freemail: new Memory(this.blocks, FREEMAIL_MEMORY),
        exponent: this.novelty.exponent + this.novelty.spread * 2.45 * lean,
        floor: this.novelty.floor * Math.min(1.8, Math.max(0.5, volume ** this.novelty.floor_rise)),
        mails: 0,
      };
      this.people[person.index] = known;
    }
    return known;
  }

  /**
   * Somebody at a firm; on a business trip new ones are mostly of the country where the person is.
   * The result is reused by the next call.
   */
  business(
    random: Random,
    person: Person,
    department: Department,
    office: Office,
    abroad?: string,
  ): Contact {
    const known = this.of(person);
    const n = ++known.mails;
    const fresh =
      Math.max(known.floor, known.exponent * this.novelty.constant * n ** (known.exponent - 1)) *
      (1 + this.novelty.early * Math.exp(-this.age / this.novelty.early_days));
    const result = this.result;
    if (known.business.count === 0 || random.chance(fresh)) {
      result.domain = this.unmet(random, known, department, office, abroad);
      result.contact = this.newContact(random);
    } else {
      const slot = known.business.slot(random);
      result.domain = known.business.domainAt(slot);
      result.contact = random.chance(this.novelty.address)
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
    if (known.freemail.count === 0 || random.chance(this.novelty.freemail_address)) {
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

  /**
   * A new job inside: most business contacts stay with the old one, and the person meets new
   * domains as often as after a tenth of the mails.
   */
  move(random: Random, person: Person): void {
    const known = this.of(person);
    known.business.thin(random, 0.3);
    known.mails = Math.floor(known.mails / 10);
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
    abroad: string | undefined,
  ): number {
    let pool = this.departments.get(department.name);
    if (pool === undefined) {
      pool = new Pool(4000);
      this.departments.set(department.name, pool);
    }
    let domain: number | undefined;
    const u = random.uniform();
    const near = this.novelty.department * (pool.count / (pool.count + this.departmentHalf));
    const far =
      this.novelty.organisation *
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
    domain ??= this.world.newDomainId(
      random,
      abroad ?? this.countryFor(random, department, office),
    );
    pool.add(random, domain);
    this.organisation.add(random, domain);
    return domain;
  }

  private countryFor(random: Random, department: Department, office: Office): string | undefined {
    // Evenly spread rather than drawn each time: there are so few that chance alone would decide
    // how foreign an organisation's mail is.
    this.abroadDue += this.abroad;
    if (this.abroadDue < this.abroadAt) return office.country;
    this.abroadDue -= 1;
    this.abroadAt = random.uniform();
    return random.chance(0.3) ? random.pick(department.countries) : undefined;
  }
}
