/**
 * Made-up mail of a large organisation for figures about the engine alone: users, peer groups and
 * external domains by a Zipf law, as whole records that never were text. Cheaper than the generators,
 * so that millions of events can be made again for each pass and none need be kept.
 *
 * All mail leaves between 08:00 and 18:00 UTC. So sessions end every night, their limit of 24 hours
 * never counts, and SQL can say where a session begins.
 */
import type { ContentPack } from '#content';
import { compile, createEngine, type Directory, type Event, type LogRecord } from '#engine';

export interface WorldOptions {
  readonly users: number;
  readonly events: number;
  readonly days: number;
}

export const START = Date.UTC(2024, 0, 1);
const DAY = 86_400_000;
const HOUR = 3_600_000;
export const BATCH = 8192;
/** Events beyond which a world makes them anew for each pass. */
const KEPT = 300_000;

/** A small seeded generator (mulberry32): numbers from 0 to 1. */
export function seeded(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Draws ranks from 0 by a Zipf law. */
function zipf(count: number, exponent: number): (u: number) => number {
  const ends = new Float64Array(count);
  let sum = 0;
  for (let rank = 0; rank < count; rank += 1) {
    sum += (rank + 1) ** -exponent;
    ends[rank] = sum;
  }
  return (u) => {
    const wanted = u * sum;
    let low = 0;
    let high = count - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((ends[middle] as number) < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

const endings = ['com', 'com', 'com', 'de', 'fr', 'co.uk', 'it', 'es', 'nl', 'net', 'pl', 'ch'];
const freemail = ['gmail.com', 'outlook.com', 'gmx.de', 'yahoo.com'];
const extensions =
  'pdf docx xlsx pptx png jpg zip csv txt ics dwg msg xml html mp4 py sql vsdx'.split(' ');
const subjects =
  'offer invoice contract meeting report drawings order delivery project status'.split(' ');

export class World {
  readonly options: WorldOptions;
  readonly directory: Directory;
  private kept: readonly Event[][] | undefined;
  private readonly users: readonly string[];
  private readonly domains: readonly string[];
  private readonly files: readonly string[];
  private readonly domainAt: (u: number) => number;
  private readonly contactAt: (u: number) => number;
  private readonly userAt: (u: number) => number;

  constructor(options: WorldOptions) {
    this.options = options;
    const { users } = options;
    const groups = Math.max(8, Math.round(users / 250));
    this.users = Array.from({ length: users }, (_, i) => `user${i}@corp.example`);
    const domains = Math.max(2000, Math.round(users * 1.2));
    this.domains = Array.from({ length: domains }, (_, i) =>
      i % 500 === 3
        ? (freemail[(i / 500) & 3] as string)
        : `partner${i}.${endings[i % endings.length]}`,
    );
    this.files = Array.from(
      { length: 20_000 },
      (_, i) =>
        `${subjects[i % 10]}-${i}.${extensions[Math.floor(((i * 7919) % 1000) ** 2 / 56_000)]}`,
    );
    this.domainAt = zipf(domains, 1);
    this.contactAt = zipf(16, 0.8);
    this.userAt = zipf(users, 0.4);
    this.directory = {
      internal_domains: ['corp.example'],
      people: this.users.map((user, i) => ({
        user,
        peer_group: `group ${i % groups}`,
        executive: i % 100 === 7,
        personal: [`own${i}@gmail.com`],
      })),
    };
  }

  /** All records in order of time, always the same. An array is good until the next is asked for. */
  *records(): Generator<LogRecord[]> {
    const { users, events, days } = this.options;
    const random = seeded(1);
    let batch: LogRecord[] = [];
    for (let at = 0; at < events; at += 1) {
      const moment = (at / events) * days;
      const day = Math.floor(moment);
      const time = Math.floor(START + day * DAY + 8 * HOUR + (moment - day) * 10 * HOUR);
      const user = this.userAt(random());
      const recipients = [this.recipient(user, random)];
      if (random() < 0.15) {
        recipients.push(this.recipient(user, random));
        if (random() < 0.3) recipients.push(this.recipient(user, random));
      }
      const topic = Math.floor(random() * users * 8);
      const hasFiles = random() < 0.3;
      const first = Math.floor(random() * this.files.length);
      const attachments = hasFiles
        ? [
            this.files[first] as string,
            ...(random() < 0.3 ? [this.files[(first * 31 + 7) % this.files.length] as string] : []),
          ]
        : undefined;
      batch.push({
        line: at,
        parser: -1,
        kind: 'mail',
        time,
        fields: {
          sender: this.users[user],
          recipients,
          recipient: recipients[0],
          subject: `${random() < 0.4 ? 'Re: ' : ''}${subjects[topic % 10]} ${topic}${topic % 3 === 0 ? ' final version' : ''}`,
          bytes: Math.round(2000 * Math.exp(random() * (hasFiles ? 8 : 3))),
          attachments,
          direction: 'outbound',
          outcome: random() < 0.02 ? 'failed' : 'sent',
          message_id: `<${at}@corp.example>`,
        },
      });
      if (batch.length === BATCH) {
        yield batch;
        batch = [];
      }
    }
    yield batch;
  }

  private recipient(user: number, random: () => number): string {
    const chance = random();
    if (chance < 0.01) return `own${user}@gmail.com`;
    // Most mail goes to a user's few correspondents, whose domains are the user's own mix.
    const rank =
      chance < 0.75
        ? this.domainAt(((user * 16 + this.contactAt(random()) + 1) * 0.618_033_988_749_895) % 1)
        : this.domainAt(random());
    return `${subjects[Math.floor(random() * 10)]}@${this.domains[rank]}`;
  }

  /**
   * Events as stage 3 hands them to the loop, made by the engine's own stages 2 and 3. A small world
   * keeps them, so that making them leaves no traces in what is timed.
   */
  events(pack: ContentPack): Iterable<readonly Event[]> {
    if (this.options.events > KEPT) return this.built(pack);
    this.kept ??= [...this.built(pack)];
    return this.kept;
  }

  private *built(pack: ContentPack): Generator<Event[]> {
    const silent = compile([{ ...pack, rules: [], models: [] }], this.directory);
    if (!silent.ok) throw new Error('a pack without rules does not compile');
    let built: Event[] = [];
    const engine = createEngine(silent.program, { event: (event) => built.push(event) });
    for (const batch of this.records()) {
      engine.pushRecords(batch);
      yield built;
      built = [];
    }
    engine.finish();
    yield built;
  }
}
