import type { Problem } from "../../contract/problems.ts";
import { registerIsolateCache } from "./isolate-caches.ts";
import { Lru } from "./lru.ts";
import { ThrownProblem } from "./thrown-problem.ts";

export const MISS_LIMITS = {
  /** Guesses that turned out to be nothing, per subject … */
  misses: 100,
  /** … in this time; then further guesses wait for its end. */
  windowMs: 10_000,
  subjects: 10_000,
} as const;

const windows = new Lru<{ misses: number; readonly until: number }>(MISS_LIMITS.subjects);
registerIsolateCache(() => windows.clear());

/** Thrown where a guess would have to wait. */
export class TooManyGuesses extends ThrownProblem {
  override readonly name = "TooManyGuesses";
  readonly retryAfterMs: number;
  readonly problem: Problem;
  constructor(retryAfterMs: number) {
    super("too many guesses");
    this.retryAfterMs = retryAfterMs;
    const detail = "Too many names that are nobody's were tried lately. Wait, then try again.";
    this.problem = { slug: "rate-limited", detail, retryAfterS: retryAfterMs / 1_000 };
  }
}

/**
 * Reads what a guess is about (a tenant, a key of a tenant), within the budget of its subject: each costs a read elsewhere,
 * and a stranger can make up names without end. What an isolate knows already never comes here.
 * @throws TooManyGuesses when too many of them were nothing
 */
export async function readGuess<T>(
  subject: string,
  now: number,
  read: () => Promise<T>,
  isMiss: (found: T) => boolean,
  maxMisses: number = MISS_LIMITS.misses,
): Promise<T> {
  const before = windows.get(subject, now);
  if (before !== undefined && before.misses >= maxMisses) throw new TooManyGuesses(before.until - now);
  const found = await read();
  if (isMiss(found)) {
    const window = windows.get(subject, now) ?? { misses: 0, until: now + MISS_LIMITS.windowMs };
    window.misses += 1;
    windows.set(subject, window, window.until);
  }
  return found;
}
