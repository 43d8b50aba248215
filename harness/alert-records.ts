import { StringDecoder } from 'node:string_decoder';
import type { LogLine } from '#engine';
import { createLineSplitter } from './line-splitter.js';
import { UsageFault } from './usage-fault.js';

/** A row that cannot be used. */
export interface BadRow {
  readonly number: number;
  readonly fault: string;
  readonly text: string;
}

/** A row before anything is made of its values. */
export interface RawRow {
  readonly number: number;
  readonly text: string;
  readonly values: Readonly<Record<string, unknown>>;
}

/**
 * Rows of JSON (a line each, a list, an API's answer) or CSV, whichever the text is. Throws UsageFault
 * when a CSV lacks one of the columns.
 */
export async function* recordsOf(
  input: AsyncIterable<Buffer>,
  shown: string,
  columns: readonly string[],
): AsyncGenerator<RawRow | BadRow, void, undefined> {
  let reader: { push(chunk: Buffer): (RawRow | BadRow)[]; end(): (RawRow | BadRow)[] } | undefined;
  for await (const chunk of input) {
    reader ??= /^\uFEFF?\s*[[{]/.test(chunk.toString('utf8', 0, 256))
      ? jsonReader()
      : csvReader(shown, columns);
    yield* reader.push(chunk);
  }
  if (reader) yield* reader.end();
}

const longest = 1024 * 1024;

function jsonReader() {
  const splitter = createLineSplitter(longest, () => undefined);
  const read = (texts: readonly LogLine[]): (RawRow | BadRow)[] =>
    texts.map(({ id: number, text }) => {
      let value: unknown;
      try {
        value = JSON.parse(text);
      } catch {
        return { number, fault: 'not JSON', text };
      }
      if (!isObject(value)) return { number, fault: 'not an object', text };
      // Splunk's and Elasticsearch's exports wrap what they found.
      const inner = value['_source'] ?? value['result'];
      return { number, text, values: isObject(inner) ? inner : value };
    });
  return {
    push: (chunk: Buffer) => read(splitter.push(chunk)),
    end: () => read(splitter.end()),
  };
}

function csvReader(shown: string, columns: readonly string[]) {
  const decoder = new StringDecoder('utf8');
  let pending = '';
  let number = 1;
  let header: { readonly names: readonly string[]; readonly separator: string } | undefined;

  function row(text: string, at: number): (RawRow | BadRow)[] {
    if (text.trim() === '') return [];
    if (!header) {
      const separator = separatorOf(text);
      const names = cellsOf(text, separator).map((name) => name.trim());
      header = { names, separator };
      const missing = columns.find((column) => !names.includes(column));
      if (missing !== undefined)
        throw new UsageFault(
          `${shown} has no column ${missing}.`,
          `Its columns: ${names.join(', ')}.`,
        );
      return [];
    }
    const { names, separator } = header;
    const cells = cellsOf(text, separator);
    if (cells.length > names.length)
      return [{ number: at, fault: 'more values than columns', text }];
    return [
      {
        number: at,
        text,
        values: Object.fromEntries(names.map((name, i) => [name, cells[i] ?? ''])),
      },
    ];
  }

  /** Whole rows: a line break between quotes ends none. */
  function take(final: boolean): (RawRow | BadRow)[] {
    const rows: (RawRow | BadRow)[] = [];
    let start = 0;
    let quoted = false;
    let breaks = 0;
    for (let i = 0; i < pending.length; i++) {
      const char = pending.charCodeAt(i);
      if (char === QUOTE) quoted = !quoted;
      if (char !== LF) continue;
      breaks++;
      if (quoted && i - start < longest) continue;
      const text = pending.slice(start, i).replace(/\r$/, '');
      if (quoted) rows.push({ number, fault: 'a quote is not closed', text });
      else rows.push(...row(text, number));
      number += breaks;
      breaks = 0;
      quoted = false;
      start = i + 1;
    }
    pending = pending.slice(start);
    if (!final || pending === '') return rows;
    if (quoted) rows.push({ number, fault: 'a quote is not closed', text: pending });
    else rows.push(...row(pending, number));
    return rows;
  }

  return {
    push(chunk: Buffer) {
      pending += decoder.write(chunk);
      if (number === 1) pending = pending.replace(/^\uFEFF/, '');
      return take(false);
    },
    end() {
      pending += decoder.end();
      return take(true);
    },
  };
}

const QUOTE = 34;
const LF = 10;

function separatorOf(header: string): string {
  return [',', ';', '\t'].reduce((best, c) =>
    header.split(c).length > header.split(best).length ? c : best,
  );
}

/** Cells of one row by RFC 4180. */
function cellsOf(text: string, separator: string): string[] {
  const cells: string[] = [];
  let cell = '';
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const char = text.charAt(i);
    if (quoted) {
      if (char !== '"') cell += char;
      else if (text[i + 1] === '"') {
        cell += '"';
        i++;
      } else quoted = false;
    } else if (char === '"' && cell.trim() === '') {
      quoted = true;
      cell = '';
    } else if (char === separator) {
      cells.push(cell);
      cell = '';
    } else cell += char;
  }
  cells.push(cell);
  return cells;
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
