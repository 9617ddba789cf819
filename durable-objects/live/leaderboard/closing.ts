import { LEADERBOARD_LIMITS } from "../../../contract/leaderboard-limits.ts";
import { errorText, logLine } from "../../kit/log.ts";
import type { ArchiveStore } from "./archives.ts";
import { Archiving } from "./archiving.ts";
import type { BoardParts } from "./parts.ts";
import type { RewardStore } from "./rewards.ts";
import { Rewarding } from "./rewarding.ts";
import type { BaseStore } from "./sql-bases.ts";
import type { WindowRow } from "./sql-windows.ts";
import type { WindowDesk } from "./window-desk.ts";
import type { BoardSet } from "./windows.ts";

/** An archive that cannot be written is tried again after this; until then other windows go on. */
const RETRY_MS = 60_000;
/** Who won what is known so long, as the events of the deployment's history are rolled up so long. */
export const REWARDS_KEPT_MS = 400 * 86_400_000;

export interface ClosingStores {
  readonly desk: WindowDesk;
  readonly rewards: RewardStore;
  readonly archives: ArchiveStore;
  readonly bases: BaseStore;
  /** Entries of one object in R2; the default unless a test says otherwise. */
  readonly objectRows?: number;
}

/**
 * What becomes of a window after its end: frozen, rewarded, archived, and deleted once its time as a past window is over. Each run of
 * the timer does one bounded step of one window, and each step is a transaction of its own, so that a crash costs a step at most.
 */
export class Closing {
  readonly #parts: BoardParts;
  readonly #stores: ClosingStores;
  readonly #rewarding: Rewarding;
  readonly #archiving: Archiving;
  /** Windows whose archive failed since it last worked: the first failure is logged, not each. */
  readonly #failing = new Set<string>();

  constructor(parts: BoardParts, stores: ClosingStores) {
    this.#parts = parts;
    this.#stores = stores;
    this.#rewarding = new Rewarding(parts, stores.rewards);
    this.#archiving = new Archiving(parts, stores.archives, stores.objectRows);
  }

  /** The handler of the timer `windows`. */
  async run(now: number): Promise<void> {
    const { desk } = this.#stores;
    const { kit, book } = this.#parts;
    // A board that is being removed goes by another way.
    if (book.definition()?.state !== "live") return;
    const [row] = desk.due(now);
    if (row?.state === "closed") await this.#archive(row, now);
    else if (row) {
      if (row.state === "closing") kit.failpoint("closing");
      kit.transaction(() => this.#step(row, now));
    }
    kit.transaction(() => desk.arm());
  }

  #step(row: WindowRow, now: number): void {
    switch (row.state) {
      case "open":
        return this.#freeze(row, now);
      case "closing":
        return this.#reward(row, now);
      case "archived":
        return this.#stores.desk.change({ ...row, state: "leaving", progress: null, dueAt: now });
      case "leaving":
        return this.#leave(row, now);
      case "gone":
        return this.#forgetRewards(row);
      case "closed":
        return; // archived with R2, outside of a transaction
    }
  }

  #freeze(row: WindowRow, now: number): void {
    const { desk } = this.#stores;
    const { kit, sets } = this.#parts;
    if (row.quiet) return desk.change({ ...row, state: "closed", progress: null, dueAt: now });
    const ranked = this.#ranked(row);
    const board = kit.address.name;
    const total = ranked.find(({ partition }) => partition === null);
    kit.outbox.emit({
      type: "meridian.window.closed",
      subject: `leaderboard/${board}`,
      data: {
        board,
        window: row.window,
        kind: row.kind,
        opensAt: row.opensAt,
        closesAt: row.closesAt,
        players: total ? sets.total(total.id) : 0,
        rankings: ranked.length,
      },
    });
    desk.tell({ type: "window", window: row.window, state: "closed" });
    desk.change({ ...row, state: this.#rewarding.any(row) ? "closing" : "closed", progress: null, dueAt: now });
  }

  #reward(row: WindowRow, now: number): void {
    const progress = this.#rewarding.slice(row, this.#ranked(row), now);
    this.#stores.desk.change({ ...row, state: progress === null ? "closed" : "closing", progress, dueAt: now });
  }

  async #archive(row: WindowRow, now: number): Promise<void> {
    const { kit } = this.#parts;
    const { desk, archives } = this.#stores;
    const before = archives.of(row.window);
    try {
      const written = await this.#archiving.write(row, this.#ranked(row), now);
      kit.failpoint("archiving");
      const stale = before.find(({ key }) => key === written.finished?.key);
      if (stale && written.finished) await this.#archiving.trim(stale, written.finished);
      kit.transaction(() => {
        const current = desk.find(row.window);
        // While R2 worked, an import came in or the board began to be removed: what was written no longer is the window.
        if (current?.state !== "closed" || current.run !== row.run) return;
        this.#archiving.note(written);
        if (written.progress === null) this.#archived(current, now);
        else desk.change({ ...current, progress: written.progress, dueAt: now });
      });
      this.#failing.delete(row.window);
    } catch (error) {
      if (!this.#failing.has(row.window))
        logLine("error", "window could not be archived, trying again", {
          object: kit.address.name,
          window: row.window,
          error: errorText(error),
        });
      this.#failing.add(row.window);
      kit.transaction(() => {
        const current = desk.find(row.window);
        if (current?.state === "closed" && current.run === row.run) desk.change({ ...current, dueAt: now + RETRY_MS });
      });
    }
  }

  #archived(row: WindowRow, now: number): void {
    const { desk, archives } = this.#stores;
    const { kit } = this.#parts;
    const board = kit.address.name;
    const written = archives.of(row.window);
    kit.outbox.emit({
      type: "meridian.window.archived",
      subject: `leaderboard/${board}`,
      data: {
        board,
        window: row.window,
        kind: row.kind,
        rankings: written.length,
        entries: written.reduce((sum, { entries }) => sum + entries, 0),
        bytes: written.reduce((sum, { bytes }) => sum + bytes, 0),
      },
    });
    if (!row.quiet) desk.tell({ type: "window", window: row.window, state: "archived" });
    desk.change({ ...row, state: "archived", progress: null, dueAt: Math.max(now, desk.calendar.keptUntil(row)) });
  }

  /** Takes entries away, a slice of one ranking at a time; the ranking goes with its last. */
  #leave(row: WindowRow, now: number): void {
    const { desk, bases } = this.#stores;
    const [set] = desk.setsOf(row.window);
    if (!set) return desk.change({ ...row, state: "gone", progress: null, dueAt: Math.max(now, row.closesAt + REWARDS_KEPT_MS) });
    const left = this.#parts.sets.dropSlice(set.id, LEADERBOARD_LIMITS.sliceRows);
    if (left === 0 && bases.dropSlice(set.id, LEADERBOARD_LIMITS.sliceRows) < LEADERBOARD_LIMITS.sliceRows) desk.removeSet(set);
    desk.change({ ...row, dueAt: now });
  }

  #forgetRewards(row: WindowRow): void {
    const { desk, rewards } = this.#stores;
    const gone = rewards.dropWindow(row.window, LEADERBOARD_LIMITS.sliceRows);
    if (gone < LEADERBOARD_LIMITS.sliceRows) desk.change({ ...row, dueAt: null });
  }

  #ranked({ window }: WindowRow): readonly BoardSet[] {
    return this.#stores.desk
      .setsOf(window)
      .filter(({ shadow }) => !shadow)
      .toSorted((a, b) => a.id - b.id);
  }
}
