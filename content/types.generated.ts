/* Generated from the JSON Schemas by `npm run generate`. Do not edit. */

export interface AllTypes {
  ContextTable: ContextTable;
  EventTypes: EventTypes;
  Gates: Gates;
  Model: Model;
  Parser: Parser;
  Rule: Rule;
}
/**
 * A set of texts that expressions look values up in; content/context/<table>.yaml.
 */
export interface ContextTable {
  description: string;
  source: string;
  licence: string;
  /**
   * npm list that fills the table; values are added to it.
   */
  package?: 'email-providers' | 'disposable-email-domains';
  values?: string[];
  /**
   * Values taken out of the package's list.
   */
  remove?: string[];
  /**
   * For lookup tables, such as country by domain.
   */
  map?: {
    [k: string]: string;
  };
}
/**
 * All fields and event types; content/event-types.yaml.
 */
export interface EventTypes {
  fields: {
    [k: string]: Field;
  };
  event_types: {
    [k: string]: EventType;
  };
}
export interface Field {
  /**
   * texts: list of text; time: milliseconds since 1970 UTC.
   */
  type: 'text' | 'texts' | 'number' | 'flag' | 'time';
  unit?: 'bytes' | 'milliseconds' | 'count';
  from: 'parsed' | 'enriched';
  description: string;
}
export interface EventType {
  description: string;
  /**
   * Kind of record it is built from.
   */
  kind: 'mail' | 'web' | 'app' | 'login' | 'network' | 'process';
  /**
   * CEL over parsed fields; the first event type in file order whose kind and `when` hold is built. Always when absent.
   */
  when?: string;
  /**
   * session: ends after 5 h without events or 24 h in all. day: the user's UTC day.
   */
  container: 'session' | 'day';
  fields: string[];
}
/**
 * What must hold for a drill to pass; content/gates.yaml.
 */
export interface Gates {
  default: Gate;
  all?: Gate1;
  techniques?: {
    [k: string]: Gate2;
  };
  rules?: {
    [k: string]: Gate2;
  };
}
/**
 * For every rule without a gate of its own.
 */
export interface Gate {
  min_recall?: number;
  /**
   * False alerts per 1 000 users per day.
   */
  max_false_alerts?: number;
  min_precision_at_base_rate?: number;
  /**
   * Share of look-alike instances that raise an alert.
   */
  max_look_alike_failures?: number;
}
/**
 * For notable sessions: what an analyst is paged for.
 */
export interface Gate1 {
  min_recall?: number;
  /**
   * False alerts per 1 000 users per day.
   */
  max_false_alerts?: number;
  min_precision_at_base_rate?: number;
  /**
   * Share of look-alike instances that raise an alert.
   */
  max_look_alike_failures?: number;
}
export interface Gate2 {
  min_recall?: number;
  /**
   * False alerts per 1 000 users per day.
   */
  max_false_alerts?: number;
  min_precision_at_base_rate?: number;
  /**
   * Share of look-alike instances that raise an alert.
   */
  max_look_alike_failures?: number;
}
/**
 * One behavioural model. The file's name is its identity: content/models/<id>.yaml.
 */
export interface Model {
  name: string;
  description: string;
  kind: 'categorical' | 'numerical';
  /**
   * CEL expression of type text or list of text: user, peer_group, file_names …; `org` is the whole organisation. Each distinct value is a scope of its own.
   */
  scope: string;
  /**
   * CEL expression: text or list of text (categorical), number (numerical). A session-end model may use session functions.
   */
  feature: string;
  /**
   * Event types, or the single entry session-end.
   *
   * @minItems 1
   */
  trains_on: [string, ...string[]];
  /**
   * For a session-end model: the event types its session functions run over.
   */
  session_events?: string[];
  /**
   * CEL expression; train always when absent.
   */
  train_if?: string;
  alpha?: number;
  /**
   * Below this many observations confidence_factor is 0 (categorical) or there is no threshold (numerical).
   */
  cut_off?: number;
  percentile?: number;
  /**
   * A value not seen for this long is forgotten.
   */
  aging?: string;
  /**
   * Values per scope; beyond it the least recently seen goes.
   */
  max_bins?: number;
}
/**
 * How one shape of log record becomes fields. The file's name is its identity: content/parsers/<vendor>/<id>.yaml. A line is first decoded (key=value, JSON, CEF around JSON; wrappers unfolded; Log Analytics column suffixes removed) to flat keys.
 */
export interface Parser {
  name: string;
  description: string;
  match: ParserMatch;
  yields: ParserYield;
  fields?: {
    [k: string]: FieldRule;
  };
  /**
   * @minItems 1
   */
  tests: [ParserTest, ...ParserTest[]];
}
export interface ParserMatch {
  /**
   * Keys that must be there.
   */
  all?: string[];
  /**
   * At least one of these keys must be there.
   */
  any?: string[];
  /**
   * Keys that must not be there.
   */
  none?: string[];
  /**
   * Key → accepted values, compared as text without case.
   */
  equals?: {
    [k: string]: string[];
  };
}
export interface ParserYield {
  /**
   * other: recognised, counted, and not an event of this data source.
   */
  kind: 'mail' | 'web' | 'app' | 'login' | 'network' | 'process' | 'other';
  /**
   * A part of a message, joined by `join`; absent: the line holds the whole event. notice: one row of several about a message that is already whole (DLP rows), merged by join.
   */
  part?: 'receipt' | 'process' | 'delivery' | 'release' | 'notice';
  /**
   * Keys that identify the message; the first that is there.
   */
  join?: string[];
}
export interface FieldRule {
  /**
   * Keys in order of preference (a.b for nested); the first that is there and not empty.
   *
   * @minItems 1
   */
  from?: [string, ...string[]];
  as?:
    | 'text'
    | 'lower'
    | 'address'
    | 'addresses'
    | 'names'
    | 'number'
    | 'time'
    | 'flag'
    | 'ip'
    | 'domain'
    | 'pattern';
  /**
   * With as: pattern. RE2 syntax (linear time); group 1 is the value.
   */
  pattern?: string;
  /**
   * Text (without case) → value; others pass unchanged unless `else` is given.
   */
  values?: {
    [k: string]: string;
  };
  else?: string;
  constant?: string;
}
export interface ParserTest {
  name?: string;
  line: string;
  /**
   * Fields of the record, compared exactly; null: absent.
   */
  expect: {
    [k: string]: unknown;
  };
}
/**
 * One detection rule. The file's path is its identity: content/rules/<technique>/<id>.yaml.
 */
export interface Rule {
  /**
   * Title as published.
   */
  name: string;
  /**
   * What the rule means to an analyst, and why it is worth looking at.
   */
  description: string;
  enabled?: boolean;
  /**
   * Event types the rule looks at.
   *
   * @minItems 1
   */
  events: [string, ...string[]];
  /**
   * Model whose verdict on this event the rule reads; gives n, num_bins, num_observations, confidence_factor, value and the thresholds.
   */
  model?: string;
  /**
   * Percentile for this rule; the model's own when absent.
   */
  percentile?: number;
  /**
   * For a rule without model: a list field; the rule looks at each distinct value (name: value) and fires on the first that satisfies it.
   */
  for_each?: string;
  /**
   * CEL expression over event fields, model variables, entity facts and session functions.
   */
  when: string;
  once?: Once;
  /**
   * Rules that must fire on the same event for this one to fire.
   */
  depends_on?: string[];
  score: number;
  /**
   * One sentence for the analyst; {expression} is replaced by its value.
   */
  reason: string;
  known_gaps?: KnownGap[];
  /**
   * @minItems 2
   */
  tests: [RuleTest, RuleTest, ...RuleTest[]];
}
/**
 * Fire at most once per container of the event (user session, or UTC day for web events); with `by`, once for each value of that expression.
 */
export interface Once {
  /**
   * The container of the rule's event types; lint checks that it is theirs.
   */
  per: 'session' | 'day';
  /**
   * CEL expression of type text, such as value or web_domain.
   */
  by?: string;
}
export interface KnownGap {
  gap: string;
  /**
   * Scenario id that shows the gap: its misses are reported and do not fail, and fail once it is caught.
   */
  scenario?: string;
}
/**
 * A case with a virtual clock that starts on Monday 2024-01-08 09:00 UTC. History and events are played in order; only `events` are judged.
 */
export interface RuleTest {
  name: string;
  history?: TestStep[];
  /**
   * @minItems 1
   */
  events: [TestStep, ...TestStep[]];
  /**
   * true: the rule fires on the last event and on no other; false: on none; a list: the positions (1 = first of `events`, repeats counted) on which it fires.
   */
  fires: boolean | number[];
}
/**
 * One event or a run of them. Keys other than these are fields of the event.
 */
export interface TestStep {
  /**
   * Event type; the rule's first when absent.
   */
  type?: string;
  /**
   * Time since the step before; 1m when absent.
   */
  after?: string;
  /**
   * Play the step this many times.
   */
  repeat?: number;
  /**
   * Time between repeats; 1d when absent.
   */
  every?: string;
  [k: string]: unknown;
}
