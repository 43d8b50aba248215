import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ContentPack, loadContent } from '#content';
import type { LogLine, Trigger } from '#engine';
import { scenarios } from '#scenarios';
import { readAlerts } from '../../../harness/alerts-file.js';
import { emit, prepareEmission } from '../../../harness/emit/emission.js';
import { type LabelRecord, labelText, readLabels } from '../../../harness/emit/labels.js';
import type { RunResult } from '../../../harness/result.generated.js';
import { run } from '../../../harness/run.js';
import { score } from '../../../harness/score.js';
import { compileContent, startEngine } from '../../../harness/stages/3-detect.js';

const world = {
  seed: 3,
  people: 40,
  peer_groups: 4,
  history_days: 20,
  test_days: 10,
  start: Date.UTC(2024, 0, 1),
  scenarios,
  instances: 1,
  internal_mail: false,
  format: 'v1-json',
  version: '0.0.0',
  command: 'leakdrill',
} as const;

let folder: string;
let pack: ContentPack;
let drilled: RunResult;
const triggers: Trigger[] = [];
const lines: LogLine[] = [];
const labels: LabelRecord[] = [];
let rules: readonly { readonly id: string }[] = [];

/** The same world, once measured as a drill and once emitted to an engine that plays the SIEM. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'leakdrill-score-'));
  const loaded = await loadContent(fileURLToPath(new URL('../../../content', import.meta.url)));
  if (!loaded.pack) throw new Error('the built-in content does not load');
  pack = loaded.pack;
  drilled = await run({ ...world, packs: [pack], base_rate: 1e-4 }, () => undefined);

  const prepared = prepareEmission({ ...world, pack, layout: 'stream' });
  await emit(prepared, {
    receiver: {
      take({ id, text }) {
        lines.push({ id, text });
        return undefined;
      },
      flush: () => Promise.resolve(),
      close: () => Promise.resolve(),
      abandon: () => undefined,
      delivery: () => ({ sent: lines.length, acknowledged: undefined, remarks: [] }),
    },
    label(record) {
      labels.push(record);
      return undefined;
    },
    pace: {},
    clock: { now: () => 0, sleep: () => Promise.resolve() },
    signal: new AbortController().signal,
  });
  const program = compileContent([pack], prepared.plan.directory);
  rules = program.rules;
  const engine = startEngine(program, { trigger: (one) => triggers.push(one) }, {});
  engine.push(lines);
  engine.finish();
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const written = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

async function scored(alerts: string, tolerance = 3_600_000) {
  const labelsPath = written('labels.jsonl', labels.map(labelText).join(''));
  const alertsPath = written('alerts', alerts);
  return score(readAlerts(alertsPath, 'alerts', { map: {}, placesAreLines: true }), {
    pack,
    labels: await readLabels(labelsPath, 'labels'),
    rename: new Map(),
    tolerance,
    base_rate: 1e-4,
    version: '0.0.0',
    command: 'leakdrill',
  });
}

/** What both must agree on; times to detect and misses are told in other units. */
const figures = (result: RunResult) => ({
  rules: result.rules.map((rule) => ({
    id: rule.id,
    alerts: [rule.alerts, rule.true_alerts, rule.false_alerts, rule.look_alike_alerts],
    triggers: rule.triggers,
    caught: rule.caught_instances,
    recall: rule.recall,
    precision: rule.precision,
    at_base_rate: rule.precision_at_base_rate,
    false_alerts: rule.false_per_1000_user_days,
    quiet: rule.look_alike_specificity,
    unique: rule.unique_catches,
  })),
  techniques: result.techniques.map(({ notable: _, ...technique }) => technique),
  fired: result.instances.map(({ id, fired }) => [id, fired]),
});

describe('alerts of our own engine, exported and scored', () => {
  it('measure the same as the drill itself, when they name lines and sessions', async () => {
    const alerts = triggers.map((trigger) =>
      JSON.stringify({
        rule: rules[trigger.rule]?.id,
        user: trigger.user,
        time: new Date(trigger.time).toISOString(),
        evidence: trigger.event.lines.map((line) => `logs.json:${line}`),
        session: trigger.session,
        reason: trigger.reason,
        score: trigger.score,
      }),
    );
    const { result, joined, unknown } = await scored(alerts.join('\n'));
    expect(figures(result)).toEqual(figures(drilled));
    expect(result.receipt.user_days).toBe(drilled.receipt.user_days);
    expect(result.rules.filter(({ caught }) => caught > 0).length).toBeGreaterThan(3);
    expect(joined.nothing).toBe(0);
    expect(unknown).toEqual([]);
  });

  it('catch the same instances, when they name no more than user and time', async () => {
    const caught = (result: RunResult) =>
      result.instances.map(({ id, fired }) => [id, new Set(fired)]);
    const csv = triggers.map(
      ({ rule, user = '', time }) => `${rules[rule]?.id},${user},${new Date(time).toISOString()}`,
    );
    const byTime = await scored(['rule,user,time', ...csv].join('\n'), 1000 * 60 * 5);
    expect(byTime.joined).toMatchObject({ line: 0, 'message id': 0 });
    const all = new Map(caught(drilled) as [string, Set<string>][]);
    for (const [id, fired] of caught(byTime.result) as [string, Set<string>][])
      for (const rule of all.get(id) ?? []) expect(fired, id).toContain(rule);
    const guessed = byTime.result.rules.reduce((n, { true_alerts }) => n + true_alerts, 0);
    expect(guessed).toBeGreaterThan(0);
  });
});
