import type { RouteSpec } from "./route.ts";
import { allowOf } from "./route-table.ts";

/** Headers that pages of other origins may send. */
export const REQUEST_HEADERS =
  "authorization, x-api-key, content-type, content-encoding, idempotency-key, if-match, if-none-match, x-request-id, traceparent, tracestate";
/** Headers of an answer that they may read besides the simple ones. */
export const EXPOSED_HEADERS =
  "age, x-request-id, traceparent, etag, location, retry-after, ratelimit, ratelimit-policy, idempotency-replayed";
/** Seconds a browser may remember a preflight: Chromium caps it at two hours, and a route table changes with deploys. */
export const PREFLIGHT_AGE_S = 600;

export function isPreflight(request: Request): boolean {
  return request.method === "OPTIONS" && request.headers.has("origin") && request.headers.has("access-control-request-method");
}

/**
 * A preflight carries no credential, so its tenant is unknown: any origin learns which methods and headers exist, as in
 * the public documentation, and never `Allow-Credentials`. What decides is the actual answer, see {@link shareWith}.
 */
export function preflightResponse(origin: string, at: readonly RouteSpec[]): Response {
  return new Response(null, {
    status: 204,
    headers: {
      allow: allowOf(at),
      "access-control-allow-origin": origin,
      "access-control-allow-methods": allowOf(at),
      "access-control-allow-headers": [REQUEST_HEADERS, ...new Set(at.flatMap(({ requestHeaders = [] }) => requestHeaders))].join(", "),
      "access-control-max-age": String(PREFLIGHT_AGE_S),
      vary: "Origin, Access-Control-Request-Method",
    },
  });
}

/** Lets the origin's pages read the answer when the tenant of the key lists that origin to the letter. Cookies never cross origins. */
export function shareWith(headers: Headers, origin: string | null, listed: readonly string[]): void {
  headers.append("vary", "Origin");
  if (origin === null || !listed.includes(origin)) return;
  headers.set("access-control-allow-origin", origin);
  headers.set("access-control-expose-headers", EXPOSED_HEADERS);
}
