import { expect, test } from 'vitest';
import { renderText } from '../../harness/reporters/text.js';
import { emptyResult, fixtureResult } from '../tui/fixture-result.js';

test.each([80, 120])('the text report at %i columns', async (width) => {
  const report = renderText(fixtureResult, { width, color: false });
  await expect(report).toMatchFileSnapshot(`./report/report-${width}.txt`);
});

test('the text report in colour', async () => {
  const report = renderText(fixtureResult, { width: 80, color: true });
  await expect(report.replaceAll('\x1b', '\\e')).toMatchFileSnapshot('./report/report-color.txt');
});

test('the text report of a run without rules that was stopped at once', async () => {
  const report = renderText(emptyResult, { width: 80, color: false });
  await expect(report).toMatchFileSnapshot('./report/report-empty.txt');
});
