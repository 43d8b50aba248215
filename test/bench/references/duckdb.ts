/**
 * The models of the content as DuckDB answers them (sql-models.ts). Either exactly, each mail against
 * all mails before it, or as a daily batch that asks all history anew each day.
 *
 * In DuckDB's favour: one thread, whole table in memory, every text already an integer, words and
 * flags already worked out, loading not timed, no rules, no quantiles, no evidence; a model that rules
 * only ask whether it saw a value says nothing else.
 */
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import type { ContentPack } from '#content';
import { defaultOptions, type Event } from '#engine';
import { cpuSeconds } from '../measure.js';
import type { World } from '../world.js';
import { FAILED, lists, OUT, type SqlModel, type Step, sqlModels, tableOf } from './sql-models.js';

const DAY = 86_400_000;

/** Texts as integers. */
class Codes {
  private readonly known = new Map<string, number>();

  of(text: string): number {
    let code = this.known.get(text);
    if (code === undefined) {
      code = this.known.size;
      this.known.set(text, code);
    }
    return code;
  }
}

/** The numbers of a model about the first value of a mail; those it does not have are absent. */
export interface Answer {
  readonly seen?: number;
  readonly n?: number;
  readonly bins?: number;
  /** Sums over the observations x: Σx, Σ ln x, Σ x ln x. */
  readonly total?: number;
  readonly logs?: number;
  readonly products?: number;
}

/** CPU seconds of one run: temporary tables by name and models by id. */
export type Spent = Map<string, number>;

export const totalOf = (spent: Spent): number =>
  [...spent.values()].reduce((sum, seconds) => sum + seconds, 0);

export class SqlReference {
  private readonly connection: DuckDBConnection;
  private readonly instance: DuckDBInstance;
  readonly models: readonly SqlModel[];

  private constructor(
    instance: DuckDBInstance,
    connection: DuckDBConnection,
    models: readonly SqlModel[],
  ) {
    this.instance = instance;
    this.connection = connection;
    this.models = models;
  }

  /** Loads the world's events. */
  static async load(pack: ContentPack, world: World): Promise<SqlReference> {
    const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
    const connection = await instance.connect();
    const { days } = world.options;
    const models = sqlModels(pack, { days, sessionIdle: defaultOptions.sessionIdle });
    const reference = new SqlReference(instance, connection, models);
    await reference.fill(pack, world);
    return reference;
  }

  private async fill(pack: ContentPack, world: World): Promise<void> {
    const { connection } = this;
    await connection.run(`create table mails(mail integer, day integer, moment bigint, user integer,
      peer_group integer, executive boolean, failed boolean, personal boolean, subject integer,
      words integer, bytes double, files double)`);
    const mails = await connection.createAppender('mails');
    const tables = await Promise.all(
      [OUT, FAILED].flatMap((type) =>
        lists.map(async (list) => {
          const name = tableOf(list, type);
          await connection.run(
            `create table ${name}(mail integer, day integer, user integer, peer_group integer, org integer, value integer, pos integer)`,
          );
          return { type, list, appender: await connection.createAppender(name) };
        }),
      ),
    );
    const users = new Codes();
    const groups = new Codes();
    const subjects = new Codes();
    const values = new Map(lists.map((list) => [list, new Codes()]));
    const types = Object.keys(pack.eventTypes);
    const append = ({ type, time, fields, lines }: Event): void => {
      const [mail = -1] = lines;
      const day = Math.floor(time / DAY);
      const user = users.of(String(fields['user']));
      const group = groups.of(String(fields['peer_group']));
      const subject = String(fields['subject_core']);
      const { bytes, attachments } = fields;
      mails.appendInteger(mail);
      mails.appendInteger(day);
      mails.appendBigInt(BigInt(time));
      mails.appendInteger(user);
      mails.appendInteger(group);
      mails.appendBoolean(fields['is_executive'] === true);
      mails.appendBoolean(types[type] === FAILED);
      mails.appendBoolean(fields['to_personal'] === true);
      mails.appendInteger(subjects.of(subject));
      mails.appendInteger(subject.split(' ').length);
      mails.appendDouble(Number(bytes));
      mails.appendDouble(Array.isArray(attachments) ? attachments.length : 0);
      mails.endRow();
      for (const { type: own, list, appender } of tables) {
        const texts = fields[list];
        if (own !== types[type] || !Array.isArray(texts)) continue;
        for (const [pos, value] of texts.entries()) {
          appender.appendInteger(mail);
          appender.appendInteger(day);
          appender.appendInteger(user);
          appender.appendInteger(group);
          appender.appendInteger(0);
          appender.appendInteger(values.get(list)?.of(String(value)) ?? -1);
          appender.appendInteger(pos);
          appender.endRow();
        }
      }
    };
    for (const events of world.events(pack)) for (const event of events) append(event);
    mails.closeSync();
    for (const { appender } of tables) appender.closeSync();
  }

  /** Answers all models exactly. */
  async exact(): Promise<Spent> {
    const spent: Spent = new Map();
    await this.prepare(this.models, spent);
    for (const { id, exact } of this.models) await this.timed(spent, id, 'answers', exact);
    return spent;
  }

  /**
   * Answers day after day, each day from all history before it. Nothing is kept from one day to the
   * next but the log, so sessions are found anew too.
   */
  async daily(): Promise<Spent> {
    const days = await this.connection.runAndReadAll('select distinct day from mails order by day');
    const spent: Spent = new Map();
    for (const [first] of days.getRows()) {
      const day = Number(first);
      await this.prepare(this.models, spent, day);
      for (const model of this.models)
        await this.timed(spent, model.id, 'answers', model.daily(day));
    }
    return spent;
  }

  /** Exact answers about the first value of each mail from some mail on: mail → answer. */
  async answers(model: SqlModel, from: number): Promise<Map<number, Answer>> {
    await this.prepare([model], new Map());
    return this.read(`select * from (${model.exact}) where mail >= ${from}`);
  }

  /** Answers as of the beginning of a day, about the first value of each mail of that day. */
  async answersOfDay(model: SqlModel, day: number): Promise<Map<number, Answer>> {
    await this.prepare([model], new Map(), day);
    return this.read(model.daily(day));
  }

  close(): void {
    this.connection.closeSync();
    this.instance.closeSync();
  }

  /** @throws {Error} values of the same mail differ in what is said of their scope */
  private async read(query: string): Promise<Map<number, Answer>> {
    const reader = await this.connection.runAndReadAll(`${query} order by mail, pos`);
    const first = new Map<number, Answer>();
    for (const { mail, pos, ...numbers } of reader.getRowObjects()) {
      const answer: Answer = Object.fromEntries(
        Object.entries(numbers).map(([name, value]) => [name, Number(value)]),
      );
      if (pos === 0) first.set(Number(mail), answer);
      else if (answer.n !== undefined) {
        const { n, bins } = first.get(Number(mail)) ?? {};
        if (answer.n !== n || answer.bins !== bins)
          throw new Error(`SQL says two things about the scope of mail ${mail}: ${query}`);
      }
    }
    return first;
  }

  /** Makes the temporary tables of models, for exact answers or for those of a day. */
  private async prepare(models: readonly SqlModel[], spent: Spent, day?: number): Promise<void> {
    const steps = new Map<string, Step>();
    for (const { needs } of models) for (const step of needs) steps.set(step.table, step);
    // A table that others are made from is always named before them.
    for (const [table, step] of steps)
      await this.timed(spent, table, table, day === undefined ? step.exact : step.daily(day));
  }

  private async timed(spent: Spent, name: string, table: string, query: string): Promise<void> {
    const before = cpuSeconds();
    await this.connection.run(`create or replace temp table ${table} as ${query}`);
    spent.set(name, (spent.get(name) ?? 0) + cpuSeconds() - before);
  }
}
