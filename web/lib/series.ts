/** Lines over equally spaced steps: value `i` of each stands for `[startMs + i * stepMs, + stepMs)`. */
export interface Lines {
  readonly startMs: number;
  readonly stepMs: number;
  readonly lines: ReadonlyMap<string, readonly (number | null)[]>;
}

export const NO_LINES: Lines = { startMs: 0, stepMs: 5_000, lines: new Map() };

export function pointCount({ lines }: Lines): number {
  return lines.values().next().value?.length ?? 0;
}

/** Indices of values between two gaps: no line leads to them, so they need a dot to be seen. */
export function lonePoints(values: ArrayLike<number | null | undefined>): number[] {
  const there = (i: number) => values[i] !== null && values[i] !== undefined;
  const lone: number[] = [];
  for (let i = 0; i < values.length; i++) if (there(i) && !there(i - 1) && !there(i + 1)) lone.push(i);
  return lone;
}

/** How a point joins the one that already stands in its step. */
export type Combine = (before: number, next: number) => number;

export interface Point {
  readonly name: string;
  readonly atMs: number;
  readonly value: number | null;
}

/**
 * The lines with newer points at their end. The window keeps its length: it slides, and steps nobody filled stay empty.
 * Points before the window are dropped, a name not seen before becomes a line.
 * @param keep the number of steps to keep
 */
export function appendPoints(window: Lines, points: readonly Point[], keep: number, combine: Combine): Lines {
  const { stepMs } = window;
  const newest = points.reduce((most, { atMs }) => Math.max(most, atMs), 0);
  const count = pointCount(window);
  const startBefore = count === 0 ? Math.floor(newest / stepMs) * stepMs : window.startMs;
  const length = Math.max(count, Math.floor((newest - startBefore) / stepMs) + 1);
  const drop = Math.max(0, length - Math.max(1, keep));
  const startMs = startBefore + drop * stepMs;
  const lines = new Map<string, (number | null)[]>();
  const room = (values: readonly (number | null)[]) => {
    const moved = values.slice(drop);
    while (moved.length < length - drop) moved.push(null);
    return moved;
  };
  for (const [name, values] of window.lines) lines.set(name, room(values));
  for (const { name, atMs, value } of points) {
    const slot = Math.floor((atMs - startMs) / stepMs);
    if (slot < 0) continue;
    let values = lines.get(name);
    if (!values) lines.set(name, (values = room([])));
    const before = values[slot] ?? null;
    values[slot] = value === null ? before : before === null ? value : combine(before, value);
  }
  return { startMs, stepMs, lines };
}

/** The smallest and largest around a line, step by step. */
export interface Band {
  readonly min: readonly (number | null)[];
  readonly max: readonly (number | null)[];
}

export interface Summary {
  readonly last: number | null;
  readonly min: number | null;
  readonly max: number | null;
  readonly avg: number | null;
}

/** What a legend says of a line; missing values count for nothing. */
export function summarise(values: readonly (number | null)[]): Summary {
  let last: number | null = null;
  let min = Infinity;
  let max = -Infinity;
  let sum = 0;
  let count = 0;
  for (const value of values) {
    if (value === null) continue;
    last = value;
    if (value < min) min = value;
    if (value > max) max = value;
    sum += value;
    count++;
  }
  return count === 0 ? { last, min: null, max: null, avg: null } : { last, min, max, avg: sum / count };
}

/** What a legend says of a line with a band: its own last and mean, and the extremes of all that it is made of. */
export function summariseWithin(values: readonly (number | null)[], band: Band | undefined): Summary {
  const own = summarise(values);
  return band ? { ...own, min: summarise(band.min).min, max: summarise(band.max).max } : own;
}

/** More lines than this cannot be told apart. */
export const MOST_LINES = 12;

/**
 * At most twelve lines: the eleven with the highest average and the mean of the rest, under a name that says how many.
 * @returns the lines and how many of them were gathered
 */
export function limitLines(all: Lines, most = MOST_LINES): { shown: Lines; gathered: number } {
  if (all.lines.size <= most) return { shown: all, gathered: 0 };
  const ranked = [...all.lines].toSorted((a, b) => (summarise(b[1]).avg ?? -Infinity) - (summarise(a[1]).avg ?? -Infinity));
  const kept = new Map(ranked.slice(0, most - 1));
  const rest = ranked.slice(most - 1).map(([, values]) => values);
  const others = Array.from({ length: pointCount(all) }, (_, i) => summarise(rest.map((values) => values[i] ?? null)).avg);
  const shown = new Map([...all.lines].filter(([name]) => kept.has(name)));
  shown.set(`${rest.length} others, mean`, others);
  return { shown: { ...all, lines: shown }, gathered: rest.length };
}

/** Line by line `used / total`; a missing or zero total is a gap. */
export function ratioLines(used: Lines, total: Lines): Lines {
  const lines = new Map<string, (number | null)[]>();
  const shift = Math.round((used.startMs - total.startMs) / used.stepMs);
  for (const [name, values] of used.lines) {
    const whole = total.lines.get(name);
    lines.set(
      name,
      values.map((value, i) => {
        const of = whole?.[i + shift] ?? null;
        return value === null || of === null || of === 0 ? null : value / of;
      }),
    );
  }
  return { ...used, lines };
}

/** Several sets of lines of the same step as one; names are expected to differ. */
export function joinLines(sets: readonly Lines[]): Lines {
  const filled = sets.filter(({ lines }) => lines.size > 0);
  const first = filled[0];
  if (!first) return sets[0] ?? NO_LINES;
  const startMs = Math.min(...filled.map((set) => set.startMs));
  const ends = filled.map((set) => set.startMs + pointCount(set) * set.stepMs);
  const length = Math.round((Math.max(...ends) - startMs) / first.stepMs);
  const lines = new Map<string, (number | null)[]>();
  for (const set of filled) {
    const lead = Math.round((set.startMs - startMs) / first.stepMs);
    for (const [name, values] of set.lines) {
      lines.set(
        name,
        Array.from({ length }, (_, i) => values[i - lead] ?? null),
      );
    }
  }
  return { startMs, stepMs: first.stepMs, lines };
}
