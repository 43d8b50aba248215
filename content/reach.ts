import type { ContentPack } from './pack.js';

/** Fields that the engine sets on events of a kind itself, whatever the parsers of the kind say. */
const SET_BY_ENGINE: Readonly<Record<string, readonly string[]>> = {
  mail: ['recipient', 'recipients', 'direction', 'outcome', 'failure_reason', 'action'],
};

const FROM_USER = ['user', 'sender'];
const FROM_RECIPIENTS = ['recipients'];
const FROM_FILES = ['attachments'];

/** What enrichment works each of its fields out from: at least one of these must be there. */
export const enrichedFrom: Readonly<Record<string, readonly string[]>> = {
  user: FROM_USER,
  peer_group: FROM_USER,
  is_executive: FROM_USER,
  hired: FROM_USER,
  external_recipients: FROM_RECIPIENTS,
  external_domains: FROM_RECIPIENTS,
  countries: FROM_RECIPIENTS,
  to_public: FROM_RECIPIENTS,
  to_personal: FROM_RECIPIENTS,
  to_disposable: FROM_RECIPIENTS,
  to_competition: FROM_RECIPIENTS,
  file_extensions: FROM_FILES,
  file_names: FROM_FILES,
  subject_core: ['subject'],
  file_sharing: ['web_domain', 'url'],
};

/**
 * For each event type the fields of its list that some parser of its kind, the engine or enrichment
 * can set. A field that is not among them is absent on every event of the type.
 */
export function settableFields(pack: ContentPack): ReadonlyMap<string, ReadonlySet<string>> {
  const byKind = new Map<string, Set<string>>();
  for (const { yields, fields } of pack.parsers) {
    const set = byKind.get(yields.kind) ?? new Set(SET_BY_ENGINE[yields.kind]);
    byKind.set(yields.kind, set);
    for (const name of Object.keys(fields)) set.add(name);
  }
  return new Map(
    Object.entries(pack.eventTypes).map(([id, type]) => {
      const parsed = byKind.get(type.kind) ?? new Set<string>();
      const canBeSet = (name: string): boolean =>
        pack.fields[name]?.from === 'enriched'
          ? (enrichedFrom[name] ?? []).some((source) => parsed.has(source))
          : parsed.has(name);
      return [id, new Set(type.fields.filter(canBeSet))];
    }),
  );
}
