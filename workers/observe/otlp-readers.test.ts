import { describe, expect, it } from "vitest";
import { METRIC_LIMITS } from "../../contract/metric-limits.ts";
import { acceptedWindow } from "../../contract/metric-samples.ts";
import { fuzz } from "../../tests/fuzz/otlp.ts";
import { OTLP_LIMITS } from "./otlp-point.ts";
import { readOtlp } from "./otlp-read.ts";
import {
  encodeOtlp,
  mappedOf,
  nanos,
  NOON,
  read,
  requestOf,
  seriesText,
  type TestAny,
  type TestAttribute,
  type TestRequest,
} from "./otlp-testing.ts";
import { ProtobufWriter } from "./remote-write-testing.ts";
import { TenantSeries } from "./series-cache.ts";

const TIME = { timeUnixNano: nanos(NOON) };
const WINDOW = acceptedWindow(NOON);
const outcomeOf = (body: unknown, form: "json" | "protobuf" = "json") =>
  readOtlp(
    body instanceof Uint8Array ? Uint8Array.from(body) : new TextEncoder().encode(JSON.stringify(body)),
    form,
    WINDOW,
    new TenantSeries(),
  );
const problemOf = (body: unknown, form: "json" | "protobuf" = "json") => {
  const outcome = outcomeOf(body, form);
  return outcome.ok ? undefined : outcome.problem;
};
const series = (bytes: Uint8Array) =>
  mappedOf(read(bytes, "protobuf")).samples.map(([key, at, value]) => `${seriesText(key)} ${at} ${value}`);
const pointOf = (value: TestAny): TestRequest =>
  requestOf([{ name: "g", gauge: { dataPoints: [{ ...TIME, asInt: 1, attributes: [{ key: "a", value }] }] } }]);

describe("both readers", () => {
  it("[MT143] [MT157] give the same batch for the same data, and throw nothing when its bytes are bent", () => {
    const report = fuzz(20_261_120, 1_500);
    expect(report.samples).toBeGreaterThan(3_000);
    expect(report.rejected).toBeGreaterThan(500);
    expect(report.taken).toBeGreaterThan(300);
    expect(report.refused).toBeGreaterThan(300);
  });

  it("[MT140] an empty request is one, in both encodings", () => {
    expect(mappedOf(read({ resourceMetrics: [] })).samples).toEqual([]);
    expect(outcomeOf({}).ok && outcomeOf(new Uint8Array(0), "protobuf").ok).toBe(true);
  });

  it("[MT156] take 40,000 points and refuse one more with the way out, storing nothing", () => {
    const points = (count: number) =>
      requestOf([{ name: "g", gauge: { dataPoints: Array.from({ length: count }, () => ({ ...TIME, asInt: 1 })) } }]);
    expect(outcomeOf(points(METRIC_LIMITS.foreignSamples)).ok).toBe(true);
    const refused = problemOf(points(METRIC_LIMITS.foreignSamples + 1));
    expect(refused).toMatchObject({ slug: "payload-too-large", detail: expect.stringContaining("send_batch_max_size") });
    expect(problemOf(encodeOtlp(points(METRIC_LIMITS.foreignSamples + 1)), "protobuf")).toEqual(refused);
  });

  it("[MT156] refuse points that would become far more samples than points", () => {
    const bounds = Array.from({ length: OTLP_LIMITS.buckets - 1 }, (_, i) => i);
    const point = { ...TIME, count: 1, explicitBounds: bounds, bucketCounts: [...bounds, 0] };
    const of = (count: number) =>
      requestOf([{ name: "h", histogram: { aggregationTemporality: 1, dataPoints: Array.from({ length: count }, () => point) } }]);
    expect(outcomeOf(of(10)).ok).toBe(true);
    expect(problemOf(of(100))?.slug).toBe("payload-too-large");
  });

  it("[MT156] refuse a point whose lists are longer than any SDK's, and nesting beyond 16", () => {
    const bounds = Array.from({ length: OTLP_LIMITS.buckets }, (_, i) => i);
    const request = requestOf([
      {
        name: "h",
        histogram: { aggregationTemporality: 2, dataPoints: [{ ...TIME, count: 1, explicitBounds: bounds, bucketCounts: [...bounds, 0] }] },
      },
    ]);
    const nested = (depth: number): TestAny => (depth === 0 ? { intValue: 1 } : { arrayValue: { values: [nested(depth - 1)] } });
    for (const form of ["json", "protobuf"] as const) {
      expect(mappedOf(read(request, form)).rejected).toEqual([[0, "histogram-unsupported"]]);
      expect(mappedOf(read(pointOf(nested(OTLP_LIMITS.depth)), form)).rejected).toEqual([]);
      expect(mappedOf(read(pointOf(nested(OTLP_LIMITS.depth + 1)), form)).rejected).toEqual([[0, "label-value-invalid"]]);
    }
  });

  it("[MT156] refuse lists of attributes and items that nobody sends, and more resources than points may be", () => {
    const empty = (count: number) => Array.from({ length: count }, (_, i) => ({ key: `a${i}`, value: { stringValue: "" } }));
    const point = (attributes: TestAttribute[]) => requestOf([{ name: "g", gauge: { dataPoints: [{ ...TIME, asInt: 1, attributes }] } }]);
    const items = (count: number): TestAny => ({ arrayValue: { values: Array.from({ length: count }, () => ({})) } });
    const pairs = (count: number): TestAny => ({ kvlistValue: { values: empty(count) } });
    const resources = (count: number) => ({ resourceMetrics: Array.from({ length: count }, () => ({ scopeMetrics: [] })) });
    for (const form of ["json", "protobuf"] as const) {
      const reasons = (request: TestRequest) => mappedOf(read(request, form)).rejected.map(([, reason]) => reason);
      expect(reasons(point(empty(OTLP_LIMITS.attributes)))).toEqual([]);
      expect(reasons(point(empty(OTLP_LIMITS.attributes + 1)))).toEqual(["too-many-labels"]);
      for (const value of [items, pairs]) {
        expect(reasons(pointOf(value(OTLP_LIMITS.items)))).toEqual(["label-value-too-long"]);
        expect(reasons(pointOf(value(OTLP_LIMITS.items + 1)))).toEqual(["label-value-invalid"]);
      }
      const body = (count: number) => (form === "json" ? resources(count) : encodeOtlp(resources(count)));
      expect(problemOf(body(2 * METRIC_LIMITS.foreignSamples), form)).toBeUndefined();
      expect(problemOf(body(2 * METRIC_LIMITS.foreignSamples + 1), form)?.slug).toBe("payload-too-large");
    }
  });

  it("[MT156] JSON that would become a tree much larger than its bytes is refused before it is parsed", () => {
    const body = new TextEncoder().encode(`{"resourceMetrics":[${"{},".repeat(1_600_000)}{}]}`);
    expect(problemOf(body)?.slug).toBe("payload-too-large");
  });
});

describe("the JSON reader", () => {
  it("[MT144] takes integers and times as numbers and as texts, and passes over what it does not know", () => {
    const of = (time: unknown, asInt: unknown) => ({
      extra: 1,
      resourceMetrics: [
        {
          scopeMetrics: [{ metrics: [{ name: "g", gauge: { dataPoints: [{ timeUnixNano: time, asInt, more: {} }] } }, { name: "none" }] }],
        },
      ],
    });
    for (const body of [of(`${NOON}000000`, "5"), of(NOON * 1_000_000, 5)]) {
      const outcome = outcomeOf(body);
      expect(outcome.ok && mappedOf(outcome.value).samples).toEqual([['["g"]', 0, "5"]]);
    }
  });

  it("[MT144] says where a shape is wrong", () => {
    const metric = (data: object) => ({ resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: "g" }, { name: "m", ...data }] }] }] });
    const details = [
      { resourceMetrics: {} },
      metric({ gauge: { dataPoints: [{}, { asInt: 1.5 }] } }),
      metric({ sum: { aggregationTemporality: "AGGREGATION_TEMPORALITY_DELTA" } }),
      metric({ gauge: { dataPoints: [{ asDouble: "1,5" }] } }),
      metric({ gauge: { dataPoints: [{ timeUnixNano: -1 }] } }),
      metric({ gauge: { dataPoints: [{ attributes: [{ key: 5 }] }] } }),
      metric({ sum: { isMonotonic: "yes" } }),
    ].map((body) => problemOf(body)?.detail);
    expect(details).toEqual([
      expect.stringContaining("`resourceMetrics` must be an array"),
      expect.stringContaining(
        "`asInt` must be a whole number, or a text of its digits, in resourceMetrics[0].scopeMetrics[0].metrics[1], point 1",
      ),
      expect.stringContaining("`aggregationTemporality` must be 1 (delta) or 2 (cumulative)"),
      expect.stringContaining("`asDouble` must be a number"),
      expect.stringContaining("`timeUnixNano` must be nanoseconds"),
      expect.stringContaining("`key` must be a text"),
      expect.stringContaining("`isMonotonic` must be true or false"),
    ]);
  });
});

describe("the protobuf reader", () => {
  const point = (write: (point: ProtobufWriter) => unknown) => (data: ProtobufWriter) => data.message(1, (inner) => write(inner));
  const time = (into: ProtobufWriter) => {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(NOON) * 1_000_000n, true);
    return into.double(3, bytes);
  };

  it("[MT145] takes names behind what they name, the last of a field, and fields it does not know", () => {
    const request = new ProtobufWriter().message(1, (resource) => {
      resource.message(2, (scope) =>
        scope.message(2, (metric) =>
          metric
            .message(7, (sum) => point((one) => time(one).varint(99, 5).double(4, 1).double(4, 2))(sum).varint(2, 1))
            .text(12, "metadata")
            .text(1, "behind"),
        ),
      );
      resource.message(1, (inner) => inner.message(1, (pair) => pair.text(1, "service.name").message(2, (any) => any.text(1, "shop"))));
    });
    expect(series(request.done())).toEqual(["behind{__temporality__=delta,job=shop} 0 2"]);
  });

  it("[MT145] knows attributes that stand apart from each other, and tells them from those that stand together", () => {
    const pair = (key: string) => (into: ProtobufWriter) => into.text(1, key).message(2, (any) => any.text(1, "x"));
    const of = (write: (one: ProtobufWriter) => unknown) =>
      new ProtobufWriter().message(1, (r) => r.message(2, (s) => s.message(2, (m) => m.text(1, "g").message(5, point(write))))).done();
    const tenant = new TenantSeries();
    const apart = of((one) =>
      time(one.message(7, pair("a")))
        .message(7, pair("b"))
        .double(4, 1),
    );
    const together = of((one) => time(one).message(7, pair("a")).message(7, pair("b")).double(4, 1));
    const other = of((one) =>
      time(one.message(7, pair("a")))
        .message(7, pair("c"))
        .double(4, 1),
    );
    const keys = [apart, together, apart, other, of((one) => time(one).double(4, 1))].map((bytes) =>
      seriesText(mappedOf(read(bytes, "protobuf", tenant)).samples[0]?.[0] ?? ""),
    );
    expect(keys).toEqual(["g{a=x,b=x}", "g{a=x,b=x}", "g{a=x,b=x}", "g{a=x,c=x}", "g"]);
  });

  it("[MT145] takes lists packed or not", () => {
    const fixed = Uint8Array.of(3, 0, 0, 0, 0, 0, 0, 0);
    const of = (write: (one: ProtobufWriter) => unknown) =>
      new ProtobufWriter()
        .message(1, (r) =>
          r.message(2, (s) => s.message(2, (m) => m.text(1, "h").message(9, (h) => point((one) => write(time(one)))(h).varint(2, 2)))),
        )
        .done();
    const packed = of((one) => one.bytes(6, [...fixed, ...fixed]).packedDoubles(7, [1]));
    expect(series(of((one) => one.double(6, fixed).double(6, fixed).double(7, 1)))).toEqual(series(packed));
    expect(series(packed)[0]).toBe("h_bucket{le=1} 0 3");
  });

  it("[MT145] a text that is no UTF-8 costs its point and no other", () => {
    const bad = (field: number) => (pair: ProtobufWriter) => pair.bytes(field, [0xff, 0xfe]);
    const request = new ProtobufWriter().message(1, (r) =>
      r.message(2, (s) => {
        const gauge = (g: ProtobufWriter) => {
          point((one) => time(one).double(4, 1))(g);
          point((one) =>
            time(one)
              .double(4, 1)
              .message(7, (pair) => pair.text(1, "a").message(2, bad(1))),
          )(g);
          point((one) => time(one).double(4, 1).message(7, bad(1)))(g);
        };
        s.message(2, (m) => m.text(1, "g").message(5, gauge));
        s.message(2, (m) => m.bytes(1, [0xff]).message(5, gauge));
      }),
    );
    const mapped = mappedOf(read(request.done(), "protobuf"));
    expect(mapped.samples).toHaveLength(1);
    expect(mapped.rejected).toEqual([
      [1, "label-value-invalid"],
      [2, "label-name-invalid"],
      [3, "metric-invalid"],
      [4, "metric-invalid"],
      [5, "metric-invalid"],
    ]);
  });

  it("[MT145] bytes that are no request are refused with what is wrong", () => {
    expect(problemOf(Uint8Array.of(10, 200), "protobuf")).toMatchObject({
      slug: "invalid-body",
      detail: expect.stringContaining("not an ExportMetricsServiceRequest"),
    });
  });
});
