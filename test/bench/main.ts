/**
 * `npm run bench`: how fast the ways through the product are, as ratios to references that run in the
 * same process over the same input, so that machines do not matter. CPU seconds of all threads, median
 * of three rounds; every reference is checked to give the engine's answers before it is timed.
 *
 *   --only NAME   one group of figures (several times for several); the names are below
 *   --quick       small sizes, under a minute; mostly code that is not compiled yet, so only a smoke test
 *   --long        the sizes that the goals name; hours
 *   --out FILE    all figures as JSON: [{name, value, unit, must, aim}]
 */
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { type Figure, jsonOf, tableOf, verdictOf } from './figure.js';
import { columns } from './figures/columns.js';
import { lines } from './figures/lines.js';
import { againstDailyBatch, againstDuckDb, againstNaive } from './figures/models.js';
import { againstJsonRules, variants } from './figures/rules.js';
import { scale } from './figures/scale.js';
import { start } from './figures/start.js';
import { bytesPerPair, longRun } from './figures/state.js';
import { fullPack } from './pack.js';

interface Sizes {
  readonly events: number;
  readonly daily: number;
  readonly stateless: number;
  readonly memory: number;
  readonly long: number;
  readonly variants: number;
  readonly people: number;
  readonly days: number;
  readonly drill: number;
  /** Of a large organisation. */
  readonly crowd: { readonly people: number; readonly days: number };
}

const quick: Sizes = {
  events: 12_000,
  daily: 12_000,
  stateless: 10_000,
  memory: 30_000,
  long: 50_000,
  variants: 2000,
  people: 50,
  days: 15,
  drill: 30,
  crowd: { people: 2000, days: 2 },
};
const usual: Sizes = {
  events: 200_000,
  daily: 500_000,
  stateless: 100_000,
  memory: 300_000,
  long: 600_000,
  variants: 30_000,
  people: 200,
  days: 60,
  drill: 200,
  crowd: { people: 100_000, days: 3 },
};
const full: Sizes = {
  ...usual,
  events: 5_000_000,
  daily: 5_000_000,
  memory: 5_000_000,
  long: 50_000_000,
  crowd: { people: 100_000, days: 90 },
};

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    quick: { type: 'boolean', default: false },
    long: { type: 'boolean', default: false },
    out: { type: 'string' },
  },
});
const sizes = values.quick ? quick : values.long ? full : usual;
const pack = await fullPack();

const groups: Readonly<Record<string, () => Figure[] | Promise<Figure[]>>> = {
  duckdb: () => againstDuckDb(pack, sizes.events),
  daily: () => againstDailyBatch(pack, sizes.daily),
  naive: () => againstNaive(pack, sizes.events),
  stateless: () => againstJsonRules(pack, sizes.stateless),
  lines: () => lines(pack, { people: sizes.people, days: sizes.days }),
  columns: () => columns(pack, { people: sizes.people, days: sizes.days }),
  memory: () => bytesPerPair(pack, sizes.memory),
  growth: () => longRun(pack, sizes.long),
  variants: () => variants(pack, sizes.variants),
  start: () => start(sizes.drill),
  scale: () => scale(sizes.crowd.people, sizes.crowd.days),
};

const chosen = values.only ?? Object.keys(groups);
const unknown = chosen.find((name) => groups[name] === undefined);
if (unknown !== undefined) {
  process.stderr.write(
    `There is no group ${unknown}. Groups: ${Object.keys(groups).join(', ')}.\n`,
  );
  process.exit(2);
}

const figures: Figure[] = [];
for (const name of chosen) {
  const before = performance.now();
  figures.push(...((await groups[name]?.()) ?? []));
  process.stderr.write(`${name}: ${((performance.now() - before) / 1000).toFixed(1)} s\n`);
}
process.stdout.write(`${tableOf(figures)}\n`);
const short = figures.filter((figure) => verdictOf(figure) === 'falls short').length;
process.stdout.write(
  `${short === 0 ? 'Nothing falls' : `${short} fall${short === 1 ? 's' : ''}`} short of what must be.\n`,
);
if (values.out !== undefined) await writeFile(values.out, jsonOf(figures));
