import { createSocket, type Socket as Datagrams } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { UsageFault } from '../usage-fault.js';
import { reasonOf, throwIfHopeless } from './faults.js';
import { Patience } from './patience.js';
import type { Delivery, EmittedLine, Receiver } from './receiver.js';
import { type SyslogOptions, syslogMessage } from './syslog-message.js';

/** Above this, a message does not fit one Ethernet frame and travels in pieces, any of which may be lost. */
const unfragmented = 1472;
const largestDatagram = 65_507;

/** One datagram a line. Nothing is confirmed and a receiver that is too slow drops lines unseen. */
export class SyslogDatagramReceiver implements Receiver {
  private readonly options: SyslogOptions;
  private readonly patience: Patience;
  private socket: Datagrams | undefined;
  private failure: Error | undefined;
  private previous: Buffer | undefined;
  private sent = 0;
  private large = 0;
  private largest = 0;

  constructor(options: SyslogOptions) {
    this.options = options;
    this.patience = new Patience(options.shown, options);
  }

  async take(line: EmittedLine): Promise<void> {
    const message = Buffer.from(syslogMessage(line, this.options));
    if (message.length > largestDatagram) {
      throw new UsageFault(
        `Line ${line.id} has ${message.length} bytes, more than a datagram can hold.`,
        'Use syslog+tcp or syslog+tls.',
      );
    }
    this.largest = Math.max(this.largest, message.length);
    if (message.length > unfragmented) this.large++;
    // The answer that nobody listens comes with the next send: then the line before is lost too.
    let waiting: Buffer[] = [message];
    for (;;) {
      const reason = await this.sendAll(waiting);
      if (reason === undefined) break;
      waiting = this.previous ? [this.previous, message] : [message];
      await this.patience.wait(reason);
    }
    this.patience.progress();
    this.previous = message;
    this.sent++;
  }

  private async sendAll(messages: readonly Buffer[]): Promise<string | undefined> {
    try {
      this.socket ??= await this.open();
      const { socket } = this;
      for (const message of messages) {
        await new Promise<void>((resolve, reject) => {
          socket.send(message, (error) => (error ? reject(error) : resolve()));
        });
        if (this.failure) throw this.failure;
      }
      return undefined;
    } catch (error) {
      throwIfHopeless(error as Error, this.options.shown);
      this.abandon();
      return reasonOf(error as Error);
    }
  }

  private async open(): Promise<Datagrams> {
    const { host, port } = this.options;
    this.failure = undefined;
    // A socket is of one family, and a name may have addresses of the other only.
    const [{ address, family } = { address: host, family: 4 }] = await lookup(host, {
      all: true,
      verbatim: false,
    });
    return new Promise((resolve, reject) => {
      const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
      socket.once('error', reject);
      socket.connect(port, address, () => {
        socket.off('error', reject);
        socket.on('error', (error) => {
          this.failure = error;
        });
        resolve(socket);
      });
    });
  }

  flush(): Promise<void> {
    return Promise.resolve();
  }

  async close(): Promise<void> {
    // A refusal of the last datagram needs a moment to come back.
    if (this.socket && this.previous) {
      await this.options.clock.sleep(50);
      if (this.failure) {
        const { previous } = this;
        for (;;) {
          const reason = await this.sendAll([previous]);
          if (reason === undefined) break;
          await this.patience.wait(reason);
        }
      }
    }
    this.abandon();
  }

  abandon(): void {
    this.socket?.close();
    this.socket = undefined;
  }

  delivery(): Delivery {
    const remarks = [
      'UDP has no acknowledgement: lines may be lost unseen, --rate makes it less likely',
    ];
    if (this.large > 0) {
      remarks.push(
        `${this.large} messages above ${unfragmented} bytes travelled in pieces, the largest had ${this.largest}`,
      );
    }
    return { sent: this.sent, acknowledged: undefined, remarks };
  }
}
