import type { SourceRange } from './tree.js';

/** Index after the quoted text that starts at `at` (a quote sign), or the source's end. */
export function skipQuoted(source: string, at: number): number {
  const quote = source[at] as string;
  const close = source.startsWith(quote.repeat(3), at) ? quote.repeat(3) : quote;
  let i = at + close.length;
  while (i < source.length) {
    if (source[i] === '\\') i += 2;
    else if (source.startsWith(close, i)) return i + close.length;
    else i++;
  }
  return source.length;
}

function pairsOf(source: string): [number, number][] {
  const open: number[] = [];
  const pairs: [number, number][] = [];
  let i = 0;
  while (i < source.length) {
    const sign = source[i];
    if (sign === '"' || sign === "'") {
      i = skipQuoted(source, i);
      continue;
    }
    if (sign === '/' && source[i + 1] === '/') {
      const end = source.indexOf('\n', i);
      i = end < 0 ? source.length : end;
      continue;
    }
    if (sign === '(') open.push(i);
    else if (sign === ')') {
      const start = open.pop();
      if (start !== undefined) pairs.push([start, i]);
    }
    i++;
  }
  return pairs;
}

/**
 * The CEL parser drops parentheses, so that the range of `(a || b) && c` begins inside them. Gives a
 * function that widens a range until every parenthesis in it has its partner.
 */
export function rangeWidener(source: string): (start: number, end: number) => SourceRange {
  const pairs = pairsOf(source);
  return (start, end) => {
    let from = start;
    let to = end;
    // Pairs are in order of their closing sign, inner before outer: a second pass never finds more
    // than the partner of a sign that the first pass took in.
    for (let changed = true; changed; ) {
      changed = false;
      for (const [open, close] of pairs) {
        const holdsOpen = open >= from && open < to;
        const holdsClose = close >= from && close < to;
        if (holdsOpen === holdsClose) continue;
        from = Math.min(from, open);
        to = Math.max(to, close + 1);
        changed = true;
      }
    }
    return { start: from, end: to };
  };
}
