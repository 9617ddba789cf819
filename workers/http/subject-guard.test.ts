import { z } from "@hono/zod-openapi";
import { describe, expect, it } from "vitest";
import type { AccessConfig } from "../../contract/rpc/access.ts";
import { accept } from "../../contract/problems.ts";
import { FIRST_SETTINGS } from "../../contract/settings.ts";
import { route } from "./define-route.ts";
import { DENIAL_LIMITS } from "./denials.ts";
import type { RouteSpec } from "./route.ts";
import type { ProblemBody } from "./testing.ts";
import { TokenTooLong } from "./token-mint.ts";
import { asking, FakeTenant } from "./token-testing.ts";

const HOSTED: Partial<AccessConfig> = {
  settings: { ...FIRST_SETTINGS, origins: ["https://shop.test"], hostedAccounts: { enabled: true, guests: true, mailWebhookUrl: null } },
};

/** A tenant with every kind of route, and what its handlers were called with. */
async function world(config: Partial<AccessConfig> = {}) {
  const tenant = await FakeTenant.make(config);
  const { app, spec, ask, lines } = asking(tenant);
  const metas: unknown[] = [];
  const common = { ...spec, door: "also" } as const;
  const params = z.object({ name: z.string() });
  const things = { ...common, params, action: "metrics:read", subjects: ({ params: { name } }) => String(name).split(",").filter(Boolean) } as const satisfies RouteSpec; // prettier-ignore
  route(app, { ...things, path: "/v1/series/{name}" }, async ({ principal }) => Response.json({ kind: principal.kind }));
  route(app, { ...things, path: "/v1/writes/{name}", action: "metrics:write" }, async () => accept(undefined));
  route(app, { ...common, path: "/v1/keys", action: "keys:manage" }, async () => accept(undefined));
  route(app, { ...common, path: "/v1/public", action: "public:read", subjects: "visitors" }, async ({ principal }) =>
    Response.json(principal),
  );
  const unsafe = { ...common, method: "post", body: z.object({}) } as const;
  route(
    app,
    { ...unsafe, path: "/v1/register", action: "subjects:register", subjects: "visitors" },
    async ({ meta }) => (metas.push(meta), accept(undefined)),
  );
  route(app, { ...unsafe, path: "/v1/self", subjects: "self" }, async ({ meta }) => (metas.push(meta), accept(undefined)));
  route(app, { ...common, path: "/v1/open", action: "open", optionalPrincipal: true }, async ({ principal }) => Response.json(principal));
  route(app, { ...common, path: "/v1/open-door", action: "open", optionalPrincipal: true, subjects: "visitors" }, async ({ principal }) =>
    Response.json(principal),
  );
  const as = (token: string | undefined, more: Readonly<Record<string, string>> = {}) => ({ headers: { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...more }, door: true }); // prettier-ignore
  const get = async (path: string, token?: string) => await ask(path, as(token));
  const post = async (path: string, token?: string, more: Readonly<Record<string, string>> = {}) =>
    await ask(path, as(token, { "content-type": "application/json", ...more }), { method: "POST", body: "{}" });
  const withGrants = async (...grants: object[]) => await tenant.sign({ mrd: { ...(tenant.claims().mrd as object), grants } });
  return { tenant, get, post, ask, withGrants, metas, lines };
}

const READ = { kind: "metrics", name: "shop_*", actions: ["read"] };
const detailOf = async (response: Response) => (await response.json<ProblemBody>()).detail;

describe("a route that names its things", () => {
  it("[SU123] lets a subject in whose grants cover each of them, and nobody for none", async () => {
    const { get, withGrants, tenant } = await world();
    const token = await withGrants(READ, { kind: "metrics", name: "cpu", actions: ["read"] });
    const status = async (name: string) => (await get(`/v1/series/${name}`, token)).status;
    expect([await status("shop_sales"), await status("shop_*"), await status("shop_a,cpu")]).toEqual([200, 200, 200]);
    expect([await status("shop_a,mem"), await status("mem"), await status("*"), await status("cpu*"), await status(",")]).toEqual([
      403, 403, 403, 403, 403,
    ]);
    expect((await get("/v1/series/shop_a", await tenant.sign())).status).toBe(403);
  });

  it("[SU123] says which grant is missing, whether or not there is such a thing", async () => {
    const { get, withGrants } = await world();
    const token = await withGrants(READ);
    expect(await detailOf(await get("/v1/series/secret", token))).toContain('{"kind":"metrics","name":"secret","actions":["read"]}');
    expect(await detailOf(await get("/v1/writes/shop_a", token))).toBe("No grant gives metrics:write.");
    expect(await detailOf(await get("/v1/series/,", token))).toContain("by name");
  });

  it("[SU123] lets everybody read what is marked public, and no more than read it", async () => {
    const { get, withGrants } = await world({
      publicThings: [
        { kind: "metrics", name: "open_*" },
        { kind: "boards", name: "secret" },
      ],
    });
    const token = await withGrants(READ);
    const status = async (path: string, sent?: string) => (await get(path, sent)).status;
    expect([await status("/v1/series/open_a"), await status("/v1/series/open_*"), await status("/v1/series/open_a,shop_a", token)]).toEqual(
      [200, 200, 200],
    );
    expect([await status("/v1/series/open_a,shop_a"), await status("/v1/series/secret"), await status("/v1/series/*")]).toEqual([
      401, 401, 401,
    ]);
    expect([await status("/v1/writes/open_a"), await status("/v1/writes/open_a", token)]).toEqual([401, 403]);
  });

  it("[SU123] is 503 where it cannot be read what is public", async () => {
    const { get, tenant } = await world();
    tenant.broken = true;
    expect((await get("/v1/series/open_a")).status).toBe(503);
  });
});

describe("any other route", () => {
  it("[SU123] that says nothing of end users refuses them", async () => {
    const { get, tenant } = await world();
    const token = await tenant.sign();
    const refused = await get("/v1/keys", token);
    expect([refused.status, await detailOf(refused)]).toEqual([403, expect.stringContaining("not for end users")]);
    expect((await get("/v1/keys")).status).toBe(403);
    expect((await get("/v1/open", token)).status).toBe(403);
    expect(await (await get("/v1/open")).json()).toEqual({ kind: "anonymous" });
    expect(await (await get("/v1/open-door", token)).json()).toMatchObject({ kind: "subject", sub: "ada" });
    expect(await (await get("/v1/open-door", "no.such.token")).json()).toEqual({ kind: "anonymous" });
  });

  it("[SU123] about oneself is for subjects only", async () => {
    const { post, tenant } = await world();
    expect((await post("/v1/self")).status).toBe(401);
    expect((await post("/v1/self", await tenant.sign())).status).toBe(200);
  });

  it("[SU124] for visitors lets in whoever is at the door, as far as the tenant has switched it on", async () => {
    const closed = await world();
    const open = await world(HOSTED);
    const { tenantId, config } = open.tenant;
    expect(await (await open.get("/v1/public")).json()).toEqual({ kind: "visitor", tenantId, slug: config.slug, hostedAccounts: true });
    expect((await closed.get("/v1/public")).status).toBe(200);
    expect([(await closed.post("/v1/register")).status, (await open.post("/v1/register")).status]).toEqual([403, 200]);
    expect((await open.post("/v1/register", await open.tenant.sign())).status).toBe(200);
    expect((await closed.post("/v1/register", await closed.tenant.sign())).status).toBe(403);
  });
});

describe("a credential at the door", () => {
  it("[SU124] is a subject's token or none: a key is refused, a cookie not looked at", async () => {
    const { ask, tenant } = await world(HOSTED);
    const key = tenant.apiKey;
    expect((await ask("/v1/series/any", { headers: { authorization: `Bearer ${key}` } })).status).toBe(200);
    expect((await ask("/v1/series/any", { headers: { authorization: `Bearer ${key}` }, door: true })).status).toBe(401);
    for (const headers of [
      { authorization: `Bearer ${key}` },
      { "x-api-key": key },
      { authorization: `Basic ${btoa(`u:${key}`)}` },
      { authorization: "" },
      { authorization: "Bearer a.b.c" },
    ])
      expect([headers, (await ask("/v1/public", { headers, door: true })).status]).toEqual([headers, 401]);
    const cookie = await ask("/v1/public", { headers: { cookie: "meridian.session=1" }, door: true });
    expect(await cookie.json()).toMatchObject({ kind: "visitor" });
  });

  it("[SU125] that expired is told to pages of the tenant's origins", async () => {
    const { ask, tenant } = await world(HOSTED);
    const headers = { authorization: `Bearer ${await tenant.sign()}`, origin: "https://shop.test" };
    for (const door of [true, false]) {
      const late = await ask("/v1/who", { headers, door, at: 3_600_000 });
      expect([late.status, late.headers.get("access-control-allow-origin")]).toEqual([401, "https://shop.test"]);
    }
  });

  it("[SU110] is not missed: at the door of a tenant that cannot be read even a visitor gets 503", async () => {
    const { get, tenant } = await world(HOSTED);
    tenant.broken = true;
    expect((await get("/v1/public")).status).toBe(503);
  });
});

describe("what end users leave behind", () => {
  it("[SU126] refusals are noted under their digest, ten an hour and tenant at most; those of strangers never", async () => {
    const { get, withGrants, tenant, lines } = await world();
    for (let i = 0; i < 3; i++) await get("/v1/series/secret", await withGrants(READ));
    expect(tenant.notes).toMatchObject([{ actor: expect.stringMatching(/^subject:/) as string, actorName: "end user", note: { action: "metrics:read", detail: { reason: "missing-grant" } } }]); // prettier-ignore
    await get("/v1/keys", await tenant.sign());
    expect(tenant.notes[1]).toMatchObject({ note: { action: "keys:manage", detail: { reason: "not-for-subjects" } } });
    for (let i = 0; i < DENIAL_LIMITS.ofSubjects; i++) await get("/v1/keys", await tenant.sign({ sub: `s${i}` }));
    expect(tenant.notes).toHaveLength(DENIAL_LIMITS.ofSubjects);
    for (let i = 0; i < 5; i++) await get("/v1/series/secret");
    await get("/v1/keys");
    expect(tenant.notes).toHaveLength(DENIAL_LIMITS.ofSubjects);
    expect(lines.at(-1)).toMatchObject({ status: 403, actor: "visitor", tenant: tenant.tenantId });
  });

  it("[SU121] a token that would be too long is a refusal and no failure of ours", async () => {
    const tenant = await FakeTenant.make();
    const { app, spec, ask, lines } = asking(tenant);
    route(app, { ...spec, path: "/v1/long", action: "open" }, async () => await Promise.reject(new TokenTooLong()));
    const response = await ask("/v1/long");
    expect([response.status, await detailOf(response)]).toEqual([409, expect.stringContaining("8192 bytes")]);
    expect(lines.map(({ event }) => event)).toEqual(["request"]);
  });

  it("[SU128] a change names the subject by its digest, and its Idempotency-Key is its own", async () => {
    const { post, tenant, metas } = await world(HOSTED);
    await post("/v1/self", await tenant.sign(), { "idempotency-key": "once" });
    expect(metas).toMatchObject([{ actor: expect.stringMatching(/^subject:[\w-]{22}$/) as string, actorName: "end user", idempotency: { key: "once" } }]); // prettier-ignore
  });

  it("[SU127] an Idempotency-Key of strangers is left out: one would be answered with what another was told", async () => {
    const { post, metas } = await world(HOSTED);
    expect((await post("/v1/register", undefined, { "idempotency-key": "once" })).status).toBe(200);
    expect(metas).toEqual([{ requestId: expect.any(String) as string, actor: "visitor", actorName: "visitor" }]);
  });
});
