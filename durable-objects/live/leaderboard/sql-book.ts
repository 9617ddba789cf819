import * as z from "zod";
import { type BoardConfig, boardConfigSchema, FIXED_FIELDS } from "../../../contract/leaderboards.ts";
import { accept, type Outcome, refuse } from "../../../contract/problems.ts";
import type { BoardDefinition } from "../../../contract/rpc/leaderboard.ts";
import type { BoardBook } from "./book.ts";

/** The one row is there while the board is, from its first `configure` to the end of its removal. */
export const BOOK_TABLES = `
  CREATE TABLE board (
    id INTEGER PRIMARY KEY CHECK (id = 1), config TEXT NOT NULL, version INTEGER NOT NULL, state TEXT NOT NULL, fixed INTEGER NOT NULL
  );`;

const SQL = {
  exists: "SELECT 1 FROM sqlite_schema WHERE name = 'board'",
  find: "SELECT config, version, state, fixed FROM board",
  put: "INSERT OR REPLACE INTO board (id, config, version, state, fixed) VALUES (1, ?, ?, 'live', ?)",
  fix: "UPDATE board SET fixed = 1",
  removing: "UPDATE board SET state = 'removing'",
  close: "DELETE FROM board",
} as const;

const boardRow = z
  .object({
    config: z.string().transform((text): BoardConfig => boardConfigSchema.parse(JSON.parse(text))),
    version: z.number(),
    state: z.enum(["live", "removing"]),
    fixed: z.number().transform((bit) => bit === 1),
  })
  .readonly();
type BoardRow = z.infer<typeof boardRow>;

/** Whether a board was ever configured here. Reads, and writes nothing: it may be asked of an object that never was opened. */
export function wasConfigured(sql: SqlStorage): boolean {
  return sql.exec(SQL.exists).toArray().length > 0;
}

export class SqlBook implements BoardBook {
  readonly #sql: SqlStorage;
  /** Undefined: to be read. */
  #row: BoardRow | null | undefined;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Forgets memory: after a transaction was undone, and before a load. */
  reset(): void {
    this.#row = undefined;
  }

  definition(): (BoardDefinition & { readonly state: "live" | "removing" }) | null {
    return this.#read();
  }

  config(): BoardConfig {
    const row = this.#read();
    if (!row) throw new Error("a board that was not configured has no configuration");
    return row.config;
  }

  configure({ config, version }: BoardDefinition): Outcome<{ version: number }> {
    const held = this.#read();
    if (held?.state === "removing")
      return refuse("unavailable", "A board of this name is still being removed. Try again in a few seconds.", { retryAfterS: 2 });
    if (held && version <= held.version) return accept({ version: held.version });
    const changed = held?.fixed ? FIXED_FIELDS.filter((field) => !sameJson(held.config[field], config[field])) : [];
    if (changed.length > 0)
      return refuse("board-fixed", `The board has scores, so ${changed.join(", ")} cannot change any more. Make another board for it.`, {
        errors: changed.map((field) => ({ pointer: `/${field}`, detail: "is fixed by the first score" })),
      });
    this.#sql.exec(SQL.put, JSON.stringify(config), version, held?.fixed ? 1 : 0);
    this.#row = undefined;
    return accept({ version });
  }

  fix(): void {
    const held = this.#read();
    if (!held || held.fixed) return;
    this.#sql.exec(SQL.fix);
    this.#row = { ...held, fixed: true };
  }

  /** From now on there is no such board for anybody but its removal. */
  beginRemoval(): void {
    this.#sql.exec(SQL.removing);
    this.#row = undefined;
  }

  /** The last of a removal. */
  close(): void {
    this.#sql.exec(SQL.close);
    this.#row = undefined;
  }

  #read(): BoardRow | null {
    if (this.#row !== undefined) return this.#row;
    const [row] = this.#sql.exec(SQL.find).toArray();
    return (this.#row = row === undefined ? null : boardRow.parse(row));
  }
}

/** Both were made by the same schema, so their fields come in the same order. */
function sameJson(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
