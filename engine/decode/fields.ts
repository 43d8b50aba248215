import { RE2JS } from 're2js';
import type { FieldRule } from '#content';
import type { Fields, FieldValue } from '../contract.js';
import { type Converter, converters, listConversions, maxText } from './convert.js';
import {
  type Access,
  type Generated,
  isPlainKey,
  mayHold,
  remembered,
  Source,
  textOf,
} from './keys.js';
import { copied } from './recent.js';
import { createReader, type FlatRecord, type Reader } from './record.js';

/** A field's value out of a record. */
export type Extractor = (record: FlatRecord) => FieldValue | undefined;

type FieldRules = Readonly<Record<string, FieldRule>>;

/**
 * Where a match of a pattern begins that ignores case and begins with letters: RE2 would try each place in turn.
 * Undefined for other patterns.
 */
function beginningOf(pattern: string): RegExp | undefined {
  const [begins, letters = ''] = /^\(\?i\)([a-z]+)/i.exec(pattern) ?? [''];
  const isOptional = /^[?*+{]/.test(pattern.slice(begins.length));
  const sure = isOptional ? letters.slice(0, -1) : letters;
  return sure.length < 2 || hasAlternatives(pattern) ? undefined : new RegExp(sure, 'iu');
}

/** Whether a bar stands outside of parentheses and brackets, as far as a simple look can tell that it does not. */
function hasAlternatives(pattern: string): boolean {
  let depth = 0;
  let isInBrackets = false;
  for (let i = 0; i < pattern.length; i++) {
    const sign = pattern[i];
    if (sign === '\\') i++;
    else if (isInBrackets) {
      if (sign === '[') return true;
      isInBrackets = sign !== ']';
    } else if (sign === '[') {
      if (/^\^?\]/.test(pattern.slice(i + 1, i + 3))) return true;
      isInBrackets = true;
    } else if (sign === '(') depth++;
    else if (sign === ')') depth--;
    else if (sign === '|' && depth === 0) return true;
  }
  return false;
}

/** Searches texts for what the first group of a pattern matches, or all of it where there is none. */
export function compileSearch(source: string): (text: string, all: boolean) => string[] {
  const pattern = RE2JS.compile(source);
  const beginning = beginningOf(source);
  return (text, all) => {
    const from = beginning === undefined ? 0 : text.search(beginning);
    return from < 0 ? [] : finds(pattern, text, all, from);
  };
}

function finds(pattern: RE2JS, text: string, all: boolean, from: number): string[] {
  const matcher = pattern.matcher(text);
  const group = pattern.groupCount() > 0 ? 1 : 0;
  const found: string[] = [];
  for (let more = matcher.find(from); more; more = matcher.find()) {
    const value = matcher.group(group);
    if (value !== null && value !== '') found.push(copied(value));
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

/** A decoded value to the field's, before its map: conversion and pattern. */
function compileTake(rule: FieldRule): Converter {
  const conversion = rule.as ?? 'text';
  const isList = listConversions.has(conversion);
  const convert = converters[conversion];
  if (rule.pattern === undefined)
    return (raw) => (raw === undefined || raw === null || raw === '' ? undefined : convert(raw));
  const searchIn = compileSearch(rule.pattern);
  // A search takes microseconds, and short texts are mostly users, verdicts and the like, which come again.
  const search = remembered((text): FieldValue | null => {
    const found = searchIn(text, isList);
    return (found.length === 0 ? undefined : convert(isList ? found : found[0])) ?? null;
  });
  return (raw) => {
    const text = textOf(raw);
    return text === undefined ? undefined : (search(text) ?? undefined);
  };
}

/** A text that is compared by identity: engines keep one copy of each name of a property. */
function internal(text: string): string {
  return Object.keys({ [text]: 0 })[0] ?? text;
}

/** The value map of a field, for values that are there; undefined when it has none. */
function compileMap(rule: FieldRule): ((value: FieldValue) => FieldValue | undefined) | undefined {
  if (rule.values === undefined && rule.else === undefined) return;
  const values = new Map(
    Object.entries(rule.values ?? {}).map(([text, value]) => [text.toLowerCase(), internal(value)]),
  );
  const other = rule.else === undefined ? undefined : internal(rule.else);
  return (value) => {
    const text = String(value);
    const mapped = values.get(text) ?? values.get(text.toLowerCase()) ?? other ?? value;
    return mapped === '' ? undefined : mapped;
  };
}

/** A field of a parser as a function of any record: the meaning of the rule, step by step. */
export function compileField(rule: FieldRule): Extractor {
  const readers = (rule.from ?? []).map(createReader);
  const take = compileTake(rule);
  const map = compileMap(rule);
  const first: Extractor = (record) => {
    for (let i = 0; i < readers.length; i++) {
      const value = take((readers[i] as Reader)(record));
      if (value !== undefined) return value;
    }
    return;
  };
  const isList = listConversions.has(rule.as ?? 'text');
  const all: Extractor = (record) => {
    const values: FieldValue[] = [];
    for (const read of readers) {
      const value = take(read(record));
      if (value !== undefined) values.push(value);
    }
    return unite(values, isList);
  };
  const value = rule.collect === true ? all : first;
  return (record) => {
    const found = value(record);
    if (found === undefined) return rule.constant;
    return map === undefined ? found : map(found);
  };
}

/** Most answers that the map of one field remembers, and length of the texts they are for. */
const maxMapped = 256;
const maxMappedLength = 40;

/** Answers of a map that are found by the number of a text; a power of two. */
const maxPlaced = 16;

/** What a value map makes of a decoded text or flag; null when nothing. `place` may be any number. */
function compileMapped(
  rule: FieldRule,
): (raw: string | boolean, place: number) => FieldValue | null {
  const take = compileTake(rule);
  const map = compileMap(rule);
  const known = new Map<string | boolean, FieldValue | null>();
  const placed: (string | boolean)[] = new Array(maxPlaced).fill('');
  const answers: (FieldValue | null)[] = new Array(maxPlaced).fill(null);
  const answer = (raw: string | boolean): FieldValue | null => {
    const before = known.get(raw);
    if (before !== undefined) return before;
    const taken = take(raw);
    const value = (taken === undefined || map === undefined ? taken : map(taken)) ?? null;
    // A value that is not of the wanted form is left to the keys that follow, and so not told here.
    if (taken === undefined) return null;
    if (typeof raw === 'boolean' || raw.length <= maxMappedLength) {
      if (known.size >= maxMapped) known.clear();
      known.set(raw, value);
    }
    return value;
  };
  return (raw, place) => {
    const at = place & (maxPlaced - 1);
    if (placed[at] !== raw) {
      answers[at] = answer(raw);
      placed[at] = raw;
    }
    return answers[at] as FieldValue | null;
  };
}

/**
 * Code of a field's value. It reads the keys in place and treats the usual forms of a value there;
 * for everything else it asks compileField's function, which is slow and knows it all.
 */
function valueCode(rule: FieldRule, source: Source): string {
  const { keys, record } = source.access;
  const paths = (rule.from ?? []).filter((path) => mayHold(keys, path));
  const constant =
    rule.constant === undefined ? 'undefined' : source.constant(internal(rule.constant));
  if (paths.length === 0) return constant;
  const rest = `${source.constant(compileField(rule))}(${record})`;
  const isMapped = rule.values !== undefined || rule.else !== undefined;
  if (rule.collect === true || (rule.pattern !== undefined && isMapped)) return rest;
  const take = rule.pattern === undefined ? undefined : source.constant(compileTake(rule));
  const code = (i: number): string => {
    const path = paths[i];
    if (path === undefined) return constant;
    if (take !== undefined)
      return `((w = ${take}(${source.value(path)})) !== undefined ? w : ${code(i + 1)})`;
    if (!isPlainKey(path)) return rest;
    const isAbsent = `v === undefined || v === null || v === ''`;
    return `(v = ${source.access.value(path)}, ${usual(rule, source, source.access.place(path) ?? '0')} ? w : ${isAbsent} ? ${code(i + 1)} : ${rest})`;
  };
  return code(0);
}

/** A test whether `v` is of the usual form, which leaves the field's value in `w`. */
function usual(rule: FieldRule, source: Source, place: string): string {
  const conversion = rule.as ?? 'text';
  const isText = `typeof v === 'string' && v !== ''`;
  if (rule.values !== undefined || rule.else !== undefined || conversion === 'lower') {
    // `not of the wanted form` and `mapped to nothing` are both null: the slow way tells them apart.
    const mapped = source.constant(compileMapped(rule));
    return `(${isText} || typeof v === 'boolean') && (w = ${mapped}(v, ${place})) !== null`;
  }
  if (conversion === 'text') {
    return `${isText} && v.length <= ${maxText} && (w = v, true)`;
  }
  if (conversion === 'number') {
    const convert = source.constant(converters.number);
    return `(typeof v === 'number' ? v - v === 0 && (w = v, true) : ${isText} && (w = ${convert}(v)) !== undefined)`;
  }
  const convert = source.constant(converters[conversion]);
  return `v !== undefined && v !== null && v !== '' && (w = ${convert}(v, ${place})) !== undefined`;
}

/** One field by itself. */
export function compileValue(rule: FieldRule, access: Access): Generated<FieldValue | undefined> {
  const source = new Source(access);
  const value = valueCode(rule, source);
  return source.compile(`return ${value};`);
}

/** The first of the keys whose value is a text. */
export function compileText(
  paths: readonly string[],
  access: Access,
): Generated<string | undefined> {
  const source = new Source(access);
  const tests = paths
    .filter((path) => mayHold(access.keys, path))
    .map((path) => `if (typeof (v = ${source.value(path)}) === 'string' && v !== '') return v;`);
  return source.compile(tests.join(' '));
}

/**
 * All fields of a parser at once, as an object that always has the same shape: first `names`, whether the parser
 * sets them or not, then the rest in the order of the rules.
 */
export function compileFields(
  rules: FieldRules,
  access: Access,
  names: readonly string[] = [],
): Generated<Fields> {
  const source = new Source(access);
  const own = Object.keys(rules);
  const all = [...names, ...own.filter((name) => !names.includes(name))];
  const members = all.map((name) => {
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    const value = rule === undefined ? 'undefined' : valueCode(rule, source);
    // The name of the prototype is a plain name in brackets only.
    const quoted = JSON.stringify(name);
    return `${name === '__proto__' ? `[${quoted}]` : quoted}: ${value}`;
  });
  return source.compile(`return { ${members.join(', ')} };`);
}
