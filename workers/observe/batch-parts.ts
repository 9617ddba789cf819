import { BATCH_LIMITS } from "../../contract/metric-batch.ts";
import { placeOf } from "./placement.ts";
import type { KnownSeries } from "./series-cache.ts";

/** What one call to one shard carries of a batch. */
export interface BatchPart {
  readonly place: number;
  /** Which part of those for this shard, from 0. */
  readonly turn: number;
  /** Positions in the batch; absent: all of them. */
  readonly samples?: readonly number[];
}

/** Times of one encoded batch lie less than 2^31 ms (24.8 days) apart. */
const SPAN_MS = 20 * 24 * 3_600_000;
const HOUR_MS = 3_600_000;

export interface PartColumns {
  readonly count: number;
  readonly series: readonly KnownSeries[];
  readonly atMs: Float64Array;
  /** Series that need a shard without bringing samples: those of exemplars. */
  readonly others: readonly KnownSeries[];
}

/**
 * Divides a batch over the shards by the source of each series, and by what one encoded batch can hold. The order of samples is kept
 * within a shard. A batch without anything is one empty part for the first shard: it may carry metadata.
 */
export function partsOf(columns: PartColumns, shards: number): BatchPart[] {
  const { count, series, atMs, others } = columns;
  if (shards === 1 && count <= BATCH_LIMITS.samples && spanOf(atMs, count) < SPAN_MS) {
    for (let i = 0; i < count; i++) {
      const one = series[i];
      if (one && one.placedAmong !== 1) placeOf(one, 1);
    }
    for (const one of others) placeOf(one, 1);
    return [{ place: 0, turn: 0 }];
  }
  const turns = new Map<number, number>();
  const open = new Map<string, number[]>();
  const parts: BatchPart[] = [];
  const begin = (place: number): number[] => {
    const samples: number[] = [];
    const turn = turns.get(place) ?? 0;
    turns.set(place, turn + 1);
    parts.push({ place, turn, samples });
    return samples;
  };
  for (let i = 0; i < count; i++) {
    const one = series[i];
    if (!one) continue; // never: one series a sample
    const place = placeOf(one, shards);
    const name = `${place} ${Math.floor((atMs[i] ?? 0) / SPAN_MS)}`;
    let samples = open.get(name);
    if (!samples || samples.length === BATCH_LIMITS.samples) open.set(name, (samples = begin(place)));
    samples.push(i);
  }
  for (const one of others) if (!turns.has(placeOf(one, shards))) begin(one.place);
  if (parts.length === 0) begin(0);
  return parts;
}

/**
 * As {@link partsOf}, but never with the points of one series and hour in two parts: a shard replaces the windows that a part brings.
 * Samples are put into order of series and time for that.
 */
export function importPartsOf(columns: PartColumns, shards: number): BatchPart[] {
  const { atMs } = columns;
  const parts: (BatchPart & { readonly samples: number[] })[] = [];
  const open = new Map<string, number[]>();
  const turns = new Map<number, number>();
  const begin = (place: number, name: string): number[] => {
    const samples: number[] = [];
    const turn = turns.get(place) ?? 0;
    turns.set(place, turn + 1);
    parts.push({ place, turn, samples });
    open.set(name, samples);
    return samples;
  };
  for (const [series, order] of inOrder(columns)) {
    const place = placeOf(series, shards);
    for (let from = 0, end = 0; from < order.length; from = end) {
      const hour = hourOf(atMs, order[from]);
      for (end = from + 1; end < order.length && hourOf(atMs, order[end]) === hour; end++);
      const name = `${place} ${Math.floor((hour * HOUR_MS) / SPAN_MS)}`;
      let samples = open.get(name) ?? begin(place, name);
      if (samples.length + end - from > BATCH_LIMITS.samples) samples = begin(place, name);
      for (let at = from; at < end; at++) {
        // An hour of more than a part holds cannot be kept together: its last part stays.
        if (samples.length === BATCH_LIMITS.samples) samples = begin(place, name);
        samples.push(order[at] ?? 0);
      }
    }
  }
  return parts;
}

/** The samples of each series in rising order of time, those of one time in the order they came. */
function inOrder({ count, series, atMs }: PartColumns): Map<KnownSeries, number[]> {
  const orders = new Map<KnownSeries, number[]>();
  const unsorted = new Set<number[]>();
  for (let i = 0; i < count; i++) {
    const one = series[i];
    if (!one) continue; // never: one series a sample
    let order = orders.get(one);
    if (!order) orders.set(one, (order = []));
    const before = order.at(-1);
    if (before !== undefined && (atMs[before] ?? 0) > (atMs[i] ?? 0)) unsorted.add(order);
    order.push(i);
  }
  for (const order of unsorted) order.sort((a, b) => (atMs[a] ?? 0) - (atMs[b] ?? 0) || a - b);
  return orders;
}

function hourOf(atMs: Float64Array, sample: number | undefined): number {
  return Math.floor((atMs[sample ?? 0] ?? 0) / HOUR_MS);
}

function spanOf(atMs: Float64Array, count: number): number {
  let oldest = Number.POSITIVE_INFINITY;
  let newest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < count; i++) {
    const at = atMs[i] ?? 0;
    if (at < oldest) oldest = at;
    if (at > newest) newest = at;
  }
  return newest - oldest;
}
