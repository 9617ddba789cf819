import type { RollupTier, Tier } from "../../contract/metric-limits.ts";
import type { PointBuffer } from "./points.ts";

/** Windows of one series in rising order of time; valid until the next call. All columns have at least `count` entries. */
export interface RollupView {
  readonly count: number;
  /** Where each window begins, epoch milliseconds. */
  readonly at: Float64Array;
  readonly sum: Float64Array;
  /** Samples in the window; the stale marker and NaN are none. */
  readonly samples: Float64Array;
  readonly min: Float64Array;
  readonly max: Float64Array;
  readonly last: Float64Array;
  /**
   * By how much a counter rose, resets corrected, from the last sample before the window to its last sample: increases of neighbouring
   * windows add up. NaN for series that are no counters.
   */
  readonly increase: Float64Array;
}

/** What a question reads of a shard's series. Implemented by the series reader; one instance answers one question. */
export interface TierSource {
  /** All raw points in `[from, end)`, sorted, as indexes into the buffer, which is valid until the next call. */
  raw(slot: number, from: number, end: number): { readonly points: PointBuffer; readonly first: number; readonly last: number };
  /** Windows that begin in `[from, end)`, with all samples, also those that came late. */
  rollups(slot: number, tier: RollupTier, from: number, end: number): RollupView;
  /** Windows of this tier that begin before are all there; what is newer has to be made of the finer tier. */
  rolledTo(tier: RollupTier): number;
  /** Nothing older is shown; epoch milliseconds. */
  oldest(tier: Tier): number;
  /** Grows when a closed range of the series changes. */
  lateEpoch(slot: number): number;
  /** Bytes of the packed rows that reading this would decode, rows shared with a series asked before not counted again. */
  bytesFor(slot: number, tier: Tier, from: number, end: number): number;
  readonly trace: { blocksRead: number; bytesRead: number; readonly points: Record<Tier, number> };
}
