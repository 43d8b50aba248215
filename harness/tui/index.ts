/** The terminal UI. Entry without React: its build is chosen when it is first imported. */
import type { RunEvent } from '../events.js';
import type { TechniqueName } from './shape.js';
import { createStore } from './store.js';

export interface TuiOptions {
  /** Called once, before anything is drawn; returns the way to stop listening. */
  subscribe(listener: (event: RunEvent) => void): () => void;
  /** Called at most once, when the user quits or a signal comes before the run has finished. */
  abort(): void;
  /** Techniques to list before anything of them is caught. */
  readonly techniques?: readonly TechniqueName[];
  /** Closes the UI, for a run that failed. */
  readonly signal?: AbortSignal;
  /** Default true; the caller knows about NO_COLOR. */
  readonly color?: boolean;
  /** Must be a terminal. Default process.stdout. */
  readonly stdout?: NodeJS.WriteStream;
  /** Must be a terminal. Default process.stdin. */
  readonly stdin?: NodeJS.ReadStream;
}

const enter = '\x1b[?1049h\x1b[H';
const leave = '\x1b[?1049l\x1b[?25h';

/**
 * Shows a run while it goes and then its result, on the alternate screen, until the user quits.
 * Resolves when the terminal is as it was before; rejects if drawing fails, also then restored.
 */
export async function startTui(options: TuiOptions): Promise<void> {
  const { stdout = process.stdout, stdin = process.stdin, color = true, signal } = options;
  const store = createStore(stdout.columns || 80, stdout.rows || 24, options.techniques);
  const unsubscribe = options.subscribe(store.dispatch);

  let entered = false;
  const restore = (): void => {
    if (!entered) return;
    entered = false;
    if (stdin.isTTY) stdin.setRawMode(false);
    stdout.write(leave);
  };
  const quit = (): void => store.dispatch({ event: 'key', key: 'interrupt' });
  const resize = (): void =>
    store.dispatch({ event: 'resize', columns: stdout.columns || 80, rows: stdout.rows || 24 });

  process.on('uncaughtExceptionMonitor', restore);
  process.on('exit', restore);
  process.on('SIGINT', quit);
  process.on('SIGTERM', quit);
  signal?.addEventListener('abort', quit);
  stdout.on('resize', resize);
  try {
    // React picks its build when it is imported, and Ink draws nothing when builds are mixed.
    process.env['NODE_ENV'] ??= 'production';
    const { mount } = await import('./app.js');
    if (!store.read().quit && !signal?.aborted) {
      stdout.write(enter);
      entered = true;
      const app = mount(store, { stdout, stdin, color });
      const check = (): void => {
        if (store.read().quit) app.unmount();
      };
      store.subscribe(check);
      check();
      await app.waitUntilExit();
    }
  } finally {
    restore();
    unsubscribe();
    process.off('uncaughtExceptionMonitor', restore);
    process.off('exit', restore);
    process.off('SIGINT', quit);
    process.off('SIGTERM', quit);
    signal?.removeEventListener('abort', quit);
    stdout.off('resize', resize);
    const { quit: wanted, result } = store.read();
    if (wanted && !result && !signal?.aborted) options.abort();
  }
}
