import type { ContentPack } from '#content';
import { type Binding, type CheckedModel, type CheckedRule, Checker } from './check.js';
import type { TypedNode } from './expression/index.js';
import type { SourceTree } from './program.js';

/** A rule's expressions, typed. */
export interface RuleTrees {
  readonly when: SourceTree;
  /** once.by */
  readonly by: SourceTree | undefined;
  /** The expressions of the reason, in order. */
  readonly reason: readonly SourceTree[];
  /** What `value` stands for: the model's feature or the for_each list. */
  readonly value: Binding | undefined;
}

export interface ModelTrees {
  readonly scope: SourceTree;
  readonly feature: SourceTree;
  readonly trainIf: SourceTree | undefined;
  /** Event types that its session functions run over, or on which it trains. */
  readonly types: readonly string[];
}

/** All typed expressions of a pack, by id. What has faults is left out: `compile` tells of them. */
export interface PackTrees {
  /** Enabled rules only. */
  readonly rules: ReadonlyMap<string, RuleTrees>;
  readonly models: ReadonlyMap<string, ModelTrees>;
  /** Conditions of event types; those without are left out. */
  readonly eventTypes: ReadonlyMap<string, SourceTree>;
}

/** Types a pack's expressions for whoever reads them without running them: lint, documents. */
export function typedTrees(pack: ContentPack): PackTrees {
  const tables = [...pack.tables.map(({ id }) => id), 'internal_domains', 'executives'];
  const checker = new Checker(pack, tables);
  const checked = new Map<string, CheckedModel>();
  const models = new Map<string, ModelTrees>();
  for (const entry of pack.models) {
    const model = checker.model(entry);
    if (model === undefined) continue;
    checked.set(entry.id, model);
    const { scope, feature, trainIf, types } = model;
    models.set(entry.id, { scope, feature, trainIf, types });
  }
  const rules = new Map<string, RuleTrees>();
  for (const entry of pack.rules) {
    if (entry.enabled === false) continue;
    const rule = checker.rule(entry, checked);
    if (rule !== undefined) rules.set(entry.id, treesOf(rule));
  }
  const conditions = checker.eventTypes();
  const eventTypes = Object.keys(pack.eventTypes).flatMap((id, at): [string, SourceTree][] => {
    const condition = conditions[at];
    return condition === undefined ? [] : [[id, condition]];
  });
  return { rules, models, eventTypes: new Map(eventTypes) };
}

function treesOf({ when, by, reason, binding }: CheckedRule): RuleTrees {
  const shown = reason.flatMap((part): { source: string; tree: TypedNode }[] =>
    part.part === 'value' ? [{ source: part.source, tree: part.tree }] : [],
  );
  return { when, by, reason: shown, value: binding };
}
