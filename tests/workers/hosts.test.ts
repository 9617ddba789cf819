import { runInDurableObject, env } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { HOST_METRICS } from "../../contract/host-metrics.ts";
import { hostSchema } from "../../contract/hosts.ts";
import type { EdgeEnv } from "../../workers/env.ts";
import { ask, edgeEnv, seedKey, seedTenant } from "../../workers/control/testing.ts";

async function world() {
  const tenant = await seedTenant();
  const key = await seedKey(tenant, ["metrics:write", "metrics:read"]);
  return { tenantId: tenant.tenantId, key: key.secret };
}

const report = async (key: string, host: string, at: number, cpu = 0.5) =>
  await ask("/v1/metrics/ingest", {
    key,
    body: { samples: [{ metric: HOST_METRICS.cpu, labels: { host, core: "all" }, timestamp: at, value: cpu }] },
  });

/** A later look: the edge's clock runs ahead of the shard's. */
const later = (ms: number): Partial<EdgeEnv> => ({ CLOCK_OFFSET_MS: String(Number(edgeEnv.CLOCK_OFFSET_MS ?? 0) + ms) });

describe("GET /v1/hosts", () => {
  it("[MT52] lists hosts by name, page by page, each as the contract says", async () => {
    const { key } = await world();
    for (const host of ["web-2", "web-1", "db"]) await report(key, host, Date.now(), 0.25);
    const first = await (await ask("/v1/hosts?limit=2", { key })).json<{ items: unknown[]; nextCursor: string }>();
    expect(first.items.map((item) => hostSchema.parse(item).host)).toEqual(["db", "web-1"]);
    expect(hostSchema.parse(first.items[0])).toMatchObject({ state: "online", cpuRatio: 0.25, agentId: null });
    const second = await (await ask(`/v1/hosts?limit=2&cursor=${first.nextCursor}`, { key })).json();
    expect(second).toMatchObject({ items: [{ host: "web-2" }], nextCursor: null });
    expect((await ask("/v1/hosts?cursor=nonsense", { key })).status).toBe(400);
  });

  it("[MT53] calls a host late 45 s and offline 90 s after its last sample arrived", async () => {
    const { key } = await world();
    await report(key, "web", Date.now());
    const stateAfter = async (ms: number) => (await (await ask("/v1/hosts/web", { key, env: later(ms) })).json<{ state: string }>()).state;
    expect([await stateAfter(0), await stateAfter(40_000), await stateAfter(50_000), await stateAfter(100_000)]).toEqual([
      "online",
      "online",
      "late",
      "offline",
    ]);
  });

  it("[MT54] shows hosts without agents when the fleet cannot be asked", async () => {
    const { key } = await world();
    await report(key, "web", Date.now());
    const broken = { getByName: () => ({ lookup: async () => await Promise.reject(new Error("down")) }) } as unknown as EdgeEnv["AGENTS"];
    const answer = await ask("/v1/hosts", { key, env: { AGENTS: broken } });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ items: [{ host: "web", agentVersion: null }] });
  });

  it("[MT54] adds the agent's id and version when the fleet knows them", async () => {
    const { key } = await world();
    await report(key, "web", Date.now());
    const fleet = {
      getByName: () => ({ lookup: async () => ({ web: { agentId: "web", agentVersion: "1.2.3" } }) }),
    } as unknown as EdgeEnv["AGENTS"];
    expect(await (await ask("/v1/hosts/web", { key, env: { AGENTS: fleet } })).json()).toMatchObject({
      agentId: "web",
      agentVersion: "1.2.3",
    });
  });

  it("[MT71] shows another tenant's key none of them", async () => {
    const one = await world();
    const two = await world();
    await report(one.key, "web", Date.now());
    expect(await (await ask("/v1/hosts", { key: two.key })).json()).toEqual({ items: [], nextCursor: null });
    expect((await ask("/v1/hosts/web", { key: two.key })).status).toBe(404);
    expect((await ask("/v1/hosts/web", { key: one.key })).status).toBe(200);
  });

  it("[MT50] finds a host whose name needs escaping in the path", async () => {
    const { key, tenantId } = await world();
    await report(key, "ä/b c", Date.now());
    expect(await (await ask(`/v1/hosts/${encodeURIComponent("ä/b c")}`, { key })).json()).toMatchObject({ host: "ä/b c" });
    const names = await runInDurableObject(
      env.METRICS.getByName(`${tenantId}/metrics/0`),
      async (shard) => await shard.listHosts({ limit: 5 }),
    );
    expect(names).toMatchObject({ ok: true, value: { items: [{ host: "ä/b c" }] } });
  });
});
