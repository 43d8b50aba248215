/**
 * Stage 5: what the models say about an event, and their training.
 *
 * Everything is computed when it is first asked for and kept for the event: the texts that scopes,
 * features and counters look at (atoms), which several models share, then each model's pairs of
 * scope and value, then the numbers of each scope, and last the observations of each value, which
 * rules whose model has not converged never ask for. Nothing is trained before all is decided: first
 * every model's train_if is asked, then all train. So an event never sees itself.
 */

import type { BinaryReader, BinaryWriter } from '../binary.js';
import type { Counters, ModelReading } from '../contract.js';
import { CategoricalStore } from '../models/categorical.js';
import { counts, NumericalStore } from '../models/numerical.js';
import { dayOfMinute, grown, minuteOf, Scopes, type TextDictionary } from '../models/store.js';
import type { Frame, ModelCode, ProgramCode, Verdicts } from '../program.js';
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
    this.value = scopes.length < 2 ? values : repeated(values, this.count, this.width);
    this.id = scopes.length < 2 ? ids : repeated(ids, this.count, this.width);
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

function repeated<T>(list: readonly T[], count: number, width: number): readonly T[] {
  return Array.from({ length: count }, (_, i) => list[i % width] as T);
}

/** Texts of an atom on one event, each once, in order of appearance. */
class Atom {
  texts: readonly string[] = NONE;
  readonly single: string[] = [''];
  readonly ids: number[] = [];
  event = -1;
  identified = -1;
  /** The dictionary's when `ids` were looked up. */
  generation = -1;
}

/** Places of remembered texts; a power of two. */
const REMEMBERED = 1024;

/** In which tables texts are. Forgets without a word: what is not there is looked up again. */
class Memberships {
  private readonly tables: readonly ReadonlySet<string>[];
  private readonly texts: string[] = new Array<string>(REMEMBERED).fill('');
  /** Two bits for each of the first 16 tables: known, member. */
  private readonly bits = new Int32Array(REMEMBERED);

  constructor(tables: readonly ReadonlySet<string>[]) {
    this.tables = tables;
  }

  has(text: string, table: number): boolean {
    const members = this.tables[table] as ReadonlySet<string>;
    const { length } = text;
    if (length === 0 || table >= 16) return members.has(text.toLowerCase());
    const mixed =
      text.charCodeAt(0) * 31 +
      text.charCodeAt(length >> 1) * 7 +
      text.charCodeAt(Math.max(0, length - 6));
    const place = (mixed * 13 + length) & (REMEMBERED - 1);
    if (this.texts[place] !== text) {
      this.texts[place] = text;
      this.bits[place] = 0;
    }
    const known = (this.bits[place] as number) >> (2 * table);
    if ((known & 1) !== 0) return (known & 2) !== 0;
    const found = members.has(text.toLowerCase());
    this.bits[place] = (this.bits[place] as number) | ((found ? 3 : 1) << (2 * table));
    return found;
  }
}

export class ModelStage {
  private readonly code: ProgramCode;
  private readonly dictionary: TextDictionary;
  private readonly stores: readonly (CategoricalStore | NumericalStore)[];
  private readonly readingsOf: readonly Readings[];
  private readonly atoms: readonly Atom[];
  private readonly listed = new Readings(undefined);
  private readonly memberships: Memberships;
  /** Model and pair, in turn, of what is to train. */
  private readonly pending: number[] = [];
  private event = 0;
  /** UTC day of the clock, by which values age. */
  private today = 0;
  private frame: Frame | undefined;
  private container: Container | undefined;

  constructor(code: ProgramCode, dictionary: TextDictionary, counters: Counters) {
    this.code = code;
    this.dictionary = dictionary;
    const scopes = new Scopes(dictionary, code.models.length);
    this.stores = code.models.map((model, at) => {
      const evicted = (what: string, count: number) => {
        const key = `model ${model.id} ${what}`;
        counters.evicted[key] = (counters.evicted[key] ?? 0) + count;
      };
      const options = { ...model, maxScopes: MAX_SCOPES };
      return model.kind === 'categorical'
        ? new CategoricalStore(scopes, at, options, evicted)
        : new NumericalStore(scopes, at, options, (rows) => evicted('scopes', rows));
    });
    this.readingsOf = this.stores.map(
      (store) => new Readings(store instanceof CategoricalStore ? store : undefined),
    );
    this.atoms = code.atoms.map(() => new Atom());
    this.memberships = new Memberships(code.memberTables);
  }

  /** Starts an event (or the end of a container): what was kept of the last one is void. */
  begin(frame: Frame, container: Container, clock: number): void {
    this.event += 1;
    this.frame = frame;
    this.container = container;
    this.today = dayOfMinute(minuteOf(clock));
  }

  /** Distinct texts of an atom. The array is good for this event only. */
  atom(at: number): readonly string[] {
    const atom = this.atoms[at] as Atom;
    if (atom.event === this.event) return atom.texts;
    atom.event = this.event;
    const value = this.code.atoms[at]?.value(this.frame as Frame, this.container as Container);
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
    const texts = this.atom(at);
    if (texts.length === 0) return;
    const { dictionary, frame } = this;
    const ids = this.identities(at) as number[];
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
  values(at: number): Verdicts {
    const { listed } = this;
    listed.value = this.atom(at);
    listed.id = this.identities(at);
    listed.count = listed.value.length;
    return listed;
  }

  /** Whether a text is in a table, for texts that come again and again. */
  isMember(text: string | undefined, table: number): boolean {
    return typeof text === 'string' && this.memberships.has(text, table);
  }

  /** Verdicts of a model, one for each pair of scope and value; scopes outside, values inside. */
  readings(at: number): Readings {
    const readings = this.readingsOf[at] as Readings;
    if (readings.read === this.event) return readings;
    this.pairs(at);
    readings.read = this.event;
    const store = this.stores[at] as CategoricalStore | NumericalStore;
    const scopes = this.identities((this.code.models[at] as ModelCode).scope);
    if (store instanceof CategoricalStore) this.readCategorical(store, readings, scopes);
    else this.readNumerical(store, readings, scopes);
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

  private readNumerical(
    store: NumericalStore,
    readings: Readings,
    scopes: readonly number[],
  ): void {
    for (let pair = 0; pair < readings.count; pair += 1) {
      const row = store.find(scopes[pair] as number);
      readings.row[pair] = row;
      readings.n[pair] = store.n(row);
      readings.bins[pair] = 0;
      // A threshold is there or not; there is no measure between.
      readings.confidence[pair] = store.hasThreshold(row) ? 1 : 0;
    }
  }

  /** Gamma quantile for verdict `i` of a numerical model; NaN: no threshold. */
  threshold(at: number, i: number, percentile: number): number {
    const store = this.stores[at];
    if (!(store instanceof NumericalStore)) return Number.NaN;
    return store.threshold(this.readings(at).row[i] as number, percentile);
  }

  /** Smallest count that at most `percentile` of the values reach, for verdict `i`. */
  top(at: number, i: number, percentile: number): number {
    const store = this.stores[at];
    if (!(store instanceof CategoricalStore)) return Number.NaN;
    return store.top(this.readings(at).row[i] as number, percentile);
  }

  /** Observations of a text in a categorical model, summed over the scopes of this event. */
  observations(at: number, text: string | undefined): number {
    if (text === undefined) return Number.NaN;
    return this.observed(at, this.dictionary.find(text));
  }

  /** As `observations`, for an atom that is one text or absent. */
  observationsOf(at: number, atom: number): number {
    if (this.atom(atom).length === 0) return Number.NaN;
    return this.observed(at, this.identities(atom)[0] as number);
  }

  private observed(at: number, value: number): number {
    const store = this.stores[at];
    if (!(store instanceof CategoricalStore)) return Number.NaN;
    if (value < 0) return 0;
    const { scope } = this.code.models[at] as ModelCode;
    const ids = this.identities(scope);
    let total = 0;
    for (let i = 0; i < this.atom(scope).length; i += 1) {
      total += store.observations(store.find(ids[i] as number, this.today), value);
    }
    return total;
  }

  /** A verdict as evidence. */
  reading(at: number, i: number, percentile: number): ModelReading {
    const readings = this.readings(at);
    const model = this.code.models[at] as ModelCode;
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

  /** Trains the models given. `time` is the event's own; it differs from the clock for late ones. */
  train(trainers: readonly number[], time: number): void {
    const { pending, frame, container } = this;
    let length = 0;
    for (let t = 0; t < trainers.length; t += 1) {
      const at = trainers[t] as number;
      const { trainIf, trainIfReads } = this.code.models[at] as ModelCode;
      const pairs = trainIfReads ? this.readings(at) : this.pairs(at);
      for (let i = 0; i < pairs.count; i += 1) {
        if (trainIf === undefined || trainIf(frame as Frame, container as Container, pairs, i)) {
          pending[length] = at;
          pending[length + 1] = i;
          length += 2;
        }
      }
    }
    for (let p = 0; p < length; p += 2) {
      this.trainPair(pending[p] as number, pending[p + 1] as number, time);
    }
  }

  private trainPair(at: number, i: number, time: number): void {
    const model = this.code.models[at] as ModelCode;
    const store = this.stores[at];
    const readings = this.readingsOf[at] as Readings;
    if (store instanceof CategoricalStore) {
      if (readings.looked === this.event && readings.moves === store.moves) {
        const slot = readings.slot[i] as number;
        if (slot >= 0) {
          store.observe(readings.row[i] as number, slot, minuteOf(time));
          return;
        }
      }
      const { width } = readings;
      const scope = this.identity(
        model.scope,
        width === readings.count ? 0 : Math.floor(i / width),
      );
      this.dictionary.hold(scope);
      const value = this.identity(model.feature, i % width);
      store.train(scope, value, time, this.today);
      this.dictionary.release(scope);
    } else if (store !== undefined) {
      const value = readings.value[i] as number;
      if (counts(value)) store.train(this.identity(model.scope, i), value, time);
    }
  }

  private pairs(at: number): Readings {
    const readings = this.readingsOf[at] as Readings;
    if (readings.paired === this.event) return readings;
    readings.paired = this.event;
    const model = this.code.models[at] as ModelCode;
    const scopes = this.atom(model.scope);
    if (model.number !== undefined) {
      const value = model.number(this.frame as Frame, this.container as Container);
      readings.pairNumber(scopes, value);
    } else {
      const values = this.atom(model.feature);
      readings.pairTexts(scopes, values, this.identities(model.feature));
    }
    return readings;
  }

  /** Ids of an atom's texts, as many as it has; -1 for a text that nothing refers to. */
  private identities(at: number): readonly number[] {
    this.atom(at);
    const atom = this.atoms[at] as Atom;
    const { generation } = this.dictionary;
    if (atom.identified !== this.event || atom.generation !== generation) {
      atom.identified = this.event;
      atom.generation = generation;
      const { texts, ids } = atom;
      const entity = this.container?.entity;
      if (entity !== undefined && texts.length === 1 && texts[0] === entity.user) {
        ids[0] = entity.id;
        return ids;
      }
      for (let i = 0; i < texts.length; i += 1) {
        ids[i] = this.dictionary.find(texts[i] as string);
      }
    }
    return atom.ids;
  }

  /** Id of one text for training. One looked up before is good unless ids were given back since. */
  private identity(at: number, i: number): number {
    const atom = this.atoms[at] as Atom;
    if (atom.identified === this.event && atom.generation === this.dictionary.generation) {
      const known = atom.ids[i] as number;
      if (known >= 0) return known;
    }
    return this.dictionary.intern(atom.texts[i] as string);
  }

  /** See {@link Engine.convergence}. */
  convergence(level: number): Record<string, { scopes: number; converged: number }> {
    const found: Record<string, { scopes: number; converged: number }> = {};
    this.stores.forEach((store, at) => {
      const tally = { scopes: 0, converged: 0 };
      if (store instanceof CategoricalStore) store.age(this.today);
      for (let row = 0; row < store.rows.length; row++) {
        if (!store.rows.isLive(row) || store.n(row) === 0) continue;
        tally.scopes++;
        const ready =
          store instanceof CategoricalStore
            ? store.confidence(row) >= level
            : store.hasThreshold(row);
        if (ready) tally.converged++;
      }
      const id = this.code.models[at]?.id;
      if (id !== undefined) found[id] = tally;
    });
    return found;
  }

  save(w: BinaryWriter): void {
    for (const store of this.stores) store.save(w);
  }

  load(r: BinaryReader): void {
    for (const store of this.stores) store.load(r);
  }
}

/** The same list when nothing repeats; a set only for lists long enough to be worth one. */
function distinctTexts(texts: readonly string[]): readonly string[] {
  if (texts.length < 2) return texts;
  if (texts.length > 16) return [...new Set(texts)];
  for (let i = 1; i < texts.length; i += 1) {
    if (texts.indexOf(texts[i] as string) < i) return [...new Set(texts)];
  }
  return texts;
}
