import fc from "fast-check";
import type { OverTime } from "../../../contract/metric-limits.ts";
import { NOON } from "../testing.ts";

/** A point as a list holds it; null is the stale marker. */
export type Point = readonly [at: number, value: number | null];

/** Points on a grid of seconds after noon: counters that begin again, gauges, gaps and stale markers. */
export function anyPoints(seconds: number): fc.Arbitrary<Point[]> {
  const value = fc.oneof(
    { weight: 8, arbitrary: fc.integer({ min: 0, max: 50 }) },
    { weight: 2, arbitrary: fc.double({ min: -1e6, max: 1e6, noNaN: true }) },
    { weight: 1, arbitrary: fc.constant(null) },
  );
  const gauge = fc.uniqueArray(fc.tuple(fc.integer({ min: 0, max: seconds - 1 }), value), { selector: ([at]) => at, maxLength: 80 });
  const counter = fc
    .uniqueArray(fc.tuple(fc.integer({ min: 0, max: seconds - 1 }), fc.integer({ min: -1, max: 9 })), {
      selector: ([at]) => at,
      maxLength: 80,
    })
    .map((rises) => {
      let total = 3;
      return rises.sort(([a], [b]) => a - b).map(([at, rise]): [number, number] => [at, (total = rise < 0 ? 0 : total + rise)]);
    });
  return fc.oneof(gauge, counter).map((points) => points.sort(([a], [b]) => a - b).map(([at, value]): Point => [NOON + at * 1_000, value]));
}

const numbers = (points: readonly Point[]): number[] => points.flatMap(([, value]) => (value === null ? [] : [value]));
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** What a list of numbers is by a function that looks at nothing else; null of none. */
export function plainly(over: OverTime, values: readonly number[], quantile: number): number | null {
  if (values.length === 0) return null;
  const mean = sum(values) / values.length;
  const sorted = [...values].sort((a, b) => a - b);
  const rank = quantile * (values.length - 1);
  const below = sorted[Math.floor(rank)] ?? 0;
  switch (over) {
    case "sum":
      return sum(values);
    case "count":
      return values.length;
    case "avg":
      return mean;
    case "min":
      return Math.min(...values);
    case "max":
      return Math.max(...values);
    case "stddev":
      return Math.sqrt(sum(values.map((value) => (value - mean) ** 2)) / values.length);
    case "quantile":
      return below + ((sorted[Math.ceil(rank)] ?? 0) - below) * (rank - Math.floor(rank));
    case "last":
    case "rate":
    case "increase":
    case "delta":
      return values.at(-1) ?? null;
  }
}

/** A bucket's value, from the list of all points of the series. */
export function bucketOracle(over: OverTime, all: readonly Point[], from: number, end: number, quantile: number): number | null {
  const inside = all.filter(([at]) => at >= from && at < end);
  const values = numbers(inside);
  const before = numbers(all.filter(([at]) => at < from)).at(-1);
  if (over === "last") return inside.at(-1)?.[1] ?? null;
  if (over !== "rate" && over !== "increase" && over !== "delta") return plainly(over, values, quantile);
  if (values.length === 0) return null;
  const chain = before === undefined ? values : [before, ...values];
  const rises = chain.slice(1).map((value, i) => {
    const held = chain[i] ?? 0;
    return over !== "delta" && value < held ? value : value - held;
  });
  return over === "rate" ? sum(rises) / ((end - from) / 1_000) : sum(rises);
}

/** Prometheus' functions over the samples in `[t - windowMs, t]`. */
export function windowOracle(over: OverTime, all: readonly Point[], t: number, windowMs: number, quantile: number): number | null {
  const inside = all.filter(([at]) => at >= t - windowMs && at <= t);
  if (over === "last" && windowMs === 300_000) return inside.at(-1)?.[1] ?? null;
  const points = inside.filter(([, value]) => value !== null);
  if (over !== "rate" && over !== "increase" && over !== "delta") return plainly(over, numbers(points), quantile);
  const [first, last] = [points[0], points.at(-1)];
  if (!first || !last || points.length < 2) return null;
  const values = numbers(points);
  let rise = (last[1] ?? 0) - (first[1] ?? 0);
  if (over !== "delta") for (const [i, value] of values.entries()) if (i > 0 && value < (values[i - 1] ?? 0)) rise += values[i - 1] ?? 0;
  const sampled = (last[0] - first[0]) / 1_000;
  const apart = sampled / (points.length - 1);
  let toStart = (first[0] - (t - windowMs)) / 1_000;
  const toEnd = (t - last[0]) / 1_000;
  if (over !== "delta" && rise > 0 && (first[1] ?? 0) >= 0) toStart = Math.min(toStart, sampled * ((first[1] ?? 0) / rise));
  const stretch = (gap: number) => (gap < apart * 1.1 ? gap : apart / 2);
  const whole = (rise * (sampled + stretch(toStart) + stretch(toEnd))) / sampled;
  return over === "rate" ? whole / (windowMs / 1_000) : whole;
}

/** Whether two answers are the same but for rounding. */
export function near(got: number | null | undefined, wanted: number | null, within = 1e-9): boolean {
  if (got === null || got === undefined || wanted === null) return (got ?? null) === wanted;
  return Math.abs(got - wanted) <= within * Math.max(1, Math.abs(got), Math.abs(wanted));
}
