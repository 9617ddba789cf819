import { gcra, type Rate } from "../../contract/gcra.ts";

/** Bounds of one limiter object; strangers choose the names, so everything they fill is bounded. */
export const ATTEMPT_LIMITS = {
  /** Buckets kept: 50,000 rows of 60 bytes. */
  buckets: 50_000,
  /** Buckets given up at once when the limit is reached, so that reaching it costs one scan per thousand names. */
  evictAtOnce: 1_000,
  /** Buckets of one call: an account, an address and some to spare. */
  perCall: 10,
  /** Rows removed in one slice of a sweep. */
  sweepRows: 5_000,
  /** Between two sweeps. */
  sweepEveryMs: 60_000,
} as const;

export interface AttemptBucket extends Rate {
  readonly name: string;
}

export interface AttemptVerdict {
  readonly allowed: boolean;
  /** Until every bucket would allow it. */
  readonly retryAfterMs: number;
  /** What to keep for each name; empty when refused, for then nothing is taken from any bucket. */
  readonly kept: ReadonlyMap<string, number>;
}

/**
 * Takes one attempt from every bucket, or from none.
 * @param tatOf the kept time of a bucket
 * @throws RangeError when a bucket's rate makes no sense or there are too many of them
 */
export function takeAttempt(buckets: readonly AttemptBucket[], tatOf: (name: string) => number | undefined, now: number): AttemptVerdict {
  if (buckets.length > ATTEMPT_LIMITS.perCall)
    throw new RangeError(`${buckets.length} buckets in one attempt; at most ${ATTEMPT_LIMITS.perCall}`);
  const kept = new Map<string, number>();
  let retryAfterMs = 0;
  for (const bucket of buckets) {
    if (!isRate(bucket)) throw new RangeError("perPeriod, periodMs and burst must be positive numbers, and burst at least 1");
    const verdict = gcra(bucket, kept.get(bucket.name) ?? tatOf(bucket.name), now);
    kept.set(bucket.name, verdict.tat);
    retryAfterMs = Math.max(retryAfterMs, verdict.retryAfterMs);
  }
  return retryAfterMs > 0 ? { allowed: false, retryAfterMs, kept: new Map() } : { allowed: true, retryAfterMs: 0, kept };
}

function isRate(rate: Rate): boolean {
  return [rate.perPeriod, rate.periodMs, rate.burst].every((part) => Number.isFinite(part) && part > 0) && rate.burst >= 1;
}
