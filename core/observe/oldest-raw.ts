import { PointBuffer } from "./points.ts";
import type { Shard } from "./shard.ts";

/**
 * The oldest raw point from this time on, in rows or in memory; infinite when there is none. Looks at every point in memory: for shards of
 * which no minute is made yet, or that were silent.
 */
export function oldestRaw(shard: Shard, from: number): number {
  let oldest = Number.POSITIVE_INFINITY;
  for (const { minAt, maxAt } of shard.blocks.all()) if (maxAt >= from) oldest = Math.min(oldest, Math.max(minAt, from));
  const points = new PointBuffer();
  for (const slot of shard.series.liveSlots()) {
    points.clear();
    shard.heads.read(slot, points);
    for (let i = 0; i < points.count; i++) {
      const at = points.columns.at[i] ?? 0;
      if (at >= from && at < oldest) oldest = at;
    }
  }
  return oldest;
}
