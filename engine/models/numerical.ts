import gammaQuantile from '@stdlib/stats-base-dists-gamma-quantile';
import type { BinaryReader, BinaryWriter } from '../binary.js';
import {
  grown,
  loadColumn,
  minuteOf,
  ScopeRows,
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

/** One numerical model: per scope the sums of a gamma fit. Only positive values count. */
export class NumericalStore {
  readonly rows: ScopeRows;
  private readonly dictionary: TextDictionary;
  private readonly options: NumericalOptions;
  private readonly evicted: (rows: number) => void;
  private observed = new Float64Array(64);
  private sums = new Float64Array(64);
  private logs = new Float64Array(64);
  private products = new Float64Array(64);
  private lowest = new Float64Array(64);
  private highest = new Float64Array(64);
  /** n at the last fit, and its result; shape NaN when the values did not vary. */
  private fitted = new Float64Array(64);
  private shapes = new Float64Array(64);
  private scales = new Float64Array(64);
  /** Quantiles asked for since the last fit: percentile → by row. */
  private readonly quantiles = new Map<number, Float64Array>();

  constructor(
    dictionary: TextDictionary,
    options: NumericalOptions,
    evicted: (rows: number) => void,
  ) {
    this.dictionary = dictionary;
    this.options = options;
    this.evicted = evicted;
    this.rows = new ScopeRows(dictionary, options.maxScopes);
  }

  n(row: number): number {
    return row < 0 ? 0 : (this.observed[row] as number);
  }

  /** Whether there is a threshold at all, whatever the percentile. */
  hasThreshold(row: number): boolean {
    return (
      row >= 0 &&
      (this.observed[row] as number) >= this.options.cutOff &&
      !Number.isNaN(this.shapes[row])
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
      // The quantile of a gamma scales with its scale; at rate 1 the arguments stay moderate.
      value =
        gammaQuantile(1 - percentile, this.shapes[row] as number, 1) * (this.scales[row] as number);
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
    const log = Math.log(value);
    const n = (this.observed[row] as number) + 1;
    this.observed[row] = n;
    this.sums[row] = (this.sums[row] as number) + value;
    this.logs[row] = (this.logs[row] as number) + log;
    this.products[row] = (this.products[row] as number) + value * log;
    if (value < (this.lowest[row] as number)) this.lowest[row] = value;
    if (value > (this.highest[row] as number)) this.highest[row] = value;
    this.rows.touch(row, minuteOf(time));
    // At training and not at reading, so that the fit does not depend on who reads it and when.
    if (n >= (this.fitted[row] as number) * REFIT) this.fit(row);
  }

  private fit(row: number): void {
    const n = this.observed[row] as number;
    this.fitted[row] = n;
    const varies = (this.lowest[row] as number) < (this.highest[row] as number);
    const gamma = varies
      ? fitGamma(
          n,
          this.sums[row] as number,
          this.logs[row] as number,
          this.products[row] as number,
        )
      : undefined;
    this.shapes[row] = gamma?.shape ?? Number.NaN;
    this.scales[row] = gamma?.scale ?? Number.NaN;
    this.forgetQuantiles(row);
  }

  private forgetQuantiles(row: number): void {
    for (const column of this.quantiles.values()) if (row < column.length) column[row] = -1;
  }

  private add(scope: number): number {
    this.dictionary.hold(scope);
    if (this.rows.full()) {
      const rows = this.rows.oldest();
      for (const row of rows) this.rows.remove(row);
      this.evicted(rows.length);
    }
    const row = this.rows.add(scope);
    this.dictionary.release(scope);
    for (const column of COLUMNS) this[column] = grown(this[column], row + 1);
    for (const column of COLUMNS) this[column][row] = 0;
    this.lowest[row] = Number.POSITIVE_INFINITY;
    this.highest[row] = Number.NEGATIVE_INFINITY;
    this.shapes[row] = Number.NaN;
    this.forgetQuantiles(row);
    return row;
  }

  save(w: BinaryWriter): void {
    this.rows.save(w);
    for (const column of COLUMNS) saveColumn(w, this[column], this.rows.length);
  }

  load(r: BinaryReader): void {
    this.rows.load(r);
    for (const column of COLUMNS) this[column] = loadColumn(r, this[column], this.rows.length);
  }
}

const COLUMNS = [
  'observed',
  'sums',
  'logs',
  'products',
  'lowest',
  'highest',
  'fitted',
  'shapes',
  'scales',
] as const;
