import type { ContentPack } from '#content';
import { background, createOrganisation, type Profile } from '#generators';
import { mailsOf, sourceOf } from './generated.js';
import { Measurement, type MeasureOptions, type Statistics } from './measure.js';

/** Monday 2024-01-01, the first day of a drill too. */
const START = Date.UTC(2024, 0, 1);

export interface PlayOptions {
  readonly seed: number;
  readonly people: number;
  readonly peer_groups: number;
  readonly days: number;
  /** Default: the profile's. */
  readonly mails_per_weekday?: number | undefined;
  readonly external_share?: number | undefined;
  /** Default: the default profile. */
  readonly profile?: Profile | undefined;
  readonly internal_mail: boolean;
}

/** Generates an organisation's mail, without writing a line of it, and measures it. */
export function play(options: PlayOptions, tables: MeasureOptions): Statistics {
  const { seed, people, peer_groups, days, internal_mail, ...rest } = options;
  const organisation = createOrganisation({
    seed,
    people,
    peer_groups,
    start: START,
    days,
    ...given(rest),
  });
  const measurement = new Measurement(sourceOf(organisation), tables);
  const activities = background(organisation, { start: START, days, internal_mail });
  for (const mail of mailsOf(organisation, activities)) measurement.add(mail);
  return measurement.finish();
}

/** Options without those that are present but undefined. */
function given<T extends object>(options: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as never;
}

/** What a measurement asks of the content's tables. */
export function measureTables(pack: ContentPack): MeasureOptions {
  const members = (table: string): ReadonlySet<string> =>
    new Set(pack.tables.find(({ id }) => id === table)?.members ?? []);
  return { consumer: members('public_email_domains'), generic: members('generic_cctlds') };
}
