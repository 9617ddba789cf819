import { env } from "cloudflare:test";
import { beforeAll, describe, expect, it } from "vitest";
import type { MetricQueryReply } from "../../contract/metric-query.ts";
import type { TokenReply } from "../../contract/subjects.ts";
import { ask, type Asked, seedKey, seedOperator, type SeededOperator } from "../../workers/control/testing.ts";
import { clearIsolateCaches } from "../../workers/http/isolate-caches.ts";

const NOW = Date.now();

interface Shop {
  readonly owner: SeededOperator;
  /** May everything here, away from the door. */
  readonly key: string;
  readonly mark: (name: string, isPublic: boolean) => Promise<void>;
  readonly token: (...names: string[]) => Promise<string>;
}

async function shop(secret: string): Promise<Shop> {
  const owner = await seedOperator("owner");
  const { secret: key } = await seedKey(owner, ["metrics:write", "metrics:read", "tokens:mint"]);
  const sample = (metric: string, value: number, labels = {}) => ({ metric, labels, timestamp: NOW - 60_000, value });
  const samples = [
    sample("shop_visitors", 7, { page: "home" }),
    sample("shop_revenue", 99, { [secret]: secret }),
    sample('"my.metric"', 3),
  ];
  const stored = await ask("/v1/metrics/ingest", { body: { samples }, key });
  if (stored.status !== 202) throw new Error(await stored.text());
  return {
    owner,
    key,
    async mark(name, isPublic) {
      const path = `/v1/public/metrics/${encodeURIComponent(name)}`;
      const answer = await ask(path, { method: isPublic ? "PUT" : "DELETE", cookie: owner.cookie });
      if (answer.status !== 204) throw new Error(await answer.text());
      clearIsolateCaches(); // as another isolate would, without waiting for 1.5 s
    },
    async token(...names) {
      const grants = names.map((name) => ({ kind: "metrics", name, actions: ["read"] }));
      const answer = await ask("/v1/tokens", { body: { sub: "player-1", grants }, key });
      return (await answer.json<TokenReply>()).token;
    },
  };
}

let alpha: Shop;
let omega: Shop;
beforeAll(async () => {
  alpha = await shop("alphasecret");
  omega = await shop("omegasecret");
});

const RANGE = { start: new Date(NOW - 600_000).toISOString(), end: new Date(NOW + 60_000).toISOString() };

/** A query at a tenant's door: its status, and the series it shows. */
async function query(at: Shop, body: object, how: Asked = {}) {
  const answer = await ask(`/p/${at.owner.slug}/v1/metrics/query`, { body: { ...RANGE, ...body }, origin: null, ...how });
  const text = await answer.text();
  const reply = answer.status === 200 ? (JSON.parse(text) as MetricQueryReply) : undefined;
  const values = reply?.series.map(({ values }) => values.filter((value) => value !== null)).flat() ?? [];
  return { status: answer.status, text, values, headers: answer.headers };
}

describe("visitors at a tenant's door", () => {
  it("[DR20] read nothing until it is public, then exactly that", async () => {
    expect((await query(alpha, { metric: "shop_visitors" })).status).toBe(401);
    await alpha.mark("shop_visitors", true);
    expect(await query(alpha, { metric: "shop_visitors" })).toMatchObject({ status: 200, values: [7] });
    expect((await query(alpha, { metric: "shop_revenue" })).status).toBe(401);
    expect((await query(omega, { metric: "shop_visitors" })).status).toBe(401);
    expect((await ask("/v1/metrics/query", { body: { ...RANGE, metric: "shop_visitors" }, origin: null })).status).toBe(401);
  });

  it("[DR20] read what begins with a public prefix, and a quoted name is the plain one", async () => {
    await omega.mark("my.*", true);
    for (const metric of ["my.metric", '"my.metric"']) expect(await query(omega, { metric })).toMatchObject({ status: 200, values: [3] });
    await omega.mark("shop_visitors", true);
    expect(await query(omega, { metric: '"shop_visitors"' })).toMatchObject({ status: 200, values: [7] });
    for (const metric of ["my", "my_", '"', '""', '"shop_revenue"', "my.*x", "*", "shop_*"])
      expect([metric, (await query(omega, { metric })).values]).toEqual([metric, []]);
    expect((await query(omega, { metric: "shop_*" })).status).toBe(401);
  });

  it("[DR21] reach no other metric by matchers, groups or aggregates", async () => {
    await alpha.mark("shop_visitors", true);
    const tricks = [
      { matchers: [{ label: "__name__", value: "shop_revenue" }] },
      { matchers: [{ label: "__name__", op: "!=", value: "" }] },
      { matchers: [{ label: "page", op: "!=", value: "home" }] },
      { groupBy: [] },
      { groupBy: ["__name__", "alphasecret"] },
      { groupBy: ["alphasecret"], groupAggregate: "sum" },
      { aggregate: "max", maxPoints: 1 },
      { matchers: [{ label: "alphasecret", op: "!=", value: "x" }], groupBy: ["constructor"] },
    ];
    for (const trick of tricks) {
      const { status, text, values } = await query(alpha, { metric: "shop_visitors", ...trick });
      expect([trick, status]).toEqual([trick, 200]);
      expect(values.every((value) => value === 7)).toBe(true);
      expect(text.replace(JSON.stringify(trick), "")).not.toContain('"alphasecret":"alphasecret"');
    }
    expect((await query(alpha, { metric: "shop_visitors", metrics: ["shop_revenue"] })).status).toBe(400);
  });

  it("[DR22] read no more what was made private, though its answer is kept", async () => {
    await alpha.mark("shop_visitors", true);
    const asked = { metric: "shop_visitors", aggregate: "min" };
    expect((await query(alpha, asked)).status).toBe(200);
    expect((await query(alpha, asked)).status).toBe(200);
    await alpha.mark("shop_visitors", false);
    expect((await query(alpha, asked)).status).toBe(401);
    await alpha.mark("shop_visitors", true);
  });

  it("[DR23] are no operators: hosts and the rest are not offered here", async () => {
    for (const path of ["/v1/hosts", "/v1/tenant", "/v1/keys", "/v1/public", "/v1/tenant/settings"])
      expect([path, (await ask(`/p/${alpha.owner.slug}${path}`, { origin: null })).status]).toEqual([path, 404]);
    const bearer = await alpha.token("*");
    for (const path of ["/v1/hosts", "/v1/keys", "/v1/tenant/settings", "/v1/public"])
      expect([path, (await ask(path, { key: bearer })).status]).toEqual([path, 403]);
  });

  it("[DR28][DR32] share an answer over whole five seconds, which says so", async () => {
    await omega.mark("shop_visitors", true);
    const at = (ms: number) => ({ start: new Date(NOW - 600_000 + ms).toISOString(), end: new Date(NOW - 300_000 + ms).toISOString() });
    const base = -(NOW % 5_000);
    const first = await query(omega, { metric: "shop_visitors", ...at(base + 1_000) });
    expect([first.headers.get("cache-control"), first.headers.get("age")]).toEqual(["public, max-age=5", "0"]);
    expect(first.headers.get("vary")).toContain("Authorization");
    const { blocksRead: _, ...before } = (JSON.parse(first.text) as MetricQueryReply).trace;
    await ask("/v1/metrics/ingest", { key: omega.key, body: { samples: [{ metric: "shop_visitors", labels: { page: "new" }, timestamp: NOW - 400_000, value: 1 }] } }); // prettier-ignore
    const second = await query(omega, { metric: "shop_visitors", ...at(base + 4_000) });
    expect((JSON.parse(second.text) as MetricQueryReply).trace).toMatchObject(before);
    const owns = await query(omega, { metric: "shop_visitors", ...at(base + 4_000) }, { key: await omega.token("shop_visitors") });
    expect((JSON.parse(owns.text) as MetricQueryReply).series.length).toBe(1);
    expect(owns.headers.get("cache-control")).toBe("no-store");
  });
});

describe("credentials at a tenant's door", () => {
  it("[DR23] an end user reads what a grant names, besides what is public", async () => {
    const key = await alpha.token("shop_rev*");
    expect(await query(alpha, { metric: "shop_revenue" }, { key })).toMatchObject({ status: 200, values: [99] });
    await alpha.mark("shop_visitors", true);
    expect((await query(alpha, { metric: "shop_visitors" }, { key })).status).toBe(200);
    expect((await query(alpha, { metric: "my.metric" }, { key })).status).toBe(403);
  });

  it("[DR11] only a token of this tenant counts: no key, no cookie, no other's token", async () => {
    await alpha.mark("shop_visitors", true);
    const asked = { metric: "shop_revenue" };
    expect((await query(alpha, asked, { key: alpha.key })).status).toBe(401);
    expect((await query(alpha, asked, { headers: { "x-api-key": alpha.key } })).status).toBe(401);
    expect((await query(alpha, asked, { key: await omega.token("*") })).status).toBe(401);
    const { cookie } = alpha.owner;
    expect((await query(alpha, asked, { cookie })).status).toBe(401);
    expect((await query(alpha, { metric: "shop_visitors" }, { cookie })).status).toBe(200);
    for (const key of ["garbage", "a.b.c", `mrr_${alpha.owner.tenantId}_0_x_${"a".repeat(40)}`])
      expect([key, (await query(alpha, { metric: "shop_visitors" }, { key })).status]).toEqual([key, 401]);
  });

  it("[DR11] a host of a tenant knows no other credential either", async () => {
    const host = "play.alpha.example";
    await ask("/v1/tenant/settings", {
      method: "PUT",
      cookie: alpha.owner.cookie,
      body: { origins: [], hosts: [host], defaultGrants: [], hostedAccounts: { enabled: false, guests: false, mailWebhookUrl: null } },
    });
    await env.DB.prepare("INSERT INTO control_host (host, tenant_id, verified_at) VALUES (?, ?, 0)").bind(host, alpha.owner.tenantId).run();
    clearIsolateCaches();
    const there = { env: { PUBLIC_URL: "https://ops.example.com" } };
    const at = async (path: string, how: Asked) => await ask(path, { ...how, origin: null, ...there, base: `https://${host}` });
    const body = { ...RANGE, metric: "shop_revenue" };
    expect((await at("/v1/metrics/query", { body, key: alpha.key })).status).toBe(401);
    expect((await at("/v1/metrics/query", { body, cookie: alpha.owner.cookie })).status).toBe(401);
    expect((await at("/v1/keys", { cookie: alpha.owner.cookie })).status).toBe(404);
    expect((await at("/v1/auth/sign-in/email", { body: {} })).status).toBe(404);
  });
});
