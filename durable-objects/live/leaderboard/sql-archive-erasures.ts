import * as z from "zod";

/** Players who have yet to leave what lies in R2, and how far the pass through it has come. */
export const ARCHIVE_ERASURE_TABLES = `
  CREATE TABLE archive_erasures (player TEXT PRIMARY KEY, passing INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE archive_pass (one INTEGER PRIMARY KEY CHECK (one = 1), progress TEXT NOT NULL) STRICT, WITHOUT ROWID;
`;

const SQL = {
  add: "INSERT INTO archive_erasures (player, passing) VALUES (?, 0) ON CONFLICT (player) DO UPDATE SET passing = 0",
  any: "SELECT 1 FROM archive_erasures LIMIT 1",
  begin: "UPDATE archive_erasures SET passing = 1 WHERE player IN (SELECT player FROM archive_erasures LIMIT ?) RETURNING 1",
  passing: "SELECT player FROM archive_erasures WHERE passing = 1",
  end: "DELETE FROM archive_erasures WHERE passing = 1",
  progress: "SELECT progress FROM archive_pass",
  putProgress: "INSERT OR REPLACE INTO archive_pass (one, progress) VALUES (1, ?)",
  clearProgress: "DELETE FROM archive_pass",
} as const;

const playerRow = z.object({ player: z.string() });
const progressRow = z.object({ progress: z.string() });

/** Rows of {@link ARCHIVE_ERASURE_TABLES}. */
export class ArchiveErasureStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** One that a pass under way may have missed waits for the next. */
  add(player: string): void {
    this.#sql.exec(SQL.add, player);
  }

  any(): boolean {
    return this.#sql.exec(SQL.any).toArray().length > 0;
  }

  /** Takes up to so many players into a pass. @returns how many there are in it */
  begin(limit: number): number {
    return this.#sql.exec(SQL.begin, limit).toArray().length;
  }

  passing(): ReadonlySet<string> {
    const rows = playerRow.array().parse(this.#sql.exec(SQL.passing).toArray());
    return new Set(rows.map(({ player }) => player));
  }

  /** How far the pass has come, as JSON; undefined between passes. */
  progress(): string | undefined {
    const [row] = this.#sql.exec(SQL.progress).toArray();
    return row && progressRow.parse(row).progress;
  }

  putProgress(progress: string): void {
    this.#sql.exec(SQL.putProgress, progress);
  }

  /** The pass went through everything. */
  end(): void {
    this.#sql.exec(SQL.end);
    this.#sql.exec(SQL.clearProgress);
  }
}
