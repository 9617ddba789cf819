import * as z from "zod";
import { WINDOW_KINDS } from "../../../contract/leaderboard-limits.ts";
import type { WindowSpan } from "../../../core/live/leaderboard/windows.ts";
import type { BoardSet } from "./windows.ts";

/**
 * Windows, and the rankings of each: one for all, one of each partition, and their shadows. Ids of rankings are never given out again:
 * the log says what changed in which, also of those that are gone.
 */
export const WINDOW_TABLES = `
  CREATE TABLE ranking_window (
    window TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    opens_at INTEGER,
    closes_at INTEGER,
    state TEXT NOT NULL,
    quiet INTEGER NOT NULL,
    run INTEGER NOT NULL,
    progress TEXT,
    due_at INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE ranking_set (
    id INTEGER PRIMARY KEY,
    window TEXT NOT NULL,
    part TEXT NOT NULL,
    shadow INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE ranking_next (one INTEGER PRIMARY KEY CHECK (one = 1), id INTEGER NOT NULL) STRICT, WITHOUT ROWID;
`;

/**
 * `open` takes scores (of its time, and for the grace after it); `closing` is frozen, its rewards are being granted; `closed` has yet to
 * be archived; `archived` can still be ranked in; `leaving` is being deleted; of what is `gone` the archive
 * remains, and for a time the rewards.
 */
export const WINDOW_STATES = ["open", "closing", "closed", "archived", "leaving", "gone"] as const;

export interface WindowRow extends WindowSpan {
  readonly state: (typeof WINDOW_STATES)[number];
  /** Opened by an import after its end: it closes without rewards and without telling anybody. */
  readonly quiet: boolean;
  /** Rises when what was begun of its archive no longer holds. */
  readonly run: number;
  /** How far its closing or archiving has come, as JSON of whoever is at it. */
  readonly progress: string | null;
  /** When something is to be done with it, epoch milliseconds; null for `all` and what nothing is left of but its archive. */
  readonly dueAt: number | null;
}

const WINDOW = "window, kind, opens_at, closes_at, state, quiet, run, progress, due_at";
const SQL = {
  kept: `SELECT ${WINDOW} FROM ranking_window WHERE state <> 'gone' OR due_at IS NOT NULL`,
  find: `SELECT ${WINDOW} FROM ranking_window WHERE window = ?`,
  gone: `SELECT ${WINDOW} FROM ranking_window WHERE state = 'gone' ORDER BY closes_at DESC LIMIT ?`,
  put: `INSERT OR REPLACE INTO ranking_window (${WINDOW}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  sets: `SELECT s.id, s.window, s.part, s.shadow, w.kind FROM ranking_set s JOIN ranking_window w ON w.window = s.window ORDER BY s.id`,
  nextId: "INSERT INTO ranking_next (one, id) VALUES (1, 1) ON CONFLICT (one) DO UPDATE SET id = id + 1 RETURNING id",
  addSet: "INSERT INTO ranking_set (id, window, part, shadow) VALUES (?, ?, ?, ?)",
  removeSet: "DELETE FROM ranking_set WHERE id = ?",
} as const;

const kind = z.enum(WINDOW_KINDS);
const windowRow = z
  .object({
    window: z.string(),
    kind,
    opens_at: z.number().nullable(),
    closes_at: z.number().nullable(),
    state: z.enum(WINDOW_STATES),
    quiet: z.number(),
    run: z.number(),
    progress: z.string().nullable(),
    due_at: z.number().nullable(),
  })
  .transform((row): WindowRow => ({
    window: row.window,
    kind: row.kind,
    opensAt: row.opens_at ?? Number.NEGATIVE_INFINITY,
    closesAt: row.closes_at ?? Number.POSITIVE_INFINITY,
    state: row.state,
    quiet: row.quiet === 1,
    run: row.run,
    progress: row.progress,
    dueAt: row.due_at,
  }));
const setRow = z.object({ id: z.number(), window: z.string(), part: z.string(), shadow: z.number(), kind }).transform((row): BoardSet => ({
  id: row.id,
  kind: row.kind,
  window: row.window,
  partition: row.part === "" ? null : row.part,
  shadow: row.shadow === 1,
}));
const idRow = z.object({ id: z.number() });

/** Rows of {@link WINDOW_TABLES}. */
export class WindowStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** All that something is yet to be done with, and `all`: some 500 at most, a year's days that are gone among them. */
  kept(): WindowRow[] {
    return this.#windows(SQL.kept);
  }

  find(window: string): WindowRow | undefined {
    return this.#windows(SQL.find, window)[0];
  }

  /** The latest of those that are gone, the latest first. */
  gone(limit: number): WindowRow[] {
    return this.#windows(SQL.gone, limit);
  }

  put(row: WindowRow): void {
    const { opensAt, closesAt } = row;
    this.#sql.exec(
      SQL.put,
      row.window,
      row.kind,
      Number.isFinite(opensAt) ? opensAt : null,
      Number.isFinite(closesAt) ? closesAt : null,
      row.state,
      row.quiet ? 1 : 0,
      row.run,
      row.progress,
      row.dueAt,
    );
  }

  sets(): BoardSet[] {
    return this.#sql
      .exec(SQL.sets)
      .toArray()
      .map((row) => setRow.parse(row));
  }

  addSet(of: Omit<BoardSet, "id">): BoardSet {
    const { id } = idRow.parse(this.#sql.exec(SQL.nextId).one());
    this.#sql.exec(SQL.addSet, id, of.window, of.partition ?? "", of.shadow ? 1 : 0);
    return { ...of, id };
  }

  removeSet(id: number): void {
    this.#sql.exec(SQL.removeSet, id);
  }

  #windows(statement: string, ...bindings: SqlStorageValue[]): WindowRow[] {
    return this.#sql
      .exec(statement, ...bindings)
      .toArray()
      .map((row) => windowRow.parse(row));
  }
}
