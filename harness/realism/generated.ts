import { type Activity, type MailActivity, type Organisation, utcOffset } from '#generators';
import { type Mail, type PersonFacts, type Source, surnameForms } from './mail.js';

const MINUTE = 60_000;

/** What is known of a generated organisation's people. Mailboxes that are nobody's own are left out. */
export function sourceOf(organisation: Organisation): Source {
  const facts = new Map(
    organisation.people.map(({ address, peer_group, last_name }): [string, PersonFacts] => [
      address,
      { peer_group, surnames: surnameForms(last_name) },
    ]),
  );
  return { clock: true, person: (name) => facts.get(name) };
}

/**
 * The mails among activities, as a gateway's log shows them: what was refused or held on its way in
 * is not there, what was refused on its way out is.
 */
export function* mailsOf(
  organisation: Organisation,
  activities: Iterable<Activity>,
): Generator<Mail, void, undefined> {
  const people = new Map(
    organisation.people.flatMap((person) =>
      [person.address, ...person.aliases].map((address) => [address, person] as const),
    ),
  );
  const nameOf = (address: string): string => people.get(address)?.address ?? address;
  for (const activity of activities) {
    if (activity.kind !== 'mail' || isLost(activity)) continue;
    const { time, direction, recipients, subject, body_bytes, attachments } = activity;
    const isInbound = direction === 'inbound';
    const sender = isInbound ? undefined : nameOf(activity.sender);
    // Whose clock: the sender's, or that of the first who gets it.
    const person = people.get(sender ?? recipients[0] ?? '');
    const offset = person === undefined ? 0 : utcOffset(person.time_zone, time);
    // The gateway refuses at once, before it has seen what the mail carries.
    const isSeen = activity.outcome.kind !== 'rejected';
    yield {
      time,
      local: time + offset * MINUTE,
      direction,
      sender,
      inside: direction === 'outbound' ? [] : recipients.map(nameOf),
      outside: isInbound ? [activity.sender] : direction === 'outbound' ? recipients : [],
      subject,
      body_bytes: isSeen ? body_bytes : undefined,
      bytes: undefined,
      files: isSeen ? attachments.map(({ name }) => name) : [],
      file_bytes: isSeen ? attachments.reduce((sum, { bytes }) => sum + bytes, 0) : undefined,
    };
  }
}

function isLost({ direction, outcome }: MailActivity): boolean {
  return direction === 'inbound' && (outcome.kind === 'rejected' || outcome.kind === 'held');
}
