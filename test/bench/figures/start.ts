import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { background, createOrganisation, createWriter, timeline } from '#generators';
import { packageRoot } from '../../../harness/package-root.js';
import type { Figure } from '../figure.js';
import { median } from '../measure.js';

const compiled = join(packageRoot, 'dist/harness/cli/main.js');

interface Outcome {
  /** Wall seconds from start to the first text on standard output, and to the end. */
  readonly first: number;
  readonly all: number;
}

/** Runs the command as a user does, from an empty start. */
function command(args: readonly string[]): Promise<Outcome> {
  const before = performance.now();
  const seconds = () => (performance.now() - before) / 1000;
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [compiled, ...args], {
      cwd: packageRoot,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let first = Number.NaN;
    child.stdout.on('data', () => {
      if (Number.isNaN(first)) first = seconds();
    });
    child.on('error', reject);
    // A drill whose gates fail ends with 1 and is a drill all the same.
    child.on('close', (code) =>
      code === 0 || code === 1
        ? resolve({ first, all: seconds() })
        : reject(new Error(`leakdrill ${args.join(' ')} ended with ${code}`)),
    );
  });
}

async function thrice(args: readonly string[], of: keyof Outcome): Promise<number> {
  const seconds: number[] = [];
  for (let round = 0; round < 3; round += 1) seconds.push((await command(args))[of]);
  return median(seconds);
}

/** Wall times of the program itself; they need the compiled output that npm run bench makes. */
export async function start(drillPeople: number): Promise<Figure[]> {
  if (!existsSync(compiled)) throw new Error('compile first: npm run bench does so');
  const from = Date.UTC(2024, 0, 1);
  const organisation = createOrganisation({ seed: 1, people: 50, start: from, days: 30 });
  const writer = createWriter(organisation, { mail: 'v1-json', seed: 1 });
  const activities = background(organisation, { start: from, days: 30 });
  function* tagged() {
    for (const activity of activities) yield { activity, tag: 0 };
  }
  const texts = [...timeline([tagged()], writer)].map(({ text }) => text);
  const folder = await mkdtemp(join(tmpdir(), 'leakdrill-bench-'));
  const file = join(folder, 'log.json');
  await writeFile(file, `${texts.join('\n')}\n`);
  const domains = organisation.domains.flatMap((domain) => ['--internal-domain', domain]);
  const first = await thrice(['replay', file, '--out', '-', ...domains], 'first');
  const drill = await thrice(['drill', '--plain', '--people', String(drillPeople)], 'all');
  await rm(folder, { recursive: true });
  return [
    {
      name: 'start to first trigger of a replay',
      value: first,
      unit: 's wall',
      must: 1,
      lower_is_better: true,
      over: `${texts.length.toLocaleString('en-US')} lines in the file`,
    },
    {
      name: 'default drill, start to report',
      value: drill,
      unit: 's wall',
      must: 8,
      lower_is_better: true,
      over: `${drillPeople} people, 210 days`,
    },
  ];
}
