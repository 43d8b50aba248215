import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseAlertMap, readAlerts } from '../alerts-file.js';
import { readLabels } from '../emit/labels.js';
import { count, plural, visible } from '../format.js';
import { exitCode as verdictCode } from '../gate.js';
import { packageVersion } from '../package-root.js';
import { renderText } from '../reporters/text.js';
import { serialiseResult, writeResult } from '../result.js';
import { parseRenames, type Score, score } from '../score.js';
import { UsageFault } from '../usage-fault.js';
import type { Command } from './command.js';
import { openContent } from './content.js';
import { commandFor } from './drill.js';
import { exitCode } from './exit.js';
import type { OptionName, Settings } from './options.js';
import { readDuration } from './quantity.js';
import { wantsColor, widthOf, write } from './shell.js';

const measured: readonly OptionName[] = [
  'alerts',
  'labels',
  'map',
  'rename',
  'tolerance',
  'base-rate',
  'content',
  'context',
];
const listed = 20;

/** Measures the alerts of another product against the labels of emitted lines. */
export const scoreAlerts: Command = async ({ settings }, shell) => {
  const alerts = fileOf(settings, 'alerts', shell.cwd);
  const labelsFile = fileOf(settings, 'labels', shell.cwd);
  const map = parseAlertMap(settings.map);
  const rename = parseRenames(settings.rename);
  const tolerance = readDuration(settings.tolerance, 'tolerance');
  const content = await openContent(settings, shell);
  if (!content) return exitCode.content;
  const labels = await readLabels(labelsFile.path, labelsFile.shown);
  const { header, end } = labels;
  const warnings: string[] = [];
  if (header.content !== content.pack.digest)
    warnings.push(
      'the content is not the one the lines were emitted with; rules that instances expect may have changed',
    );
  if (!end?.complete)
    warnings.push(
      `emit was stopped${end ? ` after line ${count(end.lines)}` : ''}: only what was emitted is measured`,
    );
  const scored = await score(
    readAlerts(alerts.path, alerts.shown, { map, placesAreLines: header.layout === 'stream' }),
    {
      pack: content.pack,
      labels,
      rename,
      tolerance,
      base_rate: settings['base-rate'],
      version: packageVersion(),
      command: commandFor(settings, 'score', measured),
    },
  );
  if (scored.rows > 0 && scored.bad.length === scored.rows)
    throw new UsageFault(
      `No alert of ${alerts.shown} can be used: ${faultsOf(scored)}.`,
      '--map names the columns, such as --map rule=search_name,user=src_user,time=_time.',
    );
  const { result } = scored;
  if (settings.out !== undefined) await writeResult(resolve(shell.cwd, settings.out), result);
  if (settings.report === 'json') await write(shell.stdout, serialiseResult(result));
  else if (settings.report === 'text') {
    const color = wantsColor(shell, shell.stdout, settings.color);
    await write(shell.stdout, renderText(result, { width: widthOf(shell.stdout), color }));
  }
  for (const text of [...warnings, ...notesOn(scored)])
    await write(shell.stderr, `leakdrill: ${visible(text)}\n`);
  return verdictCode(result);
};

function fileOf(
  settings: Settings,
  option: 'alerts' | 'labels',
  cwd: string,
): { readonly shown: string; readonly path: string } {
  const shown = settings[option];
  if (shown === undefined)
    throw new UsageFault(
      `score needs --${option}.`,
      option === 'alerts'
        ? 'Give the file of alerts that the SIEM exported.'
        : 'Give the file that leakdrill emit --labels wrote.',
    );
  const path = resolve(cwd, shown);
  try {
    if (statSync(path).isFile()) return { shown, path };
  } catch {
    throw new UsageFault(`--${option} ${shown}: there is no such file.`, 'Check the path.');
  }
  throw new UsageFault(`--${option} ${shown} is no file.`, 'Check the path.');
}

function faultsOf({ bad }: Score): string {
  const faults = new Map<string, number>();
  for (const { fault } of bad) faults.set(fault, (faults.get(fault) ?? 0) + 1);
  return [...faults].map(([fault, n]) => `${fault} (${count(n)})`).join(', ');
}

function notesOn(scored: Score): string[] {
  const { joined, unknown, outside, bad, rows } = scored;
  const notes = [
    `${plural(rows, 'alert row')}: joined by line ${count(joined.line)}, by Message-ID ${count(joined['message id'])}, by user and time ${count(joined['user and time'])}, by nothing ${count(joined.nothing)} (false)`,
  ];
  if (outside > 0) notes.push(`${plural(outside, 'row')} outside the days under test left out`);
  if (unknown.length > 0)
    notes.push(
      `rules that the content does not have: ${unknown.map(({ rule, alerts }) => `${rule} (${count(alerts)})`).join(', ')}; --rename says which rule one is`,
    );
  if (bad.length > 0) {
    notes.push(`${plural(bad.length, 'row')} cannot be used: ${faultsOf(scored)}`);
    for (const { number, fault, text } of bad.slice(0, listed))
      notes.push(`  line ${number}: ${fault}: ${text.slice(0, 160).replaceAll('\n', ' ')}`);
    if (bad.length > listed) notes.push(`  … and ${count(bad.length - listed)} more in the result`);
  }
  return notes;
}
