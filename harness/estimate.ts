import type { Estimate } from './result.generated.js';
import { type Interval, poissonExact, precisionAtBaseRate, wider, wilson } from './statistics.js';

/** Share of `trials` with Wilson limits; with a bootstrap's limits too, the wider of both. */
export function shareEstimate(hits: number, trials: number, bootstrap?: Interval): Estimate {
  const interval = widened(wilson(hits, trials), bootstrap);
  return { value: trials > 0 ? hits / trials : null, ...interval, hits, evidence: trials };
}

/** Alerts per 1 000 user-days: exact Poisson limits or the bootstrap's, the wider of both. */
export function rateEstimate(hits: number, user_days: number, bootstrap?: Interval): Estimate {
  if (user_days <= 0) return { value: null, low: 0, high: null, hits, evidence: 0 };
  const exact = poissonExact(hits);
  const { low, high } = widened(
    { low: exact.low / user_days, high: exact.high / user_days },
    bootstrap,
  );
  return {
    value: (hits / user_days) * 1000,
    low: low * 1000,
    high: high * 1000,
    hits,
    evidence: user_days,
  };
}

/**
 * Precision at the base rate from recall and false alerts per 1 000 user-days. Each limit takes
 * the worse (better) limits of both, so the interval is wider than either alone would make it.
 */
export function precisionEstimate(base_rate: number, recall: Estimate, rate: Estimate): Estimate {
  const at = (found: number, wrong: number | null): number =>
    wrong === null ? 0 : precisionAtBaseRate(base_rate, found, wrong / 1000);
  const known = recall.value !== null && rate.value !== null;
  const value = known ? at(recall.value ?? 0, rate.value) : Number.NaN;
  const low = at(recall.low, rate.high);
  const high = at(recall.high ?? 1, rate.low);
  return {
    value: Number.isNaN(value) ? null : value,
    low: Number.isNaN(low) ? 0 : low,
    high: Number.isNaN(high) ? 1 : high,
    ...(recall.hits !== undefined && { hits: recall.hits }),
    evidence: recall.evidence,
  };
}

function widened(interval: Interval, bootstrap: Interval | undefined): Interval {
  if (!bootstrap || Number.isNaN(bootstrap.low)) return interval;
  return wider(interval, bootstrap);
}
