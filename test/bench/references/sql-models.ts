/**
 * What the models of the content answer, as SQL, for the mail of world.ts: outbound mail that left or
 * failed, in order. A model whose definition is not understood here has no SQL.
 *
 * The queries give what rules can ask of a model: how often a scope saw a value before this mail
 * (`seen`), its observations (`n`), its different values (`bins`), or the sums that a gamma is fitted
 * to; no quantiles, which are beyond SQL. Ages are in UTC days.
 */
import type { ContentPack } from '#content';

type ModelEntry = ContentPack['models'][number];

export const OUT = 'dlp-email-alert-out';
export const FAILED = 'dlp-email-alert-out-failed';
export const scopes = ['user', 'peer_group', 'org'] as const;
export const lists = ['external_domains', 'countries', 'file_extensions', 'file_names'] as const;
export type List = (typeof lists)[number];

/** Table of a list's values in mail that left, or in mail that failed. */
export const tableOf = (list: List, type: string): string =>
  type === OUT ? list : `failed_${list}`;

/** A model that SQL answers. Rows of its queries say mail, pos in the list of values, and numbers. */
export interface SqlModel {
  readonly id: string;
  /** What it is: one of the values of a mail that left, or something else. */
  readonly kind: 'values' | 'other';
  /** Mails that the model is asked about, for an engine whose rules are to ask the same. */
  readonly asked: { readonly events: readonly string[]; readonly when: string };
  /** Only values seen before have rows, all others were never seen; `seen` is their only number. */
  readonly sparse: boolean;
  /** Temporary tables that it needs, in order; those of models alike are made once. */
  readonly needs: readonly Step[];
  /** Each mail against all mails before it. */
  readonly exact: string;
  /** Mail of a day against the days before. `seen` of a value that ages is then only whether. */
  daily(day: number): string;
}

/** A temporary table, from all mail or for the answers of a day. */
export interface Step {
  readonly table: string;
  readonly exact: string;
  daily(day: number): string;
}

export interface Limits {
  /** Days that the world has. */
  readonly days: number;
  /** Milliseconds. */
  readonly sessionIdle: number;
}

/** Models of the content that get mail of the world and that SQL can answer exactly. */
export function sqlModels(pack: ContentPack, limits: Limits): SqlModel[] {
  const carried = carriedStep(pack);
  return pack.models.flatMap((model): SqlModel[] => {
    const known =
      listModel(model, limits) ??
      fileNames(model, limits) ??
      (carried && (subjects(model, carried) ?? groups(model, carried))) ??
      numerical(model) ??
      sessionSums(model, limits);
    return known ? [{ id: model.id, ...known }] : [];
  });
}

type Known = Omit<SqlModel, 'id'>;

const trainsOn = ({ trains_on }: ModelEntry, ...types: string[]): boolean =>
  trains_on.length === types.length && types.every((type) => trains_on.includes(type));

const agingOf = ({ aging = '' }: ModelEntry): number =>
  Number.parseInt(aging, 10) * (aging.endsWith('w') ? 7 : 1);

function sessionsStep({ sessionIdle }: Limits): Step {
  const query = (where: string): string => `
    select mail, sum(begins) over (partition by user order by mail rows unbounded preceding) as session
    from (select mail, user, case when moment - lag(moment) over (partition by user order by mail)
      < ${sessionIdle} then 0 else 1 end as begins from mails ${where})`;
  // All sessions end at night, so those of days before are over.
  return { table: 'sessions', exact: query(''), daily: (day) => query(`where day < ${day}`) };
}

/** Which values are the first of their kind in a session; for a day only these, from before it. */
const onceStep = (list: List): Step => ({
  table: `trained_${list}`,
  exact: `
    select v.*, (row_number() over (partition by v.user, s.session, v.value order by v.mail) = 1)::integer as once
    from ${list} v join sessions s using (mail)`,
  daily: (day) => `
    select distinct v.user, v.peer_group, v.org, s.session, v.value
    from ${list} v join sessions s using (mail) where v.day < ${day}`,
});

/** Values of a mail, each time or once a session. Every mail of the world has external recipients. */
function listModel(model: ModelEntry, limits: Limits): Known | undefined {
  const list = lists.find((name) => name === model.feature);
  const scope = scopes.find((name) => name === model.scope);
  const type = [OUT, FAILED].find((name) => trainsOn(model, name));
  if (list === undefined || scope === undefined || type === undefined) return undefined;
  const once = type === OUT && model.train_if === 'count(value) == 1';
  const always = [undefined, 'size(external_recipients) > 0'].includes(model.train_if);
  if (!(once || always) || agingOf(model) <= limits.days) return undefined;
  const asked = tableOf(list, type);
  const table = once ? onceStep(list).table : asked;
  const trained = once ? 'once' : '1';
  return {
    kind: type === OUT ? 'values' : 'other',
    asked: { events: [type], when: 'n >= 0' },
    sparse: false,
    needs: once ? [sessionsStep(limits), onceStep(list)] : [],
    // No value comes twice in one mail, so rows of the same scope and value are different mails; and
    // `pos` rows of the same mail come before a row, which lets the frame count rows. A frame by range
    // of mails is several times slower, and so are filters of aggregates.
    exact: `select mail, pos, seen, coalesce(sum(trained) over history, 0) as n,
        coalesce(sum(new) over history, 0) as bins
      from (select *, (trained = 1 and seen = 0)::integer as new
        from (select mail, pos, ${scope}, ${trained} as trained, sum(${trained}) over (
            partition by ${scope}, value order by mail rows unbounded preceding) - ${trained} as seen
          from ${table}))
      window history as (partition by ${scope} order by mail, pos
        rows between unbounded preceding and pos + 1 preceding)`,
    daily: (day) => `with history as (select ${scope}, value, count(*) as seen
          from ${table} ${once ? '' : `where day < ${day}`} group by all),
        totals as (select ${scope}, sum(seen) as n, count(*) as bins from history group by all)
      select mail, pos, coalesce(seen, 0) as seen, coalesce(n, 0) as n, coalesce(bins, 0) as bins
      from ${asked} today
        left join history using (${scope}, value) left join totals using (${scope})
      where day = ${day}`,
  };
}

/** Who failed to send a file before. */
function fileNames(model: ModelEntry, limits: Limits): Known | undefined {
  if (model.scope !== 'file_names' || model.feature !== 'user' || model.train_if !== undefined)
    return undefined;
  if (!trainsOn(model, FAILED) || agingOf(model) <= limits.days) return undefined;
  const failed = tableOf('file_names', FAILED);
  const asked = (where: string): string =>
    `(select mail, pos, user, value from file_names ${where}
      union all select mail, pos, user, value from ${failed} ${where})`;
  return {
    kind: 'other',
    asked: { events: [OUT, FAILED], when: 'n >= 0' },
    sparse: true,
    needs: [],
    exact: `select a.mail, a.pos, count(*) as seen from ${asked('')} a
      join ${failed} f on f.user = a.user and f.value = a.value and f.mail < a.mail group by all`,
    daily: (day) => `select a.mail, a.pos, count(*) as seen from ${asked(`where day = ${day}`)} a
      join ${failed} f on f.user = a.user and f.value = a.value and f.day < ${day} group by all`,
  };
}

interface Carried extends Step {
  readonly id: string;
  /** Mails that train the subjects. */
  readonly trained: string;
  readonly aging: number;
}

/**
 * Mails under a subject that executives used lately, and how often. An observation is its value's
 * first, or the first after it was forgotten, or counts on from the one before.
 */
function carriedStep({ models }: ContentPack): Carried | undefined {
  const model = models.find(
    ({ scope, feature, train_if, trains_on }) =>
      scope === 'org' &&
      feature === 'subject_core' &&
      train_if === 'is_executive && word_count(subject_core) >= 3' &&
      trains_on.includes(OUT) &&
      !trains_on.includes(FAILED),
  );
  if (model === undefined) return undefined;
  const aging = agingOf(model);
  const trained = 'executive and words >= 3 and not failed';
  const query = (until: string): string => `with uses as (
        select subject, mail, day, row_number() over (partition by subject, stay order by mail) as seen
        from (select *, sum(begins) over (partition by subject order by mail rows unbounded preceding) as stay
          from (select subject, mail, day, case when day - lag(day) over (partition by subject order by mail)
              <= ${aging} then 0 else 1 end as begins from mails where ${trained} ${until})))
      select m.mail, m.day, m.peer_group, m.executive, uses.seen
      from (select * from mails where not failed ${until}
          and subject in (select subject from uses)) m
        asof join uses on m.subject = uses.subject and m.mail > uses.mail
      where m.day - uses.day <= ${aging}`;
  return {
    id: model.id,
    trained,
    aging,
    table: 'carried',
    exact: query(''),
    daily: (day) => query(`and day <= ${day}`),
  };
}

/** Subjects of executives. */
function subjects({ id }: ModelEntry, carried: Carried): Known | undefined {
  if (id !== carried.id) return undefined;
  return {
    kind: 'other',
    asked: { events: [OUT], when: 'n >= 0' },
    sparse: true,
    needs: [carried],
    exact: 'select mail, 0 as pos, seen from carried',
    daily: (day) => `select mail, 0 as pos, 1 as seen from mails
      where day = ${day} and not failed and subject in (
        select subject from mails where ${carried.trained} and day < ${day} and day >= ${day - carried.aging})`,
  };
}

/** Groups whose members send mail under subjects of executives. */
function groups(model: ModelEntry, carried: Carried): Known | undefined {
  const asked = `!is_executive && observations('${carried.id}', subject_core) > 0`;
  if (model.scope !== 'org' || model.feature !== 'peer_group' || model.train_if !== asked)
    return undefined;
  if (!trainsOn(model, OUT)) return undefined;
  return {
    kind: 'other',
    asked: { events: [OUT], when: asked },
    sparse: false,
    needs: [carried],
    exact: `select mail, 0 as pos, seen, row_number() over (order by mail) - 1 as n,
        sum((seen = 0)::integer) over (order by mail rows unbounded preceding) - (seen = 0)::integer as bins
      from (select mail, row_number() over (partition by peer_group order by mail) - 1 as seen
        from carried where not executive)`,
    daily: (day) => `with history as (select peer_group, count(*) as seen
          from carried where not executive and day < ${day} group by all)
      select mail, 0 as pos, coalesce(history.seen, 0) as seen, coalesce((select sum(seen) from history), 0) as n,
        (select count(*) from history) as bins
      from carried left join history using (peer_group) where not executive and day = ${day}`,
  };
}

/** Columns with the feature of a numerical model, and where it is an observation. */
const numbers: Readonly<Record<string, { column: string; where: string; train_if: string }>> = {
  bytes: { column: 'bytes', where: '', train_if: 'size(external_recipients) > 0' },
  'size(attachments)': {
    column: 'files',
    where: 'and files > 0',
    train_if: 'size(external_recipients) > 0 && size(attachments) > 0',
  },
};

const sums = (x: string, over: string): string => `count(*) ${over} as n,
  coalesce(sum(${x}) ${over}, 0) as total, coalesce(sum(ln(${x})) ${over}, 0) as logs,
  coalesce(sum(${x} * ln(${x})) ${over}, 0) as products`;

const sumsOfUser = `coalesce(n, 0) as n, coalesce(total, 0) as total, coalesce(logs, 0) as logs,
  coalesce(products, 0) as products`;

/** A number of each mail that left. */
function numerical(model: ModelEntry): Known | undefined {
  const number = numbers[model.feature];
  if (number === undefined || model.train_if !== number.train_if) return undefined;
  if (model.kind !== 'numerical' || model.scope !== 'user' || !trainsOn(model, OUT))
    return undefined;
  const { column, where } = number;
  return {
    kind: 'other',
    asked: { events: [OUT], when: where === '' ? 'n >= 0' : 'value > 0' },
    sparse: false,
    needs: [],
    exact: `select mail, 0 as pos, ${sums(column, 'over history')} from mails where not failed ${where}
      window history as (partition by user order by mail
        rows between unbounded preceding and 1 preceding)`,
    daily: (day) => `select mail, 0 as pos, ${sumsOfUser}
      from mails left join (select user, ${sums(column, '')} from mails
        where not failed ${where} and day < ${day} group by user) using (user)
      where not failed ${where} and day = ${day}`,
  };
}

/** Bytes to own mailboxes, summed up over each session; asked when there are more. */
function sessionSums(model: ModelEntry, limits: Limits): Known | undefined {
  if (model.kind !== 'numerical' || model.scope !== 'user') return undefined;
  if (model.feature !== 'sum_if(bytes, to_personal)' || model.train_if !== 'value > 0')
    return undefined;
  const { session_events } = model;
  if (!trainsOn(model, 'session-end') || session_events?.join() !== OUT) return undefined;
  const mailed = `select user, session, sum(bytes) as x from mails join sessions using (mail)
      where personal and not failed group by all having sum(bytes) > 0`;
  return {
    kind: 'other',
    asked: { events: [OUT], when: 'to_personal' },
    sparse: false,
    needs: [sessionsStep(limits)],
    exact: `select mail, 0 as pos, n, total, logs, products
      from mails join sessions using (mail) join (
        select user, session, ${sums('x', 'over history')} from (${mailed})
        window history as (partition by user order by session
          rows between unbounded preceding and 1 preceding)) using (user, session)
      where personal and not failed`,
    daily: (day) => `select mail, 0 as pos, ${sumsOfUser}
      from mails left join (select user, ${sums('x', '')} from (${mailed})
        group by user) using (user)
      where personal and not failed and day = ${day}`,
  };
}
