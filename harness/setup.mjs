// Makes a checkout ready to run: packages, generated types' freshness is a test's job, compiled output.
// Without dependencies of its own, since it runs before any are there. Speaks on stderr only.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const say = (text) => process.stderr.write(`leakdrill: ${text}\n`);

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  say(
    `needs Node 20.19 or newer, this is ${process.versions.node}. Install a newer Node and try again.`,
  );
  process.exit(3);
}

const digest = (text) => createHash('sha256').update(text).digest('hex');
const same = (file, text) => existsSync(file) && readFileSync(file, 'utf8') === text;

function run(command, args, what) {
  // stdout is left to the program that runs after us.
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (status === 0) return;
  say(
    `${what} failed${error ? `: ${error.message}` : ''}. The messages above say why; then run the same command again.`,
  );
  process.exit(3);
}

const lock = `${digest(readFileSync(join(root, 'package-lock.json')))} ${process.versions.node}`;
const lockStamp = join(root, 'node_modules', '.leakdrill-lock');
if (!same(lockStamp, lock)) {
  say('installing packages (first start or changed lockfile; takes about a minute)');
  run('npm', ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'], 'npm ci');
  writeFileSync(lockStamp, lock);
}

/** What tells that a file has changed, for all files of the folders whose names match. */
function stampOf(folders, pattern) {
  const found = [];
  const walk = (folder) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) walk(path);
      else if (pattern.test(entry.name)) {
        const { mtimeMs, size } = statSync(path);
        found.push(`${path} ${mtimeMs} ${size}`);
      }
    }
  };
  for (const folder of folders) walk(join(root, folder));
  return found.sort().join('\n');
}

function unlessStamped(name, stamp, work) {
  const file = join(root, 'dist', name);
  if (same(file, stamp)) return;
  work();
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, stamp);
}

if (process.argv.includes('--build')) {
  const sources = stampOf(
    ['content', 'engine', 'generators', 'scenarios', 'harness', 'test'],
    /\.tsx?$/,
  );
  const compiled = digest(
    [sources, readFileSync(join(root, 'tsconfig.json'), 'utf8'), lock].join('\n'),
  );
  unlessStamped('.leakdrill-build', compiled, () => {
    say('compiling');
    run(
      process.execPath,
      [join('node_modules', 'tsc7', 'bin', 'tsc'), '-p', 'tsconfig.json'],
      'compiling',
    );
  });
  // Only saves time: what has changed without a new stamp is read anew at each start.
  const content = stampOf(['content'], /\.(yaml|json)$/);
  unlessStamped('.leakdrill-content', digest(`${content}\n${compiled}`), () =>
    run(
      process.execPath,
      [join('dist', 'harness', 'codegen', 'memory.js')],
      'reading the content ahead',
    ),
  );
}
