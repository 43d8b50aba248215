import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { type ContentPack, lint, lintHelp, loadContent, type RuleEntry } from '#content';

const root = fileURLToPath(new URL('../../..', import.meta.url));

let shipped: ContentPack;

beforeAll(async () => {
  const loaded = await loadContent(join(root, 'content'));
  shipped = loaded.pack as ContentPack;
});

/** What lint says of the shipped pack after a change: `file path… code`. */
function lintAfter(change: (pack: Draft) => void): string[] {
  const draft = structuredClone(shipped) as Draft;
  change(draft);
  return lint(draft as ContentPack).map(({ code, place, hint }) => {
    const parts = [place.file, ...place.path.map(String), code];
    return hint === undefined ? parts.join(' ') : `${parts.join(' ')} (${hint})`;
  });
}

type Writable<T> = T extends object ? { -readonly [K in keyof T]: Writable<T[K]> } : T;
type Draft = Writable<ContentPack>;

function rule(pack: Draft, id: string): Writable<RuleEntry> {
  const found = pack.rules.find((entry) => entry.id === id);
  if (!found) throw new Error(`the pack has no rule ${id}`);
  return found;
}

const bytesFile = 'rules/T1048.003/EM-Bytes.yaml';

describe('names that must exist elsewhere', () => {
  it('a model', () => {
    expect(lintAfter((pack) => (rule(pack, 'EM-Bytes').model = 'EM-Byte'))).toEqual([
      'models/EM-Bytes.yaml model/unused',
      `${bytesFile} model rule/unknown-model (did you mean EM-Bytes?)`,
    ]);
  });

  it('an event type of a rule, of a model and of a test', () => {
    const found = lintAfter((pack) => {
      rule(pack, 'EM-Bytes').events[0] = 'dlp-email-alert-failed';
      const model = pack.models.find(({ id }) => id === 'FEM-FU');
      if (model) model.trains_on = ['dlp-email-alert-fail'];
      const step = rule(pack, 'EM-BSum-5MB-Fail').tests[3]?.events[0];
      if (step) step.type = 'mail';
    });
    expect(found.map((line) => line.replace(/ \(.*/, ''))).toEqual([
      'models/FEM-FU.yaml trains_on 0 content/unknown-event-type',
      'rules/T1048.003/EM-BSum-5MB-Fail.yaml tests 3 events 0 type content/unknown-event-type',
      `${bytesFile} events 0 content/unknown-event-type`,
    ]);
  });

  it('a technique', () => {
    expect(lintAfter((pack) => (rule(pack, 'EM-Bytes').technique = 'T1048.03'))).toEqual([
      `${bytesFile} rule/unknown-technique (did you mean T1048.003?)`,
    ]);
  });

  it('a field of an event type and of a parser', () => {
    const found = lintAfter((pack) => {
      pack.eventTypes['web-activity-denied']?.fields.push('src_up');
      const parser = pack.parsers.find(({ id }) => id === 'dlp');
      if (parser?.fields) parser.fields['sendr'] = { from: ['x'] };
    });
    expect(found).toEqual([
      'event-types.yaml event_types web-activity-denied fields 21 content/unknown-field (did you mean src_ip?)',
      'parsers/mimecast/dlp.yaml fields sendr content/unknown-field (did you mean sender?)',
    ]);
  });

  it('a table that enrichment reads', () => {
    expect(
      lintAfter((pack) => (pack.tables = pack.tables.filter(({ id }) => id !== 'executives'))),
    ).toEqual(['context/executives.yaml content/missing-table']);
  });

  it('rules and techniques of gates', () => {
    const found = lintAfter((pack) => {
      pack.gates.rules = { 'EM-UD-X': {} };
      pack.gates.techniques = { 'T1048.004': {} };
    });
    expect(found.map((line) => line.replace(/ \(.*/, ''))).toEqual([
      'gates.yaml rules EM-UD-X rule/unknown-rule',
      'gates.yaml techniques T1048.004 rule/unknown-technique',
    ]);
  });
});

describe('rules that can never fire as written', () => {
  it('on events that no parser can yield', () => {
    const found = lintAfter((pack) => {
      pack.parsers = pack.parsers.filter((parser) => parser.yields.kind !== 'web');
    });
    expect(found).toContain(
      'rules/T1567.002/WEB-FS.yaml events 0 content/event-type-without-parser',
    );
    expect(found).toContain(
      'event-types.yaml event_types web-activity-denied kind content/event-type-without-parser',
    );
  });

  it('depending on no rule, on a disabled one, on one that looks at other events', () => {
    const found = lintAfter((pack) => {
      rule(pack, 'WEB-FS').enabled = false;
      rule(pack, 'WEB-OU-FS').depends_on = ['WEB-FS', 'WEB-OG-F', 'EM-UD-F'];
    });
    const file = 'rules/T1567.002/WEB-OU-FS.yaml';
    expect(found).toEqual([
      `${file} depends_on 0 rule/disabled-dependency`,
      `${file} depends_on 1 rule/unknown-rule (did you mean WEB-OG-FS?)`,
      `${file} depends_on 2 rule/dependency-event-types`,
    ]);
  });

  it('depending on each other, told once', () => {
    const found = lintAfter((pack) => {
      rule(pack, 'EM-UD-F').depends_on = ['EM-GD-F'];
      rule(pack, 'EM-GD-F').depends_on = ['EM-OD-F'];
      rule(pack, 'EM-OD-F').depends_on = ['EM-UD-F'];
      rule(pack, 'EM-UD-A').depends_on = ['EM-UD-F'];
    });
    expect(found).toEqual(['rules/T1048.003/EM-GD-F.yaml depends_on rule/dependency-cycle']);
  });

  it('depending on itself', () => {
    expect(lintAfter((pack) => (rule(pack, 'EM-UD-F').depends_on = ['EM-UD-F']))).toEqual([
      'rules/T1048.003/EM-UD-F.yaml depends_on rule/dependency-cycle',
    ]);
  });
});

describe('keys that contradict each other', () => {
  it('once per a container that is not that of its events', () => {
    const found = lintAfter((pack) => {
      rule(pack, 'WEB-FS').once = { per: 'session' };
    });
    expect(found).toEqual([
      'rules/T1567.002/WEB-FS.yaml once per rule/once-container (write per: day)',
    ]);
  });

  it('event types of different containers', () => {
    expect(lintAfter((pack) => rule(pack, 'WEB-FS').events.push('app-login'))).toEqual([
      'rules/T1567.002/WEB-FS.yaml events rule/mixed-containers',
    ]);
  });

  it('for_each over no list, over no field, over a field of other events, and beside a model', () => {
    const found = lintAfter((pack) => {
      rule(pack, 'EM-File').for_each = 'subject';
      rule(pack, 'EM-DED').for_each = 'external_domain';
      rule(pack, 'WEB-FS').for_each = 'attachments';
      rule(pack, 'EM-UD-F').for_each = 'countries';
    });
    expect(found.map((line) => line.replace(/ \(.*/, ''))).toEqual([
      'rules/T1048.003/EM-DED.yaml for_each content/unknown-field',
      'rules/T1048.003/EM-File.yaml for_each rule/for-each-not-list',
      'rules/T1048.003/EM-UD-F.yaml for_each rule/for-each-and-model',
      'rules/T1567.002/WEB-FS.yaml for_each rule/field-not-of-event-type',
    ]);
  });

  it('a percentile without a model', () => {
    expect(lintAfter((pack) => (rule(pack, 'WEB-FS').percentile = 0.2))).toEqual([
      'rules/T1567.002/WEB-FS.yaml percentile rule/percentile-without-model',
    ]);
  });

  it('a model that trains at session end and on events, or does not say over which', () => {
    const found = lintAfter((pack) => {
      for (const model of pack.models) {
        if (model.id === 'EM-BSum-personal') delete model.session_events;
        if (model.id === 'EM-UD') model.session_events = ['dlp-email-alert-out'];
        if (model.id === 'EM-GD') model.trains_on.push('session-end');
      }
    });
    expect(found).toEqual([
      'models/EM-BSum-personal.yaml trains_on model/session-end',
      'models/EM-GD.yaml trains_on model/session-end',
      'models/EM-GD.yaml trains_on model/session-end',
      'models/EM-UD.yaml session_events model/session-end',
    ]);
  });

  it('two rules of one name', () => {
    const found = lintAfter((pack) => {
      pack.rules.push({
        ...rule(pack, 'EM-Bytes'),
        technique: 'T1567.002',
        file: 'rules/T1567.002/EM-Bytes.yaml',
      });
    });
    expect(found).toEqual(['rules/T1567.002/EM-Bytes.yaml content/duplicate-id']);
  });
});

describe('braces of a reason', () => {
  const at = (reason: string) =>
    lint({
      ...shipped,
      rules: shipped.rules.map((entry) => (entry.id === 'EM-Bytes' ? { ...entry, reason } : entry)),
    }).map(({ code, place }) => [code, place.range?.start, place.range?.end]);

  it('must be balanced, and hold something', () => {
    expect(at('{user mailed')).toEqual([['expression/template', 0, 1]]);
    expect(at('user} mailed')).toEqual([['expression/template', 4, 5]]);
    expect(at('{user} mailed { }')).toEqual([['expression/template', 14, 17]]);
  });

  it('may be doubled, and may stand in quotes inside an expression', () => {
    expect(at('a {{brace}} and {subject + \'}\'} and {"{" + user}')).toEqual([]);
  });
});

describe('tests that prove nothing', () => {
  it('of one side only', () => {
    const found = lintAfter((pack) => {
      for (const test of rule(pack, 'EM-Bytes').tests) test.fires = [1];
      for (const test of rule(pack, 'WEB-FS').tests) test.fires = [];
    });
    expect(found).toEqual([
      `${bytesFile} tests rule/tests-one-sided`,
      'rules/T1567.002/WEB-FS.yaml tests rule/tests-one-sided',
    ]);
  });

  it('with fields that the event does not have, that enrichment sets, or of another type', () => {
    const found = lintAfter((pack) => {
      const step = rule(pack, 'EM-Bytes').tests[0]?.events[0];
      if (step)
        Object.assign(step, { recipents: 'a', web_domain: 'x', to_public: true, bytes: '5 MB' });
    });
    expect(found).toEqual([
      `${bytesFile} tests 0 events 0 bytes rule/test-value`,
      `${bytesFile} tests 0 events 0 recipents rule/test-field (did you mean recipients?)`,
      expect.stringMatching(/ web_domain rule\/test-field/),
      `${bytesFile} tests 0 events 0 to_public rule/test-field`,
    ]);
  });

  it('about positions beyond their events, or about events of no interest to the rule', () => {
    const found = lintAfter((pack) => {
      const [first, second] = rule(pack, 'EM-Bytes').tests;
      if (first) first.fires = [1, 2];
      const step = second?.events[0];
      if (step) step.type = 'dlp-email-alert-in';
    });
    expect(found).toEqual([
      `${bytesFile} tests 0 fires 1 rule/test-position`,
      `${bytesFile} tests 1 events rule/test-position`,
    ]);
  });

  it('with the same name as another', () => {
    const found = lintAfter((pack) => {
      const [first, second] = rule(pack, 'EM-Bytes').tests;
      if (first && second) second.name = first.name;
    });
    expect(found).toEqual([`${bytesFile} tests 1 name content/duplicate-id`]);
  });
});

describe('fields without use', () => {
  it('that no parser sets', () => {
    const found = lintAfter((pack) => {
      for (const parser of pack.parsers) delete parser.fields?.['user_agent'];
    });
    expect(found).toEqual([
      'event-types.yaml event_types web-activity-denied fields 11 content/field-without-parser',
      expect.stringContaining('account-password-reset fields'),
      expect.stringContaining('app-activity fields'),
    ]);
  });

  it('that no event type has, and that enrichment sets anyway', () => {
    const found = lintAfter((pack) => {
      const parser = pack.parsers.find(({ id }) => id === 'dlp');
      if (parser?.fields) {
        parser.fields['user_agent'] = { from: ['x'] };
        parser.fields['to_public'] = { constant: 'true' };
      }
    });
    expect(found).toEqual([
      'parsers/mimecast/dlp.yaml fields to_public parser/enriched-field',
      'parsers/mimecast/dlp.yaml fields user_agent parser/unused-field',
    ]);
  });
});

it('every code that content or engine can give is explained, in more than a few words', () => {
  const codes = new Set<string>();
  const pattern =
    /['`]((?:content|engine|expression|model|parser|rule|schema|yaml)\/[a-z]+(?:-[a-z]+)*)['`]/g;
  for (const folder of ['content', 'engine']) {
    for (const file of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })) {
      if (!file.endsWith('.ts') || file.endsWith('lint-help.ts')) continue;
      for (const [, code = ''] of readFileSync(join(root, folder, file), 'utf8').matchAll(pattern))
        codes.add(code);
    }
  }
  expect(codes.size).toBeGreaterThan(40);
  expect([...codes].filter((code) => !Object.hasOwn(lintHelp, code)).sort()).toEqual([]);
  for (const text of Object.values(lintHelp)) expect(text.split(' ').length).toBeGreaterThan(8);
});
