/**
 * What goes into the engine and what comes out. Types only; read engine.ts for how.
 *
 * Times are milliseconds since 1970 UTC. All output is in (time, arrival) order and depends on
 * content, directory, options and lines alone.
 */

/** One log line. Ids are the caller's; the engine only carries them into evidence. */
export interface LogLine {
  readonly id: number;
  readonly text: string;
  /** Where the text stands as UTF-8: the engine then need not write it as bytes again. */
  readonly source?: LineSource;
  readonly start?: number;
  readonly end?: number;
}

/** Bytes of which several lines are pieces; gone before others are written in their place. */
export interface LineSource {
  bytes: Uint8Array | undefined;
}

export type RecordKind = 'mail' | 'web' | 'app' | 'login' | 'network' | 'process' | 'other';
export type RecordPart = 'receipt' | 'process' | 'delivery' | 'release' | 'notice';

export type FieldValue = string | number | boolean | readonly string[];

/** Fields by name; a key that is missing or undefined is absent. */
export type Fields = { [name: string]: FieldValue | undefined };

/** One log record: a line, or one of several in a wrapper line, after its parser. */
export interface LogRecord {
  readonly line: number;
  /** Index into the pack's parsers; -1 for records that never were text. */
  readonly parser: number;
  readonly kind: RecordKind;
  readonly time: number;
  readonly part?: RecordPart | undefined;
  /** Identifies the message that a part belongs to. */
  readonly join?: string | undefined;
  readonly fields: Fields;
}

/** One event, enriched once stage 3 has seen it. */
export interface Event {
  /** Index into the program's event types. */
  readonly type: number;
  readonly time: number;
  /** Ids of all lines it was built from, ascending. */
  readonly lines: readonly number[];
  /** Arrived after the reorder buffer had let later events pass. */
  late: boolean;
  readonly fields: Fields;
}

/** A person of the organisation, as the directory knows them. */
export interface DirectoryPerson {
  /** Canonical name, by which models and sessions know the user: the lower-cased primary address. */
  readonly user: string;
  /** Other addresses of the same person, lower case. */
  readonly aliases?: readonly string[];
  /** The person's own mailboxes elsewhere, lower case. */
  readonly personal?: readonly string[];
  readonly first_name?: string;
  readonly last_name?: string;
  readonly peer_group?: string;
  readonly executive?: boolean;
  /** Milliseconds since 1970 UTC. */
  readonly hired?: number;
}

export interface Directory {
  /** Domains of the organisation, added to the table internal_domains. */
  readonly internal_domains: readonly string[];
  readonly people: readonly DirectoryPerson[];
}

export interface EngineOptions {
  /** How long a message waits for its missing lines, in event time. Default 10 min. */
  readonly assembleWait?: number;
  /** How far lines may arrive out of order. Default 10 min. */
  readonly lateness?: number;
  /** A user session ends after this long without events. Default 5 h. */
  readonly sessionIdle?: number;
  /** A user session ends this long after its start. Default 24 h. */
  readonly sessionMax?: number;
  /** Session points at which a session is notable. Default 90. */
  readonly notable?: number;
  /**
   * Lowers the points of rules that fire often: one that fired in a larger share of containers than
   * this over the last seven whole UTC days scores as if it had fired in just that share. Above 0, at
   * most 1. Default: a rule's score is what it says.
   */
  readonly usualShare?: number;
  /** Lines whose events are to be explained rule by rule. Changes no result. */
  readonly explain?: ReadonlySet<number>;
}

/** Numbers of a model as a rule saw them, before the event trained anything. */
export interface ModelReading {
  readonly model: string;
  readonly scope: string;
  /** Value of a categorical feature (text) or of a numerical one. */
  readonly value: string | number;
  /** Observations in the scope. */
  readonly n: number;
  readonly num_bins: number;
  readonly num_observations: number;
  readonly confidence_factor: number;
  readonly percentile_threshold_count: number;
  /** NaN: no threshold yet. */
  readonly percentile_threshold_value: number;
}

/** A rule that fired on an event. */
export interface Trigger {
  /** Index into the program's rules. */
  readonly rule: number;
  readonly time: number;
  readonly user: string | undefined;
  /** Container it fired in; equal to the id of the session it ends up in. */
  readonly session: number;
  /** The value that satisfied the rule, where it has one. */
  readonly value: string | undefined;
  readonly reading: ModelReading | undefined;
  /** Points, lowered where `usualShare` asks for it. */
  readonly score: number;
  readonly reason: string;
  readonly late: boolean;
  readonly event: Event;
}

/** A container at its end: what an analyst would have seen. */
export interface Session {
  readonly id: number;
  readonly kind: 'session' | 'day';
  readonly user: string;
  readonly start: number;
  /** Time of its last event. */
  readonly end: number;
  readonly events: number;
  /** Rule index → points it added. Sum over a variant's rules for the session's risk. */
  readonly points: ReadonlyMap<number, number>;
}

/** Why a rule did or did not fire on one explained event. */
export interface Explanation {
  readonly rule: number;
  readonly event: Event;
  readonly fired: boolean;
  /** What stood in the way; undefined when it fired. */
  readonly cause:
    | 'field absent'
    | 'model not converged'
    | 'threshold not reached'
    | 'once already spent'
    | 'dependency'
    | undefined;
  readonly readings: readonly ModelReading[];
  /** The expression with a value under every part, several lines. */
  readonly text: string;
}

/** Everything the engine counted; nothing is lost without showing here. */
export interface Counters {
  lines: number;
  records: number;
  /** By parser id. */
  parsed: Record<string, number>;
  unparsed: number;
  /** By reason. */
  unparsedReasons: Record<string, number>;
  /** By event type id. */
  events: Record<string, number>;
  /** Records that are whole or assembled but match no event type, by kind. */
  unbuilt: Record<string, number>;
  duplicates: number;
  late: number;
  lateParts: number;
  incompleteMessages: number;
  triggers: number;
  sessions: number;
  evicted: Record<string, number>;
  /** Rules that threw: engine bugs, by rule id, with the first message. */
  faults: Record<string, string>;
}

/** A line no parser took, kept as a sample (the first few per reason). */
export interface UnparsedSample {
  readonly line: number;
  readonly reason: string;
  /** At most 300 characters. */
  readonly text: string;
}

/** What comes out, in order. Passed to the sink as it happens. */
export interface EngineSink {
  readonly trigger?: (trigger: Trigger) => void;
  readonly session?: (session: Session) => void;
  readonly explanation?: (explanation: Explanation) => void;
  /** Every event after enrichment and before rules. */
  readonly event?: (event: Event) => void;
}

export interface Engine {
  /** Feed lines in arrival order. Batches of any size give the same output. */
  push(lines: readonly LogLine[]): void;
  /** Feed records that never were text; the same way from stage 2 on. */
  pushRecords(records: readonly LogRecord[]): void;
  /** End of input: completes messages, empties the reorder buffer, closes every container. */
  finish(): void;
  readonly counters: Counters;
  readonly unparsed: readonly UnparsedSample[];
  /** Counters and unparsed samples start anew, for a report of their own. Changes no result. */
  recount(): void;
  /**
   * By model id: scopes that hold observations, and those of them that have converged: confidence
   * of at least `level` (categorical), or a threshold (numerical). As of the last event.
   */
  convergence(level: number): Record<string, { scopes: number; converged: number }>;
  /** The whole state as a versioned binary. */
  snapshot(): Uint8Array;
}
