/**
 * A naive engine to hold the real one against. It keeps every event and every observation and works
 * out each answer from those lists when it is asked: no counters, no compiled code, no stores. It is
 * written from the description of the semantics (engine/README.md) and shares with the engine only
 * the parsed expressions and their interpreter.
 *
 * Slow on purpose: each reading replays all observations of its scope. Over 400 lines because it is a
 * whole engine in one piece, to be read beside the description.
 */

import gammaQuantile from '@stdlib/stats-base-dists-gamma-quantile';
import type { ContentPack, ModelEntry, RuleEntry } from '#content';
import {
  type EvaluateHost,
  type ExpressionScope,
  type ExpressionType,
  type ExpressionValue,
  evaluate,
  fillTemplate,
  parseExpression,
  parseTemplate,
  scopeVariables,
  type TemplatePart,
  type TypedNode,
} from '../../engine/expression/index.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const PROFILE = ['user', 'peer_group', 'is_executive', 'hired'];

/** An event of the oracle: type by name. */
export interface OracleEvent {
  readonly type: string;
  readonly time: number;
  readonly fields: Readonly<Record<string, ExpressionValue>>;
}

export interface OracleReading {
  readonly model: string;
  readonly scope: string;
  readonly value: string | number;
  readonly n: number;
  readonly num_bins: number;
  readonly num_observations: number;
  readonly confidence_factor: number;
  readonly percentile_threshold_count: number;
  readonly percentile_threshold_value: number;
}

export type OracleOutput =
  | {
      readonly what: 'trigger';
      readonly event: number;
      readonly rule: string;
      readonly session: number;
      readonly value: string | undefined;
      readonly reading: OracleReading | undefined;
      readonly reason: string;
      readonly late: boolean;
    }
  | {
      readonly what: 'session';
      readonly id: number;
      readonly kind: 'session' | 'day';
      readonly user: string;
      readonly start: number;
      readonly end: number;
      readonly events: number;
      readonly points: Readonly<Record<string, number>>;
    };

interface Observation {
  readonly model: string;
  readonly scope: string;
  readonly value: string | number;
  readonly time: number;
  readonly clock: number;
}

interface Box {
  readonly id: number;
  readonly user: string;
  readonly kind: 'session' | 'day';
  readonly start: number;
  readonly events: OracleEvent[];
  readonly fired: { readonly rule: string; readonly by: ExpressionValue; readonly score: number }[];
}

/** The moment an expression is looked at: an event, or the end of a container. */
interface Moment {
  readonly fields: Readonly<Record<string, ExpressionValue>>;
  readonly time: number;
  readonly box: Box | undefined;
  readonly kind: 'session' | 'day';
  readonly user: string | undefined;
}

interface Verdict {
  readonly scope: string;
  readonly value: string | number;
}

interface ParsedModel {
  readonly entry: ModelEntry;
  readonly scope: TypedNode;
  readonly feature: TypedNode;
  readonly trainIf: TypedNode | undefined;
  readonly types: readonly string[];
}

interface ParsedRule {
  readonly entry: RuleEntry;
  readonly when: TypedNode;
  readonly by: TypedNode | undefined;
  readonly each: TypedNode | undefined;
  readonly reason: readonly TemplatePart[];
}

interface Place {
  readonly types: readonly string[];
  readonly model: ParsedModel | undefined;
  readonly each: TypedNode | undefined;
  readonly percentile: number;
  readonly verdict: Verdict | undefined;
}

/** Whom the oracle knows; the part of a directory that its tables and enrichment need. */
export interface OraclePerson {
  readonly user: string;
  readonly aliases?: readonly string[];
  readonly peer_group?: string;
  readonly executive?: boolean;
  readonly hired?: number;
}

export interface OracleDirectory {
  readonly internal_domains: readonly string[];
  readonly people: readonly OraclePerson[];
}

export class Oracle {
  readonly output: OracleOutput[] = [];
  private readonly pack: ContentPack;
  private readonly directory: OracleDirectory;
  private readonly models: readonly ParsedModel[];
  private readonly rules: readonly ParsedRule[];
  private readonly events: OracleEvent[] = [];
  private readonly observations: Observation[] = [];
  private open: Box[] = [];
  private boxes = 0;
  private clock = Number.NEGATIVE_INFINITY;

  constructor(
    pack: ContentPack,
    directory: OracleDirectory = { internal_domains: [], people: [] },
  ) {
    this.pack = pack;
    this.directory = directory;
    this.models = pack.models.map((entry) => this.parseModel(entry));
    this.rules = pack.rules
      .filter((rule) => rule.enabled !== false)
      .map((entry) => this.parseRule(entry))
      .sort((a, b) => this.depth(a) - this.depth(b) || (a.entry.id < b.entry.id ? -1 : 1));
  }

  process(event: OracleEvent): void {
    const index = this.events.length;
    const late = event.time < this.clock;
    if (!late) this.closeUntil(event.time);
    this.clock = Math.max(this.clock, event.time);
    this.events.push(event);
    const kind = this.kindOf(event.type);
    const user = userOf(event);
    const box = user === undefined ? undefined : this.boxFor(user, kind, event.time);
    box?.events.push(event);
    const moment: Moment = { fields: event.fields, time: event.time, box, kind, user };
    const firings = this.fire(event, moment, index, late);
    for (const { rule, by } of firings) {
      box?.fired.push({ rule: rule.entry.id, by, score: rule.entry.score });
    }
    this.train((model) => model.entry.trains_on.includes(event.type), moment);
    if (box !== undefined && !this.open.includes(box)) this.end(box);
  }

  finish(): void {
    this.closeUntil(Number.POSITIVE_INFINITY);
  }

  /** An event as the engine enriches it: who the account is and what the directory says of them. */
  enriched(event: OracleEvent): OracleEvent {
    const { user, ...fields } = event.fields;
    if (typeof user !== 'string' || user === '') return { ...event, fields };
    const account = user.toLowerCase();
    const person = this.directory.people.findLast(
      (one) => one.user === account || one.aliases?.includes(account),
    );
    const listed = this.table('executives').includes(person?.user ?? account);
    return {
      ...event,
      fields: {
        ...fields,
        user: person?.user ?? account,
        is_executive: person?.executive === true || listed,
        ...(person?.peer_group !== undefined && { peer_group: person.peer_group }),
        ...(person?.hired !== undefined && { hired: person.hired }),
      },
    };
  }

  /** Members of a context table with what the directory adds to two of them. */
  table(id: string): readonly string[] {
    const own = this.pack.tables.find((table) => table.id === id)?.members ?? [];
    const { internal_domains: domains, people } = this.directory;
    if (id === 'internal_domains') return [...own, ...domains.map((one) => one.toLowerCase())];
    if (id !== 'executives') return own;
    const executives = people.filter(({ executive }) => executive === true);
    const addresses = executives.flatMap(({ user, aliases = [] }) => [user, ...aliases]);
    return [...own, ...addresses.map((one) => one.toLowerCase())];
  }

  private closeUntil(time: number): void {
    for (;;) {
      const ending = this.open
        .filter((box) => endOf(box) <= time)
        .sort((a, b) => endOf(a) - endOf(b) || a.id - b.id)[0];
      if (ending === undefined) return;
      this.open = this.open.filter((box) => box !== ending);
      this.clock = endOf(ending);
      this.end(ending);
    }
  }

  private end(box: Box): void {
    const { user, kind } = box;
    const last = box.events.reduce((a, b) => (b.time >= a.time ? b : a));
    // The user's fields are those of the event that came last, late or not.
    const latest = box.events.at(-1) as OracleEvent;
    const fields = Object.fromEntries(PROFILE.map((name) => [name, latest.fields[name]]));
    const moment: Moment = { fields, time: last.time, box, kind, user };
    this.train(
      (model) =>
        model.entry.trains_on.includes('session-end') &&
        this.kindOf(model.types[0] as string) === kind,
      moment,
    );
    const points: Record<string, number> = {};
    for (const { rule, score } of box.fired) points[rule] = (points[rule] ?? 0) + score;
    this.output.push({
      what: 'session',
      id: box.id,
      kind,
      user,
      start: box.start,
      end: Math.max(box.start, last.time),
      events: box.events.length,
      points,
    });
  }

  private boxFor(user: string, kind: 'session' | 'day', time: number): Box {
    const own = this.open.find((box) => box.user === user && box.kind === kind);
    if (own !== undefined) {
      const joins =
        time >= own.start ||
        (kind === 'day' ? dayOf(time) === dayOf(own.start) : own.start - time < 5 * HOUR);
      if (joins) return own;
    }
    this.boxes += 1;
    const box: Box = { id: this.boxes, user, kind, start: time, events: [], fired: [] };
    if (own === undefined && endOf(box) > this.clock) this.open.push(box);
    return box;
  }

  private fire(event: OracleEvent, moment: Moment, index: number, late: boolean) {
    const firings: { rule: ParsedRule; by: ExpressionValue }[] = [];
    for (const rule of this.rules) {
      const { entry } = rule;
      if (!entry.events.includes(event.type)) continue;
      const depends = entry.depends_on ?? [];
      if (!depends.every((id) => firings.some((one) => one.rule.entry.id === id))) continue;
      if (entry.once !== undefined && moment.box === undefined) continue;
      const model = this.models.find((one) => one.entry.id === entry.model);
      const percentile = entry.percentile ?? model?.entry.percentile ?? 0.1;
      const place = { types: entry.events, model, each: rule.each, percentile };
      const verdicts = this.verdicts(model, rule.each, moment);
      for (const verdict of verdicts) {
        const host = this.host(moment, { ...place, verdict });
        if (evaluate(rule.when, host).value !== true) continue;
        const by = rule.by && evaluate(rule.by, host).value;
        if (rule.by !== undefined && by === undefined) continue;
        const before = moment.box?.fired.filter((one) => one.rule === entry.id) ?? [];
        if (entry.once !== undefined && before.some((one) => one.by === by)) continue;
        firings.push({ rule, by });
        this.output.push({
          what: 'trigger',
          event: index,
          rule: entry.id,
          session: moment.box?.id ?? 0,
          value: verdict === undefined ? undefined : String(verdict.value),
          reading: model && this.reading(model, verdict as Verdict, percentile),
          reason: fillTemplate(rule.reason, host),
          late,
        });
        break;
      }
    }
    return firings;
  }

  private verdicts(
    model: ParsedModel | undefined,
    each: TypedNode | undefined,
    moment: Moment,
  ): (Verdict | undefined)[] {
    if (each !== undefined) {
      const host = this.host(moment, NOWHERE);
      return list(evaluate(each, host).value).map((value) => ({ scope: '', value }));
    }
    if (model === undefined) return [undefined];
    const host = this.host(moment, { ...NOWHERE, types: model.types });
    const scopes = list(evaluate(model.scope, host).value);
    const feature = evaluate(model.feature, host).value;
    const values: (string | number)[] =
      typeof feature === 'number' ? (Number.isNaN(feature) ? [] : [feature]) : list(feature);
    return scopes.flatMap((scope) => values.map((value) => ({ scope, value })));
  }

  /** Decides for all models first and trains then. */
  private train(which: (model: ParsedModel) => boolean, moment: Moment): void {
    const decided: Observation[] = [];
    for (const model of this.models.filter(which)) {
      for (const verdict of this.verdicts(model, undefined, moment) as Verdict[]) {
        const percentile = model.entry.percentile ?? 0.1;
        const place = { types: model.types, model, each: undefined, percentile, verdict };
        const train =
          model.trainIf === undefined ||
          evaluate(model.trainIf, this.host(moment, place)).value === true;
        const counts = model.entry.kind === 'categorical' || positive(verdict.value);
        if (train && counts) {
          decided.push({
            model: model.entry.id,
            ...verdict,
            time: moment.time,
            clock: this.clock,
          });
        }
      }
    }
    this.observations.push(...decided);
  }

  /** Values of a categorical scope as they stand now: replays all observations. */
  private bins(model: ParsedModel, scope: string): Map<string, { count: number; seen: number }> {
    const { aging = '16w', max_bins: limit = 1000 } = model.entry;
    const days = Number.parseInt(aging, 10) * (aging.endsWith('w') ? 7 : 1);
    const bins = new Map<string, { count: number; seen: number }>();
    const forget = (clock: number) => {
      for (const [value, { seen }] of bins) {
        if (dayOf(clock) - dayOf(seen) > days) bins.delete(value);
      }
    };
    for (const one of this.observations) {
      if (one.model !== model.entry.id || one.scope !== scope) continue;
      forget(one.clock);
      const value = String(one.value);
      const known = bins.get(value);
      if (known !== undefined) {
        bins.set(value, { count: known.count + 1, seen: Math.max(known.seen, one.time) });
        continue;
      }
      // Of an old line, and so old that it would be forgotten at once: it is not learned at all.
      if (dayOf(one.clock) - dayOf(one.time) > days) continue;
      if (bins.size >= limit) {
        // Least recently seen, to the minute; among equals the one known longest.
        const order = [...bins].sort(([, a], [, b]) => minuteOf(a.seen) - minuteOf(b.seen));
        bins.delete((order[0] as [string, unknown])[0]);
      }
      bins.set(value, { count: 1, seen: one.time });
    }
    forget(this.clock);
    return bins;
  }

  private numbers(model: ParsedModel, scope: string): number[] {
    return this.observations
      .filter((one) => one.model === model.entry.id && one.scope === scope)
      .map((one) => one.value as number);
  }

  private threshold(model: ParsedModel, scope: string, percentile: number): number {
    const all = this.numbers(model, scope);
    if (all.length < (model.entry.cut_off ?? 0)) return Number.NaN;
    // The fit is as of the last time that n had grown by a tenth.
    let fitted = 0;
    for (let n = 1; n <= all.length; n += 1) if (n >= fitted * 1.1) fitted = n;
    const values = all.slice(0, fitted);
    if (new Set(values).size < 2) return Number.NaN;
    const total = (of: (x: number) => number) => values.reduce((sum, x) => sum + of(x), 0);
    const n = values.length;
    const spread = n * total((x) => x * Math.log(x)) - total(Math.log) * total((x) => x);
    if (!(spread > 0)) return Number.NaN;
    const shape = (n * total((x) => x)) / spread;
    return gammaQuantile(1 - percentile, shape, 1) * (spread / n ** 2);
  }

  private top(model: ParsedModel, scope: string, percentile: number): number {
    const counts = [...this.bins(model, scope).values()].map(({ count }) => count);
    let top = 1;
    while (counts.filter((count) => count >= top).length > percentile * counts.length) top += 1;
    return top;
  }

  private reading(model: ParsedModel, verdict: Verdict, percentile: number): OracleReading {
    const { id, kind, alpha = 1, cut_off: cutOff = 0 } = model.entry;
    const base = { model: id, scope: verdict.scope, value: verdict.value };
    if (kind === 'numerical') {
      const threshold = this.threshold(model, verdict.scope, percentile);
      return {
        ...base,
        n: this.numbers(model, verdict.scope).length,
        num_bins: 0,
        num_observations: 0,
        confidence_factor: Number.isNaN(threshold) ? 0 : 1,
        percentile_threshold_count: Number.NaN,
        percentile_threshold_value: threshold,
      };
    }
    const bins = this.bins(model, verdict.scope);
    const n = [...bins.values()].reduce((sum, { count }) => sum + count, 0);
    return {
      ...base,
      n,
      num_bins: bins.size,
      num_observations: bins.get(String(verdict.value))?.count ?? 0,
      confidence_factor: n === 0 || n < cutOff ? 0 : ((n - bins.size) / n) ** alpha,
      percentile_threshold_count: percentile * n,
      percentile_threshold_value: Number.NaN,
    };
  }

  private host(moment: Moment, place: Place): EvaluateHost {
    return {
      field: (name) => moment.fields[name],
      variable: (name) => this.variable(name, moment, place),
      contextCall: (node, args) => {
        if (node.function !== 'observations') return this.lookUp(node.function, args);
        const [id, value] = args;
        const model = this.models.find((one) => one.entry.id === id) as ParsedModel;
        if (value === undefined) return Number.NaN;
        const scopes = list(
          evaluate(model.scope, this.host(moment, { ...NOWHERE, types: model.types })).value,
        );
        return scopes.reduce(
          (sum, scope) => sum + (this.bins(model, scope).get(value as string)?.count ?? 0),
          0,
        );
      },
      sessionCall: (node) => this.sessionCall(node, moment, place),
    };
  }

  /** in_table, any_in_table and contains_any, by looking at every member. */
  private lookUp(name: string, args: readonly ExpressionValue[]): boolean {
    const [id, given] = name === 'contains_any' ? [args[1], args[0]] : args;
    const members = this.table(String(id));
    if (name === 'contains_any') {
      return typeof given === 'string' && members.some((phrase) => holds(given, phrase));
    }
    const texts = name === 'in_table' ? [given] : Array.isArray(given) ? given : [];
    return texts.some((text) => typeof text === 'string' && members.includes(text.toLowerCase()));
  }

  private variable(name: string, moment: Moment, place: Place): ExpressionValue {
    const mine = () =>
      this.events.filter(
        (event) => userOf(event) === moment.user && this.kindOf(event.type) === moment.kind,
      );
    switch (name) {
      case 'org':
        return 'org';
      case 'time':
        return moment.time;
      case 'first_seen':
        return moment.user === undefined
          ? undefined
          : Math.min(...mine().map((event) => event.time));
      case 'active_days': {
        if (moment.user === undefined) return undefined;
        let latest = Number.NEGATIVE_INFINITY;
        let days = 0;
        for (const event of mine()) {
          if (dayOf(event.time) > latest) days += 1;
          latest = Math.max(latest, dayOf(event.time));
        }
        return days - 1;
      }
      case 'value':
        return place.verdict?.value;
      case 'scope':
        return place.verdict?.scope;
      default: {
        const model = place.model as ParsedModel;
        const verdict = place.verdict as Verdict;
        if (name === 'top_threshold_count') {
          return this.top(model, verdict.scope, place.percentile);
        }
        return this.reading(model, verdict, place.percentile)[
          name as keyof OracleReading
        ] as number;
      }
    }
  }

  private sessionCall(
    node: Extract<TypedNode, { node: 'call' }>,
    moment: Moment,
    place: Place,
  ): ExpressionValue {
    const { box } = moment;
    const [first, second] = node.args as [TypedNode, TypedNode | undefined];
    if (node.function === 'was_rule_fired') {
      const id = first.node === 'literal' ? first.value : '';
      return box?.fired.some((one) => one.rule === id) ?? false;
    }
    if (box === undefined) return Number.NaN;
    const counted = box.events.filter((event) => place.types.includes(event.type));
    const at = (event: OracleEvent, tree: TypedNode): ExpressionValue => {
      const then: Moment = { ...moment, fields: event.fields, time: event.time };
      const feature = place.each ?? place.model?.feature;
      const isValue = tree.node === 'variable' && tree.name === 'value';
      const host = this.host(then, place);
      if (isValue && feature !== undefined) return evaluate(feature, host).value;
      return evaluate(tree, {
        ...host,
        variable: (name) =>
          name === 'value' && feature !== undefined
            ? evaluate(feature, host).value
            : host.variable(name),
      }).value;
    };
    switch (node.function) {
      case 'count': {
        if (first.type === 'flag') return counted.filter((e) => at(e, first) === true).length;
        const now = evaluate(first, this.host(moment, place)).value;
        if (now === undefined) return Number.NaN;
        return counted.filter((e) => list(at(e, first)).includes(now as string)).length;
      }
      case 'distinct_count':
        return new Set(counted.flatMap((e) => list(at(e, first)))).size;
      default: {
        let sum = 0;
        for (const event of counted) {
          const number = at(event, first) as number;
          const adds = second === undefined || at(event, second) === true;
          if (adds && Number.isFinite(number)) sum += number;
        }
        return sum;
      }
    }
  }

  private kindOf(type: string): 'session' | 'day' {
    return this.pack.eventTypes[type]?.container ?? 'session';
  }

  private depth({ entry }: { readonly entry: RuleEntry }): number {
    const below = (entry.depends_on ?? []).map((id) => {
      const next = this.pack.rules.find((rule) => rule.id === id);
      return next === undefined ? 0 : this.depth({ entry: next }) + 1;
    });
    return Math.max(0, ...below);
  }

  private parseModel(entry: ModelEntry): ParsedModel {
    const facts = scopeVariables({}).set('org', 'text');
    const own = scopeVariables({ model: entry.kind });
    const atEnd = entry.trains_on.includes('session-end');
    return {
      entry,
      scope: this.parse(entry.scope, facts, ['text', 'texts']),
      feature: this.parse(
        entry.feature,
        facts,
        entry.kind === 'numerical' ? ['number'] : ['text', 'texts'],
      ),
      trainIf: entry.train_if === undefined ? undefined : this.parse(entry.train_if, own, ['flag']),
      types: entry.session_events ?? (atEnd ? this.sessionTypes() : entry.trains_on),
    };
  }

  private sessionTypes(): string[] {
    return Object.keys(this.pack.eventTypes).filter((type) => this.kindOf(type) === 'session');
  }

  private parseRule(entry: RuleEntry): ParsedRule {
    const model = this.models.find((one) => one.entry.id === entry.model);
    const variables = scopeVariables({
      model: model?.entry.kind,
      forEach: entry.for_each !== undefined,
    });
    const { once, for_each: each } = entry;
    const template = parseTemplate(entry.reason, this.scope(variables));
    if (!template.ok) throw new Error(`the oracle cannot read ${entry.reason}`);
    return {
      entry,
      when: this.parse(entry.when, variables, ['flag']),
      by: once?.by === undefined ? undefined : this.parse(once.by, variables, ['text']),
      each: each === undefined ? undefined : this.parse(each, scopeVariables({}), ['texts']),
      reason: template.parts,
    };
  }

  private scope(variables: ReadonlyMap<string, ExpressionType>): ExpressionScope {
    const { fields, rules, models, tables } = this.pack;
    return {
      fields: new Map(
        Object.entries(fields).map(([name, { type }]) => [name, type === 'time' ? 'number' : type]),
      ),
      variables,
      tables: new Set(['internal_domains', 'executives', ...tables.map((table) => table.id)]),
      rules: new Set(rules.map((rule) => rule.id)),
      models: new Set(models.map((model) => model.id)),
      session: true,
    };
  }

  private parse(
    source: string,
    variables: ReadonlyMap<string, ExpressionType>,
    expected: readonly ExpressionType[],
  ): TypedNode {
    const outcome = parseExpression(source, this.scope(variables), expected);
    if (outcome.ok) return outcome.tree;
    throw new Error(`the oracle cannot read ${source}: ${outcome.faults[0]?.message}`);
  }
}

const letter = /[\p{L}\p{N}\p{M}]/u;

/**
 * Whether a text holds a phrase as whole words: letters and digits in a row are words, what stands
 * between them separates alike. A phrase with other signs than blanks, dots, hyphens and underscores
 * is looked for as it stands, and no word may run on over its ends.
 */
export function holds(text: string, phrase: string): boolean {
  const fold = (one: string) => one.normalize('NFKC').toLowerCase();
  const words = (one: string) => one.split(/[^\p{L}\p{N}\p{M}]+/u).filter((word) => word !== '');
  const wanted = fold(phrase);
  if (/^[\p{L}\p{N}\p{M}\s._-]+$/u.test(wanted) && letter.test(wanted)) {
    const sequence = ` ${words(wanted).join(' ')} `;
    return ` ${words(fold(text)).join(' ')} `.includes(sequence);
  }
  const sought = [...wanted.trim()];
  const signs = [...fold(text)];
  const isLetter = (one: string | undefined) => one !== undefined && letter.test(one);
  return (
    sought.length > 0 &&
    signs.some(
      (_, at) =>
        sought.every((sign, i) => signs[at + i] === sign) &&
        !(isLetter(signs[at - 1]) && isLetter(sought[0])) &&
        !(isLetter(signs[at + sought.length]) && isLetter(sought.at(-1))),
    )
  );
}

const NOWHERE: Place = {
  types: [],
  model: undefined,
  each: undefined,
  percentile: 0.1,
  verdict: undefined,
};

function userOf({ fields: { user } }: OracleEvent): string | undefined {
  return typeof user === 'string' ? user : undefined;
}

function endOf(box: Box): number {
  if (box.kind === 'day') return (dayOf(box.start) + 1) * DAY;
  const last = Math.max(box.start, ...box.events.map((event) => event.time));
  return Math.min(last + 5 * HOUR, box.start + 24 * HOUR);
}

function list(value: ExpressionValue): string[] {
  if (typeof value === 'string') return [value];
  return Array.isArray(value) ? [...new Set(value as string[])] : [];
}

function positive(value: string | number): boolean {
  return typeof value === 'number' && value > 0 && Number.isFinite(value);
}

function dayOf(time: number): number {
  return Math.floor(time / DAY);
}

function minuteOf(time: number): number {
  return Math.floor(time / MINUTE);
}
