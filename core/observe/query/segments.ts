import { ROLLUP_STEPS_MS, type Tier } from "../../../contract/metric-limits.ts";
import type { TierSource } from "../tier-source.ts";

/** A stretch of time that is read from one tier. */
export interface Segment {
  readonly tier: Tier;
  readonly from: number;
  readonly end: number;
}

/** Coarsest first: time goes on from older, coarser points to newer, finer ones. */
const COARSE_TO_FINE = ["hour", "minute", "raw"] as const;

/** Length of a tier's windows; raw points have none. */
export function windowOf(tier: Tier): number {
  return tier === "raw" ? 1 : ROLLUP_STEPS_MS[tier];
}

/**
 * Where to read `[from, end)`. The wanted tier where it is held; before, coarser ones, since the wanted one has been deleted there; after
 * the last window that is rolled up, finer ones. Boundaries lie between windows of both sides, so that no sample counts twice.
 */
export function segmentsOf(source: Pick<TierSource, "rolledTo" | "oldest">, wanted: Tier, from: number, end: number): Segment[] {
  const segments: Segment[] = [];
  const wantedAt = COARSE_TO_FINE.indexOf(wanted);
  let at = from;
  for (const [i, tier] of COARSE_TO_FINE.entries()) {
    const window = windowOf(tier);
    const first = Math.max(at, tier === "raw" ? source.oldest(tier) : Math.ceil(Math.max(at, source.oldest(tier)) / window) * window);
    let until = end;
    if (tier !== "raw") {
      until = Math.min(end, source.rolledTo(tier));
      if (i < wantedAt) until = Math.min(until, Math.ceil(source.oldest(COARSE_TO_FINE[i + 1] ?? "raw") / window) * window);
    }
    if (until <= first) continue;
    segments.push({ tier, from: first, end: until });
    at = until;
  }
  return segments;
}
