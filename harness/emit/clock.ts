/** Time of the world outside; the command line gives the real one, tests their own. */
export interface Clock {
  /** Milliseconds from any origin. Never goes back. */
  now(): number;
  /** Resolves after so many milliseconds, or at once when the signal aborts. Never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
