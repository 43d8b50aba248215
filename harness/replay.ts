import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import {
  type Counters,
  createEngine,
  type Engine,
  type EngineSink,
  type Event,
  type LogLine,
  type Program,
  restoreEngine,
  riskOf,
  type Session,
  type Trigger,
} from '#engine';
import { UsageFault } from './usage-fault.js';

/** Lines of all inputs, in order. */
export interface ReplayLines {
  readonly batches: AsyncIterable<readonly LogLine[]>;
  /** Where a line came from: `siem.json:17`. */
  placeOf(line: number): string;
}

export interface ReplayOptions {
  readonly program: Program;
  /** Gets every trigger as one line of JSON. */
  readonly out?: Writable | undefined;
  /** Session points at which a session is notable. */
  readonly notable: number;
  /** See EngineOptions. */
  readonly usualShare?: number | undefined;
  /** Unparsed lines kept for each reason. */
  readonly samples: number;
  readonly signal: AbortSignal;
  /** Snapshot of the engine to go on from. */
  readonly from?: Uint8Array | undefined;
  /**
   * Whether the log ends here: messages that wait for lines are completed, sessions are closed. Otherwise
   * they stay open in the snapshot, and a later run tells them. A run that is stopped always closes.
   */
  readonly close: boolean;
  /** Told about progress now and then. */
  readonly progress?: (counters: Counters) => void;
}

/** A session that reached the notable score. */
export interface NotableSession {
  readonly user: string;
  readonly kind: Session['kind'];
  /** Milliseconds since 1970 UTC; `end` is the time of its last event. */
  readonly start: number;
  readonly end: number;
  readonly events: number;
  readonly points: number;
  /** Rules that added points, most first. */
  readonly rules: readonly string[];
}

/** Users of a rule that are told apart: a log has no end, memory has. */
export const MAX_USERS = 100_000;

export interface FiredRule {
  readonly rule: string;
  readonly technique: string;
  readonly name: string;
  readonly triggers: number;
  /** Different users, up to MAX_USERS, which then means as many or more. */
  readonly users: number;
  /** Of the first trigger. */
  readonly reason: string;
}

/** What a replay found. Bounded, however long the input is. */
export interface ReplaySummary {
  /** Stopped before the end of the input. */
  readonly partial: boolean;
  readonly counters: Counters;
  readonly unparsed: readonly {
    readonly place: string;
    readonly reason: string;
    readonly text: string;
  }[];
  /** Rules that fired, most triggers first. */
  readonly rules: readonly FiredRule[];
  /** Number of notable sessions, and those with most points, at most 20. */
  readonly notable: number;
  readonly sessions: readonly NotableSession[];
  /** Times of the first and last event; undefined without events. */
  readonly first: number | undefined;
  readonly last: number | undefined;
}

export interface ReplayRun {
  readonly summary: ReplaySummary;
  /** The engine as the run left it. */
  snapshot(): Uint8Array;
}

const sessionsKept = 20;
/** Lines between two looks at the signal, and between two reports of progress. */
const breath = 4096;

/**
 * Runs the lines through the engine and sums up this run alone, whatever it goes on from. When the signal
 * aborts, what was read so far is finished and summed up, marked partial. Rejects when `out` cannot be
 * written, and with UsageFault when the snapshot cannot be used.
 */
export async function replay(lines: ReplayLines, options: ReplayOptions): Promise<ReplayRun> {
  const { program, out, signal } = options;
  const rules = program.rules.map(() => ({ triggers: 0, users: new Set<string>(), reason: '' }));
  const sessions: NotableSession[] = [];
  let notable = 0;
  let first: number | undefined;
  let last: number | undefined;
  let pending = '';

  const engine = startEngine(
    program,
    {
      event: ({ time }) => {
        first = first === undefined ? time : Math.min(first, time);
        last = last === undefined ? time : Math.max(last, time);
      },
      trigger: (trigger) => {
        const seen = rules[trigger.rule];
        if (seen) {
          if (seen.triggers++ === 0) seen.reason = trigger.reason;
          if (trigger.user !== undefined && seen.users.size < MAX_USERS) {
            seen.users.add(trigger.user);
          }
        }
        if (out) pending += `${JSON.stringify(triggerRecord(program, trigger, lines))}\n`;
      },
      session: (session) => {
        const points = riskOf(session, program.rules);
        if (points < options.notable) return;
        notable++;
        sessions.push(notableSession(program, session, points));
        sessions.sort((a, b) => b.points - a.points);
        sessions.length = Math.min(sessions.length, sessionsKept);
      },
    },
    options,
  );
  const flush = async (): Promise<void> => {
    if (!out || pending === '') return;
    const text = pending;
    pending = '';
    if (!out.write(text)) await once(out, 'drain');
  };

  let since = 0;
  for await (const batch of untilAborted(lines.batches, signal)) {
    engine.push(batch);
    await flush();
    since += batch.length;
    if (since < breath) continue;
    since = 0;
    options.progress?.(engine.counters);
    // Lets Ctrl-C be seen even where the input never waits.
    await setImmediate();
  }
  const partial = signal.aborted;
  if (partial || options.close) engine.finish();
  await flush();

  const summary: ReplaySummary = {
    partial,
    counters: engine.counters,
    unparsed: samplesOf(engine.unparsed, options.samples).map(({ line, reason, text }) => ({
      place: lines.placeOf(line),
      reason,
      text,
    })),
    rules: rules
      .flatMap(({ triggers, users, reason }, i): FiredRule[] => {
        const rule = program.rules[i];
        if (!rule || triggers === 0) return [];
        return [
          {
            rule: rule.id,
            technique: rule.technique,
            name: rule.name,
            triggers,
            users: users.size,
            reason,
          },
        ];
      })
      .sort((a, b) => b.triggers - a.triggers || (a.rule < b.rule ? -1 : 1)),
    notable,
    sessions,
    first,
    last,
  };
  return { summary, snapshot: () => engine.snapshot() };
}

function startEngine(
  program: Program,
  sink: EngineSink,
  { from, notable, usualShare }: ReplayOptions,
): Engine {
  const options = { notable, ...(usualShare !== undefined && { usualShare }) };
  if (from === undefined) return createEngine(program, sink, options);
  const restored = restoreEngine(program, from, sink, options);
  if (!restored.ok)
    throw new UsageFault(
      `The state cannot be used: ${restored.message}.`,
      'Give the options that it was made with, or start anew with --retrain; what it has learned is lost then.',
    );
  restored.engine.recount();
  return restored.engine;
}

/** Ends at the abort, also while the input keeps waiting: a pipe may have nothing to say for hours. */
async function* untilAborted<T>(batches: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  const iterator = batches[Symbol.asyncIterator]();
  const aborted = new Promise<undefined>((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  for (;;) {
    const next = await Promise.race([aborted, iterator.next()]);
    if (next === undefined || next.done === true || signal.aborted) return;
    yield next.value;
  }
}

function samplesOf<T extends { readonly reason: string }>(
  samples: readonly T[],
  each: number,
): T[] {
  const taken = new Map<string, number>();
  return samples.filter(({ reason }) => {
    const n = (taken.get(reason) ?? 0) + 1;
    taken.set(reason, n);
    return n <= each;
  });
}

function notableSession(program: Program, session: Session, points: number): NotableSession {
  const { user, kind, start, end, events } = session;
  const rules = [...session.points]
    .sort(([, a], [, b]) => b - a)
    .map(([rule]) => program.rules[rule]?.id ?? String(rule));
  return { user, kind, start, end, events, points, rules };
}

/** One line of triggers.jsonl. Times are ISO 8601 in UTC. */
export interface TriggerRecord {
  readonly time: string;
  readonly rule: string;
  readonly technique: string;
  readonly name: string;
  readonly user: string | null;
  readonly score: number;
  readonly reason: string;
  /** The value that satisfied the rule, where it has one. */
  readonly value: string | null;
  /** Triggers of one session share its number. */
  readonly session: number;
  /** Arrived out of order by more than the lateness. */
  readonly late: boolean;
  /** Where the lines of the event stand. */
  readonly evidence: readonly string[];
  readonly event_type: string;
  readonly fields: Event['fields'];
  /** What the rule's model knew, before this event trained it. */
  readonly model: Trigger['reading'] | null;
}

function triggerRecord(program: Program, trigger: Trigger, lines: ReplayLines): TriggerRecord {
  const rule = program.rules[trigger.rule];
  const { event } = trigger;
  return {
    time: isoTime(trigger.time),
    rule: rule?.id ?? '',
    technique: rule?.technique ?? '',
    name: rule?.name ?? '',
    user: trigger.user ?? null,
    score: trigger.score,
    reason: trigger.reason,
    value: trigger.value ?? null,
    session: trigger.session,
    late: trigger.late,
    evidence: event.lines.map((line) => lines.placeOf(line)),
    event_type: program.eventTypes[event.type] ?? '',
    fields: event.fields,
    model: trigger.reading ?? null,
  };
}

/** ISO 8601; a time beyond what a Date can hold, which a broken log may claim, as its number. */
export function isoTime(time: number): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? String(time) : date.toISOString();
}
