import { describe, expect, it } from "vitest";
import { firstLoadScripts } from "./budgets.ts";
import { pathFaults, rawRoutes } from "./shape.ts";

describe("shape of the tree", () => {
  it("[SC3] finds a route that names no action because it bypasses the route helper", () => {
    expect(rawRoutes("workers/x.ts", 'app.get("/v1/x", (c) => c.text("x"));')).toHaveLength(1);
    expect(rawRoutes("workers/x.ts", "route(app, spec, handler);")).toEqual([]);
  });

  it("[SC4] finds root paths that overlap or that the asset router would swallow", () => {
    expect(pathFaults(["/v1", "/v1/x"], ["/v1/*", "/v1/x/*"])).toEqual(["contract/paths.ts: /v1/x lies inside /v1"]);
    expect(pathFaults(["/v1", "/docs"], ["/v1/*"])).toHaveLength(1);
    expect(pathFaults(["/v1"], ["/v1/*", "/other/*"])).toHaveLength(1);
    expect(pathFaults(["/v1"], ["/v1/*", "/"])).toEqual([]);
  });

  it("[SC5] counts what a page loads before it shows anything, static imports included, lazy ones not", () => {
    const files: Record<string, string> = {
      "/assets/a.js": 'import{x as e}from"./b.js";const l=()=>import("./lazy.js");',
      "/assets/b.js": 'import"./c.js";export{x}from"./d.js";',
      "/assets/c.js": "",
      "/assets/d.js": "",
    };
    const html = '<link rel="modulepreload" href="/assets/b.js"><script type="module" src="/assets/a.js"></script>';
    expect(firstLoadScripts(html, (path) => files[path] ?? "").sort()).toEqual([
      "/assets/a.js",
      "/assets/b.js",
      "/assets/c.js",
      "/assets/d.js",
    ]);
  });
});
