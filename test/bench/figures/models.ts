import gammaQuantile from '@stdlib/stats-base-dists-gamma-quantile';
import type { ContentPack } from '#content';
import type { ModelReading } from '#engine';
import { fitGamma } from '../../../engine/models/numerical.js';
import type { Figure } from '../figure.js';
import { median, medianSeconds, warmed } from '../measure.js';
import { probing, programOf } from '../pack.js';
import { createLoop, loopPass, otherPass, recordPass } from '../passes.js';
import { type Answer, type Spent, SqlReference, totalOf } from '../references/duckdb.js';
import { NaiveEngine } from '../references/naive.js';
import type { SqlModel } from '../references/sql-models.js';
import { START, World } from '../world.js';

const DAYS = 60;
const PER_USER = 100;
/** Mails that a model is asked about and that are compared one by one, from the end of the history. */
const COMPARED = 4000;

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

/** Seconds of the models over values of mail that left, each answered for every mail of a session. */
function ofValues(sql: SqlReference, spent: Spent): number {
  const models = sql.models.filter(({ kind }) => kind === 'values');
  const names = new Set(
    models.flatMap(({ id, needs }) => [id, ...needs.map((step) => step.table)]),
  );
  return totalOf(new Map([...spent].filter(([name]) => names.has(name))));
}

/** How much of the engine's work the SQL does too. */
const shareOf = (sql: SqlReference, models: number, rules: number): string =>
  `SQL answers ${sql.models.length} models, engine ${models} and ${rules} rules`;

/** Stages 4 to 7 with everything on, against SQL that answers the models and has no rules. */
export async function againstDuckDb(pack: ContentPack, events: number): Promise<Figure[]> {
  const world = worldOf(events);
  const sql = await SqlReference.load(pack, world);
  await compareExact(pack, world, sql);
  const program = programOf([pack], world.directory);
  let triggers = 0;
  const nine: number[] = [];
  const [loop = 0, records = 0, exact = 0] = await medianSeconds(
    [
      warmed(() => {
        const pass = loopPass(pack, program, world);
        triggers = pass.triggers;
        return pass.seconds;
      }),
      warmed(() => recordPass(program, world)),
      async () => {
        const spent = await sql.exact();
        nine.push(ofValues(sql, spent));
        return totalOf(spent);
      },
    ],
    { warm: false },
  );
  sql.close();
  const over = `${overOf(world)}; ${shareOf(sql, program.models.length, program.rules.length)}, ${(triggers / events).toFixed(1)} triggers a mail`;
  return [
    {
      name: 'engine over built events ÷ DuckDB, exact first-seen',
      value: exact / loop,
      unit: '×',
      must: 4,
      aim: 6,
      over,
    },
    {
      name: 'engine over built events ÷ DuckDB, the nine models by session',
      value: median(nine) / loop,
      unit: '×',
      over,
    },
    {
      name: 'records to triggers ÷ DuckDB, exact first-seen',
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
  const world = worldOf(events);
  const sql = await SqlReference.load(pack, world);
  await compareDaily(pack, world, sql);
  const program = programOf([pack], world.directory);
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
      over: `${overOf(world)} (goal is for 5,000,000); ${shareOf(sql, program.models.length, program.rules.length)}`,
    },
  ];
}

interface Read {
  readonly mail: number;
  readonly day: number;
  readonly reading: ModelReading;
}

/** What the engine reads for the first value of each mail that a model is asked about, in order. */
function engineReadings(pack: ContentPack, world: World, sql: SqlReference): Map<string, Read[]> {
  const program = programOf([probing(pack, sql.models)], world.directory);
  const of = new Map(sql.models.map(({ id }) => [id, [] as Read[]]));
  const loop = createLoop(program, {
    trigger: ({ reading, event: { lines, time } }) => {
      if (reading === undefined) return;
      const day = Math.floor(time / 86_400_000);
      of.get(reading.model)?.push({ mail: lines[0] ?? -1, day, reading });
    },
  });
  for (const events of world.events(pack)) for (const event of events) loop.add(event);
  loop.flush();
  return of;
}

/** Whether the engine says the same in all numbers that the answer has. */
const same = ({ n, num_bins, num_observations }: ModelReading, answer: Answer): boolean =>
  (answer.seen ?? num_observations) === num_observations &&
  (answer.n ?? n) === n &&
  (answer.bins ?? num_bins) === num_bins;

function differs(model: SqlModel, { mail, reading }: Read, answer: Answer | undefined): never {
  fail(`${model.id}, mail ${mail}: ${JSON.stringify(reading)}, SQL ${JSON.stringify(answer)}`);
}

/** Answers of a sparse model leave out what was never seen. */
const answerOf = (model: SqlModel, answers: ReadonlyMap<number, Answer>, mail: number) =>
  answers.get(mail) ?? (model.sparse ? { seen: 0 } : undefined);

async function compareExact(pack: ContentPack, world: World, sql: SqlReference): Promise<void> {
  const of = engineReadings(pack, world, sql);
  let thresholds = 0;
  for (const model of sql.models) {
    // Where most answers are that nothing was seen, all of them are compared.
    const reads = of.get(model.id)?.slice(model.sparse ? 0 : -COMPARED) ?? [];
    const [first] = reads;
    if (first === undefined) fail(`${model.id} is never read`);
    const answers = await sql.answers(model, first.mail);
    for (const read of reads) {
      const answer = answerOf(model, answers, read.mail);
      if (answer === undefined || !same(read.reading, answer)) differs(model, read, answer);
      const threshold = thresholdOf(pack, model, answer);
      const { percentile_threshold_value: own } = read.reading;
      if (threshold === undefined || Number.isNaN(own)) continue;
      thresholds += 1;
      if (Math.abs(threshold / own - 1) > 1e-6) differs(model, read, answer);
    }
    const mails = new Set(reads.map(({ mail }) => mail));
    for (const mail of answers.keys())
      if (!mails.has(mail)) fail(`${model.id}, mail ${mail}: SQL answers what nobody asks`);
  }
  if (thresholds === 0) fail('no threshold could be compared');
}

/**
 * Threshold of a numerical model by the sums of an answer; undefined for other models, and when the
 * engine's is from fewer observations, as it renews a fit only when a tenth has come.
 */
function thresholdOf(pack: ContentPack, { id }: SqlModel, answer: Answer): number | undefined {
  const { n, total, logs, products } = answer;
  if (n === undefined || total === undefined || logs === undefined || products === undefined)
    return undefined;
  let fitted = 0;
  for (let count = 1; count <= n; count += 1) if (count >= fitted * 1.1) fitted = count;
  const gamma = fitted === n ? fitGamma(n, total, logs, products) : undefined;
  const percentile = pack.models.find((model) => model.id === id)?.percentile;
  if (gamma === undefined || percentile === undefined) return undefined;
  return gammaQuantile(1 - percentile, gamma.shape, 1) * gamma.scale;
}

/**
 * A daily batch is right about the first mail of a day and of a scope, so that is compared; of a
 * sparse model, the first of a scope and value, and whether that was seen at all.
 */
async function compareDaily(pack: ContentPack, world: World, sql: SqlReference): Promise<void> {
  const of = engineReadings(pack, world, sql);
  const day = Math.floor(START / 86_400_000) + DAYS - 1;
  for (const model of sql.models) {
    const answers = await sql.answersOfDay(model, day);
    const before = new Set<string>();
    for (const read of of.get(model.id) ?? []) {
      const { scope, value, num_observations } = read.reading;
      const key = model.sparse ? `${scope} ${value}` : scope;
      if (read.day !== day || before.has(key)) continue;
      before.add(key);
      const answer = answerOf(model, answers, read.mail);
      const right =
        answer !== undefined &&
        (model.sparse
          ? (answer.seen ?? 0) > 0 === num_observations > 0
          : same(read.reading, answer));
      if (!right) differs(model, read, answer);
    }
    if (before.size === 0) fail(`${model.id} could not be compared`);
  }
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
