/**
 * Content to a program (read engine.ts for what runs it).
 *
 * Several packs, the variants, become one program. Two rules of different variants are the same when
 * their definitions and all they refer to, directly or through others, are the same; then they are
 * evaluated once. The classes of equal rules and models are found by refinement: start with classes
 * of equal definitions, split those whose members refer to different classes, until nothing splits.
 * This also works for rules that ask about each other with was_rule_fired.
 *
 * Invariant: what a variant's rules do in the joint program is what they do alone. So everything
 * that is shared (counters, models, order of evaluation) is the same for a rule in any company: the
 * order is by depth of dependency and then id, which no other rule can change.
 *
 * Over 400 lines because classes and positions mean nothing outside this one step.
 */

import type { ContentPack, Diagnostic, ModelEntry, ParserEntry, RuleEntry } from '#content';
import { type CheckedModel, type CheckedRule, Checker, SESSION_END } from './check.js';
import type { Directory } from './contract.js';
import { digestOf } from './digest.js';
import type { ExpressionType } from './expression/index.js';
import { Generator, type Place } from './generate.js';
import type { Program, ProgramModel, ProgramRule, TypeCode } from './program.js';
import { DAY, SESSION } from './stages/4-session.js';
import { buildTables, type Tables } from './tables.js';

/** Content compiled, or what is wrong with it. Warnings do not stand in the way. */
export type CompileOutcome =
  | { readonly ok: true; readonly program: Program; readonly diagnostics: readonly Diagnostic[] }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

/** Changes when the same content would compile to something that reads snapshots differently. */
const FORMAT = 'leakdrill program 2';

interface Variant {
  readonly rules: ReadonlyMap<string, CheckedRule>;
  readonly models: ReadonlyMap<string, CheckedModel>;
}

/**
 * Compiles one or more versions of a content pack into one program. They may differ in rules and
 * models; fields, event types, parsers and tables must be the same. Disabled rules are left out.
 * Never throws for faulty content: every fault is a located diagnostic.
 */
export function compile(variants: readonly ContentPack[], directory: Directory): CompileOutcome {
  const first = variants[0];
  if (first === undefined) throw new RangeError('nothing to compile: no content pack was given');
  const diagnostics = differences(variants, first);
  if (diagnostics.length > 0) return { ok: false, diagnostics };
  const tables = buildTables(first.tables, directory);
  const checkers = new Map<string, Checker>();
  const checked = variants.map((pack) => check(pack, tables, checkers));
  const [checker] = checkers.values();
  const conditions = checker?.eventTypes() ?? [];
  const cycles = checked.flatMap(dependencyCycles);
  const warnings = variants.flatMap(disabledReferences);
  const found = distinct([
    ...[...checkers.values()].flatMap((one) => one.diagnostics),
    ...cycles,
    ...warnings,
  ]);
  if (found.some(({ severity }) => severity === 'error')) return { ok: false, diagnostics: found };
  const builder = new Generator(tables, fieldTypes(first)).builder(
    Object.values(first.eventTypes).map(({ kind }, at) => ({ kind, when: conditions[at] })),
  );
  const program = generate(checked, first, tables, directory, builder);
  return { ok: true, program, diagnostics: found };
}

/** What variants must have in common. */
function differences(variants: readonly ContentPack[], first: ContentPack): Diagnostic[] {
  const found: Diagnostic[] = [];
  for (const part of ['fields', 'eventTypes', 'parsers', 'tables'] as const) {
    // Variants mostly share the very objects; tables are large.
    const other = variants.findIndex(
      (pack) =>
        pack[part] !== first[part] && JSON.stringify(pack[part]) !== JSON.stringify(first[part]),
    );
    if (other >= 0) {
      found.push({
        code: 'content/variants-differ',
        severity: 'error',
        message: `version ${other + 1} has other ${part} than version 1; only rules and models may differ`,
        place: { file: 'event-types.yaml', path: [] },
      });
    }
  }
  return found;
}

function check(pack: ContentPack, tables: Tables, checkers: Map<string, Checker>): Variant {
  const names = JSON.stringify([
    pack.rules.map(({ id }) => id),
    pack.models.map(({ id, kind }) => [id, kind]),
  ]);
  let checker = checkers.get(names);
  if (checker === undefined) {
    checker = new Checker(pack, tables.ids);
    checkers.set(names, checker);
  }
  const models = new Map<string, CheckedModel>();
  for (const entry of pack.models) {
    const model = checker.model(entry);
    if (model !== undefined) models.set(entry.id, model);
  }
  const rules = new Map<string, CheckedRule>();
  for (const entry of pack.rules) {
    if (entry.enabled === false) continue;
    const rule = checker.rule(entry, models);
    if (rule !== undefined) rules.set(entry.id, rule);
  }
  return { rules, models };
}

function dependencyCycles({ rules }: Variant): Diagnostic[] {
  const found: Diagnostic[] = [];
  const state = new Map<string, 'open' | 'done'>();
  const visit = (id: string, path: readonly string[]): void => {
    const rule = rules.get(id);
    if (rule === undefined || state.get(id) === 'done') return;
    if (state.get(id) === 'open') {
      const cycle = [...path.slice(path.indexOf(id)), id];
      found.push({
        code: 'rule/dependency-cycle',
        severity: 'error',
        message: `rules depend on each other in a circle: ${cycle.join(' → ')}`,
        place: { file: rule.entry.file, path: ['depends_on'] },
      });
      return;
    }
    state.set(id, 'open');
    for (const next of [...(rule.entry.depends_on ?? [])].sort()) visit(next, [...path, id]);
    state.set(id, 'done');
  };
  for (const id of [...rules.keys()].sort()) visit(id, []);
  return found;
}

function disabledReferences(pack: ContentPack): Diagnostic[] {
  const disabled = new Set(pack.rules.filter((rule) => rule.enabled === false).map(({ id }) => id));
  return pack.rules
    .filter((rule) => rule.enabled !== false)
    .flatMap((rule) =>
      (rule.depends_on ?? []).flatMap((id, at) =>
        disabled.has(id)
          ? [
              {
                code: 'rule/disabled-dependency',
                severity: 'warning' as const,
                message: `${rule.id} can never fire: it depends on ${id}, which is disabled`,
                place: { file: rule.file, path: ['depends_on', at] },
              },
            ]
          : [],
      ),
    );
}

function distinct(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  return [...new Map(diagnostics.map((one) => [JSON.stringify(one), one])).values()];
}

function fieldTypes(pack: ContentPack): Map<string, ExpressionType> {
  return new Map(
    Object.entries(pack.fields).map(([name, { type }]) => [
      name,
      type === 'time' ? 'number' : type,
    ]),
  );
}

/** Texts to integers in order of first sight. */
class Classes {
  private readonly known = new Map<string, number>();

  of(text: string): number {
    let found = this.known.get(text);
    if (found === undefined) {
      found = this.known.size;
      this.known.set(text, found);
    }
    return found;
  }

  get size(): number {
    return this.known.size;
  }
}

interface Class<T> {
  readonly checked: T;
  /** The first variant that has it: whose names its references mean. */
  readonly variant: number;
  readonly variants: number[];
}

interface Sorted<T> {
  readonly list: readonly Class<T>[];
  /** For each variant: id → position in the list. */
  readonly positions: readonly ReadonlyMap<string, number>[];
}

/** Classes of equal rules and models over all variants. */
function classify(variants: readonly Variant[]): {
  rules: Sorted<CheckedRule>;
  models: Sorted<CheckedModel>;
} {
  type Numbers = ReadonlyMap<string, number>[];
  const number = (
    part: 'rules' | 'models',
    text: (one: CheckedRule | CheckedModel, id: string, variant: number) => string,
    classes: Classes,
  ): Numbers =>
    variants.map(
      (variant, v) =>
        new Map(
          [...variant[part]].map(([id, one]): [string, number] => [
            id,
            classes.of(text(one, id, v)),
          ]),
        ),
    );
  let classes = new Classes();
  let rules = number('rules', (one) => `rule ${one.definition}`, classes);
  let models = number('models', (one) => `model ${one.definition}`, classes);
  for (;;) {
    const next = new Classes();
    const refined =
      (own: Numbers) =>
      ({ refersTo }: CheckedRule | CheckedModel, id: string, v: number): string =>
        JSON.stringify([
          own[v]?.get(id),
          refersTo.rules.map((rule) => rules[v]?.get(rule)),
          refersTo.models.map((model) => models[v]?.get(model)),
        ]);
    const nextRules = number('rules', refined(rules), next);
    const nextModels = number('models', refined(models), next);
    rules = nextRules;
    models = nextModels;
    if (next.size === classes.size) break;
    classes = next;
  }
  return {
    rules: sorted(
      variants.map((variant) => variant.rules),
      rules,
    ),
    models: sorted(
      variants.map((variant) => variant.models),
      models,
    ),
  };
}

function sorted<T extends { readonly entry: { readonly id: string } }>(
  variants: readonly ReadonlyMap<string, T>[],
  classes: readonly ReadonlyMap<string, number>[],
): Sorted<T> {
  const byClass = new Map<number, Class<T>>();
  for (const [v, entries] of variants.entries()) {
    for (const [id, checked] of entries) {
      const number = classes[v]?.get(id) as number;
      const known = byClass.get(number);
      if (known === undefined) byClass.set(number, { checked, variant: v, variants: [v] });
      else known.variants.push(v);
    }
  }
  const numbers = [...byClass.keys()].sort((a, b) => {
    const left = byClass.get(a) as Class<T>;
    const right = byClass.get(b) as Class<T>;
    return (
      compareText(left.checked.entry.id, right.checked.entry.id) || left.variant - right.variant
    );
  });
  const position = new Map(numbers.map((number, at) => [number, at]));
  return {
    list: numbers.map((number) => byClass.get(number) as Class<T>),
    positions: classes.map(
      (ids) => new Map([...ids].map(([id, number]) => [id, position.get(number) as number])),
    ),
  };
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function generate(
  variants: readonly Variant[],
  pack: ContentPack,
  tables: Tables,
  directory: Directory,
  buildType: Program['code']['buildType'],
): Program {
  const { rules, models } = classify(variants);
  const generator = new Generator(tables, fieldTypes(pack));
  const place = (
    one: CheckedRule | CheckedModel,
    variant: number,
    model: number,
    percentile: number,
  ): Place => ({
    types: one.types,
    binding: one.binding,
    model,
    percentile,
    modelOf: (id) => models.positions[variant]?.get(id) ?? -1,
    ruleOf: (id) => rules.positions[variant]?.get(id) ?? -1,
  });
  const modelPercentile = (at: number) => models.list[at]?.checked.entry.percentile ?? 0.1;
  for (const [at, { checked, variant }] of models.list.entries()) {
    generator.addModel(checked, place(checked, variant, at, modelPercentile(at)));
  }
  for (const { checked, variant } of rules.list) {
    const { model, percentile, depends_on: dependsOn } = checked.entry;
    const at = model === undefined ? -1 : (models.positions[variant]?.get(model) ?? -1);
    generator.addRule(
      checked,
      place(checked, variant, at, percentile ?? modelPercentile(at)),
      (dependsOn ?? []).map((id) => rules.positions[variant]?.get(id) ?? -1),
    );
  }
  const eventTypes = Object.keys(pack.eventTypes);
  const depths = depthsOf(rules);
  const read = modelsRead(rules, models);
  const trainers = (type: string) =>
    models.list.flatMap(({ checked }, at) =>
      read.has(at) && checked.entry.trains_on.includes(type) ? [at] : [],
    );
  const types: TypeCode[] = eventTypes.map((id) => {
    const own = rules.list
      .flatMap(({ checked }, at) => (checked.entry.events.includes(id) ? [at] : []))
      .sort((a, b) => (depths[a] as number) - (depths[b] as number) || a - b);
    const training = trainers(id);
    return {
      container: pack.eventTypes[id]?.container === 'day' ? DAY : SESSION,
      ...generator.typeCode(id, own, training),
      rules: own,
    };
  });
  const endings = [SESSION, DAY].map((kind) => {
    const training = trainers(SESSION_END).filter((at) => {
      const [type] = models.list[at]?.checked.types ?? [];
      return types[eventTypes.indexOf(type ?? '')]?.container === kind;
    });
    return generator.ending(training);
  });
  const programRules = rules.list.map(({ checked, variants: of }): ProgramRule => {
    const { id, technique, file, name, model, when, score, events } = checked.entry;
    return {
      id,
      technique,
      file,
      name,
      ...(model !== undefined && { model }),
      when,
      score,
      events,
      variants: of,
    };
  });
  const programModels = models.list.map(({ checked, variants: of }): ProgramModel => {
    const { id, kind, file } = checked.entry;
    return { id, kind, file, variants: of };
  });
  let digest: string | undefined;
  // Megabytes of tables go into it, and only a snapshot asks for it.
  const makeDigest = () =>
    digestOf([
      FORMAT,
      JSON.stringify(meaningOf(pack)),
      ...rules.list.map(
        ({ checked, variants: of }) => `${meaningOfEntry(checked.entry)}${of.join()}`,
      ),
      ...models.list.map(
        ({ checked, variants: of }) => `${meaningOfEntry(checked.entry)}${of.join()}`,
      ),
      JSON.stringify(directory),
    ]);
  return {
    get digest() {
      digest ??= makeDigest();
      return digest;
    },
    rules: programRules,
    models: programModels,
    eventTypes,
    parsers: pack.parsers,
    tables,
    directory,
    code: { ...generator.finish(), types, endings, buildType },
  };
}

/** What fields, event types, parsers and tables decide: all but prose, and the order in which they are tried. */
function meaningOf({ fields, eventTypes, parsers, tables }: ContentPack): unknown {
  return [
    Object.entries(fields).map(([id, { description: _, ...field }]) => [id, field]),
    Object.entries(eventTypes).map(([id, { description: _, ...type }]) => [id, type]),
    parsers.map(meaningOfEntry),
    tables.map(({ id, members, map }) => [id, members, map]),
  ];
}

/** An entry without its prose: a corrected description keeps what was learned. */
function meaningOfEntry(entry: RuleEntry | ModelEntry | ParserEntry): string {
  const { name: _name, description: _description, file: _file, ...rest } = entry;
  const { tests: _tests, known_gaps: _gaps, ...meaning } = rest as Record<string, unknown>;
  return JSON.stringify(Object.entries(meaning).sort());
}

/** Length of the longest chain of dependencies below each rule. */
function depthsOf(rules: Sorted<CheckedRule>): number[] {
  const depths: (number | undefined)[] = rules.list.map(() => undefined);
  const depth = (at: number): number => {
    const known = depths[at];
    if (known !== undefined) return known;
    const { checked, variant } = rules.list[at] as Class<CheckedRule>;
    const below = (checked.entry.depends_on ?? []).map((id) => {
      const next = rules.positions[variant]?.get(id);
      return next === undefined ? 0 : depth(next) + 1;
    });
    const found = Math.max(0, ...below);
    depths[at] = found;
    return found;
  };
  return rules.list.map((_, at) => depth(at));
}

/** Models that a rule reads, directly or through another model. Others need not be trained. */
function modelsRead(rules: Sorted<CheckedRule>, models: Sorted<CheckedModel>): Set<number> {
  const read = new Set<number>();
  const add = (ids: readonly string[], variant: number): void => {
    for (const id of ids) {
      const at = models.positions[variant]?.get(id);
      if (at === undefined || read.has(at)) continue;
      read.add(at);
      const model = models.list[at] as Class<CheckedModel>;
      add(model.checked.refersTo.models, model.variant);
    }
  };
  for (const { checked, variant } of rules.list) add(checked.refersTo.models, variant);
  return read;
}
