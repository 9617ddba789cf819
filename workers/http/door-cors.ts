import type { EdgeEnv } from "../env.ts";
import { accessOf } from "./access-cache.ts";
import { EXPOSED_HEADERS, PREFLIGHT_AGE_S, REQUEST_HEADERS } from "./cors.ts";
import type { Door, RequestContext } from "./request-context.ts";
import type { RouteSpec } from "./route.ts";
import { allowOf } from "./route-table.ts";
import type { KeepAlive } from "./single-flight.ts";

// Who may read answers at a tenant's door: pages of the origins that the tenant lists may read all of them, every page may
// read what every visitor gets. Where a cookie counts (the refresh handle, below `/v1/subjects/`), listed origins only.

/** Headers that a page of an origin nobody listed may send: none that holds a credential. */
const VISITORS_HEADERS = "content-type, content-encoding, if-none-match, x-request-id, traceparent, tracestate";

/** What the door knows of a request from a page. */
export interface Sharing {
  readonly origin: string;
  readonly listed: boolean;
  /** Whether the path is one where the refresh cookie counts. */
  readonly cookies: boolean;
}

/** Undefined for a request that says no Origin. A tenant whose settings cannot be read shares with nobody for now. */
export async function sharingAt(
  door: Door,
  origin: string | null,
  path: string,
  env: EdgeEnv,
  ctx: KeepAlive,
  now: number,
): Promise<Sharing | undefined> {
  if (origin === null) return undefined;
  const cookies = path.startsWith(`/p/${door.slug}/v1/subjects/`);
  try {
    const access = await accessOf(env, ctx, door.tenantId, now);
    return { origin, cookies, listed: access?.config.settings.origins.includes(origin) ?? false };
  } catch {
    return { origin, cookies, listed: false }; // the answer itself says 503 where the tenant was needed for it
  }
}

/** A preflight at the door. Its tenant is known, unlike elsewhere: who is not listed may not even ask with a credential. */
export function doorPreflight({ origin, listed, cookies }: Sharing, at: readonly RouteSpec[]): Response {
  const headers = new Headers({ allow: allowOf(at), vary: "Origin, Access-Control-Request-Method" });
  if (listed || !cookies) {
    headers.set("access-control-allow-origin", listed ? origin : "*");
    headers.set("access-control-allow-methods", allowOf(at));
    headers.set("access-control-allow-headers", listed ? REQUEST_HEADERS : VISITORS_HEADERS);
    headers.set("access-control-max-age", String(PREFLIGHT_AGE_S));
  }
  if (listed && cookies) headers.set("access-control-allow-credentials", "true");
  return new Response(null, { status: 204, headers });
}

/** Lets pages read an answer of the door. */
export function shareAtDoor(answer: Response, request: Request, sharing: Sharing | undefined, context: RequestContext): void {
  const { headers } = answer;
  headers.append("vary", "Origin");
  if (!sharing) return;
  if (sharing.listed) {
    headers.set("access-control-allow-origin", sharing.origin);
    if (sharing.cookies) headers.set("access-control-allow-credentials", "true");
  } else if (!sharing.cookies && answer.ok && isVisitors(request, context)) {
    headers.set("access-control-allow-origin", "*");
  } else return;
  headers.set("access-control-expose-headers", EXPOSED_HEADERS);
}

/** Whether anybody would have got this answer. A credential may stand elsewhere than in the header, so who was found counts too. */
function isVisitors(request: Request, { actor = "visitor" }: RequestContext): boolean {
  return !request.headers.has("authorization") && actor === "visitor";
}
