import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { Clock } from '../../../../harness/emit/clock.js';
import type { PatienceOptions } from '../../../../harness/emit/patience.js';
import type { EmittedLine, Receiver } from '../../../../harness/emit/receiver.js';

/** Real time, twenty times as fast: back-off and patience pass quickly. */
export const fastClock: Clock = {
  now: () => performance.now() * 20,
  sleep: (ms, signal) =>
    new Promise((done) => {
      if (signal?.aborted) return done();
      const wake = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', wake);
        done();
      };
      const timer = setTimeout(wake, ms / 20);
      signal?.addEventListener('abort', wake);
    }),
};

export function patienceOf(more: Partial<PatienceOptions> = {}): PatienceOptions & {
  readonly notices: string[];
} {
  const notices: string[] = [];
  return {
    clock: fastClock,
    patience: 200_000,
    signal: new AbortController().signal,
    grace: 20_000,
    notice: (text) => notices.push(text),
    notices,
    ...more,
  };
}

const padding = 'x'.repeat(500);

export const lineOf = (id: number): EmittedLine => ({
  id,
  time: Date.UTC(2024, 0, 1) + id * 1000,
  text: `{"aCode":"${id}","Subject":"Größe ${padding}"}`,
  log: 'process',
});

/** Hands lines over as emission does: one at a time, waiting where it must. */
export async function takeAll(receiver: Receiver, from: number, to: number): Promise<void> {
  for (let id = from; id <= to; id++) await receiver.take(lineOf(id));
}

export const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);

export async function listen(
  server: { listen(port: number, host: string, done: () => void): unknown; address(): unknown },
  port = 0,
): Promise<number> {
  await new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
  return (server.address() as AddressInfo).port;
}

/** Frames by octet counting; keeps an unfinished one for the next bytes. */
export class FrameReader {
  readonly messages: string[] = [];
  private rest = Buffer.alloc(0);

  push(bytes: Buffer): void {
    this.rest = Buffer.concat([this.rest, bytes]);
    for (;;) {
      const space = this.rest.indexOf(32);
      if (space < 0) return;
      const size = Number(this.rest.toString('latin1', 0, space));
      if (!Number.isSafeInteger(size))
        throw new Error(`no frame: ${this.rest.toString('utf8', 0, 80)}`);
      if (this.rest.length < space + 1 + size) return;
      this.messages.push(this.rest.toString('utf8', space + 1, space + 1 + size));
      this.rest = this.rest.subarray(space + 1 + size);
    }
  }
}

export const sequenceOf = (message: string): number =>
  Number(/\[meta sequenceId="(\d+)"\]/.exec(message)?.[1]);

/** A syslog server on loopback that keeps what it reads. */
export class SyslogServer {
  readonly server: Server;
  readonly sockets = new Set<Socket>();
  readonly sequences: number[] = [];
  readonly messages: string[] = [];
  onSocket: (socket: Socket) => void = () => undefined;
  onMessage: (count: number, socket: Socket) => void = () => undefined;

  constructor(make: (onSocket: (socket: Socket) => void) => Server = (on) => createServer(on)) {
    this.server = make((socket) => {
      this.sockets.add(socket);
      const frames = new FrameReader();
      socket.on('data', (bytes: Buffer) => {
        frames.push(bytes);
        for (const message of frames.messages.splice(0)) {
          this.messages.push(message);
          this.sequences.push(sequenceOf(message));
          this.onMessage(this.messages.length, socket);
        }
      });
      socket.on('error', () => undefined);
      socket.on('close', () => this.sockets.delete(socket));
      this.onSocket(socket);
    });
  }

  /** Stops listening and drops every connection. */
  async stop(how: 'destroy' | 'reset' = 'destroy'): Promise<void> {
    const closed = new Promise((done) => this.server.close(done));
    for (const socket of this.sockets) {
      if (how === 'reset') socket.resetAndDestroy();
      else socket.destroy();
    }
    await closed;
  }
}
