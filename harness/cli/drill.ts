import { statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, resolve } from 'node:path';
import type { ContentPack } from '#content';
import type { Profile } from '#generators';
import type { DrillOptions } from '../drill-options.js';
import type { RunEvent } from '../events.js';
import { count, visible } from '../format.js';
import { packageVersion } from '../package-root.js';
import { renderText } from '../reporters/text.js';
import type { RunResult } from '../result.generated.js';
import { serialiseResult, writeResult } from '../result.js';
import { exitCode as verdictCode } from '../run.js';
import { UsageFault } from '../usage-fault.js';
import { runDrill } from '../workers/run-drill.js';
import { startDrill } from '../workers/start-drill.js';
import { barOf } from './bar.js';
import type { Command } from './command.js';
import { contentRoot, contextFolders, openContent } from './content.js';
import { exitCode } from './exit.js';
import {
  type CommandName,
  type OptionName,
  options as optionTable,
  type Settings,
} from './options.js';
import { type Shell, wantsColor, widthOf, write } from './shell.js';

/** Monday 2024-01-01: the same days whenever a drill is run. */
const start = Date.UTC(2024, 0, 1);

/** Runs a drill: live in a terminal, else with a progress bar on stderr and a report on stdout. */
export const drill: Command = async ({ settings }, shell) => {
  const out = settings.out === undefined ? undefined : resolve(shell.cwd, settings.out);
  if (out !== undefined) checkWritable(out, settings.out ?? out);
  const content = await openContent(settings, shell);
  if (!content) return exitCode.content;

  const options = { ...drillOptions(settings, shell), ...(await givenProfile(settings, shell)) };
  const live = wantsLiveView(settings, shell);
  const result = live
    ? await runLive(options, content.pack, settings, shell)
    : await runPlain(options, content.pack, shell);
  if (out !== undefined) await writeResult(out, result);

  const code = result.partial ? exitCode.interrupted : verdictCode(result);
  // A reader that leaves early, as head does, changes nothing about the verdict.
  if (shell.stdout === process.stdout) process.exitCode = code;
  if (live) {
    await write(
      shell.stderr,
      `leakdrill: ${result.partial ? 'stopped early' : result.verdict}; again as text: ${options.command} --plain\n`,
    );
  } else if (settings.report === 'json') await write(shell.stdout, serialiseResult(result));
  else if (settings.report === 'text') {
    const color = wantsColor(shell, shell.stdout, settings.color);
    const text = renderText(result, { width: widthOf(shell.stdout), color });
    await write(shell.stdout, text.endsWith('\n') ? text : `${text}\n`);
  }
  if (result.partial && !live)
    await write(shell.stderr, 'leakdrill: stopped early; the result is partial.\n');
  return code;
};

function wantsLiveView(settings: Settings, shell: Shell): boolean {
  const { env } = shell;
  return (
    !settings.plain &&
    settings.report === 'text' &&
    shell.stdout.isTTY === true &&
    shell.stdinIsTTY &&
    !env['CI'] &&
    env['TERM'] !== 'dumb'
  );
}

/** What `--org` asks for. Throws UsageFault for options that say otherwise. */
export function givenPeople(settings: Settings): Pick<DrillOptions, 'org' | 'internal_domains'> {
  const { org } = settings;
  if (org === undefined) {
    if (settings['internal-domain'].length > 0)
      throw new UsageFault(
        '--internal-domain goes with --org: made-up people have made-up domains.',
      );
    return {};
  }
  for (const name of ['people', 'peer-groups'] as const)
    if (settings[name] !== optionTable.find((option) => option.name === name)?.default)
      throw new UsageFault(
        `--org and --${name} exclude each other.`,
        'The people and their groups come from the file.',
      );
  return { org, internal_domains: settings['internal-domain'] };
}

/** The profile of `--profile`. Throws UsageFault. */
export async function givenProfile(
  settings: Settings,
  shell: Shell,
): Promise<{ profile?: Profile }> {
  const { profile: file } = settings;
  if (file === undefined) return {};
  const { readProfile } = await import('../realism/profile-file.js');
  return { profile: await readProfile(resolve(shell.cwd, file), file) };
}

function drillOptions(settings: Settings, shell: Shell): DrillOptions {
  return {
    ...givenPeople(settings),
    seed: settings.seed,
    people: settings.people,
    peer_groups: settings['peer-groups'],
    history_days: settings['history-days'],
    test_days: settings['test-days'],
    start,
    instances: settings.instances,
    mails_per_weekday: settings['mails-per-weekday'],
    external_share: settings['external-share'],
    internal_mail: settings['internal-mail'],
    format: settings.format,
    base_rate: settings['base-rate'],
    usual_share: settings['usual-share'],
    version: packageVersion(),
    command: commandFor(settings),
    content: contentRoot(settings, shell),
    context: contextFolders(settings, shell),
    scenarios: settings.scenarios,
    only: settings.only,
    cwd: shell.cwd,
    workers: settings.workers ?? usualWorkers(settings),
  };
}

/** Person-days from which a second thread brings more than its start costs. */
const worthThread = 2000;

function usualWorkers(settings: Settings): number {
  const days = settings['history-days'] + settings['test-days'];
  return settings.people * days < worthThread ? 1 : Math.min(2, availableParallelism());
}

/** Options that change what is measured; the rest only change how it is shown. */
const measured: readonly OptionName[] = [
  'seed',
  'org',
  'internal-domain',
  'people',
  'peer-groups',
  'history-days',
  'test-days',
  'instances',
  'base-rate',
  'usual-share',
  'profile',
  'mails-per-weekday',
  'external-share',
  'internal-mail',
  'format',
  'content',
  'context',
  'scenarios',
  'only',
];

/** The command that gives the same result, whatever environment and config file say. */
export function commandFor(
  settings: Settings,
  command: CommandName = 'drill',
  names: readonly OptionName[] = measured,
): string {
  const words = names.flatMap((name) => {
    const value = settings[name];
    const option = optionTable.find((one) => one.name === name);
    const usual = option?.defaults?.[command] ?? option?.default;
    if (value === undefined || (value === usual && name !== 'seed')) return [];
    if (value === true) return [`--${name}`];
    const values = Array.isArray(value) ? (value as readonly string[]) : [String(value)];
    return values.flatMap((text) => [
      `--${name}`,
      /^[\w./:@=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`,
    ]);
  });
  return [`npm start -- ${command}`, ...words].join(' ');
}

/** Found out before the drill and not after it. */
function checkWritable(path: string, shown: string): void {
  const kind = (at: string): 'folder' | 'file' | undefined => {
    try {
      return statSync(at).isDirectory() ? 'folder' : 'file';
    } catch {
      return undefined;
    }
  };
  if (kind(path) === 'folder')
    throw new UsageFault(`--out ${shown} is a folder.`, 'Give the name of a file.');
  if (kind(dirname(path)) !== 'folder')
    throw new UsageFault(`--out ${shown}: its folder does not exist.`, 'Make the folder first.');
}

async function runPlain(
  options: DrillOptions,
  pack: ContentPack,
  shell: Shell,
): Promise<RunResult> {
  const progress = shell.stderr.isTTY === true ? progressBar(shell) : undefined;
  const warnings: string[] = [];
  try {
    return await runDrill(
      options,
      (event) => {
        if (event.event === 'warning') warnings.push(event.message);
        progress?.show(event);
      },
      shell.signal,
      pack,
    );
  } finally {
    progress?.stop();
    for (const warning of warnings) await write(shell.stderr, `leakdrill: ${visible(warning)}\n`);
  }
}

function progressBar(shell: Shell): { show(event: RunEvent): void; stop(): void } {
  const bar = barOf(shell, '{stage} {bar} {percentage} %  {lines} lines, {speed} a second');
  let shown = { stage: 'plan', lines: '0', speed: '0' };
  bar.start(1, 0, shown);
  return {
    show(event) {
      if (event.event === 'stage') {
        shown = { ...shown, stage: event.stage };
        bar.update(shown);
      } else if (event.event === 'progress') {
        shown = {
          stage: event.stage,
          lines: count(event.lines),
          speed: count(event.lines_per_second),
        };
        bar.update(event.done, shown);
      }
    },
    stop: () => bar.stop(),
  };
}

async function runLive(
  options: DrillOptions,
  pack: ContentPack,
  settings: Settings,
  shell: Shell,
): Promise<RunResult> {
  const running = startDrill(options);
  const failed = new AbortController();
  running.result.catch(() => failed.abort());
  const { startTui } = await import('../tui/index.js');
  const used = new Set(pack.rules.map(({ technique }) => technique));
  await startTui({
    subscribe: running.subscribe,
    abort: running.abort,
    techniques: pack.techniques.filter(({ id }) => used.has(id)),
    signal: failed.signal,
    color: wantsColor(shell, shell.stdout, settings.color),
  });
  return running.result;
}
