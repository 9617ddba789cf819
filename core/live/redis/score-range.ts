import type { ScoreBound } from "./numbers.ts";
import type { RedisKey } from "./run-command.ts";

/** How many members have a score between two bounds. */
export function countOf(key: RedisKey, from: ScoreBound, to: ScoreBound): number {
  return isEmpty(from, to) ? 0 : key.sets.countBetween(key.set(), from, to);
}

/** How many members stand before the first that is within a lower bound. */
export function countBefore(key: RedisKey, from: ScoreBound): number {
  return key.sets.countBetween(key.set(), { inv: Number.NEGATIVE_INFINITY, open: false }, { inv: from.inv, open: !from.open });
}

function isEmpty(from: ScoreBound, to: ScoreBound): boolean {
  return from.inv > to.inv || (from.inv === to.inv && (from.open || to.open));
}
