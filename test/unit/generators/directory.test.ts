import { describe, expect, test } from 'vitest';
import { background, type DirectoryEntry, organisationFrom } from '#generators';

const START = Date.UTC(2024, 0, 1);
const options = { seed: 1, start: START, domains: ['acme.test'] };
const entries: DirectoryEntry[] = [
  { user: 'ann.meyer@acme.test', peer_group: 'Sales EMEA', aliases: ['am@acme.test'] },
  {
    user: 'bob@acme.test',
    first_name: 'Bob',
    last_name: 'Stone',
    peer_group: 'R&D',
    manager: 'am@acme.test',
    country: 'DE',
    personal: ['bob@gmx.de'],
  },
  {
    user: 'cleo_o-neil7@acme.test',
    manager: 'bob@acme.test',
    country: 'US',
    time_zone: 'America/Denver',
    hired: Date.UTC(2024, 0, 10),
    left: Date.UTC(2024, 1, 1),
  },
  {
    user: 'sales@acme.test',
    kind: 'shared',
    peer_group: 'Sales EMEA',
    aliases: ['info@acme.test'],
  },
  { user: 'mfp-scan@acme.test', kind: 'service' },
];

describe('an organisation from a list', () => {
  const org = organisationFrom(entries, options);

  test('has its people in order, with what the list says of them', () => {
    const [ann, bob, cleo] = org.people;
    expect(org.people).toHaveLength(3);
    expect(ann).toMatchObject({
      index: 0,
      first_name: 'Ann',
      last_name: 'Meyer',
      superior: undefined,
    });
    expect(bob).toMatchObject({
      first_name: 'Bob',
      superior: 0,
      personal: ['bob@gmx.de'],
      time_zone: 'Europe/Berlin',
      country: 'DE',
    });
    expect(cleo).toMatchObject({
      first_name: 'Cleo',
      last_name: 'Neil',
      superior: 1,
      peer_group: 'Staff',
      time_zone: 'America/Denver',
      hired: Date.UTC(2024, 0, 10),
    });
    expect(org.peer_groups).toEqual(['Sales EMEA', 'R&D', 'Staff']);
    expect(org.name).toBe('Acme');
  });

  test('takes those at the top for executives only where the list names none', () => {
    expect(org.people.map(({ executive }) => executive)).toEqual([true, false, false]);
    const named = entries.map((one) => ({ ...one, executive: one.user.startsWith('bob') }));
    const other = organisationFrom(named, options);
    expect(other.people.map(({ executive }) => executive)).toEqual([false, true, false]);
  });

  test('has the mailboxes of the list and no others', () => {
    expect(
      org.mailboxes.map(({ address, kind, peer_group }) => [address, kind, peer_group]),
    ).toEqual([
      ['sales@acme.test', 'shared', 'Sales EMEA'],
      ['mfp-scan@acme.test', 'service', undefined],
    ]);
  });

  test('is the same again, and its people behave like those of the departments they resemble', () => {
    expect(organisationFrom(entries, options)).toEqual(org);
    const many = Array.from({ length: 60 }, (_, i) => ({
      user: `p${i}@acme.test`,
      peer_group: i % 2 === 0 ? 'Vertrieb' : 'Software Development',
    }));
    const shares = organisationFrom(many, options).people.map((one) => one.external_share);
    const mean = (rest: number): number =>
      shares.filter((_, i) => i % 2 === rest).reduce((a, b) => a + b, 0) / 30;
    expect(mean(0)).toBeGreaterThan(mean(1));
  });

  test('lives: people, shared mailboxes and machines send mail from their own addresses', () => {
    const inside = new Set(entries.flatMap(({ user, aliases = [] }) => [user, ...aliases]));
    const senders = new Set<string>();
    let last = 0;
    for (const act of background(org, { start: START, days: 60, internal_mail: true })) {
      if (act.kind !== 'mail' || act.direction === 'inbound') continue;
      senders.add(act.sender);
      if (act.sender === 'cleo_o-neil7@acme.test') last = act.time;
    }
    for (const sender of senders) expect(inside).toContain(sender);
    expect(senders).toContain('sales@acme.test');
    expect(senders).toContain('mfp-scan@acme.test');
    expect(last).toBeLessThan(Date.UTC(2024, 1, 2, 12));
  });

  test('needs people and a domain', () => {
    expect(() => organisationFrom([], options)).toThrow('needs people');
    expect(() => organisationFrom(entries, { ...options, domains: [] })).toThrow('needs a domain');
  });
});
