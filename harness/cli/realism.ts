import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { ContentPack } from '#content';
import { CORPUS_LEVEL, DEFAULT_PROFILE, isTimeZone } from '#generators';
import { readOrganisation } from '../directory-file.js';
import { count, plural, visible, wrap } from '../format.js';
import { openInput } from '../input.js';
import { type Fit, fitProfile } from '../realism/fit.js';
import { type Circumstances, type Judgement, judge } from '../realism/judge.js';
import { type KnownPeople, readMails, sourceOfLogs } from '../realism/logs.js';
import { Measurement, type Statistics } from '../realism/measure.js';
import { measureTables, play } from '../realism/play.js';
import { profileText } from '../realism/profile-file.js';
import { UsageFault } from '../usage-fault.js';
import type { Command } from './command.js';
import { openContent } from './content.js';
import { givenProfile } from './drill.js';
import { exitCode } from './exit.js';
import type { OptionName, Settings } from './options.js';
import { type Paint, painter, type Shell, wantsColor, widthOf, write } from './shell.js';
import { table } from './table.js';

/** What was measured, and against what it is judged. */
interface Measured {
  /** One line: what mail this is. */
  readonly about: string;
  readonly statistics: Statistics;
  readonly circumstances: Circumstances;
  readonly partial: boolean;
}

/** Measures mail against published corpora, and makes a profile of it when asked to. */
export const realism: Command = async ({ settings, args }, shell) => {
  const fromLogs = settings.logs.length > 0;
  checkOptions(settings, args);
  const profile = await givenProfile(settings, shell);
  const people = fromLogs ? await knownPeople(settings, shell) : undefined;
  const content = await openContent(settings, shell);
  if (!content) return exitCode.content;

  const measured = people
    ? await measureLogs([...settings.logs, ...args], people, content.pack, shell)
    : measureGenerated(settings, profile, content.pack);
  if (measured === undefined) return exitCode.usage;
  const judgements = judge(measured.statistics, measured.circumstances);
  const outside = judgements.filter(({ verdict }) => verdict === 'outside');
  const code = measured.partial
    ? exitCode.interrupted
    : outside.length > 0 && !fromLogs
      ? exitCode.fail
      : exitCode.pass;
  if (shell.stdout === process.stdout) process.exitCode = code;

  const result = {
    version: 1,
    measured: measured.about,
    partial: measured.partial,
    targets: judgements,
    statistics: measured.statistics,
  };
  // What is not known stands there as null.
  const json = `${JSON.stringify(result, (_, value: unknown) => value ?? null, 2)}\n`;
  if (settings.out !== undefined) await writeOut(json, settings.out, 'out', shell);
  if (settings.report === 'json') await write(shell.stdout, json);
  else if (settings.report === 'text') {
    const paint = painter(wantsColor(shell, shell.stdout, settings.color));
    const layout = { width: widthOf(shell.stdout), paint, sources: settings.sources };
    await write(shell.stdout, renderRealism(measured.about, judgements, fromLogs, layout));
  }
  if (measured.partial)
    await write(shell.stderr, 'leakdrill: stopped early; this covers what was read until then.\n');
  else if (settings.fit !== undefined)
    await fitAndWrite(measured, settings.fit, content.pack, shell);
  return code;
};

/** Options that go with logs, and those that go with generated mail. */
const ofLogs: readonly OptionName[] = ['directory', 'time-zone'];

function checkOptions(settings: Settings, args: readonly string[]): void {
  if (settings.logs.length > 0) {
    if (settings.profile !== undefined)
      throw new UsageFault(
        '--profile and --logs exclude each other.',
        'A profile is for generated mail; --fit makes one of these logs.',
      );
    return;
  }
  if (args.length > 0)
    throw new UsageFault(
      `realism does not take ${args[0]} by itself.`,
      `Write leakdrill realism --logs ${args.join(' ')}.`,
    );
  const lone =
    ofLogs.find((name) => settings[name] !== undefined) ??
    (settings['internal-domain'].length > 0 ? 'internal-domain' : undefined);
  if (lone !== undefined)
    throw new UsageFault(`--${lone} goes with --logs.`, 'Name the logs to measure.');
}

async function knownPeople(settings: Settings, shell: Shell): Promise<KnownPeople> {
  const { directory, 'time-zone': time_zone, 'internal-domain': named } = settings;
  if (time_zone !== undefined && !isTimeZone(time_zone))
    throw new UsageFault(
      `--time-zone cannot be '${time_zone}'.`,
      'It takes the name of a zone, such as Europe/Berlin or America/New_York.',
    );
  const domains = named.map((domain) => domain.toLowerCase().replace(/^@/, ''));
  if (directory === undefined) return { entries: [], domains: [...new Set(domains)], time_zone };
  const read = await readOrganisation(resolve(shell.cwd, directory), directory, domains);
  return { entries: read.entries, domains: read.domains, time_zone };
}

function measureGenerated(
  settings: Settings,
  { profile }: Awaited<ReturnType<typeof givenProfile>>,
  pack: ContentPack,
): Measured {
  // Shapes are compared at the corpora's level of mail; a profile brings its own.
  const level =
    settings['mails-per-weekday'] ?? (profile ? profile.mails_per_weekday : CORPUS_LEVEL);
  const statistics = play(
    {
      seed: settings.seed,
      people: settings.people,
      peer_groups: settings['peer-groups'],
      days: settings.days,
      mails_per_weekday: level,
      external_share: settings['external-share'],
      profile,
      internal_mail: true,
    },
    measureTables(pack),
  );
  const { name } = profile ?? DEFAULT_PROFILE;
  return {
    about: `generated: ${plural(settings.people, 'person').replace('persons', 'people')} in ${plural(settings['peer-groups'], 'department')}, ${plural(settings.days, 'day')}, ${Number(level.toPrecision(4))} mails sent per person and weekday, profile ${name}, seed ${settings.seed}`,
    statistics,
    circumstances: { clock: true, without: { clock: '', departments: '', names: '' } },
    partial: false,
  };
}

async function measureLogs(
  paths: readonly string[],
  people: KnownPeople,
  pack: ContentPack,
  shell: Shell,
): Promise<Measured | undefined> {
  const source = sourceOfLogs(people);
  const measurement = new Measurement(source, measureTables(pack));
  const input = openInput(paths, { cwd: shell.cwd, stdin: shell.stdin });
  const terminal = shell.stderr.isTTY === true;
  let shown = 0;
  const { counters, partial } = await readMails(
    input.batches,
    pack,
    people,
    (mail) => measurement.add(mail),
    {
      signal: shell.signal,
      progress: ({ lines }) => {
        if (!terminal || performance.now() - shown < 100) return;
        shown = performance.now();
        shell.stderr.write(`\r\x1b[K${plural(lines, 'line')}`);
      },
    },
  );
  if (terminal) shell.stderr.write('\r\x1b[K');
  for (const { message } of input.faults)
    await write(shell.stderr, `leakdrill: ${visible(message)}\n`);
  const statistics = measurement.finish();
  if (statistics.mails === 0 && !partial) {
    const why =
      counters.records === 0
        ? 'no line is a log record that a parser knows; leakdrill list parsers shows what is understood'
        : people.entries.length > 0
          ? 'no mail is from or to a person of the directory'
          : 'no record is a mail with sender, recipients and direction; --internal-domain tells the direction where lines do not';
    await write(shell.stderr, `leakdrill: nothing could be measured: ${why}.\n`);
    return undefined;
  }
  if (people.entries.length === 0)
    await write(
      shell.stderr,
      'leakdrill: without --directory every internal address counts as a person, shared mailboxes and machines too.\n',
    );
  return {
    about: `logs: ${plural(statistics.mails, 'mail')} of ${count(statistics.people)} people, ${plural(statistics.days, 'day')}, ${count(counters.lines)} lines read, ${count(counters.unparsed)} records unparsed`,
    statistics,
    circumstances: {
      clock: source.clock,
      without: {
        clock: '; --time-zone, or time_zone in the directory, tells it',
        departments: '; peer_group in a --directory tells them',
        names: '; last_name in a --directory tells them',
      },
    },
    partial,
  };
}

async function fitAndWrite(
  { statistics, circumstances, about }: Measured,
  file: string,
  pack: ContentPack,
  shell: Shell,
): Promise<void> {
  const tables = measureTables(pack);
  const name = file.replace(/^.*[/\\]/, '').replace(/\.(ya?ml|json)$/i, '') || 'fitted';
  const fit: Fit = fitProfile(
    statistics,
    {
      clock: circumstances.clock,
      name: name.slice(0, 80),
      source: `fitted to ${about}`.slice(0, 200),
    },
    (profile, stage) => play({ ...stage, profile }, tables),
  );
  await writeOut(profileText(fit), file, 'fit', shell);
  const kept =
    fit.kept.length === 0
      ? ''
      : `; ${fit.kept.length} parameters keep their default, ${file} says why`;
  await write(
    shell.stderr,
    `leakdrill: profile written to ${visible(file)}${visible(kept)}. Use it with --profile ${visible(file)}.\n`,
  );
}

async function writeOut(text: string, file: string, option: string, shell: Shell): Promise<void> {
  try {
    await writeFile(resolve(shell.cwd, file), text);
  } catch (error) {
    throw new UsageFault(
      `--${option} ${file} cannot be written: ${(error as NodeJS.ErrnoException).code}.`,
      'Check the path.',
    );
  }
}

interface Layout {
  readonly width: number;
  readonly paint: Paint;
  readonly sources: boolean;
}

/** Judgements as text; ends with a newline. */
export function renderRealism(
  about: string,
  judgements: readonly Judgement[],
  fromLogs: boolean,
  { width, paint, sources }: Layout,
): string {
  const rows = judgements.map((j) => [
    j.id,
    number(j.target),
    j.lo === undefined ? '–' : `${number(j.lo)} – ${number(j.hi)}`,
    number(j.measured),
    j.verdict,
    ...(sources
      ? [[j.source, j.band === 'none' ? '' : j.band, j.note].filter(Boolean).join('; ')]
      : []),
  ]);
  const body = table(
    [
      { head: 'target' },
      { head: 'corpus', align: 'right' },
      { head: 'band', align: 'right' },
      { head: 'measured', align: 'right' },
      { head: 'verdict' },
      ...(sources ? [{ head: 'source, band and definition' }] : []),
    ],
    rows,
    width,
    paint,
  );
  const of = (verdict: Judgement['verdict']): number =>
    judgements.filter((j) => j.verdict === verdict).length;
  const outside = judgements.filter(({ verdict }) => verdict === 'outside');
  const sum = `${of('inside')} inside, ${outside.length} outside, ${of('shown')} shown without a verdict, ${of('not measurable')} not measurable`;
  const tone = outside.length === 0 ? 'green' : fromLogs ? 'yellow' : 'red';
  const parts = [
    `${paint('bold', 'Realism')}  ${visible(about)}\n`,
    `\n${body}`,
    reasonsText(judgements, width, paint),
    ...(sources ? judgements.map((j) => shapeText(j, width, paint)) : []),
    `\n${paint('bold', 'Verdict')}  ${paint(tone, sum)}\n`,
  ];
  if (outside.length > 0)
    parts.push(
      fromLogs
        ? '  Your mail differs from the corpora; that is no fault. --fit FILE makes a profile of it for the generator.\n'
        : '  A background that differs from real mail makes rules look better or worse than they are.\n',
    );
  return parts.join('');
}

/** Each reason once, with the targets that it holds for. */
function reasonsText(judgements: readonly Judgement[], width: number, paint: Paint): string {
  const targets = new Map<string, string[]>();
  for (const { id, verdict, reason } of judgements) {
    if (reason === undefined) continue;
    const text = verdict === 'inside' || verdict === 'outside' ? reason : `${verdict}: ${reason}`;
    targets.set(text, [...(targets.get(text) ?? []), id]);
  }
  if (targets.size === 0) return '';
  const lines = [...targets].flatMap(([reason, ids]) => [
    `  ${visible(reason)}`,
    ...wrap(ids.join(', '), width - 4).map((line) => paint('dim', `    ${line}`)),
  ]);
  return `\n${paint('bold', 'Reasons')}\n${lines.join('\n')}\n`;
}

function shapeText({ id, shape }: Judgement, width: number, paint: Paint): string {
  if (shape === undefined) return '';
  return `\n${table(
    [{ head: id }, { head: 'corpus', align: 'right' }, { head: 'measured', align: 'right' }],
    shape.map(({ part, target, measured }) => [part, number(target), number(measured)]),
    width,
    paint,
  )}`;
}

const number = (value: number | undefined): string =>
  value === undefined || !Number.isFinite(value)
    ? '–'
    : Math.abs(value) >= 100
      ? count(Math.round(value))
      : String(Number(value.toFixed(4)));
