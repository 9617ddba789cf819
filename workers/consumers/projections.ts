import { type EventMessage, PROJECTED_DATA } from "../../contract/events.ts";
import { isProjected, type ProjectedType } from "./read-event.ts";
import { emptySubjectRow, subjectRow } from "./subject-rows.ts";

/**
 * Brings the projections in D1 `DB` up to these events, in one transaction. An event whose `seq` is not above the stored
 * one is old news and writes nothing, so order and repetition do not matter.
 */
export async function project(db: D1Database, events: readonly EventMessage[]): Promise<void> {
  const statements = events.flatMap((event) => (isProjected(event.type) ? [projection(db, event.type, event)] : []));
  if (statements.length > 0) await db.batch(statements);
}

function projection(db: D1Database, type: ProjectedType, event: EventMessage): D1PreparedStatement {
  switch (type) {
    case "meridian.object.created": {
      const object = PROJECTED_DATA[type].parse(event.data);
      return db
        .prepare(
          `INSERT INTO control_object (tenant_id, kind, name, jurisdiction, created_at) VALUES (?1, ?2, ?3, ?4, ?5)
           ON CONFLICT (tenant_id, kind, name) DO NOTHING`,
        )
        .bind(event.tenantId, object.kind, object.name, object.jurisdiction ?? null, event.at);
    }
    case "meridian.tenant.created":
    case "meridian.tenant.changed": {
      const tenant = PROJECTED_DATA[type].parse(event.data);
      return db
        .prepare(
          `INSERT INTO control_tenant (tenant_id, slug, name, plan, settings, keys_version, seq) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
           ON CONFLICT (tenant_id) DO UPDATE SET slug = excluded.slug, name = excluded.name, plan = excluded.plan,
             settings = excluded.settings, keys_version = excluded.keys_version, seq = excluded.seq
           WHERE excluded.seq > seq`,
        )
        .bind(event.tenantId, tenant.slug, tenant.name, tenant.plan, JSON.stringify(tenant.settings), tenant.keysVersion, event.seq);
    }
    case "meridian.key.created":
    case "meridian.key.revoked": {
      const key = PROJECTED_DATA[type].parse(event.data);
      return db
        .prepare(
          `INSERT INTO control_key (tenant_id, key_id, name, scopes, created_at, expires_at, revoked_at, seq)
           VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
           ON CONFLICT (tenant_id, key_id) DO UPDATE SET name = excluded.name, scopes = excluded.scopes, created_at = excluded.created_at,
             expires_at = excluded.expires_at, revoked_at = excluded.revoked_at, seq = excluded.seq
           WHERE excluded.seq > seq`,
        )
        .bind(event.tenantId, key.keyId, key.name, JSON.stringify(key.scopes), key.createdAt, key.expiresAt, key.revokedAt, event.seq);
    }
    case "meridian.subject.registered":
    case "meridian.subject.upgraded":
    case "meridian.subject.changed":
      return subjectRow(db, event, PROJECTED_DATA[type].parse(event.data));
    case "meridian.subject.deleted":
      return emptySubjectRow(db, event.tenantId, PROJECTED_DATA[type].parse(event.data).ref, event.at);
  }
}
