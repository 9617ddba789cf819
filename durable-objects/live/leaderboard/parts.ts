import type { RankedSets } from "../../../core/live/leaderboard/ranked-sets.ts";
import type { ObjectKit } from "../../kit/object-kit.ts";
import type { ArchivedPlayers } from "./archives.ts";
import type { PlayerBases } from "./bases.ts";
import type { BoardBook } from "./book.ts";
import type { BoardLive } from "./live.ts";
import type { BoardLog } from "./log.ts";
import type { PlayerStore } from "./players.ts";
import type { Reviews } from "./reviews.ts";
import type { GrantedRewards } from "./rewards.ts";
import type { Runs } from "./runs.ts";
import type { BoardWindows } from "./windows.ts";

/** What the parts of a board know of each other. Each part owns its own tables and nobody else's SQL touches them. */
export interface BoardParts {
  readonly kit: ObjectKit;
  readonly bucket: R2Bucket;
  /** What the board is. */
  readonly book: BoardBook;
  /** Entries and exact ranks of every ranking. */
  readonly sets: RankedSets;
  /** Which rankings there are and which take scores of a moment. */
  readonly windows: BoardWindows;
  /** Submissions and every other change of an entry, in order. */
  readonly log: BoardLog;
  readonly players: PlayerStore;
  /** What runs that left the log had made of the entries. */
  readonly bases: PlayerBases;
  readonly rewards: GrantedRewards;
  /** Closed windows and rows that left the log, in R2. */
  readonly archived: ArchivedPlayers;
  readonly runs: Runs;
  readonly reviews: Reviews;
  readonly live: BoardLive;
}
