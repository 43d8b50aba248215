import { describe, expect, it } from 'vitest';
import { BinaryReader, BinaryWriter } from '../../../engine/binary.js';
import type { Session } from '../../../engine/contract.js';
import { createEngine } from '../../../engine/engine.js';
import { DAY, MINUTE, type Played, pack, player, programOf } from './kit.js';

const program = programOf(
  pack({ often: { when: "subject != 'quiet'" }, rare: { when: "subject == 'odd'" } }),
);
const [often, rare] = [0, 1];

/** One mail of each of 200 people on a day; the first is odd. */
const day = (number: number, subject = 'usual'): Played[] =>
  Array.from({ length: 200 }, (_, i) => ({
    at: number * DAY + i * MINUTE,
    fields: { user: `u${i}`, subject: i === 0 ? 'odd' : subject },
  }));

function pointsOf(sessions: readonly Session[], rule: number): number[] {
  return [...new Set(sessions.flatMap(({ points }) => points.get(rule) ?? []))];
}

function playedOn(days: readonly Played[][], usualShare?: number): Session[][] {
  const one = player(program, { usualShare });
  return days.map((events) => {
    const from = one.sessions.length;
    one.play(...events);
    // An event of the next night ends all sessions of the day.
    one.play({ at: (events[0]?.at ?? 0) + 12 * 60 * MINUTE, fields: { subject: 'quiet' } });
    return one.sessions.slice(from);
  });
}

describe('points of a rule that fires often', () => {
  it('are its score unless an option says otherwise', () => {
    for (const sessions of playedOn([day(0), day(1)])) {
      expect(pointsOf(sessions, often)).toEqual([10]);
      expect(pointsOf(sessions, rare)).toEqual([10]);
    }
  });

  it('are lowered from the next day on as if it had fired in the usual share of sessions', () => {
    const [first = [], second = []] = playedOn([day(0), day(1)], 0.1);
    expect(pointsOf(first, often)).toEqual([10]);
    expect(pointsOf(second, often)).toEqual([1]);
    // In one session of two hundred: less than usual.
    expect(pointsOf(second, rare)).toEqual([10]);
  });

  it('are its score again a week after it stopped', () => {
    const days = playedOn([day(0), day(4, 'quiet'), day(7), day(8)], 0.1);
    // The first day lies seven days back, with a quiet one between: half of the sessions.
    expect(pointsOf(days[2] ?? [], often)[0]).toBeCloseTo((0.1 / (201 / 400)) * 10, 10);
    // Now the quiet day and yesterday count.
    expect(pointsOf(days[3] ?? [], often)[0]).toBeCloseTo((0.1 / (201 / 400)) * 10, 10);
    const [, after = []] = playedOn([day(0), day(20)], 0.1);
    expect(pointsOf(after, often)).toEqual([10]);
  });

  it('are its score while too few sessions were seen', () => {
    const few = (number: number) => day(number).slice(0, 99);
    const [, second = []] = playedOn([few(0), few(1)], 0.1);
    expect(pointsOf(second, often)).toEqual([10]);
  });

  it('depend on containers of the kind of its own events alone', () => {
    const visits = (number: number) => day(number).map((event) => ({ ...event, type: 'web' }));
    const [, second = []] = playedOn([[...day(0), ...visits(0)], day(1)], 0.1);
    expect(pointsOf(second, often)).toEqual([1]);
  });

  it('count a session once, however often the rule fires in it', () => {
    const twice = (number: number) =>
      day(number).flatMap((event, i) => [
        event,
        ...(i % 2 === 0 ? [{ ...event, at: event.at + 1000 }] : []),
      ]);
    const [, second = []] = playedOn([twice(0), day(1)], 0.1);
    expect(pointsOf(second, often)).toEqual([1]);
  });

  it('are not changed by a backlog of late lines', () => {
    const one = player(program, { usualShare: 0.1 });
    one.play(...day(30));
    one.play(...day(20, 'quiet').map((event) => ({ ...event, late: true })));
    one.play(...day(31));
    expect(new Set(one.triggers.slice(-200).map(({ score }) => score))).toEqual(new Set([10, 1]));
  });

  it('change no trigger but its points', () => {
    const plain = player(program);
    const lowered = player(program, { usualShare: 0.1 });
    for (const one of [plain, lowered]) one.play(...day(0), ...day(1), ...day(2));
    const told = ({ triggers }: typeof plain) =>
      triggers.map(({ event: _, score: _points, ...rest }) => rest);
    expect(told(lowered)).toEqual(told(plain));
    expect(lowered.triggers).not.toEqual(plain.triggers);
  });

  it('survive a snapshot', () => {
    const before = player(program, { usualShare: 0.1 });
    before.play(...day(0), ...day(1).slice(0, 50));
    const w = new BinaryWriter();
    before.loop.save(w);
    const after = player(program, { usualShare: 0.1 });
    after.loop.load(new BinaryReader(w.finish()));
    const rest = [...day(1).slice(50), ...day(2)];
    before.play(...rest);
    after.play(...rest);
    expect(after.triggers.map(({ score }) => score)).toEqual(
      before.triggers.slice(-after.triggers.length).map(({ score }) => score),
    );
    expect(new Set(after.triggers.map(({ score }) => score))).toEqual(new Set([1, 10]));
  });

  it.each([0, -1, 1.01, Number.NaN])('cannot have a usual share of %d', (usualShare) => {
    expect(() => createEngine(program, {}, { usualShare })).toThrow(/usualShare is .* at most 1/);
  });
});
