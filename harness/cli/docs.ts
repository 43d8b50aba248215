import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { loadTraffic } from '#content';
import { contentPages } from '../docs/index.js';
import { plural } from '../format.js';
import { builtInContent } from '../package-root.js';
import { UsageFault } from '../usage-fault.js';
import type { Command } from './command.js';
import { compileContent, openContent } from './content.js';
import { exitCode } from './exit.js';
import { write } from './shell.js';

/** Writes pages about the content into a folder. */
export const docs: Command = async ({ settings }, shell) => {
  if (settings.out === undefined)
    throw new UsageFault('Where to?', 'Name the folder for the pages: leakdrill docs --out DIR.');
  const folder = resolve(shell.cwd, settings.out);
  const content = await openContent(settings, shell);
  if (!content) return exitCode.content;
  const nobody = { internal_domains: [], people: [] };
  if (!(await compileContent(content, nobody, settings, shell))) return exitCode.content;
  const own = await loadTraffic(content.root);
  const { traffic } = own.traffic === undefined ? await loadTraffic(builtInContent) : own;
  const pages = contentPages(content.pack, traffic);
  try {
    for (const [path, text] of pages) {
      const file = join(folder, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
  } catch (error) {
    throw new UsageFault(
      `--out ${settings.out} cannot be written: ${(error as NodeJS.ErrnoException).code}.`,
      'It must be a folder, or a path where one can be made.',
    );
  }
  const shown = relative(shell.cwd, folder) || '.';
  await write(
    shell.stdout,
    `${plural(pages.size, 'page')} written; begin with ${join(shown.startsWith('..') ? folder : shown, 'index.md')}\n`,
  );
  return exitCode.pass;
};
