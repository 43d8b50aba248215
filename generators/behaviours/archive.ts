/**
 * Views of other people's mail in the archive and the message tracking: administrators who look for
 * a lost mail, lawyers and personnel staff who work on a case.
 */

import type { ArchiveViewActivity, MailActivity, Person } from '../activity.js';
import { MINUTE } from '../calendar.js';
import type { Mix } from '../mix.js';
import { peerGroupAt } from '../organisation.js';
import { type Random, randomStream } from '../random.js';
import type { Agenda, FollowUps } from './plan.js';
import { isAtWork, momentAtWork } from './presence.js';

const LOOK = 60;

/** Mails that somebody may ask for: some of all that came and went, the latest more likely. */
const REMEMBERED = 256;

/** How often somebody of a department looks, as a multiple of the mix's rate. Assumed. */
const LOOKERS: readonly (readonly [department: string, factor: number, onCase: number])[] = [
  ['Information Technology', 1, 0],
  ['Legal', 0.4, 0.7],
  ['Human Resources', 0.1, 0.4],
];

export class ArchiveBehaviour {
  private readonly planning: Random;
  private readonly acting: Random;
  private readonly keeping: Random;
  private readonly seed: number;
  private readonly mix: Mix;
  private readonly remembered: MailActivity[] = [];

  constructor(seed: number, mix: Mix) {
    this.seed = seed;
    this.mix = mix;
    const root = randomStream(seed, 'archive');
    this.planning = root.stream('planning');
    this.acting = root.stream('acting');
    this.keeping = root.stream('keeping');
  }

  /** To be told of mail as it happens, in order of time. */
  saw(mail: MailActivity): void {
    const { remembered, keeping } = this;
    if (remembered.length < REMEMBERED) remembered.push(mail);
    else if (keeping.chance(0.25)) remembered[keeping.int(REMEMBERED)] = mail;
  }

  plan(agenda: Agenda, person: Person, day: number, base: number, noon: number): void {
    const group = peerGroupAt(person, noon);
    const factor = LOOKERS.find(([department]) => group.startsWith(department))?.[1];
    if (factor === undefined) return;
    const random = this.planning;
    if (!random.chance(factor * this.mix.archive_looks_per_weekday)) return;
    if (!isAtWork(this.seed, person, day)) return;
    agenda.add(base + momentAtWork(random), person.index, LOOK);
  }

  /** The first mail that is looked at; the others of the same search follow within minutes. */
  perform(
    act: number,
    person: Person,
    time: number,
    follow: FollowUps,
  ): ArchiveViewActivity | undefined {
    if (act !== LOOK || this.remembered.length === 0) return undefined;
    const random = this.acting;
    const group = peerGroupAt(person, time);
    const onCase = LOOKERS.find(([department]) => group.startsWith(department))?.[2] ?? 0;
    const discovery_case = random.chance(onCase);
    const source = discovery_case || random.chance(0.25) ? 'Archive' : 'Message Tracking';
    const view = (moment: number): ArchiveViewActivity => {
      const mail = random.pick(this.remembered);
      return {
        kind: 'archive-view',
        time: moment,
        user: person.address,
        source,
        from: mail.sender,
        to: random.pick(mail.recipients),
        subject: mail.subject,
        sent: mail.time,
        content_viewed: random.chance(source === 'Archive' ? 0.9 : 0.3),
        discovery_case,
      };
    };
    const first = view(time);
    let moment = time;
    for (let left = random.poisson(discovery_case ? 6 : 0.7); left > 0; left--) {
      moment += Math.round((0.2 + random.exponential(1.5)) * MINUTE);
      follow.later(view(moment));
    }
    return first;
  }
}
