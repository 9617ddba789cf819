import { existsSync } from "node:fs";
import { backup, DatabaseSync } from "node:sqlite";

/** More pages than a database file has: the copy is made in one step, which no writer can make begin anew. */
const ALL_PAGES = 2 ** 31 - 1;

/**
 * A database file of a running server as it is at the moment of the constructor: an open read transaction of SQLite's
 * write-ahead log, which holds up no writer. Until it is released the log cannot be cut short.
 */
export class PinnedDatabase {
  readonly file: string;
  readonly #database: DatabaseSync;

  private constructor(file: string, database: DatabaseSync) {
    this.file = file;
    this.#database = database;
  }

  /** @returns undefined when the file has gone */
  static pin(file: string): PinnedDatabase | undefined {
    try {
      return PinnedDatabase.#pin(file);
    } catch (error) {
      if (!existsSync(file)) return undefined;
      throw error;
    }
  }

  static #pin(file: string): PinnedDatabase {
    const database = new DatabaseSync(file, { readOnly: true, timeout: 5_000 });
    try {
      database.exec("BEGIN");
      // The transaction begins with its first read.
      database.prepare("SELECT count(*) FROM sqlite_schema").get();
      return new PinnedDatabase(file, database);
    } catch (error) {
      database.close();
      throw error;
    }
  }

  /** Rows as they were at the moment. */
  all(sql: string): Record<string, unknown>[] {
    return this.#database.prepare(sql).all();
  }

  /** Writes what was pinned into a new file. Runs beside this thread. */
  async copyTo(file: string): Promise<void> {
    await backup(this.#database, file, { rate: ALL_PAGES });
  }

  /** Lets the log be cut again. May be called twice. */
  release(): void {
    if (this.#database.isOpen) this.#database.close();
  }
}
