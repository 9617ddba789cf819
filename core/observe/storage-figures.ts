import type { Storage } from "../../contract/metric-catalog.ts";
import type { MetricAllowance } from "../../contract/metric-settings.ts";
import type { BlockIndex } from "./block-index.ts";
import type { Shard } from "./shard.ts";

/** What only the store's own side knows. */
export interface StoreFigures {
  readonly shard: number;
  readonly rowsWritten: number;
  readonly databaseBytes: number;
}

/** What a shard holds, by tier. */
export function storageOf(shard: Shard, store: StoreFigures, { rawMs, minuteMs, hourMs }: MetricAllowance): Storage["shards"][number] {
  const { series, heads, log, blocks, rollups } = shard;
  return {
    shard: store.shard,
    series: series.size,
    unsealedPoints: heads.unsealedPoints,
    logBytes: log.unsealedBytes,
    headBytes: heads.bytes,
    rowsWritten: store.rowsWritten,
    databaseBytes: store.databaseBytes,
    tiers: [
      { tier: "raw", keptMs: rawMs, ...figuresOf(blocks) },
      { tier: "minute", keptMs: minuteMs, ...figuresOf(rollups.minute) },
      { tier: "hour", keptMs: hourMs, ...figuresOf(rollups.hour) },
    ],
  };
}

function figuresOf(
  rows: BlockIndex,
): Pick<Storage["shards"][number]["tiers"][number], "points" | "bytes" | "rows" | "oldestAt" | "newestAt"> {
  return { points: rows.points, bytes: rows.bytes, rows: rows.rows, oldestAt: rows.oldestAt() ?? null, newestAt: rows.newestAt() ?? null };
}
