import { describe, expect, it } from "vitest";
import { decodeBatch } from "../../contract/metric-batch.ts";
import { readExtras } from "../../contract/metric-extras.ts";
import { METRIC_LIMITS } from "../../contract/metric-limits.ts";
import { fuzz } from "../../tests/fuzz/remote-write.ts";
import { IngestBatch } from "./ingest-batch.ts";
import { MalformedProtobuf } from "./protobuf.ts";
import { readWriteRequest } from "./remote-write-read.ts";
import { TooManySamples } from "./remote-write-state.ts";
import { STALE_BYTES, type TestSeries, writeRequest } from "./remote-write-testing.ts";
import { TenantSeries } from "./series-cache.ts";

const NOON = Date.parse("2026-11-20T12:00:00.000Z");
const WINDOW = { oldestMs: NOON - 86_400_000, newestMs: NOON + 600_000 };

function read(series: readonly TestSeries[], tenant = new TenantSeries(), more?: Parameters<typeof writeRequest>[1]): IngestBatch {
  const batch = new IngestBatch(tenant, 2);
  readWriteRequest(writeRequest(series, more), WINDOW, tenant.labels, batch);
  return batch;
}

function viewOf(batch: IngestBatch) {
  const view = decodeBatch(batch.encode(false).bytes);
  if (!view) throw new Error("no batch");
  return view;
}

/** Key, time and the two words of the value of every sample. */
function samplesOf(batch: IngestBatch) {
  const { count, definitions, series, baseMs, offsetsMs, valueBits } = viewOf(batch);
  return Array.from({ length: count }, (_, i) => [
    definitions[(series[i] ?? 0) - 0x80000000],
    baseMs + (offsetsMs[i] ?? 0),
    valueBits[2 * i],
    valueBits[2 * i + 1],
  ]);
}

const one = (labels: TestSeries["labels"], at = NOON, value: number | Uint8Array = 1): TestSeries => ({ labels, samples: [[at, value]] });
const reasonsOf = (batch: IngestBatch) => batch.rejected.map(({ reason }) => reason);

describe("a remote-write request", () => {
  it("[MT101] keeps every bit of a value, and takes an absent one for zero", () => {
    const values = [
      0,
      -0,
      1.5,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      Number.NaN,
      STALE_BYTES,
      Uint8Array.of(1, 2, 3, 4, 5, 6, 0xf7, 0xff),
    ];
    const batch = read(values.map((value, i) => one({ __name__: `m${i}` }, NOON, value)));
    expect(samplesOf(batch).map(([, , low, high]) => [low, high])).toEqual([
      [0, 0],
      [0, 0x80000000],
      [0, 0x3ff80000],
      [0, 0x7ff00000],
      [0, 0xfff00000],
      [0, 0x7ff80000],
      [2, 0x7ff00000],
      [0x04030201, 0xfff70605],
    ]);
  });

  it("[MT101] reads times of any length, and samples whose fields stand the other way round", () => {
    const times = [WINDOW.oldestMs, NOON - 1, NOON, WINDOW.newestMs];
    expect(samplesOf(read([{ labels: { __name__: "m" }, samples: times.map((at) => [at, 1] as const) }])).map(([, at]) => at)).toEqual(
      times,
    );
    const tenant = new TenantSeries();
    const turned = new IngestBatch(tenant);
    const bytes = writeRequest([], (request) =>
      request.message(1, (series) => {
        series.message(1, (label) => label.text(2, "m").text(1, "__name__"));
        series.message(2, (sample) => sample.varint(2, NOON).text(7, "later").double(1, 5));
      }),
    );
    readWriteRequest(bytes, WINDOW, tenant.labels, turned);
    expect(samplesOf(turned)).toEqual([['["m"]', NOON, 0, 0x40140000]]);
    expect(reasonsOf(read([one({ __name__: "m" }, 0), one({ __name__: "m" }, -5), one({ __name__: "m" }, 2 ** 60)]))).toEqual([
      "timestamp-too-old",
      "timestamp-too-old",
      "timestamp-invalid",
    ]);
  });

  it("[MT107] knows a series by its label bytes, whatever their order, and takes no other for it", () => {
    const tenant = new TenantSeries();
    const keys = (series: readonly TestSeries[]) => samplesOf(read(series, tenant)).map(([key]) => key);
    const a = one([["__name__", "m"], ["a", "1"], ["b", "2"]]); // prettier-ignore
    const turned = one([["b", "2"], ["a", "1"], ["__name__", "m"]]); // prettier-ignore
    const longer = one([["__name__", "m"], ["a", "1"], ["b", "2"], ["c", "3"]]); // prettier-ignore
    const shorter = one([["__name__", "m"], ["a", "1"]]); // prettier-ignore
    const other = one([["__name__", "m"], ["a", "1"], ["b", "3"]]); // prettier-ignore
    const [A, L, S, O] = ['["m","a","1","b","2"]', '["m","a","1","b","2","c","3"]', '["m","a","1"]', '["m","a","1","b","3"]'];
    // Each order of requests predicts the next one wrongly somewhere.
    expect(keys([a, turned, longer, shorter, other])).toEqual([A, A, L, S, O]);
    expect(keys([a, longer, shorter, a, other])).toEqual([A, L, S, A, O]);
    expect(keys([a, shorter, other, longer, turned])).toEqual([A, S, O, L, A]);
    expect(keys([other, other, a, a])).toEqual([O, O, A, A]);
    expect(tenant.size).toBe(4);
    const many = Array.from({ length: 3_000 }, (_, i) => one({ __name__: "m", i: `${i}` }));
    for (const order of [many, many.toReversed(), many]) expect(new Set(keys(order)).size).toBe(3_000);
  });

  it("[MT107] finds series whose labels are longer than are remembered", () => {
    const tenant = new TenantSeries();
    const labels = Object.fromEntries(Array.from({ length: 29 }, (_, i) => [`l${i}`, "x".repeat(1_000)]));
    for (let turn = 0; turn < 2; turn++) expect(read([one({ __name__: "m", ...labels }), one({ __name__: "n" })], tenant).count).toBe(2);
    expect(tenant.size).toBe(2);
  });

  it("[MT108] wants one name, unique labels of the charset and nothing beyond the limits, and tells each time", () => {
    const { metricChars, labels, labelNameChars, labelValueChars } = METRIC_LIMITS;
    const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`l${i}`, "x"]));
    const good = [
      { __name__: "x".repeat(metricChars) },
      { __name__: "m", ...many(labels) },
      { __name__: "m", ["n".repeat(labelNameChars)]: "x" },
      { __name__: "m", l: "x".repeat(labelValueChars) },
      { __name__: "my.metric", empty: "" },
    ];
    const bad: [TestSeries["labels"], string][] = [
      [{ a: "1" }, "metric-missing"],
      [{ __name__: "" }, "metric-missing"],
      [{ __name__: "x".repeat(metricChars + 1) }, "metric-too-long"],
      [{ __name__: "m", ...many(labels + 1) }, "too-many-labels"],
      [{ __name__: "m", ["n".repeat(labelNameChars + 1)]: "x" }, "label-name-too-long"],
      [{ __name__: "m", l: "x".repeat(labelValueChars + 1) }, "label-value-too-long"],
      [{ __name__: "m", "a.b": "x" }, "label-name-invalid"],
      [{ __name__: "m", "": "x" }, "label-name-invalid"],
      [{ __name__: "m", __temporality__: "delta" }, "label-name-invalid"],
      [[["__name__", "m"], ["a", "1"], ["a", "1"]], "labels-invalid"], // prettier-ignore
      [[["__name__", "m"], ["__name__", "m"]], "labels-invalid"], // prettier-ignore
    ];
    const tenant = new TenantSeries();
    for (let turn = 0; turn < 2; turn++) {
      expect(
        reasonsOf(
          read(
            good.map((each) => one(each)),
            tenant,
          ),
        ),
      ).toEqual([]);
      expect(
        reasonsOf(
          read(
            bad.map(([each]) => one(each)),
            tenant,
          ),
        ),
      ).toEqual(bad.map(([, reason]) => reason));
    }
    expect(samplesOf(read([one({ __name__: "my.metric", empty: "" })]))[0]?.[0]).toBe('["my.metric"]');
  });

  it("[MT111] takes 40,000 samples and not one more, over series and histograms", () => {
    const samples = (count: number): TestSeries => ({
      labels: { __name__: "m" },
      samples: Array.from({ length: count }, () => [NOON, 1] as const),
    });
    expect(read([samples(METRIC_LIMITS.foreignSamples)]).count).toBe(METRIC_LIMITS.foreignSamples);
    expect(() => read([samples(METRIC_LIMITS.foreignSamples), one({ __name__: "n" })])).toThrow(TooManySamples);
  });

  it("[MT111] refuses a series whose labels stand behind its samples, and one that is longer than the request", () => {
    const tenant = new TenantSeries();
    const behind = writeRequest([], (request) =>
      request.message(1, (series) => {
        series.message(2, (sample) => sample.double(1, 1).varint(2, NOON));
        series.message(1, (label) => label.text(1, "__name__").text(2, "m"));
      }),
    );
    for (const bytes of [behind, Uint8Array.of(0x0a, 0x7f, 0x0a)]) {
      expect(() => readWriteRequest(bytes, WINDOW, tenant.labels, new IngestBatch(tenant))).toThrow(MalformedProtobuf);
    }
  });

  it("[MT107] [MT109] [MT110] [MT111] reads bent bodies the same with and without what it has seen, and throws nothing else", () => {
    const report = fuzz(107, 4_000);
    expect(report.read).toBeGreaterThan(2_000);
    expect(report.malformed).toBeGreaterThan(1_000);
    expect(report.rejected).toBeGreaterThan(1_000);
    expect(report.broken).toBeGreaterThan(100);
  });

  it("[MT113] hands on exemplars with trace and span, and what metrics are", () => {
    const exemplar = (labels: Record<string, string>, at = NOON) => ({ labels, value: 0.25, at });
    const batch = read(
      [
        {
          ...one({ __name__: "m" }),
          exemplars: [
            exemplar({ trace_id: "0af7651916cd43dd8448eb211c80319c", span_id: "b7ad6b7169203331", route: "/a" }),
            exemplar({ traceID: "abc" }),
            exemplar({ trace_id: "x" }, 0),
            exemplar({ trace_id: "x", long: "y".repeat(METRIC_LIMITS.exemplarLabelsChars) }),
          ],
        },
        { labels: { a: "no name" }, exemplars: [exemplar({ trace_id: "x" })] },
      ],
      undefined,
      (request) => {
        request.message(3, (one) => one.varint(1, 1).text(2, "m").text(4, "What it counts.").text(5, "bytes"));
        request.message(3, (one) => one.varint(1, 4).text(2, "h").text(4, "x".repeat(2_000)));
        request.message(3, (one) => one.varint(1, 99).text(2, "y".repeat(METRIC_LIMITS.metricChars + 1)));
      },
    );
    batch.parts(1, NOON);
    expect(readExtras(viewOf(batch))).toEqual({
      metadata: [
        { metric: "m", type: "counter", unit: "bytes", help: "What it counts." },
        { metric: "h", type: "histogram", unit: "", help: "x".repeat(METRIC_LIMITS.helpChars) },
      ],
      exemplars: [
        {
          series: 0x80000000,
          at: NOON,
          value: 0.25,
          traceId: "0af7651916cd43dd8448eb211c80319c",
          spanId: "b7ad6b7169203331",
          labels: { route: "/a" },
        },
        { series: 0x80000000, at: NOON, value: 0.25, traceId: "abc", spanId: "", labels: {} },
      ],
    });
  });

  it("[MT113] says what a metric is once in ten minutes, and at once when it is another", () => {
    const tenant = new TenantSeries();
    const said = (help: string, now: number) => {
      const batch = read([], tenant, (request) => request.message(3, (one) => one.text(2, "m").text(4, help)));
      const [part] = batch.parts(1, now);
      if (!part) return [];
      const { metadata } = batch.encode(true, part);
      for (const one of metadata) tenant.metadata.note(one, now);
      return metadata.map((one) => one.help);
    };
    expect([
      said("a", NOON),
      said("a", NOON + 599_999),
      said("b", NOON + 599_999),
      said("b", NOON + 1_199_998),
      said("b", NOON + 1_199_999),
    ]).toEqual([["a"], [], ["b"], [], ["b"]]);
  });
});
