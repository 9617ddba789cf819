import type { OverTime } from "../../../contract/metric-limits.ts";
import { quantileOf } from "../../../contract/query-rows.ts";
import type { Steps } from "../../../contract/query-steps.ts";
import type { PointColumns } from "../points.ts";
import type { RollupView } from "../tier-source.ts";

export interface Fold {
  readonly over: OverTime;
  readonly quantile: number;
  /** Whether values are increases by themselves: the series is of delta temporality. */
  readonly delta: boolean;
}

/** How far a counter rose between two of its values: when it fell, it began again at 0. */
export function counterStep(before: number, value: number): number {
  return value < before ? value : value - before;
}

/**
 * The samples of one series become one value per step `[t, t + step)`. Samples come in rising order of time, raw or as rollups. NaN and the
 * stale marker are no samples, but `last` ends at them.
 */
export class BucketFold {
  /** After {@link finish}: the steps' values, NaN where there is none. */
  readonly values: Float64Array;
  /** Samples behind each; for `last` and `delta` the time of the newest. */
  readonly weights: Float64Array;
  /** The last value before what comes next; NaN when there is none. */
  before = Number.NaN;
  readonly #steps: Steps;
  readonly #spread: Float64Array;
  #fold: Fold = { over: "avg", quantile: 0, delta: false };
  #list = new Float64Array(64);
  #listed = 0;
  #listStep = 0;

  constructor(steps: Steps, over: OverTime) {
    this.#steps = steps;
    this.values = new Float64Array(steps.count);
    this.weights = new Float64Array(steps.count);
    this.#spread = new Float64Array(over === "stddev" ? steps.count : 0);
  }

  begin(fold: Fold): void {
    this.#fold = fold;
    this.values.fill(fold.over === "last" || fold.over === "min" || fold.over === "max" ? Number.NaN : 0);
    this.weights.fill(0);
    this.#spread.fill(0);
    this.before = Number.NaN;
    this.#listed = 0;
  }

  /** Raw points `first` to `end`, all within the steps. */
  raw({ at, values }: PointColumns, first: number, end: number): void {
    const { startMs, stepMs } = this.#steps;
    let i = first;
    while (i < end) {
      const step = Math.floor(((at[i] ?? 0) - startMs) / stepMs);
      const until = startMs + (step + 1) * stepMs;
      let next = i + 1;
      while (next < end && (at[next] ?? 0) < until) next++;
      this.#run(step, at, values, i, next);
      i = next;
    }
  }

  #run(step: number, at: Float64Array, points: Float64Array, first: number, end: number): void {
    const { values, weights } = this;
    const { over, delta } = this.#fold;
    let count = 0;
    switch (over) {
      case "avg":
      case "sum": {
        let sum = 0;
        for (let i = first; i < end; i++) {
          const value = points[i] ?? 0;
          if (Number.isNaN(value)) continue;
          sum += value;
          count++;
        }
        values[step] = (values[step] ?? 0) + sum;
        break;
      }
      case "count":
        for (let i = first; i < end; i++) if (!Number.isNaN(points[i])) count++;
        values[step] = (values[step] ?? 0) + count;
        break;
      case "min": {
        let least = values[step] ?? Number.NaN;
        for (let i = first; i < end; i++) {
          const value = points[i] ?? 0;
          if (Number.isNaN(value)) continue;
          if (!(value >= least)) least = value;
          count++;
        }
        values[step] = least;
        break;
      }
      case "max": {
        let most = values[step] ?? Number.NaN;
        for (let i = first; i < end; i++) {
          const value = points[i] ?? 0;
          if (Number.isNaN(value)) continue;
          if (!(value <= most)) most = value;
          count++;
        }
        values[step] = most;
        break;
      }
      case "last":
        values[step] = points[end - 1] ?? Number.NaN;
        weights[step] = at[end - 1] ?? 0;
        return;
      case "rate":
      case "increase":
      case "delta": {
        let held = this.before;
        let rise = 0;
        for (let i = first; i < end; i++) {
          const value = points[i] ?? 0;
          if (Number.isNaN(value)) continue;
          if (over === "delta") rise += Number.isNaN(held) ? 0 : value - held;
          else if (delta) rise += value;
          else if (!Number.isNaN(held)) rise += counterStep(held, value);
          held = value;
          count++;
        }
        this.before = held;
        values[step] = (values[step] ?? 0) + rise;
        break;
      }
      case "stddev": {
        let mean = 0;
        for (let i = first; i < end; i++) {
          const value = points[i] ?? 0;
          if (Number.isNaN(value)) continue;
          mean += value;
          count++;
        }
        if (count === 0) return;
        mean /= count;
        let squares = 0;
        for (let i = first; i < end; i++) {
          const apart = (points[i] ?? 0) - mean;
          if (!Number.isNaN(apart)) squares += apart * apart;
        }
        this.#addMoments(step, mean, count, squares);
        return;
      }
      case "quantile":
        for (let i = first; i < end; i++) if (!Number.isNaN(points[i])) this.#addListed(step, points[i] ?? 0);
        return;
    }
    weights[step] = (weights[step] ?? 0) + count;
  }

  /** Windows that begin within the steps, each counted to the step in which it begins. */
  rollups(view: RollupView, windowMs: number): void {
    const { startMs, stepMs, count } = this.#steps;
    const { at } = view;
    let i = 0;
    while (i < view.count) {
      const step = Math.floor(((at[i] ?? 0) - startMs) / stepMs);
      const until = startMs + (step + 1) * stepMs;
      let next = i + 1;
      while (next < view.count && (at[next] ?? 0) < until) next++;
      if (step >= 0 && step < count) this.#windows(step, view, i, next, windowMs);
      i = next;
    }
  }

  #windows(step: number, view: RollupView, first: number, end: number, windowMs: number): void {
    const { values, weights } = this;
    const { over, delta } = this.#fold;
    const { at, sum, samples, min, max, last } = view;
    let count = 0;
    for (let i = first; i < end; i++) count += samples[i] ?? 0;
    if (count === 0) return;
    let folded = values[step] ?? 0;
    switch (over) {
      case "avg":
      case "sum":
        for (let i = first; i < end; i++) folded += sum[i] ?? 0;
        break;
      case "count":
        folded += count;
        break;
      case "min":
        for (let i = first; i < end; i++) if ((samples[i] ?? 0) > 0 && !((min[i] ?? 0) >= folded)) folded = min[i] ?? 0;
        break;
      case "max":
        for (let i = first; i < end; i++) if ((samples[i] ?? 0) > 0 && !((max[i] ?? 0) <= folded)) folded = max[i] ?? 0;
        break;
      case "last":
        for (let i = first; i < end; i++) if ((samples[i] ?? 0) > 0) folded = last[i] ?? 0;
        values[step] = folded;
        weights[step] = (at[end - 1] ?? 0) + windowMs - 1;
        return;
      case "rate":
      case "increase":
      case "delta":
        for (let i = first; i < end; i++) {
          if (samples[i] === 0) continue;
          const value = last[i] ?? 0;
          folded += over === "delta" ? difference(this.before, value) : rollupRise(view, i, this.before, delta);
          this.before = value;
        }
        break;
      // What a window holds does not tell how its samples lay: each counts as its mean.
      case "stddev":
        for (let i = first; i < end; i++) if ((samples[i] ?? 0) > 0) this.#addMoments(step, (sum[i] ?? 0) / (samples[i] ?? 1), 1, 0);
        return;
      case "quantile":
        for (let i = first; i < end; i++) if ((samples[i] ?? 0) > 0) this.#addListed(step, (sum[i] ?? 0) / (samples[i] ?? 1));
        return;
    }
    values[step] = folded;
    weights[step] = (weights[step] ?? 0) + count;
  }

  /** Makes values of what was folded. */
  finish(): void {
    const { values, weights } = this;
    const { over } = this.#fold;
    const seconds = this.#steps.stepMs / 1_000;
    if (over === "quantile") this.#closeList();
    for (let step = 0; step < values.length; step++) {
      const weight = weights[step] ?? 0;
      if (weight === 0) values[step] = Number.NaN;
      else if (over === "avg") values[step] = (values[step] ?? 0) / weight;
      else if (over === "rate") values[step] = (values[step] ?? 0) / seconds;
      else if (over === "stddev") values[step] = Math.sqrt((this.#spread[step] ?? 0) / weight);
    }
  }

  /** As of two sets together (Chan, Golub and LeVeque, 1979). */
  #addMoments(step: number, mean: number, count: number, squares: number): void {
    const held = this.weights[step] ?? 0;
    const total = held + count;
    const apart = mean - (this.values[step] ?? 0);
    this.#spread[step] = (this.#spread[step] ?? 0) + squares + (held === 0 ? 0 : (apart * apart * held * count) / total);
    this.values[step] = held === 0 ? mean : (this.values[step] ?? 0) + (apart * count) / total;
    this.weights[step] = total;
  }

  #addListed(step: number, value: number): void {
    if (step !== this.#listStep) this.#closeList();
    this.#listStep = step;
    if (this.#listed === this.#list.length) {
      const larger = new Float64Array(2 * this.#listed);
      larger.set(this.#list);
      this.#list = larger;
    }
    this.#list[this.#listed++] = value;
    this.weights[step] = (this.weights[step] ?? 0) + 1;
  }

  #closeList(): void {
    if (this.#listed === 0) return;
    this.#list.subarray(0, this.#listed).sort();
    this.values[this.#listStep] = quantileOf(this.#list, this.#listed, this.#fold.quantile);
    this.#listed = 0;
  }
}

function difference(before: number, value: number): number {
  return Number.isNaN(before) ? 0 : value - before;
}

/** By how much the series rose in a window. @param before its last value before the window */
export function rollupRise(view: RollupView, i: number, before: number, delta: boolean): number {
  if (delta) return view.sum[i] ?? 0;
  const increase = view.increase[i] ?? Number.NaN;
  if (!Number.isNaN(increase)) return increase;
  return Number.isNaN(before) ? 0 : counterStep(before, view.last[i] ?? 0);
}
