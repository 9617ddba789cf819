import { describe, expect, it } from "vitest";
import { COLLECTORS } from "../../../contract/agents.ts";
import { HOST_METRICS } from "../../../contract/host-metrics.ts";
import type { Collector, CollectorName, Reading } from "../collector.ts";
import type { CpuTimes, HostSource, ProcessReading } from "../source.ts";
import { linuxSource } from "../sources/linux.ts";
import { portableSource } from "../sources/portable.ts";
import { usedRatios } from "./cpu.ts";
import { hostCollectors } from "./host-collectors.ts";
import { processCollector } from "./processes.ts";

async function readTwice(collectors: readonly Collector[]): Promise<Map<CollectorName, readonly Reading[]>> {
  const round = new Map<CollectorName, readonly Reading[]>();
  for (const collector of collectors) {
    await collector.read(0, () => undefined);
    // The kernel counts CPU time in ticks of 10 ms: work until some have passed, or a reading would have no time in it.
    const until = performance.now() + 40;
    for (let work = 0; performance.now() < until;) work++;
    round.set(collector.name, await collector.read(5_000, () => undefined));
  }
  return round;
}

const LABELS: Readonly<Record<string, readonly string[]>> = {
  [HOST_METRICS.cpu]: ["core"],
  [HOST_METRICS.diskUsed]: ["mount", "device"],
  [HOST_METRICS.diskTotal]: ["mount", "device"],
  [HOST_METRICS.networkReceiveRate]: ["interface"],
  [HOST_METRICS.networkTransmitRate]: ["interface"],
  [HOST_METRICS.networkReceiveTotal]: ["interface"],
  [HOST_METRICS.networkTransmitTotal]: ["interface"],
  [HOST_METRICS.processCpu]: ["process", "pid"],
  [HOST_METRICS.processMemory]: ["process", "pid"],
  [HOST_METRICS.temperature]: ["sensor"],
};

const sources: [string, () => HostSource, boolean][] = [["systeminformation", portableSource, false]];
if (process.platform === "linux") sources.unshift(["the kernel's files", linuxSource, true]);

describe.each(sources)("collectors over %s", (_, source, cheap) => {
  it("[AG58] bring this machine's figures under the contract's names and labels, each in its range", async () => {
    const collectors = hostCollectors(source(), cheap);
    expect(collectors.map(({ name }) => name).sort()).toEqual([...COLLECTORS].sort());
    const round = await readTwice(collectors);
    const readings = [...round.values()].flat();
    const names = new Set<string>(Object.values(HOST_METRICS));
    for (const { metric, labels, value } of readings) {
      expect(names).toContain(metric);
      if (LABELS[metric]) expect(Object.keys(labels ?? {})).toEqual(LABELS[metric]);
      expect(Number.isFinite(value), `${metric} ${JSON.stringify(labels)} ${value}`).toBe(true);
      if (metric.endsWith("_ratio")) expect(value).toBeLessThanOrEqual(1);
      if (metric !== HOST_METRICS.temperature) expect(value).toBeGreaterThanOrEqual(0);
    }
    const value = (metric: string, label?: Record<string, string>): number | undefined =>
      readings.find((one) => one.metric === metric && (label === undefined || JSON.stringify(one.labels) === JSON.stringify(label)))?.value;
    expect(value(HOST_METRICS.cpu, { core: "all" })).toBeGreaterThan(0);
    expect(value(HOST_METRICS.memoryUsed)).toBeLessThan(value(HOST_METRICS.memoryTotal) ?? 0);
    expect(value(HOST_METRICS.memoryUsed)).toBeGreaterThan(1 << 20);
    expect(value(HOST_METRICS.diskUsed)).toBeLessThanOrEqual(value(HOST_METRICS.diskTotal) ?? 0);
    expect(value(HOST_METRICS.uptime)).toBeGreaterThan(0);
    expect(value(HOST_METRICS.processes)).toBeGreaterThan(1);
    expect(value(HOST_METRICS.networkReceiveTotal)).toBeDefined();
    expect(round.get("load")).toHaveLength(process.platform === "win32" ? 0 : 3);
    const top = readings.filter(({ metric }) => metric === HOST_METRICS.processMemory);
    expect(top.length).toBeGreaterThan(0);
    expect(top.length).toBeLessThanOrEqual(10);
  }, 30_000);
});

describe("CPU", () => {
  const times = (core: string, busy: number, total: number): CpuTimes => ({ core, busy, total });

  it("[AG58] is the share of time since the last reading, of each core and of all together", () => {
    const before = new Map([
      ["0", times("0", 10, 100)],
      ["1", times("1", 0, 100)],
    ]);
    expect(usedRatios(before, [times("0", 60, 200), times("1", 100, 200)]).map(({ labels, value }) => [labels?.core, value])).toEqual([
      ["all", 0.75],
      ["0", 0.5],
      ["1", 1],
    ]);
  });

  it("[AG52] leaves a core out whose times went back, and stays within 0 and 1 when idle time does", () => {
    const before = new Map([
      ["0", times("0", 50, 1_000)],
      ["1", times("1", 50, 100)],
    ]);
    const readings = usedRatios(before, [times("0", 5, 10), times("1", 170, 200), times("2", 1, 2)]);
    expect(readings.map(({ labels, value }) => [labels?.core, value])).toEqual([
      ["all", 1],
      ["1", 1],
    ]);
  });
});

describe("processes", () => {
  const process_ = (pid: number, cpuSeconds: number, memoryBytes = pid * 1_000, startedAt = 1): ProcessReading => ({
    pid,
    name: `p${pid}`,
    startedAt,
    cpuSeconds,
    memoryBytes,
  });
  const readings = async (...rounds: ProcessReading[][]): Promise<readonly Reading[]> => {
    let at = 0;
    const source = { processes: async () => rounds[at++] ?? [], processName: ({ name }: ProcessReading) => name };
    const collector = processCollector(source, { everyMs: 0, limitMs: 1, cores: 4 });
    let last: readonly Reading[] = [];
    for (let round = 0; round < rounds.length; round++) last = await collector.read(round * 10_000, () => undefined);
    return last;
  };

  it("[AG58] are counted; the ten that use most CPU and the ten that hold most memory are named, as shares of the whole machine", async () => {
    const before = Array.from({ length: 30 }, (_, i) => process_(i + 1, 0));
    const now = Array.from({ length: 30 }, (_, i) => process_(i + 1, i < 15 ? i : 0));
    const found = await readings(before, now);
    expect(found[0]).toEqual({ metric: HOST_METRICS.processes, value: 30 });
    const byCpu = found.filter(({ metric }) => metric === HOST_METRICS.processCpu);
    expect(byCpu.map(({ labels }) => labels?.pid)).toEqual(["15", "14", "13", "12", "11", "10", "9", "8", "7", "6"]);
    expect(byCpu[0]?.value).toBeCloseTo(14 / 10 / 4);
    const byMemory = found.filter(({ metric }) => metric === HOST_METRICS.processMemory);
    expect(byMemory.map(({ labels }) => labels?.pid)).toEqual(["30", "29", "28", "27", "26", "25", "24", "23", "22", "21"]);
  });

  it("[AG58] that were not there at the last reading get no series, nor does a new one under an old pid, nor an idle one", async () => {
    const found = await readings([process_(1, 5), process_(2, 5)], [process_(1, 5), process_(2, 9, 1, 77), process_(3, 9)]);
    expect(found.filter(({ metric }) => metric === HOST_METRICS.processCpu)).toEqual([]);
    expect(found.filter(({ metric }) => metric === HOST_METRICS.processMemory).map(({ labels }) => labels?.pid)).toEqual(["1"]);
  });
});
