import type { BoardQuestions } from "../../../contract/rpc/leaderboard.ts";
import { accept, type Outcome } from "../../../contract/problems.ts";
import { ARCHIVE_ERASURE_TIMER, ArchiveErasure } from "./archive-erasure.ts";
import { ArchiveStore } from "./archives.ts";
import { Closing } from "./closing.ts";
import { LOG_TIMER, LogRetention, type RetentionLimits } from "./log-retention.ts";
import type { BoardParts } from "./parts.ts";
import { RewardStore } from "./rewards.ts";
import { ArchiveErasureStore } from "./sql-archive-erasures.ts";
import { BaseStore } from "./sql-bases.ts";
import { SegmentStore } from "./sql-segments.ts";
import { WINDOW_TIMER, WindowDesk } from "./window-desk.ts";

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
  readonly erasure: ArchiveErasure;
  /** Handlers for the kit. */
  readonly timers: Readonly<Record<string, (now: number) => Promise<void>>>;
  readonly #archives: ArchiveStore;

  /** @param parts may be filled after this; nothing of it is used yet but its kit's SQL */
  constructor(parts: BoardParts, sql: SqlStorage, options: WindowingOptions = {}) {
    this.#archives = new ArchiveStore(sql);
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
    const segments = new SegmentStore(sql);
    this.retention = new LogRetention(parts, bases, segments, options.retention);
    this.erasure = new ArchiveErasure(parts, { erasures: new ArchiveErasureStore(sql), archives: this.#archives, segments, desk });
    this.timers = {
      [WINDOW_TIMER]: async (now) => await closing.run(now),
      [LOG_TIMER]: async (now) => await this.retention.run(now),
      [ARCHIVE_ERASURE_TIMER]: async (now) => await this.erasure.run(now),
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
}
