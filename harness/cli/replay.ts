/**
 * The command replay. Over 400 lines because what it tells of its input, its state and its triggers is one
 * account, with one idea of how far it came.
 */
import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { finished } from 'node:stream/promises';
import { type Counters, type Directory, NOTABLE, type Program } from '#engine';
import { readDirectory } from '../directory-file.js';
import { count, plural, visible } from '../format.js';
import { type Input, type InputSource, openInput } from '../input.js';
import { packageVersion } from '../package-root.js';
import { isoTime, MAX_USERS, type ReplayRun, type ReplaySummary, replay } from '../replay.js';
import { basisOf, type KeptState, type StateBasis, StateFile } from '../replay-state.js';
import { UsageFault } from '../usage-fault.js';
import type { Command } from './command.js';
import { compileContent, openContent } from './content.js';
import { exitCode } from './exit.js';
import type { Settings } from './options.js';
import {
  type Output,
  type Paint,
  painter,
  type Shell,
  wantsColor,
  widthOf,
  write,
} from './shell.js';
import { table } from './table.js';

/** Runs the engine over log files and tells what it made of them. */
export const replayFiles: Command = async ({ settings, args }, shell) => {
  checkStateOptions(settings);
  const inputs = inputsOf(args, settings, shell);
  const directory = await openDirectory(settings, shell);
  const content = await openContent(settings, shell);
  if (!content) return exitCode.content;
  const program = await compileContent(content, directory, settings, shell);
  if (!program) return exitCode.content;
  if (settings.state === undefined)
    return replayInto({ inputs, directory, program }, settings, shell);

  const file = await StateFile.open(resolve(shell.cwd, settings.state), settings.state);
  try {
    const basis = basisOf(content.pack, program, directory, packageVersion());
    const kept = await file.read(basis, settings.retrain);
    const state = { file, basis, kept };
    return await replayInto({ inputs, directory, program, state }, settings, shell);
  } finally {
    await file.close();
  }
};

interface Task {
  readonly inputs: readonly string[];
  readonly directory: Directory;
  readonly program: Program;
  readonly state?: {
    readonly file: StateFile;
    readonly basis: StateBasis;
    /** What this run goes on from; undefined when it is the first. */
    readonly kept: KeptState | undefined;
  };
}

async function replayInto(task: Task, settings: Settings, shell: Shell): Promise<number> {
  const { directory, program, state } = task;
  // Triggers on standard output leave no room there for the summary.
  const toStdout = settings.out === '-';
  const file =
    settings.out === undefined || toStdout ? undefined : await openOut(settings.out, shell);
  const before = state?.kept?.header;
  const input = openInput(task.inputs, {
    cwd: shell.cwd,
    stdin: shell.stdin,
    ...(before && {
      earlier: { count: before.read, names: before.sources.map(({ file: name }) => name) },
    }),
  });
  const progress = shell.stderr.isTTY === true ? counter(shell.stderr) : undefined;
  const run = await replay(input, {
    program,
    out: toStdout ? shell.stdout : file,
    notable: NOTABLE,
    usualShare: settings['usual-share'],
    samples: settings.samples,
    signal: shell.signal,
    from: state?.kept?.snapshot,
    close: state === undefined || settings.close,
    ...(progress && { progress: progress.show }),
  });
  const { summary } = run;
  progress?.clear();
  if (file) {
    file.end();
    await finished(file);
    // On the disk before the state that says it is done.
    if (state) await reachDisk(file.path);
  }

  for (const { message } of input.faults)
    await write(shell.stderr, `leakdrill: ${visible(message)}\n`);
  const { counters } = summary;
  const useless = counters.records === 0 && !(settings.close && task.inputs.length === 0);
  const lost = input.faults.some((fault) => fault.lost);
  const kept = state && !summary.partial && !useless && !lost;
  if (kept) await keep(state, run, input, shell);
  const code = summary.partial
    ? exitCode.interrupted
    : useless || (state && lost)
      ? exitCode.usage
      : exitCode.pass;
  if (shell.stdout === process.stdout) process.exitCode = code;
  const target = toStdout ? shell.stderr : shell.stdout;
  const account = kept
    ? {
        file: state.file.shown,
        run: (before?.runs ?? 0) + 1,
        lines: (before?.lines ?? 0) + counters.lines,
        closed: settings.close,
      }
    : undefined;
  if (settings.report === 'json' && !toStdout) {
    const report = {
      ...summary,
      sources: input.sources,
      faults: input.faults,
      ...(account && { state: account }),
    };
    await write(target, `${JSON.stringify(report, null, 2)}\n`);
  } else if (settings.report !== 'none' && (counters.lines > 0 || summary.partial || account)) {
    const paint = painter(wantsColor(shell, target, settings.color));
    await write(target, renderReplay(summary, input.sources, widthOf(target), paint, account));
  }
  if (!useless && directory.internal_domains.length === 0) {
    await write(
      shell.stderr,
      'leakdrill: no --internal-domain was given, so only the direction that lines state tells who is outside.\n',
    );
  }
  if (useless && !summary.partial) {
    await write(
      shell.stderr,
      `leakdrill: nothing could be used${counters.lines > 0 ? `: none of ${plural(counters.lines, 'line')} is a log record that a parser knows` : ''}. leakdrill list parsers shows what is understood.\n`,
    );
  }
  if (state && !kept) {
    await write(
      shell.stderr,
      `leakdrill: the state in ${state.file.shown} was left as it was${lost ? ', since not all of the input could be read' : ''}; run the replay again${summary.partial ? '' : ' once that is mended'}.\n`,
    );
  }
  return code;
}

/** Names of files that a state remembers; an open message may be of any of the last. */
const sourcesKept = 4096;

async function keep(
  { file, basis, kept }: NonNullable<Task['state']>,
  run: ReplayRun,
  input: Input,
  shell: Shell,
): Promise<void> {
  const before = kept?.header;
  const earlier = before?.sources ?? [];
  const again = input.sources.filter(
    (source) =>
      source.file !== '-' &&
      earlier.some((one) => one.file === source.file && one.bytes === source.bytes),
  );
  for (const source of again)
    await write(
      shell.stderr,
      `leakdrill: ${visible(source.file)} was replayed into this state before; its lines count twice.\n`,
    );
  const read = input.sources.map(({ file: name, bytes }) => ({ file: name, bytes }));
  await file.write({
    header: {
      basis,
      runs: (before?.runs ?? 0) + 1,
      lines: (before?.lines ?? 0) + run.summary.counters.lines,
      read: (before?.read ?? 0) + input.sources.length,
      sources: [...earlier, ...read].slice(-sourcesKept),
    },
    snapshot: run.snapshot(),
  });
}

function checkStateOptions(settings: Settings): void {
  if (settings.state !== undefined) return;
  for (const name of ['retrain', 'close'] as const)
    if (settings[name])
      throw new UsageFault(`--${name} is for a state.`, 'Name its file with --state FILE.');
}

function inputsOf(args: readonly string[], settings: Settings, shell: Shell): readonly string[] {
  if (args.length > 0) return args;
  // Nothing more comes; what is open is to be told.
  if (settings.close && shell.stdinIsTTY) return [];
  if (!shell.stdinIsTTY) return ['-'];
  throw new UsageFault(
    'No file was given to replay.',
    'Write leakdrill replay FILE…, or pipe lines in.',
  );
}

/** One line on a terminal that counts up while lines are read. */
function counter(stderr: Output): { show(counters: Counters): void; clear(): void } {
  let shown = 0;
  return {
    show({ lines, triggers }) {
      const now = performance.now();
      if (now - shown < 100) return;
      shown = now;
      stderr.write(`\r\x1b[K${plural(lines, 'line')}, ${plural(triggers, 'trigger')}`);
    },
    clear: () => stderr.write('\r\x1b[K'),
  };
}

async function openDirectory(settings: Settings, shell: Shell): Promise<Directory> {
  const { directory: file } = settings;
  const given: Directory =
    file === undefined
      ? { internal_domains: [], people: [] }
      : await readDirectory(resolve(shell.cwd, file));
  const domains = settings['internal-domain'].map((domain) =>
    domain.toLowerCase().replace(/^@/, ''),
  );
  return { ...given, internal_domains: [...new Set([...given.internal_domains, ...domains])] };
}

async function openOut(path: string, shell: Shell): Promise<WriteStream> {
  const stream = createWriteStream(resolve(shell.cwd, path));
  try {
    await once(stream, 'open');
  } catch (error) {
    throw new UsageFault(
      `--out ${path} cannot be written: ${(error as NodeJS.ErrnoException).code}.`,
      'Check the path.',
    );
  }
  return stream;
}

/** Does nothing where it cannot, as for a pipe. */
async function reachDisk(path: string | Buffer): Promise<void> {
  const file = await open(path, 'r+').catch(() => undefined);
  await file?.sync().catch(() => undefined);
  await file?.close();
}

const textWidth = 160;

/** What a replay says of the state that it wrote. */
interface StateAccount {
  readonly file: string;
  readonly run: number;
  /** Read in all runs. */
  readonly lines: number;
  readonly closed: boolean;
}

/** What a replay found, as text; ends with a newline. */
export function renderReplay(
  summary: ReplaySummary,
  sources: readonly InputSource[],
  width: number,
  paint: Paint,
  state?: StateAccount,
): string {
  const { counters } = summary;
  const parts: string[] = [];
  const section = (title: string, lead: string, body = ''): void => {
    parts.push(`${paint('bold', title)}  ${lead}\n${body}`);
  };
  if (summary.partial)
    parts.push(paint('yellow', 'Stopped early: this covers what was read until then.\n'));

  const read = sources.filter(({ texts }) => texts > 0);
  section(
    'Read',
    `${plural(read.length, 'file')}, ${count(sources.reduce((sum, { bytes }) => sum + bytes, 0))} bytes`,
  );
  const parsed = entries(counters.parsed);
  section(
    'Parsed',
    `${plural(counters.records, 'record')} in ${plural(counters.lines, 'line')}, ${count(counters.unparsed)} unparsed`,
    table(
      [{ head: '  parser' }, { head: 'records', align: 'right' }],
      parsed.map(([id, n]) => [`  ${id}`, count(n)]),
      width,
      paint,
    ),
  );
  const oddities: readonly (readonly [number, string])[] = [
    [counters.duplicates, 'duplicates dropped'],
    [counters.late, 'events late, out of order by more than the lateness'],
    [counters.lateParts, 'message parts that came after their message was complete'],
    [counters.incompleteMessages, 'messages of which lines are missing'],
    ...entries(counters.unbuilt).map(
      ([kind, n]) => [n, `${kind} records that are no event of a known type`] as const,
    ),
    ...entries(counters.evicted).map(
      ([what, n]) => [n, `${what} forgotten to bound memory`] as const,
    ),
  ];
  const notes = oddities.filter(([n]) => n > 0).map(([n, text]) => `  ${count(n)} ${text}\n`);
  if (notes.length > 0) parts.push(notes.join(''));

  if (counters.unparsed > 0)
    section('Unparsed', plural(counters.unparsed, 'record'), unparsedBody(summary, width, paint));

  const events = entries(counters.events);
  const total = events.reduce((sum, [, n]) => sum + n, 0);
  const span =
    summary.first === undefined || summary.last === undefined
      ? ''
      : ` from ${moment(summary.first)} to ${moment(summary.last)}`;
  section(
    'Events',
    `${count(total)}${span}`,
    table(
      [{ head: '  event type' }, { head: 'events', align: 'right' }],
      events.map(([id, n]) => [`  ${id}`, count(n)]),
      width,
      paint,
    ),
  );

  section(
    'Triggers',
    `${count(counters.triggers)} by ${plural(summary.rules.length, 'rule')}`,
    summary.rules.length === 0
      ? ''
      : table(
          [
            { head: '  rule' },
            { head: 'technique' },
            { head: 'triggers', align: 'right' },
            { head: 'users', align: 'right' },
            { head: 'first of them' },
          ],
          summary.rules.map((r) => [
            `  ${r.rule}`,
            r.technique,
            count(r.triggers),
            r.users < MAX_USERS ? count(r.users) : `${count(r.users)}+`,
            r.reason,
          ]),
          width,
          paint,
        ),
  );

  const shown =
    summary.sessions.length < summary.notable
      ? `, of which ${summary.sessions.length} are shown`
      : '';
  section(
    'Notable sessions',
    `${count(summary.notable)} of ${plural(counters.sessions, 'session')}${shown}`,
    summary.sessions.length === 0
      ? ''
      : table(
          [
            { head: '  user' },
            { head: 'points', align: 'right' },
            { head: 'start' },
            { head: 'events', align: 'right' },
            { head: 'rules' },
          ],
          summary.sessions.map((s) => [
            `  ${s.user}`,
            count(s.points),
            moment(s.start),
            count(s.events),
            s.rules.join(' '),
          ]),
          width,
          paint,
        ),
  );
  if (state)
    section(
      'State',
      `${visible(state.file)}: run ${count(state.run)}, ${plural(state.lines, 'line')} so far${state.closed ? '' : '; what is still open is told by the next run, or with --close'}`,
    );
  for (const [id, message] of Object.entries(counters.faults)) {
    parts.push(
      `${paint('red', 'Engine fault')}  ${id}: ${visible(message)}. This is a bug in Leakdrill; please report it.\n`,
    );
  }
  return parts.join('\n');
}

function unparsedBody(summary: ReplaySummary, width: number, paint: Paint): string {
  return entries(summary.counters.unparsedReasons)
    .map(([reason, n]) => {
      const samples = summary.unparsed
        .filter((sample) => sample.reason === reason)
        .map(({ place, text }) => {
          const line = `    ${place}  ${visible(text).replaceAll('\n', ' ')}`;
          const room = Math.min(width, textWidth);
          return `${paint('dim', line.length > room ? `${line.slice(0, room - 1)}…` : line)}\n`;
        });
      return `  ${count(n)}  ${reason}\n${samples.join('')}`;
    })
    .join('');
}

/** Positive counts, greatest first. */
const entries = (counts: Readonly<Record<string, number>>): [string, number][] =>
  Object.entries(counts)
    .filter(([, n]) => n > 0)
    .sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));

const moment = (time: number): string =>
  isoTime(time)
    .replace(/:\d\d\.\d+Z$/, 'Z')
    .replace('T', ' ');
