import { describe, expect, it } from "vitest";
import type { BoardReward } from "../../../contract/leaderboards.ts";
import { allGiven, partsOfGrants, prizesOf, wonBy } from "./prizes.ts";
import type { SortKey } from "./ranked-sets.ts";
import { standingsOf } from "./standings.ts";
import { ArraySets } from "./testing.ts";

const daily = (reward: Partial<BoardReward>): BoardReward => ({ window: "daily", reward: "cup", ...reward });

/** Standings of players with these scores, the highest first. */
function ranked(scores: readonly number[], ranking: "ordinal" | "competition" | "dense") {
  const sets = new ArraySets();
  for (const [index, score] of scores.entries()) sets.put(1, { inv: -score, sub: 0, at: index, player: `p${index}` } satisfies SortKey);
  return standingsOf(sets, 1, 0, sets.pageAt(1, 0, scores.length), ranking);
}

describe("rewards", () => {
  it("[LB62] go by the rank that the board shows: equals who share a rank share its reward", () => {
    const prizes = prizesOf(
      [daily({ reward: "gold", ranks: { from: 1, to: 1 } }), daily({ reward: "box", ranks: { from: 2, to: 3 } })],
      "daily",
      5,
    );
    const won = (ranking: "ordinal" | "competition" | "dense") =>
      ranked([9, 9, 7, 7, 5], ranking).map((standing) => wonBy(prizes, standing).join());
    expect(won("ordinal")).toEqual(["gold", "box", "box", "", ""]);
    expect(won("competition")).toEqual(["gold", "gold", "box", "box", ""]);
    expect(won("dense")).toEqual(["gold", "gold", "box", "box", "box"]);
  });

  it("[LB62] of a percentile go to that part of all players, rounded up, and to whoever equals the last of them", () => {
    const counts = [1, 10, 100, 250, 1_000].map((total) =>
      prizesOf([daily({ topPercent: 1 })], "daily", total).map((prize) => (prize.by === "front" ? prize.count : 0)),
    );
    expect(counts).toEqual([[1], [1], [1], [3], [10]]);
    expect(prizesOf([daily({ topPercent: 0.07 })], "daily", 10_000)).toEqual([{ reward: "cup", by: "front", count: 7 }]);
    const prizes = prizesOf([daily({ topPercent: 40 })], "daily", 5);
    expect(ranked([9, 7, 7, 7, 5], "competition").map((standing) => wonBy(prizes, standing).length)).toEqual([1, 1, 1, 1, 0]);
    expect(ranked([9, 7, 7, 7, 5], "ordinal").map((standing) => wonBy(prizes, standing).length)).toEqual([1, 1, 0, 0, 0]);
    expect(ranked([9, 9, 9, 7, 5], "dense").map((standing) => wonBy(prizes, standing).length)).toEqual([1, 1, 1, 0, 0]);
  });

  it("[LB62] of other windows are not given, one that is named twice is given once, and the search ends where nobody wins any more", () => {
    const rewards = [
      daily({ ranks: { from: 1, to: 2 } }),
      daily({ topPercent: 100 }),
      daily({ window: "weekly", ranks: { from: 1, to: 9 } }),
    ];
    const prizes = prizesOf(rewards, "daily", 4);
    expect(prizes).toHaveLength(2);
    expect(ranked([4, 3, 2, 1], "ordinal").map((standing) => wonBy(prizes, standing))).toEqual([["cup"], ["cup"], ["cup"], ["cup"]]);
    const few = prizesOf([daily({ ranks: { from: 1, to: 2 } })], "daily", 4);
    expect(ranked([4, 3, 2, 1], "ordinal").map((standing) => allGiven(few, standing))).toEqual([false, false, true, true]);
    expect(prizesOf(rewards, "monthly", 4)).toEqual([]);
  });

  it("[LB63] are told in parts of 500 players, and of fewer where ids are long in JSON", () => {
    const grants = (count: number, player: string) =>
      Array.from({ length: count }, (_, rank) => ({ player: `${player}${rank}`, reward: "cup", rank }));
    expect(partsOfGrants(grants(1_001, "p"), 500, 96_000).map((part) => part.length)).toEqual([500, 500, 1]);
    const quotes = grants(500, '"'.repeat(124));
    const parts = partsOfGrants(quotes, 500, 96_000);
    expect(parts.flat()).toEqual(quotes);
    const bytes = parts.map(
      (part) => new TextEncoder().encode(JSON.stringify(part.map(({ player, rank }) => ({ player, rank })))).byteLength,
    );
    expect(Math.max(...bytes)).toBeLessThanOrEqual(96_000);
    const wide = partsOfGrants(grants(500, "語".repeat(42)), 500, 96_000);
    expect(Math.max(...wide.map((part) => new TextEncoder().encode(JSON.stringify(part)).byteLength))).toBeLessThanOrEqual(96_000);
  });
});
