/** When waiting requests become one write-ahead row. */
export const GROUP_COMMIT = {
  /** So many waiting requests commit at once: under full load waiting longer would only add memory. */
  requests: 16,
  bytes: 256 * 1024,
  /** Between rows otherwise: with 100 agents sending every 5 s that is 3.3 rows a second, and no agent minds a third of a second. */
  everyMs: 300,
} as const;

/** Milliseconds until the waiting requests should be committed; 0 is now. The first after a pause does not wait. */
export function commitDelayMs(waiting: { requests: number; bytes: number }, lastCommitAt: number, now: number): number {
  if (waiting.requests >= GROUP_COMMIT.requests || waiting.bytes >= GROUP_COMMIT.bytes) return 0;
  return Math.min(GROUP_COMMIT.everyMs, Math.max(0, lastCommitAt + GROUP_COMMIT.everyMs - now));
}
