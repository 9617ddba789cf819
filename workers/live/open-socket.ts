import { z } from "@hono/zod-openapi";
import { LIVE_BEARER_PREFIX, LIVE_SUBPROTOCOL } from "../../contract/live-codes.ts";
import { may } from "../../contract/principal.ts";
import { type Outcome, type Problem, refuse } from "../../contract/problems.ts";
import { ADMISSION_HEADER, type Admission } from "../../contract/rpc/hub.ts";
import { isUpgrade } from "../http/browser.ts";
import type { RouteCall, RouteSpec } from "../http/route.ts";
import { authenticateToken } from "./authenticate-token.ts";
import { holdUntilAuth } from "./hold-until-auth.ts";
import type { Entry, SocketPlace } from "./ticket.ts";

/** What routes have in common that open a native socket. */
export const socketRoute = {
  method: "get",
  action: "open",
  optionalPrincipal: true,
  subjects: "visitors",
  door: "also",
  // A ticket speaks alone: whatever cookie a browser adds is not looked at.
  credential: async (request) => (new URL(request.url).searchParams.has("ticket") ? refuse("unauthenticated", "") : null),
  tag: "live",
  query: z.object({ ticket: z.string().min(1).max(4_096).optional() }),
  answer: { status: 200, mediaType: "*/*" },
} as const satisfies Partial<RouteSpec>;

type SocketCall = Pick<
  RouteCall<typeof socketRoute & Pick<RouteSpec, "path" | "summary">>,
  "env" | "ctx" | "request" | "door" | "principal" | "query" | "now"
>;

/** Lets a socket in where it wants to go, now or, when the request says nothing about who it is, after its `auth` frame. */
export async function openSocket<E extends Entry>(call: SocketCall, place: SocketPlace<E>): Promise<Outcome<never> | Response> {
  if (!isUpgrade(call.request)) return refuse("upgrade-required", "Open this address as a WebSocket.");
  const offered = offeredProtocols(call.request);
  if (offered.length > 0 && !offered.includes(LIVE_SUBPROTOCOL)) {
    return refuse("invalid-parameter", `Offer the subprotocol ${LIVE_SUBPROTOCOL}, or none.`);
  }
  const protocol = offered.includes(LIVE_SUBPROTOCOL) ? LIVE_SUBPROTOCOL : undefined;
  const entry = await entryFor(call, offered, place);
  if (entry === null) return holdUntilAuth(call, protocol, place);
  if (!entry.ok) return entry;
  const entered = await place.enter(call, entry.value, protocol, call.now);
  return entered.ok ? entered.value : entered;
}

/** Who wants in and where; null when the request says nothing about that. */
async function entryFor<E extends Entry>(call: SocketCall, offered: readonly string[], place: SocketPlace<E>): Promise<Outcome<E> | null> {
  const { principal, query, request, now } = call;
  const token = query.ticket ?? offered.find((name) => name.startsWith(LIVE_BEARER_PREFIX))?.slice(LIVE_BEARER_PREFIX.length);
  if (token !== undefined) return await authenticateToken(token, call, place, now);
  if (principal.kind === "anonymous" || principal.kind === "visitor") {
    const sent = request.headers.has("authorization") || request.headers.has("x-api-key");
    return sent ? refuse("unauthenticated", "Send a valid key or token, or a ticket.") : null;
  }
  if (!may(principal, "live:connect")) return refuse("forbidden", "This credential lacks live:connect.");
  return await place.entryOf(principal, call, now);
}

/** Hands a socket to its object. Nothing of the client's own request goes along. @returns the 101, or why the object refuses */
export async function hand(
  to: { fetch(request: Request): Promise<Response> },
  admission: Admission,
  protocol: string | undefined,
): Promise<Outcome<Response>> {
  const headers = new Headers({ upgrade: "websocket", [ADMISSION_HEADER]: encodeURIComponent(JSON.stringify(admission)) });
  if (protocol !== undefined) headers.set("sec-websocket-protocol", protocol);
  const response = await to.fetch(new Request("https://object/", { headers }));
  if (response.webSocket) return { ok: true, value: response };
  return { ok: false, problem: await response.json<Problem>() }; // it refuses with a problem and nothing else
}

function offeredProtocols(request: Request): string[] {
  const header = request.headers.get("sec-websocket-protocol") ?? "";
  return header
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
}
