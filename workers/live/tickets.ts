import { ticketReplySchema } from "../../contract/live.ts";
import { accept } from "../../contract/problems.ts";
import type { App } from "../http/app.ts";
import { isLoopback } from "../http/browser.ts";
import { route } from "../http/define-route.ts";
import type { RouteSpec } from "../http/route.ts";
import { makeTicket } from "./ticket.ts";

const createTicket = {
  method: "post",
  path: "/v1/connect/tickets",
  action: "live:connect",
  tag: "live",
  summary: "Get an address to open one live socket at",
  description:
    "For browsers, which cannot set headers on a socket: the address holds a ticket that works once, within 60 seconds. Nothing is stored for it, so asking again is free.",
  answer: { status: 201, schema: ticketReplySchema },
} as const satisfies RouteSpec;

export function registerTicketRoutes(app: App): void {
  route(app, createTicket, async (call) => {
    const { env, request, principal, now } = call;
    const { ticket, expiresAt } = await makeTicket(principal, call, now);
    const url = new URL(`/v1/connect?ticket=${ticket}`, socketOrigin(new URL(request.url), env.PUBLIC_URL));
    return accept({ url: url.href, expiresAt: new Date(expiresAt).toISOString() });
  });
}

/** The public origin as a socket address; on loopback whatever name and port the caller used. */
function socketOrigin(asked: URL, publicUrl: string): URL {
  const own = new URL(publicUrl);
  const origin = isLoopback(own.hostname) && isLoopback(asked.hostname) ? asked : own;
  return new URL(`${origin.protocol === "https:" ? "wss:" : "ws:"}//${origin.host}`);
}
