import { ROLLUP_STEPS_MS } from "../../contract/metric-limits.ts";
import { RollupBuffer } from "./rollup-buffer.ts";
import { sumWindows } from "./rollup-sums.ts";
import { floorTo, ROLLING, risingOfSlot, RollupWriter, sumRaw } from "./rolling.ts";
import type { Shard } from "./shard.ts";
import { ALL_KEPT, TierReader } from "./tier-reader.ts";
import type { RollupView } from "./tier-source.ts";

const MINUTE_MS = ROLLUP_STEPS_MS.minute;
const HOUR_MS = ROLLUP_STEPS_MS.hour;

/**
 * Sums windows anew to which samples came late, slice by slice. Has to end before the watermark moves: until then a restart finds the late
 * samples in write-ahead rows, and with them what is dirty.
 */
export class DirtyWindows {
  readonly #shard: Shard;
  readonly #reader: TierReader;
  readonly #dirty: readonly { readonly ref: number; readonly hours: readonly number[] }[];
  #next = 0;

  constructor(shard: Shard, now: number) {
    this.#shard = shard;
    this.#reader = new TierReader(shard, now, ALL_KEPT, ROLLING.heldBytes);
    this.#dirty = [...shard.late.takeDirty()]
      .map(([slot, hours]) => ({ ref: shard.series.refOf(slot), hours: [...hours].sort((a, b) => a - b) }))
      .sort((a, b) => a.ref - b.ref);
  }

  /** Sums the next series anew; one transaction. @returns whether there are more */
  slice(): boolean {
    if (this.#dirty.length === 0) return false;
    const shard = this.#shard;
    const { points } = this.#reader.trace;
    const stop = points.raw + ROLLING.slicePoints;
    shard.deps.transaction(() => {
      const minutes = new RollupWriter(shard, "minute");
      const hours: { ref: number; slot: number; hours: Set<number> }[] = [];
      for (; this.#next < this.#dirty.length && points.raw < stop; this.#next++) {
        const { ref, hours: dirty } = this.#dirty[this.#next] ?? { ref: 0, hours: [] };
        const slot = shard.series.slotOf(ref);
        if (slot === undefined) continue;
        const windows = this.#again(slot, dirty);
        if (windows.count === 0) continue;
        minutes.add(ref, windows);
        hours.push({ ref, slot, hours: hoursOf(windows) });
      }
      minutes.finish();
      writeHours(shard, this.#reader, hours);
    });
    return this.#next < this.#dirty.length;
  }

  /** The windows of these hours as raw points have them now, and the one after each: its increase begins at the last sample before it. */
  #again(slot: number, hours: readonly number[]): RollupBuffer {
    const shard = this.#shard;
    const reader = this.#reader;
    const { rawFrom, rolledMinute } = shard.state;
    const rising = risingOfSlot(shard, slot);
    const all = new RollupBuffer();
    for (const hour of hours) {
      // Of a window that has lost points the rest would be a lie.
      const from = Math.max(hour, Math.ceil(rawFrom / MINUTE_MS) * MINUTE_MS);
      const to = Math.min(hour + HOUR_MS, rolledMinute);
      if (from >= to) continue;
      const fresh = new RollupBuffer();
      sumRaw(reader, slot, from, to, rising, fresh);
      addEmptied(fresh, reader.rollups(slot, "minute", from, to));
      const next = rising === "no" || rising === "delta" ? undefined : this.#nextWindow(slot, to, rolledMinute);
      if (next !== undefined) sumRaw(reader, slot, next, next + MINUTE_MS, rising, fresh);
      all.append(fresh, 0, fresh.count);
    }
    all.normalise();
    return all;
  }

  /** The first window from `from` on that has a sample. */
  #nextWindow(slot: number, from: number, end: number): number | undefined {
    for (const to of [Math.min(from + HOUR_MS, end), end]) {
      const { points, first, last } = this.#reader.raw(slot, from, to);
      const { at, values } = points.columns;
      for (let i = first; i < last; i++) if (!Number.isNaN(values[i])) return floorTo(at[i] ?? 0, MINUTE_MS);
    }
    return undefined;
  }
}

/** Adds an empty window for each that was there and is no more: its samples were replaced by stale markers. */
function addEmptied(fresh: RollupBuffer, old: RollupView): void {
  const now = new Set(fresh.at.subarray(0, fresh.count));
  for (let i = 0; i < old.count; i++) if (!now.has(old.at[i] ?? 0)) fresh.pushEmpty(old.at[i] ?? 0);
  fresh.normalise();
}

export function hoursOf(windows: RollupView): Set<number> {
  const hours = new Set<number>();
  for (let i = 0; i < windows.count; i++) hours.add(floorTo(windows.at[i] ?? 0, HOUR_MS));
  return hours;
}

/** Makes hours anew from minutes that were written, as far as the hour tier has them; series by rising reference. */
export function writeHours(
  shard: Shard,
  reader: TierReader,
  changed: readonly { readonly ref: number; readonly slot: number; readonly hours: ReadonlySet<number> }[],
): void {
  const { rolledHour } = shard.state;
  const writer = new RollupWriter(shard, "hour");
  for (const { ref, slot, hours } of changed) {
    const made = [...hours].filter((hour) => hour < rolledHour).sort((a, b) => a - b);
    const fresh = new RollupBuffer();
    for (const hour of made) {
      const minutes = reader.rollups(slot, "minute", hour, hour + HOUR_MS);
      if (minutes.count > 0) sumWindows(minutes, 0, minutes.count, HOUR_MS, fresh);
      else fresh.pushEmpty(hour);
    }
    if (fresh.count > 0) writer.add(ref, fresh);
  }
  writer.finish();
}
