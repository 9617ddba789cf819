import { METRIC_LIMITS } from "../../contract/metric-limits.ts";
import { RowPacker } from "./block-rows.ts";
import { packDefinitions } from "./dictionary-rows.ts";
import type { Shard } from "./shard.ts";

export const UPKEEP = {
  /** Half an hour of 5 s points of 64 series fills a row of 64 KiB about half; a restart replays as much. */
  sealEveryMs: 30 * 60_000,
  /** Sealed earlier when so much waits: a restart reads it all, and heads take about an eighth of it in memory. */
  sealAtLogBytes: 64 << 20,
  /** After a seal the newest points stay in memory too: sparklines and pushes never read a row. */
  hotMs: 6 * 60_000,
  /** Series sealed in one slice: a few milliseconds, in which requests wait. */
  sealSeries: 256,
  /** Expired rows deleted in one slice. */
  deleteRows: 256,
  /** Write-ahead rows kept for reuse beyond those of the last half hour. */
  spareLogRows: 64,
  /** Dictionary rows beyond the necessary before they are written anew: one a seal, so about once a day. */
  spareDictionaryRows: 48,
} as const;

/**
 * Packs every unsealed point into block rows, slice by slice, then moves the watermark, below which write-ahead rows are
 * free. Requests are taken between slices: what they add to a series already packed lies in rows above the watermark.
 */
export class Seal {
  readonly #shard: Shard;
  readonly #slots: readonly number[];
  readonly #watermark: number;
  readonly #hotFrom: number;
  readonly #unsealedPoints: number;
  readonly #number: number;
  #next = 0;

  constructor(shard: Shard, now: number) {
    this.#shard = shard;
    this.#slots = [...shard.series.liveSlots()].sort((a, b) => shard.series.refOf(a) - shard.series.refOf(b));
    this.#watermark = shard.seq;
    this.#hotFrom = now - UPKEEP.hotMs;
    this.#unsealedPoints = shard.heads.unsealedPoints;
    // A seal that was cut off has left rows under its number; within a number rows lie in order of reference.
    this.#number = Math.max(shard.state.seal, shard.blocks.lastSeal) + 1;
  }

  /** Packs the next series; one transaction. @returns whether there are more */
  slice(series: number = UPKEEP.sealSeries): boolean {
    const shard = this.#shard;
    const end = Math.min(this.#next + series, this.#slots.length);
    shard.deps.transaction(() => {
      const packer = new RowPacker(({ directory, body, ...row }) => {
        const block = { ...row, seal: this.#number, through: shard.seq };
        const id = shard.deps.store.insertBlock(block, directory, body);
        shard.blocks.add({ ...block, id, bytes: body.length });
      });
      for (let i = this.#next; i < end; i++) {
        const slot = this.#slots[i] ?? 0;
        const points = shard.heads.seal(slot, this.#hotFrom);
        if (points) packer.add(shard.series.refOf(slot), points);
      }
      packer.finish();
    });
    this.#next = end;
    return end < this.#slots.length;
  }

  /** Call when no slice is left: stores new definitions and frees the write-ahead rows; one transaction. */
  finish(): void {
    const shard = this.#shard;
    shard.deps.transaction(() => {
      saveDictionary(shard);
      const { nextRef } = shard.state;
      shard.extras.save(shard.deps.store, nextRef);
      shard.saveState({ watermark: this.#watermark, savedRef: nextRef, seal: this.#number });
    });
    shard.log.seal(this.#watermark);
    shard.heads.noteSealed(this.#unsealedPoints);
  }
}

/** Adds rows with the definitions that are in none; writes all anew when the dead ones have piled up. */
function saveDictionary(shard: Shard): void {
  const { store } = shard.deps;
  const definitions = [...shard.series.liveSlots()]
    .map((slot) => ({ ref: shard.series.refOf(slot), key: shard.series.keyOf(slot) ?? "" }))
    .sort((a, b) => a.ref - b.ref);
  const rows = packDefinitions(definitions.filter(({ ref }) => ref >= shard.state.savedRef));
  const necessary = Math.ceil(definitions.length / 256);
  if (shard.dictionaryRows.length + rows.length <= necessary + UPKEEP.spareDictionaryRows) {
    for (const row of rows) store.saveDictionary(row);
    shard.dictionaryRows.push(...rows.map(({ firstRef }) => firstRef));
    return;
  }
  const all = packDefinitions(definitions);
  const kept = new Set(all.map(({ firstRef }) => firstRef));
  for (const firstRef of shard.dictionaryRows) if (!kept.has(firstRef)) store.deleteDictionary(firstRef);
  for (const row of all) store.saveDictionary(row);
  shard.dictionaryRows = [...kept];
}

/** Deletes the next expired rows and forgets series without points; one transaction. @returns whether there may be more */
export function sweepSlice(shard: Shard, now: number, retentionMs: number): boolean {
  const before = now - retentionMs;
  const expired = shard.blocks.expire(before, UPKEEP.deleteRows);
  if (expired.length > 0) {
    shard.deps.transaction(() => {
      for (const { id } of expired) shard.deps.store.deleteBlock(id);
    });
  }
  for (const slot of shard.series.liveSlots()) {
    if (shard.heads.newestAt(slot) < before && !shard.heads.hasUnsealed(slot)) shard.close(slot);
  }
  return expired.length === UPKEEP.deleteRows;
}

/** Deletes write-ahead rows that a busier time has left; one transaction. @param used rows written since the last seal */
export function trimLog(shard: Shard, now: number, used: number): void {
  const slots = shard.log.trim(shard.state.watermark, now - METRIC_LIMITS.dedupeMs, used + UPKEEP.spareLogRows, UPKEEP.deleteRows);
  if (slots.length === 0) return;
  shard.deps.transaction(() => {
    for (const slot of slots) shard.deps.store.deleteLog(slot);
  });
}

/** When upkeep is needed next; undefined when nothing is held. */
export function nextUpkeepAt(shard: Shard, now: number, retentionMs: number): number | undefined {
  if (shard.heads.unsealedPoints > 0) return now + UPKEEP.sealEveryMs;
  const earliest = shard.blocks.earliestEnd();
  return earliest === undefined ? undefined : Math.max(now + UPKEEP.sealEveryMs, earliest + retentionMs + 1);
}
