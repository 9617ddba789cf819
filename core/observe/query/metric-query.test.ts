import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { METRIC_LIMITS } from "../../../contract/metric-limits.ts";
import { planSteps } from "../../../contract/query-steps.ts";
import { NOON, TestShard, type TestSample, valueOf } from "../testing.ts";
import { ALL_KEPT, TierReader } from "../tier-reader.ts";
import { ask, askWith, gatherFrom, iso, selectAll } from "./testing.ts";

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
        const steps = planSteps({ fromMs: Math.max(0, from), endMs: Math.max(0, from) + length, stepMs, maxPoints, at: "buckets" });
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
    const planned = (length: number, stepMs: number | undefined, maxPoints: number) =>
      planSteps({ fromMs: NOON, endMs: NOON + length, stepMs, maxPoints, at: "buckets" });
    expect(planned(300_000, undefined, 1_000)).toEqual({ startMs: NOON, stepMs: 5_000, count: 60 });
    expect(planned(86_400_000, undefined, 1_000).stepMs).toBe(120_000);
    expect(planned(60_000, 1_000, 30).stepMs).toBe(2_000);
    expect(planned(60_000, 1_000, 60).stepMs).toBe(1_000);
  });
});

describe("a query", () => {
  it("[MT42] makes one value of the samples of each step: avg, min, max, sum, last", async () => {
    const rig = filled(1);
    const values = async (aggregate: string) => valueOf(await ask(rig, { stepMs: 15_000, aggregate })).series[0]?.values;
    expect(await values("avg")).toEqual([1, 4, 7, 10]);
    expect(await values("min")).toEqual([0, 3, 6, 9]);
    expect(await values("max")).toEqual([2, 5, 8, 11]);
    expect(await values("sum")).toEqual([3, 12, 21, 30]);
    expect(await values("last")).toEqual([2, 5, 8, 11]);
  });

  it("[MT42] leaves a gap where there is no sample, and ends a series at its stale marker", async () => {
    const rig = new TestShard();
    rig.ingest([
      { metric: "m", at: NOON, value: 1 },
      { metric: "m", at: NOON + 20_000, value: 3 },
      { metric: "m", at: NOON + 22_000, value: null },
      { metric: "m", at: NOON + 40_000, value: null },
    ]);
    expect(valueOf(await ask(rig, { stepMs: 10_000, aggregate: "last" })).series[0]?.values).toEqual([1, null, null, null, null, null]);
    expect(valueOf(await ask(rig, { stepMs: 10_000, aggregate: "avg" })).series[0]?.values).toEqual([1, null, 3, null, null, null]);
  });

  it("[MT42] counts a point at the start of a step into it, and one at its end into the next", async () => {
    const rig = filled(1, 3);
    expect(valueOf(await ask(rig, { stepMs: 5_000, start: iso(NOON), end: iso(NOON + 10_000) })).series[0]?.values).toEqual([0, 1]);
  });

  it("[MT40] selects by metric and label, where an absent label has no value", async () => {
    const rig = filled(3);
    rig.ingest([{ metric: "m", at: NOON, value: 7 }]);
    const hosts = async (matchers: unknown) => valueOf(await ask(rig, { matchers })).series.map(({ labels }) => labels.host ?? "");
    expect(await hosts([])).toEqual(["h0", "h1", "h2", ""]);
    expect(await hosts([{ label: "host", value: "h1" }])).toEqual(["h1"]);
    expect(await hosts([{ label: "host", op: "!=", value: "h1" }])).toEqual(["h0", "h2", ""]);
    expect(
      await hosts([
        { label: "zone", value: "even" },
        { label: "host", op: "!=", value: "h0" },
      ]),
    ).toEqual(["h2"]);
    expect(await hosts([{ label: "host", value: "" }])).toEqual([""]);
    expect(valueOf(await ask(rig, { metric: "nothing" })).series).toEqual([]);
    expect(valueOf(await ask(rig, { metric: '"m"' })).series).toHaveLength(4);
  });

  it("[MT43] groups series that agree on labels, combining each series' step value", async () => {
    const rig = filled(3, 2);
    const grouped = async (groupBy: string[], groupAggregate?: string) =>
      valueOf(await ask(rig, { stepMs: 10_000, end: iso(NOON + 10_000), aggregate: "max", groupBy, groupAggregate })).series;
    expect(await grouped(["zone"], "sum")).toEqual([
      { labels: { zone: "even" }, values: [1 + 201] },
      { labels: { zone: "odd" }, values: [101] },
    ]);
    expect(await grouped([], "avg")).toEqual([{ labels: {}, values: [101] }]);
    expect(await grouped([])).toEqual([{ labels: {}, values: [201] }]);
    expect(await grouped(["nothing"], "min")).toEqual([{ labels: {}, values: [1] }]);
  });

  it("[MT43] takes the newest sample of a group for `last`", async () => {
    const rig = new TestShard();
    rig.ingest([
      { metric: "m", labels: { i: "1" }, at: NOON + 4_000, value: 1 },
      { metric: "m", labels: { i: "2" }, at: NOON + 2_000, value: 2 },
    ]);
    expect(valueOf(await ask(rig, { stepMs: 60_000, aggregate: "last", groupBy: [] })).series[0]?.values).toEqual([1]);
  });

  it("[MT44] refuses an empty range, naming the field", async () => {
    const rig = filled(1);
    for (const end of [NOON, NOON - 1]) {
      expect(await ask(rig, { end: iso(end) })).toMatchObject({
        ok: false,
        problem: { slug: "invalid-body", errors: [{ pointer: "/end" }] },
      });
    }
  });

  it("[MT44] holds the limit of series in an answer, and grouping gets around it", async () => {
    const rig = new TestShard();
    const add = (from: number, count: number) =>
      rig.ingest(Array.from({ length: count }, (_, i) => ({ metric: "m", labels: { i: String(from + i) }, at: NOON, value: 1 })));
    add(0, METRIC_LIMITS.querySeries);
    expect(valueOf(await ask(rig, { maxPoints: 10 })).series).toHaveLength(METRIC_LIMITS.querySeries);
    add(METRIC_LIMITS.querySeries, 1);
    expect(await ask(rig, { maxPoints: 10 })).toMatchObject({ ok: false, problem: { detail: /group/ } });
    // A shard refuses by itself: what nobody may see needs no way to the edge.
    const shardsOwn: boolean[] = [];
    const noting = gatherFrom([
      (order) => {
        const reply = selectAll(rig, order);
        shardsOwn.push(reply.ok);
        return reply;
      },
    ]);
    await askWith(noting, { maxPoints: 10 });
    expect(shardsOwn).toEqual([false]);
    expect(valueOf(await ask(rig, { maxPoints: 10, groupBy: [] })).series).toHaveLength(1);
  });

  it("[MT44] holds the limit of values in an answer, and says how many points would fit", async () => {
    const rig = new TestShard();
    rig.ingest(Array.from({ length: 200 }, (_, i) => ({ metric: "m", labels: { i: String(i) }, at: NOON, value: 1 })));
    const range = { start: iso(NOON), end: iso(NOON + 5_000 * 1_000), stepMs: 1_000 };
    expect(valueOf(await ask(rig, { ...range, maxPoints: 5_000 })).series).toHaveLength(200);
    expect(await ask(rig, { ...range, end: iso(NOON + 5_001 * 1_000), maxPoints: 5_001 })).toMatchObject({
      ok: false,
      problem: { detail: /at most \d+ points/, errors: [{ pointer: "/maxPoints" }] },
    });
  });

  it("[MT44] holds the limit of series that it looks at, over all shards", async () => {
    const shards = [new TestShard({ maxSeries: 40_000 }), new TestShard({ maxSeries: 40_000 })];
    const add = (rig: TestShard | undefined, from: number, count: number) =>
      rig?.ingest(Array.from({ length: count }, (_, i) => ({ metric: "m", labels: { i: String(from + i) }, at: NOON, value: 1 })));
    for (const rig of shards) for (let from = 0; from < METRIC_LIMITS.scannedSeries / 2; from += 5_000) add(rig, from, 5_000);
    const gather = gatherFrom(shards.map((rig) => (order) => selectAll(rig, order)));
    expect(valueOf(await askWith(gather, { groupBy: [], aggregate: "sum" })).series[0]?.values[0]).toBe(METRIC_LIMITS.scannedSeries);
    add(shards[0], METRIC_LIMITS.scannedSeries, 1);
    expect(await askWith(gather, { groupBy: [] })).toMatchObject({ ok: false, problem: { errors: [{ pointer: "/matchers" }] } });
  });

  it("[MT44] refuses to decode more than its share of packed rows", async () => {
    const rig = filled(1);
    rig.seal(NOON + 3_600_000);
    for (let id = 100; rig.shard.blocks.bytes <= METRIC_LIMITS.scannedBytes; id++) {
      rig.shard.blocks.add({ id, seal: 9, firstRef: 1, lastRef: 1, minAt: NOON, maxAt: NOON + 1, through: 0, bytes: 1 << 20, points: 2 });
    }
    expect(await ask(rig, {})).toMatchObject({ ok: false, problem: { errors: [{ pointer: "/start" }] } });
  });

  it("[MT45] reads the newest minutes from memory and only the rows of its range and series", async () => {
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
    const read = async (from: number, end: number, host: string) =>
      valueOf(await ask(rig, { start: iso(from), end: iso(end), stepMs: 60_000, matchers: [{ label: "host", value: host }] })).trace;
    const last = NOON + 2 * 3_600_000;
    expect(await read(last - 60_000, last + 60_000, "h7")).toMatchObject({ seriesScanned: 1, blocksRead: 0, pointsRead: 1 });
    expect(await read(NOON + 3_000_000, NOON + 4_000_000, "h7")).toMatchObject({ seriesScanned: 1, blocksRead: 1, pointsRead: 1 });
    expect(await read(NOON, last + 60_000, "h7")).toMatchObject({ seriesScanned: 1, blocksRead: 3, pointsRead: 3 });
  });

  it("[MT29] shows nothing older than the raw tier", async () => {
    const rig = filled(1);
    const source = new (class extends TierReader {
      override oldest = () => NOON + 30_000;
    })(rig.shard, NOON, ALL_KEPT);
    expect(valueOf(await ask(rig, { stepMs: 5_000 }, source)).series[0]?.values.filter((value) => value !== null)).toEqual([
      6, 7, 8, 9, 10, 11,
    ]);
  });
});
