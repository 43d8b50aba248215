import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { runCli as runFromSource } from '../../harness/cli/cli.js';
import { count } from '../../harness/format.js';
import { builtInContent, packageRoot } from '../../harness/package-root.js';
import type { NotableSession, TriggerRecord } from '../../harness/replay.js';
import { type Outcome, runInMemory } from '../unit/harness/memory-shell.js';

const START = Date.UTC(2024, 2, 4, 7);
const MINUTE = 60_000;
const users = ['ann', 'bob', 'eve', 'joe', 'lea', 'sam'];
const domains = ['gmail.com', 'partner.example', 'rival.example', 'post.example', 'web.de'];

/** Receipt, process and delivery lines of a week's mail, in order of time. */
function makeLog(): string[] {
  const lines: { time: number; text: string }[] = [];
  for (let i = 0; i < 420; i++) {
    const time = START + i * 23 * MINUTE + ((i * i) % 7) * MINUTE;
    const name = users[(i * i + i) % 6] as string;
    const domain = domains[(i * i * i) % 5] as string;
    const add = (after: number, fields: object): void => {
      const datetime = new Date(time + after).toISOString().replace('.000Z', '+0000');
      const key = { acc: 'C0A0', aCode: `m${i}`, MsgId: `<m${i}@corp.example>`, datetime };
      const Sender = `${name}@corp.example`;
      lines.push({ time: time + after, text: JSON.stringify({ ...key, Sender, ...fields }) });
    };
    const Rcpt = `${i % 3 === 0 ? name : `p${i % 11}`}@${domain}`;
    const size = 20_000 + (i % 13) * 700_000;
    const files = i % 4 === 0 ? '"plan.docx", "main.java"' : '';
    add(0, {
      Rcpt,
      Act: 'Acc',
      IP: '192.0.2.1',
      Dir: 'Outbound',
      headerFrom: `${name}@corp.example`,
    });
    add(0, { Act: 'Acc', AttSize: size, AttCnt: files ? 2 : 0, AttNames: files, MsgSize: size });
    add(MINUTE * (1 + (i % 5)), { Rcpt, Delivered: true, Dir: 'Outbound', Attempt: 1, Snt: size });
  }
  return lines.sort((a, b) => a.time - b.time).map(({ text }) => text);
}

const log = makeLog();
const rules = [
  'EM-PublicDomain',
  'EM-UD-F',
  'EM-UD-A',
  'EM-OD-F',
  'EM-File',
  'EM-BSum-5MB',
  'EM-Bytes',
];
/** Compiled, which starts sooner: `npm test` compiles before it tests. */
let runCli: typeof runFromSource;
let content: string;
let cwd: string;
let whole: Told;

beforeAll(async () => {
  const compiled = pathToFileURL(join(packageRoot, 'dist/harness/cli/cli.js')).href;
  ({ runCli } = (await import(compiled)) as { runCli: typeof runFromSource });
  content = mkdtempSync(join(tmpdir(), 'leakdrill-state-content-'));
  for (const part of ['event-types.yaml', 'attack.json', 'gates.yaml', 'models', 'context'])
    cpSync(join(builtInContent, part), join(content, part), { recursive: true });
  rmSync(join(content, 'context/disposable_email_domains.yaml'));
  for (const kind of ['receipt', 'process', 'delivery']) {
    const file = `parsers/mimecast/siem-v1-${kind}.yaml`;
    cpSync(join(builtInContent, file), join(content, file));
  }
  for (const id of rules) {
    const file = `rules/T1048.003/${id}.yaml`;
    cpSync(join(builtInContent, file), join(content, file));
  }
  cwd = mkdtempSync(join(tmpdir(), 'leakdrill-state-'));
  whole = await tell(write('whole.json', log));
});
afterAll(() => {
  rmSync(content, { recursive: true, force: true });
  rmSync(cwd, { recursive: true, force: true });
});
beforeEach(() => {
  for (const name of ['s', 's.leakdrill-lock', 's.leakdrill-new'])
    rmSync(join(cwd, name), { force: true });
});

function write(name: string, lines: readonly string[]): string {
  writeFileSync(join(cwd, name), lines.map((line) => `${line}\n`).join(''));
  return name;
}

const replay = (...argv: string[]): Promise<Outcome> => {
  const own = argv.includes('--content') ? [] : ['--content', content];
  return runInMemory(['replay', '--internal-domain', 'corp.example', ...own, ...argv], {
    cwd,
    runCli,
  });
};

interface Told {
  readonly triggers: readonly TriggerRecord[];
  readonly sessions: readonly NotableSession[];
  readonly counters: {
    lines: number;
    triggers: number;
    sessions: number;
    events: Record<string, number>;
  };
  readonly stderr: string;
}

async function tell(...argv: string[]): Promise<Told> {
  const { code, stdout, stderr } = await replay(...argv, '--report', 'json', '--out', 'out.jsonl');
  if (code !== 0) throw new Error(`ended with ${code}: ${stderr}`);
  const { counters, sessions } = JSON.parse(stdout) as Told;
  const triggers = readFileSync(join(cwd, 'out.jsonl'), 'utf8').split('\n').filter(Boolean);
  return {
    triggers: triggers.map((line) => JSON.parse(line) as TriggerRecord),
    sessions,
    counters,
    stderr,
  };
}

/** The texts where the evidence says that they stand. */
function withTexts(triggers: readonly TriggerRecord[]): object[] {
  const files = new Map<string, string[]>();
  const linesOf = (file: string): string[] => {
    const lines = files.get(file) ?? readFileSync(join(cwd, file), 'utf8').split('\n');
    files.set(file, lines);
    return lines;
  };
  return triggers.map(({ evidence, ...trigger }) => {
    const texts = evidence.map((place) => {
      const [file = '', line] = place.split(':');
      return linesOf(file)[Number(line) - 1];
    });
    return { ...trigger, texts };
  });
}

const half = Math.floor(log.length / 2);
const first = (): string => write('first.json', log.slice(0, half));
const second = (): string => write('second.json', log.slice(half));

describe('replays with a state', () => {
  test.each([
    ['in the middle', [half]],
    ['between the lines of one message', [1, 2, 601]],
    ['in five', [100, 101, 555, 1100]],
    ['at the end', [log.length - 1]],
  ])('over a log that is cut %s tell together what one replay tells of all', async (_, cuts) => {
    const told: Told[] = [];
    for (const [i, from] of [0, ...cuts].entries()) {
      const to = cuts[i] ?? log.length;
      const name = write(`part-${i}.json`, log.slice(from, to));
      told.push(await tell(name, '--state', 's', ...(to === log.length ? ['--close'] : [])));
      // A run tells of itself alone.
      expect(told[i]?.counters.lines).toBe(to - from);
    }
    const triggers = told.flatMap((one) => one.triggers);
    expect(whole.triggers.length).toBeGreaterThan(100);
    expect(withTexts(triggers)).toEqual(withTexts(whole.triggers));
    const sum = (name: 'triggers' | 'sessions'): number =>
      told.reduce((all, { counters }) => all + counters[name], 0);
    expect(sum('triggers')).toBe(whole.counters.triggers);
    expect(sum('sessions')).toBe(whole.counters.sessions);
    const events = ({ counters }: Told): number =>
      Object.values(counters.events).reduce((all, n) => all + n, 0);
    expect(told.map(events).reduce((all, n) => all + n, 0)).toBe(events(whole));
    const byStart = (sessions: readonly NotableSession[]): string[] =>
      sessions.map((session) => JSON.stringify(session)).sort();
    expect(whole.sessions.length).toBeGreaterThan(0);
    expect(byStart(told.flatMap((one) => one.sessions))).toEqual(byStart(whole.sessions));
  });

  test('go on after --close, and tell nothing twice', async () => {
    const one = await tell(first(), '--state', 's', '--close');
    const two = await tell(second(), '--state', 's', '--close');
    const seen = [...one.triggers, ...two.triggers].map(
      ({ time, rule, user }) => `${time} ${rule} ${user}`,
    );
    expect(new Set(seen).size).toBe(seen.length);
    expect(one.counters.sessions + two.counters.sessions).toBeGreaterThanOrEqual(
      whole.counters.sessions,
    );
  });

  test('close what is open without any further line', async () => {
    const open = await tell(write('all.json', log), '--state', 's');
    const closed = await tell('--state', 's', '--close');
    expect(withTexts([...open.triggers, ...closed.triggers])).toEqual(withTexts(whole.triggers));
    expect(closed.counters.lines).toBe(0);
    expect(closed.counters.sessions).toBeGreaterThan(0);
  });

  test('say in the report which run it was', async () => {
    await replay(first(), '--state', 's');
    const { stdout } = await replay(second(), '--state', 's');
    expect(stdout).toContain(`State  s: run 2, ${count(log.length)} lines so far`);
  });

  test('warn of a file that was read before', async () => {
    await tell(first(), '--state', 's');
    expect((await tell('first.json', '--state', 's')).stderr).toContain(
      'first.json was replayed into this state before',
    );
  });
});

describe('a state is left as it was', () => {
  const path = (): string => join(cwd, 's');
  let kept: Buffer;
  beforeEach(async () => {
    await tell(first(), '--state', 's');
    kept = readFileSync(path());
  });
  const untouched = (): void => {
    expect(readFileSync(path()).equals(kept)).toBe(true);
    expect(existsSync(join(cwd, 's.leakdrill-new'))).toBe(false);
    expect(existsSync(join(cwd, 's.leakdrill-lock'))).toBe(false);
  };

  test('by a run that is stopped, which can be run again', async () => {
    const argv = ['replay', '--content', content, '--internal-domain', 'corp.example'];
    const { code, stderr } = await runInMemory([...argv, second(), '--state', 's'], {
      cwd,
      runCli,
      signal: AbortSignal.abort(),
    });
    expect(code).toBe(130);
    expect(stderr).toContain('the state in s was left as it was; run the replay again');
    untouched();
    expect((await tell('second.json', '--state', 's')).counters.lines).toBe(log.length - half);
  });

  test('by a run that cannot read all of its input', async () => {
    const { code, stderr } = await replay(second(), 'missing.json', '--state', 's');
    expect(code).toBe(3);
    expect(stderr).toContain('left as it was, since not all of the input could be read');
    untouched();
  });

  test('by a run that understands nothing of its input', async () => {
    expect((await replay(write('strange.json', ['{"a": 1}']), '--state', 's')).code).toBe(3);
    untouched();
  });

  test('but not because a file of the day is empty', async () => {
    await tell(second(), write('empty.json', []), '--state', 's');
    expect(readFileSync(path()).equals(kept)).toBe(false);
  });
});

describe('a state is refused', () => {
  beforeAll(async () => {
    await tell(first(), '--state', 'good');
  });
  const put = (change: (bytes: Buffer) => Uint8Array): void =>
    writeFileSync(join(cwd, 's'), change(readFileSync(join(cwd, 'good'))));
  const flipped =
    (at: number) =>
    (bytes: Buffer): Buffer => {
      const place = at < 0 ? bytes.length + at : at;
      bytes[place] = (bytes[place] ?? 0) ^ 1;
      return bytes;
    };

  test.each<[string, (bytes: Buffer) => Uint8Array, RegExp]>([
    ['one bit of it is wrong', flipped(-5000), /damaged: its checksum is wrong/],
    ['its checksum is wrong', flipped(-1), /damaged: its checksum is wrong/],
    ['it is cut off', (bytes) => bytes.subarray(0, -1), /it has \d+ bytes and should have \d+/],
    ['it is cut off in its first line', (bytes) => bytes.subarray(0, 18), /it is cut off/],
    ['it is empty', () => Buffer.alloc(0), /it is cut off/],
    [
      'it has another format',
      (bytes) => Buffer.from(bytes.toString('latin1').replace('-state 1 ', '-state 9 '), 'latin1'),
      /written in format 9, and this Leakdrill reads format 1/,
    ],
  ])('when %s, and --retrain puts a new one in its place', async (_, change, message) => {
    put(change);
    const { code, stderr } = await replay('first.json', '--state', 's');
    expect(code).toBe(3);
    expect(stderr).toMatch(message);
    expect(stderr).toContain('--retrain');
    const { counters } = await tell('first.json', '--state', 's', '--retrain');
    expect(counters.lines).toBe(half);
    expect(readFileSync(join(cwd, 's'))).toEqual(readFileSync(join(cwd, 'good')));
  });

  test('when it is a file of another kind, which --retrain does not overwrite', async () => {
    for (const more of [[], ['--retrain']]) {
      const before = readFileSync(join(cwd, first()), 'utf8');
      const { code, stderr } = await replay('first.json', '--state', 'first.json', ...more);
      expect(code).toBe(3);
      expect(stderr).toContain('is not the state of a replay, and is left alone');
      expect(readFileSync(join(cwd, 'first.json'), 'utf8')).toBe(before);
    }
  });

  test('when the content is another, naming what differs', async () => {
    const other = mkdtempSync(join(tmpdir(), 'leakdrill-other-'));
    cpSync(content, other, { recursive: true });
    const rule = join(other, 'rules/T1048.003/EM-File.yaml');
    writeFileSync(rule, readFileSync(rule, 'utf8').replace(/^score: \d+/m, 'score: 31'));
    rmSync(join(other, 'rules/T1048.003/EM-Bytes.yaml'));
    put((bytes) => bytes);
    const { code, stderr } = await replay('first.json', '--state', 's', '--content', other);
    rmSync(other, { recursive: true });
    expect(code).toBe(3);
    expect(stderr).toContain('rule EM-File changed since; rule EM-Bytes was there and is gone');
  });

  test('when domains or people of the organisation are others', async () => {
    put((bytes) => bytes);
    writeFileSync(join(cwd, 'people.csv'), 'user\nann@corp.example\n');
    const { stderr } = await replay(
      'first.json',
      '--state',
      's',
      '--internal-domain',
      'corp2.example',
      '--directory',
      'people.csv',
    );
    expect(stderr).toContain(
      'the internal domains were corp.example and are corp.example, corp2.example',
    );
    expect(stderr).toContain('the directory is another one (people: 0 then, 1 now)');
  });

  test('but not for prose', async () => {
    const other = mkdtempSync(join(tmpdir(), 'leakdrill-other-'));
    cpSync(content, other, { recursive: true });
    const edit = (file: string, from: RegExp, to: string): void => {
      const text = readFileSync(join(other, file), 'utf8');
      expect(text).toMatch(from);
      writeFileSync(join(other, file), text.replace(from, to));
    };
    edit('rules/T1048.003/EM-File.yaml', /^name: .*$/m, 'name: Another name');
    edit('rules/T1048.003/EM-File.yaml', /^description: >-$/m, '$&\n  In other words.');
    edit('models/EM-UD.yaml', /^name: .*$/m, 'name: Another name');
    edit('parsers/mimecast/siem-v1-receipt.yaml', /^name: .*$/m, 'name: Another name');
    edit('context/public_email_domains.yaml', /^description: >-$/m, '$&\n  In other words.');
    edit('event-types.yaml', /description: (?=\w)/g, '$&Yes. ');
    put((bytes) => bytes);
    await tell('second.json', '--state', 's', '--content', other);
    rmSync(other, { recursive: true });
  });

  test.each([['--retrain'], ['--close']])('never by accident: %s needs --state', async (flag) => {
    const { code, stderr } = await replay('first.json', flag);
    expect(code).toBe(3);
    expect(stderr).toContain(`${flag} is for a state`);
  });
});
