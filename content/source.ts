import { createRequire } from 'node:module';
import type { Document, Node, Pair } from 'yaml';
import type { ContentPlace, Diagnostic } from './fault.js';

/** A content file as read: text, and where its parts are. */
export interface ContentFile {
  readonly text: string;
  /** Offset of each line's first character. */
  readonly lineStarts: readonly number[];
  /** Undefined when the text could not be parsed at all. */
  readonly document: Document.Parsed | undefined;
}

/** The files of a content pack by the name that diagnostics use. Only for locating and rendering. */
export interface ContentSources {
  readonly root: string;
  readonly files: ReadonlyMap<string, ContentFile>;
}

/** A text that is no content but in which places can be shown, such as a scenario's. */
export function textFile(text: string): ContentFile {
  const lineStarts = [0];
  for (let i = text.indexOf('\n'); i >= 0; i = text.indexOf('\n', i + 1)) lineStarts.push(i + 1);
  return { text, lineStarts, document: undefined };
}

/** A text that was parsed before without faults; it is parsed again when a place in it is asked for. */
export function parsedLater(text: string): ContentFile {
  let document: Document.Parsed | undefined;
  return {
    ...textFile(text),
    get document() {
      document ??= parse(text);
      return document;
    },
  };
}

let loaded: typeof import('yaml') | undefined;

/** Loaded when a text is to be parsed: a start that remembers the content does without. */
function yaml(): typeof import('yaml') {
  loaded ??= createRequire(import.meta.url)('yaml') as typeof import('yaml');
  return loaded;
}

function parse(text: string): Document.Parsed {
  return yaml().parseDocument(text, { prettyErrors: false, uniqueKeys: true, version: '1.2' });
}

/** The parser's time grows with the square of the depth, and its stack is finite. */
const tooDeep = /(?:[[{]\s*){200}|(?:[-?:] +){200}|(?:\{ *[\w"]+ *: *){200}/;

/** Parses YAML (or JSON) without throwing. `value` is there when there is no syntax fault. */
export function parseContent(
  name: string,
  text: string,
): { file: ContentFile; value?: unknown; diagnostics: Diagnostic[] } {
  const unread = textFile(text);
  const { lineStarts } = unread;
  const deep = tooDeep.exec(text);
  if (deep) {
    const diagnostic = syntaxFault(name, 'is nested too deeply', deep.index, deep.index + 1);
    return { file: unread, diagnostics: [diagnostic] };
  }
  let document: Document.Parsed;
  try {
    document = parse(text);
  } catch (error) {
    const diagnostic = syntaxFault(name, `cannot be read: ${messageOf(error)}`, 0, 0);
    return { file: unread, diagnostics: [diagnostic] };
  }
  const file: ContentFile = { text, lineStarts, document };
  const faults = document.errors.map(({ code, message, pos }) =>
    code === 'DUPLICATE_KEY'
      ? duplicateKey(name, text, pos)
      : syntaxFault(name, firstLine(message), pos[0], pos[1], String(code)),
  );
  if (faults.length > 0) return { file, diagnostics: faults };
  try {
    return { file, value: document.toJS({ maxAliasCount: 1000 }), diagnostics: [] };
  } catch (error) {
    return { file, diagnostics: [syntaxFault(name, firstLine(messageOf(error)), 0, 0)] };
  }
}

function syntaxFault(
  file: string,
  message: string,
  start: number,
  end: number,
  reason?: string,
): Diagnostic {
  const hint =
    reason === 'BLOCK_AS_IMPLICIT_KEY' ||
    reason === 'BLOCK_IN_FLOW' ||
    reason === 'MULTILINE_IMPLICIT_KEY'
      ? 'a text with ": " or " #" in it, or one that begins with {, [, &, *, ! or a quote, must be quoted'
      : undefined;
  return {
    code: 'yaml/syntax',
    severity: 'error',
    message,
    place: { file, path: [], range: { start, end } },
    ...(hint !== undefined && { hint }),
  };
}

function duplicateKey(file: string, text: string, pos: readonly [number, number]): Diagnostic {
  // The parser gives the first character only.
  const rest = /^[^\s:]+/.exec(text.slice(pos[0]));
  const end = pos[0] + (rest?.[0].length ?? 1);
  return {
    code: 'yaml/duplicate-key',
    severity: 'error',
    message: `the key ${text.slice(pos[0], end)} is there twice`,
    place: { file, path: [], range: { start: pos[0], end } },
  };
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

const firstLine = (text: string): string => text.split('\n', 1)[0] ?? text;

interface Span {
  readonly start: number;
  readonly end: number;
}

/** Offsets in the file's text of a place; of the nearest thing around it where it is not there. */
export function spanOf(file: ContentFile, place: ContentPlace): Span {
  const { path, range } = place;
  if (path.length === 0 && range) return clamp(range, file.text.length);
  const found = find(file, path);
  if (!found) return { start: 0, end: 0 };
  const { node, key } = found;
  const { isAlias, isScalar } = yaml();
  if (place.key === true && key) return key;
  if (isScalar(node) && typeof node.value === 'string' && range && found.whole) {
    return scalarSpan(file.text, node, node.value, range) ?? nodeSpan(node) ?? { start: 0, end: 0 };
  }
  if (isScalar(node) || isAlias(node)) return nodeSpan(node) ?? key ?? { start: 0, end: 0 };
  const own = nodeSpan(node);
  return key ?? (own ? firstLineOf(file.text, own) : { start: 0, end: 0 });
}

interface Found {
  readonly node: Node | null;
  /** Of the key under which the node stands. */
  readonly key: Span | undefined;
  /** The whole path was found. */
  readonly whole: boolean;
}

function find(file: ContentFile, path: readonly (string | number)[]): Found | undefined {
  const { document } = file;
  let node: Node | null = document?.contents ?? null;
  if (!document || !node) return undefined;
  const { isAlias, isMap, isScalar, isSeq } = yaml();
  let key: Span | undefined;
  for (const step of path) {
    // An alias is placed where the text stands that it repeats.
    const target: Node | null | undefined = isAlias(node) ? node.resolve(document) : node;
    if (isMap(target)) {
      const pair: Pair<Node, Node | null> | undefined = (
        target.items as Pair<Node, Node | null>[]
      ).find((item) => isScalar(item.key) && String(item.key.value) === String(step));
      if (!pair) return { node: target, key, whole: false };
      key = nodeSpan(pair.key);
      node = pair.value;
    } else if (isSeq(target)) {
      const item = target.items[Number(step)] as Node | undefined;
      if (!item) return { node: target, key, whole: false };
      key = undefined;
      node = item;
    } else {
      return { node: target ?? null, key, whole: false };
    }
  }
  return { node, key, whole: true };
}

function nodeSpan(node: Node | null): Span | undefined {
  const range = node?.range;
  return range ? { start: range[0], end: range[1] } : undefined;
}

function firstLineOf(text: string, span: Span): Span {
  const lineEnd = text.indexOf('\n', span.start);
  return lineEnd < 0 || lineEnd > span.end ? span : { start: span.start, end: lineEnd };
}

function clamp(range: Span, length: number): Span {
  const start = Math.min(Math.max(0, range.start), length);
  return { start, end: Math.min(Math.max(start, range.end), length) };
}

/** Maps a range of a text value back to the YAML it was written as. */
function scalarSpan(text: string, node: Node, value: string, range: Span): Span | undefined {
  const [from, to] = node.range ?? [0, 0];
  const map = alignScalar(text.slice(from, to), value);
  if (!map) return undefined;
  const { start, end } = clamp(range, value.length);
  const first = start < value.length ? map.starts[start] : map.ends[value.length - 1];
  const last = end > start ? map.ends[end - 1] : first;
  if (first === undefined || last === undefined) return { start: from, end: from };
  return { start: from + first, end: from + last };
}

/** For each UTF-16 unit of a value, where it starts and ends in its source. */
interface Alignment {
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

/**
 * Finds each UTF-16 unit of `value` in `source`, the YAML of one scalar. Undefined when the two do
 * not belong together.
 */
export function alignScalar(source: string, value: string): Alignment | undefined {
  return source.startsWith('"') ? alignEscaped(source, value) : alignPlain(source, value);
}

/**
 * Plain, single-quoted and block styles keep the visible characters in order and change white space
 * only (folding, indentation), so source and value are walked side by side: white space that the
 * value lacks is skipped.
 */
function alignPlain(source: string, value: string): Alignment | undefined {
  const block = source.startsWith('|') || source.startsWith('>');
  const single = source.startsWith("'");
  let at = block ? source.indexOf('\n') + 1 : single ? 1 : 0;
  const stop = single ? source.length - 1 : source.length;
  if (block && at === 0) at = stop;
  const starts: number[] = [];
  const ends: number[] = [];
  const put = (length: number): void => {
    starts.push(at);
    ends.push(at + length);
    at += length;
  };
  for (const wanted of value.split('')) {
    if (isSpace(wanted)) {
      // At a fold, the space or line end stands for the line end ahead.
      const fold =
        source[at] === wanted ? wanted : /^[ \t]*\r?\n/.exec(source.slice(at, stop))?.[0];
      put(at < stop ? (fold?.length ?? 0) : 0);
      continue;
    }
    while (at < stop && isSpace(source[at] as string)) at++;
    if (at >= stop || source[at] !== wanted) return undefined;
    put(single && wanted === "'" ? 2 : 1);
  }
  return { starts, ends };
}

function isSpace(char: string): boolean {
  return char === ' ' || char === '\t' || char === '\n' || char === '\r';
}

const escapes: Readonly<Record<string, string>> = {
  '0': '\0',
  a: '\u0007',
  b: '\b',
  e: '\u001b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  N: '\u0085',
  _: '\u00a0',
  L: '\u2028',
  P: '\u2029',
};

const escapeLengths: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

/** In double quotes white space can be escaped too, so the text is decoded piece by piece. */
function alignEscaped(source: string, value: string): Alignment | undefined {
  const starts: number[] = [];
  const ends: number[] = [];
  let decoded = '';
  for (let at = 1; at < source.length - 1; ) {
    const rest = source.slice(at, -1);
    let length = 1;
    let stands = rest.slice(0, 1);
    const continued = /^\\\r?\n[ \t]*/.exec(rest);
    const folded = /^[ \t]*\r?\n[ \t\r\n]*/.exec(rest);
    if (continued) {
      length = continued[0].length;
      stands = '';
    } else if (stands === '\\') {
      const kind = rest.slice(1, 2);
      const digits = escapeLengths[kind] ?? 0;
      length = 2 + digits;
      const code = Number.parseInt(rest.slice(2, length), 16);
      if (digits === 0) stands = escapes[kind] ?? kind;
      else stands = code <= 0x10ffff ? String.fromCodePoint(code) : '';
    } else if (folded) {
      length = folded[0].length;
      stands = '\n'.repeat(folded[0].split('\n').length - 2) || ' ';
    }
    for (let i = 0; i < stands.length; i++) {
      starts.push(at);
      ends.push(at + length);
    }
    decoded += stands;
    at += length;
  }
  return decoded === value ? { starts, ends } : undefined;
}
