import { ROLLUP_STEPS_MS, type RollupTier } from "../../contract/metric-limits.ts";
import type { BlockIndex } from "./block-index.ts";
import { packRefNumbers } from "./ref-numbers.ts";
import { MAX_KEY_CHARS } from "./series-admission.ts";
import { NEWEST_ROW, type Shard } from "./shard.ts";
import type { KeptMs } from "./tier-reader.ts";

export const SWEEP = {
  /** Rows deleted in one slice. */
  rows: 256,
  /** What was imported is held so long, whatever its age: requests of the same history meet in the middle of a window. */
  importHeldMs: 2 * 3_600_000,
  /** Series that are known, active or dormant. Beyond, those that have been silent longest are forgotten with their past. */
  series: 40_000,
  /** Dormant series leave room for the names of others. */
  keyChars: (MAX_KEY_CHARS * 3) / 4,
} as const;

/** Before this a tier's rows may go: older than its time, and in the windows of the next coarser tier. */
function goneBefore(shard: Shard, tier: "raw" | RollupTier, now: number, kept: KeptMs): number {
  const before = now - kept[tier];
  const { rolledMinute, rolledHour } = shard.state;
  const rolled = tier === "raw" ? rolledMinute : tier === "minute" ? rolledHour : before;
  const whole = ROLLUP_STEPS_MS.hour;
  return Math.floor(Math.min(before, rolled) / whole) * whole;
}

/** Deletes the next expired rows and forgets series without points; one transaction. @returns whether there may be more */
export function sweepSlice(shard: Shard, now: number, kept: KeptMs): boolean {
  const { store } = shard.deps;
  const isHeld = now - shard.state.importedAt < SWEEP.importHeldMs;
  const rawFrom = goneBefore(shard, "raw", now, kept);
  const raw = shard.blocks.take(({ maxAt, through }) => maxAt < rawFrom && !(isHeld && through === 0), SWEEP.rows);
  let left: number = SWEEP.rows - raw.length;
  const rollups = (["minute", "hour"] as const).flatMap((tier) => {
    const before = goneBefore(shard, tier, now, kept);
    const rows = isHeld ? [] : shard.rollups[tier].take(({ maxAt }) => maxAt < before, left);
    left -= rows.length;
    return rows;
  });
  shard.deps.transaction(() => {
    forgetSeries(shard, now, kept);
    if (raw.length > 0) {
      noteNewest(shard, rawFrom);
      if (rawFrom > shard.state.rawFrom) shard.saveState({ rawFrom });
    }
    for (const { id } of raw) store.deleteBlock(id);
    for (const { id } of rollups) store.deleteRollup(id);
  });
  return left === 0;
}

/** Puts to sleep what is silent, forgets what has no points in any tier, and of the silent the oldest when they are too many. */
function forgetSeries(shard: Shard, now: number, kept: KeptMs): void {
  shard.settle(now);
  const before = now - Math.max(kept.raw, kept.minute, kept.hour);
  const { series, heads } = shard;
  const silent = [...shard.dormant].filter((slot) => !heads.hasUnsealed(slot));
  for (const slot of silent) if (shard.newestAt(slot) < before) shard.close(slot);
  if (series.size <= SWEEP.series && series.keyChars <= SWEEP.keyChars) return;
  for (const slot of silent.sort((a, b) => shard.newestAt(a) - shard.newestAt(b))) {
    if (series.size <= SWEEP.series && series.keyChars <= SWEEP.keyChars) return;
    shard.close(slot);
  }
}

/** Writes down when series were written last that a start will find in no raw row any more. */
function noteNewest(shard: Shard, rawFrom: number): void {
  const newest = new Map<number, number>();
  for (const slot of shard.series.liveSlots()) {
    const at = shard.newestAt(slot);
    if (at < rawFrom) newest.set(shard.series.refOf(slot), at);
  }
  const isSame = newest.size === shard.newest.size && [...newest].every(([ref, at]) => shard.newest.get(ref) === at);
  if (isSame) return;
  shard.deps.store.putKept(NEWEST_ROW, packRefNumbers(newest));
  shard.newest = newest;
}

/** When the next row has had its time; undefined without rows. */
export function nextSweepAt(shard: Shard, kept: KeptMs): number | undefined {
  const { rolledMinute, rolledHour } = shard.state;
  const ends = [
    endOf(shard.blocks, kept.raw, rolledMinute),
    endOf(shard.rollups.minute, kept.minute, rolledHour),
    endOf(shard.rollups.hour, kept.hour, Number.POSITIVE_INFINITY),
  ].filter((end) => end !== undefined);
  return ends.length === 0 ? undefined : Math.min(...ends) + ROLLUP_STEPS_MS.hour;
}

/** What waits for its windows in the coarser tier goes when they are made, not by time alone. */
function endOf(index: BlockIndex, keptMs: number, rolledTo: number): number | undefined {
  const end = index.earliestEnd();
  return end === undefined || end >= rolledTo ? undefined : end + keptMs + 1;
}
