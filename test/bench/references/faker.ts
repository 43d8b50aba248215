/**
 * Lines by faker: for each key of a line one call of faker, then JSON.stringify. How such lines are
 * made where nobody minds what is in them.
 */
import { faker } from '@faker-js/faker/locale/en';

type Make = () => unknown;

const list = <T>(make: () => T): T[] => faker.helpers.multiple(make, { count: 2 });

/** By what a key's name says; the first that fits. */
const makers: readonly (readonly [RegExp, Make])[] = [
  [/^(datetime|time|CreationTime|eventTime)$/i, () => faker.date.recent().toISOString()],
  [/(ip|ClientIP)$/i, () => faker.internet.ip()],
  [/(sender|rcpt|recipient|from|user|UserId|hdrFrom)/i, () => faker.internet.email().toLowerCase()],
  [/subject/i, () => faker.lorem.sentence()],
  [/(AttNames|attachments)/i, () => list(() => faker.system.fileName())],
  [/(MsgId|messageId)/i, () => `<${faker.string.uuid()}@${faker.internet.domainName()}>`],
  [/(aCode|acc|id|processingId|aggregateId)$/i, () => faker.string.alphanumeric(22)],
  [/(size|bytes|count|attCnt|delay|latency)/i, () => faker.number.int({ max: 10_000_000 })],
  [/url$/i, () => faker.internet.url()],
  [/domain/i, () => faker.internet.domainName()],
  [/(agent)/i, () => faker.internet.userAgent()],
];

const byKey = new Map<string, Make>();

function makerOf(key: string, sample: unknown): Make {
  const known = byKey.get(key);
  if (known !== undefined) return known;
  const named = makers.find(([name]) => name.test(key))?.[1];
  const made = named ?? plainMaker(sample);
  byKey.set(key, made);
  return made;
}

function plainMaker(sample: unknown): Make {
  if (typeof sample === 'number') return () => faker.number.int({ max: 100_000 });
  if (typeof sample === 'boolean') return () => faker.datatype.boolean();
  if (typeof sample === 'object' && sample !== null) return () => list(() => faker.word.noun());
  return () => faker.word.noun();
}

export type Shape = readonly (readonly [key: string, make: Make])[];

/** The keys of a line, each with how faker fills it. */
export function shapeOf(line: string): Shape {
  const record = JSON.parse(line) as Record<string, unknown>;
  return Object.entries(record).map(([key, sample]) => [key, makerOf(key, sample)]);
}

/** A line of the same keys. */
export function fakeLine(shape: Shape): string {
  const record: Record<string, unknown> = {};
  for (const [key, make] of shape) record[key] = make();
  return JSON.stringify(record);
}

export function seedFaker(): void {
  faker.seed(1);
}
