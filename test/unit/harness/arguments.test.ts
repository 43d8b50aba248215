import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readInvocation } from '../../../harness/cli/arguments.js';
import { helpText } from '../../../harness/cli/help.js';
import {
  commands,
  configKey,
  environmentName,
  type OptionSpec,
  options,
} from '../../../harness/cli/options.js';
import { UsageFault } from '../../../harness/usage-fault.js';

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'leakdrill-arguments-'));
});
afterEach(() => rmSync(cwd, { recursive: true, force: true }));

const read = (line: string | readonly string[], env: Record<string, string> = {}) =>
  readInvocation(typeof line === 'string' ? line.split(' ').filter(Boolean) : line, env, cwd);

function faultOf(line: string | readonly string[], env: Record<string, string> = {}): string {
  try {
    read(line, env);
  } catch (error) {
    if (error instanceof UsageFault) return `${error.message} ${error.advice ?? ''}`;
    throw error;
  }
  return 'no fault';
}

/** A value of the option that is not its default, as texts. */
function sample(option: OptionSpec): string {
  switch (option.type) {
    case 'integer':
      return String(Math.min((option.min ?? 0) + 3, option.max ?? Infinity));
    case 'number':
      return '0.25';
    case 'choice':
      return option.choices?.find((choice) => choice !== option.default) ?? '';
    case 'flag':
      return String(option.default !== true);
    default:
      return 'some-text';
  }
}

function parsed(option: OptionSpec, text: string): unknown {
  if (option.type === 'flag') return text === 'true';
  if (option.type === 'texts') return [text];
  return option.type === 'integer' || option.type === 'number' ? Number(text) : text;
}

describe('the options table', () => {
  test.each(options.map((option) => [option.name, option] as const))(
    '--%s has a help text, belongs to a command and has a default within its own bounds',
    (_, option) => {
      expect(option.help.length).toBeGreaterThan(10);
      expect(option.commands.length).toBeGreaterThan(0);
      expect(option.name).toMatch(/^[a-z]+(-[a-z]+)*$/);
      if (option.type === 'choice') expect(option.choices).toContain(option.default);
      if (typeof option.default === 'number') {
        expect(option.default).toBeGreaterThanOrEqual(option.min ?? -Infinity);
        expect(option.default).toBeLessThanOrEqual(option.max ?? Infinity);
      }
    },
  );

  test('names no option twice, nor two that share an environment variable', () => {
    expect(new Set(options.map((o) => o.name)).size).toBe(options.length);
    expect(new Set(options.map((o) => environmentName(o.name))).size).toBe(options.length);
  });

  test.each(options.filter((o) => o.name !== 'config').map((o) => [o.name, o] as const))(
    '--%s is read from flag, environment and config file, in that order of weight',
    (name, option) => {
      const command = option.commands[0] ?? 'drill';
      const text = sample(option);
      const flag =
        option.type === 'flag' ? [`--${text === 'true' ? '' : 'no-'}${name}`] : [`--${name}`, text];
      const settingOf = (argv: readonly string[], env: Record<string, string> = {}) =>
        read([command, ...argv], env).settings[name as 'seed'] as unknown;
      expect(settingOf(flag)).toEqual(parsed(option, text));
      if (option.flagOnly === true) return;

      const env = { [environmentName(name)]: text };
      expect(settingOf([], env)).toEqual(parsed(option, text));
      writeFileSync(
        join(cwd, 'leakdrill.config.json'),
        JSON.stringify({ [configKey(name)]: parsed(option, text) }),
      );
      const fromFile = option.type === 'path' ? join(cwd, text) : parsed(option, text);
      expect(settingOf([])).toEqual(fromFile);
      expect(settingOf([], env)).toEqual(parsed(option, text));
      if (option.type === 'integer') {
        const other = String(Number(text) + 1);
        expect(settingOf([`--${name}`, other], env)).toBe(Number(other));
      }
    },
  );

  test.each(options.map((o) => [o.name, o] as const))(
    '--%s shows in the help of its commands and of no other',
    (name, option) => {
      for (const { name: command } of commands) {
        const flag = name === 'color' ? '--[no-]color' : `--${name}`;
        const shown = helpText(command, 100)
          .split('\n')
          .some((line) => line.startsWith(`  ${flag} `));
        expect(shown).toBe(option.commands.includes(command));
      }
    },
  );
});

describe('reading the command line', () => {
  test('without a command, the drill is run with its defaults', () => {
    const { command, named, settings } = read('');
    expect({ command, named }).toEqual({ command: 'drill', named: false });
    expect(settings).toMatchObject({
      seed: 1,
      people: 200,
      'history-days': 180,
      only: [],
      out: undefined,
    });
  });

  test('options alone belong to the drill', () => {
    expect(read('--seed 7 --only a --only b').settings).toMatchObject({
      seed: 7,
      only: ['a', 'b'],
    });
  });

  test('arguments and values stay as typed, even where they look like numbers', () => {
    const { args, settings } = read([
      'replay',
      '007',
      '--out',
      '0x10',
      '--internal-domain=1e3',
      '--',
      '--seed',
    ]);
    expect(args).toEqual(['007', '--seed']);
    expect(read('replay - --out - -').args).toEqual(['-', '-']);
    expect(read('replay - --out -').settings.out).toBe('-');
    expect(settings).toMatchObject({ out: '0x10', 'internal-domain': ['1e3'] });
  });

  test.each([
    ['dril', 'There is no command dril. Did you mean drill?'],
    ['help reply', 'There is no command reply. Did you mean replay?'],
    ['drill --sed 3', 'There is no option --sed. Did you mean --seed?'],
    ['drill --no-seed', 'There is no option --no-seed.'],
    ['drill -x', 'There is no option -x.'],
    ['lint --seed 3', '--seed does not apply to lint. It belongs to drill'],
    ['drill --seed', '--seed needs a value. Write --seed N.'],
    ['drill --seed --plain', '--seed needs a value.'],
    ['drill --seed abc', "--seed cannot be 'abc'. It takes a whole number"],
    ['drill --seed=', '--seed needs a value.'],
    ['drill --seed 1.5', "--seed cannot be '1.5'."],
    ['drill --people 1', "--people cannot be '1'. It takes a whole number from 2"],
    ['drill --seed 1 --seed 2', '--seed is given 2 times.'],
    ['drill --format v1-jsn', "--format cannot be 'v1-jsn'. Did you mean v1-json?"],
    ['drill --base-rate NaN', "--base-rate cannot be 'NaN'."],
    ['drill --out=', '--out needs a value. Write --out FILE.'],
    ['lint extra', 'lint does not take extra.'],
    ['list rules models', 'list does not take models.'],
    [
      'drill --config missing.json',
      'The config file missing.json cannot be read: it does not exist.',
    ],
  ])('%s is refused with what to do about it', (line, expected) => {
    expect(faultOf(line)).toContain(expected);
  });

  test.each([
    ['{"seed": 7', 'leakdrill.config.json is not valid JSON'],
    ['[]', 'does not hold an object'],
    ['{"sede": 7}', 'there is no setting sede. Did you mean seed?'],
    ['{"seed": {}}', 'seed cannot be {}'],
    ['{"seed": "x"}', "leakdrill.config.json: seed cannot be 'x'"],
    ['{"out": "x.json"}', 'there is no setting out.'],
  ])('a config file with %s is refused', (text, expected) => {
    writeFileSync(join(cwd, 'leakdrill.config.json'), text);
    expect(faultOf('drill')).toContain(expected);
  });

  test('a bad value in the environment is refused by the name of the variable', () => {
    expect(faultOf('drill', { LEAKDRILL_SEED: 'x' })).toContain("LEAKDRILL_SEED cannot be 'x'");
    expect(faultOf('drill', { LEAKDRILL_PLAIN: 'maybe' })).toContain('It takes true or false');
  });

  test('an unknown LEAKDRILL_ variable is a warning with a suggestion', () => {
    expect(read('drill', { LEAKDRILL_SEDE: '3' }).warnings).toEqual([
      'The environment variable LEAKDRILL_SEDE means nothing here. Did you mean LEAKDRILL_SEED?',
    ]);
  });

  test.each(['--help', '-h', 'help', 'replay --help', 'help replay', '--version', '-v'])(
    '%s asks for help or version, whatever else is wrong',
    (line) => {
      writeFileSync(join(cwd, 'leakdrill.config.json'), 'broken');
      const { help, version } = read(line);
      expect(help || version).toBe(true);
    },
  );

  test('help about a command names that command', () => {
    expect(read('help replay')).toMatchObject({ command: 'replay', named: true, help: true });
    expect(read('replay -h')).toMatchObject({ command: 'replay', named: true, help: true });
    expect(read('--help')).toMatchObject({ named: false, help: true });
  });
});

test('no line of any help text is wider than asked for', () => {
  for (const about of [undefined, ...commands.map((c) => c.name)]) {
    for (const width of [80, 100]) {
      for (const line of helpText(about, width).split('\n')) {
        if (!line.startsWith('  leakdrill ')) expect(line.length).toBeLessThanOrEqual(width);
      }
    }
  }
});
