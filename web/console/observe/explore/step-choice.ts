import type { MetricQueryReply } from "../../../../contract/metric-query.ts";
import { stepAtLeast } from "../../../lib/time-range.ts";
import type { QueryDraft } from "./explore-state.ts";

/** What agents send at most. */
export const FINEST_MS = 5_000;

/** The median distance between the steps that have a value, milliseconds; `null` with fewer than two. */
export function intervalOf({ series, stepMs }: Pick<MetricQueryReply, "series" | "stepMs">): number | null {
  const values = series[0]?.values ?? [];
  const filled = [...values.keys()].filter((i) => values[i] !== null);
  const distances = filled.slice(1).map((at, i) => at - (filled[i] ?? at));
  const median = distances.toSorted((a, b) => a - b)[Math.floor(distances.length / 2)];
  return median === undefined ? null : median * stepMs;
}

/**
 * The end of what is asked: a step that is still running would draw sums and rates falling towards the present, which they do not.
 * @param nowMs the server's present
 */
export function wholeEnd(queries: readonly QueryDraft[], toMs: number, stepMs: number, nowMs: number): number {
  const running = queries.some((draft) => draft.windowMs === null && needsWhole(draft)) && toMs > nowMs - ARRIVES_MS - stepMs;
  return running ? Math.floor((Math.min(toMs, nowMs) - ARRIVES_MS) / stepMs) * stepMs - 1 : toMs;
}

/** By then the samples of a moment have arrived. */
const ARRIVES_MS = 5_000;

/** Whether a step with only some of the samples would show a wrong number and not merely a gap. */
function needsWhole({ group, over, histogram }: QueryDraft): boolean {
  return group !== "each" || histogram !== null || over === "rate" || over === "increase" || over === "delta";
}

/**
 * The finest step that makes sense for a question: one that is finer than the samples would be drawn as dots, and sums over series that are
 * not sent at the same moment would lack some. Sums and rates get two samples to a step, because scrapes are not punctual.
 */
export function finestStep(queries: readonly QueryDraft[], intervalFor: (metric: string) => number | null | undefined): number {
  const needed = queries.map((draft) => (draft.windowMs === null ? (intervalFor(draft.metric) ?? 0) * (needsWhole(draft) ? 2 : 1) : 0));
  return stepAtLeast(Math.max(FINEST_MS, ...needed));
}
