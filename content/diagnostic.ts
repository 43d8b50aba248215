import { distance } from 'fastest-levenshtein';
import type { ContentPlace, Diagnostic } from './fault.js';
import { type ContentSources, spanOf } from './source.js';

/** Position in a file. Lines and columns count from 1, columns in UTF-16 units. */
export interface Location {
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  /** One past the last character. */
  readonly endColumn: number;
}

/**
 * Where a place lies in its file. A mapping or list is placed at its key; a place that the file does
 * not hold, at the nearest thing around it. Never throws: without the file it is line 1, column 1.
 */
export function locate(place: ContentPlace, sources: ContentSources): Location {
  const file = sources.files.get(place.file);
  if (!file) return { line: 1, column: 1, endLine: 1, endColumn: 1 };
  const { start, end } = spanOf(file, place);
  const from = positionOf(file.lineStarts, start);
  const to = positionOf(file.lineStarts, Math.max(start, end));
  return { line: from.line, column: from.column, endLine: to.line, endColumn: to.column };
}

function positionOf(
  lineStarts: readonly number[],
  offset: number,
): { line: number; column: number } {
  let low = 0;
  let high = lineStarts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((lineStarts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return { line: low + 1, column: offset - (lineStarts[low] ?? 0) + 1 };
}

const LINES_BEFORE = 2;
const LINES_MARKED = 4;

const paint = {
  error: '\u001b[31m',
  warning: '\u001b[33m',
  dim: '\u001b[2m',
  bold: '\u001b[1m',
  off: '\u001b[0m',
} as const;

/**
 * A diagnostic for a terminal: `file:line:column severity code message`, the lines of the file with
 * carets under the faulty part, and the hint. Several lines, the last without line end. Control
 * characters of the content are shown as `·`.
 */
export function renderDiagnostic(
  diagnostic: Diagnostic,
  sources: ContentSources,
  options: { readonly color: boolean },
): string {
  const tint = (style: Exclude<keyof typeof paint, 'off'>, text: string): string =>
    options.color ? `${paint[style]}${text}${paint.off}` : text;
  const { severity, code, message, place, hint } = diagnostic;
  const file = sources.files.get(place.file);
  const at = locate(place, sources);
  const where = file ? `${place.file}:${at.line}:${at.column}` : place.file;
  const out = [
    `${tint('bold', visible(where))} ${tint(severity, severity)} ${tint('dim', code)}  ${visible(message)}`,
  ];
  if (file) {
    const last = Math.min(at.endLine, at.line + LINES_MARKED - 1);
    const width = String(last).length;
    for (let line = Math.max(1, at.line - LINES_BEFORE); line <= last; line++) {
      const text = lineText(file.text, file.lineStarts, line);
      const marked = line >= at.line;
      const gutter = `${marked ? '>' : ' '} ${String(line).padStart(width)} |`;
      out.push(`${tint('dim', gutter)} ${visible(text)}`.trimEnd());
      if (!marked) continue;
      const from = line === at.line ? at.column - 1 : text.length - text.trimStart().length;
      const to = line === at.endLine ? at.endColumn - 1 : text.trimEnd().length;
      const pad = ' '.repeat(displayWidth(text.slice(0, from)));
      const carets = '^'.repeat(Math.max(1, displayWidth(text.slice(from, to))));
      out.push(`${tint('dim', `${' '.repeat(width + 3)}|`)} ${pad}${tint(severity, carets)}`);
    }
  }
  if (hint !== undefined) out.push(`  ${tint('bold', 'hint:')} ${visible(hint)}`);
  return out.join('\n');
}

function lineText(text: string, lineStarts: readonly number[], line: number): string {
  const start = lineStarts[line - 1] ?? text.length;
  const end = lineStarts[line] ?? text.length;
  return text.slice(start, end).replace(/\r?\n$/, '');
}

/** Tabs are one column wide, so that carets stay below what they mark. */
function visible(text: string): string {
  return text.replaceAll('\t', ' ').replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '·');
}

function displayWidth(text: string): number {
  let width = 0;
  for (const char of text) {
    if (/\p{M}/u.test(char)) continue;
    width +=
      /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\u{1f300}-\u{1faff}]/u.test(
        char,
      )
        ? 2
        : 1;
  }
  return width;
}

/**
 * Words a hint for an unknown name: the nearest of the known ones if it is near enough to be a slip,
 * else the known names where there are few of them, else nothing.
 */
export function didYouMean(word: string, known: Iterable<string>): string | undefined {
  const names = [...known];
  const folded = word.toLowerCase();
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const name of names) {
    const far = distance(folded, name.toLowerCase());
    if (far < bestDistance) {
      bestDistance = far;
      best = name;
    }
  }
  if (best !== undefined) return `did you mean ${best}?`;
  return names.length > 0 && names.length <= 12 ? `known: ${names.join(', ')}` : undefined;
}

/**
 * Order for printing: by file, then by position, then by code. A fault that two checks found, such as
 * lint and the engine's compiler, stays once.
 */
export function sortDiagnostics(
  diagnostics: readonly Diagnostic[],
  sources: ContentSources,
): Diagnostic[] {
  const kept = new Map<string, Diagnostic>();
  for (const diagnostic of diagnostics) {
    const { file, path, range } = diagnostic.place;
    const key = JSON.stringify([diagnostic.code, file, path, range?.start, schemaKey(diagnostic)]);
    if (!kept.has(key)) kept.set(key, diagnostic);
  }
  return [...kept.values()]
    .map((diagnostic) => ({ diagnostic, at: locate(diagnostic.place, sources) }))
    .sort(
      (a, b) =>
        compare(a.diagnostic.place.file, b.diagnostic.place.file) ||
        a.at.line - b.at.line ||
        a.at.column - b.at.column ||
        compare(a.diagnostic.code, b.diagnostic.code),
    )
    .map(({ diagnostic }) => diagnostic);
}

/** Of one mapping several keys can be missing: same code, same place, other fault. */
function schemaKey({ code, message }: Diagnostic): string {
  return code.startsWith('schema/') ? message : '';
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
