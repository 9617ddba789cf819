import { describe, expect, it } from "vitest";
import type { RollupTier } from "../../contract/metric-limits.ts";
import { deleteSeries } from "./delete-series.ts";
import { NOON, TEST_KEPT, type TestSample, TestShard } from "./testing.ts";
import { ALL_KEPT } from "./tier-reader.ts";
import { upkeep } from "./upkeep.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A point every minute from `from` on; the value is the number of the minute. */
function minutes(metric: string, from: number, count: number): TestSample[] {
  return Array.from({ length: count }, (_, i) => ({ metric, at: from + i * MINUTE, value: i }));
}

function windows(
  rig: TestShard,
  metric: string,
  tier: RollupTier,
  now: number,
  kept = TEST_KEPT,
): [at: number, sum: number, samples: number][] {
  const view = rig.tiers(now, kept).rollups(rig.slotOf(metric), tier, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
  return Array.from({ length: view.count }, (_, i) => [view.at[i] ?? 0, view.sum[i] ?? 0, view.samples[i] ?? 0]);
}

/** A shard that was sent a point a minute and kept up every half hour. */
function fed(hours: number, metric = "m"): TestShard {
  const rig = new TestShard();
  for (let at = NOON; at < NOON + hours * HOUR; at += HOUR / 2) {
    rig.ingest(minutes(metric, at, 30), at + 29 * MINUTE);
    rig.upkeep(at + HOUR / 2);
  }
  return rig;
}

describe("tiers of a shard", () => {
  it("[MT176] makes minutes of raw points every few hours, in few rows, and hours of minutes when none may come any more", () => {
    const rig = fed(80);
    const now = NOON + 80 * HOUR;
    const tiers = rig.tiers(now);
    expect(now - tiers.rolledTo("minute")).toBeLessThanOrEqual(6 * HOUR);
    expect(now - tiers.rolledTo("hour")).toBeGreaterThanOrEqual(DAY);
    expect(windows(rig, "m", "hour", now)[0]).toEqual([NOON, 2 * ((29 * 30) / 2), 60]);
    expect(windows(rig, "m", "minute", now).every(([, , samples]) => samples === 1)).toBe(true);
    expect(rig.store.counts()).toMatchObject({ minute: 19, hour: 1 });
  });

  it("[MT176] shows nothing of a rollup that was cut off, and makes it again", () => {
    const rig = new TestShard();
    rig.ingest(minutes("m", NOON - 6 * HOUR, 360));
    rig.ingest(minutes("n", NOON - 6 * HOUR, 360));
    for (const step of upkeep(rig.shard, NOON, TEST_KEPT, 0, 1)) if (step === "rolling") break;
    expect(rig.store.counts().minute).toBe(1);
    expect(rig.tiers(NOON).rolledTo("minute")).toBe(0);
    rig.restart();
    expect(windows(rig, "m", "minute", NOON)).toEqual([]);
    rig.upkeep(NOON + HOUR / 2);
    expect(rig.store.counts().minute).toBe(1);
    expect(windows(rig, "m", "minute", NOON)).toHaveLength(360);
  });

  it("[MT177] sums a window anew to which a sample came late: for who asks at once, in its row with the next upkeep, also after a restart", () => {
    const rig = fed(10, "m_total");
    const now = NOON + 10 * HOUR;
    const late = NOON + 2 * HOUR + 30_000;
    const at = (tier: RollupTier, begins: number) => windows(rig, "m_total", tier, now).find(([begin]) => begin === begins);
    const increase = (begins: number) => {
      const view = rig.tiers(now).rollups(rig.slotOf("m_total"), "minute", begins, begins + MINUTE);
      return view.increase[0];
    };
    expect(at("minute", NOON + 2 * HOUR)).toEqual([NOON + 2 * HOUR, 0, 1]);
    expect(increase(NOON + 2 * HOUR + MINUTE)).toBe(1);
    const epoch = rig.tiers(now).lateEpoch(rig.slotOf("m_total"));
    rig.ingest([{ metric: "m_total", at: late, value: 0.5 }], now);
    for (const step of [() => undefined, () => rig.restart(now), () => rig.upkeep(now), () => rig.restart(now)]) {
      step();
      expect(at("minute", NOON + 2 * HOUR)).toEqual([NOON + 2 * HOUR, 0.5, 2]);
      // The window after begins at the late sample now.
      expect(increase(NOON + 2 * HOUR)).toBe(0.5);
      expect(increase(NOON + 2 * HOUR + MINUTE)).toBe(0.5);
      expect(rig.tiers(now).lateEpoch(rig.slotOf("m_total"))).toBeGreaterThan(epoch);
    }
  });

  it("[MT177] sums the window after a late sample anew, also when it begins another hour", () => {
    const rig = fed(10, "m_total");
    const now = NOON + 10 * HOUR;
    const increase = () => rig.tiers(now).rollups(rig.slotOf("m_total"), "minute", NOON + 3 * HOUR, NOON + 3 * HOUR + MINUTE).increase[0];
    expect(increase()).toBe(0);
    rig.ingest([{ metric: "m_total", at: NOON + 3 * HOUR - 1, value: -1 }], now);
    expect(increase()).toBe(1);
    rig.upkeep(now);
    expect(increase()).toBe(1);
  });

  it("[MT177] forgets a window whose only sample was replaced by a stale marker", () => {
    const rig = fed(10);
    const now = NOON + 10 * HOUR;
    rig.ingest([{ metric: "m", at: NOON + HOUR, value: null }], now);
    rig.upkeep(now);
    rig.restart(now);
    expect(windows(rig, "m", "minute", now).slice(59, 61).map(([begin]) => begin)).toEqual([NOON + 59 * MINUTE, NOON + 61 * MINUTE]); // prettier-ignore
  });

  it("[MT177] keeps up with samples that come late while a rollup runs", () => {
    const rig = new TestShard();
    rig.ingest([...minutes("m", NOON - 6 * HOUR, 360), ...minutes("n", NOON - 6 * HOUR, 360)]);
    let seen = 0;
    for (const step of upkeep(rig.shard, NOON, TEST_KEPT, 0, 1)) {
      if (step !== "slice" || rig.shard.late.rolledTo === 0) continue;
      rig.ingest([{ metric: "m", at: NOON - 5 * HOUR + 1_000 + seen++, value: 100 }]);
    }
    expect(seen).toBeGreaterThan(0);
    const expected = [NOON - 5 * HOUR, 60 + 100 * seen, 1 + seen];
    expect(windows(rig, "m", "minute", NOON)[60]).toEqual(expected);
    rig.upkeep(NOON + HOUR / 2);
    rig.restart();
    expect(windows(rig, "m", "minute", NOON)[60]).toEqual(expected);
  });

  it("[MT178] deletes each tier's rows after its own time, and shows nothing older", () => {
    const rig = fed(12);
    const sizes = (now: number) => {
      rig.upkeep(now);
      const { blocks, minute, hour } = rig.store.counts();
      return [blocks > 0, minute > 0, hour > 0];
    };
    const end = NOON + 12 * HOUR;
    expect(sizes(end + 20 * HOUR)).toEqual([true, true, false]);
    expect(sizes(end + 26 * HOUR)).toEqual([false, true, false]);
    expect(windows(rig, "m", "minute", end + 6 * DAY)).toHaveLength(12 * 60);
    expect(sizes(end + 4 * DAY)).toEqual([false, true, true]);
    expect(windows(rig, "m", "minute", end + 7 * DAY + HOUR)).toEqual([]);
    expect(sizes(end + 7 * DAY + HOUR)).toEqual([false, false, true]);
    expect(windows(rig, "m", "hour", end + 89 * DAY)).toHaveLength(12);
    expect(sizes(end + 89 * DAY)).toEqual([false, false, true]);
    expect(sizes(end + 90 * DAY + HOUR)).toEqual([false, false, false]);
    expect(rig.shard.series.size).toBe(0);
  });

  it("[MT178] deletes no raw point whose window is not made, however short the time of its tier", () => {
    const kept = { ...TEST_KEPT, raw: HOUR };
    const rig = new TestShard();
    rig.ingest(minutes("m", NOON - 3 * HOUR, 60));
    rig.upkeep(NOON, kept);
    expect(rig.store.counts().blocks).toBe(1);
    expect(rig.tiers(NOON, kept).raw(rig.slotOf("m"), 0, NOON).last).toBe(60);
    rig.ingest(minutes("m", NOON, 180), NOON + 3 * HOUR);
    rig.upkeep(NOON + 3 * HOUR, kept);
    expect(windows(rig, "m", "minute", NOON + 3 * HOUR, kept)).toHaveLength(180);
    const { first, last } = rig.tiers(NOON + 3 * HOUR, kept).raw(rig.slotOf("m"), 0, NOON + 3 * HOUR);
    expect(last - first).toBe(60);
  });

  it("[MT179] counts series by what they sent in a day: one that comes back is judged like a new one, and finds its past", () => {
    const rig = new TestShard({ maxSeries: 1 });
    const { assigned, dictionary } = rig.ingest(minutes("a", NOON, 1));
    rig.upkeep(NOON + HOUR);
    expect(rig.ingest(minutes("b", NOON + HOUR, 1), NOON + HOUR).accepted).toBe(0);
    const next = NOON + 25 * HOUR;
    rig.upkeep(next);
    expect(rig.ingest(minutes("b", next, 1), next).accepted).toBe(1);
    // By its name there is no room for it, and by its reference it has to come with its name.
    expect(rig.ingest(minutes("a", next, 1), next).accepted).toBe(0);
    expect([assigned.length, dictionary]).toEqual([1, 77]);
    const later = next + 25 * HOUR;
    rig.upkeep(later);
    rig.restart(later);
    expect(rig.shard.activeSeries).toBe(0);
    expect(rig.ingest(minutes("a", later, 1), later).assigned).toEqual(assigned);
    expect(windows(rig, "a", "minute", later)).toHaveLength(1);
  });

  it("[MT180] gives every change of the past a higher number, also after a restart that has forgotten whose it was", () => {
    const rig = fed(2);
    let now = NOON + 2 * HOUR;
    const epoch = () => rig.tiers(now).lateEpoch(rig.slotOf("m"));
    let last = epoch();
    for (let i = 0; i < 5; i++) {
      now += 10 * MINUTE;
      rig.ingest([{ metric: "m", at: NOON + i, value: i }], now);
      expect(epoch()).toBeGreaterThan(last);
      last = epoch();
      rig.ingest([{ metric: "m", at: now - 1, value: i }], now);
      expect(epoch()).toBe(last);
      rig.upkeep(now);
      rig.restart(now);
      expect(epoch()).toBeGreaterThanOrEqual(last);
      last = epoch();
    }
  });

  it("[MT186] knows of each tier how many points it holds in how many rows, through restarts and deletions", () => {
    const rig = fed(80);
    const now = NOON + 80 * HOUR;
    rig.ingest(minutes("n", now - 30 * MINUTE, 30), now);
    rig.upkeep(now);
    const figures = () => {
      const { blocks, rollups } = rig.shard;
      return [blocks, rollups.minute, rollups.hour].map(({ points, rows }) => [points, rows]);
    };
    const counted = () => {
      const tiers = rig.tiers(now, ALL_KEPT);
      return ["m", "n"].map((metric) => {
        const slot = rig.slotOf(metric);
        if (slot < 0) return [0, 0, 0];
        const { first, last } = tiers.raw(slot, 0, now);
        return [last - first, ...(["minute", "hour"] as const).map((tier) => tiers.rollups(slot, tier, 0, now).count)];
      });
    };
    const check = () => {
      const [m = [], n = []] = counted();
      expect(figures().map(([points]) => points)).toEqual(m.map((points, tier) => points + (n[tier] ?? 0)));
    };
    const { blocks, minute, hour } = rig.store.counts();
    expect(figures().map(([, rows]) => rows)).toEqual([blocks, minute, hour]);
    check();
    rig.restart(now);
    check();
    deleteSeries(rig.shard, { metric: "n" });
    rig.upkeep(now);
    check();
    rig.restart(now);
    check();
  });
});
