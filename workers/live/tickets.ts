import { z } from "@hono/zod-openapi";
import { boardIdSchema } from "../../contract/leaderboards.ts";
import { ticketReplySchema } from "../../contract/live.ts";
import { LIVE_LIMITS } from "../../contract/live-codes.ts";
import { accept, type Outcome } from "../../contract/problems.ts";
import { roomIdSchema } from "../../contract/rooms.ts";
import type { App } from "../http/app.ts";
import { route } from "../http/define-route.ts";
import type { RouteCall, RouteSpec } from "../http/route.ts";
import { makeBoardTicket } from "./leaderboard-socket.ts";
import { publicOrigin, socketOrigin } from "./public-origin.ts";
import { makeRoomEventTicket } from "./room-events.ts";
import { makeRoomTicket } from "./room-socket.ts";
import { type MadeTicket, makeTicket } from "./ticket.ts";
import { makeTopicEventTicket } from "./topics-events.ts";

const createTicket = {
  method: "post",
  path: "/v1/connect/tickets",
  action: "live:connect",
  subjects: "self",
  door: "also",
  tag: "live",
  summary: "Get an address to open one live socket at",
  description:
    "For browsers, which cannot set headers on a socket: the address holds a ticket that works once, within 60 seconds. Nothing is stored for it, so asking again is free. `?board=` makes it one for that leaderboard's own socket, `?room=` for that room's. `?events=room/{room}`, or `?events={kind}/{name}` of a topic, gives the address of server-sent events instead, good for ten minutes and any number of connections, since an EventSource repeats its address.",
  query: z
    .object({ board: boardIdSchema.optional(), room: roomIdSchema.optional(), events: z.string().max(LIVE_LIMITS.channelChars).optional() })
    .refine((query) => Object.values(query).filter((one) => one !== undefined).length <= 1, "Send one of board, room and events"),
  answer: { status: 201, schema: ticketReplySchema },
  problems: ["invalid-id", "not-found"],
} as const satisfies RouteSpec;

type TicketCall = RouteCall<typeof createTicket>;

export function registerTicketRoutes(app: App): void {
  route(app, createTicket, async (call) => {
    const { env, request } = call;
    const made = await placed(call);
    if (!made.ok) return made;
    const { path, ticket, expiresAt, isSocket } = made.value;
    const originOf = isSocket ? socketOrigin : publicOrigin;
    const origin = originOf(new URL(request.url), env.PUBLIC_URL, call.door !== undefined);
    const url = new URL(`${path}?ticket=${ticket}`, origin);
    return accept({ url: url.href, expiresAt: new Date(expiresAt).toISOString() });
  });
}

interface Placed extends MadeTicket {
  readonly path: string;
  readonly isSocket: boolean;
}

/** The ticket for what was asked for, and the path that it opens. */
async function placed(call: TicketCall): Promise<Outcome<Placed>> {
  const { principal, now } = call;
  const { board, room, events } = call.query;
  if (events !== undefined) {
    if (!events.startsWith("room/")) {
      const followed = await makeTopicEventTicket(principal, events, call);
      return followed.ok ? accept({ ...followed.value, isSocket: false }) : followed;
    }
    const made = await makeRoomEventTicket(principal, events, call);
    return made.ok ? accept({ ...made.value, path: `/v1/rooms/${made.value.room}/events`, isSocket: false }) : made;
  }
  const [made, path] =
    board !== undefined
      ? [await makeBoardTicket(principal, board, call, now), `/v1/leaderboards/${board}/socket`]
      : room !== undefined
        ? [await makeRoomTicket(principal, room, call, now), `/v1/rooms/${room}/socket`]
        : [accept(await makeTicket(principal, call, now)), "/v1/connect"];
  return made.ok ? accept({ ...made.value, path, isSocket: true }) : made;
}
