/**
 * The stateless rules of the content for json-rules-engine: `when` as its JSON conditions over facts
 * that are the event's fields, tables as operators of its own.
 */
import { Engine, type NestedCondition, type TopLevelCondition } from 'json-rules-engine';
import type { ContentPack, RuleEntry } from '#content';
import type { Directory, Event } from '#engine';
import { Checker } from '../../../engine/check.js';
import { collect, type TypedNode, tableFunction } from '../../../engine/expression/index.js';
import { buildTables, type Tables } from '../../../engine/tables.js';

/** Rules that look at one event and nothing else, without what would make them remember. */
export function statelessRules(pack: ContentPack, directory: Directory): RuleEntry[] {
  const checker = new Checker(pack, buildTables(pack.tables, directory).ids);
  return pack.rules.flatMap((rule): RuleEntry[] => {
    if (rule.model !== undefined || rule.enabled === false) return [];
    const checked = checker.rule(rule, new Map());
    if (checked === undefined) throw new Error(`rule ${rule.id} has faults`);
    const { sessionCalls, models, variables } = collect(checked.when.tree);
    const facts = ['time', 'first_seen', 'active_days'].some((fact) => variables.has(fact));
    if (sessionCalls.size > 0 || models.size > 0 || facts) return [];
    const { once: _, ...stateless } = rule;
    return [stateless];
  });
}

const operators = new Map([
  ['==', 'equal'],
  ['!=', 'notEqual'],
  ['<', 'lessThan'],
  ['<=', 'lessThanInclusive'],
  ['>', 'greaterThan'],
  ['>=', 'greaterThanInclusive'],
]);

/** A reference engine for the rules, which must all be of the kind that statelessRules gives. */
export class JsonRules {
  private readonly engine = new Engine([], { allowUndefinedFacts: true });
  private readonly tables: Tables;
  private readonly known = new Set<string>();
  private readonly types: readonly string[];

  constructor(pack: ContentPack, rules: readonly RuleEntry[], directory: Directory) {
    this.tables = buildTables(pack.tables, directory);
    this.types = Object.keys(pack.eventTypes);
    const checker = new Checker(pack, this.tables.ids);
    for (const rule of rules) {
      const checked = checker.rule(rule, new Map());
      if (checked === undefined) throw new Error(`rule ${rule.id} has faults`);
      const type: NestedCondition = { fact: 'event type', operator: 'in', value: rule.events };
      const when = this.condition(checked.when.tree, rule.for_each);
      const conditions: TopLevelCondition = { all: [type, when] };
      this.engine.addRule({ conditions, event: { type: rule.id } });
    }
    this.engine.addOperator(
      'size',
      (list: unknown, more: number) => Array.isArray(list) && list.length > more,
    );
  }

  /** Ids of the rules that fire, sorted. */
  async process(event: Event): Promise<string[]> {
    const facts = { ...event.fields, 'event type': this.types[event.type] };
    const { events } = await this.engine.run(facts);
    return events.map(({ type }) => type).sort();
  }

  private condition(node: TypedNode, list: string | undefined): NestedCondition {
    if (node.node === 'field') return { fact: node.name, operator: 'equal', value: true };
    if (node.node === 'not') return { not: this.condition(node.operand, list) };
    if (node.node === 'call') return this.call(node.function, node.args, list);
    if (node.node !== 'binary') throw new Error(`no condition for ${node.node}`);
    const { operator, left, right } = node;
    if (operator === '&&' || operator === '||') {
      const parts = [this.condition(left, list), this.condition(right, list)];
      return operator === '&&' ? { all: parts } : { any: parts };
    }
    const name = operators.get(operator);
    const value = numberOf(right);
    if (name === undefined || value === undefined) throw new Error(`no condition for ${operator}`);
    if (left.node === 'field') return { fact: left.name, operator: name, value };
    const [of] = left.node === 'call' && left.function === 'size' ? left.args : [];
    if (of?.node !== 'field' || operator !== '>') throw new Error(`no condition for ${operator}`);
    return { fact: of.name, operator: 'size', value };
  }

  private call(
    name: string,
    args: readonly TypedNode[],
    list: string | undefined,
  ): NestedCondition {
    const [table, of] = name === 'contains_any' ? [args[1], args[0]] : args;
    if (table?.node !== 'literal' || of === undefined) throw new Error(`no condition for ${name}`);
    const inTable = tableFunction(name, this.tables.members(String(table.value)));
    const isValue = of.node === 'variable' && of.name === 'value';
    const fact = isValue ? list : of.node === 'field' ? of.name : undefined;
    if (fact === undefined) throw new Error(`no condition for ${name}`);
    const operator = `${isValue ? 'any ' : ''}${name} ${table.value}`;
    if (!this.known.has(operator)) {
      this.known.add(operator);
      this.engine.addOperator(operator, (given: unknown) =>
        isValue
          ? Array.isArray(given) && given.some((item: string) => inTable(item) === true)
          : inTable(given as string) === true,
      );
    }
    return { fact, operator, value: true };
  }
}

/** The number or text of a constant expression. */
function numberOf(node: TypedNode): number | string | undefined {
  if (node.node === 'literal' && typeof node.value !== 'boolean') return node.value;
  if (node.node !== 'binary' || node.operator !== '*') return undefined;
  const [left, right] = [numberOf(node.left), numberOf(node.right)];
  return typeof left === 'number' && typeof right === 'number' ? left * right : undefined;
}
