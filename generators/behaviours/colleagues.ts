/** With whom people correspond inside: an urn of colleagues, two thirds from one's own department. */

import type { Person } from '../activity.js';
import type { Random } from '../random.js';
import { Memory } from './correspondence.js';

const EXPONENT = 0.485;
const CONSTANT = 1.58;
/** How often somebody is chosen for being known at all, not for being written to often. */
const EVENNESS = 0.33;

export class Colleagues {
  private readonly people: readonly Person[];
  private readonly groups = new Map<string, Person[]>();
  private readonly memories: (Memory | undefined)[];
  private readonly circles: (number[] | undefined)[];
  private readonly mails: Int32Array;

  constructor(people: readonly Person[]) {
    this.people = people;
    this.memories = new Array<Memory | undefined>(people.length);
    this.circles = new Array<number[] | undefined>(people.length);
    this.mails = new Int32Array(people.length);
    for (const person of people) {
      const group = this.groups.get(person.peer_group);
      if (group === undefined) this.groups.set(person.peer_group, [person]);
      else group.push(person);
    }
  }

  /** A recipient inside; undefined where there is nobody else. */
  draw(random: Random, person: Person): Person | undefined {
    let memory = this.memories[person.index];
    if (memory === undefined) {
      memory = new Memory(400);
      this.memories[person.index] = memory;
    }
    const n = (this.mails[person.index] as number) + 1;
    this.mails[person.index] = n;
    let other: Person | undefined;
    if (memory.count === 0 || random.chance(EXPONENT * CONSTANT * n ** (EXPONENT - 1))) {
      for (let tries = 0; tries < 4 && other === undefined; tries++) {
        const candidate = random.chance(0.65)
          ? this.nearby(random, person)
          : random.pick(this.people);
        if (candidate !== person && candidate !== undefined && !memory.holds(candidate.index)) {
          other = candidate;
        }
      }
    }
    if (other === undefined) {
      if (memory.count === 0) return undefined;
      const known = random.chance(EVENNESS) ? this.circle(person) : undefined;
      const index =
        known === undefined || known.length === 0
          ? memory.domainAt(memory.slot(random))
          : // Those met first are closest.
            (known[Math.floor(known.length * random.uniform() ** 2)] as number);
      other = this.people[index];
    } else {
      this.circle(person).push(other.index);
    }
    if (other !== undefined) memory.add(random, other.index, 0);
    return other;
  }

  private circle(person: Person): number[] {
    let known = this.circles[person.index];
    if (known === undefined) {
      known = [];
      this.circles[person.index] = known;
    }
    return known;
  }

  /** Anybody, mostly of the same department: a member of some mailing list. */
  member(random: Random, person: Person): Person | undefined {
    const other = random.chance(0.6) ? this.nearby(random, person) : random.pick(this.people);
    return other === person ? undefined : other;
  }

  /** Somebody of the same department. */
  nearby(random: Random, person: Person): Person | undefined {
    const group = this.groups.get(person.peer_group);
    if (group === undefined) return undefined;
    const other = random.pick(group);
    return other === person ? undefined : other;
  }
}
