import { PLACE_HUBS } from "../../contract/live-revocation.ts";
import { accept } from "../../contract/problems.ts";
import type { App } from "../http/app.ts";
import { route } from "../http/define-route.ts";
import { noteHolder } from "../http/live-holders.ts";
import { hubOf } from "../http/objects.ts";
import type { RouteSpec } from "../http/route.ts";
import { hand, openSocket, socketRoute } from "./open-socket.ts";
import { entryOf, type HubEntry, readTicket, type SocketPlace } from "./ticket.ts";

const connect = {
  ...socketRoute,
  path: "/v1/connect",
  summary: "Open a live socket",
  description:
    "WebSocket. The credential is a ticket in the address, an API key or an end user's token as subprotocol `bearer.<token>` beside `meridian.v1`, an Authorization header, or the token of an `auth` frame within five seconds. A key needs live:connect. The frames are described in docs/live.md.",
  problems: ["upgrade-required", "origin-not-allowed"],
} as const satisfies RouteSpec;

/** One of the tenant's hubs, at random. */
export const hubs: SocketPlace<HubEntry> = {
  entryOf: async (principal, scene, now) => accept(await entryOf(principal, scene, now)),
  ofTicket: readTicket,
  enter: async (scene, { tenantId, hub, admission }, protocol, now) => {
    // Whoever revokes tells the first hubs, and asks those for the others.
    if (hub >= PLACE_HUBS && admission.actor !== "visitor") {
      const noted = await noteHolder(scene, { tenantId, kind: "hub", name: String(hub) }, admission, now);
      if (!noted.ok) return noted;
    }
    return await hand(hubOf({ env: scene.env, principal: { tenantId } }, hub), admission, protocol);
  },
};

export function registerConnectRoutes(app: App): void {
  route(app, connect, async (call) => await openSocket(call, hubs));
}
