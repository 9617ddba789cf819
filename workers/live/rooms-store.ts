import * as z from "zod";
import { ROOM_KINDS, ROOM_ROLES, type RoomEntry, roomSettingsSchema } from "../../contract/rooms.ts";
import type { RoomDefinition } from "../../contract/rpc/room.ts";
import type { Guard } from "../db/d1-outbox.ts";

const firstMembersSchema = z.array(
  z.object({
    subject: z.string(),
    ref: z.string(),
    role: z.enum(ROOM_ROLES),
    name: z.string(),
    avatarUrl: z.string().nullable(),
  }),
);
/** Who is in a room from the start. */
export type FirstMembers = z.infer<typeof firstMembersSchema>;

const json = <T extends z.ZodType>(schema: T) => z.string().transform((text): z.output<T> => schema.parse(JSON.parse(text)));
const rowSchema = z
  .object({
    tenant_id: z.string(),
    room: z.string(),
    kind: z.enum(ROOM_KINDS),
    settings: json(roomSettingsSchema),
    members: json(firstMembersSchema),
    version: z.number(),
    state: z.enum(["creating", "changing", "live", "deleting"]),
    declared: z.number(),
    created_at: z.number(),
    updated_at: z.number(),
  })
  .transform(({ tenant_id, created_at, updated_at, declared, ...row }) => ({
    ...row,
    /** Made by the tenant's people, by hand or by a document, and not by programs or end users as they go. */
    declared: declared === 1,
    tenantId: tenant_id,
    createdAt: created_at,
    updatedAt: updated_at,
  }));
/** A room as the catalogue has it. */
export type RoomRow = z.infer<typeof rowSchema>;
type At = Pick<RoomRow, "tenantId" | "room">;

export async function findRoom(db: D1Database, tenantId: string, room: string): Promise<RoomRow | undefined> {
  const row = await db.prepare("SELECT * FROM room_catalogue WHERE tenant_id = ? AND room = ?").bind(tenantId, room).first();
  return row === null ? undefined : rowSchema.parse(row);
}

/** Rooms in the order of their names, from behind the given one. */
export async function listRooms(db: D1Database, tenantId: string, after: string, limit: number): Promise<RoomRow[]> {
  const { results } = await db
    .prepare("SELECT * FROM room_catalogue WHERE tenant_id = ? AND room > ? ORDER BY room LIMIT ?")
    .bind(tenantId, after, limit)
    .all();
  return results.map((row) => rowSchema.parse(row));
}

/** Rooms that the tenant's people declared, by name. */
export async function listDeclared(db: D1Database, tenantId: string, limit: number): Promise<RoomRow[]> {
  const { results } = await db
    .prepare("SELECT * FROM room_catalogue WHERE tenant_id = ? AND declared = 1 AND state <> 'deleting' ORDER BY room LIMIT ?")
    .bind(tenantId, limit)
    .all();
  return results.map((row) => rowSchema.parse(row));
}

/** Those of these rooms that are there, declared or not. */
export async function findRooms(db: D1Database, tenantId: string, rooms: readonly string[]): Promise<RoomRow[]> {
  const { results } = await db
    .prepare(
      "SELECT * FROM room_catalogue WHERE tenant_id = ? AND room IN (SELECT value FROM json_each(?)) AND state <> 'deleting' ORDER BY room",
    )
    .bind(tenantId, JSON.stringify(rooms))
    .all();
  return results.map((row) => rowSchema.parse(row));
}

/** Rooms that a request left in the middle of something before this moment, those that wait longest first. */
export async function unfinishedRooms(db: D1Database, before: number, limit: number): Promise<At[]> {
  const { results } = await db
    .prepare("SELECT tenant_id, room FROM room_catalogue WHERE state <> 'live' AND updated_at < ? ORDER BY updated_at LIMIT ?")
    .bind(before, limit)
    .all<{ tenant_id: string; room: string }>();
  return results.map(({ tenant_id, room }) => ({ tenantId: tenant_id, room }));
}

/** Sends a room that could not be finished to the end of the line, so that others have their turn. */
export async function postponeRoom(db: D1Database, { tenantId, room }: At, now: number): Promise<void> {
  await db
    .prepare("UPDATE room_catalogue SET updated_at = ? WHERE tenant_id = ? AND room = ? AND state <> 'live'")
    .bind(now, tenantId, room)
    .run();
}

export function entryOf({ room, kind, settings, state, version, createdAt, updatedAt }: RoomRow): RoomEntry {
  return {
    room,
    kind,
    ...settings,
    state,
    version,
    createdAt: new Date(createdAt).toISOString(),
    updatedAt: new Date(updatedAt).toISOString(),
  };
}

export function definitionOf({ room, kind, settings, version, createdAt, members }: RoomRow): RoomDefinition {
  return { room, kind, settings, version, createdAt, members };
}

/** There is no room of this name, and room for one more. */
export function hasRoom(tenantId: string, room: string, rooms: number): Guard {
  return {
    sql: `NOT EXISTS (SELECT 1 FROM room_catalogue WHERE tenant_id = ? AND room = ?)
      AND (SELECT count(*) FROM room_catalogue WHERE tenant_id = ?) < ?`,
    params: [tenantId, room, tenantId, rooms],
  };
}

type NewRow = Pick<RoomRow, "tenantId" | "room" | "kind" | "settings" | "members" | "version" | "declared">;

export function insertRoom(db: D1Database, row: NewRow, guard: Guard): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO room_catalogue (tenant_id, room, kind, settings, members, version, state, declared, created_at, updated_at)
       SELECT ?, ?, ?, ?, ?, ?, 'creating', ?, ?, ? WHERE ${guard.sql}`,
    )
    .bind(
      row.tenantId,
      row.room,
      row.kind,
      JSON.stringify(row.settings),
      JSON.stringify(row.members),
      row.version,
      row.declared ? 1 : 0,
      row.version,
      row.version,
      ...guard.params,
    );
}

/** The row is there in this version and not being deleted. */
export function isThere({ tenantId, room }: At, version: number): Guard {
  return {
    sql: "EXISTS (SELECT 1 FROM room_catalogue WHERE tenant_id = ? AND room = ? AND version = ? AND state <> 'deleting')",
    params: [tenantId, room, version],
  };
}

/** @param changed with its new version @param before the version that it was changed from */
export function updateRoom(db: D1Database, changed: RoomRow, before: number, now: number): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE room_catalogue SET settings = ?, declared = ?, version = ?, state = CASE state WHEN 'creating' THEN state ELSE 'changing' END, updated_at = ?
       WHERE tenant_id = ? AND room = ? AND version = ? AND state <> 'deleting'`,
    )
    .bind(JSON.stringify(changed.settings), changed.declared ? 1 : 0, changed.version, now, changed.tenantId, changed.room, before);
}

export function markDeleting(db: D1Database, { tenantId, room, version }: RoomRow, now: number): D1PreparedStatement {
  return db
    .prepare(
      `UPDATE room_catalogue SET state = 'deleting', members = '[]', updated_at = ?
       WHERE tenant_id = ? AND room = ? AND version = ? AND state <> 'deleting'`,
    )
    .bind(now, tenantId, room, version);
}

/** The object knows this version. Who is in the room is its own from now on: names are kept in one place. */
export async function markLive(db: D1Database, { tenantId, room, version }: RoomRow): Promise<void> {
  await db
    .prepare(
      `UPDATE room_catalogue SET state = 'live', members = '[]'
       WHERE tenant_id = ? AND room = ? AND version = ? AND state IN ('creating', 'changing')`,
    )
    .bind(tenantId, room, version)
    .run();
}

/** The last of a deletion. */
export async function forgetRoom(db: D1Database, { tenantId, room, version }: RoomRow): Promise<void> {
  await db
    .prepare("DELETE FROM room_catalogue WHERE tenant_id = ? AND room = ? AND version = ? AND state = 'deleting'")
    .bind(tenantId, room, version)
    .run();
}
