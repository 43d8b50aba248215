import type { ContentPack } from '#content';
import { CategoricalStore } from '../../../engine/models/categorical.js';
import { dayOfMinute, Scopes, TextDictionary } from '../../../engine/models/store.js';
import type { Figure } from '../figure.js';
import { bytesInUse } from '../measure.js';
import { programOf } from '../pack.js';
import { loopPass } from '../passes.js';
import { NaiveEngine } from '../references/naive.js';
import { World, type WorldOptions } from '../world.js';

const MINUTE = 60_000;

/** What the categorical models learn from a world's mail: four integers for each observation. */
interface Observations {
  /** Position of the model, id of the scope, id of the value, minute. */
  readonly log: Int32Array;
  /** Knows every text of the log. */
  readonly dictionary: TextDictionary;
}

/** The world is made in here: an argument would stay alive in the caller's frame and be counted. */
function observationsOf(pack: ContentPack, options: WorldOptions): Observations {
  const world = new World(options);
  const dictionary = new TextDictionary();
  const idOf = (text: string): number => {
    const known = dictionary.find(text);
    if (known >= 0) return known;
    const id = dictionary.intern(text);
    dictionary.hold(id);
    return id;
  };
  const positions = new Map(pack.models.map(({ id }, at) => [id, at]));
  let log = new Int32Array(1 << 18);
  let length = 0;
  const naive = new NaiveEngine(pack, world.directory, (model, scope, value, time) => {
    if (length === log.length) {
      const larger = new Int32Array(log.length * 2);
      larger.set(log);
      log = larger;
    }
    const minute = Math.floor(time / MINUTE);
    log.set([positions.get(model) ?? -1, idOf(scope), idOf(value), minute], length);
    length += 4;
  });
  for (const events of world.events(pack)) for (const event of events) naive.process(event);
  return { log: log.slice(0, length), dictionary };
}

function storeOf(model: ContentPack['models'][number], scopes: Scopes, at: number) {
  const [, number = '16', unit = 'w'] = /^(\d+)([dw])$/.exec(model.aging ?? '16w') ?? [];
  return new CategoricalStore(
    scopes,
    at,
    {
      alpha: model.alpha ?? 1,
      cutOff: model.cut_off ?? 0,
      agingDays: Number(number) * (unit === 'w' ? 7 : 1),
      maxBins: model.max_bins ?? 1000,
      maxScopes: 1_000_000,
    },
    () => undefined,
  );
}

/**
 * The observations of a world's mail, put into the engine's stores in their order. All texts are
 * interned before, so the difference in memory is that of the stores alone.
 */
export function bytesPerPair(pack: ContentPack, events: number): Figure[] {
  const users = Math.max(50, Math.round(events / 100));
  const { log, dictionary } = observationsOf(pack, { users, events, days: 60 });
  const before = bytesInUse();
  const shared = new Scopes(dictionary, pack.models.length);
  const stores = pack.models.map((model, at) =>
    model.kind === 'categorical' ? storeOf(model, shared, at) : undefined,
  );
  for (let at = 0; at < log.length; at += 4) {
    const time = (log[at + 3] as number) * MINUTE;
    const today = dayOfMinute(log[at + 3] as number);
    stores[log[at] as number]?.train(log[at + 1] as number, log[at + 2] as number, time, today);
  }
  const bytes = bytesInUse() - before;
  let pairs = 0;
  let scopes = 0;
  for (const store of stores) {
    for (let row = 0; row < (store?.rows.length ?? 0); row += 1) {
      if (store?.rows.isLive(row) !== true) continue;
      scopes += 1;
      pairs += store.numBins(row);
    }
  }
  // The log outlives the measurement, or its end would count as memory won.
  const seen = `${(log.length / 4).toLocaleString('en-US')} observations`;
  return [
    {
      name: 'bytes per tracked (scope, value) pair',
      value: bytes / pairs,
      unit: 'bytes',
      must: 40,
      aim: 24,
      lower_is_better: true,
      over: `${pairs.toLocaleString('en-US')} pairs in ${scopes.toLocaleString('en-US')} scopes of ${seen}, last seen included`,
    },
  ];
}

/** Whether an event costs the same after a long time as at the beginning. */
export function longRun(pack: ContentPack, events: number): Figure[] {
  const users = Math.min(50_000, Math.max(50, Math.round(events / 100)));
  const world = new World({ users, events, days: 60 });
  const program = programOf([pack], world.directory);
  // The compilers of Node warm up before, so that the beginning does not pay for them.
  loopPass(pack, program, new World({ users: 500, events: 30_000, days: 60 }));
  const { batches } = loopPass(pack, program, world);
  const fifth = events / 5;
  const cost = (list: typeof batches): number => {
    let seconds = 0;
    let seen = 0;
    for (const batch of list) {
      if (seen >= fifth) break;
      seconds += batch.seconds;
      seen += batch.events;
    }
    return seconds / seen;
  };
  return [
    {
      name: 'CPU per event, last fifth ÷ first fifth',
      value: cost([...batches].reverse()) / cost(batches),
      unit: '×',
      must: 1.5,
      aim: 1.25,
      lower_is_better: true,
      over: `${events.toLocaleString('en-US')} mails, ${users.toLocaleString('en-US')} users (goal is for 50,000,000: --long)`,
    },
  ];
}
