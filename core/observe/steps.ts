import type { Aggregate } from "../../contract/metric-limits.ts";

/** The steps of an answer: `count` of `stepMs`, the first beginning at `startMs`, all multiples of the step since the epoch. */
export interface Steps {
  readonly startMs: number;
  readonly stepMs: number;
  readonly count: number;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** Steps that people read easily; an absent step becomes one of them. */
const ROUND_STEPS = [
  5 * SECOND,
  10 * SECOND,
  15 * SECOND,
  30 * SECOND,
  MINUTE,
  2 * MINUTE,
  5 * MINUTE,
  10 * MINUTE,
  15 * MINUTE,
  30 * MINUTE,
  HOUR,
  2 * HOUR,
  3 * HOUR,
  6 * HOUR,
  12 * HOUR,
  24 * HOUR,
];

/**
 * The steps that cover `[fromMs, endMs)` with at most `maxPoints`: the asked step or a multiple of it, else the first
 * round one that fits.
 */
export function planSteps(fromMs: number, endMs: number, stepMs: number | undefined, maxPoints: number): Steps {
  const fits = (step: number) => countOf(fromMs, endMs, step) <= maxPoints;
  let step = stepMs ?? ROUND_STEPS.find(fits) ?? 24 * HOUR;
  if (!fits(step)) {
    const unit = step;
    let units = Math.ceil((endMs - fromMs) / (maxPoints * unit));
    // An unaligned range touches a step more than its length says; the step grows by a sixteenth until that fits too.
    while (!fits(units * unit)) units += Math.ceil(units / 16);
    step = units * unit;
  }
  return { startMs: Math.floor(fromMs / step) * step, stepMs: step, count: countOf(fromMs, endMs, step) };
}

function countOf(fromMs: number, endMs: number, step: number): number {
  return Math.max(1, Math.ceil(endMs / step) - Math.floor(fromMs / step));
}

/** One number per step out of many, added one by one. NaN and the stale marker are no numbers. */
export class StepSums {
  readonly #aggregate: Aggregate;
  readonly #values: Float64Array;
  readonly #counts: Uint32Array;
  readonly #newest: Float64Array;

  constructor(steps: number, aggregate: Aggregate) {
    this.#aggregate = aggregate;
    this.#values = new Float64Array(steps);
    this.#counts = new Uint32Array(steps);
    this.#newest = new Float64Array(aggregate === "last" ? steps : 0).fill(Number.NEGATIVE_INFINITY);
  }

  get length(): number {
    return this.#values.length;
  }

  clear(): void {
    this.#values.fill(0);
    this.#counts.fill(0);
    this.#newest.fill(Number.NEGATIVE_INFINITY);
  }

  /** @param at time of the value; `last` takes the newest, and of equal ones the one added last */
  add(step: number, value: number, at: number): void {
    if (Number.isNaN(value)) {
      // The series ended here: as far as `last` is concerned, there is nothing until it begins again.
      if (this.#aggregate === "last" && at >= (this.#newest[step] ?? 0)) {
        this.#newest[step] = at;
        this.#counts[step] = 0;
      }
      return;
    }
    const count = this.#counts[step] ?? 0;
    const held = this.#values[step] ?? 0;
    switch (this.#aggregate) {
      case "avg":
      case "sum":
        this.#values[step] = held + value;
        break;
      case "min":
        if (count === 0 || value < held) this.#values[step] = value;
        break;
      case "max":
        if (count === 0 || value > held) this.#values[step] = value;
        break;
      case "last":
        if (at < (this.#newest[step] ?? 0)) return;
        this.#newest[step] = at;
        this.#values[step] = value;
        break;
    }
    this.#counts[step] = count + 1;
  }

  /** The step's value; undefined when nothing was added. */
  at(step: number): number | undefined {
    const count = this.#counts[step] ?? 0;
    if (count === 0) return undefined;
    const value = this.#values[step] ?? 0;
    return this.#aggregate === "avg" ? value / count : value;
  }

  /** When the value of `last` was taken. */
  newestAt(step: number): number {
    return this.#newest[step] ?? Number.NEGATIVE_INFINITY;
  }

  /** As an answer holds them. JSON has no infinity, so a sum that left the range of doubles is a gap. */
  toValues(): (number | null)[] {
    return Array.from({ length: this.length }, (_, step) => {
      const value = this.at(step);
      return value === undefined || !Number.isFinite(value) ? null : value;
    });
  }
}
