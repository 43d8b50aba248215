/** With whom people correspond inside: an urn of colleagues, two thirds from one's own department. */

import type { Person } from '../activity.js';
import type { ColleagueHabits } from '../profile.js';
import type { Random } from '../random.js';
import { Blocks, Memory } from './memory.js';

export class Colleagues {
  private readonly people: readonly Person[];
  private readonly habits: ColleagueHabits;
  private readonly groups = new Map<string, Person[]>();
  /** Peer groups of those who changed theirs. */
  private readonly moved = new Map<number, string>();
  private readonly memories: (Memory | undefined)[];
  private readonly blocks = new Blocks();
  private readonly circles: (number[] | undefined)[];
  private readonly mails: Int32Array;

  constructor(people: readonly Person[], habits: ColleagueHabits) {
    this.people = people;
    this.habits = habits;
    this.memories = new Array<Memory | undefined>(people.length);
    this.circles = new Array<number[] | undefined>(people.length);
    this.mails = new Int32Array(people.length);
    for (const person of people) {
      const group = this.groups.get(person.peer_group);
      if (group === undefined) this.groups.set(person.peer_group, [person]);
      else group.push(person);
    }
  }

  /**
   * A person changes to another group; to be told once, when it happens. Most old colleagues are
   * written to no more, and new ones are met as often as after a tenth of the mails.
   */
  move(random: Random, person: Person, peer_group: string): void {
    this.memories[person.index]?.thin(random, 0.3);
    this.circles[person.index] = [];
    this.mails[person.index] = Math.floor((this.mails[person.index] as number) / 10);
    const old = this.groups.get(this.groupOf(person));
    const at = old?.indexOf(person) ?? -1;
    if (at >= 0) old?.splice(at, 1);
    const group = this.groups.get(peer_group);
    if (group === undefined) this.groups.set(peer_group, [person]);
    else group.push(person);
    this.moved.set(person.index, peer_group);
  }

  private groupOf(person: Person): string {
    return this.moved.get(person.index) ?? person.peer_group;
  }

  /** A recipient inside; undefined where there is nobody else. */
  draw(random: Random, person: Person, time: number): Person | undefined {
    const { exponent, constant, evenness } = this.habits;
    let memory = this.memories[person.index];
    if (memory === undefined) {
      memory = new Memory(this.blocks, 400);
      this.memories[person.index] = memory;
    }
    const n = (this.mails[person.index] as number) + 1;
    this.mails[person.index] = n;
    // The first colleague whom people write to is their superior.
    let other =
      memory.count === 0 && person.superior !== undefined
        ? this.people[person.superior]
        : undefined;
    if (other !== undefined && !isHere(other, time)) other = undefined;
    if (
      other === undefined &&
      (memory.count === 0 || random.chance(exponent * constant * n ** (exponent - 1)))
    ) {
      for (let tries = 0; tries < 4 && other === undefined; tries++) {
        const candidate = random.chance(0.65)
          ? this.nearby(random, person)
          : random.pick(this.people);
        if (
          candidate !== undefined &&
          candidate !== person &&
          isHere(candidate, time) &&
          !memory.holds(candidate.index)
        ) {
          other = candidate;
        }
      }
    }
    if (other === undefined) {
      if (memory.count === 0) return undefined;
      const known = random.chance(evenness) ? this.circle(person) : undefined;
      const index =
        known === undefined || known.length === 0
          ? memory.domainAt(memory.slot(random))
          : // Those met first are closest.
            (known[Math.floor(known.length * random.uniform() ** 2)] as number);
      other = this.people[index];
      if (other !== undefined && !isHere(other, time)) return undefined;
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
    const group = this.groups.get(this.groupOf(person));
    if (group === undefined) return undefined;
    const other = random.pick(group);
    return other === person ? undefined : other;
  }
}

/** Nobody writes to those who have not begun or have left. */
function isHere({ hired, left }: Person, time: number): boolean {
  return time >= hired && (left === undefined || time <= left);
}
