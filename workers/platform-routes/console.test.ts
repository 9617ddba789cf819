import { createExecutionContext } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import type { EdgeEnv } from "../env.ts";
import { serveWithAssets } from "../http/door.ts";
import { PAGE_CSP, assetHeadersFile } from "../http/security-headers.ts";
import { edgeEnv, testApp } from "../http/testing.ts";
import { registerConsoleRoutes } from "./console.ts";
import { registerPlayRoutes } from "./play.ts";

const FILES: Readonly<Record<string, string>> = {
  "/console/": "<!doctype html>index",
  "/console/robots.txt": "robots",
  "/assets/app-1a2b.js": "script",
  "/play/account/": "<!doctype html>account",
  "/sdk/user.js": "module",
  "/sdk/room.js": "module of rooms",
  "/v1/secret.json": "a file in the way of a route",
};

/** Files as the assets service serves them: exact paths, `/console/` for the index, 404 for the rest. */
const ASSETS = {
  async fetch(input: RequestInfo | URL): Promise<Response> {
    const { pathname } = new URL(new Request(input).url);
    const text = FILES[pathname];
    if (text === undefined) return new Response("nothing", { status: 404 });
    return new Response(text, { headers: { "content-type": text.startsWith("<!") ? "text/html; charset=utf-8" : "text/plain" } });
  },
} as EdgeEnv["ASSETS"]; // `connect` is the only other method, and nobody calls it

function site() {
  const { app, call } = testApp();
  registerConsoleRoutes(app);
  registerPlayRoutes(app);
  return {
    get: async (path: string) => await call(path, {}, { ASSETS }),
    door: async (path: string, method = "GET") =>
      await serveWithAssets(
        app,
        new Request(`https://meridian.test${path}`, { method }),
        { ...edgeEnv, PUBLIC_URL: "https://meridian.test", ASSETS },
        createExecutionContext(),
      ),
  };
}

describe("serving the console", () => {
  it.each(["/console", "/console/", "/console/observe/hosts/web-1.example.com", "/console/live"])(
    "[HT40] answers %s with the console's page and its policy",
    async (path) => {
      const response = await site().get(path);
      expect(response.status).toBe(200);
      expect(await response.text()).toBe("<!doctype html>index");
      expect(response.headers.get("content-security-policy")).toBe(PAGE_CSP);
      expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    },
  );

  it("[HT40] answers an exact file below /console with the file", async () => {
    expect(await (await site().get("/console/robots.txt")).text()).toBe("robots");
  });

  it("[HT40] redirects the root to the console", async () => {
    const response = await site().get("/");
    expect([response.status, response.headers.get("location")]).toEqual([302, "/console"]);
  });

  it("[HT40] says how to build a console that is not there", async () => {
    const { app, call } = testApp();
    registerConsoleRoutes(app);
    const response = await call(
      "/console",
      {},
      { ASSETS: { fetch: async () => new Response(null, { status: 404 }) } as unknown as Fetcher },
    );
    expect(response.status).toBe(404);
    expect(await response.text()).toContain("npm run build");
  });

  it("[HT41] the door serves files first, except under the Worker's own roots", async () => {
    const { door } = site();
    const script = await door("/assets/app-1a2b.js");
    expect(await script.text()).toBe("script");
    expect(script.headers.get("cache-control")).toContain("immutable");
    expect(script.headers.get("content-security-policy")).toBeTruthy();
    expect((await door("/v1/secret.json")).status).toBe(404);
    expect((await door("/assets/none.js")).status).toBe(404);
    expect((await door("/console/live")).status).toBe(200);
    expect((await door("/assets/app-1a2b.js", "POST")).status).toBe(404);
  });
});

describe("serving the apps and the SDK", () => {
  it("[HT90] answers an app's path with its page and policy, and any other with a problem", async () => {
    const response = await site().get("/play/account");
    expect([response.status, await response.text()]).toEqual([200, "<!doctype html>account"]);
    expect(response.headers.get("content-security-policy")).toBe(PAGE_CSP);
    for (const path of ["/play/nothing", "/play/..%2Fconsole"]) {
      const { status } = await site().get(path);
      expect([path, status >= 400 && status < 500]).toEqual([path, true]);
    }
  });

  it("[HT91] lets any page load the browser SDK, and nothing else of ours", async () => {
    const sdk = await site().door("/sdk/user.js");
    expect([sdk.status, await sdk.text()]).toEqual([200, "module"]);
    expect(sdk.headers.get("access-control-allow-origin")).toBe("*");
    expect(sdk.headers.get("cross-origin-resource-policy")).toBe("cross-origin");
    expect(sdk.headers.get("x-content-type-options")).toBe("nosniff");
    const rooms = await site().door("/sdk/room.js");
    expect([rooms.status, await rooms.text(), rooms.headers.get("access-control-allow-origin")]).toEqual([200, "module of rooms", "*"]);
    const script = await site().door("/assets/app-1a2b.js");
    expect(script.headers.get("access-control-allow-origin")).toBeNull();
    expect(script.headers.get("cross-origin-resource-policy")).toBe("same-origin");
    const lines = assetHeadersFile().split("\n");
    const at = lines.indexOf("/sdk/*");
    expect(lines.slice(at + 1)).toContain("  ! cross-origin-resource-policy");
    expect(lines.slice(at + 1)).toContain("  access-control-allow-origin: *");
    expect(lines.slice(0, at).join("\n")).not.toContain("access-control-allow-origin");
  });
});
