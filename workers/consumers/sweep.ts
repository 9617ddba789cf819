import { EVENT_TYPES } from "../../contract/events.ts";
import type { EdgeEnv } from "../env.ts";
import { archiveRows } from "./archive.ts";
import { reasonOf } from "./give-back.ts";

const DAY_MS = 86_400_000;

/** How long HISTORY keeps things, and how much one sweep does. What a sweep leaves is taken by the next, from where it stopped. */
export const SWEEP_LIMITS = {
  eventMs: 30 * DAY_MS,
  deadLetterMs: 30 * DAY_MS,
  countMs: 400 * DAY_MS,
  /** Tenants looked at per table and sweep: one query finds them. */
  tenants: 200,
  /** Slices archived and deleted per table and sweep: D1 allows 1,000 queries an invocation, a slice takes two. */
  slices: 100,
  /** Rows of a slice, */
  sliceRows: 500,
  /** and its bytes, after which it takes no further row: it is held in memory while it is archived. */
  sliceBytes: 4 * 1024 * 1024,
} as const;

type SweptTable = "control_event" | "control_dead_letter" | "control_event_count";

interface Row {
  readonly id: string;
  readonly line: string;
}

/**
 * The hourly sweep of HISTORY: archives events and dead letters older than 30 days to R2, then deletes exactly what was
 * archived; deletes counts older than 400 days. Bounded by counted rows and bytes; running it twice is safe.
 * @param now epoch milliseconds
 */
export async function sweepHistory(env: EdgeEnv, now: number): Promise<void> {
  const history = env.HISTORY;
  await sweepTenants(history, "control_event", async (tenantId) => {
    // Ids are UUIDv7: the first 48 bits are the time.
    const before = uuidFloor(now - SWEEP_LIMITS.eventMs);
    const rows = await slice(history, EVENT_SLICE, tenantId, before);
    await archiveRows(env.ARCHIVE, `history/events/${tenantId}`, rows);
    await deleteRows(history, "control_event", tenantId, rows);
    return rows.length > 0;
  });
  await sweepTenants(history, "control_dead_letter", async (tenantId) => {
    const rows = await slice(history, LETTER_SLICE, tenantId, now - SWEEP_LIMITS.deadLetterMs);
    await archiveRows(env.ARCHIVE, `history/dead-letters/${tenantId}`, rows);
    await deleteRows(history, "control_dead_letter", tenantId, rows);
    return rows.length > 0;
  });
  await sweepTenants(history, "control_event_count", async (tenantId) => {
    const types = Object.keys(EVENT_TYPES).filter((type) => EVENT_TYPES[type as keyof typeof EVENT_TYPES] === "aggregate"); // its own keys
    const statement = history.prepare("DELETE FROM control_event_count WHERE tenant_id = ?1 AND type = ?2 AND hour < ?3");
    await history.batch(types.map((type) => statement.bind(tenantId, type, now - SWEEP_LIMITS.countMs)));
    return false;
  });
}

/** The lowest UUIDv7 of a millisecond. */
export function uuidFloor(atMs: number): string {
  const hex = Math.max(0, Math.floor(atMs)).toString(16).padStart(12, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7000-8000-000000000000`;
}

/** Walks the tenants of a table round-robin, one slice after the other, until this sweep's share is done. */
async function sweepTenants(history: D1Database, table: SweptTable, slice: (tenantId: string) => Promise<boolean>): Promise<void> {
  const cursor = await history
    .prepare("SELECT tenant_id AS tenantId FROM control_sweep WHERE name = ?1")
    .bind(table)
    .first<{ tenantId: string }>();
  const tenants = await tenantsAfter(history, table, cursor?.tenantId ?? "");
  let left: number = SWEEP_LIMITS.slices;
  let last = cursor?.tenantId ?? "";
  for (const tenantId of tenants) {
    try {
      while (left > 0 && (await slice(tenantId))) left--;
    } catch (error) {
      // R2 or D1 failed in the middle: nothing unarchived was deleted, and the other tenants still get their turn.
      console.error(JSON.stringify({ level: "error", message: "sweep failed", table, tenantId, reason: reasonOf(error) }));
    }
    if (left === 0) break;
    last = tenantId;
  }
  // Fewer than asked for: the end was reached, the next sweep begins at the front.
  const next = left > 0 && tenants.length < SWEEP_LIMITS.tenants ? "" : last;
  if (next === (cursor?.tenantId ?? "")) return;
  await history
    .prepare("INSERT INTO control_sweep (name, tenant_id) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET tenant_id = excluded.tenant_id")
    .bind(table, next)
    .run();
}

/** Tenants with rows in a table, by jumping from one to the next in its primary key instead of reading every row. */
async function tenantsAfter(history: D1Database, table: SweptTable, after: string): Promise<string[]> {
  const found = await history
    .prepare(
      `WITH RECURSIVE tenants (id) AS (
         SELECT min(tenant_id) FROM ${table} WHERE tenant_id > ?1
         UNION ALL
         SELECT (SELECT min(tenant_id) FROM ${table} WHERE tenant_id > tenants.id) FROM tenants WHERE tenants.id IS NOT NULL
       ) SELECT id FROM tenants WHERE id IS NOT NULL LIMIT ?2`,
    )
    .bind(after, SWEEP_LIMITS.tenants)
    .all<{ id: string }>();
  return found.results.map((row) => row.id);
}

const EVENT_SLICE = sliceSql(
  `SELECT id, id AS rank, json_object('id', id, 'source', source, 'seq', seq, 'type', type, 'subject', subject, 'at', at,
     'data', json(data)) AS line FROM control_event WHERE tenant_id = ?1 AND id < ?2 ORDER BY id LIMIT ?3`,
);
const LETTER_SLICE = sliceSql(
  `SELECT id, failed_at AS rank, json_object('id', id, 'queue', queue, 'eventId', event_id, 'type', type, 'subject', subject, 'reason', reason,
     'attempts', attempts, 'failedAt', failed_at, 'replayedAt', replayed_at,
     'body', json_remove(body, '$.data.personal')) AS line
   FROM control_dead_letter WHERE tenant_id = ?1 AND failed_at < ?2 ORDER BY failed_at, id LIMIT ?3`,
);

/** The oldest rows up to the limits of a slice, at least one when there is any. */
function sliceSql(oldest: string): string {
  return `SELECT id, line FROM (
    SELECT id, line, sum(length(line)) OVER (ORDER BY rank, id ROWS UNBOUNDED PRECEDING) - length(line) AS before FROM (${oldest})
  ) WHERE before < ?4`;
}

async function slice(history: D1Database, sql: string, tenantId: string, before: string | number): Promise<Row[]> {
  const found = await history.prepare(sql).bind(tenantId, before, SWEEP_LIMITS.sliceRows, SWEEP_LIMITS.sliceBytes).all<Row>();
  return found.results;
}

async function deleteRows(history: D1Database, table: SweptTable, tenantId: string, rows: readonly Row[]): Promise<void> {
  if (rows.length === 0) return;
  await history
    .prepare(`DELETE FROM ${table} WHERE tenant_id = ?1 AND id IN (SELECT value FROM json_each(?2))`)
    .bind(tenantId, JSON.stringify(rows.map((row) => row.id)))
    .run();
}
