import { describe, expect, it } from "vitest";
import { rootOf } from "../../contract/paths.ts";
import { ACTION_NAMES } from "../../contract/permissions.ts";
import { app } from "../../workers/edge.ts";
import { createApp } from "../../workers/http/app.ts";
import { route } from "../../workers/http/define-route.ts";
import { DOOR_PREFIX, isAtDoor } from "../../workers/http/door-routes.ts";
import { specOf } from "../../workers/http/route-table.ts";

type Entry = (typeof app.routes)[number];

/** Entries of the router that nobody guards: no spec behind them, and not the one middleware that wraps everything. */
function unguarded(routes: readonly Entry[]): string[] {
  const [first, ...rest] = routes;
  const wrapper = first?.method === "ALL" && first.path === "/*";
  return (wrapper ? rest : routes).flatMap(({ handler, method, path }) => (specOf(handler) ? [] : `${method} ${path}`));
}

describe("every route", () => {
  it("[HT29] names an action of the table, or says that it is open", () => {
    expect(unguarded(app.routes)).toEqual([]);
    for (const { handler } of app.routes) {
      const spec = specOf(handler);
      if (spec) expect(["open", ...ACTION_NAMES]).toContain(spec.action);
    }
    expect(app.routes.length).toBeGreaterThan(5);
  });

  it("[HT29] the walk finds a route that was added past `route()`", () => {
    const sneaky = createApp();
    route(
      sneaky,
      { method: "get", path: "/v1/a", action: "open", tag: "t", summary: "s", answer: { status: 204 } },
      async () => new Response(),
    );
    sneaky.on("GET", "/v1/b", async () => new Response("no action"));
    expect(unguarded(sneaky.routes)).toEqual(["GET /v1/b"]);
  });

  it("[DR1] of the door is in the router's table below /p/{tenantSlug}, and says there whom it lets in", () => {
    const specs = app.routes.flatMap(({ handler }) => specOf(handler) ?? []);
    const atDoor = specs.filter(isAtDoor);
    expect(atDoor.map(({ path }) => path)).toContain(`${DOOR_PREFIX}/v1/metrics/query`);
    for (const { method, path, door, action, subjects } of atDoor) {
      expect([path, door]).toEqual([path, expect.stringMatching(/^(also|only)$/)]);
      // Without one of both nobody could ever come in.
      expect([path, action === "open" || subjects !== undefined]).toEqual([path, true]);
      const own = specs.some((spec) => spec.method === method && `${DOOR_PREFIX}${spec.path}` === path);
      expect([path, own]).toEqual([path, door === "also"]);
    }
  });

  it("[HT39] lies below a reserved root path, and no two have the same method and pattern", () => {
    const named = app.routes
      .flatMap(({ handler }) => specOf(handler) ?? [])
      .map(({ method, path }) => `${method} ${path.replaceAll(/\{\w+\}/g, "{}")}`);
    expect(new Set(named).size).toBe(named.length);
    for (const name of named) {
      const path = name.split(" ")[1] ?? "";
      expect(path === "/" || rootOf(path) !== undefined, path).toBe(true);
    }
  });
});
