import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { METRIC_LIMITS } from "../../contract/metric-limits.ts";
import { type SingleQuery, singleQuerySchema } from "../../contract/metric-query.ts";
import { runQuery } from "./metric-query.ts";
import { planSteps } from "./steps.ts";
import { NOON, TestShard, type TestSample, valueOf } from "./testing.ts";

const iso = (ms: number) => new Date(ms).toISOString();

function ask(rig: TestShard, query: Record<string, unknown>, oldestMs = 0) {
  const full = singleQuerySchema.parse({ start: iso(NOON), end: iso(NOON + 60_000), metric: "m", ...query });
  return runQuery(full, { series: rig.shard.series, reader: rig.reader(), oldestMs });
}

/** Points of several hosts, one every 5 s. */
function filled(hosts = 3, points = 12): TestShard {
  const rig = new TestShard();
  const samples: TestSample[] = [];
  for (let host = 0; host < hosts; host++) {
    for (let i = 0; i < points; i++) {
      samples.push({
        metric: "m",
        labels: { host: `h${host}`, zone: host % 2 === 0 ? "even" : "odd" },
        at: NOON + i * 5_000,
        value: host * 100 + i,
      });
    }
  }
  rig.ingest(samples);
  return rig;
}

describe("the steps of an answer", () => {
  it("[MT41] are aligned to multiples of the step, cover the range and are never more than asked", () => {
    const any = fc.record({
      from: fc.integer({ min: -1_000_000, max: 2 * NOON }),
      length: fc.oneof(fc.integer({ min: 1, max: 100_000 }), fc.integer({ min: 1, max: 4 * NOON })),
      stepMs: fc.option(fc.integer({ min: 1_000, max: 86_400_000 }), { nil: undefined }),
      maxPoints: fc.integer({ min: 1, max: METRIC_LIMITS.queryPoints }),
    });
    fc.assert(
      fc.property(any, ({ from, length, stepMs, maxPoints }) => {
        const steps = planSteps(Math.max(0, from), Math.max(0, from) + length, stepMs, maxPoints);
        expect(steps.count).toBeLessThanOrEqual(maxPoints);
        expect(steps.startMs % steps.stepMs).toBe(0);
        expect(steps.startMs).toBeLessThanOrEqual(Math.max(0, from));
        expect(steps.startMs + steps.count * steps.stepMs).toBeGreaterThanOrEqual(Math.max(0, from) + length);
        if (stepMs !== undefined) expect(steps.stepMs % stepMs).toBe(0);
      }),
      { seed: 41, numRuns: 1_000 },
    );
  });

  it("[MT41] are round when the caller names none, and grow from the named one when it gives too many points", () => {
    expect(planSteps(NOON, NOON + 300_000, undefined, 1_000)).toEqual({ startMs: NOON, stepMs: 5_000, count: 60 });
    expect(planSteps(NOON, NOON + 86_400_000, undefined, 1_000).stepMs).toBe(120_000);
    expect(planSteps(NOON, NOON + 60_000, 1_000, 30).stepMs).toBe(2_000);
    expect(planSteps(NOON, NOON + 60_000, 1_000, 60).stepMs).toBe(1_000);
  });
});

describe("a query", () => {
  it("[MT42] makes one value of the samples of each step: avg, min, max, sum, last", () => {
    const rig = filled(1);
    const values = (aggregate: string) => valueOf(ask(rig, { stepMs: 15_000, aggregate })).series[0]?.values;
    expect(values("avg")).toEqual([1, 4, 7, 10]);
    expect(values("min")).toEqual([0, 3, 6, 9]);
    expect(values("max")).toEqual([2, 5, 8, 11]);
    expect(values("sum")).toEqual([3, 12, 21, 30]);
    expect(values("last")).toEqual([2, 5, 8, 11]);
  });

  it("[MT42] leaves a gap where there is no sample, and ends a series at its stale marker", () => {
    const rig = new TestShard();
    rig.ingest([
      { metric: "m", at: NOON, value: 1 },
      { metric: "m", at: NOON + 20_000, value: 3 },
      { metric: "m", at: NOON + 22_000, value: null },
      { metric: "m", at: NOON + 40_000, value: null },
    ]);
    expect(valueOf(ask(rig, { stepMs: 10_000, aggregate: "last" })).series[0]?.values).toEqual([1, null, null, null, null, null]);
    expect(valueOf(ask(rig, { stepMs: 10_000, aggregate: "avg" })).series[0]?.values).toEqual([1, null, 3, null, null, null]);
  });

  it("[MT42] counts a point at the start of a step into it, and one at its end into the next", () => {
    const rig = filled(1, 3);
    expect(valueOf(ask(rig, { stepMs: 5_000, start: iso(NOON), end: iso(NOON + 10_000) })).series[0]?.values).toEqual([0, 1]);
  });

  it("[MT40] selects by metric and label, where an absent label has no value", () => {
    const rig = filled(3);
    rig.ingest([{ metric: "m", at: NOON, value: 7 }]);
    const hosts = (matchers: unknown) => valueOf(ask(rig, { matchers })).series.map(({ labels }) => labels.host ?? "");
    expect(hosts([])).toEqual(["h0", "h1", "h2", ""]);
    expect(hosts([{ label: "host", value: "h1" }])).toEqual(["h1"]);
    expect(hosts([{ label: "host", op: "!=", value: "h1" }])).toEqual(["h0", "h2", ""]);
    expect(
      hosts([
        { label: "zone", value: "even" },
        { label: "host", op: "!=", value: "h0" },
      ]),
    ).toEqual(["h2"]);
    expect(hosts([{ label: "host", value: "" }])).toEqual([""]);
    expect(valueOf(ask(rig, { metric: "nothing" })).series).toEqual([]);
    expect(valueOf(ask(rig, { metric: '"m"' })).series).toHaveLength(4);
  });

  it("[MT43] groups series that agree on labels, combining each series' step value", () => {
    const rig = filled(3, 2);
    const grouped = (groupBy: string[], groupAggregate?: string) =>
      valueOf(ask(rig, { stepMs: 10_000, end: iso(NOON + 10_000), aggregate: "max", groupBy, groupAggregate })).series;
    expect(grouped(["zone"], "sum")).toEqual([
      { labels: { zone: "even" }, values: [1 + 201] },
      { labels: { zone: "odd" }, values: [101] },
    ]);
    expect(grouped([], "avg")).toEqual([{ labels: {}, values: [101] }]);
    expect(grouped([])).toEqual([{ labels: {}, values: [201] }]);
    expect(grouped(["nothing"], "min")).toEqual([{ labels: {}, values: [1] }]);
  });

  it("[MT43] takes the newest sample of a group for `last`", () => {
    const rig = new TestShard();
    rig.ingest([
      { metric: "m", labels: { i: "1" }, at: NOON + 4_000, value: 1 },
      { metric: "m", labels: { i: "2" }, at: NOON + 2_000, value: 2 },
    ]);
    expect(valueOf(ask(rig, { stepMs: 60_000, aggregate: "last", groupBy: [] })).series[0]?.values).toEqual([1]);
  });

  it("[MT44] refuses an empty range, naming the field", () => {
    const rig = filled(1);
    for (const end of [NOON, NOON - 1]) {
      expect(ask(rig, { end: iso(end) })).toMatchObject({ ok: false, problem: { slug: "invalid-body", errors: [{ pointer: "/end" }] } });
    }
  });

  it("[MT44] holds the limit of series in an answer, and grouping gets around it", () => {
    const rig = new TestShard();
    const add = (from: number, count: number) =>
      rig.ingest(Array.from({ length: count }, (_, i) => ({ metric: "m", labels: { i: String(from + i) }, at: NOON, value: 1 })));
    add(0, METRIC_LIMITS.querySeries);
    expect(valueOf(ask(rig, { maxPoints: 10 })).series).toHaveLength(METRIC_LIMITS.querySeries);
    add(METRIC_LIMITS.querySeries, 1);
    expect(ask(rig, { maxPoints: 10 })).toMatchObject({ ok: false, problem: { detail: /group/ } });
    expect(valueOf(ask(rig, { maxPoints: 10, groupBy: [] })).series).toHaveLength(1);
  });

  it("[MT44] holds the limit of values in an answer, and says how many points would fit", () => {
    const rig = new TestShard();
    rig.ingest(Array.from({ length: 200 }, (_, i) => ({ metric: "m", labels: { i: String(i) }, at: NOON, value: 1 })));
    const range = { start: iso(NOON), end: iso(NOON + 5_000 * 1_000), stepMs: 1_000 };
    expect(valueOf(ask(rig, { ...range, maxPoints: 5_000 })).series).toHaveLength(200);
    expect(ask(rig, { ...range, end: iso(NOON + 5_001 * 1_000), maxPoints: 5_001 })).toMatchObject({
      ok: false,
      problem: { detail: /at most \d+ points/, errors: [{ pointer: "/maxPoints" }] },
    });
  });

  it("[MT44] holds the limit of series that it looks at", () => {
    const rig = new TestShard({ maxSeries: 30_000 });
    const add = (from: number, count: number) =>
      rig.ingest(Array.from({ length: count }, (_, i) => ({ metric: "m", labels: { i: String(from + i) }, at: NOON, value: 1 })));
    add(0, 10_000);
    add(10_000, 10_000);
    expect(ask(rig, { groupBy: [] }).ok).toBe(true);
    add(20_000, 1);
    expect(ask(rig, { groupBy: [] })).toMatchObject({ ok: false, problem: { errors: [{ pointer: "/matchers" }] } });
  });

  it("[MT44] refuses to decode more than its share of packed rows", () => {
    const rig = filled(1);
    rig.seal(NOON + 3_600_000);
    for (let id = 100; rig.shard.blocks.bytes <= METRIC_LIMITS.scannedBytes; id++) {
      rig.shard.blocks.add({ id, seal: 9, firstRef: 1, lastRef: 1, minAt: NOON, maxAt: NOON + 1, through: 0, bytes: 1 << 20 });
    }
    expect(ask(rig, {})).toMatchObject({ ok: false, problem: { errors: [{ pointer: "/start" }] } });
  });

  it("[MT45] reads the newest minutes from memory and only the rows of its range and series", () => {
    const rig = new TestShard();
    const hosts = Array.from({ length: 200 }, (_, i) => `h${i}`);
    for (let hour = 0; hour < 3; hour++) {
      const at = NOON + hour * 3_600_000;
      rig.ingest(
        hosts.map((host) => ({ metric: "m", labels: { host }, at, value: hour })),
        at,
      );
      rig.seal(at);
    }
    const read = (from: number, end: number, host: string) =>
      valueOf(ask(rig, { start: iso(from), end: iso(end), stepMs: 60_000, matchers: [{ label: "host", value: host }] })).trace;
    const last = NOON + 2 * 3_600_000;
    expect(read(last - 60_000, last + 60_000, "h7")).toEqual({ seriesScanned: 1, blocksRead: 0, pointsRead: 1 });
    expect(read(NOON + 3_000_000, NOON + 4_000_000, "h7")).toEqual({ seriesScanned: 1, blocksRead: 1, pointsRead: 1 });
    expect(read(NOON, last + 60_000, "h7")).toEqual({ seriesScanned: 1, blocksRead: 3, pointsRead: 3 });
  });

  it("[MT29] shows nothing older than the raw tier", () => {
    const rig = filled(1);
    const query: Partial<SingleQuery> = { stepMs: 5_000 };
    expect(valueOf(ask(rig, query, NOON + 30_000)).series[0]?.values.filter((value) => value !== null)).toEqual([6, 7, 8, 9, 10, 11]);
  });
});
