/**
 * Records to events. Mimecast writes one message as several lines: a receipt and a delivery for each
 * recipient and one process line, in any order, minutes apart. Here they become one event for each
 * outcome: who got the mail (`sent`) and who did not (`failed`).
 *
 * Everything waits in one heap until the watermark (newest line minus lateness) has passed its time
 * by `wait`; so a message has its parts together whatever their order was, and events leave in (time,
 * arrival) order. What comes later than that either changes an outcome (a release, a late bounce),
 * which makes a new event at the time of that line, or is counted and dropped.
 *
 * Each recipient carries the moments of what happened to it, never a running state, so the outcome is
 * a function of the set of lines and not of their order. Nothing here grows without a bound: open
 * messages, closed messages, the memory of duplicates and recipients of a message all have a limit,
 * and what is put out early or forgotten is counted.
 *
 * Over 400 lines because the message, its life and its snapshot form one invariant.
 */
import type { BinaryReader, BinaryWriter } from '../binary.js';
import type { Counters, Event, Fields, FieldValue, LogRecord, RecordKind } from '../contract.js';

export interface AssembleOptions {
  /** How long a message waits for its missing lines, in event time, in milliseconds. */
  readonly wait: number;
  /** How far lines may arrive out of order, in milliseconds. */
  readonly lateness: number;
  /** Index of the event type that the fields make; -1 when they make none. May complete the fields. */
  readonly buildType: (kind: RecordKind, fields: Fields) => number;
  /** Limits; the defaults suit a day of a large organisation. */
  readonly maxOpen?: number;
  readonly maxClosed?: number;
}

export interface AssembleStage {
  add(record: LogRecord): void;
  /** End of input: everything that waits leaves, in order. */
  finish(): void;
  save(writer: BinaryWriter): void;
  load(reader: BinaryReader): void;
}

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** A held message can be released for as long as the hold queue keeps it. */
const HELD_KEPT = 14 * DAY;
/** A message whose delivery was not seen, or failed, may still change for as long as servers retry. */
const UNSETTLED_KEPT = 5 * DAY;
/** How long the name of a finished message is known, to tell a late line from a new message. */
const SETTLED_KEPT = 12 * HOUR;
/** Mail whose delivery is put off counts as failed when no attempt was seen for this long. */
const GIVEN_UP = DAY;
const MAX_RECIPIENTS = 20_000;
const MAX_LINES = 50_000;
const NEVER = Number.POSITIVE_INFINITY;

const UNTOLD = 0;
const SENT = 1;
const FAILED = 2;

/** What happened to one recipient, by the moment it happened; NEVER when it did not. */
interface Recipient {
  readonly address: string;
  accepted: number;
  rejected: number;
  held: number;
  delivered: number;
  undelivered: number;
  /** Latest attempt that was put off, to be tried again. */
  deferred: number;
  /** Reasons and actions of the latest of each. */
  rejectedFor: string | undefined;
  heldFor: string | undefined;
  undeliveredFor: string | undefined;
  deferredFor: string | undefined;
  acceptedBy: string | undefined;
  rejectedBy: string | undefined;
  heldBy: string | undefined;
  deliveredBy: string | undefined;
  /** Outcome that the last event told: UNTOLD, SENT, FAILED. */
  told: number;
}

interface Message {
  readonly key: string;
  readonly seq: number;
  /** Earliest line, and earliest receipt. */
  first: number;
  receipt: number;
  /** Moments of the process line's verdicts. */
  processed: number;
  held: number;
  bounced: number;
  heldFor: string | undefined;
  bouncedFor: string | undefined;
  /** Made of notices or whole lines: nothing is missing without a process line. */
  whole: boolean;
  facts: Fields;
  /** Facts has names that are not in every mail. */
  hasMore: boolean;
  /** Bytes by the delivery lines, for messages whose process line is missing. */
  deliveredBytes: number;
  lines: number[];
  recipients: Recipient[];
  byAddress: Map<string, Recipient> | undefined;
  /** Place in the heap while it waits; NaN while it is closed. */
  due: number;
  /** Time of the line that reopened it; NaN for the first event. */
  changed: number;
  /** When it was closed, for forgetting. */
  closed: number;
}

interface Waiting {
  readonly due: number;
  readonly seq: number;
  readonly message: Message | undefined;
  readonly record: LogRecord | undefined;
}

/** A binary heap by (due, seq). */
class Queue {
  private readonly items: Waiting[] = [];

  get size(): number {
    return this.items.length;
  }

  peek(): Waiting | undefined {
    return this.items[0];
  }

  all(): readonly Waiting[] {
    return this.items;
  }

  clear(): void {
    this.items.length = 0;
  }

  push(item: Waiting): void {
    const items = this.items;
    let at = items.length;
    items.push(item);
    while (at > 0) {
      const up = (at - 1) >> 1;
      const parent = items[up] as Waiting;
      if (!before(item, parent)) break;
      items[at] = parent;
      at = up;
    }
    items[at] = item;
  }

  pop(): Waiting | undefined {
    const items = this.items;
    const top = items[0];
    const last = items.pop();
    if (top === undefined || last === undefined || items.length === 0) return top;
    let at = 0;
    for (;;) {
      let down = 2 * at + 1;
      if (down >= items.length) break;
      if (down + 1 < items.length && before(items[down + 1] as Waiting, items[down] as Waiting))
        down++;
      const child = items[down] as Waiting;
      if (!before(child, last)) break;
      items[at] = child;
      at = down;
    }
    items[at] = last;
    return top;
  }
}

function before(a: Waiting, b: Waiting): boolean {
  return a.due < b.due || (a.due === b.due && a.seq < b.seq);
}

/** Two generations of names, so that old ones go without a look at each. */
class Memory<K extends string | number, V> {
  private young = new Map<K, V>();
  private old = new Map<K, V>();
  private turned = Number.NEGATIVE_INFINITY;

  get(key: K): V | undefined {
    return this.young.get(key) ?? this.old.get(key);
  }

  set(key: K, value: V): void {
    this.young.set(key, value);
  }

  /** Forgets what is older than `keep`; at most `limit` names stay in either generation. */
  turn(now: number, keep: number, limit: number): number {
    if (now - this.turned < keep && this.young.size < limit) return 0;
    const early = now - this.turned < keep ? this.old.size : 0;
    this.old = this.young;
    this.young = new Map();
    this.turned = now;
    return early;
  }

  save(writer: BinaryWriter): void {
    writer.f64(this.turned);
    writer.json([[...this.young], [...this.old]]);
  }

  load(reader: BinaryReader): void {
    this.turned = reader.f64();
    const [young, old] = reader.json() as [[K, V][], [K, V][]];
    this.young = new Map(young);
    this.old = new Map(old);
  }
}

const directionRank: Readonly<Record<string, number>> = { internal: 1, inbound: 2, outbound: 3 };

export function createAssembleStage(
  options: AssembleOptions,
  counters: Counters,
  emit: (event: Event) => void,
): AssembleStage {
  const { wait, lateness, buildType } = options;
  const maxOpen = options.maxOpen ?? 200_000;
  const maxClosed = options.maxClosed ?? 100_000;
  const queue = new Queue();
  const open = new Map<string, Message>();
  const heldKept = new Map<string, Message>();
  const unsettledKept = new Map<string, Message>();
  const heldIndex = new Map<string, Message>();
  const settled = new Memory<string, 1>();
  const told = new Memory<number, readonly [check: number, time: number]>();
  let newest = Number.NEGATIVE_INFINITY;
  let released = Number.NEGATIVE_INFINITY;
  let lastTime = Number.NEGATIVE_INFINITY;
  let seq = 0;
  let finishing = false;
  /** Open messages of the gateway by message id, kept once the first notice was seen. */
  let byMessageId: Map<string, Message> | undefined;
  let wholeWaiting = 0;

  const evict = (what: string): void => {
    counters.evicted[what] = (counters.evicted[what] ?? 0) + 1;
  };

  function add(record: LogRecord): void {
    if (record.kind === 'other') counters.unbuilt['other'] = (counters.unbuilt['other'] ?? 0) + 1;
    else if (record.kind !== 'mail') whole(record);
    else if (record.part === 'release') addRelease(record);
    else if (record.part !== undefined && record.join !== undefined) addPart(record, record.join);
    else addWholeMail(record);
    advance(record.time);
  }

  function advance(time: number): void {
    if (time <= newest) return;
    newest = time;
    const line = newest - lateness - wait;
    if (line <= released) return;
    released = line;
    drain();
    forget();
  }

  function drain(): void {
    for (let top = queue.peek(); top !== undefined && top.due <= released; top = queue.peek()) {
      queue.pop();
      leave(top);
    }
  }

  function leave(item: Waiting): void {
    if (item.record !== undefined) {
      wholeWaiting--;
      send(item.record.kind, item.record.time, [item.record.line], item.record.fields);
    } else if (item.message !== undefined && item.message.due === item.due) close(item.message);
  }

  function enqueue(
    due: number,
    number: number,
    message: Message | undefined,
    record: LogRecord | undefined,
  ): void {
    queue.push({ due, seq: number, message, record });
    if (record !== undefined) wholeWaiting++;
    while (open.size + wholeWaiting > maxOpen) {
      const top = queue.pop();
      if (top === undefined) return;
      if (top.message === undefined || top.message.due === top.due) evict('open messages');
      leave(top);
    }
  }

  /** A record that is an event by itself; one that comes after its turn leaves at once. */
  function whole(record: LogRecord): void {
    if (record.time <= released) send(record.kind, record.time, [record.line], record.fields);
    else enqueue(record.time, seq++, undefined, record);
  }

  /** Held mail has to be found again at its release, so it is kept as a message. */
  function addWholeMail(record: LogRecord): void {
    const outcome = record.fields['outcome'];
    if (outcome !== 'held' && outcome !== 'accepted' && record.part === undefined) {
      whole(record);
      return;
    }
    const known = outcome === 'held' ? heldMessage(record.fields) : undefined;
    if (known !== undefined) {
      counters.duplicates++;
      return;
    }
    const name = record.fields['message_id'] ?? record.fields['alert_id'] ?? record.time;
    addPart(
      { ...record, part: record.part ?? 'notice' },
      `${String(name)}\u0000${listOf(record.fields['recipients']).join()}`,
    );
  }

  function addRelease(record: LogRecord): void {
    const message =
      (record.join === undefined ? undefined : (open.get(record.join) ?? kept(record.join))) ??
      heldMessage(record.fields);
    if (message === undefined) whole(record);
    else apply(message, record);
  }

  function addPart(record: LogRecord, join: string): void {
    const key = record.part === 'notice' ? noticeKey(record.fields, join) : join;
    const message = open.get(key) ?? kept(key);
    if (message !== undefined) {
      apply(message, record);
      return;
    }
    if (settled.get(key) !== undefined) {
      counters.lateParts++;
      return;
    }
    const started = createMessage(key, seq++, record.time, record.part === 'notice');
    open.set(key, started);
    note(started, record);
    if (record.part === 'notice' && byMessageId === undefined) {
      byMessageId = new Map();
      for (const message of open.values()) knowMessageId(message);
    } else if (byMessageId !== undefined) knowMessageId(started);
    move(started, afterReleased(record.time));
  }

  function knowMessageId(message: Message): void {
    const name = message.whole ? undefined : messageIdKey(message.facts);
    if (name !== undefined) byMessageId?.set(name, message);
  }

  function kept(key: string): Message | undefined {
    return heldKept.get(key) ?? unsettledKept.get(key);
  }

  function forgetMessageId(message: Message): void {
    const name = messageIdKey(message.facts);
    if (name !== undefined && byMessageId?.get(name) === message) byMessageId.delete(name);
  }

  /**
   * The rows of a policy about a message that the gateway's own lines tell of too: its lines know
   * the size and the attachments, so the rows only lend them the policy's name and verdict.
   */
  function foldIntoMessage(notice: Message): boolean {
    const name = messageIdKey(notice.facts);
    const message = name === undefined ? undefined : byMessageId?.get(name);
    if (message === undefined || message === notice) return false;
    message.facts['alert_name'] ??= notice.facts['alert_name'];
    for (const told of notice.recipients) {
      const recipient = recipientFor(message, told.address);
      if (recipient === undefined) continue;
      if (told.accepted < recipient.accepted) recipient.accepted = told.accepted;
      if (told.held < recipient.held) {
        recipient.held = told.held;
        recipient.heldFor = told.heldFor;
        recipient.heldBy = told.heldBy;
      }
      if (told.rejected < recipient.undelivered) {
        recipient.undelivered = told.rejected;
        recipient.undeliveredFor = told.rejectedFor;
      }
    }
    for (const line of notice.lines) if (message.lines.length < MAX_LINES) message.lines.push(line);
    counters.duplicates++;
    return true;
  }

  /** Adds a line to a message that is known already. */
  function apply(message: Message, record: LogRecord): void {
    if (isRepeat(message, record)) {
      counters.duplicates++;
      return;
    }
    note(message, record);
    if (Number.isNaN(message.due)) {
      if (changes(message, record)) reopen(message, record.time, afterReleased(record.time));
      else counters.lateParts++;
    } else if (Number.isNaN(message.changed)) {
      // An earlier line moves the event to an earlier place, unless that place has gone by.
      const at = eventTime(message);
      if (at < message.due && at > released) move(message, at);
    } else if (changes(message, record) && record.time < message.changed) {
      message.changed = record.time;
      const at = afterReleased(record.time);
      if (at < message.due) move(message, at);
    } else if (record.fields['outcome'] === 'pending') giveUpLater(message);
  }

  function move(message: Message, at: number): void {
    message.due = at;
    enqueue(at, message.seq, message, undefined);
  }

  /** What comes too late for its own place waits for its kin from here on. */
  function afterReleased(time: number): number {
    return time > released ? time : released + wait;
  }

  function reopen(message: Message, time: number, due: number): void {
    heldKept.delete(message.key);
    unsettledKept.delete(message.key);
    open.set(message.key, message);
    message.changed = time;
    move(message, due);
  }

  /** Mail that is put off stays open until it is delivered, refused, or no attempt is seen any more. */
  function giveUpLater(message: Message): void {
    let last = 0;
    for (const recipient of message.recipients)
      if (isPutOff(message, recipient)) last = Math.max(last, recipient.deferred);
    if (last + GIVEN_UP > message.changed) {
      message.changed = last + GIVEN_UP;
      move(message, message.changed);
    }
  }

  /** The event or events of a message, or of what changed about it since the last. */
  function close(message: Message): void {
    const initial = Number.isNaN(message.changed);
    const time = initial ? eventTime(message) : message.changed;
    open.delete(message.key);
    message.due = Number.NaN;
    if (byMessageId !== undefined) forgetMessageId(message);
    if (initial && message.whole && foldIntoMessage(message)) return;
    if (initial && !message.whole && isIncomplete(message)) counters.incompleteMessages++;
    const sent: Recipient[] = [];
    const failed: Recipient[] = [];
    for (const recipient of message.recipients) {
      let outcome = initial ? firstOutcome(message, recipient) : outcomeOf(message, recipient);
      if (outcome === UNTOLD && time >= recipient.deferred + GIVEN_UP && !finishing)
        outcome = FAILED;
      if (outcome === recipient.told) continue;
      recipient.told = outcome;
      (outcome === SENT ? sent : failed).push(recipient);
    }
    if (initial && message.recipients.length === 0) {
      // A process line alone: the size and the attachments of a mail from someone to no one known.
      const outcome = message.held < NEVER || message.bounced < NEVER ? FAILED : SENT;
      tell(message, time, outcome, []);
    }
    if (sent.length > 0) tell(message, time, SENT, sent);
    if (failed.length > 0) tell(message, time, FAILED, failed);
    // What is known already but belongs to a later time: a release, or the end of a put-off delivery.
    let next = NEVER;
    for (const recipient of message.recipients)
      if (isPutOff(message, recipient)) {
        if (!finishing) next = Math.min(next, recipient.deferred + GIVEN_UP);
      } else if (outcomeOf(message, recipient) !== recipient.told)
        next = Math.min(next, recipient.delivered < NEVER ? recipient.delivered : time);
    if (next < NEVER) reopen(message, Math.max(next, time), Math.max(next, time));
    else keep(message, time);
  }

  function keep(message: Message, time: number): void {
    message.changed = Number.NaN;
    message.closed = time;
    let isHeld = message.held < NEVER && message.recipients.length === 0;
    let isSettled = (message.processed < NEVER || message.whole) && message.recipients.length > 0;
    for (const recipient of message.recipients) {
      if (isHeldFor(message, recipient)) {
        const name = heldKey(message.facts, recipient.address);
        if (recipient.told === FAILED) {
          isHeld = true;
          heldIndex.set(name, message);
        } else if (heldIndex.get(name) === message) heldIndex.delete(name);
      }
      const isRejected = recipient.rejected < NEVER && recipient.told === FAILED;
      if (
        !(recipient.delivered < NEVER || isRejected || (message.whole && recipient.told === SENT))
      )
        isSettled = false;
    }
    if (isRejectedWhole(message)) isSettled = true;
    if (isHeld) heldKept.set(message.key, message);
    else if (isSettled) settled.set(message.key, 1);
    else unsettledKept.set(message.key, message);
  }

  function forget(): void {
    forgetOld(heldKept, HELD_KEPT);
    forgetOld(unsettledKept, UNSETTLED_KEPT);
    for (let n = settled.turn(released, SETTLED_KEPT, maxClosed); n > 0; n = 0)
      evictMany('settled messages', n);
    for (let n = told.turn(released, Math.max(2 * lateness, HOUR), maxClosed); n > 0; n = 0)
      evictMany('duplicate keys', n);
  }

  function evictMany(what: string, count: number): void {
    counters.evicted[what] = (counters.evicted[what] ?? 0) + count;
  }

  function forgetOld(map: Map<string, Message>, keepFor: number): void {
    for (const [key, message] of map) {
      const isOld = released - message.closed > keepFor;
      if (!isOld && map.size <= maxClosed) return;
      map.delete(key);
      if (!isOld) evict('closed messages');
      for (const recipient of message.recipients) {
        const name = heldKey(message.facts, recipient.address);
        if (heldIndex.get(name) === message) heldIndex.delete(name);
      }
    }
  }

  function heldMessage(fields: Fields): Message | undefined {
    for (const address of listOf(fields['recipients'])) {
      const message = heldIndex.get(heldKey(fields, address));
      if (message !== undefined) return message;
    }
    return;
  }

  function tell(message: Message, time: number, outcome: number, recipients: Recipient[]): void {
    if (recipients.length > 1) recipients.sort((a, b) => (a.address < b.address ? -1 : 1));
    const fields = copyOf(message.facts, message.hasMore);
    if (recipients.length > 0) {
      fields['recipients'] = recipients.map((recipient) => recipient.address);
      fields['recipient'] = recipients[0]?.address;
    }
    const isFailed = outcome === FAILED;
    fields['outcome'] = isFailed ? 'failed' : 'sent';
    const why = isFailed ? whyFailed(message, recipients) : undefined;
    fields['failure_reason'] = why?.reason;
    fields['action'] = isFailed
      ? why?.action
      : (recipients[0]?.deliveredBy ?? recipients[0]?.acceptedBy ?? 'acc');
    if (fields['bytes'] === undefined && !isFailed && message.deliveredBytes > 0)
      fields['bytes'] = message.deliveredBytes;
    const lines = message.lines.slice().sort((a, b) => a - b);
    send('mail', time, lines, fields);
  }

  function send(kind: RecordKind, time: number, lines: readonly number[], fields: Fields): void {
    if (kind === 'mail') {
      const recipients = fields['recipients'];
      if (fields['recipient'] === undefined && Array.isArray(recipients))
        fields['recipient'] = recipients[0];
      if (fields['outcome'] === 'held') fields['outcome'] = 'failed';
      else if (fields['outcome'] === 'accepted') fields['outcome'] = 'sent';
    }
    const type = buildType(kind, fields);
    if (type < 0) {
      counters.unbuilt[kind] = (counters.unbuilt[kind] ?? 0) + 1;
      return;
    }
    const name = duplicateKey(kind, type, fields);
    if (name !== undefined) {
      const check = shared.b;
      const earlier = told.get(name);
      if (earlier?.[0] === check && Math.abs(time - earlier[1]) <= lateness) {
        counters.duplicates++;
        return;
      }
      told.set(name, [check, time]);
    }
    const late = time < lastTime;
    if (late) counters.late++;
    else lastTime = time;
    emit({ type, time, lines, late, fields });
  }

  return {
    add,
    finish() {
      finishing = true;
      for (let top = queue.pop(); top !== undefined; top = queue.pop()) leave(top);
      finishing = false;
    },
    save(writer) {
      writer.json([
        Number.isFinite(newest) ? newest : null,
        Number.isFinite(released) ? released : null,
        Number.isFinite(lastTime) ? lastTime : null,
        seq,
        byMessageId === undefined ? 0 : 1,
      ]);
      writer.json([...open.values()].map(plainMessage));
      writer.json([...heldKept.values()].map(plainMessage));
      writer.json([...unsettledKept.values()].map(plainMessage));
      writer.json(
        queue
          .all()
          .filter((item) => item.record !== undefined)
          .map((item) => ({ seq: item.seq, record: item.record })),
      );
      settled.save(writer);
      told.save(writer);
    },
    load(reader) {
      const [n, r, l, s, knowsIds] = reader.json() as [
        number | null,
        number | null,
        number | null,
        number,
        number,
      ];
      newest = n ?? Number.NEGATIVE_INFINITY;
      released = r ?? Number.NEGATIVE_INFINITY;
      lastTime = l ?? Number.NEGATIVE_INFINITY;
      seq = s;
      for (const map of [open, heldKept, unsettledKept, heldIndex]) map.clear();
      queue.clear();
      for (const map of [open, heldKept, unsettledKept])
        for (const plain of reader.json() as PlainMessage[]) {
          const message = messageOf(plain);
          map.set(message.key, message);
          if (map === open)
            queue.push({ due: message.due, seq: message.seq, message, record: undefined });
          else if (map === heldKept)
            for (const recipient of message.recipients)
              if (recipient.told === FAILED && isHeldFor(message, recipient))
                heldIndex.set(heldKey(message.facts, recipient.address), message);
        }
      wholeWaiting = 0;
      for (const { seq: number, record } of reader.json() as { seq: number; record: LogRecord }[]) {
        queue.push({ due: record.time, seq: number, message: undefined, record });
        wholeWaiting++;
      }
      byMessageId = knowsIds === 0 ? undefined : new Map();
      for (const message of open.values()) knowMessageId(message);
      settled.load(reader);
      told.load(reader);
    },
  };
}

function createMessage(key: string, seq: number, time: number, whole: boolean): Message {
  return {
    key,
    seq,
    first: time,
    receipt: NEVER,
    processed: NEVER,
    held: NEVER,
    bounced: NEVER,
    heldFor: undefined,
    bouncedFor: undefined,
    whole,
    facts: mailFields(),
    hasMore: false,
    deliveredBytes: 0,
    lines: [],
    recipients: [],
    byAddress: undefined,
    due: Number.NaN,
    changed: Number.NaN,
    closed: 0,
  };
}

function eventTime(message: Message): number {
  return message.receipt < NEVER ? message.receipt : message.first;
}

function listOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value : [];
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function noticeKey(fields: Fields, join: string): string {
  return `notice\u0000${join}\u0000${textOf(fields['sender']) ?? ''}\u0000${textOf(fields['subject']) ?? ''}`;
}

function heldKey(fields: Fields, address: string): string {
  return `${textOf(fields['sender']) ?? ''}\u0000${address}\u0000${(textOf(fields['subject']) ?? '').toLowerCase()}`;
}

function messageIdKey(fields: Fields): string | undefined {
  const id = textOf(fields['message_id']);
  return id === undefined
    ? undefined
    : `${id}\u0000${textOf(fields['sender']) ?? ''}\u0000${textOf(fields['subject']) ?? ''}`;
}

/**
 * What makes two events the same, as a hash of 62 bits: the memory of it holds numbers in place of
 * long texts, and two different events of one window never meet in practice.
 */
function duplicateKey(kind: RecordKind, type: number, fields: Fields): number | undefined {
  const alert = fields['alert_id'];
  if (kind !== 'mail') {
    if (typeof alert !== 'string') return;
    return finishHash(addText(addText(startHash(type), alert), fields['activity']));
  }
  const id = fields['message_id'] ?? alert;
  if (typeof id !== 'string') return;
  let hash = addText(addText(addText(startHash(type), id), fields['sender']), fields['subject']);
  for (const recipient of listOf(fields['recipients'])) hash = addText(hash, recipient);
  return finishHash(hash);
}

interface Hash {
  a: number;
  b: number;
}

const shared: Hash = { a: 0, b: 0 };

function startHash(seed: number): Hash {
  shared.a = 0xdeadbeef ^ seed;
  shared.b = 0x41c6ce57 ^ seed;
  return shared;
}

function addText(hash: Hash, text: unknown): Hash {
  let { a, b } = hash;
  if (typeof text === 'string')
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      a = Math.imul(a ^ code, 2_654_435_761);
      b = Math.imul(b ^ code, 1_597_334_677);
    }
  // Ends the text, so that its parts cannot move into its neighbour.
  hash.a = Math.imul(a ^ 0x10ffff, 2_654_435_761);
  hash.b = Math.imul(b ^ 0x10ffff, 1_597_334_677);
  return hash;
}

/** The key: 30 bits, since a map is quick with small integers only. The other 32 are left in shared.b. */
function finishHash(hash: Hash): number {
  const { a, b } = hash;
  let x = Math.imul(a ^ (a >>> 16), 2_246_822_507) ^ Math.imul(b ^ (b >>> 13), 3_266_489_909);
  let y = Math.imul(b ^ (b >>> 16), 2_246_822_507) ^ Math.imul(a ^ (a >>> 13), 3_266_489_909);
  x ^= x >>> 16;
  y ^= y >>> 16;
  hash.b = y;
  return x & 0x3fffffff;
}

function recipientOf(message: Message, address: string): Recipient | undefined {
  if (message.byAddress !== undefined) return message.byAddress.get(address);
  for (const recipient of message.recipients) if (recipient.address === address) return recipient;
  return;
}

function recipientFor(message: Message, address: string): Recipient | undefined {
  const known = recipientOf(message, address);
  if (known !== undefined) return known;
  if (message.recipients.length >= MAX_RECIPIENTS) return;
  const recipient: Recipient = {
    address,
    accepted: NEVER,
    rejected: NEVER,
    held: NEVER,
    delivered: NEVER,
    undelivered: NEVER,
    deferred: NEVER,
    rejectedFor: undefined,
    heldFor: undefined,
    undeliveredFor: undefined,
    deferredFor: undefined,
    acceptedBy: undefined,
    rejectedBy: undefined,
    heldBy: undefined,
    deliveredBy: undefined,
    told: UNTOLD,
  };
  message.recipients.push(recipient);
  if (message.byAddress !== undefined) message.byAddress.set(address, recipient);
  else if (message.recipients.length > 8)
    message.byAddress = new Map(message.recipients.map((each) => [each.address, each]));
  return recipient;
}

/** The same line once more, such as from two pulls that overlap. */
function isRepeat(message: Message, record: LogRecord): boolean {
  const { part, time, fields } = record;
  const outcome = fields['outcome'];
  if (part === 'process')
    return outcome === 'held'
      ? message.held === time
      : outcome === 'failed'
        ? message.bounced === time
        : message.processed === time && message.held !== time && message.bounced !== time;
  if (part !== 'receipt' && part !== 'delivery') return false;
  const addresses = listOf(fields['recipients']);
  if (addresses.length === 0) return false;
  for (const address of addresses) {
    const recipient = recipientOf(message, address);
    if (recipient === undefined) return false;
    const moment =
      part === 'receipt'
        ? outcome === 'failed'
          ? recipient.rejected
          : recipient.accepted
        : outcome === 'sent'
          ? recipient.delivered
          : outcome === 'pending'
            ? recipient.deferred
            : recipient.undelivered;
    if (moment !== time) return false;
  }
  return true;
}

/** Takes in what a line says. */
function note(message: Message, record: LogRecord): void {
  const { part, time, fields } = record;
  const outcome = fields['outcome'];
  if (message.lines.length < MAX_LINES) message.lines.push(record.line);
  if (time < message.first) message.first = time;
  if (part === 'receipt' && time < message.receipt) message.receipt = time;
  noteFacts(message, record, outcome === 'held' || outcome === 'failed');
  const reason = textOf(fields['failure_reason']);
  const action = textOf(fields['action']);
  if (part === 'process') {
    if (time < message.processed) message.processed = time;
    if (outcome === 'held' && time < message.held) {
      message.held = time;
      message.heldFor = reason;
    } else if (outcome === 'failed' && time < message.bounced) {
      message.bounced = time;
      message.bouncedFor = reason;
    }
    return;
  }
  for (const address of listOf(fields['recipients'])) {
    const recipient = recipientFor(message, address);
    if (recipient !== undefined) noteRecipient(recipient, record, reason, action);
  }
}

function noteRecipient(
  recipient: Recipient,
  record: LogRecord,
  reason: string | undefined,
  action: string | undefined,
): void {
  const { part, time } = record;
  const outcome = record.fields['outcome'];
  if (part === 'delivery' || part === 'release') {
    if (outcome === 'failed') {
      if (recipient.undelivered < NEVER && time < recipient.undelivered) return;
      recipient.undelivered = time;
      recipient.undeliveredFor = reason ?? recipient.undeliveredFor;
    } else if (outcome === 'pending') {
      if (recipient.deferred < NEVER && time < recipient.deferred) return;
      recipient.deferred = time;
      recipient.deferredFor = reason ?? recipient.deferredFor;
    } else if (time < recipient.delivered) {
      recipient.delivered = time;
      recipient.deliveredBy = part === 'release' ? (action ?? 'released') : undefined;
    }
  } else if (outcome === 'held') {
    if (time >= recipient.held) return;
    recipient.held = time;
    recipient.heldFor = reason;
    recipient.heldBy = action;
  } else if (outcome === 'failed') {
    if (time >= recipient.rejected) return;
    recipient.rejected = time;
    recipient.rejectedFor = reason;
    recipient.rejectedBy = action;
  } else if (time < recipient.accepted) {
    recipient.accepted = time;
    recipient.acceptedBy = action;
  }
}

/**
 * Each fact is taken from the line that knows best: size and attachments from the process line, who
 * connected from the receipt; for the rest the first to say it. The row of a policy that stopped the
 * mail names it.
 */
function noteFacts(message: Message, record: LogRecord, stops: boolean): void {
  const { part, fields } = record;
  const facts = message.facts;
  const knowsBest = part === 'process';
  facts['sender'] = pick(facts['sender'], fields['sender'], knowsBest);
  facts['subject'] = pick(facts['subject'], fields['subject'], knowsBest);
  facts['message_id'] = pick(facts['message_id'], fields['message_id'], knowsBest);
  facts['attachments'] = pick(facts['attachments'], fields['attachments'], knowsBest);
  facts['alert_id'] = pick(facts['alert_id'], fields['alert_id'], knowsBest);
  facts['src_ip'] = pick(facts['src_ip'], fields['src_ip'], false);
  facts['alert_name'] = pick(facts['alert_name'], fields['alert_name'], stops && part === 'notice');
  const bytes = fields['bytes'];
  if (part !== 'delivery') facts['bytes'] = pick(facts['bytes'], bytes, knowsBest);
  else if (
    typeof bytes === 'number' &&
    bytes > message.deliveredBytes &&
    fields['outcome'] === 'sent'
  )
    message.deliveredBytes = bytes;
  const direction = fields['direction'];
  if (typeof direction === 'string' && direction !== facts['direction']) {
    const known = textOf(facts['direction']);
    if (known === undefined || (directionRank[direction] ?? 0) > (directionRank[known] ?? 0))
      facts['direction'] = direction;
  }
  for (const name in fields) {
    if (name in facts) continue;
    const value = fields[name];
    if (value === undefined) continue;
    facts[name] = value;
    message.hasMore = true;
  }
}

function pick(
  known: FieldValue | undefined,
  said: FieldValue | undefined,
  prefer: boolean,
): FieldValue | undefined {
  return known === undefined || (prefer && said !== undefined) ? said : known;
}

/**
 * The fields of a mail, enriched ones too, in one fixed order: objects of one shape, made at once,
 * are what the later stages read quickly. A parser may add others.
 */
function mailFields(): Fields {
  return {
    host: undefined,
    user: undefined,
    sender: undefined,
    recipient: undefined,
    recipients: undefined,
    subject: undefined,
    bytes: undefined,
    attachments: undefined,
    direction: undefined,
    action: undefined,
    outcome: undefined,
    failure_reason: undefined,
    message_id: undefined,
    alert_id: undefined,
    alert_name: undefined,
    src_ip: undefined,
    peer_group: undefined,
    is_executive: undefined,
    hired: undefined,
    external_recipients: undefined,
    external_domains: undefined,
    countries: undefined,
    to_public: undefined,
    to_personal: undefined,
    to_disposable: undefined,
    to_competition: undefined,
    file_extensions: undefined,
    file_names: undefined,
    subject_core: undefined,
  };
}

function copyOf(facts: Fields, hasMore: boolean): Fields {
  const fields = mailFields();
  fields['host'] = facts['host'];
  fields['sender'] = facts['sender'];
  fields['subject'] = facts['subject'];
  fields['bytes'] = facts['bytes'];
  fields['attachments'] = facts['attachments'];
  fields['direction'] = facts['direction'];
  fields['message_id'] = facts['message_id'];
  fields['alert_id'] = facts['alert_id'];
  fields['alert_name'] = facts['alert_name'];
  fields['src_ip'] = facts['src_ip'];
  if (hasMore) for (const name in facts) if (!(name in fields)) fields[name] = facts[name];
  return fields;
}

function heldAt(message: Message, recipient: Recipient): number {
  return Math.min(message.held, recipient.held);
}

function isHeldFor(message: Message, recipient: Recipient): boolean {
  return (
    heldAt(message, recipient) < NEVER &&
    !(recipient.rejected < NEVER && recipient.accepted === NEVER)
  );
}

/** The outcome as it stood at first: a hold is told even when its release is known already. */
function firstOutcome(message: Message, recipient: Recipient): number {
  const isHeld = isHeldFor(message, recipient);
  if (isHeld && recipient.delivered > heldAt(message, recipient)) return FAILED;
  return outcomeOf(message, recipient);
}

function outcomeOf(message: Message, recipient: Recipient): number {
  if (recipient.delivered < NEVER) return SENT;
  if (recipient.rejected < NEVER && (recipient.accepted === NEVER || message.whole)) return FAILED;
  if (isHeldFor(message, recipient) || recipient.undelivered < NEVER) return FAILED;
  if (message.bounced < NEVER) return FAILED;
  // Accepted and on its way for all that is known, unless an attempt was put off.
  return recipient.deferred < NEVER ? recipient.told : SENT;
}

/** Nothing but attempts that were put off is known of its delivery. */
function isPutOff(message: Message, recipient: Recipient): boolean {
  return (
    recipient.told === UNTOLD &&
    recipient.deferred < NEVER &&
    outcomeOf(message, recipient) === UNTOLD
  );
}

/** Whether a line changed what was told of the recipients it is about. */
function changes(message: Message, record: LogRecord): boolean {
  if (record.part === 'process') {
    for (const recipient of message.recipients)
      if (outcomeOf(message, recipient) !== recipient.told) return true;
    return false;
  }
  for (const address of listOf(record.fields['recipients'])) {
    const recipient = recipientOf(message, address);
    if (recipient !== undefined && outcomeOf(message, recipient) !== recipient.told) return true;
  }
  return false;
}

function isRejectedWhole(message: Message): boolean {
  if (message.recipients.length === 0) return false;
  for (const recipient of message.recipients)
    if (!(recipient.rejected < NEVER && recipient.accepted === NEVER)) return false;
  return true;
}

/** Something that a message normally has was not seen. */
function isIncomplete(message: Message): boolean {
  if (isRejectedWhole(message)) return false;
  if (message.processed === NEVER || message.recipients.length === 0) return true;
  for (const recipient of message.recipients) {
    const isKnown =
      recipient.delivered < NEVER ||
      recipient.undelivered < NEVER ||
      recipient.rejected < NEVER ||
      isHeldFor(message, recipient);
    if (!isKnown && message.bounced === NEVER) return true;
  }
  return false;
}

function whyFailed(
  message: Message,
  recipients: readonly Recipient[],
): { readonly reason: string | undefined; readonly action: string | undefined } {
  for (const recipient of recipients) {
    if (recipient.rejected < NEVER && (recipient.accepted === NEVER || message.whole))
      return { reason: recipient.rejectedFor ?? 'rejected', action: recipient.rejectedBy ?? 'rej' };
    if (recipient.held < NEVER)
      return { reason: recipient.heldFor ?? 'held', action: recipient.heldBy ?? 'hld' };
  }
  if (message.held < NEVER) return { reason: message.heldFor ?? 'held', action: 'hld' };
  for (const recipient of recipients) {
    if (recipient.undelivered === NEVER && recipient.deferred < NEVER)
      return { reason: recipient.deferredFor ?? 'given up', action: 'not delivered' };
    if (recipient.undelivered < NEVER)
      return { reason: recipient.undeliveredFor ?? 'not delivered', action: 'not delivered' };
  }
  return { reason: message.bouncedFor ?? 'bounced', action: 'bnc' };
}

/** Moments that never came are null in JSON, as infinity and NaN have no form there. */
type PlainMessage = Omit<Message, 'byAddress' | 'recipients'> & { recipients: Recipient[] };

function plainMessage(message: Message): PlainMessage {
  const { byAddress: _, ...plain } = message;
  return plain;
}

function moment(value: number | null): number {
  return value ?? NEVER;
}

function messageOf(plain: PlainMessage): Message {
  const recipients = plain.recipients.map((recipient) => ({
    ...recipient,
    accepted: moment(recipient.accepted),
    rejected: moment(recipient.rejected),
    held: moment(recipient.held),
    delivered: moment(recipient.delivered),
    undelivered: moment(recipient.undelivered),
    deferred: moment(recipient.deferred),
  }));
  return {
    ...plain,
    facts: Object.assign(mailFields(), plain.facts),
    receipt: moment(plain.receipt),
    processed: moment(plain.processed),
    held: moment(plain.held),
    bounced: moment(plain.bounced),
    due: plain.due ?? Number.NaN,
    changed: plain.changed ?? Number.NaN,
    recipients,
    byAddress:
      recipients.length > 8 ? new Map(recipients.map((each) => [each.address, each])) : undefined,
  };
}
