import * as z from "zod";
import type { Member } from "../../contract/access.ts";
import { ROLES } from "../../contract/permissions.ts";
import type { Guard } from "../db/d1-outbox.ts";

const rowSchema = z.object({
  id: z.string(),
  user_id: z.string(),
  name: z.string(),
  email: z.string(),
  role: z.enum(ROLES),
  created_at: z.number(),
});

const SELECT = `SELECT m.id, m.user_id, u.name, u.email, m.role, m.created_at
  FROM identity_member m JOIN identity_user u ON u.id = m.user_id`;

function toMember(row: unknown): Member {
  const { id, user_id, name, email, role, created_at } = rowSchema.parse(row);
  return { id, userId: user_id, name, email, role, joinedAt: new Date(created_at).toISOString() };
}

/** Members in the order they joined, from behind the given one. */
export async function listMembers(
  db: D1Database,
  tenantId: string,
  limit: number,
  after: { joinedAt: number; id: string },
): Promise<Member[]> {
  const { results } = await db
    .prepare(`${SELECT} WHERE m.organization_id = ? AND (m.created_at, m.id) > (?, ?) ORDER BY m.created_at, m.id LIMIT ?`)
    .bind(tenantId, after.joinedAt, after.id, limit)
    .all();
  return results.map(toMember);
}

export async function findMember(db: D1Database, tenantId: string, memberId: string): Promise<Member | undefined> {
  const row = await db.prepare(`${SELECT} WHERE m.organization_id = ? AND m.id = ?`).bind(tenantId, memberId).first();
  return row === null ? undefined : toMember(row);
}

/**
 * The member is there with this role and may stop being an owner: someone else is one too. Judged inside the batch, so that
 * two owners who remove each other at once cannot both succeed.
 */
export function unlessLastOwner(tenantId: string, member: Member): Guard {
  return {
    sql: `EXISTS (SELECT 1 FROM identity_member WHERE id = ? AND organization_id = ? AND role = ?
      AND (role <> 'owner' OR (SELECT count(*) FROM identity_member WHERE organization_id = ? AND role = 'owner') > 1))`,
    params: [member.id, tenantId, member.role, tenantId],
  };
}

/** The same guard inside the statement that changes the row. */
export function setRole(db: D1Database, tenantId: string, member: Member, role: string): D1PreparedStatement {
  const guard = unlessLastOwner(tenantId, member);
  return db
    .prepare(`UPDATE identity_member SET role = ? WHERE id = ? AND organization_id = ? AND ${guard.sql}`)
    .bind(role, member.id, tenantId, ...guard.params);
}

export function removeMember(db: D1Database, tenantId: string, member: Member): D1PreparedStatement {
  const guard = unlessLastOwner(tenantId, member);
  return db
    .prepare(`DELETE FROM identity_member WHERE id = ? AND organization_id = ? AND ${guard.sql}`)
    .bind(member.id, tenantId, ...guard.params);
}

/** Ends the sessions of a person who belongs to no tenant any more; without a membership they opened nothing already. */
export async function endStraySessions(db: D1Database, userId: string): Promise<void> {
  await db
    .prepare("DELETE FROM identity_session WHERE user_id = ?1 AND NOT EXISTS (SELECT 1 FROM identity_member WHERE user_id = ?1)")
    .bind(userId)
    .run();
}

/** Sessions of a person that work on this tenant: whose sockets close when their place in it changes. */
export async function sessionsIn(
  db: D1Database,
  tenantId: string,
  userId: string,
): Promise<{ readonly id: string; readonly token: string }[]> {
  const { results } = await db
    .prepare("SELECT id, token FROM identity_session WHERE user_id = ? AND active_organization_id = ?")
    .bind(userId, tenantId)
    .all();
  return results.map((row) => z.object({ id: z.string(), token: z.string() }).parse(row));
}
