/**
 * The rules of the content about mail as SQL that writes their triggers: mail, rule, value, reason. A
 * rule with a part that is not understood has no SQL.
 *
 * Rules of one model are one statement, which reads the model's numbers once. What a condition asks of
 * a value alone, such as whether it is in a table, is asked once for each different value.
 */
import type { CheckedRule } from '../../../engine/check.js';
import {
  type CallNode,
  canonical,
  collect,
  type TypedNode,
} from '../../../engine/expression/index.js';
import type { Tables } from '../../../engine/tables.js';
import {
  allOf,
  conjuncts,
  isOfFields,
  type MailType,
  mailTypes,
  NoSql,
  named,
  reasonOf,
  type SqlHost,
  sqlOf,
} from './sql-expression.js';
import { loggedOf, mailOf, rowsOf, type SqlLog, textsOf, typesOf } from './sql-log.js';
import { people, type Source, type SqlModel } from './sql-models.js';
import { type Fires, statementOf } from './sql-statements.js';

/** Rules that one statement fires. */
export interface SqlRules {
  /** The model, or the rule that is alone. */
  readonly id: string;
  readonly rules: readonly string[];
  /** See `Source.batch`. */
  readonly batch: readonly string[] | undefined;
  /**
   * Adds the triggers to the table `triggers`.
   *
   * @param day UTC day whose batch fires; undefined: all mail
   */
  statement(day?: number): string;
}

export interface RulesOutcome {
  readonly known: readonly SqlRules[];
  /** Rules about mail that have no SQL, with what is not understood. */
  readonly unknown: ReadonlyMap<string, string>;
}

/** Rules, and what their SQL leans on. */
export interface RuleContent {
  readonly rules: readonly CheckedRule[];
  readonly models: readonly SqlModel[];
  readonly log: SqlLog;
  readonly tables: Tables;
}

/** Rules all of whose events are mail of the world. */
export function sqlRules(content: RuleContent): RulesOutcome {
  const units = new Map<string, Fires[]>();
  const unknown = new Map<string, string>();
  const isMail = (event: string): boolean => mailTypes.some((type) => type === event);
  for (const rule of content.rules.filter(({ entry }) => entry.events.every(isMail))) {
    const { id, model, once } = rule.entry;
    try {
      const fires = new RuleTranslator(rule, content).translate();
      const unit = model !== undefined && once === undefined ? model : id;
      units.set(unit, [...(units.get(unit) ?? []), fires]);
    } catch (error) {
      if (!(error instanceof NoSql)) throw error;
      unknown.set(id, error.message);
    }
  }
  const known = [...units].map(
    ([id, fires]): SqlRules => ({
      id,
      rules: fires.map((one) => one.id),
      batch: fires[0]?.source.batch,
      statement: (day) => statementOf(fires, day),
    }),
  );
  return { known, unknown };
}

const ofScope = new Set(['n', 'num_bins', 'confidence_factor']);
/** Facts that go with a session's sum, in columns of these names. */
const ofSession = new Set(['time', 'first_seen']);

class RuleTranslator {
  private readonly rule: CheckedRule;
  private readonly content: RuleContent;
  private readonly parts: readonly TypedNode[];
  /** The sum over the session that the rule looks at, and where it is found; if any. */
  private readonly sum: CallNode | undefined;
  private readonly sums: ((day?: number) => string) | undefined;
  private readonly source: Source;
  private readonly host: SqlHost;
  /** See `Fires`. */
  private readonly fields = new Set<string>();
  private readonly shown = new Set<string>();

  /** @throws {NoSql} what the rule looks at is not understood */
  constructor(rule: CheckedRule, content: RuleContent) {
    this.rule = rule;
    this.content = content;
    this.host = { tables: content.tables, leaf: (node) => this.leaf(node) };
    this.parts = conjuncts(rule.when.tree);
    const told = rule.reason.flatMap((part) => (part.part === 'value' ? [part.tree] : []));
    const calls = [...collect(rule.when.tree, ...told).sessionCalls.values()];
    if (calls.length > 1) throw new NoSql('several session functions');
    this.sum = calls[0];
    this.sums = this.sum && this.sumsOf(this.sum);
    const { model, for_each: list, once, depends_on: dependsOn = [] } = rule.entry;
    if (this.sum !== undefined && (list !== undefined || once === undefined))
      throw new NoSql('a sum that is not asked once a session');
    if (dependsOn.length > 0) throw new NoSql('depends_on');
    if (once?.per === 'day') throw new NoSql('once a day');
    if (model !== undefined) this.source = this.ofModel(model);
    else if (list !== undefined) this.source = this.ofList();
    else this.source = this.sums === undefined ? this.ofMail() : ofSessions(this.sums);
  }

  /** @throws {NoSql} some part is not understood */
  translate(): Fires {
    const { entry, by, reason } = this.rule;
    const { implied } = this.source;
    const asked = this.parts.map(canonical);
    const missing = implied.find((part) => !asked.includes(part));
    if (missing !== undefined) throw new NoSql(`a rule that does not ask for ${missing}`);
    if (by !== undefined && (by.source !== 'value' || entry.for_each === undefined))
      throw new NoSql(`once by ${by.source}`);
    const open = this.parts.filter((part) => !implied.includes(canonical(part)));
    const early = open.filter((part) => {
      const { fields, variables, sessionCalls } = collect(part);
      return (
        fields.size + sessionCalls.size === 0 && [...variables].every((one) => ofScope.has(one))
      );
    });
    const when = allOf(open.map((part) => sqlOf(part, this.host)));
    if (this.shown.size > 0) throw new NoSql(`a condition about ${[...this.shown].join()}`);
    const value = this.value();
    const told = reasonOf(reason, this.host);
    const { sums } = this;
    return {
      id: entry.id,
      source: this.source,
      fields: [...this.fields],
      joins: (day) => {
        if (sums !== undefined) return entry.model === undefined ? [] : [sums(day)];
        return entry.once === undefined ? [] : ['(select mail, session from log)'];
      },
      when,
      early: early.length === 0 ? undefined : allOf(early.map((part) => sqlOf(part, this.host))),
      once: entry.once === undefined ? 'event' : by === undefined ? 'session' : 'value',
      value,
      reason: told,
      shown: [...this.shown],
    };
  }

  /** The value that a trigger names. */
  private value(): string {
    const { model, for_each: list } = this.rule.entry;
    const { binding } = this.rule;
    if (model === undefined && list === undefined) return 'null';
    // Sums of bytes are whole numbers, which have no point.
    if (this.sum !== undefined && binding !== undefined)
      return `(${sqlOf(binding.tree, this.host)})::bigint`;
    return this.variable('value');
  }

  private leaf(node: Parameters<SqlHost['leaf']>[0]): string {
    if (node.node === 'variable') return this.variable(node.name);
    if (node.node === 'call') {
      if (this.sum === undefined || canonical(node) !== canonical(this.sum))
        throw new NoSql(node.function);
      return 'summed';
    }
    const column = named(node.name);
    if (this.source.fields.includes(node.name)) return this.text(column);
    this.fields.add(node.name);
    return column;
  }

  /** A column, as text where it is one. */
  private text(column: string): string {
    const name = column.replaceAll('"', '');
    if (!this.source.texts.has(name)) return column;
    this.shown.add(name);
    return `of_${name}.text`;
  }

  private variable(name: string): string {
    const known = this.source.variables.get(name);
    if (known !== undefined) return this.text(known);
    if (this.sum !== undefined && ofSession.has(name)) return named(name);
    const { rule, content } = this;
    const model = content.models.find(({ id }) => id === rule.entry.model);
    if (model === undefined || !model.variables.has('num_bins')) throw new NoSql(name);
    if (name === 'percentile_threshold_count')
      return `(${rule.entry.percentile ?? model.percentile}e0 * n)`;
    if (name !== 'confidence_factor') throw new NoSql(name);
    const share = '(n - num_bins) / n';
    const trust = model.alpha === 1 ? share : `pow(${share}, ${model.alpha})`;
    return `(case when n = 0 or n < ${model.cutOff} then 0 else ${trust} end)`;
  }

  private ofModel(id: string): Source {
    const model = this.content.models.find((one) => one.id === id);
    if (model === undefined) throw new NoSql(`the model ${id}`);
    return model;
  }

  private ofMail(): Source {
    const { events } = this.rule.entry;
    const { fields } = collect(this.rule.when.tree);
    const columns = ['mail', '0 as pos', ...[...fields].map(named)].join(', ');
    return {
      ...plain,
      fields: [...fields],
      single: true,
      rows: (day) => `select ${columns} from mails where ${typesOf(events)} and ${mailOf(day)}`,
    };
  }

  /** Values that satisfy what is asked of them alone. */
  private ofList(): Source {
    const { entry, binding } = this.rule;
    const [type, ...others] = entry.events as MailType[];
    const list = binding?.tree;
    if (list?.node !== 'field' || type === undefined || others.length > 0)
      throw new NoSql('a list that is no field of one event type');
    const { name } = list;
    const where = allOf(
      this.parts.filter(isOfFields).map((part) => sqlOf(part, fieldsOf(this.content.tables))),
    );
    const known = this.content.log.known(name, type, where);
    const table = known?.table ?? this.content.log.list(name, type);
    const alone = this.parts.filter(isOfValue);
    const matching = allOf(alone.map((part) => sqlOf(part, ofDictionary(this.content.tables))));
    const settled = [...alone, ...(known === undefined ? [] : this.parts.filter(isOfFields))];
    return {
      ...plain,
      fields: ['user', 'peer_group'],
      variables: new Map([['value', 'value']]),
      texts: new Map([...people, ['value', name]]),
      implied: settled.map(canonical),
      single: false,
      rows: (day) =>
        `select mail, pos, "user", peer_group, value from ${table} where ${rowsOf(day)}
          and value in (select id from ${textsOf(name)} where ${matching}
            ${day === undefined ? '' : `and id in (select value from ${table} where ${rowsOf(day)})`})`,
    };
  }

  /**
   * Mails of sessions whose sum gets as far as the rule asks: mail, session, time, first_seen, and the
   * sum with each mail. What is summed up is never negative.
   */
  private sumsOf(call: CallNode): (day?: number) => string {
    const { content, rule } = this;
    const bound = this.parts.flatMap((part) =>
      part.node === 'binary' &&
      part.operator === '>' &&
      canonical(part.left) === canonical(call) &&
      part.right.type === 'number' &&
      isOfFields(part.right)
        ? [part.right]
        : [],
    )[0];
    if (bound === undefined || call.function !== 'sum_if') throw new NoSql('a sum without a bound');
    const host = fieldsOf(content.tables);
    const [x = '', where = ''] = call.args.map((arg) => sqlOf(arg, host));
    const column = content.log.number(rule.types, x, where);
    return (
      day,
    ) => `(with heavy as (select session, "user" from log where ${column} is not null and ${rowsOf(day)}
          group by all having sum(${column}) > ${sqlOf(bound, host)})
        select mail, session, time, first_seen, sum(${column}) over (
          partition by session order by mail rows unbounded preceding) as summed
        from log join heavy using (session) join (select "user", min(time) as first_seen from log
            where "user" in (select "user" from heavy) group by all) facts on facts."user" = log."user"
        where ${loggedOf(rule.types)} and ${rowsOf(day)})`;
  }
}

const plain = {
  needs: [],
  fields: [],
  variables: new Map<string, string>(),
  texts: new Map<string, string>(),
  implied: [],
  batch: undefined,
};

const ofSessions = (sums: (day?: number) => string): Source => ({
  ...plain,
  single: true,
  rows: (day) => `select *, 0 as pos from ${sums(day)}`,
});

function isOfValue(tree: TypedNode): boolean {
  const { fields, variables, sessionCalls, models } = collect(tree);
  return fields.size + sessionCalls.size + models.size === 0 && [...variables].join() === 'value';
}

/** Finds fields in the mail as loaded, and nothing else. */
export const fieldsOf = (tables: Tables): SqlHost => ({
  tables,
  leaf: (node) => {
    if (node.node !== 'field') throw new NoSql(node.node === 'call' ? node.function : node.name);
    return named(node.name);
  },
});

/** Finds the value of a dictionary. */
const ofDictionary = (tables: Tables): SqlHost => ({ tables, leaf: () => 'text' });
