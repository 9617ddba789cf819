import { env, evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { HOST_METRICS } from "../../contract/host-metrics.ts";
import { PLANS } from "../../contract/plans.ts";
import { UPKEEP } from "../../core/observe/upkeep.ts";
import type { MetricShard } from "./metric-shard.ts";
import { askShard } from "./query-testing.ts";
import { batchOf, type TestSample } from "./testing.ts";

type Stub = DurableObjectStub<MetricShard>;

const shardOf = (tenantId = crypto.randomUUID()): Stub => env.METRICS.getByName(`${tenantId}/metrics/0`);
/** Whole seconds in the last minutes, so that retention and the newest accepted time are far away. */
const base = Math.floor(Date.now() / 1_000) * 1_000 - 300_000;

/** Values by second from `base`, as the shard answers. */
async function seconds(stub: Stub, metric: string, count: number): Promise<(number | null)[]> {
  const outcome = await askShard(stub, { metric, fromMs: base, toMs: base + count * 1_000, stepMs: 1_000, aggregate: "last" });
  if (!outcome.ok) throw new Error(outcome.problem.detail);
  return [...(outcome.value.series[0]?.values ?? Array.from({ length: count }, () => null))];
}

const samples = (count: number, metric = "m"): TestSample[] =>
  Array.from({ length: count }, (_, i) => ({ metric, labels: { host: "a" }, at: base + i * 1_000, value: i / 4 }));

/** Moves the clock that objects read; alarms are fired by hand. */
function advance(ms: number): void {
  vi.setSystemTime(Date.now() + ms);
}

/** Lets the time of the next upkeep come and runs it. */
async function upkeep(stub: Stub): Promise<void> {
  advance(UPKEEP.sealEveryMs + 1_000);
  await runDurableObjectAlarm(stub);
}

/** Stores a batch without waiting for the pace of commits. */
async function ingest(stub: Stub, batch: Uint8Array, id: string) {
  advance(1_000);
  return await stub.ingest(batch, id);
}

describe("MetricShard", () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["Date"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("[MT30] answers with what it has taken, also after an eviction, a seal and another eviction", async () => {
    const stub = shardOf();
    const stored = await stub.ingest(batchOf(samples(40)), "one");
    expect(stored).toMatchObject({ ok: true, value: { accepted: 40, duplicate: false, refusedSeries: [], unknown: false } });
    const expected = samples(40).map(({ value }) => value);
    expect(await seconds(stub, "m", 40)).toEqual(expected);
    await evictDurableObject(stub);
    expect(await seconds(stub, "m", 40)).toEqual(expected);
    await upkeep(stub);
    expect((await stub.status()).blocks).toBe(1);
    expect(await seconds(stub, "m", 40)).toEqual(expected);
    await evictDurableObject(stub);
    expect(await seconds(stub, "m", 40)).toEqual(expected);
    expect(await stub.status()).toMatchObject({ series: 1 });
  });

  it("[MT30] equals a plain map through late, duplicate and stale samples, alarms and evictions", { timeout: 60_000 }, async () => {
    const seen = { alarms: 0, evictions: 0 };
    const sample = fc.record({
      metric: fc.constantFrom("a", "b", "c"),
      second: fc.nat(59),
      value: fc.oneof(fc.constant(null), fc.integer({ min: -100, max: 100 }), fc.double({ noNaN: true, noDefaultInfinity: true })),
    });
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.array(sample, { minLength: 1, maxLength: 30 }).map((list) => ({ type: "ingest" as const, list })) },
      { weight: 1, arbitrary: fc.constant({ type: "alarm" as const }) },
      { weight: 1, arbitrary: fc.constant({ type: "evict" as const }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 14 }), async (steps) => {
        const stub = shardOf();
        await stub.status(); // only a running object can be evicted
        const model = new Map<string, (number | null)[]>();
        for (const [i, step] of steps.entries()) {
          if (step.type === "alarm") {
            await upkeep(stub);
            seen.alarms++;
          } else if (step.type === "evict") {
            await evictDurableObject(stub);
            seen.evictions++;
          } else {
            const list = step.list.map(({ metric, second, value }) => ({ metric, at: base + second * 1_000, value }));
            expect(await ingest(stub, batchOf(list), `b${i}`)).toMatchObject({ ok: true, value: { duplicate: false } });
            for (const { metric, second, value } of step.list) {
              const values = model.get(metric) ?? Array.from({ length: 60 }, () => null);
              values[second] = value;
              model.set(metric, values);
            }
          }
          for (const [metric, values] of model) expect(await seconds(stub, metric, 60)).toEqual(values);
        }
      }),
      { seed: 30, numRuns: 12 },
    );
    expect(seen.alarms).toBeGreaterThan(5);
    expect(seen.evictions).toBeGreaterThan(5);
  });

  it("[MT23] lets requests that come together share a row, each with its own answer", async () => {
    const stub = shardOf();
    await stub.ingest(batchOf(samples(1)), "first");
    const { walRows } = await stub.status();
    const replies = await Promise.all(Array.from({ length: 16 }, (_, i) => stub.ingest(batchOf(samples(i + 1)), `together-${i}`)));
    expect(replies.map((reply) => reply.ok && reply.value.accepted)).toEqual(Array.from({ length: 16 }, (_, i) => i + 1));
    // The burst lets two more pass at once; the others wait for the pace.
    expect((await stub.status()).walRows).toBeLessThanOrEqual(walRows + 3);
  });

  it("[MT14] stores a batch once, also when its twin comes after an eviction", async () => {
    const stub = shardOf();
    await stub.ingest(batchOf(samples(3)), "one");
    await evictDurableObject(stub);
    expect(await stub.ingest(batchOf(samples(3)), "one")).toMatchObject({ ok: true, value: { duplicate: true } });
    expect((await stub.status()).walRows).toBe(1);
  });

  it("[MT28] holds a tenant without a known plan to the smallest, and asks for the plan when it matters", async () => {
    const many = (from: number, count: number) =>
      batchOf(Array.from({ length: count }, (_, i) => ({ metric: "m", labels: { i: String(from + i) }, at: base, value: 1 })));
    const free = shardOf();
    expect(await free.ingest(many(0, PLANS.free.activeSeries), "1")).toMatchObject({
      ok: true,
      value: { accepted: PLANS.free.activeSeries },
    });
    expect(await ingest(free, many(PLANS.free.activeSeries - 1, 2), "2")).toMatchObject({
      ok: true,
      value: { accepted: 1, refusedSeries: [1] },
    });
    const tenantId = crypto.randomUUID();
    await env.TENANT.getByName(`${tenantId}/tenant/main`).create(
      { slug: `t-${tenantId}`, name: "Team", plan: "team" },
      { requestId: "r", actor: "system", actorName: "system" },
    );
    const team = shardOf(tenantId);
    const together = [many(0, PLANS.free.activeSeries), many(PLANS.free.activeSeries, 1_000), many(9_000, 1_000)];
    for (const reply of await Promise.all(together.map(async (batch, i) => await team.ingest(batch, String(i))))) {
      expect(reply).toMatchObject({ ok: true, value: { refusedSeries: [] } });
    }
  });

  it("[MT31] can be asked while it seals many series, and loses nothing", async () => {
    const stub = shardOf();
    const many = (at: number, id: string) =>
      stub.ingest(batchOf(Array.from({ length: 1_500 }, (_, i) => ({ metric: "m", labels: { i: String(i) }, at, value: 1 }))), id);
    await many(base, "1");
    advance(UPKEEP.sealEveryMs + 1_000);
    const [, during] = await Promise.all([runDurableObjectAlarm(stub), many(base + 1_000, "2")]);
    expect(during).toMatchObject({ ok: true, value: { accepted: 1_500 } });
    await evictDurableObject(stub);
    const outcome = await askShard(stub, { metric: "m", fromMs: base, toMs: base + 10_000, aggregate: "sum", groupBy: [], maxPoints: 1 });
    expect(outcome).toMatchObject({ ok: true, value: { series: [{ values: [3_000] }] } });
    expect((await stub.status()).blocks).toBeGreaterThan(20);
  });

  it("[MT70] emits counts as one aggregate event in five minutes", async () => {
    const stub = shardOf();
    for (let i = 0; i < 3; i++) await ingest(stub, batchOf(samples(5)), `b${i}`);
    const events = await runInDurableObject(stub, (_, state) =>
      state.storage.sql
        .exec<{ body: string }>("SELECT body FROM kit_outbox")
        .toArray()
        .map(({ body }) => JSON.parse(body) as { type: string; data: unknown }),
    );
    expect(events.filter(({ type }) => type === "meridian.metrics.ingested")).toMatchObject([{ data: { accepted: 5, batches: 1 } }]);
  });

  it("[MT60] answers a hub with where each topic stands, under a new epoch after every start", async () => {
    const stub = shardOf();
    const until = Date.now() + 30_000;
    const [first] = await stub.interest("0", ["all", "web"], until);
    expect(first).toMatchObject({ topic: "all", offset: 0 });
    await evictDurableObject(stub);
    const [second] = await stub.interest("0", ["all"], until);
    expect(second?.epoch).not.toBe(first?.epoch);
  });

  it("[MT63] leaves an idle shard asleep: no alarm before something has to be sealed or deleted", async () => {
    const stub = shardOf();
    await stub.interest("0", ["all"], Date.now() + 30_000);
    await askShard(stub, { metric: "m", fromMs: base, toMs: base + 1_000 });
    expect(await runInDurableObject(stub, async (_, state) => await state.storage.getAlarm())).toSatisfy(
      (at: number | null) => at === null || at > Date.now() + 1_000,
    );
    await stub.ingest(batchOf([{ metric: HOST_METRICS.load1, labels: { host: "web" }, at: base, value: 1 }]), "1");
    const timers = await runInDurableObject(stub, (_, state) => state.storage.sql.exec("SELECT name FROM kit_timer").toArray());
    expect(timers).toEqual([{ name: "upkeep" }]);
  });

  it("[MT11] refuses bytes that are no batch", async () => {
    expect(await shardOf().ingest(new Uint8Array(100), "x")).toMatchObject({ ok: false, problem: { slug: "bad-request" } });
  });
});
