import { RE2JS } from 're2js';
import type { ParserMatch } from '#content';
import { type Access, type Generated, mayHold, remembered, Source, textOf } from './keys.js';

function lowered(values: readonly string[]): ReadonlySet<string> {
  return new Set(values.map((value) => value.toLowerCase()));
}

/** A test of the text of a value, of which the same come again and again. */
function textTest(test: (text: string) => boolean, absent: boolean): (value: unknown) => boolean {
  const quick = remembered(test);
  return (value) => {
    const text = typeof value === 'string' && value !== '' ? value : textOf(value);
    return text === undefined ? absent : quick(text);
  };
}

/**
 * A test of a record against `match`, the cheap parts first; null and empty values count as not there.
 * Undefined when no record with these keys can match.
 */
export function compileMatch(match: ParserMatch, access: Access): Generated<boolean> | undefined {
  const source = new Source(access);
  const parts: string[] = [];
  const possible = (key: string): string[] =>
    key.split('|').filter((path) => mayHold(access.keys, path));
  const isThere = (path: string): string =>
    `(v = ${source.value(path)}) !== undefined && v !== null && v !== ''`;
  /** Whether one of the alternatives of a key is there; `v` is the first that is. */
  const there = (key: string): string =>
    possible(key)
      .map((path) => `(${isThere(path)})`)
      .join(' || ') || 'false';
  for (const key of match.all ?? []) {
    if (possible(key).length === 0) return undefined;
    parts.push(`(${there(key)})`);
  }
  for (const key of match.none ?? []) if (possible(key).length > 0) parts.push(`!(${there(key)})`);
  if (match.any !== undefined) {
    const some = match.any.filter((key) => possible(key).length > 0);
    if (some.length === 0) return undefined;
    parts.push(`(${some.map(there).join(' || ')})`);
  }
  const tests = <T>(
    of: Readonly<Record<string, T>> | undefined,
    absent: boolean,
    make: (wanted: T) => (text: string) => boolean,
  ): boolean => {
    for (const [key, wanted] of Object.entries(of ?? {})) {
      if (possible(key).length > 0) {
        const test = source.constant(textTest(make(wanted), absent));
        parts.push(`(${there(key)} ? ${test}(v) : ${absent})`);
      } else if (!absent) return false;
    }
    return true;
  };
  const oneOf =
    (wanted: boolean) =>
    (values: readonly string[]): ((text: string) => boolean) => {
      const set = lowered(values);
      return (text) => (set.has(text) || set.has(text.toLowerCase())) === wanted;
    };
  const found =
    (wanted: boolean) =>
    (pattern: string): ((text: string) => boolean) => {
      const compiled = RE2JS.compile(pattern, RE2JS.CASE_INSENSITIVE);
      return (text) => compiled.matcher(text).find() === wanted;
    };
  const can =
    tests(match.equals, false, oneOf(true)) &&
    tests(match.unless, true, oneOf(false)) &&
    tests(match.matches, false, found(true)) &&
    tests(match.misses, true, found(false));
  return can ? source.compile(`return ${parts.join(' && ') || 'true'};`) : undefined;
}
