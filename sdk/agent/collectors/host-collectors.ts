import os from "node:os";
import { HOST_METRICS } from "../../../contract/host-metrics.ts";
import type { Collector, Reading } from "../collector.ts";
import { RateTracker } from "../rates.ts";
import type { HostSource } from "../source.ts";
import { cpuCollector } from "./cpu.ts";
import { processCollector } from "./processes.ts";

/** A cheap reading is a few file reads; one that takes longer is stuck. */
const LIMIT_MS = 3_000;
/** systeminformation runs programs: one reading costs 20 to 200 ms of CPU elsewhere than on Linux. */
const PROGRAMS_EVERY_MS = 15_000;
const PROCESSES_EVERY_MS = 15_000;

/**
 * Every collector over one operating system.
 * @param cheap whether the source reads files (Linux) rather than running programs
 */
export function hostCollectors(source: HostSource, cheap: boolean): Collector[] {
  const everyMs = cheap ? 0 : PROGRAMS_EVERY_MS;
  const limitMs = cheap ? LIMIT_MS : 10_000;
  return [
    cpuCollector(source, LIMIT_MS),
    { name: "load", everyMs: 0, limitMs: LIMIT_MS, read: async () => loadReadings(os.loadavg()) },
    memoryCollector(source),
    diskCollector(source, everyMs, limitMs),
    networkCollector(source, everyMs, limitMs),
    processCollector(source, { everyMs: cheap ? PROCESSES_EVERY_MS : 30_000, limitMs: 15_000, cores: os.availableParallelism() }),
    {
      name: "uptime",
      everyMs: 0,
      limitMs: LIMIT_MS,
      read: async () => [{ metric: HOST_METRICS.uptime, value: Math.floor(os.uptime()) }],
    },
    temperatureCollector(source, cheap ? 0 : 60_000, limitMs),
  ];
}

function loadReadings([load1 = 0, load5 = 0, load15 = 0]: readonly number[]): Reading[] {
  if (os.platform() === "win32") return []; // Windows has no load average; Node answers zeros
  return [
    { metric: HOST_METRICS.load1, value: load1 },
    { metric: HOST_METRICS.load5, value: load5 },
    { metric: HOST_METRICS.load15, value: load15 },
  ];
}

function memoryCollector(source: HostSource): Collector {
  return {
    name: "memory",
    everyMs: 0,
    limitMs: LIMIT_MS,
    async read() {
      const memory = await source.memory();
      return [
        { metric: HOST_METRICS.memoryUsed, value: memory.usedBytes },
        { metric: HOST_METRICS.memoryTotal, value: memory.totalBytes },
        { metric: HOST_METRICS.swapUsed, value: memory.swapUsedBytes },
        { metric: HOST_METRICS.swapTotal, value: memory.swapTotalBytes },
      ];
    },
  };
}

function diskCollector(source: HostSource, everyMs: number, limitMs: number): Collector {
  const rates = new RateTracker();
  return {
    name: "disk",
    everyMs,
    limitMs,
    async read(monoMs, warn) {
      const readings: Reading[] = [];
      for (const { mount, device, usedBytes, totalBytes } of await source.disks(warn)) {
        const labels = { mount, device };
        readings.push(
          { metric: HOST_METRICS.diskUsed, labels, value: usedBytes },
          { metric: HOST_METRICS.diskTotal, labels, value: totalBytes },
        );
      }
      for (const { mount, device, readBytes, writeBytes } of await source.diskIo()) {
        const labels = mount === undefined ? { device } : { mount, device };
        pushRate(readings, HOST_METRICS.diskReadRate, labels, rates.rate(`r ${mount} ${device}`, readBytes, monoMs));
        pushRate(readings, HOST_METRICS.diskWriteRate, labels, rates.rate(`w ${mount} ${device}`, writeBytes, monoMs));
      }
      rates.endReading();
      return readings;
    },
  };
}

function networkCollector(source: HostSource, everyMs: number, limitMs: number): Collector {
  const rates = new RateTracker();
  return {
    name: "network",
    everyMs,
    limitMs,
    async read(monoMs) {
      const readings: Reading[] = [];
      for (const { name, receivedBytes, transmittedBytes } of await source.interfaces()) {
        const labels = { interface: name };
        readings.push(
          { metric: HOST_METRICS.networkReceiveTotal, labels, value: receivedBytes },
          { metric: HOST_METRICS.networkTransmitTotal, labels, value: transmittedBytes },
        );
        pushRate(readings, HOST_METRICS.networkReceiveRate, labels, rates.rate(`r ${name}`, receivedBytes, monoMs));
        pushRate(readings, HOST_METRICS.networkTransmitRate, labels, rates.rate(`t ${name}`, transmittedBytes, monoMs));
      }
      rates.endReading();
      return readings;
    },
  };
}

function temperatureCollector(source: HostSource, everyMs: number, limitMs: number): Collector {
  return {
    name: "temperature",
    everyMs,
    limitMs,
    read: async () =>
      (await source.temperatures()).map(({ sensor, celsius }) => ({
        metric: HOST_METRICS.temperature,
        labels: { sensor },
        value: celsius,
      })),
  };
}

function pushRate(readings: Reading[], metric: string, labels: Readonly<Record<string, string>>, value: number | undefined): void {
  if (value !== undefined) readings.push({ metric, labels, value });
}
