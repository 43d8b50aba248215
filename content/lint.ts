/**
 * All structural checks of a pack, one function per kind of file. Long because it is a list: checks
 * share nothing but how they report.
 */
import { didYouMean } from './diagnostic.js';
import type { ContentPlace, Diagnostic } from './fault.js';
import type { ContentPack, RuleEntry } from './pack.js';
import { settableFields } from './reach.js';
import type { Field, TestStep } from './types.generated.js';

/** Tables that enrichment of events reads by name. */
const ENRICHMENT_TABLES = [
  'competition_domains',
  'country_domains',
  'disposable_email_domains',
  'executives',
  'external_tags',
  'file_sharing_categories',
  'file_sharing_domains',
  'generic_cctlds',
  'internal_domains',
  'public_email_domains',
];

const STEP_KEYS = new Set(['type', 'after', 'repeat', 'every']);

/**
 * Checks of a loaded pack that need no typing of expressions: names that must exist elsewhere,
 * rules that can never fire, tests that prove nothing. Each code is explained in lintHelp.
 * Order: event types, models, rules, parsers, gates; stable for the same pack.
 */
export function lint(pack: ContentPack): Diagnostic[] {
  const found: Diagnostic[] = [];
  const report: Report = (code, message, place, more = {}) => {
    found.push({
      code,
      severity: more.severity ?? 'error',
      message,
      place,
      ...(more.hint !== undefined && { hint: more.hint }),
    });
  };
  lintEventTypes(pack, report);
  lintTables(pack, report);
  lintModels(pack, report);
  for (const rule of pack.rules) {
    lintRule(pack, rule, report);
    lintTests(pack, rule, report);
  }
  lintDependencies(pack, report);
  lintDuplicates(pack, report);
  lintParsers(pack, report);
  lintGates(pack, report);
  return found;
}

type Report = (
  code: string,
  message: string,
  place: ContentPlace,
  more?: { readonly hint?: string | undefined; readonly severity?: 'warning' },
) => void;

function unknown(
  report: Report,
  code: string,
  what: string,
  name: string,
  known: Iterable<string>,
  place: ContentPlace,
): void {
  report(code, `there is no ${what} ${name}`, place, { hint: didYouMean(name, known) });
}

const EVENT_TYPES_FILE = 'event-types.yaml';

function lintEventTypes(pack: ContentPack, report: Report): void {
  const kinds = new Set(pack.parsers.map((parser) => parser.yields.kind));
  for (const [id, type] of Object.entries(pack.eventTypes)) {
    const path = ['event_types', id];
    type.fields.forEach((name, i) => {
      if (!Object.hasOwn(pack.fields, name))
        unknown(report, 'content/unknown-field', 'field', name, Object.keys(pack.fields), {
          file: EVENT_TYPES_FILE,
          path: [...path, 'fields', i],
        });
    });
    if (!kinds.has(type.kind))
      report(
        'content/event-type-without-parser',
        `no parser yields ${type.kind} records, so no event can be of type ${id}`,
        { file: EVENT_TYPES_FILE, path: [...path, 'kind'] },
        { severity: 'warning' },
      );
  }
}

function lintTables(pack: ContentPack, report: Report): void {
  const known = new Set(pack.tables.map((table) => table.id));
  for (const table of ENRICHMENT_TABLES) {
    if (!known.has(table))
      report('content/missing-table', `the table ${table}, which enrichment reads, is missing`, {
        file: `context/${table}.yaml`,
        path: [],
      });
  }
}

function lintModels(pack: ContentPack, report: Report): void {
  const read = new Set(pack.rules.map((rule) => rule.model));
  const expressions = [
    ...pack.rules.map((r) => r.when),
    ...pack.models.map((m) => m.train_if ?? ''),
  ];
  for (const text of expressions) {
    for (const [, name] of text.matchAll(/\bobservations\(\s*['"]([^'"]*)['"]/g)) read.add(name);
  }
  for (const model of pack.models) {
    const { id, file } = model;
    const atEnd = model.trains_on.includes('session-end');
    if (atEnd && model.trains_on.length > 1)
      report('model/session-end', 'session-end must be the only entry of trains_on', {
        file,
        path: ['trains_on'],
      });
    if (atEnd && !model.session_events)
      report('model/session-end', 'a model that trains at session end needs session_events', {
        file,
        path: ['trains_on'],
      });
    if (!atEnd && model.session_events)
      report('model/session-end', 'session_events is for models that train at session end', {
        file,
        path: ['session_events'],
        key: true,
      });
    for (const key of ['trains_on', 'session_events'] as const) {
      (model[key] ?? []).forEach((type, i) => {
        if (type !== 'session-end') lintEventTypeName(pack, report, type, { file, path: [key, i] });
      });
    }
    if (!read.has(id))
      report(
        'model/unused',
        `no rule reads the model ${id}`,
        { file, path: [] },
        { severity: 'warning' },
      );
  }
}

/** True when the event type exists. */
function lintEventTypeName(
  pack: ContentPack,
  report: Report,
  name: string,
  place: ContentPlace,
): boolean {
  if (Object.hasOwn(pack.eventTypes, name)) return true;
  unknown(
    report,
    'content/unknown-event-type',
    'event type',
    name,
    Object.keys(pack.eventTypes),
    place,
  );
  return false;
}

function lintRule(pack: ContentPack, rule: RuleEntry, report: Report): void {
  const { file } = rule;
  const kinds = new Set<string>(pack.parsers.map((parser) => parser.yields.kind));
  if (!pack.techniques.some((technique) => technique.id === rule.technique))
    unknown(
      report,
      'rule/unknown-technique',
      'technique',
      rule.technique,
      pack.techniques.map((t) => t.id),
      { file, path: [] },
    );
  const containers = new Map<string, string>();
  rule.events.forEach((name, i) => {
    if (!lintEventTypeName(pack, report, name, { file, path: ['events', i] })) return;
    const type = pack.eventTypes[name];
    if (!type) return;
    containers.set(type.container, name);
    if (!kinds.has(type.kind))
      report(
        'content/event-type-without-parser',
        `no parser yields ${type.kind} records, so ${name} never occurs and the rule never fires on it`,
        { file, path: ['events', i] },
      );
  });
  if (containers.size > 1)
    report(
      'rule/mixed-containers',
      `its event types live in different containers (${[...containers].map(([c, t]) => `${t}: ${c}`).join(', ')})`,
      { file, path: ['events'] },
    );
  const [container] = containers.keys();
  if (rule.once && container !== undefined && containers.size === 1 && rule.once.per !== container)
    report(
      'rule/once-container',
      `its events are gathered by ${container}, not by ${rule.once.per}`,
      { file, path: ['once', 'per'] },
      { hint: `write per: ${container}` },
    );
  if (rule.model !== undefined && !pack.models.some((model) => model.id === rule.model))
    unknown(
      report,
      'rule/unknown-model',
      'model',
      rule.model,
      pack.models.map((m) => m.id),
      { file, path: ['model'] },
    );
  if (rule.percentile !== undefined && rule.model === undefined)
    report(
      'rule/percentile-without-model',
      'percentile says nothing for a rule without model',
      { file, path: ['percentile'], key: true },
      { severity: 'warning' },
    );
  if (rule.for_each !== undefined) lintForEach(pack, rule, rule.for_each, report);
  lintReason(rule, report);
}

function lintForEach(pack: ContentPack, rule: RuleEntry, name: string, report: Report): void {
  const place = { file: rule.file, path: ['for_each'] };
  if (rule.model !== undefined)
    report(
      'rule/for-each-and-model',
      'a rule with a model takes its values from the model; leave out for_each',
      { ...place, key: true },
    );
  const field = Object.hasOwn(pack.fields, name) ? pack.fields[name] : undefined;
  const lists = Object.keys(pack.fields).filter((key) => pack.fields[key]?.type === 'texts');
  if (!field) unknown(report, 'content/unknown-field', 'field', name, lists, place);
  else if (field.type !== 'texts')
    report('rule/for-each-not-list', `the field ${name} is no list`, place, {
      hint: `lists: ${lists.join(', ')}`,
    });
  else lintFieldOfTypes(pack, rule, name, place, report);
}

function lintFieldOfTypes(
  pack: ContentPack,
  rule: RuleEntry,
  name: string,
  place: ContentPlace,
  report: Report,
): void {
  for (const type of rule.events) {
    const known = pack.eventTypes[type]?.fields;
    if (known && !known.includes(name))
      report('rule/field-not-of-event-type', `${type} has no field ${name}`, place);
  }
}

/** Braces only: what stands between them is checked with the expressions. */
function lintReason(rule: RuleEntry, report: Report): void {
  const text = rule.reason;
  const at = (start: number, end: number): ContentPlace => ({
    file: rule.file,
    path: ['reason'],
    range: { start, end },
  });
  let open = -1;
  let quote = '';
  for (let i = 0; i < text.length; i++) {
    const sign = text[i] as string;
    if (open < 0) {
      if ((sign === '{' || sign === '}') && text[i + 1] === sign) i++;
      else if (sign === '{') open = i;
      else if (sign === '}')
        report('expression/template', '} closes nothing', at(i, i + 1), {
          hint: 'write }} for the sign itself',
        });
    } else if (quote !== '') {
      if (sign === '\\') i++;
      else if (sign === quote) quote = '';
    } else if (sign === "'" || sign === '"') {
      quote = sign;
    } else if (sign === '}') {
      if (text.slice(open + 1, i).trim() === '')
        report('expression/template', 'there is no expression between the braces', at(open, i + 1));
      open = -1;
    }
  }
  if (open >= 0)
    report('expression/template', '{ is never closed', at(open, open + 1), {
      hint: 'write {{ for the sign itself',
    });
}

function lintTests(pack: ContentPack, rule: RuleEntry, report: Report): void {
  const { file } = rule;
  const fires = rule.tests.filter(
    (test) => test.fires === true || (Array.isArray(test.fires) && test.fires.length > 0),
  );
  const sides = [
    ['fires', fires.length],
    ['stays quiet', rule.tests.length - fires.length],
  ] as const;
  for (const [side, count] of sides) {
    if (count === 0)
      report('rule/tests-one-sided', `no test shows a case in which the rule ${side}`, {
        file,
        path: ['tests'],
        key: true,
      });
  }
  const names = new Map<string, number>();
  rule.tests.forEach((test, i) => {
    const path = ['tests', i];
    if (names.has(test.name))
      report('content/duplicate-id', 'another test of this rule has the same name', {
        file,
        path: [...path, 'name'],
      });
    names.set(test.name, i);
    const steps = [
      ...(test.history ?? []).map((step, k) => ({ step, path: [...path, 'history', k] })),
      ...test.events.map((step, k) => ({ step, path: [...path, 'events', k] })),
    ];
    for (const { step, path: at } of steps) lintStep(pack, rule, step, { file, path: at }, report);
    const count = test.events.reduce((sum, step) => sum + (step.repeat ?? 1), 0);
    for (const [k, position] of (Array.isArray(test.fires) ? test.fires : []).entries()) {
      if (position > count)
        report('rule/test-position', `there are only ${count} events`, {
          file,
          path: [...path, 'fires', k],
        });
    }
    if (test.events.every((step) => !rule.events.includes(step.type ?? rule.events[0])))
      report('rule/test-position', 'none of its events is of a type that the rule looks at', {
        file,
        path: [...path, 'events'],
        key: true,
      });
  });
}

function lintStep(
  pack: ContentPack,
  rule: RuleEntry,
  step: TestStep,
  place: ContentPlace,
  report: Report,
): void {
  const type = step.type ?? rule.events[0];
  if (step.type !== undefined && !lintEventTypeName(pack, report, step.type, under(place, 'type')))
    return;
  const fields = pack.eventTypes[type]?.fields;
  if (!fields) return;
  for (const [name, value] of Object.entries(step)) {
    if (STEP_KEYS.has(name)) continue;
    const field = Object.hasOwn(pack.fields, name) ? pack.fields[name] : undefined;
    const key = { ...under(place, name), key: true };
    if (!field || !fields.includes(name)) {
      report('rule/test-field', `${type} has no field ${name}`, key, {
        hint: didYouMean(name, [...fields, ...STEP_KEYS]),
      });
    } else if (field.from === 'enriched' && name !== 'user') {
      report('rule/test-field', `${name} is set by enrichment; state what it follows from`, key);
    } else if (value !== null && !fits(field.type, value)) {
      report('rule/test-value', `${name} is of type ${field.type}`, under(place, name));
    }
  }
}

function under(place: ContentPlace, key: string): ContentPlace {
  return { ...place, path: [...place.path, key] };
}

function fits(type: Field['type'], value: unknown): boolean {
  switch (type) {
    case 'text':
      return typeof value === 'string';
    case 'texts':
      return (
        typeof value === 'string' ||
        (Array.isArray(value) && value.every((item) => typeof item === 'string'))
      );
    case 'flag':
      return typeof value === 'boolean';
    case 'time':
      return (
        typeof value === 'number' || (typeof value === 'string' && !Number.isNaN(Date.parse(value)))
      );
    case 'number':
      return typeof value === 'number' && Number.isFinite(value);
  }
}

function lintDependencies(pack: ContentPack, report: Report): void {
  const rules = new Map(pack.rules.map((rule) => [rule.id, rule]));
  for (const rule of pack.rules) {
    (rule.depends_on ?? []).forEach((id, i) => {
      const place = { file: rule.file, path: ['depends_on', i] };
      const other = rules.get(id);
      if (!other) unknown(report, 'rule/unknown-rule', 'rule', id, rules.keys(), place);
      else if (other.enabled === false)
        report(
          'rule/disabled-dependency',
          `${id} is not enabled, so this rule can never fire`,
          place,
        );
      else if (!other.events.some((type) => rule.events.includes(type)))
        report(
          'rule/dependency-event-types',
          `${id} looks at no event type of this rule, so the two never fire on the same event`,
          place,
        );
    });
  }
  for (const cycle of cycles(pack.rules)) {
    const first = rules.get(cycle[0] ?? '');
    if (first)
      report('rule/dependency-cycle', `depends on itself: ${[...cycle, cycle[0]].join(' → ')}`, {
        file: first.file,
        path: ['depends_on'],
      });
  }
}

/** Each cycle once, from its smallest id. */
function cycles(rules: readonly RuleEntry[]): string[][] {
  const next = new Map(rules.map((rule) => [rule.id, rule.depends_on ?? []]));
  const state = new Map<string, 'open' | 'done'>();
  const found: string[][] = [];
  const visit = (id: string, trail: readonly string[]): void => {
    if (state.get(id) === 'done') return;
    const since = trail.indexOf(id);
    if (since >= 0) {
      const cycle = trail.slice(since);
      const smallest = cycle.indexOf([...cycle].sort()[0] ?? id);
      found.push([...cycle.slice(smallest), ...cycle.slice(0, smallest)]);
      return;
    }
    for (const other of next.get(id) ?? []) visit(other, [...trail, id]);
    state.set(id, 'done');
  };
  for (const { id } of rules) visit(id, []);
  return found;
}

function lintDuplicates(pack: ContentPack, report: Report): void {
  const lists = [
    ['rule', pack.rules],
    ['parser', pack.parsers],
  ] as const;
  for (const [what, entries] of lists) {
    const first = new Map<string, string>();
    for (const { id, file } of entries) {
      const other = first.get(id);
      if (other === undefined) first.set(id, file);
      else
        report('content/duplicate-id', `the ${what} ${id} is also in ${other}`, { file, path: [] });
    }
  }
}

function lintParsers(pack: ContentPack, report: Report): void {
  const names = new Set([...Object.keys(pack.fields), 'time']);
  const kinds = new Set<string>(pack.parsers.map((parser) => parser.yields.kind));
  for (const parser of pack.parsers) {
    for (const name of Object.keys(parser.fields ?? {})) {
      const place = { file: parser.file, path: ['fields', name], key: true };
      if (!names.has(name)) unknown(report, 'content/unknown-field', 'field', name, names, place);
      else if (pack.fields[name]?.from === 'enriched' && name !== 'user')
        report('parser/enriched-field', `${name} is set by enrichment, not by parsers`, place);
    }
  }
  const settable = settableFields(pack);
  const listed = new Map<string, Set<string>>();
  for (const [id, type] of Object.entries(pack.eventTypes)) {
    const fields = listed.get(type.kind) ?? new Set();
    listed.set(type.kind, fields);
    for (const name of type.fields) fields.add(name);
    if (!kinds.has(type.kind)) continue;
    type.fields.forEach((name, i) => {
      const field = pack.fields[name];
      if (field && settable.get(id)?.has(name) !== true)
        report(
          'content/field-without-parser',
          field.from === 'parsed'
            ? `no parser of ${type.kind} records sets ${name}, so it is always absent on ${id}`
            : `nothing from which enrichment could work out ${name} is set on ${type.kind} records, so it is always absent on ${id}`,
          { file: EVENT_TYPES_FILE, path: ['event_types', id, 'fields', i] },
          { severity: 'warning' },
        );
    });
  }
  for (const parser of pack.parsers) {
    const fields = listed.get(parser.yields.kind);
    if (!fields) continue;
    for (const name of Object.keys(parser.fields ?? {})) {
      if (name !== 'time' && names.has(name) && !fields.has(name))
        report(
          'parser/unused-field',
          `no event type of ${parser.yields.kind} records has the field ${name}, so no expression can read it`,
          { file: parser.file, path: ['fields', name], key: true },
          { severity: 'warning' },
        );
    }
  }
}

function lintGates(pack: ContentPack, report: Report): void {
  const file = 'gates.yaml';
  const rules = pack.rules.map((rule) => rule.id);
  for (const id of Object.keys(pack.gates.rules ?? {})) {
    const place = { file, path: ['rules', id], key: true };
    if (!rules.includes(id)) unknown(report, 'rule/unknown-rule', 'rule', id, rules, place);
  }
  const techniques = pack.techniques.map((technique) => technique.id);
  for (const id of Object.keys(pack.gates.techniques ?? {})) {
    const place = { file, path: ['techniques', id], key: true };
    if (!techniques.includes(id))
      unknown(report, 'rule/unknown-technique', 'technique', id, techniques, place);
  }
}
