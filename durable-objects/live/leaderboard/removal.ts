import { LEADERBOARD_LIMITS } from "../../../contract/leaderboard-limits.ts";
import { quoted, type SnapshotTable, snapshotTables } from "../../kit/snapshot-tables.ts";
import type { BoardParts } from "./parts.ts";
import type { SqlBook } from "./sql-book.ts";

/** Named so in the shell: `timers: { removal: … }`. */
export const REMOVAL_TIMER = "removal";

/** Keys of one listing of the archive; the platform gives and takes so many. */
const ARCHIVE_KEYS = 1_000;

export interface RemovalDeps {
  readonly parts: Pick<BoardParts, "kit" | "bucket">;
  readonly book: SqlBook;
  /** Every timer of the board's but the removal's own. */
  readonly timers: readonly string[];
  /** Forgets what memory holds of rows. */
  readonly forget: () => void;
}

/**
 * Removes a board: rows of every table in slices, then what lies in the archive, then the board itself. From the first call on there is
 * no such board for anybody. Goes on after a crash, because the last thing to go is what says that it is being removed.
 */
export class RemovalDesk {
  readonly #deps: RemovalDeps;

  constructor(deps: RemovalDeps) {
    this.#deps = deps;
  }

  /** Inside the object's transaction. */
  begin(now: number): void {
    const { parts, book } = this.#deps;
    book.beginRemoval();
    this.#clearTimers();
    parts.kit.timers.set(REMOVAL_TIMER, now);
  }

  /** The timer: one slice. */
  async tick(now: number): Promise<void> {
    const { parts, book, forget } = this.#deps;
    if (book.definition()?.state !== "removing") return;
    const rowsLeft = parts.kit.transaction(() => this.#removeRows());
    forget();
    if (rowsLeft || (await this.#removeArchive())) {
      parts.kit.timers.set(REMOVAL_TIMER, now);
      return;
    }
    parts.kit.transaction(() => {
      this.#clearTimers(); // again: an import or a closing that ran when the removal began may have set one
      book.close();
    });
    forget();
  }

  #clearTimers(): void {
    const { parts, timers } = this.#deps;
    for (const name of timers) parts.kit.timers.clear(name);
  }

  /** @returns whether rows may be left */
  #removeRows(): boolean {
    const { sql } = this.#deps.parts.kit;
    let room: number = LEADERBOARD_LIMITS.sliceRows;
    for (const table of snapshotTables(sql).filter(isOurs)) {
      const keys = table.keys.map(({ name }) => quoted(name)).join(", ");
      const name = quoted(table.name);
      room -= sql.exec(`DELETE FROM ${name} WHERE (${keys}) IN (SELECT ${keys} FROM ${name} LIMIT ?) RETURNING 1`, room).toArray().length;
      if (room <= 0) return true;
    }
    return false;
  }

  /** @returns whether there may be more */
  async #removeArchive(): Promise<boolean> {
    const { kit, bucket } = this.#deps.parts;
    const { tenantId, name } = kit.address;
    const { objects, truncated } = await bucket.list({ prefix: `leaderboards/${tenantId}/${name}/`, limit: ARCHIVE_KEYS });
    if (objects.length > 0) await bucket.delete(objects.map(({ key }) => key));
    return truncated;
  }
}

/**
 * Every table but the board's own row, which goes last, and those of the kit. Of the kit's the answers to repetitions go too: one of the
 * board that was must not be given by the next one of its name.
 */
function isOurs({ name }: SnapshotTable): boolean {
  return name !== "board" && (!name.startsWith("kit_") || name === "kit_record");
}
