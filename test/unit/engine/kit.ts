import type { ContentPack, EventType, Field, Model, ModelEntry, Rule, RuleEntry } from '#content';
import { compile } from '../../../engine/compile.js';
import type {
  Counters,
  Directory,
  Event,
  Explanation,
  Fields,
  Session,
  Trigger,
} from '../../../engine/contract.js';
import { emptyCounters } from '../../../engine/counters.js';
import { EventLoop, type LoopOptions } from '../../../engine/loop.js';
import type { Program } from '../../../engine/program.js';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
/** Monday 2024-01-08 09:00 UTC. */
export const START = Date.UTC(2024, 0, 8, 9);

const text: Field = { type: 'text', from: 'parsed', description: 'text' };
const texts: Field = { type: 'texts', from: 'parsed', description: 'texts' };
const number: Field = { type: 'number', unit: 'bytes', from: 'parsed', description: 'number' };
const flag: Field = { type: 'flag', from: 'parsed', description: 'flag' };

const fields: Record<string, Field> = {
  user: { ...text, from: 'enriched' },
  peer_group: { ...text, from: 'enriched' },
  is_executive: { ...flag, from: 'enriched' },
  hired: { type: 'time', from: 'enriched', description: 'time' },
  subject: text,
  direction: text,
  domains: texts,
  files: texts,
  bytes: number,
  personal: flag,
};

const names = Object.keys(fields);
const eventTypes: Record<string, EventType> = {
  failed: {
    description: '',
    kind: 'mail',
    container: 'session',
    fields: names,
    when: "direction == 'failed'",
  },
  out: { description: '', kind: 'mail', container: 'session', fields: names },
  web: { description: '', kind: 'web', container: 'day', fields: names },
};

export type RuleParts = Partial<Omit<Rule, 'tests'>>;
export type ModelParts = Partial<Model>;

/** A content pack of three event types: out and failed (sessions), web (days). */
export function pack(
  rules: Readonly<Record<string, RuleParts>>,
  models: Readonly<Record<string, ModelParts>> = {},
  tables: Readonly<Record<string, readonly string[]>> = {},
): ContentPack {
  return {
    digest: '',
    fields,
    eventTypes,
    rules: Object.entries(rules)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(
        ([id, parts]): RuleEntry => ({
          id,
          technique: 'T1048.003',
          file: `rules/T1048.003/${id}.yaml`,
          name: id,
          description: 'a rule of a test',
          events: ['out'],
          when: 'true',
          score: 10,
          reason: `${id} fired`,
          tests: [] as never,
          ...parts,
        }),
      ),
    models: Object.entries(models)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(
        ([id, parts]): ModelEntry => ({
          id,
          file: `models/${id}.yaml`,
          name: id,
          description: 'a model of a test',
          kind: 'categorical',
          scope: 'user',
          feature: 'domains',
          trains_on: ['out'],
          alpha: 1,
          cut_off: 0,
          percentile: 0.1,
          aging: '16w',
          max_bins: 1000,
          ...parts,
        }),
      ),
    parsers: [],
    tables: Object.entries(tables).map(([id, members]) => ({
      id,
      file: `context/${id}.yaml`,
      description: '',
      source: '',
      licence: '',
      members: [...members].sort(),
    })),
    techniques: [],
    gates: { default: {} },
  };
}

export const nobody: Directory = { internal_domains: [], people: [] };

/** The program; faults of the content fail the test. */
export function programOf(...packs: readonly ContentPack[]): Program {
  const outcome = compile(packs, nobody);
  if (!outcome.ok) {
    throw new Error(outcome.diagnostics.map((one) => `${one.code}: ${one.message}`).join('\n'));
  }
  return outcome.program;
}

/** An event of a test: its type's name, its time after START, its fields. */
export interface Played {
  readonly type?: string;
  readonly at: number;
  readonly late?: boolean;
  readonly fields: Fields;
}

/** An event with a user, at minutes after START. */
export function mail(minutes: number, fields: Fields = {}, type = 'out'): Played {
  return { type, at: minutes * MINUTE, fields: { user: 'ann', ...fields } };
}

export interface Heard {
  readonly triggers: Trigger[];
  readonly sessions: Session[];
  readonly explanations: Explanation[];
  readonly counters: Counters;
  /** `rule@minutes`, of every trigger. */
  readonly fired: string[];
}

export interface Player extends Heard {
  readonly loop: EventLoop;
  play(...events: readonly Played[]): void;
}

const defaults: LoopOptions = { sessionIdle: 5 * HOUR, sessionMax: 24 * HOUR };

/** An event loop with ears. Events are numbered as lines 0, 1, 2 … */
export function player(program: Program, options: Partial<LoopOptions> = {}): Player {
  const counters = emptyCounters();
  const heard: Heard = { triggers: [], sessions: [], explanations: [], fired: [], counters };
  const sink = {
    trigger: (trigger: Trigger) => {
      heard.triggers.push(trigger);
      const id = program.rules[trigger.rule]?.id;
      heard.fired.push(`${id}@${(trigger.time - START) / MINUTE}`);
    },
    session: (session: Session) => {
      // The map goes on living in the engine's container only while that is open.
      heard.sessions.push(session);
    },
    explanation: (explanation: Explanation) => {
      heard.explanations.push(explanation);
    },
  };
  const loop = new EventLoop(program, sink, { ...defaults, ...options }, counters);
  let line = 0;
  const play = (...events: readonly Played[]) => {
    for (const { type = 'out', at, late = false, fields: values } of events) {
      const event: Event = {
        type: program.eventTypes.indexOf(type),
        time: START + at,
        lines: [line],
        late,
        fields: values,
      };
      line += 1;
      loop.add(event);
    }
    loop.flush();
  };
  return { ...heard, loop, play };
}

/** Plays all events to the end. */
export function hear(
  program: Program,
  events: readonly Played[],
  options: Partial<LoopOptions> = {},
): Heard {
  const one = player(program, options);
  one.play(...events);
  one.loop.finish();
  return one;
}
