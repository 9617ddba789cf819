import os from "node:os";
import si from "systeminformation";
import type { DiskSpace, HostSource } from "../source.ts";

/** Every system that systeminformation knows (macOS, Windows, the BSDs). It runs programs for most figures; the scheduler keeps those rare. */
export function portableSource(): HostSource {
  return {
    cpuTimes: async () =>
      os.cpus().map(({ times }, core) => {
        const total = times.user + times.nice + times.sys + times.idle + times.irq;
        return { core: String(core), total, busy: total - times.idle };
      }),
    memory: async () => {
      const memory = await si.mem();
      return {
        usedBytes: memory.total - memory.available,
        totalBytes: memory.total,
        swapUsedBytes: memory.swapused,
        swapTotalBytes: memory.swaptotal,
      };
    },
    disks: dfSpace,
    diskIo: async () => {
      // Sums over all disks are what these systems give without privileges. The types promise numbers, but Windows answers null.
      const io: { rx?: number; wx?: number } | null = await si.fsStats();
      return io?.rx === undefined || io.wx === undefined ? [] : [{ device: "all", readBytes: io.rx, writeBytes: io.wx }];
    },
    interfaces: async () =>
      (await si.networkStats("*")).map((one) => ({ name: one.iface, receivedBytes: one.rx_bytes, transmittedBytes: one.tx_bytes })),
    processes: async () =>
      (await si.processes()).list.map((one) => ({
        pid: one.pid,
        name: one.name,
        startedAt: Date.parse(one.started) || 0,
        memoryBytes: one.memRss * 1_024,
        // `ps` speaks of one core, Windows of the whole machine.
        cpuRatio: one.cpu / 100 / (process.platform === "win32" ? 1 : os.availableParallelism()),
      })),
    processName: ({ name }) => name,
    temperatures: async () => {
      const found = await si.cpuTemperature();
      const cores = found.cores.map((celsius, core) => ({ sensor: `core ${core}`, celsius }));
      return Number.isFinite(found.main) && found.main !== null ? [{ sensor: "cpu", celsius: found.main }, ...cores] : cores;
    },
  };
}

/** Space of every mounted disk by the system's own tool. */
export async function dfSpace(): Promise<DiskSpace[]> {
  return (await si.fsSize()).map((disk) => ({
    mount: disk.mount,
    device: disk.fs.replace(/^\/dev\//, ""),
    usedBytes: disk.used,
    totalBytes: disk.used + disk.available,
  }));
}
