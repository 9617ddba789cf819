import type { RouteSpec } from "./route.ts";

/** What stands before the path of a route at a tenant's door; a tenant's own host leaves it out. */
export const DOOR_PREFIX = "/p/{tenantSlug}";

/** Whether this spec describes a route as it is served at the door. */
export function isAtDoor(spec: Pick<RouteSpec, "path">): boolean {
  return spec.path.startsWith(`${DOOR_PREFIX}/`);
}

/**
 * The specs under which one route is registered: its own, and the one with the door's path where it has one. The route
 * table, `Allow`, the documentation and the walks over all routes then see the door like anything else.
 */
export function servedAt<S extends RouteSpec>(spec: S): readonly S[] {
  if (spec.door === undefined) return [spec];
  const atDoor = { ...spec, path: `${DOOR_PREFIX}${spec.path}` };
  return spec.door === "only" ? [atDoor] : [spec, atDoor];
}
