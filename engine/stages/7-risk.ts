/** Stage 7: points of a container, and what an analyst sees of it at its end. */

import type { Session } from '../contract.js';
import { type Container, DAY, type SessionStage } from './4-session.js';
import type { Firing } from './6-rule.js';

/** Session points at which a session is notable, unless an option says otherwise. */
export const NOTABLE = 90;

/** Adds a firing's points to its container and spends what the rule may use once. */
export function score(
  sessions: SessionStage,
  container: Container,
  firing: Firing,
  points: number,
): void {
  if (container === sessions.none) return;
  container.addPoints(firing.rule, points);
  if (firing.by !== undefined) sessions.spend(container, firing.rule, firing.by);
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
