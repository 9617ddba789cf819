import { STALE_BITS } from "../../contract/metric-limits.ts";
import { ByteReader, ByteWriter } from "./bits.ts";
import { readBlock, writeBlock } from "./block-codec.ts";
import { ChunkArena } from "./chunk-arena.ts";
import { makeColumns, PointBuffer, type PointColumns } from "./points.ts";

/** Newest points of a series, kept raw until so many are there; then they become a block of the head. */
const TAIL_POINTS = 16;
/** Tails are held in pages of so many series: one array of all would be copied, and half empty, whenever it grows. */
const TAIL_PAGE_BITS = 10;
const IN_TAIL_PAGE = (1 << TAIL_PAGE_BITS) - 1;
/** Late points of a series wait so long, in points, before they become a block of their own. */
const LATE_POINTS = 32;

/** What a seal packs of a slot. */
export interface Taken {
  /** Sorted, at least one. */
  readonly points: PointBuffer;
  /** The block that stays in memory; empty when none does. */
  readonly hot: Uint8Array;
  /** Where that begins. */
  readonly from: number;
  readonly newestAt: number;
}

/**
 * The points of every series that no packed block holds yet, compressed as they grow, plus the last minutes again after
 * they were sealed, so that the newest questions never read a row. All state is in columns by slot: an object per
 * series would cost more than its points.
 *
 * Within a series, sources are read in the order in which they were written: sealed, blocks, late, tail; of points with
 * the same time the one written last wins. That order holds because a point not newer than the blocks goes to `late`,
 * and `late` becomes a block before anything that could overlap it.
 */
export class Heads {
  readonly #tails: PointColumns[] = [];
  #tailCount = new Uint8Array(0);
  /** Newest time in any block of the head; older points are late. */
  #flushedTo = new Float64Array(0);
  /** Blocks hold no point at or after this time that memory does not hold too. */
  #memoryFrom = new Float64Array(0);
  #newestAt = new Float64Array(0);
  #newestBits = new Uint32Array(0);
  /** Bytes of a slot's blocks that packed rows hold too. */
  #sealedLength = new Uint32Array(0);
  /** 1 from when a seal has read a slot until something is written to it. */
  #isTaken = new Uint8Array(0);
  readonly #blocks = new ChunkArena();
  readonly #late = new Map<number, PointBuffer>();
  readonly #writer = new ByteWriter(4_096);
  readonly #sealing = new PointBuffer();
  readonly #hot = new PointBuffer();
  #unsealedPoints = 0;

  /** Bytes of compressed blocks in memory. */
  get bytes(): number {
    return this.#blocks.bytes;
  }

  /** Bytes of memory that are held for all series together, late points aside. */
  get heldBytes(): number {
    const perSlot = 2 + 3 * 8 + 8 + 4;
    return this.#blocks.heldBytes + this.#tails.length * (IN_TAIL_PAGE + 1) * TAIL_POINTS * 16 + perSlot * this.#tailCount.length;
  }

  /** Points that only write-ahead rows hold durably. */
  get unsealedPoints(): number {
    return this.#unsealedPoints;
  }

  newestAt(slot: number): number {
    return this.#newestAt[slot] ?? Number.NEGATIVE_INFINITY;
  }

  /** The value with the newest time; the stale marker while none is known. */
  newestBits(slot: number): { low: number; high: number } {
    return { low: this.#newestBits[2 * slot] ?? 0, high: this.#newestBits[2 * slot + 1] ?? 0 };
  }

  memoryFrom(slot: number): number {
    return this.#memoryFrom[slot] ?? Number.NEGATIVE_INFINITY;
  }

  /** Starts a slot from nothing. @param sealedTo newest time that packed blocks may hold of it */
  open(slot: number, sealedTo = Number.NEGATIVE_INFINITY): void {
    this.#ensure(slot);
    this.close(slot);
    this.#memoryFrom[slot] = sealedTo === Number.NEGATIVE_INFINITY ? sealedTo : sealedTo + 1;
    this.#newestAt[slot] = sealedTo;
    // The newest value is not known before the first point: until then the series counts as stale.
    this.#newestBits[2 * slot] = STALE_BITS.low;
    this.#newestBits[2 * slot + 1] = STALE_BITS.high;
  }

  /** Forgets a slot. */
  close(slot: number): void {
    this.#blocks.clear(slot);
    this.#tailCount[slot] = 0;
    this.#flushedTo[slot] = Number.NEGATIVE_INFINITY;
    this.#newestAt[slot] = Number.NEGATIVE_INFINITY;
    this.#sealedLength[slot] = 0;
    this.#isTaken[slot] = 0;
    this.#late.delete(slot);
  }

  /** Adds a point of an open slot. The same time again replaces the value. */
  append(slot: number, at: number, low: number, high: number): void {
    this.#unsealedPoints++;
    this.#isTaken[slot] = 0;
    const tail = this.#tails[slot >>> TAIL_PAGE_BITS];
    if (!tail) throw new Error(`slot ${slot} is not open`);
    const start = (slot & IN_TAIL_PAGE) * TAIL_POINTS;
    const count = this.#tailCount[slot] ?? 0;
    const newest = this.#newestAt[slot] ?? 0;
    if (at >= newest) {
      this.#newestAt[slot] = at;
      this.#newestBits[2 * slot] = low;
      this.#newestBits[2 * slot + 1] = high;
    }
    if (at > newest) {
      // Newer than all there is, as almost every sample is.
      const place = start + count;
      tail.at[place] = at;
      tail.bits[2 * place] = low;
      tail.bits[2 * place + 1] = high;
      this.#tailCount[slot] = count + 1;
    } else if (at <= (this.#flushedTo[slot] ?? 0)) {
      this.#addLate(slot, at, low, high);
      return;
    } else this.#tailCount[slot] = insertPoint(tail, start, count, at, low, high);
    if (this.#tailCount[slot] === TAIL_POINTS) this.#flushTail(slot);
  }

  hasUnsealed(slot: number): boolean {
    return (this.#tailCount[slot] ?? 0) > 0 || this.#blocks.length(slot) > (this.#sealedLength[slot] ?? 0) || this.#late.has(slot);
  }

  /** Adds every point in memory to `out`, oldest write first; the caller normalises. */
  read(slot: number, out: PointBuffer): void {
    this.#readBlocks(slot, 0, out);
    this.#readLoose(slot, out);
  }

  /**
   * What a seal packs of a slot, and what stays in memory then; changes nothing. Valid until the next call. Undefined when all is sealed.
   * @param hotFrom points from this time on stay in memory
   */
  take(slot: number, hotFrom: number): Taken | undefined {
    if (!this.hasUnsealed(slot)) return undefined;
    const sealing = this.#sealing;
    sealing.clear();
    this.#readBlocks(slot, this.#sealedLength[slot] ?? 0, sealing);
    this.#readLoose(slot, sealing);
    sealing.normalise();

    const from = Math.max(hotFrom, this.#memoryFrom[slot] ?? 0);
    const hot = this.#hotPoints(slot, sealing, from);
    const firstHot = hot.lowerBound(from);
    this.#writer.reset();
    if (firstHot < hot.count) writeBlock(this.#writer, hot.columns, firstHot, hot.count - firstHot);
    this.#isTaken[slot] = 1;
    return { points: sealing, hot: this.#writer.view(), from, newestAt: sealing.columns.at[sealing.count - 1] ?? 0 };
  }

  /** Whether nothing was written to a slot since it was taken. */
  isAsTaken(slot: number): boolean {
    return this.#isTaken[slot] === 1;
  }

  /** From now on what was taken of a slot counts as sealed. Call when packed rows hold it, and while it is as it was taken. */
  settle(slot: number, { hot, from, newestAt }: Omit<Taken, "points">): void {
    this.#blocks.clear(slot);
    this.#blocks.append(slot, hot, hot.length);
    this.#sealedLength[slot] = hot.length;
    this.#flushedTo[slot] = Math.max(this.#flushedTo[slot] ?? 0, newestAt);
    this.#tailCount[slot] = 0;
    this.#late.delete(slot);
    this.#memoryFrom[slot] = from;
    this.#isTaken[slot] = 0;
  }

  /** The points of which the newest stay in memory: those just sealed, and what an earlier seal has kept that is not too old. */
  #hotPoints(slot: number, sealing: PointBuffer, from: number): PointBuffer {
    const hot = this.#hot;
    hot.clear();
    this.#readSealed(slot, hot);
    if (hot.count === 0 || (hot.columns.at[hot.count - 1] ?? 0) < from) return sealing;
    hot.append(sealing.columns, 0, sealing.count);
    hot.normalise();
    return hot;
  }

  /** Says that everything before this call is sealed: the counter of unsealed points starts over. */
  noteSealed(points: number): void {
    this.#unsealedPoints = Math.max(0, this.#unsealedPoints - points);
  }

  #addLate(slot: number, at: number, low: number, high: number): void {
    let late = this.#late.get(slot);
    if (!late) this.#late.set(slot, (late = new PointBuffer(LATE_POINTS)));
    late.push(at, low, high);
    if (late.count < LATE_POINTS) return;
    late.normalise();
    this.#appendBlock(slot, late.columns, 0, late.count);
    this.#late.delete(slot);
  }

  #flushTail(slot: number): void {
    const tail = this.#tails[slot >>> TAIL_PAGE_BITS];
    if (!tail) return; // never: it was just written to
    const start = (slot & IN_TAIL_PAGE) * TAIL_POINTS;
    this.#appendBlock(slot, tail, start, TAIL_POINTS);
    this.#flushedTo[slot] = Math.max(this.#flushedTo[slot] ?? 0, tail.at[start + TAIL_POINTS - 1] ?? 0);
    this.#tailCount[slot] = 0;
  }

  #appendBlock(slot: number, points: PointColumns, from: number, count: number): void {
    this.#writer.reset();
    writeBlock(this.#writer, points, from, count);
    this.#blocks.append(slot, this.#writer.buffer, this.#writer.length);
  }

  #readBlocks(slot: number, from: number, out: PointBuffer): void {
    this.#readRange(slot, from, this.#blocks.length(slot), out);
  }

  #readSealed(slot: number, out: PointBuffer): void {
    this.#readRange(slot, 0, this.#sealedLength[slot] ?? 0, out);
  }

  #readRange(slot: number, from: number, end: number, out: PointBuffer): void {
    if (end <= from) return;
    const reader = new ByteReader(this.#blocks.read(slot), from, end);
    while (reader.remaining > 0) readBlock(reader, out);
  }

  #readLoose(slot: number, out: PointBuffer): void {
    const late = this.#late.get(slot);
    if (late) out.append(late.columns, 0, late.count);
    const tail = this.#tails[slot >>> TAIL_PAGE_BITS];
    const count = this.#tailCount[slot] ?? 0;
    if (tail && count > 0) out.append(tail, (slot & IN_TAIL_PAGE) * TAIL_POINTS, count);
  }

  #ensure(slot: number): void {
    if (slot < this.#tailCount.length) return;
    while (this.#tails.length <= slot >>> TAIL_PAGE_BITS) this.#tails.push(makeColumns((IN_TAIL_PAGE + 1) * TAIL_POINTS));
    const size = this.#tails.length << TAIL_PAGE_BITS;
    this.#blocks.ensure(size);
    this.#tailCount = grown(this.#tailCount, new Uint8Array(size));
    this.#flushedTo = grown(this.#flushedTo, new Float64Array(size).fill(Number.NEGATIVE_INFINITY));
    this.#memoryFrom = grown(this.#memoryFrom, new Float64Array(size).fill(Number.NEGATIVE_INFINITY));
    this.#newestAt = grown(this.#newestAt, new Float64Array(size).fill(Number.NEGATIVE_INFINITY));
    this.#newestBits = grown(this.#newestBits, new Uint32Array(2 * size));
    this.#sealedLength = grown(this.#sealedLength, new Uint32Array(size));
    this.#isTaken = grown(this.#isTaken, new Uint8Array(size));
  }
}

/** Puts a point among sorted ones, over the one with the same time. @returns how many there are then */
function insertPoint({ at: times, bits }: PointColumns, start: number, count: number, at: number, low: number, high: number): number {
  let place = start + count;
  while (place > start && (times[place - 1] ?? 0) >= at) place--;
  const isNew = place === start + count || times[place] !== at;
  if (isNew) for (let i = start + count; i > place; i--) copyPoint(times, bits, i - 1, i);
  times[place] = at;
  bits[2 * place] = low;
  bits[2 * place + 1] = high;
  return isNew ? count + 1 : count;
}

function copyPoint(times: Float64Array, bits: Uint32Array, from: number, to: number): void {
  times[to] = times[from] ?? 0;
  bits[2 * to] = bits[2 * from] ?? 0;
  bits[2 * to + 1] = bits[2 * from + 1] ?? 0;
}

function grown<T extends { set(values: T): void }>(from: T, to: T): T {
  to.set(from);
  return to;
}
