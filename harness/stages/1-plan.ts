import type { Directory } from '#engine';
import {
  background,
  createOrganisation,
  DEFAULT_MIX,
  type Organisation,
  outsideWorld,
  type Person,
  randomStream,
} from '#generators';
import {
  type Casting,
  castScenario,
  gatherHistory,
  type History,
  type PlayedStep,
  playScenario,
  type Scenario,
  type Window,
  workdaysOf,
} from '#scenarios';

export const DAY = 86_400_000;

export interface PlanOptions {
  readonly seed: number;
  readonly people: number;
  readonly peer_groups: number;
  readonly history_days: number;
  readonly test_days: number;
  /** Start of the history, ms since 1970 UTC. */
  readonly start: number;
  readonly scenarios: readonly Scenario[];
  /** Of each scenario. */
  readonly instances: number;
  /** Whether mail that stays inside is part of the background. */
  readonly internal_mail: boolean;
  /** Domains that the content lists as competitors. */
  readonly competitors: readonly string[];
}

/** One run of a scenario, cast and played. */
export interface Instance {
  /** `scenario#k`, k from 1. */
  readonly id: string;
  readonly scenario: Scenario;
  readonly person: Person;
  /** Account that does the deed: the person's, or one that the person uses. */
  readonly user: string;
  /** Sorted by time. */
  readonly steps: readonly PlayedStep[];
  /** Times of the first and last step that is part of the deed. */
  readonly first: number;
  readonly last: number;
}

/** Everything that is decided before the first line is written. */
export interface Plan {
  readonly organisation: Organisation;
  readonly directory: Directory;
  readonly history_start: number;
  /** Days under test. */
  readonly test: Window;
  readonly instances: readonly Instance[];
  /** Stories that could not be told, and why. */
  readonly warnings: readonly string[];
}

/**
 * Invents the organisation and casts and plays every instance. Depends on its options alone;
 * an instance depends on nothing that other scenarios do but on who is still free.
 * Throws ScenarioError when a scenario misbehaves.
 */
export function plan(options: PlanOptions): Plan {
  const { seed, start, history_days, test_days } = options;
  const organisation = createOrganisation({
    seed,
    people: options.people,
    peer_groups: options.peer_groups,
    start,
    days: history_days + test_days,
  });
  const test = {
    start: start + history_days * DAY,
    end: start + (history_days + test_days) * DAY,
  };
  const warnings: string[] = [];
  const instances = playAll(options, organisation, test, warnings);
  return {
    organisation,
    directory: directoryOf(organisation),
    history_start: start,
    test,
    instances,
    warnings,
  };
}

function playAll(
  options: PlanOptions,
  organisation: Organisation,
  test: Window,
  warnings: string[],
): Instance[] {
  const outside = outsideWorld(organisation);
  const history = historyOf(options, organisation);
  const employed = organisation.people.filter((one) => daysEmployed(one, test) > 0);
  const busy = new Set<Person>();
  const instances: Instance[] = [];
  // All first instances come before all second ones: who is scarce is shared out evenly.
  for (let k = 1; k <= options.instances; k++) {
    for (const scenario of options.scenarios) {
      const id = `${scenario.id}#${k}`;
      const random = randomStream(options.seed, 'instance', id);
      const casting: Casting = {
        random: random.stream('cast'),
        organisation,
        history_start: options.start,
        window: test,
        competitors: options.competitors,
        history,
      };
      const able = employed.filter((one) => workdaysOf(one, test).length >= (scenario.days ?? 1));
      const person = choose(scenario, able, busy, casting);
      if ('nobody' in person) {
        if (k === 1) warnings.push(`${scenario.id} is not played: it needs ${person.nobody}`);
        continue;
      }
      const steps = playScenario(scenario, {
        person,
        organisation,
        outside,
        random: random.stream('play'),
        window: test,
        competitors: options.competitors,
      });
      if (typeof steps === 'string') {
        warnings.push(`${id} is not played: it ${steps}`);
        continue;
      }
      busy.add(person);
      const deed = steps.filter(({ innocent }) => !innocent);
      instances.push({
        id,
        scenario,
        person,
        user: actorOf(deed[0]) ?? person.address,
        steps,
        first: deed[0]?.activity.time ?? test.start,
        last: deed.at(-1)?.activity.time ?? test.start,
      });
    }
  }
  return instances;
}

/** Plays the history through once for the casting, when the first scenario asks for it. */
function historyOf(
  options: PlanOptions,
  organisation: Organisation,
): (of: Person | string) => History {
  let gathered: ((of: Person | string) => History) | undefined;
  return (of) => {
    gathered ??= gatherHistory(
      background(organisation, {
        start: options.start,
        days: options.history_days,
        internal_mail: options.internal_mail,
      }),
      organisation,
    );
    return gathered(of);
  };
}

/** Somebody who plays in no other story, so that no two share a session; else anybody. */
function choose(
  scenario: Scenario,
  able: readonly Person[],
  busy: ReadonlySet<Person>,
  casting: Casting,
): ReturnType<typeof castScenario> {
  const free = able.filter((one) => !busy.has(one));
  const choice = castScenario(scenario, free, casting);
  if (!('nobody' in choice) || free.length === able.length) return choice;
  return castScenario(scenario, able, casting);
}

function actorOf(step: PlayedStep | undefined): string | undefined {
  if (!step) return undefined;
  const { activity } = step;
  return activity.kind === 'mail' ? activity.sender : activity.user;
}

/** By address: days of the window on which the person is employed, with parts of days. */
export function exposureOf(organisation: Organisation, window: Window): Map<string, number> {
  return new Map(organisation.people.map((one) => [one.address, daysEmployed(one, window)]));
}

/** Levels of the background that no corpus gives, in words. */
export function assumptionsOf({ internal_mail }: { readonly internal_mail: boolean }): string[] {
  const mix = DEFAULT_MIX;
  return [
    `9 mails sent per person and weekday in the mean, 18 % of them outside; ${internal_mail ? 'internal mail is logged' : 'internal mail is not logged'}`,
    `${percent(mix.freemail_share)} of outside mail to consumer providers, ${percent(mix.own_mailbox_share)} to own or family mailboxes`,
    `${percent(mix.attachment_share)} of sent mail with attachments`,
    `outbound mail rejected ${percent(mix.outbound_rejected)}, held ${percent(mix.outbound_held)}, bounced ${percent(mix.outbound_bounced)}, retried ${percent(mix.outbound_retried)}`,
    `${mix.web_denied_per_weekday} blocked web requests per person and weekday, from a third of the people`,
    `${mix.inbox_rules_per_weekday} mailbox rules made per person and weekday, ${percent(mix.inbox_rules_external)} of them forwarding outside`,
  ];
}

function percent(share: number): string {
  return `${Number((share * 100).toPrecision(3))} %`;
}

function daysEmployed(person: Person, test: Window): number {
  const from = Math.max(person.hired, test.start);
  const until = Math.min(person.left ?? test.end, test.end);
  return Math.max(0, until - from) / DAY;
}

function directoryOf(organisation: Organisation): Directory {
  return {
    internal_domains: organisation.domains,
    people: organisation.people.map((one) => ({
      user: one.address,
      aliases: one.aliases,
      personal: one.personal,
      first_name: one.first_name,
      last_name: one.last_name,
      peer_group: one.peer_group,
      executive: one.executive,
      hired: one.hired,
    })),
  };
}
