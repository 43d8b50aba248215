import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const projectRoot = new URL('../../..', import.meta.url).pathname;

const story = (title: string, more = '') => `import { defineScenario } from 'leakdrill/scenarios';
${more}
export default defineScenario({
  kind: 'attack',
  technique: 'T1048.003',
  title: '${title}',
  story: 'Somebody mails something to somebody.',
  expects: ['EM-PersonalEmail'],
  cast: (candidates) => candidates[0] ?? { nobody: 'there is nobody' },
  *play(stage) {
    yield { step: 'mails', at: stage.at(0, '09:30'), activity: stage.mail({ to: 'a@b.example', subject: 'x' }) };
  },
});
`;

/** Folder name → its files. */
const folders: Record<string, Record<string, string>> = {
  good: {
    'attack/T1048.003/typed.ts': story(
      'typed',
      "import { subject } from '../../_shared.js';\nexport const other = subject.length;",
    ),
    'attack/T1048.003/plain.js': story('plain'),
    'attack/T1048.003/extensionless.ts': story(
      'extensionless',
      "import { subject } from '../../_shared';\nvoid subject;",
    ),
    '_shared.ts': 'export const subject: string = "shared";\n',
    'types.d.ts': 'declare const x: number;\n',
    '.hidden/attack/T1048.003/hidden.ts': 'broken(',
  },
  'type-error': { 'attack/T1048.003/wrong.ts': story('wrong', 'export const n: number = "text";') },
  'misspelt-field': {
    'attack/T1048.003/wrong.ts': story('wrong').replace("subject: 'x'", "subjekt: 'x'"),
  },
  'syntax-error': { 'attack/T1048.003/broken.ts': story('broken', 'const n = (1;') },
  'syntax-error-js': { 'attack/T1048.003/broken.js': story('broken', 'const n = (1;') },
  'no-export': { 'attack/T1048.003/empty.ts': 'export const scenario = 1;\n' },
  'not-a-scenario': { 'attack/T1048.003/seven.ts': 'export default 7;\n' },
  'wrong-place': { 'my-story.ts': story('misplaced') },
  throws: {
    'attack/T1048.003/throws.ts': story(
      'throws',
      'interface Wide {\n  a: number;\n}\n\nconst none = JSON.parse("null") as Wide;\nexport const a = none.a;',
    ),
  },
  'missing-import': { 'attack/T1048.003/lost.js': story('lost', "import 'no-such-package';") },
  twice: { 'attack/T1048.003/same.ts': story('a'), 'attack/T1048.003/same.js': story('b') },
  empty: { '_shared.ts': '' },
};

type Outcome = { ids?: string[]; titles?: string[]; name?: string; message?: string };
let outcomes: Record<string, Outcome>;
let base: string;

// Vitest loads modules in a way of its own, so the loader is tried in a Node of its own.
async function load(names: readonly string[]): Promise<Record<string, Outcome>> {
  const program = `
    import { loadScenarios } from './harness/load-scenarios.js';
    const outcomes = {};
    for (const name of ${JSON.stringify(names)}) {
      try {
        const found = await loadScenarios(${JSON.stringify(base)} + '/' + name, ${JSON.stringify(base)});
        outcomes[name] = { ids: found.map((s) => s.id), titles: found.map((s) => s.title) };
      } catch (error) {
        outcomes[name] = { name: error.name, message: error.message };
      }
    }
    process.stdout.write(JSON.stringify(outcomes));`;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [
      '--conditions=source',
      '--import',
      './harness/register.mjs',
      '--input-type=module',
      '-e',
      program,
    ],
    { cwd: projectRoot },
  );
  return JSON.parse(stdout) as Record<string, Outcome>;
}

beforeAll(async () => {
  base = mkdtempSync(join(tmpdir(), 'leakdrill-scenarios-'));
  for (const [folder, files] of Object.entries(folders)) {
    for (const [path, text] of Object.entries(files)) {
      const file = join(base, folder, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
  }
  outcomes = await load([...Object.keys(folders), 'missing']);
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

describe("a folder of a user's scenarios", () => {
  test('loads TypeScript and JavaScript, shared code among it, under the ids that the paths say', () => {
    expect(outcomes['good']).toEqual({
      ids: ['attack/T1048.003/extensionless', 'attack/T1048.003/plain', 'attack/T1048.003/typed'],
      titles: ['extensionless', 'plain', 'typed'],
    });
  });

  test('loads the same from the cache, and sees the fault that another file brings in later', async () => {
    expect((await load(['good']))['good']?.titles).toEqual(['extensionless', 'plain', 'typed']);
    writeFileSync(join(base, 'good/_shared.ts'), 'export const subject: number = 3;\n');
    const changed = (await load(['good']))['good'];
    expect(changed?.message).toContain("Property 'length' does not exist on type 'number'");
  });

  test.each([
    [
      'type-error',
      [
        'does not compile',
        'attack/T1048.003/wrong.ts:2:14 - error TS2322',
        'export const n: number = "text";',
        '~',
      ],
    ],
    ['misspelt-field', ['wrong.ts:11:', "'subjekt' does not exist"]],
    ['syntax-error', ['does not compile', 'broken.ts:2:13 - error TS1005', 'const n = (1;']],
    ['syntax-error-js', ['does not compile', 'broken.js:2:13 - error TS1005']],
    ['no-export', ['empty.ts exports no scenario as its default, only scenario']],
    [
      'not-a-scenario',
      [
        'seven.ts: scenario attack/T1048.003/seven: must be an object made with defineScenario, not 7',
      ],
    ],
    [
      'wrong-place',
      ['my-story.ts: scenario my-story: its path must read attack/<technique>/<name>'],
    ],
    ['throws', ['throws.ts:7:23: TypeError: Cannot read properties of null']],
    ['missing-import', ["Cannot find package 'no-such-package'", 'lost.js']],
    ['twice', ['there are two files for the scenario attack/T1048.003/same']],
    ['empty', ['empty holds no scenario files']],
    ['missing', ['missing does not exist']],
  ])('with %s is refused with a message that names the place', (folder, parts) => {
    const { name, message } = outcomes[folder] ?? {};
    expect(name).toBe('UsageFault');
    for (const part of parts) expect(message).toContain(part);
    expect(message).not.toContain('\u001b');
  });
});
