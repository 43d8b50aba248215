import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Figure } from '../figure.js';
import type { Streamed } from '../stream.js';

/** MB; Node takes what memory there is before it collects garbage, so it is told how much it may. */
const HEAP = 512;

/** Whether a large organisation begins soon and its log takes no more memory with every day. */
export async function scale(people: number, days: number): Promise<Figure[]> {
  const script = new URL('../stream.js', import.meta.url).pathname;
  const { stdout } = await promisify(execFile)(process.execPath, [
    `--max-old-space-size=${HEAP}`,
    script,
    ...[people, days].map(String),
  ]);
  const { first, all, lines, peak } = JSON.parse(stdout) as Streamed;
  const over = `${people.toLocaleString('en-US')} people, ${days} days, ${lines.toLocaleString('en-US')} lines in ${Math.round(all)} s; heap of at most ${HEAP} MB`;
  return [
    {
      name: 'organisation to first line',
      value: first,
      unit: 's wall',
      must: 5,
      lower_is_better: true,
      over,
    },
    {
      name: 'memory of the process, at most',
      value: peak / 1e6,
      unit: 'MB',
      must: 1000,
      lower_is_better: true,
      over,
    },
  ];
}
