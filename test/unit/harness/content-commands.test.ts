import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lintHelp } from '#content';
import { builtInContent } from '../../../harness/package-root.js';
import { type Outcome, runInMemory } from './memory-shell.js';

let cwd: string;
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'leakdrill-content-'));
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const leakdrill = (...argv: string[]): Promise<Outcome> => runInMemory(argv, { cwd });

/** A copy of the built-in content with one text of one file replaced. */
function contentWith(file: string, from: string, to: string): string {
  const root = mkdtempSync(join(cwd, 'content-'));
  cpSync(builtInContent, root, { recursive: true });
  const path = join(root, file);
  const text = readFileSync(path, 'utf8');
  if (!text.includes(from)) throw new Error(`${file} does not hold ${from}`);
  writeFileSync(path, text.replace(from, to));
  return root;
}

describe('lint', () => {
  test('finds no error in the built-in content', async () => {
    const { code, stdout } = await leakdrill('lint');
    expect(stdout).toMatch(/0 errors, \d+ warnings? \(41 rules, 18 models, /);
    expect(code).toBe(0);
  });

  test('shows a type error with the place and a frame under the part, and ends with 2', async () => {
    const root = contentWith(
      'rules/T1048.003/EM-UD-F.yaml',
      'confidence_factor >= 0.8',
      'confidence_factr >= 0.8',
    );
    const { code, stdout } = await leakdrill('lint', '--content', root);
    expect(code).toBe(2);
    expect(stdout).toMatch(/EM-UD-F\.yaml:\d+:7 error expression\/unknown-name/);
    expect(stdout).toMatch(/\| when: confidence_factr >= 0\.8.*\n.*\^{16}\n/);
    expect(stdout).toContain('did you mean `confidence_factor`?');
    expect(stdout).not.toContain('\u001b');
    expect((await runInMemory(['lint', '--content', root, '--color'], { cwd })).stdout).toContain(
      '\u001b[31m',
    );
  });

  test('shows what is wrong with the YAML itself', async () => {
    const root = contentWith('models/EM-UD.yaml', 'kind: categorical', 'kind: [categorical');
    const { code, stdout } = await leakdrill('lint', '--content', root);
    expect(code).toBe(2);
    expect(stdout).toContain('models/EM-UD.yaml:');
    expect(stdout).toContain('yaml/syntax');
  });

  test('explains a code, and knows when there is none such', async () => {
    const known = await leakdrill('lint', '--explain', 'yaml/duplicate-key');
    expect(known.code).toBe(0);
    expect(known.stdout).toContain('same key stands twice');
    const all = await leakdrill('lint', '--explain');
    expect(all.code).toBe(0);
    for (const code of Object.keys(lintHelp)) expect(all.stdout).toContain(`\n${code} `);
    const unknown = await leakdrill('lint', '--explain', 'yaml/duplicat-key');
    expect(unknown.code).toBe(3);
    expect(unknown.stderr).toContain('Did you mean yaml/duplicate-key?');
  });

  test('adds an estimate for each model when asked', async () => {
    const { code, stdout } = await leakdrill('lint', '--models');
    expect(code).toBe(0);
    expect(stdout).toMatch(/\nEM-UD +user +a confidence of 0\.8 +\d+ +\d+ months +\d months\n/);
    expect(stdout).toMatch(/\nFEM-UD +user +nothing +at once\n/);
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  });

  test('shows a dead rule at the field that nothing sets', async () => {
    const root = contentWith(
      'rules/T1048.003/EM-PersonalEmail.yaml',
      'when: to_personal',
      'when: to_personal && alert_id == "x" && hired > 5',
    );
    const { code, stdout } = await leakdrill('lint', '--content', root);
    expect(code).toBe(0);
    expect(stdout).toMatch(/EM-PersonalEmail\.yaml:\d+:\d+ warning expression\/bare-number/);
    const dead = contentWith(
      'rules/T1048.003/EM-PersonalEmail.yaml',
      'when: to_personal',
      'when: to_personal && bytes > 5 * MB && bytes < 1 * MB',
    );
    const found = await leakdrill('lint', '--content', dead);
    expect(found.code).toBe(2);
    expect(found.stdout).toContain('error rule/never-fires  its condition can never hold');
    expect(found.stdout).toContain('leakdrill lint --explain CODE tells more');
  });

  test('finds a TODO anywhere, in comments too', async () => {
    const root = contentWith('gates.yaml', 'default:', '# TODO decide\ndefault:');
    const { code, stdout } = await leakdrill('lint', '--content', root);
    expect(code).toBe(2);
    expect(stdout).toMatch(/gates\.yaml:\d+:3 error content\/todo {2}left to do: decide\n/);
  });

  test('takes assumptions of its own from the content, and ours where it has none', async () => {
    const root = contentWith('traffic.yaml', 'people: 200', 'people: 2000');
    const org = (text: string): string => /\nWEB-OU-FS .*/.exec(text)?.[0] ?? '';
    const usual = org((await leakdrill('lint', '--models')).stdout);
    const large = org((await leakdrill('lint', '--models', '--content', root)).stdout);
    expect(large).not.toBe(usual);
    rmSync(join(root, 'traffic.yaml'));
    expect(org((await leakdrill('lint', '--models', '--content', root)).stdout)).toBe(usual);
    writeFileSync(join(root, 'traffic.yaml'), 'people: many\n');
    expect((await leakdrill('lint', '--content', root)).code).toBe(2);
  });

  test('says that a folder without content is none', async () => {
    const { code, stdout } = await leakdrill('lint', '--content', 'nowhere');
    expect(code).toBe(2);
    expect(stdout).toContain('there is no such folder');
  });
});

describe('test', () => {
  test('runs what the ids and patterns name and counts it', async () => {
    const { code, stdout } = await leakdrill('test', 'em-ud-*', 'WEB-FS');
    expect(stdout).toMatch(/^\d+ passed, 0 failed \(\d+ tests of 3 rules, /);
    expect(code).toBe(0);
  });

  test('shows a failing test with file, line, positions and the values under the expression', async () => {
    const file = 'rules/T1048.003/EM-PersonalEmail.yaml';
    const root = contentWith(file, 'to_personal', 'to_competition');
    const { code, stdout } = await leakdrill('test', 'EM-PersonalEmail', '--content', root);
    expect(code).toBe(2);
    expect(stdout).toMatch(new RegExp(`EM-PersonalEmail: .+ ${file}:\\d+\n`));
    expect(stdout).toMatch(/should fire on event 1; fired on none/);
    expect(stdout).toContain('to_competition');
    expect(stdout).toMatch(/\d+ passed, [1-9]\d* failed/);
    const line = Number(/EM-PersonalEmail\.yaml:(\d+)/.exec(stdout)?.[1]);
    expect(readFileSync(join(root, file), 'utf8').split('\n')[line - 1]).toContain('name:');
  });

  test("runs the parsers' tests too, and shows what a line yields instead", async () => {
    const file = 'parsers/proxy/web-activity.yaml';
    const root = contentWith(file, 'bytes_in: {', 'bytes_inn: {');
    const lint = await leakdrill('lint', '--content', root);
    expect(lint.stdout).toContain('content/unknown-field');
    const broken = contentWith(file, 'from: [bytes_in]', 'from: [bytes_inn]');
    const { code, stdout } = await leakdrill('test', 'web-activity', '--content', broken);
    expect(code).toBe(2);
    expect(stdout).toMatch(
      new RegExp(`✗ web-activity: .* ${file}:\\d+\n  bytes_in should be \\d+ and is absent\n`),
    );
    expect(stdout).toMatch(/\d+ passed, [1-9] failed \(\d+ tests of 1 parser, /);
  });

  test('shows what the model of a failing rule had seen', async () => {
    const root = contentWith('rules/T1048.003/EM-UD-F.yaml', '>= 0.8', '>= 0.9');
    const { stdout } = await leakdrill('test', 'EM-UD-F', '--content', root);
    expect(stdout).toContain(
      'did not fire: model not converged\n    EM-UD of ann.meyer@corp.example: 5 observations of 1 value, 0 of newcomer.example, confidence 0.8\n',
    );
  });

  test('suggests the rule that was meant', async () => {
    const { code, stderr } = await leakdrill('test', 'EM-UD-Z');
    expect(code).toBe(3);
    expect(stderr).toMatch(/No rule or parser is called EM-UD-Z\.\nDid you mean EM-UD-[AF]\?/);
  });

  test('does not begin with content that does not compile', async () => {
    const root = contentWith(
      'rules/T1048.003/EM-UD-F.yaml',
      'num_observations == 0',
      "num_observations == '0'",
    );
    const { code, stdout, stderr } = await leakdrill('test', '--content', root);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/EM-UD-F\.yaml:\d+:\d+ error expression\//);
    expect(stderr).toContain('leakdrill lint --explain CODE');
  });
});

describe('list', () => {
  test('alone gives counts and the rules by technique', async () => {
    const { code, stdout } = await leakdrill('list');
    expect(code).toBe(0);
    expect(stdout).toContain('41 rules, 18 models, ');
    expect(stdout).toMatch(/T1567\.002 .*WEB-FS WEB-OG-FS WEB-OU-FS/);
  });

  test.each([
    ['rules', /EM-UD-F +T1048\.003 +5 +EM-UD +/],
    ['models', /EM-UD +categorical +user +external_domains +/],
    ['scenarios', /attack\/T1048\.003\/personal-mailbox-drip +/],
    ['parsers', /siem-v1-receipt +mimecast +mail +receipt +/],
    ['fields', /external_domains +texts +enriched +/],
    ['functions', /in_table\('/],
    ['event-types', /web-activity-denied +web +day +4 +/],
  ])('%s gives a table that fits its width', async (what, row) => {
    const { code, stdout } = await leakdrill('list', what);
    expect(code).toBe(0);
    expect(stdout).toMatch(row);
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  });

  test('suggests the list that was meant', async () => {
    const { code, stderr } = await leakdrill('list', 'rule');
    expect(code).toBe(3);
    expect(stderr).toContain('There is no list of rule.\nDid you mean rules?');
  });
});

test('help and version need no content and end with 0', async () => {
  const help = await leakdrill('--help');
  expect(help).toMatchObject({ code: 0, stderr: '' });
  expect(help.stdout).toContain('replay [FILE…]');
  expect((await leakdrill('help', 'lint')).stdout).toContain('--explain [CODE]');
  expect((await leakdrill('--version')).stdout).toMatch(/^leakdrill \d+\.\d+\.\d+\n$/);
});

describe('docs', () => {
  test('writes a page for each rule, and the tables', async () => {
    const { code, stdout } = await leakdrill('docs', '--out', 'pages');
    expect(stdout).toBe('44 pages written; begin with pages/index.md\n');
    expect(code).toBe(0);
    expect(readFileSync(join(cwd, 'pages/rules/EM-UD-F.md'), 'utf8')).toContain('# EM-UD-F: ');
  });

  test('wants a folder that can be written, and content without errors', async () => {
    expect((await leakdrill('docs')).stderr).toContain('leakdrill docs --out DIR');
    writeFileSync(join(cwd, 'a-file'), '');
    const blocked = await leakdrill('docs', '--out', 'a-file');
    expect(blocked.code).toBe(3);
    expect(blocked.stderr).toMatch(/--out a-file cannot be written: E/);
    const root = contentWith('rules/T1048.003/EM-UD-F.yaml', 'num_observations == 0', 'nothing');
    const faulty = await leakdrill('docs', '--out', 'other-pages', '--content', root);
    expect(faulty.code).toBe(2);
    expect(faulty.stderr).toContain('expression/unknown-name');
  });
});
