import { Box, render, Text, useInput } from 'ink';
import { useSyncExternalStore } from 'react';
import type { Line, Tone } from '../format.js';
import { keysOf } from './keys.js';
import type { Store } from './store.js';
import { frame } from './views.js';

type Style = Omit<Parameters<typeof Text>[0], 'children'>;

const colored: Record<Tone, Style> = {
  strong: { bold: true },
  dim: { color: 'gray' },
  good: { color: 'green' },
  bad: { color: 'red' },
  warn: { color: 'yellow' },
  accent: { color: 'cyan' },
};

const uncolored: Record<Tone, Style> = {
  strong: { bold: true },
  dim: {},
  good: {},
  bad: { bold: true },
  warn: { bold: true },
  accent: { bold: true },
};

interface RowProps {
  readonly spans: Line;
  readonly color: boolean;
  readonly chosen?: boolean;
}

function Row({ spans, color, chosen = false }: RowProps) {
  const styles = color ? colored : uncolored;
  // An empty Text takes no row.
  if (spans.length === 0) return <Text> </Text>;
  return (
    <Text wrap="truncate" inverse={chosen}>
      {spans.map(({ text, tone }, k) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: spans have no identity but their place
        <Text key={k} {...(tone === undefined || chosen ? {} : styles[tone])}>
          {text.replaceAll('\u00a0', ' ')}
        </Text>
      ))}
    </Text>
  );
}

export interface AppProps {
  readonly store: Store;
  readonly color: boolean;
}

/** The whole UI: draws the frame of the state, and gives every key to the store. */
export function App({ store, color }: AppProps) {
  const state = useSyncExternalStore(store.subscribe, store.read);
  useInput((input, key) => {
    for (const pressed of keysOf(input, key)) store.dispatch(pressed);
  });
  const { title, body, cursor, keys } = frame(state);
  // One row less than the terminal: Ink wipes the screen and its history when all rows are used.
  const height = Math.max(1, state.rows - 1);
  return (
    <Box flexDirection="column" width={state.columns} height={height} overflow="hidden">
      <Row spans={title} color={color} />
      {height > 3 && (
        <Row spans={[{ text: '─'.repeat(state.columns), tone: 'dim' }]} color={color} />
      )}
      <Box flexDirection="column" flexGrow={1} overflow="hidden">
        {body.map((spans, k) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a row is its place in the window
          <Row key={k} spans={spans} color={color} chosen={k === cursor} />
        ))}
      </Box>
      {height > 2 && <Row spans={keys} color={color} />}
    </Box>
  );
}

/** Draws the app until it is unmounted. */
export function mount(
  store: Store,
  options: { stdout: NodeJS.WriteStream; stdin: NodeJS.ReadStream; color: boolean },
): { unmount(): void; waitUntilExit(): Promise<unknown> } {
  return render(<App store={store} color={options.color} />, {
    stdout: options.stdout,
    stdin: options.stdin,
    exitOnCtrlC: false,
    patchConsole: false,
    maxFps: 10,
  });
}
