import { describe, expect, it } from "vitest";
import { importPoints } from "./import-points.ts";
import { MemoryStore } from "./memory-store.ts";
import { SeriesLimits } from "./series-limits.ts";
import { batchOf, NOON, TEST_KEPT, TestShard, valueOf } from "./testing.ts";

const HOUR = 3_600_000;
const seriesOf = (from: number, count: number, at: number) =>
  Array.from({ length: count }, (_, i) => ({ metric: "m", labels: { n: String(from + i) }, at, value: 1 }));

describe("limits on series", () => {
  it("[MT300] refuse the new at the limit of an hour and keep the old; the next hour takes more", () => {
    const rig = new TestShard({ perHour: 3 });
    expect(rig.ingest(seriesOf(0, 3, NOON), NOON)).toMatchObject({ accepted: 3, refusedSeries: [] });
    expect(rig.ingest([...seriesOf(0, 3, NOON + 1), ...seriesOf(3, 1, NOON)], NOON + 1)).toMatchObject({
      accepted: 3,
      refusedSeries: [3],
      refusedBy: "per-hour",
    });
    expect(rig.ingest(seriesOf(3, 1, NOON + HOUR - 1), NOON + HOUR - 1)).toMatchObject({ accepted: 0, refusedBy: "per-hour" });
    expect(rig.ingest(seriesOf(3, 3, NOON + HOUR), NOON + HOUR)).toMatchObject({ accepted: 3 });
    expect(rig.shard.extras.limits.hours(NOON + HOUR).slice(-2)).toEqual([
      { hourMs: NOON, made: 3, refused: 2 },
      { hourMs: NOON + HOUR, made: 3, refused: 0 },
    ]);
  });

  it("[MT300] say which of them it was", () => {
    const limits = new SeriesLimits();
    const room = { active: 10, perHour: 10, shard: 10 };
    expect(limits.judge(NOON, 9, 0, room)).toBeUndefined();
    expect(limits.judge(NOON, 9, 1, room)).toBe("active");
    expect(limits.judge(NOON, 9, 0, { ...room, shard: 9 })).toBe("shard");
    expect(limits.judge(NOON, 0, 2, { ...room, perHour: 2 })).toBe("per-hour");
    expect(limits.judge(NOON, 0, 1, { ...room, perHour: 2 })).toBeUndefined();
  });

  it("[MT301] count every series once through seals and restarts", () => {
    const rig = new TestShard({ perHour: 100 });
    rig.ingest(seriesOf(0, 5, NOON), NOON);
    rig.restart();
    expect(rig.shard.extras.limits.madeNow(NOON)).toBe(5);
    rig.seal(NOON + 1);
    rig.ingest(seriesOf(5, 2, NOON), NOON + 2);
    rig.restart();
    expect(rig.shard.extras.limits.madeNow(NOON + 3)).toBe(7);
    rig.seal(NOON + 4);
    rig.restart();
    expect(rig.shard.extras.limits.madeNow(NOON + 5)).toBe(7);
    expect(rig.shard.extras.limits.hours(NOON + 25 * HOUR).every(({ made }) => made === 0)).toBe(true);
  });

  it("[MT301] count a series once whose row is read again after the counts were written down", () => {
    const rig = new TestShard({ perHour: 4 });
    rig.ingest(seriesOf(0, 3, NOON), NOON);
    rig.shard.extras.limits.save(rig.store, rig.shard.state.nextRef);
    rig.ingest(seriesOf(3, 1, NOON), NOON + 1);
    rig.restart();
    expect(rig.shard.extras.limits.madeNow(NOON + 2)).toBe(4);
    expect(rig.ingest(seriesOf(4, 1, NOON), NOON + 2)).toMatchObject({ accepted: 0, refusedBy: "per-hour" });
  });

  it("[MT301] count series that an import began through restarts", () => {
    const rig = new TestShard({ perHour: 4 });
    rig.ingest(seriesOf(0, 1, NOON), NOON);
    valueOf(importPoints(rig.shard, batchOf(seriesOf(1, 3, NOON - 3 * HOUR)), "import", NOON, TEST_KEPT));
    rig.restart();
    expect(rig.shard.extras.limits.madeNow(NOON)).toBe(4);
    expect(rig.ingest(seriesOf(4, 1, NOON), NOON + 2)).toMatchObject({ accepted: 0, refusedBy: "per-hour" });
  });

  it("[MT302] are told when they begin to refuse, and again only after an hour in which none did, also by who was restarted", () => {
    const store = new MemoryStore();
    const limits = new SeriesLimits();
    const refuse = (at: number) => {
      limits.refused(at, "active");
      return limits.takeBegun();
    };
    expect(refuse(NOON)).toBe("active");
    expect(refuse(NOON + 1)).toBeUndefined();
    expect(refuse(NOON + HOUR)).toBeUndefined();
    expect(refuse(NOON + 2 * HOUR)).toBe("active");
    limits.save(store, 1);
    const again = new SeriesLimits();
    again.load(store);
    again.refused(NOON + 2 * HOUR + 1, "active");
    expect(again.takeBegun()).toBeUndefined();
  });
});
