import { describe, expect, it } from "vitest";
import { HOST_METRICS } from "../../contract/host-metrics.ts";
import { STALE_BITS } from "../../contract/metric-limits.ts";
import { LiveChanges, valueOfBits } from "./live-changes.ts";
import { INTEREST_LIMITS, LiveInterest } from "../kit/live-interest.ts";
import { NOON, TestShard } from "./testing.ts";

describe("the interest of hubs", () => {
  it("[MT60] lasts until the lease ends, is replaced by the next, and withdrawn by an empty one", () => {
    const interest = new LiveInterest("e");
    expect(interest.lease("0", ["all", "web"], 1_000)).toEqual([
      { topic: "all", epoch: "e", offset: 0 },
      { topic: "web", epoch: "e", offset: 0 },
    ]);
    interest.lease("1", ["all"], 2_000);
    expect([...interest.current(999).keys()]).toEqual(["0", "1"]);
    expect([...interest.current(1_000).keys()]).toEqual(["1"]);
    interest.lease("1", ["db"], 3_000);
    expect([...(interest.current(2_500).get("1") ?? [])]).toEqual(["db"]);
    interest.lease("1", [], 9_000);
    expect(interest.any).toBe(false);
  });

  it("[MT60] ends when a hub says that nobody listens", () => {
    const interest = new LiveInterest("e");
    interest.lease("0", ["all"], 1_000);
    interest.drop("0");
    expect(interest.current(0).size).toBe(0);
  });

  it("[MT61] counts a topic's publications, also for those who come later", () => {
    const interest = new LiveInterest("e");
    expect(interest.advance("all").offset).toBe(1);
    expect(interest.advance("all").offset).toBe(2);
    expect(interest.lease("0", ["all"], 1_000)[0]?.offset).toBe(2);
    expect(interest.position("web").offset).toBe(0);
  });

  it("[MT60] is bounded in hubs, topics and characters", () => {
    const interest = new LiveInterest("e");
    const topics = Array.from({ length: INTEREST_LIMITS.topics + 1 }, (_, i) => `t${i}`);
    expect(interest.lease("0", topics, 1_000)).toHaveLength(INTEREST_LIMITS.topics);
    expect(interest.lease("1", ["x".repeat(INTEREST_LIMITS.topicChars + 1)], 1_000)).toEqual([]);
    for (let hub = 2; hub < INTEREST_LIMITS.hubs + 10; hub++) interest.lease(String(hub), ["all"], 1_000);
    expect(interest.current(0).size).toBe(INTEREST_LIMITS.hubs);
  });
});

describe("what a publication holds", () => {
  const cpu = { metric: HOST_METRICS.cpu, labels: { host: "web", core: "all" } };

  it("[MT61] is the points of the changed series of a watched host, in order of time", () => {
    const rig = new TestShard();
    rig.ingest([{ ...cpu, at: NOON, value: 1 }]);
    const changes = new LiveChanges();
    const one = new Uint32Array(new Float64Array([1.5]).buffer);
    changes.note("web", true, 0, NOON + 5_000, one[0] ?? 0, one[1] ?? 0);
    changes.note("web", true, 0, NOON, STALE_BITS.low, STALE_BITS.high);
    changes.note("db", false, 0, NOON, 0, 0);
    expect([...changes.hosts()]).toEqual(["web", "db"]);
    expect(changes.pushOf("web", rig.shard.series)).toEqual({
      host: "web",
      series: [
        {
          ...cpu,
          points: [
            [NOON, null],
            [NOON + 5_000, 1.5],
          ],
        },
      ],
    });
    expect(changes.pushOf("db", rig.shard.series)).toBeUndefined();
    changes.clear();
    expect(changes.empty).toBe(true);
  });

  it("[MT61] is bounded: a host that sends very much is shown the newest points only", () => {
    const changes = new LiveChanges();
    for (let i = 0; i < 25_000; i++) changes.note("web", true, 0, NOON + i, 0, 0);
    const rig = new TestShard();
    rig.ingest([{ ...cpu, at: NOON, value: 1 }]);
    const points = changes.pushOf("web", rig.shard.series)?.series[0]?.points ?? [];
    expect(points.length).toBeLessThanOrEqual(10_000);
    expect(points.at(-1)?.[0]).toBe(NOON + 24_999);
  });

  it("[MT61] has null for what is no number in JSON", () => {
    expect(valueOfBits(STALE_BITS.low, STALE_BITS.high)).toBeNull();
    expect(valueOfBits(0, 0x7ff80000)).toBeNull();
    expect(valueOfBits(0, 0x3ff00000)).toBe(1);
  });
});
