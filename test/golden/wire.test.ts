import { expect, test } from 'vitest';
import {
  type Activity,
  background,
  createOrganisation,
  createWriter,
  type LogName,
  type MailActivity,
  type WriterOptions,
} from '#generators';

const START = Date.UTC(2024, 0, 8);
const DAYS = 20;
const organisation = createOrganisation({
  seed: 1,
  people: 40,
  peer_groups: 12,
  start: START,
  days: DAYS,
});

/** The first activities of each kind and outcome, so that every form of line is seen. */
function examples(): Activity[] {
  const wanted = new Map<string, number>();
  const found: Activity[] = [];
  const options = {
    start: START,
    days: 10 * DAYS,
    internal_mail: true,
    outbound_held: 0.05,
    outbound_bounced: 0.05,
    outbound_retried: 0.05,
    outbound_rejected: 0.05,
    inbox_rules_per_weekday: 0.02,
    inbox_rules_external: 0.4,
    clicks_malicious: 0.2,
    archive_looks_per_weekday: 0.5,
  };
  for (const activity of background(organisation, options)) {
    // Administrators act so seldom that theirs alone come from later days.
    if (activity.kind !== 'audit' && activity.time > START + DAYS * 86_400_000) continue;
    // A line for each of many recipients shows nothing new.
    if (activity.kind === 'mail' && activity.recipients.length > 3) continue;
    const kind =
      activity.kind === 'mail'
        ? `${activity.direction} ${fateOf(activity)} ${activity.attachments.length > 0} ${activity.automatic ?? false} ${clicksOf(activity)}`
        : activity.kind === 'audit'
          ? activity.audit_type
          : activity.kind === 'inbox-rule'
            ? `${activity.operation} ${activity.forward_to.length > 0}`
            : activity.kind;
    const seen = wanted.get(kind) ?? 0;
    if (seen >= 1) continue;
    wanted.set(kind, seen + 1);
    found.push(activity);
  }
  return found;
}

function fateOf({ outcome }: MailActivity): string {
  switch (outcome.kind) {
    case 'held':
      return `held ${outcome.reason} ${outcome.release_after !== undefined}`;
    case 'retried':
      return `retried ${outcome.error}`;
    case 'rejected':
    case 'bounced':
      return `${outcome.kind} ${outcome.type}`;
    default:
      return outcome.kind;
  }
}

function clicksOf({ clicks = [] }: MailActivity): string {
  const [click] = clicks;
  return click === undefined ? '' : click.malicious ? 'malicious click' : 'click';
}

const activities = examples();

/** Of thirty attempts that fail the first ones and the last show all there is. */
function isMiddleAttempt(text: string): boolean {
  const attempt = Number(/(?:"Attempt":|\|Attempt=|"deliveryAttempts":")(\d+)/.exec(text)?.[1]);
  const hasEnded = /(?:"Delivered":|\bDelivered=|"delivered":")true/.test(text) || attempt === 30;
  return attempt > 3 && !hasEnded;
}

/** Lines of some logs, at the times of the activities plus `shift`. */
const written = (
  options: Partial<WriterOptions>,
  logs: readonly LogName[],
  shift: number,
): string => {
  const writer = createWriter(organisation, { seed: 1, ...options });
  return activities
    .flatMap((activity) => writer.write({ ...activity, time: activity.time + shift }))
    .filter(({ log, text }) => logs.includes(log) && !isMiddleAttempt(text))
    .map(({ text }) => `${text}\n`)
    .join('');
};

const MAIL = ['receipt', 'process', 'delivery'] as const;
/** Into the later spelling of API 2.0. */
const YEARS = 560 * 86_400_000;

test.each([
  ['mimecast-v1.json.txt', { mail: 'v1-json' }, MAIL, 0],
  ['mimecast-v1.siem.txt', { mail: 'v1-kv', utc_offset: 60 }, MAIL, 0],
  ['mimecast-v2.json.txt', { mail: 'v2' }, MAIL, 0],
  ['mimecast-v2-later.json.txt', { mail: 'v2' }, MAIL, YEARS],
  ['mimecast-dlp.json.txt', { mail: 'dlp' }, ['dlp'], 0],
  ['mimecast-ttp-url.json.txt', {}, ['ttp_url'], 0],
  ['mimecast-archive-view.json.txt', {}, ['archive_view'], 0],
  ['mimecast-audit.json.txt', { utc_offset: -240 }, ['audit'], 0],
  ['microsoft-unified-audit.json.txt', {}, ['m365'], 0],
  ['proxy-web-activity.json.txt', {}, ['web'], 0],
] as const)('%s', async (file, options, logs, shift) => {
  const text = written(options, logs, shift);
  expect(text).not.toBe('');
  await expect(text).toMatchFileSnapshot(`./wire/${file}`);
});
