import type { Activity, Organisation, OutsideWorld, Person, Random } from '#generators';
import { reasonOf, workdaysOf } from './casting.js';
import { describe, type Scenario, ScenarioError, type Step } from './scenario.js';
import { createStage, type Window } from './stage.js';

/** A step with its activity at its time. */
export interface PlayedStep {
  readonly step: string;
  readonly innocent: boolean;
  readonly activity: Activity;
}

export interface PlaySetting {
  readonly person: Person;
  readonly organisation: Organisation;
  readonly outside: OutsideWorld;
  /** A stream of the instance's own. */
  readonly random: Random;
  readonly window: Window;
  readonly competitors: readonly string[];
}

/** More steps than this are a loop that does not end. */
const MOST_STEPS = 10_000;

const KINDS: ReadonlySet<unknown> = new Set(['mail', 'web', 'inbox-rule', 'audit']);

/**
 * Plays one instance: chooses the day on which the story begins and gathers its steps, sorted by
 * time. An answer in words says why it cannot be played with this person (too few working days).
 * Throws {@link ScenarioError} when the scenario itself is at fault.
 */
export function playScenario(scenario: Scenario, setting: PlaySetting): PlayedStep[] | string {
  const workdays = workdaysOf(setting.person, setting.window);
  const length = scenario.days ?? 1;
  const range = beginsOf(scenario, setting);
  const starts = workdays.filter(
    (day, i) => i + length <= workdays.length && day >= range.start && day < range.end,
  );
  if (starts.length === 0)
    return `needs ${length} working days of ${setting.person.address} in the days under test`;
  const start = setting.random.pick(starts);
  const from = workdays.indexOf(start);
  const stage = createStage({ ...setting, workdays: workdays.slice(from, from + length) });
  const steps: PlayedStep[] = [];
  try {
    for (const step of scenario.play(stage)) {
      if (steps.length === MOST_STEPS) throw new RangeError(`it has more than ${MOST_STEPS} steps`);
      steps.push(checkedStep(step, steps.length + 1, setting.window));
    }
  } catch (error) {
    throw new ScenarioError(scenario.id, [`play: ${reasonOf(error)}`]);
  }
  if (!steps.some(({ innocent }) => !innocent))
    throw new ScenarioError(scenario.id, ['play: it has no step that is part of the deed']);
  return steps.sort((a, b) => a.activity.time - b.activity.time);
}

function beginsOf(scenario: Scenario, { person, window }: PlaySetting): Window {
  if (!scenario.begins) return window;
  try {
    const { start, end } = scenario.begins(person, window);
    if (!Number.isFinite(start) || !Number.isFinite(end))
      throw new RangeError(`must return a window, not ${describe({ start, end })}`);
    return { start, end };
  } catch (error) {
    throw new ScenarioError(scenario.id, [`begins: ${reasonOf(error)}`]);
  }
}

function checkedStep(given: unknown, position: number, window: Window): PlayedStep {
  const fault = (what: string): RangeError => new RangeError(`step ${position} ${what}`);
  if (typeof given !== 'object' || given === null)
    throw fault(`must be {step, at, activity}, not ${describe(given)}`);
  const { step, at, activity, innocent = false } = given as Partial<Step>;
  if (typeof step !== 'string' || step === '') throw fault('has no name: step must be text');
  if (typeof at !== 'number' || !Number.isFinite(at))
    throw fault(`(${step}): at must be a moment in ms, not ${describe(at)}`);
  if (at < window.start || at >= window.end)
    throw fault(`(${step}) happens at ${new Date(at).toISOString()}, outside the days under test`);
  if (typeof activity !== 'object' || activity === null || !KINDS.has(activity.kind))
    throw fault(
      `(${step}): activity must come from stage.mail, stage.web or stage.inboxRule, not ${describe(activity)}`,
    );
  if (activity.kind === 'mail' && activity.recipients.length === 0)
    throw fault(`(${step}): the mail has no recipient`);
  return { step, innocent, activity: { ...activity, time: at } as Activity };
}
