import { readFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import {
  type ContentFile,
  type ContentPack,
  type Diagnostic,
  lintHelp,
  lint as lintPack,
  loadContent,
  loadTestDirectory,
  loadTraffic,
  renderDiagnostic,
  sortDiagnostics,
  textFile,
} from '#content';
import { compile, type Directory } from '#engine';
import { plural, wrap } from '../format.js';
import {
  countOf,
  durationOf,
  lintMeaning,
  lintPlaceholders,
  type ModelEstimate,
} from '../lint/index.js';
import { loadScenarios, scenarioFiles } from '../load-scenarios.js';
import { builtInContent } from '../package-root.js';
import { UsageFault } from '../usage-fault.js';
import { didYouMean } from './arguments.js';
import type { Command } from './command.js';
import { contentRoot, contextFolders } from './content.js';
import { exitCode } from './exit.js';
import type { Settings } from './options.js';
import { type Paint, painter, type Shell, wantsColor, widthOf, write } from './shell.js';
import { table } from './table.js';

/** Shows everything that is wrong with the content, each fault in its place. */
export const lint: Command = async ({ settings }, shell) => {
  const color = wantsColor(shell, shell.stdout, settings.color);
  const paint = painter(color);
  if (settings.explain !== undefined) {
    await write(shell.stdout, explanation(settings.explain, widthOf(shell.stdout), paint));
    return exitCode.pass;
  }

  const root = contentRoot(settings, shell);
  const [loaded, tests, traffic] = await Promise.all([
    loadContent(root, { context: contextFolders(settings, shell) }),
    loadTestDirectory(root),
    loadTraffic(root),
  ]);
  // A folder without assumptions of its own goes by ours.
  const own = traffic.sources.files.has('traffic.yaml');
  const assumed = own ? traffic : await loadTraffic(builtInContent);
  const files = new Map<string, ContentFile>([
    ...loaded.sources.files,
    ...tests.sources.files,
    ...traffic.sources.files,
    ...(await scenarioSources(settings, shell)),
  ]);
  const sources = { root, files };
  const unwritten = lintPlaceholders(sources);
  const found: Diagnostic[] = [
    ...loaded.diagnostics,
    ...tests.diagnostics,
    ...(own ? traffic.diagnostics : []),
    ...unwritten,
  ];
  const { pack } = loaded;
  let estimates: readonly ModelEstimate[] = [];
  if (pack) {
    const nobody: Directory = { internal_domains: [], people: [] };
    const meaning = lintMeaning(pack, assumed.traffic);
    estimates = meaning.estimates;
    const drafts = new Set(unwritten.map(({ place }) => place.file));
    found.push(
      // A model is written before the rule that reads it.
      ...lintPack(pack).filter(
        ({ code, place }) => code !== 'model/unused' || !drafts.has(place.file),
      ),
      ...compile([pack], tests.directory ?? nobody).diagnostics,
      ...meaning.diagnostics,
    );
  }
  const shown = sortDiagnostics(found, sources);
  for (const diagnostic of shown) {
    await write(shell.stdout, `${renderDiagnostic(diagnostic, sources, { color })}\n\n`);
  }
  if (settings.models && pack)
    await write(shell.stdout, `${modelTable(pack, estimates, widthOf(shell.stdout), paint)}\n`);
  const errors = shown.filter(({ severity }) => severity === 'error').length;
  const warnings = shown.length - errors;
  const counts = [plural(errors, 'error'), plural(warnings, 'warning')].join(', ');
  const scope = pack
    ? `${plural(pack.rules.length, 'rule')}, ${plural(pack.models.length, 'model')}, ${plural(pack.parsers.length, 'parser')}, ${plural(pack.tables.length, 'table')}`
    : `${root}: later checks wait until these are put right`;
  await write(
    shell.stdout,
    `${paint(errors > 0 ? 'red' : warnings > 0 ? 'yellow' : 'green', counts)} (${scope})\n`,
  );
  if (shown.length > 0)
    await write(shell.stdout, 'leakdrill lint --explain CODE tells more about a finding.\n');
  return errors > 0 ? exitCode.content : exitCode.pass;
};

/** What a code means; without a code, all of them. Throws UsageFault when there is none such. */
function explanation(code: string, width: number, paint: Paint): string {
  if (code === '') {
    const rows = Object.entries(lintHelp).map(([name, text]) => [name, firstSentence(text)]);
    return `${table([{ head: 'code' }, { head: 'meaning' }], rows, width, paint)}\nleakdrill lint --explain CODE tells more about one.\n`;
  }
  const text = lintHelp[code];
  if (text === undefined)
    throw new UsageFault(
      `There is no diagnostic code ${code}.`,
      [didYouMean(code, Object.keys(lintHelp)), 'leakdrill lint --explain lists them.']
        .filter((part) => part !== undefined)
        .join(' '),
    );
  return `${paint('bold', code)}\n${wrap(text, width).join('\n')}\n`;
}

const firstSentence = (text: string): string => /^.*?[.](?=\s|$)/s.exec(text)?.[0] ?? text;

/**
 * The user's scenarios: loaded, which compiles and checks them, and as texts for what is left to do.
 * Throws UsageFault for the first that does not compile.
 */
async function scenarioSources(
  settings: Settings,
  shell: Shell,
): Promise<(readonly [string, ContentFile])[]> {
  if (settings.scenarios === undefined) return [];
  const folder = resolve(shell.cwd, settings.scenarios);
  await loadScenarios(folder, shell.cwd);
  return scenarioFiles(folder).map(
    (path) => [relative(shell.cwd, path) || path, textFile(readFileSync(path, 'utf8'))] as const,
  );
}

function modelTable(
  pack: ContentPack,
  estimates: readonly ModelEstimate[],
  width: number,
  paint: Paint,
): string {
  const rows = estimates.map((estimate) => {
    const model = pack.models.find(({ id }) => id === estimate.model);
    const { observations, days, busyDays, atLeast, needs, unknown } = estimate;
    if (needs === '') return [estimate.model, model?.scope ?? '', 'nothing', '', 'at once', ''];
    if (days === undefined)
      return [estimate.model, model?.scope ?? '', needs, '?', unknown ?? '', ''];
    const more = atLeast ? ' or more' : '';
    return [
      estimate.model,
      model?.scope ?? '',
      needs,
      countOf(observations),
      `${durationOf(days)}${more}`,
      busyDays === undefined ? '' : `${durationOf(busyDays)}${more}`,
    ];
  });
  const heads = [
    { head: 'model' },
    { head: 'scope' },
    { head: 'rules wait for' },
    { head: 'observations', align: 'right' as const },
    { head: 'on average' },
    { head: 'busiest tenth' },
  ];
  return `${table(heads, rows, width, paint)}Estimates from the assumptions of traffic.yaml; what a drill measured is in its report.\n`;
}
