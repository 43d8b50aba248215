import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { type ContentPack, loadContent } from '#content';
import { nobody, placeScenario, scenarios } from '#scenarios';
import type { RunEvent } from '../../../harness/events.js';
import type { RunResult } from '../../../harness/result.generated.js';
import { resultFaults } from '../../../harness/result.js';
import { ContentFault, type RunOptions, run } from '../../../harness/run.js';

const TOLD = ['T1114.003', 'T1567.002'];
let pack: ContentPack;
let options: RunOptions;
let result: RunResult;
const events: RunEvent[] = [];

beforeAll(async () => {
  const root = fileURLToPath(new URL('../../../content', import.meta.url));
  const loaded = await loadContent(root);
  if (!loaded.pack) throw new Error('the built-in content does not load');
  pack = loaded.pack;
  options = {
    seed: 3,
    people: 40,
    peer_groups: 4,
    history_days: 10,
    test_days: 14,
    start: Date.UTC(2024, 0, 1),
    scenarios: scenarios.filter(({ technique }) => TOLD.includes(technique)),
    instances: 2,
    internal_mail: false,
    format: 'v1-json',
    packs: [pack],
    base_rate: 1e-4,
    version: '0.0.0',
    command: 'leakdrill drill --seed 3',
  };
  result = await run(options, (event) => events.push(event));
}, 60_000);

describe('a run', () => {
  it('gives a result that fits its schema and knows where it came from', () => {
    expect(resultFaults(result)).toEqual([]);
    expect(result.partial).toBe(false);
    expect(result.receipt).toMatchObject({
      leakdrill: '0.0.0',
      content: pack.digest,
      seed: 3,
      command: 'leakdrill drill --seed 3',
    });
    expect(result.receipt.user_days).toBeGreaterThan(40 * 14 * 0.9);
    // Shared and service mailboxes are users too.
    expect(result.receipt.user_days).toBeLessThanOrEqual(55 * 14);
    expect(result.receipt.organisation).toBeUndefined();
  });

  it('names in its receipt the file that the people come from', async () => {
    const given = {
      file: 'people.csv',
      digest: 'ab'.repeat(32),
      domains: ['acme.test'],
      entries: ['Sales', 'Sales', 'IT', 'IT', 'Law'].map((peer_group, i) => ({
        user: `p${i}@acme.test`,
        peer_group,
      })),
    };
    const own = await run({ ...options, given, history_days: 3, test_days: 4 }, () => {});
    expect(resultFaults(own)).toEqual([]);
    expect(own.receipt).toMatchObject({
      people: 5,
      peer_groups: 3,
      user_days: 20,
      organisation: { file: 'people.csv', digest: given.digest },
    });
    expect(own.counts.unparsed).toBe(0);
  });

  it('lowers the points of rules that fire often where it is asked to, and nothing else', async () => {
    const lowered = await run({ ...options, usual_share: 0.001 }, () => {});
    const alerts = ({ rules }: RunResult) => rules.map(({ id, alerts: of }) => [id, of]);
    expect(alerts(lowered)).toEqual(alerts(result));
    const points = ({ instances }: RunResult) => instances.map((one) => one.points);
    expect(points(lowered)).not.toEqual(points(result));
    for (const [i, of] of points(lowered).entries())
      expect(of).toBeLessThanOrEqual(points(result)[i] ?? 0);
    const stated = 'rules that fire in more than 0.1 % of sessions score less (--usual-share)';
    expect(lowered.receipt.assumptions).toContain(stated);
    expect(result.receipt.assumptions).not.toContain(stated);
  });

  it('parses every line that it wrote', () => {
    expect(result.counts.unparsed).toBe(0);
    expect(result.counts.faults).toEqual({});
    expect(result.counts.lines).toBeGreaterThan(1000);
  });

  it('tells of every model how many scopes could answer', () => {
    const { converged } = result.counts;
    expect(Object.keys(converged).sort()).toEqual(pack.models.map(({ id }) => id).sort());
    const domains = converged['EM-UD'] ?? { scopes: 0, converged: 0 };
    expect(domains.scopes).toBeGreaterThan(20);
    // Ten days are too few for anybody's domains.
    expect(domains.converged).toBeLessThan(domains.scopes / 2);
  });

  it('catches what needs no history and tells so', () => {
    const rule = result.rules.find(({ id }) => id === 'EM-InRule-EX');
    expect(rule).toMatchObject({ expected: 4, caught: 4 });
    const told = events.filter((event) => event.event === 'caught');
    const caught = result.instances.filter(({ fired }) => fired.length > 0);
    expect(told).toHaveLength(caught.length);
  });

  it('keeps quiet about forwarding inside', () => {
    const inside = result.instances.filter(({ scenario }) =>
      scenario.endsWith('assistant-forwards-to-colleague'),
    );
    expect(inside).toHaveLength(2);
    for (const { fired } of inside) expect(fired).toEqual([]);
  });

  it('goes through its stages in order and ends with the result', () => {
    const stages = events.flatMap((event) => (event.event === 'stage' ? [event.stage] : []));
    expect(stages).toEqual(['plan', 'simulate', 'detect', 'label', 'measure']);
    expect(events.at(-1)).toEqual({ event: 'finished', result });
  });

  it('gives the same result again, whatever the clock says', async () => {
    let now = 0;
    const progress: RunEvent[] = [];
    const again = await run({ ...options, clock: () => (now += 1000) }, (event) => {
      if (event.event === 'progress') progress.push(event);
    });
    expect(again).toEqual(result);
    expect(progress.length).toBeGreaterThan(0);
    const done = progress.flatMap((event) => (event.event === 'progress' ? [event.done] : []));
    expect(done).toEqual([...done].sort((a, b) => a - b));
    expect(done.at(-1)).toBeLessThanOrEqual(1);
  }, 60_000);

  it.each(['v1-json', 'v2'] as const)(
    'without text gives the same result, log form %s',
    async (format) => {
      const text = format === options.format ? result : await run({ ...options, format }, () => {});
      let lines = 0;
      let now = 0;
      const typed = await run(
        { ...options, format, typed: true, clock: () => (now += 1000) },
        (event) => {
          if (event.event === 'progress') lines = event.lines;
        },
      );
      expect(typed).toEqual(text);
      expect(lines).toBeGreaterThan(0);
    },
    60_000,
  );

  it('that is stopped measures what it saw and passes no gate', async () => {
    const signal = { aborted: false };
    let now = 0;
    const partial = await run(
      { ...options, clock: () => (now += 1000) },
      (event) => {
        // Well into the days under test, and before the end.
        if (event.event === 'progress' && event.done > 0.6) signal.aborted = true;
      },
      signal,
    );
    expect(partial.partial).toBe(true);
    expect(partial.verdict).toBe('insufficient evidence');
    expect(resultFaults(partial)).toEqual([]);
    expect(partial.receipt.user_days).toBeLessThan(result.receipt.user_days);
    expect(partial.counts.lines).toBeLessThan(result.counts.lines);
    expect(partial.instances.length).toBeLessThan(result.instances.length);
    const known = partial.instances.map(({ id }) => id);
    for (const { missed_instances = [] } of partial.rules)
      for (const { instance } of missed_instances) expect(known).toContain(instance);
  }, 60_000);

  it('measures the first of its variants', async () => {
    const quieter: ContentPack = {
      ...pack,
      rules: pack.rules.filter(({ id }) => id !== 'EM-InRule-EX'),
    };
    const both = await run({ ...options, packs: [pack, quieter] }, () => undefined);
    expect(both).toEqual(result);
    const other = await run({ ...options, packs: [quieter, pack] }, () => undefined);
    expect(other.rules.map(({ id }) => id)).toEqual(quieter.rules.map(({ id }) => id));
    const rest = (one: RunResult) =>
      one.rules.filter(({ id }) => id !== 'EM-InRule-EX').map(({ id, alerts }) => [id, alerts]);
    expect(rest(other)).toEqual(rest(result));
  }, 60_000);
});

describe('a run that cannot be', () => {
  it('names the content at fault', async () => {
    const [rule, ...rules] = pack.rules;
    if (!rule) throw new Error('no rules');
    const broken: ContentPack = {
      ...pack,
      rules: [{ ...rule, when: 'no_such_field > 1' }, ...rules],
    };
    const failing = run({ ...options, packs: [broken] }, () => undefined);
    await expect(failing).rejects.toThrow(ContentFault);
    await expect(run({ ...options, packs: [broken] }, () => undefined)).rejects.toThrow(rule.file);
  });

  it('names the scenario at fault', async () => {
    const broken = placeScenario('attack/T1114.003/broken', {
      kind: 'attack',
      technique: 'T1114.003',
      title: 'Broken',
      story: 'It does not work.',
      expects: ['EM-InRule-EX'],
      cast: (candidates: readonly unknown[]) => candidates[0] ?? nobody('anybody'),
      *play() {
        yield { step: 'nothing', at: 0 };
      },
    });
    await expect(run({ ...options, scenarios: [broken] }, () => undefined)).rejects.toThrow(
      /^scenario attack\/T1114\.003\/broken: play: step 1 \(nothing\)/,
    );
  });

  it('wants content', async () => {
    await expect(run({ ...options, packs: [] }, () => undefined)).rejects.toThrow(RangeError);
  });
});
