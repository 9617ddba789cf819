import { gcra } from "../../contract/gcra.ts";
import { LOGIN_RATE, LOGIN_WAITS } from "./subject-limits.ts";

/** Log-ins that were tried of late. Epoch milliseconds. */
export interface LoginBucket {
  /** Of the rate, while no wait has been imposed yet. */
  readonly tat: number;
  /** Nothing is admitted before this. */
  readonly until: number;
  /** Waits imposed so far. */
  readonly waits: number;
}

export type LoginVerdict =
  { readonly allowed: true; readonly next: LoginBucket } | { readonly allowed: false; readonly retryAfterMs: number };

/**
 * Takes a log-in attempt: five at once or at an even pace within five minutes; then one after each wait, and every wait is
 * twice the one before. A refusal changes nothing, so whoever keeps trying waits no longer than who does not.
 */
export function takeLogin(bucket: LoginBucket | undefined, now: number): LoginVerdict {
  const held = bucket && restsAt(bucket) > now ? bucket : undefined;
  // A clock that was set back must not make a wait longer than the longest.
  const waitMs = held ? Math.min(held.until - now, LOGIN_WAITS.longestMs) : 0;
  if (waitMs > 0) return { allowed: false, retryAfterMs: waitMs };
  if (held && held.waits > 0) return { allowed: true, next: waiting(held.tat, held.waits, now) };
  const taken = gcra(LOGIN_RATE, held?.tat, now);
  if (!taken.allowed) return { allowed: false, retryAfterMs: taken.retryAfterMs };
  return { allowed: true, next: taken.remaining > 0 ? { tat: taken.tat, until: 0, waits: 0 } : waiting(taken.tat, 0, now) };
}

/** When a bucket allows what an absent one allows. */
export function restsAt({ tat, until, waits }: LoginBucket): number {
  return waits > 0 ? until + LOGIN_WAITS.calmMs : tat;
}

function waiting(tat: number, waits: number, now: number): LoginBucket {
  // Beyond 2^20 every wait is the longest anyway.
  const waitMs = Math.min(LOGIN_WAITS.firstMs * 2 ** Math.min(waits, 20), LOGIN_WAITS.longestMs);
  return { tat, until: now + waitMs, waits: waits + 1 };
}
