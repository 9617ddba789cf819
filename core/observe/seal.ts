import { ByteWriter } from "./bits.ts";
import { BLOCK_ROW_LIMITS, RowPacker, type WrittenBlock, writeBlocks } from "./block-rows.ts";
import { liveRefs, type NewDefinitions, saveDictionary } from "./save-dictionary.ts";
import type { Shard } from "./shard.ts";

export const SEALING = {
  /** After a seal the newest points stay in memory too: sparklines and pushes never read a row. */
  hotMs: 6 * 60_000,
  /** Series packed in one slice, in which requests wait: half a millisecond of half an hour of 5 s points. Four of them make a row. */
  sliceSeries: 16,
  /** Points packed in one slice, for series that have more of them; it ends after the series that goes beyond. */
  slicePoints: 6_000,
  /** Series looked at in one slice: most may have nothing to pack. */
  sliceLooks: 512,
} as const;

/** A series that is packed and waits for its row. */
interface PackedSeries {
  readonly ref: number;
  readonly slot: number;
  readonly blocks: readonly WrittenBlock[];
  /** Where the block lies that stays in memory. */
  readonly hotStart: number;
  readonly hotEnd: number;
  /** See `Taken`. */
  readonly from: number;
  readonly newestAt: number;
}

/**
 * Packs every unsealed point into block rows, slice by slice, then moves the watermark, below which write-ahead rows are free. Requests are
 * taken between slices. Packing changes nothing: the slice that writes a row makes its series count as sealed, and packs those again to
 * which samples came meanwhile. What comes to a series later lies in write-ahead rows above the row's number, or above the watermark.
 */
export class Seal {
  readonly #shard: Shard;
  readonly #refs: readonly number[];
  readonly #watermark: number;
  readonly #hotFrom: number;
  readonly #unsealedPoints: number;
  readonly #number: number;
  readonly #packer: RowPacker;
  /** Blocks of the series that wait. */
  readonly #bytes = new ByteWriter(2 * BLOCK_ROW_LIMITS.bytes);
  #waiting: PackedSeries[] = [];
  #next = 0;

  constructor(shard: Shard, now: number) {
    this.#shard = shard;
    this.#refs = liveRefs(shard);
    this.#watermark = shard.seq;
    this.#hotFrom = now - SEALING.hotMs;
    this.#unsealedPoints = shard.heads.unsealedPoints;
    this.#number = shard.takeNumber();
    this.#packer = new RowPacker(({ directory, body, ...row }) => {
      const block = { ...row, seal: this.#number, through: shard.seq };
      const id = shard.deps.store.insertBlock(block, directory, body);
      shard.blocks.add({ ...block, id, bytes: body.length });
    });
  }

  /** Packs the next series, or writes those that fill a row, in one transaction. @returns whether there is more to do */
  slice(series: number = SEALING.sliceSeries): boolean {
    const isFull = this.#waiting.length === BLOCK_ROW_LIMITS.series;
    if (isFull || (this.#next === this.#refs.length && this.#waiting.length > 0)) this.#write();
    else this.#pack(series);
    return this.#next < this.#refs.length || this.#waiting.length > 0;
  }

  /** Call when no slice is left: stores new definitions and frees the write-ahead rows; one transaction. */
  finish(definitions?: NewDefinitions): void {
    const shard = this.#shard;
    shard.deps.transaction(() => {
      saveDictionary(shard, definitions && { definitions });
      const { nextRef } = shard.state;
      shard.extras.save(shard.deps.store, nextRef);
      shard.saveState({ watermark: this.#watermark, savedRef: nextRef, seal: this.#number, late: shard.late.newest });
    });
    shard.log.seal(this.#watermark);
    shard.heads.noteSealed(this.#unsealedPoints);
  }

  #pack(series: number): void {
    const full = Math.min(BLOCK_ROW_LIMITS.series, this.#waiting.length + series);
    const end = Math.min(this.#refs.length, this.#next + SEALING.sliceLooks);
    let points = 0;
    for (; this.#next < end && this.#waiting.length < full && points < SEALING.slicePoints; this.#next++) {
      const packed = this.#take(this.#refs[this.#next] ?? 0);
      if (!packed) continue;
      this.#waiting.push(packed);
      for (const { count } of packed.blocks) points += count;
    }
  }

  /** Packs a series; undefined when it is gone, or has nothing to be sealed. */
  #take(ref: number): PackedSeries | undefined {
    const { series, heads } = this.#shard;
    const slot = series.slotOf(ref);
    const taken = slot === undefined ? undefined : heads.take(slot, this.#hotFrom);
    if (slot === undefined || !taken) return undefined;
    const { points, hot, from, newestAt } = taken;
    const blocks = writeBlocks(this.#bytes, points);
    const hotStart = this.#bytes.length;
    this.#bytes.bytes(hot);
    return { ref, slot, blocks, hotStart, hotEnd: this.#bytes.length, from, newestAt };
  }

  #write(): void {
    const { deps, series, heads } = this.#shard;
    deps.transaction(() => {
      for (const one of this.#waiting) {
        const isAsTaken = series.slotOf(one.ref) === one.slot && heads.isAsTaken(one.slot);
        const packed = isAsTaken ? one : this.#take(one.ref);
        if (!packed) continue;
        const { ref, slot, blocks, hotStart, hotEnd, from, newestAt } = packed;
        const { buffer } = this.#bytes;
        for (const { from: start, end, oldestAt, newestAt: to, count } of blocks)
          this.#packer.addBlock(ref, buffer.subarray(start, end), oldestAt, to, count);
        heads.settle(slot, { hot: buffer.subarray(hotStart, hotEnd), from, newestAt });
      }
      this.#packer.finish();
    });
    this.#waiting = [];
    this.#bytes.reset();
  }
}
