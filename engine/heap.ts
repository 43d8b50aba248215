/** Children of a node: few levels, and siblings lie in one line of memory. */
const CHILDREN = 4;

/** Things in the order of their times, and of their numbers where times are equal. */
export class TimeHeap<T> {
  // Columns, so that a comparison touches no thing.
  private readonly times: number[] = [];
  private readonly numbers: number[] = [];
  private readonly things: T[] = [];

  get size(): number {
    return this.things.length;
  }

  /** Time of the first thing; Infinity without one. */
  get time(): number {
    return this.things.length === 0 ? Number.POSITIVE_INFINITY : (this.times[0] as number);
  }

  get first(): T | undefined {
    return this.things[0];
  }

  /** All things, in no particular order. */
  all(): readonly T[] {
    return this.things;
  }

  /** @param number tells things of the same time apart */
  push(time: number, number: number, thing: T): void {
    const { times, numbers, things } = this;
    let at = things.length;
    things.push(thing);
    times.push(time);
    numbers.push(number);
    while (at > 0) {
      const parent = Math.floor((at - 1) / CHILDREN);
      if (!this.isBefore(time, number, parent)) break;
      this.move(parent, at);
      at = parent;
    }
    this.set(at, time, number, thing);
  }

  pop(): T | undefined {
    const { times, numbers, things } = this;
    const first = things[0];
    const thing = things.pop();
    const time = times.pop() as number;
    const number = numbers.pop() as number;
    if (things.length > 0) this.sink(time, number, thing as T);
    return first;
  }

  /** Gives the first thing a later time. */
  delay(time: number): void {
    this.sink(time, this.numbers[0] as number, this.things[0] as T);
  }

  clear(): void {
    this.times.length = 0;
    this.numbers.length = 0;
    this.things.length = 0;
  }

  /** Puts a thing in the place of the first and down to where it belongs. */
  private sink(time: number, number: number, thing: T): void {
    const { times, numbers } = this;
    const { length } = this.things;
    let at = 0;
    for (;;) {
      const from = CHILDREN * at + 1;
      if (from >= length) break;
      const to = Math.min(from + CHILDREN, length);
      let least = from;
      for (let child = from + 1; child < to; child += 1) {
        if (this.isBefore(times[child] as number, numbers[child] as number, least)) least = child;
      }
      if (this.isBefore(time, number, least)) break;
      this.move(least, at);
      at = least;
    }
    this.set(at, time, number, thing);
  }

  private isBefore(time: number, number: number, other: number): boolean {
    const its = this.times[other] as number;
    return time < its || (time === its && number < (this.numbers[other] as number));
  }

  private move(from: number, to: number): void {
    this.set(to, this.times[from] as number, this.numbers[from] as number, this.things[from] as T);
  }

  private set(at: number, time: number, number: number, thing: T): void {
    this.times[at] = time;
    this.numbers[at] = number;
    this.things[at] = thing;
  }
}
