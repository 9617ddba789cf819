import type { EventMessage } from "../../contract/events.ts";

/** Stores lifecycle events once each: one statement, one bound value, whatever their number (D1 allows 100 bound values). */
export async function storeEvents(history: D1Database, events: readonly EventMessage[]): Promise<void> {
  if (events.length === 0) return;
  const rows = events.map((event) => ({ ...event, data: JSON.stringify(event.data) }));
  await history
    .prepare(
      `INSERT INTO control_event (tenant_id, id, source, seq, type, subject, at, data)
       SELECT value ->> 'tenantId', value ->> 'id', value ->> 'source', value ->> 'seq', value ->> 'type', value ->> 'subject',
         value ->> 'at', value ->> 'data' FROM json_each(?1) WHERE true
       ON CONFLICT (tenant_id, id) DO NOTHING`,
    )
    .bind(JSON.stringify(rows))
    .run();
}
