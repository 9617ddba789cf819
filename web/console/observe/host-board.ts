import { HOST_STATES, type HostState, hostState } from "../../../contract/host-metrics.ts";
import type { Host, HostSummary } from "../../../contract/hosts.ts";
import { formatValue } from "../../lib/format.ts";

/** Above this a figure is marked; nearly full is worth a look, whatever fills it. */
export const HIGH_RATIO = 0.8;
export const CRITICAL_RATIO = 0.92;

export interface HostView extends Host {
  /** Epoch milliseconds since when samples came without a gap that made it late; null when longer than is known. */
  readonly onlineSince: number | null;
}

function ratio(used: number | null, total: number | null): number | null {
  return used === null || total === null || total <= 0 ? null : used / total;
}

export function memoryRatio(host: HostSummary): number | null {
  return ratio(host.memoryUsedBytes, host.memoryTotalBytes);
}

export function diskRatio(host: HostSummary): number | null {
  return ratio(host.diskUsedBytes, host.diskTotalBytes);
}

/** Received and sent together; null only when both are unknown. */
export function networkRate(host: HostSummary): number | null {
  const { receiveBytesPerSecond: received, transmitBytesPerSecond: sent } = host;
  return received === null && sent === null ? null : (received ?? 0) + (sent ?? 0);
}

/** A host as the server listed it; the last gap in its recent minutes says since when it is online. */
export function viewOf(host: Host): HostView {
  const { startMs, stepMs, cpuRatio, memoryRatio: memory } = host.recent;
  const missing = (i: number) => (cpuRatio[i] ?? null) === null && (memory[i] ?? null) === null;
  const longest = Math.ceil(HOST_STATES.lateAfterMs / stepMs);
  let gap = 0;
  let onlineSince: number | null = null;
  for (let i = 0; i < cpuRatio.length; i++) {
    if (missing(i)) gap++;
    else {
      if (gap >= longest) onlineSince = startMs + i * stepMs;
      gap = 0;
    }
  }
  return { ...host, onlineSince };
}

const EMPTY_SLOTS = 60;

/** A host that was not listed: it appears with its first push and an empty picture. */
function newHost(summary: HostSummary): HostView {
  const stepMs = 5_000;
  const startMs = Math.floor(summary.lastSampleAt / stepMs) * stepMs - (EMPTY_SLOTS - 1) * stepMs;
  const none = () => Array.from({ length: EMPTY_SLOTS }, () => null);
  const recent = { startMs, stepMs, cpuRatio: none(), memoryRatio: none(), diskRatio: none(), networkBytesPerSecond: none() };
  return { ...summary, state: "online", agentId: null, agentVersion: null, onlineSince: summary.lastReceivedAt, recent };
}

/** Moves the window so that `slot` is its last and puts the value there; slots between stay empty, because gaps are gaps. */
function placed(values: readonly (number | null)[], shift: number, slot: number, value: number | null): (number | null)[] {
  const moved = shift >= values.length ? [] : values.slice(shift);
  while (moved.length < values.length) moved.push(null);
  moved[slot - shift] = value;
  return moved;
}

/** The host after a push: newest figures, and one more point in each sparkline. An older push changes nothing. */
export function mergeSummary(host: HostView | undefined, summary: HostSummary): HostView {
  const before = host ?? newHost(summary);
  if (summary.lastSampleAt < before.lastSampleAt) return before;
  const { recent } = before;
  const slot = Math.floor((summary.lastSampleAt - recent.startMs) / recent.stepMs);
  if (slot < 0) return before;
  const shift = Math.max(0, slot - (recent.cpuRatio.length - 1));
  const wasAway = summary.lastReceivedAt - before.lastReceivedAt >= HOST_STATES.lateAfterMs;
  return {
    ...before,
    ...summary,
    onlineSince: wasAway ? summary.lastReceivedAt : before.onlineSince,
    recent: {
      startMs: recent.startMs + shift * recent.stepMs,
      stepMs: recent.stepMs,
      cpuRatio: placed(recent.cpuRatio, shift, slot, summary.cpuRatio),
      memoryRatio: placed(recent.memoryRatio, shift, slot, memoryRatio(summary)),
      diskRatio: placed(recent.diskRatio, shift, slot, diskRatio(summary)),
      networkBytesPerSecond: placed(recent.networkBytesPerSecond, shift, slot, networkRate(summary)),
    },
  };
}

/** Whether the host has been sending for four minutes at most: it is online, and the start of its recent minutes is empty. */
export function isFresh({ recent, state }: Host): boolean {
  return state === "online" && recent.cpuRatio.slice(0, 12).every((value) => value === null);
}

export function stateAt(host: HostSummary, nowMs: number): HostState {
  return hostState(nowMs - host.lastReceivedAt);
}

const STATE_RANK: Record<HostState, number> = { offline: 0, late: 1, online: 2 };

/** Points of half a minute: shorter bursts of CPU are work, not trouble. */
const SUSTAINED_POINTS = 6;

/** The mean CPU of the last half minute; null when nothing is known of it. */
export function sustainedCpu({ recent }: HostView): number | null {
  const known = recent.cpuRatio.slice(-SUSTAINED_POINTS).filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length;
}

/** 0 is worst. In bands, so that two busy hosts do not swap places every second. */
export function severity(host: HostView): number {
  const worst = Math.max(sustainedCpu(host) ?? 0, memoryRatio(host) ?? 0, diskRatio(host) ?? 0);
  if (worst >= CRITICAL_RATIO) return 0;
  return worst >= HIGH_RATIO ? 1 : 2;
}

/** Worst first: offline, late, then by how full or busy, then by name. */
export function compareHosts(a: HostView, b: HostView, nowMs: number): number {
  return (
    STATE_RANK[stateAt(a, nowMs)] - STATE_RANK[stateAt(b, nowMs)] ||
    severity(a) - severity(b) ||
    a.host.localeCompare(b.host, "en", { numeric: true })
  );
}

export interface HostFilter {
  readonly name: string;
  readonly state: HostState | "all";
}

/** Every typed word has to be part of the name. */
export function matchesFilter(host: HostSummary, filter: HostFilter, nowMs: number): boolean {
  if (filter.state !== "all" && stateAt(host, nowMs) !== filter.state) return false;
  const words = filter.name.toLowerCase().split(/\s+/);
  return words.every((word) => host.host.toLowerCase().includes(word));
}

/** What is nearly full or busy on a host, as words: `CPU 96 %`. */
export function troublesOf(host: HostView): string[] {
  const figures = [
    ["CPU", sustainedCpu(host)],
    ["memory", memoryRatio(host)],
    ["disk", diskRatio(host)],
  ] as const;
  return figures.flatMap(([name, value]) => (value !== null && value >= CRITICAL_RATIO ? [`${name} ${formatValue(value, "ratio")}`] : []));
}
