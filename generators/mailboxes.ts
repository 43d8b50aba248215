/** Mailboxes that are nobody's own: those that a department shares, and those that machines use. */

import type { Mailbox, Person } from './activity.js';
import type { Department } from './departments.js';
import { slug } from './names.js';

/** Smaller organisations have only a general mailbox; from the second size on, one for machines too. */
const WITH_DEPARTMENTS = 10;
const WITH_MACHINES = 20;
/** Members from which on a department shares a mailbox. */
const MEMBERS = 3;

/**
 * Addresses depend on people and departments alone; `isTaken` says whether a name before the @ is a
 * person's, which never holds a hyphen. The general mailbox belongs to the first
 * department; every office has a scanner that sends mail.
 */
export function inventMailboxes(
  people: readonly Person[],
  departments: readonly Department[],
  domain: string,
  isTaken: (name: string) => boolean,
): Mailbox[] {
  const mailboxes: Mailbox[] = [];
  const first = new Map<string, Person>();
  const sizes = new Map<string, number>();
  const offices = new Map<string, Person>();
  for (const person of people) {
    const { peer_group, time_zone } = person;
    if (!first.has(peer_group)) first.set(peer_group, person);
    sizes.set(peer_group, (sizes.get(peer_group) ?? 0) + 1);
    if (!offices.has(time_zone)) offices.set(time_zone, person);
  }
  const add = (
    name: string,
    at: Pick<Person, 'time_zone' | 'country'>,
    peer_group: string | undefined,
    aliases: readonly string[] = [],
  ): void => {
    mailboxes.push({
      address: `${isTaken(name) ? 'team-' : ''}${name}@${domain}`,
      aliases: aliases.filter((alias) => !isTaken(alias)).map((alias) => `${alias}@${domain}`),
      kind: peer_group === undefined ? 'service' : 'shared',
      peer_group,
      time_zone: at.time_zone,
      country: at.country,
    });
  };
  const head = people[0];
  if (head === undefined) return [];
  add('info', head, head.peer_group, ['contact', 'office']);
  if (people.length >= WITH_DEPARTMENTS) {
    for (const { name, mailbox } of departments) {
      const member = first.get(name);
      if (mailbox === undefined || member === undefined || (sizes.get(name) ?? 0) < MEMBERS)
        continue;
      add(`${mailbox}${regionOf(name)}`, member, name);
    }
    for (const [zone, person] of offices) add(`scanner.${cityOf(zone)}`, person, undefined);
  }
  if (people.length >= WITH_MACHINES) {
    add('no-reply', head, undefined);
    add('monitoring', head, undefined);
  }
  return mailboxes;
}

/** `.north` or `.north2` for departments that repeat by region. */
function regionOf(department: string): string {
  const [, region, lap] = / (North|South|West|East)(?: (\d+))?$/.exec(department) ?? [];
  return region === undefined ? '' : `.${region.toLowerCase()}${lap ?? ''}`;
}

function cityOf(time_zone: string): string {
  return slug(time_zone.slice(time_zone.lastIndexOf('/') + 1)) || 'office';
}
