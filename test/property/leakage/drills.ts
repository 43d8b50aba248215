/** Lines of seeded drills: those of deeds, and those of the background that are like them. */

import { type LogName, randomStream } from '#generators';
import { scenarios } from '#scenarios';
import { plan } from '../../../harness/stages/1-plan.js';
import { simulate } from '../../../harness/stages/2-simulate.js';
import type { Example } from './classifier.js';
import { masked, stratumOf } from './mask.js';

export const FORMATS = ['v1-json', 'v1-kv', 'v2', 'dlp'] as const;
export type Format = (typeof FORMATS)[number];
export const SEEDS = [1, 2];
/** Background lines for each line of a deed, of the same stratum. */
const PER_POSITIVE = 4;

export interface Line {
  readonly id: number;
  readonly time: number;
  readonly log: LogName;
  readonly text: string;
  readonly stratum: string;
  readonly message_id: string | undefined;
  readonly unit: string;
  /** The instance whose deed it is of. */
  readonly instance: string | undefined;
  readonly outOfOrder: boolean;
  readonly doubled: boolean;
}

const planned = new Map(
  SEEDS.map((seed) => {
    const options = {
      seed,
      people: 80,
      peer_groups: 4,
      history_days: 40,
      test_days: 21,
      start: Date.UTC(2024, 0, 1),
      scenarios,
      instances: 4,
      internal_mail: false,
      competitors: ['rival.example'],
    };
    return [seed, plan(options)] as const;
  }),
);

/** Lines of the days under test. Before them there are no deeds, so the day alone would tell. */
export function linesOf(seed: number, format: Format): readonly Line[] {
  const key = `${seed} ${format}`;
  const lines = made.get(key) ?? makeLines(seed, format);
  made.set(key, lines);
  return lines;
}

const made = new Map<string, readonly Line[]>();

function makeLines(seed: number, format: Format): Line[] {
  const drill = planned.get(seed);
  if (drill === undefined) throw new Error('no plan');
  const simulation = simulate(drill, { seed, internal_mail: false, format });
  const lines: Line[] = [];
  const seen = new Set<string>();
  const directions = new Map<string, string>();
  let latest = 0;
  for (const { id, text, log, message_id } of simulation.lines) {
    const time = simulation.moment();
    const outOfOrder = time < latest;
    latest = Math.max(latest, time);
    if (time < drill.test.start) continue;
    const label = simulation.labels.get(id);
    const doubled = seen.has(text);
    seen.add(text);
    const direction = DIRECTION.exec(text)?.[1];
    if (message_id !== undefined && direction !== undefined)
      directions.set(message_id, direction.toLowerCase());
    lines.push({
      id,
      time,
      log,
      text,
      stratum: stratumOf(log, text),
      message_id,
      // A page that is refused is tried again, with the same answer: one visit.
      unit: `${seed} ${message_id ?? CODE.exec(text)?.[1] ?? (label ? id : (/"url":"([^"]*)"/.exec(text)?.[1] ?? id))}`,
      instance: label && `${seed} ${drill.instances[label.instance]?.id}`,
      outOfOrder,
      doubled,
    });
  }
  // Process records do not say which way a mail goes; those of its receipts do.
  return lines.map((line) => ({
    ...line,
    stratum: `${line.stratum} ${seed} ${directions.get(line.message_id ?? '') ?? ''}`,
  }));
}

/** Of mail that is refused before its header, which has no other id. */
const CODE = /(?:"(?:aCode|aggregateId)":"|aCode=)([\w-]{22})/;
const DIRECTION = /(?:"(?:Dir|direction|route)":"|\|Dir=)(Inbound|Outbound|Internal)/i;

/** The lines of deeds, and lines of the background that are like them. */
function matched(lines: readonly Line[], seed: number): { deeds: Line[]; background: Line[] } {
  const random = randomStream(seed, 'matched');
  const deeds = lines.filter(({ instance }) => instance !== undefined);
  const wanted = new Map<string, number>();
  for (const { stratum } of deeds) wanted.set(stratum, (wanted.get(stratum) ?? 0) + PER_POSITIVE);
  const background: Line[] = [];
  for (const line of random.shuffle(lines)) {
    const left = wanted.get(line.stratum) ?? 0;
    if (line.instance !== undefined || left === 0) continue;
    wanted.set(line.stratum, left - 1);
    background.push(line);
  }
  return { deeds, background };
}

const drawn = new Map<Format, { deeds: Line[]; background: Line[] }>();
export function samples(format: Format): { deeds: Line[]; background: Line[] } {
  let both = drawn.get(format);
  if (both === undefined) {
    both = { deeds: [], background: [] };
    for (const seed of SEEDS) {
      const { deeds, background } = matched(linesOf(seed, format), seed);
      both.deeds.push(...deeds);
      both.background.push(...background);
    }
    drawn.set(format, both);
  }
  return both;
}

/**
 * Examples of the logs that `wanted` names. `spoil` rewrites the lines of deeds: a leak that is planted.
 */
export function examplesOf(
  format: Format,
  wanted: (log: LogName) => boolean,
  spoil = (line: Line): string => line.text,
): Example[] {
  const { deeds, background } = samples(format);
  const example = (line: Line, text: string): Example => ({
    text: masked(line.log, text),
    positive: line.instance !== undefined,
    stratum: line.stratum,
    group: line.instance ?? line.unit,
    unit: line.unit,
  });
  return [
    ...deeds.filter(({ log }) => wanted(log)).map((line) => example(line, spoil(line))),
    ...background.filter(({ log }) => wanted(log)).map((line) => example(line, line.text)),
  ];
}
