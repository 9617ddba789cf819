import { METRIC_LIMITS, type RollupTier } from "../../contract/metric-limits.ts";
import { DirtyWindows } from "./dirty-windows.ts";
import { Purge } from "./purge.ts";
import { dueRoll, nextRollAt, Rolling } from "./rolling.ts";
import { NewDefinitions } from "./save-dictionary.ts";
import { Seal } from "./seal.ts";
import type { Shard } from "./shard.ts";
import { nextSweepAt, sweepSlice } from "./sweep.ts";
import type { KeptMs } from "./tier-reader.ts";

export const UPKEEP = {
  /** Half an hour of 5 s points of 64 series fills a row of 64 KiB about half; a restart replays as much. */
  sealEveryMs: 30 * 60_000,
  /** Sealed earlier when so much waits: a restart reads it all, and heads take about an eighth of it in memory. */
  sealAtLogBytes: 64 << 20,
  /** Write-ahead rows deleted at most: what a busier time has left goes bit by bit. */
  deleteLogRows: 256,
  /** Write-ahead rows kept for reuse beyond those of the last half hour. */
  spareLogRows: 64,
} as const;

/** Deletes write-ahead rows that a busier time has left; one transaction. @param used rows written since the last seal */
export function trimLog(shard: Shard, now: number, used: number): void {
  const slots = shard.log.trim(shard.state.watermark, now - METRIC_LIMITS.dedupeMs, used + UPKEEP.spareLogRows, UPKEEP.deleteLogRows);
  if (slots.length === 0) return;
  shard.deps.transaction(() => {
    for (const slot of slots) shard.deps.store.deleteLog(slot);
  });
}

/** Places at which a crash test may stop it. */
export type UpkeepStep = "slice" | "sealing" | "rolling";

/**
 * All of a shard's upkeep, in slices between which requests are taken: seals heads, sums windows anew that late samples have changed, makes
 * the windows that are due, deletes what has had its time. Each slice is a transaction, and any of them may be the last: the next upkeep
 * does again what did not end.
 * @param usedLogRows write-ahead rows written since the last seal
 * @param series at most so many in a slice; each kind of work has its own number when it is absent
 */
export function* upkeep(shard: Shard, now: number, kept: KeptMs, usedLogRows: number, series?: number): Generator<UpkeepStep, void, void> {
  // Only what was deleted before the seal begins is out of the write-ahead rows when it ends.
  const purge = new Purge(shard);
  const seal = new Seal(shard, now);
  while (seal.slice(series)) yield "slice";
  const dirty = new DirtyWindows(shard, now);
  while (dirty.slice(series)) yield "slice";
  const definitions = new NewDefinitions(shard);
  while (definitions.slice()) yield "slice";
  yield "sealing";
  seal.finish(definitions);
  yield "slice";
  for (const tier of ["minute", "hour"] as const) yield* roll(shard, tier, now, series);
  while (purge.slice()) yield "slice";
  while (sweepSlice(shard, now, kept)) yield "slice";
  trimLog(shard, now, usedLogRows);
}

function* roll(shard: Shard, tier: RollupTier, now: number, series?: number): Generator<UpkeepStep, void, void> {
  const due = dueRoll(shard, tier, now);
  if (!due) return;
  const rolling = new Rolling(shard, tier, due.from, due.to, now);
  while (rolling.slice(series)) yield "slice";
  yield "rolling";
  rolling.finish();
}

/** When upkeep is needed next; undefined when nothing is held. */
export function nextUpkeepAt(shard: Shard, now: number, kept: KeptMs): number | undefined {
  if (shard.heads.unsealedPoints > 0 || shard.deleted.size > 0) return now + UPKEEP.sealEveryMs;
  const due = [nextRollAt(shard, "minute"), nextRollAt(shard, "hour"), nextSweepAt(shard, kept)].filter((at) => at !== undefined);
  return due.length === 0 ? undefined : Math.max(now + UPKEEP.sealEveryMs, Math.min(...due));
}
