import { OTLPMetricExporter as JsonExporter } from "@opentelemetry/exporter-metrics-otlp-http";
import { OTLPMetricExporter as ProtobufExporter } from "@opentelemetry/exporter-metrics-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  AggregationTemporality,
  AggregationType,
  InstrumentType,
  MeterProvider,
  PeriodicExportingMetricReader,
} from "@opentelemetry/sdk-metrics";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { OverTime } from "../../contract/metric-limits.ts";
import { Meridian } from "../../sdk/client.ts";
import { removeState, startTestServer, type TestServer } from "../lib/server.ts";

let server: TestServer;
let meridian: Meridian;

beforeAll(async () => {
  process.env["OTEL_EXPORTER_OTLP_COMPRESSION"] = "gzip"; // as most who send over a line have it
  server = await startTestServer();
  meridian = new Meridian({ url: server.url, key: server.demo.apiKey });
});
afterAll(async () => {
  await server.stop();
  removeState(server);
});

const EXPORTERS = { json: JsonExporter, protobuf: ProtobufExporter } as const;
const TEMPORALITIES = { delta: AggregationTemporality.DELTA, cumulative: AggregationTemporality.CUMULATIVE } as const;
const EVERY = (["json", "protobuf"] as const).flatMap((form) =>
  (["delta", "cumulative"] as const).map((temporality) => [form, temporality] as const),
);

/** The SDK as its documentation sets it up, with an exporter that nobody changed. */
function provider(service: string, form: keyof typeof EXPORTERS, temporality: keyof typeof TEMPORALITIES) {
  const exporter = new EXPORTERS[form]({
    url: `${server.url}/otlp/v1/metrics`,
    headers: { authorization: `Bearer ${server.demo.apiKey}` },
    temporalityPreference: TEMPORALITIES[temporality],
  });
  const attributes = { "service.name": service, "service.instance.id": "one", "deployment.environment.name": "test" };
  return new MeterProvider({
    resource: resourceFromAttributes(attributes),
    // Flushed by hand; the interval only has to be longer than the test.
    readers: [new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 600_000 })],
    views: [
      { instrumentName: "*.wide", instrumentType: InstrumentType.HISTOGRAM, aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM } },
    ],
  });
}

/** Two exports of every kind of instrument: what was counted in both, and what the last one saw. */
async function exportTwice(service: string, form: keyof typeof EXPORTERS, temporality: keyof typeof TEMPORALITIES): Promise<void> {
  const meters = provider(service, form, temporality);
  const meter = meters.getMeter("interop");
  const requests = meter.createCounter("shop.requests", { unit: "{request}", description: "Requests answered." });
  const open = meter.createUpDownCounter("shop.open");
  const depth = meter.createGauge("shop.depth");
  const duration = meter.createHistogram("shop.duration", { unit: "ms", advice: { explicitBucketBoundaries: [10, 100] } });
  const wide = meter.createHistogram("shop.wide");
  let cpuSeconds = 0;
  meter.createObservableCounter("shop.cpu").addCallback((result) => result.observe((cpuSeconds += 1.5), { core: 0 }));
  meter.createObservableGauge("shop.heat").addCallback((result) => result.observe(36.6));
  meter.createObservableUpDownCounter("shop.sessions").addCallback((result) => result.observe(4));
  for (const round of [1, 2]) {
    requests.add(10 * round, { "http.method": "GET" });
    requests.add(1, { "http.method": "PUT" });
    open.add(3);
    depth.record(5 * round);
    for (const value of [5, 50, 500]) duration.record(value);
    for (const value of [1, 3, 1_000]) wide.record(value);
    await meters.forceFlush();
    await new Promise((resolve) => setTimeout(resolve, 20)); // two points of a series need two milliseconds
  }
  await meters.shutdown();
}

interface Asked {
  readonly metric: string;
  readonly aggregate: OverTime;
  /** The label by which series are told apart. */
  readonly by?: string;
  readonly histogramQuantile?: number;
}

/** Values of one selection over the last minutes, by the labels asked for. */
async function ask(service: string, { metric, aggregate, by = "none", histogramQuantile }: Asked) {
  const reply = await meridian.metrics.query({
    metric,
    aggregate,
    groupAggregate: "sum",
    ...(histogramQuantile === undefined ? {} : { histogramQuantile }),
    matchers: [{ label: "job", op: "=", value: service }],
    groupBy: [by],
    start: new Date(Date.now() - 600_000).toISOString(),
    end: new Date(Date.now() + 60_000).toISOString(),
    stepMs: 60_000,
  });
  return new Map(reply.series.map(({ labels, values }) => [labels[by] ?? "", values.filter((value) => value !== null)]));
}

const sums = (answer: ReadonlyMap<string, readonly number[]>) =>
  Object.fromEntries([...answer].map(([key, values]) => [key, values.reduce((sum, value) => sum + value, 0)]));
const lasts = (answer: ReadonlyMap<string, readonly number[]>) =>
  Object.fromEntries([...answer].map(([key, values]) => [key, values.at(-1)]));

describe.each(EVERY)("the OpenTelemetry SDK by %s, %s", (form, temporality) => {
  const service = `otlp-${form}-${temporality}`;
  beforeAll(async () => await exportTwice(service, form, temporality));
  const increase = async (metric: string, by?: string) =>
    sums(await ask(service, { metric, aggregate: "increase", ...(by ? { by } : {}) }));

  it("[MT158] has the same increase of its counters, the first export included", async () => {
    expect(await increase("shop.requests", "http_method")).toEqual({ GET: 30, PUT: 2 });
    expect(await increase("shop.cpu", "core")).toEqual({ "0": 4.5 }); // shutting down asks and exports once more
  });

  it("[MT158] has the same rate, which is the increase over the seconds of a step", async () => {
    const rate = sums(await ask(service, { metric: "shop.requests", aggregate: "rate" }));
    expect(rate[""]).toBeCloseTo(32 / 60, 9);
  });

  it("[MT158] has gauges and up-down counters as they were last", async () => {
    const last = async (metric: string) => lasts(await ask(service, { metric, aggregate: "last" }))[""];
    const names = ["shop.depth", "shop.heat", "shop.open", "shop.sessions", "target_info"];
    expect(await Promise.all(names.map(last))).toEqual([10, 36.6, 6, 4, 1]);
  });

  it("[MT158] has histograms by bucket, with quantiles, sum and count", async () => {
    expect(await increase("shop.duration_bucket", "le")).toEqual({ "10": 2, "100": 4, "+Inf": 6 });
    expect([await increase("shop.duration_count"), await increase("shop.duration_sum")]).toEqual([{ "": 6 }, { "": 1_110 }]);
    const medians = await ask(service, { metric: "shop.duration_bucket", aggregate: "increase", by: "le", histogramQuantile: 0.5 });
    const values = [...medians.values()].flat();
    expect(values.length > 0 && values.every((value) => value > 10 && value <= 100)).toBe(true);
    const wide = await increase("shop.wide_bucket", "le");
    expect([wide["0"], wide["+Inf"]]).toEqual([0, 6]);
    expect(Object.keys(wide).length).toBeLessThanOrEqual(160);
  });

  it("[MT158] says what its metrics are", async () => {
    const { items } = await meridian.metrics.metadata();
    expect(items).toContainEqual({ metric: "shop.requests", type: "counter", unit: "{request}", help: "Requests answered." });
  });
});
