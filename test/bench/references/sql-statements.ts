/** Rules in SQL put together to statements that add their triggers to the table `triggers`. */
import { named, quoted } from './sql-expression.js';
import { textsOf } from './sql-log.js';
import type { Source } from './sql-models.js';

/** A rule in SQL, over the rows of its source and what is joined to them by mail. */
export interface Fires {
  readonly id: string;
  readonly source: Source;
  /** Fields of the mail that the source does not carry. */
  readonly fields: readonly string[];
  /** What else is joined. */
  joins(day?: number): readonly string[];
  readonly when: string;
  /** The part of `when` about what a model knows of the scope. */
  readonly early: string | undefined;
  readonly once: 'event' | 'session' | 'value';
  readonly value: string;
  readonly reason: string;
  /** Columns of texts that value and reason show. */
  readonly shown: readonly string[];
}

/** One statement for rules of the same source, which is read once. */
export function statementOf(rules: readonly Fires[], day?: number): string {
  const [first] = rules;
  if (first === undefined) throw new Error('no rules');
  const earlies = rules.flatMap(({ early }) => early ?? []);
  const early = earlies.length === rules.length ? anyOf(earlies) : undefined;
  const fields = [...new Set(rules.flatMap((rule) => rule.fields))].map(named).join(', ');
  const joins = [
    ...new Set(rules.flatMap((rule) => rule.joins(day))),
    ...(fields === '' ? [] : [`(select mail, ${fields} from mails)`]),
  ];
  const rows = first.source.rows(day, early);
  const from = `(${rows}) ${joins.map((join) => `join ${join} using (mail)`).join(' ')}`;
  const flags = rules.map(({ when }, at) => `, ${when} as fires_${at}`).join('');
  const walk = rules.length === 1 && first.once === 'value' ? `, ${walkOf}` : '';
  const fired = rules.flatMap(({ id, once, value, reason, shown }, at) => {
    const texts = shown.map((column) => {
      const field = first.source.texts.get(column) ?? column;
      return `join ${textsOf(field)} of_${column} on of_${column}.id = one.${named(column)}`;
    });
    return firstOf(`fires_${at}`, once, first.source.single).map(
      (firing) => `
      select mail, ${quoted(id)} as rule, (${value})::varchar as value, ${reason} as reason
      from (${firing}) one ${texts.join(' ')}`,
    );
  });
  return `insert into triggers with recursive candidates as materialized (
      select *${flags} from ${from} where ${anyOf(rules.map(({ when }) => when))})${walk}
    ${fired.join(' union all ')}`;
}

const anyOf = (conditions: readonly string[]): string =>
  conditions.map((one) => `(${one})`).join(' or ');

/** The candidates on which a rule fires of those that satisfy it, in parts without common rows. */
function firstOf(fires: string, once: Fires['once'], single: boolean): string[] {
  const rows = `from candidates where ${fires}`;
  if (once === 'value') return [`from candidates join picks using (mail, value)`];
  if (once === 'session')
    return [`${rows} qualify row_number() over (partition by session order by mail, pos) = 1`];
  if (single) return [rows];
  // Most mails have one value, so it is cheaper to look after the others than to rank all.
  const later = `select one.* from (${rows} and pos > 0) one`;
  return [
    `${rows} and pos = 0`,
    `${later} anti join (${rows}) other on other.mail = one.mail and other.pos < one.pos`,
  ];
}

/**
 * Values on which a rule fires that fires once for each value of a session: mail by mail the first that
 * is not spent, which depends on the mails before.
 */
const walkOf = `
    offers as materialized (
      select session, mail, list(value) as offered,
        row_number() over (partition by session order by mail) as turn
      from (from candidates order by mail, pos) group by session, mail),
    walk as (
      select session, turn, mail, offered[1] as value, [offered[1]] as spent from offers where turn = 1
      union all
      select session, turn, mail, value, case when value is null then spent else list_append(spent, value) end
      from (select o.session, o.turn, o.mail, spent,
          list_filter(offered, lambda one: not list_contains(spent, one))[1] as value
        from walk w join offers o on o.session = w.session and o.turn = w.turn + 1)),
    picks as (select mail, value from walk where value is not null)`;
