import { RE2JS } from 're2js';
import type { FieldRule, ParserMatch } from '#content';
import type { Fields, FieldValue } from '../contract.js';
import { converters, listConversions, toText } from './convert.js';
import { createReader, type FlatRecord, isThere, type Reader } from './record.js';

/** Looks at a record; keys that are null or empty count as not there. */
export type Matcher = (record: FlatRecord) => boolean;

/** A field's value out of a record. */
export type Extractor = (record: FlatRecord) => FieldValue | undefined;

function firstOf(key: string): Reader {
  const readers = key.split('|').map(createReader);
  const [only] = readers;
  if (readers.length === 1 && only !== undefined) return only;
  return (record) => {
    for (const read of readers) {
      const value = read(record);
      if (isThere(value)) return value;
    }
    return;
  };
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value;
  const text = toText(value);
  return typeof text === 'string' ? text : undefined;
}

function lowered(values: readonly string[]): ReadonlySet<string> {
  return new Set(values.map((value) => value.toLowerCase()));
}

/** A test of a record against `match`, the cheap parts first. */
export function compileMatch(match: ParserMatch): Matcher {
  const parts: string[] = [];
  const tests: Matcher[] = [];
  const there = (key: string, wanted: boolean): string => {
    const text = JSON.stringify(key);
    const closure = firstOf(key);
    // A plain key is read in place: a call for each key of each parser is what matching would cost.
    const value = isPlainKey(key)
      ? `r[${text}]`
      : `t[${tests.push((record) => closure(record) as never) - 1}](r)`;
    return wanted
      ? `(v = ${value}) !== undefined && v !== null && v !== ''`
      : `((v = ${value}) === undefined || v === null || v === '')`;
  };
  for (const key of match.all ?? []) parts.push(there(key, true));
  for (const key of match.none ?? []) parts.push(there(key, false));
  if (match.any !== undefined)
    parts.push(`(${match.any.map((key) => `(${there(key, true)})`).join(' || ')})`);
  const test = (matcher: Matcher): void => {
    parts.push(`t[${tests.push(matcher) - 1}](r)`);
  };
  for (const [key, values] of Object.entries(match.equals ?? {})) {
    const read = firstOf(key);
    const accepted = lowered(values);
    test((record) => {
      const text = textOf(read(record));
      return text !== undefined && (accepted.has(text) || accepted.has(text.toLowerCase()));
    });
  }
  for (const [key, values] of Object.entries(match.unless ?? {})) {
    const read = firstOf(key);
    const refused = lowered(values);
    test((record) => {
      const text = textOf(read(record));
      return text === undefined || !refused.has(text.toLowerCase());
    });
  }
  const patterns = (of: Readonly<Record<string, string>> | undefined, wanted: boolean): void => {
    for (const [key, pattern] of Object.entries(of ?? {})) {
      const read = firstOf(key);
      const compiled = RE2JS.compile(pattern, RE2JS.CASE_INSENSITIVE);
      test((record) => {
        const text = textOf(read(record));
        return (text !== undefined && compiled.matcher(text).find()) === wanted;
      });
    }
  };
  patterns(match.matches, true);
  patterns(match.misses, false);
  return generate(`let v; return ${parts.join(' && ') || 'true'};`, tests) as Matcher;
}

function isPlainKey(key: string): boolean {
  return !/[|.]/.test(key) && !(key in Object.prototype);
}

/** A function of a record `r`; `t` are its constants. Only text of this file and quoted names go into the source. */
function generate(body: string, constants: readonly unknown[]): (record: FlatRecord) => unknown {
  const make = new Function('t', `return (r) => { ${body} };`) as (
    constants: readonly unknown[],
  ) => (record: FlatRecord) => unknown;
  return make(constants);
}

/** All fields of a parser at once, as an object that always has the same shape. */
export function compileFields(
  rules: Readonly<Record<string, FieldRule>>,
): (record: FlatRecord) => Fields {
  const constants: unknown[] = [];
  const members = Object.entries(rules).map(([name, rule], i) => {
    const [key] = rule.from ?? [];
    const isSimple =
      rule.from?.length === 1 && key !== undefined && isPlainKey(key) && rule.collect !== true;
    constants.push(isSimple ? compileValue(rule) : compileField(rule));
    // Reading the key in place lets it be cached for each parser, which is half the cost of a field.
    return `[${JSON.stringify(name)}]: e${i}(${isSimple ? `r[${JSON.stringify(key)}]` : 'r'})`;
  });
  const names = constants.map((_, i) => `const e${i} = t[${i}];`).join(' ');
  const make = new Function('t', `${names} return (r) => ({ ${members.join(', ')} });`) as (
    constants: readonly unknown[],
  ) => (record: FlatRecord) => Fields;
  return make(constants);
}

/** Whether each of the keys is there, written to a list. */
export function compilePresence(
  keys: readonly string[],
): (record: FlatRecord, into: boolean[]) => void {
  const readers = keys.map(createReader);
  const steps = keys.map((key, i) => {
    const value = isPlainKey(key) ? `r[${JSON.stringify(key)}]` : `t[${i}](r)`;
    return `v = ${value}; into[${i}] = v !== undefined && v !== null && v !== '';`;
  });
  const make = new Function('t', `return (r, into) => { let v; ${steps.join(' ')} };`) as (
    readers: readonly Reader[],
  ) => (record: FlatRecord, into: boolean[]) => void;
  return make(readers);
}

function finds(pattern: RE2JS, text: string, all: boolean): string[] {
  const matcher = pattern.matcher(text);
  const group = pattern.groupCount() > 0 ? 1 : 0;
  const found: string[] = [];
  while (matcher.find()) {
    const value = matcher.group(group);
    if (value !== null && value !== '') found.push(value);
    if (!all && found.length > 0) break;
  }
  return found;
}

function unite(values: readonly FieldValue[], isList: boolean): FieldValue | undefined {
  if (values.length === 0) return;
  const [first] = values;
  if (isList) return [...new Set(values.flatMap((value) => value as readonly string[]))];
  if (typeof first === 'number')
    return values.reduce<number>((sum, value) => sum + Number(value), 0);
  return values.join(' ');
}

/** A decoded value to the field's: conversion, pattern, map and fallback. */
function compileValue(rule: FieldRule): (raw: unknown) => FieldValue | undefined {
  const conversion = rule.as ?? 'text';
  const isList = listConversions.has(conversion);
  const convert = converters[conversion];
  const pattern = rule.pattern === undefined ? undefined : RE2JS.compile(rule.pattern);
  const take =
    pattern === undefined
      ? (raw: unknown) =>
          raw === undefined || raw === null || raw === '' ? undefined : convert(raw)
      : (raw: unknown) => {
          const text = textOf(raw);
          if (text === undefined) return;
          const found = finds(pattern, text, isList);
          return found.length === 0 ? undefined : convert(isList ? found : found[0]);
        };
  return compileMap(rule, take);
}

/** Puts the value map and the constant behind a step. */
function compileMap<T>(
  rule: FieldRule,
  take: (from: T) => FieldValue | undefined,
): (from: T) => FieldValue | undefined {
  const fallback = rule.constant;
  if (rule.values === undefined && rule.else === undefined)
    return fallback === undefined ? take : (from) => take(from) ?? fallback;
  const values = new Map(
    Object.entries(rule.values ?? {}).map(([text, value]) => [text.toLowerCase(), value]),
  );
  const other = rule.else;
  return (from) => {
    const value = take(from);
    if (value === undefined) return fallback;
    const text = String(value);
    const mapped = values.get(text) ?? values.get(text.toLowerCase()) ?? other ?? value;
    return mapped === '' ? undefined : mapped;
  };
}

/** A field of a parser as a function of the record. */
export function compileField(rule: FieldRule): Extractor {
  const readers = (rule.from ?? []).map(createReader);
  const { values: _, else: __, constant: ___, ...plain } = rule;
  const take = compileValue(plain);
  if (rule.collect === true) {
    const isList = listConversions.has(rule.as ?? 'text');
    return compileMap(rule, (record: FlatRecord) => {
      const values: FieldValue[] = [];
      for (const read of readers) {
        const value = take(read(record));
        if (value !== undefined) values.push(value);
      }
      return unite(values, isList);
    });
  }
  return compileMap(rule, (record: FlatRecord) => {
    for (let i = 0; i < readers.length; i++) {
      const value = take((readers[i] as Reader)(record));
      if (value !== undefined) return value;
    }
    return;
  });
}
