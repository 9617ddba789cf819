import type { Migration } from "../../kit/object-kit.ts";
import { ARCHIVE_TABLES } from "./archives.ts";
import { GATE_TABLES } from "../hub-gate.ts";
import { FOLLOW_TABLES } from "./follow.ts";
import { KEPT_BAN_TABLES } from "./kept-bans.ts";
import { REWARD_TABLES } from "./rewards.ts";
import { ARCHIVE_ERASURE_TABLES } from "./sql-archive-erasures.ts";
import { BASE_TABLES } from "./sql-bases.ts";
import { BATCH_TABLES } from "./sql-batches.ts";
import { BOOK_TABLES } from "./sql-book.ts";
import { RANKING_TABLES } from "./sql-entries.ts";
import { LOG_TABLES } from "./sql-log.ts";
import { PLAYER_TABLES } from "./sql-players.ts";
import { REVIEW_TABLES } from "./sql-reviews.ts";
import { RUN_TABLES } from "./sql-runs.ts";
import { SEGMENT_TABLES } from "./sql-segments.ts";
import { WINDOW_TABLES } from "./sql-windows.ts";

/** Tables of a board; each part has made its own. */
export const LEADERBOARD_MIGRATIONS: readonly Migration[] = [
  {
    id: 1,
    name: "leaderboards",
    additive: true,
    up: [
      BOOK_TABLES,
      RANKING_TABLES,
      WINDOW_TABLES,
      LOG_TABLES,
      BASE_TABLES,
      SEGMENT_TABLES,
      PLAYER_TABLES,
      RUN_TABLES,
      BATCH_TABLES,
      REVIEW_TABLES,
      REWARD_TABLES,
      ARCHIVE_TABLES,
      ARCHIVE_ERASURE_TABLES,
      FOLLOW_TABLES,
      GATE_TABLES,
    ].join("\n"),
  },
  { id: 2, name: "kept-bans", additive: true, up: KEPT_BAN_TABLES },
];
