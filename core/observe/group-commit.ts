import { MAX_ROW_BYTES } from "./store.ts";

/** When waiting requests become one write-ahead row. A row costs the same whatever it holds, so the pace is the bill. */
export const GROUP_COMMIT = {
  /** Between rows while requests keep coming; with the burst never more than two a second over any three seconds. No sender minds a second. */
  everyMs: 1_000,
  /** Rows that may follow each other at once after a pause: who sends one request after another by hand does not wait. */
  burst: 3,
  /** So much makes a row that holds no more: it is written at once, because waiting would save no row. */
  fullBytes: MAX_ROW_BYTES - 100_000,
  /** More waiting requests than this are refused: their promises would take more memory than their samples. */
  requests: 4_096,
} as const;

/** What waits for the next row. */
export interface Waiting {
  readonly requests: number;
  readonly bytes: number;
}

/**
 * Up to when rows are paid for, epoch milliseconds: each moves it on by the pace, and it may run ahead by the burst. The
 * generic cell rate algorithm of ITU-T I.371, a token bucket in whole numbers.
 */
export type PaidTo = number;
export const NOTHING_PAID: PaidTo = Number.NEGATIVE_INFINITY;

/** Milliseconds until what waits should be written; 0 is now. After a clock went back no more than the pace. */
export function commitDelayMs(waiting: Waiting, paidTo: PaidTo, nowMs: number): number {
  if (waiting.bytes >= GROUP_COMMIT.fullBytes) return 0;
  const aheadMs = (GROUP_COMMIT.burst - 1) * GROUP_COMMIT.everyMs;
  return Math.min(GROUP_COMMIT.everyMs, Math.max(0, paidTo - aheadMs - nowMs));
}

/** After a commit. Full ones leave no more debt than the burst: the small ones behind them shall not wait for it. */
export function afterCommit(paidTo: PaidTo, nowMs: number): PaidTo {
  return Math.min(Math.max(paidTo, nowMs) + GROUP_COMMIT.everyMs, nowMs + GROUP_COMMIT.burst * GROUP_COMMIT.everyMs);
}

/** Whether one more request has no room: the shard is asked for more than it can write. */
export function isOverfull(waiting: Waiting): boolean {
  return waiting.requests >= GROUP_COMMIT.requests;
}
