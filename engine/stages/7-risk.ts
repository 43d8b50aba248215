/**
 * Stage 7: points of a container, and what an analyst sees of it at its end.
 *
 * Points are score × factor. The factor is 1, unless an option asks to lower it for rules that fire
 * often: a rule that fired in a larger share of the containers of its kind than `usual` over the last
 * seven whole UTC days gets usual ÷ share. Today's events change nothing before tomorrow, so the order
 * of events within a day cannot matter; before MIN_CONTAINERS the factor stays 1. Containers that a
 * late event has to itself do not count, or a backlog of old lines would change today's shares.
 */

import type { BinaryReader, BinaryWriter } from '../binary.js';
import type { Session } from '../contract.js';
import { loadColumn, saveColumn } from '../models/store.js';
import { type Container, type ContainerKind, DAY } from './4-session.js';

/** Session points at which a session is notable, unless an option says otherwise. */
export const NOTABLE = 90;

const DAY_LENGTH = 86_400_000;
/** Whole days that the share is taken over. */
const WINDOW = 7;
/** Containers in the window below which a share means little. */
const MIN_CONTAINERS = 100;

/** Columns of a day that count containers, by kind; those of the rules follow. */
const KINDS = 2;

/** How often rules fire, and the factor that follows from it. */
export class RiskStage {
  /** Kinds of container that each rule's events have. */
  private readonly kinds: readonly (readonly ContainerKind[])[];
  private readonly usual: number | undefined;
  private readonly width: number;
  /** Per day of the ring: containers opened of each kind, and those in which each rule fired. */
  private days: Float64Array;
  /** Day that the ring stands at. */
  private today = Number.NEGATIVE_INFINITY;
  private factors: Float64Array;

  /** @param usual share of containers, 0 to 1; undefined: the factor is always 1 */
  constructor(kinds: readonly (readonly ContainerKind[])[], usual: number | undefined) {
    this.kinds = kinds;
    this.usual = usual;
    this.width = KINDS + kinds.length;
    this.days = new Float64Array(usual === undefined ? 0 : (WINDOW + 1) * this.width);
    this.factors = new Float64Array(usual === undefined ? 0 : kinds.length).fill(1);
  }

  /** Before the rules of each event. `clock` never goes back. */
  advance(clock: number, container: Container): void {
    if (this.usual === undefined) return;
    const day = Math.floor(clock / DAY_LENGTH);
    if (day !== this.today) this.turn(day);
    if (container.events === 1 && isShared(container)) this.add(container.kind);
  }

  /** What a rule's score is multiplied by. */
  factor(rule: number): number {
    return this.usual === undefined ? 1 : (this.factors[rule] as number);
  }

  /** A rule fired in a container in which it had not fired before. */
  fired(rule: number, container: Container): void {
    if (this.usual !== undefined && isShared(container)) this.add(KINDS + rule);
  }

  private add(column: number): void {
    const at = this.place(this.today) + column;
    this.days[at] = (this.days[at] as number) + 1;
  }

  private place(day: number): number {
    const slot = ((day % (WINDOW + 1)) + WINDOW + 1) % (WINDOW + 1);
    return slot * this.width;
  }

  private turn(day: number): void {
    const { days, width } = this;
    for (let back = 0; back <= Math.min(WINDOW, day - this.today - 1); back += 1) {
      const at = this.place(day - back);
      days.fill(0, at, at + width);
    }
    this.today = day;
    for (const [rule, kinds] of this.kinds.entries()) {
      this.factors[rule] = this.factorFrom(rule, kinds);
    }
  }

  private factorFrom(rule: number, kinds: readonly ContainerKind[]): number {
    let containers = 0;
    let fired = 0;
    for (let back = 1; back <= WINDOW; back += 1) {
      const at = this.place(this.today - back);
      for (const kind of kinds) containers += this.days[at + kind] as number;
      fired += this.days[at + KINDS + rule] as number;
    }
    if (containers < MIN_CONTAINERS) return 1;
    const share = fired / containers;
    const usual = this.usual as number;
    return share > usual ? usual / share : 1;
  }

  save(w: BinaryWriter): void {
    w.f64(this.today);
    saveColumn(w, this.days, this.days.length);
    saveColumn(w, this.factors, this.factors.length);
  }

  load(r: BinaryReader): void {
    this.today = r.f64();
    this.days = loadColumn(r, this.days, this.days.length);
    this.factors = loadColumn(r, this.factors, this.factors.length);
  }
}

/** Whether it is the user's container of its time, and not a late event's own. */
function isShared(container: Container): boolean {
  return container.entity?.open === container;
}

/** A container as it is told to the world at its end. */
export function sessionOf(container: Container): Session {
  return {
    id: container.id,
    kind: container.kind === DAY ? 'day' : 'session',
    user: container.entity?.user ?? '',
    start: container.start,
    end: container.last,
    events: container.events,
    points: container.points,
  };
}

/**
 * Risk of a session under one variant: the sum of its rules' points.
 *
 * @param rules the program's rules, whose positions are the keys of `session.points`
 */
export function riskOf(
  session: Session,
  rules: readonly { readonly variants: readonly number[] }[],
  variant = 0,
): number {
  let risk = 0;
  for (const [rule, points] of session.points) {
    if (rules[rule]?.variants.includes(variant)) risk += points;
  }
  return risk;
}
