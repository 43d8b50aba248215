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
 * What a message is and how it ends is in assemble/message.ts; here is how it lives: open while it
 * waits, closed while it may still change, then forgotten. Nothing grows without a bound: open
 * messages, closed messages, the memory of duplicates and recipients of a message all have a limit,
 * and what is put out early or forgotten is counted.
 *
 * Over 400 lines because the life of a message and its snapshot form one invariant.
 */
import { Kept, Memory, ToldEvents } from '../assemble/memory.js';
import {
  changes,
  createMessage,
  eventFields,
  eventLines,
  eventTime,
  FAILED,
  firstOutcome,
  isHeldFor,
  isIncomplete,
  isPutOff,
  isRepeat,
  isSettled,
  lend,
  listOf,
  type Message,
  messageOf,
  NEVER,
  note,
  outcomeOf,
  type PlainMessage,
  plainMessage,
  type Recipient,
  recordWeight,
  SENT,
  textOf,
  UNTOLD,
  weightOf,
} from '../assemble/message.js';
import type { BinaryReader, BinaryWriter } from '../binary.js';
import type { Counters, Event, Fields, FieldValue, LogRecord, RecordKind } from '../contract.js';
import { TimeHeap } from '../heap.js';

export interface AssembleOptions {
  /** How long a message waits for its missing lines, in event time, in milliseconds. */
  readonly wait: number;
  /** How far lines may arrive out of order, in milliseconds. */
  readonly lateness: number;
  /** Index of the event type that the fields make; -1 when they make none. May complete the fields. */
  readonly buildType: (kind: RecordKind, fields: Fields) => number;
  /**
   * By parser, whether the lines it reads have no fields but those of every mail. Of others each line
   * is looked through for more.
   */
  readonly plain?: readonly boolean[];
  /** Limits; the defaults suit a day of a large organisation. */
  readonly maxOpen?: number;
  readonly maxClosed?: number;
  readonly maxWeight?: number;
}

/** A record that is an event by itself, until its turn. */
interface WaitingRecord {
  readonly seq: number;
  readonly record: LogRecord;
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
/** Recipients, lines and texts of all open messages, and of all closed ones: some 300 MB. */
const MAX_WEIGHT = 2_000_000;

export function createAssembleStage(
  options: AssembleOptions,
  counters: Counters,
  emit: (event: Event) => void,
): AssembleStage {
  const { wait, lateness, buildType, plain = [] } = options;
  const maxOpen = options.maxOpen ?? 200_000;
  const maxClosed = options.maxClosed ?? 100_000;
  const maxWeight = options.maxWeight ?? MAX_WEIGHT;
  /** Open messages, with places they have left, and records, in the order in which they are due. */
  const queue = new TimeHeap<Message | WaitingRecord>();
  const open = new Map<string, Message>();
  const heldKept = new Kept();
  const unsettledKept = new Kept();
  const heldIndex = new Map<string, Message>();
  const settled = new Memory<string, 1>();
  const told = new ToldEvents();
  let newest = Number.NEGATIVE_INFINITY;
  let released = Number.NEGATIVE_INFINITY;
  let lastTime = Number.NEGATIVE_INFINITY;
  let seq = 0;
  let finishing = false;
  /** Open messages of the gateway by message id, kept once the first notice was seen. */
  let byMessageId: Map<string, Message> | undefined;
  let wholeWaiting = 0;
  /** Weight of the open messages and of the records that wait. */
  let weight = 0;

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
    while (queue.size > 0 && queue.time <= released) leave();
  }

  /** The first of the queue has its turn. */
  function leave(): void {
    const due = queue.time;
    const thing = queue.pop();
    if (thing === undefined) return;
    if ('record' in thing) {
      const { kind, time, line, fields } = thing.record;
      wholeWaiting--;
      weight -= recordWeight(thing.record);
      send(kind, time, [line], fields);
    } else if (thing.due === due) close(thing);
  }

  function enqueue(record: LogRecord, number: number): void {
    queue.push(record.time, number, { seq: number, record });
    wholeWaiting++;
    weight += recordWeight(record);
  }

  /** Memory has an end: what is due first has to go before its time. */
  function putOutEarly(): void {
    while (open.size + wholeWaiting > maxOpen || weight > maxWeight) {
      const { first } = queue;
      if (first === undefined) return;
      if ('record' in first || first.due === queue.time) evict('open messages');
      leave();
    }
  }

  /** A record that is an event by itself; one that comes after its turn leaves at once. */
  function whole(record: LogRecord): void {
    if (record.time <= released) send(record.kind, record.time, [record.line], record.fields);
    else {
      enqueue(record, seq++);
      putOutEarly();
    }
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
    open.set(started.key, started);
    note(started, record, plain[record.parser] === true);
    weight += weightOf(started);
    if (record.part === 'notice' && byMessageId === undefined) {
      byMessageId = new Map();
      for (const message of open.values()) knowMessageId(message);
    } else if (byMessageId !== undefined) knowMessageId(started);
    move(started, afterReleased(record.time));
  }

  function knowMessageId(message: Message): void {
    const name = message.whole ? undefined : messageIdKey(message);
    if (name !== undefined) byMessageId?.set(name, message);
  }

  function kept(key: string): Message | undefined {
    return heldKept.get(key) ?? unsettledKept.get(key);
  }

  function forgetMessageId(message: Message): void {
    const name = messageIdKey(message);
    if (name !== undefined && byMessageId?.get(name) === message) byMessageId.delete(name);
  }

  /** Lends what the rows of a policy say to the message of the gateway's own lines, if that is open. */
  function foldIntoMessage(notice: Message): boolean {
    const name = messageIdKey(notice);
    const message = name === undefined ? undefined : byMessageId?.get(name);
    if (message === undefined || message === notice) return false;
    const before = weightOf(message);
    lend(notice, message);
    weight += weightOf(message) - before;
    counters.duplicates++;
    return true;
  }

  /** Adds a line to a message that is known already. */
  function apply(message: Message, record: LogRecord): void {
    if (isRepeat(message, record)) {
      counters.duplicates++;
      return;
    }
    const before = weightOf(message);
    note(message, record, plain[record.parser] === true);
    const more = weightOf(message) - before;
    if (!Number.isNaN(message.due)) weight += more;
    else if (heldKept.get(message.key) === message) heldKept.weight += more;
    else if (unsettledKept.get(message.key) === message) unsettledKept.weight += more;
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
    putOutEarly();
  }

  function move(message: Message, at: number): void {
    message.due = at;
    queue.push(at, message.seq, message);
    putOutEarly();
  }

  /** What comes too late for its own place waits for its kin from here on. */
  function afterReleased(time: number): number {
    return time > released ? time : released + wait;
  }

  function reopen(message: Message, time: number, due: number): void {
    heldKept.delete(message.key);
    unsettledKept.delete(message.key);
    open.set(message.key, message);
    weight += weightOf(message);
    message.changed = time;
    move(message, due);
  }

  /** Mail that is put off stays open until it is delivered, refused, or no attempt is seen any more. */
  function giveUpLater(message: Message): void {
    let last = 0;
    for (const recipient of message.recipients)
      if (isPutOff(message, recipient)) last = Math.max(last, recipient.trouble.deferred);
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
    weight -= weightOf(message);
    message.due = Number.NaN;
    if (byMessageId !== undefined) forgetMessageId(message);
    if (initial && message.whole && foldIntoMessage(message)) return;
    if (initial && !message.whole && isIncomplete(message)) counters.incompleteMessages++;
    const sent: Recipient[] = [];
    const failed: Recipient[] = [];
    for (const recipient of message.recipients) {
      let outcome = initial ? firstOutcome(message, recipient) : outcomeOf(message, recipient);
      if (outcome === UNTOLD && time >= recipient.trouble.deferred + GIVEN_UP && !finishing)
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
        if (!finishing) next = Math.min(next, recipient.trouble.deferred + GIVEN_UP);
      } else if (outcomeOf(message, recipient) !== recipient.told)
        next = Math.min(next, recipient.delivered < NEVER ? recipient.delivered : time);
    if (next < NEVER) reopen(message, Math.max(next, time), Math.max(next, time));
    else keep(message, time);
  }

  function keep(message: Message, time: number): void {
    message.changed = Number.NaN;
    message.closed = time;
    let isHeld = message.held < NEVER && message.recipients.length === 0;
    for (const recipient of message.recipients) {
      if (!isHeldFor(message, recipient)) continue;
      const name = heldKey(message, recipient.address);
      if (recipient.told === FAILED) {
        isHeld = true;
        heldIndex.set(name, message);
      } else if (heldIndex.get(name) === message) heldIndex.delete(name);
    }
    if (isSettled(message) && !isHeld) {
      settled.set(message.key, 1);
      return;
    }
    if (isHeld) heldKept.add(message);
    else unsettledKept.add(message);
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

  function forgetOld(kept: Kept, keepFor: number): void {
    for (let message = kept.oldest(); message !== undefined; message = kept.oldest()) {
      const isOld = released - message.closed > keepFor;
      if (!isOld && kept.size <= maxClosed && kept.weight <= maxWeight) return;
      kept.delete(message.key);
      if (!isOld) evict('closed messages');
      for (const recipient of message.recipients) {
        const name = heldKey(message, recipient.address);
        if (heldIndex.get(name) === message) heldIndex.delete(name);
      }
    }
  }

  function heldMessage(fields: Fields): Message | undefined {
    if (heldIndex.size === 0) return;
    const { sender, subject } = fields;
    for (const address of listOf(fields['recipients'])) {
      const message = heldIndex.get(heldKey({ sender, subject }, address));
      if (message !== undefined) return message;
    }
    return;
  }

  function tell(message: Message, time: number, outcome: number, recipients: Recipient[]): void {
    send('mail', time, eventLines(message), eventFields(message, outcome, recipients));
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
    if (told.isRepeat(kind, type, fields, time, lateness)) {
      counters.duplicates++;
      return;
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
      while (queue.size > 0) leave();
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
      writer.json(queue.all().filter((thing) => 'record' in thing));
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
      wholeWaiting = 0;
      weight = 0;
      for (const plain of reader.json() as PlainMessage[]) {
        const message = messageOf(plain);
        open.set(message.key, message);
        weight += weightOf(message);
        queue.push(message.due, message.seq, message);
      }
      for (const plain of reader.json() as PlainMessage[]) {
        const message = messageOf(plain);
        heldKept.add(message);
        for (const recipient of message.recipients)
          if (recipient.told === FAILED && isHeldFor(message, recipient))
            heldIndex.set(heldKey(message, recipient.address), message);
      }
      for (const plain of reader.json() as PlainMessage[]) unsettledKept.add(messageOf(plain));
      for (const { seq: number, record } of reader.json() as WaitingRecord[])
        enqueue(record, number);
      byMessageId = knowsIds === 0 ? undefined : new Map();
      for (const message of open.values()) knowMessageId(message);
      settled.load(reader);
      told.load(reader);
    },
  };
}

function noticeKey(fields: Fields, join: string): string {
  return `notice\u0000${join}\u0000${textOf(fields['sender']) ?? ''}\u0000${textOf(fields['subject']) ?? ''}`;
}

/** Sender and subject, of a message or of a line. */
interface Envelope {
  readonly sender: FieldValue | undefined;
  readonly subject: FieldValue | undefined;
}

function heldKey({ sender, subject }: Envelope, address: string): string {
  return `${textOf(sender) ?? ''}\u0000${address}\u0000${(textOf(subject) ?? '').toLowerCase()}`;
}

function messageIdKey({ messageId, sender, subject }: Message): string | undefined {
  const id = textOf(messageId);
  return id === undefined
    ? undefined
    : `${id}\u0000${textOf(sender) ?? ''}\u0000${textOf(subject) ?? ''}`;
}
