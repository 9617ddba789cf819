import { describe, expect, it } from "vitest";
import { accept, refuse } from "../../contract/problems.ts";
import type { EdgeEnv } from "../env.ts";
import { accessOf } from "./access-cache.ts";
import { route } from "./define-route.ts";
import { checkDoorOrigin } from "./door-origin.ts";
import { fakeTenants } from "./door-testing.ts";
import { clearIsolateCaches } from "./isolate-caches.ts";
import { edgeEnv, testApp } from "./testing.ts";

const LISTED = "https://app.acme.example";
const OTHER = "https://evil.example";
const PUBLIC_URL = "https://ops.example.com";

async function world() {
  clearIsolateCaches();
  const { bindings, add } = fakeTenants();
  const tenant = await add();
  tenant.tell({ settings: { origins: [LISTED] } });
  const { app, call } = testApp();
  const spec = { action: "open", tag: "t", summary: "s", door: "only", answer: { status: 200 } } as const;
  route(app, { ...spec, method: "get", path: "/v1/things" }, async () => Response.json({}));
  route(app, { ...spec, method: "get", path: "/v1/refused" }, async () => refuse("conflict", "no"));
  route(app, { ...spec, method: "post", path: "/v1/subjects/refresh" }, async () => Response.json({}));
  const at = async (path: string, headers: Record<string, string>, method = "GET", changed: Partial<EdgeEnv> = {}) =>
    await call(`${PUBLIC_URL}/p/${tenant.slug}${path}`, { method, headers }, { PUBLIC_URL, ...bindings, ...changed });
  return { at, tenant, bindings };
}

const allowed = (answer: Response) => [
  answer.headers.get("access-control-allow-origin"),
  answer.headers.get("access-control-allow-credentials"),
];

describe("who may read the door's answers from a browser", () => {
  it("[DR34] listed origins read all of them, others what every visitor gets", async () => {
    const { at } = await world();
    const read = async (origin: string, path: string, more = {}) => allowed(await at(path, { origin, ...more }));
    expect(await read(LISTED, "/v1/things")).toEqual([LISTED, null]);
    expect(await read(LISTED, "/v1/refused")).toEqual([LISTED, null]);
    expect(await read(LISTED, "/v1/nothing")).toEqual([LISTED, null]);
    expect(await read(OTHER, "/v1/things")).toEqual(["*", null]);
    expect(await read(OTHER, "/v1/refused")).toEqual([null, null]);
    expect(await read(OTHER, "/v1/nothing")).toEqual([null, null]);
    expect(await read(OTHER, "/v1/things", { authorization: "Bearer x.y.z" })).toEqual([null, null]);
    for (const near of ["null", `${LISTED}.evil.example`, "http://app.acme.example", `${LISTED}:8443`, LISTED.toUpperCase(), ""])
      expect([near, await read(near, "/v1/refused")]).toEqual([near, [null, null]]);
    const { headers } = await at("/v1/things", { origin: LISTED });
    expect(headers.get("vary")).toContain("Origin");
    expect(headers.get("access-control-expose-headers")).toContain("retry-after");
    expect(allowed(await at("/v1/things", {}))).toEqual([null, null]);
  });

  it("[DR34] nobody listed is anybody while the tenant cannot be asked", async () => {
    const { at, tenant } = await world();
    tenant.broken = true;
    expect(allowed(await at("/v1/refused", { origin: LISTED }))).toEqual([null, null]);
  });

  it("[DR35] cookies cross origins below /v1/subjects/ only, and for listed ones only", async () => {
    const { at } = await world();
    const post = async (origin: string) => allowed(await at("/v1/subjects/refresh", { origin }, "POST"));
    expect(await post(LISTED)).toEqual([LISTED, "true"]);
    expect(await post(OTHER)).toEqual([null, null]);
  });

  it("[DR36] a preflight lets listed origins send a credential, others none, and those nothing below /v1/subjects/", async () => {
    const { at } = await world();
    const ask = async (origin: string, path: string) => {
      const answer = await at(path, { origin, "access-control-request-method": "POST" }, "OPTIONS");
      expect([answer.status, answer.headers.get("vary")]).toEqual([204, "Origin, Access-Control-Request-Method"]);
      return [...allowed(answer), answer.headers.get("access-control-allow-headers")?.includes("authorization") ?? null];
    };
    expect(await ask(LISTED, "/v1/things")).toEqual([LISTED, null, true]);
    expect(await ask(OTHER, "/v1/things")).toEqual(["*", null, false]);
    expect(await ask(LISTED, "/v1/subjects/refresh")).toEqual([LISTED, "true", true]);
    expect(await ask(OTHER, "/v1/subjects/refresh")).toEqual([null, null, null]);
  });
});

describe("a cookie at the door", () => {
  it("[DR38] needs an origin that the tenant lists to the letter, or that of the host itself", async () => {
    const { tenant, bindings } = await world();
    const ctx = { waitUntil: () => undefined };
    const access = await accessOf({ ...edgeEnv, ...bindings }, ctx, tenant.tenantId, Date.now());
    if (!access) throw new Error("no such tenant");
    const check = (origin: string | null, url = `${PUBLIC_URL}/p/${tenant.slug}/v1/subjects/refresh`, changed: Partial<EdgeEnv> = {}) => {
      const headers: Record<string, string> = origin === null ? {} : { origin };
      return checkDoorOrigin(new Request(url, { method: "POST", headers }), { ...edgeEnv, PUBLIC_URL, ...changed }, access);
    };
    for (const good of [LISTED, PUBLIC_URL]) expect([good, check(good)]).toEqual([good, accept(undefined)]);
    for (const bad of [null, "null", OTHER, `${LISTED}/`, "https://ops.example.com.evil.example", "http://ops.example.com"])
      expect([bad, check(bad).ok]).toEqual([bad, false]);
    const proxied = { TRUSTED_PROXY_HEADER: "X-Real-IP" };
    expect(check("https://play.acme.example", "http://play.acme.example/v1/subjects/refresh", proxied).ok).toBe(true);
    expect(check("http://play.acme.example", "http://play.acme.example/v1/subjects/refresh", proxied).ok).toBe(false);
    expect(check("https://play.acme.example", "https://other.acme.example/v1/subjects/refresh").ok).toBe(false);
  });
});
