import { once } from 'node:events';
import { createWriteStream, statSync, type WriteStream } from 'node:fs';
import { resolve } from 'node:path';
import type { ContentPack } from '#content';
import { prepareDrill } from '../drill-options.js';
import type { Clock } from '../emit/clock.js';
import {
  type Emission,
  type EmitOptions,
  emit,
  type PreparedEmission,
  prepareEmission,
} from '../emit/emission.js';
import { FolderReceiver, fileReceiver, outputReceiver } from '../emit/files.js';
import { type LabelRecord, labelText } from '../emit/labels.js';
import type { Receiver } from '../emit/receiver.js';
import { openTarget } from '../emit/target.js';
import { count, plural, visible } from '../format.js';
import { packageVersion } from '../package-root.js';
import { UsageFault } from '../usage-fault.js';
import { barOf } from './bar.js';
import type { Command } from './command.js';
import { contentRoot, contextFolders, openContent } from './content.js';
import { commandFor, givenPeople, givenProfile } from './drill.js';
import { exitCode } from './exit.js';
import type { OptionName, Settings } from './options.js';
import { readDay, readDuration, readRate, readSpeed } from './quantity.js';
import { type Shell, write } from './shell.js';

/** Options that change the lines; the rest only change where and how fast they go. */
const worldly: readonly OptionName[] = [
  'seed',
  'org',
  'internal-domain',
  'people',
  'peer-groups',
  'history-days',
  'test-days',
  'instances',
  'profile',
  'mails-per-weekday',
  'external-share',
  'internal-mail',
  'format',
  'start',
  'content',
  'context',
  'scenarios',
  'only',
];

/** Milliseconds that lines taken before Ctrl-C have to arrive. */
const grace = 5000;

/** Writes a drill's lines to files or a SIEM, and their labels to a file of their own. */
export const emitLines: Command = async ({ settings }, shell) => {
  const pace = {
    rate: settings.rate === undefined ? undefined : readRate(settings.rate),
    speed: settings.speed === undefined ? undefined : readSpeed(settings.speed),
  };
  const place = placeOf(settings, shell);
  const content = await openContent(settings, shell);
  if (!content) return exitCode.content;
  const prepared = prepareEmission(await emitOptions(settings, shell, content.pack, place));
  for (const warning of prepared.plan.warnings) await tell(shell, warning);
  if (place.kind === 'output' && settings.labels === undefined)
    await tell(shell, 'without --labels nobody will know which lines are the attacks');

  const receiver = receiverOf(place, prepared, settings, shell);
  const labels =
    settings.labels === undefined ? undefined : await openLabels(settings.labels, shell);
  const progress = place.kind !== 'output' && shell.stderr.isTTY === true ? bar(shell) : undefined;
  let emission: Emission;
  try {
    emission = await emit(prepared, {
      receiver,
      label: (record) => labels?.write(record),
      pace,
      clock: systemClock,
      signal: shell.signal,
      ...(progress && { progress: progress.show }),
    });
  } catch (error) {
    progress?.stop();
    await tell(shell, `stopped: ${account(receiver, place)}`);
    if (!shell.signal.aborted) throw error;
    await tell(shell, error instanceof Error ? error.message : String(error));
    return exitCode.interrupted;
  } finally {
    progress?.stop();
    await labels?.close();
  }
  const { lines, complete } = emission;
  await tell(shell, account(receiver, place));
  if (complete) return exitCode.pass;
  await tell(
    shell,
    `stopped after line ${count(lines)}; the same command with --from-line ${lines + 1} goes on`,
  );
  return exitCode.interrupted;
};

type Place =
  | { readonly kind: 'output'; readonly shown: string }
  | { readonly kind: 'file' | 'folder'; readonly shown: string; readonly path: string }
  | { readonly kind: 'target'; readonly shown: string; readonly address: string };

function placeOf(settings: Settings, shell: Shell): Place {
  const { to, out } = settings;
  if (to !== undefined) {
    if (out !== undefined)
      throw new UsageFault(
        '--out and --to exclude each other.',
        'Emit twice: the lines are the same.',
      );
    return { kind: 'target', shown: to.replace(/\/\/[^/@]*@/, '//'), address: to };
  }
  if (out === undefined || out === '-') return { kind: 'output', shown: 'standard output' };
  const path = resolve(shell.cwd, out);
  const kind = out.endsWith('/') || isFolder(path) ? 'folder' : 'file';
  return { kind, shown: out, path };
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

async function emitOptions(
  settings: Settings,
  shell: Shell,
  pack: ContentPack,
  place: Place,
): Promise<EmitOptions> {
  const world = {
    seed: settings.seed,
    people: settings.people,
    peer_groups: settings['peer-groups'],
    history_days: settings['history-days'],
    test_days: settings['test-days'],
    start: readDay(settings.start, 'start'),
    instances: settings.instances,
    mails_per_weekday: settings['mails-per-weekday'],
    external_share: settings['external-share'],
    ...(await givenProfile(settings, shell)),
    internal_mail: settings['internal-mail'],
    format: settings.format,
  };
  const { scenarios, given } = await prepareDrill(
    {
      ...world,
      ...givenPeople(settings),
      base_rate: settings['base-rate'],
      version: packageVersion(),
      command: '',
      content: contentRoot(settings, shell),
      context: contextFolders(settings, shell),
      scenarios: settings.scenarios,
      only: settings.only,
      cwd: shell.cwd,
    },
    pack,
  );
  return {
    ...world,
    given,
    scenarios,
    pack,
    version: packageVersion(),
    command: commandFor(settings, 'emit', worldly),
    layout: place.kind === 'folder' ? 'rolled' : 'stream',
    from_line: settings['from-line'],
  };
}

function receiverOf(
  place: Place,
  prepared: PreparedEmission,
  settings: Settings,
  shell: Shell,
): Receiver {
  switch (place.kind) {
    case 'output':
      return outputReceiver(shell.stdout, place.shown);
    case 'file':
      return fileReceiver(place.path, place.shown, settings.gzip || place.path.endsWith('.gz'));
    case 'folder':
      return new FolderReceiver(place.path, place.shown, settings.gzip, settings.format);
    case 'target':
      return openTarget(place.address, {
        token: settings.token,
        ca: settings.ca === undefined ? undefined : resolve(shell.cwd, settings.ca),
        insecure: settings.insecure,
        run: prepared.run,
        origin: `mimecast.${prepared.plan.organisation.domains[0] ?? 'corp.example'}`,
        clock: systemClock,
        patience: readDuration(settings.patience, 'patience'),
        signal: shell.signal,
        grace,
        notice: (text) => void shell.stderr.write(`leakdrill: ${visible(text)}\n`),
      });
  }
}

interface LabelsOut {
  write(record: LabelRecord): Promise<void> | undefined;
  close(): Promise<void>;
}

async function openLabels(shown: string, shell: Shell): Promise<LabelsOut> {
  const stream = createWriteStream(resolve(shell.cwd, shown));
  await opened(stream, shown);
  let failure: Error | undefined;
  stream.on('error', (error) => {
    failure ??= error;
  });
  const check = (): void => {
    if (failure)
      throw new UsageFault(
        `--labels ${shown} cannot be written: ${(failure as NodeJS.ErrnoException).code}.`,
      );
  };
  return {
    write(record) {
      check();
      if (stream.write(labelText(record))) return undefined;
      return once(stream, 'drain').then(check, check);
    },
    async close() {
      const closed = once(stream, 'close');
      stream.end();
      await closed.catch(() => undefined);
      check();
    },
  };
}

async function opened(stream: WriteStream, shown: string): Promise<void> {
  try {
    await once(stream, 'open');
  } catch (error) {
    throw new UsageFault(
      `--labels ${shown} cannot be written: ${(error as NodeJS.ErrnoException).code}.`,
      'Check the path.',
    );
  }
}

/** `9,504 lines sent to splunk+https://…, 9,504 acknowledged, 2 requests repeated`. */
function account(receiver: Receiver, { shown }: Place): string {
  const { sent, acknowledged, remarks } = receiver.delivery();
  const confirmed = acknowledged === undefined ? [] : [`${count(acknowledged)} acknowledged`];
  return [`${plural(sent, 'line')} sent to ${shown}`, ...confirmed, ...remarks].join('; ');
}

const tell = (shell: Shell, text: string): Promise<void> =>
  write(shell.stderr, `leakdrill: ${visible(text)}\n`);

const systemClock: Clock = {
  now: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((done) => {
      if (signal?.aborted) return done();
      const wake = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', wake);
        done();
      };
      const timer = setTimeout(wake, ms);
      signal?.addEventListener('abort', wake);
    }),
};

function bar(shell: Shell): {
  show(this: void, done: number, lines: number, moment: number): void;
  stop(): void;
} {
  const drawn = barOf(shell, 'emit {bar} {percentage} %  {lines} lines, {day}');
  drawn.start(1, 0, { lines: '0', day: '' });
  return {
    show: (done, lines, moment) =>
      drawn.update(done, {
        lines: count(lines),
        day: new Date(moment).toISOString().slice(0, 10),
      }),
    stop: () => drawn.stop(),
  };
}
