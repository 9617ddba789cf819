import { encodeCursor } from "../../contract/cursor.ts";
import type { Page } from "../../contract/pages.ts";
import { type Backup, backupSchema } from "../../contract/platform.ts";

interface Row {
  readonly id: string;
  readonly scope: string;
  readonly state: string;
  readonly started_at: number;
  readonly finished_at: number | null;
  readonly target: string;
  readonly bytes: number;
  readonly objects: number;
  readonly rows: number;
  readonly checksum: string | null;
  readonly problem: string | null;
}

/**
 * Backups, the newest first.
 * @param scope `node` or a tenant's id; undefined for all
 * @param after begin and id of the last backup of the page before
 */
export async function listBackups(
  db: D1Database,
  scope: string | undefined,
  limit: number,
  after: readonly [startedAt: number, id: string] | undefined,
): Promise<Page<Backup>> {
  const { results } = await db
    .prepare(
      `SELECT * FROM control_backup WHERE (?1 IS NULL OR scope = ?1) AND (started_at, id) < (?2, ?3)
       ORDER BY started_at DESC, id DESC LIMIT ?4`,
    )
    .bind(scope ?? null, after?.[0] ?? Number.MAX_SAFE_INTEGER, after?.[1] ?? "", limit + 1)
    .all<Row>();
  const rows = results.slice(0, limit);
  const last = rows.at(-1);
  return { items: rows.map(backupOf), nextCursor: last && results.length > limit ? encodeCursor([last.started_at, last.id]) : null };
}

/** Notes how a backup stands. What has ended stays as it ended, and nobody's backup becomes another's. */
export function noteBackup(db: D1Database, backup: Backup): D1PreparedStatement {
  const { id, scope, state, target, bytes, objects, rows, checksum, problem } = backup;
  const [startedAt, finishedAt] = [backup.startedAt, backup.finishedAt].map((at) => (at === null ? null : Date.parse(at)));
  return db
    .prepare(
      `INSERT INTO control_backup (id, scope, state, started_at, finished_at, target, bytes, objects, rows, checksum, problem)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
       ON CONFLICT (id) DO UPDATE SET state = excluded.state, finished_at = excluded.finished_at, target = excluded.target,
         bytes = excluded.bytes, objects = excluded.objects, rows = excluded.rows, checksum = excluded.checksum, problem = excluded.problem
       WHERE state = 'running' AND scope = excluded.scope`,
    )
    .bind(id, scope, state, startedAt ?? 0, finishedAt ?? null, target, bytes, objects, rows, checksum, problem);
}

function backupOf(row: Row): Backup {
  const { started_at: startedAt, finished_at: finishedAt, ...rest } = row;
  const instant = (at: number) => new Date(at).toISOString();
  return backupSchema.parse({ ...rest, startedAt: instant(startedAt), finishedAt: finishedAt === null ? null : instant(finishedAt) });
}
