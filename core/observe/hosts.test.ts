import { describe, expect, it } from "vitest";
import { HOST_METRICS } from "../../contract/host-metrics.ts";
import { hostSchema } from "../../contract/hosts.ts";
import { cardOf } from "./host-cards.ts";
import { summaryOf } from "./host-table.ts";
import { newestOf } from "./newest.ts";
import { NOON, TestShard, type TestSample } from "./testing.ts";

/** What an agent sends in one round. */
function round(host: string, at: number, cpu: number, more: readonly TestSample[] = []): TestSample[] {
  const one = (metric: string, value: number | null, labels: Record<string, string> = {}): TestSample => ({
    metric,
    labels: { host, ...labels },
    at,
    value,
  });
  return [
    one(HOST_METRICS.cpu, cpu, { core: "all" }),
    one(HOST_METRICS.cpu, 1, { core: "0" }),
    one(HOST_METRICS.load1, 0.5),
    one(HOST_METRICS.memoryUsed, 2_000),
    one(HOST_METRICS.memoryTotal, 8_000),
    one(HOST_METRICS.diskUsed, 10, { mount: "/" }),
    one(HOST_METRICS.diskTotal, 100, { mount: "/" }),
    one(HOST_METRICS.diskUsed, 45, { mount: "/data" }),
    one(HOST_METRICS.diskTotal, 50, { mount: "/data" }),
    one(HOST_METRICS.networkReceiveRate, 5, { interface: "eth0" }),
    one(HOST_METRICS.networkReceiveRate, 7, { interface: "eth1" }),
    one(HOST_METRICS.networkTransmitRate, 11, { interface: "eth0" }),
    one(HOST_METRICS.networkReceiveRate, 1_000, { interface: "lo" }),
    one(HOST_METRICS.networkTransmitRate, 1_000, { interface: "lo0" }),
    one(HOST_METRICS.uptime, 99),
    ...more,
  ];
}

function summary(rig: TestShard, host: string) {
  const entry = rig.shard.hosts.find(host);
  return entry && summaryOf(entry, newestOf(rig.shard.heads));
}

describe("hosts", () => {
  it("[MT50] are found from what agents send, with the fullest disk and the sums over interfaces, loopback left out", () => {
    const rig = new TestShard();
    rig.ingest(round("web", NOON, 0.25), NOON + 700);
    expect(summary(rig, "web")).toEqual({
      host: "web",
      lastSampleAt: NOON,
      lastReceivedAt: NOON + 700,
      cpuRatio: 0.25,
      load1: 0.5,
      memoryUsedBytes: 2_000,
      memoryTotalBytes: 8_000,
      diskUsedBytes: 45,
      diskTotalBytes: 50,
      receiveBytesPerSecond: 12,
      transmitBytesPerSecond: 11,
      uptimeSeconds: 99,
    });
  });

  it("[MT50] are not made by other metrics with a label of that name", () => {
    const rig = new TestShard();
    rig.ingest([{ metric: "requests_total", labels: { host: "web" }, at: NOON, value: 1 }]);
    expect(rig.shard.hosts.size).toBe(0);
  });

  it("[MT50] leave out what is unknown, stale or of a device that is gone", () => {
    const rig = new TestShard();
    rig.ingest(round("web", NOON, 0.25));
    const later = NOON + 70_000;
    rig.ingest([
      { metric: HOST_METRICS.cpu, labels: { host: "web", core: "all" }, at: later, value: 0.5 },
      { metric: HOST_METRICS.load1, labels: { host: "web" }, at: later, value: null },
      { metric: HOST_METRICS.networkReceiveRate, labels: { host: "web", interface: "eth1" }, at: later, value: 9 },
    ]);
    expect(summary(rig, "web")).toMatchObject({
      cpuRatio: 0.5,
      load1: null,
      memoryUsedBytes: null,
      diskUsedBytes: null,
      receiveBytesPerSecond: 9,
    });
  });

  it("[MT50] judge by the newest sample, not by the one that came last", () => {
    const rig = new TestShard();
    rig.ingest(round("web", NOON, 0.25));
    rig.ingest(round("web", NOON - 30_000, 0.9), NOON + 5_000);
    expect(summary(rig, "web")).toMatchObject({ cpuRatio: 0.25, lastSampleAt: NOON, lastReceivedAt: NOON + 5_000 });
  });

  it("[MT51] have a sparkline of five minutes in 5 s steps, from memory", () => {
    const rig = new TestShard();
    for (let i = 59; i >= 0; i--) rig.ingest(round("web", NOON - i * 5_000, i / 100), NOON - i * 5_000);
    const entry = rig.shard.hosts.find("web");
    if (!entry) throw new Error("no host");
    const reader = rig.tiers(NOON);
    const card = cardOf(entry, newestOf(rig.shard.heads), reader, NOON + 1_000);
    expect(reader.trace.blocksRead).toBe(0);
    expect(card.recent).toMatchObject({ startMs: NOON - 295_000, stepMs: 5_000 });
    expect(card.recent.cpuRatio).toEqual(Array.from({ length: 60 }, (_, i) => (59 - i) / 100));
    expect(card.recent.memoryRatio).toEqual(Array.from({ length: 60 }, () => 0.25));
    expect(card.recent.diskRatio[0]).toBe(0.9);
    expect(card.recent.networkBytesPerSecond[0]).toBe(23);
    expect(() => hostSchema.parse({ ...card, state: "online", agentId: null, agentVersion: null })).not.toThrow();
    rig.seal(NOON + 1_000);
    const again = rig.tiers(NOON);
    expect(cardOf(entry, newestOf(rig.shard.heads), again, NOON + 1_000)).toEqual(card);
    expect(again.trace.blocksRead).toBe(0);
  });

  it("[MT50] are there after a restart, even when packed rows hold all of their points", () => {
    const rig = new TestShard();
    rig.ingest([...round("web", NOON, 0.25), ...round("db", NOON + 10_000, 0.5)], NOON + 11_000);
    rig.restart();
    expect(summary(rig, "web")).toMatchObject({ cpuRatio: 0.25, lastReceivedAt: NOON + 11_000 });
    rig.seal(NOON + 20_000);
    rig.restart();
    expect(summary(rig, "web")).toMatchObject({ lastSampleAt: NOON, lastReceivedAt: NOON, cpuRatio: null });
    expect(summary(rig, "db")).toMatchObject({ lastSampleAt: NOON + 10_000 });
    expect(hostSchema.omit({ state: true, agentId: true, agentVersion: true, recent: true }).safeParse(summary(rig, "web")).success).toBe(
      true,
    );
  });

  it("[MT50] go when the last of their series goes", () => {
    const rig = new TestShard();
    rig.ingest(round("web", NOON, 0.25));
    rig.ingest(round("db", NOON + 3_600_000, 0.25), NOON + 3_600_000);
    rig.seal(NOON + 3_600_000);
    rig.sweep(NOON + 24 * 3_600_000 + 1);
    expect(rig.shard.hosts.list(undefined, 10).map(({ host }) => host)).toEqual(["db"]);
  });

  it("[MT52] are listed by name, page by page", () => {
    const rig = new TestShard();
    for (const host of ["c", "a", "b"]) rig.ingest(round(host, NOON, 0.1));
    const names = (after: string | undefined, limit: number) => rig.shard.hosts.list(after, limit).map(({ host }) => host);
    expect([names(undefined, 2), names("b", 2), names("c", 2)]).toEqual([["a", "b"], ["c"], []]);
  });
});
