import gammaQuantile from '@stdlib/stats-base-dists-gamma-quantile';
import type { BinaryReader, BinaryWriter } from '../binary.js';
import {
  grown,
  INT32_MAX,
  loadColumn,
  minuteOf,
  ScopeRows,
  type Scopes,
  saveColumn,
  type TextDictionary,
} from './store.js';

/** A fit is renewed when this many times as many observations are there. */
const REFIT = 1.1;

export interface NumericalOptions {
  readonly cutOff: number;
  readonly maxScopes: number;
}

/**
 * Gamma distribution by the closed-form estimator of Ye & Chen (2017), from running sums:
 * with m = n Σ x ln x − Σ ln x Σ x, shape = n Σ x / m and scale = m / n².
 * undefined when the values do not vary.
 */
export function fitGamma(
  n: number,
  sum: number,
  sumLog: number,
  sumProduct: number,
): { readonly shape: number; readonly scale: number } | undefined {
  const m = n * sumProduct - sumLog * sum;
  const shape = (n * sum) / m;
  const scale = m / (n * n);
  return m > 0 && Number.isFinite(shape) && scale > 0 ? { shape, scale } : undefined;
}

/** Only positive numbers are observations of a numerical model: a gamma has no others. */
export function counts(value: number): boolean {
  return value > 0 && value < Number.POSITIVE_INFINITY;
}

/** Places in a scope's record of doubles. */
const OBSERVED = 0;
const SUM = 1;
const LOGS = 2;
const PRODUCTS = 3;
const LOWEST = 4;
const HIGHEST = 5;
/** n at the last fit, and its result; shape NaN when the values did not vary. */
const FITTED = 6;
const SHAPE = 7;
const SCALE = 8;
/** Minute of the last training. */
const TRAINED = 9;
const RECORD = 10;

/** One numerical model: per scope the sums of a gamma fit. Only positive values count. */
export class NumericalStore {
  readonly rows: ScopeRows;
  private readonly dictionary: TextDictionary;
  private readonly options: NumericalOptions;
  private readonly evicted: (rows: number) => void;
  private records = new Float64Array(64 * RECORD);
  /** Quantiles asked for since the last fit: percentile → by row. */
  private readonly quantiles = new Map<number, Float64Array>();

  /** @param model the model's position among those that share the scopes */
  constructor(
    scopes: Scopes,
    model: number,
    options: NumericalOptions,
    evicted: (rows: number) => void,
  ) {
    this.dictionary = scopes.dictionary;
    this.options = options;
    this.evicted = evicted;
    this.rows = new ScopeRows(scopes, model, options.maxScopes);
  }

  n(row: number): number {
    return row < 0 ? 0 : (this.records[row * RECORD + OBSERVED] as number);
  }

  /** Whether there is a threshold at all, whatever the percentile. */
  hasThreshold(row: number): boolean {
    return (
      row >= 0 &&
      (this.records[row * RECORD + OBSERVED] as number) >= this.options.cutOff &&
      !Number.isNaN(this.records[row * RECORD + SHAPE])
    );
  }

  /** Value that only `percentile` of the scope's values are expected to pass; NaN: none yet. */
  threshold(row: number, percentile: number): number {
    if (!this.hasThreshold(row)) return Number.NaN;
    let column = this.quantiles.get(percentile);
    if (column === undefined || row >= column.length) {
      const larger = new Float64Array(Math.max(64, Math.ceil(this.rows.length * 1.5))).fill(-1);
      if (column !== undefined) larger.set(column);
      column = larger;
      this.quantiles.set(percentile, column);
    }
    let value = column[row] as number;
    if (value === -1) {
      const shape = this.records[row * RECORD + SHAPE] as number;
      const scale = this.records[row * RECORD + SCALE] as number;
      // The quantile of a gamma scales with its scale; at rate 1 the arguments stay moderate.
      value = gammaQuantile(1 - percentile, shape, 1) * scale;
      column[row] = value;
    }
    return value;
  }

  /** Row of a scope; -1 when it is unknown. */
  find(scope: number): number {
    return this.rows.find(scope);
  }

  /** One observation, of a value that counts. The dictionary must know the scope's id. */
  train(scope: number, value: number, time: number): void {
    let row = this.rows.find(scope);
    if (row < 0) row = this.add(scope);
    const { records } = this;
    const at = row * RECORD;
    const log = Math.log(value);
    const n = (records[at + OBSERVED] as number) + 1;
    records[at + OBSERVED] = n;
    records[at + SUM] = (records[at + SUM] as number) + value;
    records[at + LOGS] = (records[at + LOGS] as number) + log;
    records[at + PRODUCTS] = (records[at + PRODUCTS] as number) + value * log;
    if (value < (records[at + LOWEST] as number)) records[at + LOWEST] = value;
    if (value > (records[at + HIGHEST] as number)) records[at + HIGHEST] = value;
    const minute = minuteOf(time);
    if (minute > (records[at + TRAINED] as number)) records[at + TRAINED] = minute;
    // At training and not at reading, so that the fit does not depend on who reads it and when.
    if (n >= (records[at + FITTED] as number) * REFIT) this.fit(row);
  }

  private fit(row: number): void {
    const { records } = this;
    const at = row * RECORD;
    const n = records[at + OBSERVED] as number;
    records[at + FITTED] = n;
    const varies = (records[at + LOWEST] as number) < (records[at + HIGHEST] as number);
    const gamma = varies
      ? fitGamma(
          n,
          records[at + SUM] as number,
          records[at + LOGS] as number,
          records[at + PRODUCTS] as number,
        )
      : undefined;
    records[at + SHAPE] = gamma?.shape ?? Number.NaN;
    records[at + SCALE] = gamma?.scale ?? Number.NaN;
    this.forgetQuantiles(row);
  }

  private forgetQuantiles(row: number): void {
    for (const column of this.quantiles.values()) if (row < column.length) column[row] = -1;
  }

  private add(scope: number): number {
    this.dictionary.hold(scope);
    if (this.rows.full()) {
      const rows = this.rows.oldest((row) => this.records[row * RECORD + TRAINED] as number);
      for (const row of rows) this.rows.remove(row);
      this.evicted(rows.length);
    }
    const row = this.rows.add(scope);
    this.dictionary.release(scope);
    this.records = grown(this.records, (row + 1) * RECORD);
    const at = row * RECORD;
    this.records.fill(0, at, at + RECORD);
    this.records[at + LOWEST] = Number.POSITIVE_INFINITY;
    this.records[at + HIGHEST] = Number.NEGATIVE_INFINITY;
    this.records[at + SHAPE] = Number.NaN;
    this.records[at + TRAINED] = -INT32_MAX;
    this.forgetQuantiles(row);
    return row;
  }

  save(w: BinaryWriter): void {
    this.rows.save(w);
    saveColumn(w, this.records, this.rows.length * RECORD);
  }

  load(r: BinaryReader): void {
    this.rows.load(r);
    this.records = loadColumn(r, this.records, this.rows.length * RECORD);
  }
}
