import { loadTestDirectory, locate, renderDiagnostic } from '#content';
import { plural, visible } from '../format.js';
import { type ParserTestOutcome, runParserTests } from '../parser-tests.js';
import { type RuleTestOutcome, runRuleTests } from '../rule-tests.js';
import { UsageFault } from '../usage-fault.js';
import { didYouMean } from './arguments.js';
import type { Command } from './command.js';
import { compileContent, openContent } from './content.js';
import { exitCode } from './exit.js';
import { type Paint, painter, wantsColor, write } from './shell.js';

/**
 * Runs the own tests of rules and parsers and shows, for each rule's that fails, what every part of
 * the rule came to.
 */
export const test: Command = async ({ settings, args }, shell) => {
  const started = performance.now();
  const content = await openContent(settings, shell);
  if (!content) return exitCode.content;
  const { pack, root } = content;
  const rulesWanted = select(
    args,
    pack.rules.map(({ id }) => id),
    pack.parsers.map(({ id }) => id),
  );

  const { directory, diagnostics, sources } = await loadTestDirectory(root);
  const color = wantsColor(shell, shell.stdout, settings.color);
  if (!directory) {
    for (const diagnostic of diagnostics)
      await write(shell.stderr, `${renderDiagnostic(diagnostic, sources, { color })}\n`);
    return exitCode.content;
  }
  const program = await compileContent(content, directory, settings, shell);
  if (!program) return exitCode.content;

  const paint = painter(color);
  const outcomes = runRuleTests(pack, program, directory, rulesWanted);
  const parsed = runParserTests(pack, rulesWanted);
  for (const outcome of parsed.filter(({ passed }) => !passed)) {
    const { line } = locate(outcome.place, content.sources);
    await write(shell.stdout, `${describeParserFailure(outcome, line, paint)}\n`);
  }
  const failed = outcomes.filter(({ passed }) => !passed);
  for (const outcome of failed) {
    const { line } = locate(outcome.place, content.sources);
    await write(shell.stdout, `${describeFailure(outcome, line, paint)}\n`);
  }
  const rules = new Set(outcomes.map(({ rule }) => rule)).size;
  const skipped = pack.rules.filter(
    ({ id, enabled }) => enabled === false && (!rulesWanted || rulesWanted.has(id)),
  );
  if (skipped.length > 0) {
    await write(
      shell.stdout,
      `Not tested, since they are disabled: ${skipped.map(({ id }) => id).join(', ')}\n`,
    );
  }
  const all = outcomes.length + parsed.length;
  const bad = failed.length + parsed.filter(({ passed }) => !passed).length;
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  const parsers = new Set(parsed.map(({ parser }) => parser)).size;
  const scope = [
    ...(rules > 0 ? [`${plural(outcomes.length, 'test')} of ${plural(rules, 'rule')}`] : []),
    ...(parsers > 0 ? [`${plural(parsed.length, 'test')} of ${plural(parsers, 'parser')}`] : []),
    `${seconds} s`,
  ].join(', ');
  const badText = bad > 0 ? paint('red', `${bad} failed`) : '0 failed';
  await write(shell.stdout, `${paint('green', `${all - bad} passed`)}, ${badText} (${scope})\n`);
  return bad > 0 ? exitCode.content : exitCode.pass;
};

/** Ids that the arguments name or match; undefined for all. Throws UsageFault when one matches none. */
function select(
  args: readonly string[],
  rules: readonly string[],
  parsers: readonly string[],
): ReadonlySet<string> | undefined {
  const ids = [...rules, ...parsers];
  if (args.length === 0) return undefined;
  const wanted = new Set<string>();
  for (const arg of args) {
    const pattern = new RegExp(
      `^${arg
        .split('*')
        .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
        .join('.*')}$`,
      'i',
    );
    const matching = ids.filter((id) => pattern.test(id));
    if (matching.length === 0) {
      throw new UsageFault(
        `No rule or parser is called ${arg}.`,
        didYouMean(arg, ids) ?? 'leakdrill list rules and leakdrill list parsers show them all.',
      );
    }
    for (const id of matching) wanted.add(id);
  }
  return wanted;
}

const positions = (list: readonly number[]): string =>
  list.length === 0 ? 'none' : list.join(', ');

/** A failure as text; ends with a newline. */
export function describeFailure(outcome: RuleTestOutcome, line: number, paint: Paint): string {
  const lines = [
    `${paint('red', '✗')} ${paint('bold', outcome.rule)}: ${visible(outcome.test)}  ${paint('dim', `${outcome.place.file}:${line}`)}`,
  ];
  if (String(outcome.expected) !== String(outcome.fired)) {
    lines.push(
      `  should fire on event ${positions(outcome.expected)}; fired on ${positions(outcome.fired)}`,
    );
  }
  for (const fault of outcome.faults) lines.push(`  ${visible(fault)}`);
  for (const { position, cause, readings, text } of outcome.explanations) {
    lines.push(`  event ${position}${cause === undefined ? ' fired' : ` did not fire: ${cause}`}`);
    for (const reading of readings)
      lines.push(`    ${paint('dim', visible(readingText(reading)))}`);
    for (const row of text.split('\n')) lines.push(`    ${visible(row)}`);
  }
  return `${lines.join('\n')}\n`;
}

type Reading = RuleTestOutcome['explanations'][number]['readings'][number];

/** What the model had seen before the event, in one line. */
function readingText(reading: Reading): string {
  const { model, scope, value, n, num_bins, num_observations, confidence_factor } = reading;
  const about = `${model} of ${scope}: ${plural(n, 'observation')}`;
  if (typeof value === 'number') {
    const threshold = reading.percentile_threshold_value;
    return `${about}, value ${value}, ${Number.isNaN(threshold) ? 'no threshold yet' : `threshold ${Number(threshold.toPrecision(6))}`}`;
  }
  return `${about} of ${plural(num_bins, 'value')}, ${num_observations} of ${value}, confidence ${Number(confidence_factor.toFixed(3))}`;
}

function describeParserFailure(outcome: ParserTestOutcome, line: number, paint: Paint): string {
  const { parser, test: name, place, faults } = outcome;
  const head = `${paint('red', '✗')} ${paint('bold', parser)}: ${visible(name)}  ${paint('dim', `${place.file}:${line}`)}`;
  return `${[head, ...faults.map((fault) => `  ${visible(fault)}`)].join('\n')}\n`;
}
