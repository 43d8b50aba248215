import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Document, Scalar } from 'yaml';
import { alignScalar, parseContent } from '../../content/source.js';

const styles = [
  Scalar.PLAIN,
  Scalar.QUOTE_SINGLE,
  Scalar.QUOTE_DOUBLE,
  Scalar.BLOCK_LITERAL,
  Scalar.BLOCK_FOLDED,
] as const;

const piece = fc.oneof(
  fc.constantFrom(
    'a',
    'bytes',
    '>=',
    '&&',
    "'t'",
    '"',
    '\\',
    '  ',
    ' ',
    '\n',
    '\n\n',
    '\t',
    '#',
    ':',
    'é',
    '😀',
  ),
  fc.string({ maxLength: 4 }),
);

it('every visible character of a text is found where YAML wrote it, in any style and width', () => {
  fc.assert(
    fc.property(
      fc.array(piece, { minLength: 1, maxLength: 30 }).map((parts) => parts.join('')),
      fc.constantFrom(...styles),
      fc.integer({ min: 0, max: 30 }),
      fc.boolean(),
      (text, style, lineWidth, crlf) => {
        const scalar = new Scalar(text);
        scalar.type = style;
        const written = new Document({ outer: [{ when: scalar }] }).toString({ lineWidth });
        const yaml = crlf ? written.replaceAll('\n', '\r\n') : written;
        const { file, value } = parseContent('f.yaml', yaml);
        fc.pre(value !== undefined);
        const read = (value as { outer: [{ when: unknown }] }).outer[0].when;
        fc.pre(typeof read === 'string');
        const node = file.document?.getIn(['outer', 0, 'when'], true) as Scalar;
        const [from, to] = node.range as [number, number, number];
        const source = yaml.slice(from, to);
        const map = alignScalar(source, read);
        expect(map, JSON.stringify([source, read])).toBeDefined();
        if (!map) return;
        let before = 0;
        for (let i = 0; i < read.length; i++) {
          const start = map.starts[i] ?? -1;
          const end = map.ends[i] ?? -1;
          expect(start).toBeGreaterThanOrEqual(before);
          expect(end).toBeGreaterThanOrEqual(start);
          before = start;
          const char = read[i] as string;
          if (/\s/.test(char)) continue;
          const here = source.slice(start, end);
          expect(here === char || here === "''" || here.startsWith('\\')).toBe(true);
        }
      },
    ),
    { numRuns: 2000 },
  );
});

it('no text makes reading throw, and what is read has a place', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
      const { diagnostics, value } = parseContent('f.yaml', text);
      expect(diagnostics.length > 0 || value !== undefined).toBe(true);
    }),
    { numRuns: 1000 },
  );
});
