import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type LoadOptions, loadContent, loadTestDirectory, locate } from '#content';
import { SIZE_MODEL, SMALL_PACK } from './small-pack.js';

const smallPack: Readonly<Record<string, string>> = {
  ...SMALL_PACK,
  'models/SIZE.yaml': SIZE_MODEL,
  'context/competition_domains.yaml': `
description: Competitors.
source: own
licence: Apache-2.0
holds: domains
values: [Rival.example, müller.example]
`,
};

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'content-'));
  for (const [file, text] of Object.entries(smallPack)) await put(file, text);
});

afterEach(() => rm(root, { recursive: true }));

async function put(file: string, text: string | Uint8Array): Promise<void> {
  await mkdir(dirname(join(root, file)), { recursive: true });
  await writeFile(join(root, file), text);
}

/** What is wrong, as `file:line:column code message`, with its hint. */
async function faults(options?: LoadOptions): Promise<string[]> {
  const { diagnostics, sources } = await loadContent(root, options);
  return diagnostics.map((diagnostic) => {
    const { line, column } = locate(diagnostic.place, sources);
    const hint = diagnostic.hint === undefined ? '' : ` (${diagnostic.hint})`;
    const file = diagnostic.place.file.replace(root, '<root>');
    return `${file}:${line}:${column} ${diagnostic.code} ${diagnostic.message}${hint}`;
  });
}

async function withRule(change: (text: string) => string): Promise<string[]> {
  await put('rules/T1000/BIG.yaml', change(smallPack['rules/T1000/BIG.yaml'] ?? ''));
  return faults();
}

describe('a sound pack', () => {
  it('is read with ids from paths and with the defaults of the schemas', async () => {
    const { pack, diagnostics } = await loadContent(root);
    expect(diagnostics).toEqual([]);
    expect(pack?.rules[0]).toMatchObject({
      id: 'BIG',
      technique: 'T1000',
      file: 'rules/T1000/BIG.yaml',
      enabled: true,
    });
    expect(pack?.models[0]).toMatchObject({ id: 'SIZE', alpha: 1, percentile: 0.1, aging: '16w' });
    expect(pack?.tables[0]?.members).toEqual(['rival.example', 'xn--mller-kva.example']);
    expect(pack?.techniques).toEqual([
      { id: 'T1000', name: 'Technique', tactics: ['Exfiltration'] },
    ]);
  });

  it('has the same digest wherever it lies, and whatever its prose, tests and gates say', async () => {
    const before = (await loadContent(root)).pack?.digest;
    expect(before).toMatch(/^[0-9a-f]{64}$/);
    const elsewhere = await mkdtemp(join(tmpdir(), 'elsewhere-'));
    await cp(root, elsewhere, { recursive: true });
    expect((await loadContent(elsewhere)).pack?.digest).toBe(before);
    await rm(elsewhere, { recursive: true });
    const text = smallPack['rules/T1000/BIG.yaml'] ?? '';
    await put(
      'rules/T1000/BIG.yaml',
      text.replace('that is big', 'of great size').replace('six', 'seven'),
    );
    await put('gates.yaml', 'default: { min_recall: 0.5 }\n');
    expect((await loadContent(root)).pack?.digest).toBe(before);
  });

  it.each([
    ['a threshold', 'rules/T1000/BIG.yaml', '5 * MB', '6 * MB'],
    ['a score', 'rules/T1000/BIG.yaml', 'score: 5', 'score: 6'],
    ['a model', 'models/SIZE.yaml', 'scope: user', 'scope: user\nalpha: 2'],
    ['a table', 'context/competition_domains.yaml', 'Rival', 'Rivals'],
    ['a field', 'event-types.yaml', 'type: number, unit: bytes', 'type: text'],
  ])('has another digest when %s changes', async (_, file, from, to) => {
    const before = (await loadContent(root)).pack?.digest;
    await put(file, (smallPack[file] ?? '').replace(from, to));
    const after = await loadContent(root);
    expect(after.diagnostics).toEqual([]);
    expect(after.pack?.digest).not.toBe(before);
  });
});

describe('what cannot be read is told', () => {
  it('a folder that is not there, a file, and a folder of something else', async () => {
    const codes = async (path: string) =>
      (await loadContent(path)).diagnostics.map(({ code, message }) => `${code} ${message}`);
    expect(await codes(join(root, 'gone'))).toEqual(['content/no-folder there is no such folder']);
    expect(await codes(join(root, 'gates.yaml'))).toEqual(['content/no-folder is not a folder']);
    expect(await codes(join(root, 'rules'))).toEqual([
      'content/no-folder is not a content folder: event-types.yaml is missing',
    ]);
  });

  it('a missing file, with the others still checked', async () => {
    await rm(join(root, 'gates.yaml'));
    await put('models/SIZE.yaml', 'name: [\n');
    expect(await faults()).toEqual([
      'gates.yaml:1:1 content/unreadable is missing',
      expect.stringMatching(/^models\/SIZE\.yaml:2:1 yaml\/syntax /),
    ]);
  });

  it('bytes that are not UTF-8, and a folder in place of a file', async () => {
    await put('models/SIZE.yaml', new Uint8Array([0x6e, 0xff, 0xfe]));
    await rm(join(root, 'gates.yaml'));
    await mkdir(join(root, 'gates.yaml'));
    expect(await faults()).toEqual([
      'gates.yaml:1:1 content/unreadable is a folder',
      'models/SIZE.yaml:1:1 content/unreadable is not UTF-8',
    ]);
  });

  it('files that lie where nobody reads them', async () => {
    await put('rules/STRAY.yaml', 'name: x\n');
    await put('models/OTHER.yml', 'name: x\n');
    await put('models/deep/X.yaml', 'name: x\n');
    expect(await faults()).toEqual([
      'models/OTHER.yml:1:1 content/misplaced is not read: content files end in .yaml',
      'models/deep:1:1 content/misplaced no folder is expected here; its files are not read',
      'rules/STRAY.yaml:1:1 content/misplaced is not read: files of rules lie one folder deeper',
    ]);
  });
});

describe('faults of YAML have their place', () => {
  it('a text that needs quotes', async () => {
    const found = await withRule((text) => text.replace('"{user} sent much"', '{user} sent much'));
    expect(found[0]).toMatch(/^rules\/T1000\/BIG\.yaml:7:16 yaml\/syntax /);
  });

  it('a key that is there twice', async () => {
    expect(await withRule((text) => `${text}score: 7\n`)).toEqual([
      'rules/T1000/BIG.yaml:15:1 yaml/duplicate-key the key score is there twice',
    ]);
  });

  it('aliases that multiply without end', async () => {
    const bomb = ['a: &a [x, x, x, x, x, x, x, x, x]'];
    for (const [name, of] of ['ba', 'cb', 'dc', 'ed', 'fe'])
      bomb.push(`${name}: &${name} [${Array(9).fill(`*${of}`).join(', ')}]`);
    await put('models/SIZE.yaml', bomb.join('\n'));
    expect(await faults()).toEqual([
      expect.stringMatching(/^models\/SIZE\.yaml:1:1 yaml\/syntax /),
    ]);
  });

  it('nesting without end', async () => {
    for (const text of [
      '['.repeat(100_000),
      '- '.repeat(100_000),
      `a: ${'{a: '.repeat(100_000)}`,
    ]) {
      await put('models/SIZE.yaml', text);
      expect((await faults())[0]).toMatch(/^models\/SIZE\.yaml:1:\d+ yaml\/syntax /);
    }
  });

  it('an empty file is empty', async () => {
    await put('gates.yaml', '');
    expect(await faults()).toEqual([
      'gates.yaml:1:1 schema/type the file must be a mapping and is empty',
    ]);
  });
});

describe('faults of the schema have their place and a hint', () => {
  it('an unknown key that is nearly a known one', async () => {
    expect(await withRule((text) => text.replace('score:', 'scor:'))).toEqual([
      'rules/T1000/BIG.yaml:2:1 schema/missing-key the file lacks the key score',
      'rules/T1000/BIG.yaml:6:1 schema/unknown-key there is no key scor here (did you mean score?)',
    ]);
  });

  it('an unknown value of a closed list', async () => {
    await put(
      'models/SIZE.yaml',
      (smallPack['models/SIZE.yaml'] ?? '').replace('numerical', 'numeric'),
    );
    expect(await faults()).toEqual([
      'models/SIZE.yaml:4:7 schema/enum kind must be one of categorical, numerical (did you mean numerical?)',
    ]);
  });

  it('a value of the wrong type, with what it is', async () => {
    expect(await withRule((text) => text.replace('[mail-out]', 'mail-out'))).toEqual([
      'rules/T1000/BIG.yaml:4:9 schema/type events must be a list and is text',
    ]);
    expect(await withRule((text) => text.replace('bytes > 5 * MB', ''))).toEqual([
      expect.stringMatching(/:5:\d+ schema\/type when must be text and is empty$/),
    ]);
    expect(await withRule((text) => text.replace('fires: true', 'fires: yes'))).toEqual([
      'rules/T1000/BIG.yaml:11:12 schema/type fires must be true or false or a list and is text',
    ]);
  });

  it('a length of time that is none', async () => {
    expect(
      await withRule((text) => text.replace('{ bytes: 6291456 }', '{ bytes: 1, after: 1 day }')),
    ).toEqual([
      'rules/T1000/BIG.yaml:10:33 schema/value after does not have the form ^[0-9]+(ms|s|m|h|d|w)$ (write a length of time, such as 90s, 10m, 6h or 2d)',
    ]);
  });

  it('numbers out of range and lists that are too short', async () => {
    expect(
      await withRule((text) => text.replace('score: 5', 'score: 0').replace('[mail-out]', '[]')),
    ).toEqual([
      'rules/T1000/BIG.yaml:4:1 schema/value events must have at least 1 entry',
      'rules/T1000/BIG.yaml:6:8 schema/value score must be > 0',
    ]);
  });

  it('a technique whose id has not the form of one', async () => {
    await put('attack.json', '{ "1000": { "name": "Technique", "tactics": ["Exfiltration"] } }');
    expect((await faults())[0]).toBe('attack.json:1:3 schema/value 1000 cannot be a key here');
  });

  it('keys that attack the prototype are only unknown keys', async () => {
    expect(await withRule((text) => `${text}__proto__: { polluted: true }\n`)).toEqual([
      'rules/T1000/BIG.yaml:15:1 schema/unknown-key there is no key __proto__ here',
    ]);
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });
});

describe('folders of own tables', () => {
  const table = async (folder: string) => {
    const { pack, diagnostics } = await loadContent(root, { context: [join(root, folder)] });
    expect(diagnostics).toEqual([]);
    return pack?.tables.find(({ id }) => id === 'competition_domains')?.members;
  };

  it('add to a table and take out of it', async () => {
    await put('mine/competition_domains.yaml', 'values: [NEW.example]\nremove: [rival.example]\n');
    expect(await table('mine')).toEqual(['new.example', 'xn--mller-kva.example']);
  });

  it('replace a table', async () => {
    await put('mine/competition_domains.yaml', 'replace: true\nvalues: [new.example]\n');
    expect(await table('mine')).toEqual(['new.example']);
  });

  it('bring tables of their own', async () => {
    await put(
      'mine/projects.yaml',
      'description: d\nsource: own\nlicence: none\nvalues: [Apollo]\n',
    );
    const { pack } = await loadContent(root, { context: [join(root, 'mine')] });
    expect(pack?.tables.map(({ id }) => id)).toEqual(['competition_domains', 'projects']);
    expect(pack?.tables[1]?.members).toEqual(['apollo']);
  });

  it('a mistyped table is told with the name that was meant', async () => {
    await put('mine/competitor_domains.yaml', 'values: [new.example]\n');
    const found = await faults({ context: [join(root, 'mine')] });
    expect(found).toContain(
      '<root>/mine/competitor_domains.yaml:1:1 content/unknown-table competitor_domains is no table of the pack (did you mean competition_domains?)',
    );
  });

  it('a folder that is not there is told', async () => {
    expect(await faults({ context: [join(root, 'gone')] })).toEqual([
      '<root>/gone:1:1 content/no-folder is missing',
    ]);
  });
});

describe('the directory of the tests', () => {
  it('is read with days as times', async () => {
    await put(
      'test-directory.yaml',
      'internal_domains: [a.example]\npeople: [{ user: x@a.example, hired: 2024-02-29 }]\n',
    );
    expect((await loadTestDirectory(root)).directory).toEqual({
      internal_domains: ['a.example'],
      people: [{ user: 'x@a.example', hired: Date.UTC(2024, 1, 29) }],
    });
  });

  it('a day that does not exist is told', async () => {
    await put(
      'test-directory.yaml',
      'internal_domains: [a.example]\npeople: [{ user: x@a.example, hired: 2024-13-01 }]\n',
    );
    const { directory, diagnostics } = await loadTestDirectory(root);
    expect(directory).toBeUndefined();
    expect(diagnostics[0]?.message).toBe('there is no day 2024-13-01');
  });
});
