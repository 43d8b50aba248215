/**
 * Rules that say the same: whether one expression follows from another, by what their parts say and
 * by the intervals of their numbers. Sound, not complete: "yes" is always right, "no" means that it
 * cannot be told.
 */
import type { ContentPack, Diagnostic, ModelEntry, RuleEntry } from '#content';
import { alwaysConstant, canonical, collect, type RuleTrees, type TypedNode } from '#engine';

type Binary = Extract<TypedNode, { node: 'binary' }>;

const opposite: Partial<Record<Binary['operator'], Binary['operator']>> = {
  '<': '>=',
  '<=': '>',
  '>': '<=',
  '>=': '<',
};

const and = (left: TypedNode, right: TypedNode): TypedNode => ({
  node: 'binary',
  operator: '&&',
  type: 'flag',
  range: left.range,
  left,
  right,
});

function conjuncts(node: TypedNode): TypedNode[] {
  return node.node === 'binary' && node.operator === '&&'
    ? [...conjuncts(node.left), ...conjuncts(node.right)]
    : [node];
}

const isComparison = (node: TypedNode): node is Binary =>
  node.node === 'binary' && (opposite[node.operator] !== undefined || node.operator === '==');

/** `x > 5` turned round, for a part that is known to be present. */
export function complement(node: TypedNode): TypedNode | undefined {
  if (!isComparison(node)) return undefined;
  const operator = opposite[node.operator];
  return operator === undefined ? undefined : { ...node, operator };
}

/** Whether b is true whenever a is. */
export function implies(a: TypedNode, b: TypedNode): boolean {
  if (canonical(a) === canonical(b)) return true;
  if (b.node === 'binary' && b.operator === '&&') return implies(a, b.left) && implies(a, b.right);
  if (a.node === 'binary' && a.operator === '||') return implies(a.left, b) && implies(a.right, b);
  if (b.node === 'binary' && b.operator === '||') return implies(a, b.left) || implies(a, b.right);
  const parts = conjuncts(a);
  if (parts.length > 1) return parts.some((part) => implies(part, b)) || excludes(parts, b);
  return excludes(parts, b);
}

/** Whether the comparisons among the parts leave no room for the opposite of b. */
function excludes(parts: readonly TypedNode[], b: TypedNode): boolean {
  const other = complement(b);
  if (other === undefined || !isComparison(b)) return false;
  const sides = new Set([canonical(b.left), canonical(b.right)]);
  // Only a comparison of the same thing says that it is present; absent, b would be false.
  const about = parts.filter(
    (part) =>
      isComparison(part) && (sides.has(canonical(part.left)) || sides.has(canonical(part.right))),
  );
  const [first, ...rest] = about;
  if (first === undefined) return false;
  return alwaysConstant(and(rest.reduce(and, first), other)) === false;
}

/** Reports pairs of rules of which one says nothing that the other does not. */
export function lintOverlaps(
  pack: ContentPack,
  trees: ReadonlyMap<string, RuleTrees>,
): Diagnostic[] {
  const found: Diagnostic[] = [];
  const models = new Map(pack.models.map((model) => [model.id, model]));
  const rules = pack.rules.flatMap((rule) => {
    const own = trees.get(rule.id);
    return own === undefined ? [] : [{ rule, own }];
  });
  for (const [at, one] of rules.entries()) {
    for (const other of rules.slice(at + 1)) {
      const forth = firesWith(one, other, models);
      const back = firesWith(other, one, models);
      if ((forth === 'same' && back !== undefined) || (back === 'same' && forth !== undefined)) {
        found.push(
          report(
            'rule/same-as-another',
            'error',
            other.rule,
            `fires on exactly the events on which ${one.rule.id} fires`,
          ),
        );
        continue;
      }
      for (const [narrow, wide, within] of [
        [one.rule, other.rule, forth],
        [other.rule, one.rule, back],
      ] as const) {
        if (within === undefined || narrow.score > wide.score) continue;
        found.push(
          report(
            'rule/within-another',
            'warning',
            narrow,
            `whenever it fires, ${wide.id} fires too, with ${wide.score} points to its ${narrow.score}`,
          ),
        );
      }
    }
  }
  return found;
}

const report = (
  code: string,
  severity: Diagnostic['severity'],
  rule: RuleEntry,
  message: string,
): Diagnostic => ({ code, severity, message, place: { file: rule.file, path: ['when'] } });

interface Subject {
  readonly rule: RuleEntry;
  readonly own: RuleTrees;
}

/**
 * Whether `wide` fires on every event on which `narrow` does. `same`: and all that stands around
 * the two conditions is the same, too.
 */
export function firesWith(
  narrow: Subject,
  wide: Subject,
  models: ReadonlyMap<string, ModelEntry>,
): 'same' | 'within' | undefined {
  const a = narrow.rule;
  const b = wide.rule;
  const sameEvents = [...a.events].sort().join() === [...b.events].sort().join();
  const sameLook =
    a.model === b.model &&
    a.for_each === b.for_each &&
    percentileOf(a, models) === percentileOf(b, models);
  const sameOnce =
    a.once?.per === b.once?.per && byOf(narrow) === byOf(wide) && setOf(a) === setOf(b);
  if (sameEvents && sameLook && sameOnce)
    return implies(narrow.own.when.tree, wide.own.when.tree) ? 'same' : undefined;
  const plain = b.model === undefined && b.for_each === undefined;
  if (!sameLook && !plain) return undefined;
  if (b.once !== undefined) return undefined;
  if (!(b.depends_on ?? []).every((id) => (a.depends_on ?? []).includes(id))) return undefined;
  if (!a.events.every((type) => b.events.includes(type))) return undefined;
  // Counts and sums run over the events of the rule, so they differ where these do.
  if (!sameEvents && collect(wide.own.when.tree).sessionCalls.size > 0) return undefined;
  return implies(narrow.own.when.tree, wide.own.when.tree) ? 'within' : undefined;
}

const percentileOf = (
  { percentile, model }: RuleEntry,
  models: ReadonlyMap<string, ModelEntry>,
): number | undefined => percentile ?? models.get(model ?? '')?.percentile;

const byOf = ({ own }: Subject): string => (own.by === undefined ? '' : canonical(own.by.tree));
const setOf = ({ depends_on: ids = [] }: RuleEntry): string => [...ids].sort().join();
