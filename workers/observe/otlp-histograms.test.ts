import { describe, expect, it } from "vitest";
import { bucketsOn, EXPONENTIAL_SCALES, type ExponentialGrid, GRID_BUCKETS, gridFor, type OffsetHistogram } from "./exponential-grid.ts";
import { attributes, mappedOf, nanos, NOON, read, requestOf, samplesOf, type TestMetric, type TestPoint } from "./otlp-testing.ts";
import { TenantSeries } from "./series-cache.ts";

const POINT = { timeUnixNano: nanos(NOON) };
const START = { startTimeUnixNano: nanos(NOON - 60_000) };
const histogram = (point: TestPoint, aggregationTemporality = 2): TestMetric => ({
  name: "h",
  histogram: { aggregationTemporality, dataPoints: [{ ...POINT, ...point }] },
});
const exponential = (point: TestPoint, aggregationTemporality = 2): TestMetric => ({
  name: "e",
  exponentialHistogram: { aggregationTemporality, dataPoints: [{ ...POINT, ...point }] },
});
const shown = (metric: TestMetric, tenant?: TenantSeries) =>
  samplesOf(requestOf([metric]), tenant).map(([series, at, value]) => `${series} ${at === 0 ? "" : `${at} `}${value}`);
const faultOf = (metric: TestMetric) => read(requestOf([metric])).batch.rejected.map(({ reason, detail }) => [reason, detail]);

describe("a histogram", () => {
  const FULL = { count: 7, sum: 12.5, explicitBounds: [0.5, 10], bucketCounts: [1, "2", 4] };

  it("[MT151] is counts up to each bound, a sum and a count", () => {
    expect(shown(histogram(FULL))).toEqual(["h_bucket{le=0.5} 1", "h_bucket{le=10} 3", "h_bucket{le=+Inf} 7", "h_sum 12.5", "h_count 7"]);
  });

  it("[MT151] without a sum, or without buckets, has none", () => {
    expect(shown(histogram({ count: 7 }))).toEqual(["h_bucket{le=+Inf} 7", "h_count 7"]);
    expect(shown(histogram({ count: 7, sum: 0, explicitBounds: [], bucketCounts: [7] }))).toEqual([
      "h_bucket{le=+Inf} 7",
      "h_sum 0",
      "h_count 7",
    ]);
  });

  it("[MT150] [MT151] has a zero at its start in each series, and as delta none but the mark", () => {
    expect(shown(histogram({ ...START, count: 2, explicitBounds: [1], bucketCounts: [1, 1] }))).toEqual([
      "h_bucket{le=1} -60000 0",
      "h_bucket{le=1} 1",
      "h_bucket{le=+Inf} -60000 0",
      "h_bucket{le=+Inf} 2",
      "h_count -60000 0",
      "h_count 2",
    ]);
    expect(shown(histogram({ ...START, count: 2 }, 1))).toEqual([
      "h_bucket{__temporality__=delta,le=+Inf} 2",
      "h_count{__temporality__=delta} 2",
    ]);
  });

  it("[MT151] whose parts do not fit is refused", () => {
    expect(faultOf(histogram({ count: 7, explicitBounds: [1], bucketCounts: [7] }))).toEqual([
      ["histogram-unsupported", "metric h: 1 explicitBounds need one more bucketCounts, not 1"],
    ]);
    expect(faultOf(histogram({ count: 7, explicitBounds: [1, 1], bucketCounts: [7, 0, 0] }))[0]?.[1]).toContain("must ascend");
    expect(faultOf(histogram({ count: 7, explicitBounds: [1] }))).toHaveLength(1);
  });

  it("[MT154] without recorded value ends every series that it had", () => {
    const tenant = new TenantSeries();
    shown(histogram(FULL), tenant);
    expect(shown(histogram({ flags: 1 }), tenant)).toEqual([
      "h_bucket{le=0.5} stale",
      "h_bucket{le=10} stale",
      "h_bucket{le=+Inf} stale",
      "h_sum stale",
      "h_count stale",
    ]);
    expect(shown(histogram({ flags: 1, explicitBounds: [0.5] }))).toEqual([
      "h_bucket{le=0.5} stale",
      "h_bucket{le=+Inf} stale",
      "h_count stale",
    ]);
  });

  it("[MT147] [MT151] an attribute `le` stands beside the bound", () => {
    expect(shown(histogram({ count: 1, attributes: attributes({ le: "x" }) }))).toEqual([
      "h_bucket{exported_le=x,le=+Inf} 1",
      "h_count{exported_le=x} 1",
    ]);
  });

  it("[MT155] gives an exemplar to the bucket that counts it", () => {
    const exemplars = [
      {
        timeUnixNano: nanos(NOON - 5),
        asDouble: 3,
        traceId: "AB".repeat(16),
        spanId: "cd".repeat(8),
        filteredAttributes: attributes({ "user.id": "u" }),
      },
      { asInt: 100, traceId: "0".repeat(32), spanId: "short" },
      { timeUnixNano: nanos(NOON - 100_000_000), asInt: 1 },
      { timeUnixNano: nanos(NOON), asInt: 1, filteredAttributes: attributes({ long: "x".repeat(600) }) },
    ];
    const { extras } = mappedOf(read(requestOf([{ ...histogram({ ...FULL, exemplars }), unit: "ms", description: "How long." }])));
    expect(extras.exemplars?.map(({ series, ...rest }) => [series & 0xff, rest])).toEqual([
      [1, { at: NOON - 5, value: 3, traceId: "ab".repeat(16), spanId: "cd".repeat(8), labels: { user_id: "u" } }],
      [2, { at: NOON, value: 100, traceId: "", spanId: "", labels: {} }],
    ]);
    expect(extras.metadata).toEqual([{ metric: "h", type: "histogram", unit: "ms", help: "How long." }]);
  });
});

describe("an exponential histogram", () => {
  it("[MT152] has the bounds of its own buckets, the lowest one's lower bound, zero and infinity", () => {
    const point = {
      count: 10,
      sum: 1,
      scale: 0,
      zeroCount: 1,
      positive: { offset: 1, bucketCounts: [0, 2, 3] },
      negative: { offset: 0, bucketCounts: [4] },
    };
    expect(shown(exponential(point))).toEqual([
      "e_bucket{le=-1} 4",
      "e_bucket{le=0} 5",
      "e_bucket{le=4} 5",
      "e_bucket{le=8} 7",
      "e_bucket{le=16} 10",
      "e_bucket{le=+Inf} 10",
      "e_sum 1",
      "e_count 10",
    ]);
  });

  it("[MT152] keeps the bounds that its series had before", () => {
    const tenant = new TenantSeries();
    const of = (offset: number, scale = 0) => shown(exponential({ count: 2, scale, positive: { offset, bucketCounts: [2] } }, 1), tenant);
    const bounds = (lines: string[]) => lines.flatMap((line) => /le=([^}]+)\} (\d+)/.exec(line)?.slice(1).join(":") ?? []);
    expect(bounds(of(2))).toEqual(["0:0", "4:0", "8:2", "+Inf:2"]);
    expect(bounds(of(0))).toEqual(["0:0", "1:0", "2:2", "4:2", "8:2", "+Inf:2"]);
    expect(bounds(of(4, 1))).toEqual(["0:0", "1:0", "2:0", "4:0", "8:2", "+Inf:2"]); // finer, so joined to what was
    expect(bounds(of(0, -1))).toEqual(["0:0", "1:0", "4:2", "16:2", "+Inf:2"]); // coarser, so everything becomes coarser
  });

  const wide = (scale: number, length: number): OffsetHistogram => ({
    scale,
    count: length,
    zeroCount: 0,
    zeroThreshold: 0,
    positive: { offset: -3, counts: Array.from({ length }, () => 1) },
    negative: { offset: 0, counts: [] },
  });

  it("[MT152] has at most 160 buckets, halving the resolution exactly until they fit", () => {
    const fits = wide(5, GRID_BUCKETS - 3);
    const grid = gridFor(fits, undefined);
    expect([grid.scale, bucketsOn(grid, fits).length]).toEqual([5, GRID_BUCKETS]);
    const more = wide(5, GRID_BUCKETS - 2);
    const coarser = gridFor(more, undefined);
    expect(coarser.scale).toBe(4);
    const buckets = bucketsOn(coarser, more);
    // Every bound is one of the finer grid, and as many values lie at or below it.
    const fine = new Map(Array.from(more.positive.counts, (_, i) => [2 ** ((i - 2) / 32), i + 1]));
    for (const { bound, count } of buckets.slice(2, -2)) expect(fine.get(bound)).toBe(count);
    expect(buckets.at(-1)).toEqual({ bound: Infinity, count: GRID_BUCKETS - 2 });
  });

  it("[MT152] fits whatever its offsets, in ascending bounds and rising counts", () => {
    const offsets = [-(2 ** 31), -1_000, -1, 0, 7, 2 ** 31 - 1];
    let former: ExponentialGrid | undefined;
    for (const scale of [EXPONENTIAL_SCALES.most, 3, EXPONENTIAL_SCALES.least]) {
      for (const offset of offsets) {
        const run = { offset, counts: [1, 0, 2] };
        const one = { scale, count: 8, zeroCount: 2, zeroThreshold: 1e-9, positive: run, negative: run };
        former = gridFor(one, former);
        const buckets = bucketsOn(former, one);
        expect(buckets.length).toBeLessThanOrEqual(GRID_BUCKETS);
        for (const [i, { bound, count }] of buckets.entries()) {
          const before = buckets[i - 1];
          expect(before === undefined || (bound > before.bound && count >= before.count)).toBe(true);
        }
        expect(buckets.at(-1)).toEqual({ bound: Infinity, count: 8 });
      }
    }
  });

  it("[MT152] of a scale or offset that nobody uses is refused", () => {
    expect(faultOf(exponential({ count: 1, scale: EXPONENTIAL_SCALES.most }))).toEqual([]);
    expect(faultOf(exponential({ count: 1, scale: EXPONENTIAL_SCALES.most + 1 }))[0]?.[0]).toBe("histogram-unsupported");
    expect(faultOf(exponential({ count: 1, scale: EXPONENTIAL_SCALES.least }))).toEqual([]);
    expect(faultOf(exponential({ count: 1, scale: EXPONENTIAL_SCALES.least - 1 }))[0]?.[0]).toBe("histogram-unsupported");
    expect(faultOf(exponential({ count: 1, positive: { offset: 2 ** 31, bucketCounts: [1] } }))[0]?.[0]).toBe("histogram-unsupported");
  });
});

describe("a summary", () => {
  it("[MT153] is a series for each quantile, a sum and a count", () => {
    const quantileValues = [
      { quantile: 0.5, value: 3 },
      { quantile: 1, value: 9 },
    ];
    const metric = { name: "s", summary: { dataPoints: [{ ...POINT, ...START, count: 4, quantileValues }] } };
    expect(shown(metric)).toEqual(["s{quantile=0.5} 3", "s{quantile=1} 9", "s_sum -60000 0", "s_sum 0", "s_count -60000 0", "s_count 4"]);
  });
});

describe("a number", () => {
  it("[MT154] may be NaN or infinite; without recorded value the series has ended; without any it is refused", () => {
    const dataPoints: TestPoint[] = [
      { ...POINT, asDouble: "NaN" },
      { ...POINT, asDouble: "-Infinity", attributes: attributes({ a: "1" }) },
      { ...POINT, flags: 1, attributes: attributes({ a: "2" }) },
      { ...POINT, attributes: attributes({ a: "3" }) },
    ];
    const metric = { name: "g", gauge: { dataPoints } };
    expect(shown(metric)).toEqual(["g NaN", "g{a=1} -Infinity", "g{a=2} stale"]);
    expect(faultOf(metric)).toEqual([["point-empty", "metric g: the point has neither asDouble nor asInt"]]);
  });
});
