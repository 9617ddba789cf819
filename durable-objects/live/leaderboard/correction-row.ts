import type { LogRow } from "./log.ts";

/** A row of the log for entries that changed without a score. @param player empty where nobody may be named any more */
export function correctionRow(player: string, now: number): Omit<LogRow, "seq"> {
  return {
    kind: "correction",
    player,
    at: now,
    occurredAt: now,
    score: null,
    subscore: null,
    verdict: null,
    reasons: [],
    durationMs: null,
    runId: null,
    partitions: [],
    metadata: null,
    removed: false,
  };
}
