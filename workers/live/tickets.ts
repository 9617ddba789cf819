import { z } from "@hono/zod-openapi";
import { boardIdSchema } from "../../contract/leaderboards.ts";
import { ticketReplySchema } from "../../contract/live.ts";
import { accept } from "../../contract/problems.ts";
import type { App } from "../http/app.ts";
import { isLoopback } from "../http/browser.ts";
import { route } from "../http/define-route.ts";
import type { RouteSpec } from "../http/route.ts";
import { makeBoardTicket } from "./leaderboard-socket.ts";
import { makeTicket } from "./ticket.ts";

const createTicket = {
  method: "post",
  path: "/v1/connect/tickets",
  action: "live:connect",
  subjects: "self",
  door: "also",
  tag: "live",
  summary: "Get an address to open one live socket at",
  description:
    "For browsers, which cannot set headers on a socket: the address holds a ticket that works once, within 60 seconds. Nothing is stored for it, so asking again is free. `?board=` makes it one for that leaderboard's own socket.",
  query: z.object({ board: boardIdSchema.optional() }),
  answer: { status: 201, schema: ticketReplySchema },
  problems: ["invalid-id", "not-found"],
} as const satisfies RouteSpec;

export function registerTicketRoutes(app: App): void {
  route(app, createTicket, async (call) => {
    const { env, request, principal, now } = call;
    const { board } = call.query;
    const made = board === undefined ? accept(await makeTicket(principal, call, now)) : await makeBoardTicket(principal, board, call, now);
    if (!made.ok) return made;
    const { ticket, expiresAt } = made.value;
    const path = board === undefined ? "/v1/connect" : `/v1/leaderboards/${board}/socket`;
    const url = new URL(`${path}?ticket=${ticket}`, socketOrigin(new URL(request.url), env.PUBLIC_URL, call.door !== undefined));
    return accept({ url: url.href, expiresAt: new Date(expiresAt).toISOString() });
  });
}

/**
 * The public origin as a socket address; on loopback whatever name and port the caller used, at a door the tenant's own host when
 * that was asked (it was proved, and behind a TLS proxy the scheme is the public one's).
 */
function socketOrigin(asked: URL, publicUrl: string, atDoor: boolean): URL {
  const own = new URL(publicUrl);
  const host = atDoor || (isLoopback(own.hostname) && isLoopback(asked.hostname)) ? asked.host : own.host;
  const secure = isLoopback(own.hostname) ? asked.protocol === "https:" : own.protocol === "https:";
  return new URL(`${secure ? "wss:" : "ws:"}//${host}`);
}
