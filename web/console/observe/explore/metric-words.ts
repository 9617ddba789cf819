import type { MetricNames } from "../../../../contract/metric-catalog.ts";
import type { Across, OverTime } from "../../../../contract/metric-limits.ts";
import type { Unit } from "../../../lib/format.ts";
import { FIRST_QUERY, type QueryDraft } from "./explore-state.ts";

export type MetricInfo = MetricNames["items"][number];

export const OVER_WORDS: Record<OverTime, string> = {
  avg: "average",
  min: "lowest",
  max: "highest",
  sum: "sum",
  count: "number of samples",
  last: "last",
  stddev: "standard deviation",
  quantile: "quantile",
  rate: "rate per second",
  increase: "increase",
  delta: "difference",
};

export const ACROSS_WORDS: Record<Across, string> = {
  sum: "sum",
  avg: "average",
  min: "lowest",
  max: "highest",
  count: "number of series",
  last: "last",
  stddev: "standard deviation",
  quantile: "quantile",
};

/** A running total, which means something only as how fast it grows. */
export function isCounter(metric: string, type: string | null | undefined): boolean {
  if (type === "counter") return true;
  if (type === "gauge") return false;
  return /_(total|count|sum|bucket)$/.test(metric);
}

export function isBucket(metric: string): boolean {
  return metric.endsWith("_bucket");
}

/** The question that is most likely meant when a metric is chosen. */
export function firstQuestion(metric: string, type: string | null | undefined, name = "a"): QueryDraft {
  const draft = { ...FIRST_QUERY, name, metric };
  if (isBucket(metric)) return { ...draft, over: "rate", group: "by", labels: [], across: "sum", histogram: 0.95 };
  return isCounter(metric, type) ? { ...draft, over: "rate" } : draft;
}

/** What a unit as senders write it, or the end of a name, measures. UCUM as OpenTelemetry uses it, and the words of Prometheus. */
function baseUnit(metric: string, unit: string | null | undefined): Unit {
  const written: Readonly<Record<string, Unit>> = {
    By: "bytes",
    bytes: "bytes",
    byte: "bytes",
    s: "seconds",
    seconds: "seconds",
    ms: "milliseconds",
    milliseconds: "milliseconds",
    Cel: "celsius",
    celsius: "celsius",
    ratio: "ratio",
    "By/s": "bytesPerSecond",
  };
  const known = unit ? written[unit] : undefined;
  if (known) return known;
  const base = metric.replace(/_(total|sum|bucket)$/, "");
  if (base.endsWith("bytes_per_second")) return "bytesPerSecond";
  if (base.endsWith("_per_second")) return "perSecond";
  const ending = /[_.](bytes|seconds|milliseconds|celsius|ratio)$/.exec(base)?.[1];
  return (ending ? written[ending] : undefined) ?? "plain";
}

/** What the values of a query measure. */
export function unitOf(
  draft: Pick<QueryDraft, "metric" | "over" | "across" | "group" | "histogram">,
  unit: string | null | undefined,
): Unit {
  if (draft.group !== "each" && draft.across === "count") return "count";
  if (draft.over === "count") return "count";
  const base = isBucket(draft.metric) && draft.histogram === null ? "plain" : baseUnit(draft.metric, unit);
  if (draft.histogram !== null || draft.over !== "rate") return base;
  if (base === "bytes") return "bytesPerSecond";
  // Seconds per second are a share of time, such as that of a CPU.
  return base === "seconds" ? "ratio" : "perSecond";
}

/** A query in a few words, for its chart's title and for whoever reads out the page. */
export function questionWords(draft: QueryDraft): string {
  const { metric, over, histogram, group, labels, across } = draft;
  const inner = over === "avg" ? metric : `${OVER_WORDS[over]} of ${metric}`;
  const what = histogram === null ? inner : `${threePlaces(histogram)} quantile of ${metric}`;
  if (group === "each") return what;
  const how = across === null || histogram !== null ? "" : `, ${ACROSS_WORDS[across]}`;
  if (group === "without") return `${what}${how} without ${labels.join(", ")}`;
  return labels.length === 0 ? `${what}${how} of all` : `${what}${how} by ${labels.join(", ")}`;
}

function threePlaces(value: number): string {
  return String(Math.round(value * 1_000) / 1_000);
}
