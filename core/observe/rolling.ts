import { ROLLUP_STEPS_MS, type RollupTier } from "../../contract/metric-limits.ts";
import { ByteWriter } from "./bits.ts";
import { RowPacker } from "./block-rows.ts";
import { RollupBuffer } from "./rollup-buffer.ts";
import { MAX_ROLLUP_WINDOWS, writeRollups } from "./rollup-codec.ts";
import { type Rising, risingOf, sumPoints, sumWindows } from "./rollup-sums.ts";
import { liveRefs, type Shard } from "./shard.ts";
import { ALL_KEPT, TierReader } from "./tier-reader.ts";
import type { TierSource } from "./tier-source.ts";

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
  /** Points or windows read in one slice, about 20 ms, in which requests wait. */
  slicePoints: 150_000,
  sliceSeries: 256,
  /** Where the sample before a range is looked for first: nearly always it is there. */
  nearMs: 5 * 60_000,
  /** Packed rows held while rolling up: the series of a row follow each other. */
  heldBytes: 4 << 20,
} as const;

export function floorTo(at: number, stepMs: number): number {
  return Math.floor(at / stepMs) * stepMs;
}

/** Adds rows of rollups of one run to a shard: references must not fall. Call `finish` within the last transaction. */
export class RollupWriter {
  readonly #packer: RowPacker;
  readonly #block = new ByteWriter(8_192);
  readonly #stepMs: number;

  constructor(shard: Shard, tier: RollupTier) {
    const index = shard.rollups[tier];
    const seal = index.lastSeal + 1;
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

export function risingOfSlot(shard: Shard, slot: number): Rising {
  const identity = shard.series.identityOf(slot);
  return risingOf(identity, shard.extras.metadata.of(identity.metric)?.type);
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
    this.#reader = new TierReader(shard, now, ALL_KEPT, ROLLING.heldBytes);
    // What a rollup left that never finished lies beyond all windows that count.
    const left = shard.rollups[tier].take(({ minAt }) => minAt >= from);
    if (left.length > 0) shard.deps.transaction(() => left.forEach(({ id }) => shard.deps.store.deleteRollup(id)));
    this.#writer = new RollupWriter(shard, tier);
    // From here on a late sample may come to a series that was read already.
    if (tier === "minute") shard.late.rolledTo = Math.max(shard.late.rolledTo, to);
  }

  /** Sums the next series; one transaction. @returns whether there are more */
  slice(): boolean {
    const shard = this.#shard;
    const end = Math.min(this.#next + ROLLING.sliceSeries, this.#refs.length);
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
    if (this.#tier === "minute") return sumRaw(this.#reader, slot, this.#from, this.#to, risingOfSlot(this.#shard, slot), this.#windows);
    const minutes = this.#reader.rollups(slot, "minute", this.#from, this.#to);
    sumWindows(minutes, 0, minutes.count, ROLLUP_STEPS_MS.hour, this.#windows);
    return minutes.count;
  }
}

/** Sums the raw points of `[from, to)` to minutes. @returns points read */
export function sumRaw(source: TierSource, slot: number, from: number, to: number, rising: Rising, out: RollupBuffer): number {
  let before = Number.NaN;
  const looksBack = rising === "total" || rising === "maybe";
  let read = source.raw(slot, looksBack ? from - ROLLING.nearMs : from, to);
  let first = read.points.lowerBound(from);
  if (first >= read.last) return 0;
  if (looksBack) {
    before = newestBefore(read, first);
    if (Number.isNaN(before)) {
      before = lastBefore(source, slot, from);
      read = source.raw(slot, from, to);
      first = read.first;
    }
  }
  sumPoints(read.points.columns, first, read.last, { stepMs: ROLLUP_STEPS_MS.minute, rising, before }, out);
  return read.last - first;
}

/** The value of the last sample before a time, from raw points, else from a rollup; NaN when there is none. */
export function lastBefore(source: TierSource, slot: number, at: number): number {
  const read = source.raw(slot, Number.NEGATIVE_INFINITY, at);
  const before = newestBefore(read, read.last);
  if (!Number.isNaN(before)) return before;
  const { count, last } = source.rollups(slot, "minute", at - 24 * HOUR_MS, at);
  return count > 0 ? (last[count - 1] ?? Number.NaN) : Number.NaN;
}

function newestBefore({ points, first }: ReturnType<TierSource["raw"]>, end: number): number {
  const { values } = points.columns;
  for (let i = end - 1; i >= first; i--) if (!Number.isNaN(values[i])) return values[i] ?? Number.NaN;
  return Number.NaN;
}

/** Where the next rollup of a tier begins and ends; undefined when it is not due. */
export function dueRoll(shard: Shard, tier: RollupTier, now: number): { from: number; to: number } | undefined {
  const { rolledMinute, rolledHour } = shard.state;
  if (tier === "minute") {
    const from = rolledMinute || firstHour(shard.blocks.oldestAt());
    const to = floorTo(now - ROLLING.graceMs, HOUR_MS);
    return from !== undefined && to - from >= ROLLING.minuteEveryMs ? { from, to } : undefined;
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
