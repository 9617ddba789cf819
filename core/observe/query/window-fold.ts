import { STALE_BITS } from "../../../contract/metric-limits.ts";
import { LOOK_BACK_MS } from "../../../contract/query-plan.ts";
import { quantileOf } from "../../../contract/query-rows.ts";
import type { Steps } from "../../../contract/query-steps.ts";
import type { PointColumns } from "../points.ts";
import type { Fold } from "./bucket-fold.ts";

/** A window is sorted anew when more than one sample in so many is another than in the window before. */
const SORTED_ANEW = 16;

/**
 * The samples of one series in `[t - window, t]` become one value at each `t`, by the rules of Prometheus 2's range functions: the stale
 * marker is no sample, other NaN are; `rate`, `increase` and `delta` are stretched to the window's ends. `last` over Prometheus' look-back
 * is its instant selector, which ends at a stale marker.
 */
export class WindowFold {
  readonly values: Float64Array;
  /** Samples behind each; for `last` the time of the newest. */
  readonly weights: Float64Array;
  readonly #steps: Steps;
  readonly #windowMs: number;
  #at = new Float64Array(256);
  #points = new Float64Array(256);
  /** What resets took away, up to each point. */
  #lost = new Float64Array(256);
  /** The samples of a window in rising order, NaN last: those of `#sortedLow` to `#sortedHigh`. */
  #sorted = new Float64Array(64);
  #sortedLow = 0;
  #sortedHigh = 0;

  constructor(steps: Steps, windowMs: number) {
    this.#steps = steps;
    this.#windowMs = windowMs;
    this.values = new Float64Array(steps.count);
    this.weights = new Float64Array(steps.count);
  }

  /** Points `first` to `end`: all that any of the windows holds. */
  fold(columns: PointColumns, first: number, end: number, { over, quantile, delta }: Fold): void {
    const { values, weights } = this;
    const { startMs, stepMs, count } = this.#steps;
    const total = this.#gather(columns, first, end, over === "last" && this.#windowMs === LOOK_BACK_MS);
    const summed = delta && (over === "rate" || over === "increase");
    this.#sortedLow = this.#sortedHigh = 0;
    let low = 0;
    let high = 0;
    for (let step = 0; step < count; step++) {
      const to = startMs + step * stepMs;
      const from = to - this.#windowMs;
      // A point of delta temporality stands for the time before it: one at the window's start is of the window before.
      while (low < total && ((this.#at[low] ?? 0) < from || (summed && this.#at[low] === from))) low++;
      if (high < low) high = low;
      while (high < total && (this.#at[high] ?? 0) <= to) high++;
      const samples = high - low;
      weights[step] = samples;
      values[step] = Number.NaN;
      if (samples === 0) continue;
      switch (over) {
        case "last":
          values[step] = this.#points[high - 1] ?? Number.NaN;
          weights[step] = this.#at[high - 1] ?? 0;
          break;
        case "count":
          values[step] = samples;
          break;
        case "sum":
          values[step] = this.#sum(low, high);
          break;
        case "avg":
          values[step] = this.#sum(low, high) / samples;
          break;
        case "min":
          values[step] = this.#extreme(low, high, -1);
          break;
        case "max":
          values[step] = this.#extreme(low, high, 1);
          break;
        case "stddev":
          values[step] = this.#deviation(low, high);
          break;
        case "quantile":
          values[step] = this.#quantile(low, high, quantile);
          break;
        case "rate":
        case "increase":
        case "delta":
          if (summed) values[step] = this.#sum(low, high) / (over === "rate" ? this.#windowMs / 1_000 : 1);
          else values[step] = this.#extrapolated(low, high, from, to, over);
          break;
      }
    }
  }

  /** Copies the points that count. @param markers whether the stale marker stays, as NaN: it ends the series */
  #gather({ at, values, bits }: PointColumns, first: number, end: number, markers: boolean): number {
    if (end - first > this.#at.length) {
      const size = Math.max(end - first, 2 * this.#at.length);
      this.#at = new Float64Array(size);
      this.#points = new Float64Array(size);
      this.#lost = new Float64Array(size);
    }
    let total = 0;
    let lost = 0;
    let before = 0;
    for (let i = first; i < end; i++) {
      const value = values[i] ?? 0;
      if (!markers && Number.isNaN(value) && bits[2 * i] === STALE_BITS.low && bits[2 * i + 1] === STALE_BITS.high) continue;
      if (total > 0 && value < before) lost += before;
      this.#at[total] = at[i] ?? 0;
      this.#points[total] = value;
      this.#lost[total++] = lost;
      before = value;
    }
    return total;
  }

  /** With the error carried along ("Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen", Neumaier, 1974). */
  #sum(low: number, high: number): number {
    let sum = 0;
    let error = 0;
    for (let i = low; i < high; i++) {
      const value = this.#points[i] ?? 0;
      const next = sum + value;
      error += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum;
      sum = next;
    }
    // With an infinity in the sum its error is none.
    return Number.isFinite(sum) ? sum + error : sum;
  }

  #extreme(low: number, high: number, sign: 1 | -1): number {
    let best = Number.NaN;
    for (let i = low; i < high; i++) {
      const value = this.#points[i] ?? Number.NaN;
      if (Number.isNaN(best) || (value - best) * sign > 0) best = value;
    }
    return best;
  }

  #deviation(low: number, high: number): number {
    const mean = this.#sum(low, high) / (high - low);
    let squares = 0;
    for (let i = low; i < high; i++) squares += ((this.#points[i] ?? 0) - mean) ** 2;
    return Math.sqrt(squares / (high - low));
  }

  /** Windows that overlap share their order: what leaves is taken out of it and what comes put in, where that is less than sorting. */
  #quantile(low: number, high: number, quantile: number): number {
    const count = high - low;
    if (count > this.#sorted.length) {
      const sorted = new Float64Array(2 * count);
      sorted.set(this.#sorted);
      this.#sorted = sorted;
    }
    const changes = low - this.#sortedLow + high - this.#sortedHigh;
    if (low >= this.#sortedHigh || SORTED_ANEW * changes > count) {
      this.#sorted.set(this.#points.subarray(low, high));
      this.#sorted.subarray(0, count).sort();
    } else {
      let held = this.#sortedHigh - this.#sortedLow;
      for (let i = this.#sortedLow; i < low; i++) {
        const at = this.#placeOf(this.#points[i] ?? 0, held - 1, held);
        this.#sorted.copyWithin(at, at + 1, held--);
      }
      for (let i = this.#sortedHigh; i < high; i++) {
        const value = this.#points[i] ?? 0;
        const at = this.#placeOf(value, held, held);
        this.#sorted.copyWithin(at + 1, at, held++);
        this.#sorted[at] = value;
      }
    }
    this.#sortedLow = low;
    this.#sortedHigh = high;
    return quantileOf(this.#sorted, count, quantile);
  }

  /** The first place of the order whose value is not below this one. @param ofNaN that of NaN */
  #placeOf(value: number, ofNaN: number, held: number): number {
    if (Number.isNaN(value)) return ofNaN;
    let low = 0;
    for (let high = held; low < high;) {
      const middle = (low + high) >>> 1;
      if ((this.#sorted[middle] ?? 0) < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /**
   * Prometheus' `extrapolatedRate`: the rise between the first and the last sample, stretched to the window's ends when they lie within 1.1
   * of the samples' distance, else by half of it; a counter is not stretched to before it was 0.
   */
  #extrapolated(low: number, high: number, from: number, to: number, over: "rate" | "increase" | "delta"): number {
    const samples = high - low;
    if (samples < 2) return Number.NaN;
    const first = this.#points[low] ?? 0;
    const firstAt = this.#at[low] ?? 0;
    const lastAt = this.#at[high - 1] ?? 0;
    let rise = (this.#points[high - 1] ?? 0) - first;
    if (over !== "delta") rise += (this.#lost[high - 1] ?? 0) - (this.#lost[low] ?? 0);
    let toStart = (firstAt - from) / 1_000;
    const toEnd = (to - lastAt) / 1_000;
    const sampled = (lastAt - firstAt) / 1_000;
    const apart = sampled / (samples - 1);
    if (over !== "delta" && rise > 0 && first >= 0) toStart = Math.min(toStart, sampled * (first / rise));
    const near = apart * 1.1;
    const stretched = sampled + (toStart < near ? toStart : apart / 2) + (toEnd < near ? toEnd : apart / 2);
    const factor = stretched / sampled;
    return rise * (over === "rate" ? factor / (this.#windowMs / 1_000) : factor);
  }
}
