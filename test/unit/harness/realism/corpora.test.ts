import { describe, expect, test } from 'vitest';
import { CORPUS_LEVEL } from '#generators';
import { judge } from '../../../../harness/realism/judge.js';
import { play } from '../../../../harness/realism/play.js';
import { readTargets } from '../../../../harness/realism/targets.js';
import { known, tables } from './kit.js';

const targets = readTargets();

/** Size and span of the corpora: first-seen shares by tenure need them. */
describe.each([1, 2, 3])('the organisation of seed %i', (seed) => {
  test('lies inside the band of every target', { timeout: 120_000 }, () => {
    const statistics = play(
      {
        seed,
        people: 148,
        peer_groups: 12,
        days: 540,
        mails_per_weekday: CORPUS_LEVEL,
        internal_mail: true,
      },
      tables,
    );
    const judged = judge(statistics, known, targets);
    const off = judged.filter(({ id, verdict }) => verdict !== 'inside' && !shownOnly.includes(id));
    expect(off.map(({ id, lo, measured, hi, verdict }) => [id, lo, measured, hi, verdict])).toEqual(
      [],
    );
    expect(judged.filter(({ verdict }) => verdict === 'shown').map(({ id }) => id)).toEqual(
      shownOnly,
    );
  });
});

const shownOnly = ['external.org_level_heaps', 'attach.extension_share'];

test('all 54 targets are there, 49 of them with a band', () => {
  expect([targets.ids.length, targets.bands.size]).toEqual([54, 49]);
});
