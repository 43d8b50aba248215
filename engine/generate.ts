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
  memberSet,
  type TypedNode,
  tableFunction,
  walk,
} from './expression/index.js';
import type {
  AtomCode,
  CounterUse,
  EndingCode,
  Frame,
  ModelCode,
  ProgramCode,
  RuleCode,
  SourceTree,
  TypeCode,
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

/** What the code of a rule is made of. */
interface RuleParts {
  /** All must hold. */
  readonly conditions: readonly TypedNode[];
  readonly by: TypedNode | undefined;
  readonly place: Place;
}

/** What the code that trains a model is made of. */
interface TrainParts {
  readonly condition: TypedNode | undefined;
  readonly place: Place;
  /** There is one scope at most: all pairs are of it. */
  readonly isOfOneScope: boolean;
  /** The condition is about the value alone, and there is one pair for each value. */
  readonly isOfValue: boolean;
  /** What trains, or whether, depends on what models know. */
  readonly looksAtModels: boolean;
}

type RuleGroup = TypeCode['groups'][number];
type Trainer = TypeCode['train'][number];

interface Counter {
  readonly types: ReadonlySet<string>;
  readonly uses: Uses;
  /** A statement that brings it up to an event. */
  readonly statement: string;
}

type Generated = (...args: never[]) => unknown;

const newUses = (): Uses => ({ fields: new Set(), atoms: new Set(), observed: new Set() });

/** Variables that a verdict has at hand, as columns of the verdicts. */
const COLUMNS: Readonly<Record<string, string>> = {
  n: 'n',
  num_bins: 'bins',
  confidence_factor: 'confidence',
  value: 'value',
};

/** Rules, or models that train, of one function; see the head of this file. */
const GROUP = 24;

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
  /** Verdict whose numbers of the scope are declared: all verdicts of one scope have the same. */
  index = 'i';
  /** Refers to numbers that a model has to be read for. */
  reads = false;
  /** Refers to the ids of values. */
  identifies = false;
  /** Refers to the observations of a value; in a loop over verdicts they are a column. */
  looks = false;
  /** Stands in a loop over verdicts, which are looked at before it. */
  isLoop = false;

  constant(value: unknown): string {
    let at = this.constants.indexOf(value);
    if (at < 0) at = this.constants.push(value) - 1;
    return `k${at}`;
  }

  compile(name: string, params: string, code: string): Generated {
    const constants = this.constants.map((_, at) => `const k${at} = k[${at}];\n`).join('');
    const label = name.replace(/\W/g, '_');
    const source = `'use strict';\n${constants}return function ${label}(${params}) {\n${this.declared()}${code}\n};`;
    return new Function('k', source)(this.constants) as Generated;
  }

  /** The locals so far, as statements, but for some; those declared are gone. */
  declared(but: readonly string[] = []): string {
    const chosen = new Map([...this.locals].filter(([local]) => !but.includes(local)));
    for (const local of chosen.keys()) this.locals.delete(local);
    return declared(chosen);
  }
}

function declared(locals: ReadonlyMap<string, string>): string {
  return [...locals].map(([local, code]) => `const ${local} = ${code};\n`).join('');
}

/** Parts that several share, as statements. */
function named(known: ReadonlyMap<string, string>): string {
  return declared(new Map([...known].map(([code, name]) => [name, code])));
}

/** Name of a part that several share, by its code. */
function shared(known: Map<string, string>, prefix: string, code: string): string {
  const name = known.get(code) ?? `${prefix}${known.size}`;
  known.set(code, name);
  return name;
}

/** A function of at most three that is compiled when it is first called: of many rules few ever fire. */
function onDemand<F extends (a: never, b: never, c: never) => unknown>(make: () => F): F {
  let made: F | undefined;
  // A list of arguments would be made for each call.
  const call = (a: never, b: never, c: never) => {
    made ??= make();
    return made(a, b, c);
  };
  return call as F;
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
  private readonly trainParts: TrainParts[] = [];
  readonly rules: RuleCode[] = [];
  private readonly ruleUses: Uses[] = [];
  private readonly ruleParts: RuleParts[] = [];
  private readonly memberTables: ReadonlySet<string>[] = [];
  private readonly memberTablesById = new Map<string, number>();

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
    // For what it uses; code is made for all models of an event type together.
    const asking = new Body();
    if (trainIf !== undefined) emit(trainIf.tree, this.host(asking, place));
    include(uses, asking.uses);
    const isOfOneScope = scope.tree.type === 'text';
    this.trainParts.push({
      condition: trainIf?.tree,
      place,
      isOfOneScope,
      isOfValue:
        isOfOneScope &&
        featureAtom >= 0 &&
        (trainIf === undefined || looksOnlyAt(OF_VALUE, trainIf.tree)),
      looksAtModels:
        asking.reads ||
        uses.observed.size > 0 ||
        [...uses.atoms].some((at) => (this.atomUses[at] as Uses).observed.size > 0),
    });
    this.modelUses.push(uses);
    this.models.push({
      id: entry.id,
      kind: entry.kind,
      scope: scopeAtom,
      feature: featureAtom,
      number,
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
    const body = new Body();
    const reasonCode = emitTemplate(checked.reason, this.host(body, place));
    include(uses, body.uses);
    this.ruleUses.push(uses);
    const at = this.rules.length;
    // For what it uses; code is made when all rules are known.
    const conditions = conjuncts(checked.when.tree);
    const asking = new Body();
    for (const tree of conditions) emit(tree, this.host(asking, place));
    if (checked.by !== undefined) emit(checked.by.tree, this.host(asking, place));
    include(uses, asking.uses);
    this.ruleParts.push({ conditions, by: checked.by?.tree, place });
    const rule: { -readonly [K in keyof RuleCode]: RuleCode[K] } = {
      id: entry.id,
      events: entry.events,
      model: place.model,
      each,
      percentile: place.percentile,
      dependsOn,
      once: entry.once !== undefined,
      onceBy: checked.by !== undefined,
      score: entry.score,
      alone: onDemand(() => this.group([at])),
      // Compiled when first called, and called without a detour from then on.
      reason: (e, c, v, i) => {
        const code = `return ${reasonCode};`;
        rule.reason = body.compile(`reason_${entry.id}`, 'e, c, v, i', code) as RuleCode['reason'];
        return rule.reason(e, c, v, i);
      },
      source: {
        when: checked.when,
        counter: (call) => this.counter(call, place),
        modelOf: place.modelOf,
      },
    };
    this.rules.push(rule);
  }

  /**
   * Everything of one event type. Rules and models are all added before, so all counters are known.
   */
  typeCode(
    id: string,
    rules: readonly number[],
    trainers: readonly number[],
  ): Pick<TypeCode, 'load' | 'ahead' | 'count' | 'groups' | 'dependants' | 'train'> {
    const uses = newUses();
    const dependants = rules.filter((at) => (this.rules[at] as RuleCode).dependsOn.length > 0);
    const groups = this.grouped(rules).map((group) => ({ rules: group, run: this.group(group) }));
    const counters = this.counters.filter((counter) => counter.types.has(id));
    // Atoms whose ids somebody needs, whatever comes of the event.
    const identified = new Set<number>();
    for (const counter of counters) {
      include(uses, counter.uses);
      for (const atom of counter.uses.atoms) identified.add(atom);
    }
    for (const at of [...rules.map((rule) => this.rules[rule]?.model ?? -1), ...trainers]) {
      const { scope = -1, feature = -1 } = this.models[at] ?? {};
      identified.add(scope).add(feature);
    }
    for (const rule of rules) {
      include(uses, this.ruleUses[rule] as Uses);
      const { model } = this.rules[rule] as RuleCode;
      if (model >= 0) include(uses, this.modelUses[model] as Uses);
    }
    for (const model of trainers) include(uses, this.modelUses[model] as Uses);
    const statements = counters.map((counter) => counter.statement);
    return {
      groups,
      dependants,
      train: this.trainers(trainers),
      load: this.loader(`load_${id}`, uses),
      ahead: [...identified].filter((at) => this.atoms[at]?.isOfFields === true),
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

  /** How the frame is filled when containers end, and which models train then. */
  ending(trainers: readonly number[]): EndingCode {
    const uses = newUses();
    for (const model of trainers) include(uses, this.modelUses[model] as Uses);
    return {
      load: this.loader('load_end', uses) as EndingCode['load'],
      train: this.trainers(trainers),
    };
  }

  /**
   * Functions that train the models. Those whose training depends on what models know come first and only
   * note what is to train, since an event must not see itself; all others train at once.
   */
  private trainers(models: readonly number[]): Trainer[] {
    const asking = models.filter((at) => (this.trainParts[at] as TrainParts).looksAtModels);
    const others = models.filter((at) => !asking.includes(at));
    const made: Trainer[] = [];
    for (let at = 0; at < asking.length; at += GROUP) {
      made.push(this.trainer(asking.slice(at, at + GROUP), true));
    }
    for (let at = 0; at < others.length; at += GROUP) {
      made.push(this.trainer(others.slice(at, at + GROUP), false));
    }
    return made;
  }

  /** Several models have the same feature and condition, which is then asked once for each value. */
  private trainer(models: readonly number[], notes: boolean): Trainer {
    const body = new Body();
    body.isLoop = true;
    const groups = new Map<
      string,
      { models: number[]; step: string; head: string; test: string }
    >();
    const whole = new Map<string, number[]>();
    for (const at of models) {
      const { condition, place, isOfValue: canShare } = this.trainParts[at] as TrainParts;
      body.reads = false;
      body.looks = false;
      const code = condition === undefined ? 'true' : emit(condition, this.host(body, place));
      if (!notes && (condition === undefined || looksOnlyAt(OF_EVENT, condition))) {
        const alike = whole.get(code);
        if (alike === undefined) whole.set(code, [at]);
        else alike.push(at);
        continue;
      }
      const test = `${body.declared()}if (${code})`;
      const step = body.reads ? 'read' : 'pair';
      const head = body.looks ? 'v.look();\n' : '';
      const { feature } = this.models[at] as ModelCode;
      const key = canShare ? `${feature} ${head}${test}` : `model ${at}`;
      const group = groups.get(key);
      if (group === undefined) groups.set(key, { models: [at], step, head, test });
      else group.models.push(at);
    }
    const blocks = [...groups.values()].map(({ models: own, step, head, test }) => {
      const pairs = own.map((at) => `const v${at} = e.runs[${at}].${step}();\n`).join('');
      // All that have a scope have the same pairs; a model without one has none.
      const any = own.slice(0, -1).map((at) => `v${at}.count > 0 ? v${at} : `);
      const first = `const v = ${any.join('')}v${own.at(-1)};\n${head}`;
      const then = own.map((at) =>
        notes
          ? `if (i < v${at}.count) e.models.trains(${at}, i);\n`
          : `if (i < v${at}.count) v${at}.train(i);\n`,
      );
      return `{ ${pairs}${first}for (let i = 0; i < v.count; i += 1) { ${test} { ${then.join('')} } } }\n`;
    });
    for (const [code, own] of whole) {
      blocks.push(
        `if (${code}) { ${own.map((at) => `e.runs[${at}].pair().trainAll();\n`).join('')} }\n`,
      );
    }
    return body.compile('train', 'e, c', blocks.join('')) as Trainer;
  }

  /** After everything else: the frame has all fields that any code reads. */
  finish(): Pick<
    ProgramCode,
    'makeFrame' | 'counters' | 'atoms' | 'rules' | 'models' | 'memberTables'
  > {
    const properties = [...this.slots].map(
      ([field, slot]) => `f${slot}: ${ABSENT[this.typeOf(field)]}`,
    );
    const fixed = [
      'time: NaN',
      'firstSeen: NaN',
      'activeDays: NaN',
      'sessions: null',
      'models: null',
      'runs: null',
    ];
    const literal = `({${[...fixed, ...properties].join(', ')}})`;
    return {
      makeFrame: new Function(`'use strict'; return ${literal};`) as () => Frame,
      counters: { scalars: this.scalars, keyed: this.keyed },
      atoms: this.atoms,
      rules: this.rules,
      models: this.models,
      memberTables: this.memberTables,
    };
  }

  /**
   * Rules that depend on nothing, in pieces of bounded size; those that look at the same verdicts stand
   * together.
   */
  private grouped(rules: readonly number[]): number[][] {
    const byVerdicts = new Map<string, number[]>();
    for (const at of rules) {
      const { model, each, dependsOn } = this.rules[at] as RuleCode;
      if (dependsOn.length > 0) continue;
      const key = `${model} ${each}`;
      const alike = byVerdicts.get(key);
      if (alike === undefined) byVerdicts.set(key, [at]);
      else alike.push(at);
    }
    const ordered = [...byVerdicts.values()].flat();
    const groups: number[][] = [];
    for (let at = 0; at < ordered.length; at += GROUP) groups.push(ordered.slice(at, at + GROUP));
    return groups;
  }

  /**
   * One function for several rules. Conditions have no effect and never throw, so their parts may be
   * asked in any order: what depends on the event alone once and before any verdicts are looked at,
   * what several rules ask once for all, what is cheap first.
   */
  private group(rules: readonly number[]): RuleGroup['run'] {
    const body = new Body();
    body.isLoop = true;
    const perEvent = new Map<string, string>();
    const starts: string[] = [];
    const looks: string[] = [];
    for (let from = 0; from < rules.length; ) {
      const { model, each } = this.rules[rules[from] as number] as RuleCode;
      let to = from + 1;
      for (; to < rules.length; to += 1) {
        const next = this.rules[rules[to] as number] as RuleCode;
        if (next.model !== model || next.each !== each) break;
      }
      const block = this.block(rules.slice(from, to), body, perEvent);
      starts.push(...block.starts);
      looks.push(block.look);
      from = to;
    }
    const none = `if (!(${rules.map((at) => `r${at}`).join(' || ')})) return;\n`;
    const name = `rules_${rules.map((at) => this.rules[at]?.id).join('_')}`.slice(0, 60);
    const code = `${named(perEvent)}${starts.join('')}${none}${looks.join('')}`;
    return body.compile(name, 'e, c, fired', code) as RuleGroup['run'];
  }

  /** The part of a group's function for rules that look at the same verdicts. */
  private block(
    rules: readonly number[],
    body: Body,
    perEvent: Map<string, string>,
  ): { readonly starts: readonly string[]; readonly look: string } {
    const { model, each } = this.rules[rules[0] as number] as RuleCode;
    // With a scope that is one text, all verdicts are of one scope.
    const isOfOneScope = model >= 0 && (this.trainParts[model] as TrainParts).isOfOneScope;
    const perScope = new Map<string, string>();
    const perVerdict = new Map<string, string>();
    const starts: string[] = [];
    const narrowed: string[] = [];
    const tests: string[] = [];
    body.index = isOfOneScope ? '0' : 'i';
    body.looks = false;
    body.identifies = false;
    let ofScope = '';
    for (const at of rules) {
      const rule = this.rules[at] as RuleCode;
      const { conditions, by, place } = this.ruleParts[at] as RuleParts;
      const host = this.host(body, place);
      const parts = conditions
        .map((tree) => ({ tree, cost: costOf(tree), code: emit(tree, host) }))
        .sort((a, b) => a.cost - b.cost);
      const before: string[] = [];
      const first: string[] = [];
      const within: string[] = [];
      if (rule.once) before.push('c.id !== 0');
      for (const { tree, cost, code } of parts) {
        const isCheap = cost <= CHEAP;
        if (looksOnlyAt(OF_EVENT, tree)) {
          before.push(isCheap ? shared(perEvent, 'p', code) : code);
        } else if (isOfOneScope && isCheap && looksOnlyAt(OF_SCOPE, tree)) {
          first.push(shared(perScope, 's', code));
        } else within.push(isCheap ? shared(perVerdict, 'h', code) : code);
      }
      if (rule.once && by === undefined) before.push(`!c.points.has(${at})`);
      starts.push(`let r${at} = ${before.length === 0 ? 'true' : before.join(' && ')};\n`);
      if (first.length > 0) narrowed.push(`r${at} = r${at} && ${first.join(' && ')};\n`);
      const fire = (value: string) => `fired.add(${at}, i, ${value}); r${at} = false;`;
      const then =
        by === undefined
          ? fire('undefined')
          : `const by = ${emit(by, host)}; if (by !== undefined && !e.sessions.hasSpent(c, ${at}, by)) { ${fire('by')} }`;
      tests.push(`if (${[`r${at}`, ...within].join(' && ')}) { ${then} }\n`);
    }
    const open = `(${rules.map((at) => `r${at}`).join(' || ')})`;
    if (isOfOneScope) ofScope = body.declared(['value']);
    const verdict = `${body.declared()}${named(perVerdict)}${tests.join('')}`;
    const { looks, identifies } = body;
    let look: string;
    if (model < 0 && each < 0) look = `const i = 0;\n${verdict}`;
    else {
      const loop = `${looks ? 'v.look();\n' : ''}for (let i = 0; i < v.count; i += 1) {\n${verdict}}\n`;
      const asked = model >= 0 ? `runs[${model}].read()` : `models.values(${each}, ${identifies})`;
      look = `const v = e.${asked};\n`;
      if (ofScope === '' && narrowed.length === 0) look += loop;
      else {
        const scope = `${ofScope}${named(perScope)}${narrowed.join('')}`;
        look += `if (v.count > 0) {\n${scope}if ${open} {\n${loop}}\n}\n`;
      }
    }
    return { starts, look: `if ${open} {\n${look}}\n` };
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
      contextCall: (node, args) => this.tableCall(body, node, args, undefined),
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
        if (node.function !== 'observations') return this.tableCall(body, node, args, place);
        const model = place.modelOf(literalOf(node));
        body.uses.observed.add(model);
        const argument = node.args[1] as TypedNode;
        // A field that some model has as its feature has been looked up for that.
        const atom = argument.node === 'field' ? this.knownAtom(argument, place) : undefined;
        if (atom === undefined) return `e.models.observations(${model}, ${args[1]})`;
        body.uses.atoms.add(atom);
        return `e.models.observationsOf(${model}, ${atom})`;
      },
      sessionCall: (node) => this.sessionCall(body, node, place),
      constant: (value) => body.constant(value),
    };
  }

  private variable(body: Body, name: string, place: Place): string {
    if (READINGS.has(name)) body.reads = true;
    const column = COLUMNS[name];
    if (column !== undefined) {
      body.locals.set(name, `v.${column}[${name === 'value' ? 'i' : body.index}]`);
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
      case 'scope':
        return 'v.scopeAt(i)';
      case 'percentile_threshold_count':
        return `(${place.percentile} * ${this.variable(body, 'n', place)})`;
      case 'num_observations':
        body.looks = true;
        return body.isLoop ? 'v.seen[i]' : 'v.seenAt(i)';
      // Costly, so asked for in place and not at the head of the function.
      case 'percentile_threshold_value':
        return `v.threshold(i, ${place.percentile})`;
      case 'top_threshold_count':
        return `v.top(i, ${place.percentile})`;
      default:
        throw new Error(`no variable ${name}`);
    }
  }

  private tableCall(
    body: Body,
    node: CallNode,
    args: readonly string[],
    place: Place | undefined,
  ): string {
    const at = functionTable.get(node.function)?.literal?.at ?? 0;
    const members = this.tables.members(literalOf(node));
    const argument = args[1 - at] as string;
    if (
      node.function === 'in_table' &&
      isTextValue(node.args[1 - at] as TypedNode) &&
      place?.binding !== undefined
    ) {
      return `e.models.isMember(${argument}, v.id[i], ${this.memberTable(literalOf(node), members)})`;
    }
    return `${body.constant(tableFunction(node.function, members))}(${argument})`;
  }

  private memberTable(id: string, members: readonly string[]): number {
    let at = this.memberTablesById.get(id);
    if (at === undefined) {
      at = this.memberTables.push(memberSet(members)) - 1;
      this.memberTablesById.set(id, at);
    }
    return at;
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
        if (use.key === undefined || isTextValue(use.key)) {
          body.identifies = true;
          return `e.sessions.count(c, ${use.slot}, v.id[i])`;
        }
        const key = emit(use.key, this.host(body, place));
        return `e.sessions.countText(c, ${use.slot}, ${key})`;
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
      const statement = `e.models.count(${atom}, c, ${slot});`;
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

  private knownAtom(tree: TypedNode, place: Place): number | undefined {
    return this.atomsByText.get(this.atomKey(tree, place));
  }

  private atomKey(tree: TypedNode, place: Place): string {
    return JSON.stringify([canonical(tree), this.sessionKey(tree, place)]);
  }

  private atom(tree: TypedNode, place: Place): number {
    const text = this.atomKey(tree, place);
    let atom = this.atomsByText.get(text);
    if (atom === undefined) {
      const body = new Body();
      const value = this.expression(body, `atom_${this.atoms.length}`, 'e, c', tree, place);
      atom = this.atoms.length;
      const isUser = tree.node === 'field' && tree.name === 'user';
      const isOfFields = this.sessionKey(tree, place).length === 0 && looksOnlyAt(OF_FIELDS, tree);
      this.atoms.push({ isUser, isOfFields, value: value as AtomCode['value'] });
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

function conjuncts(tree: TypedNode): TypedNode[] {
  return tree.node === 'binary' && tree.operator === '&&'
    ? [...conjuncts(tree.left), ...conjuncts(tree.right)]
    : [tree];
}

/** The verdict's value where it is a text, so that it has an id. */
function isTextValue(tree: TypedNode): boolean {
  return tree.node === 'variable' && tree.name === 'value' && tree.type === 'text';
}

const OF_FIELDS: ReadonlySet<string> = new Set(['org']);
/** Variables that are the same for all verdicts of an event; and for all of one value. */
const OF_EVENT: ReadonlySet<string> = new Set(['org', 'time', 'first_seen', 'active_days']);
const OF_VALUE: ReadonlySet<string> = new Set([...OF_EVENT, 'value']);
/** Variables that are the same for all verdicts of a scope. */
const OF_SCOPE: ReadonlySet<string> = new Set([
  ...OF_EVENT,
  'n',
  'num_bins',
  'confidence_factor',
  'percentile_threshold_count',
]);

function looksOnlyAt(names: ReadonlySet<string>, tree: TypedNode): boolean {
  let only = true;
  walk(tree, (node) => {
    only &&= node.node !== 'variable' || names.has(node.name);
  });
  return only;
}

/** Cost of a part up to which it is worked out at once for all rules of a group. */
const CHEAP = 6;
const COSTS: Readonly<Record<string, number>> = {
  num_observations: 4,
  percentile_threshold_value: 60,
  top_threshold_count: 60,
  size: 1,
  in_table: 12,
  any_in_table: 20,
  contains_any: 50,
  matches: 50,
  observations: 20,
};

/** What asking a part costs, about, in units of a comparison. */
function costOf(tree: TypedNode): number {
  let cost = 0;
  walk(tree, (node) => {
    if (node.node === 'variable') cost += COSTS[node.name] ?? 1;
    else if (node.node === 'call') cost += COSTS[node.function] ?? 8;
    else if (node.node === 'each') cost += 20;
    else if (node.node !== 'literal') cost += 1;
  });
  return cost;
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
