import type * as z from "zod";
import type { formulaSchema, selectionSchema } from "../../contract/metric-query.ts";

type SelectionText = Omit<z.input<typeof selectionSchema>, "name">;
type FormulaText = Omit<z.input<typeof formulaSchema>, "name">;

/** The same question in two languages. */
export interface Question {
  readonly promql: string;
  /** Named `a`, `b`, `c` in this order; shown unless formulas stand over them. */
  readonly selections: readonly SelectionText[];
  /** Its result is the answer. */
  readonly formula?: FormulaText;
  /** Relative difference allowed: rates carry a division by seconds that we and Prometheus do in another order. */
  readonly within: 1e-6 | 1e-9;
  /** What it is there for, when that is not plain. */
  readonly because?: string;
  /** Whether the right answer is no series at all. */
  readonly empty?: true;
}

const EXACT = 1e-9;
const RATE = 1e-6;
/** Prometheus' look-back of an instant selector, its default. */
const LOOK_BACK = { aggregate: "last", windowMs: 300_000 } as const;
/** The windows of range functions: 15 scrapes, and 30. */
const SHORT = 15_000;
const LONG = 30_000;

const label = (name: string, value: string, op: "=" | "!=" | "=~" | "!~" = "=") => ({ label: name, op, value });

function selector(promql: string, metric: string, matchers: SelectionText["matchers"] = [], because?: string): Question {
  return { promql, selections: [{ metric, matchers, ...LOOK_BACK }], within: EXACT, ...(because === undefined ? {} : { because }) };
}

function over(promql: string, selection: SelectionText, within: Question["within"] = EXACT, because?: string): Question {
  return { promql, selections: [selection], within, ...(because === undefined ? {} : { because }) };
}

/** Instant selectors: the four matchers, absent labels, and what ends a series. */
const SELECTORS: readonly Question[] = [
  selector('node_cpu_seconds_total{mode="idle"}', "node_cpu_seconds_total", [label("mode", "idle")]),
  selector('node_cpu_seconds_total{cpu="0",mode!="idle"}', "node_cpu_seconds_total", [label("cpu", "0"), label("mode", "idle", "!=")]),
  selector('node_cpu_seconds_total{mode=~"us.*|system"}', "node_cpu_seconds_total", [label("mode", "us.*|system", "=~")]),
  selector('node_cpu_seconds_total{mode!~"i.*|s"}', "node_cpu_seconds_total", [label("mode", "i.*|s", "!~")], "matched as a whole"),
  selector('own_temperature_celsius{floor=""}', "own_temperature_celsius", [label("floor", "")], "an absent label is empty"),
  selector('own_temperature_celsius{room=~"(?i:KÜCHE)|[x-z]+"}', "own_temperature_celsius", [label("room", "(?i:KÜCHE)|[x-z]+", "=~")]),
  selector("prometheus_tsdb_head_series", "prometheus_tsdb_head_series"),
  selector("up", "up", [], "0 while a target is down"),
  selector("own_flicker", "own_flicker", [], "absent from some scrapes: a stale marker ends it, a sample begins it again"),
  selector('own_odd{kind!="nan"}', "own_odd", [label("kind", "nan", "!=")], "tiny, huge and negative values"),
  { ...selector('own_requests_total{route="/none"}', "own_requests_total", [label("route", "/none")]), empty: true },
  { ...selector("own_never_heard_of", "own_never_heard_of"), empty: true },
];

/** Functions over the samples of a window, both of whose ends count. */
const RANGES: readonly Question[] = [
  over("rate(node_cpu_seconds_total[15s])", { metric: "node_cpu_seconds_total", aggregate: "rate", windowMs: SHORT }, RATE),
  over(
    "rate(own_requests_total[30s])",
    { metric: "own_requests_total", aggregate: "rate", windowMs: LONG },
    RATE,
    "counters that start again",
  ),
  over("increase(own_requests_total[15s])", { metric: "own_requests_total", aggregate: "increase", windowMs: SHORT }, RATE),
  over(
    "increase(own_seldom_total[30s])",
    { metric: "own_seldom_total", aggregate: "increase", windowMs: LONG },
    RATE,
    "a sample every 7 s",
  ),
  over("delta(own_temperature_celsius[15s])", { metric: "own_temperature_celsius", aggregate: "delta", windowMs: SHORT }, RATE),
  over("avg_over_time(own_temperature_celsius[15s])", { metric: "own_temperature_celsius", aggregate: "avg", windowMs: SHORT }),
  over("min_over_time(own_temperature_celsius[30s])", { metric: "own_temperature_celsius", aggregate: "min", windowMs: LONG }),
  over("max_over_time(node_memory_MemFree_bytes[15s])", { metric: "node_memory_MemFree_bytes", aggregate: "max", windowMs: SHORT }),
  over(
    "sum_over_time(own_flicker[30s])",
    { metric: "own_flicker", aggregate: "sum", windowMs: LONG },
    EXACT,
    "stale markers are no samples",
  ),
  over("count_over_time(up[15s])", { metric: "up", aggregate: "count", windowMs: SHORT }),
  over("last_over_time(own_flicker[15s])", { metric: "own_flicker", aggregate: "last", windowMs: SHORT }, EXACT, "beyond a stale marker"),
  over("stddev_over_time(own_temperature_celsius[30s])", { metric: "own_temperature_celsius", aggregate: "stddev", windowMs: LONG }),
  over("quantile_over_time(0.9, own_temperature_celsius[30s])", {
    metric: "own_temperature_celsius",
    aggregate: "quantile",
    quantile: 0.9,
    windowMs: LONG,
  }),
];

const cpuRate = { metric: "node_cpu_seconds_total", aggregate: "rate", windowMs: SHORT } as const;
const temperature = { metric: "own_temperature_celsius", ...LOOK_BACK } as const;

/** Many series become few. */
const GROUPS: readonly Question[] = [
  over("sum by (mode) (rate(node_cpu_seconds_total[15s]))", { ...cpuRate, groupBy: ["mode"], groupAggregate: "sum" }, RATE),
  over(
    "sum without (cpu, instance) (rate(node_cpu_seconds_total[15s]))",
    { ...cpuRate, without: ["cpu", "instance"], groupAggregate: "sum" },
    RATE,
  ),
  over("avg by (room) (own_temperature_celsius)", { ...temperature, groupBy: ["room"], groupAggregate: "avg" }),
  over("max without (room, job) (own_temperature_celsius)", { ...temperature, without: ["room", "job"], groupAggregate: "max" }),
  over("min by (instance, floor) (own_temperature_celsius)", { ...temperature, groupBy: ["instance", "floor"], groupAggregate: "min" }),
  over("count by (job) (scrape_samples_scraped)", {
    metric: "scrape_samples_scraped",
    ...LOOK_BACK,
    groupBy: ["job"],
    groupAggregate: "count",
  }),
  over("stddev by (instance) (own_temperature_celsius)", { ...temperature, groupBy: ["instance"], groupAggregate: "stddev" }),
  over("quantile by (instance) (0.75, own_temperature_celsius)", {
    ...temperature,
    groupBy: ["instance"],
    groupAggregate: "quantile",
    quantile: 0.75,
  }),
  over("topk(3, own_temperature_celsius)", { ...temperature, top: { k: 3 } }, EXACT, "other series at every step"),
  over(
    "bottomk(2, sum by (route) (rate(own_requests_total[15s])))",
    {
      metric: "own_requests_total",
      aggregate: "rate",
      windowMs: SHORT,
      groupBy: ["route"],
      groupAggregate: "sum",
      top: { k: 2, order: "smallest" },
    },
    RATE,
  ),
];

const HISTOGRAMS: readonly Question[] = [
  over(
    "histogram_quantile(0.9, sum by (le, route) (rate(own_latency_seconds_bucket[15s])))",
    {
      metric: "own_latency_seconds_bucket",
      aggregate: "rate",
      windowMs: SHORT,
      groupBy: ["le", "route"],
      groupAggregate: "sum",
      histogramQuantile: 0.9,
    },
    RATE,
  ),
  over("histogram_quantile(0.999, own_latency_seconds_bucket)", {
    metric: "own_latency_seconds_bucket",
    ...LOOK_BACK,
    histogramQuantile: 0.999,
  }),
];

const requests = (code: string) => ({ metric: "own_requests_total", matchers: [label("code", code)], ...LOOK_BACK });

/** Arithmetic between selections. */
const FORMULAS: readonly Question[] = [
  {
    promql: "100 * (1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes)",
    selections: [
      { metric: "node_memory_MemAvailable_bytes", ...LOOK_BACK },
      { metric: "node_memory_MemTotal_bytes", ...LOOK_BACK },
    ],
    formula: { expression: "100 * (1 - a / b)" },
    within: EXACT,
  },
  {
    promql: 'own_requests_total{code="500"} / ignoring (code) own_requests_total{code="200"}',
    selections: [requests("500"), requests("200")],
    formula: { expression: "a / b", ignoring: ["code"] },
    within: EXACT,
  },
  {
    promql: "sum by (route, code) (own_requests_total) / on (route) group_left sum by (route) (own_requests_total)",
    selections: [
      { metric: "own_requests_total", ...LOOK_BACK, groupBy: ["route", "code"], groupAggregate: "sum" },
      { metric: "own_requests_total", ...LOOK_BACK, groupBy: ["route"], groupAggregate: "sum" },
    ],
    formula: { expression: "a / b", on: ["route"], many: "left" },
    within: EXACT,
  },
];

/** The forty questions whose answers must be those of a Prometheus that scraped the same targets. */
export const QUESTIONS: readonly Question[] = [...SELECTORS, ...RANGES, ...GROUPS, ...HISTOGRAMS, ...FORMULAS];
