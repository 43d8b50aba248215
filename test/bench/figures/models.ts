import gammaQuantile from '@stdlib/stats-base-dists-gamma-quantile';
import type { ContentPack } from '#content';
import type { ModelReading, Program } from '#engine';
import { fitGamma } from '../../../engine/models/numerical.js';
import type { Figure } from '../figure.js';
import { medianSeconds, warmed } from '../measure.js';
import { probing, programOf } from '../pack.js';
import { createLoop, loopPass, otherPass, recordPass } from '../passes.js';
import { type Fired, SqlReference, type Sums, totalOf } from '../references/duckdb.js';
import { NaiveEngine } from '../references/naive.js';
import type { SqlModel } from '../references/sql-models.js';
import { World } from '../world.js';

const DAYS = 60;
const PER_USER = 100;
/** Mails of which all triggers are compared at most. */
const COMPARED = 200_000;

const worldOf = (events: number): World =>
  new World({ users: Math.max(50, Math.round(events / PER_USER)), events, days: DAYS });

const overOf = (world: World): string => {
  const { events, users, days } = world.options;
  return `${events.toLocaleString('en-US')} mails, ${users.toLocaleString('en-US')} users, ${days} days`;
};

function fail(what: string): never {
  throw new Error(
    `the reference answers otherwise than the engine, so the figure means nothing: ${what}`,
  );
}

/** Which part of the engine's work the SQL does too. */
function shareOf(sql: SqlReference, { models, rules }: Program): string {
  const unknown = [...sql.rules.unknown.keys()];
  const without = unknown.length === 0 ? '' : `, without ${unknown.join(', ')}`;
  return `engine ${models.length} models, ${rules.length} rules, of which ${sql.firing + unknown.length} get mail; SQL ${sql.models.length} models, ${sql.firing} rules${without}`;
}

/** Stages 4 to 7 with everything on, against SQL that makes the same triggers of the same events. */
export async function againstDuckDb(pack: ContentPack, events: number): Promise<Figure[]> {
  const compared = await comparing(pack, events, compareExact);
  const world = worldOf(events);
  const program = programOf([pack], world.directory);
  const sql = await SqlReference.load(pack, world);
  const [loop = 0, records = 0, exact = 0, alone = 0] = await medianSeconds(
    [
      warmed(() => loopPass(pack, program, world).seconds),
      warmed(() => recordPass(program, world)),
      async () => totalOf(await sql.exact()),
      async () => totalOf(await sql.alone()),
    ],
    { warm: false },
  );
  sql.close();
  const over = `${overOf(world)}; ${shareOf(sql, program)}, ${compared.toLocaleString('en-US')} triggers compared`;
  return [
    {
      name: 'engine over built events ÷ DuckDB, built events to triggers',
      value: exact / loop,
      unit: '×',
      must: 4,
      aim: 6,
      over,
    },
    {
      name: 'engine over built events ÷ DuckDB, models alone from encoded tables',
      value: alone / loop,
      unit: '×',
      over,
    },
    {
      name: 'records to triggers ÷ DuckDB, built events to triggers',
      value: exact / records,
      unit: '×',
      over,
    },
    {
      name: 'engine over built events',
      value: events / loop,
      unit: 'events/s',
      over: overOf(world),
    },
    {
      name: 'engine over whole records',
      value: events / records,
      unit: 'events/s',
      over: overOf(world),
    },
  ];
}

export async function againstDailyBatch(pack: ContentPack, events: number): Promise<Figure[]> {
  const compared = await comparing(pack, events, compareDaily);
  const world = worldOf(events);
  const program = programOf([pack], world.directory);
  const sql = await SqlReference.load(pack, world);
  const [loop = 0, daily = 0] = await medianSeconds(
    [warmed(() => loopPass(pack, program, world).seconds), async () => totalOf(await sql.daily())],
    { rounds: 1, warm: false },
  );
  sql.close();
  return [
    {
      name: 'engine over built events ÷ DuckDB, daily batch',
      value: daily / loop,
      unit: '×',
      must: 10,
      aim: 18,
      over: `${overOf(world)} (goal is for 5,000,000); ${shareOf(sql, program)}, ${compared.toLocaleString('en-US')} triggers compared`,
    },
  ];
}

/** Compares both over a world of that many mails, but of no more than can be held. Returns how many triggers. */
async function comparing(
  pack: ContentPack,
  events: number,
  compare: (pack: ContentPack, world: World, sql: SqlReference) => Promise<number>,
): Promise<number> {
  const world = worldOf(Math.min(events, COMPARED));
  const sql = await SqlReference.load(pack, world);
  try {
    return await compare(pack, world, sql);
  } finally {
    sql.close();
  }
}

/** The engine's triggers of the rules that SQL fires. */
export function engineTriggers(pack: ContentPack, world: World, sql: SqlReference): Fired[] {
  const program = programOf([pack], world.directory);
  const known = new Set(sql.rules.known.flatMap(({ rules }) => rules));
  const fired: Fired[] = [];
  const loop = createLoop(program, {
    trigger: ({ rule: at, value, reason, event }) => {
      const rule = program.rules[at]?.id ?? '';
      if (known.has(rule)) fired.push({ mail: event.lines[0] ?? -1, rule, value, reason });
    },
  });
  for (const events of world.events(pack)) for (const event of events) loop.add(event);
  loop.finish();
  return fired;
}

/** All triggers in all their parts, and the sums of what SQL has no threshold of. */
async function compareExact(pack: ContentPack, world: World, sql: SqlReference): Promise<number> {
  await sql.expect(engineTriggers(pack, world, sql));
  await sql.exact();
  const compared = await sql.differences('true', (what) => fail(what));
  await compareSums(pack, world, sql);
  return compared;
}

/**
 * A batch tells of a mail what the engine does where nothing of that day came before that a model would
 * have learned from; a rule without a model knows the day's own mail, as sessions end at night.
 */
async function compareDaily(pack: ContentPack, world: World, sql: SqlReference): Promise<number> {
  await sql.expect(engineTriggers(pack, world, sql));
  await sql.daily();
  let compared = 0;
  for (const { id, rules, batch } of sql.rules.known) {
    const first = `mail in (select min(mail) from mails group by ${['time // 86400000', ...(batch ?? [])].join(', ')})`;
    const own = `rule in (${rules.map((rule) => `'${rule}'`).join(', ')})`;
    compared += await sql.differences(batch === undefined ? own : `${own} and ${first}`, (what) =>
      fail(`daily batch, ${id}: ${what}`),
    );
  }
  return compared;
}

/** The sums of numerical models: the threshold that they give is the engine's. */
async function compareSums(pack: ContentPack, world: World, sql: SqlReference): Promise<void> {
  const numerical = sql.models.filter(({ sums }) => sums !== undefined);
  const ids = numerical.map(({ id }) => id);
  const readings = new Map(ids.map((id) => [id, new Map<number, ModelReading>()]));
  const loop = createLoop(programOf([probing(pack, ids)], world.directory), {
    trigger: ({ reading, event: { lines } }) => {
      if (reading !== undefined) readings.get(reading.model)?.set(lines[0] ?? -1, reading);
    },
  });
  for (const events of world.events(pack)) for (const event of events) loop.add(event);
  loop.flush();
  let thresholds = 0;
  for (const model of numerical) {
    const answers = await sql.sumsOf(model);
    if (answers.size === 0) fail(`${model.id} answers nothing`);
    for (const [mail, answer] of answers) {
      const reading = readings.get(model.id)?.get(mail);
      const what = `${model.id}, mail ${mail}: ${JSON.stringify(reading)}, SQL ${JSON.stringify(answer)}`;
      if (reading?.n !== answer.n) fail(what);
      const threshold = thresholdOf(model, answer);
      const { percentile_threshold_value: own } = reading;
      if (threshold === undefined || Number.isNaN(own)) continue;
      thresholds += 1;
      if (Math.abs(threshold / own - 1) > 1e-6) fail(what);
    }
  }
  if (thresholds === 0) fail('no threshold could be compared');
}

/** Undefined where the engine's is from fewer observations, as it renews a fit only when a tenth has come. */
function thresholdOf({ percentile }: SqlModel, answer: Sums): number | undefined {
  const { n, total, logs, products } = answer;
  let fitted = 0;
  for (let count = 1; count <= n; count += 1) if (count >= fitted * 1.1) fitted = count;
  const gamma = fitted === n ? fitGamma(n, total, logs, products) : undefined;
  if (gamma === undefined) return undefined;
  return gammaQuantile(1 - percentile, gamma.shape, 1) * gamma.scale;
}

export async function againstNaive(pack: ContentPack, events: number): Promise<Figure[]> {
  const world = worldOf(events);
  const program = programOf([pack], world.directory);
  compareNaive(pack, worldOf(Math.min(events, 30_000)));
  const [loop = 0, naive = 0] = await medianSeconds(
    [
      warmed(() => loopPass(pack, program, world).seconds),
      warmed(() => {
        const engine = new NaiveEngine(pack, world.directory);
        return otherPass(pack, world, (event) => engine.process(event));
      }),
    ],
    { warm: false },
  );
  return [
    {
      name: 'engine over built events ÷ nested Maps',
      value: naive / loop,
      unit: '×',
      must: 5,
      aim: 10,
      over: overOf(world),
    },
  ];
}

/** All triggers of both engines, event by event. */
function compareNaive(pack: ContentPack, world: World): void {
  const program = programOf([pack], world.directory);
  const naive = new NaiveEngine(pack, world.directory);
  let fired: string[] = [];
  const loop = createLoop(program, {
    trigger: ({ rule, value }) => fired.push(`${program.rules[rule]?.id} ${value}`),
  });
  for (const events of world.events(pack)) {
    for (const event of events) {
      fired = [];
      loop.add(event);
      loop.flush();
      const theirs = naive.process(event).map(({ rule, value }) => `${rule} ${value}`);
      if (fired.sort().join() !== theirs.sort().join())
        fail(`mail ${event.lines[0]}: ${fired.join()}, nested Maps ${theirs.join()}`);
    }
  }
}
