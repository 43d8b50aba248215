/**
 * Words and names, taken once from @faker-js/faker's locale tables. Only the tables are used: its
 * generators draw from a shared state and are some twenty times slower than our streams.
 */

import { faker as de } from '@faker-js/faker/locale/de';
import { faker as en } from '@faker-js/faker/locale/en';
import { faker as gb } from '@faker-js/faker/locale/en_GB';
import { faker as india } from '@faker-js/faker/locale/en_IN';
import { faker as es } from '@faker-js/faker/locale/es';
import { faker as fr } from '@faker-js/faker/locale/fr';
import { faker as it } from '@faker-js/faker/locale/it';
import { faker as pl } from '@faker-js/faker/locale/pl';

interface NameTable {
  readonly first: readonly string[];
  readonly last: readonly string[];
}

function texts(value: unknown): string[] {
  return Array.isArray(value)
    ? value.filter((item): item is string => typeof item === 'string' && !item.includes('{'))
    : [];
}

function nameTable(source: typeof en): NameTable {
  const person = source.rawDefinitions.person;
  const first = person?.first_name as Record<string, unknown> | undefined;
  const last = person?.last_name as Record<string, unknown> | undefined;
  const all = (table: Record<string, unknown> | undefined): string[] => [
    ...new Set(Object.values(table ?? {}).flatMap(texts)),
  ];
  return { first: all(first), last: all(last) };
}

const AMERICAN = nameTable(en);

const TABLES: Readonly<Record<string, NameTable>> = {
  GB: nameTable(gb),
  US: AMERICAN,
  DE: nameTable(de),
  PL: nameTable(pl),
  ES: nameTable(es),
  IN: nameTable(india),
  FR: nameTable(fr),
  IT: nameTable(it),
};

/** Names as used in a country; those without a table of their own use the American one. */
export function namesOf(country: string): NameTable {
  return TABLES[country] ?? AMERICAN;
}

const SPECIAL: Readonly<Record<string, string>> = {
  ä: 'ae',
  ö: 'oe',
  ü: 'ue',
  ß: 'ss',
  ł: 'l',
  ø: 'o',
  æ: 'ae',
  đ: 'd',
  ı: 'i',
};

/** Names come again and again; other texts are few. */
const SLUGS = new Map<string, string>();
const MOST_SLUGS = 50_000;

/** Lower-case ASCII letters and digits of a text, as they stand in an address. */
export function slug(text: string): string {
  let short = SLUGS.get(text);
  if (short === undefined) {
    short = shorten(text);
    if (SLUGS.size >= MOST_SLUGS) SLUGS.clear();
    SLUGS.set(text, short);
  }
  return short;
}

function shorten(text: string): string {
  return text
    .toLowerCase()
    .replace(/[äöüßłøæđı]/g, (letter) => SPECIAL[letter] ?? '')
    .normalize('NFD')
    .replace(/[^a-z0-9]/g, '');
}

function slugs(words: readonly string[], longest = 12): string[] {
  return [...new Set(words.map(slug))].filter((w) => w.length >= 3 && w.length <= longest);
}

const definitions = en.rawDefinitions;

/** Pools for outside names, all ASCII. */
export const WORDS = {
  surnames: slugs(
    ['US', 'GB', 'DE', 'PL', 'ES', 'IT', 'FR'].flatMap((c) => namesOf(c).last.slice(0, 420)),
  ),
  firstNames: slugs(
    ['US', 'GB', 'DE', 'PL', 'ES', 'IT', 'FR', 'IN'].flatMap((c) => namesOf(c).first.slice(0, 260)),
  ),
  nouns: slugs(texts(definitions.word?.noun), 9),
  adjectives: slugs(texts(definitions.word?.adjective), 9),
  cities: slugs(texts(definitions.location?.city_name), 10),
  /** As written, for subjects and file names. */
  materials: texts(definitions.commerce?.product_name?.material),
  places: texts(definitions.location?.city_name),
} as const;
