/**
 * What the categorical models over domains, countries and file types answer, as SQL: for each mail,
 * scope and value how often the scope saw the value before (`seen`), how many observations (`n`) and
 * different values (`bins`) it had. Either exactly, each mail against all mails before it, or as a
 * daily batch that asks all history anew each day.
 *
 * In DuckDB's favour: one thread, whole table in memory, every text already an integer, loading not
 * timed, no rules, no ageing (the world is shorter than that), no evidence.
 */
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import type { ContentPack } from '#content';
import { defaultOptions, type Event } from '#engine';
import { cpuSeconds } from '../measure.js';
import type { World } from '../world.js';

const scopes = ['user', 'peer_group', 'org'] as const;
const features = ['external_domains', 'countries', 'file_extensions'] as const;
type Feature = (typeof features)[number];

/** A model that SQL answers: its id in the content, and where its numbers come from. */
interface SqlModel {
  readonly id: string;
  readonly feature: Feature;
  readonly scope: (typeof scopes)[number];
  /** A value counts once a session and not once a mail. */
  readonly oncePerSession: boolean;
}

const DAY = 86_400_000;
const TYPE = 'dlp-email-alert-out';

/** Models of the content that SQL can answer exactly. */
export function sqlModels(pack: ContentPack): SqlModel[] {
  return pack.models.flatMap((model): SqlModel[] => {
    const feature = features.find((name) => name === model.feature);
    const scope = scopes.find((name) => name === model.scope);
    const once = model.train_if === 'count(value) == 1';
    const always = model.train_if === 'size(external_recipients) > 0';
    if (feature === undefined || scope === undefined || !(once || always)) return [];
    if (model.trains_on.length !== 1 || model.trains_on[0] !== TYPE) return [];
    return [{ id: model.id, feature, scope, oncePerSession: once }];
  });
}

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

export interface Answer {
  readonly seen: number;
  readonly n: number;
  readonly bins: number;
}

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

  /** Loads the world's events; mail of other types only says where sessions end. */
  static async load(pack: ContentPack, world: World): Promise<SqlReference> {
    const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
    const connection = await instance.connect();
    const reference = new SqlReference(instance, connection, sqlModels(pack));
    await reference.fill(pack, world);
    return reference;
  }

  private async fill(pack: ContentPack, world: World): Promise<void> {
    const { connection } = this;
    await connection.run('create table mails(mail integer, who integer, moment bigint)');
    for (const feature of features) {
      await connection.run(
        `create table ${feature}(mail integer, day integer, user integer, peer_group integer, org integer, value integer, pos integer)`,
      );
    }
    const mails = await connection.createAppender('mails');
    const tables = await Promise.all(features.map((feature) => connection.createAppender(feature)));
    const users = new Codes();
    const groups = new Codes();
    const values = features.map(() => new Codes());
    const type = Object.keys(pack.eventTypes).indexOf(TYPE);
    const append = ({ type: own, time, fields, lines }: Event): void => {
      const [mail = -1] = lines;
      const user = users.of(String(fields['user']));
      mails.appendInteger(mail);
      mails.appendInteger(user);
      mails.appendBigInt(BigInt(time));
      mails.endRow();
      if (own !== type) return;
      for (const [at, feature] of features.entries()) {
        const list = fields[feature];
        if (!Array.isArray(list)) continue;
        const table = tables[at];
        for (const [pos, value] of list.entries()) {
          table?.appendInteger(mail);
          table?.appendInteger(Math.floor(time / DAY));
          table?.appendInteger(user);
          table?.appendInteger(groups.of(String(fields['peer_group'])));
          table?.appendInteger(0);
          table?.appendInteger(values[at]?.of(String(value)) ?? -1);
          table?.appendInteger(pos);
          table?.endRow();
        }
      }
    };
    for (const events of world.events(pack)) for (const event of events) append(event);
    mails.closeSync();
    for (const table of tables) table.closeSync();
  }

  /** CPU seconds of the exact answers of all models. */
  async exact(): Promise<number> {
    const before = cpuSeconds();
    await this.sessions();
    for (const model of this.models) {
      await this.connection.run(
        `create or replace temp table answers as ${this.exactQuery(model)}`,
      );
    }
    return cpuSeconds() - before;
  }

  /**
   * CPU seconds of answering day after day, each day from all history before it. Nothing is kept
   * from one day to the next but the log, so sessions are found anew too.
   */
  async daily(): Promise<number> {
    const days = await this.connection.runAndReadAll(
      `select distinct day from ${features[0]} order by day`,
    );
    const before = cpuSeconds();
    for (const [day] of days.getRows()) {
      await this.sessions(Number(day));
      for (const model of this.models) {
        await this.connection.run(
          `create or replace temp table answers as ${this.dailyQuery(model, Number(day))}`,
        );
      }
    }
    return cpuSeconds() - before;
  }

  /** Exact answers about the first value of some mails: mail → answer. */
  async answers(model: SqlModel, from: number, to: number): Promise<Map<number, Answer>> {
    await this.sessions();
    return this.read(`select * from (${this.exactQuery(model)})
      where pos = 0 and mail >= ${from} and mail < ${to}`);
  }

  /** Answers as of the beginning of a day, about the first value of each mail of that day. */
  async answersOfDay(model: SqlModel, day: number): Promise<Map<number, Answer>> {
    await this.sessions();
    return this.read(`select * from (${this.dailyQuery(model, day)}) where pos = 0`);
  }

  close(): void {
    this.connection.closeSync();
    this.instance.closeSync();
  }

  private async read(query: string): Promise<Map<number, Answer>> {
    const reader = await this.connection.runAndReadAll(
      `select mail, seen, n, bins from (${query})`,
    );
    return new Map(
      reader
        .getRows()
        .map(([mail, seen, n, bins]): [number, Answer] => [
          Number(mail),
          { seen: Number(seen), n: Number(n), bins: Number(bins) },
        ]),
    );
  }

  /** Which rows are observations: all, or the first of each value in a session. `until`: last day. */
  private async sessions(until = 1e6): Promise<void> {
    const { connection } = this;
    await connection.run(`create or replace temp table sessions as
      select mail, sum(begins) over (partition by who order by mail rows unbounded preceding) as session
      from (select mail, who, case when moment - lag(moment) over (partition by who order by mail)
        < ${defaultOptions.sessionIdle} then 0 else 1 end as begins from mails
        where moment < ${(until + 1) * DAY})`);
    for (const feature of features) {
      await connection.run(`create or replace temp table trained_${feature} as
        select f.*, (row_number() over (partition by f.user, s.session, f.value order by f.mail) = 1)::integer as once
        from ${feature} f join sessions s using (mail) where day <= ${until}`);
    }
  }

  private exactQuery({ feature, scope, oncePerSession }: SqlModel): string {
    const trained = oncePerSession ? 'once' : '1';
    // No value comes twice in one mail, so rows of the same scope and value are different mails.
    return `select mail, pos, coalesce(seen, 0) as seen,
        coalesce(sum(trained) over history, 0) as n,
        coalesce(sum(case when trained = 1 and coalesce(seen, 0) = 0 then 1 else 0 end) over history, 0) as bins
      from (select mail, pos, ${scope}, ${trained} as trained,
          sum(${trained}) over (partition by ${scope}, value order by mail
            rows between unbounded preceding and 1 preceding) as seen
        from trained_${feature})
      window history as (partition by ${scope} order by mail
        range between unbounded preceding and 1 preceding)`;
  }

  private dailyQuery({ feature, scope, oncePerSession }: SqlModel, day: number): string {
    const trained = oncePerSession ? 'where once = 1 and' : 'where';
    return `with history as (select ${scope}, value, count(*) as seen
          from trained_${feature} ${trained} day < ${day} group by all),
        totals as (select ${scope}, sum(seen) as n, count(*) as bins from history group by all)
      select mail, pos, coalesce(seen, 0) as seen, coalesce(n, 0) as n, coalesce(bins, 0) as bins
      from trained_${feature} today
        left join history using (${scope}, value) left join totals using (${scope})
      where day = ${day}`;
  }
}
