/**
 * The engine as one would write it first: nested Maps by text, an object per count, every rule a
 * function of its own that looks everything up again. Same semantics and same answers, on the way
 * from built events to triggers; it shares the checked expressions and the gamma fit with the engine
 * and nothing else. No evidence, no explanations, no snapshot, no bounds.
 *
 * Over 400 lines because it is a whole engine, which must lean on nothing.
 */
import gammaQuantile from '@stdlib/stats-base-dists-gamma-quantile';
import type { ContentPack } from '#content';
import { type Directory, defaultOptions, type Event, type Fields } from '#engine';
import {
  type CheckedModel,
  type CheckedRule,
  Checker,
  SESSION_END,
} from '../../../engine/check.js';
import {
  type CallNode,
  canonical,
  type EmitHost,
  emit,
  functionTable,
  type TypedNode,
  tableFunction,
  walk,
} from '../../../engine/expression/index.js';
import { fitGamma } from '../../../engine/models/numerical.js';
import { buildTables, type Tables } from '../../../engine/tables.js';

const MINUTE = 60_000;
const DAY = 86_400_000;

interface Count {
  count: number;
  /** Minute. */
  last: number;
}

interface Categorical {
  n: number;
  readonly values: Map<string, Count>;
  /** Day on which what had aged was last dropped. */
  swept: number;
}

interface Numerical {
  n: number;
  sum: number;
  logs: number;
  products: number;
  lowest: number;
  highest: number;
  fittedAt: number;
  fit: ReturnType<typeof fitGamma>;
  readonly quantiles: Map<number, number>;
}

interface Container {
  readonly start: number;
  end: number;
  readonly sums: Map<string, number>;
  readonly values: Map<string, Map<string, number>>;
  readonly fired: Set<string>;
  readonly spent: Set<string>;
  fields: Fields;
}

interface Person {
  readonly firstSeen: Map<string, number>;
  readonly days: Map<string, number>;
  readonly lastDay: Map<string, number>;
  readonly open: Map<string, Container>;
}

/** What a model says about one scope and value. */
export interface NaiveReading {
  readonly scope: string;
  readonly value: string | number;
  readonly n: number;
  readonly num_bins: number;
  readonly num_observations: number;
  readonly confidence_factor: number;
}

/** What an expression sees. */
interface View {
  readonly engine: NaiveEngine;
  readonly fields: Fields;
  readonly container: Container;
  readonly time: number;
  readonly first_seen: number;
  readonly active_days: number;
  readonly percentile: number;
  reading: NaiveReading | undefined;
  value: string | number | undefined;
}

type Compiled = (view: View) => unknown;

interface NaiveModel extends CheckedModel {
  readonly categorical: Map<string, Categorical>;
  readonly numerical: Map<string, Numerical>;
  readonly scopeOf: Compiled;
  readonly featureOf: Compiled;
  readonly trainsIf: Compiled | undefined;
}

interface NaiveRule extends CheckedRule {
  readonly fires: Compiled;
  readonly spends: Compiled | undefined;
  readonly list: Compiled | undefined;
}

interface Counter {
  readonly key: string;
  readonly kind: string;
  readonly types: readonly string[];
  readonly args: readonly Compiled[];
}

/** A trigger: rule and the value that satisfied it. */
export interface NaiveTrigger {
  readonly rule: string;
  readonly value: string | number | undefined;
}

export class NaiveEngine {
  private readonly pack: ContentPack;
  private readonly tables: Tables;
  private readonly types: readonly string[];
  private readonly rules: readonly NaiveRule[];
  private readonly models = new Map<string, NaiveModel>();
  private readonly counters: Counter[] = [];
  private readonly people = new Map<string, Person>();
  private readonly trained:
    | ((model: string, scope: string, value: string, time: number) => void)
    | undefined;

  /** @param trained told of every observation of a categorical model */
  constructor(
    pack: ContentPack,
    directory: Directory,
    trained?: (model: string, scope: string, value: string, time: number) => void,
  ) {
    this.pack = pack;
    this.trained = trained;
    this.tables = buildTables(pack.tables, directory);
    this.types = Object.keys(pack.eventTypes);
    const checker = new Checker(pack, this.tables.ids);
    const checkedModels = new Map<string, CheckedModel>();
    for (const entry of pack.models) {
      const model = checker.model(entry);
      if (model === undefined) throw new Error(`model ${entry.id} has faults`);
      checkedModels.set(entry.id, model);
      this.models.set(entry.id, {
        ...model,
        categorical: new Map(),
        numerical: new Map(),
        scopeOf: this.compile(model.scope.tree, model),
        featureOf: this.compile(model.feature.tree, model),
        trainsIf: model.trainIf && this.compile(model.trainIf.tree, model),
      });
    }
    this.rules = pack.rules
      .filter(({ enabled }) => enabled !== false)
      .map((entry): NaiveRule => {
        const rule = checker.rule(entry, checkedModels);
        if (rule === undefined) throw new Error(`rule ${entry.id} has faults`);
        return {
          ...rule,
          fires: this.compile(rule.when.tree, rule),
          spends: rule.by && this.compile(rule.by.tree, rule),
          list:
            rule.binding && entry.for_each !== undefined
              ? this.compile(rule.binding.tree, rule)
              : undefined,
        };
      });
    if (this.rules.some(({ entry }) => (entry.depends_on ?? []).length > 0))
      throw new Error('rules that depend on others are not part of this reference');
  }

  /** Triggers of an event, in the order of the rules. Times must rise. */
  process(event: Event): NaiveTrigger[] {
    const type = this.types[event.type] as string;
    const kind = this.pack.eventTypes[type]?.container ?? 'session';
    const { fields, time } = event;
    const user = fields['user'];
    if (typeof user !== 'string') return [];
    const person = this.personOf(user, kind, time);
    const container = this.containerOf(person, kind, time);
    container.fields = fields;
    const view: View = {
      engine: this,
      fields,
      container,
      time,
      first_seen: person.firstSeen.get(kind) ?? time,
      active_days: (person.days.get(kind) ?? 1) - 1,
      percentile: 0,
      reading: undefined,
      value: undefined,
    };
    this.count(type, view);
    const triggers: NaiveTrigger[] = [];
    for (const rule of this.rules) {
      if (!rule.entry.events.includes(type)) continue;
      const trigger = this.evaluate(rule, view);
      if (trigger !== undefined) triggers.push(trigger);
    }
    for (const { rule, value } of triggers) {
      container.fired.add(rule);
      const by = this.rules.find((one) => one.entry.id === rule)?.spends?.({ ...view, value });
      if (by !== undefined) container.spent.add(`${rule}\n${String(by)}`);
    }
    this.train(
      [...this.models.values()].filter(({ entry }) => entry.trains_on.includes(type)),
      view,
    );
    return triggers;
  }

  /** All verdicts of a model on the event as it is before training; for comparisons. */
  readings(id: string, view: View): NaiveReading[] {
    const model = this.models.get(id);
    if (model === undefined) return [];
    const readings: NaiveReading[] = [];
    for (const scope of listOf(model.scopeOf(view))) {
      if (model.entry.kind === 'numerical') {
        const value = model.featureOf(view) as number;
        const known = model.numerical.get(scope);
        const n = known?.n ?? 0;
        const settled = known?.fit !== undefined && n >= (model.entry.cut_off ?? 0);
        if (!Number.isNaN(value))
          readings.push({
            scope,
            value,
            n,
            num_bins: 0,
            num_observations: 0,
            confidence_factor: settled ? 1 : 0,
          });
        continue;
      }
      for (const value of listOf(model.featureOf(view))) {
        const known = this.categoricalOf(model, scope, view.time);
        const n = known?.n ?? 0;
        const num_bins = known?.values.size ?? 0;
        const isSettled = n > 0 && n >= (model.entry.cut_off ?? 0);
        readings.push({
          scope,
          value,
          n,
          num_bins,
          num_observations: known?.values.get(value)?.count ?? 0,
          confidence_factor: isSettled ? ((n - num_bins) / n) ** (model.entry.alpha ?? 1) : 0,
        });
      }
    }
    return readings;
  }

  private evaluate(rule: NaiveRule, view: View): NaiveTrigger | undefined {
    const { entry } = rule;
    const { id } = entry;
    const { container } = view;
    if (entry.once !== undefined && rule.spends === undefined && container.fired.has(id))
      return undefined;
    const percentile =
      entry.percentile ?? this.models.get(entry.model ?? '')?.entry.percentile ?? 0.1;
    const own: View = { ...view, percentile };
    const fires = (): NaiveTrigger | undefined => {
      if (rule.fires(own) !== true) return undefined;
      if (rule.spends !== undefined) {
        const by = rule.spends(own);
        if (by === undefined || container.spent.has(`${id}\n${String(by)}`)) return undefined;
      }
      return { rule: id, value: own.value };
    };
    if (entry.model !== undefined) {
      for (const reading of this.readings(entry.model, own)) {
        own.reading = reading;
        own.value = reading.value;
        const trigger = fires();
        if (trigger !== undefined) return trigger;
      }
      return undefined;
    }
    if (rule.list === undefined) return fires();
    for (const value of listOf(rule.list(own))) {
      own.value = value;
      const trigger = fires();
      if (trigger !== undefined) return trigger;
    }
    return undefined;
  }

  private train(models: readonly NaiveModel[], view: View): void {
    const pairs: { model: NaiveModel; scope: string; value: string | number }[] = [];
    for (const model of models) {
      const own: View = { ...view, percentile: model.entry.percentile ?? 0.1 };
      for (const reading of this.readings(model.entry.id, own)) {
        own.reading = reading;
        own.value = reading.value;
        if (model.trainsIf === undefined || model.trainsIf(own) === true)
          pairs.push({ model, scope: reading.scope, value: reading.value });
      }
    }
    for (const { model, scope, value } of pairs) {
      if (typeof value === 'number') trainNumerical(model, scope, value);
      else this.trainCategorical(model, scope, value, view.time);
    }
  }

  private trainCategorical(model: NaiveModel, scope: string, value: string, time: number): void {
    this.trained?.(model.entry.id, scope, value, time);
    let known = model.categorical.get(scope);
    if (known === undefined) {
      known = { n: 0, values: new Map(), swept: Number.NEGATIVE_INFINITY };
      model.categorical.set(scope, known);
    }
    known.n += 1;
    const last = Math.floor(time / MINUTE);
    const count = known.values.get(value);
    if (count === undefined) known.values.set(value, { count: 1, last });
    else {
      count.count += 1;
      count.last = last;
    }
  }

  /** A scope with what has aged dropped, looked through once a day. */
  private categoricalOf(model: NaiveModel, scope: string, time: number): Categorical | undefined {
    const known = model.categorical.get(scope);
    const today = Math.floor(time / DAY);
    if (known === undefined || known.swept === today) return known;
    known.swept = today;
    for (const [value, { count, last }] of known.values) {
      if (Math.floor((last * MINUTE) / DAY) >= today - model.agingDays) continue;
      known.values.delete(value);
      known.n -= count;
    }
    return known;
  }

  private count(type: string, view: View): void {
    const { sums, values } = view.container;
    for (const { key, kind, types, args } of this.counters) {
      if (!types.includes(type)) continue;
      const [first, second] = args as [Compiled, Compiled | undefined];
      if (kind === 'values') {
        let seen = values.get(key);
        if (seen === undefined) {
          seen = new Map();
          values.set(key, seen);
        }
        for (const value of listOf(first(view))) seen.set(value, (seen.get(value) ?? 0) + 1);
        continue;
      }
      let add = 0;
      if (kind === 'count') add = first(view) === true ? 1 : 0;
      else if (second === undefined || second(view) === true) add = Number(first(view));
      if (Number.isFinite(add)) sums.set(key, (sums.get(key) ?? 0) + add);
    }
  }

  private personOf(user: string, kind: string, time: number): Person {
    let person = this.people.get(user);
    if (person === undefined) {
      person = { firstSeen: new Map(), days: new Map(), lastDay: new Map(), open: new Map() };
      this.people.set(user, person);
    }
    if (!person.firstSeen.has(kind)) person.firstSeen.set(kind, time);
    const day = Math.floor(time / DAY);
    if (day > (person.lastDay.get(kind) ?? Number.NEGATIVE_INFINITY)) {
      person.lastDay.set(kind, day);
      person.days.set(kind, (person.days.get(kind) ?? 0) + 1);
    }
    return person;
  }

  /** Ends are found out at the user's next event, which is early enough for models of users. */
  private containerOf(person: Person, kind: string, time: number): Container {
    const open = person.open.get(kind);
    const { sessionIdle, sessionMax } = defaultOptions;
    if (open !== undefined && time < open.end) {
      if (kind === 'session') open.end = Math.min(time + sessionIdle, open.start + sessionMax);
      return open;
    }
    if (open !== undefined) this.end(open);
    const end = kind === 'day' ? (Math.floor(time / DAY) + 1) * DAY : time + sessionIdle;
    const container: Container = {
      start: time,
      end,
      sums: new Map(),
      values: new Map(),
      fired: new Set(),
      spent: new Set(),
      fields: {},
    };
    person.open.set(kind, container);
    return container;
  }

  private end(container: Container): void {
    const models = [...this.models.values()].filter(({ entry }) =>
      entry.trains_on.includes(SESSION_END),
    );
    const view: View = {
      engine: this,
      fields: container.fields,
      container,
      time: container.end,
      first_seen: Number.NaN,
      active_days: Number.NaN,
      percentile: 0,
      reading: undefined,
      value: undefined,
    };
    this.train(models, view);
  }

  /** Called by expressions. */
  observations(id: string, text: unknown, view: View): number {
    const model = this.models.get(id);
    if (model === undefined || typeof text !== 'string') return Number.NaN;
    let total = 0;
    for (const scope of listOf(model.scopeOf(view)))
      total += this.categoricalOf(model, scope, view.time)?.values.get(text)?.count ?? 0;
    return total;
  }

  /** Called by expressions. */
  threshold(id: string, view: View): number {
    const model = this.models.get(id);
    const known = model?.numerical.get(view.reading?.scope ?? '');
    if (known?.fit === undefined || known.n < (model?.entry.cut_off ?? 0)) return Number.NaN;
    let value = known.quantiles.get(view.percentile);
    if (value === undefined) {
      value = gammaQuantile(1 - view.percentile, known.fit.shape, 1) * known.fit.scale;
      known.quantiles.set(view.percentile, value);
    }
    return value;
  }

  /** Called by expressions. */
  top(id: string, view: View): number {
    const values = this.models.get(id)?.categorical.get(view.reading?.scope ?? '')?.values;
    const counts = [...(values?.values() ?? [])].map(({ count }) => count).sort((a, b) => a - b);
    if (counts.length === 0) return 1;
    return (counts[counts.length - 1 - Math.floor(view.percentile * counts.length)] as number) + 1;
  }

  /** An expression as a function that looks up what it needs by name. */
  private compile(tree: TypedNode, of: CheckedModel | CheckedRule): Compiled {
    const constants: unknown[] = [];
    const constant = (value: unknown): string => `k[${constants.push(value) - 1}]`;
    const model = 'model' in of.entry ? String(of.entry.model) : of.entry.id;
    const host: EmitHost = {
      field: (name) => `v.fields[${JSON.stringify(name)}]`,
      variable: (name) => variable(name, model),
      contextCall: (node, args) => {
        if (node.function === 'observations') return `v.engine.observations(${args.join()}, v)`;
        const at = functionTable.get(node.function)?.literal?.at ?? 0;
        const table = (node.args[at] as TypedNode & { value: string }).value;
        return `${constant(tableFunction(node.function, this.tables.members(table)))}(${args[1 - at]})`;
      },
      sessionCall: (node) => this.sessionCall(node, of, host),
      constant,
    };
    this.addCounters(tree, of);
    return new Function('k', `'use strict'; return (v) => ${emit(tree, host)};`)(
      constants,
    ) as Compiled;
  }

  private sessionCall(node: CallNode, of: CheckedModel | CheckedRule, host: EmitHost): string {
    const [first] = node.args as [TypedNode];
    if (node.function === 'was_rule_fired')
      return `v.container.fired.has(${JSON.stringify((first as TypedNode & { value: string }).value)})`;
    const key = JSON.stringify(keyOf(node, of));
    if (node.function === 'distinct_count') return `(v.container.values.get(${key})?.size ?? 0)`;
    if (kindOf(node, of) !== 'values') return `(v.container.sums.get(${key}) ?? 0)`;
    return `(v.container.values.get(${key})?.get(${emit(first, host)}) ?? 0)`;
  }

  private addCounters(tree: TypedNode, of: CheckedModel | CheckedRule): void {
    walk(tree, (node) => {
      if (node.node !== 'call' || functionTable.get(node.function)?.kind !== 'session') return;
      if (node.function === 'was_rule_fired') return;
      const key = keyOf(node, of);
      if (this.counters.some((counter) => counter.key === key)) return;
      const args = node.args.map((arg) => this.compile(counted(arg, of), of));
      this.counters.push({ key, kind: kindOf(node, of), types: of.types, args });
    });
  }
}

function variable(name: string, model: string): string {
  switch (name) {
    case 'org':
      return '"org"';
    case 'time':
    case 'first_seen':
    case 'active_days':
    case 'value':
      return `v.${name}`;
    case 'percentile_threshold_count':
      return '(v.percentile * v.reading.n)';
    case 'percentile_threshold_value':
      return `v.engine.threshold(${JSON.stringify(model)}, v)`;
    case 'top_threshold_count':
      return `v.engine.top(${JSON.stringify(model)}, v)`;
    default:
      return `v.reading.${name}`;
  }
}

/** What a session function counts: for `value` what it stands for. */
function counted(arg: TypedNode, { binding }: CheckedModel | CheckedRule): TypedNode {
  return arg.node === 'variable' && arg.name === 'value' && binding !== undefined
    ? binding.tree
    : arg;
}

function kindOf(node: CallNode, of: CheckedModel | CheckedRule): string {
  const type = counted(node.args[0] as TypedNode, of).type;
  return type === 'text' || type === 'texts' ? 'values' : node.function;
}

function keyOf(node: CallNode, of: CheckedModel | CheckedRule): string {
  const args = node.args.map((arg) => canonical(counted(arg, of)));
  return `${kindOf(node, of)} ${args.join(' ')} ${[...of.types].sort().join()}`;
}

function trainNumerical(model: NaiveModel, scope: string, value: number): void {
  if (!(value > 0 && value < Number.POSITIVE_INFINITY)) return;
  let known = model.numerical.get(scope);
  if (known === undefined) {
    known = {
      n: 0,
      sum: 0,
      logs: 0,
      products: 0,
      lowest: Number.POSITIVE_INFINITY,
      highest: 0,
      fittedAt: 0,
      fit: undefined,
      quantiles: new Map(),
    };
    model.numerical.set(scope, known);
  }
  const log = Math.log(value);
  known.n += 1;
  known.sum += value;
  known.logs += log;
  known.products += value * log;
  known.lowest = Math.min(known.lowest, value);
  known.highest = Math.max(known.highest, value);
  if (known.n < known.fittedAt * 1.1) return;
  known.fittedAt = known.n;
  known.fit =
    known.lowest < known.highest
      ? fitGamma(known.n, known.sum, known.logs, known.products)
      : undefined;
  known.quantiles.clear();
}

function listOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return Array.isArray(value) ? [...new Set(value as string[])] : [];
}
