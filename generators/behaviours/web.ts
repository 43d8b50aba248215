/** Requests that web protection refuses: a few people, a few sites, mostly harmless. */

import type { Person, WebActivity } from '../activity.js';
import type { Mix } from '../mix.js';
import type { OutsideWorld } from '../outside.js';
import { type Random, randomStream, Weighted } from '../random.js';
import type { Agenda, FollowUps } from './plan.js';
import { isAtWork, momentAtWork } from './presence.js';

const DENIED = 10;

interface Site {
  readonly domain: string;
  readonly category: string;
  readonly path: string;
  /** Share of requests that upload something. */
  readonly upload: number;
}

/** Sites with their weights; base rates are assumptions. */
const SITES = new Weighted<Site>([
  [{ domain: 'doubleclick.net', category: 'Advertisements', path: 'gampad/ads', upload: 0 }, 26],
  [{ domain: 'facebook.com', category: 'Social Networking', path: 'tr', upload: 0.03 }, 14],
  [{ domain: 'tiktok.com', category: 'Social Networking', path: 'api/feed', upload: 0.02 }, 7],
  [{ domain: 'twitch.tv', category: 'Streaming Media', path: 'videos', upload: 0 }, 6],
  [{ domain: 'netflix.com', category: 'Streaming Media', path: 'browse', upload: 0 }, 6],
  [{ domain: 'bet365.com', category: 'Gambling', path: 'sports', upload: 0 }, 4],
  [{ domain: 'steampowered.com', category: 'Games', path: 'app', upload: 0 }, 5],
  [{ domain: 'discord.com', category: 'Chat', path: 'api/v9/channels', upload: 0.12 }, 4],
  [{ domain: 'web.whatsapp.com', category: 'Chat', path: 'ws', upload: 0.1 }, 5],
  [{ domain: 'pastebin.com', category: 'Text Sharing', path: 'api', upload: 0.1 }, 1],
  [{ domain: 'dropbox.com', category: 'File Sharing', path: 'upload', upload: 0.3 }, 3.5],
  [
    { domain: 'wetransfer.com', category: 'File Sharing', path: 'api/v4/transfers', upload: 0.3 },
    3,
  ],
  [
    { domain: 'drive.google.com', category: 'Cloud Storage', path: 'upload/drive', upload: 0.25 },
    4.5,
  ],
  [{ domain: 'mega.nz', category: 'File Sharing', path: 'cs', upload: 0.2 }, 0.8],
  [{ domain: 'box.com', category: 'Cloud Storage', path: 'api/upload', upload: 0.25 }, 1.2],
  [{ domain: 'mediafire.com', category: 'File Sharing', path: 'file', upload: 0.1 }, 0.7],
]);

export class WebBehaviour {
  private readonly planning: Random;
  private readonly acting: Random;
  private readonly traits: Random;
  private readonly rates: Float64Array;
  private readonly seed: number;
  private readonly mix: Mix;
  private readonly world: OutsideWorld;

  constructor(world: OutsideWorld, people: number, seed: number, mix: Mix) {
    this.world = world;
    this.seed = seed;
    this.mix = mix;
    const root = randomStream(seed, 'web');
    this.planning = root.stream('planning');
    this.acting = root.stream('acting');
    this.traits = root.stream('traits');
    this.rates = new Float64Array(people).fill(-1);
  }

  plan(agenda: Agenda, person: Person, day: number, base: number): void {
    let rate = this.rates[person.index] as number;
    if (rate < 0) {
      // A third of the people ever run into the filter; their rates differ by log-normal factors.
      const random = this.traits.stream(person.address);
      rate = random.chance(0.34) ? random.lognormal(-0.5, 1) / 0.34 : 0;
      this.rates[person.index] = rate;
    }
    if (rate === 0) return;
    const random = this.planning;
    const visits = random.poisson(rate * this.mix.web_denied_per_weekday * 0.7);
    if (visits === 0 || !isAtWork(this.seed, person, day)) return;
    for (let k = 0; k < visits; k++) {
      agenda.add(base + momentAtWork(random), person.index, DENIED);
    }
  }

  perform(act: number, person: Person, time: number, follow: FollowUps): WebActivity | undefined {
    if (act !== DENIED) return undefined;
    const random = this.acting;
    const site = SITES.draw(random);
    const uploads = random.chance(site.upload);
    const activity: WebActivity = {
      kind: 'web',
      time,
      user: person.address,
      url: `https://${site.domain}/${site.path}/${random.word().toString(36)}`,
      method: uploads ? (random.chance(0.7) ? 'POST' : 'PUT') : 'GET',
      category: site.category,
      bytes_uploaded: uploads
        ? Math.round(random.lognormal(11.5, 2))
        : this.world.requestBytes(random),
      bytes_downloaded: this.world.blockPageBytes(random),
      src_ip: this.world.workstation(person),
      user_agent: this.world.userAgent(person),
    };
    // A page that fails is tried again.
    let again = time;
    while (random.chance(0.3)) {
      again += 800 + Math.round(random.exponential(12_000));
      follow.later({ ...activity, time: again });
    }
    return activity;
  }
}
