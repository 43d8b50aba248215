/** A binary heap; equal keys leave by rank, which is the order in which they came unless given. */
export class Heap<T> {
  private readonly items: { key: number; serial: number; item: T }[] = [];
  private serial = 0;

  get size(): number {
    return this.items.length;
  }

  /** Key of the next item; Infinity when empty. */
  get next(): number {
    return this.items[0]?.key ?? Number.POSITIVE_INFINITY;
  }

  push(key: number, item: T, rank = this.serial++): void {
    const items = this.items;
    const entry = { key, serial: rank, item };
    let i = items.length;
    items.push(entry);
    while (i > 0) {
      const up = (i - 1) >> 1;
      const parent = items[up] as { key: number; serial: number; item: T };
      if (parent.key < key || (parent.key === key && parent.serial < entry.serial)) break;
      items[i] = parent;
      i = up;
    }
    items[i] = entry;
  }

  pop(): T | undefined {
    const items = this.items;
    const top = items[0];
    const last = items.pop();
    if (top === undefined || last === undefined) return undefined;
    const n = items.length;
    if (n === 0) return top.item;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= n) break;
      let best = items[child] as { key: number; serial: number; item: T };
      const right = items[child + 1];
      if (
        right !== undefined &&
        (right.key < best.key || (right.key === best.key && right.serial < best.serial))
      ) {
        child++;
        best = right;
      }
      if (last.key < best.key || (last.key === best.key && last.serial < best.serial)) break;
      items[i] = best;
      i = child;
    }
    items[i] = last;
    return top.item;
  }
}
