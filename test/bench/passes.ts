import type { ContentPack } from '#content';
import type { EngineSink, Event, Program } from '#engine';
import { createEngine, defaultOptions } from '#engine';
import { emptyCounters } from '../../engine/counters.js';
import { EventLoop } from '../../engine/loop.js';
import { cpuSeconds } from './measure.js';
import type { World } from './world.js';

/** What is done with each event is seen, so that no work is optimised away. */
export const fullSink = (seen: { triggers: number; sessions: number }): EngineSink => ({
  trigger: ({ reading, reason }) => {
    seen.triggers += reading === undefined || reason.length > 0 ? 1 : 0;
  },
  session: () => {
    seen.sessions += 1;
  },
});

export function createLoop(program: Program, sink: EngineSink): EventLoop {
  return new EventLoop(program, sink, { ...defaultOptions }, emptyCounters());
}

export interface LoopPass {
  readonly seconds: number;
  readonly triggers: number;
  /** CPU seconds of each batch with its number of events, in order. */
  readonly batches: readonly { readonly seconds: number; readonly events: number }[];
}

/** The first batches that together hold a share of a world's records or events. */
function* firstOf<T>(
  batches: Iterable<readonly T[]>,
  world: World,
  share: number,
): Generator<readonly T[]> {
  let left = world.options.events * share;
  for (const batch of batches) {
    if (left <= 0) return;
    left -= batch.length;
    yield batch;
  }
}

/** Runs stages 4 to 7 over a share of the built events, made batch by batch outside the timed part. */
export function loopPass(pack: ContentPack, program: Program, world: World, share = 1): LoopPass {
  const seen = { triggers: 0, sessions: 0 };
  const loop = createLoop(program, fullSink(seen));
  const batches: { seconds: number; events: number }[] = [];
  let seconds = 0;
  for (const events of firstOf(world.events(pack), world, share)) {
    const before = cpuSeconds();
    for (const event of events) loop.process(event);
    const spent = cpuSeconds() - before;
    seconds += spent;
    batches.push({ seconds: spent, events: events.length });
  }
  const before = cpuSeconds();
  loop.finish();
  seconds += cpuSeconds() - before;
  return { seconds, triggers: seen.triggers, batches };
}

/** Runs stages 2 to 7 over a share of the records. */
export function recordPass(program: Program, world: World, share: number): number {
  const seen = { triggers: 0, sessions: 0 };
  const engine = createEngine(program, fullSink(seen));
  let seconds = 0;
  for (const records of firstOf(world.records(), world, share)) {
    const before = cpuSeconds();
    engine.pushRecords(records);
    seconds += cpuSeconds() - before;
  }
  const before = cpuSeconds();
  engine.finish();
  return seconds + cpuSeconds() - before;
}

/** Hands a share of the built events to any other engine, timing only that. */
export function otherPass(
  pack: ContentPack,
  world: World,
  share: number,
  process: (event: Event) => void,
): number {
  let seconds = 0;
  for (const events of firstOf(world.events(pack), world, share)) {
    const before = cpuSeconds();
    for (const event of events) process(event);
    seconds += cpuSeconds() - before;
  }
  return seconds;
}
