import type { Action } from "../../contract/permissions.ts";
import { accept, type Outcome } from "../../contract/problems.ts";
import { ROOM_LIMITS } from "../../contract/room-limits.ts";
import type { Admission } from "../../contract/rpc/hub.ts";
import type { RoomCaller } from "../../contract/rpc/room.ts";
import type { D1Call } from "../db/d1-change.ts";
import type { App } from "../http/app.ts";
import { route } from "../http/define-route.ts";
import { registerIsolateCache } from "../http/isolate-caches.ts";
import { noteHolder } from "../http/live-holders.ts";
import { Lru } from "../http/lru.ts";
import { roomOf } from "../http/objects.ts";
import type { RouteSpec } from "../http/route.ts";
import { hand, openSocket, socketRoute } from "./open-socket.ts";
import { inRoom, type RoomCall, roomParams } from "./rooms-calls.ts";
import { NO_ROOM } from "./rooms-change.ts";
import { createAtFirstUse } from "./rooms-create.ts";
import { callerOf, callerOfAdmission } from "./rooms-people.ts";
import { findRoom } from "./rooms-store.ts";
import {
  admissionOf,
  type Entry,
  entryOfClaims,
  type EntryScene,
  type LivePrincipal,
  type MadeTicket,
  readClaims,
  signTicket,
  type SocketPlace,
} from "./ticket.ts";

const socket = {
  ...socketRoute,
  path: "/v1/rooms/{room}/socket",
  summary: "Open a room's live socket",
  description:
    "WebSocket, opened as `/v1/connect`; a ticket has to name the room (`POST /v1/connect/tickets?room=`). Its one channel is `room/{room}`. Whoever is no member finds no room. The frames are described in docs/rooms.md.",
  params: roomParams,
  problems: ["upgrade-required", "origin-not-allowed", "invalid-id", "not-found", "overloaded"],
} as const satisfies RouteSpec;

export function registerRoomSocketRoutes(app: App): void {
  route(app, socket, async (call) => await openSocket(call, roomPlace(call.params.room)));
}

/** Rooms that an isolate has seen in the catalogue lately: a crowd that comes back after a restart asks D1 once. */
const KNOWN_MS = 60_000;
const known = new Lru<true>(10_000);
registerIsolateCache(() => known.clear());

/** The sockets of one room. */
export function roomPlace(room: string): SocketPlace<Entry> {
  return {
    frameBytes: ROOM_LIMITS.frameBytes,
    entryOf: async (principal, scene, now) => accept(await roomEntryOf(principal, room, scene, now)),
    ofTicket: async (env, ticket, now) => {
      const claims = await readClaims(env, ticket, now);
      return claims?.room === room ? entryOfClaims(claims) : undefined;
    },
    enter: async (scene, { tenantId, admission }, protocol, now) => await enterRoom(scene, { tenantId, room, admission }, protocol, now),
  };
}

/** A ticket for this room's socket, for whoever may come in: nobody else learns whether there is such a room. */
export async function makeRoomTicket(principal: LivePrincipal, room: string, call: RoomCall, now: number): Promise<Outcome<MadeTicket>> {
  const seen = await inRoom(call, room, async (object, by) => await object.ask(by, "view", {}));
  if (!seen.ok) return seen;
  const entry = await roomEntryOf(principal, room, call, now);
  // Before the ticket is out: a revocation from now on is told to the room, which refuses what was made before.
  const noted = await noteHolder(call, { tenantId: entry.tenantId, kind: "room", name: room }, entry.admission, now);
  return noted.ok ? accept(await signTicket(call.env, entry, { hub: 0, room }, now)) : noted;
}

/** Where a socket is to be, and as whom. */
export interface RoomEntrance {
  readonly tenantId: string;
  readonly room: string;
  readonly admission: Admission;
}

/** Hands a socket to a room that is there, or comes into being because a grant lets this person create it. */
export async function enterRoom(
  scene: EntryScene,
  { tenantId, room, admission }: RoomEntrance,
  protocol: string | undefined,
  now: number,
): Promise<Outcome<Response>> {
  const at = { env: scene.env, principal: { tenantId } };
  const by = callerOfAdmission(admission);
  if (!by || !(await isThere({ ...at, now, meta: metaOf(admission, by) }, by, room))) return { ok: false, problem: NO_ROOM };
  if (by.kind !== "visitor") {
    const noted = await noteHolder(scene, { tenantId, kind: "room", name: room }, admission, now);
    if (!noted.ok) return noted;
  }
  return await hand(roomOf(at, room), admission, protocol);
}

/** What a room's object is told of somebody whose credential was checked just now; what they are in the room it says itself. */
export async function roomEntryOf(principal: LivePrincipal, room: string, scene: EntryScene, now: number): Promise<Entry> {
  const by = await callerOf(principal, room, { ...scene, now });
  const actions = by.granted.map((action): Action => `rooms:${action}`);
  return {
    tenantId: principal.tenantId,
    admission: { ...(await admissionOf(principal, actions, scene, now)), person: personOf(by) },
  };
}

export function personOf({ granted: _, ...person }: RoomCaller): NonNullable<Admission["person"]> {
  return { ...person, name: person.name.slice(0, ROOM_LIMITS.nameChars) };
}

/** No object is bothered, and no place noted, for rooms that somebody guesses. */
async function isThere(call: D1Call, by: RoomCaller, room: string): Promise<boolean> {
  const { env, principal, now } = call;
  const name = `${principal.tenantId}/${room}`;
  if (known.get(name, now)) return true;
  const row = await findRoom(env.DB, principal.tenantId, room);
  const there = row?.state === "live" || (await createAtFirstUse(call, by, room));
  if (there) known.set(name, true, now + KNOWN_MS);
  return there || row !== undefined;
}

function metaOf({ actor }: Admission, { kind, name }: RoomCaller): D1Call["meta"] {
  return { requestId: "room-socket", actor, actorName: kind === "subject" ? "end user" : name };
}
