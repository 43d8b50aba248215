import type { EngineSink, Event, Explanation, Session, Trigger } from '#engine';
import type { Alert, Miss } from '../result.generated.js';

/** What the harness knows of a line and the engine never sees. A line without a label is benign. */
export interface Label {
  readonly kind: 'malicious' | 'suspicious';
  /** Index into the plan's instances. */
  readonly instance: number;
  readonly step: string;
}

export type Truth = Alert['label'];

export interface LabelOptions {
  /** The program's rules, in its order. */
  readonly rules: readonly { readonly id: string; readonly variants: readonly number[] }[];
  /** Kind of container by event type index. */
  readonly containers: readonly Session['kind'][];
  readonly instances: readonly {
    readonly id: string;
    readonly scenario: string;
    readonly expects: readonly string[];
  }[];
  /** By line id. Grows while lines are made; a line's label is there before the line is pushed. */
  readonly labels: ReadonlyMap<number, Label>;
  /** Only triggers and sessions of these days count; what comes before is warm-up. */
  readonly test: { readonly start: number; readonly end: number };
  readonly notable: number;
  /** An instance is caught, by the first rule that does. */
  readonly caught?: (instance: number, rule: number, moment: number) => void;
}

/** Numbers of alerts by what is true of them. */
export type Tally = Record<Truth, number>;

export interface RuleObservation {
  readonly alerts: Tally;
  triggers: number;
  /** Alerts by user; the empty name stands for events without one. */
  readonly users: Map<string, Tally>;
  /** The first of each kind, in order of their sessions' ends. */
  readonly examples: Record<Truth, Alert[]>;
}

export interface InstanceObservation {
  /** Events that hold one of its lines. */
  events: number;
  /** Rule index → how far the instance had come when it first fired. */
  readonly catches: Map<number, { readonly events: number; readonly ms: number }>;
  /** Rule index → the nearest it came to firing on one of its events. */
  readonly misses: Map<number, Miss>;
  /** Highest risk of a session that holds one of its events. */
  points: number;
}

export interface Contribution {
  points: number;
  sessions: number;
}

export interface NotableObservation {
  readonly sessions: Tally;
  readonly users: Map<string, Tally>;
  /** Rule index → what it added to notable sessions with an attack in them, and to all others. */
  readonly true_contributors: Map<number, Contribution>;
  readonly false_contributors: Map<number, Contribution>;
}

/** All that the measure stage needs of a pass over the lines. Bounded by rules × users. */
export interface Observations {
  /** By rule index; rules of other variants stay empty. */
  readonly rules: readonly RuleObservation[];
  readonly instances: readonly InstanceObservation[];
  readonly notable: NotableObservation;
}

export interface Labeller {
  readonly sink: Required<EngineSink>;
  /** Closes what is still open. Call once, after the engine has finished. */
  finish(): Observations;
}

const EXAMPLES = 10;

/** Which miss says most about why nothing came: the one that stands nearest to firing. */
const NEARNESS: Record<Miss['cause'], number> = {
  'no alert': 0,
  'not parsed': 0,
  'field absent': 1,
  'model not converged': 2,
  'threshold not reached': 3,
  dependency: 4,
  'once already spent': 5,
};

interface OpenAlert {
  readonly user: string;
  readonly time: number;
  label: Truth;
  instance: number;
  reason: string;
  score: number;
  triggers: number;
}

interface LabelledEvent {
  readonly time: number;
  readonly type: number;
  readonly container: Session['kind'];
  readonly label: Label;
  /** Position among the events of its instance, from 1. */
  readonly position: number;
  /** Milliseconds since the instance's first event. */
  readonly ms: number;
}

/**
 * Joins the engine's output with the labels.
 *
 * An alert is a rule × session, at its first trigger. It is true if any of its triggering events
 * is malicious: an analyst who opens it has the attack in the evidence. Otherwise it is a
 * look-alike if any is suspicious, and false if all are benign.
 */
export function createLabeller(options: LabelOptions): Labeller {
  const { rules, instances, labels, test } = options;
  const measured = rules.map((rule) => rule.variants.includes(0));
  const expected = instances.map(({ expects }) => new Set(expects));
  const observations: Observations = {
    rules: rules.map(() => ({
      alerts: emptyTally(),
      triggers: 0,
      users: new Map(),
      examples: { malicious: [], benign: [], suspicious: [] },
    })),
    instances: instances.map(() => ({
      events: 0,
      catches: new Map(),
      misses: new Map(),
      points: 0,
    })),
    notable: {
      sessions: emptyTally(),
      users: new Map(),
      true_contributors: new Map(),
      false_contributors: new Map(),
    },
  };
  const firstEvent: (number | undefined)[] = instances.map(() => undefined);
  const eventsByInstance: LabelledEvent[][] = instances.map(() => []);
  const waiting = new Map<string, LabelledEvent[]>();
  const open = new Map<number, Map<number, OpenAlert>>();

  const labelOf = (event: Event): Label | undefined => {
    for (const line of event.lines) {
      const label = labels.get(line);
      if (label) return label;
    }
    return undefined;
  };

  function event(event: Event): void {
    const label = labelOf(event);
    if (!label) return;
    const observation = observations.instances[label.instance];
    const seen = eventsByInstance[label.instance];
    if (!observation || !seen) return;
    observation.events++;
    const first = firstEvent[label.instance] ?? event.time;
    firstEvent[label.instance] = first;
    const labelled: LabelledEvent = {
      time: event.time,
      type: event.type,
      container: options.containers[event.type] ?? 'session',
      label,
      position: observation.events,
      ms: event.time - first,
    };
    seen.push(labelled);
    const user = userOf(event);
    if (user === undefined) return;
    entry(waiting, user, () => [] as LabelledEvent[]).push(labelled);
  }

  function trigger(trigger: Trigger): void {
    const observation = observations.rules[trigger.rule];
    if (!observation || !measured[trigger.rule]) return;
    if (trigger.time < test.start || trigger.time >= test.end) return;
    observation.triggers++;
    const label = labelOf(trigger.event);
    if (label) noteCatch(trigger, label);
    addToAlert(trigger, label);
  }

  function noteCatch(trigger: Trigger, label: Label): void {
    const instance = observations.instances[label.instance];
    if (!instance || instance.catches.has(trigger.rule)) return;
    const { event } = trigger;
    const place = eventsByInstance[label.instance]?.find(
      ({ time, type }) => time === event.time && type === event.type,
    );
    if (instance.catches.size === 0) options.caught?.(label.instance, trigger.rule, trigger.time);
    instance.catches.set(trigger.rule, {
      events: place?.position ?? instance.events,
      ms: place?.ms ?? 0,
    });
  }

  function addToAlert(trigger: Trigger, label: Label | undefined): void {
    const alerts = entry(open, trigger.session, () => new Map<number, OpenAlert>());
    const truth: Truth = label?.kind ?? 'benign';
    const alert = alerts.get(trigger.rule);
    if (!alert) {
      alerts.set(trigger.rule, {
        user: trigger.user ?? '',
        time: trigger.time,
        label: truth,
        instance: label?.instance ?? -1,
        reason: trigger.reason,
        score: trigger.score,
        triggers: 1,
      });
      return;
    }
    alert.triggers++;
    if (WEIGHT[truth] > WEIGHT[alert.label]) {
      alert.label = truth;
      alert.instance = label?.instance ?? -1;
      alert.reason = trigger.reason;
      alert.score = trigger.score;
    }
  }

  function explanation(explanation: Explanation): void {
    const { cause, rule } = explanation;
    const id = rules[rule]?.id;
    if (cause === undefined || id === undefined || !measured[rule]) return;
    const label = labelOf(explanation.event);
    if (!label || !expected[label.instance]?.has(id)) return;
    const misses = observations.instances[label.instance]?.misses;
    const known = misses?.get(rule);
    if (known && NEARNESS[known.cause] > NEARNESS[cause]) return;
    const instance = instances[label.instance]?.id ?? '';
    misses?.set(rule, { instance, cause, explanation: explanation.text });
  }

  function session(session: Session): void {
    closeAlerts(session.id);
    const held = takeEvents(session);
    let points = 0;
    for (const [rule, added] of session.points) if (measured[rule]) points += added;
    for (const { label } of held) {
      const instance = observations.instances[label.instance];
      if (instance) instance.points = Math.max(instance.points, points);
    }
    if (points < options.notable || session.end < test.start || session.start >= test.end) return;
    const truth = heaviest(held);
    const { notable } = observations;
    notable.sessions[truth]++;
    tallyOf(notable.users, session.user)[truth]++;
    const contributors =
      truth === 'malicious' ? notable.true_contributors : notable.false_contributors;
    for (const [rule, added] of session.points) {
      if (!measured[rule] || added === 0) continue;
      const known = entry(contributors, rule, () => ({ points: 0, sessions: 0 }));
      known.points += added;
      known.sessions++;
    }
  }

  /** Labelled events that the session holds, taken off the waiting list. */
  function takeEvents(session: Session): LabelledEvent[] {
    const list = waiting.get(session.user);
    if (!list) return [];
    const holds = (event: LabelledEvent): boolean =>
      event.container === session.kind && event.time >= session.start && event.time <= session.end;
    const held = list.filter(holds);
    if (held.length === list.length) waiting.delete(session.user);
    else if (held.length > 0)
      waiting.set(
        session.user,
        list.filter((event) => !holds(event)),
      );
    return held;
  }

  function closeAlerts(session: number): void {
    const alerts = open.get(session);
    if (!alerts) return;
    open.delete(session);
    for (const [rule, alert] of alerts) {
      const observation = observations.rules[rule];
      if (!observation) continue;
      observation.alerts[alert.label]++;
      tallyOf(observation.users, alert.user)[alert.label]++;
      const examples = observation.examples[alert.label];
      if (examples.length < EXAMPLES) examples.push(toAlert(rule, alert));
    }
  }

  function toAlert(rule: number, alert: OpenAlert): Alert {
    const instance = instances[alert.instance];
    return {
      rule: rules[rule]?.id ?? '',
      user: alert.user,
      time: alert.time,
      label: alert.label,
      ...(instance && { scenario: instance.scenario, instance: instance.id }),
      reason: alert.reason,
      score: alert.score,
      triggers: alert.triggers,
    };
  }

  return {
    sink: { event, trigger, explanation, session },
    finish() {
      for (const session of [...open.keys()]) closeAlerts(session);
      return observations;
    },
  };
}

const WEIGHT: Record<Truth, number> = { benign: 0, suspicious: 1, malicious: 2 };

function heaviest(events: readonly LabelledEvent[]): Truth {
  let truth: Truth = 'benign';
  for (const { label } of events) if (WEIGHT[label.kind] > WEIGHT[truth]) truth = label.kind;
  return truth;
}

function userOf(event: Event): string | undefined {
  const user = event.fields['user'];
  return typeof user === 'string' ? user : undefined;
}

function emptyTally(): Tally {
  return { malicious: 0, benign: 0, suspicious: 0 };
}

function tallyOf(users: Map<string, Tally>, user: string): Tally {
  return entry(users, user, emptyTally);
}

/** The value under the key, made and put there if it is missing. */
function entry<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
