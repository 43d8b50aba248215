import { readFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { cac } from 'cac';
import { distance } from 'fastest-levenshtein';
import { UsageFault } from '../usage-fault.js';
import {
  type CommandName,
  commands,
  configKey,
  environmentName,
  type OptionSpec,
  options,
  type Settings,
} from './options.js';

/** What the command line, environment and config file ask for. */
export interface Invocation {
  readonly command: CommandName;
  /** True when the command was written out and not chosen by default. */
  readonly named: boolean;
  readonly args: readonly string[];
  readonly settings: Settings;
  readonly help: boolean;
  readonly version: boolean;
  /** Things worth telling that do not stop the command. */
  readonly warnings: readonly string[];
}

const specOf = new Map(options.map((spec) => [spec.name, spec]));
const lasting = options.filter((spec) => spec.flagOnly !== true);

/** The candidate nearest to a misspelt word, quoted as a question; undefined when none is near. */
export function didYouMean(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = Math.max(2, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    const d = distance(word.toLowerCase(), candidate.toLowerCase());
    if (d < least) {
      least = d;
      best = candidate;
    }
  }
  return best === undefined ? undefined : `Did you mean ${best}?`;
}

const advise = (...parts: readonly (string | undefined)[]): string =>
  parts.filter((part) => part !== undefined).join(' ');

/**
 * Reads arguments (without node and script), environment and config file into settings; a flag
 * wins over the environment, the environment over the config file, that over the default.
 * Throws UsageFault naming the first thing that is wrong and what to do about it.
 */
export function readInvocation(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  cwd: string,
): Invocation {
  const typed = readArguments(argv);
  const { command } = typed;
  const warnings: string[] = [];
  const values = new Map<string, unknown>();
  if (!typed.help && !typed.version) {
    const configFile = typed.flags.get('config');
    readConfig(configFile === undefined ? undefined : String(configFile), cwd, values);
    readEnvironment(env, values, warnings);
  }
  for (const [name, value] of typed.flags) values.set(name, value);
  const settings = Object.fromEntries(
    options.map((spec) => [
      spec.name,
      values.get(spec.name) ??
        spec.defaults?.[command] ??
        spec.default ??
        (spec.type === 'texts' ? [] : undefined),
    ]),
  ) as unknown as Settings;
  return { ...typed, command, settings, warnings };
}

interface TypedArguments {
  readonly command: CommandName;
  readonly named: boolean;
  readonly args: readonly string[];
  readonly flags: ReadonlyMap<string, unknown>;
  readonly help: boolean;
  readonly version: boolean;
}

/** Stands for a lone `-` while cac, which takes it for the start of a flag, is at work. */
const standardStream = '\0-';

function readArguments(argv: readonly string[]): TypedArguments {
  const cli = cac('leakdrill');
  for (const spec of commands) {
    const command = cli.command(`${spec.name} [...args]`, spec.help);
    for (const option of options) command.option(flagText(option), option.help);
    if (spec === commands[0]) command.alias('!');
  }
  cli.option('-h, --help', '').option('-v, --version', '');
  // cac would print its own help; ours comes from the same table with more in it.
  const words = argv.map((word) => (word === '-' ? standardStream : word));
  const parsed = cli.parse(['node', 'leakdrill', ...words], { run: false });
  const command = (cli.matchedCommand?.name ?? 'drill') as CommandName;
  const named = cli.matchedCommandName !== undefined;
  let args = [...parsed.args, ...(parsed.options['--'] as string[])].map((arg) =>
    arg === standardStream ? '-' : arg,
  );
  let help = parsed.options['help'] === true;
  let target = command;

  if (!named && args[0] !== undefined) {
    if (args[0] !== 'help') {
      throw new UsageFault(
        `There is no command ${args[0]}.`,
        advise(
          didYouMean(
            args[0],
            commands.map((c) => c.name),
          ),
          `Commands: ${commands.map((c) => c.name).join(', ')}; see leakdrill --help.`,
        ),
      );
    }
    help = true;
    const about = args[1];
    if (about !== undefined) {
      const found = commands.find((c) => c.name === about);
      if (!found)
        throw new UsageFault(
          `There is no command ${about}.`,
          didYouMean(
            about,
            commands.map((c) => c.name),
          ),
        );
      return { command: found.name, named: true, args: [], flags: new Map(), help, version: false };
    }
    args = [];
    target = 'drill';
  }

  const flags = new Map<string, unknown>();
  for (const [key, parsedValue] of Object.entries(parsed.options)) {
    if (key === '--' || key === 'help' || key === 'h' || key === 'version' || key === 'v') continue;
    const name = key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    const spec = specOf.get(name);
    const dashes = name.length === 1 ? '-' : '--';
    const negated = parsedValue === false && spec?.type !== 'flag' ? 'no-' : '';
    if (!spec || negated !== '') {
      throw new UsageFault(
        `There is no option ${dashes}${negated}${name}.`,
        advise(
          didYouMean(
            `--${name}`,
            options.filter((s) => s.commands.includes(target)).map((s) => `--${s.name}`),
          ),
          `leakdrill ${target} --help lists them.`,
        ),
      );
    }
    if (!spec.commands.includes(target)) {
      throw new UsageFault(
        `--${name} does not apply to ${target}.`,
        `It belongs to ${spec.commands.join(', ')}; leakdrill ${target} --help lists what applies.`,
      );
    }
    if (spec.type === 'flag') {
      flags.set(name, [parsedValue].flat().at(-1) === true);
      continue;
    }
    if (spec.bare === true && parsedValue === true) {
      flags.set(name, '');
      continue;
    }
    if ([parsedValue].flat().includes(true)) {
      throw new UsageFault(`--${name} needs a value.`, `Write --${name} ${spec.shown ?? 'VALUE'}.`);
    }
    flags.set(name, convert(spec, spelled(argv, name), `--${name}`));
  }
  if (named && !help) {
    const spec = commands.find((c) => c.name === command);
    const words = spec?.takes.split(' ').filter((word) => word !== '') ?? [];
    const most = words.some((word) => word.includes('…')) ? Infinity : words.length;
    if (args.length > most) {
      throw new UsageFault(
        `${command} does not take ${args[most]}.`,
        `See leakdrill ${command} --help.`,
      );
    }
  }
  return { command: target, named, args, flags, help, version: parsed.options['version'] === true };
}

/** Values as typed: cac makes numbers of whatever looks like one, 007 and the empty text included. */
function spelled(argv: readonly string[], name: string): string[] {
  const end = argv.indexOf('--');
  const words = end < 0 ? argv : argv.slice(0, end);
  return words.flatMap((word, i) => {
    if (word.startsWith(`--${name}=`)) return [word.slice(name.length + 3)];
    return word === `--${name}` ? (words[i + 1] ?? []) : [];
  });
}

/** Throws UsageFault when the texts are not a value of the option. `where` names their source. */
function convert(spec: OptionSpec, texts: readonly string[], where: string): unknown {
  const text = texts[0] ?? '';
  if (texts.length > 1 && spec.type !== 'texts')
    throw new UsageFault(`${where} is given ${texts.length} times.`, 'Give it once.');
  switch (spec.type) {
    case 'integer':
    case 'number': {
      const number = text.trim() === '' ? Number.NaN : Number(text);
      const { min = -Infinity, max = Infinity } = spec;
      const fits = spec.type === 'integer' ? Number.isSafeInteger(number) : Number.isFinite(number);
      if (fits && number >= min && number <= max) return number;
      throw new UsageFault(
        `${where} cannot be '${text}'.`,
        `It takes ${spec.type === 'integer' ? 'a whole number' : 'a number'} from ${min} to ${max}${spec.default === undefined ? '' : `; the default is ${spec.default}`}.`,
      );
    }
    case 'choice': {
      const choices = spec.choices ?? [];
      if (choices.includes(text)) return text;
      throw new UsageFault(
        `${where} cannot be '${text}'.`,
        advise(didYouMean(text, choices), `It takes one of: ${choices.join(', ')}.`),
      );
    }
    case 'flag': {
      if (/^(1|true|yes|on)$/i.test(text)) return true;
      if (/^(0|false|no|off)$/i.test(text)) return false;
      throw new UsageFault(`${where} cannot be '${text}'.`, 'It takes true or false.');
    }
    case 'texts':
      return texts.filter((item) => item !== '');
    case 'text':
    case 'path':
      if (text !== '') return text;
      throw new UsageFault(
        `${where} is empty.`,
        `Give ${spec.shown ?? 'a value'} or leave it out.`,
      );
  }
}

function readEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  values: Map<string, unknown>,
  warnings: string[],
): void {
  const known = new Map(lasting.map((spec) => [environmentName(spec.name), spec]));
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith('LEAKDRILL_') || text === undefined || text === '') continue;
    const spec = known.get(name);
    if (spec)
      values.set(
        spec.name,
        convert(spec, spec.type === 'texts' ? text.split(',').map((t) => t.trim()) : [text], name),
      );
    else
      warnings.push(
        advise(
          `The environment variable ${name} means nothing here.`,
          didYouMean(name, known.keys()),
        ),
      );
  }
}

function readConfig(named: string | undefined, cwd: string, values: Map<string, unknown>): void {
  const path =
    named === undefined
      ? join(cwd, 'leakdrill.config.json')
      : isAbsolute(named)
        ? named
        : join(cwd, named);
  const shown = named ?? 'leakdrill.config.json';
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (named === undefined && code === 'ENOENT') return;
    throw new UsageFault(
      `The config file ${shown} cannot be read: ${code === 'ENOENT' ? 'it does not exist' : code === 'EISDIR' ? 'it is a folder' : code}.`,
      'Check the path after --config.',
    );
  }
  let config: unknown;
  try {
    config = JSON.parse(text);
  } catch (error) {
    throw new UsageFault(
      `${shown} is not valid JSON: ${(error as Error).message}.`,
      'It holds one object, such as {"seed": 7, "people": 500}.',
    );
  }
  if (typeof config !== 'object' || config === null || Array.isArray(config)) {
    throw new UsageFault(
      `${shown} does not hold an object.`,
      'It holds one object, such as {"seed": 7, "people": 500}.',
    );
  }
  const known = new Map(lasting.map((spec) => [configKey(spec.name), spec]));
  for (const [key, value] of Object.entries(config)) {
    if (key === '$schema') continue;
    const spec = known.get(key);
    if (!spec) {
      throw new UsageFault(
        `${shown}: there is no setting ${key}.`,
        advise(didYouMean(key, known.keys()), `Settings: ${[...known.keys()].join(', ')}.`),
      );
    }
    const scalars = Array.isArray(value) ? (value as unknown[]) : [value];
    if (scalars.some((v) => !['string', 'number', 'boolean'].includes(typeof v))) {
      throw new UsageFault(
        `${shown}: ${key} cannot be ${JSON.stringify(value)}.`,
        `See leakdrill ${spec.commands[0]} --help.`,
      );
    }
    const converted = convert(spec, scalars.map(String), `${shown}: ${key}`);
    // A path in the file is meant as seen from the file.
    values.set(
      spec.name,
      spec.type === 'path' && !isAbsolute(String(converted))
        ? join(dirname(path), String(converted))
        : converted,
    );
  }
}

function flagText(spec: OptionSpec): string {
  if (spec.type === 'flag') return `--${spec.name}`;
  const value = spec.shown ?? 'VALUE';
  return spec.bare === true ? `--${spec.name} [${value}]` : `--${spec.name} <${value}>`;
}
