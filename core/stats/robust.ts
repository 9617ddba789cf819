/** Figures of a population that a few extreme values cannot move: median and MAD (Hampel, 1974), and how far one value stands from them. */
export interface RobustSummary {
  readonly count: number;
  readonly median: number;
  /** Median of the absolute deviations from the median. */
  readonly mad: number;
  /** Mean of them, for populations of which more than half are equal. */
  readonly meanDeviation: number;
  readonly p90: number;
  readonly p99: number;
  readonly min: number;
  readonly max: number;
}

/** Makes the MAD of a normal distribution its standard deviation: 1 / Φ⁻¹(3/4). */
const MAD_SCALE = 1.4826;
/** The same of the mean deviation: √(π/2). Iglewicz and Hoaglin (1993) fall back to it where the MAD is 0. */
const MEAN_DEVIATION_SCALE = 1.253314;
/** Further out nothing is said any more; it also keeps the value finite. */
export const MAX_ROBUST_Z = 1_000;

/**
 * The value below which the fraction lies, linearly between neighbours (type 7 of Hyndman and Fan, 1996).
 * @param sorted ascending, not empty
 * @param fraction 0 to 1
 */
export function quantile(sorted: Float64Array, fraction: number): number {
  const place = (sorted.length - 1) * fraction;
  const low = Math.floor(place);
  const below = sorted[low] ?? Number.NaN;
  const above = sorted[Math.min(low + 1, sorted.length - 1)] ?? below;
  return below + (above - below) * (place - low);
}

/** @param sorted ascending @returns undefined of an empty population */
export function summarize(sorted: Float64Array): RobustSummary | undefined {
  if (sorted.length === 0) return undefined;
  const median = quantile(sorted, 0.5);
  const deviations = sorted.map((value) => Math.abs(value - median)).sort();
  return {
    count: sorted.length,
    median,
    mad: quantile(deviations, 0.5),
    meanDeviation: deviations.reduce((sum, deviation) => sum + deviation / deviations.length, 0),
    p90: quantile(sorted, 0.9),
    p99: quantile(sorted, 0.99),
    min: quantile(sorted, 0),
    max: quantile(sorted, 1),
  };
}

/** How many robust deviations the value lies above (or, negative, below) the median; within ±{@link MAX_ROBUST_Z}. */
export function robustZ(value: number, of: Pick<RobustSummary, "median" | "mad" | "meanDeviation">): number {
  const distance = value - of.median;
  if (distance === 0) return 0;
  const scale = of.mad > 0 ? MAD_SCALE * of.mad : MEAN_DEVIATION_SCALE * of.meanDeviation;
  const z = scale > 0 ? distance / scale : Math.sign(distance) * MAX_ROBUST_Z;
  return Math.max(-MAX_ROBUST_Z, Math.min(MAX_ROBUST_Z, z));
}

export interface Histogram {
  readonly from: number;
  readonly to: number;
  readonly counts: number[];
}

/** Counts over equal bins from the lowest to the highest; the highest value is in the last. @param sorted ascending */
export function histogram(sorted: Float64Array, bins: number): Histogram | undefined {
  const [from, to] = [sorted[0], sorted[sorted.length - 1]];
  if (from === undefined || to === undefined) return undefined;
  const counts = Array.from({ length: bins }, () => 0);
  for (const value of sorted) {
    const bin = to === from ? 0 : Math.min(bins - 1, Math.floor(((value - from) / (to - from)) * bins));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return { from, to, counts };
}
