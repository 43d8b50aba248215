import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createOrganisation } from '#generators';
import type { Judgement } from '../../../../harness/realism/judge.js';
import { type Outcome, runInMemory } from '../memory-shell.js';

let cwd: string;
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'leakdrill-realism-'));
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const leakdrill = (...argv: string[]): Promise<Outcome> => runInMemory(argv, { cwd });
const small = ['--people', '30', '--peer-groups', '3', '--days', '60'];

interface Result {
  readonly measured: string;
  readonly targets: readonly Judgement[];
}

async function judged(...argv: string[]): Promise<Map<string, Judgement> & { code?: number }> {
  const { stdout, stderr, code } = await leakdrill('realism', '--report', 'json', ...argv);
  expect(stderr).not.toContain('bug');
  const { targets } = JSON.parse(stdout) as Result;
  return Object.assign(new Map(targets.map((target) => [target.id, target])), { code });
}

describe('realism of a generated organisation', () => {
  test('shows every target with band, measurement and verdict, and what cannot be measured', async () => {
    const { stdout, code } = await leakdrill('realism', ...small);
    expect(stdout).toMatch(
      /^Realism {2}generated: 30 people in 3 departments, 60 days, 2\.35 mails/,
    );
    expect(stdout).toMatch(/^subject\.re_share +0\.2345 +0\.2 – 0\.3 +0\.2\d* +inside$/m);
    expect(stdout).toMatch(/external\.user_first_365d .+ – +not measurable$/m);
    expect(stdout).toMatch(
      /not measurable: needs a log of 455 days, these are 60\n +external\.user_first_365d, /,
    );
    const { groups } =
      /Verdict {2}(?<inside>\d+) inside, (?<outside>\d+) outside, (?<shown>\d+) shown without a verdict, (?<none>\d+) not/.exec(
        stdout,
      ) ?? {};
    const total = Object.values(groups ?? {}).reduce((sum, n) => sum + Number(n), 0);
    expect(total).toBe(54);
    expect(code).toBe(Number(groups?.['outside']) > 0 ? 1 : 0);
  });

  test('fails when people behave otherwise, and says where', async () => {
    writeFileSync(
      join(cwd, 'alike.yaml'),
      'name: alike\nmails_per_weekday: 2.35\nsubjects: {reply: 0.02}\n',
    );
    const found = await judged(...small, '--profile', 'alike.yaml');
    expect(found.code).toBe(1);
    expect(found.get('subject.fw_share')?.verdict).toBe('inside');
    expect(found.get('subject.re_share')?.verdict).toBe('outside');
    expect(found.get('activity.recip_share_1')?.verdict).toBe('inside');
  });

  test('tells corpus and definition of each target on request, and the parts of shapes', async () => {
    const { stdout } = await leakdrill('realism', ...small, '--sources');
    expect(stdout).toContain('bootstrap 5-95 %');
    expect(stdout).toMatch(/^Tue +0\.2\d* +0\.2\d*$/m);
  });

  test('writes the same as JSON', async () => {
    await leakdrill('realism', ...small, '--out', 'realism.json', '--report', 'none');
    const result = JSON.parse(readFileSync(join(cwd, 'realism.json'), 'utf8')) as Result;
    expect(result.targets).toHaveLength(54);
    expect(result.measured).toContain('profile default, seed 1');
  });

  test.each([
    [['siem.json'], 'Write leakdrill realism --logs siem.json.'],
    [['--time-zone', 'Europe/Berlin'], '--time-zone goes with --logs.'],
    [['--internal-domain', 'corp.example'], '--internal-domain goes with --logs.'],
    [['--logs', 'x.json', '--profile', 'y.yaml'], '--profile and --logs exclude each other.'],
    [['--logs', 'x.json', '--time-zone', 'Berlin'], "--time-zone cannot be 'Berlin'."],
    [['--profile', 'none.yaml'], 'none.yaml: there is no such file.'],
  ])('refuses %j and says what to do', async (argv, said) => {
    const { stderr, code } = await leakdrill('realism', ...argv);
    expect(stderr).toContain(said);
    expect(code).toBe(3);
  });
});

describe('realism of logs', () => {
  const world = [
    '--people',
    '40',
    '--peer-groups',
    '4',
    '--history-days',
    '44',
    '--test-days',
    '1',
  ];
  /** The same people as emit's, in a file. */
  const directory = (): string => {
    const org = createOrganisation({
      seed: 2,
      people: 30,
      peer_groups: 3,
      start: Date.UTC(2024, 0, 1),
      days: 35,
    });
    const people = org.people.map(({ address, aliases, last_name, peer_group, time_zone }) => ({
      user: address,
      aliases,
      last_name,
      peer_group,
      time_zone,
    }));
    writeFileSync(
      join(cwd, 'people.json'),
      JSON.stringify({ people, internal_domains: org.domains }),
    );
    return org.domains[0] as string;
  };
  let domain: string;
  beforeAll(async () => {
    domain = directory();
    const only = ['--only', '*personal-mailbox*'];
    for (const argv of [
      ['--out', 'all.json', '--internal-mail'],
      ['--out', 'outside.json'],
    ]) {
      const { code, stderr } = await leakdrill('emit', '--seed', '2', ...world, ...only, ...argv);
      expect([code, stderr.includes('bug')]).toEqual([0, false]);
    }
  }, 60_000);

  test('measures what it can and gives a reason for the rest', async () => {
    const found = await judged('--logs', 'outside.json', '--internal-domain', domain);
    const of = (id: string): Pick<Judgement, 'verdict' | 'reason' | 'measured'> | undefined =>
      found.get(id);
    expect(of('activity.recip_mean')).toMatchObject({
      verdict: 'not measurable',
      measured: null,
      reason: 'the log has no mail between colleagues',
    });
    expect(of('external.dept_first_90d-180')?.verdict).toBe('not measurable');
    expect(of('external.same_surname_freemail_event_share')?.reason).toMatch(
      /^the names of the people are not known; last_name in a --directory tells them$/,
    );
    expect(of('size.body_lognormal_mu')?.reason).toMatch(/headers/);
    expect(of('external.freemail_share')?.measured).toBeGreaterThan(0.1);
    expect(of('attach.single_share')?.reason).toMatch(/^needs 1000 mails with attachments/);
    expect(of('attach.bytes_lognormal_mu')?.measured).toBeGreaterThan(9);
  });

  test('knows departments, names and clocks from a directory, and never fails', async () => {
    const found = await judged('--logs', 'all.json', '--directory', 'people.json');
    for (const id of [
      'activity.after_hours',
      'activity.recip_mean',
      'external.same_surname_freemail_event_share',
      'outbound.external_share',
    ])
      expect(found.get(id)?.measured).toBeGreaterThan(0);
    const outside = [...found.values()].filter(({ verdict }) => verdict === 'outside');
    // Nine mails a day are more than the corpora have.
    expect(outside.map(({ id }) => id)).toContain('activity.mean_internal_sent_per_user_weekday');
    expect(found.code).toBe(0);
  });

  test('takes further files after --logs', async () => {
    const { stdout, stderr, code } = await leakdrill(
      'realism',
      '--logs',
      'all.json',
      'outside.json',
    );
    expect(stderr).toContain('without --directory every internal address counts as a person');
    expect(stdout).toMatch(/^Realism {2}logs: /);
    expect(stdout).toContain('that is no fault');
    expect(code).toBe(0);
  });

  test('says when nothing could be measured, and why', async () => {
    writeFileSync(join(cwd, 'noise.log'), 'nothing\nof\nuse\n');
    const { stderr, stdout, code } = await leakdrill('realism', '--logs', 'noise.log');
    expect(stderr).toContain('nothing could be measured: no line is a log record');
    expect([stdout, code]).toEqual(['', 3]);
  });

  test('makes a profile of logs that a drill then says it used', { timeout: 60_000 }, async () => {
    const made = await leakdrill(
      ...['realism', '--logs', 'outside.json', '--directory', 'people.json'],
      ...['--fit', 'corp.yaml', '--report', 'none'],
    );
    expect(made.stderr).toMatch(/profile written to corp\.yaml; \d+ parameters keep their default/);
    const text = readFileSync(join(cwd, 'corp.yaml'), 'utf8');
    expect(text).toContain('#   colleagues.exponent: no mail between colleagues');
    expect(text).toMatch(/^attachments:$/m);
    const { stdout } = await leakdrill(
      ...['drill', '--plain', '--report', 'json', '--profile', 'corp.yaml'],
      ...[
        '--people',
        '30',
        '--history-days',
        '5',
        '--test-days',
        '5',
        '--only',
        '*personal-mailbox*',
      ],
    );
    const { receipt } = JSON.parse(stdout) as {
      receipt: { command: string; assumptions: readonly string[] };
    };
    expect(receipt.command).toContain('--profile corp.yaml');
    expect(receipt.assumptions[0]).toMatch(/^people behave by the profile corp: fitted to logs: /);
  });
});
