import { encodeCursor } from "../../contract/cursor.ts";
import type { DeadLetter } from "../../contract/events.ts";
import type { Page } from "../../contract/pages.ts";
import { bodyWithoutPersonal } from "../consumers/personal.ts";
import { storedJson } from "./stored-json.ts";

interface LetterRow {
  readonly id: string;
  readonly queue: string;
  readonly eventId: string | null;
  readonly type: string | null;
  readonly subject: string | null;
  readonly reason: string;
  readonly attempts: number;
  readonly failedAt: number;
  readonly replayedAt: number | null;
  readonly body: string;
}

const COLUMNS = `id, queue, event_id AS eventId, type, subject, reason, attempts, failed_at AS failedAt, replayed_at AS replayedAt, body`;

/** @param after failure time and id of the last dead letter of the page before */
export async function listDeadLetters(
  history: D1Database,
  tenantId: string,
  limit: number,
  after: readonly [failedAt: number, id: string] | undefined,
): Promise<Page<DeadLetter>> {
  const rows = await history
    .prepare(
      `SELECT ${COLUMNS} FROM control_dead_letter WHERE tenant_id = ?1 AND (failed_at, id) < (?2, ?3)
       ORDER BY failed_at DESC, id DESC LIMIT ?4`,
    )
    .bind(tenantId, after?.[0] ?? Number.MAX_SAFE_INTEGER, after?.[1] ?? "", limit + 1)
    .all<LetterRow>();
  const items = rows.results.slice(0, limit);
  const last = items.at(-1);
  return {
    items: items.map(deadLetter),
    nextCursor: last && rows.results.length > limit ? encodeCursor([last.failedAt, last.id]) : null,
  };
}

/** A dead letter as it is shown, and its whole body for the queue. */
export async function findDeadLetter(
  history: D1Database,
  tenantId: string,
  id: string,
): Promise<{ readonly letter: DeadLetter; readonly body: unknown } | undefined> {
  const row = await history
    .prepare(`SELECT ${COLUMNS} FROM control_dead_letter WHERE tenant_id = ?1 AND id = ?2`)
    .bind(tenantId, id)
    .first<LetterRow>();
  return row ? { letter: deadLetter(row), body: storedJson(row.body) } : undefined;
}

export async function markReplayed(history: D1Database, tenantId: string, id: string, now: number): Promise<void> {
  await history.prepare("UPDATE control_dead_letter SET replayed_at = ?3 WHERE tenant_id = ?1 AND id = ?2").bind(tenantId, id, now).run();
}

/** Whoever reads events is told what happened, not to whom; a mailed link, for one, would open somebody's account. */
function deadLetter(row: LetterRow): DeadLetter {
  return {
    ...row,
    failedAt: new Date(row.failedAt).toISOString(),
    replayedAt: row.replayedAt === null ? null : new Date(row.replayedAt).toISOString(),
    body: bodyWithoutPersonal(storedJson(row.body)),
  };
}
