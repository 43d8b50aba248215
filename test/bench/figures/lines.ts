import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ContentPack } from '#content';
import { createEngine, type Directory, type LogLine, type Program } from '#engine';
import { background, createOrganisation, createWriter, timeline } from '#generators';
import type { Figure } from '../figure.js';
import { medianSeconds, warmed } from '../measure.js';
import { programOf } from '../pack.js';
import { fullSink } from '../passes.js';
import { fakeLine, type Shape, seedFaker, shapeOf } from '../references/faker.js';
import type { Replayed } from '../replay.js';

const START = Date.UTC(2024, 0, 1);
const BATCH = 256;

export interface LinesOptions {
  readonly people: number;
  readonly days: number;
}

/** A generated organisation's log and whom it knows. */
class Source {
  readonly directory: Directory;
  private readonly organisation: ReturnType<typeof createOrganisation>;
  private readonly options: LinesOptions;

  constructor(options: LinesOptions) {
    this.options = options;
    this.organisation = createOrganisation({ seed: 1, ...options, start: START });
    this.directory = {
      internal_domains: this.organisation.domains,
      people: this.organisation.people.map((person) => ({
        user: person.address,
        aliases: person.aliases,
        personal: person.personal,
        first_name: person.first_name,
        last_name: person.last_name,
        peer_group: person.peer_group,
        executive: person.executive,
        hired: person.hired,
      })),
    };
  }

  *texts(): Generator<string> {
    const { days } = this.options;
    const writer = createWriter(this.organisation, { mail: 'v1-json', seed: 1 });
    const activities = background(this.organisation, { start: START, days });
    function* tagged() {
      for (const activity of activities) yield { activity, tag: 0 };
    }
    for (const { text } of timeline([tagged()], writer)) yield text;
  }
}

/** CPU seconds from a file to triggers, and of JSON.parse over its lines, in a process of their own. */
async function replayed(texts: readonly string[], directory: Directory): Promise<Replayed> {
  const folder = await mkdtemp(join(tmpdir(), 'leakdrill-bench-'));
  try {
    const file = join(folder, 'log.json');
    const people = join(folder, 'directory.json');
    await writeFile(file, `${texts.join('\n')}\n`);
    await writeFile(people, JSON.stringify(directory));
    const script = new URL('../replay.js', import.meta.url).pathname;
    const { stdout } = await promisify(execFile)(process.execPath, [
      ...process.execArgv,
      script,
      file,
      people,
    ]);
    return JSON.parse(stdout) as Replayed;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Everything between a generated log and triggers, against JSON.parse and against faker. */
export async function lines(pack: ContentPack, options: LinesOptions): Promise<Figure[]> {
  const source = new Source(options);
  const all: LogLine[] = [...source.texts()].map((text, id) => ({ id, text }));
  const batches: LogLine[][] = [];
  for (let at = 0; at < all.length; at += BATCH) batches.push(all.slice(at, at + BATCH));
  const program = programOf([pack], source.directory);
  const silent = programOf([{ ...pack, rules: [], models: [] }], source.directory);
  const replay = await replayed(
    all.map(({ text }) => text),
    source.directory,
  );

  let sink = 0;
  const engineOver = (run: Program) =>
    warmed(() => {
      const engine = createEngine(run, fullSink({ triggers: 0, sessions: 0 }));
      for (const batch of batches) engine.push(batch);
      engine.finish();
    });
  // Faker is slow, so it makes a share of the lines, evenly taken.
  const step = Math.max(1, Math.floor(all.length / 20_000));
  const shapes: Shape[] = all.filter((_, at) => at % step === 0).map(({ text }) => shapeOf(text));
  seedFaker();
  const contenders = [
    warmed(() => {
      for (const { text } of all) sink += Object.keys(JSON.parse(text) as object).length;
    }),
    engineOver(program),
    engineOver(silent),
    warmed(() => {
      for (const text of source.texts()) sink += text.length;
    }),
    warmed(() => {
      for (const shape of shapes) sink += fakeLine(shape).length;
    }),
  ];
  const [json = 0, engine = 0, parse = 0, generation = 0, fake = 0] =
    await medianSeconds(contenders);
  if (sink === 0) throw new Error('no lines were made');

  const over = `${all.length.toLocaleString('en-US')} lines, ${options.people} people, ${options.days} days`;
  const rate = (name: string, seconds: number, count = all.length): Figure => {
    return { name, value: count / seconds, unit: 'lines/s', over };
  };
  return [
    {
      name: 'JSON file to triggers ÷ JSON.parse',
      value: replay.json / replay.whole,
      unit: '×',
      must: 0.25,
      aim: 0.5,
      over,
    },
    {
      name: 'generator to wire JSON ÷ faker + JSON.stringify',
      value: fake / shapes.length / (generation / all.length),
      unit: '×',
      must: 7,
      aim: 16,
      over,
    },
    {
      name: 'generator + engine ÷ engine',
      value: (generation + engine) / engine,
      unit: '×',
      aim: 2,
      lower_is_better: true,
      over,
    },
    { name: 'parse, assemble, enrich ÷ JSON.parse', value: json / parse, unit: '×', over },
    { name: 'generator to wire JSON ÷ JSON.parse', value: json / generation, unit: '×', over },
    rate('JSON.parse', replay.json),
    rate('JSON file to triggers', replay.whole),
    rate('engine, lines in memory', engine),
    rate('engine without rules and models', parse),
    rate('generator to wire JSON', generation),
    rate('faker + JSON.stringify', fake, shapes.length),
  ];
}
