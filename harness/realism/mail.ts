/** One mail as the statistics see it, whatever wrote it down. */
export interface Mail {
  /** Milliseconds since 1970 UTC. */
  readonly time: number;
  /** The same moment on the sender's clock; UTC where nobody knows the sender's zone. */
  readonly local: number;
  readonly direction: 'outbound' | 'inbound' | 'internal';
  /** Who sent it, for outbound and internal mail: the canonical name of a person. */
  readonly sender: string | undefined;
  /** Canonical names of the recipients inside. */
  readonly inside: readonly string[];
  /** Addresses outside, lower case: the recipients, or the sender of an inbound mail. */
  readonly outside: readonly string[];
  readonly subject: string;
  /** Without attachments and headers; undefined where the log has only the sum. */
  readonly body_bytes: number | undefined;
  /** Of the whole mail as the log has it. */
  readonly bytes: number | undefined;
  /** Names of the attachments, and their size together where the log has it. */
  readonly files: readonly string[];
  readonly file_bytes: number | undefined;
}

/** What is known of a person beside the mails. */
export interface PersonFacts {
  readonly peer_group: string | undefined;
  /** The last name as it may stand in addresses; empty when it is not known. */
  readonly surnames: readonly string[];
}

/** What a source of mails can tell, beside them. */
export interface Source {
  /** Facts by canonical name; undefined for senders that are nobody's own mailbox. */
  person(name: string): PersonFacts | undefined;
  /** Whether `local` is more than a guess. */
  readonly clock: boolean;
}

const spelt: Readonly<Record<string, string>> = {
  ä: 'ae',
  ö: 'oe',
  ü: 'ue',
  ß: 'ss',
  ł: 'l',
  ø: 'o',
  æ: 'ae',
  đ: 'd',
};

/** A last name as it may stand in addresses: umlauts spelt out, and dropped. */
export function surnameForms(name: string): readonly string[] {
  const bare = (text: string): string => text.normalize('NFD').replace(/[^a-z]/g, '');
  const lower = name.toLowerCase();
  const out = bare(lower.replace(/[äöüßłøæđ]/g, (letter) => spelt[letter] ?? ''));
  const dropped = bare(lower.replace(/[ßłæđø]/g, (letter) => spelt[letter] ?? ''));
  return out === dropped ? [out] : [out, dropped];
}
