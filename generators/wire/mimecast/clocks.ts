/** Clocks of the gateway's hosts: each record of a message is stamped by the host that wrote it. */

import type { Organisation } from '../../activity.js';
import { randomStream } from '../../random.js';
import type { MessageRecord } from './message.js';

const HOSTS = 8;
const PARTS = { receipt: 0, process: 1, delivery: 2 } as const;

/**
 * Seven hosts are right to half a second, one is off by 4 to 25 seconds, ahead or behind: an
 * assumption. A host keeps its error; which host takes a part of a message follows from the code.
 */
export class HostClocks {
  private readonly errors: Int32Array;

  constructor({ seed }: Organisation) {
    const random = randomStream(seed, 'host clocks');
    this.errors = Int32Array.from({ length: HOSTS }, () => Math.round(random.normal(0, 250)));
    const off = 4000 + 21_000 * random.uniform();
    this.errors[random.int(HOSTS)] = Math.round(random.chance(0.5) ? off : -off);
  }

  /** What the clock of the host shows that writes this part of a message at a moment. */
  shown(code: string, part: MessageRecord['part'], moment: number): number {
    return moment + (this.errors[code.charCodeAt(PARTS[part]) % HOSTS] as number);
  }
}
