import { describe, expect, it } from "vitest";
import type { RollupTier } from "../../contract/metric-limits.ts";
import type { ShardIngestReply } from "../../contract/rpc/metrics.ts";
import { deleteSeries } from "./delete-series.ts";
import { importPoints } from "./import-points.ts";
import { batchOf, NOON, TEST_KEPT, type TestSample, TestShard, valueOf } from "./testing.ts";
import { upkeep } from "./upkeep.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

let nextId = 0;
function imported(rig: TestShard, samples: readonly TestSample[], now = NOON): ShardIngestReply {
  return valueOf(importPoints(rig.shard, batchOf(samples), `import-${nextId++}`, now, TEST_KEPT));
}

/** A point every `step` whose value is its number. */
function points(metric: string, from: number, count: number, step = MINUTE, first = 0): TestSample[] {
  return Array.from({ length: count }, (_, i) => ({ metric, at: from + i * step, value: first + i }));
}

function windows(rig: TestShard, metric: string, tier: RollupTier, now = NOON) {
  const view = rig.tiers(now).rollups(rig.slotOf(metric), tier, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
  return Array.from({ length: view.count }, (_, i) => ({
    at: view.at[i] ?? 0,
    sum: view.sum[i] ?? 0,
    samples: view.samples[i] ?? 0,
    last: view.last[i] ?? 0,
    increase: view.increase[i] ?? 0,
  }));
}

const totals = (list: ReturnType<typeof windows>) => [list.length, list.reduce((sum, { samples }) => sum + samples, 0)];

describe("an import", () => {
  it("[MT181] that comes again brings what was refused or deleted meanwhile, also of the raw tier", () => {
    const rig = new TestShard({ perHour: 1 });
    const batch = batchOf([...points("a", NOON - 2 * HOUR, 60), ...points("b", NOON - 2 * HOUR, 60)]);
    const again = (now: number) => valueOf(importPoints(rig.shard, batch, "same", now, TEST_KEPT)).accepted;
    expect([again(NOON + HOUR - MINUTE), again(NOON + HOUR)]).toEqual([60, 120]);
    expect(rig.points("b")).toHaveLength(60);
    deleteSeries(rig.shard, { metric: "a" });
    expect(again(NOON + HOUR + 1)).toBe(60);
    expect(again(NOON + 2 * HOUR)).toBe(120);
    for (const metric of ["a", "b"]) expect(rig.points(metric)).toHaveLength(60);
  });

  it("[MT181] puts points of the past into minutes at once and those of the raw tier among the others", () => {
    const rig = new TestShard();
    const from = NOON - 3 * DAY;
    expect(imported(rig, points("m", from, 3 * 24 * 60))).toMatchObject({ accepted: 4_320, unknown: false, refusedSeries: [] });
    for (const step of [() => undefined, () => rig.restart(), () => rig.upkeep(NOON), () => rig.restart()]) {
      step();
      const minutes = windows(rig, "m", "minute");
      const boundary = NOON - DAY;
      expect(minutes.filter(({ at }) => at < boundary)).toHaveLength(2 * 24 * 60);
      expect(minutes[5]).toEqual({ at: from + 5 * MINUTE, sum: 5, samples: 1, last: 5, increase: 1 });
      const { first, last } = rig.tiers(NOON).raw(rig.slotOf("m"), boundary, NOON);
      expect(last - first).toBe(24 * 60);
    }
  });

  it("[MT181] comes to the same when it is sent twice, before and after everything else that a shard does", () => {
    const rig = new TestShard();
    const from = NOON - 5 * DAY;
    const half = points("m_total", from, 600, 5_000);
    const other = points("m_total", from + 600 * 5_000, 600, 5_000, 600);
    imported(rig, half);
    imported(rig, other);
    const once = windows(rig, "m_total", "minute");
    // The requests meet in the middle of a minute, of which each has a part.
    expect((600 * 5_000) % MINUTE).toBe(0);
    expect(totals(once)).toEqual([100, 1_200]);
    for (const step of [() => undefined, () => rig.upkeep(NOON), () => rig.restart()]) {
      step();
      imported(rig, other);
      imported(rig, half);
      expect(windows(rig, "m_total", "minute")).toEqual(once);
    }
  });

  it("[MT181] sums a minute that two requests have parts of, and chains its increase over both", () => {
    const rig = new TestShard();
    const from = NOON - 3 * DAY;
    imported(rig, points("m_total", from + 30_000, 30, 5_000, 6));
    imported(rig, points("m_total", from, 6, 5_000));
    expect(windows(rig, "m_total", "minute")).toEqual([
      { at: from, sum: 66, samples: 12, last: 11, increase: 11 },
      { at: from + MINUTE, sum: 210, samples: 12, last: 23, increase: 12 },
      { at: from + 2 * MINUTE, sum: 354, samples: 12, last: 35, increase: 12 },
    ]);
    // The earlier part, sent last, is where the increase of what follows begins.
    const late = new TestShard();
    imported(late, points("m_total", from + MINUTE, 12, 5_000, 12));
    imported(late, points("m_total", from, 12, 5_000));
    expect(windows(late, "m_total", "minute").map(({ increase }) => increase)).toEqual([11, 12]);
  });

  it("[MT182] replaces windows of the past, makes their hours anew, and moves the epoch of its series alone", () => {
    const rig = new TestShard();
    const start = NOON - 20 * DAY;
    for (let at = start; at < start + 5 * DAY; at += 4 * HOUR) {
      rig.ingest([...points("m", at, 240), ...points("other", at, 1)], at + 4 * HOUR);
      rig.upkeep(at + 4 * HOUR);
    }
    rig.upkeep(NOON);
    const hour = start + 30 * HOUR;
    expect(windows(rig, "m", "hour").find(({ at }) => at === hour)).toMatchObject({ samples: 60 });
    const [own, foreign] = ["m", "other"].map((metric) => rig.tiers(NOON).lateEpoch(rig.slotOf(metric)));
    imported(rig, [{ metric: "m", at: hour + 5_000, value: 1_000 }]);
    for (const step of [() => undefined, () => rig.restart()]) {
      step();
      expect(windows(rig, "m", "hour").find(({ at }) => at === hour)).toMatchObject({ samples: 1, sum: 1_000 });
      expect(windows(rig, "m", "hour").find(({ at }) => at === hour + HOUR)).toMatchObject({ samples: 60 });
    }
    expect(rig.tiers(NOON).lateEpoch(rig.slotOf("m"))).toBeGreaterThan(own ?? 0);
    expect(foreign).toBeLessThan(rig.shard.late.newest);
  });

  it("[MT181] holds what it has packed until windows can be split no more, then lets it go with its age", () => {
    const rig = new TestShard();
    imported(rig, points("m", NOON - 3 * DAY, 60));
    rig.upkeep(NOON + HOUR);
    expect(rig.store.counts().blocks).toBe(1);
    rig.upkeep(NOON + 3 * HOUR);
    expect(rig.store.counts()).toMatchObject({ blocks: 0, minute: 1 });
    rig.restart(NOON + 3 * HOUR);
    expect(totals(windows(rig, "m", "minute", NOON + 3 * HOUR))).toEqual([60, 60]);
    rig.upkeep(NOON + DAY);
    expect(totals(windows(rig, "m", "hour", NOON + DAY))).toEqual([1, 60]);
  });

  it("[MT181] leaves what waits in memory alone, through a seal that it falls into and a restart", () => {
    const rig = new TestShard();
    rig.ingest([...points("a", NOON - HOUR, 60), ...points("b", NOON - HOUR, 60), ...points("c", NOON - HOUR, 60)]);
    let done = false;
    for (const step of upkeep(rig.shard, NOON, TEST_KEPT, 0, 1)) {
      if (step !== "slice" || done) continue;
      imported(rig, [...points("b", NOON - 5 * DAY, 60), ...points("a", NOON - 5 * DAY, 60), ...points("new", NOON - 5 * DAY, 60)]);
      done = true;
    }
    expect(done).toBe(true);
    for (const step of [() => undefined, () => rig.restart()]) {
      step();
      for (const metric of ["a", "b", "c"]) expect(rig.points(metric, undefined, NOON - HOUR)).toHaveLength(60);
      for (const metric of ["a", "b", "new"]) expect(totals(windows(rig, metric, "minute"))).toEqual([60, 60]);
      expect(windows(rig, "c", "minute")).toEqual([]);
    }
  });

  it("[MT181] is judged by the limits of series", () => {
    const rig = new TestShard({ maxSeries: 2 });
    const samples = ["a", "b", "c"].flatMap((metric) => points(metric, NOON - 3 * DAY, 2));
    expect(imported(rig, samples)).toMatchObject({ accepted: 4, refusedSeries: [4, 5], refusedBy: "active" });
    expect(rig.slotOf("c")).toBe(-1);
    rig.restart();
    expect(totals(windows(rig, "b", "minute"))).toEqual([2, 2]);
    expect(importPoints(rig.shard, new Uint8Array(9), "x", NOON, TEST_KEPT)).toMatchObject({ ok: false });
  });

  it("[MT181] loads a week of 500 series, a point a minute, in rows by the hundred", { timeout: 60_000 }, () => {
    const rig = new TestShard();
    const [series, perRequest] = [500, 80];
    for (let from = NOON - 8 * DAY; from < NOON - DAY; from += perRequest * MINUTE) {
      const samples: TestSample[] = [];
      for (let at = from; at < from + perRequest * MINUTE; at += MINUTE)
        for (let i = 0; i < series; i += 10) samples.push({ metric: "m", labels: { i: String(i) }, at, value: (at / MINUTE) % 97 });
      imported(rig, samples);
    }
    // A tenth of the series in as many requests as all of them take: rows by request, not by series.
    expect(rig.store.rowsWritten).toBeLessThan(126 * 6);
    const one = rig.slotOf("m", { i: "490" });
    // Minutes as long as they are kept, and hours of all of it: a question over the week reads 168 windows of a series and not 10,080.
    expect(rig.tiers(NOON).rollups(one, "minute", 0, NOON).count).toBe(6 * 24 * 60);
    expect(rig.tiers(NOON).rollups(one, "hour", 0, NOON).count).toBe(7 * 24);
  });
});
