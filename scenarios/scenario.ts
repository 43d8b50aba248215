import type { Organisation, Person, Random } from '#generators';
import type { History } from './history.js';
import type { Deed, Stage, Window } from './stage.js';

/** One act of the story. */
export interface Step {
  /** What happens, for reports: `mails the second archive`. */
  readonly step: string;
  /** Moment, ms since 1970 UTC, in the days under test. */
  readonly at: number;
  readonly activity: Deed;
  /**
   * Belongs to the story but is nobody's wrong: the executive's mail that is leaked later. Such
   * lines are labelled benign.
   */
  readonly innocent?: boolean;
}

/** What a casting decision may look at. */
export interface Casting {
  readonly random: Random;
  readonly organisation: Organisation;
  /** Start of the history; nothing before it was ever logged. */
  readonly history_start: number;
  /** Days under test. */
  readonly window: Window;
  /** Domains that the content lists as competitors. */
  readonly competitors: readonly string[];
  /**
   * What a person, or all of a peer group (by its name), did between the start of the history and
   * the days under test.
   */
  history(of: Person | string): History;
}

/** Why a story cannot be told in this organisation. */
export interface Nobody {
  readonly nobody: string;
}

export interface ScenarioDefinition {
  /** attack: what must be caught. look-alike: legitimate and meant to look bad. */
  readonly kind: 'attack' | 'look-alike';
  /** ATT&CK technique: `T1048.003`. */
  readonly technique: string;
  readonly title: string;
  /** About three sentences for people: who, what, why it is (or is not) a leak. */
  readonly story: string;
  /** Attack: rules that should fire. Look-alike: rules that it tempts. */
  readonly expects: readonly string[];
  /** Working days that the story takes. Default 1. */
  readonly days?: number;
  /**
   * Who does it. `candidates` hold people who are employed during the days under test and, where
   * there are enough, play in no other story. Return {@link Nobody} to say why nobody fits.
   */
  cast(candidates: readonly Person[], casting: Casting): Person | Nobody;
  /** Narrows the days under test on which the story may begin. */
  begins?(person: Person, window: Window): Window;
  /** What happens, in any order. Same stage, same steps: chance comes from `stage.random` only. */
  play(stage: Stage): Iterable<Step>;
}

/** A scenario in its place. */
export interface Scenario extends ScenarioDefinition {
  /** Path below `scenarios/` without extension: `attack/T1048.003/personal-mailbox-drip`. */
  readonly id: string;
}

/** A scenario that is not well formed, or one that misbehaves while it plays. */
export class ScenarioError extends Error {
  override readonly name = 'ScenarioError';
  readonly faults: readonly string[];

  /** `scenario` is its id, or its title before it has one. */
  constructor(scenario: string, faults: readonly string[]) {
    super(`scenario ${scenario}: ${faults.join('; ')}`);
    this.faults = faults;
  }
}

const IDENTITY = /^(attack|look-alike)\/(T\d{4}(?:\.\d{3})?)\/[a-z0-9]+(?:-[a-z0-9]+)*$/;

/**
 * Checks a scenario and hands it back. Throws {@link ScenarioError} with everything that is wrong.
 * Its id is its path and comes with {@link placeScenario}.
 */
export function defineScenario(definition: ScenarioDefinition): ScenarioDefinition {
  const faults = faultsOf(definition);
  if (faults.length > 0) throw new ScenarioError(nameOf(definition), faults);
  return definition;
}

/**
 * Gives a scenario the id that its path says. `definition` may be anything, such as the default
 * export of a user's file. Throws {@link ScenarioError}.
 */
export function placeScenario(id: string, definition: unknown): Scenario {
  const place = IDENTITY.exec(id);
  if (!place)
    throw new ScenarioError(id, [
      'its path must read attack/<technique>/<name> or look-alike/<technique>/<name>, the name in lower case with hyphens',
    ]);
  const faults = faultsOf(definition);
  if (faults.length > 0) throw new ScenarioError(id, faults);
  const scenario = definition as ScenarioDefinition;
  const [, kind, technique] = place;
  if (scenario.kind !== kind)
    faults.push(`it lies under ${kind}/ but its kind is ${scenario.kind}`);
  if (scenario.technique !== technique)
    faults.push(`it lies under ${technique}/ but its technique is ${scenario.technique}`);
  if (faults.length > 0) throw new ScenarioError(id, faults);
  return { ...scenario, id };
}

const KNOWN_KEYS = new Set([
  'kind',
  'technique',
  'title',
  'story',
  'expects',
  'days',
  'cast',
  'begins',
  'play',
]);

function faultsOf(definition: unknown): string[] {
  if (typeof definition !== 'object' || definition === null)
    return [`must be an object made with defineScenario, not ${describe(definition)}`];
  const given = definition as Partial<Record<keyof ScenarioDefinition, unknown>>;
  const faults: string[] = [];
  if (given.kind !== 'attack' && given.kind !== 'look-alike')
    faults.push(`kind must be 'attack' or 'look-alike', not ${describe(given.kind)}`);
  if (typeof given.technique !== 'string' || !/^T\d{4}(\.\d{3})?$/.test(given.technique))
    faults.push(
      `technique must be an ATT&CK id such as T1048.003, not ${describe(given.technique)}`,
    );
  for (const key of ['title', 'story'] as const) {
    const text = given[key];
    if (typeof text !== 'string' || text.trim() === '')
      faults.push(`${key} must be text, not ${describe(text)}`);
  }
  faults.push(...faultsOfExpects(given));
  const { days } = given;
  if (days !== undefined && !(Number.isInteger(days) && Number(days) >= 1))
    faults.push(`days must be a whole number of working days from 1, not ${describe(days)}`);
  for (const key of ['cast', 'play'] as const)
    if (typeof given[key] !== 'function')
      faults.push(`${key} must be a function, not ${describe(given[key])}`);
  if (given.begins !== undefined && typeof given.begins !== 'function')
    faults.push(`begins must be a function, not ${describe(given.begins)}`);
  for (const key of Object.keys(given))
    if (key !== 'id' && !KNOWN_KEYS.has(key))
      faults.push(`${key} is not known; a scenario has ${[...KNOWN_KEYS].join(', ')}`);
  return faults;
}

function faultsOfExpects({ kind, expects }: { kind?: unknown; expects?: unknown }): string[] {
  const isNamed = (rule: unknown): boolean => typeof rule === 'string' && rule !== '';
  if (!Array.isArray(expects) || !expects.every(isNamed))
    return [`expects must be a list of rule ids, not ${describe(expects)}`];
  if (kind === 'attack' && expects.length === 0)
    return ['expects is empty: an attack names the rules that should fire'];
  const twice = expects.filter((rule, i) => expects.indexOf(rule) !== i);
  return twice.length > 0 ? [`expects names ${twice.join(', ')} twice`] : [];
}

function nameOf(definition: unknown): string {
  const title =
    typeof definition === 'object' && definition !== null && 'title' in definition
      ? definition.title
      : undefined;
  return typeof title === 'string' && title !== '' ? `"${title}"` : 'without a title';
}

export function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'bigint' || typeof value === 'symbol') return typeof value;
  const text = JSON.stringify(value) ?? typeof value;
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
