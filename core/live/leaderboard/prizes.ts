import type { WindowKind } from "../../../contract/leaderboard-limits.ts";
import type { BoardReward } from "../../../contract/leaderboards.ts";
import type { Standing } from "./standings.ts";

/** A reward of a closing window, as a range of ranks, or as how many at the front. */
export type Prize =
  | { readonly reward: string; readonly by: "rank"; readonly from: number; readonly to: number }
  | { readonly reward: string; readonly by: "front"; readonly count: number };

/** What a player gets. */
export interface Grant {
  readonly player: string;
  readonly reward: string;
  readonly rank: number;
}

/**
 * Rewards of a kind of window over so many players. The best hundredth of 250 are the first three: a part of a player rounds up, so that
 * the first of a small ranking is never left out.
 */
export function prizesOf(rewards: readonly BoardReward[], kind: WindowKind, total: number): Prize[] {
  return rewards
    .filter(({ window }) => window === kind)
    .flatMap(({ reward, ranks, topPercent }): Prize[] => {
      if (ranks) return [{ reward, by: "rank", ...ranks }];
      // What a product of decimals is beyond an integer by is no player: 0.07 of 100 is 7.000000000000001.
      return topPercent === undefined ? [] : [{ reward, by: "front", count: Math.ceil((total * topPercent) / 100 - 1e-9) }];
    });
}

/** Rewards of one player; equals stand equally far in front, unless the board's ranks tell them apart. */
export function wonBy(prizes: readonly Prize[], { rank, percentile, total }: Standing): string[] {
  const better = Math.round(total * (1 - percentile / 100));
  const won = prizes.filter((prize) => (prize.by === "rank" ? prize.from <= rank && rank <= prize.to : better < prize.count));
  return [...new Set(won.map(({ reward }) => reward))];
}

/** Whether nobody behind this standing can win anything any more. */
export function allGiven(prizes: readonly Prize[], { rank, percentile, total }: Standing): boolean {
  const better = Math.round(total * (1 - percentile / 100));
  return prizes.every((prize) => (prize.by === "rank" ? rank > prize.to : better >= prize.count));
}

/**
 * Grants of one reward in as many parts as events hold.
 * @param maxPlayers in one part
 * @param maxBytes of one part as JSON, about: an id of 128 bytes may be longer in JSON
 */
export function partsOfGrants(grants: readonly Grant[], maxPlayers: number, maxBytes: number): (readonly Grant[])[] {
  const parts: Grant[][] = [];
  let bytes = 0;
  for (const grant of grants) {
    const size = 2 * JSON.stringify(grant.player).length + 40; // a character of UTF-16 is three bytes of UTF-8 at most, ids are mostly ASCII
    const part = parts.at(-1);
    if (part && part.length < maxPlayers && bytes + size <= maxBytes) {
      part.push(grant);
      bytes += size;
    } else {
      parts.push([grant]);
      bytes = size;
    }
  }
  return parts;
}
