/** A binary heap; equal keys leave by rank, which is the order in which they came unless given. */
export class Heap<T> {
  // Three lists and not one of entries: numbers in lists of their own cost no objects.
  private readonly keys: number[] = [];
  private readonly ranks: number[] = [];
  private readonly items: T[] = [];
  private serial = 0;

  get size(): number {
    return this.items.length;
  }

  /** Key of the next item; Infinity when empty. */
  get next(): number {
    return this.keys.length === 0 ? Number.POSITIVE_INFINITY : (this.keys[0] as number);
  }

  push(key: number, item: T, rank = this.serial++): void {
    const { keys, ranks, items } = this;
    let i = items.length;
    keys.push(key);
    ranks.push(rank);
    items.push(item);
    while (i > 0) {
      const up = (i - 1) >> 1;
      const above = keys[up] as number;
      if (above < key || (above === key && (ranks[up] as number) < rank)) break;
      keys[i] = above;
      ranks[i] = ranks[up] as number;
      items[i] = items[up] as T;
      i = up;
    }
    keys[i] = key;
    ranks[i] = rank;
    items[i] = item;
  }

  pop(): T | undefined {
    const { keys, ranks, items } = this;
    const n = items.length - 1;
    if (n < 0) return undefined;
    const top = items[0] as T;
    const key = keys.pop() as number;
    const rank = ranks.pop() as number;
    const item = items.pop() as T;
    if (n === 0) return top;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= n) break;
      let best = keys[child] as number;
      const right = child + 1;
      if (right < n) {
        const other = keys[right] as number;
        if (
          other < best ||
          (other === best && (ranks[right] as number) < (ranks[child] as number))
        ) {
          child = right;
          best = other;
        }
      }
      if (key < best || (key === best && rank < (ranks[child] as number))) break;
      keys[i] = best;
      ranks[i] = ranks[child] as number;
      items[i] = items[child] as T;
      i = child;
    }
    keys[i] = key;
    ranks[i] = rank;
    items[i] = item;
    return top;
  }
}
