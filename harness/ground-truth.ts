import { type AlertRow, messageKey } from './alerts-file.js';
import type { Labels, LineRecord } from './emit/labels.js';
import type { Truth } from './stages/4-label.js';

export type JoinedBy = 'line' | 'message id' | 'user and time' | 'nothing';

/** Which truth tells most. */
export const weight: Readonly<Record<Truth, number>> = { benign: 0, suspicious: 1, malicious: 2 };

export interface Join {
  readonly label: LineRecord | undefined;
  readonly by: JoinedBy;
}

/** The labels, ready to be asked. */
export class GroundTruth {
  private readonly lines = new Map<number, LineRecord>();
  private readonly messages = new Map<string, LineRecord>();
  private readonly users = new Map<string, LineRecord[]>();
  private readonly accounts = new Map<string, string>();
  private readonly events = new Map<
    string,
    { readonly seen: Set<string>; readonly times: number[] }
  >();
  private readonly tolerance: number;

  constructor({ users, instances, lines }: Labels, tolerance: number) {
    this.tolerance = tolerance;
    const locals = new Map<string, string | undefined>();
    for (const { user, aliases } of users) {
      for (const account of [user, ...aliases]) this.accounts.set(account, user);
      const local = user.replace(/@.*/, '');
      // A name that two people share tells neither.
      locals.set(local, locals.has(local) ? undefined : user);
    }
    for (const [local, user] of locals)
      if (user !== undefined && !this.accounts.has(local)) this.accounts.set(local, user);
    const actors = new Map(
      instances.map(({ instance, user, person }) => [instance, new Set([user, person])]),
    );
    for (const line of lines) {
      this.lines.set(line.line, line);
      const message = messageKey(line.message_id);
      if (message !== undefined && !this.messages.has(message)) this.messages.set(message, line);
      this.noteEvent(line, message ?? `line ${line.line}`);
      for (const account of actors.get(line.instance) ?? [line.user]) {
        const user = this.accountOf(account);
        const known = this.users.get(user);
        if (known) known.push(line);
        else this.users.set(user, [line]);
      }
    }
  }

  private noteEvent({ instance, time }: LineRecord, event: string): void {
    const known = this.events.get(instance) ?? { seen: new Set(), times: [] };
    this.events.set(instance, known);
    if (known.seen.has(event)) return;
    known.seen.add(event);
    known.times.push(Date.parse(time));
    known.times.sort((a, b) => a - b);
  }

  /** The primary address of an alias, of a name before the @ and of DOMAIN\name, where it is known. */
  accountOf(user: string): string {
    return this.accounts.get(user) ?? this.accounts.get(user.replace(/^.*\\/, '')) ?? user;
  }

  /** Times of the events of an instance, in order: the lines of one message are one event. */
  eventTimes(instance: string): number[] {
    return this.events.get(instance)?.times ?? [];
  }

  join(row: AlertRow): Join {
    if (row.lines.length > 0) {
      return { label: heaviest(row.lines.map((line) => this.lines.get(line))), by: 'line' };
    }
    if (row.message_id !== undefined)
      return { label: this.messages.get(row.message_id), by: 'message id' };
    const near = row.user === undefined ? undefined : this.nearest(row.user, row.time);
    return { label: near, by: near ? 'user and time' : 'nothing' };
  }

  /** The line of the user's deeds that is nearest in time, within the tolerance. */
  private nearest(user: string, time: number): LineRecord | undefined {
    let best: LineRecord | undefined;
    let least = this.tolerance;
    for (const line of this.users.get(this.accountOf(user)) ?? []) {
      const distance = Math.abs(Date.parse(line.time) - time);
      if (distance > least || (best && distance === least)) continue;
      best = line;
      least = distance;
    }
    return best;
  }
}

function heaviest(lines: readonly (LineRecord | undefined)[]): LineRecord | undefined {
  let best: LineRecord | undefined;
  for (const line of lines)
    if (line && (!best || weight[line.kind] > weight[best.kind])) best = line;
  return best;
}
