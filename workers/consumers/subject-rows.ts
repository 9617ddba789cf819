import type { EventMessage } from "../../contract/events.ts";
import type { PROJECTED_DATA } from "../../contract/events.ts";
import type { z } from "zod";

type SubjectData = z.infer<(typeof PROJECTED_DATA)["meridian.subject.registered"]>;

/**
 * Writes a subject's row. One that was emptied stays so, whichever events of the deleted subject arrive late; who began after the
 * deletion is somebody new.
 */
export function subjectRow(
  db: D1Database,
  event: EventMessage,
  { ref, guest, createdAt, lastSeenAt, personal }: SubjectData,
): D1PreparedStatement {
  const { issuer, sub, name, email } = personal;
  const search = [name, email ?? "", sub].map((text) => text.toLowerCase().replaceAll("\n", " ")).join("\n");
  return db
    .prepare(
      `INSERT INTO identity_subject (tenant_id, ref, issuer, sub, name, email, guest, created_at, last_seen_at, search, source, seq)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
       ON CONFLICT (tenant_id, ref) DO UPDATE SET issuer = excluded.issuer, sub = excluded.sub, name = excluded.name, email = excluded.email, guest = excluded.guest,
         created_at = excluded.created_at, last_seen_at = excluded.last_seen_at, search = excluded.search,
         source = excluded.source, seq = excluded.seq
       WHERE excluded.seq > seq AND (issuer <> '' OR excluded.created_at > created_at)`,
    )
    .bind(event.tenantId, ref, issuer, sub, name, email, guest ? 1 : 0, createdAt, lastSeenAt, search, event.source, event.seq);
}

/** Empties the row of a deleted subject down to its ref and the time, or makes such a row: events that arrive late find it and write nothing. */
export function emptySubjectRow(db: D1Database, tenantId: string, ref: string, now: number): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO identity_subject (tenant_id, ref, issuer, sub, name, email, guest, created_at, last_seen_at, search, source, seq)
       VALUES (?1, ?2, '', '', '', NULL, 0, ?3, ?3, '', '', 0)
       ON CONFLICT (tenant_id, ref) DO UPDATE SET issuer = '', sub = '', name = '', email = NULL, guest = 0, created_at = excluded.created_at,
         last_seen_at = excluded.last_seen_at, search = '', source = ''`,
    )
    .bind(tenantId, ref, now);
}

/** Whether this subject was deleted, as far as its row still says so. */
export async function isForgotten(db: D1Database, tenantId: string, ref: string): Promise<boolean> {
  const row = await db
    .prepare("SELECT 1 FROM identity_subject WHERE tenant_id = ?1 AND ref = ?2 AND issuer = ''")
    .bind(tenantId, ref)
    .first();
  return row !== null;
}
