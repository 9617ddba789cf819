import { createExecutionContext, env, waitOnExecutionContext } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { WARM_NODE } from "../../contract/warm-node.ts";
import { ask, edgeEnv, seedKey, seedTenant } from "../control/testing.ts";
import type { EdgeEnv } from "../env.ts";
import { SCHEDULES } from "../schedules.ts";
import { WARM_LIMITS } from "./warm-shards.ts";

/** What the program of a node starts. */
async function warm(METRICS: object): Promise<void> {
  const ctx = createExecutionContext();
  const changed = { ...edgeEnv, METRICS } as unknown as EdgeEnv; // the methods that the walk uses
  for (const schedule of SCHEDULES) await schedule(WARM_NODE, changed, ctx);
  await waitOnExecutionContext(ctx);
}

/** Shards that hold nothing, and those of them that were opened. */
function recordedShards(away: ReadonlySet<string> = new Set()) {
  const asked: string[] = [];
  let [open, mostOpen] = [0, 0];
  const getByName = (name: string) => ({
    catalog: async (what: string) => {
      if (away.has(name)) throw new Error("away");
      asked.push(`${name} ${what}`);
      mostOpen = Math.max(mostOpen, ++open);
      await new Promise((later) => setTimeout(later, 0));
      open--;
      return { ok: true, value: { items: [], total: 0 } };
    },
  });
  return { getByName, asked, mostOpen: () => mostOpen };
}

async function register(tenantId: string, kind: string, count: number): Promise<void> {
  const insert = env.DB.prepare("INSERT INTO control_object (tenant_id, kind, name, created_at) VALUES (?, ?, ?, ?)");
  await env.DB.batch(Array.from({ length: count }, (_, n) => insert.bind(tenantId, kind, String(n), n)));
}

afterEach(async () => {
  vi.restoreAllMocks();
  await env.DB.exec("DELETE FROM control_object");
});

describe("the start of a single node", () => {
  it("[MT400] opens the newest metric shards, so many, two at a time, and nothing else", async () => {
    await register("warm-a", "metrics", WARM_LIMITS.shards + 4);
    await register("warm-a", "hub", 3);
    const shards = recordedShards();
    await warm(shards);
    const newest = Array.from({ length: WARM_LIMITS.shards }, (_, n) => `warm-a/metrics/${n + 4} names`);
    expect(shards.asked.slice(0, WARM_LIMITS.shards).toSorted()).toEqual(newest.toSorted());
    expect(shards.mostOpen()).toBe(WARM_LIMITS.atOnce);
  });

  it("[MT400] goes on past a shard that cannot be opened, and says which", async () => {
    await register("warm-b", "metrics", 3);
    const error = vi.spyOn(console, "error").mockImplementation(() => {});
    const shards = recordedShards(new Set(["warm-b/metrics/2"]));
    await warm(shards);
    expect(shards.asked.slice(0, 2)).toEqual(["warm-b/metrics/1 names", "warm-b/metrics/0 names"]);
    expect(error.mock.calls.flat().join()).toContain('"object":"warm-b/metrics/2"');
  });

  it("[MT400] asks the newest one's tenant what a page asks first, and changes nothing", async () => {
    const tenant = await seedTenant();
    const { tenantId } = tenant;
    const { secret: key } = await seedKey(tenant, ["metrics:write", "metrics:read"]);
    const samples = ["many", "many", "few"].map((metric, n) => ({ metric, labels: { n: String(n) }, timestamp: Date.now(), value: n }));
    expect((await ask("/v1/metrics/ingest", { body: { samples }, key })).status).toBe(202);
    const before = await (await ask("/v1/metrics/storage", { key })).json();
    await env.DB.exec("DELETE FROM control_object");
    await register(tenantId, "metrics", 1);
    const error = vi.spyOn(console, "error");
    const asked: unknown[] = [];
    const getByName = (name: string) => {
      const shard = edgeEnv.METRICS.getByName(name);
      return {
        catalog: async (...args: Parameters<typeof shard.catalog>) => {
          const { metric, label } = args[1];
          asked.push([args[0], metric, label]);
          return await shard.catalog(...args);
        },
        select: async (...args: Parameters<typeof shard.select>) => {
          asked.push(["select", args[0].selection.metric]);
          return await shard.select(...args);
        },
      };
    };
    await warm({ getByName });
    const names = ["names", undefined, undefined];
    expect(asked).toEqual([
      names,
      names,
      ["labels", undefined, undefined],
      ["values", undefined, "n"],
      ["values", "many", "n"],
      ["select", "few"],
    ]);
    expect(error).not.toHaveBeenCalled();
    expect(await (await ask("/v1/metrics/storage", { key })).json()).toEqual(before);
  });
});
