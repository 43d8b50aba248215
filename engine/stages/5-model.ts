/**
 * Stage 5: what the models say about an event, and their training.
 *
 * Everything is computed when it is first asked for and kept for the event: the texts that scopes,
 * features and counters look at (atoms), which several models share, then each model's pairs of
 * scope and value, then the numbers of each scope, and last the observations of each value, which
 * rules whose model has not converged never ask for. Nothing is trained before all is decided: first
 * every model's train_if is asked, then all train. So an event never sees itself.
 *
 * Over 400 lines because what is kept for an event and when it is void form one invariant.
 */

import type { BinaryReader, BinaryWriter } from '../binary.js';
import type { Counters, ModelReading } from '../contract.js';
import { CategoricalStore } from '../models/categorical.js';
import { counts, NumericalStore } from '../models/numerical.js';
import { dayOfMinute, grown, minuteOf, Scopes, type TextDictionary } from '../models/store.js';
import type { AtomCode, Frame, ModelCode, ProgramCode, TypeCode, Verdicts } from '../program.js';
import type { Container } from './4-session.js';

const MAX_SCOPES = 1_000_000;
const NONE: readonly string[] = [];
const NO_IDS: readonly number[] = [];

/**
 * What a rule looks at: verdicts of a model, one for each pair of scope and value, scopes outside,
 * values inside; values of a list; or a single one that says nothing. One class for all three, so
 * that generated code meets one shape.
 */
export class Readings implements Verdicts {
  count = 0;
  scope: readonly string[] = NONE;
  value: readonly (string | number)[] = NONE;
  id: readonly number[] = NO_IDS;
  n = new Float64Array(4);
  bins = new Float64Array(4);
  confidence = new Float64Array(4);
  /** Row of each pair's scope in the store, and slot of its value. */
  row = new Int32Array(4);
  slot = new Int32Array(4);
  /** Values per scope. */
  width = 0;
  /** Event for which pairs, scopes and values were worked out. */
  paired = -1;
  read = -1;
  looked = -1;
  /** The store's when the slots were found. */
  moves = 0;
  private readonly store: CategoricalStore | undefined;
  private seen = new Float64Array(4);
  private readonly numbers: number[] = [];
  /** Values and their ids once more for each scope, where there are several. */
  private readonly repeatedValues: string[] = [];
  private readonly repeatedIds: number[] = [];

  constructor(store: CategoricalStore | undefined) {
    this.store = store;
  }

  /** Observations of the value of verdict `i`. */
  seenAt(i: number): number {
    if (this.looked !== this.read) this.look();
    return this.seen[i] as number;
  }

  scopeAt(i: number): string {
    return this.scope[this.width === 1 ? i : Math.floor(i / this.width)] as string;
  }

  /** One pair of each scope with a number. */
  pairNumber(scopes: readonly string[], value: number): void {
    this.width = 1;
    this.scope = scopes;
    this.count = Number.isNaN(value) ? 0 : scopes.length;
    for (let i = 0; i < this.count; i += 1) this.numbers[i] = value;
    this.value = this.numbers;
    this.makeRoom();
  }

  /** All pairs of a scope and a value. There may be more ids than values. */
  pairTexts(scopes: readonly string[], values: readonly string[], ids: readonly number[]): void {
    this.width = values.length;
    this.scope = scopes;
    this.count = scopes.length * values.length;
    this.value = values;
    this.id = ids;
    if (scopes.length > 1) {
      const { count, width, repeatedValues, repeatedIds } = this;
      for (let pair = 0, i = 0; pair < count; pair += 1, i = i + 1 === width ? 0 : i + 1) {
        repeatedValues[pair] = values[i] as string;
        repeatedIds[pair] = ids[i] as number;
      }
      this.value = repeatedValues;
      this.id = repeatedIds;
    }
    this.makeRoom();
  }

  private makeRoom(): void {
    const { count } = this;
    if (count <= this.row.length) return;
    this.n = grown(this.n, count);
    this.bins = grown(this.bins, count);
    this.confidence = grown(this.confidence, count);
    this.seen = grown(this.seen, count);
    this.row = grown(this.row, count);
    this.slot = grown(this.slot, count);
  }

  private look(): void {
    this.looked = this.read;
    const { store, count, row, slot, seen, id } = this;
    if (store === undefined) {
      seen.fill(0, 0, count);
      return;
    }
    this.moves = store.moves;
    for (let i = 0; i < count; i += 1) {
      const at = row[i] as number;
      const found = store.slotOf(at, id[i] as number);
      slot[i] = found;
      seen[i] = store.countAt(at, found);
    }
  }
}

/** Texts of an atom on one event, each once, in order of appearance. */
class Atom {
  readonly code: AtomCode;
  texts: readonly string[] = NONE;
  readonly single: string[] = [''];
  readonly ids: number[] = [];
  event = -1;
  identified = -1;
  /** The dictionary's when `ids` were looked up. */
  generation = -1;

  constructor(code: AtomCode) {
    this.code = code;
  }
}

/** A model with what it looks at and what it knows. */
interface Run {
  readonly code: ModelCode;
  readonly scope: Atom;
  /** Undefined for a numerical model. */
  readonly feature: Atom | undefined;
  readonly store: CategoricalStore | NumericalStore;
  /** The store as what it is; one of the two. */
  readonly categorical: CategoricalStore | undefined;
  readonly numerical: NumericalStore | undefined;
  readonly readings: Readings;
}

/** Tables that a mark has room for, with two bits each: known, member. */
const MARKED = 15;
/** Places of remembered texts that have no id; a power of two. */
const REMEMBERED = 1024;

/**
 * In which tables texts are. What was found stands in the marks of the dictionary for as long as the
 * text has an id. Of texts without one the latest are remembered.
 */
class Memberships {
  private readonly tables: readonly ReadonlySet<string>[];
  private readonly dictionary: TextDictionary;
  private readonly texts: string[] = new Array<string>(REMEMBERED).fill('');
  private readonly marks = new Int32Array(REMEMBERED);

  constructor(tables: readonly ReadonlySet<string>[], dictionary: TextDictionary) {
    this.tables = tables;
    this.dictionary = dictionary;
  }

  has(text: string, id: number | undefined, table: number): boolean {
    const { length } = text;
    if (table >= MARKED || length === 0) return this.look(text, table);
    if (id !== undefined && id >= 0) return this.marked(this.dictionary.marks, id, text, table);
    const mixed =
      text.charCodeAt(0) * 31 +
      text.charCodeAt(length >> 1) * 7 +
      text.charCodeAt(Math.max(0, length - 6));
    const place = (mixed * 13 + length) & (REMEMBERED - 1);
    if (this.texts[place] !== text) {
      this.texts[place] = text;
      this.marks[place] = 0;
    }
    return this.marked(this.marks, place, text, table);
  }

  private marked(marks: Int32Array, at: number, text: string, table: number): boolean {
    const mark = marks[at] as number;
    const known = mark >> (2 * table);
    if ((known & 1) !== 0) return (known & 2) !== 0;
    const found = this.look(text, table);
    marks[at] = mark | ((found ? 3 : 1) << (2 * table));
    return found;
  }

  private look(text: string, table: number): boolean {
    return (this.tables[table] as ReadonlySet<string>).has(text.toLowerCase());
  }
}

export class ModelStage {
  private readonly dictionary: TextDictionary;
  private readonly runs: readonly Run[];
  private readonly atoms: readonly Atom[];
  private readonly listed = new Readings(undefined);
  private readonly memberships: Memberships;
  /** Model and pair, in turn, of what is to train. */
  private readonly pending: number[] = [];
  /** Numbers in `pending`. */
  private waiting = 0;
  private event = 0;
  /** UTC day of the clock, by which values age. */
  private today = 0;
  private frame: Frame | undefined;
  private container: Container | undefined;

  constructor(code: ProgramCode, dictionary: TextDictionary, counters: Counters) {
    this.dictionary = dictionary;
    this.atoms = code.atoms.map((atom) => new Atom(atom));
    const scopes = new Scopes(dictionary, code.models.length);
    this.runs = code.models.map((model, at) => {
      const evicted = (what: string, count: number) => {
        const key = `model ${model.id} ${what}`;
        counters.evicted[key] = (counters.evicted[key] ?? 0) + count;
      };
      const options = { ...model, maxScopes: MAX_SCOPES };
      const store =
        model.kind === 'categorical'
          ? new CategoricalStore(scopes, at, options, evicted)
          : new NumericalStore(scopes, at, options, (rows) => evicted('scopes', rows));
      const categorical = store instanceof CategoricalStore ? store : undefined;
      return {
        code: model,
        scope: this.atoms[model.scope] as Atom,
        feature: this.atoms[model.feature],
        store,
        categorical,
        numerical: store instanceof NumericalStore ? store : undefined,
        readings: new Readings(categorical),
      };
    });
    this.memberships = new Memberships(code.memberTables, dictionary);
  }

  /** Starts an event (or the end of a container): what was kept of the last one is void. */
  begin(frame: Frame, container: Container, clock: number): void {
    this.event += 1;
    this.frame = frame;
    this.container = container;
    this.today = dayOfMinute(minuteOf(clock));
  }

  /** Distinct texts of an atom. The array is good for this event only. */
  private texts(atom: Atom): readonly string[] {
    if (atom.event === this.event) return atom.texts;
    atom.event = this.event;
    const value = atom.code.value(this.frame as Frame, this.container as Container);
    if (typeof value === 'string') {
      atom.single[0] = value;
      atom.texts = atom.single;
    } else {
      atom.texts = value === undefined ? NONE : distinctTexts(value);
    }
    return atom.texts;
  }

  /** Counts the atom's texts in a keyed counter of the container. */
  count(at: number, container: Container, counter: number): void {
    const atom = this.atoms[at] as Atom;
    const texts = this.texts(atom);
    if (texts.length === 0) return;
    const { dictionary, frame } = this;
    const ids = this.identities(atom) as number[];
    const { generation } = dictionary;
    for (let i = 0; i < texts.length; i += 1) {
      let id = ids[i] as number;
      // A counter that is full gives ids back, perhaps one of these.
      if (id < 0 || generation !== dictionary.generation) {
        id = dictionary.intern(texts[i] as string);
        ids[i] = id;
      }
      (frame as Frame).sessions.bump(container, counter, id);
    }
  }

  /** An atom's texts as the values of a rule with for_each. */
  values(at: number, identified: boolean): Verdicts {
    const { listed } = this;
    const atom = this.atoms[at] as Atom;
    listed.value = this.texts(atom);
    const isKnown = identified || atom.identified === this.event;
    listed.id = isKnown ? this.identities(atom) : NO_IDS;
    listed.count = listed.value.length;
    return listed;
  }

  /** Whether a text is in a table, for texts that come again and again. */
  isMember(text: string | undefined, id: number | undefined, table: number): boolean {
    return typeof text === 'string' && this.memberships.has(text, id, table);
  }

  /** Verdicts of a model, one for each pair of scope and value; scopes outside, values inside. */
  readings(at: number): Readings {
    const run = this.runs[at] as Run;
    const { readings, categorical, numerical } = run;
    if (readings.read === this.event) return readings;
    this.pair(run);
    readings.read = this.event;
    if (readings.count === 0) return readings;
    const scopes = this.identities(run.scope);
    if (categorical !== undefined) this.readCategorical(categorical, readings, scopes);
    else if (numerical !== undefined) readNumerical(numerical, readings, scopes);
    return readings;
  }

  private readCategorical(
    store: CategoricalStore,
    readings: Readings,
    scopes: readonly number[],
  ): void {
    const { count, width, row: rows, n, bins, confidence } = readings;
    for (let pair = 0, s = 0; pair < count; s += 1) {
      const row = store.find(scopes[s] as number, this.today);
      const observed = store.n(row);
      const distinct = store.numBins(row);
      const trust = store.confidence(row);
      for (let i = 0; i < width; i += 1, pair += 1) {
        rows[pair] = row;
        n[pair] = observed;
        bins[pair] = distinct;
        confidence[pair] = trust;
      }
    }
  }

  /** Gamma quantile for verdict `i` of a numerical model; NaN: no threshold. */
  threshold(at: number, i: number, percentile: number): number {
    const { numerical } = this.runs[at] as Run;
    if (numerical === undefined) return Number.NaN;
    return numerical.threshold(this.readings(at).row[i] as number, percentile);
  }

  /** Smallest count that at most `percentile` of the values reach, for verdict `i`. */
  top(at: number, i: number, percentile: number): number {
    const { categorical } = this.runs[at] as Run;
    if (categorical === undefined) return Number.NaN;
    return categorical.top(this.readings(at).row[i] as number, percentile);
  }

  /** Observations of a text in a categorical model, summed over the scopes of this event. */
  observations(at: number, text: string | undefined): number {
    if (text === undefined) return Number.NaN;
    return this.observed(at, this.dictionary.find(text));
  }

  /** As `observations`, for an atom that is one text or absent. */
  observationsOf(at: number, atom: number): number {
    const asked = this.atoms[atom] as Atom;
    if (this.texts(asked).length === 0) return Number.NaN;
    return this.observed(at, this.identities(asked)[0] as number);
  }

  private observed(at: number, value: number): number {
    const { categorical, scope } = this.runs[at] as Run;
    if (categorical === undefined) return Number.NaN;
    if (value < 0) return 0;
    const ids = this.identities(scope);
    let total = 0;
    for (let i = 0; i < this.texts(scope).length; i += 1) {
      total += categorical.observations(categorical.find(ids[i] as number, this.today), value);
    }
    return total;
  }

  /** A verdict as evidence. */
  reading(at: number, i: number, percentile: number): ModelReading {
    const readings = this.readings(at);
    const model = (this.runs[at] as Run).code;
    const n = readings.n[i] as number;
    return {
      model: model.id,
      scope: readings.scopeAt(i),
      value: readings.value[i] as string | number,
      n,
      num_bins: readings.bins[i] as number,
      num_observations: readings.seenAt(i),
      confidence_factor: readings.confidence[i] as number,
      percentile_threshold_count: model.kind === 'categorical' ? percentile * n : Number.NaN,
      percentile_threshold_value: this.threshold(at, i, percentile),
    };
  }

  /**
   * Trains the models that the code asks for. `time` is the event's own; it differs from the clock for
   * late ones.
   */
  train(code: TypeCode['train'], time: number): void {
    const { pending, frame, container } = this;
    this.waiting = 0;
    for (let part = 0; part < code.length; part += 1) {
      (code[part] as TypeCode['train'][number])(frame as Frame, container as Container);
    }
    for (let p = 0; p < this.waiting; p += 2) {
      this.trainPair(pending[p] as number, pending[p + 1] as number, time);
    }
  }

  /** Notes that a model trains on a pair of this event, once all are asked. */
  trains(at: number, i: number): void {
    const { waiting } = this;
    this.pending[waiting] = at;
    this.pending[waiting + 1] = i;
    this.waiting = waiting + 2;
  }

  private trainPair(at: number, i: number, time: number): void {
    const run = this.runs[at] as Run;
    const { readings, categorical, numerical } = run;
    if (categorical !== undefined) {
      if (readings.looked === this.event && readings.moves === categorical.moves) {
        const slot = readings.slot[i] as number;
        if (slot >= 0) {
          categorical.observe(readings.row[i] as number, slot, minuteOf(time));
          return;
        }
      }
      const { width } = readings;
      const scope = this.identity(run.scope, width === readings.count ? 0 : Math.floor(i / width));
      this.dictionary.hold(scope);
      const value = this.identity(run.feature as Atom, i % width);
      categorical.train(scope, value, time, this.today);
      this.dictionary.release(scope);
    } else if (numerical !== undefined) {
      const value = readings.value[i] as number;
      if (counts(value)) numerical.train(this.identity(run.scope, i), value, time);
    }
  }

  /** Pairs of scope and value alone; what a model knows of them is not read. */
  pairs(at: number): Readings {
    return this.pair(this.runs[at] as Run);
  }

  private pair({ code, scope, feature, readings }: Run): Readings {
    if (readings.paired === this.event) return readings;
    readings.paired = this.event;
    const scopes = this.texts(scope);
    if (feature === undefined) {
      const value = code.number?.(this.frame as Frame, this.container as Container) ?? Number.NaN;
      readings.pairNumber(scopes, value);
    } else {
      readings.pairTexts(scopes, this.texts(feature), this.identities(feature));
    }
    return readings;
  }

  /** Ids of an atom's texts, as many as it has; -1 for a text that nothing refers to. */
  private identities(atom: Atom): readonly number[] {
    const texts = this.texts(atom);
    const { generation } = this.dictionary;
    const { ids } = atom;
    if (atom.identified === this.event && atom.generation === generation) return ids;
    atom.identified = this.event;
    atom.generation = generation;
    const entity = this.container?.entity;
    // A container's events are all of its user, and so is what it is told at its end.
    if (entity !== undefined && atom.code.isUser) ids[0] = entity.id;
    else {
      for (let i = 0; i < texts.length; i += 1) ids[i] = this.dictionary.find(texts[i] as string);
    }
    return ids;
  }

  /** Id of one text for training. One looked up before is good unless ids were given back since. */
  private identity(atom: Atom, i: number): number {
    if (atom.identified === this.event && atom.generation === this.dictionary.generation) {
      const known = atom.ids[i] as number;
      if (known >= 0) return known;
    }
    return this.dictionary.intern(atom.texts[i] as string);
  }

  /** See {@link Engine.convergence}. */
  convergence(level: number): Record<string, { scopes: number; converged: number }> {
    const found: Record<string, { scopes: number; converged: number }> = {};
    for (const { code, store, categorical, numerical } of this.runs) {
      const tally = { scopes: 0, converged: 0 };
      categorical?.age(this.today);
      for (let row = 0; row < store.rows.length; row++) {
        if (!store.rows.isLive(row) || store.n(row) === 0) continue;
        tally.scopes++;
        const ready =
          categorical === undefined
            ? numerical?.hasThreshold(row) === true
            : categorical.confidence(row) >= level;
        if (ready) tally.converged++;
      }
      found[code.id] = tally;
    }
    return found;
  }

  save(w: BinaryWriter): void {
    for (const { store } of this.runs) store.save(w);
  }

  load(r: BinaryReader): void {
    for (const { store } of this.runs) store.load(r);
  }
}

function readNumerical(store: NumericalStore, readings: Readings, scopes: readonly number[]): void {
  for (let pair = 0; pair < readings.count; pair += 1) {
    const row = store.find(scopes[pair] as number);
    readings.row[pair] = row;
    readings.n[pair] = store.n(row);
    readings.bins[pair] = 0;
    // A threshold is there or not; there is no measure between.
    readings.confidence[pair] = store.hasThreshold(row) ? 1 : 0;
  }
}

/** The same list when nothing repeats; a set only for lists long enough to be worth one. */
function distinctTexts(texts: readonly string[]): readonly string[] {
  if (texts.length > 16) return [...new Set(texts)];
  for (let i = 1; i < texts.length; i += 1) {
    const text = texts[i] as string;
    for (let j = 0; j < i; j += 1) {
      const other = texts[j] as string;
      if (other.length === text.length && other === text) return [...new Set(texts)];
    }
  }
  return texts;
}
