import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { UsageFault } from '../usage-fault.js';
import type { Dialect } from './dialects.js';
import { reasonOf, throwIfHopeless } from './faults.js';
import { Patience, type PatienceOptions } from './patience.js';
import type { Delivery, EmittedLine, Receiver, TlsTrust } from './receiver.js';

export interface HttpOptions extends PatienceOptions {
  readonly tls: boolean;
  readonly host: string;
  readonly port: number;
  readonly shown: string;
  readonly trust: TlsTrust;
  /** Milliseconds without a sign of life after which a request is tried again. Default 30 000. */
  readonly timeout?: number;
  /** Requests that may be under way at the same time. Default 4. */
  readonly in_flight?: number;
}

const batchLines = 500;
const batchBytes = 512 * 1024;
const mostAnswer = 4 * 1024 * 1024;

interface Response {
  readonly status: number;
  readonly body: string;
  /** Milliseconds that the receiver asks to wait. */
  readonly after: number | undefined;
}

/** Lines on their way together. */
interface Batch {
  readonly texts: string[];
  /** Id of its last line. */
  last: number;
  bytes: number;
  confirmed: boolean;
}

const emptyBatch = (): Batch => ({ texts: [], last: 0, bytes: 0, confirmed: false });

/**
 * Posts batches, a few at the same time, while the next one fills. Batches are begun in order, but
 * the receiver may take them in another: lines arrive at most `in_flight` batches apart from their
 * order. What is not confirmed is sent again; as long as it is not, no batch that comes
 * `in_flight` or more after it is begun, so memory is bounded.
 */
export class HttpReceiver implements Receiver {
  private readonly dialect: Dialect;
  private readonly options: HttpOptions;
  private readonly patience: Patience;
  private readonly agent: HttpAgent;
  private filling = emptyBatch();
  /** Begun, in order; those at the front leave once they are confirmed. */
  private readonly batches: Batch[] = [];
  private readonly posts = new Set<Promise<void>>();
  private readonly most: number;
  /** One pause for all that have to wait. */
  private pausing: Promise<void> | undefined;
  private failure: unknown;
  private through = 0;
  private sent = 0;
  private acknowledged = 0;
  private known = 0;
  private repeated = 0;

  constructor(dialect: Dialect, options: HttpOptions) {
    this.dialect = dialect;
    this.options = options;
    this.patience = new Patience(options.shown, options);
    this.most = options.in_flight ?? 4;
    const sockets = { keepAlive: true, maxSockets: this.most };
    this.agent = options.tls ? new HttpsAgent(sockets) : new HttpAgent(sockets);
  }

  take(line: EmittedLine): Promise<void> | undefined {
    const text = this.dialect.encode(line);
    const { filling } = this;
    filling.texts.push(text);
    filling.bytes += text.length;
    filling.last = line.id;
    if (filling.texts.length < batchLines && filling.bytes < batchBytes) return undefined;
    return this.start();
  }

  /** Begins to post what was filled, once there is room for it. */
  private async start(): Promise<void> {
    while (this.failure === undefined && !this.hasRoom()) await Promise.race(this.waited());
    this.check();
    if (this.filling.texts.length === 0) return;
    const batch = this.filling;
    this.filling = emptyBatch();
    this.batches.push(batch);
    const post: Promise<void> = this.post(batch.texts)
      .then(() => this.confirm(batch))
      .catch((error: unknown) => {
        this.failure ??= error;
      })
      .finally(() => this.posts.delete(post));
    this.posts.add(post);
  }

  /** One request alone until the receiver has taken something, so that a refusal costs one batch. */
  private hasRoom(): boolean {
    const most = this.acknowledged === 0 ? 1 : this.most;
    return this.batches.length < most && this.pausing === undefined;
  }

  private waited(): Promise<void>[] {
    // A pause that fails makes its post fail too, which keeps the reason.
    const pause = this.pausing?.catch(() => undefined);
    return pause === undefined ? [...this.posts] : [...this.posts, pause];
  }

  private confirm(batch: Batch): void {
    batch.confirmed = true;
    while (this.batches[0]?.confirmed === true)
      this.through = this.batches.shift()?.last ?? this.through;
  }

  private check(): void {
    if (this.failure !== undefined) throw this.failure;
  }

  async flush(): Promise<void> {
    await this.start();
    while (this.posts.size > 0 && this.failure === undefined) await Promise.race(this.posts);
    this.check();
  }

  async close(): Promise<void> {
    await this.flush();
    this.agent.destroy();
  }

  abandon(): void {
    this.agent.destroy();
  }

  private async post(batch: readonly string[]): Promise<void> {
    let left = batch;
    let first = true;
    while (left.length > 0) {
      const response = await this.request(left.join(''));
      if (first) this.sent += batch.length;
      else this.repeated++;
      first = false;
      if (response === undefined) {
        await this.pause(() => this.patience.cutOff('it does not answer'));
        continue;
      }
      if (typeof response === 'string') {
        await this.pause(() => this.patience.wait(response));
        continue;
      }
      const answer = this.dialect.judge(response.status, response.body, left.length);
      switch (answer.kind) {
        case 'taken':
          this.acknowledged += left.length;
          this.known += answer.known ?? 0;
          this.patience.progress();
          return;
        case 'partly':
          this.acknowledged += left.length - answer.again.length;
          this.known += answer.known;
          if (answer.again.length < left.length) this.patience.progress();
          left = answer.again.flatMap((at) => left[at] ?? []);
          await this.pause(() => this.patience.wait(answer.reason, response.after));
          break;
        case 'later':
          await this.pause(() => this.patience.wait(answer.reason, response.after));
          break;
        case 'smaller': {
          if (left.length === 1) throw this.refusal(answer.reason, undefined);
          const middle = Math.ceil(left.length / 2);
          this.sent -= left.length;
          await this.post(left.slice(0, middle));
          await this.post(left.slice(middle));
          return;
        }
        case 'refused':
          throw this.refusal(answer.reason, answer.advice);
      }
    }
  }

  /** Requests that fail while others wait already wait with them, and do not lengthen the pause. */
  private pause(wait: () => Promise<void>): Promise<void> {
    this.pausing ??= wait().finally(() => {
      this.pausing = undefined;
    });
    return this.pausing;
  }

  private refusal(reason: string, advice: string | undefined): UsageFault {
    return new UsageFault(
      `${this.options.shown} refuses the lines: ${reason.slice(0, 1000)}`,
      advice,
    );
  }

  /**
   * The response, or why there is none and a retry may help, or undefined when patience ended.
   * Throws UsageFault when no retry would help.
   */
  private async request(body: string): Promise<Response | string | undefined> {
    const stop = new AbortController();
    const exchange = this.exchange(body, stop.signal).catch((error: unknown) => error as Error);
    const outcome = await this.patience.within(exchange);
    if (outcome === undefined) {
      stop.abort();
      return undefined;
    }
    if (!(outcome instanceof Error)) return outcome;
    throwIfHopeless(outcome, this.options.shown);
    return reasonOf(outcome);
  }

  private exchange(body: string, signal: AbortSignal): Promise<Response> {
    const { tls, host, port, trust, timeout = 30_000 } = this.options;
    const { path, headers } = this.dialect;
    return new Promise((resolve, reject) => {
      const request = (tls ? requestHttps : requestHttp)(
        {
          host,
          port,
          path,
          method: 'POST',
          agent: this.agent,
          headers: { ...headers, 'content-length': Buffer.byteLength(body) },
          timeout,
          signal,
          ...(tls && { rejectUnauthorized: !trust.insecure, ...(trust.ca && { ca: trust.ca }) }),
        },
        (response) => {
          readBody(response).then(
            (text) =>
              resolve({
                status: response.statusCode ?? 0,
                body: text,
                after: pauseOf(response.headers['retry-after']),
              }),
            reject,
          );
        },
      );
      request.on('timeout', () => request.destroy(new Error('it does not answer')));
      request.on('error', reject);
      request.end(body);
    });
  }

  delivery(): Delivery {
    const remarks: string[] = [];
    if (this.repeated > 0)
      remarks.push(`${this.repeated} ${this.repeated === 1 ? 'request' : 'requests'} repeated`);
    if (this.known > 0) remarks.push(`${this.known} lines were there already`);
    if (this.batches.length > 0) remarks.push(`everything up to line ${this.through} is there`);
    return { sent: this.sent, acknowledged: this.acknowledged, remarks };
  }
}

async function readBody(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > mostAnswer) throw new Error('its answer is too long');
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}

/** Seconds only; a date is ignored. */
function pauseOf(header: string | undefined): number | undefined {
  const seconds = Number(header);
  return header !== undefined && Number.isFinite(seconds) && seconds >= 0
    ? seconds * 1000
    : undefined;
}
