/** One unbroken run of a sparkline, as pixel coordinates `x0, y0, x1, y1, …`. */
export type Run = readonly number[];

/**
 * The runs of a line over equally spaced values; a missing value breaks the line, because gaps are gaps.
 * @param domain the values at the bottom and the top
 */
export function sparkRuns(values: readonly (number | null)[], domain: readonly [number, number], width: number, height: number): Run[] {
  const [low, high] = domain;
  const span = high - low || 1;
  const dx = values.length > 1 ? width / (values.length - 1) : 0;
  const runs: number[][] = [];
  let run: number[] | undefined;
  for (const [i, value] of values.entries()) {
    if (value === null) {
      run = undefined;
      continue;
    }
    if (!run) runs.push((run = []));
    run.push(i * dx, height - (Math.min(Math.max(value, low), high) - low) * (height / span));
  }
  return runs;
}

/** From zero to a round number above the highest value, so that a quiet line does not look like a storm. */
export function zeroDomain(values: readonly (number | null)[], atLeast: number): readonly [number, number] {
  const highest = values.reduce<number>((most, value) => Math.max(most, value ?? 0), 0);
  return [0, Math.max(atLeast, highest * 1.1)];
}
