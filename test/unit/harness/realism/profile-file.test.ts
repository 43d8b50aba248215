import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DEFAULT_PROFILE, type Profile, profileWith } from '#generators';
import { packageRoot } from '../../../../harness/package-root.js';
import { profileText, readProfile } from '../../../../harness/realism/profile-file.js';
import type { UsageFault } from '../../../../harness/usage-fault.js';

let cwd: string;
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'leakdrill-profile-'));
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

function read(text: string, name = 'corp.yaml'): Promise<Profile> {
  const path = join(cwd, name);
  writeFileSync(path, text);
  return readProfile(path, name);
}

async function fault(text: string): Promise<string> {
  const error = await read(text).then(
    () => new Error('was accepted'),
    (thrown: UsageFault) => thrown,
  );
  return `${error.message} ${(error as UsageFault).advice ?? ''}`.trim();
}

describe('a profile file', () => {
  test('changes what it names and nothing else', async () => {
    const profile = await read('mails_per_weekday: 12\nnovelty:\n  floor: 0.06\n');
    const { name, source, ...rest } = profile;
    const {
      name: _,
      source: __,
      ...usual
    } = profileWith({
      mails_per_weekday: 12,
      novelty: { floor: 0.06 },
    });
    expect(rest).toEqual(usual);
    expect(name).toBe('corp');
    expect(source).toMatch(/^own numbers \([0-9a-f]{12}\)$/);
  });

  test('may be JSON', async () => {
    expect(await read('{"name": "x", "subjects": {"reply": 0.1}}', 'x.json')).toMatchObject({
      name: 'x',
      subjects: { reply: 0.1, forward: DEFAULT_PROFILE.subjects.forward },
    });
  });

  test('that a fit wrote is read as what it was', async () => {
    const changes = {
      name: 'corp',
      source: 'fitted to logs',
      hours: DEFAULT_PROFILE.hours.map((share) => share * 2),
      days: { shape: 3, weekdays: [1, 2, 3, 4, 5] },
    };
    const text = profileText({
      changes,
      profile: profileWith(changes),
      kept: [{ parameter: 'bodies', reason: 'no sizes of mails' }],
    });
    expect(text).toContain('#   bodies: no sizes of mails');
    expect(text).toContain('weekdays: [1, 2, 3, 4, 5]');
    const { source, ...profile } = await read(text);
    const { source: _, ...made } = profileWith(changes);
    expect(profile).toEqual(made);
    expect(source).toMatch(/^fitted to logs \(/);
  });

  test.each([
    [
      'name: x\nmails_per_wekday: 3\n',
      'corp.yaml:2: there is no parameter mails_per_wekday. Did you mean mails_per_weekday?',
    ],
    [
      'novelty:\n  floor: 0.1\n  abrod: 0.2\n',
      'corp.yaml:3: there is no parameter novelty.abrod. Did you mean abroad?',
    ],
    [
      'days:\n  shape: -1\n',
      "corp.yaml:2: days.shape -1 must be >= 0.05. Shape of the gamma factor on each day's mail: the smaller, the more days differ.",
    ],
    [
      'rate_sigma: high\n',
      'corp.yaml:1: rate_sigma must be number. Log-normal sigma of that over people.',
    ],
    [
      'hours: [1, 2]\n',
      "corp.yaml:1: hours must NOT have fewer than 24 items. Weekday mail by hour on the sender's clock; only ratios count.",
    ],
    [
      'days:\n  weekdays: [0, 0, 0, 0, 0]\n',
      'corp.yaml:2: days.weekdays must contain at least 1 valid item(s). Mail by weekday, Monday to Friday; only ratios count.',
    ],
    [
      'mix: 3\n',
      'corp.yaml:1: mix must be object. How much of everything else. Where no public corpus has a rate, the default is an assumption.',
    ],
    [
      'mix:\n  own_mailbox_share: 0.3\n',
      'corp.yaml: mix.own_mailbox_share 0.3 is not below mix.freemail_share 0.216. Own mailboxes are among those of consumer providers.',
    ],
    ['', 'corp.yaml: does not hold a profile. It holds keys such as mails_per_weekday: 12.'],
    ['- 1\n', 'corp.yaml: does not hold a profile. It holds keys such as mails_per_weekday: 12.'],
    ['a: [1\nb: 2\n', expect.stringMatching(/^corp\.yaml:2: .+ A profile is YAML or JSON\.$/)],
  ])('with a fault says where it is and what to do: %j', async (text, said) => {
    expect(await fault(text)).toEqual(said);
  });

  test('that is not there is named, with the way to have one', async () => {
    await expect(readProfile(join(cwd, 'none.yaml'), 'none.yaml')).rejects.toMatchObject({
      message: 'none.yaml: there is no such file.',
      advice: 'leakdrill realism --fit FILE writes a profile.',
    });
  });
});

describe('the schema of profiles', () => {
  const schema = JSON.parse(
    readFileSync(join(packageRoot, 'harness', 'realism', 'profile.schema.json'), 'utf8'),
  ) as { properties: Record<string, { properties?: Record<string, unknown> }> };

  test('knows every parameter that there is and no other', () => {
    const groups = Object.entries(DEFAULT_PROFILE).map(([key, value]) => [
      key,
      typeof value === 'object' && !Array.isArray(value) ? Object.keys(value).sort() : undefined,
    ]);
    const known = Object.entries(schema.properties).map(([key, { properties }]) => [
      key,
      properties && Object.keys(properties).sort(),
    ]);
    expect(known.sort()).toEqual(groups.sort());
  });

  test('accepts the default profile', async () => {
    const { name, source: _, ...rest } = await read(JSON.stringify(DEFAULT_PROFILE));
    const { source: __, ...usual } = DEFAULT_PROFILE;
    expect({ name, ...rest }).toEqual(usual);
  });
});
