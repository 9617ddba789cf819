import { ROLLUP_STEPS_MS, type RollupTier, type Tier } from "../../contract/metric-limits.ts";
import { ByteReader } from "./bits.ts";
import { readBlock } from "./block-codec.ts";
import { eachBlock, HeldRows } from "./held-rows.ts";
import { PointBuffer } from "./points.ts";
import { RollupBuffer } from "./rollup-buffer.ts";
import { readRollups } from "./rollup-codec.ts";
import { sumWindows } from "./rollup-sums.ts";
import type { Shard } from "./shard.ts";
import type { BlockRow } from "./store.ts";
import type { RollupView, TierSource } from "./tier-source.ts";
import { hoursOf, summedAnew } from "./window-sums.ts";

/** How long the points of each tier are shown, milliseconds. */
export type KeptMs = Readonly<Record<Tier, number>>;

/** Nothing is too old. */
export const ALL_KEPT: KeptMs = { raw: Number.POSITIVE_INFINITY, minute: Number.POSITIVE_INFINITY, hour: Number.POSITIVE_INFINITY };

/** Packed rows held for the series that follow; upkeep goes through them in their order. */
const HELD_BYTES = 16 << 20;
const UPKEEP_HELD_BYTES = 4 << 20;

/** Reads a shard's series for one question: the last minutes from memory, the rest from packed rows, each row once. */
export class TierReader implements TierSource {
  readonly trace = { blocksRead: 0, bytesRead: 0, points: { raw: 0, minute: 0, hour: 0 } };
  readonly #shard: Shard;
  readonly #now: number;
  readonly #kept: KeptMs;
  readonly #points = new PointBuffer();
  readonly #windows = new RollupBuffer();
  readonly #blocks: HeldRows;
  readonly #rollups: HeldRows;
  /** Rows that `bytesFor` has counted, of blocks and of rollups. */
  readonly #counted = { blocks: new Set<number>(), rollups: new Set<number>() };

  /** Sums windows anew that late samples have changed; absent in what upkeep reads with. */
  readonly #stored: TierReader | undefined;

  constructor(shard: Shard, now: number, kept: KeptMs, options: { heldBytes?: number; isStored?: boolean } = {}) {
    const { heldBytes = HELD_BYTES, isStored = false } = options;
    this.#stored = isStored ? undefined : TierReader.forUpkeep(shard, now);
    this.#shard = shard;
    this.#now = now;
    this.#kept = kept;
    this.#blocks = new HeldRows((id) => shard.deps.store.readBlock(id), heldBytes);
    this.#rollups = new HeldRows((id) => shard.deps.store.readRollup(id), heldBytes);
  }

  /** Reads what is stored, whatever its age and whether or not late samples have changed it. */
  static forUpkeep(shard: Shard, now: number): TierReader {
    return new TierReader(shard, now, ALL_KEPT, { heldBytes: UPKEEP_HELD_BYTES, isStored: true });
  }

  raw(slot: number, from: number, end: number): { points: PointBuffer; first: number; last: number } {
    const out = this.#points;
    out.clear();
    const ref = this.#shard.series.refOf(slot);
    const start = Math.max(from, this.oldest("raw"));
    for (const { id } of this.#rawRows(slot, start, end)) {
      const row = this.#blocks.get(id, (bytes) => this.#note(bytes));
      eachBlock(row, ref, (first, last) => readBlock(new ByteReader(row.body, first, last), out));
    }
    this.#shard.heads.read(slot, out);
    out.normalise();
    const first = out.lowerBound(start);
    const last = Math.max(first, out.lowerBound(end));
    this.trace.points.raw += last - first;
    return { points: out, first, last };
  }

  rollups(slot: number, tier: RollupTier, from: number, end: number): RollupView {
    const out = this.#windows;
    out.clear();
    const start = Math.max(from, this.oldest(tier));
    const stop = Math.min(end, this.rolledTo(tier));
    const ref = this.#shard.series.refOf(slot);
    for (const { id } of this.#shard.rollups[tier].find(ref, start, stop)) {
      const row = this.#rollups.get(id, (bytes) => this.#note(bytes));
      eachBlock(row, ref, (first, last) => readRollups(new ByteReader(row.body, first, last), ROLLUP_STEPS_MS[tier], out));
    }
    if (this.#stored) this.#addChanged(this.#stored, slot, tier, out);
    out.normalise();
    out.cut(start, stop);
    out.dropEmpty();
    this.trace.points[tier] += out.count;
    return out;
  }

  /** Adds windows as they are since late samples came: what is stored becomes so with the next upkeep. */
  #addChanged(stored: TierReader, slot: number, tier: RollupTier, out: RollupBuffer): void {
    const dirty = this.#shard.late.dirtyOf(slot);
    if (!dirty) return;
    const changed = summedAnew(this.#shard, stored, slot, dirty);
    if (tier === "minute") {
      out.append(changed, 0, changed.count);
      return;
    }
    for (const hour of hoursOf(changed)) {
      const minutes = new RollupBuffer(64);
      const before = stored.rollups(slot, "minute", hour, hour + ROLLUP_STEPS_MS.hour);
      minutes.append(before, 0, before.count);
      minutes.append(changed, changed.lowerBound(hour), changed.lowerBound(hour + ROLLUP_STEPS_MS.hour));
      minutes.normalise();
      minutes.dropEmpty();
      if (minutes.count > 0) sumWindows(minutes, 0, minutes.count, ROLLUP_STEPS_MS.hour, out);
      else out.pushEmpty(hour);
    }
  }

  rolledTo(tier: RollupTier): number {
    const { rolledMinute, rolledHour } = this.#shard.state;
    return tier === "minute" ? rolledMinute : rolledHour;
  }

  /** A tier is shown, and held, until the next coarser one has its windows, however short its time. */
  oldest(tier: Tier): number {
    const kept = this.#now - this.#kept[tier];
    if (tier === "hour") return kept;
    return Math.min(kept, this.rolledTo(tier === "raw" ? "minute" : "hour"));
  }

  lateEpoch(slot: number): number {
    return this.#shard.late.epochOf(slot);
  }

  bytesFor(slot: number, tier: Tier, from: number, end: number): number {
    const start = Math.max(from, this.oldest(tier));
    const rows =
      tier === "raw"
        ? this.#rawRows(slot, start, end)
        : this.#shard.rollups[tier].find(this.#shard.series.refOf(slot), start, Math.min(end, this.rolledTo(tier)));
    const counted = tier === "raw" ? this.#counted.blocks : this.#counted.rollups;
    let bytes = 0;
    for (const row of rows) {
      if (counted.has(row.id)) continue;
      counted.add(row.id);
      bytes += row.bytes;
    }
    return bytes;
  }

  /** None when memory holds all from there on. */
  #rawRows(slot: number, from: number, end: number): readonly BlockRow[] {
    const { heads, late, blocks, series } = this.#shard;
    if (from >= heads.memoryFrom(slot) && from > late.importedTo(slot)) return [];
    return blocks.find(series.refOf(slot), from, end);
  }

  #note(bytes: number): void {
    this.trace.blocksRead++;
    this.trace.bytesRead += bytes;
  }
}
