import type { ContentPack } from '#content';
import type { Figure } from '../figure.js';
import { medianSeconds, warmed } from '../measure.js';
import { probing, programOf } from '../pack.js';
import { createLoop, loopPass, otherPass, recordPass } from '../passes.js';
import { type Answer, SqlReference } from '../references/duckdb.js';
import { NaiveEngine } from '../references/naive.js';
import { World } from '../world.js';

const DAYS = 60;
const TYPE = 'dlp-email-alert-out';
const PER_USER = 100;
/** Mails that are compared one by one, from the end of the history. */
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

/** Stages 4 to 7 with everything on, against SQL that only answers nine of the models. */
export async function againstDuckDb(pack: ContentPack, events: number): Promise<Figure[]> {
  const world = worldOf(events);
  const sql = await SqlReference.load(pack, world);
  await compareExact(pack, world, sql);
  const program = programOf([pack], world.directory);
  let triggers = 0;
  const [loop = 0, records = 0, exact = 0] = await medianSeconds(
    [
      warmed(() => {
        const pass = loopPass(pack, program, world);
        triggers = pass.triggers;
        return pass.seconds;
      }),
      warmed(() => recordPass(program, world)),
      () => sql.exact(),
    ],
    { warm: false },
  );
  sql.close();
  const over = `${overOf(world)}; SQL answers ${sql.models.length} models, engine ${program.models.length} and ${program.rules.length} rules, ${(triggers / events).toFixed(1)} triggers a mail`;
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
    [warmed(() => loopPass(pack, program, world).seconds), () => sql.daily()],
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
      over: `${overOf(world)} (goal is for 5,000,000)`,
    },
  ];
}

/** What the engine reads for the first value of a mail, by model and then by mail. */
function engineReadings(
  pack: ContentPack,
  world: World,
  models: readonly string[],
): { of: Map<string, Map<number, Answer>>; firstOfDay: Map<string, number[]> } {
  const program = programOf([probing(pack, models, TYPE)], world.directory);
  const of = new Map(models.map((model) => [model, new Map<number, Answer>()]));
  const loop = createLoop(program, {
    trigger: ({ reading, event }) => {
      if (reading === undefined) return;
      const { n, num_bins, num_observations } = reading;
      of.get(reading.model)?.set(event.lines[0] ?? -1, {
        seen: num_observations,
        n,
        bins: num_bins,
      });
    },
  });
  const firstOfDay = new Map<string, number[]>();
  const last = new Map<string, number>();
  for (const events of world.events(pack)) {
    for (const event of events) {
      loop.add(event);
      const day = Math.floor(event.time / 86_400_000);
      for (const who of [String(event.fields['user']), 'org']) {
        if (last.get(who) === day) continue;
        last.set(who, day);
        const mails = firstOfDay.get(who === 'org' ? 'org' : 'user') ?? [];
        firstOfDay.set(who === 'org' ? 'org' : 'user', mails);
        mails.push(event.lines[0] ?? -1);
      }
    }
  }
  loop.flush();
  return { of, firstOfDay };
}

const same = (a: Answer | undefined, b: Answer | undefined): boolean =>
  a?.seen === b?.seen && a?.n === b?.n && a?.bins === b?.bins;

async function compareExact(pack: ContentPack, world: World, sql: SqlReference): Promise<void> {
  const ids = sql.models.map(({ id }) => id);
  const { of } = engineReadings(pack, world, ids);
  const { events } = world.options;
  for (const model of sql.models) {
    const answers = await sql.answers(model, events - COMPARED, events);
    if (answers.size === 0) fail(`${model.id} has no answers`);
    for (const [mail, answer] of answers) {
      const reading = of.get(model.id)?.get(mail);
      if (!same(reading, answer))
        fail(
          `${model.id}, mail ${mail}: ${JSON.stringify(reading)}, SQL ${JSON.stringify(answer)}`,
        );
    }
  }
}

/** A daily batch is right about the first mail of a day and of a scope, so that is compared. */
async function compareDaily(pack: ContentPack, world: World, sql: SqlReference): Promise<void> {
  const models = sql.models.filter(({ scope }) => scope === 'user' || scope === 'org');
  const { of, firstOfDay } = engineReadings(
    pack,
    world,
    models.map(({ id }) => id),
  );
  const day = Math.floor(Date.UTC(2024, 0, 1) / 86_400_000) + DAYS - 1;
  let compared = 0;
  for (const model of models) {
    const answers = await sql.answersOfDay(model, day);
    for (const mail of firstOfDay.get(model.scope) ?? []) {
      const answer = answers.get(mail);
      if (answer === undefined) continue;
      compared += 1;
      const reading = of.get(model.id)?.get(mail);
      if (!same(reading, answer))
        fail(
          `${model.id}, mail ${mail}: ${JSON.stringify(reading)}, SQL ${JSON.stringify(answer)}`,
        );
    }
  }
  if (compared === 0) fail('nothing could be compared');
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
