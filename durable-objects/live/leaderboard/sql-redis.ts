import * as z from "zod";
import type { ChangeSource } from "../../../core/live/leaderboard/ranked-sets.ts";

/**
 * Of a sorted set: which ranking holds it now, the changes that the counts may not have in their checkpoints yet, and rankings that a DEL
 * left behind.
 */
export const REDIS_TABLES = `
  CREATE TABLE redis_key (one INTEGER PRIMARY KEY CHECK (one = 1), set_id INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE redis_change (seq INTEGER PRIMARY KEY, changes BLOB NOT NULL) STRICT;
  CREATE TABLE redis_dropped (set_id INTEGER PRIMARY KEY) STRICT, WITHOUT ROWID;
`;

const SQL = {
  exists: "SELECT 1 FROM sqlite_master WHERE name = 'redis_key'",
  set: "SELECT set_id AS n FROM redis_key",
  putSet: "INSERT OR REPLACE INTO redis_key (one, set_id) VALUES (1, ?)",
  append: "INSERT INTO redis_change (seq, changes) VALUES (?, ?)",
  since: "SELECT seq, changes FROM redis_change WHERE seq > ? ORDER BY seq",
  lastSeq: "SELECT MAX(seq) AS n FROM redis_change",
  trim: "DELETE FROM redis_change WHERE seq <= ?",
  drop: "INSERT INTO redis_dropped (set_id) VALUES (?)",
  dropped: "SELECT MIN(set_id) AS n FROM redis_dropped",
  gone: "DELETE FROM redis_dropped WHERE set_id = ?",
} as const;

const numberRow = z.object({ n: z.number().nullable() });
const changeRow = z.object({
  seq: z.number(),
  changes: z.instanceof(ArrayBuffer).transform((buffer) => new Uint8Array(buffer)),
});

/** Rows of {@link REDIS_TABLES}. */
export class RedisRows implements ChangeSource {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Whether anything was ever written here; asks without making it so. */
  exist(): boolean {
    return this.#sql.exec(SQL.exists).toArray().length > 0;
  }

  /** The ranking that holds the key; the first until a DEL. */
  set(): number {
    return this.#number(SQL.set) ?? 1;
  }

  putSet(set: number): void {
    this.#sql.exec(SQL.putSet, set);
  }

  append(seq: number, changes: Uint8Array): void {
    this.#sql.exec(SQL.append, seq, changes as Uint8Array<ArrayBuffer>); // no shared buffer exists here
  }

  *since(seq: number): Iterable<{ readonly seq: number; readonly changes: Uint8Array }> {
    for (const row of this.#sql.exec(SQL.since, seq)) yield changeRow.parse(row);
  }

  lastSeq(): number {
    return this.#number(SQL.lastSeq) ?? 0;
  }

  trim(upTo: number): void {
    this.#sql.exec(SQL.trim, upTo);
  }

  drop(set: number): void {
    this.#sql.exec(SQL.drop, set);
  }

  /** A ranking that was left behind. */
  dropped(): number | undefined {
    return this.#number(SQL.dropped);
  }

  gone(set: number): void {
    this.#sql.exec(SQL.gone, set);
  }

  #number(statement: string): number | undefined {
    const [row] = this.#sql.exec(statement).toArray();
    return row === undefined ? undefined : (numberRow.parse(row).n ?? undefined);
  }
}
