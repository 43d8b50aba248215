/**
 * Typed columns say what the lines say: record by record, event by event, down to triggers and
 * sessions. The two ways share the streams of chance and nothing of how a thing is told.
 */

import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { loadContent } from '#content';
import {
  compile,
  createEngine,
  createLineParser,
  type Engine,
  type Event,
  type LogRecord,
  type Session,
  type Trigger,
} from '#engine';
import {
  type Activity,
  background,
  type ColumnsOptions,
  columns,
  createOrganisation,
  createWriter,
  type MailActivity,
  type Mix,
  type Organisation,
  type Tagged,
  timeline,
} from '#generators';
import { scenarios } from '#scenarios';
import { ColumnReader } from '../../harness/columns.js';
import { directoryOf, plan } from '../../harness/stages/1-plan.js';

const START = Date.UTC(2025, 1, 24);
const { pack } = await loadContent(fileURLToPath(new URL('../../content', import.meta.url)));
if (pack === undefined) throw new Error('the content does not load');
const parse = createLineParser(pack.parsers);

/** All that happens, whoever does it, and how it is logged. */
interface World {
  readonly organisation: Organisation;
  /** By source; the tag is the source's position. */
  readonly sources: readonly (readonly Activity[])[];
  readonly options: ColumnsOptions;
}

const tagged = (world: World): Tagged[][] =>
  world.sources.map((source, tag) => source.map((activity) => ({ activity, tag })));

const linesOf = (world: World) =>
  timeline(tagged(world), createWriter(world.organisation, world.options), world.options);

const batchesOf = (world: World) => columns(world.organisation, tagged(world), world.options);

/** What is left of a record without the number of its line, its parser and what is not there. */
function told({ kind, time, part, join, fields }: LogRecord): object {
  const there = Object.entries(fields).filter(([, value]) => value !== undefined);
  return { kind, time, part, join, fields: Object.fromEntries(there.sort()) };
}

/** Records, tags and times of writing, by line. */
function byText(world: World) {
  return [...linesOf(world)].map(({ text, tag, time, log }) => {
    const records = parse(text);
    expect(records, text).toHaveLength(1);
    return { log, tag, time, record: told(records[0] as LogRecord) };
  });
}

function byColumns(world: World) {
  const reader = new ColumnReader();
  let line = 0;
  return [...batchesOf(world)].flatMap((batch) =>
    reader.records(batch).map((record, at) => {
      expect(record.line).toBe(++line);
      const { tag, written } = batch;
      return { tag: tag[at], time: written[at], record: told(record) };
    }),
  );
}

interface Output {
  readonly events: Event[];
  readonly triggers: Trigger[];
  readonly sessions: Session[];
}

function runEngine({ organisation }: World, feed: (engine: Engine) => void) {
  const compiled = compile([pack as NonNullable<typeof pack>], directoryOf(organisation, START));
  if (!compiled.ok) throw new Error('the content does not compile');
  const output: Output = { events: [], triggers: [], sessions: [] };
  const engine = createEngine(compiled.program, {
    // Rules see the event after its fields are set, so that it can be kept as it is.
    event: (event) => output.events.push(event),
    trigger: (trigger) => output.triggers.push(trigger),
    session: (session) => output.sessions.push(session),
  });
  feed(engine);
  engine.finish();
  const { lines: _, parsed: _p, ...counters } = engine.counters;
  return { ...output, counters, converged: engine.convergence(0.8) };
}

const engineByText = (world: World) =>
  runEngine(world, (engine) => {
    engine.push([...linesOf(world)].map(({ text }, i) => ({ id: i + 1, text })));
  });

const engineByColumns = (world: World) =>
  runEngine(world, (engine) => {
    const reader = new ColumnReader();
    for (const batch of batchesOf(world)) engine.pushRecords(reader.records(batch));
  });

function expectSameRecords(world: World): void {
  const lines = byText(world);
  const rows = byColumns(world);
  for (let i = 0; i < Math.max(lines.length, rows.length); i++) {
    const { log, ...line } = lines[i] ?? {};
    expect(rows[i], `line ${i + 1}, ${log}`).toEqual(line);
  }
}

const format = fc.constantFrom('v1-json' as const, 'v1-kv' as const, 'v2' as const, 'dlp' as const);
const share = fc.constantFrom(0, 0.1, 0.3);

/** The timeline as it is by default, or with every line at its place. */
const arrival = fc.constantFrom(
  {},
  { disorder: 0, duplicates: 0, late: 0 },
  { disorder: 90_000, duplicates: 0.2, late: 0.1 },
);

const options: fc.Arbitrary<ColumnsOptions> = fc
  .record({
    seed: fc.nat(),
    mail: format,
    dlp: fc.boolean(),
    utc_offset: fc.constantFrom(0, 60, -330),
    rows: fc.constantFrom(1, 7, 4096),
    most_texts: fc.constantFrom(1, 50, 262_144),
    arrival,
  })
  .map(({ arrival: order, ...given }) => ({ ...given, ...order }));

const mix: fc.Arbitrary<Partial<Mix>> = fc.record({
  outbound_rejected: share,
  outbound_held: share,
  outbound_retried: share,
  outbound_bounced: share,
  inbox_rules_per_weekday: share,
  inbox_rules_external: share,
  inbound_clicked: share,
  clicks_malicious: share,
  web_denied_per_weekday: share,
  sign_ins_per_weekday: share,
  archive_looks_per_weekday: share,
  // Not 0: a person's share is drawn around it.
  attachment_share: fc.constantFrom(0.1, 0.4),
});

/** An organisation's days, with everything that its people do. */
const organisationWorld: fc.Arbitrary<World> = fc
  .record({
    seed: fc.nat(),
    people: fc.integer({ min: 1, max: 14 }),
    days: fc.integer({ min: 1, max: 6 }),
    internal_mail: fc.boolean(),
    mix,
    options,
  })
  .map(({ seed, people, days, internal_mail, mix: amounts, options: given }) => {
    const organisation = createOrganisation({ seed, people, start: START, days });
    const period = { start: START, days, internal_mail, ...amounts };
    return { organisation, sources: [[...background(organisation, period)]], options: given };
  });

const few = createOrganisation({ seed: 1, people: 4, start: START, days: 6 });
const domain = fc.constantFrom(
  few.domains[0] ?? '',
  'Harbour-Tools.com',
  'mü.example',
  'gmail.com',
);
const address = fc
  .tuple(fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9.+_-]{0,8}$/), domain)
  .map(([local, host]) => `${local}@${host}`);
const ip = fc.constantFrom('10.1.2.3', '198.51.100.7');
const moment = fc.integer({ min: START, max: START + 5 * 86_400_000 });
const url = fc
  .tuple(
    fc.constantFrom('https://', 'http://'),
    fc.constantFrom('', '', 'ann@', 'ann:secret@'),
    fc.domain(),
    fc.constantFrom('', '', '.', ':8443'),
    fc.constantFrom('', '/', '/a/b?to=c@d.example', '#x'),
  )
  .map((parts) => parts.join(''));
const word = fc.stringMatching(/^[A-Za-z][A-Za-z ]{0,10}[A-Za-z]$/);

const outcome = fc.oneof(
  fc.constant({ kind: 'delivered' } as const),
  fc.record({
    kind: fc.constant('held' as const),
    reason: fc.constantFrom('Ctnt', 'Spm', 'Att', 'Url', 'Strange'),
    policy: word,
    release_after: fc.option(fc.integer({ min: 0, max: 2 * 86_400_000 }), { nil: undefined }),
  }),
  fc.record({
    kind: fc.constantFrom('rejected' as const, 'bounced' as const),
    type: fc.constantFrom(
      'Header Rejected',
      'Manual Envelope Rejection',
      'Virus Signature Detection',
      'Recipient server unavailable or busy',
      '',
    ),
    code: fc.constantFrom('550', '554', '451', ''),
    detail: fc.constantFrom('No such user', '[clam.Doc.Dropper, x]', ''),
  }),
  fc.record({
    kind: fc.constant('retried' as const),
    attempts: fc.integer({ min: 1, max: 9 }),
    error: fc.constantFrom('451 try later', 'Connection refused (Connection refused)', ''),
  }),
);

const mail: fc.Arbitrary<MailActivity> = fc
  .record({
    kind: fc.constant('mail' as const),
    time: moment,
    direction: fc.constantFrom('outbound' as const, 'inbound' as const, 'internal' as const),
    sender: address,
    recipients: fc.uniqueArray(address, { minLength: 1, maxLength: 12 }),
    subject: fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.stringMatching(/^[\\|="'; a\n]{0,8}$/),
    ),
    body_bytes: fc.nat(),
    attachments: fc.array(
      fc.record({
        name: fc
          .oneof(fc.string({ unit: 'binary' }), fc.constantFrom(' x.pdf ', 'a, b; c.docx', ' '))
          .filter((name) => !/^\s*\[|"/.test(name)),
        bytes: fc.nat({ max: 1e7 }),
      }),
      { maxLength: 3 },
    ),
    outcome,
    automatic: fc.boolean(),
    clicked: fc.array(
      fc.record({
        after: fc.nat({ max: 86_400_000 }),
        url,
        category: word,
        malicious: fc.boolean(),
      }),
      { maxLength: 2 },
    ),
  })
  .map(({ clicked, ...rest }) => ({
    ...rest,
    clicks: clicked.map((click) => ({ ...click, recipient: rest.recipients[0] ?? '' })),
  }));

const other: fc.Arbitrary<Activity> = fc.oneof(
  fc.record({
    kind: fc.constant('web' as const),
    time: moment,
    user: address,
    url,
    method: fc.constantFrom('GET' as const, 'POST' as const),
    category: word,
    bytes_uploaded: fc.nat(),
    bytes_downloaded: fc.nat(),
    src_ip: ip,
    user_agent: fc.string(),
  }),
  fc.record({
    kind: fc.constant('inbox-rule' as const),
    time: moment,
    user: address,
    operation: fc.constantFrom(
      'New-InboxRule' as const,
      'Set-InboxRule' as const,
      'UpdateInboxRules' as const,
      'Set-Mailbox' as const,
    ),
    rule_name: fc.oneof(word, fc.constant('')),
    forward_to: fc
      .array(address, { maxLength: 3 })
      .map((targets) => [...targets, ...targets.slice(1)]),
    move_to_folder: fc.option(word, { nil: undefined }),
    words: fc.array(word, { maxLength: 3 }),
    src_ip: ip,
  }),
  fc.record({
    kind: fc.constant('audit' as const),
    time: moment,
    user: address,
    audit_type: fc.constantFrom('User Logged On', 'Logon Authentication Failed', 'Search Action'),
    category: word,
    text: fc.constantFrom(
      'Application: Personal Portal, Method: Cloud, Reason: Invalid password',
      'Application: Personal Portal, Method: Cloud',
      'Archive search, Source: archive',
      '[Export type : Download,Name :Message Tracking,File Size: 77,File type : .xlsx]',
      'Viewed Message - Source: Search, From: <a@b.example>, To: <c@d.example>, Subject: Offer, Viewed Content: True',
    ),
    src_ip: ip,
  }),
  fc.record({
    kind: fc.constant('archive-view' as const),
    time: moment,
    user: address,
    source: fc.constantFrom('Archive' as const, 'Message Tracking' as const),
    from: address,
    to: address,
    subject: fc.string(),
    sent: moment,
    content_viewed: fc.boolean(),
    discovery_case: fc.boolean(),
  }),
);

const inOrder = (activities: readonly Activity[]): Activity[] =>
  [...activities].sort((a, b) => a.time - b.time);

/** Activities that no organisation would come up with, from two sources. */
const madeUpWorld: fc.Arbitrary<World> = fc
  .record({
    mails: fc.array(mail, { maxLength: 12 }),
    others: fc.array(other, { maxLength: 6 }),
    options,
  })
  .map(({ mails, others, options: given }) => ({
    organisation: few,
    sources: [inOrder(mails), inOrder(others)],
    options: given,
  }));

describe('rows of columns', () => {
  test('say what the lines of an organisation say, in their order and with their tags', () => {
    fc.assert(fc.property(organisationWorld, expectSameRecords), { numRuns: 60 });
  });

  test('say what lines say of any activities', () => {
    fc.assert(fc.property(madeUpWorld, expectSameRecords), { numRuns: 400 });
  });
});

describe('an engine', () => {
  test('gives for columns the events, triggers, sessions and counters that it gives for lines', () => {
    fc.assert(
      fc.property(organisationWorld, (world) => {
        expect(engineByColumns(world)).toEqual(engineByText(world));
      }),
      { numRuns: 25 },
    );
  });

  test('does so for made-up activities', () => {
    fc.assert(
      fc.property(madeUpWorld, (world) => {
        expect(engineByColumns(world)).toEqual(engineByText(world));
      }),
      { numRuns: 100 },
    );
  });

  test('does so for the stories of all scenarios', () => {
    const planned = plan({
      seed: 5,
      people: 60,
      peer_groups: 4,
      history_days: 8,
      test_days: 12,
      start: START,
      scenarios,
      instances: 1,
      internal_mail: false,
      competitors: [],
    });
    expect(planned.instances.length).toBeGreaterThan(20);
    const days = { start: START, days: 20 };
    const world: World = {
      organisation: planned.organisation,
      sources: [
        [...background(planned.organisation, days)],
        inOrder(planned.instances.flatMap(({ steps }) => steps.map(({ activity }) => activity))),
      ],
      options: { seed: 5 },
    };
    const byLines = engineByText(world);
    expect(byLines.triggers.length).toBeGreaterThan(100);
    expect(engineByColumns(world)).toEqual(byLines);
  });
});
