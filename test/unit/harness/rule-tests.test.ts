import { beforeAll, describe, expect, test } from 'vitest';
import {
  type ContentPack,
  loadContent,
  loadTestDirectory,
  type RuleEntry,
  type RuleTest,
} from '#content';
import { compile, type Directory, type Program } from '#engine';
import { describeFailure } from '../../../harness/cli/test.js';
import { builtInContent } from '../../../harness/package-root.js';
import { type RuleTestOutcome, runRuleTests } from '../../../harness/rule-tests.js';

let pack: ContentPack;
let directory: Directory;
let program: Program;

beforeAll(async () => {
  const [content, tests] = await Promise.all([
    loadContent(builtInContent),
    loadTestDirectory(builtInContent),
  ]);
  if (!content.pack || !tests.directory) throw new Error('the built-in content has errors');
  ({ pack } = content);
  ({ directory } = tests);
  const compiled = compile([pack], directory);
  if (!compiled.ok) throw new Error('the built-in content does not compile');
  ({ program } = compiled);
});

/** Runs one test of a rule of the built-in content in place of its own ones. */
function outcomeOf(ruleId: string, given: Omit<RuleTest, 'name'>): RuleTestOutcome {
  const rules = pack.rules.map(
    (rule): RuleEntry =>
      rule.id === ruleId
        ? { ...rule, tests: [{ name: 'the test', ...given }, rule.tests[1]] }
        : rule,
  );
  const [outcome] = runRuleTests({ ...pack, rules }, program, directory, new Set([ruleId]));
  if (!outcome) throw new Error(`no test of ${ruleId} was run`);
  return outcome;
}

const personal = { recipient: 'ann.meyer@gmail.com', subject: 'notes' };
const partner = { recipient: 'lee@partner.example', subject: 'notes' };

describe('a test of a rule', () => {
  test('passes when the rule fires where it says', () => {
    const outcome = outcomeOf('EM-PersonalEmail', { events: [partner, personal], fires: true });
    expect(outcome).toMatchObject({
      passed: true,
      expected: [2],
      fired: [2],
      faults: [],
      explanations: [],
    });
  });

  test('fails when the rule stays quiet, and shows what each part came to', () => {
    const outcome = outcomeOf('EM-PersonalEmail', { events: [partner], fires: true });
    expect(outcome).toMatchObject({ passed: false, expected: [1], fired: [] });
    expect(outcome.explanations).toHaveLength(1);
    expect(outcome.explanations[0]).toMatchObject({ position: 1, cause: 'threshold not reached' });
    expect(outcome.explanations[0]?.text).toContain('to_personal');
    const text = describeFailure(outcome, 17, (_, plain) => plain);
    expect(text).toContain('EM-PersonalEmail: the test  rules/T1048.003/EM-PersonalEmail.yaml:17');
    expect(text).toContain('should fire on event 1; fired on none');
    expect(text).toContain('event 1 did not fire: threshold not reached');
  });

  test('fails when the rule fires on an event too many', () => {
    const outcome = outcomeOf('EM-PersonalEmail', { events: [personal], fires: false });
    expect(outcome).toMatchObject({ passed: false, expected: [], fired: [1] });
    expect(describeFailure(outcome, 1, (_, plain) => plain)).toContain('event 1 fired');
  });

  test('counts repeats as positions, and judges no event of the history', () => {
    const outcome = outcomeOf('EM-PersonalEmail', {
      history: [{ ...personal, repeat: 2 }],
      events: [{ ...personal, after: '1d', repeat: 3 }, partner],
      fires: [1, 2, 3],
    });
    expect(outcome).toMatchObject({ passed: true, fired: [1, 2, 3] });
  });

  test('moves its clock by after and every, so that sessions end in between', () => {
    const same = outcomeOf('EM-PersonalEmail', {
      events: [{ ...personal, repeat: 3, every: '10m' }],
      fires: [1],
    });
    expect(same.passed).toBe(true);
    const later = outcomeOf('EM-PersonalEmail', {
      events: [personal, { ...personal, after: '299m' }, { ...personal, after: '301m' }],
      fires: [1, 3],
    });
    expect(later.fired).toEqual([1, 3]);
  });

  test('lets the first person of the directory act where nobody is named', () => {
    const ben = { sender: 'ben.okafor@corp.example', recipient: 'ben.okafor@gmail.com' };
    expect(outcomeOf('EM-PersonalEmail', { events: [ben, personal], fires: [1, 2] }).passed).toBe(
      true,
    );
  });

  test.each([
    ['a field that does not exist', { ...partner, sendr: 'x' }, 'there is no field sendr'],
    [
      'a value of another type',
      { ...partner, bytes: 'big' },
      'bytes is of type number and cannot be "big"',
    ],
    [
      'an event type that does not exist',
      { ...partner, type: 'mail' },
      'there is no event type mail',
    ],
    [
      'fields that make another event type of it',
      { ...partner, outcome: 'failed' },
      'event 1 says dlp-email-alert-out but is built as dlp-email-alert-out-failed',
    ],
  ])('is at fault when it has %s', (_, step, fault) => {
    const outcome = outcomeOf('EM-PersonalEmail', { events: [step], fires: false });
    expect(outcome.passed).toBe(false);
    expect(outcome.faults.join('\n')).toContain(fault);
    expect(describeFailure(outcome, 1, (_tone, plain) => plain)).toContain(fault);
  });

  test('is at fault when fires names a position that there is not', () => {
    const outcome = outcomeOf('EM-PersonalEmail', { events: [personal], fires: [1, 2] });
    expect(outcome.faults).toEqual(['fires names position 2, but there are only 1 events.']);
  });

  test('is at fault when an event repeats the message of another', () => {
    const step = { ...personal, message_id: '<same@corp.example>' };
    const outcome = outcomeOf('EM-PersonalEmail', { events: [step, step], fires: [1] });
    expect(outcome.faults.join()).toContain('event 2 did not become an event');
  });
});

test('every rule of the built-in content passes its own tests', () => {
  const failed = runRuleTests(pack, program, directory).filter(({ passed }) => !passed);
  expect(failed.map((outcome) => describeFailure(outcome, 1, (_, plain) => plain))).toEqual([]);
});
