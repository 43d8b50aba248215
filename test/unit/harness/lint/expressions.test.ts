import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type ContentPack, lintHelp, loadContent, loadTraffic, type RuleEntry } from '#content';
import { compile } from '#engine';
import { lintMeaning } from '../../../../harness/lint/index.js';

const root = fileURLToPath(new URL('../../../../content', import.meta.url));
const shipped = (await loadContent(root)).pack as ContentPack;
const { traffic } = await loadTraffic(root);
const nobody = { internal_domains: [], people: [] };

type Writable<T> = T extends object ? { -readonly [K in keyof T]: Writable<T[K]> } : T;
type Draft = Writable<ContentPack>;

/** What lint says of the meaning of the shipped pack after a change: `file path… code: message`. */
function lintAfter(change: (pack: Draft) => void): string[] {
  const draft = structuredClone(shipped) as Draft;
  change(draft);
  const pack = draft as ContentPack;
  // A draft that does not compile would only seem to be clean.
  const compiled = compile([pack], nobody).diagnostics.filter(
    ({ severity }) => severity === 'error',
  );
  expect(compiled).toEqual([]);
  return lintMeaning(pack, traffic).diagnostics.map(({ code, severity, message, place }) => {
    expect(Object.keys(lintHelp)).toContain(code);
    return `${[place.file, ...place.path].join(' ')} ${severity} ${code}: ${message}`;
  });
}

function rule(pack: Draft, id: string): Writable<RuleEntry> {
  const found = pack.rules.find((entry) => entry.id === id);
  if (!found) throw new Error(`the pack has no rule ${id}`);
  return found;
}

const when = (id: string, condition: string) => (pack: Draft) => {
  rule(pack, id).when = condition;
};

const competition = 'rules/T1048.003/EM-Competition.yaml when';

it('finds nothing in the shipped pack', () => {
  expect(lintAfter(() => {})).toEqual([]);
});

describe('conditions that cannot matter', () => {
  it.each([
    ['to_competition && bytes > 5 * MB && bytes < 3 * MB'],
    ["subject == 'a' && subject == 'b'"],
    ['to_competition && 1 > 2'],
    ['to_competition && !to_competition'],
    ['active_days < 0'],
  ])('%s never holds', (condition) => {
    expect(lintAfter(when('EM-Competition', condition))).toEqual([
      `${competition} error rule/never-fires: its condition can never hold`,
    ]);
  });

  it.each([['confidence_factor > 1'], ['num_observations < 0']])(
    '%s never holds for a model',
    (condition) => {
      expect(lintAfter(when('EM-UD-F', condition))[0]).toBe(
        'rules/T1048.003/EM-UD-F.yaml when error rule/never-fires: its condition can never hold',
      );
    },
  );

  it.each([['1 < 2'], ['to_competition || !to_competition']])('%s always holds', (condition) => {
    expect(lintAfter(when('EM-Competition', condition))).toEqual([
      `${competition} error rule/always-fires: its condition always holds`,
    ]);
  });

  it('a part that is always true, and one that is always false, in the midst of others', () => {
    expect(lintAfter(when('EM-Competition', 'to_competition && active_days >= 0'))).toEqual([
      `${competition} warning expression/constant-part: this part is always true`,
    ]);
    expect(lintAfter(when('EM-Competition', 'to_competition || (bytes > 5 && bytes < 2)'))).toEqual(
      expect.arrayContaining([
        `${competition} warning expression/constant-part: this part is always false`,
      ]),
    );
  });

  it('not a comparison that only an absent field makes false', () => {
    expect(lintAfter(when('EM-Competition', 'to_competition && bytes >= 0'))).toEqual([]);
  });

  it('train_if too', () => {
    const found = lintAfter((pack) => {
      for (const model of pack.models) {
        if (model.id === 'EM-UD') model.train_if = '2 > 1';
        if (model.id === 'EM-OD') model.train_if = 'bytes > 5 * MB && bytes < 1 * MB';
      }
    });
    expect(found).toEqual(
      expect.arrayContaining([
        'models/EM-UD.yaml train_if warning expression/constant-part: train_if is always true',
        'models/EM-OD.yaml train_if error model/never-trains: it is never trained: its condition can never hold',
        'rules/T1048.003/EM-OD-F.yaml model error rule/never-fires: it can never fire on dlp-email-alert-out, since its model EM-OD is never trained',
      ]),
    );
  });
});

describe('dead rules', () => {
  const withoutAttachments = (pack: Draft): void => {
    for (const parser of pack.parsers) delete parser.fields['attachments'];
  };

  it('one whose field nothing sets any more, directly or through enrichment', () => {
    const dead = lintAfter(withoutAttachments)
      .filter((line) => line.includes('rule/never-fires'))
      .map((line) => line.replace(/^rules\/T1048.003\/(.*)\.yaml.*sets (.*)$/, '$1: $2'));
    expect(dead).toEqual(
      [
        'EM-Attachments: attachments',
        'EM-Confidential-File: file_names',
        'EM-File: file_extensions',
        'EM-GFEXT-A: file_extensions',
        'EM-OFEXT-A: file_extensions',
        'EM-UFEXT-A: file_extensions',
        'FEM-FU: file_names',
        'FEM-FU: file_names',
      ].sort(),
    );
  });

  it('with the models that learn from it', () => {
    const models = lintAfter(withoutAttachments).filter((line) => line.startsWith('models/'));
    expect(models.map((line) => line.split(' ')[0])).toEqual([
      'models/EM-Attachments.yaml',
      'models/EM-GFEXT.yaml',
      'models/EM-OFEXT.yaml',
      'models/EM-UFEXT.yaml',
      'models/FEM-FU.yaml',
    ]);
  });

  it('not one that reads the field in an alternative only', () => {
    const found = lintAfter((pack) => {
      for (const parser of pack.parsers) delete parser.fields['alert_name'];
      rule(pack, 'EM-Competition').when = "to_competition || alert_name == 'x'";
    });
    expect(found.filter((line) => line.includes('Competition'))).toEqual([
      `${competition} warning content/field-without-parser: alert_name is never set on dlp-email-alert-out, so this part is never true there`,
    ]);
  });

  it('one that asks for the absence of a field that is always absent lives', () => {
    const found = lintAfter((pack) => {
      for (const parser of pack.parsers) delete parser.fields['alert_name'];
      rule(pack, 'EM-Competition').when = "to_competition && !(alert_name == 'x')";
    });
    expect(found.some((line) => line.includes('rule/never-fires'))).toBe(false);
  });

  it('one that sums what is never there', () => {
    const found = lintAfter((pack) => {
      for (const parser of pack.parsers) delete parser.fields['bytes'];
    });
    expect(found.filter((line) => line.includes('EM-BSum-5MB.yaml'))).toEqual([
      'rules/T1048.003/EM-BSum-5MB.yaml when error rule/never-fires: it can never fire on dlp-email-alert-out, where no parser or enrichment sets bytes',
    ]);
  });

  it('one that waits for a rule that is not enabled', () => {
    const found = lintAfter((pack) => {
      rule(pack, 'EM-UD-F').enabled = false;
      rule(pack, 'EM-Competition').when = "to_competition && was_rule_fired('EM-UD-F')";
    });
    expect(found.filter((line) => line.startsWith('rules'))).toEqual([
      `${competition} error rule/never-fires: it can never fire on dlp-email-alert-out, since EM-UD-F is not enabled`,
    ]);
  });

  it('on one of its event types only', () => {
    const found = lintAfter((pack) => {
      rule(pack, 'WEB-FS').events = ['web-activity-denied'];
      rule(pack, 'EM-Competition').events = ['dlp-email-alert-out', 'app-login'];
    });
    expect(found).toEqual([
      'rules/T1048.003/EM-Competition.yaml for_each error rule/never-fires: it can never fire on app-login, where no parser or enrichment sets external_domains',
    ]);
  });

  it('a field that one of the event types does not have', () => {
    const found = lintAfter((pack) => {
      rule(pack, 'EM-Competition').events = ['dlp-email-alert-out', 'app-activity'];
      rule(pack, 'EM-Competition').when = 'to_competition || subject_core == "x"';
    });
    expect(found).toEqual([
      `${competition} warning rule/field-not-of-event-type: app-activity has no field subject_core, so this part is never true there`,
    ]);
  });

  it('an event type that an earlier one leaves nothing, and one whose condition contradicts itself', () => {
    const shadowed = lintAfter((pack) => {
      const { 'app-activity': all, ...others } = pack.eventTypes;
      pack.eventTypes = { ...(all && { 'app-activity': all }), ...others };
    });
    expect(shadowed).toEqual([
      'event-types.yaml event_types account-password-reset error content/event-type-unreachable: app-activity takes every app record before account-password-reset is asked',
    ]);
    const never = lintAfter((pack) => {
      const type = pack.eventTypes['failed-app-login'];
      if (type) type.when = "outcome == 'failed' && outcome == 'success'";
    });
    expect(never).toEqual([
      'event-types.yaml event_types failed-app-login when error content/event-type-unreachable: its condition can never hold',
    ]);
  });
});

describe('numbers without their unit', () => {
  it.each([
    ['to_competition && bytes > 5', '5 bytes can hardly be meant'],
    ['to_competition && sum(bytes) > 20', '20 bytes can hardly be meant'],
    ['to_competition && time - first_seen < 14', '14 milliseconds can hardly be meant'],
    ['to_competition && 90 > abs(time - hired)', '90 milliseconds can hardly be meant'],
  ])('%s', (condition, message) => {
    expect(lintAfter(when('EM-Competition', condition))).toEqual([
      `${competition} warning expression/bare-number: ${message}`,
    ]);
  });

  it.each([
    ['to_competition && bytes > 5 * MB'],
    ['to_competition && bytes > 0'],
    ['to_competition && size(attachments) > 5'],
    ['to_competition && time - first_seen < 14 * DAY'],
  ])('%s has one or needs none', (condition) => {
    expect(lintAfter(when('EM-Competition', condition))).toEqual([]);
  });
});

describe('rules that always fire together', () => {
  it.each([
    ['to_disposable', 'to_disposable'],
    ['to_disposable && bytes > 5 * MB', 'bytes > 5242880 && (to_disposable)'],
    ['bytes > 5 * MB && bytes > 2 * MB', 'bytes > 5 * MB'],
    ['to_public || to_disposable', 'to_disposable || to_public'],
  ])('%s and %s', (one, other) => {
    const found = lintAfter((pack) => {
      rule(pack, 'EM-Competition').when = one;
      rule(pack, 'EM-DED').when = other;
    });
    expect(found).toEqual([
      'rules/T1048.003/EM-DED.yaml when error rule/same-as-another: fires on exactly the events on which EM-Competition fires',
    ]);
  });

  it.each([
    ['to_disposable && bytes > 5 * MB', 'to_disposable && bytes >= 5 * MB'],
    ['to_disposable', '!(!to_disposable && bytes > 5 * MB)'],
    ["subject == 'a'", "subject == 'b'"],
    ['size(attachments) >= 0', '!(size(attachments) < 0)'],
  ])('but not %s and %s', (one, other) => {
    const found = lintAfter((pack) => {
      rule(pack, 'EM-Competition').when = one;
      rule(pack, 'EM-DED').when = other;
    });
    expect(found.filter((line) => line.includes('rule/same-as-another'))).toEqual([]);
  });

  it('a narrow rule that adds no more than the wide one is told, one that adds more is not', () => {
    const scores = (narrow: number, wide: number) =>
      lintAfter((pack) => {
        Object.assign(rule(pack, 'EM-Competition'), {
          when: 'to_disposable && bytes > 9 * MB',
          score: narrow,
        });
        Object.assign(rule(pack, 'EM-DED'), {
          when: 'to_disposable && bytes > 2 * MB',
          score: wide,
        });
      });
    expect(scores(10, 20)).toEqual([
      `${competition} warning rule/within-another: whenever it fires, EM-DED fires too, with 20 points to its 10`,
    ]);
    expect(scores(30, 20)).toEqual([]);
  });

  it('not when the wider one fires only once a session, or counts other events', () => {
    const once = lintAfter((pack) => {
      Object.assign(rule(pack, 'EM-Competition'), { when: 'to_disposable && bytes > 9 * MB' });
      Object.assign(rule(pack, 'EM-DED'), { when: 'to_disposable', once: { per: 'session' } });
    });
    expect(once).toEqual([]);
    const counted = lintAfter((pack) => {
      Object.assign(rule(pack, 'EM-Competition'), { when: 'count(to_disposable) > 3', score: 5 });
      Object.assign(rule(pack, 'EM-DED'), {
        when: 'count(to_disposable) > 3',
        events: ['dlp-email-alert-out', 'dlp-email-alert-out-failed'],
      });
    });
    expect(counted).toEqual([]);
  });
});
