/**
 * Floods an engine with one kind of line, in a process of its own whose heap has a bound, and prints
 * what came of it as JSON. `node --max-old-space-size=N flood.js NAME`; memory.test.ts says what for.
 *
 * Lines are made one by one: the flood itself takes no memory.
 */
import { loadContent } from '#content';
import { type Counters, compile, createEngine, type LogLine } from '#engine';
import { builtInContent } from '../../../harness/package-root.js';

/** What a flood left behind. */
export interface Flooded {
  /** Mails, or web requests, that were sent. */
  readonly sent: number;
  readonly counters: Counters;
  /** Bytes of the whole process at its highest. */
  readonly peak: number;
}

const START = Date.UTC(2024, 0, 8);
const DAY = 86_400_000;
const MILLION = 1_000_000;
/** FLOOD_LONG=1: a million of everything; without it enough to pass every limit, in less time. */
const isLong = process.env['FLOOD_LONG'] === '1';
const counts = {
  domains: 20_000,
  recipients: isLong ? 1000 : 200,
  jumps: isLong ? MILLION : 30_000,
  reverse: isLong ? MILLION : 30_000,
  open: isLong ? MILLION : 215_000,
  users: isLong ? 1.05 * MILLION : 300_000,
  ids: isLong ? MILLION : 215_000,
  names: 55_000,
  long: isLong ? 20_000 : 600,
  slices: isLong ? 20_000 : 600,
} as const;
type Name = keyof typeof counts;

const iso = (time: number): string => new Date(time).toISOString();
const sender = (i: number): string => `user${i}@corp.example`;

interface Mail {
  readonly code: string;
  readonly time: number;
  readonly sender: string;
  readonly to: readonly string[];
}

function* receipt({ code, time, sender: from, to }: Mail): Generator<object> {
  yield {
    ...{ acc: 'C1', aCode: code, Sender: from, datetime: iso(time), Rcpt: to, Act: 'Acc' },
    ...{ Dir: 'Outbound', Subject: 'Offer', MsgId: `<${code}@corp.example>` },
  };
}

function* whole(mail: Mail): Generator<object> {
  const { code, time, sender: from, to } = mail;
  yield* receipt(mail);
  const common = {
    acc: 'C1',
    aCode: code,
    Sender: from,
    datetime: iso(time + 1),
    Subject: 'Offer',
  };
  yield { ...common, Act: 'Acc', MsgSize: 25_000, AttNames: null };
  yield { ...common, Rcpt: to, Delivered: true, Snt: 25_000, Attempt: 1, Dir: 'Outbound' };
}

const floods: Readonly<Record<Exclude<Name, 'long' | 'slices'>, () => Generator<object>>> = {
  /** One user mails to 1 M domains in one day. */
  *domains() {
    for (let i = 0; i < counts.domains; i += 1) {
      const to = Array.from({ length: 50 }, (_, k) => `a@domain${i * 50 + k}.example`);
      yield* whole({ code: `c${i}`, time: START + i * 4300, sender: sender(0), to });
    }
  },
  /** Mails with 10 000 recipients each, all on their way at the same time. */
  *recipients() {
    for (let i = 0; i < counts.recipients; i += 1) {
      const to = Array.from({ length: 10_000 }, (_, k) => `a${k}@domain${i}-${k % 100}.example`);
      yield* whole({ code: `c${i}`, time: START + i * 100, sender: sender(i % 50), to });
    }
  },
  /** A clock that jumps up to 50 years forward and back at every mail. */
  *jumps() {
    for (let i = 0; i < counts.jumps; i += 1) {
      const time = START + ((i * 7919) % 50) * 365 * DAY + i;
      yield* receipt({ code: `c${i}`, time, sender: sender(i % 5000), to: [`a@d${i}.example`] });
    }
  },
  /** The newest line first. */
  *reverse() {
    for (let i = 0; i < counts.reverse; i += 1) {
      const time = START - i * 60_000;
      yield* whole({ code: `c${i}`, time, sender: sender(i % 5000), to: [`a@d${i}.example`] });
    }
  },
  /** Receipts of more messages in ten minutes than may be open, of which nothing more is ever heard. */
  *open() {
    for (let i = 0; i < counts.open; i += 1) {
      const time = START + Math.floor(i * 0.6);
      yield* receipt({
        code: `c${i}`,
        time,
        sender: sender(i % 5000),
        to: [`a@d${i % 900}.example`],
      });
    }
  },
  /** More users on one day than may be in a session at once, each with one web request. */
  *users() {
    for (let i = 0; i < counts.users; i += 1) {
      const time = iso(START + i * 60);
      yield {
        type: 'web-activity',
        time,
        user: sender(i),
        web_domain: 'a.example',
        action: 'block',
      };
    }
  },
  /** More message ids in an hour than may be open. */
  *ids() {
    for (let i = 0; i < counts.ids; i += 1) {
      yield {
        ...{ senderAddress: sender(i % 5000), recipientAddress: 'a@b.example', subject: 'Offer' },
        ...{ eventTime: iso(START + Math.floor(i * 3.6)), route: 'outbound', policy: 'p' },
        ...{ action: 'none', messageId: `<${i}@corp.example>` },
      };
    }
  },
  /** More names of files in held mails than a model remembers, long ones, each a scope of its own. */
  *names() {
    for (let i = 0; i < counts.names; i += 1) {
      const names = Array.from({ length: 20 }, (_, k) => `"${'n'.repeat(150)}${i}-${k}.x${k}"`);
      const time = START + i * 1000;
      const mail = { code: `c${i}`, time, sender: sender(i % 5000), to: ['a@b.example'] };
      yield* receipt(mail);
      yield {
        ...{ acc: 'C1', aCode: mail.code, Sender: mail.sender, datetime: iso(time), Act: 'Hld' },
        ...{ Hld: 'ctnt', MsgSize: 25_000, Subject: 'Offer', AttNames: names.join(', ') },
      };
    }
  },
};

const pad = 'x'.repeat(1 << 20);

const line = (i: number, time: number, subject: string, rest: string): string =>
  `datetime=${iso(time)}|aCode=c${i}|acc=C1|Sender=${sender(0)}|Act=Acc|Dir=Outbound|` +
  `Rcpt=a@somewhere-else-${i}.example|MsgId=<${i}@corp.example>|Subject=\\${subject}\\|${rest}`;

/** Lines of 1 MiB, all of it subject, whose messages are open at the same time. */
function* long(): Generator<string> {
  for (let i = 0; i < counts.long; i += 1) yield line(i, START + i * 100, `${i} ${pad}`, '');
}

/** Lines of 1 MiB with one short new value each, which must not keep the line alive. */
function* slices(): Generator<string> {
  for (let i = 0; i < counts.slices; i += 1) {
    yield line(i, START + i * 3_600_000, `Offer ${i}`, `junk=${pad}`);
  }
}

function* texts(name: Name): Generator<string> {
  if (name === 'slices') yield* slices();
  else if (name === 'long') yield* long();
  else for (const record of floods[name]()) yield JSON.stringify(record);
}

function isName(name: string | undefined): name is Name {
  return name !== undefined && Object.hasOwn(counts, name);
}

const name = process.argv[2];
if (!isName(name)) throw new Error(`no flood is called ${name}`);

const { pack } = await loadContent(builtInContent);
if (pack === undefined) throw new Error('the built-in content has faults');
const outcome = compile([pack], { internal_domains: ['corp.example'], people: [] });
if (!outcome.ok) throw new Error('the built-in content does not compile');
const engine = createEngine(outcome.program, {});
let id = 0;
let batch: LogLine[] = [];
for (const text of texts(name)) {
  batch.push({ id: id++, text });
  if (batch.length < 64) continue;
  engine.push(batch);
  batch = [];
}
engine.push(batch);
engine.finish();
const flooded: Flooded = {
  sent: counts[name],
  counters: engine.counters,
  peak: process.resourceUsage().maxRSS * 1024,
};
process.stdout.write(JSON.stringify(flooded));
