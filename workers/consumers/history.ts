import type { EventMessage } from "../../contract/events.ts";
import { withoutPersonal } from "./personal.ts";

/** Characters of one statement's rows: D1 takes 2 MB as a bound value, and a local batch may hold a hundred large events. */
const STATEMENT_CHARS = 500_000;

/** Stores lifecycle events once each, without what is personal in them: one bound value for many rows, because D1 allows 100 bound values a statement. */
export async function storeEvents(history: D1Database, events: readonly EventMessage[]): Promise<void> {
  const rows = events.map(withoutPersonal).map((event) => JSON.stringify({ ...event, data: JSON.stringify(event.data) }));
  for (const part of parts(rows)) {
    await history
      .prepare(
        `INSERT INTO control_event (tenant_id, id, source, seq, type, subject, at, data)
         SELECT value ->> 'tenantId', value ->> 'id', value ->> 'source', value ->> 'seq', value ->> 'type', value ->> 'subject',
           value ->> 'at', value ->> 'data' FROM json_each(?1) WHERE true
         ON CONFLICT (tenant_id, id) DO NOTHING`,
      )
      .bind(`[${part.join(",")}]`)
      .run();
  }
}

/** Cuts rows into parts of at most the characters, or of one row. */
function parts(rows: readonly string[]): string[][] {
  const all: string[][] = [];
  let chars = Number.POSITIVE_INFINITY;
  for (const row of rows) {
    if (chars + row.length > STATEMENT_CHARS) {
      all.push([]);
      chars = 0;
    }
    all.at(-1)?.push(row);
    chars += row.length;
  }
  return all;
}
