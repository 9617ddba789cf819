import type { MetricQueryReply } from "./metric-query.ts";
import { thin } from "./query-downsample.ts";
import type { StepSeries } from "./query-histogram.ts";
import type { QueryPlan } from "./query-plan.ts";
import type { Steps } from "./query-steps.ts";

type Shown = MetricQueryReply["series"][number];

/** Series as an answer holds them; those without any value are left out. JSON has no infinity and no NaN: they become gaps. */
export function shownSeries(series: readonly StepSeries[], steps: Steps, { gaps, downsample, maxPoints }: QueryPlan["range"]): Shown[] {
  return series
    .filter(({ values }) => values.some((value) => !Number.isNaN(value)))
    .map((each) => {
      const { labels, low, high } = each;
      if (each.times) return { labels, values: numbers(each.values), times: [...each.times], ...bandOf(low, high) };
      const values = fill(each.values, gaps);
      if (downsample === "steps") return { labels, values: numbers(values), ...bandOf(low, high) };
      const left = thin(values, steps.startMs, steps.stepMs, downsample, maxPoints);
      const at = (column: Float64Array | undefined) => column && Float64Array.from(left.steps, (step) => column[step] ?? Number.NaN);
      return { labels, values: numbers(left.values), times: [...left.times], ...bandOf(at(low), at(high)) };
    });
}

function bandOf(low: Float64Array | undefined, high: Float64Array | undefined): Pick<Shown, "band"> {
  return low && high ? { band: { min: numbers(low), max: numbers(high) } } : {};
}

function fill(values: Float64Array, gaps: QueryPlan["range"]["gaps"]): Float64Array {
  if (gaps === "null") return values;
  let before = gaps === "zero" ? 0 : Number.NaN;
  return values.map((value) => {
    if (Number.isNaN(value)) return before;
    if (gaps === "previous") before = value;
    return value;
  });
}

function numbers(values: Float64Array): (number | null)[] {
  return Array.from(values, (value) => (Number.isFinite(value) ? value : null));
}
