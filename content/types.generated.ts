/* Generated from the JSON Schemas by `npm run generate`. Do not edit. */

/**
 * Fields of the record (the list's members: of each record that the line yields), compared exactly; null: absent; fields not named are not compared. kind, part, join and parser may be named too. time is written as ISO 8601.
 */
export type ParserExpectation =
  | {
      [k: string]: unknown;
    }
  | {
      [k: string]: unknown;
    }[];

export interface AllTypes {
  AttackTechniques: AttackTechniques;
  ContextExtension: ContextExtension;
  ContextTable: ContextTable;
  EventTypes: EventTypes;
  Gates: Gates;
  Model: Model;
  Parser: Parser;
  Rule: Rule;
  TestDirectory: TestDirectory;
  Traffic: Traffic;
}
/**
 * Techniques of MITRE ATT&CK that rules may name, by id; content/attack.json.
 */
export interface AttackTechniques {
  [k: string]: AttackTechnique;
}
/**
 * One technique or sub-technique.
 */
export interface AttackTechnique {
  /**
   * As in MITRE ATT&CK; a sub-technique with the name of its technique before a colon.
   */
  name: string;
  /**
   * Names of its tactics.
   *
   * @minItems 1
   */
  tactics: [string, ...string[]];
}
/**
 * Your own entries for a table of the pack: a file of the table's name in a folder given with --context.
 */
export interface ContextExtension {
  /**
   * What the table is for.
   */
  description?: string;
  /**
   * Where the entries come from: own, or a package and its version.
   */
  source?: string;
  /**
   * SPDX id of the licence of the entries.
   */
  licence?: string;
  /**
   * Start from an empty table instead of the pack's.
   */
  replace?: boolean;
  /**
   * Added to the table.
   */
  values?: string[];
  /**
   * Taken out of the table; keys of a map too.
   */
  remove?: string[];
  /**
   * Added to the map; same keys win over the pack's.
   */
  map?: {
    [k: string]: string;
  };
}
/**
 * A set of texts that expressions look values up in; content/context/<table>.yaml.
 */
export interface ContextTable {
  /**
   * What the table is for.
   */
  description: string;
  /**
   * Where the entries come from: own, or a package and its version.
   */
  source: string;
  /**
   * SPDX id of the licence of the entries.
   */
  licence: string;
  /**
   * domains: values are domain names; international ones are kept in punycode.
   */
  holds?: 'texts' | 'domains';
  /**
   * npm list that fills the table; values are added to it.
   */
  package?: 'email-providers' | 'disposable-email-domains';
  /**
   * Entries, whatever their case.
   */
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
  /**
   * Field → type and meaning.
   */
  fields: {
    [k: string]: Field;
  };
  /**
   * Event type → how it is built; in the order in which they are tried.
   */
  event_types: {
    [k: string]: EventType;
  };
}
/**
 * One field of events.
 */
export interface Field {
  /**
   * texts: list of text; time: milliseconds since 1970 UTC.
   */
  type: 'text' | 'texts' | 'number' | 'flag' | 'time';
  /**
   * Unit of a number; reports show it by this.
   */
  unit?: 'bytes' | 'milliseconds' | 'count';
  /**
   * parsed: a parser sets it. enriched: worked out from other fields.
   */
  from: 'parsed' | 'enriched';
  /**
   * What the field says, in one sentence.
   */
  description: string;
}
/**
 * One type of events.
 */
export interface EventType {
  /**
   * What an event of this type stands for.
   */
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
  /**
   * Fields that events of the type can have; expressions can read these and no others.
   */
  fields: string[];
}
/**
 * What must hold for a drill to pass; content/gates.yaml.
 */
export interface Gates {
  default: Gate;
  all?: Gate1;
  /**
   * Technique → gate for the technique as a whole.
   */
  techniques?: {
    [k: string]: Gate2;
  };
  /**
   * Rule → gate of its own.
   */
  rules?: {
    [k: string]: Gate2;
  };
}
/**
 * For every rule without a gate of its own.
 */
export interface Gate {
  /**
   * Share of attack instances that must be caught.
   */
  min_recall?: number;
  /**
   * False alerts per 1 000 users per day.
   */
  max_false_alerts?: number;
  /**
   * Share of alerts that must be true at the base rate of the drill.
   */
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
  /**
   * Share of attack instances that must be caught.
   */
  min_recall?: number;
  /**
   * False alerts per 1 000 users per day.
   */
  max_false_alerts?: number;
  /**
   * Share of alerts that must be true at the base rate of the drill.
   */
  min_precision_at_base_rate?: number;
  /**
   * Share of look-alike instances that raise an alert.
   */
  max_look_alike_failures?: number;
}
/**
 * Bounds that must hold with their whole 95 % interval.
 */
export interface Gate2 {
  /**
   * Share of attack instances that must be caught.
   */
  min_recall?: number;
  /**
   * False alerts per 1 000 users per day.
   */
  max_false_alerts?: number;
  /**
   * Share of alerts that must be true at the base rate of the drill.
   */
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
  /**
   * Title as published.
   */
  name: string;
  /**
   * What is learnt about whom, and when a value is counted.
   */
  description: string;
  /**
   * categorical: values are counted. numerical: numbers are fitted by a gamma distribution.
   */
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
  /**
   * Exponent of confidence_factor, ((n - num_bins) / n) ^ alpha; 0: converged from the first observation.
   */
  alpha?: number;
  /**
   * Below this many observations confidence_factor is 0 (categorical) or there is no threshold (numerical).
   */
  cut_off?: number;
  /**
   * Where the thresholds of the model lie: percentile_threshold_count is percentile * n.
   */
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
 * How one shape of log record becomes fields. The file's name is its identity: content/parsers/<vendor>/<id>.yaml. A line is first decoded (key=value, JSON, CEF around JSON; wrappers unfolded; Log Analytics column suffixes removed) to flat keys; the first parser by id whose match holds takes the record.
 */
export interface Parser {
  /**
   * Title: vendor, product and kind of record.
   */
  name: string;
  /**
   * What one record stands for.
   */
  description: string;
  match: ParserMatch;
  yields: ParserYield;
  /**
   * Field of the event → where it comes from. `time` is required for every line; a record without a readable time is reported as unparsed. For a part of a message, outcome is one of accepted, sent, failed, held, pending; for a whole mail sent or failed.
   */
  fields: {
    [k: string]: FieldRule;
  };
  /**
   * Sample lines with the fields that must come out of them.
   *
   * @minItems 1
   */
  tests: [ParserTest, ...ParserTest[]];
}
/**
 * All that is given must hold. A key with the value null or the empty text counts as not there.
 */
export interface ParserMatch {
  /**
   * Keys that must be there. Put the rarest first.
   *
   * @minItems 1
   */
  all?: [string, ...string[]];
  /**
   * At least one of these keys must be there.
   *
   * @minItems 1
   */
  any?: [string, ...string[]];
  /**
   * Keys that must not be there.
   *
   * @minItems 1
   */
  none?: [string, ...string[]];
  /**
   * Key (or a|b: the first that is there) → accepted values, compared as text without case.
   */
  equals?: {
    /**
     * @minItems 1
     */
    [k: string]: [string, ...string[]];
  };
  /**
   * Key (or a|b) → values that it must not have, compared as text without case.
   */
  unless?: {
    /**
     * @minItems 1
     */
    [k: string]: [string, ...string[]];
  };
  /**
   * Key (or a|b) → RE2 pattern that must be found in its text, without case.
   */
  matches?: {
    [k: string]: string;
  };
  /**
   * Key (or a|b) → RE2 pattern that must not be found in its text, without case; holds when the key is not there.
   */
  misses?: {
    [k: string]: string;
  };
}
/**
 * What the record becomes.
 */
export interface ParserYield {
  /**
   * other: recognised, counted, and not an event of this data source.
   */
  kind: 'mail' | 'web' | 'app' | 'login' | 'network' | 'process' | 'other';
  /**
   * A part of a message, joined by `join`; absent: the line holds the whole event. notice: one row of several about a message that is already whole (DLP rows), merged by join, sender and subject. release: frees held recipients, found by join or by sender, recipient and subject.
   */
  part?: 'receipt' | 'process' | 'delivery' | 'release' | 'notice';
  /**
   * Keys that identify the message; the first that is there. An ending such as _1731437523 (the time in seconds) is left out of it.
   *
   * @minItems 1
   */
  join?: [string, ...string[]];
}
/**
 * Where a field comes from and what is made of it.
 */
export interface FieldRule {
  /**
   * Keys in order of preference; the first that is there, not empty and of the wanted form. a.b reads a nested object, JSON inside a text, or a list of {Name, Value} pairs by name.
   *
   * @minItems 1
   */
  from?: [string, ...string[]];
  /**
   * Take every key of `from` instead of the first: lists are united, texts joined by a blank, numbers added.
   */
  collect?: boolean;
  /**
   * text and lower: text. address: one mail address, lower case. addresses: a list of them. names: file names out of a quoted list, a bare name or a list. number, flag. time: ISO 8601, US date or seconds or milliseconds since 1970. ip: address without port. domain: host of a URL or of an address.
   */
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
    | 'domain';
  /**
   * RE2 syntax (linear time), found in the text of the key before the conversion. Group 1 (the whole find where there is no group) is the value; with a list conversion, every find is.
   */
  pattern?: string;
  /**
   * Text (without case) → value; others pass unchanged unless `else` is given.
   */
  values?: {
    [k: string]: string;
  };
  /**
   * Value for a text that is not in `values`; the empty text: absent.
   */
  else?: string;
  /**
   * The field's value when nothing in `from` is there.
   */
  constant?: string;
}
/**
 * A line as the product writes it.
 */
export interface ParserTest {
  /**
   * What is special about the line.
   */
  name: string;
  /**
   * The whole line, wrappers included.
   */
  line: string;
  expect: ParserExpectation;
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
  /**
   * false: the rule is neither run nor tested.
   */
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
  /**
   * Points that an alert adds to the session; 90 points make a session notable.
   */
  score: number;
  /**
   * One sentence for the analyst; {expression} is replaced by its value.
   */
  reason: string;
  /**
   * What the rule is known to miss.
   */
  known_gaps?: KnownGap[];
  /**
   * At least one case that fires and one that stays quiet, both close to the boundary.
   *
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
/**
 * One thing that the rule misses, and why.
 */
export interface KnownGap {
  /**
   * One sentence.
   */
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
  /**
   * What the case shows, unique within the rule.
   */
  name: string;
  /**
   * Events before the judged ones, from which models learn.
   */
  history?: TestStep[];
  /**
   * The judged events.
   *
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
  /**
   * Who sends the mail; the first person of test-directory.yaml when absent.
   */
  sender?: string | number | boolean | unknown[] | null;
  /**
   * Who acts, for events other than mail; the first person of test-directory.yaml when absent.
   */
  user?: string | number | boolean | unknown[] | null;
  /**
   * The only recipient of the mail.
   */
  recipient?: string | number | boolean | unknown[] | null;
  /**
   * All recipients, a list; for forwarding, its targets.
   */
  recipients?: string | number | boolean | unknown[] | null;
  /**
   * Subject of the mail.
   */
  subject?: string | number | boolean | unknown[] | null;
  /**
   * Size of the mail in bytes.
   */
  bytes?: string | number | boolean | unknown[] | null;
  /**
   * File names, a list.
   */
  attachments?: string | number | boolean | unknown[] | null;
  /**
   * outbound, inbound or internal; what the event type requires when absent.
   */
  direction?: string | number | boolean | unknown[] | null;
  /**
   * sent or failed; what the event type requires when absent.
   */
  outcome?: string | number | boolean | unknown[] | null;
  /**
   * Host of the request.
   */
  web_domain?: string | number | boolean | unknown[] | null;
  /**
   * Category of the web site or audit event.
   */
  category?: string | number | boolean | unknown[] | null;
  /**
   * Bytes uploaded.
   */
  bytes_in?: string | number | boolean | unknown[] | null;
  /**
   * Name of the activity.
   */
  activity?: string | number | boolean | unknown[] | null;
  /**
   * Rest of the audit record as text.
   */
  additional_info?: string | number | boolean | unknown[] | null;
  [k: string]: unknown;
}
/**
 * The organisation in which the tests of rules play; content/test-directory.yaml.
 */
export interface TestDirectory {
  /**
   * Domains of the organisation.
   *
   * @minItems 1
   */
  internal_domains: [string, ...string[]];
  /**
   * The first is who acts in a step that names nobody.
   *
   * @minItems 1
   */
  people: [TestPerson, ...TestPerson[]];
}
/**
 * One person.
 */
export interface TestPerson {
  /**
   * Primary address, lower case.
   */
  user: string;
  /**
   * Other addresses of the same person.
   */
  aliases?: string[];
  /**
   * The person's own mailboxes elsewhere.
   */
  personal?: string[];
  /**
   * Personal mailboxes are recognised by first and last name.
   */
  first_name?: string;
  /**
   * See first_name.
   */
  last_name?: string;
  /**
   * Department.
   */
  peer_group?: string;
  /**
   * Subjects of executives are learnt and watched.
   */
  executive?: boolean;
  /**
   * Day, UTC.
   */
  hired?: string;
}
/**
 * What lint assumes of an organisation when it estimates how long models take to converge; content/traffic.yaml.
 */
export interface Traffic {
  /**
   * Size of the organisation.
   */
  people: number;
  /**
   * Number of departments.
   */
  peer_groups: number;
  /**
   * How many times as much as the average person somebody of the busiest tenth does.
   */
  busiest_tenth?: number;
  /**
   * Event type → events of the average person on a working day.
   */
  events: {
    [k: string]: number;
  };
  /**
   * Field → how its values are spread.
   */
  values: {
    [k: string]: Spread;
  };
}
/**
 * Among n observations about factor · n ^ exponent different values are expected.
 */
export interface Spread {
  /**
   * Values that an event has on average.
   */
  an_event?: number;
  /**
   * Share of the values that are the first of their session, for models with count(value) == 1.
   */
  a_session?: number;
  /**
   * See above.
   */
  factor: number;
  /**
   * 1: hardly any value comes twice.
   */
  exponent: number;
  /**
   * There are no more different values than this: a number, or those of the scope.
   */
  most?: number | ('people' | 'peer_groups');
}
