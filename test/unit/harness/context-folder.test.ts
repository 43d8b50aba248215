import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { builtInContent } from '../../../harness/package-root.js';
import { type Outcome, runInMemory } from './memory-shell.js';

let cwd: string;
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'leakdrill-context-'));
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

/** A folder of own tables: name → YAML. */
function folder(name: string, tables: Readonly<Record<string, string>>): string {
  mkdirSync(join(cwd, name));
  for (const [table, text] of Object.entries(tables))
    writeFileSync(join(cwd, name, `${table}.yaml`), text);
  return name;
}

const run = (argv: readonly string[], stdin?: string): Promise<Outcome> =>
  runInMemory(argv, { cwd, ...(stdin !== undefined && { stdin }) });

const mail = (to: string, subject = 'Hello'): string => {
  const base = {
    acc: 'C1',
    aCode: to,
    datetime: '2024-03-04T10:15:30+0100',
    Sender: 'mia@corp.example',
    Rcpt: to,
    Subject: subject,
    Act: 'Acc',
    Dir: 'Outbound',
  };
  return `${JSON.stringify(base)}\n`;
};

/** Rules that fire when the mails are replayed, with a folder of own tables or without. */
async function fired(mails: string, context?: string): Promise<string[]> {
  const { code, stdout, stderr } = await run(
    [
      ...['replay', '-', '--internal-domain', 'corp.example', '--out', 'triggers.jsonl'],
      ...(context === undefined ? [] : ['--context', context]),
    ],
    mails,
  );
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(stdout).toContain('1 record');
  const lines = readFileSync(join(cwd, 'triggers.jsonl'), 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => (JSON.parse(line) as { readonly rule: string }).rule).sort();
}

const ours = (): string[] =>
  readdirSync(join(builtInContent, 'context')).map((name) =>
    readFileSync(join(builtInContent, 'context', name), 'utf8'),
  );

describe('a folder given with --context', () => {
  test('adds to a table, takes from it, and leaves ours alone', async () => {
    const before = ours();
    const rival = mail('boss@adversary.example');
    expect(await fired(rival)).toEqual([]);
    const added = folder('added', { competition_domains: 'values: [Adversary.example]\n' });
    expect(await fired(rival, added)).toEqual(['EM-Competition']);

    const free = mail('someone@gmail.com');
    expect(await fired(free)).toEqual(['EM-PublicDomain']);
    const removed = folder('removed', { public_email_domains: 'remove: [gmail.com]\n' });
    expect(await fired(free, removed)).toEqual([]);
    expect(ours()).toEqual(before);
  });

  test('replaces a whole table', async () => {
    const replaced = folder('replaced', {
      public_email_domains: 'replace: true\nvalues: [only.example]\n',
    });
    expect(await fired(mail('someone@gmail.com'), replaced)).toEqual([]);
    expect(await fired(mail('someone@only.example'), replaced)).toEqual(['EM-PublicDomain']);
  });

  test('reaches what enrichment reads, such as the domains inside and the tags of subjects', async () => {
    const inside = folder('inside', { internal_domains: 'values: [gmail.com]\n' });
    expect(await fired(mail('someone@gmail.com'), inside)).toEqual([]);
    const cores = folder('cores', { external_tags: "values: ['[von aussen]']\n" });
    // The subject of an executive's mail is known again behind the tag.
    const people = [{ user: 'boss@corp.example', executive: true }];
    writeFileSync(join(cwd, 'people.json'), JSON.stringify({ people }));
    const lines = [
      mail('a@partner.example', 'Plans for the next year').replaceAll('mia@', 'boss@'),
      mail('b@gmail.com', '[Von aussen] Plans for the next year').replace('10:15', '11:15'),
    ].join('');
    const rules = async (...more: string[]): Promise<string> => {
      const base = [
        'replay',
        '-',
        '--internal-domain',
        'corp.example',
        '--directory',
        'people.json',
      ];
      return (await run([...base, ...more], lines)).stdout;
    };
    expect(await rules()).not.toContain('EM-EXEC-Public');
    expect(await rules('--context', cores)).toContain('EM-EXEC-Public');
  });

  test('may hold a table of its own, for rules of its own', async () => {
    const own = folder('own', {
      suppliers: 'description: Ours.\nsource: own\nlicence: MIT\nvalues: [a.example]\n',
    });
    const { code, stdout } = await run(['lint', '--context', own]);
    expect(stdout).toMatch(/0 errors, 0 warnings \(.* 16 tables\)/);
    expect(code).toBe(0);
  });

  test('shows its faults in its own files', async () => {
    const faulty = folder('faulty', { competition_domains: 'values: [a.example\n' });
    const broken = await run(['lint', '--context', faulty]);
    expect(broken.code).toBe(2);
    expect(broken.stdout).toMatch(/faulty\/competition_domains\.yaml:\d+:\d+ error yaml\/syntax/);
    const misspelt = folder('misspelt', { competition_domain: 'values: [a.example]\n' });
    const found = await run(['lint', '--context', misspelt]);
    expect(found.code).toBe(2);
    expect(found.stdout).toContain('did you mean competition_domains?');
    const missing = await run(['lint', '--context', 'nowhere']);
    expect(missing.code).toBe(2);
    expect(missing.stdout).toContain('content/no-folder');
  });
});
