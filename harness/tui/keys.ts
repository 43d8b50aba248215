import type { Key as InkKey } from 'ink';
import type { Key, KeyName } from './shape.js';

const named = (key: KeyName): Key => ({ event: 'key', key });

const controls: Readonly<Record<string, KeyName>> = {
  '\r': 'enter',
  '\n': 'enter',
  '\t': 'tab',
  '\b': 'backspace',
  '\x7f': 'backspace',
  '\x1b': 'escape',
  '\x03': 'interrupt',
};

/** What Ink tells of one input as keys. Fast typing and pasted text come as one input of many. */
export function keysOf(input: string, key: InkKey): Key[] {
  if (key.upArrow) return [named('up')];
  if (key.downArrow) return [named('down')];
  if (key.pageUp) return [named('page-up')];
  if (key.pageDown) return [named('page-down')];
  if (key.home) return [named('home')];
  if (key.end) return [named('end')];
  if (key.return) return [named('enter')];
  if (key.escape) return [named('escape')];
  if (key.tab) return [named(key.shift ? 'back-tab' : 'tab')];
  if (key.backspace || key.delete) return [named('backspace')];
  if (key.ctrl) return input === 'c' ? [named('interrupt')] : [];
  if (key.meta) return [];
  return Array.from(input).flatMap((text): Key[] => {
    const control = controls[text];
    if (control !== undefined) return [named(control)];
    return text < ' ' ? [] : [{ event: 'key', key: 'text', text }];
  });
}
