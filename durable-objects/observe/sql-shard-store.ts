import type { BlockRow, DictionaryRow, LogRow, ShardState, ShardStore } from "../../core/observe/store.ts";

const SQL = {
  loadState: "SELECT dictionary, next_ref, saved_ref, watermark, seal FROM shard WHERE id = 1",
  saveState: "INSERT OR REPLACE INTO shard (id, dictionary, next_ref, saved_ref, watermark, seal) VALUES (1, ?, ?, ?, ?, ?)",
  loadDictionary: "SELECT first_ref, body FROM dictionary ORDER BY first_ref",
  saveDictionary: "INSERT OR REPLACE INTO dictionary (first_ref, body) VALUES (?, ?)",
  deleteDictionary: "DELETE FROM dictionary WHERE first_ref = ?",
  loadBlocks: "SELECT id, seal, first_ref, last_ref, min_at, max_at, through, bytes, directory FROM blocks ORDER BY id",
  readBlock: "SELECT directory, body FROM blocks WHERE id = ?",
  // Ids only rise while the newest row lives, which is all that the order of writes needs.
  insertBlock:
    "INSERT INTO blocks (seal, first_ref, last_ref, min_at, max_at, through, bytes, directory, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
  deleteBlock: "DELETE FROM blocks WHERE id = ?",
  // The order is made from the small columns; the bodies are fetched one by one.
  listLog: "SELECT slot, seq, part, parts, at FROM log ORDER BY seq, part",
  readLog: "SELECT body FROM log WHERE slot = ?",
  putLog: "INSERT OR REPLACE INTO log (slot, seq, part, parts, at, body) VALUES (?, ?, ?, ?, ?, ?)",
  deleteLog: "DELETE FROM log WHERE slot = ?",
} as const;

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
    };
  }

  saveState(state: ShardState): void {
    this.#write(SQL.saveState, state.dictionary, state.nextRef, state.savedRef, state.watermark, state.seal);
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
        directory: blob(row, "directory"),
      };
    }
  }

  readBlock(id: number): { directory: Uint8Array; body: Uint8Array } {
    const row = this.#sql.exec(SQL.readBlock, id).one();
    return { directory: blob(row, "directory"), body: blob(row, "body") };
  }

  insertBlock(row: Omit<BlockRow, "id" | "bytes">, directory: Uint8Array, body: Uint8Array): number {
    const cursor = this.#sql.exec(
      SQL.insertBlock,
      row.seal,
      row.firstRef,
      row.lastRef,
      row.minAt,
      row.maxAt,
      row.through,
      body.length,
      directory,
      body,
    );
    const id = whole(cursor.one(), "id");
    this.#rowsWritten += cursor.rowsWritten;
    return id;
  }

  deleteBlock(id: number): void {
    this.#write(SQL.deleteBlock, id);
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

  #write(statement: string, ...values: (number | Uint8Array)[]): void {
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
