import { loadContent } from '#content';
import { createOrganisation, type Organisation, type OrganisationOptions } from '#generators';
import { builtInContent } from '../../../../harness/package-root.js';
import type { Mail } from '../../../../harness/realism/mail.js';
import { measureTables } from '../../../../harness/realism/play.js';

export const DAY = 86_400_000;
export const HOUR = 3_600_000;
export const MONDAY = Date.UTC(2024, 0, 1);

const { pack: loaded } = await loadContent(builtInContent);
if (!loaded) throw new Error('the built-in content has errors');
export const pack = loaded;
export const tables = measureTables(pack);

/** A mail of Ann's to Bob, with what the test is about changed. */
export function mail(changes: Partial<Mail> = {}): Mail {
  const time = changes.time ?? MONDAY + 9 * HOUR;
  return {
    time,
    local: time,
    direction: 'internal',
    sender: 'ann@corp.example',
    inside: ['bob@corp.example'],
    outside: [],
    subject: 'Plan',
    body_bytes: undefined,
    bytes: undefined,
    files: [],
    file_bytes: undefined,
    ...changes,
  };
}

export const everybody = {
  clock: true,
  person: (): { peer_group: string; surnames: readonly string[] } => ({
    peer_group: 'Sales',
    surnames: ['meyer'],
  }),
};

export const known = { clock: true, without: { clock: '', departments: '', names: '' } };

export function organisation(changes: Partial<OrganisationOptions> = {}): Organisation {
  return createOrganisation({
    seed: 5,
    people: 40,
    peer_groups: 4,
    start: MONDAY,
    days: 60,
    mails_per_weekday: 6,
    ...changes,
  });
}
