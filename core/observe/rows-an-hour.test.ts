import { describe, expect, it } from "vitest";
import { rowsPerHostHour, SimulatedShard } from "./simulation-testing.ts";
import { NOON, TestShard } from "./testing.ts";

const MINUTE = 60_000;
const HOSTS = 130;
const SERIES = 150;

describe("the bill of a shard", () => {
  it(
    "[MT331] is at most 60 rows a host and hour for 130 hosts of 150 series that send every 5 s, rollups and all deletions counted",
    {
      timeout: 240_000,
    },
    () => {
      const { shard, store } = new TestShard({ maxSeries: 20_000 });
      const simulated = new SimulatedShard(shard, store, { hosts: HOSTS, series: SERIES, values: "mixed", startMs: NOON });
      // New series are not the rule, nor the first rows: those are not written over others.
      simulated.run(31 * MINUTE, MINUTE);
      // Two seals, whichever comes first of time and bytes.
      const busy = simulated.run(36 * MINUTE, 5_000);
      expect(busy.samples).toBe(HOSTS * SERIES * 36 * 12);
      expect(busy.upkeeps).toBeGreaterThanOrEqual(2);
      expect(busy.logRows / (36 * 60)).toBeLessThanOrEqual(2);
      // Minute windows are made every four hours; a slower pace makes as many of them.
      const slow = simulated.run(240 * MINUTE, MINUTE);
      expect(slow.rollupRows).toBeGreaterThan(HOSTS);
      const { rows } = rowsPerHostHour(busy, slow, HOSTS);
      expect(rows).toBeLessThanOrEqual(60);
      expect(rows).toBeGreaterThan(30); // a write-ahead row a second alone is 27
    },
  );
});
