import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readDirectory } from '../../../harness/directory-file.js';

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
    ['twice.csv', 'user\na@x.test\nA@x.test', ': a@x.test is listed twice'],
    ['half.json', '[{"user": "a@x.test"', ': not valid JSON'],
    ['none.json', '{"persons": []}', ': has no list of people'],
    ['entry.json', '[{"user": "a@x.test"}, 7]', ': person 2 is not an object'],
    [
      'text.json',
      '[{"user": "a@x.test", "peer_group": 3}]',
      ': person 1: peer_group is not a text',
    ],
    [
      'list.json',
      '[{"user": "a@x.test", "aliases": "b@x.test"}]',
      ': person 1: aliases is not a list',
    ],
    ['user.json', '[{"peer_group": "x"}]', ': person 1: has no user'],
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
