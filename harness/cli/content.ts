import { resolve } from 'node:path';
import {
  type ContentPack,
  type ContentSources,
  type Diagnostic,
  loadContent,
  renderDiagnostic,
  sortDiagnostics,
} from '#content';
import { compile, type Directory, type Program } from '#engine';
import { builtInContent } from '../package-root.js';
import type { Settings } from './options.js';
import { type Shell, wantsColor, write } from './shell.js';

export interface OpenContent {
  readonly root: string;
  readonly pack: ContentPack;
  readonly sources: ContentSources;
}

export const contentRoot = (settings: Settings, shell: Shell): string =>
  settings.content === undefined ? builtInContent : resolve(shell.cwd, settings.content);

export const contextFolders = (settings: Settings, shell: Shell): readonly string[] =>
  settings.context === undefined ? [] : [resolve(shell.cwd, settings.context)];

/**
 * Loads the content that the settings name. When it has errors, they are shown on stderr and
 * nothing is returned: the command ends with exit code 2.
 */
export async function openContent(
  settings: Settings,
  shell: Shell,
): Promise<OpenContent | undefined> {
  const root = contentRoot(settings, shell);
  const { pack, diagnostics, sources } = await loadContent(root, {
    context: contextFolders(settings, shell),
  });
  if (pack) return { root, pack, sources };
  await showDiagnostics(diagnostics, sources, settings, shell);
  return undefined;
}

/** Compiles for a directory. Errors are shown on stderr and nothing is returned, as above. */
export async function compileContent(
  content: OpenContent,
  directory: Directory,
  settings: Settings,
  shell: Shell,
): Promise<Program | undefined> {
  const outcome = compile([content.pack], directory);
  if (outcome.ok) return outcome.program;
  await showDiagnostics(
    sortDiagnostics(outcome.diagnostics, content.sources),
    content.sources,
    settings,
    shell,
  );
  return undefined;
}

async function showDiagnostics(
  diagnostics: readonly Diagnostic[],
  sources: ContentSources,
  settings: Settings,
  shell: Shell,
): Promise<void> {
  const color = wantsColor(shell, shell.stderr, settings.color);
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  const text = errors
    .map((diagnostic) => `${renderDiagnostic(diagnostic, sources, { color })}\n`)
    .join('\n');
  await write(
    shell.stderr,
    `${text}\nleakdrill: the content in ${sources.root} has ${errors.length === 1 ? 'an error' : `${errors.length} errors`}; leakdrill lint --explain CODE tells more about one.\n`,
  );
}
