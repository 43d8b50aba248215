import { createSocket } from 'node:dgram';
import { networkInterfaces } from 'node:os';
import { createServer as createTlsServer } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import type { TlsTrust } from '../../../../harness/emit/receiver.js';
import { SyslogStreamReceiver } from '../../../../harness/emit/syslog.js';
import { syslogMessage } from '../../../../harness/emit/syslog-message.js';
import { SyslogDatagramReceiver } from '../../../../harness/emit/syslog-udp.js';
import { openTarget } from '../../../../harness/emit/target.js';
import { lineOf, listen, patienceOf, range, SyslogServer, sequenceOf, takeAll } from './kit.js';
import { certificate, key } from './loopback-certificate.js';

const running: SyslogServer[] = [];
afterEach(async () => {
  for (const server of running.splice(0)) if (server.server.listening) await server.stop();
});

function serve(server = new SyslogServer()): SyslogServer {
  running.push(server);
  return server;
}

function receiverAt(port: number, more: Parameters<typeof patienceOf>[0] = {}, trust?: TlsTrust) {
  const patience = patienceOf(more);
  const options = {
    ...patience,
    host: '127.0.0.1',
    port,
    shown: `syslog+tcp://127.0.0.1:${port}`,
    origin: 'mimecast.corp.example',
    run: 'abc123',
    farewell: 400_000,
  };
  return { receiver: new SyslogStreamReceiver(options, trust), notices: patience.notices, options };
}

const distinct = (numbers: readonly number[]): number[] =>
  [...new Set(numbers)].sort((a, b) => a - b);

describe('a syslog message', () => {
  it('has the parts of RFC 5424, the line id as sequence and the line as it is', () => {
    const line = {
      id: 7,
      time: Date.UTC(2024, 0, 1, 9, 0, 0, 5),
      text: '{"a":"ü|]"}',
      log: 'receipt',
    } as const;
    expect(syslogMessage(line, { origin: 'mimecast.corp.example', run: 'abc' })).toBe(
      '<134>1 2024-01-01T09:00:00.005Z mimecast.corp.example mimecast - receipt [meta sequenceId="7"][leakdrill@32473 run="abc"] {"a":"ü|]"}',
    );
  });

  it('names a host whose name is not ASCII in ASCII, as the header demands', async () => {
    const server = serve();
    const port = await listen(server.server);
    for (const origin of ['mimecast.größe.example', 'two words']) {
      const receiver = openTarget(`syslog+tcp://127.0.0.1:${port}`, {
        ...patienceOf(),
        token: undefined,
        ca: undefined,
        insecure: false,
        run: 'abc',
        origin,
      });
      await takeAll(receiver, 1, 1);
      await receiver.close();
    }
    expect(server.messages.map((message) => message.split(' ')[2])).toEqual([
      'mimecast.xn--gre-6ka8i.example',
      '-',
    ]);
  });

  it('starts over at 1 after the greatest sequence that syslog has', () => {
    const at = (id: number) =>
      sequenceOf(syslogMessage({ ...lineOf(1), id }, { origin: 'o', run: 'r' }));
    expect([at(2_147_483_647), at(2_147_483_648)]).toEqual([2_147_483_647, 1]);
  });
});

describe('syslog over TCP', () => {
  it('brings all lines once and in order, counted in bytes, and sees that they were read', async () => {
    const server = serve();
    const { receiver } = receiverAt(await listen(server.server));
    await takeAll(receiver, 1, 3000);
    await receiver.close();
    expect(server.sequences).toEqual(range(1, 3000));
    expect(server.messages[41]).toContain(lineOf(42).text);
    expect(receiver.delivery()).toEqual({
      sent: 3000,
      acknowledged: undefined,
      remarks: ['syslog has no acknowledgement, but the receiver read to the end'],
    });
  });

  it('waits for a receiver that has stalled, with a bounded number of lines in memory', async () => {
    const server = serve();
    server.onSocket = (socket) => socket.pause();
    const { receiver } = receiverAt(await listen(server.server));
    let taken = 0;
    const work = (async () => {
      for (; taken < 60_000; taken++) await receiver.take(lineOf(taken + 1));
      await receiver.close();
    })();
    // Some lines fit into the buffers of the system; then nothing moves.
    let before = -1;
    while (before !== taken) {
      before = taken;
      await new Promise((done) => setTimeout(done, 300));
    }
    expect(taken).toBeLessThan(60_000);
    for (const socket of server.sockets) socket.resume();
    await work;
    expect(server.sequences).toEqual(range(1, 60_000));
  });

  it.each(['destroy', 'reset'] as const)(
    'loses no line when the receiver restarts in the middle (%s)',
    async (how) => {
      const first = serve();
      const port = await listen(first.server);
      first.onMessage = (count, socket) => {
        if (count === 1000) socket.pause();
      };
      const { receiver, notices } = receiverAt(port);
      await takeAll(receiver, 1, 4000);
      while (first.messages.length < 1000) await new Promise((done) => setTimeout(done, 5));
      await first.stop(how);
      const second = serve();
      const restart = setTimeout(() => void listen(second.server, port), 100);
      await takeAll(receiver, 4001, 6000);
      await receiver.close();
      clearTimeout(restart);
      expect(distinct([...first.sequences, ...second.sequences])).toEqual(range(1, 6000));
      expect(second.sequences.at(-1)).toBe(6000);
      expect(notices.join('\n')).toMatch(/waiting for syslog\+tcp:\/\/127\.0\.0\.1:\d+: ECONN/);
      expect(receiver.delivery().remarks[1]).toMatch(
        /^the connection broke once, \d+ lines were sent again$/,
      );
    },
  );

  it('goes on when the receiver ends the connection in good order', async () => {
    const server = serve();
    const { receiver } = receiverAt(await listen(server.server));
    server.onMessage = (count, socket) => {
      if (count % 700 === 0) socket.end();
    };
    for (let id = 1; id <= 3000; id++) {
      await receiver.take(lineOf(id));
      if (id % 100 === 0) {
        await receiver.flush();
        await new Promise((done) => setTimeout(done, 2));
      }
    }
    server.onMessage = () => undefined;
    await receiver.close();
    expect(distinct(server.sequences)).toEqual(range(1, 3000));
  });

  it('waits for a receiver that is not there yet', async () => {
    const probe = new SyslogServer();
    const port = await listen(probe.server);
    await probe.stop();
    const { receiver, notices } = receiverAt(port);
    const server = serve();
    setTimeout(() => void listen(server.server, port), 80);
    await takeAll(receiver, 1, 500);
    await receiver.close();
    expect(server.sequences).toEqual(range(1, 500));
    expect(notices).toEqual([
      `waiting for syslog+tcp://127.0.0.1:${port}: ECONNREFUSED`,
      `syslog+tcp://127.0.0.1:${port} takes lines again`,
    ]);
  });

  it('gives up when patience ends and names the cause', async () => {
    const probe = new SyslogServer();
    const port = await listen(probe.server);
    await probe.stop();
    const { receiver } = receiverAt(port, { patience: 10_000 });
    await expect(takeAll(receiver, 1, 500)).rejects.toThrow(
      `syslog+tcp://127.0.0.1:${port} takes no lines: ECONNREFUSED.`,
    );
  });

  it('after Ctrl-C delivers what was taken, but waits for a stalled receiver no longer than grace', async () => {
    const server = serve();
    server.onSocket = (socket) => socket.pause();
    const stop = new AbortController();
    const { receiver } = receiverAt(await listen(server.server), {
      signal: stop.signal,
      patience: 10_000_000,
      grace: 2000,
    });
    const work = takeAll(receiver, 1, 60_000);
    setTimeout(() => stop.abort(), 200);
    await expect(work).rejects.toThrow('it has stalled');
    receiver.abandon();
  });
});

describe('syslog over TLS', () => {
  const serveTls = () =>
    serve(new SyslogServer((on) => createTlsServer({ cert: certificate, key }, on)));

  it('brings all lines to a receiver whose certificate is trusted', async () => {
    const server = serveTls();
    const port = await listen(server.server);
    const { receiver } = receiverAt(port, {}, { ca: Buffer.from(certificate), insecure: false });
    await takeAll(receiver, 1, 2000);
    await receiver.close();
    expect(server.sequences).toEqual(range(1, 2000));
    expect(receiver.delivery().remarks).toEqual([
      'syslog has no acknowledgement, but the receiver read to the end',
    ]);
  });

  it('refuses an unknown certificate at once, unless told to check nothing', async () => {
    const server = serveTls();
    const port = await listen(server.server);
    const strict = receiverAt(port, {}, { ca: undefined, insecure: false });
    await expect(takeAll(strict.receiver, 1, 500)).rejects.toMatchObject({
      message: expect.stringContaining('self-signed certificate'),
      advice: expect.stringContaining('--ca FILE'),
    });
    const lax = receiverAt(port, {}, { ca: undefined, insecure: true });
    await takeAll(lax.receiver, 1, 500);
    await lax.receiver.close();
    expect(server.sequences).toEqual(range(1, 500));
  });

  it('says so when the receiver speaks no TLS', async () => {
    const server = serve();
    server.onSocket = (socket) => {
      socket.removeAllListeners('data');
      socket.on('data', () => socket.end('what?\n'));
    };
    const port = await listen(server.server);
    const { receiver } = receiverAt(port, {}, { ca: undefined, insecure: true });
    await expect(takeAll(receiver, 1, 500)).rejects.toMatchObject({
      advice: expect.stringContaining('does not speak TLS'),
    });
  });
});

describe('syslog over UDP', () => {
  async function listenUdp(port = 0) {
    const socket = createSocket({ type: 'udp4', recvBufferSize: 4 * 1024 * 1024 });
    const sequences: number[] = [];
    socket.on('message', (message) => sequences.push(sequenceOf(message.toString())));
    await new Promise<void>((done) => socket.bind(port, '127.0.0.1', done));
    return { socket, sequences, port: socket.address().port };
  }

  it('sends one datagram a line and says what UDP cannot tell', async () => {
    const { socket, sequences, port } = await listenUdp();
    const receiver = new SyslogDatagramReceiver(receiverAt(port).options);
    await takeAll(receiver, 1, 300);
    await receiver.take({ ...lineOf(301), text: 'y'.repeat(3000) });
    await receiver.close();
    while (sequences.length < 301) await new Promise((done) => setTimeout(done, 5));
    socket.close();
    expect(sequences).toEqual(range(1, 301));
    expect(receiver.delivery()).toMatchObject({ sent: 301, acknowledged: undefined });
    expect(receiver.delivery().remarks.join('\n')).toMatch(
      /no acknowledgement.*\n1 messages above 1472 bytes travelled in pieces, the largest had 3\d\d\d/,
    );
  });

  const hasLoopback6 = (networkInterfaces()['lo'] ?? []).some(({ address }) => address === '::1');
  it.runIf(hasLoopback6)(
    'reaches a host by its name and by an address of either family',
    async () => {
      const socket = createSocket({ type: 'udp6', ipv6Only: false });
      const sequences: number[] = [];
      socket.on('message', (message) => sequences.push(sequenceOf(message.toString())));
      await new Promise<void>((done) => socket.bind(0, '::', done));
      const { port } = socket.address();
      for (const [i, host] of ['localhost', '127.0.0.1', '::1'].entries()) {
        const receiver = new SyslogDatagramReceiver({ ...receiverAt(port).options, host });
        await receiver.take(lineOf(i + 1));
        await receiver.close();
      }
      while (sequences.length < 3) await new Promise((done) => setTimeout(done, 5));
      socket.close();
      expect(sequences).toEqual([1, 2, 3]);
    },
  );

  it('refuses a line that no datagram can hold', async () => {
    const receiver = new SyslogDatagramReceiver(receiverAt(9).options);
    await expect(receiver.take({ ...lineOf(5), text: 'y'.repeat(70_000) })).rejects.toThrow(
      /^Line 5 has 70\d\d\d bytes/,
    );
  });

  it('waits when nobody listens, as far as the system tells', async () => {
    const gone = await listenUdp();
    gone.socket.close();
    const { options, notices } = receiverAt(gone.port);
    const receiver = new SyslogDatagramReceiver(options);
    const back = new Promise<Awaited<ReturnType<typeof listenUdp>>>((done) => {
      setTimeout(() => void listenUdp(gone.port).then(done), 100);
    });
    await receiver.take(lineOf(1));
    // The answer that nobody listens needs a moment, even here.
    await new Promise((done) => setTimeout(done, 20));
    await takeAll(receiver, 2, 50);
    await receiver.close();
    const { socket, sequences } = await back;
    while (sequences.at(-1) !== 50) await new Promise((done) => setTimeout(done, 5));
    socket.close();
    expect(distinct(sequences)).toEqual(range(1, 50));
    expect(notices[0]).toContain('ECONNREFUSED');
  });
});
