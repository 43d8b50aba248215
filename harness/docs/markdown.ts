/** Text as Markdown: what is said by content must not turn into markup. */

/** Plain text for a paragraph or list entry; white space folded. */
export function prose(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/[\\`*[\]<>]/g, (sign) => `\\${sign}`)
    .replace(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, '\\_');
}

/** Text in code type, on one line. */
export function code(text: string): string {
  const folded = text.replace(/\s+/g, ' ').trim();
  const longest = Math.max(0, ...[...folded.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  const pad = longest > 0 ? ' ' : '';
  return `${fence}${pad}${folded}${pad}${fence}`;
}

/** A table; cells are Markdown already. Ends with a line end. */
export function grid(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |\n`;
  return `${line(heads)}${line(heads.map(() => '---'))}${rows.map(line).join('')}`;
}

/** A block of code in a language; ends with a line end. */
export function block(language: string, text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${text.trim()}\n${fence}\n`;
}

/** `a`, `a and b`, `a, b and c`. */
export function listed(parts: readonly string[], last = 'and'): string {
  const [final, ...rest] = [...parts].reverse();
  if (final === undefined) return '';
  return rest.length === 0 ? final : `${rest.reverse().join(', ')} ${last} ${final}`;
}
