import { z } from "zod";
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

/** Rows that one sweep takes; the next takes the rest. */
const SWEEP_ROWS = 50;

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
  seq: z.number(),
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

/** Tells what was left behind by requests that ended early, oldest first. One tenant that cannot be told does not hold up the others. */
export async function sweepOutbox(env: EdgeEnv): Promise<void> {
  const { results } = await env.DB.prepare("SELECT seq, tenant_id, id, meta, note, event FROM control_outbox ORDER BY seq LIMIT ?")
    .bind(SWEEP_ROWS)
    .all();
  const stuck = new Set<string>();
  for (const row of results.map((result) => rowSchema.parse(result))) {
    if (stuck.has(row.tenant_id)) continue; // its later entries wait for the earlier ones
    try {
      await tell(env, { id: row.id, tenantId: row.tenant_id, meta: row.meta, note: row.note, event: row.event });
    } catch (error) {
      stuck.add(row.tenant_id);
      console.error(JSON.stringify({ level: "error", event: "outbox-stuck", tenant: row.tenant_id, error: String(error) }));
    }
  }
}
