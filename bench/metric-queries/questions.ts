import type { MetricQueryInput } from "../../sdk/api/observe.ts";
import { historyEnd, HISTORY_METRIC, POD_MINUTES, type Size } from "./dataset.ts";

const MINUTE = 60_000;

export interface Range {
  readonly startMs: number;
  readonly endMs: number;
  readonly stepMs: number;
}

/** One question, for stores that speak PromQL and for ours. `nonce` makes it one that was never asked, without changing its answer. */
export interface BenchQuestion {
  readonly title: string;
  readonly range: (size: Size, nowMs: number) => Range;
  readonly promql?: (nonce: string) => string;
  readonly query?: (nonce: string) => Omit<Exclude<MetricQueryInput, { selections: unknown }>, "start" | "end" | "stepMs">;
  /** Values of a label instead: the metric and the label. */
  readonly values?: { readonly metric: string; readonly label: string };
}

const aligned = (endMs: number, lengthMs: number, stepMs: number): Range => {
  const end = Math.floor(endMs / stepMs) * stepMs;
  return { startMs: Math.ceil((end - lengthMs) / stepMs) * stepMs, endMs: end, stepMs };
};

const other = (nonce: string) => ({ label: "job", op: "!=" as const, value: nonce });

export const BENCH_QUESTIONS: readonly BenchQuestion[] = [
  {
    title: "rate over 24 h of 50 series by label",
    range: (size, now) => aligned(now, size.counterHours * 60 * MINUTE, 5 * MINUTE),
    promql: (nonce) => `sum by (code) (rate(bench_requests_total{job!="${nonce}"}[5m]))`,
    query: (nonce) => ({
      metric: "bench_requests_total",
      matchers: [other(nonce)],
      aggregate: "rate",
      windowMs: 5 * MINUTE,
      groupBy: ["code"],
      groupAggregate: "sum",
    }),
  },
  {
    title: "one series over 90 d",
    range: (size, now) => aligned(historyEnd(now), size.days * 24 * 60 * MINUTE, 60 * MINUTE),
    promql: (nonce) => `avg_over_time(${HISTORY_METRIC}{job!="${nonce}"}[1h])`,
    query: (nonce) => ({ metric: HISTORY_METRIC, matchers: [other(nonce)], aggregate: "avg", maxPoints: 11_000 }),
  },
  {
    title: "label values of 20 k series",
    range: (_, now) => aligned(now, POD_MINUTES * MINUTE, MINUTE),
    values: { metric: "bench_pod_bytes", label: "pod" },
  },
  {
    title: "topk over 10 k",
    range: (_, now) => aligned(now, (POD_MINUTES - 1) * MINUTE, MINUTE),
    promql: (nonce) => `topk(10, bench_pod_bytes{half="a",job!="${nonce}"})`,
    query: (nonce) => ({
      metric: "bench_pod_bytes",
      matchers: [{ label: "half", value: "a" }, other(nonce)],
      aggregate: "last",
      windowMs: 5 * MINUTE,
      top: { k: 10 },
    }),
  },
];
