/** A rate with room for bursts. */
export interface Rate {
  /** Admitted per period in the long run. */
  readonly perPeriod: number;
  readonly periodMs: number;
  /** Admitted at once from rest. */
  readonly burst: number;
}

export interface GcraVerdict {
  readonly allowed: boolean;
  /** The new theoretical arrival time to keep, epoch milliseconds; unchanged by a refusal. At or below `now` it may be forgotten. */
  readonly tat: number;
  /** Milliseconds until the same cost would be allowed; 0 when it was. */
  readonly retryAfterMs: number;
  /** What could still be taken at once. */
  readonly remaining: number;
}

/** Sums of epoch milliseconds are exact to a quarter of a microsecond; this forgives forty such roundings. */
const ROUNDING_MS = 0.01;

/**
 * The generic cell rate algorithm in its virtual scheduling form (ITU-T I.371, annex A; ATM Forum Traffic Management
 * 4.0, 4.4.2): a bucket is one number, the time at which the next unit would be expected at an even pace. It equals a
 * token bucket of `burst` tokens that fills at `perPeriod / periodMs`.
 * @param tat the bucket's kept time, or undefined for one that was never used
 * @param cost units taken at once, at least 1
 */
export function gcra(rate: Rate, tat: number | undefined, now: number, cost = 1): GcraVerdict {
  const intervalMs = rate.periodMs / rate.perPeriod;
  const toleranceMs = intervalMs * rate.burst;
  // A clock that was set back must not leave a bucket shut for longer than emptying it from full takes.
  const start = Math.min(Math.max(tat ?? now, now), now + toleranceMs);
  const next = start + intervalMs * cost;
  const excess = next - now - toleranceMs;
  const allowed = excess <= ROUNDING_MS;
  const kept = allowed ? next : start;
  return {
    allowed,
    tat: kept,
    retryAfterMs: allowed ? 0 : Math.ceil(excess),
    remaining: Math.max(0, Math.floor((toleranceMs - (kept - now) + ROUNDING_MS) / intervalMs)),
  };
}
