import { describe, expect, it } from "vitest";
import { HOST_METRICS } from "../../../contract/host-metrics.ts";
import type { HostPush } from "../../../contract/rpc/metrics.ts";
import { chartLines, HOST_CHARTS } from "./host-charts.ts";
import { linesOf, withPush } from "./host-series.ts";
import { awaitsProcesses, joinProcesses } from "./processes.ts";

const reply = (startMs: number, series: { labels: Record<string, string>; values: (number | null)[] }[], stepMs = 5_000) => ({
  startMs,
  stepMs,
  series,
  trace: {
    seriesScanned: 0,
    blocksRead: 0,
    pointsRead: 0,
    bytesRead: 0,
    shards: 1,
    tiers: { raw: 0, minute: 0, hour: 0 },
    cached: 0,
    cacheable: 0,
    waitedMs: 0,
  },
});
const cpu = HOST_CHARTS[0] ?? expect.fail("no charts");
const part = cpu.parts[0] ?? expect.fail("no parts");

describe("a host's charts", () => {
  it("[UI22] name their lines by label, in the order of their numbers", () => {
    const series = ["10", "9", "all"].map((core) => ({ labels: { host: "a", core }, values: [0.1] }));
    expect([...linesOf(part, reply(0, series)).lines.keys()]).toEqual(["all", "core 9", "core 10"]);
  });

  it("[UI22] take from a push the points of their own metric", () => {
    const push: HostPush = {
      host: "a",
      series: [
        { metric: HOST_METRICS.cpu, labels: { core: "all" }, points: [[10_000, 0.5]] },
        { metric: HOST_METRICS.load1, labels: {}, points: [[10_000, 3]] },
      ],
    };
    const before = linesOf(part, reply(0, [{ labels: { core: "all" }, values: [0.1, 0.2] }]));
    expect([...withPush(before, part, push, 300_000).lines]).toEqual([["all", [0.1, 0.2, 0.5]]]);
  });

  it("[UI22] show disks by how full they are", () => {
    const disks = HOST_CHARTS.find(({ id }) => id === "disks") ?? expect.fail("no disks");
    const of = (value: number) => linesOf(disks.parts[0] ?? part, reply(0, [{ labels: { mount: "/" }, values: [value] }]));
    expect([...chartLines(disks, [of(40), of(50)]).lines]).toEqual([["/", [0.8]]]);
  });

  it("[UI22] say that a host has no swap instead of drawing a line at zero", () => {
    const swap = HOST_CHARTS.find(({ id }) => id === "swap") ?? expect.fail("no swap");
    const of = (index: number, value: number) => linesOf(swap.parts[index] ?? part, reply(0, [{ labels: {}, values: [null, value] }]));
    expect(swap.absent?.([of(0, 0), of(1, 0)])).toBe("This host has no swap.");
    expect(swap.absent?.([of(0, 0), of(1, 4_096)])).toBeUndefined();
  });

  it("[UI22] cover every kind of figure the agent sends", () => {
    const drawn = new Set(HOST_CHARTS.flatMap(({ parts }) => parts.map(({ metric }) => metric)));
    for (const metric of [
      HOST_METRICS.cpu,
      HOST_METRICS.load15,
      HOST_METRICS.swapUsed,
      HOST_METRICS.networkReceiveRate,
      HOST_METRICS.temperature,
    ]) {
      expect(drawn).toContain(metric);
    }
  });
});

describe("processes", () => {
  it("[UI23] are those of the last report, busiest first, ten at most", () => {
    const labels = (process: string, pid: string) => ({ process, pid });
    const busy = Array.from({ length: 12 }, (_, i) => ({ labels: labels(`p${i}`, String(i)), values: [null, i / 100] }));
    const rows = joinProcesses(
      reply(0, [...busy, { labels: labels("ended", "99"), values: [0.9, null] }]),
      reply(0, [{ labels: labels("p11", "11"), values: [null, 2_048] }]),
    );
    expect(rows).toHaveLength(10);
    expect(rows[0]).toEqual({ process: "p11", pid: "11", cpuRatio: 0.11, memoryBytes: 2_048 });
    expect(rows.some(({ process }) => process === "ended")).toBe(false);
  });

  it("[UI23] are none when nothing was reported", () => {
    expect(joinProcesses(reply(0, []), reply(0, []))).toEqual([]);
  });

  it("[UI23] are awaited for 30 s after the first sample of a host", () => {
    expect(awaitsProcesses(100_000, 129_999)).toBe(true);
    expect(awaitsProcesses(100_000, 130_000)).toBe(false);
    expect(awaitsProcesses(null, 100_000)).toBe(false);
  });
});
