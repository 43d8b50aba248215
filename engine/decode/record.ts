/** One decoded record: keys as the product writes them, values not yet interpreted. */
export type FlatRecord = { readonly [key: string]: unknown };

/** Null, undefined and the empty text count as absent everywhere. */
export function isThere(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '';
}

export function isRecord(value: unknown): value is FlatRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The value of a key, never one that every object inherits. Objects of JSON.parse inherit from
 * Object.prototype, so a key such as `constructor` must not find a function there.
 */
export function valueAt(record: FlatRecord, key: string): unknown {
  const value = record[key];
  return value === undefined || key in Object.prototype
    ? Object.hasOwn(record, key)
      ? value
      : undefined
    : value;
}

/** A way to a value: keys from the outside in. */
export type Reader = (record: FlatRecord) => unknown;

function isPair(value: unknown): value is FlatRecord {
  return (
    isRecord(value) &&
    (('Name' in value && 'Value' in value) || ('name' in value && 'value' in value))
  );
}

/** A list of {Name, Value} pairs is read as an object by its names. */
function step(value: unknown, key: string): unknown {
  let from = value;
  if (typeof from === 'string') {
    const first = from.charCodeAt(0);
    if (first !== 91 && first !== 123) return;
    try {
      from = JSON.parse(from);
    } catch {
      return;
    }
  }
  if (Array.isArray(from)) {
    for (const pair of from)
      if (isPair(pair) && (pair['Name'] === key || pair['name'] === key))
        return pair['Value'] ?? pair['value'];
    const found: unknown[] = [];
    for (const entry of from) {
      const inner = isRecord(entry) && !isPair(entry) ? valueAt(entry, key) : undefined;
      if (isThere(inner)) found.push(inner);
    }
    return found.length === 0 ? undefined : found;
  }
  return isRecord(from) ? valueAt(from, key) : undefined;
}

/**
 * Reads `a` or `a.b.c`. Below the first key a text that holds JSON is opened, a list of
 * {Name, Value} pairs is read by name, and any other list yields the list of its members' values.
 */
export function createReader(path: string): Reader {
  if (!path.includes('.')) {
    if (path in Object.prototype) return (record) => valueAt(record, path);
    return (record) => record[path];
  }
  const [first = '', ...rest] = path.split('.');
  return (record) => {
    let value = valueAt(record, path);
    if (value !== undefined) return value;
    value = valueAt(record, first);
    for (const key of rest) {
      if (!isThere(value)) return;
      value = step(value, key);
    }
    return value;
  };
}

function Bare(): void {
  // Makes objects without anything inherited. Object.create(null) would make a slow dictionary.
}
Bare.prototype = Object.freeze(Object.create(null));

/** A record to be filled, in which no key finds what objects inherit. */
export function newRecord<T>(): Record<string, T> {
  return new (Bare as unknown as new () => Record<string, T>)();
}
