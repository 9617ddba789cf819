import * as z from "zod";
import { EVENT_TYPES, type EventType, type NewEvent } from "../../contract/events.ts";
import type { CallMeta } from "../../contract/rpc/call.ts";
import { type AuditNote, OUTBOX_ROUTE } from "../../contract/rpc/tenant.ts";
import type { EdgeEnv } from "../env.ts";
import { tenantOf } from "../http/objects.ts";

/** A change of what lives in D1, as its outbox row tells it to the Tenant object. */
export interface OutboxEntry {
  /** UUIDv7, by which the object knows a repeated delivery. */
  readonly id: string;
  readonly tenantId: string;
  readonly meta: Pick<CallMeta, "requestId" | "actor" | "actorName">;
  readonly note: AuditNote;
  readonly event: NewEvent;
}

/** Rows that one sweep takes; the next takes the rest. Each is one call of an object and one of D1. */
const SWEEP = { rows: 100, perTenant: 10 } as const;

const metaSchema = z.object({ requestId: z.string(), actor: z.string(), actorName: z.string() });
const noteSchema = z.object({
  action: z.string(),
  target: z.string(),
  outcome: z.enum(["intent", "done", "failed", "denied"]),
  detail: z.record(z.string(), z.unknown()),
});
const eventSchema = z.object({
  type: z.string().refine((type): type is EventType => type in EVENT_TYPES),
  subject: z.string(),
  data: z.record(z.string(), z.unknown()),
});
const fromJson = <T extends z.ZodType>(schema: T) => z.string().transform((text) => schema.parse(JSON.parse(text)));
const rowSchema = z.object({
  tenant_id: z.string(),
  id: z.string(),
  meta: fromJson(metaSchema),
  note: fromJson(noteSchema),
  event: fromJson(eventSchema),
});

/** The statement that adds the entry where the guard holds; it belongs into the batch of the change that it tells. */
export function insertEntry(db: D1Database, entry: OutboxEntry, now: number, guard: Guard): D1PreparedStatement {
  return db
    .prepare(`INSERT INTO control_outbox (tenant_id, id, meta, note, event, created_at) SELECT ?, ?, ?, ?, ?, ? WHERE ${guard.sql}`)
    .bind(
      entry.tenantId,
      entry.id,
      JSON.stringify(entry.meta),
      JSON.stringify(entry.note),
      JSON.stringify(entry.event),
      now,
      ...guard.params,
    );
}

/** A condition on rows, written with `?`. */
export interface Guard {
  readonly sql: string;
  readonly params: readonly (string | number)[];
}

/** Tells one entry to its tenant, then removes it. Telling twice is harmless: the object knows the id. @throws when it cannot be told */
export async function tell(env: EdgeEnv, entry: OutboxEntry): Promise<void> {
  const meta = { ...entry.meta, idempotency: { key: entry.id, route: OUTBOX_ROUTE, bodyHash: entry.id } };
  const told = await tenantOf({ env, principal: entry }).audit([entry.note], meta, [entry.event]);
  if (!told.ok) throw new Error(`the tenant did not take outbox entry ${entry.id}: ${told.problem.slug}`);
  await env.DB.prepare("DELETE FROM control_outbox WHERE id = ?").bind(entry.id).run();
}

/** Tells what was left behind by requests that ended early, oldest first. What cannot be told or read holds up its own tenant only. */
export async function sweepOutbox(env: EdgeEnv): Promise<void> {
  const { results } = await env.DB.prepare(
    `SELECT tenant_id, id, meta, note, event FROM
       (SELECT *, row_number() OVER (PARTITION BY tenant_id ORDER BY seq) AS place FROM control_outbox)
     WHERE place <= ? ORDER BY place, seq LIMIT ?`,
  )
    .bind(SWEEP.perTenant, SWEEP.rows)
    .all<{ tenant_id: string }>();
  const stuck = new Set<string>();
  for (const row of results) {
    if (stuck.has(row.tenant_id)) continue; // its later entries wait for the earlier ones
    try {
      const { id, tenant_id, meta, note, event } = rowSchema.parse(row);
      await tell(env, { id, tenantId: tenant_id, meta, note, event });
    } catch (error) {
      stuck.add(row.tenant_id);
      console.error(JSON.stringify({ level: "error", event: "outbox-stuck", tenant: row.tenant_id, error: String(error) }));
    }
  }
}
