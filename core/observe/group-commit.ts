/** When waiting requests become one write-ahead row. */
export const GROUP_COMMIT = {
  /** So many waiting requests commit at once: under full load waiting longer would only add memory. */
  requests: 16,
  bytes: 256 * 1024,
  /** Between rows otherwise: with 100 agents sending every 5 s that is 3.3 rows a second, and no agent minds a third of a second. */
  everyMs: 300,
  /** After a row that was full, less: where so much comes, waiting for the next sixteen would leave the shard idle and save no row. */
  busyMs: 20,
} as const;

/** The last commit: when, and whether it was full. */
export interface LastCommit {
  readonly at: number;
  readonly full: boolean;
}

/** Whether waiting requests fill a row. */
export function isFull(waiting: { requests: number; bytes: number }): boolean {
  return waiting.requests >= GROUP_COMMIT.requests || waiting.bytes >= GROUP_COMMIT.bytes;
}

/** Milliseconds until the waiting requests should be committed; 0 is now. The first after a pause does not wait. */
export function commitDelayMs(waiting: { requests: number; bytes: number }, last: LastCommit, now: number): number {
  if (isFull(waiting)) return 0;
  const paceMs = last.full ? GROUP_COMMIT.busyMs : GROUP_COMMIT.everyMs;
  return Math.min(paceMs, Math.max(0, last.at + paceMs - now));
}
