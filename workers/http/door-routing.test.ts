import { z } from "@hono/zod-openapi";
import { describe, expect, it, vi } from "vitest";
import type { EdgeEnv } from "../env.ts";
import { buildOpenApi } from "./openapi.ts";
import { route } from "./define-route.ts";
import { DOOR_CACHE_LIMITS } from "./door-tenants.ts";
import { fakeTenants } from "./door-testing.ts";
import { clearIsolateCaches } from "./isolate-caches.ts";
import { specsOf } from "./route-table.ts";
import { type ProblemBody, testApp } from "./testing.ts";

const PUBLIC_URL = "https://ops.example.com";

function world() {
  clearIsolateCaches();
  const tenants = fakeTenants();
  const { app, call, lines } = testApp();
  const spec = { action: "open", tag: "test", summary: "s", method: "get", answer: { status: 200 } } as const;
  const where = async (at: { door?: { tenantId: string }; request: Request }) =>
    Response.json({ tenant: at.door?.tenantId ?? null, url: at.request.url });
  route(app, { ...spec, path: "/v1/also", door: "also" }, where);
  route(app, { ...spec, path: "/v1/only", door: "only" }, where);
  route(app, { ...spec, path: "/v1/inside" }, where);
  route(app, { ...spec, path: "/console/{page}", params: z.object({ page: z.string() }) }, where);
  route(
    app,
    {
      ...spec,
      method: "post",
      path: "/v1/things/{thing}",
      door: "only",
      params: z.strictObject({ tenantSlug: z.string().optional(), thing: z.string() }),
    },
    async ({ params }) => Response.json(params),
  );
  const from = (address: string) => ({ headers: { "cf-connecting-ip": address } });
  const get = async (url: string, init: RequestInit = {}, changed: Partial<EdgeEnv> = {}) =>
    await call(url.startsWith("http") ? url : `${PUBLIC_URL}${url}`, init, { PUBLIC_URL, ...tenants.bindings, ...changed });
  return { ...tenants, app, get, from, lines };
}

const later = (ms: number): Partial<EdgeEnv> => ({ CLOCK_OFFSET_MS: String(ms) });

describe("the door by its path", () => {
  it("[DR1] a route of the door is served below /p/{slug}, one of the door only nowhere else", async () => {
    const { get, add, app } = world();
    const { slug, tenantId } = await add();
    expect(await (await get(`/p/${slug}/v1/also`)).json()).toMatchObject({ tenant: tenantId });
    expect(await (await get(`/p/${slug}/v1/only`)).json()).toMatchObject({ tenant: tenantId });
    expect(await (await get("/v1/also")).json()).toMatchObject({ tenant: null });
    expect((await get("/v1/only")).status).toBe(404);
    expect((await get(`/p/${slug}/v1/inside`)).status).toBe(404);
    expect((await get(`/p/${slug}/console/home`)).status).toBe(404);
    expect((await get(`/p/${slug}`)).status).toBe(404);
    expect(specsOf(app).map(({ method, path }) => `${method} ${path}`)).toContain("get /p/{tenantSlug}/v1/only");
    const wrong = await get(`/p/${slug}/v1/only`, { method: "DELETE" });
    expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "GET, HEAD, OPTIONS"]);
    expect(await (await get(`/p/${slug}/v1/things/a%20b`, { method: "POST" })).json()).toEqual({ tenantSlug: slug, thing: "a b" });
  });

  it("[DR2] a slug that is nobody's is answered like a path that does not exist", async () => {
    const { get, add } = world();
    const { slug } = await add();
    const unknown = await get("/p/nobody-at-all/v1/only");
    const none = await get("/v1/nothing");
    const { requestId: _a, ...told } = await unknown.json<ProblemBody>();
    const { requestId: _b, ...said } = await none.json<ProblemBody>();
    expect([unknown.status, told]).toEqual([404, said]);
    for (const path of [`/p/${slug.toUpperCase()}/v1/only`, "/p//v1/only", `/p/${slug}%00/v1/only`, `/p/${"a".repeat(65)}/v1/only`])
      expect([path, (await get(path)).status]).toEqual([path, 404]);
  });

  it("[DR10] no spelling of a path leads to another tenant's door, or past the door", async () => {
    const { get, add } = world();
    const [here, there] = [await add(), await add()];
    for (const path of [
      `/p/${here.slug}/../${there.slug}/v1/only`,
      `/p/${here.slug}%2f..%2f${there.slug}/v1/only`,
      `/p/${here.slug}/%2e%2e/${there.slug}/v1/only`,
      `//p/${there.slug}/v1/only`,
      `/p//${there.slug}/v1/only`,
      `/p/${here.slug}/p/${there.slug}/v1/only`,
      `/p/${here.slug}%2fv1%2fonly`,
      `/%70/${here.slug}/v1/only`,
    ]) {
      const answer = await get(path);
      const at = answer.status === 200 ? (await answer.json<{ tenant: string }>()).tenant : answer.status;
      const plain = new URL(`${PUBLIC_URL}${path}`).pathname;
      // What the URL standard itself resolves is that path; whatever is served is the tenant whose slug the router saw.
      const meant = plain === `/p/${there.slug}/v1/only` ? there.tenantId : plain.startsWith("/%70/") ? here.tenantId : 404;
      expect([path, at]).toEqual([path, meant]);
    }
  });

  it("[DR3] whose a slug is is asked once for ten minutes, and what is nobody's soon again", async () => {
    const { get, add, reads } = world();
    const { slug } = await add();
    for (let i = 0; i < 5; i++) await get(`/p/${slug}/v1/only`);
    expect(reads.n).toBe(1);
    await get(`/p/${slug}/v1/only`, {}, later(DOOR_CACHE_LIMITS.knownMs - 60_000));
    expect(reads.n).toBe(1);
    await get("/p/soon/v1/only");
    await get("/p/soon/v1/only");
    expect(reads.n).toBe(2);
    await get("/p/soon/v1/only", {}, later(DOOR_CACHE_LIMITS.unknownMs + 1_000));
    expect(reads.n).toBe(3);
  });

  it("[DR4] made-up slugs soon cost nothing, stop only who makes them up, and known doors go on", async () => {
    const { get, add, from, reads } = world();
    const { slug } = await add();
    const flood = async (address: string, n: number) => {
      const seen = [];
      for (let i = 0; i < n; i++) seen.push((await get(`/p/made-up-${address.replaceAll(".", "-")}-${i}/v1/only`, from(address))).status);
      return seen;
    };
    await get(`/p/${slug}/v1/only`, from("192.0.2.1"));
    const seen = await flood("192.0.2.1", DOOR_CACHE_LIMITS.missesPerAddress + 10);
    expect(seen.indexOf(429)).toBe(DOOR_CACHE_LIMITS.missesPerAddress);
    expect(reads.n).toBe(1 + DOOR_CACHE_LIMITS.missesPerAddress);
    const refused = await get("/p/one-more/v1/only", from("192.0.2.1"));
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect((await get(`/p/${slug}/v1/only`, from("192.0.2.1"))).status).toBe(200);
    const other = await add();
    expect((await get(`/p/${other.slug}/v1/only`, from("192.0.2.2"))).status).toBe(200);
  });

  it("[DR4] floods from many addresses have a bound together", async () => {
    const { get, reads } = world();
    const lookups = async (n: number, of: (i: number) => string) => {
      for (let i = 0; i < n; i++) await get(`/p/${of(i)}/v1/only`, { headers: { "cf-connecting-ip": `10.0.${i >> 4}.${i & 15}` } });
    };
    // Within one window, however slow the machine.
    const clock = vi.spyOn(Date, "now").mockReturnValue(Date.now());
    try {
      await lookups(DOOR_CACHE_LIMITS.misses + 50, (i) => `crowd-${i}`);
    } finally {
      clock.mockRestore();
    }
    expect(reads.n).toBe(DOOR_CACHE_LIMITS.misses);
  });

  it("[DR9] a door that cannot be looked up is 503 and nobody else's", async () => {
    const { get } = world();
    const DB = { prepare: () => { throw new Error("D1 is away"); } } as unknown as D1Database; // prettier-ignore
    const answer = await get("/p/some-shop/v1/only", {}, { DB });
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "1"]);
    expect((await get("https://shop.example.net/console/home", {}, { DB })).status).toBe(503);
  });

  it("[DR37] the documentation shows a route of the door with its door's path, slug and credentials, once", async () => {
    const { app } = world();
    const { paths = {} } = buildOpenApi(app);
    expect(Object.keys(paths).filter((path) => path.includes("only"))).toEqual(["/p/{tenantSlug}/v1/only"]);
    expect(Object.keys(paths).filter((path) => path.includes("also"))).toEqual(["/v1/also", "/p/{tenantSlug}/v1/also"]);
    const { parameters, operationId } = paths["/p/{tenantSlug}/v1/things/{thing}"]?.post ?? {};
    expect(parameters?.map((parameter) => ("name" in parameter ? parameter.name : ""))).toEqual(["tenantSlug", "thing"]);
    expect(operationId).toBe("postDoorThingsThing");
  });
});

describe("the door by a tenant's host", () => {
  async function hosted(host: string) {
    const it = world();
    const tenant = await it.add();
    tenant.tell({ settings: { hosts: [host] } });
    await it.prove(host, tenant);
    return { ...it, tenant };
  }

  it("[DR5] serves the door's routes at their own path, and nothing else", async () => {
    const { get, tenant } = await hosted("play.acme.example");
    const { slug, tenantId } = tenant;
    const answer = await get("https://play.acme.example/v1/only?x=1");
    expect(await answer.json()).toEqual({ tenant: tenantId, url: "https://play.acme.example/v1/only?x=1" });
    expect(await (await get("https://play.acme.example/v1/also")).json()).toMatchObject({ tenant: tenantId });
    for (const path of ["/", "/console/home", "/v1/inside", `/p/${slug}/v1/only`, "/v1/../console/home", "/V1/only", "/nothing"])
      expect([path, (await get(`https://play.acme.example${path}`)).status]).toEqual([path, 404]);
    expect((await get("https://play.acme.example/console/home", { method: "OPTIONS" })).status).toBe(404);
    const options = await get("https://play.acme.example/v1/only", { method: "OPTIONS" });
    expect([options.status, options.headers.get("allow")]).toEqual([204, "GET, HEAD, OPTIONS"]);
  });

  it("[DR6] is the host to the letter, whatever its case and port; others are as they were", async () => {
    const { get, tenant } = await hosted("shop.acme.example");
    for (const at of ["https://SHOP.acme.example", "https://shop.acme.example:8443", "https://shop.acme.example."])
      expect([at, await (await get(`${at}/v1/only`)).json()]).toEqual([at, expect.objectContaining({ tenant: tenant.tenantId })]);
    for (const at of ["https://x.shop.acme.example", "https://acme.example", "https://shopxacme.example", "https://127.0.0.1"]) {
      expect([at, (await get(`${at}/v1/only`)).status]).toEqual([at, 404]);
      expect([at, (await get(`${at}/console/home`)).status]).toEqual([at, 200]);
    }
  });

  it("[DR6] the deployment's own host is asked of nobody", async () => {
    const { get, reads } = await hosted("any.acme.example");
    for (const at of [PUBLIC_URL, "http://localhost:8787", "http://127.0.0.1", "https://ops.example.com:443"]) await get(`${at}/v1/also`);
    expect(reads.n).toBe(0);
    for (let i = 0; i < 5; i++) await get("https://alias.workers.example/v1/also");
    expect(reads.n).toBe(1);
  });

  it("[DR7] leads nowhere within 2 s once it left the settings", async () => {
    const { get, tenant } = await hosted("gone.acme.example");
    expect((await get("https://gone.acme.example/v1/only")).status).toBe(200);
    tenant.tell({ settings: { hosts: [] } });
    expect((await get("https://gone.acme.example/v1/only", {}, later(2_000))).status).toBe(404);
    const { reads } = await hosted("stale.acme.example");
    expect(reads.n).toBe(0);
  });

  it("[DR7] is the next owner's as soon as they proved it, though the former lists it again", async () => {
    const host = "moved.acme.example";
    const { get, tenant, add, prove } = await hosted(host);
    const heir = await add();
    expect(await (await get(`https://${host}/v1/only`)).json()).toMatchObject({ tenant: tenant.tenantId });
    tenant.tell({ settings: { hosts: [] } });
    await prove(host, heir);
    heir.tell({ settings: { hosts: [host] } });
    tenant.tell({ settings: { hosts: [host] } });
    expect(await (await get(`https://${host}/v1/only`, {}, later(2_000))).json()).toMatchObject({ tenant: heir.tenantId });
  });

  it("[DR7] a row that nobody lists any more is looked up rarely", async () => {
    const { get, reads, tenant } = await hosted("orphan.acme.example");
    tenant.tell({ settings: { hosts: [] } });
    for (let i = 0; i < 10; i++) await get("https://orphan.acme.example/v1/only");
    expect(reads.n).toBeLessThan(5);
  });

  it("[DR8] plain http is for the hop behind a proxy that the node was told to trust", async () => {
    const { get } = await hosted("plain.acme.example");
    expect((await get("http://plain.acme.example/v1/only")).status).toBe(403);
    const proxied = { TRUSTED_PROXY_HEADER: "X-Real-IP" };
    const answer = await get("http://plain.acme.example/v1/only", {}, proxied);
    expect([answer.status, answer.headers.has("strict-transport-security")]).toEqual([200, true]);
    expect((await get("http://nobodys.acme.example/v1/only", {}, proxied)).status).toBe(403);
  });

  it("[DR9] a tenant's host is 503 while its tenant cannot be asked, never the console", async () => {
    const { get, tenant } = await hosted("down.acme.example");
    tenant.broken = true;
    expect((await get("https://down.acme.example/console/home")).status).toBe(503);
  });
});

describe("what the door knows of a request", () => {
  it("[DR1] stands in the log, with the pattern and the tenant", async () => {
    const { get, add, lines } = world();
    const { slug, tenantId } = await add();
    await get(`/p/${slug}/v1/only`);
    expect(lines.at(-1)).toMatchObject({ tenant: tenantId, route: "/p/{tenantSlug}/v1/only", status: 200 });
  });
});
