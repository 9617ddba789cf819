import type { BoardQuestions } from "../../../contract/rpc/leaderboard.ts";
import { accept, type Outcome } from "../../../contract/problems.ts";
import { ARCHIVE_TABLES, ArchiveStore, boardPrefix } from "./archives.ts";
import { Closing } from "./closing.ts";
import { LOG_TIMER, LogRetention, type RetentionLimits } from "./log-retention.ts";
import type { BoardParts } from "./parts.ts";
import { REWARD_TABLES, RewardStore } from "./rewards.ts";
import { BASE_TABLES, BaseStore } from "./sql-bases.ts";
import { SEGMENT_TABLES, SegmentStore } from "./sql-segments.ts";
import { WINDOW_TABLES } from "./sql-windows.ts";
import { WINDOW_TIMER, WindowDesk } from "./window-desk.ts";

/** Everything that windows, rewards, archives and the log's way out keep. */
export const WINDOWING_TABLES = [WINDOW_TABLES, ARCHIVE_TABLES, REWARD_TABLES, BASE_TABLES, SEGMENT_TABLES].join("");

/** Objects of R2 that one call deletes; the platform takes so many. */
const R2_DELETES = 1_000;

export interface WindowingOptions {
  readonly objectRows?: number;
  readonly retention?: RetentionLimits;
}

/** The board's windows from their first score to their archive, wired: what the shell holds of it all. */
export class Windowing {
  readonly desk: WindowDesk;
  readonly bases: BaseStore;
  readonly rewards: RewardStore;
  readonly retention: LogRetention;
  /** Handlers for the kit. */
  readonly timers: Readonly<Record<string, (now: number) => Promise<void>>>;
  readonly #parts: BoardParts;
  readonly #archives: ArchiveStore;
  readonly #segments: SegmentStore;

  /** @param parts may be filled after this; nothing of it is used yet but its kit's SQL */
  constructor(parts: BoardParts, sql: SqlStorage, options: WindowingOptions = {}) {
    this.#parts = parts;
    this.#archives = new ArchiveStore(sql);
    this.#segments = new SegmentStore(sql);
    this.bases = new BaseStore(sql);
    this.rewards = new RewardStore(sql);
    this.desk = new WindowDesk(parts, sql);
    const { desk, rewards, bases } = this;
    const { objectRows } = options;
    const closing = new Closing(parts, {
      desk,
      rewards,
      bases,
      archives: this.#archives,
      ...(objectRows === undefined ? {} : { objectRows }),
    });
    this.retention = new LogRetention(parts, bases, this.#segments, options.retention);
    this.timers = {
      [WINDOW_TIMER]: async (now) => await closing.run(now),
      [LOG_TIMER]: async (now) => await this.retention.run(now),
    };
  }

  /** Who was given what when a window closed. */
  askRewards({ window, limit, cursor }: BoardQuestions["rewards"]["ask"], now: number): Outcome<BoardQuestions["rewards"]["answer"]> {
    return this.rewards.page(this.desk.fullName(window, now), limit, cursor);
  }

  /** Where a closed window's archive lies; empty while it has none. */
  askArchive({ window }: BoardQuestions["archive"]["ask"], now: number): Outcome<BoardQuestions["archive"]["answer"]> {
    return accept({ items: this.#archives.of(this.desk.fullName(window, now)) });
  }

  /**
   * A slice of the removal of a board whose entries are gone. In a transaction.
   * @returns whether something is left
   */
  removeSlice(rows: number): boolean {
    for (const { id } of this.desk.all()) if (this.bases.dropSlice(id, rows) === rows) return true;
    if (this.bases.dropRuns(rows) === rows || this.rewards.drop(rows) === rows) return true;
    this.#archives.clear();
    this.#segments.clear();
    this.desk.clear();
    this.#parts.kit.timers.clear(LOG_TIMER);
    return false;
  }

  /** The same of what lies in R2. @returns whether something is left */
  async removeObjects(): Promise<boolean> {
    const { kit, bucket } = this.#parts;
    const listed = await bucket.list({ prefix: boardPrefix(kit.address.tenantId, kit.address.name), limit: R2_DELETES });
    if (listed.objects.length > 0) await bucket.delete(listed.objects.map(({ key }) => key));
    return listed.truncated;
  }
}
