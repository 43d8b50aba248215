/**
 * A large organisation's log, made line by line and thrown away: `stream.js PEOPLE DAYS`. Prints
 * {first, all, lines, peak}: wall seconds to the first line and to the end, and the most memory that
 * the process had, in bytes. A process of its own, since memory is measured.
 */
import { background, createOrganisation, createWriter, timeline } from '#generators';

export interface Streamed {
  readonly first: number;
  readonly all: number;
  readonly lines: number;
  readonly peak: number;
}

const [people = 0, days = 0] = process.argv.slice(2).map(Number);
const start = Date.UTC(2024, 0, 1);
const before = performance.now();
const seconds = (): number => (performance.now() - before) / 1000;
const organisation = createOrganisation({ seed: 1, people, days, start });
const writer = createWriter(organisation, { mail: 'v1-json', seed: 1 });
function* tagged() {
  for (const activity of background(organisation, { start, days })) yield { activity, tag: 0 };
}
let first = Number.NaN;
let lines = 0;
for (const _ of timeline([tagged()], writer)) {
  if (lines === 0) first = seconds();
  lines += 1;
}
const found: Streamed = {
  first,
  all: seconds(),
  lines,
  peak: process.resourceUsage().maxRSS * 1024,
};
process.stdout.write(JSON.stringify(found));
