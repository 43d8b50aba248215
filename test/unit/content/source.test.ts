import { describe, expect, it } from 'vitest';
import { type ContentPlace, type ContentSources, locate } from '#content';
import { alignScalar, parseContent, spanOf } from '../../../content/source.js';

/** The YAML text under `part` of the value at `path`. */
function marked(yaml: string, path: (string | number)[], part: string): string {
  const { file, value } = parseContent('f.yaml', yaml);
  let text: unknown = value;
  for (const step of path) text = (text as Record<string | number, unknown>)[step];
  const start = String(text).indexOf(part);
  expect(start, `the value holds ${part}`).toBeGreaterThanOrEqual(0);
  const range = { start, end: start + part.length };
  const span = spanOf(file, { file: 'f.yaml', path, range });
  return yaml.slice(span.start, span.end);
}

function sourcesOf(yaml: string): ContentSources {
  return { root: '/pack', files: new Map([['f.yaml', parseContent('f.yaml', yaml).file]]) };
}

describe('a range in a text value is found in its YAML', () => {
  it('in a plain text', () => {
    expect(marked('when: bytes > 5 * MB # note\n', ['when'], '5 * MB')).toBe('5 * MB');
  });

  it('in a plain text folded over lines', () => {
    expect(marked('when: a > 1\n  && bb > 2\n\n  && ccc > 3\n', ['when'], 'ccc')).toBe('ccc');
  });

  it('across a fold, with the line end in between', () => {
    expect(marked('when: a > 1\n  && bb > 2\n', ['when'], '1 && bb')).toBe('1\n  && bb');
  });

  it('in single quotes, behind doubled quotes', () => {
    expect(marked("when: 'in_table(''t'', x) && yy'\n", ['when'], 'yy')).toBe('yy');
    expect(marked("when: 'in_table(''t'', x)'\n", ['when'], "'t'")).toBe("''t''");
  });

  it('in double quotes, behind escapes of every length', () => {
    expect(marked('when: "\\"q\\" \\x41\\u00e9\\U0001F600\\t && yy"\n', ['when'], 'yy')).toBe('yy');
    expect(marked('when: "x == \\u00e9 && yy"\n', ['when'], 'é')).toBe('\\u00e9');
  });

  it('in double quotes over lines, with and without a continued line', () => {
    expect(marked('when: "a\n  b \\\n  c &&\n\n  yy"\n', ['when'], 'yy')).toBe('yy');
  });

  it('in a literal block, with deeper lines and a comment after the header', () => {
    expect(marked('when: |- # why\n  a &&\n    bb &&\n  ccc\n', ['when'], 'bb')).toBe('bb');
    expect(marked('when: |2\n    a\n  ccc\n', ['when'], 'ccc')).toBe('ccc');
  });

  it('in a folded block, with empty and deeper lines', () => {
    const yaml = 'when: >-\n\n  a &&\n  bb &&\n\n    ccc &&\n  dddd\nx: 1\n';
    for (const part of ['bb', 'ccc', 'dddd']) expect(marked(yaml, ['when'], part)).toBe(part);
  });

  it('with CR LF line ends', () => {
    expect(marked('when: >-\r\n  a &&\r\n  bb &&\r\n  ccc\r\n', ['when'], 'ccc')).toBe('ccc');
    expect(marked('when: "a &&\r\n  bb"\r\n', ['when'], 'bb')).toBe('bb');
  });

  it('behind characters outside the basic plane', () => {
    expect(marked('when: x == "😀" && yy\n', ['when'], 'yy')).toBe('yy');
  });

  it('below lists and mappings in flow style', () => {
    expect(marked('t: [{ a: 1 }, { when: b > 2 }]\n', ['t', 1, 'when'], 'b')).toBe('b');
  });

  it('at the end of the value, where something is missing', () => {
    const yaml = 'when: >-\n  a &&\n  bb\nnext: 1\n';
    const { file } = parseContent('f.yaml', yaml);
    const span = spanOf(file, { file: 'f.yaml', path: ['when'], range: { start: 7, end: 7 } });
    expect(yaml.slice(0, span.start)).toBe('when: >-\n  a &&\n  bb');
  });
});

it('source and value that do not belong together are not aligned', () => {
  expect(alignScalar('abc', 'abd')).toBeUndefined();
  expect(alignScalar('abc', 'abcd')).toBeUndefined();
});

describe('a place has a line and columns', () => {
  const yaml = 'name: x\nonce:\n  per: day\n  by: value\ntests:\n  - { name: a, fires: true }\n';
  const at = (place: Omit<ContentPlace, 'file'>) =>
    locate({ file: 'f.yaml', ...place }, sourcesOf(yaml));

  it('a value is placed where it stands', () => {
    expect(at({ path: ['once', 'by'] })).toEqual({ line: 4, column: 7, endLine: 4, endColumn: 12 });
  });

  it('a key is placed where it stands', () => {
    expect(at({ path: ['once', 'per'], key: true })).toEqual({
      line: 3,
      column: 3,
      endLine: 3,
      endColumn: 6,
    });
  });

  it('a mapping is placed at its key, one in a list at its first line', () => {
    expect(at({ path: ['once'] })).toMatchObject({ line: 2, column: 1, endColumn: 5 });
    expect(at({ path: ['tests', 0] })).toMatchObject({ line: 6, column: 5 });
  });

  it('what is not there is placed at the nearest thing around it', () => {
    expect(at({ path: ['once', 'nothing', 3] })).toMatchObject({ line: 2, column: 1 });
    expect(at({ path: ['tests', 7, 'name'] })).toMatchObject({ line: 5, column: 1 });
  });

  it('an unknown file is line 1, column 1', () => {
    expect(locate({ file: 'gone.yaml', path: ['a'] }, sourcesOf(yaml))).toEqual({
      line: 1,
      column: 1,
      endLine: 1,
      endColumn: 1,
    });
  });

  it('an alias leads to the text that it repeats', () => {
    const text = 'a: &x\n  when: b\nc: *x\n';
    const sources: ContentSources = {
      root: '/pack',
      files: new Map([['f.yaml', parseContent('f.yaml', text).file]]),
    };
    expect(locate({ file: 'f.yaml', path: ['c', 'when'] }, sources)).toMatchObject({
      line: 2,
      column: 9,
    });
  });
});
