import type { ObjectRpc } from "./call.ts";

/** `platform/attempts/{n}`: sign-in attempts per account and per address, by rendezvous over their hashes. */
export interface AttemptLimiterRpc extends ObjectRpc {
  /** Takes one attempt from each bucket; when any is empty, none is taken. */
  take(
    buckets: readonly { name: string; perPeriod: number; periodMs: number; burst: number }[],
  ): Promise<{ allowed: boolean; retryAfterMs: number }>;
  /** A success gives the account's bucket back. */
  clear(names: readonly string[]): Promise<void>;
}
