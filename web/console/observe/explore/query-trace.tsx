import type { QueryTrace } from "../../../../contract/metric-query.ts";
import { TIERS } from "../../../../contract/metric-limits.ts";
import { exactValue, formatDuration, plural } from "../../../lib/format.ts";
import { traceWords } from "./trace-words.ts";

/** The work behind the chart, small: which tiers, how much was read, and what the cache saved. */
export function QueryTraceLine({ trace, stepMs }: { trace: QueryTrace; stepMs: number }) {
  const exact = TIERS.map((tier) => `${tier}: ${exactValue(trace.tiers[tier], "count")} points`).join(", ");
  return (
    <p class="muted query-trace" title={`${exact}; ${exactValue(trace.bytesRead, "bytes")} in ${plural(trace.blocksRead, "block")}`}>
      A point every {formatDuration(stepMs)}. {traceWords(trace)}.
    </p>
  );
}
