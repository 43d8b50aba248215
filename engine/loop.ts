/**
 * The event loop: what happens to each event once it is whole and enriched. The order is the
 * meaning, and each step sees only what the steps before it left:
 *
 * 1. Close every container that ends at or before the event's time, in order of their ends.
 *    Session-end models train then, and the session is told.
 * 2. Enter the event into its user's container; count it in the container's counters.
 * 3. Rules, in order of dependency. They read the counters with this event and the models without it.
 * 4. Explanations, for watched lines: same state as the rules had.
 * 5. Risk: points to the container; what fires once is spent.
 * 6. Train the models. All train_if conditions are asked before any model trains.
 *
 * An event without user has no container: session functions and entity facts are absent for it, and
 * rules with `once` do not fire. Its triggers carry session 0.
 *
 * Invariant: output depends on the sequence of events alone. What is kept between events for speed
 * (atoms, verdicts, quantiles, sweeps of aged values) never shows.
 */

import type { BinaryReader, BinaryWriter } from './binary.js';
import type { Counters, EngineSink, Event, Fields } from './contract.js';
import { Explainer } from './explain.js';
import { TextDictionary } from './models/store.js';
import type { Frame, Program, RuleCode, TypeCode } from './program.js';
import {
  type Container,
  type ContainerKind,
  type Entity,
  type SessionOptions,
  SessionStage,
} from './stages/4-session.js';
import { BLOCK, ModelStage } from './stages/5-model.js';
import { type Firings, RuleStage } from './stages/6-rule.js';
import { RiskStage, sessionOf } from './stages/7-risk.js';

export interface LoopOptions extends SessionOptions {
  readonly explain?: ReadonlySet<number> | undefined;
  readonly usualShare?: number | undefined;
}

export class EventLoop {
  private readonly program: Program;
  private readonly sink: EngineSink;
  private readonly counters: Counters;
  private readonly watched: ReadonlySet<number> | undefined;
  /** Events that wait to be processed together, and for each its type, user and frame. */
  private readonly block: Event[] = [];
  private waiting = 0;
  private readonly types: TypeCode[] = [];
  private readonly entities: (Entity | undefined)[] = [];
  private readonly frames: readonly Frame[];
  /** For the ends of containers. */
  private readonly endFrame: Frame;
  /** Events by type since the last tally. */
  private readonly events: Float64Array;
  private readonly dictionary = new TextDictionary();
  private readonly sessions: SessionStage;
  readonly models: ModelStage;
  private readonly rules: RuleStage;
  private readonly risk: RiskStage;
  private readonly explainer: Explainer;

  constructor(program: Program, sink: EngineSink, options: LoopOptions, counters: Counters) {
    const { code } = program;
    this.program = program;
    this.sink = sink;
    this.counters = counters;
    this.watched = options.explain;
    this.sessions = new SessionStage(code.counters, this.dictionary, options, counters, (ended) =>
      this.end(ended),
    );
    this.models = new ModelStage(code, this.dictionary, counters);
    this.rules = new RuleStage(code, this.models, this.sessions.none, counters);
    this.risk = new RiskStage(kindsOf(program), options.usualShare);
    this.explainer = new Explainer(program, this.sessions, this.models, this.rules);
    this.events = new Float64Array(code.types.length);
    const makeFrame = (): Frame => {
      const { sessions, models } = this;
      return Object.assign(code.makeFrame(), { sessions, models, runs: models.runs });
    };
    this.frames = Array.from({ length: BLOCK }, makeFrame);
    this.endFrame = makeFrame();
  }

  /**
   * One event, enriched; processed now or with some that follow, which changes nothing about what comes of
   * it. Times rise, but for late events.
   */
  add(event: Event): void {
    if (this.program.code.types[event.type] === undefined || !Number.isFinite(event.time)) {
      const { unbuilt } = this.counters;
      unbuilt['without time or type'] = (unbuilt['without time or type'] ?? 0) + 1;
      return;
    }
    this.block[this.waiting] = event;
    this.waiting += 1;
    if (this.waiting === BLOCK) this.flush();
  }

  /** Processes what waits. */
  flush(): void {
    const { waiting: count, block } = this;
    if (count === 0) return;
    this.waiting = 0;
    const first = this.lookAhead(count);
    for (let slot = 0; slot < count; slot += 1) {
      this.process(block[slot] as Event, slot, first + slot);
    }
  }

  /** Fills the frames of a block and looks up what it will need. Returns the first event's number. */
  private lookAhead(count: number): number {
    const { block, frames, types, entities, sessions, models } = this;
    for (let slot = 0; slot < count; slot += 1) {
      const { type: at, fields } = block[slot] as Event;
      const type = this.program.code.types[at] as TypeCode;
      types[slot] = type;
      type.load(frames[slot] as Frame, fields);
      const { user } = fields;
      entities[slot] = typeof user === 'string' ? sessions.find(user, type.container) : undefined;
    }
    return models.ahead(frames, types, entities, count);
  }

  private process(event: Event, slot: number, number: number): void {
    const { sessions, models, counters } = this;
    const frame = this.frames[slot] as Frame;
    const { time, fields } = event;
    const type = this.types[slot] as TypeCode;
    this.events[event.type] = (this.events[event.type] as number) + 1;
    sessions.advance(time);
    if (time < sessions.clock && !event.late) {
      event.late = true;
      counters.late += 1;
    }
    const { user } = fields;
    const container =
      typeof user === 'string' && user !== ''
        ? sessions.enter(user, type.container, time, this.entities[slot])
        : sessions.none;
    if (container !== sessions.none) {
      this.keepProfile(container, fields);
      this.risk.advance(sessions.clock, container);
    }
    this.sink.event?.(event);
    const explained = this.watched !== undefined && this.isWatched(event);
    if (type.rules.length > 0 || type.train.length > 0 || type.count !== undefined) {
      this.setFacts(frame, container, time);
      models.begin(slot, number, frame, container, sessions.clock, time);
      if (container !== sessions.none) type.count?.(frame, container);
      const firings = this.rules.run(type, event, frame, container);
      if (explained) this.explain(type, event, container, firings, frame);
      for (let at = 0; at < firings.length; at += 1) this.fire(firings, at, event, container);
      if (type.train.length > 0) models.train(type.train);
    }
    if (event.late) sessions.leave(container);
  }

  /** Brings the counter of events, kept apart for speed, up to date. */
  tally(): void {
    for (let type = 0; type < this.events.length; type += 1) {
      const more = this.events[type] as number;
      if (more === 0) continue;
      const id = this.program.eventTypes[type] as string;
      this.counters.events[id] = (this.counters.events[id] ?? 0) + more;
      this.events[type] = 0;
    }
  }

  /** End of input: closes every container, in order of their ends. */
  finish(): void {
    this.flush();
    this.sessions.finish();
  }

  save(w: BinaryWriter): void {
    this.dictionary.save(w);
    this.sessions.save(w);
    this.models.save(w);
    this.risk.save(w);
  }

  load(r: BinaryReader): void {
    this.dictionary.load(r);
    this.sessions.load(r);
    this.models.load(r);
    this.risk.load(r);
  }

  private setFacts(frame: Frame, container: Container, time: number): void {
    const { entity } = container;
    frame.time = time;
    frame.firstSeen = entity === undefined ? Number.NaN : entity.firstSeen;
    frame.activeDays = entity === undefined ? Number.NaN : entity.days - 1;
  }

  private fire(firings: Firings, at: number, event: Event, container: Container): void {
    const index = firings.rule[at] as number;
    const verdict = firings.verdict[at] as number;
    const rule = this.program.code.rules[index] as RuleCode;
    const value = this.rules.verdicts(rule).value[verdict];
    const score = rule.score * this.risk.factor(index);
    this.counters.triggers += 1;
    this.sink.trigger?.({
      rule: index,
      time: event.time,
      user: container.entity?.user,
      session: container.id,
      value: typeof value === 'number' ? String(value) : value,
      reading:
        rule.model < 0 ? undefined : this.models.reading(rule.model, verdict, rule.percentile),
      score,
      reason: firings.reason[at] as string,
      late: event.late,
      event,
    });
    if (container === this.sessions.none) return;
    if (container.addPoints(index, score)) this.risk.fired(index, container);
    const by = firings.by[at];
    if (by !== undefined) this.sessions.spend(container, index, by);
  }

  private explain(
    type: TypeCode,
    event: Event,
    container: Container,
    firings: Firings,
    { firstSeen, activeDays }: Frame,
  ): void {
    const moment = { event, container, firstSeen, activeDays };
    for (const rule of type.rules) {
      this.sink.explanation?.(this.explainer.explain(moment, rule, firings.verdictOf(rule)));
    }
  }

  private isWatched(event: Event): boolean {
    return event.lines.some((line) => this.watched?.has(line));
  }

  /** The PROFILE_FIELDS, where a model trains at the end of such containers. */
  private keepProfile(container: Container, fields: Fields): void {
    if (this.program.code.endings[container.kind]?.train.length === 0) return;
    container.user = fields['user'];
    container.peer_group = fields['peer_group'];
    container.is_executive = fields['is_executive'];
    container.hired = fields['hired'];
  }

  /** The end of a container: session-end models train on it, and it is told. */
  private end(container: Container): void {
    const ending = this.program.code.endings[container.kind];
    if (ending !== undefined && ending.train.length > 0) {
      const { endFrame: frame, models } = this;
      this.setFacts(frame, container, container.last);
      ending.load(frame, container);
      models.beginEnd(frame, container, this.sessions.clock, container.last);
      models.train(ending.train);
    }
    this.counters.sessions += 1;
    this.sink.session?.(sessionOf(container));
  }
}

/** Kinds of container that the events of each rule have. */
function kindsOf({ code, eventTypes }: Program): ContainerKind[][] {
  return code.rules.map(({ events }) => [
    ...new Set(events.map((id) => (code.types[eventTypes.indexOf(id)] as TypeCode).container)),
  ]);
}
