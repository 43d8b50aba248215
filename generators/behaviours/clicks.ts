/** Links that people follow in the mail they receive, and when they come to read it. */

import type { Click, MailActivity, Person } from '../activity.js';
import { HOUR, localDay, MINUTE, startOfDay } from '../calendar.js';
import type { Mix } from '../mix.js';
import type { OutsideWorld } from '../outside.js';
import { hashText, hashUnit, type Random, randomStream, Weighted } from '../random.js';
import { isAtWork } from './presence.js';

interface Place {
  /** Undefined: at the sender's own domain. */
  readonly host: string | undefined;
  readonly path: string;
  readonly category: string;
}

/** Where links lead, with the categories that URL protection gives; weights are assumptions. */
const PLACES = new Weighted<Place>([
  [{ host: undefined, path: 'news', category: 'Business' }, 24],
  [{ host: undefined, path: 'portal/orders', category: 'Business' }, 12],
  [{ host: undefined, path: 'blog', category: 'Computers & Technology' }, 6],
  [{ host: 'www.google.com', path: 'search', category: 'Search Engines & Portals' }, 6],
  [{ host: 'www.linkedin.com', path: 'comm/in', category: 'Professional Networking' }, 8],
  [{ host: 'teams.microsoft.com', path: 'l/meetup-join', category: 'Web Conferencing' }, 10],
  [{ host: 'zoom.us', path: 'j', category: 'Web Conferencing' }, 5],
  [{ host: 'www.youtube.com', path: 'watch', category: 'Streaming Media & Downloads' }, 3],
  [{ host: 'www.dhl.com', path: 'track', category: 'Business' }, 4],
  [{ host: 'www.eventbrite.com', path: 'e', category: 'Events' }, 3],
  [{ host: 'we.tl', path: 't', category: 'File Sharing' }, 1.5],
  [{ host: 'www.dropbox.com', path: 's', category: 'File Sharing' }, 1.5],
  [{ host: 'www.surveymonkey.com', path: 'r', category: 'Business' }, 2],
]);

const LURES = ['login', 'secure/document', 'invoice/view', 'verify', 'shared/file'];

/** Share of people who follow malicious links at all: it is the same ones again and again. */
const CARELESS = 0.3;
const TRAIT = hashText('careless');

/** People read what comes before they leave; later mail waits for the next morning. */
const DAY_BEGINS = 7.5 * HOUR;
const DAY_ENDS = 18.5 * HOUR;
const MORNING = 8 * HOUR;
/** The longest absence that is looked through. */
const LONGEST = 40;

export class ClickBehaviour {
  private readonly random: Random;
  private readonly seed: number;
  private readonly mix: Mix;
  private readonly world: OutsideWorld;

  constructor(world: OutsideWorld, seed: number, mix: Mix) {
    this.world = world;
    this.seed = seed;
    this.mix = mix;
    this.random = randomStream(seed, 'clicks');
  }

  /** A mail that came to a person, with the links in it that the person follows. */
  read(mail: MailActivity, person: Person): MailActivity {
    const { outcome, direction, recipients } = mail;
    if (direction !== 'inbound' || outcome.kind === 'rejected' || mail.automatic === true)
      return mail;
    const random = this.random;
    if (!random.chance(this.mix.inbound_clicked)) return mail;
    const malicious =
      random.chance(this.mix.clicks_malicious / CARELESS) && this.isCareless(person);
    const arrival = mail.time + (outcome.kind === 'held' ? (outcome.release_after ?? 0) : 0);
    const place = PLACES.draw(random);
    let moment = this.reading(person, arrival + (0.3 + random.exponential(50)) * MINUTE);
    if (person.left !== undefined && moment > person.left) return mail;
    const recipient = recipients.includes(person.address) ? person.address : recipients[0];
    if (recipient === undefined) return mail;
    const clicks: Click[] = [];
    const link = {
      recipient,
      malicious,
      ...(malicious ? this.lure(person) : this.link(place, mail)),
    };
    do {
      clicks.push({ ...link, after: Math.round(moment - mail.time) });
      moment += (0.05 + random.exponential(4)) * MINUTE;
      // The page that is not there is tried again more often.
    } while (clicks.length < 5 && random.chance(malicious ? 0.3 : 0.08));
    return { ...mail, clicks };
  }

  private link(
    { host, path, category }: Place,
    mail: MailActivity,
  ): Pick<Click, 'url' | 'category'> {
    const domain = mail.sender.slice(mail.sender.lastIndexOf('@') + 1);
    return { url: `https://${host ?? `www.${domain}`}/${path}/${this.token()}`, category };
  }

  private lure(person: Person): Pick<Click, 'url' | 'category'> {
    const random = this.random;
    const domain = this.world.newDomain(random, random.chance(0.4) ? undefined : person.country);
    return {
      url: `https://${domain}/${random.pick(LURES)}?id=${this.token()}`,
      category: random.chance(0.85) ? 'Phishing & Fraud' : 'Malware',
    };
  }

  private token(): string {
    return this.random.word().toString(36);
  }

  private isCareless(person: Person): boolean {
    return hashUnit(this.seed, person.index, TRAIT) < CARELESS;
  }

  /** When a person who is free at a moment, or else comes back to work, reads the mail. */
  private reading(person: Person, moment: number): number {
    const { time_zone } = person;
    let day = localDay(time_zone, moment);
    const hour = moment - startOfDay(time_zone, day);
    if (hour >= DAY_BEGINS && hour < DAY_ENDS && isAtWork(this.seed, person, day)) return moment;
    if (hour >= DAY_BEGINS) day++;
    for (let i = 0; i < LONGEST && !isAtWork(this.seed, person, day); i++) day++;
    return startOfDay(time_zone, day) + MORNING + this.random.exponential(40) * MINUTE;
  }
}
