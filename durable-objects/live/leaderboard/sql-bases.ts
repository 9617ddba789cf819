import * as z from "zod";
import type { SortKey } from "../../../core/live/leaderboard/ranked-sets.ts";
import type { PlayerBases } from "./bases.ts";

/** What runs that left the log had made: an entry per ranking and player, and a player's best single run. */
export const BASE_TABLES = `
  CREATE TABLE bases (
    set_id INTEGER NOT NULL,
    player TEXT NOT NULL,
    inv INTEGER NOT NULL,
    sub REAL NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (set_id, player)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE base_runs (player TEXT PRIMARY KEY, best INTEGER NOT NULL) STRICT, WITHOUT ROWID;
`;

const SQL = {
  find: "SELECT inv, sub, at FROM bases WHERE set_id = ? AND player = ?",
  put: "INSERT OR REPLACE INTO bases (set_id, player, inv, sub, at) VALUES (?, ?, ?, ?, ?)",
  remove: "DELETE FROM bases WHERE set_id = ? AND player = ?",
  best: "SELECT best FROM base_runs WHERE player = ?",
  putBest: "INSERT OR REPLACE INTO base_runs (player, best) VALUES (?, ?)",
  removeBest: "DELETE FROM base_runs WHERE player = ?",
  dropSlice: "DELETE FROM bases WHERE set_id = ? AND player IN (SELECT player FROM bases WHERE set_id = ? LIMIT ?) RETURNING 1",
} as const;

const keyRow = z.object({ inv: z.number(), sub: z.number(), at: z.number() });
const bestRow = z.object({ best: z.number() });

/** Rows of {@link BASE_TABLES}. */
export class BaseStore implements PlayerBases {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  find(set: number, player: string): SortKey | undefined {
    const [row] = this.#sql.exec(SQL.find, set, player).toArray();
    return row && { ...keyRow.parse(row), player };
  }

  put(set: number, key: SortKey): void {
    this.#sql.exec(SQL.put, set, key.player, key.inv, key.sub, key.at);
  }

  best(player: string): number | null {
    const [row] = this.#sql.exec(SQL.best, player).toArray();
    return row ? bestRow.parse(row).best : null;
  }

  putBest(player: string, best: number): void {
    this.#sql.exec(SQL.putBest, player, best);
  }

  /** @param sets rankings that are not shadows */
  forget(sets: readonly number[], player: string): void {
    for (const set of sets) this.#sql.exec(SQL.remove, set, player);
    this.#sql.exec(SQL.removeBest, player);
  }

  /** Of a ranking that goes. @returns how many went; fewer than `rows`: none is left */
  dropSlice(set: number, rows: number): number {
    return this.#sql.exec(SQL.dropSlice, set, set, rows).toArray().length;
  }
}
