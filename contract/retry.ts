export interface RetryPolicy {
  /** Delay of the first retry before jitter. */
  readonly baseMs: number;
  readonly capMs: number;
  /** Attempts in all, the first one included. */
  readonly attempts: number;
}

/**
 * The delay before retry number `attempt` (0 is the first retry): full jitter over a capped exponential
 * ("Exponential Backoff And Jitter", AWS Architecture Blog, 2015), which spreads a herd best.
 * @param random a number in [0, 1)
 */
export function backoffMs(policy: Pick<RetryPolicy, "baseMs" | "capMs">, attempt: number, random: number): number {
  return Math.floor(random * Math.min(policy.capMs, policy.baseMs * 2 ** Math.min(attempt, 30)));
}

export interface RetryDeps {
  readonly sleep: (ms: number) => Promise<void>;
  readonly random: () => number;
}

/** Runs `work` until it succeeds, `retryable` says no, or the attempts are used up; then the last error is thrown. */
export async function retrying<T>(
  policy: RetryPolicy,
  deps: RetryDeps,
  retryable: (error: unknown) => boolean,
  work: () => Promise<T>,
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (attempt + 1 >= policy.attempts || !retryable(error)) throw error;
      await deps.sleep(backoffMs(policy, attempt, deps.random()));
    }
  }
}
