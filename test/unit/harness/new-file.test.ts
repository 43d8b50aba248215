import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { builtInContent } from '../../../harness/package-root.js';
import type { RunResult } from '../../../harness/result.generated.js';
import { type Outcome, runInMemory } from './memory-shell.js';

let cwd: string;
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'leakdrill-new-'));
  cpSync(builtInContent, join(cwd, 'content'), { recursive: true });
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const leakdrill = (...argv: string[]): Promise<Outcome> => runInMemory(argv, { cwd });

const root = new URL('../../..', import.meta.url).pathname;
/** Compiled, as people run it: `npm test` compiles before it tests. */
const main = join(root, 'dist/harness/cli/main.js');

/** In a Node of its own: Vitest loads modules, scenarios among them, in a way of its own. */
function alone(...argv: string[]): Promise<Outcome> {
  return new Promise((done) => {
    const child = execFile(
      process.execPath,
      [main, ...argv],
      { cwd, maxBuffer: 1 << 26 },
      (_, stdout, stderr) => done({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}

const text = (path: string): string => readFileSync(join(cwd, path), 'utf8');

/** `file:line` of every TODO in a file. */
const places = (path: string, shown = path): string[] =>
  text(path)
    .split('\n')
    .flatMap((line, i) => [...line.matchAll(/\bTODO\b/g)].map(() => `${shown}:${i + 1}`));

/** Findings as lint shows them: `file:line severity code`. */
const findings = (stdout: string): string[] =>
  [...stdout.matchAll(/^(\S+:\d+):\d+ (error|warning) (\S+)/gm)].map(
    ([, place, severity, code]) => `${place} ${severity} ${code}`,
  );

describe('the start of', () => {
  test.each([
    ['rule', 'T1567.002/MY-RULE', 'rules/T1567.002/MY-RULE.yaml', 'MY-RULE'],
    ['rule', 'Second_1', 'rules/T1048.003/Second_1.yaml', 'Second_1'],
    ['rule', 'THIRD', 'rules/T1048.003/THIRD.yaml', 'THIRD'],
    ['model', 'MY-MODEL', 'models/MY-MODEL.yaml', undefined],
    ['parser', 'acme/acme-mail', 'parsers/acme/acme-mail.yaml', 'acme-mail'],
    ['parser', 'plain-mail', 'parsers/own/plain-mail.yaml', 'plain-mail'],
  ])(
    'a %s %s passes lint but for what it says TODO, and its own tests',
    async (kind, id, file, tested) => {
      const made = await leakdrill('new', kind, id, '--content', 'content');
      expect(made).toMatchObject({ code: 0, stderr: '' });
      expect(made.stdout).toContain(`Written  content/${file}\n`);
      expect(made.stdout).toContain('\n  leakdrill lint --content content\n');

      const lint = await leakdrill('lint', '--content', 'content');
      expect(lint.code).toBe(2);
      const mine = findings(lint.stdout).filter((line) => line.startsWith(file));
      expect(mine).toEqual(
        places(join('content', file), file).map((at) => `${at} error content/todo`),
      );
      expect(mine.length).toBeGreaterThan(1);

      if (tested !== undefined) {
        const own = await leakdrill('test', tested, '--content', 'content');
        expect(own.stdout).toMatch(/^[1-9]\d* passed, 0 failed \(/);
        expect(own.code).toBe(0);
      }
    },
  );

  test('several of them finds nothing else in the whole content', async () => {
    const { stdout } = await leakdrill('lint', '--content', 'content');
    expect(findings(stdout).filter((line) => !line.endsWith('content/todo'))).toEqual([]);
  });

  test('a rule names the schema that lies beside the content, or else the built-in one', async () => {
    expect(text('content/rules/T1567.002/MY-RULE.yaml').split('\n')[0]).toBe(
      '# yaml-language-server: $schema=../../schema/rule.schema.json',
    );
    cpSync(join(cwd, 'content'), join(cwd, 'bare'), {
      recursive: true,
      filter: (path) => !path.includes('schema'),
    });
    await leakdrill('new', 'rule', 'BARE', '--content', 'bare');
    const [, schema] = /\$schema=(\S+)/.exec(text('bare/rules/T1048.003/BARE.yaml')) ?? [];
    expect(existsSync(join(cwd, 'bare/rules/T1048.003', schema ?? ''))).toBe(true);
  });

  test.each([
    ['attack/T1048.003/my-story', 'attack/T1048.003/my-story.ts'],
    ['look-alike/T1114.003/my-other-story', 'look-alike/T1114.003/my-other-story.ts'],
    ['short-name', 'attack/T1048.003/short-name.ts'],
  ])('a scenario %s compiles, plays and says what is left to do', async (id, file) => {
    const folder = `stories-${id.replaceAll('/', '-')}`;
    const made = await leakdrill('new', 'scenario', id, '--scenarios', folder);
    expect(made.stdout).toContain(`leakdrill lint --scenarios ${folder}`);
    const lint = await alone('lint', '--scenarios', folder);
    expect(lint.stderr).toBe('');
    expect(lint.code).toBe(2);
    const path = join(folder, file);
    expect(findings(lint.stdout)).toEqual(places(path).map((at) => `${at} error content/todo`));

    const drill = await alone(
      ...['drill', '--report', 'json', '--scenarios', folder, '--only', file.replace('.ts', '')],
      ...['--people', '40', '--history-days', '2', '--test-days', '8'],
    );
    const { instances } = JSON.parse(drill.stdout) as RunResult;
    expect(instances.map(({ scenario }) => scenario)).toEqual([file.replace('.ts', '')]);
  });
});

describe('nothing is written', () => {
  const rejected = async (...argv: string[]): Promise<string> => {
    const { code, stdout, stderr } = await leakdrill('new', ...argv);
    expect(stdout).toBe('');
    expect(code).toBe(3);
    return stderr;
  };

  test('over a file that is there', async () => {
    const path = 'content/models/EM-UD.yaml';
    const before = text(path);
    expect(await rejected('model', 'EM-UD', '--content', 'content')).toContain('is there already');
    expect(text(path)).toBe(before);
    writeFileSync(join(cwd, 'content/models/EMPTY.yaml'), '');
    expect(await rejected('model', 'EMPTY', '--content', 'content')).toContain('is there already');
    rmSync(join(cwd, 'content/models/EMPTY.yaml'));
  });

  test('for an id that another folder has', async () => {
    expect(await rejected('rule', 'T1567.002/EM-UD-F', '--content', 'content')).toContain(
      'There is a rule EM-UD-F already',
    );
  });

  test.each([
    [['rule', '../EVIL'], 'is no technique'],
    [['rule', 'T1048.003/../EVIL'], "is no rule's id"],
    [['rule', 'a b'], "'a b' cannot be the id of a rule"],
    [['rule', 'T9999/MY-OTHER'], 'The technique T9999 is not in attack.json'],
    [['model', '.hidden'], "'.hidden' cannot be the id of a model"],
    [['model', 'a/b'], "'a/b' cannot be the id of a model"],
    [['parser', 'UPPER'], "'UPPER' cannot be the id of a parser"],
    [['parser', 'up/../down'], "is no parser's id"],
    [['scenario', 'attack/my-story'], "is no scenario's id"],
    [['scenario', 'attack/T1048.003/My Story'], "'My Story' cannot be the id of a scenario"],
    [['scenario', 'campaign/T1048.003/x'], "is no scenario's id"],
  ])('for %j', async (argv, message) => {
    expect(await rejected(...argv, '--content', 'content', '--scenarios', 'stories')).toContain(
      message,
    );
    expect(existsSync(join(cwd, 'stories'))).toBe(false);
  });

  test('into a folder that is no content', async () => {
    const stderr = await rejected('rule', 'X1', '--content', 'nowhere');
    expect(stderr).toContain('is no content folder');
    expect(stderr).toContain('cp -r ');
    expect(existsSync(join(cwd, 'nowhere'))).toBe(false);
  });

  test('of a scenario without a folder for it', async () => {
    expect(await rejected('scenario', 'attack/T1048.003/x')).toContain(
      '--scenarios ./my-scenarios',
    );
  });

  test('of a kind that is not known, or without an id', async () => {
    expect(await rejected('rul', 'X1')).toContain('Did you mean rule?');
    expect(await rejected()).toContain('It makes: rule, model, parser, scenario.');
    expect(await rejected('rule')).toContain('The new rule needs an id.');
    expect(await rejected('rule', 'A1', 'B1')).toContain('does not take B1');
  });
});
