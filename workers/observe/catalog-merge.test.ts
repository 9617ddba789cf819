import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Cardinality, MetricNames, Rejected } from "../../contract/metric-catalog.ts";
import { METRIC_LIMITS } from "../../contract/metric-limits.ts";
import { listLines, packLines, rankLines } from "../../contract/ranked-lines.ts";
import {
  asksOfEach,
  mergeCardinality,
  mergeExemplars,
  mergeLabels,
  mergeMetadata,
  mergeNames,
  mergeRejected,
  mergeSeries,
} from "./catalog-merge.ts";

/** Series by name, each on one of three shards. */
const spread = fc.array(fc.record({ name: fc.constantFrom("cpu", "cpu_total", "disk", "my_cpu"), shard: fc.nat(2) }), { maxLength: 40 });

function countsOf(names: readonly string[]): { value: string; series: number }[] {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([value, series]) => ({ value, series }));
}

const cardinality = (change: Partial<Cardinality>): Cardinality => ({
  activeSeries: 0,
  maxSeries: 100,
  newSeriesPerHour: 10,
  newSeries: [],
  metrics: [],
  labels: [],
  pairs: [],
  ...change,
});

describe("one answer of several shards", () => {
  it("[MT313] has of each name the series of all shards, in the order of one shard that had them all", () => {
    fc.assert(
      fc.property(spread, fc.constantFrom(undefined, "cpu"), fc.integer({ min: 1, max: 4 }), (all, search, limit) => {
        const ask = { limit, ...(search !== undefined && { search }) };
        const linesOf = (names: readonly string[]) => {
          return rankLines(countsOf(names), search, METRIC_LIMITS.listed);
        };
        const parts = [0, 1, 2].map((place) => packLines(linesOf(all.filter(({ shard }) => shard === place).map(({ name }) => name))));
        const whole = rankLines(countsOf(all.map(({ name }) => name)), search, limit);
        const single = mergeLabels([packLines(whole)], ask);
        expect(single).toEqual(whole);
        const merged = mergeLabels(parts, ask);
        expect(merged.items).toEqual(single.items);
        expect(merged.total).toBe(single.total);
      }),
      { seed: 313, numRuns: 200 },
    );
  });

  it("[MT313] asks each of several shards for more than it shows", () => {
    expect(asksOfEach({ limit: 5 }, 1).limit).toBe(5);
    expect(asksOfEach({ limit: 5 }, 2).limit).toBe(METRIC_LIMITS.listed);
  });

  it("[MT313] lets a shard leave the ranking to whoever adds up, unless it has to cut", () => {
    const lines = countsOf(["a", "b", "b", "c", "c", "c"]);
    const { unranked } = asksOfEach({ limit: 5 }, 2);
    const list = (limit: number, search?: string) =>
      listLines(lines, { limit, ...(unranked && { unranked }), ...(search !== undefined && { search }) }).items.map(({ value }) => value);
    expect(list(3)).toEqual(["a", "b", "c"]);
    expect(list(2)).toEqual(["c", "b"]);
    expect(list(3, "b")).toEqual(["b"]);
    expect(listLines(lines, { limit: 3 }).items.map(({ value }) => value)).toEqual(["c", "b", "a"]);
  });

  it("[MT313] says of a metric what any shard knows, and how long a list is that a shard has cut", () => {
    const unknown = { metric: "m", series: 1, type: null, unit: null, help: null };
    const known = { metric: "m", series: 2, type: "gauge", unit: "s", help: "h" };
    const parts: MetricNames[] = [
      { items: [unknown], total: 1 },
      { items: [known], total: 7 },
      { items: [unknown], total: 1 },
    ];
    expect(mergeNames(parts, { limit: 5 })).toEqual({ items: [{ ...known, series: 4 }], total: 7 });
    const metadata = { metric: "m", type: "gauge", unit: "s", help: "h" } as const;
    expect(
      mergeMetadata(
        [
          { items: [metadata], total: 1 },
          { items: [metadata], total: 1 },
        ],
        { limit: 5 },
      ),
    ).toEqual({ items: [metadata], total: 1 });
  });

  it("[MT313] has the newest series and exemplars of all first", () => {
    const series = (newestAt: number | null) => ({ metric: "m", labels: {}, newestAt });
    const merged = mergeSeries(
      [
        { items: [series(3), series(null)], total: 2 },
        { items: [series(5)], total: 9 },
      ],
      { limit: 2 },
    );
    expect([merged.items.map(({ newestAt }) => newestAt), merged.total]).toEqual([[5, 3], 11]);
    const exemplar = (at: number) => ({ metric: "m", series: {}, at, value: 1, traceId: "", spanId: "", labels: {} });
    expect(mergeExemplars([{ items: [exemplar(1)] }, { items: [exemplar(2)] }], { limit: 1 }).items).toEqual([exemplar(2)]);
  });

  it("[MT313] adds up cardinality by name and hour; the limits are the tenant's and not sums", () => {
    const parts = [
      cardinality({
        activeSeries: 2,
        newSeries: [{ hourMs: 0, made: 1, refused: 2 }],
        metrics: [{ name: "a", series: 2 }],
        labels: [{ name: "host", values: 2, series: 2 }],
        pairs: [{ name: "job=x", series: 2 }],
      }),
      cardinality({
        activeSeries: 3,
        newSeries: [{ hourMs: 0, made: 3, refused: 0 }],
        metrics: [{ name: "b", series: 3 }],
        labels: [{ name: "host", values: 3, series: 3 }],
        pairs: [{ name: "job=x", series: 3 }],
      }),
    ];
    expect(mergeCardinality(parts, { limit: 1 })).toEqual(
      cardinality({
        activeSeries: 5,
        newSeries: [{ hourMs: 0, made: 4, refused: 2 }],
        metrics: [{ name: "b", series: 3 }],
        labels: [{ name: "host", values: 5, series: 5 }],
        pairs: [{ name: "job=x", series: 5 }],
      }),
    );
  });

  it("[MT313] adds up what came in by protocol, key and minute, with the longest lag", () => {
    const sender = (minuteMs: number, lagMs: number | null): Rejected["ingest"][number] => ({
      protocol: "native",
      keyId: "k",
      minutes: [{ minuteMs, samples: 2, requests: 1, rejected: 1 }],
      lagMs,
    });
    const part = (...ingest: Rejected["ingest"]): Rejected => ({ items: [], totals: [], ingest });
    const parts = [part(sender(60_000, null)), part(sender(0, 5), { ...sender(0, 9), keyId: "other" }), part(sender(60_000, 7))];
    expect(mergeRejected(parts).ingest).toEqual([
      {
        protocol: "native",
        keyId: "k",
        minutes: [
          { minuteMs: 0, samples: 2, requests: 1, rejected: 1 },
          { minuteMs: 60_000, samples: 4, requests: 2, rejected: 2 },
        ],
        lagMs: 7,
      },
      { ...sender(0, 9), keyId: "other" },
    ]);
  });
});
