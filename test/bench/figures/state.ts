import type { ContentPack } from '#content';
import { CategoricalStore } from '../../../engine/models/categorical.js';
import { TextDictionary } from '../../../engine/models/store.js';
import type { Figure } from '../figure.js';
import { bytesInUse } from '../measure.js';
import { programOf } from '../pack.js';
import { loopPass } from '../passes.js';
import { NaiveEngine } from '../references/naive.js';
import { World } from '../world.js';

const DAY = 86_400_000;

/**
 * The observations of a world's mail, put into the engine's stores in their order. All texts are
 * interned before, so the difference in memory is that of the stores alone.
 */
export function bytesPerPair(pack: ContentPack, events: number): Figure[] {
  const world = new World({ users: Math.max(50, Math.round(events / 100)), events, days: 60 });
  const dictionary = new TextDictionary();
  const idOf = (text: string): number => {
    const known = dictionary.find(text);
    if (known >= 0) return known;
    const id = dictionary.intern(text);
    dictionary.hold(id);
    return id;
  };
  const { models } = programOf([pack], world.directory);
  const positions = new Map(models.map(({ id }, at) => [id, at]));
  let room = 1 << 16;
  let length = 0;
  let log = new Int32Array(room * 4);
  const naive = new NaiveEngine(pack, world.directory, (model, scope, value, time) => {
    if (length === room) {
      room *= 2;
      const larger = new Int32Array(room * 4);
      larger.set(log);
      log = larger;
    }
    log.set(
      [positions.get(model) ?? -1, idOf(scope), idOf(value), Math.floor(time / 60_000)],
      length * 4,
    );
    length += 1;
  });
  for (const batch of world.events(pack)) for (const event of batch) naive.process(event);
  // Rows hold their scopes too; room for the counts is made before.
  const before = bytesInUse();
  const stores = models.map(({ id }) => {
    const entry = pack.models.find((model) => model.id === id);
    const [, number = '16', unit = 'w'] = /^(\d+)([dw])$/.exec(entry?.aging ?? '16w') ?? [];
    return new CategoricalStore(
      dictionary,
      {
        alpha: entry?.alpha ?? 1,
        cutOff: entry?.cut_off ?? 0,
        agingDays: Number(number) * (unit === 'w' ? 7 : 1),
        maxBins: entry?.max_bins ?? 1000,
        maxScopes: 1_000_000,
      },
      () => undefined,
    );
  });
  for (let at = 0; at < length * 4; at += 4) {
    const time = (log[at + 3] as number) * 60_000;
    stores[log[at] as number]?.train(log[at + 1] as number, log[at + 2] as number, time, time);
  }
  const bytes = bytesInUse() - before;
  let pairs = 0;
  let scopes = 0;
  const end = world.options.days * DAY;
  for (const store of stores) {
    for (let row = 0; row < store.rows.length; row += 1) {
      if (!store.rows.isLive(row)) continue;
      scopes += 1;
      pairs += store.numBins(row);
    }
  }
  if (pairs === 0 || end === 0) throw new Error('the stores are empty');
  return [
    {
      name: 'bytes per tracked (scope, value) pair',
      value: bytes / pairs,
      unit: 'bytes',
      must: 40,
      aim: 24,
      lower_is_better: true,
      over: `${pairs.toLocaleString('en-US')} pairs in ${scopes.toLocaleString('en-US')} scopes, last seen included`,
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
