import { createExecutionContext, env, evictDurableObject, runInDurableObject, waitOnExecutionContext } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { METRIC_LIMITS } from "../../contract/metric-limits.ts";
import { metricQueryReplySchema } from "../../contract/metric-query.ts";
import { ingestReplySchema } from "../../contract/metrics.ts";
import { ask, edgeEnv, seedKey, seedOperator, seedTenant } from "../../workers/control/testing.ts";
import { app } from "../../workers/edge.ts";

async function world() {
  const tenant = await seedTenant();
  const write = await seedKey(tenant, ["metrics:write"]);
  const read = await seedKey(tenant, ["metrics:read"]);
  return { tenant, write: write.secret, read: read.secret, shard: env.METRICS.getByName(`${tenant.tenantId}/metrics/0`) };
}

const at = () => Date.now() - 60_000;
const sample = (metric: string, timestamp: number, value: unknown = 1, labels: Record<string, string> = { host: "a" }) => ({
  metric,
  labels,
  timestamp,
  value,
});
const ingest = async (key: string, body: unknown) => await ask("/v1/metrics/ingest", { key, body });
const valuesOf = async (key: string, metric: string, timestamp: number) => {
  const query = { metric, start: new Date(timestamp).toISOString(), end: new Date(timestamp + 1_000).toISOString(), stepMs: 1_000 };
  const answer = await ask("/v1/metrics/query", { key, body: query });
  expect(answer.status).toBe(200);
  return metricQueryReplySchema.parse(await answer.json()).series.map(({ values }) => values.find((value) => value !== null) ?? null);
};

/** Sends bytes with any headers. */
async function send(key: string, body: BodyInit, headers: Record<string, string>): Promise<Response> {
  const ctx = createExecutionContext();
  const request = new Request(`${edgeEnv.PUBLIC_URL}/v1/metrics/ingest`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, ...headers },
    body,
  });
  const response = await app.fetch(request, { ...edgeEnv, LOG_REQUESTS: "off" }, ctx);
  await waitOnExecutionContext(ctx);
  return response;
}

async function gzip(text: string): Promise<Uint8Array> {
  return new Uint8Array(await new Response(new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer());
}

describe("POST /v1/metrics/ingest", () => {
  it("[MT2] answers 202 with what was accepted and what was not, and the good samples can be read", async () => {
    const { write, read } = await world();
    const t = at();
    const answer = await ingest(write, { samples: [sample("good", t, 4.5), sample("bad", t, "4.5"), sample("1bad", t)] });
    expect(answer.status).toBe(202);
    const reply = ingestReplySchema.parse(await answer.json());
    expect(reply).toMatchObject({ accepted: 1, duplicate: false, rejectedCount: 2 });
    expect(reply.rejected.map(({ index, reason }) => [index, reason])).toEqual([
      [1, "value-invalid"],
      [2, "metric-invalid"],
    ]);
    expect(await valuesOf(read, "good", t)).toEqual([4.5]);
    expect(await valuesOf(read, "bad", t)).toEqual([]);
  });

  it("[MT6] takes NDJSON, also compressed", async () => {
    const { write, read } = await world();
    const t = at();
    const lines = [sample("a", t, 1), sample("b", t, 2)].map((line) => JSON.stringify(line)).join("\n");
    for (const [metric, body, headers] of [
      ["a", lines, {}],
      ["b", await gzip(lines.replaceAll(`${t}`, `${t + 1}`)), { "content-encoding": "gzip" }],
    ] as const) {
      const answer = await send(write, body, { "content-type": "application/x-ndjson", ...headers });
      expect(await answer.json()).toMatchObject({ accepted: 2 });
      expect(await valuesOf(read, metric, t)).toHaveLength(1);
    }
  });

  it("[MT14] stores a batch once by its id, and by its content", async () => {
    const { write, read, shard } = await world();
    const t = at();
    const rows = async () => (await shard.status()).walRows;
    expect(await (await ingest(write, { batchId: "b1", samples: [sample("m", t, 1)] })).json()).toMatchObject({ duplicate: false });
    await ingest(write, { batchId: "b2", samples: [sample("m", t, 2)] });
    const before = await rows();
    expect(await (await ingest(write, { batchId: "b1", samples: [sample("m", t, 1)] })).json()).toMatchObject({
      duplicate: true,
      accepted: 1,
    });
    await evictDurableObject(shard);
    expect(await (await ingest(write, { batchId: "b1", samples: [sample("m", t, 1)] })).json()).toMatchObject({ duplicate: true });
    expect(await rows()).toBe(before);
    expect(await valuesOf(read, "m", t)).toEqual([2]);

    const body = { samples: [sample("c", t, 1)] };
    expect(await (await ingest(write, body)).json()).toMatchObject({ duplicate: false });
    expect(await (await ingest(write, body)).json()).toMatchObject({ duplicate: true });
    expect(await (await ingest(write, { samples: [sample("c", t, 3)] })).json()).toMatchObject({ duplicate: false });
  });

  it("[MT14] does not take two keys' batches of one id for the same", async () => {
    const { tenant, write, read } = await world();
    const other = await seedKey(tenant, ["metrics:write"]);
    const t = at();
    await ingest(write, { batchId: "1", samples: [sample("first", t)] });
    expect(await (await ingest(other.secret, { batchId: "1", samples: [sample("second", t)] })).json()).toMatchObject({ duplicate: false });
    expect(await valuesOf(read, "second", t)).toEqual([1]);
  });

  it("[MT13] goes on when the shard has forgotten every reference", async () => {
    const { write, read, shard } = await world();
    const t = at();
    await ingest(write, { samples: [sample("m", t, 1)] });
    // As after a restore of an empty shard: memory and rows are gone, the edge still knows references.
    await runInDurableObject(shard, async (_, state) => await state.storage.deleteAll());
    await evictDurableObject(shard);
    expect(await (await ingest(write, { samples: [sample("m", t, 2)] })).json()).toMatchObject({ accepted: 1 });
    expect(await valuesOf(read, "m", t)).toEqual([2]);
  });

  it("[MT3] answers a problem that names the place, and stores nothing, when the body is no batch", async () => {
    const { write, read } = await world();
    const t = at();
    const whole = JSON.stringify({ samples: [sample("m", t)] });
    const cut = await send(write, whole.slice(0, -3), { "content-type": "application/json" });
    expect(cut.status).toBe(400);
    expect(await cut.json()).toMatchObject({ type: "/problems/bad-request", detail: expect.stringMatching(/too early/) });
    expect((await send(write, `${"[".repeat(50_000)}`, { "content-type": "application/json" })).status).toBe(400);
    expect((await ingest(write, { samples: [], extra: 1 })).status).toBe(400);
    expect((await send(write, whole, { "content-type": "text/plain" })).status).toBe(415);
    expect(await valuesOf(read, "m", t)).toEqual([]);
  });

  it("[MT4] takes 10,000 samples and refuses 10,001, and 8 MiB after decompression and not one byte more", async () => {
    const { write } = await world();
    const t = at();
    const many = (count: number) => ({ samples: Array.from({ length: count }, (_, i) => sample("m", t - i, i, {})) });
    expect(await (await ingest(write, many(METRIC_LIMITS.samples))).json()).toMatchObject({ accepted: METRIC_LIMITS.samples });
    const over = await ingest(write, many(METRIC_LIMITS.samples + 1));
    expect(over.status).toBe(413);
    expect(await over.json()).toMatchObject({ errors: [{ pointer: "/samples" }] });
    const body = JSON.stringify({ samples: [sample("n", t)] });
    const headers = { "content-type": "application/json", "content-encoding": "gzip" };
    expect((await send(write, await gzip(body.padEnd(METRIC_LIMITS.decompressedBytes)), headers)).status).toBe(202);
    expect((await send(write, await gzip(body.padEnd(METRIC_LIMITS.decompressedBytes + 1)), headers)).status).toBe(413);
    const plain = { "content-type": "application/json" };
    expect((await send(write, body.padEnd(METRIC_LIMITS.compressedBytes), plain)).status).toBe(202);
    expect((await send(write, body.padEnd(METRIC_LIMITS.compressedBytes + 1), plain)).status).toBe(413);
  });

  it("[MT71] lets no other tenant read or write a series, whatever the labels say", async () => {
    const one = await world();
    const two = await world();
    const t = at();
    await ingest(one.write, { samples: [sample("secret", t, 42)] });
    await ingest(two.write, { samples: [sample("secret", t, 7)] });
    expect(await valuesOf(one.read, "secret", t)).toEqual([42]);
    expect(await valuesOf(two.read, "secret", t)).toEqual([7]);
    expect((await ingest(one.read, { samples: [] })).status).toBe(403);
    expect((await ask("/v1/metrics/query", { key: one.write, body: {} })).status).toBe(403);
    expect((await ask("/v1/metrics/ingest", { body: { samples: [] } })).status).toBe(401);
  });
});

describe("POST /v1/metrics/query", () => {
  it("[MT44] names the field of a bad query and the limit that it breaks", async () => {
    const { read } = await world();
    const range = { start: "2026-11-20T12:00:00Z", end: "2026-11-20T13:00:00Z" };
    for (const [body, pointer] of [
      [{ ...range, metric: "" }, "/metric"],
      [{ ...range, metric: "m", maxPoints: METRIC_LIMITS.queryPoints + 1 }, "/maxPoints"],
      [
        { ...range, metric: "m", matchers: Array.from({ length: METRIC_LIMITS.matchers + 1 }, () => ({ label: "a", value: "b" })) },
        "/matchers",
      ],
      [{ ...range, metric: "m", start: "yesterday" }, "/start"],
      [{ ...range, metric: "m", end: range.start }, "/end"],
    ] as const) {
      const answer = await ask("/v1/metrics/query", { key: read, body });
      expect(answer.status).toBe(400);
      expect(await answer.json()).toMatchObject({ errors: [{ pointer }] });
    }
    const most = {
      ...range,
      metric: "m",
      maxPoints: METRIC_LIMITS.queryPoints,
      matchers: Array.from({ length: METRIC_LIMITS.matchers }, () => ({ label: "a", value: "b" })),
    };
    expect((await ask("/v1/metrics/query", { key: read, body: most })).status).toBe(200);
  });

  it("[MT40] serves operators from the console's pages as well", async () => {
    const { tenant, write } = await world();
    const operator = await seedOperator("viewer", tenant);
    const t = at();
    await ingest(write, { samples: [sample("m", t, 3)] });
    const query = { metric: "m", start: new Date(t).toISOString(), end: new Date(t + 1_000).toISOString(), groupBy: ["host"] };
    const answer = await ask("/v1/metrics/query", { cookie: operator.cookie, body: query });
    expect(await answer.json()).toMatchObject({ series: [{ labels: { host: "a" } }] });
  });
});
