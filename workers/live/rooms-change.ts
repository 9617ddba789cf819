import { accept, type Outcome, type Problem, refuse } from "../../contract/problems.ts";
import { type RoomPatch, type RoomRole, type RoomSettings, roomSettingsSchema } from "../../contract/rooms.ts";
import { changeInD1, type D1Call } from "../db/d1-change.ts";
import { check } from "../http/define-route.ts";
import { inRoom, type RoomCall } from "./rooms-calls.ts";
import { finishRoom } from "./rooms-finish.ts";
import { findRoom, isThere, markDeleting, type RoomRow, updateRoom } from "./rooms-store.ts";

export const NO_ROOM: Problem = { slug: "not-found", detail: "There is no such room." };
const BUSY: Problem = { slug: "conflict", detail: "Somebody else is changing this room just now. Read it, then try again." };

/**
 * Whether whoever calls may change the room itself: with the action, by a grant, or as one of these in it. Whoever is banned finds no room,
 * whatever the grant.
 */
export async function mayChange(call: RoomCall, room: string, roles: readonly RoomRole[]): Promise<Outcome<undefined>> {
  if (call.principal.kind === "operator" || call.principal.kind === "service") return accept(undefined); // the route has checked
  const seen = await inRoom(call, room, async (object, by) => {
    const view = await object.ask(by, "view", {});
    return view.ok ? accept({ by, me: view.value.me }) : view;
  });
  if (!seen.ok) return seen;
  const { by, me } = seen.value;
  if (by.granted.includes("manage") || (me?.state === "active" && roles.includes(me.role))) return accept(undefined);
  return refuse("forbidden", `Only ${roles.join(" and ")} of the room may do this.`);
}

/**
 * @param expected version of If-Match, when given
 * @param declare whether it belongs into the tenant's document of rooms from now on
 */
export async function changeRoom(
  call: D1Call,
  room: string,
  patch: RoomPatch,
  expected: number | undefined,
  declare = false,
): Promise<Outcome<{ version: number }>> {
  const { env, principal, now } = call;
  const changed = await changeInD1(
    call,
    (answer) => answer as { version: number }, // as it was stored here
    async () => {
      const row = await findRoom(env.DB, principal.tenantId, room);
      if (!row || row.state === "deleting") return { ok: false, problem: NO_ROOM };
      if (expected !== undefined && expected !== row.version)
        return refuse("precondition-failed", "The room was changed since you read it. Read it again.");
      const settings = check(roomSettingsSchema, { ...row.settings, ...patch }, "body");
      if (!settings.ok) return settings;
      const declared = row.declared || declare;
      const fields = [...differing(row, settings.value), ...(declared === row.declared ? [] : ["declared"])];
      if (fields.length === 0) return accept({ unchanged: { version: row.version } });
      const version = Math.max(row.version + 1, now);
      return accept({
        about: { action: "room.change", target: `room/${room}`, detail: { fields } },
        event: { type: "meridian.room.updated", subject: `room/${room}`, data: { room, version, fields } } as const,
        guard: isThere(row, row.version),
        statements: [updateRoom(env.DB, { ...row, settings: settings.value, declared, version }, row.version, now)],
        answer: { version },
        refused: async () => await Promise.resolve(BUSY),
      });
    },
  );
  if (changed.ok) await finishQuietly(call, room);
  return changed;
}

/** Fields that change, as the audit log names them. */
export function differing({ settings }: Pick<RoomRow, "settings">, wanted: RoomSettings): string[] {
  const keys = Object.keys(wanted) as (keyof RoomSettings)[]; // both were made by the same schema
  return keys.filter((key) => settings[key] !== wanted[key]);
}

/** Deletes a room: in the catalogue and for everybody at once, what it holds in slices. */
export async function deleteRoom(call: D1Call, room: string): Promise<Outcome<undefined>> {
  const { env, principal, now } = call;
  const deleted = await changeInD1(
    call,
    () => null,
    async () => {
      const row = await findRoom(env.DB, principal.tenantId, room);
      if (!row || row.state === "deleting") return { ok: false, problem: NO_ROOM };
      return accept({
        about: { action: "room.delete", target: `room/${room}`, detail: {} },
        event: { type: "meridian.room.deleted", subject: `room/${room}`, data: { room } } as const,
        guard: isThere(row, row.version),
        statements: [markDeleting(env.DB, row, now)],
        answer: null,
        refused: async () => await Promise.resolve(BUSY),
      });
    },
  );
  if (!deleted.ok) return deleted;
  await finishQuietly(call, room);
  return accept(undefined);
}

/** The change is committed: what fails here the event and the sweep do. */
async function finishQuietly({ env, principal: { tenantId } }: D1Call, room: string): Promise<void> {
  try {
    await finishRoom(env, tenantId, room);
  } catch (error) {
    console.error(JSON.stringify({ level: "warn", event: "room-later", tenant: tenantId, error: String(error) }));
  }
}
