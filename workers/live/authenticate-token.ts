import { API_KEY_PATTERN } from "../../contract/access.ts";
import { accept, type Outcome, refuse } from "../../contract/problems.ts";
import type { EdgeEnv } from "../env.ts";
import { consoleSink } from "../http/log.ts";
import { authenticate, authorize, type Scene } from "../http/principal.ts";
import type { Door } from "../http/request-context.ts";
import { type RequestContext, startContext } from "../http/request-context.ts";
import type { KeepAlive } from "../http/single-flight.ts";
import type { Entry, SocketPlace } from "./ticket.ts";

/** What is left of the upgrade request when a token comes by another way than its headers. */
export interface TokenScene {
  readonly env: EdgeEnv;
  readonly ctx: KeepAlive;
  readonly request: Request;
  /** At a tenant's door: whose. Only its own subjects and tickets count there. */
  readonly door?: Door;
}

/** What begins every token of ours and of others: a JSON object in base64url. Tickets begin with a ring id. */
const JWT_PREFIX = "eyJ";

/** The entry to this place that a token grants: an API key with `live:connect`, a subject's token, or a ticket. Says no more than 401 and 403 do. */
export async function authenticateToken<E extends Entry>(
  token: string,
  at: TokenScene,
  place: SocketPlace<E>,
  now: number,
): Promise<Outcome<E>> {
  const { env, ctx, request, door } = at;
  if (!API_KEY_PATTERN.test(token) && !token.startsWith(JWT_PREFIX)) {
    const entry = await place.ofTicket(env, token, now);
    if (entry && (!door || entry.tenantId === door.tenantId)) return accept(entry);
    return refuse("unauthenticated", "The ticket is not valid any more; get a new one for each connection.");
  }
  const context: RequestContext = startContext(new Request(request.url, { headers: traceHeaders(request) }), now);
  const scene: Scene = { env, ctx, context, door, now, sessionPrincipal: async () => null, log: consoleSink };
  const who = await authenticate(new Request(request.url, { headers: { authorization: `Bearer ${token}` } }), scene, undefined);
  if (!who.ok) return who;
  if (who.value.kind === "visitor") return refuse("unauthenticated", "Send a token of yours: nobody follows anything here without one.");
  const allowed = authorize(who.value, "live:connect", scene);
  return allowed.ok ? await place.entryOf(who.value, scene, now) : allowed;
}

/** So that a denial in the audit log carries the id of the request that opened the socket. */
function traceHeaders(request: Request): Headers {
  const kept = new Headers();
  for (const name of ["x-request-id", "traceparent"]) {
    const value = request.headers.get(name);
    if (value !== null) kept.set(name, value);
  }
  return kept;
}
