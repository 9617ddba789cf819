import { describe, expect, it } from "vitest";
import { readDirectory } from "./block-rows.ts";
import { deleteSeries } from "./delete-series.ts";
import { DELETED_ROW } from "./shard.ts";
import { ALL_KEPT } from "./tier-reader.ts";
import { NOON, TEST_KEPT, type TestSample, TestShard, valueOf } from "./testing.ts";
import { upkeep } from "./upkeep.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const sample = (metric: string, at: number, host = "a"): TestSample => ({ metric, labels: { host }, at, value: 1 });

/** Four days of three series, so that every tier has rows. */
function fed(): { rig: TestShard; now: number } {
  const rig = new TestShard();
  const end = NOON + 96 * HOUR;
  for (let at = NOON; at < end; at += 4 * HOUR) {
    const times = Array.from({ length: 48 }, (_, i) => at + i * 5 * MINUTE);
    rig.ingest(times.flatMap((time) => [sample("a", time), sample("a", time, "b"), sample("c", time)]), at + 4 * HOUR); // prettier-ignore
    rig.upkeep(at + 4 * HOUR);
  }
  return { rig, now: end };
}

/** Whether any row of the shard holds something under the reference. */
function stands(rig: TestShard, ref: number): boolean {
  const { blocks, rollups } = rig.shard;
  return [blocks, rollups.minute, rollups.hour].some((index) =>
    [...index.all()].some(({ id }) => {
      const { directory } = index === blocks ? rig.store.readBlock(id) : rig.store.readRollup(id);
      return [...readDirectory(directory)].some((entry) => entry.ref === ref);
    }),
  );
}

describe("deleting series", () => {
  it("[MT314] finds a quoted metric as the plain one, and names matchers that are none by the parameter", () => {
    const rig = new TestShard();
    rig.ingest([sample("my.metric", NOON)]);
    const refused = deleteSeries(rig.shard, { matchers: [{ label: "host", op: "=~", value: "(" }] });
    expect(refused).toMatchObject({ ok: false, problem: { slug: "invalid-parameter", errors: [{ pointer: "?match" }] } });
    expect(valueOf(deleteSeries(rig.shard, { metric: '"my.metric"' }))).toEqual({ deleted: 1 });
  });

  it("[MT183] takes them from answers at once, and for good: through restarts and upkeeps, the others untouched", () => {
    const { rig, now } = fed();
    const count = (metric: string, host: string) => {
      const slot = rig.slotOf(metric, { host });
      if (slot < 0) return undefined;
      const tiers = rig.tiers(now, ALL_KEPT);
      const { first, last } = tiers.raw(slot, 0, now);
      return [last - first, tiers.rollups(slot, "minute", 0, now).count, tiers.rollups(slot, "hour", 0, now).count];
    };
    const before = count("a", "b");
    expect(before?.every((points) => points > 0)).toBe(true);
    expect(valueOf(deleteSeries(rig.shard, { metric: "a", matchers: [{ label: "host", op: "=", value: "a" }] }))).toEqual({ deleted: 1 });
    const epoch = rig.tiers(now).lateEpoch(rig.slotOf("c", { host: "a" }));
    for (const step of [() => undefined, () => rig.restart(now), () => rig.upkeep(now), () => rig.restart(now)]) {
      step();
      expect(count("a", "a")).toBeUndefined();
      expect(count("a", "b")).toEqual(before);
      expect(rig.shard.series.size).toBe(2);
      expect(rig.tiers(now).lateEpoch(rig.slotOf("c", { host: "a" }))).toBeGreaterThanOrEqual(epoch);
    }
    expect(valueOf(deleteSeries(rig.shard, { metric: "a", matchers: [{ label: "host", op: "=", value: "a" }] }))).toEqual({ deleted: 0 });
  });

  it("[MT184] takes their points out of every row with the next upkeep, and again when one was cut off", () => {
    const { rig, now } = fed();
    const ref = rig.shard.series.refOf(rig.slotOf("a", { host: "b" }));
    expect(ref).toBe(2);
    deleteSeries(rig.shard, { matchers: [{ label: "host", op: "=", value: "b" }] });
    for (const _ of upkeep(rig.shard, now, TEST_KEPT, 0)) if (rig.shard.log.unsealedBytes === 0) break;
    rig.restart(now);
    expect(rig.shard.deleted).toEqual(new Set([2]));
    const rows = rig.store.counts();
    rig.upkeep(now);
    expect(stands(rig, 2)).toBe(false);
    expect(rig.store.counts()).toEqual(rows);
    expect(rig.shard.deleted.size).toBe(0);
    deleteSeries(rig.shard, { metric: "a" });
    deleteSeries(rig.shard, { metric: "c" });
    rig.upkeep(now);
    expect(rig.store.counts()).toMatchObject({ blocks: 0, minute: 0, hour: 0 });
    expect(rig.store.readKept(DELETED_ROW)).toEqual(new Uint8Array([0]));
  });

  it("[MT183] lets a series that is sent again begin anew, under a name that has to be told again", () => {
    const rig = new TestShard();
    const { assigned } = rig.ingest([sample("a", NOON)]);
    valueOf(deleteSeries(rig.shard, { metric: "a" }));
    expect(rig.ingest([sample("a", NOON + 1)]).assigned).not.toEqual(assigned);
    for (const step of [() => undefined, () => rig.restart(), () => rig.upkeep(NOON), () => rig.restart()]) {
      step();
      expect(rig.points("a", { host: "a" })).toEqual([[NOON + 1, 1]]);
      expect(rig.shard.series.size).toBe(1);
    }
  });

  it("[MT183] refuses matchers that cannot be read", () => {
    expect(deleteSeries(new TestShard().shard, { matchers: [{ label: "a", op: "=~", value: "(" }] })).toMatchObject({ ok: false });
  });
});
