/**
 * Typed trees to functions. Each rule, model and event type gets small functions of its own: one
 * large function would keep the optimising compiler busy for seconds.
 *
 * Generated code sees `e` (the frame: fields as e.f0, e.f1 …), `c` (the container), `v` and `i`
 * (the verdicts and the one in question) and its constants, nothing else. While the code of a
 * function is made, the fields, atoms and models it touches are noted, so that for each event type
 * the frame is filled with just what its code reads.
 *
 * Over 400 lines because all generated code shares its names: slots, atoms, counters, constants.
 */

import type { Model } from '#content';
import type { Binding, CheckedModel, CheckedRule } from './check.js';
import type { Fields, FieldValue, RecordKind } from './contract.js';
import {
  type CallNode,
  canonical,
  type EmitHost,
  type ExpressionType,
  emit,
  emitTemplate,
  functionTable,
  type TypedNode,
  tableFunction,
  walk,
} from './expression/index.js';
import type {
  AtomCode,
  CounterUse,
  Frame,
  ModelCode,
  ProgramCode,
  RuleCode,
  SourceTree,
  Test,
} from './program.js';
import type { Container } from './stages/4-session.js';
import type { Tables } from './tables.js';

/** What the code of a function touches. */
interface Uses {
  readonly fields: Set<string>;
  readonly atoms: Set<number>;
  /** Models asked with `observations`. */
  readonly observed: Set<number>;
}

/** Names and meanings that differ between the places an expression can stand in. */
export interface Place {
  /** Event types that session functions run over. */
  readonly types: readonly string[];
  readonly binding: Binding | undefined;
  readonly model: number;
  readonly percentile: number;
  readonly modelOf: (id: string) => number;
  readonly ruleOf: (id: string) => number;
}

interface Counter {
  readonly types: ReadonlySet<string>;
  readonly uses: Uses;
  /** A statement that brings it up to an event. */
  readonly statement: string;
}

type Generated = (...args: never[]) => unknown;

const newUses = (): Uses => ({ fields: new Set(), atoms: new Set(), observed: new Set() });

/** Column of the verdicts that holds a variable. */
const COLUMNS: Readonly<Record<string, string>> = {
  n: 'n',
  num_bins: 'bins',
  num_observations: 'seen',
  confidence_factor: 'confidence',
  value: 'value',
  scope: 'scope',
};

/** Variables for which a model must be read and not only asked for scope and value. */
const READINGS = new Set([
  'n',
  'num_bins',
  'num_observations',
  'confidence_factor',
  'percentile_threshold_count',
  'percentile_threshold_value',
  'top_threshold_count',
]);

const ABSENT: Readonly<Record<ExpressionType, string>> = {
  text: 'undefined',
  texts: 'undefined',
  number: 'NaN',
  numbers: 'undefined',
  flag: 'false',
  flags: 'undefined',
};

/** Source that gives the value `a` if it has the field's type, and its absence otherwise. */
function typed(type: ExpressionType): string {
  if (type === 'flag') return 'a === true';
  if (type === 'texts') return 'Array.isArray(a) ? a : undefined';
  return type === 'number'
    ? "typeof a === 'number' ? a : NaN"
    : "typeof a === 'string' ? a : undefined";
}

/** A function's source with its own constants and local names. */
class Body {
  readonly uses = newUses();
  readonly constants: unknown[] = [];
  readonly locals = new Map<string, string>();
  /** Refers to numbers that a model has to be read for. */
  reads = false;

  constant(value: unknown): string {
    let at = this.constants.indexOf(value);
    if (at < 0) at = this.constants.push(value) - 1;
    return `k${at}`;
  }

  compile(name: string, params: string, code: string): Generated {
    const constants = this.constants.map((_, at) => `const k${at} = k[${at}];\n`).join('');
    const locals = [...this.locals].map(([local, made]) => `const ${local} = ${made};\n`).join('');
    const label = name.replace(/\W/g, '_');
    const source = `'use strict';\n${constants}return function ${label}(${params}) {\n${locals}${code}\n};`;
    return new Function('k', source)(this.constants) as Generated;
  }
}

export class Generator {
  private readonly tables: Tables;
  private readonly fieldTypes: ReadonlyMap<string, ExpressionType>;
  private readonly slots = new Map<string, number>();
  private readonly atomsByText = new Map<string, number>();
  private readonly atoms: AtomCode[] = [];
  private readonly atomUses: Uses[] = [];
  private readonly counters: Counter[] = [];
  private readonly countersByText = new Map<string, CounterUse>();
  private scalars = 0;
  private keyed = 0;
  readonly models: ModelCode[] = [];
  private readonly modelUses: Uses[] = [];
  readonly rules: RuleCode[] = [];
  private readonly ruleUses: Uses[] = [];

  constructor(tables: Tables, fieldTypes: ReadonlyMap<string, ExpressionType>) {
    this.tables = tables;
    this.fieldTypes = fieldTypes;
  }

  /** Models come before rules, in the order of their positions. */
  addModel(checked: CheckedModel, place: Place): void {
    const { entry, scope, feature, trainIf } = checked;
    const uses = newUses();
    const own = { ...place, binding: undefined, model: -1 };
    const scopeAtom = this.atom(scope.tree, own);
    uses.atoms.add(scopeAtom);
    let featureAtom = -1;
    let number: ModelCode['number'];
    if (entry.kind === 'categorical') {
      featureAtom = this.atom(feature.tree, own);
      uses.atoms.add(featureAtom);
    } else {
      const body = new Body();
      number = this.expression(body, `value_${entry.id}`, 'e, c', feature.tree, own) as (
        e: Frame,
        c: Container,
      ) => number;
      include(uses, body.uses);
    }
    let test: Test | undefined;
    let reads = false;
    if (trainIf !== undefined) {
      const body = new Body();
      test = this.expression(body, `train_${entry.id}`, 'e, c, v, i', trainIf.tree, place) as Test;
      include(uses, body.uses);
      reads = body.reads;
    }
    this.modelUses.push(uses);
    this.models.push({
      id: entry.id,
      kind: entry.kind,
      scope: scopeAtom,
      feature: featureAtom,
      number,
      trainIf: test,
      trainIfReads: reads,
      ...modelLimits(entry),
      agingDays: checked.agingDays,
      source: { scope, feature },
    });
  }

  addRule(checked: CheckedRule, place: Place, dependsOn: readonly number[]): void {
    const { entry } = checked;
    const uses = newUses();
    const each =
      entry.for_each === undefined || checked.binding === undefined
        ? -1
        : this.atom(checked.binding.tree, { ...place, binding: undefined, model: -1 });
    if (each >= 0) uses.atoms.add(each);
    const made = (part: string, tree: TypedNode) => {
      const body = new Body();
      const compiled = this.expression(body, `${part}_${entry.id}`, 'e, c, v, i', tree, place);
      include(uses, body.uses);
      return compiled;
    };
    const when = made('when', checked.when.tree) as Test;
    const by = checked.by && (made('by', checked.by.tree) as RuleCode['by']);
    const body = new Body();
    const reasonCode = emitTemplate(checked.reason, this.host(body, place));
    const reason = body.compile(`reason_${entry.id}`, 'e, c, v, i', `return ${reasonCode};`);
    include(uses, body.uses);
    this.ruleUses.push(uses);
    this.rules.push({
      id: entry.id,
      events: entry.events,
      model: place.model,
      each,
      percentile: place.percentile,
      dependsOn,
      once: entry.once !== undefined,
      score: entry.score,
      when,
      by,
      reason: reason as RuleCode['reason'],
      source: {
        when: checked.when,
        counter: (call) => this.counter(call, place),
        modelOf: place.modelOf,
      },
    });
  }

  /**
   * Everything of one event type. Rules and models are all added before, so all counters are known.
   */
  typeCode(
    id: string,
    rules: readonly number[],
    trainers: readonly number[],
  ): Pick<ProgramCode['types'][number], 'load' | 'count'> {
    const uses = newUses();
    const counters = this.counters.filter((counter) => counter.types.has(id));
    for (const counter of counters) include(uses, counter.uses);
    for (const rule of rules) {
      include(uses, this.ruleUses[rule] as Uses);
      const { model } = this.rules[rule] as RuleCode;
      if (model >= 0) include(uses, this.modelUses[model] as Uses);
    }
    for (const model of trainers) include(uses, this.modelUses[model] as Uses);
    const statements = counters.map((counter) => counter.statement);
    return {
      load: this.loader(`load_${id}`, uses),
      count:
        statements.length === 0
          ? undefined
          : // Statements were made with the constants of all counters in one list.
            (this.counterBody.compile(`count_${id}`, 'e, c', statements.join('\n')) as (
              e: Frame,
              c: Container,
            ) => void),
    };
  }

  /** How the frame is filled when containers end. */
  endingLoader(trainers: readonly number[]): (e: Frame, fields: Fields) => void {
    const uses = newUses();
    for (const model of trainers) include(uses, this.modelUses[model] as Uses);
    return this.loader('load_end', uses);
  }

  /** After everything else: the frame has all fields that any code reads. */
  finish(): Pick<ProgramCode, 'makeFrame' | 'counters' | 'atoms' | 'rules' | 'models'> {
    const properties = [...this.slots].map(
      ([field, slot]) => `f${slot}: ${ABSENT[this.typeOf(field)]}`,
    );
    const fixed = [
      'time: NaN',
      'firstSeen: NaN',
      'activeDays: NaN',
      'sessions: null',
      'models: null',
    ];
    const literal = `({${[...fixed, ...properties].join(', ')}})`;
    return {
      makeFrame: new Function(`'use strict'; return ${literal};`) as () => Frame,
      counters: { scalars: this.scalars, keyed: this.keyed },
      atoms: this.atoms,
      rules: this.rules,
      models: this.models,
    };
  }

  /** The first of the event types, given with their positions, whose kind and condition fit. */
  builder(
    types: readonly { readonly kind: string; readonly when: SourceTree | undefined }[],
  ): (kind: RecordKind, fields: Fields) => number {
    const byKind = new Map<string, { at: number; when: (fields: Fields) => boolean }[]>();
    for (const [at, { kind, when }] of types.entries()) {
      const list = byKind.get(kind) ?? [];
      byKind.set(kind, list);
      list.push({ at, when: when === undefined ? () => true : this.condition(at, when.tree) });
    }
    return (kind, fields) => byKind.get(kind)?.find((type) => type.when(fields))?.at ?? -1;
  }

  private readonly counterBody = new Body();

  private typeOf(field: string): ExpressionType {
    return this.fieldTypes.get(field) ?? 'text';
  }

  private condition(at: number, tree: TypedNode): (fields: Fields) => boolean {
    const body = new Body();
    const host: EmitHost = {
      field: (name) => {
        const local = `f${this.slot(name)}`;
        const read = body.constant(reader(name, this.typeOf(name)));
        body.locals.set(local, `${read}(x)`);
        return local;
      },
      variable: (name) => {
        throw new Error(`${name} is not known before an event is built`);
      },
      contextCall: (node, args) => this.tableCall(body, node, args),
      sessionCall: (node) => {
        throw new Error(`${node.function} is not known before an event is built`);
      },
      constant: (value) => body.constant(value),
    };
    const code = emit(tree, host);
    return body.compile(`builds_${at}`, 'x', `return ${code};`) as (fields: Fields) => boolean;
  }

  private slot(field: string): number {
    let slot = this.slots.get(field);
    if (slot === undefined) {
      slot = this.slots.size;
      this.slots.set(field, slot);
    }
    return slot;
  }

  private expression(
    body: Body,
    name: string,
    params: string,
    tree: TypedNode,
    place: Place,
  ): Generated {
    const code = emit(tree, this.host(body, place));
    return body.compile(name, params, `return ${code};`);
  }

  private host(body: Body, place: Place): EmitHost {
    return {
      field: (name) => {
        body.uses.fields.add(name);
        return `e.f${this.slot(name)}`;
      },
      variable: (name) => this.variable(body, name, place),
      contextCall: (node, args) => {
        if (node.function !== 'observations') return this.tableCall(body, node, args);
        const model = place.modelOf(literalOf(node));
        body.uses.observed.add(model);
        return `e.models.observations(${model}, ${args[1]})`;
      },
      sessionCall: (node) => this.sessionCall(body, node, place),
      constant: (value) => body.constant(value),
    };
  }

  private variable(body: Body, name: string, place: Place): string {
    if (READINGS.has(name)) body.reads = true;
    const column = COLUMNS[name];
    if (column !== undefined) {
      body.locals.set(name, `v.${column}[i]`);
      return name;
    }
    switch (name) {
      case 'org':
        return '"org"';
      case 'time':
        return 'e.time';
      case 'first_seen':
        return 'e.firstSeen';
      case 'active_days':
        return 'e.activeDays';
      case 'percentile_threshold_count':
        return `(${place.percentile} * v.n[i])`;
      // Costly, so asked for in place and not at the head of the function.
      case 'percentile_threshold_value':
        return `e.models.threshold(${place.model}, i, ${place.percentile})`;
      case 'top_threshold_count':
        return `e.models.top(${place.model}, i, ${place.percentile})`;
      default:
        throw new Error(`no variable ${name}`);
    }
  }

  private tableCall(body: Body, node: CallNode, args: readonly string[]): string {
    const at = functionTable.get(node.function)?.literal?.at ?? 0;
    const made = tableFunction(node.function, this.tables.members(literalOf(node)));
    return `${body.constant(made)}(${args[1 - at]})`;
  }

  private sessionCall(body: Body, node: CallNode, place: Place): string {
    const use = this.counter(node, place);
    switch (use.kind) {
      case 'fired':
        return use.rule < 0 ? 'false' : `c.points.has(${use.rule})`;
      case 'scalar':
        return `c.sums[${use.slot}]`;
      case 'distinct':
        return `e.sessions.distinct(c, ${use.slot})`;
      case 'keyed': {
        const key =
          use.key === undefined
            ? this.variable(body, 'value', place)
            : emit(use.key, this.host(body, place));
        return `e.sessions.count(c, ${use.slot}, ${key})`;
      }
    }
  }

  /** The counter of a call, made when first asked for: equal ones are shared by all who use them. */
  private counter(call: CallNode, place: Place): CounterUse {
    if (call.function === 'was_rule_fired') {
      return { kind: 'fired', rule: place.ruleOf(literalOf(call)) };
    }
    const binding = place.binding;
    const [first, ...rest] = call.args as [TypedNode, ...TypedNode[]];
    const ofList = binding?.list === true && first.node === 'variable' && first.name === 'value';
    const args = [
      ofList ? binding.tree : withValue(first, binding?.tree),
      ...rest.map((arg) => withValue(arg, binding?.tree)),
    ];
    const types = [...new Set(place.types)].sort();
    const byText = call.function === 'distinct_count' || ofList || args[0]?.type === 'text';
    const text = JSON.stringify([byText ? 'values' : call.function, args.map(canonical), types]);
    let use = this.countersByText.get(text);
    if (use === undefined) {
      const empty = { ...place, binding: undefined, model: -1 };
      use = this.addCounter(byText ? 'values' : call.function, args, new Set(types), empty);
      this.countersByText.set(text, use);
    }
    if (use.kind !== 'keyed') return use;
    if (call.function === 'distinct_count') return { kind: 'distinct', slot: use.slot };
    return { ...use, key: ofList ? undefined : first };
  }

  private addCounter(
    kind: string,
    args: readonly TypedNode[],
    types: ReadonlySet<string>,
    place: Place,
  ): CounterUse {
    const [first, second] = args as [TypedNode, TypedNode | undefined];
    if (kind === 'values') {
      const slot = this.keyed++;
      const atom = this.atom(first, place);
      const uses = newUses();
      uses.atoms.add(atom);
      const statement = `for (const t of e.models.atom(${atom})) e.sessions.bump(c, ${slot}, t);`;
      this.counters.push({ types, uses, statement });
      return { kind: 'keyed', slot, key: undefined };
    }
    const slot = this.scalars++;
    const uses = newUses();
    const host: EmitHost = {
      ...this.host(this.counterBody, place),
      field: (name) => {
        uses.fields.add(name);
        return `e.f${this.slot(name)}`;
      },
    };
    const firstCode = emit(first, host);
    const add = `{ const x = ${firstCode}; if (Number.isFinite(x)) c.sums[${slot}] += x; }`;
    let statement = add;
    if (kind === 'count') statement = `if (${firstCode}) c.sums[${slot}] += 1;`;
    else if (second !== undefined) statement = `if (${emit(second, host)}) ${add}`;
    this.counters.push({ types, uses, statement });
    return { kind: 'scalar', slot };
  }

  private atom(tree: TypedNode, place: Place): number {
    const text = JSON.stringify([canonical(tree), this.sessionKey(tree, place)]);
    let atom = this.atomsByText.get(text);
    if (atom === undefined) {
      const body = new Body();
      const value = this.expression(body, `atom_${this.atoms.length}`, 'e, c', tree, place);
      atom = this.atoms.length;
      this.atoms.push({ value: value as AtomCode['value'] });
      this.atomUses.push(body.uses);
      this.atomsByText.set(text, atom);
    }
    return atom;
  }

  /** What an atom's meaning depends on beside its text: its counters, its models and rules. */
  private sessionKey(tree: TypedNode, place: Place): unknown[] {
    const key: unknown[] = [];
    const visit = (node: TypedNode): void => {
      if (node.node !== 'call') return;
      const entry = functionTable.get(node.function);
      if (node.function === 'observations') key.push(place.modelOf(literalOf(node)));
      else if (entry?.kind === 'session') {
        const use = this.counter(node, place);
        key.push([use.kind, use.kind === 'fired' ? use.rule : use.slot]);
      }
    };
    walk(tree, visit);
    return key;
  }

  private loader(name: string, uses: Uses): (e: Frame, fields: Fields) => void {
    const fields = new Set<string>();
    const seenAtoms = new Set<number>();
    const seenModels = new Set<number>();
    const gather = (part: Uses): void => {
      for (const field of part.fields) fields.add(field);
      for (const atom of part.atoms) {
        if (seenAtoms.has(atom)) continue;
        seenAtoms.add(atom);
        gather(this.atomUses[atom] as Uses);
      }
      for (const model of part.observed) {
        if (seenModels.has(model)) continue;
        seenModels.add(model);
        // A model that is only asked needs its scope; its feature is the caller's argument.
        gather(this.modelUses[model] as Uses);
      }
    };
    gather(uses);
    const statements = [...fields].sort().map((field) => {
      const type = this.typeOf(field);
      return `{ const a = x[${JSON.stringify(field)}]; e.f${this.slot(field)} = ${typed(type)}; }`;
    });
    return new Body().compile(name, 'e, x', statements.join('\n')) as (
      e: Frame,
      fields: Fields,
    ) => void;
  }
}

function include(into: Uses, more: Uses): void {
  for (const field of more.fields) into.fields.add(field);
  for (const atom of more.atoms) into.atoms.add(atom);
  for (const model of more.observed) into.observed.add(model);
}

function reader(name: string, type: ExpressionType): (fields: Fields) => FieldValue | undefined {
  const code = `'use strict'; const a = x[${JSON.stringify(name)}]; return ${typed(type)};`;
  return new Function('x', code) as (fields: Fields) => FieldValue | undefined;
}

function literalOf(call: CallNode): string {
  const at = functionTable.get(call.function)?.literal?.at ?? 0;
  const argument = call.args[at];
  return argument?.node === 'literal' ? String(argument.value) : '';
}

/** The tree with the feature in the place of `value`. */
function withValue(tree: TypedNode, feature: TypedNode | undefined): TypedNode {
  if (feature === undefined) return tree;
  const put = (node: TypedNode): TypedNode => {
    switch (node.node) {
      case 'variable':
        return node.name === 'value' ? feature : node;
      case 'literal':
      case 'field':
      case 'local':
        return node;
      case 'list':
        return { ...node, items: node.items.map(put) };
      case 'not':
      case 'negate':
        return { ...node, operand: put(node.operand) };
      case 'binary':
        return { ...node, left: put(node.left), right: put(node.right) };
      case 'choose':
        return { ...node, test: put(node.test), yes: put(node.yes), no: put(node.no) };
      case 'index':
        return { ...node, list: put(node.list), at: put(node.at) };
      case 'call':
        return { ...node, args: node.args.map(put) };
      case 'each':
        return { ...node, list: put(node.list), body: put(node.body) };
    }
  };
  return put(tree);
}

function modelLimits(entry: Model): Pick<ModelCode, 'alpha' | 'cutOff' | 'maxBins'> {
  return {
    alpha: entry.alpha ?? 1,
    cutOff: entry.cut_off ?? 0,
    maxBins: entry.max_bins ?? 1000,
  };
}
