/* Generated from the JSON Schemas by `npm run generate`. Do not edit. */

export interface AllTypes {
  RunResult: RunResult;
}
/**
 * Everything a drill measured. Every report is drawn from this and from nothing else. Times are ms since 1970 UTC.
 */
export interface RunResult {
  version: 1;
  /**
   * The run was stopped before its end: the numbers cover what was seen.
   */
  partial: boolean;
  receipt: Receipt;
  counts: Counts;
  notable: NotableResult;
  techniques: TechniqueResult[];
  rules: RuleResult[];
  instances: InstanceResult[];
  gates: GateResult[];
  verdict: 'pass' | 'fail' | 'insufficient evidence';
  unparsed: UnparsedLine[];
}
export interface Receipt {
  leakdrill: string;
  /**
   * Content digest, SHA-256 hex.
   */
  content: string;
  seed: number;
  people: number;
  peer_groups: number;
  /**
   * Where the people come from; absent when they are made up.
   */
  organisation?: {
    /**
     * As it was named.
     */
    file: string;
    /**
     * SHA-256 of the file, hex.
     */
    digest: string;
  };
  history_days: number;
  test_days: number;
  /**
   * Start of history.
   */
  start: number;
  test_start?: number;
  /**
   * Attacks per user per day that precision is stated for.
   */
  base_rate: number;
  /**
   * Employed user-days in the days under test.
   */
  user_days: number;
  /**
   * Reproduces every number.
   */
  command: string;
  /**
   * Levels and mixes of the background, in words.
   */
  assumptions?: string[];
}
export interface Counts {
  lines: number;
  events: number;
  unparsed: number;
  duplicates?: number;
  late?: number;
  triggers: number;
  alerts: number;
  sessions: number;
  event_types: {
    [k: string]: number;
  };
  /**
   * Per model: scopes with observations, and those at confidence 0.8 or with a threshold, at the end.
   */
  converged: {
    [k: string]: Convergence;
  };
  evicted?: {
    [k: string]: number;
  };
  faults?: {
    [k: string]: string;
  };
}
export interface Convergence {
  scopes: number;
  converged: number;
}
export interface NotableResult {
  threshold: number;
  recall: Estimate;
  false_per_1000_user_days: Estimate;
  precision_at_base_rate: Estimate;
  true_contributors: Contributor[];
  false_contributors: Contributor[];
}
/**
 * A figure with its 95 % interval. value is null where there is no evidence at all.
 */
export interface Estimate {
  value: number | null;
  low: number;
  /**
   * null: unbounded.
   */
  high: number | null;
  /**
   * Numerator: instances, alerts.
   */
  hits?: number;
  /**
   * Denominator: instances, user-days, alerts.
   */
  evidence: number;
}
export interface Contributor {
  rule: string;
  points: number;
  sessions: number;
}
export interface TechniqueResult {
  id: string;
  name: string;
  /**
   * Rules that name the technique.
   */
  mapped: number;
  /**
   * Rules of it that some scenario of this run expects, or that fired.
   */
  exercised: number;
  /**
   * Rules with a true catch in a scenario whose look-alike stayed quiet.
   */
  covered: number;
  instances: number;
  caught: number;
  /**
   * Instances whose session reached the notable score.
   */
  notable: number;
  recall: Estimate;
  look_alikes: number;
  look_alikes_quiet: number;
  false_per_1000_user_days: Estimate;
}
export interface RuleResult {
  id: string;
  name: string;
  technique: string;
  file: string;
  model?: string;
  when: string;
  score: number;
  /**
   * Instances that expect the rule.
   */
  expected: number;
  /**
   * Of those, instances on whose events it fired.
   */
  caught: number;
  caught_instances?: string[];
  missed_instances?: Miss[];
  recall: Estimate;
  alerts: number;
  true_alerts: number;
  false_alerts: number;
  look_alike_alerts: number;
  triggers: number;
  false_per_1000_user_days: Estimate;
  precision: Estimate;
  precision_at_base_rate: Estimate;
  look_alike_specificity: Estimate;
  unique_catches: number;
  detection?: Detection;
  /**
   * True, false and look-alike alerts; at most ten of each.
   */
  examples: Alert[];
  known_gaps: string[];
}
export interface Miss {
  instance: string;
  cause:
    | 'model not converged'
    | 'field absent'
    | 'threshold not reached'
    | 'once already spent'
    | 'dependency'
    | 'not parsed'
    | 'no alert';
  /**
   * The expression with a value under every part.
   */
  explanation: string;
}
/**
 * Absent when nothing was caught.
 */
export interface Detection {
  median_events: number;
  p90_events: number;
  median_hours: number;
  p90_hours: number;
}
/**
 * Rule × user × session, at its first trigger.
 */
export interface Alert {
  rule: string;
  user: string;
  time: number;
  label: 'malicious' | 'benign' | 'suspicious';
  scenario?: string;
  instance?: string;
  reason: string;
  score: number;
  triggers?: number;
}
export interface InstanceResult {
  /**
   * scenario#k
   */
  id: string;
  scenario: string;
  kind: 'attack' | 'look-alike';
  technique: string;
  title: string;
  story?: string;
  user: string;
  first: number;
  last: number;
  lines?: number;
  expects: string[];
  /**
   * Rules that fired on its events.
   */
  fired: string[];
  /**
   * Highest risk score of a session that holds one of its events.
   */
  points: number;
  notable: boolean;
}
export interface GateResult {
  /**
   * Rule id, technique id or all.
   */
  subject: string;
  gate:
    | 'min_recall'
    | 'max_false_alerts'
    | 'min_precision_at_base_rate'
    | 'max_look_alike_failures'
    | 'known_gap';
  limit: number;
  estimate: Estimate;
  verdict: 'pass' | 'fail' | 'insufficient evidence';
  /**
   * What was found; for insufficient evidence, how much more would settle it.
   */
  message: string;
}
export interface UnparsedLine {
  reason: string;
  text: string;
  count?: number;
}
