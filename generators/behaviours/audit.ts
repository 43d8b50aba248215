/** Sign-ins and administration in the mail gateway's audit log. */

import type { AuditActivity, Person } from '../activity.js';
import { HOUR, HOUR_SHARES, isHoliday, isOnLeave, localDay, tripOf, weekday } from '../calendar.js';
import type { Mix } from '../mix.js';
import { officeOf, peerGroupAt } from '../organisation.js';
import type { OutsideWorld } from '../outside.js';
import { type Random, randomStream, Weighted } from '../random.js';
import type { Agenda } from './plan.js';

const SIGN_IN = 20;
const ADMIN = 21;

/** Sign-ins on a weekend day per one on a weekday. Assumed. */
const WEEKEND = 0.06;

const HOURS = new Weighted(HOUR_SHARES.map((share, hour) => [hour, share] as const));

interface AdminAct {
  readonly type: string;
  readonly category: string;
  readonly text: (random: Random, person: Person) => string;
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
      text: () => 'Viewed Message - Source: Search, Viewed Content: True',
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
      text: (random) =>
        `Export type : Download,Name :Message Tracking,File Size: ${2000 + random.int(90_000)},File type : .xlsx`,
    },
    0.6,
  ],
]);

export class AuditBehaviour {
  private readonly planning: Random;
  private readonly acting: Random;
  private readonly weekends: Random;
  private readonly seed: number;
  private readonly mix: Mix;
  private readonly world: OutsideWorld;

  constructor(world: OutsideWorld, seed: number, mix: Mix) {
    this.world = world;
    this.seed = seed;
    this.mix = mix;
    const root = randomStream(seed, 'audit');
    this.planning = root.stream('planning');
    this.acting = root.stream('acting');
    this.weekends = root.stream('weekends');
  }

  plan(agenda: Agenda, person: Person, day: number, base: number, noon: number): void {
    if (weekday(day) > 4) this.planWeekend(agenda, person, base);
    const random = this.planning;
    const admin = peerGroupAt(person, noon).startsWith('Information Technology');
    const sign_ins = random.poisson(this.mix.sign_ins_per_weekday);
    const admin_acts = admin ? random.poisson(0.15) : 0;
    if (sign_ins + admin_acts === 0) return;
    if (weekday(day) > 4 || isOnLeave(this.seed, person.index, day)) return;
    if (isHoliday(officeOf(person), day)) return;
    for (let k = 0; k < sign_ins + admin_acts; k++) {
      const at = (HOURS.draw(random) + random.uniform()) * HOUR;
      agenda.add(base + at, person.index, k < sign_ins ? SIGN_IN : ADMIN);
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
      text: what.text(random, person),
      src_ip: this.world.officeAddress(person),
    };
  }
}
