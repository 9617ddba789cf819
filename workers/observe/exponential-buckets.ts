/** One side of an exponential histogram: bucket `index` holds magnitudes in `(base^(index-1), base^index]`, indexes rise. */
export interface ExponentialSide {
  readonly indexes: readonly number[];
  readonly counts: readonly number[];
}

/** An exponential histogram with `base = 2^(2^-schema)`, as Prometheus numbers its buckets; OpenTelemetry's index is one less. */
export interface ExponentialHistogram {
  readonly schema: number;
  readonly zeroThreshold: number;
  readonly zeroCount: number;
  readonly positive: ExponentialSide;
  readonly negative: ExponentialSide;
}

/** A classic bucket: how many values were at most `le`. */
export interface ClassicBucket {
  readonly le: number;
  readonly count: number;
}

/** Buckets that one histogram becomes at most, besides `+Inf`. */
export const MAX_CLASSIC_BUCKETS = 160;
/** At this schema one bucket covers every double above 1 and one all below; nothing is coarser. */
const COARSEST = -11;

/**
 * The classic buckets of an exponential histogram at its own bounds, in rising order and without `+Inf`. Halves the resolution (two
 * neighbours become one, which is exact) until they fit. A run of buckets begins with its lower bound, so that nothing is read into gaps.
 */
export function classicBuckets(histogram: ExponentialHistogram): ClassicBucket[] {
  let { schema, positive, negative } = histogram;
  for (;;) {
    const buckets = bucketsAt({ ...histogram, schema, positive, negative });
    if (buckets.length <= MAX_CLASSIC_BUCKETS || schema <= COARSEST) return buckets;
    schema--;
    positive = halved(positive);
    negative = halved(negative);
  }
}

function halved({ indexes, counts }: ExponentialSide): ExponentialSide {
  const merged = { indexes: [] as number[], counts: [] as number[] };
  for (const [i, index] of indexes.entries()) {
    const coarse = Math.ceil(index / 2);
    const last = merged.indexes.length - 1;
    if (merged.indexes[last] === coarse) merged.counts[last] = (merged.counts[last] ?? 0) + (counts[i] ?? 0);
    else {
      merged.indexes.push(coarse);
      merged.counts.push(counts[i] ?? 0);
    }
  }
  return merged;
}

function bucketsAt({ schema, zeroThreshold, zeroCount, positive, negative }: ExponentialHistogram): ClassicBucket[] {
  const bound = (index: number): number => 2 ** (index * 2 ** -schema);
  const buckets: { readonly le: number; count: number }[] = [];
  let total = 0;
  let reached = Number.NEGATIVE_INFINITY;
  const add = (lower: number, upper: number, count: number): void => {
    if (lower > reached && lower < Number.POSITIVE_INFINITY) {
      buckets.push({ le: lower, count: total });
      reached = lower;
    }
    total += count;
    if (upper > reached) {
      reached = upper;
      // What reaches further than doubles do is in `+Inf`.
      if (upper < Number.POSITIVE_INFINITY) buckets.push({ le: upper, count: total });
      return;
    }
    // A bucket inside of the one before: bounds that are smaller than doubles tell apart, or than the zero bucket.
    const last = buckets.at(-1);
    if (last && reached < Number.POSITIVE_INFINITY) last.count = total;
  };
  for (let i = negative.indexes.length - 1; i >= 0; i--) {
    const index = negative.indexes[i] ?? 0;
    add(-bound(index), -bound(index - 1), negative.counts[i] ?? 0);
  }
  if (zeroCount > 0) add(-zeroThreshold, zeroThreshold, zeroCount);
  for (const [i, index] of positive.indexes.entries()) add(Math.max(bound(index - 1), 0), bound(index), positive.counts[i] ?? 0);
  return buckets;
}

/**
 * The same buckets with those of earlier histograms of the series put in, as far as there is room: a bound that came and went with
 * the values would look like a counter that starts anew. Only where no value lies between two bounds is the count of another one known.
 */
export function withFormer(buckets: readonly ClassicBucket[], former: Iterable<number>, count: number): ClassicBucket[] {
  const all = [...buckets];
  const bounds = new Set(buckets.map(({ le }) => le));
  for (const le of former) {
    if (all.length >= MAX_CLASSIC_BUCKETS) break;
    if (bounds.has(le) || !Number.isFinite(le)) continue;
    const above = buckets.findIndex((bucket) => bucket.le > le);
    const [before, behind] = above < 0 ? [buckets.at(-1), undefined] : [buckets[above - 1], buckets[above]];
    const low = before?.count ?? 0;
    if (low === (behind?.count ?? count)) all.push({ le, count: low });
  }
  return all.length === buckets.length ? all : all.toSorted((a, b) => a.le - b.le);
}
