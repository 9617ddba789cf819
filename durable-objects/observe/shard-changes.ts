import { type Outcome, refuse } from "../../contract/problems.ts";
import type { CatalogAsk, ShardIngestReply } from "../../contract/rpc/metrics.ts";
import type { Shard } from "../../core/observe/shard.ts";

/** Stores history. */
export function importInto(_shard: Shard, _batch: Uint8Array, _batchId: string, _now: number): Outcome<ShardIngestReply> {
  return refuse("unavailable", "Not built yet.", { retryAfterS: 60 });
}

export function deleteFrom(_shard: Shard, _which: Pick<CatalogAsk, "metric" | "matchers">): Outcome<{ deleted: number }> {
  return refuse("unavailable", "Not built yet.", { retryAfterS: 60 });
}
