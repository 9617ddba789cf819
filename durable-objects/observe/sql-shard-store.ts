import type { RollupTier } from "../../contract/metric-limits.ts";
import type { BlockRow, DictionaryRow, LogRow, PackedBytes, ShardState, ShardStore } from "../../core/observe/store.ts";

const SQL = {
  loadState:
    "SELECT dictionary, next_ref, saved_ref, watermark, seal, rolled_minute, rolled_hour, raw_from, late, imported_at FROM shard WHERE id = 1",
  saveState:
    "INSERT OR REPLACE INTO shard (id, dictionary, next_ref, saved_ref, watermark, seal, rolled_minute, rolled_hour, raw_from, late, imported_at) VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
  loadDictionary: "SELECT first_ref, body FROM dictionary ORDER BY first_ref",
  saveDictionary: "INSERT OR REPLACE INTO dictionary (first_ref, body) VALUES (?, ?)",
  deleteDictionary: "DELETE FROM dictionary WHERE first_ref = ?",
  loadBlocks: "SELECT id, seal, first_ref, last_ref, min_at, max_at, through, bytes, points, directory FROM blocks ORDER BY id",
  readBlock: "SELECT directory, body FROM blocks WHERE id = ?",
  // Ids only rise while the newest row lives, which is all that the order of writes needs.
  insertBlock:
    "INSERT INTO blocks (seal, first_ref, last_ref, min_at, max_at, through, bytes, points, directory, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
  rewriteBlock: "UPDATE blocks SET bytes = ?, points = ?, directory = ?, body = ? WHERE id = ?",
  deleteBlock: "DELETE FROM blocks WHERE id = ?",
  loadRollups: "SELECT id, tier, roll, first_ref, last_ref, min_at, max_at, bytes, points FROM rollups ORDER BY id",
  readRollup: "SELECT directory, body FROM rollups WHERE id = ?",
  insertRollup:
    "INSERT INTO rollups (tier, roll, first_ref, last_ref, min_at, max_at, bytes, points, directory, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
  rewriteRollup: "UPDATE rollups SET bytes = ?, points = ?, directory = ?, body = ? WHERE id = ?",
  deleteRollup: "DELETE FROM rollups WHERE id = ?",
  putKept: "INSERT OR REPLACE INTO kept (name, body) VALUES (?, ?)",
  readKept: "SELECT body FROM kept WHERE name = ?",
  // The order is made from the small columns; the bodies are fetched one by one.
  listLog: "SELECT slot, seq, part, parts, at FROM log ORDER BY seq, part",
  readLog: "SELECT body FROM log WHERE slot = ?",
  putLog: "INSERT OR REPLACE INTO log (slot, seq, part, parts, at, body) VALUES (?, ?, ?, ?, ?, ?)",
  deleteLog: "DELETE FROM log WHERE slot = ?",
} as const;

/** How a tier is called in rows. */
const TIER_NUMBER: Readonly<Record<RollupTier, number>> = { minute: 1, hour: 2 };

type Row = Record<string, SqlStorageValue>;

/** The tables of a shard in a Durable Object's SQLite. Counts every row that is billed as written. */
export class SqlShardStore implements ShardStore {
  readonly #sql: SqlStorage;
  #rowsWritten = 0;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  get rowsWritten(): number {
    return this.#rowsWritten;
  }

  loadState(): ShardState | undefined {
    const [row] = this.#sql.exec(SQL.loadState).toArray();
    if (!row) return undefined;
    return {
      dictionary: whole(row, "dictionary"),
      nextRef: whole(row, "next_ref"),
      savedRef: whole(row, "saved_ref"),
      watermark: whole(row, "watermark"),
      seal: whole(row, "seal"),
      rolledMinute: whole(row, "rolled_minute"),
      rolledHour: whole(row, "rolled_hour"),
      rawFrom: whole(row, "raw_from"),
      late: whole(row, "late"),
      importedAt: whole(row, "imported_at"),
    };
  }

  saveState(state: ShardState): void {
    const { dictionary, nextRef, savedRef, watermark, seal, rolledMinute, rolledHour, rawFrom, late, importedAt } = state;
    this.#write(SQL.saveState, dictionary, nextRef, savedRef, watermark, seal, rolledMinute, rolledHour, rawFrom, late, importedAt);
  }

  *loadDictionary(): Generator<DictionaryRow> {
    for (const row of this.#sql.exec(SQL.loadDictionary)) yield { firstRef: whole(row, "first_ref"), body: blob(row, "body") };
  }

  saveDictionary({ firstRef, body }: DictionaryRow): void {
    this.#write(SQL.saveDictionary, firstRef, body);
  }

  deleteDictionary(firstRef: number): void {
    this.#write(SQL.deleteDictionary, firstRef);
  }

  *loadBlocks(): Generator<BlockRow & { directory: Uint8Array }> {
    for (const row of this.#sql.exec(SQL.loadBlocks)) {
      yield {
        id: whole(row, "id"),
        seal: whole(row, "seal"),
        firstRef: whole(row, "first_ref"),
        lastRef: whole(row, "last_ref"),
        minAt: whole(row, "min_at"),
        maxAt: whole(row, "max_at"),
        through: whole(row, "through"),
        bytes: whole(row, "bytes"),
        points: whole(row, "points"),
        directory: blob(row, "directory"),
      };
    }
  }

  readBlock(id: number): { directory: Uint8Array; body: Uint8Array } {
    const row = this.#sql.exec(SQL.readBlock, id).one();
    return { directory: blob(row, "directory"), body: blob(row, "body") };
  }

  insertBlock(row: Omit<BlockRow, "id" | "bytes">, directory: Uint8Array, body: Uint8Array): number {
    const { seal, firstRef, lastRef, minAt, maxAt, through, points } = row;
    return this.#insert(SQL.insertBlock, seal, firstRef, lastRef, minAt, maxAt, through, body.length, points, directory, body);
  }

  rewriteBlock(id: number, { directory, body, points }: PackedBytes): void {
    this.#write(SQL.rewriteBlock, body.length, points, directory, body, id);
  }

  deleteBlock(id: number): void {
    this.#write(SQL.deleteBlock, id);
  }

  *loadRollups(): Generator<BlockRow & { tier: RollupTier }> {
    for (const row of this.#sql.exec(SQL.loadRollups)) {
      yield {
        tier: tierOf(whole(row, "tier")),
        id: whole(row, "id"),
        seal: whole(row, "roll"),
        firstRef: whole(row, "first_ref"),
        lastRef: whole(row, "last_ref"),
        minAt: whole(row, "min_at"),
        maxAt: whole(row, "max_at"),
        through: 0,
        bytes: whole(row, "bytes"),
        points: whole(row, "points"),
      };
    }
  }

  readRollup(id: number): { directory: Uint8Array; body: Uint8Array } {
    const row = this.#sql.exec(SQL.readRollup, id).one();
    return { directory: blob(row, "directory"), body: blob(row, "body") };
  }

  insertRollup(tier: RollupTier, row: Omit<BlockRow, "id" | "bytes" | "through">, directory: Uint8Array, body: Uint8Array): number {
    const { seal, firstRef, lastRef, minAt, maxAt, points } = row;
    return this.#insert(SQL.insertRollup, TIER_NUMBER[tier], seal, firstRef, lastRef, minAt, maxAt, body.length, points, directory, body);
  }

  rewriteRollup(id: number, { directory, body, points }: PackedBytes): void {
    this.#write(SQL.rewriteRollup, body.length, points, directory, body, id);
  }

  deleteRollup(id: number): void {
    this.#write(SQL.deleteRollup, id);
  }

  putKept(name: string, body: Uint8Array): void {
    this.#write(SQL.putKept, name, body);
  }

  readKept(name: string): Uint8Array | undefined {
    const [row] = this.#sql.exec(SQL.readKept, name).toArray();
    return row && blob(row, "body");
  }

  *loadLog(): Generator<LogRow> {
    const rows = this.#sql.exec(SQL.listLog).toArray();
    for (const row of rows) {
      const slot = whole(row, "slot");
      const body = blob(this.#sql.exec(SQL.readLog, slot).one(), "body");
      yield { slot, seq: whole(row, "seq"), part: whole(row, "part"), parts: whole(row, "parts"), at: whole(row, "at"), body };
    }
  }

  putLog({ slot, seq, part, parts, at, body }: LogRow): void {
    this.#write(SQL.putLog, slot, seq, part, parts, at, body);
  }

  deleteLog(slot: number): void {
    this.#write(SQL.deleteLog, slot);
  }

  /** @returns the id of the new row */
  #insert(statement: string, ...values: (number | Uint8Array)[]): number {
    const cursor = this.#sql.exec(statement, ...values);
    const id = whole(cursor.one(), "id");
    this.#rowsWritten += cursor.rowsWritten;
    return id;
  }

  #write(statement: string, ...values: (number | string | Uint8Array)[]): void {
    this.#rowsWritten += this.#sql.exec(statement, ...values).rowsWritten;
  }
}

function whole(row: Row, column: string): number {
  const value = row[column];
  if (typeof value !== "number" || !Number.isSafeInteger(value)) throw new Error(`column ${column} holds no whole number`);
  return value;
}

function blob(row: Row, column: string): Uint8Array {
  const value = row[column];
  if (!(value instanceof ArrayBuffer)) throw new Error(`column ${column} holds no bytes`);
  return new Uint8Array(value);
}

function tierOf(number: number): RollupTier {
  if (number === TIER_NUMBER.minute) return "minute";
  if (number === TIER_NUMBER.hour) return "hour";
  throw new Error(`no tier has the number ${number}`);
}
