/** The tests of a rule in words. */
import type { ContentPack, RuleEntry, RuleTest, TestStep } from '#content';
import { code, listed, prose } from './markdown.js';

const units = { ms: 'ms', s: 's', m: 'min', h: 'h', d: 'd', w: 'weeks' } as const;

/** `10m` as `10 min`. */
function lengthOf(duration: string): string {
  const parts = /^([0-9]+)(ms|s|m|h|d|w)$/.exec(duration);
  if (!parts) return duration;
  const unit = units[parts[2] as keyof typeof units];
  return `${parts[1]} ${parts[1] === '1' && unit === 'weeks' ? 'week' : unit}`;
}

const MB = 1024 ** 2;

/** A size as a test states it: exact bytes, with the larger unit beside where it says the same. */
function sizeOf(bytes: number): string {
  const [unit, name] = bytes >= MB ? [MB, 'MB'] : [1024, 'KB'];
  const amount = Number((bytes / unit).toFixed(2));
  const isMisleading = Number.isInteger(amount) && bytes % unit !== 0;
  return bytes < 1024 || isMisleading ? `${bytes} bytes` : `${bytes} bytes (${amount} ${name})`;
}

/** One test as a list entry, with the steps below it. Ends with a line end. */
export function testWords(pack: ContentPack, rule: RuleEntry, test: RuleTest): string {
  const verdict = verdictOf(test);
  const steps = [
    ...(test.history ?? []).map((step) => `before: ${stepWords(pack, rule, step)}`),
    ...test.events.map((step) => stepWords(pack, rule, step)),
  ];
  return `- **${verdict}**: ${prose(test.name)}\n${steps.map((step) => `  - ${step}\n`).join('')}`;
}

function verdictOf({ fires, events }: RuleTest): string {
  if (fires === true) {
    const count = events.reduce((sum, { repeat = 1 }) => sum + repeat, 0);
    return count === 1 ? 'fires' : 'fires on the last event only';
  }
  if (fires === false || fires.length === 0) return 'stays quiet';
  return `fires on event ${listed(fires.map(String))}`;
}

function stepWords(pack: ContentPack, rule: RuleEntry, step: TestStep): string {
  const { type = rule.events[0], after, repeat = 1, every = '1d', ...fields } = step;
  const kind = pack.eventTypes[type]?.kind;
  const when = after === undefined ? '' : `${lengthOf(after)} later, `;
  const times = repeat === 1 ? '' : `${repeat} times, ${lengthOf(every)} apart, `;
  const known = type === rule.events[0] ? '' : ` (${code(type)})`;
  const what =
    kind === 'mail' ? mailWords(fields) : kind === 'web' ? webWords(fields) : plainWords(fields);
  return `${when}${times}${what}${known}`;
}

type Fields = Readonly<Record<string, unknown>>;

const texts = (value: unknown): string[] =>
  (Array.isArray(value) ? value : value === undefined ? [] : [value]).map(String);

function mailWords({
  sender,
  user,
  recipient,
  recipients,
  subject,
  bytes,
  attachments,
  ...rest
}: Fields): string {
  const to = texts(recipients ?? recipient).map(code);
  const who = sender ?? user;
  return [
    'a mail',
    who === undefined ? '' : ` of ${code(String(who))}`,
    to.length > 0 ? ` to ${listed(to)}` : '',
    typeof bytes === 'number' ? `, ${sizeOf(bytes)}` : '',
    attachments === undefined ? '' : `, with ${listed(texts(attachments).map(code))}`,
    subject === undefined ? '' : `, subject ${code(String(subject))}`,
    restWords(rest),
  ].join('');
}

function webWords({ user, url, web_domain, category, method, bytes_in, ...rest }: Fields): string {
  return [
    'a request',
    user === undefined ? '' : ` of ${code(String(user))}`,
    ` to ${code(String(web_domain ?? url ?? 'a site'))}`,
    method === undefined ? '' : ` (${String(method)})`,
    category === undefined ? '' : `, category ${code(String(category))}`,
    typeof bytes_in === 'number' ? `, ${sizeOf(bytes_in)} uploaded` : '',
    restWords(rest),
  ].join('');
}

function plainWords({ user, ...rest }: Fields): string {
  return `an event${user === undefined ? '' : ` of ${code(String(user))}`}${restWords(rest)}`;
}

function restWords(rest: Fields): string {
  return Object.entries(rest)
    .map(([name, value]) =>
      value === null
        ? `, without ${code(name)}`
        : `, ${code(name)} ${listed(texts(value).map(code)) || 'empty'}`,
    )
    .join('');
}
