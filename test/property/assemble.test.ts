import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BinaryReader, BinaryWriter } from '../../engine/binary.js';
import type { Counters, Event, Fields, LogRecord } from '../../engine/contract.js';
import { emptyCounters } from '../../engine/counters.js';
import { createAssembleStage } from '../../engine/stages/2-assemble.js';

const MINUTE = 60_000;
const start = Date.UTC(2024, 0, 1);

/** One message as the gateway would write it down: any verdict, any fate for each recipient. */
const message = fc.record({
  at: fc.integer({ min: 0, max: 600 }),
  recipients: fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 4 }),
  verdict: fc.constantFrom('accepted', 'held', 'failed', 'missing'),
  fates: fc.array(fc.constantFrom('sent', 'failed', 'pending', 'rejected', 'none', 'retried'), {
    minLength: 4,
    maxLength: 4,
  }),
});
type Message = typeof message extends fc.Arbitrary<infer T> ? T : never;

/** Its lines, all within nine minutes of the receipt. */
function linesOf(
  { at, recipients, verdict, fates }: Message,
  id: number,
): Omit<LogRecord, 'line'>[] {
  const join = `m${id}`;
  const mail: Fields = { sender: 'mia@corp.example', subject: `s${id}`, message_id: `<${id}>` };
  const lines: Omit<LogRecord, 'line'>[] = [];
  const add = (part: 'receipt' | 'process' | 'delivery', minutes: number, fields: Fields): void => {
    lines.push({
      parser: 0,
      kind: 'mail',
      time: start + (at + minutes) * MINUTE,
      part,
      join,
      fields: { ...mail, ...fields },
    });
  };
  recipients.forEach((name, i) => {
    const to = { recipients: [`${name}@x.example`], direction: 'outbound' };
    const fate = fates[i];
    add('receipt', i / 10, {
      ...to,
      outcome: fate === 'rejected' ? 'failed' : 'accepted',
      failure_reason: fate === 'rejected' ? 'no' : undefined,
    });
    if (fate === 'sent' || fate === 'failed' || fate === 'pending')
      add('delivery', 3 + i, { ...to, outcome: fate, bytes: 50 });
    if (fate === 'retried') {
      add('delivery', 3 + i, { ...to, outcome: 'pending', bytes: 0 });
      add('delivery', 5 + i, { ...to, outcome: 'sent', bytes: 50 });
    }
  });
  if (verdict !== 'missing')
    add('process', 1, { bytes: 900, attachments: ['f.txt'], outcome: verdict });
  return lines;
}

function run(records: readonly LogRecord[], cut?: number): { events: Event[]; counters: Counters } {
  const events: Event[] = [];
  const counters = emptyCounters();
  const make = () =>
    createAssembleStage(
      {
        wait: 10 * MINUTE,
        lateness: 10 * MINUTE,
        buildType: (_, fields) => (fields['outcome'] === 'failed' ? 1 : 0),
      },
      counters,
      (event) => {
        events.push(event);
      },
    );
  let stage = make();
  records.forEach((record, i) => {
    if (i === cut) {
      const writer = new BinaryWriter();
      stage.save(writer);
      stage = make();
      stage.load(new BinaryReader(writer.finish()));
    }
    stage.add(record);
  });
  stage.finish();
  return { events, counters };
}

const told = (events: readonly Event[]) =>
  events
    .map(({ time, type, fields, lines }) =>
      JSON.stringify([
        time,
        type,
        fields['subject'],
        fields['recipients'],
        fields['bytes'],
        fields['failure_reason'],
        lines,
      ]),
    )
    .sort();

const tick = (time: number, line: number): LogRecord => ({
  line,
  parser: 1,
  kind: 'web',
  time,
  fields: {},
});

test('the events of a message do not depend on the order of its lines', () => {
  fc.assert(
    fc.property(
      fc.array(message, { minLength: 1, maxLength: 6 }),
      fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
      (messages, luck) => {
        const records = messages.flatMap(linesOf).map((record, line) => ({ ...record, line }));
        // Lines reach the engine up to nine minutes after their time, so any two may change places.
        const shuffled = records
          .map((record) => ({ record, at: record.time + 9 * MINUTE * Number(luck.next().value) }))
          .sort((a, b) => a.at - b.at)
          .map(({ record }) => record);
        const sorted = [...records].sort((a, b) => a.time - b.time);
        expect(told(run(shuffled).events)).toEqual(told(run(sorted).events));
      },
    ),
  );
});

test('every recipient is told of, at most once in a row with the same outcome, and no event is late', () => {
  fc.assert(
    fc.property(fc.array(message, { minLength: 1, maxLength: 6 }), (messages) => {
      const records = messages
        .flatMap(linesOf)
        .map((record, line) => ({ ...record, line }))
        .sort((a, b) => a.time - b.time);
      const { events, counters } = run([...records, tick(start + 20_000 * MINUTE, records.length)]);
      expect(counters.late).toBe(0);
      const last = new Map<string, number>();
      let before = 0;
      for (const event of events) {
        expect(event.time).toBeGreaterThanOrEqual(before);
        before = event.time;
        for (const to of (event.fields['recipients'] as string[] | undefined) ?? []) {
          const name = `${String(event.fields['subject'])} ${to}`;
          expect(last.get(name)).not.toBe(event.type);
          last.set(name, event.type);
        }
      }
      expect(last.size).toBe(messages.reduce((sum, { recipients }) => sum + recipients.length, 0));
    }),
  );
});

test('a snapshot at any line changes nothing', () => {
  fc.assert(
    fc.property(fc.array(message, { minLength: 1, maxLength: 5 }), fc.nat(40), (messages, cut) => {
      const records = messages
        .flatMap(linesOf)
        .map((record, line) => ({ ...record, line }))
        .sort((a, b) => a.time - b.time);
      const all = [...records, tick(start + 3000 * MINUTE, records.length)];
      const straight = run(all);
      const resumed = run(all, cut % all.length);
      expect(JSON.stringify(resumed)).toBe(JSON.stringify(straight));
    }),
  );
});
