import {
  type CommandName,
  commands,
  configKey,
  environmentName,
  type OptionSpec,
  options,
} from './options.js';

function shownFlag(spec: OptionSpec): string {
  if (spec.name === 'color') return '--[no-]color';
  const value = spec.bare === true ? `[${spec.shown ?? 'VALUE'}]` : (spec.shown ?? 'VALUE');
  return spec.type === 'flag' ? `--${spec.name}` : `--${spec.name} ${value}`;
}

function twoColumns(rows: readonly (readonly [string, string])[], width: number): string {
  const left = Math.max(...rows.map(([term]) => term.length)) + 4;
  return rows
    .map(
      ([term, text]) =>
        `  ${term.padEnd(left - 2)}${wrap(text, width - left).join(`\n${' '.repeat(left)}`)}`,
    )
    .join('\n');
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** The help of the whole program, or of one command. Ends with a newline. */
export function helpText(command: CommandName | undefined, width: number): string {
  const columns = Math.max(60, Math.min(width, 110));
  const spec = commands.find((c) => c.name === command);
  if (!spec) {
    return [
      'Leakdrill drills data-leak detection: what does each rule catch, miss and cost?',
      '',
      'Usage: leakdrill [COMMAND] [OPTIONS]',
      '',
      'Commands:',
      twoColumns(
        commands.map((c) => [`${c.name} ${c.takes}`.trim(), c.help]),
        columns,
      ),
      '',
      ...wrap(
        'leakdrill COMMAND --help tells about one command; in a checkout, write npm start -- COMMAND. Exit codes: 0 pass, 1 gate failed, 2 content fault, 3 usage or input fault, 4 insufficient evidence, 130 interrupted.',
        columns,
      ),
      '',
    ].join('\n');
  }
  const mine = options.filter((option) => option.commands.includes(spec.name));
  return [
    ...wrap(`${spec.help}.`, columns),
    '',
    `Usage: leakdrill ${[spec.name, spec.takes].join(' ').trim()} [OPTIONS]`,
    '',
    wrap(spec.more, columns).join('\n'),
    '',
    'Options:',
    twoColumns(
      mine.map((option) => {
        const usual = option.defaults?.[spec.name] ?? option.default;
        const facts = [
          option.choices?.join(' | '),
          usual !== undefined && usual !== false && `default ${usual}`,
        ].filter((fact) => typeof fact === 'string');
        return [
          shownFlag(option),
          `${option.help}${facts.length > 0 ? ` (${facts.join('; ')})` : ''}`,
        ];
      }),
      columns,
    ),
    '',
    wrap(
      `Each option can also be set as an environment variable (${environmentName(mine[0]?.name ?? '')}) or as a key of leakdrill.config.json (${configKey(mine[0]?.name ?? '')}); a flag wins over the environment, that over the file. Not so: ${mine
        .filter((o) => o.flagOnly === true)
        .map((o) => `--${o.name}`)
        .join(', ')}.`,
      columns,
    ).join('\n'),
    '',
    'Examples:',
    ...spec.examples.map((example) => `  ${example}`),
    '',
  ].join('\n');
}
