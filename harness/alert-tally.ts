import type { ContentPack, RuleEntry } from '#content';
import type { AlertRow } from './alerts-file.js';
import type { InstanceRecord, LineRecord } from './emit/labels.js';
import { type GroundTruth, weight } from './ground-truth.js';
import type { Alert } from './result.generated.js';
import type { InstanceObservation, RuleObservation, Tally } from './stages/4-label.js';

/** Technique of rules whose technique nobody names. They may catch any attack. */
export const unmapped = 'unmapped';

const examples = 10;

interface OpenAlert extends Alert {
  readonly position: number;
  triggers: number;
}

/** Counts alerts by rule, user and instance, in the form in which the measure stage takes them. */
export class AlertTally {
  readonly rules: { readonly id: string; readonly events: string[]; readonly variants: number[] }[];
  readonly entries: RuleEntry[];
  readonly observations: RuleObservation[] = [];
  readonly instances: InstanceObservation[];
  private readonly positions = new Map<string, number>();
  private readonly names = new Map<string, number>();
  private readonly known: number;
  private readonly rename: ReadonlyMap<string, string>;
  private readonly truth: GroundTruth;
  private readonly places: ReadonlyMap<string, number>;
  private readonly played: readonly InstanceRecord[];
  private readonly times: readonly (readonly number[])[];
  /** Rows of one session are one alert, by what the SIEM calls a session. */
  private readonly open = new Map<string, OpenAlert>();

  constructor(
    pack: ContentPack,
    rename: ReadonlyMap<string, string>,
    truth: GroundTruth,
    played: readonly InstanceRecord[],
  ) {
    this.entries = [...pack.rules];
    this.rules = this.entries.map(({ id }) => ({ id, events: [], variants: [0] }));
    this.known = this.entries.length;
    this.rename = rename;
    this.truth = truth;
    this.played = played;
    this.entries.forEach(({ id, name }, i) => {
      this.observations.push(noAlerts());
      this.positions.set(id, i);
      if (!this.names.has(name.toLowerCase())) this.names.set(name.toLowerCase(), i);
    });
    this.places = new Map(played.map(({ instance }, i) => [instance, i]));
    this.times = played.map(({ instance }) => truth.eventTimes(instance));
    this.instances = this.times.map((times) => ({
      events: times.length,
      catches: new Map(),
      misses: new Map(),
      points: 0,
    }));
  }

  add(row: AlertRow, label: LineRecord | undefined): void {
    const rule = this.positionOf(row);
    const observation = this.observations[rule];
    if (!observation) return;
    observation.triggers++;
    if (label) this.noteCatch(rule, row, label);
    const alert: OpenAlert = {
      rule: this.rules[rule]?.id ?? '',
      position: rule,
      user: row.user === undefined ? (label?.user ?? '') : this.truth.accountOf(row.user),
      time: row.time,
      label: label?.kind ?? 'benign',
      ...(label && { scenario: label.scenario, instance: label.instance }),
      reason: row.reason,
      score: row.score,
      triggers: 1,
    };
    if (row.session === undefined) {
      this.count(alert);
      return;
    }
    const key = JSON.stringify([rule, alert.user, row.session]);
    const open = this.open.get(key);
    if (!open) {
      this.open.set(key, alert);
      return;
    }
    const heavier = weight[alert.label] > weight[open.label] ? alert : open;
    this.open.set(key, {
      ...heavier,
      time: Math.min(open.time, alert.time),
      triggers: open.triggers + 1,
    });
  }

  finish(): void {
    for (const alert of this.open.values()) this.count(alert);
    this.open.clear();
    for (const [i, { instance, expects }] of this.played.entries()) {
      const observed = this.instances[i];
      for (const id of expects) {
        const rule = this.positions.get(id);
        if (rule === undefined || !observed || observed.catches.has(rule)) continue;
        observed.misses.set(rule, {
          instance,
          cause: 'no alert',
          explanation: `No alert of ${id} belongs to the ${observed.events} events of this instance.`,
        });
      }
    }
  }

  unknown(): { rule: string; alerts: number }[] {
    return this.rules
      .slice(this.known)
      .map(({ id }, i) => {
        const alerts = this.observations[this.known + i]?.alerts;
        return { rule: id, alerts: alerts ? total(alerts) : 0 };
      })
      .sort((a, b) => b.alerts - a.alerts || (a.rule < b.rule ? -1 : 1));
  }

  private count({ position, ...alert }: OpenAlert): void {
    const observation = this.observations[position];
    if (!observation) return;
    observation.alerts[alert.label]++;
    const user = observation.users.get(alert.user) ?? noTally();
    user[alert.label]++;
    observation.users.set(alert.user, user);
    const kept = observation.examples[alert.label];
    if (kept.length < examples) kept.push(alert);
  }

  private noteCatch(rule: number, row: AlertRow, label: LineRecord): void {
    const place = this.places.get(label.instance);
    const times = place === undefined ? undefined : this.times[place];
    const catches = place === undefined ? undefined : this.instances[place]?.catches;
    if (!times || !catches) return;
    const ms = Math.max(0, row.time - (times[0] ?? row.time));
    const before = catches.get(rule);
    if (before && before.ms <= ms) return;
    // An alert that came before its line's time, by another clock, has seen that line at least.
    const seen = Math.max(row.time, Date.parse(label.time));
    catches.set(rule, { events: times.filter((time) => time <= seen).length, ms });
  }

  /** Position of the row's rule, which is taken in when the content does not have it. */
  private positionOf(row: AlertRow): number {
    const wished = this.rename.get(row.rule.toLowerCase()) ?? row.rule;
    const known = this.positions.get(wished) ?? this.names.get(wished.toLowerCase());
    if (known !== undefined) return known;
    const position = this.rules.length;
    this.positions.set(wished, position);
    this.rules.push({ id: wished, events: [], variants: [0] });
    this.observations.push(noAlerts());
    this.entries.push({
      id: wished,
      technique: row.technique ?? unmapped,
      file: '',
      name: wished,
      description: '',
      events: ['alert'],
      when: '',
      score: 0,
      reason: '',
      tests: [never, never],
    });
    return position;
  }
}

/** Nobody runs the tests of a rule that is not ours. */
const never: RuleEntry['tests'][0] = { name: '', events: [{}], fires: false };
export const noTally = (): Tally => ({ malicious: 0, benign: 0, suspicious: 0 });
const noAlerts = (): RuleObservation => ({
  alerts: noTally(),
  triggers: 0,
  users: new Map(),
  examples: { malicious: [], benign: [], suspicious: [] },
});
const total = ({ malicious, benign, suspicious }: Tally): number => malicious + benign + suspicious;
