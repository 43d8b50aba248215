import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unmapped } from '../../../harness/alert-tally.js';
import {
  type AlertRow,
  type BadRow,
  parseAlertMap,
  readAlerts,
} from '../../../harness/alerts-file.js';
import type { InstanceRecord, Labels, LineRecord } from '../../../harness/emit/labels.js';
import { renderText } from '../../../harness/reporters/text.js';
import { resultFaults } from '../../../harness/result.js';
import { parseRenames, type ScoreOptions, score } from '../../../harness/score.js';
import { DAY, HOUR, packOf, T0, TEST } from './fixture.js';

const iso = (time: number): string => new Date(time).toISOString();
const ANN = 'ann@corp.example';
const BEN = 'ben@corp.example';
const MINUTE = HOUR / 60;

function instance(
  id: string,
  kind: InstanceRecord['kind'],
  user: string,
  first: number,
  last: number,
): InstanceRecord {
  return {
    record: 'instance',
    instance: id,
    scenario: id.replace(/#.*/, ''),
    kind,
    technique: 'T1048.003',
    title: 'A story',
    story: 'Somebody does something.',
    expects: ['EM-A', 'EM-B'],
    user,
    person: user,
    first: iso(first),
    last: iso(last),
  };
}

function line(number: number, of: InstanceRecord, time: number, message_id?: string): LineRecord {
  return {
    record: 'line',
    line: number,
    time: iso(time),
    kind: of.kind === 'attack' ? 'malicious' : 'suspicious',
    scenario: of.scenario,
    instance: of.instance,
    step: 'one',
    technique: of.technique,
    expects: of.expects,
    user: of.user,
    ...(message_id !== undefined && { message_id }),
  };
}

const drip = instance('attack/T1048.003/drip#1', 'attack', ANN, T0 + HOUR, T0 + 49 * HOUR);
const photos = instance(
  'look-alike/T1048.003/photos#1',
  'look-alike',
  BEN,
  T0 + 5 * HOUR,
  T0 + 5 * HOUR,
);

const labels: Labels = {
  header: {
    record: 'header',
    version: 1,
    run: 'abc',
    leakdrill: '0.0.0',
    content: 'a'.repeat(64),
    seed: 1,
    organisation: 'Corp',
    domains: ['corp.example'],
    people: 3,
    peer_groups: 1,
    history_days: 0,
    test_days: 10,
    start: iso(T0),
    test_start: iso(TEST.start),
    test_end: iso(TEST.end),
    format: 'v1-json',
    layout: 'stream',
    command: 'leakdrill emit',
    assumptions: ['9 mails a day'],
  },
  users: [
    { record: 'user', user: ANN, aliases: ['a.b@corp.example'], from: iso(T0 - DAY), until: null },
    { record: 'user', user: BEN, aliases: [], from: iso(T0 + 5 * DAY), until: null },
    { record: 'user', user: 'cem@corp.example', aliases: [], from: iso(T0), until: iso(T0 + DAY) },
  ],
  instances: [drip, photos],
  lines: [
    line(10, drip, T0 + HOUR, '<one@corp.example>'),
    line(11, drip, T0 + HOUR + 1000, '<one@corp.example>'),
    line(20, photos, T0 + 5 * HOUR, '<photos@corp.example>'),
    line(30, drip, T0 + 25 * HOUR, '<two@corp.example>'),
    line(40, drip, T0 + 49 * HOUR),
  ],
  end: { record: 'end', lines: 100, complete: true, last_time: iso(TEST.end - 1) },
};

const options: ScoreOptions = {
  pack: packOf(['EM-A', 'EM-B', 'WEB-C']),
  labels,
  rename: new Map(),
  tolerance: HOUR,
  base_rate: 1e-4,
  version: '0.0.0',
  command: 'leakdrill score',
};

let number = 0;
function alert(more: Partial<AlertRow>): AlertRow {
  number++;
  return {
    number,
    rule: 'EM-A',
    user: ANN,
    time: T0 + HOUR,
    lines: [],
    message_id: undefined,
    session: undefined,
    technique: undefined,
    reason: 'because',
    score: 0,
    ...more,
  };
}

async function* asRows(rows: readonly (AlertRow | BadRow)[]) {
  yield* rows;
}
const scored = (rows: readonly (AlertRow | BadRow)[], more: Partial<ScoreOptions> = {}) =>
  score(asRows(rows), { ...options, ...more });
const ruleOf = async (
  rows: readonly (AlertRow | BadRow)[],
  id = 'EM-A',
  more: Partial<ScoreOptions> = {},
) => (await scored(rows, more)).result.rules.find((rule) => rule.id === id);

describe('an exported alert', () => {
  it('is true, a look-alike or false by the line it names', async () => {
    const rule = await ruleOf([
      alert({ lines: [30] }),
      alert({ lines: [5, 20], user: BEN }),
      alert({ lines: [5] }),
    ]);
    expect(rule).toMatchObject({
      alerts: 3,
      true_alerts: 1,
      look_alike_alerts: 1,
      false_alerts: 1,
      caught: 1,
    });
  });

  it('is false by its line even where user and time would fit', async () => {
    const { joined, result } = await scored([alert({ lines: [9], time: T0 + HOUR })]);
    expect(joined).toEqual({ line: 1, 'message id': 0, 'user and time': 0, nothing: 0 });
    expect(result.rules[0]).toMatchObject({ true_alerts: 0, false_alerts: 1, caught: 0 });
  });

  it('is joined by Message-ID when it names no line', async () => {
    const { joined, result } = await scored([
      alert({ message_id: 'two@corp.example', user: undefined }),
      alert({ message_id: 'other@corp.example' }),
    ]);
    expect(joined['message id']).toBe(2);
    expect(result.rules[0]).toMatchObject({ true_alerts: 1, false_alerts: 1 });
  });

  it('is joined by user and time near a line of the deed, and not just between its ends', async () => {
    const near = (time: number, user = ANN) => alert({ time, user });
    const { joined, result } = await scored([
      near(T0 + 25 * HOUR + 59 * MINUTE),
      near(T0 + 25 * HOUR + 61 * MINUTE),
      near(T0 + 49 * HOUR - 59 * MINUTE, 'a.b@corp.example'),
      near(T0 + HOUR, 'corp\\ann'),
      near(T0 + HOUR, BEN),
    ]);
    expect(joined).toMatchObject({ 'user and time': 3, nothing: 2 });
    expect(result.rules[0]).toMatchObject({ true_alerts: 3, false_alerts: 2 });
    const wide = await scored([near(T0 + 25 * HOUR + 61 * MINUTE)], { tolerance: 2 * HOUR });
    expect(wide.joined['user and time']).toBe(1);
  });

  it('counts for nothing outside the days under test, unless it names a deed', async () => {
    const { outside, result } = await scored([
      alert({ time: T0 - HOUR }),
      alert({ time: TEST.end + 2 * HOUR }),
      alert({ time: TEST.end + 2 * HOUR, lines: [40] }),
      alert({ time: T0 + 100 * HOUR }),
    ]);
    expect(outside).toBe(2);
    expect(result.rules[0]).toMatchObject({ alerts: 2, true_alerts: 1, false_alerts: 1 });
  });

  it('is one with others of its rule, user and session, and true if any of them is', async () => {
    const rule = await ruleOf([
      alert({ session: '7', lines: [8], time: T0 + 26 * HOUR }),
      alert({ session: '7', lines: [30], time: T0 + 25 * HOUR }),
      alert({ session: '8', lines: [9] }),
    ]);
    expect(rule).toMatchObject({ alerts: 2, triggers: 3, true_alerts: 1, false_alerts: 1 });
    expect(rule?.examples[0]).toMatchObject({
      label: 'malicious',
      time: T0 + 25 * HOUR,
      triggers: 2,
    });
  });
});

describe('the score', () => {
  it('gives misses their cause and detection its time', async () => {
    const { result } = await scored([alert({ lines: [30], time: T0 + 27 * HOUR })]);
    const [a, b] = result.rules;
    expect(a).toMatchObject({
      expected: 1,
      caught_instances: [drip.instance],
      detection: { median_events: 2, median_hours: 26 },
      unique_catches: 1,
    });
    expect(b?.missed_instances).toEqual([
      {
        instance: drip.instance,
        cause: 'no alert',
        explanation: 'No alert of EM-B belongs to the 3 events of this instance.',
      },
    ]);
    expect(a?.look_alike_specificity).toMatchObject({ value: 1, evidence: 1 });
  });

  it('counts the days on which each person was employed', async () => {
    const { result } = await scored([]);
    expect(result.receipt.user_days).toBe(10 + 5 + 1);
    expect(result.counts).toMatchObject({ lines: 100, alerts: 0 });
  });

  it('is a result by the schema, with a report that says nothing of sessions it cannot know', async () => {
    const { result } = await scored([
      alert({ lines: [30] }),
      alert({ rule: 'My own', lines: [5] }),
      { number: 3, fault: 'no time is given', text: 'a;b' },
    ]);
    expect(resultFaults(result)).toEqual([]);
    expect(result.notable.recall).toMatchObject({ value: null, evidence: 0 });
    expect(result.gates.every(({ subject }) => subject !== 'all')).toBe(true);
    expect(renderText(result, { width: 100, color: false })).toContain('line 3: a;b');
  });

  it('judges the gates of rules and techniques, not those of sessions', async () => {
    const gates = { all: { min_recall: 0.9 }, default: { max_false_alerts: 1000 } };
    const pack = packOf(['EM-A'], gates);
    const { result } = await scored([alert({ lines: [30] })], { pack });
    expect(result.gates.map(({ subject, verdict }) => [subject, verdict])).toEqual([
      ['EM-A', 'pass'],
    ]);
    const many = Array.from({ length: 600 }, (_, i) =>
      alert({ lines: [5], user: labels.users[i % 3]?.user }),
    );
    expect((await scored(many, { pack })).result.verdict).toBe('fail');
  });

  it('lists rules that the content does not have, and lets them catch what they catch', async () => {
    const { result, unknown } = await scored([
      alert({ rule: 'Odd traffic', lines: [30] }),
      alert({ rule: 'Odd traffic', lines: [5] }),
      alert({ rule: 'Big upload', lines: [5], technique: 'T1567.002' }),
    ]);
    expect(unknown).toEqual([
      { rule: 'Odd traffic', alerts: 2 },
      { rule: 'Big upload', alerts: 1 },
    ]);
    expect(result.rules.find(({ id }) => id === 'Odd traffic')).toMatchObject({
      technique: unmapped,
      true_alerts: 1,
      false_alerts: 1,
      unique_catches: 1,
    });
    expect(result.techniques.find(({ id }) => id === 'T1048.003')).toMatchObject({
      instances: 1,
      caught: 1,
    });
    expect(result.rules.find(({ id }) => id === 'Big upload')?.technique).toBe('T1567.002');
  });

  it('knows a rule by its id, its name in the content, or as it was renamed', async () => {
    const rows = ['EM-A', 'rule em-a', 'SIEM thing'].map((rule) => alert({ rule, lines: [30] }));
    const { result, unknown } = await scored(rows, { rename: parseRenames(['SIEM thing=EM-A']) });
    expect(unknown).toEqual([]);
    expect(result.rules[0]?.alerts).toBe(3);
    expect(() => parseRenames(['nonsense'])).toThrow('--rename nonsense makes no sense.');
  });

  it('covers what was emitted when the emission was stopped', async () => {
    const end = {
      record: 'end',
      lines: 25,
      complete: false,
      last_time: iso(T0 + 6 * HOUR),
    } as const;
    const lines = labels.lines.slice(0, 3);
    const { result } = await scored([alert({ lines: [20], user: BEN })], {
      labels: { ...labels, lines, end },
    });
    expect(result.partial).toBe(true);
    expect(result.instances.map(({ id }) => id)).toEqual([photos.instance]);
    expect(result.receipt.user_days).toBeCloseTo(0.25 + 0.25, 9);
    const cut = await scored([], { labels: { ...labels, lines, end: undefined } });
    expect(cut.result).toMatchObject({ partial: true, counts: { lines: 20 } });
  });
});

describe('a file of alerts', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'leakdrill-alerts-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  async function read(text: string | Buffer, map: readonly string[] = [], name = 'alerts') {
    const path = join(folder, name);
    writeFileSync(path, text);
    const rows: (AlertRow | BadRow)[] = [];
    const reading = readAlerts(path, name, { map: parseAlertMap(map), placesAreLines: true });
    for await (const row of reading) rows.push(row);
    return rows;
  }

  const wanted = {
    rule: 'EM-A',
    user: ANN,
    time: T0 + HOUR,
    message_id: 'one@corp.example',
    reason: 'He, "the" one',
  };

  it('may be CSV with any common separator, quotes, CRLF, a mark and compression', async () => {
    const csv = (separator: string): string =>
      ['rule', 'user', 'time', 'message_id', 'reason'].join(separator) +
      `\r\nEM-A${separator}Ann@corp.example${separator}2024-06-03T01:00:00Z${separator}<one@corp.example>${separator}"He, ""the"" one"\r\n`;
    for (const separator of [',', ';', '\t']) {
      expect(await read(`\uFEFF${csv(separator)}`)).toEqual([expect.objectContaining(wanted)]);
      expect(await read(gzipSync(csv(separator)), [], 'alerts.gz')).toEqual([
        expect.objectContaining(wanted),
      ]);
    }
  });

  it('may be JSON: a line each, a list, or as Splunk and Elasticsearch wrap it', async () => {
    const plain = JSON.stringify({ ...wanted, time: '2024-06-03T01:00:00.000Z' });
    const splunk = JSON.stringify({
      preview: false,
      result: {
        search_name: 'EM-A',
        src_user: ANN,
        _time: '1717376400.000',
        MsgId: '<one@corp.example>',
        reason: wanted.reason,
      },
    });
    const elastic = JSON.stringify({
      _index: 'alerts',
      _source: {
        'kibana.alert.rule.name': 'EM-A',
        user: { email: ANN },
        'kibana.alert.original_time': '2024-06-03T01:00:00.000Z',
        '@timestamp': '2024-06-03T02:00:00.000Z',
        email: { message_id: 'one@corp.example' },
        'kibana.alert.reason': wanted.reason,
      },
    });
    expect(await read([plain, splunk, elastic].join('\n'))).toEqual(
      [1, 2, 3].map((at) => expect.objectContaining({ ...wanted, number: at })),
    );
    expect(await read(`[\n${plain},\n${plain}\n]\n`)).toHaveLength(2);
  });

  it('is read by the columns that --map names', async () => {
    const csv = 'a,b,c,rule,d\nEM-A,ann@corp.example,1717376400,EM-Z,17 18\n';
    const rows = await read(csv, ['rule=a,user=b', 'time=c', 'line=d']);
    expect(rows).toEqual([
      expect.objectContaining({ rule: 'EM-A', user: ANN, time: T0 + HOUR, lines: [17, 18] }),
    ]);
    await expect(read(csv, ['rule=x'])).rejects.toThrow('alerts has no column x.');
    expect(() => parseAlertMap(['who=b'])).toThrow('--map who=b makes no sense.');
  });

  it('takes the times that products write, and none that may mean two days', async () => {
    const times = [
      '2024-06-03T01:00:00Z',
      '2024-06-03 01:00:00',
      '2024-06-03 03:00:00.000 +02:00',
      '2024-06-02T21:00:00-0400',
      '2024-06-03 01:00:00,000 UTC',
      '1717376400',
      '1717376400.000',
      '1717376400000',
      '1717376400000000',
    ];
    const rows = await read(JSON.stringify(times.map((time) => ({ rule: 'A', time }))));
    expect(rows.map((row) => 'time' in row && row.time)).toEqual(times.map(() => T0 + HOUR));
    const bad = await read(
      JSON.stringify(
        ['03/06/2024 01:00', 'yesterday', '2024-13-01T00:00:00Z'].map((time) => ({
          rule: 'A',
          time,
        })),
      ),
    );
    expect(bad.map((row) => 'fault' in row && row.fault)).toEqual(
      Array(3).fill('the time cannot be read'),
    );
  });

  it('takes places in the emitted file for lines', async () => {
    const row = {
      rule: 'A',
      time: '2024-06-03T01:00:00Z',
      evidence: ['logs.json:17', 'logs.json:18'],
    };
    expect(await read(JSON.stringify(row))).toEqual([expect.objectContaining({ lines: [17, 18] })]);
  });

  it('keeps bad rows with their line numbers and reads on behind them', async () => {
    const rows = await read(
      'rule,user,time\nEM-A,ann,2024-06-03T01:00:00Z\n,ann,2024-06-03T01:00:00Z\nEM-A,"two\nlines",\nEM-A,a,b,c\nEM-B,ann,2024-06-03T01:00:00Z\nEM-C,"open,2024\n',
    );
    expect(
      rows.map((row) => ('fault' in row ? [row.number, row.fault] : [row.number, row.rule])),
    ).toEqual([
      [2, 'EM-A'],
      [3, 'no rule is named'],
      [4, 'no time is given'],
      [6, 'more values than columns'],
      [7, 'EM-B'],
      [8, 'a quote is not closed'],
    ]);
    const json = await read(
      '{"rule":"A","time":1717376400}\n{"rule":\n17\n{"rule":"B","time":1717376400}\n',
    );
    expect(json.map((row) => ('fault' in row ? row.fault : row.rule))).toContain('B');
    expect(json.filter((row) => 'fault' in row).length).toBeGreaterThan(0);
  });

  it('that is missing is told of as an input fault', async () => {
    const reading = readAlerts(join(folder, 'none'), 'none', { map: {}, placesAreLines: true });
    await expect(reading.next()).rejects.toThrow('none cannot be read: ENOENT.');
  });
});
