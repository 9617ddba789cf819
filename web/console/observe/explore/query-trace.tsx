import type { QueryTrace } from "../../../../contract/metric-query.ts";
import { TIERS } from "../../../../contract/metric-limits.ts";
import { exactValue, formatDuration, formatValue, plural } from "../../../lib/format.ts";

const TIER_WORDS = { raw: "raw", minute: "minute", hour: "hour" } as const;

/** What an answer cost, in a line. */
export function traceWords(trace: QueryTrace): string {
  const tiers = TIERS.filter((tier) => trace.tiers[tier] > 0).map((tier) => TIER_WORDS[tier]);
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

/** The work behind the chart, small: which tiers, how much was read, and what the cache saved. */
export function QueryTraceLine({ trace, stepMs }: { trace: QueryTrace; stepMs: number }) {
  const exact = TIERS.map((tier) => `${tier}: ${exactValue(trace.tiers[tier], "count")} points`).join(", ");
  return (
    <p class="muted query-trace" title={`${exact}; ${exactValue(trace.bytesRead, "bytes")} in ${plural(trace.blocksRead, "block")}`}>
      A point every {formatDuration(stepMs)}. {traceWords(trace)}.
    </p>
  );
}
