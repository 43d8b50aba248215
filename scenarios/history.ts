import type { Activity, MailActivity, Organisation, Person } from '#generators';

/** What a person, or a peer group together, did in the history, as far as casting may care. */
export interface History {
  /** Mails that left, and those that were to leave and did not. */
  readonly external_mails: number;
  readonly failed_mails: number;
  /** Domains outside that the person wrote to. */
  readonly domains: number;
  /** Pairs of such a domain and a day. */
  readonly domain_days: number;
  /** Kinds of attached files, and pairs of such a kind and a mail. */
  readonly file_types: number;
  readonly file_type_mails: number;
  /** Mails to the sender's own mailboxes, or to ones that bear the sender's name. */
  readonly own_mailbox_mails: number;
  /** Web requests and clicks in mail that were refused. */
  readonly refused_requests: number;
}

/**
 * How far the next domain is likely to be a known one: 1 − domains / domain_days. A model that
 * waits for 80 % of repeats knows the person once this passes 0.8, which takes some hundred mails
 * and comes sooner to people with few partners than to the busiest.
 */
export function domainRepeats({ domains, domain_days }: History): number {
  return domain_days === 0 ? 0 : 1 - domains / domain_days;
}

/** The same for kinds of attached files. */
export function fileTypeRepeats({ file_types, file_type_mails }: History): number {
  return file_type_mails === 0 ? 0 : 1 - file_types / file_type_mails;
}

const DAY = 86_400_000;

const NONE: History = {
  external_mails: 0,
  failed_mails: 0,
  domains: 0,
  domain_days: 0,
  file_types: 0,
  file_type_mails: 0,
  own_mailbox_mails: 0,
  refused_requests: 0,
};

type Counts = { -readonly [Key in keyof History]: number };

interface Gathered {
  readonly counts: Counts;
  /** Domain → day on which it was last written to. */
  readonly lastDays: Map<string, number>;
  readonly fileTypes: Set<string>;
}

/** Goes through activities in time order; counts for each person, and by name for each peer group. */
export function gatherHistory(
  activities: Iterable<Activity>,
  { people, domains }: Organisation,
): (of: Person | string) => History {
  const owners = new Map<string, Person>();
  for (const person of people)
    for (const address of [person.address, ...person.aliases]) owners.set(address, person);
  const gathered = new Map<Person | string, Gathered>();
  const of = (who: Person | string): Gathered => {
    let found = gathered.get(who);
    if (!found) {
      found = { counts: { ...NONE }, lastDays: new Map(), fileTypes: new Set() };
      gathered.set(who, found);
    }
    return found;
  };
  for (const activity of activities) {
    if (activity.kind === 'web') {
      const person = owners.get(activity.user);
      if (!person) continue;
      for (const who of [person, person.peer_group]) of(who).counts.refused_requests++;
    } else if (activity.kind === 'mail' && activity.direction === 'outbound') {
      const person = owners.get(activity.sender);
      if (!person) continue;
      for (const who of [person, person.peer_group]) addMail(of(who), activity, person, domains);
    } else if (activity.kind === 'mail' && activity.clicks) {
      for (const { recipient, malicious } of activity.clicks) {
        const person = malicious ? owners.get(recipient) : undefined;
        if (!person) continue;
        for (const who of [person, person.peer_group]) of(who).counts.refused_requests++;
      }
    }
  }
  return (who) => gathered.get(who)?.counts ?? NONE;
}

function addMail(
  { counts, lastDays, fileTypes }: Gathered,
  { time, recipients, attachments, outcome }: MailActivity,
  person: Person,
  inside: readonly string[],
): void {
  if (outcome.kind !== 'delivered' && outcome.kind !== 'retried') {
    counts.failed_mails++;
    return;
  }
  counts.external_mails++;
  const day = Math.floor(time / DAY);
  for (const recipient of recipients) {
    const domain = recipient.slice(recipient.lastIndexOf('@') + 1);
    if (inside.includes(domain) || lastDays.get(domain) === day) continue;
    lastDays.set(domain, day);
    counts.domain_days++;
  }
  counts.domains = lastDays.size;
  const types = new Set(attachments.map(({ name }) => name.slice(name.lastIndexOf('.') + 1)));
  for (const type of types) fileTypes.add(type);
  counts.file_type_mails += types.size;
  counts.file_types = fileTypes.size;
  if (recipients.some((recipient) => isOwn(recipient, person))) counts.own_mailbox_mails++;
}

function isOwn(recipient: string, { personal, last_name }: Person): boolean {
  if (personal.includes(recipient)) return true;
  const plain = last_name.toLowerCase().replace(/[^a-z]/g, '');
  return plain.length > 3 && recipient.slice(0, recipient.lastIndexOf('@')).includes(plain);
}
