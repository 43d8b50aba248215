import { describe, expect, test } from 'vitest';
import {
  createOrganisation,
  createWriter,
  merge,
  type Tagged,
  timeline,
  type WebActivity,
  type Writer,
} from '#generators';

const START = Date.UTC(2024, 0, 1);
const organisation = createOrganisation({ seed: 1, people: 5, start: START, days: 1 });

const request = (time: number): WebActivity => ({
  kind: 'web',
  time,
  user: 'a@b.example',
  url: `https://x.example/${time}`,
  method: 'GET',
  category: 'Chat',
  bytes_uploaded: 0,
  bytes_downloaded: 0,
  src_ip: '10.0.0.1',
  user_agent: 'x',
});

const source = (tag: number, times: readonly number[]): Tagged[] =>
  times.map((time) => ({ activity: request(START + time), tag }));

const plain = { disorder: 0, duplicates: 0, late: 0 };
const writer = (): Writer => createWriter(organisation, { seed: 1 });

describe('the timeline', () => {
  test('merges sources in time order and keeps each line’s tag', () => {
    const lines = [
      ...timeline([source(0, [1000, 5000, 9000]), source(7, [2000, 9000]), []], writer(), plain),
    ];
    expect(lines.map(({ time, tag }) => [time - START, tag])).toEqual([
      [1000, 0],
      [2000, 7],
      [5000, 0],
      [9000, 0],
      [9000, 7],
    ]);
  });

  test('refuses a source that is not in time order, naming it', () => {
    const sources = [source(0, [1]), source(1, [5000, 1000])];
    expect(() => [...timeline(sources, writer())]).toThrow(/source 1 .* not in time order/);
  });

  test('reads its sources only as far as it must', () => {
    let taken = 0;
    function* endless(): Generator<Tagged> {
      for (let i = 0; ; i++) {
        taken++;
        yield { activity: request(START + i * 60_000), tag: 0 };
      }
    }
    const lines = timeline([endless()], writer(), plain);
    for (let i = 0; i < 100; i++) lines.next();
    expect(taken).toBeLessThan(110);
  });

  test('delays, doubles and holds back a few lines and loses none', () => {
    const times = Array.from({ length: 40_000 }, (_, i) => i * 1000);
    const lines = [...timeline([source(0, times)], writer())];
    expect(new Set(lines.map(({ time }) => time)).size).toBe(40_000);
    const doubled = lines.length - 40_000;
    expect(doubled).toBeGreaterThan(5);
    expect(doubled).toBeLessThan(45);
    let latest = 0;
    let disordered = 0;
    let late = 0;
    for (const { time } of lines) {
      if (time < latest) disordered++;
      if (time < latest - 240_000) late++;
      latest = Math.max(latest, time);
    }
    expect(disordered).toBeGreaterThan(1000);
    expect(late).toBeGreaterThan(0);
    expect(late).toBeLessThan(30);
  });

  test('merge alone yields every activity', () => {
    const merged = [...merge([source(0, [1, 4, 4]), source(1, [2, 4, 8])])];
    expect(merged.map(({ activity, tag }) => `${activity.time - START}:${tag}`)).toEqual([
      '1:0',
      '2:1',
      '4:0',
      '4:0',
      '4:1',
      '8:1',
    ]);
  });
});
