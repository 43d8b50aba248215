/**
 * What the models of the content answer, as SQL, for the mail of world.ts: outbound mail that left or
 * failed, in order. A model whose definition is not understood here has no SQL.
 *
 * The queries give what rules can ask of a model, under the names of its variables: observations of the
 * value before this mail, observations and different values of the scope, or the sums that a gamma is
 * fitted to; no quantiles, which are beyond SQL. Ages are in UTC days. A batch asks the mail of all
 * days before its own.
 */
import type { CheckedModel } from '../../../engine/check.js';
import { canonical, type TypedNode } from '../../../engine/expression/index.js';
import {
  allOf,
  conjuncts,
  FAILED,
  isOfFields,
  mailTypes,
  named,
  OUT,
  quoted,
  type SqlHost,
  sqlOf,
} from './sql-expression.js';
import { allLists, listsOfDay, settledLists } from './sql-lists.js';
import { mailOf, rowsOf, type SqlLog, type Step } from './sql-log.js';

export interface Source {
  readonly needs: readonly Step[];
  /** Fields of the mail that the rows carry. */
  readonly fields: readonly string[];
  /** SQL of the variables that they answer. */
  readonly variables: ReadonlyMap<string, string>;
  /** Columns that are texts as integers, with the field whose texts they are. */
  readonly texts: ReadonlyMap<string, string>;
  /** Conditions that hold for all rows, as canonical text; a rule must ask for them too. */
  readonly implied: readonly string[];
  /** A mail has one row at most, and its `pos` is 0. */
  readonly single: boolean;
  /**
   * Fields of mails: of the first mail of a day with the same values of them a batch knows all that the
   * exact rows know. Of all mails where it is undefined.
   */
  readonly batch: readonly string[] | undefined;
  /**
   * Query of the rows: mail, pos (place among the values of the mail), and the columns named above.
   *
   * @param day UTC day whose batch asks; undefined: each mail against all before it
   * @param early condition about n, num_bins and confidence_factor without which no row is wanted
   */
  rows(day?: number, early?: string): string;
}

/** A model that SQL answers. */
export interface SqlModel extends Source {
  readonly id: string;
  readonly percentile: number;
  readonly alpha: number;
  readonly cutOff: number;
  /** Of a numerical model: its table, which has mail and the `sumColumns`. */
  readonly sums: string | undefined;
}

/** The sums of a numerical model with n, by names of columns: Σx, Σ ln x, Σ x ln x. */
export const sumColumns = ['n', 'total', 'logs', 'products'] as const;

const scopes = ['user', 'peer_group', 'org'];
const counted = ['n', 'num_bins', 'num_observations'];
const isSeen = canonical({
  node: 'binary',
  operator: '>',
  type: 'flag',
  range: { start: 0, end: 0 },
  left: { node: 'variable', name: 'num_observations', type: 'number', range: { start: 0, end: 0 } },
  right: { node: 'literal', value: 0, type: 'number', range: { start: 0, end: 0 } },
});

/** The log's columns of people, which are texts as integers. */
export const people: ReadonlyMap<string, string> = new Map([
  ['user', 'user'],
  ['peer_group', 'peer_group'],
]);

const columns = (names: readonly string[]): [string, string][] =>
  names.map((name) => [name, named(name)]);

/** Models of the content that get mail of the world and that SQL can answer exactly. */
export class SqlModels {
  private readonly log: SqlLog;
  private readonly host: SqlHost;
  /** Days that the world has: what ages later does not age. */
  private readonly days: number;
  private carried: { readonly model: CheckedModel; readonly steps: readonly Step[] } | undefined;

  /** @param host finds fields in the mail as loaded */
  constructor(log: SqlLog, host: SqlHost, days: number) {
    this.log = log;
    this.host = host;
    this.days = days;
  }

  /** Those that have SQL. */
  of(models: readonly CheckedModel[]): SqlModel[] {
    this.carried = models.flatMap((model) => this.carriedBy(model) ?? [])[0];
    return models.flatMap((model) => {
      const known =
        this.lists(model) ??
        this.fileNames(model) ??
        this.subjects(model) ??
        this.groups(model) ??
        this.numbers(model) ??
        this.sessionSums(model);
      if (known === undefined) return [];
      const { id, percentile = 0.1, alpha = 1, cut_off: cutOff = 0 } = model.entry;
      return [{ id, percentile, alpha, cutOff, ...known }];
    });
  }

  /** Values of a list, each time or once a session. */
  private lists({ entry, feature, trainIf, agingDays }: CheckedModel): Known | undefined {
    const { tree } = feature;
    const type = mailTypes.find((one) => entry.trains_on.join() === one);
    if (entry.kind !== 'categorical' || tree.node !== 'field' || tree.type !== 'texts')
      return undefined;
    if (!scopes.includes(entry.scope) || type === undefined || agingDays <= this.days)
      return undefined;
    const once = trainIf?.source === 'count(value) == 1';
    const conditions = once || trainIf === undefined ? [] : conjuncts(trainIf.tree);
    if (!conditions.every(isOfFields)) return undefined;
    const where = allOf(conditions.map((part) => sqlOf(part, this.host)));
    const table = this.log.list(tree.name, type, where, once);
    const scope = entry.scope === 'org' ? [] : [named(entry.scope)];
    const host = { ...entry, table, scope, once };
    return {
      sums: undefined,
      needs: [],
      fields: ['user', 'peer_group'],
      variables: new Map([...columns([...counted, 'value']), ['scope', scope[0] ?? quoted('org')]]),
      texts: new Map([...people, ['value', tree.name]]),
      implied: conditions.map(canonical),
      single: false,
      batch: entry.scope === 'org' ? [] : [entry.scope],
      rows: (day, early) => {
        if (day !== undefined) return listsOfDay(host, day);
        return early !== undefined && entry.scope === 'user'
          ? settledLists(host, early)
          : allLists(host);
      },
    };
  }

  /** Who failed to send a file before. */
  private fileNames({ entry, agingDays }: CheckedModel): Known | undefined {
    if (entry.scope !== 'file_names' || entry.feature !== 'user') return undefined;
    if (entry.train_if !== undefined || entry.trains_on.join() !== FAILED) return undefined;
    if (agingDays <= this.days) return undefined;
    const out = this.log.list('file_names', OUT);
    const failed = this.log.list('file_names', FAILED);
    return {
      sums: undefined,
      needs: [],
      fields: ['user'],
      variables: new Map([
        ['num_observations', 'num_observations'],
        ['scope', 'file'],
        ['value', '"user"'],
      ]),
      texts: new Map([...people, ['file', 'file_names']]),
      implied: [isSeen],
      single: false,
      batch: ['user'],
      rows: (day) => `
        select a.mail, a.pos, a."user", a.value as file, count(*)::integer as num_observations
          from (from ${out} where ${rowsOf(day)} union all from ${failed} where ${rowsOf(day)}) a
            join ${failed} f on f."user" = a."user" and f.value = a.value
              and ${day === undefined ? 'f.mail < a.mail' : `f.day < ${day}`} group by all`,
    };
  }

  /** Subjects of executives and, for each mail, whether they used its subject lately. */
  private carriedBy(model: CheckedModel): typeof this.carried {
    const { entry, feature, trainIf, agingDays } = model;
    const { tree } = feature;
    if (entry.scope !== 'org' || tree.node !== 'field' || tree.type !== 'text') return undefined;
    if (!entry.trains_on.includes(OUT) || entry.trains_on.includes(FAILED)) return undefined;
    if (trainIf === undefined || !isOfFields(trainIf.tree)) return undefined;
    const mails = (where: string, day?: number): string =>
      `select mail, (time // 86400000)::integer as day, ${named(tree.name)} as text
        from mails where type = ${quoted(OUT)} and ${mailOf(day)} and ${where}`;
    return {
      model,
      steps: [
        {
          table: 'trained',
          kept: true,
          query: (day) => mails(sqlOf(trainIf.tree, this.host), day),
        },
        {
          table: 'carried',
          kept: true,
          query: (day) => `select m.mail, m.day, m.text
            from (${mails(`${named(tree.name)} in (select text from trained)`, day)}) m
              asof join trained on m.text = trained.text and m.mail > trained.mail
            where m.day - trained.day <= ${agingDays}`,
        },
      ],
    };
  }

  /** Mails under subjects of executives. How often those were used before is not told. */
  private subjects(model: CheckedModel): Known | undefined {
    const { carried } = this;
    if (carried?.model !== model) return undefined;
    const text = named(model.entry.feature);
    return {
      sums: undefined,
      needs: carried.steps,
      fields: [],
      variables: new Map([['value', 'text']]),
      texts: new Map(),
      implied: [isSeen],
      single: true,
      batch: [model.entry.feature],
      rows: (day) =>
        day === undefined
          ? 'select mail, 0 as pos, text from carried'
          : `select mail, 0 as pos, ${text} as text from mails
              where ${mailOf(day)} and type = ${quoted(OUT)} and ${text} in (select text from trained
                where day between ${day - model.agingDays} and ${day - 1})`,
    };
  }

  /** Groups whose members send mail under subjects of executives. */
  private groups({ entry, trainIf }: CheckedModel): Known | undefined {
    const { carried } = this;
    if (carried === undefined || trainIf === undefined || entry.trains_on.join() !== OUT)
      return undefined;
    if (entry.scope !== 'org' || entry.feature !== 'peer_group') return undefined;
    const parts = conjuncts(trainIf.tree);
    const { entry: observed, feature } = carried.model;
    const isAsked = (part: TypedNode): boolean =>
      part.node === 'binary' &&
      part.operator === '>' &&
      part.left.node === 'call' &&
      part.left.function === 'observations' &&
      part.left.args.map(canonical).join() ===
        [JSON.stringify(['=', observed.id]), canonical(feature.tree)].join() &&
      part.right.node === 'literal' &&
      part.right.value === 0;
    if (!parts.some(isAsked)) return undefined;
    const others = parts.filter(isOfFields);
    if (others.length !== parts.length - 1) return undefined;
    const where = allOf(others.map((part) => sqlOf(part, this.host)));
    const trained = `(select c.mail, c.day, l.peer_group from carried c join log l using (mail)
      join (select mail from mails where ${where}) using (mail))`;
    return {
      sums: undefined,
      needs: carried.steps,
      fields: ['peer_group'],
      variables: new Map([...columns(counted), ['value', 'peer_group']]),
      texts: people,
      implied: parts.map(canonical),
      single: true,
      batch: [],
      rows: (day) =>
        day === undefined
          ? `select mail, 0 as pos, peer_group, seen::integer as num_observations,
                (row_number() over (order by mail) - 1)::integer as n,
                (sum((seen = 0)::integer) over (order by mail rows unbounded preceding) - (seen = 0)::integer)::integer as num_bins
              from (select *, row_number() over (partition by peer_group order by mail) - 1 as seen from ${trained})`
          : `with trained as ${trained},
                history as (select peer_group, count(*)::integer as seen from trained where day < ${day} group by all)
              select mail, 0 as pos, peer_group, coalesce(seen, 0) as num_observations,
                coalesce((select sum(seen) from history), 0)::integer as n, (select count(*) from history)::integer as num_bins
              from trained left join history using (peer_group) where day = ${day}`,
    };
  }

  /** A number of each mail that left. */
  private numbers({ entry, feature, trainIf }: CheckedModel): Known | undefined {
    if (entry.kind !== 'numerical' || entry.scope !== 'user' || entry.trains_on.join() !== OUT)
      return undefined;
    const conditions = trainIf === undefined ? [] : conjuncts(trainIf.tree);
    if (![feature.tree, ...conditions].every(isOfFields)) return undefined;
    const where = allOf(conditions.map((part) => sqlOf(part, this.host)));
    const column = this.log.number([OUT], sqlOf(feature.tree, this.host), where);
    const mailed = (when: string): string =>
      `(select mail, "user", ${column} as x from log where ${column} is not null and ${when})`;
    return summed(entry.id, [], (day) =>
      day === undefined
        ? `select mail, 0 as pos, ${sums('over history')} from ${mailed('true')}
            window history as (partition by "user" order by mail
              rows between unbounded preceding and 1 preceding)`
        : `select mail, 0 as pos, ${sumsOr0} from ${mailed(`day = ${day}`)}
            left join (select "user", ${sums('')} from ${mailed(`day < ${day}`)} group by "user") using ("user")`,
    );
  }

  /** Sums of sessions, such as bytes to own mailboxes; asked where there are more. */
  private sessionSums({ entry, feature, types, atSessionEnd }: CheckedModel): Known | undefined {
    const { tree } = feature;
    if (!atSessionEnd || entry.kind !== 'numerical' || entry.scope !== 'user') return undefined;
    if (entry.train_if !== 'value > 0' || types.join() !== OUT) return undefined;
    if (tree.node !== 'call' || tree.function !== 'sum_if' || !tree.args.every(isOfFields))
      return undefined;
    const [x = '', where = ''] = tree.args.map((arg) => sqlOf(arg, this.host));
    const column = this.log.number([OUT], x, where);
    const mailed = (when: string): string =>
      `(select mail, "user", session, ${column} as x from log where ${column} is not null and ${when})`;
    const session = (when: string): string =>
      `(select "user", session, sum(x) as x from ${mailed(when)} group by all having sum(x) > 0)`;
    return summed(entry.id, ['n'], (day) =>
      day === undefined
        ? `select mail, 0 as pos, n, total, logs, products
          from ${mailed('true')} join (
            select "user", session, ${sums('over history')} from ${session('true')}
            window history as (partition by "user" order by session
              rows between unbounded preceding and 1 preceding)) using ("user", session)`
        : `select mail, 0 as pos, ${sumsOr0} from ${mailed(`day = ${day}`)}
            left join (select "user", ${sums('')} from ${session(`day < ${day}`)} group by "user") using ("user")`,
    );
  }
}

type Known = Source & Pick<SqlModel, 'sums'>;

/** A numerical model, whose table is made whether or not a rule reads it. */
function summed(id: string, variables: readonly string[], query: (day?: number) => string): Known {
  const table = named(`sums ${id}`);
  return {
    sums: table,
    needs: [{ table, kept: false, query }],
    fields: [],
    variables: new Map(columns(variables)),
    texts: new Map(),
    implied: [],
    single: true,
    batch: ['user'],
    rows: () => `from ${table}`,
  };
}

const sums = (over: string): string => `count(*) ${over} as n,
  coalesce(sum(x) ${over}, 0) as total, coalesce(sum(ln(x)) ${over}, 0) as logs,
  coalesce(sum(x * ln(x)) ${over}, 0) as products`;

const sumsOr0 = sumColumns.map((name) => `coalesce(${name}, 0) as ${name}`).join(', ');
