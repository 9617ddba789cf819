import { type OverTime, ROLLUP_STEPS_MS, type Tier } from "../../../contract/metric-limits.ts";
import type { Steps } from "../../../contract/query-steps.ts";
import type { TierSource } from "../tier-source.ts";
import { BucketFold, type Fold } from "./bucket-fold.ts";
import { RollupWindowFold } from "./rollup-window-fold.ts";
import { type Segment, segmentsOf, windowOf } from "./segments.ts";
import { WindowFold } from "./window-fold.ts";

/** How far back the value before a step is looked for at first: nearly always it is there. */
const NEAR_MS = 300_000;

/** The step values of one series, valid until the next. */
export interface SeriesValues {
  /** NaN where there is none. */
  readonly values: Float64Array;
  /** Samples behind each; for `last` the time of the newest. */
  readonly weights: Float64Array;
  /** The smallest and largest sample of each step, where they were asked for. */
  readonly low?: Float64Array | undefined;
  readonly high?: Float64Array | undefined;
}

/** Reads series one after the other, each into values of the same steps. */
export interface SeriesValuesReader {
  /** What is read of which tier. */
  readonly segments: readonly Segment[];
  read(slot: number, delta: boolean): SeriesValues;
}

/** These are made of the samples themselves: rollups hold only an approach to them. */
const NEEDS_SAMPLES: ReadonlySet<OverTime> = new Set(["stddev", "quantile", "last", "delta"]);
/** These look at the value before the step. */
const NEEDS_BEFORE: ReadonlySet<OverTime> = new Set(["rate", "increase", "delta"]);

/** Tiers that can answer, the best first: the coarsest that gives the same answer, then those that approach it. */
export function tiersFor(over: OverTime, stepMs: number, windowMs: number | undefined): Tier[] {
  if (windowMs !== undefined) {
    const coarse = (["minute", "hour"] as const).filter((tier) => windowMs >= 5 * windowOf(tier));
    return ["raw", ...coarse];
  }
  const whole = (["hour", "minute"] as const).filter((tier) => stepMs % windowOf(tier) === 0);
  if (!NEEDS_SAMPLES.has(over)) return [...whole, ...(whole.length === 0 ? (["raw"] as const) : [])];
  return ["raw", ...whole.toReversed()];
}

export interface ReadOrder extends Omit<Fold, "delta"> {
  readonly steps: Steps;
  readonly windowMs: number | undefined;
  /** Whether buckets come with their smallest and largest sample. */
  readonly band: boolean;
}

export function seriesValues(order: ReadOrder, wanted: Tier, source: TierSource): SeriesValuesReader {
  return order.windowMs === undefined ? bucketReader(order, wanted, source) : windowReader(order, order.windowMs, wanted, source);
}

function bucketReader({ over, quantile, steps, band }: ReadOrder, wanted: Tier, source: TierSource): SeriesValuesReader {
  const segments = segmentsOf(source, wanted, steps.startMs, steps.startMs + steps.count * steps.stepMs);
  const fold = new BucketFold(steps, over);
  const low = band ? new BucketFold(steps, "min") : undefined;
  const high = band ? new BucketFold(steps, "max") : undefined;
  const needsBefore = NEEDS_BEFORE.has(over);
  return {
    segments,
    read(slot, delta) {
      fold.begin({ over, quantile, delta });
      low?.begin({ over: "min", quantile, delta });
      high?.begin({ over: "max", quantile, delta });
      for (const { tier, from, end } of segments) {
        if (tier === "raw") {
          const { points, first, last } = readRaw(source, fold, slot, from, end, needsBefore && !(delta && over !== "delta"));
          for (const each of [fold, low, high]) each?.raw(points.columns, first, last);
        } else {
          const view = source.rollups(slot, tier, from, end);
          for (const each of [fold, low, high]) each?.rollups(view, windowOf(tier));
        }
      }
      for (const each of [fold, low, high]) each?.finish();
      return { values: fold.values, weights: fold.weights, low: low?.values, high: high?.values };
    },
  };
}

/**
 * Raw points of `[from, end)`; the fold learns of the value before them.
 * @param needsBefore whether that counts; a coarser tier may have given it already
 */
function readRaw(
  source: TierSource,
  fold: BucketFold,
  slot: number,
  from: number,
  end: number,
  needsBefore: boolean,
): ReturnType<TierSource["raw"]> {
  const looksBack = needsBefore && Number.isNaN(fold.before);
  const near = looksBack ? from - NEAR_MS : from;
  let read = source.raw(slot, near, end);
  let { first } = read;
  if (looksBack) {
    first = read.points.lowerBound(from);
    fold.before = newestBefore(read, first);
    const oldest = source.oldest("raw");
    if (Number.isNaN(fold.before) && first < read.last && oldest < near) {
      const back = source.raw(slot, oldest, near);
      fold.before = newestBefore(back, back.last);
      read = source.raw(slot, from, end);
      first = read.first;
    }
  }
  return { ...read, first };
}

function newestBefore({ points, first }: ReturnType<TierSource["raw"]>, end: number): number {
  const { values } = points.columns;
  for (let i = end - 1; i >= first; i--) if (!Number.isNaN(values[i])) return values[i] ?? Number.NaN;
  return Number.NaN;
}

/** Windows that lie in raw points as a whole follow Prometheus' rules; those that begin before are made of what is left of that time. */
function windowReader(order: ReadOrder, windowMs: number, wanted: Tier, source: TierSource): SeriesValuesReader {
  const { steps } = order;
  const from = steps.startMs - windowMs;
  const end = steps.startMs + (steps.count - 1) * steps.stepMs + 1;
  const segments = segmentsOf(source, wanted, from, end);
  const newest = segments.at(-1);
  const isRaw = wanted === "raw" && newest?.tier === "raw";
  const early = isRaw ? Math.min(steps.count, Math.max(0, Math.ceil((newest.from - from) / steps.stepMs))) : steps.count;
  if (early === 0) return { segments, read: rawWindows(order, steps, windowMs, source) };
  if (early === steps.count) return { segments, read: rolledWindows(order, steps, windowMs, wanted, source) };
  const old = rolledWindows(order, { ...steps, count: early }, windowMs, wanted, source);
  const late = { startMs: steps.startMs + early * steps.stepMs, stepMs: steps.stepMs, count: steps.count - early };
  const young = rawWindows(order, late, windowMs, source);
  const whole = { values: new Float64Array(steps.count), weights: new Float64Array(steps.count) };
  return {
    segments,
    read(slot, delta) {
      for (const [part, at] of [
        [old(slot, delta), 0],
        [young(slot, delta), early],
      ] as const) {
        whole.values.set(part.values, at);
        whole.weights.set(part.weights, at);
      }
      return whole;
    },
  };
}

function rawWindows({ over, quantile }: ReadOrder, steps: Steps, windowMs: number, source: TierSource): SeriesValuesReader["read"] {
  const fold = new WindowFold(steps, windowMs);
  const end = steps.startMs + (steps.count - 1) * steps.stepMs + 1;
  return (slot, delta) => {
    const { points, first, last } = source.raw(slot, steps.startMs - windowMs, end);
    fold.fold(points.columns, first, last, { over, quantile, delta });
    return fold;
  };
}

function rolledWindows(
  { over, quantile }: ReadOrder,
  steps: Steps,
  windowMs: number,
  wanted: Tier,
  source: TierSource,
): SeriesValuesReader["read"] {
  const fold = new RollupWindowFold(steps, windowMs);
  const end = steps.startMs + (steps.count - 1) * steps.stepMs + 1;
  // The first window's rise begins at the last value before it.
  const segments = segmentsOf(source, wanted, steps.startMs - windowMs - ROLLUP_STEPS_MS.hour, end);
  return (slot, delta) => {
    fold.begin();
    for (const { tier, ...segment } of segments) {
      if (tier !== "raw") {
        fold.rollups(source.rollups(slot, tier, segment.from, segment.end), windowOf(tier), delta);
        continue;
      }
      const { points, first, last } = source.raw(slot, segment.from, segment.end);
      fold.raw(points.columns, first, last, delta);
    }
    fold.finish({ over, quantile, delta });
    return fold;
  };
}
