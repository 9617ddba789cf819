import { env, evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FIRST_METRIC_SETTINGS, type MetricSettings } from "../../contract/metric-settings.ts";
import type { PlanName } from "../../contract/plans.ts";
import type { CatalogAsk, MetricShardRpc, RejectedLine } from "../../contract/rpc/metrics.ts";
import { UPKEEP } from "../../core/observe/upkeep.ts";
import type { MetricShard } from "./metric-shard.ts";
import { TENANT_PLAN_LIMITS } from "./tenant-plan.ts";
import { batchOf, type TestSample } from "./testing.ts";

type Stub = DurableObjectStub<MetricShard>;

const meta = { requestId: "req", actor: "user:ada", actorName: "Ada" };
const ALL: CatalogAsk = { limit: 100 };

/** A shard whose tenant exists, with settings of the test's own. */
async function world(settings: Partial<MetricSettings> = {}, plan: PlanName = "free") {
  const tenantId = crypto.randomUUID();
  const tenant = env.TENANT.getByName(`${tenantId}/tenant/main`);
  const put = async (change: Partial<MetricSettings>) => {
    const outcome = await tenant.putMetricSettings({ ...FIRST_METRIC_SETTINGS, ...change }, undefined, meta);
    if (!outcome.ok) throw new Error(outcome.problem.detail);
  };
  await tenant.create({ slug: tenantId, name: tenantId, plan }, meta);
  await put(settings);
  return { put, stub: env.METRICS.getByName(`${tenantId}/metrics/0`) };
}

/** The stub by its interface: the runtime's own stub types cannot say which answer belongs to which question. */
function rpcOf(stub: Stub): MetricShardRpc {
  return stub as unknown as MetricShardRpc; // the class implements it
}

const series = (from: number, count: number): TestSample[] =>
  Array.from({ length: count }, (_, i) => ({ metric: "m", labels: { n: String(from + i) }, at: Date.now() - 1_000, value: 1 }));

let nextId = 0;
async function ingest(stub: Stub, samples: TestSample[]) {
  vi.setSystemTime(Date.now() + 1_000);
  const outcome = await stub.ingest(batchOf(samples), `batch-${nextId++}`, { protocol: "native", keyId: "key", rejected: 2 });
  if (!outcome.ok) throw new Error(outcome.problem.detail);
  return outcome.value;
}

async function upkeep(stub: Stub): Promise<void> {
  vi.setSystemTime(Date.now() + UPKEEP.sealEveryMs + 1_000);
  await runDurableObjectAlarm(stub);
}

async function limitEvents(stub: Stub): Promise<unknown[]> {
  return await runInDurableObject(stub, (_, state) =>
    state.storage.sql
      .exec<{ body: string }>("SELECT body FROM kit_outbox WHERE body LIKE '%meridian.metrics.series-limit%'")
      .toArray()
      .map(({ body }) => JSON.parse(body) as unknown),
  );
}

describe("what there is in a shard", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["Date"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("[MT312] names the limits that count, also right after a start", async () => {
    const { stub } = await world({ activeSeries: 3, newSeriesPerHour: 2 });
    const limits = async () => await rpcOf(stub).catalog("cardinality", { limit: 50 });
    expect(await limits()).toMatchObject({ value: { maxSeries: 3, newSeriesPerHour: 2 } });
    await evictDurableObject(stub);
    expect(await limits()).toMatchObject({ value: { maxSeries: 3, newSeriesPerHour: 2 } });
  });

  it("[MT282] is answered after an eviction, from series that were read back", async () => {
    const { stub } = await world();
    await ingest(stub, [{ metric: "up", labels: { host: "a" }, at: Date.now() - 5, value: 1 }]);
    for (const again of [
      async () => {},
      async () => await evictDurableObject(stub),
      async () => await upkeep(stub),
      async () => await evictDurableObject(stub),
    ]) {
      await again();
      expect(await rpcOf(stub).catalog("names", ALL)).toMatchObject({ value: { items: [{ metric: "up", series: 1 }], total: 1 } });
      expect(await rpcOf(stub).catalog("values", { ...ALL, label: "host" })).toMatchObject({
        value: { text: "a", lengths: new Uint32Array([1]), series: new Uint32Array([1]), total: 1 },
      });
      expect(await rpcOf(stub).catalog("series", ALL)).toMatchObject({ value: { items: [{ metric: "up", labels: { host: "a" } }] } });
    }
  });

  it("[MT309] counts rows, bytes and points of every tier", async () => {
    const { stub } = await world({ rawHours: 2 });
    await ingest(stub, series(0, 3));
    expect(await rpcOf(stub).catalog("storage", ALL)).toMatchObject({
      value: {
        shard: 0,
        series: 3,
        unsealedPoints: 3,
        tiers: [{ tier: "raw", keptMs: 2 * 3_600_000, points: 0 }, { tier: "minute" }, { tier: "hour" }],
      },
    });
    await upkeep(stub);
    const stored = await rpcOf(stub).catalog("storage", ALL);
    expect(stored).toMatchObject({ value: { unsealedPoints: 0, tiers: [{ tier: "raw", points: 3, rows: 1 }, {}, {}] } });
    const raw = stored.ok ? stored.value.tiers[0] : undefined;
    expect(raw?.bytes).toBeGreaterThan(0);
    expect(raw?.newestAt).toBeGreaterThanOrEqual(raw?.oldestAt ?? Number.POSITIVE_INFINITY);
    expect(stored.ok && stored.value.databaseBytes).toBeGreaterThan(0);
  });

  it("[MT308] counts what came in, and what was refused on the way", async () => {
    const { stub } = await world({ activeSeries: 2 });
    await ingest(stub, series(0, 3));
    expect(await rpcOf(stub).catalog("rejected", ALL)).toMatchObject({
      value: {
        ingest: [{ protocol: "native", keyId: "key", minutes: [{ samples: 2, requests: 1, rejected: 3 }], lagMs: expect.any(Number) }],
      },
    });
  });

  it("[MT307] writes no row for a request that refuses, and keeps the book through upkeep and evictions", async () => {
    const { stub } = await world();
    await ingest(stub, series(0, 1));
    const line: RejectedLine = {
      protocol: "native",
      keyId: "key",
      rejected: 3,
      reason: "value-invalid",
      at: 0,
      example: "m{}",
      detail: "d",
    };
    const before = (await stub.status()).rowsWritten;
    for (let i = 0; i < 20; i++) await stub.noteRejected([{ ...line, keyId: `k${i}` }]);
    expect((await stub.status()).rowsWritten).toBe(before);
    await upkeep(stub);
    await evictDurableObject(stub);
    const kept = await rpcOf(stub).catalog("rejected", ALL);
    expect(kept).toMatchObject({ value: { totals: [{ reason: "value-invalid", count: 60 }] } });
    expect(kept.ok && kept.value.items).toHaveLength(20);
  });

  it("[MT307] is written down also by a shard that never got a sample", async () => {
    const { stub } = await world();
    await stub.noteRejected([
      { protocol: "otlp-json", keyId: "key", rejected: 1, reason: "point-empty", at: 0, example: "m", detail: "d" },
    ]);
    await upkeep(stub);
    await evictDurableObject(stub);
    expect(await rpcOf(stub).catalog("rejected", ALL)).toMatchObject({ value: { items: [{ reason: "point-empty", example: "m" }] } });
  });
});

describe("limits of a shard", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["Date"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("[MT300] are the tenant's settings, also below the smallest plan: at the limit all, one over refused, the old go on", async () => {
    const { stub } = await world({ activeSeries: 3 });
    expect(await ingest(stub, series(0, 3))).toMatchObject({ accepted: 3, refusedSeries: [] });
    expect(await ingest(stub, series(0, 4))).toMatchObject({ accepted: 3, refusedSeries: [3], refusedBy: "active" });
    expect(await rpcOf(stub).catalog("cardinality", { limit: 50 })).toMatchObject({ value: { activeSeries: 3, maxSeries: 3 } });
  });

  it("[MT300] follow a change of the settings before they refuse because of the former", async () => {
    const { stub, put } = await world({ newSeriesPerHour: 2 });
    expect(await ingest(stub, series(0, 3))).toMatchObject({ accepted: 2, refusedBy: "per-hour" });
    await put({ newSeriesPerHour: 10 });
    vi.setSystemTime(Date.now() + TENANT_PLAN_LIMITS.refusalTtlMs);
    expect(await ingest(stub, series(0, 3))).toMatchObject({ accepted: 3, refusedSeries: [] });
  });

  it("[MT302] are told by one event, also when the shard is evicted meanwhile", async () => {
    const { stub } = await world({ activeSeries: 1 });
    await ingest(stub, series(0, 1));
    expect(await limitEvents(stub)).toEqual([]);
    await ingest(stub, series(0, 2));
    await ingest(stub, series(1, 2));
    await evictDurableObject(stub);
    await ingest(stub, series(1, 2));
    const events = await limitEvents(stub);
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({ subject: "metrics/0", data: { limit: "active", series: 1, activeSeries: 1 } });
    vi.setSystemTime(Date.now() + 3_600_000);
    await ingest(stub, series(1, 1));
    expect(await limitEvents(stub)).toHaveLength(2);
  });

  it("[MT300] are over series that send: one that is silent for a day makes room and is still listed", async () => {
    const { stub } = await world({ activeSeries: 2 });
    await ingest(stub, series(0, 2));
    await upkeep(stub);
    vi.setSystemTime(Date.now() + 25 * 3_600_000);
    await upkeep(stub);
    await upkeep(stub);
    expect(await rpcOf(stub).catalog("cardinality", { limit: 50 })).toMatchObject({ value: { activeSeries: 0 } });
    expect(await rpcOf(stub).catalog("names", ALL)).toMatchObject({ value: { items: [{ metric: "m", series: 2 }] } });
    expect(await ingest(stub, series(2, 3))).toMatchObject({ accepted: 2, refusedBy: "active" });
  });

  it("[MT301] count new and refused series by the hour", async () => {
    const { stub } = await world({ newSeriesPerHour: 2 });
    await ingest(stub, series(0, 3));
    const answer = await rpcOf(stub).catalog("cardinality", { limit: 50 });
    expect(answer.ok && answer.value.newSeries).toHaveLength(24);
    expect(answer.ok && answer.value.newSeries.at(-1)).toMatchObject({ made: 2, refused: 1 });
  });
});
