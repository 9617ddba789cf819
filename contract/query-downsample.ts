/**
 * The points that keep a line's look, as indexes in rising order: the first, the last, and of each stretch between them the one that spans
 * the largest triangle with the point chosen before and the mean of the next stretch ("Downsampling Time Series for Visual
 * Representation", Steinarsson, 2013).
 */
export function lttb(times: Float64Array, values: Float64Array, points: number): Uint32Array {
  const count = times.length;
  if (count <= points) return Uint32Array.from(times, (_, i) => i);
  if (points < 3) return Uint32Array.from([0, count - 1].slice(0, points));
  const chosen = new Uint32Array(points);
  chosen[points - 1] = count - 1;
  const length = (count - 2) / (points - 2);
  let before = 0;
  for (let stretch = 0; stretch < points - 2; stretch++) {
    const first = Math.floor(stretch * length) + 1;
    const end = Math.floor((stretch + 1) * length) + 1;
    const nextEnd = Math.min(Math.floor((stretch + 2) * length) + 1, count);
    let nextTime = 0;
    let nextValue = 0;
    for (let i = end; i < nextEnd; i++) {
      nextTime += times[i] ?? 0;
      nextValue += values[i] ?? 0;
    }
    nextTime /= nextEnd - end;
    nextValue /= nextEnd - end;
    const fromTime = times[before] ?? 0;
    const fromValue = values[before] ?? 0;
    let largest = -1;
    let best = first;
    for (let i = first; i < end; i++) {
      const area = Math.abs(
        (fromTime - nextTime) * ((values[i] ?? 0) - fromValue) - (fromTime - (times[i] ?? 0)) * (nextValue - fromValue),
      );
      if (area > largest) [largest, best] = [area, i];
    }
    chosen[stretch + 1] = before = best;
  }
  return chosen;
}

/**
 * The first, last, smallest and largest point of each of `points / 4` equal stretches of time, as indexes in rising order: drawn as a line
 * so wide, they cover the same pixels as all; never fewer than four are left ("M4: A Visualization-Oriented Time Series Data Aggregation", Jugel and others, 2014).
 */
export function m4(times: Float64Array, values: Float64Array, points: number): Uint32Array {
  const count = times.length;
  if (count <= points) return Uint32Array.from(times, (_, i) => i);
  const stretches = Math.max(1, Math.floor(points / 4));
  const start = times[0] ?? 0;
  const length = ((times[count - 1] ?? 0) - start) / stretches;
  const chosen: number[] = [];
  let first = 0;
  for (let stretch = 0; stretch < stretches && first < count; stretch++) {
    // The last point lies on the end of the last stretch and belongs to it.
    const until = stretch === stretches - 1 ? Number.POSITIVE_INFINITY : start + (stretch + 1) * length;
    let smallest = first;
    let largest = first;
    let end = first;
    for (; end < count && (times[end] ?? 0) < until; end++) {
      if ((values[end] ?? 0) < (values[smallest] ?? 0)) smallest = end;
      if ((values[end] ?? 0) > (values[largest] ?? 0)) largest = end;
    }
    if (end === first) continue;
    for (const i of [first, Math.min(smallest, largest), Math.max(smallest, largest), end - 1])
      if (i > (chosen.at(-1) ?? -1)) chosen.push(i);
    first = end;
  }
  return Uint32Array.from(chosen);
}

export interface Thinned {
  readonly times: Float64Array;
  readonly values: Float64Array;
  /** Which of the steps are left. */
  readonly steps: Uint32Array;
}

/** What is left of the steps of a series; steps without a value are no points. */
export function thin(values: Float64Array, startMs: number, stepMs: number, by: "lttb" | "m4", points: number): Thinned {
  const present = new Uint32Array(values.length);
  let count = 0;
  for (let i = 0; i < values.length; i++) if (Number.isFinite(values[i])) present[count++] = i;
  const times = new Float64Array(count);
  const kept = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    times[i] = startMs + (present[i] ?? 0) * stepMs;
    kept[i] = values[present[i] ?? 0] ?? 0;
  }
  const chosen = (by === "lttb" ? lttb : m4)(times, kept, points);
  return {
    times: Float64Array.from(chosen, (i) => times[i] ?? 0),
    values: Float64Array.from(chosen, (i) => kept[i] ?? 0),
    steps: chosen.map((i) => present[i] ?? 0),
  };
}
