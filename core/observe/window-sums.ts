import { ROLLUP_STEPS_MS } from "../../contract/metric-limits.ts";
import { RollupBuffer } from "./rollup-buffer.ts";
import { type Rising, risingOf, sumPoints } from "./rollup-sums.ts";
import type { Shard } from "./shard.ts";
import type { RollupView, TierSource } from "./tier-source.ts";

const MINUTE_MS = ROLLUP_STEPS_MS.minute;
const HOUR_MS = ROLLUP_STEPS_MS.hour;
/** Where the sample before a range is looked for first: nearly always it is there. */
const NEAR_MS = 5 * 60_000;

export function floorTo(at: number, stepMs: number): number {
  return Math.floor(at / stepMs) * stepMs;
}

/** What is known of how the values of a series rise. */
export function risingOfSlot(shard: Shard, slot: number): Rising {
  const identity = shard.series.identityOf(slot);
  return risingOf(identity, shard.extras.metadata.of(identity.metric)?.type);
}

/** Sums the raw points of `[from, to)`, whole minutes, to minutes. @returns points read */
export function sumRaw(
  shard: Shard,
  source: TierSource,
  slot: number,
  from: number,
  to: number,
  rising: Rising,
  out: RollupBuffer,
): number {
  let before = Number.NaN;
  const looksBack = rising === "total" || rising === "maybe";
  const { rawFrom } = shard.state;
  // Of what lies before `rawFrom` some may be deleted, so that the newest that is left is not the newest that was.
  const near = Math.min(from, Math.max(from - NEAR_MS, rawFrom));
  let read = source.raw(slot, looksBack ? near : from, to);
  let first = read.points.lowerBound(from);
  if (first >= read.last) return 0;
  if (looksBack) {
    before = newestBefore(read, first);
    if (Number.isNaN(before)) {
      before = lastBefore(source, slot, rawFrom, from);
      read = source.raw(slot, from, to);
      first = read.first;
    }
  }
  sumPoints(read.points.columns, first, read.last, { stepMs: MINUTE_MS, rising, before }, out);
  return read.last - first;
}

/** The value of the last sample before a time, from raw points, else from rollups; NaN when there is none. */
function lastBefore(source: TierSource, slot: number, rawFrom: number, at: number): number {
  const read = source.raw(slot, rawFrom, at);
  const before = newestBefore(read, read.last);
  if (!Number.isNaN(before)) return before;
  for (const tier of ["minute", "hour"] as const) {
    const { count, last } = source.rollups(slot, tier, Number.NEGATIVE_INFINITY, at);
    if (count > 0) return last[count - 1] ?? Number.NaN;
  }
  return Number.NaN;
}

function newestBefore({ points, first }: ReturnType<TierSource["raw"]>, end: number): number {
  const { values } = points.columns;
  for (let i = end - 1; i >= first; i--) if (!Number.isNaN(values[i])) return values[i] ?? Number.NaN;
  return Number.NaN;
}

/**
 * The windows of these hours as raw points have them now, and the one after each: its increase begins at the last sample before it. An empty
 * window stands for one that was there and is no more.
 * @param source of what is stored, whatever its age
 */
export function summedAnew(shard: Shard, source: TierSource, slot: number, hours: ReadonlySet<number>): RollupBuffer {
  const { rawFrom, rolledMinute } = shard.state;
  const rising = risingOfSlot(shard, slot);
  const all = new RollupBuffer(64 * hours.size);
  for (const hour of [...hours].sort((a, b) => a - b)) {
    // Of a window that has lost points the rest would be a lie.
    const from = Math.max(hour, Math.ceil(rawFrom / MINUTE_MS) * MINUTE_MS);
    const to = Math.min(hour + HOUR_MS, rolledMinute);
    if (from >= to) continue;
    const fresh = new RollupBuffer(64);
    sumRaw(shard, source, slot, from, to, rising, fresh);
    addEmptied(fresh, source.rollups(slot, "minute", from, to));
    const next = rising === "no" || rising === "delta" ? undefined : nextWindow(source, slot, to, rolledMinute);
    if (next !== undefined) sumRaw(shard, source, slot, next, next + MINUTE_MS, rising, fresh);
    all.append(fresh, 0, fresh.count);
  }
  all.normalise();
  return all;
}

/** The first minute from `from` on that has a sample. */
export function nextWindow(source: TierSource, slot: number, from: number, end: number): number | undefined {
  for (const to of [Math.min(from + HOUR_MS, end), end]) {
    const { points, first, last } = source.raw(slot, from, to);
    const { at, values } = points.columns;
    for (let i = first; i < last; i++) if (!Number.isNaN(values[i])) return floorTo(at[i] ?? 0, MINUTE_MS);
  }
  return undefined;
}

/** Adds an empty window for each that was there and is no more: its samples were replaced by stale markers. */
function addEmptied(fresh: RollupBuffer, old: RollupView): void {
  const now = new Set(fresh.at.subarray(0, fresh.count));
  for (let i = 0; i < old.count; i++) if (!now.has(old.at[i] ?? 0)) fresh.pushEmpty(old.at[i] ?? 0);
  fresh.normalise();
}

export function hoursOf(windows: RollupView): Set<number> {
  const hours = new Set<number>();
  for (let i = 0; i < windows.count; i++) hours.add(floorTo(windows.at[i] ?? 0, HOUR_MS));
  return hours;
}
