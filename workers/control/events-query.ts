import { encodeCursor } from "../../contract/cursor.ts";
import type { CloudEvent, EventQuery } from "../../contract/events.ts";
import type { Page } from "../../contract/pages.ts";
import { uuidFloor } from "../consumers/sweep.ts";
import { storedRecord } from "./stored-json.ts";

interface EventRow {
  readonly id: string;
  readonly source: string;
  readonly seq: number;
  readonly type: string;
  readonly subject: string;
  readonly at: number;
  readonly data: string;
}

/**
 * A page of a tenant's events, newest first. Order and time range go by the id, whose first bits are the time: so every
 * page starts where the one before ended, whatever was inserted meanwhile.
 * @param beforeId the last id of the page before
 */
export async function listEvents(
  history: D1Database,
  tenantId: string,
  query: EventQuery,
  beforeId: string | undefined,
): Promise<Page<CloudEvent>> {
  const conditions: [sql: string, value: string | undefined][] = [
    ["tenant_id = ?", tenantId],
    ["id < ?", beforeId],
    ["id >= ?", query.from && uuidFloor(Date.parse(query.from))],
    ["id < ?", query.to && uuidFloor(Date.parse(query.to))],
    ["type = ?", query.type],
    ["subject >= ?", query.subject],
    // U+10FFFF sorts after everything that can follow a prefix.
    ["subject < ?", query.subject && `${query.subject}\u{10ffff}`],
  ];
  const used = conditions.filter((condition): condition is [string, string] => condition[1] !== undefined);
  const rows = await history
    .prepare(
      `SELECT id, source, seq, type, subject, at, data FROM control_event WHERE ${used.map(([sql]) => sql).join(" AND ")}
       ORDER BY id DESC LIMIT ?`,
    )
    .bind(...used.map(([, value]) => value), query.limit + 1)
    .all<EventRow>();
  const items = rows.results.slice(0, query.limit);
  const last = items.at(-1);
  const nextCursor = last && rows.results.length > query.limit ? encodeCursor([last.id]) : null;
  return { items: items.map(cloudEvent), nextCursor };
}

function cloudEvent(row: EventRow): CloudEvent {
  return {
    specversion: "1.0",
    id: row.id,
    source: `/objects/${row.source}`,
    type: row.type,
    subject: row.subject,
    time: new Date(row.at).toISOString(),
    datacontenttype: "application/json",
    sequence: String(row.seq),
    data: storedRecord(row.data),
  };
}
