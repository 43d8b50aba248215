import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type ContentPack, loadContent, loadTraffic, type Model, type Traffic } from '#content';
import { countOf, durationOf, lintMeaning } from '../../../../harness/lint/index.js';

const root = fileURLToPath(new URL('../../../../content', import.meta.url));
const shipped = (await loadContent(root)).pack as ContentPack;
const traffic = (await loadTraffic(root)).traffic as Traffic;

function estimates(changes: Record<string, Partial<Model>> = {}, assumed: Traffic = traffic) {
  const models = shipped.models.map((model) => ({ ...model, ...changes[model.id] }));
  return lintMeaning({ ...shipped, models }, assumed);
}

function estimateOf(id: string, change: Partial<Model> = {}, assumed: Traffic = traffic) {
  return estimates({ [id]: change }, assumed).estimates.find(({ model }) => model === id);
}

describe('how long a model takes', () => {
  it('is told for every model of the shipped pack', () => {
    const { estimates: all } = estimates();
    expect(all.map(({ model }) => model)).toEqual(shipped.models.map(({ id }) => id));
    for (const { unknown, days } of all) {
      expect(unknown).toBeUndefined();
      expect(days).toBeLessThan(300);
    }
  });

  it('for domains of a user is about 300 observations, months for most and less for the busy', () => {
    const found = estimateOf('EM-UD');
    expect(found?.needs).toBe('a confidence of 0.8');
    // (1.34 / 0.2) ^ (1 / 0.33)
    expect(found?.observations).toBeCloseTo(318, -1);
    expect(found?.days).toBeGreaterThan(150);
    expect(found?.busyDays).toBe((found?.days ?? 0) / 4);
  });

  it('is days for a group, and less for the organisation', () => {
    const group = estimateOf('EM-GD')?.days ?? 0;
    const org = estimateOf('EM-OD')?.days ?? 0;
    expect(group).toBeLessThan(30);
    expect(org).toBeLessThan(group / 5);
    expect(estimateOf('EM-GD')?.busyDays).toBeUndefined();
  });

  it('grows with alpha and with cut_off, and ends with alpha 0', () => {
    const usual = estimateOf('EM-UD')?.observations ?? 0;
    expect(estimateOf('EM-UD', { alpha: 2 })?.observations).toBeGreaterThan(3 * usual);
    expect(estimateOf('EM-UD', { cut_off: 5000 })?.observations).toBe(5000);
    expect(estimateOf('EM-UD', { alpha: 0 })?.observations).toBe(0);
  });

  it('is bounded where there are few values', () => {
    // 8 groups: at 40 observations a new one can no longer come.
    expect(estimateOf('EM-OD', { feature: 'peer_group' })?.observations).toBeLessThanOrEqual(40);
  });

  it('of a numerical model is its cut_off', () => {
    expect(estimateOf('EM-Bytes')).toMatchObject({ observations: 20, atLeast: true });
  });

  it('counts the values that a rule waits for, and sees when there will never be so many', () => {
    expect(estimateOf('WEB-OG-FS')?.needs).toBe('8 values');
    const small: Traffic = { ...traffic, people: 40 };
    const found = estimates({}, small);
    const group = found.estimates.find(({ model }) => model === 'WEB-OG-FS');
    expect(group?.observations).toBe(Number.POSITIVE_INFINITY);
    expect(found.diagnostics.map(({ place, code }) => `${place.file} ${code}`)).toContain(
      'models/WEB-OG-FS.yaml model/never-converges',
    );
  });

  it('is nothing for a model whose rules wait for nothing', () => {
    expect(estimateOf('FEM-UD')).toMatchObject({ needs: '', days: 0 });
  });

  it('cannot be told without an assumption, which is no fault', () => {
    const { external_domains: _, ...values } = traffic.values;
    const found = estimates({}, { ...traffic, values });
    expect(found.estimates.find(({ model }) => model === 'EM-UD')).toMatchObject({
      days: undefined,
      unknown: 'traffic.yaml says nothing about external_domains',
    });
    expect(found.diagnostics).toEqual([]);
  });
});

describe('a model that cannot converge', () => {
  it('learns something that is hardly ever the same twice', () => {
    const { diagnostics } = estimates({ 'EM-UD': { feature: 'subject' } });
    expect(diagnostics).toEqual([
      {
        code: 'model/never-converges',
        severity: 'warning',
        message:
          'rules wait for a confidence of 0.8, and new values keep coming as fast as observations',
        place: { file: 'models/EM-UD.yaml', path: ['feature'] },
      },
    ]);
  });

  it('asks for more than comes in five years', () => {
    const { diagnostics } = estimates({ 'EM-UD': { cut_off: 10_000 } });
    expect(diagnostics.map(({ message }) => message)).toEqual([
      'rules wait for a confidence of 0.8, and it takes about 10 000 observations, 21 years',
    ]);
  });
});

it.each([
  [0.2, 'a day'],
  [9.1, '10 days'],
  [250, '8 months'],
  [3000, '8 years'],
  [1e7, 'more than a century'],
  [Number.POSITIVE_INFINITY, 'never'],
])('%d days read %s', (days, words) => {
  expect(durationOf(days)).toBe(words);
});

it.each([
  [undefined, '?'],
  [Number.POSITIVE_INFINITY, '–'],
  [18.2, '19'],
  [317.6, '320'],
  [12_345, '13 000'],
])('%s observations read %s', (count, words) => {
  expect(countOf(count)).toBe(words);
});
