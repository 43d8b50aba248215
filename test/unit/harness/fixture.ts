import type { ContentPack, RuleEntry } from '#content';
import { type Event, type Explanation, emptyCounters, type Session, type Trigger } from '#engine';
import {
  createLabeller,
  type Label,
  type LabelOptions,
  type Observations,
} from '../../../harness/stages/4-label.js';
import {
  type MeasuredInstance,
  type MeasureInput,
  type Measurement,
  measure,
} from '../../../harness/stages/5-measure.js';

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
/** Start of the days under test; there are ten of them. */
export const T0 = Date.UTC(2024, 5, 3);
export const TEST = { start: T0, end: T0 + 10 * DAY };

export function packOf(
  ids: readonly string[],
  gates: ContentPack['gates'] = { default: {} },
  gaps: Readonly<Record<string, RuleEntry['known_gaps']>> = {},
): ContentPack {
  return {
    digest: 'a'.repeat(64),
    fields: {},
    eventTypes: {},
    rules: ids.map((id) => ({
      id,
      technique: id.startsWith('WEB') ? 'T1567.002' : 'T1048.003',
      file: `rules/${id}.yaml`,
      name: `Rule ${id}`,
      description: 'A rule of a test.',
      events: ['mail-out'],
      when: 'bytes > 1',
      score: 10,
      reason: 'because',
      tests: [
        { name: 'fires', events: [{}], fires: true },
        { name: 'stays quiet', events: [{}], fires: false },
      ],
      ...(gaps[id] && { known_gaps: gaps[id] }),
    })),
    models: [],
    parsers: [],
    tables: [],
    techniques: [{ id: 'T1048.003', name: 'Exfiltration', tactics: ['exfiltration'] }],
    gates,
  };
}

export function instanceOf(
  id: string,
  kind: MeasuredInstance['kind'],
  expects: readonly string[],
  more: Partial<MeasuredInstance> = {},
): MeasuredInstance {
  return {
    id,
    scenario: id.replace(/#\d+$/, ''),
    kind,
    technique: 'T1048.003',
    title: 'A story',
    story: 'Somebody does something.',
    expects,
    user: 'ann@corp.example',
    first: T0 + HOUR,
    last: T0 + 2 * HOUR,
    lines: 2,
    ...more,
  };
}

export function eventOf(user: string, time: number, lines: readonly number[], type = 0): Event {
  return { type, time, lines, late: false, fields: { user } };
}

export function triggerOf(rule: number, session: number, event: Event, score = 10): Trigger {
  return {
    rule,
    time: event.time,
    user: event.fields['user'] as string,
    session,
    value: undefined,
    reading: undefined,
    score,
    reason: `rule ${rule} on line ${event.lines[0]}`,
    late: false,
    event,
  };
}

export function sessionOf(
  id: number,
  user: string,
  start: number,
  end: number,
  points: readonly (readonly [rule: number, points: number])[] = [],
  kind: Session['kind'] = 'session',
): Session {
  return { id, kind, user, start, end, events: 1, points: new Map(points) };
}

export function missOf(
  rule: number,
  event: Event,
  cause: Explanation['cause'],
  text: string,
): Explanation {
  return { rule, event, fired: cause === undefined, cause, readings: [], text };
}

export interface Drill {
  readonly rules: readonly { id: string; events: string[]; variants: number[] }[];
  readonly pack: ContentPack;
  readonly instances: readonly MeasuredInstance[];
  readonly labels: Map<number, Label>;
}

export function labellerOf(drill: Drill, more: Partial<LabelOptions> = {}) {
  return createLabeller({
    rules: drill.rules,
    containers: ['session', 'day'],
    instances: drill.instances,
    labels: drill.labels,
    test: TEST,
    notable: 90,
    ...more,
  });
}

export function drillOf(
  ids: readonly string[],
  instances: readonly MeasuredInstance[] = [],
  pack = packOf(ids),
): Drill {
  return {
    rules: ids.map((id) => ({ id, events: ['mail-out'], variants: [0] })),
    pack,
    instances,
    labels: new Map(),
  };
}

/** Park and Miller's minimal standard generator. */
export function lehmer(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}

export function measureDrill(
  drill: Drill,
  observations: Observations,
  more: Partial<MeasureInput> = {},
): Measurement {
  return measure({
    pack: drill.pack,
    rules: drill.rules,
    instances: drill.instances,
    observations,
    exposure: new Map([
      ['ann@corp.example', 10],
      ['ben@corp.example', 10],
      ['cem@corp.example', 5],
    ]),
    receipt: {
      leakdrill: '0.0.0',
      content: drill.pack.digest,
      seed: 1,
      people: 3,
      peer_groups: 1,
      history_days: 0,
      test_days: 10,
      start: T0,
      base_rate: 1e-4,
      command: 'leakdrill drill',
    },
    notable: 90,
    counters: emptyCounters(),
    converged: {},
    unparsed: [],
    partial: false,
    random: lehmer(7),
    ...more,
  });
}
