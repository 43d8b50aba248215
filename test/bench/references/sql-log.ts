/**
 * The log as SQL keeps it: mail as loaded, with the texts and lists of the built events, and what all
 * queries read, made from it: texts as integers, sessions, and lists unnested once.
 *
 * Mail of world.ts has a user each and rises in time; sessions end at night, so a day's mail can be
 * brought in without that of days before.
 */
import { allOf, FAILED, type MailType, named, OUT, quoted } from './sql-expression.js';

const DAY_LENGTH = 86_400_000;

/** A table that queries read. */
export interface Step {
  readonly table: string;
  /** A batch brings in each day what is new; the others are made anew. */
  readonly kept: boolean;
  /** @param day UTC day since 1970 whose batch runs; undefined: all mail at once */
  query(day?: number): string;
}

/** Mail of a day, or all. */
export const mailOf = (day?: number): string =>
  day === undefined ? 'true' : `(time >= ${day * DAY_LENGTH} and time < ${(day + 1) * DAY_LENGTH})`;

/** Rows of a day in the tables made from mail, or all. */
export const rowsOf = (day?: number): string => (day === undefined ? 'true' : `day = ${day}`);

export const typesOf = (types: readonly string[]): string =>
  `type in (${types.map(quoted).join(', ')})`;

/** Mail of some types in the log. */
export const loggedOf = (types: readonly string[]): string =>
  allOf([
    ...(types.includes(OUT) ? [] : ['failed']),
    ...(types.includes(FAILED) ? [] : ['not failed']),
  ]);

/** Table of the texts of a field, as `id` and `text`. */
export const textsOf = (field: string): string => `texts_${field}`;

interface List {
  readonly table: string;
  readonly field: string;
  readonly type: MailType;
  /** Condition of the mails whose lists are unnested. */
  readonly where: string;
  once: boolean;
}

export class SqlLog {
  /** Milliseconds without mail after which a session ends. */
  private readonly sessionIdle: number;
  private readonly lists: List[] = [];
  /** SQL of the numbers that the log has a column for. */
  private readonly numbers: string[] = [];

  constructor(sessionIdle: number) {
    this.sessionIdle = sessionIdle;
  }

  /**
   * Table of a list's values: mail, pos, value, day, user, peer_group, session; with `once` also
   * whether (1 or 0) the value is the first of its kind in the session.
   */
  list(field: string, type: MailType, where = 'true', once = false): string {
    let list = this.known(field, type, where);
    if (list === undefined) {
      const table = `list_${field}_${type === OUT ? 'out' : 'failed'}_${this.lists.length}`;
      list = { table, field, type, where, once };
      this.lists.push(list);
    }
    list.once ||= once;
    return list.table;
  }

  /** Column of the log with a number of the mails of some types for which a condition holds, else NULL. */
  number(types: readonly string[], x: string, where: string): string {
    const sql = `case when ${typesOf(types)} and ${where} then ${x} end`;
    if (!this.numbers.includes(sql)) this.numbers.push(sql);
    return `number_${this.numbers.indexOf(sql)}`;
  }

  /** The table, if another has asked for it. */
  known(field: string, type: MailType, where: string): List | undefined {
    return this.lists.find(
      (one) => one.field === field && one.type === type && one.where === where,
    );
  }

  steps(): Step[] {
    const fields = new Map([
      ...['user', 'peer_group'].map((field): [string, string] => [field, named(field)]),
      ...this.lists.map(({ field }): [string, string] => [field, `unnest(${named(field)})`]),
    ]);
    const kept = (table: string, query: Step['query']): Step => ({ table, kept: true, query });
    return [
      ...[...fields].map(([field, texts]) =>
        kept(textsOf(field), (day) => textsQuery(field, texts, day)),
      ),
      kept('log', (day) => this.logQuery(day)),
      ...this.lists.map((list) => kept(list.table, (day) => listQuery(list, day))),
    ];
  }

  /**
   * mail, time, day, failed, user, peer_group, session, and the numbers. Window functions over everything
   * run while rows stream by, so one sort does for both of them.
   */
  private logQuery(day?: number): string {
    const before = day === undefined ? '' : 'coalesce((select max(session) from log), 0) + ';
    const numbers = this.numbers.map((sql, at) => `, (${sql})::double as number_${at}`).join('');
    return `
      select * exclude (earlier, before), (${before}sum(case when "user" = earlier
          and time - before < ${this.sessionIdle} then 0e0 else 1e0 end) over (rows unbounded preceding))::integer as session
      from (select *, lag("user") over () as earlier, lag(time) over () as before
        from (from (select mail, time, (time // ${DAY_LENGTH})::integer as day, type = ${quoted(FAILED)} as failed,
            u.id as "user", g.id as peer_group${numbers}
          from (from mails where ${mailOf(day)}) m join ${textsOf('user')} u on u.text = m."user"
            left join ${textsOf('peer_group')} g on g.text = m.peer_group)
          order by "user", mail))`;
  }
}

/** Texts that are new, numbered on from those known. */
function textsQuery(field: string, texts: string, day?: number): string {
  const table = textsOf(field);
  const known = day === undefined ? '' : `where text not in (select text from ${table})`;
  const before = day === undefined ? '' : `(select count(*) from ${table}) + `;
  return `select (${before}row_number() over ())::integer as id, text
    from (select distinct ${texts} as text from mails where ${mailOf(day)}) ${known}`;
}

function listQuery({ field, type, where, once }: List, day?: number): string {
  const list = named(field);
  // Most lists have one entry, which a constant list says faster than a range or generate_subscripts.
  const places = `case when len(${list}) = 1 then [0] else range(len(${list})) end`;
  const rows = `
    select mail, pos, t.id as value, day, "user", peer_group, session
    from (select mail, unnest(${list}) as text, unnest(${places})::integer as pos
      from mails where type = ${quoted(type)} and ${list} is not null and ${where} and ${mailOf(day)})
      join ${textsOf(field)} t using (text) join (from log where ${rowsOf(day)}) using (mail)`;
  return once
    ? `select *, case when row_number() over (partition by session, value order by mail) = 1
        then 1e0 else 0e0 end as once from (${rows})`
    : rows;
}
