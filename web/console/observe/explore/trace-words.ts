import { TIERS } from "../../../../contract/metric-limits.ts";
import type { QueryTrace } from "../../../../contract/metric-query.ts";
import { formatDuration, formatValue, plural } from "../../../lib/format.ts";

/** What an answer cost, in a line. */
export function traceWords(trace: QueryTrace): string {
  const tiers = TIERS.filter((tier) => trace.tiers[tier] > 0);
  const parts = [
    plural(trace.seriesScanned, "series", "series"),
    `${formatValue(trace.pointsRead, "count")} points${tiers.length > 0 ? ` from ${tiers.join(" and ")}` : ""}`,
    `${formatValue(trace.bytesRead, "bytes")} read`,
    plural(trace.shards, "shard"),
    ...(trace.cacheable > 0 ? [`${trace.cached} of ${trace.cacheable} parts cached`] : []),
    ...(trace.waitedMs > 0 ? [`waited ${formatDuration(trace.waitedMs)}`] : []),
  ];
  return parts.join(" · ");
}
