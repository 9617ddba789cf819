import { createHash } from "node:crypto";
import type { PlayerRow } from "./players.ts";

export const KEPT_BAN_TABLES = `
  CREATE TABLE review_ban (digest TEXT PRIMARY KEY, until INTEGER) STRICT, WITHOUT ROWID;`;

const SQL = {
  any: "SELECT EXISTS (SELECT 1 FROM review_ban) AS n",
  find: "SELECT until FROM review_ban WHERE digest = ?",
  keep: "INSERT INTO review_ban (digest, until) VALUES (?1, ?2) ON CONFLICT (digest) DO UPDATE SET until = excluded.until",
  lift: "DELETE FROM review_ban WHERE digest = ?",
  drop: "DELETE FROM review_ban WHERE until <= ?",
  nextEnd: "SELECT min(until) AS n FROM review_ban",
} as const;

type Held = Pick<PlayerRow, "state" | "suspendedUntil">;

/**
 * Who was banned or suspended when they were erased: or a cheater would come back by asking to be forgotten. A digest and the end are all
 * that stays, and a suspension's only until then. Whoever knows an id can tell that it is held back; nobody can read an id from this.
 */
export class KeptBans {
  readonly #sql: SqlStorage;
  readonly #board: () => string;

  /** @param board the board's name: one player has other digests on other boards */
  constructor(sql: SqlStorage, board: () => string) {
    this.#sql = sql;
    this.#board = board;
  }

  /** @param until null: for good */
  keep(player: string, until: number | null): void {
    this.#sql.exec(SQL.keep, this.#digest(player), until);
  }

  lift(player: string): void {
    if (this.#any()) this.#sql.exec(SQL.lift, this.#digest(player));
  }

  /** What holds back somebody of whom nothing else is kept. */
  find(player: string, now: number): Held | undefined {
    if (!this.#any()) return undefined;
    const [row] = this.#sql.exec<{ until: number | null }>(SQL.find, this.#digest(player)).toArray();
    if (!row || (row.until !== null && row.until <= now)) return undefined;
    return { state: row.until === null ? "banned" : "suspended", suspendedUntil: row.until };
  }

  /** Suspensions that are over. */
  drop(now: number): void {
    this.#sql.exec(SQL.drop, now);
  }

  nextEnd(): number | undefined {
    return this.#sql.exec<{ n: number | null }>(SQL.nextEnd).one().n ?? undefined;
  }

  /** Most boards keep none, and a digest for each new player would cost more than this. */
  #any(): boolean {
    return this.#sql.exec<{ n: number }>(SQL.any).one().n === 1;
  }

  #digest(player: string): string {
    return createHash("sha256").update(`${this.#board()}\0${player}`, "utf8").digest("base64url").slice(0, 32);
  }
}
