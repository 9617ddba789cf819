import { createExecutionContext, env, waitOnExecutionContext } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { FIRST_METRIC_SETTINGS } from "../../contract/metric-settings.ts";
import { METRIC_LIMITS } from "../../contract/metric-limits.ts";
import type { RejectedLine } from "../../contract/rpc/metrics.ts";
import { ask, edgeEnv, seedKey, seedTenant } from "../../workers/control/testing.ts";
import { app } from "../../workers/edge.ts";
import type { EdgeEnv } from "../../workers/env.ts";
import { REJECTION_LIMITS } from "../../workers/observe/rejections.ts";
import { snapped, type TestSeries, writeRequest } from "../../workers/observe/remote-write-testing.ts";

const SHARDS = 4;

async function world() {
  const tenant = await seedTenant();
  const write = await seedKey(tenant, ["metrics:write"]);
  const manage = await seedKey(tenant, ["metrics:manage"]);
  const put = await ask("/v1/metrics/settings", { key: manage.secret, method: "PUT", body: { ...FIRST_METRIC_SETTINGS, shards: SHARDS } });
  expect(put.status).toBe(200);
  const samples = async () =>
    await Promise.all(
      Array.from({ length: SHARDS }, async (_, n) => (await env.METRICS.getByName(`${tenant.tenantId}/metrics/${n}`).status()).samples),
    );
  return { write: write.secret, samples };
}

interface Faults {
  /** Shards that fail, by number. */
  readonly down?: readonly number[];
  /** Lines for the inspector. */
  readonly lines?: RejectedLine[];
}

/** Shards some of which cannot commit; the lines for the inspector go to a list. */
function withFaults({ down = [], lines = [] }: Faults): EdgeEnv {
  const { METRICS } = edgeEnv;
  const getByName = (...args: Parameters<typeof METRICS.getByName>) => {
    const stub = METRICS.getByName(...args);
    const n = Number(args[0].split("/").at(-1));
    return new Proxy(stub, {
      get(target, name) {
        if (name === "noteRejected") return async (more: readonly RejectedLine[]) => void lines.push(...more);
        if (name === "ingest" && down.includes(n))
          return async () => ({ ok: false, problem: { slug: "unavailable", detail: "closed", retryAfterS: 5 } });
        // A stub's methods are looked up by name, as the runtime does it.
        return Reflect.get(target, name) as unknown;
      },
    });
  };
  return {
    ...edgeEnv,
    LOG_REQUESTS: "off",
    METRICS: new Proxy(METRICS, { get: (target, name) => (name === "getByName" ? getByName : Reflect.get(target, name)) }),
  };
}

async function send(key: string, series: readonly TestSeries[], faults: Faults = {}): Promise<Response> {
  const ctx = createExecutionContext();
  const request = new Request(`${edgeEnv.PUBLIC_URL}/prometheus/api/v1/write`, {
    method: "POST",
    headers: { "content-type": "application/x-protobuf", "content-encoding": "snappy", authorization: `Bearer ${key}` },
    body: snapped(writeRequest(series)),
  });
  const response = await app.fetch(request, withFaults(faults), ctx);
  await waitOnExecutionContext(ctx);
  return response;
}

const hosts = (count: number, at: number): TestSeries[] =>
  Array.from({ length: count }, (_, i) => ({ labels: { __name__: "up", host: `h${i}` }, samples: [[at, i]] }));

describe("a request that spans shards", () => {
  it("[MT121] [MT122] is stored in all of them, one source in one", async () => {
    const { write, samples } = await world();
    const at = Date.now() - 60_000;
    expect((await send(write, hosts(40, at))).status).toBe(204);
    const stored = await samples();
    expect(stored.reduce((sum, count) => sum + count)).toBe(40);
    expect(stored.filter((count) => count > 0).length).toBe(SHARDS);
    const agent = Array.from({ length: 30 }, (_, i) => ({ labels: { __name__: `m${i}`, host: "one" }, samples: [[at, i]] as const }));
    expect((await send(write, agent)).status).toBe(204);
    const grown = (await samples()).map((count, n) => count - (stored[n] ?? 0));
    expect(grown.filter((count) => count > 0)).toEqual([30]);
  });

  it("[MT122] [MT103] is refused when one of them cannot commit, and sent again it is stored once in each", async () => {
    const { write, samples } = await world();
    const at = Date.now() - 60_000;
    const refused = await send(write, hosts(40, at), { down: [2] });
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "5"]);
    const before = await samples();
    expect(before[2]).toBe(0);
    expect(before.reduce((sum, count) => sum + count)).toBeGreaterThan(20);
    for (let turn = 0; turn < 2; turn++) expect((await send(write, hosts(40, at))).status).toBe(204);
    const after = await samples();
    expect(after.reduce((sum, count) => sum + count)).toBe(40);
    expect([after[0], after[1], after[3]]).toEqual([before[0], before[1], before[3]]);
  });
});

describe("what was refused", () => {
  const old = (count: number, metric = "m"): TestSeries[] =>
    Array.from({ length: count }, (_, i) => ({
      labels: { __name__: metric, n: `${i}` },
      samples: [[Date.now() - METRIC_LIMITS.pastMs - 60_000, 1]],
    }));

  it("[MT124] reaches the inspector behind the answer, a reason at a time, and nothing goes uncounted", async () => {
    const { write } = await world();
    const lines: RejectedLine[] = [];
    const at = Date.now() - 60_000;
    const unnamed: TestSeries = { labels: { a: "x" }, samples: [[at, 1]] };
    expect((await send(write, [...hosts(1, at), ...old(3), unnamed], { lines })).status).toBe(400);
    expect(lines.map(({ reason, rejected, protocol }) => [reason, rejected, protocol])).toEqual([
      ["timestamp-too-old", 3, "remote-write"],
      ["metric-missing", 1, "remote-write"],
    ]);
    expect(lines[0]?.example).toContain("__name__");
    expect(lines[0]?.detail).toContain("older than 24 h");
    // Within the next seconds they are counted, and told together with the first after that.
    for (let i = 0; i < 3; i++) expect((await send(write, old(2, `m${i}`), { lines })).status).toBe(400);
    expect(lines.length).toBe(2);
    const { everyMs } = REJECTION_LIMITS;
    const later = { ...withFaults({ lines }), CLOCK_OFFSET_MS: String(everyMs + 1_000) };
    const ctx = createExecutionContext();
    const request = new Request(`${edgeEnv.PUBLIC_URL}/prometheus/api/v1/write`, {
      method: "POST",
      headers: { "content-type": "application/x-protobuf", authorization: `Bearer ${write}` },
      body: snapped(writeRequest(old(1, "last"))),
    });
    expect((await app.fetch(request, later, ctx)).status).toBe(400);
    await waitOnExecutionContext(ctx);
    expect(lines.slice(2).map(({ reason, rejected }) => [reason, rejected])).toEqual([["timestamp-too-old", 7]]);
  });
});
