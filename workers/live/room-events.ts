import { isListed } from "../../contract/grants.ts";
import type { VisitorPrincipal } from "../../contract/principal.ts";
import { type Outcome, refuse } from "../../contract/problems.ts";
import { roomIdSchema } from "../../contract/rooms.ts";
import type { Admission } from "../../contract/rpc/hub.ts";
import { accessOf } from "../http/access-cache.ts";
import type { App } from "../http/app.ts";
import { route } from "../http/define-route.ts";
import { clock } from "../http/request-context.ts";
import type { RouteSpec } from "../http/route.ts";
import { eventRoute, streamEvents } from "./event-stream.ts";
import { eventTicket, makeEventTicket, stillGood } from "./event-ticket.ts";
import { enterRoom, personOf, roomEntryOf } from "./room-socket.ts";
import { forMembers, inRoom, type RoomCall, roomParams } from "./rooms-calls.ts";
import { callerOf } from "./rooms-people.ts";
import type { LivePrincipal, MadeTicket } from "./ticket.ts";

const channelOf = (room: string) => `room/${room}`;
const ROOM_IN_PATH = /\/v1\/rooms\/([^/]+)\/events$/;

const events = {
  ...eventRoute,
  ...forMembers,
  path: "/v1/rooms/{room}/events",
  action: "rooms:read",
  summary: "Follow a room as server-sent events",
  description:
    "The `id` of each event is `epoch:offset`, its `data` the whole envelope. `Last-Event-ID` (or `?lastEventId`) goes on from there: with everything since, or with `event: gap` first. Otherwise it begins with the newest `replay` events. An EventSource, which can send no headers, takes an address of `POST /v1/connect/tickets?events=room/{room}`.",
  params: roomParams,
  credential: eventTicket((url) => channelOf(ROOM_IN_PATH.exec(url.pathname)?.[1] ?? "")),
  problems: ["not-found", "invalid-id", "overloaded"],
} as const satisfies RouteSpec;

export function registerRoomEventRoutes(app: App): void {
  route(app, events, async (call) => {
    const { principal, params, query, env, ctx, now } = call;
    const { room } = params;
    if (query.ticket !== undefined && principal.kind !== "visitor" && !(await stillGood(principal, { env, ctx, now }))) {
      return refuse("unauthenticated", "The credential that this ticket was made with is not good any more.");
    }
    const { tenantId } = principal;
    const admission =
      principal.kind === "visitor"
        ? await visitorsAdmission(principal, room, call)
        : (await roomEntryOf(principal, room, call, now)).admission;
    return await streamEvents(call, {
      channel: channelOf(room),
      open: async () => await enterRoom(call, { tenantId, room, admission }, undefined, now),
      ...(principal.kind === "visitor" && {
        // Nobody tells the room when its public mark goes.
        stillAllowed: async () => {
          const access = await accessOf(env, ctx, tenantId, clock(env));
          return isListed(access?.publicThings ?? [], "room", room);
        },
      }),
    });
  });
}

/** A ticket for the events of this room, for whoever may read it. */
export async function makeRoomEventTicket(
  principal: LivePrincipal,
  channel: string,
  call: RoomCall,
): Promise<Outcome<MadeTicket & { room: string }>> {
  const room = roomIdSchema.safeParse(channel.slice(channel.indexOf("/") + 1));
  if (!room.success) return refuse("invalid-id", "Send `events=room/{room}`.");
  const seen = await inRoom(call, room.data, async (object, by) => await object.ask(by, "view", {}));
  if (!seen.ok) return seen;
  const made = await makeEventTicket(call.env, principal, channel, "rooms:read", call.now);
  return { ok: true, value: { ...made, room: room.data } };
}

async function visitorsAdmission(principal: VisitorPrincipal, room: string, call: RoomCall): Promise<Admission> {
  const person = personOf(await callerOf(principal, room, call));
  return {
    v: 1,
    actor: "visitor",
    credential: "visitor",
    actions: [],
    checkedAt: call.now,
    credentialExpiresAt: null,
    ticket: null,
    person,
  };
}
