import * as z from "zod";

/** Work that goes on by itself: files that are to go, people who are to be forgotten, imports and how far they came. */
export const TASK_TABLES = `
  CREATE TABLE doomed (key TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
  CREATE TABLE erasures (subject TEXT PRIMARY KEY, stage TEXT NOT NULL, place INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE imports (
    batch TEXT PRIMARY KEY, digest TEXT NOT NULL, at INTEGER NOT NULL, done INTEGER NOT NULL, lines INTEGER NOT NULL,
    from_place INTEGER NOT NULL, to_place INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;`;

/** Where an erasure is: in what other members reacted to, in messages, in other events, in the archive. */
export const ERASURE_STAGES = ["messages", "notes", "archive"] as const;
export interface ErasureState {
  readonly subject: string;
  readonly stage: (typeof ERASURE_STAGES)[number];
  /** What was gone through, by place. */
  readonly place: number;
}

export interface ImportState {
  readonly batch: string;
  /** SHA-256 of the lines: an id that comes with others is refused. */
  readonly digest: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly done: boolean;
  /** Lines that are in the room. */
  readonly lines: number;
  readonly from: number;
  readonly to: number;
}

const SQL = {
  doom: "INSERT OR IGNORE INTO doomed (key) VALUES (?)",
  doomed: "SELECT key FROM doomed LIMIT ?",
  undoom: "DELETE FROM doomed WHERE key IN (SELECT value FROM json_each(?))",
  erase: "INSERT OR IGNORE INTO erasures (subject, stage, place) VALUES (?, 'messages', 0)",
  erasure: "SELECT subject, stage, place FROM erasures ORDER BY subject LIMIT 1",
  putErasure: "UPDATE erasures SET stage = ?, place = ? WHERE subject = ?",
  endErasure: "DELETE FROM erasures WHERE subject = ?",
  findImport: "SELECT batch, digest, at, done, lines, from_place, to_place FROM imports WHERE batch = ? AND at > ?",
  putImport: "INSERT OR REPLACE INTO imports (batch, digest, at, done, lines, from_place, to_place) VALUES (?, ?, ?, ?, ?, ?, ?)",
  sweepImports: "DELETE FROM imports WHERE batch IN (SELECT batch FROM imports WHERE at <= ? LIMIT ?)",
  oldestImport: "SELECT min(at) AS n FROM imports",
} as const;

const keyRow = z.object({ key: z.string() });
const numberRow = z.object({ n: z.number().nullable() });
const erasureRow = z.object({ subject: z.string(), stage: z.enum(ERASURE_STAGES), place: z.number() });
const importRow = z
  .object({
    batch: z.string(),
    digest: z.string(),
    at: z.number(),
    done: z.number(),
    lines: z.number(),
    from_place: z.number(),
    to_place: z.number(),
  })
  .transform(({ done, from_place, to_place, ...row }): ImportState => ({ ...row, done: done === 1, from: from_place, to: to_place }));

export class SqlTasks {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  doom(key: string): void {
    this.#sql.exec(SQL.doom, key);
  }

  doomed(limit: number): string[] {
    return keyRow
      .array()
      .parse(this.#sql.exec(SQL.doomed, limit).toArray())
      .map(({ key }) => key);
  }

  undoom(keys: readonly string[]): void {
    this.#sql.exec(SQL.undoom, JSON.stringify(keys));
  }

  erase(subject: string): void {
    this.#sql.exec(SQL.erase, subject);
  }

  erasure(): ErasureState | undefined {
    const [row] = this.#sql.exec(SQL.erasure).toArray();
    return row && erasureRow.parse(row);
  }

  putErasure({ subject, stage, place }: ErasureState): void {
    this.#sql.exec(SQL.putErasure, stage, place, subject);
  }

  endErasure(subject: string): void {
    this.#sql.exec(SQL.endErasure, subject);
  }

  /** @param after epoch milliseconds: an older one is forgotten */
  findImport(batch: string, after: number): ImportState | undefined {
    const [row] = this.#sql.exec(SQL.findImport, batch, after).toArray();
    return row && importRow.parse(row);
  }

  putImport({ batch, digest, at, done, lines, from, to }: ImportState): void {
    this.#sql.exec(SQL.putImport, batch, digest, at, done ? 1 : 0, lines, from, to);
  }

  sweepImports(until: number, limit: number): void {
    this.#sql.exec(SQL.sweepImports, until, limit);
  }

  oldestImport(): number | null {
    return numberRow.parse(this.#sql.exec(SQL.oldestImport).one()).n;
  }
}
