import type { TableEntry } from '#content';
import type { Directory } from './contract.js';
import { memberSet } from './expression/index.js';

/** Context tables as the engine reads them. Unknown tables are empty; texts are lower case. */
export interface Tables {
  has(table: string, value: string): boolean;
  /** Entry of a lookup table. */
  map(table: string, key: string): string | undefined;
  /** Sorted; the same array at every call. */
  members(table: string): readonly string[];
  readonly ids: readonly string[];
}

const NONE: readonly string[] = [];

/**
 * The pack's tables, with the directory's domains in `internal_domains` and its executives'
 * addresses in `executives`.
 */
export function buildTables(entries: readonly TableEntry[], directory: Directory): Tables {
  const members = new Map<string, readonly string[]>();
  const maps = new Map<string, ReadonlyMap<string, string>>();
  for (const entry of entries) {
    members.set(entry.id, entry.members);
    if (entry.map !== undefined) {
      const lowered = Object.entries(entry.map).map(([key, value]) => [key.toLowerCase(), value]);
      maps.set(entry.id, new Map(lowered as [string, string][]));
    }
  }
  const executives = directory.people
    .filter((person) => person.executive === true)
    .flatMap((person) => [person.user, ...(person.aliases ?? [])]);
  members.set(
    'internal_domains',
    merged(members.get('internal_domains'), directory.internal_domains),
  );
  members.set('executives', merged(members.get('executives'), executives));
  const sets = new Map<string, ReadonlySet<string>>();
  return {
    has: (table, value) => {
      let set = sets.get(table);
      if (set === undefined) {
        set = memberSet(members.get(table) ?? NONE);
        sets.set(table, set);
      }
      return set.has(value);
    },
    map: (table, key) => maps.get(table)?.get(key),
    members: (table) => members.get(table) ?? NONE,
    ids: [...members.keys()].sort(),
  };
}

function merged(known: readonly string[] | undefined, more: readonly string[]): readonly string[] {
  return [...new Set([...(known ?? NONE), ...more.map((text) => text.toLowerCase())])].sort();
}
