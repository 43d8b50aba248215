/** Sign-ins and administration in the mail gateway's audit log. */

import type { AuditActivity, Organisation, Person } from '../activity.js';
import { HOUR, localDay, tripOf, weekday } from '../calendar.js';
import type { Mix } from '../mix.js';
import { peerGroupAt } from '../organisation.js';
import type { OutsideWorld } from '../outside.js';
import { type Random, randomStream, Weighted } from '../random.js';
import type { Agenda } from './plan.js';
import { isAtWork, momentAtWork } from './presence.js';

const SIGN_IN = 20;
const ADMIN = 21;

/** Sign-ins on a weekend day per one on a weekday. Assumed. */
const WEEKEND = 0.06;

/** A mail that an administrator looks at. */
interface Viewed {
  readonly from: string;
  readonly to: string;
  readonly subject: string;
}

interface AdminAct {
  readonly type: string;
  readonly category: string;
  readonly text: (random: Random, time: number, view: () => Viewed) => string;
}

const ADMIN_ACTS = new Weighted<AdminAct>([
  [
    {
      type: 'User Logged On',
      category: 'authentication_logs',
      text: () => 'Application: Administration Console, Method: Two Step Auth, 2FA: TOTP',
    },
    8,
  ],
  [
    {
      type: 'Completed Directory Sync',
      category: 'account_logs',
      text: (random) => `Directory Sync - Users updated: ${random.int(20)}`,
    },
    3,
  ],
  [
    {
      type: 'Message Action',
      category: 'case_review_logs',
      text: (_random, _time, view) => {
        const { from, to, subject } = view();
        return `Viewed Message - Source: Search, From: <${from}>, To: <${to}>, Subject: ${subject}, Viewed Content: True`;
      },
    },
    2,
  ],
  [
    {
      type: 'Search Action',
      category: 'archive_service_logs',
      text: () => 'Archive search, Source: archive',
    },
    2,
  ],
  [
    {
      type: 'Existing Policy Changed',
      category: 'policy_logs',
      text: (random) => `Policy: Blocked Senders Policy, entries added: ${1 + random.int(4)}`,
    },
    1.5,
  ],
  [
    {
      type: 'Page Data Exports',
      category: 'reporting_logs',
      text: (random, time) => {
        const file = `export_at_${new Date(time).toISOString().slice(0, 19).replace(/\D/g, '')}.xlsx`;
        const columns = 'From To Subject Status Date';
        return `[Export type : Download,Name :Message Tracking,Columns exported :${columns},File name : ${file},File Size: ${2000 + random.int(90_000)},File type : .xlsx]`;
      },
    },
    0.6,
  ],
]);

export class AuditBehaviour {
  private readonly planning: Random;
  private readonly acting: Random;
  private readonly weekends: Random;
  private readonly viewing: Random;
  private readonly people: readonly Person[];
  private readonly seed: number;
  private readonly mix: Mix;
  private readonly world: OutsideWorld;

  constructor(organisation: Organisation, world: OutsideWorld, seed: number, mix: Mix) {
    this.people = organisation.people;
    this.world = world;
    this.seed = seed;
    this.mix = mix;
    const root = randomStream(seed, 'audit');
    this.planning = root.stream('planning');
    this.acting = root.stream('acting');
    this.weekends = root.stream('weekends');
    this.viewing = root.stream('viewing');
  }

  plan(agenda: Agenda, person: Person, day: number, base: number, noon: number): void {
    if (weekday(day) > 4) this.planWeekend(agenda, person, base);
    const random = this.planning;
    const admin = peerGroupAt(person, noon).startsWith('Information Technology');
    const sign_ins = random.poisson(this.mix.sign_ins_per_weekday);
    const admin_acts = admin ? random.poisson(0.15) : 0;
    if (sign_ins + admin_acts === 0) return;
    if (!isAtWork(this.seed, person, day)) return;
    for (let k = 0; k < sign_ins + admin_acts; k++) {
      agenda.add(base + momentAtWork(random), person.index, k < sign_ins ? SIGN_IN : ADMIN);
    }
  }

  /** Some who work from home at weekends use the portal for it. */
  private planWeekend(agenda: Agenda, person: Person, base: number): void {
    const random = this.weekends;
    if (random.chance(this.mix.sign_ins_per_weekday * WEEKEND))
      agenda.add(base + (9 + 12 * random.uniform()) * HOUR, person.index, SIGN_IN);
  }

  /** The office's address, the one at home, or a hotel's. */
  private addressOf(random: Random, person: Person, time: number): string {
    const day = localDay(person.time_zone, time);
    const inside = random.chance(0.75) && weekday(day) < 5;
    const trip = tripOf(this.seed, person.index, day, person.country);
    if (trip !== undefined) return this.world.hotelAddress(person, trip.country);
    return inside ? this.world.officeAddress(person) : this.world.homeAddress(person);
  }

  /** A mail that came from outside to one of those who were there by then, or to who looks at it. */
  private viewed(by: Person, time: number): Viewed {
    const random = this.viewing;
    const one = random.pick(this.people);
    const to = one.hired <= time ? one : by;
    return {
      from: this.world.address(random, this.world.newDomain(random, to.country)),
      to: to.address,
      subject: this.world.subject(random, to),
    };
  }

  perform(act: number, person: Person, time: number): AuditActivity | undefined {
    const random = this.acting;
    if (act === SIGN_IN) {
      const fails = random.chance(0.06);
      const src_ip = this.addressOf(random, person, time);
      return {
        kind: 'audit',
        time,
        user: person.address,
        audit_type: fails ? 'Logon Authentication Failed' : 'User Logged On',
        category: 'authentication_logs',
        text: fails
          ? 'Application: Personal Portal, Method: Cloud, Reason: Invalid password'
          : 'Application: Personal Portal, Method: Cloud',
        src_ip,
      };
    }
    if (act !== ADMIN) return undefined;
    const what = ADMIN_ACTS.draw(random);
    return {
      kind: 'audit',
      time,
      user: person.address,
      audit_type: what.type,
      category: what.category,
      text: what.text(random, time, () => this.viewed(person, time)),
      src_ip: this.world.officeAddress(person),
    };
  }
}
