import { stripVTControlCharacters } from 'node:util';
import { cleanup, render } from 'ink-testing-library';
import { createElement } from 'react';
import { afterEach, describe, expect, test } from 'vitest';
import { App } from '../../harness/tui/app.js';
import type { Action } from '../../harness/tui/shape.js';
import { createStore, type Store } from '../../harness/tui/store.js';
import { fixtureEvents, fixtureResult } from './fixture-result.js';

afterEach(cleanup);

const techniques = fixtureResult.techniques.map(({ id, name }) => ({ id, name }));
/** Ink and React answer within a few turns of the event loop. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

async function open(columns: number, rows: number, events: readonly Action[]) {
  const store: Store = createStore(columns, rows, techniques);
  for (const event of events) store.dispatch(event);
  const ui = render(createElement(App, { store, color: true }));
  const type = async (keys: string): Promise<void> => {
    ui.stdin.write(keys);
    await settled();
  };
  const shown = (): string =>
    `${stripVTControlCharacters(ui.lastFrame() ?? '')
      .split('\n')
      .map((row) => row.trimEnd())
      .join('\n')}\n`;
  await settled();
  return { store, type, shown };
}

const finished: Action[] = [...fixtureEvents(), { event: 'finished', result: fixtureResult }];
const golden = (name: string): string => `./frames/${name}.txt`;

describe.each([
  [80, 24],
  [120, 40],
])('at %i×%i', (columns, rows) => {
  const size = `${columns}x${rows}`;

  test('the drill that runs', async () => {
    const ui = await open(columns, rows, fixtureEvents().slice(0, 95));
    await expect(ui.shown()).toMatchFileSnapshot(golden(`drill-${size}`));
  });

  test('overview, rules and one rule, by their keys', async () => {
    const ui = await open(columns, rows, finished);
    await expect(ui.shown()).toMatchFileSnapshot(golden(`overview-${size}`));
    await ui.type('2');
    await expect(ui.shown()).toMatchFileSnapshot(golden(`rules-${size}`));
    await ui.type('jjj');
    await ui.type('\r');
    await expect(ui.shown()).toMatchFileSnapshot(golden(`rule-${size}`));
    await ui.type('\x1b[6~');
    await expect(ui.shown()).toMatchFileSnapshot(golden(`rule-next-page-${size}`));
    await ui.type('?');
    await expect(ui.shown()).toMatchFileSnapshot(golden(`help-${size}`));
  });
});

test('a frame leaves the last row of the terminal free', async () => {
  const ui = await open(80, 24, finished);
  expect(ui.shown().trimEnd().split('\n')).toHaveLength(23);
});

test('keys that come in one chunk all count, also with arrows between them', async () => {
  const ui = await open(80, 24, finished);
  await ui.type('2jjj\x1b[B\x1b[Ak\x1b[B');
  const one = ui.store.read().selected;
  const slow = await open(80, 24, finished);
  for (const key of ['2', 'j', 'j', 'j']) await slow.type(key);
  expect(one).toBe(slow.store.read().selected);
});

test('a filter can be typed or pasted with its enter', async () => {
  const ui = await open(80, 24, finished);
  await ui.type('2/InRule\r');
  expect(ui.store.read()).toMatchObject({ filter: 'InRule', typing: false });
  expect(ui.shown()).toContain('3 of 41 rules by verdict  filter: InRule');
  await ui.type('\x1b');
  expect(ui.store.read().filter).toBe('');
});

test('backspace takes the last letter of the filter', async () => {
  const ui = await open(80, 24, finished);
  await ui.type('2/ab');
  await ui.type('\x7f');
  expect(ui.store.read().filter).toBe('a');
});

test('ctrl-c asks to quit', async () => {
  const ui = await open(80, 24, finished);
  await ui.type('\x03');
  expect(ui.store.read().quit).toBe(true);
});

test('a terminal that is too small says so and comes back when it grows', async () => {
  const ui = await open(40, 10, finished);
  expect(ui.shown()).toContain('terminal too small');
  ui.store.dispatch({ event: 'resize', columns: 80, rows: 24 });
  await settled();
  expect(ui.shown()).toContain('Notable sessions');
});
