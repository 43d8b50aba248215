import type { LogRecord } from '../contract.js';
import type { Message } from './message.js';

/** A message or a record that is an event by itself, until its turn. */
export interface Waiting {
  readonly due: number;
  readonly seq: number;
  readonly message: Message | undefined;
  readonly record: LogRecord | undefined;
}

/** A binary heap by (due, seq). */
export class Queue {
  private readonly items: Waiting[] = [];

  peek(): Waiting | undefined {
    return this.items[0];
  }

  all(): readonly Waiting[] {
    return this.items;
  }

  clear(): void {
    this.items.length = 0;
  }

  push(item: Waiting): void {
    const items = this.items;
    let at = items.length;
    items.push(item);
    while (at > 0) {
      const up = (at - 1) >> 1;
      const parent = items[up] as Waiting;
      if (!before(item, parent)) break;
      items[at] = parent;
      at = up;
    }
    items[at] = item;
  }

  pop(): Waiting | undefined {
    const items = this.items;
    const top = items[0];
    const last = items.pop();
    if (top === undefined || last === undefined || items.length === 0) return top;
    let at = 0;
    for (;;) {
      let down = 2 * at + 1;
      if (down >= items.length) break;
      if (down + 1 < items.length && before(items[down + 1] as Waiting, items[down] as Waiting))
        down++;
      const child = items[down] as Waiting;
      if (!before(child, last)) break;
      items[at] = child;
      at = down;
    }
    items[at] = last;
    return top;
  }
}

function before(a: Waiting, b: Waiting): boolean {
  return a.due < b.due || (a.due === b.due && a.seq < b.seq);
}
