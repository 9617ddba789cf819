/**
 * Exponential histograms (https://opentelemetry.io/docs/specs/otel/metrics/data-model/#exponentialhistogram) as classic ones: bucket
 * `i` of scale `s` holds what is above `2^(i/2^s)` and at most `2^((i+1)/2^s)`, so every bucket's upper bound is a bound of the
 * next finer scale too, and halving the scale joins neighbours exactly.
 */
export interface OffsetHistogram {
  readonly scale: number;
  readonly count: number;
  readonly zeroCount: number;
  readonly zeroThreshold: number;
  readonly positive: BucketRun;
  readonly negative: BucketRun;
}

/** Buckets in rising order: neighbours, of which the first is number `offset`, or those with these `indexes` (from `offset` on). */
export interface BucketRun {
  readonly offset: number;
  readonly counts: readonly number[];
  /** As many as counts. Prometheus leaves empty buckets out, and may leave out millions. */
  readonly indexes?: readonly number[];
}

/** Which buckets a series of such histograms has had so far. */
export interface ExponentialGrid {
  readonly scale: number;
  readonly positive: Range;
  readonly negative: Range;
}

/** First and last index; first above last when there is none. */
interface Range {
  readonly first: number;
  readonly last: number;
}

/** A bound and how many values were at most that. */
export interface BoundedCount {
  readonly bound: number;
  readonly count: number;
}

/** Buckets of one histogram, those of zero and infinity among them: OpenTelemetry's SDKs hold as many of each sign. */
export const GRID_BUCKETS = 160;
/** Scales that SDKs use (https://opentelemetry.io/docs/specs/otel/metrics/sdk/#base2-exponential-bucket-histogram-aggregation). */
export const EXPONENTIAL_SCALES = { least: -10, most: 20 } as const;

const EMPTY: Range = { first: 0, last: -1 };

/**
 * The grid for the next histogram of a series: wide enough for it and for all before it, and as fine as 160 buckets allow. Without
 * the former ones a bound would come and go with the values, and sums over time of its counts would miss the times in between.
 */
export function gridFor(histogram: OffsetHistogram, former: ExponentialGrid | undefined): ExponentialGrid {
  let grid: ExponentialGrid = { scale: histogram.scale, positive: usedOf(histogram.positive), negative: usedOf(histogram.negative) };
  if (former) {
    const scale = Math.min(former.scale, grid.scale);
    const [a, b] = [coarser(grid, scale), coarser(former, scale)];
    grid = { scale, positive: union(a.positive, b.positive), negative: union(a.negative, b.negative) };
  }
  while (bucketsOf(grid) > GRID_BUCKETS) grid = coarser(grid, grid.scale - 1);
  return grid;
}

/** The histogram over a grid that is wide enough for it, bounds ascending, the last one infinite. */
export function bucketsOn(grid: ExponentialGrid, histogram: OffsetHistogram): BoundedCount[] {
  const joined = 2 ** (histogram.scale - grid.scale);
  const buckets: BoundedCount[] = [];
  let total = 0;
  const add = (bound: number, count: number): void => {
    total += count;
    const last = buckets.at(-1);
    // Bounds below the zero bucket's, and bounds beyond what doubles reach, are none of their own.
    if (last && bound <= last.bound) buckets[buckets.length - 1] = { bound: last.bound, count: total };
    else if (Math.abs(bound) < Infinity) buckets.push({ bound, count: total });
  };
  const negative = countsOn(histogram.negative, grid.negative, joined);
  for (let i = grid.negative.last; i >= grid.negative.first; i--) {
    add(-boundOf(i, grid.scale), negative[i - grid.negative.first] ?? 0);
  }
  add(histogram.zeroThreshold, histogram.zeroCount);
  const { first, last } = grid.positive;
  // The lowest bucket's own lower bound: else it would seem to begin at zero.
  if (first <= last) add(boundOf(first, grid.scale), 0);
  const positive = countsOn(histogram.positive, grid.positive, joined);
  for (let i = first; i <= last; i++) add(boundOf(i + 1, grid.scale), positive[i - first] ?? 0);
  buckets.push({ bound: Infinity, count: histogram.count });
  return buckets;
}

function boundOf(index: number, scale: number): number {
  return 2 ** (index * 2 ** -scale);
}

function numberOf({ offset, indexes }: BucketRun, place: number): number {
  return offset + (indexes ? (indexes[place] ?? 0) : place);
}

function usedOf(run: BucketRun): Range {
  const { counts } = run;
  let [first, last] = [0, counts.length - 1];
  while (first <= last && !counts[first]) first++;
  while (last >= first && !counts[last]) last--;
  return first > last ? EMPTY : { first: numberOf(run, first), last: numberOf(run, last) };
}

function coarser(grid: ExponentialGrid, scale: number): ExponentialGrid {
  if (scale === grid.scale) return grid;
  const joined = 2 ** (grid.scale - scale);
  const of = ({ first, last }: Range): Range =>
    first > last ? EMPTY : { first: Math.floor(first / joined), last: Math.floor(last / joined) };
  return { scale, positive: of(grid.positive), negative: of(grid.negative) };
}

function union(a: Range, b: Range): Range {
  if (a.first > a.last) return b;
  return b.first > b.last ? a : { first: Math.min(a.first, b.first), last: Math.max(a.last, b.last) };
}

/** Both sides, the lower bound of the positive one, zero and infinity. */
function bucketsOf({ positive, negative }: ExponentialGrid): number {
  return positive.last - positive.first + negative.last - negative.first + 5;
}

function countsOn(run: BucketRun, { first, last }: Range, joined: number): number[] {
  const sums = Array.from({ length: last - first + 1 }, () => 0);
  for (const [i, count] of run.counts.entries()) {
    const at = Math.floor(numberOf(run, i) / joined) - first;
    if (count && at >= 0) sums[at] = (sums[at] ?? 0) + count;
  }
  return sums;
}
