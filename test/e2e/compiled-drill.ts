import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { DrillOptions } from '../../harness/drill-options.js';
import { builtInContent, packageRoot } from '../../harness/package-root.js';

/** A module of the harness as people run it: `npm test` compiles before it tests. */
export const compiled = (file: string): Promise<unknown> =>
  import(pathToFileURL(join(packageRoot, 'dist/harness', file)).href);

/** A drill of seconds, run from `cwd`. */
export const smallDrill = (cwd: string, more: Partial<DrillOptions>): DrillOptions => ({
  seed: 3,
  people: 12,
  peer_groups: 2,
  history_days: 5,
  test_days: 5,
  start: Date.UTC(2024, 0, 1),
  instances: 1,
  internal_mail: false,
  format: 'v1-json',
  base_rate: 1e-4,
  version: '0.0.0',
  command: 'test',
  content: builtInContent,
  context: [],
  scenarios: undefined,
  only: [],
  cwd,
  ...more,
});

/** Writes a scenario into a folder as a user would; `play` is the body of its story. */
export function writeStory(folder: string, name: string, play: string): void {
  mkdirSync(join(folder, 'attack/T1048.003'), { recursive: true });
  writeFileSync(
    join(folder, `attack/T1048.003/${name}.ts`),
    `import { defineScenario } from 'leakdrill/scenarios';
export default defineScenario({
  kind: 'attack', technique: 'T1048.003', title: 'Own', story: 'Mails a source file to a private mailbox.',
  expects: ['EM-File'],
  cast: (candidates) => candidates[0] ?? { nobody: 'somebody' },
  *play(stage) { ${play} },
});
`,
  );
}

/** A source file goes to a private mailbox. */
export const MAILS_CODE = `
    yield { step: 'mails', at: stage.at(0, '10:00'), activity: stage.mail({ to: 'x@gmail.com', subject: 'code', attachments: { 'main.java': 5000 } }) };
  `;
