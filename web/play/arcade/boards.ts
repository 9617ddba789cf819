import type { WindowKind } from "../../../contract/leaderboard-limits.ts";

/** The boards of the arcade: its own game, and one of each mode. */
export const BOARDS = [
  { id: "arcade", title: "Reaction", playable: true },
  { id: "deathmatch", title: "Deathmatch", playable: false },
  { id: "capture-the-flag", title: "Capture the flag", playable: false },
  { id: "raid", title: "Raid", playable: false },
] as const;
export const BOARD_IDS = BOARDS.map(({ id }) => id);

/** Which ranking is looked at. */
export interface RankingOf {
  readonly board: string;
  readonly window: WindowKind;
  readonly partition: string | undefined;
}

/** The ranking as the API names it. */
export function setOf({ window, partition }: RankingOf): { window: string; partition?: string } {
  return { window, ...(partition !== undefined && { partition }) };
}

export const WINDOW_TITLES = { all: "All time", daily: "Today", weekly: "This week", monthly: "This month", season: "Season" } as const;
