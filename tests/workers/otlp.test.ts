import { createExecutionContext, env, waitOnExecutionContext } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import { exemplarListSchema } from "../../contract/metric-catalog.ts";
import { METRIC_LIMITS } from "../../contract/metric-limits.ts";
import type { ShardIngestReply } from "../../contract/rpc/metrics.ts";
import type { Outcome } from "../../contract/problems.ts";
import { metricQueryReplySchema } from "../../contract/metric-query.ts";
import { ask, edgeEnv, seedKey, seedTenant } from "../../workers/control/testing.ts";
import { app } from "../../workers/edge.ts";
import { foreignBodies } from "../../workers/observe/in-flight.ts";
import { attributes, encodeOtlp, nanos, requestOf, type TestPoint, type TestRequest } from "../../workers/observe/otlp-testing.ts";
import { ProtobufReader } from "../../workers/observe/protobuf.ts";

const JSON_TYPE = "application/json";
const PROTOBUF = "application/x-protobuf";
const TYPES = [JSON_TYPE, PROTOBUF] as const;

async function world() {
  const tenant = await seedTenant();
  const write = await seedKey(tenant, ["metrics:write"]);
  const read = await seedKey(tenant, ["metrics:read"]);
  return { write: write.secret, read: read.secret };
}

type Ingest = (bytes: Uint8Array, id: string) => Promise<Outcome<ShardIngestReply>>;

interface Sending {
  readonly headers?: Record<string, string>;
  readonly path?: string;
  /** Stands in for the shard's own way of storing, which it may call. */
  readonly ingest?: (real: Ingest) => Ingest;
}

async function send(key: string, body: BodyInit, type: string, { headers, path = "/otlp/v1/metrics", ingest }: Sending = {}) {
  const ctx = createExecutionContext();
  const request = new Request(`${edgeEnv.PUBLIC_URL}${path}`, {
    method: "POST",
    headers: { ...(key === "" ? {} : { authorization: `Bearer ${key}` }), "content-type": type, ...headers },
    body,
  });
  const namespace = {
    getByName: (name: string) => {
      const real: Ingest = async (bytes, id) => await env.METRICS.getByName(name).ingest(bytes, id);
      return { ingest: ingest?.(real) ?? real, noteRejected: () => Promise.resolve() };
    },
  };
  const METRICS = ingest ? (namespace as unknown as typeof edgeEnv.METRICS) : edgeEnv.METRICS; // storing calls nothing else
  const response = await app.fetch(request, { ...edgeEnv, METRICS, LOG_REQUESTS: "off" }, ctx);
  await waitOnExecutionContext(ctx);
  return response;
}

const failing = (): Ingest => () => Promise.reject(new Error("disk"));
const encoded = (request: TestRequest, type: string): Uint8Array<ArrayBuffer> =>
  type === PROTOBUF ? encodeOtlp(request) : Uint8Array.from(new TextEncoder().encode(JSON.stringify(request)));
const sendRequest = async (key: string, request: TestRequest, type: string, how?: Sending) =>
  await send(key, encoded(request, type), type, how);
const at = () => Math.floor(Date.now() / 1_000) * 1_000 - 60_000;
const gauge = (t: number, ...values: Omit<TestPoint, "timeUnixNano">[]): TestRequest =>
  requestOf([{ name: "queue.depth", gauge: { dataPoints: values.map((value) => ({ timeUnixNano: nanos(t), ...value })) } }]);

/** A `google.rpc.Status` in either encoding. */
async function statusOf(response: Response): Promise<{ code: number; message: string }> {
  const type = response.headers.get("content-type");
  if (type === JSON_TYPE) return await response.json();
  expect(type).toBe(PROTOBUF);
  const reader = new ProtobufReader(await response.bytes());
  expect(reader.tag()).toBe(8);
  const code = reader.uint32();
  expect(reader.tag()).toBe(18);
  return { code, message: reader.text() };
}

async function valuesOf(key: string, metric: string, t: number): Promise<(number | null)[]> {
  const query = { metric, start: new Date(t).toISOString(), end: new Date(t + 1_000).toISOString(), stepMs: 1_000, aggregate: "last" };
  const answer = await ask("/v1/metrics/query", { key, body: query });
  expect(answer.status).toBe(200);
  return metricQueryReplySchema.parse(await answer.json()).series.flatMap(({ values }) => values.slice(0, 1));
}

async function gzip(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer());
}

describe("POST /otlp/v1/metrics", () => {
  it.each(TYPES)(
    "[MT140] answers 200 with an empty response in kind when all is stored, plain and gzip, at both paths: %s",
    async (type) => {
      const { write, read } = await world();
      const t = at();
      const empty = type === PROTOBUF ? "" : "{}";
      const first = await sendRequest(write, gauge(t, { asInt: 4 }), type);
      expect([first.status, first.headers.get("content-type"), await first.text()]).toEqual([200, type, empty]);
      const packed = await gzip(encoded(gauge(t, { asInt: 5, attributes: attributes({ queue: "b" }) }), type));
      const second = await send(write, packed, type, {
        headers: { "content-encoding": "gzip" },
        path: "/prometheus/api/v1/otlp/v1/metrics",
      });
      expect([second.status, second.headers.get("content-type"), await second.text()]).toEqual([200, type, empty]);
      expect(new Set(await valuesOf(read, "queue.depth", t))).toEqual(new Set([4, 5]));
      const nothing = await sendRequest(write, { resourceMetrics: [] }, type);
      expect([nothing.status, await nothing.text()]).toEqual([200, empty]);
    },
  );

  it.each(TYPES)("[MT142] counts refused points with the first reasons, and stores the others: %s", async (type) => {
    const { write, read } = await world();
    const t = at();
    const histogram = { timeUnixNano: nanos(t), count: 3, explicitBounds: [1, 2], bucketCounts: [1] };
    const [, ...metrics] = [0, { name: "h", histogram: { aggregationTemporality: 2, dataPoints: [histogram] } }] as const;
    const request = requestOf([...(gauge(t, { asInt: 4 }, {}).resourceMetrics[0]?.scopeMetrics[0]?.metrics ?? []), ...metrics]);
    const answer = await sendRequest(write, request, type);
    expect(answer.status).toBe(200);
    const message =
      "2 of 3 data points were refused. point-empty: metric queue.depth: the point has neither asDouble nor asInt; histogram-unsupported: metric h: 2 explicitBounds need one more bucketCounts, not 1";
    if (type === JSON_TYPE) expect(await answer.json()).toEqual({ partialSuccess: { rejectedDataPoints: "2", errorMessage: message } });
    else {
      const reader = new ProtobufReader(await answer.bytes());
      expect(reader.tag()).toBe(10);
      reader.enter();
      expect([reader.tag(), reader.int64(), reader.tag(), reader.text()]).toEqual([8, 2, 18, message]);
    }
    expect(await valuesOf(read, "queue.depth", t)).toEqual([4]);
  });

  it("[MT142] counts a histogram once, however many of its series find no room", async () => {
    const { write } = await world();
    const t = at();
    const point = { timeUnixNano: nanos(t), count: 3, explicitBounds: [1], bucketCounts: [1, 2] };
    const request = requestOf([{ name: "h", histogram: { aggregationTemporality: 1, dataPoints: [point] } }], {
      "service.name": "s",
      "os.type": "x",
    });
    const full =
      (real: Ingest): Ingest =>
      async (bytes, id) => {
        const reply = await real(bytes, id);
        return reply.ok ? { ...reply, value: { ...reply.value, refusedSeries: [0, 1, 2, 3] } } : reply; // three of the histogram, and target_info
      };
    const answer = await sendRequest(write, request, JSON_TYPE, { ingest: full });
    expect(await answer.json()).toMatchObject({ partialSuccess: { rejectedDataPoints: "1" } });
  });

  it.each(TYPES)("[MT141] refuses as google.rpc.Status in kind: %s", async (type) => {
    const { write, read } = await world();
    const body = encoded(gauge(at(), { asInt: 1 }), type);
    const gzipped = { headers: { "content-encoding": "gzip" } };
    const broken = type === PROTOBUF ? Uint8Array.of(10, 99) : new TextEncoder().encode("{");
    const answers = [
      await send("", body, type),
      await send(read, body, type),
      await send(write, broken, type),
      await send(write, body, type, { headers: { "content-encoding": "br" } }),
      await send(write, await gzip(new Uint8Array(METRIC_LIMITS.foreignBytes + 1)), type, gzipped),
    ];
    expect(answers.map(({ status }) => status)).toEqual([401, 403, 400, 415, 413]);
    const statuses = await Promise.all(answers.map(statusOf));
    expect(statuses.map(({ code }) => code)).toEqual([16, 7, 3, 3, 8]);
    for (const { message } of statuses) expect(message).toMatch(/ \(request .+\)$/);
    const other = await send(write, body, "text/plain");
    expect([other.status, other.headers.get("content-type")]).toEqual([415, JSON_TYPE]);
  });

  it("[MT141] what passes is 503 with Retry-After: no room for the body, and a shard that fails", async () => {
    const { write, read } = await world();
    const t = at();
    const room = foreignBodies.open();
    expect(room.take(METRIC_LIMITS.foreignInFlightBytes)).toBe(true);
    const crowded = await sendRequest(write, gauge(t, { asInt: 1 }), PROTOBUF);
    room.close();
    expect([crowded.status, crowded.headers.get("retry-after")]).toEqual([503, "1"]);
    expect((await statusOf(crowded)).code).toBe(14);
    const failed = await sendRequest(write, gauge(t, { asInt: 1 }), JSON_TYPE, { ingest: failing });
    expect([failed.status, failed.headers.get("retry-after")]).toEqual([503, "5"]);
    expect((await sendRequest(write, gauge(t, { asInt: 1 }), JSON_TYPE)).status).toBe(200);
    expect(await valuesOf(read, "queue.depth", t)).toEqual([1]);
  });

  it("[MT150] a start whose request failed is said again", async () => {
    const { write, read } = await world();
    const t = at();
    const request = requestOf([
      {
        name: "jobs",
        sum: {
          aggregationTemporality: 2,
          isMonotonic: true,
          dataPoints: [{ timeUnixNano: nanos(t), startTimeUnixNano: nanos(t - 10_000), asInt: 7 }],
        },
      },
    ]);
    expect((await sendRequest(write, request, PROTOBUF, { ingest: failing })).status).toBe(503);
    expect((await sendRequest(write, request, PROTOBUF)).status).toBe(200);
    expect([await valuesOf(read, "jobs", t - 10_000), await valuesOf(read, "jobs", t)]).toEqual([[0], [7]]);
  });

  it("[MT155] keeps exemplars with their trace, and what a metric is, for those who ask", async () => {
    const { write, read } = await world();
    const t = at();
    const exemplars = [
      { timeUnixNano: nanos(t - 5), asDouble: 0.7, traceId: "5b8efff798038103d269b633813fc60c", spanId: "eee19b7ec3c1b174" },
    ];
    const point = { timeUnixNano: nanos(t), count: 3, explicitBounds: [1], bucketCounts: [1, 2], exemplars };
    const metric = { name: "took", unit: "s", description: "How long.", histogram: { aggregationTemporality: 1, dataPoints: [point] } };
    expect((await sendRequest(write, requestOf([metric]), PROTOBUF)).status).toBe(200);
    const range = `start=${new Date(t - 60_000).toISOString()}&end=${new Date(t + 60_000).toISOString()}`;
    const found = await ask(`/v1/metrics/exemplars?metric=took_bucket&${range}`, { key: read });
    const { items } = exemplarListSchema.parse(await found.json());
    expect(items).toMatchObject([{ value: 0.7, traceId: "5b8efff798038103d269b633813fc60c", spanId: "eee19b7ec3c1b174" }]);
    expect(items[0]?.series).toEqual({ le: "1" });
    const described = await ask("/v1/metrics/metadata?metric=took", { key: read });
    expect(await described.json()).toMatchObject({ items: [{ metric: "took", type: "histogram", unit: "s", help: "How long." }] });
  });
});
