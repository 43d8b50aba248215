/** Files of a small content folder that loads without faults; one text is not all ASCII. */
export const SMALL_PACK: Readonly<Record<string, string>> = {
  'event-types.yaml': `
fields:
  user: { type: text, from: enriched, description: Who. }
  bytes: { type: number, unit: bytes, from: parsed, description: Size in β. }
event_types:
  mail-out: { description: Mail., kind: mail, container: session, fields: [user, bytes] }
`,
  'attack.json': '{ "T1000": { "name": "Technique", "tactics": ["Exfiltration"] } }',
  'gates.yaml': 'default: {}\n',
  'rules/T1000/BIG.yaml': `
name: Big mail
description: A mail that is big.
events: [mail-out]
when: bytes > 5 * MB
score: 5
reason: "{user} sent much"
tests:
  - name: six megabytes
    events: [{ bytes: 6291456 }]
    fires: true
  - name: five megabytes
    events: [{ bytes: 5242880 }]
    fires: false
`,
};

/** A model that such a folder may hold, as `models/SIZE.yaml`. */
export const SIZE_MODEL = `
name: Size
description: Sizes of mails.
kind: numerical
scope: user
feature: bytes
trains_on: [mail-out]
`;
