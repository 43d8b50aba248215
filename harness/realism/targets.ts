import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../package-root.js';
import type { TenureBin } from './measure.js';

/** A number that corpora of real mail have, with the band in which it should lie. */
interface BandTarget {
  readonly target: number;
  readonly lo: number;
  readonly hi: number;
  /** What the band is: the spread between corpora, a bootstrap, or judgement. */
  readonly band: string;
  readonly source: string;
  /** Its definition. */
  readonly note?: string;
}

/** A shape: shares that add up to one. */
interface ShapeTarget {
  readonly target: readonly number[];
  /** The same of a second corpus. */
  readonly alt_enron_us: readonly number[];
  readonly source: string;
}

export interface Targets {
  readonly bands: ReadonlyMap<string, BandTarget>;
  readonly hours: ShapeTarget;
  readonly weekdays: ShapeTarget;
  readonly tenure: {
    readonly target: Readonly<
      Record<
        TenureBin,
        {
          readonly n: number;
          readonly user_first_domain: number;
          readonly dept_first_domain: number;
          readonly org_first_domain: number;
          readonly user_first_address: number;
        }
      >
    >;
    readonly source: string;
  };
  readonly growth: {
    readonly target: {
      readonly events: number;
      readonly heaps_beta: number;
      readonly heaps_K: number;
      readonly new_per_event_by_segment: Readonly<Record<string, number>>;
    };
    readonly source: string;
  };
  readonly extensions: {
    readonly target: Readonly<Record<string, readonly [share: number, files: number]>>;
    readonly source: string;
  };
  /** Ids of all targets in the order of the file. */
  readonly ids: readonly string[];
}

/** The targets that lie beside this file. */
export function readTargets(): Targets {
  const path = join(packageRoot, 'harness', 'realism', 'targets.json');
  const all = JSON.parse(readFileSync(path, 'utf8')) as Record<string, { lo?: number }>;
  const shape = <T>(id: string): T => all[id] as unknown as T;
  return {
    bands: new Map(
      Object.entries(all)
        .filter(([, { lo }]) => lo !== undefined)
        .map(([id, target]) => [id, target as unknown as BandTarget]),
    ),
    hours: shape('activity.hour_share_weekday'),
    weekdays: shape('activity.dow_share_mon_sun'),
    tenure: shape('external.first_seen_by_tenure_days'),
    growth: shape('external.org_level_heaps'),
    extensions: shape('attach.extension_share'),
    ids: Object.keys(all),
  };
}
