import * as z from "zod";
import { LEADERBOARD_LIMITS } from "../../../contract/leaderboard-limits.ts";
import { unpackChanges } from "../../../core/live/leaderboard/change-codec.ts";
import type { SetChange, SortKey } from "../../../core/live/leaderboard/ranked-sets.ts";
import { compareKeys } from "../../../core/live/leaderboard/scores.ts";
import type { BoardParts } from "./parts.ts";
import type { SqlLog } from "./sql-log.ts";

export const FOLLOW_TABLES = `
  CREATE TABLE follow (id INTEGER PRIMARY KEY CHECK (id = 1), seq INTEGER NOT NULL);`;

/** Named so in the shell: `timers: { follow: … }`. */
export const FOLLOW_TIMER = "follow";

const SQL = {
  find: "SELECT seq FROM follow",
  put: "INSERT OR REPLACE INTO follow (id, seq) VALUES (1, ?)",
} as const;
const followRow = z.object({ seq: z.number() });

/**
 * Makes aggregate events of what the log says past a watermark, every ten seconds while it grows: no row of the outbox for an accepted
 * score. Imports are not counted.
 */
export class FollowDesk {
  readonly #parts: Pick<BoardParts, "kit" | "sets">;
  readonly #log: SqlLog;

  constructor(parts: Pick<BoardParts, "kit" | "sets">, log: SqlLog) {
    this.#parts = parts;
    this.#log = log;
  }

  /** A row was added, an import's too: somebody looks within ten seconds, also at how large the log is. */
  grew(now: number): void {
    const { timers } = this.#parts.kit;
    if (timers.get(FOLLOW_TIMER) === undefined) timers.set(FOLLOW_TIMER, now + LEADERBOARD_LIMITS.followMs);
  }

  /** The timer: a slice of the log, and another look when there is more. */
  tick(now: number): void {
    this.#parts.kit.transaction(() => {
      const from = this.#watermark();
      const last = this.#log.lastSeq();
      const to = Math.min(last, from + LEADERBOARD_LIMITS.sliceRows);
      if (to <= from) return;
      this.#tell(from, to);
      this.#parts.kit.sql.exec(SQL.put, to);
      if (to < last) this.#parts.kit.timers.set(FOLLOW_TIMER, now);
    });
  }

  #tell(from: number, to: number): void {
    const { accepted, flagged, quarantined, rejected } = this.#log.tally(from, to);
    const { moves, tops } = this.#moves(from, to);
    this.#emit("meridian.score.accepted", accepted + flagged, { flagged, quarantined, rejected });
    this.#emit("meridian.rank.changed", moves, {});
    this.#emit("meridian.top.changed", tops, {});
  }

  #emit(
    type: "meridian.score.accepted" | "meridian.rank.changed" | "meridian.top.changed",
    count: number,
    more: Readonly<Record<string, number>>,
  ): void {
    const { kit } = this.#parts;
    const board = kit.address.name;
    const some = count + Object.values(more).reduce((sum, n) => sum + n, 0);
    if (some > 0) kit.outbox.emit({ type, subject: `leaderboard/${board}`, data: { board, count, ...more } });
  }

  /** Changes of entries, and those of them that touched the first ten as they are now. */
  #moves(from: number, to: number): { readonly moves: number; readonly tops: number } {
    const tenths = new Map<number, SortKey | undefined>();
    let [moves, tops] = [0, 0];
    for (const { changes } of this.#log.moved(from, to))
      for (const change of unpackChanges(changes)) {
        moves += 1;
        if (!tenths.has(change.set)) tenths.set(change.set, this.#parts.sets.pageAt(change.set, LEADERBOARD_LIMITS.topRows - 1, 1)[0]);
        if (touches(change, tenths.get(change.set))) tops += 1;
      }
    return { moves, tops };
  }

  #watermark(): number {
    const [row] = this.#parts.kit.sql.exec(SQL.find).toArray();
    return row === undefined ? 0 : followRow.parse(row).seq;
  }
}

/** @param tenth the last of the first ten; undefined while there are fewer */
function touches({ before, after }: SetChange, tenth: SortKey | undefined): boolean {
  if (tenth === undefined) return true;
  return (before !== null && compareKeys(before, tenth) <= 0) || (after !== null && compareKeys(after, tenth) <= 0);
}
