/**
 * Stage 6: which rules fire on an event. A rule looks at the verdicts of its model, or at the values
 * of its list, in order, and fires on the first that satisfies it and is not spent. It fires at
 * most once per event.
 */

import type { Counters, Event } from '../contract.js';
import type { Frame, ProgramCode, RuleCode, TypeCode, Verdicts } from '../program.js';
import type { Container } from './4-session.js';
import type { ModelStage } from './5-model.js';

/** A rule on one event. */
export interface Firing {
  readonly rule: number;
  /** The verdict that satisfied it. */
  readonly verdict: number;
  /** Value of `once.by`, now spent. */
  readonly by: string | undefined;
  readonly reason: string;
}

/** Verdicts of a rule that has neither model nor list: there is one, and it says nothing. */
export function emptyVerdicts(count: number): Verdicts {
  return { count, scope: [], value: [], n: [], bins: [], seen: [], confidence: [] };
}

export class RuleStage {
  private readonly rules: readonly RuleCode[];
  private readonly models: ModelStage;
  private readonly none: Container;
  private readonly counters: Counters;
  private readonly single = emptyVerdicts(1);
  private readonly listed = emptyVerdicts(0);
  /** Event on which each rule last fired. */
  private readonly lastFired: Float64Array;
  private event = 0;

  constructor(code: ProgramCode, models: ModelStage, none: Container, counters: Counters) {
    this.rules = code.rules;
    this.models = models;
    this.none = none;
    this.counters = counters;
    this.lastFired = new Float64Array(code.rules.length);
  }

  /** Rules that fire, dependencies before dependants. Nothing is spent or scored yet. */
  run(type: TypeCode, event: Event, e: Frame, c: Container): Firing[] {
    this.event += 1;
    const firings: Firing[] = [];
    const order = type.rules;
    let at = 0;
    while (at < order.length) {
      try {
        for (; at < order.length; at += 1) {
          const firing = this.evaluate(order[at] as number, e, c);
          if (firing !== undefined) firings.push(firing);
        }
      } catch (error) {
        this.fault(order[at] as number, event, error);
        at += 1;
      }
    }
    return firings;
  }

  /** Whether the rules it depends on fired on this event. */
  dependenciesFired(rule: RuleCode): boolean {
    for (const other of rule.dependsOn) {
      if (other < 0 || this.lastFired[other] !== this.event) return false;
    }
    return true;
  }

  /** Whether a rule that may fire once has done so, or cannot know for want of a container. */
  spent(at: number, rule: RuleCode, c: Container): boolean {
    return rule.once && (c === this.none || (rule.by === undefined && c.points.has(at)));
  }

  /** What a rule looks at. */
  verdicts(rule: RuleCode): Verdicts {
    if (rule.model >= 0) return this.models.readings(rule.model);
    return rule.each >= 0 ? this.models.values(rule.each, this.listed) : this.single;
  }

  private evaluate(at: number, e: Frame, c: Container): Firing | undefined {
    const rule = this.rules[at] as RuleCode;
    if (rule.dependsOn.length > 0 && !this.dependenciesFired(rule)) return undefined;
    if (rule.once && this.spent(at, rule, c)) return undefined;
    const v = this.verdicts(rule);
    for (let i = 0; i < v.count; i += 1) {
      if (!rule.when(e, c, v, i)) continue;
      let by: string | undefined;
      if (rule.by !== undefined) {
        by = rule.by(e, c, v, i);
        if (by === undefined || c.spent?.get(at)?.has(by)) continue;
      }
      const reason = rule.reason(e, c, v, i);
      this.lastFired[at] = this.event;
      return { rule: at, verdict: i, by, reason };
    }
    return undefined;
  }

  private fault(at: number, event: Event, error: unknown): void {
    const { id } = this.rules[at] as RuleCode;
    const message = error instanceof Error ? error.message : String(error);
    this.counters.faults[id] ??=
      `${message} (at ${new Date(event.time).toISOString()}, lines ${event.lines.join(', ')})`;
  }
}
