/** Small contents and histories for property tests: few names, few values, all mechanisms. */

import fc from 'fast-check';
import type { ContentPack } from '#content';
import type { Directory, Fields } from '../../engine/contract.js';
import { DAY, HOUR, MINUTE, type ModelParts, pack, type RuleParts } from '../unit/engine/kit.js';

/** An event as drawn: its time is the sum of the steps so far, but for one that comes late. */
export interface DrawnEvent {
  readonly type: string;
  /** Since the event before. */
  readonly step: number;
  /** How long before its place in the order it happened. */
  readonly late: number;
  readonly fields: Fields;
}

const users = ['ann', 'bob', 'cat'];
const domains = ['a', 'b', 'c', 'd'];
const subjects = ['x', 'y'];
/** Texts that have broken programs, and those that folding and whole words are about. */
const odd = [
  ...['', ' ', 'A', 'X y', 'x-y', 'x_y!', 'axb', 'c++ b', 'c+++', 'é', 'e\u0301', 'ＡＢ', 'İ', 'ß'],
  ...['__proto__', 'constructor', 'toString', '\ud800', '\0', '😀 a', 'b.c', '𝕏'],
];
export const oddText = fc.constantFrom(...odd);

const list = fc.oneof(
  { weight: 1, arbitrary: fc.constant(undefined) },
  {
    weight: 5,
    arbitrary: fc.array(fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...domains) }, oddText), {
      maxLength: 4,
    }),
  },
);

const fieldsOf = (people: readonly string[]): fc.Arbitrary<Fields> =>
  fc.record({
    user: fc.oneof(
      { weight: 12, arbitrary: fc.constantFrom(...people) },
      { weight: 1, arbitrary: fc.constant(undefined) },
    ),
    peer_group: fc.constantFrom('g', 'h', undefined),
    is_executive: fc.constantFrom(true, false, undefined),
    subject: fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom(...subjects, undefined) },
      { weight: 1, arbitrary: oddText },
    ),
    domains: list,
    files: list,
    bytes: fc.oneof(fc.integer({ min: 0, max: 20 }), fc.constant(undefined)),
    personal: fc.constantFrom(true, false, undefined),
  });

/** Paces of a history: bursts, sessions of many hours, days and weeks, a mix. */
const paces = [
  [0, 1, MINUTE, 10 * MINUTE],
  [HOUR, 3 * HOUR, 5 * HOUR - 1],
  [9 * HOUR, DAY, 2 * DAY],
  [0, 1, MINUTE, HOUR, 5 * HOUR - 1, 5 * HOUR, 9 * HOUR, DAY, 2 * DAY],
];

export const history: fc.Arbitrary<DrawnEvent[]> = fc
  .tuple(fc.constantFrom(...paces), fc.constantFrom(12, 3, 1), fc.integer({ min: 1, max: 3 }))
  .chain(([pace, onTime, people]) =>
    fc.array(
      fc.record({
        type: fc.constantFrom('out', 'out', 'out', 'failed', 'web'),
        step: fc.constantFrom(...pace),
        late: fc.oneof(
          { weight: onTime, arbitrary: fc.constant(0) },
          { weight: 1, arbitrary: fc.constantFrom(MINUTE, HOUR, 6 * HOUR, 2 * DAY) },
        ),
        fields: fieldsOf(users.slice(0, people)),
      }),
      { minLength: 1, maxLength: 45 },
    ),
  );

const small = fc.integer({ min: 0, max: 4 });
const atom = (texts: readonly string[]) =>
  fc.tuple(fc.constantFrom(...texts), small).map(([text, k]) => text.replaceAll('K', String(k)));

const plain = [
  'true',
  'bytes > 5 * K',
  'personal',
  'bytes <= K',
  "subject == 'x'",
  "'a' in domains",
  'size(domains) > K',
  'sum(bytes) > 9 * K',
  'sum_if(bytes, personal) > 5 * K',
  'count(personal) >= K',
  'count(subject) == K',
  'count(size(domains) > 1) < K',
  'distinct_count(domains) > K',
  'distinct_count(subject) <= K',
  'active_days >= K',
  'time - first_seen < 9 * K * HOUR',
  "was_rule_fired('r0')",
  "was_rule_fired('r3')",
  "observations('M0', subject) >= K",
  "observations('M1', 'a') > K",
  "in_table('t', subject)",
  "any_in_table('t', domains)",
  "contains_any(subject, 't')",
  "in_table('executives', user)",
  "any_in_table('internal_domains', domains)",
  "count(in_table('t', subject)) >= K",
  "sum_if(bytes, any_in_table('t', domains) || contains_any(subject, 'empty')) > 5 * K",
];
const ofLists = [
  "in_table('t', value)",
  "contains_any(value, 't')",
  "value == 'a'",
  'count(value) == K',
  'distinct_count(value) > K',
  "value != 'b'",
];
const ofModels = ['n >= K', 'n == K', "scope != 'ann'", 'confidence_factor >= 0.5'];
const ofCategories = [
  'num_bins > K',
  'num_observations == 0',
  'num_observations > K',
  'num_observations < percentile_threshold_count',
  'num_observations >= top_threshold_count',
  'confidence_factor >= 0.8 && num_observations == 0',
];
const ofNumbers = [
  'value > percentile_threshold_value',
  'value > 5 * K',
  'percentile_threshold_value > 0',
];

function condition(texts: readonly string[]): fc.Arbitrary<string> {
  const one = atom(texts);
  return fc.oneof(
    one,
    fc.tuple(one, one).map(([a, b]) => `(${a}) && (${b})`),
    fc.tuple(one, one).map(([a, b]) => `(${a}) || !(${b})`),
    fc.tuple(one, one, one).map(([a, b, c]) => `(${a}) && ((${b}) || (${c}))`),
  );
}

const percentile = fc.constantFrom(undefined, 0.01, 0.1, 0.3, 0.5);
const types = fc.constantFrom<[string, ...string[]]>(
  ['out'],
  ['failed', 'out'],
  ['web'],
  ['out', 'web'],
);

const categorical: fc.Arbitrary<ModelParts> = fc
  .record({
    scope: fc.constantFrom('user', 'peer_group', 'org', 'files'),
    feature: fc.constantFrom(
      'domains',
      'domains',
      'subject',
      'user',
      'files',
      "personal ? 'p' : 'q'",
    ),
    trains_on: types,
    alpha: fc.constantFrom(0, 1, 1, 2),
    cut_off: fc.integer({ min: 0, max: 3 }),
    percentile: fc.constantFrom(0.1, 0.3, 0.5),
    aging: fc.constantFrom('1d', '2d', '1w'),
    max_bins: fc.constantFrom(1, 2, 3, 1000),
  })
  .chain((parts) =>
    fc
      .oneof(
        fc.constant(undefined),
        condition([
          'personal',
          'count(value) == 1',
          'n < K',
          'num_observations < K',
          'bytes > K',
          "observations('M0', subject) > 0",
        ]),
      )
      .map((trainIf) => ({ ...parts, ...(trainIf !== undefined && { train_if: trainIf }) })),
  );

const numerical: fc.Arbitrary<ModelParts> = fc.record({
  kind: fc.constant('numerical' as const),
  scope: fc.constantFrom('user', 'org', 'files'),
  feature: fc.constantFrom('bytes', 'size(domains)', 'sum(bytes)'),
  trains_on: types,
  cut_off: fc.integer({ min: 0, max: 4 }),
  percentile: fc.constantFrom(0.1, 0.3, 0.5),
});

const atEnd: fc.Arbitrary<ModelParts> = fc
  .oneof(
    fc
      .record({
        feature: fc.constantFrom(
          'sum_if(bytes, personal)',
          'sum(bytes)',
          'distinct_count(domains)',
        ),
        scope: fc.constantFrom('user', 'peer_group', 'org'),
        session_events: fc.constantFrom<string[]>(['out'], ['failed', 'out'], ['web']),
      })
      .map((parts) => ({ ...parts, kind: 'numerical' as const, train_if: 'value > 1' })),
    fc
      .record({
        feature: fc.constantFrom('user', 'peer_group', "count(personal) > 1 ? 'many' : 'few'"),
        scope: fc.constantFrom('user', 'peer_group', 'org'),
        aging: fc.constantFrom('1d', '1w'),
      })
      .map((parts) => ({ ...parts, kind: 'categorical' as const, train_if: 'n < 9' })),
  )
  .map((parts): ModelParts => ({ ...parts, trains_on: ['session-end'] }));

/** Four models; M0 and M1 are categorical, as rules may observe them. */
export const models: fc.Arbitrary<Record<string, ModelParts>> = fc
  .tuple(categorical, categorical, numerical, fc.oneof(atEnd, numerical, categorical))
  .map(([M0, M1, M2, M3]) => ({ M0, M1, M2, M3 }));

/** A rule over those models. `value` is counted only where it is no session function itself. */
function rule(index: number, of: Readonly<Record<string, ModelParts>>): fc.Arbitrary<RuleParts> {
  const model = fc.constantFrom(undefined, undefined, 'M0', 'M1', 'M2', 'M3');
  return fc
    .record({
      model,
      listed: fc.boolean(),
      percentile,
      events: types,
      once: fc.constantFrom('no', 'no', 'once', 'value', 'subject'),
      depends:
        index > 1 ? fc.constantFrom(undefined, undefined, 'r0', 'r1') : fc.constant(undefined),
    })
    .chain(({ model: id, listed, percentile: own, events, once, depends }) => {
      const parts = id === undefined ? undefined : of[id];
      const each = id === undefined && listed;
      const numeric = parts?.kind === 'numerical';
      const made = /sum|count/.test(parts?.feature ?? '');
      const texts = [...plain];
      if (parts !== undefined) texts.push(...ofModels, ...(numeric ? ofNumbers : ofCategories));
      if (each || (parts !== undefined && !numeric && !made)) texts.push(...ofLists);
      if (each) texts.splice(0, 10);
      const byValue = once === 'value' && (each || (parts !== undefined && !numeric));
      return condition(parts === undefined ? texts : texts.slice(12)).map(
        (when): RuleParts => ({
          when,
          events,
          reason: parts === undefined ? '{user} {subject}' : '{scope} {n} {subject}',
          ...(id !== undefined && { model: id }),
          ...(own !== undefined && id !== undefined && { percentile: own }),
          ...(each && { for_each: 'domains' }),
          ...(once !== 'no' && {
            once: {
              per: 'session',
              ...(byValue && { by: 'value' }),
              ...(once === 'subject' && { by: 'subject' }),
            },
          }),
          ...(depends !== undefined && { depends_on: [depends] }),
        }),
      );
    });
}

/** Six rules over the models. */
export const rules = (
  of: Readonly<Record<string, ModelParts>>,
): fc.Arbitrary<Record<string, RuleParts>> =>
  fc
    .tuple(rule(0, of), rule(1, of), rule(2, of), rule(3, of), rule(4, of), rule(5, of))
    .map((all) => Object.fromEntries(all.map((one, i) => [`r${i}`, one])));

/** Members of the table `t`, as a content pack holds them: lower case. */
export const members = fc
  .uniqueArray(fc.oneof(fc.constantFrom(...domains, 'x', 'x y', 'c++', 'b c'), oddText), {
    maxLength: 6,
  })
  .map((texts) => [...new Set(texts.map((text) => text.toLowerCase()))]);

/** A whole content. */
export const content: fc.Arbitrary<ContentPack> = fc
  .tuple(models, members, members)
  .chain(([of, t, executives]) =>
    rules(of).map((drawn) => pack(drawn, of, { t, empty: [], executives })),
  );

/** Some of the users, with aliases of other names, groups and ranks. */
export const directory: fc.Arbitrary<Directory> = fc
  .record({
    internal_domains: fc.uniqueArray(fc.constantFrom(...domains, 'A'), { maxLength: 2 }),
    people: fc.uniqueArray(
      fc.record(
        {
          user: fc.constantFrom(...users),
          aliases: fc.constantFrom<string[]>([], ['dan'], ['eve']),
          peer_group: fc.constantFrom('g', 'h', '__proto__'),
          executive: fc.boolean(),
          hired: fc.constantFrom(0, 1e12),
        },
        { requiredKeys: ['user'] },
      ),
      { maxLength: 3, selector: ({ user }) => user },
    ),
  })
  // Two people share no address.
  .filter(({ people }) => {
    const aliases = people.flatMap((person) => person.aliases ?? []);
    return new Set(aliases).size === aliases.length;
  });

/** A history in which nothing is late and people write under other names too. */
export const accounts: fc.Arbitrary<DrawnEvent[]> = fc.array(
  fc.record({
    type: fc.constantFrom('out', 'out', 'web'),
    step: fc.constantFrom(0, 1, MINUTE, HOUR, 5 * HOUR, DAY),
    late: fc.constant(0),
    fields: fieldsOf([...users, 'dan', 'eve', 'Ann', '']),
  }),
  { minLength: 1, maxLength: 40 },
);
