/**
 * Stage 4: containers and what is counted in them.
 *
 * A container is a user session (it ends after `sessionIdle` without events or `sessionMax` in all)
 * or a user's UTC day. It ends when any event, of anyone, reaches its end; ends are taken in the
 * order of their times, so a session-end model of the organisation has learned from A's session
 * before B's next event is looked at. A heap keyed by a lower bound of each end makes that cheap: an
 * event moves the end of its session without touching the heap, and a container that comes up too
 * early goes back with its true end. A clock that jumps years closes what is open and loops over
 * nothing else.
 *
 * A late event (before the clock) joins its user's open container when it would have belonged to it,
 * and has one to itself otherwise, which closes at once.
 *
 * Over 400 lines with the snapshot of open containers, which needs their insides.
 */

import type { BinaryReader, BinaryWriter } from '../binary.js';
import type { Counters, Fields } from '../contract.js';
import { TimeHeap } from '../heap.js';
import type { TextDictionary } from '../models/store.js';

/** What a session-end model sees of the container's user, as of its last event. */
export type Profile = { [field in (typeof PROFILE_FIELDS)[number]]: Fields[field] };

/** Fields that a session-end model may use: those of the container's user. */
export const PROFILE_FIELDS = ['user', 'peer_group', 'is_executive', 'hired'] as const;

export const SESSION = 0;
export const DAY = 1;
/** Position in every pair of things kept by kind of container. */
export type ContainerKind = typeof SESSION | typeof DAY;

const DAY_LENGTH = 86_400_000;
/** Distinct values that one counter of one container keeps. */
const MAX_VALUES = 10_000;
const MAX_ENTITIES = 1_000_000;
/** Containers that are open at a time; beyond it those whose users are silent longest end early. */
const MAX_OPEN = 250_000;
const MAX_READY = 10_000;

/** How many counters a program has. */
export interface CounterShape {
  readonly scalars: number;
  readonly keyed: number;
}

export interface SessionOptions {
  readonly sessionIdle: number;
  readonly sessionMax: number;
  /** Users remembered, and containers open at a time; for tests. */
  readonly maxEntities?: number;
  readonly maxOpen?: number;
}

/** What is known of a user in containers of one kind. */
export class Entity {
  readonly user: string;
  /** Id of the user's name, held for as long as the user is remembered. */
  readonly id: number;
  /** Time of the last event. */
  last = Number.NEGATIVE_INFINITY;
  open: Container | undefined = undefined;
  firstSeen = Number.POSITIVE_INFINITY;
  /** The latest UTC day with an event, and the number of days so far. */
  lastDay = Number.NEGATIVE_INFINITY;
  days = 0;
  /** Known no more: the id may mean another text. */
  isForgotten = false;

  constructor(user: string, id: number) {
    this.user = user;
    this.id = id;
  }
}

/** Values up to which a counter is searched from end to end. */
const SCANNED = 16;

/**
 * Distinct texts that one counter of one container has met, by id, with their events. Beyond
 * MAX_VALUES the value known longest makes room. Ids are held for as long as they are here.
 */
class ValueCounts {
  size = 0;
  /** Ids and their events, in turn: what is asked for together lies together. */
  private readonly pairs: number[] = [];
  /** Place of the value known longest, once the counter is full. */
  private oldest = 0;
  private places: Map<number, number> | undefined = undefined;

  count(id: number): number {
    const at = this.find(id);
    return at < 0 ? 0 : (this.pairs[2 * at + 1] as number);
  }

  /** Counts one event. Returns the id that made room, or -1. */
  bump(id: number, dictionary: TextDictionary): number {
    const { pairs } = this;
    const at = this.find(id);
    if (at >= 0) {
      pairs[2 * at + 1] = (pairs[2 * at + 1] as number) + 1;
      return -1;
    }
    dictionary.hold(id);
    let gone = -1;
    if (this.size < MAX_VALUES) this.add(id, 1);
    else {
      const place = this.oldest;
      this.oldest = (place + 1) % MAX_VALUES;
      gone = pairs[2 * place] as number;
      this.places?.delete(gone);
      dictionary.release(gone);
      pairs[2 * place] = id;
      pairs[2 * place + 1] = 1;
      this.places?.set(id, place);
    }
    return gone;
  }

  /** Adds a value that is not there. The caller holds its id. */
  add(id: number, events: number): void {
    const { pairs } = this;
    const place = this.size;
    this.size += 1;
    pairs[2 * place] = id;
    pairs[2 * place + 1] = events;
    if (this.places !== undefined) this.places.set(id, place);
    else if (this.size > SCANNED) {
      this.places = new Map();
      for (let i = 0; i < this.size; i += 1) this.places.set(pairs[2 * i] as number, i);
    }
  }

  clear(dictionary: TextDictionary): void {
    for (let i = 0; i < this.size; i += 1) dictionary.release(this.pairs[2 * i] as number);
    if (this.size > SCANNED) this.pairs.length = 0;
    this.size = 0;
    this.oldest = 0;
    this.places = undefined;
  }

  /** Ids with their events, the value known longest first. */
  *entries(): Generator<[number, number]> {
    for (let i = 0; i < this.size; i += 1) {
      const at = (this.oldest + i) % this.size;
      yield [this.pairs[2 * at] as number, this.pairs[2 * at + 1] as number];
    }
  }

  private find(id: number): number {
    const { places, pairs, size } = this;
    if (places !== undefined) return places.get(id) ?? -1;
    for (let at = 0; at < size; at += 1) if (pairs[2 * at] === id) return at;
    return -1;
  }
}

/** Points of a container without any; never written to. */
const NO_POINTS: ReadonlyMap<number, number> = new Map();

/** Containers are used again after their end, so nothing may keep one. */
export class Container implements Profile {
  /** 0: no container. */
  id = 0;
  kind: ContainerKind = SESSION;
  entity: Entity | undefined = undefined;
  start = Number.NaN;
  /** Time of the latest event. */
  last = Number.NaN;
  end = Number.NaN;
  events = 0;
  /** By scalar counter. */
  readonly sums: number[];
  /** By keyed counter; made when first needed. */
  readonly keyed: (ValueCounts | undefined)[];
  /** Rule → points, of earlier events of the container. */
  points: ReadonlyMap<number, number> = NO_POINTS;
  /** Rule → values at which it has fired, for rules with `once.by`. */
  spent: Map<number, ValueCounts> | undefined = undefined;
  /** Fields of the user as of the latest event, for session-end models; see PROFILE_FIELDS. */
  user: Fields[string] = undefined;
  peer_group: Fields[string] = undefined;
  is_executive: Fields[string] = undefined;
  hired: Fields[string] = undefined;

  constructor(shape: CounterShape) {
    // Doubles from the start: an array that begins with small integers is made anew later.
    this.sums = new Array<number>(shape.scalars).fill(Number.NaN);
    this.keyed = new Array<undefined>(shape.keyed).fill(undefined);
  }

  open(id: number, kind: ContainerKind, entity: Entity, start: number): void {
    this.id = id;
    this.kind = kind;
    this.entity = entity;
    this.start = start;
    this.last = start;
    this.end = start;
    this.events = 0;
    this.sums.fill(0);
  }

  /** Ready for another use. */
  clear(dictionary: TextDictionary): void {
    this.entity = undefined;
    for (const values of this.keyed) {
      if (values !== undefined && values.size > 0) values.clear(dictionary);
    }
    if (this.spent !== undefined) {
      for (const values of this.spent.values()) values.clear(dictionary);
    }
    this.points = NO_POINTS;
    this.spent = undefined;
    for (const field of PROFILE_FIELDS) this[field] = undefined;
  }

  /** Whether these are the first of the rule. */
  addPoints(rule: number, points: number): boolean {
    if (this.points === NO_POINTS) this.points = new Map();
    const own = this.points as Map<number, number>;
    const before = own.get(rule);
    own.set(rule, (before ?? 0) + points);
    return before === undefined;
  }
}

export class SessionStage {
  /** Event time up to which all is settled. */
  clock = Number.NEGATIVE_INFINITY;
  /** Stands for the container of an event without user: everything in it is absent. */
  readonly none: Container;
  /** By kind of container: user → entity. */
  private readonly entities: readonly [Map<string, Entity>, Map<string, Entity>] = [
    new Map(),
    new Map(),
  ];
  private readonly heap = new TimeHeap<Container>();
  /** Containers that have ended, for use again. */
  private readonly ready: Container[] = [];
  private nextId = 1;
  private readonly shape: CounterShape;
  private readonly dictionary: TextDictionary;
  private readonly options: SessionOptions;
  private readonly counters: Counters;
  private readonly ended: (container: Container) => void;

  /** @param ended told of each container as it ends, with `clock` at its end */
  constructor(
    shape: CounterShape,
    dictionary: TextDictionary,
    options: SessionOptions,
    counters: Counters,
    ended: (container: Container) => void,
  ) {
    this.shape = shape;
    this.dictionary = dictionary;
    this.options = options;
    this.counters = counters;
    this.ended = ended;
    this.none = new Container(shape);
  }

  /** Ends what ends at or before `time`, in order of end and then of id, and moves the clock. */
  advance(time: number): void {
    this.settle(time);
    if (time > this.clock) this.clock = time;
  }

  /** Ends everything that is open, in the same order. */
  finish(): void {
    this.settle(Number.POSITIVE_INFINITY);
  }

  private settle(time: number): void {
    const { heap } = this;
    while (heap.time <= time) {
      const container = heap.first;
      if (container === undefined) return;
      if (heap.time < container.end) heap.delay(container.end);
      else {
        if (container.entity?.open === container) this.clock = container.end;
        heap.pop();
        this.close(container);
        this.reuse(container);
      }
    }
  }

  /** What is known of a user. */
  find(user: string, kind: ContainerKind): Entity | undefined {
    return this.entities[kind].get(user);
  }

  /**
   * The container of an event, opened if need be, with the event counted in and facts renewed.
   *
   * @param known what `find` said before
   */
  enter(user: string, kind: ContainerKind, time: number, known: Entity | undefined): Container {
    const entities = this.entities[kind];
    let entity = known === undefined || known.isForgotten ? entities.get(user) : known;
    if (entity === undefined) {
      if (entities.size >= (this.options.maxEntities ?? MAX_ENTITIES)) this.forgetEntities(kind);
      const id = this.dictionary.intern(user);
      this.dictionary.hold(id);
      entity = new Entity(user, id);
      entities.set(user, entity);
    }
    if (time > entity.last) entity.last = time;
    if (time < entity.firstSeen) entity.firstSeen = time;
    const day = Math.floor(time / DAY_LENGTH);
    if (day > entity.lastDay) {
      entity.lastDay = day;
      entity.days += 1;
    }
    let container = entity.open;
    if (container === undefined || !this.belongs(container, time)) {
      container = this.open(entity, kind, time);
    }
    if (time >= container.last) {
      container.last = time;
      if (kind === SESSION) {
        container.end = Math.min(
          time + this.options.sessionIdle,
          container.start + this.options.sessionMax,
        );
      }
    }
    container.events += 1;
    return container;
  }

  /** Ends the container of a late event that has it to itself. */
  leave(container: Container): void {
    if (container.entity !== undefined && container.entity.open !== container) {
      this.ended(container);
      this.reuse(container);
    }
  }

  /** Counts one more event at which a keyed counter had the text with the id. */
  bump(container: Container, counter: number, id: number): void {
    let values = container.keyed[counter];
    if (values === undefined) {
      values = new ValueCounts();
      container.keyed[counter] = values;
    }
    if (values.bump(id, this.dictionary) >= 0) this.evicted('session values', 1);
  }

  /** Events at which a keyed counter had the text with the id; absent without a container. */
  count(container: Container, counter: number, id: number): number {
    if (container === this.none) return Number.NaN;
    return id < 0 ? 0 : (container.keyed[counter]?.count(id) ?? 0);
  }

  /** As `count`, for a text that is absent or has an id or not. */
  countText(container: Container, counter: number, text: string | undefined): number {
    if (text === undefined) return Number.NaN;
    return this.count(container, counter, this.dictionary.find(text));
  }

  distinct(container: Container, counter: number): number {
    if (container === this.none) return Number.NaN;
    return container.keyed[counter]?.size ?? 0;
  }

  /** Marks a value of a rule with `once.by` as used in the container. */
  spend(container: Container, rule: number, value: string): void {
    container.spent ??= new Map();
    let values = container.spent.get(rule);
    if (values === undefined) {
      values = new ValueCounts();
      container.spent.set(rule, values);
    }
    const gone = values.bump(this.dictionary.intern(value), this.dictionary);
    if (gone >= 0) this.evicted('once values', 1);
  }

  /** Whether a rule has used up the value. */
  hasSpent(container: Container, rule: number, value: string): boolean {
    const values = container.spent?.get(rule);
    return values !== undefined && values.count(this.dictionary.find(value)) > 0;
  }

  private evicted(what: string, count: number): void {
    this.counters.evicted[what] = (this.counters.evicted[what] ?? 0) + count;
  }

  /** An event on time belongs to whatever is open, since what has ended is closed. */
  private belongs(container: Container, time: number): boolean {
    if (time >= container.start) return true;
    return container.kind === DAY
      ? Math.floor(time / DAY_LENGTH) === Math.floor(container.start / DAY_LENGTH)
      : container.start - time < this.options.sessionIdle;
  }

  private open(entity: Entity, kind: ContainerKind, time: number): Container {
    if (this.heap.size >= (this.options.maxOpen ?? MAX_OPEN)) this.endSilent();
    const container = this.ready.pop() ?? new Container(this.shape);
    container.open(this.nextId++, kind, entity, time);
    container.end =
      kind === DAY
        ? (Math.floor(time / DAY_LENGTH) + 1) * DAY_LENGTH
        : time + Math.min(this.options.sessionIdle, this.options.sessionMax);
    if (entity.open === undefined && container.end > this.clock) {
      entity.open = container;
      this.heap.push(container.end, container.id, container);
    }
    return container;
  }

  private reuse(container: Container): void {
    container.clear(this.dictionary);
    if (this.ready.length < MAX_READY) this.ready.push(container);
  }

  /** A container that was ended before its time stays in the heap until it comes up. */
  private close(container: Container): void {
    const { entity } = container;
    if (entity?.open !== container) return;
    entity.open = undefined;
    this.ended(container);
  }

  /** Ends a sixteenth of the open containers before their time: longest silent first. */
  private endSilent(): void {
    const { heap } = this;
    const isOpen = (container: Container) => container.entity?.open === container;
    const open = heap.all().filter(isOpen);
    open.sort((a, b) => a.last - b.last || a.id - b.id);
    const silent = open.slice(0, Math.ceil(open.length / 16));
    for (const container of silent) this.close(container);
    this.evicted('open sessions', silent.length);
    const all = [...heap.all()];
    heap.clear();
    for (const container of all) {
      if (isOpen(container)) heap.push(container.end, container.id, container);
      else this.reuse(container);
    }
  }

  /** Makes a sixteenth of the users' room free: longest silent first. Their sessions end early. */
  private forgetEntities(kind: ContainerKind): void {
    const entities = this.entities[kind];
    const limit = this.options.maxEntities ?? MAX_ENTITIES;
    const keep = Math.min(limit - 1, Math.floor((limit * 15) / 16));
    // The order of first sight settles ties: the sort is stable and a Map keeps its order.
    const oldest = [...entities.values()]
      .sort((a, b) => a.last - b.last)
      .slice(0, entities.size - keep);
    for (const entity of oldest) {
      entities.delete(entity.user);
      entity.isForgotten = true;
      if (entity.open !== undefined) {
        this.close(entity.open);
        this.evicted('open sessions', 1);
      }
      this.dictionary.release(entity.id);
    }
    this.evicted('users', oldest.length);
  }

  save(w: BinaryWriter): void {
    w.f64(this.clock);
    w.f64(this.nextId);
    for (const entities of this.entities) {
      w.u32(entities.size);
      for (const entity of entities.values()) {
        // The dictionary knows long names by their beginning only.
        w.text(entity.user);
        w.u32(entity.id);
        w.f64(entity.last);
        w.f64(entity.firstSeen);
        w.f64(entity.lastDay);
        w.u32(entity.days);
      }
    }
    const open = this.heap.all().filter((container) => container.entity?.open === container);
    w.u32(open.length);
    for (const container of open) {
      w.text(container.entity?.user ?? '');
      w.u8(container.kind);
      w.f64(container.id);
      w.f64(container.start);
      w.f64(container.last);
      w.f64(container.end);
      w.u32(container.events);
      for (const sum of container.sums) w.f64(sum);
      for (const values of container.keyed) saveValues(w, values);
      w.json([...container.points]);
      w.u32(container.spent?.size ?? 0);
      for (const [rule, values] of container.spent ?? []) {
        w.u32(rule);
        saveValues(w, values);
      }
      w.json(PROFILE_FIELDS.map((field) => container[field] ?? null));
    }
  }

  load(r: BinaryReader): void {
    this.clock = r.f64();
    this.nextId = r.f64();
    for (const entities of this.entities) {
      const count = r.u32();
      for (let i = 0; i < count; i += 1) {
        const entity = new Entity(r.text(), r.u32());
        entity.last = r.f64();
        entity.firstSeen = r.f64();
        entity.lastDay = r.f64();
        entity.days = r.u32();
        entities.set(entity.user, entity);
      }
    }
    const open = r.u32();
    for (let i = 0; i < open; i += 1) this.loadContainer(r);
  }

  private loadContainer(r: BinaryReader): void {
    const user = r.text();
    const kind: ContainerKind = r.u8() === DAY ? DAY : SESSION;
    const entity = this.entities[kind].get(user);
    if (entity === undefined) throw new RangeError('a session has no user');
    const container = new Container(this.shape);
    container.open(r.f64(), kind, entity, r.f64());
    container.last = r.f64();
    container.end = r.f64();
    container.events = r.u32();
    for (let i = 0; i < container.sums.length; i += 1) container.sums[i] = r.f64();
    for (let i = 0; i < container.keyed.length; i += 1) container.keyed[i] = loadValues(r);
    for (const [rule, points] of r.json() as [number, number][]) container.addPoints(rule, points);
    const spent = r.u32();
    if (spent > 0) container.spent = new Map();
    for (let i = 0; i < spent; i += 1) {
      const rule = r.u32();
      container.spent?.set(rule, loadValues(r));
    }
    const profile = r.json() as (Fields[string] | null)[];
    for (const [at, field] of PROFILE_FIELDS.entries()) container[field] = profile[at] ?? undefined;
    entity.open = container;
    this.heap.push(container.end, container.id, container);
  }
}

function saveValues(w: BinaryWriter, values: ValueCounts | undefined): void {
  w.u32(values?.size ?? 0);
  for (const [id, events] of values?.entries() ?? []) {
    w.u32(id);
    w.u32(events);
  }
}

function loadValues(r: BinaryReader): ValueCounts {
  const values = new ValueCounts();
  for (let left = r.u32(); left > 0; left -= 1) values.add(r.u32(), r.u32());
  return values;
}
