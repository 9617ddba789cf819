import { HOST_METRICS } from "../../../contract/host-metrics.ts";
import type { Collector, Reading } from "../collector.ts";
import type { CpuTimes, HostSource } from "../source.ts";

/** Share of time that was not idle since the last reading, of all cores and of each. */
export function cpuCollector(source: Pick<HostSource, "cpuTimes">, limitMs: number): Collector {
  let last = new Map<string, CpuTimes>();
  return {
    name: "cpu",
    everyMs: 0,
    limitMs,
    async read() {
      const cores = await source.cpuTimes();
      const readings = usedRatios(last, cores);
      last = new Map(cores.map((core) => [core.core, core]));
      return readings;
    },
  };
}

/** Ratios between two readings. A core that is new, or whose times went back (it was taken offline), is left out once. */
export function usedRatios(before: ReadonlyMap<string, CpuTimes>, now: readonly CpuTimes[]): Reading[] {
  const readings: Reading[] = [];
  let busy = 0;
  let total = 0;
  for (const core of now) {
    const last = before.get(core.core);
    if (last === undefined || core.total <= last.total) continue;
    const coreTotal = core.total - last.total;
    // iowait may go back by a tick (proc_stat(5)), which would make a core 101 % busy.
    const coreBusy = Math.min(Math.max(core.busy - last.busy, 0), coreTotal);
    busy += coreBusy;
    total += coreTotal;
    readings.push({ metric: HOST_METRICS.cpu, labels: { core: core.core }, value: coreBusy / coreTotal });
  }
  if (total > 0) readings.unshift({ metric: HOST_METRICS.cpu, labels: { core: "all" }, value: busy / total });
  return readings;
}
