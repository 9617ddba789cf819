import type { RankedSets, Ranking, SortKey } from "./ranked-sets.ts";

// What lists and single answers say of ranks, in one place: so that a listed rank is the one that is looked up.

/** Where a key stands. */
export interface Standing {
  readonly rank: number;
  readonly total: number;
  /** Of all entries this many percent are not better: 100 is the first. */
  readonly percentile: number;
}

/** The standing of a key, of a player who is in the set or, as with a suspended one, where they would be. */
export function standingOf(sets: RankedSets, set: number, key: SortKey, ranking: Ranking, own: "inside" | "outside" = "inside"): Standing {
  const total = sets.total(set) + (own === "outside" ? 1 : 0);
  const better = ranking === "ordinal" ? sets.placeOf(set, key) : sets.rankOf(set, key, "competition") - 1;
  const rank = ranking === "dense" ? sets.rankOf(set, key, "dense") : better + 1;
  return { rank, total, percentile: percentileOf(better, total) };
}

/** @param better how many stand before; at equal scores, where the policy counts those as equal, before the first of the equals */
export function percentileOf(better: number, total: number): number {
  return total === 0 ? 0 : (100 * (total - better)) / total;
}

/** Standings of neighbouring entries in order, of which the first has this place (from 0): one rank is asked for, the others follow. */
export function standingsOf(sets: RankedSets, set: number, place: number, keys: readonly SortKey[], ranking: Ranking): Standing[] {
  const first = keys[0];
  if (!first) return [];
  const total = sets.total(set);
  let rank = ranking === "ordinal" ? place + 1 : sets.rankOf(set, first, ranking);
  let better = ranking === "dense" ? sets.rankOf(set, first, "competition") - 1 : rank - 1;
  return keys.map((key, index) => {
    const before = keys[index - 1];
    if (before && (ranking === "ordinal" || before.inv !== key.inv || before.sub !== key.sub)) {
      better = place + index;
      rank = ranking === "dense" ? rank + 1 : better + 1;
    }
    return { rank, total, percentile: percentileOf(better, total) };
  });
}

/** The first place (from 0) of the `min(limit, total)` entries around one, as near to the middle as both ends allow. */
export function aroundStart(place: number, limit: number, total: number): number {
  return Math.max(0, Math.min(place - Math.floor((limit - 1) / 2), total - limit));
}
