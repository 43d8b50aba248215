import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { afterEach, describe, expect, it } from 'vitest';
import { type Dialect, elastic, splunk } from '../../../../harness/emit/dialects.js';
import { HttpReceiver } from '../../../../harness/emit/http.js';
import { openTarget } from '../../../../harness/emit/target.js';
import { lineOf, listen, patienceOf, range, takeAll } from './kit.js';
import { certificate, key } from './loopback-certificate.js';

interface Call {
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}
/** Status and body; `drop` closes the connection, `silent` never answers. */
type Reply =
  | readonly [status: number, body?: unknown, headers?: Record<string, string>]
  | 'drop'
  | 'silent';

const running: Server[] = [];
afterEach(() => {
  for (const server of running.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(reply: (call: Call, number: number) => Reply | Promise<Reply>, tls = false) {
  const calls: Call[] = [];
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const parts: Buffer[] = [];
    for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
    const call = {
      url: request.url ?? '',
      headers: request.headers,
      body: Buffer.concat(parts).toString(),
    };
    calls.push(call);
    const answer = await reply(call, calls.length);
    if (answer === 'drop') request.socket.destroy();
    else if (answer !== 'silent') {
      const [status, body = {}, headers = {}] = answer;
      response
        .writeHead(status, headers)
        .end(typeof body === 'string' ? body : JSON.stringify(body));
    }
  };
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    handle(request, response).catch(() => response.destroy());
  };
  const server = tls
    ? createHttpsServer({ cert: certificate, key }, listener)
    : createServer(listener);
  running.push(server as Server);
  return { calls, port: await listen(server), server };
}

function receiverAt(port: number, dialect: Dialect, more: Record<string, unknown> = {}) {
  const patience = patienceOf();
  const receiver = new HttpReceiver(dialect, {
    ...patience,
    tls: false,
    host: '127.0.0.1',
    port,
    shown: 'the receiver',
    trust: { ca: undefined, insecure: false },
    ...more,
  });
  return { receiver, notices: patience.notices };
}

const hec = splunk({
  token: 'secret',
  settings: { index: 'main' },
  run: 'abc',
  origin: 'mimecast.corp.example',
});
const bulk = elastic({
  path: '/logs',
  parameters: '',
  authorization: undefined,
  run: 'abc',
  origin: 'mimecast.corp.example',
});
const thanks: Reply = [200, { text: 'Success', code: 0 }];

/** Events of a HEC body, which are objects one after the other. */
const hecEvents = (body: string): { fields: { line: number }; event: string }[] =>
  JSON.parse(`[${body.replaceAll('}{"time"', '},{"time"')}]`) as never;
const hecLines = (calls: readonly Call[]): number[] =>
  calls.flatMap(({ body }) => hecEvents(body).map(({ fields }) => fields.line));
const sorted = (numbers: readonly number[]): number[] => [...numbers].sort((a, b) => a - b);
const bulkLines = ({ body }: Call): number[] =>
  [...body.matchAll(/"_id":"abc-(\d+)"/g)].map(([, id]) => Number(id));

describe('Splunk HTTP Event Collector', () => {
  it('takes the lines as they are, in batches, with token, time, source type and line id', async () => {
    const { calls, port } = await serve(() => thanks);
    const { receiver } = receiverAt(port, hec);
    await takeAll(receiver, 1, 1200);
    await receiver.close();
    expect(sorted(calls.map(({ body }) => hecEvents(body).length))).toEqual([200, 500, 500]);
    for (const call of calls) {
      const lines = hecLines([call]);
      expect(lines).toEqual(range(lines[0] ?? 0, lines.at(-1) ?? 0));
    }
    expect(sorted(hecLines(calls))).toEqual(range(1, 1200));
    expect(calls[0]).toMatchObject({
      url: '/services/collector/event',
      headers: { authorization: 'Splunk secret', 'content-type': 'application/json' },
    });
    expect(hecEvents(calls[0]?.body ?? '')[4]).toEqual({
      time: lineOf(5).time / 1000,
      host: 'mimecast.corp.example',
      source: 'leakdrill',
      sourcetype: 'mimecast:process',
      index: 'main',
      event: lineOf(5).text,
      fields: { line: 5, run: 'abc' },
    });
    expect(receiver.delivery()).toEqual({ sent: 1200, acknowledged: 1200, remarks: [] });
  });

  it('sends again what is not confirmed: busy, dropped, or silent', async () => {
    const replies: Reply[] = [[503, { text: 'Server is busy', code: 9 }], 'drop', 'silent', [429]];
    const { calls, port } = await serve(() => replies.shift() ?? thanks);
    const { receiver, notices } = receiverAt(port, hec, { timeout: 150 });
    await takeAll(receiver, 1, 700);
    await receiver.close();
    expect(calls).toHaveLength(6);
    expect(new Set(hecLines(calls))).toEqual(new Set(range(1, 700)));
    expect(hecLines(calls.slice(-2))).toEqual(range(1, 700));
    expect(receiver.delivery()).toEqual({
      sent: 700,
      acknowledged: 700,
      remarks: ['4 requests repeated'],
    });
    expect(notices[0]).toBe('waiting for the receiver: 503 Server is busy (code 9)');
  });

  it('waits as long as the receiver says, and a little when it says no time', async () => {
    const times: number[] = [];
    const replies: Reply[] = [
      [429, {}, { 'retry-after': '4' }],
      ...Array.from({ length: 4 }, (): Reply => [503, {}, { 'retry-after': '0' }]),
    ];
    const { port } = await serve(() => {
      // On the fast clock, in its milliseconds.
      times.push(performance.now() * 20);
      return replies.shift() ?? thanks;
    });
    const { receiver } = receiverAt(port, hec);
    await takeAll(receiver, 1, 10);
    await receiver.close();
    const pauses = times.slice(1).map((time, i) => time - (times[i] ?? 0));
    expect(pauses).toHaveLength(5);
    expect(pauses[0]).toBeGreaterThan(3900);
    for (const pause of pauses.slice(1)) expect(pause).toBeGreaterThan(230);
  });

  it('loses nothing when the receiver restarts', async () => {
    const first = await serve((_, number) => (number < 3 ? thanks : 'silent'));
    const { receiver } = receiverAt(first.port, hec);
    const work = takeAll(receiver, 1, 4000).then(() => receiver.close());
    while (first.calls.length < 3) await new Promise((done) => setTimeout(done, 5));
    first.server.closeAllConnections();
    await new Promise((done) => first.server.close(done));
    const second = await serve(() => thanks);
    second.server.closeAllConnections();
    await new Promise((done) => second.server.close(done));
    await listen(second.server, first.port);
    await work;
    expect(sorted([...hecLines(first.calls.slice(0, 2)), ...hecLines(second.calls)])).toEqual(
      range(1, 4000),
    );
    expect(receiver.delivery()).toMatchObject({ sent: 4000, acknowledged: 4000 });
  });

  it('sends one batch alone until the receiver has taken one', async () => {
    let release: () => void = () => undefined;
    const stalled = new Promise<void>((done) => {
      release = done;
    });
    const { calls, port } = await serve(async () => {
      await stalled;
      return thanks;
    });
    const { receiver } = receiverAt(port, hec);
    let taken = 0;
    const work = (async () => {
      for (; taken < 5000; taken++) await receiver.take(lineOf(taken + 1));
      await receiver.close();
    })();
    while (calls.length === 0) await new Promise((done) => setTimeout(done, 5));
    await new Promise((done) => setTimeout(done, 100));
    expect(taken).toBeLessThan(1000);
    expect(calls).toHaveLength(1);
    release();
    await work;
    expect(sorted(hecLines(calls))).toEqual(range(1, 5000));
  });

  it('has four requests under way at most, and holds no more than they and one batch', async () => {
    const waiting: (() => void)[] = [];
    let open = 0;
    let most = 0;
    const { calls, port } = await serve(async (_, number) => {
      most = Math.max(most, ++open);
      // The first is answered at once, the others not before they are told to be, the last first.
      if (number > 1) await new Promise<void>((done) => waiting.push(done));
      open--;
      return thanks;
    });
    const { receiver } = receiverAt(port, hec);
    let taken = 0;
    const work = (async () => {
      for (; taken < 6000; taken++) await receiver.take(lineOf(taken + 1));
      await receiver.close();
    })();
    while (waiting.length < 4) await new Promise((done) => setTimeout(done, 5));
    await new Promise((done) => setTimeout(done, 50));
    expect(calls).toHaveLength(5);
    expect(taken).toBeLessThan(6 * 500);
    waiting.pop()?.();
    await new Promise((done) => setTimeout(done, 50));
    // The batch at the front is not confirmed, so none is begun behind the four.
    expect(calls).toHaveLength(5);
    expect(receiver.delivery()).toMatchObject({
      acknowledged: 1000,
      remarks: ['everything up to line 500 is there'],
    });
    for (let turns = 0; calls.length < 12 || open > 0; turns++) {
      expect(turns).toBeLessThan(2000);
      waiting.pop()?.();
      await new Promise((done) => setTimeout(done, 1));
    }
    await work;
    expect(most).toBe(4);
    expect(sorted(hecLines(calls))).toEqual(range(1, 6000));
    expect(receiver.delivery()).toEqual({ sent: 6000, acknowledged: 6000, remarks: [] });
  });

  it('loses nothing when some of several requests are refused for now, dropped or silent', async () => {
    const taken: number[] = [];
    const { calls, port } = await serve((call, number) => {
      if (number % 3 === 0) return [503, { text: 'Server is busy', code: 9 }];
      if (number % 5 === 0) return 'drop';
      if (number % 7 === 0) return 'silent';
      taken.push(...hecLines([call]));
      return thanks;
    });
    const { receiver } = receiverAt(port, hec, { timeout: 200 });
    await takeAll(receiver, 1, 6000);
    await receiver.close();
    expect(calls.length).toBeGreaterThan(12);
    // A batch whose answer came too late is there twice.
    expect(sorted([...new Set(taken)])).toEqual(range(1, 6000));
    expect(receiver.delivery()).toMatchObject({ sent: 6000, acknowledged: 6000 });
  });

  it('says up to where everything is there when the receiver refuses later on', async () => {
    const { port } = await serve((call) =>
      hecLines([call]).includes(1700) ? [400, { text: 'Invalid data format', code: 6 }] : thanks,
    );
    const { receiver } = receiverAt(port, hec);
    const work = takeAll(receiver, 1, 9000).then(() => receiver.close());
    await expect(work).rejects.toThrow('refuses the lines: 400 Invalid data format (code 6)');
    receiver.abandon();
    const [remark = ''] = receiver.delivery().remarks;
    expect([
      'everything up to line 500 is there',
      'everything up to line 1000 is there',
      'everything up to line 1500 is there',
    ]).toContain(remark);
  });

  it.each([
    [
      400,
      { text: 'Incorrect index', code: 7, 'invalid-event-number': 1 },
      /refuses the lines: 400 Incorrect index \(code 7\)/,
    ],
    [
      401,
      { text: 'Token is required', code: 2 },
      /refuses the lines: 401 Token is required \(code 2\)/,
    ],
    [403, { text: 'Invalid token', code: 4 }, /refuses the lines: 403 Invalid token \(code 4\)/],
    [404, 'nothing here', /refuses the lines: 404 nothing here/],
  ] as const)(
    'passes a refusal on in the words of the receiver: %s',
    async (status, body, words) => {
      const { calls, port } = await serve(() => [status, body]);
      const { receiver } = receiverAt(port, hec);
      const work = takeAll(receiver, 1, 2000).then(() => receiver.close());
      await expect(work).rejects.toThrow(words);
      expect(calls).toHaveLength(1);
      expect(receiver.delivery()).toMatchObject({ sent: 500, acknowledged: 0 });
    },
  );

  it.each([
    [403, 1, /enable it/],
    [403, 4, /--token/],
    [400, 7, /\?index=/],
    [400, 10, /without/],
  ])('advises by what the collector says: %i, code %i', async (status, code, advice) => {
    const { port } = await serve(() => [status, { text: 'No', code }]);
    const { receiver } = receiverAt(port, hec);
    await takeAll(receiver, 1, 10);
    await expect(receiver.close()).rejects.toMatchObject({ advice: expect.stringMatching(advice) });
  });

  it('halves a batch that is too large', async () => {
    const { calls, port } = await serve(({ body }) =>
      hecEvents(body).length > 130 ? [413] : thanks,
    );
    const { receiver } = receiverAt(port, hec);
    await takeAll(receiver, 1, 500);
    await receiver.close();
    const taken = calls.filter(({ body }) => hecEvents(body).length <= 130);
    expect(hecLines(taken)).toEqual(range(1, 500));
    expect(receiver.delivery()).toMatchObject({ sent: 500, acknowledged: 500 });
  });

  it('speaks TLS and checks the certificate', async () => {
    const { calls, port } = await serve(() => thanks, true);
    const trusting = { tls: true, trust: { ca: Buffer.from(certificate), insecure: false } };
    const { receiver } = receiverAt(port, hec, trusting);
    await takeAll(receiver, 1, 10);
    await receiver.close();
    expect(hecLines(calls)).toEqual(range(1, 10));
    const strict = receiverAt(port, hec, { tls: true }).receiver;
    await takeAll(strict, 1, 10);
    await expect(strict.close()).rejects.toMatchObject({
      advice: expect.stringContaining('--ca FILE'),
    });
  });

  it('gives up when patience ends', async () => {
    const { port } = await serve(() => [503, { text: 'Server is busy', code: 9 }]);
    const { receiver } = receiverAt(port, hec, { patience: 2000 });
    await takeAll(receiver, 1, 10);
    await expect(receiver.close()).rejects.toThrow('takes no lines: 503 Server is busy (code 9).');
  });
});

describe('Elasticsearch bulk', () => {
  const created = (call: Call): Reply => [
    200,
    { errors: false, items: bulkLines(call).map(() => ({ create: { status: 201 } })) },
  ];

  it('creates one document a line under an id of its own', async () => {
    const { calls, port } = await serve(created);
    const { receiver } = receiverAt(port, bulk);
    await takeAll(receiver, 1, 700);
    await receiver.close();
    expect(calls.flatMap(bulkLines)).toEqual(range(1, 700));
    expect(calls[0]?.url).toMatch(/^\/logs\/_bulk\?filter_path=errors,/);
    expect(calls[0]?.headers['content-type']).toBe('application/x-ndjson');
    const [action, document] = (calls[0]?.body ?? '').split('\n');
    expect(action).toBe('{"create":{"_id":"abc-1"}}');
    expect(JSON.parse(document ?? '')).toEqual({
      '@timestamp': '2024-01-01T00:00:01.000Z',
      message: lineOf(1).text,
      event: { sequence: 1, dataset: 'mimecast.process' },
      host: { name: 'mimecast.corp.example' },
      labels: { run: 'abc' },
    });
    expect(receiver.delivery()).toEqual({ sent: 700, acknowledged: 700, remarks: [] });
  });

  it('sends again those lines of a batch that were not taken, and no others', async () => {
    const busy = {
      status: 429,
      error: { type: 'es_rejected_execution_exception', reason: 'queue full' },
    };
    const { calls, port } = await serve((call, number) => [
      200,
      {
        errors: number === 1,
        items: bulkLines(call).map((id) => ({
          create: number === 1 && id % 100 === 7 ? busy : { status: 201 },
        })),
      },
    ]);
    const { receiver } = receiverAt(port, bulk);
    await takeAll(receiver, 1, 500);
    await receiver.close();
    expect(calls.map((call) => bulkLines(call).length)).toEqual([500, 5]);
    expect(calls[1] && bulkLines(calls[1])).toEqual([7, 107, 207, 307, 407]);
    expect(receiver.delivery()).toEqual({
      sent: 500,
      acknowledged: 500,
      remarks: ['1 request repeated'],
    });
  });

  it('takes a document that is there from a try whose answer was lost as delivered', async () => {
    const stored = new Set<number>();
    const { port } = await serve((call, number) => {
      const items = bulkLines(call).map((id) => ({
        create: { status: stored.has(id) ? 409 : 201 },
      }));
      for (const id of bulkLines(call)) stored.add(id);
      return number === 1
        ? 'drop'
        : [200, { errors: items.some(({ create }) => create.status > 201), items }];
    });
    const { receiver } = receiverAt(port, bulk);
    await takeAll(receiver, 1, 300);
    await receiver.close();
    expect([...stored]).toEqual(range(1, 300));
    expect(receiver.delivery()).toEqual({
      sent: 300,
      acknowledged: 300,
      remarks: ['1 request repeated', '300 lines were there already'],
    });
  });

  it('passes on why a document is refused', async () => {
    const error = { type: 'mapper_parsing_exception', reason: 'failed to parse field [message]' };
    const { port } = await serve((call) => [
      200,
      {
        errors: true,
        items: bulkLines(call).map((id) => ({
          create: id === 3 ? { status: 400, error } : { status: 201 },
        })),
      },
    ]);
    const { receiver } = receiverAt(port, bulk);
    await takeAll(receiver, 1, 10);
    await expect(receiver.close()).rejects.toThrow(
      'refuses the lines: 400 mapper_parsing_exception: failed to parse field [message]',
    );
  });

  it.each([
    [
      'elastic+http://ann:pass%20word@127.0.0.1:PORT/logs',
      undefined,
      `Basic ${Buffer.from('ann:pass word').toString('base64')}`,
    ],
    [
      'elastic+http://ann@127.0.0.1:PORT/logs',
      'secret',
      `Basic ${Buffer.from('ann:secret').toString('base64')}`,
    ],
    ['elastic+http://127.0.0.1:PORT/logs', 'a2V5', 'ApiKey a2V5'],
    ['elastic+http://127.0.0.1:PORT/logs?pipeline=x', undefined, undefined],
  ])('authorises as the address says: %s', async (address, token, authorization) => {
    const { calls, port } = await serve(created);
    const receiver = openTarget(address.replace('PORT', String(port)), {
      ...patienceOf(),
      token,
      ca: undefined,
      insecure: false,
      run: 'abc',
      origin: 'o',
    });
    await takeAll(receiver, 1, 3);
    await receiver.close();
    expect(calls[0]?.headers.authorization).toBe(authorization);
    expect(calls[0]?.url.includes('pipeline=x&filter_path')).toBe(address.endsWith('pipeline=x'));
  });

  it('does not take just any answer for success', async () => {
    const { port } = await serve(() => [200, 'welcome']);
    const { receiver } = receiverAt(port, bulk);
    await takeAll(receiver, 1, 3);
    await expect(receiver.close()).rejects.toMatchObject({
      message: expect.stringContaining('it answers welcome'),
      advice: 'Is this Elasticsearch?',
    });
  });
});

describe('the address of a receiver', () => {
  const open = (address: string, token?: string) =>
    openTarget(address, {
      ...patienceOf(),
      token,
      ca: undefined,
      insecure: false,
      run: 'r',
      origin: 'o',
    });

  it.each([
    ['siem.example', "--to 'siem.example' is not an address."],
    ['http://siem.example', '--to cannot send to http://.'],
    ['splunk+https://siem.example', 'splunk+https://siem.example:8088 needs a token.'],
    ['elastic+https://siem.example', 'elastic+https://siem.example:9200 names no index.'],
  ])('%s is refused with a reason', (address, reason) => {
    expect(() => open(address)).toThrow(reason);
  });

  it('may set how Splunk files the events, and nothing else', () => {
    expect(() => open('splunk+https://siem.example?index=a&source=b', 't')).not.toThrow();
    expect(() => open('splunk+https://siem.example?indx=a', 't')).toThrow(
      'there is no setting indx',
    );
  });
});
