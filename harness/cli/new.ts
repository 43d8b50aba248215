import { relative, resolve } from 'node:path';
import { type NewKind, newKinds, writeNewFile } from '../new-file.js';
import { UsageFault } from '../usage-fault.js';
import { didYouMean } from './arguments.js';
import type { Command } from './command.js';
import { contentRoot } from './content.js';
import { exitCode } from './exit.js';
import { painter, wantsColor, write } from './shell.js';

/** Writes the start of a rule, model, parser or scenario and says what comes next. */
export const newFile: Command = async ({ settings, args }, shell) => {
  const [kind = '', id] = args;
  if (!newKinds.some((known) => known === kind))
    throw new UsageFault(
      kind === '' ? 'New what?' : `leakdrill new cannot make a ${kind}.`,
      [didYouMean(kind, newKinds), `It makes: ${newKinds.join(', ')}.`]
        .filter((part) => part !== undefined)
        .join(' '),
    );
  if (id === undefined)
    throw new UsageFault(`The new ${kind} needs an id.`, 'leakdrill new --help shows examples.');
  if (kind === 'scenario' && settings.scenarios === undefined)
    throw new UsageFault(
      'Scenarios of your own lie in a folder of your own.',
      `Name it: leakdrill new scenario ${id} --scenarios ./my-scenarios`,
    );
  const { path, next } = writeNewFile({
    kind: kind as NewKind,
    id,
    content: contentRoot(settings, shell),
    scenarios: resolve(shell.cwd, settings.scenarios ?? '.'),
    cwd: shell.cwd,
  });
  const paint = painter(wantsColor(shell, shell.stdout, settings.color));
  const shown = relative(shell.cwd, path);
  await write(
    shell.stdout,
    `${paint('green', 'Written')}  ${shown.startsWith('..') ? path : shown}\nWrite what it says TODO for; then:\n${next.map((step) => `  ${step}\n`).join('')}`,
  );
  return exitCode.pass;
};
