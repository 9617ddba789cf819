import { z } from "@hono/zod-openapi";
import { LIVE_BEARER_PREFIX, LIVE_SUBPROTOCOL } from "../../contract/live-codes.ts";
import { may } from "../../contract/principal.ts";
import { accept, type Outcome, type Problem, refuse } from "../../contract/problems.ts";
import { ADMISSION_HEADER } from "../../contract/rpc/hub.ts";
import type { EdgeEnv } from "../env.ts";
import type { App } from "../http/app.ts";
import { isUpgrade } from "../http/browser.ts";
import { route } from "../http/define-route.ts";
import { hubOf } from "../http/objects.ts";
import type { RouteCall, RouteSpec } from "../http/route.ts";
import { authenticateToken } from "./authenticate-token.ts";
import { holdUntilAuth } from "./hold-until-auth.ts";
import { type Entry, entryOf } from "./ticket.ts";

const connect = {
  method: "get",
  path: "/v1/connect",
  action: "open",
  optionalPrincipal: true,
  subjects: "visitors",
  door: "also",
  // A ticket speaks alone: whatever cookie a browser adds is not looked at.
  credential: async (request) => (new URL(request.url).searchParams.has("ticket") ? refuse("unauthenticated", "") : null),
  tag: "live",
  summary: "Open a live socket",
  description:
    "WebSocket. The credential is a ticket in the address, an API key or an end user's token as subprotocol `bearer.<token>` beside `meridian.v1`, an Authorization header, or the token of an `auth` frame within five seconds. A key needs live:connect. The frames are described in docs/live.md.",
  query: z.object({ ticket: z.string().min(1).max(4_096).optional() }),
  answer: { status: 200, mediaType: "*/*" },
  problems: ["upgrade-required", "origin-not-allowed"],
} as const satisfies RouteSpec;

export function registerConnectRoutes(app: App): void {
  route(app, connect, async (call) => {
    if (!isUpgrade(call.request)) return refuse("upgrade-required", "Open this address as a WebSocket.");
    const offered = offeredProtocols(call.request);
    if (offered.length > 0 && !offered.includes(LIVE_SUBPROTOCOL)) {
      return refuse("invalid-parameter", `Offer the subprotocol ${LIVE_SUBPROTOCOL}, or none.`);
    }
    const protocol = offered.includes(LIVE_SUBPROTOCOL) ? LIVE_SUBPROTOCOL : undefined;
    const entry = await entryFor(call, offered);
    if (entry === null) return holdUntilAuth(call, protocol, (found) => enter(call.env, found, undefined));
    if (!entry.ok) return entry;
    const entered = await enter(call.env, entry.value, protocol);
    return entered.ok ? entered.value : entered;
  });
}

/** Who wants in and where; null when the request says nothing about that. */
async function entryFor(call: RouteCall<typeof connect>, offered: readonly string[]): Promise<Outcome<Entry> | null> {
  const { principal, query, request, now } = call;
  const token = query.ticket ?? offered.find((name) => name.startsWith(LIVE_BEARER_PREFIX))?.slice(LIVE_BEARER_PREFIX.length);
  if (token !== undefined) return await authenticateToken(token, call, now);
  if (principal.kind === "anonymous" || principal.kind === "visitor") {
    const sent = request.headers.has("authorization") || request.headers.has("x-api-key");
    return sent ? refuse("unauthenticated", "Send a valid key or token, or a ticket.") : null;
  }
  if (!may(principal, "live:connect")) return refuse("forbidden", "This credential lacks live:connect.");
  return accept(await entryOf(principal, call, now));
}

/** Hands the socket to its hub. Nothing of the client's own request goes along. @returns the 101, or why the hub refuses */
async function enter(env: EdgeEnv, entry: Entry, protocol: string | undefined): Promise<Outcome<Response>> {
  const { tenantId, hub, admission } = entry;
  const headers = new Headers({ upgrade: "websocket", [ADMISSION_HEADER]: encodeURIComponent(JSON.stringify(admission)) });
  if (protocol !== undefined) headers.set("sec-websocket-protocol", protocol);
  const response = await hubOf({ env, principal: { tenantId } }, hub).fetch(new Request("https://hub/", { headers }));
  if (response.webSocket) return accept(response);
  return { ok: false, problem: await response.json<Problem>() }; // a hub refuses with a problem and nothing else
}

function offeredProtocols(request: Request): string[] {
  const header = request.headers.get("sec-websocket-protocol") ?? "";
  return header
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
}
