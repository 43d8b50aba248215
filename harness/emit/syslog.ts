/**
 * Syslog over TCP and TLS, by octet counting (RFC 6587 and 5425).
 *
 * Syslog confirms nothing. What we can know: a write that the operating system has not taken is
 * not delivered; a connection that breaks may lose what lay in the buffers of both sides. So after
 * a broken connection the last {@link resent} bytes are sent again, more than those buffers
 * usually hold: lines may come twice, with the same sequenceId, but a restart of the receiver
 * loses none. When the receiver ends the connection in good order it has read what it had, and
 * only the last seconds are sent again. At the end we close our side and wait for the receiver to
 * close its own: one that does has read everything.
 */

import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { reasonOf, throwIfHopeless } from './faults.js';
import { Patience } from './patience.js';
import type { Delivery, EmittedLine, Receiver, TlsTrust } from './receiver.js';
import { type SyslogOptions, syslogMessage } from './syslog-message.js';

const batchSize = 65_536;
/** More than the socket buffers of both sides together hold by default. */
const resent = 8 * 1024 * 1024;
/** After an end in good order, milliseconds of lines that are sent again. */
const recent = 2000;
const farewells = 3;

interface Batch {
  readonly bytes: Buffer;
  readonly lines: number;
  /** When the operating system took it last. */
  written: number;
}

interface Connection {
  readonly socket: Socket;
  /** Resolves when the connection is over: undefined after an end in good order. */
  readonly over: Promise<Error | undefined>;
  state: 'open' | 'ended' | 'broken';
  reason: string;
}

/** Over a stream: TCP, or TLS when `trust` is given. */
export class SyslogStreamReceiver implements Receiver {
  private readonly options: SyslogOptions;
  private readonly trust: TlsTrust | undefined;
  private readonly patience: Patience;
  private pending: Buffer[] = [];
  private pendingBytes = 0;
  private readonly kept: Batch[] = [];
  private keptBytes = 0;
  private connection: Connection | undefined;
  private sent = 0;
  private again = 0;
  private breaks = 0;
  private confirmed: boolean | undefined;

  constructor(options: SyslogOptions, trust?: TlsTrust) {
    this.options = options;
    this.trust = trust;
    this.patience = new Patience(options.shown, options);
  }

  take(line: EmittedLine): Promise<void> | undefined {
    const message = Buffer.from(syslogMessage(line, this.options));
    const frame = Buffer.concat([Buffer.from(`${message.length} `), message]);
    this.pending.push(frame);
    this.pendingBytes += frame.length;
    return this.pendingBytes < batchSize ? undefined : this.flush();
  }

  async flush(): Promise<void> {
    if (this.pending.length === 0) return;
    const batch: Batch = {
      bytes: Buffer.concat(this.pending),
      lines: this.pending.length,
      written: 0,
    };
    this.pending = [];
    this.pendingBytes = 0;
    await this.deliver([batch]);
    this.sent += batch.lines;
    this.keep(batch);
  }

  private keep(batch: Batch): void {
    this.kept.push(batch);
    this.keptBytes += batch.bytes.length;
    while (this.keptBytes > resent && this.kept.length > 1) {
      this.keptBytes -= this.kept.shift()?.bytes.length ?? 0;
    }
  }

  /** Writes the batches, after what an earlier connection may have lost. */
  private async deliver(batches: readonly Batch[]): Promise<void> {
    for (;;) {
      const doubtful = this.doubtful();
      const connection = await this.connected();
      const reason = await this.writeAll(connection, [...doubtful, ...batches]);
      if (reason === undefined) {
        this.again += doubtful.reduce((n, { lines }) => n + lines, 0);
        this.patience.progress();
        return;
      }
      this.lose(connection, reason);
      await this.patience.wait(reason);
    }
  }

  /** What was written before and may not have arrived. Empty while the connection stands. */
  private doubtful(): Batch[] {
    const { connection } = this;
    if (!connection || connection.state === 'open') return [];
    if (connection.state === 'broken') return [...this.kept];
    const since = this.options.clock.now() - recent;
    return this.kept.filter(({ written }) => written >= since);
  }

  private lose(connection: Connection, reason: string): void {
    // Half a batch may have arrived: from here on nothing that was kept is certain.
    connection.state = 'broken';
    connection.reason = reason;
    connection.socket.destroy();
  }

  private async connected(): Promise<Connection> {
    for (;;) {
      if (this.connection?.state === 'open') return this.connection;
      const before = this.connection;
      const opened = await this.connect();
      if (opened === undefined) await this.patience.cutOff('no answer');
      else if (typeof opened === 'string') await this.patience.wait(opened);
      else {
        if (before) this.breaks++;
        return opened;
      }
    }
  }

  /** A new connection, or why there is none; undefined when patience ended first. */
  private async connect(): Promise<Connection | string | undefined> {
    const { host, port, shown } = this.options;
    // Half open: what the receiver's end means for what we wrote is seen after it.
    const peer = { host, port, allowHalfOpen: true };
    const socket = this.trust
      ? connectTls({
          ...peer,
          // An address is no name that may be asked for.
          ...(!isIP(host) && { servername: host }),
          ...(this.trust.ca && { ca: this.trust.ca }),
          rejectUnauthorized: !this.trust.insecure,
        })
      : connectTcp(peer);
    socket.setKeepAlive(true, 15_000);
    const ready = new Promise<Error | undefined>((resolve) => {
      socket.once(this.trust ? 'secureConnect' : 'connect', () => resolve(undefined));
      socket.once('error', resolve);
      socket.once('close', () => resolve(new Error('connection closed')));
    });
    const failed = await this.patience.within(ready.then((error) => ({ error })));
    if (!failed || failed.error) {
      socket.on('error', () => undefined);
      socket.destroy();
      if (failed?.error) throwIfHopeless(failed.error, shown);
      return failed?.error && reasonOf(failed.error);
    }
    this.connection = track(socket);
    return this.connection;
  }

  /** Why it went wrong; undefined when the operating system has taken everything. */
  private async writeAll(
    connection: Connection,
    batches: readonly Batch[],
  ): Promise<string | undefined> {
    for (const batch of batches) {
      if (connection.state !== 'open') return connection.reason;
      const taken = new Promise<string | undefined>((resolve) => {
        connection.socket.write(batch.bytes, (error) => resolve(error ? reasonOf(error) : ''));
      });
      const ended = connection.over.then((error) =>
        error ? reasonOf(error) : 'the receiver closed the connection',
      );
      const outcome = await this.patience.within(Promise.race([taken, ended]));
      if (outcome === undefined) return 'it has stalled';
      if (outcome !== '') return outcome;
      batch.written = this.options.clock.now();
      this.patience.progress();
    }
    return undefined;
  }

  async close(): Promise<void> {
    await this.flush();
    // A receiver that breaks every farewell confirms nothing, however often it is asked.
    for (let tries = 0; this.connection; tries++) {
      const { connection } = this;
      if (connection.state === 'open') connection.socket.end();
      const over = await this.bounded(connection.over);
      // What was written last may have met a closed door.
      const certain = connection.state === 'open' || this.doubtful().length === 0;
      connection.socket.destroy();
      if (over === 'waiting' || tries === farewells) this.confirmed = false;
      else if (over === undefined && certain) this.confirmed = true;
      else {
        connection.state = over === undefined ? 'ended' : 'broken';
        await this.deliver([]);
        continue;
      }
      this.connection = undefined;
    }
  }

  private async bounded(over: Promise<Error | undefined>): Promise<Error | undefined | 'waiting'> {
    const done = new AbortController();
    const late = this.options.clock
      .sleep(this.options.farewell ?? 5000, done.signal)
      .then(() => 'waiting' as const);
    const outcome = await Promise.race([over, late]);
    done.abort();
    return outcome;
  }

  abandon(): void {
    this.connection?.socket.destroy();
  }

  delivery(): Delivery {
    const remarks = [
      this.confirmed === true
        ? 'syslog has no acknowledgement, but the receiver read to the end'
        : 'syslog has no acknowledgement: handed to the operating system is all that is known',
    ];
    if (this.breaks > 0) {
      remarks.push(
        `the connection broke ${this.breaks === 1 ? 'once' : `${this.breaks} times`}, ${this.again} lines were sent again`,
      );
    }
    return { sent: this.sent, acknowledged: undefined, remarks };
  }
}

function track(socket: Socket): Connection {
  let failure: Error | undefined;
  let settle: (error: Error | undefined) => void = () => undefined;
  const over = new Promise<Error | undefined>((resolve) => {
    settle = resolve;
  });
  const connection: Connection = { socket, over, state: 'open', reason: '' };
  const end = (state: 'ended' | 'broken', reason: string): void => {
    // Broken after ended: what we wrote in between was refused.
    if (connection.state === 'broken') return;
    connection.state = state;
    connection.reason = reason;
  };
  socket.on('error', (error) => {
    failure = error;
    end('broken', reasonOf(error));
    settle(error);
  });
  socket.on('end', () => {
    if (!socket.writableEnded) end('ended', 'the receiver closed the connection');
    settle(failure);
  });
  socket.on('close', () => {
    if (!socket.writableEnded) end('ended', 'the receiver closed the connection');
    settle(failure);
  });
  // Nothing is expected from a receiver, but its end is only seen by reading.
  socket.resume();
  return connection;
}
