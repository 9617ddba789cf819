import { describe, expect, it } from "vitest";
import { METRIC_LIMITS } from "../../contract/metric-limits.ts";
import { FIRST_START_MS } from "./otlp-mapper.ts";
import { attributes, mappedOf, nanos, NOON, read, requestOf, samplesOf, type TestMetric, type TestPoint } from "./otlp-testing.ts";
import { TenantSeries } from "./series-cache.ts";

const at = (ms = 0): Pick<TestPoint, "timeUnixNano"> => ({ timeUnixNano: nanos(NOON + ms) });
const gauge = (name: string, ...dataPoints: TestPoint[]): TestMetric => ({ name, gauge: { dataPoints } });
const counter = (temporality: number, ...dataPoints: TestPoint[]): TestMetric => ({
  name: "requests",
  sum: { aggregationTemporality: temporality, isMonotonic: true, dataPoints },
});
const reasonsOf = (metric: TestMetric, resource = {}) => mappedOf(read(requestOf([metric], resource))).rejected.map(([, reason]) => reason);

describe("attributes", () => {
  it("[MT147] are labels as text, under names of the charset; an empty value is none", () => {
    const values = { "http.method": "GET", "9lives": true, ratio: 0.5, big: 3, empty: "", __temporality__: "delta", ü: "x" };
    expect(samplesOf(requestOf([gauge("g.h", { ...at(), asDouble: 1, attributes: attributes(values) })]))).toEqual([
      ["g.h{_=x,big=3,http_method=GET,key_9lives=true,key__temporality__=delta,ratio=0.5}", 0, "1"],
    ]);
  });

  it("[MT147] are JSON when they are lists or maps, and keep every digit of an integer", () => {
    const list = [
      {
        key: "list",
        value: { arrayValue: { values: [{ stringValue: 'a"b' }, { intValue: "9007199254740993" }, {}, { boolValue: false }] } },
      },
      { key: "map", value: { kvlistValue: { values: [{ key: "k", value: { doubleValue: 0.5 } }] } } },
      { key: "int", value: { intValue: "-9223372036854775808" } },
    ];
    expect(samplesOf(requestOf([gauge("g", { ...at(), asInt: 1, attributes: list })]))).toEqual([
      ['g{int=-9223372036854775808,list=["a\\"b",9007199254740993,null,false],map={"k":0.5}}', 0, "1"],
    ]);
  });

  it("[MT147] share a label where their names meet, in order of the names; ours stand beside theirs", () => {
    const own = attributes({ a_b: "2", "a.b": "1", job: "mine", exported_job: "too" });
    expect(samplesOf(requestOf([gauge("g", { ...at(), asInt: 1, attributes: own })], { "service.name": "shop" }))).toEqual([
      ["g{a_b=1;2,exported_job=too;mine,job=shop}", 0, "1"],
    ]);
  });

  it("[MT147] are refused by reason one beyond each limit, and taken at it", () => {
    const of = (own: Record<string, string>) => reasonsOf(gauge("g", { ...at(), asInt: 1, attributes: attributes(own) }));
    const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`l${i}`, "x"]));
    expect(of(many(METRIC_LIMITS.labels))).toEqual([]);
    expect(of(many(METRIC_LIMITS.labels + 1))).toEqual(["too-many-labels"]);
    expect(of({ ["n".repeat(METRIC_LIMITS.labelNameChars)]: "x" })).toEqual([]);
    expect(of({ ["n".repeat(METRIC_LIMITS.labelNameChars + 1)]: "x" })).toEqual(["label-name-too-long"]);
    expect(of({ a: "x".repeat(METRIC_LIMITS.labelValueChars) })).toEqual([]);
    expect(of({ a: "x".repeat(METRIC_LIMITS.labelValueChars + 1) })).toEqual(["label-value-too-long"]);
    expect(of({ "": "x" })).toEqual(["label-name-invalid"]);
    expect(reasonsOf(gauge("n".repeat(METRIC_LIMITS.metricChars), { ...at(), asInt: 1 }))).toEqual([]);
    expect(reasonsOf(gauge("n".repeat(METRIC_LIMITS.metricChars + 1), { ...at(), asInt: 1 }))).toEqual(["metric-too-long"]);
    expect(reasonsOf(gauge("", { ...at(), asInt: 1 }))).toEqual(["metric-missing"]);
  });

  it("[MT147] a metric's name is kept as it is, also with a quote in front", () => {
    expect(
      samplesOf(requestOf([gauge('"a\\"', { ...at(), asInt: 1 }), gauge("http.server/ü", { ...at(), asInt: 1 })])).map(([key]) => key),
    ).toEqual(['"a\\"', "http.server/ü"]);
  });
});

describe("a resource", () => {
  const RESOURCE = {
    "service.name": "shop",
    "service.namespace": "eu",
    "service.instance.id": "i-1",
    "host.name": "h-1",
    "os.type": "linux",
  };

  it("[MT148] gives its series job, instance and host, and the rest to one target_info a request, as new as its newest point", () => {
    const metrics = [gauge("g", { ...at(-2_000), asInt: 1 }, { ...at(-1_000), asInt: 2, attributes: attributes({ host: "x" }) })];
    expect(samplesOf(requestOf(metrics, RESOURCE))).toEqual([
      ["g{host=h-1,instance=i-1,job=eu/shop}", -2_000, "1"],
      ["g{exported_host=x,host=h-1,instance=i-1,job=eu/shop}", -1_000, "2"],
      ["target_info{host=h-1,instance=i-1,job=eu/shop,os_type=linux}", -1_000, "1"],
    ]);
  });

  it("[MT148] has no target_info without points, without other attributes, or without a name", () => {
    expect(samplesOf(requestOf([gauge("g", { timeUnixNano: 0, asInt: 1 })], RESOURCE))).toEqual([]);
    expect(samplesOf(requestOf([gauge("g", { ...at(), asInt: 1 })], { "service.name": "shop" }))).toHaveLength(1);
    expect(samplesOf(requestOf([gauge("g", { ...at(), asInt: 1 })], { "os.type": "linux" }))).toHaveLength(1);
  });

  it("[MT148] is not refused for attributes that are too long or too many: target_info is without them", () => {
    const many = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`a${String(i).padStart(2, "0")}`, "x"]));
    const samples = samplesOf(requestOf([gauge("g", { ...at(), asInt: 1 })], { "service.name": "s", command: "x".repeat(5_000), ...many }));
    expect(samples).toHaveLength(2);
    expect(samples[1]?.[0]).toMatch(/^target_info\{a00=x,.*a28=x,job=s\}$/);
  });

  it("[MT148] whose service name is too long has its points refused", () => {
    expect(reasonsOf(gauge("g", { ...at(), asInt: 1 }), { "service.name": "x".repeat(2_000) })).toEqual(["label-value-too-long"]);
  });
});

describe("temporality and starts", () => {
  const START = { startTimeUnixNano: nanos(NOON - 60_000) };

  it("[MT149] delta points have series of their own and no zero at their start", () => {
    expect(samplesOf(requestOf([counter(1, { ...at(), ...START, asInt: 5 })]))).toEqual([["requests{__temporality__=delta}", 0, "5"]]);
  });

  it("[MT149] a sum or histogram without temporality is refused with what to send", () => {
    expect(reasonsOf(counter(0, { ...at(), asInt: 5 }))).toEqual(["value-invalid"]);
    const { batch } = read(requestOf([{ name: "h", histogram: { dataPoints: [{ ...at(), count: 1 }] } }]));
    expect(batch.rejected[0]?.detail).toContain("send 2 (cumulative) or 1 (delta)");
  });

  it("[MT150] a start is a zero once it was stored, again when it moves on, and never for what may fall", () => {
    const tenant = new TenantSeries();
    const first = requestOf([counter(2, { ...at(), ...START, asInt: 5 })]);
    const withZero = [
      ["requests", -60_000, "0"],
      ["requests", 0, "5"],
    ];
    expect(samplesOf(first, tenant)).toEqual(withZero);
    const again = read(first, "json", tenant);
    expect(mappedOf(again).samples).toHaveLength(2); // the first was not stored
    again.mapper.stored();
    expect(samplesOf(first, tenant)).toEqual([["requests", 0, "5"]]);
    const restarted = counter(2, { ...at(30_000), startTimeUnixNano: nanos(NOON + 10_000), asInt: 2 });
    expect(samplesOf(requestOf([restarted]), tenant)).toEqual([
      ["requests", 10_000, "0"],
      ["requests", 30_000, "2"],
    ]);
    const falling = { name: "queue", sum: { aggregationTemporality: 2, dataPoints: [{ ...at(), ...START, asInt: 5 }] } };
    expect(samplesOf(requestOf([falling]), tenant)).toEqual([["queue", 0, "5"]]);
  });

  it("[MT8] [MT150] a start is forgotten when one series comes in ever new spellings, which are bounded", () => {
    const tenant = new TenantSeries();
    const spelled = (first: number) =>
      requestOf([
        counter(
          2,
          ...Array.from({ length: 500 }, (_, i) => ({
            ...at(),
            ...START,
            asInt: 5,
            attributes: attributes({ [`empty${first + i}`]: "" }),
          })),
        ),
      ]);
    const one = requestOf([counter(2, { ...at(), ...START, asInt: 5 })]);
    read(one, "json", tenant).mapper.stored();
    read(spelled(0), "json", tenant).mapper.stored();
    expect(samplesOf(one, tenant)).toHaveLength(1);
    for (let first = 500; first < 2_500; first += 500) read(spelled(first), "json", tenant).mapper.stored();
    expect(samplesOf(one, tenant)).toHaveLength(2);
    expect(tenant.size).toBe(1);
  });

  it("[MT150] the first start counts up to 15 min before its point, a later one as far back as samples are taken", () => {
    const from = (ms: number, atMs = 0) => counter(2, { ...at(atMs), startTimeUnixNano: nanos(NOON - ms), asInt: 5 });
    expect(samplesOf(requestOf([from(FIRST_START_MS)]))).toHaveLength(2);
    expect(samplesOf(requestOf([from(FIRST_START_MS + 1)]))).toHaveLength(1);
    const tenant = new TenantSeries();
    read(requestOf([from(METRIC_LIMITS.pastMs + 1)]), "json", tenant).mapper.stored();
    expect(samplesOf(requestOf([from(METRIC_LIMITS.pastMs)]), tenant)).toHaveLength(2);
    expect(samplesOf(requestOf([from(0)]), tenant)).toHaveLength(1); // it begins with its point
  });

  it("[MT146] nanoseconds become whole milliseconds, also at the edge of a word, and 0 is refused", () => {
    const of = (timeUnixNano: string) => samplesOf(requestOf([gauge("g", { timeUnixNano, asInt: 1 })]));
    expect(of(`${NOON}999999`)).toEqual([["g", 0, "1"]]);
    expect(of(`${NOON + 1}000000`)).toEqual([["g", 1, "1"]]);
    expect(reasonsOf(gauge("g", { timeUnixNano: 0, asInt: 1 }, { asInt: 1 }))).toEqual(["timestamp-invalid", "timestamp-invalid"]);
    expect(reasonsOf(gauge("g", { ...at(-METRIC_LIMITS.pastMs - 1), asInt: 1 }, { ...at(METRIC_LIMITS.futureMs + 1), asInt: 1 }))).toEqual([
      "timestamp-too-old",
      "timestamp-in-future",
    ]);
  });
});
