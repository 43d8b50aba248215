import type { ContentPack } from '#content';
import { createEngine, type Engine, type LogLine, type Program } from '#engine';
import {
  background,
  type ColumnBatch,
  columns as columnsOf,
  createOrganisation,
  createWriter,
  type Tagged,
  timeline,
} from '#generators';
import { ColumnReader } from '../../../harness/columns.js';
import { directoryOf } from '../../../harness/stages/1-plan.js';
import type { Figure } from '../figure.js';
import { medianSeconds, warmed } from '../measure.js';
import { programOf } from '../pack.js';
import { fullSink } from '../passes.js';

const START = Date.UTC(2024, 0, 1);
const BATCH = 4096;

/** The way of typed columns against the way of text, over the same activities to the same events. */
export async function columns(
  pack: ContentPack,
  options: { readonly people: number; readonly days: number },
): Promise<Figure[]> {
  const { people, days } = options;
  const organisation = createOrganisation({ seed: 1, people, days, start: START });
  const directory = directoryOf(organisation, START);
  const program = programOf([pack], directory);
  const silent = programOf([{ ...pack, rules: [], models: [] }], directory);

  function* tagged(): Generator<Tagged> {
    for (const activity of background(organisation, { start: START, days }))
      yield { activity, tag: 0 };
  }
  function* lineBatches(): Generator<LogLine[]> {
    const writer = createWriter(organisation, { mail: 'v1-json', seed: 1 });
    let id = 0;
    let batch: LogLine[] = [];
    for (const { text } of timeline([tagged()], writer)) {
      batch.push({ id: ++id, text });
      if (batch.length < BATCH) continue;
      yield batch;
      batch = [];
    }
    yield batch;
  }
  const columnBatches = (): Generator<ColumnBatch> =>
    columnsOf(organisation, [tagged()], { mail: 'v1-json', seed: 1, rows: BATCH });

  const lines = [...lineBatches()];
  const batches = [...columnBatches()];
  const count = batches.reduce((sum, { log }) => sum + log.length, 0);
  if (count !== lines.reduce((sum, { length }) => sum + length, 0))
    throw new Error('there are not as many rows as lines');

  const seen = { triggers: 0, sessions: 0 };
  let sink = 0;
  const through = (run: Program, feed: (engine: Engine) => void): number => {
    const engine = createEngine(run, fullSink(seen));
    feed(engine);
    engine.finish();
    return Object.values(engine.counters.events).reduce((a, b) => a + b, 0);
  };
  const pushLines = (source: Iterable<LogLine[]>) => (engine: Engine) => {
    for (const batch of source) engine.push(batch);
  };
  const pushColumns = (source: Iterable<ColumnBatch>) => (engine: Engine) => {
    const reader = new ColumnReader();
    for (const batch of source) engine.pushRecords(reader.records(batch));
  };
  if (through(silent, pushLines(lines)) !== through(silent, pushColumns(batches)))
    throw new Error('columns give other events than lines');

  const [activities, toLines, toColumns, read, linesIn, columnsIn, textWay, columnWay] =
    await medianSeconds([
      warmed(() => {
        for (const { activity } of tagged()) sink += activity.time;
      }),
      warmed(() => {
        for (const batch of lineBatches()) for (const { text } of batch) sink += text.length;
      }),
      warmed(() => {
        for (const { written } of columnBatches()) sink += written.length;
      }),
      warmed(() => {
        const reader = new ColumnReader();
        for (const batch of batches) sink += reader.records(batch).length;
      }),
      warmed(() => {
        through(silent, pushLines(lines));
      }),
      warmed(() => {
        through(silent, pushColumns(batches));
      }),
      warmed(() => {
        through(program, pushLines(lineBatches()));
      }),
      warmed(() => {
        through(program, pushColumns(columnBatches()));
      }),
    ]).then((all) => all as [number, number, number, number, number, number, number, number]);
  if (sink === 0) throw new Error('nothing was made');

  const over = `${count.toLocaleString('en-US')} rows or lines, ${people} people, ${days} days`;
  const ratio = (name: string, value: number): Figure => ({ name, value, unit: '×', over });
  const rate = (name: string, seconds: number): Figure => {
    return { name, value: count / seconds, unit: 'rows/s', over };
  };
  return [
    ratio('generator to columns ÷ generator to wire JSON', toLines / toColumns),
    ratio(
      'the same without what people do, which both need',
      (toLines - activities) / (toColumns - activities),
    ),
    ratio('columns to events ÷ lines to events', linesIn / columnsIn),
    ratio('generator to triggers by columns ÷ by lines', textWay / columnWay),
    rate('generator to activities', activities),
    rate('generator to wire JSON', toLines),
    rate('generator to columns', toColumns),
    rate('columns to records', read),
    rate('lines to events', linesIn),
    rate('columns to events', columnsIn),
    rate('generator to triggers by lines', textWay),
    rate('generator to triggers by columns', columnWay),
  ];
}
