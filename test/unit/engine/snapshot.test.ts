import { describe, expect, it } from 'vitest';
import { BinaryReader, BinaryWriter } from '../../../engine/binary.js';
import type { LogRecord, Trigger } from '../../../engine/contract.js';
import { createEngine, restoreEngine } from '../../../engine/engine.js';
import { MINUTE, mail, type Played, pack, player, programOf, START } from './kit.js';

const program = programOf(
  pack(
    {
      first: { model: 'M', when: 'confidence_factor >= 0.5 && num_observations == 0' },
      sum: { when: 'sum(bytes) > 20', once: { per: 'session' } },
      value: { for_each: 'domains', when: 'true', once: { per: 'session', by: 'value' } },
      high: { model: 'B', when: 'value > percentile_threshold_value' },
    },
    {
      M: { train_if: 'count(value) == 1' },
      B: { kind: 'numerical', feature: 'bytes', cut_off: 3 },
    },
  ),
);

/** The last is longer than the texts that the engine keeps whole. */
const users = ['user0', 'user1', `${'user2'.repeat(60)}@corp.example`];

const events: Played[] = Array.from({ length: 60 }, (_, i) =>
  mail(i * 47, {
    user: users[i % 3],
    bytes: 1 + ((i * i) % 17),
    domains: [`d${(i * 7) % 5}`, `d${i % 9}`],
  }),
);

describe('a snapshot', () => {
  it('taken at any event and loaded anew goes on as if nothing had happened', () => {
    const straight = player(program);
    straight.play(...events);
    straight.loop.finish();
    for (let cut = 0; cut <= events.length; cut += 5) {
      const before = player(program);
      before.play(...events.slice(0, cut));
      const w = new BinaryWriter();
      before.loop.save(w);
      const after = player(program);
      const r = new BinaryReader(w.finish());
      after.loop.load(r);
      expect(r.done).toBe(true);
      after.play(...events.slice(cut));
      after.loop.finish();
      const plain = (triggers: readonly Trigger[]) => triggers.map(({ event: _, ...rest }) => rest);
      expect(plain([...before.triggers, ...after.triggers])).toEqual(plain(straight.triggers));
      expect([...before.sessions, ...after.sessions]).toEqual(straight.sessions);
    }
  });
});

describe('restoring an engine', () => {
  const record = (i: number): LogRecord => ({
    line: i,
    parser: -1,
    kind: 'mail',
    time: START + i * MINUTE,
    fields: { sender: `user${i % 2}@corp.example`, bytes: 9, domains: [`d${i % 4}`] },
  });
  const engine = createEngine(program, {});
  engine.pushRecords(Array.from({ length: 30 }, (_, i) => record(i)));
  const snapshot = engine.snapshot();

  const refusal = (bytes: Uint8Array, options = {}, other = program) => {
    const outcome = restoreEngine(other, bytes, {}, options);
    return outcome.ok ? 'accepted' : outcome.message;
  };

  it('gives back the counters and what was pending', () => {
    const outcome = restoreEngine(program, snapshot, {});
    if (!outcome.ok) throw new Error(outcome.message);
    expect(outcome.engine.counters).toEqual(engine.counters);
    expect(outcome.engine.snapshot()).toEqual(snapshot);
  });

  it('works for a state of any size', () => {
    const large = createEngine(program, {});
    large.pushRecords(
      Array.from({ length: 4000 }, (_, i) => ({
        ...record(i),
        // Near enough to each other that all of them wait.
        time: START + i,
        fields: { sender: `user${i}@corp.example`, bytes: i, domains: [`domain${i}.example`] },
      })),
    );
    const bytes = large.snapshot();
    expect(bytes.length).toBeGreaterThan(400_000);
    const outcome = restoreEngine(program, bytes, {});
    if (!outcome.ok) throw new Error(outcome.message);
    expect(Buffer.compare(outcome.engine.snapshot(), bytes)).toBe(0);
  });

  it('refuses a snapshot of other content', () => {
    expect(refusal(snapshot, {}, programOf(pack({ other: {} })))).toMatch(/other content/);
  });

  it('refuses a snapshot taken with options that decide results, and no others', () => {
    expect(refusal(snapshot, { sessionIdle: 1000, usualShare: 0.1 })).toBe(
      'the snapshot was taken with other options: sessionIdle 18000000, now 1000; usualShare none, now 0.1',
    );
    expect(refusal(snapshot, { explain: new Set([1]), notable: 50 })).toBe('accepted');
  });

  it('refuses what is damaged, cut short or something else, and never throws', () => {
    const damaged = snapshot.slice();
    const at = damaged.length - 20;
    damaged[at] = (damaged[at] as number) ^ 1;
    expect(refusal(damaged)).toMatch(/checksum/);
    expect(refusal(snapshot.slice(0, snapshot.length / 2))).toMatch(/no whole snapshot/);
    expect(refusal(new Uint8Array(0))).toMatch(/no whole snapshot/);
    expect(refusal(new TextEncoder().encode('{"hello": "world", "what": "is this"}'))).toMatch(
      /snapshot/,
    );
  });

  it('refuses a snapshot of another format', () => {
    const other = snapshot.slice();
    // The format number follows the first text and its length.
    other[4 + 'leakdrill snapshot'.length] = 99;
    expect(refusal(other)).toMatch(/format 99/);
  });
});
