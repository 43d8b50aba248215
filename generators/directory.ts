/** An organisation from somebody's own list of people; what the list leaves open is made up. */

import type { Mailbox, Organisation, Person } from './activity.js';
import { DAY, dayNumber, HOUR, officeIn, startOfDay } from './calendar.js';
import { departmentNamed } from './departments.js';
import { slug } from './names.js';
import { accountCode, levels, type OrganisationOptions, personalMailbox } from './organisation.js';
import { randomStream } from './random.js';

/** A line of the list. Addresses are in lower case, moments in ms since 1970 UTC. */
export interface DirectoryEntry {
  /** Primary address. */
  readonly user: string;
  /** `shared` and `service` are mailboxes and no people. Default person. */
  readonly kind?: 'person' | Mailbox['kind'];
  readonly aliases?: readonly string[];
  /** Own mailboxes elsewhere; made up when absent. */
  readonly personal?: readonly string[];
  readonly first_name?: string;
  readonly last_name?: string;
  readonly peer_group?: string;
  readonly executive?: boolean;
  /** Primary address of the superior. */
  readonly manager?: string;
  readonly hired?: number;
  readonly left?: number;
  /** ISO 3166, upper case; for holidays, language and private mail providers. */
  readonly country?: string;
  /** IANA name; the country's first one when absent. */
  readonly time_zone?: string;
}

/** What the list does not hold. */
export interface DirectoryOptions
  extends Pick<
    OrganisationOptions,
    'seed' | 'start' | 'name' | 'mails_per_weekday' | 'external_share' | 'profile'
  > {
  /** Domains of the organisation, lower case, the main one first. At least one. */
  readonly domains: readonly string[];
}

/** Where a list says nothing of the department. */
const UNKNOWN_GROUP = 'Staff';

/**
 * The organisation of a list. People keep the list's order; nobody joins, leaves or changes
 * department but as the list says, and no mailbox is added to it. Names are read from addresses
 * where they are missing; without any executive in the list, those who have subordinates and no
 * superior are. Equal arguments give equal organisations.
 *
 * Throws a RangeError when there is nobody in the list, or no domain.
 */
export function organisationFrom(
  entries: readonly DirectoryEntry[],
  options: DirectoryOptions,
): Organisation {
  const { seed, domains } = options;
  const [domain] = domains;
  if (domain === undefined) throw new RangeError('an organisation needs a domain');
  const listed = entries.filter(({ kind }) => (kind ?? 'person') === 'person');
  if (listed.length === 0) throw new RangeError('an organisation needs people');
  const root = randomStream(seed, 'directory');
  const careers = root.stream('careers');
  const private_ = root.stream('personal mailboxes');
  const groups = listed.map(({ peer_group }) => peer_group ?? UNKNOWN_GROUP);
  const level = levels(
    root.stream('levels'),
    options,
    groups.map((group) => departmentNamed(group).outgoing),
  );
  const indices = new Map<string, number>();
  for (const [i, { user, aliases = [] }] of listed.entries())
    for (const address of [user, ...aliases]) indices.set(address, i);
  const superiors = listed.map(({ manager }, i) => {
    const superior = manager === undefined ? undefined : indices.get(manager);
    return superior === i ? undefined : superior;
  });
  const leading = new Set(superiors);
  const named = listed.some(({ executive }) => executive !== undefined);
  const today = dayNumber(options.start);

  const people = listed.map((entry, i): Person => {
    const office = officeIn(entry.country);
    const time_zone = entry.time_zone ?? office.time_zone;
    const { first_name, last_name } = nameOf(entry);
    const long = Math.floor(careers.exponential(1500));
    const mailbox = personalMailbox(private_, first_name, last_name, office.country);
    return {
      index: i,
      first_name,
      last_name,
      address: entry.user,
      aliases: entry.aliases ?? [],
      personal: entry.personal ?? [mailbox],
      peer_group: groups[i] ?? UNKNOWN_GROUP,
      moved: undefined,
      executive: entry.executive ?? (!named && superiors[i] === undefined && leading.has(i)),
      superior: superiors[i],
      hired: entry.hired ?? startOfDay(time_zone, today - 20 - long) + 9 * HOUR,
      left: entry.left === undefined ? undefined : endOf(entry.left),
      time_zone,
      daily_mails: level[i]?.rate ?? 0,
      external_share: level[i]?.share ?? 0,
      country: office.country,
    };
  });
  const [label = 'corp'] = domain.split('.');
  return {
    seed,
    name: options.name ?? label.charAt(0).toUpperCase() + label.slice(1),
    domains,
    people,
    mailboxes: entries.flatMap((entry) => mailboxesOf(entry)),
    peer_groups: [...new Set(groups)],
    ...(options.profile && { profile: options.profile }),
    account: accountCode(seed),
  };
}

/** A last day that is given as a date is worked to its end. */
function endOf(left: number): number {
  return left % DAY === 0 ? left + 17 * HOUR : left;
}

function mailboxesOf(entry: DirectoryEntry): Mailbox[] {
  if (entry.kind === undefined || entry.kind === 'person') return [];
  const office = officeIn(entry.country);
  return [
    {
      address: entry.user,
      aliases: entry.aliases ?? [],
      kind: entry.kind,
      peer_group: entry.kind === 'shared' ? (entry.peer_group ?? UNKNOWN_GROUP) : undefined,
      time_zone: entry.time_zone ?? office.time_zone,
      country: office.country,
    },
  ];
}

/** First and last name as given, or as an address such as `ann.meyer2@` says them. */
function nameOf({ user, first_name, last_name }: DirectoryEntry): {
  first_name: string;
  last_name: string;
} {
  const parts = user
    .slice(0, user.lastIndexOf('@'))
    .split(/[._-]+/)
    .map((part) => part.replace(/\d+$/, ''))
    .filter((part) => slug(part) !== '');
  const title = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
  return {
    first_name: first_name ?? (parts.length > 1 ? title(parts[0] as string) : ''),
    last_name: last_name ?? title(parts.at(-1) ?? 'Box'),
  };
}
