import * as z from "zod";
import { KIT_LIMITS } from "../../../core/kit/limits.ts";

/** Batches and imports of the last 24 hours, by whoever sent them. The index is one row for up to a thousand scores. */
export const BATCH_TABLES = `
  CREATE TABLE batches (
    actor TEXT, id TEXT, at INTEGER NOT NULL, answer TEXT NOT NULL, PRIMARY KEY (actor, id)
  ) WITHOUT ROWID;
  CREATE INDEX batches_at ON batches (at);
  CREATE TABLE imports (
    actor TEXT, id TEXT, at INTEGER NOT NULL, bytes INTEGER NOT NULL, line INTEGER NOT NULL, done INTEGER NOT NULL, imported INTEGER NOT NULL,
    refused INTEGER NOT NULL, errors TEXT NOT NULL, PRIMARY KEY (actor, id)
  ) WITHOUT ROWID;`;

const SQL = {
  find: "SELECT answer FROM batches WHERE actor = ? AND id = ? AND at > ?",
  put: "INSERT OR REPLACE INTO batches (actor, id, at, answer) VALUES (?, ?, ?, ?)",
  findImport: "SELECT bytes, line, done, imported, refused, errors FROM imports WHERE actor = ? AND id = ? AND at > ?",
  putImport:
    "INSERT OR REPLACE INTO imports (actor, id, at, bytes, line, done, imported, refused, errors) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
  sweep: "DELETE FROM batches WHERE (actor, id) IN (SELECT actor, id FROM batches WHERE at <= ? ORDER BY at LIMIT ?) RETURNING 1",
  sweepImports: "DELETE FROM imports WHERE (actor, id) IN (SELECT actor, id FROM imports WHERE at <= ? LIMIT ?) RETURNING 1",
  some: "SELECT EXISTS (SELECT 1 FROM batches) OR EXISTS (SELECT 1 FROM imports) AS some",
} as const;

const answerRow = z.object({ answer: z.string() });
const importRow = z.object({
  bytes: z.number(),
  line: z.number(),
  done: z.number().transform((bit) => bit === 1),
  imported: z.number(),
  refused: z.number(),
  errors: z.string().transform((text) => errorsSchema.parse(JSON.parse(text))),
});
const errorsSchema = z.array(z.object({ line: z.number(), detail: z.string() }));

/** How far an import has come. */
export type ImportState = z.infer<typeof importRow>;

/** What is known of batches by their ids; a record older than 24 hours is none. */
export class SqlBatches {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** The stored answer of a batch. */
  find(actor: string, id: string, now: number): string | undefined {
    const [row] = this.#sql.exec(SQL.find, actor, id, now - KIT_LIMITS.replayMs).toArray();
    return row && answerRow.parse(row).answer;
  }

  put(actor: string, id: string, answer: string, now: number): void {
    this.#sql.exec(SQL.put, actor, id, now, answer);
  }

  findImport(actor: string, id: string, now: number): ImportState | undefined {
    const [row] = this.#sql.exec(SQL.findImport, actor, id, now - KIT_LIMITS.replayMs).toArray();
    return row && importRow.parse(row);
  }

  putImport(actor: string, id: string, state: ImportState, now: number): void {
    const { bytes, line, done, imported, refused, errors } = state;
    this.#sql.exec(SQL.putImport, actor, id, now, bytes, line, done ? 1 : 0, imported, refused, JSON.stringify(errors));
  }

  /** @returns whether there may be more to take away `now`, `later`, or there is `none` left */
  sweep(now: number, limit: number): "now" | "later" | "none" {
    const until = now - KIT_LIMITS.replayMs;
    const gone = this.#sql.exec(SQL.sweep, until, limit).toArray().length + this.#sql.exec(SQL.sweepImports, until, limit).toArray().length;
    if (gone >= limit) return "now";
    return z.object({ some: z.number() }).parse(this.#sql.exec(SQL.some).one()).some === 1 ? "later" : "none";
  }
}
