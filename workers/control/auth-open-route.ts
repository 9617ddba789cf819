import type { App } from "../http/app.ts";
import { checkCookieRequest } from "../http/browser.ts";
import { route } from "../http/define-route.ts";
import type { RouteHandler, RouteSpec } from "../http/route.ts";

/**
 * An unsafe route that needs no credential but may set or end a session. The request path checks Origin and JSON for a
 * cookie's principal; here there is none, and a stranger's page could otherwise sign a visitor in or out.
 */
export function openRoute<const S extends RouteSpec>(app: App, spec: S, handler: RouteHandler<S>): void {
  route(app, spec, async (call) => {
    const fromOwnPage = checkCookieRequest(call.request, new URL(call.request.url), call.env);
    return fromOwnPage.ok ? await handler(call) : fromOwnPage;
  });
}
