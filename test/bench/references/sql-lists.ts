/**
 * Queries of models over lists: how often the scope saw each value, and how much it saw at all. Rows have
 * mail, pos, user, peer_group, value, num_observations, n and num_bins.
 */

/** A model over the values of a list. */
export interface Lists {
  readonly table: string;
  /** Column of the scope; none for the organisation. */
  readonly scope: readonly string[];
  /** Only values that are the first of their kind in a session are observations. */
  readonly once: boolean;
}

/** Observations and different values of a scope are summed up as one double: a ⋅ PACK + b. */
const PACK = '16777216e0';

const carriedColumns = 'mail, pos, "user", peer_group, value';

// No value comes twice in one mail, so rows of the same scope and value are different mails; and `pos`
// rows of the same mail come before a row, which lets the frame count rows. A frame by range of mails is
// several times slower, filters of aggregates are slower, and so are sums of integers, which are 128
// bits wide.
const historyOf = ({ scope }: Lists): string => `(${partition(scope)} order by mail, pos
  rows between unbounded preceding and pos + 1 preceding)`;

const partition = (by: readonly string[]): string =>
  by.length === 0 ? '' : `partition by ${by.join(', ')}`;

const unpacked = `(packed // ${PACK})::integer as n, (packed % ${PACK})::integer as num_bins`;

/** Each value of each mail against all mails before it. */
export function allLists({ table, scope, once }: Lists): string {
  const before = `over (${partition([...scope, 'value'])} order by mail rows unbounded preceding)`;
  const seen = once ? `sum(once) ${before} - once` : `row_number() ${before} - 1`;
  const isNew = `case when ${once ? 'once = 1 and ' : ''}seen = 0 then 1e0 else 0e0 end`;
  return `select ${carriedColumns}, seen as num_observations, ${unpacked}
      from (select *, coalesce(sum(${once ? 'once * ' : ''}${PACK} + ${isNew}) over history, 0) as packed
        from (select ${carriedColumns}, ${once ? 'once, ' : ''}(${seen})::integer as seen from ${table})
        window history as ${historyOf({ table, scope, once })})`;
}

/**
 * As allLists, where few scopes have settled and others are not wanted: what is new is found by the
 * first mail of a value, and how often it was seen is looked up only for values that are wanted.
 */
export function settledLists(lists: Lists, early: string): string {
  const { table, scope, once } = lists;
  const key = [...scope, 'value'].join(', ');
  const weight = once ? `once * ${PACK}` : PACK;
  const before = `over (partition by ${key} order by mail rows unbounded preceding)`;
  const seen = once ? `sum(once) ${before} - once` : `row_number() ${before} - 1`;
  return `with history as materialized (
        select *, ${unpacked} from (
          select t.*, coalesce(sum(${weight} + case when first = mail then 1e0 else 0e0 end) over history, 0) as packed
          from ${table} t join (select ${key}, min(mail) as first from ${table} group by all) using (${key})
          window history as ${historyOf(lists)}))
      select * from (select *, (${seen})::integer as num_observations
        from history where (${key}) in (select (${key}) from history where ${early}))
      where ${early}`;
}

/** Each value of the mail of a day against all days before it. */
export function listsOfDay({ table, scope, once }: Lists, day: number): string {
  const key = [...scope, 'value'].join(', ');
  return `with history as (select ${key}, count(*) as seen from ${table}
        where day < ${day} ${once ? 'and once = 1' : ''} group by all),
        totals as (select ${[...scope, 'sum(seen) as n', 'count(*) as bins'].join(', ')} from history
          ${scope.length === 0 ? '' : 'group by all'})
      select ${carriedColumns}, coalesce(seen, 0)::integer as num_observations, coalesce(n, 0)::integer as n,
        coalesce(bins, 0)::integer as num_bins
      from (from ${table} where day = ${day}) left join history using (${key})
        left join totals ${scope.length === 0 ? 'on true' : `using (${scope.join()})`}`;
}
