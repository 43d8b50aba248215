import { describe, expect, test } from 'vitest';
import { ToldEvents } from '../../../../engine/assemble/memory.js';
import { BinaryReader, BinaryWriter } from '../../../../engine/binary.js';
import type { Fields } from '../../../../engine/contract.js';

const HOUR = 3_600_000;
const mail = { message_id: '<a@corp.example>', sender: 'mia@corp.example', subject: 'Offer' };
const to = (...recipients: string[]): Fields => ({ ...mail, recipients });
const many = Array.from({ length: 30 }, (_, i) => `p${i}@x.example`);

/** Asks one memory about mails in order; a number in front is the moment, in hours. */
function told(asked: readonly (readonly [at: number, fields: Fields, type?: number])[]): boolean[] {
  const memory = new ToldEvents();
  return asked.map(([at, fields, type = 0]) =>
    memory.isRepeat('mail', type, fields, at * HOUR, HOUR),
  );
}

describe.each([
  ['short', to('b@x.example')],
  ['with a long subject', { ...to('b@x.example'), subject: 'x'.repeat(600) }],
  ['to many', to(...many)],
  ['without recipients', mail],
])('a mail %s', (_, fields: Fields) => {
  test('is told once within the window, and again after it', () => {
    expect(
      told([
        [0, fields],
        [0.5, { ...fields }],
        [1, { ...fields }],
        [1.1, { ...fields }],
        [2, { ...fields }],
        [2.2, { ...fields }],
      ]),
    ).toEqual([false, true, true, false, true, false]);
  });

  test.each([
    ['sender', { sender: 'tom@corp.example' }],
    ['subject', { subject: 'Offers' }],
    ['recipients', { recipients: ['c@x.example'] }],
    ['message', { message_id: '<b@corp.example>' }],
  ])('is another with another %s, which is told once too', (_, other) => {
    const changed = { ...fields, ...other };
    expect(
      told([
        [0, fields],
        [0.1, changed],
        [0.2, changed],
        [0.3, fields],
      ]),
    ).toEqual([false, false, true, true]);
  });

  test('is another of another type', () => {
    expect(
      told([
        [0, fields, 0],
        [0.1, fields, 1],
        [0.2, fields, 1],
        [0.3, fields, 0],
      ]),
    ).toEqual([false, false, true, true]);
  });
});

test('one message to very many, told one by one, is looked up and not searched', () => {
  const memory = new ToldEvents();
  const ask = (i: number) => memory.isRepeat('mail', 0, to(`p${i}@x.example`), 0, HOUR);
  const all = Array.from({ length: 50_000 }, (_, i) => i);
  expect(all.filter(ask)).toEqual([]);
  expect(all.every(ask)).toBe(true);
});

test('the memory of texts is bounded: long ones and long lists are not kept', () => {
  const kept = (fields: (i: number) => Fields): number => {
    const memory = new ToldEvents();
    for (let i = 0; i < 100; i++) memory.isRepeat('mail', 0, fields(i), 0, HOUR);
    const writer = new BinaryWriter();
    memory.save(writer);
    return writer.finish().length / 100;
  };
  const named = (i: number) => ({ ...mail, message_id: `<${i}@corp.example>` });
  expect(kept((i) => ({ ...named(i), subject: 'x'.repeat(16_000) }))).toBeLessThan(100);
  expect(kept((i) => ({ ...named(i), recipients: many }))).toBeLessThan(100);
  expect(kept((i) => ({ ...named(i), recipients: ['b@x.example'] }))).toBeGreaterThan(100);
});

test('a saved memory goes on as it was, and forgets after its time', () => {
  const memory = new ToldEvents();
  const asked = [to('b@x.example'), to('c@x.example'), to(...many), mail];
  for (const fields of asked) memory.isRepeat('mail', 0, fields, 0, HOUR);
  const writer = new BinaryWriter();
  memory.save(writer);
  const loaded = new ToldEvents();
  loaded.load(new BinaryReader(writer.finish()));
  for (const fields of asked) expect(loaded.isRepeat('mail', 0, fields, 1, HOUR)).toBe(true);
  for (const now of [0, 3, 6]) expect(loaded.turn(now * HOUR, HOUR, 1000)).toBe(0);
  for (const fields of asked) expect(loaded.isRepeat('mail', 0, fields, 1, HOUR)).toBe(false);
});

test('what else came under a name is known for its own time, not for that of the first', () => {
  const memory = new ToldEvents();
  const ask = (fields: Fields, at: number) => {
    memory.turn(at * HOUR, HOUR, 1000);
    return memory.isRepeat('mail', 0, fields, at * HOUR, HOUR);
  };
  const [first, other] = [to('b@x.example'), to('c@x.example')];
  expect(ask(mail, 0)).toBe(false);
  expect(ask({ ...first, message_id: '<b@corp.example>' }, 0.1)).toBe(false);
  expect(ask({ ...mail, message_id: '<c@corp.example>' }, 1)).toBe(false);
  expect(ask({ ...other, message_id: '<b@corp.example>' }, 1.9)).toBe(false);
  expect(ask({ ...other, message_id: '<b@corp.example>' }, 2.1)).toBe(true);
});

test('records of other kinds go by alert and activity', () => {
  const memory = new ToldEvents();
  const ask = (fields: Fields) => memory.isRepeat('app', 3, fields, 0, HOUR);
  const rule = { alert_id: 'a1', activity: 'new-rule' };
  expect([rule, { ...rule, subject: 'x' }, { ...rule, activity: 'set-rule' }, {}].map(ask)).toEqual(
    [false, true, false, false],
  );
  expect(ask({})).toBe(false);
});
