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

/** A key of a record. Strings stand in quotes where the form has quotes, other values as they are. */
export interface Field {
  readonly key: string;
  readonly string: boolean;
  /** What it always says, spelt; of its value only whether there is one counts. */
  readonly constant: string | undefined;
}

/** How records are put together, whatever their keys. */
interface Form {
  readonly arrange: (keys: readonly string[]) => string[];
  readonly begin: string;
  readonly between: string;
  readonly end: string;
  readonly key: (key: string) => string;
  readonly quote: string;
}

const JSON_FORM: Form = {
  arrange: (keys) => hashOrder(keys),
  begin: '{',
  between: ',',
  end: '}',
  key: (key) => `"${key}":`,
  quote: '"',
};

/** Keys that key=value records put first, when they have them. */
const LEADING = ['datetime', 'aCode', 'acc'];

/** Of the three that come first, two count in the map. */
const KEY_VALUE_FORM: Form = {
  arrange: (keys) => [
    ...LEADING.filter((key) => keys.includes(key)),
    ...hashOrder(
      keys.filter((key) => !LEADING.includes(key)),
      2,
    ),
  ],
  begin: '',
  between: '|',
  end: '',
  key: (key) => `${key}=`,
  quote: '',
};

/** A set of keys: the texts around the values, and where the values are. */
interface Shape {
  readonly texts: readonly string[];
  readonly slots: readonly number[];
}

/** Writes records of one type; values that are undefined leave their key out. */
export class RecordLayout {
  private readonly fields: readonly Field[];
  private readonly inserted: readonly string[];
  private readonly form: Form;
  private readonly shapes = new Map<number, Shape>();
  private mask = -1;
  private shape: Shape = { texts: [''], slots: [] };

  /** At most 31 fields. `inserted` has their keys in order of insertion. */
  constructor(form: Form, fields: readonly Field[], inserted?: readonly string[]) {
    this.form = form;
    this.fields = fields;
    this.inserted = inserted ?? fields.map(({ key }) => key);
  }

  /** `values` are spelt already, without quotes, in the order of the fields. */
  write(values: readonly (string | undefined)[]): string {
    let mask = 0;
    for (let i = 0; i < values.length; i++) if (values[i] !== undefined) mask |= 1 << i;
    if (mask !== this.mask) {
      this.mask = mask;
      this.shape = this.shapes.get(mask) ?? this.made(mask);
    }
    const { texts, slots } = this.shape;
    let text = texts[0] as string;
    for (let i = 0; i < slots.length; i++) {
      text += (values[slots[i] as number] as string) + (texts[i + 1] as string);
    }
    return text;
  }

  /** Everything between two values that can change becomes one text. */
  private made(mask: number): Shape {
    const { begin, between, end, quote } = this.form;
    const slotOf = new Map(this.fields.map(({ key }, slot) => [key, slot] as const));
    const present = this.inserted.filter((key) => (mask & (1 << (slotOf.get(key) ?? 31))) !== 0);
    const texts: string[] = [];
    const slots: number[] = [];
    let text = begin;
    this.form.arrange(present).forEach((key, i) => {
      const slot = slotOf.get(key) ?? 0;
      const { string, constant } = this.fields[slot] as Field;
      text += (i === 0 ? '' : between) + this.form.key(key) + (string ? quote : '');
      if (constant === undefined) {
        texts.push(text);
        slots.push(slot);
        text = '';
      } else text += constant;
      if (string) text += quote;
    });
    texts.push(text + end);
    const shape = { texts, slots };
    this.shapes.set(mask, shape);
    return shape;
  }
}

/**
 * Fields by their keys, separated by blanks; `#` behind a key: its value is no string. `constants`
 * has the values that are the same in every record.
 */
export function fieldsOf(keys: string, constants: Readonly<Record<string, string>> = {}): Field[] {
  return keys.split(' ').map((name) => {
    const string = !name.endsWith('#');
    const key = string ? name : name.slice(0, -1);
    return { key, string, constant: constants[key] };
  });
}

/** One JSON object per record, compact, keys in map order. */
export function jsonLayout(fields: readonly Field[], inserted?: readonly string[]): RecordLayout {
  return new RecordLayout(JSON_FORM, fields, inserted);
}

/** One JSON object per record, compact, keys in the order of the fields. */
export function orderedLayout(fields: readonly Field[]): RecordLayout {
  return new RecordLayout({ ...JSON_FORM, arrange: (keys) => [...keys] }, fields);
}

/** `datetime=…|aCode=…|acc=…|` and the rest in map order. */
export function keyValueLayout(
  fields: readonly Field[],
  inserted?: readonly string[],
): RecordLayout {
  return new RecordLayout(KEY_VALUE_FORM, fields, inserted);
}
