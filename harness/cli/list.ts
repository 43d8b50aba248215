import type { ContentPack } from '#content';
import { functionDocs } from '#engine';
import { allScenarios } from '../drill-options.js';
import { plural } from '../format.js';
import { UsageFault } from '../usage-fault.js';
import { didYouMean } from './arguments.js';
import type { Command } from './command.js';
import { openContent } from './content.js';
import { exitCode } from './exit.js';
import type { Settings } from './options.js';
import { painter, type Shell, wantsColor, widthOf, write } from './shell.js';
import { type Column, table } from './table.js';

interface Listing {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly string[])[];
}

type Lister = (pack: ContentPack, settings: Settings, shell: Shell) => Listing | Promise<Listing>;

const columns = (...heads: readonly string[]): Column[] =>
  heads.map((head) => (head.startsWith('#') ? { head: head.slice(1), align: 'right' } : { head }));

const listers: Record<string, Lister> = {
  rules: (pack) => ({
    columns: columns('rule', 'technique', '#score', 'model', 'on', 'name'),
    rows: pack.rules.map((rule) => [
      rule.enabled === false ? `${rule.id} (off)` : rule.id,
      rule.technique,
      String(rule.score),
      rule.model ?? '',
      rule.events.join(' '),
      rule.name,
    ]),
  }),
  models: (pack) => ({
    columns: columns('model', 'kind', 'scope', 'feature', 'trains on', '#rules'),
    rows: pack.models.map((model) => [
      model.id,
      model.kind,
      model.scope,
      model.feature,
      model.trains_on.join(' '),
      String(pack.rules.filter((rule) => rule.model === model.id).length),
    ]),
  }),
  scenarios: async (_, settings, shell) => ({
    columns: columns('scenario', 'title', 'expects'),
    rows: (await allScenarios(settings.scenarios, shell.cwd)).map(({ id, title, expects }) => [
      id,
      title,
      expects.join(' '),
    ]),
  }),
  parsers: (pack) => ({
    columns: columns('parser', 'vendor', 'yields', 'part', 'name'),
    rows: pack.parsers.map(({ id, vendor, yields, name }) => [
      id,
      vendor,
      yields.kind,
      yields.part ?? '',
      name,
    ]),
  }),
  fields: (pack) => ({
    columns: columns('field', 'type', 'from', 'description'),
    rows: Object.entries(pack.fields).map(([name, field]) => [
      name,
      field.unit === undefined ? field.type : `${field.type} (${field.unit})`,
      field.from,
      field.description,
    ]),
  }),
  functions: () => ({
    columns: columns('function', 'does', 'example'),
    rows: functionDocs().map(({ signature, description, example }) => [
      signature,
      description,
      example,
    ]),
  }),
  'event-types': (pack) => ({
    columns: columns('event type', 'of', 'gathered by', '#rules', 'description'),
    rows: Object.entries(pack.eventTypes).map(([id, type]) => [
      id,
      type.kind,
      type.container,
      String(pack.rules.filter((rule) => rule.events.includes(id)).length),
      type.description,
    ]),
  }),
};

/** Prints one table of what the content holds, or an overview. */
export const list: Command = async ({ settings, args }, shell) => {
  const [what] = args;
  const lister = what === undefined ? undefined : listers[what];
  if (what !== undefined && lister === undefined) {
    throw new UsageFault(
      `There is no list of ${what}.`,
      [didYouMean(what, Object.keys(listers)), `Lists: ${Object.keys(listers).join(', ')}.`]
        .filter((t) => t !== undefined)
        .join(' '),
    );
  }
  const content = await openContent(settings, shell);
  if (!content) return exitCode.content;
  const { pack } = content;
  const width = widthOf(shell.stdout);
  const paint = painter(wantsColor(shell, shell.stdout, settings.color));
  if (lister !== undefined) {
    const listing = await lister(pack, settings, shell);
    await write(shell.stdout, table(listing.columns, listing.rows, width, paint));
    return exitCode.pass;
  }
  const scenarios = await allScenarios(settings.scenarios, shell.cwd);
  const counts = [
    plural(pack.rules.length, 'rule'),
    plural(pack.models.length, 'model'),
    plural(scenarios.length, 'scenario'),
    plural(pack.parsers.length, 'parser'),
    plural(Object.keys(pack.fields).length, 'field'),
    plural(Object.keys(pack.eventTypes).length, 'event type'),
    plural(pack.tables.length, 'context table'),
  ];
  const techniques = pack.techniques.filter(({ id }) =>
    pack.rules.some((rule) => rule.technique === id),
  );
  const rows = techniques.map(({ id, name }) => {
    const rules = pack.rules.filter((rule) => rule.technique === id);
    const told = scenarios.filter(({ technique }) => technique === id).length;
    return [id, name, String(rules.length), String(told), rules.map((rule) => rule.id).join(' ')];
  });
  const overview = table(
    columns('technique', 'name', '#rules', '#scenarios', 'rules'),
    rows,
    width,
    paint,
  );
  await write(
    shell.stdout,
    `${counts.join(', ')}\n\n${overview}\nleakdrill list ${Object.keys(listers).join(' | ')} shows more.\n`,
  );
  return exitCode.pass;
};
