import * as z from "zod";
import { BOARD_STATES, boardConfigSchema, type BoardView } from "../../contract/leaderboards.ts";
import type { Guard } from "../db/d1-outbox.ts";

/** A change that the object may have taken already; with it, whoever finds it can bring it to its end. */
const pendingSchema = z.object({
  config: boardConfigSchema,
  mode: z.string().nullable(),
  version: z.number().int(),
  meta: z.object({ requestId: z.string(), actor: z.string(), actorName: z.string() }),
});
export type PendingChange = z.infer<typeof pendingSchema>;

const json = <T extends z.ZodType>(schema: T) => z.string().transform((text): z.output<T> => schema.parse(JSON.parse(text)));
const rowSchema = z
  .object({
    tenant_id: z.string(),
    board: z.string(),
    mode: z.string().nullable(),
    config: json(boardConfigSchema),
    version: z.number(),
    state: z.enum(BOARD_STATES),
    pending: json(pendingSchema).nullable(),
    created_at: z.number(),
    updated_at: z.number(),
  })
  .transform(({ tenant_id, created_at, updated_at, ...row }) => ({
    ...row,
    tenantId: tenant_id,
    createdAt: created_at,
    updatedAt: updated_at,
  }));
/** A board as the catalogue has it. */
export type BoardRow = z.infer<typeof rowSchema>;
type At = Pick<BoardRow, "tenantId" | "board">;

const FIND = "SELECT * FROM leaderboard_board WHERE tenant_id = ? AND board = ?";
const LIST = "SELECT * FROM leaderboard_board WHERE tenant_id = ? AND board > ? ORDER BY board LIMIT ?";
const UNFINISHED = "SELECT tenant_id, board FROM leaderboard_board WHERE (state <> 'live' OR pending IS NOT NULL) AND updated_at < ?";

export async function findBoard(db: D1Database, tenantId: string, board: string): Promise<BoardRow | undefined> {
  const row = await db.prepare(FIND).bind(tenantId, board).first();
  return row === null ? undefined : rowSchema.parse(row);
}

/** Boards in the order of their names, from behind the given one. */
export async function listBoards(db: D1Database, tenantId: string, after: string, limit: number): Promise<BoardRow[]> {
  const { results } = await db.prepare(LIST).bind(tenantId, after, limit).all();
  return results.map((row) => rowSchema.parse(row));
}

/** Boards that a request left in the middle of something before this moment, those that wait longest first. */
export async function unfinishedBoards(
  db: D1Database,
  before: number,
  limit: number,
): Promise<{ readonly tenantId: string; readonly board: string }[]> {
  const { results } = await db
    .prepare(`${UNFINISHED} ORDER BY updated_at LIMIT ?`)
    .bind(before, limit)
    .all<{ tenant_id: string; board: string }>();
  return results.map(({ tenant_id, board }) => ({ tenantId: tenant_id, board }));
}

/** Sends a board that could not be finished to the end of the line, so that others have their turn. */
export async function postponeBoard(db: D1Database, { tenantId, board }: At, now: number): Promise<void> {
  await db
    .prepare("UPDATE leaderboard_board SET updated_at = ? WHERE tenant_id = ? AND board = ? AND (state <> 'live' OR pending IS NOT NULL)")
    .bind(now, tenantId, board)
    .run();
}

export function viewOf(row: Omit<BoardRow, "tenantId" | "pending">): BoardView {
  const { board, mode, state, config, version, createdAt, updatedAt } = row;
  return {
    board,
    mode,
    state,
    config,
    version,
    createdAt: new Date(createdAt).toISOString(),
    updatedAt: new Date(updatedAt).toISOString(),
  };
}

/** There is no board of this name, and room for one more. */
export function hasRoom(tenantId: string, board: string, boards: number): Guard {
  return {
    sql: `NOT EXISTS (SELECT 1 FROM leaderboard_board WHERE tenant_id = ? AND board = ?)
      AND (SELECT count(*) FROM leaderboard_board WHERE tenant_id = ?) < ?`,
    params: [tenantId, board, tenantId, boards],
  };
}

type NewRow = Pick<BoardRow, "tenantId" | "board" | "mode" | "config" | "version" | "createdAt">;

export function insertBoard(db: D1Database, row: NewRow, guard: Guard): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO leaderboard_board (tenant_id, board, mode, config, version, state, created_at, updated_at)
       SELECT ?1, ?2, ?3, ?4, ?5, 'creating', ?6, ?6 WHERE ${numbered(guard.sql, 6)}`,
    )
    .bind(row.tenantId, row.board, row.mode, JSON.stringify(row.config), row.version, row.createdAt, ...guard.params);
}

/** `?` as `?7`, `?8`, …: a statement cannot mix both ways. */
function numbered(sql: string, from: number): string {
  let at = from;
  return sql.replaceAll("?", () => `?${++at}`);
}

/** Takes note of a change before the object is asked; whoever else changes the board meanwhile is too late. @returns whether it was noted */
export async function notePending(db: D1Database, row: BoardRow, pending: PendingChange, now: number): Promise<boolean> {
  const { meta } = await db
    .prepare(
      `UPDATE leaderboard_board SET pending = ?, updated_at = ?
       WHERE tenant_id = ? AND board = ? AND version = ? AND state = 'live' AND pending IS NULL`,
    )
    .bind(JSON.stringify(pending), now, row.tenantId, row.board, row.version)
    .run();
  return meta.changes === 1;
}

/** The change that was noted under this version still waits. */
export function isPending({ tenantId, board }: At, version: number): Guard {
  return {
    sql: "EXISTS (SELECT 1 FROM leaderboard_board WHERE tenant_id = ? AND board = ? AND json_extract(pending, '$.version') = ?)",
    params: [tenantId, board, version],
  };
}

const PENDING = "WHERE tenant_id = ? AND board = ? AND json_extract(pending, '$.version') = ?";

/** The object has taken it. */
export function settlePending(
  db: D1Database,
  { tenantId, board }: At,
  { config, mode, version }: PendingChange,
  now: number,
): D1PreparedStatement {
  return db
    .prepare(`UPDATE leaderboard_board SET config = ?, mode = ?, version = ?, pending = NULL, updated_at = ? ${PENDING}`)
    .bind(JSON.stringify(config), mode, version, now, tenantId, board, version);
}

/** The object has refused it. */
export async function dropPending(db: D1Database, { tenantId, board }: At, version: number): Promise<void> {
  await db.prepare(`UPDATE leaderboard_board SET pending = NULL ${PENDING}`).bind(tenantId, board, version).run();
}

/** The row is there in this version and not being deleted. */
export function isThere({ tenantId, board }: At, version: number): Guard {
  return {
    sql: "EXISTS (SELECT 1 FROM leaderboard_board WHERE tenant_id = ? AND board = ? AND version = ? AND state <> 'deleting')",
    params: [tenantId, board, version],
  };
}

export function markDeleting(db: D1Database, row: BoardRow, now: number): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE leaderboard_board SET state = 'deleting', pending = NULL, updated_at = ?
       WHERE tenant_id = ? AND board = ? AND version = ? AND state <> 'deleting'`,
    )
    .bind(now, row.tenantId, row.board, row.version);
}

export async function markLive(db: D1Database, row: BoardRow): Promise<void> {
  await db
    .prepare("UPDATE leaderboard_board SET state = 'live' WHERE tenant_id = ? AND board = ? AND version = ? AND state = 'creating'")
    .bind(row.tenantId, row.board, row.version)
    .run();
}

/** The last of a deletion. */
export async function forgetBoard(db: D1Database, row: BoardRow): Promise<void> {
  await db
    .prepare("DELETE FROM leaderboard_board WHERE tenant_id = ? AND board = ? AND version = ? AND state = 'deleting'")
    .bind(row.tenantId, row.board, row.version)
    .run();
}
