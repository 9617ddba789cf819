import { env } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { WARM_NODE } from "../../contract/warm-node.ts";
import { edgeEnv } from "../control/testing.ts";
import type { EdgeEnv } from "../env.ts";
import { SCHEDULES } from "../schedules.ts";
import { WARM_LIMITS } from "./warm-shards.ts";

/** Shards over recorded objects and the real registry. */
function node(away: ReadonlySet<string> = new Set()) {
  const asked: string[] = [];
  let [open, mostOpen] = [0, 0];
  const METRICS = {
    getByName: (name: string) => ({
      catalog: async (ask: string) => {
        if (away.has(name)) throw new Error("away");
        asked.push(`${name} ${ask}`);
        mostOpen = Math.max(mostOpen, ++open);
        await new Promise((later) => setTimeout(later, 0));
        open--;
        return { ok: true, value: {} };
      },
    }),
  };
  const changed = { ...edgeEnv, METRICS } as unknown as EdgeEnv; // the method that the walk uses
  const run = async (cron: string) => {
    for (const schedule of SCHEDULES) await schedule(cron, changed, {} as ExecutionContext);
  };
  return { run, asked, mostOpen: () => mostOpen };
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
    const { run, asked, mostOpen } = node();
    await run(WARM_NODE);
    const newest = Array.from({ length: WARM_LIMITS.shards }, (_, n) => `warm-a/metrics/${n + 4} names`);
    expect(asked.toSorted()).toEqual(newest.toSorted());
    expect(mostOpen()).toBe(WARM_LIMITS.atOnce);
  });

  it("[MT400] goes on past a shard that cannot be opened, and says which", async () => {
    await register("warm-b", "metrics", 3);
    const error = vi.spyOn(console, "error").mockImplementation(() => {});
    const { run, asked } = node(new Set(["warm-b/metrics/2"]));
    await run(WARM_NODE);
    expect(asked).toEqual(["warm-b/metrics/1 names", "warm-b/metrics/0 names"]);
    expect(error.mock.calls.flat().join()).toContain('"object":"warm-b/metrics/2"');
  });
});
