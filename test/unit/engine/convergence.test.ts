import { describe, expect, it } from 'vitest';
import { mail, pack, player, programOf } from './kit.js';

const program = programOf(
  pack(
    {
      first: { model: 'M', when: 'confidence_factor >= 0.8 && num_observations == 0' },
      high: { model: 'B', when: 'value > percentile_threshold_value' },
    },
    { M: {}, B: { kind: 'numerical', feature: 'bytes', cut_off: 5 } },
  ),
);

describe('the count of converged scopes', () => {
  it('knows a scope with enough repeats or values from one without', () => {
    const played = player(program);
    for (let i = 0; i < 5; i++) {
      played.play(mail(i * 3, { user: 'steady', bytes: 10 + i, domains: ['one'] }));
      played.play(mail(i * 3 + 1, { user: 'roving', bytes: 10, domains: [`d${i}`] }));
    }
    played.play(mail(20, { user: 'new', bytes: 7, domains: ['one'] }));
    played.loop.finish();
    // steady: (5 - 1) / 5 = 0.8 and values that vary; roving: five domains, five equal sizes.
    expect(played.loop.models.convergence(0.8)).toEqual({
      M: { scopes: 3, converged: 1 },
      B: { scopes: 3, converged: 1 },
    });
    expect(played.loop.models.convergence(0.81)['M']).toEqual({ scopes: 3, converged: 0 });
  });

  it('does not count what has been forgotten since it was last read', () => {
    const played = player(
      programOf(
        pack({ first: { model: 'M', when: 'num_observations == 0' } }, { M: { aging: '2d' } }),
      ),
    );
    for (let i = 0; i < 5; i++) played.play(mail(i, { user: 'gone', domains: ['one'] }));
    played.play(mail(10 * 24 * 60, { user: 'here', domains: ['one'] }));
    expect(played.loop.models.convergence(0.8)).toEqual({ M: { scopes: 1, converged: 0 } });
  });
});
