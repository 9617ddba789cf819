import { METRIC_LIMITS, type RollupTier } from "../../contract/metric-limits.ts";
import { RowPacker } from "./block-rows.ts";
import { DirtyWindows } from "./dirty-windows.ts";
import { Purge } from "./purge.ts";
import { dueRoll, nextRollAt, Rolling } from "./rolling.ts";
import { liveRefs, NewDefinitions, saveDictionary } from "./save-dictionary.ts";
import type { Shard } from "./shard.ts";
import { nextSweepAt, sweepSlice } from "./sweep.ts";
import type { KeptMs } from "./tier-reader.ts";

export const UPKEEP = {
  /** Half an hour of 5 s points of 64 series fills a row of 64 KiB about half; a restart replays as much. */
  sealEveryMs: 30 * 60_000,
  /** Sealed earlier when so much waits: a restart reads it all, and heads take about an eighth of it in memory. */
  sealAtLogBytes: 64 << 20,
  /** After a seal the newest points stay in memory too: sparklines and pushes never read a row. */
  hotMs: 6 * 60_000,
  /** Series sealed in one slice, one full row: 2 to 6 ms of half an hour of 5 s points, in which requests wait. */
  sealSeries: 64,
  /** Write-ahead rows deleted at most: what a busier time has left goes bit by bit. */
  deleteLogRows: 256,
  /** Write-ahead rows kept for reuse beyond those of the last half hour. */
  spareLogRows: 64,
} as const;

/**
 * Packs every unsealed point into block rows, slice by slice, then moves the watermark, below which write-ahead rows are
 * free. Requests are taken between slices: what they add to a series already packed lies in rows above the watermark.
 */
export class Seal {
  readonly #shard: Shard;
  readonly #refs: readonly number[];
  readonly #watermark: number;
  readonly #hotFrom: number;
  readonly #unsealedPoints: number;
  readonly #number: number;
  #next = 0;

  constructor(shard: Shard, now: number) {
    this.#shard = shard;
    this.#refs = liveRefs(shard);
    this.#watermark = shard.seq;
    this.#hotFrom = now - UPKEEP.hotMs;
    this.#unsealedPoints = shard.heads.unsealedPoints;
    this.#number = shard.takeNumber();
  }

  /** Packs the next series; one transaction. @returns whether there are more */
  slice(series: number = UPKEEP.sealSeries): boolean {
    const shard = this.#shard;
    const end = Math.min(this.#next + series, this.#refs.length);
    shard.deps.transaction(() => {
      const packer = new RowPacker(({ directory, body, ...row }) => {
        const block = { ...row, seal: this.#number, through: shard.seq };
        const id = shard.deps.store.insertBlock(block, directory, body);
        shard.blocks.add({ ...block, id, bytes: body.length });
      });
      for (let i = this.#next; i < end; i++) {
        const ref = this.#refs[i] ?? 0;
        const slot = shard.series.slotOf(ref);
        const points = slot === undefined ? undefined : shard.heads.seal(slot, this.#hotFrom);
        if (points) packer.add(ref, points);
      }
      packer.finish();
    });
    this.#next = end;
    return end < this.#refs.length;
  }

  /** Call when no slice is left: stores new definitions and frees the write-ahead rows; one transaction. */
  finish(definitions = new NewDefinitions(this.#shard)): void {
    const shard = this.#shard;
    shard.deps.transaction(() => {
      saveDictionary(shard, { definitions });
      const { nextRef } = shard.state;
      shard.extras.save(shard.deps.store, nextRef);
      shard.saveState({ watermark: this.#watermark, savedRef: nextRef, seal: this.#number, late: shard.late.newest });
    });
    shard.log.seal(this.#watermark);
    shard.heads.noteSealed(this.#unsealedPoints);
  }
}

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
 * @param series at most so many in a slice
 */
export function* upkeep(
  shard: Shard,
  now: number,
  kept: KeptMs,
  usedLogRows: number,
  series: number = UPKEEP.sealSeries,
): Generator<UpkeepStep, void, void> {
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

function* roll(shard: Shard, tier: RollupTier, now: number, series: number): Generator<UpkeepStep, void, void> {
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
