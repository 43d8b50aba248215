import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { RE2JS } from 're2js';
import { expect, it } from 'vitest';
import { loadContent } from '#content';
import { compileSearch } from '../../engine/decode/fields.js';

const { pack } = await loadContent(fileURLToPath(new URL('../../content', import.meta.url)));
const ofContent = (pack?.parsers ?? []).flatMap(({ fields }) =>
  Object.values(fields).flatMap(({ pattern }) => pattern ?? []),
);
/** With and without a beginning that can be searched for. */
const others = [
  '(?i)abc|xyz',
  '(?i)ab|c',
  '(?i)(?:ab|c)x',
  '(?i)ab?c',
  '(?i)abc*',
  '(?i)ab{2}',
  '(?i)ask(x|y)',
  '(?i)ab[|]c',
  '(?i)ab\\|c',
  '(?i)ab(c(x|y))|b',
  '(?i)ab\\b.',
  '(?i)ab$',
  '(?i)ab[[:digit:](]x|c[[:digit:])]',
  '(?i)ab[](]x|c[])]',
  '(?i)ab[^](]x|c[^])]',
  'ab|c',
  '(?i)^ab',
];

/** As RE2 searches by itself. */
function plain(source: string, text: string, all: boolean): string[] {
  const pattern = RE2JS.compile(source);
  const matcher = pattern.matcher(text);
  const found: string[] = [];
  while (matcher.find()) {
    const value = matcher.group(pattern.groupCount() > 0 ? 1 : 0);
    if (value !== null && value !== '') found.push(value);
    if (!all && found.length > 0) break;
  }
  return found;
}

it('a search that begins where letters stand finds what a search of every place does', () => {
  const patterns = [...new Set([...ofContent, ...others])];
  const piece = fc.oneof(
    fc.constantFrom(
      'abc',
      'AB',
      'c',
      'bb',
      'aſK',
      'a\u017f\u212a',
      'x',
      'y',
      '|',
      'xyz',
      ' ',
      '\n',
    ),
    fc.constantFrom(
      'IP: ',
      '192.0.2.1',
      ', ',
      'Application: ',
      'METHOD : ',
      'Reason:',
      'subject: ',
    ),
    fc.constantFrom('to ', '<eva@corp.example>', 'forwarding ', 'Method', 'name', '€', '😀'),
    fc.string({ maxLength: 4 }),
  );
  const search = new Map(patterns.map((source) => [source, compileSearch(source)]));
  let found = 0;
  fc.assert(
    fc.property(
      fc.constantFrom(...patterns),
      fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('')),
      fc.boolean(),
      (source, text, all) => {
        const wanted = plain(source, text, all);
        found += wanted.length;
        expect(search.get(source)?.(text, all)).toEqual(wanted);
      },
    ),
    { numRuns: 8000 },
  );
  expect(found).toBeGreaterThan(1000);
});
