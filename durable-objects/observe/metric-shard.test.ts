import { env, evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { metricQuerySchema, type MetricQuery } from "../../contract/metrics.ts";
import { batchOf, type TestSample } from "./testing.ts";

const tenant = () => crypto.randomUUID();
const shardOf = (tenantId: string) => env.METRICS.getByName(`${tenantId}/metrics/0`);
const range = (fromMs: number, toMs: number) => ({ start: new Date(fromMs).toISOString(), end: new Date(toMs).toISOString() });
const query = (input: Partial<MetricQuery> & { metric: string; start: string; end: string }) => metricQuerySchema.parse(input);

async function pointsOf(stub: ReturnType<typeof shardOf>, metric: string, fromMs: number, toMs: number): Promise<(number | null)[]> {
  const outcome = await stub.query(query({ metric, ...range(fromMs, toMs), stepMs: 1_000, aggregate: "last" }));
  if (!outcome.ok) throw new Error(outcome.problem.detail);
  return outcome.value.series[0]?.values.map((value) => value) ?? [];
}

const base = Math.floor(Date.now() / 1_000) * 1_000 - 60_000;
const samples = (count: number, metric = "m"): TestSample[] =>
  Array.from({ length: count }, (_, i) => ({ metric, labels: { host: "a" }, at: base + i * 1_000, value: i / 4 }));

describe("MetricShard", () => {
  it("[MT30] answers with what it has taken, also after an eviction, a seal and another eviction", async () => {
    const stub = shardOf(tenant());
    const stored = await stub.ingest(batchOf(samples(40)), "one");
    expect(stored).toMatchObject({ ok: true, value: { accepted: 40, duplicate: false, refusedSeries: [], unknown: false } });
    const expected = samples(40).map(({ value }) => value);
    expect(await pointsOf(stub, "m", base, base + 40_000)).toEqual(expected);
    await evictDurableObject(stub);
    expect(await pointsOf(stub, "m", base, base + 40_000)).toEqual(expected);
    await runDurableObjectAlarm(stub);
    expect(await pointsOf(stub, "m", base, base + 40_000)).toEqual(expected);
    await evictDurableObject(stub);
    expect(await pointsOf(stub, "m", base, base + 40_000)).toEqual(expected);
  });
});
