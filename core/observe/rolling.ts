import { ROLLUP_STEPS_MS, type RollupTier } from "../../contract/metric-limits.ts";
import { ByteWriter } from "./bits.ts";
import { RowPacker } from "./block-rows.ts";
import { oldestRaw } from "./oldest-raw.ts";
import { RollupBuffer } from "./rollup-buffer.ts";
import { MAX_ROLLUP_WINDOWS, writeRollups } from "./rollup-codec.ts";
import { sumWindows } from "./rollup-sums.ts";
import { liveRefs } from "./save-dictionary.ts";
import type { Shard } from "./shard.ts";
import { TierReader } from "./tier-reader.ts";
import { floorTo, risingOfSlot, sumRaw } from "./window-sums.ts";

const HOUR_MS = ROLLUP_STEPS_MS.hour;

export const ROLLING = {
  /**
   * Windows wait for samples that come a little late: what comes later has its windows summed anew.
   */
  graceMs: 10 * 60_000,
  /**
   * A minute rollup of so many windows fills a row of 64 KiB with 64 series at 4 bytes a window. Rarer would leave rows as many and questions
   * more raw points to read.
   */
  minuteEveryMs: 4 * HOUR_MS,
  /** Two days of 64 series are half a row. Rarer is fewer rows to write, and fewer to read for a question over months. */
  hourEveryMs: 48 * HOUR_MS,
  /** Hours are made when no sample may come for them any more. */
  hourLagMs: 24 * HOUR_MS,
  /** Points or windows read in one slice, about 3 ms, in which requests wait; it ends after the series that goes beyond. */
  slicePoints: 25_000,
  sliceSeries: 64,
} as const;

/** Adds rows of rollups of one run to a shard: references must not fall. Call `finish` within the last transaction. */
export class RollupWriter {
  readonly #packer: RowPacker;
  readonly #block = new ByteWriter(8_192);
  readonly #stepMs: number;

  constructor(shard: Shard, tier: RollupTier) {
    const index = shard.rollups[tier];
    const seal = shard.takeNumber();
    this.#stepMs = ROLLUP_STEPS_MS[tier];
    this.#packer = new RowPacker(({ directory, body, ...packed }) => {
      const row = { ...packed, seal };
      const id = shard.deps.store.insertRollup(tier, row, directory, body);
      index.add({ ...row, id, bytes: body.length, through: 0 });
    });
  }

  add(ref: number, windows: RollupBuffer): void {
    for (let from = 0; from < windows.count; from += MAX_ROLLUP_WINDOWS) {
      const count = Math.min(MAX_ROLLUP_WINDOWS, windows.count - from);
      this.#block.reset();
      writeRollups(this.#block, windows.columns, from, count, this.#stepMs);
      const { at } = windows;
      this.#packer.addBlock(ref, this.#block.view(), at[from] ?? 0, at[from + count - 1] ?? 0, count);
    }
  }

  finish(): void {
    this.#packer.finish();
  }
}

/** Makes a tier's windows of `[from, to)` for all series, slice by slice; the windows count once all are there. */
export class Rolling {
  readonly #shard: Shard;
  readonly #tier: RollupTier;
  readonly #from: number;
  readonly #to: number;
  readonly #refs: readonly number[];
  readonly #reader: TierReader;
  readonly #writer: RollupWriter;
  readonly #windows = new RollupBuffer();
  #next = 0;

  constructor(shard: Shard, tier: RollupTier, from: number, to: number, now: number) {
    this.#shard = shard;
    this.#tier = tier;
    this.#from = from;
    this.#to = to;
    this.#refs = liveRefs(shard);
    this.#reader = TierReader.forUpkeep(shard, now);
    // What a rollup left that never finished lies beyond all windows that count.
    const left = shard.rollups[tier].take(({ minAt }) => minAt >= from);
    if (left.length > 0) shard.deps.transaction(() => left.forEach(({ id }) => shard.deps.store.deleteRollup(id)));
    this.#writer = new RollupWriter(shard, tier);
    // From here on a late sample may come to a series that was read already.
    if (tier === "minute") shard.late.rolledTo = Math.max(shard.late.rolledTo, to);
  }

  /** Sums the next series; one transaction. @returns whether there are more */
  slice(series: number = ROLLING.sliceSeries): boolean {
    const shard = this.#shard;
    const end = Math.min(this.#next + series, this.#refs.length);
    let points = 0;
    shard.deps.transaction(() => {
      for (; this.#next < end && points < ROLLING.slicePoints; this.#next++) {
        const ref = this.#refs[this.#next] ?? 0;
        const slot = shard.series.slotOf(ref);
        if (slot === undefined) continue;
        this.#windows.clear();
        points += this.#sum(slot);
        if (this.#windows.count > 0) this.#writer.add(ref, this.#windows);
      }
      if (this.#next === this.#refs.length) this.#writer.finish();
    });
    return this.#next < this.#refs.length;
  }

  /** Call when no slice is left: from now on the windows count; one transaction. */
  finish(): void {
    const { deps } = this.#shard;
    deps.transaction(() => this.#shard.saveState(this.#tier === "minute" ? { rolledMinute: this.#to } : { rolledHour: this.#to }));
  }

  /** @returns points or windows read */
  #sum(slot: number): number {
    if (this.#tier === "minute")
      return sumRaw(this.#shard, this.#reader, slot, this.#from, this.#to, risingOfSlot(this.#shard, slot), this.#windows);
    const minutes = this.#reader.rollups(slot, "minute", this.#from, this.#to);
    sumWindows(minutes, 0, minutes.count, ROLLUP_STEPS_MS.hour, this.#windows);
    return minutes.count;
  }
}

/** Where the next rollup of a tier begins and ends; undefined when it is not due. */
export function dueRoll(shard: Shard, tier: RollupTier, now: number): { from: number; to: number } | undefined {
  const { rolledMinute, rolledHour } = shard.state;
  if (tier === "minute") {
    const to = floorTo(now - ROLLING.graceMs, HOUR_MS);
    const from = rolledMinute || firstHour(shard.blocks.oldestAt());
    if (from === undefined || to - from < ROLLING.minuteEveryMs) return undefined;
    // What came during the seal is in no row yet; later rollups know by its being late.
    return { from: rolledMinute || floorTo(oldestRaw(shard, 0), HOUR_MS), to };
  }
  const from = rolledHour || firstHour(shard.rollups.minute.oldestAt());
  const to = Math.min(floorTo(now - ROLLING.hourLagMs, HOUR_MS), rolledMinute);
  return from !== undefined && to - from >= ROLLING.hourEveryMs ? { from, to } : undefined;
}

/** When a rollup of a tier is due next, as far as there is something to sum. */
export function nextRollAt(shard: Shard, tier: RollupTier): number | undefined {
  const { rolledMinute, rolledHour } = shard.state;
  const finer = tier === "minute" ? shard.blocks : shard.rollups.minute;
  const newest = finer.newestAt();
  const rolled = tier === "minute" ? rolledMinute : rolledHour;
  if (newest === undefined || newest < rolled) return undefined;
  const from = rolled || (firstHour(finer.oldestAt()) ?? 0);
  return tier === "minute" ? from + ROLLING.minuteEveryMs + ROLLING.graceMs : from + ROLLING.hourEveryMs + ROLLING.hourLagMs;
}

function firstHour(oldestAt: number | undefined): number | undefined {
  return oldestAt === undefined ? undefined : floorTo(oldestAt, HOUR_MS);
}
