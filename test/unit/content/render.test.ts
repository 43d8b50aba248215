import { describe, expect, it } from 'vitest';
import {
  type ContentSources,
  type Diagnostic,
  didYouMean,
  renderDiagnostic,
  sortDiagnostics,
} from '#content';
import { parseContent } from '../../../content/source.js';

function sourcesOf(text: string): ContentSources {
  return { root: '/pack', files: new Map([['rules/T1/R.yaml', parseContent('r', text).file]]) };
}

const fault = (more: Partial<Diagnostic> & Pick<Diagnostic, 'place'>): Diagnostic => ({
  code: 'expression/type',
  severity: 'error',
  message: 'numbers are compared with numbers',
  ...more,
});

const rule = `name: Big mail
events: [mail-out]
when: >-
  bytes > 5 * MB
  && count(to_personal) > 'x'
score: 5
`;

describe('a diagnostic for the terminal', () => {
  it('shows the lines around the fault and carets under its part', () => {
    const value = "bytes > 5 * MB && count(to_personal) > 'x'";
    const start = value.indexOf("'x'");
    const text = renderDiagnostic(
      fault({
        place: { file: 'rules/T1/R.yaml', path: ['when'], range: { start, end: start + 3 } },
        hint: 'write a number',
      }),
      sourcesOf(rule),
      { color: false },
    );
    expect(text).toBe(`rules/T1/R.yaml:5:27 error expression/type  numbers are compared with numbers
  3 | when: >-
  4 |   bytes > 5 * MB
> 5 |   && count(to_personal) > 'x'
    |                           ^^^
  hint: write a number`);
  });

  it('marks every line of a part that spans lines', () => {
    const text = renderDiagnostic(
      fault({
        severity: 'warning',
        place: { file: 'rules/T1/R.yaml', path: ['when'], range: { start: 12, end: 42 } },
      }),
      sourcesOf(rule),
      { color: false },
    );
    expect(
      text,
    ).toBe(`rules/T1/R.yaml:4:15 warning expression/type  numbers are compared with numbers
  2 | events: [mail-out]
  3 | when: >-
> 4 |   bytes > 5 * MB
    |               ^^
> 5 |   && count(to_personal) > 'x'
    |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^`);
  });

  it('keeps carets below wide characters, combining marks and tabs', () => {
    const text = renderDiagnostic(
      fault({ place: { file: 'rules/T1/R.yaml', path: ['b'] } }),
      sourcesOf('a: x\n{ "\u65e5\u672ce\u0301\t": 1, b: zz }\n'.replace('a: x\n', '')),
      { color: false },
    );
    const [, line = '', carets = ''] = text.split('\n');
    expect(line).toContain('b: zz');
    // Two wide characters count twice, the combining mark not at all.
    expect(carets.indexOf('^')).toBe(line.indexOf('zz') + 2 - 1);
    expect(carets.trimEnd().endsWith('^^')).toBe(true);
  });

  it('colours only when asked, and lets no control character of the content through', () => {
    const sources = sourcesOf('name: "x"\nevil: "\u202e\u0007 y"\n');
    const diagnostic = fault({
      message: 'bad \u001b[2J',
      place: { file: 'rules/T1/R.yaml', path: ['evil'] },
    });
    const plain = renderDiagnostic(diagnostic, sources, { color: false });
    expect(plain).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
    const coloured = renderDiagnostic(diagnostic, sources, { color: true });
    expect(coloured).toContain('\u001b[31m');
    expect(coloured.replace(/\p{Cc}\[\d+m/gu, '')).toBe(plain);
  });

  it('tells of a file that is not there without a frame', () => {
    const text = renderDiagnostic(
      fault({
        code: 'content/unreadable',
        message: 'is missing',
        place: { file: 'gates.yaml', path: [] },
      }),
      sourcesOf(rule),
      { color: false },
    );
    expect(text).toBe('gates.yaml error content/unreadable  is missing');
  });
});

describe('did you mean', () => {
  it('names the nearest known name, whatever its case', () => {
    expect(didYouMean('EM-ud', ['EM-UD', 'EM-GD'])).toBe('did you mean EM-UD?');
    expect(didYouMean('recipient_s', ['recipients', 'sender'])).toBe('did you mean recipients?');
  });

  it('lists the known names where none is near and they are few', () => {
    expect(didYouMean('zzzzzz', ['mail', 'web'])).toBe('known: mail, web');
    expect(
      didYouMean(
        'zzzzzz',
        Array.from({ length: 40 }, (_, i) => `name-${i}`),
      ),
    ).toBeUndefined();
    expect(didYouMean('zzzzzz', [])).toBeUndefined();
  });
});

it('diagnostics are sorted by place, and what two checks found stays once', () => {
  const at = (path: string[], code = 'rule/unknown-model'): Diagnostic =>
    fault({ code, place: { file: 'rules/T1/R.yaml', path } });
  const elsewhere = fault({ place: { file: 'a.yaml', path: [] } });
  const sorted = sortDiagnostics(
    [at(['score']), at(['events']), at(['score']), elsewhere],
    sourcesOf(rule),
  );
  expect(sorted).toEqual([elsewhere, at(['events']), at(['score'])]);
});

it('two keys that one mapping lacks are two faults', () => {
  const lacks = (key: string): Diagnostic =>
    fault({
      code: 'schema/missing-key',
      message: `the file lacks the key ${key}`,
      place: { file: 'rules/T1/R.yaml', path: [] },
    });
  expect(sortDiagnostics([lacks('when'), lacks('score')], sourcesOf(rule))).toHaveLength(2);
});
