import { RE2JS } from 're2js';
import type { ExpressionType } from './tree.js';

/** What functions do at run time, apart from the table that names them. */

/** Value of an expression at run time. An absent number is NaN, absent text or list undefined. */
export type ExpressionValue =
  | string
  | number
  | boolean
  | readonly string[]
  | readonly number[]
  | readonly boolean[]
  | undefined;

/** What an expression of the type yields when it is absent. */
export function absentOf(type: ExpressionType): ExpressionValue {
  if (type === 'number') return Number.NaN;
  return type === 'flag' ? false : undefined;
}

/** Whether the value stands for "absent". A flag never does: an absent one is false. */
export function isAbsent(value: ExpressionValue): boolean {
  return value === undefined || Number.isNaN(value);
}

const KB = 1024;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const LAST_DATE = 8.64e15;

/** Characters of a text; a surrogate pair is one. */
export function codePoints(text: string): number {
  let count = text.length;
  for (let i = 0; i < text.length - 1; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0xd800 || unit > 0xdbff) continue;
    const next = text.charCodeAt(i + 1);
    if (next >= 0xdc00 && next <= 0xdfff) {
      count--;
      i++;
    }
  }
  return count;
}

function trimmedDecimal(value: number, digits: number): string {
  return String(Number(value.toFixed(digits)));
}

const sizeUnits = ['KB', 'MB', 'GB', 'TB', 'PB'] as const;

/** Bytes for reading, in binary units: `4.9 MB`. */
export function sizeText(bytes: number): string | undefined {
  if (!Number.isFinite(bytes)) return undefined;
  const sign = bytes < 0 ? '-' : '';
  let value = Math.abs(bytes);
  if (Math.round(value) < KB) {
    const whole = Math.round(value);
    return `${whole === 0 ? '' : sign}${whole} ${whole === 1 ? 'byte' : 'bytes'}`;
  }
  let unit = -1;
  while (unit < sizeUnits.length - 1 && (unit < 0 || Number(value.toFixed(1)) >= KB)) {
    value /= KB;
    unit++;
  }
  return `${sign}${trimmedDecimal(value, 1)} ${sizeUnits[unit]}`;
}

const durationUnits = [
  ['d', DAY],
  ['h', HOUR],
  ['min', MINUTE],
  ['s', 1000],
  ['ms', 1],
] as const;

/** Milliseconds for reading, in the two largest units: `3 d 4 h`. */
export function durationText(milliseconds: number): string | undefined {
  if (!Number.isFinite(milliseconds)) return undefined;
  const whole = Math.round(Math.abs(milliseconds));
  const sign = milliseconds < 0 && whole > 0 ? '-' : '';
  for (let i = 0; i < durationUnits.length; i++) {
    const [name, length] = durationUnits[i] as (typeof durationUnits)[number];
    if (whole < length) continue;
    const large = Math.floor(whole / length);
    const next = durationUnits[i + 1];
    const small = next ? Math.floor((whole % length) / next[1]) : 0;
    return small > 0 && next
      ? `${sign}${large} ${name} ${small} ${next[0]}`
      : `${sign}${large} ${name}`;
  }
  return '0 s';
}

/** A share from 0 to 1 for reading: `93 %`; one decimal near the ends. */
export function percentText(share: number): string | undefined {
  if (!Number.isFinite(share)) return undefined;
  const percent = share * 100;
  const edge = (percent > 0 && percent < 1) || (percent > 99 && percent < 100);
  return `${trimmedDecimal(percent, edge ? 1 : 0)} %`;
}

/** Milliseconds since 1970 UTC for reading: `2024-01-08 09:00 UTC`. */
export function timeText(time: number): string | undefined {
  if (!(Math.abs(time) <= LAST_DATE)) return undefined;
  const text = new Date(time).toISOString();
  return `${text.slice(0, text.indexOf('T'))} ${text.slice(text.indexOf('T') + 1, text.indexOf('T') + 6)} UTC`;
}

const letterOrDigit = /[\p{L}\p{N}]/u;

/** Runs without white space that hold a letter or digit. */
export function wordCount(text: string): number {
  let count = 0;
  for (const piece of text.split(/\s+/u)) if (letterOrDigit.test(piece)) count++;
  return count;
}

const wordPattern = /[\p{L}\p{N}\p{M}]+/gu;
const plainPhrase = /^[\p{L}\p{N}\p{M}\s._-]+$/u;
const wordCharacter = /[\p{L}\p{N}\p{M}]/u;

const beyondAscii = /[^\0-\x7f]/;

function fold(text: string): string {
  // Nothing to compose in ASCII, and looking costs far less than trying.
  return (beyondAscii.test(text) ? text.normalize('NFKC') : text).toLowerCase();
}

interface FoldedText {
  readonly text: string;
  readonly folded: string;
  readonly words: readonly string[];
}

let lastFolded: FoldedText = { text: '', folded: '', words: [] };

/** Several rules search the same subject one after the other, so the last one is kept. */
function foldedText(text: string): FoldedText {
  if (lastFolded.text === text) return lastFolded;
  const folded = fold(text);
  lastFolded = { text, folded, words: folded.match(wordPattern) ?? [] };
  return lastFolded;
}

function occursBetweenWords(text: string, phrase: string): boolean {
  // The character on either side is one code point, so surrogate pairs are read whole.
  const first = String.fromCodePoint(phrase.codePointAt(0) as number);
  const last = Array.from(phrase).at(-1) as string;
  for (let at = text.indexOf(phrase); at >= 0; at = text.indexOf(phrase, at + 1)) {
    const before = Array.from(text.slice(Math.max(0, at - 2), at)).at(-1);
    const after = text.codePointAt(at + phrase.length);
    const open = before === undefined || !wordCharacter.test(before) || !wordCharacter.test(first);
    const shut =
      after === undefined ||
      !wordCharacter.test(String.fromCodePoint(after)) ||
      !wordCharacter.test(last);
    if (open && shut) return true;
  }
  return false;
}

/** Lower-case letter or digit of ASCII as a number from 1 to 36; 0 for anything else. */
function wordUnit(unit: number): number {
  if (unit >= 0x61 && unit <= 0x7a) return unit - 0x60;
  if (unit >= 0x41 && unit <= 0x5a) return unit - 0x40;
  return unit >= 0x30 && unit <= 0x39 ? unit - 0x15 : 0;
}

/** The first three letters of the word that begins at a place, as one number; 0 for what is no letter or digit. */
function beginning(text: string, at: number): number {
  const first = wordUnit(text.charCodeAt(at));
  const second = at + 1 < text.length ? wordUnit(text.charCodeAt(at + 1)) : 0;
  const third = second !== 0 && at + 2 < text.length ? wordUnit(text.charCodeAt(at + 2)) : 0;
  return (first * 37 + second) * 37 + third;
}

/**
 * A cheap test that is false only for texts none of whose words is in the list: by the first three
 * letters of each word. Texts beyond ASCII always pass.
 */
function beginnings(words: readonly string[]): (text: string) => boolean {
  // A bit each, as all of them are to stay in the fastest memory.
  const known = new Int32Array(Math.ceil(37 ** 3 / 32));
  for (const word of words) {
    const key = beginning(word, 0);
    known[key >> 5] = (known[key >> 5] as number) | (1 << (key & 31));
  }
  return (text) => {
    let isInside = false;
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      if (unit > 0x7f) return true;
      const isLetter = wordUnit(unit) !== 0;
      if (isLetter && !isInside) {
        const key = beginning(text, i);
        if (((known[key >> 5] as number) & (1 << (key & 31))) !== 0) return true;
      }
      isInside = isLetter;
    }
    return false;
  };
}

/**
 * Whole-word search for many phrases at once, linear in the text. Phrases of letters and digits are
 * compared word by word, so `-`, `_`, `.` and any run of spaces separate alike; a phrase with other
 * signs (`c++`) is searched as it stands.
 */
function phraseMatcher(phrases: readonly string[]): (text: string) => boolean {
  const byFirst = new Map<string, string[][]>();
  const literal: string[] = [];
  for (const phrase of phrases) {
    const folded = fold(phrase);
    const words = folded.match(wordPattern);
    if (words && plainPhrase.test(folded)) {
      const first = words[0];
      const known = byFirst.get(first);
      if (known) known.push(words.slice(1));
      else byFirst.set(first, [words.slice(1)]);
    } else if (folded.trim() !== '') literal.push(folded.trim());
  }
  const mayBegin = beginnings([...byFirst.keys()]);
  return (text) => {
    if (literal.length === 0 && !mayBegin(text)) return false;
    const { folded, words } = foldedText(text);
    if (literal.some((phrase) => occursBetweenWords(folded, phrase))) return true;
    for (let i = 0; i < words.length; i++) {
      const candidates = byFirst.get(words[i] as string);
      if (!candidates) continue;
      for (const rest of candidates) {
        if (rest.every((word, j) => words[i + 1 + j] === word)) return true;
      }
    }
    return false;
  };
}

const setOfMembers = new WeakMap<readonly string[], ReadonlySet<string>>();
const matcherOfMembers = new WeakMap<readonly string[], (text: string) => boolean>();

/** The members of a table as a set, the same one for the same array: some have a hundred thousand. */
export function memberSet(members: readonly string[]): ReadonlySet<string> {
  let set = setOfMembers.get(members);
  if (set === undefined) {
    set = new Set(members);
    setOfMembers.set(members, set);
  }
  return set;
}

function memberMatcher(members: readonly string[]): (text: string) => boolean {
  const known = matcherOfMembers.get(members);
  if (known) return known;
  const made = phraseMatcher(members);
  matcherOfMembers.set(members, made);
  return made;
}

/**
 * What `in_table`, `any_in_table` or `contains_any` does for one table, as a function of its other
 * argument (text or texts; absent gives false). Members are lower case, as a content pack holds
 * them. Calls with the same array share one set or matcher.
 */
export function tableFunction(
  name: string,
  members: readonly string[],
): (argument: ExpressionValue) => boolean {
  switch (name) {
    case 'in_table': {
      const set = memberSet(members);
      return (text) => typeof text === 'string' && set.has(text.toLowerCase());
    }
    case 'any_in_table': {
      const set = memberSet(members);
      return (texts) => {
        if (!Array.isArray(texts)) return false;
        for (const text of texts) if (set.has((text as string).toLowerCase())) return true;
        return false;
      };
    }
    case 'contains_any': {
      const matches = memberMatcher(members);
      return (text) => typeof text === 'string' && matches(text);
    }
    default:
      throw new Error(`${name} does not read a context table`);
  }
}

const patterns = new Map<string, (text: string) => boolean>();

/** Linear-time search for a pattern anywhere in a text. Throws for a pattern that RE2 refuses. */
export function patternFunction(pattern: string): (text: string | undefined) => boolean {
  const known = patterns.get(pattern);
  if (known) return known as (text: string | undefined) => boolean;
  const compiled = RE2JS.compile(pattern);
  const made = (text: string | undefined) => text !== undefined && compiled.test(text);
  // Content holds few patterns; the bound is for a service that reloads content for ever.
  if (patterns.size >= 1000) patterns.clear();
  patterns.set(pattern, made);
  return made;
}
