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
import type { Container, Entity } from './4-session.js';

/**
 * Events whose texts are looked up together before they run one by one: what a look-up needs lies far
 * apart in memory, and several can wait for it at a time.
 */
export const BLOCK = 16;

const MAX_SCOPES = 1_000_000;
const NONE: readonly string[] = [];
const NO_IDS: readonly number[] = [];
const NO_NUMBERS = new Int32Array(0);
const NO_TRUST = new Float64Array(0);

/** The event at hand, for all who keep answers about it. */
class Moment {
  /** Place of the event in its block; BLOCK for the end of a container. */
  slot = 0;
  /** Number of the event: what was kept for another is void. */
  event = 0;
  /** UTC day of the clock, by which values age. */
  today = 0;
  /** Minute of the event's own time; it differs from the clock's for late ones. */
  minute = 0;
  time = Number.NaN;
  frame: Frame | undefined = undefined;
  container: Container | undefined = undefined;
  /** The user, where known. */
  entity: Entity | undefined = undefined;
  readonly dictionary: TextDictionary;

  constructor(dictionary: TextDictionary) {
    this.dictionary = dictionary;
  }
}

/** Texts of an atom on one event, each once, in order of appearance. */
class Answer {
  event = -1;
  texts: readonly string[] = NONE;
  readonly single: string[] = [''];
  readonly ids: number[] = [];
  identified = -1;
  /** The dictionary's when the ids were looked up; of additions only if some text was not there. */
  generation = -1;
  additions = -1;
}

/** A text or list of texts that several look at, with its answers for each event of a block. */
class Atom {
  readonly code: AtomCode;
  private readonly moment: Moment;
  private readonly answers = Array.from({ length: BLOCK + 1 }, () => new Answer());

  constructor(code: AtomCode, moment: Moment) {
    this.code = code;
    this.moment = moment;
  }

  /** The array is good for this event only. */
  texts(): readonly string[] {
    const { moment } = this;
    const answer = this.answers[moment.slot] as Answer;
    if (answer.event === moment.event) return answer.texts;
    answer.event = moment.event;
    const value = this.code.value(moment.frame as Frame, moment.container as Container);
    if (typeof value === 'string') {
      answer.single[0] = value;
      answer.texts = answer.single;
    } else {
      answer.texts = value === undefined ? NONE : distinctTexts(value);
    }
    return answer.texts;
  }

  /** Whether the ids of this event were looked up and still mean what they meant. */
  isIdentified(): boolean {
    const { event, slot, dictionary } = this.moment;
    const { identified, generation } = this.answers[slot] as Answer;
    return identified === event && generation === dictionary.generation;
  }

  /** Ids of the texts, at least as many; -1 for a text that nothing refers to. */
  ids(): number[] {
    const { moment } = this;
    const { dictionary } = moment;
    const answer = this.answers[moment.slot] as Answer;
    if (
      answer.identified === moment.event &&
      answer.generation === dictionary.generation &&
      (answer.additions < 0 || answer.additions === dictionary.additions)
    ) {
      return answer.ids;
    }
    const texts = this.texts();
    const { ids } = answer;
    answer.identified = moment.event;
    answer.generation = dictionary.generation;
    answer.additions = -1;
    const { entity } = moment;
    // A container's events are all of its user, and so is what it is told at its end.
    if (entity !== undefined && this.code.isUser) ids[0] = entity.id;
    else {
      for (let i = 0; i < texts.length; i += 1) {
        const id = dictionary.find(texts[i] as string);
        ids[i] = id;
        if (id < 0) answer.additions = dictionary.additions;
      }
    }
    return ids;
  }

  /** Id of one text for training. One looked up before is good unless ids were given back since. */
  intern(i: number): number {
    const { ids, texts } = this.answers[this.moment.slot] as Answer;
    if (this.isIdentified()) {
      const known = ids[i] as number;
      if (known >= 0) return known;
    }
    return this.moment.dictionary.intern(texts[i] as string);
  }
}

/** What a rule looks at that is no model: the values of a list, or one that says nothing. */
export class Listed implements Verdicts {
  count = 0;
  value: readonly string[] = NONE;
  id: readonly number[] = NO_IDS;
  readonly n = NO_NUMBERS;
  readonly bins = NO_NUMBERS;
  readonly confidence = NO_TRUST;

  seenAt(): number {
    return 0;
  }

  scopeAt(): string {
    return '';
  }
}

/**
 * A model and its verdicts on the event at hand: one for each pair of a scope and a value, scopes
 * outside, values inside. Each step is taken when it is first asked for: pairs, then the numbers of
 * each scope, then the observations of each value.
 */
class ModelRun implements Verdicts {
  readonly code: ModelCode;
  readonly store: CategoricalStore | NumericalStore;
  /** The store as what it is; one of the two. */
  readonly categorical: CategoricalStore | undefined;
  readonly numerical: NumericalStore | undefined;
  count = 0;
  value: readonly (string | number)[] = NONE;
  id: readonly number[] = NO_IDS;
  n = new Int32Array(4);
  bins = new Int32Array(4);
  confidence = new Float64Array(4);
  /** Observations of each pair's value; see `look`. */
  seen = new Int32Array(4);
  readonly scope: Atom;
  private readonly moment: Moment;
  /** Undefined for a numerical model. */
  private readonly feature: Atom | undefined;
  /** Row of each pair's scope in the store, and slot of its value. */
  private row = new Int32Array(4);
  private slot = new Int32Array(4);
  /** Values per scope. */
  private width = 0;
  /** Events for which each step was taken. */
  private paired = -1;
  private wasRead = -1;
  private looked = -1;
  /** The store's when the slots were found. */
  private moves = 0;
  private readonly numbers: number[] = [];
  /** Values and their ids once more for each scope, where there are several. */
  private readonly repeatedValues: string[] = [];
  private readonly repeatedIds: number[] = [];

  constructor(
    code: ModelCode,
    moment: Moment,
    atoms: readonly Atom[],
    store: CategoricalStore | NumericalStore,
  ) {
    this.code = code;
    this.moment = moment;
    this.scope = atoms[code.scope] as Atom;
    this.feature = atoms[code.feature];
    this.store = store;
    this.categorical = store instanceof CategoricalStore ? store : undefined;
    this.numerical = store instanceof NumericalStore ? store : undefined;
  }

  /** Works out the pairs; what the model knows of them is not read. */
  pair(): this {
    const { moment, feature } = this;
    if (this.paired === moment.event) return this;
    this.paired = moment.event;
    const scopes = this.scope.texts().length;
    if (feature === undefined) {
      const value =
        this.code.number?.(moment.frame as Frame, moment.container as Container) ?? Number.NaN;
      this.width = 1;
      this.count = Number.isNaN(value) ? 0 : scopes;
      for (let i = 0; i < this.count; i += 1) this.numbers[i] = value;
      this.value = this.numbers;
    } else {
      const values = feature.texts();
      this.width = values.length;
      this.count = scopes * values.length;
      this.value = values;
      this.id = feature.ids();
      if (scopes > 1) this.repeat(values, this.id);
    }
    if (this.count > this.row.length) this.makeRoom();
    return this;
  }

  /** Reads what the model knows of the scopes. */
  read(): this {
    const { moment, categorical, numerical } = this;
    if (this.wasRead === moment.event) return this;
    this.pair();
    this.wasRead = moment.event;
    if (this.count === 0) return this;
    const scopes = this.scope.ids();
    if (categorical !== undefined) {
      const { count, width } = this;
      for (let pair = 0, s = 0; pair < count; s += 1, pair += width) {
        this.readScope(categorical, scopes[s] as number, pair);
      }
    } else if (numerical !== undefined) this.readNumbers(numerical, scopes);
    return this;
  }

  /** Finds the values in the scopes. */
  look(): void {
    const { moment, categorical, count, row, slot, seen, id } = this;
    if (this.looked === moment.event) return;
    this.looked = moment.event;
    if (categorical === undefined) {
      seen.fill(0, 0, count);
      return;
    }
    this.moves = categorical.moves;
    for (let i = 0; i < count; i += 1) {
      const at = row[i] as number;
      const found = categorical.slotOf(at, id[i] as number);
      slot[i] = found;
      seen[i] = categorical.countAt(at, found);
    }
  }

  seenAt(i: number): number {
    this.look();
    return this.seen[i] as number;
  }

  scopeAt(i: number): string {
    return this.scope.texts()[this.scopeOf(i)] as string;
  }

  /** Gamma quantile for verdict `i` of a numerical model; NaN: no threshold. */
  threshold(i: number, percentile: number): number {
    return this.numerical?.threshold(this.row[i] as number, percentile) ?? Number.NaN;
  }

  /** Smallest count that at most `percentile` of the values reach, for verdict `i`. */
  top(i: number, percentile: number): number {
    return this.categorical?.top(this.row[i] as number, percentile) ?? Number.NaN;
  }

  /** Observations of the text with an id, summed over the scopes of this event. */
  observations(value: number): number {
    const { categorical, scope, moment } = this;
    if (categorical === undefined) return Number.NaN;
    if (value < 0) return 0;
    const ids = scope.ids();
    const { length } = scope.texts();
    let total = 0;
    for (let i = 0; i < length; i += 1) {
      total += categorical.observations(categorical.find(ids[i] as number, moment.today), value);
    }
    return total;
  }

  trainAll(): void {
    const { count } = this;
    for (let i = 0; i < count; i += 1) this.train(i);
  }

  /** Trains on pair `i`. Only after every condition that looks at a model has been asked. */
  train(i: number): void {
    const { categorical, numerical, moment } = this;
    if (categorical !== undefined) {
      if (this.isFound(categorical)) {
        const slot = this.slot[i] as number;
        if (slot >= 0) {
          categorical.observe(this.row[i] as number, slot, moment.minute);
          return;
        }
      }
      const { dictionary } = moment;
      const scope = this.scope.intern(this.scopeOf(i));
      dictionary.hold(scope);
      const value = (this.feature as Atom).intern(i % this.width);
      categorical.train(scope, value, moment.time, moment.today);
      dictionary.release(scope);
    } else if (numerical !== undefined) {
      const value = this.value[i] as number;
      if (counts(value)) numerical.train(this.scope.intern(i), value, moment.time);
    }
  }

  /** Whether the slots of this event's values are known and still theirs. */
  private isFound(store: CategoricalStore): boolean {
    // Not looked at by the rules. An id given back since then is no value that this model has.
    if (this.looked !== this.moment.event) {
      this.read();
      this.look();
    }
    return this.moves === store.moves;
  }

  private scopeOf(i: number): number {
    return i < this.width ? 0 : Math.floor(i / this.width);
  }

  private readScope(store: CategoricalStore, scope: number, from: number): void {
    const { row: rows, n, bins, confidence } = this;
    const row = store.find(scope, this.moment.today);
    const observed = store.n(row);
    const distinct = store.numBins(row);
    const trust = store.confidence(row);
    const to = from + this.width;
    for (let pair = from; pair < to; pair += 1) {
      rows[pair] = row;
      n[pair] = observed;
      bins[pair] = distinct;
      confidence[pair] = trust;
    }
  }

  private readNumbers(store: NumericalStore, scopes: readonly number[]): void {
    for (let pair = 0; pair < this.count; pair += 1) {
      const row = store.find(scopes[pair] as number);
      this.row[pair] = row;
      this.n[pair] = store.n(row);
      this.bins[pair] = 0;
      // A threshold is there or not; there is no measure between.
      this.confidence[pair] = store.hasThreshold(row) ? 1 : 0;
    }
  }

  private repeat(values: readonly string[], ids: readonly number[]): void {
    const { count, width, repeatedValues, repeatedIds } = this;
    for (let pair = 0, i = 0; pair < count; pair += 1, i = i + 1 === width ? 0 : i + 1) {
      repeatedValues[pair] = values[i] as string;
      repeatedIds[pair] = ids[i] as number;
    }
    this.value = repeatedValues;
    this.id = repeatedIds;
  }

  private makeRoom(): void {
    const { count } = this;
    this.n = grown(this.n, count);
    this.bins = grown(this.bins, count);
    this.confidence = grown(this.confidence, count);
    this.seen = grown(this.seen, count);
    this.row = grown(this.row, count);
    this.slot = grown(this.slot, count);
  }
}

/** Tables that a mark has room for, with two bits each: known, member. */
const MARKED = 15;
/** Places of remembered texts that have no id; a power of two. */
const REMEMBERED = 4096;

/** A place for a text: names of hosts and files differ most before their endings. */
function placeOf(text: string): number {
  const { length } = text;
  let mixed = length + text.charCodeAt(0) * 31 + text.charCodeAt(length >> 1) * 7;
  for (let at = Math.max(0, length - 10); at < length - 2; at += 1) {
    mixed = Math.imul(mixed, 31) + text.charCodeAt(at);
  }
  return (mixed ^ (mixed >>> 12)) & (REMEMBERED - 1);
}

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
    const place = placeOf(text);
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
  /** By position of the model, for generated code too. */
  readonly runs: readonly ModelRun[];
  private readonly moment: Moment;
  private readonly atoms: readonly Atom[];
  private readonly listed = new Listed();
  private readonly memberships: Memberships;
  /** Number of the latest event. */
  private events = 0;
  /** Model and pair, in turn, of what is to train. */
  private readonly pending: number[] = [];
  /** Numbers in `pending`. */
  private waiting = 0;

  constructor(code: ProgramCode, dictionary: TextDictionary, counters: Counters) {
    const moment = new Moment(dictionary);
    this.moment = moment;
    this.atoms = code.atoms.map((atom) => new Atom(atom, moment));
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
      return new ModelRun(model, moment, this.atoms, store);
    });
    this.memberships = new Memberships(code.memberTables, dictionary);
  }

  /**
   * Looks up the texts that the types' code will ask for on the events of a block, whose frames are
   * filled. Changes no answer.
   *
   * @param entities users of the events, as far as they are known
   * @returns number of the first event, with which it begins; the others count on
   */
  ahead(
    frames: readonly Frame[],
    types: readonly TypeCode[],
    entities: readonly (Entity | undefined)[],
    count: number,
  ): number {
    const { moment, atoms } = this;
    const first = this.events + 1;
    moment.container = undefined;
    for (let slot = 0; slot < count; slot += 1) {
      moment.slot = slot;
      moment.event = first + slot;
      moment.frame = frames[slot];
      moment.entity = entities[slot];
      const { ahead } = types[slot] as TypeCode;
      for (let i = 0; i < ahead.length; i += 1) (atoms[ahead[i] as number] as Atom).ids();
    }
    this.events += count;
    return first;
  }

  /** Starts an event of the block, which `ahead` gave a number. */
  begin(
    slot: number,
    event: number,
    frame: Frame,
    container: Container,
    clock: number,
    time: number,
  ): void {
    const { moment } = this;
    moment.slot = slot;
    moment.event = event;
    moment.frame = frame;
    moment.container = container;
    moment.entity = container.entity;
    moment.time = time;
    moment.minute = minuteOf(time);
    moment.today = clock === time ? dayOfMinute(moment.minute) : dayOfMinute(minuteOf(clock));
  }

  /** Starts the end of a container, at any time between events. */
  beginEnd(frame: Frame, container: Container, clock: number, time: number): void {
    this.events += 1;
    this.begin(BLOCK, this.events, frame, container, clock, time);
  }

  /** Counts the atom's texts in a keyed counter of the container. */
  count(at: number, container: Container, counter: number): void {
    const atom = this.atoms[at] as Atom;
    const texts = atom.texts();
    if (texts.length === 0) return;
    const { dictionary, frame } = this.moment;
    const ids = atom.ids();
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
    listed.value = atom.texts();
    listed.id = identified || atom.isIdentified() ? atom.ids() : NO_IDS;
    listed.count = listed.value.length;
    return listed;
  }

  /** Whether a text is in a table, for texts that come again and again. */
  isMember(text: string | undefined, id: number | undefined, table: number): boolean {
    return typeof text === 'string' && this.memberships.has(text, id, table);
  }

  /** Verdicts of a model, one for each pair of scope and value; scopes outside, values inside. */
  readings(at: number): Verdicts {
    return (this.runs[at] as ModelRun).read();
  }

  threshold(at: number, i: number, percentile: number): number {
    return (this.runs[at] as ModelRun).read().threshold(i, percentile);
  }

  top(at: number, i: number, percentile: number): number {
    return (this.runs[at] as ModelRun).read().top(i, percentile);
  }

  /** Observations of a text in a categorical model, summed over the scopes of this event. */
  observations(at: number, text: string | undefined): number {
    if (text === undefined) return Number.NaN;
    return (this.runs[at] as ModelRun).observations(this.moment.dictionary.find(text));
  }

  /** As `observations`, for an atom that is one text or absent. */
  observationsOf(at: number, atom: number): number {
    const asked = this.atoms[atom] as Atom;
    if (asked.texts().length === 0) return Number.NaN;
    return (this.runs[at] as ModelRun).observations(asked.ids()[0] as number);
  }

  /** A verdict as evidence. */
  reading(at: number, i: number, percentile: number): ModelReading {
    const run = (this.runs[at] as ModelRun).read();
    const n = run.n[i] as number;
    return {
      model: run.code.id,
      scope: run.scopeAt(i),
      value: run.value[i] as string | number,
      n,
      num_bins: run.bins[i] as number,
      num_observations: run.seenAt(i),
      confidence_factor: run.confidence[i] as number,
      percentile_threshold_count: run.categorical === undefined ? Number.NaN : percentile * n,
      percentile_threshold_value: run.threshold(i, percentile),
    };
  }

  /** Trains the models that the code asks for. */
  train(code: TypeCode['train']): void {
    const { pending, runs, moment } = this;
    this.waiting = 0;
    for (let part = 0; part < code.length; part += 1) {
      const ask = code[part] as TypeCode['train'][number];
      ask(moment.frame as Frame, moment.container as Container);
    }
    for (let p = 0; p < this.waiting; p += 2) {
      (runs[pending[p] as number] as ModelRun).train(pending[p + 1] as number);
    }
  }

  /** Notes that a model trains on a pair of this event, once all are asked. */
  trains(at: number, i: number): void {
    const { waiting } = this;
    this.pending[waiting] = at;
    this.pending[waiting + 1] = i;
    this.waiting = waiting + 2;
  }

  /** See {@link Engine.convergence}. */
  convergence(level: number): Record<string, { scopes: number; converged: number }> {
    const found: Record<string, { scopes: number; converged: number }> = {};
    for (const { code, store, categorical, numerical } of this.runs) {
      const tally = { scopes: 0, converged: 0 };
      categorical?.age(this.moment.today);
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
