import { describe, expect, test } from 'vitest';
import {
  type Activity,
  background,
  type ColumnBatch,
  type ColumnsOptions,
  columns,
  createOrganisation,
  DIRECTIONS,
  LOGS,
  type MailActivity,
  NONE,
  type Tagged,
  VERDICTS,
} from '#generators';
import { MAIL as SAMPLE } from './mail.js';

const START = Date.UTC(2024, 2, 4);
const DAYS = 5;
const organisation = createOrganisation({ seed: 3, people: 20, start: START, days: DAYS });
const activities = [
  ...background(organisation, { start: START, days: DAYS, attachment_share: 0.5 }),
];

const tagged = (of: readonly Activity[], tag = 0): Tagged[] =>
  of.map((activity) => ({ activity, tag }));

const batchesOf = (
  of: readonly Activity[],
  options: Partial<ColumnsOptions> = {},
): ColumnBatch[] => [...columns(organisation, [tagged(of)], { seed: 1, ...options })];

/** Every line at its place. */
const plain = { disorder: 0, duplicates: 0, late: 0 };

const MAIL: MailActivity = {
  ...SAMPLE,
  time: START + 1234,
  sender: organisation.people[0]?.address ?? '',
};
const mailOf = (more: Partial<MailActivity>): MailActivity => ({ ...MAIL, ...more });

function only(batches: readonly ColumnBatch[]): ColumnBatch {
  expect(batches).toHaveLength(1);
  return batches[0] as ColumnBatch;
}

/** The rows of a batch as objects, positions replaced by what they point to. */
function rowsOf(batch: ColumnBatch): object[] {
  const { mails, texts } = batch;
  const text = (at: number | undefined): string | undefined =>
    at === undefined || at === NONE ? undefined : texts[at];
  return Array.from(batch.log, (number, at) => {
    const log = LOGS[number];
    const of = batch.of[at] ?? NONE;
    const common = {
      log,
      written: batch.written[at],
      stated: batch.stated[at],
      tag: batch.tag[at],
    };
    if (log !== 'receipt' && log !== 'process' && log !== 'delivery')
      return { ...common, plain: batch.plain[of] };
    return {
      ...common,
      verdict: VERDICTS[batch.verdict[at] ?? NONE],
      recipient: text(batch.recipient[at]),
      reason: text(batch.reason[at]),
      code: text(batch.code[at]),
      sent: batch.sent[at],
      direction: DIRECTIONS[mails.direction[of] ?? NONE],
      sender: text(mails.sender[of]),
      source: text(mails.source[of]),
      bytes: mails.bytes[of],
      id: mails.id[of],
      message_id: mails.message_id[of],
      subject: mails.subject[of],
      files: mails.files.slice(of === 0 ? 0 : mails.file_ends[of - 1], mails.file_ends[of]),
    };
  });
}

describe('columns of one mail', () => {
  test('tell its receipt, its scan and its delivery', () => {
    const batch = only(batchesOf([MAIL], plain));
    expect(rowsOf(batch)).toMatchObject([
      {
        log: 'receipt',
        verdict: 'accepted',
        recipient: 'jane@harbour-tools.com',
        sent: Number.NaN,
      },
      { log: 'process', verdict: 'accepted', recipient: undefined, reason: undefined },
      { log: 'delivery', verdict: 'delivered', recipient: 'jane@harbour-tools.com' },
    ]);
    expect(batch.mails.code).toHaveLength(1);
    expect(Array.from(batch.of)).toEqual([0, 0, 0]);
    expect(batch.sent[2]).toBeGreaterThan(batch.mails.bytes[0] ?? 0);
    // In the clear: what the older logs state is whole seconds, by the clock of a host.
    expect(batch.written[0]).toBe(MAIL.time);
    for (const stated of batch.stated) expect(stated % 1000).toBe(0);
  });

  test('say why it was refused, and by which code', () => {
    const refused = {
      kind: 'rejected',
      type: 'Header Rejected',
      code: '550',
      detail: 'no',
    } as const;
    expect(rowsOf(only(batchesOf([mailOf({ outcome: refused })], plain)))).toMatchObject([
      { log: 'receipt', verdict: 'rejected', reason: 'Header Rejected', code: '550' },
    ]);
  });

  test('say of each attempt what came of it', () => {
    const retried = { kind: 'retried', attempts: 2, error: '451 later' } as const;
    const rows = rowsOf(only(batchesOf([mailOf({ outcome: retried })], plain)));
    expect(rows.slice(2)).toMatchObject([
      {
        verdict: 'not delivered',
        reason: 'Recipient server unavailable or busy',
        code: '451',
      },
      { verdict: 'delivered', reason: undefined },
    ]);
  });

  test('say what held it, and deliver it when it is released', () => {
    const outcome = { kind: 'held', reason: 'Spm', policy: 'P', release_after: 3_600_000 } as const;
    const rows = rowsOf(only(batchesOf([mailOf({ outcome })], plain)));
    expect(rows).toMatchObject([
      { log: 'receipt' },
      { log: 'process', verdict: 'held', reason: 'Spm' },
      { log: 'delivery', verdict: 'delivered' },
    ]);
  });

  test('mark what a machine wrote, and keep its header', () => {
    const { mails, texts } = only(batchesOf([mailOf({ automatic: true })], plain));
    expect(mails.automatic[0]).toBe(1);
    expect(texts[mails.sender[0] ?? NONE]).toBe(MAIL.sender);
  });

  test('of API 2.0 state milliseconds and a longer id', () => {
    const { mails, stated } = only(batchesOf([MAIL], { ...plain, mail: 'v2' }));
    expect(mails.id[0]).toBe(`${mails.code[0]}_${START / 1000 + 1}`);
    expect(Array.from(stated).some((time) => time % 1000 !== 0)).toBe(true);
  });
});

describe('columns', () => {
  test('keep the files of each mail apart, also of mails without any', () => {
    const files = (...names: string[]) => names.map((name) => ({ name, bytes: 1 }));
    const mails = [files('a.pdf', 'b.pdf'), [], files('c.pdf')].map((attachments, i) =>
      mailOf({ time: START + i * 3_600_000, attachments }),
    );
    const batch = only(batchesOf(mails, plain));
    expect(Array.from(batch.mails.file_ends)).toEqual([2, 2, 3]);
    expect(batch.mails.files).toEqual(['a.pdf', 'b.pdf', 'c.pdf']);
  });

  test('hold each text once, however often it is said', () => {
    const { texts, recipient } = only(batchesOf(activities, { rows: 1e6 }));
    expect(new Set(texts).size).toBe(texts.length);
    const told = recipient.filter((at) => at !== NONE).length;
    expect(texts.length).toBeLessThan(told / 2);
  });

  test('are the same in batches of any size', () => {
    const whole = rowsOf(only(batchesOf(activities, { rows: 1e6 })));
    expect(whole.length).toBeGreaterThan(300);
    for (const rows of [1, 2, 100, whole.length - 1, whole.length, whole.length + 1]) {
      const batches = batchesOf(activities, { rows });
      expect(batches.flatMap(rowsOf), `batches of ${rows}`).toEqual(whole);
      const sizes = batches.map(({ log }) => log.length);
      expect(sizes.slice(0, -1).every((size) => size === rows)).toBe(true);
      expect(batches).toHaveLength(Math.ceil(whole.length / rows));
    }
  });

  test('name a mail in every batch that has a row about it', () => {
    const held = { kind: 'held', reason: 'Spm', policy: 'P', release_after: 3_600_000 } as const;
    const mails = [mailOf({ outcome: held }), mailOf({ time: START + 60_000 })];
    const batches = batchesOf(mails, { ...plain, rows: 2 });
    expect(batches.map(({ of }) => Array.from(of))).toEqual([
      [0, 0],
      [0, 0],
      [0, 1],
    ]);
    expect(batches[2]?.mails.code).toEqual([batches[1]?.mails.code[0], batches[0]?.mails.code[0]]);
  });

  test('begin a new list of texts once the old one is full, and leave the old one alone', () => {
    const whole = rowsOf(only(batchesOf(activities, { rows: 1e6 })));
    const lists = new Map<readonly string[], number>();
    const told: object[] = [];
    for (const batch of columns(organisation, [tagged(activities)], {
      seed: 1,
      rows: 10,
      most_texts: 40,
    })) {
      told.push(...rowsOf(batch));
      lists.set(batch.texts, batch.texts.length);
    }
    expect(told).toEqual(whole);
    expect(lists.size).toBeGreaterThan(4);
    // Full by the end of a batch, which says at most a few texts a row.
    for (const [list, length] of lists) {
      expect(list).toHaveLength(length);
      expect(length).toBeLessThan(40 + 10 * 5);
    }
  });

  test('share one list while it is not full', () => {
    const batches = batchesOf(activities, { rows: 10 });
    expect(new Set(batches.map(({ texts }) => texts)).size).toBe(1);
  });

  test('are equal for equal arguments and differ by seed', () => {
    const first = batchesOf(activities, { rows: 64 });
    expect(batchesOf(activities, { rows: 64 })).toEqual(first);
    expect(batchesOf(activities, { rows: 64, seed: 2 })).not.toEqual(first);
  });

  test('carry the tag of each activity through all of its rows', () => {
    const other = mailOf({ time: START + 60_000, subject: 'other' });
    const batch = only([
      ...columns(organisation, [tagged([MAIL], 0), tagged([other], 7)], { seed: 1, ...plain }),
    ]);
    for (const [at, of] of batch.of.entries())
      expect(batch.tag[at]).toBe(batch.mails.subject[of] === 'other' ? 7 : 0);
    expect(Array.from(batch.tag).filter((tag) => tag === 7)).toHaveLength(3);
  });

  test('are read only as far as they must be', () => {
    let taken = 0;
    function* endless(): Generator<Tagged> {
      for (let i = 0; ; i++) {
        taken++;
        yield { activity: mailOf({ time: START + i * 3_600_000 }), tag: 0 };
      }
    }
    const batches = columns(organisation, [endless()], { seed: 1, ...plain, rows: 30 });
    batches.next();
    expect(taken).toBeLessThan(13);
  });

  test('refuse a source that is not in time order', () => {
    const backwards = [mailOf({ time: START + 1000 }), MAIL];
    expect(() => batchesOf([...backwards, mailOf({ time: START })])).toThrow(/not in time order/);
  });

  test('of no activities are none', () => {
    expect(batchesOf([])).toEqual([]);
  });
});
