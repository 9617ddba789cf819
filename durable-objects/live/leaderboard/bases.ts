import type { SortKey } from "../../../core/live/leaderboard/ranked-sets.ts";

/**
 * What became of runs that left the log for the archive: per player and ranking the entry that they alone would make, folded by `applyRun`
 * of core/live/leaderboard/rebuild.ts. A rebuild begins here and goes on over the rows that remain.
 */
export interface PlayerBases {
  /** @param set a ranking that is no shadow: base and shadow of a player belong to the same */
  find(set: number, player: string): SortKey | undefined;
  /** The best single run (scaled) of those that left; null when none did. */
  best(player: string): number | null;
  /** Erasure. @param sets rankings that are no shadows */
  forget(sets: readonly number[], player: string): void;
}
