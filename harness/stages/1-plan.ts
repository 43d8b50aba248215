import type { Directory } from '#engine';
import {
  background,
  createOrganisation,
  type Organisation,
  organisationFrom,
  outsideWorld,
  type Person,
  type Profile,
  peerGroupAt,
  profileOf,
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
import type { GivenOrganisation } from '../directory-file.js';

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
  /** Mails that a person sends on a weekday in the mean. Default: the profile's, 9. */
  readonly mails_per_weekday?: number | undefined;
  /** Mean share of them that goes outside. Default: the profile's, 0.165. */
  readonly external_share?: number | undefined;
  /** How people behave. Default: the default profile. */
  readonly profile?: Profile | undefined;
  /** Plays these people; `people` and `peer_groups` then count for nothing. */
  readonly given?: GivenOrganisation | undefined;
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
  const { start, history_days, test_days } = options;
  const organisation = organisationOf(options);
  const test = {
    start: start + history_days * DAY,
    end: start + (history_days + test_days) * DAY,
  };
  const warnings: string[] = [];
  const instances = playAll(options, organisation, test, warnings);
  return {
    organisation,
    directory: directoryOf(organisation, test.start),
    history_start: start,
    test,
    instances,
    warnings,
  };
}

/** The organisation that the options ask for: made up, or the given one. */
function organisationOf(options: PlanOptions): Organisation {
  const { seed, start, given } = options;
  const level = {
    ...(options.mails_per_weekday !== undefined && {
      mails_per_weekday: options.mails_per_weekday,
    }),
    ...(options.external_share !== undefined && { external_share: options.external_share }),
    ...(options.profile && { profile: options.profile }),
  };
  if (given !== undefined)
    return organisationFrom(given.entries, { seed, start, domains: given.domains, ...level });
  return createOrganisation({
    seed,
    people: options.people,
    peer_groups: options.peer_groups,
    start,
    days: options.history_days + options.test_days,
    ...level,
  });
}

function playAll(
  options: PlanOptions,
  organisation: Organisation,
  test: Window,
  warnings: string[],
): Instance[] {
  const outside = outsideWorld(organisation);
  const known = knownPeople(options, organisation, test);
  const history = historyOf(options, organisation, known);
  const employed = (known ? [...known] : organisation.people).filter((one) => canPlay(one, test));
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

/** Who changes departments plays in no story: stories are about peer groups that people stay in. */
function canPlay(one: Person, test: Window): boolean {
  return daysEmployed(one, test) > 0 && one.moved === undefined;
}

/** Beyond this many people, casting looks at some of them and not at all. */
const LARGE = 2000;
/** At how many: for each story, but not fewer than so many in all. */
const KNOWN_PER_STORY = 3;
const FEWEST_KNOWN = 600;

/**
 * In large organisations the people among whom stories are cast; undefined when it is everybody. To
 * play the history of 100 000 people through would take longer than the drill's own start may.
 */
function knownPeople(
  { seed, instances, scenarios }: PlanOptions,
  { people }: Organisation,
  test: Window,
): ReadonlySet<Person> | undefined {
  if (people.length <= LARGE) return undefined;
  const enough = Math.max(FEWEST_KNOWN, KNOWN_PER_STORY * instances * scenarios.length);
  const random = randomStream(seed, 'casting', 'known people');
  const able = people.filter((one) => canPlay(one, test));
  const chosen = random.shuffle(able).slice(0, enough);
  return new Set(chosen.sort((a, b) => a.index - b.index));
}

/**
 * Plays the history through once for the casting, when the first scenario asks for it: of
 * everybody, or of the `known` ones alone, which then is an estimate of their history.
 */
function historyOf(
  options: PlanOptions,
  organisation: Organisation,
  known: ReadonlySet<Person> | undefined,
): (of: Person | string) => History {
  let gathered: ((of: Person | string) => History) | undefined;
  return (of) => {
    gathered ??= gatherHistory(
      background(organisation, {
        start: options.start,
        days: options.history_days,
        internal_mail: options.internal_mail,
        ...(known && { only: known }),
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

/**
 * By address: days of the window on which the person is employed, with parts of days. Mailboxes
 * that are nobody's own raise alerts too and count as users on every day.
 */
export function exposureOf(
  { people, mailboxes }: Organisation,
  window: Window,
): Map<string, number> {
  const days = (window.end - window.start) / DAY;
  return new Map([
    ...people.map((one) => [one.address, daysEmployed(one, window)] as const),
    ...mailboxes.map(({ address }) => [address, days] as const),
  ]);
}

/** Levels of the background that no corpus gives, in words: the report's summary of it. */
export function assumptionsOf(
  organisation: Organisation,
  options: Pick<PlanOptions, 'internal_mail' | 'mails_per_weekday' | 'external_share'>,
): string[] {
  const profile = profileOf(organisation);
  const { mix } = profile;
  const level = Number((options.mails_per_weekday ?? profile.mails_per_weekday).toPrecision(3));
  const outside = options.external_share ?? profile.external_share;
  const { profile: own } = organisation;
  return [
    ...(own ? [`people behave by the profile ${own.name}: ${own.source}`] : []),
    `${level} mails sent per person and weekday in the mean, ${percent(outside)} of them outside; ${options.internal_mail ? 'internal mail is logged' : 'internal mail is not logged'}`,
    `${mix.inbound_ratio} mail received from correspondents for one sent outside; ${percent(mix.newsletters_per_mail)} of what people send comes in as newsletters; ${mix.spam_per_weekday} refused spam mails per person and weekday`,
    `shared mailboxes answer ${percent(mix.shared_mailbox_per_mail)} of what a member sends, machines send ${percent(mix.service_per_mail)} of what people send`,
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

/**
 * The directory as it stood at a moment, and stays: those who change departments later keep their
 * old one in it, those who begin later are in it with their date, those who left are still there.
 * An alias belongs to its person. A shared mailbox is a user of its own in its department, without
 * a name; a machine's is a user without department.
 */
export function directoryOf(organisation: Organisation, moment: number): Directory {
  return {
    internal_domains: organisation.domains,
    people: [
      ...organisation.people.map((one) => ({
        user: one.address,
        aliases: one.aliases,
        personal: one.personal,
        first_name: one.first_name,
        last_name: one.last_name,
        peer_group: peerGroupAt(one, moment),
        executive: one.executive,
        hired: one.hired,
      })),
      ...organisation.mailboxes.map(({ address, aliases, peer_group }) => ({
        user: address,
        aliases,
        ...(peer_group !== undefined && { peer_group }),
      })),
    ],
  };
}
