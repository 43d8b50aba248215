/**
 * Models and rules of the content as DuckDB runs them, from built events to triggers with reasons: all
 * mail at once, each mail against all before it, or as a daily batch that asks all history anew each
 * day. sql-log.ts says what the log is kept as, sql-models.ts what models answer, sql-rules.ts how
 * rules fire.
 *
 * In DuckDB's favour: whole table in memory, loading not timed, texts shown in reasons as they are, no
 * quantiles, no bounds, no risk of sessions, no readings as evidence; sessions are known to end at
 * night. It has one thread, as the engine has.
 *
 * Of two ways the faster one stands here, by CPU time over 200 000 mails: integers against ENUM types (equal,
 * but a daily batch plans ENUM types for longer than it runs) and against windows over texts (twice
 * as slow); windows against running sums over sorted rows (equal) and against aggregates joined back
 * (faster where a rule wants few scopes); an anti join against ranking all values of a mail.
 */
import {
  BIGINT,
  BOOLEAN,
  DOUBLE,
  type DuckDBConnection,
  DuckDBDataChunk,
  DuckDBInstance,
  type DuckDBType,
  type DuckDBValue,
  INTEGER,
  LIST,
  listValue,
  VARCHAR,
} from '@duckdb/node-api';
import type { ContentPack } from '#content';
import { defaultOptions, type FieldValue } from '#engine';
import { type CheckedModel, type CheckedRule, Checker } from '../../../engine/check.js';
import { collect, type ExpressionType } from '../../../engine/expression/index.js';
import { buildTables, type Tables } from '../../../engine/tables.js';
import { cpuSeconds } from '../measure.js';
import type { World } from '../world.js';
import { macros, mailTypes, memberTable, named } from './sql-expression.js';
import { SqlLog, type Step } from './sql-log.js';
import { type SqlModel, SqlModels, type sumColumns } from './sql-models.js';
import { fieldsOf, type RulesOutcome, sqlRules } from './sql-rules.js';

/** A trigger as both sides are compared by. */
export interface Fired {
  readonly mail: number;
  readonly rule: string;
  readonly value: string | undefined;
  readonly reason: string;
}

export type Sums = Readonly<Record<(typeof sumColumns)[number], number>>;

/** CPU seconds of one run by step: tables, models, and rules that have none. */
export type Spent = Map<string, number>;

export const totalOf = (spent: Spent): number =>
  [...spent.values()].reduce((sum, seconds) => sum + seconds, 0);

/** DuckDB's types of the fields of events. */
const columnTypes: Partial<Readonly<Record<ExpressionType | 'time', DuckDBType>>> = {
  text: VARCHAR,
  texts: LIST(VARCHAR),
  number: DOUBLE,
  time: DOUBLE,
  flag: BOOLEAN,
};
/** Rows that DuckDB takes at once. */
const CHUNK = 2048;

interface Column {
  readonly name: string;
  readonly type: DuckDBType;
}

/**
 * Makes a table and fills it. Chunk by chunk: lists that are appended one by one stay in memory for good.
 */
async function fillTable(
  connection: DuckDBConnection,
  table: string,
  columns: readonly Column[],
  rows: Iterable<readonly DuckDBValue[]>,
): Promise<void> {
  const types = columns.map(({ type }) => type);
  const defined = columns.map(({ name, type }) => `${named(name)} ${type}`);
  await connection.run(`create table ${table}(${defined.join(', ')})`);
  const appender = await connection.createAppender(table);
  let waiting: (readonly DuckDBValue[])[] = [];
  const flush = (): void => {
    const chunk = DuckDBDataChunk.create(types, waiting.length);
    for (const at of columns.keys())
      chunk.setColumnValues(
        at,
        waiting.map((row) => row[at] as DuckDBValue),
      );
    appender.appendDataChunk(chunk);
    waiting = [];
  };
  for (const row of rows) {
    waiting.push(row);
    if (waiting.length === CHUNK) flush();
  }
  if (waiting.length > 0) flush();
  appender.closeSync();
}

const sqlValue = (value: FieldValue | undefined): DuckDBValue => {
  if (value === undefined) return null;
  return Array.isArray(value) ? listValue([...value]) : (value as string | number | boolean);
};

/** Checked rules and models that have to do with mail. */
interface MailContent {
  readonly rules: readonly CheckedRule[];
  readonly models: readonly CheckedModel[];
}

function mailContent(pack: ContentPack, tables: Tables): MailContent {
  const checker = new Checker(pack, tables.ids);
  const isMail = (type: string): boolean => mailTypes.some((one) => one === type);
  const models = new Map(pack.models.map((entry) => [entry.id, checker.model(entry)]));
  return {
    rules: pack.rules
      .filter(({ enabled, events }) => enabled !== false && events.some(isMail))
      .flatMap((entry) => checker.rule(entry, models) ?? []),
    models: [...models.values()].filter((model) => model?.types.some(isMail)) as CheckedModel[],
  };
}

export class SqlReference {
  readonly models: readonly SqlModel[];
  readonly rules: RulesOutcome;
  private readonly connection: DuckDBConnection;
  private readonly instance: DuckDBInstance;
  private readonly log: SqlLog;
  private readonly content: MailContent;
  private readonly tables: Tables;

  private constructor(
    instance: DuckDBInstance,
    connection: DuckDBConnection,
    pack: ContentPack,
    world: World,
  ) {
    this.instance = instance;
    this.connection = connection;
    this.log = new SqlLog(defaultOptions.sessionIdle);
    this.tables = buildTables(pack.tables, world.directory);
    this.content = mailContent(pack, this.tables);
    const { log, tables } = this;
    const { rules, models } = this.content;
    this.models = new SqlModels(log, fieldsOf(tables), world.options.days).of(models);
    this.rules = sqlRules({ rules, models: this.models, log, tables });
  }

  /** Loads the world's events and the context tables. */
  static async load(pack: ContentPack, world: World): Promise<SqlReference> {
    const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
    const connection = await instance.connect();
    const reference = new SqlReference(instance, connection, pack, world);
    await reference.fill(pack, world);
    return reference;
  }

  /** How many rules fire in SQL. */
  get firing(): number {
    return this.rules.known.reduce((sum, { rules }) => sum + rules.length, 0);
  }

  private async fill(pack: ContentPack, world: World): Promise<void> {
    const { connection } = this;
    const trees = [
      ...this.content.rules.flatMap(({ when, reason, binding }) => [
        when.tree,
        ...reason.flatMap((part) => (part.part === 'value' ? [part.tree] : [])),
        ...(binding ? [binding.tree] : []),
      ]),
      ...this.content.models.flatMap(({ scope, feature, trainIf }) => [
        scope.tree,
        feature.tree,
        ...(trainIf ? [trainIf.tree] : []),
      ]),
    ];
    const names = collect(...trees);
    const fields = [...names.fields];
    const columns = fields.map((field): Column => {
      const known = pack.fields[field]?.type;
      const type = known === undefined ? undefined : columnTypes[known];
      if (type === undefined) throw new Error(`no column for the field ${field}`);
      return { name: field, type };
    });
    for (const macro of macros) await connection.run(macro);
    const types = Object.keys(pack.eventTypes);
    function* mails(): Generator<DuckDBValue[]> {
      for (const events of world.events(pack))
        for (const { lines, type, time, fields: own } of events)
          yield [
            lines[0] ?? -1,
            types[type] ?? '',
            BigInt(time),
            ...fields.map((field) => sqlValue(own[field])),
          ];
    }
    await fillTable(
      connection,
      'mails',
      [
        { name: 'mail', type: INTEGER },
        { name: 'type', type: VARCHAR },
        { name: 'time', type: BIGINT },
        ...columns,
      ],
      mails(),
    );
    for (const table of names.tables)
      await fillTable(
        connection,
        memberTable(table),
        [{ name: 'member', type: VARCHAR }],
        this.tables.members(table).map((member) => [member]),
      );
  }

  /** Fires all rules, each mail against all mails before it; the triggers are in the table `triggers`. */
  async exact(): Promise<Spent> {
    const spent: Spent = new Map();
    await this.begin();
    for (const step of this.steps()) await this.make(spent, step);
    for (const { id, statement } of this.rules.known) await this.timed(spent, id, statement());
    return spent;
  }

  /** Answers all models, from the encoded log, and fires nothing. The log is not timed. */
  async alone(): Promise<Spent> {
    const spent: Spent = new Map();
    await this.begin();
    for (const step of this.log.steps()) await this.make(new Map(), step);
    for (const step of this.modelSteps()) await this.make(spent, step);
    for (const { id, sums, rows } of this.models)
      if (sums === undefined)
        await this.timed(spent, id, `create or replace temp table answers as ${rows()}`);
    return spent;
  }

  /**
   * Fires the rules day after day, each day by all history before it. The log is kept and the day's
   * mail added to it; all else is made anew.
   */
  async daily(): Promise<Spent> {
    const spent: Spent = new Map();
    await this.begin();
    const days = await this.connection.runAndReadAll(
      'select distinct time // 86400000 as day from mails order by day',
    );
    for (const [at, [first]] of days.getRows().entries()) {
      const day = Number(first);
      for (const step of this.steps()) await this.make(spent, step, day, at === 0);
      for (const { id, statement } of this.rules.known) await this.timed(spent, id, statement(day));
    }
    return spent;
  }

  /** Sums of a numerical model for the mails it is asked about. */
  async sumsOf({ sums }: SqlModel): Promise<Map<number, Sums>> {
    const reader = await this.connection.runAndReadAll(`from ${sums}`);
    return new Map(
      reader
        .getRowObjects()
        .map(({ mail, n, total, logs, products }) => [
          Number(mail),
          { n: Number(n), total: Number(total), logs: Number(logs), products: Number(products) },
        ]),
    );
  }

  /** Brings the engine's triggers in, to be compared with. */
  async expect(triggers: Iterable<Fired>): Promise<void> {
    const columns = (['mail', 'rule', 'value', 'reason'] as const).map((name) => {
      return { name, type: name === 'mail' ? INTEGER : VARCHAR };
    });
    function* rows(): Generator<DuckDBValue[]> {
      for (const { mail, rule, value, reason } of triggers)
        yield [mail, rule, value ?? null, reason];
    }
    await fillTable(this.connection, 'expected', columns, rows());
  }

  /**
   * Compares triggers with what was expected, in all parts.
   *
   * @param where condition of the triggers that are compared
   * @param differs told of the first that only one side has
   * @returns how many were compared
   */
  async differences(where: string, differs: (what: string) => void): Promise<number> {
    const only = (side: string, other: string): string =>
      `select '${side}' as side, * from (from ${side} where ${where} except all from ${other} where ${where})`;
    const first = await this.connection.runAndReadAll(
      `${only('triggers', 'expected')} union all ${only('expected', 'triggers')} order by mail limit 1`,
    );
    const [row] = first.getRowObjectsJson();
    if (row !== undefined) differs(`only among ${row['side']}: ${JSON.stringify(row)}`);
    const count = await this.connection.runAndReadAll(
      `select count(*) from expected where ${where}`,
    );
    return Number(count.getRows()[0]?.[0]);
  }

  close(): void {
    this.connection.closeSync();
    this.instance.closeSync();
  }

  private modelSteps(): Step[] {
    const needs = this.models.flatMap((model) => model.needs);
    return [...new Map(needs.map((step) => [step.table, step])).values()];
  }

  private steps(): Step[] {
    return [...this.log.steps(), ...this.modelSteps()];
  }

  /** Empties everything. */
  private async begin(): Promise<void> {
    for (const { table } of this.steps())
      await this.connection.run(`drop table if exists ${table}`);
    await this.connection.run(
      'create or replace temp table triggers(mail integer, rule varchar, value varchar, reason varchar)',
    );
  }

  /** Makes a table, or in a batch adds the day's rows to one that is kept. */
  private async make(spent: Spent, { table, kept, query }: Step, day?: number, isFirst = true) {
    const create = `create or replace temp table ${table} as`;
    const grows = kept && day !== undefined;
    // What is new is found by what is there, so an empty table must be.
    if (grows && isFirst) await this.connection.run(`${create} ${query()} limit 0`);
    await this.timed(spent, table, `${grows ? `insert into ${table}` : create} ${query(day)}`);
  }

  private async timed(spent: Spent, name: string, query: string): Promise<void> {
    const before = cpuSeconds();
    try {
      await this.connection.run(query);
    } catch (error) {
      throw new Error(`${name}: ${query}`, { cause: error });
    }
    spent.set(name, (spent.get(name) ?? 0) + cpuSeconds() - before);
  }
}
