import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readDirectory, readOrganisation } from '../../../harness/directory-file.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'leakdrill-directory-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const ann = {
  user: 'ann@corp.example',
  aliases: ['a@corp.example', 'ann@corp.test'],
  personal: ['ann@mail.example'],
  first_name: 'Ann',
  last_name: 'Meyer, Dr.',
  peer_group: 'Legal',
  executive: true,
  hired: Date.UTC(2021, 2, 15),
};

describe('a directory file', () => {
  test('in CSV has quoted cells, lists by semicolon and addresses in any case', async () => {
    const path = file(
      'people.csv',
      '\uFEFFUser,aliases,personal,first name,last_name,peer_group,executive,hired\r\n' +
        'Ann@Corp.example,A@corp.example;ann@corp.test,ann@mail.example,Ann,"Meyer, Dr.",Legal,yes,2021-03-15\r\n' +
        '\r\n' +
        'bob@corp.example,,,"Bob ""B"" ","two\nlines",,,\r\n',
    );
    expect(await readDirectory(path)).toEqual({
      internal_domains: [],
      people: [ann, { user: 'bob@corp.example', first_name: 'Bob "B"', last_name: 'two\nlines' }],
    });
  });

  test.each([';', '\t'])('in CSV may use %j between cells', async (separator) => {
    const path = file(
      'people.csv',
      ['user,peer_group', 'a@x.test,Sales'].join('\n').replaceAll(',', separator),
    );
    expect((await readDirectory(path)).people).toEqual([{ user: 'a@x.test', peer_group: 'Sales' }]);
  });

  test('in JSON is a list of people, or an object that also names the domains', async () => {
    const list = await readDirectory(
      file('list.json', JSON.stringify([{ ...ann, hired: '2021-03-15' }])),
    );
    expect(list).toEqual({ internal_domains: [], people: [ann] });
    const object = await readDirectory(
      file('object.json', JSON.stringify({ internal_domains: ['Corp.Example'], people: [ann] })),
    );
    expect(object).toEqual({ internal_domains: ['corp.example'], people: [ann] });
  });

  test.each([
    ['no-user.csv', 'mail\na@x.test', ':1: the header line needs a column user'],
    ['column.csv', 'user,grade\na@x.test,1', ':1: there is no column grade'],
    ['address.csv', 'user\na@x.test\nnobody', ':3: user nobody is not an address'],
    ['cells.csv', 'user,hired\n\n"a@x.test",2020-01-01,more', ':3: 3 values for 2 columns'],
    ['date.csv', 'user,hired\na@x.test,soon', ':2: hired soon is not a date'],
    ['flag.csv', 'user,executive\na@x.test,perhaps', ':2: executive is neither true nor false'],
    ['twice.csv', 'user\na@x.test\nA@x.test', ':3: a@x.test is listed twice'],
    [
      'columns.csv',
      'user,grade,level\na@x.test,1,2',
      ':1: there is no column grade, level; columns: ',
    ],
    ['same.csv', 'user,email\na@x.test,b@x.test', ':1: column email is there twice'],
    ['kind.csv', 'user,kind\na@x.test,robot', ':2: kind robot is none of'],
    ['zone.csv', 'user,time_zone\na@x.test,Mars/X', ':2: time_zone Mars/X is not the name'],
    ['country.csv', 'user,country\na@x.test,Germany', ':2: country Germany is not a code'],
    ['alias.csv', 'user,aliases\na@x.test,nobody', ':2: aliases nobody is not an address'],
    ['left.csv', 'user,hired,left\na@x.test,2024-01-02,2024-01-01', ':2: left lies before hired'],
    ['half.json', '[{"user":\n"a@x.test",}', ':2: not valid JSON'],
    [
      'key.json',
      '[{"user": "a@x.test"},\n {"user": "b@x.test", "grade": 1}]',
      ':2: person 2: there is no key grade',
    ],
    [
      'deep.json',
      '{"internal_domains": ["x.test"], "people": [\n{"user": "a@x.test", "last_name": "]}\\\\", "aliases": []},\n\n{"user": 1}]}',
      ':4: person 2: user is not a text',
    ],
    ['none.json', '{"persons": []}', ': has no list of people'],
    ['entry.json', '[{"user": "a@x.test"}, 7]', ':1: person 2 is not an object'],
    [
      'text.json',
      '[{"user": "a@x.test", "peer_group": 3}]',
      ':1: person 1: peer_group is not a text',
    ],
    [
      'list.json',
      '[{"user": "a@x.test", "aliases": "b@x.test"}]',
      ':1: person 1: aliases is not a list',
    ],
    ['user.json', '[{"peer_group": "x"}]', ':1: person 1: has no user'],
    [
      'domains.json',
      '{"internal_domains": "x.test", "people": []}',
      ': internal_domains is not a list',
    ],
  ])('%s is refused with file and place', async (name, text, expected) => {
    const path = file(name, text);
    await expect(readDirectory(path)).rejects.toThrow(`${path}${expected}`);
  });

  test('that is missing or a folder is refused by name', async () => {
    await expect(readDirectory(join(folder, 'none.csv'))).rejects.toThrow('there is no such file');
    await expect(readDirectory(folder)).rejects.toThrow('this is a folder');
  });
});

describe('an organisation file', () => {
  const people = [
    'address;name;department;manager;executive;country;hired;left;aliases;kind',
    'ann@corp.example;"Meyer, Ann";Sales;;yes;uk;2019-05-01;;A.Meyer@corp.example;',
    'bob@corp.example;Bob van Dyk;Sales;a.meyer@corp.example;;DE;2020-01-01;2024-07-01;;',
    'sales@eu.corp.example;;Sales;;;;;;;shared',
  ];

  test('gives people, mailboxes and the domains of their addresses, with the digest of the file', async () => {
    const path = file('org.csv', people.join('\n'));
    const given = await readOrganisation(path, 'org.csv', []);
    expect(given).toEqual({
      file: 'org.csv',
      digest: createHash('sha256').update(people.join('\n')).digest('hex'),
      domains: ['corp.example', 'eu.corp.example'],
      entries: [
        {
          user: 'ann@corp.example',
          aliases: ['a.meyer@corp.example'],
          first_name: 'Ann',
          last_name: 'Meyer',
          peer_group: 'Sales',
          executive: true,
          country: 'GB',
          hired: Date.UTC(2019, 4, 1),
        },
        {
          user: 'bob@corp.example',
          first_name: 'Bob',
          last_name: 'van Dyk',
          peer_group: 'Sales',
          manager: 'a.meyer@corp.example',
          country: 'DE',
          hired: Date.UTC(2020, 0, 1),
          left: Date.UTC(2024, 6, 1),
        },
        { user: 'sales@eu.corp.example', peer_group: 'Sales', kind: 'shared' },
      ],
    });
  });

  test('serves a replay too, which takes of it what the engine knows', async () => {
    const { people: known } = await readDirectory(file('org.csv', people.join('\n')));
    expect(known[1]).toEqual({
      user: 'bob@corp.example',
      first_name: 'Bob',
      last_name: 'van Dyk',
      peer_group: 'Sales',
      hired: Date.UTC(2020, 0, 1),
    });
  });

  test('takes given domains and what lies below them', async () => {
    const path = file('org.csv', people.join('\n'));
    const given = await readOrganisation(path, 'org.csv', ['@Corp.example', 'other.example']);
    expect(given.domains).toEqual(['corp.example', 'eu.corp.example', 'other.example']);
  });

  test.each([
    ['outside', ['user', 'a@x.test', 'b@y.test'], ['x.test'], ':3: b@y.test lies outside'],
    ['provider', ['user', 'a@x.test', 'b@gmail.com'], [], ':3: b@gmail.com is at a consumer'],
    [
      'manager',
      ['user,manager', 'a@x.test,z@x.test', 'b@x.test,'],
      [],
      ':2: manager z@x.test is not',
    ],
    [
      'shared',
      ['user,aliases', 'a@x.test,c@x.test', 'b@x.test,c@x.test'],
      [],
      ':3: c@x.test is an address of org.csv:2 too',
    ],
    ['one', ['user,kind', 'a@x.test,', 'b@x.test,service'], [], ': a drill needs 2 to'],
    ['empty', ['user'], [], ': a drill needs 2 to'],
  ])('%s is refused with file and line', async (_, lines, domains, expected) => {
    const path = file('org.csv', lines.join('\n'));
    await expect(readOrganisation(path, 'org.csv', domains)).rejects.toThrow(`org.csv${expected}`);
  });

  test('may hold a hundred thousand people', async () => {
    const lines = Array.from({ length: 100_000 }, (_, i) => `p${i}@x.test,Group ${i % 50}`);
    const given = await readOrganisation(
      file('org.csv', ['user,department', ...lines].join('\n')),
      'org.csv',
      [],
    );
    expect(given.entries).toHaveLength(100_000);
    expect(given.entries.at(-1)).toEqual({ user: 'p99999@x.test', peer_group: 'Group 49' });
  });
});
