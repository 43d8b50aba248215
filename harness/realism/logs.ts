/**
 * Mails out of log lines: parsed, assembled and enriched by the engine, with no rule and no model.
 * A message that the log tells of twice, as held and then as released, is one mail.
 */

import { setImmediate } from 'node:timers/promises';
import type { ContentPack, ParserEntry } from '#content';
import {
  type Counters,
  compile,
  createEngine,
  type Directory,
  type Event,
  type LogLine,
  type Program,
} from '#engine';
import { type DirectoryEntry, utcOffset } from '#generators';
import { type Mail, type PersonFacts, type Source, surnameForms } from './mail.js';

const MINUTE = 60_000;
/** Names of messages in either generation of the memory. */
const REMEMBERED = 100_000;
/** Lines between two looks at the signal. */
const BREATH = 4096;

/** The people of an organisation as far as somebody listed them. */
export interface KnownPeople {
  readonly entries: readonly DirectoryEntry[];
  readonly domains: readonly string[];
  /** Zone of those whose own is not listed; undefined when nobody gave one. */
  readonly time_zone: string | undefined;
}

/** Keys under which products write the size of all attachments of a mail. */
const ATTACHMENT_SIZE = ['AttSize', 'totalSizeAttachments', 'sizeAttachments'] as const;
const FIELD = 'attachment_bytes';

/**
 * The content without rules and models, whose mail parsers also read the size of attachments, which
 * no rule asks for. Throws when content that was loaded does not compile.
 */
export function mailProgram(pack: ContentPack, people: KnownPeople): Program {
  const parsers = pack.parsers.map(
    (parser): ParserEntry =>
      parser.yields.kind === 'mail' && parser.fields['attachments'] !== undefined
        ? {
            ...parser,
            fields: { ...parser.fields, [FIELD]: { from: [...ATTACHMENT_SIZE], as: 'number' } },
          }
        : parser,
  );
  const fields: ContentPack['fields'] = {
    ...pack.fields,
    [FIELD]: {
      type: 'number',
      unit: 'bytes',
      from: 'parsed',
      description: 'Size of all attachments.',
    },
  };
  const outcome = compile(
    [{ ...pack, rules: [], models: [], parsers, fields }],
    directoryOf(people),
  );
  if (outcome.ok) return outcome.program;
  throw new Error(`the parsers do not compile: ${outcome.diagnostics[0]?.message}`);
}

function directoryOf({ entries, domains }: KnownPeople): Directory {
  return {
    internal_domains: domains,
    people: entries.filter(isPerson).map(({ user, aliases, peer_group }) => ({
      user,
      ...(aliases && { aliases }),
      ...(peer_group !== undefined && { peer_group }),
    })),
  };
}

const isPerson = ({ kind }: DirectoryEntry): boolean => kind === undefined || kind === 'person';

/** What is known of the people beside the log. Without a list, every internal address is somebody. */
export function sourceOfLogs({ entries, time_zone }: KnownPeople): Source {
  const people = entries.filter(isPerson);
  const clock =
    time_zone !== undefined ||
    (people.length > 0 && people.every((person) => person.time_zone !== undefined));
  if (people.length === 0) return { clock, person: () => STRANGER };
  const facts = new Map(
    people.map(({ user, peer_group, last_name }): [string, PersonFacts] => [
      user,
      { peer_group, surnames: last_name === undefined ? [] : surnameForms(last_name) },
    ]),
  );
  return { clock, person: (name) => facts.get(name) };
}

const STRANGER: PersonFacts = { peer_group: undefined, surnames: [] };

/** Turns events into mails. */
class MailReader {
  private readonly names = new Map<string, DirectoryEntry>();
  private readonly known: KnownPeople;
  private young = new Set<string>();
  private old = new Set<string>();

  constructor(known: KnownPeople) {
    this.known = known;
    for (const entry of known.entries.filter(isPerson))
      for (const address of [entry.user, ...(entry.aliases ?? [])]) this.names.set(address, entry);
  }

  /** Undefined for events that are no mail, mails told before, and inbound ones that did not arrive. */
  read({ time, fields }: Event): Mail | undefined {
    const { direction, sender, outcome } = fields as Readonly<Record<string, unknown>>;
    if (direction !== 'outbound' && direction !== 'inbound' && direction !== 'internal') return;
    if (typeof sender !== 'string') return;
    const recipients = textsOf(fields['recipients']);
    if (recipients.length === 0 || this.isRepeat(fields)) return;
    const isInbound = direction === 'inbound';
    if (isInbound && outcome === 'failed') return;
    const external = new Set(textsOf(fields['external_recipients']));
    const outside = isInbound
      ? [sender]
      : direction === 'outbound'
        ? recipients.filter((address) => external.has(address))
        : [];
    const inside = recipients.filter((address) => isInbound || !external.has(address));
    const name = isInbound ? undefined : this.nameOf(sender);
    const zone =
      this.names.get(name ?? inside[0] ?? '')?.time_zone ?? this.known.time_zone ?? undefined;
    const bytes = numberOf(fields['bytes']);
    return {
      time,
      local: zone === undefined ? time : time + utcOffset(zone, time) * MINUTE,
      direction,
      sender: name,
      inside: inside.map((address) => this.nameOf(address)),
      outside,
      subject: typeof fields['subject'] === 'string' ? fields['subject'] : '',
      body_bytes: undefined,
      bytes,
      files: textsOf(fields['attachments']),
      file_bytes: numberOf(fields[FIELD]),
    };
  }

  private nameOf(address: string): string {
    return this.names.get(address)?.user ?? address;
  }

  private isRepeat(fields: Event['fields']): boolean {
    const name = fields['alert_id'] ?? fields['message_id'];
    if (typeof name !== 'string' || name === '') return false;
    if (this.young.has(name) || this.old.has(name)) return true;
    if (this.young.size >= REMEMBERED) {
      this.old = this.young;
      this.young = new Set();
    }
    this.young.add(name);
    return false;
  }
}

const textsOf = (value: Event['fields'][string]): readonly string[] =>
  Array.isArray(value) ? (value as readonly string[]) : [];
const numberOf = (value: Event['fields'][string]): number | undefined =>
  typeof value === 'number' && value > 0 ? value : undefined;

/** Whether the event types are those of mail is told by their kind. */
function mailTypes(pack: ContentPack): ReadonlySet<string> {
  return new Set(
    Object.entries(pack.eventTypes).flatMap(([id, { kind }]) => (kind === 'mail' ? [id] : [])),
  );
}

/** What was read of log files. */
export interface LogReading {
  readonly counters: Counters;
  /** Stopped before the end. */
  readonly partial: boolean;
}

/**
 * Gives every mail of the lines to `take`, in order of time. When the signal aborts, what was read
 * so far is finished.
 */
export async function readMails(
  batches: AsyncIterable<readonly LogLine[]>,
  pack: ContentPack,
  people: KnownPeople,
  take: (mail: Mail) => void,
  options: {
    readonly signal: AbortSignal;
    readonly progress?: (counters: Counters) => void;
  },
): Promise<LogReading> {
  const program = mailProgram(pack, people);
  const types = mailTypes(pack);
  const isMail = program.eventTypes.map((id) => types.has(id));
  const reader = new MailReader(people);
  const engine = createEngine(program, {
    event: (event) => {
      if (isMail[event.type] !== true) return;
      const mail = reader.read(event);
      if (mail !== undefined) take(mail);
    },
  });
  let since = 0;
  for await (const batch of batches) {
    engine.push(batch);
    since += batch.length;
    if (since < BREATH) continue;
    since = 0;
    options.progress?.(engine.counters);
    await setImmediate();
    if (options.signal.aborted) break;
  }
  engine.finish();
  return { counters: engine.counters, partial: options.signal.aborted };
}
