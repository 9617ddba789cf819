import type { WindowKind } from "../../../contract/leaderboard-limits.ts";
import type { BoardStats, Entry } from "../../../contract/leaderboard-reads.ts";
import type { CorrectionPush, FeedPush, WindowPush } from "../../../contract/leaderboard-live.ts";
import type { SortKey } from "./ranked-sets.ts";

/** A ranking as a channel names it: `daily` is whichever day it is. */
export interface RankingName {
  readonly window: string;
  readonly partition: string | undefined;
}

/** The best of a ranking, as they stand. */
export interface TopNow {
  /** Its full name: two tops of `daily` may be of two days. */
  readonly window: string;
  readonly version: number;
  readonly total: number;
  readonly items: readonly Entry[];
}

export interface StandingNow {
  /** Null: not ranked. */
  readonly rank: number | null;
  readonly score: number | null;
  readonly total: number;
}

/** What pushes are made of; answered from memory and a few rows. `now` is epoch milliseconds. */
export interface LiveSource {
  /** Whether the board ranks in this window and partition at all. */
  ranks(ranking: RankingName): boolean;
  /** `daily` as the current day's full name; a full name as itself. */
  fullName(window: string, now: number): string;
  top(ranking: RankingName, now: number): TopNow;
  /** Where a player stands. @param own whether the player themselves ask: a suspended one sees where they would, on boards that show it */
  standing(ranking: RankingName, player: string, own: boolean, now: number): StandingNow;
  /** The frame of an entry, when less than a tenth of the ranking is before it. */
  feed(ranking: RankingName, key: SortKey, now: number): FeedPush | undefined;
  figures(now: number): BoardStats;
}

/** One entry that a score or a correction moved. */
export interface Move {
  readonly kind: WindowKind;
  /** Full name. */
  readonly window: string;
  readonly partition: string | undefined;
  /** In the ranking of the suspended, which only they themselves see. */
  readonly shadow: boolean;
  readonly before: SortKey | null;
  readonly after: SortKey | null;
}

/** What happened, as a board's machine hears it. */
export type LiveNews =
  | { readonly type: "score"; readonly player: string; readonly moves: readonly Move[] }
  | { readonly type: "correction"; readonly player: string; readonly moves: readonly Move[]; readonly push: CorrectionPush }
  | { readonly type: "window"; readonly push: WindowPush };
