/**
 * Checks of a pack that need its typed expressions: rules that can never fire or always do, parts
 * that never matter, numbers that cannot be meant. What structure alone shows is content's own
 * lint; types of expressions are the compiler's. Each code is explained in lintHelp.
 */
import {
  type ContentPack,
  type ContentPlace,
  type Diagnostic,
  type RuleEntry,
  settableFields,
} from '#content';
import {
  alwaysConstant,
  children,
  collect,
  functionTable,
  type PackTrees,
  type RuleTrees,
  type SourceTree,
  type TypedNode,
  type Unit,
  unitOf,
  walk,
} from '#engine';
import { complement, lintOverlaps } from './overlap.js';
import { type Assumptions, reduced } from './reduce.js';

type Report = (
  code: string,
  message: string,
  place: ContentPlace,
  more?: { readonly severity?: 'warning'; readonly hint?: string },
) => void;

interface Task {
  readonly pack: ContentPack;
  readonly trees: PackTrees;
  readonly settable: ReadonlyMap<string, ReadonlySet<string>>;
  readonly silentRules: ReadonlySet<string>;
  readonly emptyModels: ReadonlySet<string>;
  readonly report: Report;
}

/** Faults in the order event types, models, rules, pairs of rules; stable for the same pack. */
export function lintExpressions(pack: ContentPack, trees: PackTrees): Diagnostic[] {
  const found: Diagnostic[] = [];
  const report: Report = (code, message, place, more = {}) => {
    const { severity = 'error', hint } = more;
    found.push({ code, severity, message, place, ...(hint !== undefined && { hint }) });
  };
  const settable = settableFields(pack);
  const start: Omit<Task, 'emptyModels'> = {
    pack,
    trees,
    settable,
    silentRules: new Set(pack.rules.filter((rule) => rule.enabled === false).map(({ id }) => id)),
    report,
  };
  lintEventTypes(start);
  const task: Task = { ...start, emptyModels: lintTraining(start) };
  for (const rule of pack.rules) {
    const own = trees.rules.get(rule.id);
    if (own !== undefined) lintRule(task, rule, own);
  }
  found.push(...lintOverlaps(pack, trees.rules));
  return found;
}

function absentOn({ pack, settable }: Omit<Task, 'emptyModels'>, types: readonly string[]) {
  const there = new Set(types.flatMap((type) => [...(settable.get(type) ?? [])]));
  return new Set(Object.keys(pack.fields).filter((name) => !there.has(name)));
}

/** Types that never occur, since their condition cannot hold or an earlier one takes all. */
function lintEventTypes({ pack, trees, report }: Omit<Task, 'emptyModels'>): void {
  const taken = new Map<string, string>();
  for (const [id, { kind }] of Object.entries(pack.eventTypes)) {
    const place = { file: 'event-types.yaml', path: ['event_types', id, 'when'] };
    const before = taken.get(kind);
    if (before !== undefined)
      report(
        'content/event-type-unreachable',
        `${before} takes every ${kind} record before ${id} is asked`,
        { ...place, path: ['event_types', id], key: true },
      );
    const when = trees.eventTypes.get(id);
    const decided = when === undefined ? undefined : alwaysConstant(when.tree);
    if (decided === false)
      report('content/event-type-unreachable', 'its condition can never hold', place);
    if (when === undefined && pack.eventTypes[id]?.when !== undefined) continue;
    if (when === undefined || decided === true) taken.set(kind, taken.get(kind) ?? id);
  }
}

/** Models that are never trained. */
function lintTraining(task: Omit<Task, 'emptyModels'>): ReadonlySet<string> {
  const { pack, trees, report, silentRules } = task;
  const empty = new Set<string>();
  for (const model of pack.models) {
    const own = trees.models.get(model.id);
    if (own === undefined) continue;
    const { file } = model;
    const inSession = absentOn(task, own.types);
    const atEnd = model.trains_on.includes('session-end');
    const moments = atEnd ? [own.types] : own.types.map((type) => [type]);
    const trains = moments.some((types) => {
      const given: Assumptions = {
        absent: absentOn(task, types),
        absentInSession: inSession,
        silentRules,
        emptyModels: empty,
        ownModelEmpty: false,
      };
      const parts = [own.scope.tree, own.feature.tree].map((tree) => reduced(tree, given));
      if (parts.some(isNothing)) return false;
      return own.trainIf === undefined || !neverTrue(reduced(own.trainIf.tree, given));
    });
    if (own.trainIf !== undefined && alwaysConstant(own.trainIf.tree) === true)
      report('expression/constant-part', 'train_if is always true', at(file, ['train_if']), {
        severity: 'warning',
        hint: 'leave it out',
      });
    if (own.trainIf !== undefined) lintParts(report, file, ['train_if'], own.trainIf.tree);
    if (trains) continue;
    empty.add(model.id);
    const lacking = fieldsNamed(own, inSession);
    report(
      'model/never-trains',
      lacking.length > 0
        ? `it is never trained: no parser or enrichment of its event types sets ${lacking.join(', ')}`
        : 'it is never trained: its condition can never hold',
      at(file, [own.trainIf !== undefined && lacking.length === 0 ? 'train_if' : 'feature']),
    );
  }
  return empty;
}

function fieldsNamed(
  own: { scope: SourceTree; feature: SourceTree; trainIf: SourceTree | undefined },
  absent: ReadonlySet<string>,
): string[] {
  const trees = [own.scope.tree, own.feature.tree, ...(own.trainIf ? [own.trainIf.tree] : [])];
  return [...collect(...trees).fields].filter((name) => absent.has(name));
}

const isNothing = (node: TypedNode): boolean =>
  node.node === 'literal' && (node.value === undefined || Number.isNaN(node.value));

const neverTrue = (tree: TypedNode): boolean => alwaysConstant(withFacts(tree)) === false;

const at = (file: string, path: readonly (string | number)[], node?: TypedNode): ContentPlace => ({
  file,
  path,
  ...(node && { range: node.range }),
});

function lintRule(task: Task, rule: RuleEntry, own: RuleTrees): void {
  const { report, pack } = task;
  const { file } = rule;
  const { tree } = own.when;
  lintNumbers(report, rule, own, pack);
  if (neverTrue(tree)) {
    report('rule/never-fires', 'its condition can never hold', at(file, ['when']));
    return;
  }
  if (alwaysConstant(tree) === true) {
    report('rule/always-fires', 'its condition always holds', at(file, ['when']));
    return;
  }
  lintParts(report, file, ['when'], tree);
  const dead = rule.events.map((type) => lintType(task, rule, own, type));
  if (dead.some((isDead) => isDead)) return;
  lintFieldsOfTypes(task, rule, own);
}

/** True when the rule can never fire on the type. */
function lintType(task: Task, rule: RuleEntry, own: RuleTrees, type: string): boolean {
  const { report, pack, settable, emptyModels, silentRules } = task;
  // No parser for the whole kind is told elsewhere.
  if (settable.get(type)?.size === 0 || pack.eventTypes[type] === undefined) return false;
  const model = rule.model === undefined ? undefined : task.trees.models.get(rule.model);
  const given: Assumptions = {
    absent: absentOn(task, [type]),
    absentInSession: absentOn(task, rule.events),
    silentRules,
    emptyModels,
    ownModelEmpty: rule.model !== undefined && emptyModels.has(rule.model),
  };
  const looked = [model?.scope.tree, own.value?.tree].filter((tree) => tree !== undefined);
  const blind = looked.find((tree) => isNothing(reduced(tree, given)));
  if (blind === undefined && !neverTrue(reduced(own.when.tree, given))) return false;
  const trees = blind === undefined ? [own.when.tree] : [blind];
  const lacking = [...collect(...trees).fields].filter((name) => given.absent.has(name));
  const place =
    blind === undefined
      ? at(rule.file, ['when'], firstField(own.when.tree, lacking))
      : at(rule.file, [rule.model === undefined ? 'for_each' : 'model']);
  if (lacking.length > 0)
    report(
      'rule/never-fires',
      `it can never fire on ${type}, where no parser or enrichment sets ${lacking.join(', ')}`,
      place,
    );
  else if (given.ownModelEmpty)
    report(
      'rule/never-fires',
      `it can never fire on ${type}, since its model ${rule.model} is never trained`,
      at(rule.file, ['model']),
    );
  else {
    const named = collect(own.when.tree);
    const reasons = [
      ...[...named.rules].filter((id) => silentRules.has(id)).map((id) => `${id} is not enabled`),
      ...[...named.models]
        .filter((id) => emptyModels.has(id))
        .map((id) => `${id} is never trained`),
    ];
    report(
      'rule/never-fires',
      `it can never fire on ${type}${reasons.length > 0 ? `, since ${reasons.join(' and ')}` : ''}`,
      at(rule.file, ['when']),
    );
  }
  return true;
}

function firstField(tree: TypedNode, names: readonly string[]): TypedNode | undefined {
  let found: TypedNode | undefined;
  walk(tree, (node) => {
    if (found === undefined && node.node === 'field' && names.includes(node.name)) found = node;
  });
  return found;
}

/** Fields that are read and that one of the event types does not have, or that nothing ever sets. */
function lintFieldsOfTypes(task: Task, rule: RuleEntry, own: RuleTrees): void {
  const { pack, settable, report } = task;
  const told = new Set<string>();
  const look = (path: string, node: TypedNode): void => {
    // What session functions take may be there on some events of the container only.
    if (node.node === 'call' && functionTable.get(node.function)?.kind === 'session') return;
    if (node.node === 'field' && !told.has(node.name)) {
      for (const type of rule.events) {
        const fields = pack.eventTypes[type]?.fields ?? [];
        const lists = fields.includes(node.name);
        if (lists && settable.get(type)?.has(node.name) === true) continue;
        told.add(node.name);
        report(
          lists ? 'content/field-without-parser' : 'rule/field-not-of-event-type',
          lists
            ? `${node.name} is never set on ${type}, so this part is never true there`
            : `${type} has no field ${node.name}, so this part is never true there`,
          at(rule.file, [path], path === 'when' ? node : undefined),
          { severity: 'warning' },
        );
        break;
      }
    }
    for (const child of children(node)) look(path, child);
  };
  look('when', own.when.tree);
  for (const { tree } of own.reason) look('reason', tree);
}

/** Parts of && and || that are the same whatever the event. */
function lintParts(report: Report, file: string, path: readonly string[], tree: TypedNode): void {
  const look = (node: TypedNode): void => {
    if (node.node === 'binary' && (node.operator === '&&' || node.operator === '||')) {
      for (const side of [node.left, node.right]) {
        const decided = decidedWithFacts(side);
        if (decided === undefined) look(side);
        else
          report(
            'expression/constant-part',
            `this part is always ${decided ? 'true' : 'false'}`,
            at(file, path, side),
            { severity: 'warning' },
          );
      }
      return;
    }
    for (const child of children(node)) look(child);
  };
  look(tree);
}

/** Numbers that are never absent, and where they lie. */
const ranges: ReadonlyMap<string, readonly [number, number]> = new Map([
  ['n', [0, Number.POSITIVE_INFINITY]],
  ['num_bins', [0, Number.POSITIVE_INFINITY]],
  ['num_observations', [0, Number.POSITIVE_INFINITY]],
  ['active_days', [0, Number.POSITIVE_INFINITY]],
  ['confidence_factor', [0, 1]],
]);

const compare = (operator: '>=' | '<=', left: TypedNode, value: number): TypedNode => ({
  node: 'binary',
  operator,
  type: 'flag',
  range: left.range,
  left,
  right: { node: 'literal', type: 'number', range: left.range, value },
});

const both = (left: TypedNode, right: TypedNode): TypedNode => ({
  node: 'binary',
  operator: '&&',
  type: 'flag',
  range: left.range,
  left,
  right,
});

/** The tree together with what is known of the numbers in it. */
function withFacts(tree: TypedNode): TypedNode {
  const named = new Map<string, TypedNode>();
  walk(tree, (node) => {
    if (node.node === 'variable' && ranges.has(node.name)) named.set(node.name, node);
  });
  let all = tree;
  for (const [name, node] of named) {
    const [low, high] = ranges.get(name) ?? [0, 0];
    all = both(all, compare('>=', node, low));
    if (Number.isFinite(high)) all = both(all, compare('<=', node, high));
  }
  return all;
}

function decidedWithFacts(tree: TypedNode): boolean | undefined {
  const decided = alwaysConstant(tree);
  if (decided !== undefined) return decided;
  if (neverTrue(tree)) return false;
  const other = complement(tree);
  if (other === undefined || tree.node !== 'binary') return undefined;
  const present = [tree.left, tree.right].every(
    (side) => side.node === 'literal' || (side.node === 'variable' && ranges.has(side.name)),
  );
  return present && neverTrue(other) ? true : undefined;
}

/** Smallest number that is likely to be meant, by unit; `time` since 1970: the year 2001. */
const least: Readonly<Record<Unit, number>> = {
  bytes: 512,
  milliseconds: 1000,
  time: 1e12,
  count: 0,
};

const meant: Readonly<Record<Unit, string>> = {
  bytes: 'write the unit, as in 5 * MB',
  milliseconds: 'write the unit, as in 14 * DAY',
  time: 'times count milliseconds since 1970; compare time - first_seen with a length of time',
  count: '',
};

/** Sizes and lengths of time that somebody wrote without their unit. */
function lintNumbers(report: Report, rule: RuleEntry, own: RuleTrees, pack: ContentPack): void {
  const units = new Map(
    Object.entries(pack.fields).flatMap(([name, { unit, type }]): [string, Unit][] =>
      type === 'time' ? [[name, 'time']] : unit === undefined ? [] : [[name, unit]],
    ),
  );
  const scope = {
    fields: new Map(),
    variables: new Map(),
    tables: new Set<string>(),
    rules: new Set<string>(),
    models: new Set<string>(),
    session: true,
    units,
  };
  if (own.value !== undefined && own.value.tree.type === 'number') {
    const unit = unitOf(own.value.tree, scope);
    if (unit !== undefined) units.set('value', unit);
  }
  walk(own.when.tree, (node) => {
    if (node.node !== 'binary' || !['<', '<=', '>', '>=', '=='].includes(node.operator)) return;
    for (const [side, other] of [
      [node.left, node.right],
      [node.right, node.left],
    ] as const) {
      if (side.node !== 'literal' || typeof side.value !== 'number') continue;
      const unit = unitOf(other, scope);
      if (unit === undefined || side.value <= 0 || side.value >= least[unit]) continue;
      report(
        'expression/bare-number',
        `${side.value} ${unit === 'bytes' ? 'bytes' : 'milliseconds'} can hardly be meant`,
        at(rule.file, ['when'], side),
        { severity: 'warning', hint: meant[unit] },
      );
    }
  });
}
