import { EventEmitter } from 'node:events';
import { PassThrough, Writable } from 'node:stream';
import { expect, test } from 'vitest';
import type { RunEvent } from '../../harness/events.js';
import { startTui } from '../../harness/tui/index.js';
import { fixtureEvents, fixtureResult } from './fixture-result.js';

const enter = '\x1b[?1049h';
const leave = '\x1b[?1049l';

/** A terminal as far as the TUI can tell. */
class Screen extends Writable {
  readonly isTTY = true;
  columns = 80;
  rows = 24;
  written = '';
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.written += chunk.toString();
    done();
  }
}

class Keyboard extends PassThrough {
  isTTY = true;
  raw = false;
  setRawMode(raw: boolean): this {
    this.raw = raw;
    return this;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
}

/** A run that tells what the test wants, with the TUI in front of it. */
class Session {
  readonly screen = new Screen();
  readonly keyboard = new Keyboard();
  readonly ended: Promise<void>;
  aborts = 0;
  listeners: ((event: RunEvent) => void)[] = [];

  constructor(options: { signal?: AbortSignal; isTTY?: boolean } = {}) {
    this.keyboard.isTTY = options.isTTY ?? true;
    this.ended = startTui({
      subscribe: (listener) => {
        this.listeners.push(listener);
        return () => {
          this.listeners = [];
        };
      },
      abort: () => {
        this.aborts++;
      },
      stdout: this.screen as unknown as NodeJS.WriteStream,
      stdin: this.keyboard as unknown as NodeJS.ReadStream,
      ...(options.signal ? { signal: options.signal } : {}),
    });
  }

  tell(event: RunEvent): void {
    for (const listener of this.listeners) listener(event);
  }

  /** Resolves when the UI takes keys. */
  async drawn(): Promise<void> {
    while (!this.keyboard.raw) await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const watched = ['SIGINT', 'SIGTERM', 'exit', 'uncaughtExceptionMonitor'] as const;
const listening = (): number[] => watched.map((name) => process.listenerCount(name));

test('q stops a run that goes and leaves the terminal as it was', async () => {
  // The first import of the UI adds listeners of its libraries that stay.
  const first = new Session();
  await first.drawn();
  first.keyboard.write('q');
  await first.ended;
  const before = listening();
  const session = new Session();
  for (const event of fixtureEvents().slice(0, 20)) session.tell(event);
  await session.drawn();
  expect(session.screen.written).toContain(enter);
  session.keyboard.write('q');
  await session.ended;
  expect(session.aborts).toBe(1);
  expect(session.screen.written.endsWith(`${leave}\x1b[?25h`)).toBe(true);
  expect(session.screen.written.split(leave)).toHaveLength(2);
  expect(session.keyboard.raw).toBe(false);
  expect(session.listeners).toHaveLength(0);
  expect(session.screen.listenerCount('resize')).toBe(0);
  expect(listening()).toEqual(before);
});

test('after the run has finished q aborts nothing', async () => {
  const session = new Session();
  session.tell({ event: 'finished', result: fixtureResult });
  await session.drawn();
  session.keyboard.write('2jq');
  await session.ended;
  expect(session.aborts).toBe(0);
});

test.each(['SIGINT', 'SIGTERM'] as const)('%s ends it as q does', async (signal) => {
  const session = new Session();
  await session.drawn();
  EventEmitter.prototype.emit.call(process, signal);
  await session.ended;
  expect(session.aborts).toBe(1);
  expect(session.screen.written).toContain(leave);
});

test('a run that failed closes it without being aborted', async () => {
  const failed = new AbortController();
  const session = new Session({ signal: failed.signal });
  await session.drawn();
  failed.abort();
  await session.ended;
  expect(session.aborts).toBe(0);
  expect(session.screen.written).toContain(leave);
});

test('a run that failed before anything was drawn leaves the terminal untouched', async () => {
  const session = new Session({ signal: AbortSignal.abort() });
  await session.ended;
  expect(session.screen.written).toBe('');
});

test('an uncaught exception restores the terminal before it is printed', async () => {
  const session = new Session();
  await session.drawn();
  EventEmitter.prototype.emit.call(process, 'uncaughtExceptionMonitor', new Error('boom'));
  expect(session.screen.written.endsWith(`${leave}\x1b[?25h`)).toBe(true);
  session.keyboard.write('q');
  await session.ended;
  expect(session.screen.written.split(leave)).toHaveLength(2);
});

test('it rejects and restores when it cannot draw', async () => {
  const session = new Session({ isTTY: false });
  await expect(session.ended).rejects.toThrow(/Raw mode/);
  expect(session.screen.written.endsWith(`${leave}\x1b[?25h`)).toBe(true);
});
