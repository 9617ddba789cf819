import { DELTA, TEMPORALITY_LABEL } from "../../contract/metric-limits.ts";
import type { SeriesIdentity } from "../../contract/metric-key.ts";
import type { MetricType } from "../../contract/metric-extras.ts";
import { commonExponent, POWERS } from "./packed-numbers.ts";
import type { PointColumns } from "./points.ts";
import type { RollupBuffer } from "./rollup-buffer.ts";
import { difference } from "./rollup-codec.ts";
import type { RollupView } from "./tier-source.ts";

/**
 * What the values of a series are, as far as its increase goes: running totals, increases since the sample before, neither, or not known.
 * Of what is not known the increase is kept as long as values never fall.
 */
export type Rising = "total" | "delta" | "no" | "maybe";

/** By the type that the sender told, else by the endings that Prometheus' conventions give to counters. */
export function risingOf({ metric, labels }: SeriesIdentity, type: MetricType | undefined): Rising {
  if (labels[TEMPORALITY_LABEL] === DELTA) return "delta";
  const isTotal = /_(?:total|count|sum|bucket)$/.test(metric);
  if (type === undefined || type === "unknown") return isTotal ? "total" : "maybe";
  if (type === "counter") return "total";
  // The quantiles of a summary are no totals, its `_sum` and `_count` are.
  return type === "gauge" || !isTotal ? "no" : "total";
}

/**
 * Sums sorted points into windows and appends those that have a sample. The stale marker and NaN are none. Sums of decimals are exact:
 * they are added as whole numbers.
 * @param before value of the last sample before the first point; NaN when there is none
 */
export function sumPoints(
  points: PointColumns,
  first: number,
  last: number,
  shape: { readonly stepMs: number; readonly rising: Rising; readonly before: number },
  out: RollupBuffer,
): void {
  const { stepMs, rising } = shape;
  const { at, values } = points;
  const power = powerFor(values, first, last);
  const start = out.count;
  let before = shape.before;
  let fell = false;
  for (let i = first; i < last;) {
    const window = Math.floor((at[i] ?? 0) / stepMs) * stepMs;
    const end = window + stepMs;
    const base = before;
    let samples = 0;
    let sum = 0;
    let min = Number.POSITIVE_INFINITY;
    let max = Number.NEGATIVE_INFINITY;
    let newest = 0;
    let resets = Number.NaN;
    for (; i < last && (at[i] ?? 0) < end; i++) {
      const value = values[i] ?? 0;
      if (Number.isNaN(value)) continue;
      samples++;
      sum += power === undefined ? value : Math.round(value * power);
      if (value < min) min = value;
      if (value > max) max = value;
      // A counter that fell has begun anew: what it had reached before counts beside what it has now.
      if (value < before) resets = (Number.isNaN(resets) ? 0 : resets) + before;
      before = newest = value;
    }
    if (samples === 0) continue;
    const whole = power === undefined ? sum : sum / power;
    const columns = out.reserve(1);
    const at_ = out.count++;
    columns.at[at_] = window;
    columns.sum[at_] = whole;
    columns.samples[at_] = samples;
    columns.min[at_] = min + 0;
    columns.max[at_] = max + 0;
    columns.last[at_] = newest;
    columns.increase[at_] = rising === "delta" ? whole : increaseOf(base, newest, resets, values, first, i, samples);
    if (!Number.isNaN(resets)) fell = true;
  }
  if (rising === "no" || (rising === "maybe" && fell)) out.columns.increase.fill(Number.NaN, start, out.count);
}

/** From the last sample before the window, else from the first in it, to the last. */
function increaseOf(
  base: number,
  newest: number,
  resets: number,
  values: Float64Array,
  first: number,
  end: number,
  samples: number,
): number {
  let from = base;
  if (Number.isNaN(from)) from = firstOf(values, first, end, samples);
  const plain = difference(newest, from);
  const rise = Number.isNaN(resets) ? plain : plain + resets;
  // Between infinities there is no difference.
  return Number.isNaN(rise) ? 0 : rise;
}

/** The first of the last `samples` real values before `end`. */
function firstOf(values: Float64Array, first: number, end: number, samples: number): number {
  let left = samples;
  for (let i = end - 1; i >= first; i--) if (!Number.isNaN(values[i] ?? 0) && --left === 0) return values[i] ?? 0;
  return 0;
}

/** Sums the windows `[first, last)` of a finer tier into windows of `stepMs` and appends them; exact like {@link sumPoints}. */
export function sumWindows(from: RollupView, first: number, last: number, stepMs: number, out: RollupBuffer): void {
  const power = powerFor(from.sum, first, last);
  const risePower = powerFor(from.increase, first, last);
  for (let i = first; i < last;) {
    const window = Math.floor((from.at[i] ?? 0) / stepMs) * stepMs;
    const end = window + stepMs;
    const columns = out.reserve(1);
    const at = out.count++;
    let sum = 0;
    let samples = 0;
    let min = Number.POSITIVE_INFINITY;
    let max = Number.NEGATIVE_INFINITY;
    let rise = 0;
    for (; i < last && (from.at[i] ?? 0) < end; i++) {
      const windowSum = from.sum[i] ?? 0;
      const windowRise = from.increase[i] ?? 0;
      sum += power === undefined ? windowSum : Math.round(windowSum * power);
      rise += risePower === undefined ? windowRise : Math.round(windowRise * risePower);
      samples += from.samples[i] ?? 0;
      min = Math.min(min, from.min[i] ?? 0);
      max = Math.max(max, from.max[i] ?? 0);
      columns.last[at] = from.last[i] ?? 0;
    }
    columns.at[at] = window;
    columns.sum[at] = power === undefined ? sum : sum / power;
    columns.samples[at] = samples;
    columns.min[at] = min;
    columns.max[at] = max;
    columns.increase[at] = risePower === undefined ? rise : rise / risePower;
  }
}

/** The power of ten by which decimals are added as whole numbers without loss; undefined when they are none, or too large. */
function powerFor(values: Float64Array, first: number, last: number): number | undefined {
  let exponent: number | undefined = 0;
  let largest = 0;
  // NaNs lie between runs of numbers; a run at a time is looked at.
  for (let i = first; i < last && exponent !== undefined;) {
    while (i < last && Number.isNaN(values[i])) i++;
    const start = i;
    while (i < last && !Number.isNaN(values[i])) largest = Math.max(largest, Math.abs(values[i++] ?? 0));
    if (i > start) exponent = commonExponent(values, start, i, exponent);
  }
  if (exponent === undefined) return undefined;
  const power = POWERS[exponent] ?? 1;
  return largest * power * (last - first) < Number.MAX_SAFE_INTEGER ? power : undefined;
}
