import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { type ContentPack, lint, loadContent, loadTestDirectory } from '#content';

const root = fileURLToPath(new URL('../../content', import.meta.url));

const out = 'dlp-email-alert-out';
const failed = 'dlp-email-alert-out-failed';
const web = 'web-activity-denied';
const app = 'app-activity';

/** Rule → technique and event types, as published. */
const publishedRules: Readonly<Record<string, readonly [string, readonly string[]]>> = {
  'EM-InRule-EX': ['T1114.003', [app]],
  'EM-InRule-Public': ['T1114.003', [app]],
  'EM-InRule-Fin': ['T1114.003', [app]],
  'EM-BSum-first': ['T1048.003', [out]],
  'EM-Bytes': ['T1048.003', [out]],
  'EM-Competition': ['T1048.003', [out]],
  'EM-country-F': ['T1048.003', [out]],
  'EM-country-A': ['T1048.003', [out]],
  'EM-Gcountry-F': ['T1048.003', [out]],
  'EM-Gcountry-A': ['T1048.003', [out]],
  'EM-Ucountry-F': ['T1048.003', [out]],
  'EM-Ucountry-A': ['T1048.003', [out]],
  'EM-UD-F': ['T1048.003', [out]],
  'EM-UD-A': ['T1048.003', [out]],
  'EM-GD-F': ['T1048.003', [out]],
  'EM-GD-A': ['T1048.003', [out]],
  'EM-OD-F': ['T1048.003', [out]],
  'EM-OD-A': ['T1048.003', [out]],
  'FEM-FU': ['T1048.003', [out, failed]],
  'EM-DED': ['T1048.003', [out]],
  'EM-G-EXEC-F': ['T1048.003', [out]],
  'EM-G-EXEC-A': ['T1048.003', [out]],
  'EM-EXEC-Personal': ['T1048.003', [out]],
  'EM-EXEC-Public': ['T1048.003', [out]],
  'EM-PublicDomain': ['T1048.003', [out]],
  'EM-BSum-5MB': ['T1048.003', [out]],
  'EM-Personal-PrivacySize': ['T1048.003', [out]],
  'EM-PersonalEmail': ['T1048.003', [out]],
  'EM-UFEXT-A': ['T1048.003', [out]],
  'EM-GFEXT-A': ['T1048.003', [out]],
  'EM-OFEXT-A': ['T1048.003', [out]],
  'EM-Attachments': ['T1048.003', [out]],
  'EM-File': ['T1048.003', [out]],
  'EM-Confidential-File': ['T1048.003', [out]],
  'EM-N-SUM-20': ['T1048.003', [out]],
  'FEM-UD-R': ['T1048.003', [failed]],
  'EM-BSum-5MB-Fail': ['T1048.003', [failed]],
  'WEB-New-File-20-Block': ['T1071.001', [web]],
  'WEB-FS': ['T1567.002', [web]],
  'WEB-OU-FS': ['T1567.002', [web]],
  'WEB-OG-FS': ['T1567.002', [web]],
};

/** Model → published title and the event types under which it is listed. */
const publishedModels: Readonly<Record<string, readonly [string, readonly string[]]>> = {
  'EM-Attachments': ['Attachments per Email', [out]],
  'EM-OFEXT': ['Email file attachment types in the organization', [out]],
  'EM-GFEXT': ['Email file attachment types in the peer group', [out]],
  'EM-UFEXT': ['Email file attachment types by the user', [out]],
  'EM-UD': ['Domains per user', [out]],
  'EM-EXEC': ['E-mail subjects sent by an executive user', [out]],
  'EM-G-EXEC': ['Peer groups that send emails from executives', [out]],
  'FEM-FU': ['Users per file names in failed outgoing emails', [failed]],
  'EM-OD': ['Domains per organization', [out]],
  'EM-GD': ['Domains per group', [out]],
  'EM-Ucountry': ['Email Countries sent to by user', [out]],
  'EM-Gcountry': ['Email Countries sent to by peer group', [out]],
  'EM-country': ['Email Countries', [out]],
  'EM-Bytes': ['Bytes per Email to external domains', [out]],
  'EM-BSum-personal': ['Sum of bytes in outgoing emails to personal domains', [out]],
  'FEM-UD': ['Failed Email Domains per User', [failed]],
  'WEB-OG-FS': ['File sharing activities of users in the peer group', [web]],
  'WEB-OU-FS': ['File sharing activities of users in the organization', [web]],
};

let pack: ContentPack;

beforeAll(async () => {
  const loaded = await loadContent(root);
  expect(loaded.diagnostics).toEqual([]);
  pack = loaded.pack as ContentPack;
});

describe('the pack is the published one', () => {
  it('has 41 rules, 18 models, 4 techniques and 11 event types', () => {
    expect([
      pack.rules.length,
      pack.models.length,
      new Set(pack.rules.map((rule) => rule.technique)).size,
      Object.keys(pack.eventTypes).length,
    ]).toEqual([41, 18, 4, 11]);
  });

  it('has each rule under its technique and on its event types, and no other', () => {
    const found = Object.fromEntries(
      pack.rules.map(({ id, technique, events }) => [id, [technique, events]]),
    );
    expect(found).toEqual(publishedRules);
  });

  it('has each model under its title, fed by the event types it is listed under, and no other', () => {
    const found = Object.fromEntries(
      pack.models.map((model) => {
        const types = model.session_events ?? model.trains_on;
        const listed = publishedModels[model.id]?.[1] ?? [];
        return [model.id, [model.name, types.filter((type) => listed.includes(type))]];
      }),
    );
    expect(found).toEqual(publishedModels);
  });

  it('counts 32, 3, 4 and 3 rules on the four event types that have rules', () => {
    const count = (type: string): number =>
      pack.rules.filter((rule) => rule.events.includes(type)).length;
    expect([out, failed, web, app].map(count)).toEqual([32, 3, 4, 3]);
  });
});

describe('the pack is sound', () => {
  it('passes lint without errors or warnings', () => {
    expect(lint(pack)).toEqual([]);
  });

  it('shows each rule in at least two cases that fire and two that stay quiet', () => {
    const short = pack.rules.filter((rule) => {
      const quiet = rule.tests.filter((test) => test.fires === false).length;
      return quiet < 2 || rule.tests.length - quiet < 2;
    });
    expect(short.map((rule) => rule.id)).toEqual([]);
  });

  it('gives first and abnormal of one model the same conditions but for the count', () => {
    const first = pack.rules.filter((rule) => rule.id.endsWith('-F'));
    expect(first.length).toBe(7);
    for (const rule of first) {
      const other = pack.rules.find((r) => r.id === rule.id.replace(/-F$/, '-A'));
      expect(other?.model).toBe(rule.model);
      expect(other?.score).toBeLessThan(rule.score);
      const common = 'num_observations > 0 && num_observations < percentile_threshold_count';
      expect(other?.when).toBe(rule.when.replace('num_observations == 0', common));
    }
  });

  it('has a test directory with groups large enough for the rules about the top users', async () => {
    const { directory, diagnostics } = await loadTestDirectory(root);
    expect(diagnostics).toEqual([]);
    const groups = new Map<string, number>();
    for (const { peer_group = '' } of directory?.people ?? [])
      groups.set(peer_group, (groups.get(peer_group) ?? 0) + 1);
    expect([...groups]).toEqual([
      ['Engineering', 10],
      ['Sales', 8],
      ['Finance', 8],
    ]);
    expect(directory?.people[0]).toMatchObject({
      user: 'ann.meyer@corp.example',
      hired: Date.UTC(2019, 2, 1),
    });
  });

  it('takes free and disposable mail domains from their lists, without the removed ones', () => {
    const members = (id: string) => new Set(pack.tables.find((table) => table.id === id)?.members);
    const free = members('public_email_domains');
    const disposable = members('disposable_email_domains');
    for (const domain of ['gmail.com', 'gmx.de', 'proton.me', 'lawyer.com'])
      expect(free).toContain(domain);
    for (const domain of ['example.com', 'facebook.com']) expect(free).not.toContain(domain);
    for (const domain of ['mailinator.com', 'yopmail.com', '33mail.com'])
      expect(disposable).toContain(domain);
    expect(disposable).not.toContain('gmail.com');
    // International names are kept as mail logs write them.
    expect(free).toContain('xn--mll-hoa.email');
  });

  it('names the owner and the licence of each table', () => {
    for (const table of pack.tables) {
      expect(table.source).not.toBe('');
      expect(['Apache-2.0', 'ISC', 'MIT']).toContain(table.licence);
    }
  });
});
