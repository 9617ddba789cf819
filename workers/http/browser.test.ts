import { z } from "@hono/zod-openapi";
import { env } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import type { OperatorPrincipal } from "../../contract/principal.ts";
import { accept } from "../../contract/problems.ts";
import type { AuditNote, TenantRpc } from "../../contract/rpc/tenant.ts";
import { ask } from "../control/testing.ts";
import type { EdgeEnv } from "../env.ts";
import { sha256Hex } from "../../contract/base64.ts";
import { route } from "./define-route.ts";
import { clearIsolateCaches } from "./isolate-caches.ts";
import { DATA_CSP, PAGE_CSP, assetHeadersFile } from "./security-headers.ts";
import { type ProblemBody, testApp } from "./testing.ts";

const PUBLIC_URL = "https://ops.example.com";
const OPERATOR: OperatorPrincipal = {
  kind: "operator",
  tenantId: "t-browser",
  userId: "u1",
  sessionId: "s1",
  email: "u1@meridian.test",
  name: "U",
  role: "owner",
  deploymentAdmin: false,
};

function consoleApp() {
  const notes: AuditNote[] = [];
  const object: Partial<TenantRpc> = {
    async audit(added) {
      notes.push(...added);
      return accept(null);
    },
  };
  const TENANT = { getByName: () => object as TenantRpc }; // the one method that a refusal calls
  const { app, call, lines } = testApp({ sessionPrincipal: async () => OPERATOR });
  const spec = { path: "/v1/things", tag: "test", summary: "a thing" } as const;
  route(app, { ...spec, method: "get", action: "metrics:read", answer: { status: 200 } }, async () => accept(undefined));
  route(app, { ...spec, method: "post", action: "metrics:write", body: z.object({}), answer: { status: 204 } }, async () =>
    accept(undefined),
  );
  route(app, { ...spec, method: "delete", action: "metrics:write", answer: { status: 204 } }, async () => accept(undefined));
  const page = { path: "/page", action: "open", method: "get", answer: { status: 200, mediaType: "text/html" } } as const;
  route(app, { ...spec, ...page }, async () => new Response("<!doctype html>", { headers: { "content-type": "text/html" } }));
  route(app, { ...spec, method: "get", path: "/v1/socket", action: "live:connect", answer: { status: 200 } }, async () => {
    const { 0: client, 1: server } = new WebSocketPair();
    server.accept();
    server.send("hello");
    return new Response(null, { status: 101, webSocket: client });
  });
  const send = async (method: string, path: string, headers: HeadersInit, base = PUBLIC_URL, changed: Partial<EdgeEnv> = {}) =>
    await call(`${base}${path}`, { method, headers, ...(method === "POST" ? { body: "{}" } : {}) }, { PUBLIC_URL, TENANT, ...changed });
  return { send, lines, notes };
}

const COOKIE = { cookie: "session=1" };
const JSON_TYPE = { "content-type": "application/json" };

describe("cookies", () => {
  it.each([
    ["no Origin", {}, 403],
    ["our own", { origin: PUBLIC_URL }, 204],
    ["null", { origin: "null" }, 403],
    ["http instead of https", { origin: "http://ops.example.com" }, 403],
    ["another port", { origin: "https://ops.example.com:8443" }, 403],
    ["a longer name that begins like ours", { origin: "https://ops.example.com.evil.test" }, 403],
    ["a longer name that ends like ours", { origin: "https://evil-ops.example.com" }, 403],
    ["a subdomain", { origin: "https://a.ops.example.com" }, 403],
    ["upper case", { origin: "HTTPS://OPS.EXAMPLE.COM" }, 403],
  ])("[HT30] unsafe methods need the exact Origin: %s", async (_what, headers, status) => {
    const { send } = consoleApp();
    expect((await send("POST", "/v1/things", { ...COOKIE, ...JSON_TYPE, ...headers })).status).toBe(status);
    expect((await send("DELETE", "/v1/things", { ...COOKIE, ...headers })).status).toBe(status);
    expect((await send("GET", "/v1/things", { ...COOKIE, ...headers })).status).toBe(200);
  });

  it("[HT30] a foreign Origin is noted in the tenant's audit log", async () => {
    clearIsolateCaches();
    const { send, notes } = consoleApp();
    await send("DELETE", "/v1/things", { ...COOKIE, origin: "https://evil.test" });
    expect(notes).toMatchObject([{ target: "user/u1", outcome: "denied", detail: { reason: "wrong-origin" } }]);
  });

  it.each(["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])(
    "[HT30] unsafe methods take JSON only: %s is refused even where no body is read",
    async (type) => {
      const { send } = consoleApp();
      const headers = { ...COOKIE, origin: PUBLIC_URL, "content-type": type };
      expect((await send("POST", "/v1/things", headers)).status).toBe(415);
      expect((await send("DELETE", "/v1/things", headers)).status).toBe(415);
    },
  );

  it("[HT30] a socket upgrade needs the exact Origin as well", async () => {
    const { send } = consoleApp();
    const upgrade = { ...COOKIE, upgrade: "websocket" };
    expect((await send("GET", "/v1/socket", upgrade)).status).toBe(403);
    expect((await send("GET", "/v1/socket", { ...upgrade, origin: "https://evil.test" })).status).toBe(403);
    const opened = await send("GET", "/v1/socket", { ...upgrade, origin: PUBLIC_URL });
    expect([opened.status, opened.headers.has("x-request-id")]).toEqual([101, true]);
    const message = new Promise((resolve) => opened.webSocket?.addEventListener("message", ({ data }) => resolve(data)));
    opened.webSocket?.accept();
    expect(await message).toBe("hello");
    opened.webSocket?.close();
  });

  it("[HT30] a loopback deployment takes any loopback name of the request itself, a public one does not", async () => {
    const { send } = consoleApp();
    const local = { PUBLIC_URL: "http://localhost:8787" };
    const post = async (base: string, origin: string, changed: Partial<EdgeEnv>) =>
      (await send("POST", "/v1/things", { ...COOKIE, ...JSON_TYPE, origin }, base, changed)).status;
    expect(await post("http://127.0.0.1:8787", "http://127.0.0.1:8787", local)).toBe(204);
    expect(await post("http://127.0.0.1:8787", "http://localhost:8787", local)).toBe(204);
    expect(await post("http://127.0.0.1:8787", "http://localhost:9999", local)).toBe(403);
    expect(await post("http://localhost:8787", "http://localhost:8787", {})).toBe(403);
  });
});

describe("transport", () => {
  it("[HT33] plain http is served on loopback, and behind a proxy under the public name, nowhere else", async () => {
    const { send } = consoleApp();
    const status = async (base: string) => (await send("GET", "/page", {}, base)).status;
    for (const base of [
      "http://localhost:1",
      "http://127.0.0.1",
      "http://[::1]:8787",
      "http://a.localhost",
      "https://any.test",
      "http://ops.example.com",
    ]) {
      expect([base, await status(base)]).toEqual([base, 200]);
    }
    for (const base of ["http://10.0.0.5", "http://localhost.evil.test", "http://127.0.0.1.evil.test", "http://any.test"]) {
      const response = await send("GET", "/page", {}, base);
      expect([base, response.status, (await response.json<ProblemBody>()).type]).toEqual([base, 403, "/problems/https-required"]);
    }
  });
});

describe("security headers", () => {
  it("[HT31] pages run only our own scripts, and nobody frames them", async () => {
    const { headers } = await consoleApp().send("GET", "/page", {});
    expect(headers.get("content-security-policy")).toBe(PAGE_CSP);
    expect(PAGE_CSP).not.toMatch(/unsafe|https?:|\*/);
    expect(PAGE_CSP).toContain("frame-ancestors 'none'");
    expect(headers.get("strict-transport-security")).toContain("max-age=");
  });

  it.each(["/v1/things", "/v1/none"])("[HT31] data and failures (%s) cannot be made a page", async (path) => {
    const { headers } = await consoleApp().send("GET", path, COOKIE);
    expect(headers.get("content-security-policy")).toBe(DATA_CSP);
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
    expect(headers.get("cache-control")).toBe("no-store");
  });

  it("[HT31] HSTS is said where the browser speaks https, behind a proxy too", async () => {
    const proxied = await consoleApp().send("GET", "/page", {}, "http://ops.example.com");
    expect(proxied.headers.has("strict-transport-security")).toBe(true);
    const { headers } = await consoleApp().send("GET", "/page", {}, "http://localhost:8787");
    expect(headers.has("strict-transport-security")).toBe(false);
  });

  it("[HT31] the file for assets served before the Worker says the same", () => {
    expect(assetHeadersFile()).toContain(`content-security-policy: ${PAGE_CSP}`);
    expect(assetHeadersFile()).toContain("x-content-type-options: nosniff");
  });
});

describe("CORS", () => {
  const SHOP = "https://shop.example.com";

  it("[HT32] a preflight may ask for methods and headers from anywhere, never with cookies", async () => {
    const { send } = consoleApp();
    const response = await send("OPTIONS", "/v1/things", { origin: SHOP, "access-control-request-method": "POST" });
    expect(response.status).toBe(204);
    expect(response.headers.get("access-control-allow-origin")).toBe(SHOP);
    expect(response.headers.get("access-control-allow-methods")).toBe("DELETE, GET, HEAD, OPTIONS, POST");
    expect(response.headers.get("access-control-allow-headers")).toContain("authorization");
    expect(response.headers.has("access-control-allow-credentials")).toBe(false);
    expect(response.headers.get("vary")).toContain("Origin");
    expect((await send("OPTIONS", "/v1/none", { origin: SHOP, "access-control-request-method": "GET" })).status).toBe(404);
  });

  it("[HT32] a preflight allows what a foreign protocol's client sends where that is served, and nowhere else", async () => {
    const asked = async (path: string) => {
      const headers = { origin: SHOP, "access-control-request-method": "POST" };
      return (await ask(path, { method: "OPTIONS", headers })).headers.get("access-control-allow-headers")?.split(", ") ?? [];
    };
    const of = [
      "upstash-encoding",
      "upstash-sync-token",
      ...["runtime", "sdk", "platform", "retry"].map((name) => `upstash-telemetry-${name}`),
    ];
    for (const path of ["/redis", "/redis/pipeline", "/redis/multi-exec"])
      expect(await asked(path)).toEqual(expect.arrayContaining(["authorization", "content-type", ...of]));
    expect((await asked("/v1/keys")).filter((name) => name.startsWith("upstash"))).toEqual([]);
    expect(await asked("/v1/keys")).toContain("authorization");
  });

  it("[HT32] an answer is shared with origins that the key's tenant lists to the letter, and never with a cookie's", async () => {
    await env.DB.prepare("INSERT INTO identity_organization (id, name, slug, created_at) VALUES ('t-cors', 'c', 't-cors', 0)").run();
    const secret = "c".repeat(40);
    const key = {
      keyId: "k1",
      name: "k",
      secretHash: await sha256Hex(new TextEncoder().encode(secret)),
      scopes: ["metrics:read"],
      expiresAt: null,
      revokedAt: null,
    };
    const object: Partial<TenantRpc> = {
      findKey: async () => ({ keysVersion: 1, key, origins: [SHOP] }),
      keysVersion: async () => 1,
      noteKeyUse: async () => undefined,
    };
    const TENANT = { getByName: () => object as TenantRpc }; // the methods that authentication calls
    const { send } = consoleApp();
    const shared = async (origin: string, credential: Record<string, string>) => {
      const response = await send("GET", "/v1/things", { origin, ...credential }, PUBLIC_URL, { TENANT });
      expect(response.headers.get("vary")).toContain("Origin");
      expect(response.headers.has("access-control-allow-credentials")).toBe(false);
      return response.headers.get("access-control-allow-origin");
    };
    const bearer = { authorization: `Bearer mrd_t-cors_k1_${secret}` };
    expect(await shared(SHOP, bearer)).toBe(SHOP);
    expect(await shared("https://shop.example.com.evil.test", bearer)).toBeNull();
    expect(await shared("null", bearer)).toBeNull();
    expect(await shared(SHOP, COOKIE)).toBeNull();
    expect(await shared(SHOP, {})).toBeNull();
    expect(await shared(SHOP, { authorization: "Bearer nothing" })).toBeNull();
  });
});

describe("the log", () => {
  it("[HT34] has one line per request with the route's pattern, and neither secrets, bodies nor query strings", async () => {
    const { send, lines } = consoleApp();
    const response = await send("POST", "/v1/things?ticket=s3cret-ticket", { ...COOKIE, ...JSON_TYPE, origin: PUBLIC_URL });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({
      event: "request",
      requestId: response.headers.get("x-request-id"),
      tenant: "t-browser",
      actor: "user:u1",
      action: "metrics:write",
      method: "POST",
      route: "/v1/things",
      status: 204,
      outcome: "ok",
    });
    expect(lines[0]).toHaveProperty("durationMs");
    expect(JSON.stringify(lines)).not.toMatch(/s3cret|session=1/);
  });

  it("[HT34] names the problem of a refused request, and can be told to keep to failures of ours", async () => {
    const { send, lines } = consoleApp();
    await send("GET", "/v1/none/s3cret", {});
    expect(lines).toMatchObject([{ status: 404, outcome: "not-found", route: null, tenant: null }]);
    expect(JSON.stringify(lines)).not.toContain("s3cret");
    await send("GET", "/v1/none", {}, PUBLIC_URL, { LOG_REQUESTS: "errors" });
    expect(lines).toHaveLength(1);
  });
});
