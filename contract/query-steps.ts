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

export interface StepWish {
  readonly fromMs: number;
  readonly endMs: number;
  readonly stepMs?: number | undefined;
  /** An absent step is not chosen finer. */
  readonly leastMs?: number;
  readonly maxPoints: number;
  /** `buckets` cover `[fromMs, endMs)`; `points` are the multiples of the step in `[fromMs, endMs]`, as Prometheus evaluates at. */
  readonly at: "buckets" | "points";
}

/** The steps of a range with at most `maxPoints`: the asked step or a multiple of it, else the first round one that fits. */
export function planSteps({ fromMs, endMs, stepMs, leastMs = 0, maxPoints, at }: StepWish): Steps {
  const count = at === "buckets" ? bucketsOf : pointsOf;
  const fits = (step: number) => count(fromMs, endMs, step) <= maxPoints;
  let step = stepMs ?? ROUND_STEPS.find((round) => round >= leastMs && fits(round)) ?? 24 * HOUR;
  if (!fits(step)) {
    const unit = step;
    let units = Math.max(1, Math.ceil((endMs - fromMs) / (maxPoints * unit)));
    // An unaligned range touches a step more than its length says; the step grows by a sixteenth until that fits too.
    while (!fits(units * unit)) units += Math.ceil(units / 16);
    step = units * unit;
  }
  const aligned = Math.floor(fromMs / step) * step;
  const startMs = at === "points" && aligned < fromMs && aligned + step <= endMs ? aligned + step : aligned;
  return { startMs, stepMs: step, count: count(fromMs, endMs, step) };
}

function bucketsOf(fromMs: number, endMs: number, step: number): number {
  return Math.max(1, Math.ceil(endMs / step) - Math.floor(fromMs / step));
}

/** A range between two multiples has one point all the same: the one before it. */
function pointsOf(fromMs: number, endMs: number, step: number): number {
  return Math.max(1, Math.floor(endMs / step) - Math.ceil(fromMs / step) + 1);
}
