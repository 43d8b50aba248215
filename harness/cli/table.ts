import Table from 'cli-table3';
import { cellWidth, visible } from '../format.js';
import type { Paint } from './shell.js';

export interface Column {
  readonly head: string;
  readonly align?: 'left' | 'right';
}

/**
 * A table without lines; ends with a newline. Texts are made safe for a terminal. When it does not
 * fit, the widest columns are folded at words.
 */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
  paint: Paint,
): string {
  const cells = rows.map((row) => row.map((cell) => visible(cell)));
  const texts = columns.map(({ head }, i) => [head, ...cells.map((row) => row[i] ?? '')]);
  const widths = fitting(texts, width - 2 * columns.length);
  const none = '';
  const drawn = new Table({
    head: columns.map(({ head }) => paint('bold', head)),
    colAligns: columns.map(({ align = 'left' }) => align),
    // Two cells between columns, of which cli-table3 counts the padding in.
    colWidths: widths.map((w) => w + 2),
    wordWrap: true,
    chars: {
      top: none,
      'top-mid': none,
      'top-left': none,
      'top-right': none,
      bottom: none,
      'bottom-mid': none,
      'bottom-left': none,
      'bottom-right': none,
      left: none,
      'left-mid': none,
      mid: none,
      'mid-mid': none,
      right: none,
      'right-mid': none,
      middle: none,
    },
    style: { 'padding-left': 0, 'padding-right': 2, head: [], border: [] },
  });
  drawn.push(...cells);
  return `${drawn
    .toString()
    .split('\n')
    .map((row) => row.trimEnd())
    .join('\n')}\n`;
}

/** Widths of the columns: as wide as their texts, or where that is too much, the widest cut down alike. */
function fitting(texts: readonly (readonly string[])[], room: number): number[] {
  const widest = (column: readonly string[], separator: RegExp): number =>
    Math.max(...column.flatMap((text) => text.split(separator)).map(cellWidth));
  const full = texts.map((column) => widest(column, /\n/));
  const words = texts.map((column) => widest(column, /\s/));
  // A word is not broken for the sake of its neighbours, unless there is no other way.
  let longest = 40;
  let cap = Math.max(...full);
  const at = (): number[] =>
    full.map((w, i) => Math.max(Math.min(w, cap), Math.min(words[i] ?? 0, longest)));
  const isTooWide = (): boolean => at().reduce((a, b) => a + b, 0) > room;
  while (cap > 8 && isTooWide()) cap--;
  while (longest > 8 && isTooWide()) longest--;
  return at();
}
