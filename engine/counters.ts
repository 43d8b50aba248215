import type { Counters } from './contract.js';

/** Counters that have counted nothing. */
export function emptyCounters(): Counters {
  return {
    lines: 0,
    records: 0,
    parsed: {},
    unparsed: 0,
    unparsedReasons: {},
    events: {},
    unbuilt: {},
    duplicates: 0,
    late: 0,
    lateParts: 0,
    incompleteMessages: 0,
    triggers: 0,
    sessions: 0,
    evicted: {},
    faults: {},
  };
}
