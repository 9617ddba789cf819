import * as z from "zod";
import { type BoardMode, boardModeSchema, type ModeView, SEEDED_MODES } from "../../contract/leaderboards.ts";
import type { Guard } from "../db/d1-outbox.ts";

const rowSchema = z.object({
  mode: z.string(),
  defaults: z
    .string()
    .transform((text): BoardMode => boardModeSchema.parse(JSON.parse(text)))
    .nullable(),
});

/** The tenant's modes by name: the seeded ones, but for those it replaced or deleted, and its own. */
export async function modesOf(db: D1Database, tenantId: string): Promise<Map<string, ModeView>> {
  const modes = new Map(Object.entries(SEEDED_MODES).map(([mode, defaults]) => [mode, { mode, defaults, seeded: true } as ModeView]));
  const { results } = await db.prepare("SELECT mode, defaults FROM leaderboard_mode WHERE tenant_id = ?").bind(tenantId).all();
  for (const row of results) {
    const { mode, defaults } = rowSchema.parse(row);
    if (defaults === null) modes.delete(mode);
    else modes.set(mode, { mode, defaults, seeded: false });
  }
  return new Map([...modes].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** Room for a mode of this name: it is there already, or there are fewer than so many. */
export function hasModeRoom(tenantId: string, mode: string, modes: number): Guard {
  return {
    sql: `(EXISTS (SELECT 1 FROM leaderboard_mode WHERE tenant_id = ? AND mode = ? AND defaults IS NOT NULL)
      OR (SELECT count(*) FROM leaderboard_mode WHERE tenant_id = ? AND defaults IS NOT NULL) < ?)`,
    params: [tenantId, mode, tenantId, modes],
  };
}

/** Writes a mode; a seeded one that is no more is kept as a mark. */
export function putMode(
  db: D1Database,
  tenantId: string,
  mode: string,
  defaults: BoardMode | null,
  now: number,
  guard: Guard,
): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO leaderboard_mode (tenant_id, mode, defaults, updated_at) SELECT ?, ?, ?, ? WHERE ${guard.sql}
       ON CONFLICT (tenant_id, mode) DO UPDATE SET defaults = excluded.defaults, updated_at = excluded.updated_at`,
    )
    .bind(tenantId, mode, defaults === null ? null : JSON.stringify(defaults), now, ...guard.params);
}

export function dropMode(db: D1Database, tenantId: string, mode: string): D1PreparedStatement {
  return db.prepare("DELETE FROM leaderboard_mode WHERE tenant_id = ? AND mode = ?").bind(tenantId, mode);
}
