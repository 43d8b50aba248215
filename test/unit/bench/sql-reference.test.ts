import { describe, expect, test } from 'vitest';
import type { ContentPack, RuleEntry } from '#content';
import { engineTriggers } from '../../bench/figures/models.js';
import { fullPack } from '../../bench/pack.js';
import { type Fired, SqlReference } from '../../bench/references/duckdb.js';
import { World } from '../../bench/world.js';

/** Mail of few people, so that models settle and sessions have several mails. */
const world = new World({ users: 40, events: 4000, days: 20 });
const pack = await fullPack();

/** The content with some rules written otherwise. */
const changed = (rules: Readonly<Record<string, Partial<RuleEntry>>>): ContentPack => ({
  ...pack,
  rules: pack.rules.map((rule) => ({ ...rule, ...rules[rule.id] })),
});

/** What differs between the engine's triggers and those of SQL, and how many were compared. */
async function compare(content: ContentPack) {
  const sql = await SqlReference.load(content, world);
  const fired = engineTriggers(content, world, sql);
  await sql.expect(fired);
  await sql.exact();
  const differences: string[] = [];
  const compared = await sql.differences('true', (what) => differences.push(what));
  const { unknown } = sql.rules;
  sql.close();
  return { differences, compared, unknown: [...unknown.keys()], fired };
}

const count = (fired: readonly Fired[], rule: string): number =>
  fired.filter((one) => one.rule === rule).length;

describe('SQL that fires the rules', () => {
  test('fires what the engine fires, and says what it cannot', async () => {
    const { differences, compared, unknown } = await compare(pack);
    expect(differences).toEqual([]);
    expect(compared).toBeGreaterThan(3000);
    expect(unknown).toEqual(['EM-Attachments', 'EM-Bytes']);
  });

  test('follows the content', async () => {
    const before = await compare(pack);
    const after = await compare(
      changed({
        'EM-GD-A': {
          when: 'confidence_factor >= 0.3 && num_observations > 2 && !(n < 40)',
          reason: '{value}: {num_bins} of {n} in {peer_group}',
        },
        'EM-UD-F': { when: 'confidence_factor >= 0.2 && num_observations == 0' },
        'EM-File': { when: "in_table('source_code_extensions', value) || value == 'pdf'" },
        'EM-PublicDomain': {
          when: "in_table('public_email_domains', value) && value != 'gmail.com'",
        },
        'EM-BSum-5MB': {
          when: 'sum_if(bytes, to_public || to_personal) > 100 * KB',
          reason: '{user}: {size_text(sum_if(bytes, to_public || to_personal))}',
        },
        'EM-N-SUM-20': {
          when: 'time - first_seen < 3 * DAY && sum_if(bytes, size(external_recipients) > 0) > 1 * MB',
        },
      }),
    );
    expect(after.differences).toEqual([]);
    expect(after.unknown).toEqual(before.unknown);
    for (const rule of [
      'EM-GD-A',
      'EM-UD-F',
      'EM-File',
      'EM-PublicDomain',
      'EM-BSum-5MB',
      'EM-N-SUM-20',
    ])
      expect(count(after.fired, rule), rule).not.toBe(count(before.fired, rule));
  });

  test('spends each value of a session once, mail by mail', async () => {
    // Every domain, so that many mails offer several values.
    const { differences, fired } = await compare(
      changed({ 'EM-PublicDomain': { when: "value != ''" } }),
    );
    expect(differences).toEqual([]);
    expect(count(fired, 'EM-PublicDomain')).toBeGreaterThan(2000);
  });

  test('has no SQL for what it does not understand', async () => {
    const { differences, unknown } = await compare(
      changed({
        'EM-GD-A': { when: 'confidence_factor >= 0.8 && count(value) > 1' },
        'EM-GD-F': { depends_on: ['EM-UD-F'] },
        'EM-EXEC-Public': { when: 'num_observations > 1 && to_public' },
        'EM-PersonalEmail': { once: { per: 'day' } },
        'EM-BSum-5MB': { when: 'sum_if(bytes, to_personal) < 5 * MB' },
      }),
    );
    expect(differences).toEqual([]);
    expect(unknown).toEqual([
      'EM-Attachments',
      'EM-BSum-5MB',
      'EM-Bytes',
      'EM-EXEC-Public',
      'EM-GD-A',
      'EM-GD-F',
      'EM-PersonalEmail',
    ]);
  });
});
