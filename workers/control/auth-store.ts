import * as z from "zod";
import { ROLES, type Role } from "../../contract/permissions.ts";

/** A session that has not ended, the person it belongs to, and their place in the tenant it works on. */
export interface LiveSession {
  readonly sessionId: string;
  /** Epoch milliseconds; moves on while the session is used. */
  readonly expiresAt: number;
  /** Epoch milliseconds; up to a quarter of an hour old. */
  readonly seenAt: number;
  readonly userId: string;
  readonly email: string;
  readonly name: string;
  /** Null for a person who belongs to no tenant, or was removed from the one this session works on. */
  readonly membership: { readonly tenantId: string; readonly role: Role } | null;
}

const sessionRow = z.object({
  session_id: z.string(),
  expires_at: z.number(),
  updated_at: z.number(),
  user_id: z.string(),
  email: z.string(),
  name: z.string(),
  tenant_id: z.string().nullable(),
  role: z.enum(ROLES).nullable(),
});

/**
 * One query, four rows at most: what every request with a cookie costs when the isolate does not remember it.
 * @param now epoch milliseconds of the real clock, by which the library sets expiries
 */
export async function findSession(db: D1Database, token: string, now: number): Promise<LiveSession | undefined> {
  const row = await db
    .prepare(
      `SELECT s.id AS session_id, s.expires_at, s.updated_at, u.id AS user_id, u.email, u.name, m.organization_id AS tenant_id, m.role
       FROM identity_session s JOIN identity_user u ON u.id = s.user_id
       LEFT JOIN identity_member m ON m.user_id = s.user_id AND m.organization_id = s.active_organization_id
       WHERE s.token = ? AND s.expires_at > ?`,
    )
    .bind(token, now)
    .first();
  if (row === null) return undefined;
  const { session_id, expires_at, updated_at, user_id, email, name, tenant_id, role } = sessionRow.parse(row);
  return {
    sessionId: session_id,
    expiresAt: expires_at,
    seenAt: updated_at,
    userId: user_id,
    email,
    name,
    membership: tenant_id !== null && role !== null ? { tenantId: tenant_id, role } : null,
  };
}

/** The tenant a new session works on: the one its person joined first. */
export async function firstTenantOf(db: D1Database, userId: string): Promise<string | null> {
  const row = await db
    .prepare("SELECT organization_id AS id FROM identity_member WHERE user_id = ? ORDER BY created_at, id LIMIT 1")
    .bind(userId)
    .first();
  return z.object({ id: z.string() }).nullable().parse(row)?.id ?? null;
}

export async function hasOperators(db: D1Database): Promise<boolean> {
  return (await db.prepare("SELECT 1 FROM identity_user LIMIT 1").first()) !== null;
}

const userRow = z.object({ id: z.string(), name: z.string(), email: z.string() });
export type KnownUser = z.infer<typeof userRow>;

export async function findUserByEmail(db: D1Database, email: string): Promise<KnownUser | undefined> {
  const row = await db.prepare("SELECT id, name, email FROM identity_user WHERE email = ?").bind(email).first();
  return userRow.nullable().parse(row) ?? undefined;
}

const sessionItem = z.object({
  id: z.string(),
  token: z.string(),
  tenant_id: z.string().nullable(),
  device: z.string().nullable(),
  network: z.string().nullable(),
  created_at: z.number(),
  updated_at: z.number(),
  expires_at: z.number(),
});
export type SessionItem = z.infer<typeof sessionItem>;

/** A person's sessions, newest first; ended ones are left to the sweep. */
export async function sessionsOf(db: D1Database, userId: string, now: number): Promise<SessionItem[]> {
  const { results } = await db
    .prepare(
      `SELECT id, token, active_organization_id AS tenant_id, nullif(user_agent, '') AS device, nullif(ip_address, '') AS network,
        created_at, updated_at, expires_at
       FROM identity_session WHERE user_id = ? AND expires_at > ? ORDER BY created_at DESC LIMIT 100`,
    )
    .bind(userId, now)
    .all();
  return results.map((row) => sessionItem.parse(row));
}

/** The library renews by the expiry alone, so this moves nothing but what people read. */
export async function noteSeen(db: D1Database, sessionId: string, now: number): Promise<void> {
  await db.prepare("UPDATE identity_session SET updated_at = ?1 WHERE id = ?2 AND updated_at < ?1").bind(now, sessionId).run();
}

/** Ends sessions of a person; others' are not touched. */
export async function deleteSessions(db: D1Database, userId: string, ids: readonly string[]): Promise<void> {
  await db
    .prepare("DELETE FROM identity_session WHERE user_id = ? AND id IN (SELECT value FROM json_each(?))")
    .bind(userId, JSON.stringify(ids))
    .run();
}

const membershipRow = z.object({ id: z.string(), slug: z.string(), name: z.string(), role: z.enum(ROLES) });

export async function isMemberOf(db: D1Database, userId: string, tenantId: string): Promise<boolean> {
  return (
    (await db.prepare("SELECT 1 FROM identity_member WHERE user_id = ? AND organization_id = ?").bind(userId, tenantId).first()) !== null
  );
}

/** The tenants that a person belongs to, in the order they joined. */
export async function tenantsOf(db: D1Database, userId: string): Promise<z.infer<typeof membershipRow>[]> {
  const { results } = await db
    .prepare(
      `SELECT o.id, o.slug, o.name, m.role FROM identity_member m JOIN identity_organization o ON o.id = m.organization_id
       WHERE m.user_id = ? ORDER BY m.created_at, m.id LIMIT 200`,
    )
    .bind(userId)
    .all();
  return results.map((row) => membershipRow.parse(row));
}

/** What the D1 list of tenants knows of one; its object is the truth. */
export async function findOrganization(db: D1Database, id: string): Promise<{ slug: string; name: string } | undefined> {
  const row = await db.prepare("SELECT slug, name FROM identity_organization WHERE id = ?").bind(id).first();
  return z.object({ slug: z.string(), name: z.string() }).nullable().parse(row) ?? undefined;
}

/** Removes what has ended, sessions and challenges, a bounded number of rows at a time. */
export async function sweepSessions(db: D1Database, now: number): Promise<void> {
  const ended = (table: "identity_session" | "identity_verification") =>
    db.prepare(`DELETE FROM ${table} WHERE id IN (SELECT id FROM ${table} WHERE expires_at < ? LIMIT 500)`).bind(now);
  await db.batch([ended("identity_session"), ended("identity_verification")]);
}
