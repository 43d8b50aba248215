import type { LogName } from '#generators';

/** A line on its way out. */
export interface EmittedLine {
  /** As in the labels. */
  readonly id: number;
  /** Milliseconds since 1970 UTC, the line's own time. */
  readonly time: number;
  readonly text: string;
  readonly log: LogName;
}

/** How far the lines have come. */
export interface Delivery {
  /** Lines handed over at least once: to the file, the network or the receiver. */
  readonly sent: number;
  /** Lines that the other side has confirmed; undefined where it cannot. */
  readonly acknowledged: number | undefined;
  /** What else is worth knowing, as short phrases: `3 requests repeated`. */
  readonly remarks: readonly string[];
}

/**
 * Takes lines and brings them to their place, in order, holding a bounded number of them. Every
 * method may reject with UsageFault when the lines cannot be delivered; then nothing more is taken.
 */
export interface Receiver {
  /** Resolves (undefined: at once) when there is room for the next line. Call one at a time. */
  take(line: EmittedLine): Promise<void> | undefined;
  /** Sends on what was taken and is still held back to fill a batch. */
  flush(): Promise<void>;
  /** Flushes, waits until everything is delivered, lets go of files and connections. */
  close(): Promise<void>;
  /** After a fault: lets go of files and connections at once. */
  abandon(): void;
  delivery(): Delivery;
}

/** Whose certificates are taken. */
export interface TlsTrust {
  readonly ca: Buffer | undefined;
  readonly insecure: boolean;
}
