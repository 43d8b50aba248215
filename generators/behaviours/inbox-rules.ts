/** Mailbox rules that people make to keep order. */

import type { InboxRuleActivity, Organisation, Person } from '../activity.js';
import type { Mix } from '../mix.js';
import type { OutsideWorld } from '../outside.js';
import { type Random, randomStream, Weighted } from '../random.js';
import type { Agenda } from './plan.js';
import { isAtWork, momentAtWork } from './presence.js';

const RULE = 30;

const OPERATIONS = new Weighted<InboxRuleActivity['operation']>([
  ['New-InboxRule', 60],
  ['Set-InboxRule', 22],
  ['UpdateInboxRules', 18],
]);

const FOLDERS = ['Newsletters', 'Projects', 'Tickets', 'Archive', 'Travel', 'Suppliers', 'Reports'];
const WORD_LISTS: readonly (readonly string[])[] = [
  ['newsletter', 'unsubscribe'],
  ['ticket'],
  ['jira'],
  ['weekly report'],
  ['out of office'],
  ['delivery note'],
  ['calendar'],
  ['invoice'],
  [],
];

export class InboxRuleBehaviour {
  private readonly planning: Random;
  private readonly acting: Random;
  private readonly seed: number;
  private readonly mix: Mix;
  private readonly world: OutsideWorld;
  private readonly people: readonly Person[];

  constructor(organisation: Organisation, world: OutsideWorld, seed: number, mix: Mix) {
    this.people = organisation.people;
    this.world = world;
    this.seed = seed;
    this.mix = mix;
    const root = randomStream(seed, 'inbox rules');
    this.planning = root.stream('planning');
    this.acting = root.stream('acting');
  }

  plan(agenda: Agenda, person: Person, day: number, base: number): void {
    const random = this.planning;
    if (!random.chance(this.mix.inbox_rules_per_weekday / 0.875)) return;
    if (!isAtWork(this.seed, person, day)) return;
    agenda.add(base + momentAtWork(random), person.index, RULE);
  }

  perform(act: number, person: Person, time: number): InboxRuleActivity | undefined {
    if (act !== RULE) return undefined;
    const random = this.acting;
    const u = random.uniform();
    const external = this.mix.inbox_rules_external;
    const folder = random.pick(FOLDERS);
    let forward_to: readonly string[] = [];
    if (u < external) {
      // A mailbox of one's own, or a partner who works on the same thing.
      forward_to = [
        random.chance(0.6)
          ? (person.personal[0] ?? this.world.freemailAddress(random, person.country))
          : this.world.address(random, this.world.newDomain(random, person.country)),
      ];
    } else if (u < external + 0.09 && this.people.length > 1) {
      const other = random.pick(this.people);
      if (other !== person) forward_to = [other.address];
    }
    const operation = OPERATIONS.draw(random);
    const rule_name = forward_to.length > 0 && random.chance(0.5) ? 'Forward' : folder;
    const words = random.pick(WORD_LISTS);
    return {
      kind: 'inbox-rule',
      time,
      user: person.address,
      operation,
      rule_name,
      forward_to,
      move_to_folder: forward_to.length > 0 ? undefined : folder,
      // Rules made in Outlook go by the sender: nobody has published how words are logged there.
      words: operation === 'UpdateInboxRules' ? [] : words,
      src_ip: random.chance(0.8)
        ? this.world.officeAddress(person)
        : this.world.homeAddress(person),
    };
  }
}
