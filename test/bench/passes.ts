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

/** Runs stages 4 to 7 over built events, made batch by batch outside the timed part. */
export function loopPass(pack: ContentPack, program: Program, world: World): LoopPass {
  const seen = { triggers: 0, sessions: 0 };
  const loop = createLoop(program, fullSink(seen));
  const batches: { seconds: number; events: number }[] = [];
  let seconds = 0;
  for (const events of world.events(pack)) {
    const before = cpuSeconds();
    for (const event of events) loop.add(event);
    loop.flush();
    const spent = cpuSeconds() - before;
    seconds += spent;
    batches.push({ seconds: spent, events: events.length });
  }
  const before = cpuSeconds();
  loop.finish();
  seconds += cpuSeconds() - before;
  return { seconds, triggers: seen.triggers, batches };
}

/** Runs stages 2 to 7 over whole records. */
export function recordPass(program: Program, world: World): number {
  const seen = { triggers: 0, sessions: 0 };
  const engine = createEngine(program, fullSink(seen));
  let seconds = 0;
  for (const records of world.records()) {
    const before = cpuSeconds();
    engine.pushRecords(records);
    seconds += cpuSeconds() - before;
  }
  const before = cpuSeconds();
  engine.finish();
  return seconds + cpuSeconds() - before;
}

/** Hands built events to any other engine, timing only that. */
export function otherPass(
  pack: ContentPack,
  world: World,
  process: (event: Event) => void,
): number {
  let seconds = 0;
  for (const events of world.events(pack)) {
    const before = cpuSeconds();
    for (const event of events) process(event);
    seconds += cpuSeconds() - before;
  }
  return seconds;
}
