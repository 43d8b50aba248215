/**
 * Pages about a content pack: one for each rule, and tables of all. Written from what is in the
 * pack and nothing else, so the same pack gives the same pages, byte for byte.
 */
import {
  type ContentPack,
  enrichedFrom,
  type RuleEntry,
  settableFields,
  type Traffic,
} from '#content';
import {
  collect,
  constants,
  entityFacts,
  functionDocs,
  modelVariables,
  type PackTrees,
  type RuleTrees,
  typedTrees,
} from '#engine';
import { plural } from '../format.js';
import { countOf, durationOf, estimateModels, type ModelEstimate } from '../lint/convergence.js';
import { firesWith } from '../lint/overlap.js';
import { block, code, grid, listed, prose } from './markdown.js';
import { testWords } from './test-words.js';

interface Task {
  readonly pack: ContentPack;
  readonly trees: PackTrees;
  readonly estimates: ReadonlyMap<string, ModelEstimate>;
  readonly settable: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Relative path, with `/`, → text. In the order of the paths. */
export function contentPages(
  pack: ContentPack,
  traffic: Traffic | undefined,
): ReadonlyMap<string, string> {
  const trees = typedTrees(pack);
  const estimates = traffic === undefined ? [] : estimateModels(pack, trees, traffic);
  const task: Task = {
    pack,
    trees,
    estimates: new Map(estimates.map((estimate) => [estimate.model, estimate])),
    settable: settableFields(pack),
  };
  return new Map([
    ['index.md', indexPage(task)],
    ['language.md', languagePage(task)],
    ['models.md', modelsPage(task)],
    ...pack.rules.map((rule): [string, string] => [`rules/${rule.id}.md`, rulePage(task, rule)]),
  ]);
}

const ruleLink = (id: string, from: 'index' | 'rule'): string =>
  `[${id}](${from === 'index' ? 'rules/' : ''}${id}.md)`;
const modelLink = (id: string, from: 'index' | 'rule'): string =>
  `[${id}](${from === 'index' ? '' : '../'}models.md#${id.toLowerCase()})`;

function indexPage({ pack }: Task): string {
  const techniques = pack.techniques.filter(({ id }) =>
    pack.rules.some((rule) => rule.technique === id),
  );
  const types = Object.entries(pack.eventTypes);
  const counts = [
    plural(pack.rules.length, 'rule'),
    `${plural(pack.models.length, 'model')} over ${plural(techniques.length, 'technique')}`,
    plural(types.length, 'event type'),
    plural(pack.parsers.length, 'parser'),
    plural(pack.tables.length, 'context table'),
  ];
  const parts = [
    `# Coverage\n\n${listed(counts)}. [Models](models.md) · [fields, functions and names](language.md)\n`,
    ...techniques.map(({ id, name, tactics }) => {
      const rows = pack.rules
        .filter((rule) => rule.technique === id)
        .map((rule) => [
          ruleLink(rule.id, 'index') + (rule.enabled === false ? ' (off)' : ''),
          prose(rule.name),
          rule.events.map(code).join(' '),
          rule.model === undefined ? '' : modelLink(rule.model, 'index'),
          String(rule.score),
          testCounts(rule),
          String(rule.known_gaps?.length ?? 0),
        ]);
      const heads = ['rule', 'name', 'on', 'model', 'points', 'tests', 'known gaps'];
      return `## ${id} ${prose(name)}\n\n${listed(tactics.map(prose))}.\n\n${grid(heads, rows)}`;
    }),
    `## Event types\n\n${grid(
      ['event type', 'meaning', 'gathered by', 'rules', 'parsers'],
      types.map(([id, type]) => [
        code(id),
        prose(type.description),
        type.container,
        String(pack.rules.filter((rule) => rule.events.includes(id)).length),
        listed(parsersOf(pack, type.kind).map(({ id: parser }) => code(parser))),
      ]),
    )}`,
    `## Parsers\n\n${grid(
      ['parser', 'vendor', 'yields', 'reads'],
      pack.parsers.map(({ id, vendor, yields, description }) => [
        code(id),
        vendor,
        yields.part === undefined ? yields.kind : `${yields.kind}, ${yields.part}`,
        prose(description),
      ]),
    )}`,
    `## Context tables\n\n${grid(
      ['table', 'entries', 'meaning', 'source', 'licence'],
      pack.tables.map(({ id, members, map, description, source, licence }) => [
        code(id),
        String(members.length + Object.keys(map ?? {}).length),
        prose(description),
        prose(source),
        prose(licence),
      ]),
    )}`,
  ];
  return parts.join('\n');
}

/** `3 fire, 2 stay quiet`. */
function testCounts({ tests }: RuleEntry): string {
  const quiet = tests.filter(({ fires }) => fires === false).length;
  return `${tests.length - quiet} fire, ${quiet} stay quiet`;
}

const parsersOf = (pack: ContentPack, kind: string) =>
  pack.parsers.filter(({ yields }) => yields.kind === kind);

function rulePage(task: Task, rule: RuleEntry): string {
  const { pack, trees } = task;
  const technique = pack.techniques.find(({ id }) => id === rule.technique);
  const own = trees.rules.get(rule.id);
  const facts = [
    `${rule.technique}${technique === undefined ? '' : ` ${prose(technique.name)} (${listed(technique.tactics.map(prose))})`}`,
    `${plural(rule.score, 'point')}`,
    `on ${listed(rule.events.map(code), 'or')}`,
    ...(rule.enabled === false ? ['**not enabled**'] : []),
  ];
  const parts = [
    `# ${rule.id}: ${prose(rule.name)}\n\n${facts.join(' · ')}\n\n${prose(rule.description)}\n`,
    whenSection(task, rule, own),
    fedSection(task, rule, own),
    `## Tests\n\n${rule.tests.map((test) => testWords(pack, rule, test)).join('')}`,
    gapsSection(rule),
    `[All rules](../index.md)\n`,
  ];
  return parts.filter((part) => part !== '').join('\n');
}

function whenSection(task: Task, rule: RuleEntry, own: RuleTrees | undefined): string {
  const { pack } = task;
  const notes: string[] = [];
  if (rule.model !== undefined) notes.push(modelNote(task, rule, rule.model));
  if (rule.for_each !== undefined)
    notes.push(
      `It looks at each of ${code(rule.for_each)} by the name ${code('value')} and fires on the first that fits.`,
    );
  if (rule.once !== undefined) {
    const container = rule.once.per === 'day' ? 'UTC day of a user' : 'session of a user';
    notes.push(
      `It fires once a ${container}${rule.once.by === undefined ? '' : `, for each value of ${code(rule.once.by)}`}.`,
    );
  }
  if (rule.depends_on !== undefined && rule.depends_on.length > 0)
    notes.push(
      `It needs ${listed(rule.depends_on.map((id) => ruleLink(id, 'rule')))} to fire on the same event.`,
    );
  if (own !== undefined) {
    const { tables, models, rules } = collect(own.when.tree);
    for (const id of tables) {
      const table = pack.tables.find((entry) => entry.id === id);
      const size = table === undefined ? 0 : table.members.length;
      const meaning = table === undefined ? '' : `: ${prose(table.description)}`;
      notes.push(`Table ${code(id)}, ${size === 1 ? '1 entry' : `${size} entries`}${meaning}`);
    }
    for (const id of models) notes.push(`It asks ${modelLink(id, 'rule')} too.`);
    if (rules.size > 0)
      notes.push(
        `It asks whether ${listed([...rules].map((id) => ruleLink(id, 'rule')))} fired earlier.`,
      );
    const wider = widerRules(task, rule, own);
    if (wider.length > 0)
      notes.push(
        `Whenever it fires, ${listed(wider.map((id) => ruleLink(id, 'rule')))} fires too.`,
      );
  }
  return `## When it fires\n\n${block('cel', rule.when)}\n${notes.map((note) => `- ${note}\n`).join('')}- The alert reads: ${code(rule.reason)}\n`;
}

function modelNote({ pack, estimates }: Task, rule: RuleEntry, id: string): string {
  const model = pack.models.find((entry) => entry.id === id);
  if (model === undefined) return `It reads the model ${code(id)}.`;
  const percentile = rule.percentile ?? model.percentile;
  const numbers = [
    ...(percentile === undefined ? [] : [`percentile ${percentile}`]),
    ...(model.cut_off === undefined || model.cut_off === 0 ? [] : [`cut-off ${model.cut_off}`]),
    ...(model.alpha === undefined || model.alpha === 1 ? [] : [`alpha ${model.alpha}`]),
  ];
  const estimate = estimates.get(id);
  const patience =
    estimate?.days === undefined || estimate.needs === ''
      ? ''
      : ` Until ${estimate.needs} it takes about ${countOf(estimate.observations)} observations, ${estimateWords(estimate)}.`;
  return `It reads ${modelLink(id, 'rule')}, ${prose(model.name)}: ${code(model.feature)} for each ${code(model.scope)}${numbers.length > 0 ? ` (${numbers.join(', ')})` : ''}.${patience}`;
}

function estimateWords({ days, busyDays, atLeast }: ModelEstimate): string {
  const average = `${durationOf(days ?? 0)}${atLeast ? ' or more' : ''}`;
  return busyDays === undefined
    ? `${average} by estimate`
    : `${average} for the average person and ${durationOf(busyDays)} for the busiest tenth, by estimate`;
}

/** Rules that fire whenever this one does. */
function widerRules({ pack, trees }: Task, rule: RuleEntry, own: RuleTrees): string[] {
  const models = new Map(pack.models.map((model) => [model.id, model]));
  return pack.rules
    .filter((other) => other.id !== rule.id)
    .filter((other) => {
      const others = trees.rules.get(other.id);
      return (
        others !== undefined &&
        firesWith({ rule, own }, { rule: other, own: others }, models) !== undefined
      );
    })
    .map(({ id }) => id);
}

function fedSection(
  { pack, trees, settable }: Task,
  rule: RuleEntry,
  own: RuleTrees | undefined,
): string {
  if (own === undefined) return '';
  const model = rule.model === undefined ? undefined : trees.models.get(rule.model);
  const read = collect(
    own.when.tree,
    ...(own.by === undefined ? [] : [own.by.tree]),
    ...(own.value === undefined ? [] : [own.value.tree]),
    ...(model === undefined ? [] : [model.scope.tree]),
  ).fields;
  const kinds = new Set(rule.events.map((type) => pack.eventTypes[type]?.kind));
  const feeding = pack.parsers.filter(({ yields }) => kinds.has(yields.kind as never));
  const settersOf = (names: readonly string[]): string[] =>
    feeding
      .filter(({ fields }) => names.some((name) => Object.hasOwn(fields, name)))
      .map(({ id }) => code(id));
  const rows = [...read].sort().map((name) => {
    const enriched = pack.fields[name]?.from === 'enriched';
    const sources = enriched ? (enrichedFrom[name] ?? []) : [name];
    const setters = settersOf(sources);
    const missing = rule.events.filter((type) => settable.get(type)?.has(name) !== true);
    return [
      code(name),
      enriched ? `enrichment, from ${listed(sources.map(code), 'or')}` : 'the log',
      setters.length > 0 ? setters.join(', ') : 'the engine',
      missing.length > 0 ? `not on ${listed(missing.map(code))}` : '',
    ];
  });
  if (rows.length === 0) return '';
  const gaps = rows.some((row) => row[3] !== '');
  const heads = ['field', 'comes from', 'parsers that set it', ...(gaps ? ['missing'] : [])];
  return `## What feeds it\n\n${grid(
    heads,
    rows.map((row) => row.slice(0, heads.length)),
  )}`;
}

function gapsSection({ known_gaps: gaps = [] }: RuleEntry): string {
  if (gaps.length === 0) return '';
  const rows = gaps.map(
    ({ gap, scenario }) =>
      `- ${prose(gap)}${scenario === undefined ? '' : ` Shown by the scenario ${code(scenario)}.`}\n`,
  );
  return `## Known gaps\n\n${rows.join('')}`;
}

function modelsPage({ pack, estimates }: Task): string {
  const entries = pack.models.map((model) => {
    const rules = pack.rules.filter((rule) => rule.model === model.id);
    const estimate = estimates.get(model.id);
    const rows: (readonly [string, string])[] = [
      ['kind', model.kind],
      ['scope', code(model.scope)],
      ['feature', code(model.feature)],
      ['trains on', model.trains_on.map(code).join(' ')],
      ...(model.session_events
        ? [['sessions of', model.session_events.map(code).join(' ')] as const]
        : []),
      ['trains if', model.train_if === undefined ? 'always' : code(model.train_if)],
      ['alpha', String(model.alpha ?? 1)],
      ['cut-off', String(model.cut_off ?? 0)],
      ['percentile', String(model.percentile ?? 0.1)],
      ['forgets after', model.aging ?? '16w'],
      ['values kept per scope', String(model.max_bins ?? 1000)],
      [
        'read by',
        rules.map(({ id }) => ruleLink(id, 'index')).join(', ') || 'other conditions only',
      ],
      ...(estimate === undefined ? [] : [['converges', convergenceWords(estimate)] as const]),
    ];
    return `## ${model.id}\n\n${prose(model.name)}. ${prose(model.description)}\n\n${grid(['', ''], rows)}`;
  });
  const lead =
    'What is learnt, about whom, and when rules can hear from it. Times are estimates from the assumptions of traffic.yaml.';
  return `# Models\n\n${lead}\n\n${entries.join('\n')}\n[All rules](index.md)\n`;
}

function convergenceWords(estimate: ModelEstimate): string {
  if (estimate.needs === '') return 'at once: its rules wait for nothing';
  if (estimate.days === undefined) return `cannot be told: ${prose(estimate.unknown ?? '')}`;
  return `rules wait for ${estimate.needs}: about ${countOf(estimate.observations)} observations, ${estimateWords(estimate)}`;
}

function languagePage({ pack }: Task): string {
  const fields = Object.entries(pack.fields).map(([name, field]) => [
    code(name),
    field.unit === undefined ? field.type : `${field.type}, ${field.unit}`,
    field.from === 'enriched' ? 'enrichment' : 'log',
    prose(field.description),
    listed(
      Object.entries(pack.eventTypes)
        .filter(([, type]) => type.fields.includes(name))
        .map(([id]) => code(id)),
    ),
  ]);
  const names = (list: readonly { readonly name: string; readonly description: string }[]) =>
    grid(
      ['name', 'meaning'],
      list.map(({ name, description }) => [code(name), prose(description)]),
    );
  const functions = functionDocs().map(({ signature, description, example }) => [
    signature.split('\n').map(code).join('<br>'),
    prose(description),
    code(example),
  ]);
  return [
    '# Fields, functions and names\n\nWhat a condition can be made of.\n',
    `## Fields\n\n${grid(['field', 'type', 'from', 'meaning', 'on'], fields)}`,
    `## Facts of every event\n\n${names(entityFacts)}`,
    `## Readings of a rule's model\n\n${names(modelVariables)}`,
    `## Constants\n\n${names(constants)}`,
    `## Functions\n\n${grid(['function', 'meaning', 'example'], functions)}`,
    '[All rules](index.md)\n',
  ].join('\n');
}
