import { z } from "@hono/zod-openapi";
import { type Outcome, refuse } from "../../contract/problems.ts";
import { ROOM_LIMITS } from "../../contract/room-limits.ts";
import type { RouteSpec } from "../http/route.ts";
import { positionOf } from "./event-position.ts";
import { EventPump, type EventSubscription } from "./event-pump.ts";

/** Streams of one isolate; each holds a socket and what its reader has not taken yet. */
const STREAMS = 2_000;

/** What routes of events have in common. */
export const eventRoute = {
  method: "get",
  door: "also",
  tag: "live",
  query: z.object({
    ticket: z.string().min(1).max(8_192).optional(),
    lastEventId: z.string().max(128).optional(),
    replay: z.coerce.number().int().min(0).max(ROOM_LIMITS.replay).default(ROOM_LIMITS.replay),
  }),
  answer: { status: 200, mediaType: "text/event-stream" },
} as const satisfies Partial<RouteSpec>;

interface StreamCall {
  readonly request: Request;
  readonly query: z.output<typeof eventRoute.query>;
}

/** Streams open in this isolate; each leaves when its reader or its socket is gone. */
let streams = 0;

/**
 * A channel as server-sent events: a socket to the channel's object that the Worker holds and reads for a client that cannot. Recovery
 * is that of sockets: everything after the last event id, or `event: gap` first. Acknowledges what the reader has taken, so that a slow
 * one is shut by the object as any slow socket, and comes back to recover.
 */
export async function streamEvents({ request, query }: StreamCall, subscription: EventSubscription): Promise<Outcome<never> | Response> {
  const since = positionOf(request, query.lastEventId);
  if (!since.ok) return since;
  if (streams >= STREAMS) return refuse("overloaded", "Too many streams are open here. Try again.", { retryAfterS: 5 });
  streams++;
  const pump = new EventPump(subscription, since.value, () => streams--);
  // Nobody else says that a reader has gone while nothing is written to it.
  request.signal.addEventListener("abort", () => pump.stop());
  const opened = await pump.begin(query.replay);
  if (!opened.ok) return opened;
  return new Response(opened.value, {
    headers: {
      "content-type": "text/event-stream; charset=utf-8",
      // A proxy that compresses or gathers would hold events back.
      "cache-control": "no-store, no-transform",
      "x-accel-buffering": "no",
    },
  });
}
