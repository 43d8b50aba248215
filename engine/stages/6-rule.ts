/**
 * Stage 6: which rules fire on an event. A rule looks at the verdicts of its model, or at the values
 * of its list, in order, and fires on the first that satisfies it and is not spent. It fires at
 * most once per event.
 *
 * Rules that look at the same verdicts run as one generated function, so they run in another order
 * than the one in which they are told: what fired is sorted. Rules that depend on others come after
 * those, one by one.
 */

import type { Counters, Event } from '../contract.js';
import type { Fired, Frame, ProgramCode, RuleCode, TypeCode, Verdicts } from '../program.js';
import type { Container } from './4-session.js';
import { Listed, type ModelStage } from './5-model.js';

/** Rules that fired on one event, dependencies before dependants. Used again for the next event. */
export class Firings implements Fired {
  length = 0;
  readonly rule: number[] = [];
  /** The verdict that satisfied each. */
  readonly verdict: number[] = [];
  /** Value of `once.by`, to be spent. */
  readonly by: (string | undefined)[] = [];
  readonly reason: string[] = [];

  add(rule: number, verdict: number, by: string | undefined): void {
    const at = this.length;
    this.length += 1;
    this.rule[at] = rule;
    this.verdict[at] = verdict;
    this.by[at] = by;
  }

  /** Verdict with which a rule fired, or -1. */
  verdictOf(rule: number): number {
    for (let at = 0; at < this.length; at += 1) {
      if (this.rule[at] === rule) return this.verdict[at] as number;
    }
    return -1;
  }

  /** In the order of the rules; few fire on one event. */
  sort(): void {
    const { rule, verdict, by } = this;
    for (let from = 1; from < this.length; from += 1) {
      const one = rule[from] as number;
      if ((rule[from - 1] as number) < one) continue;
      const itsVerdict = verdict[from] as number;
      const itsBy = by[from];
      let at = from;
      for (; at > 0 && (rule[at - 1] as number) > one; at -= 1) {
        rule[at] = rule[at - 1] as number;
        verdict[at] = verdict[at - 1] as number;
        by[at] = by[at - 1];
      }
      rule[at] = one;
      verdict[at] = itsVerdict;
      by[at] = itsBy;
    }
  }

  /** Takes one out. */
  remove(at: number): void {
    for (const column of [this.rule, this.verdict, this.by, this.reason]) {
      column.copyWithin(at, at + 1, this.length);
    }
    this.length -= 1;
  }
}

export class RuleStage {
  private readonly rules: readonly RuleCode[];
  private readonly models: ModelStage;
  private readonly none: Container;
  private readonly counters: Counters;
  /** What a rule looks at that has neither model nor list: there is one, and it says nothing. */
  private readonly single = new Listed();
  private readonly firings = new Firings();

  constructor(code: ProgramCode, models: ModelStage, none: Container, counters: Counters) {
    this.rules = code.rules;
    this.models = models;
    this.none = none;
    this.counters = counters;
    this.single.count = 1;
  }

  /** Rules that fire, with their reasons. Nothing is spent or scored yet. */
  run(type: TypeCode, event: Event, e: Frame, c: Container): Firings {
    const { firings } = this;
    firings.length = 0;
    for (let g = 0; g < type.groups.length; g += 1) {
      const group = type.groups[g] as TypeCode['groups'][number];
      const before = firings.length;
      try {
        group.run(e, c, firings);
      } catch {
        firings.length = before;
        for (const at of group.rules) this.runAlone(at, event, e, c);
      }
    }
    if (firings.length > 1) firings.sort();
    for (const at of type.dependants) {
      if (this.dependenciesFired(this.rules[at] as RuleCode)) this.runAlone(at, event, e, c);
    }
    for (let at = 0; at < firings.length; ) if (this.explain(at, event, e, c)) at += 1;
    return firings;
  }

  /** Whether the rules it depends on fired on this event. */
  dependenciesFired(rule: RuleCode): boolean {
    for (const other of rule.dependsOn) {
      if (this.firings.verdictOf(other) < 0) return false;
    }
    return true;
  }

  /** Whether a rule that may fire once has done so, or cannot know for want of a container. */
  spent(at: number, rule: RuleCode, c: Container): boolean {
    return rule.once && (c === this.none || (!rule.onceBy && c.points.has(at)));
  }

  /** What a rule looks at. */
  verdicts(rule: RuleCode): Verdicts {
    if (rule.model >= 0) return this.models.readings(rule.model);
    return rule.each >= 0 ? this.models.values(rule.each, true) : this.single;
  }

  private runAlone(at: number, event: Event, e: Frame, c: Container): void {
    const before = this.firings.length;
    try {
      (this.rules[at] as RuleCode).alone(e, c, this.firings);
    } catch (error) {
      this.firings.length = before;
      this.fault(at, event, error);
    }
  }

  /** Gives a firing its reason; takes it back if that fails. */
  private explain(at: number, event: Event, e: Frame, c: Container): boolean {
    const { firings } = this;
    const rule = this.rules[firings.rule[at] as number] as RuleCode;
    try {
      const verdicts = this.verdicts(rule);
      firings.reason[at] = rule.reason(e, c, verdicts, firings.verdict[at] as number);
      return true;
    } catch (error) {
      this.fault(firings.rule[at] as number, event, error);
      firings.remove(at);
      return false;
    }
  }

  private fault(at: number, event: Event, error: unknown): void {
    const { id } = this.rules[at] as RuleCode;
    const message = error instanceof Error ? error.message : String(error);
    this.counters.faults[id] ??=
      `${message} (at ${new Date(event.time).toISOString()}, lines ${event.lines.join(', ')})`;
  }
}
