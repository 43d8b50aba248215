/**
 * Stage 5: what the models say about an event, and their training.
 *
 * Everything is computed when it is first asked for and kept for the event: the texts that scopes,
 * features and counters look at (atoms), which several models share, then each model's pairs of
 * scope and value, then the numbers for each pair. Nothing is trained before all is decided: first
 * every model's train_if is asked, then all train. So an event never sees itself.
 */

import type { BinaryReader, BinaryWriter } from '../binary.js';
import type { Counters, ModelReading } from '../contract.js';
import { CategoricalStore } from '../models/categorical.js';
import { counts, NumericalStore } from '../models/numerical.js';
import { TextDictionary } from '../models/store.js';
import type { Frame, ModelCode, ProgramCode, Verdicts } from '../program.js';
import type { Container } from './4-session.js';

const MAX_SCOPES = 1_000_000;
const NONE: readonly string[] = [];

/** A model's verdicts with where they came from. */
class Readings implements Verdicts {
  count = 0;
  readonly scope: string[] = [];
  readonly value: (string | number)[] = [];
  readonly n: number[] = [];
  readonly bins: number[] = [];
  readonly seen: number[] = [];
  readonly confidence: number[] = [];
  /** Row of each pair's scope in the store. */
  readonly row: number[] = [];
  /** Values per scope. */
  width = 0;
  /** Event for which pairs and numbers were worked out. */
  paired = -1;
  read = -1;
}

/** Texts of an atom on one event, each once, in order of appearance. */
class Atom {
  texts: readonly string[] = NONE;
  readonly single: string[] = [''];
  ids: number[] = [];
  event = -1;
  identified = -1;
  /** The dictionary's when `ids` were looked up. */
  generation = -1;
}

export class ModelStage {
  private readonly code: ProgramCode;
  private readonly dictionary = new TextDictionary();
  private readonly stores: readonly (CategoricalStore | NumericalStore)[];
  private readonly readingsOf: readonly Readings[];
  private readonly atoms: readonly Atom[];
  /** Model and pair, in turn, of what is to train; `pendingLength` of them count. */
  private readonly pending: number[] = [];
  private pendingLength = 0;
  private event = 0;
  private clock = 0;
  private frame: Frame | undefined;
  private container: Container | undefined;

  constructor(code: ProgramCode, counters: Counters) {
    this.code = code;
    this.stores = code.models.map((model) => {
      const evicted = (what: string, count: number) => {
        const key = `model ${model.id} ${what}`;
        counters.evicted[key] = (counters.evicted[key] ?? 0) + count;
      };
      return model.kind === 'categorical'
        ? new CategoricalStore(this.dictionary, { ...model, maxScopes: MAX_SCOPES }, evicted)
        : new NumericalStore(this.dictionary, { ...model, maxScopes: MAX_SCOPES }, (rows) =>
            evicted('scopes', rows),
          );
    });
    this.readingsOf = code.models.map(() => new Readings());
    this.atoms = code.atoms.map(() => new Atom());
  }

  /** Starts an event (or the end of a container): what was kept of the last one is void. */
  begin(frame: Frame, container: Container, clock: number): void {
    this.event += 1;
    this.frame = frame;
    this.container = container;
    this.clock = clock;
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

  /** An atom's texts as the values of a rule with for_each. */
  values(at: number, into: Verdicts): Verdicts {
    const texts = this.atom(at);
    for (let i = 0; i < texts.length; i += 1) into.value[i] = texts[i] as string;
    into.count = texts.length;
    return into;
  }

  /** Verdicts of a model, one for each pair of scope and value; scopes outside, values inside. */
  readings(at: number): Readings {
    const readings = this.readingsOf[at] as Readings;
    if (readings.read === this.event) return readings;
    this.pairs(at);
    readings.read = this.event;
    const model = this.code.models[at] as ModelCode;
    const store = this.stores[at] as CategoricalStore | NumericalStore;
    const scopes = this.identities(model.scope);
    const { width } = readings;
    let pair = 0;
    if (store instanceof CategoricalStore) {
      const values = this.identities(model.feature);
      for (let s = 0; pair < readings.count; s += 1) {
        const row = store.find(scopes[s] as number, this.clock);
        const n = store.n(row);
        const bins = store.numBins(row);
        const confidence = store.confidence(row);
        for (let i = 0; i < width; i += 1, pair += 1) {
          readings.row[pair] = row;
          readings.n[pair] = n;
          readings.bins[pair] = bins;
          readings.seen[pair] = store.observations(row, values[i] as number);
          readings.confidence[pair] = confidence;
        }
      }
    } else {
      for (; pair < readings.count; pair += 1) {
        const row = store.find(scopes[pair] as number);
        readings.row[pair] = row;
        readings.n[pair] = store.n(row);
        readings.bins[pair] = 0;
        readings.seen[pair] = 0;
        // A threshold is there or not; there is no measure between.
        readings.confidence[pair] = store.hasThreshold(row) ? 1 : 0;
      }
    }
    return readings;
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
    const store = this.stores[at];
    if (text === undefined || !(store instanceof CategoricalStore)) return Number.NaN;
    const value = this.dictionary.find(text);
    if (value < 0) return 0;
    let total = 0;
    const { scope } = this.code.models[at] as ModelCode;
    const ids = this.identities(scope);
    for (let i = 0; i < this.atom(scope).length; i += 1) {
      total += store.observations(store.find(ids[i] as number, this.clock), value);
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
      scope: readings.scope[i] as string,
      value: readings.value[i] as string | number,
      n,
      num_bins: readings.bins[i] as number,
      num_observations: readings.seen[i] as number,
      confidence_factor: readings.confidence[i] as number,
      percentile_threshold_count: model.kind === 'categorical' ? percentile * n : Number.NaN,
      percentile_threshold_value: this.threshold(at, i, percentile),
    };
  }

  /** Trains the models given. `time` is the event's own; it differs from the clock for late ones. */
  train(trainers: readonly number[], time: number): void {
    const { pending } = this;
    this.pendingLength = 0;
    for (const at of trainers) {
      const { trainIf, trainIfReads } = this.code.models[at] as ModelCode;
      const pairs = trainIfReads ? this.readings(at) : this.pairs(at);
      for (let i = 0; i < pairs.count; i += 1) {
        const train =
          trainIf === undefined ||
          trainIf(this.frame as Frame, this.container as Container, pairs, i);
        if (train) {
          pending[this.pendingLength] = at;
          pending[this.pendingLength + 1] = i;
          this.pendingLength += 2;
        }
      }
    }
    for (let p = 0; p < this.pendingLength; p += 2) {
      this.trainPair(pending[p] as number, pending[p + 1] as number, time);
    }
  }

  private trainPair(at: number, i: number, time: number): void {
    const model = this.code.models[at] as ModelCode;
    const store = this.stores[at];
    const readings = this.readingsOf[at] as Readings;
    if (store instanceof CategoricalStore) {
      const { width } = readings;
      const scope = this.identity(model.scope, Math.floor(i / width));
      this.dictionary.hold(scope);
      const value = this.identity(model.feature, i % width);
      store.train(scope, value, time, this.clock);
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
    let pair = 0;
    if (model.number !== undefined) {
      const value = model.number(this.frame as Frame, this.container as Container);
      readings.width = 1;
      if (!Number.isNaN(value)) {
        for (const scope of scopes) {
          readings.scope[pair] = scope;
          readings.value[pair] = value;
          pair += 1;
        }
      }
    } else {
      const values = this.atom(model.feature);
      readings.width = values.length;
      for (const scope of scopes) {
        for (const value of values) {
          readings.scope[pair] = scope;
          readings.value[pair] = value;
          pair += 1;
        }
      }
    }
    readings.count = pair;
    return readings;
  }

  /** Ids of an atom's texts, as many as it has; -1 for a text that no model has seen. */
  private identities(at: number): readonly number[] {
    const texts = this.atom(at);
    const atom = this.atoms[at] as Atom;
    if (atom.identified !== this.event) {
      atom.identified = this.event;
      atom.generation = this.dictionary.generation;
      for (let i = 0; i < texts.length; i += 1) {
        atom.ids[i] = this.dictionary.find(texts[i] as string);
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
    return this.dictionary.intern((this.atoms[at] as Atom).texts[i] as string);
  }

  /** See {@link Engine.convergence}. */
  convergence(level: number): Record<string, { scopes: number; converged: number }> {
    const found: Record<string, { scopes: number; converged: number }> = {};
    this.stores.forEach((store, at) => {
      const tally = { scopes: 0, converged: 0 };
      if (store instanceof CategoricalStore) store.age(this.clock);
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
    this.dictionary.save(w);
    for (const store of this.stores) store.save(w);
  }

  load(r: BinaryReader): void {
    this.dictionary.load(r);
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
