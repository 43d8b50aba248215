/**
 * How long models take until rules can hear from them, under the assumptions of traffic.yaml. An
 * estimate: it says whether a model is a matter of days or of years, not when.
 *
 * A categorical model with n observations has about factor · n^exponent different values, so the
 * confidence ((n − values) / n)^alpha reaches a level c when n = (factor / (1 − c^(1/alpha)))^(1/(1 − exponent)),
 * or earlier where the number of values is bounded.
 */
import type { ContentPack, Diagnostic, ModelEntry, Spread, Traffic } from '#content';
import { canonical, collect, type ModelTrees, type PackTrees, type TypedNode, walk } from '#engine';

export interface ModelEstimate {
  readonly model: string;
  /** What the rules ask of it: `confidence 0.8`, `20 observations`, `8 values`; empty when nothing. */
  readonly needs: string;
  /** Observations in one scope until then; Infinity: never; undefined: cannot be told. */
  readonly observations: number | undefined;
  /** Calendar days until then for the average scope; as above. */
  readonly days: number | undefined;
  /** The same for somebody of the busiest tenth; where the scope is a person only. */
  readonly busyDays: number | undefined;
  /** train_if holds back an unknown share, so it takes longer. */
  readonly atLeast: boolean;
  /** Why it cannot be told. */
  readonly unknown: string | undefined;
}

/** Calendar days beyond which a model counts as one that does not converge. */
const TOO_LONG = 5 * 365;
/** Calendar days per working day. */
const CALENDAR = 7 / 5;

/** One estimate for each model whose expressions have no faults, in the order of the pack. */
export function estimateModels(
  pack: ContentPack,
  trees: PackTrees,
  traffic: Traffic,
): ModelEstimate[] {
  return pack.models.flatMap((model) => {
    const own = trees.models.get(model.id);
    return own === undefined ? [] : [estimate(pack, trees, traffic, model, own)];
  });
}

/** Models that do not converge within five years. */
export function lintConvergence(
  pack: ContentPack,
  estimates: readonly ModelEstimate[],
): Diagnostic[] {
  return estimates.flatMap(({ model, needs, observations, days }) => {
    const entry = pack.models.find(({ id }) => id === model);
    if (entry === undefined || days === undefined || days <= TOO_LONG) return [];
    const when =
      observations === Number.POSITIVE_INFINITY
        ? 'new values keep coming as fast as observations'
        : `it takes about ${round(observations ?? 0)} observations, ${durationOf(days)}`;
    return [
      {
        code: 'model/never-converges',
        severity: 'warning' as const,
        message: `rules wait for ${needs}, and ${when}`,
        place: { file: entry.file, path: ['feature'] },
      },
    ];
  });
}

function estimate(
  pack: ContentPack,
  trees: PackTrees,
  traffic: Traffic,
  model: ModelEntry,
  own: ModelTrees,
): ModelEstimate {
  const wanted = needsOf(pack, trees, model);
  const result = (more: Partial<ModelEstimate>): ModelEstimate => ({
    model: model.id,
    needs: wanted.text,
    observations: undefined,
    days: undefined,
    busyDays: undefined,
    atLeast: false,
    unknown: undefined,
    ...more,
  });
  if (wanted.text === '') return result({ observations: 0, days: 0 });
  const people = peopleOf(own.scope.tree, traffic);
  if (people === undefined)
    return result({ unknown: `traffic.yaml does not say how many scopes ${model.scope} has` });
  const spread = model.kind === 'categorical' ? spreadOf(own.feature.tree, traffic) : undefined;
  if (model.kind === 'categorical' && spread === undefined)
    return result({ unknown: `traffic.yaml says nothing about ${model.feature}` });
  const events = own.types.map((type) => traffic.events[type] ?? 0);
  const rate = events.reduce((a, b) => a + b, 0);
  if (rate === 0) return result({ unknown: `traffic.yaml says nothing about ${own.types.join()}` });
  const { perEvent, atLeast } = shareTrained(model, own, spread);
  const perDay = rate * perEvent * people;
  const observations = Math.max(
    model.cut_off ?? 0,
    wanted.observations,
    ...(spread === undefined
      ? []
      : [
          untilConfident(
            wanted.confidence,
            model.alpha ?? 1,
            spread,
            mostOf(spread, people, traffic),
          ),
          untilValues(wanted.values, spread, mostOf(spread, people, traffic)),
        ]),
  );
  const days = (observations / perDay) * CALENDAR;
  return result({
    observations,
    days,
    busyDays: people === 1 ? days / (traffic.busiest_tenth ?? 4) : undefined,
    atLeast,
  });
}

interface Needs {
  readonly text: string;
  readonly confidence: number;
  readonly observations: number;
  readonly values: number;
}

/** What the most patient of the model's rules asks for. */
function needsOf(pack: ContentPack, trees: PackTrees, model: ModelEntry): Needs {
  let confidence = 0;
  let observations = 0;
  let values = 0;
  for (const rule of pack.rules) {
    const own = rule.model === model.id ? trees.rules.get(rule.id) : undefined;
    if (own === undefined) continue;
    walk(own.when.tree, (node) => {
      const asked = lowerBound(node);
      if (asked?.name === 'confidence_factor') confidence = Math.max(confidence, asked.value);
      if (asked?.name === 'n') observations = Math.max(observations, asked.value);
      if (asked?.name === 'num_bins') values = Math.max(values, asked.value);
      if (node.node === 'variable' && node.name === 'percentile_threshold_value')
        observations = Math.max(observations, model.cut_off ?? 0, 2);
    });
  }
  const parts = [
    confidence > 0 ? `a confidence of ${confidence}` : '',
    observations > 0 ? `${observations} observations` : '',
    values > 0 ? `${values} values` : '',
  ].filter((part) => part !== '');
  return { text: parts.join(' and '), confidence, observations, values };
}

/** `name >= 5`, `name > 5` or the same turned round, with a literal. */
function lowerBound(node: TypedNode): { name: string; value: number } | undefined {
  if (node.node !== 'binary') return undefined;
  const forth = node.operator === '>=' || node.operator === '>';
  const back = node.operator === '<=' || node.operator === '<';
  if (!forth && !back) return undefined;
  const [name, value] = forth ? [node.left, node.right] : [node.right, node.left];
  if (name.node !== 'variable' || value.node !== 'literal' || typeof value.value !== 'number')
    return undefined;
  return { name: name.name, value: value.value };
}

/** People whose events one scope gathers. */
function peopleOf(scope: TypedNode, traffic: Traffic): number | undefined {
  if (scope.node === 'variable' && scope.name === 'org') return traffic.people;
  if (scope.node !== 'field') return undefined;
  if (scope.name === 'user') return 1;
  return scope.name === 'peer_group' ? traffic.people / traffic.peer_groups : undefined;
}

/** Of the field from which the feature is made. */
function spreadOf(feature: TypedNode, traffic: Traffic): Spread | undefined {
  const [name, ...others] = collect(feature).fields;
  return name === undefined || others.length > 0 ? undefined : traffic.values[name];
}

function mostOf({ most }: Spread, people: number, traffic: Traffic): number {
  if (most === 'people') return people;
  return most === 'peer_groups' ? traffic.peer_groups : (most ?? Number.POSITIVE_INFINITY);
}

const ONCE_A_SESSION = /^\["==",\["count",\[\["variable","value"\]\]\],\["=",1\]\]$/;

function shareTrained(
  model: ModelEntry,
  own: ModelTrees,
  spread: Spread | undefined,
): { perEvent: number; atLeast: boolean } {
  const perEvent = spread?.an_event ?? 1;
  const atEnd = model.trains_on.includes('session-end');
  if (own.trainIf === undefined) return { perEvent, atLeast: atEnd };
  if (ONCE_A_SESSION.test(canonical(own.trainIf.tree)))
    return { perEvent: perEvent * (spread?.a_session ?? 1), atLeast: atEnd };
  return { perEvent, atLeast: true };
}

function untilConfident(level: number, alpha: number, spread: Spread, most: number): number {
  if (level <= 0 || alpha === 0) return 0;
  const share = 1 - level ** (1 / alpha);
  if (share <= 0) return Number.POSITIVE_INFINITY;
  const bounded = most / share;
  const { factor, exponent } = spread;
  const grown =
    exponent >= 1
      ? factor <= share
        ? 1
        : Number.POSITIVE_INFINITY
      : (factor / share) ** (1 / (1 - exponent));
  // A single value, seen again and again, sets the least.
  return Math.max(1 / share, Math.min(grown, bounded));
}

function untilValues(values: number, spread: Spread, most: number): number {
  if (values <= 0) return 0;
  if (values > most) return Number.POSITIVE_INFINITY;
  return spread.exponent === 0
    ? spread.factor >= values
      ? values
      : Number.POSITIVE_INFINITY
    : Math.max(values, (values / spread.factor) ** (1 / spread.exponent));
}

/** Two digits are all that an estimate can claim. */
function round(count: number): string {
  if (count < 100) return String(Math.ceil(count));
  const unit = 10 ** (Math.floor(Math.log10(count)) - 1);
  return (Math.ceil(count / unit) * unit).toLocaleString('en').replaceAll(',', ' ');
}

/** Days for reading: `9 days`, `8 months`, `12 years`. */
export function durationOf(days: number): string {
  if (days === Number.POSITIVE_INFINITY) return 'never';
  if (days <= 1) return 'a day';
  if (days < 60) return `${Math.ceil(days)} days`;
  if (days < 730) return `${Math.round(days / 30.4)} months`;
  return days > 36_500 ? 'more than a century' : `${Math.round(days / 365)} years`;
}

/** The number of observations as the table of models shows it. */
export function countOf(observations: number | undefined): string {
  if (observations === undefined) return '?';
  return observations === Number.POSITIVE_INFINITY ? '–' : round(observations);
}
