import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ContentPack, loadContent } from '#content';
import { compile, createEngine, type Engine, type Trigger } from '#engine';
import { scenarios } from '#scenarios';
import {
  type EmitOptions,
  emit,
  type PreparedEmission,
  prepareEmission,
} from '../../../../harness/emit/emission.js';
import { FolderReceiver, fileReceiver, type MailFormat } from '../../../../harness/emit/files.js';
import type { Receiver } from '../../../../harness/emit/receiver.js';
import { openInput } from '../../../../harness/input.js';
import { simulate } from '../../../../harness/stages/2-simulate.js';
import { fastClock } from './kit.js';

const loaded = await loadContent(fileURLToPath(new URL('../../../../content', import.meta.url)));
const pack = loaded.pack as ContentPack;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'leakdrill-replay-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const base = prepareEmission({
  seed: 6,
  people: 30,
  peer_groups: 4,
  history_days: 5,
  test_days: 3,
  start: Date.UTC(2024, 0, 1),
  scenarios,
  instances: 1,
  internal_mail: false,
  format: 'v1-json',
  pack,
  version: '0.0.0',
  command: '',
  layout: 'stream',
} satisfies EmitOptions);
const prepare = (format: MailFormat): PreparedEmission => ({
  ...base,
  options: { ...base.options, format },
});

const compiled = compile([pack], base.plan.directory);
if (!compiled.ok) throw new Error('the content does not compile');
const { program } = compiled;

/** What fired, for whom and when; v1 times are whole seconds. */
const told = ({ rule, user, time }: Trigger): string =>
  `${new Date(Math.floor(time / 1000) * 1000).toISOString()} ${user} ${rule}`;

async function triggersOf(
  feed: (engine: Engine) => Promise<void> | void,
): Promise<{ triggers: string[]; engine: Engine }> {
  const triggers: string[] = [];
  const engine = createEngine(program, {
    trigger: (trigger) => triggers.push(told(trigger)),
  });
  await feed(engine);
  engine.finish();
  return { triggers: triggers.sort(), engine };
}

const known = new Map<MailFormat, Promise<string[]>>();
function drilled(format: MailFormat): Promise<string[]> {
  const { plan, options } = prepare(format);
  const triggers =
    known.get(format) ??
    triggersOf((engine) => {
      engine.push([...simulate(plan, options).lines]);
    }).then((found) => found.triggers);
  known.set(format, triggers);
  return triggers;
}

async function replayed(prepared: PreparedEmission, receiver: Receiver, files: string) {
  await emit(prepared, {
    receiver,
    label: () => undefined,
    pace: {},
    clock: fastClock,
    signal: new AbortController().signal,
  });
  return triggersOf(async (engine) => {
    const input = openInput([files], { cwd: folder, stdin: Readable.from([]) });
    for await (const batch of input.batches) engine.push(batch);
  });
}

describe.each(['v1-json', 'v1-kv', 'v2', 'dlp'] as const)(
  'a drill that is emitted as %s',
  (format) => {
    const prepared = prepare(format);
    let straight: string[];
    beforeAll(async () => {
      straight = await drilled(format);
      expect(straight.length).toBeGreaterThan(format === 'dlp' ? 3 : 30);
    });

    it('fires the same rules when its file is replayed', async () => {
      const path = join(folder, `${format}.log`);
      const { triggers, engine } = await replayed(prepared, fileReceiver(path, path, false), path);
      expect(triggers).toEqual(straight);
      expect(engine.unparsed).toEqual([]);
    });

    it('fires the same rules when its folder of rolled files is replayed', async () => {
      const root = join(folder, format);
      const receiver = new FolderReceiver(root, root, true, format);
      const { triggers, engine } = await replayed(prepared, receiver, join(root, '*.gz'));
      expect(triggers).toEqual(straight);
      expect(engine.unparsed).toEqual([]);
    });
  },
);

describe('formats that carry the same facts', () => {
  it('fire the same rules', async () => {
    const json = await drilled('v1-json');
    expect(await drilled('v1-kv')).toEqual(json);
    expect(await drilled('v2')).toEqual(json);
  });
});
