import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  background,
  createOrganisation,
  createWriter,
  type MailActivity,
  type Tagged,
  timeline,
  Weighted,
} from '#generators';

const START = Date.UTC(2024, 0, 1);
const organisation = createOrganisation({ seed: 1, people: 8, start: START, days: 5 });

const outcome = fc.oneof(
  fc.constant({ kind: 'delivered' } as const),
  fc.record({
    kind: fc.constant('held' as const),
    reason: fc.constantFrom('Ctnt', 'Spm'),
    policy: fc.string(),
    release_after: fc.option(fc.integer({ min: 0, max: 86_400_000 }), { nil: undefined }),
  }),
  fc.record({
    kind: fc.constantFrom('rejected' as const, 'bounced' as const),
    type: fc.string({ unit: 'binary' }),
    code: fc.constantFrom('550', '554'),
    detail: fc.string({ unit: 'binary' }),
  }),
  fc.record({
    kind: fc.constant('retried' as const),
    attempts: fc.integer({ min: 1, max: 6 }),
    error: fc.string({ unit: 'binary' }),
  }),
);

const mail: fc.Arbitrary<MailActivity> = fc.record({
  kind: fc.constant('mail' as const),
  time: fc.integer({ min: START, max: START + 1e10 }),
  direction: fc.constantFrom('outbound' as const, 'inbound' as const, 'internal' as const),
  sender: fc.emailAddress(),
  recipients: fc.array(fc.emailAddress(), { minLength: 1, maxLength: 6 }),
  subject: fc.string({ unit: 'binary', maxLength: 300 }),
  body_bytes: fc.nat(),
  attachments: fc.array(
    fc.record({ name: fc.string({ unit: 'binary' }), bytes: fc.nat({ max: 1e8 }) }),
    { maxLength: 4 },
  ),
  outcome,
});

test('every JSON line of any mail parses, has no line break and keeps its texts', () => {
  fc.assert(
    fc.property(mail, fc.integer(), (activity, seed) => {
      for (const { text, time } of createWriter(organisation, { seed }).write(activity)) {
        expect(text).not.toMatch(/[\r\n]/);
        const line = JSON.parse(text) as Record<string, unknown>;
        expect(line['Sender']).toBe(activity.sender);
        expect(time).toBeGreaterThanOrEqual(activity.time);
        if ('Rcpt' in line) expect(activity.recipients).toContain(line['Rcpt']);
        if ('Hld' in line) expect(activity.outcome.kind).toBe('held');
      }
    }),
  );
});

test('JSON and key=value tell the same of the same mail', () => {
  fc.assert(
    fc.property(
      mail.filter(({ subject }) => !/[|\\\r\n]/.test(subject)),
      (activity) => {
        const json = createWriter(organisation, { seed: 1 }).write(activity);
        const kv = createWriter(organisation, { seed: 1, mail: 'v1-kv' }).write(activity);
        expect(kv.map(({ time }) => time)).toEqual(json.map(({ time }) => time));
        json.forEach(({ text }, i) => {
          const line = JSON.parse(text) as Record<string, unknown>;
          expect(kv[i]?.text).toContain(`datetime=${line['datetime']}|aCode=${line['aCode']}|`);
          expect(kv[i]?.text).toContain(`Sender=${line['Sender']}`);
          if (typeof line['Subject'] === 'string') {
            expect(kv[i]?.text).toContain(`Subject=\\${line['Subject']}\\`);
          }
        });
      },
    ),
  );
});

test('a timeline yields the writer’s lines and no others, wherever the mail came from', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(mail, { maxLength: 8 }), { maxLength: 5 }),
      fc.integer(),
      (lists, seed) => {
        const sources: Tagged[][] = lists.map((list, tag) =>
          [...list].sort((a, b) => a.time - b.time).map((activity) => ({ activity, tag })),
        );
        const writer = createWriter(organisation, { seed });
        const lines = [...timeline(sources, writer, { duplicates: 0 })];
        const expected = sources.flat().reduce((sum, { activity }) => {
          return sum + createWriter(organisation, { seed }).write(activity).length;
        }, 0);
        expect(lines.length).toBe(expected);
        const merged = [...sources.flat()].sort((a, b) => a.activity.time - b.activity.time);
        // One mail more or less on the tags' side never changes how many lines a tag has.
        for (const tag of sources.keys()) {
          const own = merged.filter((item) => item.tag === tag);
          const count = own.reduce(
            (sum, { activity }) =>
              sum + createWriter(organisation, { seed }).write(activity).length,
            0,
          );
          expect(lines.filter((line) => line.tag === tag).length).toBe(count);
        }
      },
    ),
    { numRuns: 40 },
  );
});

test('any organisation, period and seed gives ordered activity within the period', () => {
  fc.assert(
    fc.property(
      fc.integer(),
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 0, max: 6 }),
      fc.integer({ min: 0, max: 4e11 }),
      (seed, people, days, offset) => {
        const start = START + offset;
        const org = createOrganisation({ seed, people, start, days });
        let last = start;
        for (const { time } of background(org, { start, days, internal_mail: true })) {
          expect(time).toBeGreaterThanOrEqual(last);
          expect(time).toBeLessThan(start + days * 86_400_000);
          last = time;
        }
      },
    ),
    { numRuns: 40 },
  );
});

test('a weighted choice never takes an item without weight', () => {
  fc.assert(
    fc.property(
      fc
        .array(fc.nat({ max: 1000 }), { minLength: 1, maxLength: 40 })
        .filter((w) => w.some(Boolean)),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (weights, unit) => {
        const choice = new Weighted(weights.map((weight, i) => [i, weight] as const));
        expect(weights[choice.at(unit)]).toBeGreaterThan(0);
      },
    ),
  );
});
