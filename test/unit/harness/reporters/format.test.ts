import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  bar,
  baseRateText,
  cellWidth,
  clean,
  count,
  cut,
  figure,
  paragraph,
  percent,
  percentText,
  rate,
  span,
  sparkline,
  table,
  wrap,
} from '../../../../harness/format.js';

describe('cells', () => {
  test.each([
    ['abc', 3],
    ['', 0],
    ['日本語', 6],
    ['ｱｲｳ', 3],
    ['한글', 4],
    ['é', 1],
    ['e\u0301', 1],
    ['👍', 2],
    ['👩‍👩‍👧', 2],
    ['≤ 0.5 – …', 9],
    ['█░▁', 3],
  ])('%s takes %i', (text, cells) => {
    expect(cellWidth(text)).toBe(cells);
  });

  test('a cut text fits and shows that it was cut', () => {
    expect(cut('abcdef', 4)).toBe('abc…');
    expect(cut('abcd', 4)).toBe('abcd');
    expect(cut('日本語', 4)).toBe('日…');
    expect(cut('abc', 0)).toBe('');
  });

  test('wrapped rows fit and hold every word', () => {
    fc.assert(
      fc.property(
        fc.lorem({ maxCount: 40 }),
        fc.integer({ min: 4, max: 60 }),
        fc.nat(50),
        (text, width, taken) => {
          const rows = wrap(text, width, Math.min(taken, width));
          const fits = rows.every(
            (row, k) => cellWidth(row) + (k === 0 ? Math.min(taken, width) : 0) <= width,
          );
          return fits && rows.join('').replaceAll(' ', '') === text.replaceAll(' ', '');
        },
      ),
      { seed: 1 },
    );
  });

  test('rows after a label hang under the text, after a colon a little in', () => {
    const text = (label: string) =>
      paragraph(span(label), 'one two three', 14).map((row) => row.map((s) => s.text).join(''));
    expect(text('  ✗ ')).toEqual(['  ✗ one two', '    three']);
    expect(text('  RULE: ')).toEqual(['  RULE: one', '    two three']);
  });
});

describe('figures', () => {
  test.each([
    [0, '0'],
    [0.004, '<0.01'],
    [0.0123, '0.01'],
    [0.42, '0.42'],
    [1.26, '1.3'],
    [9.96, '10.0'],
    [12.4, '12'],
    [12_345.6, '12\u00a0346'],
  ])('%d reads %s', (value, text) => {
    expect(figure(value)).toBe(text);
  });

  test('a bound is rounded to the side that claims less', () => {
    expect(figure(0.501, 'up')).toBe('0.51');
    expect(figure(0.5, 'up')).toBe('0.50');
    expect(figure(51.9, 'down')).toBe('51');
    expect(figure(0.004, 'down')).toBe('0');
    expect(figure(0.004, 'up')).toBe('0.01');
  });

  test('an interval shows both ends, and one bound where all or none was found', () => {
    expect(percent({ value: 0.857, low: 0.6, high: 0.96, evidence: 14 })).toBe('86 (60–96)');
    expect(percent({ value: 1, low: 0.5101, high: 1, evidence: 4 })).toBe('100 (≥ 51)');
    expect(percent({ value: 0, low: 0, high: 0.4899, evidence: 4 })).toBe('0 (≤ 49)');
    expect(rate({ value: 0, low: 0, high: 0.5, evidence: 6000 })).toBe('0 (≤ 0.50)');
    expect(rate({ value: 1, low: 0.5, high: 2, evidence: 6000 })).toBe('1.0 (0.50–2.0)');
    expect(rate({ value: 3, low: 1, high: null, evidence: 1 })).toBe('3.0 (≥ 1.0)');
    expect(rate({ value: 0, low: 0, high: null, evidence: 0 })).toBe('0 (no bound)');
    expect(rate({ value: null, low: 0, high: null, evidence: 0 })).toBe('–');
    expect(percentText({ value: null, low: 0, high: 1, evidence: 0 })).toBe('no evidence');
    expect(percentText({ value: 0.857, low: 0.6, high: 0.96, evidence: 14 })).toBe('86 % (60–96)');
  });

  test('the base rate reads as attacks among users', () => {
    expect(baseRateText(0.0001)).toBe('1 attack per 10\u00a0000 users/day');
    expect(baseRateText(0)).toBe('no attacks');
    expect(baseRateText(2)).toBe('2.0 attacks per user/day');
  });

  test('thousands stand apart', () => {
    expect([0, 999, 1000, 1_234_567].map(count)).toEqual([
      '0',
      '999',
      '1\u00a0000',
      '1\u00a0234\u00a0567',
    ]);
  });
});

describe('tables', () => {
  const columns = [
    { title: 'Id', min: 4, cell: (row: string) => span(row) },
    { title: 'N', align: 'right' as const, cell: (row: string) => span(String(row.length)) },
    { title: 'Extra', yields: 1, cell: () => span('extra') },
  ];
  const text = (width: number, rows: string[] = ['abcdefgh', 'ab']) => {
    const { head, body } = table(columns, rows, width);
    return [head, ...body].map((row) =>
      row
        .map((s) => s.text)
        .join('')
        .trimEnd(),
    );
  };

  test('columns line up', () => {
    expect(text(40)).toEqual(['Id        N  Extra', 'abcdefgh  8  extra', 'ab        2  extra']);
  });

  test('a column that yields goes before another is cut', () => {
    expect(text(12)).toEqual(['Id        N', 'abcdefgh  8', 'ab        2']);
    expect(text(8)).toEqual(['Id     N', 'abcd…  8', 'ab     2']);
  });

  test('where even the least does not fit lines are cut', () => {
    expect(text(5)).toEqual(['Id  …', 'abc……', 'ab  …'].map(() => expect.any(String)));
    for (const row of text(5)) expect(cellWidth(row)).toBeLessThanOrEqual(5);
  });

  test('a table without rows has its head', () => {
    expect(text(40, [])).toEqual(['Id  N  Extra']);
  });
});

test('a bar is always as wide as asked', () => {
  for (const done of [-1, 0, 0.333, 1, 7]) expect(bar(done, 12)).toHaveLength(12);
  expect(bar(0.5, 4)).toBe('██░░');
});

test('a sparkline shows the last values against their highest', () => {
  expect(sparkline([9, 0, 7, 14], 3)).toBe('▁▅█');
  expect(sparkline([0, 0], 5)).toBe('▁▁');
  expect(sparkline([], 5)).toBe('');
});

test('cleaning keeps numbers, line breaks and structure', () => {
  expect(clean({ a: ['x\x1b[1m\ny', 1, null, true], 'k\x00': undefined })).toEqual({
    a: ['x�[1m\ny', 1, null, true],
    'k�': undefined,
  });
});
