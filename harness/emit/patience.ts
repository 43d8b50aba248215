import { UsageFault } from '../usage-fault.js';
import type { Clock } from './clock.js';

export interface PatienceOptions {
  readonly clock: Clock;
  /** Milliseconds without any progress after which a receiver is given up. */
  readonly patience: number;
  /** Aborts at Ctrl-C: from then on only `grace` is left. */
  readonly signal: AbortSignal;
  /** Milliseconds for what was taken before Ctrl-C. */
  readonly grace: number;
  /** Told what is being waited for. */
  readonly notice: (text: string) => void;
}

const firstPause = 250;
const longestPause = 30_000;

/** How long one receiver is waited for: pauses that double, and an end to them. */
export class Patience {
  private readonly options: PatienceOptions;
  private readonly where: string;
  private pause = firstPause;
  private since: number | undefined;
  private told = false;
  private last: string | undefined;
  private aborted: number | undefined;

  constructor(where: string, options: PatienceOptions) {
    this.where = where;
    this.options = options;
  }

  /** Something was delivered: start over. */
  progress(): void {
    if (this.told) this.options.notice(`${this.where} takes lines again`);
    this.pause = firstPause;
    this.since = undefined;
    this.told = false;
    this.last = undefined;
  }

  /**
   * Waits before the next try, or for `after` ms when the receiver said so, but never less than the
   * shortest pause: some say 0 for as long as they are busy. Throws UsageFault with
   * the last reason when patience or, after Ctrl-C, grace is at its end. A try that this end has cut
   * off is not the reason, but the one before it: see {@link cutOff}.
   */
  async wait(reason: string, after?: number): Promise<void> {
    const left = this.left();
    if (left === 0) {
      throw new UsageFault(
        `${this.where} takes no lines: ${reason}.`,
        this.aborted === undefined
          ? 'Start the receiver and emit again; --patience says how long to wait for it.'
          : 'Stopped while waiting for it.',
      );
    }
    this.last = reason;
    if (!this.told) this.options.notice(`waiting for ${this.where}: ${reason}`);
    this.told = true;
    const pause = Math.min(Math.max(after ?? this.pause, firstPause), left);
    this.pause = Math.min(this.pause * 2, longestPause);
    await this.options.clock.sleep(
      pause,
      this.options.signal.aborted ? undefined : this.options.signal,
    );
  }

  /** As {@link wait}, for a try that took longer than there was time. */
  async cutOff(reason: string): Promise<void> {
    await this.wait(this.last ?? reason);
  }

  /** Milliseconds that are left for a delivery. */
  private left(): number {
    const { clock, patience, grace, signal } = this.options;
    const now = clock.now();
    this.since ??= now;
    if (signal.aborted) this.aborted ??= now;
    const ends =
      this.aborted === undefined
        ? this.since + patience
        : Math.min(this.since + patience, this.aborted + grace);
    return Math.max(0, ends - now);
  }

  /**
   * Resolves with the work's value, or with undefined when patience (after Ctrl-C: grace) ends
   * first. The work goes on; its owner must end it.
   */
  async within<T>(work: Promise<T>): Promise<T | undefined> {
    const { clock, signal } = this.options;
    let settled = false;
    let wake = new AbortController();
    const value = work.finally(() => {
      settled = true;
      wake.abort();
    });
    const bound = async (): Promise<void> => {
      while (!settled && this.left() > 0) {
        wake = new AbortController();
        const stop = (): void => wake.abort();
        if (!signal.aborted) signal.addEventListener('abort', stop);
        await clock.sleep(this.left(), wake.signal);
        signal.removeEventListener('abort', stop);
      }
    };
    return await Promise.race([value, bound().then(() => (settled ? value : undefined))]);
  }
}
