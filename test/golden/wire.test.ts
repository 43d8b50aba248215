import { expect, test } from 'vitest';
import {
  type Activity,
  background,
  createOrganisation,
  createWriter,
  type WriterOptions,
} from '#generators';

const START = Date.UTC(2024, 0, 8);
const organisation = createOrganisation({ seed: 1, people: 40, start: START, days: 20 });

/** The first activities of each kind and outcome, so that every form of line is seen. */
function examples(): Activity[] {
  const wanted = new Map<string, number>();
  const found: Activity[] = [];
  const options = {
    start: START,
    days: 20,
    internal_mail: true,
    outbound_held: 0.05,
    outbound_bounced: 0.05,
    outbound_retried: 0.05,
    outbound_rejected: 0.05,
    inbox_rules_external: 0.4,
  };
  for (const activity of background(organisation, options)) {
    const kind =
      activity.kind === 'mail'
        ? `${activity.direction} ${activity.outcome.kind} ${activity.attachments.length > 0} ${activity.automatic ?? false}`
        : activity.kind === 'audit'
          ? activity.audit_type
          : activity.kind;
    const seen = wanted.get(kind) ?? 0;
    if (seen >= 2) continue;
    wanted.set(kind, seen + 1);
    found.push(activity);
  }
  return found;
}

const activities = examples();

const written = (options: Partial<WriterOptions>, kinds: readonly Activity['kind'][]): string => {
  const writer = createWriter(organisation, { seed: 1, ...options });
  return activities
    .filter((activity) => kinds.includes(activity.kind))
    .flatMap((activity) => writer.write(activity))
    .map(({ text }) => `${text}\n`)
    .join('');
};

test.each([
  ['mimecast-v1.json.txt', { mail: 'v1-json' }, ['mail']],
  ['mimecast-v1.siem.txt', { mail: 'v1-kv', utc_offset: 60 }, ['mail']],
  ['mimecast-dlp.json.txt', { mail: 'dlp' }, ['mail']],
  ['mimecast-audit.json.txt', {}, ['audit']],
  ['microsoft-unified-audit.json.txt', {}, ['inbox-rule']],
  ['proxy-web-activity.json.txt', {}, ['web']],
] as const)('%s', async (file, options, kinds) => {
  await expect(written(options, kinds)).toMatchFileSnapshot(`./wire/${file}`);
});
