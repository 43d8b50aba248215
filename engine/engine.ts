/**
 * The engine, read first: lines in, triggers and sessions out, nothing else in or out.
 *
 *     lines ──► 1 parse ──► 2 assemble ──► 3 enrich ──► loop.ts: 4 session, 5 model, 6 rule, 7 risk
 *              records      events in order  fields      triggers, sessions, explanations
 *
 * compile.ts makes a program from content once; an engine runs it and holds all state. Stage 2 puts
 * events into (time, arrival) order, so from stage 3 on there is one event at a time and its time is
 * the only clock. Batches have no meaning: lines pushed one by one give the same output.
 *
 * State lives in the stages alone. Each can save itself and be loaded into a fresh engine of the
 * same program and options; snapshot.ts refuses everything else.
 */

import type {
  Counters,
  Engine,
  EngineOptions,
  EngineSink,
  Event,
  LogLine,
  LogRecord,
  UnparsedSample,
} from './contract.js';
import { emptyCounters } from './counters.js';
import { EventLoop } from './loop.js';
import type { Program } from './program.js';
import { readSnapshot, type SnapshotHeader, type Stateful, writeSnapshot } from './snapshot.js';
import { createParseStage } from './stages/1-parse.js';
import { createAssembleStage } from './stages/2-assemble.js';
import { createEnrichStage, type EnrichStage } from './stages/3-enrich.js';

/** Lines that go through one stage before the next has its turn, which keeps each stage's code and data at hand. */
const BLOCK = 64;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Defaults of the options that decide results. */
export const defaultOptions = {
  assembleWait: 10 * MINUTE,
  lateness: 10 * MINUTE,
  sessionIdle: 5 * HOUR,
  sessionMax: 24 * HOUR,
} as const;

/** An engine at the start of a stream. What it finds goes to the sink as it happens. */
export function createEngine(
  program: Program,
  sink: EngineSink,
  options: EngineOptions = {},
): Engine {
  return new StreamEngine(program, sink, options);
}

/** A restored engine, or why the snapshot cannot be used. */
export type RestoreOutcome =
  | { readonly ok: true; readonly engine: Engine }
  | { readonly ok: false; readonly message: string };

/**
 * An engine as it was when the snapshot was taken: what it gives from there on is what it would
 * have given without the break. Program and options must be the same; `explain` and `notable` may
 * differ, as they decide no result.
 */
export function restoreEngine(
  program: Program,
  snapshot: Uint8Array,
  sink: EngineSink,
  options: EngineOptions = {},
): RestoreOutcome {
  const engine = new StreamEngine(program, sink, options);
  const message = engine.restore(snapshot);
  return message === undefined ? { ok: true, engine } : { ok: false, message };
}

class StreamEngine implements Engine {
  private readonly counted: Counters = emptyCounters();
  private readonly program: Program;
  private readonly deciding: object;
  private readonly parser: ReturnType<typeof createParseStage>;
  private readonly assembler: ReturnType<typeof createAssembleStage>;
  private readonly enricher: EnrichStage;
  private readonly loop: EventLoop;
  private records: LogRecord[] = [];
  private events: Event[] = [];
  private readonly take: (record: LogRecord) => void;

  constructor(program: Program, sink: EngineSink, options: EngineOptions) {
    const { counted: counters } = this;
    const deciding = {
      assembleWait: options.assembleWait ?? defaultOptions.assembleWait,
      lateness: options.lateness ?? defaultOptions.lateness,
      sessionIdle: options.sessionIdle ?? defaultOptions.sessionIdle,
      sessionMax: options.sessionMax ?? defaultOptions.sessionMax,
      ...(options.usualShare !== undefined && { usualShare: options.usualShare }),
    };
    const { usualShare } = deciding;
    if (usualShare !== undefined && !(usualShare > 0 && usualShare <= 1)) {
      throw new RangeError(`usualShare is ${usualShare}; it must be above 0 and at most 1`);
    }
    this.program = program;
    this.deciding = deciding;
    this.loop = new EventLoop(program, sink, { ...deciding, explain: options.explain }, counters);
    const enricher = createEnrichStage(program.tables, program.directory);
    this.parser = createParseStage(program.parsers, counters);
    this.assembler = createAssembleStage(
      {
        wait: deciding.assembleWait,
        lateness: deciding.lateness,
        plain: this.parser.plain,
        buildType: (kind, fields) => {
          if (kind === 'mail') enricher.direct(fields);
          return program.code.buildType(kind, fields);
        },
      },
      counters,
      (event: Event) => this.events.push(event),
    );
    this.enricher = enricher;
    this.take = (record) => this.records.push(record);
  }

  push(lines: readonly LogLine[]): void {
    for (let from = 0; from < lines.length; from += BLOCK) {
      const end = Math.min(from + BLOCK, lines.length);
      for (let at = from; at < end; at++) this.parser.parse(lines[at] as LogLine, this.take);
      const { records } = this;
      this.records = [];
      this.assemble(records, 0, records.length);
    }
    this.loop.flush();
  }

  pushRecords(records: readonly LogRecord[]): void {
    this.counted.records += records.length;
    for (let from = 0; from < records.length; from += BLOCK)
      this.assemble(records, from, Math.min(from + BLOCK, records.length));
    this.loop.flush();
  }

  finish(): void {
    this.assembler.finish();
    this.run();
    this.loop.finish();
  }

  private assemble(records: readonly LogRecord[], from: number, end: number): void {
    for (let at = from; at < end; at++) this.assembler.add(records[at] as LogRecord);
    this.run();
  }

  /** Stages 3 to 7 for the events that stage 2 has let go. */
  private run(): void {
    const { events } = this;
    if (events.length === 0) return;
    this.events = [];
    for (const event of events) this.enricher.enrich(event);
    for (const event of events) this.loop.add(event);
  }

  recount(): void {
    Object.assign(this.counters, emptyCounters());
    this.parser.forgetSamples();
  }

  /** Live but for events by type and records by parser, which are brought up to date when this is asked for. */
  get counters(): Counters {
    this.loop.tally();
    this.parser.tally();
    return this.counted;
  }

  get unparsed(): readonly UnparsedSample[] {
    return this.parser.unparsed;
  }

  convergence(level: number): Record<string, { scopes: number; converged: number }> {
    return this.loop.models.convergence(level);
  }

  snapshot(): Uint8Array {
    return writeSnapshot(this.header(), this.parts());
  }

  /** What is wrong with the snapshot, if anything. Only for an engine that has seen nothing yet. */
  restore(snapshot: Uint8Array): string | undefined {
    return readSnapshot(snapshot, this.header(), this.parts());
  }

  private header(): SnapshotHeader {
    return { program: this.program.digest, options: JSON.stringify(this.deciding) };
  }

  private parts(): readonly Stateful[] {
    return [countersState(this.counters), this.parser, this.assembler, this.loop];
  }
}

function countersState(counters: Counters): Stateful {
  return {
    save: (w) => w.json(counters),
    load: (r) => {
      Object.assign(counters, r.json());
    },
  };
}
