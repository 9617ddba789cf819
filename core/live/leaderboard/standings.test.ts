import { expect, it } from "vitest";
import { mulberry } from "../../../tests/lib/random.ts";
import { CountedSets } from "./counted-sets.ts";
import { MemoryEntries } from "./entries-testing.ts";
import type { Ranking, SortKey } from "./ranked-sets.ts";
import { sortKeyOf } from "./scores.ts";
import { aroundStart, percentileOf, standingOf, standingsOf } from "./standings.ts";

const SET = 1;
const SMALL = { split: 16, merge: 3, mergedMax: 12 };

function sets(dense = true): CountedSets {
  return new CountedSets(new MemoryEntries(), { since: () => [] }, { dense: () => dense, limits: SMALL });
}

/** A board on which more is better, filled with scores in the order given. */
function board(scores: readonly number[]): CountedSets {
  const made = sets();
  for (const [n, score] of scores.entries()) made.put(SET, key(score, `player-${n}`, n));
  return made;
}

function key(score: number, player: string, at = 0): SortKey {
  return sortKeyOf({ order: "desc", subscore: null }, player, score, null, at);
}

it("[LB1] around gives min(L, total) places with the owner's, clamped at both ends", () => {
  expect(aroundStart(1, 4, 10)).toBe(0); // rank 2 of 10: 1-4
  for (let total = 1; total <= 12; total++) {
    for (let place = 0; place < total; place++) {
      for (let limit = 1; limit <= 14; limit++) {
        const start = aroundStart(place, limit, total);
        const end = Math.min(start + limit, total);
        expect(start).toBeGreaterThanOrEqual(0);
        expect(end - start).toBe(Math.min(limit, total));
        expect(place >= start && place < end).toBe(true);
        // In the middle, but for a row, where neither end is near.
        if (start > 0 && end < total) expect(Math.abs(place - start - (end - 1 - place))).toBeLessThanOrEqual(1);
      }
    }
  }
});

it("[LB13] equals are ranked 1234, 1224 or 1223, and a percentile counts those who are not better", () => {
  const four = board([50, 40, 40, 30]);
  const ranksOf = (ranking: Ranking) => standingsOf(four, SET, 0, four.pageAt(SET, 0, 10), ranking).map(({ rank }) => rank);
  expect(ranksOf("ordinal")).toEqual([1, 2, 3, 4]);
  expect(ranksOf("competition")).toEqual([1, 2, 2, 4]);
  expect(ranksOf("dense")).toEqual([1, 2, 2, 3]);
  const percentiles = (ranking: Ranking) => standingsOf(four, SET, 0, four.pageAt(SET, 0, 10), ranking).map(({ percentile }) => percentile);
  expect(percentiles("ordinal")).toEqual([100, 75, 50, 25]);
  expect(percentiles("competition")).toEqual([100, 75, 75, 25]);
  expect(percentiles("dense")).toEqual([100, 75, 75, 25]);
  expect(percentileOf(0, 0)).toBe(0);
});

it("[LB13] at equal scores the subscore decides in its own direction, then the earlier time, then the id", () => {
  const made = sets(false);
  const put = (player: string, score: number, subscore: number, at: number) =>
    made.put(SET, sortKeyOf({ order: "desc", subscore: "asc" }, player, score, subscore, at));
  put("late", 10, 3, 2);
  put("b", 10, 3, 1);
  put("a", 10, 3, 1);
  put("slow", 10, 4, 0);
  put("fast", 10, 2, 9);
  put("best", 11, 9, 9);
  expect(made.pageAt(SET, 0, 10).map(({ player }) => player)).toEqual(["best", "fast", "a", "b", "late", "slow"]);
  // Only the same score and subscore are equals.
  expect(made.pageAt(SET, 0, 10).map((each) => made.rankOf(SET, each, "competition"))).toEqual([1, 2, 3, 3, 3, 6]);
});

it.each(["ordinal", "competition", "dense"] as const)("[LB2] every listed rank is the one that is looked up (%s)", (ranking) => {
  const random = mulberry(7);
  const many = board(Array.from({ length: 400 }, () => Math.floor(60 * random())));
  for (let place = 0; place < 400; place += 7) {
    const keys = many.pageAt(SET, place, 20);
    const listed = standingsOf(many, SET, place, keys, ranking);
    expect(listed).toEqual(keys.map((each) => standingOf(many, SET, each, ranking)));
  }
  expect(standingsOf(many, SET, 400, [], ranking)).toEqual([]);
});

it("[LB2] who is not listed stands where they would, among one more", () => {
  const three = board([30, 20, 10]);
  expect(standingOf(three, SET, key(20, "shadow", 99), "ordinal", "outside")).toEqual({ rank: 3, total: 4, percentile: 50 });
  expect(standingOf(three, SET, key(20, "shadow", 99), "competition", "outside")).toEqual({ rank: 2, total: 4, percentile: 75 });
  expect(standingOf(sets(), SET, key(20, "shadow"), "ordinal", "outside")).toEqual({ rank: 1, total: 1, percentile: 100 });
});

it("[LB4] pages backward give the entries and ranks of pages forward, also while others come, go and move", () => {
  const random = mulberry(11);
  const many = board(Array.from({ length: 300 }, () => Math.floor(100 * random())));
  const rankedPage = (keys: SortKey[]) => {
    const [first] = keys;
    return first ? standingsOf(many, SET, many.placeOf(SET, first), keys, "competition").map(({ rank }, n) => [rank, keys[n]?.player]) : [];
  };
  let [cursor] = many.pageAt(SET, 290, 1);
  for (let turn = 0; cursor && turn < 200; turn++) {
    const backward = many.pageFrom(SET, cursor, "backward", 5).toReversed();
    const [first] = backward;
    const forward = first ? [first, ...many.pageFrom(SET, first, "forward", backward.length - 1)] : [];
    expect(rankedPage(forward)).toEqual(rankedPage(backward));
    expect(forward.every((each) => standingOf(many, SET, each, "ordinal").rank <= many.placeOf(SET, cursor ?? each))).toBe(true);
    // The cursor's own entry goes too: it carries a key, not an id.
    many.remove(SET, cursor.player);
    many.put(SET, key(Math.floor(100 * random()), `new-${turn}`, 1_000 + turn));
    cursor = first;
  }
  expect(cursor).toBeUndefined();
});
