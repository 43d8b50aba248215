/**
 * How faces write text, figures and tables in terminal cells. Pure. The report and the TUI share
 * it, so that a figure reads the same in both.
 */
import type { Estimate } from './result.generated.js';

/** What a piece of text means; each face has its own colours for it. */
export type Tone = 'strong' | 'dim' | 'good' | 'bad' | 'warn' | 'accent';

export interface Span {
  readonly text: string;
  readonly tone?: Tone | undefined;
}

/** One line of a report or screen. Holds no line break and no control character. */
export type Line = readonly Span[];

export const span = (text: string, tone?: Tone): Span =>
  tone === undefined ? { text } : { text, tone };
export const line = (text: string, tone?: Tone): Line => [span(text, tone)];
export const blank: Line = [];

/* Text in terminal cells */

const plain = /^[\x20-\x7e\u00a0–·…]*$/;
const wide =
  /(?![\uff61-\uffdc\uffe8-\uffee])[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Bopomofo}\p{Script=Yi}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}|\p{Regional_Indicator}|\ufe0f/u;
const zero = /^[\p{Mn}\p{Me}\p{Cf}\p{Cc}]+$/u;
/** Made at first use: it takes 20 ms, and most texts are plain. */
let graphemes: Intl.Segmenter | undefined;

function graphemesOf(text: string): Intl.Segments {
  graphemes ??= new Intl.Segmenter('en', { granularity: 'grapheme' });
  return graphemes.segment(text);
}

const graphemeWidth = (grapheme: string): number =>
  zero.test(grapheme) ? 0 : wide.test(grapheme) ? 2 : 1;

/** Terminal cells that the text takes: two for East Asian wide characters and emoji. */
export function cellWidth(text: string): number {
  if (plain.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemesOf(text)) width += graphemeWidth(segment);
  return width;
}

export const lineWidth = (spans: Line): number =>
  spans.reduce((sum, part) => sum + cellWidth(part.text), 0);

/** The longest start of the text that takes at most `width` cells. */
function head(text: string, width: number): string {
  if (plain.test(text)) return text.slice(0, Math.max(0, width));
  let taken = '';
  let used = 0;
  for (const { segment } of graphemesOf(text)) {
    used += graphemeWidth(segment);
    if (used > width) break;
    taken += segment;
  }
  return taken;
}

/** Cuts text to `width` cells; a cut shows as `…`. */
export function cut(text: string, width: number): string {
  if (cellWidth(text) <= width) return text;
  return width <= 0 ? '' : `${head(text, width - 1)}…`;
}

export function pad(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const kept = cut(text, width);
  const space = ' '.repeat(Math.max(0, width - cellWidth(kept)));
  return align === 'right' ? space + kept : kept + space;
}

/** Cuts a line to `width` cells. */
export function fitLine(spans: Line, width: number): Line {
  if (lineWidth(spans) <= width) return spans;
  const kept: Span[] = [];
  let left = width;
  for (const part of spans) {
    const needed = cellWidth(part.text);
    if (needed >= left) {
      // A part that fills the line exactly is cut too: more follows it.
      kept.push(span(cut(needed > left ? part.text : `${part.text}…`, left), part.tone));
      break;
    }
    kept.push(part);
    left -= needed;
  }
  return kept;
}

/**
 * Breaks text at spaces into rows of at most `width` cells; words that are longer are split.
 * `taken` cells of the first row are in use. A no-break space keeps its row.
 */
export function wrap(text: string, width: number, taken = 0): string[] {
  const room = Math.max(1, width);
  const rows: string[] = [];
  let row = '';
  let used = taken;
  const end = (): void => {
    rows.push(row);
    row = '';
    used = 0;
  };
  for (const found of text.split(/[ \n\t]+/)) {
    if (found === '') continue;
    let word = found;
    const space = row === '' ? 0 : 1;
    if (used > 0 && used + space + cellWidth(word) > room) end();
    while (cellWidth(word) > room) {
      // A character wider than the room is still taken, or this would not end.
      const start = head(word, room) || (Array.from(word)[0] as string);
      rows.push(start);
      word = word.slice(start.length);
    }
    used += cellWidth(word) + (row === '' ? 0 : 1);
    row = row === '' ? word : `${row} ${word}`;
  }
  if (row !== '') rows.push(row);
  return rows;
}

/** Wrapped text after a label. Further rows start under the text; a little in after a colon. */
export function paragraph(label: Span, text: string, width: number, tone?: Tone): Line[] {
  const size = cellWidth(label.text);
  const hang = label.text.endsWith(': ')
    ? label.text.length - label.text.trimStart().length + 2
    : size;
  const rows = wrap(text, width - hang, size - hang);
  return (rows.length === 0 ? [''] : rows).map((row, k) => [
    k === 0 ? label : span(' '.repeat(hang)),
    span(row, tone),
  ]);
}

const hidden = /[\p{Cc}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu;

/** Log text is hostile: makes escape sequences and direction marks visible. Keeps line breaks. */
export const visible = (text: string): string =>
  text.replace(hidden, (char) =>
    char === '\n' ? char : char === '\t' || char === '\r' ? ' ' : '�',
  );

/** The same value with every text in it made visible. */
export function clean<T>(value: T): T {
  if (typeof value === 'string') return visible(value) as T;
  if (Array.isArray(value)) return value.map((part) => clean<unknown>(part)) as T;
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([key, part]) => [visible(key), clean<unknown>(part)]),
    ) as T;
  }
  return value;
}

/* Figures */

/** A whole number with its thousands apart, by no-break spaces; faces draw them as spaces. */
export const count = (n: number): string =>
  String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, '\u00a0');

export const plural = (n: number, noun: string): string =>
  `${count(n)} ${noun}${n === 1 ? '' : 's'}`;

/** Two significant digits, but no more than two decimals. A bound is rounded so that it claims less. */
export function figure(value: number, side?: 'up' | 'down'): string {
  if (value === 0) return '0';
  if (value < 0.01 && side !== 'up') return side === 'down' ? '0' : '<0.01';
  const digits = value >= 10 ? 0 : value >= 1 ? 1 : 2;
  const scale = 10 ** digits;
  const scaled = value * scale;
  const rounded =
    side === 'up'
      ? Math.ceil(scaled - 1e-9)
      : side === 'down'
        ? Math.floor(scaled + 1e-9)
        : Math.round(scaled);
  return digits === 0 ? count(rounded) : (rounded / scale).toFixed(digits);
}

/**
 * A figure with its 95 % interval. Where all or none was found only one bound says anything and
 * it alone is shown: `0 (≤ 0.5)`, `100 (≥ 51)`. `–` is no evidence.
 */
function withInterval(estimate: Estimate, scale: number, most: number): string {
  const { value, low, high } = estimate;
  if (value === null) return '–';
  const shown = figure(value * scale);
  if (value === 0) return high === null ? '0 (no bound)' : `0 (≤ ${figure(high * scale, 'up')})`;
  if (high === null || value >= most) return `${shown} (≥ ${figure(low * scale, 'down')})`;
  return `${shown} (${figure(low * scale)}–${figure(high * scale)})`;
}

/** A share as percent, without the sign: `86 (60–96)`. */
export const percent = (estimate: Estimate): string => withInterval(estimate, 100, 1);
/** Alerts or sessions per 1 000 users per day: `0.42 (0.31–0.58)`. */
export const rate = (estimate: Estimate): string => withInterval(estimate, 1, Infinity);

/** The same share as prose: `86 % (60–96)`. */
export function percentText(estimate: Estimate): string {
  const text = percent(estimate);
  return text === '–' ? 'no evidence' : text.replace(/^\S+/, '$& %');
}

export function rateText(estimate: Estimate): string {
  const text = rate(estimate);
  return text === '–' ? 'no evidence' : text;
}

/** `4/5`, or `–` where nothing could be found. */
export const share = (hits: number, of: number): string => (of === 0 ? '–' : `${hits}/${of}`);

export const day = (moment: number): string => new Date(moment).toISOString().slice(0, 10);
export const minute = (moment: number): string =>
  new Date(moment).toISOString().slice(0, 16).replace('T', ' ');

/** The base rate in words: `1 attack per 10 000 users/day`. */
export function baseRateText(baseRate: number): string {
  if (baseRate <= 0) return 'no attacks';
  return baseRate <= 1
    ? `1 attack per ${count(1 / baseRate)} users/day`
    : `${figure(baseRate)} attacks per user/day`;
}

export function bar(done: number, width: number): string {
  const cells = Math.round(Math.min(1, Math.max(0, done)) * width);
  return '█'.repeat(cells) + '░'.repeat(width - cells);
}

const levels = '▁▂▃▄▅▆▇█';

/** The last `width` values as a line of bars from zero to the highest of them. */
export function sparkline(values: readonly number[], width: number): string {
  const shown = values.slice(-width);
  const most = Math.max(0, ...shown);
  if (most === 0) return '▁'.repeat(shown.length);
  return shown.map((value) => levels[Math.round((Math.max(0, value) / most) * 7)]).join('');
}

/* Tables */

export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => Span;
  readonly align?: 'left' | 'right';
  /** The column may be cut to this many cells. Without it, it never is. */
  readonly min?: number;
  /**
   * Columns with the highest number go first where there is no room; with 0 only once all others
   * are cut to their least. Without it, it stays.
   */
  readonly yields?: number;
  /** Empty cells after it; 2 where not stated. */
  readonly gap?: number;
}

export interface Table {
  readonly head: Line;
  readonly body: Line[];
}

/** Lays rows out in columns. No line is wider than `width`. */
export function table<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  width: number,
): Table {
  const all = columns.map((column) => {
    const cells = rows.map((row) => column.cell(row));
    const natural = Math.max(cellWidth(column.title), ...cells.map((cell) => cellWidth(cell.text)));
    return {
      column,
      cells,
      width: natural,
      least: Math.min(natural, column.min ?? natural),
      gap: column.gap ?? 2,
    };
  });
  type Laid = (typeof all)[number];
  const total = (of: (laid: Laid) => number): number =>
    all.reduce((sum, laid) => sum + of(laid) + laid.gap, -(all.at(-1)?.gap ?? 0));
  const drop = (above: number, of: (laid: Laid) => number): void => {
    while (total(of) > width) {
      const weakest = all.findLast(
        ({ column }) =>
          (column.yields ?? -1) > above &&
          all.every((other) => (other.column.yields ?? -1) <= (column.yields ?? -1)),
      );
      if (!weakest) return;
      all.splice(all.indexOf(weakest), 1);
    }
  };
  // A column that stays is cut only when those that yield are gone.
  drop(0, (laid) => (laid.column.yields === undefined ? laid.width : laid.least));
  drop(-1, (laid) => laid.least);
  for (let excess = total((laid) => laid.width) - width; excess > 0; excess--) {
    const loosest = all.reduce((a, b) => (b.width - b.least > a.width - a.least ? b : a));
    if (loosest.width === loosest.least) break;
    loosest.width--;
  }
  const lay = (cell: (laid: Laid) => Span): Line =>
    fitLine(
      all.map((laid, k) => {
        const { text, tone } = cell(laid);
        const last = k === all.length - 1;
        const padded =
          last && laid.column.align !== 'right'
            ? cut(text, laid.width)
            : pad(text, laid.width, laid.column.align);
        return span(last ? padded : padded + ' '.repeat(laid.gap), tone);
      }),
      width,
    );
  return {
    head: lay(({ column }) => span(column.title, 'dim')),
    body: rows.map((_, k) => lay(({ cells }) => cells[k] as Span)),
  };
}
