import { quantileOf } from "../../../contract/query-rows.ts";
import type { Steps } from "../../../contract/query-steps.ts";
import type { PointColumns } from "../points.ts";
import type { RollupView } from "../tier-source.ts";
import { counterStep, type Fold, rollupRise } from "./bucket-fold.ts";

const COLUMNS = ["begin", "end", "sum", "samples", "min", "max", "last", "rise", "change"] as const;

/**
 * Look-back windows longer ago than raw points reach: a value at `t` of the rollups that lie in `(t - window, t]` as a whole, and of raw
 * points where rollups are not made yet. Rises are not stretched to the window's ends: what is missing there is less than a rollup.
 */
export class RollupWindowFold {
  readonly values: Float64Array;
  readonly weights: Float64Array;
  readonly #steps: Steps;
  readonly #windowMs: number;
  #columns = makeRows(256);
  #rows = 0;
  #before = Number.NaN;

  constructor(steps: Steps, windowMs: number) {
    this.#steps = steps;
    this.#windowMs = windowMs;
    this.values = new Float64Array(steps.count);
    this.weights = new Float64Array(steps.count);
  }

  begin(): void {
    this.#rows = 0;
    this.#before = Number.NaN;
  }

  rollups(view: RollupView, lengthMs: number, delta: boolean): void {
    this.#reserve(view.count);
    const { begin, end, sum, samples, min, max, last, rise, change } = this.#columns;
    for (let i = 0; i < view.count; i++) {
      const held = view.samples[i] ?? 0;
      if (held === 0) continue;
      const row = this.#rows++;
      begin[row] = view.at[i] ?? 0;
      end[row] = (view.at[i] ?? 0) + lengthMs;
      sum[row] = view.sum[i] ?? 0;
      samples[row] = held;
      min[row] = view.min[i] ?? 0;
      max[row] = view.max[i] ?? 0;
      last[row] = view.last[i] ?? 0;
      rise[row] = rollupRise(view, i, this.#before, delta);
      change[row] = Number.isNaN(this.#before) ? 0 : (view.last[i] ?? 0) - this.#before;
      this.#before = view.last[i] ?? 0;
    }
  }

  raw({ at, values }: PointColumns, first: number, until: number, delta: boolean): void {
    this.#reserve(until - first);
    const { begin, end, sum, samples, min, max, last, rise, change } = this.#columns;
    for (let i = first; i < until; i++) {
      const value = values[i] ?? 0;
      if (Number.isNaN(value)) continue;
      const row = this.#rows++;
      const before = this.#before;
      begin[row] = end[row] = at[i] ?? 0;
      samples[row] = 1;
      sum[row] = min[row] = max[row] = last[row] = this.#before = value;
      rise[row] = delta ? value : Number.isNaN(before) ? 0 : counterStep(before, value);
      change[row] = Number.isNaN(before) ? 0 : value - before;
    }
  }

  finish({ over, quantile }: Fold): void {
    const { startMs, stepMs, count } = this.#steps;
    const { begin, end } = this.#columns;
    let low = 0;
    let high = 0;
    for (let step = 0; step < count; step++) {
      const to = startMs + step * stepMs;
      const from = to - this.#windowMs;
      // A raw point at the start stands for the time before; a rollup that begins there does not.
      while (low < this.#rows && ((begin[low] ?? 0) < from || (end[low] ?? 0) <= from)) low++;
      if (high < low) high = low;
      while (high < this.#rows && (end[high] ?? 0) <= to) high++;
      this.#fold(step, low, high, over, quantile);
    }
  }

  #fold(step: number, low: number, high: number, over: Fold["over"], quantile: number): void {
    const { end, sum, samples, min, max, last, rise, change } = this.#columns;
    const { values, weights } = this;
    const seconds = this.#windowMs / 1_000;
    const counted = total(samples, low, high);
    weights[step] = counted;
    values[step] = Number.NaN;
    if (counted === 0) return;
    switch (over) {
      case "last":
        values[step] = last[high - 1] ?? Number.NaN;
        weights[step] = end[high - 1] ?? 0;
        return;
      case "count":
        values[step] = counted;
        return;
      case "sum":
        values[step] = total(sum, low, high);
        return;
      case "avg":
        values[step] = total(sum, low, high) / counted;
        return;
      case "min":
        values[step] = min.subarray(low, high).reduce((least, value) => Math.min(least, value));
        return;
      case "max":
        values[step] = max.subarray(low, high).reduce((most, value) => Math.max(most, value));
        return;
      case "rate":
        values[step] = total(rise, low, high) / seconds;
        return;
      case "increase":
        values[step] = total(rise, low, high);
        return;
      case "delta":
        values[step] = total(change, low, high);
        return;
      // What a rollup holds does not tell how its samples lay: each counts as its mean.
      case "stddev": {
        const means = sum.subarray(low, high).map((value, i) => value / (samples[low + i] ?? 1));
        const mean = total(means, 0, means.length) / means.length;
        values[step] = Math.sqrt(means.reduce((squares, value) => squares + (value - mean) ** 2, 0) / means.length);
        return;
      }
      case "quantile": {
        const means = sum.subarray(low, high).map((value, i) => value / (samples[low + i] ?? 1));
        values[step] = quantileOf(means.sort(), means.length, quantile);
        return;
      }
    }
  }

  #reserve(more: number): void {
    const needed = this.#rows + more;
    if (needed <= this.#columns.begin.length) return;
    const larger = makeRows(Math.max(needed, 2 * this.#columns.begin.length));
    for (const name of COLUMNS) larger[name].set(this.#columns[name]);
    this.#columns = larger;
  }
}

type Rows = Readonly<Record<(typeof COLUMNS)[number], Float64Array>>;

function makeRows(size: number): Rows {
  const column = () => new Float64Array(size);
  return {
    begin: column(),
    end: column(),
    sum: column(),
    samples: column(),
    min: column(),
    max: column(),
    last: column(),
    rise: column(),
    change: column(),
  };
}

function total(column: Float64Array, low: number, high: number): number {
  let sum = 0;
  for (let i = low; i < high; i++) sum += column[i] ?? 0;
  return sum;
}
