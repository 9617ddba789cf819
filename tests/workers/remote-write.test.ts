import { createExecutionContext, env, waitOnExecutionContext } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { METRIC_LIMITS } from "../../contract/metric-limits.ts";
import { metricQueryReplySchema } from "../../contract/metric-query.ts";
import { ask, edgeEnv, seedKey, seedTenant } from "../../workers/control/testing.ts";
import { app } from "../../workers/edge.ts";
import type { Problem } from "../../contract/problems.ts";
import { remoteWriteProblem } from "../../workers/observe/remote-write-text.ts";
import { foreignBodies } from "../../workers/observe/in-flight.ts";
import { snapped, STALE_BYTES, type TestSeries, writeRequest } from "../../workers/observe/remote-write-testing.ts";

const HEADERS = {
  "content-type": "application/x-protobuf",
  "content-encoding": "snappy",
  "x-prometheus-remote-write-version": "0.1.0",
};

async function world() {
  const tenant = await seedTenant();
  const write = await seedKey(tenant, ["metrics:write"]);
  const read = await seedKey(tenant, ["metrics:read"]);
  return { tenant, write: write.secret, read: read.secret, shard: env.METRICS.getByName(`${tenant.tenantId}/metrics/0`) };
}

async function send(key: string | Record<string, string>, body: BodyInit, headers: Record<string, string> = {}): Promise<Response> {
  const ctx = createExecutionContext();
  const request = new Request(`${edgeEnv.PUBLIC_URL}/prometheus/api/v1/write`, {
    method: "POST",
    headers: { ...HEADERS, ...(typeof key === "string" ? { authorization: `Bearer ${key}` } : key), ...headers },
    body,
  });
  const response = await app.fetch(request, { ...edgeEnv, LOG_REQUESTS: "off" }, ctx);
  await waitOnExecutionContext(ctx);
  return response;
}

const sendSeries = async (key: string, series: readonly TestSeries[]) => await send(key, snapped(writeRequest(series)));
const up = (at: number, value: number | Uint8Array, more: Record<string, string> = {}): TestSeries => ({
  labels: { __name__: "up", host: "a", ...more },
  samples: [[at, value]],
});
const at = () => Date.now() - 60_000;

async function valuesOf(key: string, metric: string, from: number, steps = 1): Promise<(number | null)[]> {
  const query = {
    metric,
    start: new Date(from).toISOString(),
    end: new Date(from + steps * 1_000).toISOString(),
    stepMs: 1_000,
    aggregate: "last",
  };
  const answer = await ask("/v1/metrics/query", { key, body: query });
  expect(answer.status).toBe(200);
  return metricQueryReplySchema.parse(await answer.json()).series.flatMap(({ values }) => values);
}

const second = (t: number) => Math.floor(t / 1_000) * 1_000;

describe("POST /prometheus/api/v1/write", () => {
  it("[MT100] answers 204 without a body when the samples are stored, by bearer, basic password and x-api-key", async () => {
    const { write, read } = await world();
    const t = second(at());
    const credentials = [
      { authorization: `Bearer ${write}` },
      { authorization: `Basic ${btoa(`anybody:${write}`)}` },
      { "x-api-key": write },
    ] as Record<string, string>[];
    for (const [i, credential] of credentials.entries()) {
      const answer = await send(credential, snapped(writeRequest([up(t + 1_000 * i, i + 1)])));
      expect([answer.status, await answer.text()]).toEqual([204, ""]);
    }
    expect(await valuesOf(read, "up", t, 3)).toEqual([1, 2, 3]);
  });

  it("[MT101] ends a series at the stale marker, and takes a zero that is not written", async () => {
    const { write, read } = await world();
    const t = second(at());
    expect((await sendSeries(write, [up(t, 0), up(t + 1_000, 7), up(t + 2_000, STALE_BYTES)])).status).toBe(204);
    expect(await valuesOf(read, "up", t, 3)).toEqual([0, 7, null]);
  });

  it("[MT102] stores the good samples of a request whose others are too old, and names the oldest accepted time", async () => {
    const { write, read } = await world();
    const t = second(at());
    const answer = await sendSeries(write, [
      up(t, 5),
      up(t - METRIC_LIMITS.pastMs - 3_600_000, 6),
      up(t - METRIC_LIMITS.pastMs - 7_200_000, 6),
    ]);
    expect(answer.status).toBe(400);
    expect(answer.headers.get("content-type")).toContain("text/plain");
    const text = await answer.text();
    expect(text).toMatch(/^1 samples stored, 2 refused for good; oldest accepted time is \d{4}-\d\d-\d\dT[^;]+; timestamp-too-old 2; /);
    expect(text.trimEnd()).not.toContain("\n");
    expect(await valuesOf(read, "up", t)).toEqual([5]);
  });

  it("[MT102] [MT108] refuses a series with labels that are none, and stores the others", async () => {
    const { write, read } = await world();
    const t = second(at());
    const bad: TestSeries[] = [
      { labels: { host: "a" }, samples: [[t, 1]] },
      { labels: { __name__: "x", "bad-name": "v" }, samples: [[t, 1]] },
      { labels: { __name__: "x", __temporality__: "delta" }, samples: [[t, 1]] },
      { labels: [["__name__", "x"], ["a", "1"], ["a", "2"]], samples: [[t, 1]] }, // prettier-ignore
    ];
    for (let turn = 0; turn < 2; turn++) {
      const answer = await sendSeries(write, [up(t + turn, 5), ...bad]);
      expect(answer.status).toBe(400);
      expect(await answer.text()).toContain(
        "1 samples stored, 4 refused for good; label-name-invalid 2, metric-missing 1, labels-invalid 1",
      );
    }
    expect(await valuesOf(read, "up", t)).toEqual([5]);
    expect(await valuesOf(read, "x", t)).toEqual([]);
  });

  it("[MT103] stores the same body once", async () => {
    const { write, read, shard } = await world();
    const t = second(at());
    const body = snapped(writeRequest([up(t, 1)]));
    expect((await send(write, body)).status).toBe(204);
    expect((await sendSeries(write, [up(t, 2)])).status).toBe(204);
    const before = await shard.status();
    expect((await send(write, body)).status).toBe(204);
    expect((await shard.status()).samples).toBe(before.samples);
    expect(await valuesOf(read, "up", t)).toEqual([2]);
  });

  it("[MT104] [MT71] answers 401 and 403 as text, and writes to nobody's series but the key's own", async () => {
    const [mine, other] = [await world(), await world()];
    const t = second(at());
    const nobody = await send({ authorization: "Bearer mrd_a_b_cccccccccccccccccccccccccccccccc" }, snapped(writeRequest([up(t, 1)])));
    expect([nobody.status, nobody.headers.get("content-type")]).toEqual([401, "text/plain; charset=utf-8"]);
    const reader = await sendSeries(mine.read, [up(t, 1)]);
    expect(reader.status).toBe(403);
    expect(await reader.text()).toContain("lacks the scope metrics:write");
    expect((await sendSeries(other.write, [up(t, 1)])).status).toBe(204);
    expect(await valuesOf(mine.read, "up", t)).toEqual([]);
    expect(await valuesOf(other.read, "up", t)).toEqual([1]);
  });

  it("[MT105] answers 415 to version 2, to other types and to other encodings", async () => {
    const { write } = await world();
    const body = snapped(writeRequest([up(at(), 1)]));
    for (const headers of [
      { "content-type": "application/x-protobuf;proto=io.prometheus.write.v2.Request" },
      { "content-type": "application/json" },
      { "content-encoding": "gzip" },
    ]) {
      const answer = await send(write, body, headers);
      expect([answer.status, answer.headers.get("content-type")]).toEqual([415, "text/plain; charset=utf-8"]);
    }
    expect((await send(write, body, { "content-type": "application/x-protobuf;proto=prometheus.WriteRequest" })).status).toBe(204);
  });

  it("[MT104] [MT111] answers 400 to a body that is no snappy block and to one that is no request, and stores nothing", async () => {
    const { write, read, shard } = await world();
    const t = second(at());
    const request = writeRequest([up(t, 1), up(t + 1_000, 2)]);
    for (const body of [
      new Uint8Array(0),
      Uint8Array.of(255, 255, 255, 255, 255),
      snapped(request).subarray(0, 40),
      snapped(request.subarray(0, request.length - 3)),
    ]) {
      expect((await send(write, body)).status).toBe(400);
    }
    expect((await shard.status()).samples).toBe(0);
    expect(await valuesOf(read, "up", t)).toEqual([]);
  });

  it("[MT106] refuses a declared length of a gigabyte with 413, whatever follows", async () => {
    const { write } = await world();
    const answer = await send(write, Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x04, 0, 0));
    expect(answer.status).toBe(413);
    expect(await answer.text()).toContain("1073741824");
  });

  it("[MT104] [MT106] answers 503 with Retry-After while 32 MiB are in flight, and gives room back", async () => {
    const { write } = await world();
    const body = snapped(writeRequest([up(at(), 1)]));
    const held = foreignBodies.open();
    expect(held.take(METRIC_LIMITS.foreignInFlightBytes - body.length + 1)).toBe(true);
    const answer = await send(write, body);
    expect([answer.status, Number(answer.headers.get("retry-after"))]).toEqual([503, 1]);
    held.close();
    expect((await send(write, body)).status).toBe(204);
    for (const broken of [Uint8Array.of(9), body.subarray(0, 30)]) expect((await send(write, broken)).status).toBe(400);
    expect(foreignBodies.bytes).toBe(0);
  });

  it("[MT106] counts a body of unknown length as it comes", async () => {
    const { write } = await world();
    const body = snapped(writeRequest(Array.from({ length: 20 }, (_, i) => up(at(), 1, { n: `${i}` }))));
    const streamed = () =>
      new ReadableStream<Uint8Array>({
        start(controller) {
          for (let from = 0; from < body.length; from += 100) controller.enqueue(body.slice(from, from + 100));
          controller.close();
        },
      });
    const held = foreignBodies.open();
    held.take(METRIC_LIMITS.foreignInFlightBytes - 150);
    expect((await send(write, streamed())).status).toBe(503);
    expect(foreignBodies.bytes).toBe(METRIC_LIMITS.foreignInFlightBytes - 150);
    held.close();
    expect((await send(write, streamed())).status).toBe(204);
    expect(foreignBodies.bytes).toBe(0);
  });

  it("[MT104] never answers 429 or 408: what came too often or too slowly may come again", () => {
    const answer = (slug: Problem["slug"]) => {
      const { status, headers } = remoteWriteProblem({ slug, detail: "two\nlines" }, "r1");
      return [status, headers.get("retry-after")];
    };
    expect(answer("rate-limited")).toEqual([503, "5"]);
    expect(answer("request-timeout")).toEqual([503, "5"]);
    expect(answer("unavailable")).toEqual([503, "5"]);
    expect(answer("limit-reached")).toEqual([400, null]);
    expect(answer("internal")).toEqual([500, null]);
  });

  it("[MT104] answers 413 beyond 40,000 samples, and takes as many", async () => {
    const { write } = await world();
    const t = second(at());
    const many = (count: number): TestSeries[] => [
      { labels: { __name__: "many", host: "a" }, samples: Array.from({ length: count }, (_, i) => [t - i, i] as const) },
    ];
    expect((await sendSeries(write, many(METRIC_LIMITS.foreignSamples))).status).toBe(204);
    const over = await sendSeries(write, many(METRIC_LIMITS.foreignSamples + 1));
    expect(over.status).toBe(413);
    expect(await over.text()).toContain("max_samples_per_send");
  });
});
