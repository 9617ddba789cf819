import * as z from "zod";
import type { Invitation } from "../../contract/access.ts";
import { ROLES, type Role } from "../../contract/permissions.ts";
import type { Guard } from "../db/d1-outbox.ts";

const rowSchema = z.object({
  id: z.string(),
  tenant_id: z.string(),
  email: z.string(),
  role: z.enum(ROLES),
  status: z.enum(["pending", "accepted", "rejected", "canceled"]),
  created_at: z.number(),
  expires_at: z.number(),
});

/** An invitation at rest. Times are epoch milliseconds. */
export interface InvitationRecord {
  readonly id: string;
  readonly tenantId: string;
  readonly email: string;
  readonly role: Role;
  readonly status: z.infer<typeof rowSchema>["status"];
  readonly createdAt: number;
  readonly expiresAt: number;
}

const SELECT = "SELECT id, organization_id AS tenant_id, email, role, status, created_at, expires_at FROM identity_invitation";

function toRecord(row: unknown): InvitationRecord {
  const { tenant_id, created_at, expires_at, ...rest } = rowSchema.parse(row);
  return { ...rest, tenantId: tenant_id, createdAt: created_at, expiresAt: expires_at };
}

/** As lists show it; a pending one whose time is over reads as expired without anything having been written. */
export function invitationView(record: InvitationRecord, now: number, url: string | null = null): Invitation {
  const states = { accepted: "accepted", rejected: "cancelled", canceled: "cancelled" } as const;
  const pending = record.expiresAt <= now ? "expired" : "pending";
  return {
    id: record.id,
    email: record.email,
    role: record.role,
    state: record.status === "pending" ? pending : states[record.status],
    createdAt: new Date(record.createdAt).toISOString(),
    expiresAt: new Date(record.expiresAt).toISOString(),
    url,
  };
}

/** Newest first, from behind the given one. */
export async function listInvitations(
  db: D1Database,
  tenantId: string,
  limit: number,
  before: { createdAt: number; id: string },
): Promise<InvitationRecord[]> {
  const { results } = await db
    .prepare(`${SELECT} WHERE organization_id = ? AND (created_at, id) < (?, ?) ORDER BY created_at DESC, id DESC LIMIT ?`)
    .bind(tenantId, before.createdAt, before.id, limit)
    .all();
  return results.map(toRecord);
}

export async function findInvitation(db: D1Database, tenantId: string, id: string): Promise<InvitationRecord | undefined> {
  const row = await db.prepare(`${SELECT} WHERE organization_id = ? AND id = ?`).bind(tenantId, id).first();
  return row === null ? undefined : toRecord(row);
}

/** The invitation that this link opens, while it does. */
export async function findByToken(db: D1Database, tokenHash: string, now: number): Promise<InvitationRecord | undefined> {
  const row = await db.prepare(`${SELECT} WHERE token_hash = ? AND status = 'pending' AND expires_at > ?`).bind(tokenHash, now).first();
  return row === null ? undefined : toRecord(row);
}

/** A place is left for one more person: members and open invitations together stay below the plan. */
export function roomToInvite(tenantId: string, email: string, members: number, now: number): Guard {
  return {
    sql: `(SELECT count(*) FROM identity_member WHERE organization_id = ?)
      + (SELECT count(*) FROM identity_invitation WHERE organization_id = ? AND status = 'pending' AND expires_at > ? AND email <> ?) < ?
      AND NOT EXISTS (SELECT 1 FROM identity_member m JOIN identity_user u ON u.id = m.user_id WHERE m.organization_id = ? AND u.email = ?)`,
    params: [tenantId, tenantId, now, email, members, tenantId, email],
  };
}

/** Adds the invitation; an earlier open one of the same address stops working, so that one link at a time is about. */
export function insertInvitation(
  db: D1Database,
  record: InvitationRecord & { readonly inviterId: string; readonly tokenHash: string },
  guard: Guard,
): D1PreparedStatement[] {
  return [
    db
      .prepare(
        `UPDATE identity_invitation SET status = 'canceled' WHERE organization_id = ? AND email = ? AND status = 'pending' AND ${guard.sql}`,
      )
      .bind(record.tenantId, record.email, ...guard.params),
    db
      .prepare(
        `INSERT INTO identity_invitation (id, organization_id, email, role, status, inviter_id, token_hash, expires_at, created_at)
         SELECT ?, ?, ?, ?, 'pending', ?, ?, ?, ? WHERE ${guard.sql}`,
      )
      .bind(
        record.id,
        record.tenantId,
        record.email,
        record.role,
        record.inviterId,
        record.tokenHash,
        record.expiresAt,
        record.createdAt,
        ...guard.params,
      ),
  ];
}

/** Still open: nobody has used or cancelled it. */
export function stillOpen(record: InvitationRecord, now: number): Guard {
  return {
    sql: "EXISTS (SELECT 1 FROM identity_invitation WHERE id = ? AND organization_id = ? AND status = 'pending' AND expires_at > ?)",
    params: [record.id, record.tenantId, now],
  };
}

export function closeInvitation(db: D1Database, record: InvitationRecord, status: "accepted" | "canceled"): D1PreparedStatement {
  return db
    .prepare("UPDATE identity_invitation SET status = ? WHERE id = ? AND organization_id = ? AND status = 'pending'")
    .bind(status, record.id, record.tenantId);
}

export interface Joining {
  readonly memberId: string;
  readonly userId: string;
  readonly createdAt: number;
  /** For a person without an account. */
  readonly account?: { readonly id: string; readonly name: string; readonly password: string };
}

/** May join: the invitation is open, the plan has a place, and nobody took the address or the membership meanwhile. */
export function mayJoin(record: InvitationRecord, joining: Joining, members: number, now: number): Guard {
  const open = stillOpen(record, now);
  return {
    sql: `${open.sql} AND (SELECT count(*) FROM identity_member WHERE organization_id = ?) < ?
      AND NOT EXISTS (SELECT 1 FROM identity_member WHERE organization_id = ? AND user_id = ?)
      ${joining.account ? "AND NOT EXISTS (SELECT 1 FROM identity_user WHERE email = ?)" : ""}`,
    params: [...open.params, record.tenantId, members, record.tenantId, joining.userId, ...(joining.account ? [record.email] : [])],
  };
}

/** Person and password (for a new one), membership, and the end of the link. Everything after the first follows from it. */
export function joinStatements(db: D1Database, record: InvitationRecord, joining: Joining, guard: Guard): D1PreparedStatement[] {
  const { memberId, userId, createdAt, account } = joining;
  const member = db
    .prepare(`INSERT INTO identity_member (id, organization_id, user_id, role, created_at) SELECT ?, ?, ?, ?, ? WHERE ${guard.sql}`)
    .bind(memberId, record.tenantId, userId, record.role, createdAt, ...guard.params);
  const close = db
    .prepare("UPDATE identity_invitation SET status = 'accepted' WHERE id = ?1 AND EXISTS (SELECT 1 FROM identity_member WHERE id = ?2)")
    .bind(record.id, memberId);
  if (!account) return [member, close];
  return [
    db
      .prepare(
        `INSERT INTO identity_user (id, name, email, email_verified, created_at, updated_at) SELECT ?, ?, ?, 0, ?, ? WHERE ${guard.sql}`,
      )
      .bind(userId, account.name, record.email, createdAt, createdAt, ...guard.params),
    db
      .prepare(
        `INSERT INTO identity_account (id, account_id, provider_id, user_id, password, created_at, updated_at)
         SELECT ?1, ?2, 'credential', ?2, ?3, ?4, ?4 WHERE EXISTS (SELECT 1 FROM identity_user WHERE id = ?2)`,
      )
      .bind(account.id, userId, account.password, createdAt),
    // The guard of the others no longer holds once the person exists: this one follows from that.
    db
      .prepare(
        `INSERT INTO identity_member (id, organization_id, user_id, role, created_at)
         SELECT ?1, ?2, ?3, ?4, ?5 WHERE EXISTS (SELECT 1 FROM identity_user WHERE id = ?3)`,
      )
      .bind(memberId, record.tenantId, userId, record.role, createdAt),
    close,
  ];
}

/** What a join that its guard refused ran into. */
export async function joinState(db: D1Database, record: InvitationRecord, now: number): Promise<{ open: boolean; members: number }> {
  const open = stillOpen(record, now);
  const row = await db
    .prepare(`SELECT ${open.sql} AS open, (SELECT count(*) FROM identity_member WHERE organization_id = ?) AS members`)
    .bind(...open.params, record.tenantId)
    .first();
  const state = z.object({ open: z.number(), members: z.number() }).parse(row);
  return { open: state.open === 1, members: state.members };
}

/** Whether the address belongs to a member. */
export async function isMember(db: D1Database, tenantId: string, email: string): Promise<boolean> {
  const row = await db
    .prepare("SELECT 1 FROM identity_member m JOIN identity_user u ON u.id = m.user_id WHERE m.organization_id = ? AND u.email = ?")
    .bind(tenantId, email)
    .first();
  return row !== null;
}
