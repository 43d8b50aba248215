import { execFileSync } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cellWidth } from '../../../../harness/format.js';
import { renderText } from '../../../../harness/reporters/text.js';
import type { RuleResult, RunResult } from '../../../../harness/result.generated.js';
import {
  emptyResult,
  fixtureResult,
  perThousand,
  proportion,
} from '../../../tui/fixture-result.js';

const plain = (result: RunResult, width = 80): string =>
  renderText(result, { width, color: false });
const rows = (result: RunResult, width = 80): string[] => plain(result, width).split('\n');
const first = fixtureResult.rules[0] as RuleResult;
const only = (rule: Partial<RuleResult>): RunResult => ({
  ...fixtureResult,
  rules: [{ ...first, ...rule }],
});
const rowOf = (result: RunResult, id: string): string =>
  rows(result).find((row) => row.slice(2).startsWith(id)) ?? '';

describe('order', () => {
  test('verdict first, then notable sessions, and the receipt last', () => {
    const report = plain(fixtureResult);
    const titles = [
      'FAIL: 1 of 60 gates failed',
      'Notable sessions',
      'Techniques',
      'Rules',
      'Missed',
      'Look-alikes that raised alerts',
      'Not parsed: 14 of 1 204 577 lines',
      'Gates: ',
      'Receipt',
    ];
    const places = titles.map((title) => report.indexOf(title));
    expect(places).not.toContain(-1);
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(places[0]).toBe(0);
  });

  test('a rule with a failed gate stands above all others, idle rules are only named', () => {
    const report = rows(fixtureResult);
    const table = report.indexOf('Rules') + 2;
    expect(report[table]).toMatch(/^✗ EM-PublicDomain/);
    expect(report.some((row) => row.startsWith('Not exercised (7): '))).toBe(true);
    expect(rowOf(fixtureResult, 'EM-DED')).toBe('');
  });
});

describe('little evidence', () => {
  test('no false alert shows what the rate could still be', () => {
    const quiet = only({ false_alerts: 0, false_per_1000_user_days: perThousand(0, 6000) });
    expect(rowOf(quiet, first.id)).toContain(' 0 (≤ 0.50)');
  });

  test('four of four shows its lower bound', () => {
    const all = only({ expected: 4, caught: 4, recall: proportion(4, 4) });
    expect(rowOf(all, first.id)).toContain('4/4  100 (≥ 51)');
  });

  test('none of four shows its upper bound', () => {
    const none = only({ expected: 4, caught: 0, recall: proportion(0, 4) });
    expect(rowOf(none, first.id)).toContain('0/4  0 (≤ 49)');
  });

  test('a figure without evidence is a dash', () => {
    const unknown = only({ expected: 0, caught: 0, recall: proportion(0, 0) });
    expect(rowOf(unknown, first.id)).toMatch(/ – {2}– {2}/);
  });
});

test('the base rate stands beside the precision at every width', () => {
  for (const width of [40, 60, 80, 120, 200]) {
    expect(plain(fixtureResult, width).replaceAll(/\s+/g, ' ')).toMatch(
      /Precision at bas\S* ?\S* 4\.2 % \(1\.2–11\) at 1 attack per 10 000 users\/day/,
    );
  }
});

test('a partial result is marked', () => {
  const partial = plain({ ...fixtureResult, partial: true });
  expect(partial.split('\n')[1]).toMatch(/^PARTIAL RUN/);
  expect(plain(fixtureResult)).not.toContain('PARTIAL');
});

test('content without rules is said to have none', () => {
  expect(plain(emptyResult)).toContain('The content has no rules.');
});

test('misses of one rule for one cause stand together with a short explanation', () => {
  const report = rows(fixtureResult);
  const at = report.indexOf('  EM-UD-A  model not converged  (known gap)');
  expect(report[at + 1]).toBe('    in personal-mailbox-drip#2, personal-mailbox-drip#3');
  expect(report[at + 2]).toMatch(/^ {4}num_observations > 0 && /);
});

test('an attack that no rule caught is named above all misses', () => {
  expect(plain(fixtureResult)).toContain(
    'Missed\n  Caught by no rule: new-account-upload#1 (T1071.001)',
  );
});

test('a look-alike shows the reason of each alert on it', () => {
  const report = plain(fixtureResult).replaceAll(/\s+/g, ' ');
  expect(report).toContain(
    'EM-BSum-5MB: Over 5MB of data emailed to personal email domain.: petra.hoffmann@northwind.example sent 5.1 MB',
  );
});

test('a long list says how much it leaves out', () => {
  const rule = (k: number): RuleResult => ({
    ...first,
    id: `RULE-${k}`,
    missed_instances: [{ instance: `a#${k}`, cause: 'field absent', explanation: 'x' }],
  });
  const many = { ...fixtureResult, rules: Array.from({ length: 40 }, (_, k) => rule(k)) };
  expect(plain(many)).toContain('  … and 28 rules more in the result file');
});

test('colours change nothing but colours', () => {
  const colored = renderText(fixtureResult, { width: 80, color: true });
  expect(colored).toContain('\x1b[');
  expect(stripVTControlCharacters(colored)).toBe(plain(fixtureResult));
  expect(plain(fixtureResult)).not.toContain('\x1b');
});

test('escape sequences in log text do not reach the terminal', () => {
  const hostile = plain({
    ...fixtureResult,
    unparsed: [{ reason: 'x\x1b[2J', text: 'a\x07\x9b31m\u202eb\r\nnext', count: 1 }],
  });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
  expect(hostile).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
});

test('engine faults and lost state are told', () => {
  const report = plain({
    ...fixtureResult,
    counts: {
      ...fixtureResult.counts,
      faults: { 'EM-UD-F': 'division by zero' },
      evicted: { 'EM-UD': 12, 'EM-OD': 0 },
      late: 3,
    },
  });
  expect(report).toContain('Engine fault in EM-UD-F: division by zero');
  expect(report).toContain('State evicted at its limit: EM-UD 12\n');
  expect(report).toContain('3 events came too late');
});

describe('width', () => {
  const long = (text: string): RunResult => ({
    ...fixtureResult,
    rules: fixtureResult.rules.map((rule, k) =>
      k % 3 === 0 ? { ...rule, id: `${text}${k}`, name: text, known_gaps: [text] } : rule,
    ),
    techniques: fixtureResult.techniques.map((technique) => ({ ...technique, name: text })),
    instances: fixtureResult.instances.map((instance) => ({
      ...instance,
      title: text,
      user: text,
    })),
    gates: fixtureResult.gates.map((gate) => ({ ...gate, message: text })),
    receipt: { ...fixtureResult.receipt, command: `npm start -- ${text}`, assumptions: [text] },
    unparsed: [{ reason: text, text }],
  });

  test('no line is wider, whatever the names', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 40, max: 220 }),
        fc.oneof(
          fc.constant('x'.repeat(400)),
          fc.constant('情報漏洩'.repeat(60)),
          fc.constant('한글 메일 규칙 '.repeat(30)),
          fc.string({ unit: 'grapheme', maxLength: 200 }),
          fc.lorem({ maxCount: 60 }),
        ),
        (width, text) => {
          for (const row of rows(long(text), width)) {
            if (cellWidth(row) > width) throw new Error(`${cellWidth(row)} > ${width}: ${row}`);
          }
        },
      ),
      { numRuns: 40, seed: 1 },
    );
  });

  test('no line ends in a space', () => {
    for (const row of rows(fixtureResult, 120)) expect(row).toBe(row.trimEnd());
  });
});

test('the command can be pasted into a shell, however it is broken', () => {
  const words = [
    'drill',
    '--seed',
    '1',
    '--scenarios',
    `./${'very-long-folder/'.repeat(12)}`,
    '--days',
    '30',
  ];
  for (const width of [40, 47, 80]) {
    const report = plain(
      { ...fixtureResult, receipt: { ...fixtureResult.receipt, command: words.join(' ') } },
      width,
    );
    const shown = report.slice(report.indexOf('Every number again with:')).split('\n').slice(1);
    const script = `printf '%s\\n' ${shown.join('\n').trimStart()}`;
    const run = execFileSync('sh', ['-c', script], { encoding: 'utf8' });
    expect(run.trimEnd().split('\n')).toEqual(words);
  }
});
