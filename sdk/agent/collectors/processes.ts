import { HOST_METRICS } from "../../../contract/host-metrics.ts";
import type { Collector, Reading } from "../collector.ts";
import type { HostSource, ProcessReading } from "../source.ts";

const TOP = 10;
/** Below this share of the machine a process is not worth a series of its own. */
const MIN_CPU_RATIO = 0.001;

/** Count of processes, and the ten that use most CPU and the ten that hold most memory. */
export function processCollector(
  source: Pick<HostSource, "processes" | "processName">,
  options: { readonly everyMs: number; readonly limitMs: number; readonly cores: number },
): Collector {
  let last = new Map<string, { cpuSeconds: number; atMs: number }>();
  return {
    name: "processes",
    everyMs: options.everyMs,
    limitMs: options.limitMs,
    async read(monoMs) {
      const processes = await source.processes();
      const now = new Map<string, { cpuSeconds: number; atMs: number }>();
      const known: { process: ProcessReading; cpuRatio: number }[] = [];
      for (const process of processes) {
        const key = `${process.pid}/${process.startedAt}`;
        const before = last.get(key);
        now.set(key, { cpuSeconds: process.cpuSeconds ?? 0, atMs: monoMs });
        // Only processes that were there before: each of a build's thousand compilers would otherwise leave a series behind.
        if (before !== undefined && monoMs > before.atMs)
          known.push({ process, cpuRatio: cpuRatio(process, before, monoMs, options.cores) });
      }
      last = now;
      return [{ metric: HOST_METRICS.processes, value: processes.length }, ...topOf(known, source)];
    },
  };
}

function cpuRatio(process: ProcessReading, before: { cpuSeconds: number; atMs: number }, monoMs: number, cores: number): number {
  if (process.cpuRatio !== undefined) return Math.min(1, process.cpuRatio);
  const spent = Math.max(0, (process.cpuSeconds ?? 0) - before.cpuSeconds);
  return Math.min(1, spent / ((monoMs - before.atMs) / 1_000) / cores);
}

function topOf(known: readonly { process: ProcessReading; cpuRatio: number }[], source: Pick<HostSource, "processName">): Reading[] {
  const byCpu = known
    .filter((one) => one.cpuRatio >= MIN_CPU_RATIO)
    .sort((a, b) => b.cpuRatio - a.cpuRatio)
    .slice(0, TOP);
  const byMemory = known
    .filter((one) => one.process.memoryBytes > 0)
    .sort((a, b) => b.process.memoryBytes - a.process.memoryBytes)
    .slice(0, TOP);
  const labels = (process: ProcessReading) => ({ process: source.processName(process), pid: String(process.pid) });
  return [
    ...byCpu.map((one) => ({ metric: HOST_METRICS.processCpu, labels: labels(one.process), value: one.cpuRatio })),
    ...byMemory.map((one) => ({ metric: HOST_METRICS.processMemory, labels: labels(one.process), value: one.process.memoryBytes })),
  ];
}
