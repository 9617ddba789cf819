import type { BucketRow, CountChunk, EntryStore } from "../../../core/live/leaderboard/entry-store.ts";
import type { SortKey } from "../../../core/live/leaderboard/ranked-sets.ts";
import { ReadAhead, readableAhead } from "./read-ahead.ts";

/**
 * Entries in order, where buckets begin, and counts of buckets. `inv` and `sub` are doubles, as scores of the Redis protocol are; with the
 * order in a covering index a rank reads no row of the table.
 */
export const RANKING_TABLES = `
  CREATE TABLE entries (
    set_id INTEGER NOT NULL,
    player TEXT NOT NULL,
    inv REAL NOT NULL,
    sub REAL NOT NULL,
    at REAL NOT NULL,
    PRIMARY KEY (set_id, player)
  ) WITHOUT ROWID;
  CREATE INDEX entries_in_order ON entries (set_id, inv, sub, at, player);
  CREATE TABLE buckets (
    set_id INTEGER NOT NULL,
    inv REAL NOT NULL,
    sub REAL NOT NULL,
    at REAL NOT NULL,
    player TEXT NOT NULL,
    id INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    PRIMARY KEY (set_id, inv, sub, at, player)
  ) WITHOUT ROWID;
  CREATE TABLE bucket_counts (
    set_id INTEGER NOT NULL,
    chunk INTEGER NOT NULL,
    version INTEGER NOT NULL,
    packed BLOB NOT NULL,
    PRIMARY KEY (set_id, chunk)
  ) WITHOUT ROWID;
  CREATE TABLE counts_checkpoint (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    seq INTEGER NOT NULL
  );
  CREATE TABLE dropped_sets (
    set_id INTEGER PRIMARY KEY,
    entries INTEGER NOT NULL
  );
`;

const SQL = {
  find: "SELECT inv, sub, at, player FROM entries WHERE set_id = ? AND player = ?",
  findAll: "SELECT inv, sub, at, player FROM entries WHERE set_id = ? AND player IN (SELECT value FROM json_each(?))",
  put: `INSERT INTO entries (set_id, player, inv, sub, at) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (set_id, player) DO UPDATE SET inv = excluded.inv, sub = excluded.sub, at = excluded.at`,
  remove: "DELETE FROM entries WHERE set_id = ? AND player = ?",
  countOfOne: `SELECT count(*) FROM entries WHERE set_id = ?1 AND inv = ?2
    AND (sub, at, player) >= (?3, ?4, ?5) AND (sub, at, player) < (?6, ?7, ?8)`,
  // SQLite holds each row of a range of row values against both ends again, column by column. Of a range of one column the index alone
  // decides, so only entries with the scores of the ends are compared whole.
  count: `SELECT (SELECT count(*) FROM entries WHERE set_id = ?1 AND inv = ?2 AND (sub, at, player) >= (?3, ?4, ?5))
    + (SELECT count(*) FROM entries WHERE set_id = ?1 AND inv > ?2 AND inv < ?6)
    + (SELECT count(*) FROM entries WHERE set_id = ?1 AND inv = ?6 AND (sub, at, player) < (?7, ?8, ?9))`,
  from: `SELECT inv, sub, at, player FROM entries WHERE set_id = ? AND (inv, sub, at, player) >= (?, ?, ?, ?)
    ORDER BY inv, sub, at, player LIMIT ? OFFSET ?`,
  after: `SELECT inv, sub, at, player FROM entries WHERE set_id = ? AND (inv, sub, at, player) > (?, ?, ?, ?)
    ORDER BY inv, sub, at, player LIMIT ?`,
  before: `SELECT inv, sub, at, player FROM entries WHERE set_id = ? AND (inv, sub, at, player) < (?, ?, ?, ?)
    ORDER BY inv DESC, sub DESC, at DESC, player DESC LIMIT ?`,
  holds: "SELECT 1 FROM entries WHERE set_id = ? AND inv = ? AND sub = ? LIMIT 1",
  hasEntries: "SELECT 1 FROM entries WHERE set_id = ? LIMIT 1",
  buckets: "SELECT inv, sub, at, player, id, seq FROM buckets WHERE set_id = ? ORDER BY inv, sub, at, player",
  putBucket: "INSERT OR REPLACE INTO buckets (set_id, inv, sub, at, player, id, seq) VALUES (?, ?, ?, ?, ?, ?, ?)",
  removeBucket: "DELETE FROM buckets WHERE set_id = ? AND inv = ? AND sub = ? AND at = ? AND player = ?",
  counts: "SELECT chunk, version, packed FROM bucket_counts WHERE set_id = ? ORDER BY chunk",
  putCounts: "INSERT OR REPLACE INTO bucket_counts (set_id, chunk, version, packed) VALUES (?, ?, ?, ?)",
  dropCounts: "DELETE FROM bucket_counts WHERE set_id = ?",
  checkpoint: "SELECT seq FROM counts_checkpoint WHERE id = 1",
  putCheckpoint: "INSERT OR REPLACE INTO counts_checkpoint (id, seq) VALUES (1, ?)",
  dropping: "SELECT entries FROM dropped_sets WHERE set_id = ?",
  putDropping: "INSERT OR REPLACE INTO dropped_sets (set_id, entries) VALUES (?, ?)",
  endDropping: "DELETE FROM dropped_sets WHERE set_id = ?",
  dropEntries: "DELETE FROM entries WHERE set_id = ?1 AND player IN (SELECT player FROM entries WHERE set_id = ?1 LIMIT ?2)",
  dropBuckets: `DELETE FROM buckets WHERE set_id = ?1 AND (inv, sub, at, player) IN
    (SELECT inv, sub, at, player FROM buckets WHERE set_id = ?1 LIMIT ?2)`,
  countBuckets: "SELECT count(*) FROM buckets WHERE set_id = ?",
} as const;

type Raw = readonly SqlStorageValue[];

/** Rankings in an object's SQLite. Counts every row that is billed as written. */
export class SqlEntries implements EntryStore {
  readonly #sql: SqlStorage;
  #rowsWritten = 0;
  readonly #ahead = new ReadAhead<SortKey>();
  /** Whether anything may have been read ahead. */
  #isAhead = false;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  get rowsWritten(): number {
    return this.#rowsWritten;
  }

  /** Until `endAhead`, these players' entries of a ranking are found without asking for each. At most a batch of them. */
  readAhead(set: number, players: readonly string[]): void {
    const names = readableAhead(players);
    const keys = this.#read(SQL.findAll, set, JSON.stringify(names)).map(keyOf);
    this.#ahead.fill(
      names.map((player) => placeAhead(set, player)),
      keys.map((key) => [placeAhead(set, key.player), key]),
    );
    this.#isAhead = true;
  }

  endAhead(): void {
    this.#isAhead = false;
    this.#ahead.end();
  }

  find(set: number, player: string): SortKey | undefined {
    return this.#isAhead ? this.#ahead.get(placeAhead(set, player), () => this.#find(set, player)) : this.#find(set, player);
  }

  put(set: number, { inv, sub, at, player }: SortKey): void {
    if (this.#isAhead) this.#ahead.forget(placeAhead(set, player));
    this.#write(SQL.put, set, player, inv, sub, at);
  }

  remove(set: number, player: string): void {
    if (this.#isAhead) this.#ahead.forget(placeAhead(set, player));
    this.#write(SQL.remove, set, player);
  }

  count(set: number, from: SortKey, to: SortKey): number {
    if (from.inv > to.inv) return 0;
    if (from.inv === to.inv)
      return first(this.#read(SQL.countOfOne, set, from.inv, from.sub, from.at, from.player, to.sub, to.at, to.player));
    return first(this.#read(SQL.count, set, from.inv, from.sub, from.at, from.player, to.inv, to.sub, to.at, to.player));
  }

  from(set: number, { inv, sub, at, player }: SortKey, skip: number, limit: number): SortKey[] {
    return this.#read(SQL.from, set, inv, sub, at, player, limit, skip).map(keyOf);
  }

  beyond(set: number, { inv, sub, at, player }: SortKey, direction: "forward" | "backward", limit: number): SortKey[] {
    return this.#read(direction === "forward" ? SQL.after : SQL.before, set, inv, sub, at, player, limit).map(keyOf);
  }

  holds(set: number, inv: number, sub: number): boolean {
    return this.#read(SQL.holds, set, inv, sub).length > 0;
  }

  buckets(set: number): BucketRow[] {
    return this.#read(SQL.buckets, set).map((row) => ({ lo: keyOf(row), id: numberOf(row[4]), seq: numberOf(row[5]) }));
  }

  putBucket(set: number, { id, lo, seq }: BucketRow): void {
    this.#write(SQL.putBucket, set, lo.inv, lo.sub, lo.at, lo.player, id, seq);
  }

  removeBucket(set: number, { inv, sub, at, player }: SortKey): void {
    this.#write(SQL.removeBucket, set, inv, sub, at, player);
  }

  counts(set: number): CountChunk[] {
    return this.#read(SQL.counts, set).map(([chunk, version, packed]) => {
      if (!(packed instanceof ArrayBuffer)) throw new Error("counts that are no bytes");
      return { chunk: numberOf(chunk), version: numberOf(version), packed: new Uint8Array(packed) };
    });
  }

  putCounts(set: number, { chunk, version, packed }: CountChunk): void {
    this.#write(SQL.putCounts, set, chunk, version, packed);
  }

  checkpointedSeq(): number {
    const rows = this.#read(SQL.checkpoint);
    return rows.length === 0 ? 0 : first(rows);
  }

  putCheckpointedSeq(seq: number): void {
    this.#write(SQL.putCheckpoint, seq);
  }

  dropping(set: number): number | undefined {
    const rows = this.#read(SQL.dropping, set);
    return rows.length === 0 ? undefined : first(rows);
  }

  beginDrop(set: number, entries: number): void {
    this.#write(SQL.dropCounts, set);
    this.#write(SQL.putDropping, set, entries);
  }

  dropSome(set: number, rows: number): number {
    this.endAhead();
    const entries = this.dropping(set) ?? 0;
    this.#write(SQL.dropEntries, set, rows);
    const isLast = this.#read(SQL.hasEntries, set).length === 0;
    if (!isLast) {
      const left = Math.max(1, entries - rows);
      this.#write(SQL.putDropping, set, left);
      return left;
    }
    // A slice that still met entries leaves the buckets to the next one.
    if (entries === 0) this.#write(SQL.dropBuckets, set, rows);
    else this.#write(SQL.putDropping, set, 0);
    const buckets = first(this.#read(SQL.countBuckets, set));
    if (buckets === 0) this.#write(SQL.endDropping, set);
    return buckets;
  }

  #find(set: number, player: string): SortKey | undefined {
    const [row] = this.#read(SQL.find, set, player);
    return row && keyOf(row);
  }

  #read(statement: string, ...bindings: SqlStorageValue[]): Raw[] {
    return [...this.#sql.exec(statement, ...bindings).raw()];
  }

  #write(statement: string, ...bindings: (SqlStorageValue | Uint8Array)[]): void {
    const cursor = this.#sql.exec(statement, ...bindings);
    this.#rowsWritten += cursor.rowsWritten;
  }
}

function placeAhead(set: number, player: string): string {
  return `${set} ${player}`;
}

/** The columns `inv, sub, at, player` of a row. */
function keyOf(row: Raw): SortKey {
  const player = row[3];
  if (typeof player !== "string") throw new Error("an entry without a player");
  return { inv: numberOf(row[0]), sub: numberOf(row[1]), at: numberOf(row[2]), player };
}

function first(rows: readonly Raw[]): number {
  return numberOf(rows[0]?.[0]);
}

function numberOf(value: SqlStorageValue | undefined): number {
  if (typeof value !== "number") throw new Error("a column that is no number");
  return value;
}
