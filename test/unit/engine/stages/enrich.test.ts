import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Directory, Event, Fields } from '../../../../engine/contract.js';
import {
  subjectCore as coreOf,
  createEnrichStage,
  subjectReader,
  tagPattern,
} from '../../../../engine/stages/3-enrich.js';

const tables: Record<string, readonly string[]> = {
  internal_domains: ['corp.example', 'branch.example'],
  public_email_domains: ['mail.example', 'post.co.uk'],
  disposable_email_domains: ['trash.example'],
  competition_domains: ['rival.com'],
  executives: ['boss@branch.example'],
  generic_cctlds: ['io', 'co'],
  file_sharing_domains: ['drop.com'],
  file_sharing_categories: ['cloud storage'],
  external_tags: ['[external]', '[ext]', '***external***', 'external:', 'von aussen'],
};
const lookup = {
  has: (table: string, value: string) => tables[table]?.includes(value) ?? false,
  map: (table: string, key: string) =>
    table === 'country_domains' && key === 'rival.com' ? 'ch' : undefined,
  members: (table: string) => tables[table] ?? [],
};
const subjectCore = (subject: string): string =>
  coreOf(subject, tagPattern(lookup.members('external_tags')));
const directory: Directory = {
  internal_domains: ['hq.example'],
  people: [
    {
      user: 'mia.berg@corp.example',
      aliases: ['mb@corp.example'],
      personal: ['sunny77@mail.example'],
      first_name: 'Mía',
      last_name: "O'Berg",
      peer_group: 'Sales',
      hired: 5,
    },
    { user: 'ceo@corp.example', executive: true },
  ],
};
const stage = createEnrichStage(lookup, directory);

function enriched(fields: Fields, by = stage): Fields {
  const event: Event = { type: 0, time: 0, lines: [0], late: false, fields: { ...fields } };
  by.direct(event.fields);
  by.enrich(event);
  return event.fields;
}

const to = (...recipients: string[]): Fields =>
  enriched({ sender: 'mb@corp.example', recipients, direction: 'outbound' });

describe('the user', () => {
  test('is the directory entry behind an alias of the sender', () => {
    expect(to('a@x.com')).toMatchObject({
      user: 'mia.berg@corp.example',
      peer_group: 'Sales',
      is_executive: false,
      hired: 5,
    });
  });

  test('is the address when the directory does not know it, and executive by table or directory', () => {
    const boss = enriched({ sender: 'boss@branch.example', recipients: ['a@x.com'] });
    expect(boss).toMatchObject({ user: 'boss@branch.example', is_executive: true });
    expect(boss['peer_group']).toBeUndefined();
    expect(enriched({ user: 'CEO@corp.example' })['is_executive']).toBe(true);
  });

  test('is the sender whose domain is inside, whatever direction the line says', () => {
    for (const sender of ['mb@corp.example', 'mb@sub.hq.example', 'mb@branch.example'])
      expect(enriched({ sender, recipients: ['a@x.com'], direction: 'inbound' })['user']).toBe(
        sender === 'mb@corp.example' ? 'mia.berg@corp.example' : sender,
      );
  });

  test('is absent for mail from outside', () => {
    expect(
      enriched({ sender: 'x@y.com', recipients: ['mb@corp.example'] })['user'],
    ).toBeUndefined();
  });

  test('is the account of the record for everything else', () => {
    expect(
      enriched({ user: 'MB@corp.example', url: 'https://x', sender: 'ceo@corp.example' })['user'],
    ).toBe('mia.berg@corp.example');
    expect(
      enriched({
        user: 'x@y.com',
        sender: 'ceo@corp.example',
        recipients: ['x@y.com'],
        direction: 'outbound',
      })['user'],
    ).toBe('ceo@corp.example');
  });
});

describe('the direction', () => {
  test.each([
    ['mb@corp.example', ['a@x.com', 'b@corp.example'], 'outbound'],
    ['mb@corp.example', ['b@sub.hq.example'], 'internal'],
    ['x@y.com', ['b@corp.example'], 'inbound'],
    ['x@y.com', ['b@z.com'], undefined],
    [undefined, ['b@corp.example'], 'inbound'],
    ['x@notcorp.example', ['b@corp.example'], 'inbound'],
  ])('from %s to %j is %s when the line does not say it', (sender, recipients, direction) => {
    expect(enriched({ sender, recipients })['direction']).toBe(direction);
  });

  test('of the line stands, and makes its sender internal without a directory', () => {
    const alone = createEnrichStage(
      { has: () => false, map: () => undefined, members: () => [] },
      { internal_domains: [], people: [] },
    );
    const fields = enriched(
      { sender: 'a@firm.com', recipients: ['b@mail.firm.com', 'c@x.com'], direction: 'outbound' },
      alone,
    );
    expect(fields).toMatchObject({
      user: 'a@firm.com',
      external_recipients: ['c@x.com'],
      external_domains: ['x.com'],
    });
  });
});

describe('recipients', () => {
  test('outside are told with registrable domain and country, each once', () => {
    expect(
      to(
        'b@corp.example',
        'c@sub.corp.example',
        'd@m.a.co.uk',
        'e@n.a.co.uk',
        'f@rival.com',
        'g@start.io',
        'h@x.de',
      ),
    ).toMatchObject({
      external_recipients: ['d@m.a.co.uk', 'e@n.a.co.uk', 'f@rival.com', 'g@start.io', 'h@x.de'],
      external_domains: ['a.co.uk', 'rival.com', 'start.io', 'x.de'],
      countries: ['GB', 'CH', 'DE'],
      to_competition: true,
      to_public: false,
    });
  });

  test('with international names are told in punycode', () => {
    expect(to('a@mail.bücher.de')['external_domains']).toEqual(['xn--bcher-kva.de']);
  });

  test('without a proper domain are their own domain', () => {
    expect(to('a@localhost', 'a@[192.0.2.1]', 'a@under_score.com')['external_domains']).toEqual([
      'localhost',
      '[192.0.2.1]',
      'under_score.com',
    ]);
  });

  test('that are all inside leave the flags false and the lists absent', () => {
    const fields = to('b@corp.example');
    expect(fields).toMatchObject({
      to_public: false,
      to_personal: false,
      to_disposable: false,
      to_competition: false,
    });
    expect(fields['external_recipients']).toBeUndefined();
  });

  test('that are missing leave the flags absent', () => {
    expect(enriched({ user: 'mb@corp.example' })['to_public']).toBeUndefined();
  });

  test.each([
    ['sunny77@mail.example', true],
    ['mia.oberg@mail.example', true],
    ['miaoberg1999@post.co.uk', true],
    ['m.oberg@mail.example', true],
    ['oberg_mia@mail.example', true],
    ['mia.oberg+work@mail.example', true],
    ['mia@mail.example', false],
    ['oberg@mail.example', false],
    ['mia.oberg@partner.com', false],
    ['anna.oberg@mail.example', false],
  ])('%s is her own mailbox: %s', (address, own) => {
    expect(to(address)['to_personal']).toBe(own);
  });

  test('are compared with the name in the address of a sender that no directory knows', () => {
    const from = (sender: string, recipient: string) =>
      enriched({ sender, recipients: [recipient], direction: 'outbound' })['to_personal'];
    expect(from('eva.lind@corp.example', 'eva.lind7@mail.example')).toBe(true);
    expect(from('eva.lind@corp.example', 'lind@mail.example')).toBe(false);
    expect(from('elind@corp.example', 'elind@mail.example')).toBe(false);
  });

  test('on a disposable domain are flagged', () => {
    expect(to('x@trash.example')['to_disposable']).toBe(true);
  });

  test('in their thousands are told quickly', () => {
    const many = Array.from({ length: 10_000 }, (_, i) => `u${i}@d${i}.com`);
    expect((to(...many)['external_domains'] as string[]).length).toBe(10_000);
  });
});

test('attachments give their names in lower case and last extensions, each once', () => {
  const fields = enriched({
    attachments: [
      'Plan.PDF',
      'plan.pdf',
      'a.pdf.ZIP',
      'README',
      '.bashrc',
      'odd.',
      'v1.2 final',
      'x.tar.gz ',
    ],
  });
  expect(fields['file_names']).toEqual([
    'plan.pdf',
    'a.pdf.zip',
    'readme',
    '.bashrc',
    'odd.',
    'v1.2 final',
    'x.tar.gz',
  ]);
  expect(fields['file_extensions']).toEqual(['pdf', 'zip', 'gz']);
});

describe('the core of a subject', () => {
  test.each([
    ['RE: Fwd: FW: Q3 numbers', 'q3 numbers'],
    ['AW: WG: Angebot   für\tMai', 'angebot für mai'],
    ['Re[2]: Plan', 'plan'],
    ['Re (3) : Plan', 'plan'],
    ['[EXTERNAL] Re: Plan', 'plan'],
    ['Re: [EXT] Plan', 'plan'],
    ['EXTERNAL: Plan', 'plan'],
    ['***EXTERNAL*** Plan', 'plan'],
    ['回复：转发：计划', '计划'],
    ['Ответ: план', 'план'],
    ['Von  Aussen Plan', 'plan'],
    ['Von aussenwirtschaft', 'von aussenwirtschaft'],
    ['Rearrange: the room', 'rearrange: the room'],
    ['Extension cables', 'extension cables'],
    ['[JIRA] Plan', '[jira] plan'],
    ['10:35', '10:35'],
    ['Re:', ''],
    ['', ''],
  ])('%j is %j', (subject, core) => {
    expect(subjectCore(subject)).toBe(core);
  });

  test('is the same with and without a look at its first characters', () => {
    const tags = lookup.members('external_tags');
    const read = subjectReader(tags);
    const piece = fc.oneof(
      fc.constantFrom('Re', 'AW', 'Fwd', ':', '：', ' ', '[', ']', '(2)', 'Plan', 'plan: B', '\t'),
      fc.constantFrom(
        ...tags,
        'von  Aussen',
        'VON AUSSEN',
        'Extension',
        '返信',
        'ß',
        '\u00a0',
        'I',
      ),
      fc.string({ maxLength: 6 }),
    );
    const subject = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(subject, (text) => {
        expect(read(text)).toBe(subjectCore(text));
      }),
      { numRuns: 5000 },
    );
  });

  test('of a hostile subject takes no time', () => {
    expect(subjectCore('re: '.repeat(100_000)).length).toBeLessThan(1001);
    expect(subjectCore(`${' '.repeat(50_000)}x`)).toBe('');
  });

  test('goes by the tags of the table alone', () => {
    expect(coreOf('[EXTERNAL] Re: Plan', undefined)).toBe('[external] re: plan');
    expect(coreOf('Re: [x.y] Plan', tagPattern(['[x.y]']))).toBe('plan');
    expect(coreOf('[xzy] Plan', tagPattern(['[x.y]', ' ']))).toBe('[xzy] plan');
  });

  test('is absent when nothing is left', () => {
    expect(enriched({ subject: 'Re: ' })['subject_core']).toBeUndefined();
  });
});

test('a web request is file sharing by its domain or its category', () => {
  const web = (web_domain: string, category?: string) =>
    enriched({ web_domain, category, url: 'x' })['file_sharing'];
  expect(web('up.drop.com')).toBe(true);
  expect(web('x.com', 'Cloud Storage')).toBe(true);
  expect(web('x.com', 'News')).toBe(false);
  expect(
    enriched({ user: 'a@corp.example', category: 'Cloud Storage' })['file_sharing'],
  ).toBeUndefined();
});
