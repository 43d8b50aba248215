import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type ContentPack, loadContent, loadTraffic } from '#content';
import { contentPages } from '../../harness/docs/index.js';

const root = fileURLToPath(new URL('../../content', import.meta.url));
const pack = (await loadContent(root)).pack as ContentPack;
const { traffic } = await loadTraffic(root);
const pages = contentPages(pack, traffic);

const page = (path: string): string => pages.get(path) ?? '';

it.each([
  ['rules/EM-UD-F.md', 'EM-UD-F.md'],
  ['rules/WEB-New-File-20-Block.md', 'WEB-New-File-20-Block.md'],
])('the page %s', async (path, file) => {
  await expect(page(path)).toMatchFileSnapshot(`./docs/${file}`);
});

it('the head of the index', async () => {
  const head = page('index.md').split('\n').slice(0, 12).join('\n');
  await expect(`${head}\n`).toMatchFileSnapshot('./docs/index-head.md');
});

describe('the pages', () => {
  it('are one for each rule, and three of all', () => {
    expect([...pages.keys()]).toEqual([
      'index.md',
      'language.md',
      'models.md',
      ...pack.rules.map(({ id }) => `rules/${id}.md`),
    ]);
  });

  it('are the same each time', () => {
    expect([...contentPages(pack, traffic)]).toEqual([...pages]);
  });

  it('hold every rule with its condition, tests and known gaps', () => {
    for (const rule of pack.rules) {
      const text = page(`rules/${rule.id}.md`);
      expect(text).toContain(`\`\`\`cel\n${rule.when.trim()}\n\`\`\`\n`);
      expect(text.match(/^- \*\*(fires|stays quiet)/gm)).toHaveLength(rule.tests.length);
      expect(text.includes('## Known gaps')).toBe((rule.known_gaps ?? []).length > 0);
      expect(page('index.md')).toContain(`| [${rule.id}](rules/${rule.id}.md) |`);
    }
  });

  it('hold every model, field, function and parser', () => {
    for (const { id } of pack.models) expect(page('models.md')).toContain(`\n## ${id}\n`);
    for (const name of Object.keys(pack.fields))
      expect(page('language.md')).toContain(`\n| \`${name}\` |`);
    expect(page('language.md')).toContain("`in_table('executives', user)`");
    for (const { id } of pack.parsers) expect(page('index.md')).toContain(`\n| \`${id}\` |`);
  });

  it('link to pages and headings that are there', () => {
    for (const [path, text] of pages) {
      for (const [, target = '', anchor] of text.matchAll(/\]\(([^)#]+)(?:#([^)]+))?\)/g)) {
        const folder = path.startsWith('rules/') ? 'rules/' : '';
        const full = new URL(target, `file:///${folder}`).pathname.slice(1);
        expect(pages.has(full), `${path} links to ${target}`).toBe(true);
        if (anchor !== undefined) expect(page(full).toLowerCase()).toContain(`\n## ${anchor}\n`);
      }
    }
  });

  it('have the same number of cells in all rows of a table', () => {
    for (const text of pages.values()) {
      for (const table of text
        .split(/\n(?!\|)/)
        .filter((part) => part.startsWith('|') || part.includes('\n|'))) {
        const rows = table.split('\n').filter((row) => row.startsWith('|'));
        const cells = rows.map((row) => row.replaceAll('\\|', '').split('|').length);
        expect(new Set(cells).size).toBe(1);
      }
    }
  });

  it('say that a rule never fires alone, and that it is not enabled', () => {
    expect(page('rules/EM-InRule-Fin.md')).toContain(
      'Whenever it fires, [EM-InRule-EX](EM-InRule-EX.md) fires too.',
    );
    const rules = pack.rules.map((rule) =>
      rule.id === 'EM-UD-F' ? { ...rule, enabled: false } : rule,
    );
    const off = contentPages({ ...pack, rules }, traffic);
    expect(off.get('rules/EM-UD-F.md')).toContain('**not enabled**');
    expect(off.get('index.md')).toContain('[EM-UD-F](rules/EM-UD-F.md) (off)');
  });

  it('do not turn content into markup', () => {
    const rules = pack.rules.map((rule) =>
      rule.id === 'EM-UD-F' ? { ...rule, name: 'a | b <script> *c* [d](e)' } : rule,
    );
    const index = contentPages({ ...pack, rules }, traffic).get('index.md');
    expect(index).toContain('| a \\| b \\<script\\> \\*c\\* \\[d\\](e) |');
  });
});
