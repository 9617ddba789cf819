import { ROLLUP_STEPS_MS } from "../../contract/metric-limits.ts";
import { RollupBuffer } from "./rollup-buffer.ts";
import { sumWindows } from "./rollup-sums.ts";
import { RollupWriter } from "./rolling.ts";
import type { Shard } from "./shard.ts";
import { TierReader } from "./tier-reader.ts";
import { hoursOf, summedAnew } from "./window-sums.ts";

const HOUR_MS = ROLLUP_STEPS_MS.hour;

/** Of one slice. A slice fills rows of its own: smaller ones would leave more and emptier rows. */
const SLICE = { series: 64, points: 150_000 } as const;

/**
 * Sums windows anew to which samples came late, slice by slice. Has to end before the watermark moves: until then a restart finds the late
 * samples in write-ahead rows, and with them what is dirty.
 */
export class DirtyWindows {
  readonly #shard: Shard;
  readonly #reader: TierReader;
  readonly #refs: readonly number[];
  #next = 0;

  constructor(shard: Shard, now: number) {
    this.#shard = shard;
    this.#reader = TierReader.forUpkeep(shard, now);
    this.#refs = [...shard.late.dirtySlots()].map((slot) => shard.series.refOf(slot)).sort((a, b) => a - b);
  }

  /** Sums the next series anew; one transaction. @returns whether there are more */
  slice(series: number = SLICE.series): boolean {
    if (this.#refs.length === 0) return false;
    const shard = this.#shard;
    const { points } = this.#reader.trace;
    const stop = points.raw + SLICE.points;
    const end = Math.min(this.#next + series, this.#refs.length);
    shard.deps.transaction(() => {
      const minutes = new RollupWriter(shard, "minute");
      const hours: { ref: number; slot: number; hours: Set<number> }[] = [];
      for (; this.#next < end && points.raw < stop; this.#next++) {
        const ref = this.#refs[this.#next] ?? 0;
        const slot = shard.series.slotOf(ref);
        const dirty = slot === undefined ? undefined : shard.late.dirtyOf(slot);
        if (slot === undefined || !dirty) continue;
        const windows = summedAnew(shard, this.#reader, slot, dirty);
        shard.late.clean(slot);
        if (windows.count === 0) continue;
        minutes.add(ref, windows);
        hours.push({ ref, slot, hours: hoursOf(windows) });
      }
      minutes.finish();
      writeHours(shard, this.#reader, hours);
    });
    return this.#next < this.#refs.length;
  }
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
