import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { loadContent, loadTestDirectory, renderDiagnostic } from '#content';
import { compile } from '#engine';
import { runRuleTests } from '../../harness/rule-tests.js';

const root = fileURLToPath(new URL('../../content', import.meta.url));
const loaded = await loadContent(root);
const tests = await loadTestDirectory(root);
const { pack } = loaded;
const { directory } = tests;
if (!pack || !directory) throw new Error('the shipped content has errors');

const compiled = compile([pack], directory);

it('all expressions compile without a fault or a warning', () => {
  const shown = compiled.diagnostics.map((diagnostic) =>
    renderDiagnostic(diagnostic, loaded.sources, { color: false }),
  );
  expect(shown).toEqual([]);
});

describe('each rule fires and stays quiet as its tests say', () => {
  it.each(pack.rules.map(({ id }) => id))('%s', (id) => {
    if (!compiled.ok) throw new Error('the shipped content does not compile');
    const outcomes = runRuleTests(pack, compiled.program, directory, new Set([id]));
    expect(outcomes.length).toBeGreaterThanOrEqual(4);
    const failed = outcomes
      .filter(({ passed }) => !passed)
      .map(({ test, expected, fired, faults }) => ({ test, expected, fired, faults }));
    expect(failed).toEqual([]);
  });
});

it('weakening a threshold or a condition is noticed by the tests of the rule', () => {
  const changes = [
    ['EM-BSum-5MB', '> 5 * MB', '>= 5 * MB'],
    ['EM-UD-F', '>= 0.8', '> 0.8'],
    ['EM-UD-F', '>= 0.8', '>= 0.75'],
    ['EM-UD-A', '< percentile', '<= percentile'],
    ['EM-N-SUM-20', '< 14 * DAY', '<= 14 * DAY'],
    ['EM-EXEC-Personal', 'to_personal', 'to_public'],
    ['EM-G-EXEC-F', '&& !is_executive', ''],
    ['WEB-OU-FS', '>= top_threshold_count', '> top_threshold_count'],
    ['WEB-New-File-20-Block', 'active_days == 0 &&', ''],
    ['FEM-FU', 'num_observations > 0', 'num_observations >= 0'],
  ] as const;
  const unnoticed = changes.filter(([id, from, to]) => {
    const rules = pack.rules.map((rule) =>
      rule.id === id ? { ...rule, when: rule.when.replace(from, to) } : rule,
    );
    const other = compile([{ ...pack, rules }], directory);
    if (!other.ok) return true;
    return runRuleTests({ ...pack, rules }, other.program, directory, new Set([id])).every(
      ({ passed }) => passed,
    );
  });
  expect(unnoticed).toEqual([]);
});
