import type { EntriesQuery } from "../../../contract/leaderboard-reads.ts";
import { before, behind, type Cursor } from "../../../core/live/leaderboard/cursors.ts";
import type { RankedSets, SortKey } from "../../../core/live/leaderboard/ranked-sets.ts";

/** Neighbouring entries in the order of ranks, of which the first has this place (from 0), and the places to go on from. */
export interface KeyPage {
  readonly place: number;
  readonly keys: readonly SortKey[];
  readonly next: SortKey | null;
  readonly previous: SortKey | null;
}

/** A page from a place, or on from a cursor. At an end without entries the way back still leads to the last ones. */
export function pageOf(
  sets: RankedSets,
  set: number,
  ask: Pick<EntriesQuery, "limit" | "rank" | "direction">,
  cursor: Cursor | undefined,
): KeyPage {
  const total = sets.total(set);
  const keys = cursor ? fromCursor(sets, set, ask, cursor.key) : fromPlace(sets, set, ask, total);
  const [first, last] = [keys[0], keys.at(-1)];
  if (first && last) {
    const place = sets.placeOf(set, first);
    return { place, keys, next: place + keys.length < total ? last : null, previous: place > 0 ? first : null };
  }
  const forward = ask.direction === "forward";
  const [end] = total === 0 ? [] : sets.pageAt(set, forward ? total - 1 : 0, 1);
  return { place: 0, keys: [], next: end && !forward ? before(end) : null, previous: end && forward ? behind(end) : null };
}

function fromCursor(
  sets: RankedSets,
  set: number,
  { limit, direction }: Pick<EntriesQuery, "limit" | "direction">,
  key: SortKey,
): SortKey[] {
  const found = sets.pageFrom(set, key, direction, limit);
  return direction === "forward" ? found : found.toReversed();
}

function fromPlace(
  sets: RankedSets,
  set: number,
  { limit, rank, direction }: Pick<EntriesQuery, "limit" | "rank" | "direction">,
  total: number,
): SortKey[] {
  if (direction === "forward") {
    const start = Math.min((rank ?? 1) - 1, total);
    return start === total ? [] : sets.pageAt(set, start, limit);
  }
  const end = Math.min(rank ?? total, total);
  const start = Math.max(0, end - limit);
  return end === start ? [] : sets.pageAt(set, start, end - start);
}
