import { describe, expect, it } from "vitest";
import { encodeBatch } from "../../contract/metric-batch.ts";
import { seriesKey } from "../../contract/metric-key.ts";
import { METRIC_LIMITS, STALE_BITS } from "../../contract/metric-limits.ts";
import { MAX_KEY_CHARS } from "./series-admission.ts";
import { batchOf, NOON, TEST_KEPT, TestShard, type TestSample, valueOf } from "./testing.ts";
import { nextUpkeepAt, UPKEEP } from "./upkeep.ts";

const sample = (metric: string, at = NOON, value: number | null = 1): TestSample => ({ metric, labels: { host: "a" }, at, value });

/** A batch that names series by reference. */
function byReference(refs: readonly number[], dictionary: number, at = NOON, value = 5): Uint8Array {
  return encodeBatch({
    count: refs.length,
    dictionary,
    atMs: new Float64Array(refs.length).fill(at),
    valueBits: new Uint32Array(new Float64Array(refs.length).fill(value).buffer),
    series: Uint32Array.from(refs),
    definitions: [],
  });
}

describe("a shard's commit", () => {
  it("[MT13] answers with references, by which later batches name their series", () => {
    const rig = new TestShard();
    const { assigned, dictionary } = rig.ingest([sample("a"), sample("b")]);
    expect(assigned).toEqual([1, 2]);
    const [stored] = rig.shard.commit([{ batch: byReference([2, 1], dictionary, NOON + 1), id: "x" }], NOON);
    expect(valueOf(stored)).toMatchObject({ accepted: 2, unknown: false, assigned: [] });
    rig.restart();
    expect(rig.points("b", { host: "a" })).toEqual([
      [NOON, 1],
      [NOON + 1, 5],
    ]);
  });

  it("[MT13] stores nothing of a batch that names a reference it does not know, or another shard's", () => {
    const rig = new TestShard();
    const { dictionary } = rig.ingest([sample("a")]);
    const rows = rig.store.rowsWritten;
    for (const batch of [byReference([1, 9], dictionary), byReference([1], dictionary + 1)]) {
      expect(valueOf(rig.shard.commit([{ batch, id: "x" }], NOON)[0])).toMatchObject({ accepted: 0, unknown: true });
    }
    expect(rig.store.rowsWritten).toBe(rows);
    expect(rig.points("a", { host: "a" })).toHaveLength(1);
  });

  it("[MT11] refuses bytes that are no batch, and keys that are none, without hurting the others of the round", () => {
    const rig = new TestShard();
    const badKey = encodeBatch({
      count: 1,
      dictionary: 0,
      atMs: Float64Array.of(NOON),
      valueBits: new Uint32Array(2),
      series: Uint32Array.of(0x80000000),
      definitions: ["nonsense"],
    });
    const outcomes = rig.shard.commit(
      [
        { batch: new Uint8Array(5), id: "1" },
        { batch: badKey, id: "2" },
        { batch: batchOf([sample("a")]), id: "3" },
      ],
      NOON,
    );
    expect(outcomes.map(({ ok }) => ok)).toEqual([false, false, true]);
    expect(rig.points("a", { host: "a" })).toHaveLength(1);
  });

  it("[MT24] stores all waiting batches in one row", () => {
    const rig = new TestShard();
    const before = rig.store.rowsWritten;
    rig.shard.commit(
      Array.from({ length: 16 }, (_, i) => ({ batch: batchOf([sample(`m${i % 3}`, NOON + i)]), id: `b${i}` })),
      NOON,
    );
    expect(rig.store.rowsWritten - before).toBe(1);
    rig.restart();
    expect(rig.points("m0", { host: "a" })).toHaveLength(6);
  });

  it("[MT24] splits a commit that is too large for a row, and reads it back", () => {
    const rig = new TestShard();
    const samples = Array.from({ length: 10_000 }, (_, i) => ({
      metric: "m",
      labels: { host: "a", pad: `${i}-${"x".repeat(200)}` },
      at: NOON,
      value: i,
    }));
    rig.ingest(samples);
    expect(rig.store.counts().log).toBe(2);
    rig.restart();
    expect(rig.shard.series.size).toBe(10_000);
    expect(rig.points("m", samples[9_999]?.labels)).toEqual([[NOON, 9_999]]);
  });

  it("[MT14] stores a batch once within ten minutes, also within one round, after a seal and after a restart", () => {
    const rig = new TestShard();
    const batch = batchOf([sample("a")]);
    const round = rig.shard.commit(
      [
        { batch, id: "same" },
        { batch, id: "same" },
      ],
      NOON,
    );
    expect(round.map((outcome) => valueOf(outcome).duplicate)).toEqual([false, true]);
    rig.ingest([sample("a", NOON, 2)]);
    for (const step of [() => rig.seal(NOON + 1), () => rig.restart(), () => rig.restart()]) {
      step();
      const [again] = rig.shard.commit([{ batch, id: "same" }], NOON + METRIC_LIMITS.dedupeMs - 1);
      expect(valueOf(again)).toMatchObject({ duplicate: true, accepted: 1 });
      expect(rig.points("a", { host: "a" })).toEqual([[NOON, 2]]);
    }
    const [later] = rig.shard.commit([{ batch, id: "same" }], NOON + METRIC_LIMITS.dedupeMs);
    expect(valueOf(later).duplicate).toBe(false);
  });

  it("[MT14] takes a batch again that named unknown references, under the same id", () => {
    const rig = new TestShard();
    expect(valueOf(rig.shard.commit([{ batch: byReference([9], 77), id: "x" }], NOON)[0]).unknown).toBe(true);
    expect(rig.ingest([sample("a")], NOON, "x")).toMatchObject({ accepted: 1, duplicate: false });
  });

  it("[MT14] takes a batch again of which series were refused, and names them again until there is room", () => {
    const rig = new TestShard({ perHour: 1 });
    const batch = batchOf([sample("a"), sample("b")]);
    const twice = (now: number) =>
      rig.shard
        .commit(
          [
            { batch, id: "x" },
            { batch, id: "x" },
          ],
          now,
        )
        .map(valueOf);
    const full = NOON + 3_600_000 - 60_000;
    const partly = { accepted: 1, duplicate: false, refusedSeries: [1] };
    for (const step of [() => undefined, () => rig.seal(full), () => rig.restart(full), () => rig.restart(full)]) {
      step();
      expect(twice(full)).toMatchObject([partly, partly]);
    }
    const whole = { accepted: 2, refusedSeries: [] };
    expect(twice(full + 120_000)).toMatchObject([
      { ...whole, duplicate: false },
      { ...whole, duplicate: true },
    ]);
    for (const metric of ["a", "b"]) expect(rig.points(metric, { host: "a" })).toEqual([[NOON, 1]]);
  });

  it("[MT28] refuses new series at the limit, names their samples, and keeps the old ones going", () => {
    const rig = new TestShard({ maxSeries: 3 });
    expect(rig.ingest([sample("a"), sample("b"), sample("c")]).refusedSeries).toEqual([]);
    const reply = rig.ingest([sample("a", NOON + 1), sample("d"), sample("b", NOON + 1), sample("e"), sample("d", NOON + 1)]);
    expect(reply).toMatchObject({ accepted: 2, refusedSeries: [1, 3, 4] });
    expect(rig.points("a", { host: "a" })).toHaveLength(2);
    expect(rig.points("d", { host: "a" })).toEqual([]);
    rig.restart();
    expect(rig.shard.series.size).toBe(3);
    expect(rig.points("b", { host: "a" })).toHaveLength(2);
  });

  it("[MT28] refuses new series when the names of all have no room left, also within a round, and takes them when some have ended", () => {
    const rig = new TestShard();
    const long = "x".repeat(200_000);
    const most = Math.floor(MAX_KEY_CHARS / (long.length + 20));
    const named = (n: number) => ({ metric: "m", labels: { l: `${n}${long}` }, at: NOON, value: 1 });
    const outcomes = [50, most - 51, 2].map((count, i) => rig.ingest(Array.from({ length: count }, (_, n) => named(1_000 * (i + 1) + n))));
    expect(outcomes.map(({ accepted, refusedSeries }) => [accepted, refusedSeries])).toEqual([
      [50, []],
      [most - 51, []],
      [1, [1]],
    ]);
    expect(rig.ingest([{ ...named(1_000), at: NOON + 1 }]).accepted).toBe(1);
    rig.shard.close(rig.shard.series.slotOfKey(seriesKey("m", named(1_000).labels)) ?? -1);
    expect(rig.ingest([named(9_000), named(9_001)])).toMatchObject({ accepted: 1, refusedSeries: [1] });
  });

  it("[MT28] counts the new series of a whole round", () => {
    const rig = new TestShard({ maxSeries: 1 });
    const outcomes = rig.shard.commit(
      [
        { batch: batchOf([sample("a")]), id: "1" },
        { batch: batchOf([sample("b")]), id: "2" },
        { batch: batchOf([sample("a", NOON + 1)]), id: "3" },
      ],
      NOON,
    );
    expect(outcomes.map((outcome) => valueOf(outcome).accepted)).toEqual([1, 0, 1]);
  });

  it("[MT32] keeps the stale marker as its bits through rows, blocks and restarts", () => {
    const rig = new TestShard();
    rig.ingest(Array.from({ length: 20 }, (_, i) => sample("a", NOON + i, i % 2 === 0 ? null : 1.5)));
    for (const step of [() => {}, () => rig.restart(), () => rig.seal(NOON + 3_600_000), () => rig.restart()]) {
      step();
      const slot = [...rig.shard.series.liveSlots()][0] ?? 0;
      const { points } = rig.tiers(NOON).raw(slot, 0, NOON + 100);
      expect([points.count, points.columns.bits[0], points.columns.bits[1]]).toEqual([20, STALE_BITS.low, STALE_BITS.high]);
    }
  });

  it("[MT24] leaves no trace of a commit whose row could not be written", () => {
    let broken = false;
    const rig = new TestShard({
      wrap: (store) =>
        new Proxy(store, {
          get: (target, name) => {
            if (name === "putLog" && broken) throw new Error("disk full");
            const value: unknown = Reflect.get(target, name, target);
            return typeof value === "function" ? value.bind(target) : value;
          },
        }),
    });
    broken = true;
    expect(() => rig.ingest([sample("a")], NOON, "x")).toThrow("disk full");
    expect(rig.shard.series.size).toBe(0);
    broken = false;
    expect(rig.ingest([sample("a")], NOON, "x")).toMatchObject({ accepted: 1, duplicate: false });
  });
});

describe("a shard's upkeep", () => {
  it("[MT29] deletes raw points after their time, when their windows are made, and puts series to sleep that have none left", () => {
    const rig = new TestShard();
    const hour = 3_600_000;
    rig.ingest([sample("old", NOON), sample("both", NOON)]);
    rig.upkeep(NOON);
    rig.ingest([sample("both", NOON + 12 * hour)], NOON + 12 * hour);
    rig.upkeep(NOON + 12 * hour);
    rig.upkeep(NOON + 24 * hour);
    expect(rig.shard.blocks.rows).toBe(2);
    rig.sweep(NOON + 25 * hour);
    expect(rig.shard.blocks.rows).toBe(1);
    expect([rig.shard.series.size, rig.shard.activeSeries]).toEqual([2, 1]);
    expect(rig.points("both", { host: "a" }, 0)).toEqual([[NOON + 12 * hour, 1]]);
    rig.restart(NOON + 25 * hour);
    expect([rig.shard.series.size, rig.shard.activeSeries]).toEqual([2, 1]);
    expect(rig.ingest([sample("old", NOON + 25 * hour)], NOON + 25 * hour).assigned).toEqual([1]);
    expect(rig.shard.activeSeries).toBe(2);
  });

  it("[MT29] loses no point of a series that comes back after a day", () => {
    const rig = new TestShard();
    const { assigned, dictionary } = rig.ingest([sample("a")]);
    rig.upkeep(NOON);
    const back = NOON + 25 * 3_600_000;
    rig.shard.commit([{ batch: byReference(assigned, dictionary, back), id: "x" }], back);
    rig.upkeep(back);
    rig.restart(back);
    expect(rig.points("a", { host: "a" })).toEqual([[back, 5]]);
  });

  it("[MT31] frees write-ahead rows only after the last slice", () => {
    const rig = new TestShard();
    rig.ingest(Array.from({ length: 600 }, (_, i) => sample(`m${i}`)));
    rig.seal(NOON);
    expect(rig.shard.state.watermark).toBe(1);
    expect(rig.shard.log.unsealedBytes).toBe(0);
    const later = NOON + METRIC_LIMITS.dedupeMs + 1;
    rig.ingest([sample("m0", later)], later);
    expect(rig.store.counts().log).toBe(1);
  });

  it("[MT26] stores definitions in a row per seal at most, and all of them anew before rows pile up", () => {
    const rig = new TestShard();
    for (let i = 0; i < 60; i++) {
      const now = NOON + i * UPKEEP.sealEveryMs;
      rig.ingest([sample("steady", now), sample(`passing-${i}`, now)], now);
      rig.seal(now);
      rig.sweep(now);
    }
    expect(rig.store.counts().dictionary).toBeLessThanOrEqual(49);
    rig.restart();
    expect(rig.points("steady", { host: "a" }, NOON + 59 * UPKEEP.sealEveryMs)).toHaveLength(1);
  });

  it("[MT29] asks for its next turn while there is something to do, and sleeps when there is nothing", () => {
    const rig = new TestShard();
    const { hour } = TEST_KEPT;
    expect(nextUpkeepAt(rig.shard, NOON, TEST_KEPT)).toBeUndefined();
    rig.ingest([sample("a")]);
    expect(nextUpkeepAt(rig.shard, NOON, TEST_KEPT)).toBe(NOON + UPKEEP.sealEveryMs);
    let turns = 0;
    for (let at: number | undefined = NOON + UPKEEP.sealEveryMs; at !== undefined; turns++) {
      rig.upkeep(at);
      const next = nextUpkeepAt(rig.shard, at, TEST_KEPT);
      if (next !== undefined) expect(next).toBeGreaterThan(at);
      else expect(at).toBeGreaterThan(NOON + hour);
      at = next;
    }
    // Sealed, rolled up twice, deleted three times, and no alarm between.
    expect(turns).toBeLessThanOrEqual(8);
    expect(rig.store.counts()).toMatchObject({ blocks: 0, minute: 0, hour: 0 });
    expect(rig.shard.series.size).toBe(0);
  });
});
