import type { SeriesReader } from "../series-reader.ts";
import type { RollupView, TierSource } from "../tier-source.ts";

const NONE = new Float64Array(0);
const EMPTY: RollupView = { count: 0, at: NONE, sum: NONE, samples: NONE, min: NONE, max: NONE, last: NONE, increase: NONE };

/** A shard that has raw points only. */
export function rawSource(reader: SeriesReader, oldestMs: number): TierSource {
  const seen = new Set<number>();
  return {
    raw: (slot, from, end) => reader.read(slot, Math.max(from, oldestMs), end),
    rollups: () => EMPTY,
    rolledTo: () => Number.NEGATIVE_INFINITY,
    oldest: () => oldestMs,
    lateEpoch: () => 0,
    bytesFor(slot, tier, from, end) {
      let bytes = 0;
      if (tier !== "raw") return bytes;
      for (const row of reader.rowsFor(slot, from, end)) {
        if (seen.has(row.id)) continue;
        seen.add(row.id);
        bytes += row.bytes;
      }
      return bytes;
    },
    trace: {
      get blocksRead() {
        return reader.trace.blocksRead;
      },
      bytesRead: 0,
      get points() {
        return { raw: reader.trace.pointsRead, minute: 0, hour: 0 };
      },
    },
  };
}
