import { API_KEY_PATTERN } from "../../contract/access.ts";
import { may } from "../../contract/principal.ts";
import { accept, type Outcome, refuse } from "../../contract/problems.ts";
import type { EdgeEnv } from "../env.ts";
import { consoleSink } from "../http/log.ts";
import { authenticate, authorize, type Scene } from "../http/principal.ts";
import { type RequestContext, startContext } from "../http/request-context.ts";
import type { KeepAlive } from "../http/single-flight.ts";
import { type Entry, entryOf, readTicket } from "./ticket.ts";

/** What is left of the upgrade request when a token comes by another way than its headers. */
export interface TokenScene {
  readonly env: EdgeEnv;
  readonly ctx: KeepAlive;
  readonly request: Request;
}

/** The entry that a token grants: an API key with `live:connect`, or a ticket. Says no more than 401 and 403 do. */
export async function authenticateToken(token: string, { env, ctx, request }: TokenScene, now: number): Promise<Outcome<Entry>> {
  if (!API_KEY_PATTERN.test(token)) {
    const entry = await readTicket(env, token, now);
    return entry ? accept(entry) : refuse("unauthenticated", "The ticket is not valid any more; get a new one for each connection.");
  }
  const context: RequestContext = startContext(new Request(request.url, { headers: traceHeaders(request) }), now);
  const scene: Scene = { env, ctx, context, now, sessionPrincipal: async () => null, log: consoleSink };
  const who = await authenticate(new Request(request.url, { headers: { authorization: `Bearer ${token}` } }), scene, undefined);
  if (!who.ok) return who;
  const allowed = may(who.value, "live:connect") ? accept(undefined) : authorize(who.value, "live:connect", scene);
  return allowed.ok ? accept(await entryOf(who.value, scene, now)) : allowed;
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
