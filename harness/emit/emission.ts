/**
 * Emitting: the drill's log to a receiver, its truth to another place. Read this first.
 *
 * The lines are those of a drill with the same options, with the same ids. One pass; memory does
 * not grow with the days. A label is written before its line is handed over.
 */

import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { ContentPack } from '#content';
import { assumptionsOf, type Plan, type PlanOptions, plan } from '../stages/1-plan.js';
import { type SimulateOptions, simulate } from '../stages/2-simulate.js';
import type { Clock } from './clock.js';
import {
  type HeaderRecord,
  type InstanceRecord,
  type LabelRecord,
  type LineRecord,
  labelsVersion,
  type UserRecord,
} from './labels.js';
import type { Receiver } from './receiver.js';

export interface EmitOptions extends Omit<PlanOptions, 'competitors'>, SimulateOptions {
  readonly pack: ContentPack;
  readonly version: string;
  /** Command that makes the same lines, for the header. */
  readonly command: string;
  /** Whether line numbers of the output are line ids. */
  readonly layout: HeaderRecord['layout'];
  /** Lines before it are made and labelled but not handed over. Default 1. */
  readonly from_line?: number;
}

/** How fast lines go out; as fast as they are taken when empty. */
export interface PaceOptions {
  /** At most so many lines a second, history and days under test alike. */
  readonly rate?: number | undefined;
  /** In the days under test: so many seconds of log in one second. */
  readonly speed?: number | undefined;
}

export interface Outlet {
  readonly receiver: Receiver;
  /** Takes label records, in order. */
  readonly label: (record: LabelRecord) => Promise<void> | undefined;
  readonly pace: PaceOptions;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Told now and then: the share that is done, lines so far, moment of the log. */
  readonly progress?: (done: number, lines: number, moment: number) => void;
}

export interface Emission {
  /** Lines made and handed to the receiver, those before `from_line` included. */
  readonly lines: number;
  /** Time of the last of them; undefined without lines. */
  readonly moment: number | undefined;
  readonly complete: boolean;
}

/** An organisation with its stories, ready to be emitted. */
export interface PreparedEmission {
  readonly plan: Plan;
  readonly options: EmitOptions;
  /** Twelve hexadecimal digits: equal for equal lines. */
  readonly run: string;
}

const breath = 2048;
/** While it waits for the next line to be due, nothing is held back for longer than this. */
const longestHold = 1000;
/** Shorter waits are not worth a timer: the lines catch up. */
const shortestSleep = 5;

/** Invents organisation and stories. Throws ScenarioError when a scenario misbehaves. */
export function prepareEmission(options: EmitOptions): PreparedEmission {
  const competitors = options.pack.tables.find(({ id }) => id === 'competition_domains');
  const planned = plan({ ...options, competitors: competitors?.members ?? [] });
  const { seed, people, peer_groups, history_days, test_days, start, instances } = options;
  const identity = JSON.stringify([
    options.version,
    [seed, people, peer_groups, history_days, test_days, start, instances],
    [options.format, options.internal_mail, options.mails_per_weekday, options.external_share],
    [options.given?.digest, options.given?.domains],
    ...(options.profile ? [options.profile] : []),
    planned.instances.map(({ id, first, last }) => [id, first, last]),
  ]);
  const run = createHash('sha256').update(identity).digest('hex').slice(0, 12);
  return { plan: planned, options, run };
}

/**
 * Emits all lines, then closes the receiver. When the signal aborts, what was taken so far is
 * delivered and the labels end as incomplete. Rejects with UsageFault when the receiver fails for
 * good; the labels then have an end too, for what had been taken.
 */
export async function emit(prepared: PreparedEmission, outlet: Outlet): Promise<Emission> {
  const { plan: planned, options } = prepared;
  const { receiver, signal } = outlet;
  for (const record of preamble(prepared)) await outlet.label(record);
  const instances = planned.instances.map((instance) => ({
    scenario: instance.scenario.id,
    instance: instance.id,
    technique: instance.scenario.technique,
    expects: instance.scenario.expects,
    user: instance.user,
  }));
  const simulation = simulate(planned, options);
  const pacer = new Pacer(outlet, planned.test.start);
  const from = options.from_line ?? 1;
  const span = planned.test.end - planned.history_start;
  let lines = 0;
  let moment: number | undefined;
  let complete = true;
  try {
    for (const { id, text, log, message_id } of simulation.lines) {
      const time = simulation.moment();
      if (id >= from) await pacer.due(time);
      if (signal.aborted) {
        complete = false;
        break;
      }
      const label = simulation.labels.get(id);
      const about = label && instances[label.instance];
      if (label && about) {
        const record: LineRecord = {
          record: 'line',
          line: id,
          time: iso(time),
          kind: label.kind,
          ...about,
          step: label.step,
          ...(message_id !== undefined && { message_id }),
        };
        await outlet.label(record);
      }
      lines = id;
      moment = Math.max(moment ?? time, time);
      if (id >= from) {
        const full = receiver.take({ id, time, text, log });
        // Awaiting nothing would cost every line a turn of the event loop.
        if (full !== undefined) await full;
      }
      if (id % breath !== 0) continue;
      outlet.progress?.(Math.min(1, (moment - planned.history_start) / span), lines, moment);
      // Lets Ctrl-C be seen even where the receiver never waits.
      await setImmediate();
    }
    await receiver.close();
  } catch (error) {
    receiver.abandon();
    await outlet.label(endOf(lines, moment, false));
    throw error;
  }
  // A signal that came while the last lines were delivered changes nothing: all are through.
  await outlet.label(endOf(lines, moment, complete));
  return { lines, moment, complete };
}

function endOf(lines: number, moment: number | undefined, complete: boolean): LabelRecord {
  return {
    record: 'end',
    lines,
    complete,
    last_time: moment === undefined ? null : iso(moment),
  };
}

function* preamble({ plan: planned, options, run }: PreparedEmission): Generator<LabelRecord> {
  const { organisation, test } = planned;
  yield {
    record: 'header',
    version: labelsVersion,
    run,
    leakdrill: options.version,
    content: options.pack.digest,
    seed: options.seed,
    organisation: organisation.name,
    domains: organisation.domains,
    people: organisation.people.length,
    peer_groups: organisation.peer_groups.length,
    ...(options.given && {
      organisation_file: options.given.file,
      organisation_digest: options.given.digest,
    }),
    history_days: options.history_days,
    test_days: options.test_days,
    start: iso(options.start),
    test_start: iso(test.start),
    test_end: iso(test.end),
    format: options.format,
    layout: options.layout,
    command: options.command,
    assumptions: assumptionsOf(organisation, options),
  } satisfies HeaderRecord;
  for (const { address, aliases, hired, left } of organisation.people) {
    yield {
      record: 'user',
      user: address,
      aliases,
      from: iso(hired),
      until: left === undefined ? null : iso(left),
    } satisfies UserRecord;
  }
  // Mailboxes that are nobody's own are users too: they raise alerts like anybody.
  for (const { address, aliases } of organisation.mailboxes) {
    yield {
      record: 'user',
      user: address,
      aliases,
      from: iso(options.start),
      until: null,
    } satisfies UserRecord;
  }
  for (const { id, scenario, user, person, first, last } of planned.instances) {
    yield {
      record: 'instance',
      instance: id,
      scenario: scenario.id,
      kind: scenario.kind,
      technique: scenario.technique,
      title: scenario.title,
      story: scenario.story,
      expects: scenario.expects,
      user,
      person: person.address,
      first: iso(first),
      last: iso(last),
    } satisfies InstanceRecord;
  }
}

const iso = (time: number): string => new Date(time).toISOString();

/** Holds lines back until they are due. */
class Pacer {
  private readonly outlet: Outlet;
  private readonly liveFrom: number;
  private begun: number | undefined;
  private released = 0;
  private live: { readonly now: number; readonly time: number } | undefined;
  private moment = -Infinity;
  private flushed = 0;

  constructor(outlet: Outlet, liveFrom: number) {
    this.outlet = outlet;
    this.liveFrom = liveFrom;
  }

  /** Resolves when the line of that time may go, or when the signal aborts. */
  async due(time: number): Promise<void> {
    const { pace, clock, signal, receiver } = this.outlet;
    if (pace.rate === undefined && pace.speed === undefined) return;
    this.moment = Math.max(this.moment, time);
    const at = this.moments(clock.now());
    for (;;) {
      const now = clock.now();
      if (at - now < shortestSleep || signal.aborted) return;
      if (now - this.flushed >= longestHold || at - now >= longestHold) {
        await receiver.flush();
        this.flushed = now;
      }
      await clock.sleep(Math.min(at - now, longestHold), signal);
    }
  }

  /** When the next line is due, on the clock. */
  private moments(now: number): number {
    const { rate, speed } = this.outlet.pace;
    this.begun ??= now;
    let at = now;
    if (rate !== undefined) at = this.begun + (this.released++ / rate) * 1000;
    if (speed !== undefined && this.moment >= this.liveFrom) {
      this.live ??= { now, time: this.moment };
      at = Math.max(at, this.live.now + (this.moment - this.live.time) / speed);
    }
    return at;
  }
}
