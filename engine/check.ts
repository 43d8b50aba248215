/**
 * Content to typed trees: every expression of rules and models parsed and checked in its scope,
 * with located diagnostics. A definition is checked once however many variants hold it.
 *
 * Over 400 lines because every fault is found and placed here and nowhere else.
 */

import type { ContentPack, Diagnostic, ModelEntry, RuleEntry } from '#content';
import {
  canonical,
  children,
  collect,
  type ExpressionFault,
  type ExpressionScope,
  type ExpressionType,
  functionTable,
  nearest,
  parseExpression,
  parseTemplate,
  scopeVariables,
  type TemplatePart,
  type TypedNode,
  type Unit,
  unitOf,
  walk,
} from './expression/index.js';
import { MAX_BINS } from './models/categorical.js';
import type { SourceTree } from './program.js';
import { PROFILE_FIELDS } from './stages/4-session.js';

export const SESSION_END = 'session-end';

/** What `value` stands for in an expression: the model's feature or the for_each list. */
export interface Binding {
  readonly tree: TypedNode;
  readonly list: boolean;
}

interface Checked {
  /** All that decides what it does, names of other rules and models aside. */
  readonly definition: string;
  /** Event types that session functions run over. */
  readonly types: readonly string[];
  readonly binding: Binding | undefined;
  readonly refersTo: { readonly rules: readonly string[]; readonly models: readonly string[] };
}

export interface CheckedRule extends Checked {
  readonly entry: RuleEntry;
  readonly when: SourceTree;
  readonly by: SourceTree | undefined;
  readonly reason: readonly TemplatePart[];
}

export interface CheckedModel extends Checked {
  readonly entry: ModelEntry;
  readonly scope: SourceTree;
  readonly feature: SourceTree;
  readonly trainIf: SourceTree | undefined;
  readonly atSessionEnd: boolean;
  readonly agingDays: number;
}

type Path = readonly (string | number)[];

/** Checks the content of one pack, or of several that have the same names. */
export class Checker {
  readonly diagnostics: Diagnostic[] = [];
  private readonly pack: ContentPack;
  private readonly tables: ReadonlySet<string>;
  private readonly ruleIds: ReadonlySet<string>;
  private readonly models: ReadonlyMap<string, ModelEntry>;
  private readonly scopes = new Map<string, ExpressionScope>();
  private readonly texts = new Map<object, string>();
  private readonly checkedRules = new Map<string, CheckedRule | undefined>();
  private readonly checkedModels = new Map<string, CheckedModel | undefined>();

  constructor(pack: ContentPack, tables: readonly string[]) {
    this.pack = pack;
    this.tables = new Set(tables);
    this.ruleIds = new Set(pack.rules.map((rule) => rule.id));
    this.models = new Map(pack.models.map((model) => [model.id, model]));
  }

  /** undefined when it has faults. `models` are those of the rule's own variant. */
  rule(
    entry: RuleEntry,
    models: ReadonlyMap<string, CheckedModel | undefined>,
  ): CheckedRule | undefined {
    const model = entry.model === undefined ? undefined : models.get(entry.model);
    // The feature is part of the key: `count(value)` means something else with another.
    const key = JSON.stringify([this.textOf(entry), model?.definition]);
    if (!this.checkedRules.has(key)) this.checkedRules.set(key, this.checkRule(entry, model));
    return this.checkedRules.get(key);
  }

  model(entry: ModelEntry): CheckedModel | undefined {
    const key = this.textOf(entry);
    if (!this.checkedModels.has(key)) this.checkedModels.set(key, this.checkModel(entry));
    return this.checkedModels.get(key);
  }

  /** An entry as text, its tests left out; variants share most entries, so once for each object. */
  private textOf(entry: RuleEntry | ModelEntry): string {
    let text = this.texts.get(entry);
    if (text === undefined) {
      text = JSON.stringify({ ...entry, tests: undefined, description: undefined });
      this.texts.set(entry, text);
    }
    return text;
  }

  /** The conditions of event types, in their order; undefined for one that has none or is faulty. */
  eventTypes(): (SourceTree | undefined)[] {
    const fields = Object.keys(this.pack.fields).filter(
      (name) => this.pack.fields[name]?.from === 'parsed',
    );
    const scope = this.scope(fields, new Map(), undefined, false);
    return Object.entries(this.pack.eventTypes).map(([id, type]) => {
      if (type.when === undefined) return undefined;
      const file = 'event-types.yaml';
      return this.parse(file, ['event_types', id, 'when'], type.when, scope, 'flag');
    });
  }

  private checkRule(entry: RuleEntry, model: CheckedModel | undefined): CheckedRule | undefined {
    const before = this.diagnostics.length;
    const { file } = entry;
    const types = this.knownTypes(file, 'events', entry.events);
    const modelEntry = this.modelOf(entry);
    if (entry.model !== undefined && entry.for_each !== undefined) {
      this.fault(
        file,
        ['for_each'],
        'rule/for-each-and-model',
        'a rule has a model or for_each, not both',
      );
    }
    const fields = this.fieldsOf(types, entry.events);
    let binding = model?.binding;
    let units: ReadonlyMap<string, Unit> | undefined;
    if (entry.for_each !== undefined) {
      const plain = this.scope(fields, scopeVariables({}), undefined, false);
      const each = this.parse(file, ['for_each'], entry.for_each, plain, 'texts');
      if (each !== undefined) binding = { tree: each.tree, list: true };
    } else if (model !== undefined && modelEntry?.kind === 'numerical') {
      const unit = unitOf(model.feature.tree, this.scope(fields, new Map(), undefined, true));
      if (unit !== undefined) {
        units = new Map([
          ['value', unit],
          ['percentile_threshold_value', unit],
        ]);
      }
    }
    const forEach = entry.for_each !== undefined;
    const variables = scopeVariables({ model: modelEntry?.kind, forEach });
    if (entry.model !== undefined && modelEntry === undefined) {
      // One fault is enough for a model that is not there.
      for (const kind of ['numerical', 'categorical'] as const) {
        for (const [name, type] of scopeVariables({ model: kind })) variables.set(name, type);
      }
    }
    const scope = this.scope(fields, variables, units, true);
    const when = this.parse(file, ['when'], entry.when, scope, 'flag');
    const by =
      entry.once?.by === undefined
        ? undefined
        : this.parse(file, ['once', 'by'], entry.once.by, scope, 'text');
    const template = parseTemplate(entry.reason, scope);
    if (!template.ok) this.faults(file, ['reason'], template.faults);
    for (const [at, id] of (entry.depends_on ?? []).entries()) {
      if (!this.ruleIds.has(id)) {
        this.unknown(file, ['depends_on', at], 'rule/unknown-rule', 'rule', id, this.ruleIds);
      }
    }
    const reason = template.ok ? template.parts : [];
    const reasonTrees = reason.flatMap((part) => (part.part === 'value' ? [part.tree] : []));
    if (when !== undefined) this.sessionValues(file, ['when'], when.tree, binding);
    if (by !== undefined) this.sessionValues(file, ['once', 'by'], by.tree, binding);
    for (const tree of reasonTrees) this.sessionValues(file, ['reason'], tree, binding);
    if (when === undefined || this.diagnostics.length > before) return undefined;
    const trees = [when.tree, ...(by ? [by.tree] : []), ...reasonTrees];
    this.observedModels(file, ['when'], trees);
    if (this.diagnostics.length > before) return undefined;
    const named = collect(...trees);
    const dependsOn = [...(entry.depends_on ?? [])].sort();
    return {
      entry,
      when,
      by,
      reason,
      types,
      binding,
      definition: JSON.stringify([
        entry.id,
        entry.technique,
        entry.name,
        entry.events,
        entry.model,
        entry.percentile,
        entry.for_each === undefined || binding === undefined ? null : canonical(binding.tree),
        canonical(when.tree),
        entry.once?.per,
        by && canonical(by.tree),
        dependsOn,
        entry.score,
        entry.reason,
      ]),
      refersTo: {
        rules: [...dependsOn, ...[...named.rules].sort()],
        models: [...(entry.model === undefined ? [] : [entry.model]), ...[...named.models].sort()],
      },
    };
  }

  private checkModel(entry: ModelEntry): CheckedModel | undefined {
    const before = this.diagnostics.length;
    const { file } = entry;
    const atSessionEnd = entry.trains_on.includes(SESSION_END);
    if (atSessionEnd && entry.trains_on.length > 1) {
      this.fault(
        file,
        ['trains_on'],
        'model/session-end',
        `${SESSION_END} stands alone in trains_on`,
      );
    }
    const trained = atSessionEnd ? [] : this.knownTypes(file, 'trains_on', entry.trains_on);
    const listed = this.knownTypes(file, 'session_events', entry.session_events ?? []);
    const types = listed.length > 0 ? listed : atSessionEnd ? this.sessionTypes() : trained;
    if (
      atSessionEnd &&
      new Set(types.map((type) => this.pack.eventTypes[type]?.container)).size > 1
    ) {
      const message = 'session_events mixes event types of sessions and of days';
      this.fault(file, ['session_events'], 'model/session-end', message);
    }
    const named = atSessionEnd ? (entry.session_events ?? types) : entry.trains_on;
    const fields = this.fieldsOf([...trained, ...types], named);
    const facts = scopeVariables({}).set('org', 'text');
    const scopeScope = this.scope(fields, facts, undefined, false);
    const scope = this.parse(file, ['scope'], entry.scope, scopeScope, ['text', 'texts']);
    const featureScope = this.scope(fields, facts, undefined, true);
    const wanted: readonly ExpressionType[] =
      entry.kind === 'numerical' ? ['number'] : ['text', 'texts'];
    const feature = this.parse(file, ['feature'], entry.feature, featureScope, wanted);
    const trainScope = this.scope(fields, scopeVariables({ model: entry.kind }), undefined, true);
    const trainIf =
      entry.train_if === undefined
        ? undefined
        : this.parse(file, ['train_if'], entry.train_if, trainScope, 'flag');
    const aging = /^([0-9]+)([dw])$/.exec(entry.aging ?? '16w');
    if (aging === null)
      this.fault(file, ['aging'], 'model/aging', 'aging is a number of days or weeks: 30d, 16w');
    if ((entry.max_bins ?? 0) > MAX_BINS) {
      this.fault(file, ['max_bins'], 'model/max-bins', `max_bins is at most ${MAX_BINS}`);
    }
    if (scope === undefined || feature === undefined || aging === null) return undefined;
    const binding = { tree: feature.tree, list: feature.tree.type === 'texts' };
    if (trainIf !== undefined) this.sessionValues(file, ['train_if'], trainIf.tree, binding);
    if (collect(scope.tree).functions.has('observations')) {
      this.fault(file, ['scope'], 'model/scope', 'a scope cannot depend on another model');
    }
    const parts: readonly (readonly [string, SourceTree | undefined])[] = [
      ['scope', scope],
      ['feature', feature],
      ['train_if', trainIf],
    ];
    for (const [key, part] of parts) {
      if (part === undefined) continue;
      this.observedModels(file, [key], [part.tree]);
      if (atSessionEnd) this.profileOnly(file, [key], part.tree);
    }
    if (this.diagnostics.length > before) return undefined;
    const trees = [scope.tree, feature.tree, ...(trainIf ? [trainIf.tree] : [])];
    const referred = collect(...trees);
    return {
      entry,
      scope,
      feature,
      trainIf,
      atSessionEnd,
      types,
      binding,
      agingDays: Number(aging[1]) * (aging[2] === 'w' ? 7 : 1),
      definition: JSON.stringify([
        entry.id,
        entry.kind,
        trees.map(canonical),
        entry.trains_on,
        types,
        entry.alpha,
        entry.cut_off,
        entry.percentile,
        entry.aging,
        entry.max_bins,
      ]),
      refersTo: { rules: [...referred.rules].sort(), models: [...referred.models].sort() },
    };
  }

  private modelOf(entry: RuleEntry): ModelEntry | undefined {
    if (entry.model === undefined) return undefined;
    const model = this.models.get(entry.model);
    if (model === undefined) {
      this.unknown(
        entry.file,
        ['model'],
        'rule/unknown-model',
        'model',
        entry.model,
        this.models.keys(),
      );
    }
    return model;
  }

  private knownTypes(file: string, key: string, ids: readonly string[]): string[] {
    const known = Object.keys(this.pack.eventTypes);
    for (const [at, id] of ids.entries()) {
      if (!known.includes(id)) {
        this.unknown(file, [key, at], 'content/unknown-event-type', 'event type', id, known);
      }
    }
    return ids.filter((id) => known.includes(id));
  }

  private sessionTypes(): string[] {
    return Object.entries(this.pack.eventTypes)
      .filter(([, type]) => type.container === 'session')
      .map(([id]) => id);
  }

  /** Fields of the types; all there are when a type is unknown, so that one fault brings no others. */
  private fieldsOf(types: readonly string[], named: readonly string[]): string[] {
    const { fields, eventTypes } = this.pack;
    if (named.some((id) => eventTypes[id] === undefined)) return Object.keys(fields);
    const names = new Set(types.flatMap((type) => eventTypes[type]?.fields ?? []));
    return [...names].filter((name) => fields[name] !== undefined);
  }

  /** One object for equal scopes: the checker of the library is made once for each. */
  private scope(
    fields: readonly string[],
    variables: ReadonlyMap<string, ExpressionType>,
    extraUnits: ReadonlyMap<string, Unit> | undefined,
    session: boolean,
  ): ExpressionScope {
    const sorted = [...fields].sort();
    const key = JSON.stringify([sorted, [...variables], [...(extraUnits ?? [])], session]);
    const known = this.scopes.get(key);
    if (known !== undefined) return known;
    const types = new Map<string, ExpressionType>();
    const units = new Map<string, Unit>(extraUnits);
    for (const name of sorted) {
      const field = this.pack.fields[name];
      if (field === undefined) continue;
      types.set(name, field.type === 'time' ? 'number' : field.type);
      const unit = field.type === 'time' ? 'time' : field.unit;
      if (unit !== undefined) units.set(name, unit);
    }
    const scope: ExpressionScope = {
      fields: types,
      variables,
      tables: this.tables,
      rules: this.ruleIds,
      models: new Set(this.models.keys()),
      session,
      units,
    };
    this.scopes.set(key, scope);
    return scope;
  }

  private parse(
    file: string,
    path: Path,
    source: string,
    scope: ExpressionScope,
    expected: ExpressionType | readonly ExpressionType[],
  ): SourceTree | undefined {
    const outcome = parseExpression(source, scope, expected);
    if (outcome.ok) return { source, tree: outcome.tree };
    this.faults(file, path, outcome.faults);
    return undefined;
  }

  /** `value` inside a session function must mean something at every event, before the models. */
  private sessionValues(
    file: string,
    path: Path,
    tree: TypedNode,
    binding: Binding | undefined,
  ): void {
    walk(tree, (call) => {
      if (call.node !== 'call' || functionTable.get(call.function)?.kind !== 'session') return;
      for (const arg of call.args) {
        if (!collect(arg).variables.has('value') || binding === undefined) continue;
        const whole = arg.node === 'variable';
        const counted = call.function === 'count' || call.function === 'distinct_count';
        if (binding.list && !(whole && counted)) {
          const message = '`value` of a list can be counted in a session, and nothing else';
          const hint = 'write `count(value)` or `distinct_count(value)`';
          this.fault(file, path, 'expression/session-argument', message, arg.range, hint);
        }
        const made = collect(binding.tree);
        if (made.sessionCalls.size > 0 || made.models.size > 0) {
          const message = `\`value\` is made from a session or a model, so \`${call.function}\` cannot take it`;
          this.fault(file, path, 'expression/session-argument', message, arg.range);
        }
      }
    });
  }

  private observedModels(file: string, path: Path, trees: readonly TypedNode[]): void {
    for (const id of collect(...trees).models) {
      if (this.models.get(id)?.kind === 'numerical') {
        const message = `\`observations\` needs a categorical model, and ${id} is numerical`;
        this.fault(file, path, 'expression/model-kind', message);
      }
    }
  }

  /** At the end of a session there is no event: only the user's own fields are there. */
  private profileOnly(file: string, path: Path, tree: TypedNode): void {
    const visit = (node: TypedNode): void => {
      if (node.node === 'call' && functionTable.get(node.function)?.kind === 'session') {
        const [argument] = node.args;
        // A count by text is asked for the text of now; other arguments were counted at their events.
        if (node.function === 'count' && argument?.type === 'text') visit(argument);
        return;
      }
      if (node.node === 'field' && !(PROFILE_FIELDS as readonly string[]).includes(node.name)) {
        const message = `\`${node.name}\` belongs to an event, and a session's end is none`;
        const hint = `use ${PROFILE_FIELDS.join(', ')} or a session function`;
        this.fault(file, path, 'model/session-end-field', message, node.range, hint);
      }
      for (const part of children(node)) visit(part);
    };
    visit(tree);
  }

  private faults(file: string, path: Path, faults: readonly ExpressionFault[]): void {
    for (const { code, message, range, hint } of faults) {
      this.fault(file, path, code, message, range, hint);
    }
  }

  private unknown(
    file: string,
    path: Path,
    code: string,
    what: string,
    id: string,
    known: Iterable<string>,
  ): void {
    const near = nearest(id, known);
    const hint = near === undefined ? undefined : `did you mean ${near}?`;
    this.fault(file, path, code, `there is no ${what} ${id}`, undefined, hint);
  }

  private fault(
    file: string,
    path: Path,
    code: string,
    message: string,
    range?: { readonly start: number; readonly end: number },
    hint?: string,
  ): void {
    this.diagnostics.push({
      code,
      severity: 'error',
      message,
      place: { file, path, ...(range && { range }) },
      ...(hint !== undefined && { hint }),
    });
  }
}
