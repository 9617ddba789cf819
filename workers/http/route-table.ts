import type { Problem } from "../../contract/problems.ts";
import type { App } from "./app.ts";
import type { RouteSpec } from "./route.ts";

export const METHODS = ["get", "post", "put", "patch", "delete"] as const;

/** The answer of every path without a route; at the door, of a tenant that does not exist too. */
export const NOT_FOUND: Problem = { slug: "not-found", detail: "No route has this path. The routes are listed at /docs." };

// Keyed by the very handler that the app holds, so that a walk over `app.routes` finds what guards each of them.
const specs = new WeakMap<object, RouteSpec>();

export function rememberSpec(handler: object, spec: RouteSpec): void {
  specs.set(handler, spec);
}

/** The spec behind an entry of `app.routes`; undefined for a route that nobody guards. */
export function specOf(handler: object): RouteSpec | undefined {
  return specs.get(handler);
}

/** Every spec of the app, in order of registration. */
export function specsOf(app: App): RouteSpec[] {
  return app.routes.flatMap(({ handler }) => specs.get(handler) ?? []);
}

/** Routes that serve this path, whatever the method. */
export function specsAt(app: App, path: string): RouteSpec[] {
  return METHODS.flatMap((method) => {
    const handler = app.handlerAt(method.toUpperCase(), path);
    return (handler && specs.get(handler)) ?? [];
  });
}

/** The `Allow` header of a path: its methods, with those that come with them. */
export function allowOf(at: readonly RouteSpec[]): string {
  const methods = new Set(at.map((spec) => spec.method.toUpperCase()));
  if (methods.has("GET")) methods.add("HEAD");
  return [...methods, "OPTIONS"].sort().join(", ");
}
