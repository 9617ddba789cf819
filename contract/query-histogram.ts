import type { Labels } from "./metric-key.ts";
import { labelsKey } from "./query-rows.ts";

/** A series between its partial sums and the answer: a value per step, NaN where there is none. */
export interface StepSeries {
  readonly labels: Labels;
  readonly values: Float64Array;
  readonly low?: Float64Array | undefined;
  readonly high?: Float64Array | undefined;
  readonly times?: Float64Array | undefined;
}

/** The label of a bucket's upper bound. */
const BOUND = "le";

/**
 * Quantiles from the buckets of classic histograms, by the rules of Prometheus' `histogram_quantile`: without a bucket `+Inf` there is no
 * answer; counts that fall from one bound to the next are taken as equal; within a bucket values are taken as evenly spread; what lies
 * above the last bound is that bound.
 */
export function histogramQuantiles(series: readonly StepSeries[], quantile: number): StepSeries[] {
  const groups = new Map<string, { labels: Labels; buckets: { bound: number; values: Float64Array }[] }>();
  for (const { labels, values } of series) {
    const { [BOUND]: text = "", ...rest } = labels;
    const bound = boundOf(text);
    if (Number.isNaN(bound)) continue;
    const key = labelsKey(rest);
    let group = groups.get(key);
    if (!group) groups.set(key, (group = { labels: rest, buckets: [] }));
    group.buckets.push({ bound, values });
  }
  return [...groups.values()].map(({ labels, buckets }) => {
    buckets.sort((a, b) => a.bound - b.bound);
    const bounds = new Float64Array(buckets.length);
    const counts = new Float64Array(buckets.length);
    const values = new Float64Array(buckets[0]?.values.length ?? 0).fill(Number.NaN);
    for (let step = 0; step < values.length; step++) {
      let used = 0;
      for (const bucket of buckets) {
        const count = bucket.values[step] ?? Number.NaN;
        if (Number.isNaN(count)) continue;
        // Two spellings of one bound are one bucket.
        if (used > 0 && bounds[used - 1] === bucket.bound) counts[used - 1] = (counts[used - 1] ?? 0) + count;
        else {
          bounds[used] = bucket.bound;
          counts[used++] = count;
        }
      }
      values[step] = bucketQuantile(quantile, bounds, counts, used);
    }
    return { labels, values };
  });
}

function boundOf(text: string): number {
  if (/^\+?inf(inity)?$/i.test(text)) return Number.POSITIVE_INFINITY;
  if (/^-inf(inity)?$/i.test(text)) return Number.NEGATIVE_INFINITY;
  return text.trim() === "" ? Number.NaN : Number(text);
}

/** Of the first `used` buckets, by rising bound, with running counts. */
function bucketQuantile(quantile: number, bounds: Float64Array, counts: Float64Array, used: number): number {
  const last = used - 1;
  if (used < 2 || bounds[last] !== Number.POSITIVE_INFINITY) return Number.NaN;
  for (let i = 1; i < used; i++) if ((counts[i] ?? 0) < (counts[i - 1] ?? 0)) counts[i] = counts[i - 1] ?? 0;
  const observations = counts[last] ?? 0;
  if (observations === 0) return Number.NaN;
  let rank = quantile * observations;
  let b = 0;
  while (b < last && !((counts[b] ?? 0) >= rank)) b++;
  if (b === last) return bounds[last - 1] ?? Number.NaN;
  const end = bounds[b] ?? 0;
  if (b === 0 && end <= 0) return end;
  let start = 0;
  let count = counts[b] ?? 0;
  if (b > 0) {
    start = bounds[b - 1] ?? 0;
    count -= counts[b - 1] ?? 0;
    rank -= counts[b - 1] ?? 0;
  }
  return start + (end - start) * (rank / count);
}
