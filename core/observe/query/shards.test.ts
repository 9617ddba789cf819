import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ACROSS, METRIC_LIMITS, OVER_TIME } from "../../../contract/metric-limits.ts";
import type { MetricQueryReply } from "../../../contract/metric-query.ts";
import { seriesKey } from "../../../contract/metric-key.ts";
import { NOON, TestShard, type TestSample, valueOf } from "../testing.ts";
import { near } from "./oracle-testing.ts";
import { ask, askWith, gatherFrom, iso, selectAll } from "./testing.ts";

const sample = fc.record({
  host: fc.constantFrom("a", "b", "c", "d"),
  zone: fc.constantFrom("x", "y", ""),
  le: fc.constantFrom("1", "2", "+Inf"),
  at: fc.integer({ min: 0, max: 119 }),
  value: fc.integer({ min: 0, max: 100 }),
});

const samplesOf = (drawn: readonly { host: string; zone: string; le: string; at: number; value: number }[]): TestSample[] => [
  ...new Map(
    drawn.map(({ at, value, ...labels }) => [`${seriesKey("m", labels)}${at}`, { metric: "m", labels, at: NOON + at * 1_000, value }]),
  ).values(),
];

function shardsOf(samples: readonly TestSample[], placeOf: (sample: TestSample) => number, count: number): TestShard[] {
  return Array.from({ length: count }, (_, place) => {
    const rig = new TestShard();
    const own = samples.filter((each) => placeOf(each) === place);
    if (own.length > 0) rig.ingest(own, NOON + 120_000);
    return rig;
  });
}

const gathered = (shards: readonly TestShard[]) => gatherFrom(shards.map((rig) => (order) => selectAll(rig, order)));

/** Series by their labels; the order in which shards name them does not count. */
const byLabels = ({ series }: MetricQueryReply) => new Map(series.map(({ labels, values }) => [seriesKey("", labels), values]));

function expectSame(got: MetricQueryReply, wanted: MetricQueryReply): number {
  const [mine, theirs] = [byLabels(got), byLabels(wanted)];
  expect([...mine.keys()].sort()).toEqual([...theirs.keys()].sort());
  for (const [key, values] of theirs)
    for (const [i, value] of values.entries())
      expect(near(mine.get(key)?.[i], value), `${key} at ${i}: ${mine.get(key)?.[i]} and not ${value}`).toBe(true);
  return theirs.size;
}

describe("several shards", () => {
  it("[MT228] answer together what one with all series would, however series are combined", async () => {
    let compared = 0;
    const selection = fc.record(
      {
        aggregate: fc.constantFrom(...OVER_TIME),
        quantile: fc.constant(0.7),
        windowMs: fc.constantFrom(30_000, 300_000),
        groupBy: fc.constantFrom<string[]>([], ["zone"], ["host", "le"], ["nothing"]),
        groupAggregate: fc.constantFrom(...ACROSS),
        histogramQuantile: fc.constant(0.9),
      },
      { requiredKeys: ["quantile", "aggregate"] },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(sample, { minLength: 1, maxLength: 150 }), selection, async (drawn, chosen) => {
        const { histogramQuantile, ...rest } = chosen;
        const query = { ...rest, ...(histogramQuantile !== undefined && rest.groupBy?.includes("le") ? { histogramQuantile } : {}) };
        const range = { stepMs: 15_000, start: iso(NOON), end: iso(NOON + 120_000) };
        const samples = samplesOf(drawn);
        const one = shardsOf(samples, () => 0, 1);
        const three = shardsOf(samples, ({ labels }) => (labels?.host ?? "").charCodeAt(0) % 3, 3);
        compared += expectSame(
          valueOf(await askWith(gathered(three), { ...query, ...range })),
          valueOf(await askWith(gathered(one), { ...query, ...range })),
        );
      }),
      { seed: 228, numRuns: 300 },
    );
    expect(compared).toBeGreaterThan(400);
  });

  it("[MT228] put together a series that has moved from one to another in the middle of a step", async () => {
    const samples = Array.from({ length: 60 }, (_, i) => ({ metric: "m", labels: { host: "a" }, at: NOON + i * 1_000, value: i % 7 }));
    const one = shardsOf(samples, () => 0, 1);
    const two = shardsOf(samples, ({ at }) => (at < NOON + 33_000 ? 0 : 1), 2);
    for (const aggregate of ["avg", "min", "max", "sum", "count", "last"]) {
      const query = { aggregate, stepMs: 10_000 };
      expectSame(valueOf(await askWith(gathered(two), query)), valueOf(await askWith(gathered(one), query)));
    }
  });

  it("[MT229] show the largest of all of them, each step by itself", async () => {
    const samples = Array.from({ length: 40 }, (_, i) =>
      [0, 10_000].map((at) => ({ metric: "m", labels: { i: `${i}` }, at: NOON + at, value: (i * (at + 7)) % 41 })),
    ).flat();
    const shards = shardsOf(samples, ({ labels }) => Number(labels?.i) % 4, 4);
    const query = { top: { k: 3 }, stepMs: 10_000, end: iso(NOON + 20_000) };
    const { series } = valueOf(await askWith(gathered(shards), query));
    for (const [step, at] of [0, 10_000].entries()) {
      const wanted = samples
        .filter((each) => each.at === NOON + at)
        .map(({ value }) => value)
        .sort((a, b) => b - a)
        .slice(0, 3);
      expect(series.flatMap(({ values }) => values[step] ?? []).sort((a, b) => b - a)).toEqual(wanted);
    }
    const grouped = valueOf(await askWith(gathered(shards), { ...query, groupBy: ["i"], groupAggregate: "sum" }));
    expect(byLabels(grouped)).toEqual(byLabels({ ...grouped, series }));
  });

  it("[MT242] add up what they read", async () => {
    const samples = ["a", "b", "c"].map((host) => ({ metric: "m", labels: { host }, at: NOON, value: 1 }));
    const { trace } = valueOf(await askWith(gathered(shardsOf(samples, ({ labels }) => (labels?.host === "a" ? 0 : 1), 2)), {}));
    expect(trace).toMatchObject({ shards: 2, seriesScanned: 3, pointsRead: 3, tiers: { raw: 3, minute: 0, hour: 0 } });
  });
});

describe("the limits of a selection", () => {
  const many = (count: number) => {
    const rig = new TestShard();
    rig.ingest(Array.from({ length: count }, (_, i) => ({ metric: "m", labels: { i: `${i}` }, at: NOON, value: i })));
    return rig;
  };

  it("[MT237] are named with its place", async () => {
    const rig = many(METRIC_LIMITS.querySeries + 1);
    const selections = [
      { name: "a", metric: "other" },
      { name: "b", metric: "m" },
    ];
    expect(await ask(rig, { selections })).toMatchObject({ ok: false, problem: { errors: [{ pointer: "/selections/1/groupBy" }] } });
    const bad = [{ name: "a", metric: "m", matchers: [{ label: "i", op: "=~", value: "(" }] }];
    expect(await ask(rig, { selections: bad })).toMatchObject({
      ok: false,
      problem: { errors: [{ pointer: "/selections/0/matchers/0/value" }] },
    });
    const formula = { name: "f", expression: "b + b", on: [] };
    const grouped = { selections: [{ name: "b", metric: "m", top: { k: 5 }, shown: false }], formulas: [formula] };
    expect(await ask(rig, grouped)).toMatchObject({ ok: false, problem: { errors: [{ pointer: "/formulas/0/expression" }] } });
  });

  it("[MT237] leave room for series of which only the largest are shown", async () => {
    const rig = many(METRIC_LIMITS.querySeries + 500);
    const top = { k: 2 };
    const answer = valueOf(await ask(rig, { top, maxPoints: 10 }));
    expect(answer.series.map(({ labels }) => labels.i)).toEqual(["1498", "1499"]);
    expect(valueOf(await ask(rig, { top, groupBy: ["i"], maxPoints: 10 })).series).toHaveLength(2);
    expect(
      await ask(rig, {
        top: { k: METRIC_LIMITS.topSeries },
        start: iso(NOON),
        end: iso(NOON + 1_001_000),
        stepMs: 1_000,
        maxPoints: 1_001,
      }),
    ).toMatchObject({
      ok: false,
      problem: { errors: [{ pointer: "/top/k" }] },
    });
  });
});
