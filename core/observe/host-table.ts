import { HOST_METRICS } from "../../contract/host-metrics.ts";
import type { HostSummary } from "../../contract/hosts.ts";
import type { SeriesIdentity } from "../../contract/metric-key.ts";

/** Newest point of a series, as far as it is known. */
export interface Newest {
  readonly at: number;
  /** NaN for the stale marker. */
  readonly value: number;
}

/** What a host's card is made of; slots of its series. */
export interface HostEntry {
  readonly host: string;
  lastSampleAt: number;
  lastReceivedAt: number;
  readonly slots: Set<number>;
  readonly single: Map<SingleMetric, number>;
  /** By mount point. */
  readonly disks: Map<string, Part>;
  readonly interfaces: Map<string, Part>;
}

const SINGLES = [HOST_METRICS.cpu, HOST_METRICS.load1, HOST_METRICS.memoryUsed, HOST_METRICS.memoryTotal, HOST_METRICS.uptime] as const;
export type SingleMetric = (typeof SINGLES)[number];

const OF_HOSTS: ReadonlySet<string> = new Set(Object.values(HOST_METRICS));

/** A device that is silent for so long while its host speaks is gone: an unmounted disk, an interface taken down. */
const PART_GONE_MS = 60_000;

/** Hosts, found from the series that agents send. A host lives as long as any of its series. */
export class HostTable {
  readonly #hosts = new Map<string, HostEntry>();
  readonly #ofSlot: (HostEntry | undefined)[] = [];

  get size(): number {
    return this.#hosts.size;
  }

  find(host: string): HostEntry | undefined {
    return this.#hosts.get(host);
  }

  ofSlot(slot: number): HostEntry | undefined {
    return this.#ofSlot[slot];
  }

  /** Hosts in order of name, after the given one. */
  list(after: string | undefined, limit: number): HostEntry[] {
    const names = [...this.#hosts.keys()].filter((name) => after === undefined || name > after).sort();
    return names.slice(0, limit).flatMap((name) => this.#hosts.get(name) ?? []);
  }

  /** Notes a new series; one without a host's metric, or without the label `host`, is none of ours. */
  add(slot: number, { metric, labels }: SeriesIdentity): HostEntry | undefined {
    this.#ofSlot[slot] = undefined;
    const { host } = labels;
    if (host === undefined || !OF_HOSTS.has(metric)) return undefined;
    let entry = this.#hosts.get(host);
    if (!entry) {
      entry = {
        host,
        lastSampleAt: Number.NEGATIVE_INFINITY,
        lastReceivedAt: Number.NEGATIVE_INFINITY,
        slots: new Set(),
        single: new Map(),
        disks: new Map(),
        interfaces: new Map(),
      };
      this.#hosts.set(host, entry);
    }
    entry.slots.add(slot);
    this.#ofSlot[slot] = entry;
    place(entry, slot, metric, labels);
    return entry;
  }

  remove(slot: number): void {
    const entry = this.#ofSlot[slot];
    if (!entry) return;
    this.#ofSlot[slot] = undefined;
    entry.slots.delete(slot);
    for (const [metric, held] of entry.single) if (held === slot) entry.single.delete(metric);
    forget(entry.disks, slot);
    forget(entry.interfaces, slot);
    if (entry.slots.size === 0) this.#hosts.delete(entry.host);
  }
}

/** The card of a host from the newest points of its series. */
export function summaryOf(entry: HostEntry, newest: (slot: number) => Newest): HostSummary {
  const value = (slot: number | undefined): number | null => {
    if (slot === undefined) return null;
    const point = newest(slot);
    return Number.isNaN(point.value) || point.at < entry.lastSampleAt - PART_GONE_MS ? null : point.value;
  };
  const single = (metric: SingleMetric) => value(entry.single.get(metric));
  const disk = fullestDisk(entry, value);
  const networks = [...entry.interfaces.values()];
  return {
    host: entry.host,
    lastSampleAt: entry.lastSampleAt,
    lastReceivedAt: entry.lastReceivedAt,
    cpuRatio: single(HOST_METRICS.cpu),
    load1: single(HOST_METRICS.load1),
    memoryUsedBytes: single(HOST_METRICS.memoryUsed),
    memoryTotalBytes: single(HOST_METRICS.memoryTotal),
    diskUsedBytes: disk ? disk.used : null,
    diskTotalBytes: disk ? disk.total : null,
    receiveBytesPerSecond: sum(networks.map(({ receive }) => value(receive))),
    transmitBytesPerSecond: sum(networks.map(({ transmit }) => value(transmit))),
    uptimeSeconds: single(HOST_METRICS.uptime),
  };
}

/** The disk with the highest share in use, and the slots of its series. */
export function fullestDisk(
  entry: HostEntry,
  value: (slot: number | undefined) => number | null,
): { used: number; total: number; usedSlot: number; totalSlot: number } | undefined {
  let fullest: { used: number; total: number; usedSlot: number; totalSlot: number } | undefined;
  for (const disk of entry.disks.values()) {
    const used = value(disk.used);
    const total = value(disk.total);
    if (used === null || total === null || total <= 0 || disk.used === undefined || disk.total === undefined) continue;
    if (fullest && fullest.used / fullest.total >= used / total) continue;
    fullest = { used, total, usedSlot: disk.used, totalSlot: disk.total };
  }
  return fullest;
}

function place(entry: HostEntry, slot: number, metric: string, labels: Readonly<Record<string, string>>): void {
  switch (metric) {
    case HOST_METRICS.diskUsed:
      partOf(entry.disks, labels.mount).used = slot;
      return;
    case HOST_METRICS.diskTotal:
      partOf(entry.disks, labels.mount).total = slot;
      return;
    case HOST_METRICS.networkReceiveRate:
      if (isLoopback(labels.interface)) return;
      partOf(entry.interfaces, labels.interface).receive = slot;
      return;
    case HOST_METRICS.networkTransmitRate:
      if (isLoopback(labels.interface)) return;
      partOf(entry.interfaces, labels.interface).transmit = slot;
      return;
    case HOST_METRICS.cpu:
      if ((labels.core ?? "all") === "all") entry.single.set(metric, slot);
      return;
  }
  const single = SINGLES.find((candidate) => candidate === metric);
  if (single) entry.single.set(single, slot);
}

/** Whether an interface leads back into the host (Linux, BSD and macOS, Windows): its traffic crosses no network. */
function isLoopback(name = ""): boolean {
  return /^lo\d*$|^loopback/i.test(name);
}

/** What is known of a disk or an interface: the slot of each of its series, by what it says. */
interface Part {
  used?: number;
  total?: number;
  receive?: number;
  transmit?: number;
}

function partOf(parts: Map<string, Part>, name = ""): Part {
  const known = parts.get(name);
  if (known) return known;
  const part: Part = {};
  parts.set(name, part);
  return part;
}

function forget(parts: Map<string, Part>, slot: number): void {
  for (const [name, part] of parts) {
    for (const role of ["used", "total", "receive", "transmit"] as const) if (part[role] === slot) delete part[role];
    if (Object.keys(part).length === 0) parts.delete(name);
  }
}

/** The sum of what is known; null when nothing is. */
function sum(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((total, value) => total + value, 0);
}
