import { localDay, type Person, startOfDay, weekday } from '#generators';
import { domainRepeats } from './history.js';
import { type Casting, describe, type Nobody, type Scenario, ScenarioError } from './scenario.js';
import { HOUR, type Window } from './stage.js';

/** Says why a story cannot be told with these people. */
export function nobody(why: string): Nobody {
  return { nobody: why };
}

/**
 * One of the people with the highest `score`, drawn among the best `among` so that instances
 * differ. People whose score is not above `least` do not count.
 */
export function oneOfTheMost(
  candidates: readonly Person[],
  { random }: Casting,
  score: (person: Person) => number,
  { among = 3, least = 0 } = {},
): Person | undefined {
  const ranked = candidates
    .map((person) => ({ person, score: score(person) }))
    .filter((one) => one.score > least)
    .sort((a, b) => b.score - a.score || a.person.index - b.person.index)
    .slice(0, among);
  return ranked.length > 0 ? random.pick(ranked).person : undefined;
}

/** Any of the people who fit. */
export function anyOf(
  candidates: readonly Person[],
  { random }: Casting,
  fits: (person: Person) => boolean = () => true,
): Person | undefined {
  const fitting = candidates.filter(fits);
  return fitting.length > 0 ? random.pick(fitting) : undefined;
}

/** A first contact shows in a model that has seen four of five contacts before; some margin on that. */
const KNOWN = 0.82;

/**
 * One of the people whose next contact is most likely a known one, among those with at least 150
 * external mails in a peer group whose own contacts are mostly known: with them a first contact
 * shows at every scope.
 */
export function oneOfTheSteadiest(
  candidates: readonly Person[],
  casting: Casting,
  { among = 3 } = {},
): Person | undefined {
  const busy = candidates.filter((one) => casting.history(one).external_mails >= 150);
  const inKnown = busy.filter((one) => domainRepeats(casting.history(one.peer_group)) >= KNOWN);
  return oneOfTheMost(
    inKnown.length > 0 ? inKnown : busy,
    casting,
    (one) => domainRepeats(casting.history(one)),
    { among },
  );
}

/** Starts of the person's working days (Monday to Friday, local midnight) that lie in the window. */
export function workdaysOf(person: Person, window: Window): number[] {
  const { time_zone } = person;
  const from = Math.max(window.start, person.hired);
  const until = Math.min(window.end, person.left ?? window.end);
  const days: number[] = [];
  for (let local = localDay(time_zone, window.start); ; local++) {
    const day = startOfDay(time_zone, local);
    if (day >= window.end) break;
    // Stories play between 06:00 and 22:00 of the person's clock.
    const fits = day + 6 * HOUR >= from && day + 22 * HOUR <= until;
    if (fits && weekday(local) < 5) days.push(day);
  }
  return days;
}

/**
 * Chooses who plays a scenario. Throws {@link ScenarioError} if the scenario's cast function
 * throws or answers with neither a person nor {@link Nobody}.
 */
export function castScenario(
  scenario: Scenario,
  candidates: readonly Person[],
  casting: Casting,
): Person | Nobody {
  let choice: unknown;
  try {
    choice = scenario.cast(candidates, casting);
  } catch (error) {
    throw new ScenarioError(scenario.id, [`cast threw: ${reasonOf(error)}`]);
  }
  if (isNobody(choice)) return choice;
  const person = candidates.find((one) => one === choice);
  if (!person)
    throw new ScenarioError(scenario.id, [
      `cast must return one of the candidates or nobody('why'), not ${describe(choice)}`,
    ]);
  return person;
}

function isNobody(choice: unknown): choice is Nobody {
  return (
    typeof choice === 'object' &&
    choice !== null &&
    'nobody' in choice &&
    typeof choice.nobody === 'string'
  );
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
