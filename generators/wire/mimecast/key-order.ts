/**
 * The order of keys in Mimecast's v1 records: the iteration order of a Java HashMap. It depends on
 * the whole set of keys, because the table doubles at three quarters full.
 */

function bucketHash(key: string): number {
  let h = 0;
  for (let i = 0; i < key.length; i++) h = (Math.imul(31, h) + key.charCodeAt(i)) | 0;
  return h ^ (h >>> 16);
}

/**
 * Keys in the order in which the map gives them back. Keys of one bucket keep their order of
 * insertion. `others` counts entries that are in the map as well but written elsewhere.
 */
export function hashOrder(keys: readonly string[], others = 0): string[] {
  let capacity = 16;
  while (keys.length + others > capacity * 0.75) capacity *= 2;
  return keys
    .map((key, inserted) => ({ key, inserted, bucket: bucketHash(key) & (capacity - 1) }))
    .sort((a, b) => a.bucket - b.bucket || a.inserted - b.inserted)
    .map(({ key }) => key);
}

/** Writes records of one type; values that are undefined leave their key out. */
export class RecordLayout {
  private readonly fields: readonly string[];
  private readonly shapes = new Map<number, { prefix: string; slot: number }[]>();
  private readonly arrange: (keys: readonly string[]) => { key: string; prefix: string }[];
  private readonly end: string;

  /** At most 30 fields, in order of insertion. */
  constructor(
    fields: readonly string[],
    arrange: (keys: readonly string[]) => { key: string; prefix: string }[],
    end: string,
  ) {
    this.fields = fields;
    this.arrange = arrange;
    this.end = end;
  }

  /** `values` are written as they are, in the order of the fields. */
  write(values: readonly (string | undefined)[]): string {
    let mask = 0;
    for (let i = 0; i < values.length; i++) if (values[i] !== undefined) mask |= 1 << i;
    let shape = this.shapes.get(mask);
    if (shape === undefined) {
      const present = this.fields.filter((_, i) => (mask & (1 << i)) !== 0);
      shape = this.arrange(present).map(({ key, prefix }) => ({
        prefix,
        slot: this.fields.indexOf(key),
      }));
      this.shapes.set(mask, shape);
    }
    let text = '';
    for (let i = 0; i < shape.length; i++) {
      const part = shape[i] as { prefix: string; slot: number };
      text += part.prefix + (values[part.slot] as string);
    }
    return text + this.end;
  }
}

/** One JSON object per record, compact. */
export function jsonLayout(fields: readonly string[]): RecordLayout {
  return new RecordLayout(
    fields,
    (keys) => hashOrder(keys).map((key, i) => ({ key, prefix: `${i === 0 ? '{' : ','}"${key}":` })),
    '}',
  );
}

/** Keys that key=value records put first, when they have them. */
const LEADING = ['datetime', 'aCode', 'acc'];

/** `datetime=…|aCode=…|acc=…|` and the rest in map order; of the three, two count in the map. */
export function keyValueLayout(fields: readonly string[]): RecordLayout {
  return new RecordLayout(
    fields,
    (keys) => {
      const leading = LEADING.filter((key) => keys.includes(key));
      const rest = keys.filter((key) => !LEADING.includes(key));
      return [...leading, ...hashOrder(rest, 2)].map((key, i) => ({
        key,
        prefix: `${i === 0 ? '' : '|'}${key}=`,
      }));
    },
    '',
  );
}
